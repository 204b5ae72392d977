//! An SMSC over TLS, which takes messages, refuses them, or fails in the middle, as a test says.
//!
//! There are two: one in this process, which reads and writes PDUs by hand; and, where `TEST_SMSC` names
//! `tests/sms/smsc.js`, one by npm's `smpp`, which others wrote. Both know the same orders.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use preau::config::SmppGatewayConfig;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::outgoing::certificates;

pub const ACCOUNT: &str = "preau";
pub const PASSWORD: &str = "secret08";

/// A message as an SMSC took it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TakenSms {
    pub id: String,
    pub to: String,
    pub source: String,
    pub source_ton: u8,
    pub destination_ton: u8,
    pub coding: u8,
    pub receipt: u8,
    pub parts: u8,
    pub text: String,
}

/// An SMSC that listens.
pub struct TestSmsc {
    folder: TempDir,
    pub port: u16,
    way: SmscWay,
}

enum SmscWay {
    Here(Arc<Mutex<SmscState>>, tokio::sync::Mutex<JoinSet<()>>),
    Node(Arc<Mutex<(Child, ChildStdin, BufReader<ChildStdout>)>>),
}

#[derive(Default)]
struct SmscState {
    mood: String,
    taken: Vec<Value>,
    counts: BTreeMap<&'static str, u64>,
    /// What is to be written to the bound sessions.
    bound: Vec<(u64, tokio::sync::mpsc::UnboundedSender<Vec<u8>>)>,
    next: u64,
    /// The status of the last answered delivery.
    delivery_status: Option<u32>,
}

/// The program of the SMSC that others wrote, if the test run names one.
#[expect(clippy::disallowed_methods, reason = "the test run says where its SMSC is; the program never reads it")]
fn foreign_smsc() -> Option<String> {
    std::env::var("TEST_SMSC").ok()
}

impl TestSmsc {
    pub async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        certificates(folder.path(), "localhost");
        if let Some(script) = foreign_smsc() {
            let mut child = Command::new("node")
                .args([Path::new(&script), folder.path(), Path::new(ACCOUNT), Path::new(PASSWORD)])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("node runs");
            let input = child.stdin.take().unwrap();
            let mut output = BufReader::new(child.stdout.take().unwrap());
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            let told: Value = serde_json::from_str(&line).expect("the SMSC says its port");
            let port = u16::try_from(told["port"].as_u64().unwrap()).unwrap();
            return Self { folder, port, way: SmscWay::Node(Arc::new(Mutex::new((child, input, output)))) };
        }
        let state = Arc::new(Mutex::new(SmscState { mood: "takes".to_owned(), ..SmscState::default() }));
        let mut smsc = Self { folder, port: 0, way: SmscWay::Here(state, tokio::sync::Mutex::default()) };
        smsc.port = smsc.listen_here().await;
        smsc
    }

    /// Returns the settings of a gateway that binds here.
    pub fn config(&self) -> SmppGatewayConfig {
        let text = json!({
            "address": format!("localhost:{}", self.port),
            "ca": self.authority(),
            "system_id": ACCOUNT,
            "password": PASSWORD,
            "source": "MonCompte",
            "per_second": 1000,
            "timeout_seconds": 2,
            "enquire_link_seconds": 600,
        });
        serde_json::from_value(text).unwrap()
    }

    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    async fn order(&self, order: Value) -> Value {
        match &self.way {
            SmscWay::Node(node) => {
                let node = Arc::clone(node);
                // On another thread: some answers wait for ours.
                let answer = tokio::task::spawn_blocking(move || {
                    let mut node = node.lock().unwrap();
                    writeln!(node.1, "{order}").unwrap();
                    let mut line = String::new();
                    node.2.read_line(&mut line).unwrap();
                    line
                });
                serde_json::from_str(&answer.await.unwrap()).expect("an answer")
            }
            SmscWay::Here(state, running) => match order["do"].as_str().unwrap() {
                "mood" => {
                    state.lock().unwrap().mood = order["value"].as_str().unwrap().to_owned();
                    json!({})
                }
                "taken" => Value::Array(state.lock().unwrap().taken.clone()),
                "counts" => {
                    let state = state.lock().unwrap();
                    let mut counts = json!(state.counts);
                    counts["bound"] = state.bound.len().into();
                    counts
                }
                "receipt" => {
                    let text = format!(
                        "id:{} sub:001 dlvrd:001 submit date:2611281200 done date:2611281201 stat:{} err:{:03} text:",
                        order["id"].as_str().unwrap(),
                        order["stat"].as_str().unwrap(),
                        order["err"].as_u64().unwrap()
                    );
                    let bound = state.lock().unwrap().bound.first().unwrap().1.clone();
                    bound.send(delivery(&text)).unwrap();
                    loop {
                        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                        if let Some(status) = state.lock().unwrap().delivery_status.take() {
                            return json!({ "status": status });
                        }
                    }
                }
                "unbind" => {
                    let bound = state.lock().unwrap().bound.first().unwrap().1.clone();
                    let before = state.lock().unwrap().bound.len();
                    bound.send(pdu(6, 0, 9_001, &[])).unwrap();
                    while state.lock().unwrap().bound.len() == before {
                        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    }
                    json!({})
                }
                "stop" => {
                    running.lock().await.shutdown().await;
                    state.lock().unwrap().bound.clear();
                    json!({})
                }
                "listen" => {
                    self.listen_here().await;
                    json!({})
                }
                other => panic!("{other}"),
            },
        }
    }

    /// Changes what it does with messages: `takes`, `throttles`, `refuses_number`, `fails`, `cuts` (before it takes one),
    /// `takes_and_cuts`, `silent` (takes, and never answers anything), `deaf` (answers no bind).
    pub async fn is(&self, mood: &str) {
        self.order(json!({ "do": "mood", "value": mood })).await;
    }

    pub async fn taken(&self) -> Vec<TakenSms> {
        serde_json::from_value(self.order(json!({ "do": "taken" })).await).unwrap()
    }

    /// Returns a count: `binds`, `refused_binds`, `unbinds`, `enquiries`, `submits`, `bound` (now).
    pub async fn count(&self, name: &str) -> u64 {
        self.order(json!({ "do": "counts" })).await[name].as_u64().unwrap_or(0)
    }

    /// Says what became of a message; returns the status of the answer.
    pub async fn tells(&self, id: &str, stat: &str) -> u64 {
        self.tells_with_error(id, stat, 0).await
    }

    /// Says what became of a message, and why.
    pub async fn tells_with_error(&self, id: &str, stat: &str, err: u32) -> u64 {
        self.order(json!({ "do": "receipt", "id": id, "stat": stat, "err": err })).await["status"].as_u64().unwrap()
    }

    /// Leaves its session in order.
    pub async fn unbinds(&self) {
        self.order(json!({ "do": "unbind" })).await;
    }

    /// Ends every connection and listens no longer.
    pub async fn stop(&self) {
        self.order(json!({ "do": "stop" })).await;
    }

    /// Listens again at the same port.
    pub async fn listen(&self) {
        self.order(json!({ "do": "listen" })).await;
    }

    async fn listen_here(&self) -> u16 {
        let SmscWay::Here(state, running) = &self.way else { panic!("another process") };
        let chain: Vec<_> = CertificateDer::pem_file_iter(self.folder.path().join("server.pem"))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let key = PrivateKeyDer::from_pem_file(self.folder.path().join("server.key")).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::clone(state);
        running.lock().await.spawn(async move {
            let mut all = JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                all.spawn(serve(acceptor.clone(), stream, Arc::clone(&state)));
            }
        });
        port
    }
}

