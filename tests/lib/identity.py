# SPDX-License-Identifier: GPL-3.0-or-later
"""STS, IAM Identity Center and a SageMaker without jobs on loopback: they know keys, roles and sign-ins, check
signatures with botocore's signer, and hold every request against botocore's service models."""
import datetime
import hashlib
import json
import time
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials
from botocheck import check_entry, model_of
from loopback import Loopback

ACCOUNT = "123456789012"
PATHS = {("POST", "/client/register"): ("sso-oidc", "RegisterClient"),
         ("POST", "/device_authorization"): ("sso-oidc", "StartDeviceAuthorization"),
         ("POST", "/token"): ("sso-oidc", "CreateToken"),
         ("GET", "/federation/credentials"): ("sso", "GetRoleCredentials"),
         ("GET", "/assignment/accounts"): ("sso", "ListAccounts"),
         ("GET", "/assignment/roles"): ("sso", "ListAccountRoles")}


def made_up(*words):
    """What a service would draw at random is drawn from what it is for, so that two who ask get the same."""
    return hashlib.sha256("/".join(words).encode()).hexdigest()


class Refused(Exception):
    def __init__(self, status, code, message, oauth=None):
        super().__init__(message)
        self.status, self.code, self.message, self.oauth = status, code, message, oauth


