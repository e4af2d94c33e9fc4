"""The loader refuses data that is incomplete, contradicts itself, or says what the procedure must never say."""

from pathlib import Path

import pytest

from shared.kernel.errors import InternalFault
from shared.sop.loader import read_sop
from shared.sop.sheet import SopRefused
from tests.support.procedure import change, folder

__all__ = ["folder"]


CASES = {
    "break-glass that ends before anybody can confirm it": (
        "overrides.toml",
        "amount = 24",
        "amount = 72",
        "access would end before",
    ),
    "a second person for consent": ("overrides.toml", '["vital_interest"]', '["consent"]', "other than consent"),
    "an age at which who consents rests on nothing": (
        "ages.toml",
        'basis = "ccs.consent-by-age"\n',
        "",
        "has no basis",
    ),
    "a best-interest decision by one worker": ("ages.toml", "workers = 2", "workers = 1", "a single worker never"),
    "a child that consents alone": (
        "ages.toml",
        'grantors = ["parent", "guardian", "legal_representative"]',
        'grantors = ["self"]',
        "does not consent alone",
    ),
    "a way that nobody can go": (
        "ages.toml",
        'grantors = ["best_interest_decision"]',
        "grantors = []",
        "nobody could go this way",
    ),
    "a decision over the head of a girl of 16": (
        "ages.toml",
        'grantors = ["self"]',
        'grantors = ["self", "best_interest_decision"]',
        "nobody decides over her head",
    ),
    "an unknown age that asks for less": (
        "ages.toml",
        'assent = ["written", "unable"]',
        'assent = ["verbal"]',
        "asks for less than that of a child",
    ),
    "an unsafe caregiver who changes nothing": (
        "ages.toml",
        'reason = "guardian_unsafe"',
        'reason = "guardian_asleep"',
        "an unsafe caregiver is no reason",
    ),
    "an outcome of a review that nobody knows": ("overrides.toml", "partly =", "perhaps =", "the outcomes of a review"),
    "a code that may be anything": ("facts.toml", 'also = "outcomes"\n', "", "a code without its values"),
    "a list that is nowhere": ("facts.toml", 'also = "outcomes"', 'also = "hearsay"', "also must be one of"),
    "values of what is no code": (
        "facts.toml",
        'type = "actor"',
        'type = "actor"\nvalues = ["x"]',
        "values that its type",
    ),
    "a value listed twice": (
        "facts.toml",
        'values = ["need_gone", ',
        'values = ["D01", "need_gone", ',
        "a value twice",
    ),
    "going on without end": ("reroutes.toml", "most = 3", "most = 30", "must be a bound"),
    "going on after a reason that holds everywhere": ("reroutes.toml", '"D01"', '"D09"', "holds wherever she turns"),
    "going on after a reason nobody may give": ("reroutes.toml", '"D01"', '"late_report"', "nobody may give"),
    "a stop without words": ("reroutes.toml", "\nlimit = {", "\nbound = {", "limit is missing"),
    "a house rule laxer than the law": ("withdrawal.toml", "amount = 24", "amount = 240", "later than the one before"),
    "an extension longer than what it extends": (
        "withdrawal.toml",
        'amount = 15\nunit = "days"\nbasis = "decree-356-2025.withdrawal"\n\n[extension_reasons]',
        'amount = 90\nunit = "days"\nbasis = "decree-356-2025.withdrawal"\n\n[extension_reasons]',
        "is no longer than that",
    ),
    "more time for a reason that nobody can give": (
        "withdrawal.toml",
        "legal_check =",
        "too_busy =",
        "reasons that an event can give",
    ),
    "a hold on who she is": (
        "withdrawal.toml",
        'health = ["incident",',
        'health = ["identity",',
        "evidence and records",
    ),
    "a hold on nothing": (
        "withdrawal.toml",
        'health = ["incident", "forensic", "documents"]',
        "health = []",
        "evidence and records",
    ),
    "a hold without basis": ("withdrawal.toml", 'basis = "policy.legal-hold"', 'basis = ""', "no basis"),
    "a time to tell her of nothing": ("overrides.toml", "[telling]", "[telling]\nhours = 1", "unknown key hours"),
    "a service without basis": (
        "social.toml",
        'basis = ["esp.w4", "law-13-2022.article-22", "law-13-2022.article-35"]\n',
        "",
        "SOC-01: has no basis",
    ),
    "a clock without basis": (
        "social.toml",
        'within = "15 minutes", basis = "policy.clocks"',
        'within = "15 minutes"',
        "has no basis",
    ),
    "a precondition without basis": ("preconditions.toml", 'basis = "law-13-2022.article-26"\n', "", "has no basis"),
    "a decline reason without basis": ("declines.toml", 'basis = "policy.declines"\n', "", "has no basis"),
    "a transition without basis": ("lifecycle.toml", 'basis = "policy.lifecycle"', "", "has no basis"),
    "a rule without basis": ("rules.toml", 'basis = "esp.j2"\n', "", "has no basis"),
    "a hotline without basis": ("hotlines.toml", 'basis = "hotline.emergency"\n', "", "has no basis"),
    "a legal basis without basis": ("legal_bases.toml", 'basis = "law-91-2025.consent"\n', "", "has no basis"),
    "a basis nobody declared": ("rules.toml", '"esp.j2"', '"esp.j99"', "esp.j99 is not declared"),
    "a basis nobody uses": (
        "bases.toml",
        '["esp.h3"]',
        '["idle"]\nkind = "POL"\ninstrument = "x"\nconfidence = "policy"\nverified_on = 2026-11-21\n\n["esp.h3"]',
        "no rule rests on idle",
    ),
    "a sourced basis without source": (
        "bases.toml",
        'source = "unodc.org/e4j/ru/tip-and-som/module-8/key-issues/identification-of-victims.html"\n',
        "",
        "names no source",
    ),
    "a policy that calls itself sourced": (
        "bases.toml",
        'confidence = "policy"',
        'confidence = "sourced"\nsource = "x"',
        "policy is the confidence of POL",
    ),
    "a basis never verified": ("bases.toml", "verified_on = 2026-11-21\n", "", "verified_on is missing"),
    "an unknown compartment": ("social.toml", '"contact", "safety"', '"contact", "diary"', "diary, which is no Comp"),
    "a compartment twice": (
        "social.toml",
        'optional = ["identity"',
        'optional = ["contact", "identity"',
        "both required and optional",
    ),
    "a stage for a forbidden compartment": (
        "police.toml",
        'triage = ["legal"]',
        'triage = ["legal", "medical"]',
        "it forbids",
    ),
    "a field the compartment does not have": ("social.toml", '"count", "ages"', '"count", "shoe_size"', "shoe_size"),
    "an unknown sender": ("police.toml", '"hotline"', '"press"', "press, which is no Sender"),
    "an outcome nobody declared": ("health.toml", '"pep_started"', '"prayed"', "an outcome is not declared"),
    "a barred reason nobody can give": ("health.toml", '["D01", "D02"]', '["D01", "late_reporting"]', "late_reporting"),
    "a key nobody reads": ("health.toml", "required =", "requried = []\nrequired =", "unknown key requried"),
    "a clock without a number": ("health.toml", '"30 minutes"', '"soon"', "must read like"),
    "a clock of no time": ("health.toml", '"30 minutes"', '"0 minutes"', "must read like"),
    "a clinical window from sending": ("health.toml", 'from = "incident", ', "", "counted in hours from the incident"),
    "the same code twice": ("health.toml", 'code = "HEA-02"', 'code = "HEA-01"', "HEA-01 is there twice"),
    "a name in one language": (
        "health.toml",
        'en = "Emergency treatment of injuries" }',
        'en = " " }',
        "en is empty",
    ),
    "a precondition on an unknown fact": (
        "preconditions.toml",
        'fact = "pending_civil_case"',
        'fact = "marriage"',
        "marriage is no fact",
    ),
    "a precondition that can never hold": (
        "preconditions.toml",
        'fact = "pending_civil_case", one_of = [true]',
        'fact = "pending_civil_case", one_of = ["yes"]',
        "can never be yes",
    ),
    "a precondition of no service": ("preconditions.toml", '["LEG-03"]', '["LEG-33"]', "does not exist"),
    "a precondition of none": ("preconditions.toml", '["LEG-03"]', "[]", "or to none"),
    "a fact of unknown type": ("facts.toml", 'type = "boolean"', 'type = "essay"', "unknown type"),
    "a transition that needs an unknown fact": (
        "lifecycle.toml",
        'needs = ["question"]',
        'needs = ["narrative"]',
        "needs a fact that no event has",
    ),
    "a state nothing leads to": ("lifecycle.toml", 'to = "on_hold"', 'to = "in_progress"', "never reached"),
    "a member without a name": (
        "names.toml",
        'hotline = { vi = "Tổng đài", en = "Hotline" }\n',
        "",
        "hotline is missing",
    ),
    "a level nobody described": ("urgency.toml", 'urgency = "planned"', 'urgency = "standard"', "twice"),
    "a level without a clock": (
        "urgency.toml",
        '    { phase = "acknowledge", within = "5 minutes", basis = "policy.urgency" },\n',
        "",
        "needs one clock each",
    ),
    "a remote limit in another unit": (
        "urgency.toml",
        'within_if_remote = "60 minutes"',
        'within_if_remote = "1 hour"',
        "differ in unit",
    ),
    "a limit that would pass unsaid": (
        "urgency.toml",
        'id = "due", percent = 100, level = "caseworker", phases = ["acknowledge"]',
        'id = "due", percent = 90, level = "caseworker", phases = ["acknowledge"]',
        "needs an alarm at 100 per cent",
    ),
    "an alarm at no time": (
        "urgency.toml",
        'id = "5-minutes", after = "5 minutes"',
        'id = "5-minutes"',
        "needs either percent or after",
    ),
    "an alarm at an unreadable time": (
        "urgency.toml",
        'after = "5 minutes"',
        'after = "soon"',
        "must read like",
    ),
    "two alarms of one id": ("urgency.toml", 'id = "10-minutes"', 'id = "5-minutes"', "two alarms have the same id"),
    "a referral that never expires": (
        "urgency.toml",
        'expiry = { after = "15 minutes", ',
        "expiry = { ",
        "needs either after or acknowledge_times",
    ),
    "a pause of more than half the clock": (
        "urgency.toml",
        "decide_percent = 50",
        "decide_percent = 51",
        "longer than half",
    ),
    "a pause in immediate danger": (
        "urgency.toml",
        'instruction_code = "call_113_115"',
        'instruction_code = "call_113_115"\npauses = { hold_days = 1, basis = "policy.escalation" }',
        "nothing may pause",
    ),
    "a precondition without alternatives": (
        "preconditions.toml",
        'any_of = [{ fact = "pending_civil_case", one_of = [true] }]',
        "",
        "any_of is empty",
    ),
    "fields of no compartment": ("police.toml", "only = { forensic", "only = { diary", "diary is no Compartment"),
    "a malformed code": ("police.toml", 'code = "POL-01"', 'code = "POL-1"', "malformed"),
    "a service nobody may send": ("police.toml", 'senders = ["authority"]', "senders = []", "needs a required"),
    "a wish of hers that cannot rest on consent": (
        "health.toml",
        'legal_bases = ["consent", "vital_interest"',
        'legal_bases = ["vital_interest"',
        "must be able to rest on her consent",
    ),
    "two clocks of one id": (
        "health.toml",
        'id = "CLIN-EC-120H"',
        'id = "CLIN-PEP-72H"',
        "two clocks have the same id",
    ),
    "a transition by nobody": ("lifecycle.toml", 'by = ["gateway"]', "by = []", "nobody may cause it"),
    "two rows of one id": ("lifecycle.toml", 'id = "T05b"', 'id = "T05a"', "two rows have the same id"),
    "an event that is never legal": ("lifecycle.toml", 'event = "resumed"', 'event = "started"', "never legal"),
    "a list of numbers where texts belong": ("health.toml", '["D01", "D02"]', "[1, 2]", "must be a list of texts"),
    "a text twice": ("health.toml", '["D01", "D02"]', '["D01", "D01"]', "names something twice"),
    "a test on a number": ("preconditions.toml", "one_of = [true] },", "one_of = [1] },", "must be a list of codes"),
    "a list of texts where tables belong": (
        "preconditions.toml",
        'any_of = [{ fact = "pending_civil_case", one_of = [true] }]',
        'any_of = ["pending_civil_case"]',
        "must be a list of tables",
    ),
    "a number where a text belongs": ("sop.toml", '"vn-ces-2026.1"', "1", "version must be of type str"),
    "truth where a number belongs": ("sop.toml", "days = 90", "days = true", "must be of type int"),
    "a legal basis nobody described": (
        "legal_bases.toml",
        'kind = "court_order"',
        'kind = "consent"',
        "consent is there twice",
    ),
    "a schema that lets anything in": (
        "compartments/contact.json",
        '"additionalProperties": false',
        '"additionalProperties": true',
        "contact.json",
    ),
    "a schema that is no JSON": ("compartments/contact.json", "{", "", "cannot be read as JSON"),
    "a file that is no TOML": ("rules.toml", "[[rules]]", "[[rules", "cannot be read as TOML"),
}


