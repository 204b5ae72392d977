// The relying parties that the deployment declares in files. Those of the dynamic plans register themselves.

import { exportJWK, generateKeyPair } from "jose";

const RESPONSE_TYPES = ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"];

function client(party, name, more = {}) {
  return {
    client_id: name,
    client_name: `Client ${name}`,
    client_secret: `${name}: a+b/c% 0123456789abcdef0123456789`,
    redirect_uris: [`${party}/${name}/retour`],
    post_logout_redirect_uris: [`${party}/${name}/parti`],
    token_endpoint_auth_method: "client_secret_basic",
    grant_types: ["authorization_code", "implicit", "refresh_token"],
    response_types: RESPONSE_TYPES,
    scope: "openid profile email phone education offline_access",
    subject_type: "pairwise",
    sector: "conformance",
    require_pkce: false,
    perimeter: { academies: ["montpellier"] },
    ...more,
  };
}

/** Keys of the clients of FAPI 2.0, private: RSA, so that RS256 can be tried and must be refused. */
export async function makeFapiKeys() {
  const names = ["fapi-one", "fapi-two", "fapi-signed-one", "fapi-signed-two"];
  return Object.fromEntries(await Promise.all(names.map(async (name) => {
    const { privateKey } = await generateKeyPair("PS256", { extractable: true });
    return [name, { ...(await exportJWK(privateKey)), kid: `${name}-key` }];
  })));
}

/** What its file says, and nothing that the profile sets. */
function fapi(party, name, keys, more = {}) {
  const { kty, n, e, kid } = keys[name];
  return {
    client_id: name,
    client_name: `Client ${name}`,
    profile: "fapi2",
    redirect_uris: [`${party}/${name}/retour${more.query ?? ""}`],
    grant_types: ["authorization_code", "refresh_token"],
    scope: "openid profile email phone education offline_access",
    sector: "conformance",
    jwks: { keys: [{ kty, n, e, kid, use: "sig" }] },
    ...(more.signed && { require_signed_request_object: true }),
    perimeter: { academies: ["montpellier"] },
  };
}

/** For the suite's own process: with the private key. */
export function withKeys(clients, keys) {
  const add = (client) => (keys[client.client_id] ? { ...client, privateKeys: [keys[client.client_id]] } : client);
  return Object.fromEntries(Object.entries(clients).map(([role, client]) => [role, add(client)]));
}

/** @returns {Record<string, object>} by their role in the suite's configuration */
export function staticClients(party, keys) {
  const query = "?dummy1=lorem&dummy2=ipsum";
  return {
    fapi: fapi(party, "fapi-one", keys),
    fapi2: fapi(party, "fapi-two", keys, { query }),
    fapi_signed: fapi(party, "fapi-signed-one", keys, { signed: true }),
    fapi_signed2: fapi(party, "fapi-signed-two", keys, { signed: true, query }),
    client: client(party, "one"),
    client2: client(party, "two"),
    client_secret_post: client(party, "post", { token_endpoint_auth_method: "client_secret_post" }),
    backchannel: client(party, "back", {
      backchannel_logout_uri: `${party}/back/backchannel`,
      backchannel_logout_session_required: true,
    }),
    frontchannel: client(party, "front", {
      frontchannel_logout_uri: `${party}/front/frontchannel`,
      frontchannel_logout_session_required: true,
    }),
  };
}
