#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed InvokeEndpoint for one row, and a training job's time beyond training itself."""
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ["SAGEBRUSH_BUILD_DIR"] = str(Path(sys.argv[1]).resolve())
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import IMAGE, ROLE, Engine, job_input, wait_endpoint, wait_job  # noqa: E402

JOBS = 15


def say(name, value, unit, reference, goal, met):
    print(json.dumps({"name": name, "value": value, "unit": unit, "reference": reference, "goal": goal, "met": met}),
          flush=True)


def load(build, engine, body, connections, requests):
    done = subprocess.run(
        [str(build / "tests/bench/invoke-load"), engine.url.rsplit(":", 1)[1], "/endpoints/e/invocations", body,
         "text/csv", str(connections), str(requests), engine.key, engine.secret, engine.region],
        stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def bare(build, body):
    """The same load on a SoupServer that does nothing but answer."""
    process = subprocess.Popen([str(build / "tests/bench/bare-soup")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        port = process.stdout.readline().decode().strip()
        common = [str(build / "tests/bench/invoke-load"), port, "/x", str(body), "text/csv"]
        return [json.loads(subprocess.run(common + numbers, stdout=subprocess.PIPE, check=True).stdout)
                for numbers in (["1", "10000"], ["16", "40000"])]
    finally:
        process.stdin.close()
        process.wait(20)


def main():
    build = Path(sys.argv[1])
    rng = random.Random(1)
    rows = [[rng.random() for _ in range(8)] for _ in range(2000)]
    text = "".join(f"{int(x[0] + x[1] > 1)} " + " ".join(f"{i}:{v:.4f}" for i, v in enumerate(x)) + "\n" for x in rows)
    with tempfile.TemporaryDirectory() as folder, Engine(Path(folder) / "data") as engine:
        s3, sagemaker = engine.client("s3"), engine.client("sagemaker")
        s3.create_bucket(Bucket="bench")
        s3.put_object(Bucket="bench", Key="train/data", Body=text)
        beyond = []
        for i in range(JOBS):
            begin = time.monotonic()
            sagemaker.create_training_job(**job_input(f"j{i}", "bench", num_round="20"))
            job = wait_job(sagemaker, f"j{i}")
            total = time.monotonic() - begin
            training = next(t for t in job["SecondaryStatusTransitions"] if t["Status"] == "Training")
            beyond.append(1000 * (total - (training["EndTime"] - training["StartTime"]).total_seconds()))
        value = statistics.median(beyond)
        say("CreateTrainingJob to Completed, beyond training", round(value, 1), "ms", "", "under 300 ms", value < 300)
        sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer={
            "Image": IMAGE, "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"]})
        sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[
            {"VariantName": "A", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.t2.medium"}])
        sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c")
        wait_endpoint(sagemaker, "e")
        body = Path(folder) / "row.csv"
        body.write_text(",".join(f"{v:.4f}" for v in rows[0]))
        load(build, engine, str(body), 1, 2000)
        one = load(build, engine, str(body), 1, 10000)
        many = load(build, engine, str(body), 16, 40000)
        soup_one, soup_many = bare(build, body)
        median, p99, rate = one["median"], one["p99"], many["per_second"]
        say("InvokeEndpoint, one row, median", round(median, 3), "ms", f"bare SoupServer {soup_one['median']:.2g} ms", "under 0.5 ms", median < 0.5)
        say("InvokeEndpoint, one row, 99th percentile", round(p99, 3), "ms", f"bare SoupServer {soup_one['p99']:.2g} ms", "under 2 ms", p99 < 2)
        say("InvokeEndpoint over 16 connections", round(rate), "1/s", f"bare SoupServer {soup_many['per_second']:,.0f} 1/s", "at least 4000 /s", rate >= 4000)


if __name__ == "__main__":
    main()
