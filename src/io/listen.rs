//! Opening the ports the server listens on, and saying what stands in the way.

use crate::voip::sip::peer::Transport;
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::Path;
use std::{fs, io};

/// Asked of the kernel for each SIP socket: enough for seconds of a flood.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Connections waiting to be accepted.
const BACKLOG: i32 = 1_024;

/// Why an address cannot be listened on, with what to do.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {transport} {addr}: {}", explain(*transport, *addr, source))]
pub struct ListenError {
    /// The transport.
    pub transport: Transport,
    /// The address that was asked for.
    pub addr: SocketAddr,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// A UDP socket for SIP, not blocking.
pub fn udp(addr: SocketAddr) -> Result<UdpSocket, ListenError> {
    open(addr, Type::DGRAM, Protocol::UDP).map(UdpSocket::from).map_err(|source| ListenError {
        transport: Transport::Udp,
        addr,
        source,
    })
}

/// A listener of a stream transport, not blocking.
pub fn stream(transport: Transport, addr: SocketAddr) -> Result<std::net::TcpListener, ListenError> {
    open(addr, Type::STREAM, Protocol::TCP)
        .and_then(|socket| socket.listen(BACKLOG).map(|()| socket))
        .map(std::net::TcpListener::from)
        .map_err(|source| ListenError { transport, addr, source })
}

/// Our own address on the way to `peer`: what to write into Via, Contact and SDP when a socket listens on every
/// address. Nothing is sent.
pub fn local_ip_towards(peer: IpAddr) -> io::Result<IpAddr> {
    let any: IpAddr = if peer.is_ipv4() { [0; 4].into() } else { [0_u16; 8].into() };
    let probe = UdpSocket::bind((any, 0))?;
    probe.connect((peer, 9))?;
    Ok(probe.local_addr()?.ip())
}

fn open(addr: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), kind, Some(protocol))?;
    if addr.is_ipv6() {
        // 0.0.0.0 and [::] are then two sockets, and no address is ever an IPv4 one in disguise.
        socket.set_only_v6(true)?;
    }
    if kind == Type::STREAM {
        socket.set_reuse_address(true)?;
    } else if rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER).is_err() {
        socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    Ok(socket)
}

/// What happened and what to do, in one sentence each.
fn explain(transport: Transport, addr: SocketAddr, error: &io::Error) -> String {
    let port = addr.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let mut text = match owner(transport, port) {
                Some(owner) => format!("the port is in use by {owner}"),
                None => "the port is in use by another program".to_owned(),
            };
            let other = port.checked_add(10).unwrap_or(5070);
            // Writing to a string never fails.
            if write!(text, "\n  hint: stop it, or choose another port, such as --sip {}", with_port(addr, other))
                .is_err()
            {
                text.push('.');
            }
            text
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("this machine has no address {}\n  hint: see `ip addr`, or listen on 0.0.0.0", addr.ip())
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "not permitted\n  hint: ports below 1024 need the right to bind them; {port} is one, or a policy forbids it"
            )
        }
        _ => error.to_string(),
    }
}

const fn with_port(mut addr: SocketAddr, port: u16) -> SocketAddr {
    addr.set_port(port);
    addr
}

/// The program that has a port open, such as `asterisk (pid 812)`, as far as we may see it.
fn owner(transport: Transport, port: u16) -> Option<String> {
    let tables: [&str; 2] = match transport {
        Transport::Udp => ["/proc/net/udp", "/proc/net/udp6"],
        Transport::Tcp | Transport::Tls | Transport::Ws | Transport::Wss => ["/proc/net/tcp", "/proc/net/tcp6"],
    };
    let inode = tables.into_iter().find_map(|table| inode_of(&fs::read_to_string(table).ok()?, port))?;
    let socket = format!("socket:[{inode}]");
    let process = fs::read_dir("/proc").ok()?.filter_map(Result::ok).find(|process| {
        // Others, such as `self`, are names for one of these.
        if !process.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit) {
            return false;
        }
        let Ok(open) = fs::read_dir(process.path().join("fd")) else { return false };
        open.filter_map(Result::ok).any(|file| fs::read_link(file.path()).is_ok_and(|to| to == Path::new(&socket)))
    })?;
    let name = fs::read_to_string(process.path().join("comm")).ok()?;
    Some(format!("{} (pid {})", name.trim(), process.file_name().to_string_lossy()))
}

/// The inode of the listening socket of a port in a table of `/proc/net` (proc(5)).
fn inode_of(table: &str, port: u16) -> Option<String> {
    let wanted = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        // 07: UDP unconnected, 0A: TCP listening.
        let listens = matches!(*columns.get(3)?, "07" | "0A");
        (listens && columns.get(1)?.ends_with(&wanted))
            .then(|| columns.get(9).map(|inode| (*inode).to_owned()))
            .flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn a_taken_port_names_its_owner_and_a_way_out() {
        let first = udp(loopback(0)).expect("a free port");
        let taken = first.local_addr().expect("bound");
        let error = udp(taken).expect_err("taken").to_string();
        assert!(error.contains(&format!("UDP {taken}")) && error.contains("in use"), "{error}");
        assert!(error.contains(&format!("pid {}", std::process::id())), "{error}");
        assert!(error.contains("--sip 127.0.0.1:"), "{error}");

        let listener = stream(Transport::Tcp, loopback(0)).expect("a free port");
        let error = stream(Transport::Tcp, listener.local_addr().expect("bound")).expect_err("taken").to_string();
        assert!(error.contains("TCP") && error.contains("in use"), "{error}");
    }

    #[test]
    fn an_address_of_another_machine_is_explained() {
        let error = udp(SocketAddr::from(([203, 0, 113, 7], 0))).expect_err("not ours").to_string();
        assert!(error.contains("203.0.113.7"), "{error}");
    }

    #[test]
    fn the_way_to_loopback_leads_from_loopback() {
        let us = local_ip_towards([127, 0, 0, 1].into()).expect("there is a loopback");
        assert_eq!(us, IpAddr::from([127, 0, 0, 1]));
    }
}
