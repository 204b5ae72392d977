//! What the demo says when it is ready: what to open, whom to try, where the codes arrive. One screen.

use std::io::{self, Write};

use super::account::Account;
use super::rosters::{Cast, cast};
use super::start::Ports;

/// Those who show the most; the rest of the cast is in the roster files.
pub const SHOWN: [&str; 9] = [
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

/// What the school and the operator would look at first. A test types them beside a demo that runs.
pub const COMMANDS: [&str; 3] = ["campaign notices --uai 0349999J", "client list", "doctor"];

/// Writes it.
/// `command`: how the other commands are typed beside it.
pub fn greet(out: &mut dyn Write, ports: Ports, account: &Account, command: &str) -> io::Result<()> {
    let next_door = format!("http://localhost:{}", ports.neighbours);
    writeln!(out, "Préau's demo is ready. Open\n")?;
    writeln!(out, "  {next_door}/      the collège's site: « MON ENT », as on the leaflet")?;
    writeln!(out, "  {next_door}/sms   the phones: the codes arrive here\n")?;
    writeln!(out, "Sign in at once, as {} ({}):", account.who.who, children(&account.who))?;
    writeln!(out, "  Identifiant {}   Mot de passe {}\n", account.identifiant, account.password.expose())?;
    writeln!(out, "Or activate an account (« Je n'ai pas de compte »), as one of these invented people:")?;
    let cast = cast();
    for person in SHOWN.iter().filter_map(|who| cast.iter().find(|c| c.who == *who)) {
        let name = format!("{} {}", person.given_name, person.typed_name());
        writeln!(out, "  {name:<22} {:<15} {}", person.phone, children(person))?;
        writeln!(out, "  {:<22} {}", "", person.story_en)?;
    }
    writeln!(out, "\nPlay the school and the operator, in another terminal:")?;
    for words in COMMANDS {
        writeln!(out, "  {command} {words}")?;
    }
    writeln!(out, "\nCtrl-C stops it. What you did is kept for the next start; --fresh begins anew.")?;
    out.flush()
}

/// Given names and birth dates, as the activation asks for them.
fn children(person: &Cast) -> String {
    let all: Vec<String> = person.children.iter().map(|c| format!("{} {}", c.given_name, c.born)).collect();
    if all.is_empty() { "no child".to_owned() } else { all.join(", ") }
}
