//! What Apple's list of users says.

use crate::engine::{Engine, tokens::Connection};
use apple::{ClientUserId, FaultKind, Outcome, User, UserFilter, UserScope};
use contract::{live::LiveEvent, users::UserStatus};
use store::{locations::Fence, users::SeenUser};

impl Engine {
    /// Reads what changed in Apple's list of users, and these in any case, and takes it up.
    pub(in crate::engine) async fn read_users(
        &self,
        fence: &Fence,
        connection: &Connection,
        anyhow: &[ClientUserId],
    ) -> Result<Vec<SeenUser>, apple::Fault> {
        let stored = |error: store::StoreError| unstored(&error);
        let mut since = self.db.users_version(&fence.location).await.map_err(stored)?;
        let mut seen = Vec::new();
        let version = loop {
            let filter = UserFilter {
                since_version: since.clone(),
                ..UserFilter::default()
            };
            let mut walk = connection.client.users(&filter);
            let read = async {
                while let Some(page) = walk.next().await {
                    seen.extend(page?.body.items.iter().map(seen_user));
                }
                Ok(())
            };
            match read.await {
                Ok(()) => break walk.end().and_then(|end| end.first_version.clone()),
                Err(apple::Fault {
                    number: Some(apple::number::VERSION_INVALID),
                    ..
                }) if since.take().is_some() => seen.clear(),
                Err(fault) => return Err(fault),
            }
        };
        for id in anyhow {
            let filter = UserFilter {
                client_user_id: Some(id.clone()),
                scope: UserScope::ActiveOnly,
                since_version: None,
            };
            let mut walk = connection.client.users(&filter);
            while let Some(page) = walk.next().await {
                seen.extend(page?.body.items.iter().map(seen_user));
            }
        }
        self.db
            .note_users(fence, &seen, version.as_deref(), self.clock.now())
            .await
            .map_err(stored)?;
        if !seen.is_empty() {
            self.live.send(LiveEvent::Users);
        }
        Ok(seen)
    }
}

/// Apple's user as storage takes it.
pub fn seen_user(user: &User) -> SeenUser {
    SeenUser {
        client_user_id: user.client_user_id.as_str().to_owned(),
        status: match user.status {
            apple::UserStatus::Associated => UserStatus::Associated,
            apple::UserStatus::Retired | apple::UserStatus::Deleted => UserStatus::Retired,
            _ => UserStatus::Registered,
        },
        invite_code: user.invite_code.as_ref().map(|code| code.expose().to_owned()),
    }
}

/// Storage failed while Apple was read: the same is tried later.
fn unstored(error: &store::StoreError) -> apple::Fault {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "what Apple says of users could not be kept"
    );
    apple::Fault {
        kind: FaultKind::Retry,
        number: None,
        message: "storage failed".to_owned(),
        http_status: None,
        retry_after: None,
        info: Box::default(),
        outcome: Outcome::NotProcessed,
    }
}
