//! The whole state of a location, to compare with what a client believes.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::locations::LocationSummary;
use super::{Control, ControlError};
use crate::wire::{
    ErrorResponse, EventState, EventType, NotificationType, PricingParam, ProductType, UserStatus,
};
use crate::world::{self, Asset, Holder, Location, Token, TokenRole};

/// Everything in a location.
#[derive(Clone, Debug, Serialize)]
pub struct LocationState {
    /// The location.
    pub location: LocationSummary,
    /// Where and about what Apple tells.
    pub notifications: NotificationState,
    /// Tokens, sorted by expiry.
    pub tokens: Vec<TokenState>,
    /// Assets, sorted by product and quality.
    pub assets: Vec<AssetState>,
    /// Users in the order of registration.
    pub users: Vec<UserState>,
    /// Assignments, sorted by asset, then devices before users, then by name.
    pub assignments: Vec<AssignmentState>,
    /// Events in the order of acceptance.
    pub events: Vec<AcceptedEvent>,
}

/// Notification settings of client/config, without the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotificationState {
    /// Where to.
    pub url: Option<String>,
    /// Whether there is a secret to send with them.
    pub has_auth_token: bool,
    /// About what.
    pub types: Vec<NotificationType>,
}

/// A token, without its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenState {
    /// When it expires.
    pub expires: Timestamp,
    /// SHA-256 of the text of the .vpptoken file, hexadecimal: to recognise it by.
    pub sha256: String,
    /// What its owner may do.
    pub role: TokenRole,
    /// Whether it was revoked.
    pub revoked: bool,
    /// Whether it has expired by now.
    pub expired: bool,
}

/// An event as `status` answers it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AcceptedEvent {
    /// Its id.
    pub event_id: Uuid,
    /// What it does.
    pub event_type: EventType,
    /// How far it is.
    pub event_status: EventState,
    /// Tasks.
    pub num_requested: usize,
    /// Tasks that succeeded.
    pub num_completed: usize,
    /// Why others did not.
    pub failures: Vec<ErrorResponse>,
}

/// An asset with its counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssetState {
    /// Which product.
    pub adam_id: Arc<str>,
    /// Which quality.
    pub pricing_param: PricingParam,
    /// App or book.
    pub product_type: ProductType,
    /// Licences held.
    pub assigned_count: u32,
    /// Licences that can be assigned.
    pub available_count: u32,
    /// Licences bought, or 2,147,483,647.
    pub total_count: u32,
    /// Retired licences, not within the total.
    pub retired_count: u32,
    /// Whether devices can hold licences.
    pub device_assignable: bool,
    /// Whether licences can be taken back.
    pub revocable: bool,
    /// Whether licences never run out.
    pub unlimited: bool,
    /// Apple's names of the platforms it runs on.
    pub supported_platforms: Arc<[&'static str]>,
}

/// A licence that someone holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssignmentState {
    /// Which product.
    pub adam_id: Arc<str>,
    /// Which quality.
    pub pricing_param: PricingParam,
    /// The user, if a user holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_user_id: Option<Arc<str>>,
    /// The device, if a device holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<Arc<str>>,
}

/// A user record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserState {
    /// The MDM's name for the user.
    pub client_user_id: Arc<str>,
    /// Address.
    pub email: Option<String>,
    /// Hash of the Apple Account.
    pub id_hash: Option<String>,
    /// Invitation; empty for managed users.
    pub invite_code: String,
    /// State.
    pub status: UserStatus,
}

impl Control {
    /// Everything in a location.
    ///
    /// # Errors
    /// When there is no such location.
    pub fn state(&self, uid: &str) -> Result<LocationState, ControlError> {
        let location = self.location(uid)?;
        let keys = sorted_keys(&location);
        Ok(LocationState {
            location: self.summary(uid)?,
            notifications: self.notifications(uid)?,
            tokens: self.tokens(uid)?,
            assets: self.assets(uid)?,
            users: self.users(uid)?,
            assignments: keys
                .iter()
                .flat_map(|key| assignments_of(&location, key))
                .collect(),
            events: self.events(uid)?,
        })
    }

    /// The notification settings of a location.
    ///
    /// # Errors
    /// When there is no such location.
    pub fn notifications(&self, uid: &str) -> Result<NotificationState, ControlError> {
        let location = self.location(uid)?;
        let settings = &location.state.read().notifications;
        Ok(NotificationState {
            url: settings.url.clone(),
            has_auth_token: settings.auth_token.is_some(),
            types: settings.types.clone(),
        })
    }

