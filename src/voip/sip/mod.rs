//! SIP (RFC 3261): messages, transactions, dialogs. No sockets, no clock.

pub mod addresses;
pub mod body;
pub mod dialog;
pub mod digest;
pub mod endpoint;
pub mod framer;
pub mod headers;
pub mod lane;
pub mod locate;
pub mod peer;
pub mod roll;
pub mod session;
pub mod source;
pub mod stun;
pub mod transaction;
pub mod uac;
pub mod uas;

mod host;
mod message;
mod method;
mod params;
mod status;
mod text;
mod uri;

pub use host::Host;
pub use message::{
    Dropped, MAX_HEADER_LINE, MAX_HEADER_LINES, MAX_MESSAGE, Masked, Message, Refusal, Request, Response, Unusable,
};
pub use method::Method;
pub use params::Params;
pub use peer::{ConnectionId, Peer, Transport};
pub use status::{Status, StatusClass};
pub use text::Malformed;
pub use uri::{SipUri, TelUri, Uri};
