"""Receipts for deliveries: verified, read, and settled one by one."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from gateway.adapters.bell import Bell
from gateway.adapters.desk import SqlDesk
from gateway.adapters.roster import Roster
from gateway.adapters.tables import MESSAGES, REFERRALS
from gateway.application.settle_receipt import settle_receipt
from gateway.domain.receipt import STORED, ReceiptGiven
from gateway.domain.withdrawal import SignedAnswer
from shared.kernel.errors import FieldFault, InputRejected, MeshError
from shared.seal.jws import unverified_kid, verify_compact
from shared.seal.signing import KeyRing
from shared.sop.model import Sop
from shared.storage.group_commit import GroupWriter
from shared.storage.transactor import Hint
from shared.telemetry.context import current_trace_id
from shared.telemetry.logs import get_logger
from shared.wire.codes import CODES
from shared.wire.messages import parse_receipt

_log = get_logger("delivery")


class ReceiptDesk:
    """Settles deliveries by their receipts."""

    def __init__(self, *, writer: GroupWriter[SqlDesk], roster: Roster, bell: Bell, sop: Sop) -> None:
        self._writer = writer
        self._sop = sop
        self._roster = roster
        self._bell = bell

    async def settle_all(self, agency_id: str, tokens: Sequence[str]) -> list[str]:
        """Settle what an agency posted; return the ids that are settled.

        Raises `InputRejected` (`receipt.invalid`) with the place of every receipt that cannot be verified;
        then none is settled.
        """
        ring = await self._roster.ring(agency_id, kids=[unverified_kid(token) for token in tokens])
        read = [_read(token, ring, agency_id) for token in tokens]
        faults = [
            FieldFault(f"/receipts/{place}", "receipt.invalid", "Sign this receipt with your agency's own key.")
            for place, receipt in enumerate(read)
            if receipt is None
        ]
        if faults:
            raise InputRejected("receipt.invalid", "Some receipts cannot be verified; none was taken.", faults=faults)
        return await self._settle([receipt for receipt in read if receipt], {})

    async def settle_valid(self, agency_id: str, tokens: Sequence[str], *, about: Mapping[str, str]) -> list[str]:
        """Settle what can be verified of an answer to a delivery; what cannot is left for the next attempt.

        `about` names the referrals of the messages that were delivered: they are read together, not one by one.
        """
        ring = await self._roster.ring(agency_id, kids=[unverified_kid(token) for token in tokens])
        read = [_read(token, ring, agency_id) for token in tokens]
        if None in read:
            _log.warning("receipt.invalid", agency=agency_id, count=read.count(None))
        return await self._settle([receipt for receipt in read if receipt], about)

    async def _settle(self, receipts: Sequence[ReceiptGiven], about: Mapping[str, str]) -> list[str]:
        settled = await asyncio.gather(
            *[
                self._writer.submit(
                    partial(settle_receipt, receipt=receipt, sop=self._sop), prefetch=_hints(receipt.message_id, about)
                )
                for receipt in receipts
            ]
        )
        if any(receipt.result != STORED for receipt in receipts):
            self._bell.ring()  # their senders are told
        return [receipt.message_id for receipt, done in zip(receipts, settled, strict=True) if done]


def _hints(message_id: str, about: Mapping[str, str]) -> Sequence[Hint]:
    referral_id = about.get(message_id)
    return [(MESSAGES, message_id), *([] if referral_id is None else [(REFERRALS, referral_id)])]


def _read(token: str, ring: KeyRing, agency_id: str) -> ReceiptGiven | None:
    try:
        text = verify_compact(token, ring)
        receipt = parse_receipt(text)
    except MeshError:
        return None
    if receipt.sender != agency_id:
        return None
    return ReceiptGiven(
        agency=agency_id,
        message_id=receipt.message_id,
        sha256=receipt.sha256,
        result=receipt.result,
        code=receipt.code,
        filed=receipt.code if receipt.code is not None and receipt.code in CODES else receipt.result,
        trace_id=current_trace_id(),
        signed=_detached(token, text),
    )


def _detached(token: str, text: bytes) -> SignedAnswer:
    """Return a compact JWS as a text and a detached signature over it (RFC 7515 appendix F)."""
    protected, _payload, signature = token.split(".")
    return SignedAnswer(text.decode(), f"{protected}..{signature}")
