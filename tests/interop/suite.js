// What client libraries that others wrote make of Préau. Each check is one test; a failure names the library's own
// complaint.

import * as oauth from "oauth4webapi";
import * as client from "openid-client";
import { Report, assert, assertEqual, assertSays } from "../browser/report.js";
import { BASIC, ELSEWHERE, POST, PUBLIC } from "./clients.js";
import { proofs, signedRequests, strictestProofs } from "./advanced.js";
import { authlib } from "./authlib.js";
import { apache } from "./apache.js";
import { encrypted } from "./encrypted.js";
import { configure, refused, request, signIn } from "./flow.js";
import { PASSWORD, Person } from "./person.js";
import { small } from "./programs_small.js";
import { PARENTS, SCHOOL } from "./roster.js";
import { settings } from "./settings.js";
import { applications } from "./spa.js";
import { upstream } from "./upstream.js";

const { INTEROP_ISSUER: ISSUER, INTEROP_PHONES: PHONES } = process.env;
const report = new Report("interop");
/** The answer to a request that is refused at the redirect URI. */
async function refusedAtRedirect(registered, person, more, error) {
  const configuration = await configure(ISSUER, registered);
  const asked = await request(configuration, registered, more);
  const landed = await person.answer(asked.url, registered.redirect_uris[0]);
  assert(landed, `did not come back, but rests on ${person.browser.url}: ${person.browser.text()}`);
  assertEqual(landed.searchParams.get("iss"), ISSUER, "iss");
  assert(!landed.searchParams.has("code"), "a code beside an error");
  // The state is only ours to check where we sent one.
  await refused(client.authorizationCodeGrant(configuration, landed, asked.checks), error);
}

const [first, second] = PARENTS.map((parent) => new Person(ISSUER, PHONES, parent));

async function discovery() {
  await report.step("discovery: openid-client reads it", async () => {
    const metadata = (await configure(ISSUER, BASIC)).serverMetadata();
    assertEqual(metadata.issuer, ISSUER, "issuer");
    assertEqual(metadata.authorization_response_iss_parameter_supported, true, "RFC 9207");
    for (const method of ["client_secret_basic", "client_secret_post", "none"]) {
      assert(metadata.token_endpoint_auth_methods_supported?.includes(method), `no ${method}`);
    }
    assert(metadata.code_challenge_methods_supported?.includes("S256"), "no S256");
    assert(!metadata.code_challenge_methods_supported.includes("plain"), "plain");
    assert(metadata.subject_types_supported?.includes("pairwise"), "no pairwise");
    assert(metadata.id_token_signing_alg_values_supported?.includes("RS256"), "no RS256");
    assert(metadata.end_session_endpoint, "no end_session_endpoint");
  });
  await report.check("discovery: every published key has kid, alg and use, and nothing private", async () => {
    const metadata = (await configure(ISSUER, BASIC)).serverMetadata();
    const { keys } = await (await fetch(metadata.jwks_uri)).json();
    assert(keys.length > 0, "no key");
    for (const key of keys) {
      for (const name of ["kid", "alg", "use", "kty"]) assert(key[name], `no ${name} in ${JSON.stringify(key)}`);
      for (const name of ["d", "p", "q", "dp", "dq", "qi", "k"]) assert(!(name in key), `${name} is published`);
    }
  });
}

async function activations() {
  await report.step("an activation ends as a sign-in at the client that began it (openid-client, basic)", async () => {
    const configuration = await configure(ISSUER, BASIC);
    const asked = await request(configuration, BASIC);
    const landed = await first.activate(asked.url, BASIC.redirect_uris[0]);
    assert(landed, `rests on ${first.browser.url}: ${first.browser.text()}`);
    const tokens = await client.authorizationCodeGrant(configuration, landed, asked.checks);
    const claims = tokens.claims();
    assertEqual(JSON.stringify(claims.amr), JSON.stringify(["sms", "pwd"]), "amr");
  });
  await report.step("a second parent activates at another client (openid-client, public)", async () => {
    const configuration = await configure(ISSUER, PUBLIC);
    const asked = await request(configuration, PUBLIC);
    const landed = await second.activate(asked.url, PUBLIC.redirect_uris[0]);
    assert(landed, `rests on ${second.browser.url}: ${second.browser.text()}`);
    await client.authorizationCodeGrant(configuration, landed, asked.checks);
  });
}

