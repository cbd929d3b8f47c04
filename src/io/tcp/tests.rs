//! Connections over loopback.

use super::*;
use std::net::IpAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn loopback() -> [SocketAddr; 1] {
    [SocketAddr::from(([127, 0, 0, 1], 0))]
}

fn listeners() -> [Listener; 1] {
    loopback().map(|addr| Listener { transport: Transport::Tcp, addr })
}

fn server(limits: TcpLimits) -> (TcpConnections, SocketAddr, mpsc::Receiver<TcpEvent>) {
    let (sender, events) = mpsc::channel(16);
    let connections = TcpConnections::bind(&listeners(), limits, Doors::default(), sender).expect("bound");
    let addr = connections.listeners()[0].addr;
    (connections, addr, events)
}

pub(super) async fn opened(events: &mut mpsc::Receiver<TcpEvent>) -> ConnectionId {
    match events.recv().await {
        Some(TcpEvent::Opened { peer, .. }) => peer.connection.expect("numbered"),
        other => panic!("not opened: {other:?}"),
    }
}

pub(super) async fn closed(events: &mut mpsc::Receiver<TcpEvent>) -> CloseReason {
    loop {
        match events.recv().await {
            Some(TcpEvent::Closed { reason, .. }) => return reason,
            Some(_) => {}
            None => panic!("the server went away"),
        }
    }
}

#[tokio::test]
async fn bytes_travel_both_ways_and_the_peers_end_is_told() {
    let (connections, addr, mut events) = server(TcpLimits::default());
    let mut phone = TcpStream::connect(addr).await.expect("connected");
    let id = opened(&mut events).await;
    phone.write_all(b"REGISTER").await.expect("written");
    match events.recv().await {
        Some(TcpEvent::Received { peer, local, bytes }) => {
            assert_eq!((peer.connection, local, bytes.as_slice()), (Some(id), addr, b"REGISTER".as_slice()));
        }
        other => panic!("nothing received: {other:?}"),
    }
    connections.send(id, b"401".to_vec()).expect("queued");
    let mut answer = [0; 3];
    phone.read_exact(&mut answer).await.expect("answered");
    assert_eq!(&answer, b"401");
    drop(phone);
    assert_eq!(closed(&mut events).await, CloseReason::ByPeer);
    assert_eq!(connections.send(id, b"late".to_vec()), Err(SendError::Closed));
    assert!(connections.is_empty());
}

#[tokio::test]
async fn what_was_queued_is_written_before_we_close() {
    let (connections, addr, mut events) = server(TcpLimits::default());
    let mut phone = TcpStream::connect(addr).await.expect("connected");
    let id = opened(&mut events).await;
    connections.send(id, b"503".to_vec()).expect("queued");
    connections.close(id);
    let mut all = Vec::new();
    phone.read_to_end(&mut all).await.expect("closed in order");
    assert_eq!(all, b"503");
    assert_eq!(closed(&mut events).await, CloseReason::ByUs);
}

