//! What an address draws from the server in whose name somebody else sends datagrams, in octets against what was sent.

use super::stage::{BANK, BANK6, Stage, config};
use super::trunks::{trunk_at, with_trunks};
use hotline::exchange::{Command, Exchange, ExchangeConfig, Inbound};
use hotline::model::Now;
use hotline::voip::media::Channel;
use hotline::voip::sip::Peer;
use hotline::voip::sip::digest::Ha1;
use hotline::voip::sip::endpoint::Command as SipCommand;
use std::net::SocketAddr;
use std::time::Duration;

/// The address that is named, and one that a Contact may name beside it.
const VICTIM: &str = "203.0.113.80:5060";
const OTHER: &str = "198.51.100.80:5060";

/// The exchange with what is sent to it and what it sends, and ports for whoever asks.
struct Mirror {
    exchange: Exchange,
    now: Now,
    sent: usize,
    drawn: usize,
    messages: usize,
}

impl Mirror {
    fn new(config: ExchangeConfig) -> Self {
        let stage = Stage::configured(config);
        let now = stage.now();
        Self { exchange: stage.exchange, now, sent: 0, drawn: 0, messages: 0 }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.sent += bytes.len();
        self.exchange.handle_datagram(self.now, Peer::udp(VICTIM.parse().unwrap()), BANK.parse().unwrap(), bytes);
        self.reflect();
    }

    /// What is sent goes to nobody else, and as datagrams.
    fn reflect(&mut self) {
        while let Some(command) = self.exchange.next_command() {
            match command {
                Command::Sip(SipCommand::Send { to, bytes }) => {
                    assert_eq!(to.addr.ip(), VICTIM.parse::<SocketAddr>().unwrap().ip());
                    assert!(!to.transport.is_reliable());
                    self.drawn += bytes.len();
                    self.messages += 1;
                }
                Command::Sip(other) => panic!("{other:?}"),
                Command::OpenMedia { stream, towards, .. } => {
                    let at = if towards.is_ipv4() { BANK } else { BANK6 };
                    self.exchange.handle_media_opened(self.now, stream, Some(at.parse().unwrap()));
                }
                _ => {}
            }
        }
    }

    fn run_for(&mut self, length: Duration) {
        let end = self.now.after(length);
        while let Some(due) = self.exchange.poll_timeout().filter(|due| *due <= end.instant) {
            self.now = self.now.after(due.since(self.now.instant));
            self.exchange.handle_timeout(self.now);
            self.reflect();
        }
        self.now = self.now.after(end.instant.since(self.now.instant));
    }
}

fn request(method: &str, user: &str, number: usize, body: &str) -> Vec<u8> {
    let typed = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} sip:{user}@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP {VICTIM};branch=z9hG4bK-{number}\r\n\
         From: <sip:x@{VICTIM}>;tag=s{number}\r\nTo: <sip:{user}@192.0.2.1>\r\nCall-ID: n{number}@{VICTIM}\r\n\
         CSeq: 1 {method}\r\nContact: <sip:x@{OTHER};transport=tcp>\r\nMax-Forwards: 70\r\n{typed}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn invite(user: &str, number: usize) -> Vec<u8> {
    let sdp = "v=0\r\no=x 1 1 IN IP4 203.0.113.80\r\ns=-\r\nc=IN IP4 203.0.113.80\r\nt=0 0\r\n\
               m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n\
               a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n";
    request("INVITE", user, number, sdp)
}

const MAIN: &str = "+74951234567";

/// A server for the public, with the limits of `hotline serve` as they are when nothing is set.
fn public() -> ExchangeConfig {
    ExchangeConfig {
        calls: 5_000,
        calls_per_source: 5_000,
        calls_per_second: 2_000,
        calls_per_second_per_source: 1_000,
        unacknowledged_per_source: 500,
        ..config()
    }
}

/// A server that asks whoever calls for the password of a trunk, or refuses all but trunks.
fn private(asks: bool) -> ExchangeConfig {
    let mut trunk = trunk_at(0);
    trunk.inbound =
        asks.then(|| Inbound { user: "provider".into(), ha1: Ha1::compute("provider", "bank.example", "right") });
    with_trunks(&[("provider", trunk)])
}

