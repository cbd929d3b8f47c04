//! `hotline serve`: everything is made and joined here, in the order in which it is needed.

mod addresses;
mod folder;
mod log;
mod menu;
mod menu_state;
mod news;
pub(super) mod outside;
mod pulse;
pub(super) mod recordings;
mod server;
mod settings;
mod sockets;
mod tickets;
mod tide;
mod transport_figures;
mod trunks_page;
mod web;
mod wide;

pub(super) use trunks_page::Row as TrunkRow;

use super::cli::Serve;
use super::config::{BankKind, Config, Overrides};
use super::{simulate, versions};
use crate::exchange::Exchange;
use crate::io::bank::{BreakerSettings, Cache, Journal, JournalSettings, NowFn, Sandbox, SandboxSettings};
use crate::io::clock::Clock;
use crate::io::media::MediaEngine;
use crate::io::memory::Memory;
use crate::io::store::{Recorder, RecorderSettings, Retention, RetentionSettings, Store};
use crate::ivr::menu::Menu;
use addresses::Addresses;
use anyhow::{Context, Result};
use server::{Inputs, Server, Stops};
use sockets::Sockets;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Datagrams, connection events and media events that may wait for the exchange.
const WAITING: usize = 16_384;
/// Wide-band codecs there are.
const WIDE_CODECS: usize = 2;
/// How long the store may take to write what is left when the server stops.
const FLUSH: Duration = Duration::from_secs(10);

