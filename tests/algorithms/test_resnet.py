# SPDX-License-Identifier: GPL-3.0-or-later
"""Residual networks against PyTorch: torchvision's architecture and names, the same answers, gradients
and running statistics at every depth, and the same training step by step."""
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="python3-torch is not installed")
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent))
from test_vision import close, load_safetensors, run, save_safetensors  # noqa: E402

LARGE = {18: (False, [2, 2, 2, 2]), 34: (False, [3, 4, 6, 3]), 50: (True, [3, 4, 6, 3]), 101: (True, [3, 4, 23, 3]),
         152: (True, [3, 8, 36, 3]), 200: (True, [3, 24, 36, 3])}
SMALL = {20: 3, 32: 5, 44: 7, 56: 9, 110: 18}
# The same code makes all depths; `./run thorough` looks at each of them.
DEPTHS = [*LARGE, *SMALL] if "SAGEBRUSH_THOROUGH" in os.environ else [18, 50, 20, 56]


class Block(nn.Module):
    """torchvision's BasicBlock and Bottleneck."""

    def __init__(self, inner, planes, stride, bottleneck):
        super().__init__()
        outer = 4 * planes if bottleneck else planes
        self.bottleneck = bottleneck
        self.conv1 = nn.Conv2d(inner, planes, 1 if bottleneck else 3, 1 if bottleneck else stride,
                               0 if bottleneck else 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride if bottleneck else 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        if bottleneck:
            self.conv3 = nn.Conv2d(planes, outer, 1, bias=False)
            self.bn3 = nn.BatchNorm2d(outer)
        self.downsample = None
        if stride != 1 or inner != outer:
            self.downsample = nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer))

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.bottleneck:
            y = self.bn3(self.conv3(torch.relu(y)))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """torchvision's for large images; for small ones He et al.'s for CIFAR-10."""

    def __init__(self, depth, channels, classes):
        super().__init__()
        bottleneck, blocks = LARGE.get(depth, (False, [SMALL.get(depth, 0)] * 3))
        planes = 64 if depth in LARGE else 16
        self.stem = depth in LARGE
        self.conv1 = nn.Conv2d(channels, planes, 7 if self.stem else 3, 2 if self.stem else 1, 3 if self.stem else 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        inner, self.stages = planes, len(blocks)
        for stage, count in enumerate(blocks):
            parts = []
            for number in range(count):
                parts.append(Block(inner, planes, 2 if number == 0 and stage > 0 else 1, bottleneck))
                inner = 4 * planes if bottleneck else planes
            self.add_module(f"layer{stage + 1}", nn.Sequential(*parts))
            planes *= 2
        self.fc = nn.Linear(inner, classes)

    def features(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        if self.stem:
            x = functional.max_pool2d(x, 3, 2, 1)
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return functional.adaptive_avg_pool2d(x, 1).flatten(1)

    def forward(self, x):
        return self.fc(self.features(x))


def prepare_resnet(folder, depth, batch, size=None, channels=3, classes=7, seed=1):
    """A network with torchvision's names and shapes and weights made by PyTorch, with statistics that are not
    those of a new one, and a batch."""
    height, width = size or ((64, 64) if depth in LARGE else (32, 32))
    run("resnet", folder, depth, channels, height, width, classes, seed)
    torch.manual_seed(seed)
    net = ResNet(depth, channels, classes)
    ours = {name: values.shape for name, values in load_safetensors(folder / "model.safetensors").items()}
    assert ours == {name: tuple(values.shape) for name, values in net.state_dict().items()
                    if not name.endswith("num_batches_tracked")}
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1)
            nn.init.uniform_(module.bias, -0.2, 0.2)
            nn.init.uniform_(module.running_mean, -0.2, 0.2)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    for module in net.modules():
        # Branches that change little: else the gradients of deep networks are ill-conditioned.
        if isinstance(module, Block):
            nn.init.uniform_((module.bn3 if module.bottleneck else module.bn2).weight, 0.1, 0.2)
    save_safetensors(folder / "model.safetensors", net)
    images, labels = torch.rand(batch, channels, height, width), torch.randint(0, classes, (batch,))
    (folder / "input.bin").write_bytes(images.numpy().tobytes())
    (folder / "labels.bin").write_bytes(labels.numpy().astype("<i4").tobytes())
    return net, images, labels


def read(folder, name, batch):
    return np.fromfile(folder / name, "<f4").reshape(batch, -1)


def each_weight(folder, flat):
    """The parts of an array like SbNet.values by their names in PyTorch's state dict."""
    at = 0
    for name, values in load_safetensors(folder / "after/model.safetensors").items():
        yield name, flat[at:at + values.size]
        at += values.size
    assert at == flat.size


def near(ours, theirs, tolerance):
    """Where a sum is within rounding of zero, only one of two computations lets it pass a ReLU: the gradients
    of a deep network then differ a little, PyTorch's own of 32 and of 64 bit as well. So they are compared as
    wholes; test_vision.py compares each number of shallow ones."""
    assert np.linalg.norm(ours - theirs) < tolerance * np.linalg.norm(theirs) + 1e-7


def check_gradients(folder, net, images, labels, tolerance, *flags):
    run("gradients", folder, len(images), *flags)
    net = net.double().train()
    logits = net(images.double())
    functional.cross_entropy(logits, labels).backward()
    close(read(folder, "logits.bin", len(images)), logits.detach().numpy(), tolerance)
    gradients = {name: parameter.grad.numpy() for name, parameter in net.named_parameters()}
    after, wanted = load_safetensors(folder / "after/model.safetensors"), net.state_dict()
    for name, values in each_weight(folder, np.fromfile(folder / "gradients.bin", "<f4")):
        if "running" in name:
            assert not values.any()
            close(after[name], wanted[name].numpy(), tolerance)
        else:
            near(values, gradients[name].ravel(), 0.05)


def check_answers(folder, net, images):
    batch = len(images)
    run("predict", folder, batch)
    with torch.no_grad():
        net = net.double().eval()
        features = net.features(images.double())
        close(read(folder, "features.bin", batch), features.numpy(), 1e-4)
        close(read(folder, "logits.bin", batch), net.fc(features).numpy(), 1e-4)


@pytest.mark.parametrize("depth", DEPTHS)
def test_answers_gradients_and_running_statistics(tmp_path, depth):
    net, images, labels = prepare_resnet(tmp_path, depth, 6 if depth in (18, 34, 50) else 2)
    check_answers(tmp_path, net, images)
    check_gradients(tmp_path, net, images, labels, 1e-4)


@pytest.mark.parametrize("depth, batch, size, channels", [(18, 3, (75, 50), 1), (50, 2, (40, 97), 4), (20, 5, (28, 28), 3),
                                                          (20, 1, (33, 17), 1)])
def test_images_of_any_size(tmp_path, depth, batch, size, channels):
    net, images, labels = prepare_resnet(tmp_path, depth, batch, size, channels)
    check_answers(tmp_path, net, images)
    check_gradients(tmp_path, net, images, labels, 1e-4)


@pytest.mark.parametrize("depth", [18, 20])
def test_training_step_by_step(tmp_path, depth):
    steps, rate, momentum, decay = 6, 0.02, 0.9, 0.001
    net, images, labels = prepare_resnet(tmp_path, depth, 4)
    stepper = torch.optim.SGD(net.parameters(), rate, momentum=momentum, weight_decay=decay)
    losses = []
    for _ in range(steps):
        stepper.zero_grad()
        loss = functional.cross_entropy(net(images), labels)
        loss.backward()
        stepper.step()
        losses.append(loss.item())
    run("steps", tmp_path, 4, steps, "sgd", rate, momentum, decay)
    assert losses[-1] < losses[0]
    np.testing.assert_allclose(np.fromfile(tmp_path / "losses.bin", "<f8"), losses, rtol=0.03)
    after, wanted = load_safetensors(tmp_path / "after/model.safetensors"), net.state_dict()
    for name, values in after.items():
        near(values, wanted[name].numpy(), 0.02)
