use super::*;
use proptest::prelude::*;

/// Codec, the number we send, the event's numbers sent and received, our direction.
type Agreed = (Codec, u8, Option<(u8, u8)>, Direction);

const LOCAL: &str = "198.51.100.1:20000";

fn negotiation() -> Negotiation {
    Negotiation::new(42, LOCAL.parse().expect("an address"))
}

/// An offer with these lines below `v=`, `o=`, `s=`.
fn offer(lines: &[&str]) -> String {
    let head = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-"];
    head.iter().chain(lines).flat_map(|line| [line, "\r\n"]).collect()
}

fn answer(body: &str) -> Result<(String, Negotiated), NegotiationError> {
    negotiation().answer(RemoteOffer::parse(body.as_bytes())?, Direction::SendRecv)
}

/// What an offer comes to, in one line: codec, its number, event number, direction, remote.
fn outcome(body: &str) -> String {
    match answer(body) {
        Ok((_, agreed)) => {
            let event = agreed.telephone_event.map_or("-".to_owned(), |pair| pair.send.number().to_string());
            let (number, direction) = (agreed.payload_type.send.number(), agreed.direction.name());
            format!("{:?} {number} {event} {direction} {}", agreed.codec, agreed.remote)
        }
        Err(error) => format!("{} {error}", error.status()),
    }
}

const BARESIP: &[&str] = &[
    "c=IN IP4 192.0.2.1",
    "t=0 0",
    "a=tool:baresip 3.0",
    "m=audio 10000 RTP/AVP 96 9 0 8 101",
    "b=AS:128",
    "a=rtpmap:96 opus/48000/2",
    "a=fmtp:96 stereo=1;sprop-stereo=1",
    "a=rtpmap:9 G722/8000",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:101 telephone-event/8000",
    "a=fmtp:101 0-15",
    "a=rtcp:10001",
    "a=sendrecv",
    "a=label:1",
    "a=rtcp-rsize",
    "a=ssrc:1234 cname:x",
    "a=ptime:20",
    "m=video 10002 RTP/AVP 97",
    "a=rtpmap:97 H264/90000",
];

#[test]
fn rtcp_goes_over_the_port_of_rtp_when_that_is_offered_and_is_never_asked_for() {
    let with = |attribute| ["c=IN IP4 192.0.2.1", "t=0 0", "m=audio 10000 RTP/AVP 8", attribute];
    for (attribute, agreed) in [("a=rtcp-mux", true), ("a=rtcp-mux-only", false), ("a=sendrecv", false)] {
        let (body, negotiated) = answer(&offer(&with(attribute))).expect("an answer");
        assert_eq!((negotiated.rtcp_mux, body.contains("a=rtcp-mux\r\n")), (agreed, agreed), "{attribute}");
    }
    let (body, pending) = negotiation().offer(Direction::SendRecv);
    assert!(!body.contains("rtcp-mux"));
    let negotiated = pending.accept(offer(&with("a=rtcp-mux")).as_bytes()).expect("an answer to it");
    assert!(!negotiated.rtcp_mux);
}

const LINPHONE: &[&str] = &[
    "c=IN IP4 192.0.2.1",
    "t=0 0",
    "a=rtcp-xr:rcvr-rtt=all:10000 stat-summary=loss,dup,jitt,TTL voip-metrics",
    "m=audio 7078 RTP/AVPF 96 97 98 0 8 18 101 99 100",
    "a=rtpmap:96 opus/48000/2",
    "a=rtpmap:97 speex/16000",
    "a=rtpmap:98 speex/8000",
    "a=fmtp:98 vbr=on",
    "a=fmtp:18 annexb=yes",
    "a=rtpmap:101 telephone-event/48000",
    "a=rtpmap:99 telephone-event/16000",
    "a=rtpmap:100 telephone-event/8000",
    "a=rtcp-fb:* trr-int 5000",
    "a=rtcp-fb:* ccm tmmbr",
];

const ASTERISK: &[&str] = &[
    "c=IN IP4 192.0.2.1",
    "t=0 0",
    "m=audio 14216 RTP/AVP 0 101",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:101 telephone-event/8000",
    "a=fmtp:101 0-16",
    "a=ptime:20",
    "a=maxptime:150",
    "a=sendrecv",
];

