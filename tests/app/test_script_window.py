# SPDX-License-Identifier: GPL-3.0-or-later
"""A script of one's own in the window: edited, run, and run again after a change. A notebook is read."""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import SOURCE, wait_for  # noqa: E402
from window import Window  # noqa: E402

SCRIPT = """import os
print("epoch=1 train_loss=0.5 train_accuracy=0.25 validation_loss=0.5 validation_accuracy=0.125")
open(os.environ["SM_MODEL_DIR"] + "/model", "w").close()
"""


NOTEBOOK = {
    "nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": "# A *notebook*\n\nIt has\n- `one` item\n- [another](https://example.org)"},
        {"cell_type": "code", "metadata": {}, "execution_count": 3, "source": "print(6 * 7)\n1 / 0", "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["42\n"]},
            {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "A red dot", "image/png":
                "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg=="}},
            {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "division by zero",
             "traceback": ["ZeroDivisionError: division by zero"]}]}]}


def make_script(folder):
    """A module that trains with a script at first, and the person's own copy of that script."""
    own = folder / "home/sagebrush/scripts/mnist_pytorch.py"
    own.parent.mkdir(parents=True)
    own.write_text(SCRIPT)
    module = json.loads((SOURCE / "data/modules/handwritten-digits.json").read_text())
    module.update({"id": "my-script", "title": "My Script", "order": 9})
    train = next(step for step in module["steps"] if step["id"] == "train")
    train["title"] = "Train it"
    train["defaults"]["network"] = "script"
    (folder / "home/sagebrush/modules").mkdir(parents=True)
    (folder / "home/sagebrush/modules/my-script.json").write_text(json.dumps(module))
    return own


def edit(window, own):
    window.reveal("push button", "Edit Script")
    window.shot("script-chosen")
    window.click("push button", "Edit Script")
    window.wait("text", "Text of the script")
    window.shot("script-editor")
    window.ask("key", "ctrl+Return")
    wait_for(lambda: window.run_state("train", "my-script") == "done", 120)
    window.click("text", "Text of the script")
    window.ask("key", "ctrl+Home")
    window.ask("key", "numbersign", "Return")
    window.ask("key", "ctrl+s")
    wait_for(lambda: own.read_text() == "#\n" + SCRIPT)
    window.wait("label", "Something that it rests on has changed", 30)
    window.shot("script-changed")
    change_elsewhere(window, own)
    window.ask("key", "ctrl+w")


def change_elsewhere(window, own):
    """Another program's text is shown, but not in the place of what was typed and not saved."""
    own.write_text("# elsewhere\n" + SCRIPT)
    wait_for(lambda: window.content("text", "Text of the script").startswith("# elsewhere"))
    window.ask("key", "ctrl+Home")
    window.ask("key", "numbersign", "numbersign")
    own.write_text(SCRIPT)
    window.wait("label", "Another program has changed the file")
    window.shot("script-changed-elsewhere")
    own.write_text("# elsewhere\n" + SCRIPT)
    wait_for(lambda: not window.find("label", "Another program has changed the file"))
    window.ask("key", "ctrl+s")
    wait_for(lambda: own.read_text() == "### elsewhere\n" + SCRIPT)
    own.unlink()
    window.wait("label", "The file is not there any more")
    window.ask("key", "ctrl+s")
    wait_for(lambda: own.exists() and own.read_text() == "### elsewhere\n" + SCRIPT)
    assert not window.find("label", "The file is not there any more")


def use_the_example(window, own):
    """What was changed is not lost."""
    window.click("push button", "Use the Example")
    window.click("push button", "Without Them")
    wait_for(lambda: not own.exists())
    assert own.with_name("mnist_pytorch-1.py").read_text() == "### elsewhere\n" + SCRIPT
    window.wait("label", "data/scripts/mnist_pytorch.py")


def choose_another(window, folder):
    folder.mkdir()
    (folder / "mine.py").write_text(SCRIPT)
    window.click("push button", "Choose Folder…")
    window.choose("Choose a Folder with a Script", folder)
    window.wait("label", str(folder))


def read_a_notebook(window, path):
    path.write_text(json.dumps(NOTEBOOK))
    window.ask("key", "ctrl+o")
    window.choose("Open a Notebook", path)
    for text in ("A notebook", "• another", "ZeroDivisionError: division by zero"):
        window.wait("label", text)
    assert window.find("image", "A red dot")[2:] == [5, 5], "a small picture keeps its size"
    window.shot("notebook-read")
    window.ask("key", "ctrl+w")


def test_the_script_is_edited_and_run_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SAGEBRUSH_PYTHON", "/usr/bin/python3")
    own = make_script(tmp_path)
    with Window(tmp_path) as window:
        window.wait("push button", "Run: Choose data")
        window.click("label", "My Script")
        window.reveal("push button", "Run: Train it")
        window.click("push button", "Details of Train it")
        edit(window, own)
        use_the_example(window, own)
        choose_another(window, tmp_path / "scripts of mine")
        read_a_notebook(window, tmp_path / "an example.ipynb")
