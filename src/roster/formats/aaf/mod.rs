//! Reads `ficAlimMENESR`, the export of a whole academy for an ENT (*annuaire académique fédérateur*): complets and
//! deltas, each of several files, of the first and the second degree.
//!
//! A file is read to its end before anything is believed. An academy does not fit in memory: a complet is read once and
//! kept compressed ([`index`]), and unpacked for some schools at a time ([`schools`]).

mod file_name;
mod id_parts;
pub mod index;
mod kept_requests;
mod record;
mod requests;
pub mod schools;

pub use file_name::{
    Delivery, DeliveryError, DeliveryFileName, DeliveryKind, DeliveryMark, DeliveryName, RecordKind, group_deliveries,
};
pub use kept_requests::KeptRequestsError;
pub use record::{
    AafPupil, AafSchool, SchoolFault, children_of, key_of, parse_person, parse_pupil, parse_school, states_links,
    states_mail, states_numbers, structure_of,
};
pub use requests::{AafDocument, AafRequest, RequestKind, count_requests, for_each_request, list_documents};

/// The program that writes the exports, as it is called in messages.
const PROGRAM: &str = "the academy's export";
