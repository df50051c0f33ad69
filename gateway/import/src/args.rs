//! The command line of `comanda import`, and what it means once presets and defaults are filled in.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;

use encoding_rs::Encoding;

use crate::encoding::parse_encoding;
use crate::error::ImportError;
use crate::form::{Delimiter, FormFlags};
use crate::ids::ID_LENGTH_MAX;
use crate::map::{ColumnMap, ItemsMap};
use crate::money::{Currency, DecimalMark};
use crate::when::{Clock, DateFormat, WholeDay};

const EXAMPLE: &str = "\
Examples:
  comanda import orders.tsv --preset chipotle --data ./data
  comanda import orders.csv.gz --store high_street --currency GBP --timezone Europe/London \\
    --map 'order=Order Number,item=Item Name,qty=Quantity,price=Product Price,time=Order Date' \\
    --date-format '%d/%m/%Y %H:%M' --data ./data
  comanda import umsatz.csv --store mitte --currency EUR --timezone Europe/Berlin --encoding latin1 --decimal comma \\
    --map 'order=Bon,item=Artikel,qty=Menge,price=Preis,time=Datum' --date-format '%d.%m.%Y %H:%M' --dry-run

Rows that cannot be read are skipped, counted and written to FILE.rejected.csv with line, column and reason; so are, counted
apart, rows whose item is NONE or null. The exit code is 0 if every order of the file is now there as the file has it.
A file of which no row is an order is an error, and nothing is made for it. Running the same import again changes nothing.";

const MAP_HELP: &str = "Which column means what: order=COL,item=COL[+COL][,qty=COL][,price=COL][,time=COL[+COL]]\
[,modifiers=COL][,category=COL]; columns joined by + make one value, the quantity is 1 without a column";

const ITEMS_MAP_HELP: &str = "Which column of the items file means what: id=COL[,name=COL][,price=COL][,category=COL]; id is what rows call the item";

/// Turns a file of real orders into ordinary commands.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLE)]
pub struct ImportArgs {
    /// The order file: separated values with a header line, plain or gzip.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The store that sold the orders, an id of a-z, 0-9 and _.
    #[arg(long, value_name = "ID")]
    pub store: Option<String>,
    /// ISO 4217 code of the prices, such as USD.
    #[arg(long, value_name = "C")]
    pub currency: Option<String>,
    /// IANA zone of the store, such as Europe/London. A local time that the clocks skip moves forward, of one that they repeat the
    /// first is taken.
    #[arg(long, value_name = "Z")]
    pub timezone: Option<String>,
    /// When the business day ends [default: 04:00].
    #[arg(long, value_name = "HH:MM")]
    pub cut_off: Option<String>,
    /// Which column means what.
    #[arg(long, value_name = "MAP", help = MAP_HELP)]
    pub map: Option<ColumnMap>,
    /// Whether the price column is the price of one or of the whole line [default: unit].
    #[arg(long, value_name = "unit|line")]
    pub price_is: Option<PriceIs>,
    /// How times are written: as in strptime, such as '%d/%m/%Y %H:%M'; excel, the days that a spreadsheet counts (42035.753472),
    /// of which a whole number is a midnight, or a date if all are whole; excel-1904, those of old Macs; iso [default: iso]
    #[arg(long, value_name = "F", visible_alias = "time-format")]
    pub date_format: Option<String>,
    /// The encoding of the order and the items file, such as windows-1252 or latin1. A byte order mark is believed first
    /// [default: UTF-16 where it looks like it, else utf-8]
    #[arg(long, value_name = "E", value_parser = parse_encoding)]
    pub encoding: Option<&'static Encoding>,
    /// What stands before the decimals of prices and quantities [default: the point; a comma that could be one is refused]
    #[arg(long, value_name = "point|comma")]
    pub decimal: Option<DecimalMark>,
    /// What separates the columns [default: recognised by the header].
    #[arg(long, value_name = "tab|comma|semicolon|pipe")]
    pub delimiter: Option<Delimiter>,
    /// A file of items with names, categories or prices that the order file does not have.
    #[arg(long, value_name = "FILE", requires = "items_map")]
    pub items: Option<PathBuf>,
    /// Which column of the items file means what.
    #[arg(long, value_name = "MAP", requires = "items", help = ITEMS_MAP_HELP)]
    pub items_map: Option<ItemsMap>,
    /// The price of one, where neither the row nor the items file has one.
    #[arg(long, value_name = "P")]
    pub unit_price: Option<String>,
    /// Fills in every flag above that is not given, for a known data set.
    #[arg(long, value_name = "NAME")]
    pub preset: Option<Preset>,
    /// Send nothing: say what the file comes to, how it is read and what is wrong with it, and write FILE.rejected.csv. With --url
    /// the server's store and menu are looked at, too.
    #[arg(long)]
    pub dry_run: bool,
    /// Import into this data directory, while no server has it open [env: COMANDA_DATA] [default: ./data].
    #[arg(long, value_name = "DIR", conflicts_with = "url")]
    pub data: Option<PathBuf>,
    /// Import through a running server.
    #[arg(long, value_name = "U", requires = "token")]
    pub url: Option<String>,
    /// Who vouches for a server at https://, in PEM form; those whom the system trusts where it is left out.
    #[arg(long, env = "COMANDA_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// The bearer token for --url.
    #[arg(long, env = "COMANDA_TOKEN", hide_env_values = true, value_name = "T")]
    pub token: Option<String>,
    /// End with one line of JSON.
    #[arg(long)]
    pub json: bool,
    /// The tenant to import into (only with --data; a token names its own).
    #[arg(long, value_name = "ID", default_value = "demo", hide = true)]
    pub tenant: String,
}

