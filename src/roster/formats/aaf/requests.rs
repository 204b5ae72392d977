//! Reads the requests of a file one by one: what is added, modified or deleted, with the attributes that are kept.

use std::io::{Read, Seek};
use std::ops::ControlFlow;

use super::file_name::RecordKind;
use crate::roster::formats::reader::archive;
use crate::roster::formats::reader::xml_elements::{DoctypePolicy, XmlEvent, walk_elements_with};
use crate::roster::formats::{FileError, FileErrorKind};

/// The root of every file, which its DOCTYPE names too.
const ROOT: &str = "ficAlimMENESR";
/// The maximum number of requests in a file; deliveries are cut into parts of some 10 000.
const MAX_REQUESTS: usize = 1_000_000;

/// The attribute of the mail address. That of a pupil is not kept.
pub const MAIL: &str = "mail";

/// The attributes that are kept, with the name of the second degree for those of the first: what is not read cannot
/// leak.
const ATTRIBUTES: [(&str, &str); 34] = [
    ("ENTPersonNomPatro", "ENTPersonNomPatro"),
    ("ENTPersonNom", "ENTPersonNomPatro"),
    ("sn", "sn"),
    ("ENTPersonNomUsage", "sn"),
    ("givenName", "givenName"),
    ("ENTPersonPrenom", "givenName"),
    ("ENTPersonDateNaissance", "ENTPersonDateNaissance"),
    ("ENTPersonStructRattach", "ENTPersonStructRattach"),
    ("mobile", "mobile"),
    ("ENTPersRelEleveTelMobile", "mobile"),
    ("homePhone", "homePhone"),
    ("ENTPersonTelPerso", "homePhone"),
    ("telephoneNumber", "telephoneNumber"),
    ("ENTPersRelEleveTelPro", "telephoneNumber"),
    (MAIL, MAIL),
    ("ENTPersonMail", MAIL),
    ("ENTEleveINE", "ENTEleveINE"),
    ("ENTEleveStructRattachId", "ENTEleveStructRattachId"),
    ("ENTElevePersRelEleve", "ENTElevePersRelEleve"),
    ("ENTEleveAutoriteParentale", "ENTEleveAutoriteParentale"),
    ("ENTPersRelEleveEleve", "ENTPersRelEleveEleve"),
    ("ENTAuxPersRelEleveEleve", "ENTPersRelEleveEleve"),
    ("ENTEleveClasses", "ENTEleveClasses"),
    ("ENTPersonClasses", "ENTEleveClasses"),
    ("ENTStructureUAI", "ENTStructureUAI"),
    ("ENTEtablissementUAI", "ENTEtablissementUAI"),
    ("ENTEcoleUAI", "ENTEtablissementUAI"),
    ("ENTStructureNomCourant", "ENTStructureNomCourant"),
    ("ENTStructureTypeStruct", "ENTStructureTypeStruct"),
    ("ENTStructureCodeTypeStruct", "ENTStructureCodeTypeStruct"),
    ("ENTEtablissementMinistereTutelle", "ENTEtablissementMinistereTutelle"),
    ("ENTEtablissementCodeMinistereTutelle", "ENTEtablissementCodeMinistereTutelle"),
    ("ENTServAcCodeAcademie", "ENTServAcCodeAcademie"),
    ("ENTServAcAcademie", "ENTServAcAcademie"),
];

/// Returns the number of an attribute that is kept, by the name of the second degree.
pub fn attribute_number(name: &str) -> usize {
    ATTRIBUTES.iter().position(|(_, known)| *known == name).unwrap_or(ATTRIBUTES.len())
}

/// Returns the name of an attribute by its number.
pub fn attribute_name(number: usize) -> Option<&'static str> {
    ATTRIBUTES.get(number).map(|(_, name)| *name)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    Add,
    Modify,
    Delete,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AafRequest {
    pub operation: RequestKind,
    /// Empty if the request has none.
    pub id: String,
    /// The line of the request's end.
    pub line: u64,
    /// Attributes with their values; a modification without values clears the attribute.
    attributes: Vec<(&'static str, Vec<String>)>,
}

impl AafRequest {
    /// Returns the values of an attribute, `None` if the request does not name it. Empty values are none.
    pub fn values(&self, name: &str) -> Option<&[String]> {
        self.attributes.iter().find(|(known, _)| *known == name).map(|(_, values)| values.as_slice())
    }

    /// Returns the first value of the first of these attributes that has one.
    pub fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.values(name)?.first()).map(String::as_str)
    }

    /// True if the request names one of these attributes, with or without value.
    pub fn names_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.values(name).is_some())
    }

    /// Returns all attributes, in their order.
    pub fn attributes(&self) -> &[(&'static str, Vec<String>)] {
        &self.attributes
    }

    /// Returns a request that adds a known record.
    pub fn of_known(id: &str, attributes: Vec<(&'static str, Vec<String>)>) -> Self {
        Self { operation: RequestKind::Add, id: id.to_owned(), line: 0, attributes }
    }

    /// Takes the attributes of a later request about the same record.
    pub fn overlay(&mut self, later: AafRequest) {
        self.line = later.line;
        self.operation = match (self.operation, later.operation) {
            // What was added and then modified is still an addition.
            (RequestKind::Add, RequestKind::Modify) => RequestKind::Add,
            (_, operation) => operation,
        };
        if later.operation != RequestKind::Modify {
            self.attributes.clear();
        }
        for (name, values) in later.attributes {
            match self.attributes.iter_mut().find(|(known, _)| *known == name) {
                Some((_, kept)) => *kept = values,
                None => self.attributes.push((name, values)),
            }
        }
    }
}

/// A document of a delivery: a file, or what a ZIP holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AafDocument {
    /// The file that was given.
    pub file: std::path::PathBuf,
    /// The name of the document: that of the file, or of the ZIP and what is in it.
    pub name: String,
    pub kind: RecordKind,
}

