//! Reads documents of hostile origin: a ZIP, an encoding, the elements of XML, each within bounds.
//!
//! Formats use these files and are not known to them.

pub mod archive;
mod bounded;
mod encoding_check;
pub mod prolog;
pub mod xml_elements;
