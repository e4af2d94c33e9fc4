"""What a withdrawal certificate claims, held against the ledger entries it brings along. Nothing in it is believed yet.

Proves, from the certificate alone: (1) each entry is what it was and stands in the tree; (2) each taking back is
recorded as it says, by whom and when; (3) each answer is the one that was recorded: its exact text has the digest of
its entry, its sender is the holder, its time is the entry's; (4) what is said of it (result, article, late, complete)
follows from those.

What it cannot prove: that no holder was left out. For that the whole ledger is read (`shared.ledger.verifier`) and the
referrals under the consent are counted. Signatures are checked in `shared.seal`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from shared.kernel.encoding import sha256_hex
from shared.kernel.errors import InputRejected
from shared.ledger.entry import Entry, read_leaf
from shared.ledger.evidence import EntryItem, parse_hashes
from shared.ledger.proofs import verify_inclusion
from shared.ledger.tree import leaf_hash
from shared.ledger.verifier import Finding

KIND: Final = "withdrawal_certificate"
#: Results of a holder that still owes its answer.
OUTSTANDING: Final = frozenset({"pending", "unreachable"})
_ANSWERED: Final = frozenset({"never_opened", "sealed", "legal_hold"})
#: The tree of holders is not followed further down than this.
_DEEPEST: Final = 64


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What one holder was asked to seal off by one taking back, and what it answered."""

    agency: str
    referral_id: str
    facts: Mapping[str, Any]

    @property
    def answer(self) -> Mapping[str, Any] | None:
        """The holder's signed answer, if there is one: `body` and `signature`."""
        answer = self.facts.get("answer")
        return answer if isinstance(answer, Mapping) else None

    @property
    def extension(self) -> Mapping[str, Any] | None:
        """By how much the holder put off its answer, if it did, with its signed `answer` that says so."""
        extension = self.facts.get("extension")
        return extension if isinstance(extension, Mapping) else None

    @property
    def index(self) -> int | None:
        """The place of the entry that records the answer."""
        index = self.facts.get("ledger_index")
        return index if type(index) is int else None


@dataclass(frozen=True, slots=True)
class WithdrawalEvidence:
    """A certificate, read as far as its claims and their proofs."""

    consent_id: str
    issued_at: str
    complete: bool
    revocations: Sequence[Mapping[str, Any]]
    withdrawals: Sequence[Withdrawal]
    items: Sequence[EntryItem]
    proofs: Mapping[int, tuple[bytes, ...]]
    size: int
    root: bytes
    checkpoint: str

    @classmethod
    def parse(cls, document: object) -> Self:
        """Read a certificate. Raises `InputRejected` (`ledger.evidence`)."""
        try:
            return cls._read(document)
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as fault:
            raise _unreadable() from fault

    @classmethod
    def _read(cls, document: Any) -> Self:
        evidence = document["evidence"]
        if document["kind"] != KIND or document["v"] != 1:
            raise ValueError
        proofs = {int(index): parse_hashes(proof) for index, proof in evidence["proofs"].items()}
        (root,) = parse_hashes([evidence["root_hash"]])
        return cls(
            consent_id=_text(document["consent_id"]),
            issued_at=_text(document["issued_at"]),
            complete=document["complete"] is True,
            revocations=[dict(one) for one in document["revocations"]],
            withdrawals=list(_withdrawals(document["holders"], depth=0)),
            items=[EntryItem.parse(item) for item in evidence["entries"]],
            proofs=proofs,
            size=int(evidence["tree_size"]),
            root=root,
            checkpoint=_text(evidence["checkpoint"]),
        )


def verify_withdrawal(evidence: WithdrawalEvidence) -> list[Finding]:
    """Check everything that a certificate claims against the entries it brings; return what does not hold."""
    entries: dict[int, Entry] = {}
    findings: list[Finding] = []
    for item in evidence.items:
        faults = list(_against_tree(item, evidence))
        findings += faults
        if not faults:
            entries[item.index] = read_leaf(item.leaf)
    recorded = {str(one.get("revocation_id")): one for one in evidence.revocations}
    for revocation in evidence.revocations:
        findings += _against_revocation(revocation, entries, evidence)
    for withdrawal in evidence.withdrawals:
        findings += _against_answer(withdrawal, entries, recorded, evidence)
    settled = all(one.facts.get("result") in _ANSWERED for one in evidence.withdrawals)
    if evidence.complete is not (settled and bool(evidence.revocations)):
        findings.append(Finding("certificate.complete", "Says of itself that it is complete, or not, and is wrong."))
    return findings


def _withdrawals(holders: Any, *, depth: int) -> Iterator[Withdrawal]:
    if depth > _DEEPEST or not isinstance(holders, list):
        raise ValueError
    for holder in holders:
        for facts in holder["withdrawals"]:
            if facts["result"] not in OUTSTANDING | _ANSWERED:
                raise ValueError
            yield Withdrawal(_text(holder["agency"]), _text(holder["referral_id"]), facts)
        yield from _withdrawals(holder["onward"], depth=depth + 1)


def _against_tree(item: EntryItem, evidence: WithdrawalEvidence) -> Iterator[Finding]:
    if leaf_hash(item.leaf.encode("utf-8", "surrogatepass")) != item.leaf_hash:
        yield Finding("entry.altered", "Its text does not have the hash it is filed under.", item.index)
    try:
        if read_leaf(item.leaf).index != item.index:
            yield Finding("entry.moved", "Says itself that it belongs elsewhere.", item.index)
    except InputRejected:
        yield Finding("entry.malformed", "Its text is not that of a ledger entry.", item.index)
    proof = evidence.proofs.get(item.index, ())
    if not verify_inclusion(item.leaf_hash, index=item.index, size=evidence.size, proof=proof, root=evidence.root):
        yield Finding("proof.broken", "Its proof does not lead to the root.", item.index)


