//! Whole calls over TLS and WebSockets, names that lead elsewhere, and several addresses, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[allow(dead_code, reason = "a part of the telephone is used here, all of it in `rsip_caller`")]
mod phone;

use phone::digest::Algorithm;
use phone::now;
use phone::secure::Office;
use phone::server::free_address;
use phone::{Server, Telephone};
use simple_dns::rdata::{A, RData};
use simple_dns::{CLASS, Packet, QTYPE, ResourceRecord, TYPE};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const MOBILE: &str = "+79161234567";
const HOTLINE: &str = "88001234567";
const PASSWORD: &str = "korrekt-horse-7";
const GREETING: [&str; 2] = ["ru/greeting.1", "ru/say/bank.name.fin"];

#[test]
fn an_operator_in_a_browser_takes_the_call_of_a_caller_in_a_browser() {
    let web = free_address();
    let config = format!("sip: {{websocket: {{listen: [\"{web}\"], origins: [\"https://operators.bank.example\"]}}}}");
    let server = Server::plan().operator("anna", "support,fraud", "ru,en", PASSWORD).with(&config).start();
    let mut anna = Telephone::browser(None, web, "anna");
    assert_eq!(anna.registers(PASSWORD, Algorithm::Sha256), 200);
    let mut caller = Telephone::browser(None, web, MOBILE);
    caller.calls(HOTLINE);
    caller.hears(&GREETING[..1]);
    caller.presses("0");
    anna.is_rung();
    anna.picks_up();
    caller.says(1);
    anna.says(2);
    caller.hears_voice(2);
    anna.hears_voice(1);
    caller.hangs_up();
    anna.is_hung_up_on();
    drop(server);
}

#[test]
fn a_call_over_tls_and_one_over_a_secure_websocket_and_a_new_certificate_at_a_signal() {
    let office = Office::new();
    office.issue("old.bank.example");
    let (tls, web) = (free_address(), free_address());
    let config = format!(
        "sip: {{tls: {{listen: [\"{tls}\"], certificate: {}, key: {}}}, websocket: {{listen_secure: [\"{web}\"]}}}}",
        office.path("server.pem").display(),
        office.path("server.key").display(),
    );
    let server = Server::plan().with(&config).start();
    let mut phone = Telephone::tls(office.connects(tls, "old.bank.example"), tls, MOBILE);
    phone.calls(HOTLINE);
    phone.hears(&GREETING);
    let mut browser = Telephone::browser(Some(office.connects(web, "old.bank.example")), web, "+79031234567");
    browser.calls(HOTLINE);
    browser.hears(&GREETING);
    browser.hangs_up();

    office.issue("new.bank.example");
    server.signal("HUP");
    let until = now() + Duration::from_secs(10);
    while !server.log().contains("certificates were read anew") {
        assert!(now() < until, "the certificate is not taken");
        thread::yield_now();
    }
    let mut other = Telephone::tls(office.connects(tls, "new.bank.example"), tls, "+79031234568");
    other.calls(HOTLINE);
    other.hangs_up();
    // The old connection has seen nothing of it.
    phone.hangs_up();
}

/// A name server for one name.
fn name_server(name: &'static str, address: [u8; 4]) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let at = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let asked = Packet::parse(&buffer[..length]).unwrap();
            let question = &asked.questions[0];
            let mut reply = Packet::new_reply(asked.id());
            if question.qname.to_string() == name && question.qtype == QTYPE::TYPE(TYPE::A) {
                let data = RData::A(A { address: u32::from_be_bytes(address) });
                reply.answers.push(ResourceRecord::new(question.qname.clone(), CLASS::IN, 60, data));
            }
            socket.send_to(&reply.build_bytes_vec().unwrap(), from).unwrap();
        }
    });
    at
}

/// The next message that begins so; others are passed over.
fn awaits(socket: &UdpSocket, beginning: &str) -> String {
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut buffer = [0; 4_096];
    loop {
        let length = socket.recv(&mut buffer).unwrap_or_else(|error| panic!("no {beginning}: {error}"));
        let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
        if text.starts_with(beginning) {
            return text;
        }
    }
}

#[test]
fn requests_follow_the_name_in_a_contact_through_the_name_server() {
    let resolver = name_server("desk.partner.example", [127, 0, 0, 9]);
    // A trunk's word is taken; a stranger's Contact would aim us at others.
    let partner = "trunks: {partner: {address: \"127.0.0.1:5999\", from: [\"127.0.0.1\"], ping: null}}";
    let config = format!("sip: {{resolver: \"{resolver}\"}}\nmedia: {{silence_limit: 2s}}\n{partner}");
    let server = Server::plan().with(&config).start();
    let phone = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = phone.local_addr().unwrap().port();
    // Whoever the name leads to listens at the same port of another address.
    let desk = UdpSocket::bind(("127.0.0.9", port)).unwrap();
    let head = |method: &str, to_tag: &str, sdp: &str| {
        format!(
            "{method} sip:{HOTLINE}@{at} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};rport;branch=z9hG4bK{method}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{MOBILE}@partner.example>;tag=a\r\nTo: <sip:{HOTLINE}@{at}>{to_tag}\r\n\
             Call-ID: named@partner.example\r\nCSeq: 1 {method}\r\nContact: <sip:desk@desk.partner.example:{port}>\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            sdp.len(),
            at = server.address(),
        )
    };
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 47000 RTP/AVP 8\r\n";
    phone.send_to(head("INVITE", "", sdp).as_bytes(), server.address()).unwrap();
    let ok = awaits(&phone, "SIP/2.0 200");
    let tag = ok.lines().find_map(|line| line.strip_prefix("To: ")?.split_once(";tag=")).unwrap().1.trim().to_owned();
    phone.send_to(head("ACK", &format!(";tag={tag}"), "").as_bytes(), server.address()).unwrap();
    let bye = awaits(&desk, "BYE");
    assert!(bye.starts_with(&format!("BYE sip:desk@desk.partner.example:{port} SIP/2.0")), "{bye}");
}

