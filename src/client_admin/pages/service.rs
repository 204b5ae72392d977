//! `/admin/services/…`: one relying party, with its sign-outs and its changes.

use axum::extract::State;
use strum::IntoEnumIterator as _;

use super::list::AcademyNames;
use super::{GatedResult, day_of, secrets};
use crate::administrators::extract::Opened;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{frame, shown};
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::{may, may_everywhere};
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::base::profile::Profile;
use crate::client_admin::ops::ServiceFile;
use crate::client_admin::store::ClientChangeRow;
use crate::client_admin::views::{ChangeLine, DONE_WORDS, DeliveryLine, FAPI_TAB, FapiLine, ServiceFacts, ServicePage};
use crate::clients::fapi::FapiRequirement;
use crate::clients::snippets::{Library, snippet};
use crate::clients::{AuthMethod, ClientMetadata, ClientOrigin, ClientState, Perimeter, SubjectType};
use crate::http::pages::dates;
use crate::http::request_context::RequestContext;

use crate::logouts::LogoutDelivery;
use crate::protocol::algorithms::Alg;
use crate::protocol::profile::SecurityProfile;
use crate::protocol::scope::Scope;

/// Returns the profiles of the people who may sign in.
pub(super) fn profiles(perimeter: &Perimeter) -> Vec<&'static str> {
    let all = [Profile::Responsable, Profile::Eleve, Profile::Enseignant, Profile::Personnel, Profile::Invite];
    all.into_iter().filter(|profile| perimeter.includes_profile(*profile)).map(Profile::name).collect()
}

/// Returns the kind of a change, the end of a message's key, for what the journal says of it.
fn change_word(detail: &str) -> &'static str {
    let known = [
        ("approved", "approved"),
        ("approved while suspended", "approved"),
        ("suspended", "suspended"),
        ("resumed", "resumed"),
        ("resumed, not approved", "resumed"),
        ("resumed, its file is gone", "resumed"),
        ("secret rotated", "secret"),
        ("former secret closed", "secret_closed"),
        ("its initial access token revoked", "token"),
        ("declared by its file", "declared"),
        ("changed by its file", "file"),
        ("ended: its file is gone", "file_gone"),
        ("replaced by its owner", "replaced"),
        ("removed by its owner", "removed"),
        ("requested", "requested"),
        ("asked about", "asked"),
        ("refused", "refused"),
        ("approved in part", "part"),
        ("changed by its administrators", "at_once"),
        ("request withdrawn", "withdrawn"),
    ];
    match known.into_iter().find(|(text, _)| *text == detail) {
        Some((_, word)) => word,
        None if detail.starts_with("registered with") => "registered",
        None => "other",
    }
}

fn change_line(ctx: &RequestContext, row: &ClientChangeRow) -> ChangeLine {
    ChangeLine {
        when: dates::moment(ctx.lang, Timestamp(row.at), ctx.now),
        word: change_word(&row.detail),
        who: row.name.clone(),
        kind: match row.actor_kind.as_deref() {
            Some("operator") => "operator",
            Some("client") => "client",
            Some("administrator") => "administrator",
            Some("token") => "token",
            _ => "preau",
        },
        reason: row.reason.clone().unwrap_or_default(),
    }
}

fn fapi_line(requirement: FapiRequirement, meta: &ClientMetadata) -> FapiLine {
    FapiLine { name: requirement.name(), is_met: requirement.is_met(meta) }
}

/// Returns the status with which the relying party answered, if that was the problem.
fn answered(delivery: &LogoutDelivery) -> Option<u16> {
    delivery.problem.as_deref()?.strip_prefix("answered ")?.parse().ok()
}

fn delivery_line(ctx: &RequestContext, delivery: &LogoutDelivery) -> DeliveryLine {
    DeliveryLine {
        when: dates::moment(ctx.lang, delivery.created_at, ctx.now),
        state: delivery.state.name(),
        attempts: delivery.attempts,
        answered: answered(delivery),
        silent: delivery.problem.is_some() && answered(delivery).is_none(),
    }
}

