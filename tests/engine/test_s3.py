# SPDX-License-Identifier: GPL-3.0-or-later
"""S3 as boto3 and the AWS CLI see it."""
import base64
import hashlib
import http.client
import os
import socket
import subprocess
import urllib.request
import zlib
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth, S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from engine import wait_for

MIB = 1024 * 1024


def code(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_bucket_life(engine):
    s3 = engine.client("s3")
    s3.create_bucket(Bucket="life")
    assert "life" in [item["Name"] for item in s3.list_buckets()["Buckets"]]
    s3.create_bucket(Bucket="life")
    s3.head_bucket(Bucket="life")
    assert s3.get_bucket_location(Bucket="life")["LocationConstraint"] is None
    s3.put_object(Bucket="life", Key="k", Body=b"")
    assert code(s3.delete_bucket, Bucket="life") == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket="life", Key="k")
    s3.delete_bucket(Bucket="life")
    assert code(s3.head_bucket, Bucket="life") == ("404", 404)
    assert code(s3.list_objects_v2, Bucket="life") == ("NoSuchBucket", 404)
    assert code(s3.create_bucket, Bucket="xn") [0] in ("InvalidBucketName",)
    assert code(s3.create_bucket, Bucket="life2", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}) == (
        "InvalidLocationConstraint", 400)


@pytest.mark.parametrize("key", [
    "plain", "with space", "a/b/c", "ümläut/ሴ", "a+b&c=d?e#f", "trailing/", "%41", "a//b", "quote\"'<>&", "~-_.!*()",
])
def test_keys(engine, bucket, key):
    s3 = engine.client("s3")
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), Metadata={"note": "x y"}, ContentType="text/plain")
    answer = s3.get_object(Bucket=bucket, Key=key)
    assert answer["Body"].read() == key.encode()
    assert answer["ETag"] == '"' + hashlib.md5(key.encode()).hexdigest() + '"'
    assert answer["ContentType"] == "text/plain" and answer["Metadata"] == {"note": "x y"}
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    assert code(s3.get_object, Bucket=bucket, Key=key) == ("NoSuchKey", 404)
    s3.delete_object(Bucket=bucket, Key=key)


def test_list_pages_and_delimiters(engine, bucket):
    s3 = engine.client("s3")
    keys = sorted([f"a/{i:03}" for i in range(25)] + [f"b/{i}/x" for i in range(7)] + ["c", "d", "a", "a-"],
                  key=lambda k: k.encode())
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 4})
    assert [item["Key"] for page in pages for item in page["Contents"]] == keys
    seen_keys, seen_prefixes = [], []
    for page in s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 2}):
        assert page["KeyCount"] <= 2
        seen_keys += [item["Key"] for item in page.get("Contents", [])]
        seen_prefixes += [item["Prefix"] for item in page.get("CommonPrefixes", [])]
    assert seen_keys == ["a", "a-", "c", "d"] and seen_prefixes == ["a/", "b/"]
    inner = s3.list_objects_v2(Bucket=bucket, Prefix="b/", Delimiter="/")
    assert [item["Prefix"] for item in inner["CommonPrefixes"]] == [f"b/{i}/" for i in range(7)]
    after = s3.list_objects_v2(Bucket=bucket, StartAfter="a/023")
    assert after["Contents"][0]["Key"] == "a/024"
    first = s3.list_objects(Bucket=bucket, MaxKeys=3)
    second = s3.list_objects(Bucket=bucket, Marker=first["Contents"][-1]["Key"], MaxKeys=1)
    assert second["Contents"][0]["Key"] == keys[3]
    assert s3.list_objects_v2(Bucket=bucket, MaxKeys=0)["KeyCount"] == 0
    assert code(s3.list_objects_v2, Bucket=bucket, ContinuationToken="%%")[1] == 400


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 3 * MIB])
def test_ranges(engine, bucket, size):
    s3 = engine.client("s3")
    body = os.urandom(size)
    s3.put_object(Bucket=bucket, Key="r", Body=body)
    assert s3.get_object(Bucket=bucket, Key="r")["Body"].read() == body
    if size == 0:
        assert code(s3.get_object, Bucket=bucket, Key="r", Range="bytes=0-")[1] == 416
        return
    for spec, expected in [("bytes=0-0", body[:1]), (f"bytes={size - 1}-", body[-1:]), ("bytes=-5", body[-5:]),
                           (f"bytes=0-{size * 2}", body)]:
        answer = s3.get_object(Bucket=bucket, Key="r", Range=spec)
        assert answer["Body"].read() == expected
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert code(s3.get_object, Bucket=bucket, Key="r", Range=f"bytes={size}-") == ("InvalidRange", 416)
    assert s3.head_object(Bucket=bucket, Key="r")["ContentLength"] == size


