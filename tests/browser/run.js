// Runs the rounds one after another (the demo's ports are fixed) and says the sum.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { open } from "./browsers.js";
import { startDemo } from "./demo.js";
import { ARTEFACTS, Looker } from "./look.js";
import { Report, assert } from "./report.js";
import { ROUNDS } from "./rounds.js";
import { account as ownAccount } from "./scenarios/account.js";
import { choices } from "./scenarios/choices.js";
import { adminConsole } from "./scenarios/console.js";
import { consolePages } from "./scenarios/console_pages.js";
import { factors } from "./scenarios/factors.js";
import { habits } from "./scenarios/habits.js";
import { letters } from "./scenarios/letters.js";
import { passkeys } from "./scenarios/passkeys.js";
import { rare } from "./scenarios/rare.js";
import { recovery } from "./scenarios/recovery.js";
import { refusals } from "./scenarios/refusals.js";
import { serviceStory } from "./scenarios/service_story.js";
import { sessions } from "./scenarios/sessions.js";
import { tasks } from "./scenarios/tasks.js";
import { walk } from "./scenarios/walk.js";
import { Visitor } from "./visitor.js";
import { WORDS } from "./words.js";

const wanted = process.argv.slice(2);
const rounds = ROUNDS.filter((round) => wanted.length === 0 || wanted.includes(round.name));
if (rounds.length === 0) {
  console.error(`rounds: ${ROUNDS.map((round) => round.name).join(", ")}`);
  process.exit(2);
}

const report = new Report("browsers");
const cleanings = new Set();

async function clean() {
  for (const cleaning of [...cleanings].reverse()) await cleaning().catch(() => {});
}
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, () => clean().finally(() => process.exit(1)));
}

async function play(round) {
  const log = join(ARTEFACTS, `${round.name}.log`);
  const demo = await report.check(`${round.name}: the demo starts`, () => startDemo(log));
  if (!demo) return;
  cleanings.add(demo.stop);
  const browser = await report.check(`${round.name}: the browser starts`, () => open(round));
  if (browser) {
    cleanings.add(browser.close);
    console.log(`        ${browser.version}; the demo was ready after ${demo.milliseconds} ms`);
    await visit(round, browser, demo);
    await browser.close().catch(() => {});
    cleanings.delete(browser.close);
  }
  cleanings.delete(demo.stop);
  await report.check(`${round.name}: the demo stops when told to`, () => demo.stop());
}

async function visit(round, browser, demo) {
  const visitors = [];
  const jars = new Map();
  const inTab = async (jar) => {
    const visitor = new Visitor(await jar.tab(), round.hands);
    jars.set(visitor, jar);
    visitors.push(visitor);
    return visitor;
  };
  const context = {
    report,
    round,
    demo,
    words: WORDS[round.language],
    look: new Looker(report, round, browser.canAxe),
    newVisitor: async () => inTab(await browser.jar()),
    secondTab: (visitor) => inTab(jars.get(visitor)),
  };
  const keep = (name) => context.look.keep(visitors.at(-1), name);
  const scenario = (name, run) => report.scenario(`${round.name}: ${name}`, run, keep);

  const visitor = await context.newVisitor();
  await report.check(`${round.name}: scripts are ${round.javascript ? "on" : "off"}`, async () => {
    await visitor.goto("data:text/html,<title>off</title><h1>x</h1><script>document.title='on'</script>");
    assert((await visitor.title()) === (round.javascript ? "on" : "off"), await visitor.title());
  });

  if (round.only) await scenario(round.only, () => ALONE[round.only](context));
  else await playAll(context, { round, scenario, visitor });
  await report.check(`${round.name}: no browser complained and nothing was fetched from elsewhere`, async () => {
    const complaints = visitors.flatMap((one) => one.tab.complaints);
    assert(complaints.length === 0, [...new Set(complaints)].join("\n"));
  });
}

/** What a round of its own has. */
const ALONE = { console: consolePages, story: serviceStory, tasks };

async function playAll(context, { round, scenario, visitor }) {
  let account;
  await scenario("walk", async () => {
    account = await walk({ ...context, visitor });
  });
  if (round.whole) {
    await scenario("letters", () => letters(context));
    await scenario("console", () => adminConsole(context));
    await scenario("story of a service", () => serviceStory(context));
    await scenario("account", () => ownAccount(context));
    await scenario("choices", () => choices(context));
    await scenario("factors", () => factors(context));
    await scenario("rare", () => rare(context));
    if (round.browser === "chromium" && round.javascript) {
      await scenario("passkeys", () => passkeys(context));
    } else {
      report.skip(`${round.name}: passkeys`, "only Chromium with scripts has a virtual authenticator");
    }
  }
  if (account && round.whole) {
    await scenario("sessions", () => sessions({ ...context, ...account }));
    await scenario("refusals", () => refusals({ ...context, ...account }));
    await scenario("habits", () => habits({ ...context, ...account }));
    await scenario("recovery", () => recovery({ ...context, ...account }));
  } else if (round.whole) {
    report.skip(`${round.name}: sessions, refusals, habits, recovery`, "there is no account");
  }
}

mkdirSync(ARTEFACTS, { recursive: true });
for (const round of rounds) {
  rmSync(join(ARTEFACTS, round.name), { recursive: true, force: true });
  const began = Date.now();
  console.log(`\n-- ${round.name}`);
  await play(round).catch((error) => report.fail(`${round.name}: the round`, error));
  console.log(`-- ${round.name}: ${Math.round((Date.now() - began) / 1000)} s`);
}
await clean();
process.exit(report.close());