/// Name, lines, and what they come to.
const OFFERS: &[(&str, &[&str], &str)] = &[
    ("baresip", BARESIP, "Pcma 8 101 sendrecv 192.0.2.1:10000"),
    ("Linphone", LINPHONE, "Pcma 8 100 sendrecv 192.0.2.1:7078"),
    ("Asterisk", ASTERISK, "Pcmu 0 101 sendrecv 192.0.2.1:14216"),
    (
        "dynamic numbers",
        &[
            "c=IN IP4 192.0.2.1",
            "m=audio 4 RTP/AVP 110 120",
            "a=rtpmap:110 pcma/8000/1",
            "a=rtpmap:120 Telephone-Event/8000",
        ],
        "Pcma 110 120 sendrecv 192.0.2.1:4",
    ),
    ("static without rtpmap", &["c=IN IP4 192.0.2.1", "m=audio 4 RTP/AVP 0"], "Pcmu 0 - sendrecv 192.0.2.1:4"),
    (
        "a static number named otherwise",
        &["c=IN IP4 192.0.2.1", "m=audio 4 RTP/AVP 8", "a=rtpmap:8 PCMA/16000"],
        "488 no audio line has a codec that both know",
    ),
    (
        "an address of the line",
        &["c=IN IP4 192.0.2.1", "m=audio 4 RTP/AVP 8", "c=IN IP4 192.0.2.9"],
        "Pcma 8 - sendrecv 192.0.2.9:4",
    ),
    ("hold", &["c=IN IP4 192.0.2.1", "m=audio 4 RTP/AVP 8", "a=sendonly"], "Pcma 8 - recvonly 192.0.2.1:4"),
    (
        "hold of the session",
        &["c=IN IP4 192.0.2.1", "a=inactive", "m=audio 4 RTP/AVP 8"],
        "Pcma 8 - inactive 192.0.2.1:4",
    ),
    (
        "the line's direction over the session's",
        &["c=IN IP4 192.0.2.1", "a=inactive", "m=audio 4 RTP/AVP 8", "a=recvonly"],
        "Pcma 8 - sendonly 192.0.2.1:4",
    ),
    ("the old hold", &["c=IN IP4 0.0.0.0", "m=audio 4 RTP/AVP 8"], "Pcma 8 - recvonly 0.0.0.0:4"),
    (
        "the second audio line",
        &["c=IN IP4 192.0.2.1", "m=audio 4 RTP/SAVP 8", "m=audio 6 RTP/AVP 0"],
        "Pcmu 0 - sendrecv 192.0.2.1:6",
    ),
    ("SRTP only", &["c=IN IP4 192.0.2.1", "m=audio 4 RTP/SAVP 8"], "488 no audio line is encrypted as it must be"),
    ("a zero port", &["c=IN IP4 192.0.2.1", "m=audio 0 RTP/AVP 8"], "488 no audio line has a codec that both know"),
    ("no media", &["c=IN IP4 192.0.2.1"], "488 no audio line has a codec that both know"),
    ("no address", &["m=audio 4 RTP/AVP 8"], "488 the address of the audio line cannot be used"),
    (
        "a name as address",
        &["c=IN IP4 phone.example", "m=audio 4 RTP/AVP 8"],
        "488 the address of the audio line cannot be used",
    ),
    (
        "IPv6 in an IPv4 call",
        &["c=IN IP6 2001:db8::1", "m=audio 4 RTP/AVP 8"],
        "488 the address of the audio line cannot be used",
    ),
    (
        "multicast",
        &["c=IN IP4 224.2.1.1/127", "m=audio 4 RTP/AVP 8"],
        "488 the address of the audio line cannot be used",
    ),
    (
        "a port beyond 65535",
        &["c=IN IP4 192.0.2.1", "m=audio 70000 RTP/AVP 8"],
        "400 line 5 of the description cannot be read",
    ),
    ("numbers beyond 127", &["c=IN IP4 192.0.2.1", "m=audio 4 RTP/AVP 300 -1 x 8"], "Pcma 8 - sendrecv 192.0.2.1:4"),
    (
        "unknown and broken lines",
        &[
            "c=IN IP4 192.0.2.1",
            "y=?",
            "nonsense",
            "k=",
            "m=audio 4 RTP/AVP 8",
            "a=rtpmap:",
            "a=rtpmap:x y/z",
            "a=ptime:x",
            "a=",
        ],
        "Pcma 8 - sendrecv 192.0.2.1:4",
    ),
];

#[test]
fn offers_of_phones_come_to_what_they_should() {
    for (name, lines, expected) in OFFERS {
        assert_eq!(outcome(&offer(lines)), *expected, "{name}");
        let bare = offer(lines).replace("\r\n", "\n");
        assert_eq!(outcome(&bare), *expected, "{name}, lines ended by LF");
        assert_eq!(outcome(&offer(lines).replace("\r\n", "\r")), *expected, "{name}, lines ended by CR");
    }
}

#[test]
fn a_body_that_is_no_description_is_400() {
    for body in ["", "hello", "v=1\r\n", "o=- 1 1 IN IP4 1.1.1.1\r\n", "v=0\r\ns=-\r\n", "v=0\r\no=-\r\n"] {
        assert!(outcome(body).starts_with("400"), "{body:?}");
    }
}

