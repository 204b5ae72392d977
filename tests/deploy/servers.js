// Two servers of Préau by config/deploy/preau.toml, with a school, its parents and their accounts.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { pbkdf2Sync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { toToml } from "../interop/clients.js";
import { PASSWORD } from "../interop/person.js";
import { PARENTS, SCHOOL, eleves, responsables } from "../interop/roster.js";

const BINARY = process.env.PREAU_BIN;
const FOLDER = process.env.DEPLOY_FOLDER;
const START_MS = 60_000;

export const ISSUER = "https://compte.example.fr";
export const PROXY = "10.0.0.5";
export const ADDRESSES = ["10.0.0.11", "10.0.0.12"];
export const HOME = "https://portail.example/retour";
export const IDENTIFIANTS = PARENTS.map((_, number) => `j.deploy${String(10 + number)}`);
export const SECRET = "of-deploy-0123456789abcdef0123456789abcdef";

const CLIENT = {
  client_name: "Portail", client_secret: SECRET, token_endpoint_auth_method: "client_secret_basic", sector: "deploy",
  perimeter: { academies: ["montpellier"] },
};
export const PORTAL = {
  ...CLIENT, client_id: "portail", redirect_uris: [HOME], response_types: ["code"], scope: "openid profile",
  grant_types: ["authorization_code"],
};
export const PROGRAM = {
  ...CLIENT, client_id: "programme", client_name: "Programme", grant_types: ["client_credentials"], scope: "education",
  redirect_uris: [], response_types: [],
};

/** What each server is told besides /etc/preau/preau.toml. */
function environment(address, more) {
  return {
    PATH: process.env.PATH,
    PREAU_TEST_RUN: process.env.PREAU_TEST_RUN,
    PREAU__SERVER__LISTEN: `${address}:8080`,
    PREAU__SERVER__OPERATIONS: `${address}:9080`,
    // So few that the limit is met soon.
    PREAU__LIMITS__WRONG_SIGN_INS: "6",
    ...more,
  };
}

/** With a pooler, servers go through it, and commands to PostgreSQL itself. */
const POOLED = process.env.DEPLOY_POOLER ? { PREAU__DATABASE__POOLED: "true" } : {};
const DIRECT = { PREAU__DATABASE__URL_FILE: "/etc/preau/database-url-direct" };

/** What doctor says of a server that is told `more`, whatever comes of it. */
export function doctor(more) {
  const env = environment(ADDRESSES[0], { ...POOLED, ...more });
  const words = ["doctor", "--config", "/etc/preau/preau.toml"];
  return spawnSync(BINARY, words, { env, encoding: "utf8" }).stdout;
}

/** Runs a command to its end. */
export function preau(...words) {
  try {
    const env = environment(ADDRESSES[0], DIRECT);
    const all = [...words, "--config", "/etc/preau/preau.toml"];
    return execFileSync(BINARY, all, { env, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    throw new Error(`preau ${words.join(" ")}: ${error.stdout ?? ""}${error.stderr ?? error.message}`);
  }
}

/** A hash as another provider would bring it. */
function brought(password) {
  const salt = randomBytes(12).toString("hex");
  return `pbkdf2_sha256$20000$${salt}$${pbkdf2Sync(password, salt, 20_000, 32, "sha256").toString("base64")}`;
}

/** Schema, keys, relying parties, a roster, and an account for each parent. */
export function prepare() {
  for (const client of [PORTAL, PROGRAM]) {
    writeFileSync(`/etc/preau/deployment/clients/${client.client_id}.toml`, toToml(client));
  }
  preau("keys", "new-master");
  preau("migrate");
  const exports = [["ElevesAvecAdresses", eleves], ["ResponsablesAvecAdresses", responsables]];
  const rosters = exports.map(([name, content]) => {
    const path = join(FOLDER, `${SCHOOL.uai}-${name}.xml`);
    writeFileSync(path, content(new Date()));
    return path;
  });
  preau("import", "--format", "siecle", "--academy", SCHOOL.academy, ...rosters);
  const accounts = join(FOLDER, "comptes.csv");
  const rows = PARENTS.map(({ id }, number) => `${id};responsable;${IDENTIFIANTS[number]};${brought(PASSWORD)}`);
  writeFileSync(accounts, `cle;profil;identifiant;hash\n${rows.join("\n")}\n`);
  return preau("import", "--format", "comptes", "--academy", SCHOOL.academy, accounts);
}

/** One server, and all that it said. */
export class Server {
  said = "";

  constructor(address, more = {}) {
    this.address = address;
    this.more = more;
  }

  async start(before = []) {
    const words = [...before, BINARY, "serve", "--config", "/etc/preau/preau.toml"];
    const env = environment(this.address, { ...POOLED, ...this.more });
    const child = spawn(words[0], words.slice(1), { env, stdio: "pipe", cwd: FOLDER });
    this.child = child;
    this.ended = new Promise((done) => { child.once("exit", (code, signal) => done(code ?? signal)); });
    let over;
    this.ended.then((how) => { over = how; });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => { this.said += chunk; });
    const began = Date.now();
    while (!(await this.isReady())) {
      if (over !== undefined || Date.now() - began > START_MS) {
        throw new Error(`${this.address} is not ready (${over ?? "too late"}): ${this.said.slice(-2_000)}`);
      }
      await new Promise((done) => { setTimeout(done, 100); });
    }
  }

  isReady() {
    return fetch(`http://${this.address}:9080/readyz`).then((answer) => answer.ok, () => false);
  }

  /** @returns how it ended: its exit code */
  async stop(signal = "SIGTERM") {
    this.child.kill(signal);
    return this.ended;
  }
}

/** The line of a log for a request, by its id. */
export function logged(servers, id) {
  const lines = servers.flatMap(({ said }) => said.split("\n")).filter((line) => line.includes(id));
  return lines.map((line) => JSON.parse(line)).find(({ message }) => message === "request");
}
