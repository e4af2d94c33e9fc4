"""What an operator does to the directory: enrol, disable, import areas. Each change is in the ledger."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from gateway.adapters.deliveries import Dead, dead_deliveries, replay_delivery
from gateway.adapters.desk import LIST_IMPORTED, SqlDesk
from gateway.adapters.kept_chains import keep_chain, kept_chains, let_chain_go
from gateway.adapters.rows import agency_of
from gateway.adapters.tables import AGENCIES, AREAS, OVERSIGHT_CLIENTS
from gateway.domain.agency import Agency, AgencyEnrolment, AgencyStatus
from gateway.domain.credential import OVERSIGHT_SCOPES, SECTORS
from gateway.domain.masking import is_province
from gateway.domain.opening_hours import parse_hours
from gateway.domain.retention import KeptChain
from shared.kernel.errors import InputRejected, NotFound
from shared.kernel.identifiers import GATEWAY, is_agency_id
from shared.seal.keys import EncryptionPublicKey
from shared.seal.signing import KeyRing
from shared.sop.model import Sop
from shared.storage.group_commit import GroupWriter
from shared.transport.webhooks import is_webhook_secret, new_webhook_secret

OPERATOR = "operator"


class Provisioning:
    """The operator's hand on the directory. Blocking; for the command line."""

    def __init__(self, *, writer: GroupWriter[SqlDesk], sop: Sop, closing: Callable[[], None]) -> None:
        """Take what it works with; `closing` lets go of it."""
        self._writer = writer
        self._sop = sop
        self._closing = closing

    def enroll(self, enrolment: AgencyEnrolment) -> str:
        """Enrol an agency, or state an enrolled one anew; return its webhook secret, which then stays the same.

        Raises `InputRejected` (`agency.enrolment`) for an id, sector, service, area or key that cannot be, and
        (`agency.hours`) for opening hours in another notation.
        """
        self._check(enrolment)
        return self._writer.submit_blocking(lambda desk: _enroll(desk, enrolment))

    def publish_keys(self, agency_id: str, jwks: Mapping[str, Any]) -> None:
        """Replace the public keys of an agency. Raises `NotFound` (`agency.unknown`), `InputRejected` for bad keys."""
        KeyRing.from_jwks(jwks)
        EncryptionPublicKey.from_jwks(jwks)
        self._writer.submit_blocking(lambda desk: _publish_keys(desk, agency_id, jwks))

    def disable(self, agency_id: str) -> None:
        """Keep an agency from sending and receiving. Raises `NotFound` (`agency.unknown`)."""
        self._writer.submit_blocking(lambda desk: _disable(desk, agency_id))

    def dead_deliveries(self) -> Sequence[Dead]:
        """Return the messages that do not arrive."""
        return self._writer.submit_blocking(lambda desk: dead_deliveries(desk.book.select))

    def replay_delivery(self, message_id: str) -> None:
        """Have a message that waits tried at once. Raises `NotFound`, and `Conflict` (`delivery.settled`)."""
        self._writer.submit_blocking(lambda desk: replay_delivery(desk, message_id))

    def keep_chain(self, chain_id: str, *, reason: str, review_on: date) -> None:
        """Keep a chain from being forgotten. Raises as `gateway.adapters.kept_chains.keep_chain`."""
        keep = partial(keep_chain, chain_id=chain_id, reason=reason, review_on=review_on)
        self._writer.submit_blocking(keep)

    def let_chain_go(self, chain_id: str) -> None:
        """Keep a chain no longer than others. Raises `NotFound` (`chain.unknown`)."""
        self._writer.submit_blocking(partial(let_chain_go, chain_id=chain_id))

    def kept_chains(self) -> Sequence[KeptChain]:
        """Return every chain that is kept from being forgotten."""
        return self._writer.submit_blocking(lambda desk: kept_chains(desk.book.select))

    def list(self) -> Sequence[Agency]:
        """Return all agencies."""
        return self._writer.submit_blocking(lambda desk: [agency_of(row) for row in desk.book.find(AGENCIES)])

    def register_oversight(self, client_id: str, jwks: Mapping[str, Any]) -> None:
        """Let a body of oversight in, with its own keys."""
        if not is_agency_id(client_id):
            raise _rejected("A client id is 3 to 63 lower-case letters, digits and hyphens.")
        KeyRing.from_jwks(jwks)
        self._writer.submit_blocking(lambda desk: _register_oversight(desk, client_id, jwks))

    def import_areas(self, communes: Iterable[tuple[str, str]]) -> int:
        """Replace the list of communes by (code, province) pairs; return how many there are.

        Raises `InputRejected` (`area.list`) for a code or province that cannot be.
        """
        pairs = dict(communes)
        if not all(_is_commune(code) and province in self._sop.provinces for code, province in pairs.items()):
            raise InputRejected("area.list", "Communes have 5 digits and lie in one of the provinces of 2 digits.")
        self._writer.submit_blocking(lambda desk: _import(desk, pairs))
        return len(pairs)

    def close(self) -> None:
        """Finish what is under way."""
        self._closing()

    def _check(self, enrolment: AgencyEnrolment) -> None:
        if not is_agency_id(enrolment.id) or enrolment.id == GATEWAY:
            raise _rejected("An agency id is 3 to 63 lower-case letters, digits and hyphens, and not 'gateway'.")
        if not enrolment.sectors or not enrolment.sectors <= SECTORS:
            raise _rejected(f"Sectors are: {', '.join(sorted(SECTORS))}.")
        if not enrolment.services <= self._sop.services.keys():
            raise _rejected("Services are codes of the procedure; see /v1/sop/service-types.")
        if not enrolment.areas or not all(a in self._sop.provinces or _is_commune(a) for a in enrolment.areas):
            raise _rejected("Areas are provinces of 2 digits or communes of 5 digits.")
        if enrolment.protected and not all(map(is_province, enrolment.areas)):
            raise _rejected("A protected site states provinces only: where in them it is stays with the site.")
        if enrolment.webhook_secret is not None and not is_webhook_secret(enrolment.webhook_secret):
            raise _rejected("A webhook secret is whsec_ and 24 to 64 bytes in base64; leave it out to have one made.")
        if enrolment.hours is not None:
            parse_hours(enrolment.hours)
        KeyRing.from_jwks(enrolment.jwks)
        EncryptionPublicKey.from_jwks(enrolment.jwks)


