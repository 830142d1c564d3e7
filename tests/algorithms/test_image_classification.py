# SPDX-License-Identifier: GPL-3.0-or-later
"""Image classification on the real engine: photos in every form, what training is asked for, hosting."""
import base64
import concurrent.futures
import io
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import numpy as np
import pytest
from botocore.exceptions import ClientError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import BUILD, ROLE, Engine, job_input, processes_of, wait_endpoint, wait_for, wait_job  # noqa: E402

pillow = pytest.importorskip("PIL.Image", reason="python3-pil is not installed")

IMAGE = "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
BUCKET = "photos"
NAMES = ["blue", "green", "red"]
SIDE = 16
TRAIN, VALIDATION = 48, 24


def photo(label, rng):
    """A square of the class's colour on grey noise."""
    pixels = rng.integers(60, 140, (20, 20, 3))
    x, y = rng.integers(0, 8, 2)
    pixels[y:y + 12, x:x + 12] = 40
    pixels[y:y + 12, x:x + 12, 2 - label] = 210
    return pixels.astype(np.uint8)


def encode(pixels, kind="PNG"):
    out = io.BytesIO()
    pillow.fromarray(pixels).save(out, kind, quality=95)
    return out.getvalue()


def photos(n, seed):
    """(label, PNG) of n photos, the classes in turn."""
    rng = np.random.default_rng(seed)
    return [(i % 3, encode(photo(i % 3, rng))) for i in range(n)]


PARTS = {"train": photos(TRAIN, 1), "validation": photos(VALIDATION, 2)}


@pytest.fixture(scope="module", name="engine")
def fixture_engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    empty = folder / "weights"
    empty.mkdir()
    with Engine(folder / "data", env={"SAGEBRUSH_WEIGHTS_DIR": str(empty)}) as running:
        s3 = running.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        for part, rows in PARTS.items():
            for number, (label, body) in enumerate(rows):
                s3.put_object(Bucket=BUCKET, Key=f"folders/{part}/{NAMES[label]}/{number}.png", Body=body)
        yield running


BASIC = {
    "num_layers": 20, "image_shape": f"3,{SIDE},{SIDE}", "num_classes": 3, "num_training_samples": TRAIN,
    "mini_batch_size": 16, "epochs": 1, "learning_rate": 0.05,
}


def create(engine, name, *, channels=None, workers=1, retries=0, types=None, sharded=(), weights=None, **hyperparameters):
    """Channels are given as prefixes; "folders/train/" and "folders/validation/" unless told."""
    channels = channels or {"train": "folders/train/", "validation": "folders/validation/"}
    given = job_input(name, BUCKET, list(channels))
    given["AlgorithmSpecification"]["TrainingImage"] = IMAGE
    for channel in given["InputDataConfig"]:
        channel["ContentType"] = (types or {}).get(channel["ChannelName"], "application/x-image")
        source = channel["DataSource"]["S3DataSource"]
        source["S3Uri"] = f"s3://{BUCKET}/{channels[channel['ChannelName']]}"
        if channel["ChannelName"] in sharded:
            source["S3DataDistributionType"] = "ShardedByS3Key"
    given["ResourceConfig"] = {"InstanceCount": workers, "InstanceType": "ml.p3.2xlarge", "VolumeSizeInGB": 10}
    if workers > 1:
        # Open MPI unloads its modules before leaks are looked for: theirs cannot be told by name.
        given["Environment"] = {"ASAN_OPTIONS": "detect_leaks=0"}
    if retries:
        given["RetryStrategy"] = {"MaximumRetryAttempts": retries}
    values = {**BASIC, **hyperparameters}
    given["HyperParameters"] = {key: str(value) for key, value in values.items() if value is not None}
    engine.client("sagemaker").create_training_job(**given)


def train(engine, name, **more):
    create(engine, name, **more)
    job = wait_job(engine.client("sagemaker"), name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return job


def fail(engine, name, **more):
    create(engine, name, **more)
    job = wait_job(engine.client("sagemaker"), name)
    assert job["TrainingJobStatus"] == "Failed"
    return job["FailureReason"]


def metric(job, name):
    return next(item["Value"] for item in job["FinalMetricDataList"] if item["MetricName"] == name)


def log_of(engine, job):
    logs = engine.client("logs")
    group = "/aws/sagemaker/TrainingJobs"
    stream = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=job)["logStreams"][0]
    events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True)
    return [event["message"] for event in events["events"]]


