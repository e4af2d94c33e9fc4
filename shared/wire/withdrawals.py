"""Answers about withdrawals: who still owes one, and the certificate (wire contract section 8). Fields may be added."""

from typing import Any, Literal

from shared.wire.answers import ConsentStateV1, HolderV1
from shared.wire.fields import Open, Time


class LimitV1(Open):
    """A limit for answering a withdrawal: the rule of the procedure (`GET /v1/sop`), and when it passes."""

    rule: str
    at: Time


class OpenWithdrawalV1(HolderV1):
    """One item of `GET /v1/withdrawals`: an answer that is owed, with the limits that have passed and the next one."""

    consent_id: str
    asked_at: Time
    passed: tuple[LimitV1, ...]
    next: LimitV1 | None = None


class CertifiedRevocationV1(Open):
    """One taking back, and where the ledger says so."""

    revocation_id: str
    at: Time
    by: Literal["survivor", "recorder", "guardian"]
    reported_by: str
    recipients: tuple[str, ...] | None = None
    compartments: tuple[str, ...] | None = None
    ledger_index: int


class CertificateEvidenceV1(Open):
    """The entries cited, their inclusion proofs, and the signed checkpoint these lead to."""

    tree_size: int
    root_hash: str
    checkpoint: str
    entries: tuple[dict[str, Any], ...]
    proofs: dict[str, tuple[str, ...]]


class WithdrawalCertificateV1(Open):
    """What came of a withdrawal: every holder by the referral that brought it the data, its signed answer, the proofs.

    `holders` is a tree: each has its `withdrawals` (as in the propagation, with the signed `answer`) and, under
    `onward`, those it referred on to.
    """

    v: Literal[1]
    kind: Literal["withdrawal_certificate"]
    consent_id: str
    state: ConsentStateV1
    recorder: str
    issuer: str
    issued_at: Time
    complete: bool
    revocations: tuple[CertifiedRevocationV1, ...]
    holders: tuple[dict[str, Any], ...]
    outstanding: tuple[HolderV1, ...]
    agencies: dict[str, dict[str, Any]]
    evidence: CertificateEvidenceV1


class SignedCertificateV1(Open):
    """Answer to `GET /v1/consents/{id}/certificate`: the document and a compact JWS over its digest."""

    certificate: WithdrawalCertificateV1
    jws: str
