"""What is kept about the people who sign in: accounts, sessions, and a journal of both.

An account says who somebody is to her colleagues and what she may do; to the mesh she is her pseudonym alone
(wire contract, section 3, `actor`). A session is kept by the digest of its token, so that a copy of the table opens
nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What somebody is here to do. The first three work at an agency, the last two at the gateway."""

    CASEWORKER = "caseworker"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    COORDINATOR = "coordinator"


AGENCY_ROLES = frozenset({Role.CASEWORKER, Role.SUPERVISOR, Role.ADMINISTRATOR})
OVERSIGHT_ROLES = frozenset({Role.AUDITOR, Role.COORDINATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person who may sign in.

    `name` is what colleagues see; `pseudonym` is what leaves the service. `password_hash` is absent for people whom an
    identity provider vouches for (`oidc_subject`). `provisional` says that somebody else chose the password: it lets
    her in to choose her own, and to nothing else. `failures` counts wrong passwords since the last right one;
    `held_until` is when the next try is looked at.
    """

    account_id: str
    login: str
    name: str
    role: str
    pseudonym: str
    gender: str | None = None
    languages: Sequence[str] = ()
    unit: str | None = None
    language: str = "vi"
    password_hash: str | None = None
    provisional: bool = False
    oidc_subject: str | None = None
    totp: bytes | None = None
    totp_step: int = 0
    failures: int = 0
    held_until: str | None = None
    disabled_at: str | None = None
    created_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser that somebody is signed in with. `key` is the digest of its token."""

    key: str
    account_id: str
    csrf: str
    created_at: str
    seen_at: str
    ends_at: str
    locked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something that happened to an account: `what` is a code, `by` the account of whoever did it."""

    occasion_id: str
    at: str
    what: str
    account_id: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Who is in front of a page now: an account with its session."""

    account: Account
    session: Session = field(repr=False)

    @property
    def role(self) -> Role:
        """What she is here to do."""
        return Role(self.account.role)

    @property
    def pseudonym(self) -> str:
        """The name under which she acts in the mesh."""
        return self.account.pseudonym

    @property
    def language(self) -> str:
        """The language she reads: `vi` or `en`."""
        return self.account.language
