# SPDX-License-Identifier: GPL-3.0-or-later
"""The workshop in an account, at a server of an address of its own that shares no code with the engine."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("botocore", reason="botocore is not installed")
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import BUILD  # noqa: E402
from stand_in import ACCOUNT, IMAGE_ACCOUNT, KEY, REGION, SECRET, StandIn  # noqa: E402

PROGRAM = BUILD / "src/app/sagebrush"
USUAL = f"sagemaker-{REGION}-{ACCOUNT}"
ROLE = f"SagebrushExecution-{REGION}"


class Account:
    """A person with a connection named “Lab” to a stand-in."""

    def __init__(self, folder):
        self.folder, self.server = folder, StandIn()
        self.said = []

    def __enter__(self):
        self.server.__enter__()
        (self.folder / ".aws").mkdir()
        (self.folder / ".aws/config").write_text(f"[profile lab]\nregion = {REGION}\n")
        (self.folder / ".aws/credentials").write_text(f"[lab]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n")
        said = self.run("connections", "add", "Lab", "--profile", "lab", "--endpoint-url", self.server.url)
        assert f"account {ACCOUNT}" in said.stdout
        return self

    def __exit__(self, kind, *_):
        self.server.__exit__()
        if kind is None:
            assert self.server.problems == []
            texts = [*self.said, *(path.read_text(errors="replace") for path in (self.folder / "data").rglob("*") if path.is_file())]
            assert not [text for text in texts if SECRET in text]

    def run(self, *arguments, code=0):
        env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        env |= {"HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder / "data"), "LC_ALL": "C.UTF-8"}
        done = subprocess.run([PROGRAM, *arguments], env=env, capture_output=True, text=True, timeout=240)
        self.said += [done.stdout, done.stderr]
        assert done.returncode == code, done.stderr
        return done

    def module(self, *arguments, code=0):
        return self.run("run", *arguments, "--connection", "Lab", "--keep", code=code)


@pytest.fixture(name="account")
def fixture_account(tmp_path):
    with Account(tmp_path) as account:
        yield account


def test_get_started_games_and_clean_up(account):
    """From an empty account to a trained model, and back to an empty account."""
    server = account.server
    said = account.module("get-started", "--json")
    steps = json.loads(said.stdout)["steps"]
    assert steps["bucket"]["summary"] == f"{USUAL}, created; closed to the public" and list(server.buckets) == [USUAL]
    assert server.blocked[USUAL] == dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    assert steps["role"]["summary"] == ROLE and list(server.roles) == [ROLE]
    # What was created was said before.
    assert said.stderr.index('"sts:AssumeRole"') < said.stderr.index(f"{ROLE}  (")
    assert f"arn:aws:s3:::{USUAL}/*" in said.stderr
    assert not server.may(ROLE, "s3:GetObject", "arn:aws:s3:::somebody-elses/x")
    assert not server.may(ROLE, "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/Admin")
    assert "notebook" not in steps or server.notebooks == {}

    account.module("video-game-sales", "--step", "train", "--set", "train.num_round=2")
    (job,) = server.jobs.values()
    assert job["TrainingJobStatus"] == "Completed" and job["RoleArn"].endswith(ROLE)
    image = job["AlgorithmSpecification"]["TrainingImage"]
    assert image == f"{IMAGE_ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/sagemaker-xgboost:1.7-1"
    assert job["HyperParameters"] == {"max_depth": "3", "eta": "0.1", "subsample": "0.5", "eval_metric": "auc",
                                      "scale_pos_weight": "2", "objective": "binary:logistic", "num_round": "2"}
    # The role was not known at once.
    assert server.names().count("CreateTrainingJob") == 3
    account.module("video-game-sales", "--step", "train", "--set", "train.Image=sagemaker-xgboost:3.0-5",
                   "--set", "train.InstanceType=ml.m5.xlarge")
    job = list(server.jobs.values())[-1]
    assert job["AlgorithmSpecification"]["TrainingImage"].endswith("sagemaker-xgboost:3.0-5")
    assert job["ResourceConfig"]["InstanceType"] == "ml.m5.xlarge"

    said = account.run("clean-up", "--yes", "--connection", "Lab")
    assert said.stdout.rstrip().endswith("Nothing left") and server.left() == [] and server.objects == {}


def test_notebook(account):
    """Created, opened, stopped, started and deleted."""
    server = account.server
    account.module("get-started", "--step", "notebook", "--set", "notebook.name=mine", "--set", "notebook.VolumeSizeInGB=7",
                   "--set", "notebook.InstanceType=ml.t3.large", "--set", "notebook.DefaultCodeRepository=https://example.com/x.git")
    found = server.inputs("CreateNotebookInstance")[-1]
    assert (found["InstanceType"], found["VolumeSizeInGB"]) == ("ml.t3.large", 7)
    assert found["DefaultCodeRepository"] == "https://example.com/x.git" and found["RoleArn"].endswith(ROLE)
    assert {tag["Key"] for tag in found["Tags"]} == {"sagebrush:module", "sagebrush:run"}
    at_lab = ("--connection", "Lab")
    listed = json.loads(account.run("notebooks", "--json", *at_lab).stdout)["notebooks"]
    assert [(n["NotebookInstanceName"], n["NotebookInstanceStatus"]) for n in listed] == [("mine", "InService")]
    url = account.run("notebooks", "open", "mine", *at_lab).stdout.strip()
    assert url == f"https://mine.notebook.{REGION}.sagemaker.aws?authToken=opens-for-minutes"
    assert "opens-for-minutes" not in (account.folder / "data/sagebrush/journal.jsonl").read_text()
    assert "Stopped" in account.run("notebooks", "stop", "mine", *at_lab).stdout
    assert "In service" in account.run("notebooks", "start", "mine", *at_lab).stdout
    account.run("notebooks", "delete", "mine", *at_lab)
    assert server.notebooks == {} and "no notebook" in account.run("notebooks", *at_lab).stdout
    account.module("get-started", "--step", "notebook")
    assert account.run("clean-up", "--yes", *at_lab).stdout.rstrip().endswith("Nothing left") and server.left() == []


def test_names_of_buckets(account):
    server = account.server
    server.taken = {USUAL, "theirs"}
    said = account.module("get-started", "--step", "bucket", "--set", "bucket.bucket=theirs", code=1).stderr
    assert "“theirs” is taken" in said and "“theirs-" in said
    said = account.module("get-started", "--step", "bucket", "--set", "bucket.bucket=My_Data", code=1).stderr
    assert "cannot be called “My_Data”" in said and "“my-data”" in said
    assert server.buckets == {}
    said = account.module("get-started", "--set", "bucket.bucket=s3://my-data/some/path").stderr
    assert "“s3://my-data/some/path” says more than a bucket’s name; the bucket is “my-data”" in said
    assert list(server.buckets) == ["my-data"]
    # Every module works with it, and so does the role.
    account.module("video-game-sales", "--step", "upload")
    assert {bucket for bucket, _ in server.objects} == {"my-data"}
    assert server.may(ROLE, "s3:GetObject", "arn:aws:s3:::my-data/x")
    # Whoever leaves the name open gets one that is free.
    (account.folder / "data/sagebrush/accounts.json").unlink()
    account.module("get-started", "--step", "bucket")
    (name,) = set(server.buckets) - {"my-data"}
    assert name.startswith(USUAL + "-") and len(name) == len(USUAL) + 7


def test_role_that_is_chosen(account):
    server = account.server
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"},
                                                     "Action": "sts:AssumeRole"}]}
    for name, service in (("Theirs", "ec2.amazonaws.com"), ("Ours", "sagemaker.amazonaws.com")):
        trust["Statement"][0]["Principal"]["Service"] = service
        server.CreateRole({"RoleName": name, "AssumeRolePolicyDocument": json.dumps(trust, separators=(",", ":"))}, b"")
    choose = ("get-started", "--set", "role.source=choose", "--set")
    assert "does not name sagemaker.amazonaws.com" in account.module(*choose, "role.role=Theirs", code=1).stderr
    assert "“Nobody” cannot be looked up" in account.module(*choose, "role.role=Nobody", code=1).stderr
    account.module(*choose, f"role.role=arn:aws:iam::{ACCOUNT}:role/Ours")
    assert "CreateRole" not in server.names()
    account.module("get-started", "--set", "role.source=create")
    assert sorted(server.roles) == ["Ours", ROLE, "Theirs"]


def test_what_is_refused_is_explained(account):
    server = account.server
    train = ("video-game-sales", "--step", "train", "--set", "train.num_round=1", "--set")
    said = account.module(*train, "train.InstanceType=ml.p3.2xlarge", code=1).stderr
    assert "The quota “ml.p3.2xlarge for training job usage” of this account is 0" in said and "Service Quotas" in said
    said = account.module(*train, "train.InstanceType=ml.p2.xlarge", code=1).stderr
    assert "The instance type ml.p2.xlarge cannot be had" in said and "ml.m5.xlarge" in said
    server.denied = {"sagemaker:CreateTrainingJob"}
    said = account.module(*train, "train.eta=0.2", code=1).stderr
    assert "lack the permission sagemaker:CreateTrainingJob" in said
    statement = json.loads(said[said.rindex("\n{"):])
    assert statement == {"Effect": "Allow", "Action": "sagemaker:CreateTrainingJob",
                         "Resource": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:x/y"}
    # S3 does not say itself which permission it is.
    server.denied = {"s3:PutObject"}
    said = account.module("video-game-sales", "--step", "upload", code=1).stderr
    assert json.loads(said[said.rindex("\n{"):]) == {"Effect": "Allow", "Action": "s3:PutObject",
                                                     "Resource": f"arn:aws:s3:::{USUAL}/*"}
