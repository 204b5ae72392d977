//! The mail server of the demo (RFC 5321): takes every mail, and sends none on.
//!
//! Listens on the loopback interface only. Each dialogue is bounded in bytes and in time, and there are few at once:
//! whatever a client sends, the mailboxes stay small.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::slice::Iter;
use std::time::Duration;

use smtp_proto::request::receiver::{DataReceiver, RequestReceiver};
use smtp_proto::{Error, Request};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{SharedSites, mailboxes};

/// The maximum size of a mail, in bytes.
const MAX_MAIL_BYTES: usize = 64 * 1024;

const MAX_RECIPIENTS: usize = 10;

/// The maximum number of refused commands of a dialogue.
const MAX_REFUSALS: usize = 10;

/// The maximum number of dialogues at once; more clients are let go.
const MAX_DIALOGUES: usize = 16;

/// The time-out of each exchange, and the maximum duration of a dialogue.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_DIALOGUE: Duration = Duration::from_secs(300);

/// The pause after the listener failed, as after too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves the listener until the future is dropped, which also ends the dialogues.
pub async fn serve(listener: TcpListener, sites: SharedSites) {
    let mut dialogues = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = dialogues.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) if dialogues.len() < MAX_DIALOGUES => {
                    let sites = sites.clone();
                    dialogues.spawn(async move {
                        let deliver = move |to: &[String], raw: &[u8]| {
                            mailboxes::deliver(&sites.mailboxes, to, raw, sites.clock.now())
                        };
                        let ended = timeout(MAX_DIALOGUE, converse(socket, deliver)).await;
                        tracing::debug!(?ended, "a mail dialogue has ended");
                    });
                }
                Ok(_) => tracing::warn!("too many mail dialogues at once: a client was let go"),
                Err(error) => {
                    tracing::warn!(%error, "the demo's mail server does not accept");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Holds one dialogue to its end. `deliver` takes the recipients and the mail, and returns false if it is unreadable.
async fn converse<S>(mut socket: S, deliver: impl Fn(&[String], &[u8]) -> bool) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut dialogue = MailDialogue::default();
    send(&mut socket, "220 localhost mail of the demo").await?;
    let mut buffer = [0u8; 4096];
    loop {
        let length = within(socket.read(&mut buffer)).await?;
        let mut bytes = buffer.get(..length).unwrap_or_default().iter();
        if length == 0 {
            return Ok(());
        }
        while let Some(reply) = dialogue.advance(&mut bytes, &deliver) {
            send(&mut socket, reply.text()).await?;
            if reply == Reply::Goodbye || reply == Reply::TooMuch {
                return Ok(());
            }
        }
    }
}

async fn send(socket: &mut (impl AsyncWrite + Unpin), text: &str) -> io::Result<()> {
    within(socket.write_all(format!("{text}\r\n").as_bytes())).await
}

async fn within<T>(exchange: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(EXCHANGE_TIMEOUT, exchange).await.map_err(|_| io::Error::from(ErrorKind::TimedOut))?
}

/// A reply of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reply {
    Extensions,
    Done,
    SendData,
    /// Ends the dialogue.
    Goodbye,
    TooManyRecipients,
    UnknownCommand,
    WrongParameter,
    NotOffered,
    WrongOrder,
    Unreadable,
    /// More bytes or refusals than a dialogue may have. Ends the dialogue.
    TooMuch,
}

impl Reply {
    fn text(self) -> &'static str {
        match self {
            Reply::Extensions => "250-localhost\r\n250-8BITMIME\r\n250 SMTPUTF8",
            Reply::Done => "250 done",
            Reply::SendData => "354 end with a dot on a line of its own",
            Reply::Goodbye => "221 good-bye",
            Reply::TooManyRecipients => "452 too many recipients",
            Reply::UnknownCommand => "500 unknown command",
            Reply::WrongParameter => "501 wrong parameter",
            Reply::NotOffered => "502 not offered",
            Reply::WrongOrder => "503 wrong order of commands",
            Reply::Unreadable => "554 not a mail",
            Reply::TooMuch => "421 more than this server takes",
        }
    }

    fn is_refusal(self) -> bool {
        !matches!(self, Reply::Extensions | Reply::Done | Reply::SendData | Reply::Goodbye)
    }
}

/// The state of a dialogue, without any I/O.
#[derive(Default)]
struct MailDialogue {
    commands: RequestReceiver,
    /// The content under way, after DATA.
    data: Option<(DataReceiver, Vec<u8>)>,
    has_sender: bool,
    recipients: Vec<String>,
    refusals: usize,
}

impl MailDialogue {
    /// Takes bytes up to the end of a command or of a mail, and returns the reply; `None` if more bytes are needed.
    fn advance(&mut self, bytes: &mut Iter<'_, u8>, deliver: impl Fn(&[String], &[u8]) -> bool) -> Option<Reply> {
        if bytes.as_slice().is_empty() {
            return None;
        }
        let reply = match self.data.take() {
            Some((mut receiver, mut mail)) => {
                if receiver.ingest(bytes, &mut mail) {
                    let recipients = self.reset();
                    if deliver(&recipients, &mail) { Reply::Done } else { Reply::Unreadable }
                } else if mail.len() > MAX_MAIL_BYTES {
                    Reply::TooMuch
                } else {
                    self.data = Some((receiver, mail));
                    return None;
                }
            }
            None => match self.commands.ingest(bytes) {
                Err(Error::NeedsMoreData { .. }) => return None,
                Ok(request) => {
                    let request = request.into_owned();
                    self.answer(request)
                }
                Err(Error::UnknownCommand) => Reply::UnknownCommand,
                Err(Error::ResponseTooLong) => Reply::TooMuch,
                Err(_) => Reply::WrongParameter,
            },
        };
        self.refusals += usize::from(reply.is_refusal());
        Some(if self.refusals > MAX_REFUSALS { Reply::TooMuch } else { reply })
    }

