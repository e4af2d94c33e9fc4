"""Words that no label of the procedure may use: they blame her, or name people by what was done to them (R-26).

Whatever people choose from is a code whose label stands in the procedure's data, so a word that is not there is not
offered to anybody. Derived from the fact sheet, sections 5 (R-26) and 9 (statute terms, person-first terms).
"""

import re
from typing import Final

#: Whole words, in Vietnamese and English, in any case.
BARRED: Final = re.compile(
    r"\b(đối tượng|gái mại dâm|khiêu khích|lỗi của (cô|chị|nạn nhân)|hám tiền|lẳng lơ"
    r"|provoked|provocation|alleged victim|so-called victim|prostitutes?|battered|promiscuous|her (own )?fault)\b",
    re.IGNORECASE,
)


def is_barred(text: str) -> bool:
    """Say whether a label uses a word that blames her (R-26)."""
    return BARRED.search(text) is not None
