// Walks through each proxy: what must arrive, what must not, and servers that stop under load. Inside of `room`.

import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Report } from "../browser/report.js";
import { ask, askByHttp2 } from "./ask.js";
import { Load, authorization, signIn } from "./load.js";
import { HaProxy, Nginx } from "./proxies.js";
import { count } from "./count.js";
import { checkPackage } from "./deb.js";
import { checkImage } from "./image.js";
import { checkRedis } from "./redis.js";
import { ADDRESSES, ISSUER, Server, logged, prepare } from "./servers.js";
import { checkUnit } from "./unit.js";

const ARTEFACTS = join(import.meta.dirname, "artefacts");
const ROUNDS = Number(process.env.DEPLOY_ROUNDS ?? 1);
mkdirSync(ARTEFACTS, { recursive: true });
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });
const report = new Report("deploy");

/** What is named behind `run`: HAProxy, nginx, unit and count (with HAProxy), redis, image, deb. All but count, if nothing is. */
const wants = (name) => process.argv.length < 3 || process.argv.includes(name);

function expect(true_, words) {
  if (!true_) throw new Error(words);
}

const servers = ADDRESSES.map((address) => new Server(address));
let proxy;
const stop = async () => {
  await proxy?.stop();
  await Promise.all(servers.filter(({ child }) => child).map((server) => server.stop("SIGINT")));
  for (const server of servers) writeFileSync(join(ARTEFACTS, `${server.address}.log`), server.said);
};

/** What a server says of one request: its source, by the id that the answer bears. */
async function seen(path, how) {
  const answer = await ask(path, how);
  const id = answer.headers["x-request-id"];
  expect(id, `${path}: ${answer.status} without a request id`);
  for (let n = 0; n < 50; n += 1) {
    const line = logged(servers, id);
    if (line) return { ...answer, id, line, source: line.span.source };
    await sleep(50);
  }
  throw new Error(`${path}: no server has a line of ${id}`);
}

/** A wrong sign-in of somebody who does not exist, from `from`. */
async function wrong(from, headers) {
  const page = await ask("/connexion", { from });
  const cookie = [page.headers["set-cookie"] ?? []].flat().map((line) => line.split(";")[0]).join("; ");
  const body = new URLSearchParams({
    identifiant: `x.${randomBytes(4).toString("hex").replaceAll(/\d/g, "a")}${10 + Math.floor(Math.random() * 90)}`,
    mot_de_passe: randomBytes(9).toString("base64"),
  }).toString();
  const type = "application/x-www-form-urlencoded";
  const more = { "Content-Type": type, "Sec-Fetch-Site": "same-origin", Origin: ISSUER, Cookie: cookie, ...headers };
  return (await ask("/connexion", { method: "POST", body, from, headers: more })).status;
}

