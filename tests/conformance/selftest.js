// Shows each check something right, which it must let pass, and something broken, which it must not: a check that
// cannot fail is worthless.

import { exportJWK, generateKeyPair, SignJWT } from "jose";
import * as checks from "./checks.js";
import { isKnown } from "./known.js";
import { checkDiscovery } from "./metadata.js";
import { Module } from "./module.js";
import { Ended, Sheet } from "./sheet.js";

const ISSUER = "https://localhost:1";
const BACK = "https://rp.example/retour";
const [now, NONCE, CODE, TOKEN] = [Math.floor(Date.now() / 1000), "n-0S6_WzA2Mj", "c".repeat(22), "t".repeat(40)];
let [passed, failed] = [0, 0];

function verdict(name, problem) {
  if (problem === undefined) passed += 1;
  else {
    failed += 1;
    console.log(`FAILED  selftest: ${name}: ${problem}`);
  }
}

/** What a check says: failures and warnings. */
async function said(run) {
  const sheet = new Sheet();
  try {
    await run(sheet);
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
  }
  return sheet;
}

/** Nothing is found. */
async function right(name, run) {
  const { failures, warnings } = await said(run);
  const found = [...failures, ...warnings];
  verdict(name, found.length === 0 ? undefined : `found ${found.join("; ")}`);
}

/** Exactly that is found, and nothing else. */
async function wrong(name, pattern, run, kind = "failures") {
  const sheet = await said(run);
  const found = [...sheet.failures, ...sheet.warnings];
  if (found.length === 0) return verdict(name, "nothing was found");
  const hit = sheet[kind].some((line) => pattern.test(line));
  return verdict(name, hit ? undefined : `found ${found.join("; ")}`);
}

const keyPair = async (kid, alg = "RS256") => {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" },
    secret: await exportJWK(privateKey) };
};
const [ours, theirs] = [await keyPair("ours"), await keyPair("ours")];
const JWKS = { keys: [ours.jwk] };
const headers = (values = {}) => new Headers({ "cache-control": "no-store", ...values });

async function keys() {
  const broken = (change) => (t) => checks.checkKeys(t, { keys: [{ ...ours.jwk, ...change }] });
  await right("keys", (t) => checks.checkKeys(t, JWKS));
  await wrong("a key without kid", /no kid/, broken({ kid: undefined }));
  await wrong("two keys with one kid", /one kid/, (t) => checks.checkKeys(t, { keys: [ours.jwk, theirs.jwk] }));
  await wrong("a private member", /shows d/, broken({ d: ours.secret.d }));
  await wrong("a symmetric key", /symmetric/, (t) => checks.checkKeys(t, { keys: [{ kty: "oct", kid: "s", k: "AA" }] }));
  await wrong("no modulus", /no n/, broken({ n: undefined }));
  await wrong("padded base64url", /not base64url/, broken({ n: `${ours.jwk.n}=` }));
  await wrong("plain base64", /not base64url/, broken({ n: `+/${ours.jwk.n}` }));
  await wrong("no key set", /not a key set/, (t) => checks.checkKeys(t, { keys: [] }), "warnings");
}

const jwt = (claims, { key = ours, header = {} } = {}) =>
  new SignJWT(claims).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
const RIGHT = { iss: ISSUER, aud: "one", sub: "abc", exp: now + 300, iat: now, auth_time: now, nonce: NONCE,
  acr: "eidas1", at_hash: checks.halfHash("RS256", TOKEN), c_hash: checks.halfHash("RS256", CODE) };

