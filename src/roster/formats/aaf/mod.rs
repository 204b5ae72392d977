//! Reads `ficAlimMENESR`, the export of a whole academy for an ENT (*annuaire académique fédérateur*): complets and
//! deltas, each of several files, of the first and the second degree.
//!
//! A file is read to its end before anything is believed. An academy does not fit in memory: what a complet holds is
//! first counted ([`index`]), then read again for some schools at a time ([`schools`]).

mod file_name;
pub mod index;
mod record;
mod requests;
pub mod schools;

pub use file_name::{
    Delivery, DeliveryError, DeliveryFileName, DeliveryKind, DeliveryMark, DeliveryName, RecordKind, group_deliveries,
};
pub use record::{
    AafPupil, AafSchool, SchoolFault, children_of, key_of, parse_person, parse_pupil, parse_school, states_links,
    states_numbers, structure_of,
};
pub use requests::{AafDocument, AafRequest, RequestKind, for_each_request, list_documents};

/// The program that writes the exports, as it is called in messages.
const PROGRAM: &str = "the academy's export";
