"""What the supervisor checks before it starts anything."""

from pathlib import Path

import pytest

from serving import supervisor
from serving.settings import ServeError


def test_a_full_disk_is_noticed_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "MIN_FREE_BYTES", 2**62)
    with pytest.raises(ServeError, match=r"only \d+ MB free in .*TMPDIR"):
        supervisor.check_disk(tmp_path / "logs")
