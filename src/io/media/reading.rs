//! How a stream's RTP socket is read.
//!
//! ```text
//!                 a conversation begins
//!   InTurn ◀──────────────────────────────▶ Watched    epoll names each packet: it is relayed within 2 ms
//!      ▲          … and ends                   ▲
//!      │ connected, and nobody hears it        │
//!      └──────────────▶ Sifted ◀───────────────┘       epoll names the few that pass the filter
//! ```
//!
//! A packet that epoll names costs an eighth more than one that is read in its turn, but one that never comes up to us
//! costs nothing.

use super::filter;
use crate::voip::media::Sieve;
use rustix::event::epoll;
use rustix::fd::OwnedFd;
use std::io;
use std::net::UdpSocket;

/// How a socket is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// Once in each turn of its slot.
    #[default]
    InTurn,
    /// Whenever something has come.
    Watched,
    /// Whenever something has come that the sieve keeps.
    Sifted {
        /// What passes.
        sieve: Sieve,
        /// The socket's count of packets thrown away, as it is known to the core.
        told: u32,
    },
}

/// How a socket is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Somebody hears the stream.
    Heard,
    /// Nobody does, and of its sound this need not be read.
    Spare(Sieve),
    /// Nobody does, and everything is to be read.
    All,
}

impl Reading {
    /// Whether epoll names what comes.
    pub const fn is_watched(self) -> bool {
        matches!(self, Self::Watched | Self::Sifted { .. })
    }

    /// Changes over to what is wished, as far as the system lets us. Returns how many packets were left out that the
    /// core does not know of.
    pub fn change(&mut self, wish: Wish, socket: &UdpSocket, (epoll, name): (&OwnedFd, epoll::EventData)) -> u32 {
        let same = match (wish, &*self) {
            (Wish::Heard, Self::Watched) | (Wish::All, Self::InTurn) => true,
            (Wish::Spare(wanted), Self::Sifted { sieve, .. }) => wanted == *sieve,
            (Wish::Heard | Wish::Spare(_) | Wish::All, _) => false,
        };
        if same {
            return 0;
        }
        let left_out = self.end(socket, epoll);
        match Self::begin(wish, socket, (epoll, name)) {
            Ok(reading) => *self = reading,
            // Read in its turn: dearer, and as good.
            Err(error) => tracing::debug!(%error, "a socket is read in its turn"),
        }
        left_out
    }

    /// Packets that were left out since this was asked last.
    pub fn left_out(&mut self, socket: &UdpSocket) -> u32 {
        let Self::Sifted { told, .. } = self else { return 0 };
        let Ok(thrown) = filter::thrown_away(socket) else { return 0 };
        thrown.wrapping_sub(std::mem::replace(told, thrown))
    }

    /// Back to reading in turn.
    fn end(&mut self, socket: &UdpSocket, epoll: &OwnedFd) -> u32 {
        let mut left_out = 0;
        if matches!(self, Self::Sifted { .. }) {
            if let Err(error) = filter::detach(socket) {
                tracing::error!(%error, "the filter of a socket cannot be taken off");
            }
            left_out = self.left_out(socket);
        }
        if self.is_watched()
            && let Err(error) = epoll::delete(epoll, socket)
        {
            tracing::error!(%error, "a socket cannot be let go by epoll");
        }
        *self = Self::InTurn;
        left_out
    }

    fn begin(wish: Wish, socket: &UdpSocket, (epoll, name): (&OwnedFd, epoll::EventData)) -> io::Result<Self> {
        let reading = match wish {
            Wish::All => return Ok(Self::InTurn),
            Wish::Heard => Self::Watched,
            Wish::Spare(sieve) => {
                let told = filter::thrown_away(socket)?;
                filter::attach(socket, sieve)?;
                Self::Sifted { sieve, told }
            }
        };
        if let Err(error) = epoll::add(epoll, socket, name, epoll::EventFlags::IN) {
            if matches!(reading, Self::Sifted { .. }) {
                filter::detach(socket)?;
            }
            return Err(error.into());
        }
        Ok(reading)
    }
}
