//! The greeting of the ready demo, on one screen of 24 lines and 80 columns: addresses to open, people to try.

use std::io::{self, Write};
use std::path::Path;

use super::account::DemoAccount;
use super::administrators::ADMINISTRATORS;
use super::letters::{DemoLetter, DemoLetters, LANDLINE_PARENT, PARENT_FILE, PUPILS_FILE};
use super::rosters::{CastMember, cast};
use super::start::{Demo, Ports};
use secrecy::ExposeSecret as _;

/// The most instructive members of the cast; the others are in the roster files only.
pub const FEATURED_MEMBERS: [&str; 5] =
    ["Fatou LEBŒUF", "Marie-Claude GARCÍA", "Odette ROUX", "Yann LE GOFF", LANDLINE_PARENT];

/// Commands for playing the operator. A test runs these during a demo.
pub const EXAMPLE_COMMANDS: [&str; 1] = ["doctor"];

/// The facts that a greeting tells.
pub struct Greeting<'a> {
    pub ports: Ports,
    pub account: &'a DemoAccount,
    pub letters: &'a DemoLetters,
    /// The demo's folder, as the operator wrote it.
    pub data: &'a Path,
    /// The command line for the other commands.
    pub command: &'a str,
}

impl<'a> Greeting<'a> {
    pub fn of(demo: &'a Demo, data: &'a Path, command: &'a str) -> Self {
        Self { ports: demo.ports(), account: &demo.account, letters: &demo.letters, data, command }
    }

    /// Writes the greeting.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let next_door = format!("http://localhost:{}", self.ports.sample_sites);
        let provider = format!("http://localhost:{}", self.ports.provider);
        let Self { account, letters, command, .. } = self;
        let names = ADMINISTRATORS.map(|(name, _)| name);
        writeln!(out, "Préau's demo is ready. Open")?;
        writeln!(out, "  {next_door}/          the collège's site, with « MON ENT »")?;
        writeln!(out, "  {next_door}/sms       the phones: codes and notices arrive here")?;
        writeln!(out, "  {next_door}/courrier  the mailboxes: mails arrive here")?;
        writeln!(out, "  {provider}/admin     the console, as {}\n", names.join(" or "))?;
        writeln!(out, "Sign in, as {} ({}):", account.member.label, children(&account.member, false))?;
        writeln!(out, "  Identifiant {}   Mot de passe {}\n", account.identifiant, account.password.expose_secret())?;
        writeln!(out, "Or activate an account, « Je n'ai pas de compte », with a child's birth date:")?;
        let cast = cast();
        for person in FEATURED_MEMBERS.iter().filter_map(|who| cast.iter().find(|c| c.label == *who)) {
            let name = format!("{} {}", person.given_name, person.typed_name());
            let called = if person.label == LANDLINE_PARENT { ", is called" } else { "" };
            writeln!(out, "  {name:<21}{:<16}{}{called}", person.phone, children(person, true))?;
        }
        writeln!(out, "\nOr use a letter, {provider}/lettre and birth date {}:", letters.birth_date)?;
        write_letter(out, &letters.pupil, &format!("pupil of {}", letters.class))?;
        write_letter(out, &letters.parent, "landline")?;
        let data = self.data.display();
        writeln!(out, "  printed in {data}/{PUPILS_FILE} and {data}/{PARENT_FILE}\n")?;
        writeln!(out, "Play the operator, in another terminal:")?;
        for words in EXAMPLE_COMMANDS {
            writeln!(out, "  {command} {words}")?;
        }
        writeln!(out, "Ctrl-C stops it. What you did is kept for the next start; --fresh begins anew.")?;
        out.flush()
    }
}

/// Writes what is typed from a letter; of one that has served, only whose it was.
fn write_letter(out: &mut dyn Write, letter: &DemoLetter, about: &str) -> io::Result<()> {
    let code = if letter.served { "has served".to_owned() } else { letter.code.to_printed_form() };
    let who = format!("{}, {about}", letter.name);
    writeln!(out, "  {who:<29}{:<16}{code}", letter.identifiant)
}

/// Lists given names, with the birth dates that an activation asks for.
fn children(person: &CastMember, dates: bool) -> String {
    let shown = |c: &super::rosters::CastChild| match dates {
        true => format!("{} {}", c.given_name, c.born),
        false => c.given_name.to_owned(),
    };
    let all: Vec<String> = person.children.iter().map(shown).collect();
    if all.is_empty() { "no child".to_owned() } else { all.join(", ") }
}
