// RT-10: servers that stop in order, one after the other, under load. RT-11: two builds side by side.

import { assert, assertEqual } from "../browser/report.js";
import { BINARY, inHouse } from "./house.js";
import { sleep } from "./load.js";
import { Oracle } from "./oracle.js";
import { failuresOf, loadOn, within } from "./steady.js";
import { hasStores } from "./stores.js";
import { APP, obtainCode, refresh, signIn, tokensOf, userinfo } from "./walks.js";

const STOP_MS = 30_000;
const MIX = { "sign-in": 1, sso: 1, token: 3, discovery: 3, page: 2 };

async function stops(print, many, short) {
  await inHouse("stops", { servers: 2, parents: 80 }, async (house) => {
    const oracle = new Oracle(house);
    const under = loadOn(house, { rate: short ? 20 : 40, mix: MIX });
    await sleep(1_000);
    let longest = 0;
    for (let round = 0; round < many; round += 1) {
      const server = house.servers[round % 2];
      const began = performance.now();
      assertEqual(await server.stop("SIGTERM"), 0, `how server ${server.number} ended`);
      longest = Math.max(longest, performance.now() - began);
      await server.start();
      // Until the front has seen it.
      await sleep(800);
    }
    const all = await under.end();
    print(`RT-10: ${many} stops under ${all.length} requests: failed ${all.filter(({ ok }) => !ok).length} (0); the longest stop took`
      + ` ${Math.round(longest)} ms (at most ${STOP_MS})`);
    assertEqual(failuresOf(all), "", "failures");
    within("the longest stop", longest, STOP_MS);
    for (const [id, times] of house.phones.taken) assert(times === 1, `message ${id} was handed over ${times} times`);
    oracle.check({ audit: true });
  });
}

/** The other build is PREAU_OTHER_BIN; without it the same program takes its own place. */
async function upgrade(print, many) {
  const other = process.env.PREAU_OTHER_BIN ?? BINARY;
  await inHouse("upgrade", { servers: 2, parents: 80 }, async (house) => {
    const { who, tokens } = await signIn(house, 0, { client: APP });
    let held = tokens.refresh_token;
    const under = loadOn(house, { rate: 20, mix: MIX });
    for (let round = 0; round < many; round += 1) {
      for (const server of house.servers) {
        assertEqual(await server.stop("SIGTERM"), 0, "how it ended");
        await server.start({ binary: round % 2 === 0 ? other : BINARY });
        await sleep(800);
        // What one wrote the other reads: the session, and the family that is turned at each of them.
        await obtainCode(house, who, APP);
        for (const at of house.servers) {
          const turned = tokensOf(await refresh(house, held, { client: APP, at }), "refresh");
          assertEqual((await userinfo(house, turned.access_token, { at })).status, 200, "userinfo");
          held = turned.refresh_token;
        }
      }
    }
    assert(!who.asked || who.asked === true, "signed in once");
    const all = await under.end();
    print(`RT-11: ${many * 2} restarts${other === BINARY ? " of one build (PREAU_OTHER_BIN names another)" : " between two builds"}:`
      + ` ${all.length} requests, failed ${all.filter(({ ok }) => !ok).length} (0)`);
    assertEqual(failuresOf(all), "", "failures");
  });
}

export async function restarts(report, { short, rounds, print }) {
  if (!hasStores()) {
    report.skip("RT-10 and RT-11", "no PostgreSQL was started");
    return;
  }
  await report.check("RT-10 servers that stop in turn lose no request", () => stops(print, short ? 2 : rounds ?? 50, short));
  if (!short) await report.check("RT-11 builds that take turns lose neither sessions nor requests", () => upgrade(print, Math.min(rounds ?? 4, 10)));
}
