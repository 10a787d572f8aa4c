"""An archive that is not the one its digest is of, or that has none, is not opened."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from benchmarks.torchserve import repacked
from model.artifacts import sha256_of
from model.errors import ArtifactError
from release import archive as packing
from release.archive import CONFIG, build_archive, is_stale, load_archive
from release.archive_digest import parse_digest, read_checked, sidecar_of, write_sidecar
from release.open_archive import open_model


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return build_archive(tmp_path / "mnist.mar")


def test_the_digest_beside_an_archive_is_checked_by_sha256sum_in_that_folder(archive: Path) -> None:
    check = ["sha256sum", "--strict", "--check", "mnist.mar.sha256"]
    done = subprocess.run(check, cwd=archive.parent, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "mnist.mar: OK\n")
    archive.write_bytes(archive.read_bytes() + b"\0")
    assert subprocess.run(check, cwd=archive.parent, capture_output=True).returncode == 1


def test_an_archive_that_has_its_digest_is_read(archive: Path) -> None:
    checked = load_archive(archive)
    assert checked.content == archive.read_bytes()
    assert checked.sha256 == hashlib.sha256(checked.content).hexdigest()
    assert load_archive(archive, f"sha256:{checked.sha256.upper()}") == checked


@pytest.mark.parametrize("damage", ["flipped", "truncated"])
def test_a_damaged_archive_is_refused_with_both_digests(archive: Path, damage: str) -> None:
    whole = archive.read_bytes()
    expected = sha256_of(archive)
    archive.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:] if damage == "flipped" else whole[:-1])
    found = sha256_of(archive)
    words = f"{archive} has SHA-256 {found}, mnist.mar.sha256 says {expected}: it is damaged or was replaced; fetch or"
    for opened in (load_archive, open_model):
        with pytest.raises(ArtifactError) as error:
            opened(archive)
        assert str(error.value).startswith(words)
    assert is_stale(archive)


def test_an_archive_without_a_digest_is_refused_and_the_message_makes_one(archive: Path) -> None:
    sidecar_of(archive).unlink()
    assert is_stale(archive)
    with pytest.raises(
        ArtifactError, match=r"mnist\.mar\.sha256 is missing beside it; .*where the archive is trusted"
    ) as error:
        load_archive(archive)
    command = str(error.value).partition("make a new one: ")[2]
    assert command.startswith(f"cd {archive.parent} && sha256sum")
    subprocess.run(["bash", "-c", command], check=True)
    load_archive(archive)
    assert not is_stale(archive)


def test_the_digest_of_another_archive_is_refused(archive: Path, tmp_path: Path) -> None:
    other = repacked(archive, {CONFIG.name: None}, tmp_path / "other.mar")
    sidecar_of(archive).write_bytes(sidecar_of(other).read_bytes())
    with pytest.raises(ArtifactError, match=r"mnist\.mar\.sha256 is of other\.mar, not of mnist\.mar"):
        load_archive(archive)
    sidecar_of(archive).write_text(sidecar_of(other).read_text().replace("other.mar", "mnist.mar"))
    with pytest.raises(ArtifactError, match="damaged or was replaced"):
        load_archive(archive)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "{digest}\n",
        "{digest} mnist.mar\n",
        "{short}  mnist.mar\n",
        "{odd}  mnist.mar\n",
        "\ufffd\0",
        2 * "{line}",
    ],
    ids=["empty", "a blank line", "no name", "one blank", "too short", "not hexadecimal", "binary", "two lines"],
)
def test_a_malformed_digest_is_refused(archive: Path, text: str) -> None:
    digest = sha256_of(archive)
    line = f"{digest}  mnist.mar\n"
    sidecar_of(archive).write_text(text.format(digest=digest, short=digest[:-1], odd=digest[:-1] + "g", line=line))
    with pytest.raises(ArtifactError, match=r"mnist\.mar\.sha256 is not one line of `sha256sum`"):
        load_archive(archive)
    assert is_stale(archive)


def test_bytes_that_are_no_text_are_refused(archive: Path) -> None:
    sidecar_of(archive).write_bytes(bytes(range(256)))
    with pytest.raises(ArtifactError, match="is not one line of `sha256sum`"):
        load_archive(archive)


@pytest.mark.parametrize("form", ["{upper}  mnist.mar\n", "{digest} *mnist.mar\r\n", "{digest}  model_store/mnist.mar"])
def test_other_forms_that_sha256sum_writes_or_reads_are_accepted(archive: Path, form: str) -> None:
    digest = sha256_of(archive)
    sidecar_of(archive).write_text(form.format(digest=digest, upper=digest.upper()), newline="")
    assert load_archive(archive).sha256 == digest


def test_a_named_digest_counts_and_not_the_one_beside_the_archive(archive: Path) -> None:
    content = archive.read_bytes() + b"\0"
    expected = sha256_of(archive)
    archive.write_bytes(content)
    write_sidecar(archive)
    with pytest.raises(ArtifactError, match=f"has SHA-256 {sha256_of(archive)}, not the {expected} that was asked for"):
        load_archive(archive, f"sha256:{expected}")
    sidecar_of(archive).write_text("nonsense")
    assert read_checked(archive, f"sha256:{sha256_of(archive)}").content == content


@pytest.mark.parametrize(
    "text", ["", "sha256:", "0" * 64, f"sha256:{'0' * 65}", f"sha256:{'0' * 64}\n", f"SHA256:{'0' * 64}"]
)
def test_a_malformed_named_digest_is_refused(archive: Path, text: str) -> None:
    with pytest.raises(ArtifactError, match="is not a digest; accepted is sha256: and 64 hexadecimal digits"):
        parse_digest(text)


def test_an_archive_replaced_after_its_check_is_not_what_is_opened(archive: Path) -> None:
    checked = load_archive(archive)
    repacked(archive, {CONFIG.name: b"another"}, archive)
    with checked.open() as file:
        assert file.read(CONFIG.name) == CONFIG.read_bytes()


def test_an_end_between_archive_and_digest_leaves_a_stale_archive_that_is_packed_again(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = archive.read_bytes()
    repacked(archive, {CONFIG.name: b"older"}, archive)
    assert not is_stale(archive)

    def killed(archive: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(packing, "write_sidecar", killed)
        build_archive(archive)
    assert archive.read_bytes() == expected
    assert is_stale(archive)
    with pytest.raises(ArtifactError, match="damaged or was replaced"):
        load_archive(archive)
    build_archive(archive)
    assert not is_stale(archive)
    assert load_archive(archive).content == expected
