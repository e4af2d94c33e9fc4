"""What others may see of a protected site (rule R-18): that it exists, its province, its services. Nothing nearer.

A protected site has one name for everybody but itself, and is known by provinces only: its communes are
neither shown nor asked about. Everything that shows an agency, or decides by where it is, goes through here.
"""

from gateway.domain.agency import Agency
from shared.sop.model import Name

#: Where a site is must not be guessed from its name.
PROTECTED_NAME = Name(vi="Cơ sở được bảo vệ", en="Protected site")

_PROVINCE_DIGITS = 2


def shown_name(agency: Agency, *, reader: str) -> Name:
    """Return the name under which `reader` knows an agency."""
    if is_masked(agency, reader=reader):
        return PROTECTED_NAME
    return Name(vi=agency.name_vi, en=agency.name_en)


def shown_areas(agency: Agency, *, reader: str) -> frozenset[str]:
    """Return where an agency serves, as `reader` may know it: of a protected site, provinces only."""
    if is_masked(agency, reader=reader):
        return frozenset(area for area in agency.areas if is_province(area))
    return agency.areas


def is_masked(agency: Agency, *, reader: str) -> bool:
    """Say whether `reader` may not see the agency as it is."""
    return agency.protected and reader != agency.id


def is_province(area: str) -> bool:
    """Say whether a code names a province, not a commune."""
    return len(area) == _PROVINCE_DIGITS
