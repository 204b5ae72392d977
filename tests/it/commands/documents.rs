//! What the documents and the example files say is what the program understands.

use std::path::Path;

use clap::{CommandFactory as _, Parser as _};
use secrecy::{ExposeSecret as _, SecretString};

use super::write_secrets;
use preau::cli::Cli;
use preau::config::{Config, SmsGatewayConfig, deployment};
use preau::db::Durability;
use preau::demo::rosters::SCHOOLS;
use preau::{clients, tenants};

#[test]
fn the_command_line_is_sound_and_understands_what_documents_say() {
    Cli::command().debug_assert();
    for line in [
        "preau demo",
        "preau demo --data /tmp/d --fresh",
        "preau serve --config c.toml",
        "preau --config c.toml migrate",
        "preau import --format siecle --academy montpellier --dry-run --accept-removals a.xml b.zip",
        "preau campaign open --uai 0349999J --days 15",
        "preau campaign close --uai 0349999J",
        "preau campaign reopen --uai 0349999J",
        "preau campaign notices --uai 0349999J --all",
        "preau letters --uai 0349999J --class 6A --for eleves --reason x --out a.pdf",
        "preau letters --uai 0349999J --identifiant a.durand55 --for responsables --past-factor --reason x --out a.pdf",
        "preau letters --uai 0349999J --leaflet --lang en --out a.pdf",
        "preau letters batches --uai 0349999J --json",
        "preau letters withdraw --batch 0123456789abcdef0123456789abcdef --reason x --json",
        "preau account show a.durand55",
        "preau account show --code K7P-4MX --json",
        "preau admin list --json",
        "preau audit export --json",
        "preau audit verify --json",
        "preau campaign notices --uai 0349999J --json",
        "preau campaign show --uai 0349999J --json",
        "preau client check bourses --json",
        "preau client list --json",
        "preau client show bourses --json",
        "preau import history --json",
        "preau import --format siecle --academy montpellier --dry-run --json a.xml b.zip",
        "preau keys list --json",
        "preau sms status --json",
        "preau sms resume --json",
        "preau status --json",
        "preau account suspend a.durand55 --reason x",
        "preau account end-sessions a.durand55 --reason x --forget-devices",
        "preau account detach-pupil z.durand55 --academy toulouse --eleve 910001 --reason x",
        "preau account force-change --uai 0349999J --before 2026-12-01 --profile eleve --dry-run --reason x",
        "preau account force-change --academy montpellier --except a.durand55 p.petit01 --reason x",
        "preau account force-change a.durand55 p.petit01 --reason x",
        "preau keys new-master",
        "preau keys list",
        "preau keys rotate --alg ES256",
        "preau keys retire --now -kid_that_begins_with_a_hyphen",
        "preau keys import --alg RS256 key.pem",
        "preau client show -id_that_begins_with_a_hyphen",
        "preau client suspend -id_that_begins_with_a_hyphen",
        "preau client token revoke -id_that_begins_with_a_hyphen",
        "preau client rotate-secret --overlap 3 bourses",
        "preau client approve bourses --version 3",
        "preau client settings -id_that_begins_with_a_hyphen --program oauth2-proxy",
        "preau doctor --code K7P-4MX",
        "preau doctor --clock-is-right",
        "preau bench sign-in --seconds 1",
        "preau bench import --format comptes --people 1000",
        "preau status",
        "preau backup --out night.backup --passphrase-file pass",
        "preau restore night.backup --check",
        "preau move --to postgres://preau@db.example/preau",
        "preau move --to-file target.url",
    ] {
        Cli::try_parse_from(line.split(' ')).unwrap_or_else(|e| panic!("{line}: {e}"));
    }
    for line in [
        "preau",
        "preau import --format siecle a.xml",
        "preau campaign open --uai 0349999J --days 0",
        "preau letters --uai 0349999J --class 6A --for eleves --out a.pdf",
        "preau client settings bourses",
        "preau import --format siecle --academy x --json --report csv a.xml",
        "preau serve --json",
        "preau client settings bourses --program netscape",
        "preau account show",
        "preau account show a.durand55 --code K7P-4MX",
        "preau account suspend a.durand55",
        "preau account detach-pupil z.durand55 --academy toulouse --reason x",
        "preau account force-change --reason x",
        "preau account force-change --uai 0349999J --academy montpellier --reason x",
        "preau account force-change --uai 0349999J a.durand55 --reason x",
        "preau account force-change --uai 0349999J --profile personnel --reason x",
        "preau letters --uai 0349999J --class 6A --family 9 --for eleves --reason x --out a.pdf",
        "preau letters --uai 0349999J --class 6A --for eleves --past-factor --reason x --out a.pdf",
        "preau letters --uai 0349999J --leaflet --class 6A --out a.pdf",
        "preau letters",
        "preau letters withdraw --batch 0123456789abcdef0123456789abcdef",
        "preau letters withdraw --reason x",
        "preau letters --uai 0349999J withdraw --batch 0123456789abcdef0123456789abcdef --reason x",
        "preau backup",
        "preau restore",
        "preau move",
        "preau move --to postgres://a/b --to-file c",
    ] {
        assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
    }
}

/// The commands that the documents tell an operator to type, without the words that stand for something.
fn typed(document: &str) -> Vec<String> {
    let spans = document.split('`').skip(1).step_by(2);
    let lines = document.lines().filter_map(|line| line.strip_prefix("    "));
    let commands = spans.chain(lines).filter(|text| text.split_whitespace().next() == Some("preau"));
    let plain = |word: &str| match word.trim_matches(['[', ']']) {
        "ID" | "KID" | "<command>" => "campaign".to_owned(),
        "N" | "DAYS" => "1".to_owned(),
        word => word.to_owned(),
    };
    let bare = |text: &str| text.split_whitespace().take_while(|word| *word != "#").map(plain).collect::<Vec<_>>();
    commands.map(|text| bare(text).join(" ")).collect()
}

