"""What an operator does with the accounts of one deployable: add, list, take back, let in again who cannot get in.

At the gateway, where nobody is administrator, nobody else does it.

Works on the deployable's own database, whether or not it runs. Settings come from the home; `MESH_DATABASE_URL` in the
environment, or in the folder of secrets it names, wins over it, for a service that was set up in another way.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from typing import Any, TypeVar

from mesh.home import DATABASE_URL, SELF, Home
from mesh.programs import given_settings
from mesh.refusal import CommandRefused
from mesh.roster import AgencyService, Deployable, deployable_named
from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from shared.people.enrolment import Newcomer
from shared.people.passwords import Passwords
from shared.people.records import AGENCY_ROLES, OVERSIGHT_ROLES, Account, Role
from shared.people.staff import Details, Staff
from shared.people.store import PeopleStore

T = TypeVar("T")


def roles_of(deployable: Deployable) -> frozenset[Role]:
    """Return the roles that people of a deployable can have."""
    return AGENCY_ROLES if isinstance(deployable, AgencyService) else OVERSIGHT_ROLES


def among_staff(home: Home, service: str, do: Callable[[Staff], Coroutine[Any, Any, T]]) -> T:
    """Do something with the accounts of a service. Raises `CommandRefused`, and what `do` raises."""
    deployable = deployable_named(service)
    if deployable is None:
        raise CommandRefused("There is no such service. Name gateway, police, health, legal-aid or social.")
    given = given_settings().get(DATABASE_URL)
    if home.credentials() is None and given is None:
        raise CommandRefused(f"{home.root} holds no mesh yet. Start one: {SELF} up --home {home.root}")
    clock = SystemClock()
    with closing(PeopleStore(given or home.database_url(deployable))) as store:
        staff = Staff(store, roles=roles_of(deployable), passwords=Passwords(), clock=clock, ids=Uuid7Factory(clock))
        return asyncio.run(do(staff))


def add(home: Home, service: str, newcomer: Newcomer) -> dict[str, Any]:
    """Give somebody an account; return it with the first password, which is told once."""
    account, password = among_staff(home, service, lambda staff: staff.add(newcomer, by=None))
    first = {} if password is None else {"first_password": password}
    return {**line_of(account), **first}


def disable(home: Home, service: str, login: str) -> dict[str, Any]:
    """Take an account back at once, its sessions with it. Raises `NotFound` (`account.unknown`)."""
    return _altered(home, service, login, Staff.disable)


def restore(home: Home, service: str, login: str) -> dict[str, Any]:
    """Let somebody whose account was disabled in again. Raises `NotFound` (`account.unknown`)."""
    return _altered(home, service, login, Staff.restore)


def drop_codes(home: Home, service: str, login: str) -> dict[str, Any]:
    """Ask somebody for no one-time codes any more; her sessions end. Raises `NotFound` (`account.unknown`)."""
    return _altered(home, service, login, Staff.drop_codes)


def lift_hold(home: Home, service: str, login: str) -> dict[str, Any]:
    """Look at somebody's tries to sign in again. Raises `NotFound` (`account.unknown`)."""
    return _altered(home, service, login, Staff.lift_hold)


def renew_password(home: Home, service: str, login: str) -> dict[str, Any]:
    """Return an account with a new first password, which is told once; its sessions end.

    Raises `NotFound` (`account.unknown`), `NotPermitted` (`account.elsewhere`).
    """

    async def do(staff: Staff) -> dict[str, Any]:
        account = await staff.by_login(login)
        password = await staff.renew_password(account.account_id, by=None)
        return {**line_of(account), "first_password": password}

    return among_staff(home, service, do)


def bind(home: Home, service: str, login: str, subject: str | None) -> dict[str, Any]:
    """Bind somebody to a subject at the identity provider, or to none; her sessions end.

    Raises `NotFound` (`account.unknown`), `InputRejected` (`account.invalid`), `Conflict` (`account.known`).
    """

    async def do(staff: Staff) -> Account:
        account = await staff.by_login(login)
        details = Details(
            name=account.name,
            role=Role(account.role),
            gender=account.gender,
            languages=account.languages,
            unit=account.unit,
            oidc_subject=subject,
        )
        return await staff.change(account.account_id, details, by=None)

    return line_of(among_staff(home, service, do))


def listed(home: Home, service: str) -> list[dict[str, Any]]:
    """Return the accounts of a service."""
    return [line_of(account) for account in among_staff(home, service, lambda staff: staff.everybody())]


def _altered(
    home: Home, service: str, login: str, alter: Callable[..., Coroutine[Any, Any, Account]]
) -> dict[str, Any]:
    async def do(staff: Staff) -> Account:
        account = await staff.by_login(login)
        return await alter(staff, account.account_id, by=None)

    return line_of(among_staff(home, service, do))


def role_named(name: str) -> Role:
    """Return a role. Raises `CommandRefused`."""
    try:
        return Role(name)
    except ValueError:
        raise CommandRefused(f"There is no such role. Choose from: {', '.join(Role)}.") from None


def line_of(account: Account) -> dict[str, Any]:
    """Return an account as the command line shows it: nothing by which somebody could sign in."""
    return {
        "login": account.login,
        "name": account.name,
        "role": account.role,
        "pseudonym": account.pseudonym,
        "gender": account.gender,
        "languages": list(account.languages),
        "unit": account.unit,
        "oidc_subject": account.oidc_subject,
        "one_time_codes": account.totp is not None,
        "held_until": account.held_until,
        "disabled": account.disabled_at is not None,
    }
