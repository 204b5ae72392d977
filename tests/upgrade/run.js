// What one release has written, the other must read, in both directions, while they serve together.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { execFileSync, spawnSync } from "node:child_process";
import { Report } from "../browser/report.js";
import { families } from "../faults/families.js";
import { PASSWORD } from "../interop/person.js";
import { AGREED, ASKS, House, LATER, PHONE, sleep } from "./house.js";
import { underLoad } from "./load.js";
import { Visitor, ask, authorization, exchange, expect, refresh, userinfo } from "./people.js";

const LOGS = join(import.meta.dirname, "artefacts");
mkdirSync(LOGS, { recursive: true });
const BOTH = [["older", "newer"], ["newer", "older"]];
const report = new Report("upgrade");
const wants = (name) => process.argv.length < 3 || process.argv.includes(name);
let house;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.once(signal, async () => {
    await house?.close();
    process.exit(1);
  });
}

/** The keys that both publish. */
async function sameKeys() {
  const [older, newer] = await Promise.all(["older", "newer"].map(async (release) => {
    const { json } = await ask(house, release, "/oauth2/jwks");
    return json.keys.map(({ kid }) => kid).sort().join(" ");
  }));
  expect(older && older === newer, `${older} and ${newer}`);
  return older;
}

/** Waits until `act` succeeds: what a server remembers for some seconds. */
async function soon(act, seconds = 75) {
  const until = Date.now() + 1_000 * seconds;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (Date.now() > until) throw error;
      await sleep(500);
    }
  }
}

async function prepare(name, urls, parents) {
  house = await House.make(name, urls, LOGS);
  house.run("older", "keys", "new-master");
  house.run("older", "migrate");
  house.import("older", parents);
  house.run("older", "campaign", "open", "--uai", "0349999J", "--days", "15");
  await house.older.start();
}

