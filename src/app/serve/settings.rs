//! What the configuration says, as each part wants it.

use crate::app::config::Config;
use crate::exchange::{Announcement, ExchangeConfig, Lifetimes, Outside, SecurePolicy};
use crate::io::media::MediaConfig;
use crate::model::{Playlist, PromptId};
use crate::voip::media::VoiceOver;
use crate::voip::sip::addresses::Listener;
use crate::voip::sip::endpoint::{EndpointConfig, Limits, LoadLimits};
use crate::voip::sip::locate::Names;
use std::num::NonZero;

/// Calls at once: as many as the configuration allows, and no more than have ports for the caller and an operator.
/// Otherwise the limits of strangers, which are parts of this, would let them take every port.
fn calls_at_once(config: &Config) -> usize {
    config.limits.calls.get().min(config.media.ports.streams() / 2).max(1)
}

/// Says where the ports are fewer than the calls that are allowed.
pub(super) fn tell_of_few_ports(config: &Config) {
    let (calls, allowed) = (calls_at_once(config), config.limits.calls.get());
    if calls < allowed {
        tracing::warn!(
            calls,
            "media.ports has room for fewer calls than limits.calls allows ({allowed}); four ports are needed for each"
        );
    }
}

pub(super) fn media(config: &Config) -> MediaConfig {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    MediaConfig {
        threads: if config.media.threads == 0 { cores } else { usize::from(config.media.threads) },
        ports: config.media.ports.range().clone(),
        dscp: config.media.dscp,
        streams: 2 * calls_at_once(config) + config.limits.announced_calls.get(),
        recordings: config.data.join("recordings"),
        keep_conversations: config.recording.kept(),
        voice_over: config.media.music_lowered.map(VoiceOver::by_decibels),
    }
}

pub(super) fn endpoint(config: &Config, listeners: Vec<Listener>, names: Names) -> EndpointConfig {
    EndpointConfig {
        user_agent: config.sip.user_agent.clone(),
        contact_user: "hotline".to_owned(),
        listeners,
        visibility: config.sip.visibility(),
        names,
        largest_datagram: config.sip.largest_datagram.get(),
        session: config.sip.session_timers.policy(),
        limits: Limits { retry_after: config.limits.retry_after.duration(), ..Limits::default() },
    }
}

pub(super) fn exchange(config: &Config, outside: Outside) -> ExchangeConfig {
    ExchangeConfig {
        default_line: config.default_line.as_deref().map(Into::into),
        calls: calls_at_once(config),
        calls_per_source: config.limits.calls_per_source.get(),
        calls_per_second: config.limits.calls_per_second.get(),
        calls_per_second_per_source: config.limits.calls_per_second_per_source.get(),
        unacknowledged_per_source: config.limits.unacknowledged_per_source.get(),
        load: LoadLimits {
            busy: config.limits.load.into(),
            media: config.limits.media_late.duration(),
            ..LoadLimits::default()
        },
        no_room: config
            .limits
            .announcement
            .as_deref()
            .map(|phrase| Announcement { phrase: phrase.into(), calls: config.limits.announced_calls.get() }),
        guard: config.bans.rules(),
        retry_after: config.limits.retry_after.duration(),
        call_length: config.limits.call_length.duration(),
        farewell: config.limits.farewell.as_deref().map(Into::into),
        silence_limit: config.media.silence_limit.duration(),
        codecs: config.media.codecs.iter().map(|codec| codec.of_calls()).collect(),
        secure: SecurePolicy { callers: config.media.srtp.of_calls(), operators: config.operators.srtp.of_calls() },
        registration: Lifetimes {
            min: config.operators.registration.min.duration(),
            max: config.operators.registration.max.duration(),
        },
        hold_music: Playlist::music(PromptId::new("common/hold_music")),
        record_after: config.recording.notices().map(Into::into).collect(),
        repeated_notice: config.recording.conversations.then(|| config.recording.notice.as_str().into()),
        blocked_numbers: config.blocked_numbers.clone(),
        outside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_calls_are_taken_than_have_ports_for_the_caller_and_an_operator() {
        for (text, calls) in [
            ("", 5_000),
            ("media: {ports: 10000-10399}", 100),
            ("media: {ports: 10001-10400}", 99),
            ("media: {ports: 10000-10399}\nlimits: {calls: 20}", 20),
            ("media: {ports: 10000-10001}", 1),
        ] {
            let config = Config::parse(text, "config.yaml").expect("a configuration");
            assert_eq!(exchange(&config, Outside::default()).calls, calls, "{text}");
        }
    }
}
