//! Users of a location: one record per registration; records of one `clientUserId` share the name.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::wire::{UserRow, UserStatus};

/// A registration.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    pub(crate) client_user_id: Arc<str>,
    pub(crate) email: Option<String>,
    pub(crate) id_hash: Option<String>,
    pub(crate) invite_code: String,
    pub(crate) status: UserStatus,
    /// The write that changed it last, for `sinceVersionId`.
    pub(crate) changed: u64,
}

impl User {
    /// Registered or associated.
    pub(crate) fn is_active(&self) -> bool {
        matches!(self.status, UserStatus::Registered | UserStatus::Associated)
    }

    /// As it stands in `users`: the code only while it is of use.
    pub(crate) fn row(&self) -> UserRow {
        let mut row = self.row_with_code();
        if self.status != UserStatus::Registered {
            row.invite_code = None;
        }
        row
    }

    /// As it stands in notifications; a managed user never had a code to show.
    pub(crate) fn row_with_code(&self) -> UserRow {
        UserRow {
            client_user_id: Arc::clone(&self.client_user_id),
            email: self.email.clone(),
            id_hash: self.id_hash.clone(),
            invite_code: (!self.invite_code.is_empty()).then(|| self.invite_code.clone()),
            status: Some(self.status),
        }
    }
}

/// The hash under which Apple shows an Apple Account.
pub(crate) fn id_hash(apple_account: &str) -> String {
    let digest = Sha256::digest(apple_account.to_lowercase().as_bytes());
    STANDARD.encode(digest.get(..20).unwrap_or_default())
}

/// Number of a user record within its location.
pub(crate) type UserId = u32;

/// All user records in the order of registration.
#[derive(Debug, Default)]
pub(crate) struct Users {
    list: Vec<User>,
    by_name: HashMap<Arc<str>, Vec<UserId>>,
    /// Registered users by invitation, which serves once.
    by_code: HashMap<String, UserId>,
    /// Active users by Apple Account.
    by_hash: HashMap<String, UserId>,
}

impl Users {
    /// All records.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &User> {
        self.list.iter()
    }

    /// A record.
    pub(crate) fn get(&self, id: UserId) -> Option<&User> {
        self.list.get(usize::try_from(id).ok()?)
    }

    fn get_mut(&mut self, id: UserId) -> Option<&mut User> {
        self.list.get_mut(usize::try_from(id).ok()?)
    }

    /// All records of a `clientUserId`, oldest first.
    pub(crate) fn named(&self, client_user_id: &str) -> &[UserId] {
        self.by_name.get(client_user_id).map_or(&[], Vec::as_slice)
    }

    /// The active record of a `clientUserId`; there is at most one.
    pub(crate) fn active(&self, client_user_id: &str) -> Option<UserId> {
        let mut ids = self.named(client_user_id).iter().rev();
        ids.find(|id| self.get(**id).is_some_and(User::is_active))
            .copied()
    }

    /// The record with this invitation, while it is of use.
    pub(crate) fn invited(&self, invite_code: &str) -> Option<UserId> {
        self.by_code.get(invite_code).copied()
    }

    /// The active user of an Apple Account.
    pub(crate) fn with_account(&self, id_hash: &str) -> Option<UserId> {
        self.by_hash.get(id_hash).copied()
    }

    /// Adds a record.
    pub(crate) fn add(&mut self, user: User) -> UserId {
        let id = UserId::try_from(self.list.len()).unwrap_or(UserId::MAX);
        self.by_name
            .entry(Arc::clone(&user.client_user_id))
            .or_default()
            .push(id);
        self.list.push(user);
        self.index(id);
        id
    }

    /// Changes a record and keeps the look-ups right.
    pub(crate) fn change(&mut self, id: UserId, change: impl FnOnce(&mut User)) {
        if let Some(user) = self.get(id) {
            let (code, hash) = (user.invite_code.clone(), user.id_hash.clone());
            self.by_code.remove(&code);
            if let Some(hash) = hash.filter(|hash| self.by_hash.get(hash) == Some(&id)) {
                self.by_hash.remove(&hash);
            }
        }
        if let Some(user) = self.get_mut(id) {
            change(user);
        }
        self.index(id);
    }

    fn index(&mut self, id: UserId) {
        let Some(user) = self.get(id).filter(|user| user.is_active()) else {
            return;
        };
        let hash = user.id_hash.clone();
        if user.status == UserStatus::Registered && !user.invite_code.is_empty() {
            self.by_code.insert(user.invite_code.clone(), id);
        }
        if let Some(hash) = hash {
            self.by_hash.insert(hash, id);
        }
    }
}
