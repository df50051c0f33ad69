//! A terminal that was away: its queue, and what of the rules its commands are spared.
//!
//! A terminal counts the commands it keeps: 1, 2, 3, ... So the store knows which are missing, and that nothing was lost
//! on the way. What a kept command describes has happened; a rule that would have refused it at the time is waived, one
//! waiver a rule, and the terminal's stream says so.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::calendar::Timestamp;
use crate::event::TerminalEvent;
pub use crate::event::{Kept, Request};
use crate::ids::{CommandId, OrderId, PaymentId, Revision, TerminalId, TerminalSeq, Text};
use crate::refused::Refused;

/// Commands that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    pub first: TerminalSeq,
    pub last: TerminalSeq,
}

/// What is known of a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// How many events its stream has.
    pub events: u64,
    /// The highest place of its queue that came; `None` before the first.
    pub last: Option<TerminalSeq>,
    /// What is missing below it, ascending.
    pub gaps: Vec<Gap>,
}

impl Terminal {
    /// The most gaps that are remembered. Of the oldest it is forgotten that they were never filled: what fills them is
    /// taken all the same.
    pub const GAPS_MAX: usize = 64;

    /// The stream of a store for what belongs to no terminal that is known: no terminal is called so.
    pub fn nobody() -> TerminalId {
        TerminalId::parse("_").expect("it is an id")
    }

    /// The revision of the stream, `None` before its first event.
    pub fn revision(&self) -> Option<Revision> {
        self.events.checked_sub(1).map(Revision)
    }

    /// What follows for the queue from the arrival of one of its commands (rule F1).
    pub fn arrived(&self, seq: TerminalSeq) -> Option<TerminalEvent> {
        let next = self.last.map_or(1, |last| last.0 + 1);
        if seq.0 == next {
            return Some(TerminalEvent::SequenceAdvanced { seq });
        }
        if next < seq.0 {
            return Some(TerminalEvent::SequenceGapFound { first: TerminalSeq(next), last: TerminalSeq(seq.0 - 1) });
        }
        let is_missing = self.gaps.iter().any(|gap| gap.first <= seq && seq <= gap.last);
        is_missing.then_some(TerminalEvent::SequenceGapFilled { seq })
    }

    /// Folds a fact.
    pub fn evolve(&mut self, event: &TerminalEvent) {
        self.events += 1;
        match event {
            TerminalEvent::SequenceAdvanced { seq } => self.last = Some(*seq),
            TerminalEvent::SequenceGapFound { first, last } => {
                self.last = Some(TerminalSeq(last.0 + 1));
                self.gaps.push(Gap { first: *first, last: *last });
            }
            TerminalEvent::SequenceGapFilled { seq } => self.fill(*seq),
            TerminalEvent::TerminalRegistered
            | TerminalEvent::ClockAheadFound { .. }
            | TerminalEvent::ClockBehindFound { .. }
            | TerminalEvent::RuleWaived(_)
            | TerminalEvent::BoundExceeded(_)
            | TerminalEvent::LateCommandRecorded { .. }
            | TerminalEvent::LateCommandTaken(_)
            | TerminalEvent::CommandRejected { .. }
            | TerminalEvent::ExceptionResolved { .. } => {}
        }
        if Terminal::GAPS_MAX < self.gaps.len() {
            self.gaps.remove(0);
        }
        let (first, last) = (self.gaps.first().map(|gap| gap.first), self.gaps.last().map(|gap| gap.last));
        debug_assert!(self.gaps.is_sorted_by(|gap, next| gap.last < next.first), "gaps overlap: {:?}", self.gaps);
        debug_assert!(first <= last && last < self.last.or(Some(TerminalSeq(u64::MAX))), "a gap lies ahead: {self:?}");
    }

    fn fill(&mut self, seq: TerminalSeq) {
        let Some(index) = self.gaps.iter().position(|gap| gap.first <= seq && seq <= gap.last) else { return };
        let Gap { first, last } = self.gaps.remove(index);
        if seq < last {
            self.gaps.insert(index, Gap { first: TerminalSeq(seq.0 + 1), last });
        }
        if first < seq {
            self.gaps.insert(index, Gap { first, last: TerminalSeq(seq.0 - 1) });
        }
    }
}

/// Which of the commands that wait: those of a terminal are in the order of its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WaitingId {
    pub terminal: TerminalId,
    pub seq: TerminalSeq,
    pub command: CommandId,
}

/// A command the state had no place for when it came, and may have one once others of its queue, or of another, have come
/// (rule F3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What it names: it is tried again when something happens to it.
    pub order: Option<OrderId>,
    pub payment: Option<PaymentId>,
    pub kept: Kept,
}

/// Where in its queue a terminal kept a command, and what it knew then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueEntry {
    /// The command's place in the queue.
    pub seq: TerminalSeq,
    /// How many commands of the queue came before it in the same upload.
    pub before: u32,
    /// The menu version the terminal sold from; `None` is the one the store sells from.
    pub menu_version: Option<u32>,
}

