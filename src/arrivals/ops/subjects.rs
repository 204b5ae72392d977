//! Takes by which `sub` clients knew the accounts of rows. None is ever of two accounts.

use std::collections::BTreeMap;

use super::ArrivalConflict;
use crate::arrivals::{ArrivalRemark, ArrivalRow};
use crate::base::typed_ids::AccountId;
use crate::clients::{self, Client};
use crate::db::UnitOfWork;
use crate::subjects::ops::adopted::{AdoptedSubject, FormerSub, adopt_subjects};

/// The maximum characters of a `sub` (OIDCC 2).
const MAX_SUB_CHARS: usize = 255;

/// A row that has an account.
pub(super) struct RowWithAccount<'a> {
    /// The place of the row among those that are taken.
    pub place: usize,
    pub row: &'a ArrivalRow,
    pub account_id: AccountId,
}

/// Writes the subjects of rows, in their order. Returns what is to be said of each, by the place of its row.
pub(super) async fn take_subjects(
    tx: &mut UnitOfWork<'_>,
    rows: &[RowWithAccount<'_>],
) -> anyhow::Result<Vec<(usize, ArrivalRemark)>> {
    let mut known = BTreeMap::<&str, Option<Client>>::new();
    for (client_id, _) in rows.iter().flat_map(|taken| &taken.row.subjects) {
        if !known.contains_key(client_id.as_str()) {
            known.insert(client_id, clients::store::find(tx, client_id).await?);
        }
    }
    let find_client = |client_id: &String, value: &str| {
        if !is_sub(value) {
            return Err(ArrivalRemark::InvalidSub(client_id.clone()));
        }
        let client = known.get(client_id.as_str()).and_then(Option::as_ref);
        client.ok_or_else(|| ArrivalRemark::UnknownClient(client_id.clone()))
    };
    let mut given = Vec::new();
    let mut told = Vec::new();
    for RowWithAccount { place, row, account_id } in rows {
        for (client_id, value) in &row.subjects {
            match find_client(client_id, value) {
                Ok(client) => {
                    given.push(FormerSub { meta: &client.meta, account_id, value });
                    told.push((*place, client_id, None));
                }
                Err(remark) => told.push((*place, client_id, Some(remark))),
            }
        }
    }
    let mut fates = adopt_subjects(tx, &given).await?.ok_or(ArrivalConflict)?.into_iter();
    let mut remarks = Vec::new();
    for (place, client_id, remark) in told {
        let remark = remark.or_else(|| match fates.next()? {
            AdoptedSubject::Written => None,
            AdoptedSubject::OfAnother => Some(ArrivalRemark::SubTaken(client_id.clone())),
            AdoptedSubject::Differs => Some(ArrivalRemark::SubDiffers(client_id.clone())),
        });
        remarks.extend(remark.map(|remark| (place, remark)));
    }
    Ok(remarks)
}

fn is_sub(value: &str) -> bool {
    value.len() <= MAX_SUB_CHARS && value.bytes().all(|byte| byte.is_ascii_graphic())
}
