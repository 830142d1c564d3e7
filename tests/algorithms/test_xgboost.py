# SPDX-License-Identifier: GPL-3.0-or-later
"""sagebrush-xgboost against python3-xgboost, and against the contract of a container."""
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import BUILD, wait_for  # noqa: E402
from peer import as_before  # noqa: E402

xgboost = pytest.importorskip("xgboost")
PROGRAM = str(BUILD / "src/algorithms/sagebrush-xgboost")


def rows(count, seed, columns=6):
    rng = random.Random(seed)
    out = []
    for _ in range(count):
        x = [round(rng.random(), 3) for _ in range(columns)]
        out.append((int(x[0] + x[1] * x[2] + rng.random() * 0.3 > 0.9), x))
    return out


def as_libsvm(data):
    return "".join(f"{y} " + " ".join(f"{i}:{v}" for i, v in enumerate(x)) + "\n" for y, x in data)


def as_csv(data, label=True):
    return "".join(",".join(map(str, ([y] if label else []) + x)) + "\n" for y, x in data)


class Job:
    def __init__(self, folder, hyperparameters, content_type="libsvm", **channels):
        self.folder = folder
        (folder / "input/config").mkdir(parents=True)
        (folder / "model").mkdir()
        (folder / "input/config/hyperparameters.json").write_text(json.dumps(hyperparameters))
        (folder / "input/config/inputdataconfig.json").write_text(
            json.dumps({name: {"ContentType": content_type} for name in channels}))
        for name, text in channels.items():
            (folder / "input/data" / name).mkdir(parents=True)
            (folder / "input/data" / name / "data").write_text(text)
        self.env = {**os.environ, "SM_PREFIX": str(folder), "SM_NUM_CPUS": "1"}

    def start(self):
        return subprocess.Popen([PROGRAM, "train"], env=self.env, stdout=subprocess.PIPE, text=True)

    def train(self, code=0):
        process = self.start()
        self.output = process.communicate()[0]
        assert process.returncode == code, self.output
        return self

    def failure(self):
        return (self.folder / "output/failure").read_text()


PARAMETERS = {"objective": "binary:logistic", "eval_metric": "auc", "max_depth": "3", "eta": "0.2", "subsample": "0.7",
              "seed": "7"}


def peer(train, validation, rounds, **more):
    """The same job by python3-xgboost: its log lines and its model."""
    import numpy as np

    def matrix(data):
        return xgboost.DMatrix(np.array([x for _, x in data]), label=np.array([y for y, _ in data]))

    lines = {}
    model = xgboost.train({**as_before(xgboost), **PARAMETERS, **more, "nthread": 1}, matrix(train), rounds, evals_result=lines,
                          evals=[(matrix(train), "train"), (matrix(validation), "validation")], verbose_eval=False)
    text = [f"[{i}]\ttrain-auc:{lines['train']['auc'][i]:.5f}\tvalidation-auc:{lines['validation']['auc'][i]:.5f}"
            for i in range(len(lines["train"]["auc"]))]
    return text, model


@pytest.mark.parametrize("content_type, write", [("libsvm", as_libsvm), ("text/csv", as_csv)])
def test_trains_like_xgboost(tmp_path, content_type, write):
    train, validation = rows(900, 1), rows(300, 2)
    job = Job(tmp_path / "job", {**PARAMETERS, "num_round": "12"}, content_type, train=write(train),
              validation=write(validation)).train()
    expected, model = peer(train, validation, 12)
    assert [line for line in job.output.splitlines() if re.match(r"\[\d+\]\t", line)] == expected
    ours = xgboost.Booster(model_file=str(tmp_path / "job/model/xgboost-model"))
    import numpy as np
    test = xgboost.DMatrix(np.array([x for _, x in validation]))
    assert np.allclose(ours.predict(test), model.predict(test), atol=1e-6)
    importance = json.loads((tmp_path / "job/output/data/feature_importance.json").read_text())
    assert importance["gain"] == pytest.approx(model.get_score(importance_type="gain"), rel=1e-4)


def test_early_stopping(tmp_path):
    job = Job(tmp_path / "job", {**PARAMETERS, "num_round": "500", "early_stopping_rounds": "5"},
              train=as_libsvm(rows(200, 1)), validation=as_libsvm(rows(100, 2))).train()
    scores = [float(s) for s in re.findall(r"validation-auc:([\d.]+)", job.output)]
    assert len(scores) < 500
    best = scores.index(max(scores))
    assert len(scores) == best + 6
    assert xgboost.Booster(model_file=str(tmp_path / "job/model/xgboost-model")).num_boosted_rounds() == best + 1


