//! The acts of a history, one at a time. Each draws whether it goes right, goes wrong or is left halfway.

mod accounts;
mod proofs;
mod schools;
mod services;

use super::world::{Act, World};

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
    SignIn,
    Service,
    Refresh,
}

impl World {
    /// Lives through one act, of somebody and of some kind.
    pub async fn act(&mut self) -> Result<Act, String> {
        let h = self.dice.below(self.town.humans.len());
        let known = &self.lives[h].known;
        let kind = match self.dice.below(26) {
            0..=3 => ActKind::Roster,
            4 => ActKind::OldExport,
            5 => ActKind::ClockStep,
            6 => ActKind::HelpDesk,
            7 | 8 if known.letter.is_some() => ActKind::LetterUsed,
            7 => ActKind::LetterPrinted,
            _ if known.identifiant.is_none() => ActKind::Activation,
            // Some have forgotten that they have an account.
            8 => ActKind::Activation,
            9..=12 => ActKind::Recovery,
            13 => ActKind::Closing,
            14..=17 => ActKind::SignIn,
            18..=21 => ActKind::Service,
            _ => ActKind::Refresh,
        };
        self.amend(&format!("{kind:?} ({})", self.town.humans[h].prenom));
        match kind {
            ActKind::Roster => Ok(Box::pin(self.change_families()).await),
            ActKind::OldExport => Box::pin(self.deliver_old_export()).await,
            ActKind::ClockStep => Ok(self.step_clock()),
            ActKind::HelpDesk => Box::pin(self.ask_help_desk(h)).await,
            ActKind::LetterPrinted => Box::pin(self.print_letter(h)).await,
            ActKind::LetterUsed => Box::pin(self.use_letter(h)).await,
            ActKind::Activation => Box::pin(self.activate(h)).await,
            ActKind::Recovery => Box::pin(self.recover(h)).await,
            ActKind::Closing => Box::pin(self.ask_closing(h)).await,
            ActKind::SignIn => Box::pin(self.sign_in(h)).await,
            ActKind::Service => Box::pin(self.use_service(h)).await,
            ActKind::Refresh => Box::pin(self.refresh(h)).await,
        }
    }

    /// Acknowledges the newest row of the journal: the answer that was just given stands in it.
    pub(super) async fn acknowledge_journal(&mut self) {
        let sql = "SELECT id, fact FROM audit ORDER BY id DESC LIMIT 1";
        let newest = self.server.app.db.read().await.unwrap().fetch_one(sql, Vec::new()).await.unwrap();
        let commits = self.commit_count();
        self.oracle.keep_for_this_act("journal", newest, commits);
    }

    /// Returns the account of a person of the roster.
    pub(super) async fn find_account(&self, h: usize) -> Option<String> {
        let human = &self.town.humans[h];
        let sql = "SELECT account_id FROM person WHERE academy = $1 AND person_key = $2 AND account_id IS NOT NULL";
        let args = vec![human.academy.into(), human.key.to_string().into()];
        let mut tx = self.server.app.db.read().await.unwrap();
        tx.fetch_optional::<(String,)>(sql, args).await.unwrap().map(|(id,)| id)
    }
}
