"""The patches are applied by one call, and only to the TorchServe that they were written for."""

import logging
from collections.abc import Iterator

import pytest
from ts.protocol import otf_message_handler
from ts.torch_handler.request_envelope.base import BaseEnvelope

from handler import torchserve_patches


@pytest.fixture
def unpatched(monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """TorchServe with marks in the places of its own functions, so that a patch shows."""
    mark = object()
    monkeypatch.setattr(otf_message_handler, "_retrieve_buffer", mark)
    monkeypatch.setattr(otf_message_handler, "logging", mark)
    monkeypatch.setattr(BaseEnvelope, "handle", mark)
    torchserve_patches.are_wanted.cache_clear()
    yield mark
    torchserve_patches.are_wanted.cache_clear()


def patched(mark: object) -> list[bool]:
    return [otf_message_handler._retrieve_buffer is not mark, BaseEnvelope.handle is not mark]


def test_the_version_that_they_were_written_for_is_patched(unpatched: object) -> None:
    torchserve_patches.apply()
    assert patched(unpatched) == [True, True]
    folder = torchserve_patches.worker_start_folder()
    assert folder is not None and (folder / "sitecustomize.py").exists()


def test_another_version_is_left_as_it_is_and_said_so_once(
    unpatched: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torchserve_patches, "WRITTEN_FOR", "0.11.1")
    caplog.set_level(logging.WARNING)
    torchserve_patches.apply()
    torchserve_patches.apply()
    assert patched(unpatched) == [False, False]
    assert torchserve_patches.worker_start_folder() is None
    assert caplog.messages == ["TorchServe 0.12.0 is left as it is: its patches were written for 0.11.1"]


def test_the_environment_turns_them_off(
    unpatched: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(torchserve_patches.SWITCH, "off")
    torchserve_patches.apply()
    assert patched(unpatched) == [False, False]
    assert torchserve_patches.worker_start_folder() is None
    assert not caplog.messages
