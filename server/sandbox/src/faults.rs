//! What the sandbox does differently from a well-behaved Apple, and the choices where Apple's behaviour is not known.
//! Every switch can be set while it runs, for all locations or for one.

mod active;
mod limits;

pub(crate) use active::{ActiveFaults, FaultTable, Misfortune};
pub use limits::Limits;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::wire::MdmInfo;

/// All switches. The default is an Apple without faults, as fast as it can be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Records on a page of assets, assignments and users.
    pub page_size: usize,
    /// Wait before every answer, in milliseconds.
    pub latency_ms: u64,
    /// Time between accepting an event and processing it, in milliseconds; a change holds for events under way, too.
    pub event_latency_ms: u64,
    /// HTTP status of 9621, 9622 and 9625: documented is 401, seen is also 200.
    pub token_error_status: u16,
    /// Change the data after each page that is not the last.
    pub page_write: PageWrite,
    /// How often `page_write` happens before it stops; without it, always.
    pub page_write_times: Option<u32>,
    /// So many next requests answer 9646 with 429.
    pub too_many_requests_burst: u32,
    /// Requests per second and location that are answered; above it 9646. Off if absent, whatever is announced.
    pub pace_limit: Option<u32>,
    /// `maxRequestPerSecond` in service/config; if absent, `pace_limit`; if that is absent too, Apple's 15. 0 leaves it
    /// out, as Apple did until 2026.
    pub announced_pace: Option<u32>,
    /// Faults by chance.
    pub random: RandomFaults,
    /// Every request with a good token is refused with this error, such as 9634.
    pub request_error: Option<i32>,
    /// The burst, `random` and `request_error` strike service/config, too. As it needs no token, only those for all
    /// locations can.
    pub faults_at_service_config: bool,
    /// They strike contentMetadataLookup, too: those of the location whose token comes with it, else those for all.
    pub faults_at_metadata_lookup: bool,
    /// Asking for one of these assets alone, by its `adamId`, is refused with this error; the store, which knows no numbers,
    /// answers 500.
    pub asset_errors: BTreeMap<String, i32>,
    /// A list leaves out these, by their `adamId`, and tells so nowhere; asked for alone they are there.
    pub unlisted_assets: BTreeSet<String>,
    /// Every task of an event about one of these assets, by its `adamId`, fails with this error.
    pub asset_event_errors: BTreeMap<String, i32>,
    /// Every task of an event fails with this error, such as 9603 or 9644.
    pub event_error: Option<i32>,
    /// Managed Apple Accounts of another domain fail with 9635.
    pub managed_domain: Option<String>,
    /// Another MDM overwrites `mdmInfo` during operation.
    pub foreign_claim: Option<ForeignClaim>,
    /// Share of notifications that never arrive.
    pub lost_notifications: f64,
    /// Share of notifications that arrive twice.
    pub doubled_notifications: f64,
    /// Attempts for a notification that is not answered with 2xx.
    pub notification_attempts: u32,
    /// Time between these attempts, in milliseconds. Apple's take 1 to 5 minutes.
    pub notification_retry_ms: u64,
    /// Whether 9609 answers the request or ends the event.
    pub unknown_user: Timing,
    /// Whether an asset that the location does not own answers the request (9602) or ends the event (9709 where it is
    /// associated, else 9602).
    pub unowned_asset: Timing,
    /// What associating an associated pair does.
    pub repeated: Repeated,
    /// Whether GET users heeds `managedAppleId`, which Apple does not document and clients send all the same.
    pub managed_account_filter: bool,
    /// How failures of an event are put together.
    pub failure_grouping: FailureGrouping,
    /// When answers carry `tokenExpirationDate` (client/config always does).
    pub token_expiration: TokenExpiration,
    /// Version of the answers of contentMetadataLookup: 2, or the older 1.
    pub metadata_version: u8,
    /// Issuing a token revokes the older ones of the location.
    pub newer_token_revokes_older: bool,
    /// A token that may only read may POST client/config all the same; else 9637.
    pub read_only_claims: bool,
    /// POST client/config forgets whatever it leaves out: `mdmInfo`, address, secret and types.
    pub client_config_replaces: bool,
    /// Notification URLs on loopback may use http.
    pub http_notification_urls: bool,
    /// The limits of service/config; Apple may change them at any time.
    pub limits: Limits,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            page_size: 1000,
            latency_ms: 0,
            event_latency_ms: 0,
            token_error_status: 401,
            page_write: PageWrite::None,
            page_write_times: None,
            too_many_requests_burst: 0,
            pace_limit: None,
            announced_pace: None,
            random: RandomFaults::default(),
            request_error: None,
            faults_at_service_config: false,
            faults_at_metadata_lookup: false,
            asset_errors: BTreeMap::new(),
            unlisted_assets: BTreeSet::new(),
            asset_event_errors: BTreeMap::new(),
            event_error: None,
            managed_domain: None,
            foreign_claim: None,
            lost_notifications: 0.0,
            doubled_notifications: 0.0,
            notification_attempts: 3,
            notification_retry_ms: 1000,
            unknown_user: Timing::Sync,
            unowned_asset: Timing::Sync,
            repeated: Repeated::NoOp,
            managed_account_filter: true,
            failure_grouping: FailureGrouping::PerAsset,
            token_expiration: TokenExpiration::Always,
            metadata_version: 2,
            newer_token_revokes_older: false,
            read_only_claims: true,
            client_config_replaces: false,
            http_notification_urls: true,
            limits: Limits::default(),
        }
    }
}

