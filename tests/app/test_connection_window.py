# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections in the window: added, asked for in place, chosen and removed, with a real keyring and loopback
services."""
import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import wait_for  # noqa: E402
from identity import ACCOUNT, Identity  # noqa: E402
from window import Window  # noqa: E402

SECRET = "base+secret/"


@pytest.fixture(name="identity")
def fixture_identity(tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    (tmp_path / "person/.aws").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    with Identity() as identity:
        monkeypatch.setenv("AWS_ENDPOINT_URL", identity.url)
        yield identity
    assert identity.problems == []
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.suffix != ".keyring" and ".aws" not in path.parts:
            data = path.read_bytes()
            assert not [secret for secret in identity.secrets if secret.encode() in data], path


def connections(tmp_path):
    path = tmp_path / "home/sagebrush/connections.json"
    return json.loads(path.read_text())["connections"] if path.exists() else []


def open_dialog(window, kind, narrow=False):
    """From the keyboard: a popover is a window of its own, whose place on the screen AT-SPI does not tell."""
    window.wait("push button", "Run: Choose data")
    if narrow:
        window.click("push button", "Back to Modules")
    window.click("push button", "Connection: ")
    window.wait("push button", "Add Connection")
    window.ask("key", "Tab")
    window.ask("key", "Return")
    window.wait("label", "Where the Credentials Come From")
    window.click("label", kind)
    window.wait("push button", "Check and Add" if "Center" not in kind else "Sign In")


def fill(window, label, text):
    window.click("label", label)
    window.ask("type", text)


def test_access_key(tmp_path, identity):
    with Window(tmp_path) as window:
        open_dialog(window, "Access Key")
        fill(window, "Name", "Work")
        fill(window, "Access Key ID", "AKIABASE")
        fill(window, "Secret Access Key", "wrong")
        window.shot("connection-form")
        window.click("push button", "Check and Add")
        window.wait("label", "signature we calculated does not match")
        window.shot("connection-problem")
        assert connections(tmp_path) == []
        window.click("label", "Secret Access Key")
        window.ask("key", "ctrl+a")
        window.ask("type", SECRET)
        window.click("push button", "Check and Add")
        window.wait("push button", "Connection: Work")
        window.shot("connection-work")
        window.click("push button", "Connection: Work")
        window.wait("label", f"{ACCOUNT} · user/workshop")
        (info,) = connections(tmp_path)
        kept = [secret for attributes, secret in window.ask("secrets") if attributes.get("connection") == info["id"]]
        assert len(kept) == 1 and SECRET in kept[0]


def test_code_and_removal(tmp_path, identity):
    role = f"arn:aws:iam::{ACCOUNT}:role/far"
    identity.roles[role] = {"mfa": ("phone1234", "123456")}
    (tmp_path / "person/.aws/config").write_text(
        f"[profile far]\nrole_arn = {role}\nsource_profile = work\nmfa_serial = phone1234\nregion = us-west-2\n")
    (tmp_path / "person/.aws/credentials").write_text(f"[work]\naws_access_key_id = AKIABASE\naws_secret_access_key = {SECRET}\n")
    with Window(tmp_path, dark=True) as window:
        open_dialog(window, "Profile from")
        window.wait("label", "us-west-2 – US West (Oregon)")
        window.click("push button", "Check and Add")
        window.wait("label", "asks for the code that phone1234 shows")
        window.shot("connection-code")
        window.ask("type", "123456")
        window.ask("key", "Return")
        window.wait("push button", "Connection: far")
        assert connections(tmp_path)[0]["profile"] == "far" and connections(tmp_path)[0]["region"] == "us-west-2"
        window.click("push button", "Connection: far")
        window.wait("push button", "Remove: far")
        for name in ("Down", "Tab", "Return"):
            window.ask("key", name)
        window.wait("label", "Remove “far”?")
        window.click("push button", "Remove Connection")
        wait_for(lambda: connections(tmp_path) == [], 30)
        window.wait("push button", "Connection: This Computer")


def test_sign_in(tmp_path, identity):
    identity.pending = ["authorization_pending"] * 10
    identity.interval = 1
    with Window(tmp_path, size="420x760") as window:
        open_dialog(window, "IAM Identity Center", narrow=True)
        fill(window, "Name", "Corp")
        fill(window, "Start URL", "https://corp.awsapps.com/start")
        window.click("push button", "Sign In")
        window.wait("label", "ABCD-EFGH")
        window.shot("connection-sign-in")
        identity.waiting = []
        window.wait("push button", "Check and Add")
        window.wait("label", f"Workshop – {ACCOUNT}")
        window.wait("label", "Admin")
        window.shot("connection-role")
        window.click("push button", "Check and Add")
        window.wait("push button", "Connection: Corp")
        assert connections(tmp_path)[0]["sso_role_name"] == "Admin"
        assert "sso-token" in [attributes.get("access-key-id") for attributes, _ in window.ask("secrets")]
