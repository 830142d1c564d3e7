# SPDX-License-Identifier: GPL-3.0-or-later
"""Photos dropped, pasted and classified in the window by a model from elsewhere, which then leaves it as ONNX."""
import csv
import json
import re
import struct
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import BUILD, wait_for  # noqa: E402
from window import Window  # noqa: E402

CLASSES = ["red", "green", "blue"]


def make_colours(path):
    """A network that tells red, green and blue apart: the mean of each channel beside that of all."""
    mean = np.einsum("ij,kl->ijkl", np.eye(3), np.full((32, 32), 1 / 1024)).astype(np.float32)
    weights = (4 * (np.eye(3) - 1 / 3)).astype(np.float32)
    nodes = [helper.make_node("Conv", ["input", "mean.weight", "mean.bias"], ["mean"], kernel_shape=[32, 32],
                              strides=[32, 32]),
             helper.make_node("Flatten", ["mean"], ["flat"]),
             helper.make_node("Gemm", ["flat", "fc.weight", "fc.bias"], ["output"], transB=1)]
    values = {"mean.weight": mean, "mean.bias": np.zeros(3, np.float32), "fc.weight": weights,
              "fc.bias": np.zeros(3, np.float32)}
    graph = helper.make_graph(
        nodes, "colours", [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, 32, 32])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 3])],
        [numpy_helper.from_array(value, name) for name, value in values.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), str(path))


def make_archive(folder):
    """The same as Sagebrush's own model, which says what its classes are called."""
    make_colours(folder / "colours.onnx")
    subprocess.run([str(BUILD / "src/algorithms/sagebrush-vision"), "import", str(folder / "colours.onnx"),
                    str(folder / "colours")], check=True)
    description = folder / "colours/model.json"
    description.write_text(json.dumps({**json.loads(description.read_text()), "classes": CLASSES}))
    with tarfile.open(folder / "colours.tar.gz", "w:gz") as archive:
        for path in (folder / "colours").iterdir():
            archive.add(path, path.name)
    return folder / "colours.tar.gz"


