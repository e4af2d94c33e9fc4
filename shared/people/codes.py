"""One-time codes from a telephone (RFC 6238): a second proof beside the password, for whoever wants it.

The secret is kept encrypted under the deployable's own key. A code counts once: its step must be later than the last
one that was used.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import pyotp

from shared.people.records import Account

_STEP: Final = 30
_DRIFT: Final = (0, -1, 1)


def code_checker(open_secret: Callable[[Account], str]) -> Callable[[Account, str | None, datetime], int | None]:
    """Return what checks a code; `open_secret` gives an account's secret in clear."""

    def check(account: Account, code: str | None, at: datetime) -> int | None:
        if account.totp is None or not code:
            return None
        totp, now = pyotp.TOTP(open_secret(account)), int(at.timestamp()) // _STEP
        given = "".join(code.split())
        return next(
            (
                now + drift
                for drift in _DRIFT
                if now + drift > account.totp_step and pyotp.utils.strings_equal(totp.generate_otp(now + drift), given)
            ),
            None,
        )

    return check
