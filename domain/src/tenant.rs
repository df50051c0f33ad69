//! A tenant: its menu and its credentials, which belong to no single store.

#![allow(missing_docs, reason = "names and types say all but what is said here")]

use crate::calendar::Timestamp;
use crate::command::{AccessCommand, MenuCommand, StockLink};
use crate::credentials::Credentials;
use crate::event::{AccessEvent, Event, MenuEvent, SecurityEvent};
use crate::ids::{ActorId, Id, Revision};
use crate::menu::{Item, Menu};
use crate::refused::Refused;
use crate::staff::Staff;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// A tenant.
#[derive(Clone, Debug, Default)]
pub struct Tenant {
    draft: Menu,
    published: BTreeMap<u32, Arc<Menu>>,
    published_hash: Option<u64>,
    credentials: Credentials,
    staff: BTreeMap<ActorId, Staff>,
    menu_events: u64,
    access_events: u64,
    security_events: u64,
}

impl Tenant {
    /// The most members of staff a tenant may have had.
    pub const STAFF_MAX: usize = 100_000;

    /// The revision of `menu-<tenant>`.
    pub fn menu_revision(&self) -> Option<Revision> {
        self.menu_events.checked_sub(1).map(Revision)
    }

    /// The revision of `access-<tenant>`.
    pub fn access_revision(&self) -> Option<Revision> {
        self.access_events.checked_sub(1).map(Revision)
    }

    /// The revision of `security-<tenant>`.
    pub fn security_revision(&self) -> Option<Revision> {
        self.security_events.checked_sub(1).map(Revision)
    }

    /// The newest published version; 0 before the first.
    pub fn menu_version(&self) -> u32 {
        self.published.last_key_value().map_or(0, |(version, _)| *version)
    }

    pub fn menu(&self, version: u32) -> Option<&Menu> {
        self.published.get(&version).map(Arc::as_ref)
    }

    /// The published versions: this one, those before it, the nearest first, and those after it.
    pub(crate) fn menus_near(&self, version: u32) -> impl Iterator<Item = (u32, &Menu)> {
        let before = self.published.range(..=version).rev();
        let after = self.published.range((Bound::Excluded(version), Bound::Unbounded));
        before.chain(after).map(|(version, menu)| (*version, Arc::as_ref(menu)))
    }

    /// Whether somebody can administer the tenant.
    pub fn has_admin(&self, now: Timestamp) -> bool {
        self.credentials.has_admin(now)
    }

    /// A member of staff.
    pub fn staff(&self, staff: ActorId) -> Option<&Staff> {
        self.staff.get(&staff)
    }

    /// Decides a command to the menu. What changes nothing is accepted without a fact.
    ///
    /// # Errors
    /// [`Refused`] says why; nothing changes.
    pub fn decide_menu(&self, command: &MenuCommand) -> Result<Vec<Event>, Refused> {
        let draft = &self.draft;
        let event = match command {
            MenuCommand::UpsertItem(item) => self.upsert(item, &[])?,
            MenuCommand::UnlinkItem { item, links } => self.upsert(item, links)?,
            MenuCommand::ChangeItem(change) => {
                let held = draft.items.get(&change.item).ok_or(not_in_draft("item", change.item.0))?;
                let item = change.apply(held)?;
                (**held != item).then_some(MenuEvent::ItemUpserted(item))
            }
            MenuCommand::ChangeModifierGroup(change) => {
                let held = draft.groups.get(&change.group).ok_or(not_in_draft("modifier group", change.group.0))?;
                let group = change.apply(held)?;
                (**held != group).then_some(MenuEvent::ModifierGroupUpserted(group))
            }
            MenuCommand::ChangeTax { tax, name, rate } => {
                let held = draft.taxes.get(tax).ok_or(not_in_draft("tax", tax.0))?;
                let mut tax = held.clone();
                tax.name = name.clone().unwrap_or(tax.name);
                tax.rate = rate.unwrap_or(tax.rate);
                (*held != tax).then_some(MenuEvent::TaxUpserted(tax))
            }
            MenuCommand::RetireItem(item) => match draft.items.contains_key(item) {
                true => Some(MenuEvent::ItemRetired { item: *item }),
                false => return Err(Refused::UnknownItem { item: *item }),
            },
            MenuCommand::UpsertModifierGroup(group) => {
                check_count(
                    "modifier groups",
                    draft.groups.len(),
                    Menu::GROUPS_MAX,
                    draft.groups.contains_key(&group.id),
                )?;
                (draft.groups.get(&group.id).map(Arc::as_ref) != Some(group))
                    .then(|| MenuEvent::ModifierGroupUpserted(group.clone()))
            }
            MenuCommand::UpsertTax(tax) => {
                check_count("taxes", draft.taxes.len(), Menu::TAXES_MAX, draft.taxes.contains_key(&tax.id))?;
                (draft.taxes.get(&tax.id) != Some(tax)).then(|| MenuEvent::TaxUpserted(tax.clone()))
            }
            MenuCommand::UpsertDaypart(daypart) => {
                let is_there = draft.dayparts.contains_key(&daypart.id);
                check_count("dayparts", draft.dayparts.len(), Menu::DAYPARTS_MAX, is_there)?;
                (draft.dayparts.get(&daypart.id) != Some(daypart)).then(|| MenuEvent::DaypartUpserted(daypart.clone()))
            }
            MenuCommand::Publish => {
                draft.check().map_err(|dangling| Refused::MenuIncomplete {
                    item: dangling.item,
                    kind: dangling.kind,
                    missing: dangling.missing,
                })?;
                let content_hash = draft.content_hash();
                (self.published_hash != Some(content_hash))
                    .then(|| MenuEvent::MenuPublished { version: self.menu_version() + 1, content_hash })
            }
        };
        Ok(event.map(Event::Menu).into_iter().collect())
    }

