"""Makes the virtual environment of a plugin: `.venv` beside its requirements.txt, with the packages
that this pins, and the SDK. Does nothing when that is there already.

    python3 dyno/install.py
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

SDK = Path(__file__).resolve().parent
VENV = Path(".venv")
REQUIREMENTS = Path("requirements.txt")


def main() -> int:
    # Whatever `python3` is on this machine, not what a linter was told.
    if sys.version_info < (3, 10):  # noqa: UP036
        return fail("Python 3.10 or later is needed")
    if not REQUIREMENTS.is_file():
        return fail("there is no requirements.txt here")
    wanted = hashlib.sha256()
    for part in (
        REQUIREMENTS.read_bytes(),
        sys.version.encode(),
        bytes(SDK),
        bytes(VENV.resolve()),
    ):
        wanted.update(part + b"\0")
    stamp = VENV / "installed"
    if stamp.is_file() and stamp.read_text() == wanted.hexdigest():
        return 0

    python = VENV / "bin" / "python"
    if call([sys.executable, "-m", "venv", "--clear", str(VENV)]):
        return fail("there is no venv in this Python: apt install python3-venv")
    # Hashes for all, and no packages that would be built here by their own code.
    options = ["--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
    if call([str(python), "-m", "pip", "install", "--quiet", *options, "-r", str(REQUIREMENTS)]):
        return fail("the packages of requirements.txt could not be installed")
    for packages in VENV.glob("lib/python3*/site-packages"):
        (packages / "dyno.pth").write_text(f"{SDK}\n")
    stamp.write_text(wanted.hexdigest())
    return 0


def call(command: list[str]) -> int:
    print("$", *command, flush=True)
    return subprocess.run(command, check=False).returncode


def fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
