"""Signing in and staying signed in: the one place that decides who is in front of a page.

Promises: a wrong login, a wrong password, a wrong code, an account that is disabled and one that is held all get one
answer after the same work; five wrong tries hold an account for fifteen minutes, however many are made at once, and
tries during that time do not prolong it; nobody gets in with what has ceased to be right while it was checked; a
session locks after five minutes without its person and ends after ten hours; every sign-in and every unlocking gives a
new token and ends the session of the old one, so that a token planted beforehand is worth nothing; whatever happens to
an account is in the journal. A token is 32 random bytes and is kept as a digest. Follows OWASP ASVS 5.0, chapters 6
and 7.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NoReturn

from shared.kernel.clock import Clock, from_wire, to_wire
from shared.kernel.encoding import sha256_hex
from shared.kernel.errors import NotAuthenticated
from shared.kernel.identifiers import IdFactory
from shared.people.passwords import Passwords
from shared.people.records import Account, Occasion, Person, Session
from shared.people.store import PeopleDesk, PeopleReading, PeopleStore
from shared.people.turns import Turns

IDLE: Final = timedelta(minutes=5)
LASTS: Final = timedelta(hours=10)
TRIES: Final = 5
HELD: Final = timedelta(minutes=15)
#: A session's last sign of life is noted no more often than this.
NOTED: Final = timedelta(seconds=15)

#: Says whether a one-time code is right for an account, and the step it stood for.
CheckCode = Callable[[Account, str | None, datetime], int | None]
_Find = Callable[[PeopleReading], Account | None]


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of a try: whose account it was about, as it was looked at, and whether it was right."""

    account: Account | None
    is_right: bool
    at: datetime
    step: int = 0


