# SPDX-License-Identifier: GPL-3.0-or-later
"""The application in a virtual display with a session bus, a keyring and AT-SPI of its own.

Each command runs in a helper process inside that session: libatspi finds its bus once, at start.
"""
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from engine import BUILD, wait_for

AGENT = Path(__file__).with_name("window_agent.py")


def end_engine(folder):
    """The application leaves the engine to itself while an endpoint is in service."""
    try:
        pid = json.loads((Path(folder) / "home/sagebrush/engine/engine.json").read_text())["pid"]
        engine = os.pidfd_open(pid)
    except (OSError, ValueError):
        return
    signal.pidfd_send_signal(engine, signal.SIGTERM)
    select.select([engine], [], [], 30)
    os.close(engine)


class Window:
    def __init__(self, folder, size="1280x1000", dark=False, settings=None, program=None):
        self.folder = Path(folder)
        self.data = self.folder / "home/sagebrush"
        self.program = program or BUILD / "src/app/sagebrush"
        self.size = size
        self.dark = dark
        self.settings = settings
        self.leave_engine = False
        self.runtime = self.folder / "runtime"

    def __enter__(self):
        read, write = os.pipe()
        self.server = subprocess.Popen(["Xvfb", "-noreset", "-displayfd", str(write), "-screen", "0", self.size + "x24"],
                                       pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as pipe:
            display = pipe.readline().strip()
        # As a person who wants less motion has it: nothing slides away from under the pointer.
        settings = self.folder / "config/gtk-4.0/settings.ini"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text("[Settings]\ngtk-enable-animations=false\n")
        self.runtime.mkdir(mode=0o700, exist_ok=True)
        env = {
            **os.environ, "DISPLAY": f":{display}", "GDK_BACKEND": "x11", "XDG_RUNTIME_DIR": str(self.runtime),
            "XDG_DATA_HOME": str(self.folder / "home"), "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_CACHE_HOME": str(self.folder / "cache"), "GSK_RENDERER": "cairo", "LC_ALL": "C.UTF-8",
            "GSETTINGS_BACKEND": "memory", "SB_PROGRAM": str(self.program),
            "SB_DRAG_SOURCE": str(BUILD / "tests/app/drag-source"),
            "ADW_DEBUG_COLOR_SCHEME": "prefer-dark" if self.dark else "prefer-light",
            "ASAN_OPTIONS": "detect_leaks=0",
        }
        env.pop("WAYLAND_DISPLAY", None)
        if self.settings:
            env["GSETTINGS_BACKEND"] = "keyfile"
            self.write_settings()
        self.log = open(self.folder / "window.log", "ab")
        self.agent = subprocess.Popen(["dbus-run-session", "--", "/usr/bin/python3", str(AGENT)], env=env, cwd=self.folder,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.env = env
        return self

    def __exit__(self, *_):
        try:
            self.ask("quit")
        finally:
            self.agent.stdin.close()
            self.agent.wait(60)
            self.agent.stdout.close()
            self.server.terminate()
            self.server.wait(20)
            self.log.close()
            if not self.leave_engine:
                self.end_engine()

    def write_settings(self):
        """Values of the application's settings, as GVariant texts."""
        path = self.folder / "config/glib-2.0/settings/keyfile"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"{name}={value}\n" for name, value in self.settings.items()]
        path.write_text("[io/github/sagebrush/Sagebrush]\n" + "".join(lines))

    def end_engine(self):
        end_engine(self.folder)

    def ask(self, command, *arguments):
        self.agent.stdin.write(json.dumps([command, *arguments]) + "\n")
        self.agent.stdin.flush()
        # The session's own daemons write there, too.
        for line in self.agent.stdout:
            if line.startswith("=> "):
                return json.loads(line[3:])
        raise RuntimeError((self.folder / "window.log").read_text(errors="replace")[-3000:])

    def find(self, role, name):
        return self.ask("find", role, name)

    def read(self, role, name):
        """The whole name of the widget whose name has this in it."""
        return self.ask("read", role, name)

    def content(self, role, name):
        """What is written in a text."""
        return self.ask("content", role, name)

    def describe(self, role, name):
        """Its whole name, its description, and whether it is busy."""
        return self.ask("describe", role, name)

    def wait(self, role, name, seconds=60):
        return wait_for(lambda: self.find(role, name), seconds)

    def reveal(self, role, name):
        """Scrolls until the widget lies within the window."""
        height = self.find("frame", "")[3]

        def lies_within():
            box = self.find(role, name)
            if box and 60 < box[1] < height - box[3]:
                # Scrolling goes on for some frames.
                return box if self.find(role, name) == box else None
            self.ask("scroll", 1 if box is None or box[1] > height / 2 else -1)
            return None

        return wait_for(lies_within)

    def click(self, role, name, across=0.5):
        """Clicks into the widget, in its middle or so far across it, once it has come to rest."""
        box = wait_for(lambda: self.ask("find-at-rest", role, name), 60)
        if not self.ask("press", role, name):
            self.ask("click", box[0] + int(box[2] * across), box[1] + box[3] // 2)

    def choose_entry(self, menu, entry, above=0):
        """An entry of a menu that has so many above it. The menu is a window of its own: what is said about places in it
        is not about the display. Later versions of GTK than 4.8 name no entries."""
        self.click("push button", menu)
        wait_for(lambda: self.find("menu item", entry) or self.find("menu item", "="))
        self.ask("key", *["Down"] * above, "Return")

    def drop(self, paths, role, name):
        """Drags files out of another window and drops them on the widget."""
        left, top, width, height = self.wait(role, name)
        self.ask("drag", list(map(str, paths)), left + width // 2, top + height // 2)

    def copy(self, *paths):
        """Puts files into the clipboard, as a file manager does."""
        self.ask("copy", list(map(str, paths)))

    def choose(self, title, path):
        """Answers a file dialog with a path, from the keyboard."""
        self.ask("choose", title, str(path))

    def read_soon(self, role, name):
        """The same, once it is there."""
        self.wait(role, name)
        return self.read(role, name)

    def wait_notice(self, title):
        """The text of the desktop's notification with that title, once it is there; a click on it follows."""
        def find():
            return next(((i, text) for i, (shown, text) in enumerate(self.ask("notices")) if shown == title), None)

        number, text = wait_for(find, 180)
        self.ask("activate", number)
        return text

    def lookup_key(self):
        return self.ask("secret")

    def shot(self, name):
        folder = Path(os.environ.get("SAGEBRUSH_SCREENSHOTS", self.folder))
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.which("import"):
            subprocess.run(["import", "-display", self.env["DISPLAY"], "-window", "root", str(folder / f"{name}.png")],
                           check=True)

    def run_state(self, step, module="video-game-sales"):
        latest = sorted((self.data / "runs").glob(module + "-*/run.json"))[-1]
        return json.loads(latest.read_text())["steps"][step]["state"]