@pytest.mark.parametrize("text, reason", [
    ("1 0:1\nx 0:1\n", "data:2: the label is no number"),
    ("1 0:1\n0 0:1 b\n", "data:2: “b” is no index:value"),
    ("1 0:1\n0 9999999999:1\n", "is no index:value"),
    ("", "has no rows"),
])
def test_bad_data(tmp_path, text, reason):
    assert reason in Job(tmp_path / "job", {"num_round": "2"}, train=text).train(1).failure()


def test_bad_csv(tmp_path):
    header = Job(tmp_path / "a", {"num_round": "2"}, "csv", train="y,a\n1,2\n").train(1).failure()
    assert "data:1: “y” is no number; is there a header?" in header
    ragged = Job(tmp_path / "b", {"num_round": "2"}, "csv", train="1,2\n1,2,3\n").train(1).failure()
    assert "data:2: there are 3 columns where the first row has 2" in ragged


def test_stopped_job_keeps_its_model(tmp_path):
    job = Job(tmp_path / "job", {**PARAMETERS, "num_round": "1000000"}, train=as_libsvm(rows(500, 1)))
    process = job.start()
    for line in process.stdout:
        if line.startswith("[3]"):
            process.send_signal(signal.SIGTERM)
            break
    process.stdout.read()
    assert process.wait(60) == 0
    assert xgboost.Booster(model_file=str(tmp_path / "job/model/xgboost-model")).num_boosted_rounds() >= 4


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serve")
    job = Job(folder / "job", {**PARAMETERS, "num_round": "10"}, train=as_libsvm(rows(500, 1))).train()
    path = folder / "s"
    process = subprocess.Popen([PROGRAM, "serve"], env={**job.env, "SM_SERVE_SOCKET": str(path)})
    wait_for(path.exists)
    yield path, xgboost.Booster(model_file=str(folder / "job/model/xgboost-model"))
    process.terminate()
    assert process.wait(20) == 0


def ask(server, body, content_type, accept=None):
    connection = Connection(server[0])
    headers = {"Content-Type": content_type, **({"Accept": accept} if accept else {})}
    connection.request("POST", "/invocations", body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_serves_what_xgboost_predicts(server):
    import numpy as np
    data = rows(250, 9)
    expected = server[1].predict(xgboost.DMatrix(np.array([x for _, x in data])))
    for body, kind in ((as_csv(data, label=False), "text/csv"), (as_libsvm(data), "text/x-libsvm"),
                       (as_libsvm(data), "text/libsvm; charset=utf-8")):
        status, text = ask(server, body, kind)
        assert status == 200
        assert np.allclose([float(line) for line in text.split("\n")], expected, atol=1e-6)
    scores = json.loads(ask(server, as_csv(data, False), "text/csv", "application/json")[1])["predictions"]
    assert np.allclose([item["score"] for item in scores], expected, atol=1e-6)
    lines = ask(server, as_csv(data, False), "text/csv", "application/jsonlines")[1].split("\n")
    assert json.loads(lines[3])["score"] == pytest.approx(expected[3], abs=1e-6)


def test_serve_refuses(server):
    assert ask(server, "", "text/csv")[0] == 204
    assert ask(server, "1", "application/json")[0] == 415
    assert ask(server, "1,1,1,1,1,1", "text/csv", "image/png")[0] == 406
    status, text = ask(server, "1,2", "text/csv")
    assert status == 400 and text.startswith("Unable to evaluate payload provided: ")


def test_serve_survives_nonsense(server):
    rng = random.Random(5)
    for _ in range(200):
        with socket.socket(socket.AF_UNIX) as raw:
            raw.connect(str(server[0]))
            raw.settimeout(5)
            raw.sendall(rng.randbytes(rng.randrange(1, 300)) + b"\r\n\r\n")
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65536):
                pass
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(server[0]))
        one = b"POST /invocations HTTP/1.1\r\nContent-Type: text/csv\r\nContent-Length: 11\r\n\r\n1,1,1,1,1,1"
        raw.sendall(one * 3)
        got = b""
        while got.count(b"HTTP/1.1 200") < 3:
            got += raw.recv(65536)


def test_pickle_is_refused(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model/xgboost-model").write_bytes(b"\x80\x04rest")
    done = subprocess.run([PROGRAM, "serve"], capture_output=True, text=True,
                          env={**os.environ, "SM_PREFIX": str(tmp_path), "SM_SERVE_SOCKET": str(tmp_path / "s")})
    assert done.returncode == 1 and "is a Python pickle" in done.stderr
