//! From phrases to playings.

use super::call::Turn;
use super::ear::Playing;
use super::next::Trap;
use super::{Command, Play, PlaybackId, Spoken};
use crate::ivr::menu::{MenuOption, Name, PhraseId};
use crate::ivr::speech::{Format, Ladders, PhraseText, Utterance, gap, press_option, utter};
use crate::model::{Digit, Gap, Lang, PlayItem, Playlist, PromptId};
use std::time::Duration;

/// How long a playing may be overdue before it counts as ended.
const OVERDUE: Duration = Duration::from_secs(10);

/// By how much pauses are longer in slow speech.
const SLOWER: u16 = 3;

/// One phrase to be said, with the silence before it.
pub(super) struct Sentence {
    phrase: Name,
    lang: Lang,
    before: Gap,
    utterance: Utterance,
}

/// A key and how it is offered.
pub(super) struct Offer {
    pub(super) digit: Digit,
    pub(super) phrase: PhraseId,
}

impl From<&MenuOption> for Offer {
    fn from(option: &MenuOption) -> Self {
        Self { digit: option.digit, phrase: option.offer }
    }
}

/// The operator's option stands apart from the others.
const OPERATOR_KEY: char = '0';

impl Turn<'_> {
    /// Adds a phrase to what is said next. Keys pressed ahead skip it unless it says a value the bank gave.
    pub(super) fn say(&mut self, phrase: PhraseId) -> Result<(), Trap> {
        if !self.call.ahead.is_empty() && !self.says_an_answer(phrase) {
            return Ok(());
        }
        self.say_always(phrase)
    }

    /// Adds a phrase to what is said next.
    pub(super) fn say_always(&mut self, phrase: PhraseId) -> Result<(), Trap> {
        let menu = self.menu();
        let text = self.text(phrase).ok_or(Trap("phrase_missing"))?;
        let sources = self.sources();
        let ladders = ladders_of(text, &menu.ladders);
        let name = &menu[phrase].name;
        let lang = self.call.lang;
        let utterance = utter(lang, name, text, &|path| sources.path(path), &ladders, self.world.inventory)
            .map_err(|_| Trap("phrase_without_value"))?;
        let slow = if self.call.is_slow() { SLOWER } else { 1 };
        let before = Gap(gap::SENTENCE.0.saturating_mul(slow));
        self.call.speech.push(Sentence { phrase: name.clone(), lang, before, utterance });
        Ok(())
    }

    /// Adds the options, zero last. With longer pauses when the caller asked for them.
    pub(super) fn say_offers(&mut self, mut offers: Vec<Offer>) -> Result<(), Trap> {
        let menu = self.menu();
        let slow = self.call.is_slow() || self.call.slow_once;
        let stretch = |gap: Gap| if slow { Gap(gap.0.saturating_mul(SLOWER)) } else { gap };
        offers.sort_by_key(|offer| offer.digit.as_char() == OPERATOR_KEY);
        for offer in offers {
            let key = offer.digit.as_char();
            let press = self.text(menu.press).ok_or(Trap("phrase_missing"))?;
            let text = self.text(offer.phrase).ok_or(Trap("phrase_missing"))?;
            let name = &menu[offer.phrase].name;
            let lang = self.call.lang;
            let utterance = press_option(lang, press, (name, text), key, self.world.inventory);
            let before = stretch(if key == OPERATOR_KEY { gap::OPERATOR } else { gap::OPTION });
            self.call.speech.push(Sentence { phrase: name.clone(), lang, before, utterance });
        }
        Ok(())
    }

    /// A phrase's text in the caller's language, else in the first there is.
    fn text(&self, phrase: PhraseId) -> Option<&PhraseText> {
        let texts = &self.call.menu[phrase].texts;
        let own = texts.iter().find(|(lang, _)| *lang == self.call.lang);
        own.or_else(|| texts.first()).map(|(_, text)| text)
    }

    fn says_an_answer(&self, phrase: PhraseId) -> bool {
        let own = ["bank.", "caller.", "call.", "queue.", "answer."];
        self.text(phrase)
            .is_some_and(|text| text.values().any(|(path, ..)| !own.iter().any(|own| path.starts_with(own))))
    }

    /// Plays what is to be said; `None` when that is nothing.
    pub(super) fn play(&mut self) -> Option<Playing> {
        self.play_with(None)
    }

    /// Plays what is to be said over the music of those who wait; `None` when that is nothing.
    pub(super) fn play_over(&mut self, music: &PromptId) -> Option<Playing> {
        self.play_playlist(Playlist { over: Some(music.clone()), ..Playlist::default() }, None)
    }

    /// Plays what is to be said, and a recording after it.
    pub(super) fn play_with(&mut self, last: Option<PromptId>) -> Option<Playing> {
        self.play_playlist(Playlist::default(), last)
    }

    fn play_playlist(&mut self, mut playlist: Playlist, last: Option<PromptId>) -> Option<Playing> {
        let sentences = std::mem::take(&mut self.call.speech);
        let (mut spoken, mut length) = (Vec::with_capacity(sentences.len()), Duration::ZERO);
        for Sentence { phrase, lang, before, utterance } in sentences {
            if !playlist.items.is_empty() {
                playlist.items.push(PlayItem::Gap(before));
                length += before.duration();
            }
            spoken.push(Spoken { phrase, lang, text: utterance.text.as_str().into(), after: length });
            length += utterance.length(self.world.inventory);
            playlist.items.extend(utterance.items);
        }
        if let Some(last) = last {
            length += self.world.inventory.length(&last).unwrap_or_default();
            playlist.items.push(PlayItem::Clip(last));
        }
        if playlist.items.is_empty() {
            return None;
        }
        let id = self.call.next_playback();
        self.call.command(Command::Play(Play { playback: id, playlist, spoken, length }));
        Some(Playing { id, given_up: self.now.instant + length + OVERDUE })
    }

    /// Plays music.
    pub(super) fn play_looped(&mut self, prompt: &PromptId) -> PlaybackId {
        let playback = self.call.next_playback();
        let length = self.world.inventory.length(prompt).unwrap_or_default();
        let playlist = Playlist::music(prompt.clone());
        self.call.command(Command::Play(Play { playback, playlist, spoken: Vec::new(), length }));
        playback
    }
}

/// The ladders a phrase needs: none, as a rule.
fn ladders_of(text: &PhraseText, ladders: &[crate::ivr::speech::Ladder]) -> Ladders {
    let wanted =
        |name: &str| text.values().any(|(_, format, _)| matches!(format, Some(Format::Ladder(of)) if **of == *name));
    ladders.iter().filter(|ladder| wanted(&ladder.name)).cloned().collect()
}
