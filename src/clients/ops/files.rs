//! Validation of a client file, by the rules of registration and by the deployment's rules. `publish` writes the rows.

use crate::base::profile::Profile;
use crate::clients::metadata::{self, MetadataError, RegistrationPolicy};
use crate::clients::{ClientMetadata, Perimeter, is_client_id};
use crate::config::deployment::{ClientFile, ClientFileExtensions, DeploymentFiles, PerimeterFile};
use crate::protocol::tolerance::Tolerances;
use secrecy::{ExposeSecret as _, SecretString};

#[derive(Debug, thiserror::Error)]
pub enum ClientFileError {
    #[error("client {0}: {1}")]
    Invalid(String, String),
    #[error("client {0}: {1} ({2})")]
    Metadata(String, MetadataError, String),
}

/// Validates a client file and returns the client's metadata.
pub(super) fn validate_file(
    file: &ClientFile,
    secret: Option<&SecretString>,
    declared: &DeploymentFiles,
) -> Result<ClientMetadata, ClientFileError> {
    let rule = |why: String| ClientFileError::Invalid(file.client_id.clone(), why);
    if !is_client_id(&file.client_id) {
        return Err(rule("client_id has 1 to 100 letters, digits, - _ . ~".into()));
    }
    let ours = &file.extensions;
    let perimeter = read_perimeter(&ours.perimeter, ours.academy.as_ref(), declared).map_err(rule)?;
    let terms = policy(ours, secret.map(|secret| secret.expose_secret().len()), perimeter);
    let flaw = |flaw: MetadataError| {
        let place = file.location.locate(flaw.field);
        ClientFileError::Metadata(file.client_id.clone(), flaw, place)
    };
    let meta = metadata::validate(&file.fields, &terms).map_err(flaw)?;
    metadata::check_hosts(&meta, &declared.identity).map_err(flaw)?;
    metadata::check_offered_algorithms(&meta, &declared.algorithms).map_err(flaw)?;
    Ok(meta)
}

/// Returns the rules for a file with these keys of ours.
pub(in crate::clients) fn policy(
    ours: &ClientFileExtensions,
    secret_len: Option<usize>,
    perimeter: Perimeter,
) -> RegistrationPolicy {
    let ours = ours.clone();
    RegistrationPolicy::File {
        secret_len,
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
        former_subs: ours.former_subs,
        roster_key: ours.roster_key,
        audiences: ours.audiences,
        academy: ours.academy,
        perimeter,
    }
}

/// Reads a perimeter, of which every academy, ministry and school is declared, and every profile is known.
fn read_perimeter(
    p: &PerimeterFile,
    academy: Option<&String>,
    declared: &DeploymentFiles,
) -> Result<Perimeter, String> {
    let mut academies = p.academies.iter().chain(academy);
    let missing = academies.find(|a| !declared.academies.iter().any(|d| d.id == **a));
    let missing = missing.or_else(|| p.ministries.iter().find(|m| !declared.ministries.iter().any(|d| d.id == **m)));
    let missing = missing.or_else(|| p.schools.iter().find(|s| !declared.schools.iter().any(|d| d.uai == **s)));
    if let Some(name) = missing {
        return Err(format!("perimeter: {name} is not declared"));
    }
    let profile = |name: &String| {
        name.parse::<Profile>().map_err(|_| {
            format!("perimeter: profile {name} is none: responsable, eleve, enseignant, personnel or invite")
        })
    };
    Ok(Perimeter {
        academies: p.academies.clone(),
        ministries: p.ministries.clone(),
        schools: p.schools.clone(),
        profiles: p.profiles.iter().map(profile).collect::<Result<_, _>>()?,
        upstream_families: p.upstream_families,
    })
}
