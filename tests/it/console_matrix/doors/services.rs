//! Relying parties: the list, one of them, its secrets and its suspension, requests and their readings.

use preau::administrators::roles::AdminAct;

use super::{Door, IT, MarkText, act, comes_back, leads, page, refused};
use crate::console_matrix::house::Thing;
use crate::console_matrix::people::{CLIENT, FILE_CLIENT, Needs, REQUEST, WHOLE_CLIENT, at};

const FORM: &str = "/admin/services/demander";
const REVIEW: &str = "/admin/services/relire/{id}";
/// The address and the proof of a client that is acted upon.
const ACTS: [&str; 4] = [
    "/admin/services/{client_id}/suspendre",
    "/admin/services/{client_id}/reprendre",
    "/admin/services/{client_id}/secret",
    "/admin/services/{client_id}/secret/fermer",
];

pub fn doors_of_services() -> Vec<Door> {
    let mut doors = services();
    doors.extend(requests());
    doors
}

fn services() -> Vec<Door> {
    let sees = || act(AdminAct::SeeServices, CLIENT);
    let and = |act: AdminAct, within| at(&[(AdminAct::SeeServices, CLIENT), (act, within)]);
    let tests = || and(AdminAct::TestSignIn, CLIENT);
    let mut doors = vec![
        page("/admin/services", Thing::Nothing, Needs::Somewhere(AdminAct::SeeServices))
            .shows(MarkText::Words("/admin/services/atelier\""), sees())
            .shows(MarkText::Id(Thing::Request), act(AdminAct::ApproveClient, REQUEST))
            .shows(MarkText::Id(Thing::RequestDraft), Needs::Author),
        page("/admin/services/{client_id}", Thing::Client, sees()),
        page("/admin/services/{client_id}/fichier", Thing::Client, sees()),
        page("/admin/services/{client_id}/modifier", Thing::Client, and(AdminAct::ChangeClient, CLIENT)),
        page("/admin/services/{client_id}/essai", Thing::Client, tests()),
        // With nobody chosen, nobody signs in.
        refused("/admin/services/{client_id}/essai", Thing::Client, tests()),
    ];
    doors.extend(ACTS.map(|route| comes_back(route, Thing::Client)));
    // Without a reason; without the version that was read.
    let acts = [AdminAct::SuspendClient, AdminAct::SuspendClient, AdminAct::DrawSecret, AdminAct::DrawSecret];
    doors.extend(ACTS.into_iter().zip(acts).map(|(route, one)| refused(route, Thing::Client, and(one, WHOLE_CLIENT))));
    doors
}

fn requests() -> Vec<Door> {
    let reads = || act(AdminAct::ApproveClient, REQUEST);
    let tests = || at(&[(AdminAct::ApproveClient, REQUEST), (AdminAct::TestSignIn, REQUEST)]);
    let changes = at(&[(AdminAct::SeeServices, FILE_CLIENT), (AdminAct::ChangeClient, FILE_CLIENT)]);
    let stale = [("version", "99"), ("empreinte", "")];
    vec![
        page(FORM, Thing::Nothing, Needs::Somewhere(AdminAct::RequestClient)),
        // This keeps a draft, whose checks refuse everything.
        refused(FORM, Thing::Nothing, Needs::Somewhere(AdminAct::RequestClient)),
        page(FORM, Thing::RequestDraft, Needs::Author).with(&[("d", IT)]),
        refused(FORM, Thing::RequestDraft, Needs::Author).with(&[("d", IT), ("version", "99")]),
        // A file decides, so that nothing is kept.
        leads(FORM, Thing::FileClient, changes).with(&[("client", IT)]),
        page(REVIEW, Thing::Request, reads()),
        page(REVIEW, Thing::RequestDraft, Needs::Author),
        page("/admin/services/relire/{id}/fichier", Thing::Request, reads()),
        page("/admin/services/relire/{id}/essai", Thing::Request, tests()),
        refused("/admin/services/relire/{id}/essai", Thing::Request, tests()),
        refused("/admin/services/relire/{id}/envoyer", Thing::Request, Needs::Author).with(&stale),
        // Whoever reads it is told that it changed: it is not theirs to take back.
        refused("/admin/services/relire/{id}/retirer", Thing::Request, reads()).with(&stale),
        comes_back("/admin/services/relire/{id}/decision", Thing::Request),
        refused("/admin/services/relire/{id}/decision", Thing::Request, reads()),
        refused("/admin/services/relire/{id}/verifier", Thing::Request, reads()).with(&stale),
    ]
}
