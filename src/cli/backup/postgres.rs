//! PostgreSQL's own programs, found in PATH. The address and the password are handed over in the environment of the
//! child, because every user of a machine sees the words of a command.

use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use anyhow::Context as _;
use url::Url;

/// The maximum number of bytes of a program's complaints that are repeated.
const MAX_COMPLAINT_BYTES: u64 = 4_000;

/// Writes a dump of one moment, in PostgreSQL's custom format.
pub fn dump(url: &str, to: &mut impl Write) -> anyhow::Result<()> {
    let mut command = program("pg_dump", url)?;
    command.args(["--format=custom", "--no-owner", "--no-privileges"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut running = Running::start("pg_dump", command)?;
    let copied = match running.child.stdout.take() {
        Some(mut from) => io::copy(&mut from, to).map(|_| ()),
        None => Ok(()),
    };
    running.end(copied)
}

/// Restores a dump, in one transaction.
pub fn restore(url: &str, mut from: impl Read) -> anyhow::Result<()> {
    let mut command = program("pg_restore", url)?;
    let words = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"];
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut running = Running::start("pg_restore", command)?;
    let Some(mut to) = running.child.stdin.take() else { anyhow::bail!("pg_restore takes no input") };
    let copied = io::copy(&mut from, &mut to).map(|_| ());
    if copied.is_err() {
        // Before its input ends: one that failed must not look like one that is whole.
        let _gone = running.child.kill();
    }
    drop(to);
    running.end(copied)
}

/// A program that runs, with what it complains of.
struct Running {
    name: &'static str,
    child: Child,
    /// Read beside everything else, so that the program never waits for it to be read.
    complaints: JoinHandle<String>,
}

impl Running {
    fn start(name: &'static str, mut command: Command) -> anyhow::Result<Self> {
        let mut child = command.stderr(Stdio::piped()).spawn().map_err(|e| missing(name, &e))?;
        let from = child.stderr.take();
        let complaints = std::thread::spawn(move || from.map(read_complaints).unwrap_or_default());
        Ok(Self { name, child, complaints })
    }

    /// Waits for the program. What it says of a failure tells more than a broken pipe.
    fn end(mut self, copied: io::Result<()>) -> anyhow::Result<()> {
        let is_ours = copied.as_ref().is_err_and(|e| e.kind() != io::ErrorKind::BrokenPipe);
        if is_ours {
            let _gone = self.child.kill();
        }
        let status = self.child.wait()?;
        let said = self.complaints.join().unwrap_or_default();
        anyhow::ensure!(is_ours || status.success(), "{} failed ({status}): {}", self.name, said.trim());
        Ok(copied?)
    }
}

fn read_complaints(mut from: impl Read) -> String {
    let mut text = Vec::new();
    // What cannot be read is not repeated.
    let _cut = from.by_ref().take(MAX_COMPLAINT_BYTES).read_to_end(&mut text);
    let _rest = io::copy(&mut from, &mut io::sink());
    String::from_utf8_lossy(&text).into_owned()
}

fn missing(name: &str, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::NotFound => anyhow::anyhow!(
            "{name} is not in PATH: install PostgreSQL's client programs (Debian: postgresql-client), at least as new \
             as the server"
        ),
        _ => anyhow::anyhow!("{name}: {error}"),
    }
}

/// Prepares a program for a database. Everything of the URL but the name of the database is in the environment; words
/// that only this program's driver knows, such as `statement-cache-capacity`, are left out.
fn program(name: &str, url: &str) -> anyhow::Result<Command> {
    let url = Url::parse(url).context("database.url")?;
    let mut command = Command::new(name);
    let own = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(decode);
    let host = own(url.host_str()).map(|host| host.trim_matches(['[', ']']).to_owned());
    let (mut user, mut database) = (own(Some(url.username())), own(url.path().strip_prefix('/')));
    let mut given = vec![("PGHOST", host), ("PGPORT", url.port().map(|port| port.to_string()))];
    given.push(("PGPASSWORD", own(url.password())));
    let mut options = Vec::new();
    for (key, value) in url.query_pairs() {
        let value = value.into_owned();
        let variable = match key.as_ref() {
            "user" => {
                user = Some(value);
                continue;
            }
            "dbname" => {
                database = Some(value);
                continue;
            }
            "options" => {
                options.push(value);
                continue;
            }
            "host" | "hostaddr" => "PGHOST",
            "port" => "PGPORT",
            "target_session_attrs" => "PGTARGETSESSIONATTRS",
            "password" => "PGPASSWORD",
            "sslmode" | "ssl-mode" => "PGSSLMODE",
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
            "sslcert" | "ssl-cert" => "PGSSLCERT",
            "sslkey" | "ssl-key" => "PGSSLKEY",
            key => {
                let option = key.strip_prefix("options[").and_then(|key| key.strip_suffix(']'));
                options.extend(option.map(|option| format!("-c {option}={value}")));
                continue;
            }
        };
        given.push((variable, Some(value)));
    }
    given.push(("PGUSER", user.clone()));
    given.push(("PGOPTIONS", (!options.is_empty()).then(|| options.join(" "))));
    command.envs(given.into_iter().filter_map(|(variable, value)| Some((variable, value?))));
    // Quoted, because a name with `=` would be read as words of a connection.
    let database = database.or(user).unwrap_or_default().replace('\\', "\\\\").replace('\'', "\\'");
    command.arg(format!("--dbname=dbname='{database}'"));
    Ok(command)
}

/// Decodes the escapes of a URL's part (RFC 3986 2.1).
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        match after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_and_variables(url: &str) -> (Vec<String>, Vec<String>) {
        let command = program("pg_dump", url).unwrap();
        let words = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        let given = command
            .get_envs()
            .map(|(name, value)| format!("{}={}", name.to_string_lossy(), value.unwrap_or_default().to_string_lossy()));
        (words, given.collect())
    }

    #[test]
    fn a_password_is_not_among_the_words_of_the_command() {
        let url = "postgres://preau:p%40ss%2Fw%C3%A9+d@db.example:5433/preau?sslmode=require";
        let (words, given) = words_and_variables(url);
        assert_eq!(words, ["--dbname=dbname='preau'"]);
        let all = ["PGHOST=db.example", "PGPASSWORD=p@ss/wé+d", "PGPORT=5433", "PGSSLMODE=require", "PGUSER=preau"];
        assert_eq!(given, all);
        assert_eq!(decode("100%"), "100%");
    }

    #[test]
    fn a_password_of_the_query_is_not_among_them_either_and_words_of_our_driver_are_left_out() {
        let url = "postgres://db.example/preau?user=u&password=p%3D1&statement-cache-capacity=9&ssl-mode=verify-full\
                   &ssl-ca=%2Fetc%2Fca.pem&options[search_path]=x&application_name=y";
        let (words, given) = words_and_variables(url);
        assert_eq!(words, ["--dbname=dbname='preau'"]);
        let all = [
            "PGHOST=db.example",
            "PGOPTIONS=-c search_path=x",
            "PGPASSWORD=p=1",
            "PGSSLMODE=verify-full",
            "PGSSLROOTCERT=/etc/ca.pem",
            "PGUSER=u",
        ];
        assert_eq!(given, all);
        let (words, given) = words_and_variables("postgresql://%2Frun%2Fpostgresql/a'b%3D");
        assert_eq!(
            (words, given),
            (vec!["--dbname=dbname='a\\'b='".to_owned()], vec!["PGHOST=/run/postgresql".to_owned()])
        );
        assert_eq!(words_and_variables("postgres://u@[::1]").1, ["PGHOST=::1", "PGUSER=u"]);
    }

    #[test]
    fn a_program_that_is_not_there_is_named_with_its_package() {
        let error = missing("pg_dump", &io::ErrorKind::NotFound.into());
        let words = "pg_dump is not in PATH: install PostgreSQL's client programs";
        assert!(error.to_string().starts_with(words), "{error}");
    }

    #[test]
    fn a_program_that_fails_says_why() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such database >&2; exit 1"]);
        let error = Running::start("pg_dump", command).unwrap().end(Ok(())).unwrap_err().to_string();
        assert!(error.starts_with("pg_dump failed (") && error.ends_with("): no such database"), "{error}");
    }
}
