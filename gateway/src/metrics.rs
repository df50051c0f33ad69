//! The metrics page, in the OpenMetrics text format that Prometheus reads.

use crate::app::App;
use axum::http::Method;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::fmt::Write;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

/// One series of requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: Text,
    route: Text,
    status: u16,
}

/// One series of latencies.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: Text,
    route: Text,
}

/// A label made of a shared text, so that counting allocates nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Text(Arc<str>);

impl EncodeLabelValue for Text {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        encoder.write_str(&self.0)
    }
}

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS_S: [f64; 10] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

/// The methods that are told apart.
const NAMES: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OTHER"];

/// Methods are few: their names are shared.
fn method_name(index: usize) -> Arc<str> {
    static SHARED: LazyLock<[Arc<str>; NAMES.len()]> = LazyLock::new(|| NAMES.map(Arc::from));
    Arc::clone(&SHARED[index])
}

/// The series of one address, held so that a request is counted without looking its labels up.
#[derive(Debug)]
pub struct CountedRoute {
    name: Arc<str>,
    methods: [OnceLock<CountedMethod>; NAMES.len()],
}

impl CountedRoute {
    /// The series of the address that is written like this.
    pub fn new(name: &str) -> CountedRoute {
        CountedRoute { name: name.into(), methods: Default::default() }
    }

    /// The address as it is written in the OpenAPI document.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// How many statuses of a method are held; the others are looked up.
const STATUSES_HELD: usize = 8;

/// The series of one method of an address.
#[derive(Debug)]
struct CountedMethod {
    labels: Route,
    latency: Histogram,
    /// In the order in which they were first seen.
    statuses: [OnceLock<(u16, Counter)>; STATUSES_HELD],
}

impl CountedMethod {
    fn inc(&self, status: u16, metrics: &Metrics) {
        let Route { method, route } = &self.labels;
        let find = || metrics.requests.get_or_create(&Request { method: method.clone(), route: route.clone(), status });
        let held = self.statuses.iter().map(|place| place.get_or_init(|| (status, find().clone())));
        match held.into_iter().find(|(held, _)| *held == status) {
            Some((_, counter)) => counter.inc(),
            None => find().inc(),
        };
    }
}

/// Counters of the doors.
#[derive(Debug)]
pub struct Metrics {
    requests: Family<Request, Counter>,
    latency: Family<Route, Histogram, fn() -> Histogram>,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            requests: Family::default(),
            latency: Family::new_with_constructor((|| Histogram::new(BUCKETS_S)) as fn() -> Histogram),
        }
    }
}

impl Metrics {
    /// Counts a request that was answered.
    pub fn count(&self, route: &CountedRoute, method: &Method, status: u16, took: Duration) {
        let index = NAMES.iter().position(|name| *name == method.as_str()).unwrap_or(NAMES.len() - 1);
        let counted = route.methods[index].get_or_init(|| {
            let labels = Route { method: Text(method_name(index)), route: Text(Arc::clone(&route.name)) };
            let latency = self.latency.get_or_create(&labels).clone();
            CountedMethod { labels, latency, statuses: Default::default() }
        });
        counted.inc(status, self);
        counted.latency.observe(took.as_secs_f64());
    }

    /// The page.
    ///
    /// # Errors
    /// None in practice: writing to a text does not fail.
    pub fn page(&self, app: &App) -> Result<String, std::fmt::Error> {
        let mut registry = Registry::with_prefix("comanda");
        registry.register("http_requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "How long requests took",
            Unit::Seconds,
            self.latency.clone(),
        );
        register_engine(&mut registry, app);
        register_providers(&mut registry, app);
        let mut page = String::new();
        encode(&mut page, &registry)?;
        Ok(page)
    }
}

