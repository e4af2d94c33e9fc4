"""Nobody was shown anything without a ground, and the ledger tells all of it, once, in one history."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

from bench.faults.findings import DISCLOSED, LEDGER, NAME_OF, Evidence, Finding
from bench.faults.stores import Row
from bench.faults.workload import AFTER_ACCEPTANCE, FORBIDDEN
from bench.faults.world import GATEWAY, SOCIAL
from shared.ledger.verifier import verify_entries

#: How long what had left the gateway before consent was taken back may be on its way; its holder is told to seal.
UNDER_WAY_SECONDS: Final = 5.0
_OPENED: Final = "opened"
_ENDED_BEFORE_DELIVERY: Final = frozenset({"revoked", "undelivered", "declined", "expired", "kept"})


def basis(seen: Evidence) -> Iterator[Finding]:
    """Yield every disclosure without a ground."""
    yield from _recorded_releases(seen)
    yield from _openings(seen)
    yield from _deliveries(seen)
    yield from _holdings(seen)
    yield from _kept_texts(seen)


def ledger(seen: Evidence) -> Iterator[Finding]:
    """Yield everything in which the ledger contradicts itself, a checkpoint, a receipt or the records."""
    for fault in verify_entries(seen.items, checkpoint=seen.checkpoint, earlier=seen.earlier):
        yield Finding(LEDGER, f"{fault.code} at {fault.index}: {fault.message}")
    yield from _stored(seen)
    yield from _receipts(seen)
    yield from _told(seen)


def _recorded_releases(seen: Evidence) -> Iterator[Finding]:
    """Read the ledger from its beginning: hold each admission and release against what was recorded by then."""
    agreed: set[str | None] = set()
    taken_back: set[str | None] = set()
    accepted: set[str | None] = set()
    for entry in seen.entries:
        if entry.kind == "consent":
            agreed.add(entry.message_id)
        elif entry.kind == "revocation":
            taken_back.add(entry.consent_id)
        elif entry.kind == "event" and entry.code == "accepted":
            accepted.add(entry.referral_id)
        elif entry.kind in {"referral", "release"}:
            if entry.consent_id not in agreed or entry.consent_id in taken_back:
                yield Finding(DISCLOSED, f"{entry.kind} of {entry.referral_id} rests on no consent ({entry.index})")
            if entry.kind == "release" and entry.code in AFTER_ACCEPTANCE and entry.referral_id not in accepted:
                yield Finding(DISCLOSED, f"{entry.code} of {entry.referral_id} was released before it was accepted")


def _openings(seen: Evidence) -> Iterator[Finding]:
    """Look at what a recipient got that asked the gateway itself: nothing it may not have."""
    for one in seen.journal.openings:
        without = set(one.names) - one.may_have
        if without:
            yield Finding(DISCLOSED, f"{sorted(without)} of {one.referral_id} was released {one.moment}")


def _deliveries(seen: Evidence) -> Iterator[Finding]:
    """Nothing sealed left the gateway once it had said that consent was taken back."""
    for one in seen.journal.deliveries:
        referral = seen.referrals.get(one.referral_id or one.message_id)
        taken_back = seen.journal.revoked_at.get(referral["consent_id"]) if referral else None
        late = taken_back is not None and one.at > taken_back + UNDER_WAY_SECONDS
        if late and one.kind in {"referral", "note"}:
            yield Finding(DISCLOSED, f"{one.kind} {one.message_id} left after her consent was taken back")


def _holdings(seen: Evidence) -> Iterator[Finding]:
    """Look at what stands open at the recipient: released, still agreed to, and of a service she agreed to."""
    released = {(entry.referral_id, entry.code) for entry in seen.entries if entry.kind == "release"}
    received = seen.stores[SOCIAL].by("referrals", "referral_id")
    for row in received.values():
        if row["service_type"] == FORBIDDEN:
            yield Finding(DISCLOSED, f"referral {row['referral_id']} was delivered for a service she did not agree to")
    for one in seen.stores[SOCIAL].tables["holdings"]:
        if one["state"] == _OPENED:
            yield from _open(seen, one, received[one["referral_id"]], released)


def _open(seen: Evidence, one: Row, referral: Row, released: set[tuple[str | None, str | None]]) -> Iterator[Finding]:
    said = f"{one['name']} of {one['referral_id']}"
    if one["name"] in AFTER_ACCEPTANCE and (one["referral_id"], one["name"]) not in released:
        yield Finding(DISCLOSED, f"{said} is open at its recipient, and no release is recorded")
    if referral["consent_id"] in seen.revocations:
        yield Finding(DISCLOSED, f"{said} is open at its recipient, though consent was taken back")
    if referral["state"] == "declined":
        yield Finding(DISCLOSED, f"{said} is open at an agency that declined")


def _kept_texts(seen: Evidence) -> Iterator[Finding]:
    """Look whether the gateway has forgotten what was signed for or stopped."""
    for message in seen.messages.values():
        if message["settled_at"] is not None and (message["body"] or message["hub_shares"]):
            yield Finding(DISCLOSED, f"the gateway keeps the text of {message['message_id']}, which is settled")


def _stored(seen: Evidence) -> Iterator[Finding]:
    """Hold the exported ledger against the stored one, and each admitted message against its entry."""
    rows = seen.stores[GATEWAY].tables["ledger_entries"]
    size = seen.stores[GATEWAY].tables["ledger_head"][0]["size"]
    exported = [(item.index, item.leaf) for item in seen.items]
    if size != len(rows) or [(row["idx"], row["leaf"]) for row in rows[: len(exported)]] != exported:
        yield Finding(LEDGER, f"the stored ledger has {len(rows)} entries under a head of {size}, or other ones")
    for message in seen.messages.values():
        entry = seen.entries[message["seq"]] if message["seq"] < len(seen.entries) else None
        if entry is None or entry.message_id != message["message_id"]:
            yield Finding(
                LEDGER, f"message {message['message_id']} is not the entry {message['seq']} that it says it is"
            )


def _receipts(seen: Evidence) -> Iterator[Finding]:
    """Every receipt that anybody was given, or that was on its way to somebody, is in the ledger as it says."""
    given = [act.receipt for act in seen.journal.acts.values() if act.receipt]
    for receipt in [*given, *seen.receipts]:
        index = int(receipt["ledger_index"])
        found = seen.items[index].leaf_hash.hex() if index < len(seen.items) else None
        if found != receipt["leaf_hash"]:
            yield Finding(LEDGER, f"the receipt of {receipt['message_id']} names an entry {index} that is another")


def _told(seen: Evidence) -> Iterator[Finding]:
    """Each delivery that is settled has its one entry, and none has an entry that is not settled."""
    entries = Counter(entry.message_id for entry in seen.entries if entry.kind == "delivery")
    for message in seen.messages.values():
        if message["recipient"] not in NAME_OF:
            continue
        delivered = message["settled_at"] is not None and message["settled_code"] not in _ENDED_BEFORE_DELIVERY
        if delivered is not (entries[message["message_id"]] == 1):
            count, code = entries[message["message_id"]], message["settled_code"]
            yield Finding(LEDGER, f"message {message['message_id']} is settled as {code} with {count} entries of it")
