//! The file that names payment providers: TOML, one `[[account]]` for each account.
//!
//! Secrets are read once, at the start, and are in no message: not even an error shows the line it is about.

use crate::causes::with_causes;
use crate::tls::Roots;
use crate::transport::{BadBase, Base};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::ids::{AccountId, StoreId, TenantId};
use schemas::provider::Adapter;
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The most accounts.
pub const ACCOUNTS_MAX: usize = 10_000;
/// The most keys that webhooks of an account may be signed with at a time: the old and the new one.
pub const WEBHOOK_KEYS_MAX: usize = 2;
/// After how long a silence a provider is asked what became of a payment, where nobody says otherwise.
const QUERY_AFTER_DEFAULT: Duration = Duration::from_secs(30);
/// What Standard Webhooks puts in front of a secret, which is base64 behind it.
const SECRET_PREFIX: &str = "whsec_";

/// Bytes nobody else may see.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Random bytes, which nobody has.
    ///
    /// # Panics
    /// If the operating system has no random numbers.
    pub fn random() -> Secret {
        let mut bytes = vec![0; 32];
        getrandom::fill(&mut bytes).expect("the operating system has random numbers");
        Secret(bytes)
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// An account at a payment provider.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id, in addresses and events.
    pub id: AccountId,
    /// How the provider speaks.
    pub adapter: Adapter,
    /// The tenant whose payments it takes.
    pub tenant: TenantId,
    /// The store whose payments it takes.
    pub store: StoreId,
    /// Where it is.
    pub base: Base,
    /// Who may vouch for it; `None` where it is reached without TLS.
    pub roots: Option<Roots>,
    /// What it is asked with.
    pub api_key: Secret,
    /// What its webhooks are signed with: one key or two.
    pub webhook_keys: Vec<Secret>,
    /// After how long a silence it is asked what became of a payment.
    pub query_after: Duration,
}

/// The accounts there are.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// By id, each once.
    pub accounts: Vec<Account>,
}

/// Why the file cannot be used. It names the file and the key, and never a value that may be secret.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub enum SettingsError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        path: PathBuf,
        /// What the file system answered.
        source: std::io::Error,
    },
    /// The file is not TOML of the right form.
    #[error("{}, line {line}: {problem}", path.display())]
    Form {
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        problem: String,
    },
    /// A key has a value that does not do.
    #[error("{}, account {account}: {key} {problem}", path.display())]
    Value {
        path: PathBuf,
        /// The account, by id or by number.
        account: String,
        key: &'static str,
        /// What is wrong and what would be right.
        problem: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    account: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    adapter: String,
    tenant: String,
    store: String,
    base_url: String,
    ca_file: Option<PathBuf>,
    api_key: Option<String>,
    api_key_file: Option<PathBuf>,
    #[serde(default)]
    webhook_secrets: Vec<String>,
    #[serde(default)]
    webhook_secret_files: Vec<PathBuf>,
    query_after_ms: Option<u64>,
}

/// A key whose value does not do.
type BadKey = (&'static str, String);

impl Settings {
    /// Reads a file. Paths in it are seen from its own folder.
    ///
    /// # Errors
    /// [`SettingsError`] says where and what would be right.
    pub fn read(path: &Path) -> Result<Settings, SettingsError> {
        let text = read(path)?;
        let file: File = toml::from_str(&text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start).min(text.len());
            let line = 1 + text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
            SettingsError::Form { path: path.to_owned(), line, problem: error.message().to_owned() }
        })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut system = None;
        let mut accounts: Vec<Account> = Vec::with_capacity(file.account.len());
        for (index, row) in file.account.into_iter().enumerate() {
            let named = match row.id.is_empty() {
                true => format!("{}", index + 1),
                false => row.id.clone(),
            };
            let bad =
                |(key, problem)| SettingsError::Value { path: path.to_owned(), account: named.clone(), key, problem };
            let account = account(row, folder, &mut system)?.map_err(bad)?;
            if accounts.iter().any(|held| held.id == account.id) {
                return Err(bad(("id", "is there twice; give each account its own".to_owned())));
            }
            if ACCOUNTS_MAX <= accounts.len() {
                return Err(bad(("id", format!("is one too many; {ACCOUNTS_MAX} accounts are allowed"))));
            }
            accounts.push(account);
        }
        accounts.sort_by_key(|account| account.id);
        Ok(Settings { accounts })
    }
}

fn read(path: &Path) -> Result<String, SettingsError> {
    std::fs::read_to_string(path).map_err(|source| SettingsError::Read { path: path.to_owned(), source })
}

