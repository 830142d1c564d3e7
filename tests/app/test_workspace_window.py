# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the workspace, in one window on one engine."""
import json
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import ROLE, wait_for, wait_job  # noqa: E402
from kept import keep_run, make_client, make_older  # noqa: E402
from window import Window, end_engine  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run that was kept. Its engine has ended, and with it what is known of the endpoint's questions."""
    path = tmp_path_factory.mktemp("kept")
    keep_run(path)
    end_engine(path)
    make_older(path, 3.1)
    return path


@pytest.fixture(scope="module")
def window(folder):
    with Window(folder, settings={"idle-minutes": "uint32 30", "page": "'endpoints'"}) as shown:
        yield shown


def n_features(folder):
    """What the model was trained on."""
    (run,) = (folder / "home/sagebrush/runs").glob("video-game-sales-*/run.json")
    return json.loads(run.read_text())["steps"]["prepare"]["result"]["features"]


def test_endpoints(window, folder):
    assert "videogames-xgboost" in window.wait_notice("An Idle Endpoint Was Paused")
    window.wait("label", "Paused")
    window.click("push button", "Resume: videogames-xgboost")
    window.wait("push button", "Pause: videogames-xgboost")
    window.wait("label", "InService")
    window.click("list item", "videogames-xgboost")
    window.wait("label", "0 invocations in the last hour")
    window.click("text", "Question")
    window.ask("type", "nonsense")
    window.click("push button", "Send: videogames-xgboost")
    window.wait("label", "Received client error (400)")
    window.click("text", "Question")
    window.ask("key", "ctrl+a")
    window.ask("type", ",".join("0" * n_features(folder)))
    window.click("push button", "Send: videogames-xgboost")
    window.wait("label", "bytes in")
    window.wait("label", "2 invocations in the last hour, 1 failed")
    rows = folder / "rows.csv"
    rows.write_text(2 * (",".join("0" * n_features(folder)) + "\n"))
    window.click("push button", "Send a File: videogames-xgboost")
    window.choose("Send a File", rows)
    window.wait("label", "3 invocations in the last hour, 1 failed")
    window.shot("endpoints")


def train_another(folder, name, ends=True, **values):
    """As the first job, with other values; some are waited for until they end."""
    sagemaker = make_client(folder / "home", "sagemaker")
    first = sagemaker.list_training_jobs()["TrainingJobSummaries"][-1]["TrainingJobName"]
    job = sagemaker.describe_training_job(TrainingJobName=first)
    image = {name: job["AlgorithmSpecification"][name] for name in ("TrainingImage", "TrainingInputMode")}
    same = {name: job[name] for name in ("RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig", "StoppingCondition")}
    sagemaker.create_training_job(TrainingJobName=name, AlgorithmSpecification=image,
                                  HyperParameters={**job["HyperParameters"], **values}, **same)
    if ends:
        wait_job(sagemaker, name)


def test_jobs(window, folder):
    train_another(folder, "another", num_round="4", eta="0.5")
    window.click("label", "Training Jobs")
    window.click("entry", "Search Jobs")
    window.ask("type", "nonesuch")
    window.wait("label", "No Such Job")
    window.ask("key", "ctrl+a", "BackSpace")
    window.click("check box", "Compare: another")
    window.click("check box", "Compare: videogames")
    window.wait("image", "AUC of 2 jobs")
    assert re.fullmatch(r"AUC at the end: another 0\.\d+, videogames-xgboost-\S+ 0\.\d+",
                        window.describe("image", "AUC of 2 jobs")[1])
    assert window.find("label", "num_round") and window.find("label", "eta")
    window.shot("jobs")
    window.click("list item", "another")
    window.wait("label", "1 × ml.")
    window.click("list item", "another")


def choose_item(window, menu, place):
    """From the keyboard: what a menu lists has no names before GTK 4.10."""
    window.click("combo box", menu)
    window.ask("key", "Home", *["Down"] * place, "Return")


def test_jobs_are_sorted_and_stopped(window, folder):
    train_another(folder, "zebra", ends=False, num_round="1000000")
    window.click("push button", "Ask Again")
    window.wait("push button", "Stop: zebra")

    def order():
        return sorted(("zebra", "another", "videogames"), key=lambda name: window.find("check box", f"Compare: {name}")[1])

    assert order() == ["zebra", "another", "videogames"]
    choose_item(window, "Sorted By", 1)  # by name
    wait_for(lambda: order() == ["another", "videogames", "zebra"])
    choose_item(window, "Sorted By", 0)  # the newest first
    wait_for(lambda: order() == ["zebra", "another", "videogames"])
    window.click("push button", "Stop: zebra")
    sagemaker = make_client(folder / "home", "sagemaker")
    assert wait_job(sagemaker, "zebra")["TrainingJobStatus"] == "Stopped"
    wait_for(lambda: not window.find("push button", "Stop: zebra"))
    window.shot("jobs-sorted")


