"""The story, act by act. What each act leaves for the next is in `Story`; every step is checked as it is told."""

from collections.abc import Mapping, Sequence
from typing import Any

from mesh.demo import case
from mesh.demo.cast import Agency, Cast, refused
from mesh.demo.narrator import Narrator, expect


class Story:
    """One run of the story."""

    def __init__(self, cast: Cast, narrator: Narrator) -> None:
        self.cast = cast
        self.tell = narrator
        self.health, self.social = cast["health"], cast["social"]
        self.legal_aid, self.police = cast["legal_aid"], cast["police"]
        self.consent: Mapping[str, Any] = {}
        self.shelter = self.order = self.chain = ""
        self.refusals: list[int] = []

    async def play(self) -> str:
        """Tell the whole story and return the id of its chain. Raises `StoryBroken` at the step that breaks."""
        for act in (self.at_the_hospital, self.at_the_shelter, self.a_lawyer, self.an_order, self.without_consent):
            await act()
        await self.taken_back()
        return self.chain

    async def at_the_hospital(self) -> None:
        """Health records her consent and refers her to a shelter."""
        self.tell.chapter("At the hospital")
        with self.tell.step("Health records her consent: shelter, lawyer, no-contact order; medical facts withheld"):
            self.consent = await self.health.record(case.her_consent())
            expect(self.consent["state"] == "active", "the consent is not active")
        with self.tell.step("Health refers her for emergency shelter (SOC-01); she wants a woman to meet her"):
            sent = await self.health.refer(
                {
                    "service_type": "SOC-01",
                    "recipient": self.social.id,
                    "consent_id": self.consent["id"],
                    "age_band": "adult",
                    "preferences": case.FEMALE_STAFF,
                    "compartments": case.compartments(case.SHELTER_DATA),
                }
            )
            self.shelter, self.chain = sent["referral"]["referral_id"], sent["referral"]["chain_id"]
            held_back = {item["compartment"]: item["reason"] for item in sent["held_back"]}
            expect(held_back == {"medical": "withheld"}, "the withheld compartment was not held back")
        self.tell.detail(f"sent: {listed(sent['sent'])}; held back: {listed(held_back)}")
        self.tell.detail(f"in the ledger at {sent['receipt']['ledger_index']}")

    async def at_the_shelter(self) -> None:
        """Social sees what it needs to decide, accepts, and then learns who she is."""
        self.tell.chapter("At the social work centre")
        with self.tell.step("Social receives it and sees only what it needs to decide"):
            seen = await self.social.see_when(self.shelter, lambda referral: bool(opened(referral)))
            expect("identity" not in opened(seen), "identity was open before acceptance")
        self.tell.detail(f"open: {listed(opened(seen))}; still sealed: {listed(sealed(seen))}")
        with self.tell.step("Social acknowledges and accepts; a woman will meet her"):
            await self.social.say(self.shelter, "acknowledge")
            await self.social.say(self.shelter, "accept", staff_gender="female")
        with self.tell.step("Now, and only now, the gateway gives its half of the key: social opens who she is"):
            seen = await self.social.see_when(self.shelter, lambda referral: "identity" in opened(referral))
            expect(opened(seen)["identity"] == case.COMPARTMENTS["identity"], "what was opened is not what was sealed")

    async def a_lawyer(self) -> None:
        """Social refers her onward under a narrower consent; legal aid declines and never learns her name."""
        self.tell.chapter("A lawyer is asked")
        with self.tell.step("Social derives a narrower consent, for the lawyer alone, and refers her onward (LEG-02)"):
            narrower = await self.social.record(case.narrower_consent(self.consent))
            request = self._request("LEG-02", self.legal_aid, narrower["id"], case.LAWYER_DATA)
            lawyer = (await self.social.refer(request, onward_from=self.shelter))["referral"]["referral_id"]
        with self.tell.step("Legal aid sees the matter, has a conflict of interest, and declines"):
            seen = await self.legal_aid.see_when(lawyer, lambda referral: bool(opened(referral)))
            await self.legal_aid.say(lawyer, "acknowledge")
            await self.legal_aid.say(lawyer, "decline", reason="D05")
        self.tell.detail(f"open to decide on: {listed(opened(seen))}; never opened: {listed(sealed(seen))}")
        with self.tell.step("Legal aid could never open who she is"):
            seen = await self.legal_aid.see(lawyer)
            expect("identity" not in opened(seen), "legal aid learned her name")
        self.tell.detail(f"what the lawyer has now: {listed(states(seen))}")

    async def an_order(self) -> None:
        """Social refers her to the police for a no-contact order."""
        self.tell.chapter("A no-contact order")
        with self.tell.step("Social refers her to the police (POL-04), as her first consent lets it"):
            request = self._request("POL-04", self.police, self.consent["id"], case.ORDER_DATA)
            self.order = (await self.social.refer(request, onward_from=self.shelter))["referral"]["referral_id"]
        with self.tell.step("Police receive and acknowledge it; who she is stays sealed until they accept"):
            seen = await self.police.see_when(self.order, lambda referral: bool(opened(referral)))
            await self.police.say(self.order, "acknowledge")
            expect("identity" not in opened(seen), "identity was open before acceptance")

    async def without_consent(self) -> None:
        """Try a referral she did not agree to: it is refused, and the refusal is on record."""
        self.tell.chapter("Something she did not agree to")
        with self.tell.step("Health tries to tell the police of the crime (POL-02): refused, she never agreed to that"):
            request = self._request("POL-02", self.police, self.consent["id"], case.ORDER_DATA)
            refusal = await refused(self.health.refer(request))
            expect(refusal.code.startswith("consent."), f"it was refused for another reason: {refusal.code}")
        for reason in refusal.reasons:
            self.tell.detail(f"{reason.code}: {reason.basis}")
        with self.tell.step("The refusal itself is in the ledger"):
            entry = await self._entry(refusal.ledger_index)
            expect(refusal.code in entry["leaf"], "the ledger says something else")
        self.tell.detail(f"entry {refusal.ledger_index}: {entry['leaf']}")

    async def taken_back(self) -> None:
        """Take her consent back from the police; what was not opened can never be opened."""
        self.tell.chapter("She takes consent back")
        with self.tell.step("Health records that she takes it back from the police"):
            answer = await self.health.revoke(self.consent["id"], recipient=self.police.id)
            expect(self.police.id in answer["notified"], "the police were not told")
        with self.tell.step("The gateway's halves are destroyed: the police can no longer accept or open"):
            await self.police.see_when(self.order, lambda referral: referral["state"] == "revoked")
            refusal = await refused(self.police.say(self.order, "accept", staff_gender="female"))
            seen = await self.police.see(self.order)
            expect(not opened(seen), "something is still open at the police")
        self.tell.detail(f"what the police have now: {listed(states(seen))}")
        self.tell.detail(f"answer to the police: {refusal.message}")
        with self.tell.step("The shelter, whose consent stands, still has what it needs"):
            expect("identity" in opened(await self.social.see(self.shelter)), "the shelter lost what it may have")

    def _request(self, service_type: str, to: Agency, consent_id: str, names: tuple[str, ...]) -> dict[str, Any]:
        return {
            "service_type": service_type,
            "recipient": to.id,
            "consent_id": consent_id,
            "age_band": "adult",
            "preferences": case.FEMALE_STAFF,
            "compartments": case.compartments(names),
        }

    async def _entry(self, index: int | None) -> Mapping[str, Any]:
        expect(index is not None, "the refusal names no place in the ledger")
        after: dict[str, str | int] = {}
        while True:
            page = await self.cast.oversight.get("/v1/ledger/entries", {"limit": 200, **after})
            found: list[Mapping[str, Any]] = [item for item in page["items"] if item["index"] == index]
            expect(bool(found) or page["next"] is not None, "the ledger has no such entry")
            if found:
                return found[0]
            after = {"after": page["next"]}


def opened(referral: Mapping[str, Any]) -> dict[str, Any]:
    """Return the compartments that are open to whoever looks, by name."""
    return {part["name"]: part["content"] for part in referral["compartments"] if part.get("content") is not None}


def sealed(referral: Mapping[str, Any]) -> list[str]:
    """Return the names of the compartments that are not open."""
    return [part["name"] for part in referral["compartments"] if part.get("content") is None]


def states(referral: Mapping[str, Any]) -> list[str]:
    """Return each compartment with what became of it."""
    return [f"{part['name']} {part['state']}" for part in referral["compartments"]]


def listed(names: Sequence[str] | Mapping[str, Any]) -> str:
    """Return names in order, with commas."""
    return ", ".join(sorted(names)) or "nothing"
