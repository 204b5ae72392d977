//! A QR code as inline SVG: no image is fetched, and no inline style or script is needed, which the CSP would block.

use qrcode::{Color, EcLevel, QrCode as Code};
use serde::Serialize;

/// An SVG path with one square per dark module, in a square of `side` modules including the quiet zone of ISO/IEC
/// 18004.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QrCode {
    pub side: usize,
    pub path: String,
}

const QUIET_ZONE_MODULES: usize = 4;

impl QrCode {
    /// Encodes the text; `None` if the text is too long for a QR code.
    pub fn encode(text: &str) -> Option<Self> {
        let code = Code::with_error_correction_level(text, EcLevel::M).ok()?;
        let width = code.width();
        let mut path = String::new();
        for (place, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                let (x, y) = (place % width + QUIET_ZONE_MODULES, place / width + QUIET_ZONE_MODULES);
                path.push_str(&format!("M{x} {y}h1v1h-1z"));
            }
        }
        Some(QrCode { side: width + 2 * QUIET_ZONE_MODULES, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_a_drawing_with_its_three_corners() {
        let code = QrCode::encode("http://localhost:8090/ent").unwrap();
        // Version 2 has 25 modules; the finder's outer row begins after the quiet zone.
        assert_eq!(code.side, 33);
        for corner in ["M4 4h1v1h-1z", "M28 4h1v1h-1z", "M4 28h1v1h-1z"] {
            assert!(code.path.contains(corner), "{corner}");
        }
        // The light ring of a finder and the quiet zone are empty.
        assert!(!code.path.contains("M5 5h") && !code.path.contains("M3 4h"));
        assert_eq!(QrCode::encode(&"x".repeat(10_000)), None);
    }
}
