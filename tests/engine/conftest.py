# SPDX-License-Identifier: GPL-3.0-or-later
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import Engine  # noqa: E402


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    with Engine(tmp_path_factory.mktemp("engine") / "data") as running:
        yield running


@pytest.fixture
def bucket(engine, request):
    name = "b-" + str(abs(hash(request.node.name)) % 10**9)
    s3 = engine.client("s3")
    s3.create_bucket(Bucket=name)
    return name
