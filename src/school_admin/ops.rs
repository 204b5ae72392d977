//! What the console shows of schools; [`campaign`] opens, extends and closes campaigns, [`latecomers`] lets in
//! whoever came too late, [`letters`] prints batches, [`withdrawal`] takes them back, [`reminders`] orders SMS to those who
//! have not activated, [`figures`] renews the figures of lists.

pub mod campaign;
pub mod figures;
pub mod latecomers;
pub mod letters;
pub mod reminders;
pub mod withdrawal;

use std::collections::BTreeSet;

use self::reminders::orders::SeenReminderOrder;
use super::figures::{CampaignFigures, CountedLink, CountedParent};
use super::store::{self, CampaignDayRow, ListedSchoolRow, SchoolListPlace};
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::scope::AdminScope;
use crate::administrators::territory::{Place, Territory};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::names;
use crate::base::typed_ids::PersonId;
use crate::base::uai::Uai;
use crate::db::{Durability, Tx};
use crate::http::pages::dates;
use crate::school_admin::orders::CampaignWord;
use crate::tenants::{self, Campaign, School};

/// The number of schools of a page of the console.
pub const PAGE_SCHOOLS: usize = 50;
/// The number of rows read by one query.
const BATCH_ROWS: i64 = 200;
/// The number of rows looked at for one page: whoever sees few of many goes on by « Suite ».
const MAX_SCANNED: usize = 5_000;
/// The maximum number of days of a chart: a longer campaign shows its last ones.
const MAX_CHART_DAYS: i64 = 31;

/// The filter of a list of schools.
#[derive(Clone, Debug)]
pub struct SchoolFilter<'a> {
    /// The beginning of a UAI, or a part of the name.
    pub words: &'a str,
    pub standing: Option<CampaignWord>,
    pub after: SchoolListPlace,
    /// The number of schools of a page.
    pub most: usize,
}

impl ListedSchoolRow {
    pub fn campaign(&self) -> Option<Campaign> {
        let (opens_at, closes_at) = self.opens_at.zip(self.closes_at)?;
        Some(Campaign { opens_at: Timestamp(opens_at), closes_at: Timestamp(closes_at) })
    }
}

/// A page of the list of schools.
#[derive(Clone, Debug, Default)]
pub struct SchoolList {
    pub schools: Vec<ListedSchoolRow>,
    /// The list goes on after this place.
    pub next: Option<SchoolListPlace>,
}

/// True if the typed words begin the UAI, or are parts of the name.
fn fits(row: &ListedSchoolRow, words: &str) -> bool {
    words.is_empty() || row.uai.as_str().starts_with(&words.to_uppercase()) || is_named(&row.name, words)
}

/// True if each word is a part of the name: its letters whatever their accents, and its figures.
fn is_named(name: &str, words: &str) -> bool {
    let folded = names::fold(name);
    words.split_whitespace().all(|word| {
        let letters = names::fold(word);
        let figures: String = word.chars().filter(char::is_ascii_digit).collect();
        let says_something = !letters.is_empty() || !figures.is_empty();
        says_something && folded.contains(&letters) && name.contains(&figures)
    })
}

/// Lists the schools that the administrator may see: open campaigns first, by their end, then the fewest accounts.
pub async fn list(op: &Operation<'_>, on_duty: &OnDuty, filter: SchoolFilter<'_>) -> anyhow::Result<SchoolList> {
    let scope = AdminScope::of(&on_duty.roles, AdminAct::SeeSchool, op.now);
    let mut tx = op.app.db.read().await?;
    let (mut found, mut after, mut scanned) = (SchoolList::default(), filter.after, 0);
    // The join and the sort are of all schools each time: whoever looks for few gets them by one query.
    let rows = match filter.words.is_empty() && filter.standing.is_none() {
        true => BATCH_ROWS,
        false => i64::try_from(MAX_SCANNED)?,
    };
    loop {
        let batch = store::list_schools(&mut tx, &scope, op.now.0, &after, rows).await?;
        let size = batch.len();
        for row in batch {
            scanned += 1;
            let standing = CampaignWord::of(row.campaign(), op.now);
            if !fits(&row, filter.words) || filter.standing.is_some_and(|wanted| wanted != standing) {
                after = place_of(&row);
                continue;
            }
            if found.schools.len() == filter.most {
                found.next = Some(after);
                return Ok(found);
            }
            after = place_of(&row);
            found.schools.push(row);
        }
        if i64::try_from(size)? < rows {
            return Ok(found);
        }
        if scanned >= MAX_SCANNED {
            found.next = Some(after);
            return Ok(found);
        }
    }
}

