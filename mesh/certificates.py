"""Verify a withdrawal certificate on any machine, without the mesh: the file, the gateway's keys, nothing else."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mesh.refusal import CommandRefused
from shared.seal.certificates import CertificateVerdict, verify_certificate
from shared.seal.checkpoints import NoteVerifier


def verify(file: Path, *, jwks: Path, vkey: str | None = None) -> CertificateVerdict:
    """Verify the certificate in `file` under the gateway's published keys (`/.well-known/jwks.json`, kept as a file).

    `vkey` is the ledger's verifier key as an auditor pinned it. Raises `CommandRefused` for a file that cannot be read,
    `InputRejected` for what nobody signed.
    """
    verifier = None if vkey is None else NoteVerifier.from_vkey(vkey)
    return verify_certificate(_bytes(file), jwks=_keys(jwks), verifier=verifier)


def told(verdict: CertificateVerdict, *, checkpoint_checked: bool) -> list[str]:
    """Return what is said of a verdict, line by line."""
    document = verdict.document
    lines = [f"{finding.code}:{_place(finding.index)} {finding.message}" for finding in verdict.findings]
    held = "FAILED" if verdict.findings else "verified"
    lines.append(f"Consent {document['consent_id']}, issued {document['issued_at']}: {held}")
    lines.append(f"{verdict.counted} answers asked for, {len(document['outstanding'])} outstanding")
    lines += [f"  {one['result']}: {one['agency']}, due {one['due_at']}" for one in document["outstanding"]]
    if not checkpoint_checked:
        lines.append("The signature of the checkpoint was not checked: give --vkey.")
    return lines


def _place(index: int | None) -> str:
    return "" if index is None else f" entry {index}:"


def _keys(file: Path) -> Mapping[str, Any]:
    try:
        keys = json.loads(_bytes(file))
    except (ValueError, RecursionError):
        raise CommandRefused(f"{file} is not JSON.") from None
    if not isinstance(keys, dict):
        raise CommandRefused(f"{file} is not a JWK Set.")
    return keys


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        raise CommandRefused(f"{file} cannot be read.") from None
