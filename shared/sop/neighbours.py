"""Which provinces border each other, so that help can be proposed across a border.

Owns the reading of `shared/sop/data/neighbours.toml`. Promises that the relation is symmetric, that no
province borders itself, and that only provinces of the procedure occur. Its confidence is `recalled`:
good for proposing, not for deciding where a border runs.
"""

import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from shared.sop.codes import Confidence
from shared.sop.loader import DATA, load_sop
from shared.sop.sheet import Sheet, SopRefused

FILE = "neighbours.toml"

Neighbours = Mapping[str, frozenset[str]]


@cache
def load_neighbours() -> Neighbours:
    """Return the neighbours of each province. Read once. Raises `SopRefused`."""
    return read_neighbours(DATA, provinces=load_sop().provinces.keys())


def read_neighbours(folder: Path, *, provinces: Collection[str]) -> Neighbours:
    """Read the neighbours of `provinces` from `folder`. Raises `SopRefused` where the file contradicts itself."""
    try:
        about = Sheet(tomllib.loads((folder / FILE).read_text("utf-8")), FILE)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise SopRefused(FILE, "cannot be read as TOML") from fault
    about.text("instrument")
    about.member("confidence", Confidence)
    about.day("verified_on")
    listed = about.sheet("neighbours")
    about.done()
    found = {code: frozenset(listed.texts(code)) for code in listed.codes()}
    if found.keys() != set(provinces):
        raise listed.refuse("must list each province once, and no other place")
    for code, others in found.items():
        if code in others or any(code not in found.get(other, ()) for other in others):
            raise listed.refuse(f"{code} borders itself, or a place that does not border it")
    return MappingProxyType(found)
