//! Giving licences and taking them back: requests that cannot be wrong in kind, checked against Apple's
//! limits before they are sent.
//! <https://developer.apple.com/documentation/devicemanagement/managing-assets>

use std::collections::HashSet;
use std::hash::Hash;

use serde::Serialize;

use crate::assets::{DeviceAssignableAsset, RevocableAsset};
use crate::fault::Fault;
use crate::ids::{AssetId, ClientUserId, Serial};
use crate::service::Limits;

/// Those who hold, or are to hold, licences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holders {
    /// Devices.
    pub serials: Vec<Serial>,
    /// Users.
    pub client_user_ids: Vec<ClientUserId>,
}

impl Holders {
    /// Devices only.
    pub fn devices(serials: Vec<Serial>) -> Self {
        Self {
            serials,
            ..Self::default()
        }
    }

    /// Users only.
    pub fn users(client_user_ids: Vec<ClientUserId>) -> Self {
        Self {
            client_user_ids,
            ..Self::default()
        }
    }

    /// The body of a revoke request.
    pub(crate) fn checked_for_revoke(
        &self,
        limits: &Limits,
    ) -> Result<WireRequest<'_, RevocableAsset>, Fault> {
        self.check(
            limits.max_revoke_client_user_ids,
            limits.max_revoke_serial_numbers,
        )?;
        Ok(WireRequest {
            assets: &[],
            holders: self.into(),
        })
    }

    fn check(&self, max_users: u32, max_serials: u32) -> Result<(), Fault> {
        if self.serials.is_empty() && self.client_user_ids.is_empty() {
            return Err(Fault::argument(
                9719,
                "the request names neither users nor devices",
            ));
        }
        check_list(&self.client_user_ids, max_users, 9701, 9704, "users")?;
        check_list(&self.serials, max_serials, 9702, 9705, "devices")
    }
}

/// Gives every one of its assets to every one of its holders.
/// <https://developer.apple.com/documentation/devicemanagement/manageassetsrequest>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    assets: Vec<AssetId>,
    holders: Holders,
}

impl Association {
    /// Device licences.
    pub fn for_devices(assets: Vec<DeviceAssignableAsset>, serials: Vec<Serial>) -> Self {
        Self::for_both(assets, Holders::devices(serials))
    }

    /// User licences: any asset, books too, which then stay with their holders for good.
    pub fn for_users(assets: Vec<AssetId>, client_user_ids: Vec<ClientUserId>) -> Self {
        Self {
            assets,
            holders: Holders::users(client_user_ids),
        }
    }

    /// Device and user licences in one request.
    pub fn for_both(assets: Vec<DeviceAssignableAsset>, holders: Holders) -> Self {
        Self {
            assets: assets.into_iter().map(|asset| asset.id().clone()).collect(),
            holders,
        }
    }

    pub(crate) fn checked(&self, limits: &Limits) -> Result<WireRequest<'_, AssetId>, Fault> {
        check_assets(&self.assets, limits)?;
        self.holders
            .check(limits.max_client_user_ids, limits.max_serial_numbers)?;
        Ok(WireRequest {
            assets: &self.assets,
            holders: (&self.holders).into(),
        })
    }
}

/// Takes every one of its assets from every one of its holders.
/// <https://developer.apple.com/documentation/devicemanagement/manageassetsrequest>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disassociation {
    assets: Vec<RevocableAsset>,
    holders: Holders,
}

impl Disassociation {
    /// Only assets that can be taken back get here: no book does.
    pub fn new(assets: Vec<RevocableAsset>, holders: Holders) -> Self {
        Self { assets, holders }
    }

    pub(crate) fn checked(&self, limits: &Limits) -> Result<WireRequest<'_, RevocableAsset>, Fault> {
        check_assets(&self.assets, limits)?;
        self.holders
            .check(limits.max_client_user_ids, limits.max_serial_numbers)?;
        Ok(WireRequest {
            assets: &self.assets,
            holders: (&self.holders).into(),
        })
    }
}

fn check_assets<A: Eq + Hash>(assets: &[A], limits: &Limits) -> Result<(), Fault> {
    if assets.is_empty() {
        return Err(Fault::argument(9718, "the request names no asset"));
    }
    check_list(assets, limits.max_assets, 9700, 9703, "assets")
}

fn check_list<T: Eq + Hash>(
    list: &[T],
    max: u32,
    too_many: u32,
    twice: u32,
    what: &str,
) -> Result<(), Fault> {
    if u32::try_from(list.len()).map_or(true, |count| count > max) {
        return Err(Fault::argument(
            too_many,
            format!("{} {what} in one request, {max} are allowed", list.len()),
        ));
    }
    if list.iter().collect::<HashSet<_>>().len() < list.len() {
        return Err(Fault::argument(
            twice,
            format!("the request names one of its {what} twice"),
        ));
    }
    Ok(())
}

