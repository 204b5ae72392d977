//! Tests of every page in every state and language.

mod forms;
mod markup;
mod messages;
mod ways_on;
mod words;

use std::collections::BTreeSet;

use scraper::{Html, Selector};

use super::*;
use crate::{
    activation, administrators, announcement_admin, client_admin, clients, console, emails, federation, figures,
    helpdesk, http, interactions, journal, login, my_account, oidc, recovery, regroup, roster_admin, school_admin,
};

const HERE: &str = "/connexion?i=abc&lang=fr&client_id=mon-ent";

fn pages() -> PageRenderer {
    PageRenderer::load("Mon compte École", "assistance@academie.example").unwrap()
}

struct RenderedPage {
    name: String,
    lang: Lang,
    html: String,
}

fn draw<P: Page>(pages: &PageRenderer, out: &mut Vec<RenderedPage>) {
    for lang in Lang::ALL {
        for (n, sample) in P::samples().iter().enumerate() {
            let view = View { lang, path_and_query: HERE };
            let name = format!("{}-{n}-{}", P::TEMPLATE.trim_end_matches(".html").replace('/', "-"), lang.tag());
            let html = pages.render(&view, sample).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(html, pages.render(&view, sample).unwrap(), "{name} is drawn differently the second time");
            out.push(RenderedPage { name, lang, html });
        }
    }
}

macro_rules! every_page {
    ($pages:expr, $($page:ty),* $(,)?) => {{
        let mut out = Vec::new();
        $(draw::<$page>($pages, &mut out);)*
        let named: BTreeSet<&str> = [$(<$page as Page>::TEMPLATE),*].into();
        (out, named)
    }};
}

