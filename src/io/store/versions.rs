//! Versions of the menu: their files, and which of them is active. A version is what the files say; making one active
//! is an event. Going back is making an earlier one active again.

use super::audit::{Author, Deed, append};
use super::{Store, StoreError, micros, timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::fmt;

/// The number of a version, from 1 in the order in which they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionNumber(pub u32);

impl fmt::Display for VersionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A file of a menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuFile {
    /// Its name within the folder, such as `hotline.yaml`.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// A version to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewVersion {
    /// What `hotline check` prints: the same files have the same hash.
    pub hash: String,
    /// Its files.
    pub files: Vec<MenuFile>,
    /// Warnings of the check.
    pub warnings: u32,
    /// How many tests passed; `None` when they were not run.
    pub tests: Option<u32>,
}

/// A version that is kept, without its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuVersion {
    /// Its number.
    pub number: VersionNumber,
    /// The hash of its files.
    pub hash: String,
    /// Who made it, when.
    pub by: Author,
    /// Why, in the words of who made it.
    pub note: String,
    /// Warnings of the check.
    pub warnings: u32,
    /// How many tests passed; `None` when they were not run.
    pub tests: Option<u32>,
}

/// How a version became active.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The server's first start, or one without anything in the store.
    Start,
    /// `hotline apply`.
    Apply,
    /// `hotline rollback`.
    Rollback,
    /// The folder changed and the server watches it.
    Watch,
}

impl How {
    const ALL: [Self; 4] = [Self::Start, Self::Apply, Self::Rollback, Self::Watch];

    /// One word, as it is kept.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Apply => "apply",
            Self::Rollback => "rollback",
            Self::Watch => "watch",
        }
    }

    const fn deed(self) -> Deed {
        match self {
            Self::Start | Self::Apply | Self::Watch => Deed::MenuApplied,
            Self::Rollback => Deed::MenuRolledBack,
        }
    }
}

/// Why and by whom a version becomes active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Who and when.
    pub by: Author,
    /// By which way.
    pub how: How,
    /// Why, in the author's words; may be empty.
    pub note: String,
}

/// That a version became active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// Its number; a larger one is later.
    pub id: i64,
    /// The version.
    pub version: VersionNumber,
    /// Who, when, how, why.
    pub wish: Wish,
}

impl Store {
    /// Makes files the active version, as a new version unless the same files are one already. What is active now is
    /// activated again by `apply`, for its prompts may have changed; by any other way `None`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn apply_version(&self, new: &NewVersion, wish: &Wish) -> Result<Option<Activation>, StoreError> {
        let mut transaction = self.begin_write().await?;
        let known: Option<u32> = sqlx::query_scalar("SELECT number FROM menu_versions WHERE hash = ?")
            .bind(&new.hash)
            .fetch_optional(&mut *transaction)
            .await?;
        let number = match known {
            Some(number) => VersionNumber(number),
            None => insert(&mut transaction, new, wish).await?,
        };
        let activation = activate(&mut transaction, number, wish).await?;
        transaction.commit().await?;
        Ok(activation)
    }

    /// Makes a known version active. `None` when it is active now.
    ///
    /// # Errors
    /// When there is no such version, or the file cannot be written.
    pub async fn activate_version(&self, number: VersionNumber, wish: &Wish) -> Result<Option<Activation>, StoreError> {
        let mut transaction = self.begin_write().await?;
        let activation = activate(&mut transaction, number, wish).await?;
        transaction.commit().await?;
        Ok(activation)
    }

    /// The last activation: its version is active. `None` before the first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn active_version(&self) -> Result<Option<Activation>, StoreError> {
        let row = sqlx::query("SELECT * FROM menu_activations ORDER BY id DESC LIMIT 1");
        row.fetch_optional(self.pool()).await?.as_ref().map(read_activation).transpose()
    }

    /// The version that was active before the active one first became so: where a step back leads.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn version_before(&self) -> Result<Option<VersionNumber>, StoreError> {
        let before: Option<u32> = sqlx::query_scalar(
            "SELECT version FROM menu_activations WHERE id < (SELECT min(id) FROM menu_activations WHERE version = \
             (SELECT version FROM menu_activations ORDER BY id DESC LIMIT 1)) ORDER BY id DESC LIMIT 1",
        )
        .fetch_optional(self.pool())
        .await?;
        Ok(before.map(VersionNumber))
    }

    /// The newest versions, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn menu_versions(&self, limit: u32) -> Result<Vec<MenuVersion>, StoreError> {
        let rows = sqlx::query("SELECT * FROM menu_versions ORDER BY number DESC LIMIT ?").bind(limit);
        rows.fetch_all(self.pool()).await?.iter().map(read_version).collect()
    }

    /// A version by its number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn menu_version(&self, number: VersionNumber) -> Result<Option<MenuVersion>, StoreError> {
        let row = sqlx::query("SELECT * FROM menu_versions WHERE number = ?").bind(number.0);
        row.fetch_optional(self.pool()).await?.as_ref().map(read_version).transpose()
    }

    /// The number of the version with these files.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn version_of_hash(&self, hash: &str) -> Result<Option<VersionNumber>, StoreError> {
        let number: Option<u32> = sqlx::query_scalar("SELECT number FROM menu_versions WHERE hash = ?")
            .bind(hash)
            .fetch_optional(self.pool())
            .await?;
        Ok(number.map(VersionNumber))
    }

    /// When each activation of a version was, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn activations(&self, limit: u32) -> Result<Vec<Activation>, StoreError> {
        let rows = sqlx::query("SELECT * FROM menu_activations ORDER BY id DESC LIMIT ?").bind(limit);
        rows.fetch_all(self.pool()).await?.iter().map(read_activation).collect()
    }

    /// The files of a version, by name; none when there is no such version.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn menu_files(&self, number: VersionNumber) -> Result<Vec<MenuFile>, StoreError> {
        let rows = sqlx::query("SELECT name, text FROM menu_files WHERE version = ? ORDER BY name").bind(number.0);
        let file = |row: &SqliteRow| Ok(MenuFile { name: row.try_get("name")?, text: row.try_get("text")? });
        rows.fetch_all(self.pool()).await?.iter().map(file).collect()
    }

    /// A running server says what it made of an activation; `problem` when it goes on with the version before. A
    /// refusal is a line of the audit.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn menu_taken(&self, of: &Activation, by: &Author, problem: Option<&str>) -> Result<(), StoreError> {
        let mut transaction = self.begin_write().await?;
        sqlx::query("INSERT INTO menu_taken (activation, at, problem) VALUES (?, ?, ?)")
            .bind(of.id)
            .bind(micros(by.at))
            .bind(problem)
            .execute(&mut *transaction)
            .await?;
        if let Some(problem) = problem {
            let detail = format!("version {}: {problem}", of.version);
            append(&mut transaction, by, Deed::MenuRefused, &detail).await?;
        }
        Ok(transaction.commit().await?)
    }

    /// What a running server last made of an activation: `None` when none has looked at it yet, else its problem.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn taken(&self, activation: i64) -> Result<Option<Option<String>>, StoreError> {
        let found = sqlx::query_scalar("SELECT problem FROM menu_taken WHERE activation = ? ORDER BY id DESC LIMIT 1");
        Ok(found.bind(activation).fetch_optional(self.pool()).await?)
    }
}

