// Runs the plans: modules beside one another, results in the plans' order, the sum on the last line.

import { execFileSync } from "node:child_process";
import { Report } from "../browser/report.js";
import { PASSWORD, Person } from "../interop/person.js";
import { staticClients, withKeys } from "./clients.js";
import { isKnown } from "./known.js";
import { Mailbox } from "./mailbox.js";
import { Module } from "./module.js";
import { Party } from "./party.js";
import { BESIDE, PARENTS } from "./people.js";
import { MODULES, PLANS } from "./plans.js";

const env = process.env;
const only = process.argv[2] ?? "";

const party = new Party(env.CONFORMANCE_PARTY, env.CONFORMANCE_CERTIFICATE, env.CONFORMANCE_KEY);
await party.start();
const mailbox = new Mailbox();
await mailbox.listen(Number(env.CONFORMANCE_MAIL_PORT));
const report = new Report("conformance");
const people = PARENTS.map((parent) => new Person(env.CONFORMANCE_ISSUER, env.CONFORMANCE_PHONES, parent));
const keys = JSON.parse(env.CONFORMANCE_KEYS);
const world = {
  issuer: env.CONFORMANCE_ISSUER,
  party,
  statics: withKeys(staticClients(party.origin, keys), keys),
  initialToken: env.CONFORMANCE_TOKEN,
  preau: (...words) => execFileSync(env.PREAU_BIN, [...words, "--config", env.CONFORMANCE_CONFIG], { stdio: "pipe" }),
};

/** Each person activates their account once, on the way to the first client. */
async function activate() {
  const { client } = world.statics;
  for (const person of people) {
    const query = new URLSearchParams({ client_id: client.client_id, redirect_uri: client.redirect_uris[0],
      scope: "openid", response_type: "code" });
    const landed = await person.activate(`${world.issuer}/oauth2/authorize?${query}`, `${party.origin}/`);
    if (!landed) throw new Error(`the activation rests on ${person.browser.url}: ${person.browser.text()}`);
    const address = `${person.identifiant}@parents.example`;
    await person.browser.open(`${world.issuer}/compte/adresse`);
    await person.browser.submit("#envoyer", { adresse: address, mot_de_passe: PASSWORD });
    await person.browser.submit("#confirmer", { code: await mailbox.code(address) });
    if (!person.browser.has("#adresse-confirmee")) throw new Error(`no address: ${person.browser.text()}`);
  }
}

function count(module, { outcome, notes }) {
  const line = `${outcome.padEnd(8)} ${module.title}`;
  const unknown = outcome === "WARNING" ? notes.filter((note) => !isKnown(module, note)) : [];
  const shown = outcome === "PASSED" ? "" : `: ${notes.join("; ")}`;
  if (outcome === "FAILED" || unknown.length > 0) {
    report.failed += 1;
    report.failures.push(`${line}${shown}`);
  } else if (outcome === "SKIPPED") {
    report.skipped += 1;
  } else {
    report.passed += 1;
  }
  console.log(`  ${line}${shown}${unknown.length > 0 ? " [not among the known warnings]" : ""}`);
}

/** Runs the work of all, beside one another, for one person each: a person's oldest session ends at their eleventh. */
async function runAll(modules) {
  const waiting = [...modules];
  await Promise.all(people.map(async (person) => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await next.work(person);
  }));
}

await report.check(`${BESIDE} parents have accounts`, activate);
// Without them each module would fail for a reason that is not its own.
if (report.failed > 0) process.exit(report.close());
const modules = PLANS.flatMap(({ variant, modules: names }) => names.map((name) => {
  const entry = { variant };
  entry.finished = new Promise((done) => {
    entry.work = async (person) => {
      entry.module = new Module(world, variant, name, person);
      const work = MODULES[name] ?? (() => { throw new Error("there is no such module"); });
      done(await entry.module.run(work));
    };
  });
  entry.title = new Module(world, variant, name, people[0]).title;
  return entry;
})).filter(({ title }) => `/${title}`.includes(`/${only}`));

const running = runAll(modules);
let heading;
for (const entry of modules) {
  const { plan, responseType, dynamic } = entry.variant;
  const kind = { true: "dynamic clients", false: "static clients" }[dynamic];
  const title = [plan, responseType, kind].filter(Boolean).join(", ");
  if (title !== heading) console.log(`\n${title}`);
  heading = title;
  count(entry.module ?? entry, await entry.finished);
}
await running;
party.stop();
process.exit(report.close());
