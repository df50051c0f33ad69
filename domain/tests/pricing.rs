//! Pricing by example: discounts, service charges, compound taxes, and every way an order cannot be priced.

use domain::ids::TaxId;
use domain::money::{Currency, Money, Ppm, QtyMilli, RefundedQty, Rounding, allocate, refund_step, round_div};
use domain::pricing::{
    CHARGES_MAX, ChargeBase, ChargeKind, ChargePhase, ChargeTotals, DISCOUNTS_MAX, Discount, DiscountKind,
    DiscountScope, LINES_MAX, LineInput, LineSet, Overflow, PriceError, PriceRules, PriceTerms, ServiceCharge,
    TAXES_MAX, TaxRate, TaxRounding, TaxRules, Totals, price, unit_price,
};

const LINE: PriceRules = PriceRules { rounding: Rounding::HalfEven, tax_rounding: TaxRounding::Line };
const GROUP: PriceRules = PriceRules { rounding: Rounding::HalfEven, tax_rounding: TaxRounding::Group };

fn by(rules: PriceRules, tax_rules: TaxRules) -> PriceTerms {
    PriceTerms { tax_rules, ..rules.into() }
}

fn tax(name: &str, ppm: u32) -> TaxRate {
    TaxRate { tax: TaxId::parse(name).expect("an id"), rate: Ppm(ppm), inclusive: false, compound: false }
}

fn within(name: &str, ppm: u32) -> TaxRate {
    TaxRate { inclusive: true, ..tax(name, ppm) }
}

fn line(unit: i64, taxes: &[TaxRate]) -> LineInput<'_> {
    LineInput { unit: Money(unit), qty: QtyMilli::ONE, taxes, part: 0 }
}

fn on_lines<const N: usize>(lines: [usize; N], kind: DiscountKind<'_>) -> Discount<'_> {
    Discount { scope: DiscountScope::Lines(LineSet::of(lines).expect("few lines")), kind }
}

fn on_order(kind: DiscountKind<'_>) -> Discount<'_> {
    Discount { scope: DiscountScope::Order, kind }
}

fn fixed(parts: &[(usize, Money)]) -> Discount<'_> {
    Discount { scope: DiscountScope::Lines(LineSet::EMPTY), kind: DiscountKind::Fixed(parts) }
}

fn percent(percent: u32) -> DiscountKind<'static> {
    DiscountKind::Percent(Ppm(percent * 10_000))
}

fn amount(minor: i64) -> DiscountKind<'static> {
    DiscountKind::Amount(Money(minor))
}

fn nets(totals: &Totals) -> Vec<i64> {
    totals.lines.iter().map(|line| line.net.0).collect()
}

