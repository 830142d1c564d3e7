# SPDX-License-Identifier: GPL-3.0-or-later
"""Notebook instances: a real Jupyter on loopback, in which boto3 talks to the engine."""
import base64
import json
import os
import re
import shutil
import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, WaiterError

from engine import ROLE, Engine, processes_of, wait_for

needs_jupyter = pytest.mark.skipif(shutil.which("jupyter-notebook") is None, reason="Jupyter is not installed")
QUICK = {"WaiterConfig": {"Delay": 1, "MaxAttempts": 120}}


def message(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    return caught.value.response["Error"]["Message"]


def make(sagemaker, name, **more):
    sagemaker.create_notebook_instance(NotebookInstanceName=name, InstanceType="ml.t3.medium", RoleArn=ROLE, **more)


def wait(sagemaker, name, *states):
    def probe():
        found = sagemaker.describe_notebook_instance(NotebookInstanceName=name)
        return found if found["NotebookInstanceStatus"] in states else None

    return wait_for(probe)


def jupyters_of(folder):
    return processes_of(f"SAGEBRUSH_INSTANCE={folder}")


def ask(url, path, data=None):
    base, query = url.split("?")
    request = urllib.request.Request(f"{base}{path}?{query}", data=data, method="POST" if data else "GET")
    return json.load(urllib.request.urlopen(request, timeout=30))


def run_cell(engine, url, code):
    """Runs code in a kernel of the notebook by way of a script, as Jupyter's own client would."""
    kernel = ask(url, "/api/kernels", b"{}")
    from jupyter_client import BlockingKernelClient

    runtime = next(Path(engine.folder).glob(f"notebooks/*/runtime/kernel-{kernel['id']}.json"))
    client = BlockingKernelClient(connection_file=str(runtime))
    client.load_connection_file()
    client.start_channels(hb=False)  # a busy machine lets hearts miss a beat
    out = []

    def note(reply):
        if reply["msg_type"] == "stream":
            out.append(reply["content"]["text"])
        elif reply["msg_type"] == "error":
            out.append("\n".join(reply["content"]["traceback"]))

    try:
        client.wait_for_ready(timeout=60)
        client.execute_interactive(code, timeout=60, output_hook=note)
    finally:
        client.stop_channels()
    return "".join(out)


@needs_jupyter
def test_notebook(tmp_path):
    with Engine(tmp_path / "data", env={"AWS_ACCESS_KEY_ID": "SOMEBODYELSE", "AWS_PROFILE": "other"}) as engine:
        sagemaker = engine.client("sagemaker")
        make(sagemaker, "book", Tags=[{"Key": "sagebrush:run", "Value": "r"}])
        sagemaker.get_waiter("notebook_instance_in_service").wait(NotebookInstanceName="book", **QUICK)
        found = sagemaker.describe_notebook_instance(NotebookInstanceName="book")
        assert (found["VolumeSizeInGB"], found["RootAccess"], found["InstanceType"]) == (5, "Enabled", "ml.t3.medium")
        assert sagemaker.list_tags(ResourceArn=found["NotebookInstanceArn"])["Tags"][0]["Value"] == "r"
        url = sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName="book")["AuthorizedUrl"]
        assert url.startswith("http://" + found["Url"] + "?token=")
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen("http://" + found["Url"] + "/api/contents")
        assert caught.value.code == 403
        assert ask(url, "/api/contents")["type"] == "directory"
        said = run_cell(engine, url, "import boto3; boto3.client('s3').create_bucket(Bucket='from-the-notebook'); "
                                     "print(boto3.client('sts').get_caller_identity()['Account'])")
        assert said.strip() == "000000000000"
        assert [b["Name"] for b in engine.client("s3").list_buckets()["Buckets"]] == ["from-the-notebook"]
        (tmp_path / "data/notebooks/book/SageMaker/mine.txt").write_text("kept")
        states = message(sagemaker.delete_notebook_instance, NotebookInstanceName="book")
        assert states.startswith("Status (InService) not in ([Stopped, Failed]). Unable to transition to (Deleting)")
        log = engine.client("logs").filter_log_events(logGroupName="/aws/sagemaker/NotebookInstances")["events"]
        assert any(" is running at:" in event["message"] for event in log)
        assert url.split("token=")[1] not in "".join(event["message"] for event in log)
        sagemaker.stop_notebook_instance(NotebookInstanceName="book")
        sagemaker.get_waiter("notebook_instance_stopped").wait(NotebookInstanceName="book", **QUICK)
        assert jupyters_of(tmp_path / "data") == []
        sagemaker.update_notebook_instance(NotebookInstanceName="book", InstanceType="ml.t3.large", VolumeSizeInGB=9)
        sagemaker.start_notebook_instance(NotebookInstanceName="book")
        assert wait(sagemaker, "book", "InService", "Failed")["InstanceType"] == "ml.t3.large"
        assert (tmp_path / "data/notebooks/book/SageMaker/mine.txt").read_text() == "kept"
        sagemaker.stop_notebook_instance(NotebookInstanceName="book")
        wait(sagemaker, "book", "Stopped")
        sagemaker.delete_notebook_instance(NotebookInstanceName="book")
        sagemaker.get_waiter("notebook_instance_deleted").wait(NotebookInstanceName="book", **QUICK)
        assert sagemaker.list_notebook_instances()["NotebookInstances"] == []
        assert not (tmp_path / "data/notebooks/book").exists()
    assert jupyters_of(tmp_path / "data") == []


