//! `/admin/services/…/essai`: a test sign-in at a relying party, or at one that is asked for.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::{GatedResult, review_path, service_path};
use crate::administrators::extract::Opened;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame};
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::RoleGrant;
use crate::app::AppState;
use crate::client_admin::ops::ServiceFile;
use crate::client_admin::ops::review::RequestFile;
use crate::client_admin::ops::test_sign_in::{self, TestSignInRun, TestedService};
use crate::client_admin::views::test_sign_in::{
    TestEncryptionView, TestPersonView, TestResultView, TestSignInPage, TestStepView, TestTokenView, WithheldView,
};
use crate::clients::ClientState;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::request_context::RequestContext;
use crate::oidc::test_sign_in::outcome::{ShownEncryption, ShownToken, TestSignIn, TestStep};
use crate::oidc::test_sign_in::person::{FictitiousPerson, TestPlaces};
use crate::oidc::test_sign_in::withheld::Withheld;
use crate::protocol::redirect::with_query;

fn token_view(token: ShownToken) -> TestTokenView {
    let ShownToken { header, claims, compact, is_verified } = token;
    TestTokenView { header, claims, compact, is_verified }
}

fn encryption_view(encryption: ShownEncryption) -> TestEncryptionView {
    let ShownEncryption { alg, enc, kid, has_key } = encryption;
    TestEncryptionView { alg, enc, kid, has_key }
}

fn result_view(given_name: String, test: TestSignIn) -> TestResultView {
    let step = |step: TestStep| TestStepView { kind: step.kind.name(), request: step.request, answer: step.answer };
    let withheld = |line: Withheld| WithheldView { name: line.name, reason: line.reason.name(), value: line.value };
    TestResultView {
        given_name,
        outcome: test.outcome.name(),
        error: test.error.map(|error| (error.code.name(), error.description.into_owned())),
        steps: test.steps.into_iter().map(step).collect(),
        id_token: test.id_token.map(token_view),
        id_token_encryption: test.id_token_encryption.map(encryption_view),
        userinfo: test.userinfo,
        userinfo_token: test.userinfo_token.map(token_view),
        userinfo_encryption: test.userinfo_encryption.map(encryption_view),
        withheld: test.withheld.into_iter().map(withheld).collect(),
    }
}

/// Returns what differs from a real sign-in.
fn notes(ctx: &RequestContext, tested: &TestedService) -> Vec<&'static str> {
    let client = &tested.client;
    let needs = client.requirements();
    let state = match client.state {
        ClientState::Active => None,
        ClientState::Pending => Some("pending"),
        ClientState::Suspended => Some("suspended"),
        ClientState::Gone => Some("gone"),
    };
    let said = [
        ("draft", !tested.is_registered),
        ("trial", client.is_on_trial(ctx.now)),
        ("consent", client.meta.consent),
        ("signed_request", needs.signed_request),
        ("dpop", needs.dpop),
    ];
    state.into_iter().chain(said.into_iter().filter(|(_, holds)| *holds).map(|(word, _)| word)).collect()
}

fn persons(tested: &TestedService, places: &TestPlaces, chosen: Option<FictitiousPerson>) -> Vec<TestPersonView> {
    let view = |kind: FictitiousPerson| TestPersonView {
        word: kind.name(),
        school: match kind {
            FictitiousPerson::Siblings => places.elsewhere.name.clone(),
            FictitiousPerson::Outside => places.outside.name.clone(),
            _ => places.inside.name.clone(),
        },
        is_chosen: chosen == Some(kind),
    };
    FictitiousPerson::offered(&tested.client.meta.perimeter).into_iter().map(view).collect()
}

/// A page of a test: whose it is, and what was chosen.
struct TestPageOf<'a> {
    on_duty: &'a OnDuty,
    tested: &'a TestedService,
    back: String,
    places: &'a TestPlaces,
    chosen: Option<FictitiousPerson>,
}

