//! Reads a CSV file to its end: encoding, separator, first line, and the rows with their lines.
//!
//! The crate `csv` reads whatever it is given; what it forgives is refused here: a quotation mark that nobody closes
//! would swallow the rest of the file, and a row with too many values has them in the wrong columns.

use std::io::Read;

use super::text_encoding::{DecodedText, decode_text};
use crate::roster::formats::{FileError, FileErrorKind};

/// The maximum bytes of a file; a school's has some hundred thousand.
const MAX_CSV_BYTES: u64 = 64 << 20;
const MAX_CELL_BYTES: usize = 4096;
const MAX_COLUMNS: usize = 256;
const MAX_ROWS: usize = 200_000;
const SEPARATORS: [u8; 3] = *b";\t,";
/// A cell of the row that is put behind the last one: if it is not read back, a quotation mark is open.
const END: &str = "\u{1}end";

/// The reason for refusing a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableFault {
    #[error(
        "line {utf8} is in UTF-8 and line {other} in another encoding: two files were joined, or a program saved a part \
         of it anew"
    )]
    MixedEncodings { utf8: u64, other: u64 },
    #[error("begins as a file in UTF-8, and line {line} is not")]
    InvalidUtf8 { line: u64 },
    #[error("line {line} was encoded in UTF-8 twice, so that « Ã© » stands for « é »")]
    EncodedTwice { line: u64 },
    #[error("begins as a file in UTF-16, and is not")]
    InvalidUtf16,
    #[error("is empty")]
    Empty,
    #[error("a quotation mark is opened at line {line} and never closed")]
    OpenQuote { line: u64 },
    #[error("the value of a cell is longer than any of an export")]
    CellTooLong,
    #[error("its first line lacks {0}")]
    UnknownColumns(String),
    #[error("the column {0:?} is there more than once")]
    DuplicateColumn(String),
    #[error("is read as XML; --format siecle or aaf reads such files")]
    Xml,
}

/// A table: the names of its columns, and its rows.
#[derive(Debug, Default)]
pub struct CsvTable {
    /// The names as they are written.
    pub header: Vec<String>,
    pub rows: Vec<CsvRow>,
    /// The encoding in which the file is read, if it says none and has a rare one.
    pub assumed_encoding: Option<&'static str>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct CsvRow {
    pub line: u64,
    pub cells: Vec<String>,
}

impl CsvRow {
    /// Returns the content of a cell without blanks around it; `None` if it is empty.
    pub fn cell(&self, column: usize) -> Option<&str> {
        self.cells.get(column).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
    }

    /// Returns the number of values, those after the last filled cell not counted.
    pub fn filled(&self) -> usize {
        self.cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1)
    }
}

/// Reads a file to its end.
pub fn read_table(file: &str, input: impl Read) -> Result<CsvTable, FileError> {
    let refuse = |line, kind| FileError { file: file.to_owned(), line, kind, remedy: None };
    let mut bytes = Vec::new();
    let read = input.take(MAX_CSV_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| refuse(None, FileErrorKind::Unreadable(error.to_string())))?;
    if bytes.len() as u64 > MAX_CSV_BYTES {
        return Err(refuse(None, FileErrorKind::TooLarge));
    }
    check_type(&bytes).map_err(|kind| refuse(None, kind))?;
    let DecodedText { text, assumed } = decode_text(&bytes).map_err(|fault| refuse(None, fault.into()))?;
    let table = parse_table(&text).map_err(|(line, kind)| refuse(line, kind))?;
    Ok(CsvTable { assumed_encoding: assumed, ..table })
}

/// Refuses what is no CSV by its first bytes.
fn check_type(bytes: &[u8]) -> Result<(), FileErrorKind> {
    let start: Vec<u8> = bytes.iter().copied().take(1024).map(|byte| byte.to_ascii_lowercase()).collect();
    let has = |part: &[u8]| start.windows(part.len()).any(|window| window == part);
    match bytes {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => {
            Err(FileErrorKind::UnsupportedType("a ZIP, or a workbook of a spreadsheet (.xlsx, .ods): save it as CSV"))
        }
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Err(FileErrorKind::UnsupportedType("a file of Excel: save it as CSV")),
        [b'%', b'P', b'D', b'F', ..] => Err(FileErrorKind::UnsupportedType("a PDF")),
        _ if has(b"<!doctype html") || has(b"<html") => Err(FileErrorKind::WebPage),
        _ if has(b"<?xml") => Err(TableFault::Xml.into()),
        _ => Ok(()),
    }
}

type Fault = (Option<u64>, FileErrorKind);

