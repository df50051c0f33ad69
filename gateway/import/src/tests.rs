//! Small files through the whole door: text in, orders and rejected rows out.

use domain::calendar::Timestamp;
use domain::money::Money;
use std::path::PathBuf;

use super::*;

struct Import {
    dir: tempfile::TempDir,
    flags: Vec<String>,
}

const USUAL: &[&str] = &["--store", "s", "--currency", "USD", "--timezone", "Europe/London"];

impl Import {
    fn new(flags: &[&str]) -> Import {
        let dir = tempfile::tempdir().expect("a directory");
        Import { dir, flags: USUAL.iter().chain(flags).map(|flag| (*flag).to_owned()).collect() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).expect("writes");
    }

    fn open(&self) -> Result<ImportPlan, ImportError> {
        #[derive(clap::Parser)]
        struct Cli {
            #[command(flatten)]
            import: ImportArgs,
        }
        let file = self.path("o.csv").display().to_string();
        let flags = self.flags.iter().map(|flag| flag.replace("DIR/", &format!("{}/", self.dir.path().display())));
        let cli = <Cli as clap::Parser>::try_parse_from(["import".to_owned(), file].into_iter().chain(flags))
            .expect("parses");
        ImportPlan::open(cli.import.config()?)
    }

    fn plan(&self, text: impl AsRef<[u8]>) -> ImportPlan {
        self.write("o.csv", text);
        self.open().expect("opens")
    }
}

/// Each order as `key@line time: item*milli@price[modifier*count] ...`.
fn shown(plan: &ImportPlan) -> Vec<String> {
    let mut summary = Summary::default();
    let shown = plan.orders().expect("opens").map(|order| {
        let order = order.expect("an order");
        summary.add(&order);
        let lines: Vec<String> = order.lines.iter().map(line).collect();
        format!("{}@{} {}: {}", order.file_key, order.first_line, order.when.local, lines.join(" "))
    });
    let shown = shown.collect();
    let rejects = plan.rejected();
    let counted = Summary { rejected_rows: rejects.count, parked_rows: rejects.parked, ..summary };
    assert_eq!(&counted, plan.totals(), "both passes agree");
    shown
}

fn line(line: &ImportLine) -> String {
    let modifiers: Vec<String> = line.modifiers.iter().map(|(id, count)| format!("{id}*{count}")).collect();
    let modifiers = if modifiers.is_empty() { String::new() } else { format!("[{}]", modifiers.join(",")) };
    format!("{}*{}@{}{modifiers}", line.item_id, line.qty_milli, line.unit_price_minor)
}

#[track_caller]
fn check(flags: &[&str], text: &str, orders: &[&str], rejected: &[&str]) {
    let import = Import::new(flags);
    let plan = import.plan(text);
    assert_eq!(shown(&plan), orders);
    let shown_rejects: Vec<String> =
        plan.rejected().first.iter().map(|row| format!("{} {}: {}", row.line, row.column, row.reason)).collect();
    for (got, expected) in shown_rejects.iter().zip(rejected) {
        assert!(got.starts_with(expected), "{got} is not {expected}");
    }
    assert_eq!(shown_rejects.len(), rejected.len(), "{shown_rejects:?}");
    let parked = plan.rejected().first.iter().filter(|row| row.is_parked).count() as u64;
    assert_eq!((plan.rejected().count, plan.rejected().parked), (rejected.len() as u64 - parked, parked));
    assert_eq!(import.path("o.csv.rejected.csv").exists(), !rejected.is_empty());
}

const MAP: &[&str] = &["--map", "order=o,item=i,qty=q,price=p,time=t,modifiers=m"];

#[test]
fn rows_of_an_order_need_not_stand_together() {
    check(
        MAP,
        "o,i,q,p,t,m\n\
         7,Tea,1,1.50,2018-01-01 10:00,NULL\n\
         3,Tea,2,1.50,2018-01-01 11:00,\n\
         7,Rice Bowl,1.5,4,2018-01-01 10:30,\"[Hot, [Egg, Egg]]\"\n\
         9,Tea,1,1.40,2018-07-01 12:00,\n\
         3,Tea,1,1.50,2018-01-01 11:00,\n",
        &[
            "7@2 2018-01-01T10:00:00: tea*1000@150 rice_bowl*1500@400[hot*1,egg*2]",
            "3@3 2018-01-01T11:00:00: tea*2000@150 tea*1000@150",
            "9@5 2018-07-01T12:00:00: tea*1000@140",
        ],
        &[],
    );
}

