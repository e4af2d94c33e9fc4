"""The addresses that every deployable with pages has, named once."""

from typing import Final

SIGN_IN: Final = "/sign-in"
#: To the identity provider, and back from it.
VOUCHING: Final = "/sign-in/oidc"
VOUCHED: Final = "/sign-in/oidc/callback"
LOCKED: Final = "/locked"
SIGN_OUT: Final = "/sign-out"
EXIT: Final = "/exit"
CALENDAR: Final = "/calendar"
LANGUAGE: Final = "/language"
ACCOUNT: Final = "/account"
OWN_PASSWORD: Final = "/account/password"  # noqa: S105 - an address
OWN_CODES: Final = "/account/codes"
OWN_CODES_AWAY: Final = "/account/codes/away"
OWN_SESSIONS: Final = "/account/sessions"
