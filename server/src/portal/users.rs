//! People as Apple knows them: how far each is, invitations, second accounts (A2, M2).

use super::Portal;
use crate::{
    clock::new_id,
    engine::{fault_of, invitation_mail},
};
use apple::ServiceConfig;
use async_trait::async_trait;
use contract::{
    Caller, Code, Fault, LocationId, Permission, PersonId,
    live::LiveEvent,
    users::{AppleAccount, PersonUsers, ToldPage, ToldQuery, UserRow, UserStatus, Users},
};
use serde_json::json;
use std::sync::Arc;
use store::users::{NewUser, StoredUser};

/// What pages show of it. The invitation is a link only while it is of use.
pub(super) fn row(user: StoredUser, config: Option<&ServiceConfig>) -> UserRow {
    let code = user.invite_code.filter(|_| user.status == UserStatus::Registered);
    UserRow {
        number: user.number,
        client_user_id: user.client_user_id,
        location: user.location,
        location_name: user.location_name,
        account: account_of(&user.managed),
        managed: user.managed,
        status: user.status,
        busy: user.busy,
        invitation: code.and_then(|code| config?.invitation_url(&code)),
        mailed_at: user.mailed_at,
        error: user.error,
        since: user.since,
        licenses: user.licenses,
        books: user.books,
        waiting: user.waiting,
    }
}

fn account_of(managed: &str) -> AppleAccount {
    match managed {
        "" => AppleAccount::Invited,
        _ => AppleAccount::Managed,
    }
}

impl Portal {
    /// Where invitations lead; none if Apple cannot be asked just now.
    pub(super) async fn invitations(&self) -> Option<Arc<ServiceConfig>> {
        self.apple.service_config().await.ok()
    }

    async fn user(&self, number: i64) -> Result<StoredUser, Fault> {
        Ok(self.db.stored_user(number).await?)
    }
}

#[async_trait]
impl Users for Portal {
    async fn told(&self, caller: &Caller, query: ToldQuery) -> Result<ToldPage, Fault> {
        caller.need(Permission::ViewActivity)?;
        let mut told = self.db.told(&query).await?;
        let now = self.clock.now();
        for row in &mut told.page.rows {
            row.next_try_at = row.next_try_at.filter(|next| *next > now);
        }
        Ok(told)
    }

    async fn of_person(&self, caller: &Caller, person: &PersonId) -> Result<PersonUsers, Fault> {
        caller.need(Permission::ViewPeople)?;
        let about = self.db.person(person).await?;
        let manage = caller.may(Permission::ManagePeople);
        // Whoever has the link can join in the person's place.
        let config = match manage {
            true => self.invitations().await,
            false => None,
        };
        let users = self.db.users_of(person).await?;
        let mut more = Vec::new();
        if manage && about.form.active {
            for (location, name) in self.db.user_locations().await? {
                let is_there = |account| {
                    let mut own = users.iter().filter(|user| user.location == location);
                    own.any(|user| user.status != UserStatus::Retired && user.account == account)
                };
                if !about.form.managed_apple_account.is_empty() && !is_there(AppleAccount::Managed) {
                    more.push((location.clone(), name.clone(), AppleAccount::Managed));
                }
                if !is_there(AppleAccount::Invited) {
                    more.push((location, name, AppleAccount::Invited));
                }
            }
        }
        Ok(PersonUsers {
            users: users
                .into_iter()
                .map(|user| row(user, config.as_deref()))
                .collect(),
            mail: self.outbox.is_some() && !about.form.email.is_empty(),
            more,
        })
    }

    async fn mail_invitation(&self, caller: &Caller, user: i64) -> Result<(), Fault> {
        caller.need(Permission::ManagePeople)?;
        let outbox = self.outbox.as_ref().ok_or(Code::NoMail)?;
        let user = self.user(user).await?;
        if user.email.is_empty() {
            return Err(Code::NoAddress.into());
        }
        if user.status != UserStatus::Registered {
            return Err(Code::NotInvited.into());
        }
        let config = self
            .apple
            .service_config()
            .await
            .map_err(|fault| fault_of(&fault))?;
        let now = self.clock.now();
        let mail = invitation_mail(&config, outbox, &user, &now.to_string(), now).ok_or(Code::NotInvited)?;
        let details = json!({ "person": user.person, "location": user.location });
        let (number, mails) = (user.number.to_string(), [(user.number, mail)]);
        let queue = self.db.queue_invitations(&mails, now);
        self.audited(caller, "users.invite", &number, details, queue)
            .await?;
        outbox.bell.ring();
        Ok(())
    }

    async fn add(
        &self,
        caller: &Caller,
        person: &PersonId,
        location: &LocationId,
        account: AppleAccount,
    ) -> Result<(), Fault> {
        caller.need(Permission::ManagePeople)?;
        let about = self.db.person(person).await?;
        if !about.form.active
            || account == AppleAccount::Managed && about.form.managed_apple_account.is_empty()
        {
            return Err(Code::RequestInvalid.into());
        }
        self.db.location(location).await?.ok_or(Code::NotFound)?;
        let now = self.clock.now();
        let known = self.db.users_of(person).await?;
        let before = known.into_iter().find(|user| {
            user.location == *location && user.status == UserStatus::Retired && user.account == account
        });
        let user = NewUser {
            person: person.clone(),
            client_user_id: before.map_or_else(|| new_id(now), |user| user.client_user_id),
            account,
        };
        let details = json!({ "location": location, "account": account });
        let add = self.db.add_user(location, &user, now);
        self.audited(caller, "users.add", person.as_str(), details, add)
            .await?;
        self.live.send(LiveEvent::Users);
        Ok(())
    }

    async fn try_again(&self, caller: &Caller, user: i64) -> Result<(), Fault> {
        caller.need(Permission::ManagePeople)?;
        let user = self.user(user).await?;
        let details = json!({ "person": user.person, "location": user.location });
        let again = self.db.user_again(user.number, self.clock.now());
        self.audited(
            caller,
            "users.try_again",
            &user.number.to_string(),
            details,
            again,
        )
        .await?;
        self.live.send(LiveEvent::Users);
        Ok(())
    }
}