def in_training(engine, name):
    return engine.client("sagemaker").describe_training_job(TrainingJobName=name)["SecondaryStatus"] == "Training"


def values_of(lines, what):
    return [float(found[1]) for line in lines if (found := re.search(rf"Epoch\S* {what}=(\S*)", line))]


def key_of(job):
    return job["ModelArtifacts"]["S3ModelArtifacts"].split("/", 3)[3]


def model_of(engine, job):
    """The files of model.tar.gz."""
    body = engine.client("s3").get_object(Bucket=BUCKET, Key=key_of(job))["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        return {member.name.removeprefix("./"): tar.extractfile(member).read() for member in tar if member.isfile()}


def weights_of(files, name="model.safetensors"):
    raw = files[name]
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:8 + length])
    return {key: np.frombuffer(raw, "<f4", offset=8 + length + entry["data_offsets"][0],
                               count=int(np.prod(entry["shape"]))).reshape(entry["shape"])
            for key, entry in header.items() if key != "__metadata__"}


@pytest.fixture(scope="module", name="trained")
def fixture_trained(engine):
    return train(engine, "scratch", epochs=8, optimizer="nag", augmentation_type="crop", lr_schedule="one_cycle",
                 top_k=2, checkpoint_frequency=4, seed=3)


def test_from_scratch(engine, trained):
    lines = log_of(engine, "scratch")
    assert metric(trained, "validation:accuracy") > 0.8
    assert len(values_of(lines, "Train-accuracy")) == len(values_of(lines, "Validation-accuracy")) == 8
    assert min(values_of(lines, "Validation-top_k_accuracy_2")) >= 0.3
    assert values_of(lines, "Train-cross-entropy")[-1] < values_of(lines, "Train-cross-entropy")[0]
    # As SageMaker's container writes them.
    assert lines[0] == "Docker entrypoint called with argument(s): train"
    stamp = r"^\[\d\d/\d\d/\d{4} \d\d:\d\d:\d\d INFO \d+\] "
    for text in (r"Final configuration: \{", r"Epoch\[0\] Train-accuracy=0\.\d+$", r"Epoch\[0\] Time cost=\d+\.\d+$",
                 r"Storing the best model with validation accuracy: [01]\.\d+$",
                 r'Saved checkpoint to "/opt/ml/model/model.safetensors"$', r"Epoch\[0\] .*data wait \d+\.\d %$"):
        assert any(re.search(stamp + text, line) for line in lines), text


def test_the_artifact_tells_all_that_serving_needs(engine, trained):
    files = model_of(engine, trained)
    assert set(files) == {"model.json", "model.safetensors", "epoch-0004/model.json", "epoch-0004/model.safetensors",
                          "epoch-0008/model.json", "epoch-0008/model.safetensors"}
    model = json.loads(files["model.json"])
    assert model["algorithm"] == "image-classification" and model["classes"] == NAMES
    assert model["num_layers"] == 20 and model["num_classes"] == 3 and not model["multi_label"]
    assert model["preprocessing"]["shape"] == [3, SIDE, SIDE] and len(model["preprocessing"]["mean"]) == 3
    accuracies = values_of(log_of(engine, "scratch"), "Validation-accuracy")
    assert model["accuracy"] == pytest.approx(max(accuracies), abs=1e-6)
    assert model["epoch"] == 1 + accuracies.index(max(accuracies))
    last = weights_of(files, "epoch-0008/model.safetensors")
    assert any(not np.array_equal(last[key], value)
               for key, value in weights_of(files, "epoch-0004/model.safetensors").items())
    if model["epoch"] == 8:
        assert all(np.array_equal(last[key], value) for key, value in weights_of(files).items())


def test_the_same_seed_gives_the_same_model(engine):
    options = {"augmentation_type": "crop_color_transform", "mini_batch_size": 24}
    first, again, other = (train(engine, f"seed-{i}", seed=seed, **options) for i, seed in enumerate((5, 5, 6)))
    assert metric(first, "train:cross_entropy") == metric(again, "train:cross_entropy")
    assert metric(first, "train:cross_entropy") != metric(other, "train:cross_entropy")


