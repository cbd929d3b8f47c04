//! Writing a description.

use super::session::{Address, Encoding, MediaDescription, SessionDescription};
use std::fmt;
use std::net::IpAddr;

impl fmt::Display for SessionDescription {
    /// The body, lines ended by CRLF, in the order of RFC 8866 §5.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = &self.origin;
        write!(f, "v=0\r\no={} {} {} {}\r\n", origin.user, origin.session, origin.version, origin.address)?;
        write!(f, "s={}\r\n", if self.name.is_empty() { "-" } else { &self.name })?;
        if let Some(address) = &self.connection {
            write!(f, "c={address}\r\n")?;
        }
        f.write_str("t=0 0\r\n")?;
        if let Some(direction) = self.direction {
            write!(f, "a={}\r\n", direction.name())?;
        }
        for attribute in &self.attributes {
            line(f, &attribute.name, &attribute.value)?;
        }
        self.media.iter().try_for_each(|media| media.fmt(f))
    }
}

impl fmt::Display for MediaDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {} {}", self.kind.name(), self.port, self.protocol.name())?;
        self.format_words.iter().try_for_each(|word| write!(f, " {word}"))?;
        f.write_str("\r\n")?;
        if let Some(address) = &self.connection {
            write!(f, "c={address}\r\n")?;
        }
        for format in &self.formats {
            if let Some(Encoding { name, rate, channels }) = &format.rtpmap {
                write!(f, "a=rtpmap:{} {name}/{rate}", format.payload_type)?;
                if let Some(channels) = channels {
                    write!(f, "/{channels}")?;
                }
                f.write_str("\r\n")?;
            }
            if let Some(parameters) = &format.fmtp {
                write!(f, "a=fmtp:{} {parameters}\r\n", format.payload_type)?;
            }
        }
        if let Some(ptime) = self.ptime {
            write!(f, "a=ptime:{ptime}\r\n")?;
        }
        if let Some(ptime) = self.max_ptime {
            write!(f, "a=maxptime:{ptime}\r\n")?;
        }
        if let Some((port, address)) = &self.rtcp {
            write!(f, "a=rtcp:{port}")?;
            if let Some(address) = address {
                write!(f, " {address}")?;
            }
            f.write_str("\r\n")?;
        }
        for crypto in &self.crypto {
            line(f, "crypto", crypto.reveal())?;
        }
        for attribute in &self.attributes {
            line(f, &attribute.name, &attribute.value)?;
        }
        match self.direction {
            Some(direction) => write!(f, "a={}\r\n", direction.name()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Address {
    /// `IN IP4 192.0.2.1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip @ IpAddr::V4(_)) => write!(f, "IN IP4 {ip}"),
            Self::Ip(ip @ IpAddr::V6(_)) => write!(f, "IN IP6 {ip}"),
            Self::Name(name) => write!(f, "IN IP4 {name}"),
        }
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, value: &str) -> fmt::Result {
    if value.is_empty() { write!(f, "a={name}\r\n") } else { write!(f, "a={name}:{value}\r\n") }
}
