//! The gateway that submits messages to an operator's SMSC by SMPP 3.4, as `[sms.smpp]` describes it.
//!
//! Each server of a deployment binds a session of its own, as transceiver: receipts arrive at any of them. Addresses of
//! the SMSC are configured, not chosen by third parties, and therefore not checked; SMPP knows no proxy.

mod alphabet;
mod pdu;
mod receipt;
mod session;
mod status;
mod task;
mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusmpp::Pdu;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsConnector;

use super::{SmsFuture, SmsGateway, SmsMessage, SmsSendError, UnconfirmedReceipt};
use crate::config::{Outgoing, SmppGatewayConfig};
use session::{BindError, SmppSession, SmppStream, SubmitAnswer, SubmitTimeout};
use status::{SubmitRefusal, classify_status, status_words};

/// The number of receipts that wait to be read; an SMSC repeats what is beyond it.
const MAX_WAITING_RECEIPTS: usize = 100;
/// The pause of this server after the SMSC said that it is handed too much.
const THROTTLE_PAUSE: Duration = Duration::from_secs(1);
/// The pauses after each failure in a row before a session is bound again, in seconds, the last one repeated. Operators
/// bar accounts that bind without a pause.
const REBIND_PAUSES: [u64; 7] = [0, 1, 2, 5, 10, 30, 60];
/// A session that ended sooner, and in which no message was answered, counts as a failure: an SMSC may bind each and end
/// it, one for another.
const MIN_SESSION_LIFE: Duration = Duration::from_secs(60);
/// The time for all parts of a message: shorter than the minute for which a job is this server's.
const HAND_OVER_TIMEOUT: Duration = Duration::from_secs(45);
/// The number of times that a part of a message is tried while the SMSC says that it is handed too much.
const MAX_PART_ATTEMPTS: usize = 3;

/// The session, if one is bound, and the failures since one held.
#[derive(Default)]
struct SmppLink {
    session: Option<Arc<SmppSession>>,
    bound_at: Option<Instant>,
    failure: Option<BindError>,
    failures: usize,
    /// Nobody binds before.
    not_before: Option<Instant>,
}

impl SmppLink {
    /// Records a failure of the bind of that time: the pause counts from there.
    fn record_failure(&mut self, failure: BindError, bound_at: Instant) {
        if self.failures == 0 {
            tracing::warn!(why = bind_words(&failure), "no SMPP session, and so neither messages nor receipts");
        }
        let seconds = REBIND_PAUSES.get(self.failures).or(REBIND_PAUSES.last()).copied().unwrap_or(60);
        self.failures += 1;
        self.not_before = Some(bound_at + Duration::from_secs(seconds));
        self.failure = Some(failure);
    }

    /// Judges the session that ended: whether it held.
    fn forget_ended(&mut self) {
        let Some(session) = self.session.take() else { return };
        match self.bound_at.take() {
            Some(at) if !session.has_answered() && at.elapsed() < MIN_SESSION_LIFE => {
                let failure = BindError::Connection("the session ended soon after it was bound".to_owned());
                self.record_failure(failure, at);
            }
            _ => self.failures = 0,
        }
    }
}

pub struct SmppGateway {
    config: SmppGatewayConfig,
    tls: Option<TlsConnector>,
    link: Mutex<SmppLink>,
    is_closing: AtomicBool,
    /// The time of the next message.
    next_turn: Mutex<Instant>,
    receipt_sender: mpsc::Sender<UnconfirmedReceipt>,
    receipts: Mutex<mpsc::Receiver<UnconfirmedReceipt>>,
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

    /// Returns the bound session, or binds one. Of those who come together one binds; during a pause all have the last
    /// failure.
    async fn session(&self) -> Result<Arc<SmppSession>, BindError> {
        let mut link = self.link.lock().await;
        if let Some(session) = link.session.as_ref().filter(|session| !session.is_ended()) {
            return Ok(Arc::clone(session));
        }
        if self.is_closing.load(Ordering::Acquire) {
            return Err(BindError::Connection("this server stops".to_owned()));
        }
        link.forget_ended();
        if let (Some(failure), Some(at)) = (&link.failure, link.not_before)
            && Instant::now() < at
        {
            return Err(failure.clone());
        }
        let bound = self.connect(false).await;
        match &bound {
            Ok(session) => {
                tracing::info!(smsc = %self.config.address, "SMPP session bound");
                link.session = Some(Arc::clone(session));
                link.bound_at = Some(Instant::now());
            }
            Err(failure) => link.record_failure(failure.clone(), Instant::now()),
        }
        bound
    }