/// The message that begins so, of those that come over a connection.
fn reads(stream: &mut TcpStream, beginning: &str) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (mut text, mut buffer) = (String::new(), [0; 4_096]);
    loop {
        let found = text.find(beginning).map(|at| text[at..].to_owned());
        if let Some(message) = found.filter(|message| message.contains("\r\n\r\n")) {
            return message;
        }
        let length = stream.read(&mut buffer).unwrap_or_else(|error| panic!("no {beginning}: {error}"));
        assert!(length > 0, "no {beginning}: {text}");
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
}

#[test]
fn an_answer_whose_connection_broke_comes_to_where_the_trunk_listens() {
    let trunk = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = trunk.local_addr().unwrap().port();
    let config = format!("trunks: {{provider: {{address: \"127.0.0.1:{port}\", ping: null}}}}");
    let server = Server::plan().with(&config).start();
    let message = |method: &str, cseq: u32, to_tag: &str, sdp: &str| {
        format!(
            "{method} sip:{HOTLINE}@{at} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:{port};branch=z9hG4bK{method}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{MOBILE}@provider.example>;tag=a\r\nTo: <sip:{HOTLINE}@{at}>{to_tag}\r\n\
             Call-ID: broken@provider.example\r\nCSeq: {cseq} {method}\r\n\
             Contact: <sip:provider@127.0.0.1:{port};transport=tcp>\r\n\
             Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            sdp.len(),
            at = server.address(),
        )
    };
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 47010 RTP/AVP 8\r\n";
    let mut first = TcpStream::connect(server.address()).unwrap();
    first.write_all(message("INVITE", 1, "", sdp).as_bytes()).unwrap();
    reads(&mut first, "SIP/2.0 200");
    drop(first);
    // Nobody has acknowledged it, so it is repeated.
    let (sender, accepted) = mpsc::sync_channel(1);
    thread::spawn(move || sender.send(trunk.accept().map(|(stream, _)| stream)));
    let mut other = accepted.recv_timeout(Duration::from_secs(35)).unwrap().unwrap();
    let ok = reads(&mut other, "SIP/2.0 200");
    let tag = ok.lines().find_map(|line| line.strip_prefix("To: ")?.split_once(";tag=")).unwrap().1.trim().to_owned();
    for method in ["ACK", "BYE"] {
        let cseq = if method == "ACK" { 1 } else { 2 };
        other.write_all(message(method, cseq, &format!(";tag={tag}"), "").as_bytes()).unwrap();
    }
    loop {
        let answer = reads(&mut other, "SIP/2.0 200");
        if answer.contains("CSeq: 2 BYE") {
            break;
        }
    }
}

#[test]
fn who_is_outside_is_told_the_public_address_for_signalling_and_sound_and_who_is_inside_our_own() {
    let config = "sip: {public_address: 203.0.113.5, local_networks: [\"127.0.0.1/32\"]}";
    let server = Server::plan().with(config).start();
    for (from, told) in [("127.0.0.9:0", "203.0.113.5"), ("127.0.0.1:0", "127.0.0.1")] {
        let phone = UdpSocket::bind(from).unwrap();
        let here = phone.local_addr().unwrap();
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 47100 RTP/AVP 8\r\n",
            ip = here.ip()
        );
        let invite = format!(
            "INVITE sip:{HOTLINE}@{at} SIP/2.0\r\nVia: SIP/2.0/UDP {here};rport;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
             From: <sip:{MOBILE}@{here}>;tag=a\r\nTo: <sip:{HOTLINE}@{at}>\r\nCall-ID: told@{here}\r\n\
             CSeq: 1 INVITE\r\nContact: <sip:{here}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            sdp.len(),
            at = server.address(),
        );
        phone.send_to(invite.as_bytes(), server.address()).unwrap();
        let ok = awaits(&phone, "SIP/2.0 200");
        let contact = ok.lines().find(|line| line.starts_with("Contact: ")).unwrap();
        assert!(contact.contains(&format!("{told}:{}", server.address().port())), "{contact}");
        assert!(ok.contains(&format!("\r\nc=IN IP4 {told}\r\n")), "{ok}");
    }
}
