# SPDX-License-Identifier: GPL-3.0-or-later
"""Get Started in the window: a real Jupyter on this computer."""
import json
import shutil
import sys
import urllib.request
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import wait_for  # noqa: E402
from test_script_window import NOTEBOOK  # noqa: E402
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


def put_a_notebook_there(window, path, opened):
    """A file that is read in a window of its own goes into a new folder of the instance."""
    path.write_text(json.dumps(NOTEBOOK))
    window.ask("key", "ctrl+o")
    window.choose("Open a Notebook", path)
    window.click("push button", "Open in Jupyter")
    url = wait_for(lambda: opened.read_text().split()[1:], 60)[0]
    page, _, token = url.partition("?")
    server, _, place = page.partition("/notebooks/")
    contents = json.load(urllib.request.urlopen(f"{server}/api/contents/{place}?{token}", timeout=60))
    assert contents["path"].startswith("sagebrush-") and contents["name"] == path.name
    assert "".join(contents["content"]["cells"][1]["source"]) == NOTEBOOK["cells"][1]["source"]
    assert urllib.request.urlopen(url, timeout=60).status == 200
    window.ask("key", "ctrl+w")


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
        put_a_notebook_there(window, tmp_path / "an example.ipynb", opened)
        window.click("push button", "Stop: sagebrush")
        window.wait("push button", "Start: sagebrush", 120)
        window.wait("label", "Stopped · ml.t3.medium")
        window.wait("label", "Nothing is running")
        window.click("push button", "Delete: sagebrush")
        window.wait("label", "Its files are deleted with it")
        window.click("push button", "Delete for Good")
        window.wait("label", "It is gone", 120)
