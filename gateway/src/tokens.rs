//! Access tokens: `cmd_<id>_<secret>`. The log keeps the SHA-256 of the secret, never the secret.

use domain::event::{Role, Terms};
use domain::ids::{DeviceId, Id, Text, TokenId};
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

impl NewToken {
    /// The command that lets it in at all stores, for as long as a token is good where nobody says otherwise. Nobody's token issues it.
    pub fn issued(&self, role: Role, label: Text) -> domain::command::NewToken {
        domain::command::NewToken {
            token: self.id,
            role,
            label,
            secret_sha256: self.secret_sha256,
            terms: Some(Terms::default()),
            is_first: false,
        }
    }
}

/// Makes a token.
///
/// # Panics
/// If the operating system has no random numbers.
pub fn mint() -> NewToken {
    let mut random = [0; ID_BYTES];
    getrandom::fill(&mut random).expect("the operating system has random numbers");
    mint_of(TokenId(Id::parse(&hex(&random)).expect("hexadecimal digits make an id")))
}

/// Makes a token with an id of its own.
///
/// # Panics
/// If the operating system has no random numbers.
pub fn mint_of(id: TokenId) -> NewToken {
    let mut random = [0; SECRET_BYTES];
    getrandom::fill(&mut random).expect("the operating system has random numbers");
    from_parts(id.as_str(), &hex(&random)).expect("an id and hexadecimal digits make a token")
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

/// A device's code as it is shown, once.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// The device it lets in, which is no secret.
    pub device: DeviceId,
    /// What a person types or a till scans: `k7qf-93xm-2hda-pw4t-r6vn`.
    pub text: String,
    /// What the log keeps.
    pub code_sha256: [u8; 32],
}

/// What codes are written with: nothing that is taken for something else.
const CODE_CHARACTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
/// The characters of a device's id, 40 bits.
const DEVICE_LEN: usize = 8;
/// The characters behind it that are the secret: 60 bits, of which five may be tried.
const CODE_SECRET_LEN: usize = 12;

/// Makes a device's id and the code that lets it in.
///
/// # Panics
/// If the operating system has no random numbers.
pub fn mint_code() -> NewCode {
    let mut random = [0; DEVICE_LEN + CODE_SECRET_LEN];
    getrandom::fill(&mut random).expect("the operating system has random numbers");
    let characters = random.map(|byte| CODE_CHARACTERS[usize::from(byte) % CODE_CHARACTERS.len()]);
    let plain = std::str::from_utf8(&characters).expect("the characters are ASCII");
    let (device, code_sha256) = parse_code(plain).expect("it is written as codes are");
    let groups: Vec<&str> = (0..plain.len()).step_by(4).map(|at| &plain[at..at + 4]).collect();
    NewCode { device, text: groups.join("-"), code_sha256 }
}

/// The device and the hash of the code that somebody presents.
pub fn parse_code(text: &str) -> Option<(DeviceId, [u8; 32])> {
    let plain: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_lowercase()).collect();
    if plain.len() != DEVICE_LEN + CODE_SECRET_LEN || !plain.bytes().all(|byte| CODE_CHARACTERS.contains(&byte)) {
        return None;
    }
    Some((DeviceId(Id::parse(&plain[..DEVICE_LEN]).ok()?), digest(&plain)))
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

    #[test]
    fn a_code_reads_back_however_it_is_typed() {
        let code = mint_code();
        let typed = format!(" {} ", code.text.replace('-', "").to_uppercase());
        assert_eq!(parse_code(&code.text), Some((code.device, code.code_sha256)));
        assert_eq!(parse_code(&typed), Some((code.device, code.code_sha256)));
        for bad in ["", "k7qf", &code.text[1..], &format!("{}a", code.text), &code.text.replace('-', "_")] {
            assert_eq!(parse_code(bad), None, "{bad}");
        }
    }
}
