//! `[sms.http]`: how an operator's HTTP interface takes a message, and what its answers mean.

use std::collections::BTreeMap;
use std::path::PathBuf;

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use super::super::{ConfigError, read_secret};
use super::answer::AnswerRule;
use super::receipts::ReceiptCallConfig;
use super::template::{MessageField, MessageFieldValues, MessageTemplate, TemplateSyntax};
use crate::base::clock::Span;

/// An SMS gateway called by HTTP. With `url` alone it is called by `POST` with the JSON `{"id","to","text"}`; `to` is in
/// E.164 format; 2xx means accepted; a repeated `id` is the same message. The other keys describe another interface.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct HttpGatewayConfig {
    /// The address; may name parts of the message, percent-encoded.
    pub url: String,
    /// `POST`, `PUT` or `GET`.
    #[serde(default = "post")]
    pub method: String,
    /// The value of the `Authorization` header, if required by the gateway.
    #[serde(default, serialize_with = "hidden")]
    pub authorization: Option<SecretString>,
    #[serde(default)]
    pub authorization_file: Option<PathBuf>,
    /// The name and password of HTTP Basic authentication.
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default, serialize_with = "hidden")]
    pub password: Option<SecretString>,
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// A key that the gateway expects in the address or the body, where `{secret}` stands for it.
    #[serde(default, serialize_with = "hidden")]
    pub secret: Option<SecretString>,
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// Further headers; the values may name parts of the message. `NAME_file` is a file holding the value of `NAME`.
    #[serde(default, serialize_with = "hidden_map")]
    pub headers: BTreeMap<String, SecretString>,
    /// Headers whose values were read from files, and are taken as they are.
    #[serde(skip)]
    pub file_headers: BTreeMap<String, SecretString>,
    /// The body, naming parts of the message; without it, the JSON `{"id","to","text"}`.
    #[serde(default)]
    pub body: Option<String>,
    /// The media type of `body`, by which values are escaped: JSON, a form, XML or plain text.
    #[serde(default = "json_media_type")]
    pub content_type: String,
    /// The answers by which a message is accepted; without `status`, every 2xx.
    #[serde(default)]
    pub success: AnswerRule,
    /// The statuses by which the gateway reports that a number is permanently unreachable. Every other status except
    /// 2xx concerns the deployment: the message is kept and retried.
    #[serde(default)]
    pub number_refused: Option<Vec<u16>>,
    /// The answers by which a number is refused, instead of `number_refused` where a status does not say it.
    #[serde(default)]
    pub refused: Option<AnswerRule>,
    /// The place of the gateway's own id in the JSON of its answer (RFC 6901), if receipts name that one. Otherwise they
    /// name the `{id}` that the gateway was given.
    #[serde(default)]
    pub message_id: Option<String>,
    /// The calls by which the gateway says what became of a message; without the section it has no address for them.
    #[serde(default)]
    pub receipts: Option<ReceiptCallConfig>,
    /// True if a repeated `{id}` is the same message to the gateway; by default so without `body` and `GET`. Otherwise
    /// a message whose answer was lost is handed over once more at most.
    #[serde(default)]
    pub idempotent: Option<bool>,
    /// The time in which the gateway has to answer, in seconds; half of it for connecting.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
}

/// The keys of the section that have no default value, as the environment and files name them.
pub const HTTP_GATEWAY_KEYS: [&str; 19] = [
    "url",
    "method",
    "authorization",
    "authorization_file",
    "user",
    "password",
    "password_file",
    "secret",
    "secret_file",
    "headers",
    "body",
    "content_type",
    "success",
    "number_refused",
    "refused",
    "message_id",
    "receipts",
    "idempotent",
    "timeout_seconds",
];

/// The statuses that refuse a number, unless configured.
const DEFAULT_NUMBER_REFUSED: [u16; 2] = [400, 422];

fn post() -> String {
    "POST".to_owned()
}

fn json_media_type() -> String {
    "application/json".to_owned()
}

fn timeout_seconds() -> u64 {
    10
}

pub(super) fn hidden<S: Serializer>(_: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}

fn hidden_map<S: Serializer>(_: &BTreeMap<String, SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}

/// The parsed templates of a gateway.
#[derive(Clone, Debug)]
pub struct HttpGatewayTemplates {
    pub url: MessageTemplate,
    /// The body, with the syntax of its values.
    pub body: Option<(MessageTemplate, TemplateSyntax)>,
    pub headers: Vec<(HeaderName, MessageTemplate)>,
}

