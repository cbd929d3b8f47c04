//! A file's bytes become one channel of samples, whatever the format.

use std::io::Cursor;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

/// The longest recording that is read, in seconds: beyond it the file is a mistake, not a prompt.
pub const LONGEST_SECONDS: usize = 20 * 60;

/// One channel of sound as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Samples a second.
    pub rate: u32,
    /// Samples between −1 and 1.
    pub samples: Vec<f32>,
}

/// Why a file is no recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The container or codec is not known, or the file is cut short.
    #[error("cannot be decoded: {0}")]
    Broken(String),
    /// There is no audio in it.
    #[error("holds no sound")]
    Empty,
    /// It is longer than [`LONGEST_SECONDS`].
    #[error("is longer than {} minutes", LONGEST_SECONDS / 60)]
    TooLong,
}

impl From<Error> for DecodeError {
    fn from(error: Error) -> Self {
        Self::Broken(error.to_string())
    }
}

/// Decodes a whole file and mixes its channels down to one.
///
/// `extension` (`flac`, `wav`, `ogg`, `mp3`) only hints at the format; the bytes decide.
pub fn decode(bytes: Vec<u8>, extension: &str) -> Result<Sound, DecodeError> {
    decode_blocks(bytes, extension, |_, _| {})
}

/// The same, showing each block as it is in the file: its samples, interleaved, and how many channels they are of.
pub(super) fn decode_blocks(
    bytes: Vec<u8>,
    extension: &str,
    mut show: impl FnMut(&[f32], usize),
) -> Result<Sound, DecodeError> {
    let source = MediaSourceStream::new(Box::new(Cursor::new(bytes)), MediaSourceStreamOptions::default());
    let mut hint = Hint::new();
    hint.with_extension(extension);
    let mut format =
        symphonia::default::get_probe().probe(&hint, source, FormatOptions::default(), MetadataOptions::default())?;
    let track = format.default_track(TrackType::Audio).ok_or(DecodeError::Empty)?;
    let track_id = track.id;
    let params = track.codec_params.as_ref().and_then(|params| params.audio()).ok_or(DecodeError::Empty)?;
    let mut decoder = symphonia::default::get_codecs().make_audio_decoder(params, &AudioDecoderOptions::default())?;

    let mut sound = Sound { rate: params.sample_rate.unwrap_or(0), samples: Vec::new() };
    let mut block = Vec::new();
    while let Some(packet) = format.next_packet()? {
        if packet.track_id != track_id {
            continue;
        }
        let heard = decoder.decode(&packet)?;
        sound.rate = heard.spec().rate();
        let channels = heard.num_planes();
        heard.copy_to_vec_interleaved::<f32>(&mut block);
        show(&block, channels);
        append_mono(&mut sound.samples, &block, channels);
        if sound.samples.len() > LONGEST_SECONDS * sound.rate as usize {
            return Err(DecodeError::TooLong);
        }
    }
    if sound.samples.is_empty() || sound.rate == 0 {
        return Err(DecodeError::Empty);
    }
    Ok(sound)
}

/// Appends the mean of the channels of each frame.
fn append_mono(samples: &mut Vec<f32>, interleaved: &[f32], channels: usize) {
    if channels <= 1 {
        samples.extend_from_slice(interleaved);
        return;
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful of channels")]
    let scale = 1.0 / channels as f32;
    samples.extend(interleaved.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() * scale));
}
