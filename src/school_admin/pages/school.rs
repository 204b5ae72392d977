//! `/admin/etablissements/…`: one school and its campaign.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use strum::IntoEnumIterator as _;

use super::{GatedResult, open, order_path, school_path, share};
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame, scope_of};
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::may;
use crate::app::AppState;
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::is_id;
use crate::http::error::PageError;
use crate::http::pages::dates;
use crate::http::request_context::RequestContext;
use crate::protocol::params::encode;
use crate::school_admin::figures::{CampaignFigures, CountedParent, ParentStanding, UnreachableReason};
use crate::school_admin::ops::reminders::orders::SeenReminderOrder;
use crate::school_admin::ops::{self, SchoolPlace, SeenSchool, listed_parents};
use crate::school_admin::orders::{CampaignOrderKind, CampaignWord};
use crate::school_admin::pages::chart;
use crate::school_admin::reminders::{ReminderChannel, is_remindable};
use crate::school_admin::views::reminders::ReminderLine;
use crate::school_admin::views::{
    ClassLine, DONE_WORDS, FamilyTask, FunnelLine, OrderForm, OrderFormError, ParentLine, ParentList, ParentTab,
    SchoolPage, SettledLine,
};
use crate::tenants::{self, NoticeKind};

/// The number of parents of a page of a list.
const PAGE_PARENTS: usize = 50;
/// The time for which a notice that settled itself is shown.
const SETTLED_SHOWN: Span = Span::days(14);
/// The maximum number of families that wait, and of notices that settled themselves.
const MAX_TASKS: usize = 12;

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Returns the bars of the funnel: each standing is lost before one of them.
fn funnel(figures: &CampaignFigures) -> Vec<FunnelLine> {
    let all = figures.parents.len();
    let steps = [
        ("legal", None, None),
        ("to_activate", Some(ParentStanding::HadAccount), None),
        ("reachable", Some(ParentStanding::Unreachable), Some(ParentList::Unreachable)),
        ("asked", Some(ParentStanding::NotBegun), Some(ParentList::NotBegun)),
        ("code", Some(ParentStanding::StoppedAtCode), Some(ParentList::Code)),
        ("children", Some(ParentStanding::StoppedAtChildren), Some(ParentList::Children)),
        ("active", Some(ParentStanding::StoppedAtPassword), Some(ParentList::Password)),
    ];
    let mut left = all;
    let line = |(key, lost, list): (&'static str, Option<ParentStanding>, Option<ParentList>)| {
        let lost = lost.map_or(0, |standing| figures.of(standing));
        left = left.saturating_sub(lost);
        let tenths = left.saturating_mul(1000).checked_div(all).unwrap_or_default();
        let width = format!("{}.{}", tenths / 10, tenths % 10);
        FunnelLine { key, n: left, width, lost, list: list.map(ParentList::name) }
    };
    steps.into_iter().map(line).collect()
}

/// The list of parents that the request asks for.
struct AskedList<'a> {
    list: ParentList,
    reason: Option<UnreachableReason>,
    after: &'a str,
}

impl<'a> AskedList<'a> {
    fn read(ctx: &'a RequestContext) -> Self {
        let list = ctx.query.get("liste").and_then(|word| word.parse().ok()).unwrap_or(ParentList::Unreachable);
        let reason = ctx.query.get("motif").and_then(|word| word.parse().ok());
        let after = ctx.query.get("apres").filter(|id| is_id(id, 32)).unwrap_or_default();
        AskedList { list, reason: reason.filter(|_| list == ParentList::Unreachable), after }
    }

    fn has(&self, parent: &CountedParent) -> bool {
        match self.list.standing() {
            Some(standing) => {
                parent.standing == standing && self.reason.is_none_or(|reason| parent.reason == Some(reason))
            }
            None if self.list == ParentList::ByLetter => parent.by_letter,
            None => parent.shares_number,
        }
    }

