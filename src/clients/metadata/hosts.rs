//! Rules for the hosts in a client's metadata, the targets of end users and of their data (docs/threats.md#threat-s10,
//! #attack-r13; RFC 8252 7.3; FCL 2). The rules are the same for files and for dynamic registration.
//!
//! A web client needs a public DNS name. An IP address, a loopback host and a name without a domain reach a different
//! machine on each end user's network; a page of Préau itself would receive the response in place of the client. With a
//! loopback issuer (development or the demo), loopback hosts are accepted.

use url::{Host, Url};

use super::{MetadataError, invalid};
use crate::base::names;
use crate::clients::ClientMetadata;
use crate::config::deployment::ServerIdentity;

/// Verifies the client name and every URI.
///
/// # Errors
/// The first invalid field, with a hint for a valid value.
pub fn check_hosts(meta: &ClientMetadata, server: &ServerIdentity) -> Result<(), MetadataError> {
    let service = names::fold(&server.service);
    if !service.is_empty() && names::fold(&meta.client_name) == service {
        return invalid("client_name", "the name of this service itself: write the client's own");
    }
    // Only these URIs may point to the loopback interface of an installed application (RFC 8252 7.3).
    let back = [
        ("redirect_uris", meta.redirect_uris.as_slice()),
        ("post_logout_redirect_uris", meta.post_logout_redirect_uris.as_slice()),
    ];
    let others = [
        ("initiate_login_uri", meta.initiate_login_uri.as_slice()),
        ("request_uris", meta.request_uris.as_slice()),
        ("jwks_uri", meta.jwks_uri.as_slice()),
        ("sector_identifier_uri", meta.sector_identifier_uri.as_slice()),
        ("backchannel_logout_uri", meta.backchannel_logout_uri.as_slice()),
        ("frontchannel_logout_uri", meta.frontchannel_logout_uri.as_slice()),
        ("client_uri", meta.client_uri.as_slice()),
        ("logo_uri", meta.logo_uri.as_slice()),
        ("policy_uri", meta.policy_uri.as_slice()),
        ("tos_uri", meta.tos_uri.as_slice()),
    ];
    let back = back.map(|(field, uris)| (field, uris, meta.native));
    for (field, uris, installed) in back.into_iter().chain(others.map(|(field, uris)| (field, uris, false))) {
        if let Some(why) = uris.iter().find_map(|uri| check_host(uri, installed, server).err()) {
            return invalid(field, why.description());
        }
    }
    check_frontchannel_origin(meta)
}

/// The reason for refusing the host of a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum HostFlaw {
    NotUri,
    PortZero,
    OwnPage,
    ThisMachine,
    Address,
    NoDomain,
}

impl HostFlaw {
    pub fn name(self) -> &'static str {
        self.into()
    }

    fn description(self) -> &'static str {
        match self {
            HostFlaw::NotUri => "not a URI",
            HostFlaw::PortZero => "port 0, where nothing listens: leave it out",
            HostFlaw::OwnPage => "a page of this server: write one of the client's own",
            HostFlaw::ThisMachine => {
                "this machine, which is for redirect URIs of application_type native (RFC 8252): https and a host name"
            }
            HostFlaw::Address => "an address: write the host name, as in https://ent.example.fr/retour",
            HostFlaw::NoDomain => "a host without its domain: write it in full, as in https://ent.example.fr/retour",
        }
    }
}

/// Verifies the host of one URI; `installed` is true for a URI that an installed application comes back to.
pub fn check_host(uri: &str, installed: bool, server: &ServerIdentity) -> Result<(), HostFlaw> {
    // The syntax has been validated before; a private-use scheme has no host.
    let Ok(url) = Url::parse(uri) else { return Err(HostFlaw::NotUri) };
    let Some(host) = url.host() else { return Ok(()) };
    if url.port() == Some(0) {
        return Err(HostFlaw::PortZero);
    }
    if is_own_origin(&url, server) {
        return Err(HostFlaw::OwnPage);
    }
    if is_loopback(&host) && server.loopback {
        return Ok(());
    }
    match host {
        Host::Domain(name) if is_localhost(name) && installed && url.scheme() == "http" => Ok(()),
        Host::Ipv4(ip) if ip.is_loopback() && installed && url.scheme() == "http" => Ok(()),
        Host::Ipv6(ip) if ip.is_loopback() && installed && url.scheme() == "http" => Ok(()),
        host if is_loopback(&host) => Err(HostFlaw::ThisMachine),
        Host::Ipv4(_) | Host::Ipv6(_) => Err(HostFlaw::Address),
        Host::Domain(name) if !name.trim_end_matches('.').contains('.') => Err(HostFlaw::NoDomain),
        Host::Domain(_) => Ok(()),
    }
}

/// True if the URL is on Préau's origin. Browsers send cookies to every port of a host, so the port is ignored, except
/// with a loopback issuer, because other programs share the loopback host.
fn is_own_origin(url: &Url, server: &ServerIdentity) -> bool {
    let Ok(issuer) = Url::parse(&server.issuer) else { return false };
    let same_port = url.port_or_known_default() == issuer.port_or_known_default();
    url.host() == issuer.host() && (same_port || !server.loopback)
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
        Host::Domain(name) => is_localhost(name),
    }
}

/// True for `localhost` and its subdomains (RFC 6761 6.3).
fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

