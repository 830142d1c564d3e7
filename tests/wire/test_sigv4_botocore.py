# SPDX-License-Identifier: GPL-3.0-or-later
"""Random requests, signed by botocore and by our signer: every byte has to agree, and the side that
verifies has to take what the side that signs made."""
import json
import os
import random
import subprocess
from pathlib import Path
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

TOOL = Path(os.environ["SAGEBRUSH_BUILD_DIR"]) / "tests/wire/sigv4-tool"
RESERVED = "-_.~!*'();:@&=+$,/?#[]% \"<>\\^`{|}"
LETTERS = "abcXYZ019"
BEYOND = "äöüßéñ日本語😀Ωж\u00a0\u0301"
SERVICES = ["sagemaker", "sts", "iam", "logs", "s3"]
NAMES = ["X-Amz-Meta-Owner", "x-amz-target", "Content-Type", "If-Match", "X-Custom", "User-Agent"]


def words(chance, low, high, alphabets=(LETTERS, RESERVED, BEYOND)):
    return "".join(
        chance.choice(chance.choice(alphabets)) for _ in range(chance.randint(low, high))
    )


def make(seed):
    """One request, as the tool reads it."""
    chance = random.Random(seed)
    service = chance.choice(SERVICES)
    s3 = service == "s3"
    path = "/" + "/".join(quote(words(chance, 0, 8), safe="-_.~") for _ in range(chance.randint(0, 4)))
    if not s3 and chance.random() < 0.3:
        path += chance.choice(["/./x", "/a/../b", "//double", "/end/"])
    pairs = [(words(chance, 1, 6), words(chance, 0, 8)) for _ in range(chance.randint(0, 4))]
    if pairs and chance.random() < 0.4:
        pairs.append((pairs[0][0], words(chance, 0, 5)))
    query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs)
    headers = [["Host", chance.choice(["127.0.0.1:8080", "bucket.s3.amazonaws.com"])]]
    for _ in range(chance.randint(0, 4)):
        value = words(chance, 1, 12, (LETTERS, "-_.~!*'();:@&=+$,/?", " \t", "äé日"))
        headers.append([chance.choice(NAMES), value.strip() or "x"])
    if chance.random() < 0.4:
        headers += [["X-Twice", "b  b"], ["x-twice", "a"], ["X-TWICE", "  c"]]
    return {
        "method": chance.choice(["GET", "PUT", "POST", "DELETE", "HEAD"]),
        "path": path, "query": query, "headers": headers, "service": service, "s3": s3,
        "region": chance.choice(["us-east-1", "eu-central-1", "us-gov-west-1"]),
        "body": words(chance, 0, 40), "time": chance.randint(1_000_000_000, 2_000_000_000),
        "key": "AKID" + words(chance, 12, 12, (LETTERS,)),
        "secret": words(chance, 40, 40, (LETTERS, "+/")),
        "token": words(chance, 60, 60, (LETTERS, "+/=")) if chance.random() < 0.3 else None,
    }


def botocore_request(given):
    import datetime

    url = f"http://{given['headers'][0][1]}{given['path']}"
    if given["query"]:
        url += "?" + given["query"]
    request = AWSRequest(method=given["method"], url=url, data=given["body"].encode())
    for name, value in given["headers"]:
        request.headers.add_header(name, value)
    when = datetime.datetime.fromtimestamp(given["time"], datetime.timezone.utc)
    request.context["timestamp"] = when.strftime("%Y%m%dT%H%M%SZ")
    return request


def run_tool(rows):
    done = subprocess.run(
        [TOOL], input="".join(json.dumps(row) + "\n" for row in rows), stdout=subprocess.PIPE,
        text=True, check=True, timeout=120,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_headers_of_random_requests():
    rows, wanted = [], []
    for seed in range(400):
        given = make(seed)
        request = botocore_request(given)
        keys = Credentials(given["key"], given["secret"], given["token"])
        kind = botocore.auth.S3SigV4Auth if given["s3"] else botocore.auth.SigV4Auth
        auth = kind(keys, given["service"], given["region"])
        auth._modify_request_before_signing(request)
        given["payload_hash"] = auth.payload(request)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        auth._inject_signature_to_request(request, auth.signature(text, request))
        rows.append(given)
        wanted.append(request.headers["Authorization"])
    answers = run_tool(rows)
    assert len(answers) == len(rows)
    for given, answer, authorization in zip(rows, answers, wanted):
        assert answer["headers"]["Authorization"] == authorization, given
        assert answer["verified"], given


@pytest.mark.parametrize("service", ["s3", "sts"])
def test_presigned_urls(service):
    from urllib.parse import parse_qsl, urlsplit

    rows, wanted = [], []
    for seed in range(1000, 1200):
        given = make(seed)
        if service == "s3":
            given.update(service="s3", s3=True)
        else:
            given.update(service=service, s3=False)
        # botocore puts the query into a dictionary: one value a name, in its own encoding.
        given["query"] = "prefix=a%2Fb%20c&x=%C3%A4"
        given["headers"] = given["headers"][:1]
        given["method"] = "GET"
        given["body"] = ""
        given["expires"] = 900
        request = botocore_request(given)
        request.data = b""
        keys = Credentials(given["key"], given["secret"], given["token"])
        kind = botocore.auth.S3SigV4QueryAuth if given["s3"] else botocore.auth.SigV4QueryAuth
        auth = kind(keys, given["service"], given["region"], expires=900)
        auth._modify_request_before_signing(request)
        given["payload_hash"] = auth.payload(request)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        auth._inject_signature_to_request(request, auth.signature(text, request))
        rows.append(given)
        wanted.append(dict(parse_qsl(urlsplit(request.url).query)))
    for given, answer, query in zip(rows, run_tool(rows), wanted):
        assert dict(parse_qsl(answer["query"])) == query, given
        assert answer["verified"], given
