# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripts that come along: MNIST with PyTorch for real, with TensorFlow as far as it goes."""
import gzip
import importlib.util
import io
import json
import os
import struct
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import test_data as find_data  # noqa: E402
from engine import ROLE, SOURCE, Engine, job_input, wait_endpoint, wait_job  # noqa: E402

SCRIPTS = SOURCE / "data" / "scripts"
MNIST = (find_data() or Path("/nowhere")) / "mnist"
real = pytest.mark.skipif(not MNIST.is_dir(), reason="no real data")
BUCKET = "digits"
METRICS = [
    {"Name": "train:loss", "Regex": "^epoch=[0-9]+ train_loss=([0-9.e+-]+)"},
    {"Name": "validation:accuracy", "Regex": "validation_accuracy=([0-9.]+)"},
]


def pack(path):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        tar.add(path, path.name)
    return stream.getvalue()


@pytest.fixture(scope="module", name="engine")
def fixture_engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mnist")
    with Engine(folder / "data", env={"SAGEBRUSH_PYTHON": "/usr/bin/python3"}) as running:
        running.client("s3").create_bucket(Bucket=BUCKET)
        yield running


def read_idx(path):
    """Digits or labels, without what the script imports for itself."""
    data = gzip.decompress(path.read_bytes())
    dims = data[3]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dims).reshape(struct.unpack(f">{dims}I", data[4:4 + 4 * dims]))


