// The console as an academy and a school see it: the way in, what waits, the team, a person and why they do not get in.

import { PROVIDER } from "../demo.js";
import { assert, assertSays } from "../report.js";
import { onPage } from "./steps.js";

export async function adminConsole({ report, round, words, look, newVisitor }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);
  const french = round.language === "fr";
  const visitor = await newVisitor();
  await step("the console lets its two administrators in, on this machine only", async () => {
    await visitor.goto(`${PROVIDER}/admin?lang=${round.language}`);
    await onPage(visitor, "/admin/connexion");
    assertSays(await visitor.text(), "Nadia Kaci");
    assertSays(await visitor.text(), "Anne Vidal");
  });
  await look.at(visitor, "console-entree");
  await step("the head of the school sees what waits, and figures that are there", async () => {
    await visitor.use("#entrer-1");
    await onPage(visitor, "/admin");
    assertSays(await visitor.text(), french ? "À faire" : "To do");
  });
  await look.at(visitor, "console-accueil");
  await step("the head of the school reads the team and one's own page", async () => {
    await visitor.goto(`${PROVIDER}/admin/equipe`);
    await onPage(visitor, "/admin/equipe");
    assertSays(await visitor.text(), "Anne Vidal");
  });
  await look.at(visitor, "console-equipe");
  await visitor.goto(`${PROVIDER}/admin/moi`);
  await look.at(visitor, "console-moi");
  await step("a token for a program is made, and shown once", async () => {
    await visitor.goto(`${PROVIDER}/admin/moi/jetons/nouveau`);
    await visitor.fill("nom", `Suivi ${round.name}`.slice(0, 60));
    await visitor.choose("portee-schools-read", "oui");
  });
  await look.at(visitor, "console-jeton-nouveau");
  await step("the list of tokens does not show it again", async () => {
    await visitor.use("#creer");
    assertSays(await visitor.text(), "preau_at_");
    await visitor.goto(`${PROVIDER}/admin/moi/jetons`);
    const seen = await visitor.text();
    assert(seen.includes("Suivi") && !seen.includes("preau_at_"), "the name, and not the token");
  });
  await look.at(visitor, "console-jetons");
  await step("a search finds a parent by a child's name, and the page says why they do not get in", async () => {
    await visitor.goto(`${PROVIDER}/admin/personnes`);
    await visitor.fill("q", "leboeuf fatou");
    await visitor.use("#chercher");
    await onPage(visitor, "/admin/personnes");
    assertSays(await visitor.text(), "LEBŒUF");
  });
  await look.at(visitor, "console-personnes");
  await step("an act without how identity was checked is refused, and nothing is lost", async () => {
    await visitor.use("tbody th > a");
    const seen = await visitor.text();
    assert(!seen.includes("+336"), "never a whole number");
  });
  await look.at(visitor, "console-personne");
  await step("the journal tells what was done, by a filter that is a form, and a day that does not exist is said", async () => {
    await visitor.goto(`${PROVIDER}/admin/journal`);
    await onPage(visitor, "/admin/journal");
    assertSays(await visitor.text(), "Anne Vidal");
    await look.at(visitor, "console-journal");
    await visitor.goto(`${PROVIDER}/admin/journal?du=2026-02-30`);
    assertSays(await visitor.text(), french ? "Ce jour n'existe pas" : "There is no such day");
  });
  await look.at(visitor, "console-journal-refuse");
  await step("the figures of the school are there with their table", async () => {
    await visitor.goto(`${PROVIDER}/admin/chiffres?jours=90`);
    await onPage(visitor, "/admin/chiffres");
    assertSays(await visitor.text(), french ? "Connexions par jour" : "Sign-ins by day");
  });
  await look.at(visitor, "console-chiffres");
  await step("whoever signs out is out", async () => {
    await visitor.use("#quitter");
    await onPage(visitor, "/admin/connexion");
    await visitor.goto(`${PROVIDER}/admin/equipe`);
    await onPage(visitor, "/admin/connexion");
    assert(words.error.length > 0, "words");
  });
  await step("the academy reads its announcements, and a refused one says why", async () => {
    await visitor.goto(`${PROVIDER}/admin/connexion`);
    await visitor.use("#entrer-2");
    await onPage(visitor, "/admin");
    await visitor.goto(`${PROVIDER}/admin/annonces`);
    await onPage(visitor, "/admin/annonces");
    await visitor.fill("texte_fr", "Allez sur evil.example");
    await visitor.use("#relire");
    await onPage(visitor, "/admin/annonces");
    assertSays(await visitor.text(), french ? "Retirez l'adresse" : "Take the address out");
  });
  await look.at(visitor, "console-annonces");
  await step("the academy tries a service with a fictitious person, and reads what FAPI 2.0 asks", async () => {
    await visitor.goto(`${PROVIDER}/admin/services/mon-ent-montpellier/essai`);
    await visitor.use("#essayer");
    assertSays(await visitor.text(), french ? "Essai réussi" : "The test succeeded");
  });
  await look.at(visitor, "console-essai");
  await visitor.goto(`${PROVIDER}/admin/services/mon-ent-montpellier?b=fapi2`);
  await look.at(visitor, "console-fapi");
  await visitor.use("#quitter");
  await step("the operator sees how the deployment stands", async () => {
    await visitor.goto(`${PROVIDER}/admin/connexion`);
    await visitor.use("#entrer-4");
    await onPage(visitor, "/admin");
    await visitor.goto(`${PROVIDER}/admin/systeme`);
    await onPage(visitor, "/admin/systeme");
    assertSays(await visitor.text(), french ? "Clés de signature" : "Signing keys");
  });
  await look.at(visitor, "console-systeme");
}
