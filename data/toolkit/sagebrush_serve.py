# SPDX-License-Identifier: GPL-3.0-or-later
"""Serves a model with the user's functions, as SageMaker's Inference Toolkit does.

    python3 sagebrush_serve.py

The model is below $SM_PREFIX/model, the functions in its code/inference.py or what
SAGEMAKER_PROGRAM names; /ping and /invocations are answered on the Unix socket $SM_SERVE_SOCKET.
"""
import http.server
import importlib.util
import inspect
import os
import signal
import socketserver
import sys
import threading
import traceback
from pathlib import Path

import sagebrush_coding as coding
import sagebrush_tensorflow as tensorflow_serving

MODEL = Path(os.environ["SM_PREFIX"]) / "model"
MAX_BODY = 8 * 1024 * 1024


def load_script():
    """The module with the user's functions, or None when the model brings none."""
    folder = MODEL / "code"
    path = folder / os.environ.get("SAGEMAKER_PROGRAM", "inference.py")
    if not path.exists():
        return None
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def default_model_fn(model_dir):
    """As PyTorch's container: a model saved as TorchScript."""
    files = sorted([*Path(model_dir).glob("*.pt"), *Path(model_dir).glob("*.pth")])
    if len(files) != 1:
        raise SystemExit(
            "The model has no code/inference.py with a model_fn, and there is not just one file of "
            "TorchScript (.pt, .pth) in it either. Write a model_fn(model_dir) that loads it."
        )
    import torch

    return torch.jit.load(str(files[0]), map_location="cpu")


def is_torch(model):
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)


def default_predict_fn(data, model):
    if not is_torch(model):
        return model.predict(data) if hasattr(model, "predict") else model(data)
    import torch

    if not torch.is_tensor(data):
        data = torch.as_tensor(data)
    if data.dtype == torch.float64:
        data = data.float()
    model.eval()
    with torch.no_grad():
        return model(data)


def default_output_fn(prediction, accept):
    if hasattr(prediction, "detach"):
        prediction = prediction.detach().cpu().numpy()
    return coding.encode(prediction, accept)


class Functions:
    """The user's functions, and the toolkit's own for those that are missing."""

    def __init__(self, module):
        get = lambda name, own: getattr(module, name, own) if module else own  # noqa: E731
        self.model_fn = get("model_fn", default_model_fn)
        self.input_fn = get("input_fn", self.default_input_fn)
        self.predict_fn = get("predict_fn", default_predict_fn)
        self.output_fn = get("output_fn", default_output_fn)
        self.transform_fn = get("transform_fn", None)
        if self.transform_fn and module and any(
            hasattr(module, name) for name in ("input_fn", "predict_fn", "output_fn")
        ):
            raise SystemExit("transform_fn goes with none of input_fn, predict_fn and output_fn.")
        self.accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", coding.JSON)
        self.model = self.call(self.model_fn, str(MODEL))

    def default_input_fn(self, body, content_type):
        """As PyTorch's container: numbers that came as text are float32 to a network."""
        data = coding.decode(body, content_type)
        return data.astype("float32") if is_torch(self.model) and content_type in coding.TEXT else data

    @staticmethod
    def call(function, *arguments):
        """A function may take the context as one argument more; there is none here."""
        if len(inspect.signature(function).parameters) == len(arguments) + 1:
            return function(*arguments, None)
        return function(*arguments)

    def transform(self, body, content_type, accept, _custom):
        if not accept or accept == "*/*":
            accept = self.accept
        if content_type in coding.TEXT:
            body = body.decode("utf-8")
        if self.transform_fn:
            result = self.call(self.transform_fn, self.model, body, content_type, accept)
        else:
            data = self.call(self.input_fn, body, content_type)
            prediction = self.call(self.predict_fn, data, self.model)
            result = self.call(self.output_fn, prediction, accept)
        return result if isinstance(result, tuple) else (result, accept)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model = None
    # Frameworks compute with several threads themselves; models need not bear two callers.
    lock = threading.Lock()

    def do_GET(self):  # pylint: disable=invalid-name
        if self.path == "/ping":
            self.answer(200, b"", "text/plain")
        else:
            self.answer(404, b"There is only /ping and /invocations", "text/plain")

    def do_POST(self):  # pylint: disable=invalid-name
        length = int(self.headers.get("Content-Length", 0))
        if self.path != "/invocations" or length > MAX_BODY:
            self.close_connection = True
            self.answer(413 if length > MAX_BODY else 404, b"", "text/plain")
            return
        body = self.rfile.read(length)
        content_type = (self.headers.get("Content-Type") or "").split(";")[0].strip().lower()
        try:
            with self.lock:
                found, accept = self.model.transform(
                    body, content_type, self.headers.get("Accept"),
                    self.headers.get("X-Amzn-SageMaker-Custom-Attributes"),
                )
            data = found if isinstance(found, (bytes, bytearray)) else str(found).encode()
            self.answer(200, data, accept)
        except coding.Refusal as error:
            self.answer(error.args[0], error.args[1].encode(), coding.JSON)
        except Exception as error:  # pylint: disable=broad-except
            trace = traceback.format_exc()
            print(trace, file=sys.stderr, flush=True)
            self.answer(500, f"{error}\n{trace}".encode(), "text/plain; charset=utf-8")

    def answer(self, status, body, content_type):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "socket"

    def log_message(self, *_):
        """Requests are the engine's to log."""


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


def load():
    script = load_script()
    if tensorflow_serving.find_versions(MODEL) and not hasattr(script, "model_fn"):
        return tensorflow_serving.Model(MODEL, script)
    return Functions(script)


def main():
    # The model is loaded before the socket is there: /ping says that it is.
    Handler.model = load()
    path = os.environ["SM_SERVE_SOCKET"]
    if os.path.exists(path):
        os.unlink(path)
    mask = os.umask(0o177)
    with Server(path, Handler) as server:
        os.umask(mask)
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        print("The model is loaded; serving", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
