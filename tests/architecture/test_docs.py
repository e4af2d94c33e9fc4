"""The documentation holds: links lead somewhere, commands exist, settings are listed, decisions are whole."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from gateway.settings import GatewaySettings
from shared.agency.settings import AgencySettings
from tests.support.checkout import ROOT, tracked_files
from tests.support.named_tests import absent

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"(?:^|`)make ((?:[a-z-]+ ?)+)", re.MULTILINE)
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
TAKEN_FOR = re.compile(r"`shared/[\w/.]+`|`gateway/[\w/.]+`|`services/[\w/.]+`|`mesh/[\w/.]+`")
DECISION = ("Context", "Decision", "Consequences", "Alternatives", "Enforced by")
DECISIONS = ROOT / "docs" / "decisions"
CLAIM = re.compile(r"\b(?:certified by|complies with the law|guarantees compliance|military[- ]grade)\b", re.IGNORECASE)


def pages() -> list[Path]:
    """Return every Markdown page, relative to the checkout."""
    return [path for path in tracked_files() if path.suffix == ".md"]


def text_of(page: Path) -> str:
    """Return a page's text."""
    return (ROOT / page).read_text(encoding="utf-8")


def anchor(heading: str) -> str:
    """Return the anchor that a heading gets when the page is shown."""
    plain = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return plain.replace(" ", "-")


def anchors(page: Path) -> set[str]:
    """Return every anchor of a page."""
    return {anchor(heading) for heading in HEADING.findall(page.read_text(encoding="utf-8"))}


def dead_links(page: Path) -> Iterator[str]:
    """Yield each relative link of a page that leads nowhere, or to a heading that is not there."""
    for link in LINK.findall(FENCE.sub("", text_of(page))):
        if "://" in link:
            continue
        name, _, wanted = link.partition("#")
        target = (ROOT / page).parent / name if name else ROOT / page
        if not target.exists() or (wanted and wanted not in anchors(target)):
            yield f"{page}: {link}"


def test_every_link_leads_somewhere() -> None:
    assert [dead for page in pages() for dead in dead_links(page)] == []


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    named = {(str(page), match.split()[0]) for page in pages() for match in MAKE.findall(text_of(page))}
    assert named, "no page names a make target: the pattern is broken"
    assert sorted(f"{page}: make {target}" for page, target in named if target not in targets) == []


@pytest.mark.parametrize("settings", [GatewaySettings, AgencySettings])
def test_every_setting_is_in_the_reference(settings: type[BaseSettings]) -> None:
    reference = text_of(Path("docs/reference/configuration.md"))
    prefix = settings.model_config["env_prefix"]
    names = {f"{prefix}{name}".upper() for name in settings.model_fields}
    assert sorted(name for name in names if f"`{name}`" not in reference) == []


def test_every_setting_in_the_documents_exists() -> None:
    known = {f"MESH_{name}".upper() for kind in (GatewaySettings, AgencySettings) for name in kind.model_fields}
    named = {(str(page), name) for page in pages() for name in re.findall(r"\bMESH_[A-Z_]+\b", text_of(page))}
    assert sorted(f"{page}: {name}" for page, name in named if name not in known | {"MESH_HOME"}) == []


def test_every_path_in_the_documents_exists() -> None:
    named = {(page, path.strip("`")) for page in pages() for path in TAKEN_FOR.findall(text_of(page))}
    assert sorted(f"{page}: {path}" for page, path in named if not (ROOT / path).exists()) == []


@pytest.mark.parametrize("page", sorted(DECISIONS.glob("*.md")), ids=lambda page: page.stem)
def test_every_decision_has_its_five_parts(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == DECISION
    parts = re.split(r"^## .+$", text, flags=re.MULTILINE)
    assert all(part.strip() for part in parts)
    assert absent(text) == []


def test_decisions_are_numbered_in_one_series() -> None:
    numbers = [int(page.stem[:4]) for page in sorted(DECISIONS.glob("*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_page_below_docs_is_listed_in_the_index() -> None:
    index = text_of(Path("docs/index.md"))
    below = [page.relative_to("docs") for page in pages() if page.parts[0] == "docs" and page.name != "index.md"]
    assert sorted(str(page) for page in below if f"({page})" not in index) == []


def test_every_unverified_citation_is_owned_up_to() -> None:
    bases = tomllib.loads((ROOT / "shared/sop/data/bases.toml").read_text(encoding="utf-8"))
    honest = text_of(Path("docs/explanation/what-this-does-not-do.md"))
    unverified = {name for name, basis in bases.items() if basis["confidence"] == "unverified"}
    told = set(re.findall(r"^\| `([\w.-]+)` \|", honest, re.MULTILINE))
    assert told == unverified
    assert all(str(bases[name]["verified_on"]) in honest for name in unverified)


def test_no_page_claims_what_nobody_has_granted() -> None:
    assert [str(page) for page in pages() if CLAIM.search(text_of(page))] == []
