//! Whole calls from octets to octets, with no socket and a virtual clock: telephones written by hand call the
//! exchange, hear the media core, and a scripted bank answers.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "calls/bank.rs"]
mod bank;
#[path = "calls/ear.rs"]
mod ear;
#[path = "calls/phone.rs"]
mod phone;
#[path = "calls/script.rs"]
mod script;
#[path = "calls/stage.rs"]
mod stage;
#[path = "calls/text.rs"]
mod text;
#[path = "calls/told.rs"]
mod told;
#[path = "calls/wire.rs"]
mod wire;

#[path = "calls/abuse.rs"]
mod abuse;
#[path = "calls/amplification.rs"]
mod amplification;
#[path = "calls/bad_media.rs"]
mod bad_media;
#[path = "calls/bank_outcomes.rs"]
mod bank_outcomes;
#[path = "calls/callbacks.rs"]
mod callbacks;
#[path = "calls/codecs.rs"]
mod codecs;
#[path = "calls/codes.rs"]
mod codes;
#[path = "calls/conference.rs"]
mod conference;
#[path = "calls/control.rs"]
mod control;
#[path = "calls/doors.rs"]
mod doors;
#[path = "calls/early_media.rs"]
mod early_media;
#[path = "calls/early_offers.rs"]
mod early_offers;
#[path = "calls/guessers.rs"]
mod guessers;
#[path = "calls/handing.rs"]
mod handing;
#[path = "calls/hang_ups.rs"]
mod hang_ups;
#[path = "calls/keys.rs"]
mod keys;
#[path = "calls/late_media.rs"]
mod late_media;
#[path = "calls/limits.rs"]
mod limits;
#[path = "calls/logs.rs"]
mod logs;
#[path = "calls/menu_paths.rs"]
mod menu_paths;
#[path = "calls/messages.rs"]
mod messages;
#[path = "calls/no_room.rs"]
mod no_room;
#[path = "calls/notices.rs"]
mod notices;
#[path = "calls/odd.rs"]
mod odd;
#[path = "calls/operators.rs"]
mod operators;
#[path = "calls/packets.rs"]
mod packets;
#[path = "calls/playing.rs"]
mod playing;
#[path = "calls/providers.rs"]
mod providers;
#[path = "calls/queue.rs"]
mod queue;
#[path = "calls/races.rs"]
mod races;
#[path = "calls/reports.rs"]
mod reports;
#[path = "calls/scanners.rs"]
mod scanners;
#[path = "calls/secrets.rs"]
mod secrets;
#[path = "calls/secure.rs"]
mod secure;
#[path = "calls/sessions.rs"]
mod sessions;
#[path = "calls/several_phones.rs"]
mod several_phones;
#[path = "calls/silence.rs"]
mod silence;
#[path = "calls/six.rs"]
mod six;
#[path = "calls/sound.rs"]
mod sound;
#[path = "calls/spray.rs"]
mod spray;
#[path = "calls/supervision.rs"]
mod supervision;
#[path = "calls/tapes.rs"]
mod tapes;
#[path = "calls/torture.rs"]
mod torture;
#[path = "calls/transfers.rs"]
mod transfers;
#[path = "calls/trunks.rs"]
mod trunks;
#[path = "calls/trunks_out.rs"]
mod trunks_out;
#[path = "calls/versions.rs"]
mod versions;
#[path = "calls/wishes.rs"]
mod wishes;
#[path = "calls/words.rs"]
mod words;
