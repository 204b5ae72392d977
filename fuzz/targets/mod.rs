//! What the fuzzer throws bytes at: every reader of something that comes from outside, and what must hold of its
//! answer.
//!
//! Plain functions of bytes, so that they run in two places: under libFuzzer (`fuzz/run`), and with every test run over
//! the seeds and over bytes by chance (`tests/it/fuzz.rs`), so that they cannot rot.

mod clients;
mod forms;
mod operators;
mod roster;
mod server;
mod tokens;

/// A reader under test. It panics where a rule does not hold.
pub type Target = fn(&[u8]);

/// Every target, by the name of its folder of seeds.
pub const ALL: [(&str, Target); 18] = [
    ("form", forms::form),
    ("redirect", forms::redirect),
    ("words", forms::words),
    ("headers", forms::headers),
    ("typed", forms::typed),
    ("token", tokens::token),
    ("altered", tokens::altered),
    ("jwks", clients::jwks),
    ("metadata", clients::metadata),
    ("logo", clients::logo),
    ("roster", roster::siecle),
    ("delivery", roster::aaf),
    ("table", roster::table),
    ("mapping", roster::mapping),
    ("hash", roster::hash),
    ("key_file", operators::key_file),
    ("config", operators::config),
    ("server", server::request),
];

/// The bytes as text, wrong ones replaced: most readers take what HTTP has already found to be text.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Two texts out of one: all before the first line end, and all after it.
fn two(bytes: &[u8]) -> (String, String) {
    let text = text(bytes);
    let (first, second) = text.split_once('\n').unwrap_or((&text, ""));
    (first.to_owned(), second.to_owned())
}
