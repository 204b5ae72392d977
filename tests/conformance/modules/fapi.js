// FAPI 2.0 Security Profile (Final) with private_key_jwt and DPoP; Message Signing with signed requests.

import { checkEndpointRefusal, checkRefusal, checkUnasked } from "../checks.js";
import { begin, checkGiven, code, exchange, exchangeOf, granted, jws, keyOf, objectOf, proofFor, push, pushed, addressOf,
  random, requestOf, resource, thumbprint, tokenCall, whole } from "../fapi.js";
import { call, makeKey, pause, read, text } from "../flow.js";
import { checkKeys } from "../checks.js";
import { checkDiscovery } from "../metadata.js";

const now = () => Math.floor(Date.now() / 1000);
const CLIENT = ["invalid_client", "invalid_request"];
const OBJECT = ["invalid_request_object"];
const EITHER = ["invalid_request", "invalid_request_object"];

/** A whole sign-in with both clients. */
async function both(m, more = () => ({}), how = {}) {
  await begin(m);
  const first = await whole(m, more(), how);
  checkUnasked(m, first.claims);
  await whole(m, more(), { ...how, client: m.client2 });
  return first;
}

/** A push that must be refused so. */
const refusedPush = (more, errors, how) => async (m) => {
  await begin(m);
  const { sent } = requestOf(m, typeof more === "function" ? more(m) : more);
  const answer = await push(m, sent, typeof how === "function" ? await how(m, sent) : how);
  checkEndpointRefusal(m, "PAR", answer, errors);
};

/** An exchange that must be refused so: `bend` gives the call. */
const refusedExchange = (bend, errors, more) => async (m) => {
  await begin(m);
  const answered = await granted(m, typeof more === "function" ? more(m) : more);
  checkEndpointRefusal(m, "token", await bend(m, answered), errors);
};

/** Shown on a page, or told to the client with one of these codes. */
function refusedInBrowser(m, sent, arrival, errors) {
  if (!arrival) return m.page("refused", m.agent.refuses(), "not the page of a refused request");
  const params = read(m, { sent, arrival });
  return checkRefusal(m, params, { ...sent, state: params.get("state") ?? undefined }, m.issuer, errors);
}

const times = (more) => ({ object: { more } });
const claims = (more, how = {}) => ({ proves: { more, ...how } });

async function rejects(m, client) {
  const { params, sent } = await code(m, { state: text(128), prompt: "consent" }, { client, visit: { refuse: true } });
  checkRefusal(m, params, sent, m.issuer, ["access_denied"]);
}

/** Tries a proof at the resource. */
async function tries(m, token, what, works, { warns, ...how }) {
  const { status } = await resource(m, token, how);
  const right = works ? status === 200 : [400, 401].includes(status);
  m[warns ? "W" : "F"](right, `${what}: status ${status}`);
}

