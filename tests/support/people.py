"""A deployable's people without its pages: a doorway over a file of its own, a clock that is moved by hand."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp

from shared.kernel.clock import ManualClock
from shared.kernel.identifiers import Uuid7Factory
from shared.people.codes import code_checker
from shared.people.doorway import Doorway
from shared.people.enrolment import Newcomer, account_of, enrol
from shared.people.own_account import OwnAccount
from shared.people.passwords import Passwords
from shared.people.records import AGENCY_ROLES, Account, Occasion, Role, Session
from shared.people.staff import Staff
from shared.people.store import PeopleStore
from shared.people.telephone import TelephoneSecrets
from shared.seal.at_rest import Vault
from tests.support.page_client import PASSWORD, QUICK

START = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


class CountedPasswords(Passwords):
    """Real passwords that count how often one was checked: what takes time is the same for everybody.

    Of `meanwhile`, the first is done after the next one was checked and before anybody is told.
    """

    def __init__(self) -> None:
        super().__init__(QUICK._hasher)
        self.checked = 0
        self.meanwhile: deque[Callable[[], object]] = deque()

    def is_right(self, password: str, kept: str | None) -> bool:
        self.checked += 1
        is_right = super().is_right(password, kept)
        if self.meanwhile:
            self.meanwhile.popleft()()
        return is_right


@dataclass
class Entry:
    """Everything around one door."""

    store: PeopleStore
    clock: ManualClock
    ids: Uuid7Factory
    passwords: CountedPasswords
    secrets: TelephoneSecrets
    door: Doorway
    own: OwnAccount
    staff: Staff

    def after(self, **length: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**length))

    def meanwhile(self, doing: Coroutine[Any, Any, object]) -> None:
        """Have something done to the end while a password is being checked that has nothing else done meanwhile."""
        loop = asyncio.get_running_loop()
        self.passwords.meanwhile.append(lambda: asyncio.run_coroutine_threadsafe(doing, loop).result(timeout=10))

    async def somebody(self, login: str = "mai", role: Role = Role.CASEWORKER, **details: Any) -> Account:
        """Give somebody invented an account with the usual password."""
        newcomer = Newcomer(login=login, name=f"Sample {login}", role=role, **details)
        account = account_of(
            newcomer, roles=AGENCY_ROLES, password=PASSWORD, passwords=QUICK, clock=self.clock, ids=self.ids
        )
        await self.store.write(lambda desk: enrol(desk, account, by=None, occasion_id=self.ids.new()))
        return account

    async def now(self, account: Account) -> Account:
        """An account as it is kept."""
        found = await self.store.read(lambda reading: reading.get(Account, account.account_id))
        assert found is not None
        return found

    async def sessions(self) -> list[Session]:
        """Every session that is kept."""
        return list(await self.store.read(lambda reading: reading.find(Session)))

    async def told(self, account: Account | None) -> list[str]:
        """What the journal says of an account, or of nobody, oldest first."""
        wanted = account.account_id if account else None
        found = await self.store.read(lambda reading: reading.find(Occasion))
        return [one.what for one in found if one.account_id == wanted]

    def code(self, secret: str) -> str:
        """What a telephone with this secret shows now."""
        return pyotp.TOTP(secret).at(self.clock.now())

    async def with_telephone(self, account: Account) -> str:
        """Set one-time codes up for somebody and return the secret."""
        secret = self.secrets.new()
        kept = self.secrets.keep(account.account_id, secret)
        await self.store.write(lambda desk: desk.change(account, totp=kept))
        return secret


@contextmanager
def entry(folder: Path, *, local: bool = True, url: str | None = None) -> Iterator[Entry]:
    """Open a door in a folder, or beside another one on the database at `url`."""
    clock = ManualClock(START)
    ids, passwords, secrets = Uuid7Factory(clock), CountedPasswords(), TelephoneSecrets(Vault(bytes(32)))
    store = PeopleStore(url or f"sqlite:///{folder / 'people.db'}")
    checker = code_checker(secrets.open)
    door = Doorway(store, passwords=passwords, check_code=checker, clock=clock, ids=ids, local=local)
    own = OwnAccount(door=door, passwords=passwords, secrets=secrets, clock=clock, ids=ids)
    staff = Staff(store, roles=AGENCY_ROLES, passwords=passwords, clock=clock, ids=ids)
    try:
        yield Entry(store, clock, ids, passwords, secrets, door, own, staff)
    finally:
        store.close()
