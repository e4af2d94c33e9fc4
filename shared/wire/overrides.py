"""Disclosures without consent on the wire: what is owed after them, what was done, and how they are counted.

Follows the wire contract, section 6, and fact sheet sections 2.8 and 2.9. Coded values and pseudonyms only.
"""

from typing import Annotated, Final, Literal

from pydantic import Field, StrictBool, model_validator

from shared.wire.fields import Actor, Closed, Code, Open, Time
from shared.wire.parts import refuse, repeated

MEASURES_MOST: Final = 8
MONTH_PATTERN: Final = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"

OverrideStateV1 = Literal["unconfirmed", "awaiting_review", "ended", "reviewed"]
DutyV1 = Literal["confirmation", "telling", "review"]
ReviewOutcomeV1 = Literal["justified", "not_justified", "partly"]


class OverrideActV1(Closed):
    """One of the sender's people confirmed a disclosure without consent, or told her of it: who (a pseudonym), when."""

    actor: Actor
    at: Time


class OverrideReviewV1(Closed):
    """What a body of oversight found, and the measures that follow (codes of `overrides` in `GET /v1/sop`)."""

    outcome: ReviewOutcomeV1
    measures: Annotated[tuple[Code, ...], Field(max_length=MEASURES_MOST)] = ()

    @model_validator(mode="after")
    def _no_repeats(self) -> "OverrideReviewV1":
        if faults := repeated(self.measures, "measures"):
            raise refuse(*faults)
        return self


class OverrideBasisV1(Open):
    """The ground, the article of law, who approved it; and whether telling her would put her in danger."""

    kind: str
    article: str
    approver: str
    notify_unsafe: StrictBool


class OwedV1(Open):
    """One duty: by when, whether that has passed, and what was done. Null where nothing is owed, or not yet done.

    `at` is when the gateway heard of it, which is what counts; `stated_at` is when its people say it was done.
    """

    due_at: Time | None = None
    overdue: StrictBool
    in_time: StrictBool | None = None
    at: Time | None = None
    by: str | None = None
    stated_at: Time | None = None


class ReviewOwedV1(OwedV1):
    """The review that oversight owes, and what it found."""

    outcome: ReviewOutcomeV1 | None = None
    measures: tuple[str, ...] = ()


class OverrideAccessV1(Open):
    """Whether the recipient may still open: until when, if nobody confirms it; since when not, and why."""

    ends_at: Time | None = None
    ended_at: Time | None = None
    code: str | None = None


class OverrideV1(Open):
    """One disclosure without consent, with everything that is owed after it."""

    referral_id: str
    chain_id: str
    state: OverrideStateV1
    sender: str
    recipient: str
    sector: str
    service_type: str
    basis: OverrideBasisV1
    compartments: tuple[str, ...]
    made_at: Time
    access: OverrideAccessV1
    confirmation: OwedV1
    telling: OwedV1
    review: ReviewOwedV1
    overdue: tuple[DutyV1, ...]


class OverrideAnswerV1(Open):
    """Answer to a confirmation, to the word that she was told, and to a review: how it stands, where it is recorded."""

    override: OverrideV1
    ledger_index: int


class IndicatorNameV1(Open):
    """What an indicator counts, in Vietnamese and English."""

    vi: str
    en: str


class IndicatorCellV1(Open):
    """Disclosures on one ground, sent by one sector. Null is a count that is not shown to this reader."""

    basis: str
    sector: str
    count: int | None
    reviewed_in_time: int | None


class TallyCellV1(Open):
    """How often something happened in services of one sector. Null is a count that is not shown to this reader."""

    what: str
    sector: str
    count: int | None


class IndicatorV1(Open):
    """One indicator of a month."""

    id: str
    name: IndicatorNameV1
    cells: tuple[IndicatorCellV1 | TallyCellV1, ...]


class IndicatorsV1(Open):
    """The indicators of one month of the calendar of Viet Nam.

    `final`: the month is over and so is the time in which what was counted could still change. `suppressed_below` is
    the smallest count this reader is shown, also as a difference of two; null for oversight, which sees every count.
    `rounded_to` and `least_agencies` likewise: the multiple that is shown, and how many agencies must be behind one.
    """

    month: str
    final: StrictBool
    suppressed_below: int | None
    rounded_to: int | None = None
    least_agencies: int | None = None
    indicators: tuple[IndicatorV1, ...]
