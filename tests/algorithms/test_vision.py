# SPDX-License-Identifier: GPL-3.0-or-later
"""The network library against PyTorch: the same layers, weights and data have to give the same
answers, the same gradients and, step by step, the same training."""
import json
import os
import random
import re
import struct
import subprocess
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="python3-torch is not installed")

TOOL = Path(os.environ["SAGEBRUSH_BUILD_DIR"]) / "tests/algorithms/vision-tool"
# Threads that wait must not keep those of other tests from running.
ENV = {**os.environ, "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"}
torch.set_num_threads(1)
BF16 = "avx512_bf16" in Path("/proc/cpuinfo").read_text()


def conv(name, channels, kernel, padding=0, stride=1, relu=True, **more):
    return {"kind": "convolution", "name": name, "channels": channels, "kernel": kernel,
            "padding": padding, "stride": stride, "relu": relu, **more}


def norm(name, relu=False, **more):
    return {"kind": "batch-norm", "name": name, "relu": relu, **more}


def average(kernel=0, stride=1, padding=0):
    return {"kind": "average-pool", "name": "average", "kernel": kernel, "stride": stride, "padding": padding}


def add(name, *inputs, relu=False):
    return {"kind": "add", "name": name, "inputs": inputs, "relu": relu}


RELU = {"kind": "relu", "name": "relu"}
DROPOUT = {"kind": "dropout", "name": "dropout", "rate": 0}


def pool(kernel, stride, padding=0):
    return {"kind": "max-pool", "name": "pool", "kernel": kernel, "stride": stride, "padding": padding}


def dense(name, channels, relu=False, **more):
    return {"kind": "dense", "name": name, "channels": channels, "relu": relu, **more}


DIGITS = ([1, 28, 28], [conv("conv1", 32, 5, 2), pool(2, 2), conv("conv2", 64, 5, 2), pool(2, 2),
                        dense("fc1", 1024, True), {**DROPOUT, "name": "d"}, dense("fc2", 10)])
NETS = {
    "digits": DIGITS,
    "odd": ([3, 13, 11], [conv("a", 7, 3, 1, 2), conv("b", 17, 3, 0, relu=False), pool(2, 1), dense("c", 5)]),
    "dense": ([1, 6, 5], [dense("a", 33, True), dense("b", 20, True), dense("c", 3)]),
    "pool3": ([2, 16, 16], [conv("a", 16, 1), pool(3, 2, 1), conv("b", 40, 5, 2), conv("c", 4, 3, 1), dense("d", 7)]),
    "norm": ([3, 12, 12], [conv("a", 16, 3, 1, relu=False, bias=False), norm("b", True), conv("c", 16, 3, 1, relu=False),
                           norm("d", momentum=0.3, epsilon=0.01), RELU, average(), dense("e", 4)]),
    # Normalizations that cannot be folded into a convolution; averages with padding; no bias.
    "norms": ([3, 11, 14], [norm("a"), average(3, 2, 1), conv("b", 24, 3, 1, bias=False), norm("c"), pool(2, 1), RELU, norm("d", True),
                            dense("e", 9, True), dense("f", 5)]),
    "residual": ([3, 16, 13], [
        conv("stem", 16, 3, 1, relu=False, bias=False), norm("bn", True),
        conv("a", 16, 3, 1, relu=False, bias=False), norm("b", True), conv("c", 16, 3, 1, relu=False, bias=False), norm("d"),
        add("one", "d", "bn", relu=True),
        conv("e", 32, 3, 1, 2, relu=False, bias=False), norm("f"), RELU, conv("g", 32, 3, 1, relu=False, bias=False), norm("h"),
        conv("i", 32, 1, 0, 2, relu=False, bias=False, inputs=["one"]), norm("j"), add("two", "h", "j"), RELU,
        average(), dense("k", 6)]),
    # Outputs that several layers take, the same one twice, additions of all that there is.
    "branches": ([4, 9, 10], [
        conv("a", 32, 3, 1), conv("b", 32, 1, 0, relu=False), conv("c", 32, 3, 1, inputs=["a"]), conv("d", 32, 5, 2, relu=False, inputs=["a"]),
        add("e", "d", "c", relu=True), add("f", "e", "b"), add("g", "f", "f"), {**RELU, "inputs": ["a"]}, add("h", "relu", "g"),
        {**DROPOUT, "inputs": ["h"]}, conv("i", 32, 3, 1, relu=False), add("j", "i", "dropout", relu=True), add("k", "j", "a"),
        pool(3, 2, 1), dense("l", 8)]),
    # Few channels at first, with a bias: their gradient has loops of its own.
    "thin": ([2, 7, 9], [conv("a", 32, 5, 2), conv("b", 16, 3, 1), dense("c", 4)]),
    # As many channels as make it worth while in bfloat16, too.
    "three": ([64, 9, 11], [conv("a", 64, 3, 1), conv("b", 80, 3, 1, relu=False, bias=False), norm("c", True),
                            conv("d", 128, 3, 1, relu=False, bias=False), norm("e"), conv("f", 128, 1, 0, relu=False, inputs=["b"]),
                            add("g", "e", "f", relu=True), average(), dense("h", 5)]),
    # Sizes of 5 × 5 weights for which tiles are grouped differently, in images that no tile divides.
    "five": ([16, 9, 11], [conv("a", 64, 5, 2), conv("b", 80, 5, 2, relu=False), conv("c", 128, 5, 2, bias=False), dense("d", 5)]),
    "plain": ([2, 5, 5], [conv("a", 8, 3, bias=False), dense("b", 7, bias=False)]),
    "image": ([16, 8, 8], [conv("a", 16, 3, 1, relu=False), add("b", "a", "input", relu=True), {**RELU, "inputs": ["input"], "name": "c"},
                           add("d", "input", "c"), add("e", "b", "d"), dense("f", 4)]),
}


