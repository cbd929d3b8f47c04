//! The words of the media engine: what it is told and what it tells.

use crate::model::{Digit, Instant, Playlist, PromptId, Quality};
use crate::voip::audio::{PromptFrames, Rate};
use crate::voip::rtp::quality;
use crate::voip::rtp::{RtpTimestamp, SequenceNumber, Ssrc};
use crate::voip::sdp::Negotiated;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The media session of one leg, numbered by whoever opens it; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u64);

/// One `Play`, numbered by whoever gives it, so that a late `PlaybackEnded` is not taken for the next one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlaybackId(pub u64);

/// One recording, numbered by whoever starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordingId(pub u64);

/// What a stream is opened with. The three first numbers are random (RFC 3550 §5.1), drawn by the caller.
#[derive(Clone, Debug)]
pub struct StreamParams {
    /// What offer and answer came to.
    pub negotiated: Negotiated,
    /// Our source number.
    pub ssrc: Ssrc,
    /// Our first packet's number.
    pub first_sequence: SequenceNumber,
    /// Our first packet's timestamp.
    pub first_timestamp: RtpTimestamp,
    /// After how long without RTP, or RTCP of the same source, the peer is called silent; counted only while media
    /// flows both ways.
    pub silence_limit: Duration,
}

/// What a member of a conversation may do. Everybody hears all who speak or join, never itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Is heard by all, and its keys go to all others who speak.
    Speaks,
    /// Is heard by all; its keys go to nobody, and nobody's to it.
    Joins,
    /// Is heard by nobody.
    Listens,
    /// Is heard by one.
    Whispers {
        /// Who hears it.
        to: StreamId,
    },
}

/// When a recording ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordingRules {
    /// At this length.
    pub max: Duration,
    /// At this key; the key is still reported.
    pub stop_on: Option<Digit>,
    /// After this much silence.
    pub silence: Option<Duration>,
}

/// What the engine is told. A command for a stream that is not open is dropped: it crossed the stream's end.
#[derive(Clone, Debug)]
pub enum MediaCommand {
    /// Opens a stream; it begins to send silence at once. At the cap, or twice for one stream: `Refused`.
    Open {
        /// The new stream.
        stream: StreamId,
        /// Its parameters; boxed, since other commands are small.
        params: Box<StreamParams>,
    },
    /// Takes a new offer/answer: another address, direction or payload type. Sequence numbers go on.
    Update {
        /// The stream.
        stream: StreamId,
        /// The new agreement.
        negotiated: Box<Negotiated>,
    },
    /// Plays from the next frame on, instead of what plays. Given in a bridge, it
    /// covers the other leg until it ends.
    Play {
        /// The stream that hears it.
        stream: StreamId,
        /// This playback.
        playback: PlaybackId,
        /// What to play; unknown prompts are reported and left out.
        playlist: Playlist,
    },
    /// Silence (or the bridge) from the next frame on. No `PlaybackEnded` follows.
    Stop {
        /// The stream.
        stream: StreamId,
    },
    /// Each hears the other, and nobody else: earlier bridges of both are undone, and what plays to either stops, as
    /// by `Stop`.
    Bridge {
        /// One leg.
        a: StreamId,
        /// The other.
        b: StreamId,
    },
    /// Undoes a bridge of exactly these two.
    Unbridge {
        /// One leg.
        a: StreamId,
        /// The other.
        b: StreamId,
    },
    /// Lets a stream into the conversation of another, which is a bridge or has more members already; given again it
    /// changes the role. Its own earlier conversation is left. Both are on one thread.
    Join {
        /// The stream.
        stream: StreamId,
        /// Any member of the conversation.
        with: StreamId,
        /// What it may do there.
        role: Role,
    },
    /// Takes a stream out of a conversation of several. Two speakers that are left are bridged.
    Leave {
        /// The stream.
        stream: StreamId,
    },
    /// While on: the stream's keys and sound reach neither the other leg nor a recording.
    Secret {
        /// The stream.
        stream: StreamId,
        /// Begin or end.
        on: bool,
    },
    /// Records what the stream says. A running recording of the stream is stopped first.
    Record {
        /// The stream.
        stream: StreamId,
        /// This recording.
        recording: RecordingId,
        /// When it ends by itself.
        rules: RecordingRules,
    },
    /// Records a conversation in two channels, in step with the clock: left what `stream` says, right what `other`
    /// says, and while `stream` is in a conversation of several what all others say to it; at 16 kHz when one of the
    /// two is wide-band, else at 8 kHz. While one of the two enters a secret, both are silence; while `stream` hears
    /// something else, or holds, the right one is. It ends with
    /// `StopRecording` or `Close` of `stream`, or at `max`; from the end of `other` on the right channel is silence.
    RecordTalk {
        /// The stream that has the recording.
        stream: StreamId,
        /// The other side.
        other: StreamId,
        /// This recording.
        recording: RecordingId,
        /// Its longest.
        max: Duration,
    },
    /// Ends the stream's recording, of either kind.
    StopRecording {
        /// The stream.
        stream: StreamId,
    },
    /// Sends a key to the peer as RFC 4733 events; dropped when the peer knows none.
    SendDigit {
        /// The stream.
        stream: StreamId,
        /// The key.
        digit: Digit,
    },
    /// A key that came by SIP INFO. It counts unless the stream's keys come as telephone-event.
    InfoDigit {
        /// The stream.
        stream: StreamId,
        /// The key.
        digit: Digit,
    },
    /// Other prompts from now on; what plays goes on with the old.
    Prompts(Arc<PromptFrames>),
    /// Ends a stream: RTCP BYE, its recording and bridge undone, then `Closed`.
    Close {
        /// The stream.
        stream: StreamId,
    },
}

