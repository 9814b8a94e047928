#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A fake of Cloudflare's API v4, as far as it is about DNS records, which serves its TXT records over DNS too.

usage: cloudflare.py ADDRESS PORT SETTINGS

Serves http://ADDRESS:PORT/client/v4, and the active zones on ADDRESS:53. SETTINGS is a JSON file:

    {"zones":  [{"id": "32 hex digits", "name": "a.test", "status": "active"}, ...],
     "tokens": {"TOKEN": {"user": "u", "edit": ["a.test"] or "*", "read": likewise, "lists": true, "kind": "user" or
                          "account", "status": "active", "expires_on": "2027-01-01T00:00:00Z"}, ...},
     "quota": 1200, "window": 300, "batch": true, "content": "as given", "quoted" or "bare", "most_records": 1000}

What a test needs to see and to do is at /admin: GET values?name=, GET counts, POST put, POST set, POST fault, POST heal.
"""
import http.server
import json
import pathlib
import re
import secrets
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import dns_server  # noqa: E402

PREFIX = "/client/v4"
MOST_BATCHED = 200
MOST_ZONES_A_PAGE = 50
MOST_RECORDS_A_PAGE = 5000000
LONGEST_CONTENT = 2048
ID = re.compile(r"[0-9a-f]{32}$")


class Refusal(Exception):
    def __init__(self, status, code, message, chain=()):
        super().__init__(message)
        self.status = status
        self.error = {"code": code, "message": message}
        if chain:
            self.error["error_chain"] = [{"code": code, "message": message} for code, message in chain]


def joined(content):
    """What a TXT record's content stands for: quoted strings, or bare text."""
    if not content.startswith('"'):
        return content
    if not re.fullmatch(r'("(\\.|[^"\\])*"\s*)+', content, re.DOTALL):
        raise Refusal(400, 1004, "DNS Validation Error", [(9101, "Content has unbalanced quotes.")])
    inner = "".join(string[0] for string in re.findall(r'"((\\.|[^"\\])*)"', content, re.DOTALL))
    return re.sub(r"\\(\d{3}|.)", lambda m: chr(int(m[1])) if m[1].isdigit() else m[1], inner, flags=re.DOTALL)


def quoted(text):
    return '"' + "".join(
        "\\" + c if c in '"\\' else c if " " <= c <= "~" else f"\\{ord(c):03}" for c in text) + '"'


