// What a discovery document must be (OIDCD 3, RFC 8414 2), and the names that the suite knows.

const LISTS = ["scopes_supported", "response_types_supported", "response_modes_supported", "grant_types_supported",
  "acr_values_supported", "subject_types_supported", "id_token_signing_alg_values_supported",
  "id_token_encryption_alg_values_supported", "id_token_encryption_enc_values_supported",
  "userinfo_signing_alg_values_supported", "userinfo_encryption_alg_values_supported",
  "userinfo_encryption_enc_values_supported", "request_object_signing_alg_values_supported",
  "request_object_encryption_alg_values_supported", "request_object_encryption_enc_values_supported",
  "token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported",
  "display_values_supported", "claim_types_supported", "claims_supported", "claims_locales_supported",
  "ui_locales_supported", "code_challenge_methods_supported", "prompt_values_supported",
  "revocation_endpoint_auth_methods_supported", "revocation_endpoint_auth_signing_alg_values_supported",
  "introspection_endpoint_auth_methods_supported", "introspection_endpoint_auth_signing_alg_values_supported",
  "introspection_signing_alg_values_supported", "introspection_encryption_alg_values_supported",
  "introspection_encryption_enc_values_supported", "dpop_signing_alg_values_supported",
  "authorization_signing_alg_values_supported", "authorization_encryption_alg_values_supported",
  "authorization_encryption_enc_values_supported", "authorization_details_types_supported"];
const BOOLEANS = ["claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported",
  "require_request_uri_registration", "require_signed_request_object", "require_pushed_authorization_requests",
  "authorization_response_iss_parameter_supported", "backchannel_logout_supported",
  "backchannel_logout_session_supported", "frontchannel_logout_supported", "frontchannel_logout_session_supported",
  "tls_client_certificate_bound_access_tokens"];
const ENDPOINTS = ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "registration_endpoint",
  "end_session_endpoint", "introspection_endpoint", "revocation_endpoint", "pushed_authorization_request_endpoint",
  "device_authorization_endpoint", "check_session_iframe", "jwks_uri"];
const OTHERS = ["issuer", "service_documentation", "op_policy_uri", "op_tos_uri", "signed_metadata",
  "mtls_endpoint_aliases"];
const KNOWN = new Set([...LISTS, ...BOOLEANS, ...ENDPOINTS, ...OTHERS]);
const DISCOVERY = "/.well-known/openid-configuration";
const https = (value) => typeof value === "string" && URL.canParse(value) && new URL(value).protocol === "https:";

function checkTypes(t, document) {
  for (const [name, value] of Object.entries(document)) {
    if (name.endsWith("_supported") && !BOOLEANS.includes(name)) {
      const strings = Array.isArray(value) && value.every((item) => typeof item === "string");
      t.F(strings, `discovery: ${name} is not a list of strings`);
      t.F(!strings || new Set(value).size === value.length, `discovery: ${name} has something twice`);
    }
    if (BOOLEANS.includes(name)) t.F(typeof value === "boolean", `discovery: ${name} is ${value}`);
    if (name.endsWith("_endpoint") || name === "check_session_iframe") t.F(https(value), `discovery: ${name} is ${value}`);
    t.W(KNOWN.has(name), `discovery: unknown name ${name}`);
  }
}

function checkLocales(t, name, tags) {
  for (const tag of tags ?? []) {
    try {
      t.W(Intl.getCanonicalLocales(tag)[0] === tag, `discovery: ${name}: ${tag} has another casing`);
    } catch {
      t.F(false, `discovery: ${name}: ${tag} is no BCP 47 tag`);
    }
  }
}

/**
 * @param {{status, type, json}} answer
 * @param {string} url where it was fetched
 * @param {boolean} dynamic the Dynamic plan wants more
 */
export function checkDiscovery(t, { status, type, json }, url, dynamic) {
  t.X(status === 200 && json, `discovery: status ${status}`);
  t.F(/^application\/json\b/.test(type), `discovery: type ${type}`);
  t.F(https(url) && url.endsWith(DISCOVERY), `discovery: fetched from ${url}`);
  const issuer = String(json.issuer);
  t.F(https(issuer) && !new URL(issuer).search && !new URL(issuer).hash, `discovery: issuer is ${issuer}`);
  t.F(issuer.replace(/\/$/, "") === url.slice(0, -DISCOVERY.length), `discovery: issuer is ${issuer}`);
  checkTypes(t, json);
  const has = (name, ...values) => {
    for (const value of values) t.F(json[name]?.includes?.(value), `discovery: ${name} has no ${value}`);
  };
  if (dynamic) has("response_types_supported", "code", "id_token", "id_token token");
  t.F(json.response_types_supported?.length > 0, "discovery: no response_types_supported");
  const subjects = json.subject_types_supported ?? [];
  t.F(subjects.includes("public") || subjects.includes("pairwise"), "discovery: no subject_types_supported");
  has("id_token_signing_alg_values_supported", "RS256");
  for (const name of ["authorization_endpoint", "token_endpoint", "jwks_uri"]) {
    t.F(https(json[name]), `discovery: ${name} is ${json[name]}`);
  }
  t.W(json.userinfo_endpoint, "discovery: no userinfo_endpoint");
  const objects = json.request_object_signing_alg_values_supported;
  if (objects) t.W(objects.includes("RS256"), "discovery: request objects without RS256");
  t.W(json.claims_supported, "discovery: no claims_supported");
  if (t.W(json.scopes_supported, "discovery: no scopes_supported")) {
    has("scopes_supported", "openid");
    t.F([json.scopes_supported].flat().every((scope) => /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(scope)), "discovery: illegal scope");
  }
  if (dynamic) {
    has("grant_types_supported", "authorization_code", "implicit");
    t.F(https(json.registration_endpoint), `discovery: registration_endpoint is ${json.registration_endpoint}`);
  }
  if (json.grant_types_supported) t.F(json.grant_types_supported.length > 0, "discovery: empty grant_types_supported");
  checkLocales(t, "ui_locales_supported", json.ui_locales_supported);
  checkLocales(t, "claims_locales_supported", json.claims_locales_supported);
  const challenges = json.code_challenge_methods_supported;
  if (challenges) {
    const known = challenges.length > 0 && challenges.every((name) => ["S256", "plain"].includes(name));
    t.F(known, `discovery: code_challenge_methods_supported is ${challenges}`);
  }
}
