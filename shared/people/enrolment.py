"""Giving somebody an account, and taking it back: for an administrator's page and for the command line alike."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import Conflict, FieldFault, InputRejected, NotFound
from shared.kernel.identifiers import IdFactory
from shared.people.passwords import Passwords
from shared.people.records import Account, Occasion, Role, Session
from shared.people.store import PeopleDesk

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{2,62}")
_PSEUDONYM_BYTES: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """Who is to be given an account. Without a pseudonym a random one is drawn."""

    login: str
    name: str
    role: Role
    pseudonym: str | None = None
    gender: str | None = None
    languages: Sequence[str] = ()
    unit: str | None = None
    language: str = "vi"


def account_of(
    newcomer: Newcomer, *, password: str | None, passwords: Passwords, clock: Clock, ids: IdFactory
) -> Account:
    """Return the account of somebody; without a password only an identity provider lets her in.

    Raises `InputRejected` (`account.login`, `password.length`).
    """
    login = newcomer.login.strip().casefold()
    if not _LOGIN.fullmatch(login):
        message = "Write 3 to 63 lower-case letters, digits, '.', '_' or '-'."
        raise InputRejected("account.login", message, faults=(FieldFault("/login", "account.login", message),))
    return Account(
        account_id=ids.new(),
        login=login,
        name=newcomer.name.strip(),
        role=newcomer.role.value,
        pseudonym=newcomer.pseudonym or f"staff-{secrets.token_hex(_PSEUDONYM_BYTES)}",
        gender=newcomer.gender,
        languages=list(newcomer.languages),
        unit=newcomer.unit,
        language=newcomer.language,
        password_hash=None if password is None else passwords.hash(password),
        created_at=to_wire(clock.now()),
    )


def enrol(desk: PeopleDesk, account: Account, *, by: str | None, occasion_id: str) -> None:
    """Keep a new account. Raises `Conflict` (`account.known`) when its login is taken."""
    if desk.find(Account, login=account.login):
        raise Conflict("account.known", "Somebody has this login already. Choose another.")
    desk.add(account)
    desk.add(
        Occasion(occasion_id=occasion_id, at=account.created_at, what="enrolled", account_id=account.account_id, by=by)
    )


def disable(desk: PeopleDesk, account_id: str, *, at: str, by: str | None, occasion_id: str) -> Account:
    """Take an account back at once, its sessions with it. Raises `NotFound` (`account.unknown`)."""
    account = desk.get(Account, account_id)
    sessions = desk.find(Session, account_id=account_id)
    if account is None:
        raise NotFound("account.unknown", "There is no such account.")
    for session in sessions:
        desk.remove(session)
    desk.add(Occasion(occasion_id=occasion_id, at=at, what="disabled", account_id=account_id, by=by))
    return desk.change(account, disabled_at=account.disabled_at or at)
