//! « En fichier »: a relying party, or one that is asked for, as a file of the deployment's directory.

use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::administrators::extract::Opened;
use crate::client_admin::ops::ServiceFile;
use crate::client_admin::ops::review::RequestFile;
use crate::clients::ClientMetadata;
use crate::clients::as_file::as_file;

fn answer(client_id: &str, meta: &ClientMetadata) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/toml; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{client_id}.toml\"")),
    ];
    (headers, as_file(client_id, meta)).into_response()
}

/// GET: a relying party as a file.
pub async fn of_service(Opened { file, .. }: Opened<ServiceFile>) -> Response {
    answer(&file.record.client.id, &file.record.client.meta)
}

/// GET: what a request asks for as a file.
pub async fn of_request(Opened { file, .. }: Opened<RequestFile>) -> Response {
    answer(&file.request.client_id, &file.new)
}
