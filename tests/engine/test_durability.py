# SPDX-License-Identifier: GPL-3.0-or-later
"""What was answered survives: kill -9 in the middle of load, a full disk, a second engine."""
import os
import shutil
import subprocess
import threading

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from engine import BUILD, IMAGE, ROLE, Engine, job_input, wait_endpoint, wait_for, wait_job


def test_second_engine_is_refused(tmp_path):
    with Engine(tmp_path / "data"):
        done = subprocess.run([str(BUILD / "src/engine/sagebrush-engine"), "--data-dir", str(tmp_path / "data")],
                              capture_output=True, text=True)
        assert done.returncode == 1 and "Another engine is using the folder" in done.stderr


def test_kill_in_the_middle_of_load(tmp_path):
    answered = []
    for attempt in range(6):
        engine = Engine(tmp_path / "data").start()
        engine.client("s3").create_bucket(Bucket="kept")
        enough = threading.Event()

        def load(worker, engine=engine, attempt=attempt, enough=enough):
            s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
            for i in range(10000):
                name = f"{attempt}-{worker}-{i}"
                try:
                    s3.put_object(Bucket="kept", Key=name, Body=name.encode() * 50)
                    answered.append(("object", name))
                    sagemaker.create_model(ModelName=name, PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE)
                    answered.append(("model", name))
                except (ClientError, BotoCoreError):
                    return
                if i == 5 + attempt:
                    enough.set()

        threads = [threading.Thread(target=load, args=(worker,)) for worker in range(4)]
        for thread in threads:
            thread.start()
        assert enough.wait(60)
        engine.kill()
        for thread in threads:
            thread.join()
    with Engine(tmp_path / "data") as engine:
        s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
        for kind, name in answered:
            if kind == "object":
                assert s3.get_object(Bucket="kept", Key=name)["Body"].read() == name.encode() * 50
            else:
                assert sagemaker.describe_model(ModelName=name)["ModelName"] == name
        blobs = sum(len(files) for _, _, files in os.walk(tmp_path / "data" / "objects"))
        listed = sum(page["KeyCount"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket="kept"))
        assert blobs == listed
    assert len(answered) > 100


def test_jobs_and_endpoints_come_back(tmp_path):
    engine = Engine(tmp_path / "data").start()
    s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
    s3.create_bucket(Bucket="bkt")
    s3.put_object(Bucket="bkt", Key="train/x", Body="".join(f"{i % 2} 0:{i % 7} 1:{i % 2}\n" for i in range(3000)))
    sagemaker.create_training_job(**job_input("short", "bkt"))
    artifact = wait_job(sagemaker, "short")["ModelArtifacts"]["S3ModelArtifacts"]
    sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE,
                           PrimaryContainer={"Image": IMAGE, "ModelDataUrl": artifact})
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[
        {"VariantName": "A", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.t2.medium"}])
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
    wait_endpoint(sagemaker, "e")
    sagemaker.create_training_job(**job_input("long", "bkt", num_round="300"))
    wait_for(lambda: sagemaker.describe_training_job(TrainingJobName="long")["SecondaryStatus"] == "Training")
    engine.kill()
    with Engine(tmp_path / "data") as again:
        sagemaker, runtime = again.client("sagemaker"), again.client("sagemaker-runtime")
        job = wait_job(sagemaker, "long")
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")

        def ask():
            try:
                return runtime.invoke_endpoint(EndpointName="e", Body="1,1", ContentType="text/csv")["Body"].read()
            except ClientError:
                return None

        assert 0 <= float(wait_for(ask)) <= 1.5


def test_stop(tmp_path):
    with Engine(tmp_path / "data") as engine:
        s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
        s3.create_bucket(Bucket="bkt")
        s3.put_object(Bucket="bkt", Key="train/x", Body="".join(f"{i % 2} 0:{i % 7} 1:{i % 2}\n" for i in range(3000)))
        sagemaker.create_training_job(**job_input("endless", "bkt", num_round="1000000"))
        wait_for(lambda: sagemaker.describe_training_job(TrainingJobName="endless")["SecondaryStatus"] == "Training")
        sagemaker.stop_training_job(TrainingJobName="endless")
        job = wait_job(sagemaker, "endless")
        assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")


def can_mount():
    return os.geteuid() == 0 and shutil.which("mount") and subprocess.run(
        ["unshare", "-m", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="a small disk needs the right to mount one")
def test_full_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]).returncode != 0:
        pytest.skip("a small disk cannot be mounted here")
    try:
        with Engine(folder / "data") as engine:
            s3 = engine.client("s3")
            s3.create_bucket(Bucket="bkt")
            s3.put_object(Bucket="bkt", Key="kept", Body=b"k" * 100000)
            with pytest.raises(ClientError) as caught:
                s3.put_object(Bucket="bkt", Key="big", Body=b"x" * 8 * 1024 * 1024)
            answer = caught.value.response
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 507
            assert answer["Error"]["Code"] == "InternalError" and "disk is full" in answer["Error"]["Message"]
            assert s3.get_object(Bucket="bkt", Key="kept")["Body"].read() == b"k" * 100000
            assert [o["Key"] for o in s3.list_objects_v2(Bucket="bkt")["Contents"]] == ["kept"]
            s3.put_object(Bucket="bkt", Key="small", Body=b"s")
    finally:
        subprocess.run(["umount", str(folder)], check=True)
