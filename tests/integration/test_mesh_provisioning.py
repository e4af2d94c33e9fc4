"""The first start of a mesh, the later ones, and what an operator does to its directory."""

import asyncio
import json
import shutil
import stat
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.domain.agency import Agency
from mesh.cli import app
from mesh.home import PASSPHRASE, WEBHOOK_SECRET, Home
from mesh.keys import ensure_keys
from mesh.operation import directory
from mesh.provisioning import provision
from mesh.refusal import CommandRefused
from mesh.roster import AGENCIES, DEPLOYABLES, GATEWAY, Addresses
from shared.kernel.errors import InputRejected, NotAuthenticated
from shared.ledger.policy import Policy
from shared.people.doorway import TRIES
from shared.people.records import Account
from shared.seal.keys import AgencyKeys, SigningKey
from tests.support.people import Entry, entry
from tests.support.quick_keys import quick_key_files, quick_passwords

__all__ = ["quick_key_files", "quick_passwords"]


@pytest.fixture(scope="module")
def started_once(tmp_path_factory: pytest.TempPathFactory, quick_key_files: None, quick_passwords: None) -> Path:
    folder = tmp_path_factory.mktemp("mesh") / "home"
    provision(Home(folder), Addresses())
    return folder


@pytest.fixture
def home(started_once: Path, tmp_path: Path) -> Home:
    return Home(shutil.copytree(started_once, tmp_path / "home"))


def credentials(home: Home) -> Mapping[str, Any]:
    known = home.credentials()
    assert known is not None
    return known


def agencies(home: Home) -> dict[str, Agency]:
    with directory(home) as gateway:
        return {agency.id: agency for agency in gateway.list()}


def test_first_start_enrols_one_sample_agency_per_sector(home: Home) -> None:
    found = agencies(home)
    assert set(found) == {agency.agency_id for agency in AGENCIES}
    assert all(agency.sample and agency.is_active and agency.areas == {"38"} for agency in found.values())
    assert len(frozenset[str]().union(*(agency.services for agency in found.values()))) == 42
    assert all("COO-01" in agency.services for agency in found.values())


def test_credentials_have_exactly_the_form_of_the_contract(home: Home) -> None:
    known = credentials(home)
    assert stat.S_IMODE(home.credentials_file.stat().st_mode) == 0o600
    assert set(known) == {"gateway", "agencies", "oversight", "logins"}
    assert known["gateway"] == "http://127.0.0.1:8000"
    assert {frozenset(agency) for agency in known["agencies"].values()} == {
        frozenset({"sector", "url", "client_id", "client_secret"})
    }
    assert set(known["oversight"]) == {"client_id", "private_jwk"}
    SigningKey.from_private_jwk(known["oversight"]["private_jwk"])


def test_every_deployable_has_keys_and_a_passphrase_of_its_own(home: Home) -> None:
    passphrases = {home.secrets(deployable)[PASSPHRASE] for deployable in DEPLOYABLES}
    assert len(passphrases) == len(DEPLOYABLES)
    for deployable in DEPLOYABLES:
        AgencyKeys.load(home.key_file(deployable), home.secrets(deployable)[PASSPHRASE])


def test_directory_publishes_no_private_key(home: Home) -> None:
    for agency in agencies(home).values():
        assert not any("d" in key for key in agency.jwks["keys"])


def test_later_start_changes_nothing(home: Home) -> None:
    before = {
        path: path.read_bytes()
        for path in home.root.rglob("*")
        if path.suffix == ".json" or path.parent.name == "secrets"
    }
    revisions = {agency.id: agency.revision for agency in agencies(home).values()}
    provision(home, Addresses())
    assert {path: path.read_bytes() for path in before} == before
    assert {agency.id: agency.revision for agency in agencies(home).values()} == revisions


