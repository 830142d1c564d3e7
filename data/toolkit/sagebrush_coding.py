# SPDX-License-Identifier: GPL-3.0-or-later
"""What SageMaker's Inference Toolkit reads and writes of itself: npy, npz, JSON and CSV."""
import io
import json

NPY = "application/x-npy"
NPZ = "application/x-npz"
JSON = "application/json"
CSV = "text/csv"
TEXT = (JSON, CSV)


class Refusal(Exception):
    """An answer that is no prediction; its first argument is the HTTP status."""


def unsupported(content_type):
    return Refusal(
        415,
        f"Content type {content_type} is not supported by this framework. Please implement input_fn "
        "to deserialize the request data or an output_fn to serialize the response.",
    )


def decode(data, content_type):
    """Body of a request to a NumPy array, or to a sparse matrix of SciPy."""
    import numpy as np

    if content_type == JSON:
        return np.array(json.loads(data))
    if content_type == CSV:
        return np.genfromtxt(io.StringIO(data), delimiter=",")
    if content_type == NPY:
        return np.load(io.BytesIO(data), allow_pickle=False)
    if content_type == NPZ:
        import scipy.sparse

        return scipy.sparse.load_npz(io.BytesIO(data))
    raise unsupported(content_type)


def to_json(prediction):
    def default(value):
        if hasattr(value, "tolist"):
            return value.tolist()
        raise TypeError(f"A {type(value).__name__} is nothing that JSON has a word for")

    return json.dumps(prediction, default=default)


def encode(prediction, accept):
    """A prediction in the first of the types that are asked for and that there is."""
    import numpy as np

    for wanted in (part.split(";")[0].strip() for part in accept.split(",")):
        if wanted == JSON:
            return to_json(prediction), JSON
        if wanted == CSV:
            stream = io.StringIO()
            np.savetxt(stream, prediction, delimiter=",", fmt="%s")
            return stream.getvalue(), CSV
        if wanted == NPY:
            buffer = io.BytesIO()
            np.save(buffer, prediction)
            return buffer.getvalue(), NPY
    raise unsupported(accept)
