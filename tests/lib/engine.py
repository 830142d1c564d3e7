# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the real engine for a test and makes clients for it."""
import configparser
import json
import os
import select
import signal
import subprocess
import time
from pathlib import Path

import boto3
import botocore.config

BUILD = Path(os.environ.get("SAGEBRUSH_BUILD_DIR", "build")).resolve()
SOURCE = Path(__file__).resolve().parents[2]
IMAGE = "811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:latest"
ROLE = "arn:aws:iam::000000000000:role/SagebrushLocalRole"


def test_data():
    """The folder of real data, or None."""
    for name in (os.environ.get("SAGEBRUSH_TEST_DATA"), SOURCE.parent / "shared" / "data"):
        if name and Path(name).is_dir():
            return Path(name)
    return None


def processes_of(*settings):
    """Processes with all these in their environment: "NAME=VALUE", or how it begins."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            environment = b"\0" + path.read_bytes()
        except OSError:
            continue
        if all(b"\0" + setting.encode() in environment for setting in settings):
            found.append(int(path.parent.name))
    return found


class Engine:
    """An engine on a folder; a context manager that ends it."""

    def __init__(self, folder, *args, env=None, program=None):
        self.folder = Path(folder)
        self.args = args
        self.env = {**os.environ, **(env or {})}
        self.program = program or BUILD / "src/engine/sagebrush-engine"
        self.process = None
        self.clients = {}

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = open(self.folder.parent / (self.folder.name + ".stderr"), "ab")
        self.process = subprocess.Popen(
            [str(self.program), "--data-dir", str(self.folder), *self.args],
            stdout=subprocess.PIPE, stderr=self.log, env=self.env,
        )
        ready, _, _ = select.select([self.process.stdout], [], [], 60)
        line = self.process.stdout.readline() if ready else b""
        if not line:
            self.process.wait(10)
            raise RuntimeError("the engine did not start: " + self.stderr())
        self.info = json.loads(line)
        self.url = self.info["url"]
        self.region = self.info["region"]
        keys = configparser.ConfigParser()
        keys.read(self.info["credentials"])
        self.key = keys["default"]["aws_access_key_id"]
        self.secret = keys["default"]["aws_secret_access_key"]
        self.clients = {}
        return self

    def stderr(self):
        return Path(self.log.name).read_text(errors="replace")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(60)
            self.process.stdout.close()
            assert code == 0, f"the engine ended with {code}: {self.stderr()}"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        self.log.close()

    def client(self, service, **more):
        """The same one for the same service, unless it is to be special: boto3 takes long to make one."""
        if more:
            return self.make_client(service, **more)
        if service not in self.clients:
            self.clients[service] = self.make_client(service)
        return self.clients[service]

    def make_client(self, service, **more):
        config = botocore.config.Config(
            retries={"max_attempts": 1}, max_pool_connections=40,
            **more.pop("config", {}),
        )
        arguments = {
            "endpoint_url": self.url, "region_name": self.region,
            "aws_access_key_id": self.key, "aws_secret_access_key": self.secret, **more,
        }
        return boto3.session.Session().client(service, config=config, **arguments)

    def environment(self):
        """What the AWS CLI and the SDKs need."""
        return {
            **os.environ, "AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": self.region, "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "",
            "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }


def thorough(test):
    """What only `./run thorough` takes the time for."""
    return test if "SAGEBRUSH_THOROUGH" in os.environ else None


def wait_for(probe, seconds=120):
    """Asks until the answer is true; services have no event to wait for. An answer costs whoever gives it time
    that is needed for what is waited for, so that what takes longer is asked for less often."""
    begin = time.monotonic()
    waited = 0
    while waited < seconds:
        answer = probe()
        if answer:
            return answer
        waited = time.monotonic() - begin
        time.sleep(min(max(waited / 20, 0.02), 0.5))
    raise AssertionError("waited in vain")


def wait_job(sagemaker, name, seconds=600):
    def probe():
        job = sagemaker.describe_training_job(TrainingJobName=name)
        return job if job["TrainingJobStatus"] in ("Completed", "Failed", "Stopped") else None

    return wait_for(probe, seconds)


def wait_endpoint(sagemaker, name, *states):
    def probe():
        endpoint = sagemaker.describe_endpoint(EndpointName=name)
        return endpoint if endpoint["EndpointStatus"] in (states or ("InService", "Failed")) else None

    return wait_for(probe)


def job_input(name, bucket, channels=("train",), **hyperparameters):
    """A CreateTrainingJob input as the workshop has it."""
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "InputDataConfig": [
            {
                "ChannelName": channel,
                "ContentType": "libsvm",
                "CompressionType": "None",
                "DataSource": {"S3DataSource": {
                    "S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{channel}",
                    "S3DataDistributionType": "FullyReplicated",
                }},
            }
            for channel in channels
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/output"},
        "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.c4.xlarge", "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "HyperParameters": {"num_round": "5", **hyperparameters},
    }
