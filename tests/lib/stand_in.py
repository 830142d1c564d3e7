# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS-compatible server on loopback that shares no code with Sagebrush's engine: an account in one Region with S3, IAM,
STS, SageMaker (training jobs, notebook instances) and CloudWatch Logs, kept in memory.

What a request means is read from botocore's service models, and each is held against them; signatures are checked with
botocore's signer; each answer is read back by botocore's parser, which has to find in it what it was made from. It behaves
as AWS does where the engine need not: names of buckets are shared with other accounts, a new role is not known at once, roles
are judged by their policies, images belong to accounts, there are quotas, and permissions that are lacking."""
import datetime
import fnmatch
import hashlib
import json
import re
import traceback
import urllib.parse
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.parsers
from botocheck import check_entry, model_of
from loopback import Loopback

ACCOUNT = "210987654321"
REGION = "eu-west-3"
KEY, SECRET = "AKIASTANDIN", "stand+in/secret"
# Whose account SageMaker's own XGBoost images are in, in this Region.
IMAGE_ACCOUNT = "659782779980"
S3_ROUTES = [
    ("GET", "", None, "ListBuckets"), ("PUT", "b", None, "CreateBucket"), ("HEAD", "b", None, "HeadBucket"),
    ("DELETE", "b", None, "DeleteBucket"), ("GET", "b", "location", "GetBucketLocation"),
    ("PUT", "b", "tagging", "PutBucketTagging"), ("GET", "b", "tagging", "GetBucketTagging"),
    ("PUT", "b", "publicAccessBlock", "PutPublicAccessBlock"), ("GET", "b", "list-type", "ListObjectsV2"),
    ("GET", "b", "versions", "ListObjectVersions"), ("GET", "b", "uploads", "ListMultipartUploads"),
    ("POST", "b", "delete", "DeleteObjects"), ("PUT", "o", None, "PutObject"), ("HEAD", "o", None, "HeadObject"),
    ("GET", "o", None, "GetObject"), ("DELETE", "o", None, "DeleteObject"),
]
ACTIONS = {"HeadBucket": "s3:ListBucket", "ListObjectsV2": "s3:ListBucket", "HeadObject": "s3:GetObject"}
LOG = ["[0]#011train-auc:0.77500#011validation-auc:0.75000", "[1]#011train-auc:0.78500#011validation-auc:0.76000"]


class Refused(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


class Wire:
    """Requests and answers as botocore's models have them."""

    @staticmethod
    def convert(shape, text):
        kind = shape.type_name
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("double", "float"):
            return float(text)
        return text == "true" if kind == "boolean" else text

    @classmethod
    def from_form(cls, shape, form, prefix=""):
        """Of the Query protocol: Tags.member.1.Key and so on."""
        given = {}
        for name, member in shape.members.items():
            path = prefix + member.serialization.get("name", name)
            if member.type_name == "list":
                items = []
                while any(key.startswith(f"{path}.member.{len(items) + 1}") for key in form):
                    at = f"{path}.member.{len(items) + 1}"
                    items.append(cls.from_form(member.member, form, at + ".") if member.member.type_name == "structure"
                                 else cls.convert(member.member, form[at]))
                if items:
                    given[name] = items
            elif path in form:
                given[name] = cls.convert(member, form[path])
        return given

    @classmethod
    def from_xml(cls, shape, node):
        if shape.type_name == "list":
            return [cls.from_xml(shape.member, child) for child in node]
        if shape.type_name != "structure":
            return cls.convert(shape, node.text or "")
        given = {}
        for name, member in shape.members.items():
            tag = member.serialization.get("name", name)
            children = [child for child in node if child.tag.split("}")[-1] == tag]
            if member.type_name == "list" and member.serialization.get("flattened"):
                if children:
                    given[name] = [cls.from_xml(member.member, child) for child in children]
            elif children:
                given[name] = cls.from_xml(member, children[0])
        return given

    @classmethod
    def from_rest(cls, shape, uri, query, headers, body):
        given = {}
        for name, member in shape.members.items():
            where, key = member.serialization.get("location"), member.serialization.get("name", name)
            text = {"uri": uri, "querystring": query, "header": headers}.get(where, {}).get(key)
            if text is not None:
                given[name] = cls.convert(member, text)
        payload = shape.serialization.get("payload")
        if payload and shape.members[payload].type_name == "structure" and body:
            given[payload] = cls.from_xml(shape.members[payload], ElementTree.fromstring(body))
        return given

    @classmethod
    def to_xml(cls, shape, value, tag):
        kind = shape.type_name
        if kind == "structure":
            inner = "".join(cls.to_xml(member, value[name], member.serialization.get("name", name))
                            for name, member in shape.members.items()
                            if name in value and member.serialization.get("location") is None)
        elif kind == "list":
            flat = shape.serialization.get("flattened")
            item = tag if flat else shape.member.serialization.get("name", "member")
            inner = "".join(cls.to_xml(shape.member, one, item) for one in value)
            if flat:
                return inner
        elif kind == "timestamp":
            inner = value.strftime("%Y-%m-%dT%H:%M:%SZ")
        else:
            inner = escape(str(value).lower() if kind == "boolean" else str(value))
        return f"<{tag}>{inner}</{tag}>"

    @staticmethod
    def to_json(value):
        return json.dumps(value, default=lambda time: time.timestamp())


