//! Stored events of `access-<tenant>` (tags 0x02xx), `store-<tenant>.<store>` (0x03xx) and `storemenu-..` (0x04xx).

use super::codes::{Code, code, rights, rights_bits};
use super::envelope::{Envelope, write};
use super::parts::{CurrencyV1, RulesV1, Stored, cut_off, minor_opt, money_opt, named, named_opt, text_opt};
use super::{BadValue, DecodeError, tag};
use domain::event::{AccessEvent, StoreEvent, StoreMenuEvent};
use domain::kitchen::Kitchen;
use domain::money::Ppm;
use domain::staff::Approvals;
use domain::store::{CashShifts, Settings};
use serde::{Deserialize, Serialize};

/// `TokenIssued`, version 1.
#[derive(Serialize, Deserialize)]
struct TokenIssuedV1<'a> {
    token: &'a str,
    role: u8,
    label: &'a str,
    secret_sha256: [u8; 32],
}

/// `TokenRevoked`, version 1.
#[derive(Serialize, Deserialize)]
struct TokenRevokedV1<'a> {
    token: &'a str,
}

/// `StaffChanged`, version 1.
#[derive(Serialize, Deserialize)]
struct StaffChangedV1<'a> {
    staff: &'a str,
    /// See [`rights_bits`].
    rights: u32,
    /// Nothing: the store's.
    discount_limit_ppm: Option<u32>,
}

/// `StoreOpened` and `StoreSettingsChanged`, version 1.
#[derive(Serialize, Deserialize)]
struct SettingsV1<'a> {
    name: &'a str,
    #[serde(borrow)]
    currency: CurrencyV1<'a>,
    time_zone: &'a str,
    cut_off_minute: u16,
    rules: RulesV1,
    payment_timeout_s: u32,
}

/// `StoreOpened` and `StoreSettingsChanged`, version 2: with what takes an approval, and whether cash takes a shift.
#[derive(Serialize, Deserialize)]
struct SettingsV2<'a> {
    #[serde(borrow)]
    v1: SettingsV1<'a>,
    /// See [`rights_bits`].
    approvals_needed: u32,
    discount_limit_ppm: u32,
    self_approval: bool,
    cash_shifts: u8,
}

/// `StoreOpened` and `StoreSettingsChanged`, version 3: with whether orders are prepared on tickets. Written where they
/// are; others are of version 2.
#[derive(Serialize, Deserialize)]
struct SettingsV3<'a> {
    #[serde(borrow)]
    v2: SettingsV2<'a>,
    kitchen: u8,
}

/// `MenuAdopted`, version 1.
#[derive(Serialize, Deserialize)]
struct MenuAdoptedV1 {
    version: u32,
}

/// `StorePriceSet`, version 1.
#[derive(Serialize, Deserialize)]
struct StorePriceSetV1<'a> {
    item: &'a str,
    variation: Option<&'a str>,
    /// Nothing: back to the list price.
    price: Option<i64>,
}

/// `StoreAvailabilitySet`, version 1.
#[derive(Serialize, Deserialize)]
struct StoreAvailabilitySetV1<'a> {
    item: &'a str,
    available: bool,
}

impl<'a> Stored<'a, Settings> for SettingsV1<'a> {
    fn of(settings: &'a Settings) -> SettingsV1<'a> {
        SettingsV1 {
            name: settings.name.as_str(),
            currency: CurrencyV1::of(&settings.currency),
            time_zone: settings.time_zone.as_str(),
            cut_off_minute: settings.cut_off.minute(),
            rules: RulesV1::of(&settings.rules),
            payment_timeout_s: settings.payment_timeout_s,
        }
    }

    fn back(self) -> Result<Settings, BadValue> {
        Ok(Settings {
            name: named(self.name)?,
            currency: self.currency.back()?,
            time_zone: named(self.time_zone)?,
            cut_off: cut_off(self.cut_off_minute)?,
            rules: self.rules.back()?,
            payment_timeout_s: self.payment_timeout_s,
            // Version 1 knew of no approvals and no shifts, and version 2 of no kitchens.
            approvals: Approvals::default(),
            cash_shifts: CashShifts::Off,
            kitchen: Kitchen::Off,
        })
    }
}

impl<'a> Stored<'a, Settings> for SettingsV2<'a> {
    fn of(settings: &'a Settings) -> SettingsV2<'a> {
        let Approvals { needed, discount_limit, self_approval } = settings.approvals;
        SettingsV2 {
            v1: SettingsV1::of(settings),
            approvals_needed: rights_bits(needed),
            discount_limit_ppm: discount_limit.0,
            self_approval,
            cash_shifts: settings.cash_shifts.code(),
        }
    }

    fn back(self) -> Result<Settings, BadValue> {
        let approvals = Approvals {
            needed: rights(self.approvals_needed)?,
            discount_limit: Ppm(self.discount_limit_ppm),
            self_approval: self.self_approval,
        };
        Ok(Settings { approvals, cash_shifts: code(self.cash_shifts)?, ..self.v1.back()? })
    }
}

impl<'a> Stored<'a, Settings> for SettingsV3<'a> {
    fn of(settings: &'a Settings) -> SettingsV3<'a> {
        SettingsV3 { v2: SettingsV2::of(settings), kitchen: settings.kitchen.code() }
    }

    fn back(self) -> Result<Settings, BadValue> {
        Ok(Settings { kitchen: code(self.kitchen)?, ..self.v2.back()? })
    }
}

