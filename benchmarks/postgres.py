"""A real PostgreSQL of its own, on a Unix socket in a temporary folder."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

USER = "postgres"
STOP_TIMEOUT_S = 60


@dataclass(frozen=True)
class Postgres:
    """A cluster.

    Attributes:
        folder: of its data and its socket.
        programs: where PostgreSQL's own programs lie.
    """

    folder: Path
    programs: Path

    @property
    def url(self) -> str:
        """Its database, for DATABASE_URL."""
        return f"postgresql://{USER}@/{USER}?host={self.folder}"

    def start(self) -> None:
        """Start it; returns once it answers."""
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=off"
        self._run("pg_ctl", "start", "--wait", f"--log={self.folder}/log", f"--options={options}")

    def stop(self) -> None:
        """Stop it, connections and all."""
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), f"--pgdata={self.folder}/data", *arguments]
        user = USER if os.getuid() == 0 else None  # it refuses to run as root
        subprocess.run(
            command, check=True, user=user, cwd=self.folder, stdout=subprocess.DEVNULL, timeout=STOP_TIMEOUT_S
        )


def find_programs() -> Path | None:
    """The folder of `initdb`, as Debian has it or on the path; None where PostgreSQL is not installed."""
    if os.getuid() == 0:
        try:
            pwd.getpwnam(USER)
        except KeyError:
            return None
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = str(installed[-1]) if installed else shutil.which("initdb")
    return Path(found).parent if found else None


@contextlib.contextmanager
def running_postgres(programs: Path) -> Iterator[Postgres]:
    """An empty cluster for the length of a `with` block."""
    with tempfile.TemporaryDirectory(prefix="digits-pg-") as name:
        folder = Path(name)
        if os.getuid() == 0:
            shutil.chown(folder, USER)
        postgres = Postgres(folder, programs)
        postgres._run("initdb", f"--username={USER}", "--auth=trust", "--no-sync")
        postgres.start()
        try:
            yield postgres
        finally:
            postgres.stop()
