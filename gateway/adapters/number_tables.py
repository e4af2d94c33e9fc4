"""The table of the numbers by which referrals are asked for over the telephone."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlmodel import Field

from gateway.adapters.columns import GatewayRow, table_of
from shared.referral.number import number_of

_DATE = len("2026-11-22")


class ReferralNumberRow(GatewayRow, table=True):
    """The number of a referral under the day on which it came; two referrals may share one.

    Numbers are as good as random. In one order of all of them each would be written to another page, however many
    there are; in that of a day they share a few. And this row is written once: in an index of a row that changes,
    PostgreSQL would write such a page at every change.
    """

    __tablename__ = "referral_numbers"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - as SQLModel reads it
    day: str = Field(primary_key=True)
    number: str = Field(primary_key=True)
    referral_id: str = Field(primary_key=True)


REFERRAL_NUMBERS = table_of(ReferralNumberRow)
_ROW = REFERRAL_NUMBERS.c


def number_row(referral: Mapping[str, Any]) -> dict[str, str]:
    """Return the row of a referral's number, by the referral's own row."""
    id_ = referral["referral_id"]
    return {"day": referral["received_at"][:_DATE], "number": number_of(id_), "referral_id": id_}


def numbered(number: str) -> Select[Any]:
    """Return the query for the ids of referrals that have a number: one look for each day on which any came."""
    first = select(func.min(_ROW.day).label("day")).cte("days", recursive=True)
    later = select(func.min(_ROW.day)).where(_ROW.day > first.c.day).scalar_subquery()
    days = first.union_all(select(later).where(first.c.day.is_not(None)))
    found = days.join(REFERRAL_NUMBERS, and_(_ROW.day == days.c.day, _ROW.number == number))
    return select(_ROW.referral_id).select_from(found)
