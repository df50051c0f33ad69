//! The rules of money, tax and totals (M1 to M8, O4, O11), each as a property of arbitrary inputs.
//!
//! 256 cases each; `PROPTEST_CASES` asks for another number, `COMANDA_GATE` for 10,000. Seeds of failures are printed
//! and kept in `tests/failures`; they run first the next time.

use domain::ids::TaxId;
use domain::money::{Money, Ppm, QtyMilli, RefundedQty, Rounding, allocate, refund_step, round_div, split_evenly};
use domain::pricing::{
    ChargeBase, ChargeKind, ChargePhase, Discount, DiscountKind, DiscountScope, LineInput, LineSet, PriceRules,
    PriceTerms, ServiceCharge, TaxRate, TaxRounding, TaxRules, Totals, price, unit_price,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

const GATE_CASES: u32 = 10_000;

fn config() -> ProptestConfig {
    let mut config = ProptestConfig::default(); // Has read `PROPTEST_CASES` already.
    if std::env::var_os("COMANDA_GATE").is_some() && std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = GATE_CASES;
    }
    config.failure_persistence = Some(Box::new(FileFailurePersistence::Direct("tests/failures/properties_money.txt")));
    config
}

/// An order as data that owns everything.
#[derive(Clone, Debug)]
struct Order {
    lines: Vec<Line>,
    discounts: Vec<Discount<'static>>,
    charges: Vec<Charge>,
    rounding: Rounding,
    tax_rules: TaxRules,
}

#[derive(Clone, Debug)]
struct Line {
    unit: Money,
    qty: QtyMilli,
    taxes: Vec<TaxRate>,
}

#[derive(Clone, Debug)]
struct Charge {
    kind: ChargeKind,
    /// `None` in the total phase.
    subtotal: Option<(ChargeBase, Vec<TaxRate>)>,
}

impl Order {
    fn price(&self, tax_rounding: TaxRounding) -> Totals {
        self.price_with(&self.discounts, tax_rounding)
    }

    fn price_with(&self, discounts: &[Discount<'_>], tax_rounding: TaxRounding) -> Totals {
        self.price_by(discounts, self.terms(tax_rounding))
    }

    fn price_by(&self, discounts: &[Discount<'_>], terms: PriceTerms) -> Totals {
        let charges: Vec<ServiceCharge<'_>> = self.charges.iter().map(Charge::input).collect();
        price(&self.inputs(), discounts, &charges, terms).expect("an order in bounds")
    }

    fn terms(&self, tax_rounding: TaxRounding) -> PriceTerms {
        let rules = PriceRules { rounding: self.rounding, tax_rounding };
        PriceTerms { tax_rules: self.tax_rules, ..rules.into() }
    }

    /// The same with other taxes on its lines.
    fn with_taxes(mut self, taxes: impl Fn(usize, Vec<TaxRate>) -> Vec<TaxRate>) -> Order {
        for (index, line) in self.lines.iter_mut().enumerate() {
            line.taxes = taxes(index, std::mem::take(&mut line.taxes));
        }
        self
    }

    fn inputs(&self) -> Vec<LineInput<'_>> {
        self.lines
            .iter()
            .map(|line| LineInput { unit: line.unit, qty: line.qty, taxes: &line.taxes, part: 0 })
            .collect()
    }
}

impl Charge {
    fn input(&self) -> ServiceCharge<'_> {
        let phase = match &self.subtotal {
            Some((base, taxes)) => ChargePhase::Subtotal { base: *base, taxes },
            None => ChargePhase::Total,
        };
        ServiceCharge { kind: self.kind, phase }
    }
}

fn rounding() -> impl Strategy<Value = Rounding> {
    use Rounding as R;
    prop_oneof![Just(R::HalfEven), Just(R::HalfUp), Just(R::HalfDown), Just(R::Up), Just(R::Down)]
}

fn tax_rounding() -> impl Strategy<Value = TaxRounding> {
    prop_oneof![Just(TaxRounding::Line), Just(TaxRounding::Group)]
}

fn tax_rules() -> impl Strategy<Value = TaxRules> {
    prop_oneof![1 => Just(TaxRules::First), 2 => Just(TaxRules::Second)]
}

