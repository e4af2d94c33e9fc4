"""Personal data that strays into any place of any call comes out nowhere: logs, spans, metrics, ledger, answers."""

import io
import json
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway import bootstrap
from shared.telemetry.export import AllowListExporter
from shared.telemetry.tracing import Telemetry
from tests.support.agency import SHELTER, Sent, a_grant, to_body
from tests.support.evidence import all_entries
from tests.support.mesh import HEALTH, SOCIAL, Mesh, running_mesh

NAME = "Nguyen-Thi-Canary"
PHONE = "0912345678"
TEXT = f"{NAME} {PHONE}"
MARKS = (NAME, PHONE, NAME.lower(), NAME.replace("-", "%2D"))


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Spans as they would leave the process."""
    exporter = InMemorySpanExporter()
    processor = SimpleSpanProcessor(AllowListExporter(exporter))
    monkeypatch.setattr(bootstrap, "configure", lambda name, _: Telemetry(name, processors=(processor,)))
    return exporter


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the process writes to its log, of every library, at every level."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield written
    root.handlers, root.level = handlers, level


@pytest.fixture
async def watched(
    log: io.StringIO, database_url: str, tmp_path: Path, spans: InMemorySpanExporter
) -> AsyncIterator[Mesh]:
    async with running_mesh(database_url, tmp_path, log_level="DEBUG") as mesh:
        logging.getLogger().setLevel(logging.DEBUG)
        yield mesh


async def everywhere(mesh: Mesh, sent: Sent) -> list[httpx.Response]:
    """Push the marks through every route, in every place a caller may write to."""
    health = mesh[HEALTH]
    token = await health.token()
    answers = []
    for path, operations in mesh.app.openapi()["paths"].items():
        for method in operations:
            answers += await _through(health.http, method.upper(), path, token)
    for changes in (
        {"victim": TEXT},
        {"area": TEXT},
        {"facts": {NAME.lower(): TEXT}},
        {"facts": {"remote_area": PHONE}},
        {"preferences": {"staff_gender": TEXT}},
        {"blocked": [TEXT]},
        {"basis": {"kind": "vital_interest", "article": TEXT, "approver": NAME, "notify_unsafe": False}},
        {"recipient": NAME.lower(), "sealed_for": SOCIAL},
    ):
        given = {"subject": sent.message["subject"], **changes}
        basis = given.pop("basis", sent.message["basis"])
        recipient = given.pop("recipient", SOCIAL)
        message, shares = health.referral_message(recipient, basis, **given)
        answers.append(await health.post("/v1/referrals", message, hub_shares=shares))
    answers.append(await health.report(sent, "acknowledged", **{NAME.lower(): TEXT}))
    answers.append(await health.report(sent, "cancelled", reason=NAME))
    return answers


async def _through(http: httpx.AsyncClient, method: str, path: str, token: str) -> list[httpx.Response]:
    place = path.replace("{", "").replace("}", "")
    filled = "/".join(NAME if "{" in part else part for part in path.split("/"))
    bearer = {"Authorization": f"Bearer {token}"}
    json_type = {"Content-Type": "application/json"}
    body = to_body({"name": TEXT, NAME: PHONE})
    signed = {**bearer, **json_type, "Referral-Signature": f"{NAME}..{PHONE}", "Hub-Shares": NAME}
    calls: list[dict[str, Any]] = [
        {"url": filled, "headers": bearer, "params": {"after": TEXT, NAME: PHONE}},
        {"url": filled, "headers": signed, "content": body},
        {"url": place, "headers": {**bearer, "Content-Type": f"text/{NAME}"}, "content": body},
        {"url": f"{place}/{NAME}", "headers": {"Authorization": f"Bearer {TEXT}", "traceparent": NAME}},
        {"url": place, "data": {"grant_type": TEXT, "client_assertion": f"{NAME}.{PHONE}.x", NAME: PHONE}},
    ]
    return [await http.request(method, **call) for call in calls]


async def test_mark_comes_out_nowhere(watched: Mesh, spans: InMemorySpanExporter, log: io.StringIO) -> None:
    consent = await watched[HEALTH].record_consent(a_grant(SOCIAL))
    plaintexts = {**SHELTER, "identity": {"full_name": TEXT}}
    sent = await watched[HEALTH].refer(SOCIAL, consent, plaintexts=plaintexts)
    assert sent.answer.status_code == 202, sent.answer.text
    answers = await everywhere(watched, sent)
    assert {answer.status_code for answer in answers} <= {200, 202, 204, 400, 401, 403, 404, 405, 409, 413, 415, 422}
    metrics = (await watched[HEALTH].http.get("/metrics")).text
    out = {
        "answers": "".join(answer.text + json.dumps(dict(answer.headers)) for answer in answers),
        "metrics": metrics,
        "ledger": "".join(item.leaf for item in await all_entries(watched.oversight)),
        "logs": log.getvalue(),
        "spans": "".join(span.to_json() for span in spans.get_finished_spans()),
    }
    assert spans.get_finished_spans()
    assert "request.refused" in out["logs"]
    for where, text in out.items():
        for mark in MARKS:
            assert mark not in text, f"{mark} is in {where}: {_around(text, mark)}"


def _around(text: str, mark: str) -> str:
    place = text.index(mark)
    return text[max(0, place - 300) : place + 100]
