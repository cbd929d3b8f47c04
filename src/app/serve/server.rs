//! The loop: one input at a time to the exchange, its commands to the shells.

use super::addresses::Addresses;
use super::menu::NewMenu;
use super::menu_state::MenuState;
use super::news::News;
use super::pulse::{MediaPulse, Pulse};
use super::tickets::{self, Tickets};
use super::tide::Tide;
use super::transport_figures::TransportFigures;
use super::web::{Figures, Snapshot};
use super::wide::{Prepared, WidePrompts};
use crate::exchange::{Command, Exchange, TrunkView};
use crate::io::bank::{Bank, Cache};
use crate::io::clock::Clock;
use crate::io::dns::Resolver;
use crate::io::media::{MediaEngine, MediaOutput};
use crate::io::memory::Memory;
use crate::io::store::{Recorder, Store, StoredRegistration, VoiceMessage};
use crate::io::tcp::{CloseReason, TcpConnections, TcpEvent};
use crate::io::tls::Tls;
use crate::io::udp::{Received, UdpSockets};
use crate::ivr::menu::Name;
use crate::model::{BankAnswer, BankRequest, CallId, Instant, RequestId};
use crate::voip::media::{MediaCommand, RecordingId, StreamId};
use crate::voip::sip;
use crate::voip::sip::endpoint::Load;
use crate::voip::sip::locate::{self, Query};
use anyhow::{Context, Result};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{Receiver, Sender};

/// Inputs of one kind taken in a row before the others get their turn.
const BATCH: usize = 128;
/// New requests taken in a row before those of calls get their turn.
const BETWEEN: usize = 16;
/// Without anything to wait for, the figures are still brought up to date this often.
const IDLE: Duration = Duration::from_secs(1);
/// They are this old at most while something happens: counting everything after each message would cost more than it.
const FRESH: Duration = Duration::from_millis(50);

/// An answer of the bank on its way back.
pub(super) struct Answer {
    call: CallId,
    request: RequestId,
    outcome: BankAnswer,
}

/// Everything that comes in.
pub(super) struct Inputs {
    /// Datagrams of calls there are: taken before all others.
    pub calls: Receiver<Received>,
    pub udp: Receiver<Received>,
    pub tcp: Receiver<TcpEvent>,
    pub resolved: Receiver<(u64, locate::Answer)>,
    pub media: Receiver<MediaOutput>,
    pub answers: Receiver<Answer>,
    pub wide: Receiver<Prepared>,
    pub news: Receiver<News>,
    pub stops: Stops,
}

/// The exchange and the shells around it.
pub(super) struct Server {
    pub clock: Clock,
    pub exchange: Exchange,
    pub udp: UdpSockets,
    pub tcp: TcpConnections,
    pub resolver: Arc<Resolver>,
    pub resolved: Sender<(u64, locate::Answer)>,
    pub media: MediaEngine,
    pub bank: Arc<Cache>,
    pub recorder: Recorder,
    pub store: Store,
    pub tickets: Tickets,
    /// Phones that were registered when the server stopped; taken up once the accounts are there.
    pub phones: Vec<StoredRegistration>,
    pub addresses: Addresses,
    pub answers: Sender<Answer>,
    /// Messages being recorded: whose call and which mailbox.
    pub messages: HashMap<RecordingId, (CallId, Name)>,
    pub figures: Figures,
    pub menu: MenuState,
    /// Trunks as they were last looked at, and when.
    pub trunks: Arc<[TrunkView]>,
    pub trunks_seen: Option<Instant>,
    pub wide: WidePrompts,
    pub drain_limit: Duration,
    pub draining: bool,
    pub pulse: Pulse,
    pub media_pulse: MediaPulse,
    /// When the figures were told.
    pub told: Instant,
    pub memory: Memory,
    pub tide: Tide,
}

/// What woke the loop.
enum Input {
    Datagram(Received),
    Tcp(TcpEvent),
    Resolved(u64, locate::Answer),
    Media(MediaOutput),
    Answer(Answer),
    Wide(Prepared),
    News(News),
    Time,
    Stop,
}

/// The signals that end the server. They are caught before it says that it is ready: a stop right after is a stop.
pub(super) struct Stops {
    terminate: Signal,
    interrupt: Signal,
}

impl Stops {
    /// Catches them from now on.
    pub(super) fn catch() -> Result<Self> {
        let caught = |kind| signal(kind).context("signals cannot be received");
        Ok(Self { terminate: caught(SignalKind::terminate())?, interrupt: caught(SignalKind::interrupt())? })
    }
}

