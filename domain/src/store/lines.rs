//! From the line a client asks for to the line that is recorded: names, prices and taxes as the store's menu has them.

use super::Store;
use crate::command::{Context, NewLine, NewModifier, Source};
use crate::event::{DiningMode, Line, LineModifier};
use crate::ids::{LineId, TaxId};
use crate::menu::{Item, ItemPrice, Menu, ModifierGroup, Variation};
use crate::money::Money;
use crate::pricing::{TaxRate, unit_price};
use crate::refused::Refused;
use crate::tenant::Tenant;
use crate::terminal::{Waived, Waiver};
use std::collections::BTreeMap;

/// The menu a decision sells from.
#[derive(Clone, Copy)]
pub(super) struct Selling<'a> {
    pub menu: &'a Menu,
    pub version: u32,
    /// Whose menu it is: the other versions of it.
    pub tenant: &'a Tenant,
    pub context: &'a Context,
}

/// What a store sells from that has adopted no menu, if it has sold all the same.
static NO_MENU: Menu =
    Menu { items: BTreeMap::new(), groups: BTreeMap::new(), taxes: BTreeMap::new(), dayparts: BTreeMap::new() };

impl Store {
    /// The menu the store sells from; what was sold while a terminal was away, the one the terminal names.
    pub(super) fn selling<'a>(&self, tenant: &'a Tenant, context: &'a Context) -> Result<Selling<'a>, Refused> {
        let version = match context.offline.menu_version.filter(|_| context.is_offline()) {
            Some(named) if tenant.menu(named).is_some() => named,
            Some(named) if !context.offline.waived.has(Waiver::MenuVersion) => {
                return Err(Refused::UnknownMenuVersion { version: named });
            }
            Some(_) | None => self.menu_version,
        };
        let menu = match tenant.menu(version) {
            Some(menu) => menu,
            None if context.offline.waived.has(Waiver::Menu) => &NO_MENU,
            None => return Err(Refused::NoMenu),
        };
        Ok(Selling { menu, version, tenant, context })
    }

    /// Prices a line of a guest who eats so.
    pub(super) fn line(&self, selling: Selling<'_>, new: &NewLine, mode: DiningMode) -> Result<Line, Refused> {
        let Selling { menu, version, context, .. } = selling;
        let item = menu.items.get(&new.item).ok_or(Refused::UnknownItem { item: new.item })?;
        let is_spared = context.is_offline() && context.offline.waived.has(Waiver::Availability);
        if !self.sells(item.id) && !is_spared {
            return Err(Refused::ItemUnavailable { item: item.id });
        }
        if !is_spared && !is_in_daypart(menu, item, context) {
            return Err(Refused::OutsideDaypart { item: item.id });
        }
        let variation = variation(item, new)?;
        let unit_base = self.unit_base(item, variation, new, context)?;
        let modifiers = modifiers(menu, item, new)?;
        let (unit_base, unit) = unit_of(new.line, unit_base, &modifiers, context.offline.waived)?;
        let taxes = tax_rates(menu, item.taxes_in(mode))?;
        Ok(Line {
            line: new.line,
            item: item.id,
            name: item.name.clone(),
            category: item.category.clone(),
            variation: variation.map(|variation| Box::new((variation.id, variation.name.clone()))),
            qty: new.qty,
            unit_base,
            modifiers,
            unit,
            taxes,
            sku: variation.and_then(|variation| variation.sku).or(item.sku),
            menu_version: version,
            seat: new.seat,
            course: new.course,
            note: new.note.clone(),
            allergens: new.allergens.clone(),
            station: item.station,
        })
    }

    /// The price of a unit before modifiers. A terminal that was away names the price it sold at, whatever it is now.
    fn unit_base(
        &self,
        item: &Item,
        variation: Option<&Variation>,
        new: &NewLine,
        context: &Context,
    ) -> Result<Money, Refused> {
        let own = self.price_of(item.id, variation.map(|variation| variation.id));
        let listed = match (variation, item.price) {
            (Some(variation), _) => Some(own.unwrap_or(variation.price)),
            (None, ItemPrice::Fixed(price)) => Some(own.unwrap_or(price)),
            (None, ItemPrice::Open) => None,
        };
        let is_spared = context.is_offline() && context.offline.waived.has(Waiver::Price);
        match (listed, new.open_price) {
            (None, Some(price)) => Ok(price),
            (None, None) => Err(Refused::PriceRequired { item: item.id }),
            (Some(listed), None) => Ok(listed),
            (Some(listed), Some(price)) if context.is_offline() && (price == listed || is_spared) => Ok(price),
            (Some(_), Some(_)) => Err(Refused::PriceNotOpen { item: item.id }),
        }
    }
}

