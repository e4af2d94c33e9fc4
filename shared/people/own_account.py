"""What somebody does with her own account: another password, one-time codes, looking at what happened to it.

Promises: whoever only found an open browser changes nothing here, because the password is asked for each time, and is
the right one still when the change is made; a new password ends every other session; a telephone counts only once it
has shown a right code.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.kernel.clock import Clock, to_wire
from shared.kernel.encoding import b64url, from_b64url
from shared.kernel.errors import FieldFault, InputRejected, MeshError
from shared.kernel.identifiers import IdFactory
from shared.people.codes import code_checker
from shared.people.doorway import Doorway, Proof, proved
from shared.people.passwords import Passwords
from shared.people.records import Occasion, Person, Session
from shared.people.store import PeopleDesk
from shared.people.telephone import TelephoneSecrets

#: How many of the last things that happened to an account its owner is shown.
SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAccount:
    """The accounts of one deployable, each as its owner may change it."""

    door: Doorway
    passwords: Passwords
    secrets: TelephoneSecrets
    clock: Clock
    ids: IdFactory

    async def occasions(self, person: Person) -> Sequence[Occasion]:
        """Return what happened to an account lately, the newest first."""
        account_id = person.account.account_id
        return await self.door.store.read(lambda reading: reading.find(Occasion, newest=SHOWN, account_id=account_id))

    async def change_password(self, person: Person, *, old: str, new: str) -> Person:
        """Take a new password, end every other session, and return her as she is now.

        Raises `NotAuthenticated` (`sign-in.refused`), `InputRejected` (`password.*`).
        """
        proof = await self.door.prove(person, old)
        if old == new:
            raise _wrong("/new", "password.same", "Choose another password than the one you had.")
        kept = await self.passwords.hash_aside(new, login=person.account.login)

        def work(desk: PeopleDesk) -> Person:
            sessions = desk.find(Session, account_id=person.account.account_id)
            account = proved(desk, proof)
            for session in sessions:
                if session.key != person.session.key:
                    desk.remove(session)
            desk.add(self._occasion("password-changed", person))
            return replace(person, account=desk.change(account, password_hash=kept, provisional=False))

        return await self.door.store.write(work)

    def offer_codes(self, person: Person) -> tuple[str, str]:
        """Return a fresh secret, and the same sealed, to be handed back with the first code."""
        secret = self.secrets.new()
        return secret, b64url(self.secrets.keep(person.account.account_id, secret))

    def offered(self, person: Person, sealed: str) -> str:
        """Return the secret that was offered to this person. Raises `InputRejected` (`codes.offer`)."""
        try:
            return self.secrets.open_for(person.account.account_id, from_b64url(sealed))
        except (MeshError, ValueError) as fault:
            raise _wrong("/code", "codes.offer", "This form is out of date. Begin again.") from fault

    async def take_codes(self, person: Person, sealed: str, *, password: str, code: str) -> None:
        """Ask for one-time codes from now on, once the telephone has shown a right one.

        Raises `InputRejected` (`codes.offer`, `codes.wrong`), `NotAuthenticated` (`sign-in.refused`).
        """
        secret = self.offered(person, sealed)
        proof = await self.door.prove(person, password)
        kept = self.secrets.keep(person.account.account_id, secret)
        step = code_checker(lambda _: secret)(replace(person.account, totp=kept), code, self.clock.now())
        if step is None:
            raise _wrong("/code", "codes.wrong", "This is not the code that the telephone shows now.")
        await self._keep_codes(person, proof, kept, step=step, what="codes-taken")

    async def drop_codes(self, person: Person, *, password: str) -> None:
        """Ask for no codes any more. Raises `NotAuthenticated` (`sign-in.refused`)."""
        proof = await self.door.prove(person, password)
        await self._keep_codes(person, proof, None, step=0, what="codes-dropped")

    async def _keep_codes(self, person: Person, proof: Proof, kept: bytes | None, *, step: int, what: str) -> None:
        def work(desk: PeopleDesk) -> None:
            desk.change(proved(desk, proof), totp=kept, totp_step=step)
            desk.add(self._occasion(what, person))

        await self.door.store.write(work)

    def _occasion(self, what: str, person: Person) -> Occasion:
        account_id = person.account.account_id
        at = to_wire(self.clock.now())
        return Occasion(occasion_id=self.ids.new(), at=at, what=what, account_id=account_id, by=account_id)


def _wrong(pointer: str, code: str, message: str) -> InputRejected:
    return InputRejected("form.invalid", "Look at what is marked below.", faults=(FieldFault(pointer, code, message),))