impl Drop for TestSmsc {
    fn drop(&mut self) {
        if let SmscWay::Node(node) = &self.way {
            let mut node = node.lock().unwrap();
            let _gone = node.0.kill();
            let _gone = node.0.wait();
        }
    }
}

fn pdu(id: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).unwrap();
    let mut bytes: Vec<u8> = [length, id, status, sequence].iter().flat_map(|value| value.to_be_bytes()).collect();
    bytes.extend_from_slice(body);
    bytes
}

/// A receipt (SMPP 3.4, 4.6.1).
fn delivery(text: &str) -> Vec<u8> {
    let mut body = vec![0, 1, 1];
    body.extend_from_slice(b"33639980000\0");
    body.extend_from_slice(&[5, 0]);
    body.extend_from_slice(b"MonCompte\0");
    body.extend_from_slice(&[4, 0, 0, 0, 0, 0, 0, 0, 0, u8::try_from(text.len()).unwrap()]);
    body.extend_from_slice(text.as_bytes());
    pdu(5, 0, 9_000, &body)
}

/// Reads the parameters of a PDU one after the other.
struct Body<'a>(&'a [u8]);

impl Body<'_> {
    fn text(&mut self) -> String {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap();
        let text = String::from_utf8(self.0[..end].to_vec()).unwrap();
        self.0 = &self.0[end + 1..];
        text
    }

    fn byte(&mut self) -> u8 {
        let byte = self.0[0];
        self.0 = &self.0[1..];
        byte
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let bytes = self.0[..count].to_vec();
        self.0 = &self.0[count..];
        bytes
    }

    fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }
}

fn decoded(octets: &[u8], coding: u8) -> String {
    if coding == 8 {
        let units: Vec<u16> = octets.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        return String::from_utf16(&units).unwrap();
    }
    let marked = [(0x00, '@'), (0x04, 'è'), (0x05, 'é'), (0x7F, 'à'), (0x0A, '\n'), (0x1F, 'É'), (0x11, '_')];
    octets
        .iter()
        .map(|octet| marked.iter().find(|(value, _)| value == octet).map_or(char::from(*octet), |(_, c)| *c))
        .collect()
}

