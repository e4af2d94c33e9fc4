"""What an operator sets for the side of a deployable that people see; every deployable with pages has these.

Any setting may stand in a file instead of the environment, which others on the machine can read: one file for each in
the folder that `MESH_SECRETS_DIR` names, called as the variable in small letters, as platforms mount their secrets.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

from shared.kernel.errors import InternalFault
from shared.pages.paths import VOUCHED
from shared.people.registration import Registration, is_safe_address

SECRETS_DIR: Final = "MESH_SECRETS_DIR"

_ADDRESS: Final = r"^https?://[^\s?#]*[^\s?#/]$"


class SettingsRefused(InternalFault):
    """The settings are incomplete or malformed; the message lists all of them and what each is."""


def _http_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("write an http or https address")
    return value.rstrip("/")


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _split(value: object) -> object:
    return [one.strip() for one in value.split(",") if one.strip()] if isinstance(value, str) else value


#: A setting with several values, which stand in one variable with commas; it goes with `NoDecode`.
WITH_COMMAS: Final = BeforeValidator(_split)
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)]
HttpAddress = Annotated[str, AfterValidator(_http_address)]


class FrontSettings(BaseSettings):
    """Settings of pages and of signing in (environment, prefix `MESH_`)."""

    model_config = SettingsConfigDict(env_prefix="MESH_", frozen=True, extra="ignore", hide_input_in_errors=True)

    secrets_dir: Path | None = Field(
        default=None,
        description="Folder with a file for each setting that is not a variable, such as `mesh_key_passphrase`.",
    )
    pages_url: str | None = Field(
        default=None,
        pattern=_ADDRESS,
        description="Where browsers find its pages; without one, at its public address. With https cookies are Secure.",
    )
    neutral_page: str = Field(
        default="/calendar", pattern=r"^(/|https://)\S*$", description="Where leaving at once leads, for people."
    )
    oidc_issuer: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description="The identity provider (OpenID Connect) people may sign in with, as it names itself; https.",
    )
    oidc_client_id: str | None = Field(default=None, description="The name it knows this deployable by.")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="The secret it gave this deployable; none for a client with PKCE alone."
    )
    local_passwords: bool = Field(
        default=True, description="Whether people may sign in with a password kept here; false needs a provider."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment first, then the folder of secrets. Raises `InternalFault` where that is not there."""
        folder = os.environ.get(SECRETS_DIR)
        if not folder:
            return init_settings, env_settings
        if not Path(folder).is_dir():
            raise _refused(f"{SECRETS_DIR}: set it to a folder, or leave it out")
        return init_settings, env_settings, SecretsSettingsSource(settings_cls, secrets_dir=folder)

    @model_validator(mode="wrap")
    @classmethod
    def _say_what_is_wrong(cls, given: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        """Raise `SettingsRefused` that names every setting that is missing or malformed, and no value."""
        try:
            return read(given)
        except ValidationError as fault:
            errors = fault.errors(include_input=False, include_url=False, include_context=False)
            lines = [cls._line(str(error["loc"][0]), error["msg"]) for error in errors if error["loc"]]
            raise SettingsRefused("settings.refused", f"Cannot start. {' '.join(sorted(set(lines)))}") from None

    @classmethod
    def _line(cls, name: str, wrong: str) -> str:
        field = cls.model_fields.get(name)
        told = (field.description if field else None) or "See the configuration reference."
        return f"MESH_{name.upper()}: {wrong.removeprefix('Value error, ')}. {told}"


def registration_of(settings: FrontSettings, address: str | None) -> Registration | None:
    """Return how this deployable is known at its provider, if it has one.

    Raises `InternalFault` (`settings.refused`) where the settings contradict one another.
    """
    if settings.oidc_issuer is None:
        if not settings.local_passwords:
            raise _refused("MESH_LOCAL_PASSWORDS: set MESH_OIDC_ISSUER, or nobody can sign in")
        return None
    if not is_safe_address(settings.oidc_issuer):
        raise _refused("MESH_OIDC_ISSUER: set it to an https address")
    if not settings.oidc_client_id or address is None:
        raise _refused("MESH_OIDC_ISSUER: set MESH_OIDC_CLIENT_ID and MESH_PAGES_URL as well")
    secret = settings.oidc_client_secret
    return Registration(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=None if secret is None else secret.get_secret_value(),
        redirect_uri=address + VOUCHED,
    )


def _refused(told: str) -> InternalFault:
    return InternalFault("settings.refused", f"Cannot start. {told}")
