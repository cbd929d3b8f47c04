//! What a phone hears: clips recognised by the octets they are made of.
//!
//! Every prompt of the manifest is eight octets a millisecond that name the prompt, the millisecond and the codec, so
//! that a listener knows each clip, whether it was whole, and that nothing was lost between two packets.

use hotline::ivr::speech::Manifest;
use hotline::model::{Instant, PromptId};
use hotline::voip::audio::{EncodedPrompt, OpusClip, PromptFrames, WidePrompt};
use std::sync::Arc;

/// Octets of a millisecond.
const UNIT: usize = 8;

/// The prompts of the default voice as recognisable octets, numbered by their order in the manifest.
pub struct Clips {
    pub manifest: Arc<Manifest>,
    names: Vec<(String, u32)>,
}

impl Clips {
    pub fn new(manifest: Arc<Manifest>) -> Self {
        let millis = |length: std::time::Duration| u32::try_from(length.as_millis()).unwrap();
        let recorded = manifest.iter().map(|(id, one)| (id.as_str().to_owned(), millis(one.length)));
        // The signals of a network are made, not recorded.
        let made = [("common/busy", 700), ("common/congestion", 700)];
        let made = made.into_iter().map(|(name, length)| (name.to_owned(), length));
        let names = recorded.chain(made).collect();
        Self { manifest, names }
    }

    pub fn frames(&self) -> PromptFrames {
        let one = |(number, (name, length)): (usize, &(String, u32))| {
            let octets = |codec: u8| -> Arc<[u8]> {
                (0..*length).flat_map(|at| unit(0x5a, u16::try_from(number).unwrap(), at, codec)).collect()
            };
            (PromptId::new(name), EncodedPrompt::from_octets(octets(8), octets(0)).unwrap())
        };
        self.names.iter().enumerate().map(one).collect()
    }

    /// The prompts with their octets in G.722, and packets of Opus, each a unit of its first millisecond.
    pub fn wide(&self, frames: &PromptFrames) -> PromptFrames {
        let one = |(number, (name, length)): (usize, &(String, u32))| {
            let number = u16::try_from(number).unwrap();
            let g722: Arc<[u8]> = (0..*length).flat_map(|at| unit(0x5a, number, at, 9)).collect();
            let packets = length.div_ceil(20);
            let octets: Arc<[u8]> = (0..packets).flat_map(|packet| unit(0x5a, number, packet * 20, 96)).collect();
            let ends: Arc<[u32]> = (1..=packets).map(|packet| packet * 8).collect();
            let opus = OpusClip::from_parts(octets, ends).unwrap();
            let id = PromptId::new(name);
            [(id.clone(), WidePrompt::G722(g722)), (id, WidePrompt::Opus(opus))]
        };
        frames.with_wide(self.names.iter().enumerate().flat_map(one))
    }

    /// What a recording says.
    pub fn text(&self, name: &str) -> &str {
        self.manifest.get(&PromptId::new(name)).map_or("", |one| one.text.as_str())
    }
}

/// A millisecond of a clip (`kind` 0x5a) or of a phone's voice (0x33).
pub fn unit(kind: u8, number: u16, at: u32, codec: u8) -> [u8; UNIT] {
    let ([high, low], [_, a, b, c]) = (number.to_be_bytes(), at.to_be_bytes());
    [kind, high, low, a, b, c, !kind, codec]
}

/// Something heard without a break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub what: What,
    /// The first millisecond of it that was heard, and how many followed.
    pub from: u32,
    pub length: u32,
    /// Whether it came to its last millisecond.
    pub whole: bool,
    pub at: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Clip(String),
    /// The voice of another phone, by its number on the stage.
    Voice(u16),
}

/// One phone's ear.
#[derive(Default)]
pub struct Ear {
    pub heard: Vec<Heard>,
    /// Packets, and octets that are neither silence nor known: a fault.
    pub packets: u32,
    pub noise: u32,
    pub codecs: Vec<u8>,
    /// Every octet of sound, in the order of its packets.
    pub octets: Vec<u8>,
    pub last_packet: Option<Instant>,
    /// Keys relayed as telephone-events, by their first packet.
    pub keys: Vec<u8>,
    last_event: Option<u32>,
    in_clip: bool,
}