/// Reads the certificates anew at SIGHUP.
pub(super) fn reload_at_hangup(tls: &Arc<Tls>) -> Result<()> {
    let mut hangups = signal(SignalKind::hangup()).context("signals cannot be received")?;
    let tls = Arc::clone(tls);
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            if let Err(error) = tls.reload() {
                tracing::error!(%error, "the new certificates are not taken; the old ones go on");
            }
        }
    });
    Ok(())
}

impl Server {
    /// Serves until it is told to stop and the last call has ended, or told to stop twice.
    pub async fn run(mut self, mut inputs: Inputs) {
        // The accounts come first: no operator's phone is turned away while they are being read.
        if let Some(news) = inputs.news.recv().await {
            self.take(Input::News(news));
        }
        self.restore_phones();
        let mut is_told = false;
        loop {
            let due = self.exchange.poll_timeout();
            let longest = if is_told { IDLE } else { FRESH };
            let until = due.map_or(longest, |at| self.clock.until(at).min(longest));
            let until = tokio::time::sleep_until(tokio::time::Instant::from_std(
                self.clock.std_instant(self.clock.instant() + until),
            ));
            let input = tokio::select! {
                Some(received) = inputs.calls.recv() => Input::Datagram(received),
                Some(received) = inputs.udp.recv() => Input::Datagram(received),
                Some(event) = inputs.tcp.recv() => Input::Tcp(event),
                Some((query, answer)) = inputs.resolved.recv() => Input::Resolved(query, answer),
                Some(output) = inputs.media.recv() => Input::Media(output),
                Some(answer) = inputs.answers.recv() => Input::Answer(answer),
                Some(prepared) = inputs.wide.recv() => Input::Wide(prepared),
                Some(news) = inputs.news.recv() => Input::News(news),
                () = until => Input::Time,
                Some(()) = inputs.stops.terminate.recv() => Input::Stop,
                Some(()) = inputs.stops.interrupt.recv() => Input::Stop,
            };
            let began = self.clock.instant();
            let late = lateness(&input, began, due);
            let again = matches!(input, Input::Stop) && self.draining;
            self.take(input);
            self.take_waiting(&mut inputs);
            self.carry_out();
            self.look_at_trunks();
            if let Some(load) = self.pulse.turn(began, self.clock.instant(), late) {
                let media = self.media_pulse.late(self.clock.instant(), || self.media.wakes());
                self.exchange.handle_load(Load { media, ..load });
            }
            is_told = self.tell_figures();
            if again || (self.draining && self.exchange.is_quiet()) {
                return;
            }
        }
    }

    /// Brings the figures up to date, unless they were a moment ago. Whether they are.
    fn tell_figures(&mut self) -> bool {
        let now = self.clock.instant();
        if now.since(self.told) < FRESH {
            return false;
        }
        self.told = now;
        self.figures.set(self.snapshot());
        let (legs, transactions) = self.exchange.sip_tables();
        // Large messages leave as much behind as many do.
        let octets = self.exchange.sip_octets() + self.udp.waiting_octets();
        if self.tide.ebbs(now, legs + transactions + octets / 4_096) {
            let memory = self.memory;
            tokio::task::spawn_blocking(move || memory.give_back());
        }
        true
    }

    fn restore_phones(&mut self) {
        let Some(bound) = self.udp.local_addrs().next() else { return };
        let (now, phones) = (self.clock.now(), std::mem::take(&mut self.phones));
        let addresses = &mut self.addresses;
        tickets::restore_phones(&mut self.exchange, now, phones, |phone| addresses.specific(bound, phone));
    }

    fn take(&mut self, input: Input) {
        let now = self.clock.now();
        match input {
            Input::Datagram(received) => {
                let local = self.addresses.specific(received.local, received.peer.addr.ip());
                self.exchange.handle_datagram(now, received.peer, local, &received.bytes);
            }
            Input::Tcp(event) => self.take_tcp(event),
            Input::Resolved(query, answer) => self.exchange.handle_resolved(now, query, answer),
            Input::Media(output) => self.take_media(output),
            Input::Answer(Answer { call, request, outcome }) => {
                self.exchange.handle_bank_answer(now, call, request, outcome);
            }
            Input::News(News::Accounts(accounts)) => {
                tracing::info!(count = accounts.len(), "operators' accounts");
                self.exchange.set_operators(now, accounts);
            }
            Input::News(News::Switches(switches)) => {
                self.exchange.set_switches(switches.into_iter().map(|set| (set.name.into(), set.enabled)));
            }
            Input::News(News::Callers(callers)) => self.exchange.set_callers(callers),
            Input::News(News::Bans(bans)) => self.exchange.set_bans(now, &bans),
            Input::News(News::Menu(menu)) => self.take_menu(menu),
            Input::Wide(prepared) => {
                let wide = prepared.wide;
                let prompts = self.wide.take(prepared);
                self.tell_media(MediaCommand::Prompts(prompts));
                self.exchange.set_wide_prompts(wide, true);
            }
            Input::Time => self.exchange.handle_timeout(now),
            Input::Stop => {
                let limit = self.drain_limit;
                tracing::info!(
                    calls = self.exchange.calls(),
                    limit = limit.as_secs(),
                    "stopping: new calls are refused"
                );
                self.draining = true;
                self.exchange.drain(now, limit);
            }
        }
    }

