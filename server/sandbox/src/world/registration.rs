//! Registering, linking and retiring users (apple-api.md §1.8).

use std::sync::Arc;

use super::holders::Holder;
use super::location::LocationState;
use super::user::{User, UserId, id_hash};
use crate::faults::Repeated;
use crate::wire::{ErrorNumber, UserStatus};

/// The Apple Account belongs to another active user of the location.
const ACCOUNT_IN_USE: ErrorNumber = ErrorNumber(9641);
/// There is no active user of this name.
pub(crate) const UNKNOWN_USER: ErrorNumber = ErrorNumber(9609);

impl LocationState {
    /// Creates a user. A record that was retired without ever having an Apple Account lives again.
    ///
    /// # Errors
    /// 9716 if an active user has the name, 9641 if the Apple Account is taken.
    pub(crate) fn create_user(
        &mut self,
        name: &Arc<str>,
        email: Option<String>,
        account: Option<&str>,
        invite_code: String,
    ) -> Result<UserId, ErrorNumber> {
        if self.users.active(name).is_some() {
            return Err(ErrorNumber(9716));
        }
        let hash = account.map(id_hash);
        if hash
            .as_deref()
            .is_some_and(|hash| self.users.with_account(hash).is_some())
        {
            return Err(ACCOUNT_IN_USE);
        }
        self.writes.users += 1;
        let changed = self.writes.users;
        let never_linked = |id: &UserId| {
            self.users
                .get(*id)
                .is_some_and(|user| user.id_hash.is_none() && !user.is_active())
        };
        let again = self.users.named(name).iter().copied().find(never_linked);
        let user = User {
            client_user_id: Arc::clone(name),
            email,
            id_hash: None,
            invite_code: if hash.is_some() {
                String::new()
            } else {
                invite_code
            },
            status: UserStatus::Registered,
            changed,
        };
        let id = match again {
            Some(id) => {
                self.users.change(id, |old| *old = user);
                id
            }
            None => self.users.add(user),
        };
        match hash {
            Some(hash) => self.link(id, hash),
            None => self.touch_assignments_of(id),
        }
        Ok(id)
    }

    /// Changes a user's address and, if given, links an Apple Account.
    ///
    /// # Errors
    /// 9609 if there is no active user of the name, 9641 if the Apple Account is taken.
    pub(crate) fn update_user(
        &mut self,
        name: &str,
        email: Option<String>,
        account: Option<&str>,
    ) -> Result<UserId, ErrorNumber> {
        let id = self.users.active(name).ok_or(UNKNOWN_USER)?;
        if let Some(account) = account {
            self.associate_account(id, account)?;
        }
        self.writes.users += 1;
        let changed = self.writes.users;
        self.users.change(id, |user| {
            user.email = email.or(user.email.take());
            user.changed = changed;
        });
        Ok(id)
    }

    /// Links an Apple Account with a user, as accepting the invitation does.
    ///
    /// # Errors
    /// 9641 if another active user has it.
    pub(crate) fn associate_account(&mut self, id: UserId, account: &str) -> Result<(), ErrorNumber> {
        let hash = id_hash(account);
        if self.users.with_account(&hash).is_some_and(|other| other != id) {
            return Err(ACCOUNT_IN_USE);
        }
        self.link(id, hash);
        Ok(())
    }

    /// Links, and moves what an earlier retired record of the same name and account could not give back.
    fn link(&mut self, id: UserId, hash: String) {
        self.writes.users += 1;
        let changed = self.writes.users;
        let name = self
            .users
            .get(id)
            .map(|user| Arc::clone(&user.client_user_id))
            .unwrap_or_default();
        let same = |old: &UserId| {
            let user = self.users.get(*old);
            *old != id
                && user.is_some_and(|u| {
                    u.status == UserStatus::Retired && u.id_hash.as_deref() == Some(hash.as_str())
                })
        };
        let older: Vec<UserId> = self.users.named(&name).iter().copied().filter(same).collect();
        self.users.change(id, |user| {
            user.id_hash = Some(hash);
            user.status = UserStatus::Associated;
            user.changed = changed;
        });
        for old in older {
            self.users.change(old, |user| {
                user.status = UserStatus::Deleted;
                user.changed = changed;
            });
            self.move_licenses(Holder::User(old), Holder::User(id));
        }
        self.touch_assignments_of(id);
    }

    /// Assignments show the state of their user: where that changes, so do they.
    fn touch_assignments_of(&mut self, id: UserId) {
        let holder = Holder::User(id);
        let held = self.held_by(holder);
        if held.is_empty() {
            return;
        }
        self.writes.assignments += 1;
        for asset in held {
            self.journal.note(self.writes.assignments, (asset, holder));
        }
    }

    fn move_licenses(&mut self, from: Holder, to: Holder) {
        for asset in self.held_by(from) {
            // Both calls succeed: the first frees the licence that the second takes, or `to` has one already.
            let _ = self.release(asset, from, Repeated::NoOp);
            let _ = self.assign(asset, to, Repeated::NoOp);
        }
    }

    /// Retires a user: revocable licences become free, books stay with the retired record.
    ///
    /// # Errors
    /// 9609 if there is no active user of the name.
    pub(crate) fn retire_user(&mut self, name: &str) -> Result<UserId, ErrorNumber> {
        let id = self.users.active(name).ok_or(UNKNOWN_USER)?;
        for asset in self.revocable_of(Holder::User(id)) {
            self.release(asset, Holder::User(id), Repeated::NoOp)?;
        }
        self.writes.users += 1;
        let changed = self.writes.users;
        self.users.change(id, |user| {
            user.status = UserStatus::Retired;
            user.changed = changed;
        });
        self.touch_assignments_of(id);
        Ok(id)
    }
}
