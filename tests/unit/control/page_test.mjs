// SPDX-License-Identifier: Apache-2.0
// Runs the status page's script on a document of the least kind, with answers made up here: it shows the worst first, follows events, and puts
// whatever it is told into the page as text. A real browser is not part of this.
//
//   node page_test.mjs PAGE
import assert from "node:assert/strict";
import fs from "node:fs";
import vm from "node:vm";

const page = fs.readFileSync(process.argv[2], "utf8");
const script = page.match(/<script>([\s\S]*)<\/script>/)[1];

class Element {
  constructor(tag) { this.tag = tag; this.children = []; this.attributes = {}; this.listeners = {}; this.own = ""; this.className = ""; this.hidden = false; this.open = false; this.value = ""; }
  set textContent(text) { assert.equal(typeof text, "string"); this.own = text; this.children = []; }
  get textContent() { return this.own + this.children.map(child => child.textContent).join(" "); }
  set innerHTML(_) { throw new Error("markup"); }
  append(...children) { for (const child of children) { assert(child instanceof Element); this.children.push(child); } }
  replaceChildren(...children) { this.own = ""; this.children = []; this.append(...children); }
  setAttribute(name, value) { assert(!name.startsWith("on")); this.attributes[name] = String(value); }
  addEventListener(type, call) { this.listeners[type] = call; }
  contains(other) { return this === other || this.children.some(child => child.contains(other)); }
  remove() {}
  all() { return [this, ...this.children.flatMap(child => child.all())]; }
}

function load(answers) {
  const byId = {};
  const sources = [];
  const asked = [];
  for (const [, id] of page.matchAll(/id="([a-z]+)"/g)) byId[id] = new Element("div");
  const document = { getElementById: id => byId[id], createElement: tag => new Element(tag), createElementNS: (_, tag) => new Element(tag), activeElement: null, title: "", visibilityState: "visible", addEventListener() {} };
  class EventSource {
    constructor(url) { this.url = url; this.calls = {}; sources.push(this); }
    addEventListener(type, call) { this.calls[type] = call; }
    close() {}
  }
  const fetch = async path => { asked.push(path); return { ok: path in answers, status: 404, json: async () => structuredClone(answers[path]) }; };
  vm.runInNewContext(script, { document, EventSource, fetch, setTimeout: (call, time) => { if (time < 1000) setTimeout(call, 0); return 1; }, setInterval() {}, Intl, console, Date, Map, Set, Promise, JSON, Math, encodeURIComponent });
  return { byId, sources, asked, document };
}
const settle = () => new Promise(resolve => setTimeout(resolve, 50));

const day = 86400000, time = days => new Date(Date.now() + days * day).toISOString();
const hostile = "<img src=x onerror=alert(1)>\u2028</script>";
function certificate(name, state, more = {}) {
  return { name, domains: [name + ".test"], ca: "lab", key_type: "ecdsa-p256", state, live: { generation: 1, serial: "01", not_before: time(-30), not_after: time(60), days_left: 60 },
    next: { what: "renew", at: time(30), because: "a third of its life is left" }, renewal: time(30), trouble: null, troubles: [], targets: [], work: null, ...more };
}
const trouble = { what: "deploy:nginx", sentence: hostile, cause: "deploy:test", party: "host", since: time(-1), failures: 3, next_try: time(0.1) };
const status = { version: "0.1.0", started: time(-1), uptime_seconds: 86400, configuration: { file: "/etc/acmed/acmed.toml", left_out: [] }, latest_event: 7 };

