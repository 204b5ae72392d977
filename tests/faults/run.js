// The faults of docs/threats.md against real servers: what is named, or all of it. Each prints its figure beside what is
// asked of it; what a fault must not break is held by the oracle.
//
//   FAULTS_SHORT=1     few rounds of each, a minute in all: what a change must pass
//   FAULTS_ROUNDS=n    rounds of what is done in rounds, instead of those of docs/threats.md

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Report } from "../browser/report.js";

mkdirSync(join(import.meta.dirname, "artefacts"), { recursive: true });

/**
 * The families; `short` are those of the short form, `apart` those that are only run where they are named. Those that
 * need no PostgreSQL and no Redis are `alone`: the short form runs them beside the others.
 */
const FAMILIES = {
  crashes: { load: () => import("./crashes.js"), short: true, alone: true },
  disk: { load: () => import("./disk.js"), short: true, alone: true },
  database: { load: () => import("./database.js"), short: true },
  store: { load: () => import("./store.js"), short: true },
  races: { load: () => import("./races.js"), short: true },
  clock: { load: () => import("./clock.js"), short: true },
  keys: { load: () => import("./keys.js"), short: true },
  restarts: { load: () => import("./restarts.js") },
  peers: { load: () => import("./peers.js") },
  settings: { load: () => import("./settings.js") },
  crowd: { load: () => import("./crowd.js") },
  rentree: { load: () => import("./rentree.js"), apart: true },
  /** Half an hour, and by a release build only: times of a debug build drown in it. */
  floods: { load: () => import("./floods.js") },
};

const report = new Report("faults");
const wanted = process.argv.slice(2).filter((word) => !word.startsWith("RT-"));
/** RT-22 or « RT-22 connections »: only the checks whose name begins so. */
const lines = process.argv.slice(2).filter((word) => word.startsWith("RT-"));
const check = report.check.bind(report);
report.check = (name, work) =>
  (name.startsWith("RT-") && lines.length > 0 && !lines.some((line) => name.startsWith(line)) ? undefined : check(name, work));
const unknown = wanted.filter((name) => !(name in FAMILIES));
if (unknown.length > 0) {
  console.error(`no family ${unknown.join(", ")}: ${Object.keys(FAMILIES).join(", ")}`);
  process.exit(2);
}
const how = {
  short: process.env.FAULTS_SHORT === "1",
  rounds: process.env.FAULTS_ROUNDS ? Number(process.env.FAULTS_ROUNDS) : undefined,
  print: (line) => console.log(`        ${line}`),
};
process.setMaxListeners(50);
process.on("unhandledRejection", (error) => report.fail("nothing fails unseen", error));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));

const chosen = Object.entries(FAMILIES).filter(([name, { short, apart }]) =>
  (wanted.length > 0 ? wanted.includes(name) : !apart && (short || !how.short)));

/** One family after the other. */
async function run(families) {
  for (const [name, { load }] of families) {
    const began = Date.now();
    await report.check(`${name} was gone through`, async () => (await load())[name](report, how));
    console.log(`   ${name}: ${Math.round((Date.now() - began) / 1_000)} s`);
  }
}

const lanes = how.short ? [true, false].map((alone) => chosen.filter(([, family]) => Boolean(family.alone) === alone)) : [chosen];
await Promise.all(lanes.map(run));
process.exit(report.close());