/// `most`: octets that are drawn for each hundred sent.
fn check(
    name: &str,
    config: ExchangeConfig,
    (count, every): (usize, Duration),
    most: usize,
    make: impl Fn(usize) -> Vec<u8>,
) {
    let mut mirror = Mirror::new(config);
    for number in 0..count {
        mirror.send(&make(number));
        mirror.run_for(every);
    }
    mirror.run_for(Duration::from_secs(80));
    let (sent, drawn) = (mirror.sent, mirror.drawn);
    println!("{name}: {sent} octets sent, {drawn} drawn, {} messages", mirror.messages);
    assert!(drawn * 100 <= sent * most, "{name}: {drawn} octets drawn by {sent}");
    assert_eq!(mirror.exchange.calls(), 0, "{name}");
}

const QUICK: Duration = Duration::from_millis(2);

#[test]
fn a_flood_in_anothers_name_hardly_brings_more_than_it_costs() {
    check("answered calls", public(), (2_000, QUICK), 250, |number| invite(MAIN, number));
    check("a number that there is not", public(), (2_000, QUICK), 10, |number| invite("nobody", number));
    check("calls that are asked for a password", private(true), (2_000, QUICK), 30, |number| invite(MAIN, number));
    check("calls that are of no trunk", private(false), (2_000, QUICK), 10, |number| invite(MAIN, number));
    check("REGISTER", public(), (2_000, QUICK), 30, |number| request("REGISTER", "anna", number, ""));
    check("OPTIONS", public(), (2_000, QUICK), 20, |number| request("OPTIONS", "anna", number, ""));
    check("BYE", public(), (2_000, QUICK), 20, |number| request("BYE", "anna", number, ""));
    check("garbage", public(), (2_000, QUICK), 5, |number| {
        format!("INVITE {number} \u{1}\u{2} garbage of a length that an INVITE may have\r\n\r\n").into_bytes()
    });
    check("half an INVITE", public(), (2_000, QUICK), 5, |number| {
        String::from_utf8(invite(MAIN, number)).unwrap().replace("CSeq: 1", "CSeq: x").into_bytes()
    });
    check("STUN", public(), (2_000, QUICK), 250, |number| {
        let mut ask = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
        ask.extend([0; 4].into_iter().chain((number as u64).to_be_bytes()));
        ask
    });
}

#[test]
fn calls_that_are_never_acknowledged_draw_repeats_at_a_modest_rate_whatever_their_own() {
    for every in [Duration::from_millis(100), Duration::from_secs(2), Duration::from_secs(10)] {
        let mut mirror = Mirror::new(public());
        let count = usize::try_from(Duration::from_secs(600).as_millis() / every.as_millis()).unwrap();
        for number in 0..count {
            mirror.send(&invite(MAIN, number));
            mirror.run_for(every);
        }
        // Each INVITE has its 100, its answer and a BYE; the repeats come to one a second.
        let repeats = mirror.messages.saturating_sub(3 * count);
        println!("every {every:?}: {} octets sent, {} drawn", mirror.sent, mirror.drawn);
        assert!(repeats <= 20 + 600, "{repeats}");
        assert!(mirror.drawn <= 3 * mirror.sent + 620 * 1_300, "{} for {}", mirror.drawn, mirror.sent);
    }
}

#[test]
fn no_sound_goes_to_whom_a_call_without_an_ack_names() {
    let mut stage = Stage::new();
    stage.tapped = true;
    stage.with_exchange(|exchange, now| {
        exchange.handle_datagram(now, Peer::udp(VICTIM.parse().unwrap()), BANK.parse().unwrap(), &invite(MAIN, 1));
    });
    stage.run_for(60_000);
    assert_eq!(stage.wire.iter().filter(|sent| sent.channel == Channel::Rtp).count(), 0);
    assert!(stage.wire.len() <= 10, "{}: reports, if anything", stage.wire.len());
}