impl Faults {
    /// Says which value no Apple could have.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !matches!(self.token_error_status, 200 | 401) {
            return Err("token_error_status is 200 or 401".to_owned());
        }
        if !matches!(self.metadata_version, 1 | 2) {
            return Err("metadata_version is 1 or 2".to_owned());
        }
        if self.page_size == 0 {
            return Err("page_size is at least 1".to_owned());
        }
        let shares = [
            ("lost_notifications", self.lost_notifications),
            ("doubled_notifications", self.doubled_notifications),
            ("random.rate", self.random.rate),
        ];
        if let Some((name, _)) = shares.into_iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
            return Err(format!("{name} is a share, from 0 to 1"));
        }
        self.check_limits()?;
        let claim = self.foreign_claim.as_ref();
        let fits = claim.map_or(Ok(()), |claim| self.limits.check_mdm_info(&claim.mdm_info));
        fits.map_err(|error| format!("foreign_claim.mdm_info: {error}"))
    }

    /// Apple publishes limits as 32-bit numbers with a sign.
    fn check_limits(&self) -> Result<(), String> {
        let too_big = self
            .limits
            .named()
            .into_iter()
            .find(|(_, limit)| i32::try_from(*limit).is_err());
        if let Some((name, _)) = too_big {
            return Err(format!("limits.{name} is at most {}", i32::MAX));
        }
        let paces = [
            ("pace_limit", self.pace_limit),
            ("announced_pace", self.announced_pace),
        ];
        let beyond = |pace: Option<u32>| pace.is_some_and(|pace| i32::try_from(pace).is_err());
        match paces.into_iter().find(|(_, pace)| beyond(*pace)) {
            Some((name, _)) => Err(format!("{name} is at most {}", i32::MAX)),
            None => Ok(()),
        }
    }
}

/// Whether an error answers the request or shows in the event's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// The request is refused, nothing is processed.
    Sync,
    /// The request is accepted, the event fails.
    Async,
}

/// What is written between two pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageWrite {
    /// Nothing.
    None,
    /// Only the `versionId` changes.
    Version,
    /// A licence goes to a foreign device, or back: later pages shift by one.
    Assignment,
}

/// Associating what is associated, or disassociating what is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeated {
    /// Completes without effect.
    NoOp,
    /// Fails with 9616 or 9619, as version 1 of the API did.
    Error,
    /// The whole request is refused with that error, which names nobody.
    Refused,
}

/// Which failures share an element of `failures`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureGrouping {
    /// Those with the same error and asset: the failed pairs can be told.
    PerAsset,
    /// Those with the same error: only a look at the assignments tells the pairs.
    PerError,
}

/// When `tokenExpirationDate` is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenExpiration {
    /// In every answer, as in Apple's examples.
    Always,
    /// Only in the last 15 days, as in Apple's prose.
    #[serde(rename = "within_15_days")]
    Within15Days,
}

/// Faults by chance, after the token was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RandomFaults {
    /// Probability of a fault per request, 0 to 1.
    pub rate: f64,
    /// Seed of the choice.
    pub seed: u64,
    /// The faults to choose from.
    pub kinds: Vec<RandomFault>,
    /// `Retry-After` of every 500 and 503 by order, in seconds; without it the header is missing.
    pub retry_after: Option<u32>,
}

impl Default for RandomFaults {
    fn default() -> Self {
        use RandomFault::{DropAfter, DropBefore, InternalError, TooManyRequests, Unavailable};
        let kinds = vec![TooManyRequests, InternalError, Unavailable, DropBefore, DropAfter];
        Self {
            rate: 0.0,
            seed: 1,
            kinds,
            retry_after: Some(1),
        }
    }
}

/// One fault by chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RandomFault {
    /// 429 with 9646.
    TooManyRequests,
    /// 500 with 9603 and Retry-After.
    InternalError,
    /// 503 with 9729 and Retry-After.
    Unavailable,
    /// The connection closes, nothing is processed.
    DropBefore,
    /// The request is processed, then the connection closes without an answer.
    DropAfter,
}

/// Another MDM takes the location over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignClaim {
    /// So many requests are still answered before it happens.
    pub after_requests: u32,
    /// The other MDM.
    pub mdm_info: MdmInfo,
}
