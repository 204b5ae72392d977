//! A client as a file of the deployment's directory: an academy may keep all of them under version control.
//!
//! What is written is read by the same rules. A secret is named by its file, never written.

use serde_json::Value;

use super::metadata::to_fields;
use super::{AuthMethod, ClientMetadata};
use crate::protocol::profile::SecurityProfile;

/// Returns a value in TOML. Strings and numbers of JSON are TOML too; objects become inline tables.
fn toml(value: &Value) -> String {
    match value {
        Value::Object(all) => {
            let pairs = all.iter().map(|(name, value)| format!("{} = {}", Value::from(name.as_str()), toml(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Array(all) => format!("[{}]", all.iter().map(toml).collect::<Vec<_>>().join(", ")),
        // TOML has no escape for a slash, and JSON writes none; DEL is one that TOML wants escaped.
        other => other.to_string().replace('\u{7f}', "\\u007F"),
    }
}

/// Returns the file of a client.
pub fn as_file(client_id: &str, meta: &ClientMetadata) -> String {
    let mut lines = vec![format!("client_id = {}", Value::from(client_id))];
    if meta.auth_method.has_secret() {
        lines.push(format!("client_secret_file = {}", Value::from(format!("{client_id}.secret"))));
    }
    let either = meta.secret_either_way && meta.auth_method == AuthMethod::ClientSecretBasic;
    if let Ok(Value::Object(fields)) = serde_json::to_value(to_fields(meta)) {
        for (name, value) in fields {
            // What is false, and the method of a secret that is taken either way, is left out.
            if value == Value::Bool(false) || (either && name == "token_endpoint_auth_method") {
                continue;
            }
            lines.push(format!("{name} = {}", toml(&value)));
        }
    }
    if meta.profile != SecurityProfile::Plain {
        lines.push(format!("profile = {}", Value::from(meta.profile.name())));
    }
    lines.push(format!("sector = {}", Value::from(meta.sector.as_str())));
    lines.push(format!("require_pkce = {}", meta.require_pkce));
    for (name, said) in
        [("consent", meta.consent), ("offline_agreed", meta.offline_agreed), ("former_subs", meta.former_subs)]
    {
        if said {
            lines.push(format!("{name} = true"));
        }
    }
    for (name, value) in meta.tolerances.non_default() {
        let value = if value == "true" { Value::Bool(true) } else { Value::from(value) };
        lines.push(format!("{name} = {value}"));
    }
    if let Some(key) = meta.roster_key.and_then(|key| serde_json::to_value(key).ok()) {
        lines.push(format!("roster_key = {key}"));
    }
    if !meta.audiences.is_empty() {
        lines.push(format!("audiences = {}", toml(&Value::from(meta.audiences.clone()))));
    }
    if let Some(academy) = &meta.academy {
        lines.push(format!("academy = {}", Value::from(academy.as_str())));
    }
    let p = &meta.perimeter;
    lines.extend(["".to_owned(), "[perimeter]".to_owned()]);
    let profiles: Vec<String> = p.profiles.iter().map(|profile| profile.name().to_owned()).collect();
    for (name, list) in
        [("academies", &p.academies), ("ministries", &p.ministries), ("schools", &p.schools), ("profiles", &profiles)]
    {
        if !list.is_empty() {
            lines.push(format!("{name} = {}", toml(&Value::from(list.clone()))));
        }
    }
    if p.upstream_families {
        lines.push("upstream_families = true".to_owned());
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::answers::tests::canteen;
    use crate::clients::metadata::validate;
    use crate::clients::ops::files;
    use crate::clients::{Perimeter, SubjectType};
    use crate::config::deployment::ClientFile;

    /// Reads a file as the deployment does, and judges it.
    fn read(text: &str, secret: bool) -> ClientMetadata {
        let file = config::File::from_str(text, config::FileFormat::Toml);
        let parsed = config::Config::builder().add_source(file).build().unwrap_or_else(|e| panic!("{e}\n{text}"));
        let file: ClientFile = parsed.try_deserialize().unwrap_or_else(|e| panic!("{e}\n{text}"));
        let ours = &file.extensions;
        let perimeter = Perimeter {
            academies: ours.perimeter.academies.clone(),
            ministries: ours.perimeter.ministries.clone(),
            schools: ours.perimeter.schools.clone(),
            profiles: ours.perimeter.profiles.iter().map(|name| name.parse().unwrap()).collect(),
            upstream_families: ours.perimeter.upstream_families,
        };
        let policy = files::policy(ours, secret.then_some(43), perimeter);
        validate(&file.fields, &policy).unwrap_or_else(|e| panic!("{e}\n{text}"))
    }

    #[test]
    fn a_file_that_is_written_is_read_as_the_same_client() {
        let plain = canteen().metadata("cantine", Some("montpellier"), None).unwrap();
        let mut odd = plain.clone();
        odd.client_name = "« Cantine » \"d'hiver\" \\ # = [x]\u{7f}é".replace('\u{7f}', "");
        odd.tolerances.claims_in_id_token = true;
        odd.subject_type = SubjectType::Public;
        odd.sector = "mon-ent".to_owned();
        odd.audiences = vec!["https://api.example".to_owned()];
        odd.require_pkce = true;
        odd.perimeter.upstream_families = true;
        let mut fapi = canteen();
        (fapi.fapi, fapi.method) = (true, "private_key_jwt".to_owned());
        fapi.jwks_uri = "https://cantine.example/jwks".to_owned();
        let fapi = fapi.metadata("cantine", None, None).unwrap();
        for (meta, secret) in [(plain, true), (odd, true), (fapi, false)] {
            let text = as_file("cantine", &meta);
            assert_eq!(read(&text, secret), meta, "{text}");
            assert!(!text.contains("client_secret ="), "{text}");
        }
    }
}