/// `system` keeps who the operating system trusts, once that was asked for.
fn account(row: Row, folder: &Path, system: &mut Option<Roots>) -> Result<Result<Account, BadKey>, SettingsError> {
    let api_key = match (&row.api_key, &row.api_key_file) {
        (Some(key), None) => Ok(key.trim().to_owned()),
        (None, Some(file)) => Ok(read(&folder.join(file))?.trim().to_owned()),
        (Some(_), Some(_)) => Err(("api_key_file", "is there beside api_key; leave one of the two out".to_owned())),
        (None, None) => Err(("api_key", "is missing; write it there, or name a file in api_key_file".to_owned())),
    };
    let mut secrets = row.webhook_secrets.clone();
    for file in &row.webhook_secret_files {
        secrets.push(read(&folder.join(file))?.trim().to_owned());
    }
    let base = match base(&row, folder, system) {
        Ok(base) => base,
        Err(bad) => return Ok(Err(bad)),
    };
    Ok(checked(row, base, api_key, &secrets))
}

fn checked(
    row: Row,
    (base, roots): (Base, Option<Roots>),
    api_key: Result<String, BadKey>,
    secrets: &[String],
) -> Result<Account, BadKey> {
    let id = AccountId::parse(&row.id).map_err(|bad| ("id", bad.to_string()))?;
    let adapter = Adapter::parse(&row.adapter).ok_or_else(|| {
        let known: Vec<&str> = Adapter::ALL.iter().map(|adapter| adapter.as_str()).collect();
        ("adapter", format!("is not one that there is; take one of {}", known.join(", ")))
    })?;
    let tenant = TenantId::parse(&row.tenant).map_err(|bad| ("tenant", bad.to_string()))?;
    let store = StoreId::parse(&row.store).map_err(|bad| ("store", bad.to_string()))?;
    let api_key = api_key?;
    if api_key.is_empty() || !api_key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(("api_key", "must be printable ASCII without spaces".to_owned()));
    }
    if secrets.is_empty() || WEBHOOK_KEYS_MAX < secrets.len() {
        let problem = format!(
            "must be one or {WEBHOOK_KEYS_MAX}, with those of webhook_secret_files; {} are there",
            secrets.len()
        );
        return Err(("webhook_secrets", problem));
    }
    let webhook_keys = secrets.iter().map(|secret| key(adapter, secret)).collect::<Result<_, _>>()?;
    let query_after = match row.query_after_ms {
        None => QUERY_AFTER_DEFAULT,
        Some(ms @ 100..=86_400_000) => Duration::from_millis(ms),
        Some(_) => return Err(("query_after_ms", "must be 100 to 86400000 milliseconds".to_owned())),
    };
    let api_key = Secret(api_key.into_bytes());
    Ok(Account { id, adapter, tenant, store, base, roots, api_key, webhook_keys, query_after })
}

/// Standard Webhooks' keys are base64 behind a prefix; Stripe takes the whole text as it is.
fn key(adapter: Adapter, secret: &str) -> Result<Secret, BadKey> {
    let bytes = match adapter {
        Adapter::Standard => {
            let encoded = secret.strip_prefix(SECRET_PREFIX).unwrap_or(secret);
            let problem = "must be base64, perhaps behind whsec_, as the provider shows it";
            STANDARD.decode(encoded).map_err(|_| ("webhook_secrets", problem.to_owned()))?
        }
        Adapter::Stripe => secret.as_bytes().to_vec(),
    };
    match 16 <= bytes.len() {
        true => Ok(Secret(bytes)),
        false => Err(("webhook_secrets", "must have 16 bytes at least".to_owned())),
    }
}

