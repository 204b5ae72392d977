//! The doors of programs: every operation of the Admin API with the right that it asks for. An order is for a version
//! that there is not, so that whoever may is told that it changed, and nothing is done.

use preau::administrators::roles::AdminAct;
use preau::helpdesk::ops::repairs::HelpdeskAct;

use crate::console_matrix::doors::{Mark, MarkText};
use crate::console_matrix::house::{HOLDER_NAME, JOURNAL_REASON, Thing};
use crate::console_matrix::people::{
    CLASS, CLIENT, FILE_CLIENT, Needs, SCHOOL, SCHOOL_BY_CLASS, WHOLE_CLIENT, Within, at,
};

/// A form without a file.
pub const FORM: &str = "--XyZ--\r\n";

/// An operation, what it is called with, and the right that it asks for beside its scope.
#[derive(Clone, Debug)]
pub struct ProgramDoor {
    /// The `operationId`.
    pub id: &'static str,
    /// The thing that the path, the query or the body names.
    pub thing: Thing,
    /// The query, and the body of JSON; both may name the thing.
    pub query: &'static str,
    pub body: Option<&'static str>,
    pub needs: Needs,
    /// The answers to whoever may.
    pub answers: &'static [u16],
    pub marks: Vec<Mark>,
}

impl ProgramDoor {
    /// Sets the query.
    fn asked(self, query: &'static str) -> Self {
        ProgramDoor { query, ..self }
    }

    /// Sets the body.
    fn with(self, body: &'static str) -> Self {
        ProgramDoor { body: Some(body), ..self }
    }

    fn answers(self, answers: &'static [u16]) -> Self {
        ProgramDoor { answers, ..self }
    }

    /// Adds the mark of a thing in a list.
    fn shows(mut self, of: MarkText, needs: Needs) -> Self {
        self.marks.push(Mark { of, needs });
        self
    }
}

/// An operation that is answered to whoever may.
fn told(id: &'static str, thing: Thing, needs: Needs) -> ProgramDoor {
    ProgramDoor { id, thing, query: "", body: None, needs, answers: &[200], marks: Vec::new() }
}

/// An order for a version that there is not.
fn stale(id: &'static str, thing: Thing, needs: Needs) -> ProgramDoor {
    told(id, thing, needs).answers(&[412])
}

fn act(act: AdminAct, within: Within) -> Needs {
    at(&[(act, within)])
}

