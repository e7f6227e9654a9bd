//! Licences.

use crate::Result;
use async_trait::async_trait;
use contract::{
    AssetId, LocationId, Page, PersonId, Serial,
    licenses::{Holder, LicenseQuery, LicenseRow, LicenseState},
};

/// Tells two sets of holders apart without comparing them one by one: the wrapping sum of a 128-bit hash of each holder,
/// so that the order does not matter, and their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    pub sum: u128,
    pub count: i64,
}

impl Digest {
    /// Takes one more holder in.
    pub fn add(&mut self, holder: HolderRef<'_>) {
        self.sum = self.sum.wrapping_add(holder.hash());
        self.count += 1;
    }

    /// For storage: 24 bytes.
    pub fn to_bytes(self) -> [u8; 24] {
        let mut bytes = [0; 24];
        let (sum, count) = bytes.split_at_mut(16);
        sum.copy_from_slice(&self.sum.to_be_bytes());
        count.copy_from_slice(&self.count.to_be_bytes());
        bytes
    }

    /// None if these bytes are no digest.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (sum, count) = bytes.split_at_checked(16)?;
        Some(Self {
            sum: u128::from_be_bytes(sum.try_into().ok()?),
            count: i64::from_be_bytes(count.try_into().ok()?),
        })
    }
}

/// A holder, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HolderRef<'a> {
    Device(&'a str),
    User(&'a str),
}

impl HolderRef<'_> {
    /// The same in every process and version: it is stored.
    fn hash(self) -> u128 {
        let (kind, id) = match self {
            HolderRef::Device(id) => (0x9e37_79b9_7f4a_7c15_u64, id),
            HolderRef::User(id) => (0xd1b5_4a32_d192_ed03, id),
        };
        (u128::from(mix(kind, id)) << 64) | u128::from(mix(kind.rotate_left(29), id))
    }
}

impl<'a> From<&'a Holder> for HolderRef<'a> {
    fn from(holder: &'a Holder) -> Self {
        match holder {
            Holder::Device(serial) => HolderRef::Device(serial.as_str()),
            Holder::User(id) => HolderRef::User(id),
        }
    }
}

/// Eight bytes at a time, multiplied and folded (as wyhash does): no guard against an enemy, who cannot choose serial
/// numbers, only against chance.
fn mix(seed: u64, text: &str) -> u64 {
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        (product >> 64) as u64 ^ product as u64
    };
    let mut state = seed ^ text.len() as u64;
    for chunk in text.as_bytes().chunks(8) {
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        state = fold(state ^ u64::from_le_bytes(word), 0xa076_1d64_78bd_642f);
    }
    fold(state, 0xe703_7ed1_a0b4_28db)
}

/// A licence as revoking needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLicense {
    pub asset: AssetId,
    pub holder: Holder,
    pub state: LicenseState,
    /// It was given or adopted here.
    pub known: bool,
}

#[async_trait]
pub trait Licenses: Send + Sync {
    /// Of visible assets. `total` is given without a filter (from the assets' counts), else only when cheap.
    async fn license_list(&self, query: &LicenseQuery) -> Result<Page<LicenseRow>>;
    /// The digest of what Apple has of this asset as far as stored here (held and releasing).
    async fn digest(&self, asset: AssetId) -> Result<Digest>;
    /// Serial numbers with a device licence of this asset that is held, requested, releasing or waiting, sorted.
    async fn device_holders(&self, asset: AssetId) -> Result<Vec<(Serial, LicenseState)>>;
    /// Serial numbers of the devices of everybody who has a user licence of this asset, or one on its way.
    async fn devices_of_user_holders(&self, asset: AssetId) -> Result<Vec<Serial>>;
    /// Held licences: those named that are there.
    async fn held_licenses(&self, licenses: &[(AssetId, Holder)]) -> Result<Vec<HeldLicense>>;
    /// Held device licences of these devices.
    async fn held_by_devices(&self, serials: &[Serial]) -> Result<Vec<HeldLicense>>;
    /// Held licences of the person's users at Apple, and of the devices whose primary user the person is.
    async fn held_by_person(&self, person: &PersonId) -> Result<Vec<HeldLicense>>;
    /// Held licences of an asset, of devices and users.
    async fn held_of_asset(&self, asset: AssetId) -> Result<Vec<HeldLicense>>;
    /// Held licences of a location, of devices and users.
    async fn held_of_location(&self, location: &LocationId) -> Result<Vec<HeldLicense>>;
    /// How many of them can be taken back, and how many of those Pomona did not give.
    async fn revocable_of_location(&self, location: &LocationId) -> Result<(i64, i64)>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_does_not_matter_and_the_kind_does() {
        let digest = |holders: &[HolderRef<'_>]| {
            let mut digest = Digest::default();
            holders.iter().for_each(|holder| digest.add(*holder));
            digest
        };
        let (a, b) = (
            HolderRef::Device("C02Y402HLCM6"),
            HolderRef::Device("C02Y402HLCM7"),
        );
        assert_eq!(digest(&[a, b]), digest(&[b, a]));
        assert_ne!(digest(&[a]), digest(&[b]));
        assert_ne!(digest(&[a]), digest(&[HolderRef::User("C02Y402HLCM6")]));
        assert_ne!(digest(&[a]), digest(&[a, a]));
        assert_eq!(
            Digest::from_bytes(&digest(&[a, b]).to_bytes()),
            Some(digest(&[a, b]))
        );
        assert_eq!(Digest::from_bytes(&[1, 2, 3]), None);
    }
}
