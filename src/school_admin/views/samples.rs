//! The samples of the page of a school.

use strum::IntoEnumIterator as _;

use super::reminders::ReminderLine;
use super::{
    CampaignChart, ClassLine, DONE_WORDS, FamilyTask, FunnelLine, OrderForm, OrderFormError, ParentLine, ParentList,
    ParentTab, SchoolPage, SettledLine,
};
use crate::administrators::views::ConsoleFrame;
use crate::http::pages::Page;
use crate::http::pages::day_chart::DayChart;
use crate::school_admin::figures::{ParentStanding, UnreachableReason};
use crate::school_admin::orders::CampaignOrderKind;
use crate::tenants::SettledReason;

fn sample_lines() -> Vec<ParentLine> {
    let line = |why| ParentLine {
        id: "0".repeat(32),
        name: "LEBŒUF <b>Sandrine</b>".to_owned(),
        children: vec!["Élie L., 4e B".to_owned(), "Anaïs L.".to_owned()],
        why,
        has_tried: why == "landline",
    };
    UnreachableReason::iter()
        .map(UnreachableReason::name)
        .chain(ParentStanding::iter().map(|s| s.name()))
        .map(line)
        .collect()
}

impl Page for SchoolPage {
    const TEMPLATE: &'static str = "school_admin/school.html";
    fn samples() -> Vec<Self> {
        let keys = ["legal", "to_activate", "reachable", "asked", "code", "children", "active"];
        let funnel = |(n, key): (usize, &'static str)| FunnelLine {
            key,
            n: 611 - 80 * n,
            width: format!("{}.0", 100 - 10 * n),
            lost: n,
            list: (n > 1).then_some("rien"),
        };
        let task = |kind| FamilyTask {
            kind,
            person_id: "0".repeat(32),
            name: "Karim B.".to_owned(),
            pupil: "Noé".to_owned(),
            class: "5e A".to_owned(),
            when: "hier à 19\u{a0}h\u{a0}12".to_owned(),
            code: "M2T-9QD".to_owned(),
        };
        let tab = |list: &'static str, is_current| ParentTab {
            key: list,
            n: 12,
            href: "/admin/etablissements/0349999J?liste=rien#familles".to_owned(),
            is_current,
        };
        let reminder = |state: &'static str| ReminderLine {
            href: if state == "over" {
                String::new()
            } else {
                format!("/admin/etablissements/rappels/{}", "0".repeat(32))
            },
            when: "lundi 23\u{a0}novembre".to_owned(),
            people: 85,
            sent: 41,
            state,
            is_mail: state != "sending",
            by: if state == "sending" { "C. Roux".to_owned() } else { String::new() },
        };
        let settled = |why: SettledReason| SettledLine {
            kind: "contested",
            why: why.name(),
            person_id: "0".repeat(32),
            name: "Karim <b>B.</b>".to_owned(),
            pupil: "Noé".to_owned(),
            when: "hier à 9\u{a0}h".to_owned(),
        };
        let page = SchoolPage {
            frame: ConsoleFrame::sample().in_room("schools"),
            uai: "0349999J".to_owned(),
            name: "Clg Théodore Monod".to_owned(),
            academy: "académie de Montpellier".to_owned(),
            standing: "open",
            opens: "lundi 16\u{a0}novembre".to_owned(),
            closes: "mardi 1er\u{a0}décembre, 8\u{a0}h".to_owned(),
            days_left: 5,
            is_whole: true,
            sees_parents: true,
            parents: 611,
            with_account: 443,
            share: Some("72,5\u{a0}%".to_owned()),
            academy_share: Some("68,4\u{a0}%".to_owned()),
            pupils: 598,
            covered: 563,
            not_begun: 85,
            unreachable: 51,
            late: 3,
            tasks: [
                "contested",
                "set_aside",
                "recovery_failed",
                "shared_mobile",
                "phone_disowned",
                "country_refused",
                "link_repeated",
            ]
            .map(task)
            .to_vec(),
            funnel: keys.into_iter().enumerate().map(funnel).collect(),
            chart: Some(CampaignChart { chart: DayChart::sample(15), active: 259, reminders: 12 }),
            list: "injoignables",
            tabs: ["all", "no_number", "landline", "incomplete", "foreign", "disowned", "institution"]
                .map(|key| tab(key, key == "landline"))
                .to_vec(),
            lines: sample_lines(),
            listed: 51,
            next: Some("/admin/etablissements/0349999J?apres=x".to_owned()),
            shared: 12,
            by_letter: 9,
            classes: vec![ClassLine {
                class: "6e A".to_owned(),
                parents: 52,
                with_account: 46,
                share: "88,5\u{a0}%".to_owned(),
                unreachable: 3,
            }],
            order: Some(OrderForm::new(vec!["0349999J".to_owned()], CampaignOrderKind::iter().collect())),
            may_remind: true,
            may_mail: true,
            reminders: ["sending", "cancelled", "over"].map(reminder).to_vec(),
            settled: SettledReason::iter().map(settled).collect(),
            may_print: true,
            may_export: true,
            done: None,
        };
        let bare = SchoolPage {
            may_remind: false,
            may_mail: false,
            reminders: Vec::new(),
            settled: Vec::new(),
            parents: 0,
            pupils: 0,
            share: None,
            academy_share: None,
            tasks: Vec::new(),
            chart: None,
            lines: Vec::new(),
            listed: 0,
            shared: 0,
            by_letter: 0,
            next: None,
            classes: Vec::new(),
            standing: "not_planned",
            opens: String::new(),
            closes: String::new(),
            late: 0,
            ..page.clone()
        };
        let mut all = vec![page.clone(), bare];
        all.extend(["upcoming", "closed"].map(|standing| SchoolPage { standing, ..page.clone() }));
        all.extend(ParentList::iter().map(|list| SchoolPage { list: list.name(), tabs: Vec::new(), ..page.clone() }));
        all.extend(DONE_WORDS.map(|done| SchoolPage { done: Some(done), ..page.clone() }));
        for error in [OrderFormError::Choice, OrderFormError::NoSchool, OrderFormError::TooMany] {
            let order = page.order.clone().map(|order| OrderForm { error: Some(error), ..order });
            all.push(SchoolPage { order, ..page.clone() });
        }
        all.push(SchoolPage {
            is_whole: false,
            sees_parents: false,
            order: None,
            may_remind: false,
            may_mail: false,
            reminders: Vec::new(),
            settled: Vec::new(),
            may_print: false,
            may_export: false,
            chart: None,
            ..page
        });
        all
    }
}
