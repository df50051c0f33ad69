//! The table of commands.

use super::capability::Capability;
use super::door::{Body, Http, Method, Parts, Row};
use crate::json::body::BodyError;
use crate::json::request::*;
use crate::json::wire::{Wire, names};
use crate::stored::digest::form::{Form, put};
use domain::command::{
    AccessCommand, Command, DrawerCommand, MenuCommand, OrderCommand, PaymentCommand, ProviderCommand, StockCommand,
    StoreCommand, TerminalCommand, TicketCommand,
};

/// What a command of a batch is, as it stands in a body.
pub type CommandKindJson = Wire<CommandKind>;

/// What is known of a command by what it is, whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Its code, which its digest covers and which is never reused.
    pub code: u16,
    /// What it is called in logs and metrics, and in what is kept of one that was turned away.
    pub name: &'static str,
    /// What it takes to send it.
    pub capability: Capability,
}

/// A row says all that is known of a command:
///
/// ```text
/// order {
///     /// Changes a line's quantity.
///     ChangeLineQty { line: 16, qty: 17 } = 0x0503 "ChangeLineQty" TakeOrders
///         http PATCH 200 "/v1/stores/{store}/orders/{order}/lines/{line}" orders change_line
///         batch ChangeLine "order.change_line"
///         by order(line; body: ChangeLine) => body.parse(line);
/// }
/// ```
///
/// The group says whose the command is ([`at`]). `OrderCommand::ChangeLineQty` has two fields, which the digest covers under
/// the tags 16 and 17; `flat` is a record with tags of its own, and `_` is not covered (`digest/records.rs`). Its code is
/// 0x0503, logs call it "ChangeLineQty", and it takes [`Capability::TakeOrders`] to send it. Engine's commands end here.
///
/// Over HTTP it is sent by `PATCH` to a path, and answered by 200; the OpenAPI document calls it `change_line`, under the tag
/// `orders`, and says what the doc comment says (behind `about`: what the path's last parameter is). In a batch it is
/// [`CommandKind::ChangeLine`], "order.change_line".
///
/// Both doors make it by [`order`] of the line they name and a body that is read as a `ChangeLine`: the path and the batch
/// name `store`, `order` and `line` ([`Targets`](super::Targets)). `large` behind the body allows 256 KiB of it instead of
/// 64. `empty` is a body without fields; without a body none is read over HTTP.
///
/// The rows become the enum [`CommandKind`], the list [`ROWS`], and two matches over [`Command`]:
///
/// ```text
/// pub const fn facts(command: &Command) -> Facts {
///     match command {
///         Command::Store(_, StoreCommand::Order(_, OrderCommand::ChangeLineQty { line, qty })) => {
///             Facts { code: 0x0503, name: "ChangeLineQty", capability: Capability::TakeOrders }
///         }
///         ..
///     }
/// }
///
/// pub(crate) fn put_body(command: &Command, form: &mut Form<'_>) {
///     match command {
///         Command::Store(_, StoreCommand::Order(_, OrderCommand::ChangeLineQty { line, qty })) => {
///             put!(form, line: 16);
///             put!(form, qty: 17);
///         }
///         ..
///     }
/// }
/// ```
///
/// so a command that the domain gets and this table does not have does not compile.
macro_rules! commands {
    ($($group:ident {$(
        $(#[doc = $doc:literal])*
        $variant:ident $(($($item:ident: $item_tag:tt),*))? $({ $($field:ident: $field_tag:tt),* })?
            = $code:literal $name:literal $capability:ident
            $(http $method:ident $status:literal $path:literal $tag:ident $operation:ident $(about $about:literal)?)?
            $(batch $kind:ident $batch:literal)?
            $(by $to:ident($($target:ident),* $(; $($body:tt)*)?) => $make:expr)?;
    )*})*) => {
        /// Every command.
        pub static ROWS: &[Row] = &[$($(
            Row {
                name: $name,
                capability: Capability::$capability,
                doc: &[$($doc),*],
                http: option!($(Http {
                    method: Method::$method,
                    path: $path,
                    status: $status,
                    tag: stringify!($tag),
                    operation_id: stringify!($operation),
                    about: option!($($about)?),
                })?),
                body: body!($($($($body)*)?)?),
                batch: option!($($batch)?),
                make: option!($(|of| $to(of, |of| make!(of, ($($target)*) ($($($body)*)?) $make)))?),
            },
        )*)*];

        /// What is known of a command by what it is.
        #[expect(unused_variables, reason = "a row names the fields for the digest")]
        pub const fn facts(command: &Command) -> Facts {
            match command {$($(
                at!($group $variant $(($($item),*))? $({ $($field),* })?) => {
                    Facts { code: $code, name: $name, capability: Capability::$capability }
                }
            )*)*}
        }

        /// Writes what a command says into its digest.
        pub(crate) fn put_body(command: &Command, form: &mut Form<'_>) {
            match command {$($(
                at!($group $variant $(($($item),*))? $({ $($field),* })?) => {
                    $($(put!(form, $item: $item_tag);)*)?
                    $($(put!(form, $field: $field_tag);)*)?
                }
            )*)*}
        }

        /// What a command of a batch is. The engine's own commands are not among them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum CommandKind {$($($(
            #[doc = $batch]
            $kind,
        )?)*)*}

        names! {
            CommandKind, "What a command of a batch is." { $($($($kind = $batch,)?)*)* }
        }
    };
}

