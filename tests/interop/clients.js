// The relying parties of the tests. One file each is written for Préau; the libraries get the same words.

import { KEYS, publicSet } from "./keys.js";

/** Nobody listens there: the browser of the tests stops before it asks. */
const HOME = "https://client.example";

function client(name, more) {
  return {
    client_id: name,
    client_name: `Client ${name}`,
    redirect_uris: [`${HOME}/${name}/retour`],
    post_logout_redirect_uris: [`${HOME}/${name}/parti`],
    grant_types: ["authorization_code"],
    response_types: ["code"],
    scope: "openid profile education",
    subject_type: "pairwise",
    sector: "interop",
    perimeter: { academies: ["montpellier", "toulouse"] },
    ...more,
  };
}

export const BASIC = client("basic", {
  token_endpoint_auth_method: "client_secret_basic",
  // Characters that must be form-encoded before base64 (RFC 6749 2.3.1).
  client_secret: "b:a+s/i%c -0123456789abcdef0123456789",
  require_pkce: true,
});
export const POST = client("post", {
  token_endpoint_auth_method: "client_secret_post",
  client_secret: "p&o=s+t%-0123456789abcdef0123456789abcdef",
  require_pkce: false,
  sector: "another",
});
export const PUBLIC = client("public", { token_endpoint_auth_method: "none", require_pkce: true });
/** Of those who work at the schools: they come from their academy's provider. */
export const AGENTS = client("agents", {
  token_endpoint_auth_method: "client_secret_basic",
  client_secret: "of-agents-0123456789abcdef0123456789abcdef",
  perimeter: { academies: ["montpellier"], profiles: ["enseignant"] },
});
/** Concerns nobody of the roster. */
export const ELSEWHERE = client("elsewhere", {
  token_endpoint_auth_method: "none",
  require_pkce: true,
  perimeter: { academies: ["toulouse"] },
});

const REFRESHES = {
  grant_types: ["authorization_code", "refresh_token"],
  scope: "openid profile education offline_access",
  offline_agreed: true,
};
/** All that FAPI 2.0 asks of a client, as far as openid-client and oauth4webapi know it. */
export const STRICT = client("strict", {
  ...REFRESHES,
  token_endpoint_auth_method: "private_key_jwt",
  token_endpoint_auth_signing_alg: "ES256",
  jwks: publicSet(KEYS.strict),
  require_pushed_authorization_requests: true,
  dpop_bound_access_tokens: true,
});
/** Signs its requests, and gets its tokens as bearer tokens. */
export const SIGNED = client("signed", {
  ...REFRESHES,
  token_endpoint_auth_method: "private_key_jwt",
  jwks: publicSet(KEYS.signed),
  request_object_signing_alg: "RS256",
  require_signed_request_object: true,
});
export const AUTHLIB_SECRET = client("authlib-secret", {
  ...REFRESHES,
  token_endpoint_auth_method: "client_secret_basic",
  client_secret: "of-authlib-0123456789abcdef0123456789abcdef",
});
export const AUTHLIB_KEY = client("authlib-key", {
  ...REFRESHES,
  token_endpoint_auth_method: "private_key_jwt",
  jwks: publicSet(KEYS.authlib),
});

function encrypting(name, encryption, signatures) {
  const [idToken, userinfo, introspection] = signatures;
  return client(name, {
    token_endpoint_auth_method: "client_secret_post",
    client_secret: `of-${name}-0123456789abcdef0123456789abcdef`,
    jwks: publicSet(KEYS[name]),
    id_token_signed_response_alg: idToken,
    id_token_encrypted_response_alg: encryption.alg,
    id_token_encrypted_response_enc: encryption.enc,
    userinfo_signed_response_alg: userinfo,
    userinfo_encrypted_response_alg: encryption.alg,
    userinfo_encrypted_response_enc: encryption.enc,
    introspection_signed_response_alg: introspection,
  });
}
/** Between them every algorithm that the provider has. */
export const ENCRYPTED_EC = encrypting("encrypted-ec", { alg: "ECDH-ES", enc: "A256GCM" }, ["ES256", "PS256", "ES256"]);
export const ENCRYPTED_RSA = encrypting("encrypted-rsa", { alg: "RSA-OAEP-256", enc: "A128CBC-HS256" },
  ["EdDSA", "RS256", "PS256"]);

/** Applications of scripts alone: one renews in a frame, the other by refresh tokens that are bound to its key. */
export const SPA = client("spa", { token_endpoint_auth_method: "none" });
export const SPA_DPOP = client("spa-dpop", {
  ...REFRESHES,
  token_endpoint_auth_method: "none",
  dpop_bound_access_tokens: true,
});

/** A site behind Apache: it listens, so that the browser goes there, and the provider tells it when a session ends. */
export const APACHE = client("apache", {
  token_endpoint_auth_method: "client_secret_basic",
  client_secret: "of-apache-0123456789abcdef0123456789abcdef",
});

/** A second site there, that proves itself by a key. */
export const APACHE_KEY = client("apache-key", {
  token_endpoint_auth_method: "private_key_jwt",
  jwks: publicSet(KEYS.apache),
});

/** A site's addresses are known once its port is. */
export function atSite(registered, site) {
  return {
    ...registered,
    redirect_uris: [`${site}/oidc`],
    post_logout_redirect_uris: [`${site}/parti.html`],
    backchannel_logout_uri: `${site}/oidc?logout=backchannel`,
    backchannel_logout_session_required: true,
  };
}

/** The applications' addresses, likewise. */
export function atApp(registered, app) {
  const at = `${app}/${registered.client_id}`;
  return {
    ...registered,
    redirect_uris: [`${at}/retour`, `${at}/silencieux`],
    post_logout_redirect_uris: [`${at}/parti`],
  };
}

export const CLIENTS = [BASIC, POST, PUBLIC, AGENTS, ELSEWHERE, STRICT, SIGNED, AUTHLIB_SECRET, AUTHLIB_KEY,
  ENCRYPTED_EC, ENCRYPTED_RSA];

function value(of) {
  if (Array.isArray(of)) return `[${of.map(value).join(", ")}]`;
  if (typeof of !== "object") return JSON.stringify(of);
  return `{ ${Object.entries(of).map(([key, inner]) => `${key} = ${value(inner)}`).join(", ")} }`;
}

// JSON's texts, numbers and truth values are TOML too; its objects are inline tables but for the colon.
export function toToml({ perimeter, ...flat }) {
  const lines = (table) => Object.entries(table).map(([key, inner]) => `${key} = ${value(inner)}`);
  return `${[...lines(flat), "", "[perimeter]", ...lines(perimeter)].join("\n")}\n`;
}
