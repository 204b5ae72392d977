//! The program as an operator runs it: a process, its signals, its log.
//!
//! Nothing here is decided by a clock of ours: what is waited for comes, or the test ends at [`AT_LAST`].

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use preau::base::rng::SeededRandom;
use preau::crypto;
use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::outgoing::{certificates, openssl};
use crate::support::deployment;
use crate::support::relying_party::basic_header;

const AT_LAST: Duration = Duration::from_secs(120);

struct Process {
    folder: TempDir,
    child: Child,
    public: u16,
    operations: u16,
}

/// Two ports that nobody has.
fn ports() -> [u16; 2] {
    let free = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    free.map(|listener| listener.local_addr().unwrap().port())
}

fn serve(folder: &Path) -> Child {
    serve_with(folder, 4_096)
}

/// With so many file descriptors and no way to more.
fn serve_with(folder: &Path, descriptors: u32) -> Child {
    let program = format!("ulimit -n {descriptors} && exec \"$0\" \"$@\"");
    Command::new("sh")
        .args(["-c", &program, env!("CARGO_BIN_EXE_preau"), "serve", "--config"])
        .arg(folder.join("preau.toml"))
        .current_dir(folder)
        .stderr(File::create(folder.join("log")).unwrap())
        .spawn()
        .unwrap()
}

fn write_configuration(folder: &Path, [public, operations]: [u16; 2], filter: &str) {
    let text = format!(
        "[server]\nissuer = \"https://localhost:{public}\"\nlisten = \"127.0.0.1:{public}\"\n\
         operations = \"127.0.0.1:{operations}\"\ntrusted_proxies = [\"127.0.0.1\"]\ndrain_seconds = 3600\n\
         [server.tls]\ncertificate = \"server.pem\"\nkey = \"server.key\"\n\
         [log]\nfilter = \"{filter}\"\njson = true\n\
         [database]\nurl = \"sqlite:preau.db\"\n[keys]\ndirectory = \"keys\"\n\
         [deployment]\ndirectory = \"deployment\"\n"
    );
    fs::write(folder.join("preau.toml"), text).unwrap();
}

impl Process {
    async fn start() -> Self {
        Self::start_with(4_096).await
    }

    async fn start_with(descriptors: u32) -> Self {
        let folder = TempDir::new().unwrap();
        deployment::write_deployment(&folder.path().join("deployment"));
        crypto::write_new_master_key(&folder.path().join("keys"), &SeededRandom::new(7)).unwrap();
        certificates(folder.path(), "localhost");
        let [public, operations] = ports();
        write_configuration(folder.path(), [public, operations], "info");
        let child = serve_with(folder.path(), descriptors);
        let process = Self { folder, child, public, operations };
        process.until("it is ready", async || process.readiness().await == Some(200)).await;
        process
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path().join("log")).unwrap()
    }

    async fn until(&self, what: &str, done: impl AsyncFn() -> bool) {
        let waited = tokio::time::timeout(AT_LAST, async {
            while !done().await {
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        });
        assert!(waited.await.is_ok(), "not in time: {what}\n{}", self.log());
    }

    async fn until_logged(&self, words: &[&str]) {
        let logged = |line: &str| words.iter().all(|word| line.contains(word));
        self.until(&words.join(", "), async || self.log().lines().any(logged)).await;
    }

    async fn readiness(&self) -> Option<u16> {
        let answer = Client::new().get(format!("http://127.0.0.1:{}/readyz", self.operations)).send().await;
        answer.ok().map(|answer| answer.status().as_u16())
    }

    /// A client that trusts what `ca.pem` holds now.
    fn client(&self) -> Client {
        let ca = reqwest::Certificate::from_pem(&fs::read(self.path().join("ca.pem")).unwrap()).unwrap();
        Client::builder().tls_certs_only([ca]).pool_max_idle_per_host(0).build().unwrap()
    }

    fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.public)
    }

    /// Whether a new connection is answered with a certificate of this authority.
    async fn is_trusted(&self, ca: &[u8]) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca).unwrap()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.public)).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.is_ok()
    }

    fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

/// A test that fails leaves nothing behind.
impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.child.kill();
    }
}

#[tokio::test]
async fn faults_f5_signals_reload_or_drain_and_never_kill() {
    let process = Process::start().await;
    let (client, folder) = (process.client(), process.path());
    process.signal("-USR1");
    process.until_logged(&["SIGUSR1 means nothing here"]).await;
    process.signal("-USR2");
    process.until_logged(&["SIGUSR2 means nothing here"]).await;

    // A relying party whose file is new, and a certificate of another authority.
    let file = fs::read_to_string(folder.join("deployment/clients/strict.toml")).unwrap();
    fs::write(folder.join("deployment/clients/neuf.toml"), file.replace("strict", "neuf")).unwrap();
    let secret = folder.join("keys/strict.secret");
    if secret.exists() {
        fs::copy(secret, folder.join("keys/neuf.secret")).unwrap();
    }
    let former = fs::read(folder.join("ca.pem")).unwrap();
    certificates(folder, "localhost");
    let ca = fs::read(folder.join("ca.pem")).unwrap();
    assert!(process.is_trusted(&former).await && !process.is_trusted(&ca).await);
    process.signal("-HUP");
    process.until("the new certificate is shown", async || process.is_trusted(&ca).await).await;
    process.until_logged(&["read again", "the certificate"]).await;
    process.until_logged(&["read again", "the log's filter"]).await;
    let client_of_now = process.client();
    let unknown = "/oauth2/authorize?client_id=neuf";
    let page = client_of_now.get(process.url(unknown)).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Service neuf"), "{page}");

    // What cannot be read is said, and what was there stays.
    fs::write(folder.join("server.pem"), "nothing").unwrap();
    fs::write(folder.join("deployment/clients/neuf.toml"), "client_id = ").unwrap();
    write_configuration(folder, [process.public, process.operations], "inof");
    process.signal("-HUP");
    process.until_logged(&["not read again", "the log's filter", "inof"]).await;
    process.until_logged(&["not read again", "the certificate"]).await;
    process.until_logged(&["ERROR", "neuf.toml"]).await;
    assert!(process.is_trusted(&ca).await);
    let page = client_of_now.get(process.url(unknown)).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Service neuf"), "{page}");
    drop(client);

    // Nor is a certificate served that a start would refuse.
    openssl(folder, "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days -1 -extfile ext -out server.pem");
    process.signal("-HUP");
    process.until_logged(&["not read again", "the certificate", "server.pem ended on 2"]).await;
    assert!(process.is_trusted(&ca).await);

    // Not ready first, and everything is answered until the stop; a second signal does not wait for it.
    process.signal("-TERM");
    process.until("it is not ready any more", async || process.readiness().await == Some(503)).await;
    assert_eq!(client_of_now.get(process.url("/aide")).send().await.unwrap().status(), 200);
    process.signal("-TERM");
    assert_eq!(process.wait().code(), Some(0));
}

