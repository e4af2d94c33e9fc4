"""Giving somebody an account: who she is, checked before it is kept.

For an administrator's page and for the command line alike.
"""

import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import Conflict, FieldFault, InputRejected
from shared.kernel.identifiers import IdFactory
from shared.people.passwords import Passwords
from shared.people.records import Account, Occasion, Role
from shared.people.store import PeopleDesk

#: What an account may say of its person, because the procedure gives the survivor a choice of it.
GENDERS: Final = ("female", "male")
LINE_MOST: Final = 100
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{2,62}")
_LINE: Final = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_PSEUDONYM: Final = re.compile(r"[a-z0-9][a-z0-9-]{2,62}")
_SUBJECT: Final = re.compile(r"[\x21-\x7e]{1,255}")
_LANGUAGES_MOST: Final = 20
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
    oidc_subject: str | None = None


def account_of(
    newcomer: Newcomer,
    *,
    roles: Collection[Role],
    password: str | None,
    passwords: Passwords,
    clock: Clock,
    ids: IdFactory,
    provisional: bool = False,
) -> Account:
    """Return the account of somebody; without a password only an identity provider lets her in.

    `roles` are those that the deployable knows. Raises `InputRejected` (`account.invalid`, `password.*`).
    """
    login = newcomer.login.strip().casefold()
    check_details(newcomer, roles=roles)
    if not _LOGIN.fullmatch(login):
        raise wrong_detail("login", "Write 3 to 63 lower-case letters, digits, '.', '_' or '-'.")
    if newcomer.pseudonym is not None and not _PSEUDONYM.fullmatch(newcomer.pseudonym):
        raise wrong_detail("pseudonym", "Write 3 to 63 small letters, digits or hyphens, and nothing of the name.")
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
        password_hash=None if password is None else passwords.hash(password, login=login),
        provisional=provisional and password is not None,
        oidc_subject=newcomer.oidc_subject,
        created_at=to_wire(clock.now()),
    )


def check_details(newcomer: Newcomer, *, roles: Collection[Role]) -> None:
    """Check what an account says of a person. Raises `InputRejected` (`account.invalid`)."""
    if newcomer.role not in roles:
        raise wrong_detail("role", "Nobody has this role here. Choose one of what is offered.")
    if not _LINE.fullmatch(newcomer.name.strip()):
        raise wrong_detail("name", "Write a name of one line, at most 100 characters.")
    if newcomer.unit is not None and not _LINE.fullmatch(newcomer.unit):
        raise wrong_detail("unit", "Write one line of at most 100 characters.")
    if newcomer.gender is not None and newcomer.gender not in GENDERS:
        raise wrong_detail("gender", "Choose one of what is offered.")
    if len(newcomer.languages) > _LANGUAGES_MOST or not all(map(_LANGUAGE.fullmatch, newcomer.languages)):
        raise wrong_detail("languages", "Write codes of languages with blanks between them, such as: vi en hmn.")
    if newcomer.oidc_subject is not None and not _SUBJECT.fullmatch(newcomer.oidc_subject):
        raise wrong_detail("oidc_subject", "Write the subject as the identity provider shows it, without blanks.")


def enrol(desk: PeopleDesk, account: Account, *, by: str | None, occasion_id: str) -> None:
    """Keep a new account. Raises `Conflict` (`account.known`) when its login, pseudonym or subject is taken."""
    check_free(desk, login=account.login)
    check_free(desk, pseudonym=account.pseudonym)
    if account.oidc_subject is not None:
        check_free(desk, oidc_subject=account.oidc_subject)
    desk.add(account)
    desk.add(
        Occasion(occasion_id=occasion_id, at=account.created_at, what="enrolled", account_id=account.account_id, by=by)
    )


def check_free(desk: PeopleDesk, *, but: str | None = None, **equal: str) -> None:
    """Check that no account but one has a value. Raises `Conflict` (`account.known`)."""
    if any(one.account_id != but for one in desk.find(Account, **equal)):
        name = next(iter(equal))
        fault = FieldFault(f"/{name}", "account.known", "Another account has this already. Choose another.")
        raise Conflict("account.known", "Another account has this already. Choose another.", faults=(fault,))


def wrong_detail(name: str, message: str) -> InputRejected:
    """Return the refusal of one detail of an account."""
    fault = FieldFault(f"/{name}", "account.invalid", message)
    return InputRejected("account.invalid", "Look at what is marked below.", faults=(fault,))
