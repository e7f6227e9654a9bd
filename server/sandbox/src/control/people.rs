//! Users at Apple's end: accepting an invitation.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use super::{Control, ControlError};
use crate::events::announce;
use crate::plausible;
use crate::wire::NotificationType;
use crate::world::{Location, UserId};

/// A user who has an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Invited {
    /// Which location.
    pub uid: String,
    /// The organisation's name.
    pub organisation: String,
    /// Which user.
    pub client_user_id: String,
    /// The address the MDM gave.
    pub email: Option<String>,
}

impl Control {
    /// Whom an invitation invites.
    ///
    /// # Errors
    /// When no user has it who has not joined yet.
    pub fn invited(&self, invite_code: &str) -> Result<Invited, ControlError> {
        let (location, id) = self.find_invitation(invite_code)?;
        let state = location.state.read();
        let user = state.users.get(id).ok_or(ControlError::UnknownUser)?;
        Ok(Invited {
            uid: location.uid.clone(),
            organisation: location.organisation.clone(),
            client_user_id: user.client_user_id.to_string(),
            email: user.email.clone(),
        })
    }

    /// A user accepts with an Apple Account. Sends USER_ASSOCIATED.
    ///
    /// # Errors
    /// When no user has the invitation who has not joined yet, another one has the Apple Account, or it is empty.
    pub fn accept_invitation(&self, invite_code: &str, apple_account: &str) -> Result<Invited, ControlError> {
        plausible::name("appleAccount", apple_account).map_err(ControlError::Invalid)?;
        let invited = self.invited(invite_code)?;
        let (location, id) = self.find_invitation(invite_code)?;
        let mut state = location.state.write();
        // Somebody may have been quicker.
        if state.users.invited(invite_code) != Some(id) {
            return Err(ControlError::UnknownUser);
        }
        state.associate_account(id, apple_account)?;
        let row = state.users.get(id).map(|user| user.row_with_code());
        drop(state);
        let body = json!({ "associatedUsers": row.as_slice() });
        announce(&self.world, &location, NotificationType::UserAssociated, body);
        Ok(invited)
    }

    /// Registers a user as another MDM would, joined at once with a Managed Apple Account if there is one; nothing is
    /// sent.
    ///
    /// # Errors
    /// When the location is unknown, or the name or the account is taken.
    pub fn register_outside(
        &self,
        uid: &str,
        client_user_id: &str,
        apple_account: Option<&str>,
    ) -> Result<(), ControlError> {
        let location = self.location(uid)?;
        let code = self.world.dice.hex();
        let mut state = location.state.write();
        state.create_user(&client_user_id.into(), None, apple_account, code)?;
        Ok(())
    }

    /// Retires a user as another MDM would; nothing is sent.
    ///
    /// # Errors
    /// When the location is unknown or no active user has the name.
    pub fn retire_outside(&self, uid: &str, client_user_id: &str) -> Result<(), ControlError> {
        let location = self.location(uid)?;
        location.state.write().retire_user(client_user_id)?;
        Ok(())
    }

    /// The invitation of a user.
    ///
    /// # Errors
    /// When the location is unknown or no active user has the name.
    pub fn invite_code(&self, uid: &str, client_user_id: &str) -> Result<String, ControlError> {
        let location = self.location(uid)?;
        let state = location.state.read();
        let user = state
            .users
            .active(client_user_id)
            .and_then(|id| state.users.get(id));
        user.map(|user| user.invite_code.clone())
            .ok_or(ControlError::UnknownUser)
    }

    fn find_invitation(&self, invite_code: &str) -> Result<(Arc<Location>, UserId), ControlError> {
        let locations = self.world.all_locations();
        let found = locations.into_iter().find_map(|location| {
            let id = location.state.read().users.invited(invite_code)?;
            Some((location, id))
        });
        found.ok_or(ControlError::UnknownUser)
    }
}
