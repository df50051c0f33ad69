//! Terminals that were away, and the exceptions a person has to look at.

use crate::error::{FoldError, QueryError};
use crate::key::Key;
use crate::page::{Page, PageRequest, page_descending};
use crate::projection::Projection;
use crate::projections::Projections;
use crate::projector::{Projector, Recorded, follows, starts};
use crate::rows::{Committed, Rows};
use crate::view::Answer;
use domain::event::{Event, Noted, OrderEvent, StockEvent, TerminalEvent};
use domain::ids::{ActorId, CommandId, StoreId, TenantId, TerminalId, TerminalSeq};
use domain::stream::Stream;
use domain::terminal::{Gap, Terminal};
use redb::WriteTransaction;
use schemas::json::Wire;
use schemas::json::{CommandIdJson, PositionToken};
use schemas::stored::{CommitMeta, tag, type_name};
use schemas::views::{
    ExceptionKind, ExceptionState, ExceptionView, GapView, LateRow, ResolutionView, Row, TerminalView,
};

/// (tenant, store, terminal) to the terminal.
const TERMINALS: &str = "terminals";
/// (tenant, store, position) to the exception.
const EXCEPTIONS: &str = "exceptions";

/// (tenant, store, command) to where a command that waits was recorded.
const LATE: &str = "late";

/// (tenant, store, position of the exception) to what somebody did about it. An exception and what was done about it stand in
/// streams of their own and meet in the query.
const RESOLUTIONS: &str = "resolutions";

/// Which exceptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionFilter {
    /// Dealt with or not.
    pub state: ExceptionState,
    /// Of this kind only.
    pub kind: Option<ExceptionKind>,
    /// Of this terminal only.
    pub terminal: Option<TerminalId>,
}

/// Folds `terminal-` streams, and the exceptions in others.
pub(crate) struct TerminalsProjector {
    terminals: Rows<TerminalView>,
    exceptions: Rows<ExceptionView>,
    resolutions: Rows<ResolutionView>,
    late: Rows<LateRow>,
}

impl TerminalsProjector {
    pub fn new() -> TerminalsProjector {
        TerminalsProjector {
            terminals: Rows::new(TERMINALS, 4_096),
            exceptions: Rows::new(EXCEPTIONS, 1_024),
            resolutions: Rows::new(RESOLUTIONS, 256),
            late: Rows::new(LATE, 256),
        }
    }

