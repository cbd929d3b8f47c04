//! G.722 at 64 kbit/s (ITU-T G.722, 2012): an octet for two samples of 16 kHz. Two bands of half the width, each by
//! adaptive differences: six bits for the lower one, two for the upper one. All arithmetic is that of the
//! recommendation, so that the octets are those of every other implementation that passes its test sequences.

/// The quadrature mirror filter, one half of its coefficients in each phase (table 11).
const MIRROR: [i32; 12] = [3, -11, 12, 32, -210, 951, 3_876, -805, 362, -156, 53, -11];
/// Decision levels of the lower band (table 14).
const LEVELS: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1_023, 1_121, 1_219, 1_339,
    1_458, 1_612, 1_765, 1_980, 2_195, 2_557, 2_919,
];
/// What a code of the lower band stands for, by magnitude from the largest (tables 15 and 16): six bits to be heard,
/// four to predict by.
const HEARD: [i32; 30] = [
    24_808, 21_904, 19_008, 16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000,
    5_456, 4_944, 4_464, 4_008, 3_576, 3_168, 2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728, 432, 136,
];
const PREDICTED: [i32; 8] = [0, 20_456, 12_896, 8_968, 6_288, 4_240, 2_584, 1_200];
/// How much the logarithm of the lower band's step grows with each of those (table 17).
const GROWTH: [i32; 8] = [-60, 3_042, 1_198, 538, 334, 172, 58, -30];
/// The upper band's decision level, its values and their growth: near and far from the prediction (tables 18 to 20).
const UPPER_LEVEL: i32 = 564;
const UPPER: [(i32, i32); 2] = [(1_616, -214), (7_408, 798)];
/// Powers of two in 32nds, times 2,048 (table 21).
const POWERS: [i32; 32] = [
    2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656, 2_714, 2_774, 2_834,
    2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520, 3_597, 3_676, 3_756, 3_838, 3_922, 4_008,
];

/// Makes octets of samples of 16 kHz.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    history: [i32; 24],
    lower: Lower,
    upper: Upper,
}

/// Makes samples of 16 kHz of octets.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    history: [i32; 24],
    lower: Lower,
    upper: Upper,
}

impl Encoder {
    /// Two samples, one after the other, as an octet.
    pub fn encode(&mut self, samples: [i16; 2]) -> u8 {
        self.history.copy_within(2.., 0);
        self.history[22..].copy_from_slice(&samples.map(i32::from));
        let (first, second) = halves(&self.history);
        let low = self.lower.encode((second + first) >> 14);
        let high = self.upper.encode((second - first) >> 14);
        high << 6 | low
    }
}

impl Decoder {
    /// The two samples that an octet stands for.
    pub fn decode(&mut self, octet: u8) -> [i16; 2] {
        let low = self.lower.decode(octet & 0x3f);
        let high = self.upper.decode(octet >> 6);
        self.history.copy_within(2.., 0);
        self.history[22..].copy_from_slice(&[low + high, low - high]);
        let (first, second) = halves(&self.history);
        [clamped(second >> 11), clamped(first >> 11)]
    }
}

/// The two phases of the mirror filter: the even places of the history forwards, the odd ones backwards.
fn halves(history: &[i32; 24]) -> (i32, i32) {
    let pairs = history.as_chunks::<2>().0;
    let first = pairs.iter().zip(MIRROR).map(|(pair, by)| pair[0] * by).sum();
    let second = pairs.iter().zip(MIRROR.into_iter().rev()).map(|(pair, by)| pair[1] * by).sum();
    (first, second)
}

/// The lower band: 0 to 4 kHz.
#[derive(Clone, Debug)]
struct Lower {
    predictor: Predictor,
    /// The step's logarithm.
    log: i32,
    step: i32,
}

/// The upper band: 4 to 8 kHz.
#[derive(Clone, Debug)]
struct Upper {
    predictor: Predictor,
    log: i32,
    step: i32,
}

impl Default for Lower {
    fn default() -> Self {
        Self { predictor: Predictor::default(), log: 0, step: 32 }
    }
}

impl Default for Upper {
    fn default() -> Self {
        Self { predictor: Predictor::default(), log: 0, step: 8 }
    }
}

impl Lower {
    fn encode(&mut self, sample: i32) -> u8 {
        let difference = saturated(sample - self.predictor.expected);
        let size = if difference < 0 { !difference } else { difference };
        let above = LEVELS.partition_point(|level| size >= (level * self.step) >> 12);
        // Codes fall as the difference grows; the two smallest negative ones have the largest codes (table 13).
        let code = match (difference < 0, u8::try_from(above).unwrap_or(29)) {
            (true, above @ 0..2) => 63 - above,
            (true, above) => 33 - above,
            (false, above) => 61 - above,
        };
        self.adapt(code);
        code
    }

