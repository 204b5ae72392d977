//! What a gateway's call says of a message, as `[sms.http.receipts]` describes it.

use serde_json::Value;

use super::http::is_presentable;
use super::{ReceiptState, SmsReceipt};
use crate::config::{ReceiptCallConfig, text_at};

/// The maximum length of an id, in characters.
const MAX_ID_CHARS: usize = 200;

/// The maximum number of receipts in one call.
const MAX_RECEIPTS_OF_CALL: usize = 1_000;

/// Reads the receipts of a call: of an array each element is one, without those that have no id or no state where the
/// configuration looks for them. `None` if there are more than `MAX_RECEIPTS_OF_CALL`.
pub fn read_receipt_calls(config: &ReceiptCallConfig, query: &str, body: &[u8]) -> Option<Vec<SmsReceipt>> {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let listed = match (&json, &config.list) {
        (Some(json), Some(list)) => json.pointer(list),
        (json, _) => json.as_ref(),
    };
    if let Some(Value::Array(all)) = listed {
        let read = |element| read_receipt(config, Some(element), "", &[]);
        return (all.len() <= MAX_RECEIPTS_OF_CALL).then(|| all.iter().filter_map(read).collect());
    }
    Some(read_receipt(config, json.as_ref(), query, body).into_iter().collect())
}

