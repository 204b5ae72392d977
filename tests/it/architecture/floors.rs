//! The floors and the table of features.
//!
//! Rules that differ from the plain reading of a file's name, and why: `http/middleware.rs` is a face, because it hands
//! requests to the application; so is every file of `oidc/` that is not named otherwise (an endpoint, how an answer
//! travels, from a request to a proof). Its use cases are what several endpoints share (checks,
//! claims, tokens) and `oidc/logout/backchannel.rs`, which does a job's work. `bootstrap/` is one room.
//! `crypto/` is a room of the platform that every other one of them may use.

use super::reader::Source;

/// Of files, tests not counted.
const MAX_FILE_LINES: usize = 350;

const WORDS: [&str; 2] = ["base", "protocol"];

/// The platform, in its order: a room uses those of the lines before. `http` stands after `db`, whose errors it turns
/// into pages.
const PLATFORM: [&[&str]; 7] = [
    &["crypto"],
    &["config"],
    &["telemetry"],
    &["db", "ephemeral", "jose"],
    &["http"],
    &["outbox", "sms", "mail"],
    &["app"],
];

/// What a feature may use on its own floor. Each line may be named by those below it only.
const TABLE: [(&[&str], &[&str]); 37] = [
    (&["audit", "limits"], &[]),
    // Whoever goes through a table once a day claims it there.
    (&["passes"], &[]),
    (&["tenants"], &["audit"]),
    (&["clients", "keys"], &["tenants", "audit", "limits"]),
    (&["roster"], &["tenants", "audit"]),
    (&["erasure"], &["roster", "passes", "audit"]),
    (&["guardianship"], &["roster", "tenants", "audit", "limits"]),
    (&["accounts"], &["roster", "tenants", "audit", "limits"]),
    (&["devices"], &["accounts", "audit", "limits"]),
    (&["grants"], &["accounts", "clients", "audit", "limits"]),
    (&["subjects"], &["grants", "accounts", "roster", "clients", "tenants", "audit", "limits"]),
    (&["logouts"], &["subjects", "grants", "clients"]),
    // Gives people of the roster the accounts and subjects that another program gave them.
    (&["arrivals"], &["subjects", "accounts", "roster", "clients", "tenants", "audit", "limits"]),
    (&["sessions", "otp", "interactions", "services"], BELOW_SESSIONS),
    (&["notify"], &["otp", "devices", "accounts", "roster", "tenants", "audit", "limits"]),
    (&["letters"], &["notify", "devices", "accounts", "roster", "tenants", "audit", "limits"]),
    (&["passkeys"], &["notify", "devices", "accounts", "audit", "limits"]),
    (&["credentials"], BELOW_CREDENTIALS),
    // What visitors are told, by the client that they come from.
    (&["announcements"], &["interactions", AND_BELOW]),
    // The flows offer its doors, and none of them is used by it.
    (&["federation"], &["credentials", "interactions", AND_BELOW]),
    // Asks everything below whether it works.
    (&["doctor"], &["federation", AND_BELOW]),
    // Every way to a new password ends there, also that of an activation which finds an account.
    (&["recovery"], &["credentials", "interactions", "services", "guardianship", AND_BELOW]),
    // An address that changes ends the recoveries that began by mail.
    (&["emails"], &["recovery", AND_BELOW]),
    (&["activation", "login", "my_account"], &["announcements", "federation", "recovery", AND_BELOW]),
    // Ends the activations of an account that is joined to another one.
    (&["regroup"], &["activation", "recovery", AND_BELOW]),
    (&["oidc"], &["federation", "recovery", AND_BELOW]),
    // Asks whose a page was: a flow's, or a session's.
    (&["support"], &["activation", "sessions"]),
    (&["administrators"], &["credentials", AND_BELOW]),
    // What all endpoints of the Admin API share.
    (&["admin_api"], &["administrators", AND_BELOW]),
    // Shows and changes an account whatever flow it is in.
    (&["helpdesk"], &["admin_api", "administrators", "support", "activation", "login", AND_BELOW]),
    // Test sign-ins go through the provider's own code.
    (&["client_admin"], &["oidc", "admin_api", "administrators", AND_BELOW]),
    (&["school_admin"], &["admin_api", "administrators", AND_BELOW]),
    (&["roster_admin"], &["admin_api", "administrators", AND_BELOW]),
    (&["journal", "figures"], &["admin_api", "administrators", AND_BELOW]),
    (&["announcement_admin"], &["administrators", "announcements", AND_BELOW]),
    // The pages of the console that belong to no other feature, and the table of all endpoints of the Admin API.
    (
        &["console"],
        &[
            "helpdesk",
            "figures",
            "journal",
            "client_admin",
            "school_admin",
            "roster_admin",
            "admin_api",
            "administrators",
            "doctor",
            AND_BELOW,
        ],
    ),
    // Tells administrators what waits, and asks who decides on a request.
    (&["console_mails"], &["client_admin", AND_BELOW]),
];
const BELOW_SESSIONS: &[&str] = &[
    "logouts", "subjects", "grants", "devices", "accounts", "roster", "clients", "keys", "tenants", "audit", "limits",
];
const BELOW_CREDENTIALS: &[&str] = &[
    "passkeys", "letters", "notify", "sessions", "otp", "logouts", "subjects", "grants", "devices", "accounts",
    "roster", "clients", "keys", "tenants", "audit", "limits",
];
/// Stands for whatever the features named beside it may use.
const AND_BELOW: &str = "…";
/// The ends of names of files that speak HTTP in a folder of `oidc/`.
const SPEAKS_HTTP: [&str; 4] = ["endpoint", "page", "response", "extract"];
/// They may use anything.
const FREE: [&str; 1] = ["demo"];

