//! The entry, one's own page, tokens, the team, messages to visitors, the journal, the figures, the home and the
//! operator's page.

use preau::administrators::roles::AdminAct;

use super::{Door, IT, MarkText, Way, act, comes_back, door, leads, page, refused};
use crate::console_matrix::house::{ANNOUNCEMENT_TEXT, HOLDER_NAME, JOURNAL_REASON, Thing};
use crate::console_matrix::people::{ACADEMY, CLASS, EVERYTHING, Needs, SCHOOL, SOME_ACADEMY};

/// Gives the role back, and has it wait for agreement again.
const GIVEN_AGAIN: &str = "UPDATE admin_role SET ended_at = NULL, ended_by = NULL, approved_at = NULL, approved_by = NULL \
                           WHERE id = $1";
/// An id of nothing that is somebody's own.
const NOTHING_OWN: &str = "ffffffffffffffffffffffffffffffff";

pub fn doors_of_console() -> Vec<Door> {
    let mut doors = entry();
    doors.extend(own());
    doors.extend(team());
    doors.extend(announcements());
    doors.extend(read_only());
    doors
}

fn entry() -> Vec<Door> {
    let nobody = |way, route, answers| door(way, route, Thing::Nothing, Needs::Nobody, answers);
    vec![
        // Whoever is in goes on.
        nobody(Way::Get, "/admin/connexion", &[303]),
        nobody(Way::Post, "/admin/connexion", &[422]),
        nobody(Way::Get, "/admin/invitation/{token}", &[410]),
        nobody(Way::Post, "/admin/invitation/{token}", &[410]),
        // The sign-in was a proof.
        comes_back("/admin/preuve", Thing::Nothing),
        refused("/admin/preuve", Thing::Nothing, Needs::SignedIn),
    ]
}

fn own() -> Vec<Door> {
    let nothing = Thing::Nothing;
    vec![
        page("/admin/moi", nothing, Needs::SignedIn),
        page("/admin/moi/cle", nothing, Needs::SignedIn),
        leads("/admin/moi/cle", nothing, Needs::SignedIn),
        comes_back("/admin/moi/cle/retirer", nothing),
        leads("/admin/moi/cle/retirer", nothing, Needs::SignedIn).with(&[("cle", NOTHING_OWN)]),
        page("/admin/moi/jetons", nothing, Needs::SignedIn),
        page("/admin/moi/jetons/nouveau", nothing, Needs::SignedIn),
        refused("/admin/moi/jetons/nouveau", nothing, Needs::SignedIn),
        comes_back("/admin/moi/jetons/revoquer", nothing),
        leads("/admin/moi/jetons/revoquer", nothing, Needs::SignedIn).with(&[("jeton", NOTHING_OWN)]),
    ]
}

fn team() -> Vec<Door> {
    let mut doors = vec![
        page("/admin/equipe", Thing::Nothing, Needs::Somewhere(AdminAct::SeeTeam))
            .shows(MarkText::Words(HOLDER_NAME), act(AdminAct::SeeTeam, CLASS)),
        refused("/admin/equipe", Thing::Nothing, Needs::Somewhere(AdminAct::GiveRole)),
        // A draft is sealed for its author: of nobody else's, nor of none, anything is shown.
        comes_back("/admin/equipe/relire", Thing::Nothing),
        leads("/admin/equipe/relire", Thing::Nothing, Needs::SignedIn),
    ];
    // Each of these is done: the role is put back before the next one.
    for route in ["/admin/equipe/terminer", "/admin/equipe/approuver", "/admin/equipe/reinviter"] {
        doors.push(comes_back(route, Thing::Nothing));
        let gives = act(AdminAct::GiveRole, CLASS);
        doors.push(leads(route, Thing::Role, gives).with(&[("role", IT)]).reset_by(GIVEN_AGAIN));
    }
    doors
}

fn announcements() -> Vec<Door> {
    let writes = || act(AdminAct::Announce, ACADEMY);
    let stale = [("version", "99"), ("empreinte", "")];
    vec![
        page("/admin/annonces", Thing::Nothing, act(AdminAct::Announce, SOME_ACADEMY))
            .shows(MarkText::Words(ANNOUNCEMENT_TEXT), writes()),
        refused("/admin/annonces", Thing::Academy, writes()).with(&[("academie", IT)]),
        page("/admin/annonces/relire/{id}", Thing::AnnouncementDraft, Needs::Author),
        refused("/admin/annonces/relire/{id}", Thing::AnnouncementDraft, Needs::Author).with(&stale),
        comes_back("/admin/annonces/terminer", Thing::Nothing),
        // It has ended already, so that the same answer changes nothing.
        leads("/admin/annonces/terminer", Thing::Announcement, writes()).with(&[("annonce", IT)]),
    ]
}

fn read_only() -> Vec<Door> {
    let reads = || act(AdminAct::ReadJournal, SCHOOL);
    let figures = || act(AdminAct::ReadFigures, SCHOOL);
    let journal = |route| {
        page(route, Thing::Nothing, Needs::Somewhere(AdminAct::ReadOwnActs))
            .with(&[("gestes", "bases")])
            .shows(MarkText::Words(JOURNAL_REASON), reads())
    };
    let of_school = [("lieu", "school:{it}")];
    vec![
        page("/admin", Thing::Nothing, Needs::SignedIn)
            .shows(MarkText::Id(Thing::Upload), act(AdminAct::UploadRoster, SCHOOL)),
        page("/admin/systeme", Thing::Nothing, act(AdminAct::Configure, EVERYTHING)),
        journal("/admin/journal"),
        journal("/admin/journal/export.csv"),
        journal("/admin/journal/export.jsonl"),
        page("/admin/chiffres", Thing::Nothing, Needs::Somewhere(AdminAct::ReadFigures)),
        page("/admin/chiffres", Thing::School, figures()).with(&of_school),
        page("/admin/chiffres/connexions.csv", Thing::Nothing, Needs::Somewhere(AdminAct::ReadFigures)),
        page("/admin/chiffres/connexions.csv", Thing::School, figures()).with(&of_school),
    ]
}

/// Returns the last door: it ends the session.
pub fn sign_out() -> Door {
    leads("/admin/deconnexion", Thing::Nothing, Needs::SignedIn)
}
