//! Reading assignments and users page by page, without walking over what is not on the page.

use std::ops::Range;
use std::sync::Arc;

use super::asset::{Asset, AssetId};
use super::holders::Holder;
use super::journal::Pair;
use super::location::LocationState;
use super::user::User;
use crate::wire::{ErrorNumber, PricingParam, UserStatus};

/// The records of a page, and the number of pages; there is always a page 0.
///
/// # Errors
/// 9650 for a page beyond the last.
pub(crate) fn page_of(total: usize, size: usize, index: usize) -> Result<(Range<usize>, usize), ErrorNumber> {
    let size = size.max(1);
    let pages = total.div_ceil(size).max(1);
    if index >= pages {
        return Err(ErrorNumber(9650));
    }
    let start = index * size;
    Ok((start..total.min(start + size), pages))
}

/// Which assignments are asked for. All conditions must hold.
#[derive(Debug, Default)]
pub(crate) struct AssignmentFilter {
    pub(crate) adam_id: Option<String>,
    pub(crate) pricing: Option<PricingParam>,
    pub(crate) client_user_id: Option<String>,
    pub(crate) serial_number: Option<String>,
    pub(crate) active_users_only: bool,
    /// Added after this write.
    pub(crate) since: Option<u64>,
}

/// Assignments found: counted, of which a range can be read.
pub(crate) enum Found<'a> {
    /// Whole assets one after the other.
    Whole(Vec<(AssetId, &'a Asset)>),
    /// These pairs.
    Pairs(Vec<Pair>),
    /// These pairs, kept by the journal.
    Delta(Arc<Vec<Pair>>),
}

impl Found<'_> {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Whole(assets) => assets.iter().map(|(_, asset)| asset.holders.len()).sum(),
            Self::Pairs(pairs) => pairs.len(),
            Self::Delta(pairs) => pairs.len(),
        }
    }

    /// The pairs of a range.
    pub(crate) fn range(&self, range: Range<usize>) -> Vec<Pair> {
        match self {
            Self::Whole(assets) => range_of(assets, range),
            Self::Pairs(pairs) => pairs.get(range).unwrap_or_default().to_vec(),
            Self::Delta(pairs) => pairs.get(range).unwrap_or_default().to_vec(),
        }
    }
}

fn range_of(assets: &[(AssetId, &Asset)], range: Range<usize>) -> Vec<Pair> {
    let (mut skip, wanted) = (range.start, range.len());
    let mut pairs = Vec::with_capacity(wanted);
    for (id, asset) in assets {
        if skip >= asset.holders.len() {
            skip -= asset.holders.len();
            continue;
        }
        let left = wanted - pairs.len();
        pairs.extend(
            asset
                .holders
                .iter_from(skip)
                .take(left)
                .map(|holder| (*id, holder)),
        );
        skip = 0;
        if pairs.len() == wanted {
            break;
        }
    }
    pairs
}

