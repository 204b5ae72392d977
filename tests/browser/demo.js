// The built binary as a family meets it: `preau demo` in a folder of its own, and the phones that get its codes.

import { execFile, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { pause } from "./browsers.js";

export const COLLEGE = "http://localhost:8090/";
export const BOURSES = "http://localhost:8090/bourses";
export const PROVIDER = "http://localhost:8080";
const READY = "http://127.0.0.1:9080/readyz";
const MESSAGES = "http://localhost:8090/sms/messages.json";
const MAILS = "http://localhost:8090/courrier/messages.json";
const PORTS = [8080, 8090, 8025, 9080];
const START_MS = 60_000;

const REPOSITORY = resolve(import.meta.dirname, "../..");

function taken(port) {
  return new Promise((done) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => { socket.destroy(); done(true); });
    socket.once("error", () => done(false));
  });
}

async function answers(url) {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}

/**
 * Starts the demo afresh and waits until it is ready.
 * @param {string} log file that takes what it prints
 * @returns {Promise<{milliseconds: number, greeting: string, data: string, command(...string): Promise<void>, stop(): Promise<void>}>}
 */
export async function startDemo(log) {
  for (const port of PORTS) {
    if (await taken(port)) throw new Error(`port ${port} is taken: stop the demo that runs there`);
  }
  const data = await mkdtemp(join(tmpdir(), "preau-demo-"));
  const binary = resolve(process.env.PREAU_BIN ?? join(REPOSITORY, "target/debug/preau"));
  const began = Date.now();
  const child = spawn(binary, ["demo", "--data", data, "--fresh"], {
    cwd: REPOSITORY,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = createWriteStream(log);
  let ended;
  child.once("error", (error) => { ended = error.message; });
  child.once("exit", (code, signal) => { ended = `it ended with ${code ?? signal}`; output.end(); });
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output.write(chunk));
  let greeting = "";
  child.stdout.setEncoding("utf8").on("data", (text) => { greeting += text; });

  const stop = async () => {
    if (!ended) {
      child.kill("SIGTERM");
      for (let n = 0; n < 100 && !ended; n += 1) await pause(100);
      if (!ended) {
        child.kill("SIGKILL");
        throw new Error("preau demo did not stop within 10 s of SIGTERM");
      }
    }
    await rm(data, { recursive: true, force: true });
  };

  while (!((await answers(READY)) && (await answers(COLLEGE)))) {
    if (ended || Date.now() - began > START_MS) {
      await stop().catch(() => {});
      throw new Error(`preau demo is not ready (${ended ?? `after ${START_MS / 1000} s`}); see ${log}`);
    }
    await pause(100);
  }
  /** Runs another command beside the demo, as an operator does. */
  const command = async (...words) => {
    await promisify(execFile)(binary, ["--config", join(data, "preau.toml"), ...words], { cwd: REPOSITORY });
  };
  return { milliseconds: Date.now() - began, greeting, data, command, stop };
}

/** The account that the demo's greeting names: {identifiant, password}. */
export function greetedAccount(greeting) {
  const found = /Identifiant (\S+) +Mot de passe (\S+)/.exec(greeting);
  if (!found) throw new Error(`no account in the greeting:\n${greeting}`);
  return { identifiant: found[1], password: found[2] };
}

/** What is typed from the letter that the greeting names for a person: {identifiant, code}. */
export function greetedLetter(greeting, name) {
  const line = greeting.split("\n").find((one) => one.includes(`${name}, `)) ?? "";
  const found = /(\S+) +([A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4})$/.exec(line);
  if (!found) throw new Error(`no letter of ${name} in the greeting:\n${greeting}`);
  return { identifiant: found[1], code: found[2] };
}

async function received(url, to) {
  const all = await (await fetch(url)).json();
  return all.filter((message) => to === undefined || message.to === to);
}

async function nextCodeOf(url, to, known, seconds) {
  const before = new Set(known.map((message) => message.id));
  for (let n = 0; n < seconds * 10; n += 1) {
    const fresh = (await received(url, to)).find((message) => !before.has(message.id));
    if (fresh) {
      const code = /\b(\d{6})\b/.exec(fresh.text)?.[1];
      if (!code) throw new Error(`no code in « ${fresh.text} »`);
      return code;
    }
    await pause(100);
  }
  throw new Error(`no message to ${to} within ${seconds} s`);
}

/** The messages of the demo's phones, newest first. */
export function messages(to) {
  return received(MESSAGES, to);
}

/** Waits for a message to `to` beyond the `known` ones and gives the six digits in it. */
export function nextCode(to, known, seconds = 20) {
  return nextCodeOf(MESSAGES, to, known, seconds);
}

/** The mails of the demo's mailboxes, newest first. */
export function mails(to) {
  return received(MAILS, to);
}

/** Waits for a mail to `to` beyond the `known` ones and gives the six digits in it. */
export function nextMailCode(to, known, seconds = 20) {
  return nextCodeOf(MAILS, to, known, seconds);
}
