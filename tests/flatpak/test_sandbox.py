# SPDX-License-Identifier: GPL-3.0-or-later
"""Sagebrush as it was installed by Flatpak, driven inside its sandbox: see ./run flatpak."""
import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "lib"), str(TESTS / "app")]
from engine import wait_for  # noqa: E402
from identity import Identity  # noqa: E402
from test_window import STROKES, draw, read_digit  # noqa: E402
from window import Window  # noqa: E402

ID = "io.github.sagebrush.Sagebrush"
SECRET = "base+secret/"
INSTALLATION = os.environ.get("FLATPAK_USER_DIR") or str(Path.home() / ".local/share/flatpak")


def flatpak(*arguments, **options):
    return subprocess.run(["flatpak", *map(str, arguments)], check=True, text=True, stdout=subprocess.PIPE, **options).stdout


class Sandbox(Window):
    """The installed application for a person with an empty home."""

    def __init__(self, folder, **options):
        program = folder / "sagebrush"
        program.write_text(f'#!/bin/sh\nHOME={folder} FLATPAK_USER_DIR={INSTALLATION} exec flatpak run {ID} "$@"\n')
        program.chmod(0o700)
        super().__init__(folder, program=program, **options)
        self.data = folder / ".var/app" / ID / "data/sagebrush"
        # Of one session, for all sandboxes of a home; Flatpak's helper makes sockets there, whose paths may not be long.
        self.runtime = Path(tempfile.gettempdir()) / f"sagebrush-{os.getpid()}-{folder.name[:20]}"
        self.terminal = None
        self.runtime.mkdir(mode=0o700, exist_ok=True)

    def run(self, *arguments):
        """What Sagebrush says, as JSON, in the terminal of the same session, in a sandbox of its own. That lasts for as
        long as an endpoint is in service, so that its end is not waited for."""
        env = {**os.environ, "XDG_RUNTIME_DIR": str(self.runtime), "LC_ALL": "C.UTF-8"}
        env.pop("DISPLAY", None)
        path = self.folder / "said.json"
        with path.open("wb") as said:
            self.terminal = subprocess.Popen([str(self.program), *arguments], env=env, stdout=said)

        def parse():
            try:
                return json.loads(path.read_text())
            except ValueError:
                assert self.terminal.poll() in (None, 0)
                return None

        return wait_for(parse, 600)

    def end_engine(self):
        """Its number is one of the sandbox, where it lives on after the window."""
        env = {**os.environ, "XDG_RUNTIME_DIR": str(self.runtime)}
        subprocess.run(["flatpak", "kill", ID], env=env, check=False, stderr=subprocess.DEVNULL)
        if self.terminal:
            self.terminal.wait(60)


@pytest.fixture(autouse=True)
def no_portal_for_secrets(tmp_path, monkeypatch):
    """The sandbox has the keyring itself. Debian 12's libsecret prefers the portal, where there is one, and waits for ever
    when that answers too soon (mended in libsecret 0.21.4: "Subscribe before calling dbus")."""
    for portal in Path("/usr/share/xdg-desktop-portal/portals").glob("*.portal"):
        if "impl.portal.Secret" not in portal.read_text():
            shutil.copy(portal, tmp_path)
    monkeypatch.setenv("XDG_DESKTOP_PORTAL_DIR", str(tmp_path))


@pytest.fixture
def home(request):
    """Not below /tmp, of which each sandbox has its own."""
    folder = Path(os.environ["SAGEBRUSH_SANDBOX_HOMES"]) / request.node.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def test_permissions():
    shown = flatpak("info", "--user", "--show-permissions", ID)
    sections = dict(re.findall(r"^\[(.*)\]\n((?:[^\[\n].*\n|\n)*)", shown, re.M))
    assert sections["Context"].split() == ["shared=network;ipc;", "sockets=x11;wayland;fallback-x11;", "devices=dri;"]
    assert sections["Session Bus Policy"].split() == ["org.freedesktop.secrets=talk"]
    assert set(sections) == {"Context", "Session Bus Policy"}


