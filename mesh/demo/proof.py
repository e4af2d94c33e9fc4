"""The end of the story: the chain is traced, and every entry proves that it is in the ledger."""

from collections.abc import Sequence
from typing import Any

from mesh.audit import verify
from mesh.demo.cast import Cast
from mesh.demo.narrator import Narrator, expect
from mesh.home import Home
from shared.ledger.evidence import ChainEvidence
from shared.ledger.verifier import Finding, verify_chain
from shared.referral.chain import ONWARD


async def prove_chain(cast: Cast, narrator: Narrator, chain_id: str) -> None:
    """Trace the chain as the body of oversight and verify every entry's proof. Raises `StoryBroken`."""
    narrator.chapter("The auditor")
    with narrator.step("Oversight traces the whole chain and verifies the proof of every entry"):
        document = await cast.oversight.get(f"/v1/chains/{chain_id}")
        findings = verify_chain(ChainEvidence.parse(document))
        expect(not findings, wording(findings))
    for line in as_lines(document["referrals"]):
        narrator.detail(line)
    narrator.detail(f"{len(document['entries'])} entries, each with a proof to root {document['root_hash'][:16]}…")


def prove_ledger(home: Home, narrator: Narrator) -> None:
    """Recompute the whole ledger and compare it with its signed checkpoint. Raises `StoryBroken`."""
    with narrator.step("The whole ledger is recomputed and is that of the checkpoint the gateway signed"):
        verdict = verify(home)
        expect(not verdict.findings, wording(verdict.findings))
    narrator.detail(f"{verdict.checkpoint.size} entries, root {verdict.checkpoint.root.hex()[:16]}…")


def as_lines(referrals: Any, depth: int = 0) -> list[str]:
    """Draw the tree of a chain, one line for each referral."""
    lines = []
    for referral in referrals:
        place = "  " * depth
        facts = f"{referral['service_type']} {referral['sender']} → {referral['recipient']}: {referral['state']}"
        lines += [f"{place}{facts}", *as_lines(referral[ONWARD], depth + 1)]
    return lines


def wording(findings: Sequence[Finding]) -> str:
    """Return findings as one line."""
    return "; ".join(finding.message for finding in findings)
