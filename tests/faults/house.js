// One house: one or two servers on one database, each behind proxies of its own that can delay, hold and cut; a front
// that sends each connection to a server that says it is ready, as a load balancer does.

import { execFileSync, spawn } from "node:child_process";
import { pbkdf2Sync } from "node:crypto";
import { cpSync, createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { toToml } from "../interop/clients.js";
import { PASSWORD } from "../interop/person.js";
import { environment, freePort } from "../interop/provider.js";
import { SCHOOL, eleves, responsables } from "../interop/roster.js";
import { families } from "./families.js";
import { ask } from "./http.js";
import { sleep } from "./load.js";
import { Phones } from "./phones.js";
import { FaultProxy } from "./proxy.js";
import { Postgres, Redis } from "./stores.js";
import { CLIENTS } from "./walks.js";

const REPOSITORY = resolve(import.meta.dirname, "../..");
export const BINARY = resolve(process.env.PREAU_BIN ?? join(REPOSITORY, "target/debug/preau"));
const ARTEFACTS = join(import.meta.dirname, "artefacts");
const START_MS = 60_000;
const ROTATION_MS = 250;
/** A hash as another provider would bring it. */
const BROUGHT = `pbkdf2_sha256$20000$faults$${pbkdf2Sync(PASSWORD, "faults", 20_000, 32, "sha256").toString("base64")}`;

/** One server, and what it said. */
export class Server {
  said = "";
  inRotation = false;
  missed = 0;

  constructor(house, number, ports) {
    [this.house, this.number] = [house, number];
    [this.port, this.operations] = ports;
    this.log = createWriteStream(join(ARTEFACTS, `${house.name}-${number}.log`));
  }

  /** @param {{binary?: string, before?: string[], env?: object, wait?: boolean}} how `before` are words before the program */
  async start({ binary = BINARY, before = [], env = {}, wait = true } = {}) {
    const words = [...before, binary, "serve", "--config", this.house.configuration];
    this.ended = undefined;
    const began = performance.now();
    const child = spawn(words[0], words.slice(1), {
      cwd: this.house.folder, stdio: ["ignore", "pipe", "pipe"], env: { ...environment(), ...this.house.env(this), ...env },
    });
    this.child = child;
    // Whoever ends us leaves none of them behind.
    const end = () => child.kill("SIGKILL");
    process.once("exit", end);
    this.over = new Promise((done) => {
      child.once("error", (error) => done(error.message));
      child.once("exit", (code, signal) => done(code ?? signal));
    });
    this.over.then((how) => {
      process.removeListener("exit", end);
      if (this.child === child) this.ended = how;
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        this.said = (this.said + chunk).slice(-200_000);
        this.log.write(chunk);
      });
    }
    if (wait) {
      await this.untilReady();
      this.inRotation = true;
      this.missed = 0;
    }
    return performance.now() - began;
  }

  async untilReady(limit = START_MS) {
    const began = performance.now();
    while ((await this.readiness()) !== 200) {
      if (this.ended !== undefined || performance.now() - began > limit) {
        throw new Error(`server ${this.number} is not ready (${this.ended ?? `after ${limit} ms`}): ${this.said.slice(-1_500)}`);
      }
      await sleep(20);
    }
    return performance.now() - began;
  }

  async untilNotReady(limit) {
    const began = performance.now();
    while ((await this.readiness()) === 200) {
      if (performance.now() - began > limit) throw new Error(`server ${this.number} is still ready after ${limit} ms`);
      await sleep(20);
    }
    return performance.now() - began;
  }

  /** @returns {Promise<number>} 0 where nothing answers */
  readiness() {
    return ask(this.house.issuer, { port: this.operations }, "/readyz", { timeout: 3_000 })
      .then(({ status }) => status, () => 0);
  }

  async metric(name) {
    const { text } = await ask(this.house.issuer, { port: this.operations }, "/metrics");
    const found = text.split("\n").filter((line) => line.startsWith(name));
    return found.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  get pid() {
    return this.child.pid;
  }

  /** @returns how it ended */
  async stop(signal = "SIGTERM") {
    // Who is asked to end goes on for a while: the front sees it by itself.
    if (signal !== "SIGTERM") this.inRotation = false;
    if (this.ended === undefined) {
      if (signal === "SIGKILL" && this.house.phones) this.house.phones.deaths += 1;
      this.child?.kill(signal);
    }
    return this.over;
  }
}

export class House {
  servers = [];
  #watch;

  /**
   * @param {string} name also of the database
   * @param {{servers?: number, postgres?: boolean, parents?: number, accounts?: number, config?: string,
   *   folder?: string, keys?: string, server?: string, sms?: string, clients?: object[], database?: string}} how the first
   *   `accounts` of the parents have an account; the others may activate one
   */
  static async open(name, how = {}) {
    const house = new House(name, how);
    try {
      await house.#prepare();
    } catch (error) {
      await house.close();
      throw error;
    }
    return house;
  }

  constructor(name, how) {
    [this.name, this.how] = [name, how];
    mkdirSync(ARTEFACTS, { recursive: true });
    this.folder = how.folder ?? mkdtempSync(join(tmpdir(), `preau-faults-${name}-`));
    this.parents = families(how.parents ?? 20);
    this.accounts = how.accounts ?? this.parents.length;
  }

  async #prepare() {
    const { servers = 2, postgres = servers > 1, clients = CLIENTS } = this.how;
    this.phones = new Phones();
    await this.phones.listen();
    this.front = new FaultProxy(() => this.#rotation());
    await this.front.listen();
    this.issuer = `http://localhost:${this.front.port}`;
    this.postgres = postgres ? new Postgres() : undefined;
    this.redis = postgres ? new Redis() : undefined;
    this.postgres?.create(this.database);
    this.redis?.command("FLUSHALL");
    this.configuration = join(this.folder, "preau.toml");
    this.#write(clients);
    for (let number = 0; number < servers; number += 1) {
      const server = new Server(this, number, [await freePort(), await freePort()]);
      if (postgres) {
        server.database = await FaultProxy.to({ port: this.postgres.port });
        server.store = await FaultProxy.to({ path: this.redis.socket });
      }
      this.servers.push(server);
    }
    this.preau("keys", "new-master");
    this.preau("migrate");
    this.#people();
    await Promise.all(this.servers.map((server) => server.start(this.how.start)));
    this.#watch = setInterval(() => this.#look(), ROTATION_MS);
    await this.#look();
  }

  get database() {
    return `faults_${this.name}`;
  }

  /** Where the servers that are ready are, in turn. */
  #rotation() {
    const ready = this.servers.filter(({ inRotation }) => inRotation);
    this.turn = (this.turn ?? 0) + 1;
    return [...ready.slice(this.turn % (ready.length || 1)), ...ready.slice(0, this.turn % (ready.length || 1))];
  }

  async #look() {
    await Promise.all(this.servers.map(async (server) => {
      // One answer that does not come takes nobody out: two do.
      const ready = server.ended === undefined && (await server.readiness()) === 200;
      server.missed = ready ? 0 : server.missed + 1;
      server.inRotation = server.ended === undefined && server.missed < 2;
    }));
  }

  #write(clients) {
    const deployment = join(this.folder, "deployment");
    mkdirSync(join(deployment, "clients"), { recursive: true });
    mkdirSync(join(this.folder, "keys"), { recursive: true, mode: 0o700 });
    for (const file of ["academies.toml", "schools.toml"]) {
      cpSync(join(REPOSITORY, "config/occitanie", file), join(deployment, file));
    }
    for (const client of clients) {
      writeFileSync(join(deployment, "clients", `${client.client_id}.toml`), toToml(JSON.parse(JSON.stringify(client))));
    }
    const text = JSON.stringify;
    writeFileSync(this.configuration, `
[server]
issuer = ${text(this.issuer)}
trusted_proxies = ["127.0.0.1"]
drain_seconds = 2
${this.how.server ?? ""}
[database]
url = ${text(this.postgres ? this.postgres.url(this.database) : `sqlite:${join(this.folder, "preau.db")}`)}
${this.how.database ?? ""}
[keys]
directory = ${text(join(this.folder, "keys"))}
${this.how.keys ?? ""}
[sms]
gateway = "http"
daily_cap = 1000000
${this.how.sms ?? ""}
[sms.http]
url = ${text(this.phones.url)}
${this.how.gateway ?? ""}
[phones]
fictitious = ["+3363998"]
[ephemeral]
answer_ms = ${this.how.answer ?? 250}
[deployment]
name = "Mon compte"
directory = ${text(deployment)}
${this.how.config ?? ""}`);
  }

  /** What a server is told besides the file. */
  env(server) {
    const own = {
      PREAU__SERVER__LISTEN: `127.0.0.1:${server.port}`,
      PREAU__SERVER__OPERATIONS: `127.0.0.1:${server.operations}`,
      PREAU_TEST_RUN: process.env.PREAU_TEST_RUN ?? "",
    };
    if (server.database) own.PREAU__DATABASE__URL = this.postgres.url(this.database, server.database.port);
    if (server.store) own.PREAU__EPHEMERAL__URL = `redis://127.0.0.1:${server.store.port}/0`;
    return own;
  }

  #people() {
    const rosters = [["ElevesAvecAdresses", eleves], ["ResponsablesAvecAdresses", responsables]].map(([name, content]) => {
      const path = join(this.folder, `${SCHOOL.uai}-${name}.xml`);
      writeFileSync(path, content(new Date(), this.parents));
      return path;
    });
    this.preau("import", "--format", "siecle", "--academy", SCHOOL.academy, ...rosters);
    const rows = this.parents.slice(0, this.accounts)
      .map(({ id }, number) => `${id};responsable;${this.identifiant(number)};${BROUGHT}`);
    if (rows.length > 0) {
      const accounts = join(this.folder, "comptes.csv");
      writeFileSync(accounts, `cle;profil;identifiant;hash\n${rows.join("\n")}\n`);
      this.preau("import", "--format", "comptes", "--academy", SCHOOL.academy, accounts);
    }
    if (this.accounts < this.parents.length) this.preau("campaign", "open", "--uai", SCHOOL.uai, "--days", "15");
  }

  /** Of the parents who have an account from the beginning. */
  identifiant(number) {
    const letter = (of) => String.fromCharCode(97 + (of % 26));
    const block = Math.floor(number / 90);
    return `${letter(block)}.compte${letter(Math.floor(block / 26))}${10 + (number % 90)}`;
  }

  /** Runs a command to its end, at the database itself. */
  preau(...words) {
    const options = { cwd: this.folder, env: { ...environment(), ...this.commands }, stdio: "pipe", encoding: "utf8", maxBuffer: 1 << 28 };
    try {
      return execFileSync(BINARY, [...words, "--config", this.configuration], options);
    } catch (error) {
      throw new Error(`preau ${words.join(" ")}: ${error.stdout ?? ""}${error.stderr ?? error.message}`);
    }
  }

  /** @returns {string[]} the rows, columns apart by | */
  query(sql) {
    const said = this.postgres ? this.postgres.sql(sql, this.database)
      : execFileSync("sqlite3", ["-readonly", join(this.folder, "preau.db"), sql], { encoding: "utf8", maxBuffer: 1 << 28 }).trim();
    return said ? said.split("\n") : [];
  }

  count(sql) {
    return Number(this.query(sql)[0]);
  }

  /** Asks a server, or whichever is ready; `heard` is told of each answer. */
  async ask(path, how = {}) {
    const answer = await ask(this.issuer, how.at ?? this.front, path, how);
    this.heard?.({ method: how.method ?? "GET", path, ...answer });
    return answer;
  }

  async close() {
    clearInterval(this.#watch);
    await Promise.all(this.servers.filter(({ child }) => child).map(async (server) => {
      server.database?.pass();
      server.store?.pass();
      await server.stop("SIGKILL");
      server.log.end();
    }));
    for (const { database, store } of this.servers) [database, store].forEach((proxy) => proxy?.close());
    this.front?.close();
    this.phones?.close();
    try {
      this.postgres?.sql(`DROP DATABASE IF EXISTS ${this.database} WITH (FORCE)`);
    } finally {
      if (!this.how.folder) rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

/** Opens a house, does `work` in it and closes it, whatever happens. */
export async function inHouse(name, how, work) {
  const house = await House.open(name, how);
  try {
    return await work(house);
  } finally {
    await house.close();
  }
}
