//! Payments that a provider takes: what it says in every state, and what it is asked.

use crate::support::*;
use crate::*;
use domain::command::{ProviderCommand, Review};
use domain::event::{Capture, Decision, ProviderMessage, ProviderSaid};
use domain::ids::Revision;

fn through(capture: Capture) -> Method {
    Method::Provider { tender: TenderId::parse("card").expect("an id"), account: account("acme"), capture, step: None }
}

/// Through a provider that moves multiples of ten of the minor unit.
fn in_tens(capture: Capture) -> Method {
    let (tender, account) = (TenderId::parse("card").expect("an id"), account("acme"));
    Method::Provider { tender, account, capture, step: Some(Money(10)) }
}

fn to_provider(id: &str, command: ProviderCommand) -> When {
    when(to_payment(id, PaymentCommand::Provider(command)))
}

fn message(said: ProviderSaid) -> ProviderMessage {
    let (event_id, reference) = (text("e"), Some(text("pay_1")));
    ProviderMessage { event_id, reference, said, amount: None, currency: None, body_sha256: [7; 32] }
}

fn records(message: ProviderMessage) -> When {
    to_provider("p1", ProviderCommand::Record { account: account("acme"), message })
}

fn says(said: ProviderSaid) -> When {
    records(message(said))
}

fn says_of(said: ProviderSaid, amount: i64) -> When {
    records(ProviderMessage { amount: Some(Money(amount)), ..message(said) })
}

fn declined() -> ProviderSaid {
    ProviderSaid::Failed { code: text("declined") }
}

fn capture() -> When {
    to_provider("p1", ProviderCommand::Capture)
}

fn void() -> When {
    to_provider("p1", ProviderCommand::Void { reason: text("left") })
}

fn tip(tip: i64) -> When {
    to_provider("p1", ProviderCommand::AdjustTip { tip: Money(tip) })
}

/// A placed order of 2178, and an attempt to pay it all through the provider.
fn given() -> Vec<When> {
    vec![open(burgers()), place(), pay("p1", None, 0, through(Capture::Later))]
}

fn after(steps: &[When]) -> Vec<When> {
    [given(), steps.to_vec()].concat()
}

/// Initiated, authorised, failed, expired, voided, captured, to be reviewed.
fn states() -> [Vec<When>; 7] {
    [
        given(),
        after(&[says(ProviderSaid::Authorised)]),
        after(&[says(declined())]),
        after(&[expire("p1", 900)]),
        after(&[says(ProviderSaid::Voided)]),
        after(&[says(ProviderSaid::Captured)]),
        after(&[says_of(ProviderSaid::Captured, 9)]),
    ]
}

#[track_caller]
fn check_states(command: When, then_what: [&[&str]; 7]) {
    for (given, then) in states().iter().zip(then_what) {
        check(given, command.clone(), Ok(&[&["p1 got e"], then].concat()));
    }
}

const KNOWN: &[&str] = &["p1 message ignored Known"];
const OUTRANKED: &[&str] = &["p1 message ignored Outranked"];
const REVIEWED: &[&str] = &["p1 message ignored UnderReview"];
const SETTLED: [&str; 3] = ["o1 applied p1 2178 + 0", "committed l1 burger 2000", "o1 completed 2178"];

#[test]
fn a_provider_is_asked_to_authorise() {
    let asked = ["p1 card 2178 + 0 until 900", "p1 asks acme for Later"];
    check(&[open(burgers()), place()], pay("p1", None, 0, through(Capture::Later)), Ok(&asked));
}

#[test]
fn p5_accepted() {
    check_states(says(ProviderSaid::Accepted), [&[]; 7]);
}

#[test]
fn p5_authorised() {
    let late: &[&str] = &["p1 asks to void LateAuthorisation"];
    let then = [&["p1 authorised 2178"][..], KNOWN, late, late, late, OUTRANKED, REVIEWED];
    check_states(says(ProviderSaid::Authorised), then);
    check_states(says_of(ProviderSaid::Authorised, 2_178), then);
    // It is asked once: at its deadline it was asked to let go, if it had named the payment by then.
    let named = after(&[says(ProviderSaid::Accepted), expire("p1", 900)]);
    check(&named, says(ProviderSaid::Authorised), Ok(&["p1 got e", "p1 message ignored Outranked"]));
    let asked = after(&[says(declined()), says(ProviderSaid::Authorised)]);
    check(&asked, says(ProviderSaid::Authorised), Ok(&["p1 got e", "p1 message ignored Outranked"]));
}

