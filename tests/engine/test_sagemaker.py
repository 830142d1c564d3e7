# SPDX-License-Identifier: GPL-3.0-or-later
"""SageMaker, Runtime, Logs, IAM and STS as boto3 and the AWS CLI see them."""
import datetime
import io
import json
import random
import subprocess
import tarfile

import pytest
from botocore.exceptions import ClientError

from engine import IMAGE, ROLE, job_input, wait_endpoint, wait_job


def error(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]


def libsvm(rows, seed):
    rng = random.Random(seed)
    lines = []
    for _ in range(rows):
        x = [rng.random() for _ in range(4)]
        lines.append(f"{int(x[0] + x[1] > 1)} " + " ".join(f"{i}:{v:.4f}" for i, v in enumerate(x)))
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def trained(engine):
    s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
    s3.create_bucket(Bucket="jobs")
    s3.put_object(Bucket="jobs", Key="train/a.libsvm", Body=libsvm(400, 1))
    s3.put_object(Bucket="jobs", Key="train/b.libsvm", Body=libsvm(400, 2))
    s3.put_object(Bucket="jobs", Key="validation/a.libsvm", Body=libsvm(200, 3))
    sagemaker.create_training_job(
        **job_input("first", "jobs", ("train", "validation"), objective="binary:logistic", eval_metric="auc,error"),
        Tags=[{"Key": "sagebrush:run", "Value": "r1"}])
    return wait_job(sagemaker, "first")


def test_training_job(engine, trained):
    assert trained["TrainingJobStatus"] == "Completed", trained.get("FailureReason")
    assert [t["Status"] for t in trained["SecondaryStatusTransitions"]] == [
        "Starting", "Downloading", "Training", "Uploading", "Completed"]
    metrics = {m["MetricName"]: m["Value"] for m in trained["FinalMetricDataList"]}
    assert set(metrics) == {"train:auc", "validation:auc", "train:error", "validation:error"}
    assert metrics["validation:auc"] > 0.9
    uri = trained["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == "s3://jobs/output/first/output/model.tar.gz"
    body = engine.client("s3").get_object(Bucket="jobs", Key="output/first/output/model.tar.gz")["Body"].read()
    assert tarfile.open(fileobj=io.BytesIO(body)).getnames() == ["xgboost-model"]
    tags = engine.client("sagemaker").list_tags(ResourceArn=trained["TrainingJobArn"])["Tags"]
    assert tags == [{"Key": "sagebrush:run", "Value": "r1"}]


def test_logs(engine, trained):
    logs = engine.client("logs")
    group = "/aws/sagemaker/TrainingJobs"
    stream = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="first/")["logStreams"][0]
    messages, token = [], None
    while True:
        more = {"nextToken": token} if token else {}
        page = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True,
                                   limit=3, **more)
        messages += [event["message"] for event in page["events"]]
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert "800x4 matrix with 3200 entries loaded from /opt/ml/input/data/train" in messages
    rounds = [line for line in messages if line.startswith("[4]#011train-auc:")]
    assert len(rounds) == 1 and "#011validation-error:" in rounds[0]
    found = logs.filter_log_events(logGroupName=group, filterPattern='"[3]" -"[2]"')["events"]
    assert all("[3]" in event["message"] for event in found) and found
    assert error(logs.get_log_events, logGroupName=group, logStreamName="none")["Code"] == "ResourceNotFoundException"


def test_training_errors(engine, trained):
    sagemaker = engine.client("sagemaker")
    good = job_input("second", "jobs")
    assert error(sagemaker.create_training_job, **job_input("first", "jobs"))["Code"] == "ResourceInUse"
    assert error(sagemaker.describe_training_job, TrainingJobName="none")["Message"] == "Requested resource not found."
    assert "is in status Completed" in error(sagemaker.stop_training_job, TrainingJobName="first")["Message"]
    role = {**good, "RoleArn": "arn:aws:iam::000000000000:role/Nobody"}
    assert "Could not assume role" in error(sagemaker.create_training_job, **role)["Message"]
    channel = {**good, "InputDataConfig": job_input("x", "jobs", ("nothing",))["InputDataConfig"]}
    assert "No S3 objects found" in error(sagemaker.create_training_job, **channel)["Message"]
    name = {**good, "TrainingJobName": "not_valid"}
    found = error(sagemaker.create_training_job, **name)
    assert found["Code"] == "ValidationException"
    assert found["Message"].startswith("1 validation error detected: Value 'not_valid' at 'trainingJobName'")


