//! The gateway that submits messages to an operator's SMSC by SMPP 3.4, as `[sms.smpp]` describes it.
//!
//! Each server of a deployment binds a session of its own, as transceiver: receipts arrive at any of them. Addresses of
//! the SMSC are configured, not chosen by third parties, and therefore not checked; SMPP knows no proxy.

mod alphabet;
mod pdu;
mod session;
mod status;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rusmpp::Pdu;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsConnector;

use super::{SmsFuture, SmsGateway, SmsMessage, SmsReceipt, SmsSendError};
use crate::config::{Outgoing, SmppGatewayConfig};
use session::{BindError, SmppSession, SmppStream, SubmitAnswer, SubmitTimeout};
use status::{SubmitRefusal, sort_status, status_words};

/// The number of receipts that wait to be read; an SMSC repeats what is beyond it.
const MAX_WAITING_RECEIPTS: usize = 1_000;
/// The pause of this server after the SMSC said that it is handed too much.
const THROTTLE_PAUSE: Duration = Duration::from_secs(1);
/// The pauses between attempts to bind a session again, the last one repeated.
const REBIND_PAUSES: [u64; 6] = [1, 2, 5, 10, 30, 60];

/// The session, if one is bound, and the last failure to bind one.
#[derive(Default)]
struct SmppLink {
    session: Option<Arc<SmppSession>>,
    failure: Option<BindError>,
}

pub struct SmppGateway {
    config: SmppGatewayConfig,
    tls: Option<TlsConnector>,
    link: Mutex<SmppLink>,
    /// The number of attempts to bind, so that those who waited for one share its outcome.
    attempts: AtomicU64,
    is_closing: AtomicBool,
    /// The time of the next message.
    next_turn: Mutex<Instant>,
    receipt_sender: mpsc::Sender<SmsReceipt>,
    receipts: Mutex<mpsc::Receiver<SmsReceipt>>,
}

impl SmppGateway {
    /// # Errors
    /// The file of the authority cannot be read.
    pub fn new(config: &SmppGatewayConfig, outgoing: &Outgoing) -> anyhow::Result<Self> {
        let (receipt_sender, receipts) = mpsc::channel(MAX_WAITING_RECEIPTS);
        Ok(Self {
            tls: tls::connector(config, outgoing)?,
            config: config.clone(),
            link: Mutex::default(),
            attempts: AtomicU64::new(0),
            is_closing: AtomicBool::new(false),
            next_turn: Mutex::new(Instant::now()),
            receipt_sender,
            receipts: Mutex::new(receipts),
        })
    }

    async fn connect(&self, is_check: bool) -> Result<Arc<SmppSession>, BindError> {
        let patience = Duration::from_secs(self.config.timeout_seconds);
        let connecting = async {
            let (host, port) = self.config.host_and_port().unwrap_or_default();
            let failed = |error: std::io::Error| BindError::Connection(error.to_string());
            let stream = TcpStream::connect((host, port)).await.map_err(failed)?;
            stream.set_nodelay(true).map_err(failed)?;
            let stream: Box<dyn SmppStream> = match &self.tls {
                None => Box::new(stream),
                Some(connector) => {
                    let name = ServerName::try_from(host.to_owned());
                    let name = name.map_err(|error| BindError::Connection(error.to_string()))?;
                    Box::new(connector.connect(name, stream).await.map_err(failed)?)
                }
            };
            SmppSession::bind(stream, &self.config, self.receipt_sender.clone(), is_check).await
        };
        match timeout(patience, connecting).await {
            Ok(bound) => bound,
            Err(_) => Err(BindError::Connection("it does not answer in time".to_owned())),
        }
    }

    /// Returns the bound session, or binds one. Of those who come together one binds, and all have its outcome.
    async fn session(&self) -> Result<Arc<SmppSession>, BindError> {
        let seen = self.attempts.load(Ordering::Acquire);
        let mut link = self.link.lock().await;
        if let Some(session) = link.session.as_ref().filter(|session| !session.is_ended()) {
            return Ok(Arc::clone(session));
        }
        if self.is_closing.load(Ordering::Acquire) {
            return Err(BindError::Connection("this server stops".to_owned()));
        }
        if let Some(failure) = link.failure.as_ref().filter(|_| self.attempts.load(Ordering::Acquire) != seen) {
            return Err(failure.clone());
        }
        let bound = self.connect(false).await;
        self.attempts.fetch_add(1, Ordering::AcqRel);
        match &bound {
            Ok(session) => {
                tracing::info!(smsc = %self.config.address, "SMPP session bound");
                *link = SmppLink { session: Some(Arc::clone(session)), failure: None };
            }
            Err(failure) => *link = SmppLink { session: None, failure: Some(failure.clone()) },
        }
        bound
    }

    /// Waits for this message's turn among those of a second. Returns false if it would come too late.
    async fn take_turn(&self) -> bool {
        let turn = {
            let mut next = self.next_turn.lock().await;
            let turn = (*next).max(Instant::now());
            if turn > Instant::now() + Duration::from_secs(self.config.timeout_seconds) {
                return false;
            }
            *next = turn + Duration::from_secs(1) / self.config.per_second.max(1);
            turn
        };
        sleep_until(turn).await;
        true
    }

