//! A lock that counts how often it was taken to write: whoever keeps a copy sees whether the copy is out of date.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A value behind such a lock.
#[derive(Debug, Default)]
pub(crate) struct Counted<T> {
    lock: RwLock<T>,
    writes: AtomicU64,
}

impl<T> Counted<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            lock: RwLock::new(value),
            writes: AtomicU64::new(0),
        }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.lock.read()
    }

    /// Counts while the lock is held: a copy made after the count was read has what was written then.
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
        let guard = self.lock.write();
        self.writes.fetch_add(1, Ordering::Relaxed);
        guard
    }

    /// How often it was written.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }
}
