# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside the session of a Window: starts keyring and application, answers one line for each."""
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time

import gi

gi.require_version("Atspi", "2.0")
gi.require_version("Secret", "1")
from gi.repository import Atspi, Gio, GLib, Secret  # noqa: E402

APP_ID = "io.github.sagebrush.Sagebrush"


def role_of(item):
    """As GTK 4.8 and at-spi 2.46 call it; later versions have a shorter name for a button, and one for a toggle."""
    name = Atspi.role_get_name(Atspi.Role(item[7]))
    return "push button" if name in ("button", "toggle button") else name


class Tree:
    """The application's widgets over D-Bus itself: one call for all of them, where libatspi needs four for each
    and keeps what it was told once."""

    def __init__(self):
        self.bus = self.exact = None

    def call(self, owner, path, interface, method, parameters=None):
        whole = interface if "." in interface else "org.a11y.atspi." + interface
        return self.bus.call_sync(owner, path, whole, method, parameters, None, Gio.DBusCallFlags.NONE, 10000,
                                  None).unpack()

    def connect(self):
        session = Gio.bus_get_sync(Gio.BusType.SESSION)
        address, = session.call_sync("org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress", None, None,
                                     Gio.DBusCallFlags.NONE, 10000, None).unpack()
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.bus = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)

    def owner(self):
        if self.bus is None:
            self.connect()
        children, = self.call("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root", "Accessible", "GetChildren")
        for owner, path in children:
            name, = self.call(owner, path, "org.freedesktop.DBus.Properties", "Get",
                              GLib.Variant("(ss)", ("org.a11y.atspi.Accessible", "Name")))
            if name == "sagebrush":
                return owner
        return None

    def items(self, owner):
        return self.call(owner, "/org/a11y/atspi/cache", "Cache", "GetItems")[0]

    def call_each(self, owner, paths, interface, method, parameters=None):
        """The answer of each, or None; all are asked at once, which is much quicker than one after the other."""
        answers = {}

        def on_answer(bus, result, path):
            try:
                answers[path] = bus.call_finish(result).unpack()[0]
            except GLib.Error:
                answers[path] = None

        for path in paths:
            self.bus.call(owner, path, "org.a11y.atspi." + interface, method, parameters, None, Gio.DBusCallFlags.NONE,
                          10000, None, on_answer, path)
        while len(answers) < len(paths):
            GLib.MainContext.default().iteration(True)
        return [answers[path] for path in paths]

    def realize(self, owner):
        """GTK lists a widget only once it has been asked for. What was never shown, as most pages, is left out: listing
        it takes long."""
        level = ["/org/a11y/atspi/accessible/root"]
        while level:
            boxes = self.call_each(owner, level, "Component", "GetExtents", GLib.Variant("(u)", (1,)))
            level = [path for path, box in zip(level, boxes) if box is None or box[2] > 0 or box[3] > 0]
            answers = self.call_each(owner, level, "Accessible", "GetChildren")
            level = list({child[1]: None for children in answers for child in children or () if child[0] == owner})

    def box(self, owner, path):
        """Left, top, width and height of what is shown."""
        try:
            box, = self.call(owner, path, "Component", "GetExtents", GLib.Variant("(u)", (1,)))
        except GLib.Error:
            return None
        return list(box) if box[2] > 0 and box[3] > 0 else None

    def look(self, owner, items, role, name):
        """The box, whole name, description, whether it is busy, owner and path of the first that is shown and has
        this in its name; with "=" before it, this is the whole name."""
        for item in items:
            if (item[6] == name[1:] if name.startswith("=") else name in item[6]) and role_of(item) == role:
                box = self.box(owner, item[0][1])
                if box:
                    return box, item[6], item[8], bool(item[9][0] & 1 << int(Atspi.StateType.BUSY)), owner, item[0][1]
        return None

    def search(self, role, name):
        """What look() tells of the first widget whose name has this in it."""
        try:
            owner = self.owner()
            if owner is None:
                return None
            items = self.items(owner)
            found = self.look(owner, items, role, name)
            if found is None:
                self.realize(owner)
                found = self.look(owner, self.items(owner), role, name)
            return found
        except GLib.Error as error:
            # It is only just starting, or about to end; who asks asks again.
            print(error, file=sys.stderr)
            return None

    def find(self, role, name):
        found = self.search(role, name)
        return found[0] if found else None

    def find_at_rest(self, role, name):
        """Its box, if it is the same some frames later."""
        found = self.search(role, name)
        if found is None:
            return None
        time.sleep(0.1)
        return found[0] if self.box(*found[4:]) == found[0] else None

    def tells_exact_places(self):
        """Later versions of GTK than 4.8 leave out the padding of what a widget is in."""
        if self.exact is None:
            version, = self.call(self.owner(), "/org/a11y/atspi/accessible/root", "org.freedesktop.DBus.Properties", "Get",
                                 GLib.Variant("(ss)", ("org.a11y.atspi.Application", "Version")))
            self.exact = [int(part) for part in version.split(".")[:2]] < [4, 10]
        return self.exact

    def press(self, role, name):
        """Presses a button by its action, where the pointer might miss it; that of a menu is of a button in it."""
        if ("button" not in role and role != "check box") or self.tells_exact_places():
            return False
        found = self.search(role, name)
        if found is None:
            return False
        owner, path = found[4:]
        children = self.call(owner, path, "Accessible", "GetChildren")[0]
        actions = self.call_each(owner, [path, *(child[1] for child in children)], "Action", "DoAction",
                                 GLib.Variant("(i)", (0,)))
        if not any(actions) and role == "check box":
            # As small as it is, it lies below and right of the middle of where it is said to be.
            left, top, width, height = found[0]
            return click(left + width, top + height)
        return any(actions)

    def read(self, role, name):
        found = self.search(role, name)
        return found[1] if found else None

    def describe(self, role, name):
        found = self.search(role, name)
        return found[1:4] if found else None

    def content(self, role, name):
        """What is written in a text."""
        found = self.search(role, name)
        return self.call(*found[4:], "Text", "GetText", GLib.Variant("(ii)", (0, -1)))[0] if found else None


