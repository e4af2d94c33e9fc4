"""What an attacker would put into a field, and how to see whether a page runs it.

Put `PAYLOADS` wherever a partner system, another agency or a colleague can write something, open every page that shows
it, and hold each page with `assert_inert`.
"""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, Final

#: No page of ours has this word: where it becomes a tag or an attribute, a payload came through.
PROBE: Final = "xssprobe"

PAYLOADS: Final = (
    f"<{PROBE}>",
    f"\"'><{PROBE} onload={PROBE}()>",
    f"</title></textarea></script></style><{PROBE}>",
    f"' {PROBE}='1' on{PROBE}='1",
    f"javascript:{PROBE}()",
    f"<!--{PROBE}-->",
    f"<svg/on{PROBE}=1>",
    f"{{{{ '{PROBE}'|upper }}}}{{% {PROBE} %}}",
    f"&lt;{PROBE}&gt;&#60;{PROBE}&#62;",
    f"\u202e<{PROBE}>\u2066",
)
_NUMBER: Final = 36
_SHORT: Final = f"\"'><{PROBE} on{PROBE}=1>"
#: Texts for fields that have a form, and so take no payload.
_FORMS: Final = (
    "1989-01-02", "2026-01-02T03:04:05Z", "own", "0900 000 001", "38001", "12", "08:00", "ABC123", "application/pdf",
    "01935f00-0000-7000-8000-0000000000ff", "a" * 64, "YQ",
)  # fmt: skip
#: The payloads in one line, for a field that takes one.
ALL_IN_ONE: Final = " ".join(PAYLOADS)
_LINKS: Final = frozenset({"href", "src", "action", "formaction", "srcset", "data", "xlink:href"})
_OWN_SCRIPTS: Final = "/assets/mesh-"


class _Watcher(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if PROBE in tag or tag in {"iframe", "object", "embed", "base"}:
            self.found.append(f"<{tag}>")
        if tag == "script" and not (given.get("src") or "").startswith(_OWN_SCRIPTS):
            self.found.append("<script>")
        for name, value in attrs:
            is_link = name in _LINKS and (value or "").strip().lower().startswith(("javascript:", "data:", "vbscript:"))
            if PROBE in name or name.startswith("on") or name == "style" or is_link:
                self.found.append(f"{name}={value}")

    def handle_comment(self, data: str) -> None:
        if PROBE in data:
            self.found.append("<!--")


def assert_inert(html: str) -> None:
    """Hold that nothing of a payload became markup, and that templates were not rendered a second time."""
    watcher = _Watcher()
    watcher.feed(html)
    watcher.close()
    assert not watcher.found, watcher.found
    assert PROBE.upper() not in html, "a template was made of what somebody wrote"


def filled(schema: Mapping[str, Any]) -> Any:
    """A value that a compartment's schema takes, with payloads in every text that is free."""
    kind = schema.get("type", "string")
    kind = kind if isinstance(kind, str) else next((one for one in kind if one in {"object", "array"}), kind[0])
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if kind == "object":
        return {name: filled(part) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [filled(schema.get("items", {}))]
    if kind == "string":
        return _text(schema)
    return True if kind == "boolean" else max(min(_NUMBER, schema.get("maximum", _NUMBER)), schema.get("minimum", 0))


def _text(schema: Mapping[str, Any]) -> str:
    most, pattern = schema.get("maxLength", len(ALL_IN_ONE)), schema.get("pattern", "")
    choices = [ALL_IN_ONE[:most], _SHORT[:most], f"\"'><{PROBE}>@x", *schema.get("examples", ()), *_FORMS]
    return next(text for text in choices if re.search(pattern, text) and len(text) <= most)
