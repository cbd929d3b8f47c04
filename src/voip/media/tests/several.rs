//! The right channel of a recorded conversation of several: all whom the caller hears, at the rate of the file.

use super::codecs::{agreed, open};
use super::rates::{level, recorded};
use super::*;
use crate::voip::audio::Rate;
use crate::voip::media::{RecordingId, Role};

const STREAMS: [StreamId; 4] = [CALLER, OPERATOR, StreamId(3), StreamId(4)];
/// What the caller, the operator and the two who were brought in say, in Hz.
const TONES: [u32; 4] = [500, 1_000, 1_500, 2_000];

/// Two seconds of a recorded conversation of four: the two channels.
fn conversation(codecs: [Codec; 4]) -> (Vec<Rate>, [Vec<i16>; 2]) {
    let mut world = World::new();
    let phones = [0, 1, 2, 3].map(|index| {
        let remote = format!("192.0.2.{}:4000", index + 1);
        open(&mut world, STREAMS[index], agreed(&remote, codecs[index]))
    });
    world.tell(MediaCommand::Bridge { a: CALLER, b: OPERATOR });
    let (recording, max) = (RecordingId(3), Duration::from_secs(60));
    world.tell(MediaCommand::RecordTalk { stream: CALLER, other: OPERATOR, recording, max });
    for stream in [STREAMS[2], STREAMS[3]] {
        world.tell(MediaCommand::Join { stream, with: CALLER, role: Role::Speaks });
    }
    recorded(&mut world, phones, codecs, TONES, 100)
}

#[test]
fn all_whom_the_caller_hears_are_on_the_right_at_the_rate_of_the_file_whatever_they_are_mixed_at() {
    use Codec::{G722, Opus, Pcma, Pcmu};
    for (codecs, rate) in [
        ([Pcma, Pcmu, Pcma, Pcmu], Rate::Narrow),
        // One alone is wide-band: mixed at 8 kHz, recorded at 16.
        ([Pcma, G722, Pcma, Pcma], Rate::Wide),
        // The two who were brought in are: mixed at 16 kHz, recorded at 8.
        ([Pcma, Pcma, G722, G722], Rate::Narrow),
        ([G722, Opus, Pcma, G722], Rate::Wide),
    ] {
        let (rates, [left, right]) = conversation(codecs);
        assert!(rates.iter().all(|one| *one == rate), "{codecs:?}");
        let second = usize::try_from(rate.hertz()).expect("a count");
        assert_eq!(left.len(), 2 * second, "{codecs:?}");
        assert!(right.len().abs_diff(left.len()) <= second / 50, "{codecs:?}: {} and {}", left.len(), right.len());
        for (index, hertz) in TONES.into_iter().enumerate() {
            let [left, right] = [&left, &right].map(|side| level(&side[second..second * 3 / 2], hertz, rate));
            let (there, elsewhere) = if index == 0 { (left, right) } else { (right, left) };
            assert!(there > 5_000.0, "{codecs:?}: {there} of 8,000 at {hertz} Hz");
            assert!(elsewhere < 300.0, "{codecs:?}: {elsewhere} at {hertz} Hz on the other channel");
        }
    }
}
