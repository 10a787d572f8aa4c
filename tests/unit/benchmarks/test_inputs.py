"""The two pictures that every server reads."""

from pathlib import Path

from PIL import Image

from benchmarks.inputs import write_inputs
from benchmarks.peers.reading import Reader


def test_both_pictures_are_what_they_are_called_and_read_as_the_same_digit(tmp_path: Path) -> None:
    paths = write_inputs(tmp_path)
    with Image.open(paths["28x28"]) as grey, Image.open(paths["canvas"]) as canvas:
        assert (grey.mode, grey.size) == ("L", (28, 28))
        assert (canvas.mode, canvas.size, canvas.getpixel((0, 0))) == ("RGBA", (280, 280), (0, 0, 0, 0))
    reader = Reader()
    assert {reader.read(path.read_bytes())["label"] for path in paths.values()} == {"7"}
