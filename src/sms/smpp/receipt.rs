//! What an SMSC says of a message later (SMPP 3.4, 4.6 and appendix B), read by hand: some leave out the zero at the end of
//! a parameter, which a codec refuses, and the receipt would be lost.

use tokio_util::bytes::Buf as _;

use crate::sms::{ReceiptState, SmsReceipt};

/// The optional parameters that are read.
const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
const NETWORK_ERROR_CODE: u16 = 0x0423;
const MESSAGE_PAYLOAD: u16 = 0x0424;
const MESSAGE_STATE: u16 = 0x0427;

/// The network type of `network_error_code` whose errors are those of GSM (SMPP 3.4, 5.3.2.31).
const GSM_NETWORK: u8 = 3;
/// The errors of GSM that speak of the number or the phone (3GPP TS 29.002, 17.6.6): unknown, unidentified and illegal
/// subscriber, no such service, illegal equipment.
const GSM_NUMBER_ERRORS: [u32; 5] = [1, 5, 9, 11, 12];
/// The maximum length of an id and of a word, in characters.
const MAX_WORD_CHARS: usize = 64;

/// Reads the body of a delivery; `None` for a message of a phone, a state on the way, and what cannot be read.
/// `number_errors` are the operator's own errors for a number.
pub fn read(body: &[u8], number_errors: &[u32]) -> Option<SmsReceipt> {
    let mut body = Fields(body);
    let _service_type = body.text()?;
    for _ in ["source", "destination"] {
        body.bytes(2)?;
        body.text()?;
    }
    let esm_class = *body.bytes(1)?.first()?;
    // Bits 2 to 5 of a delivery receipt are 0001 (SMPP 3.4, 5.2.12).
    if esm_class & 0b0011_1100 != 0b0000_0100 {
        return None;
    }
    let _protocol_and_priority = body.bytes(2)?;
    let (_schedule, _validity) = (body.text()?, body.text()?);
    let _receipt_replace_coding_default = body.bytes(4)?;
    let length = usize::from(*body.bytes(1)?.first()?);
    let mut text = body.bytes(length)?;
    let (mut id, mut state, mut gsm_error, mut error) = (None, None, None, None);
    while let Some((tag, value)) = body.parameter() {
        match (tag, value) {
            (RECEIPTED_MESSAGE_ID, value) => id = Some(shown(until_zero(value))).filter(|id| !id.is_empty()),
            (MESSAGE_STATE, [value]) => state = Some(*value),
            (NETWORK_ERROR_CODE, [network, high, low]) => {
                let code = u32::from(u16::from_be_bytes([*high, *low]));
                if *network == GSM_NETWORK { gsm_error = Some(code) } else { error = Some(code) }
            }
            (MESSAGE_PAYLOAD, value) => text = value,
            _ => {}
        }
    }
    let text = String::from_utf8_lossy(text);
    let word = state.and_then(word_of_value).map(str::to_owned).or_else(|| field(&text, "stat:"))?;
    let error = error.or_else(|| field(&text, "err:")?.parse().ok());
    let speaks_of_number = gsm_error.is_some_and(|code| GSM_NUMBER_ERRORS.contains(&code))
        || [gsm_error, error].into_iter().flatten().any(|code| number_errors.contains(&code));
    let state = match word.as_str() {
        "DELIVRD" => ReceiptState::Delivered,
        "EXPIRED" => ReceiptState::Expired,
        "UNDELIV" | "REJECTD" if speaks_of_number => ReceiptState::Unreachable,
        "UNDELIV" | "REJECTD" | "DELETED" => ReceiptState::Failed,
        _ => ReceiptState::Other,
    };
    let code = gsm_error.or(error).map(|code| format!(", error {code}")).unwrap_or_default();
    Some(SmsReceipt { message_id: id.or_else(|| field(&text, "id:"))?, state, words: format!("{word}{code}") })
}

/// The parameters of a PDU, one after the other.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// Takes a text with the zero at its end.
    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.0.iter().position(|byte| *byte == 0)?;
        let text = self.bytes(length)?;
        self.bytes(1)?;
        Some(text)
    }

    /// Takes an optional parameter: its tag and its value.
    fn parameter(&mut self) -> Option<(u16, &'a [u8])> {
        let mut head = self.bytes(4)?;
        let (tag, length) = (head.get_u16(), usize::from(head.get_u16()));
        Some((tag, self.bytes(length)?))
    }
}

