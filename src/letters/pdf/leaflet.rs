//! The leaflet: the ten steps of an activation on one page, for the families of one school.

use super::compose::{CONTENT_WIDTH, LEFT, Words, fit};
use super::page::{self, PageItem, Role, mm};
use super::text::{TextStyle, TypeSetter};
use super::{LeafletPortal, LetterPdfError, Letterhead, printed, typed_address};
use crate::http::paths;

/// Places the leaflet on its page.
pub(super) fn compose(
    words: &Words<'_>,
    setter: &mut TypeSetter,
    head: &Letterhead<'_>,
    portal: &LeafletPortal<'_>,
) -> Result<Vec<PageItem>, LetterPdfError> {
    let (school, service, site) = (printed(head.school), printed(head.service), printed(portal.school_site));
    let first = match site.as_str() {
        "" => words.spans("leaflet-1", &[])?,
        site => words.spans("leaflet-1-site", &[("site", site)])?,
    };
    let second = match printed(portal.choice).as_str() {
        "" => words.spans("leaflet-2", &[("service", &service)])?,
        choice => words.spans("leaflet-2-choice", &[("choice", choice)])?,
    };
    let steps = [
        first,
        second,
        words.spans("leaflet-3", &[])?,
        words.spans("leaflet-4", &[])?,
        words.spans("leaflet-5", &[])?,
        words.spans("leaflet-6", &[])?,
        words.spans("leaflet-7", &[])?,
        words.spans("leaflet-8", &[])?,
        words.spans("leaflet-9", &[])?,
        words.spans("leaflet-10", &[("school", &school)])?,
    ];
    let to = words.spans("leaflet-to", &[])?;
    let trouble = words.spans("leaflet-trouble", &[("address", &typed_address(head.issuer, paths::HELP))])?;
    fit(words, setter, 1, |page| {
        page.head(head, &to, &words.plain("printed-role-parent", &[])?)?;
        page.title("leaflet-title", "leaflet-lead")?;
        page.warning("leaflet-prepare")?;
        page.subheading("printed-how")?;
        for (number, step) in steps.iter().enumerate() {
            page.step(number + 1, step, None)?;
        }
        page.subheading("printed-trouble")?;
        let style = page.running();
        page.y = page.place(Role::Paragraph, &trouble, style, (LEFT, page.y), CONTENT_WIDTH);
        let before = page.items.len();
        let foot_top = page.foot(head, None)?;
        let foot = page.items.split_off(before);
        let bottom = foot_top - page.gap(4.0);
        let keep = words.spans("leaflet-keep", &[("service", &service)])?;
        let top = page.place_above(bottom, |page, top| {
            page.push(page::rule(LEFT, top, CONTENT_WIDTH, mm(0.4), true))?;
            let small = page.sized(TextStyle::plain(10.0));
            let y = page.place(Role::Paragraph, &keep, small, (LEFT, top + page.gap(3.4)), CONTENT_WIDTH);
            let y = y + page.gap(2.0);
            let (width, right) = page.cut_columns();
            page.blank_line("leaflet-identifiant", (LEFT, y), width)?;
            page.blank_line("printed-my-password", (right, y), width)
        })?;
        page.items.extend(foot);
        Ok(top)
    })
}