async function idTokens() {
  const expected = { issuer: ISSUER, clientId: "one", nonce: NONCE, accessToken: TOKEN, code: CODE,
    needs: ["at_hash", "c_hash"] };
  const judged = (change, how, more = {}) => async (t) =>
    checks.checkIdToken(t, await jwt({ ...RIGHT, ...change }, how), JWKS, { ...expected, ...more });
  await right("an ID token", judged({}));
  await right("an ID token for several", judged({ aud: ["two", "one"] }));
  const cases = [
    ["another issuer", /iss is/, { iss: `${ISSUER}/` }],
    ["another audience", /aud is/, { aud: "two" }],
    ["no audience", /aud is/, { aud: undefined }],
    ["another azp", /azp is/, { azp: "two" }],
    ["no exp", /exp is/, { exp: undefined }],
    ["exp that is past", /exp is/, { exp: now - 301 }],
    ["exp in milliseconds", /exp is/, { exp: (now + 300) * 1000 }],
    ["no iat", /iat is/, { iat: undefined }],
    ["an old iat", /iat is/, { iat: now - 400 }],
    ["a wrong nonce", /nonce is/, { nonce: "other" }],
    ["no nonce", /nonce is/, { nonce: undefined }],
    ["no sub", /sub is/, { sub: undefined }],
    ["a long sub", /sub is/, { sub: "a".repeat(256) }],
    ["a sub that is not ASCII", /sub is/, { sub: "élève" }],
    ["auth_time as text", /auth_time is/, { auth_time: String(now) }],
    ["auth_time to come", /auth_time is/, { auth_time: now + 400 }],
    ["an empty acr", /acr is/, { acr: "" }],
    ["a wrong at_hash", /at_hash is wrong/, { at_hash: checks.halfHash("RS256", "other") }],
    ["at_hash as a whole hash", /at_hash is wrong/, { at_hash: checks.halfHash("RS512", TOKEN) }],
    ["no at_hash", /no at_hash/, { at_hash: undefined }],
    ["a wrong c_hash", /c_hash is wrong/, { c_hash: "x" }],
    ["no c_hash", /no c_hash/, { c_hash: undefined }],
    ["a blank name", /name is/, { name: " " }],
    ["a name that is null", /name is/, { name: "null" }],
  ];
  for (const [name, pattern, change] of cases) await wrong(name, pattern, judged(change));
  await wrong("a nonce that was not sent", /nonce is/, judged({}, {}, { nonce: undefined }));
  await wrong("no kid in the header", /no kid/, judged({}, { header: { kid: undefined } }));
  await wrong("an unknown kid", /0 keys fit/, judged({}, { header: { kid: "else" } }));
  await wrong("somebody else's signature", /signature/, judged({}, { key: theirs }));
  await wrong("another algorithm", /alg is ES256/, judged({}, { key: await keyPair("ours", "ES256") }));
  await wrong("an acr that is not the essential one", /acr is/, judged({}, {}, { acr: ["mfa"] }));
  await wrong("no signature", /not unpadded base64url/, async (t) => {
    const [, payload] = (await jwt(RIGHT)).split(".");
    const none = Buffer.from('{"alg":"none","kid":"ours"}').toString("base64url");
    await checks.checkIdToken(t, `${none}.${payload}.`, JWKS, expected);
  });
  await wrong("a padded signature", /not unpadded base64url/, async (t) =>
    checks.checkIdToken(t, `${await jwt(RIGHT)}==`, JWKS, expected));
  await wrong("no token at all", /not a JWS/, (t) => checks.checkIdToken(t, "abc", JWKS, expected));
  await wrong("a key that is for encryption", /0 keys fit/, async (t) =>
    checks.checkIdToken(t, await jwt(RIGHT), { keys: [{ ...ours.jwk, use: "enc" }] }, expected));
  await right("nothing that was not asked for", (t) => checks.checkUnasked(t, RIGHT));
  await wrong("name in the ID token", /name was not asked/, (t) => checks.checkUnasked(t, { ...RIGHT, name: "J" }),
    "warnings");
}

const redirect = (rest, uri = BACK) => ({ via: "redirect", url: new URL(`${uri}${rest}`) });
const posted = (fields, more) => ({ via: "form", url: new URL(BACK), method: "POST",
  enctype: "application/x-www-form-urlencoded", fields: new URLSearchParams(fields), ...more });