def test_weights_are_averaged_over_the_epochs(engine):
    """What is stored is the mean of the first epochs, and from then on mostly of the last ones; training itself does not see it."""
    options = {"epochs": 4, "checkpoint_frequency": 1, "mini_batch_size": 24, "seed": 4}
    plain = model_of(engine, train(engine, "not-averaged", **options))
    averaged = model_of(engine, train(engine, "averaged", ema_decay=0.6, **options))
    means = {}
    for epoch, share in enumerate((1, 1 / 2, 0.4, 0.4), 1):
        name = f"epoch-{epoch:04}/model.safetensors"
        for key, value in weights_of(plain, name).items():
            means[key] = share * value.astype(float) + (1 - share) * means.get(key, 0)
            np.testing.assert_allclose(weights_of(averaged, name)[key], means[key], rtol=1e-4, atol=1e-6)
    best = json.loads(averaged["model.json"])["epoch"]
    assert all(np.array_equal(value, weights_of(averaged, f"epoch-{best:04}/model.safetensors")[key])
               for key, value in weights_of(averaged).items())


def put_forms(s3, tmp_path):
    """The same photos by .lst, as records, and by an augmented manifest."""
    for part, rows in PARTS.items():
        folder = tmp_path / part
        lines, manifest = [], []
        for number, (label, body) in enumerate(rows):
            path = folder / NAMES[label] / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
            lines.append(f"{number}\t{label}\tsome/{number}.png\n")
            s3.put_object(Bucket=BUCKET, Key=f"lst/{part}/some/{number}.png", Body=body)
            manifest.append(json.dumps({"source-ref": f"s3://{BUCKET}/folders/{part}/{NAMES[label]}/{number}.png",
                                        "kind": label, "kind-metadata": {"creation-date": "2020-01-01"}}))
        s3.put_object(Bucket=BUCKET, Key=f"lst/{part}_lst/{part}.lst", Body="".join(lines))
        s3.put_object(Bucket=BUCKET, Key=f"manifest/{part}.manifest", Body="\n".join(manifest))
        subprocess.run([BUILD / "src/algorithms/sagebrush-vision", "im2rec", folder, tmp_path / f"{part}-rec"], check=True,
                       capture_output=True)
        for path in sorted(tmp_path.glob(f"{part}-rec*.rec")):
            s3.upload_file(str(path), BUCKET, f"rec/{part}/{path.name}")


def test_photos_in_every_form(engine, tmp_path):
    s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
    put_forms(s3, tmp_path)
    channels = {name: f"lst/{name}/" for name in ("train", "validation", "train_lst", "validation_lst")}
    jobs = [train(engine, "form-folders", lr_schedule="cosine"), train(engine, "form-lst", channels=channels, lr_schedule="cosine")]
    types = dict.fromkeys(("train", "validation"), "application/x-recordio")
    train(engine, "form-rec", channels={"train": "rec/train/", "validation": "rec/validation/"}, types=types)
    given = job_input("form-manifest", BUCKET, ("train", "validation"))
    given["AlgorithmSpecification"] = {"TrainingImage": IMAGE, "TrainingInputMode": "Pipe"}
    for channel in given["InputDataConfig"]:
        channel.update(ContentType="application/x-recordio", RecordWrapperType="RecordIO")
        channel["DataSource"]["S3DataSource"].update(
            S3DataType="AugmentedManifestFile", AttributeNames=["source-ref", "kind"],
            S3Uri=f"s3://{BUCKET}/manifest/{channel['ChannelName']}.manifest")
    given["HyperParameters"] = {key: str(value) for key, value in BASIC.items()}
    sagemaker.create_training_job(**given)
    assert wait_job(sagemaker, "form-manifest")["TrainingJobStatus"] == "Completed"
    for form in ("folders", "lst", "rec", "manifest"):
        assert any("Training on 48 images of 3 classes" in line for line in log_of(engine, f"form-{form}")), form
    assert all(metric(job, "train:accuracy") > 0 for job in jobs)


