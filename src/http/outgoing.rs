//! stub
pub struct Outgoing;
pub struct Fetched { pub body: Vec<u8> }
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct OutgoingError;
impl Outgoing {
    pub async fn get(&self, _u: &str, _a: &str, _m: usize) -> Result<Fetched, OutgoingError> { Err(OutgoingError) }
}
