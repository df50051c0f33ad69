//! A projection of one's own: what each sku received, folded from a log: `cargo run --example projection -p comanda-projections`.
//!
//! It shows what every projection has to get right: state and position move together, what was folded before is passed over,
//! foreign events are nothing to it, and the state of a fold from zero is the state.

#![allow(clippy::print_stdout, reason = "an example prints what it made")]
#![allow(unused_crate_dependencies, reason = "an example shares the crate's dependencies")]

use domain::event::{Event, StockEvent};
use domain::ids::{Sku, StoreId, TenantId};
use domain::money::QtyMilli;
use domain::stream::Stream;
use eventlog::{Batch, CommitHeader, LogReader, LogWriter, Position, Revision};
use schemas::stored;
use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

/// The read model. Whoever stores it writes both fields in one transaction: a position without its state, or a state
/// without its position, would count events twice or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Received {
    /// The last event that is in `by_sku`; position 0 is the log's own record, which says nothing.
    position: Position,
    /// In thousandths of a unit.
    by_sku: BTreeMap<(TenantId, StoreId, Sku), i64>,
}

impl Received {
    /// Folds everything that is durable.
    fn catch_up(&mut self, reader: &LogReader) -> Result<(), Box<dyn Error>> {
        let mut tail = reader.tail(Position(self.position.0 + 1));
        let mut decoder = stored::Decoder::new();
        while let Some(batch) = tail.next(Duration::ZERO)? {
            for commit in batch.commits() {
                for event in commit.events() {
                    // A tail begins with a whole batch, some of which may have been folded before a restart.
                    if event.position <= self.position {
                        continue;
                    }
                    // The stream's category tells what to decode, so a type that somebody adds elsewhere is no business of ours.
                    if event.stream.starts_with("stock-") {
                        let stream = decoder.stream(event.stream)?;
                        self.apply(&stream, &decoder.decode(&stream, event.body)?);
                    }
                    self.position = event.position;
                }
            }
        }
        Ok(())
    }

    fn apply(&mut self, stream: &Stream, event: &Event) {
        if let (Stream::Stock(tenant, store), Event::Stock(StockEvent::StockReceived { sku, qty, .. })) =
            (stream, event)
        {
            *self.by_sku.entry((*tenant, *store, *sku)).or_default() += qty.0;
        }
    }
}

/// One commit in one batch. `meta` would say who acted; this projection does not ask.
fn append(writer: &mut LogWriter, stream: &Stream, revision: u64, event: &Event) -> Result<(), Box<dyn Error>> {
    let tenant = stream.tenant();
    let mut batch = Batch::new(writer.next_position());
    let header = CommitHeader {
        tenant: tenant.as_str(),
        command_id: revision.into(),
        payload_hash: 0,
        recorded_at: 1_700_000_000_000_000,
        meta: &[],
    };
    let mut commit = batch.commit(&header);
    commit.event(&stream.to_string(), Revision(revision), |body| stored::encode(event, body));
    commit.finish();
    writer.append(&mut batch)?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let (mut writer, reader, _) = eventlog::open_embedded(dir.path(), eventlog::Options::STANDARD)?;
    let stream = Stream::Stock(TenantId::parse("demo")?, StoreId::parse("s1")?);
    let receive = |sku: &str, pieces: u32| -> Result<Event, Box<dyn Error>> {
        let qty = QtyMilli::pieces(pieces);
        Ok(Event::Stock(StockEvent::StockReceived { sku: Sku::parse(sku)?, qty, reference: None }))
    };

    append(&mut writer, &stream, 0, &receive("dough", 40)?)?;
    append(&mut writer, &stream, 1, &receive("water", 24)?)?;
    let mut model = Received::default();
    model.catch_up(&reader)?;
    let checkpoint = model.clone();

    append(&mut writer, &stream, 2, &receive("dough", 10)?)?;
    model.catch_up(&reader)?;
    for ((tenant, store, sku), milli) in &model.by_sku {
        println!("{tenant} {store} {sku}: {} units", milli / QtyMilli::ONE.0);
    }
    println!("as of position {}", model.position);

    // Killed and restarted from its checkpoint, or rebuilt from zero: it is the same model.
    for mut other in [checkpoint, Received::default()] {
        other.catch_up(&reader)?;
        assert_eq!(other, model);
    }
    Ok(())
}
