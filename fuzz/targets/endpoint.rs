//! A whole user agent under arbitrary datagrams, streams and times.

use super::Bytes;
use hotline::model::Instant;
use hotline::voip::sip::addresses::Listener;
use hotline::voip::sip::endpoint::{Command, Endpoint, EndpointConfig, Event, LegId, Limits, OutgoingCall};
use hotline::voip::sip::headers::{Headers, NameAddr};
use hotline::voip::sip::{ConnectionId, Message, Peer, SipUri, Status, Transport, Uri};
use std::net::SocketAddr;
use std::time::Duration;

const SDP: &[u8] =
    b"v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";

struct World {
    endpoint: Endpoint,
    now: Instant,
    legs: Vec<LegId>,
    /// How the next event is answered.
    mood: u8,
    connections: u64,
    /// The last request of ours, whose dialog and branch an input may use by writing `@`.
    last: Vec<u8>,
}

fn us() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 5060))
}

fn peer(number: u8) -> Peer {
    Peer::udp(SocketAddr::from(([192, 0, 2, 10 + (number & 3)], 5060)))
}

/// Whatever comes, what is sent can be read; and when everybody has left and time has passed, nothing is kept.
pub fn endpoint(data: &[u8]) {
    let listeners = [Transport::Udp, Transport::Tcp].map(|transport| Listener { transport, addr: us() }).to_vec();
    let limits = Limits { legs: 50, connections: 8, ..Limits::default() };
    let config = EndpointConfig { limits, ..EndpointConfig::new(listeners) };
    let endpoint = Endpoint::new(config, [3; 32]);
    let mut world = World { endpoint, now: Instant::ZERO, legs: Vec::new(), mood: 0, connections: 0, last: Vec::new() };
    let mut bytes = Bytes(data);
    while let (Some(what), Some(piece)) = (bytes.octet(), bytes.piece()) {
        world.step(what, piece);
    }
    world.end();
}

impl World {
    fn step(&mut self, what: u8, piece: &[u8]) {
        self.mood = what >> 4;
        match what & 7 {
            0..=2 => self.endpoint.handle_datagram(self.now, peer(what), us(), piece),
            3 => self.answer_last(piece),
            4 => self.stream(piece),
            5 => self.pass(Duration::from_millis(u64::from(what >> 3) * 250)),
            6 => self.call(),
            _ => {
                if let Some(leg) = self.legs.pop() {
                    self.endpoint.hang_up(self.now, leg);
                }
            }
        }
        self.react();
    }

    /// Our last request, answered with a status and what the input adds.
    fn answer_last(&mut self, piece: &[u8]) {
        let Ok(Message::Request(request)) = Message::parse(&self.last) else { return };
        let code = piece.first().map_or(200, |octet| 100 + u16::from(*octet) * 2);
        let status = Status::new(code.min(699)).unwrap_or(Status::OK);
        let mut response = request.response(status).with_to_tag("theirs");
        response.headers.push_bytes(hotline::voip::sip::headers::HeaderName::Contact, b"<sip:x@192.0.2.11>");
        if let Some(line) = piece.get(1..)
            && let Some(colon) = line.iter().position(|&byte| byte == b':')
            && let Ok(name) = str::from_utf8(&line[..colon])
            && response.headers.push_other(name, &line[colon + 1..]).is_err()
        {
            return;
        }
        self.endpoint.handle_datagram(self.now, peer(1), us(), &response.to_bytes());
    }

    fn stream(&mut self, piece: &[u8]) {
        let id = ConnectionId(self.connections);
        if self.connections.is_multiple_of(4) {
            let addr = SocketAddr::from(([192, 0, 2, 20], 40_000));
            self.connections += 1;
            let id = ConnectionId(self.connections);
            let from = Peer::over(Transport::Tcp, addr, id);
            self.endpoint.handle_connected(self.now, from, us());
            self.endpoint.handle_stream_bytes(self.now, id, piece);
        } else if self.mood == 15 {
            self.endpoint.handle_closed(self.now, id);
            self.connections += 1;
        } else {
            self.endpoint.handle_stream_bytes(self.now, id, piece);
        }
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.endpoint.poll_timeout().filter(|at| *at <= until) {
            // Exact to ten milliseconds: asked again at once, it would be early.
            self.now = at.max(self.now + Duration::from_millis(1));
            self.endpoint.handle_timeout(self.now);
            self.react();
        }
        self.now = self.now.max(until);
    }

    fn call(&mut self) {
        let uri = SipUri::new(Some("anna"), hotline::voip::sip::Host::Ip(peer(1).addr.ip()), Some(5060));
        let us = NameAddr::new(SipUri::new(Some("bank"), hotline::voip::sip::Host::Ip(us().ip()), None));
        let call = OutgoingCall {
            target: Uri::Sip(uri),
            to: peer(1),
            local: None,
            from: us,
            offer: SDP.to_vec(),
            headers: Headers::new(),
            login: None,
        };
        if let Ok(leg) = self.endpoint.invite(self.now, call) {
            self.legs.push(leg);
        }
    }

    fn react(&mut self) {
        loop {
            while let Some(command) = self.endpoint.next_command() {
                if let Command::Send { bytes, .. } = &command {
                    // What was malformed goes back as it came.
                    let is_echo = bytes.starts_with(b"SIP/2.0 ") && bytes.ends_with(b"\r\n\r\n");
                    let is_pong = bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
                    assert!(
                        is_echo || is_pong || Message::parse(bytes).is_ok(),
                        "sent, and cannot be read: {}",
                        String::from_utf8_lossy(bytes)
                    );
                    if !bytes.starts_with(b"SIP/2.0") {
                        self.last = bytes.to_vec();
                    }
                }
            }
            let Some(event) = self.endpoint.next_event() else { return };
            self.answer(event);
        }
    }

    fn answer(&mut self, event: Event) {
        let now = self.now;
        match event {
            Event::Incoming(incoming) => {
                let leg = incoming.leg;
                self.legs.push(leg);
                match self.mood % 4 {
                    0 => self.endpoint.answer(now, leg, SDP.to_vec(), &Headers::new()),
                    1 => self.endpoint.ring(now, leg),
                    2 => self.endpoint.reject(now, leg, Status::BUSY_HERE, &Headers::new()),
                    _ => {}
                }
            }
            Event::Reoffer { leg, .. } if self.mood.is_multiple_of(2) => {
                self.endpoint.answer_reoffer(now, leg, SDP.to_vec());
            }
            Event::Reoffer { leg, .. } => self.endpoint.refuse_reoffer(now, leg, Status::NOT_ACCEPTABLE_HERE),
            Event::Register { request, token, .. } => {
                self.endpoint.respond(now, token, request.response(Status::UNAUTHORIZED));
            }
            _ => {}
        }
    }

    /// Everybody leaves.
    fn end(&mut self) {
        for leg in std::mem::take(&mut self.legs) {
            self.endpoint.hang_up(self.now, leg);
            self.react();
        }
        self.pass(Duration::from_secs(7 * 3_600));
        assert_eq!(self.endpoint.leg_count(), 0, "no leg is left");
        assert_eq!(self.endpoint.transaction_count(), 0, "no transaction is left");
    }
}
