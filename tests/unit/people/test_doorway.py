"""Who gets in, who does not, and what nobody can tell from the answer."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.kernel.errors import NotAuthenticated, TooManyRequests
from shared.people.doorway import HELD, IDLE, LASTS, TRIES, session_key
from shared.people.records import Account, Role
from shared.people.staff import Details
from shared.people.store import PeopleDesk
from tests.support.page_client import PASSWORD
from tests.support.people import Entry, entry

WRONG = "mot hai ba bon nam"
NEW = "con duong qua lang cu"


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Entry]:
    with entry(tmp_path) as made:
        yield made


async def refusal(doing: Any) -> tuple[str, str]:
    with pytest.raises(NotAuthenticated) as caught:
        await doing
    return caught.value.code, caught.value.message


async def fail(at: Entry, times: int, login: str = "mai") -> None:
    for _ in range(times):
        await refusal(at.door.sign_in(login, WRONG))


async def test_a_right_password_opens_a_session_under_a_token_that_is_not_kept(at: Entry) -> None:
    account = await at.somebody()
    token, person = await at.door.sign_in(" MAI ", PASSWORD)
    assert person.account.account_id == account.account_id
    assert [one.key for one in await at.sessions()] == [session_key(token)]
    assert token not in str(await at.sessions())
    assert (await at.door.known(token)).account.login == "mai"


async def test_every_way_to_be_refused_is_told_alike_after_the_same_work(at: Entry) -> None:
    await at.somebody("mai")
    gone, held = await at.somebody("lien"), await at.somebody("huong")
    telephone = await at.somebody("yen")
    await at.with_telephone(telephone)
    await at.staff.disable(gone.account_id, by=None)
    await fail(at, TRIES, "huong")
    tries = [("nobody", WRONG), ("mai", WRONG), ("lien", PASSWORD), (held.login, PASSWORD), ("yen", PASSWORD)]
    answers = set()
    for login, password in tries:
        before = at.passwords.checked
        answers.add(await refusal(at.door.sign_in(login, password)))
        assert at.passwords.checked == before + 1, login
    assert len(answers) == 1


async def test_five_wrong_tries_hold_an_account_and_time_lets_it_go(at: Entry) -> None:
    account = await at.somebody()
    await fail(at, TRIES)
    await refusal(at.door.sign_in("mai", PASSWORD))
    at.after(seconds=HELD.total_seconds())
    await at.door.sign_in("mai", PASSWORD)
    assert (await at.told(account)).count("held") == 1


async def test_tries_during_a_hold_do_not_prolong_it(at: Entry) -> None:
    account = await at.somebody()
    await fail(at, TRIES)
    until = (await at.now(account)).held_until
    at.after(minutes=14)
    await fail(at, TRIES + 2)
    assert (await at.now(account)).held_until == until


async def test_many_tries_at_once_are_no_way_round_the_hold(at: Entry) -> None:
    account = await at.somebody()
    tries = [at.door.sign_in("mai", WRONG) for _ in range(30)]
    right = at.door.sign_in("mai", PASSWORD)
    outcomes = await asyncio.gather(*tries, right, return_exceptions=True)
    assert isinstance(outcomes[-1], NotAuthenticated)
    assert (await at.now(account)).held_until is not None


async def test_a_crowd_at_the_door_is_asked_to_come_again(at: Entry) -> None:
    await at.somebody()
    outcomes = await asyncio.gather(*(at.door.sign_in("mai", WRONG) for _ in range(80)), return_exceptions=True)
    assert {type(one) for one in outcomes} == {NotAuthenticated, TooManyRequests}


async def test_a_crowd_at_the_door_keeps_nobody_who_is_signed_in_from_her_work(at: Entry) -> None:
    await at.somebody()
    token, _ = await at.door.sign_in("mai", PASSWORD)
    await at.door.lock(token)
    stuck, gate = asyncio.Event(), asyncio.Event()

    async def stick() -> None:
        stuck.set()
        await gate.wait()

    at.meanwhile(stick())
    crowd = [asyncio.create_task(at.door.sign_in(f"nobody-{turn}", WRONG)) for turn in range(80)]
    await stuck.wait()
    fresh, person = await at.door.unlock(token, PASSWORD)
    await at.own.change_password(person, old=PASSWORD, new=NEW)
    assert (await at.door.known(fresh)).account.login == "mai"
    gate.set()
    assert TooManyRequests in {type(one) for one in await asyncio.gather(*crowd, return_exceptions=True)}


async def test_tries_for_nobody_do_not_fill_the_journal(at: Entry) -> None:
    for turn in range(20):
        await refusal(at.door.sign_in(f"nobody-{turn}", WRONG))
    assert await at.told(None) == ["refused"]


async def test_a_right_password_forgets_the_wrong_ones(at: Entry) -> None:
    account = await at.somebody()
    await fail(at, TRIES - 1)
    await at.door.sign_in("mai", PASSWORD)
    assert (await at.now(account)).failures == 0


async def test_a_code_is_asked_for_and_counts_once(at: Entry) -> None:
    account = await at.somebody()
    secret = await at.with_telephone(account)
    await refusal(at.door.sign_in("mai", PASSWORD))
    code = at.code(secret)
    await at.door.sign_in("mai", PASSWORD, code=code)
    await refusal(at.door.sign_in("mai", PASSWORD, code=code))
    at.after(seconds=30)
    await at.door.sign_in("mai", PASSWORD, code=at.code(secret))


async def test_one_code_in_two_browsers_at_once_lets_one_of_them_in(at: Entry) -> None:
    secret = await at.with_telephone(await at.somebody())
    both = [at.door.sign_in("mai", PASSWORD, code=at.code(secret)) for _ in range(2)]
    outcomes = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["NotAuthenticated", "tuple"]


async def test_a_session_locks_when_nobody_is_there_and_a_refreshing_page_is_nobody(at: Entry) -> None:
    await at.somebody()
    token, _ = await at.door.sign_in("mai", PASSWORD)
    at.after(minutes=4)
    await at.door.known(token)
    at.after(minutes=4)
    await at.door.known(token, quietly=True)
    at.after(minutes=1)
    assert (await refusal(at.door.known(token)))[0] == "session.locked"
    assert (await at.sessions())[0].locked


async def test_a_session_ends_after_its_time_also_when_it_was_unlocked_again_and_again(at: Entry) -> None:
    await at.somebody()
    token, _ = await at.door.sign_in("mai", PASSWORD)
    for _ in range(3):
        at.after(seconds=LASTS.total_seconds() / 4)
        token, _ = await at.door.unlock(token, PASSWORD)
    at.after(seconds=LASTS.total_seconds() / 4)
    assert (await refusal(at.door.unlock(token, PASSWORD)))[0] == "session.none"


async def test_unlocking_takes_another_token_and_a_stolen_old_one_is_worth_nothing(at: Entry) -> None:
    await at.somebody()
    token, before = await at.door.sign_in("mai", PASSWORD)
    await at.door.lock(token)
    fresh, after = await at.door.unlock(token, PASSWORD)
    assert (await refusal(at.door.known(token)))[0] == "session.none"
    assert (await at.door.known(fresh)).session.csrf == after.session.csrf != before.session.csrf


async def test_signing_in_again_ends_the_session_of_the_token_before(at: Entry) -> None:
    await at.somebody("mai")
    await at.somebody("lien")
    token, _ = await at.door.sign_in("mai", PASSWORD)
    await at.door.sign_in("lien", PASSWORD, instead_of=token)
    assert (await refusal(at.door.known(token)))[0] == "session.none"


async def test_a_token_that_somebody_planted_is_not_taken_over(at: Entry) -> None:
    await at.somebody()
    token, _ = await at.door.sign_in("mai", PASSWORD, instead_of="planted")
    assert token != "planted"
    assert (await refusal(at.door.known("planted")))[0] == "session.none"


async def test_wrong_passwords_at_the_lock_hold_the_account_as_at_the_door(at: Entry) -> None:
    await at.somebody()
    token, _ = await at.door.sign_in("mai", PASSWORD)
    for _ in range(TRIES):
        await refusal(at.door.unlock(token, WRONG))
    await refusal(at.door.unlock(token, PASSWORD))
    await refusal(at.door.sign_in("mai", PASSWORD))


async def test_a_session_that_was_ended_meanwhile_is_not_unlocked(at: Entry) -> None:
    account = await at.somebody()
    token, _ = await at.door.sign_in("mai", PASSWORD)
    both = asyncio.gather(
        at.door.unlock(token, PASSWORD),
        at.door.sign_out_everywhere(account.account_id, by=account.account_id),
        return_exceptions=True,
    )
    assert isinstance((await both)[0], NotAuthenticated)
    assert await at.sessions() == []


async def test_a_sign_in_under_way_does_not_outlive_the_password_it_was_made_with(at: Entry) -> None:
    await at.somebody()
    _, person = await at.door.sign_in("mai", PASSWORD)
    at.meanwhile(at.own.change_password(person, old=PASSWORD, new=NEW))
    await refusal(at.door.sign_in("mai", PASSWORD))
    assert [one.key for one in await at.sessions()] == [person.session.key]


async def test_a_sign_in_under_way_does_not_get_by_a_telephone_that_was_set_up_meanwhile(at: Entry) -> None:
    account = await at.somebody()
    at.meanwhile(at.with_telephone(account))
    await refusal(at.door.sign_in("mai", PASSWORD))
    assert await at.sessions() == []


async def test_whoever_the_provider_vouches_for_does_not_get_in_under_a_subject_taken_away_meanwhile(at: Entry) -> None:
    account = await at.somebody(oidc_subject="s-1")
    await fail(at, TRIES)
    begun, gate = threading.Event(), threading.Event()

    def work(_: PeopleDesk) -> bool:
        begun.set()
        return gate.wait(timeout=10)

    busy = asyncio.create_task(at.store.write(work))
    await asyncio.to_thread(begun.wait, timeout=10)
    vouched = asyncio.create_task(refusal(at.door.vouched("s-1")))
    while not at.store._writer.queued():  # she was looked up, and her hold is about to be lifted
        await asyncio.sleep(0)
    details = Details(name=account.name, role=Role(account.role))
    rebound = asyncio.create_task(at.staff.change(account.account_id, details, by=None))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(busy, rebound, vouched)
    assert await at.sessions() == []


async def test_signing_out_everywhere_ends_every_session_of_one_person_alone(at: Entry) -> None:
    mai, _ = await at.somebody("mai"), await at.somebody("lien")
    tokens = [(await at.door.sign_in("mai", PASSWORD))[0] for _ in range(2)]
    other, _ = await at.door.sign_in("lien", PASSWORD)
    await at.door.sign_out_everywhere(mai.account_id, by=mai.account_id)
    for token in tokens:
        await refusal(at.door.known(token))
    assert (await at.door.known(other)).account.login == "lien"


async def test_nobody_ends_the_session_of_somebody_else(at: Entry) -> None:
    await at.somebody("mai")
    await at.somebody("lien")
    _, mai = await at.door.sign_in("mai", PASSWORD)
    token, lien = await at.door.sign_in("lien", PASSWORD)
    await at.door.sign_out_elsewhere(mai, lien.session.key)
    await at.door.known(token)


async def test_a_disabled_account_is_out_at_once(at: Entry) -> None:
    account = await at.somebody()
    token, _ = await at.door.sign_in("mai", PASSWORD)
    await at.staff.disable(account.account_id, by=None)
    assert (await refusal(at.door.known(token)))[0] == "session.none"


async def test_a_language_is_kept_for_a_session_that_lives_only(at: Entry) -> None:
    account = await at.somebody(language="vi")
    token, _ = await at.door.sign_in("mai", PASSWORD)
    await at.door.speak(token, "en")
    assert (await at.now(account)).language == "en"
    at.after(hours=11)
    await at.door.speak(token, "vi")
    assert (await at.now(account)).language == "en"


async def test_where_passwords_are_kept_elsewhere_none_is_right_here(tmp_path: Path) -> None:
    with entry(tmp_path, local=False) as at:
        await at.somebody()
        await refusal(at.door.sign_in("mai", PASSWORD))


async def test_somebody_whom_the_provider_vouches_for_gets_in_though_others_guess_her_password(at: Entry) -> None:
    account = await at.somebody(oidc_subject="s-1")
    await fail(at, TRIES)
    _, person = await at.door.vouched("s-1")
    assert person.account.account_id == account.account_id


async def test_a_subject_that_nobody_bound_lets_nobody_in_and_makes_no_account(at: Entry) -> None:
    await refusal(at.door.vouched("s-2"))
    assert await at.store.read(lambda reading: reading.find(Account)) == []


async def test_a_disabled_account_is_not_let_in_by_the_provider(at: Entry) -> None:
    account = await at.somebody(oidc_subject="s-1")
    await at.staff.disable(account.account_id, by=None)
    await refusal(at.door.vouched("s-1"))


def test_idle_is_five_minutes_and_the_day_ten_hours() -> None:
    assert (IDLE.total_seconds(), LASTS.total_seconds(), TRIES) == (300, 36_000, 5)
