//! Datagrams with the address of ours that they were sent to and leave from (`IP_PKTINFO`, `IPV6_PKTINFO`): what a
//! socket that listens on every address needs in order to answer from the one that was asked.

use nix::cmsg_space;
use nix::libc::{in_addr, in_pktinfo, in6_addr, in6_pktinfo};
use nix::sys::socket::sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo};
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, sendmsg, setsockopt};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsRawFd;
use tokio::io::Interest;
use tokio::net::UdpSocket;

/// Room for what the system says beside a datagram.
pub(super) fn space() -> Vec<u8> {
    cmsg_space!(in_pktinfo, in6_pktinfo)
}

/// Asks the system to say where datagrams were sent to.
pub(super) fn ask(socket: &UdpSocket, is_ipv4: bool) -> io::Result<()> {
    let asked =
        if is_ipv4 { setsockopt(socket, Ipv4PacketInfo, &true) } else { setsockopt(socket, Ipv6RecvPacketInfo, &true) };
    asked.map_err(io::Error::from)
}

/// The next datagram: its length, its sender, and the address of ours that it was sent to.
pub(super) fn receive(
    socket: &UdpSocket,
    buffer: &mut [u8],
    space: &mut [u8],
) -> io::Result<(usize, SocketAddr, Option<IpAddr>)> {
    socket.try_io(Interest::READABLE, || {
        let mut parts = [IoSliceMut::new(buffer)];
        let got = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(space), MsgFlags::empty())?;
        let from = got.address.as_ref().and_then(address_of).ok_or(io::ErrorKind::InvalidData)?;
        let to = got.cmsgs().ok().and_then(|mut all| all.find_map(|one| ip_of(&one)));
        Ok((got.bytes, from, to))
    })
}

/// Sends a datagram from an address of ours.
pub(super) fn send(socket: &UdpSocket, from: IpAddr, to: SocketAddr, bytes: &[u8]) -> io::Result<()> {
    let parts = [IoSlice::new(bytes)];
    let to = SockaddrStorage::from(to);
    let said = |message: ControlMessage<'_>| {
        socket.try_io(Interest::WRITABLE, || {
            sendmsg(socket.as_raw_fd(), &parts, &[message], MsgFlags::empty(), Some(&to)).map_err(io::Error::from)
        })
    };
    let sent = match from {
        IpAddr::V4(ip) => {
            let own = in_addr { s_addr: u32::from_ne_bytes(ip.octets()) };
            said(ControlMessage::Ipv4PacketInfo(&in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: own, ipi_addr: own }))
        }
        IpAddr::V6(ip) => {
            let own = in6_addr { s6_addr: ip.octets() };
            said(ControlMessage::Ipv6PacketInfo(&in6_pktinfo { ipi6_addr: own, ipi6_ifindex: 0 }))
        }
    };
    sent.map(drop)
}

fn address_of(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|v4| SocketAddr::from((v4.ip(), v4.port())));
    v4.or_else(|| storage.as_sockaddr_in6().map(|v6| SocketAddr::from((v6.ip(), v6.port()))))
}

fn ip_of(message: &ControlMessageOwned) -> Option<IpAddr> {
    match message {
        ControlMessageOwned::Ipv4PacketInfo(info) => Some(Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes()).into()),
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into()),
        _ => None,
    }
}
