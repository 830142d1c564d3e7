# SPDX-License-Identifier: GPL-3.0-or-later
"""A module exported as a notebook is valid, and Jupyter's own runner gets with it what the module got."""
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import Engine  # noqa: E402
from test_run import run  # noqa: E402
from test_run_photos import make_photos  # noqa: E402
from test_run_script import make_digits, make_guess  # noqa: E402

nbformat = pytest.importorskip("nbformat", reason="python3-nbformat is not installed")
RUNNER = "/usr/bin/jupyter-nbconvert"
# Open MPI keeps some memory until the end.
CALM = {"ASAN_OPTIONS": "detect_leaks=0"}
# Which Python runs a script is the same as runs this.
ENV = {**CALM, "SAGEBRUSH_PYTHON": "/usr/bin/python3"}
MODULES = [("video-game-sales", ""), ("handwritten-digits", "script"), ("image-classification", "")]
if "SAGEBRUSH_THOROUGH" in os.environ:
    MODULES.append(("handwritten-digits", ""))


def make_arguments(folder, module, variant):
    if module == "video-game-sales":
        return ["--set", "train.num_round=20"]
    if module == "image-classification":
        make_photos(folder / "photos", 20)
        return ["--data", folder / "photos", "--set", "train.epochs=2", "--set", "train.mini_batch_size=12"]
    if variant == "script":
        return [*make_digits(folder / "few"), "--script", make_guess(folder / "mine")]
    return [*make_digits(folder / "few"), "--set", "train.epochs=2", "--set", "train.batch_size=20"]


def execute(path, engine):
    """As a person does it: `jupyter nbconvert --execute`, against an engine that has nothing yet."""
    env = {**os.environ, "AWS_SHARED_CREDENTIALS_FILE": engine.info["credentials"], "AWS_CONFIG_FILE": "/dev/null",
           "AWS_EC2_METADATA_DISABLED": "true", "PATH": "/usr/bin:/bin", "HOME": str(path.parent),
           "IPYTHONDIR": str(path.parent / "ipython"), "JUPYTER_CONFIG_DIR": str(path.parent / "jupyter"),
           **CALM}
    done = subprocess.run(
        [RUNNER, "--to", "notebook", "--execute", "--ExecutePreprocessor.timeout=900", "--output", "executed.ipynb",
         str(path)], env=env, cwd=path.parent, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stderr[-4000:]
    return nbformat.read(path.parent / "executed.ipynb", 4)


def outputs(book):
    return "".join(
        output.get("text", "") for cell in book.cells if cell.cell_type == "code" for output in cell.outputs)


def check_text(book, module):
    text = ["".join(cell.source) for cell in book.cells if cell.cell_type == "markdown"]
    assert text[0].startswith("# ") and len([part for part in text if part.startswith("## ")]) >= 7
    described = json.loads(
        (Path(__file__).resolve().parents[2] / f"data/modules/{module}.json").read_text())
    for step in described["steps"]:
        assert any(step["narrative"] in part for part in text), step["id"]


@pytest.mark.skipif(not shutil.which(RUNNER), reason="jupyter-nbconvert is not installed")
@pytest.mark.parametrize("module, variant", MODULES)
def test_the_notebook_gets_what_the_module_got(tmp_path, module, variant):
    home, out = tmp_path / "home", tmp_path / "out"
    done = run(home, "run", module, "--json", "--output", out, *make_arguments(tmp_path, module, variant), env=ENV)
    wanted = json.loads(done.stdout)
    path = out / f"{module}.ipynb"
    book = nbformat.read(path, 4)
    nbformat.validate(book)
    check_text(book, module)
    code = "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    for call in ("create_training_job", "create_model", "create_endpoint", "invoke_endpoint", "delete_endpoint"):
        assert call in code
    port = re.search(r"http://127\.0\.0\.1:(\d+)", code)[1]
    with Engine(tmp_path / "engine", "--port", port, env=ENV) as engine:
        executed = execute(path, engine)
        sagemaker = engine.client("sagemaker")
        (job,) = sagemaker.list_training_jobs()["TrainingJobSummaries"]
        assert job["TrainingJobStatus"] == "Completed"
        assert job["TrainingJobName"] not in code, "names are made anew"
        assert sagemaker.list_endpoints()["Endpoints"] == sagemaker.list_models()["Models"] == []
    nbformat.validate(executed)
    found = json.loads(next(
        line for line in outputs(executed).splitlines() if re.match(r'\{"(tn|matrix)"', line)))
    if module == "video-game-sales":
        assert found == {name: wanted[name] for name in ("tn", "fp", "fn", "tp")}
    elif variant == "script":
        assert found["matrix"] == wanted["matrix"]
    else:
        assert sum(map(sum, found["matrix"])) == wanted["total"]
        assert abs(found["accuracy"] - wanted["accuracy"]) < 0.02


@pytest.mark.skipif(not shutil.which(RUNNER), reason="jupyter-nbconvert is not installed")
def test_the_notebook_of_the_beginning(tmp_path):
    out = tmp_path / "out"
    run(tmp_path / "home", "run", "get-started", "--keep", "--output", out, env=ENV)
    path = out / "get-started.ipynb"
    book = nbformat.read(path, 4)
    nbformat.validate(book)
    code = "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    port = re.search(r"http://127\.0\.0\.1:(\d+)", code)[1]
    with Engine(tmp_path / "engine", "--port", port, env=ENV) as engine:
        nbformat.validate(execute(path, engine))
        (bucket,) = engine.client("s3").list_buckets()["Buckets"]
        assert bucket["Name"] in code
