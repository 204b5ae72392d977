//! Answers without what is random in them, to compare them byte for byte.

use super::TestResponse;

/// The answer without its random values, all of a fixed length.
pub fn masked(answer: &TestResponse) -> String {
    // The request's own id is random too, and as long in every answer.
    let told = answer.headers.iter().filter(|(name, _)| *name != "x-request-id");
    let mut headers: Vec<String> = told.map(|(n, v)| format!("{n}: {}", v.to_str().unwrap())).collect();
    headers.sort();
    let text = format!("{}\n{}\n\n{}", answer.status, headers.join("\n"), answer.text());
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_alphanumeric() || c == '-' || c == '_' {
            word.push(c);
            continue;
        }
        let all = |of: &str, test: fn(char) -> bool| !of.is_empty() && of.chars().all(test);
        let capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        let support = word.len() == 7 && word.split('-').count() == 2 && word.split('-').all(|p| all(p, capital));
        let name = word.contains("--") && !word.chars().any(|c| c.is_ascii_uppercase());
        // The last is the sealed state of a ceremony.
        let random = (matches!(word.len(), 22 | 43) || word.len() > 150) && word.chars().any(capital) && !name;
        out.push_str(if support {
            "{code}"
        } else if random {
            "{random}"
        } else {
            &word
        });
        word.clear();
        out.push(c);
    }
    out
}
