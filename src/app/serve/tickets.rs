//! Open callbacks and registered phones on their way into the store, one after the other: what was said last is what
//! is kept.

use crate::exchange::{Ban, Exchange, Flow, KeptPhone, Scope, Supervising};
use crate::io::clock::Clock;
use crate::io::store::{Author, Deed, Store, StoreError, StoredBan, StoredRegistration};
use crate::ivr::acd::CallbackTicket;
use crate::model::{CallId, Now, OperatorId};
use crate::voip::sip::Transport;
use jiff::Timestamp;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::sync::mpsc;

/// Changes that may wait for the store.
const WAITING: usize = 1_024;

/// What is to be written.
enum Change {
    Keep(Box<CallbackTicket>),
    Forget(CallId),
    Phones(OperatorId, Vec<StoredRegistration>),
    Ban(Box<StoredBan>),
    Audit(Author, Deed, String),
}

/// Writes tickets and phones beside the loop.
pub(super) struct Tickets(mpsc::Sender<Change>);

impl Tickets {
    /// Begins to write; ends when it is dropped and everything is written.
    pub fn start(store: Store) -> (Self, tokio::task::JoinHandle<()>) {
        let (sender, mut changes) = mpsc::channel(WAITING);
        let writing = tokio::spawn(async move {
            while let Some(change) = changes.recv().await {
                if let Err(error) = write(&store, change).await {
                    tracing::error!(%error, "a callback, a phone or a ban could not be written; a restart would forget it");
                }
            }
        });
        (Self(sender), writing)
    }

    /// Keeps a ticket in the place of an earlier state of it.
    pub fn keep(&self, ticket: Box<CallbackTicket>) {
        self.send(Change::Keep(ticket));
    }

    /// Forgets a ticket.
    pub fn forget(&self, ticket: CallId) {
        self.send(Change::Forget(ticket));
    }

    /// Keeps the phones of an operator in the place of all that were kept.
    pub fn keep_phones(&self, operator: OperatorId, phones: Vec<KeptPhone>) {
        let stored = |phone: KeptPhone| StoredRegistration {
            login: operator.clone(),
            contact: phone.contact,
            transport: phone.transport.name().to_ascii_lowercase(),
            source: phone.source,
            path: phone.path,
            priority: phone.priority,
            flow: phone.flow.map(|flow| (flow.instance, flow.number)),
            sip_call: phone.call_id,
            cseq: phone.cseq,
            expires_at: phone.until,
        };
        let phones = phones.into_iter().map(stored).collect();
        self.send(Change::Phones(operator, phones));
    }

    /// Keeps a ban that the server made, in the place of an earlier one of the same network. It is kept by the
    /// machine's clock, which is that of `hotline bans`.
    pub fn keep_ban(&self, ban: Ban, clock: Clock) {
        let stored = StoredBan {
            network: ban.network,
            everything: ban.scope == Scope::Everything,
            until: ban.until.map(|until| clock.on_machine(until)),
            by_hand: ban.by_hand,
            reason: ban.reason.into(),
            times: ban.times,
            by: the_server(clock.on_machine(clock.now().wall)),
        };
        self.send(Change::Ban(Box::new(stored)));
    }

    /// Puts into the audit that passwords from an address are not looked at for a while.
    pub fn logins_paused(&self, from: IpAddr, pause: Duration, clock: Clock) {
        let at = clock.on_machine(clock.now().wall);
        let detail = format!("{from}: too many wrong passwords, {} s", pause.as_secs());
        self.send(Change::Audit(the_server(at), Deed::LoginsPaused, detail));
    }

    /// Puts into the audit what a supervisor does in a conversation.
    pub fn supervised(
        &self,
        by: &OperatorId,
        (operator, call): (&OperatorId, CallId),
        does: Supervising,
        at: Timestamp,
    ) {
        let detail = format!("{operator}, call {call}: {}", does.name());
        self.send(Change::Audit(Author { who: by.as_str().to_owned(), at }, Deed::Supervised, detail));
    }

    fn send(&self, change: Change) {
        if self.0.try_send(change).is_err() {
            tracing::error!("the store is too slow: a callback, a phone or a ban was not written");
        }
    }
}

async fn write(store: &Store, change: Change) -> Result<(), StoreError> {
    match change {
        Change::Keep(ticket) => store.keep_ticket(&ticket).await,
        Change::Forget(ticket) => store.forget_ticket(ticket).await,
        Change::Phones(operator, phones) => store.replace_registrations(&operator, &phones).await,
        Change::Ban(ban) => store.keep_ban(&ban).await,
        Change::Audit(by, what, detail) => store.audit(&by, what, &detail).await,
    }
}

fn the_server(at: Timestamp) -> Author {
    Author { who: "hotline serve".into(), at }
}

/// Gives the exchange the phones that were registered when the server stopped; `local` says which address of ours a
/// phone reaches.
pub(super) fn restore_phones(
    exchange: &mut Exchange,
    now: Now,
    phones: Vec<StoredRegistration>,
    mut local: impl FnMut(IpAddr) -> SocketAddr,
) {
    for phone in phones {
        let local = local(phone.source.ip());
        let Some(transport) = Transport::from_name(&phone.transport) else { continue };
        let kept = KeptPhone {
            contact: phone.contact,
            transport,
            source: phone.source,
            path: phone.path,
            priority: phone.priority,
            flow: phone.flow.map(|(instance, number)| Flow { instance, number }),
            call_id: phone.sip_call,
            cseq: phone.cseq,
            until: phone.expires_at,
        };
        exchange.restore_phone(now, &phone.login, &kept, local);
    }
}