#[test]
fn p5_captured_by_the_provider() {
    let in_time = [vec!["p1 captured 2178 + 0"], SETTLED.to_vec()].concat();
    let late = [vec!["p1 captured 2178 + 0", "p1 flagged LateCapture"], SETTLED.to_vec()].concat();
    check_states(says(ProviderSaid::Captured), [&in_time, &in_time, &late, &late, &late, KNOWN, REVIEWED]);
}

#[test]
fn p7_another_amount_currency_or_reference() {
    let flagged: &[&str] = &["p1 flagged 9 for 2178"];
    let then = [flagged, flagged, flagged, flagged, flagged, KNOWN, REVIEWED];
    check_states(says_of(ProviderSaid::Captured, 9), then);
    let euros = Currency::new("EUR", 2);
    let foreign = records(ProviderMessage { currency: euros, ..message(ProviderSaid::Captured) });
    check(&given(), foreign, Ok(&["p1 got e", "p1 flagged CurrencyDiffers"]));
    let other = ProviderMessage { reference: Some(text("pay_2")), ..message(ProviderSaid::Captured) };
    let known = after(&[says(ProviderSaid::Accepted)]);
    check(&known, records(other), Ok(&["p1 got e", "p1 flagged ReferenceDiffers"]));
    check(&given(), says_of(ProviderSaid::Authorised, 9), Ok(&["p1 got e", "p1 flagged 9 for 2178"]));
}

#[test]
fn p7_an_end_under_another_reference_is_for_a_person() {
    let other = |said| records(ProviderMessage { reference: Some(text("pay_2")), ..message(said) });
    let known = after(&[says(ProviderSaid::Accepted)]);
    for said in [declined(), ProviderSaid::Voided] {
        check(&known, other(said.clone()), Ok(&["p1 got e", "p1 flagged ReferenceDiffers"]));
        let authorised = after(&[says(ProviderSaid::Authorised)]);
        check(&authorised, other(said), Ok(&["p1 got e", "p1 flagged ReferenceDiffers"]));
    }
    // What is over is let go of under any name.
    let over = after(&[says(ProviderSaid::Accepted), expire("p1", 900)]);
    check(&over, other(ProviderSaid::Voided), Ok(&["p1 got e", "p1 voided"]));
}

fn decides_of(flag: Option<u64>, decision: Decision, tip: Option<i64>) -> When {
    let (flag, tip, reason) = (flag.map(Revision), tip.map(Money), text("looked"));
    when(to_payment("p1", PaymentCommand::Review(Review { flag, decision, tip, reason })))
}

fn decides(decision: Decision) -> When {
    decides_of(None, decision, None)
}

/// Everything goes back at once, whatever the order's state.
const BACK: [&str; 2] = ["o1 not applicable p1 9 Reviewed", "p1 refund unapplied 0 + 0 + 9"];