fn place_of(row: &ListedSchoolRow) -> SchoolListPlace {
    SchoolListPlace { closing: row.closing, share: row.share, uai: row.uai.to_string() }
}

/// A school as an administrator may see it.
#[derive(Clone, Debug)]
pub struct SchoolPlace {
    pub school: School,
    pub campaign: Option<Campaign>,
    /// The place of the school, then those of the administrator's own classes in it.
    pub places: Vec<Place>,
}

impl SchoolPlace {
    /// Returns the place of the whole school.
    pub fn whole(&self) -> Place {
        self.places.first().cloned().unwrap_or_default()
    }

    /// Returns the place of a class.
    pub fn class(&self, class: &str) -> Place {
        Place { class: Some(class.to_owned()), ..self.whole() }
    }
}

/// Finds a school with the place of the whole of it.
async fn find_place(tx: &mut Tx, uai: &Uai) -> anyhow::Result<Option<(School, Place)>> {
    let Some(school) = tenants::store::find_school(tx, uai).await? else { return Ok(None) };
    let whole = Place {
        academy: Some(school.academy.clone()),
        ministry: Some(school.ministry.clone()),
        uai: Some(uai.clone()),
        ..Place::default()
    };
    Ok(Some((school, whole)))
}

/// Finds a school, whoever asks.
pub async fn find_school(tx: &mut Tx, on_duty: &OnDuty, uai: &Uai) -> anyhow::Result<Option<SchoolPlace>> {
    let Some((school, whole)) = find_place(tx, uai).await? else { return Ok(None) };
    let mut places = vec![whole.clone()];
    for grant in &on_duty.roles {
        if let Territory::Class(of, class) = &grant.territory
            && of == uai
        {
            places.push(Place { class: Some(class.clone()), ..whole.clone() });
        }
    }
    let campaign = tenants::store::find_campaign(tx, uai).await?;
    Ok(Some(SchoolPlace { school, campaign, places }))
}

/// Everything of one school, as far as the administrator sees it.
#[derive(Clone, Debug)]
pub struct SeenSchool {
    pub place: SchoolPlace,
    pub figures: CampaignFigures,
    /// True if the administrator sees the whole school, and not some classes of it.
    pub is_whole: bool,
    /// The persons in whose name somebody tried with another number.
    pub tried: BTreeSet<PersonId>,
    /// The days of the campaign, of a whole school.
    pub days: Vec<CampaignDayRow>,
    /// The orders of reminders since the campaign opened, the last first.
    pub reminders: Vec<SeenReminderOrder>,
    /// The first and the last day of the chart.
    pub chart: Option<(Timestamp, Timestamp)>,
    /// The persons who asked to open the activation again.
    pub late: usize,
    /// The shares of the academy: parents, and those with an account.
    pub academy: (i64, i64),
}

/// Counts one school.
pub async fn open_school(op: &Operation<'_>, on_duty: &OnDuty, place: SchoolPlace) -> anyhow::Result<SeenSchool> {
    let scope = AdminScope::of(&on_duty.roles, AdminAct::SeeSchool, op.now);
    let is_whole = scope.contains(&place.whole());
    let sees = |class: Option<&str>| is_whole || class.is_some_and(|class| scope.contains(&place.class(class)));
    let uai = place.school.uai.clone();
    let mut tx = op.app.db.read().await?;
    let pupils = store::list_enrolled_classes(&mut tx, &uai).await?;
    let pupils = pupils.iter().filter(|class| sees(class.as_deref())).count();
    let mut links: Vec<CountedLink> = store::list_links(&mut tx, &uai).await?;
    links.retain(|link| sees(link.class.as_deref()));
    let chart = place.campaign.filter(|_| is_whole).and_then(|campaign| chart_days(campaign, op.now));
    let days = match chart {
        Some((from, to)) => store::list_days(&mut tx, &uai, (&dates::date_key(from), &dates::date_key(to))).await?,
        None => Vec::new(),
    };
    let reminders = match is_whole {
        true => reminders::orders::list(&mut tx, &place, op.now).await?,
        false => Vec::new(),
    };
    let figures = CampaignFigures::count(&links, pupils, place.campaign);
    let tried = store::list_near_persons(&mut tx, &uai).await?.into_iter().collect();
    let late = if is_whole { store::count_late_persons(&mut tx, &uai).await? } else { 0 };
    let academy = store::progress::sum_academy(&mut tx, &place.school.academy).await?;
    Ok(SeenSchool { place, figures, is_whole, tried, days, reminders, chart, late, academy })
}

