//! The words of the tables. Each row says a fact once; what follows from it is generated here.
//!
//! # A field
//!
//! ```text
//! line: "line_id"                                  a member of that name
//! seat?: "seat"                                    left out of JSON where there is nothing to say
//! rate: -                                          its members stand in the object around it
//! secret_sha256: _                                 stored only
//! position: "exception" as PositionToken           shown as another type, which is made `From` it
//! note?: "note" own sealed                         a text that no other event has, and that is sealed where a store seals texts
//! name: "name" clear                               a text that says nothing of a guest: each field that is a text says one of the two
//! discount: "discount" last                        shown behind the members that are not `last`
//! price?: "price" unless variations                left out of JSON also where there are variations
//! check: "check_id" since 2 or CheckId::FIRST      stored from version 2 of the event on; what it was before that
//! station?: "station" since 2 bare                 as above; where it is why version 2 is written it has no mark
//! ```
//!
//! Fields stand in the order of the log. A new one comes last, takes the next version that none of the events it gets into
//! has, and leaves everything that was ever written as it is: an event is written in the oldest version that says all of it.
//! Without `or`, a field was `Default::default()` before there was one.

/// Hands the fields of a record or an event on to the macro `$then`, each in the same few brackets.
///
/// `fields!(put_fields [self to] [Line] { line: "line_id", seat?: "seat" since 3 or None })` expands to
/// `put_fields! { [self to] [Line] { line line ["line_id" [] [] [] []] [] [] seat seat ["seat" [optional] [] [] []] [3 [] [None]] [] } }`.
/// The field of a tuple `(Line)` is `0 body [- [] [] [] []] [] []`. The lifetimes are never there: they let a word be optional.
macro_rules! fields {
    ($then:ident $args:tt $path:tt) => { $then! { $args $path {} } };
    ($then:ident $args:tt $path:tt ($body:ty)) => { $then! { $args $path { 0 body [- [] [] [] []] [] [] } } };
    ($then:ident $args:tt $path:tt { $(
        $field:ident $(? $($optional:lifetime)?)? : $name:tt $(own $($own:lifetime)?)? $(sealed $($sealed:lifetime)?)?
        $(clear $($clear:lifetime)?)? $(as $shown:ident)? $(last $($last:lifetime)?)?
        $(unless $other:ident)? $(since $since:literal $(bare $($bare:lifetime)?)? $(or $was:expr)?)?
    ),* $(,)? }) => {
        $then! { $args $path { $(
            $field $field
            [$name [$(optional $($optional)?)?] [$($shown)?] [$(last $($last)?)?] [$($other)?]]
            [$(own $($own)?)? $($since [$(bare $($bare)?)?] [$($was)?])?]
            [$(sealed $($sealed)?)? $(clear $($clear)?)?]
        )* } }
    };
}

/// Takes a record apart, all of it, and puts each field.
macro_rules! put_fields {
    ([$self:tt $to:ident] [$($path:tt)+] { $($member:tt $field:ident $json:tt $since:tt $text:tt)* }) => {{
        #[allow(irrefutable_let_patterns, unused_variables, reason = "a record has one form, an event is known to be this one")]
        let $($path)+ { $($member: $field),* } = $self else { unreachable!() };
        $(put_fields!(@ $field $to $since);)*
    }};
    (@ $field:ident $to:ident [$(own)?]) => { $crate::codec::Codec::put($field, $to) };
    (@ $field:ident $to:ident [$since:literal [] $was:tt]) => {
        if $since <= $to.version { $crate::codec::Codec::put($field, $to) }
    };
    (@ $field:ident $to:ident [$since:literal [bare] $was:tt]) => {
        if $to.is_brought_by($since) {
            $crate::codec::Codec::put_bare($field, $to)
        } else if $since <= $to.version {
            $crate::codec::Codec::put($field, $to)
        }
    };
}

