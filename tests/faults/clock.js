// RT-13: the clock of one of two servers steps, while the other's is right. By libfaketime: what the program reads of the
// wall clock is moved, its steady clock is the machine's.

import { existsSync, writeFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEqual } from "../browser/report.js";
import { inHouse } from "./house.js";
import { sleep } from "./load.js";
import { failuresOf, loadOn, within } from "./steady.js";
import { hasStores } from "./stores.js";
import { exchange, obtainCode, person, post, signIn, tokensOf, userinfo, wrong } from "./walks.js";

export const LIBRARY = ["/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"]
  .find((path) => existsSync(path));
const OUT_MS = 5_000;

/** Moves the wall clock of what reads the file. */
function step(house, by) {
  const file = join(house.folder, "clock");
  writeFileSync(`${file}.new`, `${by}\n`);
  renameSync(`${file}.new`, file);
}

const faked = (house) => ({
  LD_PRELOAD: LIBRARY, FAKETIME_TIMESTAMP_FILE: join(house.folder, "clock"), FAKETIME_NO_CACHE: "1", DONT_FAKE_MONOTONIC: "1",
});

/** A with a clock of its own. */
async function withFakedA(name, work) {
  await inHouse(name, { servers: 2, parents: 60 }, async (house) => {
    const [a, b] = house.servers;
    step(house, "+0");
    await a.stop("SIGKILL");
    await a.start({ env: faked(house) });
    await sleep(600);
    await work(house, a, b);
  });
}

/** A little apart: nobody notices. */
async function apart(print, by) {
  await withFakedA("apart", async (house, a, b) => {
    step(house, by);
    await sleep(500);
    const mix = { "sign-in": 2, token: 2, userinfo: 2, refresh: 1 };
    const under = loadOn(house, { rate: 12, mix });
    const crossed = [];
    for (let number = 1; number <= 8; number += 1) {
      // Asked at one, exchanged at the other, used at both.
      const [first, second] = number % 2 === 0 ? [a, b] : [b, a];
      const found = await obtainCode(house, person(house, number, () => first));
      const made = await exchange(house, found, { at: second });
      crossed.push(made.status);
      if (made.status === 200) {
        const { access_token: token } = tokensOf(made);
        for (const at of [a, b]) crossed.push((await userinfo(house, token, { at })).status);
      }
    }
    const all = await under.end();
    print(`RT-13 ${by} s on A: ${all.length} requests and ${crossed.length} that cross: refused ${all.filter(({ ok }) => !ok).length}`
      + ` and ${crossed.filter((status) => status !== 200).length} (0); A is ready: ${await a.readiness()}`);
    assertEqual(await a.readiness(), 200, "A");
    assertEqual(failuresOf(all), "", "requests");
    assert(crossed.every((status) => status === 200), `crossing: ${crossed}`);
  });
}

/** Too far apart: A says so and B goes on. */
async function away(print, by, { reads = true } = {}) {
  await withFakedA("away", async (house, a, b) => {
    const under = loadOn(house, { rate: 8, mix: { "sign-in": 1, token: 2 } });
    await sleep(1_000);
    const from = performance.now();
    step(house, by);
    const left = reads ? await a.untilNotReady(20_000) : 0;
    await sleep(3_000);
    const { tokens } = await signIn(house, 1, { at: b });
    assertEqual((await userinfo(house, tokens.access_token, { at: b })).status, 200, "B");
    const all = await under.end();
    const late = all.filter(({ ok, began }) => !ok && began > from + left + 500);
    const again = a.ended === undefined;
    assert(again, "A ended");
    step(house, "+0");
    print(`RT-13 ${by} on A: it left the rotation after ${Math.round(left)} ms (at most ${OUT_MS}); of ${all.length} requests`
      + ` ${all.filter(({ ok }) => !ok).length} failed, ${late.length} after it had left (0)`);
    within("A leaves", left, OUT_MS);
    assertEqual(failuresOf(late), "", "requests after A left");
    assertEqual(await b.readiness(), 200, "B");
  });
}

/** A step back on a single server: what ends in a minute ends in a minute. */
async function back(print) {
  await inHouse("back", { servers: 1, postgres: false, parents: 40 }, async (house) => {
    const [server] = house.servers;
    step(house, "+0");
    await server.stop("SIGKILL");
    await server.start({ env: faked(house) });
    const { tokens } = await signIn(house, 0);
    const found = await obtainCode(house, person(house, 1));
    for (let n = 0; n < 5; n += 1) assertEqual(await wrong(house, person(house, 2)), 422, `wrong password ${n}`);
    assertEqual(await wrong(house, person(house, 2)), 429, "a sixth wrong password");
    step(house, "-1h");
    await sleep(500);
    const told = await server.readiness();
    const fresh = await obtainCode(house, person(house, 3));
    const made = tokensOf(await exchange(house, fresh));
    const issued = JSON.parse(Buffer.from(made.id_token.split(".")[1], "base64url"));
    const drift = Math.abs(issued.iat - Date.now() / 1_000);
    // The lock lasts a minute, the code too.
    await sleep(30_000);
    assertEqual(await wrong(house, person(house, 2)), 429, "the lock after half a minute");
    await sleep(33_000);
    const unlocked = await signIn(house, 2).then(() => true, () => false);
    assertEqual((await exchange(house, found)).status, 400, "a code of more than a minute ago");
    const { text } = await post(house, "/oauth2/introspect", { token: tokens.access_token });
    print(`RT-13 one hour back: readiness says ${told} (503), iat is ${drift.toFixed(1)} s off (10), the lock of a minute was over`
      + ` after one: ${unlocked}; a code of 60 s was refused after 63 s; an access token is still active: ${JSON.parse(text).active}`);
    assertEqual(told, 503, "readiness");
    assert(drift <= 10, `iat is ${drift} s off`);
    assert(unlocked, "the lock lasts longer than a minute");
    // And a restart does not go behind what was seen.
    await server.stop("SIGTERM");
    await server.start({ env: faked(house), wait: false });
    await sleep(3_000);
    assertEqual(await server.readiness(), 503, "readiness after a restart with the wrong clock");
    step(house, "+0");
  });
}

export async function clock(report, { short, print }) {
  if (!LIBRARY) {
    report.skip("RT-13", "libfaketime is not installed");
    return;
  }
  if (hasStores()) {
    if (!short) {
      await report.check("RT-13 a clock that is 10 seconds ahead disturbs nobody", () => apart(print, "+10"));
      await report.check("RT-13 a clock that is 45 seconds ahead disturbs nobody", () => apart(print, "+45"));
      await report.check("RT-13 a clock that is 45 seconds late disturbs nobody", () => apart(print, "-45"));
    }
    await report.check("RT-13 a server whose clock steps 90 seconds ahead leaves the rotation", () => away(print, "+90"));
    if (!short) {
      await report.check("RT-13 nor an hour back", () => away(print, "-1h"));
      await report.check("RT-13 nor a day ahead", () => away(print, "+1d"));
    }
  } else report.skip("RT-13 with two servers", "no PostgreSQL was started");
  if (!short) await report.check("RT-13 a step back lengthens nothing and frees nobody", () => back(print));
}
