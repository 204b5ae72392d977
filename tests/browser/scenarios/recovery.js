// A forgotten identifiant, then a forgotten password: a code, birth dates, a new password. Comes last, since it changes
// the password.

import { PROVIDER, messages, nextCode } from "../demo.js";
import { FATOU, NEW_PASSWORD, PASSWORD } from "../people.js";
import { assertEqual, assertSays } from "../report.js";
import { confirmChildren, enterPortal, identifyAndConfirm, onPage, signIn, toSignIn } from "./steps.js";

export async function recovery({ report, round, words, look, newVisitor, identifiant }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);
  const elsewhere = await newVisitor();
  await step("somebody is signed in at another computer", async () => {
    await toSignIn(elsewhere, words);
    await signIn(elsewhere, identifiant, PASSWORD);
    await enterPortal(elsewhere, FATOU.school);
  });
  const visitor = await newVisitor();
  await step("« Identifiant oublié ? » shows the identifiant after a code", async () => {
    await toSignIn(visitor, words);
    await visitor.use('main a[href*="/identifiant-oublie"]');
    await look.at(visitor, "identifiant-oublie");
    await identifyAndConfirm(visitor, FATOU);
    assertEqual(await visitor.textOf("#identifiant"), identifiant, "identifiant");
    await look.at(visitor, "identifiant-retrouve");
  });
  await step("« Mot de passe oublié ? » sends a code for the identifiant", async () => {
    await visitor.use("#se-connecter");
    await onPage(visitor, "/connexion");
    await visitor.use('main a[href*="/mot-de-passe-oublie"]');
    await onPage(visitor, "/mot-de-passe-oublie");
    await look.at(visitor, "mot-de-passe-oublie-identifiant");
    const known = await messages(FATOU.e164);
    await visitor.fill("identifiant", identifiant);
    await visitor.use("#continuer");
    await onPage(visitor, "/mot-de-passe-oublie/code");
    await look.at(visitor, "mot-de-passe-oublie-code");
    await nextCode(FATOU.e164, known);
  });
  await step("the code is asked for by mail, and then by SMS again", async () => {
    // Asked for too soon, the page says what else there is.
    await visitor.use("#renvoyer");
    await visitor.use("#par-e-mail");
    await onPage(visitor, "/mot-de-passe-oublie/code");
    assertSays(await visitor.text(), words.codeByMail);
    await look.at(visitor, "mot-de-passe-oublie-code-par-e-mail");
    await visitor.use("#renvoyer");
    await look.at(visitor, "mot-de-passe-oublie-code-par-e-mail-rien");
    const known = await messages(FATOU.e164);
    await visitor.use("#par-sms");
    await visitor.fill("code", await nextCode(FATOU.e164, known));
    await visitor.use("#continuer");
  });
  await step("a new password asks for the children's birth dates first, and offers no Non", async () => {
    await onPage(visitor, "/mot-de-passe-oublie/enfants");
    await look.at(visitor, "mot-de-passe-oublie-enfants");
    await confirmChildren(visitor, FATOU);
    await onPage(visitor, "/mot-de-passe-oublie/mot-de-passe");
    assertEqual(await visitor.textOf("#identifiant"), identifiant, "identifiant");
  });
  await look.at(visitor, "mot-de-passe-nouveau");
  await step("back from the password comes to the same page, and the new password leads on to the portal", async () => {
    await visitor.back();
    await onPage(visitor, "/mot-de-passe-oublie/mot-de-passe");
    await visitor.fill("mot_de_passe", NEW_PASSWORD);
    await visitor.fill("confirmation", NEW_PASSWORD);
    await visitor.use("#terminer");
    await onPage(visitor, "/mot-de-passe-oublie/termine");
    assertSays(await visitor.text(), words.newPasswordDone);
    await look.at(visitor, "termine-nouveau");
    await visitor.use("#continuer");
    await enterPortal(visitor, FATOU.school);
  });
  await step("every other session has ended", async () => {
    await elsewhere.goto(`${PROVIDER}/compte`);
    await onPage(elsewhere, "/connexion");
  });
  await step("the old password is refused, the new one signs in", async () => {
    const other = await newVisitor();
    await toSignIn(other, words);
    await signIn(other, identifiant, PASSWORD);
    assertSays(await other.text(), words.refused);
    await signIn(other, identifiant, NEW_PASSWORD);
    await enterPortal(other, FATOU.school);
  });
}
