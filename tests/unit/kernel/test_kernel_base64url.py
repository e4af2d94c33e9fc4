"""Base64url reads and writes exactly what the standard library's slower way does, in canonical form only."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.encoding import b64url, from_b64url
from shared.kernel.errors import InputRejected


def reference(text: str) -> bytes | None:
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        return None
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return data if base64.urlsafe_b64encode(data).rstrip(b"=").decode() == text else None


@given(st.binary(max_size=70))
def test_bytes_come_back_and_are_written_as_the_library_writes_them(data: bytes) -> None:
    assert b64url(data) == base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    assert from_b64url(b64url(data)) == data


@given(st.text(alphabet="AQgwEIMUYcko048-_+/=Bz9\n é", max_size=12))
def test_texts_are_read_or_refused_as_the_reference_does(text: str) -> None:
    expected = reference(text)
    if expected is None:
        with pytest.raises(InputRejected, match=r"encoding\.base64url"):
            from_b64url(text)
    else:
        assert from_b64url(text) == expected
