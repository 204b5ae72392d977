//! Walks over the elements of a document: opened with attributes, closed with text.
//!
//! The parser checks tags one by one; the single root, the end of the root, the depth and the absence of declared
//! entities are checked here. The text of at most one field is kept in memory.

use std::io::Read;
use std::ops::ControlFlow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::bounded::{LimitExceeded, TokenBoundedReader, exceeded_limit};
use super::prolog::{self, DecodeError};
use crate::roster::formats::{FileError, FileErrorKind};

/// The maximum depth of elements; exports have eight levels.
const MAX_DEPTH: usize = 24;
/// The maximum bytes of a field's text after entity replacement.
const MAX_FIELD_BYTES: usize = 4096;

/// An event of the walk. Paths look like `/BEE_ELEVES/DONNEES/ELEVES`.
pub enum XmlEvent<'a> {
    Open {
        path: &'a str,
        attributes: &'a [(String, String)],
    },
    /// `text` is the text of an element without children, else empty. `line` is the line of the element's end.
    Close {
        path: &'a str,
        text: &'a str,
        line: u64,
    },
}

/// The DOCTYPE that a document may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DoctypePolicy {
    #[default]
    Refused,
    /// The one that names this root and an external file, which is never fetched. It declares nothing itself.
    External(&'static str),
}

impl DoctypePolicy {
    fn allows(self, text: &str) -> bool {
        match self {
            DoctypePolicy::Refused => false,
            DoctypePolicy::External(root) => {
                text.split_whitespace().next() == Some(root) && !text.contains(['[', ']', '<', '>', '%', '&'])
            }
        }
    }
}

