//! Settings of client programs, ready to copy: one template a program, filled with the values of a client.
//!
//! Pure. A value is written as a JSON string, which is a string of JavaScript, TOML, YAML, JSON and of Apache too; a
//! secret is never written. What `tests/interop` runs is the same template (`templates/snippets/`).

use super::{AuthMethod, ClientMetadata};
use crate::http::paths;
use crate::protocol::algorithms::Alg;
use crate::protocol::scope::Scope;

/// A program for which there are settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "kebab-case")]
pub enum Library {
    OpenidClient,
    #[strum(serialize = "oauth2-proxy")]
    Oauth2Proxy,
    Spring,
    Apache,
    Keycloak,
    Ode,
    /// The values alone.
    Valeurs,
}

impl Library {
    pub fn name(self) -> &'static str {
        self.into()
    }

    fn template(self) -> &'static str {
        match self {
            Library::OpenidClient => include_str!("../../templates/snippets/openid-client.mjs"),
            Library::Oauth2Proxy => include_str!("../../templates/snippets/oauth2-proxy.cfg"),
            Library::Spring => include_str!("../../templates/snippets/spring.yml"),
            Library::Apache => include_str!("../../templates/snippets/apache.conf"),
            Library::Keycloak => include_str!("../../templates/snippets/keycloak.sh"),
            Library::Ode => include_str!("../../templates/snippets/ode.json"),
            Library::Valeurs => include_str!("../../templates/snippets/valeurs.txt"),
        }
    }

    /// True if the program proves itself by its settings as the client is registered: by a secret, in the header or in the
    /// body.
    pub fn fits(self, meta: &ClientMetadata) -> bool {
        let in_header = meta.auth_method == AuthMethod::ClientSecretBasic;
        let in_body = meta.auth_method == AuthMethod::ClientSecretPost;
        match self {
            // The one is told the method, the other tries one after the other.
            Library::OpenidClient | Library::Oauth2Proxy => in_header || in_body,
            Library::Spring | Library::Apache | Library::Keycloak | Library::Ode => in_header,
            Library::Valeurs => true,
        }
    }

    /// True if values stand in quotes. A shell expands Keycloak's settings: the issuer (checked in `src/config/server.rs`),
    /// the paths, the `client_id` and the scopes have no character that it would expand; a redirect URI may have one, so
    /// it stands in a comment only.
    fn quotes(self) -> bool {
        self != Library::Valeurs
    }
}

