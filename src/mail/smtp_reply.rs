//! The meaning of a mail server's refusal (RFC 5321 4.2.3, RFC 3463): whether it speaks of the recipient, or of every
//! mail.
//!
//! lettre does not say which command was refused. The code does, as far as it can; where a server adds an enhanced
//! status, that decides.

/// The meaning of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplyMeaning {
    /// The address takes no mail, for ever.
    NoSuchRecipient,
    /// The mailbox takes the mail later.
    RecipientLater,
    /// The server takes nothing from this deployment now.
    ServerUnavailable,
    /// The mail is refused for ever, for a reason that may be of this mail or of all: a policy, the content, the
    /// sender.
    Unclear,
}

/// Returns the meaning of a negative reply, by its code and its text.
pub(super) fn meaning_of(code: u16, text: &str) -> ReplyMeaning {
    let of_recipient = if code < 500 { ReplyMeaning::RecipientLater } else { ReplyMeaning::NoSuchRecipient };
    match enhanced_status(code, text) {
        // Of the address of the sender.
        Some((1, 7 | 8)) => by_general_code(code),
        Some((1 | 2, _)) => of_recipient,
        // The recipient's domain is not reached, or takes no mail at all.
        Some((4, _)) if code >= 500 => of_recipient,
        Some((0, _)) | None => match code {
            550..=553 if speaks_of_sender(text) => ReplyMeaning::Unclear,
            450 | 550..=553 | 556 => of_recipient,
            other => by_general_code(other),
        },
        Some(_) => by_general_code(code),
    }
}

fn by_general_code(code: u16) -> ReplyMeaning {
    match code {
        // A host that takes no mail (RFC 7504 3); who may not sign in, or has to (RFC 4954 6).
        ..=499 | 521 | 530 | 534 | 535 | 538 => ReplyMeaning::ServerUnavailable,
        _ => ReplyMeaning::Unclear,
    }
}

/// True if a refusal without an enhanced status speaks of whoever sends the mail. Some servers refuse a client that they
/// do not relay for, or a sender, by the code of an unknown mailbox.
fn speaks_of_sender(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let words = ["relay", "authenticat", "sender", "prohibit", "access denied", "blacklist", "blocklist", "spam"];
    words.iter().any(|word| text.contains(word))
}

/// Returns subject and detail of the enhanced status with which a text begins (RFC 2034 4): its class is the code's.
fn enhanced_status(code: u16, text: &str) -> Option<(u16, u16)> {
    let mut parts = text.split_whitespace().next()?.split('.');
    let mut number = || parts.next()?.parse::<u16>().ok();
    let (class, subject, detail) = (number()?, number()?, number()?);
    (class == code / 100 && parts.next().is_none()).then_some((subject, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_of_the_recipient_only_where_it_says_so() {
        use ReplyMeaning::{NoSuchRecipient, RecipientLater, ServerUnavailable, Unclear};
        for (code, text, right) in [
            (550, "5.1.1 no such user", NoSuchRecipient),
            (550, "no such mailbox", NoSuchRecipient),
            (553, "", NoSuchRecipient),
            (501, "5.1.3 bad address", NoSuchRecipient),
            (552, "5.2.2 mailbox full", NoSuchRecipient),
            (550, "5.4.1 recipient address rejected: access denied", NoSuchRecipient),
            (556, "5.1.10 null MX", NoSuchRecipient),
            (550, "5.0.0 unknown", NoSuchRecipient),
            (450, "greylisted", RecipientLater),
            (450, "4.2.0 greylisted", RecipientLater),
            (452, "4.2.2 mailbox full", RecipientLater),
            (451, "4.1.1 unverified", RecipientLater),
            (421, "too many connections", ServerUnavailable),
            (451, "local error", ServerUnavailable),
            (450, "4.3.2 system shuts down", ServerUnavailable),
            (450, "4.1.8 sender address rejected", ServerUnavailable),
            (452, "no room", ServerUnavailable),
            (454, "4.7.0 no authentication now", ServerUnavailable),
            (521, "takes no mail", ServerUnavailable),
            (530, "5.7.0 authentication required", ServerUnavailable),
            (535, "5.7.8 bad credentials", ServerUnavailable),
            (550, "5.7.1 relaying denied", Unclear),
            (550, "relay not permitted", Unclear),
            (550, "Administrative prohibition", Unclear),
            (551, "we do not relay", Unclear),
            (550, "Sender verify failed", Unclear),
            (550, "5.1.1 no such user behind this relay", NoSuchRecipient),
            (553, "5.1.8 sender rejected", Unclear),
            (554, "", Unclear),
            (554, "5.7.1 rejected as spam", Unclear),
            (552, "5.3.4 too big", Unclear),
            (501, "syntax", Unclear),
            // No status of this code's class: the code decides.
            (550, "4.7.1 odd", NoSuchRecipient),
            (550, "5.1 odd", NoSuchRecipient),
            (550, "5.7.1.9 odd", NoSuchRecipient),
        ] {
            assert_eq!(meaning_of(code, text), right, "{code} {text}");
        }
    }
}