def _is_commune(code: str) -> bool:
    return len(code) == 5 and code.isdigit()  # noqa: PLR2004 - a commune has five digits


def _rejected(message: str) -> InputRejected:
    return InputRejected("agency.enrolment", message)


def _enroll(desk: SqlDesk, enrolment: AgencyEnrolment) -> str:
    known = desk.book.get(AGENCIES, enrolment.id)
    if known is not None and known["protected"] and not enrolment.protected:
        raise _rejected("This is a protected site; state it as protected. What was protected once stays so.")
    secret = str(known["webhook_secret"]) if known else enrolment.webhook_secret or new_webhook_secret()
    recorded = desk.record("directory", enrolment.id, code="enrolled")
    facts = {
        "name_vi": enrolment.name_vi,
        "name_en": enrolment.name_en,
        "sectors": sorted(enrolment.sectors),
        "areas": sorted(enrolment.areas),
        "services": sorted(enrolment.services),
        "hours": enrolment.hours,
        "base_url": enrolment.base_url,
        "jwks": dict(enrolment.jwks),
        "webhook_secret": secret,
        "status": AgencyStatus.ACTIVE.value,
        "protected": enrolment.protected,
        "sample": enrolment.sample,
        "revision": recorded.index,
    }
    if known is None:
        desk.book.insert(AGENCIES, {"id": enrolment.id, **facts})
    else:
        desk.book.update(AGENCIES, enrolment.id, **facts)
    return secret


def _publish_keys(desk: SqlDesk, agency_id: str, jwks: Mapping[str, Any]) -> None:
    if desk.book.get(AGENCIES, agency_id) is None:
        raise NotFound("agency.unknown", "No such agency in the directory.")
    recorded = desk.record("directory", agency_id, code="keys-published")
    desk.book.update(AGENCIES, agency_id, jwks=dict(jwks), revision=recorded.index)


def _disable(desk: SqlDesk, agency_id: str) -> None:
    if desk.book.get(AGENCIES, agency_id) is None:
        raise NotFound("agency.unknown", "No such agency in the directory.")
    recorded = desk.record("directory", agency_id, code="disabled")
    desk.book.update(AGENCIES, agency_id, status=AgencyStatus.DISABLED.value, revision=recorded.index)


def _register_oversight(desk: SqlDesk, client_id: str, jwks: Mapping[str, Any]) -> None:
    known = desk.book.get(OVERSIGHT_CLIENTS, client_id)
    recorded = desk.record("directory", client_id, code="oversight-registered")
    facts = {"jwks": dict(jwks), "scopes": sorted(OVERSIGHT_SCOPES), "revision": recorded.index}
    if known is None:
        desk.book.insert(OVERSIGHT_CLIENTS, {"id": client_id, **facts})
    else:
        desk.book.update(OVERSIGHT_CLIENTS, client_id, **facts)


def _import(desk: SqlDesk, pairs: Mapping[str, str]) -> None:
    known = {row["code"] for row in desk.book.find(AREAS)}
    desk.record("directory", OPERATOR, code="areas-imported")
    for code in known - pairs.keys() - {LIST_IMPORTED}:
        desk.book.delete(AREAS, code)
    for code, province in {**pairs, LIST_IMPORTED: LIST_IMPORTED}.items():
        if code in known:
            desk.book.update(AREAS, code, province=province)
        else:
            desk.book.insert(AREAS, {"code": code, "province": province})
