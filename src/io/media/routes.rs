//! Which thread a stream is on.

use super::MediaError;
use crate::voip::audio::PromptFrames;
use crate::voip::media::{MediaCommand, StreamId};
use std::collections::HashMap;
use std::sync::Arc;

/// The streams there are and the threads that carry them.
#[derive(Debug)]
pub struct Routes {
    threads: HashMap<StreamId, usize>,
    load: Vec<usize>,
    most: usize,
}

impl Routes {
    /// For so many threads and at most so many streams.
    pub fn new(threads: usize, most: usize) -> Self {
        Self { threads: HashMap::new(), load: vec![0; threads.max(1)], most }
    }

    /// Puts a stream on the thread of another, or on the least loaded one.
    pub fn enter(&mut self, stream: StreamId, beside: Option<StreamId>) -> Result<usize, MediaError> {
        if self.threads.contains_key(&stream) {
            return Err(MediaError::Open);
        }
        if self.threads.len() >= self.most {
            return Err(MediaError::Full(self.most));
        }
        let least = || (0..self.load.len()).min_by_key(|thread| self.load[*thread]).unwrap_or(0);
        let thread = beside.and_then(|other| self.thread_of(other)).unwrap_or_else(least);
        self.threads.insert(stream, thread);
        self.load[thread] += 1;
        Ok(thread)
    }

    /// Forgets a stream.
    pub fn leave(&mut self, stream: StreamId) {
        if let Some(thread) = self.threads.remove(&stream) {
            self.load[thread] -= 1;
        }
    }

    /// The thread of a stream.
    pub fn thread_of(&self, stream: StreamId) -> Option<usize> {
        self.threads.get(&stream).copied()
    }

    /// A stream moves to another thread.
    pub fn move_to(&mut self, stream: StreamId, thread: usize) {
        if let Some(old) = self.threads.insert(stream, thread) {
            self.load[old] -= 1;
            self.load[thread] += 1;
        }
    }

    /// How many streams there are.
    pub fn len(&self) -> usize {
        self.threads.len()
    }
}

/// Whom a command is for.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// One stream.
    One(StreamId),
    /// Two streams of one conversation. It is nothing when they are on different threads: they have none.
    Two(StreamId, StreamId),
    /// Two streams that are to talk: the first one comes to the thread of the second.
    Meet(StreamId, StreamId),
    /// Every thread.
    All(&'a Arc<PromptFrames>),
}

impl<'a> Target<'a> {
    /// The streams it names, none of them for every thread.
    #[must_use]
    pub const fn streams(self) -> [Option<StreamId>; 2] {
        match self {
            Self::One(stream) => [Some(stream), None],
            Self::Two(a, b) | Self::Meet(a, b) => [Some(a), Some(b)],
            Self::All(_) => [None, None],
        }
    }

    /// Whom `command` is for.
    #[must_use]
    pub const fn of(command: &'a MediaCommand) -> Self {
        match command {
            MediaCommand::Open { stream, .. }
            | MediaCommand::Update { stream, .. }
            | MediaCommand::Play { stream, .. }
            | MediaCommand::Stop { stream }
            | MediaCommand::Secret { stream, .. }
            | MediaCommand::Record { stream, .. }
            | MediaCommand::StopRecording { stream }
            | MediaCommand::SendDigit { stream, .. }
            | MediaCommand::InfoDigit { stream, .. }
            | MediaCommand::Leave { stream }
            | MediaCommand::Close { stream } => Self::One(*stream),
            MediaCommand::Bridge { a, b } => Self::Meet(*a, *b),
            MediaCommand::Join { stream, with, .. } => Self::Meet(*stream, *with),
            MediaCommand::Unbridge { a, b } => Self::Two(*a, *b),
            MediaCommand::RecordTalk { stream, other, .. } => Self::Two(*stream, *other),
            MediaCommand::Prompts(prompts) => Self::All(prompts),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_spread_over_threads_and_partners_stay_together() {
        let mut routes = Routes::new(2, 4);
        let [first, second, third, fourth, fifth] = [1, 2, 3, 4, 5].map(StreamId);
        assert_eq!(routes.enter(first, None).expect("room"), 0);
        assert_eq!(routes.enter(second, None).expect("room"), 1);
        assert_eq!(routes.enter(third, Some(first)).expect("room"), 0);
        assert_eq!(routes.enter(fourth, Some(fifth)).expect("an unknown partner is none"), 1);
        assert!(matches!(routes.enter(fifth, None), Err(MediaError::Full(4))));
        assert!(matches!(routes.enter(first, None), Err(MediaError::Open)));
        assert_eq!((routes.thread_of(first), routes.thread_of(third)), (Some(0), Some(0)));
        routes.move_to(third, 1);
        assert_eq!(routes.thread_of(third), Some(1));
        routes.leave(third);
        assert_eq!(routes.thread_of(third), None);
        assert_eq!((routes.len(), routes.enter(fifth, None).expect("room")), (3, 0));
    }
}