def test_conditions(engine, bucket):
    s3 = engine.client("s3")
    etag = s3.put_object(Bucket=bucket, Key="c", Body=b"1")["ETag"]
    assert code(s3.get_object, Bucket=bucket, Key="c", IfNoneMatch=etag)[1] == 304
    assert code(s3.get_object, Bucket=bucket, Key="c", IfMatch='"x"')[1] == 412
    assert s3.get_object(Bucket=bucket, Key="c", IfMatch=etag)["Body"].read() == b"1"
    now = datetime.now(timezone.utc)
    assert code(s3.get_object, Bucket=bucket, Key="c", IfModifiedSince=now + timedelta(hours=1))[1] == 304
    assert code(s3.get_object, Bucket=bucket, Key="c", IfUnmodifiedSince=now - timedelta(hours=1))[1] == 412
    etag = s3.put_object(Bucket=bucket, Key="c", Body=b"1", ChecksumAlgorithm="SHA256")["ETag"]
    with pytest.raises(ClientError) as caught:
        s3.get_object(Bucket=bucket, Key="c", IfNoneMatch=etag, ChecksumMode="ENABLED")
    answer = caught.value.response["ResponseMetadata"]
    # There is nothing to check: later versions of botocore stumble over a checksum here.
    assert answer["HTTPStatusCode"] == 304 and not any("checksum" in name for name in answer["HTTPHeaders"])


def test_copy_and_multi_delete(engine, bucket):
    s3 = engine.client("s3")
    s3.put_object(Bucket=bucket, Key="from ü", Body=b"body", Metadata={"a": "1"})
    s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from ü"})
    assert s3.get_object(Bucket=bucket, Key="to")["Metadata"] == {"a": "1"}
    s3.copy_object(Bucket=bucket, Key="to2", CopySource={"Bucket": bucket, "Key": "from ü"},
                   MetadataDirective="REPLACE", Metadata={"b": "2"})
    answer = s3.get_object(Bucket=bucket, Key="to2")
    assert answer["Metadata"] == {"b": "2"} and answer["Body"].read() == b"body"
    assert code(s3.copy_object, Bucket=bucket, Key="x", CopySource={"Bucket": bucket, "Key": "no"}) == ("NoSuchKey", 404)
    gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in ("from ü", "to", "none")]})
    assert sorted(item["Key"] for item in gone["Deleted"]) == sorted(["from ü", "none", "to"])
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["to2"]


