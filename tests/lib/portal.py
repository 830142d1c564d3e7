# SPDX-License-Identifier: GPL-3.0-or-later
"""A desktop portal that knows the background only: it writes each question down and allows all of them."""
import json
import sys

from gi.repository import Gio, GLib

PATH = "/org/freedesktop/portal/desktop"
INTERFACES = Gio.DBusNodeInfo.new_for_xml("""
<node>
  <interface name="org.freedesktop.portal.Background">
    <method name="RequestBackground">
      <arg type="s" direction="in"/><arg type="a{sv}" direction="in"/><arg type="o" direction="out"/>
    </method>
    <property name="version" type="u" access="read"/>
  </interface>
</node>""")


def on_call(bus, sender, path, interface, method, parameters, invocation):
    parent, options = parameters.unpack()
    with open(sys.argv[1], "a", encoding="utf-8") as log:
        log.write(json.dumps({"parent": parent, **options}) + "\n")
    request = f"{PATH}/request/{sender[1:].replace('.', '_')}/{options['handle_token']}"
    invocation.return_value(GLib.Variant("(o)", (request,)))
    answer = {"background": GLib.Variant("b", True), "autostart": GLib.Variant("b", False)}
    bus.emit_signal(sender, request, "org.freedesktop.portal.Request", "Response",
                    GLib.Variant("(ua{sv})", (0, answer)))


def on_bus(bus, name):
    bus.register_object(PATH, INTERFACES.interfaces[0], on_call, lambda *_: GLib.Variant("u", 2), None)


def on_name(bus, name):
    print("ready", flush=True)


Gio.bus_own_name(Gio.BusType.SESSION, "org.freedesktop.portal.Desktop", Gio.BusNameOwnerFlags.NONE, on_bus, on_name, None)
GLib.MainLoop().run()
