//! Access tokens: `cmd_<id>_<secret>`. The log keeps the SHA-256 of the secret, never the secret.

use domain::ids::{Id, TokenId};
use sha2::{Digest, Sha256};

/// What every token starts with, so that scanners find one that leaked.
const PREFIX: &str = "cmd_";
/// Random bytes in a token's id.
const ID_BYTES: usize = 8;
/// Random bytes in a token's secret: 256 bits.
const SECRET_BYTES: usize = 32;

/// A token as it is shown, once.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Its id, which is no secret.
    pub id: TokenId,
    /// The whole text the client sends.
    pub text: String,
    /// What the log keeps.
    pub secret_sha256: [u8; 32],
}

/// Makes a token.
///
/// # Panics
/// If the operating system has no random numbers.
pub fn mint() -> NewToken {
    let mut random = [0; ID_BYTES + SECRET_BYTES];
    getrandom::fill(&mut random).expect("the operating system has random numbers");
    let (id, secret) = (hex(&random[..ID_BYTES]), hex(&random[ID_BYTES..]));
    from_parts(&id, &secret).expect("hexadecimal digits make a token")
}

/// The token a caller's command makes: the same for the same caller and command, so that a repeat shows it again, and
/// known to nobody who does not hold the caller's own token.
pub fn derive(caller: &str, command_id: u128) -> NewToken {
    let part = |label: &str| {
        let mut hash = Sha256::new();
        for piece in [label.as_bytes(), caller.as_bytes(), &command_id.to_be_bytes()] {
            hash.update((piece.len() as u64).to_be_bytes());
            hash.update(piece);
        }
        <[u8; 32]>::from(hash.finalize())
    };
    let (id, secret) = (part("comanda token id"), part("comanda token secret"));
    from_parts(&hex(&id[..ID_BYTES]), &hex(&secret)).expect("hexadecimal digits make a token")
}

/// A token of a caller's making: for tests and for secrets that are handed in.
pub fn from_parts(id: &str, secret: &str) -> Option<NewToken> {
    let id = TokenId(Id::parse(id).ok()?);
    let text = format!("{PREFIX}{id}_{secret}");
    Some(NewToken { id, text, secret_sha256: digest(secret) })
}

/// The id and the hash of the secret of a token somebody presents.
pub fn parse(text: &str) -> Option<(TokenId, [u8; 32])> {
    let (id, secret) = text.strip_prefix(PREFIX)?.rsplit_once('_')?;
    Some((TokenId(Id::parse(id).ok()?), digest(secret)))
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back() {
        let token = mint();
        assert_eq!(parse(&token.text), Some((token.id, token.secret_sha256)));
        assert_ne!(mint().text, token.text);
        for bad in ["", "cmd_", "cmd_abc", "abc_def", "cmd_A_b", "Bearer cmd_a_b"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