def test_multipart(engine, bucket):
    s3 = engine.client("s3")
    parts = [os.urandom(5 * MIB), os.urandom(5 * MIB), b"end"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="m", Metadata={"k": "v"})["UploadId"]
    tags = {n: s3.upload_part(Bucket=bucket, Key="m", UploadId=upload, PartNumber=n, Body=body)["ETag"]
            for n, body in reversed(list(enumerate(parts, 1)))}
    listed = s3.list_parts(Bucket=bucket, Key="m", UploadId=upload)["Parts"]
    assert [(p["PartNumber"], p["Size"]) for p in listed] == [(1, 5 * MIB), (2, 5 * MIB), (3, 3)]
    assert [u["UploadId"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload]
    wrong = {"Parts": [{"PartNumber": 2, "ETag": tags[2]}, {"PartNumber": 1, "ETag": tags[1]}]}
    assert code(s3.complete_multipart_upload, Bucket=bucket, Key="m", UploadId=upload,
                MultipartUpload=wrong)[0] == "InvalidPartOrder"
    right = {"Parts": [{"PartNumber": n, "ETag": tags[n]} for n in (1, 2, 3)]}
    etag = s3.complete_multipart_upload(Bucket=bucket, Key="m", UploadId=upload, MultipartUpload=right)["ETag"]
    digest = hashlib.md5(b"".join(hashlib.md5(part).digest() for part in parts)).hexdigest()
    assert etag == f'"{digest}-3"'
    answer = s3.get_object(Bucket=bucket, Key="m")
    assert answer["Body"].read() == b"".join(parts) and answer["Metadata"] == {"k": "v"}
    middle = s3.get_object(Bucket=bucket, Key="m", Range=f"bytes={5 * MIB - 2}-{5 * MIB + 1}")["Body"].read()
    assert middle == parts[0][-2:] + parts[1][:2]
    other = s3.create_multipart_upload(Bucket=bucket, Key="n")["UploadId"]
    s3.abort_multipart_upload(Bucket=bucket, Key="n", UploadId=other)
    assert code(s3.list_parts, Bucket=bucket, Key="n", UploadId=other) == ("NoSuchUpload", 404)
    small = s3.create_multipart_upload(Bucket=bucket, Key="s")["UploadId"]
    pair = [s3.upload_part(Bucket=bucket, Key="s", UploadId=small, PartNumber=n, Body=b"x")["ETag"] for n in (1, 2)]
    assert code(s3.complete_multipart_upload, Bucket=bucket, Key="s", UploadId=small, MultipartUpload={
        "Parts": [{"PartNumber": n, "ETag": e} for n, e in enumerate(pair, 1)]})[0] == "EntityTooSmall"


def raw(engine, method, path, body=b"", headers=None, sign=True, clock=0, secret=None, key=None, region=None):
    """One request by hand, signed by botocore's signer."""
    url = engine.url + path
    request = AWSRequest(method=method, url=url, data=body, headers=headers or {})
    if sign:
        signer = S3SigV4Auth(Credentials(key or engine.key, secret or engine.secret), "s3", region or engine.region)
        if clock:
            import botocore.auth as auth
            real = auth.datetime.datetime

            class Skewed(real):
                @classmethod
                def utcnow(cls):
                    return real.utcnow() + timedelta(seconds=clock)

            auth.datetime.datetime = Skewed
            try:
                signer.add_auth(request)
            finally:
                auth.datetime.datetime = real
        else:
            signer.add_auth(request)
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body, dict(request.headers.items()))
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer.headers


def test_chunked_upload_with_trailer(engine, bucket):
    crc = base64.b64encode(zlib.crc32(b"hello").to_bytes(4, "big")).decode()
    headers = {"Content-Encoding": "aws-chunked", "X-Amz-Trailer": "x-amz-checksum-crc32",
               "X-Amz-Decoded-Content-Length": "5", "X-Amz-Content-SHA256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}

    class Streaming(S3SigV4Auth):
        def payload(self, request):
            return "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

        def _inject_signature_to_request(self, request, signature):
            request.headers["X-Amz-Content-SHA256"] = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
            return super()._inject_signature_to_request(request, signature)

    def send(body):
        request = AWSRequest(method="PUT", url=f"{engine.url}/{bucket}/t", data=b"", headers=dict(headers))
        signer = Streaming(Credentials(engine.key, engine.secret), "s3", engine.region)
        signer._modify_request_before_signing = lambda r: (
            SigV4Auth._modify_request_before_signing(signer, r),
            r.headers.__delitem__("X-Amz-Content-SHA256") if "X-Amz-Content-SHA256" in r.headers else None,
            r.headers.__setitem__("X-Amz-Content-SHA256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"))
        signer.add_auth(request)
        parts = urlsplit(engine.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
        connection.request("PUT", f"/{bucket}/t", body, dict(request.headers.items()))
        answer = connection.getresponse()
        return answer.status, answer.read().decode()

    good = f"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:{crc}\r\n\r\n".encode()
    assert send(good)[0] == 200
    s3 = engine.client("s3")
    answer = s3.get_object(Bucket=bucket, Key="t")
    assert answer["Body"].read() == b"hello" and "ContentEncoding" not in answer
    bad = good.replace(crc.encode(), b"AAAAAA==")
    assert send(bad)[0] == 400
    assert s3.get_object(Bucket=bucket, Key="t")["Body"].read() == b"hello"


def test_wrong_signatures(engine, bucket):
    assert "<Code>SignatureDoesNotMatch</Code>" in raw(engine, "GET", f"/{bucket}", secret="x" * 40)[1]
    assert "<Code>InvalidAccessKeyId</Code>" in raw(engine, "GET", f"/{bucket}", key="AKIAOTHER")[1]
    assert "<Code>AccessDenied</Code>" in raw(engine, "GET", f"/{bucket}", sign=False)[1]
    assert "<Code>RequestTimeTooSkewed</Code>" in raw(engine, "GET", f"/{bucket}", clock=-16 * 60)[1]
    assert raw(engine, "GET", f"/{bucket}", clock=-14 * 60)[0] == 200
    assert "<Region>us-east-1</Region>" in raw(engine, "GET", f"/{bucket}", region="eu-west-1")[1]
    assert raw(engine, "PUT", f"/{bucket}/k", b"one")[0] == 200
    status, text, _ = raw(engine, "PUT", f"/{bucket}/k", b"two", {"Content-MD5": base64.b64encode(b"0" * 16).decode()})
    assert (status, "BadDigest" in text) == (400, True)
    assert engine.client("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"one"


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned(engine, bucket, version):
    s3 = engine.client("s3", config={"signature_version": version})
    engine.client("s3").put_object(Bucket=bucket, Key="p q", Body=b"presigned")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "p q"}, ExpiresIn=60)
    assert urllib.request.urlopen(url).read() == b"presigned"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url.replace("Signature=", "Signature=0"))
    assert caught.value.code == 403


