"""How a deployable reaches the message broker: settings (environment, prefix `MESH_`), and what is made of them.

Without `MESH_BROKER` there is none, and everything works as it does without: this room changes nothing then.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.kernel.errors import InternalFault

_SERVERS: Final = r"^(nats|tls)://[^\s,]+(,(nats|tls)://[^\s,]+)*$"


class BrokerSettings(BaseSettings):
    """Settings of the connection to the broker."""

    model_config = SettingsConfigDict(env_prefix="MESH_", frozen=True, extra="ignore", hide_input_in_errors=True)

    broker: str | None = Field(
        default=None,
        pattern=_SERVERS,
        description="Servers of the message broker, with commas: nats://one:4222,nats://two:4222. None: no broker.",
    )
    broker_domain: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="The broker's JetStream domain; needed behind a leaf node, where it tells whose streams are meant.",
    )
    broker_user: str | None = Field(default=None, description="The name the broker knows this deployable by.")
    broker_password: SecretStr | None = Field(default=None, description="The password of that account at the broker.")
    broker_ca: Path | None = Field(
        default=None, description="Certificates that sign the broker's own; with them only TLS is spoken."
    )
    broker_certificate: Path | None = Field(default=None, description="Its certificate, where the broker asks for one.")
    broker_key: Path | None = Field(default=None, description="The key of that certificate.")


@dataclass(frozen=True, slots=True, repr=False)
class BrokerAccess:
    """Where the broker is, and who asks."""

    servers: tuple[str, ...]
    domain: str | None = None
    user: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None


def broker_access(settings: BrokerSettings) -> BrokerAccess | None:
    """Return how to reach the broker; None where none is set.

    Raises `InternalFault` (`settings.refused`) for certificates that cannot be read.
    """
    if settings.broker is None:
        return None
    password = settings.broker_password
    return BrokerAccess(
        servers=tuple(settings.broker.split(",")),
        domain=settings.broker_domain,
        user=settings.broker_user,
        password=None if password is None else password.get_secret_value(),
        tls=_tls(settings),
    )


def _tls(settings: BrokerSettings) -> ssl.SSLContext | None:
    if settings.broker_ca is None:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.broker_ca)
        if settings.broker_certificate is not None:
            context.load_cert_chain(settings.broker_certificate, settings.broker_key)
    except OSError as fault:
        told = "MESH_BROKER_CA, MESH_BROKER_CERTIFICATE, MESH_BROKER_KEY: name readable PEM files that belong together"
        raise InternalFault("settings.refused", f"Cannot start. {told}") from fault
    return context