    /// New calls hear this menu; calls in progress keep theirs, and the queues their callers.
    fn take_menu(&mut self, new: NewMenu) {
        let NewMenu { menu, prompts, done } = new;
        self.bank.set_lengths(super::kept(&menu));
        self.exchange.set_prompts(prompts.clone());
        let prompts = self.wide.replace(&prompts);
        self.tell_media(MediaCommand::Prompts(prompts));
        self.exchange.set_menu(self.clock.now(), menu);
        if done.send(()).is_err() {
            tracing::debug!("nobody waits for the menu to be taken");
        }
    }

    /// What has come meanwhile is taken in the same turn: under load one turn serves many.
    fn take_waiting(&mut self, inputs: &mut Inputs) {
        for _ in 0..BATCH {
            let Ok(output) = inputs.media.try_recv() else { break };
            self.take_media(output);
        }
        for number in 0..BATCH {
            if number % BETWEEN == 0 {
                self.take_calls(inputs);
            }
            let Ok(received) = inputs.udp.try_recv() else { break };
            self.take(Input::Datagram(received));
        }
        let now = self.clock.now();
        if self.exchange.poll_timeout().is_some_and(|at| at <= now.instant) {
            self.exchange.handle_timeout(now);
        }
    }

    /// Whoever is in a call waits for a few new requests at the most, however many there are.
    fn take_calls(&mut self, inputs: &mut Inputs) {
        for _ in 0..BATCH {
            let Ok(received) = inputs.calls.try_recv() else { break };
            self.take(Input::Datagram(received));
        }
    }

    fn take_tcp(&mut self, event: TcpEvent) {
        let now = self.clock.now();
        match event {
            TcpEvent::Opened { peer, local } => self.exchange.handle_connected(now, peer, local),
            TcpEvent::Received { peer, bytes, .. } => {
                if let Some(connection) = peer.connection {
                    self.exchange.handle_stream_bytes(now, connection, &bytes);
                }
            }
            // Nobody heard of it.
            TcpEvent::Closed { reason: CloseReason::HandshakeFailed, .. } => {}
            TcpEvent::Closed { peer, reason: CloseReason::ConnectFailed } => {
                self.exchange.handle_connect_failed(now, peer);
            }
            TcpEvent::Closed { peer, .. } => {
                if let Some(connection) = peer.connection {
                    self.exchange.handle_closed(now, connection);
                }
            }
        }
    }

    fn take_media(&mut self, output: MediaOutput) {
        let now = self.clock.now();
        match output {
            MediaOutput::Event(event) => self.exchange.handle_media_event(now, event),
            MediaOutput::RecordingStored { recording, file, length } => {
                self.index_message(recording, &file, length);
                self.exchange.handle_message_stored(now, recording, Some(file.into()), length);
            }
            MediaOutput::RecordingFailed { recording, reason } => {
                tracing::error!(recording = recording.0, reason, "a message could not be written; the call goes on");
                self.messages.remove(&recording);
                self.exchange.handle_message_stored(now, recording, None, Duration::ZERO);
            }
        }
    }

