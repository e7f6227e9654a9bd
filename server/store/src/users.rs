//! People as Apple knows them, so that they can hold user licences. Calls about them are written before they are sent,
//! like operations: `prepared` → `sending` → `sent`, then gone.

use crate::{Result, locations::Fence, mails::NewMail, operations::BatchState};
use async_trait::async_trait;
use contract::{
    AppleError, AssetId, DeviceId, LocationId, PersonId, UnixMillis,
    users::{AppleAccount, ToldPage, ToldQuery, UserStatus},
};

/// What is to be done at Apple. Stored as a small number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UserWish {
    Create,
    Update,
    Retire,
}

/// A person who is to be known at Apple from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    pub person: PersonId,
    /// The same as before, for one who was retired.
    pub client_user_id: String,
    pub account: AppleAccount,
}

/// A call about users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserBatch {
    pub id: i64,
    pub kind: UserWish,
    pub state: BatchState,
    pub event: Option<String>,
    pub since: UnixMillis,
    pub attempts: i64,
    /// In order of their numbers.
    pub users: Vec<BatchUser>,
}

/// One of those whom a call is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchUser {
    pub client_user_id: String,
    /// As it is sent; empty for none.
    pub email: String,
    /// The Managed Apple Account; empty for none.
    pub managed: String,
    /// As Apple was last heard to say.
    pub status: UserStatus,
    pub healed: bool,
    /// So often nothing came of such a call, without a word of Apple's, since something last did.
    pub rounds: i64,
}

/// What becomes of a user when a call has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEnd {
    pub client_user_id: String,
    /// What is to be done next.
    pub wish: Option<UserWish>,
    /// Another status than Apple told.
    pub status: Option<UserStatus>,
    /// Goes on by invitation, without the Managed Apple Account.
    pub drop_managed: bool,
    /// Goes on without the address.
    pub drop_email: bool,
    /// This was the one try in another way.
    pub healed: bool,
    /// Nothing came of it, and Apple does not say why: another round.
    pub in_vain: bool,
    /// What is to be done next is not done before.
    pub not_before: UnixMillis,
    pub error: Option<AppleError>,
    /// What Apple refused before is still worth saying.
    pub keep_error: bool,
}

impl UserEnd {
    /// It is as it should be. What was tried in another way is still explained.
    pub fn done(user: &BatchUser) -> Self {
        Self {
            client_user_id: user.client_user_id.clone(),
            keep_error: user.healed,
            not_before: 0,
            wish: None,
            status: None,
            drop_managed: false,
            drop_email: false,
            healed: false,
            in_vain: false,
            error: None,
        }
    }
}

/// Why a call is looked at again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It failed, which counts as an attempt.
    Failed,
    /// Apple is still at it, or what came of it is to be found out.
    Open,
}

/// How what Apple knows of users came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// Read from Apple's list: it is so.
    Listed,
    /// With a notification, perhaps late: it takes nobody back.
    Told,
}

/// A user as Apple lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenUser {
    pub client_user_id: String,
    pub status: UserStatus,
    pub invite_code: Option<String>,
}

/// A user as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredUser {
    pub number: i64,
    pub location: LocationId,
    pub location_name: String,
    pub person: PersonId,
    pub person_name: String,
    pub client_user_id: String,
    /// As which the person joined first.
    pub account: AppleAccount,
    pub email: String,
    pub managed: String,
    pub status: UserStatus,
    pub invite_code: Option<String>,
    /// Something is to be done at Apple, or is being done.
    pub busy: bool,
    pub error: Option<AppleError>,
    pub since: UnixMillis,
    pub mailed_at: Option<UnixMillis>,
    /// What Apple counts: held, also while it is taken back.
    pub licenses: i64,
    /// Those of them that are of books.
    pub books: i64,
    /// Waited for, or on their way.
    pub waiting: i64,
}

/// Somebody who has left (D4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaver {
    pub client_user_id: String,
    /// Held, and to be taken back.
    pub held: Vec<AssetId>,
    /// Waited for, or failed.
    pub waiting: Vec<AssetId>,
    /// Where the apps are that go with the licences: not on Macs (R2), and not where the device has a licence of its own.
    pub apps_on: Vec<(AssetId, DeviceId)>,
    /// Something is under way.
    pub under_way: bool,
}

