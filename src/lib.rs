//! `hotline`: a bank's telephone hotline.
//!
//! # One call, from its first datagram to its end
//!
//! 1. A datagram comes to [`io::udp`]; the loop of [`app`] hands it to [`exchange::Exchange::handle_datagram`].
//! 2. [`voip::sip`] reads it into a request, the INVITE's transaction ([`voip::sip::transaction`]) answers repeats by
//!    itself, and the [endpoint](voip::sip::endpoint) tells of an incoming call.
//! 3. The exchange admits it, has ports bound by [`io::media`], answers the offer by [`voip::sdp`] and sends 200.
//! 4. The ACK starts a [`ivr::flow::CallFlow`]: the caller's path through a checked [`ivr::menu::Menu`].
//! 5. The flow says what is to be heard; [`ivr::speech`] makes words and clips of values; the media threads, each
//!    with a [`voip::media::MediaCore`], send one packet every 20 ms.
//! 6. A key comes as RTP telephone-event, is counted once by [`voip::dtmf`], and goes to the flow.
//! 7. The flow asks the bank: [`io::bank`] writes a change down before it is sent.
//! 8. `0` enters a queue of [`ivr::acd`]; the exchange rings an operator's phone and bridges the two legs.
//! 9. BYE: the flow records how it ended, and [`io::store`] has every event of the call.
//!
//! # Layers
//!
//! ```text
//!                  app ──────────────┐   wiring: the only place that names everything
//!                   │                ▼
//!                   │       exchange      io        neither sees the other
//!                   │        │    │        │
//!                   ▼        ▼    ▼        ▼
//!                  ivr  ◀────┘    └──▶  voip         ivr and voip never see each other
//!                    └──────▶ model ◀──────┘         model sees nobody
//! ```
//!
//! `model`, `ivr`, `voip` and `exchange` are pure: time, randomness and bytes come in as arguments.

pub mod app;
pub mod exchange;
pub mod io;
pub mod ivr;
pub mod model;
pub mod voip;
