//! What the sockets do, for whoever watches the process.

use crate::io::tcp::TcpConnections;
use crate::io::udp::UdpSockets;
use crate::voip::sip::Transport;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// As of now.
#[derive(Clone, Debug, Default)]
pub(super) struct TransportFigures {
    connections: usize,
    half_open: usize,
    opened: [u64; Transport::ALL.len()],
    refused: u64,
    handshakes_failed: u64,
    stalled: u64,
    received: u64,
    overrun: u64,
    sent: u64,
    unsent: u64,
}

impl TransportFigures {
    pub fn of(udp: &UdpSockets, tcp: &TcpConnections) -> Self {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (streams, datagrams) = (tcp.counts(), udp.counts());
        Self {
            connections: tcp.len(),
            half_open: tcp.half_open(),
            opened: streams.opened.each_ref().map(read),
            refused: read(&streams.refused),
            handshakes_failed: read(&streams.handshakes_failed),
            stalled: read(&streams.stalled),
            received: read(&datagrams.received),
            overrun: read(&datagrams.overrun),
            sent: read(&datagrams.sent),
            unsent: read(&datagrams.unsent),
        }
    }

    /// In the text format of Prometheus.
    pub fn text(&self) -> String {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let figures = [
            ("connections", "gauge", "Connections of TCP, TLS and WebSockets.", count(self.connections)),
            ("connections_half_open", "gauge", "Connections that have brought nothing yet.", count(self.half_open)),
            ("connections_refused_total", "counter", "Connections turned away at a limit.", self.refused),
            (
                "handshakes_failed_total",
                "counter",
                "Handshakes of TLS and WebSocket that failed.",
                self.handshakes_failed,
            ),
            ("connections_stalled_total", "counter", "Peers cut off because they did not read.", self.stalled),
            ("datagrams_received_total", "counter", "Datagrams taken.", self.received),
            ("datagrams_overrun_total", "counter", "Datagrams dropped because too many came.", self.overrun),
            ("datagrams_sent_total", "counter", "Datagrams sent.", self.sent),
            ("datagrams_unsent_total", "counter", "Datagrams that the system did not take.", self.unsent),
        ];
        let mut text = String::new();
        let mut whole = true;
        for (name, kind, help, value) in figures {
            let name = format!("hotline_sip_{name}");
            whole &= write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n").is_ok();
        }
        let name = "hotline_sip_connections_opened_total";
        whole &= write!(text, "# HELP {name} Connections accepted and made.\n# TYPE {name} counter\n").is_ok();
        for (transport, value) in Transport::ALL.into_iter().zip(self.opened).filter(|(kind, _)| kind.is_reliable()) {
            let transport = transport.name().to_ascii_lowercase();
            whole &= writeln!(text, "{name}{{transport=\"{transport}\"}} {value}").is_ok();
        }
        debug_assert!(whole, "writing to a String does not fail");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_transport_has_its_figure() {
        let figures = TransportFigures { handshakes_failed: 3, opened: [0, 1, 2, 3, 4], ..TransportFigures::default() };
        let text = figures.text();
        assert!(
            text.contains(
                "# TYPE hotline_sip_handshakes_failed_total counter\nhotline_sip_handshakes_failed_total 3\n"
            )
        );
        assert!(text.ends_with("{transport=\"tls\"} 2\nhotline_sip_connections_opened_total{transport=\"ws\"} 3\nhotline_sip_connections_opened_total{transport=\"wss\"} 4\n"), "{text}");
        assert!(!text.contains("udp\""), "{text}");
    }
}
