//! Passwords: argon2id, away from the async threads and never many at once, and the throttle on guessing.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use contract::{Code, Fault};
use governor::{DefaultKeyedRateLimiter, Quota};
use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

/// Shorter ones are refused.
pub const SHORTEST: usize = 12;
/// Longer ones too: they cost time to hash.
pub const LONGEST: usize = 200;

/// Wrong tries in a row for one address or one account before it has to wait, and those it regains a minute.
const TRIES: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
/// How long it then waits.
const PAUSE: Duration = Duration::from_secs(60);

/// Hashes and checks; cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    /// Each hash takes 19 MiB and a core: at most two at a time.
    at_once: Arc<Semaphore>,
    failures: Arc<DefaultKeyedRateLimiter<String>>,
    /// Who has to wait, and until when.
    paused: Arc<Mutex<HashMap<String, Instant>>>,
    /// Checked when there is no such account, so that the answer takes as long.
    decoy: Arc<str>,
}

impl Passwords {
    pub fn new() -> Result<Self, Fault> {
        Ok(Self {
            at_once: Arc::new(Semaphore::new(2)),
            failures: Arc::new(DefaultKeyedRateLimiter::keyed(Quota::per_minute(TRIES))),
            paused: Arc::default(),
            decoy: hash_now("no account has this password")?.into(),
        })
    }

    /// Refuses what is too short, too long, or well known.
    pub fn check_quality(password: &str) -> Result<(), Code> {
        let length = password.chars().count();
        let distinct = password.chars().collect::<std::collections::HashSet<_>>().len();
        if length < SHORTEST {
            Err(Code::PasswordTooShort)
        } else if password.len() > LONGEST {
            Err(Code::TooLong)
        } else if distinct < 5
            || COMMON
                .iter()
                .any(|common| password.to_lowercase().contains(common))
        {
            Err(Code::PasswordTooCommon)
        } else {
            Ok(())
        }
    }

    /// Whether `key` (an address or an account) may try now.
    pub fn may_try(&self, key: &str) -> Result<(), Fault> {
        let paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        match paused.get(key) {
            Some(until) if Instant::now() < *until => Err(Code::SignInThrottled.into()),
            _ => Ok(()),
        }
    }

    /// `key` has tried in vain; too often, and it has to wait.
    pub fn failed(&self, key: &str) {
        if self.failures.check_key(&key.to_owned()).is_err() {
            let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
            paused.insert(key.to_owned(), Instant::now() + PAUSE);
        }
    }

    /// Forgets keys that have not tried for a while.
    pub fn tidy(&self) {
        self.failures.retain_recent();
        let now = Instant::now();
        self.paused
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, until| now < *until);
    }

    /// A PHC string.
    pub async fn hash(&self, password: &str) -> Result<String, Fault> {
        let _turn = self.turn().await?;
        let password = password.to_owned();
        away(move || hash_now(&password)).await?
    }

    /// Whether `password` is that of `hash`; takes as long without one. A wrong one counts for each of `keys`, and none is
    /// looked at while one of them has to wait.
    pub async fn verify(&self, keys: &[String], password: &str, hash: Option<&str>) -> Result<bool, Fault> {
        keys.iter().try_for_each(|key| self.may_try(key))?;
        let turn = self.turn().await?;
        // Those that came at the same moment and had their turn have counted meanwhile.
        keys.iter().try_for_each(|key| self.may_try(key))?;
        let known = hash.is_some();
        let (password, hash) = (password.to_owned(), hash.unwrap_or(&self.decoy).to_owned());
        let fits = away(move || {
            PasswordHash::new(&hash).is_ok_and(|hash| {
                Argon2::default()
                    .verify_password(password.as_bytes(), &hash)
                    .is_ok()
            })
        });
        // Not the other way round: nothing would be worked out for whoever is not known.
        let fits = fits.await? && known;
        if !fits {
            keys.iter().for_each(|key| self.failed(key));
        }
        drop(turn);
        Ok(fits)
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, Fault> {
        self.at_once.acquire().await.map_err(|_| Code::Internal.into())
    }
}

/// Away from the async threads.
async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Code::Internal.into())
}

fn hash_now(password: &str) -> Result<String, Fault> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|_| Code::Internal.into())
}

/// Parts that make a password easy to guess whatever stands around them.
const COMMON: &[&str] = &[
    "password",
    "passwort",
    "lösenord",
    "wachtwoord",
    "12345678",
    "qwertyui",
    "pomona",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_told_why() {
        assert_eq!(Passwords::check_quality("short"), Err(Code::PasswordTooShort));
        assert_eq!(
            Passwords::check_quality("aaaaaaaaaaaaaaaa"),
            Err(Code::PasswordTooCommon)
        );
        assert_eq!(
            Passwords::check_quality("My Password 2026!"),
            Err(Code::PasswordTooCommon)
        );
        assert_eq!(
            Passwords::check_quality(&"long and winding ".repeat(20)),
            Err(Code::TooLong)
        );
        assert_eq!(Passwords::check_quality("plum orchard at dusk"), Ok(()));
    }

    /// Nobody learns from the time that it takes which accounts there are.
    #[test]
    fn a_password_is_worked_out_for_whoever_is_not_known_as_well() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        runtime.block_on(async {
            let passwords = Passwords::new().unwrap();
            let (free, held) = std::sync::mpsc::channel::<()>();
            // The only thread for such work is busy.
            let busy = tokio::task::spawn_blocking(move || held.recv());
            let keys = ["account nobody".to_owned()];
            let mut check = std::pin::pin!(passwords.verify(&keys, "plum orchard at dusk", None));
            assert!(futures::poll!(&mut check).is_pending(), "it was refused at once");
            free.send(()).unwrap();
            busy.await.unwrap().unwrap();
            assert!(!check.await.unwrap());
        });
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("plum orchard at dusk").await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(
            passwords
                .verify(&[], "plum orchard at dusk", Some(&hash))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(&[], "plum orchard at dawn", Some(&hash))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(&[], "no account has this password", None)
                .await
                .unwrap()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn guessing_is_throttled_by_key_and_only_wrong_tries_count() {
        let passwords = Passwords::new().unwrap();
        for _ in 0..TRIES.get() {
            passwords.may_try("a").unwrap();
            passwords.failed("a");
        }
        passwords.may_try("a").unwrap();
        passwords.failed("a");
        assert_eq!(passwords.may_try("a").unwrap_err().code, Code::SignInThrottled);
        passwords.may_try("b").unwrap();
        tokio::time::advance(PAUSE).await;
        passwords.may_try("a").unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn guesses_at_the_same_moment_are_throttled_as_those_one_after_the_other() {
        let passwords = Passwords::new().unwrap();
        let keys = ["account a".to_owned(), "address b".to_owned()];
        let guesses = (0..60).map(|_| passwords.verify(&keys, "plum orchard at dawn", None));
        let (looked_at, refused): (Vec<_>, Vec<_>) = futures::future::join_all(guesses)
            .await
            .into_iter()
            .partition(Result::is_ok);
        // The one after the last allowed brings the pause, and the other of two at a time may be under way.
        assert!(looked_at.len() <= TRIES.get() as usize + 2, "{}", looked_at.len());
        assert!(
            refused
                .into_iter()
                .all(|refused| refused.unwrap_err().code == Code::SignInThrottled)
        );
    }
}
