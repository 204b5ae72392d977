//! Reads documents of hostile origin: a ZIP, an encoding, the elements of XML, the rows of CSV, each within bounds.
//!
//! Formats use these files and are not known to them.

pub mod archive;
mod bounded;
pub mod csv_table;
mod encoding_check;
pub mod packed;
pub mod prolog;
mod text_encoding;
pub mod xml_elements;
