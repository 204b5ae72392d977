// What people do with browsers: two tabs, the back button, a reload, a double click. Needs an active account.

import { pause } from "../browsers.js";
import { COLLEGE, PROVIDER, messages, nextCode } from "../demo.js";
import { FATOU, PASSWORD, SECOND } from "../people.js";
import { assert, assertEqual, assertSays } from "../report.js";
import { enterPortal, identify, onPage, toSignIn } from "./steps.js";

export async function habits({ report, round, words, look, newVisitor, secondTab, identifiant }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);

  const first = await newVisitor();
  const second = await secondTab(first);
  await step("two tabs wait at the sign-in page", async () => {
    await toSignIn(first, words);
    await toSignIn(second, words);
    assert(first.url() !== second.url(), "both tabs have one request");
  });
  await step("a double click on « Se connecter » signs in once", async () => {
    await first.fill("identifiant", identifiant);
    await first.fill("mot_de_passe", PASSWORD);
    await first.doubleClick("#se-connecter");
    await enterPortal(first, FATOU.school);
  });
  await step("the other tab goes on by itself", async () => {
    await second.reload();
    await enterPortal(second, FATOU.school);
  });
  await step("a reload in the portal changes nothing", async () => {
    await first.reload();
    await enterPortal(first, FATOU.school);
  });
  await step("back from the portal is no dead end", async () => {
    await first.back();
    assert(first.tab.status < 500, `status ${first.tab.status}`);
    const { hostname } = new URL(first.url());
    assertEqual(hostname, "localhost", "host");
    await first.goto(`${COLLEGE}ent/accueil`);
    await enterPortal(first, FATOU.school);
  });
  await step("the other language is a link away and is kept", async () => {
    const visitor = await newVisitor();
    await toSignIn(visitor, words);
    const before = await visitor.tab.read(() => document.documentElement.lang);
    await visitor.useSaying(words.other);
    const after = await visitor.tab.read(() => document.documentElement.lang);
    assert(before !== after, `still ${after}`);
    await visitor.use('main a[href*="/activation"]');
    assertEqual(await visitor.tab.read(() => document.documentElement.lang), after, "lang of the next page");
  });
  const phones = await newVisitor();
  await step("the phones show the messages, and « Actualiser » asks again", async () => {
    await phones.goto(`${COLLEGE}sms?lang=${round.language}`);
    await phones.use("#actualiser");
    assertEqual(phones.path(), "/sms", "path");
  });
  await look.at(phones, "telephones");
  await step("Annuler in the activation goes back to the same sign-in, which still leads to the portal", async () => {
    const visitor = await newVisitor();
    await toSignIn(visitor, words);
    await visitor.use('main a[href*="/activation"]');
    await onPage(visitor, "/activation");
    await visitor.use('main a[href*="/connexion"]');
    await onPage(visitor, "/connexion");
    await visitor.fill("identifiant", identifiant);
    await visitor.fill("mot_de_passe", PASSWORD);
    await visitor.use("#se-connecter");
    await enterPortal(visitor, FATOU.school);
  });

  for (const [name, path] of [["aide", "/aide"], ["aide-mot-de-passe", "/aide/mot-de-passe"], ["donnees", "/donnees"],
    ["accessibilite", "/accessibilite"], ["api", "/api"], ["identifiant-oublie", "/identifiant-oublie"],
    ["mot-de-passe-oublie", "/mot-de-passe-oublie"]]) {
    const opened = await report.check(`${round.name}: ${path} is there`, async () => {
      await first.goto(`${PROVIDER}${path}`);
      assertEqual(first.tab.status, 200, "status");
      return true;
    });
    if (opened) await look.at(first, name);
  }
  await report.check(`${round.name}: an unknown address says so`, async () => {
    await first.goto(`${PROVIDER}/nulle-part`);
    assertEqual(first.tab.status, 404, "status");
  });
  await look.at(first, "inconnue");

  await step("a double click in the activation sends one SMS", async () => {
    const visitor = await newVisitor();
    const known = await messages(SECOND.e164);
    await visitor.goto(`${PROVIDER}/activation`);
    await visitor.fill("nom", SECOND.nom);
    await visitor.fill("prenom", SECOND.prenom);
    await visitor.fill("telephone", SECOND.telephone);
    await visitor.doubleClick("#continuer");
    await onPage(visitor, "/activation/code");
    await nextCode(SECOND.e164, known);
    await pause(1500);
    assertEqual((await messages(SECOND.e164)).length, known.length + 1, "messages");
  });
  await step("the same identity typed again in that browser joins the activation; no second SMS", async () => {
    const visitor = await newVisitor();
    const known = await messages(SECOND.e164);
    await visitor.goto(`${PROVIDER}/activation`);
    await identify(visitor, SECOND);
    await onPage(visitor, "/activation/code");
    const again = await secondTab(visitor);
    await again.goto(`${PROVIDER}/activation`);
    await identify(again, SECOND);
    await onPage(again, "/activation/code");
    assertEqual(again.url(), visitor.url(), "activation");
    await pause(1500);
    assert((await messages(SECOND.e164)).length <= known.length + 1, "more than one message");
  });
  await report.check(`${round.name}: Internet Explorer is told which browsers work`, async () => {
    const answer = await fetch(`${PROVIDER}/connexion`, {
      headers: { "User-Agent": "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko" },
    });
    assertSays(await answer.text(), /Firefox, Chrome, Edge/);
  });
}
