"""The accounts of one deployable, as whoever looks after them keeps them: an administrator, or an operator.

Promises: nobody gets a role that the deployable does not know; a password that somebody else chose lets its person in
to choose her own and to nothing else, so that nobody works under another's name unnoticed; whatever takes rights away
ends the sessions at once; nobody takes her own rights away by mistake, and nobody changes here how she herself signs
in, which takes her password (`shared.people.own_account`); each change is in the journal with who made it.
"""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import Conflict, NotFound, NotPermitted
from shared.kernel.identifiers import IdFactory
from shared.people.enrolment import Newcomer, account_of, check_details, check_free, enrol
from shared.people.passwords import Passwords
from shared.people.records import Account, Occasion, Role, Session
from shared.people.store import PeopleDesk, PeopleStore

#: Letters and digits that nobody mistakes for one another on paper.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS: Final = 4
_GROUP: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What an administrator may change of an account: who she is to colleagues, and what she is here to do."""

    name: str
    role: Role
    gender: str | None = None
    languages: Sequence[str] = ()
    unit: str | None = None
    oidc_subject: str | None = None


class Staff:
    """The people of one deployable."""

    def __init__(
        self, store: PeopleStore, *, roles: frozenset[Role], passwords: Passwords, clock: Clock, ids: IdFactory
    ) -> None:
        self.roles = roles
        self._store = store
        self._passwords = passwords
        self._clock = clock
        self._ids = ids

    async def everybody(self) -> Sequence[Account]:
        """Return all accounts: those that can be used first, each part by login."""
        found = await self._store.read(lambda reading: reading.find(Account))
        return sorted(found, key=lambda one: (one.disabled_at is not None, one.login))

    async def one(self, account_id: str) -> Account:
        """Return an account. Raises `NotFound` (`account.unknown`)."""
        found = await self._store.read(lambda reading: reading.get(Account, account_id))
        return _known(found)

    async def by_login(self, login: str) -> Account:
        """Return the account with a login. Raises `NotFound` (`account.unknown`)."""
        found = await self._store.read(lambda reading: reading.find(Account, login=login.strip().casefold()))
        return _known(found[0] if found else None)

    async def occasions(self, account: Account, *, newest: int) -> Sequence[Occasion]:
        """Return what happened to an account lately, the newest first."""
        return await self._store.read(
            lambda reading: reading.find(Occasion, newest=newest, account_id=account.account_id)
        )

    async def add(self, newcomer: Newcomer, *, by: str | None) -> tuple[Account, str | None]:
        """Give somebody an account; return it with her first password, which is shown once.

        Whom the identity provider knows gets none. Raises `InputRejected` (`account.invalid`), `Conflict`
        (`account.known`).
        """
        password = None if newcomer.oidc_subject else new_password()
        account = account_of(
            newcomer,
            roles=self.roles,
            password=password,
            passwords=self._passwords,
            clock=self._clock,
            ids=self._ids,
            provisional=True,
        )
        await self._store.write(lambda desk: enrol(desk, account, by=by, occasion_id=self._ids.new()))
        return account, password

    async def change(self, account_id: str, details: Details, *, by: str | None) -> Account:
        """Change what an account says of its person. Another role or another subject ends her sessions.

        Whoever is bound to the identity provider signs in there: a first password that she never used is gone.

        Raises `NotFound` (`account.unknown`), `InputRejected` (`account.invalid`), `Conflict` (`account.known`,
        `account.own`).
        """
        stated = asdict(details)
        check_details(Newcomer(login="", **stated), roles=self.roles)
        columns = {**stated, "name": details.name.strip(), "role": details.role.value}

        def work(desk: PeopleDesk) -> Account:
            if details.oidc_subject is not None:
                check_free(desk, but=account_id, oidc_subject=details.oidc_subject)
            sessions = desk.find(Session, account_id=account_id)
            account = _known(desk.get(Account, account_id))
            if (details.role, details.oidc_subject) != (account.role, account.oidc_subject):
                _check_other(account, by)
                _end(desk, sessions)
            unused = account.provisional and details.oidc_subject is not None
            gone = {"password_hash": None, "provisional": False} if unused else {}
            return self._noted(desk, desk.change(account, **columns, **gone), "changed", by)

        return await self._store.write(work)

    async def renew_password(self, account_id: str, *, by: str | None) -> str:
        """Return a new password to be told to its person once; her sessions end and a hold is lifted.

        Raises `NotPermitted` (`account.elsewhere`) for somebody who signs in at the identity provider, `Conflict`
        (`account.own`).
        """
        if (await self.one(account_id)).oidc_subject is not None:
            message = "This person signs in with the account of the institution. Take the subject away first."
            raise NotPermitted("account.elsewhere", message)
        password = new_password()
        kept = await self._passwords.hash_aside(password)
        await self._alter(
            account_id, "password-renewed", by, ends=True, refuses_own=True,
            password_hash=kept, provisional=True, failures=0, held_until=None,
        )  # fmt: skip
        return password

    async def drop_codes(self, account_id: str, *, by: str | None) -> Account:
        """Ask somebody who lost her telephone for no codes any more; her sessions end.

        Raises `Conflict` (`account.own`).
        """
        return await self._alter(account_id, "codes-dropped", by, ends=True, refuses_own=True, totp=None, totp_step=0)

    async def lift_hold(self, account_id: str, *, by: str | None) -> Account:
        """Look at tries to sign in again. Raises `Conflict` (`account.own`)."""
        return await self._alter(account_id, "hold-lifted", by, refuses_own=True, failures=0, held_until=None)

    async def disable(self, account_id: str, *, by: str | None) -> Account:
        """Take an account back at once, its sessions with it. Raises `Conflict` (`account.own`)."""
        at = to_wire(self._clock.now())
        return await self._alter(account_id, "disabled", by, ends=True, refuses_own=True, disabled_at=at)

    async def restore(self, account_id: str, *, by: str | None) -> Account:
        """Let somebody whose account was disabled in again."""
        return await self._alter(account_id, "restored", by, disabled_at=None)

    async def _alter(
        self,
        account_id: str,
        what: str,
        by: str | None,
        *,
        ends: bool = False,
        refuses_own: bool = False,
        **changes: Any,
    ) -> Account:
        def work(desk: PeopleDesk) -> Account:
            sessions = desk.find(Session, account_id=account_id) if ends else ()
            account = _known(desk.get(Account, account_id))
            if refuses_own:
                _check_other(account, by)
            _end(desk, sessions)
            return self._noted(desk, desk.change(account, **changes), what, by)

        return await self._store.write(work)

    def _noted(self, desk: PeopleDesk, account: Account, what: str, by: str | None) -> Account:
        at = to_wire(self._clock.now())
        desk.add(Occasion(occasion_id=self._ids.new(), at=at, what=what, account_id=account.account_id, by=by))
        return account


def new_password() -> str:
    """Return a password that is told on paper and used once: twenty letters and digits, about 99 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def _known(account: Account | None) -> Account:
    if account is None:
        raise NotFound("account.unknown", "There is no such account.")
    return account


def _check_other(account: Account, by: str | None) -> None:
    if account.account_id == by:
        raise Conflict("account.own", "Somebody else has to do this to your own account.")


def _end(desk: PeopleDesk, sessions: Sequence[Session]) -> None:
    for session in sessions:
        desk.remove(session)
