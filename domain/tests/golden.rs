//! The golden cases of money and tax: published examples, other systems' bug reports, and a reference implementation.
//!
//! They lie outside the repository, in `$COMANDA_SHARED/vectors` or next to the repository in `../shared/vectors`.

use std::path::{Path, PathBuf};

use domain::ids::TaxId;
use domain::money::{Money, Ppm, QtyMilli, RefundedQty, Rounding, allocate, refund_step, round_div};
use domain::pricing::{
    Discount, DiscountKind, DiscountScope, LineInput, LineSet, PriceRules, TaxRate, TaxRounding, price, tax_exclusive,
    tax_inclusive,
};
use serde_json::{Value, json};

/// Fewer cases than this means that the file was cut short.
const CASES_MIN: usize = 72;

#[test]
fn golden() {
    let path = vectors().join("money-golden.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        skip(&path);
        return;
    };
    let cases: Vec<Value> = serde_json::from_str(&text).expect("the golden file is a JSON array");
    assert!(CASES_MIN <= cases.len(), "only {} golden cases", cases.len());
    for (index, case) in cases.iter().enumerate() {
        let got = run(case["op"].as_str().expect("op"), &case["args"]);
        assert_eq!(got, case["want"], "case {index} ({}): {}", case["source"], case["args"]);
    }
}

fn vectors() -> PathBuf {
    match std::env::var_os("COMANDA_SHARED") {
        Some(shared) => Path::new(&shared).join("vectors"),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"),
    }
}

#[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
fn skip(path: &Path) {
    assert!(std::env::var_os("CI").is_none(), "{} is missing, and CI must not skip it", path.display());
    eprintln!("SKIPPED: the golden cases of money and tax, because {} is missing", path.display());
}

/// The only function here that calls the crate: one case in, its answer out.
fn run(op: &str, args: &Value) -> Value {
    match op {
        "round" => {
            json!(round_div(number(args, "numerator").into(), number(args, "denominator").into(), mode(args)) as i64)
        }
        "allocate" => {
            let weights: Vec<u64> =
                list(args, "weights").iter().map(|weight| weight.as_u64().expect("weight")).collect();
            json!(minors(allocate(Money(number(args, "total_minor")), &weights)))
        }
        "refund_step" => {
            let pieces = |name| QtyMilli(number(args, name) * QtyMilli::ONE.0);
            let qty = RefundedQty { sold: pieces("units"), already: pieces("already"), now: pieces("now") };
            json!(refund_step(Money(number(args, "total_minor")), qty, mode(args)).expect("a refund in bounds").0)
        }
        "tax_exclusive" => {
            json!(tax_exclusive(Money(number(args, "net_minor")), ppm(&args["ppm"]), mode(args)).expect("fits").0)
        }
        "tax_inclusive" => {
            let rate_sum = u64::from(ppm(&args["ppm"]).0);
            json!(tax_inclusive(Money(number(args, "gross_minor")), rate_sum, mode(args)).0)
        }
        "order" => order(args),
        other => panic!("an unknown op: {other}"),
    }
}

fn order(args: &Value) -> Value {
    let taxes: Vec<[TaxRate; 1]> = list(args, "lines").iter().map(|line| [tax(line)]).collect();
    let lines: Vec<LineInput<'_>> = list(args, "lines")
        .iter()
        .zip(&taxes)
        .map(|(line, taxes)| LineInput {
            unit: Money(number(line, "unit_minor")),
            qty: QtyMilli(number(line, "quantity") * QtyMilli::ONE.0),
            taxes,
            part: 0,
        })
        .collect();
    let mut discounts: Vec<Discount<'_>> = list(args, "line_percent_ppm")
        .iter()
        .enumerate()
        .map(|(index, rate)| Discount {
            scope: DiscountScope::Lines(LineSet::of([index]).expect("few lines")),
            kind: DiscountKind::Percent(ppm(rate)),
        })
        .collect();
    for kind in [
        DiscountKind::Amount(Money(number(args, "order_amount_minor"))),
        DiscountKind::Percent(ppm(&args["order_percent_ppm"])),
    ] {
        discounts.push(Discount { scope: DiscountScope::Order, kind });
    }
    let tax_rounding = match args["tax_rounding"].as_str() {
        Some("line") => TaxRounding::Line,
        Some("group") => TaxRounding::Group,
        other => panic!("an unknown tax rounding: {other:?}"),
    };
    let rules = PriceRules { rounding: mode(args), tax_rounding };
    let totals = price(&lines, &discounts, &[], rules).expect("an order in bounds");
    json!({
        "gross": totals.gross.0,
        "discount": totals.discount.0,
        "line_net": minors(totals.lines.iter().map(|line| line.net)),
        "line_tax": minors(totals.lines.iter().map(|line| Money(line.tax_exclusive.0 + line.tax_inclusive.0))),
        "tax_exclusive": totals.tax_exclusive.0,
        "tax_inclusive": totals.tax_inclusive.0,
        "total": totals.total.0,
    })
}

/// A rate stands for a tax of its own: the cases name none.
fn tax(line: &Value) -> TaxRate {
    let rate = ppm(&line["tax_ppm"]);
    let tax = TaxId::parse(&format!("tax_{}", rate.0)).expect("an id");
    TaxRate { tax, rate, inclusive: line["inclusive"].as_bool().expect("inclusive"), compound: false }
}

/// The mode of a case, which without one is the default.
fn mode(args: &Value) -> Rounding {
    match args.get("mode").and_then(Value::as_str) {
        None | Some("half_even") => Rounding::HalfEven,
        Some("half_up") => Rounding::HalfUp,
        Some("half_down") => Rounding::HalfDown,
        Some("up") => Rounding::Up,
        Some("down") => Rounding::Down,
        Some(other) => panic!("an unknown rounding mode: {other}"),
    }
}

fn number(args: &Value, name: &str) -> i64 {
    args[name].as_i64().unwrap_or_else(|| panic!("{name} in {args}"))
}

fn list<'a>(args: &'a Value, name: &str) -> &'a [Value] {
    args[name].as_array().unwrap_or_else(|| panic!("{name} in {args}"))
}

fn ppm(rate: &Value) -> Ppm {
    Ppm(rate.as_u64().and_then(|rate| u32::try_from(rate).ok()).expect("a rate"))
}

fn minors(amounts: impl IntoIterator<Item = Money>) -> Vec<i64> {
    amounts.into_iter().map(|amount| amount.0).collect()
}