/// The body; empty lists are left out.
#[derive(Debug, Serialize)]
pub(crate) struct WireRequest<'a, A: Serialize> {
    #[serde(skip_serializing_if = "<[A]>::is_empty")]
    assets: &'a [A],
    #[serde(flatten)]
    holders: WireHolders<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WireHolders<'a> {
    #[serde(skip_serializing_if = "<[ClientUserId]>::is_empty")]
    client_user_ids: &'a [ClientUserId],
    #[serde(skip_serializing_if = "<[Serial]>::is_empty")]
    serial_numbers: &'a [Serial],
}

impl<'a> From<&'a Holders> for WireHolders<'a> {
    fn from(holders: &'a Holders) -> Self {
        Self {
            client_user_ids: &holders.client_user_ids,
            serial_numbers: &holders.serials,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::AdamId;

    const LIMITS: fn() -> Limits = || Limits {
        max_assets: 3,
        max_client_user_ids: 4,
        max_serial_numbers: 5,
        max_revoke_client_user_ids: 2,
        max_revoke_serial_numbers: 3,
        ..Limits::default()
    };

    fn assets(count: u32) -> Vec<AssetId> {
        (1..=count)
            .map(|n| AssetId::standard(AdamId::new(&n.to_string()).expect("digits")))
            .collect()
    }

    fn on_devices(count: u32) -> Vec<DeviceAssignableAsset> {
        assets(count)
            .into_iter()
            .map(DeviceAssignableAsset::known)
            .collect()
    }

    fn revocable(count: u32) -> Vec<RevocableAsset> {
        assets(count).into_iter().map(RevocableAsset::known).collect()
    }

    fn serials(count: u32) -> Vec<Serial> {
        (0..count)
            .map(|n| Serial::new(&format!("S{n}")).expect("a serial"))
            .collect()
    }

    fn users(count: u32) -> Vec<ClientUserId> {
        (0..count)
            .map(|n| ClientUserId::new(&format!("u{n}")).expect("an id"))
            .collect()
    }

    fn doubled<T: Clone>(mut list: Vec<T>) -> Vec<T> {
        list.extend(list.first().cloned());
        list
    }

    fn number<T>(checked: Result<T, Fault>) -> Option<u32> {
        checked.err().and_then(|fault| fault.number)
    }

    #[test]
    fn the_largest_requests_pass_and_one_more_does_not() {
        let limits = LIMITS();
        let devices = |a, s| number(Association::for_devices(on_devices(a), serials(s)).checked(&limits));
        assert_eq!(devices(3, 5), None);
        assert_eq!(devices(4, 5), Some(9700));
        assert_eq!(devices(3, 6), Some(9702));
        assert_eq!(devices(0, 1), Some(9718));
        assert_eq!(devices(1, 0), Some(9719));
        let people = |a, u| number(Association::for_users(assets(a), users(u)).checked(&limits));
        assert_eq!(people(3, 4), None);
        assert_eq!(people(3, 5), Some(9701));
        let back =
            |a, s| number(Disassociation::new(revocable(a), Holders::devices(serials(s))).checked(&limits));
        assert_eq!(back(3, 5), None);
        assert_eq!(back(4, 5), Some(9700));
        assert_eq!(back(1, 6), Some(9702));
        let revoke = |u, s| {
            number(
                Holders {
                    serials: serials(s),
                    client_user_ids: users(u),
                }
                .checked_for_revoke(&limits),
            )
        };
        assert_eq!(revoke(2, 3), None);
        assert_eq!(revoke(3, 3), Some(9701));
        assert_eq!(revoke(2, 4), Some(9702));
        assert_eq!(revoke(0, 0), Some(9719));
    }

    #[test]
    fn nothing_is_named_twice() {
        let limits = LIMITS();
        let association = |a, s| number(Association::for_devices(a, s).checked(&limits));
        assert_eq!(association(doubled(on_devices(1)), serials(1)), Some(9703));
        assert_eq!(association(on_devices(1), doubled(serials(1))), Some(9705));
        assert_eq!(
            number(Association::for_users(assets(1), doubled(users(1))).checked(&limits)),
            Some(9704)
        );
        assert_eq!(
            number(Holders::users(doubled(users(1))).checked_for_revoke(&limits)),
            Some(9704)
        );
        let mut plus = assets(1);
        plus.extend(assets(1).into_iter().map(|asset| AssetId {
            pricing: crate::PricingParam::Plus,
            ..asset
        }));
        assert_eq!(
            number(Association::for_users(plus, users(1)).checked(&limits)),
            None
        );
    }

    #[test]
    fn requests_are_written_as_apple_reads_them() {
        let limits = LIMITS();
        let both = Association::for_both(
            on_devices(1),
            Holders {
                serials: serials(1),
                client_user_ids: users(1),
            },
        );
        assert_eq!(
            serde_json::to_string(&both.checked(&limits).expect("within limits")).expect("JSON"),
            r#"{"assets":[{"adamId":"1","pricingParam":"STDQ"}],"clientUserIds":["u0"],"serialNumbers":["S0"]}"#
        );
        let revoke = Holders::devices(serials(2));
        assert_eq!(
            serde_json::to_string(&revoke.checked_for_revoke(&limits).expect("within limits")).expect("JSON"),
            r#"{"serialNumbers":["S0","S1"]}"#
        );
    }
}