#[async_trait]
pub trait Users: Send + Sync {
    /// Whether something that is due is to be put into calls.
    async fn users_wished(&self, fence: &Fence, now: UnixMillis) -> Result<bool>;
    /// What is to be done about the location's users, in calls or not, waits until `not_before`.
    async fn put_off_users(&self, fence: &Fence, not_before: UnixMillis) -> Result<()>;
    /// Puts what is to be done at Apple into calls of at most `most` users.
    async fn prepare_user_batches(&self, fence: &Fence, most: u32, now: UnixMillis) -> Result<()>;
    /// Calls that are due: those sent first.
    async fn open_user_batches(&self, fence: &Fence, now: UnixMillis) -> Result<Vec<UserBatch>>;
    /// About to be sent: a durable commit.
    async fn user_batch_sending(&self, fence: &Fence, batch: i64, now: UnixMillis) -> Result<()>;
    /// Apple has taken it, under this event: a durable commit.
    async fn user_batch_sent(&self, fence: &Fence, batch: i64, event: &str, now: UnixMillis) -> Result<()>;
    /// To be looked at again at `not_before`; with `to`, back to that state.
    async fn user_batch_later(
        &self,
        fence: &Fence,
        batch: i64,
        to: Option<BatchState>,
        not_before: UnixMillis,
        attempt: Attempt,
    ) -> Result<()>;
    /// Apple refused the call and does not say for whom: it is sent as two.
    async fn split_user_batch(&self, fence: &Fence, batch: i64, now: UnixMillis) -> Result<()>;
    /// Ends a call. Users that `ends` does not name are sent again; whose address or account is another one than was sent
    /// is told to Apple next, whatever came of the former.
    async fn end_user_batch(
        &self,
        fence: &Fence,
        batch: i64,
        ends: &[UserEnd],
        now: UnixMillis,
    ) -> Result<()>;

    /// Whether anybody of ours is known at the location.
    async fn has_users(&self, location: &LocationId) -> Result<bool>;
    /// Apple's version of the list when it was read last.
    async fn users_version(&self, location: &LocationId) -> Result<Option<String>>;
    /// What Apple says of users; those that are not ours are passed over. One that Apple no longer has, unasked, may be
    /// made anew once; the second time that is said. Keeps `version` if it is some.
    async fn note_users(
        &self,
        fence: &Fence,
        seen: &[SeenUser],
        version: Option<&str>,
        now: UnixMillis,
    ) -> Result<()>;
    /// The same as Apple tells it, in any order and perhaps late: who is known or has joined since becomes so, and nobody
    /// goes back.
    async fn users_told(&self, fence: &Fence, users: &[SeenUser], now: UnixMillis) -> Result<()>;
    /// Apple does not know these (9609): they are made anew once; the second time that is said.
    async fn users_unknown(&self, fence: &Fence, ids: &[String], now: UnixMillis) -> Result<()>;

    /// Who has left and is not retired yet, as far as it is due.
    async fn leavers(&self, location: &LocationId, now: UnixMillis, limit: u32) -> Result<Vec<Leaver>>;
    /// These hold nothing any more: they are to be retired at Apple.
    async fn retire_users(&self, fence: &Fence, ids: &[String], now: UnixMillis) -> Result<()>;
    /// These have something under way: they are looked at again after a pause that doubles each time, from the first to the
    /// longest, until they are retired.
    async fn leave_later(
        &self,
        fence: &Fence,
        ids: &[String],
        pauses: (UnixMillis, UnixMillis),
        now: UnixMillis,
    ) -> Result<()>;

    /// Who has an invitation, an address, and no mail yet.
    async fn uninvited(&self, location: &LocationId, limit: u32) -> Result<Vec<StoredUser>>;
    /// The mails, in one transaction with when each of these users was sent one.
    async fn queue_invitations(&self, mails: &[(i64, NewMail)], now: UnixMillis) -> Result<()>;

    /// What Apple is being told, or was told last, of each of ours: the latest change first. Who was never to be known at
    /// Apple is not among them.
    async fn told(&self, query: &ToldQuery) -> Result<ToldPage>;
    /// By location, then kind of account.
    async fn users_of(&self, person: &PersonId) -> Result<Vec<StoredUser>>;
    /// By [`StoredUser::number`]. [`crate::StoreError::NotFound`]
    async fn stored_user(&self, number: i64) -> Result<StoredUser>;
    /// Of a person that is here and active; also one that was retired. What the person is assigned is planned again.
    async fn add_user(&self, location: &LocationId, user: &NewUser, now: UnixMillis) -> Result<()>;
    /// Forgets Apple's refusal and asks again.
    async fn user_again(&self, number: i64, now: UnixMillis) -> Result<()>;
    /// Locations whose licences can be given, by name: their ids and names.
    async fn user_locations(&self) -> Result<Vec<(LocationId, String)>>;
}
