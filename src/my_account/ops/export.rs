//! What is kept of a person, as one JSON document for that person (RGPD 15 and 20): the account, the school's records,
//! devices, services and events.

use chrono::DateTime;
use serde_json::{Value, json};

use super::closing::{GiveUpRefusal, check_proof};
use crate::accounts::{self, Account};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::profile::Profile;
use crate::crypto::HmacPurpose;
use crate::db::{Durability, Tx};
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::notify::AccountNoticeKind;
use crate::sessions::{SESSION_TTL, Session};
use crate::{clients, credentials, devices, federation, grants, notify, passkeys, roster};

/// The notices whose detail is an id of ours.
const HIDDEN_DETAILS: [AccountNoticeKind; 2] = [AccountNoticeKind::FactorAdded, AccountNoticeKind::PasskeyAdded];

/// The maximum number of audit rows in an export; thirteen months of a person have some hundred.
const MAX_EXPORTED_EVENTS: i64 = 20_000;

/// The outcome of an export.
#[derive(Debug)]
pub enum ExportOutcome {
    Done(Value),
    Refused(GiveUpRefusal),
    /// The exports of the day are used up.
    TooMany {
        until: Timestamp,
    },
}

/// Collects the data, after the password. Sealed values are opened, because they are the person's own; of other people
/// there is only what the person's services see.
pub async fn export_data(
    op: &Operation<'_>,
    (session, account): (&Session, &Account),
    typed: (&str, &[String]),
) -> anyhow::Result<ExportOutcome> {
    let app = op.app;
    // An account that an upstream made has no password: its session is all that proves its person, and the file says
    // little that the pages do not.
    if !account.is_federated
        && let Err(why) = check_proof(op, (session, account), typed).await?
    {
        return Ok(ExportOutcome::Refused(why));
    }
    let key = app.master_key.hmac(HmacPurpose::LimiterKey, &format!("export/{}", account.id));
    let mut tx = op.write(Durability::Relaxed).await?;
    if let RateLimitDecision::Limited { until } = limits::store::consume(&mut tx, RateLimit::Export, &key).await? {
        tx.rollback().await?;
        app.metrics.record_limited(RateLimit::Export.name(), "budget");
        return Ok(ExportOutcome::TooMany { until });
    }
    let about = AuditDetails { account: Some(&account.id), ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::DataExported, about).await?;
    tx.commit().await?;
    let mut tx = app.db.read().await?;
    let people = roster_data(op, &mut tx, account).await?;
    let links = federation::store::list_of_account(&mut tx, &account.id).await?;
    let devices = devices::store::list(&mut tx, &account.id, op.now, op.now.minus(SESSION_TTL)).await?;
    let held = credentials::store::find_factors(&mut tx, &account.id).await?;
    let keys = passkeys::store::list(&mut tx, &account.id).await?;
    let email = accounts::store::emails::find_confirmed(&mut tx, &app.master_key, &account.id).await?;
    let events = audit::store::list_latest_of_account(&mut tx, &account.id, "g", MAX_EXPORTED_EVENTS).await?;
    let services = service_data(&mut tx, account).await?;
    let consents = consent_data(&mut tx, account).await?;
    let notices = notify::store::list_all(&mut tx, &account.id).await?;
    Ok(ExportOutcome::Done(json!({
        "exported_at": time(op.now),
        "issuer": app.issuer(),
        "account": {
            "identifiant": account.identifiant,
            "given_name": account.given_name,
            "family_name": account.family_name,
            "profile": account.profile,
            "state": account.state.name(),
            "password_since": account.password_at.map(time),
            "updated_at": time(account.updated_at),
            "email": email.map(|email| email.address),
        },
        "school_records": people,
        "signs_in_through": links.iter().map(|link| json!({
            "issuer": link.issuer,
            "sub": link.sub,
            "since": time(link.created()),
            "last_used": time(link.used()),
        })).collect::<Vec<_>>(),
        "devices": devices.iter().map(|device| json!({
            "browser": device.label,
            "last_used": time(Timestamp(device.seen_at)),
            "signed_in_since": device.signed_in_at.map(|at| time(Timestamp(at))),
        })).collect::<Vec<_>>(),
        "second_factors": {
            "passkeys": keys.iter().map(|key| json!({
                "name": key.label,
                "added_at": time(key.created_at),
                "last_used": key.used_at.map(time),
            })).collect::<Vec<_>>(),
            "applications": held.totp.iter().map(|totp| json!({
                "added_at": time(totp.confirmed_at),
                "last_used": totp.used_at.map(time),
            })).collect::<Vec<_>>(),
            "backup_codes_left": held.backup_codes,
            "backup_codes_drawn_at": held.backup_codes_at.map(time),
        },
        "services": services,
        "consents": consents,
        "notices": notices.iter().map(|notice| json!({
            "at": time(Timestamp(notice.at)),
            "kind": notice.kind,
            "about": if HIDDEN_DETAILS.iter().any(|kind| kind.name() == notice.kind) { "" } else { &notice.detail },
            "answer": notice.answer,
            "answered_at": notice.answered_at.map(|at| time(Timestamp(at))),
        })).collect::<Vec<_>>(),
        "events": events.iter().map(|(_, at, event)| json!({ "at": time(Timestamp(*at)), "event": event }))
            .collect::<Vec<_>>(),
    })))
}

