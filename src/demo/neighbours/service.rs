//! The two neighbours that sign people in: the portal and *bourses*.
//!
//! They share the code of a sign-in and nothing else: each has its own path, cookies, sessions and clients,
//! as two services of two owners would.

use url::Url;

use serde::{Deserialize, Serialize};

/// Whose sign-in it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Service {
    Ent,
    Bourses,
}

/// The one client of *bourses*; every other one is a choice of the portal.
pub const BOURSES_CLIENT: &str = "bourses";

impl Service {
    pub fn of_client(client: &str) -> Self {
        if client == BOURSES_CLIENT { Self::Bourses } else { Self::Ent }
    }

    /// Where its pages and its cookies live.
    pub fn path(self) -> &'static str {
        match self {
            Self::Ent => "/ent",
            Self::Bourses => "/bourses",
        }
    }

    /// The page that a sign-in ends at.
    pub fn home(self) -> &'static str {
        match self {
            Self::Ent => "/ent/accueil",
            Self::Bourses => "/bourses",
        }
    }

    /// First part of the names of its cookies.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Ent => "ent",
            Self::Bourses => "bourses",
        }
    }

    /// A page of its own as a whole URL; `below` begins with a slash.
    pub fn url(self, base: &Url, below: &str) -> String {
        let mut url = base.clone();
        url.set_path(&format!("{}{below}", self.path()));
        url.into()
    }
}