async function dpopNegative(m) {
  await begin(m);
  const { tokens: { access_token: token } } = await whole(m, {});
  const url = m.server.userinfo_endpoint;
  const make = (bent) => proofFor(m, "GET", url, { token, ...bent });
  const good = await make({});
  const [head, body, signature] = good.split(".");
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const headOf = JSON.parse(Buffer.from(head, "base64url"));
  const rsa = await makeKey("RS256");
  const fails = async (what, proof) => tries(m, token, what, false, { proof: await proof });
  await fails("not a JWT", "nonsense");
  await fails("two proofs", `${good}, ${await make({})}`);
  await fails("no typ", make({ header: { typ: undefined } }));
  await fails("no alg", `${part({ ...headOf, alg: undefined })}.${body}.${signature}`);
  await fails("no jwk", make({ header: { jwk: undefined } }));
  for (const name of ["jti", "htm", "htu", "iat", "ath"]) await fails(`no ${name}`, make({ more: { [name]: undefined } }));
  await fails("another typ", make({ header: { typ: "JWT" } }));
  await fails("RS256", make({ key: rsa, alg: "RS256" }));
  await fails("none", `${part({ ...headOf, alg: "none" })}.${body}.`);
  await fails("a wrong signature", `${head}.${body}.${signature.split("").reverse().join("")}`);
  const { d } = await crypto.subtle.exportKey("jwk", m.dpopKey.privateKey).catch(() => ({ d: "AAAA" }));
  await fails("a private key in the header", make({ header: { jwk: { ...headOf.jwk, d } } }));
  await fails("another htm", make({ more: { htm: "PUT" } }));
  await fails("another htu", make({ more: { htu: `${m.issuer}/elsewhere` } }));
  await fails("iat in an hour", make({ more: { iat: now() + 3600 } }));
  await fails("iat an hour ago", make({ more: { iat: now() - 3600 } }));
  await fails("another ath", make({ more: { ath: random() } }));
  await fails("another key", make({ key: await makeKey("ES256") }));
  await tries(m, token, "no proof", false, { proof: null });
  await tries(m, token, "Bearer without a proof", false, { proof: null, scheme: "Bearer" });
  await tries(m, token, "htu with query and fragment", true, { proof: await make({ more: { htu: `${url}?a=b#c` } }) });
  const upper = url.replace("https://localhost", "HTTPS://LOCALHOST");
  await tries(m, token, "htu in capitals", true, { proof: await make({ more: { htu: upper } }), warns: true });
  await tries(m, token, "more claims", true,
    { proof: await make({ more: { unheard_of: "x" }, header: { unheard_of: "x" } }) });
  const once = await make({});
  await tries(m, token, "a proof", true, { proof: once });
  await tries(m, token, "the same proof again", false, { proof: once, warns: true });
  await tries(m, token, "a right proof still works", true, {});
}

async function refreshes(m, client) {
  const answered = await granted(m, { scope: "openid offline_access", prompt: "consent" }, { client });
  const { tokens, claims: before } = await checkGiven(m, await exchange(m, answered, { client }), { ...answered, client });
  if (!tokens.refresh_token) m.S("no refresh token is issued");
  m.W(m.server.grant_types_supported?.includes("refresh_token"), "discovery: grant_types_supported has no refresh_token");
  m.F(/^[\x20-\x7E]+$/.test(tokens.refresh_token), "refresh_token is not printable ASCII");
  const fields = { grant_type: "refresh_token", refresh_token: tokens.refresh_token };
  const { tokens: fresh, claims: after } = await checkGiven(m, await tokenCall(m, fields, { client }),
    { sent: { nonce: undefined }, client });
  for (const name of ["iss", "sub", "auth_time"]) m.F(before[name] === after[name], `refresh: ${name} differs`);
  m.F(fresh.access_token !== tokens.access_token, "refresh: the same access token again");
  // 5.3.2.1 (9): it is not turned, or the one before still works.
  const again = await tokenCall(m, fields, { client });
  m.F(again.status === 200, `refresh: the first token gives ${again.status} after its use`);
  return tokens.refresh_token;
}

const UNTURNED = { scope: "openid" };

