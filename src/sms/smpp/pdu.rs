//! PDUs: their frames, those that a session writes, and what an SMSC says of a message later.
//!
//! Frames are cut by their header alone. An answer needs no more than that, and a delivery that the codec cannot read is
//! answered all the same: an SMSC would repeat it for ever, and each time end the session.

use rusmpp::pdus::{BindTransceiver, BindTransmitter, SubmitSm};
use rusmpp::tlvs::MessageSubmissionRequestTlvValue;
use rusmpp::tokio_codec::CommandCodec;
use rusmpp::types::{AnyOctetString, COctetString, EmptyOrFullCOctetString, OctetString};
use rusmpp::values::{
    DataCoding, InterfaceVersion, IntermediateNotification, MCDeliveryReceipt, MessagePayload, Npi, RegisteredDelivery,
    SmeOriginatedAcknowledgement, Ton,
};
use rusmpp::{Command, CommandStatus, Pdu};
use secrecy::ExposeSecret as _;
use tokio_util::bytes::{Buf as _, BytesMut};
use tokio_util::codec::Encoder as _;

use super::alphabet::EncodedText;
use super::receipt;
use crate::base::clock::Span;
use crate::config::{LongMessages, SmppGatewayConfig};
use crate::sms::{SmsMessage, SmsReceipt};

const HEADER_BYTES: usize = 16;
/// The maximum length of a frame that is read.
const MAX_FRAME_BYTES: usize = 8192;

pub const SUBMIT_SM_RESP: u32 = 0x8000_0004;
pub const DELIVER_SM: u32 = 0x0000_0005;
pub const DELIVER_SM_RESP: u32 = 0x8000_0005;
pub const UNBIND: u32 = 0x0000_0006;
pub const UNBIND_RESP: u32 = 0x8000_0006;
pub const ENQUIRE_LINK: u32 = 0x0000_0015;
pub const ENQUIRE_LINK_RESP: u32 = 0x8000_0015;
pub const GENERIC_NACK: u32 = 0x8000_0000;
/// The bit of a response's id.
pub const RESPONSE: u32 = 0x8000_0000;

/// The command is not known here.
pub const ESME_RINVCMDID: u32 = 0x0000_0003;
/// The SMSC is to deliver it again later.
pub const ESME_RX_T_APPN: u32 = 0x0000_0064;

/// A PDU as it arrived.
#[derive(Debug)]
pub struct SmppFrame {
    pub id: u32,
    pub status: u32,
    pub sequence: u32,
    bytes: BytesMut,
}

/// The reason why what arrived is no PDU: nothing after it can be read either.
#[derive(Debug, thiserror::Error)]
#[error("a PDU of {0} bytes")]
pub struct FrameError(usize);

impl SmppFrame {
    /// Takes the first frame from what arrived; `None` if it is not complete.
    pub fn take(inbox: &mut BytesMut) -> Result<Option<Self>, FrameError> {
        let Some(length) = inbox.first_chunk::<4>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if !(HEADER_BYTES..=MAX_FRAME_BYTES).contains(&length) {
            return Err(FrameError(length));
        }
        if inbox.len() < length {
            return Ok(None);
        }
        let bytes = inbox.split_to(length);
        let mut header = &bytes[..];
        let _length = header.get_u32();
        let (id, status, sequence) = (header.get_u32(), header.get_u32(), header.get_u32());
        Ok(Some(Self { id, status, sequence, bytes }))
    }

