//! A circuit breaker: a provider that does not answer is left alone for a while, and then tried with one request.

use std::time::{Duration, Instant};

/// After how many failures in a row nobody is asked any more.
const FAILURES_MAX: u32 = 5;
/// How long the first rest is; each that follows it without a success is twice as long.
const REST_MIN: Duration = Duration::from_millis(500);
/// The longest rest.
const REST_MAX: Duration = Duration::from_secs(30);

/// Whether a provider is asked.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: u32,
    rests: u32,
    /// Nobody is asked before this.
    until: Option<Instant>,
    /// One request is under way that decides whether others follow.
    is_probing: bool,
}

impl Breaker {
    /// Lets a request pass, or says how long to wait.
    ///
    /// # Errors
    /// The time to wait.
    pub fn pass(&mut self, now: Instant) -> Result<(), Duration> {
        match self.until {
            None => Ok(()),
            Some(until) if now < until => Err(until - now),
            Some(_) if self.is_probing => Err(REST_MIN),
            Some(_) => {
                self.is_probing = true;
                Ok(())
            }
        }
    }

    /// The provider answered.
    pub fn succeeded(&mut self) {
        *self = Breaker::default();
    }

    /// It did not.
    pub fn failed(&mut self, now: Instant) {
        self.failures += 1;
        let was_probe = std::mem::take(&mut self.is_probing);
        if was_probe || FAILURES_MAX <= self.failures {
            let rest = REST_MIN.saturating_mul(1 << self.rests.min(10)).min(REST_MAX);
            self.rests += 1;
            self.failures = 0;
            self.until = Some(now + rest);
        }
    }

    /// Whether nobody is asked at the moment.
    pub fn is_open(&self) -> bool {
        self.until.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_rests_probes_and_closes() {
        let (mut breaker, mut now) = (Breaker::default(), Instant::now());
        for _ in 0..FAILURES_MAX {
            assert_eq!(breaker.pass(now), Ok(()));
            breaker.failed(now);
        }
        assert!(breaker.is_open());
        assert_eq!(breaker.pass(now), Err(REST_MIN));
        now += REST_MIN;
        assert_eq!(breaker.pass(now), Ok(()), "one request tries");
        assert_eq!(breaker.pass(now), Err(REST_MIN), "and only one");
        breaker.failed(now);
        assert_eq!(breaker.pass(now), Err(2 * REST_MIN), "the next rest is longer");
        for _ in 0..20 {
            now += REST_MAX;
            assert_eq!(breaker.pass(now), Ok(()));
            breaker.failed(now);
        }
        assert_eq!(breaker.pass(now), Err(REST_MAX), "and has an end");
        now += REST_MAX;
        assert_eq!(breaker.pass(now), Ok(()));
        breaker.succeeded();
        assert!(!breaker.is_open());
        // Successes in between keep it closed.
        for _ in 0..20 {
            breaker.failed(now);
            breaker.succeeded();
        }
        assert_eq!(breaker.pass(now), Ok(()));
    }
}
