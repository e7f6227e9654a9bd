//! PostgreSQL: a pool of connections. What is a location's is only written by whoever holds the lock of its row, so that
//! the writers of one location follow one another; SQLite's single writer sees to the same.

mod accounts;
mod assignments;
mod audit;
mod batches;
mod catalog;
mod checkin;
mod checks;
mod corrections;
mod deletion;
mod devices;
mod drift;
mod errands;
mod everything;
mod fulfilment;
mod graces;
mod groups;
mod ledger;
mod licenses;
mod locations;
mod mails;
mod membership;
mod metadata;
mod moves;
mod new_operations;
mod notifications;
mod operations;
mod outcomes;
mod overview;
mod people;
mod plan_queue;
mod planning;
mod plans;
mod reclaim;
mod replicas;
mod revisions;
mod scim;
mod search;
mod sessions;
mod settings;
mod spared;
mod standing;
mod sync;
mod tokens;
mod users;
mod withdrawals;

use crate::{Result, Store, StoreError, audit::begun, locations::Fence, transaction::Transaction};
use contract::{AssetId, Code, LocationId, licenses::Holder};
use serde::Serialize;
use sqlx::{
    Executor, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgDatabaseError, PgPoolOptions},
};
use std::{io, time::Duration};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

const CONNECTIONS: u32 = 16;
/// For a connection, and for a lock, before [`StoreError::Busy`].
const WAIT: Duration = Duration::from_secs(10);

/// What sets of pairs are worked out in; each connection has its own, empty at the start of each transaction.
const SCRATCH: &str = "
    CREATE TEMP TABLE pairs (
        asset bigint NOT NULL, batch bigint, error_number bigint, kind smallint NOT NULL, state smallint,
        outcome smallint NOT NULL DEFAULT 0, turn bigint NOT NULL DEFAULT 0, holder text COLLATE \"C\" NOT NULL, error_message text,
        PRIMARY KEY (asset, holder, kind)
    ) ON COMMIT DELETE ROWS";

/// A database on a server.
pub struct Postgres {
    pool: PgPool,
}

impl Store for Postgres {}

/// Makes the tables, one process at a time, whatever its schema: how long it waits for another, or for a server that starts,
/// is not how long a query may.
async fn migrate(options: &PgConnectOptions) -> Result<()> {
    let waiting = options.clone().options([("lock_timeout", millis(WAIT))]);
    // A single connection would be refused by a server that starts; a pool tries again.
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(WAIT)
        .connect_with(waiting)
        .await?;
    MIGRATIONS.run(&pool).await?;
    pool.execute(sqlx::raw_sql(include_str!("postgres/search_inside.sql")))
        .await?;
    pool.close().await;
    Ok(())
}

/// As PostgreSQL's settings are written.
fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

/// What a commit outlives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Commit {
    /// A crash of the server: for what nobody could find out again.
    Durable,
    /// A crash of Pomona; a crash of the server may undo it, but never half of it. For what a sync reads again.
    Fast,
}

type Write = Transaction<sqlx::Postgres>;

impl Postgres {
    /// `postgres://user:password@host:port/database`
    pub async fn open(url: &str) -> Result<Self> {
        Self::open_within(url, WAIT).await
    }

