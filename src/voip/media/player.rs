//! What one stream plays: clips and gaps, joined sample by sample into frames; music in step with the clock.

use super::vocabulary::PlaybackId;
use super::voice_over::{Blend, Fader, VoiceOver};
use crate::model::{Instant, PlayItem, Playlist, PromptId, Repeat};
use crate::voip::audio::wide::opus_silence;
use crate::voip::audio::{Codec, EncodedPrompt, FRAME_SAMPLES, PromptFrames, SAMPLES_PER_MS};

/// The most items of one playlist; what is beyond is left out.
pub const MAX_PLAYLIST_ITEMS: usize = 1_000;
/// Nanoseconds of a frame.
const FRAME_NANOS: u64 = 20_000_000;

/// A playlist being played.
#[derive(Debug)]
pub(super) struct Player {
    playback: PlaybackId,
    words: Track,
    music: Option<Music>,
    begun: bool,
    ended: bool,
}

/// A frame that was made.
pub(super) struct Played {
    /// Octets of its payload.
    pub(super) length: usize,
    /// Whether the last sample of the playlist was among them.
    pub(super) ended: bool,
}

impl Player {
    /// Looks up the prompts once; `missing` is told of each that does not exist.
    pub(super) fn new(
        playback: PlaybackId,
        playlist: Playlist,
        (prompts, rules): (&PromptFrames, Option<VoiceOver>),
        mut missing: impl FnMut(PromptId),
    ) -> Self {
        let mut segments = Vec::with_capacity(playlist.items.len().min(MAX_PLAYLIST_ITEMS));
        for item in playlist.items.into_iter().take(MAX_PLAYLIST_ITEMS) {
            match item {
                PlayItem::Clip(prompt) => match prompts.get(&prompt) {
                    Some(encoded) => segments.push(Segment::Clip(encoded.clone())),
                    None => missing(prompt),
                },
                PlayItem::Gap(gap) => segments.push(Segment::Silence(usize::from(gap.0) * SAMPLES_PER_MS)),
            }
        }
        let words = Track::new(segments, playlist.repeat);
        let below = match (words.repeat, rules, playlist.over) {
            // Music by itself fades in where it begins in the middle of a bar.
            (Repeat::InStep, Some(rules), _) => Some((Track::default(), rules)),
            (Repeat::Never | Repeat::FromTheStart, Some(rules), Some(prompt)) => {
                let music = prompts.get(&prompt);
                if music.is_none() {
                    missing(prompt);
                }
                music.map(|music| (Track::new(vec![Segment::Clip(music.clone())], Repeat::InStep), rules))
            }
            (_, None, _) | (_, Some(_), None) => None,
        };
        let music = below.map(|(track, rules)| Music { track, fader: Fader::new(rules), blend: None });
        Self { playback, words, music, begun: false, ended: false }
    }

    pub(super) const fn playback(&self) -> PlaybackId {
        self.playback
    }

    /// Whether the next frame is the first: the beginning of a talkspurt.
    pub(super) const fn is_new(&self) -> bool {
        !self.begun
    }

    /// Whether it has ended, so that only the music beneath is left.
    pub(super) const fn is_over(&self) -> bool {
        self.ended
    }

    /// Whether there is something to hear after its end.
    pub(super) const fn goes_on(&self) -> bool {
        !self.ended || self.music.is_some()
    }

    /// Goes on at the level of the music that was heard before.
    pub(super) fn follow(&mut self, before: Self) {
        if let (Some(music), Some(before)) = (&mut self.music, before.music) {
            music.fader = before.fader;
            music.blend = before.blend;
        }
    }

    /// Makes the frame that is due: puts its payload at the beginning of `out`, which holds a frame of silence.
    pub(super) fn frame(&mut self, codec: Codec, due: Instant, out: &mut [u8]) -> Played {
        self.begun = true;
        let number = due.as_nanos() / FRAME_NANOS;
        let Some(music) = &mut self.music else {
            let played = self.words.frame(codec, number, out);
            self.ended = played.ended;
            return played;
        };
        // Music by itself is the only track.
        if self.words.repeat == Repeat::InStep {
            let played = self.words.frame(codec, number, out);
            return music.faded(codec, played, out);
        }
        if self.ended {
            let played = music.track.frame(codec, number, out);
            return music.faded(codec, played, out);
        }
        let mut said = [codec.silence(); FRAME_SAMPLES];
        let words = self.words.frame(codec, number, &mut said);
        let beneath = music.track.frame(codec, number, out);
        self.ended = words.ended;
        let length = music.sum(codec, said.get(..words.length), beneath.length, out);
        Played { length, ended: words.ended }
    }
}

