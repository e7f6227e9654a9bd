//! What can go wrong with storage, and the [`Fault`] a person is told.

use contract::{Code, Fault};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk or the database's quota is full. Nothing of the transaction was written.
    #[error("the storage is full")]
    Full,
    /// Locked by somebody else for longer than we wait. Nothing was written.
    #[error("the storage is busy")]
    Busy,
    /// The lease was lost to another worker: nothing was written.
    #[error("the lease of this location was lost")]
    Fenced,
    #[error("there is no such row")]
    NotFound,
    /// The page cursor is not one of ours.
    #[error("the page cursor is malformed")]
    Cursor,
    /// A uniqueness rule; the code says which.
    #[error("already there: {}", .0.as_str())]
    Taken(Code),
    /// Another rule; the code says which.
    #[error("refused: {}", .0.as_str())]
    Refused(Code),
    #[error("the storage failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Full => Code::StorageFull,
            StoreError::Busy => Code::StorageBusy,
            StoreError::NotFound => Code::NotFound,
            StoreError::Cursor => Code::CursorInvalid,
            StoreError::Taken(code) | StoreError::Refused(code) => *code,
            StoreError::Fenced | StoreError::Failed(_) => Code::StorageFailed,
        };
        if matches!(error, StoreError::Failed(_)) {
            tracing::error!(error = &error as &dyn std::error::Error, "storage failed");
        }
        Fault::new(code)
    }
}

impl StoreError {
    /// Something stored that cannot be.
    pub(crate) fn broken(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        StoreError::Failed(what.into())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::RowNotFound => return StoreError::NotFound,
            sqlx::Error::PoolTimedOut => return StoreError::Busy,
            sqlx::Error::Database(refused) => {
                let known = refused
                    .try_downcast_ref()
                    .and_then(crate::sqlite::classify)
                    .or_else(|| refused.try_downcast_ref().and_then(crate::postgres::classify));
                if let Some(known) = known {
                    return known;
                }
            }
            _ => {}
        }
        StoreError::Failed(Box::new(error))
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(error) => error.into(),
            error => StoreError::Failed(Box::new(error)),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        StoreError::Failed(Box::new(error))
    }
}
