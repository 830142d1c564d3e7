# SPDX-License-Identifier: GPL-3.0-or-later
"""Photos dropped, pasted and opened in the window; the model out of it and into it again."""
import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import BUILD, wait_for  # noqa: E402
from window import Window  # noqa: E402


def run(folder, *arguments):
    env = {**os.environ, "XDG_DATA_HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "cache"),
           "LC_ALL": "C.UTF-8"}
    env.pop("DISPLAY", None)
    subprocess.run([str(BUILD / "src/app/sagebrush"), "run", *arguments], env=env, check=True, timeout=900,
                   stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def results(folder, module):
    latest = sorted((folder / "home/sagebrush/runs").glob(module + "-*"))[-1]
    return json.loads((latest / "run.json").read_text())["steps"]


def collect(folder, paths):
    """Three photos of each of two classes in folders of their own, and a file that is none."""
    for name in ("circle", "square"):
        (folder / "mine" / name).mkdir(parents=True)
        for path in sorted((paths / name).iterdir())[:3]:
            shutil.copy(path, folder / "mine" / name)
    (folder / "notes.txt").write_text("no photo at all")
    (folder / "mine" / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")


def drop_until(window, paths, role, name):
    """A drag is only taken when both programs were awake for each step of it: again, if need be."""
    def dropped():
        window.drop(paths, "label", "Drop Photos Here")
        return window.wait(role, name, 20)

    for _ in range(4):
        try:
            return dropped()
        except Exception:  # noqa: BLE001
            if not window.find("label", "Drop Photos Here"):
                return window.wait(role, name, 60)
    raise AssertionError("nothing was dropped")


def test_photos(tmp_path):
    run(tmp_path, "photos", "--keep", "--set", "train.epochs=6")
    shapes = Path(results(tmp_path, "image-classification")["data"]["result"]["path"])
    collect(tmp_path, shapes)
    with Window(tmp_path) as window:
        window.wait("push button", "Run: Choose data")
        window.click("label", "Image Classification")
        window.wait("label", "Drop Photos Here")
        window.reveal("label", "Drop Photos Here")
        window.shot("photos-empty")
        drop_until(window, [tmp_path / "mine", tmp_path / "notes.txt"], "label", "2 files were skipped")
        heading = window.wait("label", "photos in folders named like classes are right")
        assert heading
        text = window.read("label", "photos in folders named like classes are right")
        right, total = map(int, re.match(r"(\d+) of (\d+)", text).groups())
        # The model has learnt a little; what it says is told photo by photo below.
        assert total == 6 and right >= 3, text
        window.shot("photos-dropped")
        first = sorted((tmp_path / "mine/circle").iterdir())[0].name
        said = window.read("table cell", first + ": ")
        assert re.search(r"circle \(\d+\.\d %\), which is right|taken for \w+ \(\d+\.\d %\), but it is circle", said), said
        window.click("push button", "Why?")
        window.wait("toggle button", "Show Map", 120)
        window.shot("photos-why")
        window.copy(sorted((shapes / "star").iterdir())[5])
        window.click("push button", "Paste Photos")
        window.wait("label", "7 photos")
        window.click("push button", "Export CSV…")
        window.wait("push button", "Save")
        window.click("push button", "Save")
        path = tmp_path / "photos.csv"
        wait_for(path.exists)
        rows = list(csv.DictReader(path.read_text().splitlines()))
        assert len(rows) == 9 and sum(row["right"] == "yes" for row in rows) == right
        assert [Path(row["photo"]).name for row in rows if row["problem"]] == ["notes.txt", "cut.png"] or \
            {Path(row["photo"]).name for row in rows if row["problem"]} == {"notes.txt", "cut.png"}


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
