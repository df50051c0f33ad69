//! A server in a process of its own.

use crate::plan::BenchError;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long one answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// How long its read models may take to catch up, and how often that is looked at.
const READY_MAX: Duration = Duration::from_secs(300);
const POLL: Duration = Duration::from_millis(100);

/// What is read of a server's first words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Where it listens.
    Address,
    /// And the token of a till, which it shows when it sets up the demo tenant.
    Token,
}

/// A child process that serves; it is killed with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub url: String,
    /// The token of a till; empty where it showed none.
    pub token: String,
    /// The token that may do everything; empty where it showed none.
    pub admin: String,
}

impl Server {
    /// Starts it and reads its first words.
    ///
    /// # Errors
    /// It ended before it said them.
    pub fn start(command: &mut Command, until: Until) -> Result<Server, BenchError> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("a server without standard output")?;
        let mut server = Server { child, url: String::new(), token: String::new(), admin: String::new() };
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            let mut words = line.split_whitespace();
            if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://")) {
                server.url = url.to_owned();
                if until == Until::Address {
                    return Ok(server);
                }
            }
            match (words.next(), words.next()) {
                (Some("admin"), Some(token)) => server.admin = token.to_owned(),
                (Some("pos"), Some(token)) => {
                    server.token = token.to_owned();
                    return Ok(server);
                }
                _ => {}
            }
        }
        Err("a server ended before it said where it listens".into())
    }

    /// Sends one command and answers its status.
    ///
    /// # Errors
    /// The connection's; what is no HTTP answer.
    pub fn post(&self, path: &str, token: &str, key: &str, body: &str) -> Result<u16, BenchError> {
        self.command("POST", path, token, key, body)
    }

    /// As [`Server::post`], with a method.
    ///
    /// # Errors
    /// The connection's; what is no HTTP answer.
    pub fn command(&self, method: &str, path: &str, token: &str, key: &str, body: &str) -> Result<u16, BenchError> {
        let len = body.len();
        self.status(&format!(
            "{method} {path} HTTP/1.1\r\nHost: comanda\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{body}"
        ))
    }

    /// Whether it says that it is ready: its read models have caught up.
    ///
    /// # Errors
    /// The connection's; what is no HTTP answer.
    fn is_ready(&self) -> Result<bool, BenchError> {
        let status = self.status("GET /readyz HTTP/1.1\r\nHost: comanda\r\nConnection: close\r\n\r\n")?;
        Ok(status == 200)
    }

    /// Waits until its read models have caught up.
    ///
    /// # Errors
    /// The connection's; what is no HTTP answer; it takes too long.
    pub fn await_ready(&self) -> Result<(), BenchError> {
        await_that("the read models do not catch up", || self.is_ready())
    }

    /// Waits until what `path` answers holds `text`.
    ///
    /// # Errors
    /// As [`Server::get`]; it takes too long.
    pub fn await_in_body(&self, path: &str, token: &str, text: &str) -> Result<(), BenchError> {
        await_that(&format!("{path} never holds {text}"), || Ok(self.get(path, token)?.contains(text)))
    }

    /// Reads `path` and answers its body.
    ///
    /// # Errors
    /// The connection's; what is no HTTP answer.
    pub fn get(&self, path: &str, token: &str) -> Result<String, BenchError> {
        let answer = self.exchange(&format!(
            "GET {path} HTTP/1.1\r\nHost: comanda\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        ))?;
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
        body.ok_or_else(|| format!("no HTTP answer: {answer:?}").into())
    }

    fn status(&self, request: &str) -> Result<u16, BenchError> {
        let answer = self.exchange(request)?;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.ok_or_else(|| format!("no HTTP answer: {answer:?}").into())
    }

    fn exchange(&self, request: &str) -> Result<String, BenchError> {
        let address = self.url.strip_prefix("http://").ok_or("an address without http://")?;
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(ANSWER_MAX))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// What it holds in memory, in bytes.
    ///
    /// # Errors
    /// The system does not say.
    pub fn resident_bytes(&self) -> Result<u64, BenchError> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no resident size")?;
        let kib = line.split_whitespace().nth(1).ok_or("no resident size")?;
        Ok(kib.parse::<u64>()? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // As the power does: nothing is closed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn await_that(otherwise: &str, mut is_so: impl FnMut() -> Result<bool, BenchError>) -> Result<(), BenchError> {
    let start = Instant::now();
    while !is_so()? {
        if READY_MAX < start.elapsed() {
            return Err(otherwise.into());
        }
        std::thread::sleep(POLL);
    }
    Ok(())
}
