//! Whether Apple tells of changes by itself (S4), for a token's page.

use super::Portal;
use contract::{Fault, LocationId, tokens::NotificationState};
use store::notifications::ReceiverState;

impl Portal {
    pub(super) async fn notifications(&self, location: &LocationId) -> Result<NotificationState, Fault> {
        if self.receiver.is_none() {
            return Ok(NotificationState::Off);
        }
        let Some(receiver) = self.db.receiver(location).await? else {
            return Ok(NotificationState::Waiting);
        };
        Ok(match receiver.state {
            ReceiverState::Asked => NotificationState::Waiting,
            ReceiverState::Active => NotificationState::Active {
                since: receiver.since,
                last_received: receiver.received_at,
            },
            ReceiverState::Refused(fault) => NotificationState::Refused { fault },
        })
    }
}