    fn href(&self, uai: &str, reason: Option<UnreachableReason>, after: &str) -> String {
        let reason = reason.map(UnreachableReason::name).unwrap_or_default();
        let all = [("liste", self.list.name()), ("motif", reason), ("apres", after)];
        format!("{}?{}#familles", school_path(uai), encode(all.into_iter().filter(|(_, value)| !value.is_empty())))
    }
}

fn parent_line(file: &SeenSchool, parent: &CountedParent) -> ParentLine {
    let child = |(_, name, class): &(_, String, Option<String>)| match class {
        Some(class) => format!("{name}, {class}"),
        None => name.clone(),
    };
    ParentLine {
        id: parent.person_id.to_string(),
        name: format!("{} {}", parent.family_name, parent.given_name),
        children: parent.children.iter().map(child).collect(),
        why: match (parent.standing, parent.reason) {
            (ParentStanding::Unreachable, Some(reason)) => reason.name(),
            (standing, _) => standing.name(),
        },
        has_tried: file.tried.contains(&parent.person_id),
    }
}

fn classes(ctx: &RequestContext, figures: &CampaignFigures) -> Vec<ClassLine> {
    let line = |(class, of): (String, crate::school_admin::figures::ClassFigures)| ClassLine {
        class,
        parents: of.parents,
        with_account: of.with_account,
        share: share(ctx.lang, count(of.with_account), count(of.parents)).unwrap_or_default(),
        unreachable: of.unreachable,
    };
    figures.by_class().into_iter().map(line).collect()
}

/// Returns the families for whom the school has something to look at.
async fn tasks(app: &AppState, ctx: &RequestContext, file: &SeenSchool) -> anyhow::Result<Vec<FamilyTask>> {
    let wanted = [
        NoticeKind::Contested,
        NoticeKind::BirthDateFailed,
        NoticeKind::RecoveryFailed,
        NoticeKind::SharedMobile,
        NoticeKind::PhoneDisowned,
        NoticeKind::CountryRefused,
        NoticeKind::LinkRepeated,
    ];
    let rows = tenants::store::list_notices(&mut app.db.read().await?, &file.place.school.uai, false).await?;
    let rows = rows.into_iter().filter(|row| wanted.contains(&row.kind)).take(MAX_TASKS);
    let task = |row: tenants::store::NoticeRow| FamilyTask {
        kind: row.kind.name(),
        person_id: row.person_id.to_string(),
        name: format!("{} {}", row.given_name.unwrap_or_default(), row.family_name.unwrap_or_default()),
        pupil: row.pupil.unwrap_or_default(),
        class: row.class.unwrap_or_default(),
        when: dates::moment(ctx.lang, Timestamp(row.at), ctx.now),
        code: row.support_code,
    };
    Ok(rows.map(task).collect())
}

/// Returns the notices that settled themselves lately, with the reason.
async fn settled(app: &AppState, ctx: &RequestContext, file: &SeenSchool) -> anyhow::Result<Vec<SettledLine>> {
    let since = ctx.now.minus(SETTLED_SHOWN);
    let uai = &file.place.school.uai;
    let rows = tenants::store::settled::list(&mut app.db.read().await?, uai, since, MAX_TASKS).await?;
    let line = |row: tenants::store::settled::SettledNoticeRow| SettledLine {
        kind: row.kind.name(),
        why: row.why.name(),
        person_id: row.person_id.to_string(),
        name: format!("{} {}", row.given_name.unwrap_or_default(), row.family_name.unwrap_or_default()),
        pupil: row.pupil.unwrap_or_default(),
        when: dates::moment(ctx.lang, Timestamp(row.at), ctx.now),
    };
    Ok(rows.into_iter().map(line).collect())
}

fn reminder_line(ctx: &RequestContext, order: &SeenReminderOrder, may_open: bool) -> ReminderLine {
    let row = &order.row;
    ReminderLine {
        href: if may_open { order_path(&row.id) } else { String::new() },
        when: dates::moment(ctx.lang, Timestamp(row.ordered_at), ctx.now),
        people: row.people,
        sent: order.sent(),
        state: order.state(),
        is_mail: row.channel() == ReminderChannel::Mail,
        by: row.ordered_by.clone().unwrap_or_default(),
    }
}

