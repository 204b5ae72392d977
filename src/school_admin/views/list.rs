//! The list of schools: its context and samples.

use serde::Serialize;
use strum::IntoEnumIterator as _;

use super::{OrderForm, OrderFormError};
use crate::administrators::views::ConsoleFrame;
use crate::http::pages::Page;
use crate::school_admin::orders::{CampaignOrderKind, CampaignWord};

/// A school of the list.
#[derive(Clone, Debug, Serialize)]
pub struct SchoolLine {
    pub uai: String,
    pub name: String,
    /// The name of the academy, where several are seen.
    pub academy: String,
    /// The end of the message's key.
    pub standing: &'static str,
    /// The day on which the campaign opens, closes or closed.
    pub day: String,
    /// The share of accounts; `None` before the figures were counted.
    pub share: Option<String>,
    pub is_low: bool,
    pub parents: i64,
    pub with_account: i64,
    pub unreachable: i64,
}

/// `/admin/etablissements`.
#[derive(Clone, Debug, Serialize)]
pub struct SchoolListPage {
    pub frame: ConsoleFrame,
    pub words: String,
    pub standing: Option<&'static str>,
    pub standings: Vec<&'static str>,
    pub is_narrowed: bool,
    pub lines: Vec<SchoolLine>,
    pub next: Option<String>,
    pub order: Option<OrderForm>,
}

impl Page for SchoolListPage {
    const TEMPLATE: &'static str = "school_admin/schools.html";
    fn samples() -> Vec<Self> {
        let line = |(uai, standing): (&str, CampaignWord)| SchoolLine {
            uai: uai.to_owned(),
            name: "Clg <script>Théodore</script> Monod".to_owned(),
            academy: if standing == CampaignWord::Open { String::new() } else { "académie de Toulouse".to_owned() },
            standing: standing.name(),
            day: "mardi 1er\u{a0}décembre".to_owned(),
            share: (standing != CampaignWord::NotPlanned).then(|| "72,5\u{a0}%".to_owned()),
            is_low: standing == CampaignWord::Closed,
            parents: 611,
            with_account: 443,
            unreachable: 51,
        };
        let page = SchoolListPage {
            frame: ConsoleFrame::sample().in_room("schools"),
            words: String::new(),
            standing: None,
            standings: CampaignWord::iter().map(CampaignWord::name).collect(),
            is_narrowed: false,
            lines: ["0349999J", "0349998H", "0349997G", "0349996F"]
                .into_iter()
                .zip(CampaignWord::iter())
                .map(line)
                .collect(),
            next: Some("/admin/etablissements?apres=1-2-0349999J".to_owned()),
            order: Some(OrderForm::new(Vec::new(), CampaignOrderKind::iter().collect())),
        };
        let failed = |error| {
            let order = page.order.clone().map(|order| OrderForm { error: Some(error), ..order });
            SchoolListPage { order, ..page.clone() }
        };
        vec![
            failed(OrderFormError::Choice),
            failed(OrderFormError::NoSchool),
            failed(OrderFormError::TooMany),
            SchoolListPage { lines: Vec::new(), next: None, order: None, ..page.clone() },
            SchoolListPage {
                lines: Vec::new(),
                words: "\"><script>".to_owned(),
                standing: Some("open"),
                is_narrowed: true,
                next: None,
                ..page.clone()
            },
            page,
        ]
    }
}
