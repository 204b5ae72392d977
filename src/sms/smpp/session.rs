//! One bound session, as those see it who hand messages over; its task has the connection.
//!
//! A message that was never written is certainly not sent. One that was written and has no answer when the session
//! ends may have been sent: the SMSC may have taken it and died before it said so.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusmpp::Pdu;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::bytes::BytesMut;

use super::pdu::{self, RESPONSE, SmppFrame};
use super::task::{SessionOrder, SessionTask};
use crate::config::SmppGatewayConfig;
use crate::sms::UnconfirmedReceipt;

/// A connection, with TLS or without.
pub trait SmppStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> SmppStream for T {}

/// The outcome of a message that was handed to a session.
#[derive(Debug)]
pub enum SubmitAnswer {
    /// The SMSC answered; status 0 means that it took the message.
    Answered { status: u32, message_id: String },
    /// The message was not written.
    Unwritten,
    /// The message was written, and the session ended without an answer.
    Lost,
}

/// A bound session.
pub struct SmppSession {
    orders: mpsc::Sender<SessionOrder>,
    window: Arc<Semaphore>,
    timeout: Duration,
    /// True once the SMSC has answered a message.
    has_answered: Arc<AtomicBool>,
    /// Closed once the task is done.
    done: watch::Receiver<()>,
}

impl SmppSession {
    /// Binds a session on a connection, and starts its task.
    ///
    /// # Errors
    /// The status by which the SMSC refuses the account, or the reason why there is no answer.
    pub async fn bind(
        mut stream: Box<dyn SmppStream>,
        config: &SmppGatewayConfig,
        receipts: mpsc::Sender<UnconfirmedReceipt>,
        is_check: bool,
    ) -> Result<Arc<Self>, BindError> {
        let other = |error: anyhow::Error| BindError::Connection(format!("{error:#}"));
        let bind = pdu::encode(pdu::bind(config, is_check).map_err(other)?, 1).map_err(other)?;
        stream.write_all(&bind).await.map_err(|error| other(error.into()))?;
        stream.flush().await.map_err(|error| other(error.into()))?;
        let mut inbox = BytesMut::new();
        let answer = loop {
            if let Some(frame) = SmppFrame::take(&mut inbox).map_err(|error| other(error.into()))? {
                break frame;
            }
            if stream.read_buf(&mut inbox).await.map_err(|error| other(error.into()))? == 0 {
                return Err(BindError::Connection("it ends the connection instead of binding it".to_owned()));
            }
        };
        if answer.status != 0 {
            return Err(BindError::Refused(answer.status));
        }
        if answer.id & RESPONSE == 0 || answer.id == pdu::GENERIC_NACK {
            return Err(BindError::Connection("it does not speak SMPP 3.4".to_owned()));
        }
        let patience = Duration::from_secs(config.timeout_seconds);
        let window = usize::try_from(config.window).unwrap_or(1);
        let (sender, orders) = mpsc::channel(window + 1);
        let (reader, writer) = tokio::io::split(stream);
        let has_answered = Arc::new(AtomicBool::new(false));
        let task = SessionTask {
            reader,
            writer,
            inbox,
            orders,
            pending: HashMap::new(),
            answered_at: Instant::now(),
            has_answered: Arc::clone(&has_answered),
            sequence: 1,
            receipts,
            unconfirmed: JoinSet::new(),
            number_errors: config.number_errors.clone(),
            patience,
            idle: Duration::from_secs(config.enquire_link_seconds),
        };
        let (alive, done) = watch::channel(());
        tokio::spawn(async move {
            task.run().await;
            drop(alive);
        });
        let window = Arc::new(Semaphore::new(window));
        Ok(Arc::new(Self { orders: sender, window, timeout: patience, has_answered, done }))
    }

    /// True if no message can be handed to the session any more.
    pub fn is_ended(&self) -> bool {
        self.orders.is_closed()
    }

    /// True if the SMSC answered a message in the session.
    pub fn has_answered(&self) -> bool {
        self.has_answered.load(Ordering::Acquire)
    }

    /// Waits for the end of the session, when everything is written and answered, or lost.
    pub async fn ended(&self) {
        let _gone = self.done.clone().changed().await;
    }

    /// Hands a message over and waits for the answer. `Err` says what is known without one.
    pub async fn submit(&self, message: Pdu) -> Result<SubmitAnswer, SubmitTimeout> {
        let Ok(slot) = timeout(self.timeout, Arc::clone(&self.window).acquire_owned()).await else {
            return Err(SubmitTimeout::NoSlot);
        };
        let Ok(slot) = slot else { return Ok(SubmitAnswer::Unwritten) };
        let (answer, answered) = oneshot::channel();
        let order = SessionOrder::Submit { message: Box::new(message), answer, slot };
        if self.orders.send(order).await.is_err() {
            return Ok(SubmitAnswer::Unwritten);
        }
        match timeout(self.timeout, answered).await {
            Ok(answer) => Ok(answer.unwrap_or(SubmitAnswer::Lost)),
            Err(_) => Err(SubmitTimeout::NoAnswer),
        }
    }

    /// Leaves the SMSC in order, within the time-out.
    pub async fn unbind(&self) {
        if self.orders.send(SessionOrder::Unbind).await.is_ok() {
            let _late = timeout(self.timeout, self.ended()).await;
        }
    }
}

/// The reason for a missing session.
#[derive(Clone, Debug)]
pub enum BindError {
    /// The SMSC refuses the account.
    Refused(u32),
    Connection(String),
}

/// A message without an answer in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmitTimeout {
    /// The window was full, so the message was not written.
    NoSlot,
    NoAnswer,
}