/// Returns the orders that make sense where the campaign stands.
fn kinds(standing: CampaignWord, late: usize) -> Vec<CampaignOrderKind> {
    let fits = |kind: &CampaignOrderKind| match kind {
        CampaignOrderKind::Open => !matches!(standing, CampaignWord::Open),
        CampaignOrderKind::Extend => matches!(standing, CampaignWord::Open | CampaignWord::Upcoming),
        CampaignOrderKind::Close => matches!(standing, CampaignWord::Open | CampaignWord::Upcoming),
        CampaignOrderKind::Late => late > 0 && !matches!(standing, CampaignWord::Open),
    };
    CampaignOrderKind::iter().filter(fits).collect()
}

/// Returns the page of a school.
async fn page(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    place: SchoolPlace,
) -> anyhow::Result<SchoolPage> {
    let op = on_duty.operation(app, ctx, None);
    let file = ops::open_school(&op, on_duty, place).await?;
    let (school, campaign, figures) = (&file.place.school, file.place.campaign, &file.figures);
    let uai = school.uai.as_str();
    let whole = [file.place.whole()];
    let allowed = |act| may(&on_duty.roles, act, &whole, ctx.now).is_some();
    let parents = scope_of(on_duty, AdminAct::SeeParents, ctx);
    let asked = AskedList::read(ctx);
    let found = listed_parents(&file, &parents, |parent| asked.has(parent));
    let from = found.iter().position(|parent| parent.person_id.as_str() == asked.after).map_or(0, |at| at + 1);
    let shown: Vec<&CountedParent> = found.iter().skip(from).take(PAGE_PARENTS).copied().collect();
    let next = shown.last().filter(|_| from + shown.len() < found.len());
    let next = next.map(|last| asked.href(uai, asked.reason, &last.person_id));
    let tab = |reason: Option<UnreachableReason>, n: usize| ParentTab {
        key: reason.map_or("all", UnreachableReason::name),
        n,
        href: asked.href(uai, reason, ""),
        is_current: reason == asked.reason,
    };
    let unreachable = figures.of(ParentStanding::Unreachable);
    let mut tabs = Vec::new();
    if asked.list == ParentList::Unreachable && unreachable > 0 {
        tabs.push(tab(None, unreachable));
        tabs.extend(figures.unreachable_by_reason().into_iter().map(|(reason, n)| tab(Some(reason), n)));
    }
    let standing = CampaignWord::of(campaign, ctx.now);
    let day = |at: Timestamp| format!("{}, {}", dates::weekday_and_day(ctx.lang, at), dates::hour(ctx.lang, at));
    let days_left = campaign.map_or(0, |campaign| campaign.closes_at.since(ctx.now).0 / Span::days(1).0);
    let sees_parents = !parents.is_empty();
    let (tasks, settled) = match file.is_whole && allowed(AdminAct::SeeParents) {
        true => (tasks(app, ctx, &file).await?, settled(app, ctx, &file).await?),
        false => (Vec::new(), Vec::new()),
    };
    let mut tx = app.db.read().await?;
    let academy = tenants::store::find_academy_name(&mut tx, &school.academy).await?.unwrap_or_default();
    drop(tx);
    let may_change = allowed(AdminAct::ChangeCampaign);
    let may_order = is_remindable(campaign, ctx.now) && may_change;
    let without = || figures.parents.iter().filter(|parent| !parent.has_account());
    let is_left = |channel| match channel {
        ReminderChannel::Sms => without().any(|parent| parent.reason.is_none()),
        ReminderChannel::Mail => without().any(|parent| parent.mail_blind.is_some()),
    };
    let may_remind = |channel| may_order && ops::reminders::is_on(app, channel) && is_left(channel);
    let order = may_change.then(|| OrderForm::new(vec![uai.to_owned()], kinds(standing, file.late)));
    Ok(SchoolPage {
        frame: frame(app, ctx, on_duty).await?.in_room("schools"),
        uai: uai.to_owned(),
        name: school.name.clone(),
        academy,
        standing: standing.name(),
        opens: campaign.map_or_else(String::new, |campaign| dates::weekday_and_day(ctx.lang, campaign.opens_at)),
        closes: campaign.map_or_else(String::new, |campaign| day(campaign.closes_at)),
        days_left,
        is_whole: file.is_whole,
        sees_parents,
        parents: figures.parents.len(),
        with_account: figures.with_account(),
        share: share(ctx.lang, count(figures.with_account()), count(figures.parents.len())),
        academy_share: share(ctx.lang, file.academy.1, file.academy.0),
        pupils: figures.pupils,
        covered: figures.pupils_covered,
        not_begun: figures.of(ParentStanding::NotBegun),
        unreachable,
        late: file.late,
        tasks,
        funnel: funnel(figures),
        chart: file.chart.map(|days| chart::draw(ctx.lang, days, &file.days, &file.reminders)),
        list: asked.list.name(),
        tabs,
        lines: shown.iter().filter(|_| sees_parents).map(|parent| parent_line(&file, parent)).collect(),
        listed: found.len(),
        next,
        shared: figures.parents.iter().filter(|parent| parent.shares_number).count(),
        by_letter: figures.parents.iter().filter(|parent| parent.by_letter).count(),
        classes: classes(ctx, figures),
        order,
        may_remind: may_remind(ReminderChannel::Sms),
        may_mail: may_remind(ReminderChannel::Mail),
        reminders: file.reminders.iter().map(|order| reminder_line(ctx, order, may_change)).collect(),
        settled,
        may_print: allowed(AdminAct::PrintLetters),
        may_export: allowed(AdminAct::ExportPersons),
        done: DONE_WORDS.into_iter().find(|word| ctx.query.get("fait") == Some(word)),
    })
}

