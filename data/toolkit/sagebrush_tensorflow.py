# SPDX-License-Identifier: GPL-3.0-or-later
"""A SavedModel behind the requests that a SageMaker endpoint with TensorFlow Serving takes.

TensorFlow Serving itself is not needed: the user's own TensorFlow loads the model. Bodies become
TensorFlow Serving's JSON as in SageMaker's container, predictions are made with a signature of the
model, and code/inference.py may hold input_handler and output_handler.
"""
import base64
import json
import re
from collections import namedtuple
from pathlib import Path

from sagebrush_coding import CSV, JSON, Refusal, to_json

Context = namedtuple(
    "Context",
    "model_name model_version method rest_uri grpc_port custom_attributes request_content_type "
    "accept_header content_length",
)
Answer = namedtuple("Answer", "status_code content text")


def find_versions(folder):
    """Folders that a SavedModel is in, by their number: `1/` or `NAME/1/`."""
    found = {}
    for path in sorted(Path(folder).glob("**/saved_model.pb")):
        if path.parent.name.isdigit():
            found.setdefault(int(path.parent.name), path.parent)
    return found


def refuse(status, message):
    return Refusal(status, json.dumps({"error": message}))


def lines_of(text):
    return [line.strip() for line in text.strip().splitlines() if line.strip()]


def from_json(text):
    if re.search(r'"(instances|inputs|examples)"\s*:', text):
        return text
    if re.search(r"[}\]]\s*[\[{]", text):
        return '{"instances":[' + ",".join(lines_of(text)) + "]}"
    return '{"instances":' + (text if re.match(r"\s*\[\s*\[", text) else f"[{text}]") + "}"


def from_csv(text):
    quoted = re.match(r'\s*("|[\d.Ee+\-]+.*)', text) is None
    rows = []
    for line in lines_of(text):
        cells = line.split(",")
        if quoted:
            cells = [json.dumps(cell) for cell in cells]
        rows.append("[" + ",".join(cells) + "]" if len(cells) > 1 else cells[0])
    return '{"instances":[' + ",".join(rows) + "]}"


def to_request(body, content_type):
    """The body as TensorFlow Serving takes it."""
    text = body.decode("utf-8")
    if content_type in (JSON, "application/jsonlines", "application/jsons"):
        return from_json(text)
    if content_type == CSV:
        return from_csv(text)
    raise refuse(415, "Unsupported Media Type: " + (content_type or "Unknown"))


def unwrap(value):
    """`{"b64": …}` stands for bytes."""
    if isinstance(value, dict) and set(value) == {"b64"}:
        return base64.b64decode(value["b64"])
    if isinstance(value, dict):
        return {key: unwrap(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unwrap(item) for item in value]
    return value


def attributes_of(text):
    return dict(re.findall(r"(tfs-[a-z-]+)=([^,]+)", text or ""))


class Model:
    """One SavedModel, its newest version unless the request names one."""

    def __init__(self, folder, handlers=None):
        import tensorflow

        self.tensorflow = tensorflow
        self.paths = find_versions(folder)
        self.loaded = {}
        self.handlers = handlers
        self.load(max(self.paths))

    def load(self, version):
        if version not in self.paths:
            raise refuse(404, f"Servable not found for request: Specific(model, {version})")
        if version not in self.loaded:
            self.loaded[version] = self.tensorflow.saved_model.load(str(self.paths[version]))
        return self.loaded[version]

    def inputs_of(self, signature, request):
        """Tensors by name of what is given by row (instances) or by column (inputs)."""
        names = list(signature.structured_input_signature[1])
        given = unwrap(request["instances"] if "instances" in request else request["inputs"])
        if "instances" in request:
            if not isinstance(given, list) or not given:
                raise refuse(400, "JSON Value: 'instances' has to be a list that is not empty")
            if isinstance(given[0], dict):
                given = {name: [row[name] for row in given] for name in given[0]}
        columns = given if isinstance(given, dict) else {names[0]: given}
        unknown = sorted(set(columns) - set(names))
        if unknown:
            raise refuse(400, f"JSON object has no such input of the model: {', '.join(unknown)}")
        specs = signature.structured_input_signature[1]
        return {
            name: self.tensorflow.constant(column, dtype=specs[name].dtype)
            for name, column in columns.items()
        }

    def predict(self, request, attributes):
        if attributes.get("tfs-method", "predict") != "predict":
            raise refuse(400, "The local engine answers the method predict only.")
        model = self.load(int(attributes.get("tfs-model-version", max(self.paths))))
        name = request.get("signature_name", "serving_default")
        if name not in model.signatures:
            raise refuse(400, f'Serving signature name: "{name}" not found in signature def')
        signature = model.signatures[name]
        found = {
            key: value.numpy().tolist()
            for key, value in signature(**self.inputs_of(signature, request)).items()
        }
        only = next(iter(found.values())) if len(found) == 1 else None
        if "instances" not in request:
            return {"outputs": only if only is not None else found}
        if only is not None:
            return {"predictions": only}
        count = len(next(iter(found.values())))
        return {"predictions": [{key: found[key][i] for key in found} for i in range(count)]}

    def answer(self, text, attributes):
        try:
            request = json.loads(text)
        except ValueError as error:
            raise refuse(400, f"JSON Parse error: {error}") from None
        if not isinstance(request, dict) or not ({"instances", "inputs"} & set(request)):
            raise refuse(400, "Missing 'inputs' or 'instances' key")
        try:
            return to_json(self.predict(request, attributes))
        except (KeyError, TypeError, ValueError) as error:
            raise refuse(400, f"The request does not fit the model: {error}") from None

    def transform(self, body, content_type, accept, custom):
        attributes = attributes_of(custom)
        handlers = self.handlers
        if handlers is None or not hasattr(handlers, "input_handler"):
            return self.answer(to_request(body, content_type), attributes), accept or JSON
        context = Context(
            attributes.get("tfs-model-name", "model"), attributes.get("tfs-model-version"),
            "predict", None, None, custom, content_type, accept or JSON, len(body),
        )
        text = handlers.input_handler(_Stream(body), context)
        found = self.answer(text, attributes)
        return handlers.output_handler(Answer(200, found.encode(), found), context)


class _Stream:
    """The body as SageMaker's container hands it over: read() gives all of it."""

    def __init__(self, body):
        self.body = body

    def read(self):
        return self.body
