//! The checks of what a form asks for, with those that need the database or a call: one use case for the form, for
//! « Vérifier maintenant » and for `preau client check`.
//!
//! Calls go out by the guarded client (docs/threats.md#attack-f1): https, public addresses, no redirect, 2.5 seconds.
//! What an address answers is said as a number, never shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::base::clock::{Span, Timestamp};
use crate::base::ids::id128;
use crate::base::names;
use crate::base::rng::Random;
use crate::base::secret::sha256_base64url;
use crate::base::uai::{Uai, UaiError};
use crate::clients::answers::ClientAnswers;
use crate::clients::checks::{self, CheckResult, Verdict};
use crate::clients::logo::{LOGO_ACCEPT, MAX_FILE_BYTES, reencode};
use crate::clients::metadata::allowed_algorithms;
use crate::clients::{ClientMetadata, ClientState, store};
use crate::config::deployment::ServerIdentity;
use crate::db::{Db, Tx};
use crate::http::outgoing::{CallPurpose, OutgoingClient, OutgoingError};
use crate::http::paths;
use crate::jose::{self, KeyRing, KeySet};
use crate::protocol::algorithms::Alg;
use crate::protocol::profile::SecurityProfile;
use crate::protocol::redirect;
use crate::tenants;

const MAX_DOCUMENT_BYTES: usize = 64 * 1024;
/// The maximum number of hosts of redirect URIs that are called.
const MAX_HOSTS_CALLED: usize = 3;
/// The lifetime of a token of a trial.
const TRIAL_TOKEN_TTL: Span = Span::minutes(2);
/// The number of clients read by one query.
const BATCH_ROWS: i64 = 200;
/// The event of a logout token (BCL 2.4).
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The parts of the program that the checks need.
pub struct CheckMeans<'a> {
    pub db: &'a Db,
    pub outgoing: &'a OutgoingClient,
    pub rng: &'a dyn Random,
    pub server: &'a ServerIdentity,
    pub algorithms: &'a [Alg],
    /// The keys that sign the token of a trial; without them, the address for it is not tried.
    pub keys: Option<Arc<KeyRing>>,
    pub now: Timestamp,
}

/// Runs every check. `old`: the client that the form changes.
pub async fn check(
    means: &CheckMeans<'_>,
    answers: &ClientAnswers,
    old: Option<&ClientMetadata>,
) -> anyhow::Result<Vec<CheckResult>> {
    let mut out = checks::check_form(answers, means.server);
    let mut tx = means.db.read().await?;
    names_and_ids(&mut tx, answers, old, &mut out).await?;
    perimeter(&mut tx, answers, &mut out).await?;
    drop(tx);
    checks::check_whole(answers, means.server, means.algorithms, old, &mut out);
    // What is refused anyhow calls nobody: a form must not have this server call addresses at will.
    if checks::has_bad(&out) {
        return Ok(out);
    }
    // An address whose form is wrong is not called.
    let sound = |field: &str, uri: &str| {
        !uri.is_empty() && !out.iter().any(|r| r.verdict == Verdict::Bad && r.field == field && r.value == uri)
    };
    let uris: Vec<&String> = answers.redirect_uris.iter().filter(|uri| sound("redirect_uris", uri)).collect();
    let back_channel = Some(&answers.backchannel_logout_uri).filter(|uri| sound("backchannel_logout_uri", uri));
    let initiate = Some(&answers.initiate_login_uri).filter(|uri| sound("initiate_login_uri", uri));
    let keys = Some(&answers.jwks_uri).filter(|uri| sound("jwks_uri", uri));
    let logo = Some(&answers.logo_uri).filter(|uri| sound("logo_uri", uri));
    let sector = Some(&answers.sector_identifier_uri).filter(|uri| sound("sector_identifier_uri", uri));
    let found = tokio::join!(
        Box::pin(hosts(means, answers, &uris)),
        Box::pin(logout(means, answers, back_channel)),
        Box::pin(initiation(means, answers, initiate)),
        Box::pin(key_set(means, answers, keys)),
        Box::pin(picture(means, logo)),
        Box::pin(sector_document(means, answers, sector)),
    );
    let (hosts, logout, initiation, keys, logo, sector) = found;
    out.extend(hosts);
    out.extend(logout.into_iter().chain(initiation).chain(keys).chain(logo).chain(sector));
    Ok(out)
}

/// Returns the text by which the owner of a host says that a client is theirs: it names this server and the client.
pub fn domain_proof(issuer: &str, client_id: &str, host: &str) -> String {
    format!("preau-{}", sha256_base64url(&format!("domain {issuer} {client_id} {host}")))
}

/// True if no other client has the name or the id.
pub async fn is_free(tx: &mut Tx, answers: &ClientAnswers, old: Option<&ClientMetadata>) -> anyhow::Result<bool> {
    let mut found = Vec::new();
    names_and_ids(tx, answers, old, &mut found).await?;
    Ok(!checks::has_bad(&found))
}

