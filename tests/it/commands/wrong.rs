//! Wrong configurations, and the line in which doctor reports each, with the place and the remedy
//! (docs/threats.md#faults-f3).

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509NameBuilder};

use super::TestInstallation;
use preau::base::rng::SystemRandom;
use preau::bootstrap::Listeners;
use preau::config::Config;
use preau::crypto;
use preau::db::{Db, Durability};

/// The change of a case, from the text of the configuration to the new text.
type ConfigChange = fn(&TestInstallation, String) -> String;

const PUBLIC: &str = "issuer = \"https://id.example.fr\"\n";
const HTTP: &str = "[sms]\ngateway = \"http\"\n[sms.http]\nurl = \"https://sms.example/send\"\n";

fn server(text: &str, more: &str) -> String {
    text.replace("[server]\n", &format!("[server]\n{more}"))
}

fn database(text: &str, line: &str) -> String {
    let now = text.lines().find(|l| l.starts_with("url = ")).unwrap().to_owned();
    text.replace(&now, line)
}

fn file(house: &TestInstallation, name: &str, text: &str) -> String {
    let path = house.folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn edit(house: &TestInstallation, name: &str, from: &str, to: &str) {
    let path = house.folder.path().join("deployment").join(name);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{name}: {from}");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
}

/// Creates a key and a certificate for a name, valid between two numbers of days from now.
fn certificate(house: &TestInstallation, name: &str, (from, to): (i64, i64)) -> (String, String) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let key: PKey<Private> = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder.set_issuer_name(&subject).unwrap();
    builder.set_pubkey(&key).unwrap();
    let now = preau::base::clock::Clock::now(&preau::base::clock::SystemClock).as_seconds();
    let at = |days: i64| Asn1Time::from_unix(now + days * 86_400).unwrap();
    builder.set_not_before(&at(from)).unwrap();
    builder.set_not_after(&at(to)).unwrap();
    let names = SubjectAlternativeName::new().dns(name).build(&builder.x509v3_context(None, None)).unwrap();
    builder.append_extension(names).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    let pem = builder.build().to_pem().unwrap();
    let private = key.private_key_to_pem_pkcs8().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (file(house, &format!("{name}.pem"), &text(pem)), file(house, &format!("{name}.key"), &text(private)))
}

fn tls(text: &str, certificate: &str, key: &str) -> String {
    format!("{text}[server.tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n")
}