def test_what_is_exported():
    """Launcher, metainfo and icons reach the desktop, and hold what its tools want."""
    folder = Path(flatpak("info", "--user", "--show-location", ID).strip()) / "export/share"
    subprocess.run(["desktop-file-validate", str(folder / f"applications/{ID}.desktop")], check=True)
    assert (folder / f"icons/hicolor/scalable/apps/{ID}.svg").exists()
    assert (folder / f"icons/hicolor/symbolic/apps/{ID}-symbolic.svg").exists()
    # flatpak-builder gives it its older name.
    metainfo, = folder.glob(f"metainfo/{ID}.*.xml")
    subprocess.run(["appstreamcli", "validate", "--no-net", "--pedantic", str(metainfo)], check=True, stdout=subprocess.DEVNULL)


def test_no_file_of_the_home_is_seen(home):
    (home / "letter.txt").write_text("private")
    script = f"test -d {home} || echo no home; cat {home}/letter.txt || echo no letter"
    seen = flatpak("run", f"--env=HOME={home}", "--command=sh", ID, "-c", script, stderr=subprocess.DEVNULL,
                   env={**os.environ, "HOME": str(home), "FLATPAK_USER_DIR": INSTALLATION})
    assert "no letter" in seen and "private" not in seen


def test_video_game_sales_to_its_confusion_matrix(home):
    with Sandbox(home) as window:
        window.wait("push button", "Run: Choose data")
        window.click("push button", "Run All")
        window.wait("label", "hits found, error", 180)
        window.shot("sandbox-games")
        window.reveal("image", "Confusion matrix")
        window.shot("sandbox-confusion-matrix")
        assert window.run_state("evaluate") == "done"
    # The endpoint is still in service, and so the engine is: another sandbox finds it.
    with Sandbox(home, dark=True) as window:
        window.wait("label", "is in service")
        window.shot("sandbox-dark")
        window.reveal("push button", "Run: Clean up")
        window.click("push button", "Run: Clean up")
        window.wait("label", "Nothing left", 60)


def test_the_desktop_is_told_why_it_goes_on(home):
    """A window is closed while an endpoint is in service: the background portal is asked, and the window is gone."""
    asked = home / "asked"
    with Sandbox(home) as window:
        assert window.ask("help", "/usr/bin/python3", str(TESTS / "lib/portal.py"), str(asked)) == "ready"
        window.wait("push button", "Run: Choose data")
        window.reveal("push button", "Run: Deploy")
        window.click("push button", "Run: Deploy")
        window.wait("label", "is in service", 180)
        window.click("push button", "Close")
        question, = wait_for(lambda: asked.exists() and [json.loads(line) for line in asked.read_text().splitlines()])
        assert question["reason"] == "Training jobs and endpoints go on without a window."
        wait_for(lambda: not window.find("push button", "Run: Choose data"))


def test_digits_on_two_ranks_and_one_drawn(home):
    window = Sandbox(home)
    told = window.run("run", "digits", "--set", "train.InstanceCount=2", "--set", "train.epochs=3", "--keep", "--json")
    (home / "digits.json").write_text(json.dumps(told, indent=2))
    with contextlib.closing(sqlite3.connect(window.data / "engine/logs.db")) as logs:
        log = [line for line, in logs.execute("SELECT message FROM events ORDER BY id")]
    assert any("2 worker" in line for line in log), log
    with window:
        window.wait("push button", "Run: Choose data")
        window.click("label", "Handwritten Digits")
        window.wait("label", "Draw a digit")
        draw(window, STROKES[3])
        assert read_digit(window, STROKES[3]) == "3"
        window.shot("sandbox-digit")


def test_credential_is_found_again(home):
    """A connection's secret is in the keyring of the desktop, outside the sandbox, and in none of its files."""
    with Identity() as identity:
        with Sandbox(home) as window:
            window.wait("push button", "Run: Choose data")
            window.ask("launch", f"AKIABASE\n{SECRET}\n", "connections", "add", "Work", "--region", "eu-central-1",
                       "--endpoint-url", identity.url)
        with Sandbox(home) as window:
            window.wait("push button", "Run: Choose data")
            assert "user/workshop" in window.ask("launch", "", "connections", "check", "Work")
            kept, = [secret for attributes, secret in window.ask("secrets") if attributes.get("access-key-id") == "AKIABASE"]
            assert SECRET in kept
            assert window.lookup_key() in (window.data / "engine/credentials").read_text()
    for path in (home / ".var").rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
