//! The journal in the file, so that a `versionId` from before still tells what was added since.

use serde::{Deserialize, Serialize};

use crate::world::{AssetId, Holder, Journal};

/// The journal: number of the write, of the asset, and of the holder.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SavedJournal {
    forgotten: u64,
    devices: Vec<(u64, AssetId, u32)>,
    users: Vec<(u64, AssetId, u32)>,
}

impl SavedJournal {
    pub(super) fn of(journal: &Journal) -> Self {
        let (mut devices, mut users) = (Vec::new(), Vec::new());
        for (write, (asset, holder)) in journal.entries() {
            match holder {
                Holder::Device(index) => devices.push((write, asset, index)),
                Holder::User(id) => users.push((write, asset, id)),
            }
        }
        Self {
            forgotten: journal.forgotten(),
            devices,
            users,
        }
    }

    /// A pair that is not there any more does no harm: reading leaves it out.
    pub(super) fn restore(self) -> Journal {
        let devices = self.devices.into_iter();
        let devices = devices.map(|(write, asset, index)| (write, (asset, Holder::Device(index))));
        let users = self.users.into_iter();
        let users = users.map(|(write, asset, id)| (write, (asset, Holder::User(id))));
        let mut entries: Vec<_> = devices.chain(users).collect();
        entries.sort_unstable();
        Journal::of(self.forgotten, entries)
    }
}
