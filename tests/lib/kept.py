# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that was kept, with its endpoint in service, as the terminal leaves it."""
import configparser
import json
import os
import sqlite3
import subprocess

import boto3
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


def make_client(home, service):
    """Of the engine that the application has started, with its data in that folder."""
    engine = home / "sagebrush/engine"
    keys = configparser.ConfigParser()
    keys.read(engine / "credentials")
    info = json.loads((engine / "engine.json").read_text())
    return boto3.client(service, endpoint_url=info["url"], region_name=info["region"],
                        aws_access_key_id=keys["default"]["aws_access_key_id"],
                        aws_secret_access_key=keys["default"]["aws_secret_access_key"])