#[test]
fn a2_a_person_decides_about_money_that_differs() {
    use Decision::{Accept, Dismiss, Refund};
    let less = after(&[says_of(ProviderSaid::Captured, 9)]);
    check(&less, decides(Accept), Ok(&["p1 reviewed 3 Accept", "p1 captured 9 + 0", "o1 applied p1 9 + 0"]));
    check(&less, decides(Refund), Ok(&[&["p1 reviewed 3 Refund", "p1 captured 9 + 0"], &BACK[..]].concat()));
    check(&less, decides(Dismiss), Ok(&["p1 reviewed 3 Dismiss"]));
    check(&less, decides_of(Some(3), Dismiss, None), Ok(&["p1 reviewed 3 Dismiss"]));
    check(
        &less,
        decides_of(None, Accept, Some(8)),
        Ok(&["p1 reviewed 3 Accept", "p1 captured 1 + 8", "o1 applied p1 1 + 8"]),
    );
    check(&less, decides_of(None, Accept, Some(9)), Err(Refused::TipTooHigh { max: Money(8) }));
    // A tip at the terminal, or more than is due: what nobody calls a tip goes back.
    let more = after(&[says_of(ProviderSaid::Captured, 2_478)]);
    let tipped = ["p1 reviewed 3 Accept", "p1 captured 2178 + 300", "o1 applied p1 2178 + 300", SETTLED[1], SETTLED[2]];
    check(&more, decides_of(None, Accept, Some(300)), Ok(&tipped));
    let too_much = [
        "p1 reviewed 3 Accept",
        "p1 captured 2478 + 0",
        SETTLED[0],
        "o1 not applicable p1 300 NothingDue",
        "p1 flagged NotApplicable",
        "p1 refund unapplied 0 + 0 + 300",
        SETTLED[1],
        SETTLED[2],
    ];
    check(&more, decides(Accept), Ok(&too_much));
    // A dismissed attempt has failed: what the provider says of it later counts as it would then.
    let dismissed = [less.clone(), vec![decides(Dismiss)]].concat();
    let late = [vec!["p1 got e", "p1 captured 2178 + 0", "p1 flagged LateCapture"], SETTLED.to_vec()].concat();
    check(&dismissed, says(ProviderSaid::Captured), Ok(&late));
    check(&dismissed, decides(Dismiss), Err(Refused::NothingToReview));
    // Only set aside: it is let go of.
    let aside = after(&[says_of(ProviderSaid::Authorised, 9)]);
    check(&aside, decides(Refund), Ok(&["p1 reviewed 3 Refund", "p1 asks to void Requested"]));
    check(&aside, decides(Accept), Err(Refused::DecisionNotPossible { flag: Revision(3) }));
    // Another currency cannot be counted here.
    let euros = Currency::new("EUR", 2);
    let foreign = records(ProviderMessage { currency: euros, ..message(ProviderSaid::Captured) });
    let foreign = after(&[foreign]);
    for decision in [Accept, Refund] {
        check(&foreign, decides(decision), Err(Refused::DecisionNotPossible { flag: Revision(3) }));
    }
    check(&foreign, decides(Dismiss), Ok(&["p1 reviewed 3 Dismiss"]));
}

#[test]
fn a2_a_person_decides_about_another_reference() {
    use Decision::{Accept, Dismiss, Refund};
    let other = |said| records(ProviderMessage { reference: Some(text("pay_2")), ..message(said) });
    let flagged = |said| after(&[says(ProviderSaid::Accepted), other(said)]);
    let captured = flagged(ProviderSaid::Captured);
    let accepted = [vec!["p1 reviewed 4 Accept", "p1 captured 2178 + 0"], SETTLED.to_vec()].concat();
    check(&captured, decides(Accept), Ok(&accepted));
    // Ours may still be under way under its own name.
    check(&captured, decides(Dismiss), Ok(&["p1 reviewed 4 Dismiss", "p1 asks to void Requested"]));
    let failed = flagged(declined());
    for decision in [Accept, Refund] {
        check(&failed, decides(decision), Err(Refused::DecisionNotPossible { flag: Revision(4) }));
    }
    check(&failed, decides(Dismiss), Ok(&["p1 reviewed 4 Dismiss", "p1 asks to void Requested"]));
    // It goes back where it is.
    let mut world = opened(settings());
    for step in [captured, vec![decides(Accept)]].concat() {
        world.run(&step.command, &step.context()).expect("it is given");
    }
    let provider = world.open().payment(payment("p1")).unwrap().provider.as_deref().unwrap().reference.clone();
    assert_eq!(provider, Some(text("pay_2")));
}

