# SPDX-License-Identifier: GPL-3.0-or-later
"""A script of one's own in the window: chosen, edited, run, and run again after a change."""
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


def test_the_script_is_edited_and_run_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SAGEBRUSH_PYTHON", "/usr/bin/python3")
    own = tmp_path / "home/sagebrush/scripts/mnist_pytorch.py"
    own.parent.mkdir(parents=True)
    own.write_text(SCRIPT)
    module = json.loads((SOURCE / "data/modules/handwritten-digits.json").read_text())
    module.update({"id": "my-script", "title": "My Script", "order": 9})
    next(step for step in module["steps"] if step["id"] == "train")["defaults"]["network"] = "script"
    (tmp_path / "home/sagebrush/modules").mkdir(parents=True)
    (tmp_path / "home/sagebrush/modules/my-script.json").write_text(json.dumps(module))
    with Window(tmp_path) as window:
        window.wait("push button", "Run: Choose data")
        window.click("label", "My Script")
        window.wait("label", "Choose digits")
        window.reveal("push button", "Run: Train")
        window.click("push button", "Details of Train")
        window.wait("combo box", "Network", 120)
        window.reveal("combo box", "Network")
        window.shot("script-form")
        window.wait("push button", "Edit Script")
        window.reveal("push button", "Edit Script")
        window.shot("script-chosen")
        window.click("push button", "Edit Script")
        window.wait("push button", "Save and Run")
        window.shot("script-editor")
        window.click("push button", "Save and Run")
        wait_for(lambda: window.run_state("train", "my-script") == "done", 120)
        window.click("text", "Script")
        window.ask("key", "ctrl+Home")
        window.ask("key", "numbersign", "Return")
        window.click("push button", "Save")
        wait_for(lambda: own.read_text() == "#\n" + SCRIPT)
        window.wait("label", "Something that it rests on has changed", 30)
        window.shot("script-changed")