fn register_engine(registry: &mut Registry, app: &App) {
    let stats = app.engine.stats().snapshot();
    for (name, help, value) in [
        ("commands_accepted", "Commands that took effect", stats.accepted),
        ("commands_refused", "Commands the rules refused", stats.refused),
        ("commands_repeated", "Repeats of accepted commands", stats.repeated),
        ("commands_overloaded", "Commands turned away because the queue was full", stats.overloaded),
        ("commands_storage_full", "Commands turned away because the disk was full", stats.storage_full),
        ("engine_fetches", "Reads of the disk that commands waited for", stats.fetches),
        ("engine_snapshots", "Snapshots taken", stats.snapshots),
        ("engine_snapshots_failed", "Snapshots that could not be written", stats.snapshots_failed),
        ("engine_stores_evicted", "Stores that left memory", stats.stores_evicted),
        ("log_events", "Events made durable", stats.events),
        ("log_batches", "Batches made durable, one sync each", stats.batches),
        ("log_bytes", "Bytes made durable", stats.batch_bytes),
        ("log_append_microseconds", "Time spent writing and syncing", stats.append_us),
    ] {
        registry.register(name, help, ConstCounter::new(value));
    }
    let gauge = |value: u64| ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    registry.register("command_queue_depth", "Commands waiting", gauge(app.engine.queue_depth() as u64));
    for (name, help, value) in [
        ("commands_parked", "Commands waiting for something to be read", stats.parked),
        ("engine_stores", "Stores in memory", stats.stores),
        ("engine_orders", "Orders in memory", stats.orders),
        ("engine_ids", "Ids of accepted commands in memory", stats.ids),
        (
            "engine_snapshot_position",
            "What the last snapshot goes to: a start reads the log from there",
            stats.snapshot_position,
        ),
    ] {
        registry.register(name, help, gauge(value));
    }
    let head = app.reader.durable().0;
    registry.register("log_head_position", "Position of the next event", gauge(head));
    for status in app.projections.status() {
        let labels = [("view".into(), status.projection.as_str().into())].into_iter();
        let registry = registry.sub_registry_with_labels(labels);
        registry.register("view_position", "Position of the last event a view has folded", gauge(status.position.0));
        registry.register("view_lag_events", "Events a view is behind", gauge(status.lag));
        registry.register(
            "view_parked",
            "1 where a view has stopped at an event",
            gauge(status.parked.is_some().into()),
        );
        registry.register(
            "view_waits_for_space",
            "1 where a view waits for space on the disk",
            gauge(status.waits_for_space.into()),
        );
    }
}

fn register_providers(registry: &mut Registry, app: &App) {
    let providers = &app.providers;
    let gauge = |value: u64| ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    if providers.accounts().next().is_some() {
        registry.register("provider_owed", "What providers are still to be asked", gauge(providers.owed_count()));
        let position = providers.position.load(Ordering::Relaxed);
        registry.register("provider_position", "How far the log was read for what providers are owed", gauge(position));
        let parked = providers.parked_count() as u64;
        registry.register("provider_parked", "Messages of providers that fit no payment yet", gauge(parked));
    }
    for held in providers.accounts() {
        let labels = [("account".into(), held.account.id.to_string().into())].into_iter();
        let registry = registry.sub_registry_with_labels(labels);
        let stats = &held.stats;
        for (name, help, value) in [
            ("provider_webhooks", "Webhooks that were kept", &stats.webhooks),
            ("provider_webhooks_repeated", "Webhooks that were kept before", &stats.repeated),
            ("provider_webhooks_parked", "Webhooks that fitted no payment when they came", &stats.parked),
            ("provider_webhooks_rejected", "Webhooks that were not believed, not read or not kept", &stats.rejected),
            ("provider_requests", "Requests to the provider", &stats.requests),
            ("provider_requests_failed", "Requests without an answer that says anything", &stats.failed),
            ("provider_requests_refused", "Requests that the provider refused", &stats.refused),
            ("provider_unanswered", "What was asked many times without a good answer", &stats.unanswered),
        ] {
            registry.register(name, help, ConstCounter::new(value.load(Ordering::Relaxed)));
        }
        let is_open = held.is_left_alone();
        registry.register(
            "provider_breaker_open",
            "1 where the provider is left alone for a while",
            gauge(is_open.into()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_and_status_has_a_series_however_many_there_are() {
        let metrics = Metrics::default();
        let routes = [CountedRoute::new("/a"), CountedRoute::new("/b")];
        let statuses = 200..200 + 2 * STATUSES_HELD as u16;
        for (count, method) in [(1, "GET"), (2, "POST"), (3, "PURGE")] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            for status in statuses.clone() {
                for _ in 0..count {
                    metrics.count(&routes[0], &method, status, Duration::from_millis(1));
                }
            }
        }
        metrics.count(&routes[1], &Method::GET, 200, Duration::from_millis(3));
        let mut registry = Registry::default();
        registry.register("requests", "", metrics.requests.clone());
        registry.register("took", "", metrics.latency.clone());
        let mut page = String::new();
        encode(&mut page, &registry).unwrap();
        for (count, method) in [(1, "GET"), (2, "POST"), (3, "OTHER")] {
            for status in statuses.clone() {
                let line = format!("requests_total{{method=\"{method}\",route=\"/a\",status=\"{status}\"}} {count}\n");
                assert!(page.contains(&line), "{line} in {page}");
            }
            let all = count * statuses.len();
            let line = format!("took_count{{method=\"{method}\",route=\"/a\"}} {all}\n");
            assert!(page.contains(&line), "{line} in {page}");
        }
        assert!(page.contains("requests_total{method=\"GET\",route=\"/b\",status=\"200\"} 1\n"), "{page}");
        assert!(!page.contains("method=\"POST\",route=\"/b\""), "nobody asked: {page}");
    }
}
