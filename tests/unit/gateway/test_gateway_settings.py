"""What an operator sets in the environment, where everything is a text."""

import pytest

from gateway.settings import GatewaySettings
from shared.kernel.errors import InternalFault

GIVEN = {
    "MESH_DATABASE_URL": "sqlite:///gateway.db",
    "MESH_PUBLIC_URL": "http://gateway.test",
    "MESH_KEY_FILE": "gateway.key",
    "MESH_KEY_PASSPHRASE": "invented",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_number_of_servers_that_keep_a_message_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setenv("MESH_BROKER_REPLICAS", str(count))
    assert GatewaySettings().broker_replicas == count  # type: ignore[call-arg]  # the rest is in the environment


@pytest.mark.parametrize("count", ["2", "one", "-1", ""])
def test_any_other_number_of_servers_is_refused(monkeypatch: pytest.MonkeyPatch, count: str) -> None:
    monkeypatch.setenv("MESH_BROKER_REPLICAS", count)
    with pytest.raises(InternalFault, match=r"settings\.refused"):
        GatewaySettings()  # type: ignore[call-arg]  # the rest is in the environment
