// Préau over TLS with a roster of its own: configuration, import, campaign, and the process itself.

import { execFileSync, spawn } from "node:child_process";
import { cpSync, createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createListener } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { makeCertificates } from "./certificates.js";
import { toToml } from "./clients.js";
import { PARENTS, SCHOOL, eleves, responsables } from "./roster.js";

const REPOSITORY = resolve(import.meta.dirname, "../..");
const START_MS = 60_000;

export function freePort() {
  return new Promise((done) => {
    const listener = createListener().listen(0, "127.0.0.1", () => {
      const { port } = listener.address();
      listener.close(() => done(port));
    });
  });
}

/** The phones: takes what the gateway is sent, and shows it at GET. */
export async function startPhones() {
  const messages = [];
  const server = createServer((request, response) => {
    if (request.method === "GET") {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(messages));
      return;
    }
    let body = "";
    request.on("data", (chunk) => { body += chunk; });
    request.on("end", () => {
      const message = JSON.parse(body);
      if (!messages.some((known) => known.id === message.id)) messages.unshift(message);
      response.writeHead(204).end();
    });
  });
  await new Promise((done) => { server.listen(0, "127.0.0.1", done); });
  return { url: `http://127.0.0.1:${server.address().port}/`, stop: () => server.close() };
}

/** Our own environment, without anything that would configure Préau. */
export function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PREAU__")));
}

/**
 * @param {string} log file for what the server prints
 * @param {{name: string, clients: object[], files?: {name: string, client_id: string, secret: string, text: string}[],
 *   upstreams?: {id: string, text: string}[], more?: (authority: string) => string, server?: string, keys?: string, parents?: object[],
 *   plain?: boolean}} of the deployment;
 *   `upstreams` take the place of the demo's; `files` are clients as the repository's examples have them, `more` is appended to the configuration, `server` and
 *   `keys` are lines of their sections, `parents` are the people of the roster; `plain` is for a provider whose
 *   proxy does TLS
 * @returns {Promise<{issuer: string, phones: string, authority: string, certificate: string, key: string,
 *   configuration: string, run(...words: string[]): string, pid(): number, kill(): Promise<void>,
 *   start(): Promise<void>, stop(): Promise<void>}>} `kill` ends it as a power cut would
 */
export async function startProvider(log, options) {
  const { upstreams = [], name, clients, files = [], more = () => "", server = "", keys = "", parents = PARENTS, plain = false } = options;
  const folder = mkdtempSync(join(tmpdir(), `preau-${name}-`));
  const binary = resolve(process.env.PREAU_BIN ?? join(REPOSITORY, "target/debug/preau"));
  const { authority, certificate, key } = makeCertificates(folder);
  const phones = await startPhones();
  const [port, operations] = [await freePort(), await freePort()];
  const issuer = `${plain ? "http" : "https"}://localhost:${port}`;

  const deployment = join(folder, "deployment");
  cpSync(join(REPOSITORY, "config/occitanie"), deployment, { recursive: true });
  rmSync(join(deployment, "clients"), { recursive: true, force: true });
  mkdirSync(join(deployment, "clients"));
  for (const client of clients) writeFileSync(join(deployment, "clients", `${client.client_id}.toml`), toToml(client));
  rmSync(join(deployment, "upstreams"), { recursive: true, force: true });
  mkdirSync(join(deployment, "upstreams"));
  for (const { id, text } of upstreams) writeFileSync(join(deployment, "upstreams", `${id}.toml`), text);
  mkdirSync(join(folder, "keys"), { mode: 0o700 });
  for (const file of files) {
    writeFileSync(join(deployment, "clients", `${file.name}.toml`), file.text);
    writeFileSync(join(folder, "keys", `${file.client_id}.secret`), `${file.secret}\n`, { mode: 0o600 });
  }

  const configuration = join(folder, "preau.toml");
  const text = JSON.stringify;
  writeFileSync(configuration, `
[server]
issuer = ${text(issuer)}
listen = "127.0.0.1:${port}"
operations = "127.0.0.1:${operations}"
${server}
${plain ? "" : `[server.tls]
certificate = ${text(certificate)}
key = ${text(key)}
`}
[database]
url = ${text(`sqlite:${join(folder, "preau.db")}`)}

[keys]
${keys}directory = ${text(join(folder, "keys"))}

[sms]
gateway = "http"

[sms.http]
url = ${text(phones.url)}

[phones]
fictitious = ["+3363998"]

[deployment]
name = ${text(name)}
directory = ${text(deployment)}
${more(authority)}`);
  const rosters = [[`${SCHOOL.uai}-ElevesAvecAdresses.xml`, eleves], [`${SCHOOL.uai}-ResponsablesAvecAdresses.xml`,
    responsables]].map(([file, content]) => {
    const path = join(folder, file);
    writeFileSync(path, content(new Date(), parents));
    return path;
  });

  let child;
  let ended;
  const output = createWriteStream(log);
  const exit = async (signal) => {
    if (!child || ended) return;
    child.kill(signal);
    for (let n = 0; n < 100 && !ended; n += 1) await new Promise((done) => { setTimeout(done, 100); });
    if (!ended) child.kill("SIGKILL");
  };
  const start = async () => {
    ended = undefined;
    child = spawn(binary, ["serve", "--config", configuration], {
      cwd: REPOSITORY,
      env: environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const process = child;
    const end = (why) => { if (process === child) ended = why; };
    child.once("error", (error) => end(error.message));
    child.once("exit", (code, signal) => end(`it ended with ${code ?? signal}`));
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output.write(chunk));
    const began = Date.now();
    const ready = () => fetch(`http://127.0.0.1:${operations}/readyz`).then((answer) => answer.ok, () => false);
    while (!(await ready())) {
      if (ended || Date.now() - began > START_MS) {
        throw new Error(`preau serve is not ready (${ended ?? `after ${START_MS / 1000} s`}); see ${log}`);
      }
      await new Promise((done) => { setTimeout(done, 100); });
    }
  };
  const stop = async () => {
    await exit("SIGTERM");
    output.end();
    phones.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const run = (...words) => {
    const options = { cwd: REPOSITORY, env: environment(), stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" };
    try {
      return execFileSync(binary, [...words, "--config", configuration], options);
    } catch (error) {
      throw new Error(`preau ${words.join(" ")}: ${error.stdout ?? ""}${error.stderr ?? error.message}`);
    }
  };
  try {
    run("migrate");
    run("import", "--format", "siecle", "--academy", SCHOOL.academy, ...rosters);
    run("campaign", "open", "--uai", SCHOOL.uai, "--days", "15");
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  const kill = () => exit("SIGKILL");
  const pid = () => child.pid;
  return { issuer, phones: phones.url, authority, certificate, key, configuration, run, pid, kill, start, stop };
}
