//! Sends notifications to a location's URL (apple-api.md §1.13): in order, each tried again on its own when it fails.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

use crate::wire::{ErrorResponse, EventType, NotificationType};
use crate::world::{Location, World};

/// How long a receiver may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A notification ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Notification {
    url: String,
    auth_token: String,
    body: Arc<[u8]>,
}

/// The `notification` object of ASSET_MANAGEMENT and USER_MANAGEMENT.
pub(super) fn management<T: Serialize>(
    event: Uuid,
    kind: EventType,
    error: Option<ErrorResponse>,
    name: &str,
    elements: &[T],
) -> Value {
    let result = if error.is_some() { "FAILURE" } else { "SUCCESS" };
    let mut body = json!({ name: elements, "eventId": event, "result": result, "type": kind });
    if let (Some(error), Some(object)) = (error, body.as_object_mut()) {
        object.insert("error".to_owned(), json!(error));
    }
    body
}

/// Queues a notification if the location subscribed to its type; it may be lost or doubled by order.
pub(crate) fn announce(world: &Arc<World>, location: &Arc<Location>, kind: NotificationType, body: Value) {
    let settings = location.state.read().notifications.clone();
    let (Some(url), Some(auth_token)) = (settings.url, settings.auth_token) else {
        return;
    };
    let faults = world.faults.of(&location.uid);
    if !settings.types.contains(&kind) || faults.loses_notification() {
        return;
    }
    let notification = Notification {
        url,
        auth_token,
        body: envelope(world, &location.uid, kind, &body),
    };
    let outbox = location.outbox.get_or_init(|| start(world, location));
    let copies = if faults.doubles_notification() { 2 } else { 1 };
    for _ in 0..copies {
        if outbox.send(notification.clone()).is_err() {
            tracing::debug!("the sandbox is shutting down, a notification is not sent");
        }
    }
}

/// Sends TEST_NOTIFICATION and waits; false unless it was answered with 2xx.
pub(crate) async fn deliver_test(world: &World, uid: &str, url: &str, auth_token: &str) -> bool {
    let body = envelope(world, uid, NotificationType::TestNotification, &json!({}));
    deliver(
        world,
        &Notification {
            url: url.to_owned(),
            auth_token: auth_token.to_owned(),
            body,
        },
    )
    .await
}

fn envelope(world: &World, uid: &str, kind: NotificationType, body: &Value) -> Arc<[u8]> {
    let id = world.dice.uuid();
    let json = json!({ "notification": body, "notificationId": id, "notificationType": kind, "uId": uid });
    json.to_string().into_bytes().into()
}

async fn deliver(world: &World, notification: &Notification) -> bool {
    let request = world.outbox.post(&notification.url).timeout(PATIENCE);
    let request = request
        .bearer_auth(&notification.auth_token)
        .header("Content-Type", "application/json");
    let answer = request.body(notification.body.to_vec()).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

fn start(world: &Arc<World>, location: &Arc<Location>) -> UnboundedSender<Notification> {
    let (sender, receiver) = unbounded_channel();
    let stop = world.stop.clone();
    let task = run(Arc::clone(world), location.uid.clone(), receiver);
    world
        .tasks
        .spawn(async move { stop.run_until_cancelled(task).await });
    sender
}

async fn run(world: Arc<World>, uid: String, mut outbox: UnboundedReceiver<Notification>) {
    while let Some(notification) = outbox.recv().await {
        if !deliver(&world, &notification).await {
            let stop = world.stop.clone();
            let task = retry(Arc::clone(&world), uid.clone(), notification);
            world
                .tasks
                .spawn(async move { stop.run_until_cancelled(task).await });
        }
    }
}

/// The attempts after the first.
async fn retry(world: Arc<World>, uid: String, notification: Notification) {
    let faults = world.faults.of(&uid);
    let pause = Duration::from_millis(faults.faults.notification_retry_ms);
    for _ in 1..faults.faults.notification_attempts {
        tokio::time::sleep(pause).await;
        if deliver(&world, &notification).await {
            return;
        }
    }
    tracing::debug!(uid, "a notification was given up");
}

/// The client that sends notifications: to loopback in tests, hence without any proxy.
///
/// # Errors
/// When the TLS backend cannot be set up.
#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox's one way out: Apple's notifications to the MDM"
)]
pub(crate) fn sender() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .build()
}
