//! Orders as ready bytes: what is asked for follows from the seed, and only the ids are written in before sending.

use crate::client::Target;
use crate::menu::Choice;
use domain::ids::StoreId;
use serde_json::{Value, json};

/// How many different orders are prepared in all, so that they do not fill the caches of processors that the server
/// works on, too; and how many for each store.
const ORDERS_MAX: usize = 4_096;
const ORDERS_PER_STORE: std::ops::RangeInclusive<usize> = 64..=512;
/// The most lines of an order.
const LINES_MAX: u64 = 4;
/// The most units of a line.
const QTY_MAX: u64 = 3;
/// An id as hexadecimal digits.
pub const ID_LEN: usize = 32;
/// Stands where an id will be. No menu has an id like it.
const HOLE: &str = "00000000000000000000000000000000";

/// Stands before the key.
const KEY: &str = "idempotency-key: ";

/// A request with holes for its ids.
#[derive(Clone, Debug)]
pub struct Request {
    bytes: Vec<u8>,
    /// Where the key goes.
    key_at: Option<usize>,
    /// Where the order's id goes.
    order_at: Vec<usize>,
}

/// Everything that will be sent.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Requests, those of different stores in turns.
    requests: Vec<Request>,
    /// How each order is paid, by the number of its request.
    payments: Vec<Request>,
    /// Whether requests are orders, whose ids the server acknowledges.
    pub are_orders: bool,
}

impl Prepared {
    /// One request that reads `path`.
    pub fn get(target: &Target, token: &str, path: &str) -> Prepared {
        let bytes = format!("{}\r\n", target.head("GET", path, token)).into_bytes();
        Prepared {
            requests: vec![Request { bytes, key_at: None, order_at: vec![] }],
            payments: vec![],
            are_orders: false,
        }
    }

    /// Orders from what stores sell.
    pub fn orders(target: &Target, token: &str, menus: &[(StoreId, Vec<Choice>)], seed: u64) -> Prepared {
        let mut random = Random::new(seed);
        let (mut requests, mut payments) = (vec![], vec![]);
        let per_store = (ORDERS_MAX / menus.len().max(1)).clamp(*ORDERS_PER_STORE.start(), *ORDERS_PER_STORE.end());
        for _ in 0..per_store {
            for (store, choices) in menus {
                let path = format!("/v1/stores/{store}/orders");
                requests.push(Request::post(target, token, &path, &order(choices, &mut random)));
                let path = format!("{path}/{HOLE}/payments");
                payments.push(Request::post(target, token, &path, &json!({"payment_id": HOLE, "tender": "cash"})));
            }
        }
        Prepared { requests, payments, are_orders: true }
    }

    /// Writes the request of turn `turn` with its ids into `out`.
    pub fn write(&self, turn: u64, id: u128, out: &mut Vec<u8>) {
        self.requests[turn as usize % self.requests.len()].write(id, id, out);
    }

    /// Writes the payment of the order of turn `turn`. The payment has the order's id, and a key one bit away from the
    /// order's.
    pub fn write_payment(&self, turn: u64, order: u128, out: &mut Vec<u8>) {
        self.payments[turn as usize % self.payments.len()].write(order ^ 1, order, out);
    }
}

impl Request {
    fn post(target: &Target, token: &str, path: &str, body: &Value) -> Request {
        let body = body.to_string();
        let text = format!(
            "{}{KEY}{HOLE}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            target.head("POST", path, token),
            body.len()
        );
        let key_at = text.find(KEY).map(|at| at + KEY.len());
        let holes = text.match_indices(HOLE).map(|(at, _)| at);
        let order_at = holes.filter(|at| Some(*at) != key_at).collect();
        Request { bytes: text.into_bytes(), key_at, order_at }
    }

