"""What an operator sets for the gateway, read once at start from `MESH_*` (see docs/reference)."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, StringConstraints
from pydantic_settings import NoDecode, SettingsConfigDict

from gateway.domain.retention import MONTHS_KEPT
from shared.kernel.identifiers import AGENCY_ID_PATTERN
from shared.pages.settings import WITH_COMMAS, FrontSettings, HttpAddress, LogLevel
from shared.transport.broker_settings import BrokerSettings

AgencyId = Annotated[str, StringConstraints(pattern=AGENCY_ID_PATTERN)]


def _number(given: object) -> object:
    """Read what an environment says in figures: a choice among numbers is not read from a text by itself."""
    return int(given) if isinstance(given, str) and given.isdecimal() else given


class GatewaySettings(FrontSettings, BrokerSettings):
    """The gateway's settings. Whatever is missing or malformed keeps it from starting."""

    model_config = SettingsConfigDict(env_prefix="MESH_", frozen=True, extra="ignore")

    database_url: str = Field(
        repr=False, description="Where its records are: sqlite:///FILE or postgresql+psycopg://..."
    )
    public_url: str = Field(pattern=r"^https?://\S+[^/]$", description="Its own address, also the issuer of tokens.")
    key_file: Path = Field(description="The key file it signs with, made by `python -m mesh`.")
    key_passphrase: SecretStr = Field(description="The passphrase of the key file.")
    ledger_policy: Path | None = Field(
        default=None,
        description="The ledger's policy (C2SP tlog-policy): whom it asks to cosign its heads, and who suffices.",
    )
    witness_seconds: float = Field(
        default=5, ge=0.1, le=3600, description="Seconds between two heads that witnesses are asked to cosign."
    )
    otlp_endpoint: HttpAddress | None = Field(default=None, description="Where traces are sent (OTLP over HTTP).")
    log_level: LogLevel = Field(default="INFO", description="The least serious log line that is written.")
    rate_per_second: float = Field(default=2000, gt=0, description="Calls per second each client may make.")
    rate_burst: int = Field(default=8000, gt=0, description="Calls a client may make at once after a rest.")
    drain_seconds: float = Field(
        default=0,
        ge=0,
        le=300,
        description="Seconds it still serves after SIGTERM, while /readyz is red: two looks of a balancer.",
    )
    clock_tolerance: float = Field(
        default=60, gt=0, description="Seconds its clock may differ from its database server's before it is not ready."
    )
    retention_months: int = Field(
        default=MONTHS_KEPT,
        ge=1,
        le=1200,
        description="Months after which it forgets a chain that is over, and a consent that has ended.",
    )
    delivery_enabled: bool = Field(default=True, description="Whether this process pushes deliveries.")
    clocks_enabled: bool = Field(default=True, description="Whether this process fires the clocks of referrals.")

    broker_replicas: Annotated[Literal[1, 3, 5], BeforeValidator(_number)] = Field(
        default=3, description="On how many servers the broker keeps a message; 1 is for a single one in development."
    )
    broker_direct: Annotated[frozenset[AgencyId], NoDecode, WITH_COMMAS] = Field(
        default=frozenset(),
        description="Agencies that take their deliveries from the broker themselves: ids, with commas.",
    )

    @property
    def ledger_origin(self) -> str:
        """The ledger's name in its checkpoints (C2SP tlog-checkpoint): the public address without its scheme."""
        return self.public_url.partition("://")[2].replace(":", "-")
