//! Shells: the only code that touches the clock, sockets, threads and files. They decide nothing.

pub mod bank;
pub mod clock;
pub mod dns;
pub mod listen;
pub mod media;
pub mod memory;
pub mod prompts;
pub mod store;
pub mod tcp;
pub mod tls;
pub mod udp;
pub mod watch;
