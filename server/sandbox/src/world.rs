//! The state of the stand-in: organisations, locations, tokens, catalogue (apple-api.md §1.14).

mod asset;
mod counted;
mod holders;
mod journal;
mod licenses;
mod location;
mod query;
mod registration;
mod token;
mod user;
mod version;

pub use asset::AssetKey;
pub(crate) use asset::{Asset, AssetId, MOST_BOUGHT, Supply};
pub(crate) use counted::Counted;
pub(crate) use holders::Holder;
pub(crate) use journal::Journal;
pub(crate) use licenses::{ALREADY_ASSOCIATED, NOT_ASSOCIATED, NOT_ENOUGH};
pub use location::OrganisationKind;
pub(crate) use location::{Location, LocationState, NotificationSettings, Writes};
pub(crate) use query::{AssignmentFilter, UserFilter, page_of};
pub(crate) use registration::UNKNOWN_USER;
pub use token::TokenRole;
use token::Tokens;
pub(crate) use token::{Token, apple_date};
pub(crate) use user::{User, UserId, id_hash};
pub(crate) use version::DataSet;

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::catalogue::Catalogue;
use crate::clock::Clock;
use crate::faults::FaultTable;
use crate::log::RequestLog;
use crate::random::Dice;

/// How long a token is good for: a year (apple-api.md §3).
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Everything there is, shared by all requests and tasks.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) dice: Dice,
    pub(crate) faults: FaultTable,
    pub(crate) catalogue: Counted<Catalogue>,
    pub(crate) log: RequestLog,
    /// Sends notifications.
    pub(crate) outbox: reqwest::Client,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    pub(crate) locations: Counted<IndexMap<String, Arc<Location>>>,
    tokens: Counted<Tokens>,
    /// How long a body may take to arrive.
    pub(crate) body_patience: Duration,
    /// Held while the world is written to a file.
    pub(crate) saving: Mutex<()>,
}

impl World {
    /// An empty world.
    pub(crate) fn new(
        clock: Clock,
        dice: Dice,
        faults: FaultTable,
        log: RequestLog,
        outbox: reqwest::Client,
        body_patience: Duration,
    ) -> Self {
        Self {
            clock,
            dice,
            faults,
            catalogue: Counted::default(),
            log,
            outbox,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            locations: Counted::default(),
            tokens: Counted::default(),
            body_patience,
            saving: Mutex::default(),
        }
    }

    /// The location with this `uId`.
    pub(crate) fn location(&self, uid: &str) -> Option<Arc<Location>> {
        self.locations.read().get(uid).map(Arc::clone)
    }

    /// All locations, in the order of their creation.
    pub(crate) fn all_locations(&self) -> Vec<Arc<Location>> {
        self.locations.read().values().map(Arc::clone).collect()
    }

    /// Adds a location; false if its `uId` is taken.
    pub(crate) fn add_location(&self, location: Location) -> bool {
        self.add_locations(vec![location])
    }

    /// Adds locations; false, and none is added, if the `uId` of one is taken.
    pub(crate) fn add_locations(&self, added: Vec<Location>) -> bool {
        let mut locations = self.locations.write();
        if added.iter().any(|location| locations.contains_key(&location.uid)) {
            return false;
        }
        let named = |location: Location| (location.uid.clone(), Arc::new(location));
        locations.extend(added.into_iter().map(named));
        true
    }

    /// The token with this text or the same in other writing.
    pub(crate) fn token(&self, text: &str) -> Option<Arc<Token>> {
        self.tokens.read().find(text).map(Arc::clone)
    }

    /// All tokens.
    pub(crate) fn all_tokens(&self) -> Vec<Arc<Token>> {
        self.tokens.read().iter().map(Arc::clone).collect()
    }

    /// Adds a token; false if there is one with the same text.
    pub(crate) fn add_token(&self, token: Arc<Token>) -> bool {
        self.tokens.write().add(token)
    }

    /// Changes such a token; false if there is none.
    pub(crate) fn change_token(&self, text: &str, change: impl FnOnce(&Token)) -> bool {
        self.tokens
            .write()
            .find(text)
            .map(|token| change(token))
            .is_some()
    }

    /// How often anything was written that a saved world has: another number, another world.
    pub(crate) fn writes(&self) -> u64 {
        let locations = self.locations.read();
        let within: u64 = locations.values().map(|location| location.state.writes()).sum();
        within + self.locations.writes() + self.tokens.writes() + self.catalogue.writes()
    }

    /// All tokens of a location.
    pub(crate) fn tokens_of(&self, uid: &str) -> Vec<Arc<Token>> {
        self.tokens
            .read()
            .iter()
            .filter(|token| token.uid == uid)
            .map(Arc::clone)
            .collect()
    }

    /// Hands out a token that is good for a year, or until the given time.
    pub(crate) fn issue_token(
        &self,
        location: &Location,
        expires: Option<Timestamp>,
        role: TokenRole,
    ) -> Arc<Token> {
        let expires = expires.unwrap_or_else(|| self.clock.now() + TOKEN_LIFE);
        let secret = self.dice.bytes::<48>();
        let token = Arc::new(Token::new(
            &location.uid,
            &location.organisation,
            &secret,
            expires,
            role,
        ));
        if self.faults.of(&location.uid).faults.newer_token_revokes_older {
            self.tokens_of(&location.uid)
                .iter()
                .for_each(|older| older.revoke());
        }
        self.add_token(Arc::clone(&token));
        token
    }
}