async function walk() {
  const { name } = proxy;
  const check = (words, run) => report.check(`${name}: ${words}`, run);
  await check("discovery names the issuer", async () => {
    const answer = await ask("/.well-known/openid-configuration");
    expect(answer.status === 200 && JSON.parse(answer.text).issuer === ISSUER, answer.text.slice(0, 200));
    expect((await askByHttp2("/.well-known/openid-configuration")) === 200, "not over HTTP/2");
  });
  await check("a parent signs in, and the code is worth tokens", async () => {
    const tokens = await signIn(0);
    expect(tokens.id_token && tokens.access_token, JSON.stringify(tokens));
  });
  await check("a page is kept nowhere, and asks for https from then on", async () => {
    const { headers } = await ask("/connexion");
    expect(headers["cache-control"] === "no-store", `Cache-Control: ${headers["cache-control"]}`);
    expect(headers["strict-transport-security"], "no HSTS");
    expect(!headers["x-cache"] && !headers.age, "a cache answered");
  });
  await check("the longest requests pass, and a body of more than 64 KiB does not", async () => {
    const long = authorization({ state: "s".repeat(5_000), nonce: "n".repeat(2_000) }).slice(ISSUER.length);
    const cookie = `other=${"c".repeat(4_000)}`;
    const answer = await ask(long, { headers: { Cookie: cookie } });
    expect(answer.status === 303, `${long.length} bytes: ${answer.status} ${answer.text.slice(0, 200)}`);
    const next = new URL(answer.headers.location, ISSUER).href.slice(ISSUER.length);
    const page = await ask(next, { headers: { Cookie: cookie } });
    expect(page.status === 200, `the page of it: ${page.status}`);
    const type = { "Content-Type": "application/x-www-form-urlencoded" };
    const body = `identifiant=${"x".repeat(70_000)}`;
    const large = await ask("/connexion", { method: "POST", body, headers: type }).catch(() => ({ status: 413 }));
    expect(large.status === 413, `a large body: ${large.status}`);
    const roster = "x".repeat(200_000);
    const path = "/api/admin/v1/schools/0349999J/imports?format=csv";
    const refused = await ask(path, { method: "POST", body: roster, headers: { "Content-Type": "text/csv" } });
    expect(refused.status === 401, `a roster without a token: ${refused.status}`);
  });
  await check("the client's address arrives", async () => {
    for (const from of ["198.51.100.7", "203.0.113.9"]) {
      const { source } = await seen("/connexion", { from });
      expect(source === from, `${from} arrives as ${source}`);
    }
  });
  await check("what a client says of its address is not believed", async () => {
    const from = "198.51.100.7";
    for (const forged of [
      { "X-Forwarded-For": "203.0.113.77" }, { "X-Forwarded-For": "203.0.113.77, 10.0.0.5" },
      { "X-Forwarded-For": ["203.0.113.77", "203.0.113.78"] }, { Forwarded: "for=203.0.113.77" },
      { "X-Real-IP": "203.0.113.77" }, { "x_forwarded_for": "203.0.113.77" },
    ]) {
      const { source } = await seen("/connexion", { from, headers: forged });
      expect(source === from, `${JSON.stringify(forged)}: ${source}`);
    }
    // Nor on the way around the proxy.
    const forged = { "X-Forwarded-For": "203.0.113.77" };
    const { source } = await seen("/connexion", { from, to: ADDRESSES[0], port: 8080, headers: forged });
    expect(source === from, `at the server itself: ${source}`);
  });
  await check("a limit by source holds whatever is forged, and for that source only", async () => {
    const from = name === "nginx" ? "198.51.100.8" : "198.51.100.7";
    const statuses = [];
    for (let n = 0; n < 8; n += 1) {
      statuses.push(await wrong(from, { "X-Forwarded-For": `203.0.113.${100 + n}` }));
    }
    expect(statuses.slice(0, 6).every((status) => status < 429), `refused too early: ${statuses}`);
    expect(statuses.slice(6).every((status) => status === 429), `not refused: ${statuses}`);
    const other = await wrong("203.0.113.9", {});
    expect(other !== 429, "another source is refused too");
  });
  await check("one request id stands in both logs, and no client chooses it", async () => {
    const { id } = await seen("/connexion", { headers: { "X-Request-ID": "chosen-by-a-stranger" } });
    expect(id !== "chosen-by-a-stranger", "a stranger chose it");
    await sleep(300);
    expect(proxy.log().includes(id), `${id} is not in the proxy's log`);
  });
  await check("the proxy's log has no query and no secret of an address", async () => {
    await ask("/sms/receipts/primary/secret-of-an-address");
    await ask("/connexion?i=secret-of-a-query");
    await sleep(300);
    expect(/\/sms\/receipts/.test(proxy.log()) && !/secret-of|[?]/.test(proxy.log()), "it has");
  });
  await check("other hosts and plain http lead to the issuer or nowhere; operations are not reached", async () => {
    const other = await ask("/connexion", { name: "autre.example.fr" });
    expect(other.status === 421, `another host: ${other.status}`);
    const plain = await ask("/connexion?i=x", { port: 80, name: "autre.example.fr" });
    const { location } = plain.headers;
    expect(plain.status === 301 && location === `${ISSUER}/`, `plain: ${plain.status} ${location}`);
    expect((await ask("/connexion", { port: 80, method: "POST", body: "a=b" })).status === 405, "a form by plain http");
    for (const path of ["/metrics", "/readyz", "/healthz"]) expect((await ask(path)).status === 404, path);
  });
  // DEPLOY_ROUNDS=0: without load.
  if (ROUNDS === 0) return;
  await check(`servers that stop by SIGTERM one after the other, ${ROUNDS} time(s) each, lose no request`, async () => {
    const load = new Load(8);
    const began = Date.now();
    await sleep(2_000);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const server of servers) {
        const at = Date.now();
        const how = await server.stop("SIGTERM");
        expect(how === 0, `${server.address} ended with ${how}`);
        const took = Date.now() - at;
        await server.start();
        console.log(`        ${server.address} stopped in ${took} ms, ready again ${Date.now() - at - took} ms later`);
        // Until the proxy has seen it twice.
        await sleep(4_000);
      }
    }
    await load.end();
    const seconds = Math.round((Date.now() - began) / 1_000);
    console.log(`        ${load.sent} requests in ${seconds} s, lost ${load.failures.length};`
      + ` ${load.again} were sent again on a new connection`);
    expect(load.sent > 200, "too few requests");
    expect(load.failures.length === 0, load.failures.slice(0, 12).join("\n"));
  });
  await check("a server that is killed costs what was under way there and nothing after", async () => {
    const load = new Load(8);
    await sleep(2_000);
    await servers[0].stop("SIGKILL");
    await sleep(5_000);
    const lost = load.failures.length;
    await sleep(5_000);
    await load.end();
    console.log(`        ${load.sent} requests, lost ${load.failures.length}: ${load.failures.slice(0, 3).join("; ")}`);
    await servers[0].start();
    expect(lost <= 40, `${lost} were lost`);
    expect(load.failures.length === lost, `some long after: ${load.failures.slice(lost, lost + 5).join("\n")}`);
    await sleep(4_000);
  });
}

const BEGIN = "two servers start by config/deploy/preau.toml on one PostgreSQL and one Redis";
const prepared = await report.check(BEGIN, async () => {
  prepare();
  await Promise.all(servers.map((server) => server.start()));
  return true;
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => stop().then(() => process.exit(1)));
for (const made of prepared ? [new HaProxy(), new Nginx()].filter(({ name }) => wants(name)) : []) {
  proxy = made;
  const start = () => proxy.start().then(() => true);
  const started = await report.check(`${proxy.name} starts by the file of config/deploy`, start);
  if (started && process.argv.includes("count")) await count(report);
  else if (started) await walk();
  if (started && proxy.name === "HAProxy" && wants("unit")) {
    await checkUnit(report, servers[1], process.env.DEPLOY_FOLDER);
  }
  await proxy.stop();
  writeFileSync(join(ARTEFACTS, `${proxy.name}.log`), `${proxy.log()}\n${proxy.said}`);
  proxy = undefined;
}
if (prepared && wants("redis")) {
  writeFileSync(join(ARTEFACTS, "redis.log"), await checkRedis(report, process.env.DEPLOY_FOLDER));
}
if (prepared && wants("image")) await checkImage(report, process.env.DEPLOY_FOLDER);
if (prepared && wants("deb")) await checkPackage(report, process.env.DEPLOY_FOLDER);
await stop();
process.exit(report.close());