/// The music of a player: beneath the words, or by itself.
#[derive(Debug)]
struct Music {
    /// Empty for music by itself.
    track: Track,
    fader: Fader,
    blend: Option<Box<Blend>>,
}

impl Music {
    /// The music that lies in `out` at its level: as it is, once it has come up.
    fn faded(&mut self, codec: Codec, played: Played, out: &mut [u8]) -> Played {
        if self.fader.is_open() {
            self.blend = None;
            return played;
        }
        Played { length: self.sum(codec, None, played.length, out), ended: played.ended }
    }

    /// The words and the music that lies in `out`; the length of the sum, which takes its place.
    fn sum(&mut self, codec: Codec, words: Option<&[u8]>, length: usize, out: &mut [u8]) -> usize {
        let kept = self.blend.take().filter(|blend| blend.codec() == codec);
        let mut blend = kept.unwrap_or_else(|| Box::new(Blend::new(codec)));
        let summed = blend.sum(words, out.get(..length).unwrap_or_default(), &mut self.fader);
        let length = put(summed, out);
        self.blend = Some(blend);
        length
    }
}

/// Puts a payload at the beginning of `out`; its length. One that is too long is left out.
fn put(payload: &[u8], out: &mut [u8]) -> usize {
    let Some(room) = out.get_mut(..payload.len()) else { return 0 };
    room.copy_from_slice(payload);
    payload.len()
}

/// Clips and gaps one after the other, and the place in them.
#[derive(Debug, Default)]
struct Track {
    segments: Box<[Segment]>,
    repeat: Repeat,
    segment: usize,
    offset: usize,
}

#[derive(Debug)]
enum Segment {
    Clip(EncodedPrompt),
    Silence(usize),
}

impl Segment {
    fn samples(&self) -> usize {
        match self {
            Self::Clip(prompt) => prompt.samples(),
            Self::Silence(samples) => *samples,
        }
    }

    /// Its length as it is played in a codec: in Opus whole packets, gaps to the nearest.
    fn units(&self, codec: Codec) -> usize {
        match (self, codec) {
            (Self::Clip(prompt), _) => prompt.units(codec),
            (Self::Silence(samples), Codec::Opus) => (samples + FRAME_SAMPLES / 2) / FRAME_SAMPLES * FRAME_SAMPLES,
            (Self::Silence(samples), Codec::Pcma | Codec::Pcmu | Codec::G722) => *samples,
        }
    }
}

impl Track {
    fn new(segments: Vec<Segment>, repeat: Repeat) -> Self {
        // Nothing to hear cannot repeat: it would never come to a sample.
        let audible = segments.iter().any(|segment| segment.samples() > 0);
        let repeat = if audible { repeat } else { Repeat::Never };
        Self { segments: segments.into(), repeat, segment: 0, offset: 0 }
    }

    fn repeats(&self) -> bool {
        self.repeat != Repeat::Never
    }

    /// Makes the frame of this number: frames are counted from the clock's zero, alike for all streams.
    fn frame(&mut self, codec: Codec, number: u64, out: &mut [u8]) -> Played {
        if self.repeat == Repeat::InStep {
            self.seek(codec, number);
        }
        match codec {
            Codec::Opus => {
                let (packet, ended) = self.next_opus();
                Played { length: put(packet, out), ended }
            }
            Codec::Pcma | Codec::Pcmu | Codec::G722 => Played { length: out.len(), ended: self.fill(codec, out) },
        }
    }

    /// Goes to where the clock says the music is.
    fn seek(&mut self, codec: Codec, number: u64) {
        let total: usize = self.segments.iter().map(|segment| segment.units(codec)).sum();
        let (Ok(frame), Ok(total)) = (u64::try_from(FRAME_SAMPLES), u64::try_from(total)) else { return };
        if total == 0 {
            return;
        }
        // Only the remainder is multiplied, so that nothing overflows however long the clock has run.
        let mut place = usize::try_from((number % total * frame) % total).unwrap_or(0);
        for (index, segment) in self.segments.iter().enumerate() {
            let units = segment.units(codec);
            if place < units {
                (self.segment, self.offset) = (index, place);
                return;
            }
            place -= units;
        }
    }

