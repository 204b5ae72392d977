//! The doors of pages: every route of the console with the right that it asks for. A form is filled so that whoever may
//! do the act is refused for something else, and nothing changes; where that cannot be, a line says so.

mod console;
mod people;
mod schools;
mod services;

use preau::administrators::roles::AdminAct;

use super::house::Thing;
use super::people::{Needs, Within, at};

pub use console::{doors_of_console, sign_out};
pub use people::doors_of_people;
pub use schools::doors_of_schools;
pub use services::doors_of_services;

/// The text in a door that stands for the id of its thing.
pub const IT: &str = "{it}";

/// The way in which a page is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Get,
    Post,
    /// A form with files, here with its fields alone.
    PostFiles,
}

impl Way {
    pub fn method(self) -> &'static str {
        match self {
            Way::Get => "GET",
            Way::Post | Way::PostFiles => "POST",
        }
    }
}

/// A mark of a page that lists things: it is there exactly if the thing is inside.
#[derive(Clone, Debug)]
pub struct Mark {
    pub of: MarkText,
    pub needs: Needs,
}

/// The text of a mark: words, or the id of a thing.
#[derive(Clone, Copy, Debug)]
pub enum MarkText {
    Words(&'static str),
    Id(Thing),
}

/// A door: a route, what it is called with, and the right that it asks for.
#[derive(Clone, Debug)]
pub struct Door {
    pub way: Way,
    /// The route as the router has it, with at most one parameter.
    pub route: &'static str,
    /// The thing that the parameter or a field names.
    pub thing: Thing,
    /// The query of a GET, the fields of a form.
    pub fields: Vec<(&'static str, &'static str)>,
    pub needs: Needs,
    /// The answers to whoever may.
    pub answers: &'static [u16],
    pub marks: Vec<Mark>,
    /// A statement that puts the thing, `$1`, back before each call.
    pub reset: Option<&'static str>,
}

impl Door {
    /// Adds what it is called with.
    pub fn with(mut self, fields: &[(&'static str, &'static str)]) -> Self {
        self.fields.extend_from_slice(fields);
        self
    }

    /// Adds the mark of a thing in a list.
    pub fn shows(mut self, of: MarkText, needs: Needs) -> Self {
        self.marks.push(Mark { of, needs });
        self
    }

    /// Adds the statement that puts its thing back.
    pub fn reset_by(mut self, sql: &'static str) -> Self {
        self.reset = Some(sql);
        self
    }

    /// Returns the method and the route, by which the router knows it.
    pub fn place(&self) -> (String, String) {
        (self.way.method().to_owned(), self.route.to_owned())
    }
}

fn door(way: Way, route: &'static str, thing: Thing, needs: Needs, answers: &'static [u16]) -> Door {
    Door { way, route, thing, fields: Vec::new(), needs, answers, marks: Vec::new(), reset: None }
}

/// A page about a thing.
fn page(route: &'static str, thing: Thing, needs: Needs) -> Door {
    door(Way::Get, route, thing, needs, &[200])
}

/// A form about a thing, filled so that it is refused.
fn refused(route: &'static str, thing: Thing, needs: Needs) -> Door {
    door(Way::Post, route, thing, needs, &[422])
}

/// A form about a thing that leads on.
fn leads(route: &'static str, thing: Thing, needs: Needs) -> Door {
    door(Way::Post, route, thing, needs, &[303])
}

/// A page to which a fresh proof comes back: it leads on whatever the address names, and looks nothing up.
fn comes_back(route: &'static str, thing: Thing) -> Door {
    door(Way::Get, route, thing, Needs::SignedIn, &[303])
}

fn act(act: AdminAct, within: Within) -> Needs {
    at(&[(act, within)])
}

/// Returns every door of the pages; the last one ends the session.
pub fn every_door() -> Vec<Door> {
    let mut all = doors_of_people();
    all.extend(doors_of_schools());
    all.extend(doors_of_services());
    all.extend(doors_of_console());
    all.push(sign_out());
    all
}
