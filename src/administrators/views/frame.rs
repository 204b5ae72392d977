//! The frame of every page of the console: who and where, the rooms, the end of the session.

use serde::Serialize;

/// A room of the console.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomLink {
    /// The end of the message's key.
    pub key: &'static str,
    pub href: String,
    pub current: bool,
}

/// The frame of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsoleFrame {
    pub name: String,
    /// The territory, in words.
    pub place: String,
    /// The hour at which the session ends without activity.
    pub ends: String,
    pub rooms: Vec<RoomLink>,
    pub may_search: bool,
    /// The searched text.
    pub q: String,
}

impl ConsoleFrame {
    /// Marks the room in which the page is.
    #[must_use]
    pub fn in_room(mut self, key: &str) -> Self {
        for room in &mut self.rooms {
            room.current = room.key == key;
        }
        self
    }

    /// Keeps the searched text in the header.
    #[must_use]
    pub fn searching(self, q: &str) -> Self {
        ConsoleFrame { q: q.to_owned(), ..self }
    }

    /// Returns an example, for the samples of pages.
    pub fn sample() -> Self {
        let room = |key, href: &str, current| RoomLink { key, href: href.to_owned(), current };
        ConsoleFrame {
            name: "Nadia Kaci".to_owned(),
            place: "académie de Montpellier".to_owned(),
            ends: "15\u{a0}h\u{a0}12".to_owned(),
            rooms: vec![room("home", "/admin", true), room("team", "/admin/equipe", false)],
            may_search: true,
            q: String::new(),
        }
    }
}

/// A role in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleLine {
    /// The end of the message's key.
    pub role: &'static str,
    /// The name of the school or the academy; empty for all.
    pub place: String,
    pub class: String,
    pub pupils_only: bool,
    pub until: Option<String>,
}

impl RoleLine {
    pub fn samples() -> Vec<Self> {
        let academy = RoleLine {
            role: "academy",
            place: "académie de Montpellier".to_owned(),
            class: String::new(),
            pupils_only: false,
            until: None,
        };
        let delegate = RoleLine {
            role: "delegate",
            place: "Clg Théodore Monod".to_owned(),
            class: "6 A".to_owned(),
            pupils_only: true,
            until: Some("31\u{a0}août 2027".to_owned()),
        };
        vec![academy.clone(), delegate, RoleLine { role: "national", place: String::new(), ..academy }]
    }
}
