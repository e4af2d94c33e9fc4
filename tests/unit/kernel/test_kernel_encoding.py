"""Base64url and hashes: one spelling per value."""

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.encoding import b64url, from_b64url, sha256, sha256_b64url, sha256_hex
from shared.kernel.errors import InputRejected


@given(st.binary(max_size=200))
def test_base64url_comes_back_as_the_same_bytes(data: bytes) -> None:
    assert from_b64url(b64url(data)) == data


@given(st.text(max_size=40))
def test_text_is_either_the_one_spelling_of_some_bytes_or_refused(text: str) -> None:
    with suppress(InputRejected):
        assert b64url(from_b64url(text)) == text


@pytest.mark.parametrize("text", ["AA==", "AA\n", "A A", "A", "AB", "+/", "ée", "-_-_="])
def test_padding_foreign_alphabets_and_loose_bits_are_refused(text: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        from_b64url(text)
    assert refusal.value.code == "encoding.base64url"


def test_base64url_uses_the_url_alphabet() -> None:
    assert b64url(b"\xfb\xff\xfe") == "-__-"
    assert base64.b64encode(b"\xfb\xff\xfe") == b"+//+"


def test_hashes_are_the_published_ones() -> None:
    # FIPS 180-2, appendix B.1
    assert sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(b"abc").hex() == sha256_hex(b"abc")
    assert from_b64url(sha256_b64url(b"abc")) == sha256(b"abc")
