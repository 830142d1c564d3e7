# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP server on loopback with threads of its own, for those who play a service."""
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Loopback:
    """A context manager; what inherits it answers in handle(http), which may be called in several threads at once.

    `asked` is for what it was asked, (service, operation, input), `problems` for what was wrong with that."""

    METHODS = ("GET", "POST")

    def __init__(self):
        self.asked, self.problems = [], []
        self.lock = threading.Lock()

    def __enter__(self):
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def log_message(self, *_):
                pass

            def do(self):
                loopback.handle(self)

        for method in self.METHODS:
            setattr(Handler, f"do_{method}", Handler.do)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def handle(self, http):
        raise NotImplementedError

    def names(self):
        return [operation for _, operation, _ in self.asked]