class Doorway:
    """Lets people in, and knows them again. Where `local` is not set, no password of ours is right."""

    def __init__(
        self,
        store: PeopleStore,
        *,
        passwords: Passwords,
        check_code: CheckCode,
        clock: Clock,
        ids: IdFactory,
        local: bool = True,
    ) -> None:
        self.store = store
        self.local = local
        self._passwords = passwords
        self._check_code = check_code
        self._clock = clock
        self._ids = ids
        self._outside, self._inside = Turns(), Turns()

    async def sign_in(
        self, login: str, password: str, *, code: str | None = None, instead_of: str | None = None
    ) -> tuple[str, Person]:
        """Return a fresh token and who it stands for; the session of `instead_of`, an older token, ends.

        Raises `NotAuthenticated` (`sign-in.refused`), `TooManyRequests` (`sign-in.busy`).
        """
        wanted = login.strip().casefold()
        proof = await self._try(lambda reading: _only(reading.find(Account, login=wanted)), password, code)
        return await self._enter(proof, instead_of)

    async def vouched(self, subject: str, *, instead_of: str | None = None) -> tuple[str, Person]:
        """Do as `sign_in` for somebody whom the identity provider vouches for under a subject it was told of.

        A hold keeps out who guesses passwords; it says nothing of her. Raises `NotAuthenticated` (`sign-in.refused`).
        """
        account = await self.store.read(lambda reading: _only(reading.find(Account, oidc_subject=subject)))
        at = self._clock.now()
        if account is not None and account.held_until is not None:
            await self.store.write(partial(_lift, account_id=account.account_id))
        return await self._enter(Proof(account, account is not None, at), instead_of)

    async def known(self, token: str | None, *, quietly: bool = False) -> Person:
        """Return who is behind a token; `quietly` is no sign of life.

        Raises `NotAuthenticated`: `session.none` where there is no session, `session.locked` where it waits for the
        password.
        """
        person = await self.locked(token)
        at = self._clock.now()
        if person.session.locked or at - from_wire(person.session.seen_at) >= IDLE:
            await self.lock(token)
            raise NotAuthenticated("session.locked", "Give your password to go on.")
        if not quietly and at - from_wire(person.session.seen_at) >= NOTED:
            await self.store.write(lambda desk: _see(desk, person.session, at))
        return person

    async def locked(self, token: str | None) -> Person:
        """Return who is behind a token, locked or not. Raises `NotAuthenticated` (`session.none`)."""
        at = self._clock.now()
        person = await self.store.read(lambda reading: _person(reading, token)) if token else None
        if person is None or from_wire(person.session.ends_at) <= at:
            raise NotAuthenticated("session.none", "Sign in first.")
        return person

    async def lock(self, token: str | None) -> None:
        """Lock a session until its person gives the password again."""
        if token:
            key = session_key(token)
            await self.store.write(lambda desk: _lock(desk, key))

    async def unlock(self, token: str | None, password: str) -> tuple[str, Person]:
        """Go on with a locked session under a new token, no longer than it would have lasted.

        Raises `NotAuthenticated`, `TooManyRequests` (`sign-in.busy`).
        """
        person = await self.locked(token)
        proof = await self.prove(person, password)
        return await self._enter(proof, token, ends_at=person.session.ends_at)

    async def renew(self, person: Person, token: str | None) -> tuple[str, Person]:
        """Give somebody who has just changed how she signs in a new token, no longer than the old one would last."""
        proof = Proof(person.account, is_right=True, at=self._clock.now())
        return await self._enter(proof, token, ends_at=person.session.ends_at)

    async def prove(self, person: Person, password: str) -> Proof:
        """Have somebody who is signed in give her password again, as for any sign-in.

        Raises `NotAuthenticated` (`sign-in.refused`), `TooManyRequests` (`sign-in.busy`).
        """
        account_id = person.account.account_id
        proof = await self._try(lambda reading: reading.get(Account, account_id), password, None, is_inside=True)
        if not proof.is_right:
            await self._refuse(proof)
        return proof

    async def speak(self, token: str, language: str) -> None:
        """Keep the language somebody reads; nothing happens where there is no session."""
        key, at = session_key(token), self._clock.now()

        def work(desk: PeopleDesk) -> None:
            session = desk.get(Session, key)
            account = desk.get(Account, session.account_id) if session else None
            if session is not None and account is not None and at < from_wire(session.ends_at):
                desk.change(account, language=language)

        await self.store.write(work)

    async def sessions(self, person: Person) -> Sequence[Session]:
        """Return the sessions of somebody that have not ended, the newest first."""
        found = await self.store.read(lambda reading: reading.find(Session, account_id=person.account.account_id))
        alive = [one for one in found if self._clock.now() < from_wire(one.ends_at)]
        return sorted(alive, key=lambda one: one.created_at, reverse=True)

    async def sign_out(self, token: str | None) -> None:
        """End one session."""
        if token:
            key = session_key(token)
            await self.store.write(lambda desk: _end(desk, key))

    async def sign_out_elsewhere(self, person: Person, key: str) -> None:
        """End another session of the same person; a key that is not hers ends nothing."""

        def work(desk: PeopleDesk) -> None:
            session = desk.get(Session, key)
            if session is not None and session.account_id == person.account.account_id:
                desk.remove(session)

        await self.store.write(work)

    async def sign_out_everywhere(self, account_id: str, *, by: str) -> None:
        """End every session of an account."""

        def work(desk: PeopleDesk) -> None:
            for session in desk.find(Session, account_id=account_id):
                desk.remove(session)
            desk.add(self._occasion("signed-out-everywhere", account_id, by=by))

        await self.store.write(work)

    async def _try(self, find: _Find, password: str, code: str | None, *, is_inside: bool = False) -> Proof:
        """Check a password, and a code where the account has one: the same work whatever is wrong.

        Who is inside has a session: she is asked for no code, and no crowd at the entrance keeps her from her work.
        The account is looked up only when it is its turn, so that many tries at once meet the hold of the first five.
        """
        async with (self._inside if is_inside else self._outside).taken():
            account = await self.store.read(find)
            kept = account.password_hash if account and self.local else None
            is_right = await asyncio.to_thread(self._passwords.is_right, password, kept)
        at = self._clock.now()
        if account is None or not is_right or account.disabled_at is not None or is_held(account, at):
            return Proof(account, is_right=False, at=at)
        step = self._check_code(account, code, at) if account.totp is not None and not is_inside else 0
        return Proof(account, step is not None, at, step or 0)

    async def _enter(self, proof: Proof, old: str | None, *, ends_at: str | None = None) -> tuple[str, Person]:
        """Open a session for who has proved it."""
        if not proof.is_right:
            await self._refuse(proof)
        token = secrets.token_urlsafe(32)
        return token, await self.store.write(lambda desk: self._open(desk, proof, token, old, ends_at))

    def _open(self, desk: PeopleDesk, proof: Proof, token: str, old: str | None, ends_at: str | None) -> Person:
        before = desk.get(Session, session_key(old)) if old else None
        account = proved(desk, proof)
        over = desk.over(before=to_wire(proof.at))
        if ends_at is not None and before is None:
            raise _refused()
        for one in {one.key: one for one in (*over, before) if one is not None}.values():
            desk.remove(one)
        session = self._new_session(token, account.account_id, ends_at=ends_at)
        desk.add(session)
        if ends_at is None:
            desk.add(self._occasion("signed-in", account.account_id, by=account.account_id))
        step = max(proof.step, account.totp_step)
        return Person(desk.change(account, failures=0, held_until=None, totp_step=step), session)

    def _new_session(self, token: str, account_id: str, *, ends_at: str | None) -> Session:
        at = self._clock.now()
        return Session(
            key=session_key(token),
            account_id=account_id,
            csrf=secrets.token_urlsafe(24),
            created_at=to_wire(at),
            seen_at=to_wire(at),
            ends_at=ends_at or to_wire(at + LASTS),
        )

    async def _refuse(self, proof: Proof) -> NoReturn:
        await self.store.write(lambda desk: self._note_failure(desk, proof))
        raise _refused()

    def _note_failure(self, desk: PeopleDesk, proof: Proof) -> None:
        """Count a wrong try: one small write whoever it was about. Tries for nobody fill one line a minute."""
        account = desk.get(Account, proof.account.account_id) if proof.account else None
        if account is None:
            self._note_nobody(desk, proof.at)
        elif is_held(account, proof.at):
            desk.change(account, failures=account.failures)
        else:
            failures = account.failures + 1
            is_last = failures >= TRIES
            until = to_wire(proof.at + HELD) if is_last else None
            desk.change(account, failures=0 if is_last else failures, held_until=until)
            desk.add(self._occasion("held" if is_last else "refused", account.account_id))

    def _note_nobody(self, desk: PeopleDesk, at: datetime) -> None:
        key, told = f"nobody-{at:%Y%m%d%H%M}", to_wire(at)
        known = desk.get(Occasion, key)
        if known is None:
            desk.add(Occasion(occasion_id=key, at=told, what="refused"))
        else:
            desk.change(known, at=told)

    def _occasion(self, what: str, account_id: str | None, *, by: str | None = None) -> Occasion:
        return Occasion(
            occasion_id=self._ids.new(), at=to_wire(self._clock.now()), what=what, account_id=account_id, by=by
        )