def random_net(seed):
    """A few layers of random shapes, some of them with a shortcut around them."""
    rng = random.Random(seed)
    shape = [rng.choice([1, 3, 16]), rng.randrange(9, 24), rng.randrange(9, 24)]
    layers, side = [], min(shape[1:])
    for number in range(rng.randrange(2, 5)):
        kernel, stride = rng.choice([1, 3, 3, 3, 5]), rng.choice([1, 1, 2])
        channels = rng.choice([5, 16, 16, 32, 33, 48])
        name = f"c{number}"
        layers.append(conv(name, channels, kernel, kernel // 2, stride, rng.random() < 0.3, bias=rng.random() < 0.5))
        side = (side - 1) // stride + 1
        if rng.random() < 0.6:
            name = f"n{number}"
            layers.append(norm(name, rng.random() < 0.5))
        if rng.random() < 0.5:
            kernel = rng.choice([1, 3])
            layers += [conv(f"s{number}", channels, kernel, kernel // 2, 1, False, bias=False), norm(f"t{number}"),
                       add(f"a{number}", *rng.sample([f"t{number}", name], 2), relu=rng.random() < 0.7)]
        if side >= 8 and rng.random() < 0.5:
            layers.append(rng.choice([pool, average])(rng.choice([2, 3]), 2, 1))
            side //= 2
    return shape, [*layers, *([average()] if rng.random() < 0.5 else []), dense("last", rng.randrange(2, 12))]


NETS |= {f"random{seed}": random_net(seed) for seed in range(12 if "SAGEBRUSH_THOROUGH" in os.environ else 4)}


class Net(torch.nn.Module):
    """What model.json describes, computed by PyTorch."""

    def __init__(self, shape, layers):
        super().__init__()
        self.layers = layers
        self.trace(torch.zeros(2, *shape), self.make_part)

    @staticmethod
    def make_part(layer, x):
        if layer["kind"] == "convolution":
            return torch.nn.Conv2d(x.shape[1], layer["channels"], layer["kernel"], layer["stride"], layer["padding"],
                                   bias=layer.get("bias", True))
        if layer["kind"] == "dense":
            return torch.nn.Linear(x[0].numel(), layer["channels"], bias=layer.get("bias", True))
        if layer["kind"] == "batch-norm":
            part = torch.nn.BatchNorm2d(x.shape[1], layer.get("epsilon", 1e-5), layer.get("momentum", 0.1))
            for values, least, most in ((part.weight, 0.5, 1.5), (part.bias, -0.5, 0.5), (part.running_mean, -0.5, 0.5),
                                        (part.running_var, 0.5, 1.5)):
                torch.nn.init.uniform_(values, least, most)
            return part
        return None

    def apply_layer(self, layer, x, other):
        if layer["kind"] == "max-pool":
            return torch.nn.functional.max_pool2d(x, layer["kernel"], layer["stride"], layer["padding"])
        if layer["kind"] == "average-pool" and layer["kernel"] == 0:
            return torch.nn.functional.adaptive_avg_pool2d(x, 1)
        if layer["kind"] == "average-pool":
            return torch.nn.functional.avg_pool2d(x, layer["kernel"], layer["stride"], layer["padding"])
        if layer["kind"] == "add":
            x = x + other
        elif layer["kind"] == "dense":
            x = x.flatten(1)
        if hasattr(self, layer["name"]):
            x = getattr(self, layer["name"])(x)
        return torch.relu(x) if layer.get("relu") or layer["kind"] == "relu" else x

    def trace(self, x, make=None):
        values = {"input": x}
        for layer in self.layers:
            taken = [values[name] for name in layer.get("inputs", [])] or [x]
            part = make(layer, taken[0]) if make else None
            if part is not None:
                self.add_module(layer["name"], part)
            x = values[layer["name"]] = self.apply_layer(layer, taken[0], taken[-1])
        return x

    def forward(self, x):
        return self.trace(x)


def save_safetensors(path, module):
    header, data = {}, bytearray()
    for name, tensor in module.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
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
    module = Net(shape, layers)
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
def test_answers_gradients_and_running_statistics(tmp_path, name, batch):
    module, images, labels = prepare(tmp_path, name, batch)
    exact = module.double()
    run("predict", tmp_path, batch)
    with torch.no_grad():
        close(np.fromfile(tmp_path / "logits.bin", "<f4").reshape(batch, -1), exact.eval()(images.double()).numpy(), 1e-5)
    logits = exact.train()(images.double())
    torch.nn.functional.cross_entropy(logits, labels).backward()
    run("gradients", tmp_path, batch)
    close(np.fromfile(tmp_path / "logits.bin", "<f4").reshape(batch, -1), logits.detach().numpy(), 1e-5)
    gradients = {key: parameter.grad.numpy() for key, parameter in exact.named_parameters()}
    flat, at = np.fromfile(tmp_path / "gradients.bin", "<f4"), 0
    # Where a normalization takes the mean away, a bias has no gradient but what rounding leaves.
    least = 1e-5 * max(np.abs(values).max() for values in gradients.values())
    for key, after in load_safetensors(tmp_path / "after/model.safetensors").items():
        ours, at = flat[at:at + after.size], at + after.size
        if key in gradients:
            theirs = gradients[key].ravel()
            assert np.abs(ours - theirs).max() < 2e-5 * np.abs(theirs).max() + least
        else:
            assert not ours.any()
            close(after, exact.state_dict()[key].numpy(), 1e-5)
    assert at == flat.size


def alike(ours, theirs):
    """The cosine of the angle between them."""
    ours, theirs = ours.ravel().astype(float), theirs.ravel().astype(float)
    return ours @ theirs / (np.linalg.norm(ours) * np.linalg.norm(theirs))


@pytest.mark.skipif(not BF16, reason="this processor has no bfloat16")
@pytest.mark.parametrize("name", ["digits", "odd", "pool3", "norms", "residual", "branches", "thin", "three", "five", "image"])
def test_bfloat16_is_nearly_exact(tmp_path, name):
    module, images, labels = prepare(tmp_path, name, 8)
    exact = module.double()
    run("predict", tmp_path, 8, "bf16")
    with torch.no_grad():
        close(np.fromfile(tmp_path / "logits.bin", "<f4").reshape(8, -1), exact.eval()(images.double()).numpy(), 0.03)
    logits = exact.train()(images.double())
    torch.nn.functional.cross_entropy(logits, labels).backward()
    run("gradients", tmp_path, 8, "bf16")
    close(np.fromfile(tmp_path / "logits.bin", "<f4").reshape(8, -1), logits.detach().numpy(), 0.03)
    flat, at = np.fromfile(tmp_path / "gradients.bin", "<f4"), 0
    gradients = dict(exact.named_parameters())
    ours, theirs = [], []
    for key, after in load_safetensors(tmp_path / "after/model.safetensors").items():
        if key in gradients:
            ours.append(flat[at:at + after.size])
            theirs.append(gradients[key].grad.numpy().ravel())
        at += after.size
    assert at == flat.size
    assert alike(np.concatenate(ours), np.concatenate(theirs)) > 0.99
    # What has been rounded is not what is exact.
    assert np.abs(np.concatenate(ours) - np.concatenate(theirs)).max() > 1e-5 * np.abs(np.concatenate(theirs)).max()


@pytest.mark.parametrize("name", ["digits", "norm", "residual", "branches", "random3"])
def test_the_head_alone(tmp_path, name):
    """All but the last layer computes as in inference and stays as it is."""
    module, images, labels = prepare(tmp_path, name, 5)
    exact, head = module.double().eval(), module.layers[-1]["name"]
    logits = exact(images.double())
    torch.nn.functional.cross_entropy(logits, labels).backward()
    run("gradients", tmp_path, 5, "head")
    close(np.fromfile(tmp_path / "logits.bin", "<f4").reshape(5, -1), logits.detach().numpy(), 1e-5)
    wanted = np.concatenate([parameter.grad.numpy().ravel() if key.startswith(f"{head}.") else np.zeros(parameter.numel())
                             for key, parameter in exact.state_dict(keep_vars=True).items() if "tracked" not in key])
    close(np.fromfile(tmp_path / "gradients.bin", "<f4"), wanted, 2e-5)
    run("steps", tmp_path, 5, 3, "sgd", 0.1, 0.9, 0.01, "head")
    before, after = (load_safetensors(tmp_path / path) for path in ("model.safetensors", "after/model.safetensors"))
    for key, values in before.items():
        assert (values.tobytes() == after[key].tobytes()) != key.startswith(f"{head}.")


def test_features_are_what_the_head_takes(tmp_path):
    module, images, _ = prepare(tmp_path, "norm", 3)
    run("predict", tmp_path, 3)
    features = torch.tensor(np.fromfile(tmp_path / "features.bin", "<f4").reshape(3, -1))
    with torch.no_grad():
        close(np.fromfile(tmp_path / "logits.bin", "<f4").reshape(3, -1), module.e(features).numpy(), 1e-5)


def test_another_head(tmp_path):
    """A new last layer of its own random weights; all others as they were."""
    prepare(tmp_path, "residual", 2)
    run("steps", tmp_path, 2, 0, "sgd", 0, 0, 0, "classes=13")
    before, after = (load_safetensors(tmp_path / path) for path in ("model.safetensors", "after/model.safetensors"))
    assert list(before) == list(after)
    for key, values in after.items():
        if key.startswith("k."):
            assert values.shape[0] == 13 and values.std() > 0.01 and np.abs(values).max() <= 32 ** -0.5
        else:
            assert values.tobytes() == before[key].tobytes()


def test_how_weights_begin(tmp_path):
    """He et al.'s normal weights by the number of outputs, and normalizations that change nothing."""
    run("resnet", tmp_path, 20, 3, 32, 32, 10, 5)
    run("resnet", tmp_path / "again", 20, 3, 32, 32, 10, 5)
    path = "model.safetensors"
    assert (tmp_path / path).read_bytes() == (tmp_path / "again" / path).read_bytes()
    for key, values in load_safetensors(tmp_path / path).items():
        if values.ndim == 4:
            wanted = (2 / (values.shape[0] * values.shape[2] * values.shape[3])) ** 0.5
            assert abs(values.std() / wanted - 1) < 0.15 and abs(values.mean()) < 0.1 * wanted, key
        elif "bn" in key or "downsample" in key:
            assert (values == (1 if key.endswith(("weight", "var")) else 0)).all(), key


def take_losses(folder, logits, class_weights, smoothing=0.0, **answers):
    """The loss, how many are right, and the gradient by the logits, of what is made the bias of a dense layer."""
    batch, classes = logits.shape
    layer = torch.nn.Linear(batch, classes)
    with torch.no_grad():
        layer.weight[:], layer.bias[:] = logits.T, 0
    (folder / "model.json").write_text(json.dumps({"input": [batch, 1, 1], "layers": [dense("d", classes)]}))
    save_safetensors(folder / "model.safetensors", torch.nn.Sequential(OrderedDict(d=layer)))
    (folder / "input.bin").write_bytes(np.eye(batch, dtype="<f4").tobytes())
    (folder / "class_weights.bin").write_bytes(class_weights.numpy().astype("<f4").tobytes())
    (folder / "smoothing.bin").write_bytes(struct.pack("<d", smoothing))
    for name, values in answers.items():
        (folder / f"{name}.bin").write_bytes(values)
    run("losses", folder, batch)
    loss, right = np.fromfile(folder / "losses.bin", "<f8")
    return loss, right, np.fromfile(folder / "gradients.bin", "<f4")[:batch * classes].reshape(classes, batch).T


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("classes", [2, 10, 3000])
def test_softmax_loss(tmp_path, classes, smoothing):
    torch.manual_seed(classes)
    logits, labels = 30 * torch.randn(9, classes), torch.randint(0, classes, (9,))
    class_weights = torch.rand(classes) + 0.1
    labels[3] = -1
    loss, right, gradient = take_losses(tmp_path, logits, class_weights, smoothing, labels=labels.numpy().astype("<i4").tobytes())
    exact = logits.double().requires_grad_()
    wanted = torch.nn.functional.cross_entropy(exact, labels, class_weights.double(), ignore_index=-1, reduction="sum",
                                               label_smoothing=smoothing)
    wanted.backward()
    assert abs(loss / wanted.item() - 1) < 1e-6 and right == (logits.argmax(1) == labels).sum()
    np.testing.assert_allclose(gradient, exact.grad.numpy(), atol=1e-6)


def test_loss_of_several_labels_at_once(tmp_path):
    torch.manual_seed(3)
    logits, targets, class_weights = 40 * torch.randn(6, 11), (torch.rand(6, 11) > 0.6).float(), torch.rand(11) + 0.1
    given = targets.clone()
    given[2] = -1
    loss, right, gradient = take_losses(tmp_path, logits, class_weights, targets=given.numpy().tobytes())
    exact, counts = logits.double().requires_grad_(), torch.arange(6) != 2
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(exact[counts], targets[counts].double(), class_weights.double(),
                                                                  reduction="sum")
    wanted.backward()
    assert abs(loss / wanted.item() - 1) < 1e-6 and right == ((logits > 0) == (targets > 0))[counts].sum()
    np.testing.assert_allclose(gradient, exact.grad.numpy(), atol=1e-6)


@pytest.mark.skipif(not BF16, reason="this processor has no bfloat16")
def test_training_in_bfloat16_learns_the_same(tmp_path):
    """The weights themselves are kept in 32 bit: small steps are not lost."""
    losses = {}
    for flags in ((), ("bf16",)):
        prepare(tmp_path, "digits", 8)
        run("steps", tmp_path, 8, 60, "sgd", 0.02, 0.9, 0, *flags)
        losses[flags] = np.fromfile(tmp_path / "losses.bin", "<f8")
    assert losses[()][-1] < 0.2 * losses[()][0]
    np.testing.assert_allclose(losses["bf16",], losses[()], rtol=0.1, atol=0.03)


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


@pytest.mark.parametrize("change, reason", [
    (lambda layers: layers[6].update(inputs=["d", "nothing"]), "no layer before it has that name"),
    (lambda layers: layers[6].update(inputs=["d", "one"]), "no layer before it has that name"),
    (lambda layers: layers[6].update(inputs=["d", "input"]), "two outputs of one shape"),
    (lambda layers: layers[6].update(inputs=["d"]), "two outputs of one shape"),
    (lambda layers: layers[1].update(epsilon=0), "no such epsilon"),
    (lambda layers: layers[1].update(momentum=2), "no such epsilon or momentum"),
    (lambda layers: layers[3].update(inputs=["bn"]), "No layer takes"),
    (lambda layers: layers.append(RELU), "last layer has to be a dense one"),
])
def test_a_wrong_description_is_refused(tmp_path, change, reason):
    prepare(tmp_path, "residual", 1)
    description = json.loads((tmp_path / "model.json").read_text())
    change(description["layers"])
    (tmp_path / "model.json").write_text(json.dumps(description))
    done = subprocess.run([str(TOOL), "gradients", str(tmp_path), "1"], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1 and re.search(reason, done.stderr), done.stderr
