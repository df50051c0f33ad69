//! The security log: what credentials did and were refused, a line each, and summed up in the tenant's own stream.
//!
//! A line is written at once and may be left out where there are many alike. What is summed up is kept in memory, bounded for each
//! tenant, and recorded once a minute, so nobody who is refused a thousand times a second fills the log; a crash loses no more than
//! that minute. Where no tenant is known there is the line alone.

use crate::causes::with_causes;
use crate::http::trace::TraceId;
use commands::{Engine, Envelope, Time, derived_id};
use domain::calendar::Timestamp;
use domain::command::{AccessCommand, Command};
use domain::event::{Act, Activity, Role};
use domain::ids::{ActorId, CommandId, TenantId, Text, TokenId};
use projections::Grant;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many sums of a tenant are kept apart at a time. What comes beside them is summed up by act alone, over all credentials.
pub const SUMS_MAX: usize = 64;
/// The most events that are recorded for a tenant at a time.
pub const RECORDED_MAX: usize = SUMS_MAX + Act::ALL.len();
/// How many lines of one kind are written between two recordings, and of all kinds.
const LINES_MAX: u64 = 10;
const LINES_ALL_MAX: u64 = 1_000;
/// How many kinds that no tenant has are told apart.
const STRANGERS_MAX: usize = 256;
/// The operation of what is summed up over several.
const SEVERAL: &str = "*";
/// How long recording waits for the log.
const RECORD_TIMEOUT: Duration = Duration::from_secs(1);
/// Who records.
const RECORDER: &str = "security";

/// Who did something.
#[derive(Clone, Debug, Default)]
pub struct Who {
    /// Whose credential it is.
    pub tenant: Option<TenantId>,
    /// The credential, where one that works was shown.
    pub credential: Option<TokenId>,
    /// What it may do.
    pub role: Option<Role>,
    /// Where it came from; where no tenant is known that is all there is to tell one from the other.
    address: Option<IpAddr>,
}

impl Who {
    /// Whoever is at an address, with what they are let in by.
    pub fn at(address: IpAddr, grant: Option<&Grant>) -> Who {
        Who {
            tenant: grant.map(|grant| grant.tenant),
            credential: grant.map(|grant| grant.token),
            role: grant.map(|grant| grant.role),
            address: Some(address),
        }
    }
}

/// What somebody did: the method and the address as it is written in the OpenAPI document.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "names say all")]
pub struct Deed<'a> {
    pub act: Act,
    pub method: &'a str,
    pub route: &'a str,
    pub status: u16,
    /// The code of a refusal.
    pub code: Option<&'a str>,
}

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    credential: Option<TokenId>,
    address: Option<IpAddr>,
    act: Act,
    operation: Arc<str>,
    code: Option<Box<str>>,
}

/// What was counted.
#[derive(Clone, Copy, Debug)]
struct Sum {
    since: Timestamp,
    count: u64,
    bytes: u64,
    left_out: u64,
}

type Sums = HashMap<Kind, Sum>;

#[derive(Debug, Default)]
struct Counted {
    of: HashMap<Option<TenantId>, Sums>,
    lines: u64,
}

/// What was counted since it was recorded last.
#[derive(Debug)]
pub struct SecurityLog {
    counted: Mutex<Counted>,
    /// What time it is.
    time: Arc<Time>,
}

impl SecurityLog {
    /// One in which nothing is counted yet.
    pub fn new(time: Arc<Time>) -> SecurityLog {
        SecurityLog { counted: Mutex::default(), time }
    }

    /// Counts what somebody did, and writes its line.
    pub fn note(&self, who: &Who, deed: &Deed<'_>, trace_id: TraceId) {
        if self.count(who, deed, 1, 0) {
            let Deed { act, method, route, status, code } = deed;
            tracing::info!(
                target: "security",
                act = name_of(*act),
                operation = format_args!("{method} {route}"),
                status,
                code,
                tenant = who.tenant.map(tracing::field::display),
                token_id = who.credential.map(tracing::field::display),
                role = who.role.map(schemas::json::wire::name_of),
                address = who.address.map(tracing::field::display),
                trace_id = trace_id.as_str(),
            );
        }
    }

