//! The acts of a history, one at a time. Each draws whether it goes right, goes wrong or is left halfway.

mod accounts;
mod addresses;
mod keys;
mod letters;
mod moves;
mod proofs;
mod pupils;
mod regroupements;
mod schools;
mod services;

use super::who::Who;
use super::world::{Act, World};
use crate::support::Browser;

/// The kinds of acts, as a replay tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ActKind {
    Roster,
    OldExport,
    ClockStep,
    HelpDesk,
    LetterPrinted,
    LetterUsed,
    Activation,
    Recovery,
    Closing,
    ClosedSignIn,
    SignIn,
    Service,
    Refresh,
    Pupil,
    PupilMove,
    Regroupement,
    KeyRotation,
}

fn has_button(browser: &Browser, button: &str) -> bool {
    browser.page.has_element(&format!("button#{button}"))
}

impl World {
    /// Lives through one act, of somebody and of some kind.
    pub async fn act(&mut self) -> Result<Act, String> {
        let h = self.dice.below(self.town.humans.len());
        let who = Who::Parent(h);
        let may_separate = !self.young_pairs().is_empty();
        let known = &self.life(who).known;
        let kind = match self.dice.below(38) {
            0..=3 => ActKind::Roster,
            4 => ActKind::OldExport,
            5 => ActKind::ClockStep,
            6 => ActKind::HelpDesk,
            7 | 8 if known.letter.is_some() => ActKind::LetterUsed,
            7 => ActKind::LetterPrinted,
            26..=31 => ActKind::Pupil,
            32 => ActKind::PupilMove,
            33..=35 => ActKind::Regroupement,
            36 => ActKind::KeyRotation,
            37 => ActKind::ClosedSignIn,
            // Somebody may still change their mind.
            14 | 18 if may_separate => ActKind::Regroupement,
            _ if known.identifiant.is_none() => ActKind::Activation,
            // Some have forgotten that they have an account.
            8 => ActKind::Activation,
            9..=12 => ActKind::Recovery,
            13 => ActKind::Closing,
            14..=17 => ActKind::SignIn,
            18..=21 => ActKind::Service,
            _ => ActKind::Refresh,
        };
        self.amend(&match kind {
            ActKind::Pupil | ActKind::PupilMove | ActKind::Regroupement => format!("{kind:?}"),
            _ => format!("{kind:?} ({})", self.town.given_name_of(who)),
        });
        match kind {
            ActKind::Roster => Ok(Box::pin(self.change_families()).await),
            ActKind::OldExport => Box::pin(self.deliver_old_export()).await,
            ActKind::ClockStep => Ok(self.step_clock()),
            ActKind::HelpDesk => Box::pin(self.ask_help_desk(h)).await,
            ActKind::LetterPrinted => Box::pin(self.print_letter(h)).await,
            ActKind::LetterUsed => Box::pin(self.use_letter(who)).await,
            ActKind::Activation => Box::pin(self.activate(h)).await,
            ActKind::Recovery => Box::pin(self.recover(h)).await,
            ActKind::Closing => Box::pin(self.ask_closing(h)).await,
            ActKind::ClosedSignIn => Box::pin(self.sign_in_to_closed()).await,
            ActKind::SignIn => Box::pin(self.sign_in(who)).await,
            ActKind::Service => Box::pin(self.use_service(who)).await,
            ActKind::Refresh => Box::pin(self.refresh(who)).await,
            ActKind::Pupil => Box::pin(self.act_as_pupil()).await,
            ActKind::PupilMove => Box::pin(self.move_pupil()).await,
            ActKind::Regroupement => Box::pin(self.regroup()).await,
            ActKind::KeyRotation => Box::pin(self.rotate_keys()).await,
        }
    }

    /// Acknowledges the newest row of the journal: the answer that was just given stands in it.
    pub(super) async fn acknowledge_journal(&mut self) {
        let sql = "SELECT id, fact FROM audit ORDER BY id DESC LIMIT 1";
        let newest = self.server.app.db.read().await.unwrap().fetch_one(sql, Vec::new()).await.unwrap();
        let commits = self.commit_count();
        self.oracle.keep_for_this_act("journal", newest, commits);
    }
}
