"""Opening compartments: two halves of a key meet, the content is checked, and kept encrypted.

Owns what is done with halves once they are here. Promises that nothing is kept that does not fit the
procedure's schema of its compartment, and that nothing is kept in clear. Asking for halves is in
`shared.agency.reading`; whether they may be given is for the gateway.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.agency.ports import Desk
from shared.agency.records import Holding, HoldingState, Referral
from shared.agency.vault import CaseVault
from shared.kernel.errors import InputRejected, MeshError
from shared.seal.compartments import open_compartment, open_shares
from shared.seal.keys import AgencyKeys
from shared.sop.compartments import check_plaintext
from shared.sop.model import Compartment, Sop

INVALID: Final = "compartment.invalid"


@dataclass(frozen=True, slots=True)
class Opener:
    """The keys, the cases and the procedure that opening needs."""

    keys: AgencyKeys
    vault: CaseVault
    sop: Sop

    def own_halves(self, sealed: Mapping[str, Any], *, message_id: str, basis: Mapping[str, Any]) -> dict[str, str]:
        """Return the recipient's halves by compartment. Raises `InputRejected` (`seal.broken`)."""
        key = self.keys.encryption_key(str(sealed.get("kid")))
        return open_shares(sealed, message_id=message_id, basis=basis, key=key)

    def content(
        self, name: str, *, message_id: str, ciphertext: str, share_sha256: str, halves: tuple[str | None, str]
    ) -> Any:
        """Return a compartment in clear; `halves` are the recipient's and the gateway's.

        Raises `InputRejected`: `seal.broken` when it does not open, `compartment.invalid` when its content is
        not what the procedure's schema describes.
        """
        own, hub = halves
        if own is None:
            raise InputRejected("seal.broken", "The sender sealed no half of this compartment's key for this agency.")
        value = open_compartment(
            name,
            message_id=message_id,
            ciphertext=ciphertext,
            recipient_share=own,
            hub_share=hub,
            share_sha256=share_sha256,
        )
        faults = check_plaintext(self.sop, Compartment(name), value)
        if faults:
            raise InputRejected(INVALID, "The content does not fit the schema of its compartment.", faults=faults)
        return value

    def keep_released(
        self,
        desk: Desk,
        referral: Referral,
        holdings: Sequence[Holding],
        *,
        shares: Mapping[str, str],
        refused: Mapping[str, str],
    ) -> None:
        """Open what the gateway has released its half for, and note why the rest was refused."""
        if referral.wrapped_key is None or referral.sealed is None:
            return
        case = self.vault.open_referral(referral.referral_id, referral.wrapped_key)
        own = self.own_halves(referral.sealed, message_id=referral.referral_id, basis=referral.basis)
        for holding in holdings:
            if holding.state != HoldingState.SEALED or holding.ciphertext is None:
                continue
            if holding.name in refused:
                desk.change(holding, code=refused[holding.name])
            elif holding.name in shares:
                halves = (own.get(holding.name), shares[holding.name])
                opened = self._opened(holding, halves=halves)
                if isinstance(opened, MeshError):
                    desk.change(holding, code=opened.code)
                else:
                    content = case.lock(holding.name, opened)
                    desk.change(holding, state=HoldingState.OPENED.value, code=None, ciphertext=None, content=content)

    def _opened(self, holding: Holding, *, halves: tuple[str | None, str]) -> Any:
        try:
            return self.content(
                holding.name,
                message_id=holding.referral_id,
                ciphertext=holding.ciphertext or "",
                share_sha256=holding.share_sha256,
                halves=halves,
            )
        except MeshError as error:
            return error