/// Where a file stands: its floor, and its place on it (rows of the words and of the platform).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    floor: u8,
    row: usize,
}

fn place(module: &[String]) -> Option<Place> {
    let at = |floor| Some(Place { floor, row: 0 });
    let room = module.first()?.as_str();
    let parts: Vec<&str> = module.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["http", "middleware"] => return at(5),
        ["oidc", .., "error" | "next_step" | "views"] => return at(2),
        // In a folder, what speaks HTTP says so in its name; the other files are what an endpoint goes by.
        ["oidc", _, file] if SPEAKS_HTTP.iter().any(|end| file.ends_with(end)) => return at(5),
        ["oidc", _, _] => return at(4),
        ["oidc", _] => return at(5),
        ["main"] | ["cli", ..] | ["lib"] => return at(7),
        ["bootstrap", ..] | ["router"] => return at(6),
        _ => {}
    }
    if let Some(row) = WORDS.iter().position(|word| *word == room) {
        return Some(Place { floor: 0, row });
    }
    if let Some(row) = PLATFORM.iter().position(|rooms| rooms.contains(&room)) {
        return Some(Place { floor: 1, row });
    }
    if FREE.contains(&room) {
        return at(7);
    }
    TABLE.iter().find(|(features, _)| features.contains(&room))?;
    at(match parts.get(1).copied() {
        Some("store") => 3,
        Some("ops") => 4,
        Some("pages" | "api" | "extract") => 5,
        _ => 2,
    })
}

fn may(from: &str, to: &str) -> bool {
    let line = TABLE.iter().find(|(features, _)| features.contains(&from));
    line.is_some_and(|(_, allowed)| {
        let below = allowed.contains(&AND_BELOW);
        allowed.contains(&to) || below && allowed.iter().any(|feature| may(feature, to))
    })
}

/// Every place where a rule does not hold.
pub fn violations(house: &[Source]) -> Vec<String> {
    let mut out = Vec::new();
    for source in house.iter().filter(|s| !s.is_test()) {
        let Some(here) = place(&source.module) else {
            out.push(format!("{}: the table does not know this feature", source.path));
            continue;
        };
        if source.lines > MAX_FILE_LINES {
            out.push(format!("{}: {} lines, tests not counted", source.path, source.lines));
        }
        crates(source, here, &mut out);
        for name in source.names() {
            // The module is the longest beginning of the path that is a file; what is re-exported counts as the
            // room's own.
            let found = (1..=name.len()).rev().find_map(|n| house.iter().find(|s| s.module == name[..n]));
            let Some(target) = found.filter(|t| t.path != source.path) else { continue };
            let Some(there) = place(&target.module) else { continue };
            if let Some(why) = forbidden((source, here), (target, there)) {
                out.push(format!("{}: {} is {why}", source.path, name.join("::")));
            }
        }
    }
    out.sort();
    out.dedup();
    out
}

fn forbidden((from, here): (&Source, Place), (to, there): (&Source, Place)) -> Option<&'static str> {
    let (room, other) = (&from.module[0], &to.module[0]);
    if there.floor > here.floor {
        return Some("upstairs");
    }
    if there.floor < here.floor || room == other || here.floor >= 6 {
        return None;
    }
    match here.floor {
        0 | 1 if there.row < here.row => None,
        0 | 1 if there.row > here.row => Some("upstairs"),
        0 | 1 => Some("beside"),
        _ => (!may(room, other)).then_some("beside"),
    }
}

/// Crates that only some rooms may know, and the environment.
fn crates(source: &Source, here: Place, out: &mut Vec<String>) {
    let room = source.module[0].as_str();
    let is_store = here.floor == 3;
    let rules = [
        ("sqlx", ["db", "outbox"].contains(&room) || is_store),
        ("axum", here.floor >= 5 || ["http", "app"].contains(&room)),
        // A handler that axum itself routes costs the compiler half a second.
        ("axum::routing", source.path == "http/routing.rs"),
        ("josekit", room == "jose"),
        ("redis", room == "ephemeral"),
        ("webauthn_rs", room == "passkeys" && here.floor == 2),
        ("env", ["config", "cli"].contains(&room)),
    ];
    for (word, allowed) in rules {
        if !allowed && names_crate(&source.code, word) {
            out.push(format!("{}: {word} is not for here", source.path));
        }
    }
    if chains_methods(&source.code) {
        out.push(format!("{}: methods of a path are merged, or axum routes the second one itself", source.path));
    }
}

/// Whether it reads `get(show).post(submit)`.
fn chains_methods(code: &str) -> bool {
    const METHODS: [&str; 5] = ["get", "post", "put", "delete", "options"];
    let is_free_method = |head: &str| {
        let before = METHODS.iter().find_map(|method| head.strip_suffix(method));
        before.is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.'))
    };
    METHODS.iter().any(|second| {
        code.match_indices(&format!(".{second}(")).any(|(at, _)| {
            let first = code[..at].trim_end().strip_suffix(')').and_then(|inside| inside.rsplit_once('('));
            first.is_some_and(|(head, _)| is_free_method(head))
        })
    })
}

/// Whether the word stands in front of `::`.
fn names_crate(code: &str, word: &str) -> bool {
    code.match_indices(&format!("{word}::"))
        .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}
