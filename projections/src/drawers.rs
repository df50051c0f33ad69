//! Cash drawers and their shifts.

use crate::error::{FoldError, QueryError};
use crate::key::Key;
use crate::page::{Page, PageRequest, page_descending};
use crate::projection::Projection;
use crate::projections::Projections;
use crate::projector::{Projector, Recorded, follows, starts};
use crate::rows::{Committed, Rows};
use crate::view::Answer;
use domain::event::{DrawerEvent, Event};
use domain::ids::{DrawerId, StoreId, TenantId};
use domain::stream::Stream;
use redb::WriteTransaction;
use schemas::json::Wire;
use schemas::stored::CommitMeta;
use schemas::views::{DrawerView, Row, ShiftState, ShiftView};

/// (tenant, store, drawer) to the drawer.
const DRAWERS: &str = "drawers";
/// (tenant, store, drawer, number) to the shift.
const SHIFTS: &str = "shifts";

/// Folds `drawer-` streams.
pub(crate) struct DrawersProjector {
    drawers: Rows<DrawerView>,
    shifts: Rows<ShiftView>,
}

impl DrawersProjector {
    pub fn new() -> DrawersProjector {
        DrawersProjector { drawers: Rows::new(DRAWERS, 4_096), shifts: Rows::new(SHIFTS, 1_024) }
    }
}

fn opened(drawer: DrawerId, event: &DrawerEvent, recorded: &Recorded<'_>) -> Result<ShiftView, FoldError> {
    let DrawerEvent::ShiftOpened { shift, float, business_date } = event else {
        return Err(FoldError::Impossible("cash in a drawer without a shift"));
    };
    Ok(ShiftView {
        drawer_id: Wire(drawer),
        shift: *shift,
        state: ShiftState::Open,
        business_date: Wire(*business_date),
        float: float.0,
        sales: 0,
        sales_count: 0,
        refunds: 0,
        refunds_count: 0,
        paid_in: 0,
        paid_out: 0,
        no_sales: 0,
        expected: float.0,
        counted: None,
        over_short: None,
        opened_at: Wire(recorded.recorded_at),
        opened_by: Wire(CommitMeta::decode(recorded.meta)?.actor),
        closed_at: None,
        closed_by: None,
    })
}

fn evolve(shift: &mut ShiftView, event: &DrawerEvent, recorded: &Recorded<'_>) -> Result<(), FoldError> {
    match event {
        DrawerEvent::CashPaidIn { amount, .. } => shift.paid_in += amount.0,
        DrawerEvent::CashPaidOut { amount, .. } => shift.paid_out += amount.0,
        DrawerEvent::NoSaleRecorded { .. } => shift.no_sales += 1,
        DrawerEvent::CashSaleRecorded { amount, .. } => {
            shift.sales += amount.0;
            shift.sales_count += 1;
        }
        DrawerEvent::CashRefundRecorded { amount, .. } => {
            shift.refunds += amount.0;
            shift.refunds_count += 1;
        }
        DrawerEvent::ShiftClosed { counted, over_short, .. } => {
            shift.state = ShiftState::Closed;
            (shift.counted, shift.over_short) = (Some(counted.0), Some(over_short.0));
            shift.closed_at = Some(Wire(recorded.recorded_at));
            shift.closed_by = Some(Wire(CommitMeta::decode(recorded.meta)?.actor));
        }
        DrawerEvent::ShiftOpened { .. } | DrawerEvent::DrawerRemoved => {
            return Err(FoldError::Impossible("a shift was opened twice, or taken out while it was open"));
        }
    }
    shift.expected = shift.float + shift.sales - shift.refunds + shift.paid_in - shift.paid_out;
    Ok(())
}

impl Projector for DrawersProjector {
    const LAYOUT: u32 = 1;
    const ROWS: &'static [u8] = &[DrawerView::VERSION, ShiftView::VERSION];
    const TABLES: &'static [&'static str] = &[DRAWERS, SHIFTS];

    fn wants(category: &str) -> bool {
        category == "drawer"
    }

    fn apply(&mut self, committed: &Committed<'_>, recorded: &Recorded<'_>) -> Result<(), FoldError> {
        let (Stream::Drawer(tenant, store, drawer), Event::Drawer(_, event)) = (recorded.stream, &recorded.event)
        else {
            return Ok(());
        };
        let key = Key::of_store(tenant, store).text(drawer.as_str());
        let held = self.drawers.get(committed, key.as_slice())?.cloned();
        let removed_at = matches!(event, DrawerEvent::DrawerRemoved).then_some(Wire(recorded.recorded_at));
        let shift = match (held, event) {
            (None, event) => {
                starts(recorded.revision)?;
                opened(drawer, event, recorded)?
            }
            (Some(held), DrawerEvent::ShiftOpened { .. }) => {
                follows(held.revision, recorded.revision)?;
                opened(drawer, event, recorded)?
            }
            (Some(held), DrawerEvent::DrawerRemoved) => {
                follows(held.revision, recorded.revision)?;
                held.shift
            }
            (Some(mut held), event) => {
                follows(held.revision, recorded.revision)?;
                evolve(&mut held.shift, event, recorded)?;
                held.shift
            }
        };
        self.shifts.put(committed, key.clone().u32(shift.shift).as_slice(), Some(shift.clone()))?;
        let row =
            DrawerView { drawer_id: Wire(drawer), store: Wire(store), shift, removed_at, revision: recorded.revision };
        self.drawers.put(committed, key.as_slice(), Some(row))
    }

    fn is_dirty(&self) -> bool {
        self.drawers.is_dirty()
    }

    fn flush(&mut self, transaction: &WriteTransaction) -> Result<(), FoldError> {
        self.drawers.flush(transaction)?;
        self.shifts.flush(transaction)
    }
}

impl Projections {
    /// A store's cash drawers, by id, each with its latest shift.
    pub fn drawers(&self, tenant: TenantId, store: StoreId) -> Result<Answer<Vec<DrawerView>>, QueryError> {
        self.read(Projection::Drawers, |view| {
            let rows = view.all::<DrawerView>(DRAWERS, &Key::of_store(tenant, store))?;
            let there = rows.into_iter().map(|(_, row)| row).filter(|drawer| drawer.removed_at.is_none());
            Ok(view.answer(there.collect()))
        })
    }

    /// The shifts of a cash drawer, newest first.
    ///
    /// # Errors
    /// [`QueryError`], among them [`QueryError::BadCursor`].
    pub fn shifts(
        &self,
        tenant: TenantId,
        store: StoreId,
        drawer: DrawerId,
        page: &PageRequest,
    ) -> Result<Answer<Page<ShiftView>>, QueryError> {
        self.read(Projection::Drawers, |view| {
            let list = Key::of_store(tenant, store).text(drawer.as_str());
            let value = page_descending::<ShiftView, ShiftView>(&view.table(SHIFTS)?, &list, &list, page, |_, row| {
                Ok(Some(row))
            })?;
            Ok(view.answer(value))
        })
    }
}
