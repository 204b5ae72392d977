// Client programs that others wrote, each as a site runs it: with its documentation's settings, in a process of its own
// over TLS, and with the client's file of config/examples/clients.
//
// A program has a name, the command that starts it, and the steps of a person who uses it. What it cannot do by itself
// stands in docs/relying-parties.md.

import { spawn } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join, resolve } from "node:path";
import { assert, assertEqual } from "../browser/report.js";
import { freePort } from "./provider.js";

const EXAMPLES = resolve(import.meta.dirname, "../../config/examples/clients");
const PLACE = "https://service.example";
/** Keycloak makes a whole database first. */
const START_MS = 240_000;
const SLOWEST_MS = 10_000;
export const PROGRAMS = join(import.meta.dirname, "programs");

/**
 * A client's file as it is in the repository, but for the address of the service: where it runs is known only now.
 * @returns {Promise<{name: string, site: string, client_id: string, secret: string, text: string}>}
 */
export async function example(name) {
  const site = `https://localhost:${await freePort()}`;
  const text = readFileSync(join(EXAMPLES, `${name}.toml`), "utf8").replaceAll(PLACE, site);
  const client_id = /^client_id = "([^"]+)"$/m.exec(text)[1];
  // Base64 with what must be form-encoded in a header: some programs forget to.
  const secret = `${client_id}-0123456789abcdef0123456789abcdef`;
  return { name, site, client_id, secret, text };
}

/** What the run knows of an example: its address, its client. */
export function started(name) {
  return JSON.parse(process.env.INTEROP_PROGRAMS).find((program) => program.name === name);
}

/** Starts a program and waits until it listens. Its output is kept for whoever looks for a failure. */
export async function start(program, [command, ...words], more = {}) {
  const { ISSUER, CERTIFICATE, KEY, AUTHORITY } = {
    ISSUER: process.env.INTEROP_ISSUER,
    CERTIFICATE: process.env.INTEROP_CERTIFICATE,
    KEY: process.env.INTEROP_KEY,
    AUTHORITY: process.env.NODE_EXTRA_CA_CERTS,
  };
  const log = join(import.meta.dirname, "artefacts", `${program.name}.log`);
  const child = spawn(command, words, {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: PROGRAMS,
    env: {
      ...process.env, ISSUER, CERTIFICATE, KEY, AUTHORITY, SITE: program.site, CLIENT_ID: program.client_id,
      CLIENT_SECRET: program.secret, PORT: new URL(program.site).port, REQUESTS_CA_BUNDLE: AUTHORITY, SSL_CERT_FILE: AUTHORITY, ...more,
    },
  });
  const output = createWriteStream(log);
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output.write(chunk));
  let ended;
  child.once("error", (error) => { ended = error.message; });
  child.once("exit", (code, signal) => { ended ??= `it ended with ${code ?? signal}`; });
  const wait = (ms) => new Promise((done) => { setTimeout(done, ms); });
  const stop = async () => {
    child.kill("SIGTERM");
    for (let n = 0; n < 50 && !ended; n += 1) await wait(100);
    if (!ended) child.kill("SIGKILL");
  };
  const listens = () => new Promise((done) => {
    const socket = createConnection(Number(new URL(program.site).port), "127.0.0.1");
    socket.once("connect", () => { socket.destroy(); done(true); }).once("error", () => done(false));
  });
  const began = Date.now();
  while (!(await listens())) {
    if (ended || Date.now() - began > START_MS) {
      await stop();
      throw new Error(`${program.name} does not start (${ended ?? "too slow"}); see ${log}`);
    }
    await wait(100);
  }
  return { stop };
}

