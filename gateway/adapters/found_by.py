"""How rows are found by a referral, a chain or a consent, where an index knows only those that no other key finds.

Owns the words in which such an index is asked for. The first referral of a chain has the chain's id for its own, and a
referral's first message the referral's: these rows, most of all that there are, are found by the id, and stand in no
index beside it. Promises of each criterion that it says what the plain comparison says.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, or_

from gateway.adapters.tables import (
    BESIDE_ITS_CHAIN,
    BESIDE_ITS_ID,
    LEDGER_ENTRIES,
    MESSAGES,
    OF_ANOTHER,
    OF_THE_CONSENT,
    REFERRALS,
)

Criterion = ColumnElement[bool]


def of_chain(chain_id: str) -> Criterion:
    """Find the referrals of a chain."""
    row = REFERRALS.c
    return or_(and_(row.referral_id == chain_id, row.chain_id == chain_id), and_(row.chain_id == chain_id, OF_ANOTHER))


def messages_of(referral_ids: Collection[str]) -> Criterion:
    """Find the messages about referrals."""
    row = MESSAGES.c
    return or_(
        and_(row.message_id.in_(referral_ids), row.referral_id == row.message_id),
        and_(row.referral_id.in_(referral_ids), BESIDE_ITS_ID),
    )


def entries_of(referral_ids: Collection[str]) -> Criterion:
    """Find the entries about referrals."""
    row = LEDGER_ENTRIES.c
    return or_(
        and_(row.chain_id.in_(referral_ids), row.referral_id == row.chain_id),
        and_(row.referral_id.in_(referral_ids), BESIDE_ITS_CHAIN),
    )


def entries_of_consents(consent_ids: Collection[str]) -> Criterion:
    """Find the entries about consents themselves, and the refusals that name them; not the referrals under them."""
    return and_(LEDGER_ENTRIES.c.consent_id.in_(consent_ids), OF_THE_CONSENT)
