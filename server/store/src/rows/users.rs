use super::{apple_error, number};
use crate::{
    Result, StoreError,
    cursor::{Key, Order, Part, Walk},
    mails::Mail,
    operations::BatchState,
    users::{BatchUser, Leaver, NewUser, SeenUser, StoredUser, UserBatch, UserEnd, UserWish},
};
use contract::{
    AssetId, DeviceId, Direction, LocationId, PageQuery, PersonId,
    activity::ItemState,
    users::{AppleAccount, Telling, Told, ToldQuery, UserStatus},
};
use serde::Serialize;
use sqlx::{Database, Encode, QueryBuilder, Type};
use std::collections::BTreeMap;

/// Of `user_batches b` and `vpp_users u`: what is sent, or was.
pub const USER_BATCH: &str = "b.id, b.kind, b.state, b.event, b.since, b.attempts, u.client_user_id, \
    u.sent_email AS email, u.sent_managed AS managed, u.status, u.healed, u.looks AS rounds";

/// One user of a batch.
#[derive(sqlx::FromRow)]
pub struct UserBatchRecord {
    id: i64,
    #[sqlx(try_from = "i16")]
    kind: i64,
    #[sqlx(try_from = "i16")]
    state: i64,
    event: Option<String>,
    since: i64,
    attempts: i64,
    client_user_id: String,
    email: String,
    managed: String,
    #[sqlx(try_from = "i16")]
    status: i64,
    healed: bool,
    rounds: i64,
}

/// Records in order of their batches.
pub fn user_batches(records: Vec<UserBatchRecord>) -> Result<Vec<UserBatch>> {
    let mut batches: Vec<UserBatch> = Vec::new();
    for record in records {
        if batches.last().is_none_or(|batch| batch.id != record.id) {
            batches.push(UserBatch {
                id: record.id,
                kind: number(record.kind)?,
                state: number::<BatchState>(record.state)?,
                event: record.event,
                since: record.since,
                attempts: record.attempts,
                users: Vec::new(),
            });
        }
        if let Some(batch) = batches.last_mut() {
            batch.users.push(BatchUser {
                client_user_id: record.client_user_id,
                email: record.email,
                managed: record.managed,
                status: number(record.status)?,
                healed: record.healed,
                rounds: record.rounds,
            });
        }
    }
    Ok(batches)
}

/// Of `vpp_users u`, `locations l` and `people p`, left-joined.
pub const USER: &str = "u.number, u.location, l.name AS location_name, u.person, coalesce(p.name, '') AS person_name, \
    u.client_user_id, u.account, u.email, u.managed, u.status, u.invite_code, \
    (u.wish IS NOT NULL OR u.batch IS NOT NULL) AS busy, u.error_number, u.error_message, u.mailed_at, \
    CASE u.status WHEN 1 THEN coalesce(u.registered_at, u.created_at) WHEN 2 THEN coalesce(u.associated_at, u.created_at) \
        WHEN 3 THEN coalesce(u.retired_at, u.created_at) ELSE u.created_at END AS since, \
    (SELECT count(*) FROM licenses x JOIN assets a ON a.id = x.asset AND a.stage = 1
        WHERE x.holder = u.client_user_id AND x.kind = 1 AND x.state IN (2, 3)) AS licenses, \
    (SELECT count(*) FROM licenses x JOIN assets a ON a.id = x.asset AND a.stage = 1 AND a.product = 1
        WHERE x.holder = u.client_user_id AND x.kind = 1 AND x.state IN (2, 3)) AS books, \
    (SELECT count(*) FROM licenses x JOIN assets a ON a.id = x.asset AND a.stage = 1
        WHERE x.holder = u.client_user_id AND x.kind = 1 AND x.state IN (0, 1)) AS waiting";

/// What [`USER`] is read from.
pub const USERS: &str =
    "FROM vpp_users u JOIN locations l ON l.id = u.location LEFT JOIN people p ON p.id = u.person";

