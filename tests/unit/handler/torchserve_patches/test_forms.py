"""The changed class of TorchServe: two calls answered, and nothing else; another class is left alone."""

import logging
from pathlib import Path
from zipfile import ZipFile

import pytest
import ts

from handler.torchserve_patches import SWITCH, are_wanted, forms, prepare_start

ORIGINAL = ZipFile(Path(ts.__file__).parent.parent / forms.JAR).read(forms.CLASS)
INVOKE_STATIC, INVOKE_VIRTUAL = 0xB8, 0xB6


def test_only_the_two_calls_are_replaced() -> None:
    changed = forms.changed(ORIGINAL)
    assert len(changed) == len(ORIGINAL)
    differing = [at for at, (old, new) in enumerate(zip(ORIGINAL, changed, strict=True)) if old != new]
    assert differing == [14211, 14212, 14213, 14222, 14223, 14224]
    assert (ORIGINAL[14211], ORIGINAL[14222]) == (INVOKE_STATIC, INVOKE_VIRTUAL)


def test_the_class_lies_where_torchserve_looks_first(tmp_path: Path) -> None:
    prepare_start(tmp_path)
    assert (tmp_path / forms.CLASS).read_bytes() == forms.changed(ORIGINAL)


def test_nothing_is_written_with_the_patches_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "off")
    are_wanted.cache_clear()
    prepare_start(tmp_path)
    are_wanted.cache_clear()
    assert not list(tmp_path.iterdir())


def test_a_class_that_is_not_the_known_one_is_left_alone_and_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(forms, "SHA256", "0" * 64)
    with caplog.at_level(logging.WARNING):
        forms.write_class(tmp_path)
    assert not list(tmp_path.iterdir())
    assert "left to TorchServe's parser" in caplog.text
