//! One HTTP/1.1 connection that is kept alive, with one request under way.
//!
//! Written by hand because a load generator that shares the machine with its server must cost less than it: requests
//! are ready bytes, and of an answer only the status, the length and, for refusals, the code are looked at.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long an answer may take before the connection is given up.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer that is read; menus are the longest.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Room for an answer to an order.
const BUFFER_BYTES: usize = 16 << 10;

/// Where the server is: `http://HOST[:PORT][/PREFIX]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    authority: String,
    address: String,
    prefix: String,
}

impl FromStr for Target {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Target, &'static str> {
        let Some(rest) = text.strip_prefix("http://") else {
            return Err("must start with http:// (TLS is not what is measured)");
        };
        let (authority, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'@');
        if authority.is_empty() || !is_plain(rest) {
            return Err("must be like http://127.0.0.1:8080");
        }
        // The colons inside the brackets of an IPv6 address start no port.
        let has_port = authority.rsplit(']').next().is_some_and(|tail| tail.contains(':'));
        let address = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        let prefix = match prefix.trim_end_matches('/') {
            "" => String::new(),
            prefix => format!("/{prefix}"),
        };
        Ok(Target { authority: authority.to_owned(), address, prefix })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.prefix)
    }
}

impl Target {
    /// The first lines of a request, up to the headers that are its own.
    pub fn head(&self, method: &str, path: &str, token: &str) -> String {
        let mut head = format!("{method} {}{path} HTTP/1.1\r\nhost: {}\r\n", self.prefix, self.authority);
        if !token.is_empty() {
            head.push_str("authorization: Bearer ");
            head.extend(token.chars().filter(|char| !char.is_control()));
            head.push_str("\r\n");
        }
        head
    }
}

/// Why a request has no answer. Whether it took effect is not known.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error("the connection failed")]
    Io(#[from] io::Error),
    #[error("no answer within {} s", ANSWER_TIMEOUT.as_secs())]
    Timeout,
    #[error("the answer is not one this client understands: {0}")]
    Answer(&'static str),
}

/// An answer; `body` is where it lies in the client's buffer.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    body: (usize, usize),
}

