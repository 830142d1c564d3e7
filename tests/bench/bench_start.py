#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start to first painted frame, against gnome-text-editor, alternated on one virtual display."""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 9


def first_frame(build, command, env):
    done = subprocess.run(
        [str(build / "tests/bench/first-frame"), *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=env,
        check=True,
    )
    return float(done.stdout)


def main():
    build = Path(sys.argv[1])
    if os.environ.get("SAGEBRUSH_BENCH_DISPLAY") is None:
        env = dict(os.environ, SAGEBRUSH_BENCH_DISPLAY="1", GDK_BACKEND="x11")
        os.execvpe(
            "xvfb-run",
            ["xvfb-run", "-a", "-s", "-screen 0 1280x900x24", "dbus-run-session", "--", sys.executable]
            + sys.argv,
            env,
        )
    home = tempfile.mkdtemp(prefix="sagebrush-bench-")
    env = dict(os.environ, HOME=home, XDG_DATA_HOME=home + "/data", XDG_CONFIG_HOME=home + "/config")
    env["GSETTINGS_SCHEMA_DIR"] = str(build / "data")
    env["GSETTINGS_BACKEND"] = "memory"
    ours, theirs = [str(build / "src/app/sagebrush")], ["gnome-text-editor", "--standalone"]
    times = {"ours": [], "theirs": []}
    try:
        for command in (ours, theirs):
            first_frame(build, command, env)
        for _ in range(ROUNDS):
            times["ours"].append(first_frame(build, ours, env))
            times["theirs"].append(first_frame(build, theirs, env))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    mine, other = statistics.median(times["ours"]), statistics.median(times["theirs"])
    print(
        json.dumps(
            {
                "name": "Start to first frame",
                "value": mine,
                "unit": "ms",
                "reference": f"gnome-text-editor {other:.0f} ms",
                "goal": "no slower",
                "met": mine <= other,
            }
        )
    )


if __name__ == "__main__":
    main()