class Identity(Loopback):
    """The services; a context manager. What tests change: keys, roles, expired, pending, lifetime and so on."""

    def __init__(self):
        super().__init__()
        self.keys = {"AKIABASE": ("base+secret/", None, f"arn:aws:iam::{ACCOUNT}:user/workshop")}
        self.roles = {}
        self.expired = set()
        self.lifetime = 3600
        self.pending = ["authorization_pending"]
        self.refuse_refresh = False
        self.dead_tokens = set()
        self.sso_lifetime = 3600
        self.interval = 0
        self.round = 0
        self.times = []
        self.secrets = {"base+secret/"}

    # -- the wire

    def handle(self, http):
        length = int(http.headers.get("Content-Length") or 0)
        body = http.rfile.read(length)
        with self.lock:
            try:
                status, kind, text, extra = self.answer(http, body)
            except Refused as refused:
                status, kind, text, extra = self.say_no(http, refused)
        data = text.encode()
        http.send_response(status)
        http.send_header("Content-Type", kind)
        http.send_header("Content-Length", str(len(data)))
        for name, value in extra.items():
            http.send_header(name, value)
        http.end_headers()
        http.wfile.write(data)

    def say_no(self, http, refused):
        if "X-Amz-Target" in http.headers:
            return refused.status, "application/x-amz-json-1.1", json.dumps(
                {"__type": refused.code, "message": refused.message}), {}
        if http.path.partition("?")[0] != "/":
            return refused.status, "application/json", json.dumps(
                {"error": refused.oauth, "error_description": refused.message, "message": refused.message}), {
                    "x-amzn-ErrorType": refused.code}
        return refused.status, "text/xml", (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{refused.code}</Code><Message>{refused.message}</Message>"
            "</Error><RequestId>r-1</RequestId></ErrorResponse>"), {}

    def answer(self, http, body):
        path, _, query = http.path.partition("?")
        if (http.command, path) in PATHS:
            service, operation = PATHS[http.command, path]
            given = self.read_rest(service, operation, http, query, body)
            self.note(service, operation, given)
            if "Authorization" in http.headers:
                self.problems.append(f"{operation} is signed")
            return 200, "application/json", json.dumps(getattr(self, operation)(given)), {}
        if "X-Amz-Target" in http.headers:
            target, operation = http.headers["X-Amz-Target"].split(".")
            if target == "AWSPriceListService":
                self.note("pricing", operation, json.loads(body))
                raise Refused(400, "AccessDeniedException", f"You are not authorized to perform: pricing:{operation}")
            self.note("sagemaker", operation, json.loads(body))
            who = self.check_signature(http, body, "sagemaker")
            return 200, "application/x-amz-json-1.1", json.dumps({"TrainingJobSummaries": [], "NextToken": who}), {}
        form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
        operation = form.pop("Action")
        form.pop("Version")
        if "DurationSeconds" in form:
            form["DurationSeconds"] = int(form["DurationSeconds"])
        self.note("sts", operation, form)
        who = self.check_signature(http, body, "sts")
        inner = getattr(self, operation)(form, who)
        return 200, "text/xml", (f"<{operation}Response><{operation}Result>{inner}</{operation}Result>"
                                 f"<ResponseMetadata><RequestId>r-2</RequestId></ResponseMetadata></{operation}Response>"), {}

    def note(self, service, operation, given):
        self.asked.append((service, operation, given))
        self.times.append(time.monotonic())
        self.problems += check_entry({"service": service, "operation": operation, "input": given})

    def read_rest(self, service, operation, http, query, body):
        shape = model_of(service).operation_model(operation).input_shape
        given = json.loads(body) if body else {}
        fields = dict(urllib.parse.parse_qsl(query))
        for name, member in shape.members.items():
            where, wire = member.serialization.get("location"), member.serialization.get("name", name)
            if where == "querystring" and wire in fields:
                given[name] = fields.pop(wire)
            elif where == "header" and wire in http.headers:
                given[name] = http.headers[wire]
        if fields:
            self.problems.append(f"{operation}: unknown {fields}")
        return given

    def check_signature(self, http, body, service):
        """The access key id, when the request is signed with the key's secret."""
        line = http.headers.get("Authorization", "")
        parts = dict(part.strip().split("=", 1) for part in line.partition(" ")[2].split(",") if "=" in part)
        key_id, date, region, signed_service, _ = parts.get("Credential", "////").split("/")
        if key_id not in self.keys:
            code = "InvalidClientTokenId" if service == "sts" else "UnrecognizedClientException"
            raise Refused(403, code, "The security token included in the request is invalid.")
        secret, token, _ = self.keys[key_id]
        names = parts["SignedHeaders"].split(";")
        request = botocore.awsrequest.AWSRequest(
            method=http.command, url=f"http://{http.headers['Host']}{http.path}", data=body,
            headers={name: http.headers[name] for name in names})
        request.context["timestamp"] = http.headers["X-Amz-Date"]
        signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(key_id, secret, token), service, region)
        canonical = signer.canonical_request(request)
        signature = signer.signature(signer.string_to_sign(request, canonical), request)
        if signature != parts["Signature"] or signed_service != service or http.headers.get("X-Amz-Security-Token") != token:
            raise Refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
        if key_id in self.expired:
            raise Refused(403 if service == "sts" else 400, "ExpiredToken" if service == "sts" else "ExpiredTokenException",
                          "The security token included in the request is expired")
        return key_id

    def new_keys(self, arn, *words):
        secret, token = made_up("secret", *words)[:40], made_up("token", *words) * 4
        key_id = "ASIA" + made_up("id", *words)[:16].upper()
        self.keys[key_id] = (secret, token, arn)
        self.secrets |= {secret, token}
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.lifetime)
        return key_id, secret, token, end

    # -- STS

    def GetCallerIdentity(self, _, key_id):
        return f"<UserId>AIDA</UserId><Account>{ACCOUNT}</Account><Arn>{self.keys[key_id][2]}</Arn>"

    def AssumeRole(self, given, key_id):
        role = self.roles.get(given["RoleArn"])
        who = self.keys[key_id][2]
        if role is None or who not in role.get("trusts", [who]) or given.get("ExternalId") != role.get("external_id"):
            raise Refused(403, "AccessDenied", f"User: {who} is not authorized to perform: sts:AssumeRole on {given['RoleArn']}")
        if "mfa" in role and (given.get("SerialNumber"), given.get("TokenCode")) != role["mfa"]:
            raise Refused(403, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")
        arn = given["RoleArn"].replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/" + given["RoleSessionName"]
        key_id, secret, token, end = self.new_keys(arn, given["RoleArn"], str(self.round))
        return (f"<Credentials><AccessKeyId>{key_id}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
                f"<SessionToken>{token}</SessionToken><Expiration>{end:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials>"
                f"<AssumedRoleUser><AssumedRoleId>AROA:s</AssumedRoleId><Arn>{arn}</Arn></AssumedRoleUser>")

    # -- IAM Identity Center

    def RegisterClient(self, given):
        secret = made_up("client")
        self.secrets.add(secret)
        return {"clientId": "client-1", "clientSecret": secret,
                "clientSecretExpiresAt": int(datetime.datetime.now().timestamp()) + 86400}

    def StartDeviceAuthorization(self, given):
        self.check_client(given)
        code = made_up("device", str(len(self.asked)))
        self.secrets.add(code)
        self.device = code
        self.waiting = list(self.pending)
        return {"deviceCode": code, "userCode": "ABCD-EFGH", "verificationUri": self.url + "/device", "expiresIn": 600,
                "verificationUriComplete": self.url + "/device?user_code=ABCD-EFGH", "interval": self.interval}

    def check_client(self, given):
        if given["clientId"] != "client-1" or given["clientSecret"] != made_up("client"):
            raise Refused(401, "InvalidClientException", "Who are you?", "invalid_client")

    def CreateToken(self, given):
        self.check_client(given)
        if given["grantType"] == "refresh_token":
            if self.refuse_refresh or given["refreshToken"] not in self.secrets:
                raise Refused(400, "InvalidGrantException", "Sign in again", "invalid_grant")
        elif given.get("deviceCode") != self.device:
            raise Refused(400, "InvalidGrantException", "No such device", "invalid_grant")
        elif self.waiting:
            oauth = self.waiting.pop(0)
            code = "".join(part.capitalize() for part in oauth.split("_")) + "Exception"
            raise Refused(400, code, oauth, oauth)
        token, refresh = made_up("sso", str(len(self.asked))), made_up("refresh", str(len(self.asked)))
        self.secrets |= {token, refresh}
        return {"accessToken": token, "refreshToken": refresh, "tokenType": "Bearer", "expiresIn": self.sso_lifetime}

    def check_token(self, given):
        if given["accessToken"] not in self.secrets or given["accessToken"] in self.dead_tokens:
            raise Refused(401, "UnauthorizedException", "Session token not found or invalid")

    def GetRoleCredentials(self, given):
        self.check_token(given)
        arn = f"arn:aws:sts::{given['accountId']}:assumed-role/{given['roleName']}/person"
        key_id, secret, token, end = self.new_keys(arn, given["accountId"], given["roleName"], str(self.round))
        return {"roleCredentials": {"accessKeyId": key_id, "secretAccessKey": secret, "sessionToken": token,
                                    "expiration": int(end.timestamp() * 1000)}}

    def ListAccounts(self, given):
        self.check_token(given)
        if "nextToken" not in given:
            return {"accountList": [{"accountId": ACCOUNT, "accountName": "Workshop", "emailAddress": "w@example.com"}],
                    "nextToken": "more"}
        return {"accountList": [{"accountId": "210987654321", "accountName": "Sandbox", "emailAddress": "s@example.com"}]}

    def ListAccountRoles(self, given):
        self.check_token(given)
        return {"roleList": [{"roleName": name, "accountId": given["accountId"]} for name in ("Admin", "Student")]}
