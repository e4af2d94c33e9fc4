"""Writing and signing what this agency sends: wire contract sections 3 and 4.

Promises that the bytes are fixed and signed once, before anything is sent; a letter is never signed anew.
Refuses, with pointers, what the wire's own models refuse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from shared.agency.records import Letter
from shared.kernel.canonical import canonical_json
from shared.kernel.clock import Clock, to_wire
from shared.kernel.encoding import sha256_hex
from shared.kernel.errors import InputRejected
from shared.kernel.identifiers import IdFactory
from shared.seal.compartments import SealedBundle, seal
from shared.seal.jws import RECORD_TYPE, sign_compact, sign_detached
from shared.seal.keys import AgencyKeys, EncryptionPublicKey, KeyRing
from shared.sop.model import Compartment, EventType, Stage
from shared.telemetry.context import current_traceparent
from shared.wire.faults import faults_of
from shared.wire.fields import Closed
from shared.wire.messages import (
    ConsentV1,
    EventV1,
    NoteV1,
    OpeningV1,
    ReceiptV1,
    ReferralV1,
    RevocationV1,
    to_body,
)

M = TypeVar("M", bound=Closed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a letter travels: in which lane, after which other lanes, and what the caller is shown meanwhile."""

    lane: str
    waits_on: Sequence[str] = ()
    hub_shares: Mapping[str, str] | None = None
    presented: Mapping[str, Any] = field(default_factory=dict)


class Scribe:
    """One agency's pen."""

    def __init__(self, agency_id: str, keys: AgencyKeys, *, clock: Clock, ids: IdFactory) -> None:
        self.agency_id = agency_id
        self._keys = keys
        self._clock = clock
        self._ids = ids

    def new_id(self) -> str:
        """Return the id of a new message."""
        return self._ids.new()

    def now(self) -> datetime:
        """Return the present moment."""
        return self._clock.now()

    def stamp(self) -> str:
        """Return the present moment as wire text."""
        return to_wire(self._clock.now())

    def seal(
        self,
        plaintexts: Mapping[Compartment, Any],
        *,
        message_id: str,
        basis: Mapping[str, Any],
        recipient: EncryptionPublicKey,
    ) -> SealedBundle:
        """Seal compartments for one recipient; `basis` as it will stand in the signed body."""
        named = {name.value: value for name, value in plaintexts.items()}
        return seal(named, message_id=message_id, basis=basis, recipient=recipient)

    def referral(self, facts: Mapping[str, Any], *, message_id: str, at: datetime, route: Route) -> Letter:
        """Write a referral; `facts` are its fields beside the head. Raises `InputRejected` (`message.invalid`)."""
        return self._letter(ReferralV1, {**facts, "referral_id": message_id}, message_id=message_id, at=at, route=route)

    def consent(self, facts: Mapping[str, Any], *, message_id: str, at: datetime, route: Route) -> Letter:
        """Write a consent. Raises `InputRejected` (`message.invalid`)."""
        return self._letter(ConsentV1, facts, message_id=message_id, at=at, route=route)

    def revocation(self, facts: Mapping[str, Any], *, route: Route) -> Letter:
        """Write a revocation. Raises `InputRejected` (`message.invalid`)."""
        return self._letter(RevocationV1, facts, message_id=self.new_id(), at=self.now(), route=route)

    def event(
        self,
        event: EventType,
        *,
        referral_id: str,
        recipient: str,
        actor: str,
        at: datetime | None = None,
        data: Mapping[str, Any],
        presented: Mapping[str, Any] | None = None,
    ) -> Letter:
        """Write an event of a referral. Raises `InputRejected` (`message.invalid`)."""
        now = self.now()
        facts = {
            "recipient": recipient,
            "referral_id": referral_id,
            "type": event,
            "at": at or now,
            "actor": actor,
            "data": dict(data),
        }
        route = Route(lane=referral_id, presented=presented or {})
        return self._letter(EventV1, facts, message_id=self.new_id(), at=now, route=route)

    def opening(self, referral_id: str, compartments: Sequence[str], *, actor: str, reason: str) -> Letter:
        """Write the request for the gateway's halves of these compartments."""
        facts = {
            "referral_id": referral_id,
            "compartments": tuple(Compartment(name) for name in compartments),
            "actor": actor,
            "reason": reason,
        }
        return self._letter(OpeningV1, facts, message_id=self.new_id(), at=self.now(), route=Route(lane=referral_id))

    def note(self, facts: Mapping[str, Any], *, message_id: str, route: Route) -> Letter:
        """Write a note. Raises `InputRejected` (`message.invalid`)."""
        return self._letter(NoteV1, facts, message_id=message_id, at=self.now(), route=route)

    def receipt(self, *, message_id: str, sha256: str, received_at: datetime, code: str | None) -> str:
        """Sign for a delivered message: stored, or rejected with a code. A compact JWS."""
        receipt = ReceiptV1(
            v=1,
            kind="receipt",
            id=self.new_id(),
            sender=self.agency_id,
            recipient="gateway",
            sent_at=self.now(),
            message_id=message_id,
            sha256=sha256,
            received_at=received_at,
            result="stored" if code is None else "rejected",
            code=code,
        )
        return sign_compact(to_body(receipt), self._keys.signing)

    def record(self, statement: Mapping[str, Any]) -> tuple[str, str]:
        """Sign a record that stays here: its compact JWS, and the SHA-256 of what is signed, for the ledger."""
        payload = canonical_json(statement)
        return sign_compact(payload, self._keys.signing, RECORD_TYPE), sha256_hex(payload)

    def ring(self) -> KeyRing:
        """Return the keys with which records of this agency were signed."""
        return self._keys.ring()

    def _letter(
        self, model: type[M], facts: Mapping[str, Any], *, message_id: str, at: datetime, route: Route
    ) -> Letter:
        kind = str(model.model_fields["kind"].annotation.__args__[0])  # type: ignore[union-attr]  # a Literal
        head = {"v": 1, "kind": kind, "id": message_id, "sender": self.agency_id, "sent_at": at}
        body = to_body(_made(model, {**head, **facts}))
        return Letter(
            message_id=message_id,
            kind=kind,
            lane=route.lane,
            waits_on=list(route.waits_on),
            sha256=sha256_hex(body),
            body=body.decode(),
            signature=sign_detached(body, self._keys.signing),
            hub_shares=route.hub_shares,
            presented=route.presented,
            traceparent=current_traceparent(),
            created_at=to_wire(at),
            size=len(body),
        )


def sealed_compartments(bundle: SealedBundle, stages: Mapping[str, Stage]) -> tuple[dict[str, str], ...]:
    """Return the compartments of a bundle as they stand in a signed body."""
    return tuple(
        {
            "name": name,
            "stage": stages[name].value,
            "share_sha256": compartment.share_sha256,
            "ciphertext": compartment.ciphertext,
        }
        for name, compartment in sorted(bundle.compartments.items())
    )


def _made(model: type[M], fields: Mapping[str, Any]) -> M:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise InputRejected(
            "message.invalid", "This does not make a message of the contract; see the errors.", faults=faults_of(error)
        ) from None
