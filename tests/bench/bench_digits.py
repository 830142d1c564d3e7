#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The digits' network against python3-torch at its best; its workers, its endpoint, what it learns."""
import gzip
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["SAGEBRUSH_BUILD_DIR"] = str(Path(sys.argv[1]).resolve())
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import ROLE, Engine, job_input, test_data, wait_endpoint, wait_job  # noqa: E402

BUILD = Path(sys.argv[1]).resolve()
SPEED = str(BUILD / "tests/bench/vision-speed")
ROUNDS, SECONDS, BATCH, THREADS = 4, 4, 128, min(2, os.cpu_count())
NETWORK = """
import sys, time, torch
from torch import nn
last, bf16, mode, threads, batch = sys.argv[1] == "1", sys.argv[2] == "bf16", sys.argv[3], int(sys.argv[4]), int(sys.argv[5])
torch.set_num_threads(threads)
net = nn.Sequential(nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(),
                    nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3136, 1024), nn.ReLU(), nn.Dropout(0.4), nn.Linear(1024, 10))
x, y = torch.rand(batch, 1, 28, 28), torch.arange(batch) % 10
if last:
    net, x = net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
sgd, loss = torch.optim.SGD(net.parameters(), 0.001, 0.9), nn.CrossEntropyLoss()
def step():
    if mode == "predict":
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            return net(x)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        value = loss(net(x), y)
    sgd.zero_grad(set_to_none=True)
    value.backward()
    sgd.step()
net.train(mode == "train")
for _ in range(10): step()
times, end = [], time.perf_counter() + float(sys.argv[6])
while time.perf_counter() < end:
    begin = time.perf_counter()
    step()
    times.append(time.perf_counter() - begin)
print(sorted(times)[len(times) // 2])
"""


def say(name, value, unit, reference, goal, met):
    print(json.dumps({"name": name, "value": value, "unit": unit, "reference": reference, "goal": goal, "met": met}),
          flush=True)


def ours(mode, precision, batch, threads=THREADS):
    """Images per second and milliseconds of a pass; nothing where the processor has no bfloat16."""
    done = subprocess.run([SPEED, mode, str(batch), str(threads), precision, str(SECONDS)], stdout=subprocess.PIPE,
                          text=True, check=False)
    return json.loads(done.stdout) if done.returncode == 0 else None


