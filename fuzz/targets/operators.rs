//! What an operator writes or brings: it must be refused with a reason, and never half taken.

use std::fs;
use std::sync::LazyLock;

use preau::config::{Config, deployment};
use preau::jose::{Alg, KeyRing, KeyState, SigningKey, read_private_key, sign};
use serde_json::json;
use tempfile::TempDir;

use super::text;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| TempDir::new().unwrap());

/// A private key: what is taken signs.
pub fn key_file(bytes: &[u8]) {
    for alg in Alg::ALL {
        let Ok((jwk, kid)) = read_private_key(alg, bytes) else { continue };
        let key = SigningKey::from_jwk(&kid, alg, KeyState::Active, &jwk).expect("a key that was taken");
        sign(&KeyRing::new(vec![key]), alg, "JWT", &json!({})).expect("it signs");
    }
}

/// The configuration, a line of dashes, then one client's file.
pub fn config(bytes: &[u8]) {
    let text = text(bytes);
    let (settings, client) = text.split_once("\n---\n").unwrap_or((&text, ""));
    let file = FOLDER.path().join("preau.toml");
    fs::write(&file, settings).unwrap();
    if let Ok(config) = Config::load(Some(&file)) {
        assert!(!config.deployment.name.trim().is_empty());
    }
    let clients = FOLDER.path().join("clients");
    fs::create_dir_all(&clients).unwrap();
    fs::write(FOLDER.path().join("academies.toml"), "").unwrap();
    fs::write(FOLDER.path().join("schools.toml"), "").unwrap();
    fs::write(clients.join("one.toml"), client).unwrap();
    match deployment::read(FOLDER.path(), FOLDER.path()) {
        Ok(_) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
