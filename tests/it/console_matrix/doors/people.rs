//! The help desk: the search, a person, each act for a person, support codes.

use preau::administrators::roles::AdminAct;
use preau::helpdesk::ops::repairs::HelpdeskAct;
use strum::IntoEnumIterator as _;

use super::{Door, MarkText, act, comes_back, page, refused};
use crate::console_matrix::house::Thing;
use crate::console_matrix::people::{CLASS, Needs, at};

const PERSON: &str = "/admin/personnes/{id}";
const ACT: &str = "/admin/personnes/{id}/geste";
const LETTER: &str = "/admin/personnes/{id}/lettre";

pub fn doors_of_people() -> Vec<Door> {
    let sees_parent = || act(AdminAct::SeeParents, CLASS);
    let mut doors = vec![
        page("/admin/personnes", Thing::Nothing, Needs::Somewhere(AdminAct::SeePupils))
            .with(&[("q", "durand")])
            .shows(MarkText::Id(Thing::Parent), sees_parent())
            .shows(MarkText::Id(Thing::Pupil), act(AdminAct::SeePupils, CLASS)),
        page("/admin/codes/{code}", Thing::Code, Needs::Somewhere(AdminAct::SeePupils))
            .shows(MarkText::Id(Thing::Parent), sees_parent()),
        comes_back(ACT, Thing::Parent),
    ];
    for (thing, sees) in [(Thing::Parent, AdminAct::SeeParents), (Thing::Pupil, AdminAct::SeePupils)] {
        doors.push(page(PERSON, thing, act(sees, CLASS)));
        for one in HelpdeskAct::iter() {
            // Without a reason nothing is done.
            let needs = at(&[(sees, CLASS), (one.needs(), CLASS)]);
            let fields = [("geste", one.name()), ("preuve", "paper"), ("raison", "")];
            doors.push(refused(ACT, thing, needs).with(&fields));
        }
        // Without the check of who asks nothing is printed.
        let needs = at(&[(sees, CLASS), (AdminAct::PrintLetter, CLASS)]);
        doors.push(refused(LETTER, thing, needs).with(&[("raison", "Essai")]));
    }
    doors
}
