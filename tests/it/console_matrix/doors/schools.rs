//! Schools, their campaigns and reminders, letters in batches, rosters given on screen.

use preau::administrators::roles::AdminAct;

use super::{Door, IT, MarkText, Way, act, comes_back, door, leads, page, refused};
use crate::console_matrix::house::{LETTERS_REASON, Thing};
use crate::console_matrix::people::{CLASS, Needs, SCHOOL, SCHOOL_BY_CLASS, at};

const UPLOAD: &str = "/admin/bases/{id}";

pub fn doors_of_schools() -> Vec<Door> {
    let mut doors = schools();
    doors.extend(letters());
    doors.extend(rosters());
    doors
}

fn schools() -> Vec<Door> {
    let sees = || act(AdminAct::SeeSchool, SCHOOL_BY_CLASS);
    let changes = || act(AdminAct::ChangeCampaign, SCHOOL);
    let exports = at(&[(AdminAct::SeeSchool, SCHOOL_BY_CLASS), (AdminAct::ExportPersons, SCHOOL)]);
    // An order that there is not is refused; a version that was not read, too.
    let order = [("ecole-{it}", "1"), ("geste", "rien"), ("jours", "7")];
    let stale = [("version", "99"), ("empreinte", "")];
    vec![
        // Whoever has one school is led to it.
        door(Way::Get, "/admin/etablissements", Thing::Nothing, Needs::Somewhere(AdminAct::SeeSchool), &[200, 303])
            .shows(MarkText::Id(Thing::School), sees()),
        page("/admin/etablissements/{uai}", Thing::School, sees()).shows(MarkText::Id(Thing::ReminderOrder), changes()),
        page("/admin/etablissements/{uai}/injoignables.csv", Thing::School, exports),
        comes_back("/admin/etablissements/campagne", Thing::Nothing),
        refused("/admin/etablissements/campagne", Thing::School, changes()).with(&order),
        page("/admin/etablissements/relire/{id}", Thing::CampaignDraft, Needs::Author),
        refused("/admin/etablissements/relire/{id}", Thing::CampaignDraft, Needs::Author).with(&stale),
        comes_back("/admin/etablissements/{uai}/rappel", Thing::School),
        // This keeps a draft, which sends nothing.
        leads("/admin/etablissements/{uai}/rappel", Thing::School, changes()),
        page("/admin/etablissements/rappel/{id}", Thing::ReminderDraft, Needs::Author),
        refused("/admin/etablissements/rappel/{id}", Thing::ReminderDraft, Needs::Author).with(&stale),
        page("/admin/etablissements/rappels/{id}", Thing::ReminderOrder, changes()),
        // Nothing of it waits any more.
        refused("/admin/etablissements/rappels/{id}", Thing::ReminderOrder, changes()),
    ]
}

fn letters() -> Vec<Door> {
    let prints = at(&[(AdminAct::PrintLetter, SCHOOL_BY_CLASS), (AdminAct::PrintLetters, SCHOOL)]);
    let class = [("uai", IT), ("pour", "eleve"), ("classe", "6 A"), ("raison", "")];
    let batch = || act(AdminAct::PrintLetter, CLASS);
    let withdraws = at(&[(AdminAct::PrintLetter, CLASS), (AdminAct::PrintLetters, SCHOOL)]);
    vec![
        page("/admin/lettres", Thing::Nothing, Needs::Somewhere(AdminAct::PrintLetter))
            .shows(MarkText::Words(LETTERS_REASON), act(AdminAct::PrintLetter, CLASS)),
        page("/admin/lettres", Thing::School, act(AdminAct::PrintLetter, SCHOOL_BY_CLASS)).with(&[("uai", IT)]),
        comes_back("/admin/lettres/imprimer", Thing::Nothing),
        // Neither without a choice nor without a reason.
        refused("/admin/lettres/imprimer", Thing::School, prints.clone()).with(&[("uai", IT)]),
        refused("/admin/lettres/imprimer", Thing::School, prints).with(&class),
        page("/admin/lettres/{id}", Thing::LetterBatch, batch()),
        // Without a reason.
        refused("/admin/lettres/{id}", Thing::LetterBatch, withdraws),
    ]
}

fn rosters() -> Vec<Door> {
    let gives = || act(AdminAct::UploadRoster, SCHOOL);
    let agrees = at(&[(AdminAct::UploadRoster, SCHOOL), (AdminAct::AcceptRemovals, SCHOOL)]);
    vec![
        page("/admin/bases", Thing::Nothing, Needs::Somewhere(AdminAct::UploadRoster))
            .shows(MarkText::Id(Thing::Upload), gives()),
        comes_back("/admin/bases/deposer", Thing::Nothing),
        // Files of no format.
        door(Way::PostFiles, "/admin/bases/deposer", Thing::School, gives(), &[422]).with(&[("uai", IT)]),
        page(UPLOAD, Thing::Upload, gives()),
        page("/admin/bases/{id}/rapport.csv", Thing::Upload, gives()),
        comes_back("/admin/bases/{id}/decision", Thing::Upload),
        // Everybody would be gone: the academy agrees. There is no choice in the form.
        refused("/admin/bases/{id}/decision", Thing::Upload, agrees),
        comes_back("/admin/bases/{id}/arreter", Thing::Upload),
        refused("/admin/bases/{id}/arreter", Thing::Upload, gives()).with(&[("version", "99")]),
        comes_back("/admin/bases/{id}/defaire", Thing::Upload),
        // It was not taken, so there is nothing to undo.
        refused("/admin/bases/{id}/defaire", Thing::Upload, gives()).with(&[("version", "99")]),
    ]
}
