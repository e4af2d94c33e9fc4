"""First start of a mesh: keys, the sample directory, partner clients, the oversight client, credentials.

Promises to be repeatable: whatever is there already is kept, so a start that was interrupted is finished by the next
one, and a later start only states the current addresses anew, also in the policy of the ledger, which an operator may
have changed. Never prints or logs a secret.
"""

from collections.abc import Mapping
from contextlib import closing
from typing import Any, Final

from gateway.adapters.provisioning import Provisioning
from gateway.bootstrap import open_provisioning
from gateway.domain.agency import Agency, AgencyEnrolment
from gateway.settings import GatewaySettings
from mesh.home import WEBHOOK_SECRET, Home
from mesh.keys import ensure_keys
from mesh.people import sample_logins
from mesh.programs import settings_of
from mesh.roster import AGENCIES, DEPLOYABLES, GATEWAY, SAMPLE_PROVINCE, Addresses, AgencyService
from shared.agency.provisioning import add_partner
from shared.agency.routes.witness import PREFIX as WITNESS
from shared.agency.settings import AgencySettings
from shared.ledger.policy import Group, Log, Policy, Witness
from shared.seal.keys import AgencyKeys, SigningKey
from shared.sop.loader import load_sop

#: Where the ledger is, below the gateway's address (C2SP tlog-tiles).
LEDGER: Final = "/ledger"
OVERSIGHT_ID: Final = "oversight-thanh-hoa"


def provision(home: Home, addresses: Addresses) -> None:
    """Make `home` ready to be started at `addresses`."""
    keys = {deployable.name: ensure_keys(home, deployable) for deployable in DEPLOYABLES}
    known = home.credentials() or {}
    settings = gateway_settings(home, addresses)
    policy = policy_of(keys, {one.name: addresses.url(one) for one in DEPLOYABLES}, origin=settings.ledger_origin)
    home.keep_vkey(policy.logs[0].vkey)
    home.keep_policy(policy, before=policy_before(keys, known, settings) if known else None)
    with closing(open_provisioning(settings)) as gateway:
        for agency in AGENCIES:
            enrol(home, gateway, agency, addresses=addresses, jwks=keys[agency.name].public_jwks())
        oversight = known.get("oversight") or new_oversight(gateway)
    partners = known.get("agencies", {})
    home.keep_credentials(
        {
            "gateway": addresses.url(GATEWAY),
            "agencies": {
                agency.agency_id: entry(home, agency, addresses=addresses, known=partners.get(agency.agency_id, {}))
                for agency in AGENCIES
            },
            "oversight": oversight,
            "logins": sample_logins(home, addresses, known.get("logins", [])),
        }
    )


def policy_before(keys: Mapping[str, AgencyKeys], known: Mapping[str, Any], settings: GatewaySettings) -> Policy:
    """Return the policy as the start stated it that left these credentials."""
    urls = {agency.name: known["agencies"][agency.agency_id]["url"] for agency in AGENCIES}
    origin = settings.model_copy(update={"public_url": known["gateway"]}).ledger_origin
    return policy_of(keys, {GATEWAY.name: known["gateway"]} | urls, origin=origin)


def policy_of(keys: Mapping[str, AgencyKeys], urls: Mapping[str, str], *, origin: str) -> Policy:
    """Return whom to believe about this ledger: more than half of the agencies, each of which witnesses it."""
    witnesses = tuple(
        Witness(
            agency.agency_id,
            keys[agency.name].cosigner(f"{origin}/{agency.agency_id}").verifier.vkey(),
            urls[agency.name] + WITNESS,
        )
        for agency in AGENCIES
    )
    log = Log(keys[GATEWAY.name].checkpoint_signer(origin).verifier.vkey(), urls[GATEWAY.name] + LEDGER)
    most = Group("agencies", len(witnesses) // 2 + 1, tuple(one.name for one in witnesses))
    return Policy((log,), witnesses, (most,), most.name)


def enrol(
    home: Home, gateway: Provisioning, agency: AgencyService, *, addresses: Addresses, jwks: Mapping[str, Any]
) -> None:
    """State the sample agency in the directory, under its current address, and keep its webhook secret.

    An agency that an operator has disabled stays so, and what stands there already is not stated again.
    """
    kept = home.secrets(agency)
    stated = AgencyEnrolment(
        id=agency.agency_id,
        name_vi=agency.name_vi,
        name_en=agency.name_en,
        sectors=frozenset({agency.sector}),
        areas=frozenset({SAMPLE_PROVINCE}),
        services=services_of(agency),
        jwks=jwks,
        base_url=addresses.url(agency),
        sample=True,
        webhook_secret=kept.get(WEBHOOK_SECRET),
    )
    if WEBHOOK_SECRET in kept and any(stands(known, stated) for known in gateway.list()):
        return
    home.keep_secrets(agency, {WEBHOOK_SECRET: gateway.enroll(stated)})


def stands(known: Agency, stated: AgencyEnrolment) -> bool:
    """Say whether nothing needs to be stated anew: the entry is disabled, or says the same already."""
    if known.id != stated.id:
        return False
    same = (known.base_url, known.services, known.jwks) == (stated.base_url, stated.services, stated.jwks)
    return same or not known.is_active


def services_of(agency: AgencyService) -> frozenset[str]:
    """Return the codes of every service type of the agency's sector."""
    return frozenset(code for code in load_sop().services if code.startswith(agency.service_prefixes))


def entry(home: Home, agency: AgencyService, *, addresses: Addresses, known: Mapping[str, str]) -> dict[str, str]:
    """Return an agency's line in the credentials; its partner client is made when there is none yet."""
    secret = known.get("client_secret") or add_partner(agency_settings(home, agency, addresses), agency.partner_id)
    return {
        "sector": agency.sector,
        "url": addresses.url(agency),
        "client_id": agency.partner_id,
        "client_secret": secret,
    }


def new_oversight(gateway: Provisioning) -> dict[str, Any]:
    """Register the body of oversight under a fresh key and return what it signs in with."""
    key = SigningKey.generate()
    gateway.register_oversight(OVERSIGHT_ID, {"keys": [key.public.public_jwk()]})
    return {"client_id": OVERSIGHT_ID, "private_jwk": key.private_jwk()}


def gateway_settings(home: Home, addresses: Addresses) -> GatewaySettings:
    """Return the settings the gateway of `home` starts with."""
    return GatewaySettings(**by_field(settings_of(home, GATEWAY, addresses) | home.secrets(GATEWAY)))


def agency_settings(home: Home, agency: AgencyService, addresses: Addresses) -> AgencySettings:
    """Return the settings an agency service of `home` starts with."""
    return AgencySettings(**by_field(settings_of(home, agency, addresses) | home.secrets(agency)))


def by_field(settings: Mapping[str, str]) -> dict[str, Any]:
    """Return environment settings by the name of their field."""
    return {name.removeprefix("MESH_").lower(): value for name, value in settings.items()}