    /// Folds what was done about an exception: by a person, or by what a command waited for.
    fn fold_resolution(
        &mut self,
        committed: &Committed<'_>,
        (tenant, store): (TenantId, StoreId),
        event: &TerminalEvent,
        (meta, recorded): (&CommitMeta, &Recorded<'_>),
    ) -> Result<(), FoldError> {
        let late_key = |command: CommandId| Key::of_store(tenant, store).text(&format!("{:032x}", command.0));
        let (position, note, by) = match event {
            TerminalEvent::LateCommandRecorded {
                noted: Noted { command: Some(command), .. }, kept: Some(_), ..
            } => {
                let row = LateRow { position: recorded.position.0 };
                return self.late.put(committed, late_key(*command).as_slice(), Some(row));
            }
            TerminalEvent::LateCommandTaken(Noted { command: Some(command), detail, .. }) => {
                let key = late_key(*command);
                let row = self.late.get(committed, key.as_slice())?.cloned();
                let row = row.ok_or(FoldError::Impossible("a command that did not wait has waited"))?;
                self.late.put(committed, key.as_slice(), None)?;
                (row.position, detail, engine())
            }
            TerminalEvent::ExceptionResolved { position, note, command } => {
                if let Some(command) = command {
                    self.late.put(committed, late_key(*command).as_slice(), None)?;
                }
                (*position, note, meta.actor)
            }
            _ => return Ok(()),
        };
        let (note, by, at) = (Wire(note.clone()), Wire(by), Wire(recorded.recorded_at));
        let key = position_key(tenant, store, position)?;
        self.resolutions.put(committed, key.as_slice(), Some(ResolutionView { note, by, at }))
    }

    /// Folds what happened to the terminal's queue.
    fn fold_queue(
        &mut self,
        committed: &Committed<'_>,
        (tenant, store, terminal): (TenantId, StoreId, TerminalId),
        event: &TerminalEvent,
        recorded: &Recorded<'_>,
    ) -> Result<(), FoldError> {
        let key = Key::of_store(tenant, store).text(terminal.as_str());
        let held = self.terminals.get(committed, key.as_slice())?.cloned();
        let mut row = match held {
            Some(row) => {
                follows(row.revision, recorded.revision)?;
                row
            }
            None => {
                starts(recorded.revision)?;
                TerminalView {
                    terminal_id: Wire(terminal),
                    store: Wire(store),
                    last_seq: None,
                    gaps: vec![],
                    exceptions: 0,
                    registered_at: Wire(recorded.recorded_at),
                    last_sent_at: Wire(recorded.recorded_at),
                    revision: 0,
                }
            }
        };
        let mut queue = queue_of(&row);
        queue.evolve(event);
        row.last_seq = queue.last.map(|last| last.0);
        row.gaps = queue.gaps.iter().map(|gap| GapView { first: gap.first.0, last: gap.last.0 }).collect();
        (row.last_sent_at, row.revision) = (Wire(recorded.recorded_at), recorded.revision);
        self.terminals.put(committed, key.as_slice(), Some(row))
    }
}

/// Who has dealt with what took effect by itself.
fn engine() -> ActorId {
    ActorId::parse("engine").expect("it is an id")
}

/// The queue as the domain folds it, so that both say the same of its gaps.
fn queue_of(row: &TerminalView) -> Terminal {
    let gap = |gap: &GapView| Gap { first: TerminalSeq(gap.first), last: TerminalSeq(gap.last) };
    Terminal { events: row.revision, last: row.last_seq.map(TerminalSeq), gaps: row.gaps.iter().map(gap).collect() }
}

/// An exception of which nothing but the commit is known.
fn unspecific(kind: ExceptionKind, meta: &CommitMeta, recorded: &Recorded<'_>) -> ExceptionView {
    ExceptionView {
        position: PositionToken::new(recorded.position.0),
        kind,
        recorded_at: Wire(recorded.recorded_at),
        occurred_at: meta.occurred_at.map(Wire),
        actor: Wire(meta.actor),
        terminal: meta.terminal.map(Wire),
        terminal_seq: meta.terminal_seq.map(|seq| seq.0),
        gap_last: None,
        command_id: Some(CommandIdJson(recorded.command_id)),
        command: None,
        order_id: None,
        payment_id: None,
        sku: None,
        qty: None,
        expected: None,
        actual: None,
        amount: None,
        code: None,
        detail: None,
        digest: None,
        waits: None,
        resolved: None,
    }
}

fn with_noted(view: ExceptionView, noted: &Noted) -> ExceptionView {
    ExceptionView {
        terminal_seq: noted.seq.map(|seq| seq.0),
        command_id: noted.command.map(CommandIdJson),
        command: noted.kind.clone().map(Wire),
        order_id: noted.order.map(Wire),
        payment_id: noted.payment.map(Wire),
        code: Some(Wire(noted.code.clone())),
        detail: Some(Wire(noted.detail.clone())),
        ..view
    }
}

fn of_terminal(event: &TerminalEvent, meta: &CommitMeta, recorded: &Recorded<'_>) -> Option<ExceptionView> {
    let unspecific = |kind| unspecific(kind, meta, recorded);
    let hex = |digest: &u128| Some(format!("{digest:032x}"));
    match event {
        TerminalEvent::TerminalRegistered
        | TerminalEvent::SequenceAdvanced { .. }
        | TerminalEvent::ExceptionResolved { .. } => None,
        TerminalEvent::SequenceGapFound { first, last } => Some(ExceptionView {
            terminal_seq: Some(first.0),
            gap_last: Some(last.0),
            ..unspecific(ExceptionKind::SequenceGap)
        }),
        TerminalEvent::SequenceGapFilled { .. } => Some(unspecific(ExceptionKind::SequenceGapFilled)),
        TerminalEvent::ClockAheadFound { .. } => Some(unspecific(ExceptionKind::ClockAhead)),
        TerminalEvent::ClockBehindFound { .. } => Some(unspecific(ExceptionKind::ClockBehind)),
        TerminalEvent::LateCommandTaken(noted) => Some(with_noted(unspecific(ExceptionKind::LateCommandTaken), noted)),
        TerminalEvent::RuleWaived(noted) => Some(with_noted(unspecific(ExceptionKind::RuleWaived), noted)),
        TerminalEvent::BoundExceeded(noted) => Some(with_noted(unspecific(ExceptionKind::BeyondBounds), noted)),
        TerminalEvent::LateCommandRecorded { noted, digest, amount, kept, .. } => Some(ExceptionView {
            amount: amount.map(|amount| amount.0),
            digest: hex(digest),
            waits: kept.is_some().then_some(true),
            ..with_noted(unspecific(ExceptionKind::LateCommand), noted)
        }),
        TerminalEvent::CommandRejected { noted, digest } => {
            Some(ExceptionView { digest: hex(digest), ..with_noted(unspecific(ExceptionKind::RejectedCommand), noted) })
        }
    }
}

impl Projector for TerminalsProjector {
    const LAYOUT: u32 = 3;
    const ROWS: &'static [u8] =
        &[TerminalView::VERSION, ExceptionView::VERSION, ResolutionView::VERSION, LateRow::VERSION];
    const TABLES: &'static [&'static str] = &[TERMINALS, EXCEPTIONS, RESOLUTIONS, LATE];

