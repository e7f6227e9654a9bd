//! A moment: as long as nothing is written, and for a second at most, whatever is read is read once. What decides is the
//! database's own word that nothing changed, not a message that could be missed.

use crate::clock::SharedClock;
use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};
use store::{Db, revisions::Revision};
use tokio::sync::OnceCell;

/// Tells which moment it is. Cheap to clone.
#[derive(Clone)]
pub struct Moments(Arc<Watch>);

struct Watch {
    db: Db,
    clock: SharedClock,
    /// Looks at the database that have begun.
    looks: AtomicU64,
    /// The last look's number and what it saw; locked by whoever looks.
    seen: tokio::sync::Mutex<(u64, Option<Revision>)>,
    last: Mutex<Last>,
}

/// The moment that was told last, by which look.
#[derive(Default)]
struct Last {
    look: u64,
    moment: Option<Arc<Moment>>,
}

/// As long as no moment lasts.
const LONGER: Duration = Duration::from_secs(2);

/// What pages depend on: what is stored, and how long ago things were.
#[derive(Default)]
pub struct Moment {
    /// None of one that a single reader has for itself.
    revision: Option<Revision>,
    second: i64,
    places: Mutex<HashMap<TypeId, Places>>,
}

type Places = HashMap<Vec<u8>, Arc<dyn Any + Send + Sync>>;

impl Moments {
    pub fn new(db: Db, clock: SharedClock) -> Self {
        Self(Arc::new(Watch {
            db,
            clock,
            looks: AtomicU64::new(0),
            seen: tokio::sync::Mutex::default(),
            last: Mutex::default(),
        }))
    }

    /// What is read after this call is of this moment or later. None where the database cannot tell.
    pub async fn now(&self) -> Option<Arc<Moment>> {
        let (look, revision) = self.0.look().await;
        let revision = revision?;
        let second = self.0.clock.now().div_euclid(1_000);
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(moment) = &last.moment
            && moment.second == second
            && moment.revision.as_ref() == Some(&revision)
        {
            return Some(moment.clone());
        }
        let moment = Arc::new(Moment {
            revision: Some(revision),
            second,
            places: Mutex::default(),
        });
        // Whoever looked earlier and comes later has a moment alone.
        if look >= last.look {
            *last = Last {
                look,
                moment: Some(moment.clone()),
            };
            tokio::spawn(forget(Arc::downgrade(&self.0), Arc::downgrade(&moment)));
        }
        Some(moment)
    }
}

/// What nobody asks for any more is not kept in memory.
async fn forget(watch: Weak<Watch>, moment: Weak<Moment>) {
    tokio::time::sleep(LONGER).await;
    if let (Some(watch), Some(moment)) = (watch.upgrade(), moment.upgrade()) {
        let mut last = watch.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last
            .moment
            .as_ref()
            .is_some_and(|last| Arc::ptr_eq(last, &moment))
        {
            last.moment = None;
        }
    }
}

impl Watch {
    /// The look's number and what it saw. One look serves all who asked before it began.
    async fn look(&self) -> (u64, Option<Revision>) {
        let asked = self.looks.load(SeqCst);
        let mut seen = self.seen.lock().await;
        if seen.0 <= asked {
            let number = self.looks.fetch_add(1, SeqCst) + 1;
            let revision = self.db.revision().await.unwrap_or_else(|error| {
                tracing::debug!(%error, "whether anything was written is not known");
                None
            });
            *seen = (number, revision);
        }
        seen.clone()
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Moment({:?}, {})", self.revision, self.second)
    }
}

impl Moment {
    /// What [`Moment::place`] gave somebody.
    pub fn find<T: Send + Sync + 'static>(&self, what: &[u8]) -> Option<Arc<T>> {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.get(&TypeId::of::<T>())?.get(what)?.clone().downcast().ok()
    }

    /// One thing for all who ask for the same; none where there are `most` of its type already.
    pub fn place<T: Default + Send + Sync + 'static>(&self, what: &[u8], most: usize) -> Option<Arc<T>> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let places = places.entry(TypeId::of::<T>()).or_default();
        if let Some(place) = places.get(what) {
            return place.clone().downcast().ok();
        }
        if places.len() >= most {
            return None;
        }
        let place = Arc::new(T::default());
        places.insert(what.to_vec(), place.clone());
        Some(place)
    }
}

/// Of each kind of answer that is read once in a moment.
const MOST: usize = 256;

/// Reads it, unless that was done at this moment; `what` names it among those of the same type.
pub async fn once<T, E>(
    moment: Option<&Moment>,
    what: &[u8],
    read: impl Future<Output = Result<T, E>>,
) -> Result<T, E>
where
    T: Clone + Send + Sync + 'static,
{
    match moment.and_then(|moment| moment.place::<OnceCell<T>>(what, MOST)) {
        Some(place) => place.get_or_try_init(|| read).await.cloned(),
        None => read.await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{SetClock, SystemClock};
    use std::sync::atomic::AtomicUsize;

    async fn count(moment: Option<&Moment>, what: &str, reads: &AtomicUsize) -> Result<usize, usize> {
        let read = async { Ok(reads.fetch_add(1, SeqCst) + 1) };
        once(moment, what.as_bytes(), read).await
    }

    #[tokio::test]
    async fn what_is_asked_for_twice_is_read_once_until_something_is_written() {
        let folder = std::env::temp_dir().join(format!("pomona-moment-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("pomona.db");
        let db = store::open(file.to_str().unwrap()).await.unwrap();
        let (moments, reads) = (
            Moments::new(db.clone(), Arc::new(SetClock::default())),
            AtomicUsize::new(0),
        );
        for _ in 0..3 {
            let moment = moments.now().await;
            assert_eq!(count(moment.as_deref(), "a", &reads).await, Ok(1));
        }
        let before = moments.now().await;
        assert_eq!(count(before.as_deref(), "b", &reads).await, Ok(2));
        let failed: Result<usize, usize> = once(before.as_deref(), b"c", async { Err(7) }).await;
        assert_eq!(failed, Err(7));
        assert_eq!(
            count(before.as_deref(), "c", &reads).await,
            Ok(3),
            "no failure is kept"
        );

        db.set_setting("word", "plum").await.unwrap();
        let after = moments.now().await;
        assert_eq!(count(after.as_deref(), "a", &reads).await, Ok(4));
        // For whoever asked before.
        assert_eq!(count(before.as_deref(), "a", &reads).await, Ok(1));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[tokio::test]
    async fn where_it_is_not_known_what_was_written_each_reads_for_itself() {
        let db = store::open("sqlite::memory:").await.unwrap();
        assert!(Moments::new(db, Arc::new(SystemClock)).now().await.is_none());
        let reads = AtomicUsize::new(0);
        assert_eq!(count(None, "a", &reads).await, Ok(1));
        assert_eq!(count(None, "a", &reads).await, Ok(2));
    }
}
