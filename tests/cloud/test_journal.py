# SPDX-License-Identifier: GPL-3.0-or-later
"""The client does a module on the real engine; then botocore's models judge every request that its
journal holds, and the programs that the journal is turned into do it all again on a new engine."""
import filecmp
import json
import os
import shutil
import subprocess

import pytest

pytest.importorskip("boto3", reason="boto3 is not installed")

import boto3  # noqa: E402
from botocheck import check_entry, check_file  # noqa: E402
from engine import BUILD, Engine  # noqa: E402

TOOL = BUILD / "tests/cloud/cloud-tool"
BUCKET = "sagebrush-workshop"


@pytest.fixture(scope="module", name="done")
def fixture_done(tmp_path_factory):
    """The journal of a module, and the folder of its files."""
    folder = tmp_path_factory.mktemp("workshop")
    journal = folder / "journal"
    env = {
        **os.environ,
        "XDG_CACHE_HOME": str(folder / "cache"),
        "SAGEBRUSH_ENGINE": str(BUILD / "src/engine/sagebrush-engine"),
    }
    files = folder / "files"
    files.mkdir()
    subprocess.run(
        [TOOL, "workshop", folder / "data", journal, files], env=env, check=True, timeout=300
    )
    return journal, files


def code(journal, kind, url):
    made = subprocess.run(
        [TOOL, "code", journal, kind, "us-east-1", url], stdout=subprocess.PIPE, check=True
    )
    return made.stdout.decode()


def run_code(engine, command):
    env = {
        **os.environ,
        "AWS_SHARED_CREDENTIALS_FILE": engine.info["credentials"],
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=800
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def check_engine(engine, files):
    """The engine has what the program was to leave behind."""
    session = boto3.Session(
        aws_access_key_id=engine.key, aws_secret_access_key=engine.secret, region_name="us-east-1"
    )
    s3 = session.client("s3", endpoint_url=engine.url)
    sagemaker = session.client("sagemaker", endpoint_url=engine.url)
    keys = {item["Key"]: item["Size"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert keys["x/large"] == (files / "large.bin").stat().st_size
    assert keys["x/train/train.csv"] == (files / "train.csv").stat().st_size
    assert "x/validation/validation.csv" in keys
    assert not [key for key in keys if key.startswith("x/photos")]
    assert keys["x/listed/a b.txt"] == keys["x/listed/deep/c.txt"] == (files / "photos/a b.txt").stat().st_size
    job = sagemaker.describe_training_job(TrainingJobName="job-1")
    assert job["TrainingJobStatus"] == "Completed"
    assert job["HyperParameters"]["num_round"] == "5"
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_models()["Models"] == []


def test_every_request_fits_the_models(done):
    problems, count = check_file(done[0])
    assert problems == []
    assert count > 30


def test_download_is_the_upload(done):
    assert filecmp.cmp(done[1] / "large.bin", done[1] / "large.again", shallow=False)


def test_no_secret_in_the_journal(done):
    text = done[0].read_text()
    secrets = [
        line.split("=", 1)[1].strip()
        for path in done[0].parent.joinpath("data").rglob("*")
        if path.is_file() and path.name.startswith("credentials")
        for line in path.read_text().splitlines()
        if line.startswith("aws_secret_access_key")
    ]
    assert secrets, "the engine's credentials file was not found"
    assert not [secret for secret in secrets if secret in text]


@pytest.mark.parametrize(
    "service, operation, given, problem",
    [
        ("sagemaker", "CreateModel", {"ModelName": "m", "Other": 1}, "Other"),
        ("sagemaker", "DescribeModel", {"ModelName": "no_underscores"}, "does not match"),
        ("sagemaker", "DescribeModel", {}, "Missing"),
        ("sagemaker", "DescribeModel", {"ModelName": 5}, "Invalid type"),
        ("sagemaker", "ListModels", {"SortBy": "Size"}, "is none of"),
        ("sagemaker", "ListModels", {"MaxResults": 101}, "above"),
        ("sagemaker", "ListWonders", {}, "ListWonders"),
        ("s3", "HeadObject", {"Bucket": "b", "Key": ""}, "length"),
        ("wonders", "List", {}, "wonders"),
    ],
)
def test_the_judge_sees_what_does_not_fit(service, operation, given, problem):
    found = check_entry({"service": service, "operation": operation, "input": given})
    assert found and problem in " ".join(found)


def test_boto3_program_does_it_again(done, tmp_path):
    journal, files = done
    with Engine(tmp_path / "engine") as engine:
        program = tmp_path / "program.py"
        program.write_text(code(journal, "boto3", engine.url))
        (files / "large.again").unlink(missing_ok=True)
        run_code(engine, ["/usr/bin/python3", program])
        check_engine(engine, files)
    assert filecmp.cmp(files / "large.bin", files / "large.again", shallow=False)


def test_notebook_has_the_same_cells(done, tmp_path):
    """Its cells, run one after the other in one interpreter as a kernel does."""
    journal, files = done
    with Engine(tmp_path / "engine") as engine:
        book = json.loads(code(journal, "notebook", engine.url))
        assert book["nbformat"] == 4
        titles = [cell for cell in book["cells"] if cell["cell_type"] == "markdown"]
        assert [cell["source"] for cell in titles][0] == ["## prepare"]
        program = tmp_path / "cells.py"
        sources = ["".join(c["source"]) for c in book["cells"] if c["cell_type"] == "code"]
        program.write_text(f"space = {{}}\nfor cell in {sources!r}:\n    exec(cell, space)\n")
        run_code(engine, ["/usr/bin/python3", program])
        check_engine(engine, files)


@pytest.mark.skipif(shutil.which("aws", path="/usr/bin") is None, reason="no AWS CLI")
def test_cli_program_does_it_again(done, tmp_path):
    journal, files = done
    with Engine(tmp_path / "engine") as engine:
        program = tmp_path / "program.sh"
        program.write_text(code(journal, "cli", engine.url))
        (files / "large.again").unlink(missing_ok=True)
        run_code(engine, ["/bin/sh", program])
        check_engine(engine, files)
    assert filecmp.cmp(files / "large.bin", files / "large.again", shallow=False)


def test_cli_program_is_one_that_shellcheck_accepts(done):
    tool = shutil.which("shellcheck")
    if tool is None:
        pytest.skip("no shellcheck")
    text = code(done[0], "cli", "http://127.0.0.1:1")
    judged = subprocess.run([tool, "-"], input=text, stdout=subprocess.PIPE, text=True)
    assert judged.returncode == 0, judged.stdout
