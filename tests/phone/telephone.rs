//! The telephone itself: one call at a time, as a script tells it.

use super::digest::{Algorithm, Challenge};
use super::heard::{heard_clips, heard_next, heard_part};
use super::message::{about, address, branch, header, parameter, parse, request, response, sequence, value, values};
use super::now;
use super::rtp::faults;
use super::sdp::{ALAW_AND_KEYS, Described, KEYS, describe};
use super::secure::Secure;
use super::sound::{Sound, Voice};
use super::wire::Wire;
use rsip::headers::Header;
use rsip::{Method, Request, Response, SipMessage};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;

/// The longest a response or a request that must come may take.
const SOON: Duration = Duration::from_secs(10);
/// Timer T1 (RFC 3261 §17.1.1.1), doubled from one sending to the next.
const T1: Duration = Duration::from_millis(500);

/// What both ends agree a call is (RFC 3261 §12).
struct Dialog {
    call_id: String,
    /// From in our requests.
    local: String,
    /// To in our requests.
    remote: String,
    /// Where our requests go.
    target: String,
    routes: Vec<String>,
    /// `CSeq` of our last request.
    sequence: u32,
}

/// A telephone with one line.
pub struct Telephone {
    wire: Wire,
    user: String,
    server: SocketAddr,
    counter: u32,
    dialog: Option<Dialog>,
    sound: Option<Sound>,
    /// The octet of what was heard after which the script listens on.
    listened: usize,
    version: u32,
    /// The INVITE that rings, or was answered by us.
    ringing: Option<Request>,
    /// Responses by branch and method, for requests that come again.
    answered: HashMap<(String, String), Vec<u8>>,
    /// The last ACK for a 200, and the `CSeq` number it acknowledges.
    acknowledged: Option<(u32, Vec<u8>)>,
    /// What came while something else was awaited.
    early: VecDeque<SipMessage>,
}

impl Telephone {
    pub fn udp(server: SocketAddr, user: &str) -> Self {
        Self::new(Wire::udp(server), server, user)
    }

    pub fn tcp(server: SocketAddr, user: &str) -> Self {
        Self::new(Wire::tcp(server), server, user)
    }

    /// Over TLS; the server must prove to be `name`.
    #[allow(dead_code, reason = "not every test speaks over TLS")]
    pub fn tls(stream: Secure, server: SocketAddr, user: &str) -> Self {
        Self::new(Wire::tls(stream), server, user)
    }

    /// In a browser; over TLS where there is one.
    #[allow(dead_code, reason = "not every test is a browser")]
    pub fn browser(stream: Option<Secure>, server: SocketAddr, user: &str) -> Self {
        Self::new(Wire::web(stream, server), server, user)
    }

    fn new(wire: Wire, server: SocketAddr, user: &str) -> Self {
        Self {
            counter: u32::from(wire.local().port()) * 1_000,
            wire,
            user: user.to_owned(),
            server,
            dialog: None,
            sound: None,
            listened: 0,
            version: 1,
            ringing: None,
            answered: HashMap::new(),
            acknowledged: None,
            early: VecDeque::new(),
        }
    }

    // ---- calling ----

    /// Calls a number; the call stands when this returns.
    pub fn calls(&mut self, number: &str) {
        let answer = self.invites(number, ALAW_AND_KEYS);
        assert_eq!(answer.status_code.code(), 200, "to the call of {number}:\n{answer}");
    }

    /// Sends an INVITE with an offer of `formats`; the final response, acknowledged.
    pub fn invites(&mut self, number: &str, formats: &str) -> Response {
        let invite = self.dials(number, formats);
        let answer = self.final_response(&invite);
        self.take_answer(&invite, &answer);
        answer
    }

    /// The INVITE of a new call.
    fn dials(&mut self, number: &str, formats: &str) -> Request {
        let sound = Sound::open();
        let target = format!("sip:{number}@{}", self.server);
        let call_id = format!("{}@phone.test", self.next());
        let tag = self.next();
        let local = format!("<sip:{}@phone.test>;tag={tag}", self.user);
        self.dialog =
            Some(Dialog { call_id, local, remote: format!("<{target}>"), target, routes: Vec::new(), sequence: 0 });
        let offer = describe(sound.local(), self.version, formats, "sendrecv");
        self.sound = Some(sound);
        self.listened = 0;
        self.acknowledged = None;
        self.request(Method::Invite, vec![self.contact()], offer.into_bytes())
    }

