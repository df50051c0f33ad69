//! The metrics page, in the OpenMetrics text format that Prometheus reads.

use crate::state::AppState;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::sync::atomic::Ordering;

/// The page.
///
/// # Errors
/// None in practice: writing to a text does not fail.
pub fn page(app: &AppState) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("comanda");
    app.metrics.register(&mut registry);
    register_engine(&mut registry, app);
    register_providers(&mut registry, app);
    let mut page = String::new();
    encode(&mut page, &registry)?;
    Ok(page)
}

fn register_engine(registry: &mut Registry, app: &AppState) {
    let stats = app.engine.stats().snapshot();
    for (name, help, value) in [
        ("commands_accepted", "Commands that took effect", stats.accepted),
        ("commands_refused", "Commands the rules refused", stats.refused),
        ("commands_repeated", "Repeats of accepted commands", stats.repeated),
        ("commands_overloaded", "Commands turned away because the queue was full", stats.overloaded),
        ("commands_storage_full", "Commands turned away because the disk was full", stats.storage_full),
        (
            "commands_log_unavailable",
            "Commands turned away because the log took nothing or did not answer",
            stats.log_unavailable,
        ),
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
        ("commands_parked", "Commands waiting for something to be read", stats.deferred),
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
    let in_doubt = app.engine.time().now().doubt.is_some();
    registry.register(
        "clock_in_doubt",
        "1 while the clock is in doubt and no deadline falls due",
        gauge(in_doubt.into()),
    );
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

fn register_providers(registry: &mut Registry, app: &AppState) {
    let providers = &app.providers;
    let gauge = |value: u64| ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    if providers.accounts().next().is_some() {
        registry.register("provider_owed", "What providers are still to be asked", gauge(providers.owed_count()));
        let position = providers.position.load(Ordering::Relaxed);
        registry.register("provider_position", "How far the log was read for what providers are owed", gauge(position));
        let parked = providers.parked_count() as u64;
        registry.register("provider_parked", "Messages of providers that fit no payment yet", gauge(parked));
    }
    for provider in providers.accounts() {
        let labels = [("account".into(), provider.account.id.to_string().into())].into_iter();
        let registry = registry.sub_registry_with_labels(labels);
        let stats = &provider.stats;
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
        let is_open = provider.is_breaker_open();
        registry.register(
            "provider_breaker_open",
            "1 where the provider is left alone for a while",
            gauge(is_open.into()),
        );
    }
}
