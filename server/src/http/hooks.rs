//! Where Apple's notifications come in (S4): checked, stored, acknowledged. The location's worker does the work.

use super::Web;
use crate::{
    engine::{HEARD, receiver_place},
    portal::Portal,
    secrets::is_same_secret,
};
use apple::{Notification, NotificationFault, NotificationType};
use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
};
use contract::LocationId;
use futures::StreamExt;
use secrecy::{ExposeSecret, SecretString};
use store::{StoreError, notifications::NewNotification};

/// The address of a location's receiver, as [`crate::engine::RECEIVER_PATH`] begins it.
pub const APPLE: &str = "/apple/notifications/{location}";

/// Apple's own hold a hundred assignments; this is far beyond.
const LARGEST: usize = 1024 * 1024;

/// What became of an acceptable request.
enum Taken {
    Stored,
    /// Apple tries the address.
    Trial,
    /// It came before.
    Known,
    OtherLocation,
    OtherKind(NotificationType),
}

/// Why nothing was taken.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("nothing is received at this address")]
    Address,
    #[error("the bearer is missing or wrong")]
    Bearer,
    #[error("the body is larger than a mebibyte")]
    TooLarge,
    #[error("the body broke off")]
    BrokenOff,
    #[error(transparent)]
    Broken(#[from] NotificationFault),
    #[error("it cannot be stored: {0}")]
    Storage(#[from] StoreError),
    #[error("the secret cannot be opened")]
    Sealed,
}

impl Refused {
    fn status(&self) -> StatusCode {
        match self {
            Refused::Address => StatusCode::NOT_FOUND,
            Refused::Bearer => StatusCode::UNAUTHORIZED,
            Refused::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refused::BrokenOff | Refused::Broken(_) => StatusCode::BAD_REQUEST,
            // Apple tries again.
            Refused::Storage(_) | Refused::Sealed => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// A notification for one location.
pub async fn apple(State(web): State<Web>, Path(location): Path<String>, request: Request) -> StatusCode {
    let (parts, body) = request.into_parts();
    receive(&web.portal, LocationId(location), &parts.headers, body).await
}

/// The answer, with one line in the log.
async fn receive(portal: &Portal, location: LocationId, headers: &HeaderMap, body: Body) -> StatusCode {
    let id = location.clone();
    let id = id.as_str();
    match take(portal, location, headers, body).await {
        Ok(Taken::Stored) => {
            tracing::debug!(location = id, "a notification came");
            portal.wake.ring();
        }
        Ok(Taken::Trial) => tracing::info!(location = id, "Apple tried the address for notifications"),
        Ok(Taken::Known) => tracing::info!(location = id, "a notification that came before is ignored"),
        Ok(Taken::OtherLocation) => {
            tracing::warn!(location = id, "a notification of another location is ignored");
        }
        Ok(Taken::OtherKind(kind)) => {
            tracing::info!(location = id, ?kind, "a notification of another kind is ignored");
        }
        Err(refused) => {
            let status = refused.status();
            tracing::warn!(location = ?id, status = status.as_u16(), %refused, "a notification is refused");
            return status;
        }
    }
    StatusCode::OK
}

async fn take(
    portal: &Portal,
    location: LocationId,
    headers: &HeaderMap,
    body: Body,
) -> Result<Taken, Refused> {
    if !is_id(location.as_str()) {
        return Err(Refused::Address);
    }
    let known = portal
        .db
        .location(&location)
        .await?
        .zip(portal.db.receiver(&location).await?);
    let (known, receiver) = known.ok_or(Refused::Address)?;
    let secret = portal
        .vault
        .open(&receiver_place(&location), &receiver.sealed)
        .map(SecretString::from)
        .map_err(|_| Refused::Sealed)?;
    if !bearer(headers).is_some_and(|given| is_same_secret(given, secret.expose_secret())) {
        return Err(Refused::Bearer);
    }
    let body = read(body).await?;
    let notification = Notification::parse(body.as_bytes())?;
    if notification.uid.as_deref() != Some(known.uid.as_str()) {
        return Ok(Taken::OtherLocation);
    }
    if notification.kind == NotificationType::TestNotification {
        return Ok(Taken::Trial);
    }
    if !HEARD.contains(&notification.kind) {
        return Ok(Taken::OtherKind(notification.kind));
    }
    let new = NewNotification {
        location,
        id: notification.id,
        kind: notification.kind.as_str().to_owned(),
        body,
        received_at: portal.clock.now(),
    };
    Ok(match portal.db.keep_notification(&new).await? {
        true => Taken::Stored,
        false => Taken::Known,
    })
}

/// Whether it has the form of a location's id.
fn is_id(text: &str) -> bool {
    let parts = text.split('-').map(str::len);
    parts.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, given) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(given)
}

/// What is too large is read to its end and dropped, so that the sender hears the answer; the outer layers bound that.
async fn read(body: Body) -> Result<String, Refused> {
    let mut chunks = body.into_data_stream();
    let (mut bytes, mut too_large) = (Vec::new(), false);
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refused::BrokenOff)?;
        too_large |= bytes.len() + chunk.len() > LARGEST;
        if !too_large {
            bytes.extend_from_slice(&chunk);
        }
    }
    if too_large {
        return Err(Refused::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| NotificationFault::NotJson.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        engine::RECEIVER_PATH,
        http::record::Record,
        settings::Storage,
        start::{apple_settings, open_portal},
    };
    use contract::tokens::{AccountType, TokenState};
    use store::{locations::Location, tokens::NewToken};

    const SECRET: &str = "s3cret";
    const HERE: &str = "019a1111-0000-7000-8000-00000000000a";

    struct Hook {
        portal: Portal,
        location: LocationId,
        record: Record,
        folder: std::path::PathBuf,
        _logging: tracing::subscriber::DefaultGuard,
    }

    impl Drop for Hook {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.folder));
        }
    }

    impl Hook {
        async fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("pomona-hooks-{}-{name}", std::process::id()));
            let storage = Storage {
                data: folder.clone(),
                database: None,
                key_file: None,
                key: None,
            };
            let apple = apple_settings("http://127.0.0.1:1/");
            let portal = open_portal(&storage, apple, "http://127.0.0.1:1", false)
                .await
                .unwrap();
            let location = portal.db.insert_token(&token()).await.unwrap();
            let leased = portal.db.lease_next("w", 1, 1000).await.unwrap().unwrap();
            let sealed = portal.vault.seal(&receiver_place(&location), SECRET).unwrap();
            portal
                .db
                .ask_receiver(&leased.fence, RECEIVER_PATH, &sealed, 1)
                .await
                .unwrap();
            let record = Record::default();
            let log = tracing_subscriber::fmt()
                .with_env_filter("server=debug")
                .with_writer(record.clone())
                .finish();
            Self {
                portal,
                location,
                record,
                folder,
                _logging: tracing::subscriber::set_default(log),
            }
        }

        /// The status; exactly one line was logged, without the secret.
        async fn send(&self, location: &str, bearer: Option<&str>, body: impl Into<Body>) -> u16 {
            self.record.clear();
            let mut headers = HeaderMap::new();
            if let Some(bearer) = bearer {
                headers.insert(header::AUTHORIZATION, bearer.parse().unwrap());
            }
            let status = receive(
                &self.portal,
                LocationId(location.to_owned()),
                &headers,
                body.into(),
            )
            .await;
            let log = self.record.text();
            assert_eq!(log.lines().count(), 1, "{log}");
            assert!(!log.contains(SECRET), "{log}");
            status.as_u16()
        }

        async fn post(&self, body: impl Into<Body>) -> u16 {
            let bearer = format!("Bearer {SECRET}");
            self.send(self.location.as_str(), Some(&bearer), body).await
        }

        async fn stored(&self) -> usize {
            let fence = self.portal.db.lease_next("w", 2_000, 3_000).await.unwrap();
            let Some(leased) = fence else { return 0 };
            let arrived = self
                .portal
                .db
                .arrived_notifications(&leased.fence, 100)
                .await
                .unwrap();
            self.portal.db.release_lease(&leased.fence).await.unwrap();
            arrived.len()
        }
    }

    fn token() -> NewToken {
        NewToken {
            id: "token".into(),
            location: Location {
                id: HERE.into(),
                uid: "2049".into(),
                name: "Harbour".into(),
                country: "SE".into(),
                platform: "enterprisestore".into(),
                owner: None,
            },
            name: "Harbour".into(),
            apple_account: "it@harbour.example".into(),
            organisation: "Harbour".into(),
            country: "SE".into(),
            account_type: AccountType::Business,
            automatic_updates: true,
            syncs_at: 1,
            keep_duplicate: false,
            sealed: vec![1],
            hash: vec![1],
            expires_at: i64::MAX,
            state: TokenState::Valid,
            created_at: 1,
            created_by: "account".into(),
        }
    }

    fn bought(id: &str, uid: &str, kind: &str) -> String {
        format!(
            r#"{{"notification":{{"adamId":"1","countDelta":1,"pricingParam":"STDQ"}},"notificationId":"{id}","notificationType":"{kind}","uId":"{uid}"}}"#
        )
    }

    #[tokio::test]
    async fn what_is_wrong_gets_its_status_one_line_and_changes_nothing() {
        let hook = Hook::new("wrong").await;
        let good = bought("a", "2049", "ASSET_COUNT");
        let here = hook.location.as_str();
        for bearer in [
            None,
            Some("Bearer wrong"),
            Some("Bearer "),
            Some("Basic s3cret"),
            Some(SECRET),
        ] {
            assert_eq!(hook.send(here, bearer, good.clone()).await, 401, "{bearer:?}");
        }
        assert_eq!(
            hook.send("nowhere\n", Some("Bearer s3cret"), good.clone()).await,
            404
        );
        // No text that a database cannot hold gets as far as that.
        for id in ["\0", &here.replace('1', "\0"), &format!("{here}0"), ""] {
            assert_eq!(hook.send(id, Some("Bearer s3cret"), good.clone()).await, 404);
        }
        for broken in [
            "",
            "{",
            "[]",
            "{\"notificationType\":\"ASSET_COUNT\",\"uId\":\"2049\"}",
        ] {
            assert_eq!(hook.post(broken).await, 400, "{broken}");
        }
        assert_eq!(hook.post(vec![0xff, 0xfe]).await, 400);
        assert_eq!(hook.post(vec![b'x'; 10 * 1024 * 1024]).await, 413);
        assert_eq!(hook.post(bought("a", "2050", "ASSET_COUNT")).await, 200);
        assert_eq!(hook.post(bought("a", "2049", "SUBSCRIPTION_COUNT")).await, 200);
        assert_eq!(hook.post(bought("a", "2049", "TEST_NOTIFICATION")).await, 200);
        assert_eq!(hook.stored().await, 0);
    }

    #[tokio::test]
    async fn what_is_right_is_stored_once() {
        let hook = Hook::new("right").await;
        for id in ["a", "b", "a"] {
            assert_eq!(hook.post(bought(id, "2049", "ASSET_COUNT")).await, 200);
        }
        assert_eq!(hook.stored().await, 2);
        let bearer = format!("bearer {SECRET}");
        let again = bought("b", "2049", "ASSET_COUNT");
        assert_eq!(hook.send(HERE, Some(&bearer), again).await, 200);
        assert_eq!(hook.stored().await, 2);
    }
}
