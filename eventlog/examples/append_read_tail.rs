//! Appends batches to a log in a directory, reads them back, and follows what a second thread appends.
//!
//! ```sh
//! cargo run -p comanda-eventlog --example append_read_tail
//! ```

#![allow(clippy::print_stdout, reason = "an example whose output is read by people")]

use eventlog::{Batch, CommitHeader, Direction, LogWriter, Options, Position, Revision, open_embedded};
use std::error::Error;
use std::time::Duration;

/// Appends one batch of two commits. Both become durable with one sync; each is there whole or not at all.
fn append(writer: &mut LogWriter, batch: &mut Batch, guest: u64) -> Result<(), Box<dyn Error>> {
    let order = format!("order-{guest}");
    let header = CommitHeader {
        tenant: "m1",
        command_id: u128::from(guest),
        payload_hash: 0,
        recorded_at: 1_700_000_000_000_000,
        meta: b"by ana",
    };
    let mut commit = batch.commit(&header);
    commit.event(&order, Revision(0), |body| body.extend_from_slice(b"opened"));
    commit.event(&order, Revision(1), |body| body.extend_from_slice(b"placed"));
    commit.finish();
    let mut commit = batch.commit(&CommitHeader { command_id: u128::from(guest) + 1_000, ..header });
    commit.event("stock", Revision(guest), |body| body.extend_from_slice(b"reserved"));
    commit.finish();
    // On `Ok` everything is durable and visible to readers; the batch is empty again and starts at the next position.
    let appended = writer.append(batch)?;
    println!("batch {} is durable, {} bytes", appended.range.number, appended.bytes);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let (mut writer, reader, recovered) = open_embedded(dir.path(), Options::STANDARD)?;
    println!("created: {}, next position: {}", recovered.created, recovered.next);
    let mut batch = Batch::new(writer.next_position());
    for guest in 0..3 {
        append(&mut writer, &mut batch, guest)?;
    }

    // One stream, by revision.
    for event in reader.read_stream("order-1", Revision(0), Direction::Forward, 10)? {
        println!("order-1@{} at position {}: {}", event.revision, event.position, str::from_utf8(&event.body)?);
    }
    // The newest event of a stream, and a command that may be a repeat.
    assert_eq!(reader.stream_head("stock")?, Some(Revision(2)));
    assert!(reader.find_command("m1", 1, i64::MIN)?.is_some());
    assert!(reader.find_command("m1", 77, i64::MIN)?.is_none());

    // Everything from the beginning, then what comes.
    let mut tail = reader.tail(Position(0));
    std::thread::scope(|scope| {
        let follower = scope.spawn(move || -> Result<u64, eventlog::ReadError> {
            let mut events = 0;
            while events < 1 + 4 * 3 {
                let Some(batch) = tail.next(Duration::from_secs(10))? else { break };
                events += u64::from(batch.events());
                println!("followed batch {} with {} events", batch.batch_number(), batch.events());
            }
            Ok(events)
        });
        append(&mut writer, &mut batch, 3)?;
        let events = follower.join().map_err(|_| "the follower panicked")??;
        assert_eq!(events, reader.durable().0, "the tail brought every event once");
        Ok::<(), Box<dyn Error>>(())
    })?;

    // A log that was closed has nothing to recover.
    writer.close()?;
    let (_, _, recovered) = open_embedded(dir.path(), Options::STANDARD)?;
    println!("opened again: clean: {}, {} events", recovered.clean, recovered.events);
    Ok(())
}
