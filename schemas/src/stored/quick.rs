//! The short way to the forms that most of a log consists of: from the bytes straight to the domain's values.
//!
//! What is not read here (another form, a value the domain refuses, bytes that end too early) is read once more by way of
//! the stored structs, which alone say what is wrong. So every reader in here answers what they would, or nothing.

use super::codes::Code;
use super::envelope::Envelope;
use super::parts::{RESERVED_MAX, date, local};
use super::{floor, tag};
use domain::calendar::Timestamp;
use domain::check::CheckId;
use domain::event::{Event, Line, LineModifier, Opening, OrderEvent, PaymentEvent, ReservedLine, StockEvent, Tender};
use domain::ids::{
    CustomerRef, GroupId, Id, ItemId, LineId, ModifierId, OrderId, PaymentId, Sku, StationId, TableId, TaxId, TenderId,
    Text, VariationId,
};
use domain::kitchen::Kitchen;
use domain::money::{Currency, Money, Ppm, QtyMilli};
use domain::pricing::{ChargeTotals, DiscountPart, LineTotals, PriceRules, TaxRate, TaxTotal, Totals};
use domain::stream::Stream;
use std::sync::Arc;

/// Reads an event of `stream` that is of one of the frequent forms.
#[inline]
pub(super) fn read(envelope: &Envelope<'_>, stream: &Stream, texts: &mut Texts) -> Option<Event> {
    let mut body = Body { bytes: envelope.body, texts };
    let event = match stream {
        Stream::Order(_, _, order) => Event::Order(*order, body.order_event(envelope.tag, envelope.version)?),
        Stream::Stock(..) => Event::Stock(body.stock_event(envelope.tag, envelope.version)?),
        Stream::Payment(_, _, payment) => Event::Payment(*payment, body.payment_event(envelope.tag, envelope.version)?),
        Stream::Menu(_)
        | Stream::Access(_)
        | Stream::Store(..)
        | Stream::StoreMenu(..)
        | Stream::Drawer(..)
        | Stream::Day(..)
        | Stream::Ticket(..)
        | Stream::Terminal(..) => return None,
    };
    body.bytes.is_empty().then_some(event)
}

/// Texts that were read before: those of a menu stand in every order, and reading one again is finding it. Also, all those
/// that are alike take the memory of one.
#[derive(Debug, Default)]
pub(super) struct Texts {
    /// None, where nothing is remembered, or a power of two, each with the last text that belongs there.
    slots: Vec<Option<Text>>,
}

impl Texts {
    /// How many are remembered: more than most menus have.
    const SLOTS: usize = 512;

    /// None so far.
    pub(super) fn shared() -> Texts {
        Texts { slots: vec![None; Texts::SLOTS] }
    }

    #[inline]
    fn get(&mut self, bytes: &[u8]) -> Option<Text> {
        let mask = self.slots.len().wrapping_sub(1);
        let Some(slot) = self.slots.get_mut(place(bytes) & mask) else { return text(bytes) };
        match slot {
            Some(held) if held.as_str().as_bytes() == bytes => Some(held.clone()),
            Some(_) | None => {
                let read = text(bytes)?;
                *slot = Some(read.clone());
                Some(read)
            }
        }
    }
}