/// What the price column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PriceIs {
    /// The price of one.
    Unit,
    /// What the line came to; divided by the quantity, exactly or not at all.
    Line,
}

/// A data set whose flags are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// TheUpshot/chipotle `orders.tsv`.
    Chipotle,
    /// The orders of the takeaway in London, `restaurant-1-orders.csv`.
    Takeaway,
    /// `pizzaplace.csv`, one row per pizza.
    Pizzaplace,
}

/// A checked command line: everything that reading the file needs.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "names and types say what the docs leave out")]
pub struct ImportConfig {
    pub file: PathBuf,
    /// The tenant, an id.
    pub tenant: String,
    /// The store, an id.
    pub store: String,
    /// The currency of all prices.
    pub currency: Currency,
    /// The store's zone and the form of its times.
    pub clock: Clock,
    /// When the business day ends, in minutes after midnight.
    pub cut_off_minutes: u16,
    /// Which column means what.
    pub map: ColumnMap,
    /// What the price column holds.
    pub price_is: PriceIs,
    /// What the flags say of the form of the order file.
    pub form: FormFlags,
    /// The decimal mark; `None` where nobody says.
    pub decimal: Option<DecimalMark>,
    /// The items file and its columns.
    pub items: Option<(PathBuf, ItemsMap)>,
    /// The price of one where nothing else gives one, in minor units.
    pub unit_price_minor: Option<i64>,
}

struct Defaults {
    store: &'static str,
    currency: &'static str,
    timezone: &'static str,
    map: &'static str,
    price_is: PriceIs,
    date_format: Option<&'static str>,
    delimiter: Delimiter,
}

impl Preset {
    fn defaults(self) -> Defaults {
        match self {
            Preset::Chipotle => Defaults {
                store: "chipotle",
                currency: "USD",
                timezone: "America/New_York",
                map: "order=order_id,item=item_name,qty=quantity,price=item_price,modifiers=choice_description",
                price_is: PriceIs::Line,
                date_format: None,
                delimiter: Delimiter::Tab,
            },
            Preset::Takeaway => Defaults {
                store: "takeaway",
                currency: "GBP",
                timezone: "Europe/London",
                map: "order=Order Number,item=Item Name,qty=Quantity,price=Product Price,time=Order Date",
                price_is: PriceIs::Unit,
                date_format: Some("%d/%m/%Y %H:%M"),
                delimiter: Delimiter::Comma,
            },
            Preset::Pizzaplace => Defaults {
                store: "pizzaplace",
                currency: "USD",
                timezone: "America/New_York",
                map: "order=id,item=name+size,price=price,time=date+time,category=type",
                price_is: PriceIs::Unit,
                date_format: Some("%Y-%m-%d %H:%M:%S"),
                delimiter: Delimiter::Comma,
            },
        }
    }
}

