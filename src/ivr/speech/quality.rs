//! What is measured of a recording, and what is wrong with it.
//!
//! Levels are dBov as in ITU-T P.56: 0 dBov is a square wave of full scale, so a full sine is −3 dBov.

use super::Variant;
use crate::model::Lang;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A level in tenths of a decibel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decibels(pub i16);

impl Decibels {
    /// What stands for silence.
    pub const SILENCE: Self = Self(-1_000);

    /// The level of a power, where 1 is full scale.
    #[must_use]
    pub fn of_power(power: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "between −1,000 and a few hundred")]
        let tenths = (100.0 * power.max(1e-10).log10()).round() as i16;
        Self(tenths)
    }

    /// As a number of decibels.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.0) / 10.0
    }
}

impl fmt::Display for Decibels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1}", self.value())
    }
}

impl FromStr for Decibels {
    type Err = std::num::ParseFloatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let value: f64 = text.parse()?;
        #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
        Ok(Self((value * 10.0).round() as i16))
    }
}

/// What a recording was measured to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Samples a second.
    pub rate: u32,
    /// Channels.
    pub channels: u16,
    /// Its length, in whole milliseconds.
    pub length: Duration,
    /// The level while something is heard.
    pub level: Decibels,
    /// The loudest sample.
    pub peak: Decibels,
    /// Where it is clipped first.
    pub clipped: Option<Duration>,
    /// Silence before the first sound.
    pub lead: Duration,
    /// Silence after the last.
    pub trail: Duration,
    /// The longest silence between.
    pub pause: Duration,
    /// Where that begins.
    pub pause_at: Duration,
}

/// The level that speech is mastered to.
pub const TARGET: Decibels = Decibels(-220);
/// How far from [`TARGET`] speech may be before anyone is bothered: a step of 3 dB between two clips is heard.
pub const TOLERANCE: Decibels = Decibels(15);
/// The highest peak of a mastered recording.
pub const CEILING: Decibels = Decibels(-30);
/// Peaks above the ceiling that are still let pass.
const PEAK_LIMIT: Decibels = Decibels(-25);
/// Tones and music, which have no level to keep among themselves.
const SOUND_LEVELS: (Decibels, Decibels) = (Decibels(-320), Decibels(-150));
/// The most silence in front. Mastering leaves 10 ms, but a soft consonant ("th", «ч») counts as silence until it is
/// loud enough: up to 70 ms in the default recordings …
pub const LONGEST_LEAD: Duration = Duration::from_millis(100);
/// … behind, where mastering leaves 20 ms …
pub const LONGEST_TRAIL: Duration = Duration::from_millis(100);
/// … and inside: a caller takes more for the end.
pub const LONGEST_PAUSE: Duration = Duration::from_millis(1_000);
/// The most silence in music: whoever waits takes more for a broken line.
pub const LONGEST_REST: Duration = Duration::from_secs(3);
/// The rates a master may have.
const RATES: std::ops::RangeInclusive<u32> = 16_000..=48_000;
/// How far the length may be from what the manifest says.
const LENGTH_TOLERANCE: Duration = Duration::from_millis(20);

/// Something wrong with a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The file is not there.
    Gone,
    /// It cannot be decoded.
    Broken(String),
    /// Its rate is none a master has.
    Rate(u32),
    /// It has more than one channel.
    Channels(u16),
    /// Nothing is heard.
    Silent,
    /// Full scale was exceeded when it was recorded, first here.
    Clipped(Duration),
    /// The level is below what is wanted.
    Quiet(Decibels),
    /// The level is above what is wanted.
    Loud(Decibels),
    /// The loudest sample is above the ceiling.
    Peak(Decibels),
    /// So much silence in front.
    Lead(Duration),
    /// So much silence behind.
    Trail(Duration),
    /// So much silence inside.
    Pause {
        /// Where it begins.
        at: Duration,
        /// How long it is.
        length: Duration,
    },
    /// The manifest tells another length: the file was replaced without it.
    Replaced {
        /// What the manifest says.
        listed: Duration,
        /// What the file has.
        length: Duration,
    },
}

