//! Columns and arguments of the typed ids, of UAIs, and of the stored words.

use sqlx::Database;
use sqlx::error::BoxDynError;

use super::{DbError, Result, Value};
use crate::base::typed_ids::{self, for_each_typed_id};
use crate::base::uai::Uai;

macro_rules! convert {
    ($($(#[$doc:meta])* $name:ident;)+) => { $(
        impl From<&typed_ids::$name> for Value {
            fn from(id: &typed_ids::$name) -> Self {
                Value::from(id.as_str())
            }
        }
        impl From<typed_ids::$name> for Value {
            fn from(id: typed_ids::$name) -> Self {
                Value::from(id.as_str())
            }
        }
        impl From<Option<&typed_ids::$name>> for Value {
            fn from(id: Option<&typed_ids::$name>) -> Self {
                Value::from(id.map(|id| id.as_str()))
            }
        }
        impl From<&Option<typed_ids::$name>> for Value {
            fn from(id: &Option<typed_ids::$name>) -> Self {
                Value::from(id.as_ref())
            }
        }
        impl From<Option<typed_ids::$name>> for Value {
            fn from(id: Option<typed_ids::$name>) -> Self {
                Value::from(id.as_ref())
            }
        }
        impl<DB: Database> sqlx::Type<DB> for typed_ids::$name
        where
            String: sqlx::Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <String as sqlx::Type<DB>>::type_info()
            }
            fn compatible(ty: &DB::TypeInfo) -> bool {
                <String as sqlx::Type<DB>>::compatible(ty)
            }
        }
        impl<'r, DB: Database> sqlx::Decode<'r, DB> for typed_ids::$name
        where
            String: sqlx::Decode<'r, DB>,
        {
            fn decode(value: DB::ValueRef<'r>) -> std::result::Result<Self, BoxDynError> {
                <String as sqlx::Decode<'r, DB>>::decode(value).map(Self::new)
            }
        }
    )+ };
}
for_each_typed_id!(convert);

impl From<&Uai> for Value {
    fn from(uai: &Uai) -> Self {
        Value::from(uai.as_str())
    }
}

impl From<Option<&Uai>> for Value {
    fn from(uai: Option<&Uai>) -> Self {
        Value::from(uai.map(Uai::as_str))
    }
}

impl<DB: Database> sqlx::Type<DB> for Uai
where
    String: sqlx::Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <String as sqlx::Type<DB>>::type_info()
    }
    fn compatible(ty: &DB::TypeInfo) -> bool {
        <String as sqlx::Type<DB>>::compatible(ty)
    }
}

impl<'r, DB: Database> sqlx::Decode<'r, DB> for Uai
where
    String: sqlx::Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> std::result::Result<Self, BoxDynError> {
        Ok(Self::parse(&<String as sqlx::Decode<'r, DB>>::decode(value)?)?)
    }
}

/// Reads a stored word, such as a state; a word that the present version does not know is an inconsistent row.
pub fn parse_word<T: std::str::FromStr>(table: &'static str, column: &'static str, row: &str, word: &str) -> Result<T> {
    word.parse().map_err(|_| DbError::Inconsistent { table, column, row: row.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::typed_ids::AccountId;

    #[test]
    fn an_unknown_word_names_its_row() {
        let read = parse_word::<u8>("account", "state", "a1", "frozen");
        assert_eq!(read.map_err(|e| e.to_string()), Err("account.state of row a1 cannot be read".to_owned()));
    }

    #[test]
    fn an_id_is_bound_as_text() {
        assert!(matches!(Value::from(&AccountId::new("a1")), Value::Text(Some(text)) if text == "a1"));
    }
}