#[tokio::test]
async fn one_source_cannot_take_all_connections() {
    let (connections, addr, mut events) = server(TcpLimits { per_source: 2, ..TcpLimits::default() });
    let kept = [TcpStream::connect(addr).await.expect("first"), TcpStream::connect(addr).await.expect("second")];
    opened(&mut events).await;
    opened(&mut events).await;
    let mut third = TcpStream::connect(addr).await.expect("accepted by the system");
    let turned_away = matches!(third.read(&mut [0; 1]).await, Ok(0) | Err(_));
    assert!(turned_away);
    assert_eq!((connections.len(), connections.counts().refused.load(Ordering::Relaxed)), (2, 1));
    drop(kept);
    closed(&mut events).await;
    closed(&mut events).await;
    let _fourth = TcpStream::connect(addr).await.expect("there is room again");
    opened(&mut events).await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let (_connections, addr, mut events) =
        server(TcpLimits { idle: Duration::from_millis(50), ..TcpLimits::default() });
    let _phone = TcpStream::connect(addr).await.expect("connected");
    opened(&mut events).await;
    assert_eq!(closed(&mut events).await, CloseReason::Idle);
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_cut_off() {
    let limits = TcpLimits { write_queue: 4, stall: Duration::from_millis(200), ..TcpLimits::default() };
    let (connections, addr, mut events) = server(limits);
    let _phone = TcpStream::connect(addr).await.expect("connected");
    let id = opened(&mut events).await;
    let message = vec![b'x'; 1 << 20];
    let mut result = Ok(());
    for _ in 0..200 {
        result = connections.send(id, message.clone());
        if result.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert!(result.is_err(), "200 MB were taken");
    assert_eq!(closed(&mut events).await, CloseReason::Stalled);
    assert!(connections.is_empty());
}

#[tokio::test]
async fn we_connect_out_and_a_closed_port_is_told() {
    let (connections, _, mut events) = server(TcpLimits::default());
    let listener = TcpListener::bind(loopback()[0]).await.expect("bound");
    let there = listener.local_addr().expect("bound");
    let id = connections.connect(Peer::at(Transport::Tcp, there), None).expect("room");
    connections.send(id, b"INVITE".to_vec()).expect("queued before it stands");
    let (mut stream, _) = listener.accept().await.expect("accepted");
    assert_eq!(opened(&mut events).await, id);
    let mut got = [0; 6];
    stream.read_exact(&mut got).await.expect("sent");
    assert_eq!(&got, b"INVITE");
    drop((listener, stream));
    assert_eq!(closed(&mut events).await, CloseReason::ByPeer);
    connections.connect(Peer::at(Transport::Tcp, there), None).expect("room");
    assert_eq!(closed(&mut events).await, CloseReason::ConnectFailed);
}

#[tokio::test]
async fn those_that_bring_nothing_are_few_and_the_oldest_gives_way() {
    let limits = TcpLimits { half_open: 3, half_open_per_source: 3, ..TcpLimits::default() };
    let (connections, addr, mut events) = server(limits);
    let mut phones = Vec::new();
    for _ in 0..3 {
        phones.push(TcpStream::connect(addr).await.expect("connected"));
        opened(&mut events).await;
    }
    let mut fourth = TcpStream::connect(addr).await.expect("accepted by the system");
    assert!(matches!(fourth.read(&mut [0; 1]).await, Ok(0) | Err(_)), "one source has three at most");
    phones[0].write_all(b"OPTIONS").await.expect("written");
    while !matches!(events.recv().await, Some(TcpEvent::Received { .. })) {}
    assert_eq!(connections.half_open(), 2);
    let _fifth = TcpStream::connect(addr).await.expect("there is room again");
    opened(&mut events).await;
    assert_eq!((connections.half_open(), connections.len()), (3, 4));

    // Where all places are taken, by whomever, the newest gets that of the oldest.
    let mut table = table::Table::default();
    let limits = TcpLimits { half_open: 2, half_open_per_source: 2, ..TcpLimits::default() };
    let mut ends = Vec::new();
    for number in 0..1_000_u32 {
        let source = IpAddr::from(number.to_be_bytes());
        assert_eq!(table.make_room(source, &limits, true), Some(u8::from(number >= 2)));
        let (link, end) = connection::link(1);
        table.insert(ConnectionId(number.into()), source, link, true);
        ends.push(end);
    }
    assert_eq!((table.len(), table.half_open()), (2, 2));
}

#[tokio::test]
async fn a_connection_that_we_opened_is_kept_alive() {
    let limits = TcpLimits { keep_alive: Duration::from_millis(20), ..TcpLimits::default() };
    let (connections, _, mut events) = server(limits);
    let listener = TcpListener::bind(loopback()[0]).await.expect("bound");
    let there = Peer::at(Transport::Tcp, listener.local_addr().expect("bound"));
    connections.connect(there, None).expect("room");
    let (mut stream, _) = listener.accept().await.expect("connected");
    opened(&mut events).await;
    let mut pings = [0; 8];
    stream.read_exact(&mut pings).await.expect("two pings");
    assert_eq!(&pings, b"\r\n\r\n\r\n\r\n");
}
