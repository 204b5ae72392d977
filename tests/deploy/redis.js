// Two Redis with three sentinels, the master of which is killed, comes back, and hangs: behind
// config/deploy/haproxy/redis.cfg, by [ephemeral] sentinels, and the latter with Valkey.

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Server, doctor } from "./servers.js";

const CONFIGURATION = join(import.meta.dirname, "../../config/deploy/haproxy/redis.cfg");
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });
const [FIRST, SECOND, THIRD] = ["10.0.0.31", "10.0.0.32", "10.0.0.33"];

const SENTINELS = [FIRST, SECOND, THIRD].map((address) => `${address}:26379`);
const REDIS = { name: "Redis", server: "redis-server", cli: "redis-cli" };
/** Where tests/run has unpacked it. */
const VALKEY = process.env.DEPLOY_VALKEY && {
  name: "Valkey", server: join(process.env.DEPLOY_VALKEY, "valkey-server"), cli: join(process.env.DEPLOY_VALKEY, "valkey-cli"),
};

/** Every way to it that there is. @returns {Promise<string>} what the programs said */
export async function checkRedis(report, folder) {
  const ways = [[REDIS, "haproxy"], [REDIS, "sentinels"], ...(VALKEY ? [[VALKEY, "sentinels"]] : [])];
  let said = "";
  for (const [number, [product, way]] of ways.entries()) {
    said += await checkWay(report, join(folder, `redis-${number}`), product, way);
  }
  return said;
}

async function checkWay(report, folder, product, way) {
  mkdirSync(folder);
  const running = new Map();
  let said = `${product.name} by ${way}\n`;
  const run = (name, program, ...words) => {
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => { said += chunk; });
    running.set(name, child);
  };
  const redis = (address, ...more) => {
    const at = join(folder, address);
    mkdirSync(at, { recursive: true });
    // All are on one machine: each says which of its addresses it is.
    const own = ["--bind", address, "--bind-source-addr", address, "--replica-announce-ip", address, "--dir", at];
    run(address, product.server, ...own, "--protected-mode", "no", "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", ...more);
  };
  // Nobody else here speaks the third version of Redis' protocol.
  const isPreau = (clients) => / resp=3/.test(clients);
  const ask = (address, ...words) => execFileSync(product.cli, ["-h", address, ...words], { encoding: "utf8" }).trim();

  const through = way === "haproxy" ? "HAProxy, which asks the sentinels" : "the sentinels of the configuration";
  await report.check(`a ${product.name} that is killed, comes back or hangs is found again through ${through}`, async () => {
    redis(FIRST);
    redis(SECOND, "--replicaof", FIRST, "6379");
    for (const address of [FIRST, SECOND, THIRD]) {
      const file = join(folder, `sentinel-${address}.conf`);
      writeFileSync(file, `bind ${address}
port 26379
protected-mode no
bind-source-addr ${address}
sentinel announce-ip ${address}
sentinel monitor preau ${FIRST} 6379 2
sentinel down-after-milliseconds preau 1500
sentinel failover-timeout preau 10000
`);
      run(`sentinel ${address}`, product.server, file, "--sentinel");
    }
    const settings = { PREAU__EPHEMERAL__URL_FILE: "/etc/preau/redis-url-sentinel" };
    if (way === "haproxy") run("haproxy", "haproxy", "-W", "-db", "-f", CONFIGURATION);
    else settings.PREAU__EPHEMERAL__SENTINELS = SENTINELS.join(",");
    const host = way === "haproxy" ? "127.0.0.1:6379" : "whom-sentinels-name";
    writeFileSync("/etc/preau/redis-url-sentinel", `redis://${host}\n`, { mode: 0o600 });
    // A sentinel learns of the replica from what the master says every ten seconds.
    await sleep(12_000);
    const server = new Server("10.0.0.13", settings);
    await server.start();
    const told = (words) => {
      const line = doctor(settings).split("\n").find((text) => text.includes("ephemeral store"));
      if (!line?.includes(words)) throw new Error(`doctor: ${line}, not ${words}`);
    };
    if (way === "sentinels") {
      told(`at ${FIRST}:6379, as 3 of 3 sentinels say`);
      if (!ask(FIRST, "INFO", "server").includes(product.name.toLowerCase())) throw new Error(`it is no ${product.name}`);
    }
    /** Until it is ready without a break for a second, at most half a minute. @returns milliseconds without */
    const away = async () => {
      const began = Date.now();
      let [first, last] = [0, 0];
      while (Date.now() - began < 30_000) {
        if (!(await server.isReady())) {
          last = Date.now();
          first ||= last;
        } else if (first && Date.now() - last > 1_000) {
          return last - first;
        }
        await sleep(50);
      }
      throw new Error(first ? "it was not found again" : "nothing was noticed");
    };
    try {
      running.get(FIRST).kill("SIGKILL");
      const killed = await away();
      if (!ask(SECOND, "ROLE").startsWith("master")) throw new Error("the replica was not promoted");
      if (!isPreau(ask(SECOND, "CLIENT", "LIST"))) throw new Error("Préau is not at the new master");
      // The former master says for some seconds that it is one.
      redis(FIRST);
      let [lies, wrong] = [0, 0];
      for (let n = 0; n < 150; n += 1) {
        await sleep(100);
        if (!(await server.isReady())) wrong += 1;
        const role = (() => { try { return ask(FIRST, "ROLE"); } catch { return ""; } })();
        if (!role.startsWith("master")) continue;
        lies += 1;
        if (isPreau(ask(FIRST, "CLIENT", "LIST"))) throw new Error("Préau went to the former master");
      }
      if (!ask(FIRST, "ROLE").startsWith("slave")) throw new Error("the former master is not a replica");
      await sleep(2_000);
      running.get(SECOND).kill("SIGSTOP");
      const hung = await away();
      running.get(SECOND).kill("SIGCONT");
      if (way === "sentinels") {
        told(`at ${FIRST}:6379, as 3 of 3 sentinels say`);
        // Who is left without a majority stays where it is. At the end: a sentinel that slept looks on for 30 seconds.
        for (const address of [SECOND, THIRD]) running.get(`sentinel ${address}`).kill("SIGSTOP");
        for (let n = 0; n < 30; n += 1) {
          await sleep(100);
          if (!(await server.isReady())) throw new Error("not ready while sentinels were away");
        }
        told("more than half of the sentinels must name the same master");
      }
      console.log(`        killed: ${killed} ms; hung: ${hung} ms; a former master said ${lies} times that it is one:`
        + ` not ready ${wrong} times`);
      if (wrong > 0) throw new Error("not ready while the former master came back");
    } finally {
      await server.stop("SIGINT");
    }
  });
  for (const child of running.values()) {
    child.kill("SIGCONT");
    child.kill("SIGTERM");
  }
  await sleep(500);
  return said;
}
