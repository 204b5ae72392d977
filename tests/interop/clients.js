// The relying parties of the tests. One file each is written for Préau; the libraries get the same words.

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
/** Concerns nobody of the roster. */
export const ELSEWHERE = client("elsewhere", {
  token_endpoint_auth_method: "none",
  require_pkce: true,
  perimeter: { academies: ["toulouse"] },
});

export const CLIENTS = [BASIC, POST, PUBLIC, ELSEWHERE];

// JSON's texts, numbers, truth values and flat lists are TOML too.
export function toToml({ perimeter, ...flat }) {
  const lines = (table) => Object.entries(table).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  return `${[...lines(flat), "", "[perimeter]", ...lines(perimeter)].join("\n")}\n`;
}