#[test]
fn a2_a_person_decides_about_refunds_in_doubt() {
    use Decision::{Accept, Dismiss, Refund};
    let refund = refund_id("r1");
    let taken = after(&[says(ProviderSaid::Captured)]);
    // Given back past the engine.
    let unknown = [taken.clone(), vec![says_of(ProviderSaid::RefundSucceeded { refund }, 100)]].concat();
    let at = 6;
    let booked = [
        "p1 reviewed 6 Accept",
        "p1 refund r1 100 + 0 + 0",
        "p1 refund r1 succeeded",
        "o1 gave back r1 100 + 0 + 0 on 2026-03-02",
    ];
    check(&unknown, decides(Accept), Ok(&booked));
    check(&unknown, decides(Dismiss), Ok(&["p1 reviewed 6 Dismiss"]));
    check(&unknown, decides(Refund), Err(Refused::DecisionNotPossible { flag: Revision(at) }));
    // Asked for, and given back in another amount.
    let asked = [taken, vec![back("p1", "r1", 100, 0)]].concat();
    let other = [asked, vec![says_of(ProviderSaid::RefundSucceeded { refund }, 99)]].concat();
    let as_asked = ["p1 reviewed 6 Accept", "p1 refund r1 succeeded", "o1 gave back r1 100 + 0 + 0 on 2026-03-02"];
    check(&other, decides(Accept), Ok(&as_asked));
    check(&other, decides(Dismiss), Ok(&["p1 reviewed 6 Dismiss", "p1 refund r1 failed dismissed"]));
    // What the engine has settled itself is seen.
    let late = after(&[says(declined()), says(ProviderSaid::Captured)]);
    check(&late, decides(Dismiss), Ok(&["p1 reviewed 6 Dismiss"]));
    check(&late, decides(Accept), Err(Refused::DecisionNotPossible { flag: Revision(6) }));
}

#[test]
fn p5_failed_at_the_provider() {
    let failed: &[&str] = &["p1 failed declined"];
    check_states(says(declined()), [failed, failed, KNOWN, KNOWN, OUTRANKED, OUTRANKED, REVIEWED]);
}

#[test]
fn p5_voided() {
    let voided: &[&str] = &["p1 voided"];
    check_states(says(ProviderSaid::Voided), [voided, voided, voided, voided, KNOWN, OUTRANKED, REVIEWED]);
}

#[test]
fn disputed_and_not_understood() {
    check_states(says(ProviderSaid::Disputed), [&["p1 disputed"]; 7]);
    let known = after(&[says(ProviderSaid::Captured), says(ProviderSaid::Disputed)]);
    check(&known, says(ProviderSaid::Disputed), Ok(&["p1 got e", "p1 message ignored Known"]));
    check_states(says(ProviderSaid::Other), [&["p1 message ignored NotUnderstood"]; 7]);
}

#[test]
fn p6_a_cancelled_order_lets_go_and_gives_back() {
    let authorised = after(&[says(ProviderSaid::Authorised)]);
    let cancelled = ["o1 cancelled left", "p1 asks to void OrderClosed", "released l1 burger 2000"];
    check(&authorised, cancel(), Ok(&cancelled));
    check(&given(), cancel(), Ok(&cancelled));
    check(&given(), expire("p1", 900), Ok(&["p1 expired", "p1 asks to void Expired"]));
    let gone = after(&[cancel()]);
    check(&gone, says(ProviderSaid::Authorised), Ok(&["p1 got e", "p1 authorised 2178"]));
    // Whoever pays otherwise has the provider let go in the same commit, and not once more when it answers.
    let paid = [
        "p2 cash 2178 + 0",
        "p2 captured 2178 + 0, 0 back",
        "o1 applied p2 2178 + 0",
        "p1 asks to void OrderClosed",
        "committed l1 burger 2000",
        "o1 completed 2178",
    ];
    check(&authorised, by_cash("p2", None), Ok(&paid));
    let settled = after(&[by_cash("p2", None)]);
    check(&settled, says(ProviderSaid::Authorised), Ok(&["p1 got e", "p1 authorised 2178"]));
    let captured = [
        "p1 got e",
        "p1 captured 2178 + 0",
        "o1 not applicable p1 2178 OrderCancelled",
        "p1 flagged NotApplicable",
        "p1 refund unapplied 0 + 0 + 2178",
    ];
    check(&gone, says(ProviderSaid::Captured), Ok(&captured));
    // The order's deadline ends an attempt and lets go of what was set aside.
    let first = [open_first(), place(), pay("p1", None, 0, through(Capture::Later)), says(ProviderSaid::Authorised)];
    let timed_out = ["o1 timed out", "p1 expired", "p1 asks to void OrderClosed", "released l1 burger 2000"];
    check(&first, time_out(900).at(900), Ok(&timed_out));
    // An authorisation is an answer, so the attempt's own deadline is over.
    check(&authorised, expire("p1", 900), Err(Refused::NotDue));
}

