//! What browsers send: the handshake and the frames of a WebSocket.

use hotline::io::tcp::web::{self, Came};
use hotline::voip::sip::{MAX_MESSAGE, Message};
use tokio::io::{AsyncWriteExt, duplex};

const HANDSHAKE: &[u8] = b"GET / HTTP/1.1\r\nHost: bank.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n\r\n";

/// Frames after a handshake, and with a first octet of 0 the handshake too. Whatever comes, it ends; no message is larger
/// than it may be; and there is no more in all than was sent.
pub fn websocket(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else { return };
    let sent = if first == 0 { rest.to_vec() } else { [HANDSHAKE, rest].concat() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let messages = runtime.block_on(converse(&sent));
    assert!(messages.iter().map(Vec::len).sum::<usize>() <= sent.len(), "more than was sent");
    for message in messages {
        assert!(message.len() <= MAX_MESSAGE, "{} octets", message.len());
        // Whether it can be read is another target's question.
        drop(Message::parse(&message));
    }
}

async fn converse(sent: &[u8]) -> Vec<Vec<u8>> {
    let (mut browser, server) = duplex(1 << 20);
    browser.write_all(sent).await.expect("there is room");
    browser.shutdown().await.expect("it is open");
    let mut messages = Vec::new();
    let origins = ["https://operators.example".to_owned()];
    let allowed = if sent.first() == Some(&b'g') { &origins[..] } else { &[] };
    let Ok(mut socket) = web::accept(server, allowed).await else { return messages };
    loop {
        match web::next(&mut socket).await {
            Came::Message(message) => messages.push(message),
            Came::Life => {}
            Came::End(_) => return messages,
        }
    }
}