    /// Calls a number and cancels at once. Whichever comes first at the server, the call is over when this returns.
    pub fn calls_and_cancels(&mut self, number: &str) {
        let invite = self.dials(number, ALAW_AND_KEYS);
        let headers = vec![
            header("Via", value(&invite, "Via")),
            header("Max-Forwards", "70"),
            header("From", value(&invite, "From")),
            header("To", value(&invite, "To")),
            header("Call-ID", value(&invite, "Call-ID")),
            header("CSeq", format!("{} CANCEL", sequence(&invite).0)),
        ];
        let cancel = request(Method::Cancel, &invite.uri.to_string(), headers, Vec::new());
        self.wire.send(invite.to_string().as_bytes());
        let cancelled = self.final_response(&cancel).status_code.code();
        let answer = self.final_response(&invite);
        self.take_answer(&invite, &answer);
        match (cancelled, answer.status_code.code()) {
            (200, 487) => self.sound = None,
            // The answer was on its way: the call stands (RFC 3261 §9.2).
            (200 | 481, 200) => self.hangs_up(),
            other => panic!("CANCEL and INVITE were answered {other:?}"),
        }
    }

    /// Presses keys.
    pub fn presses(&self, keys: &str) {
        self.sound().presses(keys);
    }

    /// Waits until `clips` were heard in order after what was heard so far.
    #[track_caller]
    pub fn hears(&mut self, clips: &[&str]) {
        self.listened = heard_clips(self.sound(), self.listened, clips);
    }

    /// Hears this much of a recording that is played round and round, wherever in it the server is.
    pub fn hears_part(&mut self, id: &str, length: Duration) {
        self.listened = heard_part(self.sound(), self.listened, id, length);
    }

    /// Hears which of the clips comes next; its place in the list.
    pub fn hears_one_of(&mut self, clips: &[&str]) -> usize {
        let (which, listened) = heard_next(self.sound(), self.listened, clips);
        self.listened = listened;
        which
    }

    /// What was heard and sent.
    pub fn sound(&self) -> &Sound {
        self.sound.as_ref().expect("a call")
    }

    /// Says the known sound `voice` from now on.
    pub fn says(&self, voice: u8) {
        self.sound().says(Voice::Known { voice, next: 0 });
    }

    /// Hears a second of the known sound `voice`, unchanged and without a loss.
    #[track_caller]
    pub fn hears_voice(&self, voice: u8) {
        if let Err(story) = self.sound().hears_known(voice, 50, SOON) {
            panic!("{} does not hear voice {voice}: {story}", self.user);
        }
    }

    /// Holds the call: from now on neither side sends sound. The direction in the server's answer.
    pub fn holds(&mut self) -> String {
        self.sound().says(Voice::Mute);
        self.invites_again("sendonly")
    }

    /// Resumes the call.
    pub fn resumes(&mut self) {
        assert_eq!(self.invites_again("sendrecv"), "sendrecv", "answers a resume");
        self.sound().says(Voice::Silence);
    }

    fn invites_again(&mut self, direction: &str) -> String {
        self.version += 1;
        let offer = describe(self.sound().local(), self.version, ALAW_AND_KEYS, direction);
        let invite = self.request(Method::Invite, vec![self.contact()], offer.into_bytes());
        let answer = self.final_response(&invite);
        assert_eq!(answer.status_code.code(), 200, "to a re-INVITE:\n{answer}");
        self.take_answer(&invite, &answer);
        Described::parse(&answer.body).direction
    }

    /// Ends the call.
    pub fn hangs_up(&mut self) {
        let bye = self.request(Method::Bye, Vec::new(), Vec::new());
        let answer = self.final_response(&bye);
        assert_eq!(answer.status_code.code(), 200, "to BYE:\n{answer}");
        self.puts_down();
    }

    /// Waits until the server ends the call.
    #[track_caller]
    pub fn is_hung_up_on(&mut self) {
        let bye = self.awaits_request(Method::Bye, SOON);
        self.responds(&bye, 200, Vec::new(), Vec::new());
        self.puts_down();
    }

    /// The call is over; what came in it must have been a stream as it should be.
    fn puts_down(&mut self) {
        self.dialog = None;
        if let Some(sound) = self.sound.take() {
            let faults = faults(&sound.packets());
            assert!(faults.is_empty(), "{} received packets that do not count up:\n{}", self.user, faults.join("\n"));
        }
    }

    // ---- an operator's phone ----