def failure(engine, name, body, **hyperparameters):
    s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
    s3.create_bucket(Bucket="bad")
    s3.put_object(Bucket="bad", Key="train/data.libsvm", Body=body)
    sagemaker.create_training_job(**job_input(name, "bad", **hyperparameters))
    job = wait_job(sagemaker, name)
    assert job["TrainingJobStatus"] == "Failed"
    return job["FailureReason"]


def test_bad_data_names_file_and_line(engine):
    assert "data.libsvm:2: the value of feature 1 is no number" in failure(engine, "bad1", "1 0:1\n0 1:x\n")


@pytest.mark.parametrize("number, hyperparameters, reason", [
    (1, {"num_round": ""}, "Missing required hyperparameter: num_round"),
    (2, {"wrong": "1"}, "Extraneous hyperparameter found: wrong"),
    (3, {"eta": "2"}, "Hyperparameter eta: value 2 not in range [0, 1]"),
    (4, {"max_depth": "x"}, "Hyperparameter max_depth: could not parse value"),
    (5, {"objective": "multi:softmax"}, "num_class"),
    (6, {"eval_metric": "auc"}, "Metric 'auc' can only be applied"),
])
def test_bad_hyperparameters(engine, number, hyperparameters, reason):
    found = failure(engine, f"hyper{number}", "1 0:1\n0 0:0\n", **hyperparameters)
    assert found.startswith("ClientError: ") and reason in found


def test_lists(engine, trained):
    sagemaker = engine.client("sagemaker")
    for i in range(5):
        sagemaker.create_model(ModelName=f"listed-{i}", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE)
    pages = sagemaker.get_paginator("list_models").paginate(
        NameContains="listed", SortBy="Name", SortOrder="Ascending", PaginationConfig={"PageSize": 2})
    assert [m["ModelName"] for page in pages for m in page["Models"]] == [f"listed-{i}" for i in range(5)]
    newest = sagemaker.list_models(NameContains="listed", SortBy="CreationTime", SortOrder="Descending")
    assert newest["Models"][0]["ModelName"] == "listed-4"
    jobs = sagemaker.list_training_jobs(StatusEquals="Completed")["TrainingJobSummaries"]
    assert "first" in [job["TrainingJobName"] for job in jobs]
    assert sagemaker.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"] == []


@pytest.fixture(scope="module")
def endpoint(engine, trained):
    sagemaker = engine.client("sagemaker")
    artifact = trained["ModelArtifacts"]["S3ModelArtifacts"]
    sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE,
                           PrimaryContainer={"Image": IMAGE, "ModelDataUrl": artifact})
    variants = [{"VariantName": name, "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.t2.medium",
                 "InitialVariantWeight": weight} for name, weight in (("A", 1), ("B", 3))]
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=variants)
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
    assert wait_endpoint(sagemaker, "e")["EndpointStatus"] == "InService"
    return "e"


