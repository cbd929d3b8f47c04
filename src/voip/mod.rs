//! Telephony without sockets: bytes and instants in, bytes and events out. Knows no menus.

pub mod audio;
pub mod dtmf;
pub mod media;
pub mod rtp;
pub mod sdp;
pub mod sip;
