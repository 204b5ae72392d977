//! The Admin API: what all of its endpoints share. Each feature has its endpoints in its own `api.rs`.
//!
//! An endpoint is a row of a table: method, path, scope, what it takes and what it answers. The router, the checks of a
//! request and the OpenAPI document are all made from that row, so that none of them can say something else. This
//! module must not know any endpoint.

pub mod api;
pub mod extract;
pub mod fields;
pub mod openapi;
pub mod ops;
pub mod problems;
pub mod shapes;
pub mod store;

use self::fields::BodyField;
use self::problems::ProblemCode;
use self::shapes::Shape;
use crate::administrators::api_tokens::ApiScope;

/// The number of rows of a page unless `limit` says another.
pub const DEFAULT_PAGE_LIMIT: i64 = 50;
/// The maximum of `limit`.
pub const MAX_PAGE_LIMIT: i64 = 100;

/// The name of the parts of a form that are files.
pub const FILES_PART: &str = "files";

/// The method of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApiMethod {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl ApiMethod {
    /// Returns the name in requests (RFC 9110 9.1).
    pub fn name(self) -> &'static str {
        match self {
            ApiMethod::Get => "GET",
            ApiMethod::Post => "POST",
            ApiMethod::Put => "PUT",
            ApiMethod::Patch => "PATCH",
            ApiMethod::Delete => "DELETE",
        }
    }
}

/// The part that the version of a thing has in an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionUse {
    No,
    /// The answer has an `ETag`.
    Answered,
    /// An `If-Match` is compared if there is one; `*` is any version (RFC 9110 13.1.1).
    Compared,
    /// Without an `If-Match` that names a version nothing is done (RFC 6585 3): `*` tells of nothing that was read.
    Required,
}

/// The row of an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct EndpointDoc {
    /// The `operationId`, and the end of its message's key.
    pub id: &'static str,
    pub method: ApiMethod,
    /// The path below that of the API, with `{names}`.
    pub path: &'static str,
    /// The scope that a token needs; `None` for every token.
    pub scope: Option<ApiScope>,
    pub query: &'static [BodyField],
    /// The members of the body; `None` for no body.
    pub body: Option<&'static [BodyField]>,
    /// True if the body is a form with files (RFC 7578), each one a part of the name [`FILES_PART`].
    pub takes_files: bool,
    pub version: VersionUse,
    /// The status of success, and what is answered.
    pub status: u16,
    pub answer: Shape,
    /// The problems beside those of every endpoint.
    pub problems: &'static [ProblemCode],
    /// True if the answer has a secret: it is not remembered.
    pub shows_secret: bool,
}

impl EndpointDoc {
    /// A row to fill: GET without a query, which answers 200.
    pub const EMPTY: EndpointDoc = EndpointDoc {
        id: "",
        method: ApiMethod::Get,
        path: "/",
        scope: None,
        query: &[],
        body: None,
        takes_files: false,
        version: VersionUse::No,
        status: 200,
        answer: Shape::Empty,
        problems: &[],
        shows_secret: false,
    };

    /// Returns the names of the parameters in the path.
    pub fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }

    /// Returns the problems that it may answer with, those of every endpoint included, each once.
    pub fn all_problems(&self) -> Vec<ProblemCode> {
        use ProblemCode as Code;
        let mut all = vec![Code::MissingToken, Code::InvalidToken, Code::TooManyRequests, Code::TooManyWrongTokens];
        all.extend([Code::UnknownParameter, Code::BadParameter, Code::TokenInQuery, Code::Busy, Code::Internal]);
        if self.scope.is_some() {
            all.extend([Code::InsufficientScope, Code::NotFound]);
        }
        if self.body.is_some() {
            all.extend([Code::JsonExpected, Code::BadJson, Code::TooLarge, Code::UnknownField, Code::BadValue]);
            all.push(Code::MissingField);
        }
        if self.takes_files {
            all.extend([Code::FilesExpected, Code::TooLarge, Code::BadFiles, Code::UnknownField]);
        }
        if self.method == ApiMethod::Post {
            all.extend([Code::BadIdempotencyKey, Code::IdempotencyKeyReused, Code::InProgress, Code::OutcomeUnknown]);
        }
        if self.query.iter().any(|field| field.name == "cursor") {
            all.push(Code::BadCursor);
        }
        match self.version {
            VersionUse::Required => all.extend([Code::VersionRequired, Code::Changed]),
            VersionUse::Compared => all.push(Code::Changed),
            VersionUse::No | VersionUse::Answered => {}
        }
        all.extend_from_slice(self.problems);
        all.sort_unstable();
        all.dedup();
        all
    }
}