    /// Waits until a session may be bound again.
    async fn wait_for_rebind(&self) {
        let at = self.link.lock().await.not_before;
        // At least a moment: nothing may bind without a rest.
        sleep_until(at.unwrap_or_else(Instant::now).max(Instant::now() + Duration::from_millis(100))).await;
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

    /// Hands one PDU over. One that was not written, because the session ended first, goes to the next session.
    async fn submit(&self, message: &Pdu) -> Result<String, SmsSendError> {
        let failed = |why: String, uncertain| SmsSendError::Deployment { why, uncertain };
        for _ in 0..2 {
            let session = self.session().await.map_err(|error| failed(bind_words(&error), false))?;
            if !self.take_turn().await {
                let per_second = self.config.per_second;
                let why = format!("more messages wait than sms.smpp.per_second ({per_second}) lets leave");
                return Err(SmsSendError::Throttled { why });
            }
            return match session.submit(message.clone()).await {
                Ok(SubmitAnswer::Unwritten) => continue,
                Ok(SubmitAnswer::Answered { status: 0, message_id }) => Ok(message_id),
                Ok(SubmitAnswer::Answered { status, .. }) => Err(self.refusal(status).await),
                Ok(SubmitAnswer::Lost) => {
                    Err(failed("the session to the SMSC ended before its answer".to_owned(), true))
                }
                Err(SubmitTimeout::NoSlot) => {
                    Err(failed("the SMSC answers none of the messages before".to_owned(), false))
                }
                Err(SubmitTimeout::NoAnswer) => Err(failed("the SMSC does not answer in time".to_owned(), true)),
            };
        }
        Err(failed("the session to the SMSC ended before the message left".to_owned(), false))
    }

    async fn refusal(&self, status: u32) -> SmsSendError {
        let words = status_words(status);
        match classify_status(status, &self.config.number_refused) {
            SubmitRefusal::Number => SmsSendError::NumberRejected { why: format!("it answers {words}") },
            SubmitRefusal::Later => {
                self.pause_turns().await;
                SmsSendError::Throttled { why: format!("the SMSC answers {words}") }
            }
            SubmitRefusal::Deployment => {
                SmsSendError::Deployment { why: format!("the SMSC answers {words}"), uncertain: false }
            }
        }
    }

    async fn hand_over(&self, message: &SmsMessage) -> Result<Option<String>, SmsSendError> {
        let parts = pdu::submissions(&self.config, message)
            .map_err(|error| SmsSendError::Deployment { why: format!("{error:#}"), uncertain: false })?;
        let mut first = None;
        for part in &parts {
            let mut sent = self.submit(part).await;
            // Without the others a part is paid for in vain: it waits here.
            for _ in 1..MAX_PART_ATTEMPTS {
                if first.is_some() && matches!(sent, Err(SmsSendError::Throttled { .. })) {
                    sent = self.submit(part).await;
                }
            }
            match sent {
                Ok(id) => first = first.or(Some(id)),
                // The phone has a part of it already.
                Err(
                    SmsSendError::Deployment { why, .. }
                    | SmsSendError::Throttled { why }
                    | SmsSendError::NumberRejected { why },
                ) if first.is_some() => return Err(SmsSendError::Deployment { why, uncertain: true }),
                Err(error) => return Err(error),
            }
        }
        Ok(first.filter(|id| self.config.receipts && !id.is_empty()))
    }

    /// Hands a message over within the time for it: a job that took longer might be another server's already.
    async fn hand_over_in_time(&self, message: &SmsMessage) -> Result<Option<String>, SmsSendError> {
        timeout(HAND_OVER_TIMEOUT, self.hand_over(message)).await.unwrap_or_else(|_| {
            let why = format!("the SMSC took no message within {} s", HAND_OVER_TIMEOUT.as_secs());
            Err(SmsSendError::Deployment { why, uncertain: true })
        })
    }

    /// Keeps a session bound, so that receipts arrive, and returns the next one.
    async fn wait_for_receipt(&self) -> UnconfirmedReceipt {
        let mut receipts = self.receipts.lock().await;
        loop {
            // Until the session ends, or, without one, until the next attempt.
            let session_or_pause = async {
                match self.session().await {
                    Ok(session) => session.ended().await,
                    Err(_) => self.wait_for_rebind().await,
                }
            };
            // What an ended session left is read first: a bind that has begun is not given up for it.
            tokio::select! {
                biased;
                Some(receipt) = receipts.recv() => return receipt,
                () = session_or_pause => {}
            }
        }
    }

    /// Says how the session stands, and binds none: an operator may permit one a server.
    async fn describe_session(&self) -> Result<String, String> {
        let (system_id, address) = (&self.config.system_id, &self.config.address);
        let link = self.link.lock().await;
        match (&link.session, &link.failure) {
            (Some(session), _) if !session.is_ended() => Ok(format!("{system_id} is bound at {address}")),
            (_, Some(failure)) if link.failures > 0 => Err(bind_words(failure)),
            _ => Ok(format!("{system_id} is not bound at {address} at this moment")),
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
        Box::pin(self.hand_over_in_time(message))
    }

    fn check_reachable(&self) -> SmsFuture<'_, Result<String, String>> {
        Box::pin(self.check_bind())
    }

    fn check_connection(&self) -> SmsFuture<'_, Result<String, String>> {
        Box::pin(self.describe_session())
    }

    /// SMPP has no key by which an SMSC could know a message again.
    fn is_idempotent(&self) -> bool {
        false
    }

    fn next_receipt(&self) -> SmsFuture<'_, UnconfirmedReceipt> {
        Box::pin(self.wait_for_receipt())
    }

    fn close(&self) -> SmsFuture<'_, ()> {
        Box::pin(async {
            self.is_closing.store(true, Ordering::Release);
            // What nobody reads any more is dropped: the SMSC is told to repeat it.
            if let Ok(mut receipts) = self.receipts.try_lock() {
                receipts.close();
                while receipts.try_recv().is_ok() {}
            }
            let session = self.link.lock().await.session.take();
            if let Some(session) = session {
                session.unbind().await;
            }
        })
    }
}
