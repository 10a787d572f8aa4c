"""A running learner keeps to its own description, whatever schemathesis makes of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from benchmarks.teaching.learner_process import TIMEOUT_S, LearnerProcess, running_learner
from learner.sets import SETS_FILE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

schemathesis.serializer.alias("application/zip", "application/octet-stream")

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def learner(learner_sets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LearnerProcess]:
    """A learner that has learned nothing, so that it has nothing to teach."""
    state: Path = tmp_path_factory.mktemp("learner") / "state"
    state.mkdir(mode=0o700)
    shutil.copy(learner_sets / SETS_FILE, state)
    with running_learner(state) as learner:
        yield learner


def test_it_keeps_to_its_description(learner: LearnerProcess) -> None:
    schema = schemathesis.openapi.from_url(f"{learner.url}/openapi.json", headers=learner.headers)
    asked = 0
    for operation in schema.get_all_operations():
        assert isinstance(operation, Ok), operation

        @given(case=operation.ok().as_strategy())
        @settings(
            max_examples=15,
            derandomize=True,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def keeps_to_it(case: Any) -> None:
            case.call_and_validate(headers=learner.headers, checks=CHECKS, timeout=TIMEOUT_S)

        keeps_to_it()
        asked += 1
    assert asked > 15


def test_every_call_of_the_contract_is_described(learner: LearnerProcess) -> None:
    paths = learner.ask("GET", "/openapi.json").json()["paths"]
    described = {(path, method) for path, operations in paths.items() for method in operations}
    assert {
        ("/corrections", "post"), ("/corrections", "get"), ("/corrections/{id}", "delete"), ("/retrain", "post"),
        ("/jobs/{number}", "get"), ("/jobs/{number}/events", "get"), ("/jobs/{number}", "delete"), ("/versions", "get"),
        ("/promote", "post"), ("/rollback", "post"),
    } <= described  # fmt: skip
