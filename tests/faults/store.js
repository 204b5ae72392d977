// RT-07: a Redis that hangs, is gone, is emptied, is full or only a replica, under load, below two servers.

import { assert, assertEqual } from "../browser/report.js";
import { inHouse } from "./house.js";
import { sleep } from "./load.js";
import { Oracle } from "./oracle.js";
import { failuresOf, loadOn, within } from "./steady.js";
import { hasStores } from "./stores.js";
import { assertion, SIGNING, exchange, obtainCode, person, post, refresh, signIn, userinfo, wrong } from "./walks.js";

/** A hang is noticed after 250 ms (`ephemeral.answer_ms`); with the rest of a request that is told within so long. */
const TOLD_MS = 1_000;
const BACK_MS = 5_000;

const untold = (all) => all.filter(({ ok, status, retryAfter }) => !ok && !(status === 503 && Number(retryAfter) > 0));

/** A store that is away for a time, by what makes it so and what ends it. */
async function away(house, words, seconds, begin, end, print) {
  const { who, tokens } = await signIn(house, 0);
  const under = loadOn(house, { rate: 10, mix: { "sign-in": 1, token: 1 }, at: house.servers[0] });
  await sleep(1_500);
  const from = performance.now();
  begin();
  await sleep(1_000);
  // What needs no store goes on: a session, a token, the own door.
  const answered = await userinfo(house, tokens.access_token, { at: house.servers[0] });
  assertEqual(answered.status, 200, `${words}: userinfo`);
  const page = await who.browser.copy();
  page.fetch = person(house, 0, () => house.servers[0]).browser.fetch;
  await page.open(`${house.issuer}/compte`);
  assertEqual(page.status, 200, `${words}: /compte`);
  await sleep(seconds * 1_000 - 1_000);
  const until = performance.now();
  await end();
  const began = performance.now();
  while (!(await signIn(house, 1, { at: house.servers[0] }).then(() => true, () => false))) {
    assert(performance.now() - began < 20_000, `${words}: it does not come back`);
    await sleep(50);
  }
  const back = performance.now() - began;
  await sleep(1_000);
  const all = await under.end();
  const outside = all.filter(({ ok, began: at, ended }) => !ok && (ended < from || at > until + BACK_MS));
  const longest = Math.max(...all.filter(({ ok, began: at }) => !ok && at > from + TOLD_MS).map(({ ms }) => ms), 0);
  print(`RT-07 ${words} for ${seconds} s: ${all.length} requests, failed: ${failuresOf(all) || 0}; outside of it ${outside.length} (0);`
    + ` told after ${Math.round(longest)} ms at most (${TOLD_MS}); back ${Math.round(back)} ms later (at most ${BACK_MS})`);
  assertEqual(failuresOf(outside), "", `${words}: failures outside of it`);
  assertEqual(failuresOf(untold(all)), "", `${words}: failures that do not say when to come back`);
  within(`${words}: told`, longest, TOLD_MS);
  within(`${words}: back`, back, BACK_MS);
}

/** What protects somebody stands in SQL: neither tries come back nor codes, and nobody is signed out. */
async function emptied(house, print) {
  const oracle = new Oracle(house);
  const budgets = () => house.query("SELECT action, marks FROM budget ORDER BY action, key").join("\n");
  const found = await obtainCode(house, person(house, 2));
  const tokens = JSON.parse((await exchange(house, found)).text);
  oracle.spend("code", found.code);
  const unused = await obtainCode(house, person(house, 3));
  const proof = {
    grant_type: "client_credentials", client_assertion: assertion(house),
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  };
  assertEqual((await post(house, "/oauth2/token", proof, { client: SIGNING })).status, 200, "an assertion");
  for (let n = 0; n < 5; n += 1) assertEqual(await wrong(house, person(house, 4)), 422, `wrong password ${n}`);
  const before = budgets();
  house.redis.command("FLUSHALL");
  assertEqual(budgets(), before, "budgets");
  assertEqual(await wrong(house, person(house, 4)), 429, "a sixth wrong password");
  for (const code of [found, unused]) assertEqual((await exchange(house, code)).status, 400, "a code from before");
  // docs/decisions/0006-what-sql-keeps-and-what-may-be-lost.md: what was claimed may be claimed again until it expires, which is a minute here.
  const replayed = await post(house, "/oauth2/token", proof, { client: SIGNING });
  print(`RT-07 emptied: budgets are the same, codes from before are refused; an assertion from before is answered ${replayed.status}`);
  // The code from before was presented twice: what it gave ended with it, or stands.
  assert([200, 400].includes((await refresh(house, tokens.refresh_token)).status), "refresh");
  oracle.check({ audit: true });
}

async function full(house, print) {
  const { redis } = house;
  for (const [words, begin, end] of [
    ["full", ["CONFIG", "SET", "maxmemory", "1"], ["CONFIG", "SET", "maxmemory", "0"]],
    ["a replica", ["REPLICAOF", "127.0.0.1", "1"], ["REPLICAOF", "NO", "ONE"]],
  ]) await away(house, words, 3, () => redis.command(...begin), () => redis.command(...end), print);
}

export async function store(report, { short, print }) {
  if (!hasStores()) {
    report.skip("RT-07", "no Redis was started");
    return;
  }
  await inHouse("store", { servers: 2, parents: 60 }, async (house) => {
    const cut = (what) => { for (const { store: way } of house.servers) what(way); };
    await report.check("RT-07 a store that hangs is told in time", () => away(house, "hanging", short ? 3 : 30,
      () => house.redis.signal("SIGSTOP"), () => house.redis.signal("SIGCONT"), print));
    await report.check("RT-07 a store that is emptied gives nothing back", () => emptied(house, print));
    if (short) return;
    await report.check("RT-07 a store that is gone is told in time", () => away(house, "gone", 10,
      () => cut((way) => way.cut()), () => cut((way) => way.pass()), print));
    await report.check("RT-07 connections that hear nothing more are replaced", () => away(house, "forgotten", 5,
      () => cut((way) => way.abandon()), () => {}, print));
    await report.check("RT-07 a store that is full or a replica is told", () => full(house, print));
  });
}
