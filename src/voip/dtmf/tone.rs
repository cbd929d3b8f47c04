//! Keys as tones in the sound (ITU-T Q.23), found as Q.24 asks, for phones that know neither RFC 4733 nor SIP INFO.
//!
//! ```text
//!           1209   1336   1477   1633 Hz     Every block of 102 samples (12.75 ms) goes through eight Goertzel
//!   697 Hz    1      2      3      A         filters, one for each frequency. A block shows a key when
//!   770 Hz    4      5      6      B          - one low and one high tone stand out of their groups by 6.5 dB,
//!   852 Hz    7      8      9      C          - neither is too soft, nor too much louder than the other (twist),
//!   941 Hz    *      0      #      D          - and both together are nearly all there is to hear.
//! ```
//!
//! Such blocks in a row, alike in key and loudness, are a key: 40 ms always suffice, 20 ms never do. Three blocks without
//! it end the key. Speech has harmonics, so it fails the last rule or the one of loudness; the limits are held
//! by a test over all prompts (`tests/talk_off.rs`).
//!
//! # When it runs
//!
//! A phone may agree on telephone-event and still send tones: an old gateway in front of it passes them on as sound. So
//! - while a leg's keys have come by telephone-event or by INFO, never: one source counts ([`super::KeyGate`]);
//! - on a leg that agreed on no telephone-event, or whose keys came as tones before: always;
//! - on a leg that agreed on it: in the menus, not in a conversation, where nobody waits for keys and everybody speaks;
//!   only in G.711, for what speaks a wide-band codec is no gateway to an old telephone; and only what sounds for 65 ms
//!   ([`Proof::Strong`]) is its first key: talk-off grows with the time that speech is listened to. When it was wrong or
//!   the phone sends both, the event of the same key within a second is its twin, and from then on no tone counts.
//!
//! Cost: a packet of 20 ms takes 1 µs of one core, one without a sample above −37 dBm0 a twelfth of it. So 1,000
//! callers who speak into the menu all the time cost 5 % of a core, 1,000 who listen less than half a percent: at worst
//! 0.05 ms of the 0.25 ms that a second of a call may cost.
//!
//! Sources: ITU-T Q.23 (frequencies), Q.24 table A-1 (limits); G. Goertzel, Amer. Math. Monthly 65 (1958).

use crate::model::Digit;
use crate::voip::audio::{Codec, g711};
use std::fmt;

/// Samples of a block at 8 kHz: the shortest that tells 697 from 770 Hz.
const BLOCK: u16 = 102;
/// 2 cos(2π f / 8000) of the low group, then the high group.
const COEFFICIENTS: [f32; 8] =
    [1.707_737_8, 1.645_281_1, 1.568_687, 1.478_204_6, 1.164_104, 0.996_370_2, 0.798_618_4, 0.568_532_7];
/// The keys by low and high frequency.
const KEYS: [[char; 4]; 4] = [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];
/// The least amplitude of each tone: about −34 dBm0. Q.24: −25 dBm0 must be heard, −55 dBm0 must not.
const SOFTEST: f32 = 450.0;
/// The least peak of a packet in which such a key may be: two tones of this size come to more than one of them.
const SOFTEST_PEAK: u16 = 450;
/// How far the tone of a group stands out of the rest of it: 6.5 dB.
const OUTSTANDING: f32 = 4.5;
/// The most by which the low tone may be louder: 8 dB, and 2.5 dB for what an untrue frequency hides and the other
/// tone adds.
const LOW_LOUDER: f32 = 11.2;
/// The most by which the high tone may be louder: 4 dB, and 2 dB.
const HIGH_LOUDER: f32 = 4.0;
/// The least part of a block's power that is the two tones.
const PURITY: f32 = 0.7;
/// What these parts must come to in the blocks that make a key. A tone that fills a part of a block counts by that
/// part: 20 ms come to less than 1.65, 40 ms fill two blocks.
const PROOF: f32 = 1.7;
/// The same where tones are not expected: some 60 ms of them.
const STRONG_PROOF: f32 = 3.4;
/// The most by which two blocks of a key may differ in power: 6 dB. The first one may be only partly filled.
const STEADY: f32 = 4.0;
/// Blocks without it that end a key: a pause of 40 ms always spoils three, a hole of 10 ms never does.
const ENDS: u8 = 3;

/// How long a key must sound to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Proof {
    /// 40 ms, as Q.24 asks.
    #[default]
    Usual,
    /// 65 ms: the peer has a better way to send keys, so that what looks like one is more likely speech.
    Strong,
}

/// Finds the keys in linear samples at 8 kHz.
#[derive(Clone, Default)]
pub struct ToneDetector {
    proof: Proof,
    filters: [Filter; 8],
    power: f32,
    filled: u16,
    heard: Heard,
}

/// One Goertzel filter: the last two states.
#[derive(Clone, Copy, Default)]
struct Filter {
    last: f32,
    before: f32,
}

/// What the last blocks showed.
#[derive(Clone, Copy, Default)]
enum Heard {
    /// No key.
    #[default]
    Nothing,
    /// A key that has to prove itself.
    Perhaps { hit: Hit, proof: f32 },
    /// A key that was told; `key` is `None` after [`ToneDetector::wipe`].
    Key { key: Option<Digit>, missing: u8 },
}