#[test]
fn every_command_of_the_documents_is_understood() {
    use clap::error::ErrorKind;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for name in ["README.md", "docs/operating.md", "docs/relying-parties.md", "docs/admin-api.md"] {
        for line in typed(&std::fs::read_to_string(root.join(name)).unwrap()) {
            seen += 1;
            let Err(error) = Cli::try_parse_from(line.split(' ')) else { continue };
            // A sentence may name a command without what it needs.
            let is_named = match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => true,
                kind => kind == ErrorKind::MissingRequiredArgument && !line.contains("--"),
            };
            assert!(is_named, "{name}: {line}: {error}");
        }
    }
    assert!(seen > 30, "the commands were not found");
}

#[test]
fn the_example_configuration_says_the_defaults_and_every_key_of_it_loads() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/preau.toml");
    let text = |config: &Config| serde_json::to_value(config).unwrap();
    assert_eq!(text(&Config::load(Some(&path)).unwrap()), text(&Config::default()));

    // Commented-out keys are valid too, except file names, which exist nowhere.
    let source = std::fs::read_to_string(&path).unwrap();
    let is_key = |line: &str| line.starts_with("# [") || (line.contains(" = ") && !line.contains("_file"));
    let all: Vec<_> = source
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|_| is_key(line)).unwrap_or(line))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let whole = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    let all = all.join("\n").replace("gateway = \"console\"", "gateway = \"http\"");
    // Its secret comes from a file only: an example would be taken as it stands.
    let secret =
        "[sms.http.receipts]\nsecret = \"0123456789abcdef0123456789abcdef\"\nhmac_secret = \"0123456789abcdef\"";
    let all = all.replace("[sms.http.receipts]", secret);
    std::fs::write(whole.path(), &all).unwrap();
    let config = Config::load(Some(whole.path())).unwrap_or_else(|e| panic!("{e}\n{all}"));
    let SmsGatewayConfig::Http(http) = &config.sms.gateway else { panic!("{all}") };
    assert!(config.server.tls.is_some() && http.authorization.is_some());
}

#[tokio::test]
async fn faults_d5_every_example_of_a_clients_file_is_taken() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let folder = tempfile::tempdir().unwrap();
    for name in ["academies.toml", "schools.toml"] {
        std::fs::copy(root.join("occitanie").join(name), folder.path().join(name)).unwrap();
    }
    let (clients, mut names) = (folder.path().join("clients"), Vec::new());
    std::fs::create_dir(&clients).unwrap();
    for entry in std::fs::read_dir(root.join("examples/clients")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, clients.join(path.file_name().unwrap())).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let secret = text.lines().find_map(|line| line.strip_prefix("client_secret_file = ")).unwrap();
        std::fs::write(folder.path().join(secret.trim_matches('"')), "s".repeat(43)).unwrap();
        names.push(path.file_stem().unwrap().to_string_lossy().into_owned());
    }
    assert!(names.len() >= 8, "{names:?}");
    let table = std::fs::read_to_string(root.join("../docs/relying-parties.md")).unwrap();
    for name in &names {
        assert!(table.contains(&format!("config/examples/clients/{name}.toml")), "{name} is not in the table");
    }
    let declared = deployment::read(folder.path(), folder.path()).unwrap();
    let db = preau::db::Db::open(&format!("sqlite:{}", folder.path().join("t.db").display())).await.unwrap();
    db.migrate().await.unwrap();
    let plan = clients::ops::publish::plan(&mut db.read().await.unwrap(), &declared).await.unwrap();
    assert_eq!((plan.broken, declared.broken), (Vec::new(), Vec::new()));
}

#[tokio::test]
async fn every_school_and_relying_party_of_the_deployment_declares() {
    let folder = tempfile::tempdir().unwrap();
    write_secrets(folder.path());
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/occitanie");
    let mut declared = deployment::read(&directory, folder.path()).unwrap();
    // The relying parties are the demo's, on this machine.
    declared.identity.loopback = true;
    let schools: Vec<_> = declared.schools.iter().map(|s| (&*s.uai, &*s.name, &*s.academy, &*s.ministry)).collect();
    let demo: Vec<_> = SCHOOLS.iter().map(|s| (s.uai, s.name, s.academy, s.ministry)).collect();
    assert_eq!(schools, demo, "the deployment and the demo's rosters name the same schools");
    let mut ids: Vec<_> = declared.clients.iter().map(|(file, _)| file.client_id.as_str()).collect();
    ids.sort_unstable();
    assert_eq!(
        ids,
        ["bourses", "mon-ent-agents", "mon-ent-agricole", "mon-ent-mer", "mon-ent-montpellier", "mon-ent-toulouse"]
    );
    for (file, secret) in &declared.clients {
        assert_eq!(secret.as_ref().map(SecretString::expose_secret), Some("s".repeat(43).as_str()));
        assert_eq!(
            file.fields.scope.as_deref(),
            Some("openid profile education"),
            "no client asks for more than it shows"
        );
    }

    let db = preau::db::Db::open(&format!("sqlite:{}", folder.path().join("t.db").display())).await.unwrap();
    db.migrate().await.unwrap();
    let mut tx = db.write(Durability::Relaxed).await.unwrap();
    let plan = clients::ops::publish::plan(&mut tx, &declared).await.unwrap();
    assert_eq!(plan.client_ids().count(), 6);
    assert_eq!(plan.broken, []);
    tenants::ops::upsert_declared(&mut tx, &declared).await.unwrap();
}