/// What the engine tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    /// The stream could not be opened: the cap is reached, or it is open already.
    Refused {
        /// The stream.
        stream: StreamId,
    },
    /// The first packet from the peer was accepted.
    FirstPacket {
        /// The stream.
        stream: StreamId,
    },
    /// A key was pressed; told at the first packet of it, once.
    Digit {
        /// The stream.
        stream: StreamId,
        /// The key.
        digit: Digit,
        /// When its first packet came.
        at: Instant,
    },
    /// The last sample of a playback was sent. Not told after `Stop`, `Close` or a later `Play`.
    PlaybackEnded {
        /// The stream.
        stream: StreamId,
        /// The playback.
        playback: PlaybackId,
    },
    /// A playback named a prompt that does not exist; it was left out.
    MissingPrompt {
        /// The stream.
        stream: StreamId,
        /// The prompt.
        prompt: PromptId,
    },
    /// Nothing came for the silence limit. Told once; again after packets came and ceased again.
    Silent {
        /// The stream.
        stream: StreamId,
    },
    /// A recording is whole: take the last of [`Recorded`] before this event.
    RecordingEnded {
        /// The stream.
        stream: StreamId,
        /// The recording.
        recording: RecordingId,
        /// Why it ended.
        reason: RecordingEnd,
        /// How long it is.
        length: Duration,
    },
    /// The stream is gone; nothing follows about it. Its socket may be closed.
    Closed {
        /// The stream.
        stream: StreamId,
        /// How it went.
        report: StreamReport,
    },
}

/// Why a recording ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingEnd {
    /// It reached its longest.
    Max,
    /// The key of its rules was pressed.
    Key,
    /// Nobody spoke for as long as its rules say; the silence is part of it.
    Silence,
    /// `StopRecording`, or another `Record`.
    Stopped,
    /// The stream was closed.
    Closed,
}

/// Which channel of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Track {
    /// The only one.
    Only,
    /// Of a conversation: the caller.
    Left,
    /// Of a conversation: the operator, and all others that the caller hears. Both channels begin at the same moment and follow the clock.
    Right,
}

/// A piece of a recording: linear samples, following on the piece of its channel before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The recording.
    pub recording: RecordingId,
    /// Its channel.
    pub track: Track,
    /// The rate of its samples, the same for all pieces of a recording.
    pub rate: Rate,
    /// The samples.
    pub samples: Box<[i16]>,
}

/// How a stream went, for the call record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct StreamReport {
    /// RTP packets sent.
    pub sent: u64,
    /// RTP packets received and used.
    pub received: u64,
    /// Packets that never came, by sequence numbers (RFC 3550 §A.3).
    pub lost: u64,
    /// Packets of the peer that were no RTP, not of our payload types, or of a strange source.
    pub dropped: u64,
    /// Interarrival jitter at the end (RFC 3550 §A.8).
    pub jitter: Duration,
    /// Packets of ours that the peer reports lost (its last RTCP report).
    pub lost_at_peer: Option<u32>,
    /// The last round trip measured by RTCP.
    pub round_trip: Option<Duration>,
}

impl StreamReport {
    /// The figures for the call record, with the estimated score.
    #[must_use]
    pub fn quality(&self) -> Quality {
        quality::estimate(Quality {
            sent: self.sent,
            received: self.received,
            lost: self.lost,
            lost_there: self.lost_at_peer.map(u64::from),
            jitter: self.jitter,
            round_trip: self.round_trip,
            mos: None,
        })
    }
}

/// Which of a stream's two ports a datagram belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The port of the description.
    Rtp,
    /// The port above it.
    Rtcp,
}

/// A datagram to be sent now, from the stream's own port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// The stream.
    pub stream: StreamId,
    /// Which of its ports.
    pub channel: Channel,
    /// Where to.
    pub to: SocketAddr,
    /// What.
    pub bytes: &'a [u8],
}
