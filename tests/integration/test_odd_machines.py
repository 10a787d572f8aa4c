"""`scripts/serve.py` on machines that are set up in another way: it serves, or says what is in the way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from tests.drawing import draw_digit, encoded
from tests.installs import copy_repository

if TYPE_CHECKING:
    from tests.conftest import Service, ServiceStarter

REQUEST_TIMEOUT_S = 10.0


def assert_reads_a_seven(service: Service) -> None:
    picture = encoded(draw_digit(7))
    response = requests.post(service.predictions_url, data=picture, timeout=REQUEST_TIMEOUT_S)
    assert (response.status_code, response.json()["label"]) == (200, "7")


def test_another_projects_modules_on_the_path_do_no_harm(start_service: ServiceStarter, another_project: Path) -> None:
    with start_service(environment={"PYTHONPATH": str(another_project)}) as service:
        assert_reads_a_seven(service)


def test_a_temporary_folder_with_a_long_name_does_no_harm(start_service: ServiceStarter, tmp_path: Path) -> None:
    long = tmp_path / ("x" * (119 - len(str(tmp_path))))
    long.mkdir()
    assert len(str(long)) == 120
    with start_service(environment={"TMPDIR": str(long)}) as service:
        assert_reads_a_seven(service)


@pytest.mark.parametrize("folder", ["über", "数字 7"])
def test_a_path_that_is_not_ascii_serves_in_the_c_locale(
    start_service: ServiceStarter, tmp_path: Path, folder: str
) -> None:
    root = copy_repository(tmp_path / folder / "repository")
    with start_service(root=root, name=f"{folder}/logs", environment={"LC_ALL": "C"}) as service:
        assert_reads_a_seven(service)
