// oidc-client-ts in a real Chromium: an application of scripts alone, at an origin of its own. What others leave out,
// this needs: CORS with its preflights, the nonce of DPoP in a header that scripts may read, silent renewal.

import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { assert, assertEqual } from "../browser/report.js";
import { SPA, SPA_DPOP } from "./clients.js";
import { PASSWORD } from "./person.js";

const LIBRARY = join(import.meta.dirname, "node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js");
const SLOWEST_MS = 15_000;

/** Each application's pages are alike: the library, its settings, and nothing done until it is asked. */
function page(settings, dpop) {
  return `<!doctype html><meta charset="utf-8"><title>Application</title>
<script src="/oidc-client-ts.js"></script>
<script>
  window.manager = new oidc.UserManager({
    ...${JSON.stringify(settings)},
    ${dpop ? "dpop: { store: new oidc.IndexedDbDPoPStore(), bind_authorization_code: true }," : ""}
  });
  if (location.pathname.endsWith("/silencieux")) manager.signinSilentCallback();
</script>`;
}

function serve(issuer, app) {
  const pages = new Map([SPA, SPA_DPOP].map((registered) => {
    const at = `${app}/${registered.client_id}`;
    const dpop = registered.dpop_bound_access_tokens ?? false;
    return [registered.client_id, page({
      authority: issuer, client_id: registered.client_id, scope: registered.scope, redirect_uri: `${at}/retour`,
      silent_redirect_uri: `${at}/silencieux`, post_logout_redirect_uri: `${at}/parti`,
      // With DPoP it would ask for it without a proof.
      loadUserInfo: !dpop,
    }, dpop)];
  }));
  const library = readFileSync(LIBRARY);
  const { INTEROP_CERTIFICATE: cert, INTEROP_KEY: key } = process.env;
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
    const [, first] = new URL(request.url, app).pathname.split("/");
    const body = first === "oidc-client-ts.js" ? library : pages.get(first);
    response.setHeader("Content-Type", body === library ? "text/javascript" : "text/html");
    response.writeHead(body ? 200 : 404).end(body ?? "");
  });
  return new Promise((done) => { server.listen(Number(new URL(app).port), "127.0.0.1", () => done(server)); });
}

/** Only what can leave the page. */
const PLAIN = "({ access_token, refresh_token, token_type, profile }) => "
  + "({ access_token, refresh_token, token_type, profile })";

/** The library leaves resource servers to its application: a second attempt where a nonce is asked for. */
const USERINFO = `(async () => {
  const url = await manager.metadataService.getUserInfoEndpoint();
  const user = await manager.getUser();
  const ask = async (nonce) => {
    const proof = await manager.dpopProof(url, user, "GET", nonce);
    return fetch(url, { headers: { Authorization: "DPoP " + user.access_token, DPoP: proof } });
  };
  const refused = await ask();
  const answer = refused.ok ? refused : await ask(refused.headers.get("dpop-nonce"));
  return answer.json();
})()`;

async function signIn(tab, at, person) {
  await tab.goto(`${at}/`);
  await tab.evaluate("void manager.signinRedirect()");
  await tab.waitForSelector("#se-connecter");
  await tab.fill("[name=identifiant]", person.identifiant);
  await tab.fill("[name=mot_de_passe]", PASSWORD);
  await tab.click("#se-connecter");
  await tab.waitForURL((url) => url.href.startsWith(`${at}/retour`));
  return tab.evaluate(`manager.signinRedirectCallback().then(${PLAIN})`);
}

async function signOut(tab, at) {
  await tab.evaluate("void manager.signoutRedirect()");
  const arrived = (url) => url.href.startsWith(`${at}/parti`);
  await Promise.race([
    tab.waitForURL(arrived),
    // A page in between goes on by itself, or waits for a yes.
    tab.waitForSelector("main form button").then((button) => button.click()).catch(() => {}),
  ]);
  await tab.waitForURL(arrived);
  await tab.evaluate("manager.signoutRedirectCallback()");
  assertEqual(await tab.evaluate("manager.getUser()"), null, "user");
}

/** Runs with a fresh browser profile; what the page says on its console is told where it fails. */
async function inTab(browser, run) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: "fr-FR" });
  context.setDefaultTimeout(SLOWEST_MS);
  const tab = await context.newPage();
  const said = [];
  tab.on("console", (message) => { if (message.type() === "error") said.push(message.text()); });
  try {
    await run(tab);
  } catch (error) {
    error.message += ` (at ${tab.url()}; console: ${said.slice(-5).join(" | ")})`;
    throw error;
  } finally {
    await context.close();
  }
}

export async function applications(report, issuer, first) {
  const app = process.env.INTEROP_APP;
  const server = await serve(issuer, app);
  const browser = await chromium.launch({
    executablePath: process.env.PREAU_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  });
  try {
    await report.check("oidc-client-ts in Chromium: signs in, renews in a frame with prompt=none, signs out", () =>
      inTab(browser, async (tab) => {
        const at = `${app}/${SPA.client_id}`;
        const user = await signIn(tab, at, first);
        assertEqual(user.profile.given_name, first.parent.prenom, "given_name");
        assert(!user.refresh_token, "a refresh token that nobody asked for");
        const renewed = await tab.evaluate(`manager.signinSilent().then(${PLAIN})`);
        assertEqual(renewed.profile.sub, user.profile.sub, "sub");
        assert(renewed.access_token !== user.access_token, "the access token is the old one");
        await signOut(tab, at);
        const again = await tab.evaluate("manager.signinSilent().then(() => 'signed in', (error) => error.error)");
        assertEqual(again, "login_required", "silent renewal after the sign-out");
      }));
    await report.check("oidc-client-ts in Chromium with DPoP: userinfo with a proof, once its nonce is read", () =>
      inTab(browser, async (tab) => {
        await signIn(tab, `${app}/${SPA_DPOP.client_id}`, first);
        const info = await tab.evaluate(USERINFO);
        assertEqual(info.given_name, first.parent.prenom, "given_name");
      }));
    await report.check("oidc-client-ts in Chromium with DPoP: signs in, refreshes, revokes, signs out", () =>
      inTab(browser, async (tab) => {
        const at = `${app}/${SPA_DPOP.client_id}`;
        const user = await signIn(tab, at, first);
        assertEqual(user.token_type.toLowerCase(), "dpop", "token_type");
        assert(user.refresh_token, "no refresh token");
        const renewed = await tab.evaluate(`manager.signinSilent().then(${PLAIN})`);
        assert(renewed.access_token !== user.access_token, "the access token is the old one");
        await tab.evaluate("manager.revokeTokens(['refresh_token'])");
        await signOut(tab, at);
      }));
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}
