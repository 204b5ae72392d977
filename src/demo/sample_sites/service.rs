//! The two sample sites with a sign-in: the portal and *bourses*.
//!
//! The sites share the code of a sign-in only: each has separate paths, cookies, sessions and clients, as two services
//! of different owners would.

use url::Url;

use serde::{Deserialize, Serialize};

/// The service of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SampleService {
    Ent,
    Bourses,
}

/// The only client of *bourses*; all other clients are choices of the portal.
pub const BOURSES_CLIENT: &str = "bourses";

impl SampleService {
    pub fn of_client(client: &str) -> Self {
        if client == BOURSES_CLIENT { Self::Bourses } else { Self::Ent }
    }

    /// Returns the path of the service's pages and cookies.
    pub fn path(self) -> &'static str {
        match self {
            Self::Ent => "/ent",
            Self::Bourses => "/bourses",
        }
    }

    /// Returns the page shown after a sign-in.
    pub fn home(self) -> &'static str {
        match self {
            Self::Ent => "/ent/accueil",
            Self::Bourses => "/bourses",
        }
    }

    /// Returns the prefix of the service's cookie names.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Ent => "ent",
            Self::Bourses => "bourses",
        }
    }

    /// Returns the whole URL of a page of the service; `below` begins with a slash.
    pub fn url(self, base: &Url, below: &str) -> String {
        let mut url = base.clone();
        url.set_path(&format!("{}{below}", self.path()));
        url.into()
    }
}