/// GET: shows it.
pub async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Path(uai): Path<String>,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let place = open(&app, &ctx, (&on_duty, AdminAct::SeeSchool), &uai).await?;
    let page = page(&app, &ctx, &on_duty, place).await.map_err(failed)?;
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}

/// Shows the page again, with the reason for which an order was not kept.
pub(super) async fn refuse(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, uai): (&OnDuty, &str),
    error: OrderFormError,
) -> Result<Response, Response> {
    let place = open(app, ctx, (on_duty, AdminAct::ChangeCampaign), uai).await?;
    let page = page(app, ctx, on_duty, place).await.map_err(failed)?;
    let order = page.order.clone().map(|order| OrderForm { error: Some(error), ..order });
    let page = SchoolPage { order, ..page };
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::typed_ids::PersonId;

    #[test]
    fn each_bar_of_the_funnel_is_the_one_before_without_those_who_were_lost() {
        let parent = |n: usize, standing| CountedParent {
            person_id: PersonId::new(n.to_string()),
            family_name: String::new(),
            given_name: String::new(),
            standing,
            reason: None,
            shares_number: false,
            mail_blind: None,
            by_letter: false,
            all_withheld: false,
            children: Vec::new(),
        };
        let parents = ParentStanding::iter().enumerate().map(|(n, standing)| parent(n, standing)).collect();
        let figures = CampaignFigures { parents, pupils: 0, pupils_covered: 0 };
        let lines = funnel(&figures);
        assert_eq!(lines.iter().map(|line| line.n).collect::<Vec<_>>(), [7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(lines.iter().map(|line| line.lost).sum::<usize>(), 6);
        assert_eq!((lines[0].width.as_str(), lines[6].width.as_str()), ("100.0", "14.2"));
        assert_eq!(funnel(&CampaignFigures::default())[6].width, "0.0");
    }

    #[test]
    fn an_order_is_offered_where_it_changes_something() {
        use CampaignOrderKind::{Close, Extend, Late, Open};
        assert_eq!(kinds(CampaignWord::Open, 3), [Extend, Close]);
        assert_eq!(kinds(CampaignWord::Closed, 3), [Open, Late]);
        assert_eq!(kinds(CampaignWord::NotPlanned, 0), [Open]);
        assert_eq!(kinds(CampaignWord::Upcoming, 0), [Open, Extend, Close]);
    }
}
