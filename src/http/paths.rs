//! Every path of the public listener, once: for the router, links, redirects and the discovery document.

pub const DISCOVERY: &str = "/.well-known/openid-configuration";
pub const AUTHORIZE: &str = "/oauth2/authorize";
pub const TOKEN: &str = "/oauth2/token";
pub const USERINFO: &str = "/oauth2/userinfo";
pub const JWKS: &str = "/oauth2/jwks";
pub const PAR: &str = "/oauth2/par";
pub const INTROSPECT: &str = "/oauth2/introspect";
pub const REVOKE: &str = "/oauth2/revoke";
pub const REGISTER: &str = "/oauth2/register";
pub const LOGOUT: &str = "/oauth2/logout";

/// The address of what gateways by HTTP say later of messages; it may end with their secret, and is not logged whole.
pub const SMS_RECEIPTS: &str = "/sms/receipts";

pub const HOME: &str = "/";
pub const SIGN_IN: &str = "/connexion";
pub const AFTER_SIGN_IN: &str = "/connexion/suite";
/// Leads an account without a password to its upstream, and back to the page named by `vers`.
pub const ACCOUNT_UPSTREAM_PROOF: &str = "/compte/confirmer";
/// The page of the second factor.
pub const FACTOR: &str = "/connexion/preuve";
/// The pages of the account that go on after a second factor, named to [`FACTOR`] by `vers`.
pub const FACTOR_ERRANDS: [&str; 13] = [
    ACCOUNT_UPSTREAM,
    ACCOUNT_PASSKEY,
    ACCOUNT_PASSKEY_LOST,
    ACCOUNT_APPLICATION,
    ACCOUNT_BACKUP_CODES,
    ACCOUNT_EMAIL,
    ACCOUNT_CHILDREN,
    ACCOUNT_CLOSE,
    ACCOUNT_DATA,
    ACCOUNT_PHONE,
    ACCOUNT_PASSWORD,
    ACCOUNT_REGROUP,
    ACCOUNT_SECURITY,
];

