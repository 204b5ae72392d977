// One sign-in through openid-client, with its defaults: what each test varies is given.

import * as client from "openid-client";
import { assertEqual } from "../browser/report.js";

const METHODS = {
  client_secret_basic: (secret) => client.ClientSecretBasic(secret),
  client_secret_post: (secret) => client.ClientSecretPost(secret),
  none: () => client.None(),
};

/** Discovers the provider as that client. */
export function configure(issuer, registered, secret = registered.client_secret) {
  const method = METHODS[registered.token_endpoint_auth_method](secret);
  return client.discovery(new URL(issuer), registered.client_id, undefined, method, {
    // Also verify signatures that came over TLS.
    execute: [client.enableNonRepudiationChecks],
  });
}

/** A request for a sign-in, with what its answer is checked against. */
export async function request(configuration, registered, more = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const expectedState = client.randomState();
  const expectedNonce = client.randomNonce();
  const parameters = {
    redirect_uri: registered.redirect_uris[0],
    scope: registered.scope,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expectedState,
    nonce: expectedNonce,
    ...more,
  };
  for (const [name, value] of Object.entries(parameters)) if (value === undefined) delete parameters[name];
  return {
    parameters,
    url: client.buildAuthorizationUrl(configuration, parameters),
    checks: { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true },
  };
}

/** From the request to the tokens. */
export async function signIn(configuration, registered, person, more = {}, checks = {}) {
  const asked = await request(configuration, registered, more);
  const landed = await person.answer(asked.url, registered.redirect_uris[0]);
  if (!landed) throw new Error(`did not come back, but rests on ${person.browser.url}: ${person.browser.text()}`);
  const tokens = await client.authorizationCodeGrant(configuration, landed, { ...asked.checks, ...checks });
  return { tokens, claims: tokens.claims(), landed, asked };
}

/** Fails unless it is refused; gives the error. */
export async function refused(promise, error) {
  try {
    await promise;
  } catch (caught) {
    assertEqual(caught.error, error, `error (${caught.name}: ${caught.message}, cause ${caught.cause?.message})`);
    return caught;
  }
  throw new Error(`not refused; ${error} was expected`);
}
