"""TorchServe as it is measured: with our settings, some of them changed, its defaults, or a handler without work."""

import json
import time
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from model.artifacts import MODEL_NAME
from model.errors import OperatorError
from release.archive import CONFIG, HANDLER, MANIFEST, load_archive
from release.archive_digest import CheckedArchive, read_checked, write_sidecar
from serving.settings import CONFIG_FILE, LOOPBACK, Ports, find_java, read_properties
from serving.supervisor import choose_archive
from serving.torchserve import TorchServe
from serving.torchserve_guard import GRACE_S, KILL_TIMEOUT_S

START_TIMEOUT_S = 120.0
POLL_INTERVAL_S = 0.2
FURTHER_SETTINGS = ("netty_client_threads", "number_of_netty_threads", "prefer_direct_buffer", "use_native_io")
WITHOUT_METRICS = {"metrics_mode": "log", "metrics_config": str(Path(__file__).with_name("without_metrics.yaml"))}
NOOP_HANDLER = Path(__file__).parent / "peers" / "noop_handler.py"

# The least that TorchServe needs: where to listen, what to load, and no tokens; the rest are its defaults.
DEFAULT_CONFIG = """\
inference_address=http://127.0.0.1:8080
management_address=http://127.0.0.1:8081
metrics_address=http://127.0.0.1:8082
grpc_inference_port=7070
grpc_management_port=7071
model_store=model_store
load_models=mnist.mar
disable_token_authorization=true
"""


@dataclass(frozen=True)
class TorchServeVariant:
    """One way to run our archive.

    Attributes:
        is_default: with TorchServe's own settings, and the archive less its model-config.yaml.
        is_noop: with a handler that does not read the picture.
        settings: of config.properties or handler/model-config.yaml, by name, or `archive`, the path of another one.
    """

    is_default: bool = False
    is_noop: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def running(self, ports: Ports, folder: Path) -> Iterator[int]:
        """Serve until the block ends, every worker ready; gives the process id that all its processes descend from.

        Raises:
            OperatorError: it was not ready in time.
        """
        archive = self._archive(folder)
        log_folder = folder / "logs"
        server = TorchServe(ports, [archive], find_java(), log_folder, on_end=lambda: None, config=self._config())
        try:
            _wait_until_ready(server)
            yield server.pid
        finally:
            server.request_stop()
            deadline = time.monotonic() + GRACE_S + 2 * KILL_TIMEOUT_S
            while server.is_running() and time.monotonic() < deadline:
                time.sleep(POLL_INTERVAL_S)
            server.kill()

    def _config(self) -> str:
        text = DEFAULT_CONFIG if self.is_default else CONFIG_FILE.read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if line.partition("=")[0] not in self.settings]
        changed = [f"{name}={value}" for name, value in self.settings.items() if name not in model_settings()]
        return "\n".join([*lines, *changed]) + "\n"

    def _archive(self, folder: Path) -> CheckedArchive:
        named = self.settings.get("archive")
        archive = choose_archive(Path(named) if named else None)
        replaced: dict[str, str | None] = {}
        if self.is_default:
            replaced[CONFIG.name] = None
        elif changed := {name: value for name, value in self.settings.items() if name in model_settings()}:
            settings = model_settings() | changed
            replaced[CONFIG.name] = "\n".join(f"{name}: {value}" for name, value in settings.items())
        if self.is_noop:
            replaced[HANDLER.name] = NOOP_HANDLER.read_text(encoding="utf-8")
        return load_archive(repacked(archive.path, replaced, folder / "mnist.mar")) if replaced else archive


def model_settings() -> dict[str, Any]:
    """The settings of handler/model-config.yaml."""
    return dict(yaml.safe_load(CONFIG.read_text(encoding="utf-8")))


def parse_settings(text: str) -> dict[str, str]:
    """`batchSize=32,maxBatchDelay=2` as settings by name.

    Raises:
        OperatorError: `text` has another form, or a name is in no file of settings.
    """
    known = sorted({*model_settings(), *read_properties(), *FURTHER_SETTINGS, "archive"})
    settings = {}
    for part in text.split(","):
        name, is_set, value = part.partition("=")
        if not is_set or name not in known:
            raise OperatorError(f"{part!r} is not a setting; NAME=VALUE is accepted, with a name of {', '.join(known)}")
        settings[name] = value
    return settings


def repacked(archive: Path, replaced: Mapping[str, str | bytes | None], output: Path) -> Path:
    """Copy an archive with other contents of some of its files; None leaves a file out, and out of the manifest.

    The digest of the copy is written beside it.

    Raises:
        ArtifactError: the archive has another digest than the file beside it says, or there is none.
    """
    with read_checked(archive).open() as old, zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            if name == MANIFEST:
                manifest = json.loads(old.read(name))
                left_out = {file for file, content in replaced.items() if content is None}
                manifest["model"] = {key: value for key, value in manifest["model"].items() if value not in left_out}
                new.writestr(name, json.dumps(manifest))
            elif (content := replaced.get(name, old.read(name))) is not None:
                new.writestr(name, content)
    write_sidecar(output)
    return output


def _wait_until_ready(server: TorchServe) -> None:
    """Wait until every worker is READY, not only the first."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not (server.is_ready() and _all_ready(server.ports)):
        if not server.is_running() or time.monotonic() > deadline:
            raise OperatorError("TorchServe was not ready in time: " + "; ".join(server.log.last_lines()))
        time.sleep(POLL_INTERVAL_S)


def _all_ready(ports: Ports) -> bool:
    with urllib.request.urlopen(f"http://{LOOPBACK}:{ports.management}/models/{MODEL_NAME}", timeout=10) as response:
        [model] = json.load(response)
    ready = [worker for worker in model["workers"] if worker["status"] == "READY"]
    return len(ready) == len(model["workers"]) >= int(model["minWorkers"])
