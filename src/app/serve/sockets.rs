//! The sockets SIP comes in on, and what they hear.

use super::{WAITING, addresses};
use crate::app::config::{self, ClientCertificates, Config};
use crate::io::dns::Resolver;
use crate::io::tcp::{Doors, TcpConnections, TcpEvent, TcpLimits};
use crate::io::tls::{ClientProof, Tls, TlsFiles};
use crate::io::udp::{LaneEnds, Lanes, OCTETS, Received, UdpSockets};
use crate::voip::sip::Transport;
use crate::voip::sip::addresses::Listener;
use anyhow::Result;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;

pub(super) struct Sockets {
    pub udp: UdpSockets,
    pub tcp: TcpConnections,
    pub resolver: Arc<Resolver>,
    pub calls: mpsc::Receiver<Received>,
    pub others: mpsc::Receiver<Received>,
    pub connections: mpsc::Receiver<TcpEvent>,
}

impl Sockets {
    pub fn bind(config: &Config) -> Result<Self> {
        let sip = &config.sip;
        let (lanes, LaneEnds { calls, others }) = Lanes::new(WAITING, OCTETS);
        let (connections_in, connections) = mpsc::channel(WAITING);
        let has = |transport| sip.transports.contains(&transport);
        let on = |transport| if has(transport) { sip.listen.as_slice() } else { &[] };
        let udp = UdpSockets::bind(on(config::Transport::Udp), &lanes)?;
        // Where port 0 was asked for, TCP takes the port that UDP was given.
        let beside: Vec<_> = udp.local_addrs().collect();
        let both = has(config::Transport::Tcp) && has(config::Transport::Udp);
        let tcp_on = if both { beside.as_slice() } else { on(config::Transport::Tcp) };
        let all = [
            (Transport::Tcp, tcp_on),
            (Transport::Tls, &sip.tls.listen),
            (Transport::Ws, &sip.websocket.listen),
            (Transport::Wss, &sip.websocket.listen_secure),
        ];
        let each = |(transport, addrs): (Transport, &[SocketAddr])| {
            addrs.iter().map(move |addr| Listener { transport, addr: *addr }).collect::<Vec<_>>()
        };
        let listeners: Vec<Listener> = all.into_iter().flat_map(each).collect();
        let tls = Arc::new(Tls::open(files(&sip.tls))?);
        tls.watch();
        super::server::reload_at_hangup(&tls)?;
        let doors = Doors { tls: Some(Arc::clone(&tls)), origins: sip.websocket.origins.clone() };
        let tcp = TcpConnections::bind(&listeners, limits(&sip.connections), doors, connections_in)?;
        let resolver = Arc::new(sip.resolver.map_or_else(Resolver::of_system, Resolver::at));
        Ok(Self { udp, tcp, resolver, calls, others, connections })
    }

    /// All that are listened on.
    pub fn bound(&self) -> impl Iterator<Item = Listener> {
        let udp = self.udp.local_addrs().map(|addr| Listener { transport: Transport::Udp, addr });
        udp.chain(self.tcp.listeners().iter().copied())
    }

    /// Where peers reach us.
    pub fn listeners(&self) -> Vec<Listener> {
        addresses::specific_listeners(self.bound())
    }
}

fn files(tls: &config::Tls) -> TlsFiles {
    TlsFiles {
        identity: tls.certificate.clone().zip(tls.key.clone()),
        client_proof: match tls.client_certificates {
            ClientCertificates::None => ClientProof::None,
            ClientCertificates::Optional => ClientProof::Optional,
            ClientCertificates::Required => ClientProof::Required,
        },
        client_authorities: tls.client_authorities.clone(),
        authorities: tls.authorities.clone(),
    }
}

fn limits(connections: &config::Connections) -> TcpLimits {
    TcpLimits {
        connections: connections.total.get(),
        per_source: connections.per_source.get(),
        half_open: connections.half_open.get(),
        half_open_per_source: connections.half_open_per_source.get(),
        handshake: connections.handshake.duration(),
        idle: connections.idle.duration(),
        stall: connections.stall.duration(),
        keep_alive: connections.keep_alive.duration(),
        ..TcpLimits::default()
    }
}
