//! The keys that texts of guests are sealed with: one of each customer, and one of each order that names none.
//!
//! A sealed text is `id of the key | nonce | ciphertext | tag` in base64 (ChaCha20-Poly1305; the tenant is authenticated with it). A
//! customer's reference is stored as a pseudonym, which is the id of the key; the reference itself stands beside the key and goes with it.
//!
//! Keys are in a file of their own (`schemas::stored::KeyRecord` says how) and in memory, and in no log, snapshot or backup. The engine thread
//! makes them, and the log thread writes them before the commits that use them: a key that was needed is durable before anybody is
//! answered. A key is deleted in the same order: when the log says that it was, it is gone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{CustomerRef, OrderId, StoreId, TenantId};
use hmac::{Hmac, KeyInit, Mac};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use schemas::stored::{KEY_RECORD_LEN, KeyId, KeyRecord};
use sha2::Sha256;
use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The file of keys, in its directory.
const FILE: &str = "keys";
/// What a customer's pseudonym begins with; the door takes no reference that does.
const PSEUDONYM: &str = "sealed_";
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Eight letters hold five bytes.
const PSEUDONYM_LEN: usize = 7 + 24;

/// All keys of a data directory.
#[derive(Default)]
pub struct Keys {
    held: RwLock<Held>,
    /// What is to be written, by the place of the record.
    pending: Mutex<Vec<(u64, [u8; KEY_RECORD_LEN])>>,
    has_pending: AtomicBool,
    place: Option<Place>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

/// Where they are kept.
struct Place {
    dir: PathBuf,
    /// Says, apart from the keys, that there were some.
    marker: PathBuf,
    file: Mutex<Option<File>>,
}

#[derive(Default)]
struct Held {
    /// What hashes are keyed with; made with the first key.
    hashes: Option<[u8; 32]>,
    keys: HashMap<KeyId, Key, foldhash::fast::RandomState>,
    /// The key that a customer or an order is under.
    current: HashMap<u128, KeyId, foldhash::fast::RandomState>,
    /// Where the records of orders stand that are under a customer's key.
    joined: HashMap<u128, (u64, KeyId), foldhash::fast::RandomState>,
    /// How many records the file has.
    records: u64,
}

struct Key {
    record: u64,
    subject: u128,
    key: [u8; 32],
    customer: Option<CustomerRef>,
}

/// Whose texts are erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// By the hash of the reference.
    Customer(u128),
    /// By its ids.
    Order(TenantId, StoreId, OrderId),
}

