//! A QR code as a drawing of the page itself: no picture is fetched, nothing is inline that the policy forbids.

use qrcode::{Color, EcLevel, QrCode as Code};
use serde::Serialize;

/// An SVG path of one square a dark module, in a square of `side` with the quiet zone that ISO/IEC 18004 asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QrCode {
    pub side: usize,
    pub path: String,
}

const QUIET: usize = 4;

impl QrCode {
    /// `None` where the text is too long for a code.
    pub fn of(text: &str) -> Option<Self> {
        let code = Code::with_error_correction_level(text, EcLevel::M).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (place, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                let (x, y) = (place % width + QUIET, place / width + QUIET);
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
        Some(QrCode { side: width + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_a_drawing_with_its_three_corners() {
        let code = QrCode::of("http://localhost:8090/ent").unwrap();
        // Version 2 has 25 modules; the finder's outer row begins at the quiet zone.
        assert_eq!(code.side, 33);
        for corner in ["M4 4h1v1h-1z", "M28 4h1v1h-1z", "M4 28h1v1h-1z"] {
            assert!(code.path.contains(corner), "{corner}");
        }
        // A finder's light ring is there, the quiet zone is quiet.
        assert!(!code.path.contains("M5 5h") && !code.path.contains("M3 4h"));
        assert_eq!(QrCode::of(&"x".repeat(10_000)), None);
    }
}