    /// Whether its line is written.
    fn count(&self, who: &Who, deed: &Deed<'_>, count: u64, bytes: u64) -> bool {
        let now = self.time.now().at;
        let kind = Kind {
            credential: who.credential,
            address: who.address.filter(|_| who.tenant.is_none()),
            act: deed.act,
            operation: format!("{} {}", deed.method, deed.route).into(),
            code: deed.code.map(Box::from),
        };
        let mut counted = self.counted();
        let Counted { of, lines } = &mut *counted;
        let sums = of.entry(who.tenant).or_default();
        let max = if who.tenant.is_some() { SUMS_MAX } else { STRANGERS_MAX };
        let kind = match sums.contains_key(&kind) || sums.len() < max {
            true => kind,
            false => Kind { credential: None, address: None, operation: SEVERAL.into(), code: None, ..kind },
        };
        let sum = sums.entry(kind).or_insert(Sum { since: now, count: 0, bytes: 0, left_out: 0 });
        sum.count += count;
        sum.bytes += bytes;
        if count == 0 {
            return false;
        }
        let is_written = sum.count <= LINES_MAX && *lines < LINES_ALL_MAX;
        if is_written {
            *lines += 1;
        } else {
            sum.left_out += count;
        }
        is_written
    }

    /// What was counted of tenants, but of those, and says of everybody how many lines were left out.
    fn take(&self, but: &BTreeMap<TenantId, Pending>) -> Vec<(TenantId, Vec<Activity>)> {
        let mut counted = self.counted();
        counted.lines = 0;
        let of = std::mem::take(&mut counted.of);
        let (kept, taken): (HashMap<_, _>, HashMap<_, _>) =
            of.into_iter().partition(|(tenant, _)| tenant.is_some_and(|tenant| but.contains_key(&tenant)));
        counted.of = kept;
        drop(counted);
        let mut activities = vec![];
        for (tenant, sums) in taken {
            sums.iter().filter(|(_, sum)| sum.left_out != 0).for_each(|(kind, sum)| say_left_out(tenant, kind, *sum));
            if let Some(tenant) = tenant {
                activities.push((tenant, activities_of(sums)));
            }
        }
        activities
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn say_left_out(tenant: Option<TenantId>, kind: &Kind, sum: Sum) {
    tracing::info!(
        target: "security",
        act = name_of(kind.act),
        operation = %kind.operation,
        code = kind.code.as_deref(),
        tenant = tenant.map(tracing::field::display),
        token_id = kind.credential.map(tracing::field::display),
        address = kind.address.map(tracing::field::display),
        count = sum.count,
        left_out = sum.left_out,
        "lines were left out"
    );
}

fn activities_of(sums: Sums) -> Vec<Activity> {
    // What cannot be a text of an event is none of ours: routes and codes are short and plain.
    let text = |text: &str| Text::parse(text).ok();
    let activity = |(kind, sum): (Kind, Sum)| {
        Some(Activity {
            since: sum.since,
            credential: kind.credential,
            act: kind.act,
            operation: text(&kind.operation)?,
            code: kind.code.as_deref().and_then(text),
            count: u32::try_from(sum.count).unwrap_or(u32::MAX),
            bytes: i64::try_from(sum.bytes).unwrap_or(i64::MAX),
        })
    };
    let mut activities: Vec<Activity> = sums.into_iter().filter_map(activity).collect();
    assert!(activities.len() <= RECORDED_MAX, "the sums of a tenant are bounded");
    activities.sort_by_key(|activity| (activity.since, activity.credential, activity.act));
    activities
}

/// What an act is called in lines; events call it the same.
fn name_of(act: Act) -> &'static str {
    match act {
        Act::SignedIn => "signed_in",
        Act::Refused => "refused",
        Act::Issued => "issued",
        Act::Revoked => "revoked",
        Act::Approved => "approved",
        Act::Configured => "configured",
        Act::Read => "read",
    }
}

/// How much somebody reads of an answer, which may be a feed that goes on for days. It is handed on beside the answer.
#[derive(Clone, Debug)]
pub struct Meter {
    log: Arc<SecurityLog>,
    who: Who,
    method: &'static str,
    route: Arc<str>,
    bytes: u64,
}

impl Meter {
    /// So much is noted at a time, or what there is at the end: what a feed without news says is not worth an event a minute.
    const BYTES: u64 = 4 << 10;

    /// For an answer that somebody gets.
    pub fn new(log: &Arc<SecurityLog>, who: Who, method: &'static str, route: &str) -> Meter {
        Meter { log: Arc::clone(log), who, method, route: route.into(), bytes: 0 }
    }

