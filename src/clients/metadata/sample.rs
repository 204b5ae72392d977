//! Metadata for tests of other modules.

use super::{RegistrationPolicy, validate};
use crate::clients::{ClientMetadata, Perimeter};
use crate::protocol::registration::ClientMetadataFields;

/// Returns the metadata of a client with a perimeter, for tests of other modules.
pub fn sample(perimeter: Perimeter) -> ClientMetadata {
    let fields = ClientMetadataFields {
        client_name: Some("Cantine".to_owned()),
        redirect_uris: Some(vec!["https://cantine.example/retour".to_owned()]),
        ..ClientMetadataFields::default()
    };
    let (client_id, academy) = ("cantine".to_owned(), String::new());
    let terms = RegistrationPolicy::Registered { client_id, academy, has_own_sector: false };
    let meta = validate(&fields, &terms).unwrap_or_else(|flaw| panic!("{flaw}"));
    ClientMetadata { academy: None, perimeter, ..meta }
}
