//! Whether a webhook comes from who holds the key. Looked at before anything in it is read.

use super::settings::{Secret, WEBHOOK_KEYS_MAX};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use schemas::provider::Adapter;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// How far the time in a signature may be from ours, in seconds, either way: an old message cannot be sent again by who saw it.
pub const TOLERANCE_S: u64 = 300;
/// The most signatures of one message that are looked at.
const SIGNATURES_MAX: usize = 16;

/// Why a webhook is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadSignature {
    /// A header is missing, is there twice or does not read.
    Header(&'static str),
    /// Its time is too far from ours.
    Time,
    /// No signature is made with one of the account's keys.
    Wrong,
}

/// What a webhook's headers say: when it was sent, and what it is signed with.
#[derive(Debug)]
pub struct Signature<'a> {
    /// The message's id, where the adapter has it in the headers.
    id: Option<&'a str>,
    timestamp: &'a str,
    given: Vec<Vec<u8>>,
}

impl<'a> Signature<'a> {
    /// Reads the headers: what is not signed, or was sent long ago, needs no body.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn of(adapter: Adapter, headers: &'a HeaderMap, now_s: i64) -> Result<Signature<'a>, BadSignature> {
        match adapter {
            Adapter::Standard => {
                let id = header(headers, "webhook-id")?;
                let timestamp = header(headers, "webhook-timestamp")?;
                let signatures = header(headers, "webhook-signature")?;
                in_time(timestamp, now_s).ok_or(BadSignature::Header("webhook-timestamp"))??;
                let given = signatures.split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
                let given = given.take(SIGNATURES_MAX).filter_map(|signature| STANDARD.decode(signature).ok());
                Signature { id: Some(id), timestamp, given: given.collect() }.if_any()
            }
            Adapter::Stripe => {
                let signature = header(headers, "stripe-signature")?;
                let parts = || signature.split(',').filter_map(|part| part.trim().split_once('='));
                let timestamp = parts().find(|(name, _)| *name == "t").map(|(_, time)| time);
                let timestamp = timestamp.ok_or(BadSignature::Header("stripe-signature"))?;
                in_time(timestamp, now_s).ok_or(BadSignature::Header("stripe-signature"))??;
                let given = parts().filter(|(name, _)| *name == "v1");
                let given = given.take(SIGNATURES_MAX).filter_map(|(_, signature)| unhex(signature));
                Signature { id: None, timestamp, given: given.collect() }.if_any()
            }
        }
    }

    fn if_any(self) -> Result<Signature<'a>, BadSignature> {
        if self.given.is_empty() { Err(BadSignature::Wrong) } else { Ok(self) }
    }

    /// Checks the signature over the raw bytes of the body; answers the id that the headers give the message, where the adapter's do.
    ///
    /// # Errors
    /// [`BadSignature::Wrong`].
    pub fn verify(&self, keys: &[Secret], body: &[u8]) -> Result<Option<&'a str>, BadSignature> {
        let Signature { id, timestamp, given } = self;
        let timestamp = timestamp.as_bytes();
        match id {
            Some(id) => is_signed(keys, &[id.as_bytes(), b".", timestamp, b".", body], given)?,
            None => is_signed(keys, &[timestamp, b".", body], given)?,
        }
        Ok(*id)
    }
}

