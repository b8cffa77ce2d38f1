"""Tells whether anything changed since a component was built: `dyno run` builds each time, and
componentize-py takes seconds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

# Made from other files, or none of Python's business.
_SKIPPED = {"__pycache__", "node_modules", "target", "build"}


def fingerprint(roots: list[Path], output: Path, extra: list[str]) -> str:
    """Stands for names, sizes and times of all files in some directories, but for hidden ones and
    those where output goes, and for some texts."""
    digest = hashlib.sha256()
    for text in extra:
        digest.update(text.encode() + b"\0")
    for root in roots:
        for path in sorted(_files(root, output.parent.resolve())):
            status = path.stat()
            digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def _files(root: Path, output_directory: Path) -> Iterator[Path]:
    for directory, directories, files in os.walk(root):
        directories[:] = [
            name
            for name in directories
            if not name.startswith(".")
            and name not in _SKIPPED
            and Path(directory, name).resolve() != output_directory
        ]
        yield from (Path(directory, name) for name in files if not name.startswith("."))