impl Figures {
    /// Everything that is wrong with a recording of these figures, the worst first.
    #[must_use]
    pub fn faults(&self, variant: Variant) -> Vec<Fault> {
        if self.level <= Decibels(-700) {
            return vec![Fault::Silent];
        }
        let speech = variant != Variant::Sound;
        let (low, high) =
            if speech { (Decibels(TARGET.0 - TOLERANCE.0), Decibels(TARGET.0 + TOLERANCE.0)) } else { SOUND_LEVELS };
        let found = [
            self.clipped.map(Fault::Clipped),
            (!RATES.contains(&self.rate)).then_some(Fault::Rate(self.rate)),
            (self.channels != 1).then_some(Fault::Channels(self.channels)),
            (self.level < low).then_some(Fault::Quiet(self.level)),
            (self.level > high).then_some(Fault::Loud(self.level)),
            (self.peak > PEAK_LIMIT).then_some(Fault::Peak(self.peak)),
            (speech && self.lead > LONGEST_LEAD).then_some(Fault::Lead(self.lead)),
            (speech && self.trail > LONGEST_TRAIL).then_some(Fault::Trail(self.trail)),
            (speech && self.pause > LONGEST_PAUSE).then_some(Fault::Pause { at: self.pause_at, length: self.pause }),
        ];
        found.into_iter().flatten().collect()
    }

    /// Everything that is wrong with a file of hold music of these figures: rate and channels are as they come.
    #[must_use]
    pub fn music_faults(&self) -> Vec<Fault> {
        if self.level <= Decibels(-700) {
            return vec![Fault::Silent];
        }
        let (low, high) = SOUND_LEVELS;
        let found = [
            self.clipped.map(Fault::Clipped),
            (self.level < low).then_some(Fault::Quiet(self.level)),
            (self.level > high).then_some(Fault::Loud(self.level)),
            (self.lead > LONGEST_REST).then_some(Fault::Lead(self.lead)),
            (self.trail > LONGEST_REST).then_some(Fault::Trail(self.trail)),
            (self.pause > LONGEST_REST).then_some(Fault::Pause { at: self.pause_at, length: self.pause }),
        ];
        found.into_iter().flatten().collect()
    }

    /// Whether the manifest tells another length than the file has.
    #[must_use]
    pub fn replaced(&self, listed: Duration) -> Option<Fault> {
        let length = self.length;
        (listed.abs_diff(length) > LENGTH_TOLERANCE).then_some(Fault::Replaced { listed, length })
    }
}

impl Fault {
    /// What is wrong, to follow the name of the file.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.english(),
            Lang::Ru => self.russian(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Gone => "is listed in the manifest and not there".to_owned(),
            Self::Broken(why) => why.clone(),
            Self::Rate(rate) => format!("has {rate} samples a second, outside 16,000–48,000"),
            Self::Channels(channels) => format!("has {channels} channels instead of one"),
            Self::Silent => "is silent".to_owned(),
            Self::Clipped(at) => format!("is clipped at {} s", seconds(*at)),
            Self::Quiet(level) => format!("is too quiet: {level} dBov"),
            Self::Loud(level) => format!("is too loud: {level} dBov"),
            Self::Peak(peak) => format!("peaks at {peak} dB, above {CEILING}"),
            Self::Lead(length) => format!("begins with {} ms of silence", length.as_millis()),
            Self::Trail(length) => format!("ends with {} ms of silence", length.as_millis()),
            Self::Pause { at, length } => format!("is silent for {} ms at {} s", length.as_millis(), seconds(*at)),
            Self::Replaced { listed, length } => {
                format!("is {} ms long, not {} ms as the manifest has it", length.as_millis(), listed.as_millis())
            }
        }
    }

    fn russian(&self) -> String {
        match self {
            Self::Gone => "есть в манифесте, но файла нет".to_owned(),
            Self::Broken(why) => format!("файл не читается ({why})"),
            Self::Rate(rate) => format!("частота {rate} Гц, а нужна от 16 000 до 48 000"),
            Self::Channels(channels) => format!("каналов {channels}, а нужен один"),
            Self::Silent => "в записи тишина".to_owned(),
            Self::Clipped(at) => format!("перегрузка на {} с", seconds(*at)),
            Self::Quiet(level) => format!("слишком тихо: {level} dBov"),
            Self::Loud(level) => format!("слишком громко: {level} dBov"),
            Self::Peak(peak) => format!("пик {peak} дБ, выше {CEILING}"),
            Self::Lead(length) => format!("тишина в начале: {} мс", length.as_millis()),
            Self::Trail(length) => format!("тишина в конце: {} мс", length.as_millis()),
            Self::Pause { at, length } => format!("тишина {} мс на {} с", length.as_millis(), seconds(*at)),
            Self::Replaced { listed, length } => {
                format!("длится {} мс, а в манифесте {} мс", length.as_millis(), listed.as_millis())
            }
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(&self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Clipped(_), Lang::En) => "record it again with less gain; no program mends it",
            (Self::Clipped(_), Lang::Ru) => "запишите заново с меньшим усилением: программой это не исправить",
            (Self::Gone | Self::Broken(_) | Self::Silent, Lang::En) => {
                "record it again and bring it in by `hotline prompts import DIR`"
            }
            (Self::Gone | Self::Broken(_) | Self::Silent, Lang::Ru) => {
                "запишите заново и добавьте: `hotline prompts import DIR`"
            }
            (Self::Rate(_), Lang::En) => "record or export it again at 16 kHz or more",
            (Self::Rate(_), Lang::Ru) => "запишите или сохраните заново с частотой от 16 кГц",
            (Self::Pause { .. }, Lang::En) => "cut the silence out, or record it again without the pause",
            (Self::Pause { .. }, Lang::Ru) => "вырежьте тишину или запишите заново без паузы",
            (_, Lang::En) => "put the file into a folder and master it: `hotline prompts import DIR`",
            (_, Lang::Ru) => "положите файл в папку и обработайте: `hotline prompts import DIR`",
        }
    }
}

