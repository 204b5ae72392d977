//! The administrators of the matrix, and what each of them may do where: said here once more, by the texts of territories,
//! so that a slip in the program's own comparison is found.

use preau::administrators::roles::{AdminAct, AdminRole, Permission};

/// The territories that contain a place, as they are typed.
pub type Within = &'static [&'static str];

/// The class of Zoé Durand, where her mother Anne is seen too.
pub const CLASS: Within = &["all", "ministry:en", "academy:montpellier", "school:0349999J", "class:0349999J/6 A"];
/// The whole of their school.
pub const SCHOOL: Within = &["all", "ministry:en", "academy:montpellier", "school:0349999J"];
/// The school, for whoever sees it by a class.
pub const SCHOOL_BY_CLASS: Within =
    &["all", "ministry:en", "academy:montpellier", "school:0349999J", "class:0349999J/6 A", "class:0349999J/4 C"];
/// A registered relying party of the academy, as it is seen: by whoever has a part of its perimeter.
pub const CLIENT: Within = &["all", "ministry:en", "academy:montpellier", "client:atelier"];
/// The same one for whoever acts on it: by the whole of its perimeter.
pub const WHOLE_CLIENT: Within = &["all", "academy:montpellier", "client:atelier"];
/// A relying party of a deployment's file, as it is seen.
pub const FILE_CLIENT: Within = &["all", "ministry:en", "academy:montpellier", "client:ent"];
/// A relying party that is asked for, for the one school.
pub const REQUEST: Within = &["all", "ministry:en", "academy:montpellier"];
/// The academy, as the place of a message to visitors.
pub const ACADEMY: Within = &["all", "academy:montpellier"];
/// Any academy: whoever has none of them whole writes nowhere.
pub const SOME_ACADEMY: Within = &["all", "academy:montpellier", "academy:toulouse"];
/// The deployment.
pub const EVERYTHING: Within = &["all"];

/// An administrator of the matrix.
#[derive(Clone, Copy, Debug)]
pub struct Somebody {
    /// The part of the address before the @.
    pub name: &'static str,
    pub role: AdminRole,
    pub territory: &'static str,
    pub pupils_only: bool,
}

/// The author of every draft and of the request.
pub const AUTHOR: &str = "author";
/// Somebody with the role of another school's head, whose roles over this school have ended, expired, or wait for
/// agreement.
pub const FORMER: &str = "former";

const fn of(name: &'static str, role: AdminRole, territory: &'static str) -> Somebody {
    Somebody { name, role, territory, pupils_only: false }
}

/// Each role inside and outside.
pub const PEOPLE: [Somebody; 19] = [
    of("nation", AdminRole::National, "all"),
    of("ministry", AdminRole::National, "ministry:en"),
    of("other-ministry", AdminRole::National, "ministry:agriculture"),
    of(AUTHOR, AdminRole::Academy, "academy:montpellier"),
    of("colleague", AdminRole::Academy, "academy:montpellier"),
    of("other-academy", AdminRole::Academy, "academy:toulouse"),
    of("head", AdminRole::SchoolHead, "school:0349999J"),
    of("other-head", AdminRole::SchoolHead, "school:0349998H"),
    of("delegate", AdminRole::Delegate, "school:0349999J"),
    of("delegate-6a", AdminRole::Delegate, "class:0349999J/6 A"),
    of("delegate-4c", AdminRole::Delegate, "class:0349999J/4 C"),
    Somebody { pupils_only: true, ..of("delegate-pupils", AdminRole::Delegate, "class:0349999J/6 A") },
    of("desk", AdminRole::HelpDesk, "academy:montpellier"),
    of("other-desk", AdminRole::HelpDesk, "school:0349998H"),
    of("contact", AdminRole::ServiceContact, "client:atelier"),
    of("other-contact", AdminRole::ServiceContact, "client:ent"),
    of("auditor", AdminRole::Auditor, "all"),
    of("other-auditor", AdminRole::Auditor, "school:0349998H"),
    of(FORMER, AdminRole::SchoolHead, "school:0349998H"),
];

/// The right that a door asks for.
#[derive(Clone, Debug)]
pub enum Needs {
    /// None: nobody is signed in yet.
    Nobody,
    /// Any role.
    SignedIn,
    /// A role that permits the act, wherever it is.
    Somewhere(AdminAct),
    /// A role that permits each of the acts at its place.
    Acts(Vec<(AdminAct, Within)>),
    /// To be the author, with the role of then.
    Author,
}

impl Needs {
    /// Returns the acts of the table of roles that the door asks for.
    pub fn acts(&self) -> Vec<AdminAct> {
        match self {
            Needs::Nobody | Needs::SignedIn | Needs::Author => Vec::new(),
            Needs::Somewhere(act) => vec![*act],
            Needs::Acts(all) => all.iter().map(|(act, _)| *act).collect(),
        }
    }

    /// True if some role is kept out: reading one's own acts is everybody's.
    pub fn keeps_somebody_out(&self) -> bool {
        !matches!(self, Needs::Nobody | Needs::SignedIn | Needs::Somewhere(AdminAct::ReadOwnActs))
    }
}

/// The need of some acts, each at its place.
pub fn at(acts: &[(AdminAct, Within)]) -> Needs {
    Needs::Acts(acts.to_vec())
}

impl Somebody {
    pub fn email(&self) -> String {
        format!("{}@ac.example", self.name)
    }

    /// True if the role permits an act on its own territory.
    pub fn permits(&self, act: AdminAct) -> bool {
        let is_hidden = self.pupils_only && act == AdminAct::SeeParents;
        !is_hidden && self.role.permission(act) != Permission::No
    }

    pub fn may(&self, needs: &Needs) -> bool {
        match needs {
            Needs::Nobody | Needs::SignedIn => true,
            Needs::Somewhere(act) => self.permits(*act),
            Needs::Acts(all) => all.iter().all(|(act, within)| self.permits(*act) && within.contains(&self.territory)),
            Needs::Author => self.name == AUTHOR,
        }
    }
}