/// Makes a record of its fields as they are read.
macro_rules! get_fields {
    ([$from:ident] [$($path:tt)+] { $($member:tt $field:ident $json:tt $since:tt $text:tt)* }) => {
        $($path)+ { $($member: get_fields!(@ $from $since)),* }
    };
    (@ $from:ident []) => { $crate::codec::Codec::get($from)? };
    (@ $from:ident [own]) => { $crate::codec::Codec::get_own($from)? };
    (@ $from:ident [$since:literal [] $was:tt]) => {
        if $since <= $from.version { $from.newer($crate::codec::Codec::get)? } else { was!($was) }
    };
    (@ $from:ident [$since:literal [bare] $was:tt]) => {
        if $from.is_brought_by($since) {
            $from.newer($crate::codec::Codec::get_bare)?
        } else if $since <= $from.version {
            $from.newer($crate::codec::Codec::get)?
        } else {
            was!($was)
        }
    };
}

/// What a field was before there was one.
macro_rules! was {
    ([]) => {
        Default::default()
    };
    ([$was:expr]) => {
        $was
    };
}

/// Makes a record of any fields.
macro_rules! any_fields {
    ([$dice:ident] [$($path:tt)+] { $($member:tt $field:ident $json:tt $since:tt $text:tt)* }) => {
        $($path)+ { $($member: $crate::codec::Codec::any($dice)),* }
    };
}

/// The oldest version, `$first` at least, that says all of a record.
macro_rules! version_of {
    ([$self:tt $first:expr] [$($path:tt)+] { $($member:tt $field:ident $json:tt $since:tt $text:tt)* }) => {{
        #[allow(irrefutable_let_patterns, unused_variables, reason = "a record has one form, an event is known to be this one")]
        let $($path)+ { $($member: $field),* } = $self else { unreachable!() };
        let version: u8 = $first;
        $(let version = $crate::codec::later(version, version_of!(@ $field $since));)*
        version
    }};
    (@ $field:ident [$(own)?]) => { $crate::codec::Codec::version($field) };
    (@ $field:ident [$since:literal $bare:tt $was:tt]) => {
        if $crate::codec::differs($field, was!($was)) {
            $crate::codec::later($since, $crate::codec::Codec::version($field))
        } else {
            1
        }
    };
}

/// The newest version that a record brings about.
macro_rules! newest_of {
    ([$root:ident] $path:tt { $($member:tt $field:ident $json:tt $since:tt $text:tt)* }) => {{
        let newest: u8 = 1;
        $(
            let newest = $crate::codec::later(newest, $crate::codec::newest_of(field_of!($root $path $member)));
            let newest = $crate::codec::later(newest, newest_of!(@ $since));
        )*
        newest
    }};
    (@ [$(own)?]) => { 1 };
    (@ [$since:literal $bare:tt $was:tt]) => { $since };
}

/// A function from a record or an event to one of its fields, from which the compiler knows the field's type.
macro_rules! field_of {
    ($root:ident [$($path:tt)+] $member:tt) => {
        |root: &$root| match root {
            $($path)+ { $member: field, .. } => field,
            #[allow(unreachable_patterns, reason = "a record has one form")]
            _ => unreachable!(),
        }
    };
}

/// Hands each text that a store may seal to `$each`. A field that is a text says in its row which it is, or this does not compile.
macro_rules! texts_of {
    ([$self:tt $each:ident $root:ident $whole:tt] [$($path:tt)+] { $($member:tt $field:ident $json:tt $since:tt $text:tt)* }) => {{
        #[allow(irrefutable_let_patterns, unused_variables, reason = "a record has one form, an event is known to be this one")]
        let $($path)+ { $($member: $field),* } = $self else { unreachable!() };
        $(texts_of!(@ $field $each $text ($root $whole $member));)*
    }};
    (@ $field:ident $each:ident [] ($root:ident $path:tt $member:tt)) => {{
        const { assert!(!$crate::codec::is_text(field_of!($root $path $member)), "a text is sealed or clear") };
        $crate::codec::Codec::texts($field, $each)
    }};
    (@ $field:ident $each:ident [sealed] $of:tt) => { $crate::codec::Sealed::personal($field, $each) };
    (@ $field:ident $each:ident [clear] $of:tt) => {};
}