/// The price of one unit before its modifiers, and with them. What was sold while a terminal was away was sold for nothing
/// at least.
pub(super) fn unit_of(
    line: LineId,
    unit_base: Money,
    modifiers: &[LineModifier],
    waived: Waived,
) -> Result<(Money, Money), Refused> {
    let priced = modifiers.iter().map(|modifier| (modifier.unit_price, u32::from(modifier.charged_qty())));
    let unit = unit_price(unit_base, priced).map_err(|_| Refused::AmountTooLarge)?;
    match Money::ZERO <= unit {
        true => Ok((unit_base, unit)),
        false if waived.has(Waiver::Menu) => Ok((Money(unit_base.0 - unit.0), Money::ZERO)),
        false => Err(Refused::NegativePrice { line }),
    }
}

/// Taxes as the menu has them.
pub(super) fn tax_rates(menu: &Menu, taxes: &[TaxId]) -> Result<Vec<TaxRate>, Refused> {
    // An order keeps its lines for long, so they take no more room than they need.
    let mut rates = Vec::with_capacity(taxes.len());
    for tax in taxes {
        let tax = menu.taxes.get(tax).ok_or(Refused::UnknownTax { tax: *tax })?;
        let compound = tax.compound && !tax.inclusive;
        rates.push(TaxRate { tax: tax.id, rate: tax.rate, inclusive: tax.inclusive, compound });
    }
    Ok(rates)
}

/// Whether an item is sold at the time. What is recorded after the fact was sold, whatever the clock says.
fn is_in_daypart(menu: &Menu, item: &Item, context: &Context) -> bool {
    let holds = |daypart| menu.dayparts.get(daypart).is_some_and(|daypart| daypart.holds(context.local));
    item.dayparts.is_empty() || context.source == Source::Imported || item.dayparts.iter().any(holds)
}

fn variation<'a>(item: &'a Item, new: &NewLine) -> Result<Option<&'a Variation>, Refused> {
    match new.variation {
        Some(wanted) => match item.variations.iter().find(|variation| variation.id == wanted) {
            Some(variation) => Ok(Some(variation)),
            None => Err(Refused::UnknownVariation { item: item.id, variation: wanted }),
        },
        None if item.variations.is_empty() => Ok(None),
        None => Err(Refused::VariationRequired { item: item.id }),
    }
}

/// Checks the choices group by group and makes defaults explicit, so that the event says all that was sold.
fn modifiers(menu: &Menu, item: &Item, new: &NewLine) -> Result<Vec<LineModifier>, Refused> {
    if let Some(stray) = new.modifiers.iter().find(|modifier| !item.groups.contains(&modifier.group)) {
        return Err(Refused::UnknownModifierGroup { item: item.id, group: stray.group });
    }
    let mut chosen = Vec::with_capacity(new.modifiers.len());
    for id in &item.groups {
        let unknown = Refused::UnknownModifierGroup { item: item.id, group: *id };
        let group = menu.groups.get(id).ok_or(unknown)?;
        let before = chosen.len();
        for wanted in new.modifiers.iter().filter(|modifier| modifier.group == *id) {
            choose(group, wanted, new, &mut chosen)?;
        }
        if chosen.len() == before {
            let defaults = group.modifiers.iter().filter(|modifier| modifier.default);
            chosen.extend(defaults.map(|modifier| LineModifier {
                group: *id,
                modifier: modifier.id,
                name: modifier.name.clone(),
                unit_price: modifier.price,
                qty: 1,
                free: 0,
            }));
        }
        give_free(group.free, &mut chosen[before..]);
        let selected: u32 = chosen[before..].iter().map(|modifier| u32::from(modifier.qty)).sum();
        if selected < u32::from(group.min) {
            return Err(Refused::ModifierMinNotMet { line: new.line, group: *id, min: group.min, selected });
        }
        if group.max != 0 && u32::from(group.max) < selected {
            return Err(Refused::ModifierMaxExceeded { line: new.line, group: *id, max: group.max, selected });
        }
    }
    Ok(chosen)
}

/// Makes the first selections of a group cost nothing, as many as are free; what costs nothing by itself uses none up.
fn give_free(free: u16, chosen: &mut [LineModifier]) {
    let mut left = free;
    for modifier in chosen.iter_mut().filter(|modifier| Money::ZERO < modifier.unit_price) {
        modifier.free = left.min(modifier.qty);
        left -= modifier.free;
    }
}

fn choose(
    group: &ModifierGroup,
    wanted: &NewModifier,
    new: &NewLine,
    chosen: &mut Vec<LineModifier>,
) -> Result<(), Refused> {
    let Some(modifier) = group.modifiers.iter().find(|modifier| modifier.id == wanted.modifier) else {
        return Err(Refused::UnknownModifier { group: group.id, modifier: wanted.modifier });
    };
    let is_again = chosen.iter().any(|held| held.group == group.id && held.modifier == modifier.id);
    if !group.allow_qty && (is_again || wanted.qty != 1) {
        return Err(Refused::ModifierQtyNotAllowed { line: new.line, modifier: modifier.id });
    }
    chosen.push(LineModifier {
        group: group.id,
        modifier: modifier.id,
        name: modifier.name.clone(),
        unit_price: modifier.price,
        qty: wanted.qty,
        free: 0,
    });
    Ok(())
}
