//! A gateway's own ids of messages: some write one in hexadecimal in their answer and in decimal in the receipt, or the
//! reverse, with zeros before it or without.

/// Returns the form in which an id is kept: a number without zeros before it, in small letters.
pub fn kept_form(id: &str) -> String {
    let is_number = !id.is_empty() && id.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_number {
        return id.to_owned();
    }
    match id.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits => digits.to_ascii_lowercase(),
    }
}

/// Returns the forms in which the id of a receipt may have been kept: as it is, and in the other base.
pub fn possible_kept_forms(id: &str) -> [String; 3] {
    let same = kept_form(id);
    let in_hexadecimal = same.parse::<u128>().map_or_else(|_| same.clone(), |number| format!("{number:x}"));
    let in_decimal = u128::from_str_radix(&same, 16).map_or_else(|_| same.clone(), |number| number.to_string());
    [same, in_hexadecimal, in_decimal]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_either_base_is_found_in_the_other() {
        for (answered, receipt) in [
            ("07A3B2F1", "128168689"),
            ("7a3b2f1", "0128168689"),
            ("128168689", "07A3B2F1"),
            ("128168689", "128168689"),
            ("a1-B2", "a1-B2"),
            ("0190f2c4-7a3b-7def-8000-0123456789ab", "0190f2c4-7a3b-7def-8000-0123456789ab"),
            ("000", "0"),
        ] {
            assert!(possible_kept_forms(receipt).contains(&kept_form(answered)), "{answered} {receipt}");
        }
        for (answered, receipt) in [("a1-B2", "A1-b2"), ("10", "11"), ("", "0")] {
            assert!(!possible_kept_forms(receipt).contains(&kept_form(answered)), "{answered} {receipt}");
        }
    }
}
