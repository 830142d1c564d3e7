# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside the session of a Window: starts keyring and application, answers one line for each."""
import json
import os
import signal
import subprocess
import sys
import time

import gi

gi.require_version("Atspi", "2.0")
gi.require_version("Secret", "1")
from gi.repository import Atspi, Secret  # noqa: E402


def application():
    desktop = Atspi.get_desktop(0)
    for i in range(desktop.get_child_count()):
        child = desktop.get_child_at_index(i)
        if child is not None and child.get_name() == "sagebrush":
            return child
    return None


def walk(node):
    if node is None:
        return
    yield node
    for i in range(node.get_child_count()):
        yield from walk(node.get_child_at_index(i))


def locate(role, name):
    for node in walk(application()):
        try:
            if node.get_role_name() == role and name in (node.get_name() or ""):
                box = node.get_extents(Atspi.CoordType.WINDOW)
                if box.width > 0 and box.height > 0:
                    return node, [box.x, box.y, box.width, box.height]
        except gi.repository.GLib.Error:
            continue
    return None, None


def query(role, name):
    """Asks in a process of its own: libatspi's cache does not follow a tree that is being built."""
    done = subprocess.run([sys.executable, __file__, role, name], stdout=subprocess.PIPE, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("=> ")]
    return json.loads(lines[-1][3:]) if lines else None


def find(role, name):
    return query(role, name)


def xdotool(*arguments):
    subprocess.run(["xdotool", *map(str, arguments)], check=True)


def click(x, y):
    xdotool("mousemove", x, y, "click", 1)
    return True


def stroke(points):
    """Draws with the pen down from the first point to the last."""
    xdotool("mousemove", *points[0], "mousedown", 1)
    for point in points[1:]:
        xdotool("mousemove", *point)
    xdotool("mouseup", 1)
    return True


def scroll(direction):
    xdotool("mousemove", 330, 600, "click", "--repeat", 3, "--delay", 10, 5 if direction > 0 else 4)
    time.sleep(0.2)
    return True


def secret():
    service = Secret.Service.get_sync(Secret.ServiceFlags.LOAD_COLLECTIONS, None)
    for collection in service.get_collections():
        for item in collection.get_items():
            attributes = item.get_attributes()
            if attributes.get("connection") == "local":
                return attributes.get("access-key-id")
    return None


def answer(value):
    print("=> " + json.dumps(value), flush=True)


def main():
    keyring = subprocess.run(["gnome-keyring-daemon", "--unlock", "--components=secrets"], input="pw", text=True,
                             capture_output=True, check=False)
    sys.stderr.write(keyring.stderr)
    program = subprocess.Popen([os.environ["SB_PROGRAM"]], stdout=sys.stderr)
    commands = {"find": find, "click": click, "scroll": scroll, "stroke": stroke, "secret": secret}
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        if name == "quit":
            break
        answer(commands[name](*arguments))
    xdotool("key", "ctrl+q")
    try:
        program.wait(30)
    except subprocess.TimeoutExpired:
        program.send_signal(signal.SIGTERM)
        program.wait(30)
    answer(program.returncode)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        answer(locate(*sys.argv[1:])[1])
    else:
        main()
