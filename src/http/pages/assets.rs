//! The stylesheet, the script and the icon, from the binary.
//!
//! Pages link them with a part of their digest (`?v=`), so a browser may keep them for ever.

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

/// The asset served at `/assets/{name}`, where there is one of a kind that we serve.
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

/// The address that pages use.
pub(super) fn link(name: &str) -> String {
    let version = Files::get(&format!("assets/{name}")).map(|file| digest(&file.metadata.sha256_hash()));
    format!("/assets/{name}?v={}", version.unwrap_or_default())
}

/// 64 bits in hexadecimal: enough to tell versions of one file apart.
fn digest(sha256: &[u8; 32]) -> String {
    sha256.iter().take(8).fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