impl Keys {
    /// Opens the keys in `dir`; where there are none the directory is made with the first. `marker` is made then, too: it says later that
    /// there were keys.
    ///
    /// # Errors
    /// What the file system answered.
    pub fn open(dir: &Path, marker: &Path) -> io::Result<Keys> {
        let mut held = Held::default();
        let (mut damaged, file) = (0, open_file(&dir.join(FILE), false));
        let file = match file {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if let Some(file) = &file {
            let records = file.metadata()?.len() / KEY_RECORD_LEN as u64;
            let mut bytes = [0; KEY_RECORD_LEN];
            for record in 0..records {
                file.read_exact_at(&mut bytes, record * KEY_RECORD_LEN as u64)?;
                match KeyRecord::decode(&bytes) {
                    Ok(Some(found)) => held.take(record, found),
                    Ok(None) => {}
                    Err(_) => damaged += 1,
                }
            }
            held.records = records;
        }
        if damaged != 0 {
            tracing::warn!(damaged, "keys of sealed texts are damaged; what was sealed with them reads as erased");
        }
        if held.keys.is_empty() && file.is_none() && marker.exists() {
            tracing::warn!(
                dir = %dir.display(),
                "the keys of sealed texts are not there: texts that were sealed read as erased. Stop the server and put the copy of the directory back, if there is one"
            );
        }
        let place = Place { dir: dir.to_owned(), marker: marker.to_owned(), file: Mutex::new(file) };
        Ok(Keys { held: RwLock::new(held), place: Some(place), ..Keys::default() })
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.held.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn held_mut(&self) -> RwLockWriteGuard<'_, Held> {
        self.held.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What stands for a customer's reference where it is erased: a hash that nobody makes without the key of hashes.
    pub fn customer_hash(&self, tenant: TenantId, customer: CustomerRef) -> u128 {
        self.hashed(&["customer", tenant.as_str(), customer.as_str()])
    }

    fn order_hash(&self, tenant: TenantId, store: StoreId, order: OrderId) -> u128 {
        self.hashed(&["order", tenant.as_str(), store.as_str(), order.as_str()])
    }

    fn hashed(&self, parts: &[&str]) -> u128 {
        let made = self.held().hashes;
        let key = made.unwrap_or_else(|| {
            let mut held = self.held_mut();
            let key = held.hashes.unwrap_or_else(random);
            if held.hashes.is_none() {
                self.add(&mut held, KeyRecord::Hashes(key));
            }
            key
        });
        let mut hash = Hmac::<Sha256>::new_from_slice(&key).expect("a key of any length");
        parts.iter().for_each(|part| {
            hash.update(part.as_bytes());
            hash.update(b"\0");
        });
        let hash: [u8; 32] = hash.finalize().into_bytes().into();
        u128::from_be_bytes(hash[..16].try_into().expect("it is 16 bytes long"))
    }

    /// The customer that an order's texts are sealed for, if its key is there.
    pub fn customer_of(&self, tenant: TenantId, store: StoreId, order: OrderId) -> Option<CustomerRef> {
        let subject = self.order_hash(tenant, store, order);
        let held = self.held();
        held.keys.get(&held.joined.get(&subject)?.1)?.customer
    }

    /// The reference behind a pseudonym of the tenant's; nothing where it was erased.
    pub fn customer(&self, tenant: TenantId, pseudonym: &str) -> Option<CustomerRef> {
        let (subject, customer) = {
            let held = self.held();
            let key = held.keys.get(&key_of(pseudonym)?)?;
            (key.subject, key.customer?)
        };
        (self.customer_hash(tenant, customer) == subject).then_some(customer)
    }

    /// Opens what was sealed for the tenant; nothing where its key was deleted.
    pub fn open_text(&self, tenant: TenantId, ciphertext: &str) -> Option<String> {
        let mut bytes = URL_SAFE_NO_PAD.decode(ciphertext).ok()?;
        let (id, rest) = bytes.split_first_chunk_mut::<15>()?;
        let key = self.held().keys.get(id)?.key;
        let (nonce, sealed) = rest.split_first_chunk_mut::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = cipher(&key).open_in_place(nonce, Aad::from(tenant.as_str()), sealed).ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }

    /// Seals a text with a key; the ciphertext.
    pub(crate) fn seal_text(&self, tenant: TenantId, id: &KeyId, text: &str) -> Option<String> {
        let key = self.held().keys.get(id)?.key;
        let nonce: [u8; NONCE_LEN] = random();
        let mut sealed = text.as_bytes().to_vec();
        let (aad, unique) = (Aad::from(tenant.as_str()), Nonce::assume_unique_for_key(nonce));
        cipher(&key).seal_in_place_append_tag(unique, aad, &mut sealed).ok()?;
        Some(URL_SAFE_NO_PAD.encode([&id[..], &nonce, &sealed].concat()))
    }

    /// The key of a customer, made where there is none.
    pub(crate) fn of_customer(&self, tenant: TenantId, customer: CustomerRef) -> KeyId {
        self.of(self.customer_hash(tenant, customer), Some(customer))
    }

    /// The key of an order: its customer's where it has one. Made where there is none.
    pub(crate) fn of_order(&self, tenant: TenantId, store: StoreId, order: OrderId) -> KeyId {
        self.of(self.order_hash(tenant, store, order), None)
    }

    fn of(&self, subject: u128, customer: Option<CustomerRef>) -> KeyId {
        let mut held = self.held_mut();
        if let Some(id) = held.current.get(&subject) {
            return *id;
        }
        let id: KeyId = random();
        self.add(&mut held, KeyRecord::Key { id, subject, key: random(), customer });
        id
    }

    /// From now on an order is under this key of its customer.
    pub(crate) fn join(&self, (tenant, store, order): (TenantId, StoreId, OrderId), id: KeyId) {
        let subject = self.order_hash(tenant, store, order);
        let mut held = self.held_mut();
        if held.joined.get(&subject).is_none_or(|(_, before)| *before != id) {
            self.add(&mut held, KeyRecord::Order { id, subject });
        }
    }

    fn add(&self, held: &mut Held, record: KeyRecord) {
        let at = held.records;
        held.records += 1;
        held.take(at, record);
        self.write(at, record.encode());
    }

    fn write(&self, at: u64, bytes: [u8; KEY_RECORD_LEN]) {
        if self.place.is_some() {
            self.pending.lock().unwrap_or_else(PoisonError::into_inner).push((at, bytes));
            self.has_pending.store(true, Ordering::Release);
        }
    }

    /// Deletes the keys of a customer or of an order. Nobody reads what was sealed with them from now on, and they are gone for good with
    /// the next [`Keys::make_durable`].
    pub(crate) fn erase(&self, subject: Subject) {
        let subject = match subject {
            Subject::Customer(subject) => subject,
            Subject::Order(tenant, store, order) => self.order_hash(tenant, store, order),
        };
        let mut held = self.held_mut();
        let ids: Vec<KeyId> = held.keys.iter().filter(|(_, key)| key.subject == subject).map(|(id, _)| *id).collect();
        let orders: Vec<u128> =
            held.joined.iter().filter(|(_, (_, id))| ids.contains(id)).map(|(order, _)| *order).collect();
        // An order may have had a key of its own before its customer was known.
        let is_gone = |key: &Key| key.subject == subject || orders.contains(&key.subject);
        let gone: Vec<u64> = held.keys.values().filter(|key| is_gone(key)).map(|key| key.record).collect();
        let joined: Vec<u64> = orders.iter().filter_map(|order| held.joined.remove(order)).map(|(at, _)| at).collect();
        held.keys.retain(|_, key| !is_gone(key));
        let Held { keys, current, .. } = &mut *held;
        current.retain(|_, id| keys.contains_key(id));
        gone.into_iter().chain(joined).for_each(|at| self.write(at, [0; KEY_RECORD_LEN]));
    }

    /// Writes what was made and deleted since the last time. What fails is tried again by the next call.
    ///
    /// # Errors
    /// What the file system answered.
    pub(crate) fn make_durable(&self) -> io::Result<()> {
        let Some(place) = self.place.as_ref().filter(|_| self.has_pending.load(Ordering::Acquire)) else {
            return Ok(());
        };
        let mut file = place.file.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match &mut *file {
            Some(file) => file,
            none => none.insert(place.make()?),
        };
        // Under the lock: what comes meanwhile waits, or it would be taken for written.
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, bytes) in &*pending {
            file.write_all_at(bytes, at * KEY_RECORD_LEN as u64)?;
        }
        file.sync_data()?;
        pending.clear();
        self.has_pending.store(false, Ordering::Release);
        Ok(())
    }
}

impl Place {
    /// Makes the directory and the file, durably.
    fn make(&self) -> io::Result<File> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        let file = open_file(&self.dir.join(FILE), true)?;
        open_file(&self.marker, true)?.sync_all()?;
        File::open(&self.dir)?.sync_all()?;
        if let Some(parent) = self.dir.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(file)
    }
}

