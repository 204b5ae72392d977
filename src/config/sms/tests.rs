use std::path::Path;

use super::super::Config;
use super::*;

const HEAD: &str = "[sms]\ngateway = \"http\"\n[sms.http]\nurl = \"https://sms.example/send\"\n";

fn load(text: &str) -> Result<HttpGatewayConfig, String> {
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    std::fs::write(file.path(), text).unwrap();
    match Config::load(Some(file.path())).map_err(|error| error.to_string())?.sms.gateway {
        SmsGatewayConfig::Http(http) => Ok(*http),
        other => panic!("{text}: {other:?}"),
    }
}

const BODY: &str = "body = '{\"to\": \"{to}\", \"text\": \"{text}\"}'\n";

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const RECEIPTS: &str = "id = \"id\"\nstatus = \"status\"\ndelivered = \"ok\"\n";

#[test]
fn what_would_not_send_what_it_should_is_refused_at_the_start() {
    for (more, said) in [
        (
            "body = '{\"to\": \"{too}\", \"text\": \"{text}\"}'\n",
            "sms.http.body: {too} is no part of a message; did you mean {to}?",
        ),
        ("body = '{\"to\": \"{to}\"}'\n", "url or body names {text}, and {to} or {to_digits}"),
        ("body = '{\"to\": \"{to}\", \"text\": {text}}'\n", "sms.http.body is no JSON once a message is filled in"),
        (
            "body = '{\"to\": \"{to}\", \"text\": \"{text}\", \"key\": \"{secret}\"}'\n",
            "neither secret nor secret_file",
        ),
        ("method = \"GET\"\n", "url or body names {text}, and {to} or {to_digits}"),
        ("method = \"DELETE\"\n", "sms.http.method is \"POST\", \"PUT\" or \"GET\""),
        (&format!("method = \"GET\"\n{BODY}"), "a GET has no body"),
        (&format!("content_type = \"multipart/form-data\"\n{BODY}"), "sms.http.content_type"),
        (&format!("idempotent = true\n{BODY}"), "sms.http.idempotent needs {id}"),
        ("timeout_seconds = 60\n", "sms.http.timeout_seconds is 1 to 30"),
        ("user = \"me\"\n", "user and password, or neither"),
        ("user = \"me\"\npassword = \"x\"\nauthorization = \"Bearer x\"\n", "keep one"),
        ("success = { json_pointer = \"/status\" }\n", "sms.http.success.json_pointer needs equals"),
        ("success = { json_pointer = \"status\", equals = 1 }\n", "sms.http.success.json_pointer begins with a slash"),
        ("success = { equals = 1 }\n", "sms.http.success.equals needs json_pointer"),
        ("success = { status = [404] }\n", "sms.http.success.status: 2xx only"),
        (
            "success = { statuses = [200] }\n",
            "unknown key `sms.http.success.statuses`; did you mean `sms.http.success.status`?",
        ),
        ("refused = { status = [404] }\n", "4xx only, and none of 401, 403, 404"),
        ("refused = { status = [500], json_pointer = \"/code\", equals = 1 }\n", "sms.http.refused.status: 200 to 499"),
        ("refused = { status = [410] }\nnumber_refused = [410]\n", "sms.http has refused and number_refused: keep one"),
        ("message_id = \"id\"\n", "sms.http.message_id begins with a slash"),
        (
            &format!("{BODY}[sms.http.receipts]\n{RECEIPTS}secret = \"{SECRET}\"\n"),
            "sms.http.receipts needs message_id, or {id} in url, body or headers",
        ),
        (&format!("[sms.http.receipts]\n{RECEIPTS}"), "sms.http.receipts has a secret of at least 32"),
        (&format!("[sms.http.receipts]\n{RECEIPTS}secret = \"{SECRET}/\"\n"), "has a secret of at least 32 letters"),
        (
            &format!("[sms.http.receipts]\nid = \"a\"\nstatus = \"b\"\nsecret = \"{SECRET}\"\n"),
            "sms.http.receipts names words in delivered",
        ),
        (
            &format!("[sms.http.receipts]\n{RECEIPTS}secret = \"{SECRET}\"\nnumber_errors = 1\n"),
            "sms.http.receipts number_errors needs error",
        ),
        (
            &format!("[sms.http.receipts]\n{RECEIPTS}secret = \"{SECRET}\"\nfaild = 1\n"),
            "did you mean `sms.http.receipts.failed`",
        ),
        ("[sms.http.headers]\nX-Key = \"{key}\"\n", "sms.http.headers.X-Key: {key} is no part of a message"),
        ("[sms.http.headers]\n\"X Key\" = \"a\"\n", "sms.http.headers.X Key is no header"),
        ("[sms.http.headers]\nContent-Type = \"a/b\"\n", "set sms.http.content_type"),
        ("[sms.http.headers]\nX-Text = \"{text}\"\n", "sms.http.headers.X-Text"),
        ("[sms.http.headers]\nX-Key_file = \"/nowhere.key\"\n", "/nowhere.key"),
        ("methode = \"GET\"\n", "unknown key `sms.http.methode`; did you mean `sms.http.method`?"),
    ] {
        let answer = load(&format!("{HEAD}{more}")).expect_err(more);
        assert!(answer.contains(said), "{more}: {answer}");
    }
    for url in ["https://{to}.example/{text}", "https://sms.example{to}/?m={text}"] {
        let text = format!("[sms]\ngateway = \"http\"\n[sms.http]\nmethod = \"GET\"\nurl = \"{url}\"\n");
        assert!(load(&text).unwrap_err().contains("after the host only"), "{url}");
    }
}

