"""Offline verification of the gateway's ledger: RFC 6962 proofs, C2SP checkpoint and tiles."""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TILE_WIDTH = 256


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_root(hashes: list[bytes]) -> bytes:
    """The Merkle tree hash of leaf hashes (RFC 6962 section 2.1)."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node_hash(tree_root(hashes[:split]), tree_root(hashes[split:]))


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162 section 2.1.3.2)."""
    if index >= size:
        raise ValueError("index outside the tree")
    fn, sn, root = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise ValueError("proof too long")
        if fn & 1 or fn == sn:
            root = node_hash(sibling, root)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = node_hash(root, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ValueError("proof too short")
    return root


def consistent(first: int, first_root: bytes, second: int, second_root: bytes, proof: list[bytes]) -> bool:
    """Whether the larger tree extends the smaller one (RFC 9162 section 2.1.4.2)."""
    if first == second:
        return not proof and first_root == second_root
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for sibling in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(sibling, fr), node_hash(sibling, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


@dataclass(frozen=True)
class Checkpoint:
    """A verified checkpoint (C2SP tlog-checkpoint)."""

    origin: str
    size: int
    root: bytes


def read_checkpoint(note: str, vkey: str) -> Checkpoint:
    """The checkpoint of a signed note, if the key of `vkey` (name+hash+key) signed it."""
    name, key_hash, encoded = vkey.strip().split("+", 2)
    key = base64.b64decode(encoded)
    if key[0] != 1 or hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() != key_hash:
        raise ValueError("not an Ed25519 verifier key")
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    for line in signatures.splitlines():
        dash, signer, signature = line.split(" ")
        raw = base64.b64decode(signature)
        if dash == "\u2014" and signer == name and raw[:4].hex() == key_hash:
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(raw[4:], text.encode())
            origin, size, root = text.splitlines()[:3]
            return Checkpoint(origin, int(size), base64.b64decode(root))
    raise ValueError("no signature of this key")


def cosigners(note: str, policy: str) -> set[str]:
    """The witnesses of a policy (C2SP tlog-policy) whose cosignatures (tlog-cosignature, Ed25519) are on a note."""
    text, _, lines = note.rpartition("\n\n")
    found = set()
    for words in (line.split() for line in policy.splitlines() if line.startswith("witness ")):
        name, key_hash, encoded = words[2].split("+", 2)
        key = base64.b64decode(encoded)
        for _dash, signer, signature in (line.split(" ") for line in lines.splitlines()):
            raw = base64.b64decode(signature)
            if (signer, raw[:4].hex(), key[0]) == (name, key_hash, 4):
                time = int.from_bytes(raw[4:12], "big")
                signed = f"cosignature/v1\ntime {time}\n{text}\n".encode()
                Ed25519PublicKey.from_public_bytes(key[1:]).verify(raw[12:], signed)
                found.add(words[1])
    return found


def tile_number(number: int) -> str:
    """C2SP tlog-tiles: three digits a piece, all but the last with an x."""
    pieces = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        pieces.insert(0, f"x{number % 1000:03d}")
    return "/".join(pieces)


def bottom_tiles(size: int, level: str) -> list[tuple[str, int]]:
    """Path and width of every tile of the bottom level (`0`) or of the entries (`entries`)."""
    full, rest = divmod(size, TILE_WIDTH)
    paths = [(f"{level}/{tile_number(n)}", TILE_WIDTH) for n in range(full)]
    return [*paths, (f"{level}/{tile_number(full)}.p/{rest}", rest)] if rest else paths


def bundle(raw: bytes) -> list[bytes]:
    """The entries of an entry bundle: each behind its length, two bytes, big endian."""
    entries = []
    while raw:
        length = int.from_bytes(raw[:2], "big")
        entries.append(raw[2 : 2 + length])
        raw = raw[2 + length :]
    return entries
