// A password that was forgotten: the activation again, birth dates, a new password. Comes last, since it changes the
// password.

import { PROVIDER } from "../demo.js";
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
  await step("« Mot de passe oublié ? » leads to the activation, which gives the identifiant again", async () => {
    await toSignIn(visitor, words);
    await visitor.use('main a[href*="/mot-de-passe-oublie"]');
    await visitor.use("#continuer");
    await identifyAndConfirm(visitor, FATOU);
    assertEqual(await visitor.textOf("#identifiant"), identifiant, "identifiant");
  });
  await step("a new password asks for the children's birth dates first", async () => {
    await visitor.use("#nouveau-mot-de-passe");
    await onPage(visitor, "/activation/enfants");
    await look.at(visitor, "enfants-nouveau");
    await confirmChildren(visitor, FATOU);
    await onPage(visitor, "/activation/mot-de-passe");
    assertEqual(await visitor.textOf("#identifiant"), identifiant, "identifiant");
  });
  await look.at(visitor, "mot-de-passe-nouveau");
  await step("the new password is taken and leads on to the portal", async () => {
    await visitor.fill("mot_de_passe", NEW_PASSWORD);
    await visitor.fill("confirmation", NEW_PASSWORD);
    await visitor.use("#terminer");
    assertSays(await visitor.text(), words.newPasswordDone);
    await look.at(visitor, "terminee-nouveau");
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
