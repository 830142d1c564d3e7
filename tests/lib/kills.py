# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills the application at its calls, or spoils their answers, and looks whether Clean Up leaves anything behind.

    /usr/bin/python3 tests/lib/kills.py BUILD N [PART/PARTS]

A proxy on loopback stands between application and engine. It knows each call, and kills the application before a call
arrives, when it has arrived but is not answered, or after its answer; others are killed at any moment. Answers are lost,
delayed, throttled or refused in the same way. After each, `sagebrush clean-up --yes` has to leave the engine empty.
What a job learns is of no matter here: a stand-in for the algorithms learns nothing, at once.
"""
import contextlib
import http.client
import http.server
import json
import os
import random
import re
import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent))
from engine import BUILD, Engine  # noqa: E402

WAYS = ("before", "within", "after")
FAULTS = ("lost", "delayed", "throttled", "refused")
HOP = {"connection", "transfer-encoding", "keep-alive"}


def service_of(headers):
    """Which service a call is for shows in its signature."""
    match = re.search(r"/(\w+)/aws4_request", headers.get("Authorization", ""))
    return match[1] if match else ""


class Proxy:
    """Hands calls on to the engine, and lets `at` meddle with one of them."""

    def __init__(self, engine_url):
        self.target = urlsplit(engine_url)
        self.lock = threading.Lock()
        self.reset()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                proxy.handle(self)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = handle_any

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # the application was killed in the middle of its call

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def reset(self, at=None, act=None, fault=None, every=False):
        """Calls act(way) around call number `at`, or spoils its answer, or every one from it on with a dice."""
        self.calls, self.at, self.act, self.fault, self.every = [], at, act, fault, every

    def note(self, handler):
        target = handler.headers.get("X-Amz-Target")
        with self.lock:
            self.calls.append(target or f"{service_of(handler.headers)} {handler.command} {handler.path.split('?')[0]}")
            return len(self.calls) - 1

    def forward(self, handler, body):
        connection = http.client.HTTPConnection(self.target.hostname, self.target.port, timeout=120)
        try:
            connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for name, value in handler.headers.items():
                if name.lower() not in HOP and name.lower() != "expect":
                    connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def read_body(self, handler):
        if handler.headers.get("Transfer-Encoding", "").lower() == "chunked":
            parts = []
            while size := int(handler.rfile.readline().split(b";")[0], 16):
                parts.append(handler.rfile.read(size))
                handler.rfile.readline()
            handler.rfile.readline()
            return b"".join(parts)
        return handler.rfile.read(int(handler.headers.get("Content-Length", 0)))

    def handle(self, handler):
        number = self.note(handler)
        body = self.read_body(handler)
        mine = number == self.at
        if mine and self.act:
            self.act("before")
        fault = self.fault if mine or (self.every and number > self.at and random.random() < 0.2) else None
        if fault == "throttled":
            self.refuse(handler, "Throttling", 400)
            return
        if fault == "refused":
            self.refuse(handler, "AccessDenied", 403)
            return
        status, headers, answer = self.forward(handler, body)
        if mine and self.act:
            self.act("within")
        if fault == "lost":
            # A reset, so that the client cannot take it for an empty answer.
            handler.connection.setsockopt(1, 13, struct.pack("ii", 1, 0))
            handler.close_connection = True
            handler.connection.close()
            return
        if fault == "delayed":
            threading.Event().wait(0.3)
        self.answer(handler, status, headers, answer)
        if mine and self.act:
            self.act("after")

    def answer(self, handler, status, headers, body):
        handler.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP and (name.lower() != "content-length" or handler.command == "HEAD"):
                handler.send_header(name, value)
        if handler.command != "HEAD":
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def refuse(self, handler, code, status):
        target = handler.headers.get("X-Amz-Target")
        if target or service_of(handler.headers) == "sagemaker":
            body = json.dumps({"__type": code + "Exception", "message": "spoilt"}).encode()
        elif service_of(handler.headers) == "s3":
            body = f"<Error><Code>{'SlowDown' if code == 'Throttling' else code}</Code><Message>spoilt</Message></Error>"
            body, status = body.encode(), 503 if code == "Throttling" else 403
        else:
            body = (f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>spoilt</Message></Error>"
                    "</ErrorResponse>").encode()
        self.answer(handler, status, [("x-amzn-ErrorType", code + "Exception")], body)


class Bench:
    """An application's folder, an engine of its own, and the proxy between them."""

    def __init__(self, folder, build=BUILD, env=None):
        algorithms = Path(folder) / "algorithms"
        algorithms.mkdir()
        for name in ("sagebrush-vision", "sagebrush-xgboost"):
            (algorithms / name).symlink_to(Path(__file__).with_name("quick_algorithm.py"))
        self.program = str(build / "src/app/sagebrush")
        self.home = Path(folder) / "home"
        self.engine = Engine(self.home / "sagebrush/engine", program=build / "src/engine/sagebrush-engine",
                             env={"SAGEBRUSH_ALGORITHMS_DIR": str(algorithms), **(env or {})}).start()
        self.clients = [self.engine.client(name) for name in ("sagemaker", "s3", "iam")]
        self.proxy = Proxy(self.engine.url)
        self.direct(False)

    def direct(self, yes):
        """Where the application finds its engine: at the proxy, or at the engine itself."""
        path = self.home / "sagebrush/engine/engine.json"
        ready = {**self.engine.info, "url": self.engine.url if yes else self.proxy.url,
                 "pid": self.engine.process.pid}
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(ready))
        temporary.rename(path)

    def slow_down(self):
        """From now on training never ends by itself."""
        program = self.home.parent / "algorithms/sagebrush-xgboost"
        program.unlink()
        program.write_text("#!/bin/sh\nexec sleep 100000\n")
        program.chmod(0o755)

    def start(self, *arguments):
        environment = {**os.environ, "XDG_DATA_HOME": str(self.home), "XDG_CACHE_HOME": str(self.home / "cache"),
                       "LC_ALL": "C.UTF-8"}
        environment.pop("DISPLAY", None)
        return subprocess.Popen([self.program, *map(str, arguments)], env=environment, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)

    def run(self, *arguments, code=0):
        process = self.start(*arguments)
        text, _ = process.communicate(timeout=300)
        assert code is None or process.returncode == code, text
        return text

    def count_calls(self, *arguments):
        self.proxy.reset()
        self.run(*arguments)
        return len(self.proxy.calls)

    def kill_at(self, number, way, *arguments):
        """Kills the application around its call number `number`; whether it came so far."""
        hit = threading.Event()
        process = None

        def act(now):
            if now == way:
                process.send_signal(signal.SIGKILL)
                hit.set()

        started = threading.Event()
        self.proxy.reset(at=number, act=lambda now: (started.wait(10), act(now)))
        process = self.start(*arguments)
        started.set()
        process.communicate(timeout=300)
        return hit.is_set()

    def kill_after(self, seconds, *arguments):
        self.proxy.reset()
        process = self.start(*arguments)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        process.kill()
        process.communicate()

    def spoil(self, number, fault, *arguments, every=False):
        self.proxy.reset(at=number, fault=fault, every=every)
        return self.run(*arguments, code=None)

    def clean_up(self):
        """Cleans up; the text is what went wrong, "" if nothing did."""
        self.proxy.reset()
        text = self.run("clean-up", "--yes", code=None)
        return "" if text.rstrip().endswith("Nothing left") else text

    def left(self):
        """What the engine holds, as it says itself."""
        sagemaker, s3, iam = self.clients
        found = [e["EndpointName"] for e in sagemaker.list_endpoints()["Endpoints"]]
        found += [c["EndpointConfigName"] for c in sagemaker.list_endpoint_configs()["EndpointConfigs"]]
        found += [m["ModelName"] for m in sagemaker.list_models()["Models"]]
        found += [n["NotebookInstanceName"] for n in sagemaker.list_notebook_instances()["NotebookInstances"]]
        for status in ("InProgress", "Stopping"):
            found += [j["TrainingJobName"] for j in sagemaker.list_training_jobs(StatusEquals=status)["TrainingJobSummaries"]]
        found += ["s3://" + b["Name"] for b in s3.list_buckets()["Buckets"]]
        found += [r["RoleName"] for r in iam.list_roles()["Roles"] if r["RoleName"] != "SagebrushLocalRole"]
        return found

    def close(self):
        self.proxy.close()
        # The engine's own file may tell of the proxy, which is gone.
        self.direct(True)
        self.engine.stop()


