//! One HTTP/1.1 connection that is kept alive, with one request under way.
//!
//! Written by hand because a load generator that shares the machine with its server must cost less than it: requests
//! are ready bytes, and of an answer only the status, the length and, for refusals, the code are looked at.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::str::FromStr;
use std::time::{Duration, Instant};
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How long an answer may take before the connection is given up.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest answer that is read; menus are the longest.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Room for an answer to an order.
const BUFFER_BYTES: usize = 16 << 10;
/// The most headers of an answer.
const HEADERS_MAX: usize = 32;

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
            return Err(
                "must start with http://: the load generator speaks plain HTTP only, because TLS is not what is measured",
            );
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
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct Answer {
    pub status: u16,
    body: (usize, usize),
}

/// A client with at most one connection, opened when it is needed.
pub struct Client {
    target: Target,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    /// How long an answer may take.
    answer_timeout: Duration,
    /// Goes on from one exchange to the next: a timer for each would cost more than all else that happens here.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Client {
    pub fn new(target: Target) -> Client {
        Client { target, stream: None, buffer: vec![0; BUFFER_BYTES], answer_timeout: ANSWER_TIMEOUT, alarm: None }
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

    /// Sends a request at `now` and reads its answer; opens the connection where there is none.
    ///
    /// # Errors
    /// [`ExchangeError`]; the connection is closed, and the next exchange opens another.
    pub async fn exchange(&mut self, request: &[u8], now: Instant) -> Result<Answer, ExchangeError> {
        let give_up = tokio::time::Instant::from_std(now + self.answer_timeout);
        let mut alarm = self.alarm.take().unwrap_or_else(|| Box::pin(tokio::time::sleep_until(give_up)));
        let outcome = {
            let mut answer = std::pin::pin!(self.try_exchange(request));
            loop {
                tokio::select! {
                    biased;
                    outcome = &mut answer => break outcome,
                    () = &mut alarm => match give_up <= tokio::time::Instant::now() {
                        true => break Err(ExchangeError::Timeout),
                        // It was set for an earlier exchange.
                        false => alarm.as_mut().reset(give_up),
                    },
                }
            }
        };
        self.alarm = Some(alarm);
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

/// Whether a connection is open and silent, as it must be between two requests. Servers close idle connections; the
/// system is only asked where it has said that something came.
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
        let room = &mut buffer[filled..];
        let room_bytes = room.len();
        match stream.try_read(room) {
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(count) => {
                if count < room_bytes {
                    drained(stream);
                }
                filled += count;
                if head.is_none() {
                    head = Head::parse(&buffer[..filled])?;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Notes that all that came was read, as a read that finds nothing would: the system need not be asked for that. What
/// comes from now on is told anew, and on a thread with its own event loop not before the next `await`.
fn drained(stream: &TcpStream) {
    let nothing = || Err::<(), _>(io::Error::from(io::ErrorKind::WouldBlock));
    // It answers what it was told.
    let _ = stream.try_io(Interest::READABLE, nothing);
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
    /// Reads the head that `bytes` begin with; `None` where there is more of it to come.
    fn parse(bytes: &[u8]) -> Result<Option<Head>, ExchangeError> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut answer = httparse::Response::new(&mut headers);
        let malformed = ExchangeError::Answer("it is not HTTP/1.1");
        let end = match answer.parse(bytes) {
            Ok(httparse::Status::Complete(end)) => end,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(malformed),
        };
        let (Some(1), Some(status)) = (answer.version, answer.code) else { return Err(malformed) };
        let mut head = Head { status, end, body_len: 0, is_kept: true };
        for httparse::Header { name, value } in answer.headers {
            if name.eq_ignore_ascii_case("content-length") {
                let length = str::from_utf8(value).ok().and_then(|value| value.trim().parse().ok());
                head.body_len = length.ok_or(ExchangeError::Answer("its content-length is not a number"))?;
            } else if name.eq_ignore_ascii_case("connection") {
                head.is_kept = !value.trim_ascii().eq_ignore_ascii_case(b"close");
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                return Err(ExchangeError::Answer("it comes in chunks"));
            }
        }
        Ok(Some(head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

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
        let end = bytes.len() - 7;
        let expected = Head { status: 201, end, body_len: 7, is_kept: true };
        assert_eq!(Head::parse(bytes).unwrap(), Some(expected));
        for cut in 0..end {
            assert_eq!(Head::parse(&bytes[..cut]).unwrap(), None, "{cut}");
        }
        let closed = Head::parse(b"HTTP/1.1 503 Busy\r\nconnection: close\r\n\r\n").unwrap();
        assert!(!closed.unwrap().is_kept);
        for bad in [
            "HTTP/2 200\r\n\r\n",
            "HTTP/1.0 200 OK\r\n\r\n",
            "HTTP/1.1 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        ] {
            assert!(Head::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    /// An answer in pieces, a connection that was closed meanwhile, and answers that do not come: what a client meets.
    #[tokio::test]
    async fn exchanges_are_answered_over_a_connection_that_is_kept() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target: Target = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let server = tokio::spawn(async move {
            let mut connections = vec![];
            for answers in [&["HTTP/1.1 200 OK\r\ncont", "ent-length: 2\r\n\r\nh", "i"][..], &[]] {
                let (mut stream, _) = listener.accept().await.unwrap();
                for turn in 0..2 {
                    let mut request = [0; 4];
                    if stream.read_exact(&mut request).await.is_err() {
                        break;
                    }
                    assert_eq!(&request, format!("ask{turn}").as_bytes());
                    for piece in answers {
                        stream.write_all(piece.as_bytes()).await.unwrap();
                        tokio::task::yield_now().await;
                    }
                    if answers.is_empty() {
                        break;
                    }
                }
                if answers.is_empty() {
                    // It stays open and says nothing.
                    connections.push(stream);
                }
            }
            connections
        });
        let mut client = Client::new(target);
        for request in ["ask0", "ask1"] {
            let answer = client.exchange(request.as_bytes(), Instant::now()).await.unwrap();
            assert_eq!((answer.status, client.body(answer)), (200, &b"hi"[..]));
        }
        // The first connection is closed now, and the second gives no answer.
        while client.stream.as_ref().is_some_and(is_quiet) {
            tokio::task::yield_now().await;
        }
        client.answer_timeout = Duration::from_millis(20);
        let asked = Instant::now();
        let outcome = client.exchange(b"ask0", asked).await;
        assert!(matches!(outcome, Err(ExchangeError::Timeout)), "{outcome:?}");
        assert!(client.answer_timeout <= asked.elapsed());
        assert!(client.stream.is_none());
        server.await.unwrap();
    }
}
