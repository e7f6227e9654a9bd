//! The database and the key, and what the command line does with them alone.

use super::{StartError, address::origin};
use crate::{
    clock::SystemClock,
    portal, private,
    secrets::Vault,
    settings::{Link, Storage},
};
use contract::{Code, tokens::TokenQuery};
use std::path::PathBuf;
use store::Db;

/// Opens the database and the key.
pub async fn open_storage(storage: &Storage) -> Result<(Db, Vault), StartError> {
    let key_elsewhere = storage.key.is_some() || storage.key_file.is_some();
    if storage.database.is_none() || !key_elsewhere {
        private::make_folder(&storage.data)
            .map_err(|error| StartError::Folder(storage.data.clone(), error))?;
    }
    let key_file = storage
        .key_file
        .clone()
        .unwrap_or_else(|| storage.data.join("pomona.key"));
    let vault = match &storage.key {
        Some(key) => Some(Vault::from_hex(key)?),
        None => Vault::from_file(&key_file)?,
    };
    let url = database_url(storage);
    if let Some(file) = sqlite_file(&url) {
        // SQLite gives the files beside it the same mode.
        private::make_file(&file).map_err(|error| StartError::File(file, error))?;
    }
    let db = store::open(&url).await.map_err(StartError::Database)?;
    let vault = match vault {
        Some(vault) => vault,
        // A new key beside a database that was put back would open none of its tokens.
        None if has_tokens(&db).await? => return Err(StartError::NoKey(key_file)),
        None => Vault::make_file(&key_file)?,
    };
    Ok((db, vault))
}

async fn has_tokens(db: &Db) -> Result<bool, StartError> {
    let tokens = db.token_list(&TokenQuery::default()).await;
    Ok(!tokens.map_err(StartError::Database)?.rows.is_empty())
}

/// For the command line: a fresh one-time link for an account, from its path on if nobody says where Pomona is reached.
/// Makes nothing: neither folder nor key nor database.
pub async fn fresh_link(link: &Link) -> Result<String, StartError> {
    let Link {
        storage,
        base_url,
        email,
    } = link;
    let origin = base_url.as_deref().map(origin).transpose()?;
    let url = database_url(storage);
    if let Some(file) = sqlite_file(&url).filter(|file| !file.exists()) {
        return Err(StartError::NoDatabase(file));
    }
    let db = store::open(&url).await.map_err(StartError::Database)?;
    let path = portal::fresh_link(&db, &SystemClock, email)
        .await
        .map_err(|fault| match fault.code {
            Code::NotFound => StartError::NoAccount(email.clone()),
            _ => StartError::Link(fault),
        })?;
    Ok(origin.unwrap_or_default() + &path)
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
