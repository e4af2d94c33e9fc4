"""What an operator may set for signing in, and what contradicts itself."""

from typing import Any

import pytest

from shared.kernel.errors import InternalFault
from shared.pages.settings import FrontSettings, SettingsRefused, registration_of
from shared.people.registration import is_safe_address

WHOLE = {"oidc_issuer": "https://id.example", "oidc_client_id": "mesh"}


def registered(address: str | None = "https://health.example", **settings: Any) -> Any:
    return registration_of(FrontSettings(**settings), address)


def test_without_a_provider_people_have_passwords_here() -> None:
    assert registered() is None


def test_a_provider_is_told_where_to_lead_people_back() -> None:
    assert registered(**WHOLE).redirect_uri == "https://health.example/sign-in/oidc/callback"


def test_a_client_without_a_secret_is_one_with_pkce_alone() -> None:
    assert registered(**WHOLE).client_secret is None


@pytest.mark.parametrize(
    ("address", "settings", "named"),
    [
        ("https://health.example", {"local_passwords": False}, "MESH_LOCAL_PASSWORDS"),
        ("https://health.example", {"oidc_issuer": "https://id.example"}, "MESH_OIDC_CLIENT_ID"),
        (None, WHOLE, "MESH_PAGES_URL"),
        ("https://health.example", {**WHOLE, "oidc_issuer": "http://id.example"}, "MESH_OIDC_ISSUER"),
    ],
)
def test_settings_that_contradict_one_another_keep_a_service_from_starting(
    address: str | None, settings: dict[str, Any], named: str
) -> None:
    with pytest.raises(InternalFault) as caught:
        registered(address, **settings)
    assert named in caught.value.message


@pytest.mark.parametrize("issuer", ["id.example", "ftp://id.example", "https://id.example?x=1", "https://id.example#x"])
def test_what_is_no_issuer_is_refused(issuer: str) -> None:
    with pytest.raises(SettingsRefused):
        FrontSettings(oidc_issuer=issuer)


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://id.example/token", True),
        ("http://127.0.0.1:8000/token", True),
        ("http://id.example/token", False),
        ("http://127.0.0.1.evil.example/", False),
        ("file:///etc/passwd", False),
        ("/token", False),
    ],
)
def test_secrets_travel_over_https_or_within_this_machine(address: str, safe: bool) -> None:
    assert is_safe_address(address) is safe