#[test]
fn bad_rows_are_skipped_with_line_column_and_reason() {
    check(
        MAP,
        "o,i,q,p,t,m\n\
         1,Tea,1,1.50,2018-01-01 10:00,\n\
         ,Tea,1,1.50,2018-01-01 10:00,\n\
         1,NONE,1,1.50,2018-01-01 10:00,\n\
         1,,1,1.50,2018-01-01 10:00,\n\
         2,Tea,-1,1.50,2018-01-01 10:00,\n\
         2,Tea,0,1.50,2018-01-01 10:00,\n\
         2,Tea,1,1.505,2018-01-01 10:00,\n\
         2,Tea,1,,2018-01-01 10:00,\n\
         2,Tea,1,1.50,01/01/2018,\n\
         2,Tea,1,1.50,2018-01-01 10:00,\"[A, [B]\"\n\
         2,Tea,1,1.50\n\
         2,Tea,1,1.50,2018-01-01 10:00,,x\n\
         3,\"Tea\nwith\nmilk\",1,1.50,2018-01-01 10:00,,,\n\
         4,\"Tea,1,1.50,2018-01-01 10:00,\n\
         5,Tea,1,1.50,2018-01-01 10:00,\n",
        &[
            "1@2 2018-01-01T10:00:00: tea*1000@150",
            "3@14 2018-01-01T10:00:00: tea_with_milk*1000@150",
            "5@18 2018-01-01T10:00:00: tea*1000@150",
        ],
        &[
            "3 o: the order has no number: it is empty",
            "4 i: the item has no name: it says `NONE`",
            "5 i: the item has no name: it is empty",
            "6 q: `-1` is negative",
            "7 q: the quantity is zero",
            "8 p: `1.505` has more digits than USD has (2)",
            "9 p: `` is not a price",
            "10 t: `01/01/2018` is not a time like",
            "11 m: a `[` is never closed",
            "12 : the row has 4 columns, the header 6",
            "13 : the row has 7 columns, the header 6",
            "17 : a quote is opened here and not closed",
        ],
    );
}

#[test]
fn voids_refunds_and_rows_without_an_item_are_parked() {
    let text = "o,i,q,p\n\
         1,Tea,2,1.50\n\
         1,Tea,-1,1.50\n\
         1,NONE,-1,1.50\n\
         1,null,1,0\n\
         1,NaN,1,NONE\n\
         2,Tea,-2,-1.50\n\
         3,Tea,(1),1.50\n\
         NONE,NONE,NONE,NONE\n\
         4,Cake,1,(2.50)\n\
         4,Cake,1,null\n\
         4,Cake,null,2.50\n\
         5,Cake,1,2.50\n";
    let flags = &["--map", "order=o,item=i,qty=q,price=p"];
    check(
        flags,
        text,
        &["1@2 2012-01-01T12:00:00: tea*2000@150", "5@13 2012-01-01T12:04:00: cake*1000@250"],
        &[
            "3 q: `-1` is negative: a void or a refund",
            "4 i: the item has no name: it says `NONE`",
            "5 i: the item has no name: it says `null`",
            "6 i: the item has no name: it says `NaN`",
            "7 q: `-2` is negative: a void or a refund",
            "8 q: `(1)` is negative: a void or a refund",
            "9 i: the item has no name: it says `NONE`; nothing was sold, so the row is parked",
            "10 p: `(2.50)` is negative",
            "11 p: `null` is not a price",
            "12 q: `null` is not a quantity",
        ],
    );
    // Rows that say themselves that nothing was sold are counted apart. All stand in a file, as they were, for a person to record.
    let import = Import::new(flags);
    let plan = import.plan(text);
    assert_eq!((plan.totals().rejected_rows, plan.totals().parked_rows), (6, 4));
    let parked = std::fs::read_to_string(import.path("o.csv.rejected.csv")).expect("the list");
    let void = parked.lines().find(|line| line.starts_with("3,q,")).expect("the void");
    assert!(void.ends_with("1,Tea,-1,1.50"), "{void}");
}

