"""Writes the `run` blocks of a composite action as scripts into a directory, as the runner would run them."""

import sys
from pathlib import Path

from ruamel.yaml import YAML

into, action = map(Path, sys.argv[1:])
steps = YAML(typ="safe").load(action)["runs"]["steps"]
for number, step in enumerate(steps):
    if "run" in step:
        if step["shell"] != "bash":
            raise SystemExit(f"step {number} is for {step['shell']}")
        # What the runner sets, and what the step asks it to set.
        known = ["GITHUB_ACTION_PATH", "GITHUB_OUTPUT", "RUNNER_TEMP", *step.get("env", {})]
        names = "".join(f": \"${{{name}:=}}\"\n" for name in known)
        (into / f"{action.parent.name}-{number}.bash").write_text(f"#!/usr/bin/env bash\nset -e\n{names}{step['run']}\n")
