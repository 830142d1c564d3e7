#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""1 GiB to the engine's S3 and back: Sagebrush's client, rclone and aws s3 cp, one after the other
on the same engine; and the engine's download against nginx serving the same file."""
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3

SIZE = 1 << 30
ROUNDS = 3
LIMIT = 64
BUCKET = "bench"


class Setting:
    """An engine, a folder, and the environment in which all tools find it."""

    def __init__(self, build):
        self.folder = Path(tempfile.mkdtemp(prefix="sagebrush-bench-"))
        self.tool = build / "tests/cloud/cloud-tool"
        self.process = subprocess.Popen(
            [build / "src/engine/sagebrush-engine", "--data-dir", self.folder / "data"],
            stdout=subprocess.PIPE,
            stderr=open(self.folder / "engine.stderr", "wb"),
        )
        info = json.loads(self.process.stdout.readline())
        self.url, self.keys = info["url"], info["credentials"]
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "RCLONE_"))}
        self.env |= {
            "AWS_SHARED_CREDENTIALS_FILE": self.keys,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_DEFAULT_REGION": "us-east-1",
            "XDG_CACHE_HOME": str(self.folder / "cache"),
            "RCLONE_CONFIG": "",
            "RCLONE_CONFIG_E_TYPE": "s3",
            "RCLONE_CONFIG_E_PROVIDER": "Other",
            "RCLONE_CONFIG_E_ENV_AUTH": "true",
            "RCLONE_CONFIG_E_ENDPOINT": self.url,
            "RCLONE_CONFIG_E_REGION": "us-east-1",
            "RCLONE_CONFIG_E_FORCE_PATH_STYLE": "true",
            "RCLONE_CONFIG_E_NO_CHECK_BUCKET": "true",
        }
        os.environ["AWS_SHARED_CREDENTIALS_FILE"] = self.keys
        self.s3 = boto3.client("s3", endpoint_url=self.url, region_name="us-east-1")
        self.s3.create_bucket(Bucket=BUCKET)
        self.source = self.folder / "source"
        with open(self.source, "wb") as out:
            for _ in range(SIZE >> 20):
                out.write(os.urandom(1 << 20))

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def peak_of(pid):
    """The largest resident set of a process so far in MiB; 0 when it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    return int(text.split("VmHWM:")[1].split()[0]) / 1024 if "VmHWM:" in text else 0


def run(setting, command):
    """Seconds, and the program's largest resident set in MiB. What wait4() tells would count this
    program's own memory, from before the other one was there."""
    os.sync()
    peak = 0
    begin = time.monotonic()
    process = subprocess.Popen(list(map(str, command)), env=setting.env)
    while True:
        try:
            code = process.wait(0.05)
            break
        except subprocess.TimeoutExpired:
            peak = max(peak, peak_of(process.pid))
    if code != 0:
        raise RuntimeError(f"{command[0]} failed")
    return time.monotonic() - begin, peak


def commands(setting):
    """name -> (upload, download), each from a target file to a command."""
    ours = [setting.tool, "put", setting.url, setting.keys, BUCKET, "ours", setting.source]
    found = {
        "ours": (ours, lambda to: [setting.tool, "get", setting.url, setting.keys, BUCKET, "ours", to])
    }
    if shutil.which("rclone"):
        found["rclone"] = (
            ["rclone", "copyto", "--ignore-times", setting.source, f"e:{BUCKET}/rclone"],
            lambda to: ["rclone", "copyto", f"e:{BUCKET}/rclone", to],
        )
    if Path("/usr/bin/aws").exists():
        copy = ["/usr/bin/aws", "--endpoint-url", setting.url, "s3", "cp", "--quiet"]
        found["aws s3 cp"] = (
            copy + [setting.source, f"s3://{BUCKET}/aws"],
            lambda to: copy + [f"s3://{BUCKET}/aws", to],
        )
    return found


def row(name, value, unit, reference, goal, met):
    print(
        json.dumps(
            {"name": name, "value": value, "unit": unit, "reference": reference, "goal": goal, "met": met}
        ),
        flush=True,
    )


def transfers(setting):
    up, down, memory = {}, {}, 0
    target = setting.folder / "target"
    for _ in range(ROUNDS):
        for name, (put, get) in commands(setting).items():
            for times, command in ((up, put), (down, get(target))):
                seconds, peak = run(setting, command)
                times.setdefault(name, []).append(seconds)
                memory = max(memory, peak) if name == "ours" else memory
            subprocess.run(["cmp", setting.source, target], check=True)
            target.unlink()
    for title, times in (("upload", up), ("download", down)):
        middle = {name: statistics.median(values) for name, values in times.items()}
        mine = middle.pop("ours")
        row(
            f"S3 {title} of 1 GiB",
            mine,
            "s",
            ", ".join(f"{name} {value:.1f} s" for name, value in middle.items()),
            "no slower than the faster",
            mine <= min(middle.values()) if middle else None,
        )
    row("Memory of the client in it", memory, "MiB", "", f"under {LIMIT} MiB", memory < LIMIT)
    engine = peak_of(setting.process.pid)
    row("Memory of the engine in it", engine, "MiB", "", f"under {LIMIT} MiB", engine < LIMIT)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_nginx(setting):
    port, home = free_port(), setting.folder
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(
        f"""{user} daemon off; pid {home}/nginx.pid; error_log {home}/nginx.log;
        events {{}}
        http {{ access_log off; sendfile on; tcp_nopush on;
          client_body_temp_path {home}/n1; proxy_temp_path {home}/n2; fastcgi_temp_path {home}/n3;
          uwsgi_temp_path {home}/n4; scgi_temp_path {home}/n5;
          server {{ listen 127.0.0.1:{port}; root {home}; }} }}""",
        encoding="utf-8",
    )
    process = subprocess.Popen(
        [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-c", home / "nginx.conf"],
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process, f"http://127.0.0.1:{port}/source"
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("nginx did not start: " + (home / "nginx.log").read_text(encoding="utf-8"))


def against_nginx(setting):
    if not shutil.which("nginx", path="/usr/sbin:/usr/bin") or not shutil.which("curl"):
        return
    process, url = start_nginx(setting)
    mine = setting.s3.generate_presigned_url(
        "get_object", Params={"Bucket": BUCKET, "Key": "ours"}, ExpiresIn=3600
    )
    speeds = {"mine": [], "nginx": []}
    try:
        for _ in range(2 * ROUNDS + 1):
            for name, address in (("mine", mine), ("nginx", url)):
                seconds, _ = run(setting, ["curl", "-sf", "-o", "/dev/null", address])
                speeds[name].append(SIZE / seconds / 1e9)
    finally:
        process.terminate()
        process.wait()
    engine, nginx = statistics.median(speeds["mine"]), statistics.median(speeds["nginx"])
    row(
        "Download from the engine by curl",
        engine,
        "GB/s",
        f"nginx {nginx:.2f} GB/s",
        "0.7 of nginx",
        engine >= 0.7 * nginx,
    )


def main():
    setting = Setting(Path(sys.argv[1]))
    try:
        transfers(setting)
        against_nginx(setting)
    finally:
        setting.close()


if __name__ == "__main__":
    main()