#[test]
fn text_that_is_no_text() {
    let import = Import::new(MAP);
    let plan = import
        .plan(b"o,i,q,p,t,m,n\n1,Caf\xe9,1,1,2018-01-01,,\n1,Tea\0,1,1,2018-01-01,,\n1,Tea,1,1,2018-01-01,,\xe9\n");
    assert_eq!(
        shown(&plan),
        ["1@4 2018-01-01T12:00:00: tea*1000@100"],
        "a column that is not mapped may hold anything"
    );
    let reasons: Vec<&str> = plan.rejected().first.iter().map(|row| row.reason.as_str()).collect();
    assert_eq!(reasons, [fields::NO_TEXT, "the text holds the control character '\\0'"]);
    let long = "x".repeat(fields::TEXT_CHARS_MAX + 1);
    let plan = import.plan(format!("o,i,q,p,t,m\n1,{long},1,1,2018-01-01,\n{long},Tea,1,1,2018-01-01,\n"));
    assert_eq!((plan.rejected().count, plan.totals().orders), (2, 0));
    let plan = import.plan("o,i,q,p,t,m\n1,Tea,1,1,2018-01-01,[A\u{7}]\n");
    assert_eq!((plan.rejected().count, plan.rejected().first[0].column.as_str()), (1, "m"));
    let many = vec!["A"; rows::LINE_MODIFIERS_MAX + 1].join(",");
    let plan = import.plan(format!("o,i,q,p,t,m\n1,Tea,1,1,2018-01-01,\"{many}\"\n"));
    let (max, reason) = (rows::LINE_MODIFIERS_MAX, &plan.rejected().first[0].reason);
    assert_eq!(*reason, format!("{} modifiers, at most {max} are allowed", max + 1));
}

#[test]
fn prices_of_lines_divide_or_are_rejected() {
    check(
        &["--map", "order=o,item=i,qty=q,price=p", "--price-is", "line"],
        "o,i,q,p\n1,Tea,2,$3.00 \n1,Tea,3,1.00\n1,Tea,0.5,2.00\n",
        &["1@2 2012-01-01T12:00:00: tea*2000@150 tea*500@400"],
        &["3 p: the line's price `1.00` does not divide by its quantity"],
    );
}

#[test]
fn prices_come_from_the_row_then_the_items_file_then_the_flag() {
    let flags = [
        "--map",
        "order=o,item=i,price=p",
        "--items",
        "DIR/items.csv",
        "--items-map",
        "id=i,name=n,price=p,category=c",
    ];
    let menu = "i,n,p,c\nTea,Good Tea,2.50,Hot\nMilk,,,\n";
    let orders = "o,i,p\n1,Tea,3\n1,Tea,\n1,Milk,\n1,Cake,\n";
    for (more, expected, rejected) in [
        (&[][..], "tea*1000@300 tea*1000@250", 2),
        (&["--unit-price", "9"], "tea*1000@300 tea*1000@250 milk*1000@900 cake*1000@900", 0),
    ] {
        let import = Import::new(&[&flags[..], more].concat());
        import.write("items.csv", menu);
        let plan = import.plan(orders);
        assert_eq!(shown(&plan), [format!("1@2 2012-01-01T12:00:00: {expected}")]);
        assert_eq!(plan.rejected().count, rejected);
        let tea = plan.catalogue().items.iter().find(|item| &*item.id == "tea").expect("tea");
        assert_eq!(
            (tea.name.as_str(), tea.category.as_ref().map(|named| named.name.as_str())),
            ("Good Tea", Some("Hot"))
        );
    }
    let import = Import::new(&["--map", "order=o,item=i", "--items", "DIR/items.csv", "--items-map", "id=i,price=p"]);
    import.write("items.csv", menu);
    let plan = import.plan(orders);
    assert_eq!(plan.totals().gross_minor, 500);
    assert_eq!(plan.rejected().first[0].reason, "the items file has no price for it");
}

#[test]
fn synthetic_times_do_not_move_when_a_rejected_row_is_corrected() {
    let import = Import::new(&["--map", "order=o,item=i,price=p"]);
    let bad = import.plan("o,i,p\n1,Tea,1\n2,Tea,x\n3,Tea,1\n");
    assert_eq!(shown(&bad), ["1@2 2012-01-01T12:00:00: tea*1000@100", "3@4 2012-01-01T12:02:00: tea*1000@100"]);
    assert!(import.path("o.csv.rejected.csv").exists());
    let good = import.plan("o,i,p\n1,Tea,1\n2,Tea,1\n3,Tea,1\n");
    let orders = shown(&good);
    assert_eq!((orders.len(), orders[2].as_str()), (3, "3@4 2012-01-01T12:02:00: tea*1000@100"));
    assert!(!import.path("o.csv.rejected.csv").exists());
}