def test_invoke(engine, endpoint):
    runtime = engine.client("sagemaker-runtime")

    def ask(body, **more):
        return runtime.invoke_endpoint(EndpointName=endpoint, Body=body, **more)

    csv = ask("0.9,0.9,0.1,0.1\n0.1,0.1,0.1,0.1", ContentType="text/csv")["Body"].read().decode().split("\n")
    libsvm_scores = ask("0:0.9 1:0.9 2:0.1 3:0.1\n1 0:0.1 1:0.1 2:0.1 3:0.1\n",
                        ContentType="text/x-libsvm")["Body"].read().decode().split("\n")
    assert csv == libsvm_scores and float(csv[0]) > 0.5 > float(csv[1])
    answer = json.loads(ask("0.9,0.9,0.1,0.1", ContentType="text/csv", Accept="application/json")["Body"].read())
    assert answer["predictions"][0]["score"] == pytest.approx(float(csv[0]))
    for arguments, status in [({"Body": "1,x,3,4", "ContentType": "text/csv"}, 400),
                              ({"Body": "1,2", "ContentType": "text/csv"}, 400),
                              ({"Body": "{}", "ContentType": "application/json"}, 415),
                              ({"Body": "1,2,3,4", "ContentType": "text/csv", "Accept": "image/png"}, 406)]:
        with pytest.raises(ClientError) as caught:
            runtime.invoke_endpoint(EndpointName=endpoint, **arguments)
        assert caught.value.response["Error"]["Code"] == "ModelError"
        assert caught.value.response["OriginalStatusCode"] == status
    missing = error(runtime.invoke_endpoint, EndpointName="none", Body="1", ContentType="text/csv")
    assert missing["Message"] == "Endpoint none of account 000000000000 not found."


def test_metrics(engine, endpoint):
    """What test_invoke() has asked, and something more, in CloudWatch's words."""
    cloudwatch, runtime = engine.client("cloudwatch"), engine.client("sagemaker-runtime")
    described = engine.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    variants = [variant["VariantName"] for variant in described["ProductionVariants"]]
    now = datetime.datetime.now(datetime.timezone.utc)

    def ask(metric, statistics=("Sum",), period=3600, variant=variants[0], **more):
        return cloudwatch.get_metric_statistics(**{
            "Namespace": "AWS/SageMaker", "MetricName": metric, "StartTime": now - datetime.timedelta(hours=1),
            "EndTime": now + datetime.timedelta(minutes=2), "Period": period, "Statistics": list(statistics),
            "Dimensions": [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}],
            **more})["Datapoints"]

    def total(metric):
        return sum(point["Sum"] for variant in variants for point in ask(metric, period=60, variant=variant))

    before, failed = total("Invocations"), total("Invocation4XXErrors")
    for _ in range(3):
        runtime.invoke_endpoint(EndpointName=endpoint, Body="0.9,0.9,0.1,0.1", ContentType="text/csv",
                                TargetVariant=variants[0])
    error(runtime.invoke_endpoint, EndpointName=endpoint, Body="1,2", ContentType="text/csv")
    assert (total("Invocations"), total("Invocation4XXErrors")) == (before + 4, failed + 1)
    assert total("Invocation5XXErrors") == 0
    (asked,) = ask("Invocations", period=7200)
    (latency,) = ask("ModelLatency", ("Average", "Minimum", "Maximum", "SampleCount"), period=7200)
    assert 0 < latency["Minimum"] <= latency["Average"] <= latency["Maximum"] and latency["Unit"] == "Microseconds"
    assert latency["SampleCount"] == asked["Sum"] >= 3
    assert ask("Invocations", variant="none") == [] and ask("Nothing") == []
    assert "multiple of 60" in error(ask, metric="Invocations", period=59)["Message"]


def test_weights(engine, endpoint):
    runtime, sagemaker = engine.client("sagemaker-runtime"), engine.client("sagemaker")

    def variants(count):
        return [runtime.invoke_endpoint(EndpointName=endpoint, Body="1,1,1,1", ContentType="text/csv")[
            "InvokedProductionVariant"] for _ in range(count)]

    seen = variants(200)
    assert 100 < seen.count("B") < 190
    chosen = runtime.invoke_endpoint(EndpointName=endpoint, Body="1,1,1,1", ContentType="text/csv", TargetVariant="A")
    assert chosen["InvokedProductionVariant"] == "A"
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint, DesiredWeightsAndCapacities=[{"VariantName": "B", "DesiredWeight": 0}])
    assert set(variants(30)) == {"A"}


