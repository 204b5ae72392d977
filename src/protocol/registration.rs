//! A client's metadata as written in a client file or in a registration request (RFC 7591 2, OIDCR 2, RPIL 3.1,
//! BCL 2.2, FCL 2, RFC 9101 10.5, RFC 9126 6, RFC 9449 5.2, RFC 9701 6).
//!
//! Names and types only: the accepted values are decided in one place for both sources (`clients/metadata.rs`).

use serde::Serialize;
use serde_json::{Map, Value};

/// A member of the wrong type. The reason quotes the written value: for the log and the operator only.
#[derive(Debug, thiserror::Error)]
#[error("{field}: {why}")]
pub struct FieldTypeError {
    pub field: &'static str,
    pub why: serde_json::Error,
}

macro_rules! fields {
    ($($name:ident: $kind:ty,)*) => {
        /// The metadata fields. Every field may be absent; `null` counts as absent (RFC 7592 2.2).
        #[derive(Clone, Debug, Default, PartialEq, Serialize)]
        pub struct ClientMetadataFields {
            $(#[serde(skip_serializing_if = "Option::is_none")] pub $name: Option<$kind>,)*
        }

        impl ClientMetadataFields {
            /// Removes the known fields from a JSON object and leaves the other members.
            ///
            /// # Errors
            /// A member has the wrong type.
            pub fn read(all: &mut Map<String, Value>) -> Result<ClientMetadataFields, FieldTypeError> {
                Ok(ClientMetadataFields {
                    $($name: {
                        let field = stringify!($name);
                        let value = all.remove(field).unwrap_or(Value::Null);
                        serde_json::from_value::<Option<$kind>>(value).map_err(|why| FieldTypeError { field, why })?
                    },)*
                })
            }
        }
    };
}

fields! {
    client_name: String,
    client_uri: String,
    logo_uri: String,
    policy_uri: String,
    tos_uri: String,
    contacts: Vec<String>,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    initiate_login_uri: String,
    request_uris: Vec<String>,
    jwks: Value,
    jwks_uri: String,
    token_endpoint_auth_method: String,
    token_endpoint_auth_signing_alg: String,
    grant_types: Vec<String>,
    response_types: Vec<String>,
    application_type: String,
    scope: String,
    subject_type: String,
    sector_identifier_uri: String,
    default_max_age: i64,
    require_auth_time: bool,
    default_acr_values: Vec<String>,
    id_token_signed_response_alg: String,
    id_token_encrypted_response_alg: String,
    id_token_encrypted_response_enc: String,
    userinfo_signed_response_alg: String,
    userinfo_encrypted_response_alg: String,
    userinfo_encrypted_response_enc: String,
    introspection_signed_response_alg: String,
    request_object_signing_alg: String,
    require_signed_request_object: bool,
    require_pushed_authorization_requests: bool,
    dpop_bound_access_tokens: bool,
    backchannel_logout_uri: String,
    backchannel_logout_session_required: bool,
    frontchannel_logout_uri: String,
    frontchannel_logout_session_required: bool,
}
