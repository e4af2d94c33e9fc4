"""The words of the pages in both languages.

English stands in the templates and in `N_("...")`; Vietnamese is in the `.po` files of each room's `locale/vi`. A
room may have several files: they are one catalogue when they are read. A test holds that every text has its
translation and every translation its text.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Final, Literal

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from shared.kernel.errors import MeshError

Language = Literal["vi", "en"]
LANGUAGES: Final[Mapping[Language, str]] = {"vi": "Tiếng Việt", "en": "English"}
#: For whoever has not said what they read.
FIRST: Final[Language] = "vi"

Words = Translations | NullTranslations


def N_(text: str) -> str:  # noqa: N802 - the customary name, by which texts are found
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


@cache
def words_of(language: Language, rooms: tuple[str, ...]) -> Words:
    """Return the words of some rooms in a language; a later room's word stands before an earlier one's."""
    if language == "en":
        return NullTranslations()
    whole = Catalog(locale=language)
    for room in rooms:
        for catalogue in catalogues(room, language):
            for message in catalogue:
                if message.id and message.string and not message.fuzzy:
                    whole.delete(message.id)  # a message that is there already would be kept as it is
                    whole[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, whole)
    compiled.seek(0)
    return Translations(compiled)


def catalogues(room: str, language: Language) -> Sequence[Catalog]:
    """Return the catalogues of one room, by file name."""
    folder = files(room).joinpath("locale", language)
    if not folder.is_dir():
        return []
    found = sorted((one for one in folder.iterdir() if one.name.endswith(".po")), key=lambda one: one.name)
    return [read_po(BytesIO(one.read_bytes()), locale=language) for one in found]


def said(error: MeshError, words: Words) -> str:
    """Return what an error says, in words of the catalogue, or its general sentence where it is not there."""
    told = words.gettext(error.message)
    if isinstance(words, Translations) and told == error.message:
        return words.gettext(N_("This could not be done. Show the code below to whoever looks after the system."))
    return told
