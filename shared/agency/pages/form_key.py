"""The key of one filled-in form: sent twice, by a nervous finger or a bad line, it acts once.

A page that acts holds a fresh key in the hidden field `act`; it is the idempotency key of the act (wire contract,
section 1).
"""

import secrets
from typing import Final

from shared.agency.acting import fingerprint_of, read_key
from shared.pages.forms import Form, wrong
from shared.pages.guard import CSRF

FIELD: Final = "act"


def new_form_key() -> str:
    """Return the key to put into a form."""
    return secrets.token_urlsafe(18)


def form_key(form: Form, path: str) -> tuple[str, str]:
    """Return the key of a form and what identifies its content. Raises `InputRejected` where it has none."""
    key = read_key(form.text(FIELD) or None)
    if key is None:
        raise wrong(FIELD, "field.required", "This form is out of date. Open the page again and send it once more.")
    content = "\n".join(f"{name}={value}" for name in sorted(form) if name != CSRF for value in form.all(name))
    return key, fingerprint_of("POST", path, content.encode())
