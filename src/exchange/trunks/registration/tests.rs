use super::*;
use crate::voip::sip::Message;
use crate::voip::sip::headers::Headers;
use rand::SeedableRng;

const START: Instant = Instant::from_millis(10_000);
const CHALLENGE: &str = "WWW-Authenticate: Digest realm=\"provider\", nonce=\"n1\", qop=\"auth\", algorithm=MD5\r\n";

/// A registration and what the provider has heard of it.
struct Provider {
    registration: Registration,
    now: Instant,
    asked: Vec<Request>,
}

fn uri(text: &str) -> SipUri {
    match Uri::parse(text).unwrap() {
        Uri::Sip(uri) => uri,
        other => panic!("{other}"),
    }
}

impl Provider {
    fn new() -> Self {
        Self::with(Some("secret"), None)
    }

    fn with(password: Option<&str>, instance: Option<&str>) -> Self {
        let terms = Terms {
            registrar: uri("sip:provider.example"),
            address: NameAddr::new(uri("sip:bank@provider.example")),
            contact: uri("sip:bank@192.0.2.1:5060;line=abc"),
            instance: instance.map(Into::into),
            wish: Duration::from_secs(600),
        };
        let login = password.map(|password| Login { username: "bank".into(), password: password.into() });
        let call_id = SipCallId::new("call").unwrap();
        let registration = Registration::new(terms, login, call_id, "tag".into(), StdRng::from_seed([5; 32]));
        let mut provider = Self { registration, now: START, asked: Vec::new() };
        provider.turn();
        provider
    }

    /// Lets the time come that the registration waits for, and hears what it sends.
    fn turn(&mut self) {
        self.now = self.registration.poll_timeout().map_or(self.now, |at| at.max(self.now));
        self.registration.handle_timeout(self.now);
        self.hear();
    }

    fn hear(&mut self) {
        self.asked.extend(self.registration.next_request());
    }

    fn last(&self) -> &Request {
        self.asked.last().unwrap()
    }

    fn says(&mut self, status: u16, headers: &str) {
        let request = self.last();
        let text = format!(
            "SIP/2.0 {status} Whatever\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:bank@provider.example>;tag=tag\r\n\
             To: <sip:bank@provider.example>;tag=p\r\nCall-ID: call\r\nCSeq: {} REGISTER\r\n{headers}\r\n",
            request.cseq
        );
        let Ok(Message::Response(response)) = Message::parse(text.as_bytes()) else { panic!("{text}") };
        self.registration.handle_reply(self.now, &Reply::Answered(Box::new(response)));
        self.hear();
    }

    fn accepts(&mut self, seconds: u32) {
        self.says(200, &format!("Contact: <sip:bank@192.0.2.1:5060;line=abc>;expires={seconds}\r\n"));
    }

    fn is_registered(&self) -> bool {
        self.registration.granted(self.now).is_some()
    }

    /// The seconds until something is to be done.
    fn pause(&self) -> u64 {
        self.registration.poll_timeout().unwrap().since(self.now).as_secs()
    }

    fn news(&mut self) -> String {
        let word = |news| match news {
            News::Registered(length) => format!("registered {}", length.as_secs()),
            News::Failed { why, .. } => format!("failed: {}", why.text()),
            News::Lost => "lost".to_owned(),
        };
        self.registration.take_news().into_iter().map(word).collect::<Vec<_>>().join(", ")
    }
}

fn expires(request: &Request) -> u32 {
    request.headers.typed::<Expires>().unwrap().unwrap().0
}

fn is_signed(headers: &Headers) -> bool {
    headers.has(HeaderName::Authorization)
}

