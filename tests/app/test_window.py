# SPDX-License-Identifier: GPL-3.0-or-later
"""The window, driven with the pointer under a virtual display, by the names that screen readers use."""
import json
import math
import os
import re
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import SOURCE, processes_of, wait_for  # noqa: E402
from window import Window, end_engine  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent))
from test_run import DATA, real, run  # noqa: E402


def test_whole_module(tmp_path):
    with Window(tmp_path) as window:
        window.wait("push button", "Run: Choose data")
        window.shot("start")
        window.click("push button", "Run All")
        # Who looks elsewhere is told by the desktop; a click there leads back.
        window.ask("point", 1270, 990)
        window.ask("look-elsewhere")
        assert "rounds" in window.wait_notice("The Training Job Has Ended")
        window.wait("label", "is in service", 120)
        window.wait("label", "hits found, error", 60)
        window.shot("done")
        window.wait("label", "likely a hit")
        assert window.run_state("deploy") == "done"
        window.reveal("slider", "Threshold")
        window.wait("label", "Threshold 0.50")
        window.click("slider", "Threshold", 0.75)
        window.wait("label", "Threshold 0.7")
        window.shot("evaluate")
    with Window(tmp_path) as window:
        window.wait("label", "is in service")
        assert window.run_state("evaluate") == "done"
        window.reveal("push button", "Run: Clean up")
        assert not window.find("label", "Threshold 0.01"), "scrolling past the slider has moved it"
        window.click("push button", "Run: Clean up")
        window.wait("label", "Nothing left", 60)
        window.shot("clean")
        assert window.run_state("clean-up") == "done"


def confirmed_jobs(tmp_path, module):
    """Names of the training jobs that a run is known to have begun."""
    for ledger in (tmp_path / "home/sagebrush/runs").glob(f"{module}-*/ledger.json"):
        return [item["name"] for item in json.loads(ledger.read_text())["resources"]
                if item["kind"] == "training-job" and item["confirmed"]]
    return []


def test_a_run_is_found_where_it_was(tmp_path):
    """The window is closed in the middle of a job: the engine goes on, and so does the next window."""
    module = json.loads((SOURCE / "data/modules/video-game-sales.json").read_text())
    module.update({"id": "many-rounds", "title": "Many Rounds", "order": 9})
    next(step for step in module["steps"] if step["id"] == "train")["defaults"]["num_round"] = "500"
    (tmp_path / "home/sagebrush/modules").mkdir(parents=True)
    (tmp_path / "home/sagebrush/modules/many-rounds.json").write_text(json.dumps(module))
    with Window(tmp_path) as window:
        window.wait("push button", "Run: Choose data")
        window.click("label", "Many Rounds")
        window.wait("label", "Many Rounds")
        window.reveal("push button", "Run: Train")
        window.click("push button", "Run: Train")
        job, = wait_for(lambda: confirmed_jobs(tmp_path, "many-rounds"))
        # However fast the computer is, the job must not end before the window does.
        program, = wait_for(lambda: processes_of(f"SM_PREFIX={window.data / 'engine/jobs' / job}"))
        os.kill(program, signal.SIGSTOP)
        window.leave_engine = True
    assert window.run_state("train", "many-rounds") == "running"
    with Window(tmp_path) as window:
        window.click("label", "Many Rounds")
        os.kill(program, signal.SIGCONT)
        window.wait("label", "after 500 rounds")
        assert window.run_state("train", "many-rounds") == "done"
        assert confirmed_jobs(tmp_path, "many-rounds") == [job]


def test_key_is_in_the_keyring(tmp_path):
    with Window(tmp_path) as window:
        window.wait("push button", "Run: Choose data")
        key = window.lookup_key()
        credentials = (tmp_path / "home/sagebrush/engine/credentials").read_text()
        assert key and key in credentials


def test_a_failed_step_says_what_to_do(tmp_path, monkeypatch):
    """Nothing listens where the data should come from."""
    monkeypatch.setenv("SAGEBRUSH_VIDEO_GAMES_URL", "http://127.0.0.1:9/raw_data.csv")
    with Window(tmp_path, dark=True) as window:
        window.wait("push button", "Run: Choose data")
        window.click("push button", "Download")
        window.wait("label", "Look after the connection, then try again")
        assert window.run_state("data") == "failed"
        window.shot("failed")
    monkeypatch.delenv("SAGEBRUSH_VIDEO_GAMES_URL")
    with Window(tmp_path) as window:
        window.wait("label", "Look after the connection, then try again")
        window.click("push button", "Sample (Synthetic)")
        window.wait("label", "Sample (synthetic): 6000 games")
        assert not window.find("label", "Look after the connection")