/// The taxes of one country: few enough that lines share them, with a duty of 1,000 %, one of nothing, two of one rate of
/// either kind, and compound ones.
fn menu_of_taxes() -> Vec<TaxRate> {
    let tax = |(index, (rate, inclusive, compound)): (usize, (u32, bool, bool))| TaxRate {
        tax: TaxId::parse(&format!("tax_{index}")).expect("an id"),
        rate: Ppm(rate),
        inclusive,
        compound,
    };
    let rates = [
        (72_500, false, false),
        (88_750, false, false),
        (0, false, false),
        (10_000_000, false, false),
        (72_500, false, false),
        (72_500, false, true),
        (50_000, false, true),
        (190_000, true, false),
        (70_000, true, false),
        (0, true, false),
        (3_000_000, true, false),
        (190_000, true, false),
    ];
    rates.into_iter().enumerate().map(tax).collect()
}

fn taxes() -> impl Strategy<Value = Vec<TaxRate>> {
    proptest::sample::subsequence(menu_of_taxes(), 0..=4).prop_shuffle()
}

fn inclusive_taxes() -> impl Strategy<Value = Vec<TaxRate>> {
    let inclusive: Vec<TaxRate> = menu_of_taxes().into_iter().filter(|tax| tax.inclusive).collect();
    proptest::sample::subsequence(inclusive, 0..=2).prop_shuffle()
}

/// Mostly prices of a restaurant; some free, some absurd.
fn amount() -> impl Strategy<Value = Money> {
    prop_oneof![6 => 1..10_000_i64, 1 => Just(0), 1 => 0..1_000_000_000_i64].prop_map(Money)
}

fn qty() -> impl Strategy<Value = QtyMilli> {
    prop_oneof![4 => (1..5_i64).prop_map(|pieces| pieces * 1_000), 2 => 1..10_000_i64, 1 => Just(0)].prop_map(QtyMilli)
}

fn lines(taxes: impl Strategy<Value = Vec<TaxRate>>) -> impl Strategy<Value = Vec<Line>> {
    vec((amount(), qty(), taxes).prop_map(|(unit, qty, taxes)| Line { unit, qty, taxes }), 0..12)
}

fn share() -> impl Strategy<Value = Ppm> {
    prop_oneof![4 => 0..=1_000_000_u32, 1 => Just(1_000_000), 2 => (0..20_u32).prop_map(|n| n * 50_000)].prop_map(Ppm)
}

fn discount(line_count: usize) -> impl Strategy<Value = Discount<'static>> {
    let scope = prop_oneof![
        Just(DiscountScope::Order),
        vec(any::<bool>(), line_count).prop_map(|chosen| {
            let indexes = chosen.into_iter().enumerate().filter(|(_, chosen)| *chosen).map(|(index, _)| index);
            DiscountScope::Lines(LineSet::of(indexes).expect("few lines"))
        }),
    ];
    let kind = prop_oneof![share().prop_map(DiscountKind::Percent), amount().prop_map(DiscountKind::Amount)];
    (scope, kind).prop_map(|(scope, kind)| Discount { scope, kind })
}

fn charge() -> impl Strategy<Value = Charge> {
    let kind = prop_oneof![share().prop_map(ChargeKind::Percent), amount().prop_map(ChargeKind::Amount)];
    let base = prop_oneof![Just(ChargeBase::Net), Just(ChargeBase::Gross)];
    (kind, proptest::option::of((base, taxes()))).prop_map(|(kind, subtotal)| Charge { kind, subtotal })
}

fn order() -> impl Strategy<Value = Order> {
    order_of(lines(taxes()))
}

fn order_of(lines: impl Strategy<Value = Vec<Line>>) -> impl Strategy<Value = Order> {
    (lines, vec(charge(), 0..3), rounding(), tax_rules()).prop_flat_map(|(lines, charges, rounding, tax_rules)| {
        vec(discount(lines.len()), 0..5).prop_map(move |discounts| Order {
            lines: lines.clone(),
            discounts,
            charges: charges.clone(),
            rounding,
            tax_rules,
        })
    })
}

fn sum(amounts: impl IntoIterator<Item = Money>) -> Money {
    Money::checked_sum(amounts).expect("a sum of bounded amounts")
}

