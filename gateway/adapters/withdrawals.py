"""Read models over withdrawals: who was told to seal off and who confirmed, what is late, and the certificate of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, select

from gateway.adapters.found_by import entries_of_consents
from gateway.adapters.holds import PENDING, read_holds
from gateway.adapters.ledger import read_head, tree_of
from gateway.adapters.rows import agency_of, consent_of, fetch
from gateway.adapters.tables import AGENCIES, CONSENTS, HOLDS, LEDGER_ENTRIES, REFERRALS
from gateway.application.withdrawal_views import Reached, certificate_view, late_view, propagation_view
from gateway.domain.agency import Agency
from gateway.domain.masking import shown_name
from shared.consent.grant import Consent
from shared.kernel.clock import Clock, to_wire
from shared.kernel.errors import Conflict, NotFound
from shared.ledger.checkpoint import Checkpoint
from shared.ledger.entry import read_leaf
from shared.ledger.tree import inclusion_path
from shared.seal.certificates import sign_certificate
from shared.seal.checkpoints import CheckpointSigner
from shared.seal.signing import SigningKey
from shared.sop.model import Sop
from shared.storage.engine import read

#: Whose word makes the agency that reports it one that answers to her for what came of it.
_HER_WORD = ("survivor", "guardian")


class Withdrawals:
    """Read models over withdrawals."""

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Clock,
        sop: Sop,
        key: SigningKey,
        signer: CheckpointSigner,
        issuer: str,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._sop = sop
        self._key = key
        self._signer = signer
        self._issuer = issuer

    def propagation(self, agency_id: str, consent_id: str, *, oversight: bool) -> dict[str, Any]:
        """Return who was told to seal off and who confirmed.

        The agency that recorded the consent, one that reported her word, and oversight see everybody; another agency of
        the consent or of a withdrawal from it sees what it was part of. Raises `NotFound` for all others.
        """
        with read(self._engine) as connection:
            consent = _consent(connection, consent_id)
            holds = self._holds(connection, consent_id)
            whole = oversight or _sees_whole(connection, consent, agency_id)
        seen = holds if whole else [one for one in holds if agency_id in {one[0].agency, one[0].via}]
        if not (whole or seen or consent.names(agency_id)):
            raise _unknown()
        return propagation_view(consent, holds, seen, now=to_wire(self._clock.now()))

    def certificate(self, agency_id: str, consent_id: str, *, oversight: bool) -> dict[str, Any]:
        """Return the signed certificate of what came of a withdrawal, for those who see everybody.

        Raises `NotFound` for others, and `Conflict` (`consent.not-revoked`) while nothing was taken back.
        """
        with read(self._engine) as connection:
            consent = _consent(connection, consent_id)
            if not (oversight or _sees_whole(connection, consent, agency_id)):
                raise _unknown()
            if not consent.takings:
                raise Conflict("consent.not-revoked", "Nothing of this consent was taken back: there is none to prove.")
            holds = self._holds(connection, consent_id)
            document = certificate_view(
                consent,
                holds,
                parents=_parents(connection, holds),
                revocations=_revocations(connection, consent),
                issued_at=to_wire(self._clock.now()),
                issuer=self._issuer,
            )
            names = {consent.recorder, *(one["reported_by"] for one in document["revocations"])}
            document["agencies"] = _agencies(connection, names | _named(holds), reader=agency_id)
            document["evidence"] = self._evidence(connection, document["revocations"], holds)
        return sign_certificate(document, self._key)

    def open(self, *, late: bool | None, after: str | None, limit: int) -> list[tuple[str, dict[str, Any]]]:
        """Return the holds that are still to be answered by their keys; with `late`, those past their time or not."""
        now = self._clock.now()
        criteria = [HOLDS.c.result == PENDING]
        if late is not None:
            criteria.append(HOLDS.c.due_at < to_wire(now) if late else HOLDS.c.due_at >= to_wire(now))
        if after is not None:
            criteria.append(HOLDS.c.key > after)
        with read(self._engine) as connection:
            found = read_holds(connection, *criteria, sop=self._sop, at=now, limit=limit, by_key=True)
        return [(hold.key, late_view(hold, reach, now=to_wire(now), sop=self._sop)) for hold, reach in found]

    def _holds(self, connection: Connection, consent_id: str) -> list[Reached]:
        return read_holds(connection, HOLDS.c.consent_id == consent_id, sop=self._sop, at=self._clock.now())

    def _evidence(
        self, connection: Connection, revocations: Sequence[Mapping[str, Any]], holds: Sequence[Reached]
    ) -> dict[str, Any]:
        head = read_head(connection)
        tree = tree_of(connection, head)
        cited = {one["ledger_index"] for one in revocations} | {hold.ledger_index for hold, _ in holds}
        cited |= {hold.extension.ledger_index for hold, _ in holds if hold.extension}
        entries = select(LEDGER_ENTRIES).where(LEDGER_ENTRIES.c.idx.in_(sorted(cited - {None})))
        found = fetch(connection, entries.order_by(LEDGER_ENTRIES.c.idx))
        return {
            "tree_size": head.size,
            "root_hash": head.root().hex(),
            "checkpoint": self._signer.sign(Checkpoint(self._signer.verifier.name, head.size, head.root()).body()),
            "entries": [{"index": row["idx"], "leaf": row["leaf"], "leaf_hash": row["leaf_hash"]} for row in found],
            "proofs": {str(row["idx"]): [node.hex() for node in inclusion_path(row["idx"], tree)] for row in found},
        }


def _consent(connection: Connection, consent_id: str) -> Consent:
    row = next(iter(fetch(connection, select(CONSENTS).where(CONSENTS.c.id == consent_id))), None)
    if row is None:
        raise _unknown()
    return consent_of(row)


def _sees_whole(connection: Connection, consent: Consent, agency_id: str) -> bool:
    if consent.recorder == agency_id:
        return True
    entries = LEDGER_ENTRIES.c
    reported = select(entries.idx).where(
        entries_of_consents([consent.id]),
        entries.kind == "revocation",
        entries.actor == agency_id,
        entries.code.in_(_HER_WORD),
    )
    return connection.execute(reported.limit(1)).first() is not None


def _revocations(connection: Connection, consent: Consent) -> list[dict[str, Any]]:
    """Return what was taken back, each with its entry: both are in the order in which they were recorded."""
    entries = select(LEDGER_ENTRIES).where(entries_of_consents([consent.id]), LEDGER_ENTRIES.c.kind == "revocation")
    found = fetch(connection, entries.order_by(LEDGER_ENTRIES.c.idx))
    return [
        {
            "revocation_id": read_leaf(row["leaf"]).message_id,
            "at": row["at"],
            "by": taking.by,
            "reported_by": row["actor"],
            "recipients": sorted(taking.recipients) if taking.recipients else None,
            "compartments": sorted(taking.compartments) if taking.compartments else None,
            "ledger_index": row["idx"],
        }
        for taking, row in zip(consent.takings, found, strict=True)
    ]


def _parents(connection: Connection, holds: Sequence[Reached]) -> dict[str, str | None]:
    referrals = REFERRALS.c
    statement = select(referrals.referral_id, referrals.parent_id).where(
        referrals.referral_id.in_([hold.referral_id for hold, _ in holds])
    )
    return {row.referral_id: row.parent_id for row in connection.execute(statement)}


def _named(holds: Sequence[Reached]) -> set[str]:
    return {name for hold, _ in holds for name in (hold.agency, hold.via)}


def _agencies(connection: Connection, names: set[str], *, reader: str) -> dict[str, Any]:
    found = fetch(connection, select(AGENCIES).where(AGENCIES.c.id.in_(sorted(names))))
    return {row["id"]: _agency(agency_of(row), reader=reader) for row in found}


def _agency(agency: Agency, *, reader: str) -> dict[str, Any]:
    name = shown_name(agency, reader=reader)
    keys = [key for key in agency.jwks.get("keys", ()) if key.get("use", "sig") == "sig"]
    return {"name": {"vi": name.vi, "en": name.en}, "jwks": {"keys": keys}}


def _unknown() -> NotFound:
    return NotFound("consent.unknown", "No such consent that your agency recorded or is named in.")