/// Returns the page of the account that is named by `vers`.
pub fn errand(word: &str) -> Option<&'static str> {
    FACTOR_ERRANDS
        .into_iter()
        .find(|path| path.strip_prefix(ACCOUNT).and_then(|rest| rest.strip_prefix('/')) == Some(word))
}
/// The list of the academies, for somebody who works at a school; below it, each upstream by its id.
pub const FEDERATION: &str = "/federation";
pub const UPSTREAM: &str = "/federation/{id}";
pub const UPSTREAM_CALLBACK: &str = "/federation/{id}/retour";
pub const FORGOTTEN_IDENTIFIANT: &str = "/identifiant-oublie";
pub const FORGOTTEN_PASSWORD: &str = "/mot-de-passe-oublie";
pub const RECOVERY_CODE: &str = "/mot-de-passe-oublie/code";
pub const RECOVERY_RESEND_CODE: &str = "/mot-de-passe-oublie/renvoyer";
pub const RECOVERY_BY_MAIL: &str = "/mot-de-passe-oublie/e-mail";
pub const RECOVERY_BY_SMS: &str = "/mot-de-passe-oublie/sms";
pub const RECOVERY_CHILDREN: &str = "/mot-de-passe-oublie/enfants";
pub const RECOVERY_BIRTH: &str = "/mot-de-passe-oublie/naissance";
pub const RECOVERY_FACTOR: &str = "/mot-de-passe-oublie/preuve";
pub const RECOVERY_PASSWORD: &str = "/mot-de-passe-oublie/mot-de-passe";
pub const RECOVERY_OUTCOME: &str = "/mot-de-passe-oublie/suite";
pub const RECOVERY_DONE: &str = "/mot-de-passe-oublie/termine";
pub const ACCOUNT: &str = "/compte";
pub const ACCOUNT_EMAIL: &str = "/compte/adresse";
pub const ACCOUNT_EMAIL_CODE: &str = "/compte/adresse/code";
pub const ACCOUNT_EMAIL_TAKE_BACK: &str = "/compte/adresse/reprendre";
pub const ACCOUNT_EMAIL_REMOVE: &str = "/compte/adresse/retirer";
pub const ACCOUNT_ADD_CHILD: &str = "/compte/enfants/ajouter";
pub const ACCOUNT_CHILDREN: &str = "/compte/enfants";
pub const ACCOUNT_CHILD_LETTER: &str = "/compte/enfants/lettre";
pub const ACCOUNT_CHILD_CODE: &str = "/compte/enfants/code";
pub const ACCOUNT_APPLICATION: &str = "/compte/application";
pub const ACCOUNT_APPLICATION_CODE: &str = "/compte/application/code";
pub const ACCOUNT_APPLICATION_REMOVE: &str = "/compte/application/retirer";
pub const ACCOUNT_BACKUP_CODES: &str = "/compte/codes-de-secours";
pub const ACCOUNT_CLOSE: &str = "/compte/fermer";
pub const ACCOUNT_DATA: &str = "/compte/donnees";
pub const ACCOUNT_EVENTS: &str = "/compte/evenements";
pub const ACCOUNT_REGROUP: &str = "/compte/regrouper";
pub const ACCOUNT_REGROUP_CHOICE: &str = "/compte/regrouper/choix";
pub const ACCOUNT_REGROUP_FACTOR: &str = "/compte/regrouper/preuve";
pub const ACCOUNT_REGROUP_UNDO: &str = "/compte/regrouper/defaire";
pub const ACCOUNT_PHONE: &str = "/compte/portable";
pub const ACCOUNT_PHONE_PROOF: &str = "/compte/portable/verifier";
pub const ACCOUNT_PHONE_QUESTION: &str = "/compte/portable/toujours";
pub const ACCOUNT_PHONE_CODE: &str = "/compte/portable/verifier/code";
/// The link of the account to an upstream of parents.
pub const ACCOUNT_UPSTREAM: &str = "/compte/franceconnect";
pub const ACCOUNT_SERVICES: &str = "/compte/services";
pub const ACCOUNT_SECURITY: &str = "/compte/securite";
pub const ACCOUNT_NOTICE: &str = "/compte/evenement";
/// The page that adds a passkey.
pub const ACCOUNT_PASSKEY: &str = "/compte/cle";
pub const ACCOUNT_PASSKEY_ADD: &str = "/compte/cle/ajouter";
/// The page that adds another passkey for somebody who has none of theirs at hand.
pub const ACCOUNT_PASSKEY_LOST: &str = "/compte/cle/perdue";
/// Answers « Plus tard » to the offer of a passkey.
pub const ACCOUNT_PASSKEY_LATER: &str = "/compte/cle/plus-tard";
pub const ACCOUNT_PASSKEY_EDIT: &str = "/compte/cle/modifier";
pub const ACCOUNT_PASSKEY_REMOVE: &str = "/compte/cle/retirer";
pub const ACCOUNT_PASSWORD: &str = "/compte/mot-de-passe";
/// The well-known URL of the W3C for changing passwords.
pub const CHANGE_PASSWORD: &str = "/.well-known/change-password";
pub const WITHDRAW_CONSENT: &str = "/compte/services/retirer";
pub const CONSENT: &str = "/consentement";
pub const SIGN_OUT: &str = "/deconnexion";
pub const CONFIRM_SIGN_OUT: &str = "/deconnexion/confirmer";
pub const AFTER_SIGN_OUT: &str = "/deconnexion/suite";

pub const ACTIVATION: &str = "/activation";
pub const ACTIVATION_CODE: &str = "/activation/code";
pub const ACTIVATION_RESEND_CODE: &str = "/activation/code/renvoyer";
pub const ACTIVATION_OUTCOME: &str = "/activation/suite";
pub const ACTIVATION_NEW_PASSWORD: &str = "/activation/nouveau-mot-de-passe";
pub const ACTIVATION_CHILDREN: &str = "/activation/enfants";
pub const ACTIVATION_PASSWORD: &str = "/activation/mot-de-passe";
pub const ACTIVATION_SHEET: &str = "/activation/feuille";
pub const ACTIVATION_DONE: &str = "/activation/terminee";

/// The page that takes the code of a letter; printed on letters.
pub const LETTER: &str = "/lettre";

