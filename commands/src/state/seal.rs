//! Sealing what people write of guests: between the decision, which knows nothing of it, and the log. The state folds what is stored, so memory,
//! snapshots and read models hold sealed texts only.

use super::State;
use crate::envelope::Envelope;
use crate::keys::{is_pseudonym, pseudonym};
use domain::command::{Command, OrderCommand, StoreCommand};
use domain::event::{Event, OrderEvent, PaymentEvent, Request, TerminalEvent};
use domain::ids::{OrderId, PaymentId, Text};
use schemas::events::{Personal, texts};
use schemas::stored::KeyId;

impl State {
    /// Seals the texts of a decision, where its store is set so. What is sealed already, because it came from another order, stays as it is.
    pub(crate) fn seal(&self, envelope: &Envelope, events: &mut [Event]) {
        let (tenant, keys) = (envelope.tenant, &*self.keys);
        let Some(store_id) = envelope.aggregate().store else { return };
        let Some(resident) = self.resident(tenant, store_id) else { return };
        if !resident.store.settings().seals_texts {
            return;
        }
        let mut begun: Option<(PaymentId, OrderId)> = None;
        for event in events {
            let paid = |payment: PaymentId| match begun {
                Some((id, order)) if id == payment => Some(order),
                _ => resident.store.payment(payment).map(|payment| payment.order),
            };
            let (order, customer) = match event {
                Event::Order(order, OrderEvent::OrderOpened(opening)) => (Some(*order), opening.customer_ref),
                Event::Order(order, _) => (Some(*order), None),
                Event::Payment(payment, PaymentEvent::PaymentInitiated { order, .. }) => {
                    begun = Some((*payment, *order));
                    (Some(*order), None)
                }
                Event::Payment(payment, _) => (paid(*payment), None),
                Event::Terminal(_, TerminalEvent::LateCommandRecorded { noted, .. }) => {
                    let customer = match &envelope.command {
                        Command::Store(_, StoreCommand::Order(_, OrderCommand::Open(new))) => new.customer_ref,
                        _ => None,
                    };
                    (noted.order.or_else(|| noted.payment.and_then(paid)), customer)
                }
                _ => (None, None),
            };
            let Some(order) = order else { continue };
            if let Some(customer) = customer.filter(|customer| !is_pseudonym(*customer)) {
                keys.join((tenant, store_id, order), keys.of_customer(tenant, customer));
            }
            let mut made: Option<KeyId> = None;
            let mut sealed = |text: &str| {
                let id = *made.get_or_insert_with(|| keys.of_order(tenant, store_id, order));
                (id, keys.seal_text(tenant, &id, text).expect("the engine thread alone deletes keys"))
            };
            texts(event, &mut |personal| match personal {
                Personal::Text(text) if text.ciphertext().is_none() => {
                    *text = Text::sealed(&sealed(text.as_str()).1).expect("a ciphertext is letters, and short");
                }
                Personal::Request(request) if request.ciphertext().is_none() => {
                    let text = format!("{}{}", Text::SEALED, sealed(request.as_str()).1);
                    *request = Request::new(&text).expect("it was short enough");
                }
                Personal::Customer(customer) if !is_pseudonym(*customer) => {
                    *customer = pseudonym(&sealed("").0);
                }
                Personal::Text(_) | Personal::Request(_) | Personal::Customer(_) => {}
            });
        }
    }
}
