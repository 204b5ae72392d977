// A passkey: added, alone at the sign-in, the second factor after the password, and taken away again. Chromium's virtual
// authenticator stands for the phone's fingerprint.

import { pause } from "../browsers.js";
import { PROVIDER, greetedAccount } from "../demo.js";
import { NEW_PASSWORD } from "../people.js";
import { assert, assertEqual, assertSays } from "../report.js";
import { onPage, signIn } from "./steps.js";

const PATIENCE_MS = 20_000;

/** Waits for a page that a script leads to. */
async function comesTo(visitor, path, selector) {
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    await visitor.settle();
    if (visitor.path() === path && (await visitor.has(selector).catch(() => false))) return;
    await pause(100);
  }
  throw new Error(`on ${visitor.url()} instead of ${path} with ${selector}: ${await visitor.text()}`);
}

export async function passkeys({ report, round, look, newVisitor, demo }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);
  const { identifiant } = greetedAccount(demo.greeting);
  const visitor = await newVisitor();
  const phone = await visitor.tab.authenticator();
  await step("a passkey is added after the sign-in, and backup codes are shown", async () => {
    await visitor.goto(`${PROVIDER}/compte`);
    await signIn(visitor, identifiant, NEW_PASSWORD);
    await visitor.goto(`${PROVIDER}/compte/securite`);
    // Nobody touches the phone yet: the page is looked at.
    await phone.touch(false);
    await visitor.use("#ajouter-cle");
    await onPage(visitor, "/compte/cle");
    await look.at(visitor, "cle-ajouter");
    await visitor.fill("mot_de_passe", NEW_PASSWORD);
    await phone.touch(true);
    await visitor.use("#continuer");
    await comesTo(visitor, "/compte/cle/ajouter", "#codes");
    assertEqual((await phone.passkeys()).length, 1, "passkeys on the phone");
    await look.at(visitor, "cle-codes-de-secours");
    await visitor.use("#terminer");
    await onPage(visitor, "/compte/securite");
    await look.at(visitor, "securite-cle");
  });
  await step("it signs in by itself, without an identifiant", async () => {
    await phone.touch(false);
    const later = await newVisitor();
    const same = await later.tab.authenticator(await phone.passkeys());
    await same.touch(false);
    await later.goto(`${PROVIDER}/compte`);
    await onPage(later, "/connexion");
    await look.at(later, "connexion-cle");
    await same.touch(true);
    await later.tab.read(() => document.querySelector("#cle").click());
    await comesTo(later, "/compte", "main");
    assertSays(await later.text(), identifiant);
    await phone.keep(await same.passkeys());
  });
  await step("it is the second factor after the password on another device", async () => {
    const later = await newVisitor();
    const same = await later.tab.authenticator();
    await same.touch(false);
    await later.goto(`${PROVIDER}/compte`);
    await signIn(later, identifiant, NEW_PASSWORD);
    await onPage(later, "/connexion/preuve");
    await look.at(later, "preuve-cle");
    await later.use("#plus-rien");
    await look.at(later, "preuve-cle-perdue");
    await later.use("#revenir");
    await same.keep(await phone.passkeys());
    await same.touch(true);
    await later.tab.read(() => document.querySelector("#cle").click());
    await comesTo(later, "/compte", "main");
    await phone.keep(await same.passkeys());
  });
  await step("it gets a name, and is removed by itself only", async () => {
    await visitor.goto(`${PROVIDER}/compte/securite`);
    await visitor.use('a[href^="/compte/cle/modifier"]');
    await onPage(visitor, "/compte/cle/modifier");
    await look.at(visitor, "cle");
    await visitor.fill("nom", "Téléphone de Fatou");
    await visitor.use("#renommer");
    await onPage(visitor, "/compte/securite");
    assertSays(await visitor.text(), "Téléphone de Fatou");
    await visitor.use('a[href^="/compte/cle/modifier"]');
    await phone.touch(true);
    await visitor.tab.read(() => document.querySelector("#retirer").click());
    await comesTo(visitor, "/compte/securite", "#ajouter-cle");
    assert(!(await visitor.has('a[href^="/compte/cle/modifier"]')), "the passkey is still there");
    assert(!(await visitor.has("#codes-de-secours")), "backup codes without a factor");
    const later = await newVisitor();
    await later.goto(`${PROVIDER}/compte`);
    await signIn(later, identifiant, NEW_PASSWORD);
    await onPage(later, "/compte");
  });
}