    fn wants(category: &str) -> bool {
        matches!(category, "terminal" | "stock" | "order")
    }

    fn wants_type(tag: u16) -> bool {
        // A type nobody knows is the decoder's to report.
        matches!(tag, tag::OversellRecorded | tag::TotalMismatchRecorded)
            || tag >> 8 == tag::TerminalRegistered >> 8
            || type_name(tag).is_none()
    }

    fn apply(&mut self, committed: &Committed<'_>, recorded: &Recorded<'_>) -> Result<(), FoldError> {
        let meta = CommitMeta::decode(recorded.meta)?;
        let (tenant, store, found) = match (recorded.stream, &recorded.event) {
            (Stream::Terminal(tenant, store, terminal), Event::Terminal(_, event)) => {
                self.fold_queue(committed, (tenant, store, terminal), event, recorded)?;
                self.fold_resolution(committed, (tenant, store), event, (&meta, recorded))?;
                (tenant, store, of_terminal(event, &meta, recorded))
            }
            (Stream::Stock(tenant, store), Event::Stock(StockEvent::OversellRecorded { order, sku, qty })) => {
                let found = ExceptionView {
                    order_id: order.map(Wire),
                    sku: Some(Wire(*sku)),
                    qty: Some(Wire(*qty)),
                    ..unspecific(ExceptionKind::Oversell, &meta, recorded)
                };
                (tenant, store, Some(found))
            }
            (
                Stream::Order(tenant, store, order),
                Event::Order(_, OrderEvent::TotalMismatchRecorded { expected, actual }),
            ) => {
                let found = ExceptionView {
                    order_id: Some(Wire(order)),
                    expected: Some(expected.0),
                    actual: Some(actual.0),
                    ..unspecific(ExceptionKind::TotalMismatch, &meta, recorded)
                };
                (tenant, store, Some(found))
            }
            (_, _) => return Ok(()),
        };
        let Some(found) = found else { return Ok(()) };
        // Practice is for learning, and nobody has to set it right; what became of the queue is real.
        if recorded.training && matches!(found.kind, ExceptionKind::TotalMismatch | ExceptionKind::RuleWaived) {
            return Ok(());
        }
        if let Some(terminal) = found.terminal {
            let key = Key::of_store(tenant, store).text(terminal.0.as_str());
            if let Some(row) = self.terminals.edit(committed, key.as_slice())? {
                row.exceptions += 1;
            }
        }
        self.exceptions.put_new(position_key(tenant, store, recorded.position.0)?.into_boxed(), found);
        Ok(())
    }

