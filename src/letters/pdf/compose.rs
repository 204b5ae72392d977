//! The parts that every printed page has: words, the running place on the page, head and foot.

use parley::Alignment;

use super::page::{self, Ink, PAGE_HEIGHT, PAGE_WIDTH, PageItem, Role, mm};
use super::text::{MONOSPACED_ADVANCE, TextStyle, TypeSetter};
use super::{LetterPdfError, Letterhead, printed, typed_address};
use crate::base::lang::Lang;
use crate::http::pages::{MessageSpan, PageRenderer};
use crate::http::paths;

pub(super) const LEFT: f32 = mm(18.0);
pub(super) const CONTENT_WIDTH: f32 = PAGE_WIDTH - 2.0 * LEFT;
const TOP: f32 = mm(14.0);
const BOTTOM: f32 = PAGE_HEIGHT - mm(10.0);
/// The least distance between what is said and the part to cut off.
const MIN_GAP: f32 = mm(3.0);
/// The sizes at which a page is tried, as parts of the drawn size, until everything has its place.
const SCALES: [f32; 7] = [1.0, 0.95, 0.9, 0.84, 0.78, 0.72, 0.66];
const RUNNING_SIZE: f32 = 11.5;

/// The words of one language.
pub(super) struct Words<'a> {
    pub pages: &'a PageRenderer,
    pub lang: Lang,
}

impl Words<'_> {
    pub(super) fn plain(&self, key: &str, args: &[(&str, &str)]) -> Result<String, LetterPdfError> {
        Ok(self.pages.message(self.lang, key, args)?)
    }

    pub(super) fn spans(&self, key: &str, args: &[(&str, &str)]) -> Result<Vec<MessageSpan>, LetterPdfError> {
        Ok(self.pages.message_spans(self.lang, key, args)?)
    }
}

/// Returns text that is no message as a span.
pub(super) fn span(text: &str) -> Vec<MessageSpan> {
    vec![MessageSpan { text: text.to_owned(), bold: false }]
}

/// A page under construction at one scale. Places are in points from the left and top edge.
pub(super) struct Composer<'a> {
    pub words: &'a Words<'a>,
    pub setter: &'a mut TypeSetter,
    pub scale: f32,
    pub items: Vec<PageItem>,
    /// The bottom of what was placed from above.
    pub y: f32,
}

