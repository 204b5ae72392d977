// The account's own pages: another password, and an address that is confirmed by a mail.

import { COLLEGE, PROVIDER, greetedAccount, mails, messages, nextCode, nextMailCode } from "../demo.js";
import { HOLDER, NEW_PASSWORD } from "../people.js";
import { assert, assertEqual, assertSays } from "../report.js";
import { onPage, signIn } from "./steps.js";

export async function account({ report, round, words, look, newVisitor, demo }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);
  const { identifiant, password } = greetedAccount(demo.greeting);
  const visitor = await newVisitor();
  await step("the account that the greeting names signs in, and shows its children", async () => {
    await visitor.goto(`${PROVIDER}/compte`);
    await signIn(visitor, identifiant, password);
    await onPage(visitor, "/compte");
    for (const child of HOLDER.children) assertSays(await visitor.text(), child);
  });
  await look.at(visitor, "compte-plein");
  await step("another password than the current one is refused", async () => {
    await visitor.goto(`${PROVIDER}/compte/mot-de-passe`);
    await look.at(visitor, "changer-mot-de-passe");
    await visitor.fill("actuel", `${password}x`);
    await visitor.fill("mot_de_passe", NEW_PASSWORD);
    await visitor.fill("confirmation", NEW_PASSWORD);
    await visitor.use("#changer-mot-de-passe");
    assertEqual(visitor.tab.status, 422, "status");
    assertSays(await visitor.text(), words.currentPasswordWrong);
    assertEqual(await visitor.value("mot_de_passe"), "", "a password in the page");
  });
  await look.at(visitor, "changer-mot-de-passe-faux");
  await step("with the current one the password is changed, and this browser stays signed in", async () => {
    await visitor.fill("actuel", password);
    await visitor.fill("mot_de_passe", NEW_PASSWORD);
    await visitor.fill("confirmation", NEW_PASSWORD);
    await visitor.use("#changer-mot-de-passe");
    await onPage(visitor, "/compte/mot-de-passe");
    assertSays(await visitor.text(), words.passwordChanged);
    await look.at(visitor, "mot-de-passe-change");
    await visitor.use('main a[href="/compte"]');
    await onPage(visitor, "/compte");
  });
  await step("an address is asked for, and the mail is in the mailboxes", async () => {
    const known = await mails(HOLDER.address);
    await visitor.use("#adresse");
    await onPage(visitor, "/compte/adresse");
    await look.at(visitor, "adresse");
    await visitor.fill("adresse", HOLDER.address);
    await visitor.fill("mot_de_passe", NEW_PASSWORD);
    await visitor.use("#envoyer");
    await onPage(visitor, "/compte/adresse");
    assertSays(await visitor.text(), words.addressAsked(HOLDER.address));
    await look.at(visitor, "adresse-code");
    const code = await nextMailCode(HOLDER.address, known);
    const boxes = await newVisitor();
    await boxes.goto(`${COLLEGE}courrier?lang=${round.language}`);
    await boxes.use("#actualiser");
    assertSays(await boxes.text(), HOLDER.address);
    assertSays(await boxes.text(), code);
    await look.at(boxes, "courrier");
    await visitor.fill("code", code);
    await visitor.use("#confirmer");
    assertEqual(await visitor.textOf("#adresse-confirmee"), words.addressConfirmed(HOLDER.address).concat("."), "address");
  });
  await look.at(visitor, "adresse-confirmee");
  await step("the account's page shows the address, and the new password signs in", async () => {
    await visitor.goto(`${PROVIDER}/compte`);
    assertSays(await visitor.text(), HOLDER.address);
    const later = await newVisitor();
    await later.goto(`${PROVIDER}/compte`);
    await signIn(later, identifiant, password);
    await onPage(later, "/connexion");
    await signIn(later, identifiant, NEW_PASSWORD);
    await onPage(later, "/compte");
  });
  await step("a sign-in elsewhere is told here until it is answered, and not there", async () => {
    const elsewhere = await newVisitor();
    await elsewhere.goto(`${PROVIDER}/compte`);
    await signIn(elsewhere, identifiant, NEW_PASSWORD);
    assert(!(await elsewhere.text()).includes(words.newDevice), "the device itself has the banner");
    await visitor.goto(`${PROVIDER}/compte`);
    assertSays(await visitor.text(), words.newDevice);
    await look.at(visitor, "compte-nouvel-appareil");
    await visitor.use('button[name="moi"][value="oui"]');
    await onPage(visitor, "/compte");
    assert(!(await visitor.text()).includes(words.newDevice), "the banner is still there");
  });
  await step("the other devices are listed, and signed out", async () => {
    await visitor.use("#securite");
    await onPage(visitor, "/compte/securite");
    await look.at(visitor, "securite");
    await visitor.use("#oublier-autres");
    await onPage(visitor, "/compte/securite");
    assert(!(await visitor.has('button[name="oublier"].link')), "another device is left");
    await visitor.use("#evenements");
    await onPage(visitor, "/compte/evenements");
    await look.at(visitor, "evenements");
  });
  for (const [door, page] of [["#enfants", "enfants"], ["#services", "services"], ["#donnees", "donnees"],
    ["#portable", "portable"]]) {
    await step(`${page}: a page of the account`, async () => {
      await visitor.goto(`${PROVIDER}/compte`);
      await visitor.use(door);
      await onPage(visitor, `/compte/${page}`);
      await look.at(visitor, `compte-${page}`);
    });
  }
  await step("the mobile is proven by a code that this session asked for", async () => {
    await visitor.goto(`${PROVIDER}/compte`);
    await visitor.use("#verifier-portable");
    await onPage(visitor, "/compte/portable/verifier");
    await look.at(visitor, "portable-verifier");
    const known = await messages(HOLDER.e164);
    await visitor.fill("mot_de_passe", NEW_PASSWORD);
    await visitor.use("#envoyer");
    await onPage(visitor, "/compte/portable/verifier");
    await look.at(visitor, "portable-code");
    const code = await nextCode(HOLDER.e164, known);
    await visitor.fill("code", String((Number(code) + 1) % 1_000_000).padStart(6, "0"));
    await visitor.use("#confirmer");
    assertEqual(visitor.tab.status, 422, "status");
    await look.at(visitor, "portable-code-faux");
    await visitor.fill("code", code);
    await visitor.use("#confirmer");
    await onPage(visitor, "/compte/portable/verifier");
    assert(await visitor.has("#verifie"), "the mobile is not proven");
    await look.at(visitor, "portable-verifie");
  });
  await step("another account is joined only with a proof of it", async () => {
    await visitor.goto(`${PROVIDER}/compte`);
    await visitor.use("#regrouper");
    await onPage(visitor, "/compte/regrouper");
    await look.at(visitor, "regrouper");
    await visitor.fill("identifiant", "z.personne07");
    await visitor.fill("mot_de_passe", password);
    await visitor.use("#continuer");
    assertEqual(visitor.tab.status, 422, "status");
    assertEqual(await visitor.value("mot_de_passe"), "", "a password in the page");
    await look.at(visitor, "regrouper-faux");
  });
  await step("a letter's code that has a slip costs no try and is told", async () => {
    await visitor.goto(`${PROVIDER}/compte/enfants`);
    await visitor.fill("code", "K7PM-4HXA-9RTA");
    await visitor.use("#continuer");
    assertEqual(visitor.tab.status, 422, "status");
    await look.at(visitor, "enfants-lettre-fausse");
  });
  await step("an account is not closed without its password", async () => {
    await visitor.goto(`${PROVIDER}/compte/fermer`);
    await look.at(visitor, "fermer");
    await visitor.fill("mot_de_passe", password);
    await visitor.use("#fermer");
    assertEqual(visitor.tab.status, 422, "status");
    await look.at(visitor, "fermer-faux");
  });
  await step("a mobile that was given up needs the school before a code", async () => {
    await visitor.goto(`${PROVIDER}/compte/portable`);
    await visitor.fill("mot_de_passe", NEW_PASSWORD);
    await visitor.use("#retirer");
    await onPage(visitor, "/compte/portable");
    await look.at(visitor, "portable-rendu");
    await visitor.use("#verifier");
    await onPage(visitor, "/compte/portable/verifier");
    assert((await visitor.has("#rendu")) && !(await visitor.has("#envoyer")), "a code is offered");
    await look.at(visitor, "portable-rendu-verifier");
  });
}
