#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From lifting the pen to the bars that say what the endpoint read, in a real window."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["SAGEBRUSH_BUILD_DIR"] = str(Path(sys.argv[1]).resolve())
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from window import Window  # noqa: E402

ROUNDS = 40


def main():
    build = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as name:
        env = {**os.environ, "XDG_DATA_HOME": name + "/home", "DISPLAY": ""}
        subprocess.run([str(build / "src/app/sagebrush"), "run", "digits", "--keep", "--set", "train.epochs=1"], env=env, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with Window(name) as window:
            window.wait("push button", "Run: Choose data")
            window.click("label", "Handwritten Digits")
            window.wait("label", "Draw a digit")
            left, top, side, _ = window.reveal("image", "Sheet to draw on")
            first, last = (window.find("level bar", f"Probability of a {digit}") for digit in (0, 9))
            done = subprocess.run(
                [str(build / "tests/bench/pen-to-bars"), *map(str, (left, top, side, first[0], first[1], first[2],
                                                                  last[1] + last[3] - first[1], ROUNDS))],
                env=window.env, stdout=subprocess.PIPE, text=True, check=True)
    value = float(done.stdout)
    print(json.dumps({"name": "Pen up to the bars on screen, median", "value": value, "unit": "ms", "reference": "",
                      "goal": "within 20 ms", "met": value <= 20}))


if __name__ == "__main__":
    main()