def _against_revocation(
    revocation: Mapping[str, Any], entries: Mapping[int, Entry], evidence: WithdrawalEvidence
) -> Iterator[Finding]:
    entry = _entry_at(revocation.get("ledger_index"), entries)
    if entry is None:
        yield Finding("certificate.unproved", "A taking back is not shown to be recorded.")
        return
    said = (revocation.get("revocation_id"), revocation.get("by"), revocation.get("reported_by"), revocation.get("at"))
    found = (entry.message_id, entry.code, entry.actor, entry.at)
    if entry.kind != "revocation" or entry.consent_id != evidence.consent_id or said != found:
        yield Finding("certificate.revocation", "A taking back is recorded otherwise than it says.", entry.index)


def _against_answer(
    withdrawal: Withdrawal,
    entries: Mapping[int, Entry],
    recorded: Mapping[str, Mapping[str, Any]],
    evidence: WithdrawalEvidence,
) -> Iterator[Finding]:
    facts = withdrawal.facts
    revocation = recorded.get(str(facts.get("revocation_id")))
    if revocation is None:
        yield Finding("certificate.revocation", "A holder answers a taking back that is not listed.", withdrawal.index)
        return
    if facts["result"] not in OUTSTANDING:
        entry = _entry_at(withdrawal.index, entries)
        if entry is None:
            yield Finding("certificate.unproved", "An answer is not shown to be recorded.", withdrawal.index)
        elif not _is_recorded(withdrawal, entry, revocation):
            yield Finding("certificate.answer", "An answer is recorded otherwise than it says.", entry.index)
    if facts.get("extension") is not None and not _is_extended(withdrawal, entries, revocation):
        yield Finding("certificate.extension", "More time was taken otherwise than recorded.", withdrawal.index)
    late = str(facts.get("answered_at") or evidence.issued_at) > str(facts.get("due_at"))
    if facts.get("late") is not late:
        yield Finding("certificate.late", "Says wrongly whether a holder is late.", withdrawal.index)


def _is_recorded(withdrawal: Withdrawal, entry: Entry, revocation: Mapping[str, Any]) -> bool:
    """Say whether the entry is that of this answer; where nothing had left for the holder, the taking back's own."""
    facts = withdrawal.facts
    if entry.at != facts.get("answered_at"):
        return False
    if withdrawal.answer is None:
        nothing_left = facts["result"] == "never_opened" and entry.index == revocation.get("ledger_index")
        return nothing_left and entry.kind == "revocation"
    body = withdrawal.answer.get("body")
    if isinstance(body, str) and entry.kind == "delivery":
        return _is_denied(withdrawal, entry, body)
    if not isinstance(body, str) or sha256_hex(body.encode()) != entry.message_sha256:
        return False
    about = (entry.kind, entry.code, entry.actor, entry.referral_id)
    return about == ("event", "sealed", withdrawal.agency, withdrawal.referral_id) and _is_said(withdrawal, body)


def _is_denied(withdrawal: Withdrawal, entry: Entry, body: str) -> bool:
    """Say whether a receipt says that the holder had nothing: the referral, or the notice of one unknown, rejected."""
    try:
        receipt = json.loads(body)
        said = (receipt["kind"], receipt["sender"], receipt["message_id"], receipt["sha256"], receipt["result"])
        had_nothing = receipt["message_id"] == withdrawal.referral_id or receipt["code"] == "referral.unknown"
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    recorded = ("receipt", entry.actor, entry.message_id, entry.message_sha256, "rejected")
    about = (entry.actor, entry.referral_id, withdrawal.facts["result"])
    return had_nothing and said == recorded and about == (withdrawal.agency, withdrawal.referral_id, "never_opened")


def _is_extended(withdrawal: Withdrawal, entries: Mapping[int, Entry], revocation: Mapping[str, Any]) -> bool:
    """Say whether an extension is the one that was recorded: its text, by whom, when, and what it says."""
    extension = withdrawal.extension or {}
    answer, entry = extension.get("answer"), _entry_at(extension.get("ledger_index"), entries)
    body = answer.get("body") if isinstance(answer, Mapping) else None
    if entry is None or not isinstance(body, str) or sha256_hex(body.encode()) != entry.message_sha256:
        return False
    about = (entry.kind, entry.code, entry.actor, entry.referral_id, entry.at)
    if about != ("event", "sealed", withdrawal.agency, withdrawal.referral_id, extension.get("declared_at")):
        return False
    try:
        data = json.loads(body)["data"]
        said = (data.get("result"), data.get("extension_days"), data.get("reason"))
        named = data.get("revocation_id")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    asked = named in {None, revocation.get("revocation_id")}
    return asked and said == ("extended", extension.get("days"), extension.get("reason"))


def _is_said(withdrawal: Withdrawal, body: str) -> bool:
    """Say whether result and article are those of the signed text, or the gateway knows that it claimed too much.

    Who held by law may have had nothing it may keep; who says that it never opened may have asked for an opening.
    """
    try:
        data = json.loads(body)["data"]
        said, article = data.get("result"), data.get("article")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    facts = withdrawal.facts
    if facts["result"] == "legal_hold":
        return bool(said == "legal_hold" and article and article == facts.get("article"))
    claims_more = {"legal_hold", "never_opened"} if facts["result"] == "sealed" else {"legal_hold"}
    return facts.get("article") is None and said in {facts["result"], *claims_more}


def _entry_at(index: object, entries: Mapping[int, Entry]) -> Entry | None:
    return entries.get(index) if type(index) is int else None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _unreadable() -> InputRejected:
    return InputRejected("ledger.evidence", "This is not a withdrawal certificate, or it was damaged on the way.")