    async fn pause_turns(&self) {
        let mut next = self.next_turn.lock().await;
        *next = (*next).max(Instant::now() + THROTTLE_PAUSE);
    }

    async fn submit(&self, session: &SmppSession, message: Pdu) -> Result<String, SmsSendError> {
        if !self.take_turn().await {
            let why = format!("more messages wait than sms.smpp.per_second ({}) lets leave", self.config.per_second);
            return Err(SmsSendError::Throttled { why });
        }
        let (why, uncertain) = match session.submit(message).await {
            Ok(SubmitAnswer::Answered { status: 0, message_id }) => return Ok(message_id),
            Ok(SubmitAnswer::Answered { status, .. }) => {
                let words = status_words(status);
                return Err(match sort_status(status, &self.config.number_refused) {
                    SubmitRefusal::Number => SmsSendError::NumberRejected { why: format!("it answers {words}") },
                    SubmitRefusal::Later => {
                        self.pause_turns().await;
                        SmsSendError::Throttled { why: format!("the SMSC answers {words}") }
                    }
                    SubmitRefusal::Deployment => {
                        SmsSendError::Deployment { why: format!("the SMSC answers {words}"), uncertain: false }
                    }
                });
            }
            Ok(SubmitAnswer::Unwritten) => ("the session to the SMSC ended before the message left", false),
            Ok(SubmitAnswer::Lost) => ("the session to the SMSC ended before its answer", true),
            Err(SubmitTimeout::NoPlace) => ("the SMSC answers none of the messages before", false),
            Err(SubmitTimeout::NoAnswer) => ("the SMSC does not answer in time", true),
        };
        Err(SmsSendError::Deployment { why: why.to_owned(), uncertain })
    }

    async fn hand_over(&self, message: &SmsMessage) -> Result<Option<String>, SmsSendError> {
        let failed = |why: String| SmsSendError::Deployment { why, uncertain: false };
        let parts = pdu::submissions(&self.config, message).map_err(|error| failed(format!("{error:#}")))?;
        let session = self.session().await.map_err(|error| failed(bind_words(&error)))?;
        let mut first = None;
        for part in parts {
            match self.submit(&session, part).await {
                Ok(id) => first = first.or(Some(id)),
                // The phone has a part of it already.
                Err(SmsSendError::Deployment { why, .. } | SmsSendError::Throttled { why }) if first.is_some() => {
                    return Err(SmsSendError::Deployment { why, uncertain: true });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(first.filter(|id| self.config.receipts && !id.is_empty()))
    }

    /// Keeps a session bound, so that receipts arrive, and returns the next one.
    async fn wait_for_receipt(&self) -> SmsReceipt {
        let mut receipts = self.receipts.lock().await;
        let mut failures = 0;
        loop {
            // Until the session ends, or, without one, until the next attempt.
            let rest = async {
                match self.session().await {
                    Ok(session) => {
                        session.ended().await;
                        0
                    }
                    Err(error) => {
                        if failures == 0 {
                            tracing::warn!(why = bind_words(&error), "no SMPP session, and so no receipts");
                        }
                        let seconds = REBIND_PAUSES.get(failures).or(REBIND_PAUSES.last()).copied().unwrap_or(60);
                        sleep(Duration::from_secs(seconds)).await;
                        failures + 1
                    }
                }
            };
            tokio::select! {
                Some(receipt) = receipts.recv() => return receipt,
                after = rest => failures = after,
            }
        }
    }

    async fn check_bind(&self) -> Result<String, String> {
        let session = self.connect(true).await.map_err(|error| bind_words(&error))?;
        session.unbind().await;
        Ok(format!("binds {} at {}", self.config.system_id, self.config.address))
    }
}

fn bind_words(error: &BindError) -> String {
    match error {
        BindError::Refused(status) => format!("the SMSC refuses the bind: {}", status_words(*status)),
        BindError::Connection(why) => format!("the SMSC is not reached: {why}"),
    }
}

impl SmsGateway for SmppGateway {
    fn send<'a>(&'a self, message: &'a SmsMessage) -> SmsFuture<'a, Result<Option<String>, SmsSendError>> {
        Box::pin(self.hand_over(message))
    }

    fn check_reachable(&self) -> SmsFuture<'_, Result<String, String>> {
        Box::pin(self.check_bind())
    }

    /// SMPP has no key by which an SMSC could know a message again.
    fn is_idempotent(&self) -> bool {
        false
    }

    fn next_receipt(&self) -> SmsFuture<'_, SmsReceipt> {
        Box::pin(self.wait_for_receipt())
    }

    fn close(&self) -> SmsFuture<'_, ()> {
        Box::pin(async {
            self.is_closing.store(true, Ordering::Release);
            let session = self.link.lock().await.session.take();
            if let Some(session) = session {
                session.unbind().await;
            }
        })
    }
}