def test_interrupted_first_start_is_finished_by_the_next(home: Home) -> None:
    home.credentials_file.unlink()
    (home.secrets_folder(AGENCIES[0]) / WEBHOOK_SECRET.lower()).unlink()
    home.key_file(AGENCIES[0]).unlink()
    shutil.rmtree(home.secrets_folder(AGENCIES[1]))
    home.key_file(AGENCIES[1]).unlink()
    provision(home, Addresses())
    assert WEBHOOK_SECRET in home.secrets(AGENCIES[0])
    published = agencies(home)[AGENCIES[0].agency_id].jwks
    kept = AgencyKeys.load(home.key_file(AGENCIES[0]), home.secrets(AGENCIES[0])[PASSPHRASE])
    assert published == kept.public_jwks()
    assert set(credentials(home)["agencies"]) == set(agencies(home))


def test_keys_without_their_passphrase_are_never_replaced(home: Home) -> None:
    passphrase = home.secrets_folder(AGENCIES[0]) / PASSPHRASE.lower()
    aside, keys = passphrase.rename(home.root / "aside"), home.key_file(AGENCIES[0]).read_bytes()
    with pytest.raises(CommandRefused, match=f"put {passphrase} back"):
        provision(home, Addresses())
    assert home.key_file(AGENCIES[0]).read_bytes() == keys
    aside.rename(passphrase)
    provision(home, Addresses())
    assert home.key_file(AGENCIES[0]).read_bytes() == keys


def test_a_passphrase_stays_where_its_keys_are_missing(home: Home) -> None:
    """They may be on their way back from a backup."""
    passphrase, aside = home.secrets(GATEWAY)[PASSPHRASE], home.key_file(GATEWAY).rename(home.root / "aside")
    ensure_keys(home, GATEWAY)
    assert home.secrets(GATEWAY)[PASSPHRASE] == passphrase
    AgencyKeys.load(aside, passphrase)


def test_keys_that_others_made_meanwhile_are_not_written_over(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = home.key_file(GATEWAY).read_bytes()
    monkeypatch.setattr("mesh.keys.keys_of", lambda *_: None)
    with pytest.raises(InputRejected) as refusal:
        ensure_keys(home, GATEWAY)
    assert refusal.value.code == "keys.unwritable"
    assert home.key_file(GATEWAY).read_bytes() == keys


def test_other_ports_are_stated_anew(home: Home) -> None:
    provision(home, Addresses(9000))
    assert agencies(home)["police-thanh-hoa"].base_url == "http://127.0.0.1:9001"
    assert credentials(home)["agencies"]["police-thanh-hoa"]["url"] == "http://127.0.0.1:9001"


UNIVERSITY = "witness university witness.university.test+1b2c3d4e+BAK9Gz== http://127.0.0.1:8001\n"


def test_an_operators_policy_outlives_every_start(home: Home) -> None:
    made = home.policy_files()[0].read_text()
    lines = made.replace("group agencies 3", "# Also they.\n" + UNIVERSITY + "group agencies 4").splitlines(
        keepends=True
    )
    own = "".join(lines[:-1]) + "group all 2 agencies university\nquorum all"
    for file in home.policy_files():
        file.write_text(own)
    provision(home, Addresses())
    assert {file.read_text() for file in home.policy_files()} == {own}
    Policy.parse(own)


def test_an_operators_policy_finds_the_ledger_and_its_witnesses_at_other_ports(home: Home, tmp_path: Path) -> None:
    """Everything of this mesh moves, its names as well; a public address and another's stay as they were written."""
    public = "https://police.example/witness"
    for file in home.policy_files():
        file.write_text(UNIVERSITY + file.read_text().replace("http://127.0.0.1:8001/witness", public))
    provision(home, Addresses(8001))
    elsewhere = Home(shutil.copytree(home.root, tmp_path / "elsewhere"))
    for file in elsewhere.policy_files():
        file.unlink()
    provision(elsewhere, Addresses(8001))
    (stated,) = {file.read_text() for file in elsewhere.policy_files()}
    expected = UNIVERSITY + stated.replace("http://127.0.0.1:8002/witness", public)
    assert {file.read_text() for file in home.policy_files()} == {expected}


def test_a_policy_that_is_missing_says_what_the_others_say(home: Home) -> None:
    first, *others = home.policy_files()
    for file in others:
        file.write_text("quorum none\n")
    first.unlink()
    provision(home, Addresses())
    assert first.read_text() == "quorum none\n"


def test_disabled_agency_is_not_let_in_again_by_a_start(home: Home) -> None:
    run("agencies", "disable", "police-thanh-hoa", home=home)
    provision(home, Addresses(9000))
    assert not agencies(home)["police-thanh-hoa"].is_active


def test_enrolling_prints_the_webhook_secret_once_as_json(home: Home, tmp_path: Path) -> None:
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps(AgencyKeys.generate().public_jwks()))
    options = ("--id", "peace-house", "--name", "Ngôi nhà Bình yên", "--sector", "social", "--area", "38")
    answer = json.loads(run("agencies", "enroll", *options, "--jwks", str(jwks), home=home))
    assert answer["id"] == "peace-house"
    assert answer["webhook_secret"].startswith("whsec_")
    enrolled = agencies(home)["peace-house"]
    assert (enrolled.base_url, enrolled.sample) == (None, False)
    listed = [json.loads(line) for line in run("agencies", "list", home=home).splitlines()]
    assert {"peace-house", "police-thanh-hoa"} <= {line["id"] for line in listed}
    assert "whsec_" not in json.dumps(listed)


