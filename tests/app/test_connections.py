# SPDX-License-Identifier: GPL-3.0-or-later
"""`sagebrush connections` and `--connection`, against loopback services and a real keyring."""
import json
import os
import pty
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import BUILD, Engine, wait_for  # noqa: E402
from identity import ACCOUNT, Identity  # noqa: E402
from keyring import Keyring  # noqa: E402

PROGRAM = str(BUILD / "src/app/sagebrush")
SECRET = "base+secret/"


class Terminal:
    def __init__(self, folder, identity, keyring):
        self.folder, self.identity, self.keyring = folder, identity, keyring
        self.said = []
        (folder / "home/.aws").mkdir(parents=True)

    def environment(self, **more):
        env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        env.pop("DISPLAY", None)
        env.update({"HOME": str(self.folder / "home"), "XDG_DATA_HOME": str(self.folder / "data"),
                    "XDG_CACHE_HOME": str(self.folder / "cache"), "LC_ALL": "C.UTF-8", "G_MESSAGES_DEBUG": "sagebrush",
                    "DBUS_SESSION_BUS_ADDRESS": self.keyring.address, "AWS_ENDPOINT_URL": self.identity.url}, **more)
        return env

    def run(self, *arguments, given="", code=0, **env):
        done = subprocess.run([PROGRAM, *map(str, arguments)], env=self.environment(**env), input=given,
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == code, done.stderr
        self.said += [done.stdout, done.stderr]
        return done

    def list(self):
        return json.loads(self.run("connections", "--json").stdout)["connections"]

    def files(self):
        return [path for path in (*self.folder.joinpath("data").rglob("*"), *self.folder.joinpath("cache").rglob("*"))
                if path.is_file()]


@pytest.fixture(name="terminal", params=["open"])
def fixture_terminal(tmp_path, request):
    with Identity() as identity, Keyring(tmp_path / "session", request.param) as keyring:
        terminal = Terminal(tmp_path, identity, keyring)
        yield terminal
        assert identity.problems == []
        no_secret_is_left(terminal)


def no_secret_is_left(terminal):
    """Neither in what was said nor in a file: only the keyring has them."""
    for text in terminal.said:
        assert not [secret for secret in terminal.identity.secrets if secret in text]
    for path in terminal.files():
        data = path.read_bytes()
        assert not [secret for secret in terminal.identity.secrets if secret.encode() in data], path


def test_access_key(terminal):
    done = terminal.run("connections", "add", "Work", "--region", "eu-central-1", given=f"AKIABASE\n{SECRET}\n")
    assert f"Work: account {ACCOUNT}, user/workshop, Europe (Frankfurt) (eu-central-1)" in done.stdout
    (info,) = terminal.list()
    assert info["kind"] == "access-key" and info["access_key_id"] == "AKIABASE" and info["account"] == ACCOUNT
    ((attributes, secret),) = terminal.keyring.secrets(terminal.environment())
    assert attributes["connection"] == info["id"] and attributes["access-key-id"] == "AKIABASE" and SECRET in secret
    assert "user/workshop" in terminal.run("connections").stdout
    assert "user/workshop" in terminal.run("connections", "check", "WORK").stdout
    assert terminal.files(), "nothing was written that could be searched for secrets"
    terminal.run("connections", "remove", "work")
    assert terminal.list() == [] and terminal.keyring.secrets(terminal.environment()) == []


def test_wrong_key_is_not_kept(terminal):
    done = terminal.run("connections", "add", "Work", given="AKIABASE\nwrong\n", code=1)
    assert "signature" in done.stderr
    terminal.run("connections", "add", "Work", "--access-key-id", "AKIANOBODY", given="x\n", code=1)
    assert terminal.list() == [] and terminal.keyring.secrets(terminal.environment()) == []
    terminal.run("connections", "add", "Work", "--no-check", given="AKIABASE\nwrong\n")
    assert terminal.list()[0]["name"] == "Work"
    assert "already" in terminal.run("connections", "add", "wORK", given=f"AKIABASE\n{SECRET}\n", code=1).stderr


@pytest.mark.parametrize("arguments, why", [
    (["add"], "a name"), (["add", "local"], "this computer"), (["add", "x", "--region", "Mars"], "us-east-1"),
    (["add", "x", "--fips", "--region", "eu-west-1"], "FIPS"), (["add", "x", "--endpoint-url", "s3"], "https://"),
    (["add", "x", "--endpoint", "s3"], "s3=https://"), (["add", "x"], "an id and a secret"),
    (["check", "x"], "no connection “x”"), (["remove"], "Name a connection"), (["fly"], "no “fly”"),
    (["add", "x", "--profile", "y"], "no profile “y”"),
])
def test_wrong_words(terminal, arguments, why):
    assert why in terminal.run("connections", *arguments, code=1).stderr


def test_no_secret_among_the_arguments(terminal):
    for option in ("--secret-access-key", "--session-token", "--secret"):
        assert "Unknown option" in terminal.run("connections", "add", "x", option, "hush", code=2).stderr


def test_profile_with_a_role(terminal):
    role = f"arn:aws:iam::{ACCOUNT}:role/far"
    terminal.identity.roles[role] = {"mfa": ("phone1234", "123456")}
    (terminal.folder / "home/.aws/config").write_text(
        f"[profile far]\nrole_arn = {role}\nsource_profile = base\nmfa_serial = phone1234\nregion = us-west-2\n")
    (terminal.folder / "home/.aws/credentials").write_text(f"[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = {SECRET}\n")
    done = terminal.run("connections", "add", "Far", "--profile", "far", given="123456\n")
    assert "assumed-role/far/sagebrush-" in done.stdout and "us-west-2" in done.stdout
    assert terminal.keyring.secrets(terminal.environment()) == []
    assert "assumed-role/far" in terminal.run("connections", "check", "far", given="123456\n").stdout


def test_sign_in(terminal):
    arguments = ["connections", "add", "Corp", "--sso-start-url", "https://corp.awsapps.com/start", "--sso-region", "eu-west-1"]
    assert "--sso-account-id" in terminal.run(*arguments, code=1).stderr
    done = terminal.run(*arguments, "--sso-account-id", ACCOUNT, "--sso-role-name", "Student")
    assert "ABCD-EFGH" in done.stderr and "assumed-role/Student/person" in done.stdout
    asked = len(terminal.identity.asked)
    assert "assumed-role/Student" in terminal.run("connections", "check", "corp").stdout
    assert terminal.identity.names()[asked:] == ["GetRoleCredentials", "GetCallerIdentity"], "the sign-in is kept"
    ((attributes, _),) = terminal.keyring.secrets(terminal.environment())
    assert attributes["access-key-id"] == "sso-token"


@pytest.mark.parametrize("terminal", ["absent"], indirect=True)
def test_no_keyring(terminal):
    done = terminal.run("connections", "add", "Work", given=f"AKIABASE\n{SECRET}\n", code=1)
    assert "No keyring is running" in done.stderr and "--session-only" in done.stderr
    assert terminal.list() == []
    terminal.run("connections", "add", "Work", "--session-only", given=f"AKIABASE\n{SECRET}\n")
    assert "kept for one session only" in terminal.run("connections", "check", "Work", given="", code=1).stderr
    assert "user/workshop" in terminal.run("connections", "check", "Work", given=f"AKIABASE\n{SECRET}\n").stdout
    terminal.run("connections", "remove", "Work")
    assert terminal.list() == []


def test_expired_key_is_asked_for(terminal):
    terminal.identity.keys["AKIAOLD"] = ("old+secret", "old+token", f"arn:aws:iam::{ACCOUNT}:user/old")
    terminal.identity.secrets |= {"old+secret", "old+token"}
    terminal.run("connections", "add", "Work", given="AKIAOLD\nold+secret\nold+token\n")
    terminal.identity.expired.add("AKIAOLD")
    done = terminal.run("connections", "check", "Work", given=f"AKIABASE\n{SECRET}\n\n")
    assert "AKIAOLD" in done.stderr and "user/workshop" in done.stdout
    assert "user/workshop" in terminal.run("connections", "check", "Work").stdout
    assert terminal.list()[0]["access_key_id"] == "AKIABASE"
    assert [attributes["access-key-id"] for attributes, _ in terminal.keyring.secrets(terminal.environment())] == ["AKIABASE"]


def read_all(terminal, fd, until, seconds=60):
    text = ""
    while until not in text:
        ready, _, _ = select.select([fd], [], [], seconds)
        assert ready, text
        text += os.read(fd, 4096).decode()
    terminal.said.append(text)
    return text


def test_secret_is_typed_without_echo(terminal):
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(PROGRAM, [PROGRAM, "connections", "add", "Typed"], terminal.environment())
    read_all(terminal, fd, "Access key ID:")
    os.write(fd, b"AKIABASE\n")
    read_all(terminal, fd, "Secret access key")
    os.write(fd, SECRET.encode() + b"\n")
    read_all(terminal, fd, "Session token")
    os.write(fd, b"\n")
    said = read_all(terminal, fd, "user/workshop")
    assert os.waitpid(pid, 0)[1] == 0 and SECRET not in said
    os.close(fd)
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(PROGRAM, [PROGRAM, "connections", "add", "Other", "--access-key-id", "AKIABASE"], terminal.environment())
    read_all(terminal, fd, "Secret access key")
    os.write(fd, b"\x03")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    os.close(fd)
    assert [info["name"] for info in terminal.list()] == ["Typed"]


def test_no_core_dump(terminal):
    """A crash while a secret is asked for leaves nothing behind."""
    process = subprocess.Popen([PROGRAM, "connections", "add", "x", "--access-key-id", "A"], env=terminal.environment(),
                               stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    process.stdin.write(b"hush\n")
    process.stdin.flush()

    def limits():
        line, = re.findall("Max core file size *(\\S+) *(\\S+)", Path(f"/proc/{process.pid}/limits").read_text())
        return line == ("0", "0")

    wait_for(limits, 30)
    process.stdin.close()
    process.wait(60)


def test_module_and_prediction_over_a_connection(tmp_path):
    """Another server that speaks as AWS does: a module runs on it by the connection's name."""
    with Engine(tmp_path / "engine") as engine, Identity() as identity, Keyring(tmp_path / "session") as keyring:
        terminal = Terminal(tmp_path, identity, keyring)
        terminal.identity.secrets.add(engine.secret)
        terminal.run("connections", "add", "Lab", "--endpoint-url", engine.url, "--region", engine.region,
                     given=f"{engine.key}\n{engine.secret}\n")
        done = terminal.run("run", "get-started", "--connection", "lab", "--keep", "--json")
        assert "bucket" in json.loads(done.stdout)["steps"]
        assert [bucket["Name"] for bucket in engine.client("s3").list_buckets()["Buckets"]]
        assert not (tmp_path / "data/sagebrush/engine").exists(), "an engine of its own was started"
        (tmp_path / "row.csv").write_text("1,2\n")
        said = terminal.run("predict", "nothing", tmp_path / "row.csv", "--connection", "Lab", code=1).stderr
        assert "nothing" in said
        assert "no connection “moon”" in terminal.run("run", "games", "--connection", "moon", code=1).stderr
        journal = (tmp_path / "data/sagebrush/journal.jsonl").read_text()
        assert '"connection":"Lab"' in journal.replace(" ", "")
        no_secret_is_left(terminal)
