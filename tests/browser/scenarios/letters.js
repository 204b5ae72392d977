// A letter from the school: a pupil's first password, typed from paper, and a parent's by the QR code.

import { COLLEGE, PROVIDER, greetedLetter } from "../demo.js";
import { LANDLINE, PASSWORD, PUPIL } from "../people.js";
import { assert, assertEqual, assertSays } from "../report.js";
import { confirmChildren, enterPortal, onPage, signIn, toSignIn } from "./steps.js";

/** Another code of the same signs: two neighbours that differ are swapped, as a hand does. */
function swapped(code) {
  for (let n = 1; n < code.length; n += 1) {
    const [left, right] = [code[n - 1], code[n]];
    if (left !== right && left !== "-" && right !== "-") return code.slice(0, n - 1) + right + left + code.slice(n + 1);
  }
  throw new Error(`no two neighbours differ in ${code}`);
}

export async function letters({ report, round, words, look, newVisitor, demo }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);
  const pupil = greetedLetter(demo.greeting, PUPIL.name);
  const parent = greetedLetter(demo.greeting, LANDLINE.name);
  const typeLetter = async (visitor, identifiant, code) => {
    await visitor.fill("identifiant", identifiant);
    await visitor.fill("code", code);
    await visitor.use("#continuer");
  };

  await step("the collège's site leads to the printed letters, and to the page where they are used", async () => {
    const visitor = await newVisitor();
    await visitor.goto(`${COLLEGE}?lang=${round.language}`);
    await look.at(visitor, "college");
    for (const name of ["eleves", "responsable"]) {
      const href = await visitor.tab.read((part) => document.querySelector(`main a[href*="${part}"]`)?.href, name);
      const answer = await fetch(href);
      assertEqual(answer.headers.get("content-type"), "application/pdf", href);
      assertEqual((await answer.text()).slice(0, 5), "%PDF-", href);
    }
    await visitor.use(`main a[href="${PROVIDER}/lettre"]`);
    await onPage(visitor, "/lettre");
  });

  const visitor = await newVisitor();
  await step("« J'ai une feuille avec un code » leads from the sign-in to the letter", async () => {
    await toSignIn(visitor, words);
    await visitor.use("#feuille");
    await onPage(visitor, "/lettre");
  });
  await look.at(visitor, "lettre");
  await step("two signs that are swapped cost no try, and what was typed stays", async () => {
    await typeLetter(visitor, pupil.identifiant, swapped(pupil.code));
    assertEqual(visitor.tab.status, 422, "status");
    assertSays(await visitor.text(), words.letterSlip);
    assertSays(await visitor.title(), words.error);
    assertEqual(await visitor.value("code"), swapped(pupil.code), "code");
    assertEqual(await visitor.value("identifiant"), pupil.identifiant, "identifiant");
  });
  await look.at(visitor, "lettre-faute");
  await step("a zero or an O is said to be in no code", async () => {
    for (const sign of ["0", "O"]) {
      await typeLetter(visitor, pupil.identifiant, sign + pupil.code.slice(1));
      assertEqual(visitor.tab.status, 422, "status");
      assertSays(await visitor.text(), words.letterConfusable);
    }
  });
  await look.at(visitor, "lettre-zero");
  await step("the code of somebody else counts as a try, and does not say whose it is", async () => {
    await typeLetter(visitor, pupil.identifiant, parent.code);
    assertEqual(visitor.tab.status, 422, "status");
    assertSays(await visitor.text(), words.letterWrong);
  });
  await look.at(visitor, "lettre-autre");
  await step("the code typed as a password leads to the letter's second step", async () => {
    await toSignIn(visitor, words);
    await signIn(visitor, pupil.identifiant, pupil.code.replaceAll("-", "").toLowerCase());
    await onPage(visitor, "/mot-de-passe-oublie/naissance");
    assertSays(await visitor.text(), words.letterFor(PUPIL.short));
  });
  await look.at(visitor, "naissance");
  await step("another birth date is refused with the tries left, and stays to be mended", async () => {
    await visitor.fillDate("date_naissance", "16/04/2014");
    await visitor.use("#confirmer");
    assertEqual(visitor.tab.status, 422, "status");
    assertSays(await visitor.text(), words.wrongBirth);
    assertEqual(await visitor.date("date_naissance"), "16/04/2014", "date");
  });
  await look.at(visitor, "naissance-fausse");
  await step("the pupil's own birth date leads to ideas of a password", async () => {
    await visitor.fillDate("date_naissance", PUPIL.birth);
    await visitor.use("#confirmer");
    await onPage(visitor, "/mot-de-passe-oublie/mot-de-passe");
    assertEqual(await visitor.textOf("#identifiant"), pupil.identifiant, "identifiant");
    assertSays(await visitor.text(), words.ideas);
  });
  await look.at(visitor, "mot-de-passe-eleve");
  let idea;
  await step("an idea is taken as the password, and the portal opens", async () => {
    const first = await visitor.textOf(".ideas li");
    await visitor.use("#autres-idees");
    idea = await visitor.textOf(".ideas li");
    assert(idea && idea !== first, `the ideas stay: ${idea}`);
    await visitor.fill("mot_de_passe", idea);
    await visitor.fill("confirmation", idea);
    await visitor.use("#terminer");
    await onPage(visitor, "/mot-de-passe-oublie/termine");
    await look.at(visitor, "termine-eleve");
    await visitor.use("#continuer");
    await enterPortal(visitor, PUPIL.school);
  });
  await step("the pupil's account says whose it is, and of no child", async () => {
    await visitor.goto(`${PROVIDER}/compte`);
    await onPage(visitor, "/compte");
    assertEqual(await visitor.textOf("#nom"), PUPIL.name, "name");
    assertSays(await visitor.text(), pupil.identifiant);
  });
  await look.at(visitor, "compte-eleve");
  await step("another day the pupil signs in with that password", async () => {
    const later = await newVisitor();
    await toSignIn(later, words);
    await signIn(later, pupil.identifiant, idea);
    await enterPortal(later, PUPIL.school);
  });
  await step("a code that has served is said to have, with the way to sign in", async () => {
    const again = await newVisitor();
    await again.goto(`${PROVIDER}/lettre`);
    await typeLetter(again, pupil.identifiant, pupil.code);
    assertEqual(again.tab.status, 422, "status");
    assertSays(await again.text(), words.letterUsed);
    await look.at(again, "lettre-servie");
    await again.use('.actions a[href*="/connexion"]');
    await onPage(again, "/connexion");
  });

  const reader = await newVisitor();
  await step("the QR code fills the fields by script, and leaves nothing in the address", async () => {
    const asked = reader.tab.trail.length;
    await reader.goto(`${PROVIDER}/lettre#i=${parent.identifiant}&c=${parent.code.replaceAll("-", "")}`);
    await onPage(reader, "/lettre");
    const filled = [await reader.value("identifiant"), await reader.value("code")];
    if (round.javascript) {
      assertEqual(filled.join(" "), `${parent.identifiant} ${parent.code.replaceAll("-", "")}`, "fields");
      assertEqual(await reader.tab.read(() => location.hash), "", "fragment");
      await look.at(reader, "lettre-qr");
    } else {
      assertEqual(filled.join(""), "", "fields without script");
      await reader.fill("identifiant", parent.identifiant);
      await reader.fill("code", ` ${parent.code.toLowerCase()} `);
    }
    await reader.use("#continuer");
    // A driver tells of the fragment where the browser sends none.
    const told = reader.tab.trail.slice(asked).filter((url) => new URL(url).search.includes(parent.code.slice(0, 4)));
    assertEqual(told.join(), "", "addresses with the code");
  });
  await step("a parent's letter asks for the birth date of a child", async () => {
    await onPage(reader, "/mot-de-passe-oublie/enfants");
    await look.at(reader, "lettre-enfants");
    await confirmChildren(reader, LANDLINE);
    await onPage(reader, "/mot-de-passe-oublie/mot-de-passe");
    assertEqual(await reader.textOf("#identifiant"), parent.identifiant, "identifiant");
    await look.at(reader, "lettre-mot-de-passe");
  });
  await step("the parent's password is taken, and the account has the child", async () => {
    await reader.fill("mot_de_passe", PASSWORD);
    await reader.fill("confirmation", PASSWORD);
    await reader.use("#terminer");
    await onPage(reader, "/mot-de-passe-oublie/termine");
    await look.at(reader, "termine-lettre");
    await reader.use("#continuer");
    if (reader.path() !== "/compte") await reader.goto(`${PROVIDER}/compte`);
    await onPage(reader, "/compte");
    assertSays(await reader.text(), LANDLINE.children[0].prenom);
  });
  await look.at(reader, "compte-parent");
  await step("the parent hands a code over to the child, who is told", async () => {
    await reader.goto(`${PROVIDER}/compte/enfants`);
    await reader.use("#oubli-1");
    await onPage(reader, "/compte/enfants/code");
    await look.at(reader, "code-enfant");
    await reader.fill("mot_de_passe", `${PASSWORD}x`);
    await reader.use("#obtenir");
    assertEqual(reader.tab.status, 422, "status");
    await look.at(reader, "code-enfant-faux");
    await reader.fill("mot_de_passe", PASSWORD);
    if (await reader.has('[name="date_naissance_jour"]')) await reader.fillDate("date_naissance", PUPIL.birth);
    await reader.use("#obtenir");
    assert(await reader.has("#code"), `no code: ${await reader.text()}`);
    await look.at(reader, "code-enfant-donne");
    await visitor.goto(`${PROVIDER}/compte`);
    await look.at(visitor, "compte-eleve-code-demande");
  });
}
