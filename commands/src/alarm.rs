//! The clock thread: wakes the engine thread when a deadline may have passed.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often the machine's clock is looked at while a deadline lies ahead.
const TICK: Duration = Duration::from_millis(50);

#[derive(Debug, Default)]
pub(crate) struct Alarm {
    state: Mutex<AlarmState>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum AlarmState {
    #[default]
    Off,
    /// A deadline lies ahead.
    Set,
    /// The engine thread has ended.
    Stopped,
}

impl Alarm {
    /// Says whether a deadline lies ahead.
    pub(crate) fn set(&self, is_set: bool) {
        self.change(match is_set {
            true => AlarmState::Set,
            false => AlarmState::Off,
        });
    }

    /// Ends [`Alarm::run`].
    pub(crate) fn stop(&self) {
        self.change(AlarmState::Stopped);
    }

    fn change(&self, to: AlarmState) {
        let mut state = self.state();
        if *state != to {
            *state = to;
            self.changed.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, AlarmState> {
        // It is one word: whoever panicked has not left half of it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `tick` every now and then while the alarm is set.
    pub(crate) fn run(&self, tick: impl Fn()) {
        let mut state = self.state();
        loop {
            state = match *state {
                AlarmState::Stopped => return,
                AlarmState::Off => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                AlarmState::Set => {
                    let waited = self.changed.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner);
                    let (state, timeout) = waited;
                    if timeout.timed_out() && *state == AlarmState::Set {
                        // Not under the lock: the engine thread sets the alarm.
                        drop(state);
                        tick();
                        self.state()
                    } else {
                        state
                    }
                }
            };
        }
    }
}