impl Held {
    fn take(&mut self, at: u64, record: KeyRecord) {
        match record {
            KeyRecord::Hashes(key) => self.hashes = Some(key),
            KeyRecord::Key { id, subject, key, customer } => {
                self.current.insert(subject, id);
                self.keys.insert(id, Key { record: at, subject, key, customer });
            }
            KeyRecord::Order { id, subject } => {
                self.current.insert(subject, id);
                self.joined.insert(subject, (at, id));
            }
        }
    }
}

fn open_file(path: &Path, make: bool) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(make).mode(0o600).open(path)
}

fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).expect("a key is 32 bytes long"))
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// The pseudonym that stands for a customer's reference.
pub(crate) fn pseudonym(id: &KeyId) -> CustomerRef {
    let mut text = String::from(PSEUDONYM);
    for five in id.chunks(5) {
        let bits = five.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        text.extend((0..8).rev().map(|at| char::from(LETTERS[(bits >> (5 * at) & 31) as usize])));
    }
    CustomerRef::parse(&text).expect("it is an id")
}

/// The id of the key that a pseudonym is.
fn key_of(pseudonym: &str) -> Option<KeyId> {
    let letters = pseudonym.strip_prefix(PSEUDONYM).filter(|_| pseudonym.len() == PSEUDONYM_LEN)?;
    let mut id = KeyId::default();
    for (five, eight) in id.chunks_mut(5).zip(letters.as_bytes().chunks(8)) {
        let mut bits = 0_u64;
        for letter in eight {
            bits = bits << 5 | LETTERS.iter().position(|known| known == letter)? as u64;
        }
        five.copy_from_slice(&bits.to_be_bytes()[3..]);
    }
    Some(id)
}