export default {
  "fapi2-discovery-end-point-verification": async (m) => {
    const url = `${m.issuer}/.well-known/openid-configuration`;
    const answer = await call(url);
    checkDiscovery(m, answer, url, false);
    checkKeys(m, (await call(answer.json.jwks_uri)).json);
    const has = (name, ...values) => {
      for (const value of values) m.F(answer.json[name]?.includes?.(value), `discovery: ${name} has no ${value}`);
    };
    m.F(/^https:/.test(answer.json.pushed_authorization_request_endpoint), "discovery: no PAR endpoint");
    m.F(answer.json.authorization_response_iss_parameter_supported === true, "discovery: iss is not announced");
    has("token_endpoint_auth_methods_supported", "private_key_jwt");
    has("code_challenge_methods_supported", "S256");
    has("grant_types_supported", "authorization_code");
    has("response_types_supported", "code");
    const some = (name) => {
      const found = answer.json[name]?.some((alg) => ["PS256", "ES256", "EdDSA"].includes(alg));
      m.F(found, `discovery: ${name} has none of PS256, ES256, EdDSA`);
    };
    for (const name of ["token_endpoint_auth_signing_alg_values_supported", "dpop_signing_alg_values_supported",
      "id_token_signing_alg_values_supported"]) some(name);
    if (m.signed) some("request_object_signing_alg_values_supported");
  },
  "fapi2-happy-flow": (m) => both(m),
  "fapi2-user-rejects-authentication": async (m) => {
    await begin(m);
    await rejects(m, m.client);
    await rejects(m, m.client2);
  },
  "fapi2-ensure-request-object-with-multiple-aud-succeeds": async (m) => {
    await begin(m);
    await whole(m, UNTURNED, { object: { more: { aud: ["https://other1.example.com", m.issuer] } } });
  },
  "fapi2-ensure-authorization-request-without-state-success": (m) => both(m, () => ({ state: undefined })),
  "fapi2-ensure-authorization-request-without-nonce-success": (m) => both(m, () => ({ nonce: undefined })),
  "fapi2-ensure-authorization-request-with-64-char-nonce-success": (m) => both(m, () => ({ nonce: text(64) })),
  "fapi2-ensure-other-scope-order-succeeds": (m) => both(m, () => ({ scope: "profile openid" })),
  "fapi2-test-claims-parameter-identity-claims": async (m) => {
    await begin(m);
    const asked = m.server.claims_supported.filter((name) => ["name", "given_name", "family_name"].includes(name));
    const wanted = Object.fromEntries([...asked, random()].map((name) => [name, null]));
    const request = { id_token: wanted, userinfo: wanted, [random()]: wanted };
    const more = { scope: "openid profile", claims: m.signed ? request : JSON.stringify(request) };
    const { claims: signed, told } = await whole(m, more);
    for (const name of asked) m.W(name in signed || name in told, `claims: ${name} is told nowhere`);
  },
  "fapi2-access-token-type-header-case-sensitivity": async (m) => {
    await begin(m);
    const { tokens } = await whole(m, UNTURNED);
    for (const scheme of ["dpop", "DPOP", "dPoP"]) await tries(m, tokens.access_token, scheme, true, { scheme });
  },
  "fapi2-ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted": async (m) => {
    await begin(m);
    await whole(m, UNTURNED, times({ iat: now() + 8, nbf: now() + 8 }));
  },
  "fapi2-check-dpop-proof-nbf-exp": async (m) => {
    await begin(m);
    const answered = await granted(m, UNTURNED);
    const more = { nbf: now(), exp: now() + 300 };
    const proof = await proofFor(m, "POST", m.server.token_endpoint, { more });
    const { tokens } = await checkGiven(m, await exchange(m, answered, { proof }), answered);
    await tries(m, tokens.access_token, "a proof with nbf and exp", true, { more: { more } });
  },
  "fapi2-ensure-dpopproof-with-iat-10seconds-before-succeeds": (m) => clock(m, -10),
  "fapi2-ensure-dpopproof-with-iat-10seconds-after-succeeds": (m) => clock(m, 10),
  "fapi2-ensure-mismatched-dpop-jkt-fails": refusedPush({ dpop_jkt: "A".repeat(43) }, ["invalid_request", "invalid_dpop_proof"],
    async (m) => ({ proof: await proofFor(m, "POST", m.server.pushed_authorization_request_endpoint) })),
  "fapi2-ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt": async (m) => {
    await begin(m);
    const proof = await proofFor(m, "POST", m.server.pushed_authorization_request_endpoint);
    const answered = await granted(m, UNTURNED, { proof });
    const other = await proofFor(m, "POST", m.server.token_endpoint, { key: await makeKey("ES256") });
    const answer = await exchange(m, answered, { proof: other });
    checkEndpointRefusal(m, "token", answer, ["invalid_request", "invalid_grant", "invalid_dpop_proof"]);
  },
  "fapi2-ensure-token-endpoint-fails-with-mismatched-dpop-jkt": refusedExchange((m, answered) => exchange(m, answered),
    ["invalid_request", "invalid_grant", "invalid_dpop_proof"], () => ({ dpop_jkt: "A".repeat(43) })),
  "fapi2-ensure-dpopproof-at-par-endpoint-binding-success": async (m) => {
    await begin(m);
    await whole(m, UNTURNED, { proof: await proofFor(m, "POST", m.server.pushed_authorization_request_endpoint) });
  },
  "fapi2-ensure-dpop-auth-code-binding-success": async (m) => {
    await begin(m);
    await whole(m, { dpop_jkt: thumbprint(m.dpopKey) });
  },
  "fapi2-ensure-different-nonce-inside-and-outside-request-object": (m) => outside(m, { nonce: text(20) }),
  "fapi2-ensure-different-state-inside-and-outside-request-object": (m) => outside(m, { state: text(20) }),
  "fapi2-state-only-outside-request-object-not-used": async (m) => {
    await begin(m);
    await granted(m, { state: undefined }, { at: { beside: { state: text(20) } } });
  },
  "fapi2-ensure-authorization-request-with-long-nonce": (m) => both(m, () => ({ nonce: text(384) })),
  "fapi2-ensure-authorization-request-with-long-state": (m) => both(m, () => ({ state: text(1000) })),
  "fapi2-ensure-request-object-without-exp-fails": refusedPush({}, OBJECT, times({ exp: undefined })),
  "fapi2-ensure-request-object-without-nbf-fails": refusedPush({}, OBJECT, times({ nbf: undefined })),
  "fapi2-ensure-request-object-without-redirect-uri-fails": refusedPush({ redirect_uri: undefined }, EITHER),
  "fapi2-ensure-expired-request-object-fails": refusedPush({}, OBJECT, () => times({ exp: now() - 300 })),
  "fapi2-ensure-request-object-with-bad-aud-fails": refusedPush({}, OBJECT, times({ aud: "https://bad.example.com/" })),
  "fapi2-ensure-request-object-with-exp-over-60-fails": refusedPush({}, OBJECT, () => times({ exp: now() + 70 * 60 })),
  "fapi2-ensure-request-object-with-nbf-over-60-fails": refusedPush({}, OBJECT, () => times({ nbf: now() - 70 * 60 })),
  "fapi2-ensure-signed-request-object-with-RS256-fails": refusedPush({}, OBJECT, { object: { alg: "RS256" } }),
  "fapi2-ensure-request-object-signature-algorithm-is-not-none": refusedPush({}, OBJECT, async (m, sent) => {
    const [, body] = (await objectOf(m, sent)).split(".");
    return { object: `${Buffer.from('{"alg":"none"}').toString("base64url")}.${body}.` };
  }),
  "fapi2-ensure-request-object-with-invalid-signature-fails": refusedPush({}, OBJECT, async (m, sent) => {
    const [head, body, signature] = (await objectOf(m, sent)).split(".");
    return { object: `${head}.${body}.${signature.split("").reverse().join("")}` };
  }),
  "fapi2-ensure-matching-key-in-authorization-request": refusedPush({}, EITHER, async (m, sent) => {
    const foreign = { ...m.client, privateKeys: [keyOf(m.client2)] };
    return { object: await objectOf(m, sent, { client: foreign }) };
  }),
  "fapi2-ensure-unsigned-request-at-par-endpoint-fails": refusedPush({}, ["invalid_request"], { unsigned: true }),
  "fapi2-plain-fapi-tolerate-unregistered-redirect-uri": refusedPush(
    (m) => ({ redirect_uri: `${m.client.redirect_uris[0]}/nowhere` }), EITHER),
  "fapi2-ensure-unsigned-authorization-request-without-using-par-fails": async (m) => {
    await begin(m);
    const { sent } = requestOf(m);
    const arrival = await m.agent.visit(`${m.server.authorization_endpoint}?${new URLSearchParams(sent)}`);
    refusedInBrowser(m, sent, arrival, ["invalid_request"]);
  },
  "fapi2-ensure-redirect-uri-in-authorization-request": refusedPush({ redirect_uri: undefined }, EITHER),
  "fapi2-ensure-response-type-code-idtoken-fails": refusedPush({ response_type: "code id_token" },
    ["unsupported_response_type", "invalid_request", "unauthorized_client"]),
  "fapi2-ensure-response-type-token-fails": refusedPush({ response_type: "token" },
    ["unsupported_response_type", "invalid_request", "unauthorized_client"]),
  "fapi2-ensure-client-id-in-token-endpoint": refusedExchange((m, answered) =>
    tokenCall(m, { ...exchangeOf(answered), client_id: m.client2.client_id }), ["invalid_client", "invalid_grant"]),
  "fapi2-ensure-holder-of-key-required": refusedExchange((m, answered) => exchange(m, answered, { proof: null }),
    ["invalid_request", "invalid_grant", "invalid_dpop_proof"]),
  "fapi2-ensure-authorization-code-is-bound-to-client": refusedExchange((m, answered) =>
    exchange(m, answered, { client: m.client2 }), ["invalid_grant"]),
  "fapi2-attempt-reuse-authorization-code-after-one-second": async (m) => {
    await begin(m);
    const answered = await whole(m, UNTURNED);
    await pause(1000);
    checkEndpointRefusal(m, "token", await exchange(m, answered), ["invalid_grant"]);
    const { status } = await resource(m, answered.tokens.access_token);
    m.W(status >= 400 && status < 500, `the tokens of a code used twice still work (${status})`);
  },
  "fapi2-ensure-token-endpoint-fails-with-expired-auth-code": refusedExchange(async (m, answered) => {
    await pause(62_000);
    return exchange(m, answered);
  }, ["invalid_grant"]),
  "fapi2-ensure-signed-client-assertion-with-RS256-fails": refusedExchange((m, answered) =>
    exchange(m, answered, { proves: { alg: "RS256" } }), ["invalid_client"]),
  "fapi2-ensure-client-assertion-in-token-endpoint": refusedExchange((m, answered) =>
    tokenCall(m, { ...exchangeOf(answered), client_id: m.client.client_id }, { proves: null }), CLIENT),
  "fapi2-ensure-client-assertion-with-exp-is-5-minutes-in-past-fails": refusedExchange((m, answered) =>
    exchange(m, answered, claims({ exp: now() - 300 })), CLIENT),
  "fapi2-ensure-client-assertion-with-wrong-aud-fails": refusedExchange((m, answered) =>
    exchange(m, answered, claims({ aud: "https://bad.example.com/" })), CLIENT),
  "fapi2-ensure-client-assertion-with-no-sub-fails": refusedExchange((m, answered) =>
    exchange(m, answered, claims({ sub: undefined })), CLIENT),
  "fapi2-dpop-negative-tests": dpopNegative,
  "fapi2-refresh-token": async (m) => {
    await begin(m);
    const theirs = await refreshes(m, m.client2);
    await refreshes(m, m.client);
    const foreign = await tokenCall(m, { grant_type: "refresh_token", refresh_token: theirs });
    checkEndpointRefusal(m, "token", foreign, ["invalid_grant"]);
  },
  "fapi2-par-ensure-reused-request-uri-prior-to-auth-completion-succeeds": async (m) => {
    await begin(m);
    const { sent, verifier } = requestOf(m);
    const uri = await pushed(m, sent);
    m.X(!await m.agent.open(addressOf(m, sent, uri), { stop: `${m.party.origin}/` }), "no page at the first visit");
    const params = read(m, { sent, arrival: await m.agent.visit(addressOf(m, sent, uri)) });
    m.X(params.get("code"), `answer: ${params}`);
    await checkGiven(m, await exchange(m, { sent, verifier, code: params.get("code") }), { sent });
  },
  "fapi2-par-attempt-reuse-request_uri": async (m) => {
    await begin(m);
    const { sent, uri } = await granted(m, UNTURNED);
    refusedInBrowser(m, sent, await m.agent.visit(addressOf(m, sent, uri)), ["invalid_request_uri"]);
  },
  "fapi2-par-attempt-to-use-expired-request_uri": async (m) => {
    await begin(m);
    const { sent } = requestOf(m);
    const answer = await push(m, sent);
    m.X(answer.json?.expires_in > 0 && answer.json.expires_in <= 80, `PAR: expires_in is ${answer.json?.expires_in}`);
    await pause((answer.json.expires_in + 1) * 1000);
    const arrival = await m.agent.visit(addressOf(m, sent, answer.json.request_uri));
    refusedInBrowser(m, sent, arrival, ["invalid_request_uri"]);
  },
  "fapi2-par-ensure-jwt-client-assertions-nbf-8-seconds-in-the-future-is-accepted": async (m) => {
    await begin(m);
    await pushed(m, requestOf(m).sent, claims({ iat: now() + 8, nbf: now() + 8 }));
  },
  "fapi2-par-ensure-jwt-client-assertions-nbf-over-60-seconds-in-the-future-fails": refusedPush({}, CLIENT,
    () => claims({ iat: now() + 70, nbf: now() + 70, exp: now() + 130 })),
  "fapi2-par-attempt-to-use-request_uri-for-different-client": async (m) => {
    await begin(m);
    const { sent } = requestOf(m);
    const uri = await pushed(m, sent);
    const arrival = await m.agent.visit(addressOf(m, sent, uri, { client: m.client2 }));
    refusedInBrowser(m, sent, arrival, ["invalid_request", "invalid_request_object", "invalid_request_uri"]);
  },
  "fapi2-par-authorization-request-containing-request_uri-form-param": refusedPush({},
    ["invalid_request", "invalid_request_object", "request_uri_not_supported"],
    { beside: { request_uri: "urn:ietf:params:oauth:request_uri:bad" } }),
  "fapi2-par-authorization-request-containing-request_uri": refusedPush({}, OBJECT,
    times({ request_uri: "urn:ietf:params:oauth:request_uri:bad" })),
  "fapi2-par-attempt-invalid-http-method": async (m) => {
    await begin(m);
    const { status } = await push(m, requestOf(m).sent, { method: "PUT" });
    m.F(status >= 400 && status < 500, `PAR by PUT: status ${status}`);
  },
  "fapi2-par-ensure-pkce-required": refusedPush({ code_challenge: undefined, code_challenge_method: undefined },
    ["invalid_request"]),
  "fapi2-ensure-pkce-code-verifier-required": refusedExchange((m, answered) =>
    exchange(m, { ...answered, verifier: undefined }), ["invalid_grant"]),
  "fapi2-incorrect-pkce-code-verifier-rejected": refusedExchange((m, answered) =>
    exchange(m, { ...answered, verifier: text(64) }), ["invalid_grant"]),
  "fapi2-par-plain-pkce-rejected": refusedPush(() => ({ code_challenge: text(64), code_challenge_method: "plain" }),
    ["invalid_request"]),
  "fapi2-par-without-duplicate-parameters": async (m) => {
    await begin(m);
    await whole(m, UNTURNED, { at: { bare: true } });
  },
  "fapi2-par-test-array-as-audience-fails": refusedPush({}, CLIENT,
    (m) => claims({ aud: [m.issuer, "https://other1.example.com"] })),
  "fapi2-par-test-par-endpoint-url-as-audience-fails": refusedPush({}, CLIENT,
    (m) => claims({ aud: m.server.pushed_authorization_request_endpoint })),
  "fapi2-par-test-token-endpoint-url-as-audience-fails": refusedPush({}, CLIENT,
    (m) => claims({ aud: m.server.token_endpoint })),
};

async function clock(m, seconds) {
  await begin(m);
  const answered = await granted(m, UNTURNED);
  const more = { iat: now() + seconds };
  const proof = await proofFor(m, "POST", m.server.token_endpoint, { more });
  const { tokens } = await checkGiven(m, await exchange(m, answered, { proof }), answered);
  await tries(m, tokens.access_token, `iat ${seconds} s`, true, { more: { more: { iat: now() + seconds } } });
}

/** What stands beside a pushed request counts for nothing, or is refused. */
async function outside(m, beside) {
  await begin(m);
  const answered = await code(m, {}, { at: { beside } });
  if (answered.params.has("error")) {
    checkRefusal(m, answered.params, answered.sent, m.issuer, ["invalid_request"]);
    return;
  }
  m.F(answered.params.get("state") === answered.sent.state, "answer: state is the one outside");
  await checkGiven(m, await exchange(m, answered), answered);
}

// Used by the self test.
export { jws };
