"""Whom somebody believes about a ledger (C2SP tlog-policy): its keys, its witnesses, and how many of those must agree.

One file serves everybody: the ledger reads from it whom to ask, a witness which ledgers to watch, an auditor whom to
believe. Keys are kept as they are written (C2SP vkeys); checking signatures with them is `shared.seal`'s.
Promises that a file it takes has one meaning: every name is defined once, before it is used, and no key stands in it
twice. A file of a newer form is refused, not half understood.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final, NoReturn, Self

from shared.kernel.errors import InputRejected

#: The predefined name that asks for no cosignature at all.
NONE: Final = "none"
_POLICY_MOST: Final = 65_536


@dataclass(frozen=True, slots=True)
class Log:
    """A ledger: its verifier key, whose name is its origin, and where it is."""

    vkey: str
    url: str | None = None

    @property
    def origin(self) -> str:
        """The ledger's name in its checkpoints."""
        return name_of(self.vkey)


@dataclass(frozen=True, slots=True)
class Witness:
    """Who cosigns: the name it has in this file, its verifier key, and the prefix of what it is sent."""

    name: str
    vkey: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Some witnesses or groups, and how many of them suffice."""

    name: str
    least: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the file says. `quorum` is the name of a witness or a group, or `none`."""

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a file. Raises `InputRejected` (`ledger.policy`) that names the line."""
        if len(text) > _POLICY_MOST:
            _refuse(0, "it is too long")
        reading = _Reading()
        for number, line in enumerate(text.split("\n"), start=1):
            reading.take(number, line)
        if reading.quorum is None:
            _refuse(0, "it has no line that says what suffices: quorum NAME")
        return cls(tuple(reading.logs), tuple(reading.witnesses), tuple(reading.groups), reading.quorum)

    def text(self) -> str:
        """Return the file."""
        lines = [f"log {log.vkey} {log.url or ''}" for log in self.logs]
        lines += [f"witness {one.name} {one.vkey} {one.url or ''}" for one in self.witnesses]
        lines += [f"group {one.name} {one.least} {' '.join(one.members)}" for one in self.groups]
        return "".join(f"{line.rstrip()}\n" for line in [*lines, f"quorum {self.quorum}"])

    def suffices(self, cosigned: Set[str]) -> bool:
        """Say whether the cosignatures of these witnesses, by their names in this file, are enough."""
        if self.quorum == NONE:
            return True
        agree = set(cosigned) & {witness.name for witness in self.witnesses}
        for group in self.groups:  # each after its members
            if len(agree.intersection(group.members)) >= group.least:
                agree.add(group.name)
        return self.quorum in agree


def name_of(vkey: str) -> str:
    """Return the name in a verifier key."""
    return vkey.partition("+")[0]


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    logs: list[Log] = field(default_factory=list)
    witnesses: list[Witness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quorum: str | None = None
    _keys: set[tuple[str, bytes]] = field(default_factory=set)
    _names: set[str] = field(default_factory=lambda: {NONE})
    _grouped: set[str] = field(default_factory=set)

    def take(self, number: int, line: str) -> None:
        if any(char != "\t" and (char < " " or char == "\x7f") for char in line):
            _refuse(number, "it has characters that no policy has")
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if not words or words[0].startswith("#"):
            return
        reads: Mapping[str, Callable[[int, Sequence[str]], None]] = {
            "log": self._log, "witness": self._witness, "group": self._group, "quorum": self._quorum
        }  # fmt: skip
        read = reads.get(words[0])
        if read is None:
            _refuse(number, "a line begins with log, witness, group or quorum")
        read(number, words[1:])

    def _log(self, number: int, words: Sequence[str]) -> None:
        vkey, url = self._key("log", number, words)
        self.logs.append(Log(vkey, url))

    def _witness(self, number: int, words: Sequence[str]) -> None:
        name = self._defined(number, words)
        vkey, url = self._key("witness", number, words[1:])
        self.witnesses.append(Witness(name, vkey, url))

    def _group(self, number: int, words: Sequence[str]) -> None:
        name, members = self._defined(number, words), tuple(words[2:])
        known = self._names - {name, NONE}
        if not members or len(set(members)) < len(members) or not set(members) <= known - self._grouped:
            _refuse(number, "the members of a group are defined before it, each a member once")
        shares = {"any": "1", "all": str(len(members))}
        least = shares.get(words[1], words[1])
        if not least.isascii() or not least.isdecimal() or not 1 <= int(least) <= len(members):
            _refuse(number, "of a group there suffice any, all, or a number of its members")
        self._grouped.update(members)
        self.groups.append(Group(name, int(least), members))

    def _quorum(self, number: int, words: Sequence[str]) -> None:
        if self.quorum is not None or len(words) != 1 or words[0] not in self._names:
            _refuse(number, "one quorum is named, which is defined before it")
        self.quorum = words[0]

    def _defined(self, number: int, words: Sequence[str]) -> str:
        if not words or words[0] in self._names:
            _refuse(number, "each name is defined once")
        self._names.add(words[0])
        return words[0]

    def _key(self, kind: str, number: int, words: Sequence[str]) -> tuple[str, str | None]:
        """Return key and address of a line, where the key is in the file for the first time."""
        if not 1 <= len(words) <= 2:  # noqa: PLR2004 - a key, and perhaps an address
            _refuse(number, "a key is followed by an address or by nothing")
        try:
            _name, _id, encoded = words[0].split("+", 2)
            key = (kind, base64.b64decode(encoded, validate=True)[1:])  # without the type of signature
        except (ValueError, binascii.Error):
            _refuse(number, "a key is written as name+id+key")
        if key in self._keys:
            _refuse(number, "each key stands in it once")
        self._keys.add(key)
        return words[0], words[1] if len(words) > 1 else None


def _refuse(number: int, wrong: str) -> NoReturn:
    where = f"Line {number} of the policy" if number else "The policy"
    raise InputRejected("ledger.policy", f"{where} cannot be read: {wrong}.")