    /// So many bytes went on their way.
    pub fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// Nothing goes on for a while.
    pub fn rests(&mut self) {
        if Meter::BYTES <= self.bytes {
            self.note();
        }
    }

    fn note(&mut self) {
        let deed = Deed { act: Act::Read, method: self.method, route: &self.route, status: 200, code: None };
        let bytes = std::mem::take(&mut self.bytes);
        // The request itself was counted when it was answered.
        self.log.count(&self.who, &deed, 0, bytes);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if self.bytes != 0 {
            self.note();
        }
    }
}

/// What a tenant's log has not taken yet, under the id that it is sent with again.
type Pending = (CommandId, Vec<Activity>);

/// Records what was counted.
#[derive(Debug, Default)]
pub struct Recorder {
    pending: BTreeMap<TenantId, Pending>,
}

impl Recorder {
    /// Sends what was counted to the log. What it does not take is sent again the next time, and what comes meanwhile waits.
    pub async fn record(&mut self, log: &SecurityLog, engine: &Engine) {
        for (tenant, activities) in log.take(&self.pending) {
            let nonce = crate::tokens::mint().text;
            let id = derived_id(&[RECORDER, tenant.as_str(), &nonce]);
            self.pending.insert(tenant, (id, activities));
        }
        for tenant in self.pending.keys().copied().collect::<Vec<_>>() {
            let (id, activities) = &self.pending[&tenant];
            let command = Command::Access(AccessCommand::RecordActivity(activities.clone()));
            let actor = ActorId::parse(RECORDER).expect("it is an id");
            let answer = engine.submit(Envelope::new(*id, tenant, actor, command));
            match tokio::time::timeout(RECORD_TIMEOUT, answer).await {
                Ok(Ok(_)) => drop(self.pending.remove(&tenant)),
                Ok(Err(error)) => {
                    tracing::warn!(error = with_causes(&error), %tenant, "activity is not recorded yet");
                }
                Err(_) => tracing::warn!(%tenant, "activity is not recorded yet: the log does not answer"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use commands::Clock;

    fn log() -> SecurityLog {
        SecurityLog::new(Arc::new(Time::new(Clock::System, None)))
    }

    fn deed(route: &str) -> Deed<'_> {
        Deed { act: Act::Refused, method: "GET", route, status: 403, code: Some("forbidden") }
    }

    #[test]
    fn what_is_kept_is_bounded_and_nothing_of_it_is_lost() {
        let log = log();
        let tenant = TenantId::parse("demo").unwrap();
        let who = Who { tenant: Some(tenant), ..Who::default() };
        let mut written = 0;
        for number in 0..10_000_u64 {
            let route = format!("/v1/{}", number % 1_000);
            written += u64::from(log.count(&who, &deed(&route), 1, number % 2));
        }
        assert!(written <= LINES_ALL_MAX, "{written}");
        let taken = log.take(&BTreeMap::new());
        let activities = &taken[0].1;
        assert!(taken.len() == 1 && activities.len() == SUMS_MAX + 1, "{}", activities.len());
        assert_eq!(activities.iter().map(|activity| activity.count).sum::<u32>(), 10_000);
        assert_eq!(activities.iter().map(|activity| activity.bytes).sum::<i64>(), 5_000);
        assert!(log.take(&BTreeMap::new()).is_empty());
    }

    #[test]
    fn one_kind_has_few_lines_and_strangers_have_no_stream() {
        let log = log();
        let who = |last: u8| Who { address: Some([192, 0, 2, last].into()), ..Who::default() };
        let lines = (0..100).filter(|_| log.count(&who(1), &deed("/v1/feed"), 1, 0)).count();
        assert_eq!(lines as u64, LINES_MAX);
        assert!(log.count(&who(2), &deed("/v1/feed"), 1, 0), "another address is another kind");
        assert!(log.take(&BTreeMap::new()).is_empty());
    }

    #[test]
    fn what_is_on_its_way_to_the_log_is_waited_for() {
        let log = log();
        let tenant = TenantId::parse("demo").unwrap();
        let who = Who { tenant: Some(tenant), ..Who::default() };
        log.count(&who, &deed("/v1/feed"), 1, 0);
        let waiting = BTreeMap::from([(tenant, (derived_id(&["x"]), vec![]))]);
        assert!(log.take(&waiting).is_empty());
        assert_eq!(log.take(&BTreeMap::new())[0].1[0].count, 1);
    }
}
