//! The pages of a sign-in through an upstream. Names of upstreams come from their files, never from an answer.

use serde::Serialize;

use super::UpstreamFailure;
use crate::config::deployment::Upstream;
use crate::http::pages::Page;
use crate::http::paths;

/// A door to an upstream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpstreamDoor {
    pub id: String,
    pub label: String,
    pub href: String,
}

impl UpstreamDoor {
    /// Returns the door; `query` is that of the pending request.
    pub fn new(upstream: &Upstream, query: &str) -> Self {
        let href = format!("{}{query}", paths::upstream_start(&upstream.id));
        Self { id: upstream.id.clone(), label: upstream.label.clone(), href }
    }

    /// Returns the door of parents for samples of pages.
    pub fn sample_of_parents() -> Self {
        let (id, label) = ("franceconnect".to_owned(), "FranceConnect".to_owned());
        UpstreamDoor { href: paths::upstream_start(&id), id, label }
    }

    /// Returns doors for samples of pages.
    pub fn samples(query: &str) -> Vec<Self> {
        let door = |id: &str, label: &str| UpstreamDoor {
            id: id.to_owned(),
            label: label.to_owned(),
            href: format!("/federation/{id}{query}"),
        };
        vec![
            door("academie-montpellier", "Académie de Montpellier"),
            door("academie-toulouse", "Académie de Toulouse"),
            door("agriculture", "Enseignement agricole"),
        ]
    }
}

/// `/federation`: the academies, for somebody who works at a school.
#[derive(Debug, Serialize)]
pub struct UpstreamListPage {
    pub doors: Vec<UpstreamDoor>,
    /// The name of the requesting client.
    pub service: Option<String>,
    /// `?i=…&client_id=…`, or empty.
    pub query: String,
}

impl Page for UpstreamListPage {
    const TEMPLATE: &'static str = "federation/list.html";

    fn samples() -> Vec<Self> {
        let query = "?i=0123456789abcdefghijkl&client_id=mon-ent-agents";
        vec![
            UpstreamListPage {
                doors: UpstreamDoor::samples(query),
                service: Some("mon ENT Occitanie".to_owned()),
                query: query.to_owned(),
            },
            UpstreamListPage { doors: UpstreamDoor::samples(""), service: None, query: String::new() },
            UpstreamListPage { doors: Vec::new(), service: None, query: String::new() },
        ]
    }
}

/// The reason that a page tells, in words of ours alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::EnumIter, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum UpstreamFailureKind {
    NotServing,
    UnknownState,
    Denied,
    Unavailable,
    Untrusted,
    NotFresh,
    UnknownProfile,
    NoName,
    AccountClosed,
    FactorNeeded,
    LinkedElsewhere,
    NamesDiffer,
    LinkExpired,
}

impl UpstreamFailureKind {
    /// Returns what the page tells; `None` for a fault of ours, which has another page.
    pub fn of(failure: &UpstreamFailure) -> Option<Self> {
        Some(match failure {
            UpstreamFailure::NotServing => Self::NotServing,
            UpstreamFailure::UnknownState => Self::UnknownState,
            UpstreamFailure::Denied(_) => Self::Denied,
            UpstreamFailure::Unavailable(_) => Self::Unavailable,
            UpstreamFailure::Untrusted(_) => Self::Untrusted,
            UpstreamFailure::NotFresh => Self::NotFresh,
            UpstreamFailure::UnknownProfile => Self::UnknownProfile,
            UpstreamFailure::NoName => Self::NoName,
            UpstreamFailure::AccountClosed => Self::AccountClosed,
            UpstreamFailure::FactorNeeded => Self::FactorNeeded,
            UpstreamFailure::LinkedElsewhere => Self::LinkedElsewhere,
            UpstreamFailure::NamesDiffer => Self::NamesDiffer,
            UpstreamFailure::LinkExpired => Self::LinkExpired,
            UpstreamFailure::Failed(_) => return None,
        })
    }

    /// Returns the word for the log and the metrics.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// True if the same sign-in may succeed when it is begun again.
    pub fn may_succeed_again(self) -> bool {
        matches!(self, Self::UnknownState | Self::Denied | Self::Unavailable | Self::Untrusted | Self::NotFresh)
    }
}

/// Nobody was signed in: why, and what to do instead.
#[derive(Debug, Serialize)]
pub struct UpstreamFailedPage {
    pub kind: UpstreamFailureKind,
    /// The name of the upstream; `None` if there is no such upstream.
    pub label: Option<String>,
    /// The support code.
    pub code: String,
    /// `?i=…&client_id=…`, or empty.
    pub query: String,
    /// The address that begins again.
    pub again_href: Option<String>,
    /// The address of the list of academies, if there are others.
    pub list_href: Option<String>,
}

impl Page for UpstreamFailedPage {
    const TEMPLATE: &'static str = "federation/failed.html";

    fn samples() -> Vec<Self> {
        use strum::IntoEnumIterator as _;
        let query = "?i=0123456789abcdefghijkl&client_id=mon-ent-agents";
        let page = |kind: UpstreamFailureKind| UpstreamFailedPage {
            kind,
            label: Some("Académie de Montpellier".to_owned()),
            code: "K7P-4MX".to_owned(),
            query: query.to_owned(),
            again_href: kind.may_succeed_again().then(|| format!("/federation/academie-montpellier{query}")),
            list_href: Some(format!("/federation{query}&choisir=1")),
        };
        let mut all: Vec<Self> = UpstreamFailureKind::iter().map(page).collect();
        all.push(UpstreamFailedPage {
            label: None,
            query: String::new(),
            list_href: None,
            ..page(UpstreamFailureKind::NotServing)
        });
        all
    }
}
