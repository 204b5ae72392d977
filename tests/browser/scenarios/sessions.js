// One sign-in for several services, and its end. Begins with a visitor who is signed in at the portal.

import { BOURSES, COLLEGE, PROVIDER } from "../demo.js";
import { FATOU, PASSWORD } from "../people.js";
import { assert, assertSays } from "../report.js";
import { choose, enterPortal, onPage, signIn, toChooser, toSignIn } from "./steps.js";

export async function sessions({ report, round, words, look, newVisitor, identifiant, signedIn }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);

  await step("bourses opens without asking again", async () => {
    signedIn.tab.trail.length = 0;
    await signedIn.goto(BOURSES);
    // A service may wait for its own button.
    if (!(await signedIn.text()).includes(FATOU.prenom)) await signedIn.useSaying("Se connecter", "Sign in");
    assert(signedIn.url().startsWith(BOURSES), `on ${signedIn.url()}`);
    assertSays(await signedIn.text(), FATOU.prenom);
    const asked = signedIn.tab.trail.filter((url) => url.startsWith(`${PROVIDER}/connexion`));
    assert(asked.length === 0, `went by ${asked[0]}`);
  });
  await look.at(signedIn, "bourses");
  await step("MON ENT opens again without asking", async () => {
    signedIn.tab.trail.length = 0;
    await signedIn.goto(COLLEGE);
    await signedIn.useSaying(words.college);
    // The portal may know the visitor already, or ask once more how to sign in.
    if (await signedIn.has('input[type=radio][value="montpellier"]')) await choose(signedIn);
    await enterPortal(signedIn, FATOU.school);
    const asked = signedIn.tab.trail.filter((url) => url.startsWith(`${PROVIDER}/connexion`));
    assert(asked.length === 0, `went by ${asked[0]}`);
  });
  await step("a choice that concerns none of the children says so, with a way back", async () => {
    const visitor = await newVisitor();
    await toSignIn(visitor, words, "toulouse");
    await signIn(visitor, identifiant, PASSWORD);
    assertSays(await visitor.text(), words.outside);
    await look.at(visitor, "hors-perimetre");
  });
  await step("the portal signs out of itself and of the account", async () => {
    await signedIn.useSaying(...words.signOut);
    if (signedIn.url().startsWith(PROVIDER) && (await signedIn.has("main form button"))) {
      await look.at(signedIn, "deconnexion");
      await signedIn.use("main form button");
    }
    assertSays(await signedIn.text("body"), words.signedOut);
  });
  await look.at(signedIn, "deconnecte");
  await step("after that, MON ENT asks for the identifiant", async () => {
    await toSignIn(signedIn, words);
  });
  await step("a sign-out without a service behind it asks first", async () => {
    const visitor = await newVisitor();
    await toSignIn(visitor, words);
    await signIn(visitor, identifiant, PASSWORD);
    await enterPortal(visitor, FATOU.school);
    await visitor.goto(`${PROVIDER}/oauth2/logout`);
    assert(await visitor.has("main form button"), `no question on ${visitor.url()}`);
    await look.at(visitor, "deconnexion-seule");
    await visitor.use("main form button");
    assertSays(await visitor.text("body"), words.signedOut);
    await look.at(visitor, "deconnecte-seul");
    await toChooser(visitor, words).catch(() => visitor.goto(`${COLLEGE}ent`));
    await visitor.goto(`${PROVIDER}/compte`);
    await onPage(visitor, "/connexion");
  });
}
