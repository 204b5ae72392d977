// mod_auth_openidc signs people in for a page of Apache's, and signs them out, also when the provider says so.

import { assert, assertEqual } from "../browser/report.js";
import { BASIC } from "./clients.js";
import { configure, signIn } from "./flow.js";

const SLOWEST_MS = 10_000;

/** Opens the page behind the sign-in, and signs in if that is asked. */
async function enter(site, person) {
  const { browser } = person;
  await person.answer(`${site}/`);
  // The answer as a form, which a browser sends by itself where it has scripts.
  if (browser.has(`form[action^="${site}/oidc"]`)) await browser.submit("#continuer");
  assertEqual(browser.url, `${site}/`, `address (${browser.status}: ${browser.text().slice(0, 300)})`);
  return browser;
}

/** Whether the page is shown without the provider. */
async function isIn(site, person) {
  return !(await person.browser.open(`${site}/`, { stop: process.env.INTEROP_ISSUER }));
}

export async function apache(report, issuer, first) {
  const [site, keyed] = process.env.INTEROP_SITES.split(" ");
  const name = "mod_auth_openidc";
  await report.check(`${name}, private_key_jwt and form_post: code with PKCE, ID token, userinfo`, async () => {
    const person = first.elsewhere();
    await person.answer(`${keyed}/`);
    assert(person.browser.has(`form[action^="${keyed}/oidc"]`), `no form for the site: ${person.browser.url}`);
    const browser = await enter(keyed, first.elsewhere());
    assertEqual(browser.text("#name"), first.parent.prenom, "given_name");
  });
  const person = first.elsewhere();
  await report.step(`${name}, by the console's settings: code with PKCE, ID token, userinfo; REMOTE_USER`, async () => {
    const browser = await enter(site, person);
    assert(person.asked, "signed in without being asked");
    // Its default is the subject and the issuer; the settings ask for the subject alone.
    const user = browser.text("#user");
    assert(user.length > 10 && !user.includes("@"), `REMOTE_USER is ${user}`);
    assertEqual(browser.text("#name"), first.parent.prenom, "given_name");
    assert(await isIn(site, person), "the session is not kept");
  });
  await report.step(`${name}: signs out at the site and at the provider`, async () => {
    const parted = `${site}/parti.html`;
    await person.leave(`${site}/oidc?logout=${encodeURIComponent(parted)}`, parted);
    assert(!(await isIn(site, person)), "still signed in at the site");
    await person.browser.open(`${site}/`);
    assert(person.browser.has("#se-connecter"), `not asked to sign in, but at ${person.browser.url}`);
  });
  await report.step(`${name}: a sign-out elsewhere ends its session by the back channel`, async () => {
    await enter(site, person);
    const basic = await configure(issuer, BASIC);
    const { tokens } = await signIn(basic, BASIC, person);
    const end = new URL(basic.serverMetadata().end_session_endpoint);
    const parted = BASIC.post_logout_redirect_uris[0];
    end.searchParams.set("id_token_hint", tokens.id_token);
    end.searchParams.set("post_logout_redirect_uri", parted);
    assert(await person.leave(end, parted), `rests on ${person.browser.url}: ${person.browser.text()}`);
    const began = Date.now();
    while (await isIn(site, person)) {
      if (Date.now() - began > SLOWEST_MS) throw new Error("still signed in at the site");
      await new Promise((done) => { setTimeout(done, 100); });
    }
  });
}
