//! Has Apple send its notifications here (S4), for locations that are ours alone.

use super::{Engine, apple_faults::fault_of, ownership, tokens::Connection};
use crate::secrets::random_secret;
use apple::{
    Answer, Apple, ClientConfig, ClientConfigChange, FaultKind, NotificationTarget, NotificationType,
    SecretString,
};
use contract::{Fault, LocationId, live::LiveEvent, tokens::Ownership};
use secrecy::ExposeSecret;
use std::collections::HashSet;
use store::{
    locations::{Fence, Location},
    notifications::{Receiver, ReceiverState},
};

/// The receiver's path, which the location's id follows.
pub const RECEIVER_PATH: &str = "/apple/notifications/";

/// The kinds that are listened to.
pub const HEARD: [NotificationType; 4] = [
    NotificationType::AssetCount,
    NotificationType::AssetManagement,
    NotificationType::UserManagement,
    NotificationType::UserAssociated,
];

/// Where a location's secret is sealed to.
pub fn receiver_place(location: &LocationId) -> String {
    format!("receivers/{location}")
}

impl Engine {
    /// Compares what Apple says of the location with what it should be, and asks for it where it differs. The receiver
    /// takes the secret before Apple hears of it, since Apple tries the address before it answers.
    pub(super) async fn subscribe(
        &self,
        fence: &Fence,
        location: &Location,
        connection: &Connection,
        seen: &Answer<ClientConfig>,
    ) -> Result<(), Fault> {
        let Some(base) = &self.receiver else { return Ok(()) };
        match ownership(seen.envelope.mdm_info.as_ref(), &self.identity) {
            Ownership::ThisPomona => {}
            Ownership::Nobody => return Ok(()),
            Ownership::Other { .. } => {
                // The other MDM can read the secret at Apple.
                self.db.forget_receiver(fence).await?;
                return Ok(());
            }
        }
        let url = format!("{base}{RECEIVER_PATH}{}", location.id);
        let known = self.db.receiver(&location.id).await?;
        let secret = known
            .as_ref()
            .and_then(|known| self.vault.open(&receiver_place(&location.id), &known.sealed).ok())
            .map(SecretString::from);
        let types = heard_types(&self.apple).await;
        if let (Some(known), Some(secret)) = (&known, &secret)
            && is_as_wished(&seen.body, &url, secret, &types)
        {
            if known.state != ReceiverState::Active || known.url != url {
                self.ask(fence, location, &url, secret).await?;
                self.answered(fence, location, Some(known), None).await?;
            }
            return Ok(());
        }
        let secret = secret.unwrap_or_else(|| SecretString::from(random_secret()));
        self.ask(fence, location, &url, &secret).await?;
        let change = ClientConfigChange {
            notification_types: Some(types),
            notification: Some(NotificationTarget {
                url,
                auth_token: secret,
            }),
            // It was seen to be ours a moment ago, and Apple may forget what is left out.
            mdm_info: Some(self.identity.clone()),
        };
        let refused = match connection.client.set_client_config(&change).await {
            Ok(_) => {
                self.heed(connection).await?;
                None
            }
            Err(fault) if fault.kind == FaultKind::Token => {
                return Err(self.token_fault(&connection.token, &fault).await?);
            }
            Err(fault) if fault.kind.is_temporary() => {
                tracing::info!(uid = location.uid, %fault, "Apple could not be asked for notifications; the next check asks again");
                return Ok(());
            }
            Err(fault) => {
                tracing::warn!(uid = location.uid, %fault, "Apple refuses to send notifications; Pomona goes on by asking");
                Some(fault_of(&fault))
            }
        };
        self.answered(fence, location, known.as_ref(), refused).await
    }

    /// Stores the secret under which the receiver takes notifications from now on.
    async fn ask(
        &self,
        fence: &Fence,
        location: &Location,
        url: &str,
        secret: &SecretString,
    ) -> Result<(), Fault> {
        let sealed = self
            .vault
            .seal(&receiver_place(&location.id), secret.expose_secret())
            .map_err(|error| {
                tracing::error!(%error, "the secret for notifications could not be sealed");
                Fault::new(contract::Code::Internal)
            })?;
        Ok(self
            .db
            .ask_receiver(fence, url, &sealed, self.clock.now())
            .await?)
    }

    async fn answered(
        &self,
        fence: &Fence,
        location: &Location,
        before: Option<&Receiver>,
        refused: Option<Fault>,
    ) -> Result<(), Fault> {
        self.db
            .answer_receiver(fence, refused.as_ref(), self.clock.now())
            .await?;
        let state = refused.map_or(ReceiverState::Active, ReceiverState::Refused);
        if before.is_none_or(|before| before.state != state) {
            self.live.send(LiveEvent::Token {
                location: location.id.clone(),
            });
        }
        Ok(())
    }
}

/// Of the kinds that are listened to, those that Apple offers.
pub async fn heard_types(apple: &Apple) -> Vec<NotificationType> {
    let config = apple.service_config().await;
    let offered = config
        .map(|config| config.notification_types.clone())
        .unwrap_or_default();
    HEARD
        .into_iter()
        .filter(|kind| offered.is_empty() || offered.contains(kind))
        .collect()
}

fn is_as_wished(seen: &ClientConfig, url: &str, secret: &SecretString, types: &[NotificationType]) -> bool {
    let same_secret = seen
        .notification_auth_token
        .as_ref()
        .is_some_and(|seen| seen.expose_secret() == secret.expose_secret());
    let (seen_types, types): (HashSet<_>, HashSet<_>) =
        (seen.notification_types.iter().collect(), types.iter().collect());
    seen.notification_url.as_deref() == Some(url) && same_secret && seen_types == types
}