impl HttpGatewayConfig {
    /// Returns the settings of a gateway that takes the JSON `{"id","to","text"}` at a URL.
    pub fn posting_json_to(url: String) -> Box<Self> {
        Box::new(Self {
            url,
            method: post(),
            authorization: None,
            authorization_file: None,
            user: None,
            password: None,
            password_file: None,
            secret: None,
            secret_file: None,
            headers: BTreeMap::new(),
            file_headers: BTreeMap::new(),
            body: None,
            content_type: json_media_type(),
            success: AnswerRule::default(),
            number_refused: None,
            refused: None,
            message_id: None,
            receipts: None,
            idempotent: None,
            timeout_seconds: timeout_seconds(),
        })
    }

    /// Returns the rule by which an answer refuses the number.
    pub fn refusal(&self) -> AnswerRule {
        self.refused.clone().unwrap_or_else(|| {
            let status = self.number_refused.clone().unwrap_or_else(|| DEFAULT_NUMBER_REFUSED.to_vec());
            AnswerRule { status, ..AnswerRule::default() }
        })
    }

    /// True if the gateway takes a repeated message for the same one.
    pub fn is_idempotent(&self) -> bool {
        self.idempotent.unwrap_or(self.body.is_none() && self.method != "GET")
    }

    /// Parses the texts that name parts of a message.
    ///
    /// # Errors
    /// A part is unknown, a header is invalid, or number and text would not be sent.
    pub fn templates(&self) -> Result<HttpGatewayTemplates, String> {
        let url = MessageTemplate::parse("sms.http.url", &self.url)?;
        let body = match &self.body {
            None => None,
            Some(body) => {
                let syntax = TemplateSyntax::of_media_type(&self.content_type)
                    .ok_or("sms.http.content_type is one of JSON, a form, XML or text/plain")?;
                Some((MessageTemplate::parse("sms.http.body", body)?, syntax))
            }
        };
        let mut headers = Vec::new();
        for (name, value) in &self.headers {
            let key = format!("sms.http.headers.{name}");
            let template = MessageTemplate::parse(&key, value.expose_secret())?;
            if template.contains(MessageField::Text) {
                return Err(format!("{key}: a text has line ends and does not fit in a header"));
            }
            headers.push((parse_header(&key, name, value.expose_secret())?, template));
        }
        let templates = HttpGatewayTemplates { url, body, headers };
        templates.check_complete(self)?;
        Ok(templates)
    }

    fn check_rules(&self) -> Result<(), String> {
        let known = |status: &u16| (400..500).contains(status) && ![401, 403, 404, 405, 407, 408, 429].contains(status);
        let rule = "4xx only, and none of 401, 403, 404, 405, 407, 408, 429, which speak of us";
        if !self.number_refused.iter().flatten().all(known) {
            return Err(format!("sms.http.number_refused: {rule}"));
        }
        if let Some(refused) = &self.refused {
            if self.number_refused.is_some() {
                return Err("sms.http has refused and number_refused: keep one".to_owned());
            }
            refused.check("sms.http.refused")?;
            if refused.json_pointer.is_none() && (refused.status.is_empty() || !refused.status.iter().all(known)) {
                return Err(format!("sms.http.refused without json_pointer has a status: {rule}"));
            }
        }
        if self.message_id.as_ref().is_some_and(|pointer| !pointer.starts_with('/')) {
            return Err("sms.http.message_id begins with a slash".to_owned());
        }
        self.success.check("sms.http.success")?;
        if !self.success.status.iter().all(|status| (200..300).contains(status)) {
            return Err("sms.http.success.status: 2xx only".to_owned());
        }
        if !["POST", "PUT", "GET"].contains(&self.method.as_str()) {
            return Err("sms.http.method is \"POST\", \"PUT\" or \"GET\"".to_owned());
        }
        if self.method == "GET" && self.body.is_some() {
            return Err("sms.http: a GET has no body".to_owned());
        }
        if !(1..=30).contains(&self.timeout_seconds) {
            return Err("sms.http.timeout_seconds is 1 to 30: a job is this server's for a minute".to_owned());
        }
        Ok(())
    }