    fn answer(&mut self, request: Request<String>) -> Reply {
        match request {
            Request::Ehlo { .. } => {
                self.reset();
                Reply::Extensions
            }
            Request::Mail { .. } if self.has_sender => Reply::WrongOrder,
            Request::Mail { .. } => {
                self.has_sender = true;
                Reply::Done
            }
            Request::Rcpt { .. } if !self.has_sender => Reply::WrongOrder,
            Request::Rcpt { .. } if self.recipients.len() >= MAX_RECIPIENTS => Reply::TooManyRecipients,
            Request::Rcpt { to } => {
                self.recipients.push(to.address);
                Reply::Done
            }
            Request::Data if self.recipients.is_empty() => Reply::WrongOrder,
            Request::Data => {
                self.data = Some((DataReceiver::new(), Vec::new()));
                Reply::SendData
            }
            Request::Helo { .. } | Request::Rset => {
                self.reset();
                Reply::Done
            }
            Request::Noop { .. } => Reply::Done,
            Request::Quit => Reply::Goodbye,
            _ => Reply::NotOffered,
        }
    }

    /// Begins a new mail, and returns the recipients of the former one.
    fn reset(&mut self) -> Vec<String> {
        self.has_sender = false;
        std::mem::take(&mut self.recipients)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::base::rng::{Random, SeededRandom};

    /// Feeds a dialogue in pieces of `size` bytes; returns the codes of its replies and the mails.
    fn replay(typed: &[u8], size: usize) -> (Vec<String>, Vec<(Vec<String>, String)>) {
        let (mails, mut codes) = (RefCell::new(Vec::new()), Vec::new());
        let deliver = |to: &[String], raw: &[u8]| {
            mails.borrow_mut().push((to.to_vec(), String::from_utf8_lossy(raw).into_owned()));
            true
        };
        let mut dialogue = MailDialogue::default();
        'pieces: for piece in typed.chunks(size) {
            let mut bytes = piece.iter();
            while let Some(reply) = dialogue.advance(&mut bytes, deliver) {
                codes.push(reply.text()[..3].to_owned());
                if reply == Reply::Goodbye || reply == Reply::TooMuch {
                    break 'pieces;
                }
            }
        }
        (codes, mails.into_inner())
    }

    const WHOLE: &[u8] = b"EHLO a\r\nMAIL FROM:<x@y.example>\r\nRCPT TO:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n\
        DATA\r\nSubject: s\r\n\r\none\r\n..two\r\n.\r\nNOOP\r\nQUIT\r\nNOOP\r\n";

    #[test]
    fn a_mail_is_taken_whole_however_its_bytes_arrive() {
        let right = replay(WHOLE, WHOLE.len());
        assert_eq!(right.0, ["250", "250", "250", "250", "354", "250", "250", "221"]);
        let (to, text) = &right.1[0];
        assert_eq!(to, &["a@b.example", "c@d.example"]);
        assert_eq!(text.trim_end(), "Subject: s\r\n\r\none\r\n.two");
        for size in 1..40 {
            assert_eq!(replay(WHOLE, size), right, "in pieces of {size}");
        }
    }

    #[test]
    fn what_comes_in_another_order_or_is_unknown_is_refused_and_the_dialogue_goes_on() {
        let typed = b"DATA\r\nRCPT TO:<a@b.example>\r\nTURN IT\r\nMAIL FROM:x\r\nVRFY a\r\nMAIL FROM:<>\r\n\
            MAIL FROM:<>\r\nDATA\r\nRSET\r\nNOOP\r\nQUIT\r\n";
        let (codes, mails) = replay(typed, typed.len());
        assert_eq!(codes, ["503", "503", "500", "501", "502", "250", "503", "503", "250", "250", "221"]);
        assert!(mails.is_empty());
    }

    #[test]
    fn a_dialogue_is_bounded_in_refusals_recipients_and_bytes() {
        let (codes, _) = replay(&b"x\r\n".repeat(100), 7);
        assert_eq!((codes.len(), codes.last().unwrap().as_str()), (MAX_REFUSALS + 1, "421"));

        let mut many = b"MAIL FROM:<>\r\n".to_vec();
        many.extend(b"RCPT TO:<a@b.example>\r\n".repeat(MAX_RECIPIENTS + 1));
        assert_eq!(replay(&many, 4096).0.last().unwrap(), "452");

        let mut long = b"MAIL FROM:<>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n".to_vec();
        long.extend(b"0123456789\r\n".repeat(MAX_MAIL_BYTES));
        let (codes, mails) = replay(&long, 4096);
        assert_eq!((codes, mails.len()), (["250", "250", "354", "421"].map(str::to_owned).to_vec(), 0));

        let (codes, _) = replay(&[b'a'; 100_000], 4096);
        assert_eq!(codes, ["421"], "a line without an end");
    }

    #[test]
    fn no_bytes_bring_the_dialogue_down() {
        let rng: &dyn Random = &SeededRandom::new(25);
        let mut junk = WHOLE.to_vec();
        for _ in 0..3_000 {
            let place = rng.below(u32::try_from(junk.len()).unwrap()) as usize;
            junk[place] = u8::try_from(rng.below(256)).unwrap();
            let _ended = replay(&junk, 13);
            if place.is_multiple_of(50) {
                junk = WHOLE.to_vec();
            }
        }
    }
}