def theirs(mode, precision, batch, last, blas):
    env = {**os.environ, "OPENBLAS_NUM_THREADS": str(blas)}
    done = subprocess.run(["/usr/bin/python3", "-c", NETWORK, str(last), precision, mode, str(THREADS), str(batch),
                           str(SECONDS)], env=env, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def compare(mode, precision, batch):
    """Medians of alternating rounds: our milliseconds of a pass, and PyTorch's at its best."""
    settings = [(last, blas) for last in (0, 1) for blas in (1, THREADS)]
    mine, other = [], {setting: [] for setting in settings}
    for _ in range(ROUNDS):
        found = ours(mode, precision, batch)
        if found is None:
            return None
        mine.append(found["median"])
        for setting in settings:
            other[setting].append(1000 * theirs(mode, precision, batch, *setting))
    return statistics.median(mine), min(statistics.median(times) for times in other.values())


def compare_all():
    for precision, factor in (("fp32", 1.9), ("bf16", 1.5)):
        found = compare("train", precision, BATCH)
        if found:
            mine, other = BATCH * 1000 / found[0], BATCH * 1000 / found[1]
            say(f"Digits, training, batch {BATCH}, {precision}", round(mine), "images/s",
                f"python3-torch {other:,.0f}, {mine / other:.2f} times", f"at least {factor} times", mine >= factor * other)
        found = compare("predict", precision, 1)
        if found:
            say(f"Digits, one image in process, {precision}", round(found[0], 3), "ms",
                f"python3-torch {found[1]:.2f} ms, {found[1] / found[0]:.1f} times", "at most a sixth", found[0] <= found[1] / 6)


def write_job(folder, mnist, workers, **hyperparameters):
    (folder / "input/config").mkdir(parents=True)
    (folder / "input/config/hyperparameters.json").write_text(json.dumps(hyperparameters))
    (folder / "input/config/resourceconfig.json").write_text(json.dumps(
        {"current_host": "algo-1", "hosts": [f"algo-{i + 1}" for i in range(workers)]}))
    for channel, name in (("train", "train"), ("validation", "t10k")):
        (folder / "input/data" / channel).mkdir(parents=True)
        for path in mnist.glob(f"{name}-*"):
            (folder / "input/data" / channel / path.name).symlink_to(path)


def train(mnist, workers, cpus, **hyperparameters):
    """The log of a job, and how long it took in seconds."""
    with tempfile.TemporaryDirectory() as name:
        write_job(Path(name), mnist, workers, **hyperparameters)
        begin = time.monotonic()
        done = subprocess.run([str(BUILD / "src/algorithms/sagebrush-vision"), "train"], stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.STDOUT, check=True, env={**os.environ, "SM_PREFIX": name, "SM_NUM_CPUS": str(cpus)})
        return done.stdout, time.monotonic() - begin


def speed(log):
    return statistics.median(float(value) for value in re.findall(r"images_per_second=(\d+)", log))


def measure_workers(mnist):
    one, two = [], []
    for _ in range(ROUNDS):
        one.append(speed(train(mnist, 1, 1, epochs="2", augment="false")[0]))
        two.append(speed(train(mnist, 2, 1, epochs="2", augment="false")[0]))
    single, double = statistics.median(one), statistics.median(two)
    say("Digits, two workers of one thread", round(double), "images/s", f"one worker {single:,.0f}, {double / single:.2f} times",
        "at least 1.9 times", double >= 1.9 * single)


def measure_learning(mnist):
    log, seconds = train(mnist, 1, THREADS, epochs="13", optimizer="sgd", learning_rate="0.08", weight_decay="0.0005",
                         augment="true")
    accuracy = float(re.findall(r"validation_accuracy=([\d.]+)", log)[-1])
    say("Digits, 13 epochs on 10 000 of MNIST, read of 5 000 others", round(100 * accuracy, 2), f"% in {seconds:.0f} s", "",
        "98.9 % in 120 s", accuracy >= 0.989 and seconds <= 120)


def measure_sample(mnist):
    """What the drawn strokes alone teach, asked about real digits."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([str(BUILD / "src/app/sagebrush"), "run", "digits", "--data-dir", str(folder / "s"), "--set", "train.epochs=1"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "DISPLAY": ""})
        run, = (folder / "s/runs").glob("handwritten-digits-*")
        mixed = folder / "mixed"
        mixed.mkdir()
        for path in run.glob("train-*"):
            (mixed / path.name).symlink_to(path)
        for path in mnist.glob("t10k-*"):
            (mixed / path.name).symlink_to(path)
        log, _ = train(mixed, 1, THREADS, epochs="6", learning_rate="0.002", augment="true")
    accuracy = float(re.findall(r"validation_accuracy=([\d.]+)", log)[-1])
    say("Digits, 6 epochs on the drawn strokes alone, read of 5 000 of MNIST", round(100 * accuracy, 1), "%", "", "at least 90 %",
        accuracy >= 0.9)


def load(engine, body, connections, requests):
    done = subprocess.run(
        [str(BUILD / "tests/bench/invoke-load"), engine.url.rsplit(":", 1)[1], "/endpoints/e/invocations", str(body),
         "application/json", str(connections), str(requests), engine.key, engine.secret, engine.region],
        stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def measure_endpoint(mnist):
    with tempfile.TemporaryDirectory() as name, Engine(Path(name) / "data") as engine:
        s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
        s3.create_bucket(Bucket="bench")
        for channel, prefix in (("train", "train"), ("validation", "t10k")):
            for path in mnist.glob(f"{prefix}-*"):
                s3.upload_file(str(path), "bench", f"{channel}/{path.name}")
        given = job_input("j", "bench", ("train", "validation"), epochs="1")
        given["AlgorithmSpecification"]["TrainingImage"] = "local/digits:1"
        given["HyperParameters"] = {"epochs": "1"}
        sagemaker.create_training_job(**given)
        job = wait_job(sagemaker, "j")
        sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={
            "Image": "local/digits:1", "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"]})
        sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[
            {"VariantName": "A", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.t2.medium"}])
        sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
        wait_endpoint(sagemaker, "e")
        pixels = gzip.open(next(mnist.glob("t10k-images*.gz"))).read()[16:16 + 784]
        body = Path(name) / "digit.json"
        body.write_text(json.dumps({"instances": [[list(pixels[28 * i:28 * i + 28]) for i in range(28)]]}))
        load(engine, body, 1, 500)
        one, many = load(engine, body, 1, 4000), load(engine, body, 16, 20000)
    say("InvokeEndpoint, one digit, median", round(one["median"], 3), "ms", "", "under 0.8 ms", one["median"] < 0.8)
    say("InvokeEndpoint, one digit, over 16 connections", round(many["per_second"]), "1/s", "", "at least 2500 /s",
        many["per_second"] >= 2500)


def main():
    compare_all()
    data = test_data()
    if data is None:
        print("no real data: set SAGEBRUSH_TEST_DATA", file=sys.stderr)
        return
    for measure in (measure_workers, measure_endpoint, measure_learning, measure_sample):
        measure(data / "mnist")


if __name__ == "__main__":
    main()
