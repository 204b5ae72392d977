// The certification's plans: which modules, in which order, with which variants.

import claims from "./modules/claims.js";
import codes from "./modules/codes.js";
import discovery from "./modules/discovery.js";
import fapi from "./modules/fapi.js";
import happy from "./modules/happy.js";
import logout from "./modules/logout.js";
import objects from "./modules/objects.js";
import registration from "./modules/registration.js";
import rotation from "./modules/rotation.js";
import sessions from "./modules/sessions.js";

export const MODULES = { ...claims, ...codes, ...discovery, ...fapi, ...happy, ...logout, ...objects, ...registration,
  ...rotation, ...sessions };

const [STATIC, DYNAMIC_CLIENTS] = [false, true];
const words = (text) => text.trim().split(/\s+/).map((name) => `oidcc-${name}`);
/** Only with dynamic registration. */
const DYNAMIC_ONLY = new Set(words(`idtoken-signature idtoken-unsigned
  request-uri-unsigned-supported-correctly-or-rejected-as-unsupported`));

const SCOPES = "scope-profile scope-email scope-address scope-phone scope-all";
const USERINFO = "userinfo-get userinfo-post-header userinfo-post-body";
const PARAMETERS = "ensure-request-with-unknown-parameter-succeeds id-token-hint login-hint ui-locales claims-locales"
  + " ensure-request-with-acr-values-succeeds";
const LOGINS = "display-page display-popup prompt-login prompt-none-not-logged-in prompt-none-logged-in max-age-1"
  + " max-age-10000";
const OBJECTS = "request-uri-unsigned-supported-correctly-or-rejected-as-unsupported"
  + " unsigned-request-object-supported-correctly-or-rejected-as-unsupported claims-essential"
  + " ensure-request-object-with-redirect-uri";

const BASIC = words(`server response-type-missing idtoken-signature idtoken-unsigned ${USERINFO}
  ensure-request-without-nonce-succeeds-for-code-flow ${SCOPES} alternate-happy-flow ${LOGINS} ${PARAMETERS} codereuse
  codereuse-30seconds ensure-registered-redirect-uri ensure-post-request-succeeds server-client-secret-post ${OBJECTS}
  refresh-token ensure-request-with-valid-pkce-succeeds`);
const IMPLICIT = words(`server idtoken-signature ensure-request-without-nonce-fails ${SCOPES} alternate-happy-flow
  ${LOGINS} ${PARAMETERS} ensure-registered-redirect-uri ${OBJECTS}`);
const IMPLICIT_TOKEN = [...IMPLICIT, ...words(`${USERINFO} response-type-missing`)];
const HYBRID_MORE = words(`server idtoken-signature ${USERINFO} ${SCOPES} ${LOGINS} ${PARAMETERS} codereuse
  codereuse-30seconds ensure-registered-redirect-uri server-client-secret-post ${OBJECTS} refresh-token`);
const NONCE_FAILS = words("ensure-request-without-nonce-fails");
const HYBRID = [...HYBRID_MORE, ...NONCE_FAILS, ...words(`response-type-missing alternate-happy-flow
  ensure-request-with-valid-pkce-succeeds`)];
const HYBRID_CODE_TOKEN = [...HYBRID_MORE, ...words("ensure-request-without-nonce-succeeds-for-code-flow")];
const HYBRID_ALL = [...HYBRID_MORE, ...NONCE_FAILS];

const DYNAMIC = words(`idtoken-rs256 idtoken-unsigned userinfo-rs256 ensure-redirect-uri-in-authorization-request
  redirect-uri-query-OK redirect-uri-query-mismatch redirect-uri-query-added redirect-uri-regfrag
  discovery-endpoint-verification server registration-logo-uri registration-policy-uri registration-tos-uri
  registration-jwks-uri registration-sector-uri registration-sector-bad server-rotate-keys
  refresh-token-rp-key-rotation
  request-uri-unsigned request-uri-signed-rs256 ensure-request-object-with-redirect-uri refresh-token
  ensure-client-assertion-with-iss-aud-succeeds`);
