//! Locations in the file.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::asset::SavedAsset;
use super::journal::SavedJournal;
use crate::events::Event;
use crate::wire::{EventState, MdmInfo};
use crate::world::{Location, LocationState, NotificationSettings, OrganisationKind, User, Writes};

/// A location with all that is in it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct SavedLocation {
    pub(super) uid: String,
    organisation: String,
    kind: OrganisationKind,
    name: String,
    country: String,
    mdm_info: Option<MdmInfo>,
    notifications: NotificationSettings,
    /// Those that `versionId`s come from.
    writes: Writes,
    serials: Vec<Arc<str>>,
    users: Vec<User>,
    assets: Vec<SavedAsset>,
    journal: SavedJournal,
    /// In the order of acceptance.
    events: Vec<(Uuid, Event)>,
}

impl SavedLocation {
    /// A copy of one moment: nobody waits for the file.
    pub(super) fn of(location: &Location) -> Self {
        let state = location.state.read();
        let event = |id: &Uuid| Some((*id, state.events.get(id)?.clone()));
        Self {
            uid: location.uid.clone(),
            organisation: location.organisation.clone(),
            kind: location.kind,
            name: state.name.clone(),
            country: state.country.clone(),
            mdm_info: state.mdm_info.clone(),
            notifications: state.notifications.clone(),
            writes: state.writes,
            serials: state.serials.iter().map(Arc::clone).collect(),
            users: state.users.iter().cloned().collect(),
            assets: state.assets.iter().map(SavedAsset::of).collect(),
            journal: SavedJournal::of(&state.journal),
            events: state.event_order.iter().filter_map(event).collect(),
        }
    }

    pub(super) fn restore(self) -> Result<Location, String> {
        let mut state = LocationState {
            name: self.name,
            country: self.country,
            mdm_info: self.mdm_info,
            notifications: self.notifications,
            journal: self.journal.restore(),
            writes: self.writes,
            ..LocationState::default()
        };
        for serial in self.serials {
            if !state.serials.insert(Arc::clone(&serial)) {
                return Err(format!("device {serial} is there twice"));
            }
        }
        for user in self.users {
            state.users.add(user);
        }
        for asset in self.assets {
            asset.restore(&mut state)?;
        }
        for (id, event) in self.events {
            if (event.state == EventState::Pending) != event.work.is_some() {
                return Err(format!(
                    "event {id} is pending without anything to do, or the reverse"
                ));
            }
            state.add_event(id, event);
        }
        Ok(Location::new(self.uid, self.organisation, self.kind, state))
    }
}
