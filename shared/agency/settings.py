"""The settings of one agency service, read once from the environment, and a folder of secrets, when it starts.

Promises to name every missing or malformed setting at once, with how to mend it; refuses to start
otherwise. There are no defaults for secrets.
"""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, IPvAnyNetwork, SecretStr
from pydantic_settings import NoDecode, SettingsConfigDict

from shared.kernel.identifiers import AGENCY_ID_PATTERN
from shared.pages.settings import WITH_COMMAS, FrontSettings, HttpAddress, LogLevel
from shared.transport.broker_settings import BrokerSettings
from shared.transport.webhooks import is_webhook_secret


def _webhook_secret(value: SecretStr) -> SecretStr:
    if not is_webhook_secret(value.get_secret_value()):
        raise ValueError("write the secret as it was printed")
    return value


class AgencySettings(FrontSettings, BrokerSettings):
    """Everything an agency service is told from outside (prefix `MESH_`)."""

    model_config = SettingsConfigDict(env_prefix="MESH_", frozen=True, extra="ignore", hide_input_in_errors=True)

    agency_id: str = Field(pattern=AGENCY_ID_PATTERN, description="The id this agency is enrolled under.")
    database_url: SecretStr = Field(description="Where its records are: sqlite:///FILE or postgresql+psycopg://...")
    gateway_url: HttpAddress = Field(description="The gateway's address.")
    public_url: HttpAddress | None = Field(
        default=None, description="Its own address, where the gateway delivers; without one it polls its inbox."
    )
    key_file: Path = Field(description="The key file with this agency's keys, made by `python -m mesh`.")
    key_passphrase: SecretStr = Field(description="The passphrase of the key file.")
    webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] = Field(
        description="The whsec_ secret printed at enrolment; it authenticates deliveries."
    )
    webhook_networks: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, WITH_COMMAS] = Field(
        default=(),
        description="Where webhooks may be, besides public addresses with https: networks, with commas (10.20.1.0/24).",
    )
    ledger_policy: Path | None = Field(
        default=None,
        description="The ledger's policy (C2SP tlog-policy): where a line of `witness` has its key, it cosigns.",
    )
    otlp_endpoint: HttpAddress | None = Field(default=None, description="Where traces are sent (OTLP over HTTP).")
    clock_tolerance: float = Field(
        default=60,
        gt=0,
        description="Seconds its clock may differ from the gateway's or its database server's before it is not ready.",
    )
    notifications_kept_days: float = Field(
        default=7, gt=0, description="Days for which it keeps what partner systems were told, once that is over."
    )
    log_level: LogLevel = Field(default="INFO", description="The least serious log line that is written.")

    @property
    def issuer(self) -> str:
        """Who signs this service's access tokens: its public address, or its name when it has none."""
        return self.public_url or f"urn:mesh:agency:{self.agency_id}"


def load_settings() -> AgencySettings:
    """Read the settings from the environment. Raises `SettingsRefused` listing every fault and its mend."""
    return AgencySettings()
