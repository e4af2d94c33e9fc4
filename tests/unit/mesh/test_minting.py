"""The secrets made before anything runs: each where it belongs, none twice, and nothing made anew."""

import stat
from pathlib import Path

import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner

from mesh.cli import app
from mesh.home import DATABASE_URL, PASSPHRASE, WEBHOOK_SECRET, Home
from mesh.minting import mint
from mesh.refusal import CommandRefused
from mesh.roster import AGENCIES, DEPLOYABLES, GATEWAY
from shared.seal.keys import AgencyKeys
from shared.transport.webhooks import is_webhook_secret
from tests.support.quick_keys import quick_key_files

__all__ = ["quick_key_files"]

pytestmark = pytest.mark.usefixtures("quick_key_files")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, quick_key_files: None) -> Home:
    home = Home(tmp_path_factory.mktemp("mesh"))
    mint(home, databases="{name}-database/mesh")
    return home


def test_every_service_gets_what_it_needs_to_start(home: Home) -> None:
    for deployable in DEPLOYABLES:
        AgencyKeys.load(home.key_file(deployable), home.secrets(deployable)[PASSPHRASE])
    assert all(is_webhook_secret(home.secrets(agency)[WEBHOOK_SECRET]) for agency in AGENCIES)


def test_a_service_works_under_an_account_that_owns_nothing(home: Home) -> None:
    for deployable in DEPLOYABLES:
        service = make_url(home.secrets(deployable)[DATABASE_URL])
        owner = make_url((home.root / "databases" / deployable.name / "owner_url").read_text().strip())
        assert (service.username, owner.username) == ("mesh_service", "mesh_owner")
        assert service.password != owner.password
        assert service.host == owner.host == f"{deployable.host_name}-database"


def test_no_two_passwords_are_alike(home: Home) -> None:
    passwords = [file.read_text() for file in home.root.glob("databases/*/*_password")]
    assert len(set(passwords)) == 3 * len(DEPLOYABLES)


def test_a_service_is_given_no_password_of_an_owner(home: Home) -> None:
    for deployable in DEPLOYABLES:
        owner = (home.root / "databases" / deployable.name / "owner_password").read_text().strip()
        assert not any(owner in file.read_text() for file in home.secret_files(deployable))


def test_the_gateway_alone_may_come_in_at_the_brokers(home: Home) -> None:
    password = home.secrets(GATEWAY)["MESH_BROKER_PASSWORD"]
    assert (home.root / "broker" / "accounts.conf").read_text().count(password) == 1
    assert not any("MESH_BROKER_PASSWORD" in home.secrets(agency) for agency in AGENCIES)


def test_what_a_database_waits_for_is_made_last(home: Home) -> None:
    for deployable in DEPLOYABLES:
        made = sorted((home.root / "databases" / deployable.name).iterdir(), key=lambda file: file.stat().st_mtime_ns)
        assert made[-1].name == "superuser_password"
        assert home.key_file(deployable).stat().st_mtime_ns >= made[-1].stat().st_mtime_ns


def test_what_was_made_once_stays_as_it_is(home: Home) -> None:
    before = {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}
    mint(home, databases="{name}-database/mesh")
    assert {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()} == before


def test_keys_whose_passphrase_was_not_mounted_are_kept(tmp_path: Path) -> None:
    home = Home(tmp_path)
    mint(home, databases="{name}-database/mesh")
    keys = home.key_file(GATEWAY).read_bytes()
    (home.secrets_folder(GATEWAY) / PASSPHRASE.lower()).unlink()
    with pytest.raises(CommandRefused, match="without its passphrase"):
        mint(home, databases="{name}-database/mesh")
    assert home.key_file(GATEWAY).read_bytes() == keys


def test_what_a_service_is_given_is_readable_by_its_account_alone(home: Home) -> None:
    files = [home.key_file(GATEWAY), *home.secret_files(GATEWAY)]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_database_is_brought_forward_by_an_address_that_stands_in_a_file(tmp_path: Path) -> None:
    address = tmp_path / "address"
    address.write_text(f"sqlite:///{tmp_path / 'gateway.db'}\n")
    arguments = ["migrate", "gateway", "--database", f"gateway=@{address}", "--home", str(tmp_path / "home")]
    outcome = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert outcome.exit_code == 0
    assert (tmp_path / "gateway.db").exists()
    assert "police" not in outcome.stdout


def test_a_file_that_is_not_there_is_told_without_a_trace() -> None:
    outcome = CliRunner().invoke(app, ["migrate", "gateway", "--database", "gateway=@nowhere"])
    assert isinstance(outcome.exception, CommandRefused)
    assert "nowhere" in str(outcome.exception)
