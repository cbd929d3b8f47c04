//! `WebSocket`s over loopback, with a browser of another make.

use super::tests::{closed, opened};
use super::*;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

fn server(limits: TcpLimits, origins: &[&str]) -> (TcpConnections, SocketAddr, mpsc::Receiver<TcpEvent>) {
    let (sender, events) = mpsc::channel(16);
    let listener = Listener { transport: Transport::Ws, addr: SocketAddr::from(([127, 0, 0, 1], 0)) };
    let doors = Doors { tls: None, origins: origins.iter().map(|&origin| origin.to_owned()).collect() };
    let connections = TcpConnections::bind(&[listener], limits, doors, sender).expect("bound");
    let addr = connections.listeners()[0].addr;
    (connections, addr, events)
}

async fn browser(addr: SocketAddr, protocol: &str, origin: &str) -> Result<WebSocketStream<TcpStream>, Box<Error>> {
    let mut request = format!("ws://{addr}/").into_client_request().expect("a request");
    request.headers_mut().insert("Sec-WebSocket-Protocol", protocol.parse().expect("a header"));
    request.headers_mut().insert("Origin", origin.parse().expect("a header"));
    let stream = TcpStream::connect(addr).await.expect("connected");
    client_async(request, stream).await.map(|(socket, _)| socket).map_err(Box::new)
}

#[tokio::test]
async fn a_frame_is_a_message_in_both_directions() {
    let (connections, addr, mut events) = server(TcpLimits::default(), &[]);
    let mut browser = browser(addr, "chat, sip", "https://bank.example").await.expect("let in");
    let id = opened(&mut events).await;
    for message in [Message::text("REGISTER one"), Message::binary(b"REGISTER \xff".to_vec())] {
        let sent = message.clone().into_data();
        browser.send(message).await.expect("sent");
        match events.recv().await {
            Some(TcpEvent::Received { peer, bytes, .. }) => {
                assert_eq!((peer.transport, bytes.as_slice()), (Transport::Ws, sent.as_ref()));
            }
            other => panic!("nothing received: {other:?}"),
        }
    }
    connections.send(id, b"401".to_vec()).expect("queued");
    assert_eq!(browser.next().await.expect("open").expect("whole"), Message::text("401"));
    browser.send(Message::Ping(b"there?".to_vec().into())).await.expect("sent");
    assert_eq!(browser.next().await.expect("open").expect("whole"), Message::Pong(b"there?".to_vec().into()));
    browser.close(None).await.expect("closed");
    assert_eq!(closed(&mut events).await, CloseReason::ByPeer);
}

#[tokio::test]
async fn another_protocol_and_another_page_are_refused() {
    let (connections, addr, mut events) = server(TcpLimits::default(), &["https://bank.example"]);
    for (protocol, origin, status) in
        [("chat", "https://bank.example", 400), ("sip", "https://evil.example", 403), ("sip", "null", 403)]
    {
        match browser(addr, protocol, origin).await.map_err(|error| *error) {
            Err(Error::Http(response)) => assert_eq!(response.status().as_u16(), status, "{protocol} {origin}"),
            other => panic!("{protocol} {origin}: {other:?}"),
        }
        assert_eq!(closed(&mut events).await, CloseReason::HandshakeFailed);
    }
    browser(addr, "sip", "https://bank.example").await.expect("let in");
    opened(&mut events).await;
    assert_eq!(connections.counts().handshakes_failed.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn a_message_above_the_bound_ends_the_connection() {
    let (_connections, addr, mut events) = server(TcpLimits::default(), &[]);
    let mut browser = browser(addr, "sip", "").await.expect("let in");
    opened(&mut events).await;
    browser.send(Message::text("x".repeat(70_000))).await.expect("sent");
    assert_eq!(closed(&mut events).await, CloseReason::Broken);
}

#[tokio::test]
async fn who_says_nothing_of_http_is_sent_away_in_time() {
    let limits = TcpLimits { handshake: Duration::from_millis(100), ..TcpLimits::default() };
    let (connections, addr, mut events) = server(limits, &[]);
    let _silent = TcpStream::connect(addr).await.expect("connected");
    assert_eq!(closed(&mut events).await, CloseReason::HandshakeFailed);
    assert!(connections.is_empty());
}

#[tokio::test]
async fn a_quiet_browser_is_pinged_and_stays() {
    let limits =
        TcpLimits { keep_alive: Duration::from_millis(30), idle: Duration::from_millis(120), ..TcpLimits::default() };
    let (_connections, addr, mut events) = server(limits, &[]);
    let mut browser = browser(addr, "sip", "").await.expect("let in");
    opened(&mut events).await;
    for _ in 0..8 {
        assert!(matches!(browser.next().await, Some(Ok(Message::Ping(_)))));
    }
    assert!(events.try_recv().is_err(), "it answers, so it stays");
    // It reads no more, so it answers no more.
    assert_eq!(closed(&mut events).await, CloseReason::Idle);
}
