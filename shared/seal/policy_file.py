"""The policy of a deployable as a file, which may come and change while it runs."""

from pathlib import Path
from typing import Final

from shared.kernel.errors import InputRejected
from shared.ledger.policy import Policy

_BYTES_MOST: Final = 262_144


class PolicyFile:
    """Reads the policy anew whenever it is asked for: it is short, and seldom needed."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @property
    def is_named(self) -> bool:
        """Say whether there is to be a policy at all."""
        return self._path is not None

    def read(self) -> Policy | None:
        """Return the policy; None where none is named, or the file is not there yet.

        Raises `InputRejected` (`ledger.policy`) for a file that is none.
        """
        if self._path is None:
            return None
        try:
            with self._path.open("rb") as file:
                return Policy.parse(file.read(_BYTES_MOST).decode("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as fault:
            raise InputRejected("ledger.policy", "The policy of the ledger cannot be read.") from fault
