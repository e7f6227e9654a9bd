use super::Sqlite;
use crate::{
    Result,
    revisions::{Revision, Revisions},
};
use async_trait::async_trait;
use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::Mutex;

/// A connection that never writes: SQLite tells each what was committed by others.
pub struct Watch {
    options: SqliteConnectOptions,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    connection: Option<SqliteConnection>,
    /// How many there were: each counts for itself.
    number: u64,
}

impl Watch {
    pub fn new(options: SqliteConnectOptions) -> Self {
        Self {
            options,
            open: Mutex::default(),
        }
    }

    async fn revision(&self) -> Result<Revision> {
        let mut open = self.open.lock().await;
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
        Ok(Revision(format!("{}.{version}", open.number)))
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
