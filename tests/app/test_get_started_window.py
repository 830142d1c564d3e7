# SPDX-License-Identifier: GPL-3.0-or-later
"""Get Started in the window: a real Jupyter on this computer, and a bucket's name as it is typed."""
import json
import shutil
import sys
import urllib.request
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import wait_for  # noqa: E402
from stand_in import KEY, REGION, SECRET, StandIn  # noqa: E402
from window import Window  # noqa: E402


def catch_addresses(folder):
    """A browser that writes down what it is to open."""
    script, opened = folder / "browser", folder / "opened"
    script.write_text(f'#!/bin/sh\necho "$1" >> {opened}\n')
    script.chmod(0o755)
    applications = folder / "home/applications"
    applications.mkdir(parents=True)
    (applications / "catch.desktop").write_text(
        f"[Desktop Entry]\nType=Application\nName=Catch\nExec={script} %u\nMimeType=x-scheme-handler/http;x-scheme-handler/https;\n")
    (applications / "mimeapps.list").write_text("[Default Applications]\nx-scheme-handler/http=catch.desktop\n")
    return opened


@pytest.mark.skipif(shutil.which("jupyter-notebook") is None, reason="Jupyter is not installed")
def test_notebook(tmp_path):
    opened = catch_addresses(tmp_path)
    with Window(tmp_path, size="1280x1100") as window:
        window.click("label", "Get Started")
        window.wait("push button", "Run Again: Find the role")
        window.wait("push button", "Run: Open a notebook")
        window.shot("get-started")
        window.click("push button", "Run: Open a notebook")
        window.wait("label", "In service · ml.t3.medium · 5 GB", 180)
        window.shot("notebook")
        window.click("push button", "Open Jupyter")
        url = wait_for(lambda: opened.exists() and opened.read_text().strip(), 60)
        base, _, token = url.partition("?")
        assert json.load(urllib.request.urlopen(f"{base}/api/contents?{token}", timeout=60))["type"] == "directory"
        window.click("push button", "Stop: sagebrush")
        window.wait("push button", "Start: sagebrush", 120)
        window.wait("label", "Stopped · ml.t3.medium")
        window.wait("label", "Nothing is running")
        window.click("push button", "Delete: sagebrush")
        window.wait("label", "Its files are deleted with it")
        window.click("push button", "Delete for Good")
        window.wait("label", "It is gone", 120)


def test_in_an_account(tmp_path, monkeypatch):
    """Narrow and dark; what S3 would refuse is said while it is typed, what will be created is shown."""
    (tmp_path / "person/.aws").mkdir(parents=True)
    (tmp_path / "person/.aws/credentials").write_text(f"[lab]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    with StandIn() as server:
        (tmp_path / "home/sagebrush").mkdir(parents=True)
        (tmp_path / "home/sagebrush/connections.json").write_text(json.dumps({"version": 1, "connections": [
            {"id": "lab-1", "name": "Lab", "kind": "profile", "profile": "lab", "region": REGION, "endpoint_url": server.url}]}))
        server.denied = {"sagemaker:CreateNotebookInstance"}
        with Window(tmp_path, size="420x900", dark=True) as window:
            window.click("push button", "Back to Modules")
            window.click("push button", "Connection: ")
            window.wait("label", "Lab")
            for name in ("Down", "Return"):
                window.ask("key", name)
            window.wait("push button", "Connection: Lab")
            window.click("label", "Get Started")
            window.click("label", "Name")
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
        assert server.problems == []
