//! The pages of the team.

use serde::Serialize;

use super::{ConsoleFrame, RoleLine};
use crate::http::pages::Page;

/// A role of the team.
#[derive(Clone, Debug, Serialize)]
pub struct TeamLine {
    pub id: String,
    pub administrator_id: String,
    pub name: String,
    pub role: RoleLine,
    /// `active`, `invited`, `waiting` (for another's agreement), `ended` (by its date).
    pub state: &'static str,
    pub passkeys: i64,
    pub has_totp: bool,
    pub seen: Option<String>,
    pub giver: Option<String>,
    pub may_end: bool,
    pub may_approve: bool,
    pub may_renew: bool,
}

/// The form of an invitation, as typed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TeamForm {
    pub name: String,
    pub email: String,
    pub role: String,
    pub territory: String,
    pub class: String,
    pub until: String,
    pub pupils_only: bool,
}

/// The field that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TeamFormError {
    Name,
    Email,
    Role,
    Territory,
    Until,
    Already,
}

/// `/admin/equipe`.
#[derive(Clone, Debug, Serialize)]
pub struct TeamPage {
    pub frame: ConsoleFrame,
    pub lines: Vec<TeamLine>,
    /// The address of the following lines.
    pub next: Option<String>,
    /// The roles that may be given; the ends of messages' keys.
    pub roles: Vec<&'static str>,
    pub form: TeamForm,
    pub error: Option<TeamFormError>,
    /// `given`, `ended`, `approved`, `renewed`.
    pub told: Option<&'static str>,
    /// The link of an invitation, where no mail leaves.
    pub link: Option<String>,
}

impl Page for TeamPage {
    const TEMPLATE: &'static str = "administrators/team.html";
    fn samples() -> Vec<Self> {
        let line = |name: &str, role: RoleLine, state| TeamLine {
            id: "0".repeat(32),
            administrator_id: "1".repeat(32),
            name: name.to_owned(),
            role,
            state,
            passkeys: 2,
            has_totp: false,
            seen: Some("aujourd'hui à 8\u{a0}h\u{a0}02".to_owned()),
            giver: Some("Nadia Kaci".to_owned()),
            may_end: true,
            may_approve: state == "waiting",
            may_renew: true,
        };
        let mut roles = RoleLine::samples().into_iter();
        let (academy, delegate) = (roles.next().unwrap_or_else(sample_role), roles.next().unwrap_or_else(sample_role));
        let lines = vec![
            line("Julien Fabre", academy, "waiting"),
            line("Samuel Costa", delegate.clone(), "active"),
            TeamLine { passkeys: 0, seen: None, giver: None, ..line("Anne Vidal", delegate.clone(), "invited") },
            TeamLine { has_totp: true, passkeys: 0, may_end: false, ..line("Odile Marty", delegate, "ended") },
        ];
        let page = TeamPage {
            frame: ConsoleFrame::sample().in_room("team"),
            lines,
            next: Some("/admin/equipe?apres=x".to_owned()),
            roles: vec!["academy", "school_head", "delegate"],
            form: TeamForm::default(),
            error: None,
            told: None,
            link: None,
        };
        let mut all = vec![page.clone()];
        for told in ["given", "ended", "approved", "renewed"] {
            all.push(TeamPage { told: Some(told), next: None, ..page.clone() });
        }
        let link = "http://localhost:8080/admin/invitation/x".to_owned();
        all.push(TeamPage { told: Some("given"), link: Some(link), ..page.clone() });
        let form =
            TeamForm { name: "Anne".to_owned(), role: "delegate".to_owned(), pupils_only: true, ..TeamForm::default() };
        for error in [
            TeamFormError::Name,
            TeamFormError::Email,
            TeamFormError::Role,
            TeamFormError::Territory,
            TeamFormError::Until,
            TeamFormError::Already,
        ] {
            all.push(TeamPage { form: form.clone(), error: Some(error), ..page.clone() });
        }
        all.push(TeamPage { lines: Vec::new(), roles: Vec::new(), ..page });
        all
    }
}

fn sample_role() -> RoleLine {
    RoleLine { role: "auditor", place: String::new(), class: String::new(), pupils_only: false, until: None }
}

/// `/admin/equipe/relire`: an invitation read again before it is sent.
#[derive(Clone, Debug, Serialize)]
pub struct ReviewRolePage {
    pub frame: ConsoleFrame,
    /// The sealed draft.
    pub draft: String,
    pub name: String,
    pub email: String,
    pub role: RoleLine,
    /// True if another administrator must agree.
    pub needs_approval: bool,
    /// True if a mail leaves; else the link is shown.
    pub mails: bool,
}

impl Page for ReviewRolePage {
    const TEMPLATE: &'static str = "administrators/review_role.html";
    fn samples() -> Vec<Self> {
        RoleLine::samples()
            .into_iter()
            .map(|role| ReviewRolePage {
                frame: ConsoleFrame::sample().in_room("team"),
                draft: "0a1b2c3d.c2VhbGVk".to_owned(),
                name: "Anne Vidal".to_owned(),
                email: "a.vidal@ac-montpellier.example".to_owned(),
                needs_approval: role.role == "academy",
                mails: role.role != "national",
                role,
            })
            .collect()
    }
}