impl Composer<'_> {
    /// Returns a distance at this scale.
    pub(super) fn gap(&self, millimetres: f32) -> f32 {
        mm(millimetres) * self.scale
    }

    pub(super) fn running(&self) -> TextStyle {
        TextStyle::plain(RUNNING_SIZE * self.scale)
    }

    pub(super) fn sized(&self, style: TextStyle) -> TextStyle {
        TextStyle { size: style.size * self.scale, ..style }
    }

    /// Places a text and returns its bottom.
    pub(super) fn place(
        &mut self,
        role: Role,
        spans: &[MessageSpan],
        style: TextStyle,
        (left, top): (f32, f32),
        width: f32,
    ) -> f32 {
        let block = self.setter.set(spans, style, width);
        let item = PageItem { role, left, top, width, height: block.height(), ink: Ink::Text(block) };
        let bottom = item.bottom();
        self.items.push(item);
        bottom
    }

    /// Places a message without arguments, and returns its bottom.
    pub(super) fn place_words(
        &mut self,
        role: Role,
        key: &str,
        style: TextStyle,
        at: (f32, f32),
        width: f32,
    ) -> Result<f32, LetterPdfError> {
        let spans = self.words.spans(key, &[])?;
        Ok(self.place(role, &spans, style, at, width))
    }

    /// Places an identifiant or code in one line, smaller if it is long.
    pub(super) fn place_key(&mut self, text: &str, size: f32, at: (f32, f32), width: f32) -> f32 {
        let fitting = width / (MONOSPACED_ADVANCE * text.chars().count().max(1) as f32);
        // A little less than fits: no rounding may wrap the last sign.
        let style = TextStyle::monospaced((size * self.scale).min(fitting * 0.995).max(6.0));
        self.place(Role::Paragraph, &span(text), style, at, width)
    }

    pub(super) fn push(&mut self, item: Option<PageItem>) -> Result<(), LetterPdfError> {
        self.items.push(item.ok_or(LetterPdfError::Shape)?);
        Ok(())
    }

    /// Places the mark, the service and the school on the left, and who is meant on the right.
    pub(super) fn head(
        &mut self,
        head: &Letterhead<'_>,
        to: &[MessageSpan],
        to_detail: &str,
    ) -> Result<(), LetterPdfError> {
        let side = self.gap(12.0);
        let left = LEFT + side + self.gap(4.0);
        let width = (CONTENT_WIDTH - side) / 2.0 - self.gap(4.0);
        let style = self.running();
        let service = [MessageSpan { text: printed(head.service), bold: true }];
        let mut bottom = self.place(Role::Paragraph, &service, style, (left, TOP), width);
        bottom = self.place(Role::Paragraph, &span(&printed(head.school)), style, (left, bottom), width);
        let (style, right) = (style.aligned(Alignment::Right), LEFT + CONTENT_WIDTH - width);
        let mut to_bottom = self.place(Role::Paragraph, to, style, (right, TOP), width);
        to_bottom = self.place(Role::Paragraph, &span(to_detail), style, (right, to_bottom), width);
        let height = (bottom.max(to_bottom) - TOP).max(side);
        let mark = page::mark(LEFT, TOP + (height.min(self.gap(16.0)) - side) / 2.0, side);
        self.items.extend(mark.ok_or(LetterPdfError::Shape)?);
        self.y = TOP + height + self.gap(4.0);
        self.push(page::rule(LEFT, self.y, CONTENT_WIDTH, mm(0.5), false))?;
        self.y += mm(0.5);
        Ok(())
    }

    /// Places the title and the sentence below.
    pub(super) fn title(&mut self, title: &str, lead: &str) -> Result<(), LetterPdfError> {
        let heading = TextStyle { line_height: 1.2, ..self.sized(TextStyle::bold(22.0)) };
        let at = (LEFT, self.y + self.gap(7.0));
        self.y = self.place_words(Role::Heading(1), title, heading, at, CONTENT_WIDTH)?;
        let at = (LEFT, self.y + self.gap(2.0));
        let lead_style = self.sized(TextStyle::plain(13.0));
        self.y = self.place_words(Role::Paragraph, lead, lead_style, at, CONTENT_WIDTH)? + self.gap(3.0);
        Ok(())
    }

    pub(super) fn subheading(&mut self, key: &str) -> Result<(), LetterPdfError> {
        let at = (LEFT, self.y + self.gap(6.0));
        let style = self.sized(TextStyle::bold(14.0));
        self.y = self.place_words(Role::Heading(2), key, style, at, CONTENT_WIDTH)? + self.gap(2.0);
        Ok(())
    }

    /// Places a numbered step, and a note below in smaller signs.
    pub(super) fn step(
        &mut self,
        number: usize,
        step: &[MessageSpan],
        note: Option<&str>,
    ) -> Result<(), LetterPdfError> {
        let indent = self.gap(8.0);
        let label = [MessageSpan { text: format!("{number}."), bold: true }];
        let style = self.running();
        let (top, left, width) = (self.y, LEFT + indent, CONTENT_WIDTH - indent);
        let label_width = indent - self.gap(2.0);
        let label_style = style.aligned(Alignment::Right);
        self.place(Role::ListLabel, &label, label_style, (LEFT, top), label_width);
        self.y = self.place(Role::ListBody, step, style, (left, top), width);
        if let Some(key) = note {
            let small = self.sized(TextStyle::plain(10.0));
            self.y = self.place_words(Role::ListBody, key, small, (left, self.y), width)?;
        }
        self.y += self.gap(1.5);
        Ok(())
    }

    /// Places a warning beside a thick bar.
    pub(super) fn warning(&mut self, key: &str) -> Result<(), LetterPdfError> {
        let top = self.y + self.gap(2.5);
        let (thickness, inside) = (mm(2.0), self.gap(2.0));
        let left = LEFT + thickness + self.gap(4.0);
        let style = self.running();
        let bottom =
            self.place_words(Role::Paragraph, key, style, (left, top + inside), LEFT + CONTENT_WIDTH - left)? + inside;
        self.push(page::bar(LEFT, top, thickness, bottom - top))?;
        self.y = bottom;
        Ok(())
    }

    /// Places the foot at the bottom of the page and returns its top.
    pub(super) fn foot(&mut self, head: &Letterhead<'_>, sheet: Option<&str>) -> Result<f32, LetterPdfError> {
        let academy = printed(head.academy);
        let data = typed_address(head.issuer, paths::PRIVACY);
        let issued =
            self.words.plain("printed-foot", &[("date", head.printed_on), ("school", &printed(head.school))])?;
        let data = self.words.plain("printed-foot-data", &[("address", &data)])?;
        let parts = [Some(issued.as_str()), Some(academy.as_str()), sheet];
        let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
        // The address has a line of its own, so that it is not broken.
        let foot = span(&format!("{}\n{data}", parts.join(" · ")));
        let style = self.sized(TextStyle::plain(8.5));
        self.place_above(BOTTOM, |composer, top| {
            composer.push(page::rule(LEFT, top, CONTENT_WIDTH, mm(0.2), false))?;
            let top = top + mm(0.2) + composer.gap(2.0);
            Ok(composer.place(Role::Paragraph, &foot, style, (LEFT, top), CONTENT_WIDTH))
        })
    }

    /// Places what `build` places, which begins at the given top and returns its bottom, so that it ends at `bottom`.
    /// Returns its top.
    pub(super) fn place_above(
        &mut self,
        bottom: f32,
        build: impl Fn(&mut Self, f32) -> Result<f32, LetterPdfError>,
    ) -> Result<f32, LetterPdfError> {
        let before = self.items.len();
        let height = build(self, 0.0)?;
        self.items.truncate(before);
        let top = bottom - height;
        build(self, top)?;
        Ok(top)
    }

    /// Places the two columns of the part to keep: what is printed, and a line to write on.
    pub(super) fn cut_columns(&mut self) -> (f32, f32) {
        let width = (CONTENT_WIDTH - self.gap(8.0)) / 2.0;
        (width, LEFT + CONTENT_WIDTH - width)
    }

    /// Places a line to write on, below its name, and returns its bottom.
    pub(super) fn blank_line(&mut self, key: &str, (left, top): (f32, f32), width: f32) -> Result<f32, LetterPdfError> {
        let small = self.sized(TextStyle::plain(10.0));
        let bottom = self.place_words(Role::Paragraph, key, small, (left, top), width)? + self.gap(9.0);
        let line = page::rule(left, bottom, width, mm(0.4), false).ok_or(LetterPdfError::Shape)?;
        let alt = self.words.plain("printed-to-fill", &[])?;
        self.items.push(PageItem { role: Role::Figure(alt), ..line });
        Ok(bottom + mm(0.4))
    }
}

/// Composes a page at the largest scale at which the upper part ends above the lower part.
pub(super) fn fit<'a>(
    words: &'a Words<'a>,
    setter: &'a mut TypeSetter,
    sheet: usize,
    build: impl Fn(&mut Composer<'_>) -> Result<f32, LetterPdfError>,
) -> Result<Vec<PageItem>, LetterPdfError> {
    for scale in SCALES {
        let mut composer = Composer { words, setter: &mut *setter, scale, items: Vec::new(), y: 0.0 };
        let lower_top = build(&mut composer)?;
        if composer.y + MIN_GAP <= lower_top {
            return Ok(composer.items);
        }
    }
    Err(LetterPdfError::TooFull(sheet))
}
