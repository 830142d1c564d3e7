# SPDX-License-Identifier: GPL-3.0-or-later
"""`sagebrush resources` and `sagebrush clean-up`: nothing that the workshop has created is forgotten."""
import json
import os
import random
import re
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import wait_for  # noqa: E402
from kills import FAULTS, WAYS, Bench, commands, plan  # noqa: E402

GAMES = ("run", "video-game-sales", "--set", "train.num_round=1")


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return commands(tmp_path_factory.mktemp("data"))


def resources(bench):
    return json.loads(bench.run("resources", "--json"))["resources"]


def test_resources_and_clean_up(bench):
    assert bench.run("resources").strip() == "Nothing left"
    bench.run(*GAMES, "--keep")
    found = resources(bench)
    assert [item["kind"] for item in found] == ["endpoint", "endpoint-config", "model", "objects", "bucket"]
    assert all(item["module"] == "video-game-sales" and item["run"].startswith("video-game-sales-2") for item in found)
    assert (found[0]["status"], found[0]["instance-type"], found[0]["instances"]) == ("InService", "ml.m5.large", 1)
    listed = bench.run("resources")
    assert all(item["name"] in listed for item in found)
    assert "say --yes" in bench.run("clean-up", code=1) and len(resources(bench)) == 5
    said = bench.run("clean-up", "--yes")
    deleted = re.findall(r"^Deleted: (.*) (\S+)$", said, re.M)
    assert [name for _, name in deleted] == [item["name"] for item in found]
    assert said.rstrip().endswith("Nothing left") and bench.left() == []


def test_found_by_tags_alone(bench):
    """The records of the runs are lost, as on another computer."""
    bench.run(*GAMES, "--keep")
    before = [(item["kind"], item["name"]) for item in resources(bench)]
    shutil.rmtree(bench.home / "sagebrush/runs")
    assert [(item["kind"], item["name"]) for item in resources(bench)] == before
    assert bench.clean_up() == "" and bench.left() == []


def test_somebody_elses_things_stay(bench):
    s3, sagemaker = bench.engine.client("s3"), bench.engine.client("sagemaker")
    bench.run(*GAMES, "--keep")
    bucket = s3.list_buckets()["Buckets"][0]["Name"]
    model = sagemaker.list_models()["Models"][0]["ModelName"]
    image = sagemaker.describe_model(ModelName=model)["PrimaryContainer"]["Image"]
    sagemaker.create_model(ModelName="mine-2026-01-01-01-01-01-001", PrimaryContainer={"Image": image},
                           ExecutionRoleArn="arn:aws:iam::000000000000:role/SagebrushLocalRole")
    s3.put_object(Bucket=bucket, Key="mine.txt", Body=b"mine")
    s3.put_object(Bucket=bucket, Key="videogames-xgboost/mine.txt", Body=b"mine")
    s3.create_bucket(Bucket="sagebrush-mine")
    said = bench.run("clean-up", "--yes", code=1)
    assert "It holds files that the workshop did not put there" in said and "1 resource is still there" in said
    assert bench.left() == ["mine-2026-01-01-01-01-01-001", "s3://sagebrush-mine", "s3://" + bucket]
    kept = sorted(o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"])
    assert kept == ["mine.txt", "videogames-xgboost/mine.txt"]


def test_what_is_busy_is_waited_for(bench, tmp_path):
    """An endpoint that is still creating, a notebook in service, versions, unfinished uploads, a job in progress."""
    s3, sagemaker, iam = (bench.engine.client(name) for name in ("s3", "sagemaker", "iam"))
    bench.run(*GAMES, "--keep")
    found = {item["kind"]: item for item in resources(bench)}
    tags = [{"Key": "sagebrush:module", "Value": "x"}, {"Key": "sagebrush:run", "Value": "x-1"}]
    uri = found["objects"]["name"].removeprefix("s3://")
    bucket, prefix = uri.split("/", 1)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for i in range(3):
        s3.put_object(Bucket=bucket, Key=prefix + "/v", Body=str(i).encode())
    s3.delete_object(Bucket=bucket, Key=prefix + "/v")
    upload = s3.create_multipart_upload(Bucket=bucket, Key=prefix + "/u")["UploadId"]
    s3.upload_part(Bucket=bucket, Key=prefix + "/u", UploadId=upload, PartNumber=1, Body=b"part")
    trust = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"},
                                       "Action": "sts:AssumeRole"}]})
    iam.create_role(RoleName="SagebrushWorker", AssumeRolePolicyDocument=trust, Tags=tags)
    iam.attach_role_policy(RoleName="SagebrushWorker", PolicyArn="arn:aws:iam::aws:policy/AmazonSageMakerFullAccess")
    iam.put_role_policy(RoleName="SagebrushWorker", PolicyName="p", PolicyDocument=trust)
    role = iam.get_role(RoleName="SagebrushWorker")["Role"]["Arn"]
    sagemaker.create_notebook_instance(NotebookInstanceName="book", InstanceType="ml.t3.medium", RoleArn=role, Tags=tags)
    config = found["endpoint-config"]["name"]
    sagemaker.create_endpoint(EndpointName="busy-2026-01-01-01-01-01-001", EndpointConfigName=config, Tags=tags)
    said = bench.run("clean-up", "--yes")
    assert said.rstrip().endswith("Nothing left") and bench.left() == []
    for what in ("SagebrushWorker", "book", "busy-2026-01-01-01-01-01-001"):
        assert re.search(rf"^Deleted: .* {what}$", said, re.M), said


