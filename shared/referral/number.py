"""The short number of a referral, to be read over the telephone: nine characters, the last of them a check.

Derived from the referral's id alone, so both sides know the same number and nobody hands numbers out. It names a
referral, not a person, and opens nothing. Its nineteen characters are the ten digits and nine letters whose names
sound unlike each other in Vietnamese and in English (no D beside Đ, no B beside P, no N beside L and M, no S beside
X) and look like no digit (no O, I, L, Z, B, S, G). The check is that of ISBN-10 (ISO 2108:1992, annex) over a prime
alphabet: the weights 1 to 9 differ from each other and from 0 modulo 19, so every single wrong character, every
exchange of two characters and every pair that was doubled wrongly is found. Nineteen to the power of eight numbers
make it unlikely that two referrals of one agency share one; where two do, a search shows both.
"""

from typing import Final

from shared.kernel.encoding import sha256
from shared.kernel.errors import FieldFault, InputRejected

ALPHABET: Final = "0123456789AHKMPRTVX"
LENGTH: Final = 9

_GROUP: Final = 3
_PRIME: Final = len(ALPHABET)
_PAIRS: Final = tuple(first + second for second in ALPHABET for first in ALPHABET)
_BODIES: Final = _PRIME ** (LENGTH - 1)
_LAST_WEIGHT_INVERSE: Final = pow(LENGTH, -1, _PRIME)
_VALUES: Final = {character: value for value, character in enumerate(ALPHABET)}
#: The check character by the weighed sum of what stands before it.
_CHECKS: Final = tuple(ALPHABET[-weighed * _LAST_WEIGHT_INVERSE % _PRIME] for weighed in range(_PRIME))
#: For each place of two characters: all pairs, each with what it adds to the weighed sum there.
_WEIGHED_PAIRS: Final = tuple(
    tuple((pair, place * _VALUES[pair[0]] + (place + 1) * _VALUES[pair[1]]) for pair in _PAIRS)
    for place in range(1, LENGTH, 2)
)
_LOOK_ALIKES: Final = str.maketrans({"O": "0", "Q": "0", "I": "1", "L": "1", "Z": "2", "S": "5", "B": "8"})
_BETWEEN: Final = str.maketrans("", "", " \t\u00a0-\u2010\u2011\u2012\u2013\u2014._/")
#: More than anybody writes around nine characters.
_TEXT_MOST: Final = 40


def number_of(referral_id: str) -> str:
    """Return the number of a referral: the same text for the same id, everywhere and always."""
    rest = int.from_bytes(sha256(f"referral-number|{referral_id}".encode())) % _BODIES
    number, weight = "", 0
    for pairs in _WEIGHED_PAIRS:
        rest, at = divmod(rest, _PRIME**2)
        pair, weighed = pairs[at]
        number += pair
        weight += weighed
    return number + _CHECKS[weight % _PRIME]


def check_character(body: str) -> str:
    """Return the character that makes a number of the eight before it."""
    return _CHECKS[_weighed(body) % _PRIME]


def spoken(number: str) -> str:
    """Return a number in the groups in which it is written and read aloud, such as `K7M-4RX-2TP`."""
    return "-".join(number[start : start + _GROUP] for start in range(0, len(number), _GROUP))


def read_number(text: str) -> str:
    """Return the number somebody wrote down: case, blanks, hyphens and look-alikes do not matter.

    Raises `InputRejected` (`number.form`) where it has not nine letters and digits, and (`number.slip`) where one of
    them stands in no number, or the check does not hold.
    """
    number = text[:_TEXT_MOST].upper().translate(_BETWEEN).translate(_LOOK_ALIKES)
    if len(text) > _TEXT_MOST or len(number) != LENGTH or not (number.isascii() and number.isalnum()):
        raise _refused("number.form", "A referral number has nine letters and digits. Write them as you heard them.")
    if not set(number) <= _VALUES.keys() or _weighed(number) % _PRIME != 0:
        raise _refused("number.slip", "This number has a slip of the tongue in it. Have it read aloud once more.")
    return number


def _weighed(characters: str) -> int:
    return sum([weight * _VALUES[character] for weight, character in enumerate(characters, start=1)])


def _refused(code: str, message: str) -> InputRejected:
    return InputRejected(code, message, faults=(FieldFault("/number", code, message),))