def session_key(token: str) -> str:
    """Return the digest under which a session is kept."""
    return sha256_hex(b"session|" + token.encode())


def is_held(account: Account, at: datetime) -> bool:
    """Say whether tries to sign in are not looked at now."""
    return account.held_until is not None and at < from_wire(account.held_until)


def proved(desk: PeopleDesk, proof: Proof) -> Account:
    """Return the account of a right proof as it is now, in the unit of work that relies on it.

    A proof takes its time. It is worth nothing any more once the account has been disabled or held, once its code has
    been used, or once another password, telephone or subject is the one to prove.

    Raises `NotAuthenticated` (`sign-in.refused`).
    """
    known = desk.get(Account, proof.account.account_id) if proof.account else None
    if known is None or not _holds(proof, known):
        raise _refused()
    return known


def _holds(proof: Proof, known: Account) -> bool:
    is_fresh_code = not proof.step or proof.step > known.totp_step
    is_let_in = known.disabled_at is None and not is_held(known, proof.at)
    return is_let_in and is_fresh_code and _ways_in(known) == _ways_in(proof.account)


def _ways_in(account: Account | None) -> tuple[object, ...]:
    return (account.password_hash, account.totp, account.oidc_subject) if account else ()


def _only(found: Sequence[Account]) -> Account | None:
    return found[0] if found else None


def _person(reading: PeopleReading, token: str | None) -> Person | None:
    session = reading.get(Session, session_key(token or ""))
    account = reading.get(Account, session.account_id) if session else None
    if session is None or account is None or account.disabled_at is not None:
        return None
    return Person(account, session)


def _see(desk: PeopleDesk, session: Session, at: datetime) -> None:
    known = desk.get(Session, session.key)
    if known is not None and not known.locked:
        desk.change(known, seen_at=to_wire(at))


def _lock(desk: PeopleDesk, key: str) -> None:
    known = desk.get(Session, key)
    if known is not None and not known.locked:
        desk.change(known, locked=True)


def _end(desk: PeopleDesk, key: str) -> None:
    session = desk.get(Session, key)
    if session is not None:
        desk.remove(session)


def _lift(desk: PeopleDesk, account_id: str) -> None:
    account = desk.get(Account, account_id)
    if account is not None:
        desk.change(account, failures=0, held_until=None)


def _refused() -> NotAuthenticated:
    return NotAuthenticated("sign-in.refused", "Login, password or code do not fit, or there were too many tries.")
