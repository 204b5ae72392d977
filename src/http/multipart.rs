//! Reads a form with files (RFC 7578) of which the whole body is there: pure, strict and bounded.

/// The maximum number of parts.
const MAX_PARTS: usize = 12;
/// The maximum length of the headers of a part.
const MAX_HEADER_BYTES: usize = 4 * 1024;
/// The maximum length of a boundary (RFC 2046 5.1.1).
const MAX_BOUNDARY_BYTES: usize = 70;

/// A part of the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormPart<'a> {
    pub name: String,
    /// The name of a file as the browser gives it: a text to show, never a path.
    pub file_name: Option<String>,
    pub content: &'a [u8],
}

/// The reason for not reading a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    #[error("not a form with files")]
    NotMultipart,
    #[error("cut before its end")]
    Cut,
    #[error("too many parts")]
    TooManyParts,
    #[error("a part without a name, or with bad headers")]
    BadPart,
}

/// Returns the boundary of a content type.
pub fn boundary(content_type: &str) -> Result<&str, MultipartError> {
    let (kind, parameters) = content_type.split_once(';').ok_or(MultipartError::NotMultipart)?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return Err(MultipartError::NotMultipart);
    }
    let found = parameters.split(';').find_map(|one| one.trim().strip_prefix("boundary="));
    let boundary = found.map(|text| text.trim_matches('"')).ok_or(MultipartError::NotMultipart)?;
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&b);
    match !boundary.is_empty() && boundary.len() <= MAX_BOUNDARY_BYTES && boundary.bytes().all(fits) {
        true => Ok(boundary),
        false => Err(MultipartError::NotMultipart),
    }
}

/// Finds a text, from its first byte on.
fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    loop {
        let rest = haystack.get(from..)?;
        let at = from + rest.iter().position(|byte| *byte == first)?;
        if haystack.get(at..)?.starts_with(needle) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Reads the parts of a body.
pub fn parse<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<FormPart<'a>>, MultipartError> {
    let opening = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(opening.as_bytes()).ok_or(MultipartError::NotMultipart)?;
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        let part = rest.strip_prefix(b"\r\n").ok_or(MultipartError::Cut)?;
        if parts.len() == MAX_PARTS {
            return Err(MultipartError::TooManyParts);
        }
        let head = part.get(..part.len().min(MAX_HEADER_BYTES)).unwrap_or_default();
        let end = find(head, b"\r\n\r\n");
        let end =
            end.ok_or(if part.len() < MAX_HEADER_BYTES { MultipartError::Cut } else { MultipartError::BadPart })?;
        let (headers, content) = part.split_at_checked(end).ok_or(MultipartError::Cut)?;
        let content = content.get(4..).unwrap_or_default();
        let length = find(content, between.as_bytes()).ok_or(MultipartError::Cut)?;
        let (content, after) = content.split_at_checked(length).ok_or(MultipartError::Cut)?;
        parts.push(read_part(headers, content)?);
        rest = after.get(between.len()..).ok_or(MultipartError::Cut)?;
    }
}

fn read_part<'a>(headers: &[u8], content: &'a [u8]) -> Result<FormPart<'a>, MultipartError> {
    let headers = std::str::from_utf8(headers).map_err(|_| MultipartError::BadPart)?;
    let is_disposition = |line: &&str| line.to_ascii_lowercase().starts_with("content-disposition:");
    let line = headers.split("\r\n").find(is_disposition).ok_or(MultipartError::BadPart)?;
    let name = parameter(line, "name").ok_or(MultipartError::BadPart)?;
    Ok(FormPart { name, file_name: parameter(line, "filename"), content })
}

/// Returns a parameter of a header: quoted, as browsers write it, with a quote in it as `%22`; or a token, as .NET does.
fn parameter(line: &str, name: &str) -> Option<String> {
    let (_, rest) = line.split_once(&format!("; {name}="))?;
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map(|(value, _)| value.to_owned()),
        None => rest.split(';').next().map(|token| token.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(parts: &[(&str, Option<&str>, &str)]) -> Vec<u8> {
        let mut out = String::new();
        for (name, file, content) in parts {
            let file = file.map_or_else(String::new, |file| format!("; filename=\"{file}\"\r\nContent-Type: text/xml"));
            out.push_str(&format!(
                "--XyZ\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{content}\r\n"
            ));
        }
        out.push_str("--XyZ--\r\n");
        out.into_bytes()
    }

    #[test]
    fn a_form_is_read_part_by_part_and_a_cut_one_is_refused_wherever_it_is_cut() {
        let whole = body(&[
            ("format", None, "siecle"),
            ("fichiers", Some("../../etc/É.xml"), "<a>\r\n--XyY\r\n</a>"),
            ("fichiers", Some(""), ""),
        ]);
        let parts = parse(&whole, "XyZ").unwrap();
        assert_eq!(parts.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["format", "fichiers", "fichiers"]);
        assert_eq!((parts[0].content, parts[0].file_name.as_deref()), (&b"siecle"[..], None));
        assert_eq!(parts[1].file_name.as_deref(), Some("../../etc/É.xml"));
        assert_eq!(parts[1].content, b"<a>\r\n--XyY\r\n</a>");
        for length in 0..whole.len() - 4 {
            assert!(parse(&whole[..length], "XyZ").is_err(), "{length}");
        }
    }

    #[test]
    fn a_name_may_stand_without_quotes() {
        let body = b"--XyZ\r\nContent-Disposition: form-data; name=files; filename=a.zip; filename*=utf-8''a.zip\r\n\r\nb\r\n--XyZ--";
        let parts = parse(body, "XyZ").unwrap();
        assert_eq!((parts[0].name.as_str(), parts[0].file_name.as_deref()), ("files", Some("a.zip")));
    }

    #[test]
    fn nothing_is_read_beyond_the_bounds() {
        let many = vec![("a", None, "b"); MAX_PARTS + 1];
        assert_eq!(parse(&body(&many), "XyZ"), Err(MultipartError::TooManyParts));
        let long = "x".repeat(MAX_HEADER_BYTES);
        assert_eq!(parse(&body(&[(&long, None, "b")]), "XyZ"), Err(MultipartError::BadPart));
        assert_eq!(parse(b"--XyZ\r\nX: y\r\n\r\na\r\n--XyZ--", "XyZ"), Err(MultipartError::BadPart));
        assert_eq!(parse(b"--XyZ\r\n\xff\r\n\r\na\r\n--XyZ--", "XyZ"), Err(MultipartError::BadPart));
        assert_eq!(parse(b"x=1", "XyZ"), Err(MultipartError::NotMultipart));
        for (kind, right) in [
            ("multipart/form-data; boundary=XyZ", Ok("XyZ")),
            ("Multipart/Form-Data; charset=utf-8; boundary=\"X.y\"", Ok("X.y")),
            ("multipart/form-data", Err(MultipartError::NotMultipart)),
            ("multipart/form-data; boundary=", Err(MultipartError::NotMultipart)),
            ("multipart/form-data; boundary=a\u{e9}", Err(MultipartError::NotMultipart)),
            ("application/x-www-form-urlencoded; boundary=a", Err(MultipartError::NotMultipart)),
        ] {
            assert_eq!(boundary(kind), right, "{kind}");
        }
    }
}
