"""Signing in and staying signed in: the one place that decides who is in front of a page.

Promises: a wrong login, a wrong password, a wrong code, an account that is disabled and one that is held all get one
answer after the same work; five wrong tries hold an account for fifteen minutes; a session locks after five minutes
without its person and ends after ten hours; every sign-in and every unlocking gives a new token, so that a token
planted beforehand is worth nothing; whatever happens to an account is in the journal. A token is 32 random bytes and
is kept as a digest.
"""

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from shared.kernel.clock import Clock, from_wire, to_wire
from shared.kernel.encoding import sha256_hex
from shared.kernel.errors import NotAuthenticated
from shared.kernel.identifiers import IdFactory
from shared.people.passwords import Passwords
from shared.people.records import Account, Occasion, Person, Session
from shared.people.store import PeopleDesk, PeopleReading, PeopleStore

IDLE: Final = timedelta(minutes=5)
LASTS: Final = timedelta(hours=10)
TRIES: Final = 5
HELD: Final = timedelta(minutes=15)
#: A session's last sign of life is noted no more often than this.
NOTED: Final = timedelta(seconds=15)
#: How many passwords are checked at the same time: each takes its time and memory on purpose.
_AT_ONCE: Final = 2

#: Says whether a one-time code is right for an account, and the step it stood for.
CheckCode = Callable[[Account, str | None, datetime], int | None]


