//! The task of a session: it owns the connection, writes what it is ordered to, and matches answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusmpp::Pdu;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::bytes::BytesMut;

use super::pdu::{self, RESPONSE, SmppFrame};
use super::session::{SmppStream, SubmitAnswer};
use crate::sms::UnconfirmedReceipt;

/// An order to the task of a session.
pub enum SessionOrder {
    Submit {
        message: Box<Pdu>,
        answer: oneshot::Sender<SubmitAnswer>,
        slot: OwnedSemaphorePermit,
    },
    /// Leave the SMSC, once what is under way is answered.
    Unbind,
}

/// The waiting caller of a written message; its slot of the window is free again once the answer is there.
pub struct PendingSubmit {
    answer: oneshot::Sender<SubmitAnswer>,
    written_at: Instant,
    _slot: OwnedSemaphorePermit,
}

/// The end of a session.
struct SessionEnd(String);

/// A task, with what it begins with.
pub struct SessionTask {
    pub reader: ReadHalf<Box<dyn SmppStream>>,
    pub writer: WriteHalf<Box<dyn SmppStream>>,
    pub inbox: BytesMut,
    pub orders: mpsc::Receiver<SessionOrder>,
    pub pending: HashMap<u32, PendingSubmit>,
    /// The last answer to a message.
    pub answered_at: Instant,
    pub has_answered: Arc<AtomicBool>,
    pub sequence: u32,
    pub receipts: mpsc::Sender<UnconfirmedReceipt>,
    /// The receipts that wait for their confirmation: the number of the delivery, and whether it was kept.
    pub unconfirmed: JoinSet<(u32, bool)>,
    pub number_errors: Vec<u32>,
    pub patience: Duration,
    pub idle: Duration,
}

impl SessionTask {
    pub async fn run(mut self) {
        let SessionEnd(why) = self.serve().await;
        // What was ordered and not written is certainly not sent.
        self.orders.close();
        while let Ok(order) = self.orders.try_recv() {
            if let SessionOrder::Submit { answer, .. } = order {
                let _gone = answer.send(SubmitAnswer::Unwritten);
            }
        }
        let lost = self.pending.len();
        for (_, waiting) in self.pending.drain() {
            let _gone = waiting.answer.send(SubmitAnswer::Lost);
        }
        let _closed = timeout(self.patience, self.writer.shutdown()).await;
        if lost > 0 {
            tracing::warn!(why, lost, "SMPP session ended: messages without an answer may have left");
        } else {
            tracing::info!(why, "SMPP session ended");
        }
    }

    async fn serve(&mut self) -> SessionEnd {
        let (mut deadline, mut is_probed) = (Instant::now() + self.idle, false);
        // After an unbind of either side nothing new is written.
        let mut peer_unbound = false;
        // Until then what is under way may be answered, before we unbind.
        let (mut unbinds_at, mut is_unbound): (Option<Instant>, bool) = (None, false);
        loop {
            loop {
                match SmppFrame::take(&mut self.inbox) {
                    Ok(None) => break,
                    Err(error) => return SessionEnd(error.to_string()),
                    Ok(Some(frame)) => match self.read_frame(frame).await {
                        Ok(FrameEffect::None) => {}
                        Ok(FrameEffect::Leaves) => {
                            self.orders.close();
                            peer_unbound = true;
                        }
                        Ok(FrameEffect::Left) => return SessionEnd("unbound".to_owned()),
                        Err(end) => return end,
                    },
                }
            }
            if peer_unbound && self.pending.is_empty() {
                return SessionEnd("the SMSC unbinds".to_owned());
            }
            if let Some(at) = unbinds_at
                && !is_unbound
                && (self.pending.is_empty() && self.unconfirmed.is_empty() || Instant::now() >= at)
            {
                is_unbound = true;
                let sequence = self.next_sequence();
                if let Err(end) = self.write(&pdu::bare(pdu::UNBIND, 0, sequence)).await {
                    return end;
                }
                (deadline, is_probed) = (Instant::now() + self.patience, true);
            }
            let overdue_at = self.pending.values().map(|waiting| waiting.written_at + self.overdue()).min();
            let wakes_at = [overdue_at, unbinds_at.filter(|_| !is_unbound)].into_iter().flatten().min();
            tokio::select! {
                order = self.orders.recv(), if !peer_unbound && unbinds_at.is_none() => match order {
                    Some(SessionOrder::Submit { message, answer, slot }) => {
                        if let Err(end) = self.write_message(*message, answer, slot).await {
                            return end;
                        }
                    }
                    Some(SessionOrder::Unbind) | None => {
                        self.orders.close();
                        unbinds_at = Some(Instant::now() + self.patience / 2);
                    }
                },
                () = sleep_until(wakes_at.unwrap_or(deadline)), if wakes_at.is_some() => {
                    if let Err(end) = self.drop_overdue() {
                        return end;
                    }
                }
                Some(Ok((sequence, is_kept))) = self.unconfirmed.join_next() => {
                    if let Err(end) = self.answer_delivery(sequence, is_kept).await {
                        return end;
                    }
                }
                read = self.reader.read_buf(&mut self.inbox) => match read {
                    Ok(0) => return SessionEnd("the SMSC ended the connection".to_owned()),
                    Ok(_) => (deadline, is_probed) = (Instant::now() + self.idle, false),
                    Err(error) => return SessionEnd(error.to_string()),
                },
                () = sleep_until(deadline) => {
                    if is_probed || peer_unbound {
                        return SessionEnd("the SMSC does not answer".to_owned());
                    }
                    let sequence = self.next_sequence();
                    if let Err(end) = self.write(&pdu::bare(pdu::ENQUIRE_LINK, 0, sequence)).await {
                        return end;
                    }
                    (deadline, is_probed) = (Instant::now() + self.patience, true);
                }
            }
        }
    }

