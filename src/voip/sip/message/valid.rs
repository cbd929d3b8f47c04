//! The 13 valid messages of RFC 4475 §3.1.1, understood field by field: the table is the file in `snapshots`, in which
//! each line is what RFC 4475 says of it.

use super::super::headers::Contact;
use super::super::peer::Transport;
use super::*;
use std::fmt::Write;

macro_rules! file {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../../../tests/sip/torture/valid/", $name, ".dat")).as_slice())
    };
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).escape_debug().to_string()
}

/// The parts of an address: what is shown, who is meant, and the header's parameters.
fn address(addr: &NameAddr) -> String {
    let user = addr.uri().user_text().map_or("-".to_owned(), |user| shown(user.as_bytes()));
    let params: Vec<String> =
        addr.params().iter().map(|(name, value)| format!("{name}={}", value.unwrap_or("-").escape_debug())).collect();
    format!("\"{}\" <{}> user {user} params {params:?}", shown(addr.display().as_bytes()), addr.uri())
}

fn hop(via: &Via) -> String {
    let port = via.port.map_or("-".to_owned(), |port| port.to_string());
    let known = via.transport().map_or("unknown", Transport::name);
    format!("{} ({known}) host {} port {port} branch {}", via.protocol, via.host, via.branch().unwrap_or("-"))
}

/// The fields that every message has, then the others, in the order of the message.
fn rest(
    out: &mut String,
    (vias, from, to): (&[Via], &NameAddr, &NameAddr),
    call_id: &SipCallId,
    headers: &Headers,
    body: &[u8],
) {
    for via in vias {
        writeln!(out, "  via      {}", hop(via)).unwrap();
    }
    writeln!(out, "  from     {}", address(from)).unwrap();
    writeln!(out, "  to       {}", address(to)).unwrap();
    writeln!(out, "  call-id  {}", call_id.as_str()).unwrap();
    for contact in headers.all::<Contact>().unwrap() {
        let addr = contact.addr().unwrap();
        writeln!(out, "  contact  {} q {}", address(addr), contact.priority()).unwrap();
    }
    for (name, value) in headers.iter() {
        writeln!(out, "  header   {}: {}", shown(name), shown(value)).unwrap();
    }
    writeln!(out, "  body     {} octets", body.len()).unwrap();
}

fn described(name: &str, bytes: &[u8]) -> String {
    let mut out = format!("{name}\n");
    match Message::parse(bytes).unwrap() {
        Message::Request(request) => {
            let (method, uri, cseq) = (&request.method, &request.uri, request.cseq);
            let hops = request.max_forwards.map_or("-".to_owned(), |hops| hops.to_string());
            writeln!(out, "  request  {method} {uri} cseq {cseq} hops {hops}").unwrap();
            let three = (&*request.vias, &request.from, &request.to);
            rest(&mut out, three, &request.call_id, &request.headers, &request.body);
        }
        Message::Response(response) => {
            let (status, reason, cseq) = (response.status, shown(&response.reason), &response.cseq);
            writeln!(out, "  response {status} \"{reason}\" cseq {} {}", cseq.number, cseq.method).unwrap();
            let three = (&*response.vias, &response.from, &response.to);
            rest(&mut out, three, &response.call_id, &response.headers, &response.body);
        }
    }
    out
}

#[test]
fn the_thirteen_valid_messages_are_understood_field_by_field() {
    let all = [
        file!("wsinv"),
        file!("intmeth"),
        file!("esc01"),
        file!("escnull"),
        file!("esc02"),
        file!("lwsdisp"),
        file!("longreq"),
        file!("dblreq"),
        file!("semiuri"),
        file!("transports"),
        file!("mpart01"),
        file!("unreason"),
        file!("noreason"),
    ];
    let table = all.map(|(name, bytes)| described(name, bytes)).join("\n");
    insta::assert_snapshot!(table);
}
