# SPDX-License-Identifier: GPL-3.0-or-later
"""`sagebrush run image-classification`, as a person calls it, on photos made here and on real ones."""
import csv
import hashlib
import io
import json
import os
import random
import re
import signal
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from kept import make_client  # noqa: E402
from test_run import DATA, SOURCE, run, serve_files  # noqa: E402

PHOTOS = DATA / "photos/ants-bees" if DATA else None
real = pytest.mark.skipif(PHOTOS is None, reason="no real data: set SAGEBRUSH_TEST_DATA")
COLOURS = {"blau": (30, 40, 220), "grün": (30, 200, 40), "rot": (220, 30, 40)}
QUICK = ["--set", "train.epochs=4", "--set", "train.mini_batch_size=16", "--set", "train.learning_rate=0.05"]
# Open MPI keeps some memory until the end.
CALM = {"ASAN_OPTIONS": "detect_leaks=0"}


def png(colour, rng, side=24):
    rows = b"".join(b"\x00" + bytes(max(0, min(255, part + rng.randint(-30, 30))) for _ in range(side) for part in colour)
                    for _ in range(side))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def make_photos(folder, n=40, seed=7):
    """Noise of three colours: what a small network learns in no time."""
    rng = random.Random(seed)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for i in range(n):
            (folder / name / f"{i:03}.png").write_bytes(png(colour, rng))
    return folder


def journal(home):
    return [json.loads(line) for line in (home / "sagebrush/journal.jsonl").read_text().splitlines()]


def find_job(home):
    (job,) = [call["input"] for call in journal(home) if call.get("operation") == "CreateTrainingJob"]
    return job


def run_folder(home):
    (folder,) = (home / "sagebrush/runs").glob("image-classification-*")
    return folder


def stop_engine(home):
    os.kill(json.loads((home / "sagebrush/engine/engine.json").read_text())["pid"], signal.SIGTERM)


def summaries(done):
    return {name: step.get("summary", "") for name, step in json.loads(done.stdout)["steps"].items()}


