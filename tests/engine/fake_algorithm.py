#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for an algorithm, under the name of a real one, that does what a test tells it to.

Training is told through the job's Environment, serving through the model's Environment and the
text of each request.

train   FAKE_SLEEP=SECONDS FAKE_EXIT=CODE FAKE_FAILURE=TEXT FAKE_SIGNAL=NUMBER FAKE_ROUNDS=N
        FAKE_OUTPUT=TEXT FAKE_STUBBORN=1 FAKE_CHILD=1 FAKE_PRINT=TEXT FAKE_EMPTY=1
serve   FAKE_SERVE=noping|exit|badping
request crash · status CODE TEXT · garbage · sleep SECONDS · pid · env NAME · large BYTES · else echo
"""
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PREFIX = Path(os.environ["SM_PREFIX"])
ENV = os.environ


def say(text):
    print(text, flush=True)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def save_model(rounds):
    if "FAKE_EMPTY" in ENV:
        return
    seen = {
        "rounds": rounds,
        "argv": sys.argv[1:],
        "environment": dict(ENV),
        "files": {
            str(path.relative_to(PREFIX)): path.read_text(errors="replace")
            for path in sorted((PREFIX / "input").rglob("*"))
            if path.is_file()
        },
    }
    write(PREFIX / "model" / "xgboost-model", json.dumps(seen))


def train():
    stopped = []
    if "FAKE_STUBBORN" in ENV:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    if "FAKE_CHILD" in ENV:
        child = subprocess.Popen(["/bin/sleep", "1000"])
        say(f"child {child.pid}")
    say(ENV.get("FAKE_PRINT", "Arguments: train"))
    checkpoint = PREFIX / "checkpoints" / "round"
    first = int(checkpoint.read_text()) if checkpoint.exists() else 0
    rounds = int(ENV.get("FAKE_ROUNDS", "3"))
    say(f"starts at round {first}")
    for number in range(first, rounds):
        say(f"[{number}]\ttrain-auc:{0.5 + number / 100}\tvalidation-auc:{0.6 + number / 100}")
        write(checkpoint, str(number + 1))
    end = time.monotonic() + float(ENV.get("FAKE_SLEEP", "0"))
    while time.monotonic() < end and not stopped:
        time.sleep(0.02)
    if "FAKE_OUTPUT" in ENV:
        write(PREFIX / "output" / "data" / "notes.txt", ENV["FAKE_OUTPUT"])
    if "FAKE_FAILURE" in ENV:
        write(PREFIX / "output" / "failure", ENV["FAKE_FAILURE"])
    if "FAKE_SIGNAL" in ENV:
        os.kill(os.getpid(), int(ENV["FAKE_SIGNAL"]))
    save_model(rounds)
    return int(ENV.get("FAKE_EXIT", "0"))


class Server:
    def __init__(self):
        self.busy = 0

    async def read_request(self, reader):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {}
        for line in head[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return head[0].split(), headers, body

    async def serve(self, reader, writer):
        try:
            while True:
                (_, path, _), headers, body = await self.read_request(reader)
                self.busy += 1
                answer = await (self.ping() if path == "/ping" else self.invoke(headers, body))
                writer.write(answer)
                await writer.drain()
                self.busy -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def ping(self):
        if ENV.get("FAKE_SERVE") == "noping":
            await asyncio.sleep(3600)
        return self.answer(500 if ENV.get("FAKE_SERVE") == "badping" else 200, b"")

    async def invoke(self, headers, body):
        words = body.decode("utf-8", "replace").split(" ", 2)
        if words[0] == "crash":
            print("crashing as asked", flush=True)
            os._exit(3)
        if words[0] == "garbage":
            return b"\x00\x01 this is not HTTP at all\n"
        if words[0] == "status":
            return self.answer(int(words[1]), words[2].encode())
        if words[0] == "sleep":
            await asyncio.sleep(float(words[1]))
        if words[0] == "pid":
            return self.answer(200, str(os.getpid()).encode())
        if words[0] == "env":
            return self.answer(200, ENV.get(words[1], "").encode())
        if words[0] == "large":
            return self.answer(200, b"x" * int(words[1]))
        seen = {name: headers.get(name) for name in ("content-type", "accept")}
        return self.answer(
            200,
            body,
            "Content-Type: " + (headers.get("accept") or "text/plain"),
            "X-Amzn-SageMaker-Custom-Attributes: "
            + headers.get("x-amzn-sagemaker-custom-attributes", json.dumps(seen)),
        )

    @staticmethod
    def answer(status, body, *headers):
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
        return "\r\n".join(lines).encode() + body

    async def run(self):
        server = await asyncio.start_unix_server(
            self.serve, ENV["SM_SERVE_SOCKET"], limit=1 << 24
        )
        done = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
        say(f"serving {sorted(path.name for path in (PREFIX / 'model').iterdir())}")
        await done.wait()
        server.close()
        while self.busy:
            await asyncio.sleep(0.01)
        say("drained")


def serve():
    if ENV.get("FAKE_SERVE") == "exit":
        print("no model here", file=sys.stderr, flush=True)
        return 1
    asyncio.run(Server().run())
    return 0


if __name__ == "__main__":
    sys.exit(train() if sys.argv[1] == "train" else serve())
