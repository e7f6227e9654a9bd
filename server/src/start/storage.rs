//! The database and the key, and what the command line does with them alone.

use super::StartError;
use crate::{clock::SystemClock, portal, private, secrets::Vault, settings::Storage};
use contract::Code;
use std::path::PathBuf;
use store::Db;

/// Opens the database and the key.
pub async fn open_storage(storage: &Storage) -> Result<(Db, Vault), StartError> {
    private::make_folder(&storage.data).map_err(|error| StartError::Folder(storage.data.clone(), error))?;
    let vault = match &storage.key {
        Some(key) => Vault::from_hex(key)?,
        None => {
            let file = storage
                .key_file
                .clone()
                .unwrap_or_else(|| storage.data.join("pomona.key"));
            Vault::from_file(&file)?
        }
    };
    let url = database_url(storage);
    if let Some(file) = sqlite_file(&url) {
        // SQLite gives the files beside it the same mode.
        private::make_file(&file).map_err(|error| StartError::File(file, error))?;
    }
    let db = store::open(&url).await.map_err(StartError::Database)?;
    Ok((db, vault))
}

/// For the command line: a fresh one-time path for an account. Makes nothing: neither folder nor key nor database.
pub async fn fresh_link(storage: &Storage, email: &str) -> Result<String, StartError> {
    let url = database_url(storage);
    if let Some(file) = sqlite_file(&url).filter(|file| !file.exists()) {
        return Err(StartError::NoDatabase(file));
    }
    let db = store::open(&url).await.map_err(StartError::Database)?;
    portal::fresh_link(&db, &SystemClock, email)
        .await
        .map_err(|fault| match fault.code {
            Code::NotFound => StartError::NoAccount(email.to_owned()),
            _ => StartError::Link(fault),
        })
}

fn database_url(storage: &Storage) -> String {
    match &storage.database {
        Some(url) => url.clone(),
        None => storage.data.join("pomona.sqlite").display().to_string(),
    }
}

/// The file of a database, if it is one in a file.
fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path);
    let elsewhere = url.starts_with("postgres:") || url.starts_with("postgresql:") || path == ":memory:";
    (!elsewhere).then(|| path.into())
}