/// What a body is signed with: HMAC-SHA256 over the parts, one behind the other.
///
/// # Panics
/// Never: a key may have any length.
pub fn sign(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of HMAC may have any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn is_signed(keys: &[Secret], parts: &[&[u8]], given: &[Vec<u8>]) -> Result<(), BadSignature> {
    let mut is_good = subtle::Choice::from(0);
    // As much work for one key as for two: how long it takes says nothing of an account.
    for key in keys.iter().cycle().take(WEBHOOK_KEYS_MAX) {
        let right = sign(key.bytes(), parts);
        for signature in given {
            is_good |= right.as_slice().ct_eq(signature);
        }
    }
    match is_good.into() {
        true => Ok(()),
        false => Err(BadSignature::Wrong),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, BadSignature> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (Some(Ok(text)), None) if !text.is_empty() => Ok(text),
        _ => Err(BadSignature::Header(name)),
    }
}

/// `None` where it is no time at all.
fn in_time(text: &str, now_s: i64) -> Option<Result<(), BadSignature>> {
    let time: i64 = text.parse().ok()?;
    Some(match time.abs_diff(now_s) <= TOLERANCE_S {
        true => Ok(()),
        false => Err(BadSignature::Time),
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !text.is_ascii() || digits.len() != 64 {
        return None;
    }
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::settings::Account;
    use crate::providers::testing::account;
    use axum::http::{HeaderName, HeaderValue};

    fn verify<'a>(
        account: &Account,
        headers: &'a HeaderMap,
        body: &[u8],
        now_s: i64,
    ) -> Result<Option<&'a str>, BadSignature> {
        Signature::of(account.adapter, headers, now_s)?.verify(&account.webhook_keys, body)
    }

    const NOW: i64 = 1_614_265_330;

    fn headers(given: &[(&'static str, String)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, String)| {
            (HeaderName::from_static(name), HeaderValue::try_from(value.as_str()).unwrap())
        };
        given.iter().map(pair).collect()
    }

    fn standard(key: &[u8], id: &str, time: i64, body: &[u8]) -> Vec<(&'static str, String)> {
        let signature = sign(key, &[id.as_bytes(), b".", time.to_string().as_bytes(), b".", body]);
        let signature = format!("v1,{}", STANDARD.encode(signature));
        vec![("webhook-id", id.to_owned()), ("webhook-timestamp", time.to_string()), ("webhook-signature", signature)]
    }

    fn stripe(key: &[u8], time: i64, body: &[u8]) -> Vec<(&'static str, String)> {
        let signature = sign(key, &[time.to_string().as_bytes(), b".", body]);
        let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        vec![("stripe-signature", format!("t={time},v1={hex},v0=00"))]
    }

    /// The example of the Standard Webhooks specification's libraries.
    #[test]
    fn the_known_answer() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body: &[u8] = br#"{"test": 2432232314}"#;
        let signature = sign(&key, &[b"msg_p5jXN8AQM9LWM0D4loKWxJek", b".", b"1614265330", b".", body]);
        assert_eq!(STANDARD.encode(signature), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn either_key_signs_and_nothing_else_does() {
        let body = b"{}";
        for adapter in Adapter::ALL {
            let account = account(adapter);
            let signed = |key: &[u8], time| match adapter {
                Adapter::Standard => standard(key, "msg_1", time, body),
                Adapter::Stripe => stripe(key, time, body),
            };
            for key in &account.webhook_keys {
                for time in [NOW, NOW - 300, NOW + 300] {
                    let id = if adapter == Adapter::Standard { Some("msg_1") } else { None };
                    assert_eq!(verify(&account, &headers(&signed(key.bytes(), time)), body, NOW), Ok(id));
                }
                for time in [NOW - 301, NOW + 301] {
                    let given = headers(&signed(key.bytes(), time));
                    assert_eq!(verify(&account, &given, body, NOW), Err(BadSignature::Time));
                }
                let good = signed(key.bytes(), NOW);
                assert_eq!(verify(&account, &headers(&good), b"{ }", NOW), Err(BadSignature::Wrong));
                for missing in 0..good.len() {
                    let mut rest = good.clone();
                    let (name, _) = rest.remove(missing);
                    assert_eq!(verify(&account, &headers(&rest), body, NOW), Err(BadSignature::Header(name)));
                }
            }
            let given = headers(&signed(b"another key of 16", NOW));
            assert_eq!(verify(&account, &given, body, NOW), Err(BadSignature::Wrong));
        }
    }

    #[test]
    fn odd_headers_are_refused() {
        let (account, body) = (account(Adapter::Standard), b"{}");
        let mut given = standard(account.webhook_keys[0].bytes(), "msg_1", NOW, body);
        let good = given[2].1.clone();
        for odd in ["", "v1,", "v1,!", "v2,AAAA", "v1", &"v1,AAAA ".repeat(40)] {
            given[2].1 = odd.to_owned();
            assert!(verify(&account, &headers(&given), body, NOW).is_err(), "{odd}");
        }
        // The good one among others.
        given[2].1 = format!("v1a,x v1,AAAA {good}");
        assert_eq!(verify(&account, &headers(&given), body, NOW), Ok(Some("msg_1")));
        given[1].1 = "soon".to_owned();
        assert_eq!(verify(&account, &headers(&given), body, NOW), Err(BadSignature::Header("webhook-timestamp")));
        given.push(given[0].clone());
        let mut twice = headers(&given[..3]);
        twice.append("webhook-id", HeaderValue::from_static("msg_2"));
        assert_eq!(verify(&account, &twice, body, NOW), Err(BadSignature::Header("webhook-id")));
    }
}
