//! A zone as a table, and where names lead in it.

use super::*;
use rand::SeedableRng;

const ZONE: &str = "
    provider.example       naptr 10 20 s SIP+D2U  _sip._udp.provider.example
    provider.example       naptr 10 10 s SIPS+D2T _sips._tcp.provider.example
    provider.example       naptr 10 30 s SIP+D2S  _sip._sctp.provider.example
    _sip._udp.provider.example  srv 1 0 5060 a.provider.example
    _sips._tcp.provider.example srv 1 0 5061 a.provider.example
    a.provider.example     a 192.0.2.1
    a.provider.example     aaaa 2001:db8::1
    plain.example          a 192.0.2.9
    _sip._tcp.srv.example  srv 2 0 5080 backup.example
    _sip._tcp.srv.example  srv 1 90 5070 main.example
    _sip._tcp.srv.example  srv 1 10 5070 side.example
    main.example           a 192.0.2.31
    side.example           a 192.0.2.32
    backup.example         a 192.0.2.33
    _sip._udp.gone.example srv 0 0 5060 .
    gone.example           a 192.0.2.40
";

/// Answers every question from the zone; a name server that `fails` answers none.
fn answer(names: &mut Names, now: Instant, ttl: u32, fails: bool) -> Vec<String> {
    let mut seen = Vec::new();
    while let Some(query) = names.next_query() {
        let kind = match query.kind {
            RecordKind::Naptr => "naptr",
            RecordKind::Srv => "srv",
            RecordKind::A => "a",
            RecordKind::Aaaa => "aaaa",
        };
        seen.push(format!("{kind} {}", query.name));
        let lines = ZONE.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let records = lines.filter(|words| words.get(..2) == Some(&[&*query.name, kind][..]));
        let data = |words: Vec<&str>| match (query.kind, &words[2..]) {
            (RecordKind::Naptr, [order, preference, flags, service, replacement]) => RecordData::Naptr {
                order: order.parse().unwrap(),
                preference: preference.parse().unwrap(),
                flags: (*flags).into(),
                service: (*service).into(),
                replacement: (*replacement).into(),
            },
            (RecordKind::Srv, [priority, weight, port, target]) => RecordData::Srv {
                priority: priority.parse().unwrap(),
                weight: weight.parse().unwrap(),
                port: port.parse().unwrap(),
                target: (*target).into(),
            },
            (_, [ip]) => RecordData::Address(ip.parse().unwrap()),
            (_, other) => panic!("{other:?}"),
        };
        let records = records.map(|words| Record { ttl, data: data(words) }).collect();
        names.answered(now, query.id, if fails { Answer::Failed } else { Answer::Records(records) });
    }
    seen
}

fn found(names: &mut Names, now: Instant, id: NameId, seed: u8) -> Vec<String> {
    let peers = names.peers(now, id, &mut StdRng::from_seed([seed; 32]));
    peers.iter().map(ToString::to_string).collect()
}

/// Where a URI leads.
fn leads(uri: &str) -> Vec<String> {
    let mut names = Names::default();
    let uri = crate::voip::sip::Uri::parse(uri).expect(uri);
    let destination = Destination::of(uri.as_sip().expect("a SIP URI")).expect("a name");
    let id = names.keep(destination);
    names.refresh(Instant::ZERO);
    answer(&mut names, Instant::ZERO, 60, false);
    found(&mut names, Instant::ZERO, id, 1)
}

#[test]
fn every_way_of_rfc_3263_leads_to_its_servers() {
    for (uri, expected) in [
        // NAPTR in its order; SCTP is not ours.
        (
            "sip:provider.example",
            &["TLS 192.0.2.1:5061", "TLS [2001:db8::1]:5061", "UDP 192.0.2.1:5060", "UDP [2001:db8::1]:5060"][..],
        ),
        ("sips:provider.example", &["TLS 192.0.2.1:5061", "TLS [2001:db8::1]:5061"]),
        // A transport alone: its SRV. A port: no SRV.
        ("sip:provider.example;transport=udp", &["UDP 192.0.2.1:5060", "UDP [2001:db8::1]:5060"]),
        ("sip:a.provider.example:5099", &["UDP 192.0.2.1:5099", "UDP [2001:db8::1]:5099"]),
        ("sip:plain.example:5099;transport=tcp", &["TCP 192.0.2.9:5099"]),
        // Neither NAPTR nor SRV: the name itself.
        ("sip:plain.example", &["UDP 192.0.2.9:5060"]),
        ("sips:plain.example", &["TLS 192.0.2.9:5061"]),
        // Nobody leads a call that is to be secure over something else.
        ("sips:plain.example;transport=udp", &["TLS 192.0.2.9:5061"]),
        ("sip:desk@ignored.example;maddr=plain.example", &["UDP 192.0.2.9:5060"]),
        ("sip:nowhere.example", &[]),
    ] {
        assert_eq!(leads(uri), expected, "{uri}");
    }
    let address = crate::voip::sip::Uri::parse("sip:name.example;maddr=192.0.2.1").unwrap();
    assert_eq!(Destination::of(address.as_sip().unwrap()), None);
}