/// Reads a submit_sm (SMPP 3.4, 4.4.1).
fn read_message(body: &[u8], id: &str) -> Value {
    let mut body = Body(body);
    let _service = body.text();
    let (source_ton, _npi, source) = (body.byte(), body.byte(), body.text());
    let (destination_ton, _npi, to) = (body.byte(), body.byte(), body.text());
    let _class_protocol_priority = body.bytes(3);
    let (_schedule, _validity) = (body.text(), body.text());
    let (receipt, _replace, coding, _default) = (body.byte(), body.byte(), body.byte(), body.byte());
    let length = usize::from(body.byte());
    let mut octets = body.bytes(length);
    let mut parts = 1;
    while !body.0.is_empty() {
        let (tag, length) = (body.short(), usize::from(body.short()));
        let value = body.bytes(length);
        match tag {
            0x0424 => octets = value,
            0x020E => parts = value[0],
            _ => {}
        }
    }
    json!({
        "id": id, "to": to, "source": source, "source_ton": source_ton, "destination_ton": destination_ton,
        "coding": coding, "receipt": receipt & 3, "parts": parts, "text": decoded(&octets, coding),
    })
}

async fn serve(acceptor: TlsAcceptor, stream: TcpStream, state: Arc<Mutex<SmscState>>) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let (reader, writer) = tokio::io::split(stream);
    let (sender, mut orders) = tokio::sync::mpsc::unbounded_channel::<Vec<u8>>();
    let number = {
        let mut state = state.lock().unwrap();
        state.next += 1;
        state.next
    };
    let mut writer = writer;
    let writing = async move {
        while let Some(bytes) = orders.recv().await {
            if writer.write_all(&bytes).await.is_err() {
                break;
            }
        }
        let _gone: std::io::Result<()> = WriteHalf::<TlsStream<TcpStream>>::shutdown(&mut writer).await;
    };
    let reading = read_pdus(reader, sender, Arc::clone(&state), number);
    tokio::join!(writing, reading);
    state.lock().unwrap().bound.retain(|(other, _)| *other != number);
}

async fn read_pdus(
    mut reader: ReadHalf<TlsStream<TcpStream>>,
    sender: tokio::sync::mpsc::UnboundedSender<Vec<u8>>,
    state: Arc<Mutex<SmscState>>,
    number: u64,
) {
    loop {
        let mut header = [0; 16];
        if reader.read_exact(&mut header).await.is_err() {
            state.lock().unwrap().bound.retain(|(other, _)| *other != number);
            return;
        }
        let value = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
        let (length, id, status, sequence) = (value(0), value(4), value(8), value(12));
        let mut body = vec![0; usize::try_from(length).unwrap() - 16];
        if reader.read_exact(&mut body).await.is_err() {
            return;
        }
        let mut state = state.lock().unwrap();
        let mut count = |name| *state.counts.entry(name).or_insert(0) += 1;
        match id {
            2 | 9 => {
                let mut body = Body(&body);
                let right = (body.text(), body.text()) == (ACCOUNT.to_owned(), PASSWORD.to_owned());
                count(if right { "binds" } else { "refused_binds" });
                if state.mood == "deaf" {
                    continue;
                }
                let answer = if right {
                    pdu(id | 0x8000_0000, 0, sequence, b"smsc\0")
                } else {
                    pdu(id | 0x8000_0000, 13, sequence, &[])
                };
                if right && id == 9 {
                    state.bound.push((number, sender.clone()));
                }
                sender.send(answer).unwrap();
            }
            4 => {
                count("submits");
                let refuse = |status| sender.send(pdu(0x8000_0004, status, sequence, &[])).unwrap();
                match state.mood.as_str() {
                    "throttles" => refuse(88),
                    "refuses_number" => refuse(11),
                    "fails" => refuse(8),
                    "cuts" => {
                        state.bound.retain(|(other, _)| *other != number);
                        return;
                    }
                    mood => {
                        let mood = mood.to_owned();
                        let name = format!("m{}", state.taken.len() + 1);
                        state.taken.push(read_message(&body, &name));
                        match mood.as_str() {
                            "takes_and_cuts" => {
                                state.bound.retain(|(other, _)| *other != number);
                                return;
                            }
                            "silent" => {}
                            _ => sender.send(pdu(0x8000_0004, 0, sequence, format!("{name}\0").as_bytes())).unwrap(),
                        }
                    }
                }
            }
            0x15 => {
                count("enquiries");
                if state.mood != "silent" {
                    sender.send(pdu(0x8000_0015, 0, sequence, &[])).unwrap();
                }
            }
            6 => {
                count("unbinds");
                sender.send(pdu(0x8000_0006, 0, sequence, &[])).unwrap();
                state.bound.retain(|(other, _)| *other != number);
                return;
            }
            0x8000_0005 => state.delivery_status = Some(status),
            0x8000_0006 => {
                state.bound.retain(|(other, _)| *other != number);
                return;
            }
            _ => {}
        }
    }
}