/// Where a text belongs. Texts that meet in one place only forget each other, so that this may be simple.
#[inline]
fn place(bytes: &[u8]) -> usize {
    let word = |bytes: Option<&[u8; 8]>| bytes.map(|word| u64::from_le_bytes(*word));
    let (first, last) = match (word(bytes.first_chunk()), word(bytes.last_chunk())) {
        (Some(first), Some(last)) => (first, last),
        _ => (bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0),
    };
    let mixed = (first ^ last.rotate_left(23)).wrapping_add(bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as usize
}

fn text(bytes: &[u8]) -> Option<Text> {
    let text = std::str::from_utf8(bytes).ok()?;
    Text::parse(text).ok().filter(|parsed| parsed.as_str().len() == text.len())
}

/// What is left of a body, in postcard's form.
struct Body<'a, 't> {
    bytes: &'a [u8],
    texts: &'t mut Texts,
}

impl<'a> Body<'a, '_> {
    #[inline]
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    /// A number of `BITS` bits, seven in each byte and the lowest first.
    #[inline]
    fn number<const BITS: u32>(&mut self) -> Option<u64> {
        let first = self.byte()?;
        match first < 0x80 {
            true => Some(first.into()),
            false => self.long_number::<BITS>(first),
        }
    }

    fn long_number<const BITS: u32>(&mut self, first: u8) -> Option<u64> {
        let mut number = u64::from(first & 0x7f);
        let mut shift = 7;
        while shift < BITS {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            // The last byte holds no more than is left of the number.
            if BITS < shift + 7 && bits >> (BITS - shift) != 0 {
                return None;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Some(number);
            }
            shift += 7;
        }
        None
    }

    #[inline]
    fn u16(&mut self) -> Option<u16> {
        self.number::<16>().map(|number| number as u16)
    }

    #[inline]
    fn u32(&mut self) -> Option<u32> {
        self.number::<32>().map(|number| number as u32)
    }

    #[inline]
    fn i32(&mut self) -> Option<i32> {
        self.u32().map(|number| (number >> 1) as i32 ^ -((number & 1) as i32))
    }

    #[inline]
    fn i64(&mut self) -> Option<i64> {
        self.number::<64>().map(|number| (number >> 1) as i64 ^ -((number & 1) as i64))
    }

    #[inline]
    fn bool(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    #[inline]
    fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    #[inline]
    fn list<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = usize::try_from(self.number::<64>()?).ok()?;
        let mut values = Vec::with_capacity(count.min(RESERVED_MAX));
        for _ in 0..count {
            values.push(read(self)?);
        }
        Some(values)
    }

    #[inline]
    fn id(&mut self) -> Option<Id> {
        let (len, rest) = self.bytes.split_first()?;
        let len = usize::from(*len);
        self.bytes = rest.get(len..)?;
        Id::leading(rest, len).ok()
    }

    #[inline]
    fn piece(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number::<64>()?).ok()?;
        let (piece, rest) = self.bytes.split_at_checked(len)?;
        self.bytes = rest;
        Some(piece)
    }

    #[inline]
    fn str(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.piece()?).ok()
    }

    /// A text that many events have.
    #[inline]
    fn name(&mut self) -> Option<Text> {
        let piece = self.piece()?;
        self.texts.get(piece)
    }

    /// A text of this event alone.
    fn text(&mut self) -> Option<Text> {
        text(self.piece()?)
    }

    #[inline]
    fn code<T: Code>(&mut self) -> Option<T> {
        T::of_code(self.byte()?)
    }

    #[inline]
    fn money(&mut self) -> Option<Money> {
        self.i64().map(Money)
    }

    #[inline]
    fn qty(&mut self) -> Option<QtyMilli> {
        self.i64().map(QtyMilli)
    }

    fn tender(&mut self) -> Option<Tender> {
        let external = self.option(|body| body.id().map(TenderId))?;
        Some(external.map_or(Tender::Cash, Tender::External))
    }

    fn currency(&mut self) -> Option<Currency> {
        let code = self.str()?;
        Currency::new(code, self.byte()?)
    }

    #[inline]
    fn tax_rate(&mut self) -> Option<TaxRate> {
        Some(TaxRate { tax: TaxId(self.id()?), rate: Ppm(self.u32()?), inclusive: self.bool()? })
    }
}

/// Events of an order.
impl Body<'_, '_> {
    #[inline]
    fn order_event(&mut self, tag: u16, version: u8) -> Option<OrderEvent> {
        match (tag, version) {
            (tag::LINE_ADDED, 1 | 2) => {
                let mut line = self.line()?;
                if version == 2 {
                    line.station = Some(StationId(self.id()?));
                }
                Some(OrderEvent::LineAdded(Arc::new(line)))
            }
            (tag::ORDER_OPENED, 1..=3) => self.opening(version).map(OrderEvent::OrderOpened),
            (tag::ORDER_PLACED, 1) => Some(OrderEvent::OrderPlaced {
                totals: self.totals()?,
                deadline: self.option(|body| body.i64().map(Timestamp))?,
            }),
            (tag::ORDER_REPRICED, 1) => Some(OrderEvent::OrderRepriced { totals: self.totals()? }),
            (tag::PAYMENT_APPLIED, 1 | 2) => Some(OrderEvent::PaymentApplied {
                payment: PaymentId(self.id()?),
                tender: self.tender()?,
                amount: self.money()?,
                tip: self.money()?,
                check: self.check(version)?,
            }),
            (tag::ORDER_COMPLETED, 1) => Some(OrderEvent::OrderCompleted { total: self.money()? }),
            _ => None,
        }
    }

