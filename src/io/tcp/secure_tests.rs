//! TLS over loopback, with certificates made for each test.

use super::tests::{closed, opened};
use super::*;
use crate::io::tls::{ClientProof, TlsFiles};
use crate::voip::sip::peer::NameId;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

/// Who signs, and where the files are.
struct Office {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

impl Office {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Office");
        let own = params.self_signed(&key).expect("signed");
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("office.pem"), own.pem()).expect("written");
        Self { issuer: Issuer::new(params, key), folder }
    }

    fn authority(&self) -> PathBuf {
        self.folder.path().join("office.pem")
    }

    /// Writes the certificate of a name and its key, in the place of the last of this file name.
    fn issue(&self, file: &str, name: &str, until: i32) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("parameters");
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        let [chain, private] = ["pem", "key"].map(|kind| self.folder.path().join(format!("{file}.{kind}")));
        fs::write(&chain, certificate.pem()).expect("written");
        fs::write(&private, key.serialize_pem()).expect("written");
        (chain, private)
    }

    /// A server whose certificate is of `name`.
    fn server(&self, name: &str, until: i32) -> TlsFiles {
        TlsFiles { identity: Some(self.issue("server", name, until)), ..TlsFiles::default() }
    }

    fn client(&self) -> TlsFiles {
        TlsFiles { authorities: Some(self.authority()), ..TlsFiles::default() }
    }
}

/// One side: its connections and what happens on them.
struct Side {
    connections: TcpConnections,
    events: mpsc::Receiver<TcpEvent>,
    tls: Arc<Tls>,
}

impl Side {
    fn new(files: TlsFiles, listens: &[Listener], limits: TcpLimits) -> Self {
        let (sender, events) = mpsc::channel(64);
        let tls = Arc::new(Tls::open(files).expect("the files are good"));
        let doors = Doors { tls: Some(Arc::clone(&tls)), origins: Vec::new() };
        let connections = TcpConnections::bind(listens, limits, doors, sender).expect("bound");
        Self { connections, events, tls }
    }