impl Ear {
    pub fn packet(&mut self, now: Instant, clips: &Clips, bytes: &[u8]) {
        let (kind, payload) = (bytes[1] & 0x7f, &bytes[12..]);
        let timestamp = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        self.packets += 1;
        self.last_packet = Some(now);
        if kind >= 96 {
            if self.last_event.replace(timestamp) != Some(timestamp) {
                self.keys.push(payload[0]);
            }
            return;
        }
        if !self.codecs.contains(&kind) {
            self.codecs.push(kind);
        }
        self.octets.extend(payload);
        let silence = if kind == 8 { 0xd5 } else { 0xff };
        for octets in payload.chunks(UNIT) {
            if octets.iter().all(|&octet| octet == silence) {
                self.in_clip = false;
            } else {
                self.octets(now, clips, octets, kind);
            }
        }
    }

    fn octets(&mut self, now: Instant, clips: &Clips, octets: &[u8], codec: u8) {
        let [kind, high, low, a, b, c, check, of] = *octets else { return self.noise += 1 };
        if check != !kind || of != codec || (kind != 0x5a && kind != 0x33) {
            self.noise += 1;
            return;
        }
        let (number, at) = (u16::from_be_bytes([high, low]), u32::from_be_bytes([0, a, b, c]));
        let (what, length) = if kind == 0x5a {
            let (name, length) = &clips.names[usize::from(number)];
            (What::Clip(name.clone()), *length)
        } else {
            (What::Voice(number), u32::MAX)
        };
        let follows = |last: &Heard| last.what == what && last.from + last.length == at;
        if self.in_clip
            && let Some(last) = self.heard.last_mut().filter(|last| follows(last))
        {
            last.length += 1;
        } else {
            self.heard.push(Heard { what, from: at, length: 1, whole: false, at: now });
        }
        if let Some(last) = self.heard.last_mut() {
            last.whole = last.from == 0 && at + 1 == length;
        }
        self.in_clip = at + 1 != length;
    }
}

/// Clips as phrases: `greeting balance opt_lost/1 hold_music…`. Values are folded into their phrase, a clip that was
/// cut ends in `…`, and a clip of another language than `lang` bears it in front.
pub fn phrases(heard: &[Heard], lang: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for one in heard {
        let cut = if one.whole { "" } else { "…" };
        let What::Clip(path) = &one.what else {
            if let What::Voice(who) = &one.what {
                words.push(format!("voice:{who}"));
            }
            continue;
        };
        let (folder, name) = path.split_once('/').unwrap_or(("", path));
        let foreign = if folder == lang || folder == "common" { String::new() } else { format!("{folder}:") };
        if let Some(key) = name.strip_prefix("press.") {
            if let Some(last) = words.last_mut() {
                last.extend(["/", &foreign, key, cut]);
            }
        } else if name.starts_with("say/") || name.starts_with("ladder.") {
            if let Some(last) = words.last_mut()
                && !cut.is_empty()
            {
                last.push_str(cut);
            }
        } else {
            let (stem, part) = match name.rsplit_once('.') {
                Some((stem, part)) if part.parse::<u8>().is_ok() => (stem, part.parse::<u8>().unwrap_or(1)),
                _ => (name, 1),
            };
            let word = format!("{foreign}{stem}");
            match words.last_mut() {
                Some(last) if part > 1 && *last == word => last.push_str(cut),
                // Music that came to its end and goes on from its beginning.
                Some(last) if one.from == 0 && stem == "hold_music" && *last == format!("{word}…") => {}
                _ => words.push(format!("{word}{cut}")),
            }
        }
    }
    words.join(" ")
}

/// The words heard, as the manifest writes them.
pub fn words(heard: &[Heard], clips: &Clips) -> String {
    let text = |one: &Heard| match &one.what {
        What::Clip(path) if one.whole => clips.text(path).to_owned(),
        What::Clip(path) => format!("{}…", clips.text(path)),
        What::Voice(who) => format!("voice:{who}"),
    };
    heard.iter().map(text).collect::<Vec<_>>().join(" ")
}