{ // the worst first, and everything as text
  const answers = { "/v1/status": status, "/v1/certificates": { certificates: [certificate("good", "valid"), certificate("bad", "failing", { trouble, troubles: [trouble] }), certificate("none", "missing", { live: null, renewal: null, next: null })] } };
  const { byId, sources, document } = load(answers);
  await settle();
  const names = byId.list.all().filter(element => element.className === "name").map(element => element.textContent);
  assert.deepEqual(names, ["bad", "none", "good"]);
  assert(byId.summary.textContent.includes(hostile));
  assert(byId.counts.textContent.startsWith("3 certificates, 1 failing, 1 missing, 1 valid"));
  assert.equal(document.title, "2 failing – acmed");
  assert.equal(sources[0].url, "/v1/events?since=7");

  // an event has the certificate read anew
  answers["/v1/certificates/bad"] = certificate("bad", "working", { work: { step: "propagation", since: time(0), servers: [{ server: "ns1 (192.0.2.1)", name: "bad.test", says: hostile, ready: false, since: time(0), for: "12 s" }, { server: "ns2 (192.0.2.2)", name: "bad.test", says: "all values", ready: true, since: time(0), for: "1 s" }] } });
  sources[0].calls.propagation({ data: JSON.stringify({ type: "propagation", certificate: "bad", time: time(0) }) });
  await settle();
  assert(byId.list.textContent.includes("waiting for 1 of 2 name servers: ns1 (192.0.2.1): " + hostile));

  // opened, it tells all
  const item = byId.list.children.find(child => child.textContent.includes("good"));
  answers["/v1/certificates/good"] = certificate("good", "valid", { targets: [{ name: "nginx", generation: 1, in_step: false, trouble: null }], generations: [{ generation: 1, serial: "01", issuer: hostile, not_before: time(-30), not_after: time(60), issued_at: time(-30) }] });
  const details = item.all().find(element => element.tag === "details");
  details.open = true;
  details.listeners.toggle();
  await settle();
  assert(item.textContent.includes("out of step"));
  assert(item.textContent.includes("issued by " + hostile));
}

{ // when the CA suggests to renew: on the time line, in the words about it, and opened
  const suggested = (start, end) => certificate("good", "valid", { suggested_window: { start: time(start), end: time(end), explanation_url: hostile } });
  const look = async answer => {
    const { byId } = load({ "/v1/status": status, "/v1/certificates": { certificates: [answer] }, "/v1/certificates/good": answer });
    await settle();
    const elements = byId.list.all(), details = elements.find(element => element.tag === "details");
    details.open = true;
    details.listeners.toggle();
    await settle();
    return { text: byId.list.textContent, label: elements.find(element => element.tag === "svg").attributes["aria-label"], window: elements.find(element => element.attributes.class === "window")?.attributes };
  };
  const near = (text, number) => assert(Math.abs(Number(text) - number) < 0.1, text + " instead of " + number);
  const ahead = await look(suggested(15, 24)); // of 30 days that are over and 60 that are left
  near(ahead.window.x, 50);
  near(ahead.window.width, 10);
  assert(ahead.label.includes("its CA suggests to renew from "));
  assert(ahead.text.includes("CA suggests to renew from ") && ahead.text.includes(hostile));
  const past = await look(suggested(-90, -89)); // as CAs announce revocations: seen all the same
  near(past.window.x, 0);
  near(past.window.width, 1);
  near((await look(suggested(70, 80))).window.x, 99);
  assert.equal((await look(certificate("good", "valid"))).window, undefined);
}

{ // all well
  const { byId, document } = load({ "/v1/status": status, "/v1/certificates": { certificates: [certificate("good", "valid")] } });
  await settle();
  assert.equal(byId.summary.textContent, "All is well.");
  assert.equal(document.title, "acmed");
}

{ // no answer: it says so
  const { byId } = load({});
  await settle();
  assert(byId.connection.textContent.includes("no connection"));
}

{ // a thousand are filtered at once
  const many = [...Array(1000).keys()].map(i => certificate("c" + i, "valid", { live: null }));
  const { byId } = load({ "/v1/status": status, "/v1/certificates": { certificates: many } });
  await settle();
  const names = byId.list.all().filter(element => element.className === "name").map(element => element.textContent);
  assert.deepEqual(names.slice(8, 12), ["c8", "c9", "c10", "c11"]);
  byId.filter.value = "c99 valid";
  const begin = performance.now();
  byId.filter.listeners.input();
  assert(performance.now() - begin < 100);
  assert.equal(byId.list.children.length, 11);
  byId.filter.value = "no such name";
  byId.filter.listeners.input();
  assert.equal(byId.list.children.length, 0);
  assert(byId.none.textContent.includes("no such name"));
}
console.log("the page shows what it is told");