/// Walks through a document without DOCTYPE to the end, or until `visit` breaks off.
pub fn walk_elements<R, V>(file: &str, input: R, ctx: V) -> Result<(), FileError>
where
    R: Read,
    V: FnMut(XmlEvent<'_>) -> ControlFlow<Option<FileErrorKind>>,
{
    walk_elements_with(DoctypePolicy::Refused, file, input, ctx)
}

/// Walks through a document to the end, or until `visit` breaks off.
pub fn walk_elements_with<R, V>(doctype: DoctypePolicy, file: &str, input: R, mut ctx: V) -> Result<(), FileError>
where
    R: Read,
    V: FnMut(XmlEvent<'_>) -> ControlFlow<Option<FileErrorKind>>,
{
    let refuse = |line, fault| FileError { file: file.to_owned(), line, kind: fault, remedy: None };
    let decoded = prolog::decode(input).map_err(|error| match error {
        DecodeError::Io(error) => refuse(None, io_fault(&error)),
        DecodeError::Format(fault) => refuse(None, fault),
    })?;
    let mut reader = Reader::from_reader(TokenBoundedReader::new(decoded));
    reader.config_mut().check_comments = true;
    let mut walk = ElementWalker { doctype, ..ElementWalker::default() };
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        reader.get_mut().start_token();
        let event = reader.read_event_into(&mut buffer);
        let ended = matches!(event, Ok(Event::Eof));
        let step = event.map_err(|error| parser_fault(&error)).and_then(|event| walk.handle(event));
        let line = reader.get_ref().line();
        let at_line = |fault: FileErrorKind| refuse(Some(line).filter(|_| !fault.concerns_whole_file()), fault);
        let opened = step.map_err(at_line)?;
        let mut flow = ControlFlow::Continue(());
        if matches!(opened, ElementChange::Opened | ElementChange::Empty) {
            flow = ctx(XmlEvent::Open { path: &walk.path, attributes: &walk.attributes });
        }
        if flow.is_continue() && matches!(opened, ElementChange::Closed | ElementChange::Empty) {
            flow = ctx(XmlEvent::Close { path: &walk.path, text: walk.text.trim_end(), line });
            walk.leave();
        }
        match flow {
            ControlFlow::Break(None) => return Ok(()),
            ControlFlow::Break(Some(fault)) => return Err(at_line(fault)),
            ControlFlow::Continue(()) if ended => return Ok(()),
            ControlFlow::Continue(()) => {}
        }
    }
}

#[derive(Default)]
struct ElementWalker {
    doctype: DoctypePolicy,
    path: String,
    depth: usize,
    rooted: bool,
    begun: bool,
    attributes: Vec<(String, String)>,
    text: String,
    /// True if the innermost element has had no child: only then is the text a field.
    leaf: bool,
}

enum ElementChange {
    Opened,
    Empty,
    Closed,
    Nothing,
}

impl ElementWalker {
    fn handle(&mut self, event: Event<'_>) -> Result<ElementChange, FileErrorKind> {
        let first = !std::mem::replace(&mut self.begun, true);
        match event {
            Event::Start(tag) => self.enter(&tag).map(|()| ElementChange::Opened),
            Event::Empty(tag) => self.enter(&tag).map(|()| ElementChange::Empty),
            Event::End(_) => Ok(ElementChange::Closed),
            Event::Text(text) => self.push_text(&text.xml10_content()),
            Event::CData(text) => self.push_text(&text.xml10_content()),
            Event::GeneralRef(name) => {
                let letter = match &*name {
                    "lt" => '<',
                    "gt" => '>',
                    "amp" => '&',
                    "apos" => '\'',
                    "quot" => '"',
                    other => match name.resolve_char_ref() {
                        Ok(Some(letter)) => letter,
                        _ => return Err(malformed(&format!("the entity {:?} is not known", shorten(other)))),
                    },
                };
                self.push_text(letter.encode_utf8(&mut [0; 4]))
            }
            Event::DocType(text) if self.depth == 0 && !self.rooted && self.doctype.allows(&text) => {
                Ok(ElementChange::Nothing)
            }
            Event::DocType(_) => Err(FileErrorKind::Doctype),
            Event::Decl(_) if !first => Err(malformed("a second XML declaration")),
            Event::Eof if self.depth > 0 || !self.rooted => Err(FileErrorKind::Truncated),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(ElementChange::Nothing),
        }
    }

    fn enter(&mut self, tag: &BytesStart<'_>) -> Result<(), FileErrorKind> {
        if self.depth == 0 && std::mem::replace(&mut self.rooted, true) {
            return Err(malformed("there is more than one root"));
        }
        if self.depth >= MAX_DEPTH {
            return Err(FileErrorKind::TooDeep);
        }
        let name = tag.name().0;
        if name.contains('/') {
            return Err(malformed("a name holds a slash"));
        }
        self.attributes.clear();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| malformed(&error.to_string()))?;
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| malformed(&error.to_string()))?;
            self.attributes.push((attribute.key.0.to_owned(), value.into_owned()));
        }
        self.depth += 1;
        self.path.push('/');
        self.path.push_str(name);
        self.text.clear();
        self.leaf = true;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        let parent = self.path.rfind('/').unwrap_or(0);
        self.path.truncate(parent);
        self.text.clear();
        self.leaf = false;
    }

    fn push_text(&mut self, text: &str) -> Result<ElementChange, FileErrorKind> {
        let text = if self.text.is_empty() { text.trim_start() } else { text };
        if self.depth == 0 && !text.is_empty() {
            return Err(malformed("there is text outside of the root"));
        }
        if self.leaf {
            if self.text.len().saturating_add(text.len()) > MAX_FIELD_BYTES {
                return Err(FileErrorKind::TokenTooLong);
            }
            self.text.push_str(text);
        }
        Ok(ElementChange::Nothing)
    }
}

fn malformed(why: &str) -> FileErrorKind {
    FileErrorKind::NotWellFormed(why.to_owned())
}

fn io_fault(error: &std::io::Error) -> FileErrorKind {
    if let Some(fault) = error.get_ref().and_then(|cause| cause.downcast_ref::<FileErrorKind>()) {
        return fault.clone();
    }
    match exceeded_limit(error) {
        Some(LimitExceeded::Stream) => FileErrorKind::TooLarge,
        Some(LimitExceeded::Token) => FileErrorKind::TokenTooLong,
        None if error.kind() == std::io::ErrorKind::UnexpectedEof => FileErrorKind::Truncated,
        None => FileErrorKind::Unreadable(error.to_string()),
    }
}

fn parser_fault(error: &quick_xml::Error) -> FileErrorKind {
    match error {
        quick_xml::Error::Io(error) => io_fault(error),
        quick_xml::Error::Syntax(_) => FileErrorKind::Truncated,
        other => FileErrorKind::NotWellFormed(shorten(&other.to_string())),
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(100).collect()
}