def test_cli(engine, tmp_path):
    body = os.urandom(20 * MIB)
    (tmp_path / "in").write_bytes(body)

    def aws(*arguments):
        done = subprocess.run(["aws", "--endpoint-url", engine.url, *arguments], env=engine.environment(),
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    aws("s3", "mb", "s3://from-cli")
    aws("s3", "cp", str(tmp_path / "in"), "s3://from-cli/folder/big")
    assert "folder/" in aws("s3", "ls", "s3://from-cli")
    aws("s3", "cp", "s3://from-cli/folder/big", str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == body
    aws("s3", "rm", "--recursive", "s3://from-cli")
    aws("s3", "rb", "s3://from-cli")


def sockets(engine):
    folder = Path(f"/proc/{engine.process.pid}/fd")
    return [os.readlink(file) for file in folder.iterdir() if os.readlink(file).startswith("socket")]


def test_a_connection_goes_on_after_every_answer(engine, bucket):
    """After a large object, which leaves past libsoup, and after an answer without a body; no descriptor stays behind."""
    s3, body = engine.client("s3", config={"signature_version": "s3v4"}), os.urandom(MIB)
    s3.put_object(Bucket=bucket, Key="large", Body=body)
    parts = urlsplit(engine.url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    ports = set()

    def ask(method, operation, key):
        url = s3.generate_presigned_url(operation, Params={"Bucket": bucket, "Key": key})
        connection.request(method, url[len(engine.url):])
        ports.add(connection.sock.getsockname()[1])
        answer = connection.getresponse()
        return answer.status, answer.read()

    for _ in range(3):
        assert ask("GET", "get_object", "large") == (200, body)
        assert ask("DELETE", "delete_object", "absent") == (204, b"")
        assert ask("GET", "get_object", "absent")[0] == 404
    assert len(ports) == 1
    open_ones = sockets(engine)
    assert len(open_ones) == len(set(open_ones))


def test_a_connection_ends_with_its_client(engine, bucket):
    """Also when that closes it only after an answer, as most do; one that will send nothing more is answered first."""
    s3, parts = engine.client("s3", config={"signature_version": "s3v4"}), urlsplit(engine.url)
    s3.put_object(Bucket=bucket, Key="large", Body=bytes(MIB))
    path = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "large"})[len(engine.url):]
    before = len(sockets(engine))
    for paths in ["/"], [path], [path, "/"], ["/", path]:
        for _ in range(5):
            connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
            for one in paths:
                connection.request("GET", one)
                connection.getresponse().read()
            connection.close()
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: engine\r\n\r\n")
        client.shutdown(socket.SHUT_WR)
        text = b"".join(iter(lambda: client.recv(4096), b""))
    assert text.startswith(b"HTTP/1.1 403 ")
    wait_for(lambda: len(sockets(engine)) <= before)


def test_large_downloads_take_no_memory(engine, bucket):
    """Not even over a connection that has served one before."""
    def anonymous():
        status = open(f"/proc/{engine.process.pid}/status", encoding="utf-8").read()
        return int(status.split("RssAnon:")[1].split()[0]) << 10

    s3, size = engine.client("s3"), 32 << 20
    s3.put_object(Bucket=bucket, Key="large", Body=bytes(size))
    assert len(s3.get_object(Bucket=bucket, Key="large")["Body"].read()) == size
    before = anonymous()
    for _ in range(3):
        assert len(s3.get_object(Bucket=bucket, Key="large")["Body"].read()) == size
    assert anonymous() - before < size // 2
