#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads every #include below src/ and fails when a room leans the wrong way.

Arrows are the design's, taken transitively: a room may include what its neighbours may.
"""
import re
import sys
from pathlib import Path

ARROWS = {
    "wire": [],
    "formats": [],
    "charts": [],
    "cloud": ["wire"],
    "workshop": ["cloud", "formats"],
    "widgets": ["charts", "formats", "wire"],
    "pages": ["widgets", "workshop"],
    "app": ["pages"],
    "engine": ["wire", "formats"],
    "algorithms": ["wire", "formats"],
}
# Headers that a room must never see, whoever brings them.
FORBIDDEN = {
    "wire": r"gtk/|adwaita|libsoup/",
    "formats": r"gtk/|adwaita|libsoup/",
    "charts": r"gtk/|adwaita|libsoup/",
    "cloud": r"gtk/|adwaita",
    "workshop": r"gtk/|adwaita|libsoup/",
    "widgets": r"libsoup/",
    "pages": r"libsoup/",
    "engine": r"gtk/|adwaita",
    "algorithms": r"gtk/|adwaita",
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def reachable(room):
    seen, todo = {room}, [room]
    while todo:
        for below in ARROWS[todo.pop()]:
            if below not in seen:
                seen.add(below)
                todo.append(below)
    return seen


def complaints(src):
    allowed = {room: reachable(room) for room in ARROWS}
    for path in sorted(src.rglob("*.[ch]")):
        parts = path.relative_to(src).parts
        room = parts[0]
        if room not in ARROWS:
            yield f"{path}: {room} is no room of the design"
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            target = match[2]
            where = f"{path}:{number}"
            if match[1] == "<":
                if re.match(FORBIDDEN.get(room, "$^"), target):
                    yield f"{where}: {room} must not see <{target}>"
                continue
            other = target.split("/")[0]
            if other in ARROWS and other not in allowed[room]:
                yield f"{where}: {room} must not lean on {other}"
            elif other not in ARROWS and not (path.parent / target).exists() and target not in (
                "config.h",
            ) and not target.endswith(("-resources.h", "-enums.h")):
                yield f"{where}: {target} is in no room: write \"room/{target}\""


def self_check():
    """The checker must see a wrong arrow, or it would pass on anything."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        src = Path(folder)
        (src / "wire").mkdir()
        (src / "wire" / "a.c").write_text('#include "cloud/b.h"\n#include <gtk/gtk.h>\n')
        return len(list(complaints(src))) == 2


def main():
    src = Path(sys.argv[1]) / "src"
    found = list(complaints(src))
    print("1..2")
    print("ok 1 - sees a wrong arrow" if self_check() else "not ok 1 - sees a wrong arrow")
    for text in found:
        print("# " + text)
    print(("not ok" if found else "ok") + " 2 - every room leans the right way")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
