"""The picture of a chain fits a telephone, whatever the chain is like."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from gateway.web.console.picture import WIDTH, draw


@dataclass(frozen=True)
class Link:
    """As much of a referral as is drawn."""

    referral_id: str
    parent_id: str | None
    sender: str = "health-th"
    recipient: str = "social-th"


@given(st.lists(st.integers(min_value=-1, max_value=30), max_size=30))
def test_every_referral_is_in_the_picture_and_nothing_leaves_it(parents: list[int]) -> None:
    links = [Link(f"r{place}", f"r{parent}" if parent >= 0 else None) for place, parent in enumerate(parents)]
    picture = draw(links)  # type: ignore[arg-type]  # only what is drawn
    assert sorted(box.link.referral_id for box in picture.boxes if box.link) == sorted(
        f"r{n}" for n in range(len(links))
    )
    assert all(box.x >= 0 and box.x + box.width <= WIDTH and box.letters > 5 for box in picture.boxes)
    assert all(box.y + 48 <= picture.height for box in picture.boxes)
    assert len({box.y for box in picture.boxes}) == len(picture.boxes)
    assert all(0 < line.top < line.bottom and 0 < line.x < line.end for line in picture.branches)
