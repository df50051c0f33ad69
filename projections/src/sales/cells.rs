//! What an order counts for, cell by cell.

use crate::key::Key;
use domain::event::Line;
use domain::pricing::Totals;
use schemas::json::Wire;
use schemas::views::{ItemCell, OrderCell, SoldDiscount, SoldLine, SoldRow, SoldTax, TaxCell};

pub(super) fn sold_line(line: &Line) -> SoldLine {
    SoldLine {
        line: Wire(line.line),
        item: Wire(line.item),
        variation: line.variation.as_deref().map(|(variation, _)| Wire(*variation)),
        name: Wire(line.name.clone()),
        category: line.category.clone().map(Wire),
        qty: Wire(line.qty),
    }
}

/// What an order counts for of which nothing is sold any more.
pub(super) fn void() -> SoldRow {
    SoldRow { order: OrderCell::default(), items: vec![], taxes: vec![] }
}

/// What an order of these lines counts for; there are as many in both.
pub(super) fn sold(lines: &[SoldLine], discounts: &[SoldDiscount], totals: &Totals) -> SoldRow {
    let mut comped = vec![0; lines.len()];
    for part in totals.discount_parts.iter().filter(|part| discounts[part.discount].comp) {
        comped[part.line] += part.amount.0;
    }
    let comp: i64 = comped.iter().sum();
    let items = lines.iter().zip(&totals.lines).zip(comped).map(|((line, amounts), comp)| {
        let cell = ItemCell {
            lines: 1,
            units_milli: line.qty.0.0,
            gross: amounts.gross.0,
            discount: amounts.discount.0 - comp,
            comp,
            net: amounts.net.0,
            tax_exclusive: amounts.tax_exclusive.0,
            tax_inclusive: amounts.tax_inclusive.0,
        };
        (line.clone(), cell)
    });
    let taxes = totals.taxes.iter().map(|total| SoldTax {
        tax: Wire(total.tax.tax),
        rate: Wire(total.tax.rate),
        inclusive: total.tax.inclusive,
        cell: TaxCell { taxable: total.taxable.0, amount: total.amount.0, ..TaxCell::default() },
    });
    let order = order_cell(lines, totals, comp);
    SoldRow { order, items: items.collect(), taxes: taxes.collect() }
}

/// What an order of these lines counts for as a whole; `comp` of its discounts was given away.
pub(super) fn order_cell(lines: &[SoldLine], totals: &Totals, comp: i64) -> OrderCell {
    OrderCell {
        orders: 1,
        // An order has at most a few hundred lines.
        lines: lines.len() as i64,
        units_milli: lines.iter().map(|line| line.qty.0.0).sum(),
        gross: totals.gross.0,
        discount: totals.discount.0 - comp,
        comp,
        net: totals.net.0,
        tax_exclusive: totals.tax_exclusive.0,
        tax_inclusive: totals.tax_inclusive.0,
        charges: totals.charges_total.0,
        charge_tax: totals.charge_tax_exclusive.0,
        charge_tax_inclusive: totals.charge_tax_inclusive.0,
        total: totals.total.0,
    }
}

pub(super) fn item_key(hour: Key, line: &SoldLine) -> Key {
    hour.text(line.item.0.as_str())
        .text(line.variation.as_ref().map_or("", |variation| variation.0.as_str()))
        .text(line.category.as_ref().map_or("", |category| category.0.as_str()))
        .text(line.name.0.as_str())
}
