"""Values that are made for every message: as closed to change as frozen dataclasses, and quicker to make.

A frozen dataclass sets each of its fields through a call that gets round its own guard; a message on its way through
the gateway sets a hundred. These have no guard while the program runs: the type checker is the guard, and nothing is
merged that it refuses. What is made seldom stays a frozen dataclass.
"""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

_Class = TypeVar("_Class")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[_Class]) -> type[_Class]:
    """Make a dataclass with slots, compared and hashed by its fields, which nobody may set again."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