#[derive(sqlx::FromRow)]
pub struct UserRecord {
    number: i64,
    location: String,
    location_name: String,
    person: String,
    person_name: String,
    client_user_id: String,
    #[sqlx(try_from = "i16")]
    account: i64,
    email: String,
    managed: String,
    #[sqlx(try_from = "i16")]
    status: i64,
    invite_code: Option<String>,
    busy: bool,
    error_number: Option<i64>,
    error_message: Option<String>,
    mailed_at: Option<i64>,
    since: i64,
    licenses: i64,
    books: i64,
    waiting: i64,
}

impl TryFrom<UserRecord> for StoredUser {
    type Error = StoreError;

    fn try_from(record: UserRecord) -> Result<Self> {
        Ok(StoredUser {
            number: record.number,
            location: LocationId(record.location),
            location_name: record.location_name,
            person: PersonId(record.person),
            person_name: record.person_name,
            client_user_id: record.client_user_id,
            account: match record.account {
                1 => AppleAccount::Managed,
                _ => AppleAccount::Invited,
            },
            email: record.email,
            managed: record.managed,
            status: number(record.status)?,
            invite_code: record.invite_code,
            busy: record.busy,
            error: apple_error(record.error_number, record.error_message),
            since: record.since,
            mailed_at: record.mailed_at,
            licenses: record.licenses,
            books: record.books,
            waiting: record.waiting,
        })
    }
}

const TOLD: &str = "u.number, p.id AS person, coalesce(p.name, '') AS name, coalesce(p.user_name, '') AS user_name,
    u.client_user_id, l.name AS location_name, u.managed, CAST(coalesce(b.kind, u.wish, u.told) AS bigint) AS what,
    CAST(CASE WHEN b.state > 0 THEN 1 ELSE u.progress END AS bigint) AS state, CAST(u.status AS bigint) AS status,
    u.error_number, u.error_message, u.changed_at,
    CASE WHEN b.id IS NULL THEN u.not_before WHEN b.not_before > b.since THEN b.not_before ELSE 0 END AS next_try_at";

const TOLD_ORDER: Order = Order {
    name: "told",
    parts: &[Part::Number, Part::Number],
};

/// How to the page that is asked for: the latest change first.
pub fn told_walk(query: &ToldQuery) -> Result<Walk> {
    let page = PageQuery {
        direction: Direction::Down,
        ..query.page.clone()
    };
    Walk::new(&page, TOLD_ORDER)
}

/// The rows of a page, as [`ToldRecord`].
pub fn told_rows<'t, DB: Database>(query: &ToldQuery, walk: &Walk) -> QueryBuilder<DB>
where
    i64: Encode<'t, DB> + Type<DB>,
    String: Encode<'t, DB> + Type<DB>,
{
    let mut sql = QueryBuilder::new(format!(
        "SELECT {TOLD} FROM vpp_users u JOIN locations l ON l.id = u.location
         LEFT JOIN people p ON p.id = u.person LEFT JOIN user_batches b ON b.id = u.batch WHERE "
    ));
    sql.push(match query.state {
        None => "u.progress IS NOT NULL",
        Some(ItemState::Open) => "u.progress = 0 AND coalesce(b.state, 0) = 0",
        Some(ItemState::Sent) => "u.progress = 0 AND b.state > 0",
        Some(ItemState::Done) => "u.progress = 2",
        Some(ItemState::Failed) => "u.progress = 3",
        Some(ItemState::Waiting) => "1 = 0",
    });
    push_location(&mut sql, query);
    walk.push_from(&mut sql, "u.changed_at, u.number");
    walk.push_order(&mut sql, &["u.changed_at", "u.number"]);
    sql
}

/// How many are open, failed and done, whatever state is asked for.
pub fn told_counts<'t, DB: Database>(query: &ToldQuery) -> QueryBuilder<DB>
where
    String: Encode<'t, DB> + Type<DB>,
{
    let mut sql = QueryBuilder::new("SELECT ");
    // Each by itself: SQLite then reads nothing but the index.
    for (before, progress) in [("", 0), (", ", 3), (", ", 2)] {
        sql.push(format!(
            "{before}(SELECT count(*) FROM vpp_users u WHERE u.progress = {progress}"
        ));
        push_location(&mut sql, query);
        sql.push(")");
    }
    sql
}