def test_a_manifest_without_its_photos_is_refused(engine):
    s3 = engine.client("s3")
    s3.put_object(Bucket=BUCKET, Key="manifest/bad.manifest", Body=b'{"source-ref": "s3://photos/none.png", "kind": 1}\n')
    given = job_input("manifest-bad", BUCKET)
    given["AlgorithmSpecification"]["TrainingImage"] = IMAGE
    given["InputDataConfig"][0]["DataSource"]["S3DataSource"].update(
        S3DataType="AugmentedManifestFile", AttributeNames=["source-ref", "kind"], S3Uri="s3://photos/manifest/bad.manifest")
    with pytest.raises(ClientError, match="none.png"):
        engine.client("sagemaker").create_training_job(**given)


def test_broken_photos_are_counted_and_named(engine):
    s3 = engine.client("s3")
    for number, (label, body) in enumerate(PARTS["train"]):
        s3.put_object(Bucket=BUCKET, Key=f"some/{NAMES[label]}/{number}.png", Body=body[:60] if number in (4, 9) else body)
        s3.put_object(Bucket=BUCKET, Key=f"none/{NAMES[label]}/{number}.png", Body=b"no photo")
    train(engine, "some-broken", channels={"train": "some/", "validation": "folders/validation/"})
    line = next(line for line in log_of(engine, "some-broken") if "cannot be read" in line)
    assert "2 images" in line and "4.png" in line and "9.png" in line
    reason = fail(engine, "all-broken", channels={"train": "none/"})
    assert "None of the 48 photos can be read" in reason and ".png" in reason
    assert "num_classes is 2" in fail(engine, "classes", num_classes=2)
    assert "“train” is missing" in fail(engine, "no-train", channels={"validation": "folders/validation/"})


def test_training_goes_on_from_a_model(engine, trained):
    channels = {"train": "folders/train/", "validation": "folders/validation/", "model": key_of(trained)}
    types = {"model": "application/x-sagemaker-model"}
    job = train(engine, "further", channels=channels, types=types, learning_rate=0.0001, momentum=0)
    assert abs(metric(job, "validation:accuracy") - metric(trained, "validation:accuracy")) <= 2 / VALIDATION
    assert any("Continuing with the model" in line for line in log_of(engine, "further"))
    for values, reason in (({"num_layers": 32}, "num_layers is 32, but the model"),
                           ({"num_classes": 4}, "num_classes is 4, but the model"),
                           ({"image_shape": "3,32,32"}, "image_shape is 3,32,32, but the model")):
        assert reason in fail(engine, f"further-{list(values)[0].replace('_', '-')}", channels=channels, types=types, **values)


def put_two_classes(s3):
    """Other classes than the model knows."""
    for part, rows in PARTS.items():
        for number, (label, body) in enumerate(rows):
            s3.put_object(Bucket=BUCKET, Key=f"two/{part}/{'cold' if label == 0 else 'warm'}/{number}.png", Body=body)


def test_transfer_to_other_classes_by_the_last_layer(engine, trained):
    put_two_classes(engine.client("s3"))
    channels = {"train": "two/train/", "validation": "two/validation/", "model": key_of(trained)}
    options = {"num_classes": 2, "use_pretrained_model": 1, "train_layers": "head"}
    job = train(engine, "head", channels=channels, epochs=30, **options)
    assert metric(job, "validation:accuracy") > 0.85
    before, after = weights_of(model_of(engine, trained)), weights_of(model_of(engine, job))
    for name, values in before.items():
        if name.startswith("fc."):
            assert after[name].shape == (2, *values.shape[1:])
        else:
            np.testing.assert_array_equal(after[name], values)
    assert json.loads(model_of(engine, job)["model.json"])["classes"] == ["cold", "warm"]
    assert any("Computed the features" in line for line in log_of(engine, "head"))
    whole = train(engine, "transfer", channels=channels, num_classes=2, use_pretrained_model=1)
    assert not np.array_equal(weights_of(model_of(engine, whole))["conv1.weight"], before["conv1.weight"])
    assert "learnt nothing yet" in fail(engine, "no-head", train_layers="head")


