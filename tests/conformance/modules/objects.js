// Request objects (OIDCC 6).

import { checkIdToken, checkRefusal, checkSuccess } from "../checks.js";
import { ask, makeKey, parametersOf, read, setUp, sign, text } from "../flow.js";

const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const unsigned = (claims) => `${base64({ alg: "none" })}.${base64(claims)}.`;

function needsNone(m, absentIsFine) {
  const list = m.server.request_object_signing_alg_values_supported;
  if (list === undefined ? !absentIsFine : !list.includes("none")) {
    m.S("none is not in request_object_signing_alg_values_supported");
  }
}

/** The claims of an object; outside stays what OAuth needs, and a state that must lose. */
function objectFor(m, more = {}) {
  const inside = { ...parametersOf(m), iss: m.client.client_id, aud: m.issuer, ...more };
  return { inside, outside: { state: text(20), nonce: inside.nonce } };
}

/** Processed, the values inside winning, or refused as unsupported. */
async function processedOr(m, asked, inside, unsupported, announced) {
  const sent = { ...asked.sent, state: inside.state, nonce: inside.nonce };
  const params = read(m, asked);
  if (params.get("error") === unsupported) {
    checkRefusal(m, params, { ...sent, state: params.get("state") }, m.issuer, [unsupported]);
    m.S(`refused with ${unsupported}`);
  }
  checkSuccess(m, params, sent, m.issuer);
  if (params.has("id_token")) {
    await checkIdToken(m, params.get("id_token"), m.keys, { issuer: m.issuer, clientId: m.client.client_id,
      nonce: inside.nonce });
  }
  m.W(announced, `it works, but discovery does not say so`);
}

export default {
  "oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported": async (m) => {
    await setUp(m);
    needsNone(m, true);
    const { inside, outside } = objectFor(m);
    const asked = await ask(m, { ...outside, request: unsigned(inside) });
    await processedOr(m, asked, inside, "request_not_supported", m.server.request_parameter_supported === true);
  },
  "oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported": async (m) => {
    const path = `/${text(10)}/object`;
    await setUp(m, { request_uris: [`${m.party.origin}${path}`] });
    needsNone(m, true);
    const { inside, outside } = objectFor(m);
    const uri = m.party.serve(path, unsigned(inside), "application/oauth-authz-req+jwt");
    const asked = await ask(m, { ...outside, request_uri: uri });
    const announced = m.server.request_uri_parameter_supported === true;
    await processedOr(m, asked, inside, "request_uri_not_supported", announced);
  },
  "oidcc-request-uri-unsigned": async (m) => {
    await setUp(m);
    needsNone(m, false);
    m.F(false, "none is announced; we do not know what to make of it");
  },
  "oidcc-request-uri-signed-rs256": async (m) => {
    const key = await makeKey();
    const path = `/${text(10)}/object`;
    const uri = `${m.party.origin}${path}`;
    await setUp(m, { request_uris: [uri], request_object_signing_alg: "RS256", jwks: { keys: [key.publicJwk] } });
    m.F(m.server.request_object_signing_alg_values_supported?.includes("RS256"),
      "discovery: no RS256 in request_object_signing_alg_values_supported");
    m.F(m.server.request_uri_parameter_supported !== false, "discovery: request_uri_parameter_supported is false");
    const { inside, outside } = objectFor(m);
    m.party.serve(path, await sign(key, inside), "application/oauth-authz-req+jwt");
    const asked = await ask(m, { ...outside, request_uri: uri });
    const sent = { ...asked.sent, state: inside.state, nonce: inside.nonce };
    const params = read(m, asked);
    checkSuccess(m, params, sent, m.issuer);
    m.F(m.party.received(path).length > 0, "the object was not fetched");
  },
  "oidcc-ensure-request-object-with-redirect-uri": async (m) => {
    await setUp(m);
    needsNone(m, true);
    const { inside, outside } = objectFor(m);
    const wrong = `${m.party.origin}/${text(8)}/nowhere`;
    const asked = await ask(m, { ...outside, redirect_uri: wrong, request: unsigned(inside) });
    if (!asked.arrival) {
      m.page("refused", m.agent.refuses(wrong), "not the page of a refused request");
      return;
    }
    m.F(!asked.arrival.url.href.startsWith(wrong), "sent to the URI outside, which is not registered");
    const params = read(m, { ...asked, sent: { ...asked.sent, redirect_uri: inside.redirect_uri } });
    checkSuccess(m, params, { ...asked.sent, state: inside.state }, m.issuer);
  },
};
