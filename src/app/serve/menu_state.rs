//! What the pages say of the menu: which version runs, what became of the last wish for another, what the folder holds.

use crate::io::store::VersionNumber;
use jiff::Timestamp;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// The menu's figures.
#[derive(Clone, Debug, Default)]
pub(super) struct MenuFigures {
    /// The version that new calls hear.
    pub version: Option<VersionNumber>,
    /// The hash of its files.
    pub hash: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Versions that were wanted and did not become active since the start.
    pub failures: u64,
    /// When the last of them was.
    pub failed: Option<Timestamp>,
    /// Errors in the folder of menus.
    pub folder_problems: usize,
    /// Whether the folder says something else than what runs.
    pub folder_differs: bool,
}

/// The figures as those who change and those who show them share them.
#[derive(Clone, Default)]
pub(super) struct MenuState(Arc<Mutex<MenuFigures>>);

impl MenuState {
    /// The figures now.
    pub fn figures(&self) -> MenuFigures {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut MenuFigures)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Another version runs.
    pub fn runs(&self, version: VersionNumber, hash: &str, since: Timestamp) {
        self.change(|figures| {
            (figures.version, figures.hash, figures.since) = (Some(version), hash.to_owned(), Some(since));
        });
    }

    /// A version was wanted and did not become active.
    pub fn refused(&self, at: Timestamp) {
        self.change(|figures| {
            figures.failures += 1;
            figures.failed = Some(at);
        });
    }

    /// What the folder holds.
    pub fn folder(&self, problems: usize, differs: bool) {
        self.change(|figures| (figures.folder_problems, figures.folder_differs) = (problems, differs));
    }
}

impl MenuFigures {
    /// In the text format of Prometheus.
    pub fn text(&self) -> String {
        let seconds = |at: Option<Timestamp>| at.map_or(0, |at| at.as_second().max(0));
        let version = self.version.map_or(0, |version| version.0);
        let lines = [
            ("hotline_menu_version", "The menu version that new calls hear.", "gauge", version.to_string()),
            (
                "hotline_menu_since_seconds",
                "When it began to be heard, in seconds since 1970.",
                "gauge",
                seconds(self.since).to_string(),
            ),
            (
                "hotline_menu_refused_total",
                "Menu versions that were wanted and not taken.",
                "counter",
                self.failures.to_string(),
            ),
            (
                "hotline_menu_refused_seconds",
                "When the last one was, in seconds since 1970; 0 for never.",
                "gauge",
                seconds(self.failed).to_string(),
            ),
            (
                "hotline_menu_folder_problems",
                "Errors in the folder of menus.",
                "gauge",
                self.folder_problems.to_string(),
            ),
            (
                "hotline_menu_folder_differs",
                "1 when the folder of menus says something else than what runs.",
                "gauge",
                u8::from(self.folder_differs).to_string(),
            ),
        ];
        let mut text = String::new();
        for (name, help, kind, value) in lines {
            // Writing to a String cannot fail.
            write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n").unwrap_or_default();
        }
        text
    }
}
