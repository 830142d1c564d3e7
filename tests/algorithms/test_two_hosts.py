# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hosts with a network between them: two network namespaces, joined by a cable of two ends, over TCP."""
import json
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from test_digits import PROGRAM, write_job  # noqa: E402

ADDRESSES = ("10.213.71.1", "10.213.71.2")
# The other host has a name and processes of its own, too.
ELSEWHERE = "unshare --uts --pid --fork --kill-child --mount-proc"
# Weights of the network, all of which cross the cable in every step.
N_WEIGHTS = 3274634


def ip(*arguments, check=True):
    return subprocess.run(["ip", *arguments], check=check, capture_output=True, text=True).stdout


def can_make_namespaces():
    name = "sb" + uuid.uuid4().hex[:8]
    if os.geteuid() != 0 or not shutil.which("ip") or subprocess.run(
            ["ip", "netns", "add", name], capture_output=True, check=False).returncode != 0:
        return False
    fine = subprocess.run(["ip", "netns", "exec", name, "true"], capture_output=True, check=False).returncode == 0
    ip("netns", "delete", name, check=False)
    return fine


@pytest.fixture(name="hosts")
def fixture_hosts():
    """Names of two namespaces, each with an end of the cable that has its address."""
    tag = uuid.uuid4().hex[:6]
    names, ends = (f"sb{tag}a", f"sb{tag}b"), (f"v{tag}a", f"v{tag}b")
    try:
        for name in names:
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", ends[0], "netns", names[0], "type", "veth", "peer", "name", ends[1], "netns", names[1])
        for name, end, address in zip(names, ends, ADDRESSES):
            ip("-n", name, "address", "add", address + "/30", "dev", end)
            ip("-n", name, "link", "set", end, "up")
        yield names, ends
    finally:
        for name in names:
            ip("netns", "delete", name, check=False)


def train(folder, before, **more):
    write_job(folder, hosts=2)
    env = {**os.environ, "SM_PREFIX": str(folder), "SM_NUM_CPUS": "1", "ASAN_OPTIONS": "detect_leaks=0", **more}
    done = subprocess.run([*before, str(PROGRAM), "train"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=400)
    assert done.returncode == 0, done.stdout
    lines = [line.split(" images_per_second")[0] for line in done.stdout.splitlines() if line.startswith("epoch=")]
    return [line for line in lines if "worker=" in line], [line for line in lines if "worker=" not in line]


def weights(folder):
    raw = (folder / "model/model.safetensors").read_bytes()
    return np.frombuffer(raw[-4 * N_WEIGHTS:], "<f4")


def sent(name, end):
    link = json.loads(ip("-n", name, "-s", "-j", "link", "show", "dev", end))[0]
    return link["stats64"]["tx"]["bytes"]


@pytest.mark.skipif(not can_make_namespaces(), reason="no network namespaces can be made here")
def test_two_hosts_over_tcp(tmp_path, hosts):
    names, ends = hosts
    shell, hostfile = tmp_path / "shell", tmp_path / "hosts"
    shell.write_text(f'#!/bin/sh\n[ "$1" = {ADDRESSES[1]} ] || exit 9\nshift\n'
                     f'exec ip netns exec {names[1]} {ELSEWHERE} sh -c "hostname elsewhere; $*"\n')
    shell.chmod(0o700)
    hostfile.write_text("".join(f"{address} slots=1\n" for address in ADDRESSES))
    begin = [sent(name, end) for name, end in zip(names, ends)]
    apart = train(tmp_path / "apart", ["ip", "netns", "exec", names[0]], SAGEBRUSH_HOSTFILE=str(hostfile),
                  OMPI_MCA_plm_rsh_agent=str(shell), OMPI_MCA_btl="tcp,self", OMPI_MCA_btl_tcp_if_include="10.213.71.0/30",
                  OMPI_MCA_oob_tcp_if_include="10.213.71.0/30",
                  # The same for Open MPI 5, which leaves starting to PRRTE.
                  PRTE_MCA_plm_ssh_agent=str(shell), PRTE_MCA_prte_if_include="10.213.71.0/30")
    # Five batches an epoch; each host sends about half of the gradients, and half of their sums, in each of them.
    for before, name, end in zip(begin, names, ends):
        assert sent(name, end) - before > 5 * N_WEIGHTS * 4
    together = train(tmp_path / "together", [])
    of_each, of_all = apart
    assert len(of_each) == 4 and len(of_all) == 2
    assert apart == together
    np.testing.assert_array_equal(weights(tmp_path / "apart"), weights(tmp_path / "together"))