async function answers() {
  const SENT = { state: "s", response_type: "code" };
  const reads = (arrival, responseType = "code", mode = undefined, redirectUri = BACK) => (t) =>
    checks.readAnswer(t, arrival, { responseType, mode, redirectUri });
  await right("code in the query", reads(redirect("?code=1&state=s")));
  await right("hybrid in the fragment", reads(redirect("#code=1&state=s"), "code id_token"));
  await right("form_post", reads(posted({ code: "1" }), "code", "form_post"));
  await right("the redirect URI's own query", reads(redirect("&code=1", `${BACK}?foo=bar`), "code", undefined,
    `${BACK}?foo=bar`));
  await wrong("code in the query for hybrid", /in the query instead/, reads(redirect("?code=1"), "code id_token"));
  await wrong("error in the query for implicit", /in the query instead/, reads(redirect("?error=x"), "id_token"));
  await wrong("code in the fragment for code", /a fragment/, reads(redirect("#code=1")));
  await wrong("something else in the query", /a query beside/, reads(redirect("?x=1#code=1"), "code token"));
  await wrong("another path", /sent to/, reads(redirect("/more?code=1")));
  await wrong("its own query is lost", /own query/, reads(redirect("?code=1"), "code", undefined, `${BACK}?foo=bar`));
  await wrong("a redirect instead of form_post", /by redirect/, reads(redirect("?code=1"), "code", "form_post"));
  await wrong("a form instead of a redirect", /a form came/, reads(posted({})));
  await wrong("a form by GET", /method is GET/, reads(posted({}, { method: "GET" }), "code", "form_post"));
  await wrong("a multipart form", /type is multipart/, reads(posted({}, { enctype: "multipart/form-data" }), "code",
    "form_post"));
  await wrong("form_post with a query", /with a query/, reads(posted({}, { url: new URL(`${BACK}?code=1`) }), "code",
    "form_post"));

  const succeeds = (query, sent = SENT) => (t) => checks.checkSuccess(t, new URLSearchParams(query), sent, ISSUER);
  const OK = { code: "1", state: "s", iss: ISSUER };
  const FRONT = { access_token: "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7-_xLc", token_type: "Bearer", expires_in: "300", state: "s" };
  const IMPLICIT = { ...SENT, response_type: "id_token token" };
  await right("a success", succeeds(OK));
  await right("an implicit success", succeeds({ ...FRONT, id_token: "x" }, IMPLICIT));
  await wrong("an error", /error access_denied/, succeeds({ error: "access_denied", state: "s" }));
  await wrong("a changed state", /state is/, succeeds({ ...OK, state: "S" }));
  await wrong("a lost state", /state is/, succeeds({ code: "1" }));
  await wrong("a state that was not sent", /state is/, succeeds(OK, { response_type: "code" }));
  await wrong("another iss", /iss is/, succeeds({ ...OK, iss: "https://evil.example" }));
  await wrong("no code", /no code/, succeeds({ state: "s" }));
  await wrong("a token that was not asked", /access_token for/, succeeds({ ...OK, access_token: "x" }));
  await wrong("a code twice", /2 times/, succeeds("code=1&code=2&state=s"));
  await wrong("no token_type", /token_type is/, succeeds({ ...FRONT, id_token: "x", token_type: "" }, IMPLICIT));
  await wrong("expires_in of nothing", /expires_in is/, succeeds({ ...FRONT, id_token: "x", expires_in: "0" }, IMPLICIT));
  await wrong("a weak token", /entropy/, succeeds({ ...FRONT, id_token: "x", access_token: "a".repeat(64) }, IMPLICIT));

  const refuses = (query) => (t) =>
    checks.checkRefusal(t, new URLSearchParams(query), SENT, ISSUER, ["login_required"]);
  const NO = { error: "login_required", state: "s", iss: ISSUER };
  await right("a refusal", refuses({ ...NO, error_description: "Nobody is signed in." }));
  await wrong("no error", /no error/, refuses({ state: "s" }));
  await wrong("another error", /error is server_error/, refuses({ ...NO, error: "server_error" }));
  await wrong("an accent in error_description", /forbidden/, refuses({ ...NO, error_description: "Non connecté" }));
  await wrong("a quote in error_description", /forbidden/, refuses({ ...NO, error_description: 'no "x"' }));
  await wrong("a backslash in error_description", /forbidden/, refuses({ ...NO, error_description: "a\\b" }));
  await wrong("a line break in error_description", /line breaks/, refuses({ ...NO, error_description: "a\nb" }),
    "warnings");
  await wrong("error_uri that is none", /error_uri/, refuses({ ...NO, error_uri: "nowhere" }));
  await wrong("a code beside an error", /code beside/, refuses({ ...NO, code: "1" }));
  await wrong("a refusal without state", /state is/, refuses({ error: "login_required" }));
  await wrong("a refusal of another issuer", /iss is/, refuses({ ...NO, iss: "x" }));
  await wrong("an unknown parameter", /unknown parameter/, refuses({ ...NO, hint: "x" }), "warnings");
}