    /// The check, which version 2 of some forms ends with.
    fn check(&mut self, version: u8) -> Option<CheckId> {
        match version {
            1 => Some(CheckId::FIRST),
            _ => floor::check(self.byte()?).ok(),
        }
    }

    #[inline]
    fn line(&mut self) -> Option<Line> {
        Some(Line {
            line: LineId(self.id()?),
            item: ItemId(self.id()?),
            name: self.name()?,
            category: self.option(Body::name)?,
            variation: self.option(|body| Some(Box::new((VariationId(body.id()?), body.name()?))))?,
            qty: self.qty()?,
            unit_base: self.money()?,
            modifiers: self.list(Body::modifier)?,
            unit: self.money()?,
            taxes: self.list(Body::tax_rate)?,
            sku: self.option(|body| body.id().map(Sku))?,
            menu_version: self.u32()?,
            seat: self.option(Body::u16)?,
            course: self.option(Body::u16)?,
            note: self.option(Body::text)?,
            station: None,
        })
    }

    fn modifier(&mut self) -> Option<LineModifier> {
        Some(LineModifier {
            group: GroupId(self.id()?),
            modifier: ModifierId(self.id()?),
            name: self.name()?,
            unit_price: self.money()?,
            qty: self.u16()?,
        })
    }

    fn opening(&mut self, version: u8) -> Option<Opening> {
        Some(Opening {
            channel: self.code()?,
            dining_mode: self.code()?,
            pay_mode: self.code()?,
            table: self.option(|body| body.id().map(TableId))?,
            guests: self.u16()?,
            customer_ref: self.option(|body| body.id().map(CustomerRef))?,
            currency: self.currency()?,
            display_number: self.text()?,
            business_date: date(self.i32()?).ok()?,
            opened_local: local(self.i32()?, self.u32()?).ok()?,
            time_zone: self.name()?,
            rules: PriceRules { rounding: self.code()?, tax_rounding: self.code()? },
            imported: self.bool()?,
            kitchen: if version == 1 { Kitchen::Off } else { self.code()? },
            training: version == 3,
        })
    }

    fn totals(&mut self) -> Option<Totals> {
        Some(Totals {
            lines: self.list(Body::line_totals)?,
            discounts: self.list(Body::money)?,
            discount_parts: self.list(Body::discount_part)?,
            taxes: self.list(Body::tax_total)?,
            charges: self.list(Body::charge_totals)?,
            gross: self.money()?,
            discount: self.money()?,
            net: self.money()?,
            tax_exclusive: self.money()?,
            tax_inclusive: self.money()?,
            charges_total: self.money()?,
            charge_tax_exclusive: self.money()?,
            charge_tax_inclusive: self.money()?,
            total: self.money()?,
        })
    }

    #[inline]
    fn line_totals(&mut self) -> Option<LineTotals> {
        Some(LineTotals {
            gross: self.money()?,
            discount: self.money()?,
            net: self.money()?,
            tax_exclusive: self.money()?,
            tax_inclusive: self.money()?,
        })
    }

    fn discount_part(&mut self) -> Option<DiscountPart> {
        Some(DiscountPart { discount: self.u16()?.into(), line: self.u16()?.into(), amount: self.money()? })
    }

    fn tax_total(&mut self) -> Option<TaxTotal> {
        Some(TaxTotal { tax: self.tax_rate()?, taxable: self.money()?, amount: self.money()? })
    }

    fn charge_totals(&mut self) -> Option<ChargeTotals> {
        Some(ChargeTotals { amount: self.money()?, tax_exclusive: self.money()?, tax_inclusive: self.money()? })
    }
}

