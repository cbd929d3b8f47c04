//! From files to a checked menu.

use super::sources::{Report, Source};
use super::{Code, Menu, Name, Place, Problem, Text, check, decode, traps, tree};
use sha2::{Digest, Sha256};

/// The largest file read.
const MAX_BYTES: usize = 4 << 20;

/// Reads a set of menu files, each a name and its bytes; the menu together with its warnings.
///
/// # Errors
/// Every problem found when at least one of them is an error.
pub fn load(files: &[(String, Vec<u8>)]) -> Result<(Menu, Vec<Problem>), Vec<Problem>> {
    let mut files: Vec<&(String, Vec<u8>)> = files.iter().collect();
    files.sort_by(|left, right| left.0.cmp(&right.0));
    let version = version(files.iter().map(|file| (file.0.as_str(), file.1.as_slice())));
    let mut report = Report::default();
    let mut trees = Vec::new();
    for (index, (name, bytes)) in files.iter().enumerate() {
        let Ok(file) = u16::try_from(index) else { break };
        trees.extend(read(&mut report, file, name, bytes));
    }
    if files.is_empty() {
        let finding =
            super::sources::Finding::new(Code::E17, Text::new("there is no menu file", "нет ни одного файла меню"));
        report.add(Place { file: 0, line: 1, column: 1 }, 1, finding);
    }
    if report.problems.iter().any(|problem| problem.code == Code::E17) {
        return Err(report.finish());
    }
    let (mut report, menu, poisoned) = decode::decode(report, &trees, version);
    if let Some(menu) = &menu {
        check::check(&mut report, menu, &poisoned);
    }
    match menu {
        Some(menu) if !report.has_errors() => Ok((menu, report.finish())),
        _ => Err(report.finish()),
    }
}

/// The problems of files that a folder names and nobody could read, each a name and what the system said: one that
/// vanished while the folder was read, one without the right to be read.
#[must_use]
pub fn unreadable(files: &[(String, String)]) -> Vec<Problem> {
    let mut report = Report::default();
    for (index, (name, why)) in files.iter().enumerate() {
        let Ok(file) = u16::try_from(index) else { break };
        report.sources.push(Source::new(name, ""));
        let message = Text::new(format!("the file cannot be read: {why}"), format!("файл не читается: {why}"));
        let help = Text::new(
            "look whether it is still there and may be read, and check again",
            "посмотрите, на месте ли файл и есть ли право его читать, и проверьте ещё раз",
        );
        let finding = super::sources::Finding::new(Code::E17, message).help(help);
        report.add(Place { file, line: 1, column: 1 }, 1, finding);
    }
    report.finish()
}

fn read(report: &mut Report, file: u16, name: &str, bytes: &[u8]) -> Option<tree::Node> {
    let lossy = String::from_utf8_lossy(bytes);
    match traps::decode(bytes) {
        Ok(text) if bytes.len() <= MAX_BYTES => {
            report.sources.push(Source::new(name, text));
            tree::parse(report, file, text)
        }
        Ok(_) => {
            report.sources.push(Source::new(name, ""));
            let message = Text::new("the file is larger than 4 MiB", "файл больше 4 МиБ");
            let help = Text::new(
                "a menu of this size is rather another file: look what it is, or split it",
                "меню такого размера, скорее всего, другой файл: посмотрите, что это, или разделите его",
            );
            report.add(
                Place { file, line: 1, column: 1 },
                1,
                super::sources::Finding::new(Code::E17, message).help(help),
            );
            None
        }
        Err((line, column)) => {
            report.sources.push(Source::new(name, &lossy));
            report.add(Place { file, line, column }, 0, traps::wrong_encoding(bytes));
            None
        }
    }
}

/// The version of a set of files, whether it checks or not: the first twelve hexadecimal digits of SHA-256 over their
/// names and contents. Where the folder lies makes no difference.
#[must_use]
pub fn version_of(files: &[(String, Vec<u8>)]) -> Name {
    let mut files: Vec<&(String, Vec<u8>)> = files.iter().collect();
    files.sort_by(|left, right| left.0.cmp(&right.0));
    version(files.iter().map(|file| (file.0.as_str(), file.1.as_slice())))
}

fn version<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Name {
    let mut hash = Sha256::new();
    for (name, bytes) in files {
        let name = name.rsplit('/').next().unwrap_or(name);
        for part in [name.as_bytes(), bytes] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    let digits = hash.finalize().iter().take(6).fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
    digits.into()
}