async function endpoints() {
  const TOKENS = { access_token: "abc", token_type: "Bearer", expires_in: 300, id_token: "x" };
  const answer = { status: 200, type: "application/json", headers: headers(), json: TOKENS };
  const gives = (change, json = {}) => (t) =>
    checks.checkTokens(t, { ...answer, ...change, json: { ...TOKENS, ...json } });
  await right("tokens", gives({}));
  await wrong("tokens with 201", /token: 201/, gives({ status: 201 }));
  await wrong("tokens as text", /type text/, gives({ type: "text/plain" }));
  await wrong("tokens that are kept", /no-store/, gives({ headers: new Headers() }));
  await wrong("an error with 200", /invalid_grant/, gives({}, { error: "invalid_grant" }));
  await wrong("no access token", /no access_token/, gives({}, { access_token: "" }));
  await wrong("a token that is not ASCII", /printable/, gives({}, { access_token: "é" }));
  await wrong("another token_type", /token_type is/, gives({}, { token_type: "mac" }));
  await wrong("expires_in as text", /expires_in is/, gives({}, { expires_in: "300" }));
  await wrong("expires_in of two years", /expires_in is/, gives({}, { expires_in: 64_000_000 }));

  const NO = { status: 400, type: "application/json", json: { error: "invalid_grant" } };
  const refuses = (change) => (t) => checks.checkTokenRefusal(t, { ...NO, ...change }, "invalid_grant");
  await right("a refusal of the token endpoint", refuses({}));
  await wrong("a refusal with 401", /status 401/, refuses({ status: 401 }));
  await wrong("a refusal in HTML", /type text/, refuses({ type: "text/html", json: undefined }));
  await wrong("another error", /instead of invalid_grant/, refuses({ json: { error: "invalid_request" } }));
  await wrong("an accent", /forbidden/, refuses({ json: { error: "invalid_grant", error_description: "é" } }));

  const INFO = { sub: "abc", name: "Jeanne", phone_number_verified: true, updated_at: now - 10 };
  const informs = (json, change = {}) => (t) => checks.checkUserinfo(t,
    { status: 200, type: "application/json", ...change, json: { ...INFO, ...json } }, "abc");
  await right("userinfo", informs({}));
  await wrong("another sub", /sub is/, informs({ sub: "abd" }));
  await wrong("userinfo with 401", /status 401/, informs({}, { status: 401 }));
  await wrong("userinfo as text", /type text/, informs({}, { type: "text/plain" }));
  await wrong("a nonce in userinfo", /nonce/, informs({ nonce: "x" }));
  await wrong("a truth value as text", /phone_number_verified is/, informs({ phone_number_verified: "true" }));
  await wrong("updated_at as text", /updated_at is/, informs({ updated_at: "2024-01-01" }));
  await wrong("updated_at in milliseconds", /updated_at is/, informs({ updated_at: now * 1000 }));
  await wrong("birthdate in French", /birthdate is/, informs({ birthdate: "14/02/2013" }));
  await wrong("an address as text", /address is/, informs({ address: "rue" }));
  await wrong("an empty address", /address is/, informs({ address: {} }));
  await wrong("a claim that is null", /children is/, informs({ children: null }));
  await wrong("a claim that is empty", /class is/, informs({ class: "" }));
  await wrong("claims without their source", /do not agree/, informs({ _claim_names: { x: "a" }, _claim_sources: {} }));

  await right("a code", (t) => checks.checkSecret(t, "code", "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7-_xLc"));
  await wrong("a short code", /shorter/, (t) => checks.checkSecret(t, "code", "abc"));
  await wrong("a dull code", /entropy/, (t) => checks.checkSecret(t, "code", "ab".repeat(40)));

  const CLIENT = { client_id: "one", client_secret: "s", client_secret_expires_at: 0,
    registration_client_uri: `${ISSUER}/one`, registration_access_token: "t" };
  const registers = (change, json = {}) => (t) => checks.checkRegistered(t, { status: 201, type: "application/json",
    headers: headers(), ...change, json: { ...CLIENT, ...json } });
  await right("a registration", registers({}));
  await wrong("a registration with 200", /registration: 200/, registers({ status: 200 }));
  await wrong("no client_id", /no client_id/, registers({}, { client_id: undefined }));
  await wrong("a secret without an end", /client_secret_expires_at/, registers({}, { client_secret_expires_at: null }));
  await wrong("a management URI over http", /http:/, registers({}, { registration_client_uri: "http://x.example/" }));
  await wrong("a management URI alone", /alone/, (t) => checks.checkRegistered(t, { status: 201,
    type: "application/json", headers: headers(), json: { client_id: "one", registration_client_uri: ISSUER } }));
  await right("a refused registration", (t) =>
    checks.checkRegistrationRefusal(t, { status: 400, type: "application/json", json: { error: "invalid_redirect_uri" } }));
  await wrong("a registration refused by a page", /type text/, (t) =>
    checks.checkRegistrationRefusal(t, { status: 400, type: "text/html" }));
  await wrong("a registration that is not refused", /status 201/, (t) =>
    checks.checkRegistrationRefusal(t, { status: 201, type: "application/json", json: CLIENT }));
}