#[test]
fn it_registers_with_the_password_and_refreshes_in_time() {
    let mut provider = Provider::new();
    let first = provider.last().clone();
    assert_eq!((first.uri.to_string().as_str(), expires(&first)), ("sip:provider.example", 600));
    assert!(!is_signed(&first.headers));
    provider.says(401, CHALLENGE);
    let second = provider.last().clone();
    assert!(is_signed(&second.headers) && second.cseq == first.cseq + 1 && second.call_id == first.call_id);
    assert!(!provider.is_registered());
    provider.accepts(600);
    assert!(provider.is_registered());
    assert!((480..540).contains(&provider.pause()), "80 to 90 %: {}", provider.pause());
    assert_eq!(provider.news(), "registered 600");

    provider.turn();
    assert!(provider.is_registered(), "while it is refreshed");
    let refresh = provider.last().clone();
    assert!(is_signed(&refresh.headers) && refresh.cseq == second.cseq + 1, "signed at once with the known nonce");
    provider.says(401, "WWW-Authenticate: Digest realm=\"provider\", nonce=\"n2\", qop=\"auth\", stale=true\r\n");
    assert!(provider.last().cseq > refresh.cseq && provider.is_registered());
    provider.accepts(120);
    assert!((96..108).contains(&provider.pause()), "the time that was granted counts: {}", provider.pause());
    assert_eq!(provider.news(), "", "a refresh is no news");
}

#[test]
fn what_is_granted_is_read_from_the_answer() {
    for (headers, seconds) in [
        ("Contact: <sip:bank@192.0.2.1:5060;line=abc>;expires=300\r\n", 300),
        (
            "Contact: <sip:other@198.51.100.9>;expires=7\r\nContact: <sip:bank@192.0.2.1;line=abc>;expires=8\r\nExpires: 90\r\n",
            90,
        ),
        (
            "Contact: <sip:other@198.51.100.9>;expires=7\r\nContact: <sip:bank@192.0.2.1:5060;line=abc>;expires=80\r\n",
            80,
        ),
        ("Contact: <sip:bank@203.0.113.7:1024>;expires=70\r\n", 70),
        ("Expires: 60\r\n", 60),
        ("", 600),
    ] {
        let mut provider = Provider::new();
        provider.says(200, headers);
        let until = provider.registration.granted(provider.now).unwrap().until;
        assert_eq!(until.since(provider.now).as_secs(), seconds, "{headers}");
    }
}

#[test]
fn a_provider_that_keeps_nobody_so_short_is_asked_for_longer_once() {
    let mut provider = Provider::new();
    provider.says(423, "Min-Expires: 1800\r\n");
    assert_eq!(expires(provider.last()), 1800);
    provider.accepts(1800);
    provider.turn();
    assert_eq!(expires(provider.last()), 1800, "remembered");
    let asked = provider.asked.len();
    provider.says(423, "Min-Expires: 1800\r\n");
    assert_eq!(provider.asked.len(), asked, "the same again is a refusal");
    assert_eq!(provider.news(), "registered 1800, failed: 423 Interval Too Brief");
}

#[test]
fn failures_are_spaced_ever_further_and_a_success_forgets_them() {
    let mut provider = Provider::new();
    for longest in [30, 60, 120, 240, 480, 960, 1800, 1800, 1800] {
        provider.says(500, "");
        let pause = provider.pause();
        assert!((longest / 2 - 1..longest).contains(&pause), "{pause} of {longest}");
        provider.turn();
    }
    provider.says(503, "Retry-After: 1000\r\n");
    assert!(provider.pause() >= 899);
    provider.turn();
    provider.registration.handle_reply(provider.now, &Reply::TimedOut);
    provider.turn();
    provider.accepts(600);
    assert!(provider.is_registered() && provider.registration.last_failure().is_none());
    provider.turn();
    provider.says(500, "");
    assert!(provider.pause() < 30, "{}", provider.pause());
    assert!(provider.is_registered(), "what was granted still holds");
}