async function sideBySide() {
  const check = (words, run) => report.check(`PostgreSQL: ${words}`, run);
  const parents = families(24);
  // Somebody who comes with a later import.
  const [early, late] = [parents.slice(0, 22), parents.slice(22)];
  const url = process.env.TEST_DATABASE_URL;
  const urls = { database: () => url, ephemeral: process.env.TEST_REDIS_URL };
  await report.step("PostgreSQL: the older release is prepared and serves", () => prepare("postgres", urls, early));
  const visitors = early.map((parent) => new Visitor(house, parent));
  const [first, begun, waiting, second] = visitors;
  const held = {};

  await check("the older one alone: activation, tokens, consent, and two acts that are left half done", async () => {
    held.first = await exchange(house, "older", await first.activateAt("older"));
    await exchange(house, "older", await first.codeAt("older", ASKS), ASKS);
    expect(first.agreed, "nothing was asked");
    held.steps = begun.at("older").steps();
    for (const step of held.steps.splice(0, 2)) await step();
    await exchange(house, "older", await waiting.activateAt("older"));
    held.waiting = waiting.onNewDevice().at("older");
    await held.waiting.browser.open(authorization(house), { stop: AGREED.redirect_uris[0] });
  });
  const known = () => {
    const who = [first, waiting][Math.floor(Math.random() * 2)];
    return who.onNewDevice();
  };
  await check("the newer one migrates while the older serves, and nothing is lost", async () => {
    await underLoad(house, known, async () => {
      house.run("newer", "migrate");
      await sleep(2_000);
    });
    expect(await house.older.isReady(), "the older one is not ready any more");
  });
  if (!(await report.check("PostgreSQL: the newer one starts beside it", () => house.newer.start().then(() => true)))) return;
  await check("both publish the same keys", sameKeys);
  await check("what was half done at the older one is ended at the newer one", async () => {
    begun.at("newer");
    for (const step of held.steps) await step();
    await exchange(house, "newer", begun.landed.searchParams.get("code"));
    const { browser } = held.waiting.at("newer");
    const landed = await browser.submit("#se-connecter", {
      identifiant: waiting.identifiant, mot_de_passe: PASSWORD,
    }, AGREED.redirect_uris[0]);
    expect(landed?.searchParams.has("code"), `${browser.status} ${browser.text().slice(0, 300)}`);
  });

  let next = 3;
  for (const [begins, ends] of BOTH) {
    for (let split = 1; split <= 5; split += 1) {
      const who = visitors[next += 1];
      await check(`an activation whose first ${split} of 6 steps are at the ${begins} one ends at the ${ends} one`, async () => {
        const releases = Array.from({ length: 6 }, (_, step) => (step < split ? begins : ends));
        const tokens = await exchange(house, begins, await who.activateAt(...releases));
        await userinfo(house, ends, tokens.access_token);
      });
    }
  }
  for (const [one, other] of BOTH) {
    const on = (words, run) => check(`${words} (${one}, then ${other})`, run);
    await on("an activation, and the sign-in with its password", async () => {
      const who = visitors[next += 1];
      const tokens = await exchange(house, one, await who.activateAt(one));
      const again = who.onNewDevice();
      const code = await again.codeAt(other);
      expect(again.asked, "nothing was asked");
      const there = await exchange(house, one, code);
      const subjects = [await userinfo(house, other, tokens.access_token), await userinfo(house, one, there.access_token)];
      expect(subjects[0] === subjects[1], `two subjects: ${subjects}`);
    });
    await on("a session of one serves at the other, and its end there ends it", async () => {
      const who = first.onNewDevice();
      await who.codeAt(one);
      const tokens = await exchange(house, other, await who.codeAt(other));
      expect(!who.asked, "the password was asked for again");
      const out = `${house.issuer}/oauth2/logout?${new URLSearchParams({ id_token_hint: tokens.id_token })}`;
      await who.at(other).leave(out, "https://nowhere.example/");
      await who.codeAt(one);
      expect(who.asked, "the session has not ended");
    });
    await on("refresh tokens go back and forth, and one that was used twice ends its family on both", async () => {
      const who = first.onNewDevice();
      let { refresh_token: token, access_token: access } = await exchange(house, one, await who.codeAt(one, PHONE), PHONE);
      const spent = token;
      for (const release of [other, one, other]) {
        const { status, json, text } = await refresh(house, release, token, PHONE);
        expect(json.refresh_token !== token, `${release} gives the same token again`);
        expect(status === 200, `${release}: ${status} ${text.slice(0, 200)}`);
        ({ refresh_token: token, access_token: access } = json);
      }
      await userinfo(house, one, access);
      const replayed = await refresh(house, one, spent, PHONE);
      expect(replayed.status === 400, `a spent one: ${replayed.status}`);
      const after = await refresh(house, other, token, PHONE);
      expect(after.status === 400, `the family lives on: ${after.status}`);
    });
    await on("a code of one is exchanged at the other once, and never twice", async () => {
      const code = await first.onNewDevice().codeAt(one);
      await exchange(house, other, code);
      const form = { grant_type: "authorization_code", code, redirect_uri: AGREED.redirect_uris[0], code_verifier: "v".repeat(64) };
      const again = await ask(house, one, "/oauth2/token", { client: AGREED, form });
      expect(again.status === 400, `taken twice: ${again.status}`);
    });
    await on("consent given at one is not asked for at the other", async () => {
      const who = one === "older" ? first.onNewDevice() : begun.onNewDevice();
      if (one === "newer") {
        await exchange(house, one, await who.codeAt(one, ASKS), ASKS);
        expect(who.agreed, "nothing was asked");
      }
      await exchange(house, other, await who.codeAt(other, ASKS), ASKS);
      expect(!who.agreed, "it was asked for again");
    });
    await on("a wrong password counts on both", async () => {
      const who = second.identifiant ? second : begun;
      const stranger = who.onNewDevice().at(one);
      await stranger.browser.open(`${house.issuer}/connexion`);
      await stranger.browser.submit("#se-connecter", { identifiant: who.identifiant, mot_de_passe: "Faux-mot-de-passe-1" });
      expect(stranger.browser.status === 422, `${stranger.browser.status}`);
      await who.onNewDevice().codeAt(other);
    });
  }
  await check("the refresh token from before the upgrade goes on at the newer one", async () => {
    const { status, json, text } = await refresh(house, "newer", held.first.refresh_token);
    expect(status === 200, `${status} ${text.slice(0, 200)}`);
    held.first = json;
  });
  await check("a roster that the newer one imports is activated at the older one", async () => {
    house.import("newer", parents);
    const who = new Visitor(house, late[0]);
    await exchange(house, "newer", await who.activateAt("older"));
    await who.onNewDevice().codeAt("newer");
  });
  await check("and one that the older one imports takes nobody from the newer one", async () => {
    house.import("older", parents);
    const who = new Visitor(house, late[1]);
    await exchange(house, "older", await who.activateAt("newer"));
    await first.onNewDevice().codeAt("newer");
  });
  await checkLetter(check, second);
  await check("a relying party that the newer one publishes is known to the older one", async () => {
    house.declare(LATER);
    house.newer.reload();
    await soon(() => first.onNewDevice().codeAt("newer", LATER));
    await soon(() => first.onNewDevice().codeAt("older", LATER));
  });
  await check("new signing keys of the newer one are published by both", async () => {
    const before = await sameKeys();
    house.run("newer", "keys", "rotate");
    for (const server of house.servers) server.reload();
    await soon(async () => expect((await sameKeys()) !== before, "no new key"));
  });
  await check("both are reloaded, and each is drained and started again, and nothing is lost", async () => {
    await underLoad(house, known, async () => {
      for (const server of house.servers) {
        server.reload();
        await sleep(1_000);
        const how = await server.stop();
        expect(how === 0, `${server.release} ended with ${how}`);
        await server.start();
        await sleep(2_000);
      }
    });
  });
  await check("the newer one is taken away, and the older one has all that it wrote", async () => {
    const how = await house.newer.stop();
    expect(how === 0, `ended with ${how}`);
    const { status, json } = await refresh(house, "older", held.first.refresh_token);
    expect(status === 200, `refresh: ${status}`);
    held.first = json;
    for (const who of visitors.filter(({ identifiant }) => identifiant)) await who.onNewDevice().codeAt("older");
  });
  await check("the older one is taken away, and the newer one has all that it wrote", async () => {
    await house.newer.start();
    const how = await house.older.stop();
    expect(how === 0, `ended with ${how}`);
    const { status } = await refresh(house, "newer", held.first.refresh_token);
    expect(status === 200, `refresh: ${status}`);
    for (const who of visitors.filter(({ identifiant }) => identifiant)) await who.onNewDevice().codeAt("newer");
  });
  await check("neither log has an error", async () => expect(!errors("postgres"), errors("postgres")));
}

