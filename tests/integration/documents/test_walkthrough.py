"""The walk-through notebook: a short form of it runs to the served answer, and what is committed is what was run.

`WALKTHROUGH=docs` runs it in full instead and keeps the outputs there.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from model.locations import ROOT
from serving.settings import Ports, check_ports_free

NOTEBOOK = ROOT / "docs" / "walkthrough.ipynb"
KEPT = os.environ.get("WALKTHROUGH")
SHORT = {"MNIST_DIGITS": 2_000, "PEN_DIGITS": 200, "EPOCHS": 1}
TIMEOUT_S = 900 if KEPT else 180
MARK = "WALKTHROUGH_TEST"  # in the environment of all that the notebook starts
END_TIMEOUT_S = 20.0


def read_notebook() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tagged(notebook: Any, tag: str) -> Any:
    [found] = [cell for cell in notebook.cells if tag in cell.metadata.get("tags", [])]
    return found


def printed(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def shorten(notebook: Any, **settings: int) -> None:
    """Overrule the cell tagged `parameters` by one after it, as papermill does; all other cells stay as they are."""
    source = "\n".join(f"{name} = {value}" for name, value in settings.items())
    position = notebook.cells.index(tagged(notebook, "parameters")) + 1
    notebook.cells.insert(position, new_code_cell(source))  # type: ignore[no-untyped-call]


def left_running(mark: str) -> list[psutil.Process]:
    """Processes that the notebook started, its kernel and the server's among them."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark:
                found.append(process)
        except psutil.Error:  # ended meanwhile, or another user's
            continue
    return found


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT_S)
def test_it_runs_from_the_data_to_the_served_answer(
    tmp_path: Path, data_root: Path, free_ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {MARK: str(tmp_path), "DIGITS_DATA": str(data_root), "PYTHONPATH": str(ROOT)}.items():
        monkeypatch.setenv(name, value)
    notebook = read_notebook()
    if not KEPT:
        shorten(notebook, **SHORT, PORT=free_ports.inference)
    try:
        NotebookClient(
            notebook,
            timeout=TIMEOUT_S,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(tmp_path)}},
        ).execute()
    finally:
        _, alive = psutil.wait_procs(left_running(str(tmp_path)), timeout=END_TIMEOUT_S)
        for process in alive:
            process.kill()
    assert not alive, f"left running: {alive}"
    if not KEPT:
        check_ports_free(free_ports, with_page=False)
    assert not list(tmp_path.iterdir())  # it ran there and wrote nothing beside itself
    asked = printed(tagged(notebook, "answer"))
    assert re.findall(r"^(\w+): HTTP 200, [0-9]$", asked, re.MULTILINE) == ["canvas", "photographed"], asked
    assert "blank paper: HTTP 422" in asked
    assert "nothing listens" in printed(code_cells(notebook)[-1])  # stopped by the notebook, not by the kernel's end
    if KEPT:
        nbformat.write(notebook, Path(KEPT) / NOTEBOOK.name)  # type: ignore[no-untyped-call]


def test_the_committed_outputs_are_those_of_a_whole_run() -> None:
    notebook = read_notebook()
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {output.output_type for cell in cells for output in cell.outputs}
    assert kinds == {"stream", "display_data"}  # no "error"
    assert {output.name for cell in cells for output in cell.outputs if output.output_type == "stream"} == {"stdout"}
    assert "HTTP 200" in printed(tagged(notebook, "answer"))
    assert not [cell.id for cell in cells if "execution" in cell.metadata]  # no clock


def test_the_committed_notebook_is_small_and_knows_no_machine() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert len(text.encode()) < 500_000
    assert not re.findall(r"(?<![\w.:/])/(?:home|root|tmp|work|Users|usr|var)/\S*", text)


def test_every_link_of_the_notebook_leads_somewhere() -> None:
    prose = "".join(cell.source for cell in read_notebook().cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\((?!http)([^)]+)\)", prose)
    assert links and all((NOTEBOOK.parent / link).exists() for link in links)