#[test]
fn t6_a_provider_that_moves_tens_is_asked_for_no_other_sum() {
    let between = |sum| Err(Refused::BetweenSteps { sum: Money(sum), step: Money(10) });
    let placed = [open(burgers()), place()];
    check(&placed, pay("p1", None, 0, in_tens(Capture::Later)), between(2_178));
    check(&placed, pay("p1", Some(2_170), 1, in_tens(Capture::Later)), between(2_171));
    let asked = ["p1 card 2170 + 0 until 900", "p1 asks acme for Later"];
    check(&placed, pay("p1", Some(2_170), 0, in_tens(Capture::Later)), Ok(&asked));
    check(&placed, pay("p1", None, 2, in_tens(Capture::Later)), Ok(&["p1 card 2178 + 2 until 900", asked[1]]));
    // A tip and what is given back are moved in the same steps.
    let authorised =
        [&placed[..], &[pay("p1", Some(2_170), 0, in_tens(Capture::Later)), says(ProviderSaid::Authorised)]].concat();
    check(&authorised, tip(5), between(2_175));
    check(&authorised, tip(20), Ok(&["p1 tip 20"]));
    let captured = [authorised, vec![says(ProviderSaid::Captured)]].concat();
    check(&captured, back("p1", "r1", 15, 0), between(15));
    check(&captured, back("p1", "r1", 20, 0), Ok(&["p1 refund r1 20 + 0 + 0"]));
}

#[test]
fn p1_tips_are_bounded_and_the_capture_has_them() {
    let authorised = after(&[says(ProviderSaid::Authorised)]);
    check(&authorised, tip(1_089), Ok(&["p1 tip 1089"]));
    check(&authorised, tip(0), Ok(&[]));
    check(&authorised, tip(1_090), Err(Refused::TipTooHigh { max: Money(1_089) }));
    let tipped = [authorised, vec![tip(300)]].concat();
    check(&tipped, capture(), Ok(&["p1 asks for 2178 + 300"]));
    let asked = [tipped, vec![capture()]].concat();
    check(&asked, capture(), Ok(&[]));
    check(&asked, tip(1), Err(Refused::PaymentNotAuthorised));
    let paid = ["p1 got e", "p1 captured 2178 + 300", "o1 applied p1 2178 + 300"];
    let paid = [paid.to_vec(), SETTLED[1..].to_vec()].concat();
    check(&asked, says_of(ProviderSaid::Captured, 2_478), Ok(&paid));
    check(&asked, says_of(ProviderSaid::Captured, 2_178), Ok(&["p1 got e", "p1 flagged 2178 for 2478"]));
}

#[test]
fn p5_void_by_hand() {
    let asked: Result<&[&str], Refused> = Ok(&["p1 asks to void Requested"]);
    let all_back: Result<&[&str], Refused> = Ok(&["p1 refund void 2178 + 0 + 0"]);
    let none = || Ok(&[][..]);
    let then = [asked.clone(), asked, none(), none(), none(), all_back, Err(Refused::PaymentNotAuthorised)];
    for (given, then) in states().iter().zip(then) {
        check(given, void(), then);
    }
    check(&after(&[void()]), void(), Ok(&[]));
    let gone = after(&[says(ProviderSaid::Authorised), void(), says(ProviderSaid::Voided)]);
    check(
        &gone,
        says(ProviderSaid::Captured),
        Ok(&["p1 got e", "p1 captured 2178 + 0", "p1 flagged LateCapture", SETTLED[0], SETTLED[1], SETTLED[2]]),
    );
}