/// Returns the settings of a program for a client.
pub fn snippet(library: Library, issuer: &str, (client_id, meta): (&str, &ClientMetadata)) -> String {
    let address = |path: &str| format!("{issuer}{path}");
    let scopes: Vec<&str> =
        Scope::ALL.into_iter().filter(|scope| meta.scopes.contains(*scope)).map(Scope::name).collect();
    let signature = meta.id_token.signed.unwrap_or(Alg::RS256).name();
    // As the library does by itself, where the client takes either.
    let sends_body = meta.secret_either_way || meta.auth_method == AuthMethod::ClientSecretPost;
    let values = [
        ("issuer", issuer.to_owned()),
        ("discovery", address(paths::DISCOVERY)),
        ("authorize", address(paths::AUTHORIZE)),
        ("token", address(paths::TOKEN)),
        ("userinfo", address(paths::USERINFO)),
        ("jwks", address(paths::JWKS)),
        ("logout", address(paths::LOGOUT)),
        ("authorize_path", paths::AUTHORIZE.to_owned()),
        ("token_path", paths::TOKEN.to_owned()),
        ("userinfo_path", paths::USERINFO.to_owned()),
        ("client_id", client_id.to_owned()),
        ("redirect_uri", meta.redirect_uris.first().cloned().unwrap_or_default()),
        ("scope", scopes.join(" ")),
        ("scope_list", scopes.join(",")),
        ("signature", signature.to_owned()),
        ("secret", if meta.auth_method.has_secret() { "$PREAU_SECRET" } else { "–" }.to_owned()),
        ("authentication", meta.auth_method.name().to_owned()),
        ("authenticate", if sends_body { "ClientSecretPost" } else { "ClientSecretBasic" }.to_owned()),
    ];
    let mut out = String::new();
    let mut rest = library.template();
    // One pass: a value that looks like a placeholder stays a value.
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, tail) = after.split_once("}}").unwrap_or((after, ""));
        out.push_str(before);
        let value = values.iter().find(|(other, _)| *other == name).map_or("", |(_, value)| value);
        match library.quotes() {
            true => out.push_str(&serde_json::Value::from(value).to_string()),
            false => out.push_str(value),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;
    use crate::clients::answers::tests::canteen;

    #[test]
    fn settings_have_the_clients_values_and_never_a_secret_of_it() {
        let mut meta = canteen().metadata("cantine", None, None).unwrap();
        meta.redirect_uris = vec!["https://cantine.example/retour?a='{{issuer}}".to_owned()];
        for library in Library::iter() {
            let text = snippet(library, "https://compte.example", ("cantine", &meta));
            for value in ["https://compte.example", "cantine", "openid profile education", "PREAU_SECRET", "{{issuer}}"]
            {
                let scoped = value.contains(' ') && matches!(library, Library::Spring | Library::Ode);
                assert!(scoped || text.contains(value), "{library:?} {value}: {text}");
            }
            assert_eq!(text.matches("{{").count(), 1, "only that of the value: {text}");
        }
        let json = snippet(Library::Ode, "https://compte.example", ("cantine", &meta));
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["tokenUrn"], "/oauth2/token");
    }

    #[test]
    fn settings_are_there_for_programs_that_prove_themselves_as_registered() {
        let registered = |method, either| {
            let mut meta = canteen().metadata("cantine", None, None).unwrap();
            (meta.auth_method, meta.secret_either_way) = (method, either);
            meta
        };
        let fitting = |method, either| {
            let meta = registered(method, either);
            Library::iter().filter(|library| library.fits(&meta)).map(Library::name).collect::<Vec<_>>()
        };
        let all: Vec<&str> = Library::iter().map(Library::name).collect();
        assert_eq!(fitting(AuthMethod::ClientSecretBasic, true), all);
        assert_eq!(fitting(AuthMethod::ClientSecretBasic, false), all);
        assert_eq!(fitting(AuthMethod::ClientSecretPost, false), ["openid-client", "oauth2-proxy", "valeurs"]);
        for method in [AuthMethod::ClientSecretJwt, AuthMethod::PrivateKeyJwt, AuthMethod::None] {
            assert_eq!(fitting(method, false), ["valeurs"], "{method:?}");
        }
        for (method, either, function) in [
            (AuthMethod::ClientSecretBasic, true, "ClientSecretPost"),
            (AuthMethod::ClientSecretBasic, false, "ClientSecretBasic"),
            (AuthMethod::ClientSecretPost, false, "ClientSecretPost"),
        ] {
            let told = ("cantine", &registered(method, either));
            let text = snippet(Library::OpenidClient, "https://compte.example", told);
            assert!(text.contains(&format!("client[\"{function}\"](process.env.PREAU_SECRET)")), "{text}");
        }
        let key = snippet(
            Library::Valeurs,
            "https://compte.example",
            ("cantine", &registered(AuthMethod::PrivateKeyJwt, false)),
        );
        assert!(key.contains("private_key_jwt") && !key.contains("PREAU_SECRET"), "{key}");
    }

    #[test]
    fn what_a_shell_would_expand_of_a_redirect_uri_stands_in_a_comment() {
        let mut meta = canteen().metadata("cantine", None, None).unwrap();
        meta.redirect_uris = vec!["https://cantine.example/retour?a=$(id)`id`\nid".to_owned()];
        let text = snippet(Library::Keycloak, "https://compte.example", ("cantine", &meta));
        let with_uri: Vec<&str> = text.lines().filter(|line| line.contains("id)`id`")).collect();
        assert!(with_uri.len() == 1 && with_uri[0].starts_with('#'), "{text}");
        assert!(!text.lines().any(|line| line.starts_with("id")), "{text}");
    }
}