class Doorway:
    """Lets people in, and knows them again."""

    def __init__(
        self, store: PeopleStore, *, passwords: Passwords, check_code: CheckCode, clock: Clock, ids: IdFactory
    ) -> None:
        self.store = store
        self._passwords = passwords
        self._check_code = check_code
        self._clock = clock
        self._ids = ids
        self._checking = asyncio.Semaphore(_AT_ONCE)

    async def sign_in(self, login: str, password: str, *, code: str | None = None) -> tuple[str, Person]:
        """Return a fresh token and who it stands for. Raises `NotAuthenticated` (`sign-in.refused`)."""
        at = self._clock.now()
        found = await self.store.read(lambda reading: reading.find(Account, login=login.strip().casefold()))
        account = found[0] if found else None
        if not await self._is_right(account, password, code, at):
            await self.store.write(lambda desk: self._note_failure(desk, account, at))
            raise _refused()
        assert account is not None  # noqa: S101 - nobody's password is never right
        return await self.enter(account, step=self._check_code(account, code, at) or 0)

    async def enter(self, account: Account, *, step: int = 0) -> tuple[str, Person]:
        """Open a session for an account that has proved who it is. Raises `NotAuthenticated` (`sign-in.refused`)."""
        token = secrets.token_urlsafe(32)
        session = self._new_session(token, account.account_id)

        def work(desk: PeopleDesk) -> Account | None:
            fresh = desk.get(Account, account.account_id)
            old = desk.over(before=session.created_at)
            if fresh is None or fresh.disabled_at is not None or (step and step <= fresh.totp_step):
                return None
            for one in old:
                desk.remove(one)
            desk.add(session)
            desk.add(self._occasion("signed-in", fresh.account_id, by=fresh.account_id))
            return desk.change(fresh, failures=0, held_until=None, totp_step=max(step, fresh.totp_step))

        entered = await self.store.write(work)
        if entered is None:
            raise _refused()
        return token, Person(entered, session)

    async def known(self, token: str | None, *, quietly: bool = False) -> Person:
        """Return who is behind a token; `quietly` is no sign of life.

        Raises `NotAuthenticated`: `session.none` where there is no session, `session.locked` where it waits for the
        password.
        """
        person = await self._behind(token)
        at = self._clock.now()
        if person.session.locked or at - from_wire(person.session.seen_at) >= IDLE:
            await self.lock(token)
            raise NotAuthenticated("session.locked", "Give your password to go on.")
        if not quietly and at - from_wire(person.session.seen_at) >= NOTED:
            await self.store.write(lambda desk: _see(desk, person.session, at))
        return person

    async def locked(self, token: str | None) -> Person:
        """Return who is behind a token, locked or not. Raises `NotAuthenticated` (`session.none`)."""
        return await self._behind(token)

    async def lock(self, token: str | None) -> None:
        """Lock a session until its person gives the password again."""
        if token:
            key = session_key(token)
            await self.store.write(lambda desk: _lock(desk, key))

    async def unlock(self, token: str | None, password: str) -> tuple[str, Person]:
        """Go on with a locked session under a new token. Raises `NotAuthenticated`."""
        person = await self._behind(token)
        at = self._clock.now()
        if not await self._is_right(person.account, password, None, at, asks_code=False):
            await self.store.write(lambda desk: self._note_failure(desk, person.account, at))
            raise _refused()
        fresh = secrets.token_urlsafe(32)
        session = self._new_session(fresh, person.account.account_id, ends_at=person.session.ends_at)

        def work(desk: PeopleDesk) -> None:
            old = desk.get(Session, person.session.key)
            account = desk.get(Account, person.account.account_id)
            if old is not None:
                desk.remove(old)
            desk.add(session)
            if account is not None:
                desk.change(account, failures=0, held_until=None)

        await self.store.write(work)
        return fresh, Person(person.account, session)

    async def speak(self, token: str, language: str) -> None:
        """Keep the language somebody reads; nothing happens where there is no session."""
        key = session_key(token)

        def work(desk: PeopleDesk) -> None:
            session = desk.get(Session, key)
            account = desk.get(Account, session.account_id) if session else None
            if account is not None:
                desk.change(account, language=language)

        await self.store.write(work)

    async def sign_out(self, token: str | None) -> None:
        """End one session."""
        if token:
            key = session_key(token)
            await self.store.write(lambda desk: _end(desk.get(Session, key), desk))

    async def sign_out_everywhere(self, account_id: str, *, by: str) -> None:
        """End every session of an account."""

        def work(desk: PeopleDesk) -> None:
            for session in desk.find(Session, account_id=account_id):
                desk.remove(session)
            desk.add(self._occasion("signed-out-everywhere", account_id, by=by))

        await self.store.write(work)

    def _new_session(self, token: str, account_id: str, *, ends_at: str | None = None) -> Session:
        at = self._clock.now()
        return Session(
            key=session_key(token),
            account_id=account_id,
            csrf=secrets.token_urlsafe(24),
            created_at=to_wire(at),
            seen_at=to_wire(at),
            ends_at=ends_at or to_wire(at + LASTS),
        )

    async def _behind(self, token: str | None) -> Person:
        person = await self.store.read(lambda reading: _person(reading, token)) if token else None
        if person is None or from_wire(person.session.ends_at) <= self._clock.now():
            raise NotAuthenticated("session.none", "Sign in first.")
        return person

    async def _is_right(
        self, account: Account | None, password: str, code: str | None, at: datetime, *, asks_code: bool = True
    ) -> bool:
        async with self._checking:
            kept = account.password_hash if account else None
            right = await asyncio.to_thread(self._passwords.is_right, password, kept)
        if account is None or not right or account.disabled_at is not None or is_held(account, at):
            return False
        return not asks_code or account.totp is None or self._check_code(account, code, at) is not None

    def _note_failure(self, desk: PeopleDesk, account: Account | None, at: datetime) -> None:
        fresh = desk.get(Account, account.account_id) if account else None
        if fresh is None:
            desk.add(self._occasion("refused", None))
            return
        failures = fresh.failures + 1
        held = failures >= TRIES
        until = to_wire(at + HELD) if held else fresh.held_until
        desk.change(fresh, failures=0 if held else failures, held_until=until)
        desk.add(self._occasion("held" if held else "refused", fresh.account_id))

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


def _end(session: Session | None, desk: PeopleDesk) -> None:
    if session is not None:
        desk.remove(session)


def _refused() -> NotAuthenticated:
    return NotAuthenticated("sign-in.refused", "Login, password or code do not fit, or there were too many tries.")