    /// Frees the slots of messages whose callers no longer wait. Ends the session if none was answered since the oldest of
    /// them: an SMSC may answer probes and no message.
    fn drop_overdue(&mut self) -> Result<(), SessionEnd> {
        let before = Instant::now().checked_sub(self.overdue());
        let is_overdue = |waiting: &PendingSubmit| before.is_some_and(|before| waiting.written_at <= before);
        let oldest =
            self.pending.values().filter(|waiting| is_overdue(waiting)).map(|waiting| waiting.written_at).min();
        if oldest.is_some_and(|oldest| self.answered_at <= oldest) {
            return Err(SessionEnd("it answers no message".to_owned()));
        }
        self.pending.retain(|_, waiting| !is_overdue(waiting));
        Ok(())
    }

    /// The time after which nobody waits for an answer any more, neither for it nor for its slot.
    fn overdue(&self) -> Duration {
        self.patience + self.patience / 2
    }

    fn next_sequence(&mut self) -> u32 {
        // 1 to 0x7FFFFFFF (SMPP 3.4, 5.1.4).
        self.sequence = if self.sequence >= 0x7FFF_FFFF { 1 } else { self.sequence + 1 };
        self.sequence
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), SessionEnd> {
        let written = timeout(self.patience, async {
            self.writer.write_all(bytes).await?;
            self.writer.flush().await
        });
        match written.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(SessionEnd(error.to_string())),
            Err(_) => Err(SessionEnd("the SMSC reads nothing".to_owned())),
        }
    }

    async fn write_message(
        &mut self,
        message: Pdu,
        answer: oneshot::Sender<SubmitAnswer>,
        slot: OwnedSemaphorePermit,
    ) -> Result<(), SessionEnd> {
        // The caller gave up while the message waited here.
        if answer.is_closed() {
            return Ok(());
        }
        let sequence = self.next_sequence();
        let Ok(bytes) = pdu::encode(message, sequence) else {
            let _gone = answer.send(SubmitAnswer::Unwritten);
            return Ok(());
        };
        // Before it is written: part of it may leave although the rest fails.
        self.pending.insert(sequence, PendingSubmit { answer, written_at: Instant::now(), _slot: slot });
        self.write(&bytes).await
    }

    /// Answers a delivery: it was kept, or is to be repeated.
    async fn answer_delivery(&mut self, sequence: u32, is_kept: bool) -> Result<(), SessionEnd> {
        let status = if is_kept { 0 } else { pdu::ESME_RX_T_APPN };
        self.write(&pdu::delivery_answer(status, sequence)).await
    }

    async fn read_frame(&mut self, frame: SmppFrame) -> Result<FrameEffect, SessionEnd> {
        let (id, sequence) = (frame.id, frame.sequence);
        match id {
            pdu::SUBMIT_SM_RESP | pdu::GENERIC_NACK => {
                self.answered_at = Instant::now();
                self.has_answered.store(true, Ordering::Release);
                if let Some(waiting) = self.pending.remove(&sequence) {
                    let answer = SubmitAnswer::Answered { status: frame.status, message_id: frame.message_id() };
                    let _gone = waiting.answer.send(answer);
                }
            }
            pdu::DELIVER_SM => {
                // What cannot be read is nothing that a repetition mends.
                let Some(receipt) = frame.receipt(&self.number_errors) else {
                    self.answer_delivery(sequence, true).await?;
                    return Ok(FrameEffect::None);
                };
                let (receipt, confirmed) = UnconfirmedReceipt::new(receipt);
                if self.receipts.try_send(receipt).is_err() {
                    self.answer_delivery(sequence, false).await?;
                    return Ok(FrameEffect::None);
                }
                let patience = self.patience;
                self.unconfirmed
                    .spawn(async move { (sequence, matches!(timeout(patience, confirmed).await, Ok(Ok(())))) });
            }
            pdu::ENQUIRE_LINK => self.write(&pdu::bare(pdu::ENQUIRE_LINK_RESP, 0, sequence)).await?,
            pdu::UNBIND => {
                self.write(&pdu::bare(pdu::UNBIND_RESP, 0, sequence)).await?;
                return Ok(FrameEffect::Leaves);
            }
            pdu::UNBIND_RESP => return Ok(FrameEffect::Left),
            id if id & RESPONSE == 0 => {
                self.write(&pdu::bare(pdu::GENERIC_NACK, pdu::ESME_RINVCMDID, sequence)).await?;
            }
            _ => {}
        }
        Ok(FrameEffect::None)
    }
}

/// The effect of a frame on its session.
enum FrameEffect {
    None,
    /// The SMSC leaves.
    Leaves,
    /// The SMSC has confirmed that we leave.
    Left,
}