fn until_zero(value: &[u8]) -> &[u8] {
    value.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn shown(value: &[u8]) -> String {
    String::from_utf8_lossy(value).trim().chars().take(MAX_WORD_CHARS).collect()
}

/// Reads a field of a receipt's text (SMPP 3.4, appendix B); one without a value has the next one's name behind it.
fn field(text: &str, name: &str) -> Option<String> {
    let start = match text.strip_prefix(name) {
        Some(rest) => rest,
        None => text.split_once(&format!(" {name}"))?.1,
    };
    let value: String = start.split(' ').next()?.trim().chars().take(MAX_WORD_CHARS).collect();
    (!value.is_empty()).then_some(value)
}

/// Reads the parameter `message_state` (SMPP 3.4, 5.2.28) as the word of the text that means the same.
fn word_of_value(value: u8) -> Option<&'static str> {
    Some(match value {
        1 => "ENROUTE",
        2 => "DELIVRD",
        3 => "EXPIRED",
        4 => "DELETED",
        5 => "UNDELIV",
        6 => "ACCEPTD",
        8 => "REJECTD",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(class: u8, text: &str, parameters: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = b"\0\x01\x0133639980000\0\x05\0MonCompte\0".to_vec();
        body.extend_from_slice(&[class, 0, 0, 0, 0, 0, 0, 0, 0, u8::try_from(text.len()).unwrap()]);
        body.extend_from_slice(text.as_bytes());
        for (tag, value) in parameters {
            body.extend_from_slice(&tag.to_be_bytes());
            body.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
            body.extend_from_slice(value);
        }
        body
    }

    fn text(stat: &str, err: &str) -> String {
        format!("id:A1-b2 sub:001 dlvrd:001 submit date:2611281200 done date:2611281201 stat:{stat} err:{err} text:x")
    }

    fn read_all(class: u8, text: &str, parameters: &[(u16, &[u8])]) -> Option<(String, ReceiptState)> {
        let receipt = read(&body(class, text, parameters), &[34, 801])?;
        Some((receipt.message_id, receipt.state))
    }

    #[test]
    fn only_an_error_that_speaks_of_the_number_is_told_to_schools() {
        for (stat, err, state) in [
            ("DELIVRD", "000", ReceiptState::Delivered),
            ("DELIVRD", "034", ReceiptState::Delivered),
            ("EXPIRED", "034", ReceiptState::Expired),
            // Nobody has said what these mean: a barred sender, a refusing operator.
            ("UNDELIV", "000", ReceiptState::Failed),
            ("UNDELIV", "001", ReceiptState::Failed),
            ("REJECTD", "008", ReceiptState::Failed),
            ("DELETED", "000", ReceiptState::Failed),
            // The operator's table is configured.
            ("UNDELIV", "034", ReceiptState::Unreachable),
            ("UNDELIV", "801", ReceiptState::Unreachable),
            ("REJECTD", "034", ReceiptState::Unreachable),
            ("ENROUTE", "034", ReceiptState::Other),
            ("ACCEPTD", "000", ReceiptState::Other),
        ] {
            assert_eq!(read_all(4, &text(stat, err), &[]), Some(("A1-b2".to_owned(), state)), "{stat} {err}");
        }
        // The standard's own errors need no table: unknown subscriber, and, of another kind of network, 1.
        for (code, state) in [
            ([3, 0, 1], ReceiptState::Unreachable),
            ([3, 0, 11], ReceiptState::Unreachable),
            ([3, 0, 27], ReceiptState::Failed),
            ([3, 0, 34], ReceiptState::Unreachable),
            ([8, 0, 1], ReceiptState::Failed),
            ([8, 0, 34], ReceiptState::Unreachable),
        ] {
            let found = read_all(4, &text("UNDELIV", "000"), &[(NETWORK_ERROR_CODE, &code)]);
            assert_eq!(found.unwrap().1, state, "{code:?}");
        }
        assert_eq!(read(&body(4, &text("UNDELIV", "034"), &[]), &[]).unwrap().words, "UNDELIV, error 34");
    }

    #[test]
    fn an_id_is_read_with_a_zero_at_its_end_or_without() {
        for id in [&b"9f\0"[..], b"9f", b"9f\0\0", b" 9f"] {
            let parameters: [(u16, &[u8]); 3] = [(0x1401, b"other"), (RECEIPTED_MESSAGE_ID, id), (MESSAGE_STATE, &[2])];
            assert_eq!(read_all(4, "", &parameters), Some(("9f".to_owned(), ReceiptState::Delivered)), "{id:?}");
        }
        // The text may travel as a parameter, and is the last to be asked.
        let long = text("EXPIRED", "000");
        let read = read_all(4, "", &[(MESSAGE_PAYLOAD, long.as_bytes())]);
        assert_eq!(read, Some(("A1-b2".to_owned(), ReceiptState::Expired)));
    }

    #[test]
    fn what_is_no_receipt_is_none() {
        let whole = text("DELIVRD", "000");
        // A message of a phone, and a state on the way.
        assert_eq!(read_all(0, &whole, &[]), None);
        assert_eq!(read_all(32, &whole, &[]), None);
        assert_eq!(read_all(4, "STOP", &[]), None);
        assert_eq!(read_all(4, "id: stat:DELIVRD", &[]), None);
        let bytes = body(4, &whole, &[(RECEIPTED_MESSAGE_ID, b"9")]);
        for length in 0..bytes.len() - 5 - whole.len() {
            assert_eq!(read(&bytes[..length], &[]), None, "{length}");
        }
    }
}
