//! File descriptors, shared out before anything is opened: what the log, its indexes and the databases need comes first, and
//! connections get the rest.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open whatever happens: standard streams, the runtime, listeners, the log's lock and its newest segments, the databases and one
/// more of each while it is made anew, connections to payment providers.
const ALWAYS: u64 = 40;
/// Standard input, output and error.
const STANDARD_STREAMS: u64 = 3;
/// How many segments are kept open for reading, and as many sidecars: at most, and at least.
const SEGMENTS: std::ops::RangeInclusive<u64> = 4..=128;
/// With fewer connections than that nobody is served.
const CONNECTIONS_MIN: u64 = 8;
/// More than that is not counted on, whatever the system says.
const LIMIT_MAX: u64 = 1 << 20;

/// How descriptors are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptors {
    /// How many there are.
    pub limit: u64,
    /// How many segments are kept open for reading, and as many sidecars.
    pub segments: usize,
    /// How many connections there may be.
    pub connections: usize,
    /// How many that were told to end may still be there beside them.
    pub ending: usize,
}

/// There are too few.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the system lets this process open {limit} files, and it takes {needed} to keep the log and serve ({inherited} were open when it \
     started); raise the limit (`ulimit -n`, or LimitNOFILE of its service)"
)]
pub struct TooFew {
    /// How many there are.
    pub limit: u64,
    /// How many of them whoever started the process had left open.
    pub inherited: u64,
    /// How many it takes.
    pub needed: u64,
}

impl Descriptors {
    /// Shares out so many, of which `inherited` are taken, for as many connections as are wanted, and `ending` beside them.
    ///
    /// # Errors
    /// [`TooFew`].
    pub fn share(limit: u64, inherited: u64, wanted: usize, ending: usize) -> Result<Descriptors, TooFew> {
        let needed = inherited + ALWAYS + 2 * SEGMENTS.start() + 1 + CONNECTIONS_MIN;
        if limit < needed {
            return Err(TooFew { limit, inherited, needed });
        }
        let rest = limit - inherited - ALWAYS;
        let segments = (rest / 8).clamp(*SEGMENTS.start(), *SEGMENTS.end());
        let for_peers = rest - 2 * segments;
        let ending = (for_peers / 16).clamp(1, ending.max(1) as u64);
        let connections = (for_peers - ending).min(wanted as u64);
        Ok(Descriptors {
            limit,
            segments: segments as usize,
            connections: connections as usize,
            ending: ending as usize,
        })
    }
}

/// How many descriptors whoever started the process left open in it, beside the standard streams: service managers and build tools
/// do. To be asked before anything is opened.
pub fn inherited() -> u64 {
    // Where the system does not list them, none are counted on.
    let Ok(open) = std::fs::read_dir("/dev/fd") else { return 0 };
    // The list holds the descriptor it is read through.
    (open.count() as u64).saturating_sub(STANDARD_STREAMS + 1)
}

/// Takes as many descriptors as the system gives; answers how many those are, and how many they were.
pub fn raise() -> (u64, u64) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let number = |limit: Option<u64>| limit.unwrap_or(LIMIT_MAX).min(LIMIT_MAX);
    if number(current) < number(maximum)
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        tracing::warn!(%error, "the limit on open files stays where it is");
    }
    (number(getrlimit(Resource::Nofile).current), number(current))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_comes_first_and_connections_get_the_rest() {
        for (limit, inherited, expected) in [
            (64, 0, Ok((4, 15, 1))),
            (128, 0, Ok((11, 62, 4))),
            (1_024, 0, Ok((123, 692, 46))),
            (4_096, 0, Ok((128, 3_736, 64))),
            (20_000, 0, Ok((128, 4_096, 64))),
            (56, 0, Err(TooFew { limit: 56, inherited: 0, needed: 57 })),
            (96, 32, Ok((4, 15, 1))),
            (88, 32, Err(TooFew { limit: 88, inherited: 32, needed: 89 })),
        ] {
            let shared = Descriptors::share(limit, inherited, 4_096, 64);
            assert_eq!(shared.map(|to| (to.segments, to.connections, to.ending)), expected, "{limit}");
            if let Ok(to) = shared {
                let all = inherited + ALWAYS + 2 * to.segments as u64 + (to.connections + to.ending) as u64;
                assert!(all <= limit, "{limit}: {to:?}");
            }
        }
        assert_eq!(Descriptors::share(57, 0, 4_096, 64).map(|to| to.connections), Ok(8));
        assert_eq!(Descriptors::share(4_096, 0, 10, 64).map(|to| to.connections), Ok(10));
    }
}
