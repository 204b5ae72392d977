//! One letter: for whom, identifiant and code, the steps, and a part to cut off and keep.

use parley::Alignment;

use super::compose::{CONTENT_WIDTH, Composer, LEFT, Words, fit, span};
use super::page::{self, PageItem, Role, mm};
use super::qr::qr_code;
use super::text::{TextStyle, TypeSetter};
use super::{
    LetterPdfError, LetterReader, LetterUse, Letterhead, PrintedLetter, letter_address, printed, typed_address,
};
use crate::http::paths;

/// The keys of the messages that differ between a pupil's letter and a parent's.
struct Keys {
    title: &'static str,
    lead: &'static str,
    go: &'static str,
    date: &'static str,
    choose: &'static str,
    warning: &'static str,
    trouble: &'static str,
    code: &'static str,
}

fn keys(letter: &PrintedLetter<'_>) -> Keys {
    let keys = match letter.reader {
        LetterReader::Pupil => Keys {
            title: "printed-heading-pupil",
            lead: "printed-lead-pupil",
            go: "printed-go-pupil",
            date: "printed-date-pupil",
            choose: "printed-choose-pupil",
            warning: "printed-warning-pupil",
            trouble: "printed-trouble-pupil",
            code: "printed-code-first",
        },
        LetterReader::Parent => Keys {
            title: "printed-heading-parent",
            lead: "printed-lead-parent",
            go: "printed-go-parent",
            date: "printed-date-parent",
            choose: "printed-choose-parent",
            warning: "printed-warning-parent",
            trouble: "printed-trouble-parent",
            code: "printed-code-first",
        },
    };
    match letter.purpose {
        LetterUse::First => keys,
        LetterUse::Child => Keys {
            title: "printed-heading-child",
            lead: "printed-lead-child",
            go: "printed-go-child",
            date: "printed-date-child",
            code: "printed-code-child",
            ..keys
        },
        LetterUse::Factor => Keys { lead: "printed-lead-factor", code: "printed-code-reset", ..keys },
        LetterUse::Reset => Keys { lead: "printed-lead-reset", code: "printed-code-reset", ..keys },
    }
}

/// Places a letter on its page; `sheet` is its number in the file, from 1 on.
pub(super) fn compose(
    words: &Words<'_>,
    setter: &mut TypeSetter,
    head: &Letterhead<'_>,
    letter: &PrintedLetter<'_>,
    sheet: usize,
) -> Result<Vec<PageItem>, LetterPdfError> {
    let (keys, name) = (keys(letter), printed(letter.name));
    // « 5e B » stays in one line.
    let class = letter.class.map(|class| printed(class).replace(' ', "\u{a0}")).filter(|class| !class.is_empty());
    let to = words.spans("printed-to", &[("name", &name)])?;
    let detail = match letter.reader {
        LetterReader::Pupil => class.clone().unwrap_or_default(),
        LetterReader::Parent if letter.in_person => words.plain("printed-role-parent-in-person", &[])?,
        LetterReader::Parent => words.plain("printed-role-parent", &[])?,
    };
    let is_child = letter.purpose == LetterUse::Child;
    let number = sheet.to_string();
    let sheet_words = match &class {
        Some(class) => words.plain("printed-sheet-class", &[("class", class), ("number", &number)])?,
        None => words.plain("printed-sheet", &[("number", &number)])?,
    };
    let go = words.spans(keys.go, &[("address", &typed_address(head.issuer, page_of(letter)))])?;
    fit(words, setter, sheet, |page| {
        page.head(head, &to, &detail)?;
        page.title(keys.title, keys.lead)?;
        key_box(page, head, letter, keys.code)?;
        page.subheading("printed-how")?;
        page.step(1, &go, None)?;
        let copy = if is_child { "printed-copy-child" } else { "printed-copy" };
        page.step(2, &words.spans(copy, &[])?, Some("printed-copy-note"))?;
        page.step(3, &words.spans(keys.date, &[])?, None)?;
        if !is_child {
            page.step(4, &words.spans(keys.choose, &[])?, None)?;
        }
        page.warning(keys.warning)?;
        page.subheading("printed-trouble")?;
        let style = page.running();
        page.y = page.place_words(Role::Paragraph, keys.trouble, style, (LEFT, page.y), CONTENT_WIDTH)?;
        let y = page.y;
        lower_part(page, head, letter, &name, &sheet_words).inspect(|_| page.y = y)
    })
}