    /// The packet of Opus that comes next, and whether it was the last.
    fn next_opus(&mut self) -> (&[u8], bool) {
        // A playlist that changes over to Opus in mid-clip goes on at the packet it is in.
        let mut left = self.segments.len() + 1;
        while left > 0 && self.segments.get(self.segment).is_none_or(|one| self.offset >= one.units(Codec::Opus)) {
            self.offset = 0;
            self.segment = if self.segment < self.segments.len() { self.segment + 1 } else { 0 };
            left -= 1;
            if self.segment >= self.segments.len() && !self.repeats() {
                return (opus_silence(), true);
            }
        }
        let repeats = self.repeats();
        let Some(segment) = self.segments.get(self.segment) else { return (opus_silence(), true) };
        let packet = match segment {
            Segment::Clip(prompt) => prompt.opus_packet(self.offset),
            Segment::Silence(_) => None,
        };
        self.offset += FRAME_SAMPLES;
        let rest = self.segments.iter().skip(self.segment + 1).map(|later| later.units(Codec::Opus)).sum::<usize>();
        let ended = !repeats && rest == 0 && self.offset >= segment.units(Codec::Opus);
        let silence: &[u8] = opus_silence();
        (packet.unwrap_or(silence), ended)
    }

    /// Fills a frame of silence with what comes next, in a codec of an octet a sample; `true` when the last sample
    /// was among it.
    fn fill(&mut self, codec: Codec, frame: &mut [u8]) -> bool {
        let mut filled = 0;
        loop {
            let Some(segment) = self.segments.get(self.segment) else {
                if !self.repeats() {
                    return true;
                }
                self.segment = 0;
                continue;
            };
            let count = segment.samples().saturating_sub(self.offset).min(frame.len() - filled);
            // Where octets are missing (a wide-band set that is not loaded) the silence stays.
            if let Segment::Clip(prompt) = segment
                && let Some(octets) = prompt.octets(codec).get(self.offset..)
            {
                for (to, from) in frame[filled..filled + count].iter_mut().zip(octets) {
                    *to = *from;
                }
            }
            filled += count;
            self.offset += count;
            if self.offset >= segment.samples() {
                self.segment += 1;
                self.offset = 0;
            }
            if filled == frame.len() {
                return !self.repeats() && self.segment == self.segments.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Gap;

    fn prompts() -> PromptFrames {
        let tone = |level: i16, samples| EncodedPrompt::encode(&vec![level; samples]);
        [("a", tone(1_000, 100)), ("b", tone(-1_000, 300)), ("none", tone(0, 0))]
            .into_iter()
            .map(|(id, prompt)| (PromptId::new(id), prompt))
            .collect()
    }

    fn play(items: Vec<PlayItem>, repeat: bool, frames: usize) -> (Vec<u8>, Option<usize>) {
        let repeat = if repeat { Repeat::FromTheStart } else { Repeat::Never };
        let playlist = Playlist { repeat, ..Playlist::of(items) };
        let mut player = Player::new(PlaybackId(1), playlist, (&prompts(), None), |_| {});
        let mut heard = Vec::new();
        for index in 0..frames {
            let mut frame = [0xd5; 160];
            let ended = player.frame(Codec::Pcma, Instant::ZERO, &mut frame).ended;
            heard.extend(frame);
            if ended {
                return (heard, Some(index + 1));
            }
        }
        (heard, None)
    }

    fn clip(id: &str) -> PlayItem {
        PlayItem::Clip(PromptId::new(id))
    }

    #[test]
    fn clips_and_gaps_join_to_the_sample() {
        let (heard, frames) = play(vec![clip("a"), PlayItem::Gap(Gap(5)), clip("b")], false, 9);
        let (a, b) = (EncodedPrompt::encode(&[1_000]), EncodedPrompt::encode(&[-1_000]));
        let mut expected = vec![a.octets(Codec::Pcma)[0]; 100];
        expected.extend([0xd5; 40]);
        expected.extend(vec![b.octets(Codec::Pcma)[0]; 300]);
        expected.resize(480, 0xd5);
        assert_eq!(heard, expected);
        assert_eq!(frames, Some(3));
    }

    #[test]
    fn a_repeated_clip_has_no_seam_and_no_end() {
        let (heard, frames) = play(vec![clip("a")], true, 50);
        assert!(heard.iter().all(|&octet| octet == heard[0]));
        assert_eq!(frames, None);
    }

    #[test]
    fn nothing_to_hear_ends_with_its_first_frame() {
        for repeat in [false, true] {
            assert_eq!(play(vec![], repeat, 9).1, Some(1));
            assert_eq!(play(vec![clip("missing"), clip("none"), PlayItem::Gap(Gap(0))], repeat, 9).1, Some(1));
        }
    }

    #[test]
    fn a_clip_that_fills_its_frames_ends_with_the_last_of_them() {
        assert_eq!(
            play(vec![clip("a"), clip("a"), clip("a"), PlayItem::Gap(Gap(1)), PlayItem::Gap(Gap(1))], false, 9).1,
            Some(2)
        );
        assert_eq!(play(vec![PlayItem::Gap(Gap(40))], false, 9).1, Some(2));
    }
}