async fn insert(
    transaction: &mut sqlx::SqliteConnection,
    new: &NewVersion,
    wish: &Wish,
) -> Result<VersionNumber, StoreError> {
    let number: u32 = sqlx::query_scalar(
        "INSERT INTO menu_versions (hash, made_at, who, note, warnings, tests) VALUES (?, ?, ?, ?, ?, ?) \
         RETURNING number",
    )
    .bind(&new.hash)
    .bind(micros(wish.by.at))
    .bind(&wish.by.who)
    .bind(&wish.note)
    .bind(new.warnings)
    .bind(new.tests)
    .fetch_one(&mut *transaction)
    .await?;
    for file in &new.files {
        sqlx::query("INSERT INTO menu_files (version, name, text) VALUES (?, ?, ?)")
            .bind(number)
            .bind(&file.name)
            .bind(&file.text)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(VersionNumber(number))
}

async fn activate(
    transaction: &mut sqlx::SqliteConnection,
    version: VersionNumber,
    wish: &Wish,
) -> Result<Option<Activation>, StoreError> {
    let active: Option<u32> = sqlx::query_scalar("SELECT version FROM menu_activations ORDER BY id DESC LIMIT 1")
        .fetch_optional(&mut *transaction)
        .await?;
    if active == Some(version.0) && wish.how != How::Apply {
        return Ok(None);
    }
    let id = sqlx::query_scalar(
        "INSERT INTO menu_activations (version, at, who, how, note) VALUES (?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(version.0)
    .bind(micros(wish.by.at))
    .bind(&wish.by.who)
    .bind(wish.how.name())
    .bind(&wish.note)
    .fetch_one(&mut *transaction)
    .await?;
    let before = match active {
        Some(active) if active == version.0 => ", again".to_owned(),
        Some(active) => format!(", before it {active}"),
        None => String::new(),
    };
    let note = if wish.note.is_empty() { String::new() } else { format!(": {}", wish.note) };
    let detail = format!("version {version} by {}{before}{note}", wish.how.name());
    append(transaction, &wish.by, wish.how.deed(), &detail).await?;
    Ok(Some(Activation { id, version, wish: wish.clone() }))
}

fn read_activation(row: &SqliteRow) -> Result<Activation, StoreError> {
    let how: &str = row.try_get("how")?;
    let how = How::ALL.into_iter().find(|known| known.name() == how);
    let how = how.ok_or(StoreError::Damaged { what: "way to a version" })?;
    let by = Author { who: row.try_get("who")?, at: timestamp(row.try_get("at")?)? };
    let wish = Wish { by, how, note: row.try_get("note")? };
    Ok(Activation { id: row.try_get("id")?, version: VersionNumber(row.try_get("version")?), wish })
}

fn read_version(row: &SqliteRow) -> Result<MenuVersion, StoreError> {
    Ok(MenuVersion {
        number: VersionNumber(row.try_get("number")?),
        hash: row.try_get("hash")?,
        by: Author { who: row.try_get("who")?, at: timestamp(row.try_get("made_at")?)? },
        note: row.try_get("note")?,
        warnings: row.try_get("warnings")?,
        tests: row.try_get("tests")?,
    })
}

#[cfg(test)]
mod tests;
