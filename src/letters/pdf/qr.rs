//! A QR code as a vector shape: sharp at any size, and after a photocopy.

use krilla::geom::{PathBuilder, Rect};
use qrcode::{Color, EcLevel, QrCode};

use super::page::{Ink, PageItem, Role};

/// The light border that ISO/IEC 18004 demands around a code.
const QUIET_ZONE_MODULES: f32 = 4.0;

/// Returns the code of a text within a square that includes its light border; `None` if the text is too long for one.
pub(super) fn qr_code(text: &str, alt: String, (left, top): (f32, f32), side: f32) -> Option<PageItem> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let count = code.width();
    let module = side / (count as f32 + 2.0 * QUIET_ZONE_MODULES);
    let colors = code.to_colors();
    let mut path = PathBuilder::new();
    for (row, line) in colors.chunks(count).enumerate() {
        // Dark modules beside each other are one rectangle: no white hair shows between them.
        let mut column = 0;
        for run in line.chunk_by(|left, right| left == right) {
            if run.first() == Some(&Color::Dark) {
                let x = left + (column as f32 + QUIET_ZONE_MODULES) * module;
                let y = top + (row as f32 + QUIET_ZONE_MODULES) * module;
                path.push_rect(Rect::from_xywh(x, y, run.len() as f32 * module, module)?);
            }
            column += run.len();
        }
    }
    let ink = Ink::Fill(path.finish()?);
    Some(PageItem { role: Role::Figure(alt), ink, left, top, width: side, height: side })
}
