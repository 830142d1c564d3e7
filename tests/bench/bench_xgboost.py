#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Training by sagebrush-xgboost against python3-xgboost: same data, parameters and threads."""
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 7
PARAMETERS = {"objective": "binary:logistic", "eval_metric": "auc", "max_depth": "3", "eta": "0.1", "subsample": "0.5",
              "num_round": "100"}
PEER = """
import json, sys, xgboost
p = json.load(open(sys.argv[1])); n = int(p.pop("num_round"))
train, valid = (xgboost.DMatrix(f"{sys.argv[2]}/{name}/data?format=libsvm") for name in ("train", "validation"))
xgboost.train({**p, "nthread": int(sys.argv[3])}, train, n, evals=[(train, "train"), (valid, "validation")])
"""


def write(path, rows, seed):
    rng = random.Random(seed)
    path.mkdir(parents=True)
    with open(path / "data", "w", encoding="utf-8") as out:
        for _ in range(rows):
            x = [rng.random() for _ in range(40)]
            out.write(f"{int(x[0] * x[1] + x[2] > 0.8)} " + " ".join(f"{i}:{v:.4f}" for i, v in enumerate(x)) + "\n")


def timed(command, env):
    begin = time.monotonic()
    subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.monotonic() - begin


def main():
    program = str(Path(sys.argv[1]).resolve() / "src/algorithms/sagebrush-xgboost")
    threads = str(os.cpu_count())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "input/data/train", 20000, 1)
        write(folder / "input/data/validation", 5000, 2)
        (folder / "input/config").mkdir()
        (folder / "input/config/hyperparameters.json").write_text(json.dumps(PARAMETERS))
        (folder / "peer.py").write_text(PEER)
        env = {**os.environ, "SM_PREFIX": name, "SM_NUM_CPUS": threads}
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(timed([program, "train"], env))
            theirs.append(timed(["/usr/bin/python3", str(folder / "peer.py"),
                                 str(folder / "input/config/hyperparameters.json"), str(folder / "input/data"), threads],
                                env))
        mine, other = statistics.median(ours), statistics.median(theirs)
        print(json.dumps({"name": "XGBoost, 20 000 × 40, 100 rounds, with reading and saving", "value": round(mine, 2),
                          "unit": "s", "reference": f"python3-xgboost {other:.2f} s", "goal": "at most 1.05 times",
                          "met": mine <= 1.05 * other}))


if __name__ == "__main__":
    main()
