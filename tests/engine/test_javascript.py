# SPDX-License-Identifier: GPL-3.0-or-later
"""A current AWS SDK for JavaScript drives the engine: its checksums, waiters and paginators."""
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from engine import BUILD, IMAGE, ROLE, Engine

HERE = Path(__file__).resolve().parent / "node"


@pytest.fixture(scope="module", name="program")
def fixture_program():
    """The program beside the SDK, which npm installs into the build folder once."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    place = BUILD / "tests/engine/node"
    place.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "drive.mjs"):
        shutil.copy(HERE / name, place / name)
    if not (place / "node_modules/@aws-sdk/client-sagemaker/package.json").exists():
        done = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--omit=dev", "--loglevel=error"],
            cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=500,
        )
        if done.returncode != 0:
            pytest.skip("the registry of npm cannot be reached: " + done.stdout.strip()[-200:])
    return place / "drive.mjs"


def test_the_sdk_works_a_module(program, tmp_path):
    with Engine(tmp_path / "engine") as engine:
        env = {**os.environ, **engine.environment()}
        done = subprocess.run(
            ["node", program, engine.url, engine.region, ROLE, IMAGE, tmp_path],
            env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    checks = [name for line in done.stdout.splitlines() for name in json.loads(line)]
    assert checks == ["objects", "multipart", "module"]