def test_a_file_of_ones_own(tmp_path):
    """One that is chosen is read at once."""
    path = tmp_path / "my games.csv"
    path.write_text("Name,Platform,Genre,Publisher,Global_Sales,Critic_Score,User_Score,Rating\nA,Wii,Misc,X,lots,1,1,E\n")
    with Window(tmp_path) as window:
        window.wait("push button", "Run: Choose data")
        window.click("push button", "Choose File…")
        window.choose("Choose a File", path)
        window.wait("label", "Line 2: “lots” is no number")
        assert window.run_state("data") == "failed"


def test_code_of_a_step(tmp_path):
    with Window(tmp_path) as window:
        window.wait("push button", "Run: Choose data")
        window.click("label", "Get Started")
        window.wait("push button", "Run Again: Find the role")
        window.choose_entry("Menu of Make a bucket", "Show Code")
        window.wait("label", "AWS CLI")
        assert window.find("text", "boto3")
        window.shot("code")
        # The keys of the application count in every one of its windows.
        window.ask("key", "ctrl+q")
        assert window.ask("wait-end") == 0


def test_digits(tmp_path):
    with Window(tmp_path) as window:
        window.wait("push button", "Run: Choose data")
        window.click("label", "Handwritten Digits")
        window.click("push button", "Run: Look at them")
        window.wait("label", "20000 digits of 28 by 28 pixels")
        window.shot("digits")


def test_what_the_desktop_asks_for(tmp_path):
    """A launcher's action shows a page; a module that is opened is there from then on; a notebook is shown."""
    module = json.loads((SOURCE / "data/modules/video-game-sales.json").read_text())
    module.update({"id": "mine", "title": "My Own Module"})
    given, notebook = tmp_path / "given.sagebrush.json", tmp_path / "sent.ipynb"
    given.write_text(json.dumps(module))
    with Window(tmp_path) as window:
        window.wait("push button", "Run: Choose data")
        window.ask("launch", "", "--page", "handwritten-digits")
        window.wait("push button", "Run: Look at them")
        window.ask("launch", "", str(given))
        window.wait("label", "The module “My Own Module” was added")
        assert json.loads((tmp_path / "home/sagebrush/modules/mine.json").read_text()) == module
        window.ask("launch", "", str(given))
        window.wait("label", "“My Own Module” has this “id” already")
        window.shot("opened")
        notebook.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
            {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "What somebody sent"}]}))
        window.ask("launch", "", str(notebook))
        window.wait("label", "What somebody sent")


