//! Log lines go to standard error by a thread of their own: whoever reads them, slowly or not at all, keeps nobody waiting.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// How many lines may wait to be taken; what comes then is lost, and counted.
const WAITING_MAX: usize = 4_096;
/// How long the end waits for those that do.
const PATIENCE: Duration = Duration::from_millis(300);

/// The lines of this process, once somebody writes any.
static LINES: OnceLock<Lines> = OnceLock::new();

/// Where log lines go.
#[derive(Clone, Debug)]
pub struct Lines {
    to: SyncSender<Message>,
    lost: Arc<AtomicU64>,
}

enum Message {
    Line(Vec<u8>),
    /// Everything before it was written, or cannot be.
    End(SyncSender<()>),
}

impl Lines {
    /// The lines of this process.
    pub fn of_process() -> &'static Lines {
        LINES.get_or_init(|| Lines::to(io::stderr()))
    }

    fn to(out: impl Write + Send + 'static) -> Lines {
        let (to, lines) = sync_channel(WAITING_MAX);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lost);
        // Without a thread for it nothing is logged, and everything else goes on.
        let _ = std::thread::Builder::new().name("lines".to_owned()).spawn(move || write(out, &lines, &counted));
        Lines { to, lost }
    }

    /// Waits a moment until what was said is written.
    pub fn finish() {
        let Some(lines) = LINES.get() else { return };
        lines.end();
    }

    fn end(&self) {
        let (done, is_done) = sync_channel(1);
        if self.to.try_send(Message::End(done)).is_ok() {
            let _ = is_done.recv_timeout(PATIENCE);
        }
    }
}

/// Writes what comes, as long as somebody may say something. What cannot be written is lost.
fn write(mut out: impl Write, lines: &Receiver<Message>, lost: &AtomicU64) {
    for message in lines {
        match message {
            Message::Line(line) => {
                let left_out = lost.swap(0, Ordering::Relaxed);
                if left_out != 0 {
                    let _ = writeln!(
                        out,
                        r#"{{"level":"WARN","message":"log lines were not taken in time and are lost","lost":{left_out}}}"#
                    );
                }
                let _ = out.write_all(&line);
            }
            Message::End(done) => {
                let _ = (out.flush(), done.try_send(()));
            }
        }
    }
}

/// One line: the subscriber writes each in one piece.
#[derive(Debug)]
pub struct Line<'a>(&'a Lines);

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.to.try_send(Message::Line(bytes.to_vec())) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                _ = self.0.lost.fetch_add(1, Ordering::Relaxed)
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

/// Has panics said as log lines: the standard library's own way of saying them waits for whoever reads them.
pub fn say_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(
            place,
            thread = std::thread::current().name(),
            "{}",
            panic.payload_as_str().unwrap_or("a panic")
        );
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// Takes nothing before it is let.
    struct Stuck(Arc<Mutex<Vec<u8>>>);

    impl Write for Stuck {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_a_line_that_says_where_and_why() {
        let taken = Arc::new(Mutex::new(vec![]));
        let lines = Lines::to(Stuck(Arc::clone(&taken)));
        let log = tracing_subscriber::fmt().json().with_writer(lines.clone()).finish();
        say_panics();
        let panicked = tracing::subscriber::with_default(log, || {
            std::panic::catch_unwind(|| panic!("no {} is left", "soup")).is_err()
        });
        drop(std::panic::take_hook());
        lines.end();
        assert!(panicked);
        let text = String::from_utf8(taken.lock().unwrap().clone()).unwrap();
        assert!(text.contains("no soup is left") && text.contains(file!()) && text.contains("ERROR"), "{text}");
    }

    #[test]
    fn who_takes_no_lines_keeps_nobody_waiting_and_is_told_how_many_are_lost() {
        let taken = Arc::new(Mutex::new(vec![]));
        let lines = Lines::to(Stuck(Arc::clone(&taken)));
        let held = taken.lock().unwrap();
        let say = |number: usize| writeln!(lines.make_writer(), "{number}").unwrap();
        // `writeln!` writes a number and the end of its line.
        (0..3 * WAITING_MAX).for_each(say);
        lines.end();
        drop(held);
        while taken.lock().unwrap().is_empty() {
            std::thread::yield_now();
        }
        loop {
            say(7);
            lines.end();
            let text = String::from_utf8(taken.lock().unwrap().clone()).unwrap();
            if text.contains("are lost") && text.ends_with("7\n") {
                return;
            }
        }
    }
}
