"""Where an unsafe caregiver works, if he works at an agency of the mesh: noted with the consent, and told to nobody.

His accounts are kept encrypted beside what says who she is. Each referral under the consent carries salted hashes of
them, so that he neither receives, opens nor finds it (rule R-11, fact sheet section 2.5).
"""

from collections.abc import Sequence
from typing import Final

from shared.agency.records import ConsentRecord
from shared.agency.vault import CaseVault, OpenCase

_PLACE: Final = "kept-from"


def note_accounts(case: OpenCase, accounts: Sequence[str]) -> bytes | None:
    """Encrypt the accounts for keeping; None when there are none."""
    return case.lock(_PLACE, list(accounts)) if accounts else None


def accounts_of(vault: CaseVault, record: ConsentRecord) -> Sequence[str]:
    """Return the accounts that were noted with a consent; none once its key is destroyed."""
    if record.wrapped_key is None or record.kept_from is None:
        return ()
    found: list[str] = vault.open_subject(record.consent_id, record.wrapped_key).unlock(_PLACE, record.kept_from)
    return found