def test_shelter_is_enrolled_as_a_protected_site_with_its_hours(home: Home, tmp_path: Path) -> None:
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps(AgencyKeys.generate().public_jwks()))
    options = ("--id", "site-7", "--name", "Nhà tạm lánh", "--sector", "social", "--area", "38", "--jwks", str(jwks))
    run("agencies", "enroll", *options, "--protected", "--hours", "24/7", home=home)
    enrolled = agencies(home)["site-7"]
    assert (enrolled.protected, enrolled.hours) == (True, "24/7")


def test_communes_are_imported_from_csv(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "areas.csv"
    file.write_text("code,full_name,province_code\n38,Tỉnh Thanh Hóa,\n14758,Phường Hạc Thành,38\n", encoding="utf-8")
    assert "1 communes" in run("areas", "import", str(file), home=home)


def test_a_kid_that_begins_with_a_dash_is_a_kid(home: Home) -> None:
    outcome = CliRunner().invoke(app, ["keys", "drop", "police", f"-{'e' * 42}", "--home", str(home.root)])
    assert (outcome.exit_code, str(outcome.exception)) == (1, "No older key of this deployable has this kid.")


def run(*arguments: str, home: Home) -> str:
    outcome = CliRunner().invoke(app, [*arguments, "--home", str(home.root)], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def users(home: Home, *words: str) -> list[dict[str, Any]]:
    outcome = CliRunner().invoke(app, ["users", *words, "--home", str(home.root)], catch_exceptions=False)
    assert outcome.exit_code == 0, outcome.output
    return [json.loads(line) for line in outcome.stdout.splitlines()]


ADDED = ("add", "--service", "legal-aid", "--login", "huong", "--name", "Hương (mẫu)", "--role", "supervisor")


def test_somebody_who_is_added_gets_a_first_password_that_is_told_once(home: Home) -> None:
    details = ("--gender", "female", "--language", "vi", "--language", "hmn", "--unit", "Chi nhánh 2")
    (told,) = users(home, *ADDED, *details)
    assert (told["role"], told["languages"], told["disabled"]) == ("supervisor", ["vi", "hmn"], False)
    assert len(told["first_password"]) >= 20
    listed = users(home, "list", "--service", "legal_aid")
    assert {one["login"] for one in listed} == {"lan", "minh", "hoa", "quang", "huong"}
    assert told["first_password"] not in json.dumps(listed)


def test_somebody_whom_the_provider_knows_is_bound_and_gets_no_password(home: Home) -> None:
    (told,) = users(home, *ADDED, "--oidc-subject", "s-1", "--pseudonym", "staff-huong-2")
    assert (told["oidc_subject"], told["pseudonym"], "first_password" in told) == ("s-1", "staff-huong-2", False)


def test_somebody_who_is_disabled_stays_so_after_the_next_start(home: Home) -> None:
    users(home, *ADDED)
    (told,) = users(home, "disable", "huong", "--service", "legal-aid")
    assert told["disabled"] is True
    provision(home, Addresses())
    assert {one["login"]: one["disabled"] for one in users(home, "list", "--service", "legal-aid")}["huong"] is True


@pytest.mark.parametrize(("service", "role"), [("gateway", "caseworker"), ("health", "auditor"), ("gateway", "boss")])
def test_a_role_that_a_service_does_not_know_is_given_to_nobody(home: Home, service: str, role: str) -> None:
    words = ("add", "--service", service, "--login", "huong", "--name", "H", "--role", role)
    outcome = CliRunner().invoke(app, ["users", *words, "--home", str(home.root)])
    assert outcome.exit_code == 1
    assert "huong" not in {one["login"] for one in users(home, "list", "--service", service)}


NGAN = ("ngan", "--service", "gateway")
COORDINATOR = ("add", "--service", "gateway", "--login", "ngan", "--name", "Ngân (mẫu)", "--role", "coordinator")


def at_the_gateway(home: Home, doing: Callable[[Entry, Account], Awaitable[object]]) -> None:
    """Do something at the door of a gateway, with the account of the coordinator."""

    async def done() -> None:
        with entry(home.root, url=home.database_url(GATEWAY)) as at:
            await doing(at, await at.staff.by_login("ngan"))

    asyncio.run(done())


def gets_in(home: Home, password: str) -> bool:
    try:
        at_the_gateway(home, lambda at, account: at.door.sign_in(account.login, password))
    except NotAuthenticated:
        return False
    return True


def test_a_coordinator_who_forgot_her_password_gets_another_one_that_is_told_once(home: Home) -> None:
    (added,) = users(home, *COORDINATOR)
    (told,) = users(home, "password", *NGAN)
    assert not gets_in(home, added["first_password"])
    assert gets_in(home, told["first_password"])
    assert told["first_password"] not in json.dumps(users(home, "list", "--service", "gateway"))


async def disabled(at: Entry, account: Account) -> None:
    await at.staff.disable(account.account_id, by=None)


async def without_her_telephone(at: Entry, account: Account) -> None:
    await at.with_telephone(account)


async def held(at: Entry, account: Account) -> None:
    for _ in range(TRIES):
        with suppress(NotAuthenticated):
            await at.door.sign_in(account.login, "mot hai ba bon nam")


@pytest.mark.parametrize(
    ("befallen", "mended"), [(disabled, "restore"), (without_her_telephone, "codes"), (held, "lift-hold")]
)
def test_a_coordinator_who_cannot_get_in_is_let_in_again_by_the_operator(
    home: Home, befallen: Callable[[Entry, Account], Awaitable[None]], mended: str
) -> None:
    (added,) = users(home, *COORDINATOR)
    at_the_gateway(home, befallen)
    assert not gets_in(home, added["first_password"])
    users(home, mended, *NGAN)
    assert gets_in(home, added["first_password"])


def test_a_coordinator_is_bound_to_another_subject_or_to_none_and_is_otherwise_who_she_was(home: Home) -> None:
    (added,) = users(home, *COORDINATOR, "--oidc-subject", "s-1", "--unit", "Ban điều phối", "--language", "vi")
    (told,) = users(home, "bind", *NGAN, "--oidc-subject", "s-2")
    assert told == {**added, "oidc_subject": "s-2"}
    (told,) = users(home, "bind", *NGAN)
    assert told == {**added, "oidc_subject": None}
    (told,) = users(home, "password", *NGAN)
    assert gets_in(home, told["first_password"])
