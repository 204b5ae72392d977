//! The deployment's directory of the tests: three academies, some schools, a relying party of each kind.

use std::fs;
use std::path::Path;

pub const MONOD: &str = "0349999J";
pub const LYCEE: &str = "0349998H";
pub const AGRICOLE: &str = "0349996F";
pub const TOULOUSE: &str = "0319999A";

/// The secret of each confidential client: contains its id, is long enough, and has characters to form-encode.
pub fn secret(client_id: &str) -> String {
    format!("{client_id} s3cret+&=:%é of twenty-four")
}

const ACADEMIES: &str = r#"
[[academy]]
id = "montpellier"
code = "11"
name = "académie de Montpellier"
[[academy]]
id = "toulouse"
code = "16"
name = "académie de Toulouse"
[[academy]]
id = "agricole"
code = "98"
name = "enseignement agricole"
[[ministry]]
id = "en"
name = "Éducation nationale"
[[ministry]]
id = "agriculture"
name = "Agriculture"
"#;

const SCHOOLS: [(&str, &str, &str, &str); 4] = [
    (MONOD, "Clg Théodore Monod", "montpellier", "en"),
    (LYCEE, "Lycée Jean Moulin", "montpellier", "en"),
    (AGRICOLE, "Lycée agricole de l'Hérault", "agricole", "agriculture"),
    (TOULOUSE, "Collège des Minimes", "toulouse", "en"),
];

/// Every client: id, method, sector, perimeter, and further lines.
const CLIENTS: [(&str, &str, &str, &str, &str); 8] = [
    ("ent", "client_secret_basic", "mon-ent", "academies = [\"montpellier\"]", INITIATE),
    ("ent-post", "client_secret_post", "mon-ent", "academies = [\"montpellier\"]", ""),
    ("ent-toulouse", "client_secret_basic", "mon-ent", "academies = [\"toulouse\"]", INITIATE),
    ("ent-agricole", "client_secret_basic", "mon-ent", "ministries = [\"agriculture\"]", "require_pkce = true"),
    (
        "bourses",
        "client_secret_basic",
        "bourses",
        "academies = [\"montpellier\", \"toulouse\"]",
        "require_pkce = false",
    ),
    ("ent-agents", "client_secret_basic", "mon-ent", AGENTS, ""),
    ("app", "none", "app", "schools = [\"0349999J\"]", "application_type = \"native\""),
    ("strict", "client_secret_basic", "strict", "", "default_max_age = 300\nrequire_auth_time = true"),
];

/// The perimeter of the client of those who work at schools.
const AGENTS: &str = "academies = [\"montpellier\"]\nministries = [\"agriculture\"]\n\
                      profiles = [\"enseignant\", \"personnel\", \"invite\"]";

/// Demands PKCE too: the library of these tests sends PKCE.
const INITIATE: &str = "require_pkce = true\ninitiate_login_uri = \"https://ent.example/initiate\"";

/// The redirect URI of a client.
pub fn redirect_uri(client_id: &str) -> String {
    match client_id {
        "app" => "http://127.0.0.1/retour".to_owned(),
        _ => format!("https://{client_id}.example/retour"),
    }
}

/// The post-logout redirect URI of a client.
pub fn goodbye_uri(client_id: &str) -> String {
    format!("https://{client_id}.example/adieu")
}

fn client((id, method, sector, perimeter, more): (&str, &str, &str, &str, &str)) -> String {
    let secret = if method == "none" { String::new() } else { format!("client_secret = {:?}\n", secret(id)) };
    // A second URI with a query, so that the redirect URI may not be omitted and the query is kept.
    let second = format!("https://{id}.example/autre?choix=1");
    format!(
        "client_id = \"{id}\"\nclient_name = \"Service {id}\"\nclient_uri = \"https://{id}.example/\"\n{secret}\
         redirect_uris = [\"{}\", \"{second}\"]\npost_logout_redirect_uris = [\"{}\"]\n\
         token_endpoint_auth_method = \"{method}\"\nscope = \"openid profile email phone education\"\n\
         sector = \"{sector}\"\n{more}\n[perimeter]\n{perimeter}\n",
        redirect_uri(id),
        goodbye_uri(id),
    )
}

/// Writes the directory.
pub fn write_deployment(directory: &Path) {
    let clients = directory.join("clients");
    fs::create_dir_all(&clients).unwrap();
    fs::write(directory.join("academies.toml"), ACADEMIES).unwrap();
    let schools = SCHOOLS.map(|(uai, name, academy, ministry)| {
        format!("[[school]]\nuai = \"{uai}\"\nname = \"{name}\"\nacademy = \"{academy}\"\nministry = \"{ministry}\"\n")
    });
    fs::write(directory.join("schools.toml"), schools.concat()).unwrap();
    for declared in CLIENTS {
        fs::write(clients.join(format!("{}.toml", declared.0)), client(declared)).unwrap();
    }
}