    /// The tokens that were handed out for a location, sorted by expiry.
    ///
    /// # Errors
    /// When there is no such location.
    pub fn tokens(&self, uid: &str) -> Result<Vec<TokenState>, ControlError> {
        let location = self.location(uid)?;
        let now = self.world.clock.now();
        let tokens = self.world.tokens_of(&location.uid);
        let mut tokens: Vec<TokenState> = tokens.iter().map(|token| token_state(token, now)).collect();
        tokens.sort_unstable();
        Ok(tokens)
    }

    /// The events of a location that `status` still knows, in the order of acceptance.
    ///
    /// # Errors
    /// When there is no such location.
    pub fn events(&self, uid: &str) -> Result<Vec<AcceptedEvent>, ControlError> {
        let location = self.location(uid)?;
        let state = location.state.read();
        let event = |id: &Uuid| {
            let event = state.events.get(id)?;
            Some(AcceptedEvent {
                event_id: *id,
                event_type: event.kind,
                event_status: event.state,
                num_requested: event.requested,
                num_completed: event.completed,
                failures: event.failures.clone(),
            })
        };
        Ok(state.event_order.iter().filter_map(event).collect())
    }

    /// The assets of a location, sorted.
    ///
    /// # Errors
    /// When there is no such location.
    pub fn assets(&self, uid: &str) -> Result<Vec<AssetState>, ControlError> {
        let location = self.location(uid)?;
        let state = location.state.read();
        let mut assets: Vec<AssetState> = state.assets.iter().map(asset_state).collect();
        assets.sort_by(|a, b| (&a.adam_id, a.pricing_param).cmp(&(&b.adam_id, b.pricing_param)));
        Ok(assets)
    }

    /// The user records of a location.
    ///
    /// # Errors
    /// When there is no such location.
    pub fn users(&self, uid: &str) -> Result<Vec<UserState>, ControlError> {
        let location = self.location(uid)?;
        let state = location.state.read();
        Ok(state.users.iter().map(user_state).collect())
    }
}

fn asset_state(asset: &Asset) -> AssetState {
    AssetState {
        adam_id: Arc::clone(&asset.key.adam_id),
        pricing_param: asset.key.pricing_param,
        product_type: asset.product,
        assigned_count: asset.assigned(),
        available_count: asset.available(),
        total_count: asset.total(),
        retired_count: asset.retired,
        device_assignable: asset.device_assignable,
        revocable: asset.revocable,
        unlimited: asset.is_unlimited(),
        supported_platforms: Arc::clone(&asset.platforms),
    }
}

fn token_state(token: &Token, now: Timestamp) -> TokenState {
    let digest = Sha256::digest(token.text.as_bytes());
    TokenState {
        expires: token.expires(),
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        role: token.role,
        revoked: token.is_revoked(),
        expired: token.expires() <= now,
    }
}

fn user_state(user: &world::User) -> UserState {
    UserState {
        client_user_id: Arc::clone(&user.client_user_id),
        email: user.email.clone(),
        id_hash: user.id_hash.clone(),
        invite_code: user.invite_code.clone(),
        status: user.status,
    }
}

/// The assets of a location in the order of the state.
pub(super) fn sorted_keys(location: &Location) -> Vec<world::AssetKey> {
    let mut keys: Vec<_> = location
        .state
        .read()
        .assets
        .iter()
        .map(|asset| asset.key.clone())
        .collect();
    keys.sort();
    keys
}

/// The sorted assignments of one asset; a big state is read asset by asset.
pub(super) fn assignments_of(location: &Location, key: &world::AssetKey) -> Vec<AssignmentState> {
    let state = location.state.read();
    let Some(asset) = state.assets.find(key).and_then(|id| state.assets.get(id)) else {
        return Vec::new();
    };
    let row = |user, serial| AssignmentState {
        adam_id: Arc::clone(&key.adam_id),
        pricing_param: key.pricing_param,
        client_user_id: user,
        serial_number: serial,
    };
    let named = asset.holders.iter().filter_map(|holder| match holder {
        Holder::Device(index) => Some(row(None, Some(Arc::clone(state.serial(index)?)))),
        Holder::User(id) => Some(row(Some(Arc::clone(&state.users.get(id)?.client_user_id)), None)),
    });
    let mut rows: Vec<AssignmentState> = named.collect();
    rows.sort_unstable();
    rows
}
