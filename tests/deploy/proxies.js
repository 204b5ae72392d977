// HAProxy and nginx by the files of config/deploy, as `room` has laid them out.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ADDRESSES } from "./servers.js";
import { ask } from "./ask.js";

const DEPLOY = join(import.meta.dirname, "../../config/deploy");
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });

class Proxy {
  said = "";
  running = [];

  /** Reads its configuration, and says what is wrong with it. */
  check(program, ...words) {
    try {
      execFileSync(program, words, { stdio: "pipe" });
    } catch (error) {
      throw new Error(`${program}: ${error.stdout}${error.stderr}`);
    }
  }

  run(program, ...words) {
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => { this.said += chunk; });
    return { child, ended: new Promise((done) => { child.once("exit", done); }) };
  }

  /** Waits until it answers from a server. */
  async answers() {
    for (let n = 0; n < 100; n += 1) {
      if ((await ask("/healthz").then(({ status }) => status, () => 0)) === 404) return;
      await sleep(100);
    }
    throw new Error(`${this.name} does not answer: ${this.said.slice(-2_000)}`);
  }

  async stop() {
    for (const { child, ended } of this.running) {
      child.kill("SIGTERM");
      await ended;
    }
  }
}

export class HaProxy extends Proxy {
  name = "HAProxy";

  async start() {
    this.check("haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg");
    this.running = [this.run("haproxy", "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg")];
    await this.answers();
  }

  log() {
    return this.said;
  }
}

export class Nginx extends Proxy {
  name = "nginx";

  async start() {
    // As if nothing had looked yet.
    const lines = ADDRESSES.map((address) => `server ${address}:8080 max_fails=1 fail_timeout=1s;\n`);
    writeFileSync("/etc/nginx/preau-upstreams.conf", lines.join(""));
    this.check("nginx", "-t", "-q");
    const servers = ADDRESSES.map((address) => `${address}:8080=${address}:9080`);
    this.running = [this.run("nginx", "-g", "daemon off;")];
    await this.answers();
    this.running.unshift(this.run(join(DEPLOY, "nginx/preau-upstreams"), ...servers));
  }

  log() {
    return existsSync("/var/log/nginx/preau.log") ? readFileSync("/var/log/nginx/preau.log", "utf8") : "";
  }
}
