"""The withdrawal certificate as a page to read and print, in Vietnamese and English.

Promises that there is no person in it, no script, nothing loaded from elsewhere, and a title that says nothing to
whoever looks over her shoulder (R-07, R-20). It shows what the signed document says and proves nothing by itself: the
page names the digest by which the document can be verified.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Query
from starlette.responses import HTMLResponse, Response

from shared.kernel.canonical import canonical_json
from shared.kernel.clock import from_wire
from shared.kernel.encoding import sha256_hex
from shared.sop.calendar import in_viet_nam
from shared.sop.model import Sop
from shared.web.withdrawal_words import WORDS, Words

STYLE_PATH: Final = "/assets/page.css"
PUBLIC_PATHS: Final = frozenset({STYLE_PATH})
HTML: Final = "text/html"
_CSP: Final = (
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'"
)

_PAGE: Final = """<!DOCTYPE html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="stylesheet" href="{style}">
</head>
<body>
<main>
<h1>{heading}</h1>
<p class="state">{state}</p>
<h2>{taken_back}</h2>
<ul>
{takings}
</ul>
<h2>{holders}</h2>
<table>
<caption class="fine">{caption}</caption>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
<h2>{proof}</h2>
<p class="fine">{how}</p>
<dl class="fine">
{facts}
</dl>
</main>
</body>
</html>
"""

Language = Literal["vi", "en"]
Format = Annotated[
    Literal["json", "html"] | None, Query(description="As data, or as a page to print; without it, Accept decides.")
]
Lang = Annotated[Language, Query(description="The language of the page.")]
Accept = Annotated[str | None, Header(max_length=1_000)]

#: How the page stands in an OpenAPI document, beside the model of the data.
PAGE_ANSWER: Final[Mapping[str, Any]] = {
    "description": "The certificate, as data or as a page.",
    "content": {HTML: {"schema": {"type": "string"}}},
}


@dataclass(frozen=True, slots=True)
class _Hop:
    """One holder of the tree, with its number (1.2.1) and one of its withdrawals."""

    number: str
    holder: Mapping[str, Any]
    facts: Mapping[str, Any]


def style_router() -> APIRouter:
    """Make the route of the style sheet that the page names."""
    router = APIRouter(include_in_schema=False)
    style = files("shared.web").joinpath("assets", "page.css").read_bytes()

    @router.get(STYLE_PATH)
    async def page_style() -> Response:
        return Response(style, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})

    return router


def wants_page(asked: str | None, accept: str | None) -> bool:
    """Say whether a page is asked for: by `format`, else by the first of the two types that `Accept` names."""
    if asked is not None:
        return asked == "html"
    named = [part.partition(";")[0].strip().lower() for part in (accept or "").split(",")]
    return next((name == HTML for name in named if name in {HTML, "application/json"}), False)


def page_answer(signed: Mapping[str, Any], *, lang: Language, sop: Sop) -> Response:
    """Return a signed certificate as a page. It is as private as the data: never cached, never framed."""
    page = render(signed["certificate"], lang=lang, sop=sop)
    return HTMLResponse(page, headers={"Content-Security-Policy": _CSP, "Content-Language": lang, "Vary": "Accept"})


def render(document: Mapping[str, Any], *, lang: Language, sop: Sop) -> str:
    """Write a certificate as an HTML page."""
    words = WORDS[lang]
    hops = list(_hops(document["holders"], prefix=""))
    rows = "\n".join(_row(hop, document, words, lang=lang, sop=sop) for hop in hops)
    heads = "".join(f'<th scope="col">{_text(head)}</th>' for head in words.columns)
    takings = "\n".join(f"<li>{_text(_taking(one, words))}</li>" for one in document["revocations"])
    facts = "\n".join(f"<dt>{_text(name)}</dt>\n<dd>{_text(value)}</dd>" for name, value in _proof(document, words))
    open_ones = sum(hop.facts["result"] in {"pending", "unreachable"} for hop in hops)
    state = words.complete if document["complete"] else words.incomplete.format(count=open_ones)
    return _PAGE.format(
        lang=lang,
        style=STYLE_PATH,
        title=_text(words.title),
        heading=_text(words.heading),
        state=_text(state),
        taken_back=_text(words.taken_back),
        takings=takings,
        holders=_text(words.holders),
        caption=_text(words.caption),
        heads=heads,
        rows=rows,
        proof=_text(words.proof),
        how=_text(words.how),
        facts=facts,
    )


def _hops(holders: Sequence[Mapping[str, Any]], *, prefix: str) -> Iterator[_Hop]:
    for place, holder in enumerate(holders, start=1):
        number = f"{prefix}{place}"
        for facts in holder["withdrawals"]:
            yield _Hop(number, holder, facts)
        yield from _hops(holder["onward"], prefix=f"{number}.")


def _row(hop: _Hop, document: Mapping[str, Any], words: Words, *, lang: Language, sop: Sop) -> str:
    facts = hop.facts
    cells = (
        _name(document, hop.holder["agency"], lang),
        _name(document, hop.holder["via"], lang),
        "; ".join(_result(facts, words, lang=lang, sop=sop)),
        _moment(facts["answered_at"]) if facts["answered_at"] else words.none_yet,
        _moment(facts["due_at"]),
    )
    labelled = zip(words.columns[1:], cells, strict=True)
    shown = "".join(f'<td data-label="{_text(label)}">{_text(cell)}</td>' for label, cell in labelled)
    return f'<tr><th scope="row">{_text(hop.number)}</th>{shown}</tr>'


def _result(facts: Mapping[str, Any], words: Words, *, lang: Language, sop: Sop) -> Iterator[str]:
    yield words.results[facts["result"]]
    if facts["article"]:
        names = [getattr(name, lang) for code, name in sop.compartment_names.items() if code in facts["kept"]]
        yield words.kept.format(article=facts["article"], names=", ".join(names))
    if facts["reason"]:
        yield words.reasons.get(facts["reason"], facts["reason"])
    if facts["late"]:
        yield words.late
    if extension := facts.get("extension"):
        reason = sop.withdrawal.extension_reasons.get(extension["reason"])
        why = getattr(reason, lang) if reason else extension["reason"]
        yield words.extended.format(until=_moment(extension["until"]), reason=why)


def _taking(one: Mapping[str, Any], words: Words) -> str:
    whole = one["recipients"] is None and one["compartments"] is None
    return words.taking.format(at=_moment(one["at"]), what=words.whole if whole else words.part, by=words.by[one["by"]])


def _proof(document: Mapping[str, Any], words: Words) -> Iterator[tuple[str, str]]:
    evidence = document["evidence"]
    values = (
        _moment(document["issued_at"]),
        document["issuer"],
        document["consent_id"],
        sha256_hex(canonical_json(dict(document))),
        f"{evidence['tree_size']} / {evidence['root_hash']}",
    )
    yield from zip(words.proof_names, values, strict=True)


def _name(document: Mapping[str, Any], agency_id: str, lang: Language) -> str:
    agency = document["agencies"].get(agency_id)
    return str(agency["name"][lang]) if agency else agency_id


def _moment(wire: str) -> str:
    return in_viet_nam(from_wire(wire)).strftime("%d/%m/%Y %H:%M")


def _text(value: str) -> str:
    return html.escape(value, quote=True)