async function logoutTokens() {
  const EVENT = "http://schemas.openid.net/event/backchannel-logout";
  const LOGOUT = { iss: ISSUER, aud: "one", iat: now, exp: now + 120, jti: "j", events: { [EVENT]: {} }, sub: "abc",
    sid: "s" };
  const judged = (change, typ = "logout+jwt") => (t) => checks.checkLogoutToken(t, { typ }, { ...LOGOUT, ...change },
    { issuer: ISSUER, clientId: "one", sub: "abc", sid: "s" });
  await right("a logout token", judged({}));
  const without = (name) => (t) => {
    const { [name]: _, ...rest } = LOGOUT;
    checks.checkLogoutToken(t, { typ: "logout+jwt" }, rest, { issuer: ISSUER, clientId: "one", sub: "abc", sid: "s" });
  };
  for (const name of ["iss", "aud", "iat", "exp", "jti", "events", "sid"]) {
    await wrong(`a logout token without ${name}`, new RegExp(name), without(name));
  }
  await wrong("a logout token with nonce", /nonce/, judged({ nonce: "n" }));
  await wrong("another event beside it", /events is/, judged({ events: { [EVENT]: {}, x: {} } }));
  await wrong("an event that says something", /events is/, judged({ events: { [EVENT]: { x: 1 } } }));
  await wrong("a logout token of yesterday", /iat is/, judged({ iat: now - 90_000 }));
  await wrong("another sid", /sid is/, judged({ sid: "t" }));
  await wrong("another sub", /sub is/, judged({ sub: "b" }));
  await wrong("another typ", /typ is/, judged({}, "JWT"));
}

async function discovery() {
  const URL_OF = `${ISSUER}/.well-known/openid-configuration`;
  const DOCUMENT = {
    issuer: ISSUER, authorization_endpoint: `${ISSUER}/a`, token_endpoint: `${ISSUER}/t`,
    userinfo_endpoint: `${ISSUER}/u`, jwks_uri: `${ISSUER}/j`, registration_endpoint: `${ISSUER}/r`,
    response_types_supported: ["code", "id_token", "id_token token"], subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"], scopes_supported: ["openid"], claims_supported: ["sub"],
    grant_types_supported: ["authorization_code", "implicit"], ui_locales_supported: ["fr"],
    code_challenge_methods_supported: ["S256"],
  };
  const judged = (change, answer = {}) => (t) => checkDiscovery(t,
    { status: 200, type: "application/json", json: { ...DOCUMENT, ...change }, ...answer }, URL_OF, true);
  await right("discovery", judged({}));
  const cases = [
    ["another issuer", /issuer is/, { issuer: "https://localhost:2" }],
    ["an issuer over http", /issuer is/, { issuer: "http://localhost:1" }],
    ["an endpoint over http", /token_endpoint is/, { token_endpoint: "http://localhost:1/t" }],
    ["an unknown endpoint over http", /x_endpoint is/, { x_endpoint: "http://localhost:1/t" }],
    ["no jwks_uri", /jwks_uri is/, { jwks_uri: undefined }],
    ["a list that is text", /not a list/, { scopes_supported: "openid" }],
    ["a truth value that is text", /claims_parameter_supported is/, { claims_parameter_supported: "true" }],
    ["no implicit response type", /has no id_token/, { response_types_supported: ["code"] }],
    ["no implicit grant", /has no implicit/, { grant_types_supported: ["authorization_code"] }],
    ["no RS256", /has no RS256/, { id_token_signing_alg_values_supported: ["ES256"] }],
    ["no subject type", /subject_types/, { subject_types_supported: [] }],
    ["no openid", /has no openid/, { scopes_supported: ["profile"] }],
    ["no BCP 47 tag", /BCP 47/, { ui_locales_supported: ["fr_FR"] }],
    ["an unknown challenge", /code_challenge/, { code_challenge_methods_supported: ["S512"] }],
    ["no registration", /registration_endpoint is/, { registration_endpoint: undefined }],
  ];
  for (const [name, pattern, change] of cases) await wrong(name, pattern, judged(change));
  await wrong("a locale in another casing", /casing/, judged({ ui_locales_supported: ["FR"] }), "warnings");
  await wrong("an invented name", /unknown name/, judged({ schools: [] }), "warnings");
  await wrong("no claims_supported", /claims_supported/, judged({ claims_supported: undefined }), "warnings");
  await wrong("discovery as text", /type text/, judged({}, { type: "text/plain" }));
}

