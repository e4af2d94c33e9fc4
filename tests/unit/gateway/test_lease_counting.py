"""What a lease counts against, and that no sequence of takes, releases and uses promises a place twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import booleans, data, integers, sampled_from

from gateway.domain.agency import Agency, AgencyStatus, Availability
from gateway.domain.lease import Lease, Standing, has_place, places_taken
from shared.kernel.clock import to_wire
from shared.sop.model import ReferralState

NOON = datetime(2026, 11, 18, 5, 0, tzinfo=UTC)
LATER = to_wire(NOON + timedelta(minutes=15))
LEASE = Lease("lease", "shelter", "SOC-01", "hospital", None, LATER)


def site(*, protected: bool = False) -> Agency:
    return Agency(
        id="shelter",
        name_vi="Nhà",
        name_en="House",
        sectors=frozenset(),
        areas=frozenset({"38"}),
        services=frozenset({"SOC-01"}),
        hours=None,
        base_url=None,
        jwks={},
        status=AgencyStatus.ACTIVE,
        revision=1,
        protected=protected,
    )


def stated(capacity: int | None, *, accepting: bool = True) -> Availability:
    return Availability("shelter", "SOC-01", accepting, capacity, frozenset(), updated_at=to_wire(NOON))


@pytest.mark.parametrize(
    ("state", "takes"),
    [
        (ReferralState.SENT, True),
        (ReferralState.ACCEPTED, True),
        (ReferralState.COMPLETED, True),  # she is there
        (ReferralState.CLOSED, True),  # she may be there
        (ReferralState.REVOKED, True),
        (ReferralState.DECLINED, False),
        (ReferralState.EXPIRED, False),
        (ReferralState.CANCELLED, False),
        (ReferralState.ENTERED_IN_ERROR, False),
        (None, False),
    ],
)
def test_used_lease_takes_its_place_unless_nobody_comes(state: ReferralState | None, takes: bool) -> None:
    used = Standing(replace(LEASE, referral_id="referral"), state)
    assert used.takes_place(at=to_wire(NOON + timedelta(days=3))) is takes
    assert used.is_decided is (state is not ReferralState.SENT)


def test_held_lease_takes_a_place_until_the_moment_it_runs_out() -> None:
    assert Standing(LEASE).takes_place(at=to_wire(NOON))
    assert not Standing(LEASE).takes_place(at=LATER)


@pytest.mark.parametrize("availability", [None, stated(None), stated(0), stated(4, accepting=False)])
def test_no_place_is_held_where_none_is_stated(availability: Availability | None) -> None:
    assert not has_place(site(), availability, [], holder="hospital", at=to_wire(NOON))


@pytest.mark.parametrize("capacity", [1, 2, 500])
def test_nobody_counts_the_places_of_a_protected_site_by_holding_them(capacity: int) -> None:
    place = has_place(site(protected=True), stated(capacity), [Standing(LEASE)], holder="hospital", at=to_wire(NOON))
    assert not place


def test_other_agencies_hold_the_other_places_of_a_protected_site() -> None:
    own, used = Standing(replace(LEASE, holder="police")), replace(LEASE, referral_id="r")
    house = site(protected=True)
    assert has_place(house, stated(2), [own], holder="hospital", at=to_wire(NOON))
    assert has_place(house, stated(2), [Standing(used, ReferralState.SENT)], holder="hospital", at=to_wire(NOON))


class LeasedHouse(RuleBasedStateMachine):
    """A house of three beds; a model that knows who lies in them, and the leases that must agree with it."""

    BEDS = 3

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.standings: list[Standing] = []
        self.in_beds = 0
        self.said = stated(self.BEDS)

    def promised(self) -> int:
        """Places that are held, or that somebody not yet in a bed was referred to."""
        accepted = [s for s in self.standings if s.referral_state is ReferralState.ACCEPTED]
        return places_taken(self.standings, at=to_wire(self.now)) - len(accepted)

    @rule(minutes=integers(1, 60))
    def take(self, minutes: int) -> None:
        at = to_wire(self.now)
        if has_place(site(), self.said, self.standings, holder="hospital", at=at):
            ends = to_wire(self.now + timedelta(minutes=minutes))
            self.standings.append(Standing(replace(LEASE, expires_at=ends)))

    @rule(minutes=integers(1, 40))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(choose=data())
    def use(self, choose: object) -> None:
        live = [s for s in self.standings if s.lease.is_held(at=to_wire(self.now))]
        if live:
            chosen = choose.draw(sampled_from(live))  # type: ignore[attr-defined]
            self.standings.remove(chosen)
            used = replace(chosen.lease, referral_id="r")
            self.standings.append(Standing(used, ReferralState.SENT))

    @rule(choose=data(), accepts=booleans())
    def decide(self, choose: object, accepts: bool) -> None:
        open_ones = [s for s in self.standings if s.referral_state is ReferralState.SENT]
        if open_ones:
            chosen = choose.draw(sampled_from(open_ones))  # type: ignore[attr-defined]
            self.standings.remove(chosen)
            self.in_beds += accepts
            state = ReferralState.ACCEPTED if accepts else ReferralState.DECLINED
            self.standings.append(Standing(chosen.lease, state))

    @rule()
    def state_anew(self) -> None:
        """The house counts its beds; it knows of everybody it has decided on."""
        self.said = stated(self.BEDS - self.in_beds)
        self.standings = [standing for standing in self.standings if not standing.is_decided]

    @invariant()
    def nobody_is_promised_a_bed_that_is_not_there(self) -> None:
        assert self.in_beds + self.promised() <= self.BEDS


LeasedHouse.TestCase.settings = settings(stateful_step_count=40, deadline=None)
TestLeasedHouse = LeasedHouse.TestCase