    /// Returns the id that an answer to a message gives it; empty if it gives none.
    pub fn message_id(&self) -> String {
        let body = self.bytes.get(HEADER_BYTES..).unwrap_or_default();
        let id = body.split(|byte| *byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(id.get(..id.len().min(64)).unwrap_or_default()).into_owned()
    }

    /// Returns what a delivery says of a message that was sent; `None` for a message of a phone, a state on the way, and
    /// what cannot be read.
    pub fn receipt(&self, number_errors: &[u32]) -> Option<SmsReceipt> {
        receipt::read(self.bytes.get(HEADER_BYTES..)?, number_errors)
    }
}

/// Writes a PDU without parameters.
pub fn bare(id: u32, status: u32, sequence: u32) -> Vec<u8> {
    let mut bytes = 16_u32.to_be_bytes().to_vec();
    for value in [id, status, sequence] {
        bytes.extend_from_slice(&value.to_be_bytes());
    }
    bytes
}

/// Writes the answer to a delivery, whose one parameter is empty.
pub fn delivery_answer(status: u32, sequence: u32) -> Vec<u8> {
    let mut bytes = bare(DELIVER_SM_RESP, status, sequence);
    bytes.push(0);
    if let Some(length) = bytes.get_mut(3) {
        *length = 17;
    }
    bytes
}

/// Writes a PDU by the codec.
pub fn encode(pdu: impl Into<Pdu>, sequence: u32) -> anyhow::Result<Vec<u8>> {
    let mut bytes = BytesMut::new();
    CommandCodec::new().encode(Command::new(CommandStatus::EsmeRok, sequence, pdu), &mut bytes)?;
    Ok(bytes.to_vec())
}

fn text_field<const MIN: usize, const MAX: usize>(text: &str) -> anyhow::Result<COctetString<MIN, MAX>> {
    COctetString::from_string(text.to_owned()).map_err(|error| anyhow::anyhow!("{error:?}"))
}

/// Returns the PDU that binds a session: for messages and receipts, or, for a check, for messages only, so that no
/// receipt goes to it.
pub fn bind(config: &SmppGatewayConfig, is_check: bool) -> anyhow::Result<Pdu> {
    let password = config.password.as_ref().map_or("", |password| password.expose_secret());
    let (system_id, password) = (text_field(&config.system_id)?, text_field(password)?);
    let (system_type, version) = (text_field(&config.system_type)?, InterfaceVersion::Smpp3_4);
    Ok(if is_check {
        let bind = BindTransmitter::builder().system_id(system_id).password(password);
        bind.system_type(system_type).interface_version(version).build().into()
    } else {
        let bind = BindTransceiver::builder().system_id(system_id).password(password);
        bind.system_type(system_type).interface_version(version).build().into()
    })
}

/// Returns the PDUs of a message: one, or those of its parts.
pub fn submissions(config: &SmppGatewayConfig, message: &SmsMessage) -> anyhow::Result<Vec<Pdu>> {
    let text = EncodedText::of(&message.text, config.alphabet);
    let (ton, npi) = config.source_type();
    let receipt = if config.receipts {
        MCDeliveryReceipt::McDeliveryReceiptRequestedWhereFinalDeliveryOutcomeIsSuccessOrFailure
    } else {
        MCDeliveryReceipt::NoMcDeliveryReceiptRequested
    };
    let none = SmeOriginatedAcknowledgement::NoReceiptSmeAcknowledgementRequested;
    let on_the_way = IntermediateNotification::NoIntermediaryNotificationRequested;
    let base = SubmitSm::builder()
        .source_addr_ton(Ton::from(ton))
        .source_addr_npi(Npi::from(npi))
        .source_addr(text_field(config.source.trim_start_matches('+'))?)
        .dest_addr_ton(Ton::from(config.destination_ton))
        .dest_addr_npi(Npi::from(config.destination_npi))
        .destination_addr(text_field(message.to.trim_start_matches('+'))?)
        .validity_period(match config.validity_period {
            true => validity_period(message.validity)?,
            false => EmptyOrFullCOctetString::empty(),
        })
        .registered_delivery(RegisteredDelivery::new(receipt, none, on_the_way, 0))
        // 0 is the SMSC's own default alphabet.
        .data_coding(if text.is_ucs2 { DataCoding::Ucs2 } else { DataCoding::McSpecific });
    let short = |octets: Vec<u8>| OctetString::from_vec(octets).map_err(|error| anyhow::anyhow!("{error:?}"));
    if text.is_single() {
        return Ok(vec![base.short_message(short(text.octets())?).build().into()]);
    }
    if config.long_messages == LongMessages::Payload {
        let payload = MessagePayload::new(AnyOctetString::from_vec(text.octets()));
        let long = base.push_tlv(MessageSubmissionRequestTlvValue::MessagePayload(payload));
        return Ok(vec![long.build().into()]);
    }
    let parts = text.parts();
    let total = u8::try_from(parts.len())?;
    let reference = reference_of(&message.id);
    let numbered = parts.into_iter().zip(1_u8..).map(|(part, number)| {
        let part = base.clone().short_message(short(part)?);
        let part = part.push_tlv(MessageSubmissionRequestTlvValue::SarMsgRefNum(reference));
        let part = part.push_tlv(MessageSubmissionRequestTlvValue::SarTotalSegments(total));
        // The id of the first part is that of the message: the other parts would say more of what nobody waits for.
        let part = if number == 1 { part } else { part.registered_delivery(RegisteredDelivery::default()) };
        Ok(part.push_tlv(MessageSubmissionRequestTlvValue::SarSegmentSeqnum(number)).build().into())
    });
    numbered.collect()
}

/// Returns a number by which a phone puts the parts of a message together: the same at a second attempt.
fn reference_of(id: &str) -> u16 {
    id.bytes().fold(5381, |hash, byte| hash.wrapping_mul(33) ^ u16::from(byte))
}

/// Writes a period relative to the SMSC's time (SMPP 3.4, 7.1.1), in whole minutes: `YYMMDDhhmmsstnnR`.
fn validity_period(validity: Span) -> anyhow::Result<EmptyOrFullCOctetString<17>> {
    let minutes = validity.as_seconds_ceil().max(1).saturating_add(59) / 60;
    let (days, hours, minutes) = ((minutes / 1440).min(31), minutes / 60 % 24, minutes % 60);
    let text = format!("0000{days:02}{hours:02}{minutes:02}00000R");
    EmptyOrFullCOctetString::from_string(text).map_err(|error| anyhow::anyhow!("{error:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: &str) -> SmppGatewayConfig {
        serde_json::from_str(&format!(r#"{{"address": "h:1", "system_id": "me", "source": "MonCompte"{more}}}"#))
            .unwrap()
    }

    fn read(bytes: &[u8]) -> SmppFrame {
        SmppFrame::take(&mut BytesMut::from(bytes)).unwrap().unwrap()
    }

    #[test]
    fn what_is_no_pdu_ends_the_session_and_what_is_half_of_one_waits() {
        let whole = bare(ENQUIRE_LINK, 0, 5);
        let mut inbox = BytesMut::from(&whole[..10]);
        assert!(SmppFrame::take(&mut inbox).unwrap().is_none());
        inbox.extend_from_slice(&whole[10..]);
        assert_eq!(SmppFrame::take(&mut inbox).unwrap().map(|f| (f.id, f.sequence)), Some((ENQUIRE_LINK, 5)));
        assert!(inbox.is_empty());
        for length in [0_u32, 15, 8193, u32::MAX] {
            assert!(SmppFrame::take(&mut BytesMut::from(&length.to_be_bytes()[..])).is_err(), "{length}");
        }
        let short = read(&bare(SUBMIT_SM_RESP, 88, 6));
        assert_eq!((short.status, short.message_id()), (88, String::new()));
    }

    #[test]
    fn a_message_has_a_period_and_a_long_one_its_parts() {
        for (validity, period) in [
            (Span::minutes(30), "000000003000000R"),
            (Span::seconds(1_741), "000000003000000R"),
            (Span::seconds(1), "000000000100000R"),
            (Span::hours(24), "000001000000000R"),
            (Span::hours(47), "000001230000000R"),
        ] {
            assert_eq!(validity_period(validity).unwrap().as_str(), period);
        }
        let message = |text: String| {
            let (id, to) = ("1".to_owned(), "+33639980000".to_owned());
            SmsMessage { id, to, text, validity: Span::hours(24) }
        };
        let sent = |config: &SmppGatewayConfig, text: &str| submissions(config, &message(text.to_owned())).unwrap();
        let Pdu::SubmitSm(short) = &sent(&config(""), "été")[0] else { panic!() };
        assert_eq!(short.destination_addr.as_str(), "33639980000");
        assert_eq!(short.short_message().as_ref(), b"\x05t\x05");
        assert_eq!(short.validity_period.as_str(), "000001000000000R");
        let Pdu::SubmitSm(other) = &sent(&config(r#", "validity_period": false, "alphabet": "latin1""#), "été")[0]
        else {
            panic!()
        };
        assert_eq!((other.validity_period.as_str(), other.short_message().as_ref()), ("", &b"\xe9t\xe9"[..]));
        assert_eq!(other.data_coding, DataCoding::McSpecific);
        assert_eq!((short.source_addr_ton, short.data_coding), (Ton::Alphanumeric, DataCoding::McSpecific));
        let long = "é".repeat(200);
        let whole = sent(&config(""), &long);
        let Pdu::SubmitSm(payload) = &whole[0] else { panic!() };
        assert_eq!((whole.len(), payload.short_message().len(), payload.tlvs().len()), (1, 0, 1));
        let parts = sent(&config(r#", "long_messages": "sar""#), &long);
        assert_eq!(parts.len(), 2);
        let Pdu::SubmitSm(last) = &parts[1] else { panic!() };
        assert_eq!((last.short_message().len(), last.tlvs().len()), (47, 3));
        let receipts: Vec<u8> = parts
            .iter()
            .map(|part| {
                let Pdu::SubmitSm(part) = part else { panic!() };
                u8::from(part.registered_delivery) & 3
            })
            .collect();
        assert_eq!(receipts, [1, 0], "one receipt a message");
    }
}
