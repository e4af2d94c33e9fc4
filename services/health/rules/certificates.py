"""Her certificate: into her hands before it goes anywhere else, unless she wants it otherwise.

Derived from the fact sheet, section 6.4 HEA-04. Pure.
"""

from collections.abc import Iterable

HERS_FIRST = "health.certificate-hers-first"


def may_leave(certificates: Iterable[tuple[str | None, str | None]]) -> bool:
    """Say whether what is certified may be sent: each was given to her, or she chose that it is sent before.

    Each certificate is given as when she had it and when she chose so. Where none is on record, none was given to her.
    """
    known = list(certificates)
    return bool(known) and all(given is not None or chosen is not None for given, chosen in known)
