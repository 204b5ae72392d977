//! Encodings of exports, and files of other types.

use super::*;

#[test]
fn the_prolog_names_the_encoding() {
    let text = |encoding: &str| {
        document(encoding, "BEE_ELEVES", &format!("<ELEVES>{}</ELEVES>", eleve("1", "Cœur", "01/01/2012")))
    };
    let in_bytes = |encoding: &str, oe: &[u8]| {
        let whole = text(encoding);
        let (before, after) = whole.split_once('œ').unwrap();
        [before.as_bytes(), oe, after.as_bytes()].concat()
    };
    for (encoding, oe) in [
        ("ISO-8859-15", &b"\xbd"[..]),
        ("iso-8859-1", b"\x9c"),
        ("windows-1252", b"\x9c"),
        ("cp1252", b"\x9c"),
        ("UTF-8", "œ".as_bytes()),
    ] {
        let (pupils, _, problems) = pupils(one(&in_bytes(encoding, oe)).unwrap());
        assert_eq!(pupils.first().map(|p| p.data.given.as_str()), Some("Cœur"), "{encoding} {problems:?}");
    }
    let with_mark = [b"\xef\xbb\xbf".as_slice(), text("utf-8").as_bytes()].concat();
    assert_eq!(pupils(one(&with_mark).unwrap()).0.len(), 1);
    let (_, unreadable, problems) = pupils(one(&in_bytes("ISO-8859-15", b"\x9c")).unwrap());
    assert_eq!(problems[0].kind, RecordErrorKind::InvalidCharacters("PRENOM"), "a wrong encoding is seen");
    assert!(unreadable.ids.contains("1"));
    assert_eq!(fault(text("UTF-16").as_bytes()), FileErrorKind::UnsupportedEncoding("UTF-16".into()));
    assert_eq!(fault(text("klingon").as_bytes()), FileErrorKind::UnsupportedEncoding("klingon".into()));
    assert_eq!(fault(b"<\0?\0x\0"), FileErrorKind::UnsupportedEncoding("UTF-16 without byte-order mark".into()));
    assert_eq!(fault(b"\xff\xfe\0\0<\0\0\0"), FileErrorKind::UnsupportedEncoding("UTF-32".into()));
    let (long, _) = ("x".repeat(5000), ());
    assert!(matches!(fault(format!("<?xml {long}").as_bytes()), FileErrorKind::NotWellFormed(_)));
}

/// The sample as saved anew by an editor: the XML declaration still says ISO-8859-15.
fn saved_as(encode: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    let (text, ..) = encoding_rs::ISO_8859_15.decode(ELEVES);
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"ISO-8859-15\"?>"));
    encode(&text)
}

fn utf16(text: &str, mark: bool, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    mark.then_some(0xfeff).into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
}

#[test]
fn faults_c1_a_byte_order_mark_decides_against_the_first_line() {
    let with_mark = |text: &str| [b"\xef\xbb\xbf", text.as_bytes()].concat();
    for bytes in [
        saved_as(with_mark),
        saved_as(|text| utf16(text, true, u16::to_le_bytes)),
        saved_as(|text| utf16(text, true, u16::to_be_bytes)),
        zipped(&[("ElevesAvecAdresses.xml", &saved_as(with_mark))]),
        zipped(&[("ElevesAvecAdresses.xml", &saved_as(|text| utf16(text, true, u16::to_le_bytes)))]),
    ] {
        let file = one(&bytes).unwrap();
        assert_eq!(pupils(file), pupils_of_the_sample(), "{:x?}", &bytes[..4]);
    }
    // The mark says UTF-8, but the bytes are not.
    let fault = fault(&[b"\xef\xbb\xbf", ELEVES].concat());
    assert_eq!(fault, FileErrorKind::InvalidUtf8 { said_by: "byte-order mark" });
}

fn pupils_of_the_sample() -> (Vec<PupilRecord>, UnreadablePupils, Vec<RecordError>) {
    pupils(one(ELEVES).unwrap())
}

#[test]
fn faults_c1_a_file_in_another_encoding_than_it_says_is_refused_whole_and_both_are_named() {
    let plain = saved_as(|text| text.as_bytes().to_vec());
    for bytes in [plain.clone(), zipped(&[("ElevesAvecAdresses.xml", &plain)])] {
        let error = one(&bytes).unwrap_err();
        assert_eq!(error.kind, FileErrorKind::UnexpectedUtf8 { declared: "ISO-8859-15".into() });
        let told = error.to_string();
        for part in ["ISO-8859-15", "UTF-8", "give the ZIP as SIECLE exported it"] {
            assert!(told.contains(part), "{told}");
        }
        assert!(!told.contains("line 1:"), "{told}");
    }
    // Every label of a single-byte encoding is equally untrue.
    for label in ["iso-8859-1", "windows-1252", "l9"] {
        let text = String::from_utf8(plain.clone()).unwrap().replacen("ISO-8859-15", label, 1);
        assert_eq!(fault(text.as_bytes()), FileErrorKind::UnexpectedUtf8 { declared: label.into() });
    }
    // The reverse: declared as UTF-8, explicitly or by default, but encoded as ISO-8859-15.
    let (text, ..) = encoding_rs::ISO_8859_15.decode(ELEVES);
    for first in ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<?xml version=\"1.0\"?>", ""] {
        let text = text.replacen("<?xml version=\"1.0\" encoding=\"ISO-8859-15\"?>", first, 1);
        let (bytes, ..) = encoding_rs::ISO_8859_15.encode(&text);
        assert_eq!(fault(&bytes), FileErrorKind::InvalidUtf8 { said_by: "first line" }, "{first}");
        assert_eq!(pupils(one(text.as_bytes()).unwrap()), pupils_of_the_sample(), "and in UTF-8 it is read");
    }
    // Without a letter beyond ASCII both encodings are the same.
    let ascii = document("ISO-8859-15", "BEE_ELEVES", &format!("<ELEVES>{}</ELEVES>", eleve("1", "A", "01/01/2012")));
    assert_eq!(pupils(one(ascii.as_bytes()).unwrap()).0.len(), 1);
}

