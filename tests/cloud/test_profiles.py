# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles of ~/.aws: botocore reads the same files and asks the same services on loopback, and has to come to the
same credentials."""
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("botocore", reason="botocore is not installed")

import botocore.config  # noqa: E402
import botocore.exceptions  # noqa: E402
import botocore.session  # noqa: E402
from engine import BUILD  # noqa: E402
from identity import ACCOUNT, Identity, made_up  # noqa: E402

TOOL = BUILD / "tests/cloud/credentials-tool"
BASE = "aws_access_key_id = AKIABASE\naws_secret_access_key = base+secret/\n"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"


@pytest.fixture(name="identity")
def fixture_identity():
    with Identity() as identity:
        yield identity
    assert identity.problems == [], "a request does not fit botocore's models"


class Home:
    """A home folder with the two files, and who reads them."""

    def __init__(self, folder, identity=None):
        self.folder = folder
        self.identity = identity
        (folder / ".aws").mkdir()
        self.config, self.credentials = folder / ".aws/config", folder / ".aws/credentials"

    def write(self, config="", credentials=""):
        self.config.write_text(config)
        self.credentials.write_text(credentials)

    def env(self, **more):
        env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        env.update({"HOME": str(self.folder), "LC_ALL": "C.UTF-8"}, **more)
        if self.identity:
            env["AWS_ENDPOINT_URL"] = self.identity.url
        return env

    def tool(self, *arguments, code=0, **env):
        done = subprocess.run([TOOL, *map(str, arguments)], env=self.env(**env), capture_output=True, text=True, timeout=60)
        assert done.returncode == code, done.stderr
        return done

    def resolve(self, profile, *more, **env):
        return json.loads(self.tool("resolve", profile, "us-east-1", *more, **env).stdout.splitlines()[-1])

    def refuse(self, profile, **env):
        return self.tool("resolve", profile, "us-east-1", code=1, **env).stderr

    def judge(self, profile, monkeypatch, code=None):
        """What botocore makes of the profile."""
        for name in list(os.environ):
            if name.startswith("AWS_"):
                monkeypatch.delenv(name)
        monkeypatch.setenv("HOME", str(self.folder))
        monkeypatch.setattr("botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR", str(self.folder / ".aws/sso/cache"))
        monkeypatch.setattr("botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR", str(self.folder / ".aws/sso/cache"))
        url = self.identity.url if self.identity else None

        class Session(botocore.session.Session):
            def create_client(self, service_name, *arguments, **more):
                more["endpoint_url"] = url
                return super().create_client(service_name, *arguments, **more)

        session = Session(profile=profile)
        session.set_config_variable("region", "us-east-1")
        session.get_component("credential_provider").get_provider("assume-role")._prompter = lambda *_: code
        keys = session.get_credentials().get_frozen_credentials()
        return {"id": keys.access_key, "secret": keys.secret_key, "token": keys.token}


@pytest.fixture(name="home")
def fixture_home(tmp_path, identity):
    return Home(tmp_path, identity)


def same(home, profile, monkeypatch, code=None, **env):
    ours = home.resolve(profile, **env)
    judged = home.judge(profile, monkeypatch, code)
    assert {name: ours.get(name) for name in judged} == judged
    return ours


# -- the files

def flatten(values):
    flat = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat[name] = None
            flat.update({f"{name}.{inner}": text for inner, text in value.items()})
        else:
            flat[name] = value
    return flat


def judge_files(config, credentials):
    """Profiles and their values as botocore has them; None when it refuses the files."""
    session = botocore.session.Session()
    session.set_config_variable("config_file", str(config))
    session.set_config_variable("credentials_file", str(credentials))
    session._profile_map = None
    try:
        profiles = session.full_config["profiles"]
    except botocore.exceptions.ConfigParseError:
        return None
    return {name: flatten(values) for name, values in profiles.items()}


def read_files(*paths):
    """The same of the tool, for each pair of files."""
    done = subprocess.run([TOOL, "dump", *paths], capture_output=True, text=True, check=True)
    # What a block itself is called has no value of its own.
    return [read and {name: {key: None if text.startswith("\n") else text for key, text in values.items()}
                      for name, values in read.items()} for read in map(json.loads, done.stdout.splitlines())]


def write_files(folder, config, credentials):
    folder.mkdir(exist_ok=True)
    for name, text in (("config", config), ("credentials", credentials)):
        (folder / name).write_text(text, newline="")
    return folder / "config", folder / "credentials"


FILES = [
    ("", ""),
    ("[default]\nregion=eu-west-1\n[profile work]\nrole_arn = arn:aws:iam::1:role/x\n", "[default]\n" + BASE),
    ("[profile 'two words']\na = 1\n[profile \"more words\"]\nb=2\n[profile three more words]\nc = 3\n[ profile y ]\nd=4", ""),
    ("[profile a]\nS3 =\n  addressing_style = path\n\n  max_concurrent_requests=3\nregion = x\n", "[a]\nREGION: y\n"),
    ("# a\n; b\n[default]\n# c\nkey = value ; not a comment\n  goes on\n\n  and on\nother =\n", ""),
    ("[default]\r\nregion = eu-west-1\r\n", "[default]\r\naws_access_key_id=A\r\n"),
    ("[sso-session corp]\nsso_region=x\n[services s]\ns3 =\n  endpoint_url = y\n[plugins]\ncli=z\n[profile p]\nservices = s", ""),
    ("orphan = 1\n[default]\n", ""),
    ("[default]\na = 1\nA = 2\n", ""),
    ("[default]\na=1\n[default]\nb=2\n", ""),
    ("[default]\nwithout\n", ""),
    ("[default\na=1\n", ""),
    ("[default]\n= 1\n", ""),
    ("[default]\na =\n  without\n", ""),
    ("", "[a]\nb = c\n[profile a]\nd = e\n"),
    ("  [default]\n  a = 1\n  b = 2\n    c = 3\n d = 4\n", ""),
    ("[default]\na = 1\n\tb = 2\n", ""),
    ("[default]\nname:space = 1\n", ""),
]


def test_files_say_what_botocore_reads(tmp_path):
    pairs = [write_files(tmp_path / str(number), *texts) for number, texts in enumerate(FILES)]
    for paths, texts, read in zip(pairs, FILES, read_files(*sum(pairs, ()))):
        assert read == judge_files(*paths), texts


def random_file(rand):
    """Mostly right: names of sections and values differ, but for the few that do not."""
    lines = ["[default]"] if rand.random() < 0.8 else []
    for number in range(rand.randrange(1, 14)):
        indent = " " * rand.choice([0] * 12 + [1, 2, 4])
        lines.append(indent + rand.choice([
            f"[profile a{number}]", f"[profile  'b {number}']", f"[a{number}]", f"[sso-session s{number}]", "; note", "# note",
            "", f"Region{number} = x", f"s3{number} =\n  inner = {number}\n  other = b", f"key{number}: v", f"k{number} = a = b",
            f"k2{number} =v # no", f"token{number} = a/b+c==", f"empty{number}=", f"long{number} = 1\n  more",
            *(["region = x", "[a]", "nothing"] if rand.random() < 0.2 else [])]))
    return rand.choice(["\n", "\n", "\r\n"]).join(lines) + rand.choice(["", "\n"])


def test_random_files_say_what_botocore_reads(tmp_path):
    rand = random.Random(5)
    pairs = [write_files(tmp_path / str(number), random_file(rand), random_file(rand)) for number in range(300)]
    judged = [judge_files(*paths) for paths in pairs]
    for paths, read, wanted in zip(pairs, read_files(*sum(pairs, ())), judged):
        assert read == wanted, [path.read_text() for path in paths]
    assert 100 < len([one for one in judged if one is not None]) < 280, "the files are of one kind only"


# -- what a profile comes to

def test_keys(home, monkeypatch):
    home.write("[profile c]\naws_access_key_id = AKC\naws_secret_access_key = cc\n[profile both]\naws_access_key_id = X\n"
               "aws_secret_access_key = y\n[profile old]\naws_access_key_id=O\naws_secret_access_key=o\n"
               "aws_security_token=t\naws_session_token=u\n",
               "[default]\n" + BASE + "[both]\naws_access_key_id = AKB\naws_secret_access_key = bb\naws_session_token = tok=\n")
    assert same(home, "default", monkeypatch)["id"] == "AKIABASE"
    assert same(home, "c", monkeypatch)["secret"] == "cc"
    assert same(home, "both", monkeypatch)["token"] == "tok="
    assert same(home, "old", monkeypatch)["token"] == "t"


def test_role(home, identity, monkeypatch):
    identity.roles[ROLE + "one"] = {"external_id": "ext-1"}
    home.write(f"[profile one]\nrole_arn = {ROLE}one\nsource_profile = default\nexternal_id = ext-1\n"
               "role_session_name = someone@desk\nduration_seconds = 1800\n", "[default]\n" + BASE)
    ours = same(home, "one", monkeypatch)
    assert ours["id"].startswith("ASIA") and abs(ours["expires"] - time.time() - 3600) < 60
    first, judged = [given for _, operation, given in identity.asked if operation == "AssumeRole"]
    assert first == judged == {"RoleArn": ROLE + "one", "RoleSessionName": "someone@desk", "ExternalId": "ext-1",
                               "DurationSeconds": 1800}


def test_chain_of_roles(home, identity, monkeypatch):
    one, two, three = (ROLE + name for name in ("one", "two", "three"))
    identity.roles[one] = {"trusts": [f"arn:aws:iam::{ACCOUNT}:user/workshop"]}
    for role, before in ((two, "one"), (three, "two")):
        identity.roles[role] = {"trusts": [f"arn:aws:sts::{ACCOUNT}:assumed-role/{before}/ss"]}
    home.write("".join(f"[profile {name}]\nrole_arn = {role}\nrole_session_name = ss\nsource_profile = {source}\n"
                       for name, role, source in (("a", one, "keys"), ("b", two, "a"), ("c", three, "b"))),
               "[keys]\n" + BASE)
    same(home, "c", monkeypatch)
    assert identity.names() == ["AssumeRole"] * 6
    assert [given["RoleArn"] for _, _, given in identity.asked][:3] == [one, two, three]


def test_source_with_keys_and_a_role(home, identity, monkeypatch):
    """Of a source its keys count; of the profile that is asked for, its role. A profile may be its own source."""
    identity.roles[ROLE + "own"] = {"trusts": [f"arn:aws:iam::{ACCOUNT}:user/workshop"]}
    identity.roles[ROLE + "next"] = {"trusts": [f"arn:aws:iam::{ACCOUNT}:user/workshop"]}
    home.write(f"[profile own]\nrole_arn = {ROLE}own\nsource_profile = own\n{BASE}"
               f"[profile next]\nrole_arn = {ROLE}next\nsource_profile = own\n")
    same(home, "own", monkeypatch)
    same(home, "next", monkeypatch)


def test_role_from_the_environment(home, identity, monkeypatch):
    identity.roles[ROLE + "env"] = {}
    home.write(f"[profile env]\nrole_arn = {ROLE}env\ncredential_source = Environment\n")
    ours = home.resolve("env", AWS_ACCESS_KEY_ID="AKIABASE", AWS_SECRET_ACCESS_KEY="base+secret/")
    assert ours["id"].startswith("ASIA")


def test_code_of_a_device(home, identity, monkeypatch):
    device = f"arn:aws:iam::{ACCOUNT}:mfa/phone"
    identity.roles[ROLE + "safe"] = {"mfa": (device, "123456")}
    home.write(f"[profile safe]\nrole_arn = {ROLE}safe\nsource_profile = default\nmfa_serial = {device}\n", "[default]\n" + BASE)
    same(home, "safe", monkeypatch, code="123456", SB_TEST_CODE="123456")
    assert f"code safe {device}" in home.tool("resolve", "safe", "us-east-1", SB_TEST_CODE="123456").stderr
    assert "MultiFactorAuthentication failed" in home.refuse("safe", SB_TEST_CODE="654321")
    assert "there is nobody to ask" in home.refuse("safe", SB_TEST_NOBODY="1")


PROGRAM = """#!/usr/bin/python3
import json, os, sys, time
with open(os.environ["HOME"] + "/runs", "a") as runs:
    runs.write("x")