/** What FAPI 2.0 adds. */
async function fapi() {
  const PUSHED = { status: 201, type: "application/json",
    json: { request_uri: "urn:ietf:params:oauth:request_uri:aB3dE6gH9jK2mN5pQ8sT1vW4yZ7-_xLc", expires_in: 60 } };
  const pushed = (change, json = {}) => (t) =>
    checks.checkPushed(t, { ...PUSHED, ...change, json: { ...PUSHED.json, ...json } });
  await right("a pushed request", pushed({}));
  await wrong("a push that is refused", /PAR: 400/, pushed({ status: 400 }));
  await wrong("no reference", /request_uri is/, pushed({}, { request_uri: undefined }));
  await wrong("a reference for ever", /expires_in/, pushed({}, { expires_in: 600 }));
  await wrong("a dull reference", /entropy/, pushed({}, { request_uri: `urn:${"ab".repeat(20)}` }));
  const NO = { status: 400, type: "application/json", json: { error: "invalid_request_object" } };
  const refuses = (change) => (t) =>
    checks.checkEndpointRefusal(t, "PAR", { ...NO, ...change }, ["invalid_request", "invalid_request_object"]);
  await right("a refusal", refuses({}));
  await wrong("a push that is taken", /status 201/, refuses({ status: 201, json: {} }));
  await wrong("401 for a request", /status 401/, refuses({ status: 401 }));
  await wrong("another error", /instead of/, refuses({ json: { error: "invalid_client" } }));
  const bearer = { status: 200, type: "application/json", headers: headers(),
    json: { access_token: TOKEN, token_type: "Bearer", expires_in: 300 } };
  await wrong("a plain token", /token_type/, (t) => checks.checkTokens(t, bearer, "DPoP"));
  const expected = { issuer: ISSUER, clientId: "one", nonce: NONCE };
  const claims = { iss: ISSUER, aud: "one", sub: "x", nonce: NONCE, iat: now, exp: now + 300, sid: "s" };
  const pair = await keyPair("pss", "PS256");
  const token = async (key, more = {}) => new SignJWT({ ...claims, ...more })
    .setProtectedHeader({ alg: key.alg, kid: key.kid }).sign(key.privateKey);
  const judged = (key, more, signsOut) => async (t) => checks.checkFapiIdToken(t, await token(key, more),
    { keys: [pair.jwk, ours.jwk] }, { ...expected, signsOut });
  await right("an ID token by PS256", judged(pair, { sid: undefined }, false));
  await wrong("an ID token by RS256", /alg is RS256/, judged(ours, { sid: undefined }, false));
  await wrong("a sid for nothing", /sid/, judged(pair, {}, false), "warnings");
}

/** The outcome of a module, and which warnings count. */
async function outcomes() {
  const world = { party: { origin: "https://rp.example" } };
  const outcome = async (work) => (await new Module(world, { plan: "p" }, "m", {}).run(work)).outcome;
  const all = [
    ["PASSED", () => {}], ["FAILED", (m) => m.F(false, "x")], ["WARNING", (m) => m.W(false, "x")],
    ["SKIPPED", (m) => m.S("x")], ["REVIEW", (m) => m.R(true, "page", "x")], ["FAILED", (m) => m.R(false, "page", "x")],
    ["FAILED", (m) => m.X(false, "x")], ["FAILED", () => { throw new Error("x"); }],
    ["FAILED", (m) => { m.F(false, "x"); m.S("later"); }], ["WARNING", (m) => { m.W(false, "x"); m.S("later"); }],
  ];
  for (const [expected, work] of all) {
    const found = await outcome(async (m) => work(m));
    verdict(`outcome ${expected}`, found === expected ? undefined : `is ${found}`);
  }
  verdict("a known warning", isKnown({ name: "oidcc-scope-profile" }, "website is not told") ? undefined : "counts");
  verdict("another warning", isKnown({ name: "oidcc-scope-profile" }, "name is not told") ? "does not count" : undefined);
}

for (const part of [keys, idTokens, answers, endpoints, logoutTokens, discovery, fapi, outcomes]) await part();
console.log(`selftest of the checks: ${passed} right, ${failed} wrong`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
