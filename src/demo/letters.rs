//! The letters of the demo: those of a class, and one of a parent with a landline, printed as a school prints them.
//!
//! The codes are kept beside the demo's other secrets, because the database has their HMAC only and each start names
//! one pupil and one parent to try. A letter that has served stays as it is; one that no longer serves is printed again.

use anyhow::Context as _;

use super::folder::DemoFolder;
use super::rosters::{CastChild, cast};
use crate::accounts::{self, AccountState};
use crate::app::{App, Operation};
use crate::base::clock::Timestamp;
use crate::base::profile::Profile;
use crate::base::uai::Uai;
use crate::letters::code::LetterCode;
use crate::letters::ops::batch::{BatchLetter, LetterBatchRequest, LetterPress};
use crate::letters::ops::file::print_to_file;
use crate::letters::ops::recipients::LetterScope;
use crate::letters::{self, LetterState};
use crate::roster::store::pupils::{EnrolledPupil, list_enrolled_pupils};
use secrecy::ExposeSecret as _;

/// The parent with a landline, whose child gets a letter too.
pub const LANDLINE_PARENT: &str = "Gérard LANDRY";

/// The file with the letters of the child's class.
pub const PUPILS_FILE: &str = "lettres-eleves.pdf";
/// The file with the parent's letter.
pub const PARENT_FILE: &str = "lettre-responsable.pdf";

/// A letter to try.
pub struct DemoLetter {
    pub name: String,
    pub identifiant: String,
    pub code: LetterCode,
    /// True if a password was chosen with the code.
    pub served: bool,
}

/// The letters to try, and the birth date to type after either code.
pub struct DemoLetters {
    pub pupil: DemoLetter,
    pub parent: DemoLetter,
    pub birth_date: &'static str,
    pub class: String,
}

/// Prints the missing letters, and returns those to try.
pub async fn ensure(app: &App, folder: &DemoFolder) -> anyhow::Result<DemoLetters> {
    let parent = cast().into_iter().find(|who| who.label == LANDLINE_PARENT).context("the cast lacks the landline")?;
    let child = parent.children.first().context("the parent with a landline has no child")?;
    let pupil = find_pupil(app, child).await?;
    let class = pupil.class.clone().context("the child of the parent with a landline has no class")?;
    let batches = [
        (Profile::Eleve, LetterScope::Class(class.clone()), PUPILS_FILE, (child.given_name, child.family_name)),
        (
            Profile::Responsable,
            LetterScope::Family(pupil.pupil_key),
            PARENT_FILE,
            (parent.given_name, parent.family_name),
        ),
    ];
    let mut found = Vec::new();
    for (profile, scope, file, who) in batches {
        let reason = "demo".to_owned();
        let request = LetterBatchRequest {
            uai: pupil.uai.clone(),
            scope,
            profile,
            also_active: false,
            past_factor: false,
            join: None,
            reason,
            batch_id: None,
        };
        found.push(ensure_letter(app, folder, &request, file, who).await?);
    }
    let (parent, pupil) = (found.pop().context("no letter")?, found.pop().context("no letter")?);
    Ok(DemoLetters { pupil, parent, birth_date: child.born, class })
}

async fn find_pupil(app: &App, child: &CastChild) -> anyhow::Result<EnrolledPupil> {
    let pupils = list_enrolled_pupils(&mut app.db.read().await?, &Uai::parse(child.uai)?).await?;
    let same = |pupil: &EnrolledPupil| pupil.given_name == child.given_name && pupil.family_name == child.family_name;
    pupils.into_iter().find(same).with_context(|| format!("the roster does not know {}", child.given_name))
}

/// Prints the letters of `request` into `file` unless they are there and serve, and returns that of one person.
async fn ensure_letter(
    app: &App,
    folder: &DemoFolder,
    request: &LetterBatchRequest,
    file: &str,
    (given, family): (&str, &str),
) -> anyhow::Result<DemoLetter> {
    let name = format!("{given} {family}");
    let kept_as = format!("{file}.code");
    let mut kept = folder.load(&kept_as)?.as_ref().and_then(|text| KeptLetter::parse(text.expose_secret()));
    let mut validity = match &kept {
        Some(letter) => letter.validity(app).await?,
        None => Validity::Ended,
    };
    if validity == Validity::Ended || !folder.printed(file).exists() {
        folder.discard_printed(file)?;
        let op = Operation::of_job(app, "demo");
        let press = LetterPress::from(app);
        let (batch, _) = print_to_file(&op.database(), press, request, &folder.printed(file)).await?;
        let theirs = |one: &&BatchLetter| one.recipient.given_name == given && one.recipient.family_name == family;
        if let Some(one) = batch.letters.iter().find(theirs) {
            let letter = KeptLetter {
                identifiant: one.account.identifiant.clone(),
                code: one.letter.code.clone(),
                expires_at: one.letter.expires_at,
            };
            folder.keep(&kept_as, &letter.to_text())?;
            kept = Some(letter);
            validity = Validity::Open;
        }
    }
    let KeptLetter { identifiant, code, .. } = kept.with_context(|| format!("no letter was printed for {name}"))?;
    Ok(DemoLetter { name, identifiant, code, served: validity == Validity::Served })
}

/// The state of a kept letter, as far as a new one may be needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Validity {
    Open,
    /// The person has a password.
    Served,
    Ended,
}

/// A letter as kept in the keys folder.
struct KeptLetter {
    identifiant: String,
    code: LetterCode,
    /// Also tells the letter from a newer one of the same account.
    expires_at: Timestamp,
}

impl KeptLetter {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (identifiant, code) = (words.next()?.to_owned(), LetterCode::parse(words.next()?).ok()?);
        Some(Self { identifiant, code, expires_at: Timestamp(words.next()?.parse().ok()?) })
    }

    fn to_text(&self) -> String {
        format!("{} {} {}", self.identifiant, self.code.to_printed_form(), self.expires_at.0)
    }

    async fn validity(&self, app: &App) -> anyhow::Result<Validity> {
        let mut tx = app.db.read().await?;
        let Some(account) = accounts::store::find_by_identifiant(&mut tx, &self.identifiant).await? else {
            return Ok(Validity::Ended);
        };
        let letters = letters::store::list_of_account(&mut tx, &account.id).await?;
        let open = letters.iter().any(|letter| {
            letter.expires_at == self.expires_at
                && self.expires_at > app.now()
                && matches!(letter.state, LetterState::Issued | LetterState::Taken)
        });
        Ok(match account.state {
            _ if open => Validity::Open,
            AccountState::Pending => Validity::Ended,
            AccountState::Active | AccountState::Closed => Validity::Served,
        })
    }
}
