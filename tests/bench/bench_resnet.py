#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Residual networks against python3-torch at its best: training, one image, memory; and how they are fed and asked."""
import io
import json
import os
import re
import statistics
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from PIL import Image

os.environ["SAGEBRUSH_BUILD_DIR"] = str(Path(sys.argv[1]).resolve())
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import ROLE, Engine, test_data, wait_endpoint  # noqa: E402

BUILD = Path(sys.argv[1]).resolve()
SPEED = str(BUILD / "tests/bench/vision-speed")
ROUNDS, SECONDS, THREADS = 3, 6, min(2, os.cpu_count())
NETWORK = """
import json, resource, sys, time, torch
from torch import nn
mode, precision, last, threads = sys.argv[1], sys.argv[2], sys.argv[3] == "1", int(sys.argv[4])
batch, seconds, layers, side, classes = int(sys.argv[5]), float(sys.argv[6]), int(sys.argv[7]), int(sys.argv[8]), int(sys.argv[9])
torch.set_num_threads(threads)

class Block(nn.Module):
    def __init__(self, before, channels, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(before, channels, 3, stride, 1, bias=False), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels)
        self.relu, self.downsample = nn.ReLU(inplace=True), None
        if stride > 1 or before != channels:
            self.downsample = nn.Sequential(nn.Conv2d(before, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)

if layers == 18:
    channels, count = 64, 2
    parts = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    stages = [64, 128, 256, 512]
else:
    channels, count = 16, (layers - 2) // 6
    parts = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    stages = [16, 32, 64]
for width in stages:
    for number in range(count):
        parts.append(Block(channels, width, 2 if number == 0 and width != stages[0] else 1))
        channels = width
net = nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))
x, y = torch.rand(batch, 3, side, side), torch.arange(batch) % classes
if last:
    net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
sgd, loss = torch.optim.SGD(net.parameters(), 0.001, 0.9), nn.CrossEntropyLoss()
net.train(mode == "train")

def step():
    if mode == "predict":
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            return net(x)
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
        value = loss(net(x), y)
    sgd.zero_grad(set_to_none=True)
    value.backward()
    sgd.step()

for _ in range(3): step()
times, end = [], time.perf_counter() + seconds
while time.perf_counter() < end:
    begin = time.perf_counter()
    step()
    times.append(time.perf_counter() - begin)
print(json.dumps({"median": 1000 * sorted(times)[len(times) // 2],
                  "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def say(name, value, unit, reference, goal, met):
    print(json.dumps({"name": name, "value": value, "unit": unit, "reference": reference, "goal": goal, "met": met}),
          flush=True)


def ours(mode, precision, batch, network):
    """Nothing where the processor has no bfloat16."""
    done = subprocess.run([SPEED, mode, str(batch), str(THREADS), precision, str(SECONDS), *map(str, network)],
                          stdout=subprocess.PIPE, text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def theirs(mode, precision, batch, network, last, blas):
    env = {**os.environ, "OPENBLAS_NUM_THREADS": str(blas)}
    done = subprocess.run(["/usr/bin/python3", "-c", NETWORK, mode, precision, str(last), str(THREADS), str(batch),
                           str(SECONDS), *map(str, network)], env=env, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def compare(mode, precision, batch, network):
    """Medians of alternating rounds: milliseconds of a pass and megabytes, ours and PyTorch's at its best, in 32 bit
    or in bfloat16, whichever it is faster with, where that is ours."""
    settings = [(other, last, blas) for other in dict.fromkeys(("fp32", precision)) for last in (0, 1) for blas in (1, THREADS)]
    mine, other = [], {setting: [] for setting in settings}
    for _ in range(ROUNDS):
        found = ours(mode, precision, batch, network)
        if found is None:
            return None
        mine.append(found)
        for setting in settings:
            other[setting].append(theirs(mode, setting[0], batch, network, *setting[1:]))

    def median(runs, what):
        return statistics.median(run[what] for run in runs)

    return [median(mine, "median"), min(median(runs, "median") for runs in other.values()),
            median(mine, "memory"), min(median(runs, "memory") for runs in other.values())]


def measure_training(name, batch, network, factors):
    for precision, factor in factors.items():
        found = compare("train", precision, batch, network)
        if found is None:
            continue
        mine, other = (batch * 1000 / found[0], batch * 1000 / found[1])
        say(f"{name}, training, batch {batch}, {precision}", round(mine, 1), "images/s",
            f"python3-torch {other:,.1f}, {mine / other:.2f} times", f"at least {factor} times", mine >= factor * other)
        say(f"{name}, training, batch {batch}, {precision}, memory", round(found[2]), "MB", f"python3-torch {found[3]:.0f} MB",
            "no more", found[2] <= found[3])


def train(channel, paths, **hyperparameters):
    """The log of a job of one epoch."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = {"hyperparameters": hyperparameters, "resourceconfig": {"current_host": "algo-1", "hosts": ["algo-1"]},
                  "inputdataconfig": {"train": {"ContentType": "application/x-image"}}}
        (folder / "input/config").mkdir(parents=True)
        (folder / "input/data" / channel).mkdir(parents=True)
        for part, content in config.items():
            (folder / f"input/config/{part}.json").write_text(json.dumps(content))
        for path in paths:
            (folder / "input/data" / channel / path.name).symlink_to(path)
        env = {**os.environ, "SM_PREFIX": name, "SM_NUM_CPUS": str(THREADS), "SAGEBRUSH_ALGORITHM": "image-classification"}
        return subprocess.run([str(BUILD / "src/algorithms/sagebrush-vision"), "train"], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, check=True, env=env).stdout