#[test]
fn the_fallback_has_the_same_section_and_names_its_own_keys() {
    let fallback = |more: &str| {
        let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        std::fs::write(file.path(), format!("{HEAD}[sms.fallback]\n{more}")).unwrap();
        Config::load(Some(file.path())).map(|config| config.sms.fallback.unwrap()).map_err(|error| error.to_string())
    };
    let read = fallback("after_seconds = 20\n[sms.fallback.http]\nurl = \"https://b.example\"\n").unwrap();
    assert_eq!(read.after_seconds, 20);
    let SmsGatewayConfig::Http(http) = read.gateway else { panic!() };
    assert_eq!(http.url, "https://b.example");
    for (more, said) in [
        ("after_seconds = 20\n", "sms.fallback.gateway = \"http\" needs [sms.fallback.http] url"),
        ("gateway = \"htp\"\n", "sms.fallback.gateway is \"console\", \"http\" or \"smpp\"; did you mean \"http\"?"),
        ("after_seconds = 999\ngateway = \"console\"\n", "sms.fallback.after_seconds is 600 at most"),
        ("[sms.fallback.http]\nurl = \"ftp://b\"\n", "sms.fallback.http.url is https"),
        ("[sms.fallback.http]\nurl = \"https://b\"\nbody = \"{too}\"\n", "sms.fallback.http.body: {too}"),
        ("[sms.fallback.http]\nurl = \"https://b\"\nbdy = \"\"\n", "did you mean `sms.fallback.http.body`"),
    ] {
        let answer = fallback(more).expect_err(more);
        assert!(answer.contains(said), "{more}: {answer}");
    }
}

#[test]
fn secrets_come_from_files_and_are_never_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, value: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("{value}\n")).unwrap();
        path.display().to_string()
    };
    let (password, secret, key) = (path("p", "canary-p"), path("s", "canary-s"), path("k", "canary-{k}"));
    let text = format!(
        "{HEAD}user = \"me\"\npassword_file = \"{password}\"\nsecret_file = \"{secret}\"\n\
         body = '{{\"to\":\"{{to}}\",\"text\":\"{{text}}\",\"key\":\"{{secret}}\"}}'\n\
         [sms.http.headers]\nX-Key_file = \"{key}\"\nX-Other = \"canary-o\"\n"
    );
    let http = load(&text).unwrap();
    let shown = format!("{http:?} {}", serde_json::to_string(&http).unwrap());
    assert!(!shown.contains("canary"), "{shown}");
    use secrecy::ExposeSecret as _;
    assert_eq!(http.password.as_ref().unwrap().expose_secret(), "canary-p");
    assert_eq!(http.secret.as_ref().unwrap().expose_secret(), "canary-s");
    assert_eq!(http.file_headers["X-Key"].expose_secret(), "canary-{k}", "taken as it is");
    assert_eq!(http.headers.len(), 1);
}

#[test]
fn every_example_of_a_gateway_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/examples/sms")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for file in text.split('"').filter_map(|word| word.strip_prefix("/etc/preau/")) {
            let secret = if file.contains("receipts") { SECRET } else { "x" };
            std::fs::write(folder.path().join(file), secret).unwrap();
        }
        let text = text.replace("/etc/preau", &folder.path().display().to_string());
        let file = folder.path().join("example.toml");
        std::fs::write(&file, format!("[server]\nissuer = \"https://id.example.fr\"\n{text}")).unwrap();
        let loaded = Config::load(Some(&file)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(!matches!(loaded.sms.gateway, SmsGatewayConfig::Console), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 2, "the examples were not found");
}

#[test]
fn an_smsc_that_could_not_be_bound_or_read_on_the_way_is_refused() {
    let answer = |issuer: &str, more: &str| {
        let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
        let head = "[sms]\ngateway = \"smpp\"\n[sms.smpp]\nsystem_id = \"a\"\n";
        std::fs::write(file.path(), format!("[server]\nissuer = \"{issuer}\"\n{head}{more}")).unwrap();
        Config::load(Some(file.path())).map(|_| ()).map_err(|error| error.to_string())
    };
    let address = "address = \"smpp.example.fr:3550\"\n";
    answer("https://id.example.fr", address).unwrap();
    for (more, said) in [
        ("address = \"smpp.example.fr\"\n".to_owned(), "sms.smpp.address is a host and a port"),
        (format!("{address}tls = false\n"), "sms.smpp.tls = false is for a loopback issuer only"),
        (format!("{address}password = \"123456789\"\n"), "sms.smpp.password has 8 characters at most"),
        (format!("{address}source = \"Mon compte École\"\n"), "sms.smpp.source"),
        (format!("{address}window = 0\n"), "sms.smpp.window"),
        (format!("{address}timeout_seconds = 16\n"), "sms.smpp.timeout_seconds"),
        (format!("{address}alphabet = \"ascii\"\n"), "variant constructor ascii for key `sms.smpp.alphabet`"),
        (format!("{address}windw = 1\n"), "did you mean `sms.smpp.window`"),
    ] {
        let refused = answer("https://id.example.fr", &more).expect_err(&more);
        assert!(refused.contains(said), "{more}: {refused}");
    }
    answer("http://localhost:8080", &format!("{address}tls = false\n")).unwrap();
}
