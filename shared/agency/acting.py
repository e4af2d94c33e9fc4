"""One act of a partner system: at most one letter, at most once, answered as the gateway answered.

Owns `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07, with the rule of wire section 1: same key
and same request, the first answer again; another request, `409`; kept 24 hours). The key is stored in the same
transaction as the letter, so that a crash between the act and its answer cannot make it happen twice.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from shared.agency.office import Office
from shared.agency.outbound.outbox import is_refusal
from shared.agency.ports import Desk, Expected, Look
from shared.agency.records import IdempotentAct, Letter
from shared.agency.standing import has_ended, standing_of
from shared.kernel.clock import to_wire
from shared.kernel.encoding import b64url, sha256, sha256_hex
from shared.kernel.errors import Conflict, FieldFault, InputRejected, NotFound
from shared.wire.problem import to_error

#: Seconds a caller waits for the gateway's answer until it is told that the message is queued.
ANSWER_WITHIN: Final = 4.0
KEPT: Final = timedelta(hours=24)
ACCEPTED: Final = 202

_KEY = re.compile(r'"?[\x21\x23-\x7e]{1,128}"?')


@dataclass(frozen=True, slots=True)
class Caller:
    """The partner system that acts, and the request it acts with."""

    client_id: str
    pseudonym: str
    idempotency_key: str | None = None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the partner system gets."""

    status: int
    body: Mapping[str, Any]
    replayed: bool = False


def pseudonym_of(agency_id: str, client_id: str) -> str:
    """Return the name under which a partner system acts when it does not say who of its people does."""
    return "client-" + b64url(sha256(f"{agency_id}|{client_id}".encode()))[:16]


def read_key(header: str | None) -> str | None:
    """Return the key in an `Idempotency-Key` header, quoted or not. Raises `InputRejected` (`idempotency.key`)."""
    if header is None:
        return None
    if not _KEY.fullmatch(header):
        message = "Write 1 to 128 printable characters, such as a UUID."
        fault = FieldFault("/header/Idempotency-Key", "idempotency.key", message)
        raise InputRejected("idempotency.key", message, faults=(fault,))
    return header.strip('"')


def fingerprint_of(method: str, path: str, body: bytes) -> str:
    """Return what identifies a request beside its key."""
    return sha256_hex(f"{method} {path}\n".encode() + body)


async def replay(office: Office, caller: Caller) -> Answer | None:
    """Return the first answer again when this act has happened; None when it has not. Raises as `answer_to`."""
    if caller.idempotency_key is None:
        return None
    act = await office.store.read(lambda reading: reading.get(IdempotentAct, _act_key(caller)))
    if act is None or not _is_kept(office, act):
        return None
    return await answer_to(office, _checked(act, caller), replayed=True)


async def post(
    office: Office,
    caller: Caller,
    letter: Letter,
    *,
    also: Callable[[Desk], None] = lambda _desk: None,
    expects: Sequence[Expected] = (),
) -> Answer:
    """Keep a letter with what goes with it, send it, and answer as the gateway does. Raises as `answer_to`.

    `also` may look for what it needs: nothing is written before it.
    """

    def work(desk: Desk) -> str:
        known = outcome_before(office, desk, caller)
        if known is not None:
            return known
        also(desk)
        desk.add(letter)
        register(office, desk, caller, outcome=letter.message_id)
        return letter.message_id

    wanted = list(expects)
    if caller.idempotency_key is not None:
        wanted.append((IdempotentAct, _act_key(caller)))
    message_id = await office.store.write(work, expects=wanted)
    if message_id == letter.message_id:
        office.outbox.announce([letter])
    return await answer_to(office, message_id, replayed=message_id != letter.message_id)


def register(office: Office, desk: Desk, caller: Caller, *, outcome: str) -> str | None:
    """Remember what this act led to; return the earlier outcome when it has happened already.

    Raises `Conflict` (`idempotency.reused`) when the key stood for another request.
    """
    if caller.idempotency_key is None:
        return None
    known = outcome_before(office, desk, caller)
    if known is not None:
        return known
    act, at = desk.get(IdempotentAct, _act_key(caller)), to_wire(office.clock.now())
    if act is not None:
        desk.change(act, fingerprint=caller.fingerprint, outcome=outcome, created_at=at)
    else:
        desk.add(IdempotentAct(key=_act_key(caller), fingerprint=caller.fingerprint, outcome=outcome, created_at=at))
    return None


def outcome_before(office: Office, look: Look, caller: Caller) -> str | None:
    """Return what this act has led to already. Raises `Conflict` (`idempotency.reused`) as `register`."""
    if caller.idempotency_key is None:
        return None
    act = look.get(IdempotentAct, _act_key(caller))
    return _checked(act, caller) if act is not None and _is_kept(office, act) else None


async def answer_to(office: Office, message_id: str, *, replayed: bool = False) -> Answer:
    """Return what the gateway answered to a letter; while there is no answer, that it is queued.

    Raises the gateway's refusal as the error it was.
    """
    letter = await office.outbox.outcome(message_id, within=office.answer_within)
    if letter is None:
        waiting = await office.store.read(lambda reading: reading.get(Letter, message_id))
        if waiting is None:
            raise NotFound("route.unknown", "There is no such act.")
        return Answer(ACCEPTED, {**waiting.presented, "receipt": None}, replayed)
    if is_refusal(letter):
        raise to_error(letter.status or 0, json.dumps(letter.answer).encode())
    return Answer(letter.status or ACCEPTED, _merged(letter.presented, letter.answer or {}), replayed)


def _merged(presented: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """Lay the gateway's answer over what was to be shown beside it, one level deep."""
    merged = dict(presented)
    for name, value in answer.items():
        shown = merged.get(name)
        merged[name] = {**shown, **value} if isinstance(shown, dict) and isinstance(value, dict) else value
    if "referral" in answer:
        standing = standing_of(answer["referral"])
        merged["referral"] |= {"next_due_at": standing["next_due_at"]}
        if has_ended(standing["state"]):
            merged["referral"] |= {"instruction": None}
    return merged


def _act_key(caller: Caller) -> str:
    return f"{caller.client_id}/{caller.idempotency_key}"


def _is_kept(office: Office, act: IdempotentAct) -> bool:
    return act.created_at > to_wire(office.clock.now() - KEPT)


def _checked(act: IdempotentAct, caller: Caller) -> str:
    if act.fingerprint != caller.fingerprint:
        raise Conflict("idempotency.reused", "This Idempotency-Key stood for another request. Use a fresh one.")
    return act.outcome
