"""What somebody does with her own account, and what whoever finds her browser open cannot do."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from shared.kernel.errors import InputRejected, NotAuthenticated
from shared.people.doorway import TRIES
from shared.people.telephone import picture
from tests.support.page_client import PASSWORD
from tests.support.people import Entry, entry

WRONG = "mot hai ba bon nam"
NEW = "con duong qua lang cu"


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Entry]:
    with entry(tmp_path) as made:
        yield made


def code_of(caught: pytest.ExceptionInfo[InputRejected]) -> str:
    return caught.value.faults[0].code


async def test_a_new_password_is_right_and_the_old_one_is_not(at: Entry) -> None:
    account = await at.somebody()
    _, person = await at.door.sign_in("mai", PASSWORD)
    await at.own.change_password(person, old=PASSWORD, new=NEW)
    await at.door.sign_in("mai", NEW)
    with pytest.raises(NotAuthenticated):
        await at.door.sign_in("mai", PASSWORD)
    assert "password-changed" in await at.told(account)


async def test_a_new_password_ends_every_other_session(at: Entry) -> None:
    await at.somebody()
    _, person = await at.door.sign_in("mai", PASSWORD)
    other, _ = await at.door.sign_in("mai", PASSWORD)
    await at.own.change_password(person, old=PASSWORD, new=NEW)
    with pytest.raises(NotAuthenticated):
        await at.door.known(other)


async def test_an_open_browser_is_no_way_to_guess_the_password(at: Entry) -> None:
    account = await at.somebody()
    _, person = await at.door.sign_in("mai", PASSWORD)
    for _ in range(TRIES):
        with pytest.raises(NotAuthenticated):
            await at.own.change_password(person, old=WRONG, new=NEW)
    with pytest.raises(NotAuthenticated):
        await at.own.change_password(person, old=PASSWORD, new=NEW)
    assert "held" in await at.told(account)


async def test_a_change_under_way_is_not_made_with_a_password_that_was_replaced_meanwhile(at: Entry) -> None:
    account = await at.somebody()
    _, person = await at.door.sign_in("mai", PASSWORD)
    at.meanwhile(at.staff.renew_password(account.account_id, by="boss"))
    with pytest.raises(NotAuthenticated):
        await at.own.change_password(person, old=PASSWORD, new=NEW)
    assert (await at.now(account)).provisional


async def test_codes_under_way_are_not_taken_with_a_password_that_was_replaced_meanwhile(at: Entry) -> None:
    account = await at.somebody()
    _, person = await at.door.sign_in("mai", PASSWORD)
    secret, sealed = at.own.offer_codes(person)
    at.meanwhile(at.staff.renew_password(account.account_id, by="boss"))
    with pytest.raises(NotAuthenticated):
        await at.own.take_codes(person, sealed, password=PASSWORD, code=at.code(secret))
    assert (await at.now(account)).totp is None


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("short", "password.length"),
        ("x" * 201, "password.length"),
        ("a" * 40, "password.obvious"),
        ("mai-2026-mai!!", "password.obvious"),
        (PASSWORD, "password.same"),
    ],
)
async def test_passwords_that_anybody_would_try_are_refused(at: Entry, new: str, code: str) -> None:
    await at.somebody()
    _, person = await at.door.sign_in("mai", PASSWORD)
    with pytest.raises(InputRejected) as caught:
        await at.own.change_password(person, old=PASSWORD, new=new)
    assert code_of(caught) == code


def test_a_password_with_more_behind_it_is_not_the_password(at: Entry) -> None:
    long = ("ba con meo trong vuon " * 10)[:200]
    kept = at.passwords.hash(long)
    assert at.passwords.is_right(long, kept)
    assert not at.passwords.is_right(long + "x", kept)


def test_a_password_typed_composed_and_decomposed_is_one(at: Entry) -> None:
    kept = at.passwords.hash("m\u1ed9t hai ba b\u1ed1n n\u0103m")
    assert at.passwords.is_right("mo\u0323\u0302t hai ba bo\u0302\u0301n na\u0306m", kept)


async def test_a_telephone_counts_once_it_has_shown_a_right_code(at: Entry) -> None:
    account = await at.somebody()
    _, person = await at.door.sign_in("mai", PASSWORD)
    secret, sealed = at.own.offer_codes(person)
    with pytest.raises(InputRejected) as caught:
        await at.own.take_codes(person, sealed, password=PASSWORD, code="000000")
    assert code_of(caught) == "codes.wrong"
    await at.door.sign_in("mai", PASSWORD)
    code = at.code(secret)
    await at.own.take_codes(person, sealed, password=PASSWORD, code=code)
    with pytest.raises(NotAuthenticated):
        await at.door.sign_in("mai", PASSWORD, code=code)
    at.after(seconds=30)
    await at.door.sign_in("mai", PASSWORD, code=at.code(secret))
    assert secret.encode() not in ((await at.now(account)).totp or b"")


async def test_an_offer_made_to_somebody_else_is_not_taken(at: Entry) -> None:
    await at.somebody("mai")
    await at.somebody("lien")
    _, mai = await at.door.sign_in("mai", PASSWORD)
    _, lien = await at.door.sign_in("lien", PASSWORD)
    secret, sealed = at.own.offer_codes(mai)
    with pytest.raises(InputRejected) as caught:
        await at.own.take_codes(lien, sealed, password=PASSWORD, code=at.code(secret))
    assert code_of(caught) == "codes.offer"


async def test_codes_are_taken_away_with_the_password_only(at: Entry) -> None:
    account = await at.somebody()
    secret = await at.with_telephone(account)
    _, person = await at.door.sign_in("mai", PASSWORD, code=at.code(secret))
    with pytest.raises(NotAuthenticated):
        await at.own.drop_codes(person, password=WRONG)
    await at.own.drop_codes(person, password=PASSWORD)
    assert (await at.now(account)).totp is None


def test_the_picture_of_a_secret_runs_nothing_and_has_no_style_of_its_own() -> None:
    drawn = picture("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", login="mai", issuer="Sample & <Hospital>")
    svg = Xml.fromstring(drawn)
    assert svg.tag.endswith("svg")
    assert not [name for part in svg.iter() for name in part.attrib if name.startswith("on") or name == "style"]
    assert {part.tag.rpartition("}")[2] for part in svg.iter()} <= {"svg", "path", "g", "rect"}
