//! Invitations to join the programme, by e-mail: each is queued once, as soon as Apple has given it (M2).

use super::Engine;
use crate::{
    clock::new_id,
    mail::{Invitation, Outbox, invitation},
};
use apple::ServiceConfig;
use contract::{Fault, LocationId, UnixMillis};
use store::{mails::NewMail, users::StoredUser};

/// Invitations queued at once.
const AT_ONCE: u32 = 500;

impl Engine {
    /// Queues the invitations of those who have none yet, if mail is set up.
    pub(super) async fn invite(&self, location: &LocationId) -> Result<(), Fault> {
        let Some(outbox) = &self.outbox else { return Ok(()) };
        loop {
            let users = self.db.uninvited(location, AT_ONCE).await?;
            if users.is_empty() {
                return Ok(());
            }
            let config = match self.apple.service_config().await {
                Ok(config) => config,
                Err(fault) => {
                    tracing::info!(%fault, "nobody can be invited before Apple has answered");
                    return Ok(());
                }
            };
            let now = self.clock.now();
            let mails: Vec<_> = users
                .iter()
                .filter_map(|user| Some((user.number, invitation_mail(&config, outbox, user, "first", now)?)))
                .collect();
            if mails.is_empty() {
                return Ok(());
            }
            self.db.queue_invitations(&mails, now).await?;
            outbox.bell.ring();
        }
    }
}

/// The invitation as a mail, unless the user has none. `time` tells one sending of it from another.
pub fn invitation_mail(
    config: &ServiceConfig,
    outbox: &Outbox,
    user: &StoredUser,
    time: &str,
    now: UnixMillis,
) -> Option<NewMail> {
    let code = user.invite_code.as_deref()?;
    let told = Invitation {
        name: &user.person_name,
        organisation: &user.location_name,
        link: &config.invitation_url(code)?,
    };
    let (subject, body) = invitation(outbox.language, &told);
    Some(NewMail {
        id: new_id(now),
        about: format!("invitation/{}/{code}/{time}", user.number),
        recipient: user.email.clone(),
        subject,
        body,
    })
}
