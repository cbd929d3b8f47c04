//! Drafts: an external command reads out the text of a prompt that nobody has recorded yet.

use super::load::{PromptProblem, load_file};
use crate::model::{Lang, PromptId};
use crate::voip::audio::EncodedPrompt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;
use std::{fs, io};

/// The longest one draft may take.
pub const DRAFT_DEADLINE: Duration = Duration::from_secs(30);
/// How often the command is looked at.
const POLL: Duration = Duration::from_millis(10);

/// A prompt to be read out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its name.
    pub prompt: PromptId,
    /// The language of the voice.
    pub lang: Lang,
    /// What to say.
    pub text: String,
}

/// A command that reads a text out into a WAV file.
///
/// It is run without a shell: a text is always one argument, whatever is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftVoice {
    words: Vec<String>,
    folder: PathBuf,
    deadline: Duration,
}

/// Why a template of a command cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// There is no command in it.
    #[error("the draft voice command is empty; write such as: espeak-ng -v {{lang}} -w {{out}} {{text}}")]
    Empty,
    /// A quote is not closed.
    #[error("the draft voice command has a quote that is not closed")]
    OpenQuote,
    /// A placeholder is missing.
    #[error("the draft voice command lacks {0}; it needs {{text}} and {{out}}, and may have {{lang}}")]
    Lacks(&'static str),
}

impl DraftVoice {
    /// Reads a command with the placeholders `{text}`, `{out}` (the WAV file to write) and, if wanted, `{lang}`
    /// (`ru`, `en`). Words are parted by spaces; quotes `'…'` and `"…"` keep a word together. The files are kept in
    /// `folder`, so that each text is read out once.
    pub fn new(template: &str, folder: &Path) -> Result<Self, TemplateError> {
        let words = split_words(template)?;
        let Some((_, arguments)) = words.split_first() else { return Err(TemplateError::Empty) };
        for needed in ["{text}", "{out}"] {
            if !arguments.iter().any(|word| word.contains(needed)) {
                return Err(TemplateError::Lacks(needed));
            }
        }
        Ok(Self { words, folder: folder.to_owned(), deadline: DRAFT_DEADLINE })
    }

    /// The same with another limit of time for one prompt.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Reads out one prompt, or takes the file of an earlier time when the text is the same.
    pub fn render(&self, draft: &Draft) -> Result<EncodedPrompt, PromptProblem> {
        load_file(&self.read_out(draft)?)
    }

    /// The same, as the file that the command wrote.
    pub fn read_out(&self, draft: &Draft) -> Result<PathBuf, PromptProblem> {
        let file = self.file_of(draft);
        if !file.exists() {
            self.run(draft, &file).map_err(|what| PromptProblem {
                file: file.clone(),
                what: format!("is the draft of {} and could not be made: {what}", draft.prompt),
                help: "run the draft voice command by hand, or record the prompt".to_owned(),
            })?;
        }
        Ok(file)
    }

    /// Reads out every prompt that can be, and tells of those that cannot.
    #[must_use]
    pub fn render_all(&self, drafts: &[Draft]) -> (Vec<(PromptId, EncodedPrompt)>, Vec<PromptProblem>) {
        let mut rendered = Vec::new();
        let mut problems = Vec::new();
        for draft in drafts {
            match self.render(draft) {
                Ok(prompt) => rendered.push((draft.prompt.clone(), prompt)),
                Err(problem) => problems.push(problem),
            }
        }
        (rendered, problems)
    }

    /// Named by what is said, so that a changed text is read out anew.
    fn file_of(&self, draft: &Draft) -> PathBuf {
        let hash = crate::ivr::speech::text_hash(&draft.text);
        self.folder.join(format!("{}-{}.wav", draft.lang, hash.get(..24).unwrap_or(&hash)))
    }

    /// Runs the command on a temporary name, so that a half-written file is never taken for a draft.
    fn run(&self, draft: &Draft, file: &Path) -> Result<(), String> {
        fs::create_dir_all(&self.folder).map_err(|error| error.to_string())?;
        let partial = file.with_extension("part.wav");
        let arguments = self.words.iter().map(|word| fill(word, draft, &partial));
        let status = run_bounded(arguments, self.deadline).map_err(|error| error.to_string())?;
        if !status.success() {
            return Err(format!("the command ended with {status}"));
        }
        fs::rename(&partial, file).map_err(|error| format!("the command wrote no file: {error}"))
    }
}

/// Puts the values into one word. The text goes last, so that braces in it stay as they are.
fn fill(word: &str, draft: &Draft, out: &Path) -> String {
    word.replace("{lang}", draft.lang.code()).replace("{out}", &out.to_string_lossy()).replace("{text}", &draft.text)
}

/// Runs a command to its end, or kills it at the deadline.
fn run_bounded(mut words: impl Iterator<Item = String>, deadline: Duration) -> io::Result<ExitStatus> {
    let program = words.next().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let mut child =
        Command::new(program).args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let mut waited = Duration::ZERO;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if waited >= deadline {
            child.kill()?;
            child.wait()?;
            let text = format!("the command took longer than {} s and was stopped", deadline.as_secs_f32());
            return Err(io::Error::new(io::ErrorKind::TimedOut, text));
        }
        #[expect(clippy::disallowed_methods, reason = "waits for another program, before calls are answered")]
        std::thread::sleep(POLL);
        waited += POLL;
    }
}

/// Parts a command into words.
pub(super) fn split_words(template: &str) -> Result<Vec<String>, TemplateError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for character in template.chars() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (Some(_), inside) => word.get_or_insert_default().push(inside),
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, space) if space.is_whitespace() => words.extend(word.take()),
            (None, other) => word.get_or_insert_default().push(other),
        }
    }
    if quote.is_some() {
        return Err(TemplateError::OpenQuote);
    }
    words.extend(word);
    Ok(words)
}
