//! A document as a walk over its elements: opened with attributes, closed with their text.
//!
//! The parser checks tags one by one; that there is one root, that it ends, that nothing is nested without end and
//! that no entity is declared is checked here. It must not keep more than one field's text.

use std::io::Read;
use std::ops::ControlFlow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::bounded::{Limit, Pieces, limit_of};
use super::prolog::{self, DecodeError};
use super::{Fault, FileError};

/// Elements inside each other; exports have eight.
const MAX_DEPTH: usize = 24;
/// Bytes of a field's text, entities replaced.
const MAX_FIELD: usize = 4096;

/// One step of the walk. Paths are `/BEE_ELEVES/DONNEES/ELEVES`.
pub enum Step<'a> {
    Open {
        path: &'a str,
        attributes: &'a [(String, String)],
    },
    /// `text` is that of an element without children, else empty. `line` is where the element ends.
    Close {
        path: &'a str,
        text: &'a str,
        line: u64,
    },
}

/// Walks through a document to its end, or until `visit` breaks off.
pub fn walk<R, V>(file: &str, input: R, mut visit: V) -> Result<(), FileError>
where
    R: Read,
    V: FnMut(Step<'_>) -> ControlFlow<Option<Fault>>,
{
    let refuse = |line, fault| FileError { file: file.to_owned(), line, fault };
    let decoded = prolog::decode(input).map_err(|error| match error {
        DecodeError::Io(error) => refuse(None, io_fault(&error)),
        DecodeError::Fault(fault) => refuse(None, fault),
    })?;
    let mut reader = Reader::from_reader(Pieces::new(decoded));
    reader.config_mut().check_comments = true;
    let mut walk = Walk::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        reader.get_mut().next_piece();
        let event = reader.read_event_into(&mut buffer);
        let ended = matches!(event, Ok(Event::Eof));
        let step = event.map_err(|error| parser_fault(&error)).and_then(|event| walk.take(event));
        let line = reader.get_ref().line();
        let at_line = |fault: Fault| refuse(Some(line).filter(|_| !fault.is_of_the_whole()), fault);
        let opened = step.map_err(at_line)?;
        let mut flow = ControlFlow::Continue(());
        if matches!(opened, Taken::Opened | Taken::Empty) {
            flow = visit(Step::Open { path: &walk.path, attributes: &walk.attributes });
        }
        if flow.is_continue() && matches!(opened, Taken::Closed | Taken::Empty) {
            flow = visit(Step::Close { path: &walk.path, text: walk.text.trim_end(), line });
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
struct Walk {
    path: String,
    depth: usize,
    rooted: bool,
    begun: bool,
    attributes: Vec<(String, String)>,
    text: String,
    /// Whether the innermost element has had no child: only then is its text a field.
    leaf: bool,
}

enum Taken {
    Opened,
    Empty,
    Closed,
    Nothing,
}

impl Walk {
    fn take(&mut self, event: Event<'_>) -> Result<Taken, Fault> {
        let first = !std::mem::replace(&mut self.begun, true);
        match event {
            Event::Start(tag) => self.enter(&tag).map(|()| Taken::Opened),
            Event::Empty(tag) => self.enter(&tag).map(|()| Taken::Empty),
            Event::End(_) => Ok(Taken::Closed),
            Event::Text(text) => self.add(&text.xml10_content()),
            Event::CData(text) => self.add(&text.xml10_content()),
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
                self.add(letter.encode_utf8(&mut [0; 4]))
            }
            Event::DocType(_) => Err(Fault::Doctype),
            Event::Decl(_) if !first => Err(malformed("a second XML declaration")),
            Event::Eof if self.depth > 0 || !self.rooted => Err(Fault::Cut),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(Taken::Nothing),
        }
    }

    fn enter(&mut self, tag: &BytesStart<'_>) -> Result<(), Fault> {
        if self.depth == 0 && std::mem::replace(&mut self.rooted, true) {
            return Err(malformed("there is more than one root"));
        }
        if self.depth >= MAX_DEPTH {
            return Err(Fault::TooDeep);
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

    fn add(&mut self, text: &str) -> Result<Taken, Fault> {
        let text = if self.text.is_empty() { text.trim_start() } else { text };
        if self.depth == 0 && !text.is_empty() {
            return Err(malformed("there is text outside of the root"));
        }
        if self.leaf {
            if self.text.len().saturating_add(text.len()) > MAX_FIELD {
                return Err(Fault::TooLong);
            }
            self.text.push_str(text);
        }
        Ok(Taken::Nothing)
    }
}

fn malformed(why: &str) -> Fault {
    Fault::NotWellFormed(why.to_owned())
}

fn io_fault(error: &std::io::Error) -> Fault {
    if let Some(fault) = error.get_ref().and_then(|cause| cause.downcast_ref::<Fault>()) {
        return fault.clone();
    }
    match limit_of(error) {
        Some(Limit::Whole) => Fault::TooBig,
        Some(Limit::Piece) => Fault::TooLong,
        None if error.kind() == std::io::ErrorKind::UnexpectedEof => Fault::Cut,
        None => Fault::Read(error.to_string()),
    }
}

fn parser_fault(error: &quick_xml::Error) -> Fault {
    match error {
        quick_xml::Error::Io(error) => io_fault(error),
        quick_xml::Error::Syntax(_) => Fault::Cut,
        other => Fault::NotWellFormed(shorten(&other.to_string())),
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(100).collect()
}
