// Pages that few people see: two accounts that become one, a recovery that stops at a factor or at wrong dates, an account
// that is suspended, forced to a new password, or closed.

import { PROVIDER, messages, nextCode } from "../demo.js";
import { NAMESAKES, NEW_PASSWORD, PASSWORD } from "../people.js";
import { assert, assertEqual } from "../report.js";
import { applicationCode, settleInStep } from "./factors.js";
import { confirmChildren, identifyAndConfirm, onPage, signIn } from "./steps.js";

export async function rare({ report, round, look, newVisitor, demo }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);

  const activate = async (person) => {
    const visitor = await newVisitor();
    await visitor.goto(`${PROVIDER}/activation`);
    await identifyAndConfirm(visitor, person);
    await onPage(visitor, "/activation/enfants");
    await confirmChildren(visitor, person);
    await onPage(visitor, "/activation/mot-de-passe");
    const identifiant = await visitor.textOf("#identifiant");
    await visitor.fill("mot_de_passe", PASSWORD);
    await visitor.fill("confirmation", PASSWORD);
    await visitor.use("#terminer");
    await onPage(visitor, "/activation/terminee");
    return { visitor, identifiant };
  };
  /** From the identifiant to the children of a recovery. */
  const recover = async (visitor, identifiant, person, wrongCode) => {
    const known = await messages(person.e164);
    await visitor.goto(`${PROVIDER}/mot-de-passe-oublie`);
    await visitor.fill("identifiant", identifiant);
    await visitor.use("#continuer");
    await onPage(visitor, "/mot-de-passe-oublie/code");
    const code = await nextCode(person.e164, known, 90);
    if (wrongCode) {
      await visitor.fill("code", String((Number(code) + 1) % 1_000_000).padStart(6, "0"));
      await visitor.use("#continuer");
      assertEqual(visitor.tab.status, 422, "status");
      await look.at(visitor, "mot-de-passe-oublie-code-faux");
    }
    await visitor.fill("code", code);
    await visitor.use("#continuer");
    await onPage(visitor, "/mot-de-passe-oublie/enfants");
  };
  const typeBirth = async (visitor, person, birth) => {
    const { birth: name } = await visitor.childFields(person.children[0].prenom);
    await visitor.fillDate(name, birth);
    await visitor.use("#confirmer");
  };

  const [first, second] = NAMESAKES;
  let one;
  let other;
  await step("two parents of one name have an account each", async () => {
    one = await activate(first);
    other = await activate(second);
    assert(one.identifiant !== other.identifiant, "one identifiant for two persons");
  });
  await step("the two accounts become one, and the undo is offered for a week", async () => {
    const { visitor } = other;
    await visitor.goto(`${PROVIDER}/compte/regrouper`);
    await visitor.fill("identifiant", one.identifiant);
    await visitor.fill("mot_de_passe", PASSWORD);
    await visitor.use("#continuer");
    await onPage(visitor, "/compte/regrouper/choix");
    await look.at(visitor, "regrouper-choix");
    await visitor.use("#confirmer");
    assertEqual(visitor.tab.status, 422, "status without a choice");
    await look.at(visitor, "regrouper-choix-vide");
    await visitor.choose("garder", "a");
    await visitor.use("#confirmer");
    await onPage(visitor, "/compte/regrouper");
    assert(await visitor.has("#reunis"), `not joined: ${await visitor.text()}`);
    await look.at(visitor, "regrouper-reunis");
    await visitor.goto(`${PROVIDER}/compte`);
    await look.at(visitor, "compte-reuni");
  });
  await step("the undo gives each account back", async () => {
    const { visitor } = other;
    await visitor.goto(`${PROVIDER}/compte/regrouper`);
    await visitor.fill("mot_de_passe", PASSWORD);
    await visitor.use("#defaire");
    await onPage(visitor, "/compte/regrouper");
    assert(await visitor.has("#defait"), `not undone: ${await visitor.text()}`);
    await look.at(visitor, "regrouper-defait");
  });

  await step("what is no identifiant is said", async () => {
    const visitor = await newVisitor();
    await visitor.goto(`${PROVIDER}/mot-de-passe-oublie`);
    await visitor.fill("identifiant", "Nathalie Martin");
    await visitor.use("#continuer");
    assertEqual(visitor.tab.status, 422, "status");
    await look.at(visitor, "mot-de-passe-oublie-identifiant-faux");
  });
  await step("a recovery of an account with an application stops at the factor", async () => {
    const visitor = await newVisitor();
    await visitor.goto(`${PROVIDER}/compte`);
    await signIn(visitor, one.identifiant, PASSWORD);
    await onPage(visitor, "/compte");
    await visitor.goto(`${PROVIDER}/compte/application`);
    await visitor.fill("mot_de_passe", PASSWORD);
    await visitor.use("#continuer");
    await onPage(visitor, "/compte/application/code");
    const secret = await visitor.textOf("#secret");
    await settleInStep();
    await visitor.fill("code", applicationCode(secret, -1));
    await visitor.use("#ajouter");
    assert(await visitor.has("#codes"), `no application: ${await visitor.text()}`);

    const forgetful = await newVisitor();
    await recover(forgetful, one.identifiant, first, true);
    await typeBirth(forgetful, first, "01/01/2010");
    assertEqual(forgetful.tab.status, 422, "status");
    await look.at(forgetful, "mot-de-passe-oublie-enfants-faux");
    await typeBirth(forgetful, first, first.children[0].birth);
    await onPage(forgetful, "/mot-de-passe-oublie/preuve");
    await look.at(forgetful, "mot-de-passe-oublie-preuve");
    await forgetful.use("#plus-rien");
    await look.at(forgetful, "mot-de-passe-oublie-preuve-perdue");
    await forgetful.use("#revenir");
    await onPage(forgetful, "/mot-de-passe-oublie/preuve");
  });
  await step("without a right date a recovery ends, and the account stays as it is", async () => {
    const visitor = await newVisitor();
    await recover(visitor, other.identifiant, second, false);
    for (let n = 0; n < 5; n += 1) await typeBirth(visitor, second, "01/01/2010");
    await onPage(visitor, "/mot-de-passe-oublie/suite");
    await look.at(visitor, "mot-de-passe-oublie-finie");
  });

  await step("an account that an operator forces to a new password says so after the right one", async () => {
    await demo.command("account", "force-change", other.identifiant, "--reason", "essai");
    const visitor = await newVisitor();
    await visitor.goto(`${PROVIDER}/compte`);
    await signIn(visitor, other.identifiant, PASSWORD);
    assert(visitor.path() !== "/compte", "the old password opens the account");
    await look.at(visitor, "mot-de-passe-exige");
  });
  await step("a suspended account says who can help, after the right password only", async () => {
    await demo.command("account", "suspend", one.identifiant, "--reason", "essai");
    const visitor = await newVisitor();
    await visitor.goto(`${PROVIDER}/compte`);
    await signIn(visitor, one.identifiant, NEW_PASSWORD);
    const refused = await visitor.text();
    await signIn(visitor, one.identifiant, PASSWORD);
    assert((await visitor.text()) !== refused, "the suspension is not said");
    await look.at(visitor, "compte-suspendu");
    await demo.command("account", "resume", one.identifiant, "--reason", "essai");
  });
  await step("a code of an activation that is over leads to the beginning", async () => {
    const visitor = await newVisitor();
    await visitor.goto(`${PROVIDER}/activation/code?a=${"0".repeat(32)}`);
    assertEqual(visitor.tab.status, 404, "status");
    await look.at(visitor, "activation-inconnue");
    await visitor.goto(`${PROVIDER}/mot-de-passe-oublie/code?r=${"0".repeat(32)}`);
    assertEqual(visitor.tab.status, 404, "status");
    await look.at(visitor, "recuperation-inconnue");
  });
}
