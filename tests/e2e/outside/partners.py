"""Partner systems of the agency services that run, and the whole mesh they run in."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.e2e.outside import launch, messages
from tests.e2e.outside.agency import Agency
from tests.e2e.outside.keys import Json

REASON = {"Access-Reason": "first_contact"}
WISHES = {"staff_gender": "female", "language": "vi", "interpreter": False, "accompanied": False}
NAME = str(messages.CONTENTS["identity"]["name"])
SOC_01 = ["contact", "safety", "dependants", "preferences"]


def some(*names: str) -> Json:
    """Contents of compartments, invented."""
    return {name: messages.CONTENTS[name] for name in names}


@dataclass
class Partner:
    """A partner's own system beside its agency service."""

    id: str
    client_id: str
    secret: str
    http: httpx.Client

    def token(self, **form: str) -> httpx.Response:
        return self.http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials", **form},
            auth=(self.client_id, self.secret),
        )

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token().json()['access_token']}"}

    def get(self, path: str, *, headers: dict[str, str] | None = None, **params: Any) -> httpx.Response:
        return self.http.get(path, params=params, headers={**self.bearer, **(headers or {})})

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.http.post(path, json=body, headers={**self.bearer, **headers})

    def read(self, referral_id: str) -> Json:
        answer = self.get(f"/v1/referrals/{referral_id}", headers=REASON)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def step(self, referral_id: str, verb: str, **said: Any) -> httpx.Response:
        return self.post(f"/v1/referrals/{referral_id}/{verb}", said)


@dataclass
class Mesh:
    """Everything that runs."""

    running: launch.Running
    health: Partner
    social: Partner
    legal_aid: Partner
    police: Partner
    outside: Agency

    def consent(self, *, onward: bool = True, **over: Any) -> str:
        """A consent that health records in clear; its id."""
        names = [self.social.id, self.legal_aid.id, self.police.id, self.outside.id]
        services = ["SOC-01", "LEG-02", "POL-04", "HEA-02"]
        answer = self.health.post(
            "/v1/consents",
            {
                "subject_details": {"name": NAME},
                "recorded_at": messages.in_(minutes=-5),
                "valid_from": messages.in_(minutes=-5),
                "valid_to": messages.in_(days=30),
                "grantor": "self",
                "form": "written_signature",
                "language": "vi",
                "interpreter": False,
                "witnessed": True,
                "information_version": "2026-11",
                "purposes": ["service"],
                "grants": [messages.grant(names, services, list(messages.CONTENTS), onward=onward)],
                "withheld": [{"compartment": "medical", "reason": "survivor_wish"}],
                **over,
            },
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["consent"]["id"])

    def request(self, consent_id: str, **over: Any) -> Json:
        return {
            "service_type": "SOC-01",
            "recipient": self.social.id,
            "consent_id": consent_id,
            "urgency": "urgent",
            "compartments": some(*SOC_01, "identity"),
            "preferences": WISHES,
            "facts": {},
            **over,
        }

    def referred(self, **over: Any) -> str:
        """A SOC-01 referral from health that has arrived at social; its id."""
        answer = self.health.post("/v1/referrals", self.request(self.consent(), **over))
        assert answer.status_code == 202, answer.text
        identifier = str(answer.json()["referral"]["referral_id"])
        self.arrived(self.social, identifier)
        return identifier

    def accepted(self, **over: Any) -> str:
        identifier = self.referred(**over)
        assert self.social.step(identifier, "acknowledge").status_code == 202
        answer = self.social.step(identifier, "accept", staff_gender="female")
        assert answer.status_code == 202, answer.text
        return identifier

    def arrived(self, partner: Partner, identifier: str) -> None:
        until(lambda: partner.get(f"/v1/referrals/{identifier}", headers=REASON).status_code == 200)

    def listed(self, partner: Partner, identifier: str, **sought: str) -> None:
        """Wait until a partner's list shows it: what the other side did arrives a moment later."""

        def shown() -> bool:
            items = partner.get("/v1/referrals", **sought).json()["items"]
            return identifier in [each["referral_id"] for each in items]

        until(shown)


def until(true: Callable[[], bool], *, seconds: float = 20) -> None:
    """Wait for what the services do by themselves."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came about"
        time.sleep(0.1)