#[test]
fn a_wrong_password_is_not_tried_over_and_over() {
    let mut provider = Provider::new();
    provider.says(401, CHALLENGE);
    let asked = provider.asked.len();
    provider.says(401, "WWW-Authenticate: Digest realm=\"provider\", nonce=\"n2\", qop=\"auth\"\r\n");
    assert_eq!(provider.asked.len(), asked);
    assert_eq!(provider.news(), "failed: password not taken");
    assert!((14..30).contains(&provider.pause()));
}

#[test]
fn a_registration_that_runs_out_unrefreshed_is_lost() {
    let mut provider = Provider::new();
    provider.accepts(60);
    assert_eq!(provider.news(), "registered 60");
    provider.turn();
    provider.registration.handle_reply(provider.now, &Reply::TimedOut);
    assert!(provider.is_registered());
    for _ in 0..3 {
        if provider.is_registered() {
            provider.turn();
        }
    }
    assert!(!provider.is_registered());
    let news = provider.news();
    assert!(news.starts_with("failed: no answer") && news.contains("lost"), "{news}");
}

#[test]
fn the_way_out_is_remembered_as_long_as_it_holds() {
    let mut provider = Provider::new();
    provider
        .says(200, "Service-Route: <sip:edge.example;lr>\r\nService-Route: <sip:core.example;lr>\r\nExpires: 600\r\n");
    let route = &provider.registration.granted(provider.now).unwrap().route;
    let hops: Vec<String> = route.iter().map(|hop| hop.0.uri().to_string()).collect();
    assert_eq!(hops, ["sip:edge.example;lr", "sip:core.example;lr"]);
}

#[test]
fn instance_and_flow_are_named_until_the_provider_cannot_keep_them() {
    let mut provider = Provider::with(Some("secret"), Some("<urn:uuid:1>"));
    let contact = provider.last().headers.typed::<Contact>().unwrap().unwrap();
    let text = String::from_utf8(contact.addr().unwrap().as_bytes().to_vec()).unwrap();
    assert!(text.contains(";+sip.instance=\"<urn:uuid:1>\";reg-id=1"), "{text}");
    assert!(provider.last().headers.has_word(HeaderName::Supported, "outbound"));
    provider.says(439, "");
    let contact = provider.last().headers.typed::<Contact>().unwrap().unwrap();
    assert!(!contact.addr().unwrap().params().has("reg-id"));
    provider.accepts(600);
    assert!(provider.is_registered());
}

#[test]
fn the_provider_is_told_when_the_server_stops() {
    let mut provider = Provider::new();
    provider.says(401, CHALLENGE);
    provider.accepts(600);
    provider.registration.leave(provider.now);
    provider.hear();
    assert_eq!(expires(provider.last()), 0);
    assert!(is_signed(&provider.last().headers) && provider.registration.is_leaving());
    provider.says(401, "WWW-Authenticate: Digest realm=\"provider\", nonce=\"n9\", qop=\"auth\", stale=true\r\n");
    assert_eq!(expires(provider.last()), 0);
    assert!(provider.registration.is_leaving());
    provider.says(200, "");
    assert!(!provider.registration.is_leaving() && provider.registration.poll_timeout().is_none());

    let mut silent = Provider::new();
    silent.accepts(600);
    silent.registration.leave(silent.now);
    silent.hear();
    silent.turn();
    assert!(!silent.registration.is_leaving(), "three seconds are enough");

    let mut refused = Provider::with(None, None);
    refused.says(403, "");
    refused.registration.leave(refused.now);
    refused.hear();
    assert_eq!(refused.asked.len(), 1, "who is not known need not leave");
}

#[test]
fn a_provider_that_always_wants_to_be_asked_for_longer_is_left_alone_for_a_while() {
    let mut provider = Provider::new();
    for seconds in 700..800 {
        provider.says(423, &format!("Min-Expires: {seconds}\r\n"));
    }
    assert!(provider.asked.len() < 10, "{}", provider.asked.len());
    assert_eq!(provider.news(), "failed: 423 Interval Too Brief");
}
