"""Colleagues as a supervisor sees them: who could take a case, and how much each has already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.agency.office import Office
from shared.agency.pages.desk import CASEWORK
from shared.agency.working import Load
from shared.pages.account import GENDER_NAMES
from shared.pages.code_words import code_word
from shared.people.records import Account, Role
from shared.sop.model import Compartment, Name


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """One colleague. `gender` is a text of the catalogue; `account_id` None: no account here, a partner system's."""

    account_id: str | None
    pseudonym: str
    name: str
    gender: str | None
    tongues: Sequence[Name | str]
    unit: str | None
    load: Load


def workers(accounts: Sequence[Account], loads: Mapping[str, Load], office: Office) -> Sequence[Colleague]:
    """Return the colleagues who can take a case, whoever has least first."""
    here = [one for one in accounts if Role(one.role) in CASEWORK and one.disabled_at is None]
    return sorted((_colleague(one, loads, office) for one in here), key=_least_first)


def holders(accounts: Sequence[Account], loads: Mapping[str, Load], office: Office) -> Sequence[Colleague]:
    """Return who can take a case and whoever else has one, such as somebody who has left: whoever has most first."""
    known = {one.pseudonym: one for one in accounts}
    others = [_colleague(known[one], loads, office) if one in known else _stranger(one, loads) for one in loads]
    both = {one.pseudonym: one for one in (*workers(accounts, loads, office), *others)}
    return sorted(both.values(), key=lambda one: (-one.load.late, -one.load.open, one.name))


def _colleague(account: Account, loads: Mapping[str, Load], office: Office) -> Colleague:
    languages = office.sop.schemas[Compartment.PREFERENCES]["properties"]["language"]
    return Colleague(
        account_id=account.account_id,
        pseudonym=account.pseudonym,
        name=account.name,
        gender=GENDER_NAMES.get(account.gender or ""),
        tongues=[code_word("language", one, languages) for one in account.languages],
        unit=account.unit,
        load=loads.get(account.pseudonym, Load()),
    )


def _stranger(pseudonym: str, loads: Mapping[str, Load]) -> Colleague:
    return Colleague(
        account_id=None, pseudonym=pseudonym, name=pseudonym, gender=None, tongues=(), unit=None, load=loads[pseudonym]
    )


def _least_first(one: Colleague) -> tuple[int, int, str]:
    return one.load.open, one.load.late, one.name