/// Events of stock and of payments.
impl Body<'_, '_> {
    #[inline]
    fn stock_event(&mut self, tag: u16, version: u8) -> Option<StockEvent> {
        let is_frequent = matches!(tag, tag::STOCK_RESERVED | tag::STOCK_COMMITTED | tag::STOCK_RELEASED);
        if version != 1 || !is_frequent {
            return None;
        }
        let (order, lines) = (OrderId(self.id()?), self.list(Body::reserved_line)?);
        match tag {
            tag::STOCK_RESERVED => Some(StockEvent::StockReserved { order, lines }),
            tag::STOCK_COMMITTED => Some(StockEvent::StockCommitted { order, lines }),
            _ => Some(StockEvent::StockReleased { order, lines, why: self.code()? }),
        }
    }

    #[inline]
    fn reserved_line(&mut self) -> Option<ReservedLine> {
        Some(ReservedLine { line: LineId(self.id()?), sku: Sku(self.id()?), qty: self.qty()? })
    }

    fn payment_event(&mut self, tag: u16, version: u8) -> Option<PaymentEvent> {
        match (tag, version) {
            (tag::PAYMENT_INITIATED, 1 | 2) => Some(PaymentEvent::PaymentInitiated {
                order: OrderId(self.id()?),
                tender: self.tender()?,
                amount: self.money()?,
                tip: self.money()?,
                currency: self.currency()?,
                deadline: self.option(|body| body.i64().map(Timestamp))?,
                check: self.check(version)?,
            }),
            (tag::PAYMENT_CAPTURED, 1) => Some(PaymentEvent::PaymentCaptured {
                amount: self.money()?,
                tip: self.money()?,
                tendered: self.option(Body::money)?,
                change: self.option(Body::money)?,
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored::encode;
    use domain::calendar::{Date, LocalDateTime};
    use domain::event::{Channel, DiningMode, PayMode, ReleaseReason};
    use domain::ids::{StoreId, TenantId};

    fn id(text: &str) -> Id {
        Id::parse(text).unwrap()
    }

    fn name(text: &str) -> Text {
        Text::parse(text).unwrap()
    }

    fn line(station: Option<StationId>) -> Line {
        let modifier = LineModifier {
            group: GroupId(id("extras")),
            modifier: ModifierId(id("cheese")),
            name: name("Käse"),
            unit_price: Money(95),
            qty: 300,
        };
        let tax = TaxRate { tax: TaxId(id("vat")), rate: Ppm(190_000), inclusive: true };
        Line {
            line: LineId(id("l1")),
            item: ItemId(id(&"i".repeat(32))),
            name: name("Burger"),
            category: Some(name("Mains")),
            variation: Some(Box::new((VariationId(id("big")), name("Big")))),
            qty: QtyMilli(i64::MIN),
            unit_base: Money(i64::MAX),
            modifiers: vec![modifier],
            unit: Money(-1),
            taxes: vec![tax],
            sku: Some(Sku(id("bun"))),
            menu_version: u32::MAX,
            seat: Some(u16::MAX),
            course: None,
            note: Some(name("no onions")),
            station,
        }
    }

    fn opening(kitchen: Kitchen, training: bool) -> Opening {
        let date = Date::from_days(20_514).unwrap();
        Opening {
            channel: Channel::Pos,
            dining_mode: DiningMode::TakeAway,
            pay_mode: PayMode::First,
            table: Some(TableId(id("t1"))),
            guests: 2,
            customer_ref: None,
            currency: Currency::new("EUR", 2).unwrap(),
            display_number: name("t1-17"),
            business_date: date,
            opened_local: LocalDateTime::new(date, 23, 59, 58).unwrap(),
            time_zone: name("Europe/Berlin"),
            rules: PriceRules::default(),
            imported: false,
            kitchen,
            training,
        }
    }

    fn totals() -> Totals {
        let tax = TaxRate { tax: TaxId(id("vat")), rate: Ppm(190_000), inclusive: true };
        Totals {
            lines: vec![LineTotals { gross: Money(1_295), ..LineTotals::default() }],
            discounts: vec![Money(5)],
            discount_parts: vec![DiscountPart { discount: 0, line: 400, amount: Money(5) }],
            taxes: vec![TaxTotal { tax, taxable: Money(1_290), amount: Money(206) }],
            charges: vec![ChargeTotals { amount: Money(50), tax_exclusive: Money(1), tax_inclusive: Money(2) }],
            total: Money(1_290),
            ..Totals::default()
        }
    }

    /// Every form that has a short way is read on it: whoever falls back is right all the same, and slow.
    #[test]
    fn the_frequent_forms_are_read_the_short_way() {
        let (order, payment) = (OrderId(id("0190abcd")), PaymentId(id("p1")));
        let of_order = |event| Event::Order(order, event);
        let check = CheckId::new(3).unwrap();
        let lines = || vec![ReservedLine { line: LineId(id("l1")), sku: Sku(id("bun")), qty: QtyMilli(1_000) }];
        let applied = |check| OrderEvent::PaymentApplied {
            payment,
            tender: Tender::External(TenderId(id("card"))),
            amount: Money(1_290),
            tip: Money(100),
            check,
        };
        let initiated = |check| PaymentEvent::PaymentInitiated {
            order,
            tender: Tender::Cash,
            amount: Money(1_290),
            tip: Money::ZERO,
            currency: Currency::new("EUR", 2).unwrap(),
            deadline: Some(Timestamp(1_772_452_800_000_000)),
            check,
        };
        let captured = PaymentEvent::PaymentCaptured {
            amount: Money(1_290),
            tip: Money::ZERO,
            tendered: Some(Money(1_500)),
            change: Some(Money(210)),
        };
        let events = [
            of_order(OrderEvent::LineAdded(Arc::new(line(None)))),
            of_order(OrderEvent::LineAdded(Arc::new(line(Some(StationId(id("grill"))))))),
            of_order(OrderEvent::OrderOpened(opening(Kitchen::Off, false))),
            of_order(OrderEvent::OrderOpened(opening(Kitchen::On, false))),
            of_order(OrderEvent::OrderOpened(opening(Kitchen::On, true))),
            of_order(OrderEvent::OrderPlaced { totals: totals(), deadline: Some(Timestamp(i64::MAX)) }),
            of_order(OrderEvent::OrderRepriced { totals: totals() }),
            of_order(applied(CheckId::FIRST)),
            of_order(applied(check)),
            of_order(OrderEvent::OrderCompleted { total: Money(1_290) }),
            Event::Stock(StockEvent::StockReserved { order, lines: lines() }),
            Event::Stock(StockEvent::StockCommitted { order, lines: lines() }),
            Event::Stock(StockEvent::StockReleased { order, lines: lines(), why: ReleaseReason::LineChanged }),
            Event::Payment(payment, initiated(CheckId::FIRST)),
            Event::Payment(payment, initiated(check)),
            Event::Payment(payment, captured),
        ];
        let (tenant, store) = (TenantId(id("demo")), StoreId(id("s1")));
        for mut texts in [Texts::default(), Texts::shared()] {
            for event in events.iter().chain(&events) {
                let mut bytes = vec![];
                encode(event, &mut bytes);
                let envelope = Envelope::open(&bytes).unwrap();
                let stream = Stream::of(tenant, Some(store), event);
                assert_eq!(read(&envelope, &stream, &mut texts).as_ref(), Some(event));
            }
        }
    }

    /// Texts that meet in one place, and one that is another's beginning.
    #[test]
    fn a_text_is_found_as_itself_only() {
        let mut texts = Texts { slots: vec![None] };
        for text in ["Mains", "Drinks", "Main", "Mains", "Ä", "Mains and more of them"] {
            assert_eq!(texts.get(text.as_bytes()), Some(name(text)));
        }
        for refused in [&b""[..], b" Mains", b"Ma\x07ins", b"Ma\xffins", b"   "] {
            assert_eq!(texts.get(refused), None);
        }
        assert_eq!(texts.get(b"Mains and more of them"), Some(name("Mains and more of them")));
    }
}
