//! What a store is set to.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::calendar::CutOff;
use crate::ids::Text;
use crate::money::{Currency, Money, Ppm};
use crate::prep::Kitchen;
use crate::pricing::PriceRules;
use crate::staff::Approvals;

/// What a store is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub name: Text,
    /// The currency of everything in it.
    pub currency: Currency,
    /// The IANA name of its time zone.
    pub time_zone: Text,
    /// When its business day ends, by the wall clock of the next calendar day.
    pub cut_off: CutOff,
    /// How its amounts are rounded.
    pub rules: PriceRules,
    /// How long an order that is paid first may stay unpaid, in seconds.
    pub payment_timeout_s: u32,
    pub approvals: Approvals,
    /// Whether cash takes an open shift.
    pub cash_shifts: CashShifts,
    /// Whether orders that are opened from now on are prepared on tickets.
    pub kitchen: Kitchen,
    /// How long ago what a terminal sends may have happened for its clock to be believed, in seconds (rule T1), where it is
    /// not [`Settings::OFFLINE_AGE_S_DEFAULT`].
    pub offline_age_s: Option<u32>,
    /// What its terminals do without a second person while they are away.
    pub offline: OfflineBounds,
    /// Whether what people write of guests is sealed from now on, with a key of the customer or of the order.
    pub seals_texts: bool,
}

/// What a terminal that is away does without a second person. What goes beyond is recorded all the same (rule F3), and somebody has
/// to decide about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfflineBounds {
    /// Up to which share discounts, comps and other prices go, where it is not [`OfflineBounds::DISCOUNT_DEFAULT`].
    pub discount: Option<Ppm>,
    /// What an order may come to; anything where nothing is said.
    pub amount: Option<Money>,
    /// How many facts come in one upload, where it is not [`OfflineBounds::FACTS_DEFAULT`].
    pub facts: Option<u32>,
}

impl OfflineBounds {
    /// The share where nobody says otherwise: 20 %.
    pub const DISCOUNT_DEFAULT: Ppm = Ppm(200_000);
    /// The facts of an upload where nobody says otherwise.
    pub const FACTS_DEFAULT: u32 = 500;
    /// The most an upload has.
    pub const FACTS_MAX: u32 = 1_000;

    pub fn discount(&self) -> Ppm {
        self.discount.unwrap_or(OfflineBounds::DISCOUNT_DEFAULT)
    }

    pub fn facts(&self) -> u32 {
        self.facts.unwrap_or(OfflineBounds::FACTS_DEFAULT)
    }
}

/// Whether a store takes cash in shifts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CashShifts {
    /// Nobody asks for one; a payment that names a drawer goes into its shift.
    #[default]
    Off,
    /// Cash is taken in and given back within an open shift only.
    Required,
}

impl Settings {
    /// How long ago what a terminal sends may have happened for its clock to be believed, in seconds.
    pub fn offline_age_s(&self) -> u32 {
        self.offline_age_s.unwrap_or(Settings::OFFLINE_AGE_S_DEFAULT)
    }

    /// The payment timeout where nobody says otherwise: 15 minutes.
    pub const PAYMENT_TIMEOUT_S_DEFAULT: u32 = 900;
    /// How long ago it may have happened where nobody says otherwise: 72 hours.
    pub const OFFLINE_AGE_S_DEFAULT: u32 = 259_200;
    /// The least: one hour.
    pub const OFFLINE_AGE_S_MIN: u32 = 3_600;
    /// The most: one year.
    pub const OFFLINE_AGE_S_MAX: u32 = 31_536_000;
    /// The longest payment timeout: one day.
    pub const PAYMENT_TIMEOUT_S_MAX: u32 = 86_400;
}