    fn decode(&mut self, code: u8) -> i32 {
        let value = match code {
            // No encoder sends the first four.
            0..4 => -HEARD[29],
            4..32 => -HEARD[usize::from(code - 4)],
            32..62 => HEARD[usize::from(code - 32)],
            62.. => -HEARD[usize::from(code - 34)],
        };
        let heard = self.predictor.expected + ((self.step * value) >> 15);
        self.adapt(code);
        heard.clamp(-16_384, 16_383)
    }

    /// Follows the code's four upper bits, as the other side does.
    fn adapt(&mut self, code: u8) {
        let (index, sign) = match code >> 2 {
            index @ 0..8 => (usize::from(index), -1),
            index @ 8..15 => (usize::from(index - 7), 1),
            _ => (0, 1),
        };
        let difference = (self.step * sign * PREDICTED[index]) >> 15;
        self.log = (((self.log * 127) >> 7) + GROWTH[index]).clamp(0, 18_432);
        self.step = step(self.log, 8);
        self.predictor.follow(difference);
    }
}

impl Upper {
    fn encode(&mut self, sample: i32) -> u8 {
        let difference = saturated(sample - self.predictor.expected);
        let size = if difference < 0 { !difference } else { difference };
        let is_near = size < (UPPER_LEVEL * self.step) >> 12;
        let code = u8::from(is_near) | u8::from(difference >= 0) << 1;
        self.adapt(code);
        code
    }

    fn decode(&mut self, code: u8) -> i32 {
        let expected = self.predictor.expected;
        (expected + self.adapt(code)).clamp(-16_384, 16_383)
    }

    /// Follows the code. Returns the difference that it stands for.
    fn adapt(&mut self, code: u8) -> i32 {
        let (value, growth) = UPPER[usize::from(code & 1 == 0)];
        let sign = if code & 2 == 0 { -1 } else { 1 };
        let difference = (self.step * sign * value) >> 15;
        self.log = (((self.log * 127) >> 7) + growth).clamp(0, 22_528);
        self.step = step(self.log, 10);
        self.predictor.follow(difference);
        difference
    }
}

/// The step of a logarithm (SCALEL, SCALEH).
fn step(log: i32, octaves: i32) -> i32 {
    let power = POWERS[usize::try_from(log >> 6 & 31).unwrap_or(0)];
    let down = octaves - (log >> 11);
    (if down < 0 { power << -down } else { power >> down }) << 2
}

/// Expects the next sample from what came before: two poles and six zeros (BLOCK 4).
#[derive(Clone, Debug, Default)]
struct Predictor {
    /// What is expected, and the part of it that the zeros make.
    expected: i32,
    by_zeros: i32,
    /// The last two samples as they were heard, and the signs of the last two sums that adapt the poles.
    heard: [i32; 2],
    were_negative: [bool; 2],
    poles: [i32; 2],
    differences: [i32; 6],
    zeros: [i32; 6],
}

impl Predictor {
    /// Takes the difference of the sample to what was expected.
    fn follow(&mut self, difference: i32) {
        let is_negative = saturated(self.by_zeros + difference) < 0;
        self.adapt_poles(is_negative);
        self.adapt_zeros(difference);
        self.heard = [saturated(self.expected + difference), self.heard[0]];
        self.were_negative = [is_negative, self.were_negative[0]];
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        let weighed = |(by, value): (&i32, &i32)| (by * saturated(value + value)) >> 15;
        let by_poles = saturated(self.poles.iter().zip(&self.heard).map(weighed).sum());
        self.by_zeros = saturated(self.zeros.iter().zip(&self.differences).map(weighed).sum());
        self.expected = saturated(by_poles + self.by_zeros);
    }

    /// UPPOL1 and UPPOL2.
    fn adapt_poles(&mut self, is_negative: bool) {
        let [first, second] = self.poles;
        let [is_same, was_same] = self.were_negative.map(|was| was == is_negative);
        let slope = saturated(first << 2);
        let slope = (if is_same { -slope } else { slope }).min(32_767) >> 7;
        let second = slope + if was_same { 128 } else { -128 } + ((second * 32_512) >> 15);
        let second = second.clamp(-12_288, 12_288);
        let most = saturated(15_360 - second);
        let first = saturated(if is_same { 192 } else { -192 } + ((first * 32_640) >> 15));
        self.poles = [first.clamp(-most, most), second];
    }

    /// UPZERO.
    fn adapt_zeros(&mut self, difference: i32) {
        let pace = if difference == 0 { 0 } else { 128 };
        for (zero, before) in self.zeros.iter_mut().zip(&self.differences) {
            let towards = if (*before < 0) == (difference < 0) { pace } else { -pace };
            *zero = saturated(towards + ((*zero * 32_640) >> 15));
        }
    }
}

fn saturated(value: i32) -> i32 {
    i32::from(clamped(value))
}

fn clamped(value: i32) -> i16 {
    i16::try_from(value).unwrap_or(if value < 0 { i16::MIN } else { i16::MAX })
}

#[cfg(test)]
#[path = "g722_tests.rs"]
mod tests;
