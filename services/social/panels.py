"""What social services do in a case, as its pages offer it."""

from typing import Final

from shared.agency.pages.panels import SectorPanels

PANELS: Final = SectorPanels("services.social", ())
