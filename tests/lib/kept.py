# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that was kept, with its endpoint in service, as the terminal leaves it."""
import os
import sqlite3
import subprocess

from engine import BUILD


def keep_run(folder):
    environment = {**os.environ, "XDG_DATA_HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "cache"),
                   "LC_ALL": "C.UTF-8"}
    environment.pop("DISPLAY", None)
    subprocess.run([str(BUILD / "src/app/sagebrush"), "run", "video-game-sales", "--keep", "--set", "train.num_round=1"],
                   env=environment, check=True, capture_output=True, timeout=300)


def make_older(folder, hours):
    """As if the endpoint had been in service for so long."""
    database = sqlite3.connect(folder / "home/sagebrush/engine/engine.db", timeout=30)
    with database:
        database.execute("UPDATE resources SET document = json_set(document, '$.CreationTime', "
                         "json_extract(document, '$.CreationTime') - ?) WHERE kind = 'endpoint'", (3600 * hours,))
    database.close()
