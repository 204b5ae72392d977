// RT-20: the first minutes of the first day of school, at one server and at two. How fast this machine is decides how many
// arrive a second: RENTREE_RATE; without it, half of the hashes that its cores compute.
//
//   RENTREE_MINUTES=10   how long it lasts after the ramp
//   RENTREE_RATE=40      arrivals a second

import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { assert, assertEqual } from "../browser/report.js";
import { memory } from "./crowd.js";
import { BINARY, inHouse } from "./house.js";
import { sleep } from "./load.js";
import { failuresOf, loadOn, percentile, within } from "./steady.js";
import { hasStores } from "./stores.js";

const PEOPLE = 4_000;
const RAMP_SECONDS = 60;
const RAMP_STEPS = 6;
const P99_MS = 1_000;
const HASH_MIB = 19;
const REST_MIB = 64;
const BASE_MIB = 60;
/** Of a hundred arrivals: sign-ins on a device that nobody knows, sessions, refreshes, activations, wrong passwords. */
const MIX = { "sign-in": 60, sso: 25, refresh: 10, activation: 3, wrong: 2, userinfo: 5 };
const HASHED = ["sign-in", "activation", "wrong"];

/** Hashes a second, alone on this machine. */
function hashes() {
  const said = execFileSync(BINARY, ["bench", "sign-in", "--seconds", "5"], {
    // Its own demo reads the deployment of the repository.
    cwd: join(import.meta.dirname, "../.."), encoding: "utf8", stdio: ["ignore", "pipe", "ignore"],
  });
  return Number(/argon2id[^:]*: ([\d.]+)\/s/.exec(said)[1]);
}

async function day(name, servers, alone, { short, print }) {
  const minutes = Number(process.env.RENTREE_MINUTES ?? (short ? 0.2 : 10));
  const rate = Number(process.env.RENTREE_RATE ?? Math.max(1, (alone * 0.5) / 0.65));
  const activations = Math.ceil(((RAMP_SECONDS + minutes * 60) * rate * 3) / 100) + 50;
  const people = short ? 200 : PEOPLE;
  const how = { servers, postgres: servers > 1, parents: people + activations, accounts: people, sms: "min_conversion_percent = 0" };
  await inHouse(name, how, async (house) => {
    // The first minute brings more and more of them.
    for (let step = 1; step <= RAMP_STEPS && !short; step += 1) {
      const ramp = loadOn(house, { rate: (rate * step) / RAMP_STEPS, mix: { ...MIX, activation: 0 } });
      await sleep((RAMP_SECONDS / RAMP_STEPS) * 1_000);
      await ramp.end();
    }
    const began = performance.now();
    const cpu = process.cpuUsage();
    const under = loadOn(house, { rate, mix: MIX });
    await sleep(minutes * 60_000);
    const all = await under.end();
    const seconds = (performance.now() - began) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    print(`RT-20 ${servers === 1 ? "one server on SQLite" : "two servers on PostgreSQL and Redis"}: ${rate.toFixed(1)} arrivals a second for`
      + ` ${minutes} min, ${(all.length / seconds).toFixed(1)}/s done, failed ${all.filter(({ ok }) => !ok).length} (${failuresOf(all) || "none"});`
      + ` the load itself took ${(((user + system) / 1e6 / seconds) * 100).toFixed(0)} % of a core`);
    for (const kind of Object.keys(MIX)) {
      const ms = all.filter((one) => one.kind === kind && one.ok).map((one) => one.ms);
      print(`      ${kind.padEnd(10)} ${String(ms.length).padStart(6)}  ${(ms.length / seconds).toFixed(2).padStart(7)}/s  p50 ${percentile(ms, 0.5)} ms,`
        + ` p99 ${percentile(ms, 0.99)} ms`);
    }
    const peaks = house.servers.map((server) => memory(server));
    const hashed = all.filter(({ ok, kind }) => ok && HASHED.includes(kind)).length / seconds;
    print(`      hashes ${hashed.toFixed(1)}/s${alone > 0 ? ` of ${alone.toFixed(1)}/s alone` : ""}; memory at most ${peaks.join(" and ")} MiB`);
    assertEqual(failuresOf(all), "", "failures");
    const room = BASE_MIB + HASH_MIB * availableParallelism() + REST_MIB;
    for (const peak of peaks) assert(peak <= room, `${peak} MiB are more than ${room}`);
    within("99 %", percentile(all.map(({ ms }) => ms), 0.99), P99_MS);
  });
}

export async function rentree(report, how) {
  const given = process.env.RENTREE_RATE !== undefined;
  const alone = given ? 0 : await report.check("RT-20 the machine's own rate of hashes is measured", () => hashes());
  if (alone === undefined) return;
  await report.check("RT-20 the first day of school at one server", () => day("rentree", 1, alone, how));
  if (hasStores()) await report.check("RT-20 the first day of school at two", () => day("rentree_two", 2, alone, how));
  else report.skip("RT-20 at two servers", "no PostgreSQL was started");
}
