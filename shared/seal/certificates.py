"""Withdrawal certificates under the gateway's signature, and their verification without any network.

A certificate travels as `{"certificate": {...}, "jws": "..."}`. The compact JWS (RFC 7515) carries what the certificate
is about and the SHA-256 of its canonical form (RFC 8785), so that its length has no bound and any JOSE library can
check it. Inside are the holders' own signed answers, the ledger entries that record them with inclusion proofs, and the
signed checkpoint they lead to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.kernel.canonical import canonical_json
from shared.kernel.encoding import sha256_hex
from shared.kernel.errors import InputRejected, MeshError
from shared.ledger.checkpoint import Checkpoint, text_of_note
from shared.ledger.verifier import Finding
from shared.ledger.withdrawal import KIND, Withdrawal, WithdrawalEvidence, verify_withdrawal
from shared.seal.checkpoints import NoteVerifier, verify_note
from shared.seal.jws import sign_compact, verify_compact, verify_detached
from shared.seal.signing import KeyRing, SigningKey
from shared.seal.strict_json import read_object

_ABOUT: Final = ("kind", "consent_id", "issued_at", "complete")


@dataclass(frozen=True, slots=True)
class CertificateVerdict:
    """What was verified, and everything that does not hold. `counted` is how many answers were looked at."""

    document: Mapping[str, Any]
    findings: Sequence[Finding]
    counted: int


def sign_certificate(document: Mapping[str, Any], key: SigningKey) -> dict[str, Any]:
    """Return a certificate as it travels: the document and the signature over it."""
    return {"certificate": dict(document), "jws": sign_compact(canonical_json(_statement(document)), key)}


def verify_certificate(
    signed: bytes, *, jwks: Mapping[str, Any], verifier: NoteVerifier | None = None
) -> CertificateVerdict:
    """Verify a certificate under the gateway's published keys, and its checkpoint under `verifier` where one is given.

    Raises `InputRejected`: `signature.invalid` when the gateway did not sign it as it stands, `key.invalid` for a
    key set that cannot be read, `ledger.evidence` for what is no certificate, `note.signature` when the checkpoint is
    not of the known log.
    """
    document = _signed_document(signed, KeyRing.from_jwks(jwks))
    evidence = WithdrawalEvidence.parse(document)
    findings = [*verify_withdrawal(evidence), *_checkpoint_faults(evidence, verifier)]
    findings += [fault for one in evidence.withdrawals for fault in _answer_faults(one, document)]
    return CertificateVerdict(document, findings, len(evidence.withdrawals))


def _statement(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is signed: what the certificate is about, and its digest."""
    digest = sha256_hex(canonical_json(dict(document)))
    return {**{name: document[name] for name in _ABOUT}, "certificate_sha256": digest}


def _signed_document(signed: bytes, ring: KeyRing) -> Mapping[str, Any]:
    try:
        envelope = read_object(signed)
        document, token = envelope["certificate"], envelope["jws"]
        if document["kind"] != KIND or verify_compact(token, ring) != canonical_json(_statement(document)):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, MeshError) as fault:
        raise InputRejected("signature.invalid", "The gateway's keys did not sign this certificate.") from fault
    found: Mapping[str, Any] = document
    return found


def _checkpoint_faults(evidence: WithdrawalEvidence, verifier: NoteVerifier | None) -> Iterator[Finding]:
    note = evidence.checkpoint
    text = text_of_note(note) if verifier is None else verify_note(note, [verifier]).text
    head = Checkpoint.parse(text)
    if (head.size, head.root) != (evidence.size, evidence.root):
        yield Finding("root.differs", "The proofs lead to another root than that of the checkpoint.")


def _answer_faults(withdrawal: Withdrawal, document: Mapping[str, Any]) -> Iterator[Finding]:
    extension = withdrawal.extension
    for answer in (withdrawal.answer, None if extension is None else extension.get("answer")):
        if answer is None:
            continue
        try:
            ring = KeyRing.from_jwks(document["agencies"][withdrawal.agency]["jwks"])
            verify_detached(str(answer["body"]).encode(), str(answer["signature"]), ring)
        except (KeyError, TypeError, MeshError):
            yield Finding("certificate.signature", "The holder's keys did not sign its answer.", withdrawal.index)
