//! People as Apple knows them, so that they can hold user licences: one for each location and Apple Account (A2, M2).

use crate::{
    AppleError, Caller, Fault, LocationId, Page, PageQuery, PersonId, UnixMillis, activity::ItemState,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// With which Apple Account somebody joins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppleAccount {
    /// Whichever accepts the invitation.
    #[default]
    Invited,
    /// The Managed Apple Account: joined at once, without an invitation.
    Managed,
}

names! {
    AppleAccount { Invited = "invited", Managed = "managed" }
}

/// How far somebody is at Apple (M2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// Not known at Apple yet, or no longer.
    Wanted,
    /// Known at Apple; the invitation is not accepted yet.
    Registered,
    /// An Apple Account has joined.
    Associated,
    /// Retired: what is left can never be taken back.
    Retired,
}

/// One of a person's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRow {
    /// Pomona's own, by which [`Users::mail_invitation`] and [`Users::try_again`] name it.
    pub number: i64,
    /// What Apple calls the person.
    pub client_user_id: String,
    pub location: LocationId,
    pub location_name: String,
    pub account: AppleAccount,
    /// The Managed Apple Account; empty for the other kind.
    pub managed: String,
    pub status: UserStatus,
    /// Apple is being told of something.
    pub busy: bool,
    /// Where the person joins, until that is done; none for whoever may not manage people, and while Apple cannot be
    /// asked.
    pub invitation: Option<String>,
    /// The last invitation by e-mail.
    pub mailed_at: Option<UnixMillis>,
    /// Apple's last refusal.
    pub error: Option<AppleError>,
    /// When the status began.
    pub since: UnixMillis,
    /// Licences of apps and books that the person has at Apple, also while they are taken back.
    pub licenses: i64,
    /// Those of them that are of books.
    pub books: i64,
    /// Licences that are waited for, or on their way.
    pub waiting: i64,
}

/// What the person's page shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonUsers {
    /// By location, then kind of account.
    pub users: Vec<UserRow>,
    /// Mail can be sent, and the person has an address.
    pub mail: bool,
    /// Locations where the person could join with the other kind of account.
    pub more: Vec<(LocationId, String, AppleAccount)>,
}

/// What Apple is told of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Telling {
    /// That there is somebody, with the address or the Managed Apple Account.
    Register,
    /// Another address, or another Managed Apple Account.
    Change,
    /// That nobody goes by this any more.
    Retire,
}

names! {
    Telling { Register = "register", Change = "change", Retire = "retire" }
}

/// What Apple is being told of a person at a location, or was told last, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// None: deleted here, and still to be retired at Apple.
    pub person: Option<PersonId>,
    pub name: String,
    pub user_name: String,
    /// What Apple calls the person.
    pub client_user_id: String,
    pub location_name: String,
    /// The Managed Apple Account; empty for the other kind.
    pub managed: String,
    pub what: Telling,
    pub state: ItemState,
    /// As Apple was last heard to say.
    pub status: UserStatus,
    /// Why it failed; of what is done, why it was done in another way.
    pub error: Option<AppleError>,
    pub changed_at: UnixMillis,
    /// It failed for a reason that passes; this is when it is tried again.
    pub next_try_at: Option<UnixMillis>,
}

/// Which of what Apple is told to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct ToldQuery {
    /// Nothing is ever [`ItemState::Waiting`].
    pub state: Option<ItemState>,
    pub location: Option<LocationId>,
    pub page: PageQuery,
}

/// How far Apple has been told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldPage {
    /// Not sent, or not confirmed; this and the next two are zero where nobody asked ([`PageQuery::uncounted`]).
    pub open: i64,
    pub failed: i64,
    pub done: i64,
    /// The latest change first.
    pub page: Page<Told>,
}

/// People at Apple: [`crate::Permission::ViewActivity`] to see what Apple is told, [`crate::Permission::ViewPeople`] to
/// see one of them, [`crate::Permission::ManagePeople`] for the rest.
#[async_trait]
pub trait Users: Send + Sync {
    /// What Apple is told of people, everybody's last: calls about them are no operations.
    async fn told(&self, caller: &Caller, query: ToldQuery) -> Result<ToldPage, Fault>;
    /// Whoever may not manage people is shown neither links nor [`PersonUsers::more`].
    async fn of_person(&self, caller: &Caller, person: &PersonId) -> Result<PersonUsers, Fault>;
    /// Queues the invitation by e-mail, again if it was sent before. [`crate::Code::NoMail`],
    /// [`crate::Code::NoAddress`], [`crate::Code::NotInvited`].
    async fn mail_invitation(&self, caller: &Caller, user: i64) -> Result<(), Fault>;
    /// A2: a second Apple Account of the person, which takes licences of its own. Or the first, before any is assigned.
    /// [`crate::Code::RequestInvalid`] for whoever has left, or has no Managed Apple Account to join with.
    async fn add(
        &self,
        caller: &Caller,
        person: &PersonId,
        location: &LocationId,
        account: AppleAccount,
    ) -> Result<(), Fault>;
    /// Asks Apple once more for what it refused. [`crate::Code::NotFound`] also while Apple is being told something of
    /// it, and once it is to be retired.
    async fn try_again(&self, caller: &Caller, user: i64) -> Result<(), Fault>;
}