class Notices:
    """The desktop's place for notifications."""
    INTERFACE = "org.freedesktop.Notifications"
    XML = f"""<node><interface name="{INTERFACE}">
      <method name="Notify"><arg type="s" direction="in"/><arg type="u" direction="in"/><arg type="s" direction="in"/>
        <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="as" direction="in"/>
        <arg type="a{{sv}}" direction="in"/><arg type="i" direction="in"/><arg type="u" direction="out"/></method>
      <method name="CloseNotification"><arg type="u" direction="in"/></method>
      <method name="GetCapabilities"><arg type="as" direction="out"/></method>
      <method name="GetServerInformation"><arg type="s" direction="out"/><arg type="s" direction="out"/>
        <arg type="s" direction="out"/><arg type="s" direction="out"/></method>
    </interface></node>"""

    def __init__(self):
        self.shown, self.ready, self.bus = [], threading.Event(), None
        threading.Thread(target=self.serve, daemon=True).start()
        self.ready.wait(30)

    def serve(self):
        context = GLib.MainContext()
        context.push_thread_default()
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        interface = Gio.DBusNodeInfo.new_for_xml(self.XML).interfaces[0]
        self.bus.register_object("/org/freedesktop/Notifications", interface, self.handle, None, None)
        Gio.bus_own_name_on_connection(self.bus, self.INTERFACE, Gio.BusNameOwnerFlags.NONE,
                                       lambda *_: self.ready.set(), None)
        GLib.MainLoop(context).run()

    def handle(self, _bus, _sender, _path, _interface, method, parameters, invocation):
        if method == "Notify":
            self.shown.append(list(parameters.unpack()[3:5]))
            invocation.return_value(GLib.Variant("(u)", (len(self.shown),)))
        elif method == "GetCapabilities":
            invocation.return_value(GLib.Variant("(as)", (["body", "actions"],)))
        elif method == "GetServerInformation":
            invocation.return_value(GLib.Variant("(ssss)", ("test", "test", "1", "1.2")))
        else:
            invocation.return_value(None)

    def list(self):
        """Title and text of each."""
        return self.shown

    def activate(self, number):
        """Clicks on one of them."""
        self.bus.emit_signal(None, "/org/freedesktop/Notifications", self.INTERFACE, "ActionInvoked",
                             GLib.Variant("(us)", (number + 1, "default")))
        return True


def xdotool(*arguments):
    subprocess.run(["xdotool", *map(str, arguments)], check=True)


def click(x, y):
    xdotool("mousemove", x, y, "click", 1)
    return True


def point(x, y):
    xdotool("mousemove", x, y)
    return True


def look_elsewhere():
    """Takes the focus from the window."""
    root = subprocess.run(["xdotool", "search", "--maxdepth", "0", ".*"], capture_output=True, text=True, check=True)
    xdotool("windowfocus", root.stdout.split()[0])
    return True


def key(*names):
    xdotool("key", *names)
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


