"""The bounded types that every message, answer and call is built from.

Owns the form of each value on the wire, and one sentence per form that says how to write it. Promises
that no text is unbounded and that no coded text can carry a control character. Follows the common rules
of the wire contract (section 1) and RFC 3339, RFC 4648 section 5, RFC 9562, BCP 47.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, StrictInt, StringConstraints
from pydantic import WithJsonSchema as Schema
from pydantic_core import PydanticCustomError

from shared.kernel.clock import from_wire, to_wire, whole_milliseconds
from shared.kernel.errors import InputRejected
from shared.kernel.identifiers import AGENCY_ID_PATTERN, UUID7_PATTERN

#: Characters of base64url in the largest compartment: three quarters of the body cap of 512 KiB.
CIPHERTEXT_MOST: Final = 393_216
#: A nonce of 12 bytes and a tag of 16, and nothing between.
CIPHERTEXT_LEAST: Final = 38
#: `enc || ct` of the larger suite with sixteen shares, with room to spare.
ENC_CT_MOST: Final = 4_096
#: Integers that every JSON reader holds exactly (RFC 7493 section 2.2).
INTEGER_MOST: Final = 2**53 - 1
FACTS_MOST: Final = 32

CODE_PATTERN: Final = r"^[a-z][a-z0-9_.-]{0,62}$"
SERVICE_PATTERN: Final = r"^[A-Z]{3}-[0-9]{2}$"
SOP_PATTERN: Final = r"^[a-z][a-z0-9-]{1,30}\.[0-9]{1,4}$"
ACTOR_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,62}$"
SUBJECT_PATTERN: Final = r"^[A-Za-z0-9_-]{16,64}$"
AREA_PATTERN: Final = r"^[0-9]{2}$|^[0-9]{5}$"
LANGUAGE_PATTERN: Final = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
BASE64URL_PATTERN: Final = r"^[A-Za-z0-9_-]+$"
DIGEST_PATTERN: Final = r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$"
HEX_PATTERN: Final = r"^[0-9a-f]{64}$"
LINE_PATTERN: Final = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
FACT_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9_.:+/-]{0,63}$"
JWS_PATTERN: Final = r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+$"
TRACEPARENT_PATTERN: Final = r"^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"

#: How to write a value of each form. Shown to callers, so it never holds what they sent.
HOW: Final[Mapping[str, str]] = {
    UUID7_PATTERN: "Write a UUIDv7 in lower case with hyphens, such as 019a2b3c-4d5e-7f60-8a9b-0c1d2e3f4a5b.",
    AGENCY_ID_PATTERN: "Write an agency id of the directory: 3 to 63 lower-case letters, digits and hyphens.",
    CODE_PATTERN: "Write a code: a lower-case letter, then up to 62 lower-case letters, digits, '_', '.' or '-'.",
    SERVICE_PATTERN: "Write a service type code of the procedure, such as SOC-01 (GET /v1/sop/service-types).",
    SOP_PATTERN: "Write the version of the procedure as GET /v1/sop gives it, such as vn-ces-2026.1.",
    ACTOR_PATTERN: "Write the pseudonymous staff id: up to 63 letters, digits, '.', '_', ':' or '-'; never a name.",
    SUBJECT_PATTERN: "Write the random reference of the case: 16 to 64 letters, digits, '_', '-'; no personal number.",
    AREA_PATTERN: "Write a province code of two digits or a commune code of five, as text with leading zeros.",
    LANGUAGE_PATTERN: "Write a BCP 47 language tag, such as vi or en.",
    BASE64URL_PATTERN: "Write base64url without padding.",
    DIGEST_PATTERN: "Write 32 bytes as 43 characters of base64url without padding.",
    HEX_PATTERN: "Write a SHA-256 digest as 64 lower-case hexadecimal digits.",
    LINE_PATTERN: "Write one line of text without control characters.",
    FACT_PATTERN: "Write a coded value: true or false, a whole number, a code, an id, a date or time; never free text.",
    JWS_PATTERN: "Write a compact JWS: three base64url parts joined by dots; when detached, the middle one is empty.",
    TRACEPARENT_PATTERN: "Write a W3C traceparent of version 00.",
}

_FACT: Final = re.compile(FACT_PATTERN.rstrip("$"))
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME_MOST: Final = 40


def _read_time(value: Any) -> datetime:
    """Read RFC 3339 text, or take an aware `datetime` when a message is built in the process."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return whole_milliseconds(value)
    try:
        if not isinstance(value, str) or len(value) > _TIME_MOST:
            raise InputRejected("time.malformed", "Not text.")
        return from_wire(value).astimezone(UTC)
    except (InputRejected, OverflowError) as fault:
        raise PydanticCustomError("wire_time", "RFC 3339") from fault


