//! A client's logo (OIDCR 2, `logo_uri`), never served as downloaded.
//!
//! The image is decoded within limits and re-encoded as a small PNG: no script of an SVG, no data appended to the image
//! and no location metadata survives (docs/threats.md#attack-x3, #attack-d9). Three formats are accepted, recognised by
//! the first bytes of the file and not by the `Content-Type`.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

use super::Client;
use crate::base::secret::sha256_base64url;
use crate::http::paths;

/// The largest downloaded file, in bytes.
pub const MAX_FILE_BYTES: usize = 200 * 1024;
/// The `Accept` header of the request.
pub const LOGO_ACCEPT: &str = "image/png, image/webp, image/jpeg";
/// The maximum width and height of a decoded image, and of the re-encoded image, in pixels.
const MAX_DECODED_SIDE_PIXELS: u32 = 2_048;
const MAX_OUTPUT_SIDE_PIXELS: u32 = 200;
/// The memory limit of a decoder, in bytes: the largest image in four channels, plus working memory.
const MAX_DECODER_BYTES: u64 = 32 << 20;

#[derive(Debug, thiserror::Error)]
pub enum LogoError {
    #[error("not a PNG, JPEG or WebP")]
    Format,
    #[error("{0} × {1} pixels")]
    Size(u32, u32),
    #[error("{0}")]
    Decode(#[from] image::ImageError),
}

/// Re-encodes an image as a small PNG.
///
/// # Errors
/// The format is not accepted, the image has too many pixels (checked before decoding), or the file is broken.
pub fn reencode(bytes: &[u8]) -> Result<Vec<u8>, LogoError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| LogoError::Format)?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) {
        return Err(LogoError::Format);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if width > MAX_DECODED_SIDE_PIXELS || height > MAX_DECODED_SIDE_PIXELS || width == 0 || height == 0 {
        return Err(LogoError::Size(width, height));
    }
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(turned);
    if width > MAX_OUTPUT_SIDE_PIXELS || height > MAX_OUTPUT_SIDE_PIXELS {
        picture = picture.thumbnail(MAX_OUTPUT_SIDE_PIXELS, MAX_OUTPUT_SIDE_PIXELS);
    }
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgba8(picture.to_rgba8()).write_to(&mut out, ImageFormat::Png)?;
    Ok(out.into_inner())
}

/// Returns the path of the client's logo on Préau, or `None` for a client without a logo. A new `logo_uri` makes a new
/// path, so that no cache serves the old logo.
pub fn href(client: &Client) -> Option<String> {
    let uri = client.meta.logo_uri.as_deref()?;
    let version: String = sha256_base64url(uri).chars().take(8).collect();
    Some(format!("{}?v={version}", paths::CLIENT_LOGO.replace("{client_id}", &client.id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageBuffer, Rgba};

    fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let drawn = ImageBuffer::from_fn(width, height, |x, y| Rgba([x as u8, y as u8, 128, 255]));
        let drawn = DynamicImage::ImageRgba8(drawn);
        let drawn = if format == ImageFormat::Jpeg { DynamicImage::ImageRgb8(drawn.to_rgb8()) } else { drawn };
        let mut out = Cursor::new(Vec::new());
        drawn.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    fn size(png: &[u8]) -> (u32, u32) {
        assert!(png.starts_with(b"\x89PNG\r\n"));
        ImageReader::with_format(Cursor::new(png), ImageFormat::Png).into_dimensions().unwrap()
    }

    #[test]
    fn attack_x3_every_format_becomes_a_small_png() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            assert_eq!(size(&reencode(&picture(64, 32, format)).unwrap()), (64, 32), "{format:?}: not enlarged");
            assert_eq!(size(&reencode(&picture(800, 400, format)).unwrap()), (200, 100), "{format:?}: shape kept");
        }
    }

    #[test]
    fn attack_x3_what_hides_behind_the_picture_is_left_out() {
        let mut png = picture(20, 20, ImageFormat::Png);
        png.extend_from_slice(b"<script>alert(1)</script>");
        let drawn = reencode(&png).unwrap();
        assert!(!drawn.windows(7).any(|w| w == b"<script"), "only the pixels are kept");
    }

    #[test]
    fn attack_x3_other_formats_are_refused() {
        let gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";
        for bytes in [&b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..], gif, b"BM", b"", b"<html>"] {
            assert!(matches!(reencode(bytes), Err(LogoError::Format)), "{bytes:?}");
        }
    }

    #[test]
    fn attack_d9_too_many_pixels_are_refused_before_they_are_decoded() {
        let long = picture(2_049, 1, ImageFormat::Png);
        assert!(matches!(reencode(&long), Err(LogoError::Size(2_049, 1))));
        // A header that declares 100 000 × 100 000 pixels, with a correct checksum and no pixel data.
        let mut bomb = picture(1, 1, ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
        let sum = crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.to_be_bytes());
        assert!(reencode(&bomb).is_err());
    }

    #[test]
    fn attack_d9_a_broken_file_is_an_error_and_no_panic() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let whole = picture(40, 40, format);
            let mut refused = 0;
            for at in 0..whole.len().min(400) {
                let mut bent = whole.clone();
                bent[at] ^= 0xff;
                for file in [&whole[..at], &bent] {
                    // An altered file that is still a valid image is re-encoded like any other.
                    match reencode(file) {
                        Ok(drawn) => assert!(drawn.starts_with(b"\x89PNG\r\n\x1a\n"), "{format:?} at {at}"),
                        Err(_) => refused += 1,
                    }
                }
            }
            assert!(refused > 0, "{format:?}: no file was broken");
        }
    }

    /// Computes the checksum of a PNG chunk (ISO 3309).
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 })
        })
    }
}