/// Runs the hotline until it is told to stop.
pub(super) fn run(arguments: &Serve) -> Result<ExitCode> {
    let config = arguments.folders.config()?;
    let overrides = Overrides { sip: arguments.sip, http: arguments.http, ..Overrides::default() };
    let mut config = config.merge(overrides);
    config.draft_voice = arguments.draft_voice.clone().or(config.draft_voice);
    log::start(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.context("the asynchronous runtime cannot start")?.block_on(async {
        let store = Store::open(&config.data).await?;
        let chosen = menu::choose(&config, &store).await?;
        let clock = match arguments.pretend_now {
            Some(at) => Clock::start_at(simulate::wall(&chosen.menu, at)?),
            None => Clock::start(),
        };
        Box::pin(serve(Arc::new(config), store, chosen, clock)).await
    })
}

async fn serve(config: Arc<Config>, store: Store, mut chosen: menu::Chosen, clock: Clock) -> Result<ExitCode> {
    let _served = versions::mark_served(&config.data)?;
    let (menu, prompts) = (chosen.menu.clone(), Arc::new(std::mem::take(&mut chosen.prompts)));
    outside::check(&config, &menu)?;
    settings::tell_of_few_ports(&config);
    let (outside, names) = outside::of(&config)?;
    let recorder = Recorder::start(store.clone(), RecorderSettings::default());
    let retention = forget_old_calls(&config, &store, clock);
    let (bank, repeats) = bank(&config, &menu, clock, &store, &recorder).await?;
    let stops = Stops::catch()?;
    let sockets = Sockets::bind(&config)?;
    let (outputs, media_outputs) = mpsc::channel(WAITING);
    let memory = keep_memory();
    let media = MediaEngine::start(settings::media(&config), &prompts, clock, &outputs)
        .context("the media threads cannot start")?;
    let (rules, endpoint) =
        (settings::exchange(&config, outside), settings::endpoint(&config, sockets.listeners(), names));
    let (realm, seed) = (&config.operators.realm, rand::random());
    let mut exchange = Exchange::new(rules, endpoint, realm, menu.clone(), prompts.clone(), seed);
    restore(&mut exchange, &store, clock).await?;
    let (tickets, tickets_written) = tickets::Tickets::start(store.clone());
    let (answers, bank_answers) = mpsc::channel(WAITING);
    let (prepared, wide_prepared) = mpsc::channel(WIDE_CODECS);
    let wide = wide::WidePrompts::new(config.clone(), prompts.clone(), prepared);
    let state = menu_state::MenuState::default();
    let keeper = menu::Keeper::new(config.clone(), &chosen, prompts, state.clone());
    let folder = folder::watch(&config, &store, &state, &keeper)?;
    let news = news::watch(store.clone(), clock, config.operators.realm.clone(), keeper);
    let figures = web::Figures::default();
    let pages = web::serve(config.http.listen, figures.clone()).await?;
    let page = pages.as_ref().map(|pages| pages.address);
    announce(&config, &sockets, page, &menu::describe(&config, &chosen.activation, &menu));
    let (resolved_in, resolved) = mpsc::channel(WAITING);
    let server = Server {
        clock,
        exchange,
        udp: sockets.udp,
        tcp: sockets.tcp,
        resolver: sockets.resolver,
        resolved: resolved_in,
        media,
        bank,
        recorder: recorder.clone(),
        store: store.clone(),
        tickets,
        phones: store.registrations(clock.now().wall).await?,
        addresses: Addresses::new(config.sip.visibility()),
        answers,
        messages: std::collections::HashMap::new(),
        figures,
        menu: state,
        trunks: Arc::default(),
        trunks_seen: None,
        wide,
        drain_limit: config.drain.limit.duration(),
        draining: false,
        pulse: pulse::Pulse::default(),
        media_pulse: pulse::MediaPulse::default(),
        told: crate::model::Instant::ZERO,
        memory,
        tide: tide::Tide::default(),
    };
    let inputs = Inputs {
        calls: sockets.calls,
        udp: sockets.others,
        tcp: sockets.connections,
        resolved,
        media: media_outputs,
        answers: bank_answers,
        wide: wide_prepared,
        news,
        stops,
    };
    Box::pin(server.run(inputs)).await;
    repeats.abort();
    folder.abort();
    retention.abort();
    finish(&store, &recorder, tickets_written).await;
    Ok(ExitCode::SUCCESS)
}

/// Removes the records of calls after their time, where the configuration gives them one.
fn forget_old_calls(config: &Config, store: &Store, clock: Clock) -> tokio::task::JoinHandle<()> {
    let keep = config.records.kept();
    let retention = keep.map(|keep| Retention::new(store.clone(), keep, RetentionSettings::default()));
    tokio::spawn(async move {
        if let Some(retention) = retention {
            retention.run(clock).await;
        }
    })
}

/// Keeps what the server touches in memory, where that is permitted.
fn keep_memory() -> Memory {
    let memory = Memory::keep();
    if memory == Memory::Loose {
        tracing::info!("memory may be taken from the program: a stall of sound where the system is short of it");
    }
    memory
}

/// Takes up the bans and the open callbacks of the store.
async fn restore(exchange: &mut Exchange, store: &Store, clock: Clock) -> Result<()> {
    let bans = news::bans(store, clock).await?;
    exchange.set_bans(clock.now(), &bans);
    for ticket in store.tickets().await? {
        exchange.restore_callback(clock.now(), ticket);
    }
    Ok(())
}

/// Writes what is left.
async fn finish(store: &Store, recorder: &Recorder, tickets_written: tokio::task::JoinHandle<()>) {
    if tokio::time::timeout(FLUSH, tickets_written).await.is_err() {
        tracing::error!("the store did not take all open callbacks in time");
    }
    if !recorder.flush(FLUSH).await {
        tracing::error!("the store did not take all records in time; some of the last calls may be incomplete");
    }
    store.close().await;
}

async fn bank(
    config: &Config,
    menu: &Menu,
    clock: Clock,
    store: &Store,
    recorder: &Recorder,
) -> Result<(Arc<Cache>, tokio::task::JoinHandle<()>)> {
    let now: NowFn = Arc::new(move || clock.now());
    let BankKind::Sandbox = config.bank.kind;
    let settings = SandboxSettings {
        down: config.bank.sandbox.down,
        slow: config.bank.sandbox.slow.duration(),
        timezone: menu.bank.zone.clone(),
    };
    let sandbox = Sandbox::open(store.clone(), settings, now.clone()).await?;
    let breaker =
        BreakerSettings { failures: config.bank.breaker.failures.get(), pause: config.bank.breaker.pause.duration() };
    let settings = JournalSettings { breaker, ..JournalSettings::default() };
    let journal = Journal::new(Arc::new(sandbox), store.clone(), recorder.clone(), now.clone(), settings);
    let repeats = journal.start_repeats();
    Ok((Arc::new(Cache::new(Arc::new(journal), kept(menu), now)), repeats))
}

/// How long the answers of each operation of a menu may be told again.
fn kept(menu: &Menu) -> BTreeMap<Arc<str>, Duration> {
    menu.operations.iter().map(|operation| (operation.name.clone(), operation.cache)).collect()
}

/// Tells a newcomer where it listens and what to dial.
fn announce(config: &Config, sockets: &Sockets, pages: Option<SocketAddr>, menu: &str) {
    for listener in sockets.bound() {
        println!("SIP {} {}", listener.transport.name().to_ascii_lowercase(), listener.addr);
    }
    if let Some(address) = pages {
        println!("web     http://{address}/health and /metrics");
    }
    println!("menu    {menu}");
    println!("data    {}", config.data.display());
    if let Some(host) = sockets.listeners().first().map(|listener| listener.addr) {
        println!("dial    sip:bank@{host}   keys: 2 1, card 4321, code 9876#");
    }
    println!("ready");
}
