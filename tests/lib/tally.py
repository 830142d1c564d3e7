#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts every single test in Meson's JUnit report and closes with one plain line."""
import json
import sys
import xml.etree.ElementTree as ElementTree


REASON_LINES = 12


def broken_programs(path):
    """The names of programs that died or ran out of time, from Meson's log beside its report."""
    with open(path.removesuffix(".junit.xml") + ".json", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {row["name"] for row in rows if row["result"] in ("ERROR", "TIMEOUT", "INTERRUPT")}


def reason(suite):
    """The end of what a program wrote to its standard error, where a service keeps only the end of a log."""
    lines = [line for line in (suite.findtext("system-err") or "").splitlines() if line.strip()]
    return lines[-REASON_LINES:]


def main(path):
    try:
        root = ElementTree.parse(path).getroot()
        broken = broken_programs(path)
    except (OSError, ElementTree.ParseError) as error:
        print(f"No test report: {error}")
        print("0 passed, 1 failed, 0 skipped")
        return 1
    passed, failed, skipped, reasons = 0, [], [], []
    for suite in root.iter("testsuite"):
        rows = list(suite.iter("testcase"))
        bad = 0
        for case in rows:
            name = f"{suite.get('name')}: {case.get('name')}"
            if case.find("failure") is not None or case.find("error") is not None:
                failed.append(name)
                bad += 1
            elif case.find("skipped") is not None:
                skipped.append(name)
            else:
                passed += 1
        # A program that died or ran out of time has no failing case of its own.
        program = suite.get("name").split(".", 1)[-1]
        if bad == 0 and (program in broken or suite.get("errors", "0") != "0"):
            failed.append(f"{suite.get('name')}: ended early")
            bad = 1
            broken.discard(program)
        if bad > 0:
            reasons += reason(suite)
    for name in skipped:
        print(f"skipped  {name}")
    for line in reasons:
        print(f"    {line}")
    for name in failed:
        print(f"FAILED   {name}")
    print(f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped")
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