    /// Registers with a password by an algorithm; the last status.
    pub fn registers(&mut self, password: &str, algorithm: Algorithm) -> u16 {
        let uri = format!("sip:{}", self.server);
        let own = format!("<sip:{}@{}>", self.user, self.server);
        let call_id = format!("{}@phone.test", self.next());
        let tag = self.next();
        let mut authorization = None;
        for number in 1..=2 {
            let mut headers = vec![
                self.via(),
                header("Max-Forwards", "70"),
                header("From", format!("{own};tag={tag}")),
                header("To", own.clone()),
                header("Call-ID", call_id.clone()),
                header("CSeq", format!("{number} REGISTER")),
                self.contact(),
                header("Expires", "300"),
            ];
            headers.extend(authorization.take());
            let register = request(Method::Register, &uri, headers, Vec::new());
            let answer = self.final_response(&register);
            let code = answer.status_code.code();
            if code != 401 || number == 2 {
                return code;
            }
            let offered: Vec<Challenge> =
                values(&answer, "WWW-Authenticate").iter().filter_map(|value| Challenge::parse(value)).collect();
            let challenge = offered.iter().find(|one| one.algorithm == algorithm);
            let challenge = challenge.unwrap_or_else(|| panic!("{} is not offered: {offered:#?}", algorithm.name()));
            let met = challenge.meet(&self.user, password, "REGISTER", &uri);
            authorization = Some(header("Authorization", met));
        }
        unreachable!("the second answer is returned")
    }

    /// Waits for a call and rings.
    #[track_caller]
    pub fn is_rung(&mut self) {
        let invite = self.awaits_request(Method::Invite, SOON);
        self.responds(&invite, 180, vec![self.contact()], Vec::new());
        self.ringing = Some(invite);
    }

    /// Answers the call that rings; it stands when this returns.
    pub fn picks_up(&mut self) {
        let invite = self.ringing.clone().expect("a call that rings");
        let offer = Described::parse(&invite.body);
        let sound = Sound::open();
        let answer = describe(sound.local(), self.version, ALAW_AND_KEYS, "sendrecv");
        sound.sends_to(offer.to, offer.keys.unwrap_or(KEYS));
        self.sound = Some(sound);
        self.listened = 0;
        let local = self.responds(&invite, 200, vec![self.contact()], answer.into_bytes());
        self.dialog = Some(Dialog {
            call_id: value(&invite, "Call-ID"),
            local,
            remote: value(&invite, "From"),
            target: address(&value(&invite, "Contact")),
            routes: values(&invite, "Record-Route"),
            sequence: 0,
        });
        self.awaits_request(Method::Ack, SOON);
    }

    /// Waits until the call stops ringing because the caller is gone: CANCEL, 487 and its ACK.
    #[track_caller]
    pub fn stops_ringing(&mut self) {
        let cancel = self.awaits_request(Method::Cancel, SOON);
        self.responds(&cancel, 200, Vec::new(), Vec::new());
        let invite = self.ringing.take().expect("a call that rings");
        assert_eq!(branch(&cancel), branch(&invite), "CANCEL is for the INVITE");
        self.responds(&invite, 487, Vec::new(), Vec::new());
        self.awaits_request(Method::Ack, SOON);
    }

    // ---- messages ----

    fn next(&mut self) -> String {
        self.counter += 1;
        format!("p{}", self.counter)
    }

    fn via(&mut self) -> Header {
        let (transport, host, branch) = (self.wire.transport(), self.wire.host(), self.next());
        header("Via", format!("SIP/2.0/{transport} {host};rport;branch=z9hG4bK{branch}"))
    }

    fn contact(&self) -> Header {
        let transport = self.wire.transport().to_ascii_lowercase();
        header("Contact", format!("<sip:{}@{};transport={transport}>", self.user, self.wire.host()))
    }

    /// A request in the dialog. An ACK has the number of the INVITE.
    fn request(&mut self, method: Method, more: Vec<Header>, body: Vec<u8>) -> Request {
        let via = self.via();
        let dialog = self.dialog.as_mut().expect("a call");
        if method != Method::Ack {
            dialog.sequence += 1;
        }
        let mut headers = vec![via];
        headers.extend(dialog.routes.iter().map(|route| header("Route", route.clone())));
        headers.extend([
            header("Max-Forwards", "70"),
            header("From", dialog.local.clone()),
            header("To", dialog.remote.clone()),
            header("Call-ID", dialog.call_id.clone()),
            header("CSeq", format!("{} {method}", dialog.sequence)),
        ]);
        headers.extend(more);
        request(method, &dialog.target, headers, body)
    }

