# SPDX-License-Identifier: GPL-3.0-or-later
"""Digits on the real engine: training on one and on several workers, hosting, bad input."""
import concurrent.futures
import gzip
import io
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from botocore.exceptions import ClientError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import test_data as find_data  # noqa: E402
from engine import ROLE, Engine, job_input, processes_of, wait_endpoint, wait_for, wait_job  # noqa: E402

IMAGE = "local/digits:1"
PROGRAM = Path(os.environ["SAGEBRUSH_BUILD_DIR"]) / "src/algorithms/sagebrush-vision"
MNIST = (find_data() or Path("/nowhere")) / "mnist"
real = pytest.mark.skipif(not MNIST.is_dir(), reason="no real data")


def idx(array):
    head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


def drawings(n, seed=1):
    """Bars at ten places: easy to tell apart."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, n)
    images = rng.integers(0, 40, (n, 28, 28))
    for image, label in zip(images, labels):
        image[2 + 2 * label:5 + 2 * label, 4:24] = 220
    return images.astype(np.uint8), labels.astype(np.uint8)


def write_job(folder, hosts=1):
    """What a training container finds below /opt/ml."""
    (folder / "input/config").mkdir(parents=True)
    (folder / "input/config/hyperparameters.json").write_text(json.dumps({"epochs": "2", "augment": "true", "seed": "3"}))
    (folder / "input/config/resourceconfig.json").write_text(json.dumps(
        {"current_host": "algo-1", "hosts": [f"algo-{i + 1}" for i in range(hosts)]}))
    for channel, n, seed in (("train", 600, 1), ("validation", 200, 2)):
        images, labels = drawings(n, seed)
        data = folder / "input/data" / channel
        data.mkdir(parents=True)
        (data / "images").write_bytes(idx(images))
        (data / "labels").write_bytes(idx(labels))


@pytest.fixture(scope="module", name="engine")
def fixture_engine(tmp_path_factory):
    with Engine(tmp_path_factory.mktemp("digits") / "data") as running:
        s3 = running.client("s3")
        s3.create_bucket(Bucket="digits")
        for channel, n, seed in (("train", 1200, 1), ("validation", 300, 2)):
            images, labels = drawings(n, seed)
            s3.put_object(Bucket="digits", Key=f"{channel}/images.gz", Body=gzip.compress(idx(images)))
            s3.put_object(Bucket="digits", Key=f"{channel}/labels", Body=idx(labels))
        yield running


def create(engine, name, workers=1, prefix="", retries=0, sharded=(), **hyperparameters):
    given = job_input(name, "digits", ("train", "validation"))
    given["AlgorithmSpecification"]["TrainingImage"] = IMAGE
    for channel in given["InputDataConfig"]:
        channel["ContentType"] = "application/x-idx"
        channel["DataSource"]["S3DataSource"]["S3Uri"] = f"s3://digits/{prefix}{channel['ChannelName']}/"
        if channel["ChannelName"] in sharded:
            channel["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"
    given["ResourceConfig"]["InstanceCount"] = workers
    if workers > 1:
        # Open MPI unloads its modules before leaks are looked for: theirs cannot be told by name.
        given["Environment"] = {"ASAN_OPTIONS": "detect_leaks=0"}
    if retries:
        given["RetryStrategy"] = {"MaximumRetryAttempts": retries}
    given["HyperParameters"] = {"epochs": "2", "augment": "false", **{k: str(v) for k, v in hyperparameters.items()}}
    engine.client("sagemaker").create_training_job(**given)


def train(engine, name, *args, **more):
    create(engine, name, *args, **more)
    job = wait_job(engine.client("sagemaker"), name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return job


def metric(job, name):
    return next(item["Value"] for item in job["FinalMetricDataList"] if item["MetricName"] == name)


def log_of(engine, job):
    logs = engine.client("logs")
    group = "/aws/sagemaker/TrainingJobs"
    stream = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=job)["logStreams"][0]
    events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True)
    return [event["message"] for event in events["events"]]


def deploy(engine, job):
    sagemaker, name = engine.client("sagemaker"), job["TrainingJobName"]
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": IMAGE, "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"]})
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[
        {"VariantName": "A", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.t2.medium"}])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    assert wait_endpoint(sagemaker, name)["EndpointStatus"] == "InService"
    return name


@pytest.fixture(scope="module", name="endpoint")
def fixture_endpoint(engine):
    return deploy(engine, train(engine, "hosted", seed=3))


def invoke(engine, endpoint, body, content_type="application/json"):
    if content_type == "application/json" and not isinstance(body, (bytes, str)):
        body = json.dumps({"instances": body})
    answer = engine.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, ContentType=content_type, Body=body)
    return json.loads(answer["Body"].read())["predictions"]


def test_training_tells_its_metrics(engine):
    job = train(engine, "metrics")
    assert metric(job, "validation:accuracy") > 0.9
    assert metric(job, "train:loss") < 2
    lines = log_of(engine, "metrics")
    assert sum(line.startswith("epoch=") for line in lines) == 2


def test_the_same_seed_gives_the_same_model(engine):
    first = train(engine, "seed-a", seed=5, epochs=1)
    again = train(engine, "seed-b", seed=5, epochs=1)
    other = train(engine, "seed-c", seed=6, epochs=1)
    assert metric(first, "train:loss") == metric(again, "train:loss") != metric(other, "train:loss")


def test_two_workers_are_one_with_twice_the_batch(engine):
    options = {"dropout": 0, "optimizer": "sgd", "learning_rate": 0.02, "epochs": 2}
    two = train(engine, "two", 2, batch_size=60, **options)
    one = train(engine, "one", 1, batch_size=120, **options)
    for name in ("train:loss", "validation:loss"):
        assert abs(metric(two, name) - metric(one, name)) < 2e-3 * metric(one, name)
    share = max(1, os.cpu_count() // 2)
    assert any(f"2 worker(s) of {min(share, 4)} thread(s)" in line for line in log_of(engine, "two"))


def test_a_display_that_does_not_answer_holds_nobody_up(engine):
    """Open MPI looks for graphics cards at every X display that there is, where it has the plugin for that."""
    with socket.socket(socket.AF_UNIX) as display:
        for number in range(9, 0, -1):
            try:
                display.bind(f"\0/tmp/.X11-unix/X{number}")
                break
            except OSError:
                continue
        display.listen()
        train(engine, "stuck", 2, epochs=1)


def test_only_what_is_distributed_takes_several_instances(engine):
    given = job_input("alone", "digits")
    given["ResourceConfig"]["InstanceCount"] = 2
    with pytest.raises(ClientError, match="InstanceCount"):
        engine.client("sagemaker").create_training_job(**given)


def test_bad_data_fails_the_job_with_the_reason(engine):
    s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
    images, labels = drawings(20)
    cases = {
        "short": (idx(images)[:-5], idx(labels), "images: the file ends too early"),
        "text": (b"no digits at all", idx(labels), "this is no IDX file"),
        "labels": (idx(images), idx(labels[:-1]), "20 images and 19 labels"),
        "eleven": (idx(images), idx(labels + 9), "has to be below 10"),
        "size": (idx(images[:, :20]), idx(labels), "28 by 28"),
    }
    for name, (pixels, marks, reason) in cases.items():
        for channel in ("train", "validation"):
            s3.put_object(Bucket="digits", Key=f"bad/{name}/{channel}/images", Body=pixels)
            s3.put_object(Bucket="digits", Key=f"bad/{name}/{channel}/labels", Body=marks)
        create(engine, f"bad-{name}", prefix=f"bad/{name}/")
        job = wait_job(sagemaker, f"bad-{name}")
        assert job["TrainingJobStatus"] == "Failed" and reason in job["FailureReason"], job["FailureReason"]


def test_sharded_by_key_each_worker_has_a_share(engine):
    s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
    images, labels = drawings(1000, 1)
    for part, share in enumerate((slice(0, 350), slice(350, 1000))):
        s3.put_object(Bucket="digits", Key=f"shards/train/part-{part}/images.gz", Body=gzip.compress(idx(images[share])))
        s3.put_object(Bucket="digits", Key=f"shards/train/part-{part}/labels", Body=idx(labels[share]))
    images, labels = drawings(300, 2)
    for part, share in enumerate((slice(0, 100), slice(100, 300))):
        s3.put_object(Bucket="digits", Key=f"shards/validation/{part}-images", Body=idx(images[share]))
        s3.put_object(Bucket="digits", Key=f"shards/validation/{part}-labels", Body=idx(labels[share]))
    job = train(engine, "shares", 2, prefix="shards/", sharded=("train", "validation"), epochs=3)
    assert metric(job, "validation:accuracy") > 0.9
    lines = log_of(engine, "shares")
    assert any(line.startswith("Training on 1000 images with 2 worker(s)") for line in lines)
    assert [line for line in lines if "loaded" in line] == ["worker=1 loaded 350 images", "worker=2 loaded 650 images"]
    own = [dict(part.split("=") for part in line.split()) for line in lines if line.startswith("epoch=") and "worker=" in line]
    whole = [dict(part.split("=") for part in line.split()) for line in lines if line.startswith("epoch=") and "worker=" not in line]
    assert [(one["worker"], one["images"]) for one in own] == [("1", "350"), ("2", "650")] * 3
    for first, second, all_ in zip(own[::2], own[1::2], whole, strict=True):
        for name in ("train_loss", "train_accuracy"):
            mean = (350 * float(first[name]) + 650 * float(second[name])) / 1000
            assert abs(mean - float(all_[name])) < 2e-5
    assert abs(metric(job, "train:loss") - float(whole[-1]["train_loss"])) < 1e-6
    create(engine, "no-share", 2, sharded=("train",))
    job = wait_job(sagemaker, "no-share")
    assert job["TrainingJobStatus"] == "Failed" and "a worker would be without data" in job["FailureReason"]


def put_forms(s3):
    """The same digits as IDX files, as Keras has them in one NPZ file, and as pictures in folders."""
    gi = pytest.importorskip("gi")
    gi.require_version("GdkPixbuf", "2.0")
    from gi.repository import GdkPixbuf, GLib

    parts = {}
    for part, n, seed in (("train", 200, 1), ("validation", 100, 2)):
        images, labels = drawings(n, seed)
        # As the folders will have them: by label.
        order = np.argsort(labels, kind="stable")
        images, labels = parts[part] = images[order], labels[order]
        images[:, 0, 0] = 0
        s3.put_object(Bucket="digits", Key=f"forms/idx/{part}/images", Body=idx(images))
        s3.put_object(Bucket="digits", Key=f"forms/idx/{part}/labels", Body=idx(labels))
        for i, (image, label) in enumerate(zip(images, labels)):
            rgb = np.repeat(image[:, :, None], 3, 2)
            pixbuf = GdkPixbuf.Pixbuf.new_from_bytes(GLib.Bytes.new(rgb.tobytes()), 0, False, 8, 28, 28, 84)
            _, png = pixbuf.save_to_bufferv("png", [], [])
            s3.put_object(Bucket="digits", Key=f"forms/png/{part}/{label}/{i:04}.png", Body=bytes(png))
    both, floats = io.BytesIO(), io.BytesIO()
    (x, y), (x_test, y_test) = parts["train"], parts["validation"]
    np.savez_compressed(both, x_train=x, y_train=y, x_test=x_test, y_test=y_test.astype(np.int64))
    np.savez(floats, images=(x / 255).astype(np.float32).reshape(-1, 784), labels=y)
    for part in parts:
        s3.put_object(Bucket="digits", Key=f"forms/npz/{part}/mnist.npz", Body=both.getvalue())
    s3.put_object(Bucket="digits", Key="forms/floats/train/a.npz", Body=floats.getvalue())
    s3.put_object(Bucket="digits", Key="forms/floats/validation/mnist.npz", Body=both.getvalue())


def test_digits_in_every_form(engine):
    """What is learnt is the same to the last bit, whatever the files were."""
    put_forms(engine.client("s3"))
    lines = {}
    for form in ("idx", "npz", "png", "floats"):
        train(engine, f"form-{form}", prefix=f"forms/{form}/", augment="false")
        lines[form] = [line.split(" images_per_second")[0] for line in log_of(engine, f"form-{form}")
                       if line.startswith(("epoch=", "step=", "Training on 200 images"))]
    assert len(lines["idx"]) == 3 and lines["npz"] == lines["png"] == lines["floats"] == lines["idx"]


def test_bad_arrays_and_pictures_fail_the_job_with_the_reason(engine):
    s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
    images, labels = drawings(20)

    def npz(**arrays):
        out = io.BytesIO()
        np.savez(out, **arrays)
        return out.getvalue()

    cases = {
        "text": ("a.npz", b"no archive", "a.npz"),
        "cut": ("a.npz", npz(x=images, y=labels)[:3000], "a.npz"),
        "names": ("a.npz", npz(pictures=images, y=labels), "there is no array “x_train”, “images” or “x”"),
        "fewer": ("a.npz", npz(x=images, y=labels[:-1]), "one for each image"),
        "objects": ("a.npz", npz(x=images.astype("U1"), y=labels), "the numbers have to be"),
        "order": ("a.npz", npz(x=np.asfortranarray(images), y=labels), "C order"),
        "flat": ("a.npz", npz(x=images.reshape(-1), y=labels), "n × height × width"),
        "folder": ("seven/a.png", b"", "folder named after its digit"),
        "picture": ("7/a.png", b"no picture", "7/a.png"),
    }
    for name, (key, body, reason) in cases.items():
        for channel in ("train", "validation"):
            s3.put_object(Bucket="digits", Key=f"odd/{name}/{channel}/{key}", Body=body)
        create(engine, f"odd-{name}", prefix=f"odd/{name}/")
        job = wait_job(sagemaker, f"odd-{name}")
        assert job["TrainingJobStatus"] == "Failed" and reason in job["FailureReason"], (name, job["FailureReason"])


@pytest.mark.parametrize("workers", [1, 2])
def test_stop_keeps_the_model_so_far(engine, workers):
    sagemaker, name = engine.client("sagemaker"), f"stopped-{workers}"
    create(engine, name, workers, epochs=1000)
    wait_for(lambda: count_epochs(engine, name) > 0)
    sagemaker.stop_training_job(TrainingJobName=name)
    job = wait_job(sagemaker, name)
    assert job["TrainingJobStatus"] == "Stopped"
    key = job["ModelArtifacts"]["S3ModelArtifacts"].split("/", 3)[3]
    assert engine.client("s3").head_object(Bucket="digits", Key=key)["ContentLength"] > 1 << 20


def kill_a_worker(engine, name):
    """Once an epoch has ended since the last time."""
    sagemaker, before = engine.client("sagemaker"), count_epochs(engine, name)
    wait_for(lambda: count_epochs(engine, name) > before)
    assert sagemaker.describe_training_job(TrainingJobName=name)["SecondaryStatus"] == "Training"
    workers = processes_of(f"SM_PREFIX={engine.folder / 'jobs' / name}", "OMPI_COMM_WORLD_RANK=")
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)


def count_epochs(engine, name):
    status = engine.client("sagemaker").describe_training_job(TrainingJobName=name)["SecondaryStatus"]
    return len(whole_epochs(engine, name)) if status == "Training" else 0


def whole_epochs(engine, name):
    """What all workers did together in each epoch; each of them has a line of its own before it."""
    return [line for line in log_of(engine, name) if line.startswith("epoch=") and "worker=" not in line]


def test_a_worker_that_dies_fails_the_job(engine):
    create(engine, "dies", 2, epochs=1000)
    kill_a_worker(engine, "dies")
    job = wait_job(engine.client("sagemaker"), "dies")
    assert job["TrainingJobStatus"] == "Failed" and job["FailureReason"]


def test_a_worker_that_dies_is_replaced_as_often_as_wished(engine):
    sagemaker = engine.client("sagemaker")
    create(engine, "again", 2, retries=2, epochs=1000)
    for attempt in (1, 2):
        kill_a_worker(engine, "again")
        wait_for(lambda: sum(line.startswith("Resuming from the checkpoint after epoch ")
                             for line in log_of(engine, "again")) == attempt)
    job = sagemaker.describe_training_job(TrainingJobName="again")
    assert job["TrainingJobStatus"] == "InProgress" and job["RetryStrategy"] == {"MaximumRetryAttempts": 2}
    steps = [item["Status"] for item in job["SecondaryStatusTransitions"]]
    assert steps == ["Starting", "Downloading", "Training", "Restarting", "Training", "Restarting", "Training"]
    assert [item["StatusMessage"].split(":")[0] for item in job["SecondaryStatusTransitions"]
            if item["Status"] == "Restarting"] == [f"Restarting the training job, attempt {n} of 2" for n in (1, 2)]
    # No epoch was trained twice; the line of one may have been on its way at each kill.
    epochs = [int(line.split()[0][6:]) for line in whole_epochs(engine, "again")]
    assert epochs == sorted(set(epochs)) and 2 <= len(epochs) and epochs[-1] - len(epochs) <= 2
    kill_a_worker(engine, "again")
    job = wait_job(sagemaker, "again")
    assert job["TrainingJobStatus"] == "Failed" and job["FailureReason"].startswith("AlgorithmError")


def test_no_epoch_is_told_of_before_its_checkpoint_is_kept(tmp_path):
    write_job(tmp_path)
    (tmp_path / "checkpoints").write_bytes(b"no folder")
    done = subprocess.run([PROGRAM, "train"], env={**os.environ, "SM_PREFIX": str(tmp_path), "SM_NUM_CPUS": "1"},
                          capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode != 0 and "checkpoint" in (tmp_path / "output/failure").read_text()
    assert "epoch=1 " not in done.stdout


def test_what_the_algorithm_gave_up_for_is_not_tried_again(engine):
    s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
    for channel in ("train", "validation"):
        s3.put_object(Bucket="digits", Key=f"hopeless/{channel}/images", Body=b"no digits")
    create(engine, "hopeless", retries=3, prefix="hopeless/")
    job = wait_job(sagemaker, "hopeless")
    assert job["TrainingJobStatus"] == "Failed"
    assert "Restarting" not in [item["Status"] for item in job["SecondaryStatusTransitions"]]
    with pytest.raises(ClientError, match="31|30"):
        create(engine, "too-often", retries=31)


def test_answers_in_every_form(engine, endpoint):
    images, labels = drawings(150, 7)
    flat = [(image / 255).ravel().tolist() for image in images]
    answers = invoke(engine, endpoint, flat)
    assert len(answers) == 150
    assert np.mean([answer["classes"] == label for answer, label in zip(answers, labels)]) > 0.9
    for answer in answers:
        assert len(answer["probabilities"]) == 10 and abs(sum(answer["probabilities"]) - 1) < 1e-4
        assert answer["classes"] == int(np.argmax(answer["probabilities"]))
    nested = invoke(engine, endpoint, images[:3].tolist())
    out = io.BytesIO()
    np.save(out, images[:3])
    arrays = invoke(engine, endpoint, out.getvalue(), "application/x-npy")
    for forms in zip(nested, arrays, answers):
        assert len({form["classes"] for form in forms}) == 1
        np.testing.assert_allclose(forms[0]["probabilities"], forms[2]["probabilities"], atol=1e-4)
        np.testing.assert_allclose(forms[0]["probabilities"], forms[1]["probabilities"], atol=1e-4)


GARBAGE = [
    ("application/json", b""), ("application/json", b"{"), ("application/json", b'{"instances": []}'),
    ("application/json", b'{"instances": [[1, 2]]}'), ("application/json", b'{"instances": [["a"]]}'),
    ("application/json", json.dumps({"instances": [[-1.0] * 784]}).encode()),
    ("application/json", json.dumps({"instances": [[256] * 784]}).encode()),
    ("application/json", json.dumps({"instances": [[0] * 785]}).encode()),
    ("application/json", b'{"instances": ' + b"[" * 100000),
    ("application/x-image", b"no image"), ("application/x-image", b"\x89PNG\r\n\x1a\n" + bytes(50)),
    ("application/x-npy", b"\x93NUMPY"), ("application/x-npy", b"\x93NUMPY\x01\x00\xff\xff{}"),
]


@pytest.mark.parametrize("content_type, body", GARBAGE, ids=range(len(GARBAGE)))
def test_bad_input_is_told_what_was_expected(engine, endpoint, content_type, body):
    with pytest.raises(ClientError) as caught:
        invoke(engine, endpoint, body, content_type)
    response = caught.value.response
    assert response["Error"]["Code"] == "ModelError" and response["OriginalStatusCode"] == 400
    assert "xpected" in response["OriginalMessage"] or "Pixels" in response["OriginalMessage"]


def test_right_answers_beside_garbage(engine, endpoint):
    images, _ = drawings(20, 9)
    wanted = [answer["classes"] for answer in invoke(engine, endpoint, images.tolist())]
    stop = threading.Event()

    def disturb():
        while not stop.is_set():
            for content_type, body in GARBAGE:
                try:
                    invoke(engine, endpoint, body, content_type)
                except ClientError:
                    pass

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        for image, label in zip(images, wanted):
            assert invoke(engine, endpoint, [image.tolist()])[0]["classes"] == label
    finally:
        stop.set()
        thread.join()


def test_requests_that_wait_are_computed_together(engine, endpoint):
    """Each gets its own answer, whoever's images were in the same pass."""
    images, _ = drawings(60, 11)
    alone = [invoke(engine, endpoint, [image.tolist()])[0] for image in images]

    def ask(number):
        """A batch of its own size, or garbage, or a picture of another form."""
        first, n = number % 40, 1 + number % 7
        if number % 10 == 9:
            with pytest.raises(ClientError):
                invoke(engine, endpoint, [[1, 2]])
            return
        if number % 10 == 8:
            out = io.BytesIO()
            np.save(out, images[first:first + n])
            answers = invoke(engine, endpoint, out.getvalue(), "application/x-npy")
        else:
            answers = invoke(engine, endpoint, images[first:first + n].tolist())
        assert len(answers) == n
        for answer, wanted in zip(answers, alone[first:first + n]):
            assert answer["classes"] == wanted["classes"]
            np.testing.assert_allclose(answer["probabilities"], wanted["probabilities"], atol=1e-4)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert len(list(pool.map(ask, range(300)))) == 300


def test_a_picture_becomes_a_digit_as_mnist_has_them(engine, endpoint):
    """Dark ink on light paper, large and off the middle, is the same as the digit itself."""
    gi = pytest.importorskip("gi")
    gi.require_version("GdkPixbuf", "2.0")
    from gi.repository import GdkPixbuf, GLib

    paper = np.full((300, 400, 3), 250, np.uint8)
    paper[40:200, 300:330] = 20
    pixbuf = GdkPixbuf.Pixbuf.new_from_bytes(GLib.Bytes.new(paper.tobytes()), 0, False, 8, 400, 300, 1200)
    _, png = pixbuf.save_to_bufferv("png", [], [])
    answer = invoke(engine, endpoint, bytes(png), "application/x-image")
    assert len(answer) == 1 and len(answer[0]["probabilities"]) == 10


@real
def test_real_digits(engine):
    s3 = engine.client("s3")
    for channel, name in (("train", "train"), ("validation", "t10k")):
        for path in MNIST.glob(f"{name}-*"):
            s3.upload_file(str(path), "digits", f"real/{channel}/{path.name}")
    job = train(engine, "real", prefix="real/", epochs=2, learning_rate=0.002)
    assert metric(job, "validation:accuracy") > 0.96
