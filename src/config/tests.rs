//! Tests of the configuration: its files, its variables, and what is refused.

use super::*;
use crate::protocol::algorithms::Alg;

fn load(text: &str) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("preau.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(Some(&path))
}

#[test]
fn an_empty_file_gives_the_defaults() {
    let c = load("").unwrap();
    assert_eq!(c.server.issuer, "http://localhost:8080");
    assert_eq!(c.database.url, "sqlite:var/preau.db");
}

#[test]
fn faults_d2_rs256_and_es256_are_always_among_the_algorithms() {
    assert_eq!(load("").unwrap().keys.algorithms, [Alg::RS256, Alg::ES256, Alg::PS256]);
    let listed = load("[keys]\nalgorithms = [\"ES256\", \"RS256\", \"EdDSA\"]").unwrap();
    assert_eq!(listed.keys.algorithms, [Alg::ES256, Alg::RS256, Alg::EdDSA]);
    for (bad, word) in [("[\"RS256\"]", "ES256"), ("[\"ES256\"]", "RS256"), ("[\"none\"]", "none")] {
        let said = load(&format!("[keys]\nalgorithms = {bad}")).unwrap_err().to_string();
        assert!(said.contains(word), "{bad}: {said}");
    }
}

#[test]
fn an_unknown_key_is_refused_and_the_nearest_is_named() {
    let e = load("[server]\nisuer = \"http://localhost:1\"").unwrap_err().to_string();
    assert_eq!(e, "unknown key `server.isuer`; did you mean `server.issuer`?");
    assert!(load("[sever]\nissuer = \"x\"").unwrap_err().to_string().contains("server"));
}

#[test]
fn faults_f4_a_name_with_one_underscore_is_refused_and_the_right_one_told() {
    let refused = |name: &str| reject_single_underscore([name.to_owned()].into_iter()).map_err(|e| e.to_string());
    for name in ["PREAU_SERVER_ISSUER", "PREAU__SERVER_ISSUER", "PREAU_SERVER__ISSUER"] {
        let said = refused(name).unwrap_err();
        assert_eq!(said, format!("{name} in the environment says nothing: write PREAU__SERVER__ISSUER"));
    }
    for name in ["PREAU__SERVER__ISSUER", "PREAU_BIN", "PREAU_TEST_PYTHON", "PATH", "PREAU__SERVER__TLS__KEY"] {
        assert!(refused(name).is_ok(), "{name}");
    }
}

#[test]
fn faults_f4_a_file_that_cannot_be_read_is_named() {
    for (text, word) in [("[server\n", "preau.toml: "), ("[server]\nlisten = 7\n", "preau.toml or the environment: ")] {
        let said = load(text).unwrap_err().to_string();
        assert!(said.contains(word), "{said}");
    }
    let said = Config::load(Some(Path::new("/nowhere/preau.toml"))).unwrap_err().to_string();
    assert!(said.starts_with("/nowhere/preau.toml: "), "{said}");
}

#[test]
fn console_gateway_and_fictitious_numbers_are_for_loopback_only() {
    let head = "[server]\nissuer = \"https://id.example.fr\"\n";
    assert!(load(head).unwrap_err().to_string().contains("sms.gateway"));
    let http = "[sms]\ngateway = \"http\"\n[sms.http]\nurl = \"https://sms.example/send\"\n";
    assert!(load(&format!("{head}{http}")).is_ok());
    let e = load(&format!("{head}{http}[phones]\nfictitious = [\"+3363998\"]")).unwrap_err();
    assert!(e.to_string().contains("phones.fictitious"));
}

#[test]
fn f_private_addresses_are_called_for_a_loopback_issuer_only() {
    let switch = "[outgoing]\nallow_private = true\n";
    assert!(load(switch).unwrap().outgoing.allow_private);
    let http = "[sms]\ngateway = \"http\"\n[sms.http]\nurl = \"https://sms.example/send\"\n";
    let e = load(&format!("[server]\nissuer = \"https://id.example.fr\"\n{http}{switch}")).unwrap_err();
    assert!(e.to_string().contains("outgoing.allow_private"));
}

