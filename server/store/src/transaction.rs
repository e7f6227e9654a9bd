//! A transaction that writes down who led to it as it is committed (Z3).

use crate::{
    Result,
    audit::{AuditLine, due},
};
use sqlx::Database;
use std::ops::{Deref, DerefMut};

/// A database that keeps the audit's lines.
pub trait Keeps: Database {
    async fn append(connection: &mut Self::Connection, line: &AuditLine) -> Result<()>;
}

/// Nothing is there unless it is committed.
pub struct Transaction<DB: Database>(sqlx::Transaction<'static, DB>);

impl<DB: Keeps> Transaction<DB> {
    /// With the line that is due.
    pub async fn commit(mut self) -> Result<()> {
        if let Some(line) = due() {
            DB::append(&mut self, &line).await?;
        }
        Ok(self.0.commit().await?)
    }
}

impl<DB: Database> From<sqlx::Transaction<'static, DB>> for Transaction<DB> {
    fn from(transaction: sqlx::Transaction<'static, DB>) -> Self {
        Self(transaction)
    }
}

impl<DB: Database> Deref for Transaction<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        &self.0
    }
}

impl<DB: Database> DerefMut for Transaction<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        &mut self.0
    }
}
