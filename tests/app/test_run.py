# SPDX-License-Identifier: GPL-3.0-or-later
"""`sagebrush run` and `sagebrush engine`, as a person calls them, on sample and real data."""
import contextlib
import gzip
import hashlib
import http.server
import io
import json
import os
import re
import signal
import struct
import subprocess
import sys
import threading
from pathlib import Path

import boto3
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import BUILD, SOURCE, test_data  # noqa: E402
from peer import as_before  # noqa: E402

PROGRAM = str(BUILD / "src/app/sagebrush")
DATA = test_data()
CSV = DATA / "video-games/raw_data.csv" if DATA else None
real = pytest.mark.skipif(CSV is None, reason="no real data: set SAGEBRUSH_TEST_DATA")


def run(home, *arguments, env=None, code=0):
    environment = {**os.environ, "XDG_DATA_HOME": str(home), "XDG_CACHE_HOME": f"{home}/cache", "LC_ALL": "C.UTF-8",
                   **(env or {})}
    environment.pop("DISPLAY", None)
    done = subprocess.run([PROGRAM, *map(str, arguments)], env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == code, done.stderr
    return done


def prepare_with_pandas():
    """The workshop's notebook, as it prepares its file."""
    import numpy as np
    import pandas as pd

    data = pd.read_csv(CSV)
    data["y"] = data["Global_Sales"] > 1
    data = data.drop(["Name", "Year_of_Release", "NA_Sales", "EU_Sales", "JP_Sales", "Other_Sales", "Global_Sales",
                      "Critic_Count", "User_Count", "Developer"], axis=1).dropna()
    data["User_Score"] = data["User_Score"].astype(str)
    tbd = data["User_Score"] == "tbd"
    data["User_Score"] = data["User_Score"].where(~tbd, (data["Critic_Score"] / 10).astype(str)).astype(float)
    y = data.pop("y").astype(int)
    data = pd.get_dummies(data)
    data.insert(0, "y_yes", y)
    shuffled = data.sample(frac=1, random_state=1729)
    n = len(shuffled)
    return {"train": shuffled[: int(0.7 * n)], "validation": shuffled[int(0.7 * n): int(0.9 * n)],
            "test": shuffled[int(0.9 * n):]}


def dump(part):
    from sklearn.datasets import dump_svmlight_file

    out = io.BytesIO()
    dump_svmlight_file(X=part.drop(["y_yes"], axis=1).astype(float).values, y=part["y_yes"].values, f=out)
    return out.getvalue()


def train_with_xgboost(folder):
    """The best area under the curve that python3-xgboost reaches on the run's own files with the module's values."""
    import xgboost

    module = json.loads((SOURCE / "data/modules/video-game-sales.json").read_text())
    values = next(step for step in module["steps"] if step["id"] == "train")["defaults"]
    values = {**as_before(xgboost), **values, "nthread": 1}
    train, validation = (xgboost.DMatrix(f"{folder}/{name}.libsvm?format=libsvm") for name in ("train", "validation"))
    scores = {}
    xgboost.train(values, train, int(values.pop("num_round")), evals=[(validation, "validation")], evals_result=scores,
                  verbose_eval=False)
    return scores["validation"]["auc"][-1]


@real
def test_real_data(tmp_path):
    done = run(tmp_path / "home", "run", "video-game-sales", "--data", CSV, "--json", "--output", tmp_path / "out")
    result = json.loads(done.stdout)
    steps = {name: step["summary"] for name, step in result["steps"].items() if "summary" in step}
    assert "16719 games" in steps["data"] and "2057 of 16719" in steps["explore"]
    assert steps["prepare"] == "8021 rows with 331 features: 5614 / 1604 / 803"
    assert result["tp"] + result["fn"] == 132 and sum(result[k] for k in ("tn", "fp", "fn", "tp")) == 803
    assert 66 <= result["tp"] <= 75 and 0.13 <= result["error"] <= 0.15
    folder = next((tmp_path / "home/sagebrush/runs").glob("video-game-sales-*"))
    assert float(re.search(r"auc ([\d.]+)", steps["train"])[1]) == pytest.approx(train_with_xgboost(folder), abs=0.0005)
    parts = prepare_with_pandas()
    for name, part in parts.items():
        assert (folder / f"{name}.libsvm").read_bytes() == dump(part), name
    assert [len(parts[name]) for name in ("train", "validation", "test")] == [5614, 1604, 803]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "report.html", "balance.png", "scatter.png", "distribution.png", "missing.png", "metric.png", "confusion.png",
        "roc.png", "importance.png", "video-game-sales.ipynb"}
    book = json.loads((tmp_path / "out/video-game-sales.ipynb").read_text())
    cells = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    assert any("create_training_job" in cell for cell in cells) and any("invoke_endpoint" in cell for cell in cells)
    compile("\n".join(cells), "notebook", "exec")
    assert "Nothing left" in done.stderr


def test_sample(tmp_path):
    done = run(tmp_path, "run", "video-game-sales", "--set", "train.max_depth=4", "--set", "train.num_round=20")
    assert "Confusion matrix" in done.stdout and re.search(r"\d+ of \d+ hits found, error", done.stdout)
    assert "synthetic" in done.stderr and "after 20 rounds" in done.stderr