@real
def test_pytorch_on_two_hosts_reads_digits(engine):
    s3, sagemaker, name = engine.client("s3"), engine.client("sagemaker"), "mnist-pytorch"
    for channel, start in (("train", "train"), ("validation", "t10k")):
        for path in sorted(MNIST.glob(start + "-*")):
            s3.upload_file(str(path), BUCKET, f"{channel}/{path.name}")
    s3.put_object(Bucket=BUCKET, Key="sourcedir.tar.gz", Body=pack(SCRIPTS / "mnist_pytorch.py"))
    job = job_input(name, BUCKET, ("train", "validation"))
    job["AlgorithmSpecification"] = {
        "TrainingImage": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.0.1-cpu-py310",
        "TrainingInputMode": "File", "MetricDefinitions": METRICS}
    job["ResourceConfig"]["InstanceCount"] = 2
    job["HyperParameters"] = {
        "sagemaker_program": '"mnist_pytorch.py"',
        "sagemaker_submit_directory": f'"s3://{BUCKET}/sourcedir.tar.gz"', "epochs": "6"}
    sagemaker.create_training_job(**job)
    done = wait_job(sagemaker, name)
    assert done["TrainingJobStatus"] == "Completed", done.get("FailureReason")
    found = {item["MetricName"]: item["Value"] for item in done["FinalMetricDataList"]}
    print(found)
    assert found["validation:accuracy"] >= 0.97
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.0.1-cpu-py310",
        "ModelDataUrl": done["ModelArtifacts"]["S3ModelArtifacts"]})
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[
        {"VariantName": "A", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    assert wait_endpoint(sagemaker, name)["EndpointStatus"] == "InService"
    images = read_idx(MNIST / "t10k-images-idx3-ubyte.gz")[:1000]
    labels = read_idx(MNIST / "t10k-labels-idx1-ubyte.gz")[:1000]
    right = 0
    for start in range(0, 1000, 100):
        body = json.dumps({"instances": images[start:start + 100].reshape(100, -1).tolist()})
        answer = engine.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=name, ContentType="application/json", Body=body)
        rows = json.loads(answer["Body"].read())["predictions"]
        assert all(abs(sum(row["probabilities"]) - 1) < 1e-3 for row in rows)
        right += int(np.sum([row["classes"] for row in rows] == labels[start:start + 100]))
    assert right >= 950


def write_idx(array):
    head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


@pytest.mark.parametrize("hosts", [1, 2])
def test_what_the_tensorflow_script_asks_of_tensorflow(engine, hosts):
    s3, sagemaker, name = engine.client("s3"), engine.client("sagemaker"), f"mnist-tensorflow-{hosts}"
    labels = np.arange(200) % 10
    for channel in ("train", "validation"):
        s3.put_object(Bucket=BUCKET, Key=f"few/{channel}/images.gz",
                      Body=gzip.compress(write_idx(np.zeros((200, 28, 28)))))
        s3.put_object(Bucket=BUCKET, Key=f"few/{channel}/labels", Body=write_idx(labels))
    s3.put_object(Bucket=BUCKET, Key="tf/sourcedir.tar.gz", Body=pack(SCRIPTS / "mnist_tensorflow.py"))
    job = job_input(name, BUCKET, ("train", "validation"))
    for channel in job["InputDataConfig"]:
        channel["DataSource"]["S3DataSource"]["S3Uri"] = f"s3://{BUCKET}/few/{channel['ChannelName']}/"
    job["AlgorithmSpecification"] = {
        "TrainingImage": "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.12-cpu-py310",
        "TrainingInputMode": "File", "MetricDefinitions": METRICS}
    job["ResourceConfig"]["InstanceCount"] = hosts
    job["Environment"] = {"PYTHONPATH": str(Path(__file__).parent / "standin")}
    job["HyperParameters"] = {
        "sagemaker_program": '"mnist_tensorflow.py"', "model_dir": f'"s3://{BUCKET}/{name}/model"',
        "sagemaker_multi_worker_mirrored_strategy_enabled": "true",
        "sagemaker_submit_directory": f'"s3://{BUCKET}/tf/sourcedir.tar.gz"', "epochs": "2", "batch_size": "20"}
    sagemaker.create_training_job(**job)
    done = wait_job(sagemaker, name)
    assert done["TrainingJobStatus"] == "Completed", done.get("FailureReason")
    found = {item["MetricName"]: item["Value"] for item in done["FinalMetricDataList"]}
    assert found == {"train:loss": 0.5, "validation:accuracy": 0.95}
    parts = {kind: s3.get_object(Bucket=BUCKET, Key=f"output/{name}/output/{kind}.tar.gz")["Body"].read()
             for kind in ("model", "output")}
    with tarfile.open(fileobj=io.BytesIO(parts["model"])) as tar:
        assert [m.name.removeprefix("./") for m in tar.getmembers() if m.isfile()] == ["1/saved_model.pb"]
    with tarfile.open(fileobj=io.BytesIO(parts["output"])) as tar:
        logs = {m.name.removeprefix("./"): tar.extractfile(m).read() for m in tar.getmembers() if m.isfile()}
    assert sorted(logs) == [f"algo-{number + 1}.jsonl" for number in range(hosts)]
    for number in range(hosts):
        check_calls([json.loads(line) for line in logs[f"algo-{number + 1}.jsonl"].splitlines()],
                    hosts, first=number == 0)


def check_calls(calls, hosts, first):
    names = [name for name, _, _ in calls]
    given = {name: (args, more) for name, args, more in calls}
    # The strategy starts the cluster's servers: it has to come before every other operation.
    assert names[:2] == [".random.set_seed", ".distribute.MultiWorkerMirroredStrategy"]
    batch = 20 * hosts
    assert given[".data.Dataset.from_tensor_slices"][0] == [["array[200, 784] float32", "array[200] int64"]]
    assert [args[0] for name, args, _ in calls if name.endswith(".batch")] == [batch, batch]
    shard = next(args for name, args, _ in calls if name.endswith("auto_shard_policy ="))
    assert shard == ["tf.data.experimental.AutoShardPolicy.DATA"]
    scope = names.index(".distribute.MultiWorkerMirroredStrategy().scope")
    left = names.index(".distribute.MultiWorkerMirroredStrategy().scope() left")
    inside = names[scope:left]
    assert ".keras.Sequential" in inside and ".keras.Sequential().compile" in inside
    assert ".keras.Sequential().fit" not in inside
    compiled = given[".keras.Sequential().compile"][1]
    assert compiled["metrics"] == ["accuracy"]
    assert given[".keras.losses.SparseCategoricalCrossentropy"][1] == {"from_logits": True}
    assert given[".keras.layers.Dense"][0] == [10]
    fit = given[".keras.Sequential().fit"][1]
    assert (fit["epochs"], fit["steps_per_epoch"]) == (2, 200 // batch)
    assert len(fit["callbacks"]) == (1 if first else 0)
    saved = given[".saved_model.save"]
    assert saved[0][0] == "tf.keras.Sequential()" and list(saved[1]["signatures"]) == ["serving_default"]
    assert saved[0][1].endswith("/model/1" if first else "/1") and ("/model-" in saved[0][1]) == (not first)
    assert given[".TensorSpec"][0] == [[None, 784], "tf.float32"]


def test_the_cluster_that_the_tensorflow_script_makes_itself(monkeypatch):
    spec = importlib.util.spec_from_file_location("standin", Path(__file__).parent / "standin/tensorflow.py")
    monkeypatch.setitem(sys.modules, "standin", importlib.util.module_from_spec(spec))
    spec.loader.exec_module(sys.modules["standin"])
    monkeypatch.setitem(sys.modules, "tensorflow", sys.modules["standin"])
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import mnist_tensorflow

    monkeypatch.delenv("TF_CONFIG", raising=False)
    mnist_tensorflow.set_cluster(["algo-1"], "algo-1")
    assert "TF_CONFIG" not in os.environ
    mnist_tensorflow.set_cluster(["algo-1", "algo-2"], "algo-2")
    assert json.loads(os.environ["TF_CONFIG"]) == {
        "cluster": {"worker": ["algo-1:8890", "algo-2:8890"]}, "task": {"type": "worker", "index": 1}}
    mnist_tensorflow.set_cluster(["algo-1", "algo-2"], "algo-1")
    assert json.loads(os.environ["TF_CONFIG"])["task"]["index"] == 1
    monkeypatch.delenv("TF_CONFIG")
    args = mnist_tensorflow.parse_args(["--model_dir", "s3://b/model", "--epochs", "3"])
    assert args.epochs == 3 and args.hosts == ["algo-1"]
