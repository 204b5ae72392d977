//! Pages of no feature: what is not there, what went wrong, what is always true.

use serde::Serialize;

use super::pages::Page;

/// 404: no such address.
#[derive(Debug, Serialize)]
pub struct NotFound {}

impl Page for NotFound {
    const TEMPLATE: &'static str = "http/not_found.html";
    fn samples() -> Vec<Self> {
        vec![NotFound {}]
    }
}