/// Lists the parents of a school whom the administrator may see, of those that `has` takes: those who tried first.
pub fn listed_parents<'a>(
    file: &'a SeenSchool,
    scope: &AdminScope,
    has: impl Fn(&CountedParent) -> bool,
) -> Vec<&'a CountedParent> {
    let sees = |parent: &CountedParent| {
        let inside = |class: &Option<String>| {
            let place = class.as_deref().map_or_else(|| file.place.whole(), |class| file.place.class(class));
            scope.contains(&place)
        };
        parent.children.iter().any(|(.., class)| inside(class))
    };
    let mut all: Vec<&CountedParent> =
        file.figures.parents.iter().filter(|parent| has(parent) && sees(parent)).collect();
    all.sort_by_key(|parent| {
        let first = !file.tried.contains(&parent.person_id);
        (first, &parent.family_name, &parent.given_name, &parent.person_id)
    });
    all
}

/// Returns the first and the last day of the chart of a campaign; `None` before it opens.
fn chart_days(campaign: Campaign, now: Timestamp) -> Option<(Timestamp, Timestamp)> {
    if now < campaign.opens_at {
        return None;
    }
    let longest = Span::days(MAX_CHART_DAYS - 1);
    let end = campaign.closes_at.min(campaign.opens_at.plus(longest)).max(now.min(campaign.closes_at));
    Some((campaign.opens_at.max(end.minus(longest)), end))
}

/// Records that somebody took a table of people along.
pub async fn record_export(op: &Operation<'_>, place: &SchoolPlace, people: usize) -> anyhow::Result<()> {
    let detail = format!("unreachable: {people}");
    let about = AuditDetails {
        uai: Some(&place.school.uai),
        academy: Some(&place.school.academy),
        detail: &detail,
        ..AuditDetails::default()
    };
    let mut tx = op.write(Durability::Relaxed).await?;
    audit::store::record(&mut tx, AuditEvent::PersonsExported, about).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_the_days_of_the_campaign_and_a_month_at_most() {
        let day = |n: i64| Timestamp(Span::days(n).0);
        let of = |opens, closes, now| {
            chart_days(Campaign { opens_at: day(opens), closes_at: day(closes) }, day(now))
                .map(|(from, to)| (from.0 / Span::days(1).0, to.0 / Span::days(1).0))
        };
        assert_eq!(of(10, 25, 9), None);
        assert_eq!(of(10, 25, 12), Some((10, 25)));
        assert_eq!(of(10, 25, 90), Some((10, 25)));
        assert_eq!(of(10, 100, 12), Some((10, 40)));
        assert_eq!(of(10, 100, 60), Some((30, 60)));
    }

    #[test]
    fn a_school_is_found_by_a_part_of_its_name_or_the_beginning_of_its_uai() {
        let row = ListedSchoolRow {
            uai: Uai::parse("0349999J").unwrap(),
            name: "Clg Théodore Monod".to_owned(),
            academy: String::new(),
            ministry: String::new(),
            opens_at: None,
            closes_at: None,
            parents: None,
            with_account: None,
            unreachable: None,
            closing: 0,
            share: 0,
        };
        for (words, right) in
            [("", true), ("theodore", true), ("0349", true), ("0349999j", true), ("9999J", false), ("%", false)]
        {
            assert_eq!(fits(&row, words), right, "{words}");
        }
    }

    #[test]
    fn a_school_is_found_by_words_and_figures_of_its_name() {
        let name = "Collège Théodore-Monod 49";
        for (words, right) in [
            ("college", true),
            ("MONOD theo", true),
            ("collège 49", true),
            ("collège 48", false),
            ("49", true),
            ("%", false),
            ("<script>", false),
        ] {
            assert_eq!(is_named(name, words), right, "{words}");
        }
    }
}