def read_lists(folder):
    parts = {}
    for part in ("train", "validation", "test"):
        rows = [line.split("\t") for line in (folder / f"{part}.lst").read_text().splitlines()]
        assert [row[0] for row in rows] == [str(i) for i in range(len(rows))]
        parts[part] = {row[2]: int(float(row[1])) for row in rows}
    return parts


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A run whose endpoint is still in service."""
    home = tmp_path_factory.mktemp("kept")
    photos = make_photos(home / "photos")
    (photos / "rot/broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    (photos / "rot/notes.txt").write_text("no photo")
    (photos / "alone.png").write_bytes((photos / "rot/000.png").read_bytes())
    done = run(home, "run", "image-classification", "--data", photos, "--keep", "--json", "--output", home / "out", *QUICK,
               env=CALM)
    yield home, photos, done
    stop_engine(home)


def test_a_folder_of_folders(kept):
    home, photos, done = kept
    result, said = json.loads(done.stdout), summaries(done)
    assert said["data"] == "photos: 121 photos of 3 classes"
    assert said["explore"] == "1 of 121 files is no photo and will be skipped"
    assert said["split"] == "85 photos to train on, 18 to validate, 18 to test with"
    assert re.fullmatch(r"s3://\S+: 106 files", said["upload"])  # with two lists and the names of the classes
    assert result["classes"] == ["blau", "grün", "rot"] and result["accuracy"] == result["right"] / result["total"] > 0.8
    assert result["total"] in (17, 18) and sum(map(sum, result["matrix"])) == result["total"] and result["top5"] is None
    steps = json.loads((run_folder(home) / "run.json").read_text())["steps"]
    assert any("alone.png" in fact["value"] for fact in steps["data"]["result"]["facts"])
    assert steps["explore"]["result"]["broken"]["count"] == 1
    assert steps["explore"]["result"]["broken"]["names"][0].startswith("rot/broken.jpg: ")
    shown = steps["explore"]["result"]["photos"]
    assert len(shown["paths"]) == 18 and all(Path(path).parent.name == name for path, name in zip(shown["paths"], shown["captions"]))


def test_every_photo_is_in_one_part(kept):
    home, photos, _ = kept
    parts = read_lists(run_folder(home))
    everything = {str(path.relative_to(photos)) for path in photos.glob("*/*") if path.suffix != ".txt"}
    assert set().union(*parts.values()) == everything and sum(map(len, parts.values())) == len(everything)
    for part, share in (("train", 28), ("validation", 6), ("test", 6)):
        labels = list(parts[part].values())
        assert [labels.count(i) for i in range(2)] == [share, share] and labels.count(2) in (share, share + 1)
        assert all(sorted(COLOURS)[label] == path.split("/")[0] for path, label in parts[part].items())
        assert labels != sorted(labels)


def test_the_job_says_what_sagemaker_wants(kept):
    home, _, _ = kept
    job = find_job(home)
    channels = {channel["ChannelName"]: channel for channel in job["InputDataConfig"]}
    assert list(channels) == ["train", "train_lst", "validation", "validation_lst"]
    assert all(channel["ContentType"] == "application/x-image" for channel in channels.values())
    uris = {name: channel["DataSource"]["S3DataSource"]["S3Uri"] for name, channel in channels.items()}
    assert all(uri.endswith(f"/{name}/") for name, uri in uris.items())
    values = job["HyperParameters"]
    assert values["num_classes"] == "3" and values["num_training_samples"] == "85" and values["epochs"] == "4"
    assert values["use_pretrained_model"] == "0" and values["num_layers"] == "20" and values["image_shape"] == "3,32,32"
    assert not {"weights", "weights_path", "InstanceCount"} & set(values)
    assert job["ResourceConfig"] == {"InstanceCount": 1, "InstanceType": "ml.p3.2xlarge", "VolumeSizeInGB": 50}
    sent = [call["input"]["Key"] for call in journal(home) if call.get("operation") == "PutObject"]
    assert len(sent) == len(set(sent)) == 106 and sum(key.endswith("/train/labels.txt") for key in sent) == 1


def test_the_report_has_all(kept):
    home, _, done = kept
    assert {path.name for path in (home / "out").iterdir()} == {
        "report.html", "balance.png", "sizes.png", "metric.png", "loss.png", "confusion.png", "predictions.csv",
        "image-classification.ipynb"}
    rows = list(csv.DictReader(io.StringIO((home / "out/predictions.csv").read_text())))
    result = json.loads(done.stdout)
    answered = [row for row in rows if row["said"]]
    assert len(rows) == 18 and len(answered) == result["total"]
    assert sum(int(row["right"]) for row in rows) == result["right"] == sum(row["truth"] == row["said"] for row in answered)
    assert all(row["photo"].startswith(row["truth"] + "/") for row in rows)
    assert all(1 / 3 <= float(row["probability"]) <= 1 for row in answered)
    book = json.loads((home / "out/image-classification.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    compile("\n".join(cells), "notebook", "exec")
    assert "train.lst" in "\n".join(cells) and "create_training_job" in "\n".join(cells)


def test_the_endpoint_names_what_it_sees(kept):
    home, photos, _ = kept
    steps = json.loads((run_folder(home) / "run.json").read_text())["steps"]
    endpoint = steps["deploy"]["result"]["endpoint"]
    files = [photos / name / f"{i:03}.png" for name in COLOURS for i in range(5)]
    lines = run(home, "predict", endpoint, *files).stdout.splitlines()
    said = [re.fullmatch(r"(.*): (\S+) \((\d+\.\d) %\)(, \S+ \(\d+\.\d %\))*", line) for line in lines]
    assert [match[1] for match in said] == list(map(str, files))
    assert sum(match[2] == file.parent.name for match, file in zip(said, files)) >= 12
    values = json.loads(run(home, "predict", "--json", endpoint, files[0]).stdout)
    assert len(values) == 3 and abs(sum(values) - 1) < 1e-4
    assert run(home, "predict", endpoint, photos / "rot/broken.jpg", code=1).stderr.count("sagebrush: ") == 1


def test_records_and_weights_of_ones_own(kept, tmp_path):
    """Packed, and begun with a model that was trained before: only its last layer learns."""
    home, photos, _ = kept
    weights, s3 = tmp_path / "before.tar.gz", make_client(home, "s3")
    (bucket,) = [entry["Name"] for entry in s3.list_buckets()["Buckets"]]
    (key,) = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"] if entry["Key"].endswith("model.tar.gz")]
    s3.download_file(bucket, key, str(weights))
    done = run(tmp_path / "home", "run", "image-classification", "--data", photos, "--json", "--set", "split.format=recordio",
               "--set", "train.weights=file", "--set", f"train.weights_path={weights}", "--set", "train.num_layers=20",
               "--set", "train.image_shape=3,32,32", "--set", "train.resize=36", "--set", "train.epochs=2", env=CALM)
    assert json.loads(done.stdout)["accuracy"] > 0.8 and "Nothing left" in done.stderr
    job = find_job(tmp_path / "home")
    channels = {channel["ChannelName"]: channel["ContentType"] for channel in job["InputDataConfig"]}
    assert channels == {"train": "application/x-recordio", "validation": "application/x-recordio",
                        "model": "application/x-sagemaker-model"}
    assert job["HyperParameters"]["use_pretrained_model"] == "1" and job["HyperParameters"]["train_layers"] == "head"
    folder = run_folder(tmp_path / "home")
    assert (folder / "train.rec").stat().st_size > (folder / "test.rec").stat().st_size > 0
    # A .rec file with those beside it that belong to it; nothing has to be packed again.
    again = tmp_path / "again"
    done = run(again, "run", "image-classification", "--data", folder / "train.rec", "--json", "--set", "train.epochs=1", env=CALM)
    assert summaries(done)["split"] == "85 photos to train on, 18 to validate, 18 to test with"
    assert json.loads(done.stdout)["classes"] == ["blau", "grün", "rot"]
    assert not list(run_folder(again).glob("*.rec"))


def test_weights_that_come_along(tmp_path):
    """What ten kinds of small photos have taught tells six drawn shapes apart, though only the last layer learns."""
    done = run(tmp_path, "run", "image-classification", "--json", "--set", "train.weights=bundled", "--set",
               "train.train_layers=head", "--set", "train.epochs=8", "--set", "train.learning_rate=0.05", env=CALM)
    result = json.loads(done.stdout)
    assert result["total"] == 216 and result["right"] > result["total"] / 3
    job = find_job(tmp_path)
    assert job["HyperParameters"]["use_pretrained_model"] == "1"
    assert "model" not in {channel["ChannelName"] for channel in job["InputDataConfig"]}


def zip_photos(folder):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.png")):
            archive.write(path, f"colours/{path.relative_to(folder)}")
    return out.getvalue()


def own_module(home, photos, weights=b""):
    """The module with other files to download."""
    module = json.loads((SOURCE / "data/modules/image-classification.json").read_text())
    archive = zip_photos(photos)
    module.update({"id": "my-copy", "short-name": "copy"})
    module["download"].update(sha256=hashlib.sha256(archive).hexdigest(), size=len(archive), name="Colours")
    module["weights"]["files"]["20"] = {"name": "resnet20-mine.tar.gz", "sha256": hashlib.sha256(weights).hexdigest()}
    (home / "sagebrush/modules").mkdir(parents=True)
    (home / "sagebrush/modules/copy.json").write_text(json.dumps(module))
    return archive


def test_downloads_are_kept(tmp_path):
    archive = own_module(tmp_path / "home", make_photos(tmp_path / "photos", 8))
    cache = tmp_path / "cache"
    with serve_files({"/photos.zip": archive}) as server:
        env = {**CALM, "SAGEBRUSH_PHOTOS_URL": server.url + "photos.zip", "XDG_CACHE_HOME": str(cache),
               "SAGEBRUSH_WEIGHTS_URL": server.url}
        arguments = ["run", "copy", "--set", "data.source=download", "--set", "train.weights=imagenet", "--set",
                     "train.num_layers=20"]
        # The photos come; the weights do not, which is said before there is a job.
        done = run(tmp_path / "home", *arguments, env=env, code=1)
        assert "resnet20-mine.tar.gz answered with status 404" in done.stderr
        assert server.asked == ["/photos.zip", "/resnet20-mine.tar.gz"]
        assert "Colours: 24 photos of 3 classes" in done.stderr
        run(tmp_path / "home", *arguments, env=env, code=1)
        assert server.asked[2:] == ["/resnet20-mine.tar.gz"]
    assert not [call for call in journal(tmp_path / "home") if call.get("operation") == "CreateTrainingJob"]
    (folder,) = (cache / "sagebrush/data").iterdir()
    assert len(list(folder.rglob("*.png"))) == 24
    with serve_files({"/photos.zip": archive[:-1] + b"x"}) as server:
        env.update(SAGEBRUSH_PHOTOS_URL=server.url + "photos.zip", XDG_CACHE_HOME=str(tmp_path / "other"))
        done = run(tmp_path / "home", *arguments, env=env, code=1)
    assert "is not the file that is expected" in done.stderr
    assert not list((tmp_path / "other/sagebrush/data").iterdir())


@pytest.mark.parametrize("arguments, message", [
    (["--data", "{}/nowhere"], "There is no"),
    (["--data", "{}/empty"], "Put the photos of each class into a folder"),
    (["--data", "{}/one"], "All photos in"),
    (["--data", "{}/broken"], "None of the files is a photo that can be read; the first is a/1.jpg"),
    (["--data", "{}/two"], "too few photos to set some aside"),
    (["--set", "split.validation=0.7"], "validation"),
    (["--set", "train.num_classes=7"], "no parameter “num_classes”"),
    (["--data", "{}/photos", "--set", "train.weights=file"], "Choose a file of weights"),
    (["--data", "{}/photos", "--set", "train.weights=file", "--set", "train.weights_path={}/text"], "neither a safetensors"),
    (["--data", "{}/photos", "--set", "train.weights=imagenet", "--set", "train.num_layers=44"], "no weights learned from"),
], ids=range(10))
def test_failures_are_one_clear_line(tmp_path, arguments, message):
    make_photos(tmp_path / "photos", 4)
    (tmp_path / "text").write_text("These are no weights, and never were.")
    (tmp_path / "empty").mkdir()
    for name, content in (("one/a/1.png", None), ("broken/a/1.jpg", b"x"), ("broken/b/1.jpg", b"y"), ("two/a/1.png", None),
                          ("two/b/1.png", None)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png((1, 2, 3), random.Random(1)) if content is None else content)
    done = run(tmp_path / "home", "run", "image-classification", *[text.format(tmp_path) for text in arguments], code=1)
    last = [line for line in done.stderr.splitlines() if line.startswith("sagebrush: ")]
    assert len(last) == 1 and message in last[0]


@real
def test_real_photos(tmp_path):
    """Its own parts are kept: what validates also tests, and the run says so."""
    done = run(tmp_path, "run", "image-classification", "--data", PHOTOS, "--json", "--set", "train.epochs=1", env=CALM)
    said, result = summaries(done), json.loads(done.stdout)
    assert said["split"] == "244 photos to train on, 77 to validate and to test with"
    assert result["total"] == 77 and result["classes"] == ["ants", "bees"]
    steps = json.loads((run_folder(tmp_path) / "run.json").read_text())["steps"]
    wrong = steps["evaluate"]["result"]["mistakes"]
    assert len(wrong["paths"]) == len(wrong["said"]) == result["total"] - result["right"]
    assert all(Path(path).parent.name == truth != said for path, truth, said in zip(wrong["paths"], wrong["truth"], wrong["said"]))
    assert wrong["probability"] == sorted(wrong["probability"], reverse=True)
