"""The oracle of the fault harness can fail: each broken promise is found, under the verdict it belongs to."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bench.faults.checks_basis import basis, ledger
from bench.faults.checks_effects import effects
from bench.faults.findings import Evidence
from bench.faults.journal import Act, Journal, Opened
from bench.faults.stores import Store
from bench.faults.workload import AGREED
from bench.faults.world import AGENCIES, GATEWAY, HEALTH, PARTNER, SOCIAL
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.entry import Entry, leaf_text
from shared.ledger.evidence import EntryItem
from shared.ledger.tree import Frontier, leaf_hash

SENDER, RECIPIENT = AGENCIES[HEALTH], AGENCIES[SOCIAL]
CONSENT, REFERRAL, NOTE, ACCEPTED = "consent-1", "referral-1", "note-1", "event-1"
_AT = "2026-11-21T08:00:00.000Z"


def an_entry(kind: str, actor: str, message_id: str | None, **facts: Any) -> dict[str, Any]:
    return {"at": _AT, "kind": kind, "actor": actor, "message_id": message_id, "consent_id": CONSENT, **facts}


#: One referral with a note, accepted, opened, and everything delivered: what a quiet round leaves behind.
ENTRIES = (
    an_entry("consent", SENDER, CONSENT),
    an_entry("referral", SENDER, REFERRAL, referral_id=REFERRAL),
    an_entry("note", SENDER, NOTE, referral_id=REFERRAL),
    an_entry("delivery", RECIPIENT, REFERRAL, referral_id=REFERRAL, code="stored"),
    an_entry("delivery", RECIPIENT, NOTE, referral_id=REFERRAL, code="stored"),
    an_entry("event", RECIPIENT, ACCEPTED, referral_id=REFERRAL, code="accepted"),
    an_entry("delivery", SENDER, ACCEPTED, referral_id=REFERRAL, code="stored"),
    an_entry("release", RECIPIENT, "opening-1", referral_id=REFERRAL, code="identity"),
)


def a_message(message_id: str, kind: str, seq: int, sender: str, recipient: str | None, **changes: Any) -> Any:
    settled = {"settled_at": _AT, "settled_code": "stored" if recipient else "kept"}
    about = {"referral_id": None if kind == "consent" else REFERRAL, "body": None, "hub_shares": None}
    facts = {"message_id": message_id, "kind": kind, "seq": seq, "sender": sender, "recipient": recipient}
    return {**facts, **settled, **about, **changes}


def a_letter(message_id: str, kind: str) -> Any:
    return {"message_id": message_id, "kind": kind, "lane": REFERRAL, "status": 202, "settled_at": _AT}


def gateway_rows(items: list[EntryItem]) -> dict[str, Any]:
    return {
        "messages": [
            a_message(CONSENT, "consent", 0, SENDER, None),
            a_message(REFERRAL, "referral", 1, SENDER, RECIPIENT),
            a_message(NOTE, "note", 2, SENDER, RECIPIENT),
            a_message(ACCEPTED, "event", 5, RECIPIENT, SENDER),
        ],
        "referrals": [{"referral_id": REFERRAL, "consent_id": CONSENT, "state": "accepted"}],
        "consents": [{"id": CONSENT, "takings": "[]"}],
        "ledger_entries": [{"idx": item.index, "leaf": item.leaf} for item in items],
        "ledger_head": [{"size": len(items)}],
    }


def agency_rows(box: str) -> dict[str, Any]:
    is_sender = box == "sent"
    named = {"referral_id": REFERRAL, "consent_id": CONSENT, "service_type": AGREED, "sealed_off_at": None}
    arrived = [ACCEPTED] if is_sender else [REFERRAL, NOTE]
    letters = [(CONSENT, "consent"), (REFERRAL, "referral"), (NOTE, "note")] if is_sender else [(ACCEPTED, "event")]
    holding = {"referral_id": REFERRAL, "name": "identity", "stage": "accepted", "state": "opened"}
    return {
        "letters": [a_letter(*letter) for letter in letters],
        "arrivals": [{"message_id": one, "result": "stored"} for one in arrived],
        "referrals": [{**named, "box": box, "state": "accepted"}],
        "happenings": [{"message_id": ACCEPTED, "referral_id": REFERRAL, "type": "accepted"}],
        "notes": [{"message_id": NOTE, "referral_id": REFERRAL}],
        "holdings": [] if is_sender else [holding],
    }


def an_act(key: str, agency: str, verb: str, message_id: str, *, items: list[EntryItem], index: int) -> Act:
    receipt = {"message_id": message_id, "ledger_index": index, "leaf_hash": items[index].leaf_hash.hex()}
    answer = {"receipt": receipt, "consent": {"id": CONSENT}}
    return Act(key, agency, verb, REFERRAL, "/", {}, status=202, answer=answer)


def evidence(entries: tuple[dict[str, Any], ...] = ENTRIES) -> Evidence:
    frontier, items = Frontier(), []
    for index, facts in enumerate(entries):
        leaf = leaf_text(Entry(index=index, **facts))
        items.append(EntryItem(index, leaf, leaf_hash(leaf.encode())))
        frontier.append(items[-1].leaf_hash)
    journal = Journal()
    asked = (("a", HEALTH, "consent", CONSENT, 0), ("b", HEALTH, "refer", REFERRAL, 1), ("c", HEALTH, "note", NOTE, 2))
    for key, agency, verb, message_id, index in (*asked, ("d", SOCIAL, "accept", ACCEPTED, 5)):
        journal.note(an_act(key, agency, verb, message_id, items=items, index=min(index, len(items) - 1)))
    outcomes = {f"{PARTNER}/{act.key}": str(act.answer["receipt"]["message_id"]) for act in journal.acts.values()}
    stores = {
        GATEWAY: Store(gateway_rows(items)),
        HEALTH: Store(agency_rows("sent")),
        SOCIAL: Store(agency_rows("received")),
    }
    return Evidence(journal, stores, items, Checkpoint("a-ledger", frontier.size, frontier.root()), [], [], outcomes)


def verdicts(seen: Evidence) -> set[str]:
    return {finding.verdict for check in (effects, basis, ledger) for finding in check(seen)}


def drop(name: str, table: str) -> Callable[[Evidence], Evidence]:
    def changed(seen: Evidence) -> Evidence:
        seen.stores[name].tables[table].clear()  # type: ignore[attr-defined]  # a list in these tests
        return seen

    return changed


def alter(name: str, table: str, row: int, **facts: Any) -> Callable[[Evidence], Evidence]:
    def changed(seen: Evidence) -> Evidence:
        seen.stores[name].tables[table][row].update(facts)  # type: ignore[attr-defined]  # dicts in these tests
        return seen

    return changed


def told_twice(seen: Evidence) -> Evidence:
    seen.journal.told["b"] |= {REFERRAL, "referral-2"}
    return seen


def not_asked_for(seen: Evidence) -> Evidence:
    return replace(seen, outcomes={key: one for key, one in seen.outcomes.items() if one != NOTE})


def opened_too_early(seen: Evidence) -> Evidence:
    seen.journal.openings.append(Opened(REFERRAL, "before it was accepted", ("identity",), frozenset()))
    return seen


def seen_another_history(seen: Evidence) -> Evidence:
    return replace(seen, earlier=[Checkpoint("a-ledger", 3, bytes(32))])


def with_entries(*order: int) -> Callable[[Evidence], Evidence]:
    return lambda _seen: evidence(tuple(ENTRIES[place] for place in order))


def test_a_quiet_round_has_no_finding() -> None:
    assert verdicts(evidence()) == set()


@pytest.mark.parametrize(
    ("broken", "verdict"),
    [
        (drop(SOCIAL, "arrivals"), "lost"),
        (drop(HEALTH, "letters"), "lost"),
        (alter(GATEWAY, "messages", 2, settled_at=None), "lost"),
        (alter(GATEWAY, "messages", 2, settled_code="referral.unknown"), "lost"),
        (told_twice, "duplicated"),
        (not_asked_for, "duplicated"),
        (with_entries(0, 1, 2, 3, 4, 5, 6, 7, 4), "duplicated"),
        (with_entries(0, 1, 2, 4, 3, 5, 6, 7), "misordered"),
        (alter(HEALTH, "referrals", 0, state="delivered"), "misordered"),
        (with_entries(0, 1, 2, 3, 4, 7, 5, 6), "disclosed"),
        (alter(SOCIAL, "referrals", 0, service_type="SOC-01"), "disclosed"),
        (alter(GATEWAY, "messages", 2, body="a text"), "disclosed"),
        (opened_too_early, "disclosed"),
        (seen_another_history, "ledger"),
        (alter(GATEWAY, "ledger_head", 0, size=7), "ledger"),
        (with_entries(0, 1, 2, 3, 4, 5, 7), "ledger"),
    ],
)
def test_a_broken_promise_is_found(broken: Callable[[Evidence], Evidence], verdict: str) -> None:
    assert verdict in verdicts(broken(evidence()))


def test_the_rows_that_are_compared_are_told_in_json_as_in_text() -> None:
    seen = evidence()
    seen.stores[GATEWAY].tables["consents"][0].update(takings=json.loads("[]"))  # type: ignore[attr-defined]
    assert verdicts(seen) == set()
