//! `hotline serve`: everything is made and joined here, in the order in which it is needed.

mod addresses;
mod folder;
mod menu;
mod menu_state;
mod news;
pub(super) mod outside;
pub(super) mod recordings;
mod server;
mod tickets;
mod web;
mod wide;

use super::cli::Serve;
use super::config::{BankKind, Config, LogFormat, LogLevel, Overrides, Transport};
use super::{simulate, versions};
use crate::exchange::{Exchange, ExchangeConfig, Lifetimes, Outside, SecurePolicy};
use crate::io::bank::{BreakerSettings, Cache, Journal, JournalSettings, NowFn, Sandbox, SandboxSettings};
use crate::io::clock::Clock;
use crate::io::media::{MediaConfig, MediaEngine};
use crate::io::store::{Recorder, RecorderSettings, Store};
use crate::io::tcp::{TcpConnections, TcpLimits};
use crate::io::udp::UdpSockets;
use crate::ivr::menu::Menu;
use crate::model::{Playlist, PromptId};
use crate::voip::sip::endpoint::{EndpointConfig, Limits};
use addresses::Addresses;
use anyhow::{Context, Result};
use server::{Inputs, Server};
use std::collections::BTreeMap;
use std::num::NonZero;
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
    start_log(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.context("the asynchronous runtime cannot start")?.block_on(async {
        let store = Store::open(&config.data).await?;
        let chosen = menu::choose(&config, &store).await?;
        let clock = match arguments.pretend_now {
            Some(at) => Clock::start_at(simulate::wall(&chosen.menu, at)?),
            None => Clock::start(),
        };
        serve(Arc::new(config), store, chosen, clock).await
    })
}