pub(super) fn encode_access(event: &AccessEvent, out: &mut Vec<u8>) {
    match event {
        AccessEvent::TokenIssued { token, role, label, secret_sha256 } => {
            let body = TokenIssuedV1 {
                token: token.as_str(),
                role: role.code(),
                label: label.as_str(),
                secret_sha256: *secret_sha256,
            };
            write(tag::TOKEN_ISSUED, 1, &body, out);
        }
        AccessEvent::TokenRevoked { token } => {
            write(tag::TOKEN_REVOKED, 1, &TokenRevokedV1 { token: token.as_str() }, out);
        }
        AccessEvent::StaffChanged { staff, rights, discount_limit } => {
            let body = StaffChangedV1 {
                staff: staff.as_str(),
                rights: rights_bits(*rights),
                discount_limit_ppm: discount_limit.map(|limit| limit.0),
            };
            write(tag::STAFF_CHANGED, 1, &body, out);
        }
    }
}

pub(super) fn decode_access(envelope: &Envelope<'_>) -> Result<AccessEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::TOKEN_ISSUED, 1) => envelope.read(|body: TokenIssuedV1<'_>| {
            Ok(AccessEvent::TokenIssued {
                token: named(body.token)?,
                role: code(body.role)?,
                label: named(body.label)?,
                secret_sha256: body.secret_sha256,
            })
        }),
        (tag::TOKEN_REVOKED, 1) => {
            envelope.read(|body: TokenRevokedV1<'_>| Ok(AccessEvent::TokenRevoked { token: named(body.token)? }))
        }
        (tag::STAFF_CHANGED, 1) => envelope.read(|body: StaffChangedV1<'_>| {
            Ok(AccessEvent::StaffChanged {
                staff: named(body.staff)?,
                rights: rights(body.rights)?,
                discount_limit: body.discount_limit_ppm.map(Ppm),
            })
        }),
        _ => Err(envelope.unknown_version()),
    }
}

pub(super) fn encode_store(event: &StoreEvent, out: &mut Vec<u8>) {
    match event {
        StoreEvent::StoreOpened(settings) => write_settings(tag::STORE_OPENED, settings, out),
        StoreEvent::StoreSettingsChanged(settings) => write_settings(tag::STORE_SETTINGS_CHANGED, settings, out),
    }
}

fn write_settings(tag: u16, settings: &Settings, out: &mut Vec<u8>) {
    match settings.kitchen {
        Kitchen::Off => write(tag, 2, &SettingsV2::of(settings), out),
        Kitchen::On => write(tag, 3, &SettingsV3::of(settings), out),
    }
}

fn read_settings(envelope: &Envelope<'_>) -> Result<Settings, DecodeError> {
    match envelope.version {
        1 => envelope.read(SettingsV1::back),
        2 => envelope.read(SettingsV2::back),
        3 => envelope.read(SettingsV3::back),
        _ => Err(envelope.unknown_version()),
    }
}

pub(super) fn decode_store(envelope: &Envelope<'_>) -> Result<StoreEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::STORE_OPENED, _) => Ok(StoreEvent::StoreOpened(read_settings(envelope)?)),
        (tag::STORE_SETTINGS_CHANGED, _) => Ok(StoreEvent::StoreSettingsChanged(read_settings(envelope)?)),
        _ => Err(envelope.unknown_version()),
    }
}

pub(super) fn encode_store_menu(event: &StoreMenuEvent, out: &mut Vec<u8>) {
    match event {
        StoreMenuEvent::MenuAdopted { version } => {
            write(tag::MENU_ADOPTED, 1, &MenuAdoptedV1 { version: *version }, out);
        }
        StoreMenuEvent::StorePriceSet { item, variation, price } => {
            let body = StorePriceSetV1 { item: item.as_str(), variation: text_opt(variation), price: minor_opt(price) };
            write(tag::STORE_PRICE_SET, 1, &body, out);
        }
        StoreMenuEvent::StoreAvailabilitySet { item, available } => {
            let body = StoreAvailabilitySetV1 { item: item.as_str(), available: *available };
            write(tag::STORE_AVAILABILITY_SET, 1, &body, out);
        }
    }
}

pub(super) fn decode_store_menu(envelope: &Envelope<'_>) -> Result<StoreMenuEvent, DecodeError> {
    match (envelope.tag, envelope.version) {
        (tag::MENU_ADOPTED, 1) => {
            envelope.read(|body: MenuAdoptedV1| Ok(StoreMenuEvent::MenuAdopted { version: body.version }))
        }
        (tag::STORE_PRICE_SET, 1) => envelope.read(|body: StorePriceSetV1<'_>| {
            Ok(StoreMenuEvent::StorePriceSet {
                item: named(body.item)?,
                variation: named_opt(body.variation)?,
                price: money_opt(body.price),
            })
        }),
        (tag::STORE_AVAILABILITY_SET, 1) => envelope.read(|body: StoreAvailabilitySetV1<'_>| {
            Ok(StoreMenuEvent::StoreAvailabilitySet { item: named(body.item)?, available: body.available })
        }),
        _ => Err(envelope.unknown_version()),
    }
}
