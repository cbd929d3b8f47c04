//! What strangers send to a call's ports, over real sockets; and the other family of addresses.

use super::*;
use std::net::Ipv6Addr;

/// A telephone nobody knows, that sends to the same port as the one we know.
fn stranger(phone: &Phone) -> Phone {
    let socket = UdpSocket::bind((LOOPBACK, 0)).expect("bound");
    socket.set_nonblocking(true).expect("set");
    Phone { stream: phone.stream, socket, server: phone.server, sequence: Cell::new(phone.sequence.get()) }
}

#[test]
fn who_sprays_a_call_neither_hears_it_nor_presses_its_keys() {
    let mut bench = Bench::new(1, 1_024);
    let phone = bench.phone(1, None);
    phone.talk(Codec::Pcma.silence());
    bench.play(&phone);
    phone.hear_only(MUSIC);
    // Several at once, one of them with the numbers that the phone itself uses.
    let strangers: Vec<Phone> = (0..4).map(|_| stranger(&phone)).collect();
    for round in 0..50 {
        phone.talk(Codec::Pcma.silence());
        for one in &strangers {
            one.talk(0x11);
            one.press('9', 10_000 * (round + 1));
            one.socket.send_to(b"no RTP at all", one.server).expect("sent");
        }
        assert_eq!(phone.hear().len(), 160, "the phone hears on");
    }
    phone.press('5', 900_000);
    assert_eq!(bench.digits(1), "5", "no key of a stranger came before it");
    for one in &strangers {
        assert!(one.socket.recv(&mut [0; 2_048]).is_err(), "a stranger heard something");
    }
    bench.command(MediaCommand::Close { stream: phone.stream });
    let report = bench.until(|output| match output {
        MediaOutput::Event(MediaEvent::Closed { report, .. }) => Some(*report),
        _ => None,
    });
    assert!(report.dropped > 50, "{report:?}");
}

#[test]
fn a_call_by_the_newer_protocol_is_carried_as_well() {
    // A machine without IPv6 cannot say anything about it.
    let Ok(socket) = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)) else { return };
    let mut bench = Bench::new(1, 64);
    let phone = bench.phone_with(socket, 1, None);
    assert!(phone.server.is_ipv6());
    phone.talk(Codec::Pcma.silence());
    bench.play(&phone);
    phone.hear_only(MUSIC);
    phone.press('7', 10_000);
    assert_eq!(bench.digits(1), "7");
}

#[test]
fn the_sockets_of_a_call_bear_the_code_point_of_the_configuration() {
    let pool = PortPool::new(&(29_400..=29_409));
    let sockets = pool.bind(LOOPBACK, 34).expect("free");
    for socket in [&sockets.rtp, &sockets.rtcp] {
        assert_eq!(rustix::net::sockopt::ip_tos(socket).expect("told") >> 2, 34);
    }
}
