//! The stylesheet, the script and the icon, served from the binary.
//!
//! Pages link assets with a part of the digest (`?v=`), so that browsers may cache assets forever.

use crate::http::paths;
use std::borrow::Cow;
use std::fmt::Write as _;

use super::Files;

/// A file of `templates/assets/`.
#[derive(Clone, Debug)]
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// Value of `ETag`, quotes included.
    pub etag: String,
}

/// Returns the asset served at `/assets/{name}`; `None` for an unknown file or type.
pub fn asset(name: &str) -> Option<Asset> {
    let content_type = match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => return None,
    };
    if name.contains('/') {
        return None;
    }
    let file = Files::get(&format!("assets/{name}"))?;
    let etag = format!("\"{}\"", digest(&file.metadata.sha256_hash()));
    Some(Asset { bytes: file.data, content_type, etag })
}

/// Returns a font for printed pages, from `templates/assets/fonts/`; fonts are embedded and not served.
pub fn font(name: &str) -> Option<Cow<'static, [u8]>> {
    Files::get(&format!("assets/fonts/{name}")).map(|file| file.data)
}

/// Returns the versioned address of an asset, for pages.
pub(super) fn link(name: &str) -> String {
    let version = Files::get(&format!("assets/{name}")).map(|file| digest(&file.metadata.sha256_hash()));
    format!("{}{name}?v={}", paths::ASSETS, version.unwrap_or_default())
}

/// Returns 64 bits of the digest in hexadecimal, enough to distinguish versions of a file.
fn digest(sha256: &[u8; 32]) -> String {
    sha256.iter().take(8).fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
