"""Everything that was seen in one run, as one file: the facts of the machine, and every sample."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from bench.rounds import Sample
from bench.story import LoopSample


@dataclass(frozen=True, slots=True)
class Results:
    """One run."""

    facts: Mapping[str, Any]
    samples: Sequence[Sample]
    loops: Sequence[LoopSample]

    def write(self, path: Path) -> Path:
        """Write it to a file, and return its path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        samples, loops = [asdict(one) for one in self.samples], [asdict(one) for one in self.loops]
        document = {"facts": self.facts, "samples": samples, "loops": loops}
        path.write_text(json.dumps(_rounded(document), indent=1) + "\n")
        return path

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` has written."""
        document = json.loads(path.read_text())
        samples = [Sample(**one) for one in document["samples"]]
        return cls(document["facts"], samples, [LoopSample(**one) for one in document["loops"]])


def _rounded(value: Any) -> Any:
    """Return figures without digits that mean nothing."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, Mapping):
        return {name: _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value