def test_storage(window, folder):
    s3 = make_client(folder / "home", "s3")
    bucket = s3.list_buckets()["Buckets"][0]["Name"]
    note, copy = folder / "note.txt", folder / "copy.txt"
    note.write_text("Dear reader")
    window.click("label", "Storage")
    window.wait("push button", "Download: videogames-xgboost")
    window.click("push button", "Upload…")
    window.choose("Upload Files", note)
    window.wait("push button", "Download: note.txt")
    assert s3.get_object(Bucket=bucket, Key="note.txt")["Body"].read() == b"Dear reader"
    window.shot("storage")
    window.click("list item", "note.txt")
    window.wait("text", "Content of the File")
    window.shot("preview")
    window.ask("key", "Escape")
    window.click("push button", "Download: note.txt")
    window.choose("Save the File", copy)
    wait_for(copy.exists)
    assert copy.read_text() == "Dear reader"
    window.click("push button", "Delete: note.txt")
    window.click("push button", "Delete for Good")
    wait_for(lambda: not window.find("push button", "Delete: note.txt"))
    assert "note.txt" not in [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    window.click("list item", "=videogames-xgboost")
    # Not where the click before was: both would be a double click, which a list takes for one.
    window.click("list item", "video-game-sales", across=0.7)
    window.wait("list item", "train")
    window.click("push button", "All Files")
    window.wait("push button", "Download: videogames-xgboost")


def test_journal(window):
    window.click("label", "Journal")
    window.wait("list item", "InvokeEndpoint")
    window.click("entry", "Search Calls")
    window.ask("type", "nonesuch")
    window.wait("label", "No Such Call")
    window.ask("key", "ctrl+a")
    window.ask("type", "CreateTraining")
    window.wait("list item", "CreateTrainingJob")
    window.shot("journal")
    window.click("list item", "CreateTrainingJob")
    window.wait("text", "boto3")
    window.shot("journal-code")
    window.ask("key", "Escape")
    window.click("entry", "Search Calls")
    window.ask("key", "ctrl+a", "BackSpace")
    window.wait("list item", "InvokeEndpoint")
    choose_item(window, "Which Calls", 2)  # only failures
    wait_for(lambda: not window.find("list item", "CreateTrainingJob"))
    assert window.find("list item", "HeadBucket")
    choose_item(window, "Which Calls", 1)  # only changes
    window.wait("list item", "CreateTrainingJob")
    assert not window.find("list item", "InvokeEndpoint")


def test_notebooks(window, folder):
    window.click("label", "Notebooks")
    window.wait("label", "No Notebook Instances")
    make_client(folder / "home", "sagemaker").create_notebook_instance(NotebookInstanceName="book", InstanceType="ml.t3.medium", RoleArn=ROLE)
    window.click("push button", "Ask Again")
    window.wait("label", "In service · ml.t3.medium")
    assert window.find("push button", "Open Jupyter: book")
    window.shot("notebooks")
    window.click("push button", "Stop: book")
    window.click("push button", "Start: book")
    window.wait("label", "In service · ml.t3.medium")
    window.click("push button", "Stop: book")
    window.wait("push button", "Start: book")
    window.click("push button", "Delete: book")
    window.click("push button", "Delete for Good")
    window.wait("label", "No Notebook Instances")


def keys_below(s3, bucket, prefix):
    return [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]


def test_folders_of_the_storage(window, folder):
    """The last one: the window that files are dragged from keeps the keyboard."""
    s3 = make_client(folder / "home", "s3")
    bucket = s3.list_buckets()["Buckets"][0]["Name"]
    album, target = folder / "album", folder / "target"
    (album / "inner").mkdir(parents=True)
    target.mkdir()
    for name in ("a.txt", "inner/b.txt"):
        (album / name).write_text(name)
    # Its page, which is hidden now, has that title, too.
    window.click("list item", "=Storage")
    window.wait("push button", "Download: videogames-xgboost")
    window.drop([album], "list", "Files")
    window.wait("push button", "Download: album")
    assert keys_below(s3, bucket, "album/") == ["album/a.txt", "album/inner/b.txt"]
    window.click("push button", "Download: album")
    window.choose("Folder for the Download", target)
    for name in ("a.txt", "inner/b.txt"):
        wait_for((target / "album" / name).exists)
        assert (target / "album" / name).read_text() == name
    window.click("push button", "Delete: album")
    window.click("push button", "Delete for Good")
    wait_for(lambda: not window.find("push button", "Delete: album"))
    assert not keys_below(s3, bucket, "album/")
    with open(folder / "large.bin", "wb") as large:
        large.truncate(4 << 30)
    window.drop([folder / "large.bin"], "list", "Files")
    wait_for(lambda: s3.list_multipart_uploads(Bucket=bucket).get("Uploads"))
    window.click("push button", "Cancel")
    wait_for(lambda: not s3.list_multipart_uploads(Bucket=bucket).get("Uploads"))
    assert not keys_below(s3, bucket, "large")
    window.click("push button", "Upload…")
    window.choose("Upload Files", album / "a.txt")
    window.wait("push button", "Download: a.txt")