/// Writes each field as a member of an object, first those that are not `last`.
macro_rules! show_fields {
    ([$self:tt $to:ident] [$($path:tt)+] { $($member:tt $field:ident $json:tt $since:tt $text:tt)* }) => {{
        #[allow(irrefutable_let_patterns, unused_variables, reason = "a record has one form, an event is known to be this one")]
        let $($path)+ { $($member: $field),* } = $self else { unreachable!() };
        $(show_fields!(@first $field $to $json $since);)*
        $(show_fields!(@last $field $to $json $since);)*
    }};
    (@first $field:ident $to:ident [$name:tt $optional:tt $shown:tt [] $other:tt] $since:tt) => {
        show_fields!(@ $field $to $name $optional $shown $other $since)
    };
    (@last $field:ident $to:ident [$name:tt $optional:tt $shown:tt [last] $other:tt] $since:tt) => {
        show_fields!(@ $field $to $name $optional $shown $other $since)
    };
    (@$when:ident $field:ident $to:ident $json:tt $since:tt) => {};
    (@ $field:ident $to:ident $name:tt $optional:tt $shown:tt [$other:ident] $since:tt) => {
        if $crate::json::write::Json::is_nothing($other) { show_fields!(@ $field $to $name $optional $shown [] $since) }
    };
    (@ $field:ident $to:ident $name:tt [optional] $shown:tt [] [$(own)?]) => {
        if !$crate::json::write::Json::is_nothing($field) { show_fields!(@ $field $to $name [] $shown [] []) }
    };
    (@ $field:ident $to:ident $name:tt [optional] $shown:tt [] [$since:literal $bare:tt $was:tt]) => {
        if $crate::codec::differs($field, was!($was)) { show_fields!(@ $field $to $name [] $shown [] []) }
    };
    (@ $field:ident $to:ident _ [] [] [] $since:tt) => {};
    (@ $field:ident $to:ident - [] [] [] $since:tt) => { $crate::json::write::Members::members($field, $to) };
    (@ $field:ident $to:ident $name:literal [] [$shown:ident] [] $since:tt) => {
        show_fields!(@entry $to $name &<$shown>::from(*$field))
    };
    (@ $field:ident $to:ident $name:literal [] [] [] $since:tt) => {
        show_fields!(@entry $to $name $field)
    };
    (@entry $to:ident $name:literal $value:expr) => {
        $to.ready(concat!(",\"", $name, "\":"), $value)
    };
}

/// Describes each member, in the order they are shown in.
macro_rules! list_fields {
    ([$root:ident] $path:tt { $($member:tt $field:ident $json:tt $since:tt $text:tt)* }) => {{
        #[allow(unused_mut, reason = "some have none")]
        let mut fields: Vec<$crate::codec::Field> = vec![];
        $(list_fields!(@first fields (field_of!($root $path $member)) $json $since $text);)*
        $(list_fields!(@last fields (field_of!($root $path $member)) $json $since $text);)*
        fields
    }};
    (@first $fields:ident $of:tt [$name:tt $optional:tt $shown:tt [] $other:tt] $since:tt $text:tt) => {
        list_fields!(@ $fields $of $name $optional $shown $other $since $text)
    };
    (@last $fields:ident $of:tt [$name:tt $optional:tt $shown:tt [last] $other:tt] $since:tt $text:tt) => {
        list_fields!(@ $fields $of $name $optional $shown $other $since $text)
    };
    (@$when:ident $fields:ident $of:tt $json:tt $since:tt $text:tt) => {};
    (@ $fields:ident $of:tt _ [] [] [] $since:tt $text:tt) => {};
    (@ $fields:ident $of:tt - [] [] $other:tt $since:tt $text:tt) => {
        $fields.extend($crate::codec::fields_of($of).into_iter().map(|field| field.since(newest_of!(@ $since))))
    };
    (@ $fields:ident $of:tt $name:literal $optional:tt $shown:tt $other:tt $since:tt $text:tt) => {
        $fields.push($crate::codec::Field {
            name: $name,
            is_optional: list_fields!(@any $optional $other),
            since: newest_of!(@ $since),
            is_sealed: list_fields!(@sealed $text),
            shape: list_fields!(@shape $of $optional $shown),
        })
    };
    (@sealed [sealed]) => { true };
    (@sealed $text:tt) => { false };
    (@any [] []) => { false };
    (@any $optional:tt $other:tt) => { true };
    (@shape $of:tt [] []) => { $crate::codec::shape_of($of) };
    (@shape $of:tt [optional] []) => { $crate::codec::shape_of($of).present() };
    (@shape $of:tt $optional:tt [$shown:ident]) => { $crate::codec::Shape::named::<$shown>() };
}

