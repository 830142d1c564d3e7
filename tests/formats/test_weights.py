# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of weights as PyTorch and safetensors write them, and such that want to do harm."""
import builtins
import collections
import json
import os
import pickle
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import BUILD  # noqa: E402

TOOL = str(BUILD / "tests/formats/weight-tool")
TYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int8, torch.uint8, torch.int16,
         torch.int32, torch.int64, torch.bool]


def tool(*arguments, code=0):
    done = subprocess.run([TOOL, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def dump(path):
    """Name -> (index of the type, array of floats)."""
    lines = tool("dump", path, str(path) + ".bin").splitlines()
    values, arrays = np.fromfile(str(path) + ".bin", dtype=np.float32), {}
    for line in lines:
        name, kind, dims = line.split("\t")
        shape = [int(dim) for dim in dims.split(",")] if dims else []
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = int(kind), values[:count].reshape(shape)
        values = values[count:]
    assert len(values) == 0
    return arrays


def check(path, expected):
    arrays = dump(path)
    assert list(arrays) == list(expected)
    for name, tensor in expected.items():
        kind, array = arrays[name]
        assert kind == TYPES.index(tensor.dtype) and array.shape == tuple(tensor.shape), name
        wanted = tensor.detach().to(torch.float32).numpy()
        assert np.array_equal(array, wanted, equal_nan=True), name


def refusal(path):
    """What is said of a file that is not to be opened; nothing crashes and nothing leaks."""
    message = tool("open", path).strip()
    assert message != "ok"
    return message


def make_tensors():
    generator = torch.Generator().manual_seed(4)
    tensors = collections.OrderedDict()
    for kind in TYPES:
        numbers = torch.randn(3, 4, 5, generator=generator) * 50
        tensors[f"of.{str(kind)[6:]}"] = (numbers > 0 if kind == torch.bool else numbers.clamp(0, 100).to(kind)
                                          if kind == torch.uint8 else numbers.to(kind))
    tensors["number"] = torch.tensor(7)
    tensors["empty"] = torch.zeros(0, 3)
    tensors["special"] = torch.tensor([float("inf"), -float("inf"), float("nan"), -0.0, 1e-8, 6e-8], dtype=torch.float16)
    return tensors


@pytest.mark.parametrize("zipped, protocol", [(True, 2), (True, 4), (False, 2)])
def test_every_type(tmp_path, zipped, protocol):
    tensors = make_tensors()
    torch.save(tensors, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    check(tmp_path / "a.pth", tensors)


@pytest.mark.parametrize("zipped", [True, False])
def test_views(tmp_path, zipped):
    base = torch.arange(240, dtype=torch.float32).reshape(4, 5, 12)
    views = {"turned": base.permute(2, 0, 1), "steps": base[::2, 1:, ::3], "last": base[3], "row": base[1, 2],
             "one": base[:1, :1, :1], "all": base, "channels": base[None].contiguous(memory_format=torch.channels_last)}
    torch.save(views, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    check(tmp_path / "a.pth", views)
    if zipped:
        with zipfile.ZipFile(tmp_path / "a.pth") as archive:
            assert sum("/data/" in name for name in archive.namelist()) == 2  # all but one share a storage


@pytest.mark.parametrize("zipped", [True, False])
def test_modules_and_checkpoints(tmp_path, zipped):
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.Linear(2, 2))
    state = net.state_dict()
    parallel = {"module." + name: tensor for name, tensor in state.items()}
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    files = [state, dict(net.named_parameters()), {"epoch": 3, "state_dict": parallel, "optimizer": optimizer.state_dict()},
             {"model": state, "best": 0.5, "arch": "resnet18"}, {"model_state_dict": {"state_dict": state}}]
    for index, content in enumerate(files):
        torch.save(content, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
        check(tmp_path / "a.pth", {name: p.detach() for name, p in net.named_parameters()} if index == 1 else state)


def test_safetensors_both_ways(tmp_path):
    tensors = make_tensors()
    tensors["large"] = torch.tensor([1e6, -2.5])
    torch.save(tensors, tmp_path / "a.pth")
    for kind in ("f32", "f16"):
        tool("save", tmp_path / "a.pth", tmp_path / "a.safetensors", kind)
        raw = (tmp_path / "a.safetensors").read_bytes()
        length = struct.unpack("<Q", raw[:8])[0]
        header = json.loads(raw[8:8 + length])
        assert length % 8 == 0 and header.pop("__metadata__") == {"format": "pt"}
        ends = [entry["data_offsets"] for entry in header.values()]
        assert [begin for begin, _ in ends] == [0] + [end for _, end in ends[:-1]]
        assert 8 + length + ends[-1][1] == len(raw)
        # What half precision cannot hold stays as it is.
        single = {name for name, entry in header.items() if entry["dtype"] == "F32"}
        assert single == ({"large", "special"} if kind == "f16" else set(tensors))
        expected = {}
        for name, tensor in tensors.items():
            expected[name] = tensor.float() if name in single else tensor.float().half()
        check(tmp_path / "a.safetensors", expected)
        assert not list(tmp_path.glob("*.part"))


def test_every_half(tmp_path):
    """All 65 536 of them are read rightly; and rounded rightly, as NumPy does it, what lies between."""
    halves = np.arange(65536, dtype=np.uint16).view(np.float16)
    torch.save({"a": torch.from_numpy(halves)}, tmp_path / "a.pth")
    assert np.array_equal(dump(tmp_path / "a.pth")["a"][1], halves.astype(np.float32), equal_nan=True)
    singles = halves[np.isfinite(halves)].astype(np.float32)
    between = np.concatenate([np.nextafter(singles, np.float32(9e9)), np.nextafter(singles, np.float32(-9e9)),
                              (np.sort(singles)[:-1] + np.sort(singles)[1:]) / 2])
    between = between[np.abs(between) <= 65504].astype(np.float32)
    torch.save({"a": torch.from_numpy(between)}, tmp_path / "b.pth")
    tool("save", tmp_path / "b.pth", tmp_path / "b.safetensors", "f16")
    assert np.array_equal(dump(tmp_path / "b.safetensors")["a"][1], between.astype(np.float16).astype(np.float32))


def write_zip(path, content, members=None, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("archive/data.pkl", content)
        for name, data in (members or {}).items():
            archive.writestr(f"archive/{name}", data)


class Call:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize("function, arguments, name", [
    (os.system, ("touch {}",), "posix.system"),
    (builtins.eval, ("open('{}', 'w')",), "eval"),
    (builtins.exec, ("open('{}', 'w')",), "exec"),
    (subprocess.Popen, (["touch", "{}"],), ".Popen"),
    (getattr, (Call, "x"), "getattr"),
    (torch.load, ("{}",), "torch.serialization.load"),
    (np.zeros, (3,), "numpy.zeros"),
    (collections.defaultdict, (list,), "collections.defaultdict"),
])
@pytest.mark.parametrize("protocol", [2, 4])
def test_nothing_is_run(tmp_path, function, arguments, name, protocol):
    mark = tmp_path / "was-here"
    arguments = [argument.format(mark) if isinstance(argument, str) else argument for argument in arguments]
    content = pickle.dumps({"a": Call(function, *arguments)}, protocol=protocol)
    write_zip(tmp_path / "a.pth", content)
    assert name in refusal(tmp_path / "a.pth") and "could run code" in refusal(tmp_path / "a.pth")
    (tmp_path / "b.pth").write_bytes(pickle.dumps(0x1950a86a20f9469cfc6c, protocol=2) + content * 4)
    assert name in refusal(tmp_path / "b.pth")
    assert not mark.exists()


STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK%ctQ"


def make_tensor(numbers=4, offset=b"K\x00", shape=b"K\x04\x85", strides=b"K\x01\x85", storage=STORAGE):
    persistent = storage.replace(b"%c", bytes([numbers]))
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + persistent + offset + shape + strides + b"\x89ccollections\nOrderedDict\n)RtR"


def make_dict(tensor):
    return b"\x80\x02}X\x01\x00\x00\x00a" + tensor + b"s."


FOUR = {"data/0": struct.pack("<4f", 1, 2, 3, 4)}
BIG = b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"


def test_a_tensor_by_hand(tmp_path):
    """What the hostile ones below are made of is fine by itself."""
    write_zip(tmp_path / "a.pth", make_dict(make_tensor()), FOUR)
    assert dump(tmp_path / "a.pth")["a"][1].tolist() == [1, 2, 3, 4]


TENSORS = [
    (make_tensor(numbers=5), "cut off"),
    (make_tensor(offset=b"K\x01"), "reaches beyond"),
    (make_tensor(offset=b"J\xff\xff\xff\xff"), "reaches beyond"),
    (make_tensor(offset=BIG), "reaches beyond"),
    (make_tensor(shape=b"K\x05\x85"), "more numbers"),
    (make_tensor(shape=BIG + b"\x85"), "more numbers"),
    (make_tensor(shape=BIG + BIG + b"\x86", strides=b"K\x01K\x01\x86"), "more numbers"),
    (make_tensor(shape=b"J\xff\xff\xff\xff\x85"), "more numbers"),
    (make_tensor(shape=b"J\x00\x00\x00@\x85", strides=b"K\x00\x85"), "more numbers"),
    (make_tensor(strides=b"K\x02\x85"), "reaches beyond"),
    (make_tensor(strides=BIG + b"\x85"), "reaches beyond"),
    (make_tensor(strides=b"J\xff\xff\xff\xff\x85"), "reaches beyond"),
    (make_tensor(strides=b"K\x01K\x01\x86"), "shape"),
    (make_tensor(shape=b"(" + b"K\x01" * 9 + b"t", strides=b"(" + b"K\x01" * 9 + b"t"), "shape"),
    (make_tensor(shape=b"X\x01\x00\x00\x00x\x85"), "shape"),
    (make_tensor(storage=STORAGE.replace(b"\x000X", b"\x001X")), "missing"),
    (make_tensor(storage=STORAGE.replace(b"torch\nFloatStorage", b"collections\nOrderedDict")), "where the numbers"),
    (make_tensor(storage=b"K\x01Q"), "where the numbers"),
    (make_tensor(storage=STORAGE.replace(b"K%c", BIG)), "where the numbers"),
]


@pytest.mark.parametrize("tensor, message", TENSORS, ids=range(len(TENSORS)))
def test_tensors_that_lie(tmp_path, tensor, message):
    write_zip(tmp_path / "a.pth", make_dict(tensor), FOUR)
    assert message in refusal(tmp_path / "a.pth")


PICKLES = [
    (b"", "cut off"),
    (b"\x80\x02}", "cut off"),
    (b"\x80\x02.", "cut off"),
    (b"\x80\x09}.", "protocol 9"),
    (b"\x80\x02}h\x00.", "damaged"),                                   # what was never remembered
    (b"\x80\x02s.", "damaged"),                                        # an empty stack
    (b"\x80\x02}(u(.", "cut off"),                                     # a mark that stays
    (b"\x80\x02K\x01K\x02K\x03s.", "damaged"),                         # a number that is filled
    (b"\x80\x02}X\xff\xff\xff\xffa.", "damaged"),                      # a text beyond the end
    (b"\x80\x02}\x8d\xff\xff\xff\xff\xff\xff\xff\xffa.", "damaged"),
    (b"\x80\x02ccollections\nOrderedDict\nK\x01R.", "damaged"),        # called with no tuple
    (b"\x80\x02K\x01)R.", "damaged"),                                  # a number that is called
    (b"\x80\x02(ios\nsystem\n.", "instruction 0x69"),                  # INST
    (b"\x80\x02ccollections\nOrderedDict\n)\x81.", "instruction 0x81"),  # NEWOBJ
    (b"\x80\x02}2.", "instruction 0x32"),                              # DUP
    (b"\x80\x02}b.", "damaged"),
    (b"\x80\x02}}b.", "damaged"),
    (b"\x80\x02K\x01.", "no state dict"),
    (b"\x80\x02}.", "no weights"),
    (b"\x80\x02]q\x00h\x00a.", "no state dict"),                       # a list in itself
    (b"\x80\x02}q\x00X\x0a\x00\x00\x00state_dicth\x00s.", "no weights"),  # a dict in itself
    (b"\x80\x02}q\x00h\x00h\x00s.", "no weights"),
    (b"\x80\x02" + b"}" * 400001 + b".", "too many values"),
    (b"\x80\x02}q\x00" + b"h\x00" * 400001 + b".", "too many values"),
    (b"\x80\x02}r\xff\xff\xff\xff.", "no weights"),                    # a place far away takes no room
    (make_dict(b"ctorch._utils\n_rebuild_parameter\n)R"), "no weights"),
    (make_dict(b"ctorch._utils\n_rebuild_tensor_v2\n)R"), "shape"),
    (make_dict(make_tensor())[:-2] + b"K\x01" + make_tensor() + b"s.", "no state dict"),
    (b"\x80\x02}K\x01" + make_tensor() + b"s.", "no name"),
    (b"\x80\x02}X\x02\x00\x00\x00\xff\xfe" + make_tensor() + b"s.", "no name"),
    (b"\x80\x02}(X\x01\x00\x00\x00a" + make_tensor() + b"X\x08\x00\x00\x00module.a" + make_tensor() + b"u.", "twice"),
]


@pytest.mark.parametrize("content, message", PICKLES, ids=range(len(PICKLES)))
def test_pickles_that_are_wrong(tmp_path, content, message):
    write_zip(tmp_path / "a.pth", content, FOUR)
    assert message in refusal(tmp_path / "a.pth")


def test_archives_that_are_wrong(tmp_path):
    good = make_dict(make_tensor())
    write_zip(tmp_path / "a.pth", good, {"data/0": bytes(16)}, zipfile.ZIP_DEFLATED)
    assert "none that PyTorch has written" in refusal(tmp_path / "a.pth")
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as archive:
        archive.writestr("archive/data.pkl", good)
        archive.writestr(zipfile.ZipInfo("archive/data/0"), bytes(50_000_000), zipfile.ZIP_DEFLATED)
    assert "packed" in refusal(tmp_path / "a.pth")
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as archive:
        archive.writestr("archive/data/0", FOUR["data/0"])
    assert "none that PyTorch has written" in refusal(tmp_path / "a.pth")
    write_zip(tmp_path / "a.pth", good, {**FOUR, "byteorder": "big"})
    assert "greatest byte first" in refusal(tmp_path / "a.pth")
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(tmp_path / "a.pth", "w") as archive:
        archive.writestr("archive/data.pkl", good)
        archive.writestr("archive/data/0", FOUR["data/0"])
        archive.writestr("archive/data/0", bytes(16))
    assert "damaged" in refusal(tmp_path / "a.pth")
    write_zip(tmp_path / "a.pth", good, FOUR)
    raw = (tmp_path / "a.pth").read_bytes()
    for length in range(0, len(raw), 7):
        (tmp_path / f"cut-{length:04}.pth").write_bytes(raw[:length])
    said = tool("open", *sorted(tmp_path.glob("cut-*"))).splitlines()
    assert len(said) == (len(raw) + 6) // 7 and "ok" not in said
    net = torch.nn.Linear(3, 3)
    torch.jit.script(net).save(str(tmp_path / "c.pth"))
    assert "__torch__" in refusal(tmp_path / "c.pth")
    torch.save(net, tmp_path / "c.pth")
    assert "torch.nn.modules.linear.Linear" in refusal(tmp_path / "c.pth")


def write_safetensors(path, header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"a": {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}}


def test_safetensors_by_hand(tmp_path):
    write_safetensors(tmp_path / "a", {"__metadata__": {"x": "y"}, **entry()}, struct.pack("<2f", 1, 2))
    assert dump(tmp_path / "a")["a"][1].tolist() == [1, 2]


HEADERS = [
    (entry("F8_E4M3"), "not known"), (entry(7), "not known"), (entry(shape=[3]), "more numbers"),
    (entry(shape=[1]), "fewer numbers"), (entry(shape=[2 ** 62, 4]), "more numbers"), (entry(shape=[-2]), "shape"),
    (entry(shape=[1.5]), "shape"), (entry(shape=["2"]), "shape"), (entry(shape=[1] * 9), "cannot be read"),
    (entry(offsets=[0, 9]), "cannot be read"), (entry(offsets=[8, 0]), "cannot be read"),
    (entry(offsets=[-8, 0]), "cannot be read"), (entry(offsets=[0]), "cannot be read"),
    (entry(offsets=[2 ** 63, 2 ** 63 + 8]), "cannot be read"), (entry(offsets=[1, 8]), "more numbers"),
    ({"a": 1}, "cannot be read"), ({"a": {}}, "not known"), ({"a": {"dtype": "F32"}}, "cannot be read"),
    ([], "header"), (b"{", "header"), (b"\xff\xff", "header"), (b'{"a": {"dtype": "F32\x00"}}', "header"),
    (b"[" * 100000, "header"), (b'{"a": ' * 50000, "header"), (b'/* " */' + b"[" * 100000, "header"),
    (b"{'a': " * 50000, "header"), (b"", "neither"),
]


@pytest.mark.parametrize("header, message", HEADERS, ids=range(len(HEADERS)))
def test_safetensors_that_are_wrong(tmp_path, header, message):
    write_safetensors(tmp_path / "a", header, bytes(8))
    assert message in refusal(tmp_path / "a")


def test_lengths_that_are_wrong(tmp_path):
    for length in (2 ** 64 - 1, 2 ** 63, 2 ** 40, 100, 17):
        (tmp_path / "a").write_bytes(struct.pack("<Q", length) + b"{}      " + bytes(8))
        assert "neither" in refusal(tmp_path / "a")
    for content in (b"", b"\x00", bytes(8), bytes(100), b"PK\x03\x04", b"<html>no such file</html>"):
        (tmp_path / "a").write_bytes(content)
        refusal(tmp_path / "a")
    assert "No such file" in tool("dump", tmp_path / "nowhere", tmp_path / "b", code=1)
    assert tool("dump", tmp_path, tmp_path / "b", code=1)


def test_a_full_disk_is_said(tmp_path):
    torch.save({"a": torch.zeros(1000, 1000)}, tmp_path / "a.pth")
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    (tmp_path / "b.safetensors.part").symlink_to("/dev/full")
    (tmp_path / "b.safetensors").write_bytes(b"as before")
    assert "No space left" in tool("save", tmp_path / "a.pth", tmp_path / "b.safetensors", "f32", code=1)
    assert (tmp_path / "b.safetensors").read_bytes() == b"as before"


@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_damaged_copies(tmp_path, kind):
    """However it is damaged, a file is read or refused."""
    path = tmp_path / "a"
    torch.save(make_tensors(), path, _use_new_zipfile_serialization=kind != "legacy")
    if kind == "safetensors":
        tool("save", path, tmp_path / "b", "f16")
        path = tmp_path / "b"
    refused = int(tool("mutate", path, 20261, 400))
    assert 80 < refused <= 400