@needs_jupyter
def test_comes_back_after_the_engine(tmp_path):
    engine = Engine(tmp_path / "data").start()
    make(engine.client("sagemaker"), "back")
    wait(engine.client("sagemaker"), "back", "InService")
    url = engine.client("sagemaker").create_presigned_notebook_instance_url(NotebookInstanceName="back")
    ask(url["AuthorizedUrl"], "/api/kernels", b"{}")
    engine.kill()
    with Engine(tmp_path / "data") as again:
        sagemaker = again.client("sagemaker")
        assert "FailureReason" not in wait(sagemaker, "back", "InService", "Failed")
        url = sagemaker.create_presigned_notebook_instance_url(NotebookInstanceName="back")["AuthorizedUrl"]
        # The kernels of the engine that was killed are gone with it.
        assert ask(url, "/api/kernels") == []
        ask(url, "/api/kernels", b"{}")
        assert jupyters_of(tmp_path / "data") != []
    assert jupyters_of(tmp_path / "data") == []


@needs_jupyter
def test_a_jupyter_that_dies(tmp_path):
    with Engine(tmp_path / "data") as engine:
        sagemaker = engine.client("sagemaker")
        make(sagemaker, "dies")
        wait(sagemaker, "dies", "InService")
        for process in jupyters_of(tmp_path / "data/notebooks/dies"):
            os.kill(process, signal.SIGKILL)
        assert "Jupyter has ended: exit code: 137" in wait(sagemaker, "dies", "Failed")["FailureReason"]
        sagemaker.delete_notebook_instance(NotebookInstanceName="dies")


def test_without_jupyter(tmp_path):
    with Engine(tmp_path / "data", env={"SAGEBRUSH_JUPYTER": "no-such-jupyter"}) as engine:
        sagemaker = engine.client("sagemaker")
        make(sagemaker, "none")
        with pytest.raises(WaiterError):
            sagemaker.get_waiter("notebook_instance_in_service").wait(NotebookInstanceName="none", **QUICK)
        found = sagemaker.describe_notebook_instance(NotebookInstanceName="none")
        assert found["FailureReason"].startswith("Jupyter is not installed on this computer.")
        assert "duplicate Notebook Instance" in message(
            sagemaker.create_notebook_instance, NotebookInstanceName="none", InstanceType="ml.t3.medium", RoleArn=ROLE)
        assert message(sagemaker.stop_notebook_instance, NotebookInstanceName="none").startswith("Status (Failed) not in")
        assert message(sagemaker.describe_notebook_instance, NotebookInstanceName="other") == "RecordNotFound"
        assert "instanceType" in message(sagemaker.create_notebook_instance, NotebookInstanceName="big",
                                         InstanceType="ml.x9.huge", RoleArn=ROLE)
        for i in range(3):
            make(sagemaker, f"list-{i}")
        pages = sagemaker.get_paginator("list_notebook_instances").paginate(
            NameContains="list-", SortBy="Name", PaginationConfig={"PageSize": 2})
        names = [n["NotebookInstanceName"] for page in pages for n in page["NotebookInstances"]]
        assert names == ["list-0", "list-1", "list-2"]


def script(text):
    return [{"Content": base64.b64encode(text.encode()).decode()}]


def test_lifecycle(tmp_path):
    """Scripts run before Jupyter does; here Jupyter is a program that only says that it runs."""
    fake = tmp_path / "fake-jupyter"
    fake.write_text("#!/bin/sh\necho 'Fake Jupyter 1 is running at:'\nexec sleep 1000\n")
    fake.chmod(0o755)
    with Engine(tmp_path / "data", env={"SAGEBRUSH_JUPYTER": str(fake)}) as engine:
        sagemaker = engine.client("sagemaker")
        create = sagemaker.create_notebook_instance_lifecycle_config
        create(NotebookInstanceLifecycleConfigName="setup", OnCreate=script("echo made >> made.txt"),
               OnStart=script("echo $AWS_REGION >> started.txt"))
        assert "already exists" in message(create, NotebookInstanceLifecycleConfigName="setup")
        make(sagemaker, "with", LifecycleConfigName="setup")
        root = tmp_path / "data/notebooks/with/SageMaker"
        for times in (1, 2):
            wait(sagemaker, "with", "InService")
            assert (root / "made.txt").read_text() == "made\n"
            assert (root / "started.txt").read_text() == "us-east-1\n" * times
            sagemaker.stop_notebook_instance(NotebookInstanceName="with")
            wait(sagemaker, "with", "Stopped")
            if times == 1:
                sagemaker.start_notebook_instance(NotebookInstanceName="with")
        assert "uses" in message(sagemaker.delete_notebook_instance_lifecycle_config,
                                 NotebookInstanceLifecycleConfigName="setup")
        sagemaker.update_notebook_instance_lifecycle_config(
            NotebookInstanceLifecycleConfigName="setup", OnStart=script("echo this is wrong; exit 3"))
        sagemaker.start_notebook_instance(NotebookInstanceName="with")
        reason = wait(sagemaker, "with", "Failed")["FailureReason"]
        assert re.search(r"failed to run OnStart: exit code: 3; this is wrong", reason)
        sagemaker.update_notebook_instance(NotebookInstanceName="with", DisassociateLifecycleConfig=True)
        sagemaker.delete_notebook_instance_lifecycle_config(NotebookInstanceLifecycleConfigName="setup")
        assert sagemaker.list_notebook_instance_lifecycle_configs()["NotebookInstanceLifecycleConfigs"] == []
