//! More than two legs in one conversation: who hears whom, and the sum of it.
//!
//! ```text
//!              hears: caller   operator   supervisor who      (rows speak, columns hear)
//! caller               –          ●         listens ● whispers ●
//! operator             ●          –         listens ● whispers ●
//! supervisor who joins ●         ●
//!            who listens  –       –
//!            who whispers –       ● (to the operator alone)
//! ```
//!
//! Keys go between those who speak. Whoever only listens, whispers or joins has keys of its own use, and is sent nobody's.
//!
//! Each hears the sum of the others, sample by sample, never itself; the sum is cut at the largest sample. The sum is
//! made at 16 kHz while two members are wide-band: with one, nobody has anything to say above 4 kHz that another could
//! hear, and 8 kHz loses nothing.
//!
//! Every member's packets wait in a queue of at least [`CUSHION`], so that they may come unevenly; whoever's queue ran
//! dry is silent until it is that full again. Both are bounded: what exceeds [`MOST`] is left out, oldest first.

use super::vocabulary::{Role, StreamId};
use crate::voip::audio::{Codec, ComfortNoise, Decoder, Encoder, FRAME_SAMPLES, NoiseLevel, Rate};
use std::collections::VecDeque;

/// The most members of one room.
pub(super) const MOST_MEMBERS: usize = 8;
/// Units of 1/8000 s that wait before a member is heard: 40 ms.
const CUSHION: usize = 320;
/// The most units that wait: 200 ms.
const MOST: usize = 1_600;
/// The most samples of a frame.
const MOST_SAMPLES: usize = 2 * FRAME_SAMPLES;

/// One frame of samples: all of it at 16 kHz, its first half at 8 kHz.
pub(super) type Frame = [i16; MOST_SAMPLES];

/// A conversation of several.
#[derive(Debug)]
pub(super) struct Room {
    members: Vec<Member>,
    /// What it is mixed at.
    rate: Rate,
}

impl Default for Room {
    fn default() -> Self {
        Self { members: Vec::new(), rate: Rate::Narrow }
    }
}

#[derive(Debug)]
struct Member {
    stream: StreamId,
    role: Role,
    decoder: Decoder,
    encoder: Encoder,
    queue: VecDeque<i16>,
    flows: bool,
    /// Its background while it sends no sound (RFC 3389).
    quiet: Option<ComfortNoise>,
    /// Whether sound came after that, so that the background ends once it flows.
    speaks_again: bool,
    /// What it says in this frame.
    frame: Frame,
}

impl Room {
    pub(super) fn members(&self) -> impl Iterator<Item = StreamId> {
        self.members.iter().map(|member| member.stream)
    }

    pub(super) fn has(&self, stream: StreamId) -> bool {
        self.members().any(|one| one == stream)
    }

    /// Who paces the room.
    pub(super) fn leader(&self) -> Option<StreamId> {
        self.members.first().map(|member| member.stream)
    }

    /// Lets a stream in, or gives it another role; `false` when the room is full.
    pub(super) fn join(&mut self, stream: StreamId, codec: Codec, role: Role) -> bool {
        if let Some(member) = self.members.iter_mut().find(|member| member.stream == stream) {
            member.role = role;
            return true;
        }
        if self.members.len() >= MOST_MEMBERS {
            return false;
        }
        self.members.push(Member {
            stream,
            role,
            decoder: Decoder::new(codec, self.rate),
            encoder: Encoder::new(codec, self.rate),
            queue: VecDeque::with_capacity(MOST),
            flows: false,
            quiet: None,
            speaks_again: false,
            frame: [0; MOST_SAMPLES],
        });
        self.settle_rate();
        true
    }

    pub(super) fn leave(&mut self, stream: StreamId) {
        self.members.retain(|member| member.stream != stream);
        self.settle_rate();
    }

    /// Mixes at 16 kHz while two members are wide-band. What waits is of the old rate and is left out.
    fn settle_rate(&mut self) {
        let wide = self.members.iter().filter(|member| member.encoder.codec().is_wide()).count();
        let rate = if wide >= 2 { Rate::Wide } else { Rate::Narrow };
        if rate == self.rate {
            return;
        }
        self.rate = rate;
        for member in &mut self.members {
            member.decoder = Decoder::new(member.decoder.codec(), rate);
            member.encoder = Encoder::new(member.encoder.codec(), rate);
            member.queue.clear();
            member.flows = false;
        }
    }

