//! What a status of an SMSC says of a message: of the number, of the moment, or of us.

/// The kinds of refusals of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmitRefusal {
    /// The number is permanently unreachable.
    Number,
    /// The SMSC takes the same message later: it counts what we hand over, or has no room.
    Later,
    /// Our account, our contract or our configuration; or the SMSC itself fails.
    Deployment,
}

/// The statuses that operators and we meet, by name (SMPP 3.4, 5.1.3).
const STATUS_NAMES: [(u32, &str); 24] = [
    (0x01, "ESME_RINVMSGLEN"),
    (0x03, "ESME_RINVCMDID"),
    (0x04, "ESME_RINVBNDSTS"),
    (0x05, "ESME_RALYBND"),
    (0x08, "ESME_RSYSERR"),
    (0x0A, "ESME_RINVSRCADR"),
    (0x0B, "ESME_RINVDSTADR"),
    (0x0D, "ESME_RBINDFAIL"),
    (0x0E, "ESME_RINVPASWD"),
    (0x0F, "ESME_RINVSYSID"),
    (0x14, "ESME_RMSGQFUL"),
    (0x15, "ESME_RINVSERTYP"),
    (0x43, "ESME_RINVESMCLASS"),
    (0x45, "ESME_RSUBMITFAIL"),
    (0x48, "ESME_RINVSRCTON"),
    (0x49, "ESME_RINVSRCNPI"),
    (0x50, "ESME_RINVDSTTON"),
    (0x51, "ESME_RINVDSTNPI"),
    (0x53, "ESME_RINVSYSTYP"),
    (0x58, "ESME_RTHROTTLED"),
    (0x62, "ESME_RINVEXPIRY"),
    (0x64, "ESME_RX_T_APPN"),
    (0xFE, "ESME_RDELIVERYFAILURE"),
    (0xFF, "ESME_RUNKNOWNERR"),
];

const INVALID_DESTINATION: u32 = 0x0B;
const QUEUE_FULL: u32 = 0x14;
const THROTTLED: u32 = 0x58;
const TRY_LATER: u32 = 0x64;

/// Sorts the status of a refused message; `number_refused` are the operator's own statuses for a number.
pub fn classify_status(status: u32, number_refused: &[u32]) -> SubmitRefusal {
    match status {
        INVALID_DESTINATION => SubmitRefusal::Number,
        status if number_refused.contains(&status) => SubmitRefusal::Number,
        THROTTLED | QUEUE_FULL | TRY_LATER => SubmitRefusal::Later,
        _ => SubmitRefusal::Deployment,
    }
}

/// Returns the words for operators.
pub fn status_words(status: u32) -> String {
    match STATUS_NAMES.iter().find(|(value, _)| *value == status) {
        Some((_, name)) => format!("{status} ({name})"),
        None => status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_f1_only_a_status_of_the_number_ends_a_message() {
        let number = [0x0B, 0x401];
        let later = [0x58, 0x14, 0x64];
        for status in 1..0x500 {
            let wanted = match status {
                status if number.contains(&status) => SubmitRefusal::Number,
                status if later.contains(&status) => SubmitRefusal::Later,
                _ => SubmitRefusal::Deployment,
            };
            assert_eq!(classify_status(status, &[0x401]), wanted, "{status}");
        }
        assert_eq!(status_words(0x58), "88 (ESME_RTHROTTLED)");
        assert_eq!(status_words(0x401), "1025");
    }
}