async function signIns() {
  const subs = new Map();
  for (const registered of [BASIC, POST, PUBLIC]) {
    const name = `openid-client, ${registered.token_endpoint_auth_method}`;
    const person = first.elsewhere();
    const signed = await report.check(`${name}: discovery, PKCE, code, ID token`, async () => {
      const configuration = await configure(ISSUER, registered);
      const result = await signIn(configuration, registered, person);
      assert(person.asked, "signed in without being asked");
      assertEqual(result.claims.aud, registered.client_id, "aud");
      assertEqual(result.claims.acr, "eidas1", "acr");
      assertEqual(JSON.stringify(result.claims.amr), JSON.stringify(["pwd"]), "amr");
      assert(result.claims.auth_time > Date.now() / 1000 - 120, "auth_time");
      assertEqual(result.tokens.token_type.toLowerCase(), "bearer", "token_type");
      subs.set(registered.client_id, result.claims.sub);
      return { ...result, configuration };
    });
    if (!signed) continue;
    await report.check(`${name}: userinfo has the claims of the scopes and no more`, async () => {
      const { configuration, tokens, claims } = signed;
      const info = await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
      assertEqual(info.given_name, first.parent.prenom, "given_name");
      assertEqual(info.family_name?.toLowerCase(), first.parent.nom.toLowerCase(), "family_name");
      assertEqual(info.education_profile, "responsable", "education_profile");
      assertEqual(info.children?.length, 1, "children");
      assertEqual(info.children[0].given_name, first.parent.child.prenom, "given_name of the child");
      assertEqual(info.children[0].uai, SCHOOL.uai, "uai");
      assertEqual(info.schools?.[0]?.name, SCHOOL.name, "school");
      assertSays(JSON.stringify(info.FrEduVecteur ?? null), `|${first.parent.child.id}|${SCHOOL.uai}`);
      for (const absent of ["preferred_username", "FrEduCtRefId", "email", "phone_number"]) {
        assert(!(absent in info), `${absent} is told`);
      }
      assert(!JSON.stringify(info).includes(first.identifiant), "the identifiant is told");
    });
    await report.check(`${name}: the code is used once`, async () => {
      const { configuration, landed, asked, tokens, claims } = signed;
      await refused(client.authorizationCodeGrant(configuration, landed, asked.checks), "invalid_grant");
      // RFC 6749 4.1.2: what came of it is revoked.
      const info = client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
      await info.then(() => { throw new Error("the access token still works"); }, () => {});
    });
    await report.check(`${name}: signs out at the provider and comes back`, async () => {
      const { tokens } = await signIn(signed.configuration, registered, person);
      const state = client.randomState();
      const url = client.buildEndSessionUrl(signed.configuration, {
        post_logout_redirect_uri: registered.post_logout_redirect_uris[0],
        id_token_hint: tokens.id_token,
        state,
      });
      const landed = await person.leave(url, registered.post_logout_redirect_uris[0]);
      assert(landed, `rests on ${person.browser.url}: ${person.browser.text()}`);
      assertEqual(landed.searchParams.get("state"), state, "state");
    });
    await report.check(`${name}: after that, prompt=none is login_required`, async () => {
      const asked = await request(signed.configuration, registered, { prompt: "none" });
      const landed = await person.browser.open(asked.url, { stop: registered.redirect_uris[0] });
      assert(landed, `rests on ${person.browser.url}`);
      await refused(client.authorizationCodeGrant(signed.configuration, landed, asked.checks), "login_required");
    });
  }
  await report.check("sub is one in a sector and another outside of it", async () => {
    assertEqual(subs.get("basic"), subs.get("public"), "sub of basic and of public");
    assert(subs.get("basic") !== subs.get("post"), "post has the same sub");
    const configuration = await configure(ISSUER, BASIC);
    const { claims } = await signIn(configuration, BASIC, second.elsewhere());
    assert(claims.sub !== subs.get("basic"), "two people have one sub");
  });
}