/// Compares the name and the id with those of other clients.
async fn names_and_ids(
    tx: &mut Tx,
    answers: &ClientAnswers,
    old: Option<&ClientMetadata>,
    out: &mut Vec<CheckResult>,
) -> anyhow::Result<()> {
    let name = names::fold(&answers.client_name);
    let mut after = String::new();
    loop {
        let batch = store::list_after(tx, &after, BATCH_ROWS).await?;
        let Some(last) = batch.last() else { break };
        after = last.id.to_string();
        let is_last = i64::try_from(batch.len())? < BATCH_ROWS;
        for client in batch {
            let own = client.id.as_str() == answers.client_id;
            if own && old.is_none() {
                out.push(CheckResult::new("client_id", Verdict::Bad, "client_id_taken", &answers.client_id, ""));
            }
            let counts = client.state != ClientState::Gone && !own;
            if counts && !name.is_empty() && names::fold(&client.meta.client_name) == name {
                // Entries of one portal share a name on purpose: what differs is the perimeter.
                let sector = old.is_some_and(|old| old.sector == client.meta.sector);
                if !sector {
                    out.push(CheckResult::new("client_name", Verdict::Bad, "name_twin", &answers.client_name, ""));
                    return Ok(());
                }
            }
        }
        if is_last {
            break;
        }
    }
    Ok(())
}

async fn perimeter(tx: &mut Tx, answers: &ClientAnswers, out: &mut Vec<CheckResult>) -> anyhow::Result<()> {
    let mut bad = |code: &str, value: &str, detail: &str| {
        out.push(CheckResult::new("perimeter", Verdict::Bad, code, value, detail));
    };
    for id in &answers.academies {
        if !tenants::store::has_academy(tx, id).await? {
            bad("academy_unknown", id, "");
        }
    }
    for typed in &answers.schools {
        match Uai::parse(typed) {
            Err(UaiError::WrongCheckLetter { given, right }) => bad("uai_letter", &given, &right.to_string()),
            Err(UaiError::Malformed(_)) => bad("uai_form", typed, ""),
            Ok(uai) => {
                if tenants::store::find_school(tx, &uai).await?.is_none() {
                    bad("uai_unknown", &uai, "");
                }
            }
        }
    }
    Ok(())
}

/// Returns the status of an answer, as a detail; empty for no answer.
fn status_of(answer: &Result<u16, OutgoingError>) -> String {
    answer.as_ref().map(u16::to_string).unwrap_or_default()
}

/// Calls each host of the redirect URIs, and looks for its proof.
async fn hosts(means: &CheckMeans<'_>, answers: &ClientAnswers, uris: &[&String]) -> Vec<CheckResult> {
    let (mut out, mut seen) = (Vec::new(), BTreeSet::new());
    for uri in uris {
        let Some(host) = redirect::host(uri) else { continue };
        if !seen.insert(host.clone()) || seen.len() > MAX_HOSTS_CALLED {
            continue;
        }
        let answer = means.outgoing.probe(uri).await.map(|probed| probed.status);
        let (verdict, code) = match &answer {
            Ok(200..=499) => (Verdict::Ok, "answers"),
            Ok(_) => (Verdict::Look, "answers_error"),
            Err(_) => (Verdict::Look, "silent"),
        };
        let silent = answer.is_err();
        out.push(CheckResult::new("redirect_uris", verdict, code, &host, &status_of(&answer)));
        let proof = domain_proof(&means.server.issuer, &answers.client_id, &host);
        let proven = !silent && is_proven(means, &host, &proof).await;
        let (verdict, code) = if proven { (Verdict::Ok, "domain_proven") } else { (Verdict::Look, "domain_unproven") };
        out.push(CheckResult::new("redirect_uris", verdict, code, &host, &proof));
    }
    out
}

async fn is_proven(means: &CheckMeans<'_>, host: &str, proof: &str) -> bool {
    let address = format!("https://{host}/.well-known/preau.txt");
    match means.outgoing.get(CallPurpose::Registration, &address, "text/plain", MAX_DOCUMENT_BYTES).await {
        Ok(fetched) => String::from_utf8_lossy(&fetched.body).lines().any(|line| line.trim() == proof),
        Err(_) => false,
    }
}

/// Posts a token of a trial, which ends no session: it names one that never was.
async fn logout(means: &CheckMeans<'_>, answers: &ClientAnswers, uri: Option<&String>) -> Option<CheckResult> {
    let (uri, ring) = (uri?, means.keys.clone()?);
    let claims = json!({
        "iss": means.server.issuer,
        "aud": answers.client_id,
        "iat": means.now.as_seconds(),
        "exp": means.now.plus(TRIAL_TOKEN_TTL).as_seconds(),
        "jti": id128(means.rng),
        "sid": id128(means.rng),
        "events": { LOGOUT_EVENT: {} },
    });
    let token = tokio::task::spawn_blocking(move || jose::sign(&ring, Alg::RS256, "logout+jwt", &claims)).await;
    let Ok(Ok(token)) = token else { return None };
    let answer = means.outgoing.post_form(uri, &[("logout_token", &token)]).await;
    let (verdict, code) = match &answer {
        Ok(200 | 204) => (Verdict::Ok, "logout_taken"),
        Ok(_) => (Verdict::Look, "logout_lost"),
        Err(_) => (Verdict::Look, "silent"),
    };
    Some(CheckResult::new("backchannel_logout_uri", verdict, code, uri, &status_of(&answer)))
}