    /// The two that are left, when nobody else is and both speak: a bridge does as well.
    pub(super) fn pair(&self) -> Option<(StreamId, StreamId)> {
        match &self.members[..] {
            [a, b] if a.role == Role::Speaks && b.role == Role::Speaks => Some((a.stream, b.stream)),
            _ => None,
        }
    }

    /// Takes a packet of a member, in its order; `lost` packets before it leave as many frames of silence.
    pub(super) fn hear(&mut self, stream: StreamId, codec: Codec, payload: &[u8], lost: u16) {
        let Some(member) = self.members.iter_mut().find(|member| member.stream == stream) else { return };
        if member.decoder.codec() != codec {
            member.decoder = Decoder::new(codec, self.rate);
        }
        let per_unit = self.rate.samples_per_unit();
        let mut samples = Vec::with_capacity(MOST_SAMPLES);
        member.decoder.decode(payload, &mut samples);
        if member.flows {
            let hole = usize::from(lost).saturating_mul(samples.len()).min(MOST * per_unit);
            member.queue.extend(std::iter::repeat_n(0, hole));
        }
        member.queue.extend(samples);
        member.speaks_again = true;
        if member.queue.len() > MOST * per_unit {
            let excess = member.queue.len() - CUSHION * per_unit;
            member.queue.drain(..excess);
        }
    }

    /// A member says nothing from now on: its background is heard, at this level, until it speaks again.
    pub(super) fn quiet(&mut self, stream: StreamId, level: NoiseLevel) {
        let Some(member) = self.members.iter_mut().find(|member| member.stream == stream) else { return };
        let seed = u32::try_from(stream.0 & 0xffff_ffff).unwrap_or(1);
        member.quiet.get_or_insert_with(|| ComfortNoise::new(level, seed)).set_level(level);
        member.speaks_again = false;
    }

    /// What frames are mixed at.
    pub(super) const fn rate(&self) -> Rate {
        self.rate
    }

    /// Goes on by one frame: what each says now is taken out of its queue.
    pub(super) fn turn(&mut self) {
        let per_unit = self.rate.samples_per_unit();
        let samples = FRAME_SAMPLES * per_unit;
        for member in &mut self.members {
            member.flows = member.queue.len() >= if member.flows { samples } else { CUSHION * per_unit };
            member.frame = [0; MOST_SAMPLES];
            if member.flows {
                if member.speaks_again {
                    member.quiet = None;
                }
                for (place, sample) in member.frame.iter_mut().zip(member.queue.drain(..samples)) {
                    *place = sample;
                }
            } else if let Some(quiet) = &mut member.quiet {
                member.frame[..samples].fill_with(|| quiet.next_sample());
            }
        }
    }

    /// What a member hears in this frame: the sum of all others that reach it.
    pub(super) fn mix_for(&self, listener: StreamId) -> Frame {
        let mut sum = [0_i32; MOST_SAMPLES];
        for member in self.members.iter().filter(|member| member.reaches(listener)) {
            for (sum, sample) in sum.iter_mut().zip(member.frame) {
                *sum += i32::from(sample);
            }
        }
        sum.map(saturated)
    }

    /// The same as the octets of the member's codec, in place of what `out` holds.
    pub(super) fn encode_for(&mut self, listener: StreamId, codec: Codec, out: &mut Vec<u8>) {
        let mut frame = self.mix_for(listener);
        let before = self.rate;
        out.clear();
        if let Some(member) = self.members.iter_mut().find(|member| member.stream == listener)
            && member.encoder.codec() != codec
        {
            member.encoder = Encoder::new(codec, before);
            self.settle_rate();
        }
        if self.rate != before {
            frame = [0; MOST_SAMPLES];
        }
        let samples = FRAME_SAMPLES * self.rate.samples_per_unit();
        if let Some(member) = self.members.iter_mut().find(|member| member.stream == listener) {
            member.encoder.encode(&frame[..samples], out);
        }
    }

