//! Relying parties receiving logout tokens on loopback, each with a configurable response.

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

use super::TestServer;
use super::relying_party::decode_part;

/// One received call.
#[derive(Clone, Debug)]
pub struct ReceivedCall {
    pub client: String,
    pub headers: HeaderMap,
    pub fields: Vec<(String, String)>,
}

impl ReceivedCall {
    /// Returns the logout token, the only field.
    pub fn token(&self) -> &str {
        let [(name, token)] = self.fields.as_slice() else { panic!("{:?}", self.fields) };
        assert_eq!(name, "logout_token");
        token
    }

    pub fn claims(&self) -> Value {
        decode_part(self.token(), 1)
    }
}

#[derive(Default)]
struct ReceiverState {
    calls: Vec<ReceivedCall>,
    /// The response status of each client; 0 for no response at all. The default is 200.
    statuses: HashMap<String, u16>,
}

/// One HTTP server for all clients, at `/{client_id}`.
#[derive(Clone)]
pub struct LogoutReceiver {
    base: String,
    state: Arc<Mutex<ReceiverState>>,
}

impl LogoutReceiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let heard = Arc::<Mutex<ReceiverState>>::default();
        let routes = Router::new().route("/{client}", post(take)).with_state(Arc::clone(&heard));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { base, state: heard }
    }

    /// Serves a text at a new address; returns the address.
    pub async fn serve_text(text: String) -> String {
        Self::serve_text_counted(text).await.0
    }

    /// Serves a text; returns the address and a counter of the requests.
    pub async fn serve_text_counted(text: String) -> (String, Arc<AtomicUsize>) {
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

    /// Sets the response status of a client.
    pub fn answer_with(&self, client: &str, status: u16) {
        self.state.lock().unwrap().statuses.insert(client.to_owned(), status);
    }

    pub fn calls(&self) -> Vec<ReceivedCall> {
        self.state.lock().unwrap().calls.clone()
    }

    pub fn calls_of(&self, client: &str) -> Vec<ReceivedCall> {
        self.calls().into_iter().filter(|call| call.client == client).collect()
    }

    /// Lists the called clients, sorted, with repetitions.
    pub fn called_clients(&self) -> Vec<String> {
        let mut all: Vec<String> = self.calls().into_iter().map(|call| call.client).collect();
        all.sort();
        all
    }

    /// Registers this receiver as the back-channel logout URI of the clients.
    pub async fn register_clients(&self, server: &TestServer, clients: &[&str]) {
        for client in clients {
            server.update_registration(client, json!({ "backchannel_logout_uri": self.uri(client) })).await;
        }
    }
}

async fn take(
    State(heard): State<Arc<Mutex<ReceiverState>>>,
    Path(client): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let status = {
        let mut heard = heard.lock().unwrap();
        let fields = form_urlencoded::parse(&body).into_owned().collect();
        heard.calls.push(ReceivedCall { client: client.clone(), headers, fields });
        heard.statuses.get(&client).copied().unwrap_or(200)
    };
    if status == 0 {
        std::future::pending::<()>().await;
    }
    let elsewhere = [("location", "/elsewhere"), ("cache-control", "no-store")];
    (StatusCode::from_u16(status).unwrap(), elsewhere).into_response()
}

impl TestServer {
    /// Changes the stored metadata of a client.
    pub async fn update_registration(&self, client_id: &str, changes: Value) {
        let sql = "SELECT metadata FROM client WHERE client_id = $1";
        let mut tx = self.app.db.read().await.unwrap();
        let (text,) = tx.fetch_one::<(String,)>(sql, vec![client_id.into()]).await.unwrap();
        drop(tx);
        let mut metadata: Value = serde_json::from_str(&text).unwrap();
        let map = metadata.as_object_mut().unwrap();
        map.extend(changes.as_object().unwrap().clone());
        let args = vec![client_id.into(), metadata.to_string().into()];
        assert_eq!(self.execute_sql("UPDATE client SET metadata = $2 WHERE client_id = $1", args).await, 1);
    }
}
