"""The table of the numbers by which referrals are asked for over the telephone."""

from sqlmodel import Field

from gateway.adapters.columns import GatewayRow, table_of
from shared.referral.number import number_of


class ReferralNumberRow(GatewayRow, table=True):
    """The number of a referral; two referrals may share one.

    Numbers are as good as random, so each is written to another page. This row is written once; in the index of a row
    that changes, PostgreSQL would write such a page at every change.
    """

    __tablename__ = "referral_numbers"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - as SQLModel reads it
    number: str = Field(primary_key=True)
    referral_id: str = Field(primary_key=True)


REFERRAL_NUMBERS = table_of(ReferralNumberRow)


def number_row(referral_id: str) -> dict[str, str]:
    """Return the row of a referral's number."""
    return {"number": number_of(referral_id), "referral_id": referral_id}