    /// Whom a member's keys reach: of those who speak, the others who do.
    pub(super) fn takes_keys_of(&self, speaker: StreamId) -> Vec<StreamId> {
        let speaks = |member: &&Member| member.role == Role::Speaks;
        if !self.members.iter().filter(speaks).any(|member| member.stream == speaker) {
            return Vec::new();
        }
        let others = self.members.iter().filter(speaks).map(|member| member.stream);
        others.filter(|stream| *stream != speaker).collect()
    }
}

impl Member {
    fn reaches(&self, listener: StreamId) -> bool {
        listener != self.stream
            && match self.role {
                Role::Speaks | Role::Joins => true,
                Role::Listens => false,
                Role::Whispers { to } => to == listener,
            }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to 16 bits")]
fn saturated(sum: i32) -> i16 {
    sum.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::voip::audio::g711;
    use proptest::prelude::*;

    const CALLER: StreamId = StreamId(1);
    const OPERATOR: StreamId = StreamId(2);
    const THIRD: StreamId = StreamId(3);

    fn say(room: &mut Room, stream: StreamId, level: i16) {
        room.hear(stream, Codec::Pcma, &[g711::encode(Codec::Pcma, level); FRAME_SAMPLES], 0);
    }

    /// What each of the three hears when they say these levels.
    fn heard(role: Role, levels: [i16; 3]) -> [i16; 3] {
        let mut room = Room::default();
        let roles = [(CALLER, Role::Speaks), (OPERATOR, Role::Speaks), (THIRD, role)];
        assert!(roles.into_iter().all(|(stream, role)| room.join(stream, Codec::Pcma, role)));
        for _ in 0..2 {
            for ((stream, _), level) in roles.into_iter().zip(levels) {
                say(&mut room, stream, level);
            }
        }
        room.turn();
        roles.map(|(stream, _)| {
            let frame = room.mix_for(stream);
            assert!(frame[..FRAME_SAMPLES].iter().all(|sample| *sample == frame[0]));
            frame[0]
        })
    }

    fn level(sample: i16) -> i16 {
        g711::decode(Codec::Pcma, g711::encode(Codec::Pcma, sample))
    }

    #[test]
    fn who_hears_whom_is_decided_by_the_role_and_the_sums_are_exact() {
        let [caller, operator, third] = [1_000, -3_000, 7_000].map(level);
        let levels = [caller, operator, third];
        let speaks = heard(Role::Speaks, levels);
        assert_eq!(speaks, [operator + third, caller + third, caller + operator]);
        assert_eq!(heard(Role::Joins, levels), speaks);
        assert_eq!(heard(Role::Listens, levels), [operator, caller, caller + operator]);
        assert_eq!(heard(Role::Whispers { to: OPERATOR }, levels), [operator, caller + third, caller + operator]);
        let loud = [level(i16::MAX); 3];
        assert_eq!(heard(Role::Speaks, loud), [i16::MAX; 3], "cut, not wrapped");
    }

    #[test]
    fn a_queue_that_ran_dry_fills_up_before_it_is_heard() {
        let mut room = Room::default();
        for stream in [CALLER, OPERATOR] {
            assert!(room.join(stream, Codec::Pcma, Role::Speaks));
        }
        let loud = |room: &mut Room| {
            room.turn();
            room.mix_for(OPERATOR)[0] != 0
        };
        say(&mut room, CALLER, 8_000);
        assert!(!loud(&mut room), "20 ms are no cushion");
        say(&mut room, CALLER, 8_000);
        assert!(loud(&mut room) && loud(&mut room) && !loud(&mut room));
        say(&mut room, CALLER, 8_000);
        assert!(!loud(&mut room));
    }

    #[test]
    fn two_wide_band_members_hear_each_other_at_sixteen_kilohertz_to_the_sample() {
        let mut room = Room::default();
        for (stream, codec) in [(CALLER, Codec::G722), (OPERATOR, Codec::Pcma), (THIRD, Codec::G722)] {
            assert!(room.join(stream, codec, Role::Speaks));
        }
        assert_eq!(room.rate, Rate::Wide);
        let payload = |turn: u8, step: u8| -> Vec<u8> { (0..160).map(|n: u8| n.wrapping_mul(step) ^ turn).collect() };
        let mut apart = [Codec::G722, Codec::Pcma, Codec::G722].map(|codec| Decoder::new(codec, Rate::Wide));
        let mut said: [VecDeque<i16>; 3] = Default::default();
        for turn in 0..20 {
            for (index, (stream, codec)) in
                [(CALLER, Codec::G722), (OPERATOR, Codec::Pcma), (THIRD, Codec::G722)].into_iter().enumerate()
            {
                let payload = payload(turn, [3, 5, 7][index]);
                room.hear(stream, codec, &payload, 0);
                let mut samples = Vec::new();
                apart[index].decode(&payload, &mut samples);
                said[index].extend(samples);
            }
            if turn == 0 {
                continue;
            }
            room.turn();
            let frames = said.each_mut().map(|said| said.drain(..MOST_SAMPLES).collect::<Vec<i16>>());
            for (listener, stream) in [CALLER, OPERATOR, THIRD].into_iter().enumerate() {
                let heard = room.mix_for(stream);
                for (at, heard) in heard.into_iter().enumerate() {
                    let others = (0..3).filter(|one| *one != listener).map(|one| i32::from(frames[one][at])).sum();
                    assert_eq!(heard, saturated(others), "turn {turn}, {stream:?}, sample {at}");
                }
            }
        }
        room.leave(THIRD);
        assert_eq!(room.rate, Rate::Narrow, "one alone has nobody to hear what lies above 4 kHz");
    }

    #[test]
    fn a_member_that_says_nothing_is_heard_as_its_background() {
        let mut room = Room::default();
        for stream in [CALLER, OPERATOR] {
            assert!(room.join(stream, Codec::Pcma, Role::Speaks));
        }
        room.quiet(CALLER, NoiseLevel::parse(&[40]).expect("a level"));
        for _ in 0..100 {
            room.turn();
            let heard = room.mix_for(OPERATOR);
            assert!(heard[..FRAME_SAMPLES].iter().any(|sample| *sample != 0));
            assert!(heard.iter().all(|sample| sample.unsigned_abs() <= 568), "−40 dBov of white noise");
            assert_eq!(room.mix_for(CALLER), [0; MOST_SAMPLES], "nobody hears itself");
        }
        for _ in 0..2 {
            say(&mut room, CALLER, 8_000);
        }
        room.turn();
        assert!(room.mix_for(OPERATOR)[..FRAME_SAMPLES].iter().all(|sample| *sample == level(8_000)));
        for _ in 0..2 {
            room.turn();
        }
        assert_eq!(room.mix_for(OPERATOR), [0; MOST_SAMPLES], "silence that was not announced is silence");
    }

    #[test]
    fn a_room_is_bounded_in_members_and_samples() {
        let mut room = Room::default();
        let joined = (0..20).filter(|&number| room.join(StreamId(number), Codec::Pcma, Role::Speaks)).count();
        assert_eq!(joined, MOST_MEMBERS);
        for _ in 0..1_000 {
            say(&mut room, StreamId(0), 1);
            assert!(room.members[0].queue.len() <= MOST);
        }
    }

    proptest! {
        #[test]
        fn nobody_hears_itself(levels in proptest::array::uniform3(-3_000_i16..3_000), quiet in 0_usize..3) {
            let mut others = levels;
            others[quiet] = 0;
            // Whatever one says, what it hears is the same.
            let [with, without] = [levels, others].map(|levels| heard(Role::Speaks, levels)[quiet]);
            prop_assert_eq!(with, without);
        }

        #[test]
        fn garbage_never_panics(payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..400), 0..20), lost in any::<u16>()) {
            let mut room = Room::default();
            for (stream, codec) in [(CALLER, Codec::G722), (OPERATOR, Codec::Opus), (THIRD, Codec::Pcmu)] {
                prop_assert!(room.join(stream, codec, Role::Speaks));
            }
            let mut out = Vec::new();
            for payload in payloads {
                for (stream, codec) in [(CALLER, Codec::G722), (OPERATOR, Codec::Opus), (THIRD, Codec::Pcmu)] {
                    room.hear(stream, codec, &payload, lost);
                    room.turn();
                    room.encode_for(stream, codec, &mut out);
                    prop_assert!(!out.is_empty());
                }
            }
        }
    }
}