impl ImportArgs {
    /// Fills in the preset and the defaults and checks every flag that reading the file needs.
    ///
    /// # Errors
    /// [`ImportError::Flag`] names the flag and says what would be right.
    pub fn config(&self) -> Result<ImportConfig, ImportError> {
        let preset = self.preset.map(Preset::defaults);
        let preset = preset.as_ref();
        let text = |flag, given: &Option<String>, default: Option<&str>| match given.as_deref().or(default) {
            Some(text) => Ok(text.to_owned()),
            None => Err(ImportError::Flag { flag, reason: "is missing (or give a --preset)".to_owned() }),
        };
        let code = text("currency", &self.currency, preset.map(|preset| preset.currency))?;
        let currency = Currency::from_code(&code)
            .ok_or_else(|| flag_error("currency", format!("`{code}` is not an ISO 4217 code such as USD")))?;
        let zone = text("timezone", &self.timezone, preset.map(|preset| preset.timezone))?;
        let zone = TimeZone::get(&zone)
            .map_err(|_| flag_error("timezone", format!("`{zone}` is not an IANA zone such as Europe/London")))?;
        let map = match (&self.map, preset) {
            (Some(map), _) => map.clone(),
            (None, Some(preset)) => preset.map.parse().map_err(|reason| flag_error("preset", reason))?,
            (None, None) => return Err(flag_error("map", "is missing (or give a --preset)".to_owned())),
        };
        let price_is = self.price_is.or(preset.map(|preset| preset.price_is)).unwrap_or(PriceIs::Unit);
        let unit_price_minor = match &self.unit_price {
            Some(text) => Some(currency.parse(text, self.decimal).map_err(|reason| flag_error("unit-price", reason))?),
            None => None,
        };
        let config = ImportConfig {
            file: self.file.clone(),
            tenant: id("tenant", &self.tenant)?,
            store: id("store", &text("store", &self.store, preset.map(|preset| preset.store))?)?,
            currency,
            clock: Clock { zone, format: self.format(preset)?, whole_day: WholeDay::Date },
            cut_off_minutes: cut_off(self.cut_off.as_deref().unwrap_or("04:00"))?,
            map,
            price_is,
            form: FormFlags {
                encoding: self.encoding,
                delimiter: self.delimiter.or(preset.map(|preset| preset.delimiter)),
            },
            decimal: self.decimal,
            items: self.items.clone().zip(self.items_map.clone()),
            unit_price_minor,
        };
        match config.has_prices() {
            true => Ok(config),
            false => {
                Err(flag_error("map", "no price: add price=COL, --items with a price=COL, or --unit-price".to_owned()))
            }
        }
    }

    fn format(&self, preset: Option<&Defaults>) -> Result<DateFormat, ImportError> {
        match self.date_format.as_deref().or(preset.and_then(|preset| preset.date_format)) {
            Some(format) => format.parse().map_err(|reason| flag_error("date-format", reason)),
            None => Ok(DateFormat::Iso),
        }
    }
}

impl ImportConfig {
    fn has_prices(&self) -> bool {
        let in_items = self.items.as_ref().is_some_and(|(_, map)| map.price.is_some());
        self.map.price.is_some() || in_items || self.unit_price_minor.is_some()
    }
}

fn flag_error(flag: &'static str, reason: String) -> ImportError {
    ImportError::Flag { flag, reason }
}

fn id(flag: &'static str, text: &str) -> Result<String, ImportError> {
    let well = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    match (1..=ID_LENGTH_MAX).contains(&text.len()) && text.bytes().all(well) {
        true => Ok(text.to_owned()),
        false => Err(flag_error(flag, format!("`{text}` is not an id: 1 to {ID_LENGTH_MAX} of a-z, 0-9 and _"))),
    }
}