/// A client with at most one connection, opened when it is needed.
pub struct Client {
    target: Target,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Client {
    pub fn new(target: Target) -> Client {
        Client { target, stream: None, buffer: vec![0; BUFFER_BYTES] }
    }

    /// Where it sends to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Opens a connection where there is none or the server has closed it.
    ///
    /// # Errors
    /// The system's.
    pub async fn connect(&mut self) -> io::Result<()> {
        if !self.stream.as_ref().is_some_and(is_quiet) {
            let stream = TcpStream::connect(self.target.address.as_str()).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        Ok(())
    }

    /// Sends a request and reads its answer; opens the connection where there is none.
    ///
    /// # Errors
    /// [`ExchangeError`]; the connection is closed, and the next exchange opens another.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer, ExchangeError> {
        let outcome = tokio::time::timeout(ANSWER_TIMEOUT, self.try_exchange(request)).await;
        let outcome = outcome.unwrap_or(Err(ExchangeError::Timeout));
        if outcome.is_err() {
            self.stream = None;
        }
        outcome
    }

    /// The body of the last answer.
    pub fn body(&self, answer: Answer) -> &[u8] {
        &self.buffer[answer.body.0..answer.body.1]
    }

    async fn try_exchange(&mut self, request: &[u8]) -> Result<Answer, ExchangeError> {
        self.connect().await?;
        let Some(stream) = &self.stream else { return Err(io::Error::from(io::ErrorKind::NotConnected).into()) };
        write_all(stream, request).await?;
        let (answer, is_kept) = read_answer(stream, &mut self.buffer).await?;
        if !is_kept {
            self.stream = None;
        }
        Ok(answer)
    }
}

/// Whether a connection is open and silent, as it must be between two requests. Servers close idle connections; this
/// costs nothing, for it is the read that finds nothing that would come behind the request otherwise.
fn is_quiet(stream: &TcpStream) -> bool {
    match stream.try_read(&mut [0]) {
        Ok(_) => false,
        Err(error) => error.kind() == io::ErrorKind::WouldBlock,
    }
}

async fn write_all(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.try_write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => stream.writable().await?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads one answer; says whether the connection stays open behind it.
async fn read_answer(stream: &TcpStream, buffer: &mut Vec<u8>) -> Result<(Answer, bool), ExchangeError> {
    let mut filled = 0;
    let mut head: Option<Head> = None;
    loop {
        if let Some(head) = &head
            && head.end + head.body_len <= filled
        {
            if head.end + head.body_len < filled {
                return Err(ExchangeError::Answer("more bytes than its content-length says"));
            }
            return Ok((Answer { status: head.status, body: (head.end, filled) }, head.is_kept));
        }
        let needed = head.as_ref().map_or(filled + 1, |head| head.end + head.body_len);
        if ANSWER_BYTES_MAX < needed {
            return Err(ExchangeError::Answer("too long"));
        }
        if buffer.len() < needed {
            buffer.resize(needed.next_power_of_two().max(BUFFER_BYTES), 0);
        }
        // Right after a request nothing has come yet, so it waits first and then reads.
        stream.readable().await?;
        match stream.try_read(&mut buffer[filled..]) {
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(count) => {
                let searched = filled.saturating_sub(3);
                filled += count;
                if head.is_none() {
                    head = find_end(&buffer[..filled], searched).map(|end| Head::parse(&buffer[..end])).transpose()?;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Where the headers end, looked for from `from` on.
fn find_end(bytes: &[u8], from: usize) -> Option<usize> {
    bytes[from..].windows(4).position(|four| four == b"\r\n\r\n").map(|at| from + at + 4)
}

/// What counts of the first lines of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    end: usize,
    body_len: usize,
    is_kept: bool,
}

impl Head {
    fn parse(bytes: &[u8]) -> Result<Head, ExchangeError> {
        let malformed = ExchangeError::Answer("it is not HTTP/1.1");
        let Ok(text) = str::from_utf8(bytes) else { return Err(malformed) };
        let mut lines = text.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
        let Some(status) = status else { return Err(malformed) };
        let mut head = Head { status, end: bytes.len(), body_len: 0, is_kept: true };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                head.body_len =
                    value.parse().map_err(|_| ExchangeError::Answer("its content-length is not a number"))?;
            } else if name.eq_ignore_ascii_case("connection") {
                head.is_kept = !value.eq_ignore_ascii_case("close");
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                return Err(ExchangeError::Answer("it comes in chunks"));
            }
        }
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_reads() {
        let target: Target = "http://127.0.0.1:8080".parse().unwrap();
        assert_eq!(target.head("GET", "/v1", ""), "GET /v1 HTTP/1.1\r\nhost: 127.0.0.1:8080\r\n");
        let target: Target = "http://[::1]/comanda/".parse().unwrap();
        assert_eq!((target.address.as_str(), target.prefix.as_str()), ("[::1]:80", "/comanda"));
        assert!(target.head("GET", "/v1", "a\r\nb").ends_with("authorization: Bearer ab\r\n"));
        for bad in ["https://a", "a:80", "http://", "http://a b", "http://u:p@a"] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_head_reads() {
        let bytes = b"HTTP/1.1 201 Created\r\nContent-Length: 7\r\nX: y\r\n\r\n{\"a\":1}";
        let end = find_end(bytes, 0).unwrap();
        let expected = Head { status: 201, end: bytes.len() - 7, body_len: 7, is_kept: true };
        assert_eq!(Head::parse(&bytes[..end]).unwrap(), expected);
        assert!(!Head::parse(b"HTTP/1.1 503 Busy\r\nconnection: close\r\n\r\n").unwrap().is_kept);
        for bad in ["HTTP/2 200\r\n\r\n", "HTTP/1.1 2\r\n\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"]
        {
            assert!(Head::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
