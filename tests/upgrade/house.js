// A deployment that two releases serve: its files, a server of each, and a proxy before both that asks who is ready.

import { execFileSync, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { toToml } from "../interop/clients.js";
import { environment, freePort, startPhones } from "../interop/provider.js";
import { SCHOOL, eleves, responsables } from "../interop/roster.js";

const BINARIES = { older: process.env.PREAU_OLD_BIN, newer: process.env.PREAU_BIN };
const START_MS = 90_000;
export const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

const SECRET = "of-upgrade-0123456789abcdef0123456789abcdef";
const client = (client_id, more) => JSON.parse(JSON.stringify({
  client_id, client_name: `Service ${client_id}`, client_secret: SECRET, sector: "upgrade",
  redirect_uris: [`https://${client_id}.example/retour`], token_endpoint_auth_method: "client_secret_basic",
  grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], scope: "openid profile offline_access",
  perimeter: { academies: [SCHOOL.academy] }, ...more,
}));
/** An ENT whose families agreed elsewhere to what it keeps. */
export const AGREED = client("ent", { offline_agreed: true });
/** Asks each person. */
export const ASKS = client("demande", { consent: true, grant_types: ["authorization_code"], scope: "openid profile" });
export const PROGRAM = client("programme", {
  grant_types: ["client_credentials"], response_types: [], redirect_uris: [], scope: "education",
});
/** On a phone, without a secret: each refresh gives another token. */
export const PHONE = client("appli", { client_secret: undefined, token_endpoint_auth_method: "none", offline_agreed: true });
/** Comes later. */
export const LATER = client("suite", { offline_agreed: true });
export const basic = ({ client_id }) => `Basic ${Buffer.from(`${client_id}:${SECRET}`).toString("base64")}`;

/** One release's server. */
class Server {
  constructor(house, release, port, operations) {
    Object.assign(this, { house, release, port, operations });
    /** What the proxy thinks of it. */
    this.inTurn = false;
    this.asked = 0;
  }

