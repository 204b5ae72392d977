// Pages that say no: what they say, and that they say the same to everybody where they must. Needs an active account.

import { PROVIDER, messages, nextCode } from "../demo.js";
import { CLOSED, FATOU, IN_CHARGE, NOBODY, PASSWORD, STRANGER } from "../people.js";
import { assert, assertEqual, assertSays } from "../report.js";
import { identify, identifyAndConfirm, onPage, signIn, toSignIn } from "./steps.js";

const SUPPORT_CODE = /\b[0-9A-Z]{3}-[0-9A-Z]{3}\b/;
const ACTIVATION = `${PROVIDER}/activation`;

/** What a page says without what differs for each: the end of the number and the support code. */
function bare(text) {
  return text.replaceAll(/\b\d\d \d\d\b/g, "## ##").replaceAll(new RegExp(SUPPORT_CODE, "g"), "###-###");
}

export async function refusals({ report, round, words, look, newVisitor, identifiant }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);
  let visitor = await newVisitor();
  let refused;

  await step("a wrong password is refused, the identifiant stays, the password does not", async () => {
    await toSignIn(visitor, words);
    await signIn(visitor, identifiant, "Pas-le-bon 1");
    assertEqual(visitor.tab.status, 422, "status");
    refused = await visitor.text();
    assertSays(refused, words.refused);
    assertSays(await visitor.title(), words.error);
    assertEqual(await visitor.value("identifiant"), identifiant, "identifiant");
    assertEqual(await visitor.value("mot_de_passe"), "", "mot_de_passe");
    assert(await visitor.has(".wrong[role=alert]"), "no box on top");
  });
  await look.at(visitor, "connexion-refusee");
  if (round.javascript) {
    await step("the box of a refusal has the focus", async () => {
      assert(await visitor.tab.read(() => document.activeElement.matches(".wrong[role=alert]")), "it has not");
    });
  }
  await step("an unknown identifiant is refused in the same words", async () => {
    await signIn(visitor, "z.inconnue99", PASSWORD);
    assertEqual(visitor.tab.status, 422, "status");
    assertEqual(await visitor.text(), refused, "page");
  });
  await step("after a refusal the right password still signs in", async () => {
    await signIn(visitor, identifiant, PASSWORD);
    assert(!visitor.url().startsWith(`${PROVIDER}/connexion`), "still on the sign-in page");
  });

  visitor = await newVisitor();
  await step("an empty activation says what is missing, field by field", async () => {
    await visitor.goto(ACTIVATION);
    await visitor.use("#continuer");
    assertEqual(visitor.tab.status, 422, "status");
    for (const word of words.emptyNames) assertSays(await visitor.text(), word);
    assertSays(await visitor.title(), words.error);
  });
  await look.at(visitor, "activation-empty");
  for (const [what, telephone, word] of [
    ["an incomplete number", "06 12", words.incompletePhone],
    ["the number of no telephone", "0 800 00 00 01", words.landline],
  ]) {
    await step(`${what} is refused and what was typed stays`, async () => {
      await visitor.fill("nom", FATOU.nom);
      await visitor.fill("prenom", FATOU.prenom);
      await visitor.fill("telephone", telephone);
      await visitor.use("#continuer");
      assertEqual(visitor.tab.status, 422, "status");
      assertSays(await visitor.text(), word);
      assertEqual(await visitor.value("nom"), FATOU.nom, "nom");
      assertEqual(await visitor.value("telephone"), telephone, "telephone");
    });
  }
  await look.at(visitor, "activation-phone");

  let codePage;
  await step("somebody who is in no roster sees the page of the code and gets nothing", async () => {
    await identify(visitor, NOBODY);
    await onPage(visitor, "/activation/code");
    codePage = bare(await visitor.text());
    await visitor.fill("code", "123456");
    await visitor.use("#continuer");
    assertEqual(visitor.tab.status, 422, "status");
    assertSays(await visitor.text(), words.wrongCode);
    assertEqual((await messages(NOBODY.e164)).length, 0, "messages sent");
  });
  await step("another code at once is too soon, and the page says for how long", async () => {
    await visitor.use("#renvoyer");
    assertSays(await visitor.text(), words.tooSoon);
    assertSays(await visitor.text(), /\b[1-9]\d? second/);
  });
  await look.at(visitor, "code-too-soon");

  visitor = await newVisitor();
  await step("whoever has an account sees that same page, then the identifiant after the code", async () => {
    const known = await messages(FATOU.e164);
    await visitor.goto(ACTIVATION);
    await identify(visitor, FATOU);
    await onPage(visitor, "/activation/code");
    assertEqual(bare(await visitor.text()), codePage, "page");
    await visitor.fill("code", await nextCode(FATOU.e164, known, 90));
    await visitor.use("#continuer");
    assertSays(await visitor.text(), words.already);
    assertSays(await visitor.text(), identifiant);
  });
  await look.at(visitor, "deja-un-compte");

  for (const [what, person, word, name] of [
    ["a closed campaign is said", CLOSED, words.closed, "campagne-terminee"],
    ["somebody without a legal link learns it", IN_CHARGE, words.nobody, "sans-lien"],
  ]) {
    visitor = await newVisitor();
    await step(`${what} after the code, with a support code`, async () => {
      await visitor.goto(ACTIVATION);
      await identifyAndConfirm(visitor, person);
      assertSays(await visitor.text(), word);
      assertSays(await visitor.text(), SUPPORT_CODE);
      assert(!(await visitor.has("#identifiant")), "an identifiant is shown");
    });
    await look.at(visitor, name);
  }

  visitor = await newVisitor();
  await step("Non for every child makes no account and says what happens", async () => {
    await visitor.goto(ACTIVATION);
    await identifyAndConfirm(visitor, STRANGER);
    const { link } = await visitor.childFields(STRANGER.children[0].prenom);
    await visitor.choose(link, "non");
    await visitor.use("#confirmer");
    assertSays(await visitor.text(), words.allNo);
    assertSays(await visitor.text(), SUPPORT_CODE);
  });
  await look.at(visitor, "tous-non");
}