/// The commands of a group, as patterns.
macro_rules! at {
    (menu $($command:tt)*) => { Command::Menu(MenuCommand::$($command)*) };
    (access $($command:tt)*) => { Command::Access(AccessCommand::$($command)*) };
    (store $($command:tt)*) => { Command::Store(_, StoreCommand::$($command)*) };
    (stock $($command:tt)*) => { at!(store Stock(StockCommand::$($command)*)) };
    (order $($command:tt)*) => { at!(store Order(_, OrderCommand::$($command)*)) };
    (payment $($command:tt)*) => { at!(store Payment(_, PaymentCommand::$($command)*)) };
    (provider $($command:tt)*) => { at!(payment Provider(ProviderCommand::$($command)*)) };
    (drawer $($command:tt)*) => { at!(store Drawer(_, DrawerCommand::$($command)*)) };
    (ticket $($command:tt)*) => { at!(store Ticket(_, TicketCommand::$($command)*)) };
    (terminal $($command:tt)*) => { at!(store Terminal(_, TerminalCommand::$($command)*)) };
}

macro_rules! option {
    () => { None };
    ($($value:tt)*) => { Some($($value)*) };
}

macro_rules! body {
    () => { None };
    (empty) => { body!(body: NoFields) };
    ($body:ident: $kind:ty) => { Some(Body::of::<$kind>(64 << 10)) };
    ($body:ident: $kind:ty, large) => { Some(Body::of::<$kind>(256 << 10)) };
}

/// Takes the targets, and reads the body where there is one.
macro_rules! make {
    ($of:ident, ($($target:ident)*) ($body:ident: $kind:ty $(, large)?) $make:expr) => {{
        $(let $target = $of.$target()?;)*
        $of.body(|$body: $kind| $make)
    }};
    ($of:ident, ($($target:ident)*) ($(empty)?) $make:expr) => {{
        $of.empty()?;
        $(let $target = $of.$target()?;)*
        $make
    }};
}

type Made<T> = Result<T, BodyError>;

fn menu(of: &mut Parts<'_>, make: impl FnOnce(&mut Parts<'_>) -> Made<MenuCommand>) -> Made<Command> {
    make(of).map(Command::Menu)
}

fn access(of: &mut Parts<'_>, make: impl FnOnce(&mut Parts<'_>) -> Made<AccessCommand>) -> Made<Command> {
    make(of).map(Command::Access)
}

fn store(of: &mut Parts<'_>, make: impl FnOnce(&mut Parts<'_>) -> Made<StoreCommand>) -> Made<Command> {
    let store = of.named_store()?;
    Ok(Command::Store(store, make(of)?))
}

fn stock(of: &mut Parts<'_>, make: impl FnOnce(&mut Parts<'_>) -> Made<StockCommand>) -> Made<Command> {
    store(of, |of| make(of).map(StoreCommand::Stock))
}

fn order(of: &mut Parts<'_>, make: impl FnOnce(&mut Parts<'_>) -> Made<OrderCommand>) -> Made<Command> {
    store(of, |of| Ok(StoreCommand::Order(of.order()?, make(of)?)))
}

fn payment(of: &mut Parts<'_>, make: impl FnOnce(&mut Parts<'_>) -> Made<PaymentCommand>) -> Made<Command> {
    store(of, |of| Ok(StoreCommand::Payment(of.payment()?, make(of)?)))
}

fn drawer(of: &mut Parts<'_>, make: impl FnOnce(&mut Parts<'_>) -> Made<DrawerCommand>) -> Made<Command> {
    store(of, |of| Ok(StoreCommand::Drawer(of.drawer()?, make(of)?)))
}

