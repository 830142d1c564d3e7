# SPDX-License-Identifier: GPL-3.0-or-later
"""The network library against PyTorch: the same layers, weights and data have to give the same
answers, the same gradients and, step by step, the same training."""
import json
import os
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="python3-torch is not installed")

TOOL = Path(os.environ["SAGEBRUSH_BUILD_DIR"]) / "tests/algorithms/vision-tool"
# Threads that wait must not keep those of other tests from running.
ENV = {**os.environ, "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"}
torch.set_num_threads(1)


def conv(name, channels, kernel, padding=0, stride=1, relu=True):
    return {"kind": "convolution", "name": name, "channels": channels, "kernel": kernel,
            "padding": padding, "stride": stride, "relu": relu}


def pool(kernel, stride, padding=0):
    return {"kind": "max-pool", "name": "pool", "kernel": kernel, "stride": stride, "padding": padding}


def dense(name, channels, relu=False):
    return {"kind": "dense", "name": name, "channels": channels, "relu": relu}


DIGITS = ([1, 28, 28], [conv("conv1", 32, 5, 2), pool(2, 2), conv("conv2", 64, 5, 2), pool(2, 2),
                        dense("fc1", 1024, True), {"kind": "dropout", "name": "d", "rate": 0}, dense("fc2", 10)])
NETS = {
    "digits": DIGITS,
    "odd": ([3, 13, 11], [conv("a", 7, 3, 1, 2), conv("b", 17, 3, 0, relu=False), pool(2, 1), dense("c", 5)]),
    "dense": ([1, 6, 5], [dense("a", 33, True), dense("b", 20, True), dense("c", 3)]),
    "pool3": ([2, 16, 16], [conv("a", 16, 1), pool(3, 2, 1), conv("b", 40, 5, 2), conv("c", 4, 3, 1), dense("d", 7)]),
}


class Chain(torch.nn.Module):
    def __init__(self, shape, layers):
        super().__init__()
        self.layers = layers
        x = torch.zeros(1, *shape)
        for layer in layers:
            if layer["kind"] == "convolution":
                part = torch.nn.Conv2d(x.shape[1], layer["channels"], layer["kernel"], layer["stride"], layer["padding"])
            elif layer["kind"] == "dense":
                part = torch.nn.Linear(x[0].numel(), layer["channels"])
            else:
                part = None
            if part is not None:
                self.add_module(layer["name"], part)
            x = self.apply_layer(layer, x)

    def apply_layer(self, layer, x):
        if layer["kind"] == "max-pool":
            return torch.nn.functional.max_pool2d(x, layer["kernel"], layer["stride"], layer["padding"])
        if layer["kind"] == "dropout":
            return x
        if layer["kind"] == "dense":
            x = x.flatten(1)
        x = getattr(self, layer["name"])(x)
        return torch.relu(x) if layer["relu"] else x

    def forward(self, x):
        for layer in self.layers:
            x = self.apply_layer(layer, x)
        return x


def save_safetensors(path, module):
    header, data = {}, bytearray()
    for name, tensor in module.state_dict().items():
        raw = tensor.detach().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def load_safetensors(path):
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:8 + length])
    body = raw[8 + length:]
    return {name: np.frombuffer(body[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
            for name, entry in header.items() if name != "__metadata__"}


def prepare(folder, name, batch, seed=1):
    torch.manual_seed(seed)
    shape, layers = NETS[name]
    module = Chain(shape, layers)
    (folder / "model.json").write_text(json.dumps({"input": shape, "layers": layers}))
    save_safetensors(folder / "model.safetensors", module)
    images = torch.rand(batch, *shape)
    labels = torch.randint(0, layers[-1]["channels"], (batch,))
    (folder / "input.bin").write_bytes(images.numpy().tobytes())
    (folder / "labels.bin").write_bytes(labels.numpy().astype("<i4").tobytes())
    return module, images, labels


def run(*arguments):
    subprocess.run([str(TOOL), *map(str, arguments)], env=ENV, check=True, timeout=300)


def close(ours, theirs, tolerance):
    scale = np.abs(theirs).max() + 1e-12
    assert np.abs(ours - theirs).max() / scale < tolerance


@pytest.mark.parametrize("batch", [1, 6])
@pytest.mark.parametrize("name", NETS)
def test_answers_and_gradients(tmp_path, name, batch):
    module, images, labels = prepare(tmp_path, name, batch)
    exact = module.double()
    logits = exact(images.double())
    torch.nn.functional.cross_entropy(logits, labels).backward()
    run("gradients", tmp_path, batch)
    close(np.fromfile(tmp_path / "logits.bin", "<f4").reshape(batch, -1), logits.detach().numpy(), 1e-5)
    flat = np.fromfile(tmp_path / "gradients.bin", "<f4")
    at = 0
    for parameter in exact.parameters():
        theirs = parameter.grad.numpy().ravel()
        close(flat[at:at + theirs.size], theirs, 2e-5)
        at += theirs.size
    assert at == flat.size


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_training_step_by_step(tmp_path, optimizer):
    steps, rate, momentum, decay = 12, 0.02 if optimizer == "sgd" else 0.001, 0.9, 0.001
    module, images, labels = prepare(tmp_path, "digits", 8)
    if optimizer == "sgd":
        stepper = torch.optim.SGD(module.parameters(), rate, momentum=momentum, weight_decay=decay)
    else:
        stepper = torch.optim.Adam(module.parameters(), rate, weight_decay=decay)
    losses = []
    for _ in range(steps):
        stepper.zero_grad()
        loss = torch.nn.functional.cross_entropy(module(images), labels)
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    run("steps", tmp_path, 8, steps, optimizer, rate, momentum, decay)
    ours = np.fromfile(tmp_path / "losses.bin", "<f8")
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(ours, losses, rtol=2e-3, atol=2e-4)
    after = load_safetensors(tmp_path / "after/model.safetensors")
    for name, tensor in module.state_dict().items():
        close(after[name], tensor.numpy(), 5e-3)


def test_a_wrong_file_of_weights_is_refused(tmp_path):
    prepare(tmp_path, "dense", 1)
    path = tmp_path / "model.safetensors"
    good = path.read_bytes()
    for bad in (b"", b"\xff" * 40, good[:len(good) // 2], good.replace(b'"a.bias"', b'"x.bias"'),
                good.replace(b'"F32"', b'"F64"', 1)):
        path.write_bytes(bad)
        done = subprocess.run([str(TOOL), "gradients", str(tmp_path), "1"], stderr=subprocess.PIPE, text=True)
        assert done.returncode == 1 and done.stderr.strip(), bad[:20]