/// Seconds with two digits after the point.
fn seconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Figures {
        let ms = Duration::from_millis;
        Figures {
            rate: 16_000,
            channels: 1,
            length: ms(1_000),
            level: TARGET,
            peak: Decibels(-60),
            clipped: None,
            lead: ms(10),
            trail: ms(20),
            pause: ms(300),
            pause_at: ms(400),
        }
    }

    #[test]
    fn each_figure_out_of_its_range_is_a_fault_of_its_own() {
        let ms = Duration::from_millis;
        let check = |figures: Figures, expected: &[Fault]| {
            assert_eq!(figures.faults(Variant::Fin), expected, "{figures:?}");
        };
        check(good(), &[]);
        check(Figures { rate: 8_000, ..good() }, &[Fault::Rate(8_000)]);
        check(Figures { channels: 2, ..good() }, &[Fault::Channels(2)]);
        check(Figures { level: Decibels(-235), ..good() }, &[]);
        check(Figures { level: Decibels(-236), ..good() }, &[Fault::Quiet(Decibels(-236))]);
        check(Figures { level: Decibels(-204), ..good() }, &[Fault::Loud(Decibels(-204))]);
        check(Figures { level: Decibels(-800), lead: ms(500), ..good() }, &[Fault::Silent]);
        check(Figures { peak: Decibels(-1), ..good() }, &[Fault::Peak(Decibels(-1))]);
        check(Figures { lead: ms(101), trail: ms(105), ..good() }, &[Fault::Lead(ms(101)), Fault::Trail(ms(105))]);
        let pause = Fault::Pause { at: ms(400), length: ms(1_001) };
        check(Figures { pause: ms(1_001), clipped: Some(ms(7)), ..good() }, &[Fault::Clipped(ms(7)), pause]);
    }

    #[test]
    fn a_file_of_music_may_be_stereo_but_neither_quiet_nor_clipped_nor_silent() {
        let ms = Duration::from_millis;
        let music = Figures { channels: 2, rate: 44_100, level: Decibels(-240), peak: Decibels(-1), ..good() };
        assert_eq!(music.music_faults(), []);
        let quiet = Figures { level: Decibels(-400), ..music };
        assert_eq!(quiet.music_faults(), [Fault::Quiet(Decibels(-400))]);
        let clipped = Figures { clipped: Some(ms(1_500)), ..music };
        assert_eq!(clipped.music_faults(), [Fault::Clipped(ms(1_500))]);
        let halting = Figures { pause: ms(3_500), pause_at: ms(900), trail: ms(4_000), ..music };
        assert_eq!(halting.music_faults(), [Fault::Trail(ms(4_000)), Fault::Pause { at: ms(900), length: ms(3_500) }]);
        assert_eq!(Figures { level: Decibels(-900), ..music }.music_faults(), [Fault::Silent]);
    }

    #[test]
    fn music_keeps_its_level_and_its_pauses() {
        let ms = Duration::from_millis;
        let ringback = Figures { level: Decibels(-200), pause: ms(4_000), trail: ms(4_000), ..good() };
        assert_eq!(ringback.faults(Variant::Sound), []);
        let blare = Figures { level: Decibels(-60), ..good() };
        assert_eq!(blare.faults(Variant::Sound), [Fault::Loud(Decibels(-60))]);
    }

    #[test]
    fn a_length_that_the_manifest_does_not_know_is_told() {
        let ms = Duration::from_millis;
        assert_eq!(good().replaced(ms(985)), None);
        assert_eq!(good().replaced(ms(900)), Some(Fault::Replaced { listed: ms(900), length: ms(1_000) }));
    }

    #[test]
    fn a_level_is_written_and_read_in_tenths() {
        for tenths in [-220, 0, 3, -1_000, -7] {
            let level = Decibels(tenths);
            assert_eq!(level.to_string().parse::<Decibels>().ok(), Some(level), "{level}");
        }
        assert_eq!(Decibels::of_power(1.0), Decibels(0));
        assert_eq!(Decibels::of_power(0.0), Decibels::SILENCE);
    }
}
