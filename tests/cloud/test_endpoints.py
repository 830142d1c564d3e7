# SPDX-License-Identifier: GPL-3.0-or-later
"""Where services are, against botocore's endpoint rules; and who stands between: the desktop's proxy."""
import json
import os
import socketserver
import subprocess
import threading

import pytest

pytest.importorskip("botocore", reason="botocore is not installed")

import botocore.session  # noqa: E402
from botocore.endpoint_provider import EndpointProvider  # noqa: E402
from engine import BUILD  # noqa: E402
from identity import Identity  # noqa: E402

TOOL = BUILD / "tests/cloud/credentials-tool"
SERVICES = ["sagemaker", "sagemaker-runtime", "logs", "cloudwatch", "s3", "iam", "sts", "sso", "sso-oidc"]
# Of these, later rules say that their ordinary hosts in aws-us-gov are validated.
CHANGED, OLD_RULES = ("sagemaker", "sso", "sso-oidc"), tuple(map(int, botocore.__version__.split(".")[:2])) < (1, 37)
SESSION = botocore.session.get_session()


def regions(fips, service):
    done = subprocess.run([TOOL, "hosts", fips, service], capture_output=True, check=True)
    return json.loads(done.stdout)


def rules_of(service):
    loader = SESSION.get_component("data_loader")
    return EndpointProvider(loader.load_service_model(service, "endpoint-rule-set-1"), loader.load_data("partitions"))


def judge(rules, service, region, fips):
    given = {"Region": region, "UseFIPS": fips, "UseDualStack": False}
    if service == "s3":
        given.update({"UseGlobalEndpoint": False, "ForcePathStyle": False, "Accelerate": False})
    if service == "sts":
        given["UseGlobalEndpoint"] = False
    found = rules.resolve_endpoint(**given)
    scheme = (found.properties.get("authSchemes") or [{}])[0]
    return found.url.removeprefix("https://"), scheme.get("signingRegion", region)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("fips", ["plain", "fips"])
def test_hosts_are_those_of_botocore(service, fips):
    rules = rules_of(service)
    for region, said in regions(fips, service).items():
        if fips == "fips" and (region.startswith("cn-") or (OLD_RULES and service in CHANGED and "gov" in region)):
            continue  # China has none
        assert (said["host"], said["region"]) == judge(rules, service, region, fips == "fips"), region


def test_no_fips_in_china():
    """And none of its own in aws-us-gov, whatever rules are at hand."""
    assert regions("fips", "sagemaker")["us-gov-west-1"]["host"] == "api.sagemaker.us-gov-west-1.amazonaws.com"
    assert regions("fips", "sagemaker")["cn-north-1"]["host"] == "api.sagemaker.cn-north-1.amazonaws.com.cn"


def test_every_region_that_botocore_knows():
    ours = regions("plain", "sagemaker")
    data = SESSION.get_component("data_loader").load_data("endpoints")
    for part in data["partitions"]:
        if part["partition"] in ("aws", "aws-cn", "aws-us-gov"):
            for region in SESSION.get_available_regions("sagemaker", part["partition"]):
                assert ours[region]["title"] == part["regions"][region]["description"]


class Proxy(socketserver.ThreadingTCPServer):
    """An HTTP proxy that notes what it is asked for, and leads everything to one server."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, target):
        self.target, self.asked = target, []
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        import http.client

        method, url, _ = self.rfile.readline().decode().split()
        headers = {}
        for line in iter(self.rfile.readline, b"\r\n"):
            name, _, value = line.decode().strip().partition(": ")
            headers[name] = value
        self.server.asked.append((method, url))
        if method == "CONNECT":
            self.wfile.write(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        host, _, path = url.removeprefix("http://").partition("/")
        body = self.rfile.read(int(headers.get("Content-Length", 0)))
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.target)
        upstream.request(method, "/" + path, body, {**headers, "Host": host})
        answer = upstream.getresponse()
        data = answer.read()
        self.wfile.write(f"HTTP/1.1 {answer.status} X\r\nContent-Type: {answer.headers['Content-Type']}\r\n"
                         f"Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data)


@pytest.fixture(name="proxy")
def fixture_proxy():
    with Identity() as identity, Proxy(identity.server.server_port) as proxy:
        threading.Thread(target=proxy.serve_forever, args=[0.02], daemon=True).start()
        proxy.identity = identity
        yield proxy
        proxy.shutdown()


def call(tmp_path, proxy, **more):
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = AKIABASE\naws_secret_access_key = base+secret/\n")
    env = {**os.environ, "HOME": str(tmp_path), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
           "http_proxy": f"http://127.0.0.1:{proxy.server_address[1]}", "https_proxy": f"http://127.0.0.1:{proxy.server_address[1]}",
           "no_proxy": "", **more}
    return subprocess.run([TOOL, "call", "default", "us-east-1", "1"], env=env, capture_output=True, text=True, timeout=60)


def test_proxy_of_the_desktop(tmp_path, proxy):
    """The name does not exist anywhere: whoever gets an answer got it through the proxy."""
    done = call(tmp_path, proxy, AWS_ENDPOINT_URL="http://sagemaker.invalid:8080")
    assert done.returncode == 0, done.stderr
    assert proxy.asked == [("POST", "http://sagemaker.invalid:8080/")]
    assert proxy.identity.names() == ["ListTrainingJobs"] and proxy.identity.problems == []


def test_aws_is_reached_through_a_tunnel(tmp_path, proxy):
    done = call(tmp_path, proxy)
    assert done.returncode == 1
    assert set(proxy.asked) == {("CONNECT", "api.sagemaker.us-east-1.amazonaws.com:443")}


def test_this_computer_needs_no_proxy(tmp_path, proxy):
    done = call(tmp_path, proxy, AWS_ENDPOINT_URL=proxy.identity.url)
    assert done.returncode == 0 and proxy.asked == []


def test_addresses_from_the_environment(tmp_path, proxy):
    """One for the service counts before one for all, and both can be ignored."""
    own = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_SAGEMAKER": proxy.identity.url}
    assert call(tmp_path, proxy, **own).returncode == 0
    done = call(tmp_path, proxy, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true", **own)
    assert done.returncode == 1 and proxy.asked
