# SPDX-License-Identifier: GPL-3.0-or-later
"""A session bus with a keyring of its own, or with none, for programs that keep secrets."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest

START = """
mkdir -p -m 700 "$XDG_RUNTIME_DIR"
[ "$1" = absent ] || printf hush | gnome-keyring-daemon --unlock --components=secrets >/dev/null
echo "$DBUS_SESSION_BUS_ADDRESS"
cat >/dev/null
"""
# Starts nothing by itself: else the bus would start the keyring of the machine.
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd"><busconfig><type>session</type>
<listen>unix:tmpdir={}</listen><policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"""


class Keyring:
    def __init__(self, folder, state="open"):
        self.folder, self.state = Path(folder), state
        for tool in ("dbus-run-session", "gnome-keyring-daemon"):
            if shutil.which(tool) is None:
                pytest.skip(f"{tool} is not installed")

    def __enter__(self):
        self.folder.mkdir(exist_ok=True)
        config = self.folder / "bus.conf"
        config.write_text(BUS.format(self.folder))
        home = {name: str(self.folder / name.lower()) for name in
                ("HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        self.session = subprocess.Popen(
            ["dbus-run-session", f"--config-file={config}", "--", "sh", "-c", START, "sh", self.state],
            env={**os.environ, **home}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.session.stdout.readline().strip()
        assert self.address, "there is no session bus"
        return self

    def __exit__(self, *_):
        self.session.stdin.close()
        self.session.wait(30)
        self.session.stdout.close()

    def secrets(self, environment):
        """What it keeps, as secret-tool's library sees it: attributes and secret."""
        program = ("import json, gi\ngi.require_version('Secret', '1')\nfrom gi.repository import Secret\n"
                   "service = Secret.Service.get_sync(Secret.ServiceFlags.LOAD_COLLECTIONS, None)\nfound = []\n"
                   "for collection in service.get_collections():\n    for item in collection.get_items():\n"
                   "        item.load_secret_sync(None)\n"
                   "        found.append([item.get_attributes(), item.get_secret().get_text()])\nprint(json.dumps(found))\n")
        done = subprocess.run(["/usr/bin/python3", "-c", program], env=environment, capture_output=True, text=True, check=True)
        import json

        return json.loads(done.stdout)