#[test]
fn priority_comes_first_and_weight_divides() {
    let mut names = Names::default();
    let id = names.keep(Destination::new("srv.example", None, None));
    names.refresh(Instant::ZERO);
    answer(&mut names, Instant::ZERO, 60, false);
    let firsts: Vec<String> = (0..200).map(|seed| found(&mut names, Instant::ZERO, id, seed)[0].clone()).collect();
    let main = firsts.iter().filter(|first| *first == "TCP 192.0.2.31:5070").count();
    assert!((150..=195).contains(&main), "{main} of 200 where 180 are due");
    assert!(firsts.iter().all(|first| first != "TCP 192.0.2.33:5080"), "the backup comes last");
    assert_eq!(found(&mut names, Instant::ZERO, id, 3)[2], "TCP 192.0.2.33:5080");
}

#[test]
fn a_server_that_failed_comes_last_for_a_while() {
    let mut names = Names::default();
    let id = names.keep(Destination::new("srv.example", None, Some(Transport::Tcp)));
    names.refresh(Instant::ZERO);
    answer(&mut names, Instant::ZERO, 3_600, false);
    for addr in ["192.0.2.31:5070", "192.0.2.32:5070"] {
        names.shun(Instant::ZERO, addr.parse().unwrap());
    }
    assert_eq!(found(&mut names, Instant::ZERO, id, 1)[0], "TCP 192.0.2.33:5080");
    let later = Instant::ZERO + SHUNNED;
    assert_eq!(found(&mut names, later, id, 1)[2], "TCP 192.0.2.33:5080");
}

#[test]
fn what_is_known_lives_as_long_as_it_may_and_outlives_a_name_server_that_fails() {
    let mut names = Names::default();
    let id = names.keep(Destination::new("plain.example", Some(5060), None));
    names.refresh(Instant::ZERO);
    let asked = answer(&mut names, Instant::ZERO, 60, false);
    assert_eq!(asked, ["a plain.example", "aaaa plain.example"]);
    let at = |seconds| Instant::ZERO + Duration::from_secs(seconds);
    names.refresh(at(59));
    assert!(answer(&mut names, at(59), 60, false).is_empty(), "it is known");
    names.refresh(at(60));
    assert_eq!(answer(&mut names, at(60), 60, true).len(), 2, "it is asked for again");
    assert_eq!(found(&mut names, at(61), id, 1), ["UDP 192.0.2.9:5060"], "what was said last is believed");
    assert_eq!(found(&mut names, at(60 + 3_600), id, 1).len(), 0, "and not for ever");
}

#[test]
fn names_that_peers_write_are_bounded_and_so_are_the_questions_about_them() {
    let mut names = Names::default();
    let kept = names.keep(Destination::new("plain.example", None, None));
    let mut rng = StdRng::from_seed([1; 32]);
    for number in 0..10 * MOST_NAMES {
        let now = Instant::ZERO + Duration::from_millis(number as u64);
        let id = names.intern(now, Destination::new(&format!("n{number}.example"), None, None));
        names.peers(now, id, &mut rng);
    }
    assert!(names.entries.len() <= MOST_NAMES && names.by_destination.len() <= MOST_NAMES);
    assert_eq!(names.questions.len(), MOST_LOOKUPS);
    assert_eq!(names.host(kept), Some("plain.example"));
}

#[test]
fn a_service_that_is_decidedly_not_there_is_not_used() {
    assert_eq!(leads("sip:gone.example;transport=udp"), ["UDP 192.0.2.40:5060"]);
}
