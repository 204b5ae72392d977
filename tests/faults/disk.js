// RT-03: a disk that is full, and one that reports errors, under SQLite. RT-25: a reader that holds on, and many writers.

import { execFileSync, spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEqual } from "../browser/report.js";
import { House, inHouse } from "./house.js";
import { sleep, together } from "./load.js";
import { Oracle } from "./oracle.js";
import { failuresOf, loadOn, percentile, within } from "./steady.js";
import { activate, person, signIn } from "./walks.js";

const LIMITS = { sms: "min_conversion_percent = 0", config: "[limits]\nactivations = 100000\nactivations_of_browser = 100000" };
const RECOVERS_MS = 5_000;
/** RT-25: what the write-ahead log may come to, in bytes. */
const MOST_WAL = 64 * 1024 * 1024;

function mountRoom(megabytes) {
  const folder = mkdtempSync(join(tmpdir(), "preau-faults-room-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder], { stdio: "pipe" });
  return folder;
}

/** Takes all the room that is left, to the last byte. */
function fill(folder) {
  const file = openSync(join(folder, "filler"), "w");
  for (const size of [1 << 20, 1 << 12, 1]) {
    const block = Buffer.alloc(size);
    try {
      while (writeSync(file, block) > 0);
    } catch (error) {
      if (error.code !== "ENOSPC") throw error;
    }
  }
  closeSync(file);
}

/** Activations without a pause, until `work` is over: whoever was told something is in the oracle. */
async function activating(house, oracle, from, work) {
  let number = from;
  let over = false;
  const statuses = new Map();
  const loops = Array.from({ length: 6 }, async () => {
    while (!over && number < house.parents.length) {
      const who = person(house, number++);
      await activate(house, who).catch(() => {
        const { status } = who.browser;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      });
      oracle.acknowledge(who);
      await sleep(20);
    }
  });
  await work();
  over = true;
  await Promise.all(loops);
  return { next: number, statuses };
}

/** Until so many passwords are acknowledged: a new roster's names are still being indexed, and the machine may be slow. */
async function reaches(oracle, many) {
  for (const until = Date.now() + 60_000; oracle.passwords.length < many && Date.now() < until;) await sleep(100);
  assert(oracle.passwords.length >= many, `only ${oracle.passwords.length} passwords in a minute`);
}

async function full(print) {
  const folder = mountRoom(24);
  let house;
  try {
    house = await House.open("full", { servers: 1, postgres: false, folder, parents: 300, accounts: 0, ...LIMITS });
    const [server] = house.servers;
    const oracle = new Oracle(house);
    let noticed;
    let recovered;
    const { next, statuses } = await activating(house, oracle, 0, async () => {
      await reaches(oracle, 3);
      fill(folder);
      noticed = await server.untilNotReady(60_000);
      await sleep(4_000);
      rmSync(join(folder, "filler"));
      recovered = await server.untilReady(60_000);
      await sleep(2_000);
    });
    const before = oracle.passwords.length;
    await activating(house, oracle, next, () => reaches(oracle, before + 1));
    print(`RT-03 full: not ready ${Math.round(noticed)} ms after the last byte, ready ${Math.round(recovered)} ms after there was room`
      + ` (at most ${RECOVERS_MS}); ${oracle.passwords.length} passwords acknowledged, 0 lost; pages meanwhile: ${JSON.stringify([...statuses])}`);
    assertEqual(server.ended, undefined, "the server ended");
    assert(!statuses.has(500), "an error that is nobody's fault was 500");
    within("ready again", recovered, RECOVERS_MS);
    assert(oracle.passwords.length > before, "nobody is let in afterwards");
    oracle.check({ audit: true });
    await oracle.signIn(20);
  } finally {
    await house?.close();
    execFileSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Has the kernel refuse some calls of the server, until `work` is over. */
async function refusing(server, inject, work) {
  const tracer = spawn("strace", ["-f", "-qq", "-e", `trace=${inject.split(":")[0]}`, "-e", `inject=${inject}`, "-o", "/dev/null",
    "-p", String(server.pid)], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  tracer.stderr.on("data", (chunk) => { said += chunk; });
  const ended = new Promise((done) => { tracer.once("exit", done); });
  await sleep(1_500);
  assertEqual(tracer.exitCode, null, `strace: ${said}`);
  try {
    await work();
  } finally {
    tracer.kill("SIGINT");
    await ended;
  }
}

async function broken(name, inject, print) {
  await inHouse(name, { servers: 1, postgres: false, parents: 800, accounts: 0, ...LIMITS }, async (house) => {
    const [server] = house.servers;
    const oracle = new Oracle(house);
    const first = await activating(house, oracle, 0, () => sleep(2_000));
    let during;
    await refusing(server, inject, async () => {
      const told = oracle.passwords.length;
      during = await activating(house, oracle, first.next, () => sleep(5_000));
      // The kernel kept nothing for sure from then on: whoever is told something now must find it later.
      during.acknowledged = oracle.passwords.length - told;
    });
    const how = server.ended;
    if (how !== undefined) await server.start();
    const back = await server.untilReady(60_000);
    // As after a power cut, what the server believes and what is on the disk must be the same.
    await server.stop("SIGKILL");
    await server.start();
    oracle.check();
    await activating(house, oracle, during.next, () => sleep(2_000));
    oracle.check({ audit: true });
    await oracle.signIn(15);
    print(`RT-03 ${inject}: ${how === undefined ? `it went on, ready ${Math.round(back)} ms later` : `it ended (${how})`};`
      + ` acknowledged meanwhile ${during.acknowledged} (0), pages ${JSON.stringify([...during.statuses])};`
      + ` ${oracle.passwords.length} passwords acknowledged in all, 0 lost`);
    assertEqual(during.acknowledged, 0, "passwords that were acknowledged although nothing could be written");
    within("ready again", how === undefined ? back : 0, RECOVERS_MS);
    assert(!during.statuses.has(500), "an error that is nobody's fault was 500");
  });
}

async function pressed(print) {
  await inHouse("pressed", { servers: 1, postgres: false, parents: 400, accounts: 200 }, async (house) => {
    const [server] = house.servers;
    await signIn(house, 0);
    const wal = () => statSync(join(house.folder, "preau.db-wal")).size;
    // A reader that keeps its snapshot: nothing after it can be put back into the file.
    const reader = spawn("sqlite3", [join(house.folder, "preau.db")], { stdio: ["pipe", "pipe", "inherit"] });
    reader.stdin.write("BEGIN; SELECT COUNT(*) FROM account;\n");
    await new Promise((done) => { reader.stdout.once("data", done); });
    const seconds = 60;
    const until = Date.now() + seconds * 1_000;
    const all = [];
    let largest = 0;
    const watch = setInterval(() => { largest = Math.max(largest, wal()); }, 200);
    await together(64, Array.from({ length: 64 }, (_, n) => n), async (n) => {
      for (let turn = 0; Date.now() < until; turn += 1) {
        const number = (n + 64 * turn) % 200;
        const began = performance.now();
        const one = { kind: "sign-in", ok: true };
        await signIn(house, number, { at: server }).catch((error) => Object.assign(one, { ok: false, status: error.status, words: error.message }));
        one.ms = performance.now() - began;
        all.push(one);
      }
    });
    clearInterval(watch);
    reader.stdin.end("COMMIT;\n.quit\n");
    const busy = server.said.split("\n").filter((line) => /database is locked|SQLITE_BUSY/i.test(line)).length;
    // Once the reader is gone the file is taken back.
    const under = loadOn(house, { rate: 5, mix: { "sign-in": 1 }, at: server });
    await sleep(5_000);
    await under.end();
    const overload = all.filter(({ ok, status }) => !ok && status === 503).length;
    print(`RT-25: 64 writers for ${seconds} s behind a reader that holds on: ${all.length} sign-ins, ${overload} told to come back,`
      + ` p99 ${percentile(all.map(({ ms }) => ms), 0.99)} ms, ${busy} times busy (0); the log grew to`
      + ` ${(largest / 1048576).toFixed(1)} MiB and is ${(wal() / 1048576).toFixed(1)} MiB after it (at most 64)`);
    assertEqual(failuresOf(all.filter(({ status }) => status !== 503)), "", "failures");
    assertEqual(busy, 0, "lines that say busy");
    assert(wal() <= MOST_WAL && largest <= MOST_WAL, `the log has ${largest} bytes`);
  });
}

export async function disk(report, { short, print }) {
  if (process.getuid() === 0) {
    await report.check("RT-03 a full disk acknowledges nothing that is lost, and is over when there is room", () => full(print));
  } else report.skip("RT-03 a full disk", "needs root to mount a small one");
  if (short) return;
  await report.check("RT-25 a reader that holds on and 64 writers make nothing busy", () => pressed(print));
  if (existsSync("/usr/bin/strace")) {
    await report.check("RT-03 a disk whose syncs fail acknowledges nothing", () =>
      broken("eio", "fdatasync,fsync:error=EIO", print));
    await report.check("RT-03 a disk that refuses to be written acknowledges nothing", () =>
      broken("enospc", "pwrite64:error=ENOSPC", print));
  } else report.skip("RT-03 by strace", "strace is not installed");
}
