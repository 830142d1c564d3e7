# SPDX-License-Identifier: GPL-3.0-or-later
"""What the workshop needs of an account: roles with their policies, buckets with their settings and versions."""
import json

import pytest
from botocore.exceptions import ClientError

from engine import Engine

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
MANAGED = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"


def code(call, **arguments):
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_role_with_policies(engine):
    iam = engine.client("iam")
    role = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "a", "Value": "1"}])["Role"]
    assert role["Arn"] == "arn:aws:iam::000000000000:role/worker"
    assert role["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert code(iam.create_role, RoleName="worker", AssumeRolePolicyDocument=TRUST) == ("EntityAlreadyExists", 409)
    assert code(iam.create_role, RoleName="bad", AssumeRolePolicyDocument="{")[0] == "MalformedPolicyDocument"
    iam.put_role_policy(RoleName="worker", PolicyName="bucket", PolicyDocument=json.dumps(POLICY))
    assert iam.get_role_policy(RoleName="worker", PolicyName="bucket")["PolicyDocument"] == POLICY
    assert code(iam.get_role_policy, RoleName="worker", PolicyName="none") == ("NoSuchEntity", 404)
    assert code(iam.put_role_policy, RoleName="worker", PolicyName="x", PolicyDocument="[]")[0] == "MalformedPolicyDocument"
    iam.attach_role_policy(RoleName="worker", PolicyArn=MANAGED)
    assert code(iam.attach_role_policy, RoleName="worker",
                PolicyArn="arn:aws:iam::000000000000:policy/none") == ("NoSuchEntity", 404)
    assert code(iam.delete_role, RoleName="worker") == ("DeleteConflict", 409)
    attached = iam.list_attached_role_policies(RoleName="worker")["AttachedPolicies"]
    assert attached == [{"PolicyName": "AmazonSageMakerFullAccess", "PolicyArn": MANAGED}]
    iam.detach_role_policy(RoleName="worker", PolicyArn=MANAGED)
    assert code(iam.delete_role, RoleName="worker") == ("DeleteConflict", 409)
    iam.delete_role_policy(RoleName="worker", PolicyName="bucket")
    assert code(iam.delete_role_policy, RoleName="worker", PolicyName="bucket") == ("NoSuchEntity", 404)
    iam.delete_role(RoleName="worker")
    assert code(iam.get_role, RoleName="worker") == ("NoSuchEntity", 404)


def test_pages(engine):
    iam = engine.client("iam")
    names = [f"page-{i:02}" for i in range(7)]
    for name in names:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Path="/pages/")
        iam.put_role_policy(RoleName=names[0], PolicyName=name, PolicyDocument=json.dumps(POLICY))
    first = iam.list_roles(PathPrefix="/pages/", MaxItems=3)
    assert [role["RoleName"] for role in first["Roles"]] == names[:3] and first["IsTruncated"]
    pages = iam.get_paginator("list_roles").paginate(PathPrefix="/pages/", PaginationConfig={"PageSize": 3})
    assert [role["RoleName"] for page in pages for role in page["Roles"]] == names
    pages = iam.get_paginator("list_role_policies").paginate(RoleName=names[0], PaginationConfig={"PageSize": 2})
    assert [name for page in pages for name in page["PolicyNames"]] == names


def test_role_tags(engine):
    iam = engine.client("iam")
    iam.create_role(RoleName="tagged", AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "a", "Value": "1"}])
    iam.tag_role(RoleName="tagged", Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}])
    assert iam.list_role_tags(RoleName="tagged")["Tags"] == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}]
    iam.untag_role(RoleName="tagged", TagKeys=["a"])
    assert iam.get_role(RoleName="tagged")["Role"]["Tags"] == [{"Key": "b", "Value": "3"}]


def test_bucket_settings(engine, bucket):
    s3 = engine.client("s3")
    assert code(s3.get_bucket_tagging, Bucket=bucket) == ("NoSuchTagSet", 404)
    tags = [{"Key": "sagebrush:run", "Value": "r 1"}, {"Key": "b", "Value": ""}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    s3.delete_bucket_tagging(Bucket=bucket)
    assert code(s3.get_bucket_tagging, Bucket=bucket) == ("NoSuchTagSet", 404)
    assert code(s3.get_public_access_block, Bucket=bucket) == ("NoSuchPublicAccessBlockConfiguration", 404)
    block = {name: True for name in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy",
                                     "RestrictPublicBuckets")}
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == block
    assert code(s3.put_bucket_tagging, Bucket="nowhere-at-all", Tagging={"TagSet": tags}) == ("NoSuchBucket", 404)
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert code(s3.get_public_access_block, Bucket=bucket)[0] == "NoSuchPublicAccessBlockConfiguration"


