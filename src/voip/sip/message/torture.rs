//! The 49 messages of RFC 4475, kept as files.

use std::net::SocketAddr;

use super::super::Peer;
use super::super::headers::{Contact, ContentType, HeaderName, Route, TypedHeader};
use super::*;

macro_rules! file {
    ($path:literal) => {
        ($path, include_bytes!(concat!("../../../../tests/sip/torture/", $path, ".dat")).as_slice())
    };
}

fn request(bytes: &[u8]) -> Request {
    match Message::parse(bytes) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}

fn response(bytes: &[u8]) -> Response {
    match Message::parse(bytes) {
        Ok(Message::Response(response)) => response,
        other => panic!("no response: {other:?}"),
    }
}

fn contacts(headers: &Headers) -> Vec<NameAddr> {
    headers.all::<Contact>().unwrap().iter().map(|contact| contact.addr().unwrap().clone()).collect()
}

/// What parsing must yield for a message that RFC 4475 calls invalid.
#[derive(Clone, Copy)]
enum Yields {
    /// A refusal with this status.
    Refused(u16),
    /// Nothing to answer.
    Dropped,
    /// A message; what its grammar does not forbid is for the layer that knows more.
    Taken(&'static str),
}

#[test]
fn every_invalid_message_is_refused_dropped_or_left_to_a_higher_layer() {
    use Yields::{Dropped, Refused, Taken};
    let table = [
        (file!("invalid/badaspec"), Refused(400)),
        (file!("invalid/badbranch"), Taken("matched as RFC 2543 would: its branch is the cookie alone")),
        (file!("invalid/baddate"), Taken("nobody reads its Date")),
        (file!("invalid/baddn"), Refused(400)),
        (file!("invalid/badinv01"), Refused(400)),
        (file!("invalid/badvers"), Refused(505)),
        (file!("invalid/bcast"), Taken("dropped: no transaction of ours has its Vias")),
        (file!("invalid/bext01"), Taken("420 by the UAS")),
        (file!("invalid/bigcode"), Dropped),
        (file!("invalid/clerr"), Refused(400)),
        (file!("invalid/cparam01"), Taken("an unknown parameter of the header")),
        (file!("invalid/cparam02"), Taken("an unknown parameter of the URI")),
        (file!("invalid/escruri"), Refused(400)),
        (file!("invalid/insuf"), Refused(400)),
        (file!("invalid/inv2543"), Taken("a caller of RFC 2543: no branch, no tag")),
        (file!("invalid/invut"), Taken("415 by the UAS")),
        (file!("invalid/ltgtruri"), Refused(400)),
        (file!("invalid/lwsruri"), Refused(400)),
        (file!("invalid/lwsstart"), Refused(400)),
        (file!("invalid/mcl01"), Refused(400)),
        (file!("invalid/mismatch01"), Refused(400)),
        (file!("invalid/mismatch02"), Refused(501)),
        (file!("invalid/multi01"), Refused(400)),
        (file!("invalid/ncl"), Refused(400)),
        (file!("invalid/novelsc"), Refused(416)),
        (file!("invalid/quotbal"), Refused(400)),
        (file!("invalid/regaut01"), Taken("401 by the registrar: an unknown scheme is no login")),
        (file!("invalid/regbadct"), Refused(400)),
        (file!("invalid/regescrt"), Taken("its Contact keeps the escaped header")),
        (file!("invalid/scalar02"), Refused(400)),
        (file!("invalid/scalarlg"), Dropped),
        (file!("invalid/sdp01"), Taken("406 by the UAS")),
        (file!("invalid/trws"), Refused(400)),
        (file!("invalid/unkscm"), Refused(416)),
        (file!("invalid/unksm2"), Taken("refused by the registrar: no account has such a To")),
        (file!("invalid/zeromf"), Taken("answered: we are the end, and only a proxy counts hops")),
    ];
    for ((name, bytes), yields) in table {
        let parsed = Message::parse(bytes);
        match (&parsed, yields) {
            (Ok(_), Taken(_)) | (Err(Unusable::Dropped(_)), Dropped) => {}
            (Err(Unusable::Refused(refusal)), Refused(status)) if refusal.status.code() == status => {}
            (parsed, Taken(why)) => panic!("{name}: {parsed:?}, should be taken: {why}"),
            (parsed, Refused(status)) => panic!("{name}: {parsed:?}, should be refused with {status}"),
            (parsed, Dropped) => panic!("{name}: {parsed:?}, should be dropped"),
        }
    }
}

#[test]
fn every_refusal_is_an_answer_that_its_sender_can_match() {
    let source = Peer::udp(SocketAddr::from(([192, 0, 2, 99], 4321)));
    for (name, bytes) in [
        file!("invalid/badaspec"),
        file!("invalid/clerr"),
        file!("invalid/ncl"),
        file!("invalid/trws"),
        file!("invalid/unkscm"),
        file!("invalid/mismatch02"),
    ] {
        let Err(Unusable::Refused(refusal)) = Message::parse(bytes) else { panic!("{name}") };
        let answer = String::from_utf8(refusal.to_bytes(&source, "ours")).unwrap();
        assert!(answer.starts_with(&format!("SIP/2.0 {} ", refusal.status)), "{name}: {answer}");
        assert!(answer.contains(";received=192.0.2.99\r\n"), "{name}: {answer}");
        for name in ["\r\nFrom: ", "\r\nTo: ", "\r\nCall-ID: ", "\r\nCSeq: ", ";tag=ours\r\n"] {
            assert!(answer.contains(name), "{name}: {answer}");
        }
        assert!(answer.ends_with("\r\nContent-Length: 0\r\n\r\n"), "{name}: {answer}");
    }
    let (_, bytes) = file!("invalid/badinv01");
    let Err(Unusable::Refused(refusal)) = Message::parse(bytes) else { panic!("badinv01") };
    assert_eq!(refusal.via(), None, "its Via cannot be read");
    assert!(refusal.to_bytes(&source, "ours").starts_with(b"SIP/2.0 400 Bad Request: malformed "));
}

#[test]
fn wsinv_a_short_tortuous_invite() {
    let (_, bytes) = file!("valid/wsinv");
    let invite = request(bytes);
    assert_eq!(invite.method, Method::Invite);
    assert_eq!(invite.uri.to_string(), "sip:vivekg@chair-dnrc.example.com;unknownparam");
    assert_eq!(invite.to.tag(), Some("1918181833n"));
    assert_eq!(invite.from.display(), r#"J Rosenberg \""#);
    assert_eq!(invite.from.tag(), Some("98asjd8"));
    assert_eq!((invite.max_forwards, invite.cseq), (Some(68), 9));
    assert_eq!(invite.call_id.as_str(), "wsinv.ndaksdj@192.0.2.1");
    let vias: Vec<String> = invite.vias.iter().map(ToString::to_string).collect();
    assert_eq!(
        vias,
        [
            "SIP/2.0/UDP 192.0.2.2;branch=390skdjuw",
            "SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8",
            "SIP/2.0/UDP 192.168.255.111;branch=z9hG4bK30239"
        ]
    );
    assert_eq!(invite.vias[0].unique_branch(), None);
    assert_eq!(invite.headers.get(HeaderName::Subject), Some(b"".as_slice()));
    let unknown = invite.headers.get_other("newfangledheader");
    assert_eq!(unknown, Some(b"newfangled value continued newfangled value".as_slice()));
    assert_eq!(invite.headers.get_other("UnknownHeaderWithUnusualValue"), Some(b";;,,;;,;".as_slice()));
    assert!(invite.headers.typed::<ContentType>().unwrap().unwrap().is("application", "sdp"));
    let route = invite.headers.typed::<Route>().unwrap().unwrap().0;
    assert!(route.sip_uri().unwrap().is_loose_router());
    let contact = invite.headers.typed::<Contact>().unwrap().unwrap();
    assert_eq!(contact.addr().unwrap().display(), r#"Quoted string """#);
    assert_eq!(contact.addr().unwrap().params().get("newparam"), Some("newvalue"));
    assert!(contact.addr().unwrap().params().has("secondparam"));
    assert_eq!(contact.priority(), 330);
    assert_eq!(invite.body.len(), 150);
}

#[test]
fn intmeth_a_wide_range_of_valid_letters() {
    let (_, bytes) = file!("valid/intmeth");
    let odd = request(bytes);
    assert_eq!(odd.method.as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
    let uri = odd.uri.as_sip().unwrap();
    assert_eq!(uri.user.as_deref(), Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
    assert_eq!(uri.password.as_deref(), Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    assert_eq!(odd.vias[0].unique_branch(), Some("z9hG4bK-.!%66*_+`'~"));
    assert_eq!(odd.to.display(), "BEL:\u{7} NUL:\0 DEL:\u{7f}");
    assert_eq!(odd.from.display(), "token1~` token2'+_ token3*%!.-");
    assert_eq!(odd.from.tag(), Some("_token~1'+`*%!-."));
    let value = odd.from.params().get_unquoted("fromParam''~+*_!.-%").unwrap();
    assert!(value.starts_with('р'), "{value}");
    assert_eq!(odd.call_id.as_str(), r#"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#);
    assert_eq!((odd.cseq, odd.max_forwards), (139_122_385, Some(255)));
    assert!(odd.headers.get_other("extensionHeader-!.%*+_`'~").is_some());
}

#[test]
fn escapes_are_read_in_users_and_parameters_and_nowhere_else() {
    let (_, bytes) = file!("valid/esc01");
    let invite = request(bytes);
    assert_eq!(invite.uri.user_text().as_deref(), Some("sips:user@example.com"));
    assert_eq!(invite.to.uri().user_text().as_deref(), Some("user"));
    assert_eq!(invite.from.uri().user_text().as_deref(), Some("I have spaces"));
    let contact = &contacts(&invite.headers)[0];
    let contact = contact.sip_uri().unwrap();
    assert_eq!(contact.user_text().as_deref(), Some("caller"));
    assert!(contact.is_loose_router());
    assert_eq!(contact.param("name").as_deref(), Some("value%41"));

    let (_, bytes) = file!("valid/esc02");
    let register = request(bytes);
    assert_eq!(register.method, Method::Other("RE%47IST%45R".into()));
    assert_eq!(register.to.display(), "%Z%45");
    let users: Vec<_> = contacts(&register.headers).iter().map(|addr| addr.uri().user_text().unwrap()).collect();
    assert_eq!(users, ["alias1", "alias3"]);
    assert_eq!(register.headers.get_other("C%6Fntact"), Some(b"<sip:alias2@host2.example.com>".as_slice()));

    let (_, bytes) = file!("valid/escnull");
    let register = request(bytes);
    assert_eq!(register.to.uri().user_text().as_deref(), Some("null-\0-null"));
    let users: Vec<_> = contacts(&register.headers).iter().map(|addr| addr.uri().user_text().unwrap()).collect();
    assert_eq!(users, ["\0", "\0\0"]);
}

#[test]
fn lwsdisp_semiuri_and_transports() {
    let (_, bytes) = file!("valid/lwsdisp");
    let options = request(bytes);
    assert_eq!(options.from.display(), "caller");
    assert_eq!(options.from.uri().to_string(), "sip:caller@example.com");
    assert_eq!(options.from.tag(), Some("323"));

    let (_, bytes) = file!("valid/semiuri");
    let options = request(bytes);
    assert_eq!(options.uri.user_text().as_deref(), Some("user;par=u@example.net"));
    assert_eq!(options.uri.as_sip().unwrap().host.to_string(), "example.com");
    assert_eq!(options.headers.words(HeaderName::Accept).count(), 6);
    assert!(options.headers.has_word(HeaderName::Accept, "message/sipfrag"));

    let (_, bytes) = file!("valid/transports");
    let options = request(bytes);
    let protocols: Vec<&str> = options.vias.iter().map(|via| &*via.protocol).collect();
    assert_eq!(protocols, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
    assert_eq!(options.vias[1].transport(), None);
}

#[test]
fn longreq_long_values_stay_whole() {
    let (_, bytes) = file!("valid/longreq");
    let invite = request(bytes);
    assert_eq!(invite.to.display().len(), 103);
    assert_eq!(invite.to.sip_uri().unwrap().port, Some(6000));
    assert_eq!(invite.to.sip_uri().unwrap().params.iter().count(), 3);
    assert_eq!(invite.from.uri().user_text().unwrap().len(), 5 * 23);
    assert!(invite.from.tag().unwrap().ends_with("982424"));
    assert_eq!(invite.vias.len(), 34);
    assert_eq!(invite.vias[33].host.to_string(), "host.example.com");
    assert_eq!(invite.cseq, 3_882_340);
    assert_eq!(invite.max_forwards, Some(70));
    assert_eq!(invite.body.len(), 150);
    assert_eq!(contacts(&invite.headers).len(), 1);
}

#[test]
fn dblreq_bytes_behind_the_body_are_ignored() {
    let (_, bytes) = file!("valid/dblreq");
    let register = request(bytes);
    assert_eq!((&register.method, register.cseq, register.body.len()), (&Method::Register, 8, 0));
    assert_eq!(contacts(&register.headers)[0].uri().to_string(), "sip:j.user@host.example.com");
}

#[test]
fn mpart01_a_binary_body_stays_whole() {
    let (_, bytes) = file!("valid/mpart01");
    let message = request(bytes);
    assert_eq!((&message.method, message.body.len()), (&Method::Message, 553));
    let kind = message.headers.typed::<ContentType>().unwrap().unwrap();
    assert!(kind.is("multipart", "mixed"));
    assert_eq!(kind.params.get("boundary"), Some("7a9cbec02ceef655"));
    assert!(str::from_utf8(&message.body).is_err());
    assert_eq!(message.headers.get_other("Identity").unwrap().len(), 172);
}

#[test]
fn noreason_and_unreason_any_words_beside_the_status() {
    let (_, bytes) = file!("valid/noreason");
    let trying = response(bytes);
    assert_eq!((trying.status, trying.reason.as_slice()), (Status::TRYING, b"".as_slice()));
    assert_eq!(trying.cseq, CSeq::parse(b"35 INVITE").unwrap());

    let (_, bytes) = file!("valid/unreason");
    let ok = response(bytes);
    assert_eq!(ok.status, Status::OK);
    assert_eq!(str::from_utf8(&ok.reason).unwrap(), "= 2**3 * 5**2 но сто девяносто девять - простое");
    assert_eq!((ok.from.tag(), ok.to.tag()), (Some("11141343"), Some("2229")));
    assert_eq!(ok.body.len(), 154);
}

#[test]
fn what_a_higher_layer_needs_is_there() {
    let (_, bytes) = file!("invalid/bext01");
    let options = request(bytes);
    let required: Vec<&str> = options.headers.words(HeaderName::Require).collect();
    assert_eq!(required, ["nothingSupportsThis", "nothingSupportsThisEither"]);
    let (_, bytes) = file!("invalid/zeromf");
    assert_eq!(request(bytes).max_forwards, Some(0));
    let (_, bytes) = file!("invalid/bcast");
    assert_eq!(response(bytes).vias.len(), 2);
    let (_, bytes) = file!("invalid/badbranch");
    assert_eq!(request(bytes).vias[0].unique_branch(), None);
    let (_, bytes) = file!("invalid/inv2543");
    let old = request(bytes);
    assert_eq!((old.from.tag(), old.vias[0].branch(), old.max_forwards), (None, None, None));
    assert_eq!(old.from.uri().phone().unwrap().as_str(), "+13035551111");
    let (_, bytes) = file!("invalid/cparam01");
    assert!(contacts(&request(bytes).headers)[0].params().has("unknownparam"));
    let (_, bytes) = file!("invalid/cparam02");
    assert!(contacts(&request(bytes).headers)[0].sip_uri().unwrap().params.has("unknownparam"));
    let (_, bytes) = file!("invalid/regescrt");
    let contact = contacts(&request(bytes).headers)[0].clone();
    assert_eq!(contact.sip_uri().unwrap().headers.as_deref(), Some("Route=%3Csip:sip.example.com%3E"));
    let (_, bytes) = file!("invalid/unksm2");
    assert_eq!(*request(bytes).to.uri(), Uri::Other("isbn:2983792873".into()));
}
