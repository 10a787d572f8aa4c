"""A learner behind the gateway: asked under /learner/, with the gateway's own keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.faults.gateway_process import GatewayProcess
from benchmarks.teaching.learner_process import TIMEOUT_S, running_learner
from serving.gateway.keys import KEY_FILE, KeyFile
from tests.integration.gateway.conftest import session_of
from tests.small_sets import zeros

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]


def test_it_is_asked_with_the_gateways_keys_and_tells_of_a_job_as_it_goes(
    node_gateway: GatewayProcess, learner_port: int, learner_state: Path
) -> None:
    keys = KeyFile(node_gateway.state / KEY_FILE)
    session = session_of(node_gateway, keys.add("who teaches", ["correct", "teach"]).secret)
    url = f"{node_gateway.url}/learner"
    absent = session.get(f"{url}/versions", timeout=TIMEOUT_S)
    assert (absent.status_code, absent.headers["retry-after"]) == (503, "1")
    assert "the learner does not answer" in absent.json()["message"]
    options = (f"--keys={keys.path}", f"--origin={node_gateway.url}")
    with running_learner(learner_state, *options, port=learner_port):
        assert session_of(node_gateway).get(f"{url}/versions", timeout=TIMEOUT_S).status_code == 401
        page = {"Origin": node_gateway.url}
        assert session.post(f"{url}/corrections", json=zeros(0, 2), headers=page, timeout=TIMEOUT_S).status_code == 201
        assert session.get(f"{url}/corrections", timeout=TIMEOUT_S).status_code == 403
        asked = session.post(f"{url}/retrain", json={}, headers=page, timeout=TIMEOUT_S)
        assert asked.status_code == 202
        refused = session.post(f"{url}/retrain", json={"promote": True}, timeout=TIMEOUT_S)
        assert (refused.status_code, "needs admin" in refused.json()["message"]) == (403, True)
        job = f"{url}/jobs/{asked.json()['job']}"
        events = session.get(f"{job}/events", stream=True, timeout=TIMEOUT_S)
        assert events.headers["content-type"].startswith("text/event-stream")
        lines = (line for line in events.iter_lines() if line.startswith(b"data:"))
        assert b'"state":"' in next(lines)
        session.delete(job, timeout=TIMEOUT_S)
        assert b'"state":"cancelled"' in list(lines)[-1]
