// Every line of the leaflet's chooser leads somewhere: four to Préau's own sign-in, four to the academies' providers and
// back to the portal with the right role and schools, and no children.

import { greetedAccount, COLLEGE } from "../demo.js";
import { NEW_PASSWORD } from "../people.js";
import { assert, assertSays } from "../report.js";
import { choose, enterPortal, onPage, signIn, toChooser } from "./steps.js";

const ROLES = {
  fr: { enseignant: "Votre rôle : enseignant", personnel: "personnel non enseignant", invites: "invité", eleve: "élève" },
  en: { enseignant: "as a teacher", personnel: "as staff", invites: "as a guest", eleve: "as a pupil" },
};

/** The line, the academy (none is asked where the hint names it), whom the academy signs in, role and school. */
const AGENTS = [
  ["enseignant", "academie-montpellier", "m-1001", "enseignant", "Clg Théodore Monod"],
  ["personnel", "academie-toulouse", "t-2002", "personnel", "CSES Jean Lagarde"],
  ["invites", "academie-montpellier", "m-1003", "invites", null],
  ["enseignant", "academie-agricole", "a-3001", "enseignant", "0349996F"],
  ["montpellier-deconseille", null, "m-1004", "eleve", "Clg Théodore Monod"],
];

export async function choices({ report, round, demo, words, look, newVisitor }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);
  const roles = ROLES[round.language];
  const children = round.language === "fr" ? "Vos enfants" : "Your children";

  for (const key of ["montpellier", "toulouse", "agricole", "mer"]) {
    await step(`the choice « ${key} » leads to the sign-in page`, async () => {
      const visitor = await newVisitor();
      await toChooser(visitor, words);
      await choose(visitor, key);
      await onPage(visitor, "/connexion");
      assert(!(await visitor.has("#academies")), "a portal of families offers the academies");
      if (key === "toulouse") {
        await signIn(visitor, greetedAccount(demo.greeting).identifiant, NEW_PASSWORD);
        assert(visitor.url().startsWith(`${COLLEGE}ent`), `on ${visitor.url()}`);
        assertSays(await visitor.text(), children);
      }
    });
  }
  for (const [key, academy, sub, role, school] of AGENTS) {
    await step(`the choice « ${key} » leads to ${academy ?? "the academy"} and back as ${role}`, async () => {
      const visitor = await newVisitor();
      await toChooser(visitor, words);
      await choose(visitor, key);
      if (academy) {
        await onPage(visitor, "/federation");
        await look.at(visitor, "academies");
        await visitor.use(`#vers-${academy}`);
      }
      assert(visitor.url().startsWith(`${COLLEGE}academie/`), `on ${visitor.url()}`);
      await look.at(visitor, "academie");
      await visitor.use(`#${sub}`);
      await enterPortal(visitor, school ?? roles[role]);
      assertSays(await visitor.textOf("#role"), roles[role]);
      assert(!(await visitor.text()).includes(children), "there are children");
      await look.at(visitor, `portail-${role}`);
      if (key === "personnel") {
        // The next time, the same academy is gone to at once.
        await visitor.use("#se-deconnecter");
        await choose(visitor, "enseignant");
        await enterPortal(visitor, school);
      }
      if (sub === "m-1001") await ownPages(visitor, look);
    });
  }
  await step("a role that nobody knows is a page with a support code and another way", async () => {
    const visitor = await newVisitor();
    await toChooser(visitor, words);
    await choose(visitor, "enseignant");
    await visitor.use("#vers-academie-montpellier");
    await visitor.use("#m-1006");
    await onPage(visitor, "/federation/academie-montpellier/retour");
    assert(await visitor.has(".support"), "no support code");
    await look.at(visitor, "academie-refus");
    await visitor.use("#choisir");
    await onPage(visitor, "/federation");
  });
}

/** The account of somebody who works at a school has no page about what it has not. */
async function ownPages(visitor, look) {
  const provider = "http://localhost:8080";
  await visitor.goto(`${provider}/compte`);
  await look.at(visitor, "compte-agent");
  for (const page of ["services", "securite", "evenements", "donnees"]) {
    await visitor.use(`#${page}`);
    await onPage(visitor, `/compte/${page}`);
    await look.at(visitor, `compte-agent-${page}`);
    await visitor.goto(`${provider}/compte`);
  }
  await visitor.goto(`${provider}/compte/mot-de-passe`);
  await onPage(visitor, "/compte");
}