/** A letter of the newer one, which the older one has not: it is opened by the newer one alone. */
async function checkLetter(check, second) {
  const words = "a letter of the newer one leads to an account with which one signs in at the older one";
  if (spawnSync("pdftotext", ["-v"]).error) return report.skip(`PostgreSQL: ${words}`, "pdftotext is not there");
  return check(words, async () => {
    const out = join(house.folder, "lettre.pdf");
    const { id, nom, child } = second.parent;
    house.run("newer", "letters", "--uai", "0349999J", "--family", String(child.id), "--for", "responsables",
      "--reason", "essai", "--out", out);
    const text = execFileSync("pdftotext", ["-layout", out, "-"], { encoding: "utf8" });
    await openLetter(second.at("newer"), text, `${nom} ${id}`);
    await second.onNewDevice().codeAt("older");
  });
}

async function openLetter(who, text, whose) {
  const identifiant = /\b([a-z]\.[a-z-]+\d{2,})\b/.exec(text)?.[1];
  const code = /\b((?:[0-9A-Z]{4}[ -]){2,}[0-9A-Z]{4})\b/.exec(text)?.[1];
  expect(identifiant && code, `no identifiant or no code in the letter of ${whose}: ${text.slice(0, 600)}`);
  const { browser } = who;
  await browser.open(`${house.issuer}/lettre`);
  expect(browser.has('[name="code"]'), `no form: ${browser.text().slice(0, 200)}`);
  await browser.submit("#continuer", { identifiant, code });
  const name = (start) => browser.page.querySelector(`[name^="${start}"]`)?.getAttribute("name");
  if (name("date_naissance")) {
    const asked = [[name("representant_legal"), "oui"], [name("date_naissance"), who.parent.child.birth]];
    await browser.submit("#confirmer", Object.fromEntries(asked.filter(([field]) => field)));
  }
  expect(browser.has("#terminer"), `${browser.status} ${browser.text().slice(0, 400)}`);
  await browser.submit("#terminer", { mot_de_passe: PASSWORD, confirmation: PASSWORD });
  who.identifiant = identifiant;
}

