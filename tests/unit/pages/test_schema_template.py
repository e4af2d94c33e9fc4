"""What a form and its facts look like in HTML: both languages, nothing that somebody typed is markup."""

from html.parser import HTMLParser

import pytest
from jinja2 import Environment

from shared.kernel.clock import SystemClock
from shared.pages.catalogue import LANGUAGES, Language
from shared.pages.cookies import Cookies
from shared.pages.rendering import Brand, Pages
from shared.pages.schema_facts import shown
from shared.pages.schema_forms import Typed, fields_of, typed_of
from shared.sop.loader import load_sop
from shared.sop.model import Compartment, Name

PAGE = """{% import "pages/schema_form.html" as forms with context %}{{ forms.fields(fields, typed) }}"""
FACTS = """{% import "pages/schema_form.html" as forms with context %}{{ forms.facts(list) }}"""
EVIL = "\"><script>alert(1)</script><b a='"


class Elements(HTMLParser):
    """The elements of a page: names, ids, what labels point to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.labelled: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if "id" in given:
            self.ids.append(given["id"] or "")
        if tag == "label":
            self.labelled.append(given["for"] or "")


def environment(language: Language) -> Environment:
    brand = Brand(slug="health", name=Name("Y tế", "Health"), home="/inbox", links=())
    pages = Pages(brand=brand, rooms=(), cookies=Cookies("test", secure=False), clock=SystemClock())
    return pages._environment(language)


@pytest.mark.parametrize("language", list(LANGUAGES))
@pytest.mark.parametrize("compartment", list(Compartment))
def test_every_field_is_labelled_once(compartment: Compartment, language: Language) -> None:
    page = environment(language).from_string(PAGE)
    found = Elements(page.render(fields=fields_of(load_sop().schemas[compartment]), typed=Typed({}), faults={}))
    assert len(found.ids) == len(set(found.ids))
    assert set(found.labelled) <= set(found.ids)
    assert {tag for tag in found.tags if tag in {"input", "select", "textarea"}}


def test_what_somebody_typed_is_text_in_the_form_and_in_the_facts() -> None:
    schema = load_sop().schemas[Compartment.CONTACT]
    value = {
        "safe_contact": EVIL, "channels": [EVIL], "channel": EVIL, "who_may_answer": [EVIL],
        "phones": [{"number": EVIL, "whose": EVIL}], "safe_hours": EVIL, EVIL: EVIL,
    }  # fmt: skip
    form = environment("vi").from_string(PAGE)
    text = form.render(fields=fields_of(schema), typed=typed_of(schema, value), faults={"phones": EVIL})
    read = environment("vi").from_string(FACTS).render(list=shown(schema, value), faults={})
    for page in (text, read):
        assert "&lt;script&gt;" in page
        assert not {"script", "b"} & set(Elements(page).tags)
