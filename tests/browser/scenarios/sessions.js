// One sign-in for several services, and its end. Begins with a visitor who is signed in at the portal.

import { pause } from "../browsers.js";
import { BOURSES, COLLEGE, PROVIDER } from "../demo.js";
import { FATOU, PASSWORD } from "../people.js";
import { assert, assertSays } from "../report.js";
import { choose, enterPortal, onPage, signIn, toChooser, toSignIn } from "./steps.js";

/** The session of a page ends within seconds: then the address shows what only strangers see. */
async function ends(visitor, url, door) {
  for (let tries = 0; tries < 25; tries += 1) {
    await visitor.goto(url);
    if (await visitor.has(door)) return;
    await pause(200);
  }
  throw new Error(`still signed in at ${visitor.url()}: ${(await visitor.text()).slice(0, 200)}`);
}

export async function sessions({ report, round, words, look, newVisitor, identifiant, signedIn }) {
  const step = (name, run) => report.step(`${round.name}: ${name}`, run);

  await step("bourses opens without asking again", async () => {
    signedIn.tab.trail.length = 0;
    await signedIn.goto(BOURSES);
    await look.at(signedIn, "bourses-porte");
    await signedIn.useSaying(words.connect);
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
    assertSays(await visitor.text(), words.where);
    await visitor.use("#bonne-porte");
    await enterPortal(visitor, FATOU.school);
  });
  await step("« Se déconnecter » leaves the portal alone: the next sign-in asks nothing", async () => {
    await signedIn.use("#se-deconnecter");
    assertSays(await signedIn.text(), words.leftPortal);
    await look.at(signedIn, "portail-quitte");
    await choose(signedIn);
    await enterPortal(signedIn, FATOU.school);
  });
  await step("« Se déconnecter partout » ends the account's session too", async () => {
    await signedIn.use("#se-deconnecter-partout");
    // The provider asks where it cannot be sure of whom the portal means.
    if (signedIn.path() === "/oauth2/logout" && (await signedIn.has("#confirmer"))) await signedIn.use("#confirmer");
    assertSays(await signedIn.text(), words.signedOut);
    const text = await signedIn.text();
    assert(!text.includes(words.stillOpen), `something stays open: ${text}`);
  });
  await look.at(signedIn, "deconnecte");
  await step("and the session of bourses, which is told server to server", async () => {
    await ends(signedIn, BOURSES, "#me-connecter");
  });
  await step("after that, MON ENT asks for the identifiant", async () => {
    await toSignIn(signedIn, words);
  });
  await step("bourses signs out of the account and is come back to", async () => {
    await signedIn.goto(BOURSES);
    if (await signedIn.has("#me-connecter")) await signedIn.use("#me-connecter");
    if (signedIn.path() === "/connexion") await signIn(signedIn, identifiant, PASSWORD);
    assertSays(await signedIn.text(), FATOU.prenom);
    await toChooser(signedIn, words);
    if (await signedIn.has('input[type=radio][value="montpellier"]')) await choose(signedIn);
    await enterPortal(signedIn, FATOU.school);
    await signedIn.goto(BOURSES);
    await signedIn.use("#se-deconnecter");
    assert(signedIn.url().startsWith(BOURSES), `on ${signedIn.url()}`);
    assertSays(await signedIn.text(), words.signedOut);
    await ends(signedIn, `${COLLEGE}ent/accueil`, "#valider");
    await toSignIn(signedIn, words);
  });
  await step("a sign-out without a service behind it asks first", async () => {
    const visitor = await newVisitor();
    await toSignIn(visitor, words);
    await signIn(visitor, identifiant, PASSWORD);
    await enterPortal(visitor, FATOU.school);
    await visitor.goto(`${PROVIDER}/oauth2/logout`);
    await look.at(visitor, "deconnexion");
    await visitor.use("#confirmer");
    assertSays(await visitor.text(), words.signedOut);
    await look.at(visitor, "deconnecte-seul");
    await visitor.goto(`${PROVIDER}/compte`);
    await onPage(visitor, "/connexion");
  });
  await step("a sign-in that no service began ends on the account's page, which signs out", async () => {
    const visitor = await newVisitor();
    await visitor.goto(`${PROVIDER}/compte`);
    await signIn(visitor, identifiant, PASSWORD);
    await onPage(visitor, "/compte");
    for (const child of FATOU.children) assertSays(await visitor.text(), child.prenom);
    await look.at(visitor, "compte");
    await visitor.use("#se-deconnecter");
    assertSays(await visitor.text(), words.signedOut);
  });
}
