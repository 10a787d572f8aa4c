"""The running server keeps to docs/openapi.yaml, whatever schemathesis makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import corpus
from tests.drawing import DIGITS, draw_digit, encoded

if TYPE_CHECKING:
    from tests.conftest import Service

SPECIFICATION = Path(__file__).parents[3] / "docs" / "openapi.yaml"


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
TIMEOUT_S = 20
pictures = st.sampled_from([encoded(draw_digit(digit)) for digit in DIGITS])
bodies = st.one_of(pictures, st.sampled_from([body for body, _ in corpus.BAD_PICTURES.values()]), st.binary())
for kind in ("png", "jpeg", "webp", "bmp", "gif", "tiff"):
    schemathesis.openapi.media_type(f"image/{kind}", bodies)

# A method that is not specified would scale the shared server's workers (PUT), and too many pictures are a 413.
CONFIG = schemathesis.Config.from_dict(
    {
        "phases": {"coverage": {"unexpected-methods": []}},
        "checks": {"negative_data_rejection": {"expected-statuses": [400, 404, 413, 415, 422]}},
    }
)
schema = schemathesis.openapi.from_path(str(SPECIFICATION), config=CONFIG)


@schema.parametrize()
@settings(
    max_examples=25,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_server_keeps_to_its_specification(case: Any, service: Service) -> None:
    url = service.management_url if case.path == "/models/mnist" else service.api_url
    case.call_and_validate(base_url=url, checks=CHECKS, timeout=TIMEOUT_S)


def validate(response: requests.Response, path: str, method: str = "POST") -> None:
    schema[path][method].validate_response(response)


@pytest.mark.parametrize("body", ["raw", "V1", "V2"])
@pytest.mark.parametrize("path", ["/predictions/mnist", "/explanations/mnist"])
def test_good_answers_are_specified(service: Service, path: str, body: str) -> None:
    tensor = {"name": "x", "shape": [2], "datatype": "BYTES", "data": [corpus.BASE64] * 2}
    bodies: dict[str, dict[str, Any]] = {
        "raw": {"data": corpus.PNG},
        "V1": {"json": {"instances": [{"data": corpus.BASE64}]}},
        "V2": {"json": {"inputs": [tensor]}},
    }
    response = requests.post(service.api_url + path, timeout=TIMEOUT_S, **bodies[body])
    assert response.status_code == 200
    validate(response, path)


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_every_error_of_the_handler_is_specified(service: Service, status: int) -> None:
    body, headers = next((body, headers) for _, body, headers, code in corpus.all_bad() if code == status)
    response = requests.post(service.predictions_url, data=body, headers=headers, timeout=TIMEOUT_S)
    assert response.status_code == status
    validate(response, "/predictions/mnist")


def test_the_description_is_specified(service: Service) -> None:
    url = f"{service.management_url}/models/mnist"
    response = requests.get(url, params={"customized": "true"}, timeout=TIMEOUT_S)
    assert "customizedMetadata" in response.json()[0]
    validate(response, "/models/mnist", "GET")


def test_the_specification_names_every_path_of_the_prose() -> None:
    prose = (SPECIFICATION.parent / "api.md").read_text()
    for path in yaml.safe_load(SPECIFICATION.read_text())["paths"]:
        assert path.replace("{version}", "1.0") in prose
