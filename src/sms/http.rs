//! The gateway that hands messages to an operator's HTTP interface, as `[sms.http]` describes it.
//!
//! An answer is judged in this order: the number is refused, the message is accepted, or the deployment is refused. A
//! status alone is believed only where the configuration asks for no value of the body, because some operators answer
//! 200 to everything.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::{SmsFuture, SmsGateway, SmsMessage, SmsSendError};
use crate::config::{
    AnswerRule, HttpGatewayConfig, HttpGatewayTemplates, MessageFieldValues, Outgoing, TemplateSyntax, text_at,
};
use crate::http::outgoing::ConfiguredClient;
use crate::telemetry::TracedCall;

/// The number of bytes of an answer that are read for the value which the configuration asks for.
const MAX_ANSWER_BYTES: usize = 64 << 10;
/// The maximum length of a gateway's own word in a message to operators, in characters.
const MAX_SHOWN_VALUE_CHARS: usize = 40;
/// The number of digits from which a gateway's own word may be a telephone number, and is not shown.
const MIN_PHONE_DIGITS: usize = 7;

pub struct HttpGateway {
    client: ConfiguredClient,
    config: HttpGatewayConfig,
    templates: HttpGatewayTemplates,
    method: Method,
    refusal: AnswerRule,
}

impl HttpGateway {
    pub fn new(config: &HttpGatewayConfig, outgoing: &Outgoing) -> anyhow::Result<Self> {
        Ok(Self {
            client: ConfiguredClient::new(outgoing, Duration::from_secs(config.timeout_seconds))?,
            templates: config.templates().map_err(anyhow::Error::msg)?,
            method: config.method.parse()?,
            refusal: config.refusal(),
            config: config.clone(),
        })
    }

    async fn request(&self, message: &SmsMessage) -> RequestBuilder {
        let SmsMessage { id, to, text, validity } = message;
        let secret = self.config.secret.as_ref().map(ExposeSecret::expose_secret).unwrap_or_default();
        let values = MessageFieldValues { id, to, text, secret, validity: *validity };
        let url = self.templates.url.fill_in(values, TemplateSyntax::Url);
        let mut request = self.client.client_for(&url).await.request(self.method.clone(), &url);
        request = match &self.templates.body {
            Some((body, syntax)) => {
                request.header(CONTENT_TYPE, &self.config.content_type).body(body.fill_in(values, *syntax))
            }
            None if self.method == Method::GET => request,
            None => request.json(message),
        };
        for (name, value) in &self.templates.headers {
            request = request.header(name, value.fill_in(values, TemplateSyntax::Plain));
        }
        for (name, value) in &self.config.file_headers {
            request = request.header(name, value.expose_secret());
        }
        if let Some(value) = &self.config.authorization {
            request = request.header("authorization", value.expose_secret());
        }
        match (&self.config.user, &self.config.password) {
            (Some(user), Some(password)) => request.basic_auth(user, Some(SecretString::expose_secret(password))),
            _ => request,
        }
    }