class Cloudflare:
    """The state behind the API. Every call holds `lock`."""

    def __init__(self, settings):
        self.lock = threading.Lock()
        self.settings = {"quota": 1200, "window": 300, "batch": True, "content": "as given", "most_records": 1000, **settings}
        self.records = {zone["id"]: {} for zone in settings["zones"]}  # by zone, then by id
        self.counts = {}
        self.used = {}  # by user: when the window began, and how many requests it had
        self.blocked = {}  # by user: until when
        self.fault = None
        self.healed = threading.Event()

    # --- Who may do what --------------------------------------------------------------------------------------------

    def token_of(self, header):
        if not header:
            raise Refusal(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
        if not re.fullmatch(r"Bearer [A-Za-z0-9_-]{8,}", header):
            raise Refusal(400, 6003, "Invalid request headers", [(6111, "Invalid format for Authorization header")])
        token = self.settings["tokens"].get(header.removeprefix("Bearer "))
        if token is None or self.fault == "credentials":
            raise Refusal(403, 9109, "Invalid access token")
        return token

    @staticmethod
    def may(token, permission, zone):
        zones = token.get(permission, [])
        return token.get("status", "active") == "active" and (zones == "*" or zone["name"] in zones)

    def zone_for(self, token, zone_id, permission):
        for zone in self.settings["zones"]:
            if zone["id"] == zone_id and self.may(token, permission, zone):
                return zone
        if not ID.match(zone_id):
            raise Refusal(404, 7003, f"Could not route to /client/v4/zones/{zone_id}/dns_records, perhaps your object "
                                     "identifier is invalid?")
        raise Refusal(403, 10000, "Authentication error")

    def ratelimit(self, user):
        """Counts one request. Gives the headers; refuses by status 429 beyond the quota, and for the next window then."""
        now, quota, window = time.monotonic(), self.settings["quota"], self.settings["window"]
        begin, used = self.used.get(user, (now, 0))
        if now >= begin + window:
            begin, used = now, 0
        used += 1
        self.used[user] = begin, used
        if used > quota:
            self.blocked[user] = now + window
        blocked_for = self.blocked.get(user, now) - now
        if self.fault == "throttled":
            blocked_for = window
        rest = max(int(begin + window - now + 1), 1)
        headers = {"Ratelimit": f'"default";r={max(quota - used, 0)};t={rest}',
                   "Ratelimit-Policy": f'"default";q={quota};w={window}'}
        if blocked_for > 0:
            headers["retry-after"] = str(int(blocked_for + 1))
            return headers, Refusal(429, 971, "Rate limited. Please wait and consider throttling your request speed")
        return headers, None

    # --- Zones and tokens -------------------------------------------------------------------------------------------

    def list_zones(self, token, query):
        readable = [zone for zone in self.settings["zones"] if self.may(token, "read", zone)]
        named = "name" in query and any(zone["name"] == query["name"] for zone in readable)
        if not readable or not (token.get("lists", True) or named):
            raise Refusal(403, 0, "Actor 'com.cloudflare.api.token.0123' requires permission "
                                  "'com.cloudflare.api.account.zone.list' to list zones")
        found = [zone for zone in readable
                 if all(zone[key] == query[key] for key in ("name", "status") if key in query)]
        return page_of(found, query, MOST_ZONES_A_PAGE, 20)

    @staticmethod
    def verify(token):
        if token.get("kind", "user") != "user":
            raise Refusal(401, 1000, "Invalid API Token")
        return {key: token[key] for key in ("status", "expires_on", "not_before") if key in token} | {
            "id": "ed17574386854bf78a67040be0a770b0", "status": token.get("status", "active")}

    # --- Records ----------------------------------------------------------------------------------------------------

    def shown(self, zone, record):
        text, form = joined(record["content"]), self.settings["content"]
        content = quoted(text) if form == "quoted" else text if form == "bare" else record["content"]
        return {**record, "content": content if record["type"] == "TXT" else record["content"], "proxiable": False,
                "proxied": False, "settings": {}, "meta": {}, "tags": [], "comment": None,
                "created_on": "2026-11-22T09:47:00Z", "modified_on": "2026-11-22T09:47:00Z", "zone_id": zone["id"],
                "zone_name": zone["name"]}

    def list_records(self, zone, query):
        def fits(record):
            if "content" in query and (record["type"] != "TXT" or joined(query["content"]) != joined(record["content"])):
                return False
            return all(record[key] == query[key].lower().rstrip(".") if key == "name" else record[key] == query[key]
                       for key in ("name", "type") if key in query)
        found = [self.shown(zone, record) for record in self.records[zone["id"]].values() if fits(record)]
        return page_of(found, query, MOST_RECORDS_A_PAGE, 100)

    def made(self, zone, records, given, record_id=None):
        """The record that is asked for, checked against the others and put among them."""
        missing = [key for key in ("type", "name", "content") if not isinstance(given.get(key), str)]
        if missing:
            raise Refusal(400, 9000, f"DNS {missing[0]} is invalid.")
        ttl = given.get("ttl", 1)
        if ttl != 1 and not 60 <= ttl <= 86400:
            raise Refusal(400, 9021, "Invalid TTL. Must be between 60 and 86,400 seconds, or 1 for Automatic.")
        name = given["name"].lower().rstrip(".")
        if name != zone["name"] and not name.endswith("." + zone["name"]):
            name += "." + zone["name"]  # what is not in the zone is taken as relative to it
        if len(given["content"]) > LONGEST_CONTENT:
            raise Refusal(400, 1004, "DNS Validation Error", [(9102, "Content is too long.")])
        same_name = [other for other_id, other in records.items() if other["name"] == name and other_id != record_id]
        if any((other["type"] == "CNAME") != (given["type"] == "CNAME") for other in same_name):
            raise Refusal(400, 81054 if given["type"] != "CNAME" else 81053, "A CNAME record with that host already exists.")
        if any(other["type"] == given["type"] and joined(other["content"]) == joined(given["content"])
               for other in same_name):
            raise Refusal(400, 81058, "An identical record already exists.")
        if record_id is None and len(records) >= self.settings["most_records"]:
            raise Refusal(400, 81045, "Record quota exceeded.")
        record_id = record_id or secrets.token_hex(16)
        records[record_id] = {"id": record_id, "type": given["type"], "name": name, "content": given["content"], "ttl": ttl}
        return records[record_id]

    @staticmethod
    def existing(records, record_id):
        if record_id not in records:
            raise Refusal(404, 81044, "Record does not exist.")
        return records[record_id]

    def batch(self, zone, body):
        """In the documented order, and all or nothing."""
        if not self.settings["batch"]:
            raise Refusal(405, 7001, "Method POST not available for that URI.")
        lists = {kind: body.get(kind) or [] for kind in ("deletes", "patches", "puts", "posts")}
        if not 1 <= sum(map(len, lists.values())) <= MOST_BATCHED:
            raise Refusal(400, 9207, f"A batch has 1 to {MOST_BATCHED} operations.")
        records = dict(self.records[zone["id"]])
        done = {
            "deletes": [records.pop(self.existing(records, one["id"])["id"]) for one in lists["deletes"]],
            "patches": [self.made(zone, records, {**self.existing(records, one["id"]), **one}, one["id"])
                        for one in lists["patches"]],
            "puts": [self.made(zone, records, one, self.existing(records, one["id"])["id"]) for one in lists["puts"]],
            "posts": [self.made(zone, records, one) for one in lists["posts"]],
        }
        self.records[zone["id"]] = records
        return {kind: [self.shown(zone, record) for record in of_kind] for kind, of_kind in done.items()}

    # --- One call ---------------------------------------------------------------------------------------------------

    def call(self, method, path, query, header, body):
        """Gives the result and its result_info."""
        token = self.token_of(header)
        route = path.strip("/").split("/")
        if (method, route) == ("GET", ["user", "tokens", "verify"]):
            return self.verify(token), None
        if (method, route) == ("GET", ["zones"]):
            return self.list_zones(token, query)
        if len(route) >= 3 and (route[0], route[2]) == ("zones", "dns_records"):
            zone = self.zone_for(token, route[1], "edit")
            records, rest = self.records[zone["id"]], route[3:]
            if (method, rest) == ("GET", []):
                return self.list_records(zone, query)
            if (method, rest) == ("POST", []):
                return self.shown(zone, self.made(zone, records, body)), None
            if (method, rest) == ("POST", ["batch"]):
                return self.batch(zone, body), None
            if method == "GET" and len(rest) == 1:
                return self.shown(zone, self.existing(records, rest[0])), None
            if method == "DELETE" and len(rest) == 1:
                return {"id": records.pop(self.existing(records, rest[0])["id"])["id"]}, None
        raise Refusal(404, 7000, "No route for that URI")

    # --- What a test sees and does ----------------------------------------------------------------------------------

    def values(self, name):
        with self.lock:
            return [joined(record["content"]) for record in self.served()
                    if record["type"] == "TXT" and record["name"] == name]

    def names(self, _apex):
        with self.lock:
            return [record["name"] for record in self.served()]

    def served(self):
        """The records of the zones that are still there."""
        return [record for zone in self.settings["zones"] for record in self.records.get(zone["id"], {}).values()]

    def zone_holding(self, name):
        held = [zone for zone in self.settings["zones"] if ("." + name).endswith("." + zone["name"])]
        return max(held, key=lambda zone: (len(zone["name"]), zone["status"] == "active"))

    def administer(self, what, query, body):
        if what == "values":
            return "".join(value + "\n" for value in self.values(query["name"]))
        with self.lock:
            if what == "counts":
                return json.dumps(self.counts)
            if what == "put":
                zone = self.zone_holding(body["name"])
                self.made(zone, self.records[zone["id"]], {"type": "TXT", **body})
            elif what == "set":
                self.settings.update(body)
            elif what == "reset":
                self.counts = {}
            elif what == "fault":
                self.fault = body["kind"]
                self.healed.clear()
            elif what == "heal":
                self.fault = None
                self.healed.set()
            else:
                raise KeyError(what)
        return ""


def page_of(found, query, most, default):
    page, size = int(query.get("page", 1)), int(query.get("per_page", default))
    if page < 1 or not 1 <= size <= most:
        raise Refusal(400, 1004, f"per_page must be between 1 and {most}.")
    shown = found[(page - 1) * size:page * size]
    return shown, {"page": page, "per_page": size, "count": len(shown), "total_count": len(found),
                   "total_pages": -(-len(found) // size)}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    cloudflare = None

    def log_message(self, *_):
        pass

    def answer(self, status, kind, text, headers=()):
        octets = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(octets)), **dict(headers)}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(octets)

    def serve(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(text) if text else {}
        if url.path.startswith("/admin/"):
            self.answer(200, "text/plain; charset=utf-8", self.cloudflare.administer(url.path[7:], query, body))
        elif url.path.startswith(PREFIX + "/"):
            self.serve_api(url.path.removeprefix(PREFIX), query, body)
        else:
            self.answer(404, "text/html", "<html><body>404 Not Found</body></html>")

    def serve_api(self, path, query, body):
        cloudflare, header = self.cloudflare, self.headers.get("Authorization")
        with cloudflare.lock:
            route = re.sub(r"/[0-9a-f]{32}(?=/|$)", "/:id", path)
            key = f"{self.command} {route}"
            cloudflare.counts[key] = cloudflare.counts.get(key, 0) + 1
            fault = cloudflare.fault
            user = cloudflare.settings["tokens"].get((header or "").removeprefix("Bearer "), {}).get("user", "nobody")
            headers, refusal = cloudflare.ratelimit(user)
            result, info = None, None
            try:
                if refusal is None:
                    result, info = cloudflare.call(self.command, path, query, header, body)
            except Refusal as refused:
                refusal = refused
        if fault == "silent":
            cloudflare.healed.wait()
            self.close_connection = True
        elif fault == "garbage":
            self.answer(200, "application/json", '{"success": "maybe", "result": [[[')
        elif fault == "html":
            self.answer(502, "text/html; charset=UTF-8", "<!DOCTYPE html><html><title>502: Bad gateway</title></html>")
        else:
            envelope = {"success": refusal is None, "errors": [refusal.error] if refusal else [], "messages": [],
                        "result": result}
            if info:
                envelope["result_info"] = info
            self.answer(refusal.status if refusal else 200, "application/json", json.dumps(envelope), headers)

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = serve


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    address, port, settings = sys.argv[1], int(sys.argv[2]), json.loads(pathlib.Path(sys.argv[3]).read_text())
    cloudflare = Handler.cloudflare = Cloudflare(settings)
    active = [zone["name"] for zone in settings["zones"] if zone["status"] == "active"]
    dns_server.DnsServer(address, active, cloudflare.values, cloudflare.names).start()
    Server((address, port), Handler).serve_forever()


if __name__ == "__main__":
    main()
