// A PostgreSQL that dies, is slow, holds its locks, or is out of one server's reach.

import { assert, assertEqual } from "../browser/report.js";
import { inHouse } from "./house.js";
import { sleep } from "./load.js";
import { Oracle } from "./oracle.js";
import { failuresOf, loadOn, percentile, within } from "./steady.js";
import { hasStores } from "./stores.js";
import { APP, exchange, obtainCode, person, refresh, signIn } from "./walks.js";

/** RT-04: a sign-in is answered again so soon after PostgreSQL accepts connections. */
const BACK_MS = 3_000;
const DOWN_MS = 3_000;
/** RT-06: the answer to a password, and everything again after it. */
const SLOW_MS = 2_000;
const RECOVERY_MS = 5_000;
/** RT-22: a server that cannot reach its database says so in time. */
const NOT_READY_MS = 2_000;
/** RT-22: a request that waits for a connection that hears nothing is given up after 30 seconds, and the connection with it. */
const FORGOTTEN_MS = 45_000;
/** Nobody waits longer for a refusal. */
const REFUSAL_MS = 12_000;

/** Tries until it works. @returns milliseconds */
async function until(work, limit) {
  const began = performance.now();
  for (;;) {
    const worked = await work().then(() => true, () => false);
    const took = performance.now() - began;
    if (worked) return took;
    if (took > limit) throw new Error(`nothing works again within ${limit} ms`);
    await sleep(50);
  }
}

/** Failures that nobody was told to come back from. */
const untold = (all) => all.filter(({ ok, status, retryAfter }) => !ok && !(status === 503 && Number(retryAfter) > 0));

async function death(print, short) {
  await inHouse("death", { servers: 2, parents: 60 }, async (house) => {
    const oracle = new Oracle(house);
    const { tokens } = await signIn(house, 0, { client: APP });
    const pids = house.servers.map(({ pid }) => pid).join();
    const under = loadOn(house, { rate: short ? 8 : 30, mix: { "sign-in": 1, token: 1, discovery: 1 }, at: house.servers[0] });
    await sleep(2_000);
    const from = performance.now();
    house.postgres.crash();
    await sleep(DOWN_MS);
    house.postgres.start();
    const accepts = performance.now();
    const back = await until(() => signIn(house, 1, { at: house.servers[0] }), 20_000);
    await sleep(3_000);
    const all = await under.end();
    const failed = all.filter(({ ok }) => !ok);
    const outside = failed.filter(({ began, ended }) => ended < from || began > accepts + BACK_MS);
    print(`RT-04: ${all.length} requests, ${failed.length} failed (${failuresOf(all)}), ${outside.length} of them outside of the`
      + ` window (0); a sign-in ${Math.round(back)} ms after it accepts (at most ${BACK_MS})`);
    assertEqual(house.servers.map(({ pid }) => pid).join(), pids, "the servers' processes");
    for (const server of house.servers) assertEqual(server.ended, undefined, "a server ended");
    assertEqual(failuresOf(outside), "", "failures outside of the window");
    assertEqual(failuresOf(untold(all)), "", "failures that do not say when to come back");
    within("a sign-in", back, BACK_MS);
    assertEqual((await refresh(house, tokens.refresh_token, { client: APP })).status, 200, "a refresh token from before");
    oracle.check({ audit: true });
  });
}

async function slowness(print, short) {
  await inHouse("slow", { servers: 1, postgres: true, parents: 60 }, async (house) => {
    const [server] = house.servers;
    await signIn(house, 0);
    const seconds = short ? 4 : 20;
    const passwords = [];
    house.heard = ({ method, path, ms }) => { if (method === "POST" && path.startsWith("/connexion")) passwords.push(ms); };
    // 200 ms a round trip, more or less.
    server.database.delay(100, 50);
    const slow = loadOn(house, { rate: short ? 4 : 10, mix: { "sign-in": 1 }, at: server });
    await sleep(seconds * 1_000);
    const slowly = await slow.end();
    house.heard = undefined;
    const walks = percentile(slowly.map(({ ms }) => ms), 0.99);
    const p99 = percentile(passwords, 0.99);
    server.database.pass();
    const after = await until(() => signIn(house, 1), RECOVERY_MS);

    // Whoever holds a lock holds up everybody who writes there.
    const connections = () => house.count("SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'preau'");
    const before = connections();
    const lock = house.postgres.later("BEGIN; LOCK TABLE account, session IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(8); COMMIT", house.database);
    await sleep(500);
    const locked = loadOn(house, { rate: 20, mix: { "sign-in": 1, discovery: 3 }, at: server });
    await sleep(6_000);
    const free = locked.end();
    await lock;
    const again = await until(() => signIn(house, 2), RECOVERY_MS);
    const all = await free;
    const documents = percentile(all.filter(({ kind }) => kind === "discovery").map(({ ms }) => ms), 0.99);
    const longest = Math.max(...all.map(({ ms }) => ms));
    await sleep(1_000);
    const left = connections();
    print(`RT-06: at 200 ms a round trip a password is answered within ${p99} ms (99 %, at most ${SLOW_MS}), a whole sign-in`
      + ` within ${walks} ms, failures: ${failuresOf(slowly) || 0}; well ${Math.round(after)} ms later`);
    print(`RT-06: behind a lock of 8 s ${all.length} requests: ${failuresOf(all) || "none failed"}; discovery within ${documents} ms;`
      + ` nobody waited longer than ${Math.round(longest)} ms; well after ${Math.round(again)} ms; connections ${before} before, ${left} after`);
    assertEqual(failuresOf(slowly), "", "sign-ins at a slow database");
    within("99 % of the passwords", p99, SLOW_MS);
    assertEqual(failuresOf(untold(all)), "", "failures that do not say when to come back");
    within("the longest wait", longest, REFUSAL_MS);
    // Ten to read and ten to write.
    assert(left <= 20, `${left} connections`);
  });
}