fn cut_off(text: &str) -> Result<u16, ImportError> {
    let part = |text: &str, end: u16| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|value| digits && *value < end)
    };
    let minutes = text.split_once(':').and_then(|(hours, minutes)| Some(part(hours, 24)? * 60 + part(minutes, 60)?));
    minutes.ok_or_else(|| flag_error("cut-off", format!("`{text}` is not a time of day such as 04:00")))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Parser)]
    #[command(name = "comanda import")]
    struct Cli {
        #[command(flatten)]
        import: ImportArgs,
    }

    fn parse(line: &[&str]) -> Result<ImportArgs, String> {
        let words = std::iter::once("import").chain(line.iter().copied());
        Cli::try_parse_from(words).map(|cli| cli.import).map_err(|error| error.to_string())
    }

    fn config(line: &[&str]) -> Result<ImportConfig, String> {
        parse(line)?.config().map_err(|error| error.to_string())
    }

    const FULL: &[&str] = &[
        "f.csv",
        "--store",
        "s_1",
        "--currency",
        "GBP",
        "--timezone",
        "Europe/London",
        "--cut-off",
        "05:30",
        "--map",
        "order=a,item=b+c,qty=d,price=e,time=f+g,modifiers=h,category=i",
        "--price-is",
        "line",
        "--date-format",
        "%d/%m/%Y %H:%M",
        "--encoding",
        "latin1",
        "--decimal",
        "comma",
        "--dry-run",
        "--delimiter",
        "tab",
        "--items",
        "i.csv",
        "--items-map",
        "id=a,name=b,price=c,category=d",
        "--unit-price",
        "1,50",
        "--url",
        "http://x",
        "--token",
        "t",
        "--json",
    ];

    #[test]
    fn every_flag() {
        Cli::command().debug_assert();
        let args = parse(FULL).expect("parses");
        assert!(args.json && args.url.is_some() && args.token.is_some());
        let config = args.config().expect("a config");
        assert_eq!((config.tenant.as_str(), config.store.as_str()), ("demo", "s_1"));
        assert_eq!((config.currency.code(), config.cut_off_minutes), ("GBP", 330));
        assert_eq!((config.price_is, config.form.delimiter), (PriceIs::Line, Some(Delimiter::Tab)));
        assert_eq!(config.form.encoding.map(Encoding::name), Some("windows-1252"));
        assert_eq!((config.decimal, args.dry_run), (Some(DecimalMark::Comma), true));
        assert_eq!(config.clock.zone.iana_name(), Some("Europe/London"));
        assert_eq!(config.clock.format.to_string(), "%d/%m/%Y %H:%M");
        assert_eq!(config.unit_price_minor, Some(150));
        assert_eq!(config.map.item, ["b", "c"]);
        assert!(config.items.is_some());
    }

    #[test]
    fn presets_fill_only_what_is_not_given() {
        for (preset, store, code, zone, price_is) in [
            ("chipotle", "chipotle", "USD", "America/New_York", PriceIs::Line),
            ("takeaway", "takeaway", "GBP", "Europe/London", PriceIs::Unit),
            ("pizzaplace", "pizzaplace", "USD", "America/New_York", PriceIs::Unit),
        ] {
            let config = config(&["f", "--preset", preset]).expect(preset);
            assert_eq!((config.store.as_str(), config.currency.code()), (store, code));
            assert_eq!((config.clock.zone.iana_name(), config.price_is), (Some(zone), price_is));
            assert_eq!(config.cut_off_minutes, 240);
        }
        let line = [
            "f",
            "--preset",
            "chipotle",
            "--store",
            "s2",
            "--timezone",
            "UTC",
            "--price-is",
            "unit",
            "--cut-off",
            "00:00",
        ];
        let config = config(&line).expect("a config");
        assert_eq!((config.store.as_str(), config.currency.code(), config.cut_off_minutes), ("s2", "USD", 0));
        assert_eq!((config.price_is, config.form.delimiter), (PriceIs::Unit, Some(Delimiter::Tab)));
    }

    #[test]
    fn errors_name_the_flag() {
        let base = ["f", "--preset", "takeaway"];
        for (more, flag) in [
            (&["--store", "High Street"][..], "--store"),
            (&["--store", ""], "--store"),
            (&["--store", "a23456789012345678901234567890123"], "--store"),
            (&["--tenant", "A"], "--tenant"),
            (&["--currency", "BTC"], "--currency"),
            (&["--currency", "gbp"], "--currency"),
            (&["--timezone", "London"], "--timezone"),
            (&["--cut-off", "4"], "--cut-off"),
            (&["--cut-off", "24:00"], "--cut-off"),
            (&["--cut-off", "+4:00"], "--cut-off"),
            (&["--date-format", "%H:%M"], "--date-format"),
            (&["--time-format", "%H:%M"], "--date-format"),
            (&["--encoding", "latin"], "--encoding"),
            (&["--decimal", "dot"], "--decimal"),
            (&["--unit-price", "1.505"], "--unit-price"),
            (&["--unit-price", "1,50"], "--unit-price"),
            (&["--map", "order=a,item=b"], "--map"),
            (&["--map", "order=a"], "--map"),
            (&["--price-is", "both"], "--price-is"),
            (&["--delimiter", "colon"], "--delimiter"),
            (&["--items", "x"], "--items-map"),
            (&["--items-map", "id=a"], "--items"),
            (&["--preset", "sushi"], "--preset"),
            (&["--url", "http://x"], "--token"),
            (&["--data", "d", "--url", "http://x", "--token", "t"], "--url"),
        ] {
            let line: Vec<&str> = match more.first() {
                Some(&"--preset") => [&["f"], more].concat(),
                _ => [&base[..], more].concat(),
            };
            let error = config(&line).expect_err(flag);
            assert!(error.contains(flag), "{more:?}: {error}");
        }
        for missing in ["--store", "--currency", "--timezone", "--map"] {
            let at = FULL.iter().position(|word| *word == missing).expect("a flag");
            let line: Vec<&str> =
                FULL.iter().enumerate().filter(|(i, _)| *i != at && *i != at + 1).map(|(_, word)| *word).collect();
            let error = config(&line).expect_err(missing);
            assert!(error.starts_with(missing) && error.contains("missing"), "{error}");
        }
    }

    #[test]
    fn help_has_an_example() {
        let help = Cli::command().render_long_help().to_string();
        for part in ["comanda import orders.tsv --preset chipotle", "--price-is", "--items-map", "FILE.rejected.csv"] {
            assert!(help.contains(part), "{part} in {help}");
        }
        assert!(!help.contains("--tenant"));
    }
}
