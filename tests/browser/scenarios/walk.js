// The leaflet's ten steps, in its order. Gives the identifiant, for the scenarios that need an account.

import { messages, nextCode } from "../demo.js";
import { FATOU, PASSWORD } from "../people.js";
import { assert, assertEqual, assertSays } from "../report.js";
import { choose, enterPortal, onPage, signIn, toChooser } from "./steps.js";

export async function walk({ report, round, words, visitor, look, newVisitor }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);
  const says = async (parts) => {
    const text = await visitor.text("body");
    for (const part of parts) assertSays(text, part);
  };
  let identifiant;

  await step("step 1, the collège's site leads to MON ENT and its chooser", async () => {
    await toChooser(visitor, words);
  });
  await look.at(visitor, "chooser");
  await step("step 2, the chooser has all the choices and leads to the sign-in page", async () => {
    await says([words.chooser, ...words.choices]);
    await choose(visitor);
    await onPage(visitor, "/connexion");
    await says(words.signIn);
  });
  await look.at(visitor, "connexion");
  await step("step 3, « Je n'ai pas de compte » leads to the activation", async () => {
    await visitor.useSaying(words.noAccount);
    await onPage(visitor, "/activation");
    await says(words.activation);
  });
  await look.at(visitor, "activation");

  const known = await messages(FATOU.e164);
  await step("step 4, name and mobile are taken", async () => {
    await visitor.fill("nom", FATOU.nom);
    await visitor.fill("prenom", FATOU.prenom);
    await visitor.fill("telephone", FATOU.telephone);
    await visitor.use("#continuer");
    await onPage(visitor, "/activation/code");
    await says([...words.code, "00 01"]);
  });
  await look.at(visitor, "code");
  await step("step 5, an empty code is refused in the leaflet's words", async () => {
    await visitor.use("#continuer");
    assertEqual(visitor.tab.status, 422, "status");
    await says([words.emptyCode]);
    assertSays(await visitor.title(), words.error);
  });
  await look.at(visitor, "code-empty");
  await step("step 5, a wrong code is refused and says what is left", async () => {
    const code = await nextCode(FATOU.e164, known);
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, "0");
    await visitor.fill("code", wrong);
    await visitor.use("#continuer");
    assertEqual(visitor.tab.status, 422, "status");
    await says([words.wrongCode, /\b2\b/]);
    assertEqual(await visitor.value("code"), "", "what stays in the field");
  });
  await look.at(visitor, "code-wrong");
  await step("step 5, the code from the SMS opens the children's page", async () => {
    const [newest] = await messages(FATOU.e164);
    await visitor.fill("code", /\b(\d{6})\b/.exec(newest.text)[1]);
    await visitor.use("#continuer");
    await onPage(visitor, "/activation/enfants");
    await says(words.children);
    for (const child of FATOU.children) {
      const fields = await visitor.childFields(child.prenom);
      assert(!fields.preset, `Oui or Non is chosen beforehand for ${child.prenom}`);
    }
  });
  await look.at(visitor, "enfants");
  await step("step 6, a child without an answer is asked for again", async () => {
    await visitor.use("#confirmer");
    assertEqual(visitor.tab.status, 422, "status");
    for (const child of FATOU.children) await says([words.answerFor(child.prenom)]);
  });
  await look.at(visitor, "enfants-empty");
  await step("step 6, a wrong date is said for that child, and what was typed stays", async () => {
    for (const [index, child] of FATOU.children.entries()) {
      const fields = await visitor.childFields(child.prenom);
      await visitor.choose(fields.link, "oui");
      await visitor.fillDate(fields.birth, index === 0 ? child.birth : "01/01/2001");
    }
    await visitor.use("#confirmer");
    assertEqual(visitor.tab.status, 422, "status");
    const [right, wrong] = FATOU.children;
    assertSays((await visitor.childFields(wrong.prenom)).text, words.wrongBirth);
    assertEqual(await visitor.date((await visitor.childFields(wrong.prenom)).birth), "01/01/2001", "the date typed");
    const kept = await visitor.childFields(right.prenom).catch(() => null);
    if (kept) assertEqual(await visitor.date(kept.birth), right.birth, "the right date");
  });
  await look.at(visitor, "enfants-wrong");
  await step("step 6, the right dates lead to the identifiant", async () => {
    const child = FATOU.children[1];
    const fields = await visitor.childFields(child.prenom);
    await visitor.choose(fields.link, "oui");
    // Pasted whole into the first field, as people do who have it elsewhere.
    await visitor.fillDate(fields.birth, "//");
    await visitor.fill(`${fields.birth}_jour`, child.birth);
    await visitor.use("#confirmer");
    await onPage(visitor, "/activation/mot-de-passe");
    identifiant = await visitor.textOf("#identifiant");
    assertSays(identifiant ?? "", FATOU.identifiant);
    await says(words.password);
  });
  await look.at(visitor, "mot-de-passe");
  await step("step 7, the sheet can be printed, has the identifiant and leads back", async () => {
    await visitor.use('main a[href*="/activation/feuille"]');
    await says([identifiant]);
    await look.at(visitor, "feuille");
    await visitor.use('main a[href*="/activation/mot-de-passe"]');
    assertEqual(await visitor.textOf("#identifiant"), identifiant, "identifiant");
  });
  await step("step 7, a weak password is refused with what is missing", async () => {
    await visitor.fill("mot_de_passe", "abcdefgh");
    await visitor.fill("confirmation", "abcdefgh");
    await visitor.use("#terminer");
    assertEqual(visitor.tab.status, 422, "status");
    await says([words.missingRules]);
    assertEqual(await visitor.value("mot_de_passe"), "", "a password in the page");
    assertEqual(await visitor.textOf("#identifiant"), identifiant, "identifiant");
  });
  await look.at(visitor, "mot-de-passe-weak");
  await step("step 7, two different passwords are refused", async () => {
    await visitor.fill("mot_de_passe", PASSWORD);
    await visitor.fill("confirmation", `${PASSWORD}x`);
    await visitor.use("#terminer");
    assertEqual(visitor.tab.status, 422, "status");
    await says([words.differentPasswords]);
  });
  await step("step 7, the password is taken and the account is active", async () => {
    await visitor.fill("mot_de_passe", PASSWORD);
    await visitor.fill("confirmation", PASSWORD);
    await visitor.use("#terminer");
    await onPage(visitor, "/activation/terminee");
    await says([words.done]);
    assertEqual(await visitor.textOf("#identifiant"), identifiant, "identifiant");
  });
  await look.at(visitor, "terminee");
  await step("step 7, a reload of the last page says the same", async () => {
    await visitor.reload();
    await onPage(visitor, "/activation/terminee");
    assertEqual(await visitor.textOf("#identifiant"), identifiant, "identifiant");
  });
  await step("step 8, its button goes on to the portal, signed in", async () => {
    await visitor.use("#continuer");
    await enterPortal(visitor, FATOU.school);
  });
  await look.at(visitor, "portail");

  const later = await newVisitor();
  await step("step 9, another day: MON ENT, identifiant and password open the portal", async () => {
    await toChooser(later, words);
    await choose(later);
    await onPage(later, "/connexion");
    // As people copy it from their sheet.
    await signIn(later, ` ${identifiant.toUpperCase()} `, PASSWORD);
    await enterPortal(later, FATOU.school);
  });
  await step(`step 10, the right portal is « ${FATOU.school} »`, async () => {
    await later.useSaying(FATOU.school);
    assertSays(await later.text("body"), FATOU.school);
    assert(later.tab.status < 400, `status ${later.tab.status}`);
  });
  await look.at(later, "portail-ecole");
  return { identifiant, signedIn: later };
}