#[test]
fn ids_do_not_depend_on_the_order_of_rows() {
    let import = Import::new(&["--map", "order=o,item=i,price=p,modifiers=m,category=c"]);
    let rows = ["1,Tea,1,[A],Hot", "2,TEA,1,[a],hot", "3,Tea-Chai,1,,Hot", "1,Tea,1,[B],Cold"];
    let catalogue = |rows: &[&str]| import.plan(format!("o,i,p,m,c\n{}\n", rows.join("\n"))).catalogue().clone();
    let forward = catalogue(&rows);
    let mut reversed = rows;
    reversed.reverse();
    assert_eq!(catalogue(&reversed), forward);
    assert_eq!(catalogue(&reversed).fingerprint(), forward.fingerprint());
    assert_eq!(forward.items.len(), 3);
    let plain: Vec<&str> = forward.items.iter().filter(|item| !item.uses_choices).map(|item| &*item.id).collect();
    assert_eq!(plain, ["tea_chai"]);
}

#[test]
fn a_file_that_changes_between_the_passes_is_an_error() {
    for changed in [
        "o,i,p\n1,Tea,1\n",
        "o,i,p\n1,Tea,1\n2,Tea,1\n2,Tea,1\n",
        "o,i,p\n1,Tea,1\n9,Tea,1\n",
        "o,i,p\n1,Tea,1\n1,Rice,1\n",
    ] {
        let import = Import::new(&["--map", "order=o,item=i,price=p"]);
        let plan = import.plan("o,i,p\n1,Tea,1\n2,Tea,1\n1,Tea,1\n");
        import.write("o.csv", changed);
        let results: Vec<_> = plan.orders().expect("opens").collect();
        assert!(matches!(results.last(), Some(Err(ImportError::Changed { .. }))), "{changed}: {results:?}");
        assert_eq!(results.iter().filter(|result| result.is_err()).count(), 1);
    }
}

/// Whether an order can be imported is said before anything is sent: up to five minutes ahead, and up to what money can be.
#[test]
fn an_order_from_the_future_or_beyond_all_money_is_unfit() {
    let import = Import::new(&["--map", "order=o,item=i,price=p,qty=q"]);
    let plan = import.plan("o,i,p,q\n1,Tea,1.00,2\n");
    let commands = Commands::new(&plan).expect("good names");
    let order = plan.orders().expect("opens").next().expect("an order").expect("it is good");
    let made = order.when.unix_us();
    let check = |order: &ImportOrder, ahead_us: i64| commands.check(order, Timestamp(made - ahead_us));
    for (ahead_us, is_fit) in [(-1, true), (0, true), (300_000_000, true), (300_000_001, false), (i64::MAX / 2, false)]
    {
        match check(&order, ahead_us) {
            Ok(()) => assert!(is_fit, "{ahead_us}"),
            Err(Unfit::InTheFuture { .. }) => assert!(!is_fit, "{ahead_us}"),
            Err(other) => panic!("{ahead_us}: {other}"),
        }
    }
    let of = |unit_price_minor: i64| {
        let line = ImportLine { unit_price_minor, qty_milli: 1_000, ..order.lines[0].clone() };
        ImportOrder { lines: vec![line], ..order.clone() }
    };
    check(&of(Money::MAX_ABS), 0).expect("as much as money can be");
    assert!(matches!(check(&of(Money::MAX_ABS + 1), 0), Err(Unfit::TooMuch)));
}

#[test]
fn files_that_cannot_be_imported() {
    let import = Import::new(&["--map", "order=Order,item=i,price=p"]);
    for (text, part) in [
        ("", "the file is empty"),
        ("o,i,p\n", "--map order: "),
        ("o,i,p\n1,2,3\n", "its columns, separated by comma, are: `o`, `i`, `p`"),
    ] {
        import.write("o.csv", text);
        let error = import.open().map(|_| ()).expect_err(text).to_string();
        assert!(error.contains(part), "{error}");
    }
    std::fs::remove_file(import.path("o.csv")).expect("removes");
    assert!(matches!(import.open(), Err(ImportError::Read { .. })));
    let nothing = import.plan("Order,i,p\n");
    assert_eq!((shown(&nothing).len(), nothing.catalogue().items.len()), (0, 0));
}

