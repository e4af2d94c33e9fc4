"""Nothing is lost, nothing happens twice in effect, nothing overtakes what it follows."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from bench.faults.findings import (
    DUPLICATED,
    LOST,
    MISORDERED,
    NAME_OF,
    STORED,
    Evidence,
    Finding,
)
from bench.faults.journal import Act
from bench.faults.stores import Row, Store, parsed
from bench.faults.world import GATEWAY, HEALTH, SOCIAL

_REFUSED_FROM: Final = 400
_ADMITTED: Final = frozenset({"referral", "event", "note", "consent", "revocation"})
#: What a service sends by itself, without an act of its partner system.
_OWN_EVENTS: Final = frozenset({"sealed"})
_TYPES: Final = {"acknowledge": "acknowledged", "accept": "accepted", "decline": "declined", "start": "started"}
#: Why a recipient may reject what came too late: what it belongs to has ended, or consent was taken back meanwhile.
_TOO_LATE: Final = frozenset({"referral.ended", "consent.revoked", "consent.recipient", "consent.compartment"})
_STOPPED: Final = frozenset({"revoked", "undelivered"})
#: What becomes of a note when its referral has come to an end.
_ENDED: Final = frozenset({"referral.ended", "declined", "expired"})


def effects(seen: Evidence) -> Iterator[Finding]:
    """Yield every act that was lost, done twice, or overtaken."""
    yield from _acts(seen)
    yield from _arrivals(seen)
    yield from _twice(seen)
    yield from _steps(seen)
    yield from _unasked(seen)
    yield from _order(seen)
    yield from _states(seen)


def _acts(seen: Evidence) -> Iterator[Finding]:
    """Whatever a client was told is done is there: at its service, and where the gateway took it, there too."""
    for key in seen.journal.unanswered:
        yield Finding(LOST, f"nobody ever answered {key} ({seen.journal.acts[key].verb})")
    for act in seen.journal.acts.values():
        if act.is_done:
            yield from _act(seen, act)


def _act(seen: Evidence, act: Act) -> Iterator[Finding]:
    said, outcome = f"{act.verb} {act.key}", seen.outcome(act.key)
    told = seen.journal.told[act.key] | ({str(act.receipt["message_id"])} if act.receipt else set())
    if len(told | ({outcome} if outcome else set())) > 1:
        yield Finding(DUPLICATED, f"{said} was answered with {len(told)} receipts, of different messages")
    letter = seen.letters[act.agency].get(outcome or next(iter(told), ""))
    if letter is None:
        yield Finding(LOST, f"{said} was acknowledged, and its service knows nothing of it")
    elif letter["status"] is None:
        yield Finding(LOST, f"{said} was acknowledged, and never left its service")
    elif letter["status"] >= _REFUSED_FROM and act.receipt:
        yield Finding(LOST, f"{said} was acknowledged with a receipt, then refused")
    elif letter["status"] < _REFUSED_FROM and letter["message_id"] not in seen.messages:
        yield Finding(LOST, f"{said} was admitted, and the gateway knows nothing of it")


def _arrivals(seen: Evidence) -> Iterator[Finding]:
    """Whatever the gateway took has reached its recipient, or a recorded decision has stopped it."""
    for receipt in seen.receipts:
        if receipt["message_id"] not in seen.messages:
            yield Finding(
                LOST, f"message {receipt['message_id']} has a signed receipt, and the gateway has no such one"
            )
    for message in seen.messages.values():
        if message["recipient"] in NAME_OF:
            yield from _arrival(seen, message)
    for act in seen.journal.of(HEALTH, "consent"):
        if act.receipt and act.answer["consent"]["id"] not in seen.stores[GATEWAY].by("consents", "id"):
            yield Finding(LOST, f"consent {act.answer['consent']['id']} was acknowledged and is not registered")


def _arrival(seen: Evidence, message: Row) -> Iterator[Finding]:
    said, code = f"{message['kind']} {message['message_id']}", message["settled_code"]
    name = NAME_OF[message["recipient"]]
    if message["settled_at"] is None:
        yield Finding(LOST, f"{said} never arrived: nobody has signed for it")
    elif code == STORED and not _is_kept(seen, name, message):
        yield Finding(LOST, f"{said} was signed for by {name}, which does not have it")
    elif code != STORED and not _may_end_so(seen, message):
        yield Finding(LOST, f"{said} ended as {code}, though nothing had happened that explains it")


def _is_kept(seen: Evidence, name: str, message: Row) -> bool:
    store, one = seen.stores[name], message["message_id"]
    table, key = {"referral": ("referrals", "referral_id"), "note": ("notes", "message_id")}.get(
        message["kind"], ("happenings", "message_id")
    )
    is_signed = one in store.by("arrivals", "message_id")
    return is_signed and (one in store.by(table, key) or _is_sealed_off(store, message))


def _is_sealed_off(store: Store, message: Row) -> bool:
    """Say whether a note is gone because its referral has been sealed off since."""
    referral = store.by("referrals", "referral_id").get(str(message["referral_id"]))
    return message["kind"] == "note" and referral is not None and referral["sealed_off_at"] is not None


def _may_end_so(seen: Evidence, message: Row) -> bool:
    """Say whether a message may have ended unread: consent was taken back, its referral ended, a week went by."""
    code, referral = message["settled_code"], seen.referrals.get(str(message["referral_id"]))
    if code == "undelivered":
        return True
    if code == "referral.unknown":
        sent = seen.messages.get(str(message["referral_id"]))
        return sent is not None and sent["message_id"] != message["message_id"] and sent["settled_code"] != STORED
    taken_back = referral is not None and referral["consent_id"] in seen.revocations
    ended = referral is not None and referral["state"] in {"declined", "expired"}
    return (code in _STOPPED | _TOO_LATE and taken_back) or (code in _ENDED and ended)


def _twice(seen: Evidence) -> Iterator[Finding]:
    """One entry for each message, one delivery for each message, and nothing that was never admitted."""
    for message_id, entries in seen.by_message.items():
        kinds = Counter(entry.kind for entry in entries)
        for kind in (*_ADMITTED, "delivery"):
            if kinds[kind] > 1:
                yield Finding(DUPLICATED, f"message {message_id} has {kinds[kind]} entries of its {kind}")
    admitted = {entry.message_id for entry in seen.entries if entry.kind == "referral"}
    for row in seen.stores[SOCIAL].tables["referrals"]:
        if row["box"] == "received" and row["referral_id"] not in admitted:
            yield Finding(DUPLICATED, f"referral {row['referral_id']} was delivered, and never admitted")


def _steps(seen: Evidence) -> Iterator[Finding]:
    """One event of each step, at both parties."""
    for name in (HEALTH, SOCIAL):
        steps = Counter((row["referral_id"], row["type"]) for row in seen.stores[name].tables["happenings"])
        for (referral_id, type_), times in steps.items():
            if type_ in _TYPES.values() and times > 1:
                yield Finding(DUPLICATED, f"referral {referral_id} was {type_} {times} times at {name}")


def _unasked(seen: Evidence) -> Iterator[Finding]:
    """Nothing was admitted that no client has asked for: what was asked for once was done once."""
    asked = set(seen.outcomes.values())
    for name, letters in seen.letters.items():
        types = {row["message_id"]: row["type"] for row in seen.stores[name].tables["happenings"]}
        for letter in letters.values():
            by_itself = letter["kind"] == "opening" or types.get(letter["message_id"]) in _OWN_EVENTS
            is_admitted = letter["status"] is not None and letter["status"] < _REFUSED_FROM
            if is_admitted and not by_itself and letter["message_id"] not in asked:
                yield Finding(DUPLICATED, f"{letter['kind']} {letter['message_id']} of {name} answers to no act")
    expected = Counter(entry.consent_id for entry in seen.entries if entry.kind == "revocation")
    for row in seen.stores[GATEWAY].tables["consents"]:
        if len(parsed(row["takings"])) != expected[row["id"]]:
            yield Finding(DUPLICATED, f"consent {row['id']} was taken back another number of times than recorded")


def _order(seen: Evidence) -> Iterator[Finding]:
    """Of one referral, each recipient signed for the messages in the order of the ledger, as each sender wrote them."""
    last: dict[tuple[str | None, str], int] = {}
    for entry in seen.entries:
        message = seen.messages.get(entry.message_id or "")
        if entry.kind != "delivery" or entry.code != STORED or message is None:
            continue
        place = (entry.referral_id, entry.actor)
        if message["seq"] < last.get(place, -1):
            yield Finding(
                MISORDERED, f"{message['kind']} {entry.message_id} reached {entry.actor} after what follows it"
            )
        last[place] = max(message["seq"], last.get(place, -1))
    written: dict[str, list[int]] = defaultdict(list)
    for act in seen.journal.of(SOCIAL, *_TYPES):
        known = seen.messages.get(seen.outcome(act.key) or "")
        if act.is_done and known is not None:
            written[str(act.about)].append(known["seq"])
    for referral_id, places in written.items():
        if places != sorted(places):
            yield Finding(MISORDERED, f"the steps of referral {referral_id} are in the ledger in another order")


def _agree(state: str, row: Row) -> bool:
    """Say whether a party's state is the gateway's; that it was delivered nobody tells the sender."""
    return bool(row["state"] == state) or (row["box"] == "sent" and (state, row["state"]) == ("delivered", "sent"))


def _states(seen: Evidence) -> Iterator[Finding]:
    """Both parties and the gateway end with the same state of each referral: no late event has undone a later one."""
    for name in (HEALTH, SOCIAL):
        for row in seen.stores[name].tables["referrals"]:
            known = seen.referrals.get(row["referral_id"])
            if known is None and row["state"] != "refused":
                yield Finding(
                    LOST, f"referral {row['referral_id']} is {row['state']} at {name}, unknown to the gateway"
                )
            elif known is not None and not _agree(known["state"], row):
                states = f"{known['state']} at the gateway, {row['state']} at {name}"
                yield Finding(MISORDERED, f"referral {row['referral_id']} is {states}")
