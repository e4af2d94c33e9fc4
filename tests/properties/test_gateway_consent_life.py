"""A life of consents at the real gateway, whatever happens in whatever order: the invariants hold after every step.

A state machine of random agencies, consents, referrals, disclosures by law, events, openings, withdrawals, matches and
readings, while clocks move, tickers die, are overtaken or look again, and the gateway itself goes and comes back; on
SQLite and on PostgreSQL. Invariants are named as in the fact sheet, section 11.2. `--hypothesis-profile deep` lives
more lives, and longer ones.
"""

import hashlib
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copy

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from gateway.bootstrap import open_provisioning
from shared.kernel.clock import SystemClock, to_wire
from shared.storage.engine import open_engine
from tests.support.life_counts import plant, told_too_much
from tests.support.life_gateway import SITE, SUITE, decisions
from tests.support.life_law import Law
from tests.support.life_machine import Living
from tests.support.life_model import TAKEN_ON, WAITS, Agreed, Given
from tests.support.life_watch import CANARY, PHONE, SITE_SECRETS
from tests.support.mesh import OVERSIGHT, enrolment, keys_of, settings_for
from tests.support.postgres import PostgresServer, numbered

pytestmark = pytest.mark.slow

PATIENT = 100
#: To shrink a life of a whole gateway takes minutes: only where patience was asked for.
PHASES = [phase for phase in Phase if phase is not Phase.shrink or settings.default.max_examples > PATIENT]
#: How long after the incident the first thing has to be done.
PEP = timedelta(hours=72)
#: By when the police decide: by law, and sooner where life is at risk.
AT_ONCE, SOONER = timedelta(hours=1), timedelta(minutes=10)
#: What does not say in which state a referral is.
ELSEWHERE = frozenset({"refusal", "lease", "statement"})


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the gateway writes to its log."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield written
    root.handlers, root.level = handlers, level


def prepare(url: str, folder: Path) -> None:
    """Make a database with all agencies in its directory, and what was counted before."""
    desk = open_provisioning(settings_for(url, folder), keys=keys_of("gateway"))
    for name in SUITE:
        made = enrolment(name, "health", "HEA-")
        both = {"sectors": frozenset({"health", "police"}), "services": made.services | {"POL-02"}}
        name_vi, name_en, host = SITE_SECRETS
        secret = {"protected": True, "name_vi": name_vi, "name_en": name_en, "base_url": f"https://{host}"}
        desk.enroll(enrolment(name, "health", "HEA-", **both, **(secret if name == SITE else {})))
    desk.register_oversight(OVERSIGHT, keys_of(OVERSIGHT).public_jwks())
    desk.close()
    engine = open_engine(url)
    plant(engine, SystemClock().now())
    engine.dispose()


