"""A service that is told too little, or something odd, says everything that is wrong and does not start."""

from ipaddress import ip_network
from pathlib import Path

import pytest

from shared.agency.settings import AgencySettings, load_settings
from shared.kernel.errors import InternalFault
from shared.pages.settings import SettingsRefused
from shared.transport.webhooks import new_webhook_secret

GOOD = {
    "MESH_AGENCY_ID": "health-thanh-hoa",
    "MESH_DATABASE_URL": "sqlite:///health.db",
    "MESH_GATEWAY_URL": "http://gateway.test/",
    "MESH_PUBLIC_URL": "http://health.test",
    "MESH_KEY_FILE": "health.keys",
    "MESH_KEY_PASSPHRASE": "words",
    "MESH_WEBHOOK_SECRET": new_webhook_secret(),
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_good_settings_are_read(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MESH_LOG_LEVEL", "warning")
    settings = load_settings()
    assert (settings.agency_id, settings.gateway_url) == ("health-thanh-hoa", "http://gateway.test")
    assert settings.issuer == "http://health.test"
    assert settings.log_level == "WARNING"


def test_without_a_public_address_the_service_names_itself(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("MESH_PUBLIC_URL")
    assert load_settings().issuer == "urn:mesh:agency:health-thanh-hoa"


def test_networks_are_read_from_one_variable_and_there_are_none_where_nothing_is_said(
    environment: pytest.MonkeyPatch,
) -> None:
    assert load_settings().webhook_networks == ()
    environment.setenv("MESH_WEBHOOK_NETWORKS", "10.20.1.0/24, fd12::/16")
    assert load_settings().webhook_networks == (ip_network("10.20.1.0/24"), ip_network("fd12::/16"))


def test_every_fault_is_named_at_once_with_its_mend(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("MESH_KEY_FILE")
    environment.setenv("MESH_GATEWAY_URL", "gateway")
    environment.setenv("MESH_WEBHOOK_SECRET", "guess")
    with pytest.raises(SettingsRefused) as refused:
        load_settings()
    for name in ("MESH_KEY_FILE", "MESH_GATEWAY_URL", "MESH_WEBHOOK_SECRET"):
        assert f"{name}: " in refused.value.message
    assert "The key file with this agency's keys" in refused.value.message


def test_a_setting_in_a_file_is_read_and_a_variable_wins_over_it(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.delenv("MESH_KEY_PASSPHRASE")
    environment.setenv("MESH_SECRETS_DIR", str(tmp_path))
    (tmp_path / "mesh_key_passphrase").write_text("words of a file\n")
    (tmp_path / "mesh_agency_id").write_text("police-thanh-hoa")
    settings = load_settings()
    assert settings.key_passphrase.get_secret_value() == "words of a file"
    assert settings.agency_id == "health-thanh-hoa"


def test_a_folder_of_secrets_that_is_not_there_is_named(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("MESH_SECRETS_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(InternalFault) as refused:
        load_settings()
    assert "MESH_SECRETS_DIR: set it to a folder" in refused.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MESH_AGENCY_ID", "Not An Id"),
        ("MESH_PUBLIC_URL", "ftp://health.test"),
        ("MESH_PUBLIC_URL", "http://health.test/?x=1"),
        ("MESH_OTLP_ENDPOINT", "nowhere"),
        ("MESH_LOG_LEVEL", "loud"),
        ("MESH_WEBHOOK_NETWORKS", "10.20.1.0/24,his.test"),
    ],
)
def test_a_malformed_setting_keeps_it_from_starting(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv(name, value)
    with pytest.raises(SettingsRefused, match=r"settings\.refused"):
        load_settings()


def test_no_message_and_no_text_form_shows_a_secret(environment: pytest.MonkeyPatch) -> None:
    assert GOOD["MESH_WEBHOOK_SECRET"] not in repr(load_settings())
    environment.setenv("MESH_WEBHOOK_SECRET", "a-secret-that-is-malformed")
    with pytest.raises(SettingsRefused) as refused:
        load_settings()
    assert "a-secret-that" not in refused.value.message


def test_settings_cannot_be_changed(environment: pytest.MonkeyPatch) -> None:
    assert environment is not None
    assert AgencySettings.model_config["frozen"] is True
