#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A fake of AWS Route 53 (API 2013-04-01), which serves its TXT records over DNS once a change is in sync; and of the places
that give credentials: STS, the metadata service of an instance (IMDSv2), the endpoint of a container.

usage: route53.py ADDRESS PORT SETTINGS

Serves all of them at http://ADDRESS:PORT, and the delegated zones on ADDRESS:53. SETTINGS is a JSON file:

    {"zones": [{"id": "Z111", "name": "a.test", "private": false, "delegated": true}, ...],
     "keys":  {"AKIA1": {"secret": "...", "allow": "*" or ["route53:GetChange", ...], "zones": "*" or ["Z111"]}},
     "roles": {"arn:aws:iam::1:role/r": {"trusts": ["AKIA1"], "external_id": "x", "web_tokens": ["t"], and as a key}},
     "instance_role": {"name": "r", and as a key}, "container": {"token": "t", and as a key},
     "sync_delay": 0.2, "session_seconds": 3600, "latency": 0, "burst": 50, "rate": 10, "prior": 0, "most_skew": 300,
     "tls": {"port": 443, "certificate": "PEM file", "key": "PEM file"}}

What a test needs to see and to do is at /admin: GET values?name=, GET counts, POST put, POST set, POST fault, POST heal.
"""
import collections
import datetime
import http.server
import json
import pathlib
import re
import secrets
import ssl
import sys
import threading
import time
import urllib.parse
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import aws_signature  # noqa: E402
import dns_server  # noqa: E402

SPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
STS_SPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
REGION = "us-east-1"
MOST_CHANGES, MOST_RECORDS, MOST_CHARACTERS, MOST_LISTED_SETS, MOST_LISTED_ZONES = 100, 1000, 32000, 300, 100
DEFAULTS = {"roles": {}, "instance_role": None, "container": None, "sync_delay": 0.2, "session_seconds": 3600, "latency": 0,
            "burst": 50, "rate": 10, "prior": 0, "most_skew": aws_signature.MOST_SKEW}
GARBAGE = [(200, "<html><body>It works!</body></html>"), (403, "<!DOCTYPE html><p>Blocked by a firewall"), (200, "<List"),
           (200, "\x00\x1f\x7f")]
# In the order in which they must stand.
SET_ELEMENTS = ["Name", "Type", "SetIdentifier", "Weight", "MultiValueAnswer", "TTL", "ResourceRecords"]


class Refusal(Exception):
    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code = status, code


class Silence(Exception):
    """What was asked for is done, and the answer never comes."""


# --- Names and values as Route 53 writes them -----------------------------------------------------------------------------


def octal(text, plain):
    return "".join(c if re.match(plain, c) else f"\\{ord(c):03o}" for c in text)


def unescaped(text):
    return re.sub(r"\\([0-3][0-7]{2}|.)", lambda m: chr(int(m[1], 8)) if len(m[1]) == 3 else m[1], text, flags=re.DOTALL)


def full_name(text):
    return octal(unescaped(text).lower().rstrip("."), r"[-_a-z0-9.]") + "."


def sort_key(name):
    return ".".join(reversed(name.rstrip(".").split("."))) + "."


def strings_in(value):
    if not re.fullmatch(r'"(\\.|[^"\\])*"([ \t]+"(\\.|[^"\\])*")*', value, re.DOTALL):
        raise ValueError(f"Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in quotation "
                         f"marks) encountered with '{value}''")
    strings = [unescaped(match[0][1:-1]) for match in re.finditer(r'"(\\.|[^"\\])*"', value, re.DOTALL)]
    if any(len(string) > 255 for string in strings):
        raise ValueError(f"Invalid Resource Record: 'FATAL problem: CharacterStringTooLong (Value is too long) encountered with "
                         f"'{value}''")
    return strings


def text_in(value):
    return "".join(strings_in(value))


def quoted(text):
    return '"' + "".join("\\" + c if c in '"\\' else c if " " <= c <= "~" else f"\\{ord(c):03o}" for c in text) + '"'


def element(name, *inner, **attributes):
    written = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{written}>" + "".join(inner) + f"</{name}>"


def text(name, value):
    return element(name, escape(str(value)))


def local(node):
    return node.tag.removeprefix("{%s}" % SPACE)


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class HostedZone:
    def __init__(self, settings):
        self.id, self.name = settings["id"], full_name(settings["name"])
        self.private, self.delegated = settings.get("private", False), settings.get("delegated", True)
        servers = [f"ns.{self.name}"] if self.delegated else [f"ns-{secrets.randbelow(2048)}.awsdns.test."]
        self.sets = {}  # by sort key, type, identifier
        self.put_set("SOA", 900, [f"{servers[0]} hostmaster.{self.name} 1 7200 900 1209600 86400"])
        self.put_set("NS", 172800, servers)
        self.published = collections.deque([(0.0, {})])  # since when: the TXT values by name

    def put_set(self, kind, ttl, values):
        self.sets[sort_key(self.name), kind, ""] = {"name": self.name, "type": kind, "ttl": ttl, "values": values, "more": {}}

    def texts(self):
        found = collections.defaultdict(list)
        for one in self.sets.values():
            if one["type"] == "TXT":
                found[unescaped(one["name"]).rstrip(".")] += one["values"]
        return found

    def shown_texts(self):
        while len(self.published) > 1 and self.published[1][0] <= time.monotonic():
            self.published.popleft()
        return self.published[0][1]


class Route53:
    """The state behind all the services. Every call holds `lock`."""

    def __init__(self, settings):
        self.lock = threading.Lock()
        self.settings = {**DEFAULTS, **settings}
        self.zones = {zone["id"]: HostedZone(zone) for zone in settings["zones"]}
        self.changes = {}  # by id: when it is in sync
        self.sessions = {}  # by access key
        self.metadata_tokens = set()
        self.counts = collections.Counter()
        self.tokens, self.filled = self.settings["burst"], time.monotonic()
        self.fault, self.garbled = None, 0
        self.healed = threading.Event()

    # --- Who may do what --------------------------------------------------------------------------------------------

    def new_session(self, rights):
        seconds = self.settings["session_seconds"]
        session = {"secret": secrets.token_hex(20), "token": secrets.token_hex(60), "expires": time.time() + seconds, **{
            key: rights[key] for key in ("allow", "zones") if key in rights}}
        key_id = "ASIA" + secrets.token_hex(8).upper()
        self.sessions[key_id] = session
        return key_id, session

    def caller(self, request, service):
        """The key that signed `request`, and what it may do."""
        try:
            key_id = aws_signature.key_of(request.headers.get("authorization"))
            key = self.settings["keys"].get(key_id) or self.sessions.get(key_id)
            if key is None or self.fault == "credentials" or key.get("token", "") != request.headers.get(
                    "x-amz-security-token", ""):
                raise aws_signature.SignatureError("InvalidClientTokenId",
                                                   "The security token included in the request is invalid.")
            aws_signature.verify(request.method, request.sent_path, request.query_text, request.headers, request.body,
                                 key["secret"], REGION, service, self.settings["most_skew"])
        except aws_signature.SignatureError as error:
            raise Refusal(403, error.code, str(error)) from None
        if key.get("expires", time.time() + 1) <= time.time():
            raise Refusal(403, "ExpiredToken", "The security token included in the request is expired")
        return key_id, key

    def authorize(self, request, action, zone_id=None):
        key_id, key = self.caller(request, "route53")
        allowed, zones = key.get("allow", "*"), key.get("zones", "*")
        if (allowed != "*" and f"route53:{action}" not in allowed) or (zone_id and zones != "*" and zone_id not in zones):
            resource = f" on resource: arn:aws:route53:::hostedzone/{zone_id}" if zone_id else ""
            raise Refusal(403, "AccessDenied",
                          f"User: arn:aws:iam::123456789012:user/{key_id} is not authorized to perform: route53:{action}"
                          f"{resource} because no identity-based policy allows the route53:{action} action")

    def throttle(self):
        now, burst, rate = time.monotonic(), self.settings["burst"], self.settings["rate"]
        self.tokens, self.filled = min(burst, self.tokens + (now - self.filled) * rate), now
        if self.tokens < 1 or self.fault == "throttled":
            raise Refusal(400, "Throttling", "Rate exceeded")
        self.tokens -= 1

    # --- Zones --------------------------------------------------------------------------------------------------------

    @staticmethod
    def zone_xml(zone):
        return element("HostedZone", text("Id", f"/hostedzone/{zone.id}"), text("Name", zone.name), text("CallerReference", zone.id),
                       element("Config", text("PrivateZone", str(zone.private).lower())),
                       text("ResourceRecordSetCount", len(zone.sets)))

    def list_by_name(self, query):
        start = sort_key(full_name(query["dnsname"])) if "dnsname" in query else "", query.get("hostedzoneid", "")
        zones = sorted((zone for zone in self.zones.values()), key=lambda zone: (sort_key(zone.name), zone.id))
        zones = [zone for zone in zones if (sort_key(zone.name), zone.id) >= start]
        size = min(int(query.get("maxitems", MOST_LISTED_ZONES)), MOST_LISTED_ZONES)
        more = [text("NextDNSName", zones[size].name), text("NextHostedZoneId", zones[size].id)] if len(zones) > size else []
        return element("ListHostedZonesByNameResponse", element("HostedZones", *map(self.zone_xml, zones[:size])),
                       text("IsTruncated", str(bool(more)).lower()), *more, text("MaxItems", size), xmlns=SPACE)

    def list_zones(self, query):
        zones = sorted(self.zones.values(), key=lambda zone: zone.id)
        zones = [zone for zone in zones if zone.id >= query.get("marker", "")]
        size = min(int(query.get("maxitems", MOST_LISTED_ZONES)), MOST_LISTED_ZONES)
        more = [text("NextMarker", zones[size].id)] if len(zones) > size else []
        return element("ListHostedZonesResponse", element("HostedZones", *map(self.zone_xml, zones[:size])),
                       text("Marker", query.get("marker", "")), text("IsTruncated", str(bool(more)).lower()), *more,
                       text("MaxItems", size), xmlns=SPACE)

    def zone(self, zone_id):
        if zone_id not in self.zones:
            raise Refusal(404, "NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}")
        return self.zones[zone_id]

    # --- Sets of records --------------------------------------------------------------------------------------------

    @staticmethod
    def set_xml(one):
        inner = {"Name": text("Name", one["name"]), "Type": text("Type", one["type"]), "TTL": text("TTL", one["ttl"]),
                 "ResourceRecords": element("ResourceRecords", *(
                     element("ResourceRecord", text("Value", value)) for value in one["values"])),
                 **{name: text(name, value) for name, value in one["more"].items()}}
        return element("ResourceRecordSet", *(inner[name] for name in SET_ELEMENTS if name in inner))

    def list_sets(self, zone, query):
        if "type" in query and "name" not in query:
            raise Refusal(400, "InvalidInput", "The input is not valid")
        start = (sort_key(full_name(query["name"])) if "name" in query else "", query.get("type", ""), query.get("identifier", ""))
        keys = [key for key in sorted(zone.sets) if key >= start]
        size = min(int(query.get("maxitems", 100)), MOST_LISTED_SETS)
        more = []
        if len(keys) > size:
            following = zone.sets[keys[size]]
            more = [text("NextRecordName", following["name"]), text("NextRecordType", following["type"])]
            more += [text("NextRecordIdentifier", keys[size][2])] if keys[size][2] else []
        return element("ListResourceRecordSetsResponse",
                       element("ResourceRecordSets", *(self.set_xml(zone.sets[key]) for key in keys[:size])),
                       text("IsTruncated", str(bool(more)).lower()), *more, text("MaxItems", size), xmlns=SPACE)

    @staticmethod
    def read_set(node):
        names = [local(child) for child in node]
        if sorted(names, key=SET_ELEMENTS.index) != names:
            raise Refusal(400, "InvalidInput", "Invalid XML ; cvc-complex-type.2.4.a: Invalid content was found")
        found = {local(child): child for child in node}
        values = [value.text or "" for record in found["ResourceRecords"] for value in record]
        more = {name: found[name].text for name in names if name not in ("Name", "Type", "TTL", "ResourceRecords")}
        return {"name": full_name(found["Name"].text), "type": found["Type"].text, "ttl": int(found["TTL"].text), "values": values,
                "more": more}

    def read_batch(self, body):
        try:
            root = ElementTree.fromstring(body)
            changes = [(change[0].text, self.read_set(change[1])) for change in root.find(f"{{{SPACE}}}ChangeBatch").find(
                f"{{{SPACE}}}Changes")]
        except (ElementTree.ParseError, KeyError, IndexError, AttributeError, TypeError, ValueError):
            raise Refusal(400, "InvalidInput", "Invalid XML ; javax.xml.stream.XMLStreamException") from None
        if not changes or any(action not in ("CREATE", "DELETE", "UPSERT") for action, _ in changes):
            raise Refusal(400, "InvalidInput", "Invalid XML ; no valid change in it")
        if len(changes) > MOST_CHANGES:
            raise Refusal(400, "InvalidChangeBatch", f"[Number of changes limit of {MOST_CHANGES} exceeded.]")
        weight = {"UPSERT": 2}
        if sum(len(one["values"]) * weight.get(action, 1) for action, one in changes) > MOST_RECORDS:
            raise Refusal(400, "InvalidChangeBatch", f"[Number of records limit of {MOST_RECORDS} exceeded.]")
        if sum(sum(map(len, one["values"])) * weight.get(action, 1) for action, one in changes) > MOST_CHARACTERS:
            raise Refusal(400, "InvalidChangeBatch", f"[Number of characters limit of {MOST_CHARACTERS} exceeded.]")
        return changes

    def check_new(self, zone, sets, one):
        """What Route 53 has against such a set."""
        name, kind = one["name"], one["type"]
        if not ("." + name).endswith("." + zone.name):
            return f"RRSet with DNS name {name} is not permitted in zone {zone.name}"
        identifier = one["more"].get("SetIdentifier")
        for other in sets.values():
            if other["name"] != name:
                continue
            if other["type"] != kind and "CNAME" in (other["type"], kind):
                return (f"RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type  "
                        f"{other['type']} with the same DNS name already exists in zone {zone.name}")
            if other["type"] == kind and bool(identifier) != bool(other["more"].get("SetIdentifier")):
                return (f"RRSet with DNS name {name}, type {kind}, SetIdentifier {identifier or 'null'} cannot be created as other "
                        f"RRSets exist with the same name and type.")
        if len(set(one["values"])) != len(one["values"]):
            return f"Duplicate Resource Record: '{one['values'][0]}'"
        try:
            for value in one["values"] if kind == "TXT" else []:
                strings_in(value)
        except ValueError as error:
            return str(error)
        return None

    def change_sets(self, zone, changes):
        """All or nothing."""
        sets, faults, deleted = dict(zone.sets), [], set()
        for action, one in changes:
            key = sort_key(one["name"]), one["type"], one["more"].get("SetIdentifier", "")
            shown = f"[name='{one['name']}', type='{one['type']}']"
            if action == "DELETE" and key in deleted:
                faults.append(f"The request contains an invalid set of changes for a resource record set '{one['type']} {one['name']}'")
            elif action == "DELETE" and key not in sets:
                faults.append(f"Tried to delete resource record set {shown} but it was not found")
            elif action == "DELETE" and (sets[key]["ttl"] != one["ttl"] or sorted(sets[key]["values"]) != sorted(one["values"])):
                faults.append(f"Tried to delete resource record set {shown} but the values provided do not match the current values")
            elif action == "DELETE":
                del sets[key]
                deleted.add(key)
            elif action == "CREATE" and key in sets:
                faults.append(f"Tried to create resource record set {shown} but it already exists")
            elif fault := self.check_new(zone, sets, one):
                faults.append(fault)
            else:
                sets[key] = one
        if faults:
            raise Refusal(400, "InvalidChangeBatch", f"[{', '.join(faults)}]")
        zone.sets = sets
        change_id, synced = "C" + secrets.token_hex(10).upper(), time.monotonic() + self.settings["sync_delay"]
        self.changes[change_id] = synced
        zone.published.append((synced, zone.texts()))
        return change_id

    def change_xml(self, root, change_id):
        status = "INSYNC" if time.monotonic() >= self.changes[change_id] else "PENDING"
        return element(root, element("ChangeInfo", text("Id", f"/change/{change_id}"), text("Status", status),
                                     text("SubmittedAt", "2026-11-22T09:47:00.751Z")), xmlns=SPACE)

    def change(self, zone, body):
        changes = self.read_batch(body)
        if self.settings["prior"] > 0:
            self.settings["prior"] -= 1
            raise Refusal(400, "PriorRequestNotComplete",
                          "The request was rejected because Route 53 was still processing a prior request.")
        self.counts["changes"] += len(changes)
        answer = self.change_xml("ChangeResourceRecordSetsResponse", self.change_sets(zone, changes))
        if self.fault == "silent":
            raise Silence()
        return answer

    def route53(self, request):
        path = [part for part in request.path.removeprefix("/2013-04-01").split("/") if part]
        action, zone_id = None, path[1] if len(path) > 1 and path[0] == "hostedzone" else None
        if request.method == "GET" and path == ["hostedzonesbyname"]:
            action = "ListHostedZonesByName"
        elif request.method == "GET" and path == ["hostedzone"]:
            action = "ListHostedZones"
        elif path[2:] == ["rrset"] and zone_id:
            action = {"GET": "ListResourceRecordSets", "POST": "ChangeResourceRecordSets"}.get(request.method)
        elif request.method == "GET" and len(path) == 2 and path[0] == "change":
            action = "GetChange"
        if action is None:
            raise Refusal(404, "UnknownOperationException", "")
        self.counts[action] += 1
        self.throttle()
        self.authorize(request, action, zone_id)
        if action == "ListHostedZonesByName":
            return self.list_by_name(request.query)
        if action == "ListHostedZones":
            return self.list_zones(request.query)
        if action == "ListResourceRecordSets":
            return self.list_sets(self.zone(zone_id), request.query)
        if action == "ChangeResourceRecordSets":
            return self.change(self.zone(zone_id), request.body)
        if path[1] not in self.changes:
            raise Refusal(404, "NoSuchChange", f"Could not find resource with ID: {path[1]}")
        return self.change_xml("GetChangeResponse", path[1])

    # --- Places that give credentials ---------------------------------------------------------------------------------

    def sts(self, request):
        form = dict(urllib.parse.parse_qsl(request.body.decode()))
        action, arn = form.get("Action"), form.get("RoleArn")
        self.counts[action] += 1
        role = self.settings["roles"].get(arn, {})
        if form.get("Version") != "2011-06-15" or not re.fullmatch(r"[\w+=,.@-]{2,64}", form.get("RoleSessionName", "")):
            raise Refusal(400, "ValidationError", "1 validation error detected")
        if action == "AssumeRole":
            key_id, _ = self.caller(request, "sts")
            if key_id not in role.get("trusts", []) and key_id not in self.sessions or role.get("external_id") != form.get("ExternalId"):
                raise Refusal(403, "AccessDenied", f"User: arn:aws:iam::123456789012:user/{key_id} is not authorized to perform: "
                                                   f"sts:AssumeRole on resource: {arn}")
        elif action == "AssumeRoleWithWebIdentity":
            if request.headers.get("authorization"):
                raise Refusal(400, "ValidationError", "this call is not signed")
            if form.get("WebIdentityToken") not in role.get("web_tokens", []):
                raise Refusal(400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider")
        else:
            raise Refusal(400, "InvalidAction", f"Could not find operation {action}")
        key_id, session = self.new_session(role)
        credentials = element("Credentials", text("AccessKeyId", key_id), text("SecretAccessKey", session["secret"]),
                              text("SessionToken", session["token"]), text("Expiration", utc(session["expires"])))
        return element(f"{action}Response", element(f"{action}Result", credentials), xmlns=STS_SPACE)

    def credentials_json(self, rights):
        key_id, session = self.new_session(rights)
        return json.dumps({"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": key_id, "SecretAccessKey": session["secret"],
                           "Token": session["token"], "Expiration": utc(session["expires"])})

    def instance(self, request):
        """IMDSv2."""
        role, base = self.settings["instance_role"], "/latest/meta-data/iam/security-credentials/"
        self.counts[f"instance {request.method}"] += 1
        if request.path == "/latest/api/token":
            if request.method != "PUT" or not 1 <= int(request.headers.get("x-aws-ec2-metadata-token-ttl-seconds", 0)) <= 21600:
                raise Refusal(400, "", "Bad Request")
            self.metadata_tokens.add(token := secrets.token_hex(20))
            return token
        if request.headers.get("x-aws-ec2-metadata-token") not in self.metadata_tokens:
            raise Refusal(401, "", "Unauthorized")
        if role and request.path == base:
            return role["name"]
        if role and request.path == base + role["name"]:
            return self.credentials_json(role)
        raise Refusal(404, "", "Not Found")

    def container(self, request):
        rights = self.settings["container"]
        self.counts["container"] += 1
        if not rights or request.headers.get("authorization") != rights["token"]:
            raise Refusal(401, "", "Unauthorized")
        return self.credentials_json(rights)

    # --- What a test sees and does ------------------------------------------------------------------------------------

    def zone_holding(self, name, delegated_only):
        held = [zone for zone in self.zones.values() if not zone.private and (zone.delegated or not delegated_only)
                and ("." + full_name(name)).endswith("." + zone.name)]
        return max(held, key=lambda zone: (len(zone.name), zone.delegated), default=None)

    def dns_values(self, name):
        with self.lock:
            zone = self.zone_holding(name, True)
            return [text_in(value) for value in zone.shown_texts().get(name, [])] if zone else []

    def dns_names(self, apex):
        with self.lock:
            zone = self.zone_holding(apex, True)
            return list(zone.shown_texts()) if zone else []

    def put(self, name, value):
        """By another client: the value joins those that are there."""
        zone, name = self.zone_holding(name, False), full_name(name)
        old = zone.sets.get((sort_key(name), "TXT", ""))
        ttl, values = (old["ttl"], old["values"]) if old else (300, [])
        changes = [("DELETE", old)] if old else []
        self.change_sets(zone, changes + [("CREATE", {"name": name, "type": "TXT", "ttl": ttl, "values": values + [quoted(value)],
                                                      "more": {}})])

    def administer(self, what, query, body):
        if what == "values":
            with self.lock:
                zone = self.zone_holding(query["name"], False)
                return "".join(text_in(value) + "\n" for value in zone.texts().get(query["name"], []))
        with self.lock:
            if what == "counts":
                return json.dumps(self.counts)
            if what == "put":
                self.put(body["name"], body["value"])
            elif what == "sets":  # any sets, as they come
                self.change_sets(self.zones[body["zone"]], [("CREATE", {"more": {}, **one}) for one in body["sets"]])
            elif what == "set":
                self.settings.update(body)
            elif what == "forget":
                del self.zones[body["zone"]]
            elif what == "reset":
                self.counts.clear()
            elif what == "expire":
                for session in self.sessions.values():
                    session["expires"] = 0
            elif what == "fault":
                self.fault = body["kind"]
                self.healed.clear()
            elif what == "heal":
                self.fault = None
                self.healed.set()
            else:
                raise KeyError(what)
        return ""


class Request:
    def __init__(self, handler):
        url = urllib.parse.urlsplit(handler.path)
        self.method, self.sent_path, self.query_text = handler.command, url.path, url.query
        self.path = urllib.parse.unquote(url.path)
        self.query = dict(urllib.parse.parse_qsl(url.query))
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = handler.rfile.read(int(self.headers.get("content-length") or 0))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer is one write
    route53 = None

    def log_message(self, *_):
        pass

    def answer(self, status, kind, body):
        octets = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(octets)))
        self.send_header("x-amzn-RequestId", secrets.token_hex(8))
        self.end_headers()
        self.wfile.write(octets)

    def serve(self):
        request = Request(self)
        if request.path.startswith("/admin/"):
            body = json.loads(request.body) if request.body else {}
            self.answer(200, "text/plain; charset=utf-8", self.route53.administer(request.path[7:], request.query, body))
            return
        services = {"/2013-04-01/": self.route53.route53, "/latest/": self.route53.instance, "/container": self.route53.container,
                    "/": self.route53.sts}
        service = next(service for path, service in services.items() if request.path.startswith(path))
        time.sleep(self.route53.settings["latency"])
        try:
            with self.route53.lock:
                status, body, garbage = 200, service(request), self.route53.fault == "garbage"
        except Refusal as refusal:
            self.route53.counts[refusal.code] += 1
            status, garbage = refusal.status, False
            body = str(refusal) if not refusal.code else element(
                "ErrorResponse", element("Error", text("Type", "Sender"), text("Code", refusal.code), text("Message", refusal)),
                text("RequestId", secrets.token_hex(8)), xmlns=SPACE)
        except Silence:
            self.route53.healed.wait()
            self.close_connection = True
            return
        time.sleep(self.route53.settings["latency"])
        if garbage:
            self.route53.garbled += 1
            status, body = GARBAGE[self.route53.garbled % len(GARBAGE)]
        declaration = '<?xml version="1.0"?>\n' if body.startswith("<") and not garbage else ""
        self.answer(status, "text/xml", declaration + body)

    do_GET = do_POST = do_PUT = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    address, port, settings = sys.argv[1], int(sys.argv[2]), json.loads(pathlib.Path(sys.argv[3]).read_text())
    fake = Handler.route53 = Route53(settings)
    apexes = [zone.name.rstrip(".") for zone in fake.zones.values() if zone.delegated and not zone.private]
    dns_server.DnsServer(address, apexes, fake.dns_values, fake.dns_names).start()
    if tls := settings.get("tls"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls["certificate"], tls["key"])
        secure = Server((address, tls["port"]), Handler)
        secure.socket = context.wrap_socket(secure.socket, server_side=True)
        threading.Thread(target=secure.serve_forever, daemon=True).start()
    Server((address, port), Handler).serve_forever()


if __name__ == "__main__":
    main()
