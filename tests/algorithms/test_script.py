# SPDX-License-Identifier: GPL-3.0-or-later
"""Users' scripts on the real engine: SageMaker's environment, hosts, failures, serving."""
import base64
import io
import json
import os
import signal
import sys
import tarfile
import textwrap
import zipfile
from pathlib import Path

import numpy as np
import pytest
from botocore.exceptions import ClientError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import ROLE, Engine, job_input, processes_of, thorough, wait_endpoint, wait_for, wait_job  # noqa: E402

IMAGE = "local/script:1"
PYTORCH = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:2.0.1-cpu-py310"
BUCKET = "scripts"


def archive(files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, text in files.items():
            data = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@pytest.fixture(scope="module", name="engine")
def fixture_engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scripts")
    with Engine(folder / "data", env={"SAGEBRUSH_PYTHON": "/usr/bin/python3"}) as running:
        s3 = running.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        for number in range(5):
            s3.put_object(Bucket=BUCKET, Key=f"train/part-{number}.csv", Body=f"{number}\n".encode())
        yield running


def create(engine, name, files, hosts=1, image=IMAGE, program="train.py", given=None, **more):
    engine.client("s3").put_object(
        Bucket=BUCKET, Key=f"{name}/source/sourcedir.tar.gz", Body=archive(files))
    job = job_input(name, BUCKET)
    job["AlgorithmSpecification"]["TrainingImage"] = image
    job["ResourceConfig"]["InstanceCount"] = hosts
    job["HyperParameters"] = {
        "sagemaker_program": json.dumps(program),
        "sagemaker_submit_directory": json.dumps(f"s3://{BUCKET}/{name}/source/sourcedir.tar.gz"),
        "sagemaker_container_log_level": "20", "sagemaker_job_name": json.dumps(name),
        "sagemaker_region": json.dumps(engine.region),
        **{key: json.dumps(value) for key, value in (given or {}).items()},
    }
    job.update(more)
    engine.client("sagemaker").create_training_job(**job)
    return name


def run(engine, *args, **more):
    return wait_job(engine.client("sagemaker"), create(engine, *args, **more))


def artifact(engine, job, name="model.tar.gz"):
    key = f"output/{job['TrainingJobName']}/output/{name}"
    body = engine.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        return {
            member.name.removeprefix("./"): tar.extractfile(member).read()
            for member in tar.getmembers() if member.isfile()
        }


def log_of(engine, job, host="algo-1"):
    logs, group = engine.client("logs"), "/aws/sagemaker/TrainingJobs"
    streams = logs.describe_log_streams(
        logGroupName=group, logStreamNamePrefix=f"{job}/{host}-")["logStreams"]
    if not streams:
        return []
    events = logs.get_log_events(
        logGroupName=group, logStreamName=streams[0]["logStreamName"], startFromHead=True)
    return [event["message"] for event in events["events"]]


def wait_waiting(engine, job, host):
    """The line in which a host says that it waits: its name, its process and that one's child."""
    line = wait_for(lambda: next(
        (line for line in log_of(engine, job, host) if line.startswith("waiting")), None))
    return line.split()[1:]


TELL = """
    import json, os, sys
    seen = {"argv": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd(),
            "resources": json.load(open(os.environ["SM_INPUT_CONFIG_DIR"] + "/resourceconfig.json")),
            "files": sorted(os.listdir(os.environ["SM_CHANNEL_TRAIN"])),
            "shard": sorted(os.listdir(os.environ.get("SM_CHANNEL_SHARD", os.curdir)))}
    import helper
    with open(f"{os.environ['SM_MODEL_DIR']}/{os.environ['SM_CURRENT_HOST']}.json", "w") as file:
        json.dump(seen, file)
    with open(f"{os.environ['SM_OUTPUT_DATA_DIR']}/{os.environ['SM_CURRENT_HOST']}.txt", "w") as file:
        file.write("note")
    print(f"accuracy={helper.VALUE}; loss=0.5")
    print("on", os.environ["SM_CURRENT_HOST"])
"""


METRICS = [{"Name": "accuracy", "Regex": "accuracy=([0-9.]+)"}, {"Name": "loss", "Regex": "loss=([0-9.]+)"}]


def test_a_script_finds_what_sagemaker_gives_it(engine):
    given = {"epochs": 3, "learning-rate": 0.1, "optimizer": "adam", "flag": True, "x": "y z",
             "layers": {"b": 2, "a": 1}, "nothing": None}
    files = {"src/train.py": TELL, "src/helper.py": "VALUE = 0.75\n"}
    spec = {"TrainingImage": PYTORCH, "TrainingInputMode": "File", "MetricDefinitions": METRICS}
    job = run(engine, "tell", files, program="src/train.py", given=given, AlgorithmSpecification=spec,
              Environment={"MINE": "1"})
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    seen = json.loads(artifact(engine, job)["algo-1.json"])
    assert seen["argv"] == [
        "--epochs", "3", "--flag", "True", "--layers", "a=1,b=2", "--learning-rate", "0.1",
        "--nothing", "", "--optimizer", "adam", "-x", "y z"]
    env = seen["env"]
    assert json.loads(env["SM_HPS"]) == given
    assert (env["SM_HP_EPOCHS"], env["SM_HP_OPTIMIZER"], env["SM_HP_FLAG"]) == ("3", "adam", "true")
    assert env["SM_HP_LAYERS"] == '{"a":1,"b":2}' and env["SM_HP_NOTHING"] == ""
    assert (env["SM_HOSTS"], env["SM_CURRENT_HOST"]) == ('["algo-1"]', "algo-1")
    assert json.loads(env["SM_CHANNELS"]) == ["train"]
    assert env["SM_CHANNEL_TRAIN"] == env["SM_INPUT_DIR"] + "/data/train"
    assert seen["files"] == [f"part-{number}.csv" for number in range(5)]
    assert env["SM_USER_ENTRY_POINT"] == "src/train.py" and env["SM_MODULE_NAME"] == "src/train"
    assert env["SM_MODULE_DIR"] == f"s3://{BUCKET}/tell/source/sourcedir.tar.gz"
    assert json.loads(env["SM_USER_ARGS"]) == seen["argv"]
    assert json.loads(env["SM_FRAMEWORK_PARAMS"])["sagemaker_program"] == "src/train.py"
    assert json.loads(env["SM_RESOURCE_CONFIG"]) == seen["resources"]
    assert seen["resources"]["current_host"] == "algo-1"
    training = json.loads(env["SM_TRAINING_ENV"])
    assert training["hyperparameters"] == given and training["job_name"] == "tell"
    assert int(env["SM_NUM_CPUS"]) >= 1 and int(env["SM_NUM_GPUS"]) >= 0
    assert env["SM_LOG_LEVEL"] == "20" and env["TRAINING_JOB_NAME"] == "tell" and env["MINE"] == "1"
    assert (env["RANK"], env["WORLD_SIZE"]) == ("0", "1")
    assert seen["cwd"] == env["SM_MODEL_DIR"].removesuffix("/model") + "/code"
    assert artifact(engine, job, "output.tar.gz") == {"algo-1.txt": b"note"}
    lines = log_of(engine, "tell")
    assert "Invoking user script" in lines and "Reporting training SUCCESS" in lines
    assert processes_of(f"SM_PREFIX={engine.folder}") == []
    assert {item["MetricName"]: item["Value"] for item in job["FinalMetricDataList"]} == {
        "accuracy": 0.75, "loss": 0.5}
    spec = dict(spec, MetricDefinitions=[{"Name": "accuracy", "Regex": "no group"}])
    with pytest.raises(ClientError, match="no group"):
        create(engine, "no-group", files, AlgorithmSpecification=spec)


def test_hosts_are_processes_with_a_rank_each(engine):
    channels = job_input("hosts", BUCKET, ("train", "shard"))["InputDataConfig"]
    for channel in channels:
        channel["DataSource"]["S3DataSource"]["S3Uri"] = f"s3://{BUCKET}/train"
    channels[1]["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"
    job = run(engine, "hosts", {"train.py": TELL, "helper.py": "VALUE = 1\n"}, hosts=3, InputDataConfig=channels,
              given={"sagemaker_multi_worker_mirrored_strategy_enabled": True})
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    told = {name: json.loads(text) for name, text in artifact(engine, job).items()}
    assert sorted(told) == ["algo-1.json", "algo-2.json", "algo-3.json"]
    assert sorted(artifact(engine, job, "output.tar.gz")) == ["algo-1.txt", "algo-2.txt", "algo-3.txt"]
    envs = [told[f"algo-{number}.json"]["env"] for number in (1, 2, 3)]
    for rank, env in enumerate(envs):
        host, seen = f"algo-{rank + 1}", told[f"algo-{rank + 1}.json"]
        assert (env["RANK"], env["WORLD_SIZE"], env["SM_CURRENT_HOST"]) == (str(rank), "3", host)
        assert json.loads(env["SM_HOSTS"]) == seen["resources"]["hosts"] == ["algo-1", "algo-2", "algo-3"]
        assert seen["resources"]["current_host"] == host
        assert seen["files"] == [f"part-{k}.csv" for k in range(5)]
        assert seen["shard"] == [f"part-{k}.csv" for k in range(rank, 5, 3)]
        assert json.loads(env["TF_CONFIG"])["task"] == {"type": "worker", "index": rank}
        lines = log_of(engine, "hosts", host)
        assert "accuracy=1; loss=0.5" in lines and f"on {host}" in lines
        assert not any("on algo-" in line and line != f"on {host}" for line in lines)
    assert len({(env["MASTER_ADDR"], env["MASTER_PORT"]) for env in envs}) == 1
    assert len({env["SM_MODEL_DIR"] for env in envs}) == 3
    workers, = {tuple(json.loads(env["TF_CONFIG"])["cluster"]["worker"]) for env in envs}
    assert len(set(workers)) == 3


def test_the_end_of_the_traceback_is_the_reason(engine):
    script = """
        import sys
        def dig(depth):
            if depth == 0:
                raise ValueError("the ground is “hard”")
            dig(depth - 1)
        print("noise " * 2000, file=sys.stderr)
        dig(30)
    """
    job = run(engine, "throws", {"train.py": script}, given={"epochs": 1})
    reason = job["FailureReason"]
    assert job["TrainingJobStatus"] == "Failed" and len(reason) <= 1024
    assert reason.startswith("AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage \"")
    assert "ValueError: the ground is “hard”" in reason and "noise" not in reason
    assert 'Command "/usr/bin/python3 -u train.py --epochs 1"' in reason
    assert processes_of(f"SM_PREFIX={engine.folder}") == []


def test_a_missing_framework_is_named(engine):
    job = run(engine, "missing", {"train.py": "import surely_not_there.keras\n"})
    assert "No module named 'surely_not_there'" in job["FailureReason"]
    assert "/usr/bin/python3 has no module “surely_not_there”" in job["FailureReason"]
    assert "SAGEBRUSH_PYTHON" in job["FailureReason"]


def test_what_is_missing_is_said(engine):
    with pytest.raises(ClientError, match="sagemaker_submit_directory"):
        job = job_input("no-source", BUCKET)
        job["AlgorithmSpecification"]["TrainingImage"] = IMAGE
        job["HyperParameters"] = {"sagemaker_submit_directory": f"s3://{BUCKET}/not/there.tar.gz"}
        engine.client("sagemaker").create_training_job(**job)
    job["HyperParameters"] = {}
    engine.client("sagemaker").create_training_job(**job)
    done = wait_job(engine.client("sagemaker"), "no-source")
    assert "sagemaker_submit_directory" in done["FailureReason"]
    done = run(engine, "no-program", {"other.py": ""})
    assert "train.py" in done["FailureReason"]
    done = run(engine, "no-python", {"train.py": ""}, Environment={"SAGEBRUSH_PYTHON": "/nowhere/python"})
    assert "/nowhere/python" in done["FailureReason"]
    engine.client("s3").put_object(Bucket=BUCKET, Key="broken.tar.gz", Body=b"no archive")
    broken = {"sagemaker_submit_directory": f"s3://{BUCKET}/broken.tar.gz"}
    done = run(engine, "broken", {"train.py": ""}, HyperParameters=broken)
    assert done["FailureReason"].startswith("ClientError:") and "unpacked" in done["FailureReason"]


STUBBORN = """
    import os, signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True)
    print("waiting", os.environ["SM_CURRENT_HOST"], os.getpid(), child.pid, flush=True)
    while True:
        time.sleep(1)
"""
WAITING = """
    import os, time
    open(os.environ["SM_MODEL_DIR"] + "/kept", "w").close()
    print("waiting", os.environ["SM_CURRENT_HOST"], os.getpid(), flush=True)
    while True:
        time.sleep(1)
"""


def test_a_dying_host_takes_the_others_along(engine):
    create(engine, "dying", {"train.py": STUBBORN}, hosts=2)
    wait_waiting(engine, "dying", "algo-1")
    _, process, _ = wait_waiting(engine, "dying", "algo-2")
    os.kill(int(process), signal.SIGKILL)
    job = wait_job(engine.client("sagemaker"), "dying")
    assert job["TrainingJobStatus"] == "Failed"
    assert "The host algo-2 ended first. It was killed by signal 9" in job["FailureReason"]
    assert processes_of(f"SM_PREFIX={engine.folder}") == []


def test_a_host_that_throws_fails_the_job(engine):
    script = """
        import os, time
        if os.environ["RANK"] == "1":
            raise RuntimeError("second thoughts")
        time.sleep(1000)
    """
    job = run(engine, "second", {"train.py": script}, hosts=2)
    assert "second thoughts" in job["FailureReason"] and "algo-2" in job["FailureReason"]
    assert processes_of(f"SM_PREFIX={engine.folder}") == []


def test_stop_keeps_what_there_is(engine):
    create(engine, "stopped", {"train.py": WAITING}, hosts=2)
    for host in ("algo-1", "algo-2"):
        wait_waiting(engine, "stopped", host)
    engine.client("sagemaker").stop_training_job(TrainingJobName="stopped")
    job = wait_job(engine.client("sagemaker"), "stopped")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert list(artifact(engine, job)) == ["kept"]
    assert processes_of(f"SM_PREFIX={engine.folder}") == []


def test_no_script_runs_for_ever(engine):
    job = run(engine, "forever", {"train.py": WAITING}, StoppingCondition={"MaxRuntimeInSeconds": 3})
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert processes_of(f"SM_PREFIX={engine.folder}") == []


def wheel(name, text):
    stream = io.BytesIO()
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr(f"{name}.py", text)
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", f"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return stream.getvalue()


def test_requirements_go_into_a_folder_of_the_job(engine):
    script = "import numpy, sagebrush_tiny\nprint('tiny', sagebrush_tiny.ANSWER, sagebrush_tiny.__file__)\n"
    job = run(engine, "requires", {
        "train.py": script, "sagebrush_tiny-1.0-py3-none-any.whl": wheel("sagebrush_tiny", "ANSWER = 42\n"),
        "requirements.txt": "--no-index\nnumpy\n./sagebrush_tiny-1.0-py3-none-any.whl\n"})
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    line = next(line for line in log_of(engine, "requires") if line.startswith("tiny 42"))
    assert f"{engine.folder}/jobs/requires/venv/" in line


@thorough
def test_requirements_that_nobody_has(engine):
    job = run(engine, "lacks", {"train.py": "", "requirements.txt": "--no-index\nsurely-not-there\n"})
    assert "InstallRequirementsError" in job["FailureReason"]
    assert "surely-not-there" in job["FailureReason"]


def test_a_shell_script_and_an_engine_that_cannot(engine):
    files = {"train.sh": 'echo "said $SM_CURRENT_HOST $@" > "$SM_MODEL_DIR/said"\n'}
    job = run(engine, "shell", files, program="train.sh", given={"a": 1})
    assert artifact(engine, job) == {"said": b"said algo-1 -a 1\n"}
    job = run(engine, "mpi", {"train.py": ""}, given={"sagemaker_mpi_enabled": True})
    assert "MPI" in job["FailureReason"] and job["FailureReason"].startswith("ClientError:")


def test_torchruns_arguments(engine, tmp_path):
    # torchrun of PyTorch 1.13 does not start with Python 3.11: this stand-in notes how it is called.
    (tmp_path / "torch" / "distributed").mkdir(parents=True)
    (tmp_path / "torch" / "__init__.py").touch()
    (tmp_path / "torch" / "distributed" / "__init__.py").touch()
    (tmp_path / "torch" / "distributed" / "run.py").write_text(textwrap.dedent("""
        import os, sys
        with open(f"{os.environ['SM_MODEL_DIR']}/{os.environ['SM_CURRENT_HOST']}", "w") as file:
            file.write(" ".join(sys.argv[1:]).replace(os.environ["MASTER_PORT"], "PORT"))
    """))
    job = run(engine, "torchrun", {"train.py": ""}, hosts=2, Environment={"PYTHONPATH": str(tmp_path)},
              given={"sagemaker_torch_distributed_enabled": True, "epochs": 2})
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert artifact(engine, job) == {
        f"algo-{rank + 1}": f"--nnodes 2 --node_rank {rank} --nproc_per_node 1 --master_addr 127.0.0.1 "
        "--master_port PORT train.py --epochs 2".encode() for rank in (0, 1)}


def deploy(engine, name, files, environment=None, image=IMAGE, states=("InService", "Failed")):
    engine.client("s3").put_object(Bucket=BUCKET, Key=f"{name}/model.tar.gz", Body=archive(files))
    sagemaker = engine.client("sagemaker")
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={
        "Image": image, "ModelDataUrl": f"s3://{BUCKET}/{name}/model.tar.gz",
        "Environment": environment or {}})
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[
        {"VariantName": "A", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.t2.medium"}])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return wait_endpoint(sagemaker, name, *states)


def invoke(engine, name, body, content_type="application/json", **more):
    answer = engine.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name, Body=body, ContentType=content_type, **more)
    return answer["Body"].read(), answer["ContentType"]


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_defaults_read_and_write_npy_json_and_csv(engine):
    script = """
        import os
        def model_fn(model_dir):
            with open(os.path.join(model_dir, "factor")) as file:
                factor = float(file.read())
            return lambda data: data * factor
    """
    found = deploy(engine, "defaults", {"factor": "2", "code/inference.py": script})
    assert found["EndpointStatus"] == "InService"
    assert invoke(engine, "defaults", b"[[1, 2], [3, 4]]") == (b"[[2.0, 4.0], [6.0, 8.0]]", "application/json")
    body, kind = invoke(engine, "defaults", b"1,2\n3,4\n", "text/csv", Accept="text/csv")
    assert (body, kind) == (b"2.0,4.0\n6.0,8.0\n", "text/csv")
    body, kind = invoke(engine, "defaults", npy(np.arange(3.0)), "application/x-npy", Accept="application/x-npy")
    assert kind == "application/x-npy" and np.load(io.BytesIO(body)).tolist() == [0, 2, 4]
    for arguments in ((b"x", "image/png"), (b"[1]", "application/json", "image/png")):
        with pytest.raises(ClientError) as caught:
            invoke(engine, "defaults", *arguments[:2], **({"Accept": arguments[2]} if arguments[2:] else {}))
        assert caught.value.response["OriginalStatusCode"] == 415
        assert "is not supported by this framework" in str(caught.value)
    with pytest.raises(ClientError) as caught:
        invoke(engine, "defaults", b"{nothing")
    assert caught.value.response["OriginalStatusCode"] == 500
    assert invoke(engine, "defaults", b"[1]")[0] == b"[2.0]"


def test_the_users_functions_are_called(engine):
    script = """
        import json, helper
        def model_fn(model_dir):
            return ["model"]
        def input_fn(body, content_type):
            return [type(body).__name__, content_type]
        def predict_fn(data, model):
            return data + model + [helper.WORD]
        def output_fn(prediction, accept):
            return json.dumps(prediction + [accept]), "application/x-mine"
    """
    deploy(engine, "functions", {"code/mine.py": script, "code/helper.py": "WORD = 'help'\n"},
           {"SAGEMAKER_PROGRAM": "mine.py"})
    body, kind = invoke(engine, "functions", b"\xff", "application/octet-stream")
    assert kind == "application/x-mine"
    assert json.loads(body) == ["bytes", "application/octet-stream", "model", "help", "application/json"]
    body, _ = invoke(engine, "functions", b"[]", "application/json; charset=utf-8", Accept="text/csv")
    assert json.loads(body) == ["str", "application/json", "model", "help", "text/csv"]


def test_transform_fn_and_a_script_of_its_own_archive(engine):
    script = """
        def model_fn(model_dir, context):
            return model_dir.rsplit("/", 1)[1]
        def transform_fn(model, body, content_type, accept):
            return model + " " + body
    """
    engine.client("s3").put_object(
        Bucket=BUCKET, Key="own/sourcedir.tar.gz", Body=archive({"serve.py": script}))
    deploy(engine, "transform", {"weights": "x"}, {
        "SAGEMAKER_PROGRAM": "serve.py", "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://{BUCKET}/own/sourcedir.tar.gz"})
    assert invoke(engine, "transform", b"1,2", "text/csv", Accept="text/csv") == (b"model 1,2", "text/csv")


def test_a_model_that_does_not_load_fails_the_endpoint(engine):
    found = deploy(engine, "unloaded", {"code/inference.py": "raise OSError('no weights here')\n"})
    assert found["EndpointStatus"] == "Failed" and "ping" in found["FailureReason"]
    logs, group = engine.client("logs"), "/aws/sagemaker/Endpoints/unloaded"
    stream = logs.describe_log_streams(logGroupName=group)["logStreams"][0]["logStreamName"]
    events = logs.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
    assert any("OSError: no weights here" in event["message"] for event in events)


@thorough
def test_torchscript_needs_no_script(engine, tmp_path):
    import torch

    network = torch.nn.Linear(2, 1, bias=False)
    network.weight.data[:] = torch.tensor([[1.0, 10.0]])
    torch.jit.script(network).save(str(tmp_path / "model.pth"))
    image = PYTORCH.replace("training", "inference")
    deploy(engine, "torchscript", {"model.pth": (tmp_path / "model.pth").read_bytes()}, image=image)
    assert json.loads(invoke(engine, "torchscript", b"[[1, 2], [3, 4]]")[0]) == [[21.0], [43.0]]


# A TensorFlow that knows one SavedModel: it adds up the numbers of each row.
TENSORFLOW = """
    import json, os
    import numpy
    class Tensor:
        def __init__(self, array):
            self.array = array
        def numpy(self):
            return self.array
    class Spec:
        dtype = "float32"
    class Signature:
        structured_input_signature = ((), {"x": Spec()})
        def __call__(self, x):
            return {"sum": Tensor(x.array.sum(-1))}
    class Two(Signature):
        def __call__(self, x):
            return {"sum": Tensor(x.array.sum(-1)), "max": Tensor(x.array.max(-1))}
    class Model:
        def __init__(self, path):
            self.signatures = {"serving_default": Signature(), "two": Two()}
            assert os.path.exists(path + "/saved_model.pb")
    class saved_model:
        load = Model
    def constant(value, dtype):
        return Tensor(numpy.array(value, dtype))
"""


@pytest.fixture(scope="module", name="tensorflow")
def fixture_tensorflow(engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tensorflow")
    (folder / "tensorflow.py").write_text(textwrap.dedent(TENSORFLOW))
    image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.11-cpu"
    found = deploy(engine, "tf", {"1/saved_model.pb": "x", "3/saved_model.pb": "x"},
                   {"PYTHONPATH": str(folder)}, image)
    assert found["EndpointStatus"] == "InService"
    return folder


@pytest.mark.parametrize("body, content_type, answer", [
    (b'{"instances": [[1, 2], [3, 4]]}', "application/json", {"predictions": [3, 7]}),
    (b'{"instances": [{"x": [1, 2]}]}', "application/json", {"predictions": [3]}),
    (b'{"inputs": [[1, 2]]}', "application/json", {"outputs": [3]}),
    (b'{"inputs": {"x": [[1, 2]]}}', "application/json", {"outputs": [3]}),
    (b'{"signature_name": "two", "instances": [[1, 2], [5, 4]]}', "application/json",
     {"predictions": [{"sum": 3, "max": 2}, {"sum": 9, "max": 5}]}),
    (b"[[1, 2], [3, 4]]", "application/json", {"predictions": [3, 7]}),
    (b"[1, 2]", "application/json", {"predictions": [3]}),
    (b"[1, 2]\n[3, 4]\n", "application/jsonlines", {"predictions": [3, 7]}),
    (b"1,2\n3,4\n", "text/csv", {"predictions": [3, 7]}),
])
def test_tensorflow_servings_json(engine, tensorflow, body, content_type, answer):
    found, kind = invoke(engine, "tf", body, content_type)
    assert json.loads(found) == answer and kind == "application/json"


@pytest.mark.parametrize("body, content_type, status, text", [
    (b"x", "image/png", 415, "Unsupported Media Type: image/png"),
    (b'{"instances": ', "application/json", 400, "JSON Parse error"),
    (b'{"instances": [{"y": 1}]}', "application/json", 400, "no such input"),
    (b'{"instances": [[1]], "signature_name": "none"}', "application/json", 400, "none"),
])
def test_what_tensorflow_serving_refuses(engine, tensorflow, body, content_type, status, text):
    with pytest.raises(ClientError) as caught:
        invoke(engine, "tf", body, content_type)
    assert caught.value.response["OriginalStatusCode"] == status and text in str(caught.value)


def test_tensorflow_handlers_and_versions(engine, tensorflow):
    with pytest.raises(ClientError, match="Servable not found"):
        invoke(engine, "tf", b"[1, 2]", CustomAttributes="tfs-model-version=2")
    assert b"3" in invoke(engine, "tf", b"[1, 2]", CustomAttributes="tfs-model-version=1")[0]
    script = """
        import base64, json
        def input_handler(data, context):
            assert context.request_content_type == "application/x-b64"
            return json.dumps({"instances": json.loads(base64.b64decode(data.read()))})
        def output_handler(response, context):
            assert response.status_code == 200
            return "handled " + response.content.decode(), context.accept_header
    """
    deploy(engine, "tf-handlers", {"model/7/saved_model.pb": "x", "code/inference.py": script},
           {"PYTHONPATH": str(tensorflow)})
    body = base64.b64encode(b"[[4, 5]]")
    found, _ = invoke(engine, "tf-handlers", body, "application/x-b64")
    assert found == b'handled {"predictions": [9.0]}'