/// Looks whether the address leads to a request of this client.
async fn initiation(means: &CheckMeans<'_>, answers: &ClientAnswers, uri: Option<&String>) -> Option<CheckResult> {
    let uri = uri?;
    let asked = redirect::with_query(uri, &[("iss", &means.server.issuer)]);
    let probed = means.outgoing.probe(&asked).await;
    let there = format!("{}{}?", means.server.issuer, paths::AUTHORIZE);
    let ours = |location: &String| {
        let id = format!("client_id={}", answers.client_id);
        location.strip_prefix(&there).is_some_and(|query| query.split('&').any(|pair| pair == id))
    };
    let leads =
        probed.is_ok_and(|probed| (300..400).contains(&probed.status) && probed.location.is_some_and(|l| ours(&l)));
    let (verdict, code) = if leads { (Verdict::Ok, "initiate_leads") } else { (Verdict::Look, "initiate_elsewhere") };
    Some(CheckResult::new("initiate_login_uri", verdict, code, uri, ""))
}

async fn key_set(means: &CheckMeans<'_>, answers: &ClientAnswers, uri: Option<&String>) -> Option<CheckResult> {
    let uri = uri?;
    let result = |verdict, code| Some(CheckResult::new("jwks_uri", verdict, code, uri, ""));
    let fetched = means.outgoing.get(CallPurpose::Registration, uri, "application/json", MAX_DOCUMENT_BYTES).await.ok();
    let Some(fetched) = fetched else { return result(Verdict::Look, "keys_silent") };
    let Ok(document) = serde_json::from_slice::<Value>(&fetched.body) else { return result(Verdict::Bad, "keys_none") };
    let Ok(set) = KeySet::parse(&document) else { return result(Verdict::Bad, "keys_none") };
    let profile = if answers.fapi { SecurityProfile::Fapi2 } else { SecurityProfile::Plain };
    let kids = document.get("keys").and_then(Value::as_array).into_iter().flatten();
    let kids: Vec<&str> = kids.filter_map(|key| key.get("kid").and_then(Value::as_str)).collect();
    let distinct: BTreeSet<&&str> = kids.iter().collect();
    if set.weak_key_reason().is_some() {
        return result(Verdict::Bad, "keys_weak");
    }
    if distinct.len() != kids.len() {
        return result(Verdict::Bad, "keys_twice");
    }
    match allowed_algorithms(profile).iter().any(|alg| set.can_verify(*alg)) {
        true => result(Verdict::Ok, "keys_found"),
        false => result(Verdict::Bad, "keys_none"),
    }
}

/// Reads the logo and draws it anew, as it would be shown.
async fn picture(means: &CheckMeans<'_>, uri: Option<&String>) -> Option<CheckResult> {
    let uri = uri?;
    let fetched = means.outgoing.get(CallPurpose::Registration, uri, LOGO_ACCEPT, MAX_FILE_BYTES).await;
    let body = match fetched {
        Ok(fetched) => fetched.body,
        Err(OutgoingError::TooLarge(_)) => {
            return Some(CheckResult::new("logo_uri", Verdict::Bad, "logo_large", uri, ""));
        }
        Err(_) => return Some(CheckResult::new("logo_uri", Verdict::Look, "logo_silent", uri, "")),
    };
    let is_svg = String::from_utf8_lossy(&body).trim_start().to_ascii_lowercase();
    let is_svg = is_svg.starts_with("<svg") || is_svg.starts_with("<?xml");
    let drawn = tokio::task::spawn_blocking(move || reencode(&body)).await;
    let (verdict, code) = match drawn {
        Ok(Ok(_)) => (Verdict::Ok, "logo_drawn"),
        _ if is_svg => (Verdict::Bad, "logo_svg"),
        _ => (Verdict::Bad, "logo_form"),
    };
    Some(CheckResult::new("logo_uri", verdict, code, uri, ""))
}

/// Looks whether the sector document names each redirect URI (OIDCR 5).
async fn sector_document(means: &CheckMeans<'_>, answers: &ClientAnswers, uri: Option<&String>) -> Option<CheckResult> {
    let uri = uri?;
    let fetched = means.outgoing.get(CallPurpose::Registration, uri, "application/json", MAX_DOCUMENT_BYTES).await.ok();
    let listed: Option<Vec<String>> = fetched.and_then(|fetched| serde_json::from_slice(&fetched.body).ok());
    let names_all = listed.is_some_and(|listed| answers.redirect_uris.iter().all(|uri| listed.contains(uri)));
    let (verdict, code) = if names_all { (Verdict::Ok, "sector_names_all") } else { (Verdict::Bad, "sector_lacks") };
    Some(CheckResult::new("sector_identifier_uri", verdict, code, uri, ""))
}
