//! Where a telephone's messages go: a UDP socket, or a TCP connection with its framing.

use super::now;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

/// The largest message that is read.
const LARGEST: usize = 65_536;

pub enum Wire {
    Udp { socket: UdpSocket, server: SocketAddr },
    Tcp { stream: TcpStream, unread: Vec<u8> },
}

impl Wire {
    pub fn udp(server: SocketAddr) -> Self {
        Self::Udp { socket: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap(), server }
    }

    pub fn tcp(server: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&server, Duration::from_secs(5)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self::Tcp { stream, unread: Vec::new() }
    }

    pub fn local(&self) -> SocketAddr {
        match self {
            Self::Udp { socket, .. } => socket.local_addr().unwrap(),
            Self::Tcp { stream, .. } => stream.local_addr().unwrap(),
        }
    }

    /// As Via and URI parameters name it.
    pub const fn transport(&self) -> &'static str {
        match self {
            Self::Udp { .. } => "UDP",
            Self::Tcp { .. } => "TCP",
        }
    }

    /// Whether lost messages are sent again by us.
    pub const fn is_reliable(&self) -> bool {
        matches!(self, Self::Tcp { .. })
    }

    pub fn send(&mut self, message: &[u8]) {
        match self {
            Self::Udp { socket, server } => {
                socket.send_to(message, *server).unwrap();
            }
            Self::Tcp { stream, .. } => stream.write_all(message).unwrap(),
        }
    }

    /// The next whole message, or `None` when `until` comes first.
    pub fn receive(&mut self, until: Instant) -> Option<Vec<u8>> {
        let mut buffer = vec![0; LARGEST];
        loop {
            if let Self::Tcp { unread, .. } = self
                && let Some(message) = cut(unread)
            {
                return Some(message);
            }
            let left = until.saturating_duration_since(now());
            if left.is_zero() {
                return None;
            }
            let read = match self {
                Self::Udp { socket, .. } => {
                    socket.set_read_timeout(Some(left)).unwrap();
                    socket.recv(&mut buffer)
                }
                Self::Tcp { stream, .. } => {
                    stream.set_read_timeout(Some(left)).unwrap();
                    stream.read(&mut buffer)
                }
            };
            match (read, &mut *self) {
                (Ok(octets), Self::Udp { .. }) => return Some(buffer[..octets].to_vec()),
                (Ok(0), Self::Tcp { .. }) => panic!("the server closed the connection"),
                (Ok(octets), Self::Tcp { unread, .. }) => unread.extend(&buffer[..octets]),
                (Err(error), _) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                (Err(error), _) if error.kind() == ErrorKind::Interrupted => {}
                (Err(error), _) => panic!("cannot read from the server: {error}"),
            }
        }
    }
}

/// Cuts the first whole message off a stream (RFC 3261 §18.3): a head, an empty line, as many octets as it says.
fn cut(unread: &mut Vec<u8>) -> Option<Vec<u8>> {
    let line_ends = unread.iter().take_while(|octet| b"\r\n".contains(octet)).count();
    unread.drain(..line_ends);
    let head = unread.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&unread[..head]).to_ascii_lowercase();
    let named = |line: &str| {
        let (name, value) = line.split_once(':')?;
        matches!(name.trim(), "content-length" | "l").then(|| value.trim().parse::<usize>().unwrap())
    };
    let body = text.lines().find_map(named).unwrap_or_else(|| panic!("no Content-Length over TCP:\n{text}"));
    (unread.len() >= head + body).then(|| unread.drain(..head + body).collect())
}