def test_pretrained_weights_are_found(engine, trained, tmp_path):
    torch = pytest.importorskip("torch", reason="python3-torch is not installed")
    s3 = engine.client("s3")
    weights = {name: torch.from_numpy(values.copy()) for name, values in weights_of(model_of(engine, trained)).items()}
    torch.save(weights, tmp_path / "resnet20.pth")
    s3.upload_file(str(tmp_path / "resnet20.pth"), BUCKET, "pth/resnet20.pth")
    channels = {"train": "folders/train/", "model": "pth/"}
    options = {"use_pretrained_model": 1, "train_layers": "head", "learning_rate": 0.00001}
    job = train(engine, "from-pth", channels=channels, **options)
    np.testing.assert_array_equal(weights_of(model_of(engine, job))["conv1.weight"], weights["conv1.weight"].numpy())
    del weights["layer1.0.conv1.weight"]
    torch.save(weights, tmp_path / "resnet20.pth")
    s3.upload_file(str(tmp_path / "resnet20.pth"), BUCKET, "pth/resnet20.pth")
    assert "layer1.0.conv1.weight" in fail(engine, "bad-pth", channels=channels, **options)
    reason = fail(engine, "no-pth", use_pretrained_model=1, num_layers=18, image_shape="3,32,32")
    assert "https://download.pytorch.org/models/resnet18-f37072fd.pth" in reason and "channel “model”" in reason


def test_weights_of_half_precision_are_pretrained_weights(engine, trained, tmp_path):
    (tmp_path / "model.tar.gz").write_bytes(
        engine.client("s3").get_object(Bucket=BUCKET, Key=key_of(trained))["Body"].read())
    program = BUILD / "src/algorithms/sagebrush-vision"
    path = tmp_path / "resnet-20-squares.safetensors"
    subprocess.run([program, "weights", tmp_path / "model.tar.gz", path], check=True)
    assert path.stat().st_size < 600000
    with Engine(tmp_path / "data", env={"SAGEBRUSH_WEIGHTS_DIR": str(tmp_path)}) as other:
        s3 = other.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        for part, rows in PARTS.items():
            for number, (label, body) in enumerate(rows):
                s3.put_object(Bucket=BUCKET, Key=f"folders/{part}/{NAMES[label]}/{number}.png", Body=body)
        job = train(other, "halves", use_pretrained_model=1, train_layers="head", learning_rate=0.00001)
        # The classes are the same, and so the last layer is, too.
        assert any("the last layer is kept" in line for line in log_of(other, "halves"))
        assert abs(metric(job, "validation:accuracy") - metric(trained, "validation:accuracy")) <= 2 / VALIDATION


def test_early_stopping(engine):
    job = train(engine, "early", epochs=40, learning_rate=1e-6, early_stopping="True", early_stopping_min_epochs=2,
                early_stopping_patience=2, early_stopping_tolerance=0.9)
    epochs = len(values_of(log_of(engine, "early"), "Validation-accuracy"))
    assert 2 <= epochs < 10 and job["TrainingJobStatus"] == "Completed"
    assert any("Early stopping" in line for line in log_of(engine, "early"))


def test_several_labels(engine):
    s3, rng = engine.client("s3"), np.random.default_rng(4)
    for part, n in (("train", 48), ("validation", 24)):
        lines = []
        for number in range(n):
            labels = [number & 1, number >> 1 & 1]
            pixels = rng.integers(60, 120, (16, 16, 3)).astype(np.uint8)
            pixels[:, :8, 0] = 230 if labels[0] else 20
            pixels[:, 8:, 2] = 230 if labels[1] else 20
            s3.put_object(Bucket=BUCKET, Key=f"multi/{part}/{number}.png", Body=encode(pixels))
            lines.append(f"{number}\t{labels[0]}\t{labels[1]}\t{number}.png\n")
        s3.put_object(Bucket=BUCKET, Key=f"multi/{part}_lst/a.lst", Body="".join(lines))
    channels = {name: f"multi/{name}/" for name in ("train", "validation", "train_lst", "validation_lst")}
    options = {"channels": channels, "num_classes": 2, "epochs": 8, "lr_schedule": "one_cycle"}
    job = train(engine, "multi", multi_label=1, use_weighted_loss=1, **options)
    assert metric(job, "validation:accuracy") > 0.85
    assert "set multi_label to 1" in fail(engine, "multi-off", **options)
    endpoint = deploy(engine, job)
    pixels = np.full((16, 16, 3), 90, np.uint8)
    pixels[:, :8, 0] = pixels[:, 8:, 2] = 230
    both = json.loads(invoke(engine, endpoint, encode(pixels)))
    assert len(both) == 2 and min(both) > 0.5


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "nag"])
def test_every_optimizer_learns(engine, optimizer):
    rate = {"adam": 0.003, "rmsprop": 0.001}.get(optimizer, 0.05)
    train(engine, f"by-{optimizer}", optimizer=optimizer, learning_rate=rate, epochs=3, channels={"train": "folders/train/"})
    losses = values_of(log_of(engine, f"by-{optimizer}"), "Train-cross-entropy")
    assert losses[-1] < losses[0]