const RP_LOGOUT = words("rp-initiated-logout-discovery-endpoint-verification rp-initiated-logout"
  + " -no-state -bad-post-logout-redirect-uri -query-added-to-post-logout-redirect-uri -modified-id-token-hint"
  + " -bad-id-token-hint -no-id-token-hint -no-params -only-state -no-post-logout-redirect-uri")
  .map((name) => name.replace("oidcc--", "oidcc-rp-initiated-logout-"));

/** FAPI 2.0 for `plain_fapi`, private_key_jwt, DPoP, OpenID Connect; in the plan's order. */
const FAPI_SIGNED_ONLY = new Set(`ensure-request-object-with-multiple-aud-succeeds
  ensure-request-object-with-nbf-8-seconds-in-the-future-is-accepted ensure-request-object-without-exp-fails
  ensure-request-object-without-nbf-fails ensure-expired-request-object-fails ensure-request-object-with-bad-aud-fails
  ensure-request-object-with-exp-over-60-fails ensure-request-object-with-nbf-over-60-fails
  ensure-signed-request-object-with-RS256-fails ensure-request-object-signature-algorithm-is-not-none
  ensure-request-object-with-invalid-signature-fails ensure-matching-key-in-authorization-request
  ensure-unsigned-request-at-par-endpoint-fails par-authorization-request-containing-request_uri`.trim().split(/\s+/));
const FAPI = Object.keys(fapi).map((name) => name.replace(/^fapi2-/, ""));

function fapiPlan(plan, signed) {
  const modules = FAPI.filter((name) => signed || !FAPI_SIGNED_ONLY.has(name)).map((name) => `fapi2-${name}`);
  return { variant: { plan, signed }, modules };
}

/** One plan for each row: name, variants, modules. */
function certification(name, runs, { mode, clients = [STATIC, DYNAMIC_CLIENTS] } = {}) {
  return runs.flatMap(([responseType, modules]) => clients.map((dynamic) => ({
    variant: { plan: name, responseType, mode, dynamic },
    modules: modules.filter((module) => dynamic || !DYNAMIC_ONLY.has(module)),
  })));
}

// How an answer goes does not depend on how the client became one: half of the time is enough, unless all is asked.
const FORM_POST = { mode: "form_post",
  clients: process.env.CONFORMANCE_ALL ? [STATIC, DYNAMIC_CLIENTS] : [STATIC] };
const BASIC_RUNS = [["code", BASIC]];
const IMPLICIT_RUNS = [["id_token token", IMPLICIT_TOKEN], ["id_token", IMPLICIT]];
const HYBRID_RUNS = [["code id_token", HYBRID], ["code token", HYBRID_CODE_TOKEN], ["code id_token token", HYBRID_ALL]];
const LOGOUT_RUNS = (modules) => [["code", modules]];

export const PLANS = [
  ...certification("basic", BASIC_RUNS),
  ...certification("implicit", IMPLICIT_RUNS),
  ...certification("hybrid", HYBRID_RUNS),
  { variant: { plan: "config" }, modules: words("discovery-endpoint-verification") },
  { variant: { plan: "dynamic", responseType: "code", dynamic: true }, modules: DYNAMIC },
  ...certification("formpost-basic", BASIC_RUNS, FORM_POST),
  ...certification("formpost-implicit", IMPLICIT_RUNS, FORM_POST),
  ...certification("formpost-hybrid", HYBRID_RUNS, FORM_POST),
  { variant: { plan: "3rd-party", responseType: "code", dynamic: true },
    modules: words("3rd_party-init-login 3rd_party-init-login-nohttps") },
  ...certification("rp-logout", LOGOUT_RUNS(RP_LOGOUT)),
  ...certification("backchannel-logout", LOGOUT_RUNS(words(
    "backchannel-logout-discovery-endpoint-verification backchannel-rp-initiated-logout"))),
  ...certification("frontchannel-logout", LOGOUT_RUNS(words(
    "frontchannel-logout-discovery-endpoint-verification frontchannel-rp-initiated-logout"))),
  fapiPlan("fapi2-security-profile", false),
  fapiPlan("fapi2-message-signing", true),
];