/// Verifies that the front-channel logout URI, loaded in a frame of Préau's page, has the scheme, host and port of a
/// registered redirect URI (FCL 2).
fn check_frontchannel_origin(meta: &ClientMetadata) -> Result<(), MetadataError> {
    let Some(uri) = &meta.frontchannel_logout_uri else { return Ok(()) };
    let origin = |uri: &String| Url::parse(uri).map(|url| url.origin()).ok().filter(url::Origin::is_tuple);
    let own = origin(uri);
    if own.is_some() && meta.redirect_uris.iter().any(|redirect| origin(redirect) == own) {
        return Ok(());
    }
    invalid(
        "frontchannel_logout_uri",
        "another origin than every redirect URI: the scheme, host and port of one of them",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::clients::metadata::{RegistrationPolicy, validate};
    use crate::protocol::registration::ClientMetadataFields;

    fn server(issuer: &str) -> ServerIdentity {
        let loopback = issuer.starts_with("http://");
        ServerIdentity { issuer: issuer.to_owned(), service: "Mon compte École".to_owned(), loopback }
    }

    fn judged(change: Value, server: &ServerIdentity) -> Result<(), MetadataError> {
        let mut all = json!({ "client_name": "Cantine", "redirect_uris": ["https://rp.example/cb"],
                              "subject_type": "public" });
        all.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let fields = ClientMetadataFields::read(all.as_object_mut().unwrap()).unwrap();
        let terms = RegistrationPolicy::Registered {
            client_id: "drawn".to_owned(),
            academy: "montpellier".to_owned(),
            has_own_sector: false,
        };
        check_hosts(&validate(&fields, &terms).unwrap_or_else(|flaw| panic!("{change}: {flaw}")), server)
    }

    #[test]
    fn threat_s10_a_web_client_lives_at_a_name_on_the_internet() {
        let real = server("https://id.example.fr");
        for uri in [
            "http://localhost/cb",
            "http://localhost:8090/cb",
            "https://localhost/cb",
            "https://rp.localhost/cb",
            "https://localhost./cb",
            "http://127.0.0.1/cb",
            "https://127.0.0.2/cb",
            "http://[::1]:5000/cb",
            "https://192.0.2.7/cb",
            "https://10.0.0.1/cb",
            "https://[2001:db8::1]/cb",
            "https://intranet/cb",
            "https://intranet./cb",
            "https://rp.example:0/cb",
            "https://id.example.fr/connexion",
            "https://id.example.fr:8443/cb",
        ] {
            let flaw = judged(json!({ "redirect_uris": ["https://rp.example/cb", uri] }), &real).expect_err(uri);
            assert_eq!(flaw.field, "redirect_uris", "{uri}");
            assert!(flaw.to_string().bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)), "{flaw}");
        }
        for uri in ["https://rp.example/cb", "https://rp.example:8443/cb", "https://xn--cole-9oa.example.fr/cb"] {
            assert_eq!(judged(json!({ "redirect_uris": [uri] }), &real), Ok(()), "{uri}");
        }
        for field in ["client_uri", "logo_uri", "initiate_login_uri", "jwks_uri", "backchannel_logout_uri"] {
            for uri in ["https://127.0.0.1/x", "https://intranet/x", "https://id.example.fr/x"] {
                assert_eq!(judged(json!({ field: uri }), &real).unwrap_err().field, field, "{uri}");
            }
        }
    }

    #[test]
    fn attack_r13_only_an_installed_application_comes_back_to_its_own_machine() {
        let real = server("https://id.example.fr");
        let native = |more: Value| {
            let mut all = json!({ "application_type": "native" });
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            judged(all, &real)
        };
        let own = ["http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost/cb", "fr.exemple.app:/retour"];
        assert_eq!(native(json!({ "redirect_uris": own, "post_logout_redirect_uris": own })), Ok(()));
        for uri in ["https://127.0.0.1/cb", "https://localhost/cb", "https://10.0.0.1/cb", "https://intranet/cb"] {
            assert_eq!(native(json!({ "redirect_uris": [uri] })).unwrap_err().field, "redirect_uris", "{uri}");
        }
        assert_eq!(native(json!({ "logo_uri": "http://127.0.0.1/l" })).unwrap_err().field, "logo_uri");
    }

    #[test]
    fn faults_a15_under_a_loopback_issuer_this_machine_is_the_internet() {
        let demo = server("http://localhost:8080");
        for uri in ["http://localhost:8090/ent/retour", "http://127.0.0.1:5000/cb", "https://localhost:9443/cb"] {
            assert_eq!(judged(json!({ "redirect_uris": [uri] }), &demo), Ok(()), "{uri}");
        }
        for uri in ["http://localhost:8080/connexion", "https://10.0.0.1/cb", "https://intranet/cb"] {
            assert!(judged(json!({ "redirect_uris": [uri] }), &demo).is_err(), "{uri}");
        }
    }

    #[test]
    fn faults_a15_nobody_has_the_name_of_the_service_itself() {
        let real = server("https://id.example.fr");
        for name in ["Mon compte École", "MON COMPTE ECOLE", " mon  compte-école "] {
            assert_eq!(judged(json!({ "client_name": name }), &real).unwrap_err().field, "client_name", "{name}");
        }
        assert_eq!(judged(json!({ "client_name": "Mon compte École de la cantine" }), &real), Ok(()));
    }

    #[test]
    fn fcl_2_a_page_that_is_loaded_at_a_sign_out_is_where_people_come_back_to() {
        let real = server("https://id.example.fr");
        let at = |uri: &str| judged(json!({ "frontchannel_logout_uri": uri }), &real);
        assert_eq!(at("https://rp.example/sortie?x=1"), Ok(()));
        assert_eq!(at("https://rp.example:443/sortie"), Ok(()));
        for uri in ["https://www.rp.example/sortie", "https://rp.example:8443/sortie", "https://evil.example/"] {
            assert_eq!(at(uri).unwrap_err().field, "frontchannel_logout_uri", "{uri}");
        }
    }
}
