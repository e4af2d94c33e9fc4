"""Messages of registering a statement."""

from typing import Annotated, Any

from pydantic import Field

from shared.wire.fields import Actor, Closed, HexDigest, Line, Open, Uuid7

_SESSIONS_MOST = 16


class StatementAsTaken(Closed):
    """Where the statement is kept, its digest, and the sessions in which she made it."""

    actor: Actor
    reference: Line
    sha256: HexDigest | None
    interviews: Annotated[tuple[Uuid7, ...], Field(min_length=1, max_length=_SESSIONS_MOST)]

    def kept(self) -> dict[str, Any]:
        """Return what is kept encrypted."""
        return self.model_dump(mode="json", exclude={"actor"})


class StatementRecordV1(Open):
    """A statement by reference; `number` counts the statements she made in this chain of referrals."""

    id: str
    referral_id: str
    registered_at: str
    officer: str
    number: int
    joint: bool
    reference: str | None
    sha256: str | None
    interviews: list[str] | None
