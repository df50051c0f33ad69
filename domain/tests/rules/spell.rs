//! What the numbers of an op mean: ids, lines, discounts and charges written out.

use crate::generate::*;
use crate::support::*;
use domain::calendar::Timestamp;
use domain::command::*;
use domain::event::{DiscountScope, Rate, StockPolicy};
use domain::ids::{ChargeId, DiscountId, LineId};
use domain::money::{Currency, Money, Ppm, QtyMilli};
use domain::store::Store;

/// The id at `index` of those that fit; of all of them where the pick is blind or nothing fits.
pub fn pick(index: usize, all: &[&'static str], fits: impl Fn(&str) -> bool) -> &'static str {
    let fitting: Vec<&'static str> = all.iter().copied().filter(|id| fits(id)).collect();
    match fitting.is_empty() || BLIND <= index {
        true => all[index % all.len()],
        false => fitting[index / 6 % fitting.len()],
    }
}

pub fn rate(percent: Option<u32>, amount: i64) -> Rate {
    percent.map_or(Rate::Amount(Money(amount)), |percent| Rate::Percent(Ppm(percent)))
}

pub fn discount_id(index: usize) -> DiscountId {
    DiscountId::parse(["d1", "d2", "d3"][index]).expect("an id")
}

pub fn charge_id(index: usize) -> ChargeId {
    ChargeId::parse(["c1", "c2"][index]).expect("an id")
}

pub fn new_discount(id: usize, scope: DiscountScope, rate: Rate) -> NewDiscount {
    NewDiscount { discount: discount_id(id), scope, rate, reason: text("regular") }
}

pub fn new_charge(id: usize, taxed: Option<bool>, rate: Rate) -> NewServiceCharge {
    let phase = match taxed {
        None => NewChargePhase::Total,
        Some(true) => NewChargePhase::Subtotal { pre_discount: false, taxes: vec![tax("sales")] },
        Some(false) => NewChargePhase::Subtotal { pre_discount: true, taxes: vec![] },
    };
    NewServiceCharge { charge: charge_id(id), name: text("service"), rate, phase }
}

pub fn told(expected: Expected, total: impl Fn() -> i64) -> Option<Money> {
    match expected {
        Expected::Nothing => None,
        Expected::Right => Some(Money(total())),
        Expected::Wrong(off) => Some(Money(total() + off)),
    }
}

pub fn line_id(index: usize) -> LineId {
    line(LINES[index])
}

/// The choices are numbers below three: which group and which modifier of the item's they mean depends on the item.
pub fn new_line_of(spec: &LineSpec) -> NewLine {
    let groups: &[(&str, [&str; 3])] = match ITEMS[spec.item] {
        "burger" => &[("sauce", ["ketchup", "mayo", "dry"]), ("toppings", ["cheese", "bacon", "plain"])],
        "pizza" | "slider" => &[("toppings", ["cheese", "bacon", "plain"])],
        "combo" => &[("sides", ["fries", "salad", "fries"])],
        _ => &[],
    };
    let mut new = new_line("l1", ITEMS[spec.item], 1);
    new.line = line_id(spec.id);
    new.qty = QtyMilli(spec.milli);
    let chosen = spec.choices.iter().enumerate().filter(|_| !groups.is_empty());
    let chosen = chosen.map(|(index, (which, qty))| {
        let (of, modifiers) = groups[index % groups.len()];
        choice(of, modifiers[*which], *qty)
    });
    new.modifiers = chosen.collect();
    if !spec.wild {
        tame(&mut new);
    }
    if ITEMS[spec.item] == "pizza" {
        let index = if spec.wild { spec.variation } else { spec.variation % 2 };
        new.variation = [Some(variation("small")), Some(variation("large")), None][index];
    }
    new.open_price = spec.price.filter(|_| ITEMS[spec.item] == "special" || spec.wild).map(Money);
    if ITEMS[spec.item] == "special" && !spec.wild {
        new.open_price = Some(new.open_price.unwrap_or(Money(1_250)));
    }
    new
}

/// Keeps the choices within what the menu allows.
fn tame(new: &mut NewLine) {
    let is_cheap = new.item == item("slider");
    new.modifiers.retain(|choice| !(is_cheap && choice.modifier == modifier("plain")));
    new.modifiers.truncate(2);
    if let [first, rest @ ..] = &mut new.modifiers[..] {
        first.qty = if first.group == group("sauce") { 1 } else { first.qty };
        rest.iter_mut().for_each(|choice| choice.qty = 1);
    }
    if new.item == item("combo") {
        new.modifiers.insert(0, choice("sides", "fries", 2));
    }
}

pub fn store_command(op: &Op, store: &Store) -> Command {
    to_store(match op {
        Op::StorePrice { item: index, price } => StoreCommand::SetPrice {
            item: item(ITEMS[*index]),
            variation: (ITEMS[*index] == "pizza").then(|| variation("small")),
            price: price.map(Money),
        },
        Op::Sell(index, available) => {
            StoreCommand::SetAvailability { item: item(ITEMS[*index]), available: *available }
        }
        Op::Currency(same) => {
            let mut settings = store.settings().clone();
            settings.name = text("Corner, renamed");
            if !same {
                settings.currency = Currency::new("JPY", 0).expect("a currency");
            }
            StoreCommand::Put(settings)
        }
        op => unreachable!("{op:?} is not to the store"),
    })
}

pub fn drawer_command(what: &AtDrawer) -> DrawerCommand {
    let reason = || text("because");
    match what {
        AtDrawer::Open(float) => DrawerCommand::OpenShift { float: Money(*float), may_add: true },
        AtDrawer::In(amount) => DrawerCommand::PaidIn { amount: Money(*amount), reason: reason() },
        AtDrawer::Out(amount) => DrawerCommand::PaidOut { amount: Money(*amount), reason: reason() },
        AtDrawer::NoSale => DrawerCommand::NoSale { reason: reason() },
        AtDrawer::Close(counted) => DrawerCommand::CloseShift { counted: Money(*counted) },
    }
}

pub fn stock_command(op: &Op, now: Timestamp) -> StockCommand {
    let reason = || text("because");
    match op {
        Op::Policy(index, policy) => StockCommand::SetPolicy {
            sku: sku(SKUS[*index]),
            policy: [
                StockPolicy::Untracked,
                StockPolicy::Counted { auto86: true },
                StockPolicy::Counted { auto86: false },
            ][*policy],
        },
        Op::Receive(index, milli) => {
            StockCommand::Receive { sku: sku(SKUS[*index]), qty: QtyMilli(*milli), reference: None }
        }
        Op::Count(index, milli) => StockCommand::Count { sku: sku(SKUS[*index]), counted: QtyMilli(*milli) },
        Op::Adjust(index, milli) => {
            StockCommand::Adjust { sku: sku(SKUS[*index]), delta: QtyMilli(*milli), reason: reason() }
        }
        Op::Waste(index, milli) => {
            StockCommand::Waste { sku: sku(SKUS[*index]), qty: QtyMilli(*milli), reason: reason() }
        }
        Op::Mark(index, until) => StockCommand::Mark86 {
            sku: sku(SKUS[*index]),
            until: until.map(|seconds| Timestamp(now.0 + seconds * Timestamp::SECOND_US)),
        },
        Op::Unmark(index) => StockCommand::Unmark86(sku(SKUS[*index])),
        op => unreachable!("{op:?} is not to the stock"),
    }
}