fn every_page(pages: &PageRenderer) -> (Vec<RenderedPage>, BTreeSet<&'static str>) {
    use activation::views as act;
    every_page!(
        pages,
        login::views::LoginPage,
        login::views::MustChangePasswordPage,
        login::views::FactorPage,
        login::views::LostFactorsPage,
        login::views::FactorExpiredPage,
        login::views::FactorMissingPage,
        emails::views::EmailPage,
        federation::views::UpstreamListPage,
        federation::views::UpstreamFailedPage,
        administrators::views::AdminReloadPage,
        administrators::views::AdminSignInPage,
        administrators::views::InvitationPage,
        administrators::views::InvitationEndedPage,
        administrators::views::AdminProofPage,
        administrators::views::MePage,
        administrators::views::AddAdminPasskeyPage,
        administrators::views::ApiTokensPage,
        administrators::views::NewApiTokenPage,
        administrators::views::TeamPage,
        administrators::views::ReviewRolePage,
        console::views::HomePage,
        console::views::SystemPage,
        console::views::api::ApiReferencePage,
        client_admin::views::list::ServiceListPage,
        client_admin::views::ServicePage,
        client_admin::views::request_form::RequestFormPage,
        client_admin::views::review::ReviewPage,
        client_admin::views::test_sign_in::TestSignInPage,
        school_admin::views::list::SchoolListPage,
        school_admin::views::SchoolPage,
        school_admin::views::order::CampaignReviewPage,
        school_admin::views::reminders::ReminderOrderPage,
        school_admin::views::reminders::ReminderReviewPage,
        school_admin::views::letters::LetterBatchesPage,
        school_admin::views::letters::LetterBatchPage,
        figures::views::FiguresPage,
        journal::views::JournalPage,
        roster_admin::views::UploadListPage,
        roster_admin::views::UploadPage,
        announcement_admin::views::AnnouncementListPage,
        announcement_admin::views::AnnouncementReviewPage,
        helpdesk::views::PeoplePage,
        helpdesk::views::PersonPage,
        helpdesk::views::SupportCodePage,
        my_account::views::ChangePasswordPage,
        my_account::views::AddApplicationPage,
        my_account::views::ApplicationCodePage,
        my_account::views::BackupCodesPage,
        my_account::views::RemoveApplicationPage,
        my_account::views::ChildCodePage,
        my_account::views::MyChildrenPage,
        my_account::views::CloseAccountPage,
        my_account::views::DisownPhonePage,
        my_account::views::ProvePhonePage,
        my_account::views::EventsPage,
        my_account::views::OwnDataPage,
        my_account::views::AddPasskeyPage,
        my_account::views::PasskeyPage,
        my_account::views::SecurityPage,
        my_account::views::ServicesPage,
        my_account::views::UpstreamLinkPage,
        regroup::views::RegroupPage,
        regroup::views::RegroupFactorPage,
        regroup::views::RegroupChoicePage,
        recovery::views::ForgottenPasswordPage,
        recovery::views::RecoveryCodePage,
        recovery::views::RecoveryChildrenPage,
        recovery::views::NewPasswordPage,
        recovery::views::LetterPage,
        recovery::views::OwnBirthPage,
        recovery::views::NewPasswordDone,
        recovery::views::RecoveryFactorPage,
        recovery::views::RecoveryEnded,
        recovery::views::RecoveryExpired,
        recovery::views::UnknownRecovery,
        act::IdentityPage,
        act::CodePage,
        act::ChildrenPage,
        act::PasswordPage,
        act::SheetPage,
        act::DonePage,
        act::CampaignNotOpen,
        act::CampaignClosed,
        act::AlreadyActive,
        act::AccountSuspended,
        act::NobodyToAttach,
        act::NoBirthDateRight,
        act::AllChildrenDenied,
        act::ActivationExpired,
        act::UnknownActivation,
        act::ActivationSuperseded,
        my_account::views::AccountPage,
        my_account::views::FederatedAccountPage,
        oidc::views::NothingInPerimeter,
        oidc::views::KnownTomorrow,
        oidc::authorization::views::TrialFull,
        oidc::views::RequestRefused,
        oidc::views::RequestExpired,
        interactions::views::Continue,
        oidc::views::ContinueLogout,
        oidc::views::LogoutConfirm,
        oidc::views::LoggedOut,
        oidc::views::FormPost,
        oidc::views::ConsentPage,
        http::views::NotFound,
        http::views::InternalError,
        http::views::Overloaded,
        http::views::Forbidden,
        http::views::TooLarge,
        http::views::BadForm,
        http::views::InternetExplorer,
        http::views::MethodNotAllowed,
        http::views::Help,
        http::views::PasswordHelp,
        http::views::Privacy,
        http::views::Accessibility,
    )
}

fn texts(html: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    html.select(&selector).map(|found| found.text().collect::<String>().trim().to_owned()).collect()
}

fn attributes<'a>(html: &'a Html, selector: &str, name: &str) -> Vec<&'a str> {
    let selector = Selector::parse(selector).unwrap();
    html.select(&selector).filter_map(|found| found.value().attr(name)).collect()
}

#[test]
fn assets_are_served_under_a_name_that_changes_with_them() {
    let css = asset("preau.css").unwrap();
    assert_eq!(css.content_type, "text/css; charset=utf-8");
    assert!(assets::link("preau.css").ends_with(css.etag.trim_matches('"')));
    assert_eq!(asset("preau.js").unwrap().content_type, "text/javascript; charset=utf-8");
    for name in ["../messages/fr.ftl", "fr.ftl", "nothing.css", "", "x/../preau.css"] {
        assert!(asset(name).is_none(), "{name}");
    }
}

/// Writes every sample to a file, for viewing in a browser: `cargo test --lib dump -- --ignored`.
#[test]
#[ignore = "writes files for the eye"]
fn dump_every_page() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages");
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    for name in ["preau.css", "console.css", "preau.js", "passkeys.js", "favicon.svg"] {
        std::fs::write(folder.join("assets").join(name), asset(name).unwrap().bytes).unwrap();
    }
    for RenderedPage { name, html, .. } in every_page(&pages()).0 {
        // The pages are opened as files: assets are in the same folder, and the redirecting page must not redirect.
        let html = html.replace("\"/assets/", "\"assets/").replace("http-equiv=\"refresh\"", "name=\"refresh\"");
        std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
    }
}