n = os.path.getsize(os.environ["HOME"] + "/runs")
print(json.dumps({"Version": 1, "AccessKeyId": "AKP", "SecretAccessKey": sys.argv[1] + str(n), "SessionToken": "tok",
                  **({"Expiration": sys.argv[2]} if len(sys.argv) > 2 else {})}))
"""


def test_program(home, monkeypatch):
    program = home.folder / "a program.py"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    home.write(f"[profile p]\ncredential_process = '{program}' \"$HOME; se'cret\" 2999-01-01T00:00:00Z\n")
    ours = home.resolve("p", 2)
    assert ours["secret"] == "$HOME; se'cret1" and (home.folder / "runs").read_text() == "x", "there is no shell, one run"
    assert time.gmtime(ours["expires"])[:3] == (2999, 1, 1)
    (home.folder / "runs").unlink()
    (home.folder / "runs").write_text("")
    assert home.judge("p", monkeypatch)["secret"] == ours["secret"]


def test_program_is_run_again_in_time(home):
    program = home.folder / "program.py"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 120))
    home.write(f"[profile p]\ncredential_process = {program} s {soon}\n")
    lines = home.tool("resolve", "p", "us-east-1", 3).stdout.splitlines()
    assert [json.loads(line)["secret"] for line in lines] == ["s1", "s2", "s3"]


@pytest.mark.parametrize("command, why", [
    ("/nonexistent/program", "No such file"),
    ("/bin/sh -c 'echo locked >&2; exit 3'", "locked"),
    ("/bin/sh -c 'exit 3'", "failed without a word"),
    ("/bin/echo hush", "no JSON"),
    ("""/bin/echo '{"Version": 2, "AccessKeyId": "A", "SecretAccessKey": "hush"}'""", "Version"),
    ("""/bin/echo '{"Version": 1, "SecretAccessKey": "hush"}'""", "is missing"),
    ("""/bin/echo '{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "hush", "Expiration": "soon"}'""", "no time"),
    ("/bin/echo 'open", "quote"),
])
def test_program_that_fails(home, command, why):
    home.write(f"[profile p]\ncredential_process = {command}\n")
    said = home.refuse("p")
    assert why in said and "hush" not in said.replace(command, "")


@pytest.mark.parametrize("config, why", [
    ("[profile x]\nregion = y\n", "no access key"),
    ("[profile other]\n", "has no profile"),
    (f"[profile x]\nrole_arn = {ROLE}r\n", "either source_profile or credential_source"),
    (f"[profile x]\nrole_arn = {ROLE}r\nsource_profile = a\ncredential_source = Environment\n", "either"),
    (f"[profile x]\nrole_arn = {ROLE}r\nsource_profile = a\n", "no source_profile “a”"),
    (f"[profile x]\nrole_arn = {ROLE}r\nsource_profile = x\n", "back to itself"),
    (f"[profile x]\nrole_arn = {ROLE}r\nsource_profile = y\n[profile y]\nrole_arn = {ROLE}s\nsource_profile = x\n", "back to"),
    (f"[profile x]\nrole_arn = {ROLE}r\ncredential_source = Ec2InstanceMetadata\n", "Ec2InstanceMetadata"),
    (f"[profile x]\nrole_arn = {ROLE}unknown\nsource_profile = y\n[profile y]\n{BASE}", "not authorized"),
    ("[profile x]\naws_access_key_id = A\n", "is missing"),
    ("[profile x]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n", "no sso-session “s”"),
    ("[profile x]\nsso_account_id = 1\nsso_role_name = r\n", "sso_start_url"),
    (f"[profile x]\nrole_arn = {ROLE}r\nweb_identity_token_file = /x\n", "web_identity_token_file"),
])
def test_profiles_without_credentials(home, monkeypatch, config, why):
    home.write(config)
    assert why in home.refuse("x")
    with pytest.raises(Exception):
        home.judge("x", monkeypatch)


# -- IAM Identity Center

SSO = (f"[profile s]\nsso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = Student\n"
       "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n"
       "sso_registration_scopes = sso:account:access\n")


def test_sign_in(home, identity):
    home.write(SSO)
    done = home.tool("resolve", "s", "us-east-1", 2)
    assert "sign-in s ABCD-EFGH " + identity.url in done.stderr and "signed in" in done.stderr
    assert identity.names() == ["RegisterClient", "StartDeviceAuthorization", "CreateToken", "CreateToken", "GetRoleCredentials"]
    given = {operation: given for _, operation, given in identity.asked}
    assert given["RegisterClient"] == {"clientName": "sagebrush", "clientType": "public", "scopes": ["sso:account:access"]}
    assert given["StartDeviceAuthorization"]["startUrl"] == "https://corp.awsapps.com/start"
    assert given["GetRoleCredentials"]["roleName"] == "Student"
    ours = json.loads(done.stdout.splitlines()[0])
    assert ours["secret"] == made_up("secret", ACCOUNT, "Student", "0")[:40]


def test_slower_when_the_service_says_so(home, identity):
    identity.pending = ["slow_down"]
    home.write(SSO)
    home.resolve("s")
    first, second = (when for when, name in zip(identity.times, identity.names()) if name == "CreateToken")
    assert second - first >= 5, "the second question came at once"


@pytest.mark.parametrize("answer, why", [("expired_token", "in time"), ("access_denied", "refused in the browser")])
def test_sign_in_that_fails(home, identity, answer, why):
    identity.pending = [answer]
    home.write(SSO)
    assert why in home.refuse("s")


def test_sign_in_that_nobody_wants(home, identity):
    home.write(SSO)
    assert "g-io-error-quark 19" in home.refuse("s", SB_TEST_SIGN_IN="cancel")
    assert "CreateToken" not in identity.names()
    assert "sign in again" in home.refuse("s", SB_TEST_NOBODY="1")


def write_cache(home, name, token, seconds, **more):
    import hashlib

    folder = home.folder / ".aws/sso/cache"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (hashlib.sha1(name.encode()).hexdigest() + ".json")
    path.write_text(json.dumps({"startUrl": "https://corp.awsapps.com/start", "region": "eu-west-1", "accessToken": token,
                                "expiresAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds)), **more}))
    return path


@pytest.mark.parametrize("config, name", [
    (SSO, "corp"),
    (f"[profile s]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\nsso_account_id = {ACCOUNT}\n"
     "sso_role_name = Student\n", "https://corp.awsapps.com/start"),
])
def test_sign_in_of_the_cli(home, identity, monkeypatch, config, name):
    """Where “aws sso login” was run, nobody signs in again; the file stays as it is."""
    identity.secrets.add("cli-token")
    home.write(config)
    path = write_cache(home, name, "cli-token", 3600)
    before = path.read_text()
    same(home, "s", monkeypatch, SB_TEST_NOBODY="1")
    assert identity.names() == ["GetRoleCredentials"] * 2
    assert path.read_text() == before and len(list(path.parent.iterdir())) == 1


def test_token_is_refreshed(home, identity):
    identity.secrets |= {"cli-token", "cli-refresh"}
    home.write(SSO)
    write_cache(home, "corp", "cli-token", 10, refreshToken="cli-refresh", clientId="client-1",
                clientSecret=made_up("client"),
                registrationExpiresAt=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 9000)))
    home.resolve("s", SB_TEST_NOBODY="1")
    assert identity.names() == ["CreateToken", "GetRoleCredentials"]
    identity.refuse_refresh = True
    home.resolve("s")
    assert identity.names()[2:] == ["CreateToken", "RegisterClient", "StartDeviceAuthorization", "CreateToken", "CreateToken",
                                    "GetRoleCredentials"]


def test_token_that_was_taken_back(home, identity):
    identity.secrets.add("cli-token")
    identity.dead_tokens.add("cli-token")
    home.write(SSO)
    write_cache(home, "corp", "cli-token", 3600)
    home.resolve("s")
    assert identity.names()[0] == "GetRoleCredentials" and identity.names()[-1] == "GetRoleCredentials"


def test_role_on_a_sign_in(home, identity, monkeypatch):
    identity.secrets.add("cli-token")
    identity.roles[ROLE + "far"] = {"trusts": [f"arn:aws:sts::{ACCOUNT}:assumed-role/Student/person"]}
    home.write(f"[profile s]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n"
               f"sso_account_id = {ACCOUNT}\nsso_role_name = Student\n"
               f"[profile far]\nrole_arn = {ROLE}far\nsource_profile = s\n")
    write_cache(home, "https://corp.awsapps.com/start", "cli-token", 3600)
    same(home, "far", monkeypatch)


# -- renewal

def test_renewed_before_they_end(home, identity):
    identity.roles[ROLE + "short"] = {}
    identity.lifetime = 120
    home.write(f"[profile r]\nrole_arn = {ROLE}short\nsource_profile = default\n", "[default]\n" + BASE)
    home.tool("resolve", "r", "us-east-1", 3)
    assert identity.names() == ["AssumeRole"] * 3
    identity.lifetime = 3600
    home.tool("resolve", "r", "us-east-1", 3)
    assert identity.names() == ["AssumeRole"] * 4


def test_call_is_repeated_with_fresh_credentials(home, identity):
    identity.roles[ROLE + "r"] = {}
    home.write(f"[profile r]\nrole_arn = {ROLE}r\nsource_profile = default\n", "[default]\n" + BASE)
    stale = "ASIA" + made_up("id", ROLE + "r", "0")[:16].upper()
    identity.expired.add(stale)
    original = identity.AssumeRole

    def next_round(given, key_id):
        answer = original(given, key_id)
        identity.round += 1
        return answer

    identity.AssumeRole = next_round
    answer = json.loads(home.tool("call", "r", "us-east-1", 1).stdout)
    assert answer["NextToken"] != stale
    assert identity.names() == ["AssumeRole", "ListTrainingJobs", "AssumeRole", "ListTrainingJobs"]


def test_call_is_repeated_only_once(home, identity):
    identity.roles[ROLE + "r"] = {}
    home.write(f"[profile r]\nrole_arn = {ROLE}r\nsource_profile = default\n", "[default]\n" + BASE)
    identity.expired.add("ASIA" + made_up("id", ROLE + "r", "0")[:16].upper())
    said = home.tool("call", "r", "us-east-1", 1, code=1).stderr
    assert "expired" in said
    assert identity.names() == ["AssumeRole", "ListTrainingJobs", "AssumeRole"], "the same keys are not tried twice"


def test_keys_that_were_replaced_in_the_file(home, identity):
    """Another tool writes new keys while the application runs."""
    identity.keys["AKIANEW"] = ("new+secret", None, f"arn:aws:iam::{ACCOUNT}:user/workshop")
    home.write("", "[default]\n" + BASE)
    watched = subprocess.Popen([TOOL, "call", "default", "us-east-1", "100"], env=home.env(), stdout=subprocess.PIPE, text=True)
    assert json.loads(watched.stdout.readline())["NextToken"] == "AKIABASE"
    home.credentials.write_text("[default]\naws_access_key_id = AKIANEW\naws_secret_access_key = new+secret\n")
    identity.expired.add("AKIABASE")
    answers = [json.loads(line)["NextToken"] for line in watched.stdout]
    assert watched.wait(60) == 0 and answers[-1] == "AKIANEW"


def test_no_secret_is_said(home, identity):
    """Whatever fails, nothing of it is printed but to who asked for it."""
    home.write(SSO + f"[profile far]\nrole_arn = {ROLE}none\nsource_profile = default\n", "[default]\n" + BASE)
    said = home.refuse("far")
    identity.pending = ["access_denied"]
    said += home.refuse("s", G_MESSAGES_DEBUG="all")
    home.write("[default]\n" + BASE + "oops base+secret/\n")
    said += home.refuse("default")
    assert said and not [secret for secret in identity.secrets if secret in said]
