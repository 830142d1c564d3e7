# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for TensorFlow: whatever is called of it is written down, one JSON line a call.

The lines go to $SM_OUTPUT_DATA_DIR/HOST.jsonl. fit() calls back after every epoch, and saving makes
the folder that an endpoint looks for.
"""
import json
import os
import sys
from pathlib import Path

import numpy


def plain(value):
    """What a line says of an argument."""
    if isinstance(value, Thing):
        return "tf" + value.name
    if isinstance(value, numpy.ndarray):
        return f"array{list(value.shape)} {value.dtype}"
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else type(value).__name__


def note(name, args, more):
    folder, host = os.environ["SM_OUTPUT_DATA_DIR"], os.environ["SM_CURRENT_HOST"]
    with open(f"{folder}/{host}.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps([name, plain(args), plain(more)]) + "\n")


class Thing:
    """A module, class, function or object; one of a call is named after the call."""

    def __init__(self, name, given=None):
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "given", given or {})

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Thing(f"{self.name}.{name}")

    def __setattr__(self, name, value):
        note(f"{self.name}.{name} =", [value], {})

    def __call__(self, *args, **more):
        note(self.name, args, more)
        if self.name.endswith(".fit"):
            for epoch in range(more["epochs"]):
                for callback in more["callbacks"]:
                    callback.given["on_epoch_end"](epoch, {
                        "loss": 0.5, "accuracy": 0.9, "val_loss": 0.4, "val_accuracy": 0.95})
        if self.name == ".saved_model.save":
            folder = Path(args[1])
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "saved_model.pb").write_text("stand-in")
        if self.name == ".function":
            args[0](Thing("image"))
        return Thing(self.name + "()", more)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        note(self.name + " left", [], {})


sys.modules[__name__] = Thing("")
