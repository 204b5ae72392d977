//! Client authentication at the endpoints for clients (OIDCC 9, RFC 6749 2.3, RFC 7523 3).

pub mod assertion;
pub mod extract;