    fn write(&self, key: u128, order: u128, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.bytes);
        if let Some(at) = self.key_at {
            out[at..at + ID_LEN].copy_from_slice(&hex(key));
        }
        let order = hex(order);
        for &at in &self.order_at {
            out[at..at + ID_LEN].copy_from_slice(&order);
        }
    }
}

/// One order of a few lines.
fn order(choices: &[Choice], random: &mut Random) -> Value {
    let lines = (1..=1 + random.below(LINES_MAX)).map(|number| {
        let mut line = choices[random.below(choices.len() as u64) as usize].clone();
        line.insert("line_id".to_owned(), json!(format!("l{number}")));
        line.insert("qty".to_owned(), json!(1 + random.below(QTY_MAX)));
        Value::Object(line)
    });
    let lines: Vec<Value> = lines.collect();
    json!({
        "order_id": HOLE, "channel": "pos", "dining_mode": "take_away", "pay_mode": "first", "lines": lines,
        "place": true
    })
}

/// A number as hexadecimal digits.
pub fn hex(number: u128) -> [u8; ID_LEN] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [0; ID_LEN];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(number.to_be_bytes()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 0xf)];
    }
    digits
}

/// Numbers that look random and follow from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; the bias of the remainder does not matter to a menu.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// A UUID of version 7: the time, then randomness.
    pub fn uuid_v7(&mut self, unix_ms: u64) -> u128 {
        let noise = u128::from(self.next()) << 64 | u128::from(self.next());
        let body = noise & !(0xffff_ffff_ffff << 80) & !(0xf << 76) & !(0b11 << 62);
        u128::from(unix_ms & 0xffff_ffff_ffff) << 80 | body | 7 << 76 | 0b10 << 62
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::json::parse_body;
    use schemas::json::request::{InitiatePayment, OpenOrder};

    fn prepared(seed: u64) -> Prepared {
        let target = "http://127.0.0.1:1".parse().unwrap();
        let choices: Vec<Choice> =
            ["a", "b"].map(|item| [("item_id".to_owned(), json!(item))].into_iter().collect()).into();
        Prepared::orders(&target, "t", &[(StoreId::parse("s1").unwrap(), choices)], seed)
    }

    fn body(request: &[u8]) -> &str {
        let (head, body) = str::from_utf8(request).unwrap().split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", body.len())));
        body
    }

    #[test]
    fn orders_are_bodies_the_server_takes_and_follow_from_the_seed() {
        let (one, two) = (prepared(7), prepared(7));
        let id = Random::new(1).uuid_v7(1_790_000_000_000);
        let digits = String::from_utf8(hex(id).to_vec()).unwrap();
        let (mut request, mut again) = (vec![], vec![]);
        for turn in 0..*ORDERS_PER_STORE.end() as u64 {
            one.write(turn, id, &mut request);
            two.write(turn, id, &mut again);
            assert_eq!(request, again);
            let (order, new) = parse_body::<OpenOrder>(body(&request).as_bytes()).unwrap().parse().unwrap();
            assert_eq!(order.as_str(), digits);
            assert!(new.place.is_some() && !new.lines.is_empty());
            assert!(str::from_utf8(&request).unwrap().contains(&format!("idempotency-key: {digits}\r\n")));
        }
        one.write_payment(3, id, &mut request);
        let text = str::from_utf8(&request).unwrap();
        assert!(text.starts_with(&format!("POST /v1/stores/s1/orders/{digits}/payments HTTP/1.1")), "{text}");
        assert!(!text.contains(&format!("idempotency-key: {digits}")));
        parse_body::<InitiatePayment>(body(&request).as_bytes()).unwrap().parse(None).unwrap_err();
    }

    #[test]
    fn ids_are_uuids_of_version_7() {
        let id = Random::new(3).uuid_v7(0x0190_d5a4_c1b8);
        assert_eq!(id >> 80, 0x0190_d5a4_c1b8);
        assert_eq!((id >> 76 & 0xf, id >> 62 & 0b11), (7, 0b10));
    }
}
