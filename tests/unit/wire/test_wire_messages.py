"""What a message may say, and that a refusal points at the place."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from shared.kernel.errors import InputRejected, TooLarge
from shared.sop.model import Compartment, Urgency
from shared.wire.messages import (
    COMMAS_MOST,
    MESSAGE_MOST,
    ConsentV1,
    EventV1,
    NoteV1,
    OpeningV1,
    ReceiptV1,
    ReferralV1,
    RevocationV1,
    parse,
    parse_consent,
    parse_event,
    parse_note,
    parse_notice,
    parse_opening,
    parse_receipt,
    parse_referral,
    parse_revocation,
    to_body,
)
from shared.wire.parts import GRANTS_MOST, RECIPIENTS_MOST
from tests.support.messages import faults, golden, golden_bytes, parse_changed

OTHER_ID = "019a9b3c-4d5e-7f60-8a9b-0c1d2e3fffff"


def test_referral_is_read_with_typed_fields() -> None:
    referral = parse_referral(golden_bytes("referral-first"))
    assert referral.urgency is Urgency.URGENT
    assert referral.incident_at == datetime(2026, 11, 20, 16, 40, tzinfo=UTC)
    assert [c.name for c in referral.compartments][:2] == [Compartment.IDENTITY, Compartment.CONTACT]
    assert referral.facts == {"financial_hardship": True, "trafficking_status": "in_process"}


def test_what_may_be_left_out_has_its_default() -> None:
    referral = parse_referral(golden_bytes("referral-onward"))
    assert (referral.facts, referral.blocked, referral.phoned_first, referral.incident_at) == ({}, (), False, None)
    assert referral.preferences.model_dump() == {
        "staff_gender": "any",
        "language": "vi",
        "interpreter": False,
        "accompanied": False,
    }


def test_each_parser_reads_its_own_kind() -> None:
    assert isinstance(parse_event(golden_bytes("event-accepted")), EventV1)
    assert isinstance(parse_opening(golden_bytes("opening")), OpeningV1)
    assert isinstance(parse_note(golden_bytes("note")), NoteV1)
    assert isinstance(parse_consent(golden_bytes("consent-first")), ConsentV1)
    assert isinstance(parse_revocation(golden_bytes("revocation-all")), RevocationV1)
    assert isinstance(parse_receipt(golden_bytes("receipt-stored")), ReceiptV1)
    assert parse_notice(golden_bytes("notice")).sender == "gateway"


def test_message_built_in_the_process_is_written_as_it_was_built() -> None:
    built = ReferralV1(**golden("referral-immediate"))
    assert json.loads(to_body(built)) == golden("referral-immediate")


def test_time_built_in_the_process_needs_an_offset_and_is_cut_to_milliseconds() -> None:
    event = golden("event-accepted")
    built = EventV1(**{**event, "at": datetime(2026, 11, 21, 16, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=7)))})
    assert json.loads(to_body(built))["at"] == "2026-11-21T09:00:00.123Z"
    with pytest.raises(ValueError, match="RFC 3339"):
        EventV1(**{**event, "at": datetime(2026, 11, 21, 16, 0)})  # noqa: DTZ001


def test_message_cannot_be_changed_after_reading() -> None:
    with pytest.raises(ValueError, match="frozen"):
        parse_referral(golden_bytes("referral-first")).recipient = "somebody-else"  # type: ignore[misc]


@pytest.mark.parametrize(
    "field",
    [
        *("v", "kind", "id", "sender", "recipient", "sent_at", "sop", "referral_id", "chain_id", "subject"),
        *("service_type", "urgency", "area", "age_band", "basis", "sealed", "compartments"),
    ],
)
def test_referral_without_a_required_field_is_refused_at_that_field(field: str) -> None:
    assert faults("referral-first", **{field: ...}) == [(f"/{field}", "field.required")]


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"v": 2}, "/v", "field.range"),
        ({"v": True}, "/v", "field.type"),
        ({"v": "1"}, "/v", "field.type"),
        ({"kind": "event"}, "/kind", "field.choice"),
        ({"id": OTHER_ID.upper()}, "/id", "field.form"),
        ({"sender": "Thanh Hoa"}, "/sender", "field.form"),
        ({"sent_at": "2026-11-21T08:15:30"}, "/sent_at", "field.time"),
        ({"sent_at": "2026-11-21 08:15:30Z"}, "/sent_at", "field.time"),
        ({"sent_at": "2026-02-30T08:15:30Z"}, "/sent_at", "field.time"),
        ({"sent_at": 1763712930}, "/sent_at", "field.time"),
        ({"sent_at": "1763712930"}, "/sent_at", "field.time"),
        ({"sop": "latest"}, "/sop", "field.form"),
        ({"referral_id": OTHER_ID}, "/referral_id", "field.same"),
        ({"chain_id": OTHER_ID}, "/chain_id", "field.same"),
        ({"parent_id": ""}, "/parent_id", "field.form"),
        ({"subject": "038123456789"}, "/subject", "field.form"),
        ({"service_type": "soc-01"}, "/service_type", "field.form"),
        ({"service_type": "SOC-٠١"}, "/service_type", "field.form"),
        ({"urgency": "asap"}, "/urgency", "field.choice"),
        ({"incident_at": "2026-11-22T00:00:00Z"}, "/incident_at", "field.order"),
        ({"area": 38}, "/area", "field.type"),
        ({"area": "38001234"}, "/area", "field.form"),
        ({"area": "38\n"}, "/area", "field.form"),
        ({"age_band": "17"}, "/age_band", "field.choice"),
        ({"preferences": {"staff_gender": "woman"}}, "/preferences/staff_gender", "field.choice"),
        ({"preferences": {"language": "Vietnamese!"}}, "/preferences/language", "field.form"),
        ({"preferences": {"interpreter": "true"}}, "/preferences/interpreter", "field.type"),
        ({"preferences": None}, "/preferences", "field.type"),
        ({"facts": {"note": "she said that"}}, "/facts/note", "field.fact"),
        ({"facts": {"amount": 1.5}}, "/facts/amount", "field.fact"),
        ({"facts": {"amount": 2**53}}, "/facts/amount", "field.fact"),
        ({"facts": {"deep": {"a": 1}}}, "/facts/deep", "field.fact"),
        ({"facts": {"Her Name": True}}, "/facts", "field.form"),
        ({"facts": {f"fact_{n}": True for n in range(33)}}, "/facts", "field.too-many"),
        ({"phoned_first": 1}, "/phoned_first", "field.type"),
        ({"blocked": ["her brother"]}, "/blocked/0", "field.form"),
        ({"blocked": ["A" * 43] * 65}, "/blocked", "field.too-many"),
        ({"compartments": []}, "/compartments", "field.too-few"),
    ],
)
def test_wrong_value_is_refused_where_it_stands(changes: dict[str, Any], pointer: str, code: str) -> None:
    assert faults("referral-first", **changes) == [(pointer, code)]


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        ("consent", [("/basis", "field.choice")]),
        ({}, [("/basis", "field.choice")]),
        ({"kind": "curiosity"}, [("/basis", "field.choice")]),
        ({"kind": ["consent"]}, [("/basis", "field.choice")]),
        ({"kind": "consent"}, [("/basis/consent_id", "field.required")]),
        ({"kind": "consent", "consent_id": OTHER_ID, "article": "1"}, [("/basis/article", "field.unknown")]),
        ({"kind": "consent", "consent_id": 7}, [("/basis/consent_id", "field.type")]),
        (
            {"kind": "court_order", "consent_id": OTHER_ID},
            [
                ("/basis/article", "field.required"),
                ("/basis/approver", "field.required"),
                ("/basis/consent_id", "field.unknown"),
            ],
        ),
        ({"kind": "court_order", "article": "a\nb", "approver": "x"}, [("/basis/article", "field.form")]),
        ({"kind": "court_order", "article": "1", "approver": "Dr. Lan"}, [("/basis/approver", "field.form")]),
        ({"kind": "court_order", "article": "", "approver": "x"}, [("/basis/article", "field.too-short")]),
        ({"kind": "court_order", "article": "x" * 201, "approver": "x"}, [("/basis/article", "field.too-long")]),
    ],
)
def test_basis_is_either_a_consent_or_law_with_article_and_approver(
    basis: Any, expected: list[tuple[str, str]]
) -> None:
    assert faults("referral-first", basis=basis) == expected


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "diary", "field.choice"),
        ("stage", "later", "field.choice"),
        ("share_sha256", "A" * 42 + "B", "field.form"),
        ("share_sha256", "ab" * 32, "field.form"),
        ("ciphertext", "A" * 37, "field.too-short"),
        ("ciphertext", "A" * 393_217, "field.too-long"),
        ("ciphertext", "A" * 40 + "==", "field.form"),
        ("key", "value", "field.unknown"),
    ],
)
def test_compartment_is_refused_where_it_is_wrong(field: str, value: str, code: str) -> None:
    compartments = golden("referral-first")["compartments"]
    compartments[1][field] = value
    assert faults("referral-first", compartments=compartments) == [(f"/compartments/1/{field}", code)]


def test_compartment_sent_twice_is_refused() -> None:
    compartments = golden("referral-first")["compartments"]
    assert faults("referral-first", compartments=[*compartments, compartments[0]]) == [
        ("/compartments/5/name", "field.repeated")
    ]


def test_a_note_waits_for_no_acceptance() -> None:
    (part,) = golden("note")["compartments"]
    assert faults("note", compartments=[{**part, "stage": "accepted"}]) == [("/compartments/0/stage", "field.choice")]


def test_referral_carries_no_note_and_a_note_nothing_else() -> None:
    note, other = golden("note")["compartments"], golden("referral-first")["compartments"][:1]
    assert faults("referral-first", compartments=other + note) == [("/compartments/1/name", "field.choice")]
    assert faults("note", compartments=[{**other[0], "stage": "triage"}]) == [("/compartments/0/name", "field.choice")]
    assert faults("note", compartments=note * 2) == [("/compartments", "field.too-many")]


def test_sealed_names_a_known_suite() -> None:
    sealed = golden("referral-first")["sealed"]
    assert faults("referral-first", sealed={**sealed, "suite": "none"}) == [("/sealed/suite", "field.choice")]
    assert faults("referral-first", sealed={**sealed, "kid": "k1"}) == [("/sealed/kid", "field.form")]


def test_referral_cannot_be_its_own_parent() -> None:
    assert faults("referral-first", parent_id=golden("referral-first")["id"]) == [("/parent_id", "field.same")]


def test_consent_keeps_its_own_order_and_names() -> None:
    first = golden("consent-first")
    assert faults("consent-first", valid_to=first["valid_from"]) == [("/valid_to", "field.order")]
    assert faults("consent-first", derived_from=first["id"]) == [("/derived_from", "field.same")]
    assert faults("consent-first", purposes=["service", "service"]) == [("/purposes/1", "field.repeated")]
    assert faults("consent-first", purposes=["research"]) == [("/purposes/0", "field.choice")]
    assert faults("consent-first", grantor="neighbour") == [("/grantor", "field.choice")]
    assert faults("consent-first", form="assumed") == [("/form", "field.choice")]
    assert faults("consent-first", withheld=first["withheld"] * 2) == [("/withheld/1/compartment", "field.repeated")]
    assert faults("consent-first", evidence_sha256="ABCD" * 16) == [("/evidence_sha256", "field.form")]
    assert faults("consent-first", recipient="anh-duong-house") == [("/recipient", "field.unknown")]


def test_consent_that_grants_nothing_can_be_recorded() -> None:
    consent = parse_changed("consent-first", grants=[], purposes=[])
    assert isinstance(consent, ConsentV1)
    assert consent.grants == ()


def test_grant_is_refused_where_it_is_wrong() -> None:
    grants = golden("consent-first")["grants"]
    grants[1] |= {"recipients": ["all agencies"], "compartments": ["identity", "identity"]}
    del grants[0]["onward"]
    assert faults("consent-first", grants=grants) == [
        ("/grants/0/onward", "field.required"),
        ("/grants/1/recipients/0", "field.form"),
    ]
    assert faults(
        "consent-first", grants=[{**golden("consent-first")["grants"][1], "compartments": ["legal"] * 2}]
    ) == [("/grants/0/compartments/1", "field.repeated")]


def test_revocation_of_nothing_is_refused_because_null_means_all() -> None:
    assert faults("revocation-part", recipients=[]) == [("/recipients", "field.too-few")]
    assert faults("revocation-part", compartments=[]) == [("/compartments", "field.too-few")]
    assert faults("revocation-part", by="husband") == [("/by", "field.choice")]


def test_receipt_goes_to_the_gateway_and_a_rejection_says_why() -> None:
    assert faults("receipt-stored", recipient="anh-duong-house") == [("/recipient", "field.choice")]
    assert faults("receipt-rejected", code=None) == [("/code", "field.required")]


def test_notice_comes_from_the_gateway_alone() -> None:
    assert faults("notice", sender="anh-duong-house") == [("/sender", "field.choice")]


def test_opening_asks_for_each_compartment_once() -> None:
    assert faults("opening", compartments=["identity", "identity"]) == [("/compartments/1", "field.repeated")]
    assert faults("opening", actor="Nguyễn Thị Lan") == [("/actor", "field.form")]


def test_unknown_kind_is_refused_without_repeating_it() -> None:
    with pytest.raises(InputRejected) as caught:
        parse("telegram", b"{}")
    assert caught.value.code == "message.kind"
    assert "telegram" not in caught.value.message


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"\xef\xbb\xbf{}", b'{"a": NaN', b"[" * 100_000, b'{"v":"\\ud800"}', b"{} {}", b"'a'"]
)
def test_broken_json_is_said_to_be_broken_json(body: bytes) -> None:
    with pytest.raises(InputRejected) as caught:
        parse("referral", body)
    assert (caught.value.code, caught.value.faults) == ("message.not-json", ())


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"1"])
def test_json_that_is_no_object_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(InputRejected) as caught:
        parse("referral", body)
    assert [(f.pointer, f.code) for f in caught.value.faults] == [("", "field.type")]


def test_second_field_of_the_same_name_cannot_smuggle_another_recipient() -> None:
    twice = golden_bytes("referral-first").replace(b'"sop":', b'"recipient": "somebody-else", "sop":')
    with pytest.raises(InputRejected) as caught:
        parse("referral", twice)
    assert caught.value.code == "message.repeated-name"
    escaped = golden_bytes("referral-first").replace(
        b'"kind": "consent"', b'"kind": "consent", "k\\u0069nd": "consent"'
    )
    with pytest.raises(InputRejected, match="repeated-name"):
        parse("referral", escaped)


def test_body_over_the_cap_is_not_even_parsed() -> None:
    with pytest.raises(TooLarge) as caught:
        parse("referral", b"{" * (MESSAGE_MOST + 1))
    assert caught.value.code == "message.too-large"


@pytest.mark.parametrize("one", [b"{}", b"1", b'"x"'])
def test_body_with_more_values_than_any_message_has_is_not_looked_at_one_by_one(one: bytes) -> None:
    with pytest.raises(TooLarge) as caught:
        parse("referral", b'{"compartments":[' + b",".join([one] * (COMMAS_MOST + 2)) + b"]}")
    assert caught.value.code == "message.too-large"


def test_consent_with_all_its_lines_full_is_no_such_body() -> None:
    consent = golden("consent-first")
    line = {
        "recipients": [f"agency-{number:02}" for number in range(RECIPIENTS_MOST)],
        "service_types": [f"SOC-{number:02}" for number in range(64)],
        "compartments": [name.value for name in Compartment],
        "onward": False,
    }
    consent |= {"grants": [line] * GRANTS_MOST}
    assert len(parse_consent(json.dumps(consent).encode()).grants) == GRANTS_MOST
