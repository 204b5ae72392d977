// What several scenarios do alike, each on one page.

import { nextCode, messages, COLLEGE, PROVIDER } from "../demo.js";
import { assert, assertEqual } from "../report.js";

/** From the collège's page to the chooser of the portal. */
export async function toChooser(visitor, words) {
  await visitor.goto(COLLEGE);
  await visitor.useSaying(words.college);
}

/** Chooses how to sign in, and goes on to Préau. */
export async function choose(visitor, key = "montpellier") {
  const name = await visitor.tab.read(
    (value) => document.querySelector(`input[type=radio][value="${value}"]`)?.name ?? null,
    key,
  );
  assert(name, `no choice ${key} on ${visitor.url()}`);
  await visitor.choose(name, key);
  await visitor.use("#valider");
}

/** From the collège's page to the sign-in page. */
export async function toSignIn(visitor, words, key = "montpellier") {
  await toChooser(visitor, words);
  await choose(visitor, key);
  await onPage(visitor, "/connexion");
}

export async function onPage(visitor, path) {
  assert(visitor.url().startsWith(PROVIDER), `on ${visitor.url()} instead of ${PROVIDER}${path}`);
  assertEqual(visitor.path(), path, "path");
}

export async function signIn(visitor, identifiant, password) {
  await visitor.fill("identifiant", identifiant);
  await visitor.fill("mot_de_passe", password);
  await visitor.use("#se-connecter");
}

/** Fills the identity and goes on to the page of the code. */
export async function identify(visitor, person) {
  await visitor.fill("nom", person.nom);
  await visitor.fill("prenom", person.prenom);
  await visitor.fill("telephone", person.telephone);
  await visitor.use("#continuer");
}

/** Identity and then the code that arrives; ends on the page after the code. */
export async function identifyAndConfirm(visitor, person) {
  const known = await messages(person.e164);
  await identify(visitor, person);
  await onPage(visitor, "/activation/code");
  await visitor.fill("code", await nextCode(person.e164, known));
  await visitor.use("#continuer");
}

/** Says Oui and the birth date of every child of the person. */
export async function confirmChildren(visitor, person) {
  for (const child of person.children) {
    const fields = await visitor.childFields(child.prenom);
    if (fields.link) await visitor.choose(fields.link, "oui");
    await visitor.fillDate(fields.birth, child.birth);
  }
  await visitor.use("#confirmer");
}

/** The person is in the portal, under the name of their school. */
export async function enterPortal(visitor, school) {
  assert(visitor.url().startsWith(`${COLLEGE}ent`), `on ${visitor.url()} instead of the portal`);
  const text = await visitor.text();
  assert(text.includes(school), `the portal does not show « ${school} »: ${text.slice(0, 400)}`);
}