def test_keep_and_find_again(tmp_path):
    run(tmp_path, "run", "video-game-sales", "--keep", "--set", "train.num_round=3")
    ledger = json.loads(next((tmp_path / "sagebrush/runs").glob("*/ledger.json")).read_text())
    kinds = [item["kind"] for item in ledger["resources"] if item["confirmed"] and not item["deleted"]]
    assert sorted(kinds) == ["bucket", "endpoint", "endpoint-config", "model", "objects", "training-job"]
    info = json.loads((tmp_path / "sagebrush/engine/engine.json").read_text())
    try:
        done = run(tmp_path, "run", "video-game-sales", "--set", "train.num_round=2")
        assert "hits found" in done.stdout
        assert json.loads((tmp_path / "sagebrush/engine/engine.json").read_text())["pid"] == info["pid"]
    finally:
        os.kill(info["pid"], signal.SIGTERM)


@pytest.mark.parametrize("arguments, message", [
    (["run", "video-game-sales", "--data", "/nowhere.csv"], "/nowhere.csv"),
    (["run", "nothing"], "no module “nothing”"),
    (["run", "video-game-sales", "--set", "train.eta=2"], "Hyperparameter eta: value 2 not in range [0, 1]"),
    (["run", "video-game-sales", "--set", "eta"], "is no setting"),
    (["run", "video-game-sales", "--connection", "mars"], "no connection “mars”"),
])
def test_failures_are_one_clear_line(tmp_path, arguments, message):
    done = run(tmp_path, *arguments, code=1)
    last = [line for line in done.stderr.splitlines() if line.startswith("sagebrush: ")]
    assert len(last) == 1 and message in last[0]


def test_bad_csv_names_the_line(tmp_path):
    (tmp_path / "bad.csv").write_text("Name,Platform,Genre,Publisher,Global_Sales,Critic_Score,User_Score,Rating\n"
                                      "A,Wii,Misc,X,lots,1,1,E\n")
    done = run(tmp_path / "home", "run", "video-game-sales", "--data", tmp_path / "bad.csv", code=1)
    assert "Line 2: “lots” is no number" in done.stderr


