"""The chain of custody: whatever is changed, dropped, added or swapped is found, whoever did it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.health.rules.custody import (
    RECORD_KIND,
    Logged,
    Noted,
    Passing,
    To,
    digest_of,
    holder_of,
    read_statement,
    statement_of,
    verify_custody,
)
from shared.kernel.canonical import canonical_json
from shared.kernel.encoding import sha256_hex
from shared.seal.jws import MESSAGE_TYPE, RECORD_TYPE, sign_compact
from shared.seal.keys import KeyRing
from shared.seal.signing import SigningKey

AGENCY, CASE = "hospital-test", "01900000-0000-7000-8000-00000000000a"
KEY, OTHER = SigningKey.generate(), SigningKey.generate()
RING = KeyRing(KEY.public)
BEGAN = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
LENGTH = 4


def passing(number: int) -> Passing:
    return Passing(
        specimens=("s-1",),
        handed_at=BEGAN + timedelta(hours=number),
        given_by=f"staff-{number}",
        taken_by=f"staff-{number + 1}",
        to=To.COLLEAGUE,
        seal_intact=True,
    )


def logged(sequence: int, previous: str | None, *, key: SigningKey = KEY, typ: str = RECORD_TYPE) -> Logged:
    said = statement_of(
        passing(sequence),
        agency=AGENCY,
        referral_id=CASE,
        hand_over_id=f"hand-over-{sequence}",
        sequence=sequence,
        previous=previous,
    )
    return signed(said, sequence, key=key, typ=typ)


def signed(said: dict[str, object], sequence: int, *, key: SigningKey = KEY, typ: str = RECORD_TYPE) -> Logged:
    data = {"record_kind": RECORD_KIND, "record_sha256": digest_of(said)}
    event = canonical_json({"id": f"event-{sequence}", "data": data}).decode()
    return Logged(sequence=sequence, record=sign_compact(canonical_json(said), key, typ), event=event)


def a_log() -> list[Logged]:
    log: list[Logged] = []
    for sequence in range(1, LENGTH + 1):
        previous = digest_of(read_statement(log[-1].record)) if log else None
        log.append(logged(sequence, previous))
    return log


LOG = a_log()
LEDGER = [Noted(10 * place, sha256_hex(one.event.encode())) for place, one in enumerate(LOG, start=1)]


def breaks(log: Sequence[Logged], ledger: Sequence[Noted] | None = LEDGER) -> set[tuple[str, int | None]]:
    found = verify_custody(log, agency=AGENCY, referral_id=CASE, ring=RING, ledger=ledger)
    return {(one.code, one.sequence) for one in found}


def test_an_untouched_chain_holds_with_and_without_the_ledger() -> None:
    assert breaks(LOG) == breaks(LOG, None) == set()
    assert breaks([], []) == set()


@given(st.integers(0, LENGTH - 1))
def test_a_dropped_hand_over_is_found_wherever_it_was(place: int) -> None:
    left = LOG[:place] + LOG[place + 1 :]
    assert ("custody.missing", None) in breaks(left)
    assert place == LENGTH - 1 or breaks(left, None)


@given(st.integers(0, LENGTH - 2))
def test_swapped_hand_overs_are_found(place: int) -> None:
    swapped = [*LOG[:place], LOG[place + 1], LOG[place], *LOG[place + 2 :]]
    codes = {code for code, _ in breaks(swapped)}
    assert {"custody.order", "custody.link", "custody.ledger-order"} <= codes


@given(st.integers(0, LENGTH - 1), st.sampled_from(["taken_by", "given_by", "handed_at", "to", "specimens"]))
def test_a_changed_hand_over_is_found_also_when_the_agency_signs_it_anew(place: int, name: str) -> None:
    said = {**read_statement(LOG[place].record), name: "staff-x"}
    forged = replace(signed(said, place + 1), event=LOG[place].event)
    assert ("custody.event", place + 1) in breaks([*LOG[:place], forged, *LOG[place + 1 :]])
    retold = signed(said, place + 1)
    assert ("custody.not-in-ledger", place + 1) in breaks([*LOG[:place], retold, *LOG[place + 1 :]])


def test_a_chain_that_was_written_anew_from_the_first_to_the_last_is_not_the_one_in_the_ledger() -> None:
    log: list[Logged] = []
    for sequence in range(1, LENGTH + 1):
        previous = digest_of(read_statement(log[-1].record)) if log else None
        said = {**read_statement(LOG[sequence - 1].record), "taken_by": "staff-x", "previous": previous}
        log.append(signed(said, sequence))
    assert breaks(log, None) == set()
    assert {code for code, _ in breaks(log)} == {"custody.not-in-ledger", "custody.missing"}


def test_a_hand_over_that_was_put_in_is_found() -> None:
    extra = logged(LENGTH + 1, digest_of(read_statement(LOG[-1].record)))
    assert breaks([*LOG, extra]) == {("custody.not-in-ledger", LENGTH + 1)}


def test_a_bit_of_a_record_that_was_changed_breaks_its_signature() -> None:
    head, body, end = LOG[1].record.split(".")
    turned = replace(LOG[1], record=f"{head}.{body[:-4]}AAAA.{end}")
    assert ("custody.signature", 2) in breaks([LOG[0], turned, *LOG[2:]])


@pytest.mark.parametrize(("key", "typ"), [(OTHER, RECORD_TYPE), (KEY, MESSAGE_TYPE)])
def test_a_record_that_another_signed_or_that_is_a_message_is_none(key: SigningKey, typ: str) -> None:
    assert ("custody.signature", 1) in breaks([logged(1, None, key=key, typ=typ)], None)


def test_a_hand_over_of_another_case_is_found() -> None:
    found = verify_custody(LOG, agency=AGENCY, referral_id="another", ring=RING, ledger=LEDGER)
    assert {one.code for one in found} == {"custody.other-case"}


def test_who_took_a_specimen_last_holds_it() -> None:
    said = [read_statement(one.record) for one in LOG]
    assert holder_of("s-1", "staff-0", said) == f"staff-{LENGTH + 1}"
    assert holder_of("s-2", "staff-0", said) == "staff-0"