async function sessions() {
  const person = first.elsewhere();
  const basic = await configure(ISSUER, BASIC);
  const post = await configure(ISSUER, POST);
  const begun = await report.step("single sign-on: another client is answered without asking", async () => {
    const one = await signIn(basic, BASIC, person);
    person.asked = false;
    const two = await signIn(post, POST, person);
    assert(!person.asked, "asked again");
    assert(one.claims.sid !== two.claims.sid, "one sid for two clients undoes pairwise");
    return one;
  });
  await report.check("prompt=none with a session gives tokens, of the same sign-in", async () => {
    const { claims } = await signIn(basic, BASIC, person, { prompt: "none" });
    assertEqual(claims.auth_time, begun.claims.auth_time, "auth_time");
    assertEqual(claims.sub, begun.claims.sub, "sub");
  });
  await report.check("prompt=login asks again, and auth_time is new", async () => {
    await new Promise((done) => { setTimeout(done, 1100); });
    person.asked = false;
    const { claims } = await signIn(basic, BASIC, person, { prompt: "login" });
    assert(person.asked, "not asked");
    assert(claims.auth_time > begun.claims.auth_time, "auth_time is the old one");
  });
  await report.check("max_age asks again once the sign-in is older", async () => {
    await new Promise((done) => { setTimeout(done, 2100); });
    person.asked = false;
    await signIn(basic, BASIC, person, { max_age: "1" }, { maxAge: 1 });
    assert(person.asked, "not asked");
  });
  await report.check("id_token_hint of somebody else with prompt=none is login_required", async () => {
    const other = await signIn(basic, BASIC, second.elsewhere());
    await refusedAtRedirect(BASIC, person, { prompt: "none", id_token_hint: other.tokens.id_token }, "login_required");
  });
  await report.check("somebody without a child in the perimeter gets a page, and prompt=none an error", async () => {
    const elsewhere = await configure(ISSUER, ELSEWHERE);
    const asked = await request(elsewhere, ELSEWHERE);
    const landed = await person.answer(asked.url, ELSEWHERE.redirect_uris[0]);
    assert(!landed, "came back");
    assertSays(person.browser.text(), "ne concerne aucun de vos enfants");
    await refusedAtRedirect(ELSEWHERE, person, { prompt: "none" }, "interaction_required");
  });
}

async function refusals() {
  const stranger = new Person(ISSUER, PHONES, first.parent);
  await report.check("errors come back with iss: prompt=none without a session", () =>
    refusedAtRedirect(BASIC, stranger, { prompt: "none" }, "login_required"));
  await report.check("errors come back with iss: PKCE missing where it is required", () =>
    refusedAtRedirect(PUBLIC, stranger, { code_challenge: undefined, code_challenge_method: undefined },
      "invalid_request"));
  await report.check("errors come back with iss: PKCE plain", () =>
    refusedAtRedirect(BASIC, stranger, { code_challenge_method: "plain" }, "invalid_request"));
  await report.check("errors come back with iss: prompt=none with another prompt", () =>
    refusedAtRedirect(BASIC, stranger, { prompt: "none login" }, "invalid_request"));
  await report.check("an address that is not registered gets a page, never a redirect", async () => {
    const configuration = await configure(ISSUER, BASIC);
    const wrong = `${BASIC.redirect_uris[0]}/`;
    const asked = await request(configuration, BASIC, { redirect_uri: wrong });
    const landed = await stranger.browser.open(asked.url, { stop: wrong });
    assert(!landed, "redirected");
    assertEqual(stranger.browser.status, 400, "status");
    assert(!stranger.browser.page.toString().includes(wrong), "the address is on the page");
  });
  for (const registered of [BASIC, POST]) {
    await report.check(`a wrong secret is invalid_client (${registered.token_endpoint_auth_method})`, async () => {
      const configuration = await configure(ISSUER, registered, `${registered.client_secret}x`);
      const error = await signIn(configuration, registered, first.elsewhere()).then(() => undefined, (caught) => caught);
      assert(error, "not refused");
      assertEqual(error.status, 401, `status (${error.message})`);
      if (registered === BASIC) {
        // RFC 6749 5.2: who used the header is answered with its scheme; the library then shows only that.
        assertEqual(error.cause?.[0]?.scheme, "basic", "scheme of WWW-Authenticate");
      } else {
        assertEqual(error.error, "invalid_client", "error");
      }
    });
  }
  await report.check("a wrong verifier is invalid_grant", async () => {
    const configuration = await configure(ISSUER, BASIC);
    await refused(signIn(configuration, BASIC, first.elsewhere(), {}, {
      pkceCodeVerifier: client.randomPKCECodeVerifier(),
    }), "invalid_grant");
  });
  await report.check("a challenge makes the verifier mandatory, also where PKCE is not required", async () => {
    const configuration = await configure(ISSUER, POST);
    await refused(signIn(configuration, POST, first.elsewhere(), {}, { pkceCodeVerifier: undefined }), "invalid_grant");
  });
  await report.check("an older library without PKCE works where the client's file says so", async () => {
    const configuration = await configure(ISSUER, POST);
    await signIn(configuration, POST, first.elsewhere(), { code_challenge: undefined, code_challenge_method: undefined },
      { pkceCodeVerifier: undefined });
  });
  await report.check("a wrong password does not come back", async () => {
    const configuration = await configure(ISSUER, BASIC);
    const asked = await request(configuration, BASIC);
    const { browser } = new Person(ISSUER, PHONES, first.parent);
    await browser.open(asked.url, { stop: BASIC.redirect_uris[0] });
    const landed = await browser.submit("#se-connecter", {
      identifiant: first.identifiant, mot_de_passe: `${PASSWORD}x`,
    }, BASIC.redirect_uris[0]);
    assert(!landed, "came back");
    assertEqual(browser.status, 422, "status");
  });
}