    async fn hand_over(&self, message: &SmsMessage) -> Result<Option<String>, SmsSendError> {
        let (call, mut request) = (TracedCall::begin(), self.request(message).await);
        if let Some(call) = &call {
            request = request.header("traceparent", call.header());
        }
        let answer = request.send().await;
        if let Some(call) = call {
            call.end("SMS gateway", "", answer.as_ref().ok().map(|answer| answer.status().as_u16()));
        }
        let answer = answer.map_err(|error| SmsSendError::Deployment {
            // Without a connection nothing was sent.
            uncertain: !error.is_connect() && !error.is_builder(),
            why: transport_error(error),
        })?;
        let status = answer.status();
        let asks = [&self.refusal, &self.config.success].iter().any(|rule| rule.json_pointer.is_some());
        let body = if asks || self.config.message_id.is_some() { read_json(answer).await } else { None };
        let meets = |rule: &AnswerRule| {
            let value = body.as_ref().and_then(|body| rule.value_in(body));
            rule.json_pointer.is_none() || rule.means(value.as_deref())
        };
        let is_listed = |rule: &AnswerRule| rule.status.contains(&status.as_u16());
        let is_refusal = is_listed(&self.refusal)
            || (self.refusal.status.is_empty() && (status.is_success() || status.is_client_error()));
        if is_refusal && meets(&self.refusal) {
            return Err(SmsSendError::NumberRejected { why: format!("it answers {}", status.as_u16()) });
        }
        let success = &self.config.success;
        if !(is_listed(success) || (success.status.is_empty() && status.is_success())) {
            // Its front gave up waiting, or it failed on the way: it may have taken the message.
            let uncertain = matches!(status.as_u16(), 408 | 500 | 502 | 504);
            return Err(SmsSendError::Deployment { why: format!("the gateway answers {status}"), uncertain });
        }
        if meets(success) {
            let own_id = self.config.message_id.as_ref().map(|pointer| text_at(body.as_ref()?, pointer));
            let id = own_id.unwrap_or_else(|| Some(message.id.clone()));
            return Ok(id.filter(|_| self.config.receipts.is_some()));
        }
        let pointer = success.json_pointer.as_deref().unwrap_or_default();
        let Some(value) = body.as_ref().and_then(|body| success.value_in(body)) else {
            // Its own words may have said that it took the message.
            let why = format!("the gateway answers {status} without a readable {pointer}");
            return Err(SmsSendError::Deployment { why, uncertain: true });
        };
        let why = format!("the gateway answers {status}, {pointer} {}", shown_value(&value));
        Err(SmsSendError::Deployment { why, uncertain: false })
    }

    /// Calls the address without sending: up to the first part of a message, because a GET with a number would send.
    async fn head(&self) -> Result<String, String> {
        let url = if self.templates.url.is_constant() {
            self.config.url.as_str()
        } else {
            let start = self.templates.url.constant_start();
            start.split_once('?').map_or(start, |(path, _)| path)
        };
        let answer = self.client.client_for(url).await.head(url).send().await;
        answer.map(|answer| format!("answers ({})", answer.status())).map_err(transport_error)
    }
}

impl SmsGateway for HttpGateway {
    fn send<'a>(&'a self, message: &'a SmsMessage) -> SmsFuture<'a, Result<Option<String>, SmsSendError>> {
        Box::pin(self.hand_over(message))
    }

    fn check_reachable(&self) -> SmsFuture<'_, Result<String, String>> {
        Box::pin(self.head())
    }

    fn is_idempotent(&self) -> bool {
        self.config.is_idempotent()
    }
}

/// Reads an answer as JSON; `None` if it is none, is too long, or ends early.
async fn read_json(mut answer: Response) -> Option<Value> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.ok()? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_ANSWER_BYTES {
            return None;
        }
    }
    serde_json::from_slice(&bytes).ok()
}

/// Returns a gateway's own word for operators, unless it may repeat a number or a text.
fn shown_value(value: &str) -> String {
    if is_presentable(value) { format!("is {value:?}") } else { "is another value".to_owned() }
}

/// True if a gateway's own word is short and no number.
pub(super) fn is_presentable(value: &str) -> bool {
    let digits = value.chars().filter(char::is_ascii_digit).count();
    value.chars().count() <= MAX_SHOWN_VALUE_CHARS && digits < MIN_PHONE_DIGITS
}

/// Describes every cause of an error, so that a rejected certificate is not mistaken for an unreachable gateway. Omits
/// the URL, which may contain a key.
fn transport_error(error: reqwest::Error) -> String {
    let what = if error.is_timeout() { "the gateway does not answer in time" } else { "the gateway is not reached" };
    let error = error.without_url();
    let mut words = what.to_owned();
    let mut cause = std::error::Error::source(&error);
    while let Some(inner) = cause {
        words = format!("{words}: {inner}");
        cause = inner.source();
    }
    words
}
