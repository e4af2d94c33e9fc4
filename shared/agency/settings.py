"""The settings of one agency service, read once from the environment, and a folder of secrets, when it starts.

Promises to name every missing or malformed setting at once, with how to mend it; refuses to start
otherwise. There are no defaults for secrets.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict

from shared.kernel.errors import InternalFault
from shared.kernel.identifiers import AGENCY_ID_PATTERN
from shared.pages.settings import FrontSettings
from shared.transport.webhooks import is_webhook_secret

_MEND: Final[Mapping[str, str]] = {
    "agency_id": "set it to the id this agency is enrolled under",
    "database_url": "set it to sqlite:///FILE or postgresql+psycopg://...",
    "gateway_url": "set it to the gateway's http or https address",
    "public_url": "set it to the address the gateway can reach, or leave it out to poll",
    "key_file": "set it to the file with this agency's keys",
    "key_passphrase": "set it to the passphrase of the key file",
    "webhook_secret": "set it to the whsec_ secret printed at enrolment",
    "otlp_endpoint": "set it to an OTLP/HTTP address, or leave it out",
    "neutral_page": "set it to a path of this service or an https address, or leave it out",
    "pages_url": "set it to the http or https address browsers find it at, or leave it out",
    "oidc_issuer": "set it to the https address of the identity provider, or leave it out",
    "local_passwords": "set it to true or false",
    "log_level": "set it to debug, info, warning or error",
}


class SettingsRefused(InternalFault):
    """The settings are incomplete or malformed; the message lists all of them and the fix for each."""


def _http_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("not an address")
    return value.rstrip("/")


def _webhook_secret(value: SecretStr) -> SecretStr:
    if not is_webhook_secret(value.get_secret_value()):
        raise ValueError("not a webhook secret")
    return value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)]
HttpAddress = Annotated[str, AfterValidator(_http_address)]


class AgencySettings(FrontSettings):
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
    otlp_endpoint: HttpAddress | None = Field(default=None, description="Where traces are sent (OTLP over HTTP).")
    clock_tolerance: float = Field(
        default=60,
        gt=0,
        description="Seconds its clock may differ from the gateway's or its database server's before it is not ready.",
    )
    log_level: LogLevel = Field(default="INFO", description="The least serious log line that is written.")

    @property
    def issuer(self) -> str:
        """Who signs this service's access tokens: its public address, or its name when it has none."""
        return self.public_url or f"urn:mesh:agency:{self.agency_id}"


def load_settings() -> AgencySettings:
    """Read the settings from the environment. Raises `SettingsRefused` listing every fault and its mend."""
    try:
        return AgencySettings()
    except ValidationError as fault:
        names = sorted({str(error["loc"][0]) for error in fault.errors(include_input=False, include_url=False)})
        lines = [f"MESH_{name.upper()}: {_MEND.get(name, 'see the configuration reference')}" for name in names]
        raise SettingsRefused("settings.refused", "Cannot start. " + "; ".join(lines)) from None