async function strictest() {
  const server = new URL(ISSUER);
  const person = first.elsewhere();
  const as = await report.step("oauth4webapi: discovery", async () =>
    oauth.processDiscoveryResponse(server, await oauth.discoveryRequest(server)));
  const METHODS = {
    basic: oauth.ClientSecretBasic(BASIC.client_secret),
    post: oauth.ClientSecretPost(POST.client_secret),
    public: oauth.None(),
  };
  for (const registered of [BASIC, POST, PUBLIC]) {
    const name = `oauth4webapi, ${registered.token_endpoint_auth_method}`;
    const us = { client_id: registered.client_id, require_auth_time: true };
    await report.check(`${name}: code, signed ID token, userinfo, access token of RFC 9068`, async () => {
      const verifier = oauth.generateRandomCodeVerifier();
      const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
      const url = new URL(as.authorization_endpoint);
      for (const [key, value] of Object.entries({
        client_id: us.client_id, redirect_uri: registered.redirect_uris[0], response_type: "code",
        scope: registered.scope, state, nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
      })) url.searchParams.set(key, value);
      const landed = await person.answer(url, registered.redirect_uris[0]);
      assert(landed, `rests on ${person.browser.url}: ${person.browser.text()}`);
      const parameters = oauth.validateAuthResponse(as, us, landed, state);
      const response = await oauth.authorizationCodeGrantRequest(as, us, METHODS[registered.client_id], parameters,
        registered.redirect_uris[0], verifier);
      assertEqual(response.headers.get("cache-control")?.includes("no-store"), true, "Cache-Control: no-store");
      const tokens = await oauth.processAuthorizationCodeResponse(as, us, response, {
        expectedNonce: nonce, requireIdToken: true, maxAge: 300,
      });
      await oauth.validateApplicationLevelSignature(as, response);
      const { sub } = oauth.getValidatedIdTokenClaims(tokens);
      const info = await oauth.userInfoRequest(as, us, tokens.access_token);
      await oauth.processUserInfoResponse(as, us, sub, info);
      const bearer = new Request(ISSUER, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
      const access = await oauth.validateJwtAccessToken(as, bearer, ISSUER);
      assertEqual(access.client_id, us.client_id, "client_id of the access token");
      assertEqual(access.sub, sub, "sub of the access token");
    });
  }
  await report.check("oauth4webapi: userinfo without a token and with a broken one", async () => {
    const bare = await fetch(as.userinfo_endpoint);
    assertEqual(bare.status, 401, "status without a token");
    assertSays(bare.headers.get("www-authenticate") ?? "", /^Bearer/);
    const broken = await fetch(as.userinfo_endpoint, { headers: { Authorization: "Bearer abc" } });
    assertEqual(broken.status, 401, "status with a broken token");
    assertSays(broken.headers.get("www-authenticate") ?? "", 'error="invalid_token"');
  });
}

const ready = await report.scenario("discovery and activations", async () => {
  await discovery();
  await activations();
});
const { INTEROP_ACADEMIES: academies, INTEROP_CERTIFICATE: certificate, INTEROP_KEY: key } = process.env;
if (academies) {
  const options = { issuer: ISSUER, academies: JSON.parse(academies), certificate, key };
  await report.scenario("node-oidc-provider", () => upstream(report, options));
}
if (ready) {
  await report.scenario("sign-ins", signIns);
  await report.scenario("the console's settings", () => settings(report, first.elsewhere()));
  await report.scenario("sessions", sessions);
  await report.scenario("refusals", refusals);
  await report.scenario("oauth4webapi", strictest);
  await report.scenario("openid-client with PAR and DPoP", () => proofs(report, ISSUER, first.elsewhere()));
  await report.scenario("openid-client with request objects", () => signedRequests(report, ISSUER, first.elsewhere()));
  await report.scenario("oauth4webapi with PAR and DPoP", () => strictestProofs(report, ISSUER, second.elsewhere()));
  await report.scenario("encrypted answers", () => encrypted(report, ISSUER, second.elsewhere()));
  await report.scenario("Authlib", () => authlib(report, ISSUER, first));
  await report.scenario("oidc-client-ts", () => applications(report, ISSUER, first));
  if (process.env.INTEROP_SITES) {
    await report.scenario("mod_auth_openidc", () => apache(report, ISSUER, first));
  }
  await small(report, first);
} else {
  report.skip("all that needs an account", "there is none");
}
// What started us counts too.
const before = JSON.parse(process.env.INTEROP_BEFORE);
report.passed += before.passed;
report.failed += before.failures.length;
report.failures.push(...before.failures);
process.exit(report.close());
