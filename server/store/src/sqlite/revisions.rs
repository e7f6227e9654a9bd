use super::Sqlite;
use crate::{
    Result,
    revisions::{Revision, Revisions},
};
use async_trait::async_trait;
use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Mutex;

/// A connection that never writes: SQLite tells each what was committed by others.
pub struct Watch {
    options: SqliteConnectOptions,
    /// How many have asked.
    came: AtomicU64,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    connection: Option<SqliteConnection>,
    /// How many there were: each counts for itself.
    number: u64,
    /// The newest answer, and how many had asked before SQLite was: it is good for them all.
    answer: (u64, Option<Revision>),
}

impl Watch {
    pub fn new(options: SqliteConnectOptions) -> Self {
        Self {
            options,
            came: AtomicU64::new(0),
            open: Mutex::default(),
        }
    }

    async fn revision(&self) -> Result<Revision> {
        let place = self.came.fetch_add(1, Ordering::SeqCst) + 1;
        let mut open = self.open.lock().await;
        if let (served, Some(answer)) = &open.answer
            && *served >= place
        {
            return Ok(answer.clone());
        }
        let serves = self.came.load(Ordering::SeqCst);
        let mut connection = match open.connection.take() {
            Some(connection) => connection,
            None => {
                open.number += 1;
                self.options.connect().await?
            }
        };
        let version: i64 = sqlx::query_scalar("PRAGMA data_version")
            .fetch_one(&mut connection)
            .await?;
        // One that failed, or whose answer nobody waited for, is not asked again.
        open.connection = Some(connection);
        let answer = Revision(format!("{}.{version}", open.number));
        open.answer = (serves, Some(answer.clone()));
        Ok(answer)
    }
}

#[async_trait]
impl Revisions for Sqlite {
    async fn revision(&self) -> Result<Option<Revision>> {
        Ok(match &self.watch {
            Some(watch) => Some(watch.revision().await?),
            None => None,
        })
    }
}
