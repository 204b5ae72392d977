//! The remedies that a command can name for an error: its flag, or another command. The errors themselves know no
//! command line.

use std::error::Error;

use crate::bootstrap::UnusableDatabase;
use crate::clients::ops::lifecycle::LifecycleError;
use crate::clients::ops::publish::PublishError;
use crate::crypto::MasterKeyError;
use crate::keys::ops::KeysError;
use crate::keys::rotation::KeyProblem;

/// Returns the text that follows the error's own, empty if no command or flag is a remedy.
pub fn remedy(error: &(dyn Error + 'static)) -> &'static str {
    publication_remedy(error).or_else(|| state_remedy(error)).unwrap_or_default()
}

fn publication_remedy(error: &(dyn Error + 'static)) -> Option<&'static str> {
    match error.downcast_ref::<PublishError>()? {
        PublishError::Outdated { .. } => {
            Some(". Bring the newer ones here, or publish these on purpose: `preau migrate --accept`")
        }
        PublishError::TooManyRemoved { .. } => Some(" If they are to end: `preau migrate --accept`"),
        _ => None,
    }
}

fn state_remedy(error: &(dyn Error + 'static)) -> Option<&'static str> {
    if let Some(LifecycleError::NoOverlap(_)) = error.downcast_ref() {
        return Some(", so --overlap 0");
    }
    if let Some(KeysError::NoActive(_)) = error.downcast_ref() {
        return Some(": run `preau migrate`");
    }
    if let Some(MasterKeyError::Missing(_)) = error.downcast_ref() {
        return Some(": if this deployment is new, `preau keys new-master` writes one; else restore its copy");
    }
    if let Some(unusable) = error.downcast_ref::<UnusableDatabase>() {
        return Some(match unusable {
            UnusableDatabase::Missing(_) => ": `preau migrate` makes it",
            UnusableDatabase::Outdated(_) => ": run `preau migrate`",
        });
    }
    error.downcast_ref::<KeyProblem>().map(|problem| match problem {
        KeyProblem::NoActiveKey(_) | KeyProblem::StillSigns(_) => ": run `preau migrate`",
        _ => ": does `preau serve` run?",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_no_command_and_their_line_names_the_remedy() {
        let cases: [(anyhow::Error, &str); 4] = [
            (
                LifecycleError::NoOverlap("bourses".to_owned()).into(),
                "client bourses signs with its secret: two at once cannot be taken, so --overlap 0",
            ),
            (KeysError::NoActive("RS256").into(), "RS256 has no active key: run `preau migrate`"),
            (
                MasterKeyError::Missing("keys/master.key".into()).into(),
                "there is no master key at keys/master.key: if this deployment is new, `preau keys new-master` writes \
                 one; else restore its copy",
            ),
            (
                UnusableDatabase::Outdated(2).into(),
                "the database is of an older version: 2 migrations are not applied: run `preau migrate`",
            ),
        ];
        for (error, line) in cases {
            assert!(!error.to_string().contains("preau ") && !error.to_string().contains("--"), "{error}");
            assert_eq!(crate::cli::in_one_line(&error), line);
            let deep = error.context("the command");
            assert_eq!(crate::cli::in_one_line(&deep), format!("the command: {line}"));
        }
    }

    #[test]
    fn refused_files_are_explained_with_the_flag_that_publishes_them() {
        let refused = PublishError::TooManyRemoved { ended: 3, of: 4, names: "a, b, c".to_owned() };
        assert_eq!(
            crate::cli::in_one_line(&refused.into()),
            "these files end 3 of 4 relying parties (a, b, c): nothing was changed. Is the folder `clients` there, and \
             whole? If they are to end: `preau migrate --accept`"
        );
        let outdated = PublishError::Outdated { published: "A".to_owned(), replaced: "B".to_owned() };
        assert_eq!(
            crate::cli::in_one_line(&outdated.into()),
            "these files were published A and replaced B: this machine's are older, and do not count. Bring the newer \
             ones here, or publish these on purpose: `preau migrate --accept`"
        );
    }
}
