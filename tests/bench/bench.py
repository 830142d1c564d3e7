#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""./run bench: runs every benchmark, prints its rows and writes them into README.md.

A benchmark is a program bench_*.py beside this file that gets the build folder and prints JSON
lines: {"name", "value", "unit", "reference", "goal", "met"}. The reference is measured in the
same run. Names of benchmarks may be given to run only those (README.md is then left alone).
"""
import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
README = HERE.parent.parent / "README.md"
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


def machine():
    lines = dict(line.split(":", 1) for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if ":" in line)
    lines = {name.strip(): value.strip() for name, value in lines.items()}
    cpu = lines.get("model name", platform.machine())
    has = lines.get("flags", "").split()
    extras = [name for flag, name in (("avx2", "AVX2"), ("avx512f", "AVX-512"), ("avx512_bf16", "bfloat16")) if flag in has]
    return ", ".join([cpu, f"{os.cpu_count()} cores", *extras, datetime.date.today().isoformat()])


def run(path, build):
    print(f"{path.stem} …", file=sys.stderr, flush=True)
    env = dict(os.environ, SAGEBRUSH_BUILD_DIR=str(build))
    done = subprocess.run(
        ["/usr/bin/python3", str(path), str(build)], stdout=subprocess.PIPE, text=True, check=False, env=env
    )
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0:
        print(f"{path.stem} failed with exit code {done.returncode}", file=sys.stderr)
    return rows, done.returncode == 0


def number(value):
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def table(rows):
    yield "| What | Sagebrush | Reference | Goal | Met |"
    yield "|---|---|---|---|---|"
    for row in rows:
        met = {True: "yes", False: "no", None: ""}[row.get("met")]
        yield (
            f"| {row['name']} | {number(row['value'])} {row['unit']} | {row.get('reference', '')} "
            f"| {row.get('goal', '')} | {met} |"
        )
    yield f"| Machine | {machine()} | | | |"


def write(rows):
    text = README.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    README.write_text(head + BEGIN + "\n" + "\n".join(table(rows)) + "\n" + END + tail, encoding="utf-8")


def main():
    build = Path(sys.argv[1]).resolve()
    wanted = set(sys.argv[2:])
    rows, fine = [], True
    for path in sorted(HERE.glob("bench_*.py")):
        if wanted and path.stem.removeprefix("bench_") not in wanted:
            continue
        found, good = run(path, build)
        rows += found
        fine = fine and good
    print("\n".join(table(rows)))
    if not wanted and fine:
        write(rows)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