def arc(x, y, wide, tall, begin, end):
    """Points of an ellipse around (x, y), angles in degrees, clockwise from the right."""
    steps = max(4, abs(end - begin) // 20)
    angles = [math.radians(begin + (end - begin) * i / steps) for i in range(steps + 1)]
    return [(x + wide * math.cos(angle), y + tall * math.sin(angle)) for angle in angles]


# The strokes of each digit on a sheet from 0 to 1.
STROKES = {
    0: [arc(.5, .5, .22, .33, -90, 270)],
    1: [[(.5, .15), (.5, .5), (.5, .85)]],
    2: [arc(.5, .33, .2, .17, -170, 30) + [(.55, .6), (.3, .84), (.5, .84), (.74, .83)]],
    3: [arc(.46, .33, .2, .17, -150, 80) + arc(.46, .67, .22, .18, -80, 150)],
    4: [[(.35, .17), (.3, .4), (.28, .55), (.5, .55), (.75, .54)], [(.65, .3), (.64, .6), (.62, .86)]],
    5: [[(.72, .17), (.5, .17), (.36, .18), (.34, .32), (.33, .46)] + arc(.47, .64, .21, .2, -125, 140)],
    6: [[(.6, .15), (.45, .32), (.34, .55)] + arc(.5, .67, .17, .17, 200, -160)],
    7: [[(.28, .19), (.5, .19), (.73, .18), (.6, .45), (.45, .86)]],
    8: [arc(.5, .33, .15, .16, 90, -270) + arc(.5, .67, .18, .18, -90, 270)],
    9: [arc(.48, .34, .17, .17, 0, -360) + [(.65, .34), (.63, .6), (.58, .87)]],
}


def learn_strokes(home, folder):
    """By its short name; its endpoint is kept, and reads files."""
    done = run(home, "run", "digits", "--set", "train.epochs=1", "--keep")
    assert re.search(r"of 2000 digits read rightly", done.stdout) and "Confusion matrix" in done.stdout
    assert "synthetic" in done.stderr
    endpoint = re.search(r"(digits-\S+) is in service", done.stderr)[1]
    data = next((home / "sagebrush/runs").glob("handwritten-digits-*"))
    pixels = (data / "t10k-images-idx3-ubyte").read_bytes()[16:]
    labels = (data / "t10k-labels-idx1-ubyte").read_bytes()[8:]
    files = [folder / f"{i}.json" for i in range(10)]
    for i, file in enumerate(files):
        file.write_text(json.dumps({"instances": [list(pixels[784 * i:784 * (i + 1)])]}))
    said = run(home, "predict", endpoint, *files).stdout.splitlines()
    assert all(line.startswith(f"{file}: ") for line, file in zip(said, files, strict=True))
    assert sum(line.split(": ")[1][0] == str(label) for line, label in zip(said, labels)) >= 9
    raw = json.loads(run(home, "predict", "--json", endpoint, files[0]).stdout)
    assert abs(sum(raw["predictions"][0]["probabilities"]) - 1) < 1e-4
    (folder / "digit").write_bytes(b"")
    assert "say it with --content-type" in run(home, "predict", endpoint, folder / "digit", code=1).stderr
    assert "Expected {" in run(home, "predict", "--content-type", "application/json", endpoint, folder / "digit", code=1).stderr
    assert "nowhere" in run(home, "predict", "nowhere", files[0], code=1).stderr
    assert "Name an endpoint" in run(home, "predict", code=2).stderr


def learn_real_digits(home, folder):
    done = run(home, "run", "handwritten-digits", "--data", DATA / "mnist", "--set", "train.epochs=2", "--json",
               "--output", folder / "out", "--keep")
    result = json.loads(done.stdout)
    assert result["total"] == 5000 and result["accuracy"] == result["right"] / 5000 > 0.955
    assert sum(map(sum, result["matrix"])) == 5000
    assert sum(result["matrix"][i][i] for i in range(10)) == result["right"]
    assert {path.name for path in (folder / "out").iterdir()} == {
        "report.html", "balance.png", "ink.png", "metric.png", "confusion.png", "handwritten-digits.ipynb"}


@pytest.fixture(name="no_engine_is_left")
def fixture_no_engine_is_left(tmp_path):
    """The terminal leaves the engine of a kept endpoint to whoever comes next, and that may be nobody."""
    yield
    end_engine(tmp_path)


@pytest.mark.usefixtures("no_engine_is_left")
@pytest.mark.parametrize("model", ["strokes", pytest.param("mnist", marks=real)])
def test_drawn_digits_are_read(tmp_path, model):
    """A model trained in the terminal, of the drawn strokes only or of real digits, reads what the pointer draws."""
    (learn_real_digits if model == "mnist" else learn_strokes)(tmp_path / "home", tmp_path)
    with Window(tmp_path) as window:
        window.wait("push button", "Run: Choose data")
        window.click("label", "Handwritten Digits")
        window.wait("label", "Draw a digit")
        read = {}
        for digit, strokes in STROKES.items():
            draw(window, strokes)
            read[digit] = read_digit(window, strokes)
            if digit == 3:
                window.shot("draw-" + model)
                window.reveal("push button", "Save to My Digits")
                window.click("push button", "Save to My Digits")
                window.wait("label", "Saved: you have 1 digit")
            window.reveal("push button", "Clear")
            window.click("push button", "Clear")
            wait_for(lambda: window.describe("image", "Sheet to draw on")[1] == "Empty")
        right = [digit for digit in range(10) if read[digit] == str(digit)]
        assert len(right) >= 9, read
        kept = (tmp_path / "home/sagebrush/my-digits").read_bytes()
        assert len(kept) == 785 and kept[0] <= 9 and max(kept[1:]) == 255
        draw(window, STROKES[4])
        read_digit(window, STROKES[4])
        window.reveal("push button", "Undo Stroke")
        window.click("push button", "Undo Stroke")
        # A button that is pressed takes no other press.
        wait_for(lambda: window.describe("image", "Sheet to draw on")[1] == "1 stroke")
        window.click("push button", "Undo Stroke")
        wait_for(lambda: window.describe("image", "Sheet to draw on")[1] == "Empty")
        if model == "mnist":
            left, top, width, height = window.reveal("image", "Confusion matrix")
            window.wait("label", "Read wrongly: choose a cell")
            # Down the column of the nines there are a few.
            for row in range(10):
                window.ask("click", left + int(width * .95), top + int(height * (.12 + .068 * row)))
            window.wait("label", "was read as a 9")
            window.shot("wrong")
            window.reveal("push button", "Show All")
            window.click("push button", "Show All")
            window.wait("label", "Read wrongly: choose a cell")


def draw(window, strokes):
    left, top, width, height = window.reveal("image", "Sheet to draw on")
    for points in strokes:
        window.ask("stroke", [[int(left + x * width), int(top + y * height)] for x, y in points])


def read_digit(window, strokes):
    """The digit that the answer to the whole drawing names."""
    def answer():
        _, drawn, _ = window.describe("image", "Sheet to draw on")
        if drawn != ("1 stroke" if len(strokes) == 1 else f"{len(strokes)} strokes"):
            return None
        text, _, busy = window.describe("label", "This is a ") or ("", "", True)
        return None if busy else re.search("[0-9]", text)[0]

    return wait_for(answer)