/// Returns the names of the documents in a file.
pub fn list_documents<R: Read + Seek>(file: &str, input: R) -> Result<Vec<String>, FileError> {
    let mut names = Vec::new();
    archive::for_each_document(file, input, |name, _| {
        names.push(name.to_owned());
        Ok(())
    })?;
    Ok(names)
}

/// Counts the requests of a document of another kind, and keeps nothing of them.
pub fn count_requests<R: Read + Seek>(file: &str, input: R, document: &str) -> Result<usize, FileError> {
    let mut count = 0_usize;
    archive::read_document(file, input, document, |name, bytes| {
        walk_elements_with(DoctypePolicy::External(ROOT), name, bytes, |event| {
            if let XmlEvent::Close { path, .. } = event {
                let inner = path.strip_prefix("/ficAlimMENESR/");
                count = count.saturating_add(usize::from(inner.is_some_and(|inner| !inner.contains('/'))));
            }
            ControlFlow::Continue(())
        })
    })?;
    Ok(count)
}

/// Calls `visit` with each request of a document, to its end. All are of the document's kind.
pub fn for_each_request<R, V>(document: &AafDocument, input: R, mut visit: V) -> Result<(), FileError>
where
    R: Read + Seek,
    V: FnMut(AafRequest),
{
    archive::read_document(&document.file.to_string_lossy(), input, &document.name, |name, bytes| {
        let mut reader = RequestReader::new(document.kind);
        walk_elements_with(DoctypePolicy::External(ROOT), name, bytes, |event| reader.handle(event, &mut visit))
    })
}

struct RequestReader {
    kind: RecordKind,
    current: AafRequest,
    category: String,
    /// The attribute whose values follow, if it is kept.
    attribute: Option<&'static str>,
    count: usize,
}

impl RequestReader {
    fn new(kind: RecordKind) -> Self {
        Self { kind, current: empty_request(RequestKind::Add), category: String::new(), attribute: None, count: 0 }
    }

    fn handle(&mut self, event: XmlEvent<'_>, visit: &mut dyn FnMut(AafRequest)) -> ControlFlow<Option<FileErrorKind>> {
        match event {
            XmlEvent::Open { path, attributes } => self.open(path, attributes),
            XmlEvent::Close { path, text, line } => self.close(path, text, line, visit),
        }
    }

    fn open(&mut self, path: &str, attributes: &[(String, String)]) -> ControlFlow<Option<FileErrorKind>> {
        let Some(inner) = path.strip_prefix("/ficAlimMENESR") else {
            let root: String = path.trim_start_matches('/').chars().take(40).collect();
            return ControlFlow::Break(Some(FileErrorKind::UnknownRoot { root, known: ROOT }));
        };
        let operation = match inner {
            "" => return ControlFlow::Continue(()),
            "/addRequest" => RequestKind::Add,
            "/modifyRequest" => RequestKind::Modify,
            "/deleteRequest" => RequestKind::Delete,
            _ => {
                if inner.ends_with("/attributes/attr") || inner.ends_with("/modifications/modification") {
                    let name = attributes.iter().find(|(name, _)| name == "name").map(|(_, value)| value.as_str());
                    let known = ATTRIBUTES.iter().find(|(known, _)| Some(*known) == name);
                    let is_read = |name: &&str| *name != MAIL || self.kind == RecordKind::PersRelEleve;
                    self.attribute = known.map(|(_, name)| *name).filter(is_read);
                    if let Some(name) = self.attribute {
                        self.current.attributes.push((name, Vec::new()));
                    }
                }
                return ControlFlow::Continue(());
            }
        };
        self.current = empty_request(operation);
        self.category.clear();
        self.attribute = None;
        ControlFlow::Continue(())
    }

    fn close(
        &mut self,
        path: &str,
        text: &str,
        line: u64,
        visit: &mut dyn FnMut(AafRequest),
    ) -> ControlFlow<Option<FileErrorKind>> {
        let Some(inner) = path.strip_prefix("/ficAlimMENESR/") else { return ControlFlow::Continue(()) };
        match inner.split_once('/') {
            None => {
                if self.category != self.kind.name() {
                    return ControlFlow::Break(Some(FileErrorKind::UnexpectedKind {
                        found: self.category.chars().take(40).collect(),
                        expected: self.kind.name(),
                    }));
                }
                self.count = self.count.saturating_add(1);
                if self.count > MAX_REQUESTS {
                    return ControlFlow::Break(Some(FileErrorKind::TooManyRecords));
                }
                self.current.line = line;
                visit(std::mem::replace(&mut self.current, empty_request(RequestKind::Add)));
            }
            Some((_, "identifier/id")) => self.current.id = text.to_owned(),
            Some((_, "operationalAttributes/attr/value")) => self.category = text.to_owned(),
            Some((_, "attributes/attr/value" | "modifications/modification/value")) => {
                let kept = self.attribute.and(self.current.attributes.last_mut());
                if let Some((_, values)) = kept.filter(|_| !text.is_empty()) {
                    values.push(text.to_owned());
                }
            }
            Some((_, "attributes/attr" | "modifications/modification")) => self.attribute = None,
            Some(_) => {}
        }
        ControlFlow::Continue(())
    }
}

fn empty_request(operation: RequestKind) -> AafRequest {
    AafRequest { operation, id: String::new(), line: 0, attributes: Vec::new() }
}
