//! The deployment's services for an end user, shown as links on the account page, after an activation, and at a service
//! for other children.
//!
//! A portal has one client per academy (docs/decisions/0022-pairwise-subjects-and-perimeters.md), and parents know
//! neither clients nor perimeters. The links mention only the end user's own children, and the URLs are those of the
//! client's file.

pub mod ops;

use serde::Serialize;
use strum::VariantArray;

use crate::base::typed_ids::ClientId;
use crate::protocol::claim::Claim;

/// A link to a service, with the children covered by the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceLink {
    pub client_id: ClientId,
    pub sector: String,
    /// The client's name.
    pub name: String,
    /// The client's `initiate_login_uri`, otherwise its `client_uri`.
    pub href: String,
    /// Names of the academies or schools of the covered children (ids of academies until resolved).
    pub places: Vec<String>,
    /// Given names of the covered children.
    pub children: Vec<String>,
}

/// A line of the pages that tell a person what a service receives: before a consent, and on the account page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisclosedItem {
    Name,
    Profile,
    Email,
    Phone,
    /// A parent's children with their schools, or a pupil's own schools and class.
    Schooling,
    PupilNumbers,
}

impl DisclosedItem {
    /// Returns the line that tells of a claim; `None` for those that say nothing without another one.
    pub fn of(claim: Claim) -> Option<DisclosedItem> {
        match claim {
            Claim::Sub | Claim::UpdatedAt | Claim::EmailVerified | Claim::PhoneNumberVerified => None,
            Claim::Name | Claim::GivenName | Claim::FamilyName => Some(DisclosedItem::Name),
            Claim::Email => Some(DisclosedItem::Email),
            Claim::PhoneNumber => Some(DisclosedItem::Phone),
            Claim::EducationProfile => Some(DisclosedItem::Profile),
            Claim::Children | Claim::Schools | Claim::Class => Some(DisclosedItem::Schooling),
            Claim::FrEduVecteur | Claim::FrEduCtRefId => Some(DisclosedItem::PupilNumbers),
        }
    }

    /// True if one of the claims that the line tells of is disclosed.
    pub fn is_among(self, is_disclosed: impl Fn(Claim) -> bool) -> bool {
        Claim::VARIANTS.iter().any(|claim| DisclosedItem::of(*claim) == Some(self) && is_disclosed(*claim))
    }
}

/// The data of a person that a service gets at each sign-in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DisclosedData {
    pub name: Option<String>,
    /// True if the service learns whether the person is a parent or a pupil.
    pub profile: bool,
    pub email: bool,
    pub phone: bool,
    /// « Anaïs (5e B, Clg Théodore Monod) » of each child within the client's perimeter.
    pub children: Vec<String>,
    /// « Clg Théodore Monod (6 A) » of a pupil.
    pub schooling: Vec<String>,
    /// True if the number of the pupils in their school is told (`FrEduVecteur`).
    pub pupil_numbers: bool,
    /// True if the service may come back without the person.
    pub lasting: bool,
}
