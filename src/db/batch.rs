//! Statements on a list of keys, whose SQL text never varies.

use super::Value;

/// The number of keys of one statement. A shorter list repeats its last key.
pub const BATCH_SIZE: usize = 50;

/// `$2` to `$51`: the [`BATCH_SIZE`] placeholders after the first.
macro_rules! batch_placeholders {
    () => {
        "$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, \
         $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, \
         $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51"
    };
}
pub(crate) use batch_placeholders;

/// Returns `first` and up to [`BATCH_SIZE`] keys, padded with the last key; of no key, with the empty one. Never with
/// `first`: a number in the place of a key is no text to PostgreSQL.
pub fn batch_args<'a>(first: Value, keys: impl IntoIterator<Item = &'a str>) -> Vec<Value> {
    let mut args = vec![first];
    args.extend(keys.into_iter().take(BATCH_SIZE).map(Value::from));
    let last = args.iter().skip(1).next_back().cloned().unwrap_or_else(|| Value::from(""));
    args.resize(BATCH_SIZE + 1, last);
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_padded_with_its_last_key_and_never_with_the_first_argument() {
        for (keys, padding) in [(vec!["a", "b"], "b"), (vec![], "")] {
            let args = batch_args(Value::Int(Some(7)), keys.iter().copied());
            assert_eq!(args.len(), BATCH_SIZE + 1);
            assert!(matches!(args.first(), Some(Value::Int(Some(7)))));
            let is_padding = |value: &Value| matches!(value, Value::Text(Some(text)) if text.as_str() == padding);
            assert!(args.iter().skip(1 + keys.len()).all(is_padding), "{keys:?}: {args:?}");
        }
    }
}