def measure_feeding(data):
    """What part of an epoch passes in waiting for photos, decoded and augmented."""
    for name, paths, given in (
            ("ResNet-20 on 10 000 PNG of 32 px", [data / "cifar10/train-1.tar"],
             {"num_layers": "20", "image_shape": "3,32,32", "num_classes": "10", "num_training_samples": "10000",
              "mini_batch_size": "128", "augmentation_type": "crop"}),
            ("ResNet-18 on 244 JPEG at 224 px", sorted((data / "photos/ants-bees/train").iterdir()),
             {"num_layers": "18", "image_shape": "3,224,224", "num_classes": "2", "num_training_samples": "244",
              "mini_batch_size": "16", "augmentation_type": "crop_color_transform"})):
        speed, wait = re.findall(r"from (\S+) samples/sec, data wait (\S+) %", train("train", paths, epochs="1", **given))[-1]
        say(f"{name}: waiting for data", float(wait), "%", f"while {speed} images/s are learnt from", "no more than 5 %",
            float(wait) <= 5)


def make_model(folder):
    subprocess.run([str(BUILD / "tests/algorithms/vision-tool"), "resnet", str(folder), "18", "3", "224", "224", "1000", "1"], check=True)
    description = {**json.loads((folder / "model.json").read_text()), "algorithm": "image-classification"}
    (folder / "model.json").write_text(json.dumps(description))
    with tarfile.open(folder / "model.tar.gz", "w:gz") as archive:
        for name in ("model.json", "model.safetensors"):
            archive.add(folder / name, name)
    return folder / "model.tar.gz"


def measure_endpoint(data, theirs_alone):
    with tempfile.TemporaryDirectory() as name, Engine(Path(name) / "data") as engine:
        s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
        s3.create_bucket(Bucket="bench")
        s3.upload_file(str(make_model(Path(name))), "bench", "model.tar.gz")
        sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={
            "Image": "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1",
            "ModelDataUrl": "s3://bench/model.tar.gz"})
        sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[
            {"VariantName": "A", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m4.xlarge"}])
        sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
        wait_endpoint(sagemaker, "e")
        body = io.BytesIO()
        photo = Image.open(next((data / "photos/ants-bees").rglob("*.jpg"))).convert("RGB").resize((256, 256))
        photo.save(body, "JPEG", quality=90)
        path = Path(name) / "photo.jpg"
        path.write_bytes(body.getvalue())
        for requests in (20, 200):
            done = subprocess.run(
                [str(BUILD / "tests/bench/invoke-load"), engine.url.rsplit(":", 1)[1], "/endpoints/e/invocations", str(path),
                 "application/x-image", "1", str(requests), engine.key, engine.secret, engine.region],
                stdout=subprocess.PIPE, text=True, check=True)
    median = json.loads(done.stdout)["median"]
    say("InvokeEndpoint, one JPEG of 256 px, ResNet-18, median", round(median, 2), "ms",
        f"python3-torch's forward pass alone {theirs_alone:.2f} ms", "no more", median <= theirs_alone)


def main():
    data = test_data()
    measure_training("ResNet-18, 224 px", 16, (18, 224, 1000), {"fp32": 1.9, "bf16": 1.4})
    measure_training("ResNet-20, 32 px", 128, (20, 32, 10), {"fp32": 1.8, "bf16": 1.8})
    found = compare("predict", "fp32", 1, (18, 224, 1000))
    say("ResNet-18, one image of 224 px in process", round(found[0], 2), "ms",
        f"python3-torch {found[1]:.2f} ms, {found[1] / found[0]:.2f} times", "no more", found[0] <= found[1])
    if data:
        measure_feeding(data)
        measure_endpoint(data, found[1])


if __name__ == "__main__":
    main()