fn start_log(config: &Config) {
    let level = match config.log.level {
        LogLevel::Error => tracing::Level::ERROR,
        LogLevel::Warn => tracing::Level::WARN,
        LogLevel::Info => tracing::Level::INFO,
        LogLevel::Debug => tracing::Level::DEBUG,
        LogLevel::Trace => tracing::Level::TRACE,
    };
    // Other crates' words are wanted from warnings on; sqlx would tell every statement.
    let filter = format!("warn,hotline={level}");
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(colours).with_env_filter(filter);
    match config.log.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

async fn serve(config: Arc<Config>, store: Store, mut chosen: menu::Chosen, clock: Clock) -> Result<ExitCode> {
    let _served = versions::mark_served(&config.data)?;
    let prompts = Arc::new(std::mem::take(&mut chosen.prompts));
    let menu = chosen.menu.clone();
    outside::check(&config, &menu)?;
    let outside = outside::of(&config)?;
    let recorder = Recorder::start(store.clone(), RecorderSettings::default());
    let (bank, repeats) = bank(&config, &menu, clock, &store, &recorder).await?;
    let (datagrams, udp_received) = mpsc::channel(WAITING);
    let (connections, tcp_events) = mpsc::channel(WAITING);
    let (outputs, media_outputs) = mpsc::channel(WAITING);
    let has = |transport| config.sip.transports.contains(&transport);
    let on = |transport| if has(transport) { config.sip.listen.as_slice() } else { &[] };
    let udp = UdpSockets::bind(on(Transport::Udp), &datagrams)?;
    // Where port 0 was asked for, TCP takes the port that UDP was given.
    let beside: Vec<_> = udp.local_addrs().collect();
    let tcp_on = if has(Transport::Tcp) && has(Transport::Udp) { beside.as_slice() } else { on(Transport::Tcp) };
    let tcp = TcpConnections::bind(tcp_on, TcpLimits::default(), connections)?;
    let media =
        MediaEngine::start(media(&config), &prompts, clock, &outputs).context("the media threads cannot start")?;
    let seed = rand::random();
    let endpoint = endpoint(&config, udp.local_addrs().next(), tcp.local_addrs().first().copied());
    let mut exchange = Exchange::new(
        exchange(&config, outside),
        endpoint,
        &config.operators.realm,
        menu.clone(),
        prompts.clone(),
        seed,
    );
    for ticket in store.tickets().await? {
        exchange.restore_callback(clock.now(), ticket);
    }
    let (tickets, tickets_written) = tickets::Tickets::start(store.clone());
    let (answers, bank_answers) = mpsc::channel(WAITING);
    let (prepared, wide_prepared) = mpsc::channel(WIDE_CODECS);
    let wide = wide::WidePrompts::new(config.clone(), prompts.clone(), prepared);
    let state = menu_state::MenuState::default();
    let keeper = menu::Keeper::new(config.clone(), &chosen, prompts, state.clone());
    let folder = folder::FolderWatch {
        config: config.clone(),
        store: store.clone(),
        state: state.clone(),
        prompts: keeper.wanted(),
    };
    let folder = folder.start()?;
    let news = news::watch(store.clone(), clock, config.operators.realm.clone(), keeper);
    let figures = web::Figures::default();
    let pages = web::serve(config.http.listen, figures.clone()).await?;
    announce(
        &config,
        &udp,
        &tcp,
        pages.as_ref().map(|pages| pages.address),
        &menu::describe(&config, &chosen.activation, &menu),
    );
    let addresses = Addresses::new(config.sip.public_address);
    let server = Server {
        clock,
        exchange,
        udp,
        tcp,
        media,
        bank,
        recorder: recorder.clone(),
        store: store.clone(),
        tickets,
        phones: store.registrations(clock.now().wall).await?,
        addresses,
        answers,
        messages: std::collections::HashMap::new(),
        figures,
        menu: state,
        wide,
        drain_limit: config.drain.limit.duration(),
        draining: false,
    };
    let inputs = Inputs {
        udp: udp_received,
        tcp: tcp_events,
        media: media_outputs,
        answers: bank_answers,
        wide: wide_prepared,
        news,
    };
    server.run(inputs).await?;
    repeats.abort();
    if tokio::time::timeout(FLUSH, tickets_written).await.is_err() {
        tracing::error!("the store did not take all open callbacks in time");
    }
    folder.abort();
    if !recorder.flush(FLUSH).await {
        tracing::error!("the store did not take all records in time; some of the last calls may be incomplete");
    }
    store.close().await;
    Ok(ExitCode::SUCCESS)
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

fn media(config: &Config) -> MediaConfig {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    MediaConfig {
        threads: if config.media.threads == 0 { cores } else { usize::from(config.media.threads) },
        ports: config.media.ports.range().clone(),
        dscp: config.media.dscp,
        streams: 2 * config.limits.calls.get(),
        recordings: config.data.join("recordings"),
        keep_conversations: config.recording.kept(),
        ..MediaConfig::default()
    }
}

fn endpoint(config: &Config, udp: Option<std::net::SocketAddr>, tcp: Option<std::net::SocketAddr>) -> EndpointConfig {
    EndpointConfig {
        user_agent: config.sip.user_agent.clone(),
        contact_user: "hotline".to_owned(),
        udp,
        tcp,
        advertised: config.sip.public_address.map(|ip| std::net::SocketAddr::new(ip, 0)),
        limits: Limits { retry_after: config.limits.retry_after.duration(), ..Limits::default() },
    }
}

fn exchange(config: &Config, outside: Outside) -> ExchangeConfig {
    ExchangeConfig {
        default_line: config.default_line.as_deref().map(Into::into),
        calls: config.limits.calls.get(),
        calls_per_source: config.limits.calls_per_source.get(),
        calls_per_second: config.limits.calls_per_second.get(),
        retry_after: config.limits.retry_after.duration(),
        call_length: config.limits.call_length.duration(),
        silence_limit: config.media.silence_limit.duration(),
        codecs: config.media.codecs.iter().map(|codec| codec.of_calls()).collect(),
        secure: SecurePolicy { callers: config.media.srtp.of_calls(), operators: config.operators.srtp.of_calls() },
        registration: Lifetimes {
            min: config.operators.registration.min.duration(),
            max: config.operators.registration.max.duration(),
        },
        hold_music: Playlist::looped(PromptId::new("common/hold_music")),
        record_after: config.recording.conversations.then(|| config.recording.notice.as_str().into()),
        blocked_numbers: config.blocked_numbers.clone(),
        outside,
    }
}

/// Tells a newcomer where it listens and what to dial.
fn announce(config: &Config, udp: &UdpSockets, tcp: &TcpConnections, pages: Option<std::net::SocketAddr>, menu: &str) {
    for address in udp.local_addrs() {
        println!("SIP udp {address}");
    }
    for address in tcp.local_addrs() {
        println!("SIP tcp {address}");
    }
    if let Some(address) = pages {
        println!("web     http://{address}/health and /metrics");
    }
    println!("menu    {menu}");
    println!("data    {}", config.data.display());
    if let Some(address) = udp.local_addrs().next().or_else(|| tcp.local_addrs().first().copied()) {
        let host = if address.ip().is_unspecified() {
            crate::io::listen::local_ip_towards(std::net::IpAddr::from([192, 0, 2, 1]))
                .unwrap_or_else(|_| std::net::IpAddr::from([127, 0, 0, 1]))
        } else {
            address.ip()
        };
        let host = std::net::SocketAddr::new(host, address.port());
        println!("dial    sip:bank@{host}   keys: 2 1, card 4321, code 9876#");
    }
    println!("ready");
}