class StandIn(Loopback):
    """The server; a context manager. What tests set: taken (buckets of others), denied (actions), quotas (by type)."""

    METHODS = ("GET", "POST", "PUT", "HEAD", "DELETE")

    def __init__(self):
        super().__init__()
        self.taken, self.denied, self.quotas = set(), set(), {"ml.p3.2xlarge": 0}
        self.refuse_role = 2  # so many times a role that was just made is not known to SageMaker
        self.buckets, self.objects, self.tags, self.blocked = {}, {}, {}, {}
        self.roles, self.policies, self.jobs, self.notebooks, self.logs = {}, {}, {}, {}, {}

    def inputs(self, wanted):
        return [given for _, operation, given in self.asked if operation == wanted]

    def left(self):
        """Everything that the account has, but for what cannot be deleted."""
        return sorted([*self.buckets, *self.roles, *self.notebooks])

    # -- the wire

    def handle(self, http):
        body = self.read_body(http)
        with self.lock:
            try:
                status, headers, data = self.answer(http, body)
            except Refused as refused:
                status, headers, data = self.say_no(http, refused)
            except Exception:  # pylint: disable=broad-except
                self.problems.append(f"{http.command} {http.path}: {traceback.format_exc()}")
                status, headers, data = self.say_no(http, Refused(500, "InternalFailure", "The stand-in is at a loss."))
        http.send_response(status)
        for name, value in {"x-amzn-RequestId": "r-1", "Content-Length": str(len(data)), **headers}.items():
            http.send_header(name, value)
        http.end_headers()
        if http.command != "HEAD":
            http.wfile.write(data)

    @staticmethod
    def read_body(http):
        if http.headers.get("Expect"):
            http.send_response_only(100)
            http.end_headers()
            http.wfile.flush()
        return http.rfile.read(int(http.headers.get("Content-Length") or 0))

    def say_no(self, http, refused):
        if "X-Amz-Target" in http.headers:
            text = json.dumps({"__type": refused.code, "message": refused.message})
            return refused.status, {"Content-Type": "application/x-amz-json-1.1"}, text.encode()
        inner = f"<Code>{refused.code}</Code><Message>{escape(refused.message)}</Message>"
        if http.command == "POST" and http.path == "/":
            inner = f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error><RequestId>r-1</RequestId></ErrorResponse>"
        else:
            inner = f"<Error>{inner}<RequestId>r-1</RequestId></Error>"
        return refused.status, {"Content-Type": "application/xml"}, inner.encode()

    def answer(self, http, body):
        service, operation, given = self.read(http, body)
        self.check_signature(http, body, service)
        self.asked.append((service, operation, given))
        entry = {"service": service, "operation": operation, "input": given}
        self.problems += check_entry({**entry, "body": "x"} if operation == "PutObject" else entry)
        action = ACTIONS.get(operation, f"{service}:{operation}")
        if action in self.denied:
            if service == "s3":
                raise Refused(403, "AccessDenied", "Access Denied")
            raise Refused(403 if service == "iam" else 400, "AccessDenied" if service == "iam" else "AccessDeniedException",
                          f"User: arn:aws:iam::{ACCOUNT}:user/workshop is not authorized to perform: {action} on resource: "
                          f"arn:aws:{service}:{REGION}:{ACCOUNT}:x/y because no identity-based policy allows the {action} action")
        result = getattr(self, operation)(given, body) or {}
        return self.write(service, operation, result)

    def read(self, http, body):
        path, _, text = http.path.partition("?")
        query = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
        if "X-Amz-Target" in http.headers:
            target, _, operation = http.headers["X-Amz-Target"].partition(".")
            if target == "AWSPriceListService":
                raise Refused(400, "AccessDeniedException", "Nobody here may ask for prices.")
            return "sagemaker" if target == "SageMaker" else "logs", operation, json.loads(body)
        if http.command == "POST" and path == "/":
            form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
            service = "iam" if form["Version"] == model_of("iam").api_version else "sts"
            shape = model_of(service).operation_model(form["Action"]).input_shape
            return service, form["Action"], Wire.from_form(shape, form) if shape else {}
        bucket, _, key = urllib.parse.unquote(path[1:]).partition("/")
        level = "o" if key else "b" if bucket else ""
        routes = [row for row in S3_ROUTES if row[:2] == (http.command, level) and (row[2] is None or row[2] in query)]
        operation = max(routes, key=lambda row: row[2] is not None)[3]
        shape = model_of("s3").operation_model(operation).input_shape
        given = Wire.from_rest(shape, {"Bucket": bucket, "Key": key}, query, http.headers, body) if shape else {}
        return "s3", operation, given

    def check_signature(self, http, body, service):
        line = http.headers.get("Authorization", "")
        parts = dict(part.strip().split("=", 1) for part in line.partition(" ")[2].split(",") if "=" in part)
        key, _, region, signed_service, _ = parts.get("Credential", "////").split("/")
        request = botocore.awsrequest.AWSRequest(
            method=http.command, url=f"http://{http.headers['Host']}{http.path}", data=body,
            headers={name: http.headers[name] for name in parts.get("SignedHeaders", "").split(";") if name})
        request.context.update(timestamp=http.headers["X-Amz-Date"], payload_signing_enabled=True)
        kind = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
        signer = kind(botocore.credentials.Credentials(KEY, SECRET), service, region)
        signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
        # At an address of their own the SDKs sign IAM, too, for the Region that they are in.
        if (key, region, signed_service, signature) != (KEY, REGION, service, parts["Signature"]):
            raise Refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")

    def write(self, service, operation, result):
        model = model_of(service).operation_model(operation)
        shape, headers = model.output_shape, {"Content-Type": "application/xml"}
        payload = shape.serialization.get("payload") if shape else None
        if service in ("sagemaker", "logs"):
            headers["Content-Type"] = "application/x-amz-json-1.1"
            data = Wire.to_json(result).encode() if shape else b""
        elif service != "s3":
            inner = Wire.to_xml(shape, result, f"{operation}Result") if shape else ""
            data = f"<{operation}Response>{inner}<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></{operation}Response>"
            data = data.encode()
        elif operation == "GetBucketLocation":
            data = f"<LocationConstraint>{REGION}</LocationConstraint>".encode()
        elif payload:
            data = result.get("Body", b"")
        else:
            data = Wire.to_xml(shape, result, operation + "Result").encode() if shape else b""
            for name, member in shape.members.items() if shape else ():
                if member.serialization.get("location") == "header" and name in result:
                    headers[member.serialization["name"]] = (
                        result[name].strftime("%a, %d %b %Y %H:%M:%S GMT") if member.type_name == "timestamp" else str(result[name]))
        if shape and operation not in ("HeadObject", "GetObject", "GetBucketLocation"):
            self.check_answer(model, shape, headers, data, result)
        return 204 if service == "s3" and operation.startswith("Delete") and operation != "DeleteObjects" else 200, headers, data

    def check_answer(self, model, shape, headers, data, result):
        parser = botocore.parsers.create_parser(model.service_model.protocol)
        headers = botocore.awsrequest.HeadersDict(headers)
        found = parser.parse({"headers": headers, "body": data, "status_code": 200}, shape)
        missing = [name for name, value in result.items() if name not in found and value != []]
        if missing:
            self.problems.append(f"the answer of {model.name} lacks {missing}")

    # -- S3

    def find_bucket(self, name):
        if name in self.taken:
            raise Refused(403, "AccessDenied", "Access Denied")
        if name not in self.buckets:
            raise Refused(404, "NoSuchBucket", "The specified bucket does not exist")
        return self.buckets[name]

    def ListBuckets(self, *_):
        return {"Buckets": [{"Name": name, "CreationDate": made} for name, made in sorted(self.buckets.items())],
                "Owner": {"ID": "o"}}

    def CreateBucket(self, given, _):
        name, wanted = given["Bucket"], given.get("CreateBucketConfiguration", {}).get("LocationConstraint")
        if wanted != REGION:
            raise Refused(400, "IllegalLocationConstraintException", "The location constraint is incompatible")
        if name in self.taken:
            raise Refused(409, "BucketAlreadyExists", "The requested bucket name is not available.")
        if name in self.buckets:
            raise Refused(409, "BucketAlreadyOwnedByYou", "You already own it.")
        self.buckets[name] = now()
        return {"Location": f"/{name}"}

    def HeadBucket(self, given, _):
        self.find_bucket(given["Bucket"])

    def GetBucketLocation(self, given, _):
        self.find_bucket(given["Bucket"])

    def DeleteBucket(self, given, _):
        self.find_bucket(given["Bucket"])
        if any(bucket == given["Bucket"] for bucket, _ in self.objects):
            raise Refused(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
        del self.buckets[given["Bucket"]]

    def PutBucketTagging(self, given, _):
        self.find_bucket(given["Bucket"])
        self.tags[given["Bucket"]] = given["Tagging"]["TagSet"]

    def GetBucketTagging(self, given, _):
        self.find_bucket(given["Bucket"])
        if given["Bucket"] not in self.tags:
            raise Refused(404, "NoSuchTagSet", "The TagSet does not exist")
        return {"TagSet": self.tags[given["Bucket"]]}

    def PutPublicAccessBlock(self, given, _):
        self.find_bucket(given["Bucket"])
        self.blocked[given["Bucket"]] = given["PublicAccessBlockConfiguration"]

    def keys_of(self, given):
        self.find_bucket(given["Bucket"])
        return sorted(key for bucket, key in self.objects if bucket == given["Bucket"] and key.startswith(given.get("Prefix", "")))

    def ListObjectsV2(self, given, _):
        prefix, delimiter = given.get("Prefix", ""), given.get("Delimiter")
        keys, folders = [], set()
        for key in self.keys_of(given):
            rest = key[len(prefix):]
            if delimiter and delimiter in rest:
                folders.add(prefix + rest.split(delimiter)[0] + delimiter)
            else:
                keys.append(key)
        return {"Name": given["Bucket"], "Prefix": prefix, "KeyCount": len(keys), "MaxKeys": 1000, "IsTruncated": False,
                "Contents": [{"Key": key, "Size": len(self.objects[given["Bucket"], key]), "LastModified": now()} for key in keys],
                "CommonPrefixes": [{"Prefix": folder} for folder in sorted(folders)]}

    def ListObjectVersions(self, given, _):
        return {"Name": given["Bucket"], "IsTruncated": False,
                "Versions": [{"Key": key, "VersionId": "null", "IsLatest": True, "LastModified": now()} for key in self.keys_of(given)]}

    def ListMultipartUploads(self, given, _):
        self.find_bucket(given["Bucket"])
        return {"Bucket": given["Bucket"], "IsTruncated": False}

    def DeleteObjects(self, given, _):
        for item in given["Delete"]["Objects"]:
            self.objects.pop((given["Bucket"], item["Key"]), None)
        return {} if given["Delete"].get("Quiet") else {"Deleted": [{"Key": o["Key"]} for o in given["Delete"]["Objects"]]}

    def PutObject(self, given, body):
        self.find_bucket(given["Bucket"])
        self.objects[given["Bucket"], given["Key"]] = body
        return {"ETag": f'"{hashlib.md5(body).hexdigest()}"'}

    def find_object(self, given):
        self.find_bucket(given["Bucket"])
        if (given["Bucket"], given["Key"]) not in self.objects:
            raise Refused(404, "NoSuchKey", "The specified key does not exist.")
        return self.objects[given["Bucket"], given["Key"]]

    def HeadObject(self, given, _):
        return {"ETag": f'"{hashlib.md5(self.find_object(given)).hexdigest()}"'}

    def GetObject(self, given, _):
        return {"Body": self.find_object(given)}

    def DeleteObject(self, given, _):
        self.objects.pop((given["Bucket"], given["Key"]), None)

    # -- IAM, STS

    def GetCallerIdentity(self, *_):
        return {"UserId": "AIDASTANDIN", "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/workshop"}

    def find_role(self, name):
        if name not in self.roles:
            raise Refused(404, "NoSuchEntity", f"The role with name {name} cannot be found.")
        return self.roles[name]

    def CreateRole(self, given, _):
        name = given["RoleName"]
        if name in self.roles:
            raise Refused(409, "EntityAlreadyExists", f"Role with name {name} already exists.")
        json.loads(given["AssumeRolePolicyDocument"])
        self.tags[name] = given.get("Tags", [])
        self.policies[name] = {}
        self.roles[name] = {"Path": "/", "RoleName": name, "RoleId": "AROASTANDINSTANDIN", "CreateDate": now(),
                            "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
                            "AssumeRolePolicyDocument": urllib.parse.quote(given["AssumeRolePolicyDocument"])}
        return {"Role": self.roles[name]}

    def GetRole(self, given, _):
        return {"Role": self.find_role(given["RoleName"])}

    def ListRoles(self, *_):
        linked = {"Path": "/aws-service-role/sagemaker.amazonaws.com/", "RoleName": "AWSServiceRoleForAmazonSageMakerNotebooks",
                  "RoleId": "AROALINKEDLINKEDX", "CreateDate": now(),
                  "Arn": f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/sagemaker.amazonaws.com/AWSServiceRoleForAmazonSageMakerNotebooks",
                  "AssumeRolePolicyDocument": urllib.parse.quote(json.dumps(
                      {"Statement": [{"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"},
                                      "Action": "sts:AssumeRole"}]}, separators=(",", ":")))}
        return {"Roles": [linked, *self.roles.values()], "IsTruncated": False}

    def ListRoleTags(self, given, _):
        return {"Tags": self.tags.get(given["RoleName"], []), "IsTruncated": False}

    def PutRolePolicy(self, given, _):
        self.find_role(given["RoleName"])
        self.policies[given["RoleName"]][given["PolicyName"]] = json.loads(given["PolicyDocument"])

    def ListRolePolicies(self, given, _):
        self.find_role(given["RoleName"])
        return {"PolicyNames": list(self.policies[given["RoleName"]]), "IsTruncated": False}

    def ListAttachedRolePolicies(self, given, _):
        self.find_role(given["RoleName"])
        return {"AttachedPolicies": [], "IsTruncated": False}

    def DeleteRolePolicy(self, given, _):
        self.find_role(given["RoleName"])
        self.policies[given["RoleName"]].pop(given["PolicyName"])

    def DeleteRole(self, given, _):
        self.find_role(given["RoleName"])
        if self.policies[given["RoleName"]]:
            raise Refused(409, "DeleteConflict", "Cannot delete entity, must delete policies first.")
        del self.roles[given["RoleName"]]

    def may(self, role, action, resource):
        """Whether a policy of the role allows it."""
        listed = lambda value: value if isinstance(value, list) else [value]  # noqa: E731
        return any(fnmatch.fnmatchcase(action, a) and fnmatch.fnmatchcase(resource, r)
                   for document in self.policies[role].values() for statement in document["Statement"]
                   for a in listed(statement["Action"]) for r in listed(statement["Resource"]))

    # -- SageMaker

    def invalid(self, message):
        return Refused(400, "ValidationException", message)

    def check_role(self, arn):
        name = arn.rpartition("/")[2]
        trust = urllib.parse.unquote(self.roles.get(name, {}).get("AssumeRolePolicyDocument", "{}"))
        if self.refuse_role > 0 or "sagemaker.amazonaws.com" not in trust:
            self.refuse_role -= 1
            raise self.invalid(f"Could not assume role {arn}. Please ensure that the role exists and allows principal "
                               "'sagemaker.amazonaws.com' to assume the role.")
        return name

    def check_type(self, kind, what):
        if kind == "ml.p2.xlarge":  # its hardware is too old for this Region
            raise self.invalid(f"1 validation error detected: Value '{kind}' at 'resourceConfig.instanceType' failed to satisfy "
                               "constraint: Member must satisfy enum value set: [ml.m5.large, ml.c5.xlarge]")
        if self.quotas.get(kind, 1) == 0:
            raise Refused(400, "ResourceLimitExceeded",
                          f"The account-level service limit '{kind} for {what} usage' is 0 Instances, with current utilization of "
                          "0 Instances and a request delta of 1 Instances. Please use AWS Service Quotas to request an increase.")

    def check_s3(self, role, action, uri):
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if not self.may(role, action, f"arn:aws:s3:::{bucket}/{key}"):
            raise self.invalid(f"No {action} on {uri} for the role {role}")
        return bucket, key

    def CreateTrainingJob(self, given, _):
        name, image = given["TrainingJobName"], given["AlgorithmSpecification"]["TrainingImage"]
        if name in self.jobs:
            raise Refused(400, "ResourceInUse", "Training job names must be unique within an AWS account and region.")
        self.check_type(given["ResourceConfig"]["InstanceType"], "training job")
        role = self.check_role(given["RoleArn"])
        if not re.fullmatch(rf"{IMAGE_ACCOUNT}\.dkr\.ecr\.{REGION}\.amazonaws\.com/sagemaker-xgboost:(1\.7-1|3\.0-5)", image):
            raise self.invalid(f"Cannot find the image {image}")
        for channel in given["InputDataConfig"]:
            bucket, prefix = self.check_s3(role, "s3:GetObject", channel["DataSource"]["S3DataSource"]["S3Uri"])
            if not any(b == bucket and key.startswith(prefix) for b, key in self.objects):
                raise self.invalid(f"No S3 objects found under {bucket}/{prefix}")
        self.check_s3(role, "s3:PutObject", given["OutputDataConfig"]["S3OutputPath"] + "/x")
        arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/{name}"
        self.tags[arn] = given.get("Tags", [])
        self.jobs[name] = {
            "TrainingJobArn": arn, "CreationTime": now(), "LastModifiedTime": now(), "TrainingJobStatus": "InProgress",
            "SecondaryStatus": "Starting", "ModelArtifacts": {"S3ModelArtifacts": given["OutputDataConfig"]["S3OutputPath"]},
            **{k: given[k] for k in ("TrainingJobName", "AlgorithmSpecification", "RoleArn", "InputDataConfig", "OutputDataConfig",
                                     "ResourceConfig", "StoppingCondition", "HyperParameters")}}
        return {"TrainingJobArn": arn}

    def advance(self, job):
        """A job goes one step further with each question about it."""
        steps = ["Starting", "Downloading", "Training", "Uploading", "Completed"]
        at = steps.index(job["SecondaryStatus"]) if job["SecondaryStatus"] in steps else len(steps)
        if at + 1 < len(steps):
            job["SecondaryStatus"] = steps[at + 1]
        if job["SecondaryStatus"] == "Training":
            self.logs[job["TrainingJobName"]] = LOG
        if job["SecondaryStatus"] == "Completed" and job["TrainingJobStatus"] == "InProgress":
            job["TrainingJobStatus"] = "Completed"
            uri = f"{job['OutputDataConfig']['S3OutputPath']}/{job['TrainingJobName']}/output/model.tar.gz"
            job["ModelArtifacts"] = {"S3ModelArtifacts": uri}
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            self.objects[bucket, key] = b"a model"

    def DescribeTrainingJob(self, given, _):
        if given["TrainingJobName"] not in self.jobs:
            raise self.invalid("Requested resource not found.")
        job = self.jobs[given["TrainingJobName"]]
        self.advance(job)
        return job

    def StopTrainingJob(self, given, _):
        self.jobs[given["TrainingJobName"]].update(TrainingJobStatus="Stopped", SecondaryStatus="Stopped")

    def ListTrainingJobs(self, given, _):
        wanted = given.get("StatusEquals")
        keys = ("TrainingJobName", "TrainingJobArn", "CreationTime", "TrainingJobStatus")
        return {"TrainingJobSummaries": [{k: job[k] for k in keys} for job in self.jobs.values()
                                         if wanted in (None, job["TrainingJobStatus"])]}

    def ListTags(self, given, _):
        return {"Tags": self.tags.get(given["ResourceArn"], [])}

    def ListEndpoints(self, *_):
        return {"Endpoints": []}

    def ListEndpointConfigs(self, *_):
        return {"EndpointConfigs": []}

    def ListModels(self, *_):
        return {"Models": []}

    def nothing(self, *_):
        raise self.invalid("Could not find it.")

    DescribeEndpoint = DescribeEndpointConfig = DescribeModel = nothing

    # -- notebook instances: one step further with each question, too

    def find_notebook(self, given, *states):
        if given["NotebookInstanceName"] not in self.notebooks:
            raise self.invalid("RecordNotFound")
        notebook = self.notebooks[given["NotebookInstanceName"]]
        if states and notebook["NotebookInstanceStatus"] not in states:
            raise self.invalid(f"Status ({notebook['NotebookInstanceStatus']}) not in ({list(states)}).")
        return notebook

    def CreateNotebookInstance(self, given, _):
        name = given["NotebookInstanceName"]
        if name in self.notebooks:
            raise self.invalid("Cannot create a duplicate Notebook Instance")
        self.check_type(given["InstanceType"], "notebook instance")
        self.check_role(given["RoleArn"])
        arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:notebook-instance/{name.lower()}"
        self.tags[arn] = given.get("Tags", [])
        keys = ("NotebookInstanceName", "InstanceType", "RoleArn", "VolumeSizeInGB", "DefaultCodeRepository")
        self.notebooks[name] = {"NotebookInstanceArn": arn, "NotebookInstanceStatus": "Pending", "CreationTime": now(),
                                "LastModifiedTime": now(), "Url": f"{name}.notebook.{REGION}.sagemaker.aws",
                                **{k: given[k] for k in keys if k in given}}
        return {"NotebookInstanceArn": arn}

    def DescribeNotebookInstance(self, given, _):
        notebook = self.find_notebook(given)
        shown = dict(notebook)
        after = {"Pending": "InService", "Stopping": "Stopped", "Deleting": None}.get(notebook["NotebookInstanceStatus"], 0)
        if after is None:
            del self.notebooks[given["NotebookInstanceName"]]
        elif after:
            notebook["NotebookInstanceStatus"] = after
        return shown

    def ListNotebookInstances(self, *_):
        keys = ("NotebookInstanceName", "NotebookInstanceArn", "NotebookInstanceStatus", "InstanceType", "CreationTime")
        return {"NotebookInstances": [{k: n[k] for k in keys} for n in self.notebooks.values()]}

    def StartNotebookInstance(self, given, _):
        self.find_notebook(given, "Stopped", "Failed")["NotebookInstanceStatus"] = "Pending"

    def StopNotebookInstance(self, given, _):
        self.find_notebook(given, "InService")["NotebookInstanceStatus"] = "Stopping"

    def DeleteNotebookInstance(self, given, _):
        self.find_notebook(given, "Stopped", "Failed")["NotebookInstanceStatus"] = "Deleting"

    def CreatePresignedNotebookInstanceUrl(self, given, _):
        return {"AuthorizedUrl": f"https://{self.find_notebook(given, 'InService')['Url']}?authToken=opens-for-minutes"}

    # -- CloudWatch Logs

    def DescribeLogStreams(self, given, _):
        prefix = given.get("logStreamNamePrefix", "")
        return {"logStreams": [{"logStreamName": f"{name}/algo-1-1"} for name in self.logs if f"{name}/algo-1-1".startswith(prefix)]}

    def GetLogEvents(self, given, _):
        lines = [] if given.get("nextToken") == "f/end" else self.logs.get(given["logStreamName"].partition("/")[0], [])
        return {"events": [{"timestamp": 0, "message": line, "ingestionTime": 0} for line in lines],
                "nextForwardToken": "f/end", "nextBackwardToken": "b/0"}
