# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks as ONNX files: what is written is valid and means the same; what is read may come from anywhere."""
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="python3-onnx is not installed")
torch = pytest.importorskip("torch", reason="python3-torch is not installed")
from onnx import checker, helper, numpy_helper  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent))
from test_resnet import prepare_resnet  # noqa: E402
from test_vision import NETS, load_safetensors, prepare, run  # noqa: E402

PROGRAM = Path(os.environ["SAGEBRUSH_BUILD_DIR"]) / "src/algorithms/sagebrush-vision"


def convert(verb, *paths, code=0):
    done = subprocess.run([str(PROGRAM), verb, *map(str, paths)], stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == code, done.stderr
    return done.stderr


def evaluate(model, x):
    """The operators one after the other, computed by PyTorch."""
    values = {tensor.name: torch.tensor(numpy_helper.to_array(tensor)) for tensor in model.graph.initializer}
    values["image"] = x
    for node in model.graph.node:
        given = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        data = [values[name] for name in node.input]
        if node.op_type == "Conv":
            result = torch.conv2d(*data, stride=given["strides"], padding=given["pads"][:2])
        elif node.op_type == "MaxPool":
            result = torch.max_pool2d(data[0], given["kernel_shape"], given["strides"], given["pads"][:2])
        elif node.op_type == "AveragePool":
            assert given["count_include_pad"] == 1
            result = torch.nn.functional.avg_pool2d(data[0], given["kernel_shape"], given["strides"], given["pads"][:2])
        elif node.op_type == "GlobalAveragePool":
            result = data[0].mean((2, 3), keepdim=True)
        elif node.op_type == "BatchNormalization":
            result = torch.nn.functional.batch_norm(data[0], data[3], data[4], data[1], data[2], eps=given["epsilon"])
        elif node.op_type == "Add":
            result = data[0] + data[1]
        elif node.op_type == "Relu":
            result = torch.relu(data[0])
        elif node.op_type == "Flatten":
            result = data[0].flatten(given["axis"])
        else:
            assert node.op_type == "Gemm" and given["transB"] == 1
            result = torch.nn.functional.linear(*data)
        values[node.output[0]] = result
    return values["logits"]


def logits_of(folder, batch):
    run("predict", folder, batch)
    return np.fromfile(folder / "logits.bin", "<f4").reshape(batch, -1)


def import_beside(path, folder, original):
    """Imports a network and gives it the original's images."""
    convert("import", path, folder)
    for name in ("input.bin", "labels.bin"):
        (folder / name).write_bytes((original / name).read_bytes())


@pytest.mark.parametrize("name", NETS)
def test_what_is_exported_is_valid_and_means_the_same(tmp_path, name):
    folder, path, back = tmp_path / "model", tmp_path / "model.onnx", tmp_path / "back"
    folder.mkdir()
    module, images, _ = prepare(folder, name, 3)
    convert("export", folder, path)
    model = onnx.load(str(path))
    checker.check_model(model, full_check=True)
    with torch.no_grad():
        wanted = module.eval()(images)
        np.testing.assert_allclose(evaluate(model, images).numpy(), wanted.numpy(), atol=1e-5)
    import_beside(path, back, folder)
    before, after = (load_safetensors(at / "model.safetensors") for at in (folder, back))
    assert list(before) == list(after)
    for key, values in before.items():
        assert values.tobytes() == after[key].tobytes() and values.shape == after[key].shape
    np.testing.assert_array_equal(logits_of(back, 3), logits_of(folder, 3))


# PyTorch writes a dense layer without a bias as a product with turned weights, which is no Gemm.
@pytest.mark.parametrize("floats", [False, True])
@pytest.mark.parametrize("name", [name for name in NETS if name != "plain"])
def test_what_pytorch_exports_is_imported(tmp_path, name, floats):
    folder, path, back = tmp_path / "model", tmp_path / "torch.onnx", tmp_path / "back"
    folder.mkdir()
    module, images, _ = prepare(folder, name, 2)
    torch.onnx.export(module.eval(), images, str(path), opset_version=13, input_names=["picture"])
    if floats:
        model = onnx.load(str(path))
        for tensor in model.graph.initializer:
            values = numpy_helper.to_array(tensor)
            tensor.ClearField("raw_data")
            tensor.float_data.extend(values.ravel().tolist())
        onnx.save(model, str(path))
    import_beside(path, back, folder)
    with torch.no_grad():
        np.testing.assert_allclose(logits_of(back, 2), module(images).numpy(), atol=1e-5)


@pytest.mark.parametrize("depth", [18, 20, 50])
def test_residual_networks(tmp_path, depth):
    """Ours, written and read back; PyTorch's, with and without its normalizations."""
    folder, path = tmp_path / "model", tmp_path / "model.onnx"
    folder.mkdir()
    net, images, _ = prepare_resnet(folder, depth, 2, (40, 40))
    wanted = logits_of(folder, 2)
    convert("export", folder, path)
    model = onnx.load(str(path))
    checker.check_model(model, full_check=True)
    with torch.no_grad():
        np.testing.assert_allclose(evaluate(model, images).numpy(), net.eval()(images).numpy(), atol=1e-4)
    import_beside(path, tmp_path / "back", folder)
    np.testing.assert_array_equal(logits_of(tmp_path / "back", 2), wanted)
    assert list(load_safetensors(tmp_path / "back/model.safetensors")) == list(load_safetensors(folder / "model.safetensors"))
    for fold in (True, False):
        torch.onnx.export(net, images, str(path), opset_version=13, input_names=["picture"], do_constant_folding=fold,
                          training=torch.onnx.TrainingMode.EVAL if fold else torch.onnx.TrainingMode.PRESERVE)
        assert fold == all(node.op_type != "BatchNormalization" for node in onnx.load(str(path)).graph.node)
        import_beside(path, tmp_path / f"torch{fold}", folder)
        np.testing.assert_allclose(logits_of(tmp_path / f"torch{fold}", 2), wanted, atol=1e-4)


def test_archive(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    prepare(folder, "dense", 1)
    archive = tmp_path / "model.tar.gz"
    subprocess.run(["tar", "-C", str(folder), "-czf", str(archive), "model.json", "model.safetensors"], check=True)
    convert("export", archive, tmp_path / "a.onnx")
    convert("export", folder, tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def change(model, what):
    nodes = {node.op_type: node for node in model.graph.node}
    if what == "operator":
        nodes["Relu"].op_type = "Tanh"
    elif what == "chain":
        nodes["Gemm"].input[0] = "nowhere"
    elif what == "weights":
        del model.graph.initializer[0]
    elif what == "shape":
        model.graph.initializer[0].dims[1] = 9
    elif what == "type":
        model.graph.initializer[0].data_type = onnx.TensorProto.INT32
    elif what == "input":
        del model.graph.input[0]
    elif what == "groups":
        nodes["Conv"].attribute.append(helper.make_attribute("group", 2))
    elif what == "kernel":
        for item in nodes["Conv"].attribute:
            if item.name == "kernel_shape":
                item.ints[:] = [3, 5]
    elif what == "transposed":
        del nodes["Gemm"].attribute[:]


@pytest.mark.parametrize("what, reason", [
    ("operator", "“Tanh” is none"), ("chain", "no operator before it"), ("weights", "missing"), ("shape", "another shape"),
    ("type", "no 32 bit numbers"), ("input", "no input of images"), ("groups", "has to be square"),
    ("kernel", "has to be square"), ("transposed", "has to be y ="),
])
def test_what_is_no_net_of_ours_is_refused(tmp_path, what, reason):
    prepare(tmp_path, "digits", 1)
    path = tmp_path / "model.onnx"
    convert("export", tmp_path, path)
    model = onnx.load(str(path))
    change(model, what)
    onnx.save(model, str(path))
    assert reason in convert("import", path, tmp_path / "back", code=1)
    assert not (tmp_path / "back/model.safetensors").exists()


def test_damaged_files_are_refused(tmp_path):
    """Cut, and changed at random: never more than an error."""
    prepare(tmp_path, "dense", 1)
    path = tmp_path / "model.onnx"
    convert("export", tmp_path, path)
    good, rng = path.read_bytes(), random.Random(5)
    (tmp_path / "text.onnx").write_text("no ONNX file at all")
    assert "is no ONNX file" in convert("import", tmp_path / "text.onnx", tmp_path / "back", code=1)
    refused = 0
    for number in range(250):
        bad = bytearray(good)
        if number < 50:
            del bad[rng.randrange(len(bad)):]
        else:
            # Among the descriptions rather than in the weights.
            for _ in range(rng.randrange(1, 6)):
                at = rng.randrange(min(len(bad), 700)) if number % 2 else len(bad) - 1 - rng.randrange(300)
                bad[at] = rng.randrange(256)
        path.write_bytes(bad)
        done = subprocess.run([str(PROGRAM), "import", str(path), str(tmp_path / "back")], stderr=subprocess.PIPE, text=True,
                              errors="replace", timeout=60)
        assert done.returncode in (0, 1), (number, done.returncode, done.stderr)
        assert (done.returncode == 1) == bool(done.stderr.strip())
        refused += done.returncode
    assert refused > 100
