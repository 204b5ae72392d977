//! Paths of the endpoints, for the router and the discovery document.

pub const DISCOVERY: &str = "/.well-known/openid-configuration";
pub const AUTHORIZE: &str = "/oauth2/authorize";
pub const TOKEN: &str = "/oauth2/token";
pub const USERINFO: &str = "/oauth2/userinfo";
pub const JWKS: &str = "/oauth2/jwks";
pub const PAR: &str = "/oauth2/par";
pub const INTROSPECT: &str = "/oauth2/introspect";
pub const REVOKE: &str = "/oauth2/revoke";
pub const REGISTER: &str = "/oauth2/register";
pub const LOGOUT: &str = "/oauth2/logout";
