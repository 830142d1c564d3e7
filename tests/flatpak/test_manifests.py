# SPDX-License-Identifier: GPL-3.0-or-later
"""Both manifests: what they may not ask for, what they must share, and that every source is pinned."""
import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "flatpak"
ID = "io.github.sagebrush.Sagebrush"
MANIFESTS = [f"{ID}.json", f"{ID}.debian.json"]
PERMISSIONS = ["--share=ipc", "--share=network", "--socket=wayland", "--socket=fallback-x11", "--device=dri",
               "--talk-name=org.freedesktop.secrets"]


def load(name):
    return json.loads((FOLDER / name).read_text())


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifest(name):
    manifest = load(name)
    assert manifest["id"] == ID and manifest["command"] == "sagebrush"
    assert manifest["finish-args"] == PERMISSIONS
    assert manifest["modules"][-1] == "sagebrush.json", "the application's module is shared"
    names = [load(module)["name"] + ".json" for module in manifest["modules"]]
    assert names == manifest["modules"]


def test_sources_are_pinned():
    for module in load(MANIFESTS[0])["modules"][:-1]:
        for source in load(module)["sources"]:
            assert source["url"].startswith("https://"), module
            if source["type"] == "git":
                assert source["tag"] and re.fullmatch("[0-9a-f]{40}", source["commit"]), module
            else:
                assert re.fullmatch("[0-9a-f]{64}", source["sha256"]), module


def test_libraries_are_built_for_any_processor():
    """What they gain from newer ones they choose when they run."""
    for module in load(MANIFESTS[0])["modules"]:
        assert "-march" not in json.dumps(load(module))
    assert "-DONEDNN_ARCH_OPT_FLAGS=" in load("onednn.json")["config-opts"]
