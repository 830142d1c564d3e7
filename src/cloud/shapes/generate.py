#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the client's tables of operations from the service models that botocore carries.

    /usr/bin/python3 generate.py            (in this folder; Debian's botocore is the floor)

A table holds what the client needs in order to put members into a request and to take them out
of an answer. Of a shape: "type" where it is no string, "in" and "as" where it is not an element
of its own name, "members" of a structure, "list" of a list ("flat" when it has no element around
it), "map" of a map. An operation that is "unsigned" is made without keys. The JSON services need none: their documents are the members.
"""
import json
from pathlib import Path

import botocore.session

OPERATIONS = {
    "s3": """
        ListBuckets CreateBucket HeadBucket GetBucketLocation DeleteBucket
        ListObjectsV2 PutObject GetObject HeadObject CopyObject DeleteObject DeleteObjects
        CreateMultipartUpload UploadPart CompleteMultipartUpload AbortMultipartUpload
        ListParts ListMultipartUploads PutBucketTagging GetBucketTagging PutBucketPolicy
        DeleteBucketTagging PutPublicAccessBlock GetPublicAccessBlock
        PutBucketVersioning GetBucketVersioning ListObjectVersions""",
    "sagemaker-runtime": "InvokeEndpoint InvokeEndpointAsync",
    "iam": """
        CreateRole GetRole ListRoles DeleteRole
        AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies
        PutRolePolicy GetRolePolicy DeleteRolePolicy ListRolePolicies
        TagRole UntagRole ListRoleTags""",
    "cloudwatch": "GetMetricStatistics",
    "sts": "GetCallerIdentity AssumeRole GetSessionToken",
    "sso": "GetRoleCredentials ListAccounts ListAccountRoles",
    "sso-oidc": "RegisterClient StartDeviceAuthorization CreateToken",
}
# What comes percent-encoded: in S3 where encoding-type=url asks for it, in IAM always.
ENCODED = {
    "CreateRole": ["Role.AssumeRolePolicyDocument"],
    "GetRole": ["Role.AssumeRolePolicyDocument"],
    "ListRoles": ["Roles.AssumeRolePolicyDocument"],
    "GetRolePolicy": ["PolicyDocument"],
    "ListObjectsV2": ["Delimiter", "Prefix", "StartAfter", "Contents.Key", "CommonPrefixes.Prefix"],
    "ListObjectVersions": [
        "Delimiter", "Prefix", "KeyMarker", "NextKeyMarker", "Versions.Key", "DeleteMarkers.Key",
        "CommonPrefixes.Prefix",
    ],
    "ListMultipartUploads": [
        "Delimiter", "Prefix", "KeyMarker", "NextKeyMarker", "Uploads.Key", "CommonPrefixes.Prefix",
    ],
}  # fmt: skip
# Headers that this model does not know yet.
ALSO_ANSWERED = {"HeadBucket": {"BucketRegion": {"in": "header", "as": "x-amz-bucket-region"}}}
PLACES = {"uri": "uri", "querystring": "query", "header": "header", "headers": "headers"}
SCALARS = {"integer", "long", "float", "double", "boolean", "timestamp", "blob"}


def convert(shape):
    result = {}
    kind = shape.type_name
    if kind in SCALARS:
        result["type"] = kind
    elif kind == "structure":
        result["members"] = {
            name: member_of(name, member, shape) for name, member in shape.members.items()
        }
    elif kind == "list":
        result["list"] = convert(shape.member)
        name = shape.member.serialization.get("name")
        if shape.serialization.get("flattened"):
            result["flat"] = True
        elif name not in (None, "member"):
            result["item"] = name
    elif kind == "map":
        result["map"] = convert(shape.value)
    return result


def member_of(name, member, parent):
    result = convert(member)
    where = member.serialization
    wire = where.get("name", name)
    if member.type_name == "list" and result.get("flat"):
        wire = member.member.serialization.get("name", wire) if "name" not in where else wire
    if where.get("location") in PLACES:
        result["in"] = PLACES[where["location"]]
    if name == parent.serialization.get("payload"):
        result["in"] = "body"
    if wire != name:
        result["as"] = wire
    return result


def mark_encoded(output, path):
    shape = output
    for name in path.split("."):
        shape = shape.get("list", shape)["members"][name]
    shape["encoded"] = True


def operation(model):
    rest = model.service_model.metadata["protocol"].startswith("rest")
    result = {}
    if rest:
        result["method"] = model.http["method"]
        result["path"] = model.http["requestUri"]
        if model.input_shape is not None:
            result["input"] = convert(model.input_shape)["members"]
        if model.auth_type == "none":
            result["unsigned"] = True
        if model.http_checksum_required or model.http_checksum.get("requestChecksumRequired"):
            result["md5"] = True
    if model.output_shape is not None:
        output = convert(model.output_shape)
        for path in ENCODED.get(model.name, []):
            mark_encoded(output, path)
        result["output"] = output["members"]
    if model.name in ALSO_ANSWERED:
        result.setdefault("output", {}).update(ALSO_ANSWERED[model.name])
    if model.output_shape is not None and "resultWrapper" in model.output_shape.serialization:
        result["wrapper"] = model.output_shape.serialization["resultWrapper"]
    return result


def main():
    session = botocore.session.get_session()
    for service, names in OPERATIONS.items():
        model = session.get_service_model(service)
        table = {
            "protocol": model.metadata["protocol"],
            "version": model.metadata["apiVersion"],
            "operations": {name: operation(model.operation_model(name)) for name in names.split()},
        }
        if service == "s3":
            table["namespace"] = "http://s3.amazonaws.com/doc/2006-03-01/"
        text = json.dumps(table, separators=(",", ":"))
        # A line an operation: a change of one is then a change of one line.
        for name in names.split():
            text = text.replace(f'"{name}":{{"', f'\n"{name}":{{"', 1)
        Path(f"{service}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
