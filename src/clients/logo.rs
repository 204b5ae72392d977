//! A relying party's logo (OIDCR 2, `logo_uri`): what came from its address is never shown as it came.
//!
//! It is decoded within limits and drawn anew as a small PNG: no script of an SVG, no data behind the picture, no place
//! where it was taken (docs/threats.md#attack-x3, #attack-d9). The formats are three, told by their first bytes and not
//! by what the server says.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

use super::Client;
use crate::base::secret::digest;

/// The largest file that is fetched, in bytes.
pub const LARGEST: usize = 200 * 1024;
/// What is asked for.
pub const ACCEPT: &str = "image/png, image/webp, image/jpeg";
/// Width and height of what is decoded, and of what is drawn.
const MOST: u32 = 2_048;
const DRAWN: u32 = 200;
/// Memory of a decoder: the largest picture in four channels, and what it needs beside it.
const MEMORY: u64 = 32 << 20;

#[derive(Debug, thiserror::Error)]
pub enum LogoFlaw {
    #[error("not a PNG, JPEG or WebP")]
    Format,
    #[error("{0} × {1} pixels")]
    Size(u32, u32),
    #[error("{0}")]
    Decode(#[from] image::ImageError),
}

/// A small PNG of the same picture.
///
/// # Errors
/// Another format, too many pixels (seen before any is decoded), a broken file.
pub fn redraw(bytes: &[u8]) -> Result<Vec<u8>, LogoFlaw> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| LogoFlaw::Format)?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) {
        return Err(LogoFlaw::Format);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    if width > MOST || height > MOST || width == 0 || height == 0 {
        return Err(LogoFlaw::Size(width, height));
    }
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(turned);
    if width > DRAWN || height > DRAWN {
        picture = picture.thumbnail(DRAWN, DRAWN);
    }
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgba8(picture.to_rgba8()).write_to(&mut out, ImageFormat::Png)?;
    Ok(out.into_inner())
}

/// Where pages find the logo of a client that has one. Another `logo_uri` is another address, so that the old picture
/// is not shown from a cache.
pub fn href(client: &Client) -> Option<String> {
    let uri = client.meta.logo_uri.as_deref()?;
    let version: String = digest(uri).chars().take(8).collect();
    Some(format!("/clients/{}/logo?v={version}", client.id))
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
            assert_eq!(size(&redraw(&picture(64, 32, format)).unwrap()), (64, 32), "{format:?}: not enlarged");
            assert_eq!(size(&redraw(&picture(800, 400, format)).unwrap()), (200, 100), "{format:?}: shape kept");
        }
    }

    #[test]
    fn attack_x3_what_hides_behind_the_picture_is_left_out() {
        let mut png = picture(20, 20, ImageFormat::Png);
        png.extend_from_slice(b"<script>alert(1)</script>");
        let drawn = redraw(&png).unwrap();
        assert!(!drawn.windows(7).any(|w| w == b"<script"), "only the pixels are kept");
    }

    #[test]
    fn attack_x3_other_formats_are_refused() {
        let gif = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";
        for bytes in [&b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..], gif, b"BM", b"", b"<html>"] {
            assert!(matches!(redraw(bytes), Err(LogoFlaw::Format)), "{bytes:?}");
        }
    }

    #[test]
    fn attack_d9_too_many_pixels_are_refused_before_they_are_decoded() {
        let long = picture(2_049, 1, ImageFormat::Png);
        assert!(matches!(redraw(&long), Err(LogoFlaw::Size(2_049, 1))));
        // A header that claims 100 000 × 100 000 pixels, its checksum right, and no pixel behind it.
        let mut bomb = picture(1, 1, ImageFormat::Png);
        bomb[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
        let sum = crc(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.to_be_bytes());
        assert!(redraw(&bomb).is_err());
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
                    // What is still a picture is drawn anew like any other.
                    match redraw(file) {
                        Ok(drawn) => assert!(drawn.starts_with(b"\x89PNG\r\n\x1a\n"), "{format:?} at {at}"),
                        Err(_) => refused += 1,
                    }
                }
            }
            assert!(refused > 0, "{format:?}: no file was broken");
        }
    }

    /// PNG's checksum (ISO 3309).
    fn crc(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 })
        })
    }
}