  async start() {
    const { house, release } = this;
    this.ended = undefined;
    const child = spawn(BINARIES[release], ["serve", "--config", house.configuration], {
      cwd: house.folder, env: { ...environment(), ...this.listens() }, stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    this.over = new Promise((done) => { child.once("exit", (code, signal) => { this.ended = code ?? signal; done(this.ended); }); });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => house.log[release].write(chunk));
    const began = Date.now();
    while (!(await this.isReady())) {
      if (this.ended !== undefined || Date.now() - began > START_MS) {
        throw new Error(`${release}: not ready (${this.ended ?? "too late"}); see ${house.log[release].path}`);
      }
      await sleep(100);
    }
    this.inTurn = true;
  }

  listens() {
    return {
      PREAU__SERVER__LISTEN: `127.0.0.1:${this.port}`, PREAU__SERVER__OPERATIONS: `127.0.0.1:${this.operations}`,
    };
  }

  isReady() {
    return fetch(`http://127.0.0.1:${this.operations}/readyz`).then((answer) => answer.ok, () => false);
  }

  reload() {
    this.child.kill("SIGHUP");
  }

  async stop(signal = "SIGTERM") {
    this.child.kill(signal);
    return this.over;
  }
}

/** Sends each request to the server that it names (X-Server), or to those in turn that are ready. */
function startProxy(port, servers) {
  let next = 0;
  const proxy = createServer((incoming, outgoing) => {
    const { "x-server": named, connection: _connection, ...headers } = incoming.headers;
    const able = servers.filter(({ inTurn }) => inTurn);
    const server = servers.find(({ release }) => release === named) ?? able[(next += 1) % Math.max(able.length, 1)];
    if (!server) return outgoing.writeHead(502).end();
    server.asked += 1;
    const from = incoming.headers["x-forwarded-for"] ?? "198.51.100.7";
    const sent = request({
      host: "127.0.0.1", port: server.port, method: incoming.method, path: incoming.url, agent: false,
      headers: { ...headers, "x-forwarded-for": from },
    }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    sent.once("error", () => { if (outgoing.headersSent) outgoing.destroy(); else outgoing.writeHead(502).end(); });
    return incoming.pipe(sent);
  });
  // As HAProxy asks in config/deploy: who says twice that it is not ready gets nothing more.
  const said = new Map();
  const asking = setInterval(() => {
    for (const server of servers) {
      server.isReady().then((ready) => {
        const no = ready ? 0 : (said.get(server) ?? 0) + 1;
        said.set(server, no);
        if (no === 0) server.inTurn = true;
        else if (no >= 2) server.inTurn = false;
      });
    }
  }, 500);
  return new Promise((done) => {
    proxy.listen(port, "localhost", () => done(() => {
      clearInterval(asking);
      proxy.close();
      proxy.closeAllConnections();
    }));
  });
}

/** What a deployment has in common, whoever serves it. */
export class House {
  /** @param {{database: string, ephemeral: string}} urls */
  static async make(name, urls, logs) {
    const house = new House();
    house.folder = join(process.env.UPGRADE_FOLDER, name);
    mkdirSync(join(house.folder, "deployment/clients"), { recursive: true });
    mkdirSync(join(house.folder, "keys"), { mode: 0o700 });
    house.log = Object.fromEntries(Object.keys(BINARIES).map((release) => [release, createWriteStream(join(logs, `${name}-${release}.log`))]));
    house.phones = await startPhones();
    const port = await freePort();
    house.issuer = `http://localhost:${port}`;
    house.configuration = join(house.folder, "preau.toml");
    const text = JSON.stringify;
    writeFileSync(house.configuration, `
[server]
issuer = ${text(house.issuer)}
trusted_proxies = ["127.0.0.1"]
drain_seconds = 2
[database]
url = ${text(urls.database(house.folder))}
[ephemeral]
url = ${text(urls.ephemeral)}
prefix = ${text(`upgrade-${name}`)}
answer_ms = 5000
[keys]
directory = ${text(join(house.folder, "keys"))}
[sms]
gateway = "http"
[sms.http]
url = ${text(house.phones.url)}
[phones]
fictitious = ["+3363998"]
[deployment]
directory = ${text(join(house.folder, "deployment"))}
`);
    writeFileSync(join(house.folder, "deployment/academies.toml"), `[[academy]]
id = ${text(SCHOOL.academy)}
code = "11"
name = "Académie de Montpellier"

[[ministry]]
id = "education"
name = "Éducation nationale"
`);
    writeFileSync(join(house.folder, "deployment/schools.toml"), `[[school]]
uai = ${text(SCHOOL.uai)}
name = ${text(SCHOOL.name)}
academy = ${text(SCHOOL.academy)}
ministry = "education"
`);
    for (const registered of [AGREED, ASKS, PHONE, PROGRAM]) house.declare(registered);
    house.servers = [];
    for (const release of ["older", "newer"]) house.servers.push(new Server(house, release, await freePort(), await freePort()));
    [house.older, house.newer] = house.servers;
    house.stopProxy = await startProxy(port, house.servers);
    return house;
  }

  declare(registered) {
    writeFileSync(join(this.folder, `deployment/clients/${registered.client_id}.toml`), toToml(registered));
  }

  /** Runs a command of that release to its end. */
  run(release, ...words) {
    try {
      const all = [...words, "--config", this.configuration];
      return execFileSync(BINARIES[release], all, { cwd: this.folder, env: environment(), encoding: "utf8", stdio: "pipe" });
    } catch (error) {
      throw new Error(`${release}: preau ${words.join(" ")}: ${error.stdout ?? ""}${error.stderr ?? error.message}`);
    }
  }

  /** A roster with these parents, imported by that release. */
  import(release, parents) {
    // Each export is of a later second than the one before.
    const moment = new Date(Date.now() - 60_000 + 1_000 * (this.imports = (this.imports ?? 0) + 1));
    const files = [["ElevesAvecAdresses", eleves], ["ResponsablesAvecAdresses", responsables]].map(([kind, content]) => {
      const path = join(this.folder, `${SCHOOL.uai}-${kind}.xml`);
      writeFileSync(path, content(moment, parents));
      return path;
    });
    return this.run(release, "import", "--format", "siecle", "--academy", SCHOOL.academy, ...files);
  }

  async close() {
    await Promise.all(this.servers.filter(({ child, ended }) => child && ended === undefined).map((server) => server.stop("SIGINT")));
    this.stopProxy();
    this.phones.stop();
    for (const log of Object.values(this.log)) log.end();
  }
}