fn push_location<'t, DB: Database>(sql: &mut QueryBuilder<DB>, query: &ToldQuery)
where
    String: Encode<'t, DB> + Type<DB>,
{
    if let Some(location) = &query.location {
        sql.push(" AND u.location = ")
            .push_bind(location.as_str().to_owned());
    }
}

#[derive(sqlx::FromRow)]
pub struct ToldRecord {
    number: i64,
    person: Option<String>,
    name: String,
    user_name: String,
    client_user_id: String,
    location_name: String,
    managed: String,
    what: i64,
    state: i64,
    status: i64,
    error_number: Option<i64>,
    error_message: Option<String>,
    changed_at: i64,
    /// Nought: it has not failed.
    next_try_at: i64,
}

impl ToldRecord {
    /// Of [`told_walk`].
    pub fn key(&self) -> Vec<Key> {
        vec![self.changed_at.into(), self.number.into()]
    }
}

impl TryFrom<ToldRecord> for Told {
    type Error = StoreError;

    fn try_from(record: ToldRecord) -> Result<Self> {
        let state = number(record.state)?;
        Ok(Told {
            person: record.person.map(PersonId),
            name: record.name,
            user_name: record.user_name,
            client_user_id: record.client_user_id,
            location_name: record.location_name,
            managed: record.managed,
            what: match number(record.what)? {
                UserWish::Create => Telling::Register,
                UserWish::Update => Telling::Change,
                UserWish::Retire => Telling::Retire,
            },
            state,
            status: number(record.status)?,
            error: apple_error(record.error_number, record.error_message),
            changed_at: record.changed_at,
            next_try_at: (state == ItemState::Open && record.next_try_at > 0).then_some(record.next_try_at),
        })
    }
}

/// A licence of somebody who has left; none of somebody without.
#[derive(sqlx::FromRow)]
pub struct LeaverRecord {
    client_user_id: String,
    asset: Option<i64>,
    state: Option<i16>,
    /// An app that can be taken back.
    revocable: Option<bool>,
    /// Apple would not take it back; it goes when the user is retired.
    refused: bool,
    busy: bool,
}

/// Of the holders `{holders}`: their apps that can be taken back, by the devices that are to remove them; not those that
/// another tool removes (A13). `settings` are those of an assignment `s`, as JSON.
pub fn apps_on(settings: &str) -> String {
    format!(
        "SELECT u.client_user_id, x.asset, d.id
    FROM vpp_users u JOIN licenses x ON x.holder = u.client_user_id AND x.kind = 1 AND x.state = 2
    JOIN assets a ON a.id = x.asset AND a.revocable AND a.product = 0 AND a.stage = 1
    JOIN people p ON p.id = u.person
    JOIN devices d ON d.user_name_key = p.user_name_key AND d.user_name_key <> '' AND d.platform <> 'macos'
    WHERE NOT EXISTS (SELECT 1 FROM licenses y
            WHERE y.asset = x.asset AND y.holder = d.serial AND y.kind = 0 AND y.state IN (1, 2))
        AND NOT EXISTS (SELECT 1 FROM assignments s WHERE s.number = x.assignment
            AND CAST({settings} ->> 'license_only' AS text) IN ('1', 'true'))
        AND NOT EXISTS (SELECT 1 FROM removed_license_only r WHERE r.assignment = x.assignment)
        AND x.error_number IS NULL AND u.client_user_id"
    )
}

/// Adds what [`apps_on`] found.
pub fn find_apps(leavers: &mut [Leaver], found: Vec<(String, i64, String)>) {
    let mut by_holder: BTreeMap<String, Vec<(AssetId, DeviceId)>> = BTreeMap::new();
    for (holder, asset, device) in found {
        let apps = by_holder.entry(holder).or_default();
        apps.push((AssetId(asset), DeviceId(device)));
    }
    for leaver in leavers {
        leaver.apps_on = by_holder.remove(&leaver.client_user_id).unwrap_or_default();
    }
}

