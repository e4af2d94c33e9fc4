"""A hospital's own system that refers many people at once, and does not give up while services come and go.

Each act has a number and an `Idempotency-Key` of its own, and is repeated byte for byte until the agency service has
answered it. One act in ten asks for a service that the consent does not name: it must be refused.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from mesh.demo.case import COMPARTMENTS, LEGAL_AID, POLICE, SOCIAL, grant

#: Seconds an act may take in all, restarts of services included.
PATIENCE = 90
CONCURRENCY = 12
FORBIDDEN_EACH = 10
#: For each recipient what it is asked for, and what she has not agreed to.
ASKED: Mapping[str, tuple[str, str]] = {
    SOCIAL: ("SOC-01", "SOC-03"),
    POLICE: ("POL-04", "POL-02"),
    LEGAL_AID: ("LEG-02", "LEG-08"),
}
#: What any of these services needs; what one does not take is held back.
CASE = {name: COMPARTMENTS[name] for name in sorted(COMPARTMENTS) if name != "medical"}


@dataclass
class Answers:
    """What the hospital has been told so far, by the number of the act: an id, or the code of a refusal."""

    acknowledged: dict[int, str] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def has(self, number: int) -> bool:
        """Say whether an act was answered."""
        return number in self.acknowledged or number in self.refused

    async def note(self, number: int, answer: httpx.Response) -> None:
        """Note an answer, which is yes or no and nothing else."""
        if answer.status_code == 202:
            self.acknowledged[number] = answer.json()["referral"]["referral_id"]
        else:
            assert answer.status_code == 403, answer.text
            self.refused[number] = answer.json()["code"]
        async with self._news:
            self._news.notify_all()

    async def reach(self, wanted: int) -> None:
        """Return once so many acts were answered."""
        async with self._news:
            await self._news.wait_for(lambda: len(self.acknowledged) + len(self.refused) >= wanted)


class PartnerSystem:
    """One agency's own system at its agency service."""

    def __init__(self, credentials: Mapping[str, str], http: httpx.AsyncClient) -> None:
        self._credentials = credentials
        self._http = http
        self._token = "none-yet"

    async def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call until somebody answers; whatever is called may be repeated."""
        headers = {"Access-Reason": "case_work", **options.pop("headers", {})}
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    authorised = {**headers, "Authorization": f"Bearer {self._token}"}
                    answer = await self._http.request(method, path, headers=authorised, **options)
                    if answer.status_code == 401:
                        await self._sign_in()
                    elif answer.status_code != 503:
                        return answer
                except (httpx.NetworkError, httpx.RemoteProtocolError, httpx.TimeoutException):
                    await asyncio.sleep(0.05)

    async def done(self, method: str, path: str, **options: Any) -> Any:
        """Call and return the document of a success."""
        answer = await self.call(method, path, **options)
        assert answer.is_success, answer.text
        return answer.json()

    async def listed(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Read every page of a list."""
        items: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            page = await self.done("GET", path, params={"limit": 200, **params, **after})
            items += page["items"]
            if page["next"] is None:
                return items
            after = {"after": page["next"]}

    async def _sign_in(self) -> None:
        login = (self._credentials["client_id"], self._credentials["client_secret"])
        answer = await self._http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=login)
        if answer.is_success:
            self._token = answer.json()["access_token"]


@asynccontextmanager
async def partner_system(credentials: Mapping[str, Any], agency_id: str) -> AsyncIterator[PartnerSystem]:
    """Sign in as the own system of an agency."""
    known = credentials["agencies"][agency_id]
    async with httpx.AsyncClient(base_url=known["url"], timeout=20, trust_env=False) as http:
        yield PartnerSystem(known, http)


async def her_consent(hospital: PartnerSystem, recipient: str) -> str:
    """Record a consent to one service of the recipient; return its id."""
    wanted = {
        "grantor": "self",
        "form": "written_signature",
        "subject_details": {"reference": "crash test"},
        "grants": [grant(recipient, ASKED[recipient][0], tuple(CASE), onward=False)],
    }
    return str((await hospital.done("POST", "/v1/consents", json=wanted))["consent"]["id"])


async def refer_many(hospital: PartnerSystem, recipient: str, *, numbers: range, answers: Answers) -> None:
    """Refer as many people as there are numbers, several at a time; `answers` hears of each."""
    consent_id = await her_consent(hospital, recipient)
    waiting = iter(numbers)

    async def one_after_another() -> None:
        for number in waiting:
            document = request(number, recipient, consent_id)
            key = {"Idempotency-Key": key_of(number)}
            await answers.note(number, await hospital.call("POST", "/v1/referrals", json=document, headers=key))

    async with asyncio.TaskGroup() as group:
        for _ in range(CONCURRENCY):
            group.create_task(one_after_another())


def request(number: int, recipient: str, consent_id: str) -> dict[str, Any]:
    """What is asked under this number; her name carries it, so that what arrives can be recognised."""
    identity = {**CASE["identity"], "name": name_of(number)}
    return {
        "service_type": ASKED[recipient][is_forbidden(number)],
        "recipient": recipient,
        "consent_id": consent_id,
        "compartments": {**CASE, "identity": identity},
    }


def permitted(numbers: range) -> Iterator[int]:
    """The numbers of acts that she has agreed to."""
    return (number for number in numbers if not is_forbidden(number))


def is_forbidden(number: int) -> bool:
    """Say whether the act of this number goes beyond her consent."""
    return number % FORBIDDEN_EACH == FORBIDDEN_EACH - 1


def key_of(number: int) -> str:
    """The idempotency key of an act."""
    return f"act-{number}"


def name_of(number: int) -> str:
    """The invented name of the person an act is about."""
    return f"Nguyễn Thị Mẫu {number}"
