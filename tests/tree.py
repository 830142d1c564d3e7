#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the source tree itself: format, licence, translations. Prints TAP."""
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
# Of clang-format: others have other opinions, of casts above all.
FORMAT = 14
TRANSLATED = re.compile(r"\b(?:_|N_|C_|NC_|ngettext|Q_)\s*\(|translatable=\"(?:yes|true)\"")


def files(*endings):
    """The tree's own files: what git tracks, or everything where there is no git."""
    done = shutil.which("git") and subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=False,
    )
    if done and done.returncode == 0:
        names = [name for name in done.stdout.decode().split("\0") if name]
    else:
        names = [
            str(path.relative_to(ROOT))
            for path in ROOT.rglob("*")
            if path.is_file() and not path.relative_to(ROOT).parts[0].startswith(("build", "."))
        ]
    return [ROOT / name for name in sorted(names) if name.endswith(endings) and (ROOT / name).exists()]


def check_format():
    tool = shutil.which("clang-format")
    if tool is None:
        return None
    version = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True).stdout
    if f"version {FORMAT}." not in version:
        return None
    done = subprocess.run(
        [tool, "--dry-run", "-Werror", *map(str, files(".c", ".h"))],
        capture_output=True,
        text=True,
        check=False,
    )
    return sorted({line.split(": error")[0] for line in done.stderr.splitlines() if ": error" in line})


def check_licence():
    wanted = files(".c", ".h", ".py", ".sh", ".mjs", "run", "run-pytest", "run-display")
    return [
        str(path)
        for path in wanted
        if "SPDX-License-Identifier: GPL-3.0-or-later" not in path.read_text(encoding="utf-8")[:600]
    ]


def check_potfiles():
    listed = [
        line
        for line in (ROOT / "po/POTFILES.in").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    found = [
        str(path.relative_to(ROOT))
        for path in files(".c", ".ui")
        if path.relative_to(ROOT).parts[0] in ("src", "ui")
        and TRANSLATED.search(path.read_text(encoding="utf-8"))
    ]
    bad = [f"{name} holds strings and is not in po/POTFILES.in" for name in found if name not in listed]
    bad += [f"{name} is in po/POTFILES.in and is not there" for name in listed if not (ROOT / name).exists()]
    if listed != sorted(listed):
        bad.append("po/POTFILES.in is not sorted")
    return bad


def check_translations():
    tool = shutil.which("msgfmt")
    if tool is None:
        return None
    bad = []
    for path in files(".po"):
        done = subprocess.run(
            [tool, "--check", "-o", "/dev/null", str(path)], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            bad += done.stderr.splitlines()
    return bad


def check_shell():
    tool = shutil.which("shellcheck")
    if tool is None:
        return None
    scripts = [path for path in files(".sh", "run") if path.read_text(encoding="utf-8")[:30].find("bash") > 0]
    done = subprocess.run([tool, *map(str, scripts)], capture_output=True, text=True, check=False)
    return done.stdout.splitlines() if done.returncode else []


def check_whitespace():
    bad = []
    for path in files(".c", ".h", ".py", ".sh", ".ui", ".json", ".build", ".md"):
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if line != line.rstrip() or ("\t" in line and path.suffix in (".c", ".h", ".py")):
                bad.append(f"{path}:{number}: white space")
    return bad


CHECKS = [
    ("clang-format leaves every C file as it is", check_format),
    ("every source names its licence", check_licence),
    ("po/POTFILES.in lists what holds strings", check_potfiles),
    ("msgfmt --check accepts every translation", check_translations),
    ("shellcheck accepts every script", check_shell),
    ("no stray white space", check_whitespace),
]


def main():
    failed = False
    print(f"1..{len(CHECKS)}")
    for number, (title, check) in enumerate(CHECKS, 1):
        found = check()
        if found is None:
            print(f"ok {number} - {title} # SKIP the tool is not installed, or another version")
            continue
        for text in found[:40]:
            print("# " + text)
        failed = failed or bool(found)
        print(f"{'not ok' if found else 'ok'} {number} - {title}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
