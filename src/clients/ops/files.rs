//! What a relying party's file says, judged by the rules of registration and by ours. `publish` makes rows of it.

use crate::base::secret::Secret;
use crate::clients::metadata::{self, Flaw, Terms};
use crate::clients::{Metadata, Perimeter, is_client_id};
use crate::config::deployment::{ClientFile, Declared, PerimeterFile};
use crate::protocol::tolerance::Tolerances;

#[derive(Debug, thiserror::Error)]
pub enum ClientFileError {
    #[error("client {0}: {1}")]
    Rule(String, String),
    #[error("client {0}: {1} ({2})")]
    Flaw(String, Flaw, String),
}

/// What a file says, judged.
pub(super) fn from_file(
    file: &ClientFile,
    secret: Option<&Secret>,
    declared: &Declared,
) -> Result<Metadata, ClientFileError> {
    let rule = |why: String| ClientFileError::Rule(file.client_id.clone(), why);
    if !is_client_id(&file.client_id) {
        return Err(rule("client_id has 1 to 100 letters, digits, - _ . ~".into()));
    }
    perimeter(&file.ours.perimeter, file.ours.academy.as_ref(), declared).map_err(rule)?;
    let (ours, p) = (file.ours.clone(), file.ours.perimeter.clone());
    let terms = Terms::File {
        secret_len: secret.map(|secret| secret.expose().len()),
        profile: ours.profile,
        sector: ours.sector,
        require_pkce: ours.require_pkce,
        tolerances: Tolerances {
            logout_token_typ: ours.logout_token_typ,
            access_token_typ: ours.access_token_typ,
            claims_in_id_token: ours.claims_in_id_token,
        },
        consent: ours.consent,
        offline_agreed: ours.offline_agreed,
        audiences: ours.audiences,
        academy: ours.academy,
        perimeter: Perimeter {
            academies: p.academies,
            ministries: p.ministries,
            schools: p.schools,
            profiles: p.profiles,
        },
    };
    let flaw = |flaw: Flaw| {
        let place = file.source.of(flaw.field);
        ClientFileError::Flaw(file.client_id.clone(), flaw, place)
    };
    let meta = metadata::take(&file.fields, &terms).map_err(flaw)?;
    metadata::admits(&meta, &declared.identity).map_err(flaw)?;
    metadata::offered(&meta, &declared.algorithms).map_err(flaw)?;
    Ok(meta)
}

/// Everything that it names is declared.
fn perimeter(p: &PerimeterFile, academy: Option<&String>, declared: &Declared) -> Result<(), String> {
    let mut academies = p.academies.iter().chain(academy);
    let missing = academies.find(|a| !declared.academies.iter().any(|d| d.id == **a));
    let missing = missing.or_else(|| p.ministries.iter().find(|m| !declared.ministries.iter().any(|d| d.id == **m)));
    let missing = missing.or_else(|| p.schools.iter().find(|s| !declared.schools.iter().any(|d| d.uai == **s)));
    if let Some(name) = missing {
        return Err(format!("perimeter: {name} is not declared"));
    }
    match p.profiles.iter().find(|p| !["responsable", "eleve"].contains(&p.as_str())) {
        Some(name) => Err(format!("perimeter: profile {name} is not responsable or eleve")),
        None => Ok(()),
    }
}