def _read_day(value: Any) -> date:
    """Read a calendar day, or take a `date` when a message is built in the process."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise ValueError
        return date.fromisoformat(value)
    except ValueError as fault:
        raise PydanticCustomError("wire_day", "RFC 3339 full-date") from fault


def _read_fact(value: Any) -> bool | int | str:
    """Take a coded fact. Which names and values there are is the procedure's affair (`shared.wire.facts`)."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= INTEGER_MOST:
        return value
    if isinstance(value, str) and _FACT.fullmatch(value):
        return value
    raise PydanticCustomError("wire_fact", "coded value")


Version = Annotated[StrictInt, Field(ge=1, le=1)]
Uuid7 = Annotated[str, StringConstraints(pattern=UUID7_PATTERN)]
AgencyId = Annotated[str, StringConstraints(pattern=AGENCY_ID_PATTERN)]
Code = Annotated[str, StringConstraints(pattern=CODE_PATTERN)]
ServiceCode = Annotated[str, StringConstraints(pattern=SERVICE_PATTERN)]
SopVersion = Annotated[str, StringConstraints(pattern=SOP_PATTERN)]
Actor = Annotated[str, StringConstraints(pattern=ACTOR_PATTERN)]
Subject = Annotated[str, StringConstraints(pattern=SUBJECT_PATTERN)]
Area = Annotated[str, StringConstraints(pattern=AREA_PATTERN)]
Language = Annotated[str, StringConstraints(pattern=LANGUAGE_PATTERN, max_length=35)]
HexDigest = Annotated[str, StringConstraints(pattern=HEX_PATTERN)]
Digest = Annotated[str, StringConstraints(pattern=DIGEST_PATTERN)]
Line = Annotated[str, StringConstraints(pattern=LINE_PATTERN, min_length=1, max_length=200)]
Jws = Annotated[str, StringConstraints(pattern=JWS_PATTERN, max_length=8_192)]
Traceparent = Annotated[str, StringConstraints(pattern=TRACEPARENT_PATTERN)]
Ciphertext = Annotated[
    str,
    StringConstraints(pattern=BASE64URL_PATTERN, min_length=CIPHERTEXT_LEAST, max_length=CIPHERTEXT_MOST),
]
EncapsulatedKey = Annotated[
    str, StringConstraints(pattern=BASE64URL_PATTERN, min_length=CIPHERTEXT_LEAST, max_length=ENC_CT_MOST)
]

Time = Annotated[
    datetime,
    PlainValidator(_read_time),
    PlainSerializer(to_wire, when_used="json"),
    Schema({"type": "string", "format": "date-time", "maxLength": _TIME_MOST}),
]
#: A day of the calendar of Viet Nam.
Day = Annotated[
    date,
    PlainValidator(_read_day),
    PlainSerializer(date.isoformat, when_used="json"),
    Schema({"type": "string", "format": "date", "maxLength": 10}),
]
#: One coded fact: never free text, never identifying.
FactValue = Annotated[
    bool | int | str,
    PlainValidator(_read_fact),
    Schema({"anyOf": [{"type": "boolean"}, {"type": "integer"}, {"type": "string", "pattern": FACT_PATTERN}]}),
]
Facts = Annotated[dict[Code, FactValue], Field(max_length=FACTS_MOST)]
#: Facts of a notice, where one may be a list of codes: the compartments that were taken back.
NoticeFacts = Annotated[
    dict[Code, FactValue | Annotated[tuple[Code, ...], Field(max_length=16)]], Field(max_length=FACTS_MOST)
]


class Closed(BaseModel):
    """What a caller sends: fields that are not named here are refused; the value cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Open(BaseModel):
    """What we answer: fields may be added in later versions, and a client must bear them."""

    model_config = ConfigDict(extra="allow", frozen=True)