def test_a_job_in_progress_is_stopped(bench):
    bench.slow_down()
    process = bench.start(*GAMES)
    sagemaker = bench.engine.client("sagemaker")
    wait_for(lambda: sagemaker.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"])
    process.kill()
    process.communicate()
    (job,) = [item for item in resources(bench) if item["kind"] == "training-job"]
    assert job["status"] == "InProgress"
    assert bench.clean_up() == "" and bench.left() == []
    assert sagemaker.describe_training_job(TrainingJobName=job["name"])["TrainingJobStatus"] == "Stopped"


@pytest.mark.parametrize("module", ["get-started", "video-game-sales", *(
    ["handwritten-digits", "image-classification"] if "SAGEBRUSH_THOROUGH" in os.environ else [])])
def test_killed_or_spoilt_at_some_calls(bench, runs, module):
    """A sample of what `./run kills` does with every call."""
    length = bench.count_calls(*runs[module])
    assert bench.clean_up() == "" and bench.left() == []
    rng = random.Random(module)
    # A later run knows its bucket and its role, and asks less.
    number, way = rng.randrange(3 * length // 4), rng.choice(WAYS)
    assert bench.kill_at(number, way, *runs[module]) or way == "after"
    assert bench.clean_up() == "" and bench.left() == [], (number, way)
    fault = rng.choice(FAULTS)
    bench.spoil(rng.randrange(length), fault, *runs[module])
    assert bench.clean_up() == "" and bench.left() == [], fault


def test_role_is_created_where_there_is_none(tmp_path):
    """As in a new account; killed around every call of Get Started, and whole."""
    bench = Bench(tmp_path, env={"SAGEBRUSH_ENGINE_ROLE": "none"})
    iam = bench.engine.client("iam")
    try:
        length = bench.count_calls("run", "get-started")
        (role,) = iam.list_roles()["Roles"]
        assert role["RoleName"] == "SagebrushExecution-us-east-1"
        policy = iam.get_role_policy(RoleName=role["RoleName"], PolicyName="SagebrushWorkshop")["PolicyDocument"]
        assert policy["Statement"][1]["Resource"] == "arn:aws:s3:::sagemaker-us-east-1-000000000000/*"
        assert [item["kind"] for item in resources(bench)] == ["role", "bucket"]
        assert bench.clean_up() == "" and bench.left() == []
        for number in range(0, length, 3):
            way = WAYS[number // 3 % len(WAYS)]
            bench.kill_at(number, way, "run", "get-started")
            assert bench.clean_up() == "" and bench.left() == [], (number, way)
    finally:
        bench.close()


def test_plan_has_every_boundary():
    points = plan({"a": 3, "b": 2}, 20)
    assert {p for p in points[:20] if p[0] == "kill"} == {("kill", m, i, w) for m, n in (("a", 3), ("b", 2))
                                                         for i in range(n) for w in WAYS}
    assert {p[0] for p in points[20:]} == {"spoil"} and len(points) == 40
