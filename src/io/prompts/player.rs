//! Sound for whoever sits at the machine: through another program, as audio devices differ too much to be linked.

use super::draft::{TemplateError, split_words};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

/// Programs that play a WAV file and end, with what they need before its name.
const KNOWN: [(&str, &[&str]); 5] = [
    ("aplay", &["-q"]),
    ("pw-play", &[]),
    ("paplay", &[]),
    ("ffplay", &["-nodisp", "-autoexit", "-loglevel", "error"]),
    ("play", &["-q"]),
];

/// A program that plays a WAV file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Player {
    words: Vec<String>,
}

/// Why nothing is heard.
#[derive(Debug, thiserror::Error)]
pub enum PlayerError {
    /// The template is no command.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The program did not play it.
    #[error("{program} could not play it: {reason}")]
    Failed {
        /// The program.
        program: String,
        /// What happened.
        reason: String,
    },
}

impl Player {
    /// Reads a command in which `{file}` stands for the WAV file; without it the file comes last.
    ///
    /// # Errors
    /// When there is no command in it, or a quote is not closed.
    pub fn new(template: &str) -> Result<Self, PlayerError> {
        let mut words = split_words(template)?;
        if words.is_empty() {
            return Err(TemplateError::Empty.into());
        }
        if !words.iter().any(|word| word.contains("{file}")) {
            words.push("{file}".to_owned());
        }
        Ok(Self { words })
    }

    /// The first program of the usual ones that is installed.
    #[must_use]
    pub fn installed() -> Option<Self> {
        let (program, options) = KNOWN.into_iter().find(|(program, _)| is_installed(program))?;
        let words = [program].into_iter().chain(options.iter().copied()).chain(["{file}"]);
        Some(Self { words: words.map(str::to_owned).collect() })
    }

    /// The programs that [`installed`](Self::installed) looks for.
    #[must_use]
    pub fn known() -> String {
        KNOWN.map(|(program, _)| program).join(", ")
    }

    /// Plays a file to its end.
    ///
    /// # Errors
    /// When the program is not there or fails.
    pub fn play(&self, file: &Path) -> Result<(), PlayerError> {
        let mut words = self.words.iter().map(|word| word.replace("{file}", &file.to_string_lossy()));
        let program = words.next().unwrap_or_default();
        let failed = |reason: String| PlayerError::Failed { program: program.clone(), reason };
        let status = Command::new(&program).args(words).stdin(Stdio::null()).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(failed(status.to_string())),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

fn is_installed(program: &str) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).any(|folder| fs::metadata(folder.join(program)).is_ok_and(|about| about.is_file()))
}

/// A folder for one file that another program reads, removed with it.
pub struct Passing {
    folder: PathBuf,
}

impl Passing {
    /// Makes it among the temporary files.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn new() -> io::Result<Self> {
        let folder = env::temp_dir().join(format!("hotline-play-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        self.folder.join("prompt.wav")
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::debug!(folder = %self.folder.display(), %error, "a temporary folder stays behind");
        }
    }
}
