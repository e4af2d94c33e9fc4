"""What partner systems may say is a matter of fields: what has no field cannot be said."""

from shared.agency.requests import ConflictRequest


def test_declaring_a_conflict_of_interest_offers_no_field_for_a_reason() -> None:
    assert ConflictRequest.model_fields.keys() == {"actor", "hand_over_to", "nobody_else", "alternative"}
