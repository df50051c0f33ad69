//! Errors with their causes.

use std::error::Error;
use std::io;
use std::sync::Arc;

/// An error with its causes, in one line.
pub fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        let more = source.to_string();
        // Transparent errors and some libraries repeat their cause in their own message.
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = source.source();
    }
    text
}

/// What the system answered, where that is the cause of an error.
pub fn io_cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let shared = || error.downcast_ref::<Arc<io::Error>>().map(AsRef::as_ref);
        if let Some(found) = error.downcast_ref::<io::Error>().or_else(shared) {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventlog::{ReadError, is_storage_full, lacks_descriptors};

    #[test]
    fn the_systems_answer_is_found_behind_others() {
        let failed = |code| ReadError::Io { path: "a".into(), source: Arc::new(io::Error::from_raw_os_error(code)) };
        for (code, no_descriptor, no_space) in
            [(24, true, false), (23, true, false), (28, false, true), (5, false, false)]
        {
            let outer = io::Error::other(failed(code));
            let error = failed(code);
            let cause = io_cause(&error).expect("it has one");
            assert_eq!((lacks_descriptors(cause), is_storage_full(cause)), (no_descriptor, no_space), "{code}");
            assert!(io_cause(&outer).is_some());
        }
        assert!(io_cause(&std::fmt::Error).is_none());
    }
}