/// Everything that must hold of any priced order (rule O4).
fn assert_totals(totals: &Totals) {
    let sum_of = |field: fn(&domain::pricing::LineTotals) -> Money| sum(totals.lines.iter().map(field));
    for line in &totals.lines {
        assert!(Money::ZERO <= line.discount && line.discount <= line.gross, "{line:?}");
        assert_eq!(line.net.0, line.gross.0 - line.discount.0);
        assert!(Money::ZERO <= line.tax_exclusive);
        assert!(Money::ZERO <= line.tax_inclusive && line.tax_inclusive <= line.net, "{line:?}");
    }
    assert_eq!(totals.gross, sum_of(|line| line.gross));
    assert_eq!(totals.discount, sum_of(|line| line.discount));
    assert_eq!(totals.net, sum_of(|line| line.net));
    assert_eq!(totals.tax_exclusive, sum_of(|line| line.tax_exclusive));
    assert_eq!(totals.tax_inclusive, sum_of(|line| line.tax_inclusive));
    assert_eq!(totals.charges_total, sum(totals.charges.iter().map(|charge| charge.amount)));
    assert_eq!(totals.charge_tax_exclusive, sum(totals.charges.iter().map(|charge| charge.tax_exclusive)));
    assert_eq!(totals.charge_tax_inclusive, sum(totals.charges.iter().map(|charge| charge.tax_inclusive)));
    assert_eq!(
        totals.total,
        sum([totals.net, totals.tax_exclusive, totals.charges_total, totals.charge_tax_exclusive])
    );

    let booked =
        |inclusive: bool| sum(totals.taxes.iter().filter(|tax| tax.tax.inclusive == inclusive).map(|tax| tax.amount));
    assert_eq!(booked(false), sum([totals.tax_exclusive, totals.charge_tax_exclusive]));
    assert_eq!(booked(true), sum([totals.tax_inclusive, totals.charge_tax_inclusive]));

    assert_eq!(totals.discount, sum(totals.discounts.iter().copied()));
    for (index, discount) in totals.discounts.iter().enumerate() {
        let parts = totals.discount_parts.iter().filter(|part| part.discount == index);
        assert_eq!(*discount, sum(parts.map(|part| part.amount)));
    }
    for (index, line) in totals.lines.iter().enumerate() {
        let parts = totals.discount_parts.iter().filter(|part| part.line == index);
        assert_eq!(line.discount, sum(parts.map(|part| part.amount)));
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn m1_overflow_is_an_answer(
        units in vec((any::<i64>(), any::<i64>(), any::<u32>(), any::<bool>()), 0..5),
        amounts in vec(any::<i64>(), 0..3),
        (rounding, tax_rounding) in (rounding(), tax_rounding()),
    ) {
        // Half of the values are made to lie in bounds, so that some of them get past the first check.
        let near = |value: i64, max: i64| if value % 2 == 0 { value.rem_euclid(max + 1) } else { value };
        let tax = |rate: u32, inclusive| TaxRate { tax: menu_of_taxes()[0].tax, rate: Ppm(rate % 11_000_000), inclusive, compound: false };
        let taxes: Vec<[TaxRate; 1]> = units.iter().map(|line| [tax(line.2, line.3)]).collect();
        let lines: Vec<LineInput<'_>> = units.iter().zip(&taxes).map(|((unit, qty, ..), taxes)| LineInput {
            unit: Money(near(*unit, Money::MAX_ABS)),
            qty: QtyMilli(near(*qty, 2_000)),
            taxes,
            part: 0,
        }).collect();
        let amounts: Vec<Money> = amounts.into_iter().map(|amount| Money(near(amount, Money::MAX_ABS))).collect();
        let discounts: Vec<Discount<'_>> = amounts.iter()
            .map(|amount| Discount { scope: DiscountScope::Order, kind: DiscountKind::Amount(*amount) }).collect();
        let charges: Vec<ServiceCharge<'_>> = amounts.iter()
            .map(|amount| ServiceCharge { kind: ChargeKind::Amount(*amount), phase: ChargePhase::Total }).collect();
        let rules = PriceRules { rounding, tax_rounding };
        for charges in [&charges[..], &[]] {
            if let Ok(totals) = price(&lines, &discounts, charges, rules) {
                assert_totals(&totals);
                prop_assert!(Money::parse(totals.total.0).is_some());
            }
        }
    }

    #[test]
    fn m1_unit_price_is_exact_or_refused(base in any::<i64>(), modifiers in vec((any::<i64>(), any::<u32>()), 0..4)) {
        let exact = modifiers.iter().fold(i128::from(base), |sum, (price, qty)| {
            sum + i128::from(*price) * i128::from(*qty)
        });
        let got = unit_price(Money(base), modifiers.iter().map(|(price, qty)| (Money(*price), *qty)));
        match exact.unsigned_abs() <= Money::MAX_ABS.unsigned_abs().into() {
            true => prop_assert_eq!(got.map(|unit| i128::from(unit.0)), Ok(exact)),
            false => prop_assert!(got.is_err()),
        }
    }

    #[test]
    fn m2_rounding_is_symmetric(n in any::<i128>(), d in 1..=i128::MAX, rounding in rounding()) {
        prop_assume!(n != i128::MIN);
        prop_assert_eq!(round_div(-n, d, rounding), -round_div(n, d, rounding));
    }

    #[test]
    fn m2_rounding_is_to_a_neighbour(n in any::<i64>(), d in 1..1_000_i128, rounding in rounding()) {
        let n = i128::from(n);
        let got = round_div(n, d, rounding);
        let error = got * d - n;
        match rounding {
            Rounding::HalfEven => {
                prop_assert!(2 * error.abs() <= d);
                prop_assert!(2 * error.abs() < d || got % 2 == 0);
            }
            Rounding::HalfUp => prop_assert!(2 * error.abs() < d || (2 * error.abs() == d && n.abs() < got.abs() * d)),
            Rounding::HalfDown => prop_assert!(2 * error.abs() < d || (2 * error.abs() == d && got.abs() * d < n.abs())),
            Rounding::Up => prop_assert!(error.abs() < d && n.abs() <= got.abs() * d),
            Rounding::Down => prop_assert!(error.abs() < d && got.abs() * d <= n.abs()),
        }
    }

    /// The way through 64 bits and the way through 128 bits are one function.
    #[test]
    fn m2_rounding_does_not_depend_on_the_width(n in any::<i32>(), d in 1..100_000_i128, rounding in rounding()) {
        let n = i128::from(n);
        prop_assert_eq!(round_div(n << 70, d << 70, rounding), round_div(n, d, rounding));
    }

    #[test]
    fn m3_allocation_is_exact(total in any::<i64>(), weights in vec(weight(), 1..20)) {
        let parts = allocate(Money(total), &weights);
        prop_assert_eq!(parts.iter().map(|part| i128::from(part.0)).sum::<i128>(), i128::from(total));
        let all_zero = weights.iter().all(|weight| *weight == 0);
        let weights: Vec<u64> = if all_zero { vec![1; weights.len()] } else { weights };
        let sum: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        let exact = |index: usize| {
            let product = u128::from(total.unsigned_abs()) * u128::from(weights[index]);
            (product / sum, product % sum)
        };
        for (index, part) in parts.iter().enumerate() {
            prop_assert!(part.0 == 0 || part.0.signum() == total.signum());
            let (floor, remainder) = exact(index);
            let extra = u128::from(part.0.unsigned_abs()) - floor;
            prop_assert!(extra == 0 || (extra == 1 && 0 < remainder));
            // Whoever got a unit has a larger remainder than whoever did not, or the same and an earlier index.
            for (other, other_part) in parts.iter().enumerate() {
                let (other_floor, other_remainder) = exact(other);
                if extra == 1 && u128::from(other_part.0.unsigned_abs()) == other_floor {
                    prop_assert!(other_remainder < remainder || (other_remainder == remainder && index < other));
                }
            }
        }
        if let Some(mirrored) = Money::ZERO.checked_sub(Money(total)) {
            let mirrored: Vec<i64> = allocate(mirrored, &weights).iter().map(|part| -part.0).collect();
            prop_assert_eq!(mirrored, parts.iter().map(|part| part.0).collect::<Vec<i64>>());
        }
    }

    #[test]
    fn m7_an_even_split_is_exact_and_even(total in any::<i64>(), parts in 1..40_u16) {
        let split = split_evenly(Money(total), parts);
        prop_assert_eq!(split.len(), usize::from(parts));
        prop_assert_eq!(split.iter().map(|part| i128::from(part.0)).sum::<i128>(), i128::from(total));
        let sizes: Vec<u64> = split.iter().map(|part| part.0.unsigned_abs()).collect();
        prop_assert!(sizes.is_sorted_by(|a, b| b <= a), "the odd units go to the first");
        prop_assert!(sizes[0] - sizes[sizes.len() - 1] <= 1);
    }

    #[test]
    fn m8_partial_refunds_add_up(total in any::<i64>(), steps in vec(0..100_000_i64, 1..10), rounding in rounding()) {
        let sold = QtyMilli(steps.iter().sum());
        prop_assume!(QtyMilli::ZERO < sold);
        let mut already = QtyMilli::ZERO;
        let mut refunded = 0_i128;
        for now in steps.into_iter().map(QtyMilli) {
            let step = refund_step(Money(total), RefundedQty { sold, already, now }, rounding).expect("in bounds");
            prop_assert!(step.0 == 0 || step.0.signum() == total.signum());
            refunded += i128::from(step.0);
            already = already.checked_add(now).expect("in bounds");
        }
        prop_assert_eq!(refunded, i128::from(total));
        prop_assert_eq!(refund_step(Money(total), RefundedQty { sold, already, now: QtyMilli(1) }, rounding), None);
    }

    #[test]
    fn o4_totals_identity(order in order(), tax_rounding in tax_rounding()) {
        assert_totals(&order.price(tax_rounding));
    }

    /// What a group comes to does not depend on what its taxes are called.
    #[test]
    fn m3_a_group_is_of_one_rate_and_kind(order in order()) {
        let order = Order { tax_rules: TaxRules::Second, ..order };
        let renamed = |line: usize, taxes: Vec<TaxRate>| {
            let own = |(place, tax)| TaxRate { tax: TaxId::parse(&format!("t{line}_{place}")).expect("an id"), ..tax };
            taxes.into_iter().enumerate().map(own).collect()
        };
        let (shared, apart) = (order.price(TaxRounding::Group), order.clone().with_taxes(renamed).price(TaxRounding::Group));
        prop_assert_eq!(&shared.lines, &apart.lines);
        prop_assert_eq!(shared.total, apart.total);
        for tax in &shared.taxes {
            let of_rate = |totals: &Totals| {
                let taxes = totals.taxes.iter().filter(|total| {
                    (total.tax.rate, total.tax.inclusive, total.tax.compound) == (tax.tax.rate, tax.tax.inclusive, tax.tax.compound)
                });
                sum(taxes.map(|total| total.amount))
            };
            // What goes to a compound tax and what to another of its group depends on who shares it.
            if !tax.tax.compound && shared.taxes.iter().all(|other| !other.tax.compound) {
                prop_assert_eq!(of_rate(&shared), of_rate(&apart));
            }
        }
    }

    /// An order free of tax costs what it would cost without tax, whatever is taxed how.
    #[test]
    fn o4_an_order_free_of_tax_has_none(order in order(), tax_rounding in tax_rounding()) {
        let exempt = PriceTerms { is_exempt: true, ..order.terms(tax_rounding) };
        let totals = order.price_by(&order.discounts, exempt);
        assert_totals(&totals);
        prop_assert!(totals.taxes.is_empty());
        let untaxed = |_, _| vec![];
        let plain = Order { charges: vec![], ..order.clone() };
        let on_top = |_, taxes: Vec<TaxRate>| taxes.into_iter().filter(|tax| !tax.inclusive).collect();
        let without = plain.clone().with_taxes(on_top);
        // Where nothing is inside the prices, it is the order without taxes.
        prop_assert_eq!(
            without.price_by(&plain.discounts, exempt),
            without.clone().with_taxes(untaxed).price_by(&plain.discounts, order.terms(tax_rounding))
        );
        // Without discounts it is what a guest pays less all tax, where each line is taxed by itself.
        let (taxed, free) = (plain.price_with(&[], TaxRounding::Line), plain.price_by(&[], exempt));
        prop_assert_eq!(free.total.0, taxed.total.0 - taxed.tax_exclusive.0 - taxed.tax_inclusive.0);
    }

    #[test]
    fn o4_modes_differ_by_at_most_a_unit_for_each_rounding(order in order()) {
        // By the second rules what is inside the price is rounded by mode before a tax on top is taken.
        let on_top = |_, taxes: Vec<TaxRate>| taxes.into_iter().filter(|tax| !tax.inclusive && !tax.compound).collect();
        let order = match order.tax_rules {
            TaxRules::First => order,
            TaxRules::Second => order.with_taxes(on_top),
        };
        let (line, group) = (order.price(TaxRounding::Line), order.price(TaxRounding::Group));
        prop_assert_eq!(line.net, group.net);
        for tax in &line.taxes {
            let other = group.taxes.iter().find(|other| other.tax == tax.tax).expect("the same taxes in both modes");
            if !tax.tax.inclusive {
                prop_assert_eq!(tax.taxable, other.taxable);
                let roundings = order.lines.len() as i64 + 1;
                prop_assert!((tax.amount.0 - other.amount.0).abs() <= roundings);
            }
        }
    }

    #[test]
    fn o4_group_tax_is_rounded_once(order in order(), rounding in rounding()) {
        let order = Order { charges: Vec::new(), rounding, ..order };
        let plain = |_, taxes: Vec<TaxRate>| taxes.into_iter().filter(|tax| !tax.compound).collect();
        let order = order.with_taxes(plain);
        let taxes = order.price(TaxRounding::Group).taxes;
        for tax in taxes.iter().filter(|tax| !tax.tax.inclusive) {
            let of_group = |other: &&domain::pricing::TaxTotal| match order.tax_rules {
                TaxRules::First => other.tax == tax.tax,
                TaxRules::Second => !other.tax.inclusive && other.tax.rate == tax.tax.rate,
            };
            let taxable = sum(taxes.iter().filter(of_group).map(|other| other.taxable));
            let amount = sum(taxes.iter().filter(of_group).map(|other| other.amount));
            prop_assert_eq!(Some(amount), tax.tax.rate.of(taxable, rounding));
        }
    }

    /// The inclusive tax is inside the price, so where it is rounded cannot change what the guest pays.
    #[test]
    fn o4_mixed_inclusive_rates_give_the_same_total_in_both_modes(order in order_of(lines(inclusive_taxes()))) {
        let (line, group) = (order.price(TaxRounding::Line), order.price(TaxRounding::Group));
        prop_assert_eq!(line.total, group.total);
        prop_assert_eq!(line.net, group.net);
    }

    /// Square's order is the order of classes: only within a class does it matter which discount came first.
    #[test]
    fn o4_the_order_of_discount_classes_is_fixed(order in order(), tax_rounding in tax_rounding()) {
        let class = |discount: &Discount<'_>| match (discount.scope, discount.kind) {
            (DiscountScope::Lines(_), DiscountKind::Percent(_)) => 0,
            (DiscountScope::Order, DiscountKind::Percent(_)) => 1,
            (DiscountScope::Lines(_), DiscountKind::Amount(_)) | (_, DiscountKind::Fixed(_)) => 2,
            (DiscountScope::Order, DiscountKind::Amount(_)) => 3,
        };
        let mut backwards = order.discounts.clone();
        backwards.sort_by_key(|discount| std::cmp::Reverse(class(discount)));
        let (given, sorted) = (order.price(tax_rounding), order.price_with(&backwards, tax_rounding));
        prop_assert_eq!(given.lines, sorted.lines);
        prop_assert_eq!(given.total, sorted.total);
    }

    /// What a merge relies on: discounts frozen into amounts per line change nothing.
    #[test]
    fn o11_frozen_discounts_give_the_same_totals(order in order(), tax_rounding in tax_rounding()) {
        let live = order.price(tax_rounding);
        let frozen: Vec<Discount<'_>> = live.discount_parts.iter().map(|part| Discount {
            scope: DiscountScope::Lines(LineSet::of([part.line]).expect("few lines")),
            kind: DiscountKind::Amount(part.amount),
        }).collect();
        let again = order.price_with(&frozen, tax_rounding);
        prop_assert_eq!(&live.lines, &again.lines);
        prop_assert_eq!(&live.taxes, &again.taxes);
        prop_assert_eq!(live.total, again.total);
        // The same with one discount of fixed amounts for each that was there, so that it keeps its name.
        let parts: Vec<Vec<(usize, Money)>> = (0..order.discounts.len())
            .map(|index| live.discount_parts.iter().filter(|part| part.discount == index).map(|part| (part.line, part.amount)).collect())
            .collect();
        let fixed: Vec<Discount<'_>> = parts.iter().zip(&order.discounts)
            .map(|(parts, discount)| Discount { scope: discount.scope, kind: DiscountKind::Fixed(parts) }).collect();
        let again = order.price_with(&fixed, tax_rounding);
        prop_assert_eq!(live.lines, again.lines);
        prop_assert_eq!(live.discounts, again.discounts);
        prop_assert_eq!(live.taxes, again.taxes);
        prop_assert_eq!(live.total, again.total);
    }

    #[test]
    fn a_line_set_holds_what_was_put_in(indexes in proptest::collection::btree_set(0..LineSet::CAPACITY, 0..50)) {
        let set = LineSet::of(indexes.iter().copied()).expect("below the capacity");
        prop_assert_eq!(set.iter().collect::<Vec<usize>>(), indexes.iter().copied().collect::<Vec<usize>>());
        prop_assert!((0..2 * LineSet::CAPACITY).all(|index| set.contains(index) == indexes.contains(&index)));
        prop_assert_eq!(LineSet::of([LineSet::CAPACITY]), None);
    }
}

fn weight() -> impl Strategy<Value = u64> {
    prop_oneof![3 => 0..10_u64, 2 => 0..100_000_u64, 1 => any::<u64>(), 1 => Just(0)]
}