def write_digits(folder, n=120):
    """Few and simple ones, as the four files of MNIST: training is not what is tried here."""
    folder.mkdir(parents=True)
    rng = random.Random(1)
    for part in ("train", "t10k"):
        images = b"".join(bytes(rng.randrange(256) if (k // 28 + k) % 10 == i % 10 else 0 for k in range(784)) for i in range(n))
        labels = bytes(i % 10 for i in range(n))
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 2051, n, 28, 28) + images)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, n) + labels)


def write_photos(folder, n=12):
    from PIL import Image

    for part in ("train", "val"):
        for label, colour in (("red", (200, 30, 30)), ("blue", (30, 30, 200))):
            (folder / part / label).mkdir(parents=True)
            for i in range(n):
                Image.new("RGB", (40, 40), tuple(min(255, c + 3 * i) for c in colour)).save(folder / part / label / f"{i}.png")


def commands(folder):
    """How each module is run, as fast as it can be."""
    write_digits(folder / "digits")
    write_photos(folder / "photos")
    return {
        "get-started": ["run", "get-started"],
        "video-game-sales": ["run", "video-game-sales", "--set", "train.num_round=1"],
        "handwritten-digits": ["run", "handwritten-digits", "--data", folder / "digits", "--set", "train.epochs=1",
                               "--set", "train.augment=false"],
        "image-classification": ["run", "image-classification", "--data", folder / "photos", "--set", "train.epochs=1",
                                 "--set", "train.num_layers=20", "--set", "train.image_shape=3,32,32",
                                 "--set", "train.mini_batch_size=8"],
    }