    /// An item as it is said, but for links to stock items that are not named: they stay unless they are cut. A new price
    /// put without them must not sell what is not on the shelf.
    fn upsert(&self, item: &Item, cut: &[StockLink]) -> Result<Option<MenuEvent>, Refused> {
        let draft = &self.draft;
        check_item(item)?;
        check_count("items", draft.items.len(), Menu::ITEMS_MAX, draft.items.contains_key(&item.id))?;
        let held = draft.items.get(&item.id).map(Arc::as_ref);
        let mut item = item.clone();
        if let Some(held) = held {
            if !cut.contains(&StockLink::Item) {
                item.sku = item.sku.or(held.sku);
            }
            for variation in item.variations.iter_mut() {
                if cut.contains(&StockLink::Variation(variation.id)) {
                    continue;
                }
                let before = held.variations.iter().find(|held| held.id == variation.id);
                variation.sku = variation.sku.or(before.and_then(|held| held.sku));
            }
        }
        Ok((held != Some(&item)).then_some(MenuEvent::ItemUpserted(item)))
    }

    /// Decides a command to the credentials.
    ///
    /// # Errors
    /// [`Refused`] says why; nothing changes.
    pub fn decide_access(&self, command: &AccessCommand, now: Timestamp) -> Result<Vec<Event>, Refused> {
        let credentials = &self.credentials;
        let events = match command {
            AccessCommand::RecordActivity(activities) => {
                let recorded = activities.iter().cloned().map(SecurityEvent::ActivityRecorded);
                return Ok(recorded.map(Event::Security).collect());
            }
            AccessCommand::IssueToken(new) => credentials.issue(new, now)?,
            AccessCommand::RevokeToken { token, issued } => credentials.revoke(*token, *issued, now)?,
            AccessCommand::AddDevice(new) => credentials.add_device(new, now)?,
            AccessCommand::EnrolDevice { device, code_sha256, token, secret_sha256 } => {
                credentials.enrol((*device, code_sha256), (*token, secret_sha256), now)?
            }
            AccessCommand::RemoveDevice { device, within } => credentials.remove_device(*device, within.as_deref())?,
            AccessCommand::PutStaff { staff, rights, discount_limit } => {
                let held = self.staff.get(staff);
                if held == Some(&Staff { rights: *rights, discount_limit: *discount_limit }) {
                    return Ok(vec![]);
                }
                check_count("members of staff", self.staff.len(), Tenant::STAFF_MAX, held.is_some())?;
                vec![AccessEvent::StaffChanged { staff: *staff, rights: *rights, discount_limit: *discount_limit }]
            }
            AccessCommand::SetPin { staff, salt, argon2id, by } => {
                self.known(*staff)?;
                let mut events = credentials.end_sessions(*staff);
                events.push(AccessEvent::PinSet { staff: *staff, salt: *salt, argon2id: *argon2id, by: *by });
                events
            }
            AccessCommand::RemoveStaff { staff } => {
                self.known(*staff)?;
                let mut events = credentials.end_sessions(*staff);
                events.push(AccessEvent::StaffRemoved { staff: *staff });
                events
            }
            AccessCommand::EraseTexts { customer, store, order } => {
                vec![AccessEvent::TextsErased { customer: *customer, store: *store, order: *order }]
            }
            AccessCommand::ShowPin { staff, device, argon2id, is_right } => {
                vec![credentials.show_pin((*staff, *device), argon2id, *is_right, now)?]
            }
            AccessCommand::OpenSession(new) => credentials.open_session(new, now)?,
        };
        Ok(events.into_iter().map(Event::Access).collect())
    }