fn clients() -> Vec<ProgramDoor> {
    let sees = || act(AdminAct::SeeServices, CLIENT);
    let suspends = || act(AdminAct::SuspendClient, WHOLE_CLIENT);
    let draws = || act(AdminAct::DrawSecret, WHOLE_CLIENT);
    let asks = || Needs::Somewhere(AdminAct::RequestClient);
    let changes = || act(AdminAct::ChangeClient, FILE_CLIENT);
    let of_file = r#"{"changes":"{it}"}"#;
    vec![
        told("list_clients", Thing::Nothing, Needs::Somewhere(AdminAct::SeeServices))
            .shows(MarkText::Words("\"atelier\""), sees())
            .shows(MarkText::Words("\"ent\""), act(AdminAct::SeeServices, FILE_CLIENT)),
        told("get_client", Thing::Client, sees()),
        told("list_deliveries", Thing::Client, sees()),
        stale("suspend_client", Thing::Client, suspends()).with(r#"{"reason":"Essai"}"#),
        stale("resume_client", Thing::Client, suspends()).asked("reason=Essai"),
        stale("draw_secret", Thing::Client, draws()).with("{}"),
        stale("close_former_secret", Thing::Client, draws()),
        told("check_client", Thing::Nothing, asks()).with("{}"),
        // A file decides.
        told("check_client", Thing::FileClient, changes()).with(of_file).answers(&[409]),
        told("request_client", Thing::FileClient, changes()).with(of_file).answers(&[409]),
        // This keeps a draft.
        told("request_client", Thing::Nothing, asks()).with("{}").answers(&[201]),
        told("list_client_requests", Thing::Nothing, Needs::Somewhere(AdminAct::ChangeClient))
            .shows(MarkText::Id(Thing::Request), Needs::Author)
            .shows(MarkText::Id(Thing::RequestDraft), Needs::Author),
        told("get_client_request", Thing::Request, Needs::Author),
        told("get_client_request", Thing::RequestDraft, Needs::Author),
        stale("change_client_request", Thing::Request, Needs::Author).with(r#"{"state":"withdrawn"}"#),
        stale("change_client_request", Thing::RequestDraft, Needs::Author).with(r#"{"note":"Essai"}"#),
    ]
}

fn schools() -> Vec<ProgramDoor> {
    let sees = || act(AdminAct::SeeSchool, SCHOOL_BY_CLASS);
    let changes = || act(AdminAct::ChangeCampaign, SCHOOL);
    vec![
        told("list_schools", Thing::Nothing, Needs::Somewhere(AdminAct::SeeSchool))
            .shows(MarkText::Id(Thing::School), sees()),
        told("get_school", Thing::School, sees()),
        told("get_funnel", Thing::School, sees()),
        told("list_unreachable", Thing::School, sees())
            .shows(MarkText::Words("\"names_shown\":true"), Needs::Somewhere(AdminAct::SeeParents)),
        stale("change_campaign", Thing::School, changes()).with(r#"{"order":"extend","days":7}"#),
        told("preview_reminders", Thing::School, changes()),
        stale("order_reminders", Thing::School, changes()),
        told("list_reminder_orders", Thing::School, changes()).shows(MarkText::Id(Thing::ReminderOrder), changes()),
        // Nothing of it waits any more.
        told("cancel_reminders", Thing::ReminderOrder, changes()).answers(&[409]),
    ]
}

fn rosters() -> Vec<ProgramDoor> {
    let gives = || act(AdminAct::UploadRoster, SCHOOL);
    vec![
        told("list_imports", Thing::Nothing, Needs::Somewhere(AdminAct::UploadRoster))
            .shows(MarkText::Id(Thing::Upload), gives()),
        told("get_import", Thing::Upload, gives()),
        told("list_import_changes", Thing::Upload, gives()),
        told("list_import_lines", Thing::Upload, gives()),
        told("upload_roster", Thing::School, gives()).asked("format=siecle").with(FORM).answers(&[422]),
        stale("decide_import", Thing::Upload, gives()).with(r#"{"choice":"refuse","reason":"Essai"}"#),
        stale("stop_import", Thing::Upload, gives()),
        stale("undo_import", Thing::Upload, gives()).with(r#"{"reason":"Essai"}"#),
    ]
}

fn people() -> Vec<ProgramDoor> {
    let sees_parent = || act(AdminAct::SeeParents, CLASS);
    let somewhere = || Needs::Somewhere(AdminAct::SeePupils);
    let mut doors = vec![
        told("search_persons", Thing::Nothing, somewhere())
            .asked("q=durand")
            .shows(MarkText::Id(Thing::Parent), sees_parent())
            .shows(MarkText::Id(Thing::Pupil), act(AdminAct::SeePupils, CLASS)),
        told("get_support_code", Thing::Code, somewhere()).shows(MarkText::Id(Thing::Parent), sees_parent()),
    ];
    // Without a reason nothing is done.
    let repairs = [
        (HelpdeskAct::Reopen, r#"{"kind":"reopen","reason":" ","identity_check":"paper"}"#),
        (HelpdeskAct::GiveTriesBack, r#"{"kind":"give_tries_back","reason":" ","identity_check":"paper"}"#),
        (HelpdeskAct::LiftContest, r#"{"kind":"lift_contest","reason":" ","identity_check":"paper"}"#),
    ];
    for (thing, sees) in [(Thing::Parent, AdminAct::SeeParents), (Thing::Pupil, AdminAct::SeePupils)] {
        doors.push(told("get_diagnosis", thing, act(sees, CLASS)));
        for (one, body) in repairs {
            let needs = at(&[(sees, CLASS), (one.needs(), CLASS)]);
            doors.push(told("repair_person", thing, needs).with(body).answers(&[422]));
        }
    }
    doors
}

fn read_only() -> Vec<ProgramDoor> {
    let reads = || act(AdminAct::ReadJournal, SCHOOL);
    vec![
        told("get_token", Thing::Nothing, Needs::SignedIn),
        told("list_administrators", Thing::Nothing, Needs::Somewhere(AdminAct::SeeTeam))
            .shows(MarkText::Words(HOLDER_NAME), act(AdminAct::SeeTeam, CLASS)),
        told("list_events", Thing::Nothing, Needs::Somewhere(AdminAct::ReadJournal))
            .asked("kind=rosters")
            .shows(MarkText::Words(JOURNAL_REASON), reads()),
        told("get_figures", Thing::School, act(AdminAct::ReadFigures, SCHOOL)).asked("territory=school:{it}"),
    ]
}

/// Returns every door of programs.
pub fn every_program_door() -> Vec<ProgramDoor> {
    [clients(), schools(), rosters(), people(), read_only()].concat()
}