#[test]
fn discounts() {
    #[track_caller]
    fn check(units: &[i64], discounts: &[Discount<'_>], expected: &[i64]) -> Totals {
        let lines: Vec<LineInput<'_>> = units.iter().map(|unit| line(*unit, &[])).collect();
        let totals = price(&lines, discounts, &[], LINE).expect("an order in bounds");
        assert_eq!(nets(&totals), expected);
        totals
    }
    check(&[], &[on_order(amount(100)), on_order(percent(100))], &[]);
    // A percentage is taken off each line, an amount once off all of them.
    check(&[1_005, 1_005], &[on_lines([0, 1], percent(50))], &[503, 503]);
    check(&[1_005, 1_005], &[on_order(percent(50))], &[502, 503]);
    check(&[1_000, 3_000, 500], &[on_lines([0, 1], amount(100))], &[975, 2_925, 500]);
    // Of one class in the order given; a comp takes what is left.
    check(&[1_000], &[on_lines([0], percent(10)), on_lines([0], percent(100))], &[0]);
    let totals = check(&[1_000], &[on_lines([0], percent(100)), on_lines([0], percent(10))], &[0]);
    assert_eq!(totals.discounts, [Money(1_000), Money::ZERO]);
    // Square's order of classes: 1000 - 10 % = 900, - 10 % = 810, - 10 = 800, - 100 = 700.
    let all = [on_order(amount(100)), on_lines([0], amount(10)), on_order(percent(10)), on_lines([0], percent(10))];
    let totals = check(&[1_000], &all, &[700]);
    assert_eq!(totals.discounts, [Money(100), Money(10), Money(90), Money(100)]);
    // An amount is capped at what is left, and a discount on nothing is nothing.
    let totals = check(&[300, 0], &[on_order(amount(500)), on_order(amount(1))], &[0, 0]);
    assert_eq!(totals.discounts, [Money(300), Money::ZERO]);
    check(&[300], &[on_lines([], amount(500)), on_lines([], percent(100))], &[300]);
}

#[test]
fn quantities() {
    #[track_caller]
    fn check(unit: i64, qty: i64, expected: i64) {
        let totals = price(&[LineInput { qty: QtyMilli(qty), ..line(unit, &[]) }], &[], &[], LINE);
        assert_eq!(totals.expect("an order in bounds").total, Money(expected));
    }
    check(1_999, 3_000, 5_997);
    check(2_490, 325, 809); // 809.25: three hundred and twenty-five grams.
    check(1, 500, 0); // A half goes to the even neighbour.
    check(3, 500, 2);
    check(1_999, 0, 0); // Wholly voided.
}

#[test]
fn service_charges() {
    #[track_caller]
    fn check(charges: &[ServiceCharge<'_>], expected: &[ChargeTotals], total: i64) -> Totals {
        let taxes = [tax("sales", 100_000)];
        let half_off = [on_order(percent(50))];
        let totals = price(&[line(20_000, &taxes)], &half_off, charges, LINE).expect("an order in bounds");
        assert_eq!(totals.charges, expected);
        assert_eq!(totals.total, Money(total));
        totals
    }
    fn charged(amount: i64, tax_exclusive: i64, tax_inclusive: i64) -> ChargeTotals {
        ChargeTotals { amount: Money(amount), tax_exclusive: Money(tax_exclusive), tax_inclusive: Money(tax_inclusive) }
    }
    let eighteen = ChargeKind::Percent(Ppm(180_000));
    let subtotal = |base, taxes| ChargePhase::Subtotal { base, taxes };
    // Gross 20,000, net 10,000, tax 1,000.
    check(&[], &[], 11_000);
    let untaxed = ServiceCharge { kind: eighteen, phase: subtotal(ChargeBase::Net, &[]) };
    check(&[untaxed], &[charged(1_800, 0, 0)], 12_800);
    let before_discount = ServiceCharge { kind: eighteen, phase: subtotal(ChargeBase::Gross, &[]) };
    check(&[before_discount], &[charged(3_600, 0, 0)], 14_600);

    // Taxed by the line's tax and by one inside the charge: the exclusive one adds to the total, both are booked.
    let taxes = [tax("sales", 100_000), within("levy", 200_000)];
    let taxed = ServiceCharge { kind: eighteen, phase: subtotal(ChargeBase::Net, &taxes) };
    let totals = check(&[taxed], &[charged(1_800, 150, 300)], 12_950);
    let booked: Vec<(i64, i64)> = totals.taxes.iter().map(|tax| (tax.taxable.0, tax.amount.0)).collect();
    assert_eq!(booked, [(11_500, 1_150), (1_500, 300)]);
    assert_eq!((totals.tax_exclusive, totals.charge_tax_exclusive), (Money(1_000), Money(150)));

    // After tax: of everything before it, subtotal charges and their tax included, but not of each other.
    let after = ServiceCharge { kind: ChargeKind::Percent(Ppm(100_000)), phase: ChargePhase::Total };
    let fee = ServiceCharge { kind: ChargeKind::Amount(Money(50)), phase: ChargePhase::Total };
    let expected = [charged(1_295, 0, 0), charged(50, 0, 0), charged(1_800, 150, 300)];
    check(&[after, fee, taxed], &expected, 12_950 + 1_295 + 50);
}

#[test]
fn several_taxes_on_a_line() {
    // Exclusive ones stand side by side on the net without the inclusive ones (with them, by the first rules); inclusive ones
    // come out of the net together and share by rate.
    let taxes = [tax("state", 40_000), tax("city", 45_000), within("vat", 190_000), within("levy", 10_000)];
    for rules in [LINE, GROUP] {
        for (tax_rules, base, state, city) in
            [(TaxRules::First, 12_000, 480, 540), (TaxRules::Second, 10_000, 400, 450)]
        {
            let totals = price(&[line(12_000, &taxes)], &[], &[], by(rules, tax_rules)).expect("an order in bounds");
            let booked: Vec<(&TaxRate, i64, i64)> =
                totals.taxes.iter().map(|total| (&total.tax, total.taxable.0, total.amount.0)).collect();
            assert_eq!(
                booked,
                [
                    (&taxes[0], base, state),
                    (&taxes[1], base, city),
                    (&taxes[2], 10_000, 1_900),
                    (&taxes[3], 10_000, 100)
                ]
            );
            assert_eq!(
                (totals.tax_exclusive, totals.tax_inclusive, totals.total),
                (Money(state + city), Money(2_000), Money(12_000 + state + city))
            );
        }
    }
}

/// What was decided where section 7 left it open, each with what an order of before that comes to.
#[test]
fn m3_the_decided_cases_of_tax() {
    #[track_caller]
    fn check(lines: &[LineInput<'_>], rules: PriceRules, expected: [(TaxRules, i64, &[i64]); 2]) {
        for (tax_rules, total, on_lines) in expected {
            let totals = price(lines, &[], &[], by(rules, tax_rules)).expect("an order in bounds");
            let taxes: Vec<i64> = totals.lines.iter().map(|line| line.tax_exclusive.0).collect();
            assert_eq!((totals.total.0, taxes.as_slice()), (total, on_lines), "{tax_rules:?}");
            let booked: i64 = totals.taxes.iter().filter(|tax| !tax.tax.inclusive).map(|tax| tax.amount.0).sum();
            assert_eq!(booked, totals.tax_exclusive.0);
        }
    }
    use TaxRules::{First, Second};
    // 112.00 with 12 % inside it and 10 % on top: on 100.00.
    let taxes = [within("vat", 120_000), tax("city", 100_000)];
    for rules in [LINE, GROUP] {
        check(&[line(11_200, &taxes)], rules, [(First, 12_320, &[1_120]), (Second, 12_200, &[1_000])]);
    }
    // Two taxes of one rate are one group: 2.10 at 10 %.
    let (a, b) = ([tax("a", 100_000)], [tax("b", 100_000)]);
    check(&[line(105, &a), line(105, &b)], GROUP, [(First, 230, &[10, 10]), (Second, 231, &[11, 10])]);
    check(&[line(105, &a), line(105, &b)], LINE, [(First, 230, &[10, 10]), (Second, 230, &[10, 10])]);
    let both = [a[0], b[0]];
    check(&[line(105, &both), line(105, &a)], GROUP, [(First, 241, &[21, 10]), (Second, 242, &[22, 10])]);
    // A compound tax is taken on what stands before it in the line's order: 5 % of 100.00, and 10 % of 105.00.
    let on_taxes = TaxRate { compound: true, ..tax("second", 100_000) };
    let (behind, before) = ([tax("first", 50_000), on_taxes], [on_taxes, tax("first", 50_000)]);
    for rules in [LINE, GROUP] {
        check(&[line(10_000, &behind)], rules, [(First, 11_500, &[1_500]), (Second, 11_550, &[1_550])]);
        check(&[line(10_000, &before)], rules, [(First, 11_500, &[1_500]), (Second, 11_500, &[1_500])]);
    }
    // With nothing before it, it is a tax like the others of its rate.
    check(&[line(105, &[on_taxes]), line(105, &a)], GROUP, [(First, 230, &[10, 10]), (Second, 231, &[11, 10])]);
    // Compound on compound, and each in a group of its own.
    let third = TaxRate { compound: true, ..tax("third", 200_000) };
    let three = [tax("first", 50_000), on_taxes, third];
    check(&[line(10_000, &three)], GROUP, [(First, 13_500, &[3_500]), (Second, 13_860, &[3_860])]);
    // Inside likewise: the taxes of one rate are rounded together, and shared by the lines and the taxes.
    let (a, b) = ([within("a", 100_000)], [within("b", 100_000)]);
    let totals = price(&[line(105, &a), line(105, &b)], &[], &[], GROUP).expect("an order in bounds");
    let (lines, taxes): (Vec<i64>, Vec<i64>) = (
        totals.lines.iter().map(|line| line.tax_inclusive.0).collect(),
        totals.taxes.iter().map(|tax| tax.amount.0).collect(),
    );
    assert_eq!((totals.tax_inclusive.0, lines, taxes), (19, vec![10, 9], vec![10, 9]));
}

#[test]
fn an_order_free_of_tax() {
    let (inside, on_top) = ([within("vat", 190_000)], [tax("sales", 88_750)]);
    let lines = [line(1_200, &inside), line(1_000, &on_top)];
    let taxes = [within("vat", 190_000), tax("sales", 88_750)];
    let phase = ChargePhase::Subtotal { base: ChargeBase::Net, taxes: &taxes };
    let charge = [ServiceCharge { kind: ChargeKind::Amount(Money(119)), phase }];
    let totals =
        price(&lines, &[], &charge, PriceTerms { is_exempt: true, ..LINE.into() }).expect("an order in bounds");
    assert_eq!(nets(&totals), [1_008, 1_000]);
    assert_eq!((totals.total, totals.charges_total), (Money(2_108), Money(100)));
    assert!(totals.taxes.is_empty());
}

/// The same tax at two rates (the menu changed while the order was open) is booked and grouped by rate.
#[test]
fn o1_a_tax_that_was_changed() {
    let (old, new) = ([tax("vat", 70_000)], [tax("vat", 190_000)]);
    for rules in [LINE, GROUP] {
        let totals = price(&[line(1_000, &old), line(1_000, &new), line(500, &old)], &[], &[], rules);
        let booked: Vec<i64> = totals.expect("an order in bounds").taxes.iter().map(|tax| tax.amount.0).collect();
        assert_eq!(booked, [105, 190]);
    }
}

/// Ten lines of one cent with three high inclusive taxes: were each tax allocated to the lines by itself, the first
/// line would carry three cents of tax in a price of one.
#[test]
fn a_lines_inclusive_tax_is_never_above_its_net() {
    let taxes = [within("a", 3_000_000), within("b", 3_000_000), within("c", 3_000_000)];
    let totals = price(&[line(1, &taxes); 10], &[], &[], GROUP).expect("an order in bounds");
    assert_eq!(totals.tax_inclusive, Money(9));
    assert!(totals.lines.iter().all(|line| line.tax_inclusive <= line.net));
    assert!(totals.taxes.iter().all(|tax| tax.amount == Money(3)));
}

/// Every error, in the order of the enum.
#[test]
fn refused() {
    #[track_caller]
    fn check(lines: &[LineInput<'_>], discounts: &[Discount<'_>], charges: &[ServiceCharge<'_>], expected: PriceError) {
        for rules in [LINE, GROUP] {
            assert_eq!(price(lines, discounts, charges, rules), Err(expected));
        }
        assert!(!expected.to_string().is_empty());
    }
    let ok = line(100, &[]);
    let charge = |kind| ServiceCharge { kind, phase: ChargePhase::Total };

    check(&[ok; LINES_MAX + 1], &[], &[], PriceError::TooMany);
    check(&[ok], &[on_order(percent(1)); DISCOUNTS_MAX + 1], &[], PriceError::TooMany);
    check(&[ok], &[], &[charge(ChargeKind::Amount(Money(1))); CHARGES_MAX + 1], PriceError::TooMany);

    check(&[ok, line(-1, &[])], &[], &[], PriceError::LinePrice(1));
    check(&[line(Money::MAX_ABS + 1, &[])], &[], &[], PriceError::LinePrice(0));
    check(&[ok, LineInput { qty: QtyMilli(-1), ..ok }], &[], &[], PriceError::LineQty(1));
    check(&[LineInput { qty: QtyMilli(QtyMilli::MAX.0 + 1), ..ok }], &[], &[], PriceError::LineQty(0));

    let many: Vec<TaxRate> = (0..=TAXES_MAX).map(|index| tax(&format!("t{index}"), 1)).collect();
    let (twice, high) = ([tax("vat", 1), tax("city", 2), tax("vat", 1)], [tax("vat", Ppm::TAX_MAX.0 + 1)]);
    for taxes in [&many[..], &twice, &high] {
        check(&[ok, line(1, taxes)], &[], &[], PriceError::LineTaxes(1));
        let phase = ChargePhase::Subtotal { base: ChargeBase::Net, taxes };
        let charge = ServiceCharge { kind: ChargeKind::Amount(Money(1)), phase };
        check(&[ok], &[], &[charge], PriceError::ChargeTaxes(0));
    }

    let most = line(Money::MAX_ABS, &[]);
    check(&[ok, LineInput { qty: QtyMilli(1_001), ..most }], &[], &[], PriceError::LineOverflow(1));

    check(&[ok], &[on_order(percent(1)), on_order(amount(-1))], &[], PriceError::Discount(1));
    check(&[ok], &[on_order(amount(Money::MAX_ABS + 1))], &[], PriceError::Discount(0));
    check(&[ok], &[on_order(percent(101))], &[], PriceError::Discount(0));
    check(&[ok], &[on_lines([0, 1], percent(1))], &[], PriceError::Discount(0));
    for parts in [[(1, Money(1))], [(0, Money(-1))], [(0, Money(Money::MAX_ABS + 1))]] {
        check(&[ok], &[fixed(&parts)], &[], PriceError::Discount(0));
    }

    check(&[ok], &[], &[charge(ChargeKind::Amount(Money(-1)))], PriceError::Charge(0));
    check(&[ok], &[], &[charge(ChargeKind::Percent(Ppm(1_000_001)))], PriceError::Charge(0));

    check(&[most, line(1, &[])], &[], &[], PriceError::TotalOverflow);
    let taxes = [tax("vat", 1)];
    check(&[line(Money::MAX_ABS, &taxes)], &[], &[], PriceError::TotalOverflow);
    check(&[most], &[], &[charge(ChargeKind::Amount(Money(1)))], PriceError::TotalOverflow);
    assert!(price(&[most], &[], &[], LINE).is_ok());
    // What is just in bounds.
    let free = LineInput { qty: QtyMilli::ZERO, ..line(0, &[]) };
    let all = LineInput { qty: QtyMilli::MAX, ..line(0, &[]) };
    let taxes: Vec<TaxRate> = (0..TAXES_MAX).map(|index| tax(&format!("t{index}"), Ppm::TAX_MAX.0)).collect();
    for lines in [&[free; LINES_MAX][..], &[all], &[line(1, &taxes)], &[most]] {
        assert!(price(lines, &[], &[], LINE).is_ok());
    }
    let parts = [(0, Money(Money::MAX_ABS))];
    let discounts = [on_order(percent(100)), on_order(amount(Money::MAX_ABS)), on_lines([0], amount(0)), fixed(&parts)];
    for discount in discounts {
        assert!(price(&[ok], &[discount; DISCOUNTS_MAX], &[], LINE).is_ok(), "{discount:?}");
    }
    for kind in [ChargeKind::Amount(Money(0)), ChargeKind::Percent(Ppm::ONE)] {
        assert!(price(&[ok], &[], &[charge(kind); CHARGES_MAX], LINE).is_ok(), "{kind:?}");
    }
    assert!(price(&[], &[], &[charge(ChargeKind::Amount(Money(Money::MAX_ABS)))], LINE).is_ok());
}

#[test]
fn unit_prices() {
    let modifiers = [(Money(150), 2), (Money(-50), 1)];
    assert_eq!(unit_price(Money(1_000), modifiers), Ok(Money(1_250)));
    assert_eq!(unit_price(Money(Money::MAX_ABS), [(Money(1), 1)]), Err(Overflow));
    assert_eq!(unit_price(Money(0), [(Money(i64::MAX), u32::MAX)]), Err(Overflow));
}

#[test]
fn what_is_taken_in_at_the_door() {
    assert_eq!(Money::parse(Money::MAX_ABS), Some(Money(1_000_000_000_000_000)));
    assert_eq!(Money::parse(-Money::MAX_ABS - 1), None);
    assert_eq!(Ppm::parse_share(1_000_001), None);
    assert_eq!(Ppm::parse_tax(10_000_001), None);
    assert_eq!(QtyMilli::parse(0), None);
    assert_eq!(QtyMilli::parse(QtyMilli::MAX.0 + 1), None);
    let kwd = Currency::new("KWD", 3).expect("a currency");
    assert_eq!((kwd.code(), kwd.exponent(), kwd.to_string()), ("KWD", 3, "KWD".to_owned()));
    for (code, exponent) in [("", 2), ("US", 2), ("USDT", 2), ("usd", 2), ("U D", 2), ("U€", 2), ("USD", 5)] {
        assert_eq!(Currency::new(code, exponent), None, "{code}");
    }
}

#[test]
fn what_does_not_fit_is_an_answer() {
    assert_eq!(Money(i64::MAX).checked_add(Money(1)), None);
    assert_eq!(Money(i64::MIN).checked_sub(Money(1)), None);
    assert_eq!(Money(i64::MAX).checked_mul(2), None);
    assert_eq!(Money::checked_sum([Money(i64::MAX), Money(1)]), None);
    assert_eq!(Ppm::TAX_MAX.of(Money(i64::MAX), Rounding::Down), None);
    let wrong =
        |sold, already, now| RefundedQty { sold: QtyMilli(sold), already: QtyMilli(already), now: QtyMilli(now) };
    for qty in
        [wrong(0, 0, 0), wrong(-1, 0, 0), wrong(3, -1, 1), wrong(3, 1, -1), wrong(3, 2, 2), wrong(3, i64::MAX, 1)]
    {
        assert_eq!(refund_step(Money(100), qty, Rounding::HalfEven), None, "{qty:?}");
    }
}

#[test]
fn at_the_edge_of_the_numbers() {
    assert_eq!(round_div(i128::MIN, 1, Rounding::Up), i128::MIN);
    assert_eq!(round_div(i128::MAX, i128::MAX, Rounding::Up), 1);
    assert_eq!(round_div(i128::MIN, i128::MAX, Rounding::HalfEven), -1);
    assert_eq!(allocate(Money(i64::MIN), &[1]), [Money(i64::MIN)]);
    assert_eq!(allocate(Money(i64::MIN), &[u64::MAX, u64::MAX]), [Money(i64::MIN / 2); 2]);
    assert_eq!(allocate(Money::ZERO, &[]), []);
}
