"""The five deployables: what each is called, how it is started and which sample agency it serves.

The sample agencies are invented for trying the mesh out; they are marked as sample data in the directory and
stand for no real office. Province 38 is Thanh Hoa.
"""

from dataclasses import dataclass
from typing import Final

SAMPLE_PROVINCE: Final = "38"


@dataclass(frozen=True, slots=True)
class Deployable:
    """One process of the mesh. `offset` is added to the port base."""

    name: str
    factory: str
    offset: int

    @property
    def host_name(self) -> str:
        """Return the name as host names are written: hyphens, no underscores."""
        return self.name.replace("_", "-")


@dataclass(frozen=True, slots=True)
class AgencyService(Deployable):
    """An agency service with the sample agency it stands for on first start."""

    sector: str
    agency_id: str
    name_vi: str
    name_en: str
    service_prefixes: tuple[str, ...]

    @property
    def partner_id(self) -> str:
        """Return the client id of the agency's own partner system."""
        return f"{self.agency_id}-partner"


GATEWAY: Final = Deployable("gateway", "gateway.main:create_app", 0)

AGENCIES: Final = (
    AgencyService(
        "police", "services.police.main:create_app", 1, "police", "police-thanh-hoa",
        "Công an tỉnh Thanh Hóa (dữ liệu mẫu)", "Thanh Hoa Provincial Police (sample data)", ("POL", "COO"),
    ),
    AgencyService(
        "health", "services.health.main:create_app", 2, "health", "health-thanh-hoa",
        "Bệnh viện Thanh Hóa (dữ liệu mẫu)", "Thanh Hoa Hospital (sample data)", ("HEA", "COO"),
    ),
    AgencyService(
        "legal_aid", "services.legal_aid.main:create_app", 3, "legal_aid", "legal-aid-thanh-hoa",
        "Trung tâm Trợ giúp pháp lý nhà nước Thanh Hóa (dữ liệu mẫu)",
        "Thanh Hoa State Legal Aid Centre (sample data)", ("LEG", "COO"),
    ),
    AgencyService(
        "social", "services.social.main:create_app", 4, "social", "social-thanh-hoa",
        "Trung tâm Công tác xã hội Thanh Hóa (dữ liệu mẫu)", "Thanh Hoa Social Work Centre (sample data)",
        ("SOC", "COO"),
    ),
)  # fmt: skip

DEPLOYABLES: Final[tuple[Deployable, ...]] = (GATEWAY, *AGENCIES)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where each deployable answers: on ports of this machine, or by a pattern such as `http://{name}:8000`."""

    port_base: int = 8000
    pattern: str = "http://127.0.0.1:{port}"

    def port(self, deployable: Deployable) -> int:
        """Return the port of `deployable`."""
        return self.port_base + deployable.offset

    def url(self, deployable: Deployable) -> str:
        """Return the address of `deployable`, without a slash at its end."""
        return self.pattern.format(port=self.port(deployable), name=deployable.host_name)


def deployable_named(name: str) -> Deployable | None:
    """Return the deployable called `name`, with underscore or hyphen, or None."""
    wanted = name.replace("-", "_")
    return next((deployable for deployable in DEPLOYABLES if deployable.name == wanted), None)