impl LocationState {
    /// Finds assignments.
    ///
    /// # Errors
    /// 9721 if `since` is too long ago.
    pub(crate) fn find_assignments(&self, filter: &AssignmentFilter) -> Result<Found<'_>, ErrorNumber> {
        let assets = self.assets_for(filter);
        let narrowed = filter.client_user_id.is_some() || filter.serial_number.is_some();
        let hidden = filter.active_users_only && self.users.iter().any(|user| !user.is_active());
        if let Some(since) = filter.since {
            return self.find_added(filter, since);
        }
        if narrowed {
            let holders = self.holders_named(filter);
            let held = |(id, asset): (AssetId, &Asset)| {
                let of = holders
                    .iter()
                    .copied()
                    .filter(|holder| asset.holders.contains(*holder));
                of.map(move |holder| (id, holder)).collect::<Vec<_>>()
            };
            return Ok(Found::Pairs(assets.into_iter().flat_map(held).collect()));
        }
        if hidden {
            let all = assets
                .into_iter()
                .flat_map(|(id, a)| a.holders.iter().map(move |holder| (id, holder)));
            return Ok(Found::Pairs(
                all.filter(|(_, holder)| self.takes_holder(filter, *holder))
                    .collect(),
            ));
        }
        Ok(Found::Whole(assets))
    }

    fn find_added(&self, filter: &AssignmentFilter, since: u64) -> Result<Found<'_>, ErrorNumber> {
        let is_there = |(id, holder): &Pair| {
            self.assets
                .get(*id)
                .is_some_and(|asset| asset.holders.contains(*holder))
        };
        let pairs = self
            .journal
            .since(since, self.writes.assignments, is_there)
            .ok_or(ErrorNumber(9721))?;
        let takes = |(id, holder): &Pair| {
            self.assets.get(*id).is_some_and(|asset| filter.takes(asset))
                && self.takes_holder(filter, *holder)
        };
        if filter.takes_all() {
            return Ok(Found::Delta(pairs));
        }
        Ok(Found::Pairs(pairs.iter().copied().filter(takes).collect()))
    }

    fn assets_for(&self, filter: &AssignmentFilter) -> Vec<(AssetId, &Asset)> {
        match &filter.adam_id {
            Some(adam_id) => {
                let ids = self.assets.with_adam_id(adam_id).iter();
                let found = ids.filter_map(|id| self.assets.get(*id).map(|asset| (*id, asset)));
                found.filter(|(_, asset)| filter.takes(asset)).collect()
            }
            None => self
                .assets
                .numbered()
                .filter(|(_, asset)| filter.takes(asset))
                .collect(),
        }
    }

    /// The holders that a filter by serial or user names: none if it names both kinds.
    fn holders_named(&self, filter: &AssignmentFilter) -> Vec<Holder> {
        let named: Vec<Holder> = match (&filter.serial_number, &filter.client_user_id) {
            (Some(serial), None) => self.known_device(serial).into_iter().collect(),
            (None, Some(name)) => self.users.named(name).iter().copied().map(Holder::User).collect(),
            _ => Vec::new(),
        };
        named
            .into_iter()
            .filter(|holder| self.takes_holder(filter, *holder))
            .collect()
    }

    fn takes_holder(&self, filter: &AssignmentFilter, holder: Holder) -> bool {
        match holder {
            Holder::Device(index) => {
                let serial = self.serial(index).map(|serial| &**serial);
                filter.client_user_id.is_none()
                    && filter.serial_number.as_deref().is_none_or(|s| serial == Some(s))
            }
            Holder::User(id) => {
                let Some(user) = self.users.get(id) else {
                    return false;
                };
                filter.serial_number.is_none()
                    && (!filter.active_users_only || user.is_active())
                    && filter
                        .client_user_id
                        .as_deref()
                        .is_none_or(|name| *name == *user.client_user_id)
            }
        }
    }

    /// Finds users.
    pub(crate) fn find_users(&self, filter: &UserFilter) -> Vec<&User> {
        let since = filter.since.unwrap_or(0);
        let takes = |user: &&User| {
            (filter.since.is_none() || user.changed > since)
                && (!filter.active_only || user.is_active())
                && (!filter.retired_only || user.status == UserStatus::Retired)
                && (filter.id_hash.is_none() || user.id_hash == filter.id_hash)
        };
        match &filter.client_user_id {
            Some(name) => {
                let ids = self.users.named(name).iter();
                ids.filter_map(|id| self.users.get(*id)).filter(takes).collect()
            }
            None => self.users.iter().filter(takes).collect(),
        }
    }
}

impl AssignmentFilter {
    /// Whether only `since` narrows.
    fn takes_all(&self) -> bool {
        let Self {
            adam_id,
            pricing,
            client_user_id,
            serial_number,
            active_users_only,
            since: _,
        } = self;
        let named = adam_id.is_some() || client_user_id.is_some() || serial_number.is_some();
        !named && pricing.is_none() && !active_users_only
    }

    fn takes(&self, asset: &Asset) -> bool {
        self.adam_id
            .as_deref()
            .is_none_or(|adam_id| *adam_id == *asset.key.adam_id)
            && self
                .pricing
                .is_none_or(|pricing| pricing == asset.key.pricing_param)
    }
}

/// Which users are asked for. All conditions must hold.
#[derive(Debug, Default)]
pub(crate) struct UserFilter {
    pub(crate) client_user_id: Option<String>,
    /// Of an Apple Account.
    pub(crate) id_hash: Option<String>,
    pub(crate) active_only: bool,
    pub(crate) retired_only: bool,
    /// Changed after this write.
    pub(crate) since: Option<u64>,
}
