//! stub
use super::{Alg, Claims, NotOurs};
use crate::protocol::algorithms::Encryption;
pub struct KeySet;
impl KeySet {
    pub fn verify(&self, _token: &str, _allowed: &[Alg]) -> Result<Claims, NotOurs> { Err(NotOurs::Kid) }
}
pub fn verify_hs256(_s: &[u8], _t: &str) -> Result<Claims, NotOurs> { Err(NotOurs::Kid) }
pub fn verify_embedded(_t: &str, _a: &[Alg], _typ: &str) -> Result<(Claims, String), NotOurs> { Err(NotOurs::Kid) }
pub fn kid_of(_t: &str) -> Option<String> { None }
pub fn encrypt(_k: &KeySet, _h: Encryption, _c: Option<&str>, _p: &[u8]) -> Result<String, super::JoseError> { Err(super::JoseError::NoKey("x")) }