    fn server(files: TlsFiles, limits: TcpLimits) -> (Self, SocketAddr) {
        let listener = Listener { transport: Transport::Tls, addr: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let side = Self::new(files, &[listener], limits);
        let addr = side.connections.listeners()[0].addr;
        (side, addr)
    }

    fn client(files: TlsFiles) -> Self {
        Self::new(files, &[], TcpLimits::default())
    }

    fn calls(&self, addr: SocketAddr, name: &str) -> Peer {
        let peer = Peer { name: Some(NameId(1)), ..Peer::at(Transport::Tls, addr) };
        self.connections.connect(peer, Some(name.to_owned())).expect("room");
        peer
    }

    async fn receives(&mut self) -> Vec<u8> {
        loop {
            match self.events.recv().await {
                Some(TcpEvent::Received { bytes, .. }) => return bytes,
                Some(TcpEvent::Opened { .. }) => {}
                other => panic!("nothing received: {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn bytes_travel_both_ways_and_the_name_is_proved() {
    let office = Office::new();
    let (mut server, addr) = Side::server(office.server("sip.bank.example", 2_100), TcpLimits::default());
    let mut client = Side::client(office.client());
    client.calls(addr, "sip.bank.example");
    let (there, here) = (opened(&mut client.events).await, opened(&mut server.events).await);
    client.connections.send(there, b"REGISTER".to_vec()).expect("queued");
    assert_eq!(server.receives().await, b"REGISTER");
    server.connections.send(here, b"401".to_vec()).expect("queued");
    assert_eq!(client.receives().await, b"401");
    client.connections.close(there);
    assert_eq!(closed(&mut server.events).await, CloseReason::ByPeer);
}

#[tokio::test]
async fn another_name_a_certificate_that_has_run_out_and_an_unknown_authority_are_refused() {
    for (name, until, known) in
        [("sip.other.example", 2_100, true), ("sip.bank.example", 2_002, true), ("sip.bank.example", 2_100, false)]
    {
        let office = Office::new();
        let (mut server, addr) = Side::server(office.server(name, until), TcpLimits::default());
        let other = Office::new();
        let mut client = Side::client(if known { office.client() } else { other.client() });
        let peer = client.calls(addr, "sip.bank.example");
        match client.events.recv().await {
            Some(TcpEvent::Closed { peer: failed, reason: CloseReason::ConnectFailed }) => {
                assert_eq!(failed.way(), peer.way());
            }
            other => panic!("{name} until {until}: {other:?}"),
        }
        assert_eq!(closed(&mut server.events).await, CloseReason::HandshakeFailed);
        assert_eq!(server.connections.counts().handshakes_failed.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn who_must_show_a_certificate_comes_in_with_one_only() {
    let office = Office::new();
    let files = TlsFiles {
        client_proof: ClientProof::Required,
        client_authorities: Some(office.authority()),
        ..office.server("sip.bank.example", 2_100)
    };
    let (mut server, addr) = Side::server(files, TcpLimits::default());
    let stranger = Side::client(office.client());
    stranger.calls(addr, "sip.bank.example");
    assert_eq!(closed(&mut server.events).await, CloseReason::HandshakeFailed);
    let identity = Some(office.issue("trunk", "trunk.example", 2_100));
    let trunk = Side::client(TlsFiles { identity, ..office.client() });
    trunk.calls(addr, "sip.bank.example");
    opened(&mut server.events).await;
}

#[tokio::test]
async fn a_new_certificate_is_taken_while_connections_go_on_and_a_wrong_one_is_not() {
    let office = Office::new();
    let (mut server, addr) = Side::server(office.server("old.bank.example", 2_100), TcpLimits::default());
    let mut client = Side::client(office.client());
    client.calls(addr, "old.bank.example");
    let old = opened(&mut client.events).await;
    opened(&mut server.events).await;

    office.issue("server", "new.bank.example", 2_100);
    server.tls.reload().expect("good files");
    client.calls(addr, "new.bank.example");
    opened(&mut client.events).await;
    client.connections.send(old, b"still here".to_vec()).expect("queued");
    assert_eq!(server.receives().await, b"still here");

    fs::write(office.folder.path().join("server.pem"), "no certificate").expect("written");
    let error = server.tls.reload().expect_err("a wrong file").to_string();
    assert!(error.contains("server.pem") && error.contains("hint"), "{error}");
    client.calls(addr, "new.bank.example");
    opened(&mut client.events).await;
}

#[tokio::test]
async fn plain_bytes_and_silence_on_the_port_of_tls_end_there() {
    let office = Office::new();
    let limits = TcpLimits { handshake: Duration::from_millis(200), ..TcpLimits::default() };
    let (mut server, addr) = Side::server(office.server("sip.bank.example", 2_100), limits);
    let mut plain = TcpStream::connect(addr).await.expect("connected");
    plain.write_all(b"OPTIONS sip:bank SIP/2.0\r\n\r\n").await.expect("written");
    assert_eq!(closed(&mut server.events).await, CloseReason::HandshakeFailed);
    let _silent = TcpStream::connect(addr).await.expect("connected");
    assert_eq!(closed(&mut server.events).await, CloseReason::HandshakeFailed);
    assert!(server.connections.is_empty() && server.connections.half_open() == 0);
}

#[test]
fn a_file_that_is_not_there_or_a_key_of_another_is_told_with_advice() {
    let office = Office::new();
    let (chain, _) = office.issue("one", "one.example", 2_100);
    let (_, other) = office.issue("two", "two.example", 2_100);
    for (identity, told) in
        [((chain.clone(), other), "the key must be"), ((chain, "no/such.key".into()), "no/such.key")]
    {
        let error = Tls::open(TlsFiles { identity: Some(identity), ..TlsFiles::default() }).expect_err("wrong");
        assert!(error.to_string().contains(told), "{error}");
    }
}
