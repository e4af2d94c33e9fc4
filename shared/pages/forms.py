"""What somebody filled in: a posted form, read strictly and once.

Owns the content type, the number and length of fields, and the texts that no database takes. What a field means is its
reader's affair; a reader that finds it wrong raises `InputRejected`, and the page is shown again with what was typed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import Depends
from starlette.requests import Request

from shared.kernel.errors import FieldFault, InputRejected, UnsupportedMedia

_TYPE: Final = "application/x-www-form-urlencoded"
_FIELDS_MOST: Final = 1_000
_NEVER: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Form(Mapping[str, str]):
    """The fields of a posted form. As a mapping it gives the last value of a name; `all` gives every one."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._pairs = tuple(pairs)
        self._last = dict(pairs)

    def __getitem__(self, name: str) -> str:
        return self._last[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def __len__(self) -> int:
        return len(self._last)

    def all(self, name: str) -> Sequence[str]:
        """Return every value of a name, in the order of the page."""
        return [value for key, value in self._pairs if key == name]

    def text(self, name: str) -> str:
        """Return a field without blanks around it; "" where it is not there or empty."""
        return self._last.get(name, "").strip()

    def line(self, name: str, *, most: int = 200) -> str:
        """Return a field that must be one line of at most so many characters. Raises `InputRejected`."""
        value = self.text(name)
        if len(value) > most or "\n" in value or "\r" in value:
            message = f"Write one line of at most {most} characters."
            raise wrong(name, "field.length", message)
        return value

    def choice(self, name: str, among: Sequence[str]) -> str:
        """Return a field that must be one of some values. Raises `InputRejected`."""
        value = self.text(name)
        if value not in among:
            raise wrong(name, "field.choice", "Choose one of what the page offers.")
        return value

    def ticked(self, name: str) -> bool:
        """Say whether a box was ticked."""
        return self._last.get(name) in {"on", "yes", "true", "1"}


def wrong(name: str, code: str, message: str) -> InputRejected:
    """Return the refusal of one field; the page shows the message beside it."""
    return InputRejected(
        "form.invalid", "Look at what is marked below.", faults=(FieldFault(f"/{name}", code, message),)
    )


async def read_form(request: Request) -> Form:
    """Return the posted form. Raises `UnsupportedMedia`, `InputRejected` (`form.unreadable`)."""
    known: Form | None = getattr(request.state, "form", None)
    if known is not None:
        return known
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise UnsupportedMedia("message.media-type", "Send the form as a browser does.")
    try:
        text = (await request.body()).decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS_MOST, errors="strict")
    except ValueError as fault:
        raise InputRejected("form.unreadable", "The form could not be read. Go back and send it again.") from fault
    if any(_NEVER.search(part) for pair in pairs for part in pair):
        raise InputRejected("form.unreadable", "The form holds characters that cannot be kept. Write it again.")
    form = Form([(name, value.replace("\r\n", "\n")) for name, value in pairs])
    request.state.form = form
    return form


#: Declare `form: Posted` on a route that takes a form; its guard has checked that the form is the page's own.
Posted = Annotated[Form, Depends(read_form)]
