//! Licences of new assets on their way into storage: many at a time, and while the next are read.

use crate::clock::SharedClock;
use contract::{AssetId, Code, Fault, licenses::Holder};
use store::{Db, StoreError, locations::Fence};
use tokio_util::task::AbortOnDropHandle;

/// Licences that are written at once. A thousand at a time take five times as long, since each thousand touches as much
/// of the index by holder as this many do.
const AT_ONCE: usize = 40_000;

pub(super) struct Arrivals {
    db: Db,
    clock: SharedClock,
    fence: Fence,
    gathered: Vec<(AssetId, Holder)>,
    writing: Option<AbortOnDropHandle<Result<(), StoreError>>>,
}

impl Arrivals {
    pub(super) fn new(db: Db, clock: SharedClock, fence: Fence) -> Self {
        Self {
            db,
            clock,
            fence,
            gathered: Vec::new(),
            writing: None,
        }
    }

    /// Takes the licences of a page; waits where storage is slower than Apple.
    pub(super) async fn take(
        &mut self,
        licenses: impl IntoIterator<Item = (AssetId, Holder)>,
    ) -> Result<(), Fault> {
        self.gathered.extend(licenses);
        if self.gathered.len() >= AT_ONCE {
            self.write().await?;
        }
        Ok(())
    }

    /// Until all of them are stored.
    pub(super) async fn end(mut self) -> Result<(), Fault> {
        self.write().await?;
        self.written().await
    }

    async fn write(&mut self) -> Result<(), Fault> {
        self.written().await?;
        if self.gathered.is_empty() {
            return Ok(());
        }
        let found = std::mem::take(&mut self.gathered);
        let (db, fence, now) = (self.db.clone(), self.fence.clone(), self.clock.now());
        let writing = tokio::spawn(async move { db.insert_found_licenses(&fence, &found, now).await });
        self.writing = Some(AbortOnDropHandle::new(writing));
        Ok(())
    }

    async fn written(&mut self) -> Result<(), Fault> {
        match self.writing.take() {
            None => Ok(()),
            Some(writing) => match writing.await {
                Ok(written) => Ok(written?),
                Err(error) => {
                    tracing::error!(%error, "licences that were read could not be written");
                    Err(Code::Internal.into())
                }
            },
        }
    }
}