async function partition(print) {
  await inHouse("partition", { servers: 2, parents: 60 }, async (house) => {
    const [a, b] = house.servers;
    const oracle = new Oracle(house);
    const codes = await Promise.all([1, 2, 3, 4].map((number) => obtainCode(house, person(house, number, () => a))));
    const under = loadOn(house, { rate: 8, mix: { "sign-in": 1, token: 1 } });
    await sleep(1_000);
    const from = performance.now();
    a.database.hold();
    const noticed = await a.untilNotReady(10_000);
    // Each code at both, while A hears nothing of its database.
    const tries = codes.map(async (code) => {
      const answers = await Promise.all([a, b].map((at) => exchange(house, code, { at, timeout: 90_000 }).catch(() => ({ status: 0 }))));
      return answers.filter(({ status }) => status === 200).length;
    });
    await sleep(60_000);
    const until = performance.now();
    a.database.pass();
    const back = await a.untilReady(20_000);
    for (const won of await Promise.all(tries)) assert(won <= 1, `a code was worth tokens ${won} times`);
    for (const code of codes) {
      for (const at of [a, b]) assert((await exchange(house, code, { at })).status !== 200, "a code that was tried is worth tokens");
    }
    const all = await under.end();
    // Those that were under way at A, or sent there before it left the rotation.
    const late = all.filter(({ ok, began }) => !ok && began > from + NOT_READY_MS + 500 && began < until);
    print(`RT-22: A was not ready after ${Math.round(noticed)} ms (at most ${NOT_READY_MS}) and is again after ${Math.round(back)} ms;`
      + ` ${all.length} requests, ${all.filter(({ ok }) => !ok).length} failed, ${late.length} of them after A had left (0)`);
    within("A is not ready", noticed, NOT_READY_MS);
    assertEqual(failuresOf(late), "", "failures while B served");
    oracle.check({ audit: true });
  });
}

/** A firewall or a machine that went without a word: what is open hears nothing more, new connections are answered. */
async function forgotten(print) {
  await inHouse("forgotten", { servers: 1, postgres: true, parents: 40 }, async (house) => {
    const [server] = house.servers;
    const under = loadOn(house, { rate: 15, mix: { "sign-in": 1, token: 2 }, at: server });
    await sleep(2_000);
    server.database.abandon();
    const began = performance.now();
    const away = server.untilNotReady(3_000).catch(() => {});
    await away;
    const back = await until(async () => {
      await signIn(house, 0, { at: server });
    }, 120_000);
    const took = performance.now() - began;
    await sleep(10_000);
    const all = await under.end();
    const late = all.filter(({ ok, began: at }) => !ok && at > began + took);
    const longest = Math.max(...all.map(({ ms }) => ms));
    print(`RT-22: connections that hear nothing more: a sign-in ${Math.round(back)} ms later (at most ${FORGOTTEN_MS}); nobody waited longer than`
      + ` ${Math.round(longest)} ms; failures: ${failuresOf(all) || 0}; after that ${late.length} (0)`);
    within("a sign-in", took, FORGOTTEN_MS);
    assertEqual(failuresOf(late), "", "failures afterwards");
  });
}

export async function database(report, { short, print }) {
  if (!hasStores()) {
    report.skip("RT-04, RT-06 and RT-22", "no PostgreSQL was started");
    return;
  }
  await report.check("RT-04 a PostgreSQL that dies under load is an outage while it is away, and no longer", () => death(print, short));
  if (short) return;
  await report.check("RT-22 a server that is cut off from its database leaves, and no code serves twice", () => partition(print));
  await report.check("RT-22 connections that hear nothing more are replaced", () => forgotten(print));
  await report.check("RT-06 a slow database, and one that is locked, slow nothing down for ever", () => slowness(print, short));
}
