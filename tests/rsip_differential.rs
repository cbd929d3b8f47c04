//! What `rsip`, a second implementation, reads well, we read the same.
//!
//! Each message names what `rsip` 0.4 makes of it, so that a newer `rsip` that reads more is noticed here too.

use hotline::voip::sip::{Message, Unusable};
use rsip::headers::UntypedHeader;
use rsip::headers::typed::{CSeq, From, To, Via};
use rsip::message::HeadersExt;
use rsip::prelude::ToTypedHeader;

/// What both must agree on.
#[derive(Debug, PartialEq, Eq)]
struct Reading {
    /// Method and URI, or status.
    start: String,
    call_id: String,
    cseq: (u32, String),
    from_tag: Option<String>,
    to_tag: Option<String>,
    branch: Option<String>,
    body: usize,
}

fn ours(bytes: &[u8]) -> Result<Reading, Unusable> {
    Ok(match Message::parse(bytes)? {
        Message::Request(request) => Reading {
            start: format!("{} {}", request.method, request.uri),
            call_id: request.call_id.to_string(),
            cseq: (request.cseq, request.method.to_string()),
            from_tag: request.from.tag().map(str::to_owned),
            to_tag: request.to.tag().map(str::to_owned),
            branch: request.vias[0].branch().map(str::to_owned),
            body: request.body.len(),
        },
        Message::Response(response) => Reading {
            start: response.status.to_string(),
            call_id: response.call_id.to_string(),
            cseq: (response.cseq.number, response.cseq.method.to_string()),
            from_tag: response.from.tag().map(str::to_owned),
            to_tag: response.to.tag().map(str::to_owned),
            branch: response.vias[0].branch().map(str::to_owned),
            body: response.body.len(),
        },
    })
}

fn theirs(bytes: &[u8]) -> Result<Reading, rsip::Error> {
    let message = rsip::SipMessage::try_from(bytes.to_vec())?;
    let (start, body) = match &message {
        rsip::SipMessage::Request(request) => {
            // It writes the transport of a URI in capitals, which means the same (RFC 3261 §19.1.4).
            let start = format!("{} {}", request.method, request.uri).replace(";transport=TCP", ";transport=tcp");
            (start, request.body.len())
        }
        rsip::SipMessage::Response(response) => (response.status_code.code().to_string(), response.body.len()),
    };
    let from: From = message.from_header()?.typed()?;
    let to: To = message.to_header()?.typed()?;
    let via: Via = message.via_header()?.typed()?;
    let cseq: CSeq = message.cseq_header()?.typed()?;
    Ok(Reading {
        start,
        call_id: message.call_id_header()?.value().to_owned(),
        cseq: (cseq.seq, cseq.method.to_string()),
        from_tag: from.tag().map(|tag| tag.value().to_owned()),
        to_tag: to.tag().map(|tag| tag.value().to_owned()),
        branch: via.branch().map(|branch| branch.value().to_owned()),
        body,
    })
}

const COMMON: &str = "Call-ID: 1j9FpLxk3uxtm8tn@biloxi.example.com\r\nMax-Forwards: 70\r\n";

