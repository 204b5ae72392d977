//! A page before it is drawn: texts and shapes at their places, each with its role for who listens instead of looking.

use std::rc::Rc;

use krilla::geom::{Path, PathBuilder, Rect};

use super::text::TextBlock;

/// A4, in points.
pub(super) const PAGE_WIDTH: f32 = 595.276;
pub(super) const PAGE_HEIGHT: f32 = 841.89;

/// Returns millimetres in points.
pub(super) const fn mm(millimetres: f32) -> f32 {
    millimetres * 72.0 / 25.4
}

/// The role of an item in the structure of the document, in the order of reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A heading, from level 1 on.
    Heading(u16),
    Paragraph,
    /// The number of an item of a list; begins the item.
    ListLabel,
    ListBody,
    /// A drawing with its meaning in words.
    Figure(String),
    /// A line or frame that has no meaning of its own.
    Decoration,
}

/// The ink of an item.
pub(super) enum Ink {
    Text(Rc<TextBlock>),
    Fill(Path),
    Stroke { path: Path, width: f32, dashed: bool },
}

/// Something to draw. Shapes have their own coordinates; a text begins at left and top of the bounds.
pub(super) struct PageItem {
    pub role: Role,
    pub ink: Ink,
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

impl PageItem {
    pub(super) fn bottom(&self) -> f32 {
        self.top + self.height
    }
}

/// Returns a horizontal line.
pub(super) fn rule(left: f32, top: f32, width: f32, thickness: f32, dashed: bool) -> Option<PageItem> {
    let mut path = PathBuilder::new();
    path.move_to(left, top + thickness / 2.0);
    path.line_to(left + width, top + thickness / 2.0);
    let ink = Ink::Stroke { path: path.finish()?, width: thickness, dashed };
    Some(PageItem { role: Role::Decoration, ink, left, top, width, height: thickness })
}

/// Returns a filled rectangle.
pub(super) fn bar(left: f32, top: f32, width: f32, height: f32) -> Option<PageItem> {
    let mut path = PathBuilder::new();
    path.push_rect(Rect::from_xywh(left, top, width, height)?);
    Some(PageItem { role: Role::Decoration, ink: Ink::Fill(path.finish()?), left, top, width, height })
}

/// Returns a frame with round corners, drawn within the bounds.
pub(super) fn frame(left: f32, top: f32, width: f32, height: f32) -> Option<PageItem> {
    /// The distance of a Bézier curve's handles that makes a quarter of a circle, as a part of the radius.
    const CIRCLE: f32 = 0.552_28;
    let (thickness, radius) = (mm(0.7), mm(3.0));
    let (l, t) = (left + thickness / 2.0, top + thickness / 2.0);
    let (r, b) = (left + width - thickness / 2.0, top + height - thickness / 2.0);
    let handle = radius * (1.0 - CIRCLE);
    let mut path = PathBuilder::new();
    path.move_to(l + radius, t);
    path.line_to(r - radius, t);
    path.cubic_to(r - handle, t, r, t + handle, r, t + radius);
    path.line_to(r, b - radius);
    path.cubic_to(r, b - handle, r - handle, b, r - radius, b);
    path.line_to(l + radius, b);
    path.cubic_to(l + handle, b, l, b - handle, l, b - radius);
    path.line_to(l, t + radius);
    path.cubic_to(l, t + handle, l + handle, t, l + radius, t);
    path.close();
    let ink = Ink::Stroke { path: path.finish()?, width: thickness, dashed: false };
    Some(PageItem { role: Role::Decoration, ink, left, top, width, height })
}

/// Returns the service's mark, a house with columns: a roof and what it stands on.
pub(super) fn mark(left: f32, top: f32, side: f32) -> Option<[PageItem; 2]> {
    // The drawing has 36 units.
    let unit = side / 36.0;
    let at = |x: f32, y: f32| (left + x * unit, top + y * unit);
    let draw = |lines: &[&[(f32, f32)]], close: bool| {
        let mut path = PathBuilder::new();
        for line in lines {
            for (n, (x, y)) in line.iter().enumerate() {
                let (x, y) = at(*x, *y);
                if n == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
            }
            if close {
                path.close();
            }
        }
        path.finish()
    };
    let roof = draw(&[&[(3.0, 15.0), (18.0, 5.0), (33.0, 15.0), (33.0, 18.0), (3.0, 18.0)]], true)?;
    let columns = draw(
        &[
            &[(7.0, 18.0), (7.0, 31.0)],
            &[(29.0, 18.0), (29.0, 31.0)],
            &[(18.0, 18.0), (18.0, 31.0)],
            &[(3.0, 31.0), (33.0, 31.0)],
        ],
        false,
    )?;
    let item = |ink| PageItem { role: Role::Decoration, ink, left, top, width: side, height: side };
    Some([item(Ink::Fill(roof)), item(Ink::Stroke { path: columns, width: 2.5 * unit, dashed: false })])
}