#[test]
fn a_whole_day_is_a_midnight_among_times_and_a_date_alone() {
    let flags = [MAP, &["--date-format", "excel"]].concat();
    let rows = |times: [&str; 2]| format!("o,i,q,p,t,m\n1,Tea,1,1,{},\n2,Tea,1,1,{},\n", times[0], times[1]);
    let midnight = ["1@2 2019-08-03T00:00:00: tea*1000@100", "2@3 2019-08-03T20:25:00: tea*1000@100"];
    check(&flags, &rows(["43680", "43680.8506944444"]), &midnight, &[]);
    let dates = ["1@2 2019-08-03T12:00:00: tea*1000@100", "2@3 2019-08-04T12:00:00: tea*1000@100"];
    check(&flags, &rows(["43680", "43681"]), &dates, &[]);
}

#[test]
fn the_same_text_is_the_same_orders_in_every_form() {
    let text = "o;i;q;p;t;m\n7;Crème brûlée;1,5;4,00;2018-01-01 10:30;[Süß, Süß]\n3;\"Tee; grün\";2;1.002,50;2018-01-01 11:00;\n";
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let narrow: Vec<u8> = text.chars().map(|character| u8::try_from(character).expect("Latin-1")).collect();
    let expected =
        ["7@2 2018-01-01T10:30:00: cr_me_br_l_e*1500@400[s*2]", "3@3 2018-01-01T11:00:00: tee_gr_n*2000@100250"];
    for (bytes, encoding, form) in [
        (text.as_bytes().to_vec(), None, "UTF-8 (assumed)"),
        ([b"\xef\xbb\xbf", text.as_bytes()].concat(), None, "UTF-8 (by its byte order mark)"),
        (wide(u16::to_le_bytes), None, "UTF-16LE (recognised)"),
        (wide(u16::to_be_bytes), None, "UTF-16BE (recognised)"),
        ([&b"\xff\xfe"[..], &wide(u16::to_le_bytes)].concat(), None, "UTF-16LE (by its byte order mark)"),
        ([&b"\xfe\xff"[..], &wide(u16::to_be_bytes)].concat(), Some("latin1"), "UTF-16BE (by its byte order mark)"),
        (narrow, Some("latin1"), "windows-1252 (as told)"),
        (text.replace('\n', "\r\n").into_bytes(), None, "UTF-8 (assumed)"),
        (text.replace('\n', "\r").into_bytes(), None, "UTF-8 (assumed)"),
    ] {
        let flags = [MAP, &["--decimal", "comma"]].concat();
        let more = encoding.map_or(vec![], |encoding| vec!["--encoding", encoding]);
        let import = Import::new(&[flags, more].concat());
        let plan = import.plan(bytes);
        assert_eq!(shown(&plan), expected, "{form}");
        let told = ReadAs(&plan).to_string();
        let columns = "columns separated by semicolon (recognised), decimal comma (as told), times of the form iso";
        assert_eq!(told, format!("read as {form}, {columns}"));
        let line = SummaryLine { summary: plan.totals(), plan: &plan, is_dry_run: true }.to_string();
        let line: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((&line["units"], &line["gross_minor"]), (&3.5.into(), &201_100.into()), "{line}");
        let how = [&line["delimiter"], &line["decimal"], &line["date_format"]];
        assert_eq!(how, ["semicolon", "comma", "iso"], "{line}");
    }
}

/// Bytes that were never a table: every answer is fine, a panic is not.
#[test]
fn noise_never_panics() {
    for (round, head) in
        [&b"o,i,q,p,t,m\n"[..], b"\xff\xfeo\0,\0", b"\xef\xbb\xbfsep=;\no;i", b"\xfe\xff", b"o\r"].iter().enumerate()
    {
        noise(head, if round == 0 { 300 } else { 60 });
    }
}

fn noise(head: &[u8], rounds: usize) {
    let mut state: u64 = 0x2545_f491_4f6c_dd1d;
    let alphabet = b"\",\n\r\t[]-.0159aZ \xff\x00$NULL";
    for round in 0..rounds {
        let mut text = head.to_vec();
        for _ in 0..round {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.push(alphabet[(state % alphabet.len() as u64) as usize]);
        }
        let import = Import::new(MAP);
        import.write("o.csv", &text);
        if let Ok(plan) = import.open() {
            let orders = plan.orders().expect("opens").filter(|order| order.is_ok()).count();
            assert_eq!(orders as u64, plan.totals().orders, "round {round}");
        }
    }
}
