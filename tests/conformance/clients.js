// The relying parties that the deployment declares in files. Those of the dynamic plans register themselves.

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
    scope: "openid profile phone education offline_access",
    subject_type: "pairwise",
    sector: "conformance",
    require_pkce: false,
    perimeter: { academies: ["montpellier"] },
    ...more,
  };
}

/** @returns {Record<string, object>} by their role in the suite's configuration */
export function staticClients(party) {
  return {
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