class Lives(Living):
    """What holds after every step."""

    def holds_at_the_end(self) -> None:
        self.inv_12_no_count_of_a_few_is_shown_nor_follows_from_what_is()
        self.every_deadline_is_spoken_of_once()
        self.inv_09_15_what_is_sealed_or_secret_comes_out_nowhere()

    @invariant()
    def inv_01_02_nothing_travels_beyond_what_she_agreed_to_at_the_root(self) -> None:
        for case in self.life.cases.values():
            if isinstance(case.ground, Agreed):
                lines = case.ground.root.lines
                given = {name for line in lines if case.recipient in line.recipients for name in line.names}
                assert set(self.found.referrals[case.id]["halves"]) <= given, case.id

    @invariant()
    def inv_03_what_ended_or_was_taken_back_has_no_half_left_and_the_rest_has(self) -> None:
        for case in self.life.cases.values():
            left = {name for name, half in self.found.referrals[case.id]["halves"].items() if half[2] is not None}
            assert left == case.names - case.gone, f"{case.state} {case.id}"

    @invariant()
    def inv_03_nothing_was_released_after_it_was_taken_back(self) -> None:
        for entry in self.found.entries:
            if entry["kind"] == "release":
                lost_at = self.life.lost_at.get((entry["referral_id"], entry["code"]))
                assert lost_at is None or entry["idx"] < lost_at

    @invariant()
    def inv_04_a_referral_is_where_the_lifecycle_has_it(self) -> None:
        states = {key: row["state"] for key, row in self.found.referrals.items()}
        assert states == {case.id: case.state for case in self.life.cases.values()}

    @invariant()
    def inv_05_13_what_law_or_clinic_sets_runs_from_its_beginning_and_never_moves(self) -> None:
        for case in self.life.cases.values():
            row = self.found.referrals[case.id]
            if case.is_by_law and case.is_immediate:
                assert row["due"]["decide"] == [_later(row["received_at"], SOONER), "U0.decide"]
            elif case.is_by_law:
                assert row["due"]["decide"] == [_later(row["received_at"], AT_ONCE), "VN-DV-01"]
            else:
                assert row["due"]["complete"] == [_later(case.sent.message["incident_at"], PEP), "CLIN-PEP-72H"]

    @invariant()
    def inv_06_nothing_pauses_where_life_is_at_risk(self) -> None:
        for case in self.life.cases.values():
            assert not case.is_immediate or not self.found.referrals[case.id]["clocks"].get("pauses")

    @invariant()
    def inv_08_nobody_is_proposed_from_whom_the_case_is_kept(self) -> None:
        assert not any(proposed & kept for proposed, kept in self.life.proposed), "INV-08"

    @invariant()
    def inv_09_15_what_is_sealed_or_secret_comes_out_nowhere(self) -> None:
        assert self.ears.overheard() == []
        assert not self.observer.holds_text(CANARY, CANARY.lower(), PHONE)
        for entry in self.found.entries:
            assert not any(mark in entry["leaf"] for mark in SITE_SECRETS)

    @invariant()
    def inv_10_every_disclosure_without_consent_names_its_article_and_who_answers_for_it(self) -> None:
        for case in self.life.cases.values():
            row = self.found.referrals[case.id]
            if isinstance(case.ground, Law):
                kept = self.found.overrides[case.id]
                assert kept["article"].strip(), "INV-10"
                assert (kept["approver"], kept["kind"]) == (case.ground.approver, case.ground.kind), "INV-10"
                assert kept["made_at"] == row["received_at"]
                assert bool(kept["confirmed_at"]) is (case.ground.confirmed is not None)
                assert bool(kept["reviewed_at"]) is (case.ground.review is not None)
            else:
                assert row["basis"]["kind"] == "consent"
                assert case.id not in self.found.overrides

    @invariant()
    def inv_10_break_glass_that_nobody_stood_up_for_has_an_end(self) -> None:
        for case in self.life.cases.values():
            if isinstance(case.ground, Law):
                open_ended = case.ground.confirmed is not None or case.ground.kind != "vital_interest"
                assert (self.found.overrides[case.id]["ends_at"] is None) is (open_ended or case.ground.ended)

    @invariant()
    def inv_11_no_unsafe_caregiver_consents_reads_or_is_read_by(self) -> None:
        for case, actor in self.life.read_by:
            assert actor not in case.kept_from, "INV-08 INV-11"
        for case in self.life.cases.values():
            assert not case.kept_from & {case.recipient}, "INV-08 INV-11"
            if case.unsafe and isinstance(case.ground, Agreed):
                assert not any(one.given is Given.PARENT for one in case.ground.ancestry()), "INV-11"
            assert self.found.referrals[case.id]["guardian_unsafe"] is case.unsafe

    @invariant()
    def inv_12_no_count_of_a_few_is_shown_nor_follows_from_what_is(self) -> None:
        assert told_too_much(self.life.shown, self.life.now, began=self.began) == [], "INV-12"

    @invariant()
    def inv_14_every_decision_is_one_entry_and_every_state_is_that_of_the_last(self) -> None:
        found = self.found
        assert self.asked or decisions(found.entries) == +self.life.decided
        self.life.decided.clear()
        self.asked = True
        for entry in self.found.entries:
            if entry["kind"] not in ELSEWHERE and entry["state"] and entry["referral_id"]:
                self.said[entry["referral_id"]] = entry["state"]
        assert self.said == {case.id: case.state for case in self.life.cases.values()}

    @invariant()
    def inv_14_every_entry_is_hashed_as_it_says_and_of_a_message_that_was_signed(self) -> None:
        for entry in self.found.entries:
            leaf = json.loads(entry["leaf"])
            assert entry["leaf_hash"] == hashlib.sha256(b"\0" + entry["leaf"].encode()).hexdigest()
            told = {name: entry[name] for name in ("kind", "actor", "code", "state", "referral_id")}
            assert told == {name: leaf.get(name) for name in told}
            if (
                entry["kind"] in {"referral", "event", "opening", "revocation", "consent", "note"}
                and "message_id" in leaf
            ):
                assert leaf["message_sha256"] in self.ears.signed, "INV-14"

    @invariant()
    def who_declined_without_having_accepted_never_learned_who_she_is(self) -> None:
        for case in self.life.cases.values():
            if case.state == "declined" and not case.accepted and not case.is_immediate:
                assert not case.opened & WAITS
        for case in self.life.cases.values():
            assert case.accepted or case.state not in TAKEN_ON

    @invariant()
    def every_holder_of_what_was_taken_back_is_held_to_account(self) -> None:
        owed = {(one["revocation_id"], one["referral_id"]): one["result"] for one in self.found.holds}
        assert owed == {
            (key, case.id): answer.result for case in self.life.cases.values() for key, answer in case.holds.items()
        }

    @invariant()
    def every_deadline_is_spoken_of_once(self) -> None:
        assert [notice for notice, count in self.life.notices.items() if count > 1] == []
        for entry in self.found.entries:
            if entry["code"] == "acknowledge:expired":
                assert self.expired.setdefault(entry["referral_id"], entry["idx"]) == entry["idx"]


def _later(moment: str, by: timedelta) -> str:
    return to_wire(datetime.fromisoformat(moment) + by)


def live(world: Callable[[], AbstractContextManager[str]], folder: Path, log: io.StringIO, *, share: float) -> None:
    """Live as many lives as the profile says, or a share of them."""
    run_state_machine_as_test(
        lambda: Lives(world, folder, log),
        settings=settings(
            max_examples=max(3, int(settings.default.max_examples * share)),
            stateful_step_count=24,
            phases=PHASES,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_life_of_consents_keeps_the_invariants(tmp_path_factory: pytest.TempPathFactory, log: io.StringIO) -> None:
    folder = tmp_path_factory.mktemp("lives")
    prepare(f"sqlite:///{folder / 'template.db'}", folder)

    @contextmanager
    def world() -> Iterator[str]:
        for old in folder.glob("gateway.db*"):
            old.unlink()
        copy(folder / "template.db", folder / "gateway.db")
        yield f"sqlite:///{folder / 'gateway.db'}"

    live(world, folder, log, share=0.24)


def test_a_life_of_consents_keeps_the_invariants_on_postgresql(
    postgres_server: PostgresServer, tmp_path: Path, log: io.StringIO
) -> None:
    template = numbered("lives")
    postgres_server.create(template)
    prepare(postgres_server.url(template), tmp_path)

    @contextmanager
    def world() -> Iterator[str]:
        name = numbered("life")
        postgres_server.create(name, template=template)
        yield postgres_server.url(name)
        postgres_server.drop(name)

    live(world, tmp_path, log, share=0.08)