#[tokio::test]
async fn faults_f7_the_lines_of_a_request_name_it_its_client_and_its_source() {
    let process = Process::start().await;
    let client = process.client();
    let line = |id: &str| {
        let log = process.log();
        let lines =
            log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|e| panic!("{e}: {line}")));
        lines.filter(|line| line["span"]["request_id"] == id).collect::<Vec<_>>()
    };
    let mut request = client.get(process.url("/aide")).header("x-request-id", "proxy-4711/a").build().unwrap();
    request.headers_mut().insert("x-forwarded-for", "203.0.113.9".parse().unwrap());
    let answer = client.execute(request).await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], "proxy-4711/a");
    process.until("the request is logged", async || !line("proxy-4711/a").is_empty()).await;
    let found = line("proxy-4711/a");
    let [said] = &found[..] else { panic!("one line: {found:?}") };
    assert_eq!((said["message"].as_str(), said["path"].as_str()), (Some("request"), Some("/aide")), "{said}");
    assert_eq!((said["outcome"].as_str(), said["status"].as_i64()), (Some("ok"), Some(200)), "{said}");
    assert_eq!(said["span"]["source"], "203.0.113.9", "{said}");

    // A refusal has two lines, and both name the client.
    let token = client.post(process.url("/oauth2/token")).header("x-request-id", "proxy-4712/b");
    let token =
        token.header("authorization", basic_header("ent", "wrong")).form(&[("grant_type", "authorization_code")]);
    assert_eq!(token.send().await.unwrap().status(), 401);
    process.until("both are logged", async || line("proxy-4712/b").len() == 2).await;
    for said in line("proxy-4712/b") {
        assert_eq!(said["span"]["client_id"], "ent", "{said}");
        assert!(said["message"] != "request" || said["outcome"] == "invalid_client", "{said}");
    }
    // What is no id is not taken over.
    let odd = client.get(process.url("/aide")).header("x-request-id", "a b").send().await.unwrap();
    assert_ne!(odd.headers()["x-request-id"], "a b");
}

#[tokio::test]
async fn faults_f7_the_line_that_says_why_nothing_starts_is_json_too() {
    let folder = TempDir::new().unwrap();
    for (text, word) in
        [("[log]\njson = true\nfilter = \"inof\"\n", "inof"), ("[log]\njson = true\n[sever]\n", "sever")]
    {
        fs::write(folder.path().join("preau.toml"), text).unwrap();
        assert_eq!(serve(folder.path()).wait().unwrap().code(), Some(1));
        let log = fs::read_to_string(folder.path().join("log")).unwrap();
        let said: Value = serde_json::from_str(log.trim()).unwrap_or_else(|e| panic!("{e}: {log}"));
        assert!(said["message"].as_str().unwrap().contains(word), "{said}");
        assert_eq!(said["level"], "ERROR");
    }
}

#[test]
fn faults_f4_a_misspelt_variable_of_the_environment_stops_a_command() {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_preau"));
    let said = command.args(["client", "list"]).current_dir(folder.path()).env("PREAU_SERVER_ISSUER", "x").output();
    let said = said.unwrap();
    assert_eq!(said.status.code(), Some(1));
    let text = String::from_utf8_lossy(&said.stderr);
    assert!(
        text.contains("PREAU_SERVER_ISSUER in the environment says nothing: write PREAU__SERVER__ISSUER"),
        "{text}"
    );
}

#[tokio::test]
async fn fault_rt18_few_descriptors_are_never_used_up_by_connections() {
    let process = Process::start_with(128).await;
    let mut silent = Vec::new();
    for _ in 0..200 {
        silent.push(TcpStream::connect((Ipv4Addr::LOCALHOST, process.public)).await.unwrap());
    }
    process.until_logged(&["connections are refused", "too many"]).await;
    // The other door is open all the while, and so are the database and its files.
    assert_eq!(process.readiness().await, Some(200));
    let client = process.client();
    process.until("whoever is slow is closed", async || client.get(process.url("/aide")).send().await.is_ok()).await;
    let metrics = format!("http://127.0.0.1:{}/metrics", process.operations);
    let text = Client::new().get(metrics).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("preau_connections_refused_total{reason=\"all\"}"), "{text}");
    assert!(!process.log().contains("no file descriptor is free"), "{}", process.log());
    process.signal("-INT");
    assert_eq!(process.wait().code(), Some(0));
}
