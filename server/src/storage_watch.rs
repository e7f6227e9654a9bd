//! Whether what is to be written down can be: the disk may be full, or the database gone. Whatever is due stays due and is
//! tried again every few seconds; here that becomes one line in the log, one an hour while it lasts, one when it is over,
//! and a warning on the first page.

use crate::clock::SharedClock;
use contract::{Code, Fault, UnixMillis, overview::StorageTrouble};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};
use store::{Db, StoreError};

/// It is over when nothing has failed for so long: a small write may find room where a large one does not.
const QUIET: UnixMillis = 60_000;
const SAID_AGAIN: UnixMillis = 60 * 60 * 1000;
/// What is written to find out, by its name among the settings.
const TRIAL: &str = "storage_trial";

/// Shared by all that writes without anybody waiting for it. Cheap to clone.
#[derive(Clone)]
pub struct StorageWatch {
    clock: SharedClock,
    trouble: Arc<Mutex<Option<Trouble>>>,
}

struct Trouble {
    since: UnixMillis,
    code: Code,
    /// When the last write failed, when that was last said, and how often it was not.
    last: UnixMillis,
    said_at: UnixMillis,
    unsaid: u64,
}

/// What is said of a failed write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    First,
    /// So many were not said since.
    Still(u64),
    None,
}

impl StorageWatch {
    pub fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            trouble: Arc::default(),
        }
    }

    /// Since when nothing can be written, and why.
    pub fn trouble(&self) -> Option<StorageTrouble> {
        self.lock(|trouble| {
            trouble.as_ref().map(|trouble| StorageTrouble {
                since: trouble.since,
                fault: Fault::new(trouble.code),
            })
        })
    }

    /// `what` is the consequence: a sentence without its end.
    pub fn failed(&self, what: &str, error: &StoreError) {
        match error {
            StoreError::Full => self.say(Code::StorageFull, what, error),
            StoreError::Busy => self.say(Code::StorageBusy, what, error),
            StoreError::Failed(why) => self.say(Code::StorageFailed, what, why),
            other => tracing::warn!(error = %other, "{what}"),
        }
    }

    /// The same where the error is a person's fault already. Of [`Code::StorageFailed`] a lost lease may be the reason, so
    /// that a write decides.
    pub async fn failed_with(&self, what: &str, fault: &Fault, db: &Db) {
        match fault.code {
            Code::StorageFull | Code::StorageBusy => self.say(fault.code, what, fault),
            Code::StorageFailed => match self.try_to_write(db).await {
                Err(error) => self.failed(what, &error),
                Ok(()) => tracing::warn!(%fault, "{what}"),
            },
            _ => tracing::warn!(%fault, "{what}"),
        }
    }

    /// Finds out whether it is over, once nothing has failed for a while.
    pub async fn look(&self, db: &Db) {
        let now = self.clock.now();
        let quiet = |trouble: &Option<Trouble>| {
            trouble
                .as_ref()
                .is_some_and(|trouble| now - trouble.last >= QUIET)
        };
        if !self.lock(|trouble| quiet(trouble)) {
            return;
        }
        match self.try_to_write(db).await {
            Err(error) => self.failed("storage still cannot be written", &error),
            Ok(()) => {
                if let Some(over) = self.lock(|trouble| trouble.take()) {
                    let lasted = (now - over.since) / 1000;
                    tracing::warn!(
                        seconds = lasted,
                        "storage can be written again; everything goes on"
                    );
                }
            }
        }
    }

    async fn try_to_write(&self, db: &Db) -> Result<(), StoreError> {
        db.set_setting(TRIAL, &self.clock.now().to_string()).await
    }

    fn say(&self, code: Code, what: &str, error: &dyn fmt::Display) {
        match self.note(code) {
            Word::First => tracing::error!(
                %error,
                "{what}: storage cannot be written. It is tried again until it can be, and not logged each time"
            ),
            Word::Still(times) => {
                tracing::error!(%error, times, "{what}: storage still cannot be written");
            }
            Word::None => {}
        }
    }

    fn note(&self, code: Code) -> Word {
        let now = self.clock.now();
        self.lock(|trouble| {
            let Some(trouble) = trouble else {
                *trouble = Some(Trouble {
                    since: now,
                    code,
                    last: now,
                    said_at: now,
                    unsaid: 0,
                });
                return Word::First;
            };
            // A full disk shows as this or that; the clearest word stays.
            if code == Code::StorageFull {
                trouble.code = code;
            }
            trouble.last = now;
            trouble.unsaid += 1;
            if now - trouble.said_at < SAID_AGAIN {
                return Word::None;
            }
            trouble.said_at = now;
            Word::Still(std::mem::take(&mut trouble.unsaid))
        })
    }

    fn lock<T>(&self, with: impl FnOnce(&mut Option<Trouble>) -> T) -> T {
        with(&mut self.trouble.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SetClock;
    use std::sync::atomic::Ordering;

    #[test]
    fn a_full_disk_is_said_once_and_then_once_an_hour() {
        let clock = Arc::new(SetClock::default());
        let watch = StorageWatch::new(clock.clone());
        assert_eq!(watch.trouble(), None);
        assert_eq!(watch.note(Code::StorageBusy), Word::First);
        for _ in 0..5_000 {
            assert_eq!(watch.note(Code::StorageFull), Word::None);
        }
        clock.0.store(SAID_AGAIN, Ordering::SeqCst);
        assert_eq!(watch.note(Code::StorageFailed), Word::Still(5_001));
        assert_eq!(watch.note(Code::StorageFull), Word::None);
        let trouble = watch.trouble().unwrap();
        assert_eq!((trouble.since, trouble.fault.code), (0, Code::StorageFull));
    }

    #[tokio::test]
    async fn it_is_over_when_nothing_failed_for_a_minute_and_a_write_succeeds() {
        let clock = Arc::new(SetClock::default());
        let watch = StorageWatch::new(clock.clone());
        let db = store::open("sqlite::memory:").await.unwrap();
        watch.failed("a sync failed", &StoreError::Full);
        watch.look(&db).await;
        assert!(watch.trouble().is_some());
        clock.0.store(QUIET, Ordering::SeqCst);
        watch.look(&db).await;
        assert_eq!(watch.trouble(), None);
        assert_eq!(watch.note(Code::StorageFull), Word::First);
    }

    #[tokio::test]
    async fn a_lost_lease_is_no_trouble_of_storage() {
        let watch = StorageWatch::new(Arc::new(SetClock::default()));
        let db = store::open("sqlite::memory:").await.unwrap();
        watch.failed("a lease was lost", &StoreError::Fenced);
        let fenced = Fault::from(StoreError::Fenced);
        watch
            .failed_with("a location could not be attended to", &fenced, &db)
            .await;
        assert_eq!(watch.trouble(), None);
        watch
            .failed_with(
                "a location could not be attended to",
                &Code::StorageFull.into(),
                &db,
            )
            .await;
        assert!(watch.trouble().is_some());
    }
}
