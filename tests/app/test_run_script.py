# SPDX-License-Identifier: GPL-3.0-or-later
"""`sagebrush run handwritten-digits` with a script of one's own: the calls, and what comes of them."""
import io
import json
import random
import struct
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from botocheck import check_file  # noqa: E402
from engine import SOURCE, thorough  # noqa: E402
from test_run import run  # noqa: E402

SCRIPTS = SOURCE / "data" / "scripts"
STANDIN = SOURCE / "tests" / "algorithms" / "standin"
PYTHON = {"SAGEBRUSH_PYTHON": "/usr/bin/python3"}


def make_digits(folder):
    """Few of them, each a bar: what is compared are two models, not a good one."""
    folder.mkdir()
    rng = random.Random(5)
    for part, n in (("train", 300), ("t10k", 120)):
        labels = bytes(rng.randrange(10) for _ in range(n))
        images = bytearray(n * 28 * 28)
        for i, label in enumerate(labels):
            for row in range(2 + 2 * label, 5 + 2 * label):
                images[i * 784 + row * 28 + 4:i * 784 + row * 28 + 24] = bytes([220] * 20)
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4I", 0x803, n, 28, 28) + images)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2I", 0x801, n) + labels)
    return ["--data", folder]


def make_guess(folder):
    """A script of several files that takes every digit for a three."""
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "guess.py").write_text("DIGIT = 3\n")
    (folder / "train.py").write_text(
        "import os, sys\nfrom lib.guess import DIGIT\nprint(sys.argv)\n"
        "print('epoch=1 train_loss=0.5 train_accuracy=0.25 validation_loss=0.5 validation_accuracy=0.125')\n"
        "open(os.environ['SM_MODEL_DIR'] + '/digit', 'w').write(str(DIGIT))\n")
    (folder / "inference.py").write_text(
        "import json\n"
        "def model_fn(model_dir):\n    return int(open(model_dir + '/digit').read())\n"
        "def predict_fn(data, model):\n    return data, model\n"
        "def input_fn(body, kind):\n    return len(json.loads(body)['instances'])\n"
        "def output_fn(found, accept):\n"
        "    row = {'classes': found[1], 'probabilities': [0.0] * found[1] + [1.0] + [0.0] * (9 - found[1])}\n"
        "    return json.dumps({'predictions': [row] * found[0]})\n")
    return folder


def journal(home):
    return [json.loads(line) for line in (home / "sagebrush/journal.jsonl").read_text().splitlines()]


def inputs(home, operation):
    return [call["input"] for call in journal(home) if call.get("operation") == operation]


def check(home):
    problems, count = check_file(home / "sagebrush/journal.jsonl")
    assert problems == [] and count > 20


def source_of(given):
    return json.loads(given["HyperParameters"]["sagemaker_submit_directory"])