async fn facts(app: &AppState, file: &ServiceFile) -> anyhow::Result<ServiceFacts> {
    let client = &file.record.client;
    let m = &client.meta;
    let places = AcademyNames::default().of(&mut app.db.read().await?, &m.perimeter).await?;
    let method = |method: &AuthMethod| client.accepts_auth_method(*method);
    Ok(ServiceFacts {
        client_uri: m.client_uri.clone(),
        redirect_uris: m.redirect_uris.clone(),
        post_logout_redirect_uris: m.post_logout_redirect_uris.clone(),
        backchannel_logout_uri: m.backchannel_logout_uri.clone(),
        initiate_login_uri: m.initiate_login_uri.clone(),
        contacts: m.contacts.clone(),
        places,
        schools: file.schools.iter().map(|(uai, name)| format!("{uai} {name}")).collect(),
        profiles: profiles(&m.perimeter),
        scopes: Scope::ALL.into_iter().filter(|scope| m.scopes.contains(*scope)).map(Scope::name).collect(),
        subject: match m.subject_type {
            SubjectType::Pairwise => "pairwise",
            SubjectType::Public => "public",
            SubjectType::Roster => "roster",
        },
        sector: m.sector.clone(),
        signature: m.id_token.signed.unwrap_or(Alg::RS256).name(),
        requires_pkce: client.requirements().pkce,
        is_fapi: m.profile == SecurityProfile::Fapi2,
        methods: AuthMethod::ALL.iter().filter(|m| method(m)).map(|m| m.name()).collect(),
        asks_consent: m.consent,
    })
}

/// Returns the page of a relying party.
pub(super) async fn page(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, file): (&OnDuty, &ServiceFile),
) -> anyhow::Result<ServicePage> {
    let client = &file.record.client;
    let state = client.state;
    let may_decide = may_everywhere(&on_duty.roles, AdminAct::SuspendClient, &file.named, ctx.now).is_some();
    let decides = on_duty.role_for(AdminAct::SuspendClient).is_some();
    let fits = |library: &Library| library.fits(&client.meta);
    let asked = ctx.query.get("b").and_then(|word| word.parse().ok()).filter(fits);
    let library = asked.or_else(|| Library::iter().find(fits)).unwrap_or(Library::Valeurs);
    let shows_fapi = ctx.query.get("b") == Some(FAPI_TAB);
    let may_draw = may_everywhere(&on_duty.roles, AdminAct::DrawSecret, &file.named, ctx.now).is_some();
    let suspension = file.changes.iter().find(|row| row.detail == "suspended");
    let suspension = suspension.filter(|_| state == ClientState::Suspended).map(|row| change_line(ctx, row));
    Ok(ServicePage {
        frame: frame(app, ctx, on_duty).await?.in_room("services"),
        client_id: client.id.to_string(),
        name: client.meta.client_name.clone(),
        standing: file.standing.name(),
        from_file: file.record.origin == ClientOrigin::File,
        used: client.last_used_at.map(|at| day_of(ctx.lang, at, ctx.now)),
        unprotected: crate::clients::ops::last_unprotected_exchange(client, ctx.now)
            .map(|at| day_of(ctx.lang, at, ctx.now)),
        suspension,
        facts: facts(app, file).await?,
        deliveries: file.deliveries.iter().map(|delivery| delivery_line(ctx, delivery)).collect(),
        ended: file.delivered.0,
        taken: file.delivered.1,
        changes: file.changes.iter().map(|row| change_line(ctx, row)).collect(),
        may_suspend: may_decide && matches!(state, ClientState::Active | ClientState::Pending),
        may_resume: may_decide && state == ClientState::Suspended,
        act_of_others: decides && !may_decide && state != ClientState::Gone,
        has_secret: client.meta.auth_method.has_secret(),
        secrets: secrets::lines(ctx, file),
        secret: None,
        version: file.record.version,
        overlaps: match client.meta.auth_method {
            AuthMethod::ClientSecretJwt => vec![0],
            _ => secrets::OVERLAP_DAYS.to_vec(),
        },
        may_draw: may_draw && file.record.origin != ClientOrigin::File && state != ClientState::Gone,
        may_change: file.record.origin != ClientOrigin::File
            && state == ClientState::Active
            && may(&on_duty.roles, AdminAct::ChangeClient, &file.touched, ctx.now).is_some(),
        trial_until: client
            .probation_until
            .filter(|_| client.is_on_trial(ctx.now))
            .map(|at| dates::moment(ctx.lang, at, ctx.now)),
        trial_persons: file.trial_persons,
        settings: snippet(library, app.issuer(), (&client.id, &client.meta)),
        library: if shows_fapi { FAPI_TAB } else { library.name() },
        fapi: match shows_fapi {
            true => FapiRequirement::iter().map(|one| fapi_line(one, &client.meta)).collect(),
            false => Vec::new(),
        },
        libraries: Library::iter().filter(fits).map(Library::name).collect(),
        reason: String::new(),
        error: None,
        done: DONE_WORDS.into_iter().find(|word| {
            // An address that is opened later says nothing that is no more.
            let holds = match *word {
                "suspended" => state == ClientState::Suspended,
                "resumed" => state != ClientState::Suspended,
                _ => true,
            };
            ctx.query.get("fait") == Some(word) && holds
        }),
    })
}

/// GET: shows it.
pub async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, .. }: Opened<ServiceFile>,
) -> GatedResult {
    Ok(shown(&app, &ctx, page(&app, &ctx, (&on_duty, &file)).await))
}
