//! Requests counted by method, route and status. The page that shows them is `http/exposition.rs`.

use axum::http::Method;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::fmt::Write;
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
    /// Of those that were turned away because there was too much to do.
    shed: Histogram,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            requests: Family::default(),
            latency: Family::new_with_constructor((|| Histogram::new(BUCKETS_S)) as fn() -> Histogram),
            shed: Histogram::new(BUCKETS_S),
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
        if matches!(status, 429 | 503) {
            self.shed.observe(took.as_secs_f64());
        }
    }

    /// Puts what was counted on a page.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests answered", self.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "How long requests took",
            Unit::Seconds,
            self.latency.clone(),
        );
        registry.register_with_unit(
            "http_shed_duration",
            "How long it took to turn requests away for which there was no room (429 and 503), from their headers on",
            Unit::Seconds,
            self.shed.clone(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::text::encode;

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