def test_steps_of_the_learning_rate(engine):
    """A factor of zero: from that epoch on nothing is learnt, and only the running means move."""
    train(engine, "steps", epochs=3, lr_scheduler_step="1", lr_scheduler_factor=0, checkpoint_frequency=1, momentum=0)
    job = engine.client("sagemaker").describe_training_job(TrainingJobName="steps")
    files = model_of(engine, job)
    first, last = (weights_of(files, f"epoch-000{n}/model.safetensors") for n in (1, 3))
    for name, values in first.items():
        if "running" not in name:
            np.testing.assert_array_equal(last[name], values)
        else:
            assert not np.array_equal(last[name], values)


def test_half_precision_is_told(engine):
    train(engine, "half", precision_dtype="float16", kv_store="dist_async")
    lines = log_of(engine, "half")
    assert any("bfloat16" in line for line in lines) and any("dist_async" in line for line in lines)


WRONG = {
    "num_classes": (None, "Missing required hyperparameter: num_classes"),
    "num_training_samples": (0, "num_training_samples: value 0 not in range"),
    "num_layers": (19, "num_layers: value 19 not in range [18, 34, 50"),
    "image_shape": ("3,16", "image_shape: could not parse value"),
    "mini_batch_size": (0, "mini_batch_size: value 0 not in range"),
    "epochs": ("many", "epochs: could not parse value"),
    "learning_rate": (1.5, "learning_rate: value 1.5 not in range [0, 1]"),
    "lr_scheduler_step": ("5;10", "lr_scheduler_step: could not parse value"),
    "lr_scheduler_factor": (2, "lr_scheduler_factor: value 2 not in range"),
    "optimizer": ("adamw", "optimizer: value adamw not in range [sgd, adam, rmsprop, nag]"),
    "momentum": (-1, "momentum: value -1 not in range"),
    "augmentation_type": ("flip", "augmentation_type: value flip not in range [crop, crop_color"),
    "top_k": (1, "top_k: value 1 not in range"),
    "precision_dtype": ("float64", "precision_dtype: value float64 not in range"),
    "kv_store": ("local", "kv_store: value local not in range"),
    "wonder": (1, "Extraneous hyperparameter found: wonder"),
    "resize": (8, "resize has to be at least"),
    "checkpoint_frequency": (9, "checkpoint_frequency is 9; it has to be no more than the 1 epochs"),
    "use_weighted_loss": (1, "use_weighted_loss is for multi_label only"),
}


def test_wrong_hyperparameters_are_told(engine):
    sagemaker = engine.client("sagemaker")
    more = {"top-classes": ({"top_k": 4}, "top_k is 4; it has to be no more than the 3 classes"),
            "large": ({"num_layers": 18}, "num_layers 18 is for images of at least 32 pixels"),
            "small": ({"image_shape": "3,224,224"}, "num_layers 20 is for images of up to 64 pixels"),
            "order": ({"lr_scheduler_step": "10,5"}, "rising order"),
            "channels": ({"image_shape": "2,16,16"}, "3 channels, or 1")}
    more.update({name.replace("_", "-"): ({name: value}, reason) for name, (value, reason) in WRONG.items()})
    for name, (values, _) in more.items():
        create(engine, f"wrong-{name}", **values)
    for name, (_, reason) in more.items():
        job = wait_job(sagemaker, f"wrong-{name}")
        assert job["TrainingJobStatus"] == "Failed" and job["FailureReason"].startswith("ClientError: ")
        assert reason in job["FailureReason"], job["FailureReason"]


def test_stop_keeps_the_model_so_far(engine):
    sagemaker = engine.client("sagemaker")
    create(engine, "stopped", epochs=1000)
    wait_for(lambda: in_training(engine, "stopped") and values_of(log_of(engine, "stopped"), "Validation-accuracy"))
    sagemaker.stop_training_job(TrainingJobName="stopped")
    job = wait_job(sagemaker, "stopped")
    assert job["TrainingJobStatus"] == "Stopped"
    assert {"model.json", "model.safetensors"} <= set(model_of(engine, job))


