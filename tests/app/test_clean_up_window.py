# SPDX-License-Identifier: GPL-3.0-or-later
"""The Clean Up page: what there is, pausing and resuming an endpoint, deleting it all."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import wait_for  # noqa: E402
from kept import keep_run, make_client, make_older  # noqa: E402
from window import Window  # noqa: E402


@pytest.fixture
def kept(tmp_path):
    keep_run(tmp_path)
    return tmp_path


GONE = "Its resources were deleted; run it again to bring them back"


def what_is_gone_is_made_again(window):
    """The steps' results stand; what they need is uploaded, trained and deployed once more."""
    window.click("list item", "Video Game Sales")
    window.wait("label", GONE)
    window.shot("gone")
    window.reveal("push button", "Run Again: Deploy")
    window.click("push button", "Run Again: Deploy")
    window.wait("label", "1 is running", 120)
    window.wait("push button", "Run Again: Deploy", 60)
    wait_for(lambda: not window.find("label", GONE))


def test_get_started_after_clean_up(tmp_path):
    with Window(tmp_path) as window:
        window.click("list item", "Get Started")
        window.wait("push button", "Run Again: Make a bucket")
        window.click("list item", "Clean Up")
        window.click("push button", "Delete 1 Resource")
        window.click("push button", "Delete for Good")
        window.wait("label", "Nothing Left", 60)
        window.click("list item", "Get Started")
        window.wait("label", GONE)
        window.shot("get-started-gone")
        # Made by somebody else since, it is found.
        make_client(tmp_path / "home", "s3").create_bucket(Bucket="sagemaker-us-east-1-000000000000")
        window.click("push button", "Run Again: Make a bucket")
        wait_for(lambda: not window.find("label", GONE))


def test_clean_up_page(kept):
    make_older(kept, 3.1)
    with Window(kept) as window:
        window.wait("label", "1 is running · $0.00 per hour")
        text = window.wait_notice("An Endpoint Is Still Running")
        assert text.startswith("videogames-xgboost") and text.endswith(": 3 hours, $0.00 per hour")
        window.wait("label", "5 resources · $0.00 per hour")
        window.wait("push button", "Delete 5 Resources")
        window.shot("clean-up")
        window.click("push button", "Pause: videogames-xgboost")
        window.wait("push button", "Resume: videogames-xgboost")
        window.wait("label", "Nothing is running")
        window.shot("paused")
        window.click("push button", "Resume: videogames-xgboost")
        window.wait("push button", "Pause: videogames-xgboost")
        window.wait("label", "1 is running")
        window.wait("label", "InService")
        window.click("push button", "Delete 5 Resources")
        window.wait("label", "cannot be brought back")
        window.shot("sure")
        window.click("push button", "Delete for Good")
        window.wait("label", "Nothing Left", 120)
        window.wait("label", "Nothing is running")
        window.shot("nothing")
        what_is_gone_is_made_again(window)


@pytest.mark.parametrize("dark, size", [(True, "1280x1000"), (False, "420x800")])
def test_other_looks(kept, dark, size):
    with Window(kept, size=size, dark=dark) as window:
        if size == "420x800":
            window.click("push button", "Back to Modules")
        window.wait("label", "1 is running")
        window.click("label", "Clean Up")
        window.wait("push button", "Delete 5 Resources")
        window.shot(f"clean-up-{size}")


def test_start_over(kept):
    """The module begins anew, and what the run before has created is still known to Clean Up."""
    with Window(kept) as window:
        window.wait("label", "8/9")
        window.click("list item", "Video Game Sales")
        window.choose_entry("Main Menu", "Start Over")
        window.wait("label", "Start Over?")
        window.click("push button", "Start Over")
        wait_for(lambda: not window.find("label", "8/9"))
        window.click("push button", "Run: Choose data")
        window.wait("label", "1/9")
        window.shot("start-over")
        window.click("list item", "Clean Up")
        window.wait("push button", "Delete 5 Resources")