async fn page(app: &AppState, ctx: &RequestContext, of: TestPageOf<'_>) -> anyhow::Result<TestSignInPage> {
    let client = &of.tested.client;
    let site = client.meta.initiate_login_uri.as_deref().filter(|_| of.tested.is_registered && client.is_usable());
    Ok(TestSignInPage {
        frame: frame(app, ctx, of.on_duty).await?.in_room("services"),
        client_id: client.id.to_string(),
        name: client.meta.client_name.clone(),
        back: of.back,
        is_request: !of.tested.is_registered,
        persons: persons(of.tested, of.places, of.chosen),
        notes: notes(ctx, of.tested),
        site: site.map(|uri| with_query(uri, &[("iss", app.issuer())])),
        is_unknown_person: false,
        is_limited: false,
        result: None,
    })
}

/// Returns the role by which a test is permitted.
async fn permit(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    tested: &TestedService,
) -> Result<RoleGrant, Response> {
    on_duty.permit(app, ctx, AdminAct::TestSignIn, &tested.places).await
}

async fn show_page(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    (tested, back): (&TestedService, String),
) -> GatedResult {
    permit(app, ctx, on_duty, tested).await?;
    let op = on_duty.operation(app, ctx, None);
    let places = test_sign_in::find_places(&op, &tested.client.meta.perimeter).await.map_err(failed)?;
    let of = TestPageOf { on_duty, tested, back, places: &places, chosen: None };
    let page = page(app, ctx, of).await.map_err(failed)?;
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}

async fn run_page(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    (tested, back, form): (&TestedService, String, &Form),
) -> GatedResult {
    let grant = permit(app, ctx, on_duty, tested).await?;
    let op = on_duty.operation(app, ctx, Some(&grant));
    let perimeter = &tested.client.meta.perimeter;
    let places = test_sign_in::find_places(&op, perimeter).await.map_err(failed)?;
    let typed = form.0.get("personne").and_then(|word| word.parse::<FictitiousPerson>().ok());
    let chosen = typed.filter(|kind| FictitiousPerson::offered(perimeter).contains(kind));
    let page = page(app, ctx, TestPageOf { on_duty, tested, back, places: &places, chosen }).await.map_err(failed)?;
    let Some(kind) = chosen else {
        let page = TestSignInPage { is_unknown_person: true, ..page };
        return ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response);
    };
    let done = Box::pin(test_sign_in::run(&op, on_duty, tested, (kind, &places))).await.map_err(failed)?;
    let (person, test) = match done {
        TestSignInRun::Done(done) => *done,
        TestSignInRun::NotPermitted => return Err(PageError::NotFound.into_response()),
        TestSignInRun::TooMany => {
            let page = TestSignInPage { is_limited: true, ..page };
            return ctx.page(&app.pages, StatusCode::TOO_MANY_REQUESTS, &page).map_err(PageError::into_response);
        }
    };
    let page = TestSignInPage { result: Some(result_view(person.account.given_name, test)), ..page };
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}

/// GET: the fictitious persons of a relying party.
pub async fn of_service(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id: client_id }: Opened<ServiceFile>,
) -> GatedResult {
    let tested = TestedService::of_service(&file);
    show_page(&app, &ctx, &on_duty, (&tested, service_path(&client_id))).await
}

/// POST: a test sign-in at a relying party. The answer shows it; nothing of it is kept.
pub async fn run_service(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id: client_id }: Opened<ServiceFile>,
    form: Form,
) -> GatedResult {
    let tested = TestedService::of_service(&file);
    run_page(&app, &ctx, &on_duty, (&tested, service_path(&client_id), &form)).await
}

/// GET: the fictitious persons of what a request asks for.
pub async fn of_request(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id }: Opened<RequestFile>,
) -> GatedResult {
    let tested = TestedService::of_request(&file);
    show_page(&app, &ctx, &on_duty, (&tested, review_path(&id))).await
}

/// POST: a test sign-in at what a request asks for.
pub async fn run_request(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id }: Opened<RequestFile>,
    form: Form,
) -> GatedResult {
    let tested = TestedService::of_request(&file);
    run_page(&app, &ctx, &on_duty, (&tested, review_path(&id), &form)).await
}
