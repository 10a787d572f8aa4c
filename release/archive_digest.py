"""The SHA-256 that an archive is checked by before anything reads it: beside it, as `sha256sum` writes it, or named."""

import hashlib
import io
import re
import shlex
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePath

from model.artifacts import sha256_of, write_atomically
from model.errors import ArtifactError

_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")
_DIGEST = re.compile(r"sha256:([0-9a-fA-F]{64})")


@dataclass(frozen=True)
class CheckedArchive:
    """An archive whose digest was checked. Its bytes are kept: what becomes of the file later changes nothing.

    Attributes:
        path: the file that was read.
        content: its bytes.
        sha256: theirs, in lower case hexadecimal.
    """

    path: Path
    content: bytes
    sha256: str

    def open(self) -> zipfile.ZipFile:
        """Open the bytes that were checked.

        Raises:
            zipfile.BadZipFile: they are no zip file.
        """
        return zipfile.ZipFile(io.BytesIO(self.content))


def sidecar_of(archive: Path) -> Path:
    """The file that holds an archive's digest: `mnist.mar.sha256` beside `mnist.mar`."""
    return archive.with_name(f"{archive.name}.sha256")


def write_sidecar(archive: Path) -> None:
    """Write the digest of an archive beside it; `sha256sum --check` in that folder reads it.

    Raises:
        OSError: the archive cannot be read, or the file beside it not written.
    """
    line = f"{sha256_of(archive)}  {archive.name}\n"
    write_atomically(sidecar_of(archive), lambda path: path.write_text(line, encoding="utf-8"))


def parse_digest(text: str) -> str:
    """The hexadecimal of `sha256:HEX`, in lower case.

    Raises:
        ArtifactError: `text` has another form.
    """
    if (match := _DIGEST.fullmatch(text)) is None:
        raise ArtifactError(f"{text!r} is not a digest; accepted is sha256: and 64 hexadecimal digits")
    return match[1].lower()


def matches_sidecar(archive: Path) -> bool:
    """Whether the digest beside an archive is that of the archive."""
    try:
        return _read_sidecar(archive) == sha256_of(archive)
    except ArtifactError:
        return False


def read_checked(archive: Path, digest: str | None = None) -> CheckedArchive:
    """Read an archive, once, and check its digest.

    Args:
        archive: the file.
        digest: `sha256:HEX`, which it must have; None for what the file beside it says.

    Raises:
        ArtifactError: it is missing, has another digest, or there is none to check it by.
        OSError: it cannot be read.
    """
    try:
        content = archive.read_bytes()
    except FileNotFoundError as error:
        raise ArtifactError(f"{archive} is missing; build it with `make archive`") from error
    expected = _read_sidecar(archive) if digest is None else parse_digest(digest)
    found = hashlib.sha256(content).hexdigest()
    if found == expected:
        return CheckedArchive(archive, content, found)
    if digest is not None:
        raise ArtifactError(
            f"{archive} has SHA-256 {found}, not the {expected} that was asked for; fetch the archive of that digest, "
            "or ask for this one where it is trusted"
        )
    raise ArtifactError(
        f"{archive} has SHA-256 {found}, {sidecar_of(archive).name} says {expected}: it is damaged or was replaced; "
        f"fetch or build it again, or, where it is trusted, {_how_to_make(archive)}"
    )


def _read_sidecar(archive: Path) -> str:
    """The digest in the file beside an archive, in lower case hexadecimal; `ArtifactError` where there is none."""
    sidecar = sidecar_of(archive)
    try:
        line = sidecar.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError as error:
        raise ArtifactError(
            f"{archive} cannot be checked, {sidecar.name} is missing beside it; copy both, or, where the archive is "
            f"trusted, {_how_to_make(archive)}"
        ) from error
    if (match := _LINE.fullmatch(line)) is None:
        raise ArtifactError(
            f"{sidecar} is not one line of `sha256sum` but {line[:80]!r}; where the archive is trusted, "
            f"{_how_to_make(archive)}"
        )
    if PurePath(match[2]).name != archive.name:
        raise ArtifactError(
            f"{sidecar} is of {match[2]}, not of {archive.name}; where the archive is trusted, {_how_to_make(archive)}"
        )
    return match[1].lower()


def _how_to_make(archive: Path) -> str:
    folder, name, sidecar = (
        shlex.quote(str(part)) for part in (archive.parent, archive.name, sidecar_of(archive).name)
    )
    return f"make a new one: cd {folder} && sha256sum {name} > {sidecar}"