@pytest.mark.parametrize(("name", "old", "new", "says"), CASES.values(), ids=CASES)
def test_loader_refuses(folder: Path, name: str, old: str, new: str, says: str) -> None:
    change(folder, name, old, new)
    with pytest.raises(SopRefused) as refusal:
        read_sop(folder)
    assert says in refusal.value.message


def test_level_left_out_is_refused(folder: Path) -> None:
    path = folder / "urgency.toml"
    path.write_text(path.read_text("utf-8").rpartition("[[levels]]")[0], "utf-8")
    with pytest.raises(SopRefused) as refusal:
        read_sop(folder)
    assert "planned is not described" in refusal.value.message


def test_missing_file_is_refused(folder: Path) -> None:
    (folder / "hotlines.toml").unlink()
    with pytest.raises(SopRefused, match=r"sop\.refused"):
        read_sop(folder)


def test_same_event_leading_to_two_places_is_refused(folder: Path) -> None:
    path = folder / "lifecycle.toml"
    row = '\n[[transitions]]\nid = "X"\nevent = "resumed"\nby = ["recipient"]\nfrom = ["on_hold"]\nto = "accepted"\n'
    path.write_text(path.read_text("utf-8") + row + 'basis = "policy.lifecycle"\n', "utf-8")
    with pytest.raises(SopRefused) as refusal:
        read_sop(folder)
    assert "X and another row" in refusal.value.message


def test_refusal_is_a_fault_of_ours() -> None:
    assert issubclass(SopRefused, InternalFault)