/// A message of a start line, headers of its own and the common ones.
fn message(start: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("{start}\r\n{headers}{COMMON}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn ordinary() -> Vec<Vec<u8>> {
    let via = "Via: SIP/2.0/UDP client.biloxi.example.com:5060;branch=z9hG4bKnashds7\r\n";
    let parties = "From: Bob <sip:bob@biloxi.example.com>;tag=a73kszlfl\r\nTo: Bob <sip:bob@biloxi.example.com>\r\n";
    let dialog = "From: \"Alice\" <sip:alice@atlanta.example.com>;tag=9fxced76sl\r\n\
        To: \"Bob\" <sip:bob@biloxi.example.com:5070>;tag=8321234356\r\n";
    vec![
        message(
            "REGISTER sips:ss2.biloxi.example.com SIP/2.0",
            &format!("{via}{parties}CSeq: 1 REGISTER\r\nContact: <sips:bob@client.biloxi.example.com>\r\n"),
            "",
        ),
        message(
            "INVITE sip:+74955550102@192.0.2.4:5070;user=phone SIP/2.0",
            &format!("{via}{parties}CSeq: 4711 INVITE\r\nContent-Type: application/sdp\r\n"),
            "v=0\r\no=bob 1 1 IN IP4 192.0.2.4\r\n",
        ),
        message("ACK sip:bob@192.0.2.4;transport=tcp SIP/2.0", &format!("{via}{dialog}CSeq: 2 ACK\r\n"), ""),
        message("BYE sip:bob@client.biloxi.example.com SIP/2.0", &format!("{via}{dialog}CSeq: 3 BYE\r\n"), ""),
        message("CANCEL sip:bob@biloxi.example.com SIP/2.0", &format!("{via}{parties}CSeq: 1 CANCEL\r\n"), ""),
        message("OPTIONS sip:bob@biloxi.example.com SIP/2.0", &format!("{via}{parties}CSeq: 63104 OPTIONS\r\n"), ""),
        message(
            "INFO sip:bob@biloxi.example.com SIP/2.0",
            &format!("{via}{dialog}CSeq: 9 INFO\r\nContent-Type: application/dtmf-relay\r\n"),
            "Signal=1\r\nDuration=160\r\n",
        ),
        message(
            "SIP/2.0 200 OK",
            &format!(
                "Via: SIP/2.0/TCP 192.0.2.1:5061;branch=z9hG4bK74bf9;received=192.0.2.101\r\n{dialog}CSeq: 1 INVITE\r\n"
            ),
            "v=0\r\n",
        ),
        message("SIP/2.0 180 Ringing", &format!("{via}{dialog}CSeq: 1 INVITE\r\n"), ""),
        message("SIP/2.0 486 Busy Here", &format!("{via}{dialog}CSeq: 1 INVITE\r\n"), ""),
        message("SIP/2.0 603 Decline", &format!("{via}{dialog}CSeq: 1 INVITE\r\n"), ""),
    ]
}

#[test]
fn ordinary_messages_are_read_alike() {
    for bytes in ordinary() {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(ours(&bytes).unwrap(), theirs(&bytes).unwrap(), "{text}");
    }
}

#[test]
fn what_we_write_is_read_alike() {
    for bytes in ordinary() {
        let written = Message::parse(&bytes).unwrap().to_bytes();
        assert_eq!(theirs(&written).unwrap(), ours(&bytes).unwrap(), "{}", String::from_utf8_lossy(&written));
    }
}

macro_rules! torture {
    ($($name:literal $theirs:ident;)*) => {
        [$((
            $name,
            include_bytes!(concat!("sip/torture/valid/", $name, ".dat")).as_slice(),
            Rsip::$theirs,
        )),*]
    };
}

/// What `rsip` 0.4 makes of a valid message.
#[derive(Debug, PartialEq, Eq)]
enum Rsip {
    /// It reads the same as we.
    Agrees,
    /// It reads something else than RFC 4475 says; the message's own test says what is right.
    Misreads,
    /// It does not read it.
    Rejects,
}

#[test]
fn the_valid_messages_of_rfc_4475_are_read_alike_where_rsip_reads_them() {
    for (name, bytes, expected) in torture! {
        "dblreq" Rejects;
        "esc01" Rejects;
        "esc02" Rejects;
        "escnull" Agrees;
        "intmeth" Rejects;
        "longreq" Rejects;
        "lwsdisp" Agrees;
        "mpart01" Agrees;
        "noreason" Agrees;
        "semiuri" Rejects;
        "transports" Agrees;
        "unreason" Agrees;
        "wsinv" Rejects;
    } {
        let ours = ours(bytes).unwrap();
        let found = match theirs(bytes) {
            Ok(theirs) if theirs == ours => Rsip::Agrees,
            Ok(_) => Rsip::Misreads,
            Err(_) => Rsip::Rejects,
        };
        println!("{name} {found:?}");
        assert_eq!(found, expected, "{name}");
    }
}
