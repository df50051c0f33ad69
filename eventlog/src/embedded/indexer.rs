//! The thread that keeps the index current, so that neither the writer nor whoever asks the index has to.

use super::options::Background;
use crate::shared::Shared;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

/// Indexes when [`Shared::want_index`] asks for it, until it is dropped; without a thread whoever asks does it.
pub(super) struct Indexer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Indexer {
    pub fn start(shared: &Arc<Shared>, background: Background) -> io::Result<Indexer> {
        let thread = match background {
            Background::Inline => None,
            Background::Threads => {
                let helped = Arc::clone(shared);
                let thread =
                    std::thread::Builder::new().name("log-index".to_owned()).spawn(move || helped.index_as_wanted())?;
                shared.has_index_helper();
                Some(thread)
            }
        };
        Ok(Indexer { shared: Arc::clone(shared), thread })
    }
}

impl Drop for Indexer {
    fn drop(&mut self) {
        self.shared.stop_indexing();
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so on standard error; readers index what they need.
            let _ = thread.join();
        }
    }
}