class Tally:
    def __init__(self):
        self.done, self.failures = {}, []

    def add(self, kind, bench, what):
        said = bench.clean_up()
        left = bench.left()
        self.done[kind] = self.done.get(kind, 0) + 1
        if said or left:
            self.failures.append(f"{what}: left {left}; Clean Up said: {said}")


def dice(point):
    """Mixes the points in one order, whoever asks: a job that is waited for a little longer makes a call more."""
    return zlib.crc32(repr(point).encode())


def plan(lengths, n, part=1, parts=1):
    """n kills, first around every call of every module, then at any moment; then as many answers are spoilt.
    Of all that one part of several."""
    kills = sorted((("kill", module, number, way) for module, length in lengths.items() for number in range(length)
                    for way in WAYS), key=dice)
    for i in range(len(kills), n):
        rng = random.Random(i)
        kills.append(("moment", rng.choice(sorted(lengths)), rng.random(), None))
    faults = sorted((("spoil", module, number, fault) for module, length in lengths.items() for number in range(length)
                     for fault in FAULTS), key=dice)
    return [point for point in kills[:n] + faults[:n] if dice(point) % parts == part - 1]


def main():
    build, n = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    part, parts = map(int, sys.argv[3].split("/")) if len(sys.argv) > 3 else (1, 1)
    import tempfile

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        bench, runs, tally = Bench(folder, build), commands(folder), Tally()
        random.seed(part)
        lengths, seconds = {}, {}
        for module, command in runs.items():
            begin = time.monotonic()
            lengths[module] = bench.count_calls(*command)
            seconds[module] = time.monotonic() - begin
            tally.add("whole", bench, module)
        print("calls:", lengths, "seconds:", {m: round(s, 1) for m, s in seconds.items()}, flush=True)
        points = plan(lengths, n, part, parts)
        told = 0
        for i, (kind, module, number, way) in enumerate(points, 1):
            if kind == "kill":
                bench.kill_at(number, way, *runs[module])
            elif kind == "spoil":
                bench.spoil(number, way, *runs[module], every=random.random() < 0.3)
            else:
                bench.kill_after(number * seconds[module], *runs[module])
            tally.add(f"{kind} {way or ''}".strip(), bench, f"{kind} {module} call {number} {way}")
            for failure in tally.failures[told:]:
                print(failure, flush=True)
            told = len(tally.failures)
            if i % 25 == 0 or i == len(points):
                print(f"{i} of {len(points)}: {told} left something behind; {dict(sorted(tally.done.items()))}", flush=True)
        bench.close()
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