def check_request(home, program, served, given):
    """What SageMaker's Python SDK sends for PyTorch 2.0.1."""
    check(home)
    (job,) = inputs(home, "CreateTrainingJob")
    name = job["TrainingJobName"]
    bucket, prefix = source_of(job).removeprefix("s3://").split("/", 1)
    assert prefix.endswith(f"/{name}/source/sourcedir.tar.gz")
    assert job["HyperParameters"] == {
        **given, "sagemaker_program": f'"{program}"',
        "sagemaker_submit_directory": f'"s3://{bucket}/{prefix}"', "sagemaker_container_log_level": "20",
        "sagemaker_job_name": f'"{name}"', "sagemaker_region": '"us-east-1"'}
    specification = job["AlgorithmSpecification"]
    assert specification["TrainingImage"] == (
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.0.1-cpu-py310")
    assert {item["Name"] for item in specification["MetricDefinitions"]} == {
        "train:loss", "train:accuracy", "validation:loss", "validation:accuracy"}
    (model,) = inputs(home, "CreateModel")
    container = model["PrimaryContainer"]
    assert container["Image"] == (
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.0.1-cpu-py310")
    assert container["ModelDataUrl"].endswith(f"/{model['ModelName']}/model.tar.gz")
    assert container["Environment"] == {
        "SAGEMAKER_PROGRAM": served, "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        "SAGEMAKER_CONTAINER_LOG_LEVEL": "20", "SAGEMAKER_REGION": "us-east-1"}


@thorough
def test_the_pytorch_script_that_comes_along(tmp_path):
    home = tmp_path / "home"
    done = run(home, "run", "digits", "--script", SCRIPTS / "mnist_pytorch.py", "--json",
               *make_digits(tmp_path / "few"), "--set", "train.hyperparameters=epochs=6 batch_size=20",
               "--set", "train.version=2.0.1", env=PYTHON)
    result = json.loads(done.stdout)
    assert result["accuracy"] > 0.8
    assert "after 6 epochs" in result["steps"]["train"]["summary"]
    check_request(home, "mnist_pytorch.py", "mnist_pytorch.py", {"epochs": "6", "batch_size": "20"})
    assert "Nothing left" in done.stderr


def test_a_folder_of_ones_own(tmp_path):
    home = tmp_path / "home"
    done = run(home, "run", "digits", "--script", make_guess(tmp_path / "mine"), "--json",
               *make_digits(tmp_path / "few"), "--set", "train.InstanceCount=2",
               "--set", "train.hyperparameters=epochs=1 name=me", "--set", "train.version=2.0.1", env=PYTHON)
    result = json.loads(done.stdout)
    assert [row[3] == sum(row) for row in result["matrix"]] == [True] * 10
    assert "0.125 after 1 epochs" in result["steps"]["train"]["summary"]
    (job,) = inputs(home, "CreateTrainingJob")
    assert job["ResourceConfig"]["InstanceCount"] == 2
    check_request(home, "train.py", "inference.py", {"epochs": "1", "name": '"me"'})
    assert "Nothing left" in done.stderr
    archive = next((home / "sagebrush/runs").glob("handwritten-digits-*/sourcedir.tar.gz"))
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as tar:
        names = {item.name.removeprefix("./") for item in tar.getmembers() if item.isfile()}
    assert names == {"train.py", "inference.py", "lib/guess.py"}


@thorough
def test_tensorflow_as_the_sdk_starts_it(tmp_path):
    """Up to the endpoint, which a stand-in for TensorFlow cannot be."""
    home = tmp_path / "home"
    done = run(home, "run", "digits", *make_digits(tmp_path / "few"), "--set", "train.network=script", "--set", "train.framework=tensorflow",
               "--set", "train.InstanceCount=2", "--set", "train.hyperparameters=epochs=2",
               "--set", "train.version=2.12", env={**PYTHON, "PYTHONPATH": str(STANDIN)}, code=1)
    assert "did not pass the ping health check" in done.stderr
    check(home)
    (job,) = inputs(home, "CreateTrainingJob")
    given = job["HyperParameters"]
    output = job["OutputDataConfig"]["S3OutputPath"].rstrip("/")
    assert given["model_dir"] == f'"{output}/{job["TrainingJobName"]}/model"'
    assert given["sagemaker_multi_worker_mirrored_strategy_enabled"] == "true"
    assert given["sagemaker_program"] == '"mnist_tensorflow.py"'
    assert job["AlgorithmSpecification"]["TrainingImage"] == (
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.12.0-cpu-py310")
    (model,) = inputs(home, "CreateModel")
    assert model["PrimaryContainer"] == {
        "Image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.12.1-cpu",
        "ModelDataUrl": f"{output}/{job['TrainingJobName']}/output/model.tar.gz"}


def test_a_script_that_throws_says_why(tmp_path):
    script = tmp_path / "wrong.py"
    script.write_text("raise KeyError('the wrong key')\n")
    few = make_digits(tmp_path / "few")
    done = run(tmp_path, "run", "digits", "--script", script, *few, env=PYTHON, code=1)
    assert "KeyError: 'the wrong key'" in done.stderr
    done = run(tmp_path, "run", "digits", "--script", tmp_path / "nothing.py", *few, code=1)
    assert "There is no script" in done.stderr and "nothing.py" in done.stderr
    done = run(tmp_path, "run", "games", "--script", script, code=1)
    assert "no script of yours" in done.stderr