    fn known(&self, staff: ActorId) -> Result<(), Refused> {
        match self.staff.contains_key(&staff) {
            true => Ok(()),
            false => Err(Refused::UnknownStaff { staff }),
        }
    }

    /// Whether `setter` knows the PIN that `staff` proves who they are with, having set it.
    pub fn knows_pin_of(&self, setter: ActorId, staff: ActorId) -> bool {
        self.credentials.knows_pin_of(setter, staff)
    }

    /// Folds a fact about the menu.
    pub fn evolve_menu(&mut self, event: &MenuEvent) {
        self.menu_events += 1;
        match event {
            MenuEvent::ItemUpserted(item) => {
                self.draft.items.insert(item.id, Arc::new(item.clone()));
            }
            MenuEvent::ItemRetired { item } => {
                self.draft.items.remove(item);
            }
            MenuEvent::ModifierGroupUpserted(group) => {
                self.draft.groups.insert(group.id, Arc::new(group.clone()));
            }
            MenuEvent::TaxUpserted(tax) => {
                self.draft.taxes.insert(tax.id, tax.clone());
            }
            MenuEvent::DaypartUpserted(daypart) => {
                self.draft.dayparts.insert(daypart.id, daypart.clone());
            }
            MenuEvent::MenuPublished { version, content_hash } => {
                self.published.insert(*version, Arc::new(self.draft.clone()));
                self.published_hash = Some(*content_hash);
            }
        }
    }

    /// Folds a fact about the credentials.
    ///
    /// # Panics
    /// If the fact cannot follow from the state: the log is not one that this engine wrote.
    pub fn evolve_access(&mut self, event: &AccessEvent) {
        self.access_events += 1;
        self.credentials.evolve(event);
        match event {
            AccessEvent::StaffChanged { staff, rights, discount_limit } => {
                self.staff.insert(*staff, Staff { rights: *rights, discount_limit: *discount_limit });
            }
            AccessEvent::StaffRemoved { staff } => {
                self.staff.remove(staff);
            }
            _ => {}
        }
    }

    /// Folds a fact of the security log, on which nothing is decided: only how long it is, is kept.
    pub fn evolve_security(&mut self, event: &SecurityEvent) {
        let SecurityEvent::ActivityRecorded(_) = event;
        self.security_events += 1;
    }

    /// Takes over how long the security log is, up to this revision.
    pub fn security_is_at(&mut self, revision: Revision) {
        self.security_events = revision.0 + 1;
    }
}

fn check_count(what: &'static str, count: usize, max: usize, is_there: bool) -> Result<(), Refused> {
    match is_there || count < max {
        true => Ok(()),
        false => Err(Refused::TooMany { what, max }),
    }
}

fn check_item(item: &Item) -> Result<(), Refused> {
    let within = |what, count, max| if count <= max { Ok(()) } else { Err(Refused::TooMany { what, max }) };
    within("variations", item.variations.len(), Item::VARIATIONS_MAX)?;
    within("modifier groups", item.groups.len(), Item::GROUPS_MAX)?;
    within("taxes", item.taxes.len(), Item::TAXES_MAX)?;
    within("dayparts", item.dayparts.len(), Item::DAYPARTS_MAX)?;
    item.mode_taxes.iter().try_for_each(|own| within("taxes", own.taxes.len(), Item::TAXES_MAX))
}

fn not_in_draft(kind: &'static str, id: Id) -> Refused {
    Refused::NotInDraft { kind, id }
}