    /// Puts a stored message into its mailbox.
    fn index_message(&mut self, recording: RecordingId, file: &str, length: Duration) {
        let Some((call, mailbox)) = self.messages.remove(&recording) else { return };
        let at = self.clock.now().wall;
        let message = VoiceMessage {
            call,
            mailbox: mailbox.to_string(),
            at,
            file: file.to_owned(),
            length,
            caller: self.exchange.caller(call),
        };
        let store = self.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.add_voice_message(&message).await {
                tracing::error!(%error, file = message.file, "a voice message is on the disk but not in its mailbox");
            }
        });
    }

    fn carry_out(&mut self) {
        while let Some(command) = self.exchange.next_command() {
            match command {
                Command::Sip(command) => self.carry_out_sip(command),
                Command::OpenMedia { stream, beside, towards } => self.open_media(stream, beside, towards),
                Command::Media(command) => self.tell_media(command),
                Command::KeepMessage { recording, call, mailbox } => {
                    self.messages.insert(recording, (call, mailbox));
                }
                Command::AskBank(request) => self.ask_bank(request),
                Command::PreparePrompts(wide) => self.wide.prepare(wide),
                Command::KeepPhones { operator, phones } => self.tickets.keep_phones(operator, phones),
                Command::KeepTicket(ticket) => self.tickets.keep(ticket),
                Command::ForgetTicket(ticket) => self.tickets.forget(ticket),
                Command::KeepBan(ban) => self.tickets.keep_ban(*ban, self.clock),
                Command::LoginPaused { from, pause } => {
                    self.tickets.logins_paused(from, pause, self.clock);
                }
                Command::Supervised { by, operator, call, does } => {
                    self.tickets.supervised(&by, (&operator, call), does, self.clock.now().wall);
                }
                Command::Record(record) => self.recorder.record(record),
            }
        }
    }

    fn carry_out_sip(&mut self, command: sip::endpoint::Command) {
        let now = self.clock.now();
        match command {
            sip::endpoint::Command::Send { to, bytes } => {
                if let Some(connection) = to.connection {
                    if let Err(error) = self.tcp.send(connection, bytes.to_vec()) {
                        tracing::debug!(peer = %to.addr, %error, "a message could not be sent");
                    }
                } else if let Err(error) = self.udp.send(to.local, to.addr, &bytes) {
                    tracing::debug!(peer = %to.addr, %error, "a datagram could not be sent");
                }
            }
            sip::endpoint::Command::Connect { to, name } => {
                if let Err(error) = self.tcp.connect(to, name.map(String::from)) {
                    tracing::warn!(peer = %to, %error, "no connection");
                    self.exchange.handle_connect_failed(now, to);
                }
            }
            sip::endpoint::Command::Close(connection) => self.tcp.close(connection),
            sip::endpoint::Command::Resolve(query) => self.resolve(query),
        }
    }

    /// Asks name servers on a task of its own; what comes of it is told in any case.
    fn resolve(&self, query: Query) {
        let (resolver, resolved) = (Arc::clone(&self.resolver), self.resolved.clone());
        tokio::spawn(async move {
            let answer = resolver.ask(&query.name, query.kind).await;
            if resolved.send((query.id, answer)).await.is_err() {
                tracing::debug!(name = %query.name, "a name was found after the server stopped");
            }
        });
    }

    fn open_media(&mut self, stream: StreamId, beside: Option<StreamId>, towards: IpAddr) {
        let now = self.clock.now();
        let local = self.addresses.towards(towards);
        let address = match self.media.open(stream, local, beside) {
            Ok(address) => Some(std::net::SocketAddr::new(self.addresses.told(towards), address.port())),
            Err(error) => {
                tracing::error!(%error, "no media for a call");
                None
            }
        };
        self.exchange.handle_media_opened(now, stream, address);
    }

    fn tell_media(&mut self, command: MediaCommand) {
        if let Err(error) = self.media.command(command) {
            tracing::error!(%error, "a media command was lost");
        }
    }

    /// Asks on a task of its own, which goes on when the caller hangs up: a block that was begun is ended.
    fn ask_bank(&self, request: BankRequest) {
        let (call, id) = (request.call, request.id);
        let (bank, answers): (Arc<dyn Bank>, _) = (self.bank.clone(), self.answers.clone());
        tokio::spawn(async move {
            let outcome = bank.ask(request).await;
            if answers.send(Answer { call, request: id, outcome }).await.is_err() {
                tracing::debug!(%call, "the bank answered after the server stopped");
            }
        });
    }

    /// Brings the page of trunks up to date, at most once a second: a turn under load has no time for texts.
    fn look_at_trunks(&mut self) {
        let now = self.clock.now();
        if self.trunks_seen.is_none_or(|seen| seen + IDLE <= now.instant) {
            self.trunks_seen = Some(now.instant);
            self.trunks = self.exchange.trunks(now).into();
        }
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            calls: self.exchange.calls(),
            waiting: self.exchange.waiting(),
            operators: self.exchange.operators_by_state(),
            sip: self.exchange.counters(),
            guard: self.exchange.guard_counters(),
            bans: self.exchange.bans(),
            tables: self.exchange.sip_tables(),
            share: self.exchange.share(),
            media_late: self.media_pulse.last(),
            streams: self.media.streams(),
            records: self.recorder.figures(),
            draining: self.draining,
            menu: self.menu.figures(),
            transports: TransportFigures::of(&self.udp, &self.tcp),
            trunks: self.trunks.clone(),
        }
    }
}

/// How much later than it was due the loop woke for its time; a message shows it by the time that passed meanwhile.
fn lateness(input: &Input, began: Instant, due: Option<Instant>) -> Duration {
    match (input, due) {
        (Input::Time, Some(due)) => began.since(due),
        _ => Duration::ZERO,
    }
}