/** Lines of a log that say an error. */
function errors(name) {
  const found = ["older", "newer"].map((release) => {
    const run = spawnSync("grep", ["-nE", "ERROR|panicked", join(LOGS, `${name}-${release}.log`)], { encoding: "utf8" });
    return run.stdout && `${release}: ${run.stdout.split("\n").slice(0, 5).join("\n")}`;
  });
  return found.filter(Boolean).join("\n");
}

/** One file has one server: the newer takes over, and gives back. */
async function oneAfterTheOther() {
  const check = (words, run) => report.check(`SQLite: ${words}`, run);
  const parents = families(4);
  const urls = { database: (folder) => `sqlite:${join(folder, "preau.db")}`, ephemeral: "memory:" };
  await report.step("SQLite: the older release is prepared and serves", () => prepare("sqlite", urls, parents));
  const [first, begun, third] = parents.map((parent) => new Visitor(house, parent));
  const held = {};
  await check("the older one: activation, tokens, and an activation that is left half done", async () => {
    held.tokens = await exchange(house, "older", await first.activateAt("older"));
    held.steps = begun.at("older").steps();
    for (const step of held.steps.splice(0, 2)) await step();
  });
  let serving = house.older;
  for (const server of [house.newer, house.older, house.newer]) {
    const words = server === house.older ? "the older one takes its place again, on the newer schema" : "the newer one takes its place";
    await check(`${words}: sign-in, refresh, session, and the activation goes on`, async () => {
      expect((await serving.stop()) === 0, `${serving.release} did not end well`);
      serving = server;
      await server.start();
      const { release } = server;
      const { status, json, text } = await refresh(house, release, held.tokens.refresh_token);
      expect(status === 200, `refresh: ${status} ${text.slice(0, 200)}`);
      held.tokens = json;
      await first.codeAt(release);
      expect(!first.asked, "the session was lost");
      await first.onNewDevice().codeAt(release);
      begun.at(release);
      for (const step of held.steps.splice(0, 2)) await step();
    });
  }
  await check("the newer one has the account whose activation three servers have seen", async () => {
    expect(begun.landed, "the activation has not ended");
    await begun.onNewDevice().codeAt("newer");
    await exchange(house, "newer", await third.activateAt("newer"));
  });
  await check("neither log has an error", async () => expect(!errors("sqlite"), errors("sqlite")));
}

for (const [name, run] of [["postgres", sideBySide], ["sqlite", oneAfterTheOther]]) {
  if (!wants(name)) continue;
  await run().catch((error) => { if (error.constructor.name !== "Ended") report.fail(`${name}: it went on to its end`, error); });
  await house?.close();
  house = undefined;
}
process.exit(report.close());