/// The console.
pub const ADMIN: &str = "/admin";
pub const ADMIN_SIGN_IN: &str = "/admin/connexion";
pub const ADMIN_SIGN_OUT: &str = "/admin/deconnexion";
/// Beside it the secret of an invitation.
pub const ADMIN_INVITATION: &str = "/admin/invitation";
/// The page of the fresh proof.
pub const ADMIN_PROOF: &str = "/admin/preuve";
pub const ADMIN_ME: &str = "/admin/moi";
pub const ADMIN_ADD_PASSKEY: &str = "/admin/moi/cle";
pub const ADMIN_REMOVE_PASSKEY: &str = "/admin/moi/cle/retirer";
pub const ADMIN_API_TOKENS: &str = "/admin/moi/jetons";
pub const ADMIN_NEW_API_TOKEN: &str = "/admin/moi/jetons/nouveau";
pub const ADMIN_REVOKE_API_TOKEN: &str = "/admin/moi/jetons/revoquer";
pub const ADMIN_TEAM: &str = "/admin/equipe";
pub const ADMIN_REVIEW_ROLE: &str = "/admin/equipe/relire";
pub const ADMIN_END_ROLE: &str = "/admin/equipe/terminer";
pub const ADMIN_APPROVE_ROLE: &str = "/admin/equipe/approuver";
/// People of a help desk; below it each one by id.
pub const ADMIN_PEOPLE: &str = "/admin/personnes";
/// Beside it a support code.
pub const ADMIN_CODES: &str = "/admin/codes";
/// The relying parties; below it each one by its `client_id`.
pub const ADMIN_SERVICES: &str = "/admin/services";
pub const ADMIN_REQUEST_SERVICE: &str = "/admin/services/demander";
/// Below it a request by id.
pub const ADMIN_REVIEW_SERVICE: &str = "/admin/services/relire";
/// The schools; below it, one by its UAI.
pub const ADMIN_SCHOOLS: &str = "/admin/etablissements";
pub const ADMIN_CAMPAIGN_ORDER: &str = "/admin/etablissements/campagne";
/// Beside it the id of a draft.
pub const ADMIN_REVIEW_CAMPAIGN: &str = "/admin/etablissements/relire";
/// Beside it the id of a draft of reminders.
pub const ADMIN_REVIEW_REMINDER: &str = "/admin/etablissements/rappel";
/// Orders of reminders: below it, one by its id.
pub const ADMIN_REMINDER_ORDERS: &str = "/admin/etablissements/rappels";
/// Rosters given on screen; below it, one by its id.
pub const ADMIN_ROSTERS: &str = "/admin/bases";
pub const ADMIN_ROSTER_UPLOAD: &str = "/admin/bases/deposer";
/// Messages to visitors.
pub const ADMIN_ANNOUNCEMENTS: &str = "/admin/annonces";
/// Beside it the id of a draft.
pub const ADMIN_REVIEW_ANNOUNCEMENT: &str = "/admin/annonces/relire";
pub const ADMIN_END_ANNOUNCEMENT: &str = "/admin/annonces/terminer";
pub const ADMIN_SYSTEM: &str = "/admin/systeme";
/// Batches of letters; below it, one by its id.
pub const ADMIN_LETTERS: &str = "/admin/lettres";
pub const ADMIN_FIGURES: &str = "/admin/chiffres";
pub const ADMIN_FIGURES_CSV: &str = "/admin/chiffres/connexions.csv";
pub const ADMIN_JOURNAL: &str = "/admin/journal";
pub const ADMIN_JOURNAL_CSV: &str = "/admin/journal/export.csv";
pub const ADMIN_JOURNAL_JSON: &str = "/admin/journal/export.jsonl";
pub const ADMIN_RENEW_INVITATION: &str = "/admin/equipe/reinviter";

/// The page that describes the Admin API.
pub const API_REFERENCE: &str = "/api";
pub const API_DOCUMENT: &str = "/api/openapi.json";
/// The Admin API: below it, its endpoints.
pub const ADMIN_API: &str = "/api/admin/v1";

pub const HELP: &str = "/aide";
pub const PASSWORD_HELP: &str = "/aide/mot-de-passe";
pub const PRIVACY: &str = "/donnees";
pub const ACCESSIBILITY: &str = "/accessibilite";

/// The beginning of the paths of static files.
pub const ASSETS: &str = "/assets/";
pub const ASSET: &str = "/assets/{name}";
pub const CLIENT_LOGO: &str = "/clients/{client_id}/logo";

/// Returns the path that starts a sign-in through an upstream.
pub fn upstream_start(id: &str) -> String {
    UPSTREAM.replace("{id}", id)
}

/// Returns the path to which an upstream sends the browser back; its redirect URI ends so.
pub fn upstream_callback(id: &str) -> String {
    UPSTREAM_CALLBACK.replace("{id}", id)
}
