//! What the figures are measured on: a folder, an account to sign in with, and the settings both sides share.

use crate::{Outcome, children::NO_APPLE};
use contract::{AccountId, Caller, Role};
use server::{
    clock::new_id,
    portal::Portal,
    settings::Storage,
    start::{apple_settings, open_portal},
};
use std::{
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};
use store::accounts::Account;

pub const EMAIL: &str = "ada@harbour.example";
pub const PASSWORD: &str = "plum-orchard-at-dusk";

/// A folder under `target/` that is gone when it is dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Outcome<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What is stored here, as the server has it, without an Apple to ask.
    pub async fn portal(&self) -> Outcome<Portal> {
        let apple = apple_settings(NO_APPLE);
        Ok(open_portal(&self.storage(), apple, "http://127.0.0.1", false).await?)
    }

    /// Everything in this folder, on SQLite.
    pub fn storage(&self) -> Storage {
        Storage {
            data: self.0.clone(),
            database: None,
            key_file: None,
            key: None,
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// An owner who signs in with [`EMAIL`] and [`PASSWORD`].
pub async fn add_owner(portal: &Portal) -> Outcome<Caller> {
    let now = portal.clock.now();
    let caller = Caller {
        id: AccountId(new_id(now)),
        name: "Ada Lindqvist".into(),
        email: EMAIL.into(),
        role: Role::Owner,
    };
    let account = Account {
        id: caller.id.clone(),
        name: caller.name.clone(),
        email: caller.email.clone(),
        role: caller.role,
        password: Some(portal.passwords.hash(PASSWORD).await?),
        disabled: false,
    };
    portal.db.insert_account(&account, now).await?;
    Ok(caller)
}