def test_update_and_delete(engine, endpoint):
    sagemaker = engine.client("sagemaker")
    sagemaker.create_endpoint_config(EndpointConfigName="c2", ProductionVariants=[
        {"VariantName": "New", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.t2.medium"}])
    sagemaker.create_endpoint(EndpointName="u", EndpointConfigName="c")
    assert "already existing" in error(sagemaker.create_endpoint, EndpointName="u", EndpointConfigName="c")["Message"]
    wait_endpoint(sagemaker, "u")
    sagemaker.update_endpoint(EndpointName="u", EndpointConfigName="c2")
    updated = wait_endpoint(sagemaker, "u")
    assert (updated["EndpointStatus"], updated["EndpointConfigName"]) == ("InService", "c2")
    assert [v["VariantName"] for v in updated["ProductionVariants"]] == ["New"]
    sagemaker.delete_endpoint(EndpointName="u")
    assert "Could not find endpoint" in error(sagemaker.describe_endpoint, EndpointName="u")["Message"]


def test_broken_model_fails_the_endpoint(engine, trained):
    sagemaker, s3 = engine.client("sagemaker"), engine.client("s3")
    s3.put_object(Bucket="jobs", Key="broken.tar.gz", Body=b"no archive")
    sagemaker.create_model(ModelName="broken", ExecutionRoleArn=ROLE,
                           PrimaryContainer={"Image": IMAGE, "ModelDataUrl": "s3://jobs/broken.tar.gz"})
    sagemaker.create_endpoint_config(EndpointConfigName="broken", ProductionVariants=[
        {"VariantName": "A", "ModelName": "broken", "InitialInstanceCount": 1, "InstanceType": "ml.t2.medium"}])
    sagemaker.create_endpoint(EndpointName="broken", EndpointConfigName="broken")
    ended = wait_endpoint(sagemaker, "broken")
    assert ended["EndpointStatus"] == "Failed" and "model data archive" in ended["FailureReason"]
    sagemaker.delete_endpoint(EndpointName="broken")


def test_iam_and_sts(engine):
    iam = engine.client("iam")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    role = iam.create_role(RoleName="Mine", AssumeRolePolicyDocument=policy, Tags=[{"Key": "a", "Value": "b"}])["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert error(iam.create_role, RoleName="Mine", AssumeRolePolicyDocument=policy)["Code"] == "EntityAlreadyExists"
    arn = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
    iam.attach_role_policy(RoleName="Mine", PolicyArn=arn)
    assert iam.list_attached_role_policies(RoleName="Mine")["AttachedPolicies"][0]["PolicyArn"] == arn
    assert error(iam.delete_role, RoleName="Mine")["Code"] == "DeleteConflict"
    iam.detach_role_policy(RoleName="Mine", PolicyArn=arn)
    assert {"Mine", "SagebrushLocalRole"} <= {r["RoleName"] for r in iam.list_roles()["Roles"]}
    iam.delete_role(RoleName="Mine")
    assert error(iam.get_role, RoleName="Mine")["Code"] == "NoSuchEntity"
    assert engine.client("sts").get_caller_identity()["Account"] == "000000000000"


def test_unknown_operations(engine):
    sagemaker, iam = engine.client("sagemaker"), engine.client("iam")
    assert error(sagemaker.list_apps)["Code"] == "UnknownOperationException"
    assert error(iam.list_users)["Code"] == "InvalidAction"


def test_wrong_keys(engine):
    wrong = engine.client("sagemaker", aws_secret_access_key="x" * 40)
    assert error(wrong.list_models)["Code"] == "InvalidSignatureException"
    unknown = engine.client("sagemaker", aws_access_key_id="AKIANOBODY")
    assert error(unknown.list_models)["Code"] == "UnrecognizedClientException"
    assert error(engine.client("sts", aws_secret_access_key="x" * 40).get_caller_identity)["Code"] == "SignatureDoesNotMatch"


def test_cli(engine, trained):
    done = subprocess.run(["aws", "--endpoint-url", engine.url, "sagemaker", "describe-training-job",
                           "--training-job-name", "first"], env=engine.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["TrainingJobStatus"] == "Completed"