def test_versions(engine, bucket):
    s3 = engine.client("s3")
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    one = s3.put_object(Bucket=bucket, Key="k", Body=b"one")["VersionId"]
    two = s3.put_object(Bucket=bucket, Key="k", Body=b"two")["VersionId"]
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [(v["VersionId"], v["IsLatest"]) for v in listed] == [(two, True), (one, False), ("null", False)]
    assert s3.get_object(Bucket=bucket, Key="k", VersionId=one)["Body"].read() == b"one"
    assert s3.get_object(Bucket=bucket, Key="k", VersionId="null")["Body"].read() == b"before"
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"two"
    gone = s3.delete_object(Bucket=bucket, Key="k")
    assert gone["DeleteMarker"]
    assert code(s3.get_object, Bucket=bucket, Key="k") == ("NoSuchKey", 404)
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert code(s3.delete_bucket, Bucket=bucket) == ("BucketNotEmpty", 409)
    assert code(s3.get_object, Bucket=bucket, Key="k", VersionId=gone["VersionId"])[0] == "MethodNotAllowed"
    s3.delete_object(Bucket=bucket, Key="k", VersionId=gone["VersionId"])
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"two"
    s3.delete_object(Bucket=bucket, Key="k", VersionId=two)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"one"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"plain")
    s3.put_object(Bucket=bucket, Key="k", Body=b"plainer")
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [v["VersionId"] for v in listed] == ["null", one]
    copied = s3.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "k", "VersionId": one})
    assert copied["CopyObjectResult"]["ETag"] == listed[1]["ETag"]


def test_pages_of_versions(engine, bucket):
    s3 = engine.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    made = []
    for key in ("a b", "a/ü", "c"):
        for i in range(3):
            made.append((key, s3.put_object(Bucket=bucket, Key=key, Body=str(i).encode())["VersionId"]))
    s3.delete_object(Bucket=bucket, Key="c")
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": 2})
    found = [(v["Key"], v["VersionId"]) for page in pages for v in page.get("Versions", [])]
    assert sorted(found) == sorted(made) and len(found) == 9
    assert [key for key, _ in found] == ["a b"] * 3 + ["a/ü"] * 3 + ["c"] * 3
    markers = s3.list_object_versions(Bucket=bucket, Prefix="c")["DeleteMarkers"]
    doomed = [{"Key": k, "VersionId": v} for k, v in found] + [
        {"Key": m["Key"], "VersionId": m["VersionId"]} for m in markers]
    gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed})
    assert len(gone["Deleted"]) == 10 and "Errors" not in gone
    s3.delete_bucket(Bucket=bucket)


def test_versions_survive_a_restart(tmp_path):
    with Engine(tmp_path / "data") as engine:
        s3 = engine.client("s3")
        s3.create_bucket(Bucket="kept")
        s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
        one = s3.put_object(Bucket="kept", Key="k", Body=b"one")["VersionId"]
        s3.put_object(Bucket="kept", Key="k", Body=b"two")
    with Engine(tmp_path / "data") as engine:
        s3 = engine.client("s3")
        assert s3.get_object(Bucket="kept", Key="k", VersionId=one)["Body"].read() == b"one"
        assert s3.get_object(Bucket="kept", Key="k")["Body"].read() == b"two"


def test_pages_of_uploads(engine, bucket):
    s3 = engine.client("s3")
    made = [(key, s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]) for key in ("a", "b", "b", "c d")]
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1})
    found = [(u["Key"], u["UploadId"]) for page in pages for u in page.get("Uploads", [])]
    assert found == made


def test_bucket_has_to_be_in_the_region(tmp_path):
    with Engine(tmp_path / "data", "--region", "eu-central-1") as engine:
        s3 = engine.client("s3")
        assert code(s3.create_bucket, Bucket="here")[0] == "IllegalLocationConstraintException"
        s3.create_bucket(Bucket="here", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        assert s3.get_bucket_location(Bucket="here")["LocationConstraint"] == "eu-central-1"
        again = code(s3.create_bucket, Bucket="here", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        assert again == ("BucketAlreadyOwnedByYou", 409)
