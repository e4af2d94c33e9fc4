"""The sample people of a mesh on one machine: invented, marked as samples, with passwords of their own.

They are for trying it out; a real deployable begins with `mesh users add`.
"""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, Final

from mesh.home import Home
from mesh.roster import AGENCIES, GATEWAY, Addresses, AgencyService, Deployable
from shared.kernel.clock import SystemClock
from shared.kernel.identifiers import Uuid7Factory
from shared.people.enrolment import Newcomer, account_of, enrol
from shared.people.passwords import Passwords
from shared.people.records import Account, Role
from shared.people.store import PeopleStore

_AGENCY: Final[Sequence[tuple[str, str, Role, str]]] = (
    ("lan", "Lan (mẫu)", Role.CASEWORKER, "female"),
    ("minh", "Minh (mẫu)", Role.CASEWORKER, "male"),
    ("hoa", "Hoa (mẫu)", Role.SUPERVISOR, "female"),
    ("quang", "Quang (mẫu)", Role.ADMINISTRATOR, "male"),
)
_OVERSIGHT: Final[Sequence[tuple[str, str, Role, str]]] = (
    ("thu", "Thu (mẫu)", Role.AUDITOR, "female"),
    ("binh", "Bình (mẫu)", Role.COORDINATOR, "male"),
)


def sample_logins(home: Home, addresses: Addresses, known: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the sample logins of every deployable; those that are not known yet are made."""
    passwords = Passwords()
    kept = {(one["service"], one["login"]): one for one in known}
    return [
        login
        for deployable in (*AGENCIES, GATEWAY)
        for login in _logins_of(home, deployable, addresses, kept, passwords)
    ]


def _logins_of(
    home: Home,
    deployable: Deployable,
    addresses: Addresses,
    kept: Mapping[tuple[str, str], Mapping[str, Any]],
    passwords: Passwords,
) -> list[dict[str, Any]]:
    people = _AGENCY if isinstance(deployable, AgencyService) else _OVERSIGHT
    named = {"service": deployable.name, "url": addresses.url(deployable)}
    if all((deployable.name, login) in kept for login, *_ in people):
        return [{**kept[deployable.name, login], **named} for login, *_ in people]
    with closing(PeopleStore(home.database_url(deployable))) as store:
        return [named | _made(store, passwords, one) for one in people]


def _made(store: PeopleStore, passwords: Passwords, sample: tuple[str, str, Role, str]) -> dict[str, Any]:
    login, name, role, gender = sample
    clock = SystemClock()
    ids, password = Uuid7Factory(clock), secrets.token_urlsafe(12)
    newcomer = Newcomer(login=login, name=name, role=role, gender=gender, languages=("vi", "en"), unit="38")
    account = account_of(newcomer, roles=frozenset(Role), password=password, passwords=passwords, clock=clock, ids=ids)
    known = store.read_blocking(lambda reading: reading.find(Account, login=login))
    if known:
        store.write_blocking(lambda desk: desk.change(known[0], password_hash=account.password_hash))
    else:
        store.write_blocking(lambda desk: enrol(desk, account, by=None, occasion_id=ids.new()))
    return {"login": login, "password": password, "role": role.value, "name": name}