#[test]
fn an_answer_keeps_the_lines_in_place_and_refuses_the_others() {
    let (body, agreed) = answer(&offer(BARESIP)).expect("an answer");
    let expected = "v=0\r\no=- 42 42 IN IP4 198.51.100.1\r\ns=hotline\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n\
        m=audio 20000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
        a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\nm=video 0 RTP/AVP 97\r\n";
    assert_eq!(body, expected);
    assert_eq!(agreed.remote_rtcp, "192.0.2.1:10001".parse().expect("an address"));
    let (body, _) = answer(&offer(LINPHONE)).expect("an answer");
    assert!(body.contains("m=audio 20000 RTP/AVPF 8 100\r\n"), "{body}");
}

#[test]
fn ipv6_is_answered_with_ipv6() {
    let body = offer(&["c=IN IP6 2001:db8::1", "m=audio 4 RTP/AVP 8", "a=rtcp:9 IN IP6 2001:db8::2"]);
    let offer = RemoteOffer::parse(body.as_bytes()).expect("an offer");
    assert_eq!(offer.audio_ip(), "2001:db8::1".parse().ok());
    let mut negotiation = Negotiation::new(1, "[2001:db8::ff]:20000".parse().expect("an address"));
    let (body, agreed) = negotiation.answer(offer, Direction::SendRecv).expect("an answer");
    assert!(body.contains("c=IN IP6 2001:db8::ff\r\n"));
    assert_eq!(agreed.remote_rtcp, "[2001:db8::2]:9".parse().expect("an address"));
}

#[test]
fn the_version_rises_with_a_change_only() {
    let mut negotiation = negotiation();
    let mut version = |direction: &str| {
        let body = offer(&["c=IN IP4 192.0.2.1", "m=audio 4 RTP/AVP 8", direction]);
        let offer = RemoteOffer::parse(body.as_bytes()).expect("an offer");
        let (body, _) = negotiation.answer(offer, Direction::SendRecv).expect("an answer");
        body.lines().nth(1).map(str::to_owned)
    };
    let line = |version: u8| Some(format!("o=- 42 {version} IN IP4 198.51.100.1"));
    assert_eq!(version("a=sendrecv"), line(42));
    assert_eq!(version("a=sendrecv"), line(42));
    assert_eq!(version("a=sendonly"), line(43));
    assert_eq!(version("a=sendrecv"), line(44));
}

#[test]
fn our_offer_is_answered_with_numbers_of_the_other_side() {
    let (body, _) = negotiation().offer(Direction::SendRecv);
    assert!(
        body.contains("m=audio 20000 RTP/AVP 8 0 9 96 101 100\r\n") && body.contains("a=ptime:20\r\na=sendrecv\r\n")
    );
    let cases: &[(&str, &[&str], Result<Agreed, NegotiationError>)] = &[
        (
            "as offered",
            &["m=audio 6 RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000"],
            Ok((Codec::Pcma, 8, Some((101, 101)), Direction::SendRecv)),
        ),
        (
            "their event number",
            &["m=audio 6 RTP/AVP 0 8 96", "a=rtpmap:96 telephone-event/8000"],
            Ok((Codec::Pcmu, 0, Some((96, 101)), Direction::SendRecv)),
        ),
        ("no events", &["m=audio 6 RTP/AVP 8", "a=recvonly"], Ok((Codec::Pcma, 8, None, Direction::SendOnly))),
        ("refused", &["m=audio 0 RTP/AVP 8"], Err(NegotiationError::NoCommonCodec)),
        ("another codec", &["m=audio 6 RTP/AVP 18"], Err(NegotiationError::NoCommonCodec)),
        ("a line too many", &["m=audio 6 RTP/AVP 8", "m=audio 8 RTP/AVP 8"], Err(NegotiationError::Mismatch)),
        ("no line", &[], Err(NegotiationError::Mismatch)),
    ];
    for (name, lines, expected) in cases {
        let (_, pending) = negotiation().offer(Direction::SendRecv);
        let body = offer(&[&["c=IN IP4 192.0.2.1"], *lines].concat());
        let agreed = pending.accept(body.as_bytes()).map(|agreed| {
            let event = agreed.telephone_event.map(|pair| (pair.send.number(), pair.receive.number()));
            (agreed.codec, agreed.payload_type.send.number(), event, agreed.direction)
        });
        assert_eq!(agreed, *expected, "{name}");
    }
}

