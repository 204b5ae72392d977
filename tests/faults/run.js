// The faults of docs/threats.md against real servers: what is named, or all of it. Each prints its figure beside what is
// asked of it; what a fault must not break is held by the oracle.
//
//   FAULTS_SHORT=1     few rounds of each, a minute in all: what a change must pass
//   FAULTS_ROUNDS=n    rounds of what is done in rounds, instead of those of docs/threats.md

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Report } from "../browser/report.js";

mkdirSync(join(import.meta.dirname, "artefacts"), { recursive: true });

/** The families; `short` are those of the short form, `apart` those that are only run where they are named. */
const FAMILIES = {
  crashes: { load: () => import("./crashes.js"), short: true },
  disk: { load: () => import("./disk.js"), short: true },
  database: { load: () => import("./database.js"), short: true },
  store: { load: () => import("./store.js"), short: true },
  races: { load: () => import("./races.js"), short: true },
  restarts: { load: () => import("./restarts.js"), short: true },
  clock: { load: () => import("./clock.js"), short: true },
  keys: { load: () => import("./keys.js"), short: false },
  peers: { load: () => import("./peers.js"), short: true },
  settings: { load: () => import("./settings.js"), short: true },
  crowd: { load: () => import("./crowd.js"), short: true },
  rentree: { load: () => import("./rentree.js"), short: false, apart: true },
  /** Half an hour, and by a release build only: times of a debug build drown in it. */
  floods: { load: () => import("./floods.js"), short: false },
};

const report = new Report("faults");
const wanted = process.argv.slice(2);
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
process.on("unhandledRejection", (error) => report.fail("nothing fails unseen", error));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));

for (const [name, { load, short, apart }] of Object.entries(FAMILIES)) {
  if (wanted.length > 0 ? !wanted.includes(name) : apart || (how.short && !short)) continue;
  const began = Date.now();
  const family = (await load())[name];
  await family(report, how);
  console.log(`   ${name}: ${Math.round((Date.now() - began) / 1_000)} s`);
}
process.exit(report.close());
