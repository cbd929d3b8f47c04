//! What one stream plays: clips and gaps, joined sample by sample into frames.

use super::vocabulary::PlaybackId;
use crate::model::{PlayItem, Playlist, PromptId};
use crate::voip::audio::wide::opus_silence;
use crate::voip::audio::{Codec, EncodedPrompt, FRAME_SAMPLES, PromptFrames, SAMPLES_PER_MS};

/// The most items of one playlist; what is beyond is left out.
pub const MAX_PLAYLIST_ITEMS: usize = 1_000;

/// A playlist being played.
#[derive(Clone, Debug)]
pub(super) struct Player {
    playback: PlaybackId,
    segments: Box<[Segment]>,
    repeat: bool,
    segment: usize,
    offset: usize,
    begun: bool,
}

#[derive(Clone, Debug)]
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

impl Player {
    /// Looks up the prompts once; `missing` is told of each that does not exist.
    pub(super) fn new(
        playback: PlaybackId,
        playlist: Playlist,
        prompts: &PromptFrames,
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
        // Nothing to hear cannot repeat: it would never come to a sample.
        let audible = segments.iter().any(|segment| segment.samples() > 0);
        let repeat = playlist.repeat && audible;
        Self { playback, segments: segments.into(), repeat, segment: 0, offset: 0, begun: false }
    }

    pub(super) const fn playback(&self) -> PlaybackId {
        self.playback
    }

    /// Whether the next frame is the first: the beginning of a talkspurt.
    pub(super) const fn is_new(&self) -> bool {
        !self.begun
    }

    /// The packet of Opus that comes next, and whether it was the last.
    pub(super) fn next_opus(&mut self) -> (&[u8], bool) {
        self.begun = true;
        // A playlist that changes over to Opus in mid-clip goes on at the packet it is in.
        let mut left = self.segments.len() + 1;
        while left > 0 && self.segments.get(self.segment).is_none_or(|one| self.offset >= one.units(Codec::Opus)) {
            self.offset = 0;
            self.segment = if self.segment < self.segments.len() { self.segment + 1 } else { 0 };
            left -= 1;
            if self.segment >= self.segments.len() && !self.repeat {
                return (opus_silence(), true);
            }
        }
        let Some(segment) = self.segments.get(self.segment) else { return (opus_silence(), true) };
        let packet = match segment {
            Segment::Clip(prompt) => prompt.opus_packet(self.offset),
            Segment::Silence(_) => None,
        };
        self.offset += FRAME_SAMPLES;
        let rest = self.segments.iter().skip(self.segment + 1).map(|later| later.units(Codec::Opus)).sum::<usize>();
        let ended = !self.repeat && rest == 0 && self.offset >= segment.units(Codec::Opus);
        let silence: &[u8] = opus_silence();
        (packet.unwrap_or(silence), ended)
    }

    /// Fills a frame of silence with what comes next, in a codec of an octet a sample; `true` when the last sample
    /// was among it.
    pub(super) fn fill(&mut self, codec: Codec, frame: &mut [u8]) -> bool {
        self.begun = true;
        let mut filled = 0;
        loop {
            let Some(segment) = self.segments.get(self.segment) else {
                if !self.repeat {
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
                return !self.repeat && self.segment == self.segments.len();
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
        let mut player = Player::new(PlaybackId(1), Playlist { items, repeat }, &prompts(), |_| {});
        let mut heard = Vec::new();
        for index in 0..frames {
            let mut frame = [0xd5; 160];
            let ended = player.fill(Codec::Pcma, &mut frame);
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
