# SPDX-License-Identifier: GPL-3.0-or-later
"""Photos from files to the network's input: against PIL, against a reader of record files that
follows the format's description, and whatever the number of threads."""
import io
import json
import os
import struct
import subprocess
import sys
import tarfile
import zlib
from pathlib import Path

import numpy as np
import pytest

Image = pytest.importorskip("PIL.Image", reason="python3-pil is not installed")
ImageOps = pytest.importorskip("PIL.ImageOps")

BUILD = Path(os.environ["SAGEBRUSH_BUILD_DIR"])
TOOL = BUILD / "tests/algorithms/loader-tool"
VISION = BUILD / "src/algorithms/sagebrush-vision"
DATA = Path(os.environ.get("SAGEBRUSH_TEST_DATA") or Path(os.environ["SAGEBRUSH_SOURCE_DIR"]) / "../shared/data")
MEAN = np.array([0.485, 0.456, 0.406], "f4").reshape(3, 1, 1)
STD = np.array([0.229, 0.224, 0.225], "f4").reshape(3, 1, 1)
MAGIC = struct.pack("<I", 0xCED7230A)

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real data are not here")


def run(*arguments, fails=False, env=None):
    done = subprocess.run([str(TOOL), *map(str, arguments)], capture_output=True, timeout=300, check=False,
                          env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})})
    assert (done.returncode != 0) == fails, done.stderr.decode()
    return done.stderr.decode() if fails else done.stdout.decode()


def photo(path, short_side=0):
    out = Path(path).with_suffix(".out")
    width, height = map(int, run("photo", path, short_side, out).split())
    return np.fromfile(out, "u1").reshape(height, width, 3)


def epoch(place, out, *options, shape=(3, 32, 32), env=None):
    summary = json.loads(run("epoch", place, out, "--shape", ",".join(map(str, shape)), *options, env=env))
    images = np.fromfile(f"{out}.input", "<f4").reshape(-1, *shape)
    labels = np.fromfile(f"{out}.labels", "<i4")
    assert len(images) == len(labels) == summary["n_read"]
    return summary, images, labels


def bytes_of(images):
    """What the numbers were before they were scaled."""
    pixels = (images * STD + MEAN) * 255
    assert np.abs(pixels - pixels.round()).max() < 2e-3
    return pixels.round().astype("u1")


