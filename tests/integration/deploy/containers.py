"""Builds the image and runs services of deploy/compose.yaml with podman, which needs neither a daemon nor a registry.

The base image and the packages are stand-ins: this machine's own system and virtual environment, mounted read-only.
Everything else is as in the Dockerfile and the compose file.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from model.locations import ROOT
from tests.unit.deploy.composition import FOLDER, load

PROGRAMS = ("podman", "buildah", "runc")
BASE = "localhost/digits-test-base"
RUNTIME = ("--runtime", "runc")  # crun wants another version of control groups
FOLDERS = ("dev", "etc", "proc", "sys", "tmp", "usr", "var/tmp")
LINKS = ("bin", "lib", "lib64", "sbin")
ETC = ("ca-certificates.conf", "ld.so.cache", "nsswitch.conf", "passwd", "group")
ULIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096")


def require_containers(folder: Path) -> None:
    """Skip the test where containers cannot be built and run, unless somebody insists on them.

    A container that does nothing tells whether this machine can run any.
    """
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    reason = ""
    if missing:
        reason = f"no {', '.join(missing)}: apt install podman buildah runc"
    elif os.geteuid() != 0:
        reason = "containers need root here"
    else:
        _import_base(folder / "base.tar")
        trial = ["podman", *RUNTIME, "run", "--rm", *ULIMITS, *stand_ins(), BASE, "true"]
        tried = subprocess.run(trial, capture_output=True, text=True, timeout=60)
        if tried.returncode != 0:
            reason = f"no container runs on this machine: {tried.stderr.strip()[-300:]}"
    if reason:
        assert not os.environ.get("REQUIRE_CONTAINERS"), reason
        pytest.skip(f"the image was not built and run: {reason}")


def run(*command: str, timeout_s: float = 60) -> str:
    """Run a command; returns what it says on stdout."""
    result = subprocess.run(command, capture_output=True, text=True, timeout=timeout_s)
    assert result.returncode == 0, f"{command}: {result.stdout[-2000:]}{result.stderr[-2000:]}"
    return result.stdout.strip()


def podman(*arguments: str, timeout_s: float = 60) -> str:
    """Run podman."""
    return run("podman", *RUNTIME, *arguments, timeout_s=timeout_s)


def stand_ins() -> list[str]:
    """The mounts in the place of a base image and of the packages' layer."""
    folders = {"/usr": "/usr", sys.base_prefix: sys.base_prefix, sys.prefix: "/venv"}
    return [word for source, target in folders.items() for word in ("--volume", f"{source}:{target}:ro")]


def _import_base(archive: Path) -> None:
    """Make the stand-in for the base image."""
    with tarfile.open(archive, "w") as tar:
        for name in [*FOLDERS, sys.base_prefix.lstrip("/"), "venv"]:
            _add_folder(tar, name)
        for name in LINKS:
            if (source := Path("/", name)).is_symlink():
                tar.add(source, name)
        for name in ETC:
            if (file := Path("/etc", name)).exists():
                tar.add(file.resolve(), f"etc/{name}")
    podman("import", str(archive), BASE)


def build(tag: str, folder: Path) -> None:
    """Build the image, but for its packages, on the stand-in for its base."""
    text = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
    text, count = re.subn(r"(?m)^RUN python3 -m venv /venv(.*\\\n)+.*\n", "", text)
    assert count == 1, "the step that installs packages is written in another way"
    (folder / "Dockerfile").write_text(text, encoding="utf-8")
    arguments = ["--network", "none", "--format", "docker", "--build-arg", f"PYTHON_IMAGE={BASE}"]
    arguments += ["--build-arg", "VERSION=0", "--file", str(folder / "Dockerfile"), "--tag", tag]
    run("buildah", *RUNTIME, "bud", *ULIMITS[:2], *stand_ins(), *arguments, str(ROOT), timeout_s=300)


def _add_folder(tar: tarfile.TarFile, name: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name.endswith("tmp") else 0o755
    tar.addfile(entry, io.BytesIO())


@contextmanager
def running(name: str, image: str, service: str, *options: str) -> Iterator[str]:
    """A container of a service of the compose file, `name`; everything in it is deleted at the end."""
    described = load()["services"][service]
    command = ["run", "--detach", "--name", name, *ULIMITS, *stand_ins(), *_options(described, name), *options, image]
    try:
        podman(*command, *described["command"])
        yield name
    finally:
        subprocess.run(["podman", *RUNTIME, "rm", "--force", "--volumes", "--time", "5", name], capture_output=True)


def _options(described: dict[str, Any], name: str) -> Iterator[str]:
    """What the compose file says of a service, as options of podman."""
    limits = described["deploy"]["resources"]["limits"]
    yield from ("--user", described["user"], "--memory", limits["memory"], "--pids-limit", str(limits["pids"]))
    yield from (f"--read-only={described['read_only']}".lower(), "--read-only-tmpfs=false")
    yield from (f"--cap-drop={one.lower()}" for one in described["cap_drop"])
    yield from (f"--security-opt={one.partition(':')[0]}" for one in described["security_opt"])
    yield from (f"--tmpfs={one},noexec" for one in described.get("tmpfs", ()))
    for one in described.get("volumes", ()):
        yield f"--volume={name.rpartition('-')[0]}-{one['source']}:{one['target']}" + (
            ":ro" if one.get("read_only") else ""
        )
    files = load()["configs"]
    yield from (
        f"--volume={FOLDER / files[one['source']]['file']}:{one['target']}:ro" for one in described.get("configs", ())
    )
    if check := described.get("healthcheck"):
        yield f"--health-cmd={shlex.join(check['test'][1:])}"


def address_of(container: str) -> str:
    """Its address on podman's network, which this machine reaches."""
    return podman("inspect", "--format", "{{.NetworkSettings.IPAddress}}", container)


def is_healthy(container: str) -> bool:
    """Run its health check once."""
    command = ["podman", *RUNTIME, "healthcheck", "run", container]
    try:
        return subprocess.run(command, capture_output=True, timeout=30).returncode == 0
    except subprocess.TimeoutExpired:
        return False