/// Records that are stored and not shown: `stored! { Shift { number, expected } }`.
///
/// Expands to `impl Codec for Shift`, which puts and gets the fields one behind the other.
macro_rules! stored {
    ($($kind:ident { $($field:ident $(since $since:literal $(bare $($bare:lifetime)?)?)?),* $(,)? })*) => {
        $(record!(@codec $kind 1 { $($field: _ clear $(since $since $(bare $($bare)?)?)?),* });)*
    };
}

/// Records: `record! { Share { check: "check_id", parts: "parts" } }`. See above for what a field may say.
///
/// Expands to `impl Codec`, `impl Members` and `impl Json for Share`: it is put, got and shown field by field. `from 2`
/// behind the name says that it is not written as version 1 any more.
macro_rules! record {
    (@codec $kind:ident $from:literal $fields:tt) => {
        impl $crate::codec::Codec for $kind {
            const NEWEST: u8 = fields!(newest_of [$kind] [$kind] $fields);

            #[inline]
            fn version(&self) -> u8 {
                fields!(version_of [self $from] [$kind] $fields)
            }

            #[inline]
            fn put(&self, to: &mut $crate::codec::Writer<'_>) {
                fields!(put_fields [self to] [$kind] $fields)
            }

            #[inline]
            fn get(from: &mut $crate::codec::Reader<'_, '_>) -> $crate::codec::Get<$kind> {
                Ok(fields!(get_fields [from] [$kind] $fields))
            }

            fn any(dice: &mut $crate::codec::Dice<'_>) -> $kind {
                fields!(any_fields [dice] [$kind] $fields)
            }

            #[allow(unused_variables, reason = "some have no texts")]
            fn texts(&mut self, each: &mut dyn FnMut($crate::codec::Personal<'_>)) {
                fields!(texts_of [self each $kind [$kind]] [$kind] $fields)
            }
        }
    };
    ($($kind:ident $(from $from:literal)? { $($fields:tt)* })*) => { $(
        record!(@codec $kind [$($from)?] { $($fields)* });
        members!($kind { $($fields)* });
    )* };
    (@codec $kind:ident [] $fields:tt) => { record!(@codec $kind 1 $fields); };
    (@codec $kind:ident [$from:literal] $fields:tt) => { record!(@codec $kind $from $fields); };
}

/// The half of `record!` that shows: for what is stored in another way than field by field.
macro_rules! members {
    ($kind:ident $fields:tt) => {
        impl $crate::json::write::Members for $kind {
            fn members(&self, to: &mut $crate::json::write::JsonWriter<'_>) {
                fields!(show_fields [self to] [$kind] $fields);
            }

            #[allow(clippy::vec_init_then_push, reason = "how many fields follow is known to the rows")]
            fn fields() -> Vec<$crate::codec::Field> {
                fields!(list_fields [$kind] [$kind] $fields)
            }
        }

        impl $crate::json::write::Json for $kind {
            fn json(&self, to: &mut $crate::json::write::JsonWriter<'_>) {
                to.object(|to| $crate::json::write::Members::members(self, to));
            }

            fn shape() -> $crate::codec::Shape {
                $crate::codec::Shape::Record(<$kind as $crate::json::write::Members>::fields())
            }
        }
    };
}

/// Enums without payload: `codes! { IgnoredOutcome { Failed = 1 "failed", Captured = 2 "captured" } }`, each value with its number in the log and its
/// name in JSON. What requests have too is in the table of `json/wire/names`.
///
/// Expands to `impl Code`, `impl Codec` and, where it has names, `impl Json for IgnoredOutcome`.
macro_rules! codes {
    ($($kind:ident { $first:ident = $first_code:literal $($first_name:literal)? $(, $value:ident = $code:literal $($name:literal)?)* $(,)? })*) => { $(
        impl $crate::codec::Code for $kind {
            #[inline]
            fn code(&self) -> u8 {
                match self {
                    $kind::$first => $first_code,
                    $($kind::$value => $code,)*
                }
            }
        }

        impl $crate::codec::Codec for $kind {
            #[inline]
            fn put(&self, to: &mut $crate::codec::Writer<'_>) {
                to.byte($crate::codec::Code::code(self));
            }

            #[inline]
            fn get(from: &mut $crate::codec::Reader<'_, '_>) -> $crate::codec::Get<$kind> {
                match from.byte()? {
                    $first_code => Ok($kind::$first),
                    $($code => Ok($kind::$value),)*
                    code => {
                        let bad = $crate::codec::BadValue::Code { kind: stringify!($kind), code };
                        Ok(from.refuse(bad, $kind::$first))
                    }
                }
            }

            fn any(dice: &mut $crate::codec::Dice<'_>) -> $kind {
                dice.one_of(&[$kind::$first $(, $kind::$value)*])
            }
        }

        codes!(@json $kind { $first $($first_name)? $(, $value $($name)?)* });
    )* };
    (@json $kind:ident { $($value:ident),* }) => {};
    (@json $kind:ident { $($value:ident $name:literal),* }) => {
        impl $crate::json::write::Json for $kind {
            fn json(&self, to: &mut $crate::json::write::JsonWriter<'_>) {
                to.text(match self { $($kind::$value => $name,)* });
            }

            fn shape() -> $crate::codec::Shape {
                $crate::codec::Shape::words(&[$($name),*])
            }
        }
    };
}

/// The events of one kind of stream: tag, name, and the fields or the record that it is.
///
/// `events! { DayEvent { 0x0a01 DayOpened { date: "business_date" }; 0x0a02 DayClosed(Box<DayClosing>); } }` expands to
/// constants for the tags (`tag::DayOpened`), the list `TYPES`, and the functions `name_of`, `tag_of`, `put`, `get`, `show`,
/// `any` and `docs`. `from 2` behind an event says that its version 1 is version 2 of the records in it, 2 is 3, and so on.
macro_rules! events {
    (@first) => { 1 };
    (@first $from:literal) => { $from };
    ($event:ident { $($tag:literal $name:ident $(($body:ty))? $({ $($fields:tt)* })? $(from $from:literal)?;)* }) => {
        /// The tags of the types.
        #[allow(non_upper_case_globals, missing_docs, reason = "they are called what the events are")]
        pub mod tag {
            $(pub const $name: u16 = $tag;)*
        }

        /// The version that each type was born with, as the records in it count.
        #[allow(non_upper_case_globals)]
        mod first {
            $(pub(super) const $name: u8 = events!(@first $($from)?);)*
        }

        /// The newest version of each type, as the records in it count.
        #[allow(non_upper_case_globals)]
        mod newest {
            use super::*;
            $(pub(super) const $name: u8 = $crate::codec::later(
                first::$name,
                fields!(newest_of [$event] [$event::$name] $(($body))? $({ $($fields)* })?),
            );)*
        }

        pub(crate) const TYPES: &[$crate::codec::EventType] = &[$($crate::codec::EventType {
            tag: $tag,
            version: newest::$name - first::$name + 1,
            name: stringify!($name),
        }),*];

        pub(crate) const fn name_of(tag: u16) -> Option<&'static str> {
            match tag {
                $($tag => Some(stringify!($name)),)*
                _ => None,
            }
        }

        pub(crate) const fn tag_of(event: &$event) -> u16 {
            match event {
                $($event::$name { .. } => $tag,)*
            }
        }

        /// Appends the envelope of an event, in the oldest version that says all of it.
        #[inline]
        pub(crate) fn put(event: &$event, out: &mut Vec<u8>) {
            match event {
                $($event::$name { .. } => {
                    let version = fields!(version_of [event first::$name] [$event::$name] $(($body))? $({ $($fields)* })?);
                    let start = $crate::events::envelope::begin($tag, version - first::$name + 1, out);
                    #[allow(unused_mut, unused_variables, reason = "some have no fields")]
                    let to = &mut $crate::codec::Writer::new(out, version, first::$name);
                    fields!(put_fields [event to] [$event::$name] $(($body))? $({ $($fields)* })?);
                    $crate::events::envelope::end(start, out);
                })*
            }
        }

        /// Reads a body as what `wrap` makes of the event, so that it is moved no more often than it must be. `bad` is told
        /// why it does not read; nothing where there is no such type or version.
        #[inline]
        pub(crate) fn get<T, E>(
            (tag, version): (u16, u8),
            body: &[u8],
            texts: &mut $crate::codec::Interner,
            wrap: impl FnOnce($event) -> T,
            bad: impl FnOnce(Option<$crate::codec::BadBody>) -> E,
        ) -> Result<T, E> {
            match tag {
                $($tag if (1..=newest::$name - first::$name + 1).contains(&version) => {
                    let version = version + first::$name - 1;
                    let from = &mut $crate::codec::Reader::new(body, texts, version, first::$name);
                    #[allow(unused_variables, reason = "some have no fields")]
                    let read = |from: &mut $crate::codec::Reader<'_, '_>| -> $crate::codec::Get<$event> {
                        Ok(fields!(get_fields [from] [$event::$name] $(($body))? $({ $($fields)* })?))
                    };
                    match read(from) {
                        Ok(event) if from.is_done() => Ok(wrap(event)),
                        read => Err(bad(Some(from.why(read.err())))),
                    }
                })*
                _ => Err(bad(None)),
            }
        }

        /// Hands over each text of an event that a store may seal.
        #[allow(unused_variables, reason = "some have no texts")]
        pub(crate) fn texts(event: &mut $event, each: &mut dyn FnMut($crate::codec::Personal<'_>)) {
            match event {
                $($event::$name { .. } => fields!(texts_of [event each $event [$event::$name]] [$event::$name] $(($body))? $({ $($fields)* })?),)*
            }
        }

        /// Writes the members of its JSON.
        pub(crate) fn show(event: &$event, to: &mut $crate::json::write::JsonWriter<'_>) {
            match event {
                $($event::$name { .. } => fields!(show_fields [event to] [$event::$name] $(($body))? $({ $($fields)* })?),)*
            }
        }

        pub(crate) fn any(dice: &mut $crate::codec::Dice<'_>) -> $event {
            const COUNT: usize = TYPES.len();
            #[allow(unused_assignments)]
            let mut left = dice.below(COUNT);
            $(
                if left == 0 {
                    return fields!(any_fields [dice] [$event::$name] $(($body))? $({ $($fields)* })?);
                }
                left = left.wrapping_sub(1);
            )*
            unreachable!("{left} is below their count")
        }

        #[allow(clippy::vec_init_then_push, reason = "how many fields follow is known to the rows")]
        pub(crate) fn docs() -> Vec<$crate::codec::EventDoc> {
            let events = [$((first::$name, fields!(list_fields [$event] [$event::$name] $(($body))? $({ $($fields)* })?))),*];
            let docs = TYPES.iter().zip(events).map(|(event_type, (first, fields))| $crate::codec::EventDoc {
                event_type: *event_type,
                fields: fields.into_iter().map(|field| field.counted_from(first)).collect(),
            });
            docs.collect()
        }
    };
}
