//! Where a telephone's messages go: a UDP socket, a connection with its framing, or a WebSocket.

use super::now;
use super::secure::Secure;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, client};

/// The largest message that is read.
const LARGEST: usize = 65_536;

pub enum Wire {
    Udp { socket: UdpSocket, server: SocketAddr },
    Tcp { stream: TcpStream, unread: Vec<u8> },
    Tls { stream: Box<Secure>, unread: Vec<u8> },
    Web { socket: Box<WebSocket<Under>>, secure: bool },
}

/// What a WebSocket runs over.
pub enum Under {
    Plain(TcpStream),
    Secure(Box<Secure>),
}

impl Under {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Secure(stream) => &stream.sock,
        }
    }
}

impl Read for Under {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Secure(stream) => stream.read(buffer),
        }
    }
}

impl Write for Under {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Secure(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Secure(stream) => stream.flush(),
        }
    }
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

    pub fn tls(stream: Secure) -> Self {
        Self::Tls { stream: Box::new(stream), unread: Vec::new() }
    }

    /// The handshake of a browser (RFC 7118 §4).
    pub fn web(stream: Option<Secure>, server: SocketAddr) -> Self {
        let secure = stream.is_some();
        let under = match stream {
            Some(stream) => Under::Secure(Box::new(stream)),
            None => Under::Plain(TcpStream::connect_timeout(&server, Duration::from_secs(5)).unwrap()),
        };
        let scheme = if secure { "wss" } else { "ws" };
        let mut request = format!("{scheme}://{server}/").into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", "sip".parse().unwrap());
        request.headers_mut().insert("Origin", "https://operators.bank.example".parse().unwrap());
        let (socket, _) = client(request, under).expect("the WebSocket opens");
        Self::Web { socket: Box::new(socket), secure }
    }

    pub fn local(&self) -> SocketAddr {
        match self {
            Self::Udp { socket, .. } => socket.local_addr().unwrap(),
            Self::Tcp { stream, .. } => stream.local_addr().unwrap(),
            Self::Tls { stream, .. } => stream.sock.local_addr().unwrap(),
            Self::Web { socket, .. } => socket.get_ref().tcp().local_addr().unwrap(),
        }
    }

    /// What the telephone calls itself: a browser has no address to tell (RFC 7118 §5).
    pub fn host(&self) -> String {
        match self {
            Self::Udp { .. } | Self::Tcp { .. } | Self::Tls { .. } => self.local().to_string(),
            Self::Web { .. } => format!("b{}.invalid", self.local().port()),
        }
    }

    /// As Via and URI parameters name it.
    pub const fn transport(&self) -> &'static str {
        match self {
            Self::Udp { .. } => "UDP",
            Self::Tcp { .. } => "TCP",
            Self::Tls { .. } => "TLS",
            Self::Web { secure: false, .. } => "WS",
            Self::Web { secure: true, .. } => "WSS",
        }
    }

    /// Whether lost messages are sent again by us.
    pub const fn is_reliable(&self) -> bool {
        !matches!(self, Self::Udp { .. })
    }

    pub fn send(&mut self, message: &[u8]) {
        match self {
            Self::Udp { socket, server } => {
                socket.send_to(message, *server).unwrap();
            }
            Self::Tcp { stream, .. } => stream.write_all(message).unwrap(),
            Self::Tls { stream, .. } => {
                stream.write_all(message).unwrap();
                stream.flush().unwrap();
            }
            Self::Web { socket, .. } => {
                socket.send(Message::text(String::from_utf8(message.to_vec()).unwrap())).unwrap();
            }
        }
    }

    /// The next whole message, or `None` when `until` comes first.
    pub fn receive(&mut self, until: Instant) -> Option<Vec<u8>> {
        let mut buffer = vec![0; LARGEST];
        loop {
            if let Self::Tcp { unread, .. } | Self::Tls { unread, .. } = self
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
                Self::Tls { stream, .. } => {
                    stream.sock.set_read_timeout(Some(left)).unwrap();
                    stream.read(&mut buffer)
                }
                Self::Web { socket, .. } => {
                    socket.get_ref().tcp().set_read_timeout(Some(left)).unwrap();
                    match socket.read() {
                        Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                            return Some(message.into_data().to_vec());
                        }
                        Ok(_) => continue,
                        Err(Error::Io(error)) => Err(error),
                        Err(error) => panic!("cannot read from the server: {error}"),
                    }
                }
            };
            match (read, &mut *self) {
                (Ok(octets), Self::Udp { .. }) => return Some(buffer[..octets].to_vec()),
                (Ok(0), Self::Tcp { .. } | Self::Tls { .. }) => panic!("the server closed the connection"),
                (Ok(octets), Self::Tcp { unread, .. } | Self::Tls { unread, .. }) => unread.extend(&buffer[..octets]),
                (Ok(_), Self::Web { .. }) => unreachable!("frames are returned above"),
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
