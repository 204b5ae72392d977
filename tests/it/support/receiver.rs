//! Relying parties that listen on loopback for the end of a session, each with a temper of its own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::Server;
use super::relying_party::part;

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    pub client: String,
    pub headers: HeaderMap,
    pub fields: Vec<(String, String)>,
}

impl Call {
    /// The only field.
    pub fn token(&self) -> &str {
        let [(name, token)] = self.fields.as_slice() else { panic!("{:?}", self.fields) };
        assert_eq!(name, "logout_token");
        token
    }

    pub fn claims(&self) -> Value {
        part(self.token(), 1)
    }
}

#[derive(Default)]
struct Heard {
    calls: Vec<Call>,
    /// What a client answers; 0 is nothing at all. 200 where nothing is said.
    answers: HashMap<String, u16>,
}

/// One server for all of them: `/{client_id}`.
#[derive(Clone)]
pub struct Receiver {
    base: String,
    heard: Arc<Mutex<Heard>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let heard = Arc::<Mutex<Heard>>::default();
        let routes = Router::new().route("/{client}", post(take)).with_state(Arc::clone(&heard));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { base, heard }
    }

    /// A server that gives this text to whoever asks; its address.
    pub async fn giving(text: String) -> String {
        Self::counting(text).await.0
    }

    /// The same, and how often it was asked.
    pub async fn counting(text: String) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://127.0.0.1:{}/object", listener.local_addr().unwrap().port());
        let times = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&times);
        let give = async move || {
            counted.fetch_add(1, Ordering::SeqCst);
            text.clone()
        };
        let routes = Router::new().route("/object", get(give));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        (address, times)
    }

    pub fn uri(&self, client: &str) -> String {
        format!("{}/{client}", self.base)
    }

    /// What it answers from now on.
    pub fn answer(&self, client: &str, status: u16) {
        self.heard.lock().unwrap().answers.insert(client.to_owned(), status);
    }

    pub fn calls(&self) -> Vec<Call> {
        self.heard.lock().unwrap().calls.clone()
    }

    pub fn calls_of(&self, client: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.client == client).collect()
    }

    /// The clients that were called, each as often as it was.
    pub fn called(&self) -> Vec<String> {
        let mut all: Vec<String> = self.calls().into_iter().map(|call| call.client).collect();
        all.sort();
        all
    }

    /// These clients are told of ends of sessions here.
    pub async fn listens_for(&self, server: &Server, clients: &[&str]) {
        for client in clients {
            server.register(client, json!({ "backchannel_logout_uri": self.uri(client) })).await;
        }
    }
}

async fn take(
    State(heard): State<Arc<Mutex<Heard>>>,
    Path(client): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let status = {
        let mut heard = heard.lock().unwrap();
        let fields = form_urlencoded::parse(&body).into_owned().collect();
        heard.calls.push(Call { client: client.clone(), headers, fields });
        heard.answers.get(&client).copied().unwrap_or(200)
    };
    if status == 0 {
        std::future::pending::<()>().await;
    }
    let elsewhere = [("location", "/elsewhere"), ("cache-control", "no-store")];
    (StatusCode::from_u16(status).unwrap(), elsewhere).into_response()
}

impl Server {
    /// Changes what is registered of a client.
    pub async fn register(&self, client_id: &str, changes: Value) {
        let sql = "SELECT metadata FROM client WHERE client_id = $1";
        let mut tx = self.app.db.read().await.unwrap();
        let (text,) = tx.one::<(String,)>(sql, vec![client_id.into()]).await.unwrap();
        drop(tx);
        let mut metadata: Value = serde_json::from_str(&text).unwrap();
        let map = metadata.as_object_mut().unwrap();
        map.extend(changes.as_object().unwrap().clone());
        let args = vec![client_id.into(), metadata.to_string().into()];
        assert_eq!(self.sql("UPDATE client SET metadata = $2 WHERE client_id = $1", args).await, 1);
    }
}