#[test]
fn an_offer_of_ours_later_in_the_call_keeps_every_line_in_its_place() {
    let mut negotiation = negotiation();
    let body = offer(&["c=IN IP4 192.0.2.1", "m=video 2 RTP/AVP 97", "m=audio 4 RTP/AVPF 8"]);
    let remote = RemoteOffer::parse(body.as_bytes()).expect("an offer");
    negotiation.answer(remote, Direction::SendRecv).expect("an answer");
    let (body, pending) = negotiation.offer(Direction::SendOnly);
    let lines: Vec<&str> = body.lines().filter(|line| line.starts_with("m=") || line.starts_with("o=")).collect();
    assert_eq!(
        lines,
        ["o=- 42 43 IN IP4 198.51.100.1", "m=video 0 RTP/AVP 97", "m=audio 20000 RTP/AVPF 8 0 9 96 101 100"]
    );
    let answer = offer(&["c=IN IP4 192.0.2.1", "m=video 0 RTP/AVP 97", "m=audio 4 RTP/AVPF 8", "a=recvonly"]);
    let agreed = pending.accept(answer.as_bytes()).expect("agreed");
    assert_eq!((agreed.remote.port(), agreed.direction), (4, Direction::SendOnly));
}

#[test]
fn our_hold_and_theirs_meet() {
    for (theirs, ours, expected) in [
        ("a=sendrecv", Direction::SendOnly, Direction::SendOnly),
        ("a=sendonly", Direction::SendOnly, Direction::Inactive),
        ("a=recvonly", Direction::SendRecv, Direction::SendOnly),
    ] {
        let body = offer(&["c=IN IP4 192.0.2.1", "m=audio 4 RTP/AVP 8", theirs]);
        let offer = RemoteOffer::parse(body.as_bytes()).expect("an offer");
        let (body, agreed) = negotiation().answer(offer, ours).expect("an answer");
        assert_eq!(agreed.direction, expected);
        assert!(body.contains(&format!("a={}\r\n", expected.name())));
    }
}

#[test]
fn a_flood_of_formats_lines_or_octets_is_bounded() {
    let formats: String = (0..5_000).map(|number| (number % 128).to_string()).collect::<Vec<_>>().join(" ");
    let maps: Vec<String> = (0..900).map(|number| format!("a=rtpmap:{} X{number}/8000", 9 + number % 119)).collect();
    let maps = maps.join(
        "
",
    );
    let body = offer(&["c=IN IP4 192.0.2.1", &format!("m=audio 4 RTP/AVP {formats}")]) + &maps;
    assert!(outcome(&body).starts_with("Pcma 8"), "{}", outcome(&body));
    let body = offer(&["c=IN IP4 192.0.2.1"]) + &"m=audio 4 RTP/AVP 8\r\n".repeat(65);
    assert!(outcome(&body).starts_with("400"));
    let body = offer(&["c=IN IP4 192.0.2.1"]) + &"a=x\r\n".repeat(20_000);
    assert!(outcome(&body).starts_with("400"));
}

proptest! {
    #[test]
    fn garbage_never_panics(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(SessionDescription::parse(&body).is_err() || !body.is_empty());
    }

    #[test]
    fn what_is_half_a_description_never_panics_and_reads_as_it_writes(
        lines in proptest::collection::vec(
            prop_oneof![
                "[a-z]=[ -~]{0,30}",
                "a=(rtpmap|fmtp|ptime|rtcp|crypto):[0-9]{0,4} [a-zA-Z/-]{0,12}/[0-9]{0,6}",
                "m=(audio|video) [0-9]{1,5} RTP/AVP( [0-9]{1,3}){0,6}",
                "c=IN IP[46] [0-9a-f.:]{0,20}",
                "a=(sendrecv|sendonly|recvonly|inactive)",
            ],
            0..20,
        ),
    ) {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let body = offer(&lines);
        if let Ok(read) = SessionDescription::parse(body.as_bytes()) {
            let again = SessionDescription::parse(read.to_string().as_bytes()).expect("what we write reads");
            prop_assert_eq!(again.media.len(), read.media.len());
        }
        outcome(&body);
    }
}

#[test]
fn the_configured_codecs_decide_what_is_offered_and_chosen() {
    let ours = || negotiation().with_codecs(&[Codec::Pcmu]);
    let (offer, _) = ours().offer(Direction::SendRecv);
    assert!(offer.contains("RTP/AVP 0 101"), "{offer}");
    let theirs = RemoteOffer::parse(offer.as_bytes()).expect("our own offer");
    assert_eq!(ours().answer(theirs.clone(), Direction::SendRecv).expect("PCMU").1.codec, Codec::Pcmu);
    let other = negotiation().with_codecs(&[Codec::Pcma]).answer(theirs, Direction::SendRecv);
    assert!(matches!(other, Err(NegotiationError::NoCommonCodec)));
}
