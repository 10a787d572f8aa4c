"""The archives that TorchServe is measured with."""

import zipfile
from pathlib import Path

from benchmarks.torchserve import NOOP_HANDLER, repacked
from release.archive import CONFIG, MANIFEST, build_archive


def test_another_handler_or_other_settings_are_packed_into_a_copy_of_the_archive(tmp_path: Path) -> None:
    archive = build_archive(tmp_path / "mnist.mar")
    noop = NOOP_HANDLER.read_text(encoding="utf-8")
    copy = repacked(archive, {"digit_handler.py": noop, CONFIG.name: None}, tmp_path / "copy.mar")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(copy) as new:
        assert set(old.namelist()) - set(new.namelist()) == {CONFIG.name}
        assert new.read("digit_handler.py").decode() == noop
        assert new.read("mnist.pt") == old.read("mnist.pt")
        assert CONFIG.name in old.read(MANIFEST).decode()
        assert CONFIG.name not in new.read(MANIFEST).decode()
