//! The greeting of the ready demo, on one screen: addresses to open, people to try, the page with the codes.

use std::io::{self, Write};

use super::account::DemoAccount;
use super::rosters::{CastMember, cast};
use super::start::Ports;

/// The most instructive members of the cast; the others are in the roster files only.
pub const FEATURED_MEMBERS: [&str; 9] = [
    "Fatou LEBŒUF",
    "Marie-Claude GARCÍA",
    "Jean-Pierre GARCÍA",
    "Yasmine OULD-BRAHIM",
    "Ronan CHAZAL",
    "Marie-Josée PAYET",
    "Gérard LANDRY",
    "Odette ROUX",
    "Yann LE GOFF",
];

/// Commands for playing the school and the operator. A test runs these during a demo.
pub const EXAMPLE_COMMANDS: [&str; 3] = ["campaign notices --uai 0349999J", "client list", "doctor"];

/// Writes the greeting.
/// `command` is the command line for the other commands.
pub fn print_greeting(out: &mut dyn Write, ports: Ports, account: &DemoAccount, command: &str) -> io::Result<()> {
    let next_door = format!("http://localhost:{}", ports.sample_sites);
    writeln!(out, "Préau's demo is ready. Open\n")?;
    writeln!(out, "  {next_door}/      the collège's site: « MON ENT », as on the leaflet")?;
    writeln!(out, "  {next_door}/sms   the phones: the codes arrive here\n")?;
    writeln!(out, "Sign in at once, as {} ({}):", account.member.label, children(&account.member))?;
    writeln!(out, "  Identifiant {}   Mot de passe {}\n", account.identifiant, account.password.expose())?;
    writeln!(out, "Or activate an account (« Je n'ai pas de compte »), as one of these invented people:")?;
    let cast = cast();
    for person in FEATURED_MEMBERS.iter().filter_map(|who| cast.iter().find(|c| c.label == *who)) {
        let name = format!("{} {}", person.given_name, person.typed_name());
        writeln!(out, "  {name:<22} {:<15} {}", person.phone, children(person))?;
        writeln!(out, "  {:<22} {}", "", person.story_en)?;
    }
    writeln!(out, "\nPlay the school and the operator, in another terminal:")?;
    for words in EXAMPLE_COMMANDS {
        writeln!(out, "  {command} {words}")?;
    }
    writeln!(out, "\nCtrl-C stops it. What you did is kept for the next start; --fresh begins anew.")?;
    out.flush()
}

/// Lists given names and birth dates, as asked for by the activation.
fn children(person: &CastMember) -> String {
    let all: Vec<String> = person.children.iter().map(|c| format!("{} {}", c.given_name, c.born)).collect();
    if all.is_empty() { "no child".to_owned() } else { all.join(", ") }
}
