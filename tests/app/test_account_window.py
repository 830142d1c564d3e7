# SPDX-License-Identifier: GPL-3.0-or-later
"""Get Started, leaving and Clean Up in a window on an account, which a server that stands for AWS has: narrow and dark."""
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import wait_for  # noqa: E402
from stand_in import KEY, REGION, SECRET, StandIn  # noqa: E402
from window import Window  # noqa: E402


@pytest.fixture(name="server")
def fixture_server(tmp_path, monkeypatch):
    """A profile of the person's own leads to it."""
    (tmp_path / "person/.aws").mkdir(parents=True)
    (tmp_path / "person/.aws/credentials").write_text(
        f"[lab]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    with StandIn() as server:
        (tmp_path / "home/sagebrush").mkdir(parents=True)
        (tmp_path / "home/sagebrush/connections.json").write_text(json.dumps({"version": 1, "connections": [
            {"id": "lab-1", "name": "Lab", "kind": "profile", "profile": "lab", "region": REGION, "endpoint_url": server.url}]}))
        yield server
        assert server.problems == []


def open_account(window):
    window.click("push button", "Back to Modules")
    window.click("push button", "Connection: ")
    window.wait("label", "Lab")
    for name in ("Down", "Return"):
        window.ask("key", name)
    window.wait("push button", "Connection: Lab")


def test_get_started_leave_and_clean_up(tmp_path, server):
    """What S3 would refuse is said while it is typed; what costs money is named before one leaves."""
    server.denied = {"sagemaker:CreateNotebookInstance"}
    with Window(tmp_path, size="420x900", dark=True) as window:
        open_account(window)
        window.click("label", "Get Started")
        window.wait("label", f"Left empty, it is “sagemaker-{REGION}-” with the number of the account")
        window.click("label", "=Name")
        window.ask("type", "s3://My_Data/path")
        window.wait("label", "A bucket cannot be called “My_Data”")
        window.shot("bucket-wrong")
        window.ask("key", "ctrl+a")
        window.ask("type", "s3://my-data/path")
        window.wait("label", "the bucket is “my-data”")
        window.click("push button", "Run: Make a bucket")
        window.wait("label", "my-data, created; closed to the public")
        window.reveal("push button", "Run: Find the role")
        window.shot("role")
        window.click("push button", "Run: Find the role")
        window.wait("push button", "Run Again: Find the role")
        assert list(server.buckets) == ["my-data"] and server.may(
            f"SagebrushExecution-{REGION}", "s3:GetObject", "arn:aws:s3:::my-data/x")
        window.reveal("push button", "Run: Open a notebook")
        window.click("push button", "Run: Open a notebook")
        window.wait("label", "lack the permission sagemaker:CreateNotebookInstance")
        window.wait("push button", "Copy the Statement")
        window.shot("denied")
        server.denied = set()
        window.click("push button", "Run Again: Open a notebook")
        window.wait("label", "In service · ml.t3.medium", 120)
        window.ask("key", "ctrl+q")
        window.wait("label", "Leave With 1 in Service?")
        # No price of this Region came with the program, and this account may not ask for them.
        assert window.find("label", "is not known here")
        window.shot("leave")
        window.click("push button", "Clean Up")
        window.wait("label", "3 resources")
        window.shot("clean-up")
        window.click("push button", "Delete 3 Resources")
        window.click("push button", "Delete for Good")
        window.wait("label", "Nothing Left", 120)
        window.shot("nothing")
    assert wait_for(lambda: server.left() == [])