    pub async fn open_within(url: &str, wait: Duration) -> Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        let options = options.application_name("pomona");
        migrate(&options).await?;
        // The fitting plan differs from one value to the next: few licences of a serial number, many of an app.
        let options = options.options([
            ("lock_timeout", millis(wait).as_str()),
            ("plan_cache_mode", "force_custom_plan"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(wait)
            .after_connect(|connection, _| {
                Box::pin(async move { connection.execute(sqlx::raw_sql(SCRATCH)).await.map(|_| ()) })
            })
            .connect_with(options)
            .await?;
        devices::fill_user_keys(&pool).await?;
        people::fill_name_keys(&pool).await?;
        Ok(Self { pool })
    }

    /// Begins to write; nothing is there unless it is committed.
    async fn write(&self, commit: Commit) -> Result<Write> {
        let with_line = begun();
        let begin = match commit {
            Commit::Fast if !with_line => {
                "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit = off"
            }
            // What is written down is to last.
            Commit::Durable | Commit::Fast => "BEGIN ISOLATION LEVEL READ COMMITTED",
        };
        Ok(self.pool.begin_with(begin).await?.into())
    }

    /// Begins to write for a worker: [`StoreError::Fenced`] if it lost the lease. Nobody can take the lease before the
    /// commit, since the location is locked until then.
    async fn write_fenced(&self, fence: &Fence, commit: Commit) -> Result<Write> {
        let mut tx = self.write(commit).await?;
        lock_fenced(&mut tx, fence).await?;
        Ok(tx)
    }

    /// Begins to write people, devices or groups: one at a time, since each can change who is in which group. Readers do
    /// not wait.
    async fn write_members(&self) -> Result<Write> {
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query("LOCK TABLE group_members IN SHARE ROW EXCLUSIVE MODE")
            .execute(&mut *tx)
            .await?;
        Ok(tx)
    }

    /// Several queries that see the same moment.
    async fn read(&self) -> Result<Write> {
        Ok(self
            .pool
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .await?
            .into())
    }
}

/// What PostgreSQL's refusal means, if it is one that callers tell apart.
pub fn classify(error: &PgDatabaseError) -> Option<StoreError> {
    const SERIALIZATION_FAILURE: &str = "40001";
    const DEADLOCK_DETECTED: &str = "40P01";
    const LOCK_NOT_AVAILABLE: &str = "55P03";
    const TOO_MANY_CONNECTIONS: &str = "53300";
    const DISK_FULL: &str = "53100";
    const UNIQUE_VIOLATION: &str = "23505";
    const CHARACTER_NOT_IN_REPERTOIRE: &str = "22021";
    match error.code() {
        SERIALIZATION_FAILURE | DEADLOCK_DETECTED | LOCK_NOT_AVAILABLE | TOO_MANY_CONNECTIONS => {
            Some(StoreError::Busy)
        }
        DISK_FULL => Some(StoreError::Full),
        UNIQUE_VIOLATION => taken(error.constraint()?),
        // An id with a NUL in it: what is stored has none.
        CHARACTER_NOT_IN_REPERTOIRE => Some(StoreError::NotFound),
        _ => None,
    }
}

fn taken(constraint: &str) -> Option<StoreError> {
    let code = match constraint {
        "accounts_email" => Code::EmailTaken,
        "devices_serial" => Code::SerialTaken,
        "groups_sort_name_key" => Code::NameTaken,
        "people_user_name_key_key" => Code::UserNameTaken,
        "tokens_hash" => Code::TokenAlreadyHere,
        "tokens_name" => Code::NameTaken,
        _ => return None,
    };
    Some(StoreError::Taken(code))
}

/// [`StoreError::Fenced`] if the worker lost the lease; else the location is locked. Whoever locks others, too, locks all of
/// them before, with [`lock_locations`].
async fn lock_fenced(tx: &mut Write, fence: &Fence) -> Result<()> {
    let held = sqlx::query(
        "SELECT FROM locations WHERE id = $1 AND lease_owner = $2 AND epoch = $3 FOR NO KEY UPDATE",
    )
    .bind(fence.location.as_str())
    .bind(&fence.owner)
    .bind(fence.epoch)
    .fetch_optional(&mut **tx)
    .await?;
    held.map(drop).ok_or(StoreError::Fenced)
}

/// Waits until nobody else writes what is these locations'. In order, so that two cannot wait for each other.
async fn lock_locations(tx: &mut Write, locations: &[&str]) -> Result<()> {
    sqlx::query("SELECT FROM locations WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE")
        .bind(locations)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Pairs as the three arrays that `unnest` puts together again.
struct Pairs<'a> {
    assets: Vec<i64>,
    holders: Vec<&'a str>,
    kinds: Vec<i64>,
}

impl<'a> Pairs<'a> {
    fn of(pairs: impl IntoIterator<Item = (AssetId, &'a Holder)>) -> Self {
        let mut all = Pairs {
            assets: Vec::new(),
            holders: Vec::new(),
            kinds: Vec::new(),
        };
        for (asset, holder) in pairs {
            all.assets.push(asset.0);
            all.holders.push(holder.id());
            all.kinds.push(crate::numbers::kind(holder));
        }
        all
    }
}

/// JSON that PostgreSQL can hold as `jsonb` and take apart into texts: without the sign that no text may have.
fn json(value: &(impl Serialize + ?Sized)) -> Result<String> {
    struct Storable;

    impl serde_json::ser::Formatter for Storable {
        fn write_char_escape<W: io::Write + ?Sized>(
            &mut self,
            writer: &mut W,
            escape: serde_json::ser::CharEscape,
        ) -> io::Result<()> {
            match escape {
                serde_json::ser::CharEscape::AsciiControl(0) => Ok(()),
                other => serde_json::ser::CompactFormatter.write_char_escape(writer, other),
            }
        }
    }

    let mut json = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut json, Storable))?;
    String::from_utf8(json).map_err(StoreError::broken)
}

/// The sums of a location's shown assets, which lists of tokens show.
async fn recount(tx: &mut Write, location: &LocationId) -> Result<()> {
    sqlx::query(
        "UPDATE locations SET (apps, books, used, total, waiting, listed) = (
             SELECT count(*) FILTER (WHERE product = 0), count(*) FILTER (WHERE product = 1),
                 coalesce(sum(assigned), 0), coalesce(sum(total), 0), coalesce(sum(waiting), 0),
                 coalesce(sum(listed), 0)
             FROM assets WHERE location = $1 AND stage = 1)
         WHERE id = $1",
    )
    .bind(location.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