/// Reads where a provider is, and who vouches for it.
fn base(row: &Row, folder: &Path, system: &mut Option<Roots>) -> Result<(Base, Option<Roots>), BadKey> {
    let example = "such as https://api.example.com, or http://127.0.0.1:9000/api for what stands on this machine";
    let base = Base::parse(&row.base_url).map_err(|bad| match bad {
        BadBase::Scheme => ("base_url", "must start with https://".to_owned()),
        BadBase::Place => ("base_url", format!("is not an address {example}")),
    })?;
    if !base.is_tls() && !base.is_loopback() {
        let problem = "must start with https://: what goes over http:// is heard on the way, and only this machine itself is \
                       reached so (http://127.0.0.1:...)";
        return Err(("base_url", problem.to_owned()));
    }
    let roots = match (base.is_tls(), &row.ca_file) {
        (false, None) => None,
        (false, Some(_)) => return Err(("ca_file", "is for addresses that start with https://".to_owned())),
        (true, Some(file)) => Some(Roots::file(&folder.join(file)).map_err(|bad| ("ca_file", with_causes(&bad)))?),
        (true, None) => {
            let roots = match system.take() {
                Some(roots) => roots,
                None => Roots::system().map_err(|bad| ("ca_file", format!("is missing: {bad}")))?,
            };
            Some(system.insert(roots).clone())
        }
    };
    Ok((base, roots))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[[account]]
id = "acme_card"
adapter = "standard"
tenant = "demo"
store = "s1"
base_url = "http://127.0.0.1:9000/api/"
api_key = "sk_test_1"
webhook_secrets = ["whsec_MDEyMzQ1Njc4OWFiY2RlZg=="]
"#;

    fn settings(text: &str) -> Result<Settings, SettingsError> {
        let dir = tempfile::TempDir::new().unwrap();
        std::fs::write(dir.path().join("key"), "sk_file\n").unwrap();
        std::fs::write(dir.path().join("ca.pem"), include_str!("../../tests/http/certificates/ca.pem")).unwrap();
        let path = dir.path().join("providers.toml");
        std::fs::write(&path, text).unwrap();
        Settings::read(&path)
    }

    #[test]
    fn a_good_file_reads() {
        let account = &settings(GOOD).unwrap().accounts[0];
        assert_eq!(account.base.address("/v1"), "http://127.0.0.1:9000/api/v1");
        assert!(account.roots.is_none());
        assert_eq!(account.webhook_keys[0].bytes(), b"0123456789abcdef");
        assert_eq!(account.query_after, QUERY_AFTER_DEFAULT);
        assert!(!format!("{account:?}").contains("sk_test"), "no secret is shown");
        let file = GOOD.replace("api_key = \"sk_test_1\"", "api_key_file = \"key\"");
        assert_eq!(settings(&file).unwrap().accounts[0].api_key.bytes(), b"sk_file");
        assert!(settings("").unwrap().accounts.is_empty());
        for url in ["https://api.stripe.com", "https://[::1]:8443/v2", "https://127.0.0.1"] {
            let file = GOOD.replace("http://127.0.0.1:9000/api/\"", &format!("{url}\"\nca_file = \"ca.pem\""));
            let account = &settings(&file).unwrap().accounts[0];
            assert_eq!(account.base.address(""), url);
            assert!(account.roots.is_some(), "{url}");
        }
        for url in ["http://[::1]", "http://localhost:9000"] {
            let file = GOOD.replace("http://127.0.0.1:9000/api/", url);
            assert_eq!(settings(&file).unwrap().accounts[0].base.address(""), url);
        }
    }

    #[test]
    fn a_bad_file_says_where_and_what_would_be_right() {
        let two = format!("{GOOD}{GOOD}");
        let cases = [
            (
                "adapter = \"standard\"",
                "adapter = \"paypal\"",
                "adapter is not one that there is; take one of standard, stripe",
            ),
            ("id = \"acme_card\"", "id = \"Acme\"", "id holds a character besides a-z, 0-9 and _"),
            ("http://127", "ftp://127", "base_url must start with https://"),
            (
                "http://127.0.0.1:9000",
                "http://api.example.com",
                "base_url must start with https://: what goes over http://",
            ),
            (
                "http://127.0.0.1:9000",
                "http://10.0.0.7:9000",
                "base_url must start with https://: what goes over http://",
            ),
            ("base_url", "ca_file = \"ca.pem\"\nbase_url", "ca_file is for addresses that start with https://"),
            ("base_url = \"http", "ca_file = \"key\"\nbase_url = \"https", "ca_file holds no certificate"),
            ("base_url = \"http", "ca_file = \"none\"\nbase_url = \"https", "ca_file does not read as certificates"),
            ("http://127.0.0.1:9000/api/", "http://", "base_url is not an address"),
            ("api_key = \"sk_test_1\"", "", "api_key is missing; write it there, or name a file in api_key_file"),
            ("api_key = \"sk_test_1\"", "api_key = \"a b\"", "api_key must be printable ASCII without spaces"),
            ("api_key =", "api_key_file = \"key\"\napi_key =", "api_key_file is there beside api_key"),
            ("[\"whsec_MDEyMzQ1Njc4OWFiY2RlZg==\"]", "[]", "webhook_secrets must be one or 2"),
            ("whsec_MDEyMzQ1Njc4OWFiY2RlZg==", "whsec_!", "webhook_secrets must be base64"),
            ("whsec_MDEyMzQ1Njc4OWFiY2RlZg==", "whsec_MDEy", "webhook_secrets must have 16 bytes at least"),
            ("store = \"s1\"", "store = \"s1\"\nquery_after_ms = 1", "query_after_ms must be 100 to 86400000"),
        ];
        for (from, to, then) in cases {
            let error = settings(&GOOD.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(then) && error.contains("providers.toml"), "{error}");
        }
        assert!(settings(&two).unwrap_err().to_string().contains("id is there twice"));
        let error = settings(&GOOD.replace("store = \"s1\"", "stroe = \"s1\"")).unwrap_err().to_string();
        assert!(error.contains("line 6: unknown field `stroe`"), "{error}");
        // The line with the secret is not shown.
        let error = settings(&GOOD.replace("\"sk_test_1\"", "\"sk_test_1")).unwrap_err().to_string();
        assert!(error.contains("line 8") && !error.contains("sk_test"), "{error}");
    }
}