def kill_program(engine, name):
    for process in processes_of(f"SM_PREFIX={engine.folder / 'jobs' / name}"):
        os.kill(process, signal.SIGKILL)


def epochs_of(lines):
    return [int(found[1]) for line in lines if (found := re.search(r"Epoch\[(\d+)\] Time cost", line))]


def resumed_after(lines):
    """Where the log goes on after the kill, and after how many epochs."""
    for number, line in enumerate(lines):
        if found := re.search(r"Resuming from the checkpoint after epoch (\d+)", line):
            return number, int(found[1])
    return None


def test_a_killed_training_goes_on_where_it_was(engine):
    sagemaker = engine.client("sagemaker")
    create(engine, "killed", retries=1, epochs=1000, ema_decay=0.5)
    wait_for(lambda: in_training(engine, "killed") and len(epochs_of(log_of(engine, "killed"))) > 1)
    kill_program(engine, "killed")

    def goes_on():
        lines = log_of(engine, "killed")
        place = resumed_after(lines)
        return place and len(epochs_of(lines[place[0]:])) > 1

    wait_for(goes_on)
    sagemaker.stop_training_job(TrainingJobName="killed")
    job = wait_job(sagemaker, "killed")
    assert job["TrainingJobStatus"] == "Stopped"
    lines = log_of(engine, "killed")
    place, after = resumed_after(lines)
    assert after >= 1 and epochs_of(lines[place:]) == list(range(after, after + len(epochs_of(lines[place:]))))
    # The best model is that of all epochs, not of those after the kill.
    best = json.loads(model_of(engine, job)["model.json"])
    assert best["accuracy"] == pytest.approx(max(values_of(lines, "Validation-accuracy")), abs=1e-6)


def test_two_hosts_are_one_with_twice_the_batch(engine, trained):
    """Exactly so where no normalization sees a batch: when the last layer learns."""
    channels = {"train": "folders/train/", "validation": "folders/validation/", "model": key_of(trained)}
    options = {"channels": channels, "train_layers": "head", "epochs": 4}
    two = train(engine, "two-head", workers=2, mini_batch_size=8, **options)
    one = train(engine, "one-head", mini_batch_size=16, **options)
    for name in ("train:cross_entropy", "validation:cross_entropy"):
        assert metric(two, name) == pytest.approx(metric(one, name), rel=1e-4)
    job = train(engine, "two-all", workers=2, mini_batch_size=8, epochs=8, lr_schedule="one_cycle", augmentation_type="crop")
    assert any("2 worker(s)" in line for line in log_of(engine, "two-all"))
    assert metric(job, "validation:accuracy") > 0.7
    assert all(np.isfinite(values).all() for values in weights_of(model_of(engine, job)).values())


def test_each_of_two_hosts_has_its_share(engine):
    train(engine, "shares", workers=2, mini_batch_size=8, sharded=("train",))
    lines = log_of(engine, "shares")
    assert any("2 worker(s)" in line for line in lines) and len(values_of(lines, "Train-accuracy")) == 1


