"""The command: a Python file in, a component that Dyno runs out."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .inputs import fingerprint
from .sockets import UnexpectedComponent, without_sockets

SDK = Path(__file__).resolve().parent.parent
# The module that componentize-py starts from. It may not have the name of the world, `plugin`.
APP = "dyno_app"
# Leaves no files of bytecode in the plugin's directory, which only the component's Python could
# read. The last line takes what exists by now out of the garbage collector's hands, so that a
# collection during a measurement need not go through the standard library's modules.
APP_SOURCE = """\
import gc
import sys
sys.dont_write_bytecode = True
import {module}
from dyno_guest.component import Suite
gc.collect()
gc.freeze()
"""


def main() -> int:
    """Builds if anything changed. Says so in one line, or why it could not."""
    parser = argparse.ArgumentParser(prog="dyno_componentize", description=__doc__)
    parser.add_argument("source", type=Path, help="the Python file that registers the cases")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the component to write")
    arguments = parser.parse_args()
    source, output = arguments.source, arguments.output
    if not source.is_file():
        return fail(f"{source}: there is no such file")
    if not source.stem.isidentifier() or source.suffix != ".py":
        return fail(f"{source}: its name must be one that Python can import, such as bench.py")
    try:
        tool = version("componentize-py")
    except PackageNotFoundError:
        return fail("componentize-py is not installed: run install.py of the SDK first")

    folder = source.resolve().parent
    # A directory of packages changes when one comes or goes.
    installed = [f"{path} {path.stat().st_mtime_ns}" for path in packages()]
    inputs = fingerprint([folder, SDK], output, [source.name, tool, *installed])
    stamp = output.with_name(output.name + ".inputs")
    if output.is_file() and stamp.is_file() and stamp.read_text() == inputs:
        print(f"{output} is up to date")
        return 0

    output.parent.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent) as scratch:
        failure = componentize(source, Path(scratch))
        if failure is not None:
            return fail(failure)
        component = Path(scratch, "component.wasm").read_bytes()
    try:
        output.write_bytes(without_sockets(component))
    except UnexpectedComponent as error:
        return fail(f"componentize-py {tool} made a component of an unknown shape: {error}")
    stamp.write_text(inputs)
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB")
    return 0


def packages() -> list[Path]:
    """The directories in which packages are installed."""
    return [Path(path) for path in sys.path if path.endswith("site-packages")]


def componentize(source: Path, scratch: Path) -> str | None:
    """Runs componentize-py. Returns what went wrong, if anything."""
    Path(scratch, f"{APP}.py").write_text(APP_SOURCE.format(module=source.stem))
    command = [sys.executable, "-c", "from componentize_py import script; script()"]
    command += ["--quiet", "--wit-path", str(SDK / "wit"), "--world", "plugin", "componentize"]
    for path in [str(scratch), str(source.resolve().parent), str(SDK), *map(str, packages())]:
        command += ["--python-path", path]
    command += [APP, "--output", str(scratch / "component.wasm")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if ended.returncode == 0 else told(ended.stderr)


def told(stderr: str) -> str:
    """Of what componentize-py says of a failure, the traceback of the plugin's own code."""
    begin = stderr.rfind("AssertionError: ")
    text = stderr[begin:].removeprefix("AssertionError: ") if begin >= 0 else stderr
    for end in ("\nCaused by:", "\nStack backtrace:"):
        text = text.partition(end)[0]
    # The directory of the plugin has this name in the component.
    text = text.replace('File "/1/', 'File "').strip()
    return text or "the plugin ended while it was imported: does it call sys.exit?"


def fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