/// What a terminal says of a command it kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    pub terminal: TerminalId,
    pub entry: QueueEntry,
    pub command: CommandId,
    pub kind: Text,
    /// Tells its body from any other.
    pub digest: u128,
    /// When it happened, by the terminal's clock.
    pub occurred_at: Timestamp,
    /// What is kept of it in case that it has to wait; nothing where it is too long.
    pub kept: Option<Kept>,
    /// Whether it came before and waited.
    pub is_again: bool,
}

/// How far a clock may be ahead of the engine's before its time is not believed (rule T1): 5 minutes.
pub const CLOCK_AHEAD_MAX_US: i64 = 300 * Timestamp::SECOND_US;

/// Why a terminal's time is not believed (rule T1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockDoubt {
    /// It lies ahead of the engine's.
    Ahead,
    /// It lies further back than a terminal of the store may have been away.
    Behind,
}

impl ClockDoubt {
    /// What is wrong with the time a terminal gives, in a store whose terminals may have been away for so long.
    pub fn of(occurred_at: Timestamp, now: Timestamp, age_max_s: u32) -> Option<ClockDoubt> {
        let oldest = now.0.saturating_sub(i64::from(age_max_s) * Timestamp::SECOND_US);
        match occurred_at.0 {
            at if now.0.saturating_add(CLOCK_AHEAD_MAX_US) < at => Some(ClockDoubt::Ahead),
            at if at < oldest => Some(ClockDoubt::Behind),
            _ => None,
        }
    }
}

/// What an offline command is decided by besides the state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offline {
    /// The menu version the terminal sold from; `None` is the one the store sells from.
    pub menu_version: Option<u32>,
    /// What would have refused it and does not any more.
    pub waived: Waived,
    /// Why the terminal's time is not believed: then it is booked as if it happened now, on the day that is open.
    pub doubt: Option<ClockDoubt>,
    /// Whether something is missing in the queue before it.
    pub has_gap: bool,
}

/// A rule that does not stand against what has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiver {
    /// Nobody with the right was asked.
    Approval,
    /// The store does not sell the item at the moment.
    Availability,
    /// The line was sold at another price than the menu's.
    Price,
    /// The menu version is none that was published: the store's own is taken.
    MenuVersion,
    /// No shift was open that the cash could go into.
    Shift,
    /// The stock item was marked sold out.
    SoldOut,
    /// The display number is given out, or too old to be told: another is counted.
    Number,
    /// The menu has not what a line or a charge names, or not in this number: it is taken as another version has it, or as
    /// the terminal names it.
    Menu,
    /// Who acts may not practise.
    Training,
}

/// A set of waivers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waived(u16);

impl Waived {
    /// Whether it holds one.
    pub fn has(self, waiver: Waiver) -> bool {
        self.0 & 1 << waiver as u8 != 0
    }

    /// The set with one more.
    #[must_use]
    pub fn with(self, waiver: Waiver) -> Waived {
        Waived(self.0 | 1 << waiver as u8)
    }
}

/// What a refusal means for a command that describes what has happened (rule F3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its rule does not stand against what has happened.
    Waived(Waiver),
    /// The state has no place for the command, and may have one once others have come.
    Waits,
    /// The state has no place for the command any more.
    Stays,
}

