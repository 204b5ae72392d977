// A second factor: added, asked for by the next browser, and taken away again.

import { createHmac } from "node:crypto";

import { PROVIDER, greetedAccount } from "../demo.js";
import { NEW_PASSWORD } from "../people.js";
import { assert, assertEqual, assertSays } from "../report.js";
import { onPage, signIn } from "./steps.js";

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The code that an application shows for a secret, so many steps of 30 s from now (RFC 6238, RFC 4226 5.3). */
export function applicationCode(secret, steps = 0) {
  const letters = secret.replaceAll(/[^A-Z2-7]/g, "");
  const bits = [...letters].map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac("sha1", key).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** Waits for the next step where this one ends soon: the code of the step before would be too old when it is checked. */
export async function settleInStep() {
  const left = 30_000 - (Date.now() % 30_000);
  if (left < 15_000) await new Promise((resolve) => setTimeout(resolve, left));
}

export async function factors({ report, round, words, look, newVisitor, demo }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);
  const { identifiant } = greetedAccount(demo.greeting);
  const visitor = await newVisitor();
  let secret = "";
  let backupCodes = [];
  await step("an application is added with the password and its first code", async () => {
    await visitor.goto(`${PROVIDER}/compte/securite`);
    await signIn(visitor, identifiant, NEW_PASSWORD);
    await visitor.goto(`${PROVIDER}/compte/securite`);
    await visitor.use("#ajouter-application");
    await onPage(visitor, "/compte/application");
    await look.at(visitor, "application");
    await visitor.fill("mot_de_passe", NEW_PASSWORD);
    await visitor.use("#continuer");
    await onPage(visitor, "/compte/application/code");
    await look.at(visitor, "application-code");
    secret = await visitor.textOf("#secret");
    await visitor.fill("code", "12");
    await visitor.use("#ajouter");
    assertEqual(visitor.tab.status, 422, "status");
    assertEqual(await visitor.textOf("#secret"), secret, "the secret after a wrong code");
    await look.at(visitor, "application-code-faux");
    await settleInStep();
    await visitor.fill("code", applicationCode(secret, -1));
    await visitor.use("#ajouter");
    backupCodes = (await visitor.textOf("#codes")).match(/[A-Z0-9]{4}(-[A-Z0-9]{4})+/g) ?? [];
    assertEqual(backupCodes.length, 10, "backup codes");
    await look.at(visitor, "codes-de-secours");
    await visitor.use("#terminer");
    await onPage(visitor, "/compte/securite");
    await look.at(visitor, "securite-application");
  });
  await step("the right password alone opens no session elsewhere", async () => {
    const later = await newVisitor();
    await later.goto(`${PROVIDER}/compte`);
    await signIn(later, identifiant, NEW_PASSWORD);
    await onPage(later, "/connexion/preuve");
    await look.at(later, "preuve");
    await later.fill("code", "abc");
    await later.use("#confirmer");
    assertEqual(later.tab.status, 422, "status");
    await look.at(later, "preuve-fausse");
    await later.use("#plus-rien");
    await look.at(later, "preuve-perdue");
    assert(!(await later.text()).includes(identifiant), "the identifiant on the page of lost factors");
    await later.goto(`${PROVIDER}/compte`);
    await onPage(later, "/connexion");
  });
  await step("a backup code opens it, once", async () => {
    const enter = async () => {
      const later = await newVisitor();
      await later.goto(`${PROVIDER}/compte`);
      await signIn(later, identifiant, NEW_PASSWORD);
      await onPage(later, "/connexion/preuve");
      await later.fill("code", backupCodes[0].toLowerCase().replaceAll("-", " "));
      await later.use("#confirmer");
      return later;
    };
    await onPage(await enter(), "/compte");
    const again = await enter();
    await onPage(again, "/connexion/preuve");
    assertEqual(again.tab.status, 422, "status");
    await again.fill("code", applicationCode(secret, 1));
    await again.use("#confirmer");
    await onPage(again, "/compte");
  });
  await step("the application is taken away with the password and the factor", async () => {
    await visitor.goto(`${PROVIDER}/compte/securite`);
    await visitor.use('a[href^="/compte/application/retirer"]');
    await onPage(visitor, "/compte/application/retirer");
    await look.at(visitor, "retirer-application");
    await visitor.fill("mot_de_passe", NEW_PASSWORD);
    await visitor.use("#retirer");
    if (visitor.path() === "/connexion/preuve") {
      await look.at(visitor, "preuve-en-session");
      await visitor.fill("code", backupCodes[1]);
      await visitor.use("#confirmer");
    }
    await visitor.goto(`${PROVIDER}/compte/securite`);
    if (await visitor.has('a[href^="/compte/application/retirer"]')) {
      await visitor.use('a[href^="/compte/application/retirer"]');
      await visitor.fill("mot_de_passe", NEW_PASSWORD);
      await visitor.use("#retirer");
    }
    await onPage(visitor, "/compte/securite");
    assert(!(await visitor.has('a[href^="/compte/application/retirer"]')), "the application is still there");
    const later = await newVisitor();
    await later.goto(`${PROVIDER}/compte`);
    await signIn(later, identifiant, NEW_PASSWORD);
    await onPage(later, "/compte");
    assertSays(await later.text(), identifiant);
  });
}