/** What the program's page shows. */
export function shown(browser) {
  const text = browser.page.querySelector("#shown")?.textContent;
  if (!text) throw new Error(`${browser.url} shows nothing (${browser.status}): ${browser.text().slice(0, 300)}`);
  const value = JSON.parse(text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&#x27;", "'").replaceAll("&amp;", "&"));
  if (value?.failed) throw new Error(`the program says ${value.failed}`);
  return value;
}

/** A person at the program: `request` is what the program asked the provider for. */
export class Visitor {
  constructor(program, person) {
    Object.assign(this, { program, person, browser: person.browser, request: undefined });
  }

  /** Opens a page that wants a sign-in, signs in if asked, and is back at the program. */
  async arrive(path) {
    return this.#answer(await this.browser.open(`${this.program.site}${path}`, { stop: this.#authorize() }), path);
  }

  /** The same; gives what the program shows then. */
  async enter(path) {
    await this.arrive(path);
    return shown(this.browser);
  }

  /** The same by a button of the page that is open. */
  async press(button, fields = {}) {
    await this.#answer(await this.browser.submit(button, fields, this.#authorize()), button);
    return shown(this.browser);
  }

  /** Opens a page of the program; nothing is asked. */
  async look(path) {
    const asked = await this.browser.open(`${this.program.site}${path}`, { stop: this.#authorize() });
    assert(!asked, `${path} asks for a sign-in`);
    return shown(this.browser);
  }

  /** Whether the program still knows the person without asking the provider. */
  async isIn(path) {
    const asked = await this.browser.open(`${this.program.site}${path}`, { stop: this.#authorize() });
    if (asked || !this.browser.has("#shown")) return false;
    // A page that asks userinfo fails between the end of the session and the word of it: it knows the person still.
    return this.browser.status >= 500 || shown(this.browser) !== null;
  }

  /** Leaves by a page of the program, says yes at the provider, and is then signed out there; back at the site, if so. */
  async leave(path, back, sent) {
    const { browser, person } = this;
    const end = `${process.env.INTEROP_ISSUER}/oauth2/logout`;
    const asked = sent ?? await browser.open(`${this.program.site}${path}`, { stop: end });
    assert(asked, `${path} leads not to the provider, but to ${browser.url}: ${browser.text()}`);
    const parted = await person.leave(asked, back === undefined ? "none:" : `${this.program.site}${back}`);
    if (back !== undefined) assert(parted, `rests on ${browser.url}: ${browser.text()}`);
    await browser.open(`${process.env.INTEROP_ISSUER}/compte`);
    assert(browser.has("#se-connecter"), `still signed in at the provider: ${browser.url}`);
  }

  /** Told by the back channel that the session ended, the program asks again. */
  async isToldToLeave(path) {
    const { browser } = this;
    await this.person.leave(`${process.env.INTEROP_ISSUER}/oauth2/logout`, "none:");
    const began = Date.now();
    while (await this.isIn(path)) {
      if (Date.now() - began > SLOWEST_MS) throw new Error(`still signed in at ${browser.url}`);
      await new Promise((done) => { setTimeout(done, 100); });
    }
  }

  #authorize() {
    return `${process.env.INTEROP_ISSUER}/oauth2/authorize?`;
  }

  async #answer(asked, what) {
    const { browser, person, program } = this;
    assert(asked, `${what} asks for no sign-in, but rests on ${browser.url}: ${browser.text().slice(0, 300)}`);
    this.request = asked.searchParams;
    await person.answer(asked);
    // The answer as a form, which a browser sends by itself where it has scripts.
    if (browser.has(`form[action^="${program.site}"] #continuer`)) await browser.submit("#continuer");
    assert(browser.url.startsWith(program.site), `rests on ${browser.url}: ${browser.text().slice(0, 300)}`);
  }
}

/** What a confidential program sent to protect its code, for docs/relying-parties.md. */
export function assertSent(visitor, { pkce, nonce }) {
  const sent = { pkce: visitor.request.has("code_challenge"), nonce: visitor.request.has("nonce") };
  assertEqual(JSON.stringify(sent), JSON.stringify({ pkce, nonce }), "what it sends by itself");
}

/** One program: started, used, stopped. */
export async function use(report, program, command, steps, more) {
  await report.scenario(program.name, async () => {
    const running = await report.step(`${program.name}: starts`, () => start(program, command, more));
    try {
      await steps();
    } finally {
      await running.stop();
    }
  });
}