/// The name of the case, the check expected to fail, the expected texts of its line, and the change.
const CASES: &[(&str, &str, &[&str], ConfigChange)] = &[
    ("issuer with a path", "configuration", &["server.issuer", "no path"], |_, t| {
        server(&t, "issuer = \"http://localhost:8080/x\"\n")
    }),
    ("issuer with a slash", "configuration", &["server.issuer"], |_, t| {
        server(&t, "issuer = \"http://localhost:8080/\"\n")
    }),
    ("issuer with a query", "configuration", &["server.issuer"], |_, t| {
        server(&t, "issuer = \"https://id.example.fr?x\"\n")
    }),
    ("public issuer over http", "configuration", &["server.issuer", "https"], |_, t| {
        server(&t, "issuer = \"http://id.example.fr\"\n")
    }),
    ("issuer that is no URL", "configuration", &["server.issuer is not a URL"], |_, t| {
        server(&t, "issuer = \"nonsense\"\n")
    }),
    ("listen that is no address", "configuration", &["preau.toml", "server.listen"], |_, t| {
        t.replacen("127.0.0.1:0", "localhost", 1)
    }),
    ("one address twice", "listeners", &["server.listen and server.operations"], |_, t| {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        t.replace("127.0.0.1:0", &free.to_string())
    }),
    ("address of another machine", "listeners", &["192.0.2.1:8080", "server.listen"], |_, t| {
        t.replacen("127.0.0.1:0", "192.0.2.1:8080", 1)
    }),
    ("unknown key", "configuration", &["server.isuer", "server.issuer"], |_, t| server(&t, "isuer = \"x\"\n")),
    ("log filter that is none", "configuration", &["log.filter", "inof"], |_, t| {
        format!("{t}[log]\nfilter = \"inof\"\n")
    }),
    ("unknown section", "configuration", &["sever"], |_, t| format!("{t}[sever]\nx = 1\n")),
    ("no TOML", "configuration", &["preau.toml"], |_, t| format!("{t}[server\n")),
    ("trusted_proxies for everybody", "configuration", &["server.trusted_proxies"], |_, t| {
        server(&t, "trusted_proxies = [\"0.0.0.0/0\"]\n")
    }),
    ("certificate not there", "certificate", &["/nowhere.pem"], |_, t| tls(&t, "/nowhere.pem", "/nowhere.key")),
    ("certificate empty", "certificate", &["empty.pem", "no certificate"], |h, t| {
        let (_, key) = certificate(h, "localhost", (-1, 90));
        tls(&t, &file(h, "empty.pem", ""), &key)
    }),
    ("key not there", "certificate", &["/nowhere.key"], |h, t| {
        tls(&t, &certificate(h, "localhost", (-1, 90)).0, "/nowhere.key")
    }),
    ("key is none", "certificate", &["bad.key", "no private key"], |h, t| {
        tls(&t, &certificate(h, "localhost", (-1, 90)).0, &file(h, "bad.key", "x"))
    }),
    ("key of another", "certificate", &["other.key is not the key of"], |h, t| {
        tls(&t, &certificate(h, "localhost", (-1, 90)).0, &certificate(h, "other", (-1, 90)).1)
    }),
    ("certificate ended", "certificate", &["localhost.pem ended on 2", "renew"], |h, t| {
        let (certificate, key) = certificate(h, "localhost", (-90, -1));
        tls(&t, &certificate, &key)
    }),
    ("certificate not yet", "certificate", &["localhost.pem holds only from 2"], |h, t| {
        let (certificate, key) = certificate(h, "localhost", (2, 90));
        tls(&t, &certificate, &key)
    }),
    ("certificate ends soon", "certificate", &["localhost.pem ends on 2", "renew"], |h, t| {
        let (certificate, key) = certificate(h, "localhost", (-80, 10));
        tls(&t, &certificate, &key)
    }),
    (
        "certificate for another",
        "certificate",
        &["other.example.pem is not for the issuer's host (localhost:8080)"],
        |h, t| {
            let (certificate, key) = certificate(h, "other.example", (-1, 90));
            tls(&t, &certificate, &key)
        },
    ),
    ("database of another kind", "database", &["mysql", "sqlite: or postgres://"], |_, t| {
        database(&t, "url = \"mysql://x\"")
    }),
    ("PostgreSQL not there", "database", &["PostgreSQL at 127.0.0.1:1, database preau", "not reached"], |_, t| {
        database(&t, "url = \"postgres://u:secret@127.0.0.1:1/preau\"")
    }),
    ("database not there", "database", &["nowhere.db is not there", "preau migrate"], |h, t| {
        database(&t, &format!("url = \"sqlite:{}/nowhere.db\"", h.folder.path().display()))
    }),
    ("database is something else", "database", &["else.db", "not a database"], |h, t| {
        let path = file(h, "else.db", &"x".repeat(10_000));
        database(&t, &format!("url = \"sqlite:{path}\""))
    }),
    ("url_file not there", "configuration", &["/nowhere.url"], |_, t| database(&t, "url_file = \"/nowhere.url\"")),
    ("others read the database", "database files", &["preau.db is 0644", "chmod 600"], |h, t| {
        fs::set_permissions(h.folder.path().join("preau.db"), fs::Permissions::from_mode(0o644)).unwrap();
        t
    }),
    ("store of another kind", "configuration", &["ephemeral.url"], |_, t| {
        format!("{t}[ephemeral]\nurl = \"memcached://x\"\n")
    }),
    ("Redis not there", "ephemeral store", &["does not answer"], |h, t| {
        format!("{t}[ephemeral]\nurl = \"unix:{}/redis.sock\"\n", h.folder.path().display())
    }),
    ("sentinels of no Redis", "configuration", &["ephemeral.sentinels"], |_, t| {
        format!("{t}[ephemeral]\nsentinels = [\"127.0.0.1:26379\"]\n")
    }),
    ("sentinels not there", "ephemeral store", &["sentinels must name", "127.0.0.1:1"], |_, t| {
        format!("{t}[ephemeral]\nurl = \"redis://any\"\nsentinels = [\"127.0.0.1:1\"]\n")
    }),
    ("store that may not take its time", "configuration", &["ephemeral.answer_ms"], |_, t| {
        format!("{t}[ephemeral]\nanswer_ms = 1\n")
    }),
    ("store with a strange prefix", "configuration", &["ephemeral.prefix"], |_, t| {
        format!("{t}[ephemeral]\nprefix = \"a:b\"\n")
    }),
    ("master key lost", "master key", &["master.key is not there", "restore"], |h, t| {
        fs::remove_file(h.folder.path().join("keys/master.key")).unwrap();
        t
    }),
    ("master key cut", "master key", &["master.key does not hold 32 bytes"], |h, t| {
        fs::write(h.folder.path().join("keys/master.key"), "AAAA").unwrap();
        t
    }),
    ("master key of another", "master key", &["master.key and this database do not belong together"], |h, t| {
        fs::remove_file(h.folder.path().join("keys/master.key")).unwrap();
        crypto::write_new_master_key(&h.folder.path().join("keys"), &SystemRandom).unwrap();
        t
    }),
    ("others write the master key", "master key file", &["master.key is 0666", "chmod 600"], |h, t| {
        fs::set_permissions(h.folder.path().join("keys/master.key"), fs::Permissions::from_mode(0o666)).unwrap();
        t
    }),
    ("keys that never turn", "configuration", &["keys.rotate_after_days"], |_, t| {
        t.replace("[keys]\n", "[keys]\nrotate_after_days = 5000\n")
    }),
    ("gateway of another kind", "configuration", &["sms.gateway is \"console\", \"http\" or \"smpp\""], |_, t| {
        format!("{t}[sms]\ngateway = \"pigeon\"\n")
    }),
    ("gateway without address", "configuration", &["sms.gateway", "[sms.http]"], |_, t| {
        format!("{t}[sms]\ngateway = \"http\"\n")
    }),
    ("console for everybody", "configuration", &["sms.gateway = \"console\""], |_, t| server(&t, PUBLIC)),
    ("gateway over http", "configuration", &["sms.http.url is https"], |_, t| {
        server(&format!("{t}{}", HTTP.replace("https://sms", "http://sms")), PUBLIC)
    }),
    ("gateway with two authorizations", "configuration", &["sms.http", "keep one"], |h, t| {
        let path = file(h, "authorization", "x");
        format!("{t}{HTTP}authorization = \"x\"\nauthorization_file = \"{path}\"\n")
    }),
    ("authorization not there", "configuration", &["/nowhere.authorization"], |_, t| {
        format!("{t}{HTTP}authorization_file = \"/nowhere.authorization\"\n")
    }),
    ("refusal of ours taken for the number's", "configuration", &["sms.http.number_refused"], |_, t| {
        format!("{t}{HTTP}number_refused = [401]\n")
    }),
    ("gateway that is told a part of a message that is none", "configuration", &["{texte}", "{text}"], |_, t| {
        format!("{t}{HTTP}body = '{{\"to\": \"{{to}}\", \"text\": \"{{texte}}\"}}'\n")
    }),
    ("limits that no account raises", "configuration", &["limits.earned_by_account", "limits.earned_most"], |_, t| {
        format!("{t}[limits]\nearned_by_account = 5000\n")
    }),
    ("nothing a day", "configuration", &["sms.daily_cap"], |_, t| format!("{t}[sms]\ndaily_cap = 0\n")),
    ("gateway not there", "SMS gateway", &["not reached", "refused"], |_, t| {
        format!("{t}{}", HTTP.replace("https://sms.example/send", "http://127.0.0.1:1/send"))
    }),
    ("fictitious phones for everybody", "configuration", &["phones.fictitious"], |_, t| {
        server(&format!("{t}{HTTP}[phones]\nfictitious = [\"+3363998\"]\n"), PUBLIC)
    }),
    ("fictitious phones that are none", "configuration", &["phones.fictitious", "0639"], |_, t| {
        format!("{t}[phones]\nfictitious = [\"0639\"]\n")
    }),
    ("private addresses for everybody", "configuration", &["outgoing.allow_private"], |_, t| {
        server(&format!("{t}{HTTP}[outgoing]\nallow_private = true\n"), PUBLIC)
    }),
    ("proxy that is not named", "sources", &["server.trusted_proxies"], |_, t| server(&format!("{t}{HTTP}"), PUBLIC)),
    ("authority not there", "what serve builds", &["outgoing.ca", "/nowhere.pem"], |_, t| {
        format!("{t}[outgoing]\nca = \"/nowhere.pem\"\n")
    }),
    ("authority that is none", "what serve builds", &["outgoing.ca", "empty.pem"], |h, t| {
        let path = file(h, "empty.pem", "");
        format!("{t}[outgoing]\nca = \"{path}\"\n")
    }),
    ("name too long for an SMS", "configuration", &["deployment.name"], |_, t| {
        t.replace("[deployment]\n", "[deployment]\nname = \"Le compte de toutes les écoles de la région\"\n")
    }),
    ("no deployment there", "deployment's files", &["/nowhere/academies.toml"], |_, t| {
        let line = t.lines().rfind(|l| l.starts_with("directory = ")).unwrap().to_owned();
        t.replace(&line, "directory = \"/nowhere\"")
    }),
    ("schools that are no TOML", "deployment's files", &["schools.toml"], |h, t| {
        edit(h, "schools.toml", "[[school]]", "[[school");
        t
    }),
    ("a school twice", "deployment's files", &["schools.toml", "school 0349999J stands twice", "keep one"], |h, t| {
        let path = h.folder.path().join("deployment/schools.toml");
        let text = fs::read_to_string(&path).unwrap();
        let again = "[[school]]\nuai = \"0349999J\"\nname = \"x\"\nacademy = \"montpellier\"\nministry = \"en\"\n";
        fs::write(path, format!("{text}{again}")).unwrap();
        t
    }),
    ("a school of no academy", "deployment's files", &["schools.toml", "no academy `nulle-part`"], |h, t| {
        edit(h, "schools.toml", "academy = \"montpellier\"", "academy = \"nulle-part\"");
        t
    }),
    ("a school with a wrong letter", "deployment's files", &["schools.toml", "0349999A"], |h, t| {
        edit(h, "schools.toml", "0349999J", "0349999A");
        t
    }),
    ("a client twice", "deployment's files", &["clients/bourses.toml", "clients/copy.toml", "keep one"], |h, t| {
        fs::copy(h.client_file("bourses"), h.client_file("copy")).unwrap();
        t
    }),
    ("a client with an unknown key", "deployment's files", &["clients/bourses.toml", "sektor"], |h, t| {
        edit(h, "clients/bourses.toml", "sector =", "sektor =");
        t
    }),
    (
        "a client's secret not there",
        "deployment's files",
        &["clients/bourses.toml", "keys/bourses.secret", "write it to"],
        |h, t| {
            fs::remove_file(h.folder.path().join("keys/bourses.secret")).unwrap();
            t
        },
    ),
    (
        "a client of an academy that is none",
        "deployment",
        &["clients/bourses.toml", "nulle-part is not declared"],
        |h, t| {
            edit(h, "clients/bourses.toml", "\"montpellier\"", "\"nulle-part\"");
            t
        },
    ),
    ("a client with a wrong address", "deployment", &["clients/bourses.toml", "redirect_uri"], |h, t| {
        edit(h, "clients/bourses.toml", "redirect_uris = [\"", "redirect_uris = [\"javascript:x\", \"");
        t
    }),
    ("clients not mounted", "deployment", &["end 6 of 6", "folder `clients`"], |h, t| {
        fs::remove_dir_all(h.folder.path().join("deployment/clients")).unwrap();
        t
    }),
    ("files not published", "deployment", &["not published yet", "preau migrate"], |h, t| {
        edit(h, "clients/bourses.toml", "\"Bourses\"", "\"Autres bourses\"");
        t
    }),
    ("the demo for everybody", "deployment's files", &["demo's deployment", "deployment.directory"], |_, t| {
        server(&format!("{t}{HTTP}"), PUBLIC)
    }),
];