def deploy(engine, job):
    sagemaker, name = engine.client("sagemaker"), job["TrainingJobName"]
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": IMAGE, "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"]})
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[
        {"VariantName": "A", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m4.xlarge"}])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    assert wait_endpoint(sagemaker, name)["EndpointStatus"] == "InService"
    return name


@pytest.fixture(scope="module", name="endpoint")
def fixture_endpoint(engine, trained):
    return deploy(engine, trained)


def invoke(engine, endpoint, body, content_type="application/x-image", accept=None):
    more = {"Accept": accept} if accept else {}
    answer = engine.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, ContentType=content_type, Body=body, **more)
    return answer["Body"].read()


def test_answers_in_every_form(engine, endpoint, tmp_path):
    rows = photos(9, 7)
    answers = [json.loads(invoke(engine, endpoint, body)) for _, body in rows]
    assert all(len(answer) == 3 and abs(sum(answer) - 1) < 1e-4 for answer in answers)
    assert np.mean([int(np.argmax(answer)) == label for answer, (label, _) in zip(answers, rows)]) > 0.7
    body = rows[0][1]
    assert json.loads(invoke(engine, endpoint, body, "image/png")) == answers[0]
    line = invoke(engine, endpoint, body, accept="application/jsonlines")
    assert json.loads(line) == {"prediction": answers[0]}
    texts = [base64.b64encode(image).decode() for _, image in rows]
    many = json.loads(invoke(engine, endpoint, json.dumps({"instances": [texts[0], {"data": texts[1]}, *texts[2:]]}),
                             "application/json"))["predictions"]
    lines = invoke(engine, endpoint, "\n".join(json.dumps({"data": text}) for text in texts), "application/jsonlines")
    records = b""
    for number, (label, image) in enumerate(rows):
        payload = struct.pack("<IfQQ", 0, label, number, 0) + image
        records += struct.pack("<II", 0xCED7230A, len(payload)) + payload + bytes(-len(payload) % 4)
    recorded = invoke(engine, endpoint, records, "application/x-recordio")
    for some in (many, *([json.loads(line)["prediction"] for line in text.splitlines()] for text in (lines, recorded))):
        np.testing.assert_allclose(some, answers, atol=1e-5)
    jpeg = json.loads(invoke(engine, endpoint, encode(photo(1, np.random.default_rng(8)), "JPEG"), "image/jpeg"))
    assert int(np.argmax(jpeg)) == 1


def bomb():
    """A PNG that says it is huge."""
    png = bytearray(encode(np.zeros((4, 4, 3), np.uint8)))
    png[16:24] = struct.pack(">II", 60000, 60000)
    import zlib
    png[29:33] = struct.pack(">I", zlib.crc32(png[12:29]))
    return bytes(png)


GARBAGE = [
    ("application/x-image", b"", 400), ("application/x-image", b"no image", 400), ("image/png", b"\x89PNG\r\n\x1a\n" + bytes(50), 400),
    ("image/jpeg", b"\xff\xd8\xff\xe0" + bytes(200), 400), ("image/png", bomb(), 400),
    ("application/json", b"{", 400), ("application/json", b'{"instances": []}', 400), ("application/json", b'{"instances": [1]}', 400),
    ("application/json", b'{"instances": ["????"]}', 400), ("application/jsonlines", b"\n\n", 400),
    ("application/x-recordio", b"\x0a\x23\xd7\xce\xff", 400), ("application/x-recordio", b"", 400), ("text/csv", b"1,2", 415),
]


@pytest.mark.parametrize("content_type, body, status", GARBAGE, ids=range(len(GARBAGE)))
def test_bad_input_is_told_what_was_expected(engine, endpoint, content_type, body, status):
    with pytest.raises(ClientError) as caught:
        invoke(engine, endpoint, body, content_type)
    response = caught.value.response
    assert response["Error"]["Code"] == "ModelError" and response["OriginalStatusCode"] == status
    assert re.search("xpected|cannot be read|no records|neither", response["OriginalMessage"])


def test_an_answer_that_is_not_accepted(engine, endpoint):
    with pytest.raises(ClientError) as caught:
        invoke(engine, endpoint, PARTS["train"][0][1], accept="text/csv")
    assert caught.value.response["OriginalStatusCode"] == 406


def test_requests_at_once_get_their_own_answers(engine, endpoint):
    rows = photos(12, 11)
    alone = [json.loads(invoke(engine, endpoint, body)) for _, body in rows]
    large = encode(np.random.default_rng(1).integers(0, 255, (1500, 1500, 3)).astype(np.uint8), "JPEG")
    stop = threading.Event()

    def disturb():
        while not stop.is_set():
            invoke(engine, endpoint, large)
            for content_type, body, _ in GARBAGE[:6]:
                with pytest.raises(ClientError):
                    invoke(engine, endpoint, body, content_type)

    def ask(number):
        answer = json.loads(invoke(engine, endpoint, rows[number % 12][1]))
        np.testing.assert_allclose(answer, alone[number % 12], atol=1e-5)
        return True

    with concurrent.futures.ThreadPoolExecutor(9) as pool:
        other = pool.submit(disturb)
        try:
            assert all(pool.map(ask, range(60)))
        finally:
            stop.set()
        other.result()
