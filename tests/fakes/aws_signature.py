# SPDX-License-Identifier: Apache-2.0
"""Verifies AWS Signature Version 4, from the rules and not from any client's code."""
import datetime
import hashlib
import hmac
import re
import urllib.parse

AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*"
                           r"Signature=([0-9a-f]{64})$")
MOST_SKEW = 300


class SignatureError(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def encoded(text):
    return urllib.parse.quote(text, safe="-_.~")


def canonical_query(query):
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return "&".join(f"{name}={value}" for name, value in sorted(
        (encoded(urllib.parse.unquote_plus(name)), encoded(urllib.parse.unquote_plus(value))) for name, _, value in pairs))


def canonical_request(method, path, query, headers, signed, body):
    lines = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in signed)
    return "\n".join([method, urllib.parse.quote(path, safe="/-_.~") or "/", canonical_query(query), lines, ";".join(signed),
                      hashlib.sha256(body).hexdigest()])


def key_of(authorization):
    """The id of the access key that signed. Raises SignatureError."""
    if not authorization:
        raise SignatureError("MissingAuthenticationToken", "Missing Authentication Token")
    match = AUTHORIZATION.match(authorization)
    if match is None:
        raise SignatureError("IncompleteSignature", f"Authorization header is malformed. Authorization={authorization}")
    return match[1]


def verify(method, path, query, headers, body, secret, region, service, most_skew=MOST_SKEW):
    """Raises SignatureError unless `headers`, names in lower case, hold a signature by `secret` for now."""
    _, scope, names, signature = AUTHORIZATION.match(headers["authorization"]).groups()
    signed = names.split(";")
    stamp = headers.get("x-amz-date", "")
    try:
        time = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        raise SignatureError("IncompleteSignature", "Date must be in ISO-8601 'basic format'.") from None
    wanted = f"{stamp[:8]}/{region}/{service}/aws4_request"
    if scope != wanted:
        raise SignatureError("SignatureDoesNotMatch", f"Credential should be scoped to {wanted}, got {scope}.")
    must = {"host"} | {name for name in headers if name.startswith("x-amz-")} | (
        {"content-type"} if headers.get("content-type") else set())
    if signed != sorted(signed) or not must <= set(signed):
        raise SignatureError("IncompleteSignature", f"'{names}' does not sign all of {sorted(must)} in order.")
    now = datetime.datetime.now(datetime.timezone.utc)
    if abs((now - time).total_seconds()) > most_skew:
        early, late = ("expired", "earlier") if time < now else ("not yet current", "later")
        raise SignatureError("SignatureDoesNotMatch",
                             f"Signature {early}: {stamp} is still {late} than {now:%Y%m%dT%H%M%SZ} (5 min.)")
    canonical = canonical_request(method, path, query, headers, signed, body)
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), signature):
        raise SignatureError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
            f"and signing method.\n\nThe Canonical String for this request should have been\n'{canonical}'\n\n"
            f"The String-to-Sign should have been\n'{text}'\n")
