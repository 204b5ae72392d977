//! Requests of services that wait for a decision, and a service that does not take sign-outs.

use anyhow::Context as _;

use super::at;
use crate::administrators::ops::OnDuty;
use crate::app::App;
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id;
use crate::base::typed_ids::{ClientId, ClientSessionId};
use crate::client_admin::ops::request::{FormSubject, SendOutcome, send};
use crate::client_admin::requests::{ClientRequest, ClientRequestKind, RequestState};
use crate::client_admin::store::requests;
use crate::clients;
use crate::clients::answers::ClientAnswers;
use crate::clients::checks::{check_form, check_whole};
use crate::config::deployment::ServerIdentity;
use crate::db::Durability;
use crate::logouts::{self, DeliveryState, LogoutRecipient};

/// The relying party that does not take sign-outs.
const FAILING_CLIENT: &str = "bourses";

fn answers(client_id: &str, name: &str, reason: &str) -> ClientAnswers {
    let host = format!("https://{client_id}.example");
    ClientAnswers {
        client_id: client_id.to_owned(),
        client_name: name.to_owned(),
        client_uri: format!("{host}/"),
        contact: "numerique@ac-montpellier.example".to_owned(),
        redirect_uris: vec![format!("{host}/retour")],
        method: "either".to_owned(),
        library: "openid-client".to_owned(),
        scopes: vec!["profile".to_owned(), "education".to_owned()],
        reasons: [
            ("profile".to_owned(), "Nom du responsable sur la demande".to_owned()),
            ("education".to_owned(), reason.to_owned()),
        ]
        .into(),
        profiles: vec!["responsable".to_owned()],
        schools: vec!["0349999J".to_owned(), "0349998H".to_owned()],
        subject: "pairwise".to_owned(),
        ..ClientAnswers::default()
    }
}

/// Asks for two services: one by a colleague, on which the academy's administrator decides, and one of the
/// administrator's own. Checked by their form alone: their addresses are invented, and nobody is called.
pub async fn ask(app: &App, (academy, colleague): (&OnDuty, &OnDuty), now: Timestamp) -> anyhow::Result<()> {
    let canteen = answers("cantine-en-ligne", "Cantine en ligne", "Classe de l'élève, pour le service");
    let trips = answers("sorties-scolaires", "Sorties scolaires", "Établissement, pour la bonne liste");
    for (author, answers, days) in [(colleague, canteen, 1), (academy, trips, 3)] {
        let op = at(app, now.minus(Span::days(days)));
        let server = ServerIdentity::of(&app.config);
        let mut checks = check_form(&answers, &server);
        check_whole(&answers, &server, &app.config.keys.algorithms, None, &mut checks);
        let id = row_id(op.now, app.rng.as_ref());
        let request = ClientRequest {
            id: id.clone(),
            client_id: ClientId::new(answers.client_id.as_str()),
            kind: ClientRequestKind::New,
            state: RequestState::Draft,
            answers,
            checks,
            checked_at: Some(op.now),
            base_version: 0,
            version: 1,
            owner: Some("montpellier".to_owned()),
            author_id: author.administrator.id.clone(),
            requested_at: None,
            decided_at: None,
            decided_by: None,
            words: String::new(),
        };
        let mut tx = op.write(Durability::Durable).await?;
        requests::insert(&mut tx, op.now, &request, None).await?;
        let kept = requests::find(&mut tx, &id).await?.context("the demo's request is not there")?;
        tx.commit().await?;
        let sent = send(&op, author, (&id, FormSubject::New), (kept.version, &kept.digest())).await?;
        anyhow::ensure!(sent == SendOutcome::Sent, "the demo's request was not sent: {sent:?} {:?}", kept.checks);
    }
    Ok(())
}

/// Writes what became of some sign-outs: most were taken, the last ones were not.
pub async fn fail_sign_outs(app: &App, now: Timestamp) -> anyhow::Result<()> {
    let found = clients::store::find(&mut app.db.read().await?, &ClientId::new(FAILING_CLIENT)).await?;
    let Some(client) = found else { return Ok(()) };
    for (hours, state, problem) in [
        (140, DeliveryState::Delivered, None),
        (97, DeliveryState::Delivered, None),
        (31, DeliveryState::Delivered, None),
        (26, DeliveryState::Refused, Some("answered 400")),
        (7, DeliveryState::GivenUp, Some("answered 503")),
        (3, DeliveryState::GivenUp, Some("answered 503")),
    ] {
        let op = at(app, now.minus(Span::hours(hours)));
        let id = row_id(op.now, app.rng.as_ref());
        let party = LogoutRecipient {
            client_id: client.id.clone(),
            sid: ClientSessionId::new(id.as_str()),
            is_usable: true,
            meta: client.meta.clone(),
        };
        let mut tx = op.write(Durability::Relaxed).await?;
        logouts::store::insert(&mut tx, op.now, &id, &party, None).await?;
        logouts::store::record_attempt(&mut tx, op.now, &id, state, problem).await?;
        tx.commit().await?;
    }
    Ok(())
}
