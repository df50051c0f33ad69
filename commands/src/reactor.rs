//! What payment providers are to be asked, found in the log.
//!
//! The engine only records that a provider is to be asked. Whoever asks (the gateway has the HTTP) tails the log with
//! [`outbox_entries`], keeps the requests that are pending in the [`Outbox`], and before each request looks at the payment's own stream with
//! [`outbox_status`]: what has its outcome is not asked any more. So a request goes out at least once, a rebuilt read model asks
//! nothing, and an outbox that was lost and starts at the first event asks only what is still open.

mod outbox;

pub use outbox::{OUTBOX_PARKED_MAX, Outbox, OutboxError, ParkedAt};

use crate::error::FoldError;
use crate::load::decode;
use domain::event::{Capture, Event, PaymentEffect};
use domain::ids::{AccountId, PaymentId, StoreId, TenantId, Text};
use domain::payment::{Payment, PaymentState};
use domain::refund::RefundState;
use domain::stream::Stream;
use eventlog::{Direction, LogReader, Position, ReadError, Revision, StoredBatch};
use schemas::provider::{Ask, PaymentRef};
use schemas::stored::{self, DecodeError, OutboxAction, OutboxEntry};

/// What an event says that concerns providers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "names and types say the rest")]
pub enum PaymentNotice {
    /// A provider is to be asked something, since this position.
    Requested(Position, OutboxEntry),
    /// Something happened to a payment that a provider takes, or may take.
    Changed { tenant: TenantId, store: StoreId, payment: PaymentId },
}

/// Whether a request is still to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxStatus {
    /// There is nothing to ask any more, or no provider to ask.
    Settled,
    /// It is to be asked.
    Open {
        /// Whose key the provider is asked with.
        account: AccountId,
        /// The provider's id of the payment, once it said so.
        reference: Option<Text>,
        /// What to ask; nothing where the provider first has to name the payment.
        ask: Option<Box<Ask>>,
        /// The attempt has ended: the provider is asked nothing new, only to let go.
        is_over: bool,
    },
}

/// Why the status of a request is not known.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say the rest")]
pub enum OutboxStatusError {
    /// The same call may be repeated.
    #[error("the log does not read")]
    Read(#[from] ReadError),
    #[error("an event of {stream} does not read")]
    Event { stream: String, source: DecodeError },
}

/// What a batch of the log says from `from` on.
///
/// # Errors
/// [`FoldError`] at the first event of a payment that does not read.
pub fn outbox_entries(
    batch: &StoredBatch,
    from: Position,
    mut see: impl FnMut(PaymentNotice),
) -> Result<(), FoldError> {
    for commit in batch.commits() {
        for event in commit.events().filter(|event| from <= event.position) {
            if !event.stream.starts_with("payment-") {
                continue;
            }
            let (Stream::Payment(tenant, store, payment), Event::Payment(_, fact)) = decode(&event)? else { continue };
            let request = |what| PaymentNotice::Requested(event.position, OutboxEntry { tenant, store, payment, what });
            match fact.effect() {
                PaymentEffect::Authorise => see(request(OutboxAction::Authorise)),
                PaymentEffect::Capture => see(request(OutboxAction::Capture)),
                PaymentEffect::Void => see(request(OutboxAction::Void)),
                PaymentEffect::Refund { refund, .. } => see(request(OutboxAction::Refund(refund))),
                PaymentEffect::Started
                | PaymentEffect::Ended
                | PaymentEffect::RefundEnded { .. }
                | PaymentEffect::None => {}
            }
            see(PaymentNotice::Changed { tenant, store, payment });
        }
    }
    Ok(())
}

/// Whether a request is still to be made now, by the payment's own stream. Blocks on the disk.
///
/// # Errors
/// [`OutboxStatusError`].
pub fn outbox_status(reader: &LogReader, entry: &OutboxEntry) -> Result<OutboxStatus, OutboxStatusError> {
    let stream = Stream::Payment(entry.tenant, entry.store, entry.payment);
    let events = reader.read_stream(&stream.to_string(), Revision(0), Direction::Forward, usize::MAX)?;
    let mut payment: Option<Payment> = None;
    for event in &events {
        let fact = stored::decode(&stream, &event.body)
            .map_err(|source| OutboxStatusError::Event { stream: stream.to_string(), source })?;
        let Event::Payment(_, fact) = fact else { continue };
        match &mut payment {
            None => payment = Some(Payment::initiate(&fact)),
            Some(payment) => payment.evolve(&fact),
        }
    }
    Ok(payment.map_or(OutboxStatus::Settled, |payment| status_of(entry, &payment)))
}

fn status_of(entry: &OutboxEntry, payment: &Payment) -> OutboxStatus {
    let Some(provider) = payment.provider.as_deref() else { return OutboxStatus::Settled };
    let (account, reference) = (provider.account, provider.reference.clone());
    let is_open = match (entry.what, payment.state) {
        // What is let go of must not be taken; what is only set aside can be let go of once the provider has named it.
        (OutboxAction::Authorise, PaymentState::Initiated) => {
            !provider.void_requested || provider.capture == Capture::Later
        }
        (OutboxAction::Capture, PaymentState::Authorised) => !provider.void_requested,
        (
            OutboxAction::Void,
            PaymentState::Initiated | PaymentState::Authorised | PaymentState::Failed | PaymentState::Expired,
        ) => true,
        (OutboxAction::Refund(refund), PaymentState::Captured) => {
            payment.refund(refund).is_some_and(|refund| refund.state == RefundState::Requested)
        }
        (OutboxAction::Authorise, _)
        | (OutboxAction::Capture, _)
        | (OutboxAction::Void, _)
        | (OutboxAction::Refund(_), _) => false,
    };
    if !is_open {
        return OutboxStatus::Settled;
    }
    let amount = payment.requested();
    let OutboxEntry { tenant, store, payment: id, .. } = *entry;
    let of = PaymentRef { tenant, store, payment: id };
    let currency = payment.currency;
    let ask = match (entry.what, reference.clone()) {
        (OutboxAction::Authorise, _) => Some(Ask::Authorise { of, amount, currency, capture: provider.capture }),
        (OutboxAction::Capture, Some(reference)) => Some(Ask::Capture { reference, amount, currency }),
        (OutboxAction::Void, Some(reference)) => Some(Ask::Void { reference }),
        // The provider may know of it although it never said so.
        (OutboxAction::Void, None) => Some(Ask::Find { of }),
        (OutboxAction::Refund(refund), Some(reference)) => {
            let amount = payment.refund(refund).map(|held| held.parts.sum());
            amount.map(|amount| Ask::Refund { reference, of, refund, amount, currency })
        }
        (OutboxAction::Capture | OutboxAction::Refund(_), None) => None,
    };
    let is_over = matches!(payment.state, PaymentState::Failed | PaymentState::Expired);
    OutboxStatus::Open { account, reference, ask: ask.map(Box::new), is_over }
}