/// Returns the path of the page on which the code is typed.
fn page_of(letter: &PrintedLetter<'_>) -> &'static str {
    match letter.purpose {
        LetterUse::Child => paths::ACCOUNT_CHILDREN,
        LetterUse::First | LetterUse::Reset | LetterUse::Factor => paths::LETTER,
    }
}

/// Places the frame with identifiant, code and QR code.
fn key_box(
    page: &mut Composer<'_>,
    head: &Letterhead<'_>,
    letter: &PrintedLetter<'_>,
    code_key: &str,
) -> Result<(), LetterPdfError> {
    let top = page.y;
    let (inside_x, inside_y) = (mm(6.0), page.gap(5.0));
    let (left, scan_width) = (LEFT + inside_x, mm(46.0));
    let width = CONTENT_WIDTH - 2.0 * inside_x - mm(8.0) - scan_width;
    let label = page.sized(TextStyle::bold(11.5));
    let label_gap = page.gap(1.0);

    let first = page.items.len();
    let mut y = page.place_words(Role::Heading(2), "printed-identifiant", label, (left, top), width)? + label_gap;
    y = page.place_key(&printed(letter.identifiant), 21.0, (left, y), width) + page.gap(4.0);
    y = page.place_words(Role::Heading(2), code_key, label, (left, y), width)? + label_gap;
    y = page.place_key(&letter.code.to_printed_form(), 21.0, (left, y), width) + page.gap(4.0);
    let until = page.words.spans("printed-until", &[("date", letter.valid_until)])?;
    let keys_height = page.place(Role::Paragraph, &until, page.running(), (left, y), width) - top;
    let second = page.items.len();

    let (side, scan_left) = (mm(44.0), LEFT + CONTENT_WIDTH - inside_x - scan_width);
    let (address, alt) = match letter.purpose {
        // The person signs in first: the code is typed there.
        LetterUse::Child => (format!("{}{}", head.issuer, paths::ACCOUNT_CHILDREN), "printed-qr-child"),
        LetterUse::First | LetterUse::Reset | LetterUse::Factor => {
            (letter_address(head.issuer, letter.identifiant, letter.code), "printed-qr")
        }
    };
    let alt = page.words.plain(alt, &[])?;
    let caption = TextStyle { line_height: 1.3, ..page.sized(TextStyle::plain(9.5)) }.aligned(Alignment::Center);
    let scan_height = {
        let at = (scan_left, top + side + mm(1.0));
        page.place_words(Role::Paragraph, "printed-scan", caption, at, scan_width)? - top
    };

    // Both columns are centred in the frame.
    let height = keys_height.max(scan_height);
    for (place, item) in page.items.iter_mut().enumerate().skip(first) {
        let own = if place < second { keys_height } else { scan_height };
        item.top += inside_y + (height - own) / 2.0;
    }
    let qr_top = top + inside_y + (height - scan_height) / 2.0;
    let qr = qr_code(&address, alt, (scan_left + (scan_width - side) / 2.0, qr_top), side);
    page.items.insert(second, qr.ok_or(LetterPdfError::QrCode)?);
    let frame_height = height + 2.0 * inside_y;
    page.push(page::frame(LEFT, top, CONTENT_WIDTH, frame_height))?;
    page.y = top + frame_height;
    Ok(())
}

/// Places the part to cut off and the foot, from the bottom of the page on; returns the top.
fn lower_part(
    page: &mut Composer<'_>,
    head: &Letterhead<'_>,
    letter: &PrintedLetter<'_>,
    name: &str,
    sheet: &str,
) -> Result<f32, LetterPdfError> {
    let before = page.items.len();
    let foot_top = page.foot(head, Some(sheet))?;
    let foot = page.items.split_off(before);
    let keep = page.words.plain("printed-keep", &[("service", &printed(head.service)), ("name", name)])?;
    let identifiant = printed(letter.identifiant);
    let bottom = foot_top - page.gap(4.0);
    let top = page.place_above(bottom, |page, top| {
        page.push(page::rule(LEFT, top, CONTENT_WIDTH, mm(0.4), true))?;
        let small = page.sized(TextStyle::plain(10.0));
        let y = page.place_words(Role::Paragraph, "printed-cut", small, (LEFT, top + page.gap(3.4)), CONTENT_WIDTH)?;
        let y = y + page.gap(2.0);
        let (width, right) = page.cut_columns();
        let mut left_bottom = page.place(Role::Paragraph, &span(&keep), small, (LEFT, y), width) + page.gap(1.0);
        left_bottom = page.place_key(&identifiant, 15.0, (LEFT, left_bottom), width);
        let right_bottom = page.blank_line("printed-my-password", (right, y), width)?;
        Ok(left_bottom.max(right_bottom))
    })?;
    page.items.extend(foot);
    Ok(top)
}
