//! SQLite: one connection writes, a few read. In write-ahead mode a reader sees the last commit and never waits.

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
mod pieces;
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
use contract::licenses::Holder;
use serde::Serialize;
use sqlx::{
    Connection, Executor, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteError, SqliteJournalMode, SqlitePoolOptions},
};
use std::{collections::BTreeMap, time::Duration};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Pages of 4 KiB between two checkpoints: a large sync rewrites the same pages of an index again and again, and a
/// million licences take a third less time than with 4,000.
const CHECKPOINT: &str = "16000";
/// KiB of pages that the writer and each reader keep, negative as SQLite wants it.
const WRITER_CACHE: &str = "-12288";
const READER_CACHE: &str = "-2048";
const READERS: u32 = 4;
/// How long our own tasks wait for one another.
const QUEUE: Duration = Duration::from_secs(30);

/// What sets of pairs are worked out in, on the writer's connection.
const SCRATCH: &str = "
    CREATE TEMP TABLE pairs (
        asset INTEGER NOT NULL, holder TEXT NOT NULL, kind INTEGER NOT NULL, batch INTEGER, state INTEGER,
        outcome INTEGER NOT NULL DEFAULT 0, turn INTEGER NOT NULL DEFAULT 0, error_number INTEGER, error_message TEXT,
        PRIMARY KEY (asset, holder, kind)
    ) STRICT, WITHOUT ROWID;
    CREATE TEMP TABLE found (
        holder TEXT NOT NULL, kind INTEGER NOT NULL, PRIMARY KEY (holder, kind)
    ) STRICT, WITHOUT ROWID;";

/// A database in a file.
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    /// None in memory, where there is one connection.
    watch: Option<revisions::Watch>,
}

impl Store for Sqlite {}

/// How far a database may go.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long to wait for another process's lock before [`StoreError::Busy`].
    pub wait: Duration,
    /// Of 4 KiB; beyond is [`StoreError::Full`].
    pub pages: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(10),
            pages: None,
        }
    }
}

/// What a commit outlives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Commit {
    /// A loss of power: for what nobody could find out again.
    Durable,
    /// A crash of Pomona; a loss of power may undo it, but never half of it. For what a sync reads again.
    Fast,
}

type Write = Transaction<sqlx::Sqlite>;

impl Sqlite {
    /// `sqlite:<path>`, a plain path, or `sqlite::memory:`.
    pub async fn open(url: &str) -> Result<Self> {
        Self::open_within(url, Limits::default()).await
    }

    pub async fn open_within(url: &str, limits: Limits) -> Result<Self> {
        let path = url.strip_prefix("sqlite:").unwrap_or(url);
        let path = path.strip_prefix("//").unwrap_or(path);
        let in_memory = path == ":memory:";
        let options = SqliteConnectOptions::new()
            .in_memory(in_memory)
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(limits.wait)
            .pragma("temp_store", "MEMORY")
            .optimize_on_close(false, None);
        let writing = options
            .clone()
            .pragma("cache_size", WRITER_CACHE)
            .pragma("wal_autocheckpoint", CHECKPOINT)
            .pragma("journal_size_limit", "67108864");
        let pool = SqlitePoolOptions::new()
            .acquire_timeout(QUEUE)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None);
        let writer = pool
            .clone()
            .max_connections(1)
            .before_acquire(|connection, _| {
                Box::pin(async move {
                    // A full disk can make SQLite roll back by itself, after which sqlx's own rollback fails and it
                    // believes to be in a transaction for ever: such a connection is given up.
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            })
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if let Some(pages) = limits.pages {
                        let limit = format!("PRAGMA max_page_count = {pages}");
                        connection
                            .execute(sqlx::raw_sql(sqlx::AssertSqlSafe(limit)))
                            .await?;
                    }
                    connection.execute(sqlx::raw_sql(SCRATCH)).await.map(|_| ())
                })
            })
            .connect_with(writing)
            .await?;
        MIGRATIONS.run(&writer).await?;
        devices::fill_user_keys(&writer).await?;
        people::fill_name_keys(&writer).await?;
        let (readers, watch) = if in_memory {
            (writer.clone(), None)
        } else {
            let watching = options.clone().pragma("query_only", "ON");
            let reading = watching
                .clone()
                .pragma("cache_size", READER_CACHE)
                .row_buffer_size(500);
            let readers = pool.max_connections(READERS).connect_lazy_with(reading);
            (readers, Some(revisions::Watch::new(watching)))
        };
        Ok(Self {
            writer,
            readers,
            watch,
        })
    }

    /// Begins to write; nothing is there unless it is committed.
    async fn write(&self, commit: Commit) -> Result<Write> {
        let with_line = begun();
        let begin = match commit {
            Commit::Fast if !with_line => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
            // What is written down is to last.
            Commit::Durable | Commit::Fast => "PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
        };
        Ok(self.writer.begin_with(begin).await?.into())
    }

    /// Begins to write for a worker: [`StoreError::Fenced`] if it lost the lease. Since there is one writer, nobody can
    /// take the lease before the commit.
    async fn write_fenced(&self, fence: &Fence, commit: Commit) -> Result<Write> {
        let mut tx = self.write(commit).await?;
        let held: Option<(i64,)> =
            sqlx::query_as("SELECT 1 FROM locations WHERE id = ? AND lease_owner = ? AND epoch = ?")
                .bind(fence.location.as_str())
                .bind(&fence.owner)
                .bind(fence.epoch)
                .fetch_optional(&mut *tx)
                .await?;
        held.map(|_| tx).ok_or(StoreError::Fenced)
    }

    /// Several queries that see the same moment.
    async fn read(&self) -> Result<Write> {
        Ok(self.readers.begin().await?.into())
    }
}

/// What SQLite's refusal means, if it is one that callers tell apart.
pub fn classify(error: &SqliteError) -> Option<StoreError> {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    const FULL: i32 = 13;
    // What a full disk looks like when the write-ahead log or its index grows: IOERR_WRITE, IOERR_FSYNC, IOERR_TRUNCATE,
    // IOERR_SHMSIZE.
    const NO_ROOM: [i32; 4] = [778, 1034, 1546, 4874];
    let code: i32 = sqlx::error::DatabaseError::code(error)?.parse().ok()?;
    match code & 0xff {
        BUSY | LOCKED => Some(StoreError::Busy),
        FULL => Some(StoreError::Full),
        _ if NO_ROOM.contains(&code) => Some(StoreError::Full),
        _ => None,
    }
}

/// Input of `json_each`.
fn json(value: &(impl Serialize + ?Sized)) -> Result<String> {
    Ok(serde_json::to_string(value)?)
}

/// Pairs by asset and kind, so that each group is one statement with a flat array.
fn groups<'a>(pairs: impl IntoIterator<Item = (i64, &'a Holder)>) -> BTreeMap<(i64, i64), Vec<&'a str>> {
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (asset, holder) in pairs {
        groups
            .entry((asset, crate::numbers::kind(holder)))
            .or_default()
            .push(holder.id());
    }
    groups
}

/// The sums of a location's shown assets, which lists of tokens show.
async fn recount(tx: &mut Write, location: &contract::LocationId) -> Result<()> {
    sqlx::query(
        "UPDATE locations SET (apps, books, used, total, waiting, listed) = (
             SELECT count(*) FILTER (WHERE product = 0), count(*) FILTER (WHERE product = 1),
                 ifnull(sum(assigned), 0), ifnull(sum(total), 0), ifnull(sum(waiting), 0), ifnull(sum(listed), 0)
             FROM assets WHERE location = ?1 AND stage = 1)
         WHERE id = ?1",
    )
    .bind(location.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
