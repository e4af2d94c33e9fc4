"""What was opened, as it is read: escaped wherever it stands, and what keeps her safe before any telephone number."""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

import pytest
from starlette.requests import Request

from shared.agency.pages.desk import ROOM
from shared.agency.pages.referral_chain import picture_of
from shared.agency.pages.referral_contents import careful, contents_of
from shared.agency.pages.referral_values import Speaker
from shared.agency.pages.referral_words import CLOSED
from shared.kernel.clock import SystemClock
from shared.pages.cookies import Cookies
from shared.pages.rendering import Brand, Pages
from shared.sop.loader import load_sop
from shared.sop.model import Compartment, Name

SOP = load_sop()
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
PAGES = Pages(
    brand=Brand(slug="social", name=Name("Xã hội", "Social"), home="/inbox", links=()),
    rooms=(ROOM,),
    cookies=Cookies("test", secure=False),
    clock=SystemClock(),
)
OF_CASES = [one for one in Compartment if one is not Compartment.NOTE]


def evil(schema: Mapping[str, Any]) -> Any:
    """A value that has markup wherever a text can stand."""
    types = schema.get("type")
    kinds = types if isinstance(types, list) else [types]
    if "object" in kinds:
        return {name: evil(part) for name, part in schema.get("properties", {}).items()}
    if "array" in kinds:
        return [evil(schema.get("items", {}))]
    return 1 if {"number", "integer"} & set(kinds) else True if kinds == ["boolean"] else EVIL


def page(language: str, *compartments: Mapping[str, Any]) -> str:
    request = Request({"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""})
    contents = contents_of(SOP, compartments, has_contact=True)
    values = {"id": "x", "contents": contents, "why": "To decide", "closed": CLOSED}
    return PAGES.text(request, "agency/referral_contents.html", language=language, **values)  # type: ignore[arg-type]


def opened(name: Compartment, content: Any) -> dict[str, Any]:
    return {"name": name.value, "stage": "triage", "state": "opened", "content": content}


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("name", OF_CASES)
def test_markup_in_every_field_of_a_compartment_is_text(name: Compartment, language: str) -> None:
    text = page(language, opened(name, evil(SOP.schemas[name])))
    assert "&lt;script&gt;" in text
    assert "<script>" not in text
    assert "<img" not in text
    assert "'>" not in text.replace("&#39;&gt;", "")


@pytest.mark.rule("R-03", "R-04")
def test_whom_never_to_call_stands_first_whatever_was_opened_with_it() -> None:
    contact = {"phone": "0900 000 001", "never_contact": ["Her husband"], "code_word": "lotus", "may_text": True}
    identity = {"name": "M.", "guardian": {"phone": "0900 000 002", "safe_to_contact": False}}
    text = page("en", opened(Compartment.IDENTITY, identity), opened(Compartment.CONTACT, contact))
    order = ["Never leave a message", "Do not contact the caregiver", "Her husband", "lotus", "0900 000 001"]
    places = [text.index(one) for one in order]
    assert places == sorted(places)
    assert text.index("0900 000 001") < text.index("0900 000 002")
    assert "Never send a text" not in text


def test_somebody_who_has_not_read_safe_contact_is_told_to_telephone_nobody() -> None:
    assert "Telephone nobody yet" in page("en", opened(Compartment.IDENTITY, {"name": "M."}))
    assert "Telephone nobody yet" not in page("en", opened(Compartment.CONTACT, {"name_to_use": "M."}))


def test_part_that_stayed_closed_says_why() -> None:
    part = {"name": "identity", "stage": "accepted", "state": "sealed", "code": "consent.revoked"}
    assert "She took her consent back." in page("en", part)


def objects(schema: Mapping[str, Any]) -> Iterator[list[str]]:
    """The names in every group of a schema, in order; those that hold a telephone number are marked."""
    inner = schema.get("properties", {})
    yield [
        f"{'tel:' if str(part.get('pattern', '')).startswith('^[0-9+]') else ''}{name}" for name, part in inner.items()
    ]
    for part in (*inner.values(), schema.get("items", {})):
        if part:
            yield from objects(part)


@pytest.mark.parametrize("name", OF_CASES)
def test_in_every_group_telephone_numbers_come_after_what_says_when_to_call(name: Compartment) -> None:
    for names in objects(careful(SOP.schemas[name])):
        first = next((place for place, one in enumerate(names) if one.startswith("tel:")), len(names))
        assert not {"safe_hours", "safe_to_contact", "may_leave_message"} & set(names[first:])


CHAIN = """{% import "agency/referral_parts.html" as ref with context %}{{ ref.chain(chain) }}"""


@pytest.mark.parametrize("language", ["vi", "en"])
def test_picture_of_a_chain_is_drawn_whole_and_the_table_beside_it_says_the_same(language: Any) -> None:
    facts = {"sender": "a-one", "recipient": "b-two", "service_type": "SOC-01", "state": "sent", "sent_at": ""}
    tree = [{"referral_id": "r-1", **facts, "onward": [{"referral_id": "r-2", **facts, "onward": []}]}]
    picture = picture_of(tree, Speaker(SOP, {}, {}), SOP, here="r-2")
    text = PAGES._environment(language).from_string(CHAIN).render(chain=picture, faults={}, csrf="")
    drawn = ElementTree.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])
    assert [one.text for one in drawn.iter("text")] == ["1 · SOC-01", "2 · SOC-01"]
    assert len(list(drawn.iter("path"))) == 1
    assert not any("style" in one.attrib for one in drawn.iter())
    assert text.count("b-two") == 2