impl Standing {
    /// What a refusal means. Every refusal is named, so that none is forgotten that comes to be.
    pub fn of(refused: &Refused) -> Standing {
        use Standing::{Stays, Waits, Waived};
        match refused {
            Refused::ApprovalRequired { .. } | Refused::ApprovalClaimed { .. } => Waived(Waiver::Approval),
            Refused::TrainingNotAllowed => Waived(Waiver::Training),
            Refused::ItemUnavailable { .. } | Refused::OutsideDaypart { .. } => Waived(Waiver::Availability),
            Refused::PriceNotOpen { .. } => Waived(Waiver::Price),
            Refused::UnknownMenuVersion { .. } => Waived(Waiver::MenuVersion),
            Refused::ShiftRequired | Refused::ShiftNotOpen { .. } => Waived(Waiver::Shift),
            Refused::OutOfStock { .. } => Waived(Waiver::SoldOut),
            Refused::NumberTaken { .. } => Waived(Waiver::Number),
            Refused::NoMenu
            | Refused::UnknownItem { .. }
            | Refused::UnknownVariation { .. }
            | Refused::VariationRequired { .. }
            | Refused::UnknownModifierGroup { .. }
            | Refused::UnknownModifier { .. }
            | Refused::ModifierMinNotMet { .. }
            | Refused::ModifierMaxExceeded { .. }
            | Refused::ModifierQtyNotAllowed { .. }
            | Refused::PriceRequired { .. }
            | Refused::NegativePrice { .. }
            | Refused::UnknownTax { .. } => Waived(Waiver::Menu),
            Refused::UnknownOrder { .. }
            | Refused::OrderNotPlaced
            | Refused::UnknownDrawer { .. }
            | Refused::OrderEmpty
            | Refused::UnknownLine { .. }
            | Refused::UnknownDiscount { .. }
            | Refused::UnknownServiceCharge { .. }
            | Refused::LineFired { .. }
            | Refused::VoidExceedsLine { .. }
            | Refused::NotServed
            | Refused::NothingToFire
            | Refused::NothingReady { .. }
            | Refused::UnknownTicket { .. }
            | Refused::TicketBumped { .. }
            | Refused::CheckBelowPaid { .. }
            | Refused::UnknownCheck { .. }
            | Refused::SplitExceedsLine { .. }
            | Refused::PaymentDue { .. }
            | Refused::MoneyCaptured { .. }
            | Refused::RefundUnderWay { .. }
            | Refused::UnknownPayment { .. }
            | Refused::NothingDue
            | Refused::PaymentExceedsDue { .. }
            | Refused::PaymentNotCaptured
            | Refused::UnknownRefund { .. }
            | Refused::NothingToRefund
            | Refused::RefundExceedsCaptured { .. }
            | Refused::RefundExceedsSold { .. }
            | Refused::OrderNotCompleted
            | Refused::ShiftOpen { .. }
            | Refused::UnknownSku { .. }
            | Refused::StockUntracked { .. }
            | Refused::OnHandTooLow { .. }
            | Refused::AmountUnknown => Waits,
            Refused::UnknownStore
            | Refused::CurrencyFixed { .. }
            | Refused::RevisionMismatch { .. }
            | Refused::MenuIncomplete { .. }
            | Refused::TooMany { .. }
            | Refused::NotInDraft { .. }
            | Refused::NoListPrice { .. }
            | Refused::OrderExists { .. }
            | Refused::OrderClosed { .. }
            | Refused::OrderMerged { .. }
            | Refused::OrderAlreadyPlaced
            | Refused::AlreadyTaxExempt
            | Refused::LineExists { .. }
            | Refused::DiscountExists { .. }
            | Refused::ServiceChargeExists { .. }
            | Refused::KitchenOff
            | Refused::TotalMismatch { .. }
            | Refused::SplitTooFine { .. }
            | Refused::MergeIntoItself
            | Refused::OrdersDiffer { .. }
            | Refused::AmountTooLarge
            | Refused::CurrencyDiffers { .. }
            | Refused::PaymentExists { .. }
            | Refused::TenderedTooLittle { .. }
            | Refused::CashSettled
            | Refused::ProviderDecides { .. }
            | Refused::NoProvider
            | Refused::TrainingOrder { .. }
            | Refused::PaymentNotAuthorised
            | Refused::VoidUnderWay
            | Refused::TipTooHigh { .. }
            | Refused::NothingToReview
            | Refused::DecisionNotPossible { .. }
            | Refused::RefundExists { .. }
            | Refused::LineOnOtherCheck { .. }
            | Refused::NotCash
            | Refused::DayOpen { .. }
            | Refused::ShiftsOpen { .. }
            | Refused::DayClosed { .. }
            | Refused::DayNotBegun { .. }
            | Refused::StockReserved { .. }
            | Refused::UntilPassed
            | Refused::TokenExists { .. }
            | Refused::UnknownToken { .. }
            | Refused::LastToken { .. }
            | Refused::IssuedUnanswered { .. }
            | Refused::ExpiryOutOfRange
            | Refused::TenantExists
            | Refused::DeviceExists { .. }
            | Refused::UnknownDevice { .. }
            | Refused::TerminalTaken { .. }
            | Refused::EnrolmentOver
            | Refused::OnlyImported { .. }
            | Refused::NotImported { .. }
            | Refused::BeyondBounds { .. }
            | Refused::OnlyOnline { .. }
            | Refused::BetweenSteps { .. }
            | Refused::UnknownStaff { .. }
            | Refused::SignInRefused
            | Refused::PinLocked { .. }
            | Refused::NotDue => Stays,
        }
    }
}

impl Waiver {
    /// The rule behind a refusal, where it does not stand against what has happened.
    pub fn of(refused: &Refused) -> Option<Waiver> {
        match Standing::of(refused) {
            Standing::Waived(waiver) => Some(waiver),
            Standing::Waits | Standing::Stays => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Here, because what is waived and not known to be waived is decided over and over again.
    #[test]
    fn what_is_waived_is_known_to_be() {
        use Waiver::{Approval, Availability, Menu, MenuVersion, Number, Price, Shift, SoldOut, Training};
        let all = [Approval, Availability, Price, MenuVersion, Shift, SoldOut, Number, Menu, Training];
        let mut waived = Waived::default();
        for (count, waiver) in all.into_iter().enumerate() {
            assert!(!waived.has(waiver), "{waiver:?}");
            waived = waived.with(waiver);
            assert_eq!(waived, waived.with(waiver));
            for (index, other) in all.into_iter().enumerate() {
                assert_eq!(waived.has(other), index <= count, "{other:?} of {waived:?}");
            }
        }
    }
}
