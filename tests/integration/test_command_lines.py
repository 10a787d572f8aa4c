"""The command lines as a user runs them: answers on stdout, one clear line on failure, honest exit statuses."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from PIL import Image

from model.artifacts import sha256_of
from model.preprocessing.digit import digit_image
from model.training.checkpoints import load_checkpoint
from tests.conftest import write_another_project
from tests.drawing import draw_digit
from tests.exports import NAMES, entry, write_export
from tests.own_classes import write_labels, write_pictures

ROOT = Path(__file__).parents[2]
SEVEN = ROOT / "tests" / "data" / "seven.png"


Done = subprocess.CompletedProcess[str]


def command(script: str, *arguments: object, cwd: Path = ROOT, timeout_s: float = 110, **environment: str) -> Done:
    return subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "scripts" / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        cwd=cwd,
        env=os.environ | environment,
    )


def assert_fails_in_one_line(done: Done, *words: str) -> None:
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert all(word in line for word in words), line


SCRIPTS = sorted(path.name for path in (ROOT / "scripts").glob("*.py") if "__main__" in path.read_text())


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], Done]]:
    """What each script says to one option, beside another project's modules; some are asked ahead, one on each core."""
    elsewhere = write_another_project(tmp_path_factory.mktemp("beside") / "another project")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        said = {
            (script, option): pool.submit(command, script, option, PYTHONPATH=str(elsewhere))
            for option in ("--help", "--no-such-option")
            for script in SCRIPTS
        }
        yield lambda script, option: said[script, option].result()


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_explains_itself_beside_another_projects_modules_of_the_same_names(
    script: str, asked: Callable[[str, str], Done]
) -> None:
    done = asked(script, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: ")


@pytest.mark.parametrize("script", SCRIPTS)
def test_wrong_usage_is_told_apart_from_failure(script: str, asked: Callable[[str, str], Done]) -> None:
    done = asked(script, "--no-such-option")
    assert done.returncode == 2
    assert "--no-such-option" in done.stderr or "required" in done.stderr


def test_predict_reads_digits_in_order(tmp_path: Path) -> None:
    three = tmp_path / "three.webp"
    draw_digit(3).save(three)
    done = command("predict.py", SEVEN, three, "--top-k", 2, cwd=tmp_path)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert [line.rpartition(": ")[2].split()[0] for line in lines] == ["7", "3"]
    assert all(line.count("%") == 2 for line in lines)
    assert done.stderr == ""


def test_predict_gives_json_a_line_and_a_plot(tmp_path: Path) -> None:
    plot = tmp_path / "plot.png"
    done = command("predict.py", SEVEN, "--json", "--save-plot", plot)
    result = json.loads(done.stdout)
    assert result["image"] == str(SEVEN)
    assert result["label"] == "7"
    assert len(result["probabilities"]) == 10
    with Image.open(plot) as picture:
        assert len(set(picture.convert("L").tobytes())) > 10


def test_predict_names_a_missing_file(tmp_path: Path) -> None:
    assert_fails_in_one_line(command("predict.py", tmp_path / "none.png"), "none.png", "No such file")


def test_predict_names_a_broken_file(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(SEVEN.read_bytes()[:100])
    assert_fails_in_one_line(command("predict.py", broken), "broken.png", "cannot be")


def test_predict_still_reads_the_good_pictures_beside_a_broken_one(tmp_path: Path) -> None:
    done = command("predict.py", tmp_path / "none.png", SEVEN)
    assert done.returncode == 1
    assert "seven.png: 7" in done.stdout


def test_predict_names_a_missing_model(tmp_path: Path) -> None:
    assert_fails_in_one_line(command("predict.py", SEVEN, "--model", tmp_path / "none.pt"), "none.json is missing")


def test_archive_tells_what_it_built(tmp_path: Path) -> None:
    done = command("archive.py", "--output", tmp_path / "mnist.mar")
    assert done.returncode == 0
    assert str(tmp_path / "mnist.mar") in done.stdout
    assert "SHA-256" in done.stdout


def test_archive_refuses_parts_of_different_exports(tmp_path: Path) -> None:
    released = shutil.copytree(ROOT / "model" / "released", tmp_path / "released")
    (released / "mnist.pt").write_bytes(b"another network")
    done = command("archive.py", "--released", released, "--output", tmp_path / "mnist.mar")
    assert_fails_in_one_line(done, "mnist.pt is not the network that mnist.json describes")


def test_a_write_that_fails_leaves_one_line_and_no_half_archive(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "archive.py"
    # Room for the network on its way into the archive, none for the archive itself.
    room_kib = (ROOT / "model" / "released" / "mnist.pt").stat().st_size // 1024 + 8
    limited = f"ulimit -f {room_kib}; exec {sys.executable} {script} --output {tmp_path / 'mnist.mar'}"
    ignore_signal = "trap '' XFSZ; "  # a full disk, as far as a process can bring one about for itself
    done = subprocess.run(["bash", "-c", ignore_signal + limited], capture_output=True, text=True, timeout=60)
    assert_fails_in_one_line(done, "File too large", "mnist.mar")
    assert list(tmp_path.iterdir()) == []


def test_training_names_corrections_that_are_missing(tmp_path: Path) -> None:
    done = command("train.py", "--run-folder", tmp_path / "run", "--corrections", tmp_path / "none.zip")
    assert_fails_in_one_line(done, "none.zip is missing")


def test_training_names_own_classes_that_do_not_fit(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures")
    labels = write_labels(tmp_path / "labels.json", ["ring", "bar"])
    arguments = ("train.py", "--run-folder", tmp_path / "run", "--labels", labels, "--pictures")
    assert_fails_in_one_line(command(*arguments, folder), "holds the folders seven", "none of the labels: bar, ring")
    assert_fails_in_one_line(command(*arguments, tmp_path / "none"), "none is missing")
    done = command("export.py", "--labels", labels, "--checkpoint", tmp_path / "none.pt")
    assert done.returncode == 2
    assert "--labels names own classes; show where" in done.stderr


def test_training_names_a_missing_data_folder(tmp_path: Path) -> None:
    (tmp_path / "MNIST" / "raw").mkdir(parents=True)
    for name in ("train-images", "t10k-images"):
        (tmp_path / "MNIST" / "raw" / f"{name}-idx3-ubyte").write_bytes(b"half")
    for name in ("train-labels", "t10k-labels"):
        (tmp_path / "MNIST" / "raw" / f"{name}-idx1-ubyte").write_bytes(b"half")
    done = command("train.py", "--data", tmp_path, "--run-folder", tmp_path / "run")
    assert_fails_in_one_line(done, "train-images-idx3-ubyte has 4 bytes where 47,040,016 are expected")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none.mar", ("none.mar is missing", "make archive")),
        ("none.pt", ("none.json is missing",)),
        ("model.onnx", ("model.onnx is neither a .mar archive nor a .pt file",)),
    ],
)
def test_evaluate_names_a_model_that_it_cannot_open(tmp_path: Path, name: str, words: tuple[str, ...]) -> None:
    assert_fails_in_one_line(command("evaluate.py", "--model", tmp_path / name), *words)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_network_is_trained_exported_packed_and_used(
    data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way of a model from the data to an answer, by the commands of the README."""
    monkeypatch.delenv("DIGITS_DATA", raising=False)  # --data must suffice
    run, released = tmp_path / "run", tmp_path / "released"
    corrections = write_export(tmp_path / "corrections.zip", [entry(), entry(picture=NAMES[1], kind="sample")])
    sets = ("--no-pen", "--nondigits", 500, "--mnist-repeats", 1, "--corrections", corrections)
    done = command("train.py", "--data", data_root, "--run-folder", run, "--epochs", 1, *sets)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(run / "best.pt")
    images, _ = torch.load(run / "pictures.pt", weights_only=True)[0]
    assert (images == torch.from_numpy(digit_image(draw_digit(3)))).all(dim=(1, 2)).sum() == 8  # not the test digit
    checkpoint = load_checkpoint(run / "best.pt")
    assert checkpoint["data"][corrections.name] == sha256_of(corrections)
    [record] = checkpoint["history"]
    assert record["validation_accuracy"] > 0.9

    again = command("train.py", "--data", data_root, "--run-folder", run, "--epochs", 1)
    assert again.returncode == 2
    assert "--resume" in again.stderr

    done = command(
        "export.py", "--data", data_root, "--checkpoint", run / "best.pt", "--output", released, timeout_s=300
    )
    assert done.returncode == 0, done.stderr
    exported, output = released / "mnist.pt", tmp_path / "report"
    measure = ("--data", data_root, "--model", exported, "--run-folder", run, "--corrupted", 20)
    done = command("evaluate.py", *measure, "--output", output, "--mnist-only")
    assert done.returncode == 0, done.stderr
    assert "| MNIST test | 10,000 | 9" in done.stdout
    assert sorted(p.name for p in output.iterdir()) == ["metrics.json", "report.html"]
    metrics = json.loads((output / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["training"]["epochs"] == [record]
    assert command("archive.py", "--released", released, "--output", tmp_path / "mnist.mar").returncode == 0
    done = command("predict.py", SEVEN, "--model", exported)
    assert done.stdout.startswith(f"{SEVEN}: ")
