"""Messages of taking a case or handing it over. There is no field for a name, and none for a reason."""

from pydantic import StrictBool

from shared.wire.fields import Actor, AgencyId, Closed, Open


class IntakeRequest(Closed):
    """Whether somebody here can take the case; `second` is the person who decides beside `actor` where that is asked.

    `take` false hands it over, whatever the reason is: nobody free, nobody of the gender she chose, a conflict.
    `alternative` is the centre to ask instead; without it the gateway's first proposal.
    """

    actor: Actor
    take: StrictBool
    second: Actor | None = None
    alternative: AgencyId | None = None


class IntakeV1(Open):
    """Whether the centre has taken the case. Why not is never said."""

    id: str
    referral_id: str
    at: str
    actor: str
    taken: bool
    alternative: str | None