/// A reader of the same bytes repeated a number of times; counts the bytes read.
struct RepeatingReader<'a> {
    line: &'a [u8],
    place: usize,
    left: usize,
    given: &'a std::cell::Cell<usize>,
}

impl std::io::Read for RepeatingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let mut count = 0;
        while count < buffer.len() && self.left > 0 {
            let rest = &self.line[self.place..];
            let part = rest.len().min(buffer.len() - count);
            buffer[count..count + part].copy_from_slice(&rest[..part]);
            count += part;
            self.place += part;
            if self.place == self.line.len() {
                (self.place, self.left) = (0, self.left - 1);
            }
        }
        self.given.set(self.given.get() + count);
        Ok(count)
    }
}

#[test]
fn faults_c1_a_file_of_500_megabytes_is_judged_without_being_kept() {
    use std::io::Read as _;
    const SIZE: usize = 500 << 20;
    let line = format!("<!-- {} Noël -->\n", "x".repeat(4000));
    let given = std::cell::Cell::new(0);
    let flood = RepeatingReader { line: line.as_bytes(), place: 0, left: SIZE / line.len(), given: &given };
    let first = Cursor::new(b"<?xml version=\"1.0\" encoding=\"ISO-8859-15\"?>\n");
    let mut decoded = crate::roster::formats::reader::prolog::decode(first.chain(flood)).ok().unwrap();
    let mut buffer = vec![0; 16 << 10];
    let (mut most, mut read) = (0, 0);
    let end = loop {
        let before = given.get();
        match decoded.read(&mut buffer) {
            Ok(0) => break None,
            Ok(count) => read += count,
            Err(error) => break error.get_ref().and_then(|cause| cause.downcast_ref::<FileErrorKind>().cloned()),
        }
        most = most.max(given.get() - before);
    };
    assert_eq!(end, Some(FileErrorKind::UnexpectedUtf8 { declared: "ISO-8859-15".into() }));
    assert!(given.get() > SIZE - line.len() && read > SIZE - line.len());
    assert!(most <= 64 << 10, "{most} bytes were taken in for a piece of {}", buffer.len());
}

#[test]
fn faults_c6_what_is_no_export_is_called_what_it_is() {
    let page = "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\">\n<html><head><title>ARENA</title></head>";
    let text = String::from_utf8(eleves("")).unwrap();
    let before = |what| FileErrorKind::ContentBeforeDeclaration { what };
    for (bytes, right) in [
        (page.as_bytes().to_vec(), FileErrorKind::WebPage),
        (format!("\n\n  <HTML lang='fr'>{page}").into_bytes(), FileErrorKind::WebPage),
        (format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n{page}").into_bytes(), FileErrorKind::WebPage),
        (format!("\u{feff}{page}").into_bytes(), FileErrorKind::WebPage),
        (format!("\r\n{text}").into_bytes(), before("a blank line")),
        (format!(" {text}").into_bytes(), before("a blank")),
        (format!("\u{feff}\n{text}").into_bytes(), before("a blank line")),
        (format!("\u{feff}\u{feff}{text}").into_bytes(), before("a second byte-order mark")),
        (format!("x{text}").into_bytes(), before("something")),
        (b"\x1f\x8b\x08\0\0\0\0\0".to_vec(), FileErrorKind::UnsupportedArchive("a gzip archive (.gz, .tgz)")),
        (b"7z\xbc\xaf\x27\x1c\0\x04".to_vec(), FileErrorKind::UnsupportedArchive("a 7-Zip archive (.7z)")),
        (b"%PDF-1.7\n".to_vec(), FileErrorKind::UnsupportedType("a PDF")),
        (zipped(&[("ExportXML_ElevesAvecAdresses.zip", ELEVES_ZIP)]), FileErrorKind::NestedZip),
    ] {
        assert_eq!(fault(&bytes), right, "{}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]));
        let inside = zipped(&[("ElevesAvecAdresses.xml", &bytes)]);
        if matches!(right, FileErrorKind::WebPage | FileErrorKind::ContentBeforeDeclaration { .. }) {
            assert_eq!(fault(&inside), right, "the same in a ZIP");
        }
    }
    let told = one(page.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        told,
        "f.xml: is a web page, not an export: the session had ended, and what was saved is the page to sign in; sign in \
         and export again"
    );
    let told = one(b"%PDF-1.7\n").unwrap_err().to_string();
    assert_eq!(told, "f.xml: is a PDF: give the ZIP or XML that SIECLE exported");
    let told = one(format!("\r\n{text}").as_bytes()).unwrap_err().to_string();
    let end = "which XML does not allow: take it away, or give the ZIP as SIECLE exported it";
    assert!(told.starts_with("f.xml: ") && told.ends_with(end), "{told}");
}