async fn roster_data(op: &Operation<'_>, tx: &mut Tx, account: &Account) -> anyhow::Result<Value> {
    let mut persons = Vec::new();
    for person in roster::store::list_named_persons_of_account(tx, &account.id).await? {
        let sealed = roster::store::sealed_contacts::find_phone(tx, &person.id).await?;
        let open = |sealed: String| roster::sealed_rows::open_mobile(&op.app.master_key, &person.id, &sealed);
        let phone = sealed.map(open).transpose()?.map(|number| number.as_str().to_owned());
        let sealed = roster::store::sealed_contacts::find_mail(tx, &person.id).await?;
        let open = |sealed: String| roster::sealed_rows::open_mail(&op.app.master_key, &person.id, &sealed);
        let mail = sealed.map(open).transpose()?;
        persons.push(json!({
            "given_name": person.given_name,
            "family_name": person.family_name,
            "usage_name": person.usage_name,
            "mobile": phone,
            "mail": mail,
            "exported_by_school_at": time(Timestamp(person.exported_at)),
        }));
    }
    let pupils = roster::store::pupils::list_pupils_of_account(tx, &account.id, account.profile).await?;
    let mut birth_dates = Vec::new();
    for pupil in &pupils {
        // Of a parent's children only what the services see; of a pupil the own birth date.
        let sealed = match account.profile {
            Profile::Eleve => roster::store::find_birth_date(tx, &pupil.pupil_id).await?,
            Profile::Responsable | Profile::Enseignant | Profile::Personnel | Profile::Invite => None,
        };
        let open = |sealed: String| {
            roster::sealed_rows::open_birth_date(&op.app.master_key, &pupil.pupil_id, &sealed)
                .map(|born| born.to_string())
        };
        birth_dates.push(sealed.map(open).transpose()?);
    }
    let pupil = |(p, born): (&roster::store::RosterChild, &Option<String>)| {
        json!({
            "birth_date": born,
            "given_name": p.given_name,
            "school": p.school,
            "uai": p.uai,
            "academy": p.academy,
            "class": p.class,
            "number_at_school": roster::formats::siecle_key(&p.pupil_key),
        })
    };
    Ok(json!({ "persons": persons, "pupils": pupils.iter().zip(&birth_dates).map(pupil).collect::<Vec<_>>() }))
}

async fn service_data(tx: &mut Tx, account: &Account) -> anyhow::Result<Vec<Value>> {
    let mut out = Vec::new();
    for used in grants::store::uses::list_for_account(tx, &account.id).await? {
        let client = clients::store::find(tx, &used.client_id).await?;
        out.push(json!({
            "client_id": used.client_id,
            "name": client.map(|client| client.meta.client_name),
            "first": time(used.first_at),
            "last": time(used.last_at),
            "granted": used.disclosure,
        }));
    }
    Ok(out)
}

/// Returns the consents, also of services that were never used since.
async fn consent_data(tx: &mut Tx, account: &Account) -> anyhow::Result<Vec<Value>> {
    let mut out = Vec::new();
    for (client_id, granted_at) in grants::store::consents::list_for_account(tx, &account.id).await? {
        let client = clients::store::find(tx, &client_id).await?;
        let granted = grants::store::consents::find(tx, &account.id, &client_id).await?;
        out.push(json!({
            "name": client.map(|client| client.meta.client_name),
            "given_at": time(Timestamp(granted_at)),
            "granted": granted,
            "client_id": client_id,
        }));
    }
    Ok(out)
}

/// Returns a time as RFC 3339 in UTC.
fn time(at: Timestamp) -> String {
    DateTime::from_timestamp_millis(at.0).unwrap_or_default().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
