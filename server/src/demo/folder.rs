//! The demo's folder: what tells that it is one, whether it can be used, and emptying it.

use super::Tour;
use crate::{private, start::StartError};
use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// Written when everything is set up.
const TOUR: &str = "demo.json";
/// The stand-in's own state; written first of all, so that a folder whose set-up was interrupted is known as a demo's.
const STATE: &str = "stand-in-apple.json";
/// What a Pomona of any kind keeps.
const PORTAL: [&str; 2] = ["pomona.sqlite", "pomona.key"];

/// What the names of sample files begin with.
const TOKEN_FILE: &str = "sToken_for_";

/// The folder of a demo.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

/// Whether what was there before is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    Again,
    Fresh,
}

impl Folder {
    /// Makes the folder, or looks into it: what was kept there, if it is whole.
    pub(super) fn open(path: &Path, begin: Begin) -> Result<(Self, Option<Tour>), StartError> {
        let folder = Self(path.to_owned());
        let is_demo = folder.has(TOUR) || folder.has(STATE);
        if begin == Begin::Fresh && is_demo {
            folder.empty()?;
        }
        private::make_folder(path).map_err(|error| StartError::Folder(path.to_owned(), error))?;
        let tour = folder.read_tour()?;
        let path = path.display();
        match (&tour, folder.has(STATE)) {
            (Some(_), true) => Ok((folder, tour)),
            (Some(_), false) => Err(StartError::Other(format!(
                "{STATE} is missing in {path}: a new stand-in Apple would know nothing of what the portal has; start with \
                 --fresh"
            ))),
            (None, true) => Err(StartError::Other(format!(
                "the demo in {path} was interrupted while it was set up; start with --fresh"
            ))),
            (None, false) if PORTAL.iter().any(|name| folder.has(name)) => Err(StartError::Other(format!(
                "in {path} another Pomona keeps its data, not a demo; choose another folder with --data"
            ))),
            (None, false) => Ok((folder, None)),
        }
    }

    /// Where the stand-in's state is kept.
    pub(super) fn state(&self) -> PathBuf {
        self.0.join(STATE)
    }

    /// Keeps what a visitor needs to know: from now on the set-up is complete.
    pub(super) fn keep_tour(&self, tour: &Tour) -> Result<(), StartError> {
        let text = serde_json::to_string_pretty(tour).unwrap_or_default();
        self.write(TOUR, &text).map(drop)
    }

    /// Writes a sample file for a location; answers its path.
    pub(super) fn keep_token(&self, location: &str, text: &str) -> Result<PathBuf, StartError> {
        let sign = |sign: char| if sign.is_alphanumeric() { sign } else { '_' };
        let name: String = location.chars().map(sign).collect();
        self.write(&format!("{TOKEN_FILE}{name}.vpptoken"), text)
    }

    /// Writes a file; answers its path.
    fn write(&self, name: &str, text: &str) -> Result<PathBuf, StartError> {
        let path = self.0.join(name);
        match private::write_file(&path, text) {
            Ok(()) => Ok(path),
            Err(error) => Err(StartError::File(path, error)),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }

    fn read_tour(&self) -> Result<Option<Tour>, StartError> {
        let path = self.0.join(TOUR);
        match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map(Some).map_err(|error| {
                StartError::Other(format!(
                    "{} is damaged ({error}); start with --fresh",
                    path.display()
                ))
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StartError::File(path, error)),
        }
    }

    /// Deletes what a demo keeps, and nothing else; what tells that the folder is a demo's goes last, in case this is
    /// interrupted.
    pub(super) fn empty(&self) -> Result<(), StartError> {
        let (marks, others): (Vec<PathBuf>, Vec<PathBuf>) = self
            .ours()
            .map_err(|error| StartError::Folder(self.0.clone(), error))?
            .into_iter()
            .partition(|path| path.ends_with(TOUR) || path.ends_with(STATE));
        for path in others.into_iter().chain(marks) {
            fs::remove_file(&path).map_err(|error| StartError::File(path, error))?;
        }
        Ok(())
    }

    /// The files of a demo that are there.
    fn ours(&self) -> io::Result<Vec<PathBuf>> {
        let mut ours = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(is_ours) {
                ours.push(entry.path());
            }
        }
        Ok(ours)
    }
}

/// Whether a demo writes a file of this name, also beside its place.
fn is_ours(name: &str) -> bool {
    let whole = name.strip_suffix(".new").unwrap_or(name);
    let [database, key] = PORTAL;
    whole == TOUR
        || whole == STATE
        || whole == key
        || whole.starts_with(database)
        || (whole.starts_with(TOKEN_FILE) && whole.ends_with(".vpptoken"))
}