def picture(width, height, seed=0):
    """Smooth, with some edges, and different from all its mirror images."""
    random = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    pixels = np.stack([x * 255, y * 255, (1 - x) * 200 * random.random() + 20], -1)
    pixels[height // 8:height // 3, width // 8:width // 4] = random.random(3) * 255
    return Image.fromarray(pixels.astype("u1"))


def classes(folder, n=3, names=("cat", "dog"), size=(40, 30), ending=".png"):
    for k, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for i in range(n):
            picture(*size, seed=100 * k + i).save(folder / name / f"{i}{ending}")
    return folder


# Decoding

MODES = {"rgb": lambda image: image, "grey": lambda image: image.convert("L"),
         "palette": lambda image: image.convert("P"), "bits": lambda image: image.convert("1")}
ENDINGS = {"rgb": ["jpg", "png", "bmp", "tif", "webp", "gif"], "grey": ["jpg", "png", "tif", "bmp"],
           "palette": ["png", "bmp"], "bits": ["png"]}
# Else decoders that are right may differ by much: how colours lie between those that are kept is theirs to choose.
EXACT = {"webp": {"lossless": True}}


def is_same_as_pil(path):
    ours, theirs = photo(path), np.array(Image.open(path).convert("RGB"))
    assert ours.shape == theirs.shape
    # Decoders may round differently; here they are the same libraries.
    return np.abs(ours.astype(int) - theirs).max() <= 2


@pytest.mark.parametrize("mode", MODES)
def test_formats(tmp_path, mode):
    for ending in ENDINGS[mode]:
        path = tmp_path / f"a.{ending}"
        MODES[mode](picture(61, 43)).save(path, **EXACT.get(ending, {}))
        assert is_same_as_pil(path), ending


def test_webp_with_loss(tmp_path):
    path = tmp_path / "a.webp"
    picture(61, 43).save(path)
    ours, theirs = photo(path), np.array(Image.open(path).convert("RGB"))
    assert ours.shape == theirs.shape and np.abs(ours.astype(int) - theirs).mean() <= 2


def test_cmyk_and_progressive(tmp_path):
    picture(61, 43).convert("CMYK").save(tmp_path / "cmyk.jpg")
    picture(161, 143).save(tmp_path / "progressive.jpg", progressive=True)
    assert is_same_as_pil(tmp_path / "cmyk.jpg")
    assert is_same_as_pil(tmp_path / "progressive.jpg")


def test_sixteen_bits(tmp_path):
    values = np.linspace(0, 65535, 40 * 30).reshape(30, 40).astype("u2")
    Image.fromarray(values).save(tmp_path / "a.png")
    ours = photo(tmp_path / "a.png")
    assert np.abs(ours[..., 0].astype(int) - values // 256).max() <= 1


@pytest.mark.parametrize("ending", ["png", "tif", "webp"])
def test_alpha_over_white(tmp_path, ending):
    image = picture(60, 40).convert("RGBA")
    image.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, 60).astype("u1"), (40, 1))))
    image.save(tmp_path / f"a.{ending}", **EXACT.get(ending, {}))
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    assert np.abs(photo(tmp_path / f"a.{ending}").astype(int) - np.array(white.convert("RGB"))).max() <= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x112] = orientation
    for ending in ["jpg", "png", "webp", "tif"]:
        path = tmp_path / f"a.{ending}"
        picture(64, 40).save(path, **({"tiffinfo": {0x112: orientation}} if ending == "tif" else {"exif": exif}),
                             **EXACT.get(ending, {}))
        image = Image.open(path)
        image.load()  # turns a TIFF already
        upright = image if ending == "tif" else ImageOps.exif_transpose(image)
        theirs = np.array(upright.convert("RGB"))
        assert theirs.shape == ((64, 40, 3) if orientation > 4 else (40, 64, 3))
        ours = photo(path)
        assert ours.shape == theirs.shape
        assert np.abs(ours.astype(int) - theirs).max() <= 2, ending
        # A JPEG that is decoded at half its size is turned as well.
        assert photo(path, 20).shape == (tuple(n // 2 for n in theirs.shape[:2]) + (3,)
                                         if ending == "jpg" else theirs.shape)


@pytest.mark.parametrize("size", [(224, 149), (33, 20), (500, 333), (7, 90), (1, 1), (1000, 40)])
def test_resize(tmp_path, size):
    picture(341, 227).save(tmp_path / "a.png")
    run("resize", tmp_path / "a.png", *size, tmp_path / "out")
    ours = np.fromfile(tmp_path / "out", "u1").reshape(size[1], size[0], 3)
    theirs = np.array(Image.open(tmp_path / "a.png").resize(size, Image.BILINEAR))
    assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_smaller_jpeg(tmp_path):
    """At a half, a quarter or an eighth, but never below what was asked for."""
    picture(800, 601).save(tmp_path / "a.jpg", quality=95)
    whole = Image.open(tmp_path / "a.jpg")
    for short_side, part in [(0, 1), (601, 1), (301, 1), (300, 2), (151, 2), (150, 4), (75, 8), (1, 8)]:
        ours = photo(tmp_path / "a.jpg", short_side)
        assert ours.shape == (-(-601 // part), 800 // part, 3)
        theirs = np.array(whole.resize((ours.shape[1], ours.shape[0]), Image.BOX))
        assert np.abs(ours.astype(int) - theirs).mean() < 2


def peak_of(*arguments):
    """Runs the tool alone and returns its exit code and its largest memory in MiB."""
    code = "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], capture_output=True);" \
           "print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    done = subprocess.run([sys.executable, "-c", code, str(TOOL), *map(str, arguments)], capture_output=True,
                          text=True, check=True, timeout=300,
                          env={**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1:detect_leaks=0"})
    return tuple(map(int, done.stdout.split()))


@pytest.fixture(scope="module")
def base_memory(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    picture(16, 16).save(folder / "small.png")
    return peak_of("photo", folder / "small.png", 256, folder / "out")[1]


@pytest.mark.parametrize("ending", ["jpg", "png"])
def test_sixty_megapixels_in_bounded_memory(tmp_path, base_memory, ending):
    path = tmp_path / f"big.{ending}"
    Image.fromarray(np.broadcast_to(np.arange(9000, dtype="u2").astype("u1")[None, :, None], (6700, 9000, 3))
                    ).save(path, **({"quality": 60} if ending == "jpg" else {"compress_level": 1}))
    code, peak = peak_of("photo", path, 256, tmp_path / "out")
    assert code == 0
    # A JPEG comes smaller from its decoder; a PNG has to be there once, and no more than that.
    assert peak - base_memory < (60 if ending == "jpg" else 260)


def bomb(ending, side):
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16)).save(buffer, {"jpg": "jpeg", "tif": "tiff"}.get(ending, ending),
                                    **EXACT.get(ending, {}))
    data = bytearray(buffer.getvalue())
    if ending == "png":
        head = b"IHDR" + struct.pack(">II", side, side) + data[24:29]
        data[12:33] = head + struct.pack(">I", zlib.crc32(head))
    elif ending == "jpg":
        at = data.index(b"\xff\xc0")
        data[at + 5:at + 9] = struct.pack(">HH", side, side)
    elif ending == "bmp":
        data[18:26] = struct.pack("<ii", side, side)
    elif ending == "gif":
        at = data.index(b",\0\0\0\0")
        data[6:10] = data[at + 5:at + 9] = struct.pack("<HH", side, side)
    elif ending == "tif":
        first, = struct.unpack_from("<I", data, 4)
        for at in range(first + 2, first + 2 + 12 * struct.unpack_from("<H", data, first)[0], 12):
            tag, = struct.unpack_from("<H", data, at)
            if tag in (256, 257):
                struct.pack_into("<HHII", data, at, tag, 4, 1, side)
    else:
        at = data.index(b"VP8L") + 9
        side = 16383
        bits, = struct.unpack_from("<I", data, at)
        struct.pack_into("<I", data, at, (bits & 0xF0000000) | side | side << 14)
    return bytes(data)


@pytest.mark.parametrize("side", [20000, 50000])
@pytest.mark.parametrize("ending", ["png", "jpg", "bmp", "gif", "tif", "webp"])
def test_bomb(tmp_path, base_memory, ending, side):
    path = tmp_path / f"bomb.{ending}"
    path.write_bytes(bomb(ending, side))
    code, peak = peak_of("photo", path, 256, tmp_path / "out")
    assert code != 0 and peak - base_memory < 50
    why = run("photo", path, 256, tmp_path / "out", fails=True)
    assert "bomb" in why and ("pixels are too many" in why or "too large" in why)


# Where photos come from

def test_class_folders(tmp_path):
    folder = classes(tmp_path / "in", names=("dog", "ant", "Bee"), size=(32, 32))
    (folder / "ant" / "README.txt").write_text("no photo")
    (folder / "ant" / ".hidden.png").write_text("no photo")
    (folder / "__MACOSX" / "ant").mkdir(parents=True)
    (folder / "__MACOSX" / "ant" / "0.png").write_text("no photo")
    summary, images, labels = epoch(folder, tmp_path / "out")
    assert summary["classes"] == ["Bee", "ant", "dog"] and summary["counts"] == [3, 3, 3]
    assert labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2] and summary["n_broken"] == 0
    files = sorted(folder.glob("[Bad]*/?.png"))
    for image, path in zip(bytes_of(images), files):
        assert (image == np.array(Image.open(path)).transpose(2, 0, 1)).all()


def test_photo_without_class(tmp_path):
    folder = classes(tmp_path / "in")
    picture(20, 20).save(folder / "stray.jpg")
    assert "stray.jpg: a photo has to be in a folder" in run("epoch", folder, tmp_path / "out", fails=True)
    (tmp_path / "empty").mkdir()
    assert "there are no photos" in run("epoch", tmp_path / "empty", tmp_path / "out", fails=True)


def test_validation_has_the_classes_of_training(tmp_path):
    folder = classes(tmp_path / "in", names=("ant", "bee", "cat"), size=(32, 32))
    fewer = classes(tmp_path / "fewer", names=("cat",), size=(32, 32))
    summary, _, labels = epoch(fewer, tmp_path / "out", "--like", folder)
    assert labels.tolist() == [2] * 3 and summary["classes"] == ["ant", "bee", "cat"]
    assert summary["counts"] == [0, 0, 3]
    other = classes(tmp_path / "other", names=("ant", "dog"), size=(32, 32))
    assert "no class “dog”" in run("epoch", other, tmp_path / "out", "--like", folder, fails=True)


def test_telephones_photos_are_named(tmp_path):
    folder = classes(tmp_path / "in", size=(32, 32))
    (folder / "cat/a.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    summary, _, _ = epoch(folder, tmp_path / "out")
    assert summary["n_broken"] == 1 and "cat/a.HEIC (this is no JPEG" in summary["broken"]


def test_tars_are_merged(tmp_path):
    (tmp_path / "in").mkdir()
    expected = []
    for part, names in enumerate([("dog", "cat"), ("cat", "emu")]):
        folder = classes(tmp_path / f"part{part}", names=names, size=(32, 32), ending=".bmp")
        long = folder / names[0] / ("x" * 150 + ".bmp")
        picture(32, 32, seed=7 + part).save(long)
        with tarfile.open(tmp_path / f"in/{part}.tar", "w", format=[tarfile.PAX_FORMAT, tarfile.GNU_FORMAT][part]) as tar:
            tar.add(folder, "some/where")
        with tarfile.open(tmp_path / f"in/{part}.tar") as tar:
            for member in tar:
                if member.isfile():
                    expected.append((member.name.split("/")[-2], tar.extractfile(member).read()))
    summary, images, labels = epoch(tmp_path / "in", tmp_path / "out")
    assert summary["classes"] == ["cat", "dog", "emu"] and summary["counts"] == [7, 4, 3]
    for image, label, (name, data) in zip(bytes_of(images), labels, expected):
        assert summary["classes"][label] == name
        assert (image == np.array(Image.open(io.BytesIO(data))).transpose(2, 0, 1)).all()


def test_damaged_tar(tmp_path):
    folder = classes(tmp_path / "part")
    (tmp_path / "in").mkdir()
    with tarfile.open(tmp_path / "in/a.tar", "w:gz") as tar:
        tar.add(folder, ".")
    assert "a.tar: this is no tar file without compression" in run("epoch", tmp_path / "in", tmp_path / "out", fails=True)
    with tarfile.open(tmp_path / "in/a.tar", "w") as tar:
        tar.add(folder, ".")
    data = (tmp_path / "in/a.tar").read_bytes()
    (tmp_path / "in/a.tar").write_bytes(data[:len(data) // 2 // 512 * 512 + 100])
    assert "a.tar" in run("epoch", tmp_path / "in", tmp_path / "out", fails=True)


def write_record(file, payload):
    """As dmlc-core's RecordIOWriter: cut where the magic number is at a multiple of four."""
    parts, start = [], 0
    for at in range(0, len(payload) - 3, 4):
        if payload[at:at + 4] == MAGIC:
            parts.append(payload[start:at])
            start = at + 4
    parts.append(payload[start:])
    for number, part in enumerate(parts):
        flag = 0 if len(parts) == 1 else 1 if number == 0 else 3 if number == len(parts) - 1 else 2
        file.write(MAGIC + struct.pack("<I", flag << 29 | len(part)) + part + bytes(-len(part) % 4))


def read_records(path):
    data, at, records, parts = Path(path).read_bytes(), 0, [], []
    while at < len(data):
        assert data[at:at + 4] == MAGIC and at % 4 == 0
        word, = struct.unpack_from("<I", data, at + 4)
        flag, length = word >> 29, word & (1 << 29) - 1
        if flag in (0, 1):
            assert not parts
            offset = at
        parts.append(data[at + 8:at + 8 + length])
        at += 8 + (length + 3) // 4 * 4
        if flag in (0, 3):
            records.append((offset, MAGIC.join(parts)))
            parts = []
    assert not parts
    return records


def image_bytes(image, ending="png", **options):
    buffer = io.BytesIO()
    image.save(buffer, ending, **options)
    return buffer.getvalue()


def pack(label, number, data):
    """As mxnet.recordio.pack: one label in the head, several behind it."""
    if isinstance(label, (int, float)):
        return struct.pack("<IfQQ", 0, label, number, 0) + data
    return struct.pack("<IfQQ", len(label), 0, number, 0) + np.array(label, "<f4").tobytes() + data


def test_records(tmp_path):
    """Any number of files; one of the pictures has the magic number in it."""
    (tmp_path / "in/deep").mkdir(parents=True)
    pictures = [picture(32, 32, seed) for seed in range(12)]
    for part, name in enumerate(["a.rec", "deep/b.rec", "c.rec"]):
        with open(tmp_path / "in" / name, "wb") as file:
            for i, image in enumerate(pictures[part * 4:part * 4 + 4]):
                data = image_bytes(image)
                # Behind the end of the picture nothing matters to its decoder.
                data += bytes(-len(data) % 4) + MAGIC * i + b"odd"[:i]
                write_record(file, pack(float(i), i, data))
    summary, images, labels = epoch(tmp_path / "in", tmp_path / "out")
    assert labels.tolist() == [0, 1, 2, 3] * 3 and summary["classes"] == [] and summary["counts"] == [3] * 4
    order = [0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7]
    for image, number in zip(bytes_of(images), order):
        assert (image == np.array(pictures[number]).transpose(2, 0, 1)).all()


def test_records_with_several_labels(tmp_path):
    (tmp_path / "in").mkdir()
    rows = np.random.default_rng(0).integers(0, 2, (9, 300)).astype("f4")
    with open(tmp_path / "in/a.rec", "wb") as file:
        for i, row in enumerate(rows):
            write_record(file, pack(row.tolist(), i, image_bytes(picture(32, 32, i))))
    summary, _, labels = epoch(tmp_path / "in", tmp_path / "out", "--classes", 300)
    assert (np.fromfile(tmp_path / "out.targets", "<f4").reshape(9, 300) == rows).all()
    assert labels.tolist() == rows.argmax(1).tolist()
    assert summary["counts"] == rows.sum(0).astype(int).tolist()


def test_damaged_records(tmp_path):
    (tmp_path / "in").mkdir()
    file = io.BytesIO()
    starts = []
    for i in range(3):
        starts.append(file.tell())
        write_record(file, pack(float(i), i, image_bytes(picture(32, 32, i))))
    data = bytearray(file.getvalue())
    (tmp_path / "in/a.rec").write_bytes(data[:-9])
    assert f"a.rec, byte {starts[2]}: " in run("epoch", tmp_path / "in", tmp_path / "out", fails=True)
    data[starts[1] + 1] ^= 4
    (tmp_path / "in/a.rec").write_bytes(data)
    assert f"a.rec, byte {starts[1]}: " in run("epoch", tmp_path / "in", tmp_path / "out", fails=True)
    (tmp_path / "in/a.rec").write_bytes(MAGIC + struct.pack("<I", 8) + b"too short"[:8])
    assert "too short for an image" in run("epoch", tmp_path / "in", tmp_path / "out", fails=True)


def test_list_channel(tmp_path):
    data = tmp_path / "input/data"
    folder = classes(data / "train", size=(32, 32))
    (data / "train_lst").mkdir()
    (data / "train_lst/any.lst").write_text("7\t1.000000\tdog/2.png\n3\t0\tcat/1.png\n9\t4\tdog/0.png\n")
    summary, images, labels = epoch("train", tmp_path / "out", env={"SM_PREFIX": str(tmp_path)})
    assert labels.tolist() == [1, 0, 4] and summary["counts"] == [1, 1, 0, 0, 1]
    for image, name in zip(bytes_of(images), ["dog/2.png", "cat/1.png", "dog/0.png"]):
        assert (image == np.array(Image.open(folder / name)).transpose(2, 0, 1)).all()
    (data / "train_lst/any.lst").write_text("7\t1.5\tdog/2.png\n")
    assert "dog/2.png: a label has to be a whole number" in run(
        "epoch", "train", tmp_path / "out", fails=True, env={"SM_PREFIX": str(tmp_path)})


def manifest_job(folder, lines, content_type, names=None):
    data = folder / "input/data/train"
    classes(data, size=(32, 32))
    (folder / "input/config").mkdir(parents=True)
    channel = {"ContentType": content_type, "RecordWrapperType": "RecordIO", "TrainingInputMode": "Pipe"}
    if names:
        channel["AttributeNames"] = names
    (folder / "input/config/inputdataconfig.json").write_text(json.dumps({"train": channel}))
    (data / "train.manifest").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return {"SM_PREFIX": str(folder)}


def test_manifest(tmp_path):
    lines = [{"source-ref": "s3://bucket/some/prefix/dog/2.png", "class": 1,
              "class-metadata": {"class-name": "a dog", "type": "groundtruth/image-classification"}},
             {"source-ref": "s3://bucket/cat/0.png", "class": "3"},
             {"class": 0, "source-ref": "dog/1.png", "class-metadata": {"class-name": "a cat"}}]
    env = manifest_job(tmp_path, lines, "application/x-recordio")
    summary, images, labels = epoch("train", tmp_path / "out", env=env)
    assert labels.tolist() == [1, 3, 0] and summary["classes"] == ["a cat", "a dog", "2", "3"]
    for image, name in zip(bytes_of(images), ["dog/2.png", "cat/0.png", "dog/1.png"]):
        assert (image == np.array(Image.open(tmp_path / "input/data/train" / name)).transpose(2, 0, 1)).all()


@pytest.mark.parametrize("label_format", ["multi-hot", "class-id"])
def test_manifest_with_several_labels(tmp_path, label_format):
    hot = [[1, 0, 1], [0, 1, 0], [0, 0, 0]]
    ids = [[0, 2], [1], []]
    lines = [{"source-ref": f"s3://b/dog/{i}.png", "other": "x",
              "class": json.dumps(row) if i % 2 else row}
             for i, row in enumerate(hot if label_format == "multi-hot" else ids)]
    env = manifest_job(tmp_path, lines, f"application/x-recordio; label-format={label_format}",
                       ["source-ref", "class"])
    summary, _, labels = epoch("train", tmp_path / "out", "--classes", 3, env=env)
    assert np.fromfile(tmp_path / "out.targets", "<f4").reshape(3, 3).tolist() == hot
    assert labels.tolist() == [0, 1, -1] and summary["counts"] == [1, 1, 1]


def test_wrong_manifests(tmp_path):
    for number, (line, why) in enumerate([
            ({"source-ref": "dog/1.png"}, "needs “source-ref” and an attribute"),
            ({"class": 1}, "needs “source-ref”"),
            ({"source-ref": "dog/1.png", "class": "dog"}, "has to be a number"),
            ({"source-ref": "dog/1.png", "class": -1}, "a whole number from 0"),
            ({"source-ref": "dog/1.png", "class": [0, 5]}, "label-format=class-id")]):
        env = manifest_job(tmp_path / str(number), [line], "application/x-recordio")
        assert why in run("epoch", "train", tmp_path / "out", fails=True, env=env)


# im2rec

def convert(*arguments, fails=False):
    done = subprocess.run([str(VISION), "im2rec", *map(str, arguments)], capture_output=True, text=True, timeout=300,
                          check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert (done.returncode != 0) == fails, done.stderr
    return done.stdout + done.stderr


def check_part(folder, prefix, part, names):
    """The three files of one part agree with each other and with the photos."""
    lines = [line.split("\t") for line in (folder / f"{prefix}-{part}.lst").read_text().splitlines()]
    index = [tuple(map(int, line.split())) for line in (folder / f"{prefix}-{part}.idx").read_text().splitlines()]
    records = read_records(folder / f"{prefix}-{part}.rec")
    assert len(lines) == len(index) == len(records)
    for (number, label, path), (key, offset), (at, record) in zip(lines, index, records):
        flag, value, identity, second = struct.unpack_from("<IfQQ", record)
        assert (flag, second, at) == (0, 0, offset) and int(number) == key == identity
        assert float(label) == value and names[int(value)] == path.split("/")[0]
        yield path, record[24:]


def test_im2rec(tmp_path):
    folder = classes(tmp_path / "in", n=20, names=("b", "a", "c"))
    (folder / "c/19.png").write_bytes(b"broken")
    for i in range(10, 19):
        (folder / f"c/{i}.png").unlink()
    said = convert(folder, tmp_path / "x", "--split", 0.25, "--seed", 5)
    assert "51 photos of 3 classes: 38 for training, 13 for validation" in said
    assert "1 of them cannot be read" in said and "c/19.png" in said
    names = (tmp_path / "x-labels.txt").read_text().split()
    assert names == ["a", "b", "c"]
    parts = {part: list(check_part(tmp_path, "x", part, names)) for part in ("train", "val")}
    for path, data in parts["train"] + parts["val"]:
        assert data == (folder / path).read_bytes()
    paths = {part: [path for path, _ in found] for part, found in parts.items()}
    assert len(set(paths["train"] + paths["val"])) == 50
    assert [sum(path[0] == name for path in paths["val"]) for name in "ab"] == [5, 5]
    assert paths["train"] != sorted(paths["train"])
    convert(folder, tmp_path / "y", "--split", 0.25, "--seed", 5)
    assert (tmp_path / "x-train.rec").read_bytes() == (tmp_path / "y-train.rec").read_bytes()
    convert(folder, tmp_path / "z", "--split", 0.25, "--seed", 6)
    assert (tmp_path / "x-train.lst").read_text() != (tmp_path / "z-train.lst").read_text()


def test_im2rec_resizes(tmp_path):
    folder = classes(tmp_path / "in", size=(400, 300), ending=".jpg")
    picture(50, 90).save(folder / "cat/small.jpg")
    convert(folder, tmp_path / "x", "--resize", 64, "--split", 0)
    assert not (tmp_path / "x-val.rec").exists()
    for path, data in check_part(tmp_path, "x", "train", ["cat", "dog"]):
        image = Image.open(io.BytesIO(data))
        if path.endswith("small.jpg"):
            assert data == (folder / path).read_bytes()
            continue
        assert image.size == (85, 64) and image.format == "JPEG"
        theirs = Image.open(folder / path).resize(image.size, Image.BILINEAR)
        assert np.abs(np.array(image).astype(int) - np.array(theirs)).mean() < 4


def test_im2rec_and_back(tmp_path):
    """What it writes is a channel: the same photos as those in the folders."""
    folder = classes(tmp_path / "in", n=10, size=(32, 32))
    (tmp_path / "channel").mkdir()
    convert(folder, tmp_path / "channel/x", "--split", 0.2)
    summary, images, labels = epoch(tmp_path / "channel", tmp_path / "out")
    assert summary["classes"] == ["cat", "dog"] and summary["counts"] == [10, 10]
    _, direct, direct_labels = epoch(folder, tmp_path / "out2")
    key = lambda pair: (pair[1], pair[0].tobytes())
    for ours, theirs in zip(sorted(zip(images, labels), key=key), sorted(zip(direct, direct_labels), key=key)):
        assert (ours[0] == theirs[0]).all() and ours[1] == theirs[1]


def test_im2rec_says_what_is_wrong(tmp_path):
    folder = classes(tmp_path / "in")
    for arguments, why in [((folder,), "needs a folder"), ((tmp_path / "none", tmp_path / "x"), "none"),
                           ((folder, tmp_path / "x", "--split", 1), "--split has to be"),
                           ((folder, tmp_path / "no/where/x"), "no/where")]:
        assert why in convert(*arguments, fails=True)
    for path in folder.glob("*/*.png"):
        path.write_bytes(b"broken")
    assert "not one photo can be read" in convert(folder, tmp_path / "x", fails=True)


# The loader

def reference(path, side, resize):
    """What torchvision's Resize and CenterCrop make of a photo."""
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    width, height = image.size
    size = (resize, resize * height // width) if width <= height else (resize * width // height, resize)
    image = image.resize(size, Image.BILINEAR)
    left, top = (round((n - side) / 2) for n in size)
    return np.array(image.crop((left, top, left + side, top + side))).transpose(2, 0, 1)


@pytest.mark.parametrize("options,resize", [((), 256), (("--resize", 224), 224), (("--resize", 300), 300)])
def test_evaluation(tmp_path, options, resize):
    folder = classes(tmp_path / "in", size=(401, 300))
    picture(150, 170).save(folder / "dog/small.png")
    _, images, _ = epoch(folder, tmp_path / "out", *options, shape=(3, 224, 224))
    for image, path in zip(bytes_of(images), sorted(folder.glob("*/*.png"))):
        assert np.abs(image.astype(int) - reference(path, 224, resize)).max() <= 1


def test_serving_sees_what_validation_sees(tmp_path):
    folder = classes(tmp_path / "in", size=(701, 600), ending=".jpg")
    for shape in [(3, 224, 224), (1, 28, 28), (3, 32, 32), (3, 96, 64)]:
        _, images, _ = epoch(folder, tmp_path / "out", shape=shape)
        for image, path in zip(images, sorted(folder.glob("*/*.jpg"))):
            run("input", path, tmp_path / "one", "--shape", ",".join(map(str, shape)))
            assert (tmp_path / "one").read_bytes() == image.tobytes()


def test_grey(tmp_path):
    folder = classes(tmp_path / "in", size=(28, 28))
    _, images, _ = epoch(folder, tmp_path / "out", shape=(1, 28, 28))
    for image, path in zip(images, sorted(folder.glob("*/*.png"))):
        theirs = np.array(Image.open(path).convert("L"))
        assert np.abs((image[0] * STD[0, 0, 0] + MEAN[0, 0, 0]) * 255 - theirs).max() < 1e-2


@pytest.mark.parametrize("shape,size", [((3, 32, 32), (32, 32)), ((3, 96, 96), (150, 120))])
@pytest.mark.parametrize("augmentation", ["none", "crop", "crop_color", "crop_color_transform"])
def test_threads_make_no_difference(tmp_path, augmentation, shape, size):
    folder = classes(tmp_path / "in", n=25, size=size)
    runs = []
    for threads, cache in [(1, 0), (1, 10**9), (2, 20000), (4, 0), (4, 10**9)]:
        epoch(folder, tmp_path / "out", "--augmentation", augmentation, "--threads", threads, "--cache", cache,
              "--batch", 7, "--shuffle", "--epochs", 3, shape=shape)
        runs.append((tmp_path / "out.input").read_bytes() + (tmp_path / "out.labels").read_bytes())
    assert all(other == runs[0] for other in runs)
    epoch(folder, tmp_path / "out", "--augmentation", augmentation, "--seed", 2, "--batch", 7, "--shuffle",
          "--epochs", 3, shape=shape)
    assert (tmp_path / "out.input").read_bytes() != runs[0][:os.path.getsize(tmp_path / "out.input")]


def test_crop_of_small_photos(tmp_path):
    """Every result is a part of the photo with four pixels around it, mirrored or not, of all kinds."""
    folder = classes(tmp_path / "in", n=60, names=("a",), size=(32, 32))
    _, images, _ = epoch(folder, tmp_path / "out", "--augmentation", "crop")
    fill = (MEAN * 255).round().astype("u1")
    seen = set()
    files = [folder / f"a/{name}" for name in sorted(os.listdir(folder / "a"))]
    for image, path in zip(bytes_of(images), files):
        padded = np.broadcast_to(fill, (3, 40, 40)).copy()
        padded[:, 4:36, 4:36] = np.array(Image.open(path)).transpose(2, 0, 1)
        found = [(x, y, mirrored) for x in range(9) for y in range(9) for mirrored in (False, True)
                 if (padded[:, y:y + 32, x:x + 32][:, :, ::-1 if mirrored else 1] == image).all()]
        assert len(found) == 1
        seen.add(found[0])
    for at in range(3):
        assert len({place[at] for place in seen}) == (9, 9, 2)[at]


def test_crop_of_resized_photos(tmp_path):
    folder = classes(tmp_path / "in", n=20, names=("a",), size=(60, 40))
    _, images, _ = epoch(folder, tmp_path / "out", "--augmentation", "crop", "--resize", 50, shape=(3, 40, 40))
    seen = set()
    files = [folder / f"a/{name}" for name in sorted(os.listdir(folder / "a"))]
    for image, path in zip(bytes_of(images).astype(int), files):
        whole = np.array(Image.open(path).resize((75, 50), Image.BILINEAR)).transpose(2, 0, 1)
        found = [(x, y) for x in range(36) for y in range(11) for step in (1, -1)
                 if np.abs(whole[:, y:y + 40, x:x + 40][:, :, ::step] - image).max() <= 1]
        assert len(found) >= 1
        seen.add(found[0])
    assert len(seen) > 15


def test_any_part_of_large_photos(tmp_path):
    """Coordinates as colours: they say which part was taken, of which size."""
    (tmp_path / "in/a").mkdir(parents=True)
    x, y = np.meshgrid(np.linspace(0, 255, 300), np.linspace(0, 255, 240))
    for i in range(40):
        Image.fromarray(np.stack([x, y, x * 0 + 128], -1).astype("u1")).save(tmp_path / f"in/a/{i}.png")
    _, images, _ = epoch(tmp_path / "in", tmp_path / "out", "--augmentation", "crop", shape=(3, 112, 112))
    pixels = bytes_of(images).astype(float)
    widths = (pixels[:, 0, :, -4:].mean((1, 2)) - pixels[:, 0, :, :4].mean((1, 2))) / 255 * 300
    heights = (pixels[:, 1, -4:].mean((1, 2)) - pixels[:, 1, :4].mean((1, 2))) / 255 * 240
    assert 5 < (widths < 0).sum() < 35 and (heights > 0).all()
    areas, ratios = np.abs(widths) * heights / (300 * 240), np.abs(widths) / heights
    assert 0.06 < areas.min() < 0.35 and 0.6 < areas.max() <= 1
    assert 0.72 < ratios.min() < 0.95 and 1.05 < ratios.max() < 1.38


def test_colours_and_turns(tmp_path):
    folder = classes(tmp_path / "in", n=40, names=("a",), size=(32, 32))
    results = {}
    for name in ["crop", "crop_color", "crop_color_transform"]:
        _, images, _ = epoch(folder, tmp_path / "out", "--augmentation", name)
        results[name] = bytes_of(images).astype(float)
    crop, colour, turned = results.values()
    # Colours vary by photo, by no more than the limits: 50 of 255 in lightness alone.
    lightness = [(pixels.max(1) + pixels.min(1)) / 2 for pixels in (crop, colour)]
    shift = np.median((lightness[1] - lightness[0]).reshape(40, -1), 1)
    assert shift.min() < -15 and shift.max() > 15 and np.abs(shift).max() <= 51
    grey = np.ptp(crop, 1) == 0
    assert (np.ptp(colour, 1)[grey] <= 1).all()
    # Turns move the edges; the fill shows in the corners of some.
    assert np.abs(turned - colour).mean() > 2


def test_broken_photos(tmp_path):
    folder = classes(tmp_path / "in", n=12, size=(32, 32))
    cut = (folder / "cat/3.png").read_bytes()
    (folder / "cat/3.png").write_bytes(cut[:len(cut) // 2])
    (folder / "dog/5.png").write_bytes(b"")
    (folder / "dog/7.png").write_bytes(b"<svg/>")
    for threads in (1, 4):
        summary, images, labels = epoch(folder, tmp_path / "out", "--batch", 5, "--epochs", 2, "--threads", threads)
        assert summary["n"] == 24 and summary["n_read"] == 21 and summary["n_broken"] == 3
        assert labels.tolist() == [0] * 11 + [1] * 10
        assert [name in summary["broken"] for name in ("cat/3.png", "dog/5.png", "dog/7.png")] == [True] * 3
    good = [path for path in sorted(folder.glob("*/*.png")) if path.name not in ("3.png", "5.png", "7.png")
            or str(path)[-9:] in ("dog/3.png", "cat/5.png", "cat/7.png")]
    for image, path in zip(bytes_of(images), good):
        assert (image == np.array(Image.open(path)).transpose(2, 0, 1)).all()
    for path in folder.glob("*/*.png"):
        path.write_bytes(b"no photo")
    why = run("epoch", folder, tmp_path / "out", fails=True)
    assert "None of the 24 photos can be read: cat/0.png (" in why and "19 more" in why


def test_memory_does_not_grow(tmp_path):
    """Ten times the photos take no more memory, but for what says where they are."""
    peaks = []
    for n in (40, 400):
        folder = classes(tmp_path / str(n), n=1, names=("a",), size=(300, 260))
        for i in range(1, n):
            os.link(folder / "a/0.png", folder / f"a/{i}.png")
        code, peak = peak_of("epoch", folder, tmp_path / "out", "--shape", "3,224,224", "--cache", 0, "--batch", 8)
        assert code == 0
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 12


# Real data

@needs_data
def test_ants_and_bees(tmp_path):
    summary, images, labels = epoch(DATA / "photos/ants-bees/val", tmp_path / "out", shape=(3, 224, 224))
    assert summary["classes"] == ["ants", "bees"] and summary["n_broken"] == 0
    files = sorted((DATA / "photos/ants-bees/val").glob("*/*.jpg"))
    assert summary["n"] == len(files) and labels.tolist() == [path.parent.name == "bees" for path in files]
    for image, path in list(zip(bytes_of(images), files))[::9]:
        assert np.abs(image.astype(int) - reference(path, 224, 256)).max() <= 2


@needs_data
def test_cifar(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/test.tar").symlink_to(DATA / "cifar10/test.tar")
    summary, images, labels = epoch(tmp_path / "in", tmp_path / "out", "--batch", 128, "--epochs", 2)
    assert summary["counts"] == [200] * 10 and summary["classes"][:3] == ["airplane", "automobile", "bird"]
    pixels = bytes_of(images)
    with tarfile.open(DATA / "cifar10/test.tar") as tar:
        members = [member for member in tar if member.isfile()]
        for at in range(0, 2000, 37):
            theirs = Image.open(io.BytesIO(tar.extractfile(members[at]).read())).convert("RGB")
            assert summary["classes"][labels[at]] == members[at].name.split("/")[-2]
            assert np.abs(pixels[at].astype(int) - np.array(theirs).transpose(2, 0, 1)).max() <= 2