/// Copies a folder under another name.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[tokio::test]
async fn faults_f3_every_wrong_configuration_is_named_with_its_place_and_a_remedy() {
    let sound = TestInstallation::with_own_deployment();
    assert!(sound.run("migrate").await.0);
    let text = fs::read_to_string(sound.folder.path().join("preau.toml")).unwrap();
    let (is_sound, said) = sound.run("doctor").await;
    assert!(is_sound, "{said}");
    assert!(CASES.len() >= 46, "{}", CASES.len());
    let mut missed = Vec::new();
    for (case, check, words, change) in CASES {
        let house = TestInstallation { folder: tempfile::tempdir().unwrap() };
        copy(sound.folder.path(), house.folder.path());
        let here = |path: &Path| path.display().to_string();
        let text = text.replace(&here(sound.folder.path()), &here(house.folder.path()));
        let text = change(&house, text);
        fs::write(house.folder.path().join("preau.toml"), text).unwrap();
        let (is_sound, said) = house.run("doctor").await;
        let lines: Vec<&str> = said.lines().filter(|line| line.starts_with(&format!("WRONG  {check}: "))).collect();
        let said_all = words.iter().all(|word| lines.iter().any(|line| line.contains(word)));
        if is_sound || lines.is_empty() || !said_all {
            let wrong: Vec<&str> = said.lines().filter(|line| line.starts_with("WRONG")).collect();
            missed.push(format!("{case}: wanted {check}: {words:?}\n  {}", wrong.join("\n  ")));
        }
        assert!(!said.contains("secret@"), "{case}: a password is shown");
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[tokio::test]
async fn faults_f4_a_certificate_that_ended_is_served_to_nobody() {
    let house = TestInstallation::with_own_deployment();
    let (certificate, key) = certificate(&house, "localhost", (-90, -1));
    let path = house.folder.path().join("preau.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, tls(&text, &certificate, &key)).unwrap();
    let config = Config::load(Some(&path)).unwrap();
    let Err(refused) = Listeners::bind(&config.server).await else { panic!("it is served") };
    assert!(format!("{refused:#}").contains("localhost.pem ended on 2"), "{refused:#}");
}

#[tokio::test]
async fn faults_f3_an_address_that_is_taken_is_named_and_one_of_ours_is_told() {
    let house = TestInstallation::with_own_deployment();
    assert!(house.run("migrate").await.0);
    let path = house.folder.path().join("preau.toml");
    let text = fs::read_to_string(&path).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = taken.local_addr().unwrap().to_string();
    fs::write(&path, text.replacen("127.0.0.1:0", &at, 1)).unwrap();
    let (_, said) = house.run("doctor").await;
    assert!(said.contains(&format!("WRONG  listeners: another program listens on {at} (server.listen)")), "{said}");

    // Another server of this deployment, with health checks.
    let ours = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let operations = ours.local_addr().unwrap().to_string();
    let routes = axum::Router::new().route("/healthz", axum::routing::get(async || "ok\n"));
    tokio::spawn(async move { axum::serve(ours, routes).await.unwrap() });
    fs::write(&path, text.replacen("127.0.0.1:0", &at, 1).replacen("127.0.0.1:0", &operations, 1)).unwrap();
    let (sound, said) = house.run("doctor").await;
    assert!(sound && said.contains(&format!("{at} is served by preau, {operations} is served by preau")), "{said}");
}

#[tokio::test]
async fn faults_f3_doctor_tells_programs_in_json() {
    let house = TestInstallation::with_own_deployment();
    let (sound, said) = house.run("doctor --json").await;
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(!sound && told["sound"] == false, "{said}");
    assert!(house.run("migrate").await.0);
    let (sound, said) = house.run("doctor --json").await;
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(sound && told["sound"] == true, "{said}");
    let checks = told["checks"].as_array().unwrap();
    assert!(checks.len() > 15 && checks.iter().all(|c| c["sound"] == true && c["text"] != ""), "{said}");
}

#[tokio::test]
async fn faults_f1_doctor_and_sms_status_say_that_messages_do_not_leave_and_resume_lifts_it() {
    let house = TestInstallation::with_own_deployment();
    assert!(house.run("migrate").await.0);
    let (done, said) = house.run("sms status").await;
    assert!(done && said.starts_with("messages leave\n0 wait"), "{said}");
    let db = Db::open(&format!("sqlite:{}", house.folder.path().join("preau.db").display())).await.unwrap();
    let mut tx = db.write(Durability::Durable).await.unwrap();
    let sql = "INSERT INTO sms_outage (id, reason, detail, began_at, last_at, refusals) VALUES ('o', 'gateway', 'the gateway answers 401', 1, 1, 7)";
    tx.execute(sql, Vec::new()).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    let (sound, said) = house.run("doctor").await;
    assert!(!sound && said.contains("WRONG  SMS: gateway: the gateway answers 401 (since "), "{said}");
    let (done, said) = house.run("sms status").await;
    assert!(!done && said.contains("refused 7 times") && said.contains("see [sms] and the gateway"), "{said}");
    let (done, said) = house.run("sms resume").await;
    assert!(done && said.contains("1 outages ended"), "{said}");
    let (done, _) = house.run("sms status").await;
    assert!(done);
    assert!(house.run("doctor").await.0);
}
