//! `preau account show`: one screen for the help desk.

use std::io::{self, Write};

use crate::base::clock::Timestamp;
use crate::cli::format_paris_time;
use crate::helpdesk::report::{AccountReport, FactorsReport, PersonReport};

/// Prints a report: a line for each thing that there is.
pub fn print(report: &AccountReport, out: &mut (dyn Write + Send)) -> io::Result<()> {
    writeln!(out, "{}  {}  {}", report.identifiant, report.profile, report.name)?;
    let mut line = |label: &str, text: String| writeln!(out, "  {label:<12}{text}");
    line("state", state(report))?;
    line("identifiant", format!("given {}", format_paris_time(report.created_at)))?;
    if let Some(at) = report.activated_at {
        line("activated", format_paris_time(at))?;
    }
    if let Some(at) = report.password_at {
        let forced = report.must_change_at.map(|at| format!(", must change since {}", format_paris_time(at)));
        line("password", format!("of {}{}", format_paris_time(at), forced.unwrap_or_default()))?;
    }
    for (label, at) in [("caution", report.caution_until), ("closes", report.closes_at)] {
        if let Some(at) = at {
            line(label, format!("{} {}", if label == "caution" { "until" } else { "at" }, format_paris_time(at)))?;
        }
    }
    for person in &report.persons {
        line("person", format!("{}: {}", person.academy, mobile(person)))?;
    }
    for pupil in &report.pupils {
        let class = pupil.class.as_ref().map(|class| format!(", {class}")).unwrap_or_default();
        line(
            "pupil",
            format!(
                "{}{class}, {} {}, {} ELEVE {}",
                pupil.given_name, pupil.uai, pupil.school, pupil.academy, pupil.pupil_key
            ),
        )?;
    }
    if let Some(email) = &report.email {
        line("e-mail", email.clone())?;
    }
    for letter in &report.letters {
        line("letter", format!("{}, {}, until {}", letter.kind, letter.state, format_paris_time(letter.expires_at)))?;
    }
    for link in &report.links {
        let (since, used) = (format_paris_time(link.created_at), format_paris_time(link.used_at));
        line(
            "upstream",
            format!("{}, sub {} at {}, since {since}, last {used}", link.upstream, link.sub, link.issuer),
        )?;
    }
    let seen = dated(", last seen", report.sessions.seen_at);
    line("sessions", format!("{}{seen}; {} known devices", report.sessions.alive, report.devices))?;
    let FactorsReport { applications, passkeys, backup_codes } = report.factors;
    if applications + passkeys > 0 {
        let counted =
            format!("{applications} applications of codes; {passkeys} passkeys; {backup_codes} backup codes left");
        line("factors", counted)?;
    }
    if let Some(last) = &report.last_recovery {
        let outcome = last.outcome.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let (at, channel, step) = (format_paris_time(last.created_at), &last.channel, &last.step);
        line("recovery", format!("of {at} by {channel}, {step}{outcome}"))?;
    }
    Ok(())
}

fn state(report: &AccountReport) -> String {
    match report.suspended_by {
        Some(by) => format!("{}, suspended by the {by}{}", report.state, dated(" since", report.suspended_at)),
        None => report.state.to_owned(),
    }
}

fn dated(words: &str, at: Option<Timestamp>) -> String {
    at.map(|at| format!("{words} {}", format_paris_time(at))).unwrap_or_default()
}

/// Says what is known of a mobile number, by its last digits.
fn mobile(person: &PersonReport) -> String {
    let number = match (person.phone_state.as_str(), &person.phone_end) {
        ("mobile", Some(end)) => format!("mobile ending in {end}"),
        ("unusable", Some(end)) => format!("no mobile, a number ending in {end}"),
        _ => "no mobile".to_owned(),
    };
    let dates = [("since", person.since), ("proven", person.proven_at), ("given up", person.disowned_at)];
    let dates = dates.into_iter().map(|(word, at)| dated(&format!(", {word}"), at));
    format!("{number}{}", dates.collect::<String>())
}