/// Records in order of the users.
pub fn leavers(records: Vec<LeaverRecord>) -> Vec<Leaver> {
    let mut leavers: Vec<Leaver> = Vec::new();
    for record in records {
        if leavers
            .last()
            .is_none_or(|leaver| leaver.client_user_id != record.client_user_id)
        {
            leavers.push(Leaver {
                client_user_id: record.client_user_id,
                held: Vec::new(),
                waiting: Vec::new(),
                apps_on: Vec::new(),
                under_way: record.busy,
            });
        }
        let (Some(leaver), Some(asset)) = (leavers.last_mut(), record.asset.map(AssetId)) else {
            continue;
        };
        match record.state {
            Some(2) if record.revocable == Some(true) && !record.refused => leaver.held.push(asset),
            Some(1 | 3) => leaver.under_way = true,
            Some(0 | 5) => leaver.waiting.push(asset),
            _ => {}
        }
    }
    leavers
}

#[derive(sqlx::FromRow)]
pub struct MailRecord {
    number: i64,
    id: String,
    recipient: String,
    subject: String,
    body: String,
    attempts: i64,
    created_at: i64,
}

impl From<MailRecord> for Mail {
    fn from(record: MailRecord) -> Self {
        Mail {
            number: record.number,
            id: record.id,
            recipient: record.recipient,
            subject: record.subject,
            body: record.body,
            attempts: record.attempts,
            created_at: record.created_at,
        }
    }
}

/// A user's end, as both databases take it apart.
#[derive(Serialize)]
pub struct EndInput<'a> {
    id: &'a str,
    wish: Option<i64>,
    status: Option<i64>,
    drop_managed: bool,
    drop_email: bool,
    healed: bool,
    in_vain: bool,
    not_before: i64,
    number: Option<u32>,
    message: Option<&'a str>,
    keep: bool,
}

impl<'a> From<&'a UserEnd> for EndInput<'a> {
    fn from(end: &'a UserEnd) -> Self {
        use crate::numbers::Number;
        EndInput {
            id: &end.client_user_id,
            wish: end.wish.map(Number::number),
            status: end.status.map(Number::number),
            drop_managed: end.drop_managed,
            drop_email: end.drop_email,
            healed: end.healed,
            in_vain: end.in_vain,
            not_before: end.not_before,
            keep: end.keep_error,
            number: end.error.as_ref().map(|error| error.number),
            message: end.error.as_ref().map(|error| error.message.as_str()),
        }
    }
}

#[derive(Serialize)]
pub struct SeenInput<'a> {
    id: &'a str,
    status: i64,
    code: Option<&'a str>,
}

/// Apple may list an id several times, as one that is active and others that are retired: the active one counts. Several
/// notifications may tell of one: whoever has joined was registered before.
pub fn seen(users: &[SeenUser]) -> Vec<SeenInput<'_>> {
    use crate::numbers::Number;
    let mut by_id: BTreeMap<&str, &SeenUser> = BTreeMap::new();
    for user in users {
        let kept = by_id.entry(&user.client_user_id).or_insert(user);
        if kept.status == UserStatus::Retired || user.status == UserStatus::Associated {
            *kept = user;
        }
    }
    by_id
        .into_iter()
        .map(|(id, user)| SeenInput {
            id,
            status: user.status.number(),
            code: user.invite_code.as_deref(),
        })
        .collect()
}

/// A new user; the address and the account are the person's.
#[derive(Serialize)]
pub struct NewUserInput<'a> {
    person: &'a str,
    id: &'a str,
    account: i64,
}

impl<'a> From<&'a NewUser> for NewUserInput<'a> {
    fn from(user: &'a NewUser) -> Self {
        NewUserInput {
            person: user.person.as_str(),
            id: &user.client_user_id,
            account: match user.account {
                AppleAccount::Invited => 0,
                AppleAccount::Managed => 1,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_active_one_of_several_with_one_id_counts() {
        let user = |status| SeenUser {
            client_user_id: "a".into(),
            status,
            invite_code: None,
        };
        for order in [
            [UserStatus::Retired, UserStatus::Registered],
            [UserStatus::Registered, UserStatus::Retired],
        ] {
            let users = order.map(user);
            let seen = seen(&users);
            assert_eq!(seen.len(), 1);
            assert_eq!(seen[0].status, 1);
        }
    }
}