def write_png(path, colour, middle=None, width=60, height=48):
    """All of one colour, but for its middle."""
    inside = np.zeros((height, width), bool)
    inside[height // 3:2 * height // 3, width // 3:2 * width // 3] = True
    pixels = np.where(inside[..., None], middle or colour, colour).astype(np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def make_photos(folder):
    write_png(folder / "mine/red/one.png", (240, 20, 20))
    write_png(folder / "mine/red/two.png", (200, 60, 60))
    write_png(folder / "mine/blue/three.png", (10, 20, 230))
    # Somebody has put a green one among the blue ones.
    write_png(folder / "mine/blue/four.png", (30, 200, 30))
    (folder / "mine/blue/cut.png").write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    (folder / "notes.txt").write_text("no photo at all")
    write_png(folder / "single.png", (90, 90, 90), (20, 20, 255))


def result(folder, step):
    latest = sorted((folder / "home/sagebrush/runs").glob("image-classification-*"))[-1]
    return json.loads((latest / "run.json").read_text())["steps"][step].get("result", {})


def drop(window, paths, role, name):
    """A drag is only taken when both programs were awake for each step of it: again, if need be."""
    for _ in range(5):
        window.drop(paths, "label", "Drop Photos Here")
        try:
            wait_for(lambda: window.find(role, name) or not window.find("label", "Drop Photos Here"), 10)
        except AssertionError:
            continue
        return window.wait(role, name)
    raise AssertionError("nothing was dropped")


def open_module(window):
    window.wait("push button", "Run: Choose data")
    window.click("label", "Image Classification")
    window.wait("push button", "Run: Choose photos")


def import_model(window, path):
    window.reveal("push button", "Menu of Train")
    window.choose_entry("Menu of Train", "Import a Model", above=1)
    window.wait("push button", "Cancel")
    window.choose("Import a Model", path)
    window.wait("label", f"Imported “{path.name}”")


def read_cell(window, name):
    return wait_for(lambda: window.read("table cell", name + ": "))


def test_photos(tmp_path):
    model = make_archive(tmp_path)
    make_photos(tmp_path)
    with Window(tmp_path) as window:
        open_module(window)
        import_model(window, model)
        assert result(tmp_path, "train")["classes"] == CLASSES
        window.reveal("push button", "Run: Classify photos")
        window.click("push button", "Run: Classify photos")
        window.wait("label", "Drop Photos Here", 120)
        window.reveal("label", "Drop Photos Here")
        window.shot("photos-empty")
        drop(window, [tmp_path / "mine", tmp_path / "notes.txt", tmp_path / "single.png"], "label", "5 photos")
        window.wait("label", "3 of 4 photos in folders named like classes are right, 75.0 %")
        window.wait("label", "2 files were skipped")
        assert re.fullmatch(r"one.png: red \(\d+\.\d %\), which is right", read_cell(window, "one.png"))
        assert re.fullmatch(r"three.png: blue \(\d+\.\d %\), which is right", read_cell(window, "three.png"))
        assert re.fullmatch(r"four.png: taken for green \(\d+\.\d %\), but it is blue", read_cell(window, "four.png"))
        assert re.fullmatch(r"single.png: blue \(\d+\.\d %\)", read_cell(window, "single.png"))
        window.shot("photos-dropped")
        ask_why(window)
        paste(window, tmp_path)
        export_csv(window, tmp_path)


def ask_why(window):
    """The blue square in the middle is why."""
    window.reveal("table cell", "single.png")
    window.click("table cell", "single.png")
    window.wait("label", "single.png · ")
    window.reveal("push button", "Why?")
    window.click("push button", "Why?")
    window.wait("push button", "Show Map", 120)
    assert window.find("label", "speaks for “blue”")
    left, top, width, height = window.reveal("image", "single.png")
    window.ask("point", left + width // 2, top + height // 2)
    window.wait("label", "Without this part “blue” is less likely by")
    window.shot("photos-why")


def paste(window, folder):
    write_png(folder / "later.png", (250, 40, 10))
    window.copy(folder / "later.png")
    window.reveal("push button", "Paste Photos")
    window.click("push button", "Paste Photos")
    window.wait("label", "6 photos")
    assert re.fullmatch(r"later.png: red \(\d+\.\d %\)", read_cell(window, "later.png"))


def export_csv(window, folder):
    window.reveal("push button", "Export CSV…")
    window.click("push button", "Export CSV…")
    window.wait("push button", "Cancel")
    path = folder / "photos.csv"
    window.choose("Export CSV", path)
    wait_for(lambda: path.exists() and path.read_text().count("\n") == 9)
    rows = {Path(row["photo"]).name: row for row in csv.DictReader(path.read_text().splitlines())}
    assert rows["one.png"]["label"] == "red" and rows["one.png"]["right"] == "yes"
    assert rows["four.png"]["truth"] == "blue" and rows["four.png"]["right"] == "no"
    assert rows["single.png"]["truth"] == "" and float(rows["single.png"]["probability"]) > 1 / 3
    assert rows["notes.txt"]["problem"] and rows["cut.png"]["problem"] and not rows["later.png"]["problem"]


def test_model(tmp_path):
    make_colours(tmp_path / "colours.onnx")
    with Window(tmp_path) as window:
        open_module(window)
        import_model(window, tmp_path / "colours.onnx")
        window.reveal("push button", "Model…")
        window.click("push button", "Model…")
        window.wait("label", "3 × 32 × 32")
        # 3 × 3 × 32 × 32 weights and 3 biases, 3 × 3 weights and 3 biases.
        assert window.find("label", "9\u202f231") and window.find("label", "Convolution")
        window.shot("model")
        window.click("push button", "Export ONNX…")
        window.wait("push button", "Cancel")
        window.choose("Export ONNX", tmp_path / "model.onnx")
        window.wait("label", "The ONNX file was written")
        exported = onnx.load(str(tmp_path / "model.onnx"))
        onnx.checker.check_model(exported)
        assert sum(int(np.prod(value.dims)) for value in exported.graph.initializer) == 9231
        (tmp_path / "broken.onnx").write_bytes(b"no network")
        window.click("push button", "Import a Model…")
        window.wait("push button", "Cancel")
        window.choose("Import a Model", tmp_path / "broken.onnx")
        window.wait("label", "The Model Was Not Imported")
        window.shot("model-refused")
        # What was there is still there.
        assert result(tmp_path, "train")["imported"] is True


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-v"]))