    fn is_dirty(&self) -> bool {
        self.terminals.is_dirty() || self.exceptions.is_dirty() || self.resolutions.is_dirty() || self.late.is_dirty()
    }

    fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        self.terminals.flush(transaction)?;
        self.exceptions.flush(transaction)?;
        self.resolutions.flush(transaction)?;
        self.late.flush(transaction)
    }
}

fn position_key(tenant: TenantId, store: StoreId, position: u64) -> Result<Key, FoldError> {
    let place = i64::try_from(position).map_err(|_| FoldError::Impossible("a position beyond all logs"))?;
    Ok(Key::of_store(tenant, store).i64(place))
}

impl Projections {
    /// A store's terminals that sent what they had kept while they were away, by id.
    pub fn terminals(&self, tenant: TenantId, store: StoreId) -> Result<Answer<Vec<TerminalView>>, QueryError> {
        self.read(Projection::Terminals, |view| {
            let rows = view.all::<TerminalView>(TERMINALS, &Key::of_store(tenant, store))?;
            let is_terminal = |row: &TerminalView| row.terminal_id.0 != Terminal::nobody();
            Ok(view.answer(rows.into_iter().map(|(_, row)| row).filter(is_terminal).collect()))
        })
    }

    /// The exception at a position of the log.
    pub fn exception(
        &self,
        tenant: TenantId,
        store: StoreId,
        position: u64,
    ) -> Result<Answer<Option<ExceptionView>>, QueryError> {
        self.read(Projection::Terminals, |view| {
            let value = match i64::try_from(position) {
                Ok(place) => view.get::<ExceptionView>(EXCEPTIONS, &Key::of_store(tenant, store).i64(place))?,
                Err(_) => None,
            };
            Ok(view.answer(value))
        })
    }

    /// A store's exceptions, newest first; pages as for [`Projections::orders`].
    ///
    /// # Errors
    /// [`QueryError`], among them [`QueryError::BadCursor`].
    pub fn exceptions(
        &self,
        tenant: TenantId,
        store: StoreId,
        filter: &ExceptionFilter,
        page: &PageRequest,
    ) -> Result<Answer<Page<ExceptionView>>, QueryError> {
        self.read(Projection::Terminals, |view| {
            let list = Key::of_store(tenant, store);
            let is_asked = |row: &ExceptionView| {
                filter.kind.is_none_or(|kind| kind == row.kind)
                    && filter.terminal.is_none_or(|terminal| row.terminal == Some(Wire(terminal)))
            };
            let resolutions = view.table(RESOLUTIONS)?;
            let value = page_descending::<ExceptionView, ExceptionView>(
                &view.table(EXCEPTIONS)?,
                &list,
                &list,
                page,
                |key, row| {
                    if !is_asked(&row) {
                        return Ok(None);
                    }
                    let resolved = resolutions.get::<ResolutionView>(key)?;
                    let is_in = match filter.state {
                        ExceptionState::Open => resolved.is_none(),
                        ExceptionState::Resolved => resolved.is_some(),
                        ExceptionState::All => true,
                    };
                    let waits = row.waits.filter(|_| resolved.is_none());
                    Ok(is_in.then_some(ExceptionView { waits, resolved, ..row }))
                },
            )?;
            Ok(view.answer(value))
        })
    }
}