    /// Reads the secrets from their files, and verifies every rule of the section.
    pub(super) fn check(&mut self, loopback: bool) -> Result<(), ConfigError> {
        for (name, value, file) in [
            ("authorization", &mut self.authorization, &self.authorization_file),
            ("password", &mut self.password, &self.password_file),
            ("secret", &mut self.secret, &self.secret_file),
        ] {
            if let Some(path) = file {
                if value.is_some() {
                    return invalid(&format!("sms.http has {name} and {name}_file: keep one"));
                }
                *value = Some(read_secret(path)?.into());
            }
        }
        if let Some(receipts) = &mut self.receipts {
            receipts.check()?;
        }
        self.read_header_files()?;
        if self.user.is_some() != self.password.is_some() {
            return invalid("sms.http has user and password, or neither");
        }
        let ways = [self.authorization.is_some(), self.user.is_some(), self.has_header("authorization")];
        if ways.iter().filter(|way| **way).count() > 1 {
            return invalid("sms.http has authorization, user and password, or a header Authorization: keep one");
        }
        self.check_rules().map_err(ConfigError::Invalid)?;
        self.templates().map_err(ConfigError::Invalid)?;
        match url::Url::parse(&self.url) {
            Ok(url) if url.scheme() == "https" || (url.scheme() == "http" && loopback) => Ok(()),
            _ => invalid("sms.http.url is https (http for a loopback issuer only)"),
        }
    }

    fn has_header(&self, wanted: &str) -> bool {
        self.headers.keys().chain(self.file_headers.keys()).any(|name| name.eq_ignore_ascii_case(wanted))
    }

    fn read_header_files(&mut self) -> Result<(), ConfigError> {
        let (files, values) =
            std::mem::take(&mut self.headers).into_iter().partition(|(name, _)| name.ends_with("_file"));
        self.headers = values;
        let files: BTreeMap<String, SecretString> = files;
        for (key, path) in files {
            let name = key.trim_end_matches("_file");
            if self.has_header(name) {
                return invalid(&format!("sms.http.headers has {name} and {key}: keep one"));
            }
            let value = read_secret(&PathBuf::from(path.expose_secret()))?;
            parse_header(&format!("sms.http.headers.{key}"), name, &value).map_err(ConfigError::Invalid)?;
            self.file_headers.insert(name.to_owned(), value.into());
        }
        Ok(())
    }
}

impl HttpGatewayTemplates {
    fn check_complete(&self, config: &HttpGatewayConfig) -> Result<(), String> {
        // The host is fixed: it is what is trusted with numbers and texts.
        if !self.url.is_constant() && self.url.constant_start().splitn(4, '/').count() < 4 {
            return Err("sms.http.url names parts of a message after the host only".to_owned());
        }
        let body = self.body.as_ref().map(|(body, _)| body);
        let everywhere = || [Some(&self.url), body].into_iter().flatten().chain(self.headers.iter().map(|(_, t)| t));
        if config.secret.is_none() && everywhere().any(|t| t.contains(MessageField::Secret)) {
            return Err("sms.http names {secret} and has neither secret nor secret_file".to_owned());
        }
        if self.body.is_some() || config.method == "GET" {
            let names = |field| [Some(&self.url), body].into_iter().flatten().any(|t| t.contains(field));
            if !names(MessageField::Text) || !(names(MessageField::To) || names(MessageField::ToDigits)) {
                return Err("sms.http: url or body names {text}, and {to} or {to_digits}".to_owned());
            }
        }
        let names_id =
            self.body.is_none() && config.method != "GET" || everywhere().any(|t| t.contains(MessageField::Id));
        if config.idempotent == Some(true) && !names_id {
            return Err("sms.http.idempotent needs {id} in url, body or headers".to_owned());
        }
        if config.receipts.is_some() && config.message_id.is_none() && !names_id {
            return Err("sms.http.receipts needs message_id, or {id} in url, body or headers".to_owned());
        }
        if let Some((body, TemplateSyntax::Json)) = &self.body {
            let validity = Span::minutes(30);
            let values = MessageFieldValues { id: "1", to: "+33", text: "\"\\\n", secret: "\"", validity };
            let text = body.fill_in(values, TemplateSyntax::Json);
            serde_json::from_str::<serde::de::IgnoredAny>(&text)
                .map_err(|error| format!("sms.http.body is no JSON once a message is filled in: {error}"))?;
        }
        Ok(())
    }
}

fn parse_header(key: &str, name: &str, value: &str) -> Result<HeaderName, String> {
    if name.eq_ignore_ascii_case("content-type") {
        return Err(format!("{key}: set sms.http.content_type"));
    }
    match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
        (Ok(name), Ok(_)) => Ok(name),
        _ => Err(format!("{key} is no header")),
    }
}

fn invalid<T>(rule: &str) -> Result<T, ConfigError> {
    Err(ConfigError::Invalid(rule.to_owned()))
}