fn parse_table(text: &str) -> Result<CsvTable, Fault> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (text, skipped) = skip_separator_line(&text);
    let first = text.lines().next().unwrap_or_default();
    if first.trim().is_empty() {
        return Err((None, TableFault::Empty.into()));
    }
    let separator = separator_of(first);
    let ends_with_feed = text.ends_with('\n');
    let closed = format!("{text}{}{END}\n", if ends_with_feed { "" } else { "\n" });
    let mut reader =
        csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(closed.as_bytes());
    let mut table = CsvTable::default();
    let mut rows = Vec::new();
    let mut lines = LineCounter { bytes: closed.as_bytes(), place: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(|error| (None, FileErrorKind::Unreadable(error.to_string())))?;
        let start = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or_default());
        let line = lines.line_at(start) + skipped;
        if record.iter().any(|cell| cell.len() > MAX_CELL_BYTES && !cell.contains(END)) {
            return Err((Some(line), TableFault::CellTooLong.into()));
        }
        if record.len() > MAX_COLUMNS {
            return Err((Some(line), FileErrorKind::TooManyRecords));
        }
        rows.push(CsvRow { line, cells: record.iter().map(str::to_owned).collect() });
        if rows.len() > MAX_ROWS {
            return Err((Some(line), FileErrorKind::TooManyRecords));
        }
    }
    match rows.pop() {
        Some(end) if end.cells == [END] => {}
        last => return Err((None, TableFault::OpenQuote { line: last.map_or(1, |row| row.line) }.into())),
    }
    let mut rows = rows.into_iter().filter(|row| row.filled() > 0);
    table.header = rows.next().map(|row| row.cells).unwrap_or_default();
    if table.header.len() > MAX_COLUMNS {
        return Err((None, FileErrorKind::TooManyRecords));
    }
    table.rows = rows.collect();
    drop_footer(&mut table, ends_with_feed)?;
    Ok(table)
}

/// Counts the lines of a text up to growing places: the reader's own count forgets blank lines.
struct LineCounter<'a> {
    bytes: &'a [u8],
    place: usize,
    line: u64,
}

impl LineCounter<'_> {
    /// Returns the line of the first content at or behind a place.
    fn line_at(&mut self, place: usize) -> u64 {
        let is_feed = |byte: &&u8| **byte == b'\n';
        let blank = self.bytes.iter().skip(place).take_while(is_feed).count();
        let passed = self.bytes.get(self.place..place + blank).unwrap_or_default();
        self.line += passed.iter().filter(is_feed).count() as u64;
        self.place = self.place.max(place + blank);
        self.line
    }
}

/// Takes Excel's line `sep=;` away, and returns the number of lines taken.
fn skip_separator_line(text: &str) -> (&str, u64) {
    match text.split_once('\n') {
        Some((first, rest)) if first.trim_end().len() == 5 && first.starts_with("sep=") => (rest, 1),
        _ => (text, 0),
    }
}

/// Returns the separator that parts the first line into the most values.
fn separator_of(first: &str) -> u8 {
    let count = |separator: u8| {
        let mut quoted = false;
        let parts = first.bytes().filter(|byte| {
            quoted ^= *byte == b'"';
            *byte == separator && !quoted
        });
        parts.count()
    };
    SEPARATORS.into_iter().rev().max_by_key(|separator| count(*separator)).unwrap_or(b';')
}

/// Takes away a last line with a single value, which some programs add; a last line that ends in the middle is a file
/// that was cut.
fn drop_footer(table: &mut CsvTable, ends_with_feed: bool) -> Result<(), Fault> {
    let columns = table.header.len();
    let Some(last) = table.rows.last() else { return Ok(()) };
    let is_short = last.cells.len() < columns;
    // A line that nothing ends may be the beginning of a row, of a file that was cut.
    if is_short && !ends_with_feed {
        return Err((Some(last.line), FileErrorKind::Truncated));
    }
    if is_short && last.filled() == 1 && last.cells.len() == 1 && columns > 1 {
        table.rows.pop();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<CsvTable, FileError> {
        read_table("f.csv", text.as_bytes())
    }

    fn cells(text: &str) -> Vec<Vec<String>> {
        read(text).unwrap().rows.into_iter().map(|row| row.cells).collect()
    }

    #[test]
    fn separators_quotation_marks_and_lines_are_read() {
        assert_eq!(cells("a;b\r\n1;2\r\n"), [["1", "2"]]);
        assert_eq!(cells("a\tb\n1\t2\n"), [["1", "2"]]);
        assert_eq!(cells("a,b\n1,2"), [["1", "2"]]);
        assert_eq!(cells("sep=;\na;b\n1;2\n"), [["1", "2"]]);
        assert_eq!(cells("\"a;x\";b\n\"1 \"\"un\"\" ; 2\";rue \"du\" Pont\n"), [["1 \"un\" ; 2", "rue \"du\" Pont"]]);
        assert_eq!(cells("a;b\n\"1\n2\";3\n"), [["1\n2", "3"]], "a line feed inside");
        assert_eq!(cells("a;b\n\n;\n1;2\nExtraction du 08/09/2025\n"), [["1", "2"]], "blank lines and a footer");
        assert_eq!(cells("a;b\n=1+1;-2\n"), [["=1+1", "-2"]], "a formula is text");
        let rows = read("a;b\n1;2\n\"3\n\";4\n5;6\n").unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3, 5]);
        let rows = read("a;b\r\n\r\n1;2\r\n;\r\n5;6\r\n").unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 5]);
    }

    #[test]
    fn what_is_no_whole_table_is_refused() {
        let told = |text: &str| read(text).unwrap_err().to_string();
        assert_eq!(told(""), "f.csv: is empty");
        assert_eq!(told("a;b\n1;2\n\"3;4\n5;6\n"), "f.csv: a quotation mark is opened at line 3 and never closed");
        assert_eq!(told("a;b;c\n1;2;3\n1;2"), "f.csv: line 3: ends too early: the file was cut");
        assert!(told("PK\x03\x04").contains("save it as CSV"));
        assert!(told("<?xml version=\"1.0\"?>").contains("is read as XML"));
        assert!(told("<html>").contains("is a web page"));
        assert!(told(&format!("a;b\n{};2\n", "x".repeat(5_000))).contains("longer than any"));
    }
}