#[test]
fn a_list_is_given_in_the_environment_with_commas() {
    let set = |name: &str, value: &str| {
        let given = [(name, value), ("PREAU__SMS__GATEWAY", "http"), ("PREAU__SMS__HTTP__URL", "https://a.example")];
        let variables = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
        Config::load_with(None, variables).unwrap()
    };
    for (given, read) in [("400,422", vec![400, 422]), ("410", vec![410])] {
        let sms = set("PREAU__SMS__HTTP__NUMBER_REFUSED", given).sms;
        let SmsGatewayConfig::Http(http) = sms.gateway else { panic!("{given}: {sms:?}") };
        assert_eq!(http.number_refused, Some(read), "{given}");
    }
    assert_eq!(set("PREAU__PHONES__FICTITIOUS", "+3363998").phones.fictitious, ["+3363998"]);
    // Any value may look like a number.
    let SmsGatewayConfig::Http(http) = set("PREAU__SMS__HTTP__AUTHORIZATION", "12345").sms.gateway else { panic!() };
    assert!(http.authorization.is_some());
}

#[test]
fn an_unknown_gateway_is_refused_and_the_nearest_is_named() {
    let said = load("[sms]\ngateway = \"https\"\n").unwrap_err().to_string();
    assert_eq!(said, "sms.gateway is \"console\", \"http\" or \"smpp\"; did you mean \"http\"?");
    assert!(
        load("[sms]\ngateway = \"pigeon\"\n").unwrap_err().to_string().ends_with("\"console\", \"http\" or \"smpp\"")
    );
}

#[test]
fn a_database_url_comes_from_its_own_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("url");
    std::fs::write(&path, "postgres://u:p@h/d\n").unwrap();
    let c = load(&format!("[database]\nurl_file = {:?}", path.display().to_string())).unwrap();
    assert_eq!(c.database.url, "postgres://u:p@h/d");
}

#[test]
fn the_ephemeral_store_is_memory_or_a_redis() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("url");
    std::fs::write(&path, "rediss://preau:secret@redis.example/0\n").unwrap();
    let c = load(&format!("[ephemeral]\nurl_file = {:?}", path.display().to_string())).unwrap();
    assert_eq!(c.ephemeral.url, "rediss://preau:secret@redis.example/0");
    for wrong in ["url = \"memcached://x\"", "url = \"\"", "prefix = \"a:b\"", "prefix = \"\""] {
        assert!(load(&format!("[ephemeral]\n{wrong}")).unwrap_err().to_string().contains("ephemeral."), "{wrong}");
    }
}

#[test]
fn attack_l3_trusted_proxies_are_addresses_and_networks_but_never_everybody() {
    let proxies = |list: &str| load(&format!("[server]\ntrusted_proxies = [{list}]\nproxy_header = \"Forwarded\""));
    let server = proxies("\"10.0.0.1\", \"2001:db8::/32\"").unwrap().server;
    assert_eq!(server.trusted_proxies.len(), 2);
    assert_eq!(server.proxy_header, ProxyHeader::Forwarded);
    for everybody in ["\"0.0.0.0/0\"", "\"10.0.0.1\", \"::/0\""] {
        assert!(proxies(everybody).unwrap_err().to_string().contains("whole internet"));
    }
    assert!(proxies("\"proxy.example\"").unwrap_err().to_string().contains("no address and no network"));
    assert!(load("[server]\nproxy_header = \"X-Real-IP\"").is_err());
}

#[test]
fn a_proxy_that_nobody_named_is_told_from_none() {
    let hidden = |text: &str| load(text).unwrap().server.has_undeclared_proxy();
    let away = "[sms]\ngateway = \"http\"\n[sms.http]\nurl = \"https://sms.example/send\"\n[server]\nissuer = \"https://id.example.fr\"\n";
    assert!(!hidden(""));
    assert!(hidden(away));
    assert!(!hidden(&format!("{away}trusted_proxies = [\"10.0.0.1\"]")));
    assert!(!hidden(&format!("{away}tls = {{ certificate = \"a\", key = \"b\" }}")));
}

#[test]
fn attack_h3_plain_http_is_for_loopback_or_behind_a_proxy() {
    assert!(load("[server]\nissuer = \"http://id.example.fr\"").is_err());
    assert!(load("[server]\nissuer = \"http://localhost:8080/\"").is_err(), "no trailing slash");
    assert!(load("[server]\nissuer = \"https://id.example.fr?x\"").is_err());
    for issuer in
        ["https://$(id)@id.example.fr", "https://`id`.example.fr", "https://id.example.fr$HOME", "https://école.fr"]
    {
        let why = load(&format!("[server]\nissuer = \"{issuer}\"")).unwrap_err().to_string();
        assert!(why.contains("server.issuer"), "{issuer}: {why}");
    }
    assert!(load("[server]\nissuer = \"http://[::1]:8080\"").is_ok());
}