    /// Sends a request, again and again over UDP, until its final response comes.
    fn final_response(&mut self, request: &Request) -> Response {
        let (key, until) = ((branch(request), sequence(request)), now() + SOON);
        let early = |message: &SipMessage| {
            matches!(message, SipMessage::Response(one)
            if (branch(one), sequence(one)) == key && one.status_code.code() >= 200)
        };
        if let Some(at) = self.early.iter().position(early)
            && let Some(SipMessage::Response(response)) = self.early.remove(at)
        {
            return response;
        }
        let bytes = request.to_string().into_bytes();
        let mut pause = T1;
        self.wire.send(&bytes);
        let mut again = now() + pause;
        let mut provisional = false;
        loop {
            assert!(now() < until, "no final response to:\n{request}\ncame instead: {}", self.story());
            let resend = !self.wire.is_reliable() && !provisional;
            let Some(message) = self.receive(if resend { again.min(until) } else { until }) else {
                if resend && now() >= again {
                    self.wire.send(&bytes);
                    pause *= 2;
                    again = now() + pause;
                }
                continue;
            };
            match message {
                SipMessage::Response(one) if (branch(&one), sequence(&one)) == key => {
                    if one.status_code.code() >= 200 {
                        return one;
                    }
                    provisional = true;
                }
                other => self.early.push_back(other),
            }
        }
    }

    /// Acknowledges the final response to an INVITE; a 200 sets up the dialog and the sound.
    fn take_answer(&mut self, invite: &Request, answer: &Response) {
        let dialog = self.dialog.as_mut().expect("a call");
        if answer.status_code.code() != 200 {
            // The ACK belongs to the INVITE's transaction (RFC 3261 §17.1.1.3).
            let headers = vec![
                header("Via", value(invite, "Via")),
                header("Max-Forwards", "70"),
                header("From", value(invite, "From")),
                header("To", value(answer, "To")),
                header("Call-ID", value(invite, "Call-ID")),
                header("CSeq", format!("{} ACK", sequence(invite).0)),
            ];
            let ack = request(Method::Ack, &invite.uri.to_string(), headers, Vec::new());
            self.wire.send(ack.to_string().as_bytes());
            return;
        }
        dialog.remote = value(answer, "To");
        assert!(parameter(&dialog.remote, "tag").is_some(), "a 200 without a tag:\n{answer}");
        dialog.target = address(&value(answer, "Contact"));
        dialog.routes = values(answer, "Record-Route").into_iter().rev().collect();
        let number = dialog.sequence;
        let ack = self.request(Method::Ack, Vec::new(), Vec::new()).to_string().into_bytes();
        self.wire.send(&ack);
        self.acknowledged = Some((number, ack));
        let described = Described::parse(&answer.body);
        assert!(described.formats.contains(&8), "A-law was offered, the answer is {described:?}");
        self.sound().sends_to(described.to, described.keys.expect("keys were offered"));
    }

    /// Responds; the To of the response, with our tag.
    fn responds(&mut self, to: &Request, code: u16, more: Vec<Header>, body: Vec<u8>) -> String {
        let tag = format!("{}{}", self.user, sequence(to).0);
        let answer = response(to, code, &tag, more, body);
        let bytes = answer.to_string().into_bytes();
        self.wire.send(&bytes);
        self.answered.insert((branch(to), to.method.to_string()), bytes);
        value(&answer, "To")
    }

    /// Waits for a request of a method.
    #[track_caller]
    fn awaits_request(&mut self, method: Method, within: Duration) -> Request {
        let until = now() + within;
        let mut passed_over = VecDeque::new();
        loop {
            let message = self.early.pop_front().or_else(|| self.receive(until));
            let Some(message) = message else {
                self.early = passed_over;
                panic!("{} waits for {method}; came instead: {}", self.user, self.story());
            };
            match message {
                SipMessage::Request(request) if request.method == method => {
                    passed_over.append(&mut self.early);
                    self.early = passed_over;
                    return request;
                }
                other => passed_over.push_back(other),
            }
        }
    }

    /// The next message that is new: requests and 200s that come again are answered as before.
    fn receive(&mut self, until: std::time::Instant) -> Option<SipMessage> {
        loop {
            let bytes = self.wire.receive(until)?;
            if bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let message = parse(&bytes);
            let again = match &message {
                SipMessage::Request(request) => {
                    self.answered.get(&(branch(request), request.method.to_string())).cloned()
                }
                SipMessage::Response(response) => self.acknowledgement_of(response),
            };
            match again {
                Some(answer) => self.wire.send(&answer),
                None => return Some(message),
            }
        }
    }

    fn acknowledgement_of(&self, response: &Response) -> Option<Vec<u8>> {
        let (number, ack) = self.acknowledged.as_ref()?;
        let repeated = sequence(response) == (*number, "INVITE".to_owned()) && response.status_code.code() == 200;
        let ours = self.dialog.as_ref().is_some_and(|dialog| dialog.call_id == value(response, "Call-ID"));
        (repeated && ours).then(|| ack.clone())
    }

    fn story(&self) -> String {
        let lines: Vec<String> = self.early.iter().map(about).collect();
        if lines.is_empty() { "nothing".to_owned() } else { lines.join(", ") }
    }
}
