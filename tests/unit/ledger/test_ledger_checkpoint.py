"""Checkpoints in the form of C2SP tlog-checkpoint."""

import pytest

from shared.kernel.errors import InputRejected
from shared.ledger.checkpoint import Checkpoint, text_of_note

BODY = "mesh.example/ledger\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_body_is_read_and_written_as_specified() -> None:
    checkpoint = Checkpoint.parse(BODY)
    assert (checkpoint.origin, checkpoint.size, len(checkpoint.root)) == ("mesh.example/ledger", 20852163, 32)
    assert checkpoint.body() == BODY


def test_text_of_a_note_is_what_was_signed() -> None:
    assert (
        text_of_note(f"{BODY}\n— mesh.example/ledger Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhc\n")
        == BODY
    )
    assert text_of_note(BODY) == BODY


@pytest.mark.parametrize(
    "body",
    [
        "",
        "\n",
        BODY[:-1],
        BODY + "extension\n",
        BODY.replace("\n20852163", "\n020852163"),
        BODY.replace("\n20852163", "\n-1"),
        BODY.replace("\n20852163", "\n"),
        BODY.replace("20852163", "٣"),
        BODY.replace("mesh.example/ledger", ""),
        BODY.replace("2I=", "2I"),
        BODY.replace("2I=", "2J="),
        BODY.replace("CsUY", "Cs"),
    ],
)
def test_other_texts_are_refused(body: str) -> None:
    with pytest.raises(InputRejected) as refusal:
        Checkpoint.parse(body)
    assert refusal.value.code == "ledger.checkpoint"


@pytest.mark.parametrize(
    "checkpoint", [Checkpoint("a\nb", 1, bytes(32)), Checkpoint("a", 1, b""), Checkpoint("a", -1, bytes(32))]
)
def test_checkpoint_that_nobody_could_read_is_not_written(checkpoint: Checkpoint) -> None:
    with pytest.raises(InputRejected):
        checkpoint.body()