class Files:
    """Another program of the desktop, with files to drag or to paste."""

    def __init__(self):
        self.source = None

    def start(self, *arguments):
        self.end()
        self.source = subprocess.Popen([os.environ["SB_DRAG_SOURCE"], *arguments], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, bufsize=0)
        self.await_word("ready")

    def await_word(self, word, meanwhile=None):
        """What is done meanwhile is done until the program says it; what is below the pointer is asked by each motion alone."""
        for _ in range(600):
            if select.select([self.source.stdout], [], [], 0.1)[0]:
                said = self.source.stdout.readline().decode().strip()
                if said == word:
                    return
                if not said:
                    break
            elif meanwhile:
                meanwhile()
        raise RuntimeError(f"the drag source has not said “{word}”")

    def end(self):
        if self.source is not None:
            self.source.stdin.close()
            self.source.wait(30)
            self.source.stdout.close()
            self.source = None

    def copy(self, paths):
        self.start("--copy", *paths)
        return True

    def drag(self, paths, x, y):
        self.start(*paths)
        # Without a window manager every window opens at the top left.
        xdotool("search", "--sync", "--onlyvisible", "--name", "^drag-source$")
        xdotool("mousemove", 60, 24, "mousedown", 1)
        self.await_word("begun", lambda: self.wiggle(90, 30))
        self.await_word("taken", lambda: self.wiggle(x, y))
        xdotool("mouseup", 1)
        self.await_word("ended")
        return True

    def wiggle(self, x, y):
        xdotool("mousemove", x - 1, y, "mousemove", x, y)


def choose(title, path):
    """A path that is typed opens the dialog's location; without a window manager nobody gives it the focus."""
    xdotool("search", "--sync", "--onlyvisible", "--name", title, "windowfocus", "--sync")
    xdotool("type", "--delay", 20, path)
    # What stands behind it goes: the end of the name that was offered, and what GTK has completed it with.
    xdotool("key", "shift+End", "Delete", "Return")
    return True


def secret():
    service = Secret.Service.get_sync(Secret.ServiceFlags.LOAD_COLLECTIONS, None)
    for collection in service.get_collections():
        for item in collection.get_items():
            attributes = item.get_attributes()
            if attributes.get("connection") == "local":
                return attributes.get("access-key-id")
    return None


def secrets():
    """Attributes and secret of all that the keyring keeps."""
    service = Secret.Service.get_sync(Secret.ServiceFlags.LOAD_COLLECTIONS, None)
    found = []
    for collection in service.get_collections():
        for item in collection.get_items():
            item.load_secret_sync(None)
            found.append([item.get_attributes(), bytes(item.get_secret().get()).decode(errors="replace")])
    return found


def write(text):
    xdotool("type", "--delay", 12, text)
    return True


def leave(program):
    """As its menu does, whatever dialog is open; a key might go to the dialog."""
    if program.poll() is not None:
        return
    session = Gio.bus_get_sync(Gio.BusType.SESSION)
    try:
        session.call_sync(APP_ID, "/" + APP_ID.replace(".", "/"), "org.freedesktop.Application", "ActivateAction",
                          GLib.Variant("(sava{sv})", ("quit", [], {})), None, Gio.DBusCallFlags.NONE, 10000, None)
        program.wait(30)
    except (GLib.Error, subprocess.TimeoutExpired) as error:
        print(f"The application was asked to leave: {error}", file=sys.stderr)
        program.send_signal(signal.SIGTERM)
        program.wait(30)


def launch(given, *arguments):
    """The same program once more, as a launcher or a terminal of this session starts it: what it says."""
    return subprocess.run([os.environ["SB_PROGRAM"], *arguments], check=True, timeout=120, text=True, input=given,
                          stdout=subprocess.PIPE).stdout


class Helpers:
    """Programs of the desktop's own, which say so when they are ready and end with the session."""

    def __init__(self):
        self.programs = []

    def start(self, *command):
        program = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.programs.append(program)
        return program.stdout.readline().decode().strip()

    def end(self):
        for program in self.programs:
            program.terminate()
            program.wait(30)
            program.stdout.close()


def answer(value):
    print("=> " + json.dumps(value), flush=True)


def main():
    if "SB_NO_KEYRING" not in os.environ:
        keyring = subprocess.run(["gnome-keyring-daemon", "--unlock", "--components=secrets"], input="pw", text=True,
                                 capture_output=True, check=False)
        sys.stderr.write(keyring.stderr)
    notices = Notices()
    program = subprocess.Popen([os.environ["SB_PROGRAM"]], stdout=sys.stderr)
    tree = Tree()
    files = Files()
    helpers = Helpers()
    commands = {"find": tree.find, "find-at-rest": tree.find_at_rest, "read": tree.read, "describe": tree.describe,
                "content": tree.content, "press": tree.press, "key": key, "type": write, "click": click,
                "point": point, "look-elsewhere": look_elsewhere, "scroll": scroll, "stroke": stroke, "secret": secret, "secrets": secrets,
                "drag": files.drag, "copy": files.copy, "choose": choose,
                "notices": notices.list, "activate": notices.activate,
                "wait-end": lambda: program.wait(30), "launch": launch, "help": helpers.start}
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        if name == "quit":
            break
        answer(commands[name](*arguments))
    files.end()
    leave(program)
    helpers.end()
    answer(program.returncode)


if __name__ == "__main__":
    main()
