# SPDX-License-Identifier: GPL-3.0-or-later
"""The window, driven with the pointer under a virtual display, by the names that screen readers use."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from window import Window  # noqa: E402


def test_whole_module(tmp_path):
    with Window(tmp_path) as window:
        window.wait("push button", "Run: Choose data")
        window.shot("start")
        window.click("push button", "Run All")
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


def test_key_is_in_the_keyring(tmp_path):
    with Window(tmp_path) as window:
        window.wait("push button", "Run: Choose data")
        key = window.lookup_key()
        credentials = (tmp_path / "home/sagebrush/engine/credentials").read_text()
        assert key and key in credentials


def test_digits(tmp_path):
    with Window(tmp_path) as window:
        window.wait("push button", "Run: Choose data")
        window.click("label", "Handwritten Digits")
        window.click("push button", "Run: Look at them")
        window.wait("label", "20000 digits of 28 by 28 pixels")
        window.shot("digits")