/// Whether a customer's reference is a pseudonym.
pub(crate) fn is_pseudonym(customer: CustomerRef) -> bool {
    key_of(customer.as_str()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> (TenantId, StoreId, OrderId, CustomerRef) {
        let (tenant, store) = (TenantId::parse("acme"), StoreId::parse("s1"));
        let (order, customer) = (OrderId::parse("o1"), CustomerRef::parse("anna"));
        (tenant.unwrap(), store.unwrap(), order.unwrap(), customer.unwrap())
    }

    #[test]
    fn what_is_sealed_opens_until_its_key_is_deleted_in_this_life_and_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let (place, marker) = (dir.path().join("keys"), dir.path().join("marker"));
        let (tenant, store, order, customer) = ids();
        let keys = Keys::open(&place, &marker).unwrap();
        let own = keys.of_order(tenant, store, order);
        let before = keys.seal_text(tenant, &own, "before").unwrap();
        let id = keys.of_customer(tenant, customer);
        keys.join((tenant, store, order), id);
        assert_eq!(keys.of_order(tenant, store, order), id);
        let sealed = keys.seal_text(tenant, &id, "no nuts for Anna").unwrap();
        let other = keys.of_order(tenant, store, OrderId::parse("o2").unwrap());
        let kept = keys.seal_text(tenant, &other, "kept").unwrap();
        assert_ne!(sealed, keys.seal_text(tenant, &id, "no nuts for Anna").unwrap());
        keys.make_durable().unwrap();
        drop(keys);

        let keys = Keys::open(&place, &marker).unwrap();
        assert_eq!(keys.open_text(tenant, &sealed).as_deref(), Some("no nuts for Anna"));
        assert_eq!(keys.open_text(TenantId::parse("other").unwrap(), &sealed), None, "it is of one tenant");
        assert_eq!(keys.customer(tenant, pseudonym(&id).as_str()), Some(customer));
        assert_eq!(keys.customer(TenantId::parse("other").unwrap(), pseudonym(&id).as_str()), None);
        assert_eq!(keys.customer_of(tenant, store, order), Some(customer));
        keys.erase(Subject::Customer(keys.customer_hash(tenant, customer)));
        assert_eq!((keys.open_text(tenant, &sealed), keys.open_text(tenant, &before)), (None, None));
        keys.make_durable().unwrap();
        let bytes = std::fs::read(place.join(FILE)).unwrap();
        assert!(!bytes.windows(4).any(|window| window == b"anna"));
        drop(keys);

        let keys = Keys::open(&place, &marker).unwrap();
        assert_eq!((keys.open_text(tenant, &sealed), keys.open_text(tenant, &before)), (None, None));
        assert_eq!(keys.open_text(tenant, &kept).as_deref(), Some("kept"));
        assert_ne!(keys.of_customer(tenant, customer), id, "who comes back begins anew");
        keys.erase(Subject::Order(tenant, store, OrderId::parse("o2").unwrap()));
        assert_eq!(keys.open_text(tenant, &kept), None);
    }

    #[test]
    fn a_pseudonym_names_its_key_and_nothing_else_does() {
        for id in [[0; 15], [255; 15], std::array::from_fn(|at| at as u8 * 17)] {
            assert_eq!(key_of(pseudonym(&id).as_str()), Some(id));
        }
        for other in ["anna", "sealed_", "sealed_anna", "sealed_0aaaaaaaaaaaaaaaaaaaaaaa"] {
            assert_eq!(key_of(other), None);
        }
    }
}
