#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the algorithms that learns nothing, at once: for tests of everything around them."""
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

PREFIX = Path(os.environ["SM_PREFIX"])


def train():
    (PREFIX / "model").mkdir(exist_ok=True)
    (PREFIX / "model/model").write_text("nothing")
    print("learned nothing", flush=True)


def invoke(content_type, body):
    """As many answers as there are questions."""
    if content_type == "application/json":
        one = {"classes": 0, "probabilities": [1.0] + [0.0] * 9}
        return json.dumps({"predictions": [one] * len(json.loads(body)["instances"])}).encode()
    if content_type == "application/x-image":
        return b"[0.75, 0.25]"
    return b"\n".join(b"0.5" for _ in body.splitlines())


async def serve_one(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            answer = b"" if " /ping " in head[0] else invoke(headers.get("content-type"), body)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def serve():
    await asyncio.start_unix_server(serve_one, os.environ["SM_SERVE_SOCKET"], limit=1 << 24)
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, done.set)
    await done.wait()


if __name__ == "__main__":
    train() if sys.argv[1] == "train" else asyncio.run(serve())
