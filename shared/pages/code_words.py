"""The words for codes: what a value of an open or closed list is called on a page.

English is the code in plain words, or what stands here where that would not be understood; Vietnamese is in
`locale/vi/fields_codes.po`. Languages and countries are named by the Unicode CLDR (through Babel).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from babel import Locale

from shared.sop.loader import load_sop
from shared.sop.model import Name

_COUNTRY: Final = "^[A-Z]{2}$"
_LANGUAGE: Final = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$"
#: Languages spoken by many in Viet Nam and across its borders, and of most who are helped from abroad.
LANGUAGE_CODES: Final = ("vi", "hmn", "blt", "km", "jra", "rad", "bdq", "mtq", "lo", "zh", "th", "ko", "en", "ru")
#: Countries people are most often brought to, or come from; others are written by their code in the value.
_COUNTRIES: Final = ("VN", "LA", "KH", "CN", "TH", "MM", "MY", "TW", "KR", "JP", "PH", "SG", "ID", "RU", "GB", "US")
#: What CLDR has no Vietnamese or English name for.
_OTHERWISE: Final = {
    "hmn": Name("Tiếng H'Mông", "Hmong"),
    "blt": Name("Tiếng Thái (Tây Bắc)", "Tai Dam"),
    "jra": Name("Tiếng Gia Rai", "Jarai"),
    "rad": Name("Tiếng Ê Đê", "Rade"),
    "bdq": Name("Tiếng Ba Na", "Bahnar"),
    "mtq": Name("Tiếng Mường", "Muong"),
}
#: English where the code by itself does not say it. A key with a field before it is for that field only.
_ENGLISH: Final[Mapping[str, str]] = {
    "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday",
    "sun": "Sunday", "under_6": "Under 6 years", "6_11": "6 to 11 years", "12_15": "12 to 15 years",
    "16_17": "16 or 17 years", "adult": "18 years or more", "own": "Her own", "self": "Herself", "in_law": "In-law",
    "ex_spouse": "Former spouse", "lap": "LAP (lethality assessment)", "dash_ric": "DASH-RIC",
    "danger_assessment": "Danger Assessment", "decree_56_form_02": "Form 02 of Decree 56", "primero": "Primero",
    "gbvims": "GBVIMS", "htcds": "HTCDS", "R0": "R0 (lowest)", "R4": "R4 (highest)", "relay": "Through somebody",
    "place_type.transport": "On the way, in a vehicle", "acts.transport": "Transporting", "acts.transfer":
    "Transferring", "acts.receipt": "Receiving", "acts.recruitment": "Recruiting", "screen": "A screen in court",
    "none": "None", "housing.none": "Nowhere to live", "income.none": "No income", "education.none": "No schooling",
    "stage.none": "Not begun", "whose.work": "At her work", "remote": "Remote place", "visit_hazards.relatives":
    "His relatives nearby", "authority": "An authority", "court_prosecution": "Court or prosecution",
    "ngo": "A non-governmental organisation", "other_government": "Another public body", "suicide_screen.not_done":
    "Not asked", "not_done": "Not done", "red": "Red: at once", "yellow": "Yellow: soon", "green": "Green: can wait",
    "trafficker": "Trafficker", "text": "Text message", "place.agency": "At the agency", "place_type.work": "At work",
    "place.neutral": "A neutral place", "weapon_kinds.acid": "Acid", "kind.residence": "Confirmation of residence",
    "kind.marriage": "Marriage certificate", "kind.insurance": "Health insurance card",
    "eligibility_group.trafficking": "Trafficked person", "eligibility_group.child": "Child",
    "criminal_exposure.prostitution": "Administrative matter of sold sex", "criminal_exposure.drugs": "Drugs",
    "accused_16_17": "Accused, aged 16 or 17", "near_poor_accused": "Accused, of a near-poor household",
    "agent_orange": "Affected by Agent Orange", "victim_16_17": "Victim, aged 16 or 17", "hiv": "Living with HIV",
    "legal_aid_group.another": "Another group of the law",
    "purposes.sexual_exploitation": "Sexual exploitation", "weapon": "Weapon in the house", "any": "No preference",
}  # fmt: skip


def known_codes(schema: Mapping[str, Any]) -> Sequence[str]:
    """Return the codes to offer for a value that is a language or a country; else nothing."""
    if "examples" not in schema:
        return ()
    return {_COUNTRY: _COUNTRIES, _LANGUAGE: LANGUAGE_CODES}.get(str(schema.get("pattern")), ())


def code_word(field: str, code: str, schema: Mapping[str, Any]) -> Name | str:
    """Return what a code of a field is called: a name in both languages, or a text of the catalogue."""
    pattern, names = schema.get("pattern"), _names_for(schema)
    if code in names:
        return names[code]
    if pattern == _LANGUAGE:
        return language_name(code)
    if pattern == _COUNTRY:
        return Name(_cldr("territories", code, "vi"), _cldr("territories", code, "en"))
    return _ENGLISH.get(f"{field}.{code}") or _ENGLISH.get(code) or plain(code)


def language_name(code: str) -> Name:
    """Return what a language is called."""
    return _OTHERWISE.get(code) or Name(_cldr("languages", code, "vi"), _cldr("languages", code, "en"))


def _names_for(schema: Mapping[str, Any]) -> Mapping[str, Name]:
    """Return the procedure's own names for a closed list, where it has them."""
    values, sop = set(schema.get("enum", ())), load_sop()
    named: Sequence[Mapping[Any, Name]] = (
        sop.compartment_names,
        sop.sector_names,
        {urgency: level.name for urgency, level in sop.urgencies.items()},
    )
    return next(({str(code): name for code, name in one.items()} for one in named if values and values <= set(one)), {})


def plain(code: str) -> str:
    """Return a field's name or a code as words: `safe_hours` as "Safe hours"."""
    words = code.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:]


def _cldr(table: str, code: str, language: str) -> str:
    found = getattr(Locale(language), table).get(code, code)
    return str(found[:1].upper() + found[1:])
