//! Fields of tables that people open in a spreadsheet.

/// Quotes a field. What a spreadsheet would take for a formula begins with an apostrophe.
pub fn csv_field(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_x8_no_field_is_a_formula_and_none_ends_its_quotes() {
        for (text, right) in [
            ("DURAND", "\"DURAND\""),
            ("=1+1", "\"'=1+1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("+33 6", "\"'+33 6\""),
            ("-2", "\"'-2\""),
            ("\t=1", "\"'\t=1\""),
            ("a\"b;c", "\"a\"\"b;c\""),
        ] {
            assert_eq!(csv_field(text), right);
        }
    }
}
