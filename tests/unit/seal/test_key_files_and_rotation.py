"""Key files: encrypted, owner only, replaced whole; and what a rotation leaves behind."""

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.kernel.errors import InputRejected, MeshError
from shared.seal.compartments import open_shares, seal
from shared.seal.encryption import HYBRID, X25519
from shared.seal.jws import sign_detached, verify_detached
from shared.seal.keyfile import write_key_file
from shared.seal.keys import AgencyKeys, EncryptionPublicKey, KeyRing
from tests.support.quick_keys import quick_key_files

__all__ = ["quick_key_files"]

pytestmark = pytest.mark.usefixtures("quick_key_files")

PASSPHRASE = "correct horse battery"
OTHER_PASSPHRASE = "incorrect horse battery"
KEYS = AgencyKeys.generate().new_signing_key().new_encryption_key(suite=HYBRID)


def unreadable(path: Path, passphrase: str = PASSPHRASE) -> None:
    with pytest.raises(InputRejected) as refusal:
        AgencyKeys.load(path, passphrase)
    assert refusal.value.code == "keys.unreadable"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    KEYS.save(path, PASSPHRASE)
    return path


def test_saved_keys_come_back_whole(key_file: Path) -> None:
    loaded = AgencyKeys.load(key_file, PASSPHRASE)
    assert loaded.public_jwks() == KEYS.public_jwks()
    assert loaded.signing.private_jwk() == KEYS.signing.private_jwk()
    assert [key.private_jwk() for key in (loaded.encryption, *loaded.older_encryption)] == [
        key.private_jwk() for key in (KEYS.encryption, *KEYS.older_encryption)
    ]
    assert (loaded.master_key, loaded.checkpoint_seed) == (KEYS.master_key, KEYS.checkpoint_seed)


def test_a_key_file_is_for_its_owner_only_and_leaves_no_draft(key_file: Path) -> None:
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    KEYS.save(key_file, PASSPHRASE)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert list(key_file.parent.iterdir()) == [key_file]


def test_a_key_file_shows_no_key(key_file: Path) -> None:
    text = key_file.read_text()
    private = [KEYS.signing.private_jwk()["d"], KEYS.encryption.private_jwk()["priv"], KEYS.signing.kid]
    assert not any(secret in text for secret in private)


def test_another_passphrase_opens_nothing(key_file: Path) -> None:
    unreadable(key_file, OTHER_PASSPHRASE)
    unreadable(key_file, "")


@pytest.mark.parametrize("member", ["format", "kdf", "n", "r", "p", "salt", "nonce", "ciphertext"])
def test_a_changed_key_file_opens_nothing(key_file: Path, member: str) -> None:
    document = json.loads(key_file.read_text())
    for value in ("AAAA", 2**40):
        key_file.write_text(json.dumps({**document, member: value}))
        unreadable(key_file)
    del document[member]
    key_file.write_text(json.dumps(document))
    unreadable(key_file)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"x" * 300_000])
def test_what_is_no_key_file_opens_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    unreadable(path)


def test_a_missing_key_file_and_a_folder_open_nothing(tmp_path: Path) -> None:
    unreadable(tmp_path / "none.json")
    unreadable(tmp_path)


@pytest.mark.parametrize("document", [{}, {"signing": {}}, {"encryption": []}])
def test_a_key_file_with_missing_keys_opens_nothing(tmp_path: Path, document: dict[str, Any]) -> None:
    whole: dict[str, Any] = {
        "signing": KEYS.signing.private_jwk(),
        "encryption": [KEYS.encryption.private_jwk()],
        "older_verification": [],
        "master_key": "",
        "checkpoint_seed": "",
    }
    path = tmp_path / "keys.json"
    write_key_file(path, {**whole, **document} if document else {}, passphrase=PASSPHRASE)
    unreadable(path)


def test_a_short_passphrase_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputRejected) as refusal:
        KEYS.save(tmp_path / "keys.json", "elevenchars")
    assert refusal.value.code == "keys.passphrase"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_an_answer_and_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(InputRejected) as refusal:
        KEYS.save(tmp_path / "none" / "keys.json", PASSPHRASE)
    assert refusal.value.code == "keys.unwritable"


def test_a_rotated_signing_key_still_verifies_and_no_longer_signs() -> None:
    before = AgencyKeys.generate()
    after = before.new_signing_key()
    ring = KeyRing.from_jwks(after.public_jwks())
    assert len(ring) == 2
    assert verify_detached(b"old", sign_detached(b"old", before.signing), ring) == before.signing.kid
    assert (
        verify_detached(b"new", sign_detached(b"new", after.signing), ring) == after.signing.kid != before.signing.kid
    )
    assert after.ring().get(before.signing.kid) is not None
    assert not any("d" in key or "priv" in key for key in after.public_jwks()["keys"])


def test_what_was_sealed_to_a_rotated_key_still_opens_and_new_mail_uses_the_new_one() -> None:
    before = AgencyKeys.generate()
    after = before.new_encryption_key(suite=HYBRID)
    bundle = seal({"needs": 1}, message_id="m", basis={}, recipient=before.encryption.public)
    assert open_shares(bundle.sealed, message_id="m", basis={}, key=after.encryption_key(bundle.sealed["kid"]))
    assert EncryptionPublicKey.from_jwks(after.public_jwks()).kid == after.encryption.kid
    assert EncryptionPublicKey.from_jwks(after.public_jwks(), suites={X25519}).kid == before.encryption.kid


def test_a_dropped_key_is_gone_and_the_current_ones_stay() -> None:
    before = AgencyKeys.generate()
    after = before.new_signing_key().new_encryption_key()
    dropped = after.without(before.signing.kid).without(before.encryption.kid).without(after.signing.kid)
    assert [key["kid"] for key in dropped.public_jwks()["keys"]] == [after.signing.kid, after.encryption.kid]
    with pytest.raises(InputRejected):
        dropped.encryption_key(before.encryption.kid)


def test_rotation_keeps_what_encrypts_at_rest_and_signs_checkpoints() -> None:
    after = KEYS.new_signing_key().new_encryption_key()
    _, wrapped = KEYS.vault().new_key("referral/1")
    assert after.vault().unwrap(wrapped, "referral/1")
    name = "gateway.example/ledger"
    assert after.checkpoint_signer(name).verifier.vkey() == KEYS.checkpoint_signer(name).verifier.vkey()


def test_keys_never_show_themselves_as_text() -> None:
    secrets = [KEYS.signing.private_jwk()["d"], KEYS.encryption.private_jwk()["priv"]]
    shown = " ".join(map(repr, [KEYS, KEYS.signing, KEYS.encryption, KEYS.encryption.public, KEYS.signing.public]))
    assert not any(secret in shown for secret in secrets)
    assert repr(KEYS.master_key) not in shown


def test_keys_that_do_not_fit_together_are_found_by_their_check() -> None:
    keys = AgencyKeys.generate()
    keys.check()
    with pytest.raises(MeshError):
        replace(keys, master_key=b"short").check()
