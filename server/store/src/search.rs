//! What the help desk looks up (H2): each question is answered from an index alone, at a million licences too.

use crate::Result;
use async_trait::async_trait;
use contract::{
    Fault, LocationId, OperationId, Serial, UnixMillis,
    catalog::AssetRow,
    devices::DeviceRow,
    licenses::{DeviceErrand, LedgerRow, LicenseRow},
    search::Troubled,
    tokens::TokenRow,
};

/// A licence with what explains its state.
#[derive(Clone, Debug)]
pub struct LicenseFacts {
    pub license: LicenseRow,
    /// Licences of the app that nobody has, if they are counted.
    pub free: Option<i64>,
    /// How many wait for the app.
    pub waiting: i64,
    /// The blocked or stalled operation that this licence is part of, and why it has stopped.
    pub stopped: Option<(OperationId, Option<Fault>)>,
}

#[async_trait]
pub trait Search: Send + Sync {
    async fn device_by_serial(&self, serial: &Serial) -> Result<Option<DeviceRow>>;
    /// Devices whose serial number or name begins with `text`, by name; at most `limit`.
    async fn devices_beginning(&self, text: &str, limit: u32) -> Result<Vec<DeviceRow>>;
    /// Shown apps and books whose name or bundle id begins with `text`, or whose `adamId` it is, by name; at most
    /// `limit`.
    async fn assets_beginning(&self, text: &str, limit: u32) -> Result<Vec<AssetRow>>;
    /// The device licences of this serial number, and the user licences of the active person whose device it is alone: failed ones first, then waiting ones, then those under way, each by
    /// the app's name; at most `limit`.
    async fn device_licenses(&self, serial: &Serial, limit: u32) -> Result<Vec<LicenseFacts>>;
    /// What the device with this serial number is to do with shown apps, by the app's name.
    async fn device_errands(&self, serial: &Serial) -> Result<Vec<DeviceErrand>>;
    /// The tokens of these locations, usable ones first.
    async fn tokens_of_locations(&self, locations: &[LocationId]) -> Result<Vec<TokenRow>>;
    /// How many licences failed with Apple's `number` since then, counted up to `most`.
    async fn failures(&self, number: u32, since: UnixMillis, most: i64) -> Result<i64>;
    /// What has Apple's `number` now: the first `limit` of each kind, licences counted up to `most`.
    async fn troubled(&self, number: u32, limit: u32, most: i64) -> Result<Troubled>;
    /// How many syncs failed with it since then, as far as runs are kept.
    async fn failed_syncs(&self, number: u32, since: UnixMillis) -> Result<i64>;
    /// The last of them, newest first.
    async fn last_failures(&self, number: u32, since: UnixMillis, limit: u32) -> Result<Vec<LedgerRow>>;
}