fn read_receipt(config: &ReceiptCallConfig, json: Option<&Value>, query: &str, body: &[u8]) -> Option<SmsReceipt> {
    let field = |name: &str| {
        if name.starts_with('/') {
            return text_at(json?, name);
        }
        let mut parameters = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(body));
        parameters.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    };
    let message_id = field(&config.id).filter(|id| !id.is_empty() && id.chars().count() <= MAX_ID_CHARS)?;
    let status = field(&config.status)?;
    let error = config.error.as_deref().and_then(field);
    let is_among = |words: &[String], word: &str| words.iter().any(|wanted| wanted == word);
    let speaks_of_number = error.as_deref().is_some_and(|error| is_among(&config.number_errors, error));
    let state = if is_among(&config.delivered, &status) {
        ReceiptState::Delivered
    } else if is_among(&config.unreachable, &status) {
        ReceiptState::Unreachable
    } else if is_among(&config.expired, &status) {
        ReceiptState::Expired
    } else if is_among(&config.failed, &status) {
        if speaks_of_number { ReceiptState::Unreachable } else { ReceiptState::Failed }
    } else {
        ReceiptState::Other
    };
    let shown: Vec<String> = [Some(status), error].into_iter().flatten().filter(|word| is_presentable(word)).collect();
    Some(SmsReceipt { message_id, state, words: shown.join(", error ") })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORANGE: &str = r#"{
        "id": "/deliveryInfoNotification/callbackData",
        "status": "/deliveryInfoNotification/deliveryInfo/deliveryStatus",
        "delivered": "DeliveredToTerminal", "failed": ["DeliveryImpossible"], "unreachable": ["InvalidNumber"]
    }"#;
    const TWILIO: &str = r#"{
        "id": "MessageSid", "status": "MessageStatus", "error": "ErrorCode",
        "delivered": "delivered", "failed": ["failed", "undelivered"], "number_errors": [30005, 30006]
    }"#;
    const OVH: &str = r#"{ "id": "id", "status": "ptt", "delivered": 1, "expired": 4, "failed": [2, 5] }"#;

    fn said(config: &str, query: &str, body: &str) -> Option<(String, ReceiptState, String)> {
        let config: ReceiptCallConfig = serde_json::from_str(config).unwrap();
        let receipt = read_receipt_calls(&config, query, body.as_bytes())?.pop()?;
        Some((receipt.message_id, receipt.state, receipt.words))
    }

    #[test]
    fn json_forms_and_queries_are_read_by_the_fields_that_are_configured() {
        let orange = |status: &str| {
            let of_number = r#"{"address":"tel:+33612345678","deliveryStatus":"#;
            format!(r#"{{"deliveryInfoNotification":{{"callbackData":"a1","deliveryInfo":{of_number}"{status}"}}}}}}"#)
        };
        for (config, query, body, id, state, words) in [
            (ORANGE, "", orange("DeliveredToTerminal"), "a1", ReceiptState::Delivered, "DeliveredToTerminal"),
            (ORANGE, "", orange("DeliveryImpossible"), "a1", ReceiptState::Failed, "DeliveryImpossible"),
            (ORANGE, "", orange("InvalidNumber"), "a1", ReceiptState::Unreachable, "InvalidNumber"),
            (ORANGE, "", orange("MessageWaiting"), "a1", ReceiptState::Other, "MessageWaiting"),
            (
                TWILIO,
                "",
                "MessageSid=SM%2B1&MessageStatus=delivered".into(),
                "SM+1",
                ReceiptState::Delivered,
                "delivered",
            ),
            (
                TWILIO,
                "",
                "To=%2B33612345678&MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30007".into(),
                "SM1",
                ReceiptState::Failed,
                "undelivered, error 30007",
            ),
            (
                TWILIO,
                "",
                "MessageSid=SM1&MessageStatus=failed&ErrorCode=30005".into(),
                "SM1",
                ReceiptState::Unreachable,
                "failed, error 30005",
            ),
            (OVH, "id=77&ptt=1&date=20261128", String::new(), "77", ReceiptState::Delivered, "1"),
            (OVH, "id=77&ptt=4", String::new(), "77", ReceiptState::Expired, "4"),
            // Whatever it says, no number is shown.
            (OVH, "id=77&ptt=33612345678", String::new(), "77", ReceiptState::Other, ""),
        ] {
            let wanted = Some((id.to_owned(), state, words.to_owned()));
            assert_eq!(said(config, query, &body), wanted, "{query} {body}");
        }
    }

    #[test]
    fn what_has_no_id_or_no_state_is_no_receipt() {
        let long = format!("id={}&ptt=1", "7".repeat(201));
        for (config, query, body) in [
            (ORANGE, "", "{}"),
            (ORANGE, "", "no JSON"),
            (ORANGE, "", r#"{"deliveryInfoNotification":{"callbackData":["a1"]}}"#),
            (TWILIO, "", ""),
            (TWILIO, "", "MessageSid=&MessageStatus=delivered"),
            (OVH, "id=77", ""),
            (OVH, &long, ""),
        ] {
            assert_eq!(said(config, query, body), None, "{query} {body}");
        }
    }

    #[test]
    fn each_element_of_an_array_is_a_receipt() {
        let infobip = r#"{
            "list": "/results", "id": "/messageId", "status": "/status/groupName",
            "delivered": "DELIVERED", "failed": ["UNDELIVERABLE"]
        }"#;
        let config: ReceiptCallConfig = serde_json::from_str(infobip).unwrap();
        let element = |id: &str, state: &str| format!(r#"{{"messageId":"{id}","status":{{"groupName":"{state}"}}}}"#);
        let all = [element("a1", "DELIVERED"), "{}".into(), element("a2", "UNDELIVERABLE")].join(",");
        let ids = |config: &ReceiptCallConfig, body: String| {
            let read = read_receipt_calls(config, "", body.as_bytes())?;
            Some(read.into_iter().map(|receipt| receipt.message_id).collect::<Vec<_>>())
        };
        let some = |ids: &[&str]| Some(ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>());
        assert_eq!(ids(&config, format!(r#"{{"results":[{all}]}}"#)), some(&["a1", "a2"]));
        assert_eq!(ids(&config, r#"{"results":[]}"#.into()), some(&[]));
        assert_eq!(ids(&config, r#"{"other":1}"#.into()), some(&[]));
        let root = ReceiptCallConfig { list: None, ..config };
        assert_eq!(ids(&root, format!("[{all}]")), some(&["a1", "a2"]));
        assert_eq!(ids(&root, element("a3", "DELIVERED")), some(&["a3"]));
        let many = vec![element("a1", "DELIVERED"); MAX_RECEIPTS_OF_CALL + 1].join(",");
        assert_eq!(ids(&root, format!("[{many}]")), None);
    }
}
