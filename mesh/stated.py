"""What an operator states of an agency or of areas, read and checked before anything is opened."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gateway.domain.agency import AgencyEnrolment
from gateway.domain.credential import SECTORS
from mesh.refusal import CommandRefused
from shared.sop.loader import load_sop

AREA_HEADINGS = ("code", "full_name", "province_code")


class AreaRow(NamedTuple):
    """One line of a file of areas; a province has no province above it."""

    code: str
    full_name: str
    province_code: str | None


def enrolment(
    agency_id: str,
    *,
    name: str,
    sectors: Sequence[str],
    areas: Sequence[str],
    services: Sequence[str],
    jwks_file: Path,
    base_url: str | None,
    hours: str | None = None,
    protected: bool = False,
) -> AgencyEnrolment:
    """Read what an operator states of an agency. Without `services` it gives all of its sectors."""
    return AgencyEnrolment(
        id=agency_id,
        name_vi=name,
        name_en=name,
        sectors=frozenset(check_sector(sector) for sector in sectors),
        areas=frozenset(areas),
        services=frozenset(services) or services_of(sectors),
        jwks=read_jwks(jwks_file),
        base_url=base_url.rstrip("/") if base_url else None,
        hours=hours,
        protected=protected,
    )


def check_sector(sector: str) -> str:
    """Return a known sector, or one of those outside the sectors who may send. Raises `CommandRefused` for another."""
    if sector not in SECTORS:
        raise CommandRefused(f"There is no such sector; the sectors are {', '.join(sorted(SECTORS))}.")
    return sector


def services_of(sectors: Sequence[str]) -> frozenset[str]:
    """Return the codes of all service types of these sectors."""
    return frozenset(service.code for service in load_sop().services.values() if service.sector in sectors)


def read_jwks(file: Path) -> dict[str, Any]:
    """Read a JWK Set. Raises `CommandRefused` when the file is none."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise CommandRefused(f"{file} is not a readable JSON file.") from fault
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise CommandRefused(f"{file} is no JWK Set: it has no list named keys.")
    return document


def read_areas(file: Path) -> Iterator[AreaRow]:
    """Read areas from CSV with the headings code, full_name and province_code. Raises `CommandRefused`."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            if tuple(rows.fieldnames or ()) != AREA_HEADINGS:
                raise CommandRefused(f"The first line of {file} must be: {','.join(AREA_HEADINGS)}")
            for row in rows:
                yield AreaRow(row["code"], row["full_name"], row["province_code"] or None)
    except OSError as fault:
        raise CommandRefused(f"{file} cannot be read.") from fault
