"""When Python's collector of garbage looks: seldom, and never at what lives as long as the process.

What a message leaves behind is freed by counting references; only cycles wait for the collector. Left to itself it
goes through everything imported again and again while a process starts (a sixth of the start), and while it serves.
"""

import gc
from typing import Final

#: Objects made and not freed before the youngest are looked over, while a process starts: nearly all of them stay.
BETWEEN_LOOKS: Final = 50_000
#: The same while it serves: some messages' worth. With ten times as many a service held 5 to 13 MiB of cycles after
#: 3000 referrals, and used no less time.
BETWEEN_LOOKS_AT_WORK: Final = 5_000


def settle() -> None:
    """Call it once, when a process is put together: what is there by now is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(BETWEEN_LOOKS_AT_WORK)
