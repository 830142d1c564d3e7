# SPDX-License-Identifier: GPL-3.0-or-later
"""The Clean Up page: what there is, pausing and resuming an endpoint, deleting it all."""
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import BUILD  # noqa: E402
from window import Window  # noqa: E402


@pytest.fixture
def kept(tmp_path):
    """A run that was kept, as the terminal leaves it."""
    environment = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "cache"),
                   "LC_ALL": "C.UTF-8"}
    environment.pop("DISPLAY", None)
    subprocess.run([str(BUILD / "src/app/sagebrush"), "run", "video-game-sales", "--keep", "--set", "train.num_round=1"],
                   env=environment, check=True, capture_output=True, timeout=300)
    return tmp_path


def make_older(folder, hours):
    """As if the endpoint had been in service for so long."""
    database = sqlite3.connect(folder / "home/sagebrush/engine/engine.db", timeout=30)
    with database:
        database.execute("UPDATE resources SET document = json_set(document, '$.CreationTime', "
                         "json_extract(document, '$.CreationTime') - ?) WHERE kind = 'endpoint'", (3600 * hours,))
    database.close()


def test_clean_up_page(kept):
    make_older(kept, 3.1)
    with Window(kept) as window:
        window.wait("label", "1 is running · $0.00 per hour")
        text = window.wait_notice("An Endpoint Is Still Running")
        assert text.startswith("videogames-xgboost") and text.endswith(": 3 hours, $0.00 per hour")
        window.wait("label", "5 resources · $0.00 per hour")
        window.wait("push button", "Delete 5 Resources")
        window.shot("clean-up")
        window.click("push button", "Pause: videogames-xgboost")
        window.wait("push button", "Resume: videogames-xgboost")
        window.wait("label", "Nothing is running")
        window.shot("paused")
        window.click("push button", "Resume: videogames-xgboost")
        window.wait("push button", "Pause: videogames-xgboost")
        window.wait("label", "1 is running")
        window.wait("label", "InService")
        window.click("push button", "Delete 5 Resources")
        window.wait("label", "cannot be brought back")
        window.shot("sure")
        window.click("push button", "Delete for Good")
        window.wait("label", "Nothing Left", 120)
        window.wait("label", "Nothing is running")
        window.shot("nothing")


@pytest.mark.parametrize("dark, size", [(True, "1280x1000"), (False, "420x800")])
def test_other_looks(kept, dark, size):
    with Window(kept, size=size, dark=dark) as window:
        if size == "420x800":
            window.click("push button", "Back to Modules")
        window.wait("label", "1 is running")
        window.click("label", "Clean Up")
        window.wait("push button", "Delete 5 Resources")
        window.shot(f"clean-up-{size}")