fn ticket(of: &mut Parts<'_>, make: impl FnOnce(&mut Parts<'_>) -> Made<TicketCommand>) -> Made<Command> {
    store(of, |of| Ok(StoreCommand::Ticket(of.ticket()?, make(of)?)))
}

commands! {
    menu {
        /// Creates or changes an item in the draft of the menu.
        UpsertItem(item: flat) = 0x0101 "UpsertItem" ManageMenu
            http PUT 200 "/v1/menu/items/{item}" menu put_item
            batch PutItem "menu.put_item"
            by menu(item; body: PutItem) => body.command(item);
        UnlinkItem { item: flat, links: 28 } = 0x0110 "UnlinkItem" ManageMenu;
        /// Changes what is named of an item in the draft of the menu, such as its price alone; all else stays as it is.
        ChangeItem(change: flat) = 0x0111 "ChangeItem" ManageMenu
            http PATCH 200 "/v1/menu/items/{item}" menu change_item
            batch ChangeItem "menu.change_item"
            by menu(item; body: ChangeItem) => body.parse(item).map(MenuCommand::ChangeItem);
        /// Takes an item off the draft of the menu.
        RetireItem(item: 16) = 0x0102 "RetireItem" ManageMenu
            http DELETE 200 "/v1/menu/items/{item}" menu retire_item
            batch RetireItem "menu.retire_item"
            by menu(item) => Ok(MenuCommand::RetireItem(item));
        /// Creates or changes a modifier group in the draft of the menu.
        UpsertModifierGroup(group: flat) = 0x0103 "UpsertModifierGroup" ManageMenu
            http PUT 200 "/v1/menu/modifier-groups/{group}" menu put_group
            batch PutModifierGroup "menu.put_modifier_group"
            by menu(group; body: PutModifierGroup, large) => body.parse(group).map(MenuCommand::UpsertModifierGroup);
        /// Changes what is named of a modifier group in the draft of the menu; all else stays as it is.
        ChangeModifierGroup(change: flat) = 0x0112 "ChangeModifierGroup" ManageMenu
            http PATCH 200 "/v1/menu/modifier-groups/{group}" menu change_group
            batch ChangeModifierGroup "menu.change_modifier_group"
            by menu(group; body: ChangeModifierGroup, large) => body.parse(group).map(MenuCommand::ChangeModifierGroup);
        /// Creates or changes a tax in the draft of the menu.
        UpsertTax(tax: flat) = 0x0104 "UpsertTax" ManageMenu
            http PUT 200 "/v1/menu/taxes/{tax}" menu put_tax
            batch PutTax "menu.put_tax"
            by menu(tax; body: PutTax) => body.parse(tax).map(MenuCommand::UpsertTax);
        /// Changes what is named of a tax in the draft of the menu; all else stays as it is.
        ChangeTax { tax: 16, name: 17, rate: 18 } = 0x0113 "ChangeTax" ManageMenu
            http PATCH 200 "/v1/menu/taxes/{tax}" menu change_tax
            batch ChangeTax "menu.change_tax"
            by menu(tax; body: ChangeTax) => body.parse(tax);
        /// Creates or changes a daypart in the draft of the menu.
        UpsertDaypart(daypart: flat) = 0x0106 "UpsertDaypart" ManageMenu
            http PUT 200 "/v1/menu/dayparts/{daypart}" menu put_daypart
            batch PutDaypart "menu.put_daypart"
            by menu(daypart; body: PutDaypart) => body.parse(daypart).map(MenuCommand::UpsertDaypart);
        /// Makes the draft the next version of the menu; every store adopts it.
        Publish = 0x0105 "PublishMenu" ManageMenu
            http POST 200 "/v1/menu/publish" menu publish
            batch PublishMenu "menu.publish"
            by menu(; empty) => Ok(MenuCommand::Publish);
    }
    access {
        IssueToken(new: flat) = 0x0201 "IssueToken" ManageTokens;
        RevokeToken { token: 16, issued: 17 } = 0x0202 "RevokeToken" ManageTokens;
        AddDevice(new: flat) = 0x0204 "AddDevice" ManageDevices;
        EnrolDevice { device: 16, code_sha256: 17, token: _, secret_sha256: _ } = 0x0205 "EnrolDevice" ManageDevices;
        /// Takes a device out: its token stops at once, and the sessions on it, and nobody speaks as its terminal any more. A terminal
        /// that was made by mistake is gone with it.
        RemoveDevice { device: 16, within: _ } = 0x0206 "RemoveDevice" ManageDevices
            http DELETE 200 "/v1/devices/{device}" devices remove_device
            by access(device) => Ok(AccessCommand::RemoveDevice { device, within: None });
        /// Says what a member of staff may approve. A token acts as the member whose id it has.
        PutStaff { staff: 16, rights: 17, discount_limit: 18 } = 0x0203 "PutStaff" ManageStaff
            http PUT 200 "/v1/staff/{staff}" staff put_staff
            by access(staff; body: PutStaff) => body.parse(staff);
        RecordActivity(activities: _) = 0x0280 "RecordActivity" ManageTokens;
        // Nothing that is made of a PIN is kept but what Argon2id makes.
        SetPin { staff: 16, salt: _, argon2id: _, by: _ } = 0x0207 "SetPin" ManageStaff;
        /// Takes a member of staff out: no rights, no PIN, and their sessions end at once.
        RemoveStaff { staff: 16 } = 0x0208 "RemoveStaff" ManageStaff
            http DELETE 200 "/v1/staff/{staff}" staff remove_staff
            by access(staff) => Ok(AccessCommand::RemoveStaff { staff });
        EraseTexts { customer: 16, store: 17, order: 18 } = 0x020b "EraseTexts" EraseTexts;
        ShowPin { staff: 16, device: 17, argon2id: _, is_right: _ } = 0x020a "ShowPin" ReadStores;
        OpenSession(new: _) = 0x0209 "OpenSession" ReadStores;
    }
    store {
        /// Creates a store or changes its settings.
        Put(settings: flat) = 0x0301 "PutStore" ManageStores
            http PUT 200 "/v1/stores/{store}" stores put_store
            batch PutStore "store.put"
            by store(named_store; body: PutStore) => body.of(named_store).map(StoreCommand::Put);
        AdoptMenu { version: 16 } = 0x0401 "AdoptMenu" ManageMenu;
        /// Sets a store's own price of an item, or ends it with `"price": null`.
        SetPrice { item: 16, variation: 17, price: 18 } = 0x0402 "SetStorePrice" ManageMenu
            http PUT 200 "/v1/stores/{store}/prices/{item}" menu set_price
            batch SetPrice "store.set_price"
            by store(item; body: SetPrice) => body.parse(item);
        /// Starts or stops selling an item in a store.
        SetAvailability { item: 16, available: 17 } = 0x0403 "SetStoreAvailability" ManageMenu
            http PUT 200 "/v1/stores/{store}/availability/{item}" menu set_availability
            batch SetAvailability "store.set_availability"
            by store(item; body: SetAvailability) => body.parse(item);
    }
    order {
        /// Opens an order; with `lines` and `"place": true` it is opened, priced, reserved and placed in one commit, and with `pay` it is paid in it
        /// too (cash, or money that was captured outside), and completed where nothing is left to prepare.
        Open(order: flat) = 0x0501 "OpenOrder" TakeOrders
            http POST 201 "/v1/stores/{store}/orders" orders open
            batch OpenOrder "order.open"
            by store(; body: OpenOrder, large) => body.parse().map(|(order, new)| StoreCommand::Order(order, OrderCommand::Open(new)));
        /// Adds a line, or several under `lines`.
        AddLines(lines: 16) = 0x0502 "AddLines" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/lines" orders add_lines
            batch AddLines "order.add_lines"
            by order(; body: AddLines, large) => body.parse();
        /// Changes a line: its quantity, its price, or, while the kitchen has nothing of it, what is said of it.
        ChangeLineQty { line: 16, qty: 17 } = 0x0503 "ChangeLineQty" TakeOrders
            http PATCH 200 "/v1/stores/{store}/orders/{order}/lines/{line}" orders change_line
            batch ChangeLine "order.change_line"
            by order(line; body: ChangeLine) => body.parse(line);
        ChangeLine(change: flat) = 0x0580 "ChangeLine" TakeOrders;
        /// Removes a line, the last one too: of a placed order nothing is left then to pay for.
        RemoveLine(line: 16) = 0x0504 "RemoveLine" TakeOrders
            http DELETE 200 "/v1/stores/{store}/orders/{order}/lines/{line}" orders remove_line
            batch RemoveLine "order.remove_line"
            by order(line) => Ok(OrderCommand::RemoveLine(line));
        /// Applies a discount.
        ApplyDiscount(discount: 16) = 0x0505 "ApplyDiscount" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/discounts" orders apply_discount
            batch ApplyDiscount "order.apply_discount"
            by order(; body: Discount) => body.parse().map(OrderCommand::ApplyDiscount);
        /// Removes a discount or a comp.
        RemoveDiscount(discount: 16) = 0x0506 "RemoveDiscount" TakeOrders
            http DELETE 200 "/v1/stores/{store}/orders/{order}/discounts/{discount}" orders remove_discount
            batch RemoveDiscount "order.remove_discount"
            by order(discount) => Ok(OrderCommand::RemoveDiscount(discount));
        /// Applies a service charge.
        ApplyServiceCharge(charge: 16) = 0x0507 "ApplyServiceCharge" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/service-charges" orders apply_charge
            batch ApplyServiceCharge "order.apply_service_charge"
            by order(; body: ServiceCharge) => body.parse().map(OrderCommand::ApplyServiceCharge);
        /// Removes a service charge.
        RemoveServiceCharge(charge: 16) = 0x0508 "RemoveServiceCharge" TakeOrders
            http DELETE 200 "/v1/stores/{store}/orders/{order}/service-charges/{charge}" orders remove_charge
            batch RemoveServiceCharge "order.remove_service_charge"
            by order(charge) => Ok(OrderCommand::RemoveServiceCharge(charge));
        /// Places an order: recognises the sale and reserves its stock, all of it or nothing.
        Place(place: 16) = 0x0509 "PlaceOrder" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/place" orders place
            batch PlaceOrder "order.place"
            by order(; body: Place) => Ok(OrderCommand::Place(body.parse()));
        /// Cancels an order and gives its stock back.
        Cancel { reason: flat } = 0x050a "CancelOrder" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/cancel" orders cancel
            batch CancelOrder "order.cancel"
            by order(; body: Cancel) => Ok(body.parse());
        /// Settles an order with nothing due; settling a settled one changes nothing. An order that is paid later is settled by
        /// the payment that leaves nothing due, and by this: as long as nobody pays or says so it stays open, also where it comes
        /// to nothing.
        Complete = 0x050b "CompleteOrder" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/complete" orders complete
            batch CompleteOrder "order.complete"
            by order(; empty) => Ok(OrderCommand::Complete);
        TimeOut { deadline: 16 } = 0x050c "TimeOutOrder" ManageTokens;
        /// Keeps the new units of lines from the kitchen until somebody names the lines or their course.
        HoldLines(lines: 16) = 0x050d "HoldLines" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/hold" kitchen hold
            batch HoldLines "order.hold"
            by order(; body: HoldLines) => body.parse();
        /// Sends lines to the kitchen, on one ticket for each station; their stock leaves the shelf.
        FireLines(what: flat) = 0x050e "FireLines" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/fire" kitchen fire
            batch FireLines "order.fire"
            by order(; body: FireLines) => body.parse();
        /// Moves lines, or parts of them, to a check, or shares all of them equally. Checks add up to their order to the minor unit.
        SplitCheck { to: 16, moves: 17 } = 0x0550 "SplitCheck" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/split" floor split
            batch SplitCheck "order.split"
            by order(; body: SplitCheck) => body.parse();
        SplitEvenly(checks: 16) = 0x0551 "SplitEvenly" TakeOrders;
        /// Moves all an unpaid order has into another one, with what the kitchen has of it; what the two come to stays the same. One that was
        /// not placed yet may go into a placed one, which takes its lines as it takes additions; not the other way around.
        MergeInto(target: 16) = 0x0552 "MergeInto" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/merge" floor merge about "The order that goes into another one"
            batch MergeInto "order.merge"
            by order(; body: MergeInto) => Ok(body.parse());
        /// Gives money back over the payments of an order, each at most what is left of it: an amount, lines, or all that is left. A line goes
        /// to the payers of its own checks. Cash is given back at once; other tenders wait for an outcome under the same id.
        Refund { refund: flat, payments: 25 } = 0x0554 "RefundOrder" Refund
            http POST 201 "/v1/stores/{store}/orders/{order}/refunds" orders refund
            batch RefundOrder "order.refund"
            by order(; body: RefundOrder) => body.parse();
        /// Says that what is ready reached the guest; a paid order of which everything was served is settled.
        MarkServed(lines: 16) = 0x050f "MarkServed" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/serve" kitchen serve
            batch MarkServed "order.serve"
            by order(; body: MarkServed) => body.parse();
        /// Takes units off a placed order: new ones first, then what the kitchen has. It may take an approval: of who may cancel, and of who may void what
        /// was fired.
        VoidLine { line: 16, qty: 17, reason: 18, wasted: 19 } = 0x0510 "VoidLine" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/void-line" kitchen void_line
            batch VoidLine "order.void_line"
            by order(; body: VoidLine) => body.parse();
        /// Gives lines away: a discount of all that is left of them, told apart in the sales; it may take an approval.
        CompLines(comp: flat) = 0x0511 "CompLines" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/comps" orders comp
            batch CompLines "order.comp"
            by order(; body: Comp) => body.parse();
        /// Moves an order to a table; its kitchen tickets go with it.
        SetTable(table: 16) = 0x0512 "SetTable" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/table" orders set_table
            batch SetTable "order.set_table"
            by order(; body: SetTable) => Ok(body.parse());
        /// Says who serves an order from now on.
        AssignServer(staff: 16) = 0x0513 "AssignServer" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/server" orders assign_server
            batch AssignServer "order.assign_server"
            by order(; body: AssignServer) => Ok(body.parse());
        /// Says how many guests an order is for.
        SetGuests(guests: 16) = 0x0514 "SetGuests" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/guests" orders set_guests
            batch SetGuests "order.set_guests"
            by order(; body: SetGuests) => Ok(OrderCommand::SetGuests(body.guests));
        /// Records that a bill or a receipt is printed, or printed again: the day counts them, reprints apart. A receipt is for what was paid; it
        /// can be printed after the order is settled.
        Print { document: 16, check: 17 } = 0x0590 "PrintDocument" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/print" orders print
            batch PrintDocument "order.print"
            by order(; body: PrintDocument) => Ok(body.parse());
        /// Says how the guest eats from now on. Taxes follow, by the menu each line was sold from; prices do not.
        SetDiningMode(dining_mode: 16) = 0x0582 "SetDiningMode" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/dining-mode" orders set_dining_mode
            batch SetDiningMode "order.set_dining_mode"
            by order(; body: SetDiningMode) => Ok(OrderCommand::SetDiningMode(body.dining_mode.0));
        /// Makes an order free of tax: none comes on top, and what is inside the prices is taken off them. It may take an approval.
        ExemptFromTax { reason: 16 } = 0x0583 "ExemptFromTax" TakeOrders
            http POST 200 "/v1/stores/{store}/orders/{order}/tax-exempt" orders exempt_from_tax
            batch ExemptFromTax "order.exempt_from_tax"
            by order(; body: TaxExempt) => Ok(OrderCommand::ExemptFromTax { reason: body.reason.0.0 });
        /// Taxes an order like any other again.
        EndTaxExemption = 0x0584 "EndTaxExemption" TakeOrders
            http DELETE 200 "/v1/stores/{store}/orders/{order}/tax-exempt" orders end_tax_exemption
            batch EndTaxExemption "order.end_tax_exemption"
            by order() => Ok(OrderCommand::EndTaxExemption);
    }
    ticket {
        /// Says that somebody began with a ticket.
        Start = 0x0801 "StartTicket" WorkTickets
            http POST 200 "/v1/stores/{store}/tickets/{ticket}/start" kitchen start
            batch StartTicket "ticket.start"
            by ticket(; empty) => Ok(TicketCommand::Start);
        MarkLineReady(line: 16) = 0x0802 "MarkLineReady" WorkTickets
            batch MarkLineReady "ticket.ready"
            by ticket(line) => Ok(TicketCommand::MarkLineReady(line));
        /// Takes a ticket off the board; what is left of it is ready.
        Bump = 0x0803 "BumpTicket" WorkTickets
            http POST 200 "/v1/stores/{store}/tickets/{ticket}/bump" kitchen bump
            batch BumpTicket "ticket.bump"
            by ticket(; empty) => Ok(TicketCommand::Bump);
        /// Brings a ticket back to the board; what was not served yet is prepared again.
        Recall = 0x0804 "RecallTicket" WorkTickets
            http POST 200 "/v1/stores/{store}/tickets/{ticket}/recall" kitchen recall
            batch RecallTicket "ticket.recall"
            by ticket(; empty) => Ok(TicketCommand::Recall);
    }
    payment {
        /// Starts a payment; cash is captured at once, with its change in the answer.
        Initiate { order: 16, amount: 17, tip: 18, method: flat, expected_total: 21, check: 24 } = 0x0601 "InitiatePayment" TakePayments
            http POST 201 "/v1/stores/{store}/orders/{order}/payments" payments initiate
            batch InitiatePayment "payment.initiate"
            by store(named_order; body: InitiatePayment) => body.parse(named_order).map(|(payment, command)| StoreCommand::Payment(payment, command));
        /// Says what became of a payment outside the drawer: captured or failed.
        RecordOutcome(outcome: flat) = 0x0602 "RecordPaymentOutcome" TakePayments
            http POST 200 "/v1/stores/{store}/payments/{payment}/outcome" payments outcome
            batch RecordOutcome "payment.record_outcome"
            by payment(; body: Outcome) => body.parse().map(PaymentCommand::RecordOutcome);
        Expire { deadline: 16 } = 0x0603 "ExpirePayment" ManageTokens;
        /// Gives captured money back: whole, in part, or by line. Cash is given back at once; other tenders wait for an outcome.
        RequestRefund(refund: flat) = 0x0604 "RequestRefund" Refund
            http POST 201 "/v1/stores/{store}/payments/{payment}/refunds" payments refund
            batch RequestRefund "payment.request_refund"
            by payment(; body: RequestRefund) => body.parse();
        /// Says what became of a refund that was asked for: succeeded or failed. Cash that its order could not take is handed back by it.
        RecordRefundOutcome { refund: 16, outcome: flat } = 0x0605 "RecordRefundOutcome" TakePayments
            http POST 200 "/v1/stores/{store}/payments/{payment}/refunds/{refund}/outcome" payments refund_outcome
            batch RecordRefundOutcome "payment.record_refund_outcome"
            by payment(refund; body: RefundOutcome) => body.parse(refund);
        /// Decides about a flag on a payment. Nothing that happened is changed: the answer's `PaymentReviewed` names the flag, and what
        /// follows comes behind it.
        ///
        /// Where another amount moved, or the provider names another payment of its own, `accept` counts what moved towards the order (what
        /// is more than is due goes back) and `refund` gives all of it back, or lets go of what was only set aside. `dismiss` ends the attempt:
        /// nothing moved, or it was settled where the money is. What is in another currency can only be dismissed. Where a refund is in doubt,
        /// `accept` says that the money went back and books it, `dismiss` that it did not. What the engine has dealt with itself
        /// (`late_capture`, `not_applicable`) is dismissed once somebody has seen it.
        Review(review: flat) = 0x0628 "ReviewPayment" Review
            http POST 200 "/v1/stores/{store}/payments/{payment}/review" payments review
            by payment(; body: ReviewPayment) => body.parse();
    }
    provider {
        Record { account: 16, message: flat } = 0x0610 "RecordProviderEvent" ManageTokens;
        /// Asks the provider for the money that it has set aside, with the tip as it is now.
        Capture = 0x0611 "CapturePayment" TakePayments
            http POST 200 "/v1/stores/{store}/payments/{payment}/capture" payments capture
            batch CapturePayment "payment.capture"
            by payment() => Ok(PaymentCommand::Provider(ProviderCommand::Capture));
        /// Has the provider let go of what it has set aside; of captured money it gives all back.
        Void { reason: 16 } = 0x0612 "VoidPayment" Refund
            http POST 200 "/v1/stores/{store}/payments/{payment}/void" payments void
            batch VoidPayment "payment.void"
            by payment(; body: VoidPayment) => Ok(body.parse());
        /// Changes the tip of an authorised payment, before the provider is asked for the money.
        AdjustTip { tip: 16 } = 0x0613 "AdjustTip" TakePayments
            http POST 200 "/v1/stores/{store}/payments/{payment}/tip" payments tip
            batch AdjustTip "payment.adjust_tip"
            by payment(; body: AdjustTip) => body.parse();
    }
    stock {
        /// Says whether a stock item is counted.
        SetPolicy { sku: 16, policy: flat } = 0x0701 "SetStockPolicy" ManageStock
            http POST 200 "/v1/stores/{store}/stock/policy" stock policy
            batch SetStockPolicy "stock.set_policy"
            by stock(; body: SetStockPolicy) => body.parse();
        /// Books units that came in.
        Receive { sku: 16, qty: 17, reference: 18 } = 0x0702 "ReceiveStock" ManageStock
            http POST 200 "/v1/stores/{store}/stock/receive" stock receive
            batch ReceiveStock "stock.receive"
            by stock(; body: ReceiveStock) => body.parse();
        /// Books what somebody counted on the shelf.
        Count { sku: 16, counted: 17 } = 0x0703 "CountStock" ManageStock
            http POST 200 "/v1/stores/{store}/stock/count" stock count
            batch CountStock "stock.count"
            by stock(; body: CountStock) => body.parse();
        /// Corrects the books.
        Adjust { sku: 16, delta: 17, reason: 18 } = 0x0704 "AdjustStock" ManageStock
            http POST 200 "/v1/stores/{store}/stock/adjust" stock adjust
            batch AdjustStock "stock.adjust"
            by stock(; body: AdjustStock) => body.parse();
        /// Books units thrown away.
        Waste { sku: 16, qty: 17, reason: 18 } = 0x0705 "WasteStock" ManageStock
            http POST 200 "/v1/stores/{store}/stock/waste" stock waste
            batch WasteStock "stock.waste"
            by stock(; body: WasteStock) => body.parse();
        /// Marks a stock item sold out ("86").
        Mark86 { sku: 16, until: 17 } = 0x0706 "MarkItem86" Mark86
            http POST 200 "/v1/stores/{store}/stock/86" stock mark_86
            batch Mark86 "stock.mark_86"
            by stock(; body: Mark86) => Ok(body.parse());
        /// Sells a stock item again.
        Unmark86(sku: 16) = 0x0707 "UnmarkItem86" Mark86
            http POST 200 "/v1/stores/{store}/stock/un86" stock unmark_86
            batch Unmark86 "stock.unmark_86"
            by stock(; body: Unmark86) => Ok(body.parse());
        EndMark86 { sku: 16, until: 17 } = 0x0708 "EndItemMark86" Mark86;
    }
    drawer {
        /// Begins a shift with what is in the drawer.
        OpenShift { float: 16, may_add: _ } = 0x0901 "OpenShift" RunDrawers
            http POST 201 "/v1/stores/{store}/drawers/{drawer}/open" drawers open
            batch OpenShift "drawer.open_shift"
            by drawer(; body: OpenShift) => body.parse();
        /// Puts cash in.
        PaidIn { amount: 16, reason: 17 } = 0x0902 "PaidIn" RunDrawers
            http POST 200 "/v1/stores/{store}/drawers/{drawer}/paid-in" drawers paid_in
            batch PaidIn "drawer.paid_in"
            by drawer(; body: MoveCash) => body.parse_in();
        /// Takes cash out; a store may ask for an approval.
        PaidOut { amount: 16, reason: 17 } = 0x0903 "PaidOut" RunDrawers
            http POST 200 "/v1/stores/{store}/drawers/{drawer}/paid-out" drawers paid_out
            batch PaidOut "drawer.paid_out"
            by drawer(; body: MoveCash) => body.parse_out();
        /// Records that the drawer was opened without a sale; a store may ask for an approval.
        NoSale { reason: 16 } = 0x0904 "NoSale" RunDrawers
            http POST 200 "/v1/stores/{store}/drawers/{drawer}/no-sale" drawers no_sale
            batch NoSale "drawer.no_sale"
            by drawer(; body: NoSale) => Ok(body.parse());
        /// Ends the shift with what was counted; the answer says what should have been there.
        CloseShift { counted: 16 } = 0x0905 "CloseShift" RunDrawers
            http POST 200 "/v1/stores/{store}/drawers/{drawer}/close" drawers close
            batch CloseShift "drawer.close_shift"
            by drawer(; body: CloseShift) => body.parse();
        /// Takes a drawer out that was made by mistake or is used no more; its shifts stay in the books. One of it has to be closed first,
        /// and a manager makes it anew by opening another.
        Remove = 0x0906 "RemoveDrawer" ManageStores
            http DELETE 200 "/v1/stores/{store}/drawers/{drawer}" drawers remove_drawer
            batch RemoveDrawer "drawer.remove"
            by drawer() => Ok(DrawerCommand::Remove);
    }
    store {
        /// Opens a business day: what is booked from here on counts for it until it is closed. A store that has opened or closed
        /// a day once need not open the others: each opens by itself with the first thing that is booked. Opening the one that is
        /// open changes nothing.
        OpenDay { date: 16 } = 0x0a01 "OpenDay" RunDays
            http POST 200 "/v1/stores/{store}/days/{date}/open" days open
            batch OpenDay "day.open"
            by store(date; empty) => Ok(StoreCommand::OpenDay { date });
        /// Closes a business day: the Z report is in the answer. Closing the last one again changes nothing. Orders that are not
        /// paid and payments without an outcome stay as they are and are listed; in a store that takes cash in shifts all of them
        /// have to be closed first.
        CloseDay { date: 16, chain: _ } = 0x0a02 "CloseDay" RunDays
            http POST 200 "/v1/stores/{store}/days/{date}/close" days close
            batch CloseDay "day.close"
            by store(date; empty) => Ok(StoreCommand::CloseDay { date, chain: None });
    }
    terminal {
        RecordRejected { noted: flat, digest: 23 } = 0x0b01 "RecordRejectedCommand" ManageTokens;
        Resolve { position: 40, note: 41, command: _ } = 0x0b10 "ResolveException" Review;
    }
}
