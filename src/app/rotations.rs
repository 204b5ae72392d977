//! Rotations of refresh tokens that wait for the database, written together where one commit serves several.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::RefreshFamilyId;
use crate::db::WriteGroup;

/// A rotation of a refresh token family from one generation to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyRotation {
    pub family: RefreshFamilyId,
    pub generation: i64,
    pub at: Timestamp,
}

/// The rotations that wait; the answer says whether the family was rotated.
pub type FamilyRotations = WriteGroup<FamilyRotation, bool>;
