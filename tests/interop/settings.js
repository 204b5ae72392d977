// The settings that the console shows are run here: the very text of `preau client settings`, with the secret where it
// says PREAU_SECRET, and what is of this machine beside it. Apache runs its own in site.js, Authlib the values alone,
// oauth2-proxy, Spring and Keycloak theirs with the other large programs.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as client from "openid-client";
import { assert, assertEqual } from "../browser/report.js";
import { AUTHLIB_SECRET, POST } from "./clients.js";

const ARTEFACTS = join(import.meta.dirname, "artefacts");
/** Which settings each part of the run uses: a client, and its program. */
export const SMALL_SETTINGS = [[POST.client_id, "openid-client"], [AUTHLIB_SECRET.client_id, "valeurs"],
  [AUTHLIB_SECRET.client_id, "ode"]];
export const LARGE_SETTINGS = [["oauth2-proxy", "oauth2-proxy"], ["spring", "spring"],
  ["keycloak", "keycloak"]];

/** Asks the provider for them, before the suite runs in a process of its own. */
export function printed(provider, wanted) {
  return wanted.map(([client_id, program]) => ({
    client_id, program, text: provider.run("client", "settings", client_id, "--program", program),
  }));
}

/** The text for a client's program. */
export function settingsOf(client_id, program) {
  const all = JSON.parse(process.env.INTEROP_SETTINGS);
  const found = all.find((one) => one.client_id === client_id && one.program === program);
  assert(found, `no settings were printed for ${program} and ${client_id}`);
  return found.text;
}

/** The same, written to a file of this run. */
export function settingsFile(client_id, program, name) {
  mkdirSync(ARTEFACTS, { recursive: true });
  const file = join(ARTEFACTS, name);
  writeFileSync(file, settingsOf(client_id, program), { mode: 0o600 });
  return file;
}

/** The values alone, by their names: each line is a name, two blanks at least, and the value. */
export function valuesOf(client_id) {
  const lines = settingsOf(client_id, "valeurs").split("\n").filter((line) => line);
  return Object.fromEntries(lines.map((line) => {
    const [, name, value] = /^(\S+) {2,}(.+)$/.exec(line) ?? [];
    assert(name, `no name and value: ${line}`);
    return [name, value];
  }));
}

async function openidClient(person) {
  // Inside of this folder, so that the library is found.
  const file = settingsFile(POST.client_id, "openid-client", "openid-client.mjs");
  process.env.PREAU_SECRET = POST.client_secret;
  const { aller, retour } = await import(pathToFileURL(file).href);
  const asked = await aller();
  const landed = await person.answer(asked.url, POST.redirect_uris[0]);
  assert(landed, `rests on ${person.browser.url}: ${person.browser.text()}`);
  const told = await retour(landed, asked);
  assertEqual(told.given_name, person.parent.prenom, "given_name");
  assertEqual(told.children?.[0]?.given_name, person.parent.child.prenom, "child");
}

/** ODE itself is not here: its addresses and its way of proving itself are walked by a library, as it does. */
async function ode(person) {
  const said = JSON.parse(settingsOf(AUTHLIB_SECRET.client_id, "ode"));
  assertEqual(said.secret, "$PREAU_SECRET", "the secret's place");
  assert(said["basic-to-get-token"], "the secret goes in the header");
  const configuration = new client.Configuration({
    issuer: said.iss,
    authorization_endpoint: `${said.uri}${said.authorizeUrn}`,
    token_endpoint: `${said.uri}${said.tokenUrn}`,
    userinfo_endpoint: `${said.uri}${said.userInfoUrn}`,
    jwks_uri: said.certsUri,
    end_session_endpoint: said.logoutUri,
  }, said.clientId, undefined, client.ClientSecretBasic(AUTHLIB_SECRET.client_secret));
  client.enableNonRepudiationChecks(configuration);
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: said.redirectUri, scope: AUTHLIB_SECRET.scope, state: expectedState, nonce: expectedNonce,
  });
  const landed = await person.answer(url, said.redirectUri);
  assert(landed, `rests on ${person.browser.url}: ${person.browser.text()}`);
  const tokens = await client.authorizationCodeGrant(configuration, landed, {
    expectedState, expectedNonce, idTokenExpected: true,
  });
  const told = await client.fetchUserInfo(configuration, tokens.access_token, tokens.claims().sub);
  assert(told.FrEduVecteur?.length > 0, `no FrEduVecteur in ${JSON.stringify(told)}`);
  const end = client.buildEndSessionUrl(configuration, {
    id_token_hint: tokens.id_token, post_logout_redirect_uri: AUTHLIB_SECRET.post_logout_redirect_uris[0],
  });
  assert(await person.leave(end, AUTHLIB_SECRET.post_logout_redirect_uris[0]), `rests on ${person.browser.url}`);
}

export async function settings(report, person) {
  await report.check("the console's settings for openid-client sign in and read the children", () =>
    openidClient(person));
  await report.check("the console's settings for ODE: without discovery and PKCE, signed out at the end", () =>
    ode(person));
}