#[test]
fn p3_refunds_wait_for_the_provider() {
    let asked = after(&[says(ProviderSaid::Captured), back("p1", "r1", 100, 0)]);
    let refund = refund_id("r1");
    let back = ["p1 got e", "p1 refund r1 succeeded", "o1 gave back r1 100 + 0 + 0 on 2026-03-02"];
    check(&asked, says_of(ProviderSaid::RefundSucceeded { refund }, 100), Ok(&back));
    let doubt = ["p1 got e", "p1 flagged RefundInDoubt"];
    check(&asked, says_of(ProviderSaid::RefundSucceeded { refund }, 99), Ok(&doubt));
    let in_currency = |code| {
        let said = message(ProviderSaid::RefundSucceeded { refund });
        records(ProviderMessage { amount: Some(Money(100)), currency: Currency::new(code, 2), ..said })
    };
    check(&asked, in_currency("USD"), Ok(&back));
    check(&asked, in_currency("EUR"), Ok(&doubt));
    let failed = ProviderSaid::RefundFailed { refund, code: text("closed") };
    check(&asked, says(failed.clone()), Ok(&["p1 got e", "p1 refund r1 failed closed"]));
    let given_back = [asked, vec![says(ProviderSaid::RefundSucceeded { refund })]].concat();
    check(&given_back, says(failed.clone()), Ok(&["p1 got e", "p1 refund r1 ignored Failed"]));
    check(&given_back, says(ProviderSaid::RefundSucceeded { refund }), Ok(&["p1 got e", "p1 message ignored Known"]));
    let unknown = ["p1 got e", "p1 message ignored UnknownRefund", "p1 flagged RefundInDoubt"];
    let taken = after(&[says(ProviderSaid::Captured)]);
    check(&taken, says(ProviderSaid::RefundSucceeded { refund }), Ok(&unknown));
    check(&taken, says(failed), Ok(&unknown[..2]));
}

#[test]
fn another_account_learns_nothing() {
    let other = ProviderCommand::Record { account: account("globex"), message: message(ProviderSaid::Captured) };
    check(&given(), to_provider("p1", other), Err(Refused::UnknownPayment { payment: payment("p1") }));
    let by_hand = [open(burgers()), place(), by_card("p1", None)];
    check(&by_hand, says(ProviderSaid::Captured), Err(Refused::UnknownPayment { payment: payment("p1") }));
}

/// The refusals that only payments with a provider, or without one, know.
pub fn refused() -> Vec<(Vec<When>, When, Refused)> {
    let its = Refused::ProviderDecides { account: account("acme") };
    let by_hand = vec![open(burgers()), place(), by_card("p1", None)];
    let authorised = after(&[says(ProviderSaid::Authorised)]);
    let imported = When { source: Source::Imported, ..pay("p1", None, 0, through(Capture::AtOnce)) };
    vec![
        (given(), captured("p1", None), its.clone()),
        (after(&[says(ProviderSaid::Captured), back("p1", "r1", 1, 0)]), refund_outcome("p1", "r1", true), its),
        (by_hand.clone(), capture(), Refused::NoProvider),
        (by_hand.clone(), void(), Refused::NoProvider),
        (by_hand, tip(1), Refused::NoProvider),
        (given(), capture(), Refused::PaymentNotAuthorised),
        (given(), tip(1), Refused::PaymentNotAuthorised),
        ([authorised.clone(), vec![void()]].concat(), capture(), Refused::VoidUnderWay),
        ([authorised.clone(), vec![void()]].concat(), tip(1), Refused::VoidUnderWay),
        (given(), decides(Decision::Dismiss), Refused::NothingToReview),
        (
            after(&[says_of(ProviderSaid::Authorised, 9)]),
            decides(Decision::Accept),
            Refused::DecisionNotPossible { flag: Revision(3) },
        ),
        (authorised.clone(), tip(5_000), Refused::TipTooHigh { max: Money(1_089) }),
        (
            vec![open(burgers()), place()],
            pay("p1", None, 0, in_tens(Capture::AtOnce)),
            Refused::BetweenSteps { sum: Money(2_178), step: Money(10) },
        ),
        ([authorised, vec![cancel()]].concat(), capture(), Refused::VoidUnderWay),
        (
            vec![open(burgers()).imported(), place().imported()],
            imported,
            Refused::OnlyOnline { field: "provider_account" },
        ),
    ]
}