def serve(body):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@contextlib.contextmanager
def serve_files(files):
    """A server on loopback with these files; it notes what it was asked for."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            body = files.get(self.path, b"")
            self.send_response(200 if self.path in files else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.url = [], f"http://127.0.0.1:{server.server_address[1]}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@real
def test_download(tmp_path):
    body = CSV.read_bytes()
    assert hashlib.sha256(body).hexdigest() == "4ad802a9e51792e7a96b84da4501e5f64c97484d937ede9441d2e1145c1d7b03"
    for content, code in ((body, 0), (body[:-1] + b"x", 1), (body[:1000], 1)):
        server = serve(content)
        env = {"SAGEBRUSH_VIDEO_GAMES_URL": f"http://127.0.0.1:{server.server_address[1]}/raw_data.csv"}
        done = run(tmp_path / str(len(content)) / str(code), "run", "video-game-sales", "--set", "data.source=download",
                   "--set", "train.num_round=2", env=env, code=code)
        server.shutdown()
        if code:
            assert "is not the file that is expected" in done.stderr
            assert not list(tmp_path.glob(f"{len(content)}/{code}/**/games.csv*"))


def write_my_digits(home, n):
    """What the window keeps of digits that were drawn and named: a label, then 784 pixels, for each."""
    (home / "sagebrush").mkdir(parents=True)
    pixels = [bytes(255 if 20 * i <= k % 400 < 20 * i + 12 else 0 for k in range(784)) for i in range(10)]
    (home / "sagebrush/my-digits").write_bytes(b"".join(bytes([i % 10]) + pixels[i % 10] for i in range(n)))


def test_my_digits(tmp_path):
    write_my_digits(tmp_path / "few", 9)
    done = run(tmp_path / "few", "run", "digits", "--set", "data.source=mine", code=1)
    assert "You have drawn and named 9 digits; 10 are needed" in done.stderr
    write_my_digits(tmp_path / "many", 20)
    done = run(tmp_path / "many", "run", "digits", "--set", "data.source=mine", "--set", "train.epochs=1",
               "--set", "train.InstanceCount=2", "--json", env={"ASAN_OPTIONS": "detect_leaks=0"})
    steps = json.loads(done.stdout)["steps"]
    assert steps["data"]["summary"] == "My digits: 16 digits to train on, 4 to test with"
    assert json.loads(done.stdout)["total"] == 4
    journal = [json.loads(line) for line in (tmp_path / "many/sagebrush/journal.jsonl").read_text().splitlines()]
    (job,) = [call["input"] for call in journal if call.get("operation") == "CreateTrainingJob"]
    assert job["ResourceConfig"]["InstanceCount"] == 2 and "InstanceCount" not in job["HyperParameters"]
    folder = next((tmp_path / "many/sagebrush/runs").glob("handwritten-digits-*"))
    assert (folder / "t10k-labels-idx1-ubyte").read_bytes()[8:] == bytes([4, 9, 4, 9])


def first_of(path, n):
    """The first n items of a compressed IDX file, as such a file."""
    content = gzip.decompress(path.read_bytes())
    count, = struct.unpack_from(">I", content, 4)
    head = 4 + 4 * content[3]
    return gzip.compress(content[:4] + struct.pack(">I", n) + content[8:head + n * (len(content) - head) // count])


@real
def test_digits_from_the_second_mirror(tmp_path):
    """A module of one's own with other files: the first mirror has none of them."""
    module = json.loads((SOURCE / "data/modules/handwritten-digits.json").read_text())
    files = {}
    for file in module["download"]["files"]:
        content = files["/" + file["name"]] = first_of(DATA / "mnist" / file["name"], 600)
        file.update(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    with serve_files(files) as full, serve_files({}) as empty:
        module.update({"id": "my-copy", "short-name": "copy"})
        module["download"]["mirrors"] = [empty.url, full.url]
        (tmp_path / "sagebrush/modules").mkdir(parents=True)
        (tmp_path / "sagebrush/modules/copy.json").write_text(json.dumps(module))
        write_one = bytes([5]) + bytes(784)
        (tmp_path / "sagebrush/my-digits").write_bytes(write_one)
        done = run(tmp_path, "run", "copy", "--set", "data.source=download", "--set", "data.add_mine=true",
                   "--set", "train.epochs=1", "--set", "train.augment=false", "--json")
    steps = json.loads(done.stdout)["steps"]
    assert steps["data"]["summary"] == "MNIST: 610 digits to train on, 600 to test with"
    assert sorted(full.asked) == sorted(files) and sorted(empty.asked) == sorted(files)
    folder = next((tmp_path / "sagebrush/runs").glob("my-copy-*"))
    assert (folder / "mixed-images-idx3-ubyte").read_bytes()[-784:] == bytes(784)
    assert (folder / "mixed-labels-idx1-ubyte").read_bytes()[-10:] == bytes([5]) * 10


@real
def test_digits_that_are_not_those_expected(tmp_path):
    """What a mirror sends is held against its SHA-256 before anything is made of it."""
    server = serve((DATA / "mnist/train-images-idx3-ubyte.gz").read_bytes())
    env = {"SAGEBRUSH_MNIST_URL": f"http://127.0.0.1:{server.server_address[1]}/"}
    done = run(tmp_path, "run", "handwritten-digits", "--set", "data.source=download", env=env, code=1)
    server.shutdown()
    assert "is not the file that is expected" in done.stderr
    assert not list(tmp_path.glob("**/*ubyte.gz"))


def test_digits_need_four_files(tmp_path):
    done = run(tmp_path, "run", "handwritten-digits", "--data", tmp_path, code=1)
    assert "four files have to be in one folder" in done.stderr


def test_engine_command(tmp_path):
    with subprocess.Popen([PROGRAM, "engine", "--data-dir", str(tmp_path / "e"), "--print-env"], stdout=subprocess.PIPE,
                          text=True) as process:
        try:
            names = dict(process.stdout.readline().removeprefix("export ").strip().split("=", 1) for _ in range(5))
            client = boto3.client("sagemaker", endpoint_url=names["AWS_ENDPOINT_URL"],
                                  region_name=names["AWS_REGION"], aws_access_key_id=names["AWS_ACCESS_KEY_ID"],
                                  aws_secret_access_key=names["AWS_SECRET_ACCESS_KEY"])
            assert client.list_endpoints()["Endpoints"] == []
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_no_secret_is_left_behind(tmp_path):
    run(tmp_path, "run", "video-game-sales", "--set", "train.num_round=2")
    keys = (tmp_path / "sagebrush/engine/credentials").read_text()
    secret = re.search(r"aws_secret_access_key = (\S+)", keys)[1]
    assert oct((tmp_path / "sagebrush/engine/credentials").stat().st_mode)[-3:] == "600"
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name != "credentials":
            assert secret.encode() not in path.read_bytes(), path


def test_journal_is_what_botocore_knows(tmp_path):
    import botocore.session
    from botocore.validate import ParamValidator

    run(tmp_path, "run", "video-game-sales", "--set", "train.num_round=2")
    session, seen = botocore.session.get_session(), set()
    for line in (tmp_path / "sagebrush/journal.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if "operation" not in entry:
            continue
        model = session.get_service_model(entry["service"]).operation_model(entry["operation"])
        given = dict(entry.get("input") or {})
        if "body" in entry or entry["operation"] in ("PutObject", "UploadPart", "InvokeEndpoint"):
            given["Body"] = b""  # the journal keeps what a body was, not the body
        problems = ParamValidator().validate(given, model.input_shape) if model.input_shape else None
        assert problems is None or not problems.has_errors(), problems.generate_report()
        seen.add(entry["operation"])
    assert {"CreateTrainingJob", "CreateModel", "CreateEndpointConfig", "CreateEndpoint", "InvokeEndpoint",
            "DeleteEndpoint", "DeleteObjects"} <= seen


def test_help():
    text = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    assert "sagebrush run MODULE" in text and "--print-env" in text
