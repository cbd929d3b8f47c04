//! Calls at a rate over one socket, and what became of them.

use crate::message::{Name, read};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How long an answer is waited for after the last call.
const PATIENCE: Duration = Duration::from_secs(8);
/// When an INVITE without an answer is sent again.
const AGAIN: [u64; 3] = [500, 1_500, 3_500];
/// Messages read in a row before the next call is due again.
const BATCH: usize = 64;

/// What a caller does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// INVITE, ACK, BYE.
    Whole,
    /// INVITE and CANCEL at once; what is refused is acknowledged.
    Cancels,
    /// INVITE, and nothing more.
    Silent,
}

/// What became of the calls.
#[derive(Debug, Default)]
pub struct Toll {
    /// Calls begun.
    pub begun: u64,
    /// Calls that were taken, or cancelled as asked.
    pub answered: u64,
    /// Calls that were refused.
    pub refused: u64,
    times: Vec<Duration>,
}

impl Toll {
    /// Calls without any final answer.
    pub const fn lost(&self) -> u64 {
        self.begun - self.answered - self.refused
    }

    /// A percentile of INVITE to 200.
    pub fn percentile(&self, part: usize) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        times.get((times.len() * part / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

struct Call {
    begun: Instant,
    heard: bool,
    over: bool,
}

/// One socket and its calls.
pub struct Caller {
    socket: UdpSocket,
    from: SocketAddr,
    to: SocketAddr,
    prefix: &'static str,
    manner: Manner,
    calls: HashMap<u64, Call>,
    again: VecDeque<(Instant, u64, usize)>,
    toll: Toll,
}

impl Caller {
    /// A caller at an address of this machine.
    pub fn new(ip: [u8; 4], to: SocketAddr, prefix: &'static str, manner: Manner) -> io::Result<Self> {
        let socket = UdpSocket::bind(SocketAddr::from((ip, 0)))?;
        socket.connect(to)?;
        socket.set_read_timeout(Some(Duration::from_millis(1)))?;
        let from = socket.local_addr()?;
        let (calls, again) = (HashMap::new(), VecDeque::new());
        Ok(Self { socket, from, to, prefix, manner, calls, again, toll: Toll::default() })
    }

    /// Calls at a rate until then, and waits for the answers.
    pub fn run(mut self, rate: u32, until: Instant) -> io::Result<Toll> {
        let begun = Instant::now();
        loop {
            let now = Instant::now();
            if now >= until + PATIENCE || (now >= until && self.is_done(now, until)) {
                return Ok(self.toll);
            }
            if now < until {
                let wanted = (now - begun).as_secs_f64() * f64::from(rate);
                #[expect(clippy::cast_precision_loss, reason = "a count of calls")]
                while (self.toll.begun as f64) < wanted {
                    self.begin()?;
                }
            }
            self.receive()?;
            self.repeat()?;
        }
    }

    /// Whether nothing more is to come. Who never acknowledges is told the same again and again.
    fn is_done(&self, now: Instant, until: Instant) -> bool {
        self.toll.lost() == 0 || (self.manner != Manner::Whole && now >= until + Duration::from_secs(1))
    }

    fn name(&self, number: u64) -> Name<'static> {
        Name { prefix: self.prefix, number, from: self.from, to: self.to }
    }

    fn send(&self, text: &str) -> io::Result<()> {
        match self.socket.send(text.as_bytes()) {
            // An earlier datagram met a closed port, or the socket's buffer is full: as if it were lost on its way.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::WouldBlock) => {
                Ok(())
            }
            sent => sent.map(drop),
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        let number = self.toll.begun;
        self.toll.begun += 1;
        let now = Instant::now();
        self.calls.insert(number, Call { begun: now, heard: false, over: false });
        let name = self.name(number);
        self.send(&name.invite())?;
        match self.manner {
            Manner::Cancels => self.send(&name.request("CANCEL", 1, "i", "", ""))?,
            Manner::Whole => self.again.push_back((now + Duration::from_millis(AGAIN[0]), number, 0)),
            Manner::Silent => {}
        }
        Ok(())
    }

    /// Sends again what has no answer.
    fn repeat(&mut self) -> io::Result<()> {
        let now = Instant::now();
        while let Some((_, number, step)) = self.again.pop_front_if(|(at, _, _)| *at <= now) {
            let Some(call) = self.calls.get(&number).filter(|call| !call.heard) else { continue };
            let begun = call.begun;
            self.send(&self.name(number).invite())?;
            if let Some(next) = AGAIN.get(step + 1) {
                self.again.push_back((begun + Duration::from_millis(*next), number, step + 1));
            }
        }
        Ok(())
    }

    fn receive(&mut self) -> io::Result<()> {
        let mut buffer = [0; 8_192];
        for _ in 0..BATCH {
            match self.socket.recv(&mut buffer) {
                Ok(length) => self.take(&buffer[..length])?,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => break,
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(bytes);
        if let Some((method, _)) = text.split_once(" sip:")
            && method == "BYE"
        {
            return self.answer_bye(&text);
        }
        let Some(answer) = read(&text, self.prefix) else { return Ok(()) };
        let name = self.name(answer.number);
        let Some(call) = self.calls.get_mut(&answer.number) else { return Ok(()) };
        call.heard = true;
        match (answer.method, answer.status) {
            ("INVITE", 200..=299) if self.manner != Manner::Silent => {
                if !call.over {
                    self.toll.answered += 1;
                    self.toll.times.push(call.begun.elapsed());
                }
                call.over = true;
                self.send(&name.request("ACK", 1, "a", answer.tag, ""))?;
                self.send(&name.request("BYE", 2, "b", answer.tag, ""))
            }
            ("INVITE", 200..) => {
                let taken = answer.status < 300 || answer.status == 487;
                if !call.over {
                    *(if taken { &mut self.toll.answered } else { &mut self.toll.refused }) += 1;
                }
                call.over = true;
                if answer.status >= 300 && self.manner != Manner::Silent {
                    self.send(&name.request("ACK", 1, "i", answer.tag, ""))?;
                }
                Ok(())
            }
            // The call is over on both sides.
            ("BYE", 200..) => {
                self.calls.remove(&answer.number);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The server hangs up who never acknowledges.
    fn answer_bye(&self, text: &str) -> io::Result<()> {
        let (head, _) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let kept = head.split("\r\n").skip(1).filter(|line| {
            let name = line.split(':').next().unwrap_or("").to_ascii_lowercase();
            matches!(name.as_str(), "via" | "from" | "to" | "call-id" | "cseq")
        });
        let kept: Vec<&str> = kept.collect();
        self.send(&format!("SIP/2.0 200 OK\r\n{}\r\nContent-Length: 0\r\n\r\n", kept.join("\r\n")))
    }
}

/// How long OPTIONS takes, the middle of five; `None` when it is not answered.
pub fn options(to: SocketAddr) -> io::Result<Option<Duration>> {
    let socket = UdpSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    socket.connect(to)?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    let from = socket.local_addr()?;
    let mut times = Vec::new();
    for number in 0..5 {
        let begun = Instant::now();
        socket.send(Name { prefix: "o", number, from, to }.request("OPTIONS", 1, "o", "", "").as_bytes())?;
        let mut buffer = [0; 4_096];
        match socket.recv(&mut buffer) {
            Ok(_) => times.push(begun.elapsed()),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
    }
    times.sort_unstable();
    Ok(if times.len() < 3 { None } else { times.get(times.len() / 2).copied() })
}
