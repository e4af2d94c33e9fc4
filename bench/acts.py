"""The other acts at the gateway: halves of keys released, consent taken back from many, a chain traced.

Like admissions they are made and signed before anything is timed, and what has to be there first (consents, referrals,
that the recipient has accepted) is recorded untimed.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from bench.servers import Gateway
from bench.workload import OVERSIGHT, RECIPIENT, SENDER, Maker, Parcel, Parties, PrivateJwks, framed
from shared.kernel.clock import SystemClock, to_wire
from shared.seal.keys import EncryptionPublicKey, SigningKey

#: Open referrals under one consent that is taken back.
FAN_OUT = 20
_LATER = ("contact", "identity")
_ACTOR = "bench-caseworker"

#: Where a parcel goes, and the parcel.
Letter = tuple[str, Parcel]


@dataclass(slots=True)
class Case:
    """What leads up to an act, step by step, and the act itself. What is in one step's list waits for nothing else."""

    consent: Letter
    referrals: list[Letter] = field(default_factory=list)
    events: list[list[Letter]] = field(default_factory=list)
    act: Letter | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of act as requests to a gateway: what goes before, untimed, and what is timed."""

    name: str
    before: Sequence[tuple[Sequence[bytes], int]]
    timed: Sequence[bytes]
    expected: int


def make_openings(parties: Parties, count: int, *, pool: ProcessPoolExecutor) -> list[Case]:
    """Make `count` openings of two compartments each, of referrals that were accepted."""
    return list(pool.map(partial(_opening_case, parties.private_jwks()), range(count), chunksize=16))


def make_revocations(parties: Parties, count: int, *, pool: ProcessPoolExecutor) -> list[Case]:
    """Make `count` revocations, each of a consent with `FAN_OUT` referrals that are open."""
    return list(pool.map(partial(_revocation_case, parties.private_jwks()), range(count), chunksize=2))


def openings(gateway: Gateway, cases: Sequence[Case]) -> Act:
    """Return openings as requests to a gateway."""
    return _act("opening", gateway, cases, by=RECIPIENT, expected=200)


def revocations(gateway: Gateway, cases: Sequence[Case]) -> Act:
    """Return revocations as requests to a gateway."""
    return _act("revocation", gateway, cases, by=SENDER, expected=202)


def traces(gateway: Gateway, chains: Sequence[str]) -> Act:
    """Return traces of chains by the auditor."""
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {gateway.token(OVERSIGHT)}\r\n\r\n"
    return Act("trace", [], [f"GET /v1/chains/{chain} HTTP/1.1\r\n{head}".encode() for chain in chains], 200)


def _act(name: str, gateway: Gateway, cases: Sequence[Case], *, by: str, expected: int) -> Act:
    sender, recipient = gateway.token(SENDER), gateway.token(RECIPIENT)
    steps = zip(*(case.events for case in cases), strict=True)
    before = [
        (_requests([case.consent for case in cases], sender), 201),
        (_requests([letter for case in cases for letter in case.referrals], sender), 202),
        *((_requests([letter for part in step for letter in part], recipient), 202) for step in steps),
    ]
    timed = _requests([case.act for case in cases if case.act], sender if by == SENDER else recipient)
    return Act(name, before, timed, expected)


def _requests(letters: Sequence[Letter], token: str) -> list[bytes]:
    return [request for path, parcel in letters for request in framed([parcel], path=path, token=token)]


def _maker(agency: str, private_jwks: PrivateJwks) -> Maker:
    signing, recipient = private_jwks
    return Maker(agency, SigningKey.from_private_jwk(signing[agency]), EncryptionPublicKey.from_jwks(recipient))


def _begun(sender: Maker, referrals: int) -> Case:
    consent = sender.head("consent") | sender.consent_terms()
    parcels = [sender.referral(consent["id"], consent["subject"]) for _ in range(referrals)]
    return Case(("/v1/consents", sender.parcel(consent)), [("/v1/referrals", parcel) for parcel in parcels])


def _opening_case(keys: PrivateJwks, _number: int) -> Case:
    sender, recipient = _maker(SENDER, keys), _maker(RECIPIENT, keys)
    case = _begun(sender, 1)
    referral_id = case.referrals[0][1].message_id
    case.events = [[_event(recipient, referral_id, type)] for type in ("acknowledged", "accepted")]
    opening = recipient.head("opening") | {"compartments": _LATER, "actor": _ACTOR, "reason": "case_work"}
    case.act = (f"/v1/referrals/{referral_id}/openings", recipient.parcel(opening))
    return case


def _event(maker: Maker, referral_id: str, type: str) -> Letter:
    data = {"staff_gender": "female"} if type == "accepted" else {}
    said = {"recipient": SENDER, "type": type, "at": to_wire(SystemClock().now()), "actor": _ACTOR, "data": data}
    return f"/v1/referrals/{referral_id}/events", maker.parcel(maker.head("event") | said)


def _revocation_case(keys: PrivateJwks, _number: int) -> Case:
    sender, recipient = _maker(SENDER, keys), _maker(RECIPIENT, keys)
    case = _begun(sender, FAN_OUT)
    case.events = [[_event(recipient, parcel.message_id, "acknowledged") for _, parcel in case.referrals]]
    consent_id = case.consent[1].message_id
    taking = {"consent_id": consent_id, "recipients": None, "compartments": None, "by": "survivor"}
    case.act = (f"/v1/consents/{consent_id}/revocations", sender.parcel(sender.head("revocation") | taking))
    return case