/// A block that shows a key.
#[derive(Clone, Copy)]
struct Hit {
    key: Digit,
    power: f32,
    /// The part of its power that is the two tones.
    purity: f32,
}

impl ToneDetector {
    /// How long the keys from now on must sound.
    pub const fn ask(&mut self, proof: Proof) {
        self.proof = proof;
    }

    /// Takes the payload of a packet of G.711; `found` is told each key. Packets too soft for a key cost a glance.
    pub fn hear(&mut self, codec: Codec, octets: &[u8], mut found: impl FnMut(Digit)) {
        let is_loud = |octet: &u8| g711::decode(codec, *octet).unsigned_abs() >= SOFTEST_PEAK;
        if matches!(self.heard, Heard::Nothing) && !octets.iter().any(is_loud) {
            self.forget_block();
            return;
        }
        for &octet in octets {
            if let Some(digit) = self.feed(g711::decode(codec, octet)) {
                found(digit);
            }
        }
    }

    /// Whether a key that was told sounds at the moment.
    pub const fn is_sounding(&self) -> bool {
        matches!(self.heard, Heard::Key { .. })
    }

    fn forget_block(&mut self) {
        self.filters = [Filter::default(); 8];
        (self.power, self.filled) = (0.0, 0);
    }

    /// Takes a sample; the key when this sample completes the proof of one. Each press is told once.
    pub fn feed(&mut self, sample: i16) -> Option<Digit> {
        let sample = f32::from(sample);
        for (filter, coefficient) in self.filters.iter_mut().zip(COEFFICIENTS) {
            let state = sample + coefficient * filter.last - filter.before;
            (filter.before, filter.last) = (filter.last, state);
        }
        self.power += sample * sample;
        self.filled += 1;
        if self.filled < BLOCK {
            return None;
        }
        let hit = self.hit();
        self.forget_block();
        self.judge(hit)
    }

    /// Forgets which key was heard last, which may be part of a secret; the press that still sounds is not told again.
    pub fn wipe(&mut self) {
        self.heard = match self.heard {
            Heard::Nothing | Heard::Perhaps { .. } => Heard::Nothing,
            Heard::Key { missing, .. } => Heard::Key { key: None, missing },
        };
        self.forget_block();
    }

    fn judge(&mut self, hit: Option<Hit>) -> Option<Digit> {
        let mut told = None;
        self.heard = match (self.heard, hit) {
            (Heard::Nothing | Heard::Perhaps { .. }, None) => Heard::Nothing,
            (Heard::Perhaps { hit: before, proof }, Some(hit)) if before.is_like(&hit) => {
                let proof = proof + hit.purity;
                let enough = match self.proof {
                    Proof::Usual => PROOF,
                    Proof::Strong => STRONG_PROOF,
                };
                if proof >= enough {
                    told = Some(hit.key);
                    Heard::Key { key: told, missing: 0 }
                } else {
                    Heard::Perhaps { hit, proof }
                }
            }
            (Heard::Key { key, .. }, Some(hit)) if key.is_none_or(|key| key == hit.key) => {
                Heard::Key { key, missing: 0 }
            }
            // Another key without a pause between: Q.24 asks for a pause, an automaton may leave it out.
            (_, Some(hit)) => Heard::Perhaps { hit, proof: hit.purity },
            (Heard::Key { missing, .. }, None) if missing + 1 >= ENDS => Heard::Nothing,
            (Heard::Key { key, missing }, None) => Heard::Key { key, missing: missing + 1 },
        };
        told
    }

    /// The key that the full block shows.
    fn hit(&self) -> Option<Hit> {
        let mut powers = [0.0; 8];
        for ((power, filter), coefficient) in powers.iter_mut().zip(&self.filters).zip(COEFFICIENTS) {
            let Filter { last, before } = *filter;
            *power = last * last + before * before - coefficient * last * before;
        }
        let (low, high) = powers.split_at(4);
        let (low, low_power) = outstanding(low)?;
        let (high, high_power) = outstanding(high)?;
        // A sine of amplitude a has the power (a n / 2)² behind its filter and a² n / 2 in the block.
        let half = f32::from(BLOCK) / 2.0;
        let loud = |power: f32| power >= (SOFTEST * half) * (SOFTEST * half);
        let balanced = low_power <= LOW_LOUDER * high_power && high_power <= HIGH_LOUDER * low_power;
        let purity = (low_power + high_power) / (self.power * half);
        let key = Digit::from_char(KEYS[low][high])?;
        (loud(low_power) && loud(high_power) && balanced && purity >= PURITY).then_some(Hit {
            key,
            power: self.power,
            purity,
        })
    }
}

impl Hit {
    fn is_like(&self, other: &Self) -> bool {
        self.key == other.key && self.power <= STEADY * other.power && other.power <= STEADY * self.power
    }
}

/// The strongest of a group and its power, when it stands out.
fn outstanding(group: &[f32]) -> Option<(usize, f32)> {
    let (best, power) = group.iter().copied().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let alone = group.iter().enumerate().all(|(index, other)| index == best || other * OUTSTANDING <= power);
    alone.then_some((best, power))
}

impl fmt::Debug for ToneDetector {
    /// Hides the key: it may be part of a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ToneDetector")
    }
}

#[cfg(test)]
mod tests;
