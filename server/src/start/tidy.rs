//! What is past does not stay.

use crate::portal::Portal;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Plans are kept for 30 days.
const PLAN_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;
/// Notifications that were taken up are known again for a week.
const NOTIFICATION_MILLIS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Mails that were sent are known for 90 days: nothing is mailed twice.
const MAIL_MILLIS: i64 = 90 * 24 * 60 * 60 * 1000;

/// Once an hour, what is past is deleted: sessions, plans, notifications, mails, and the memory of tries to sign in.
pub async fn tidy(portal: Portal, stop: CancellationToken) {
    let mut hourly = tokio::time::interval(Duration::from_secs(60 * 60));
    loop {
        tokio::select! {
            _ = hourly.tick() => {}
            () = stop.cancelled() => return,
        }
        let now = portal.clock.now();
        let sessions = portal.db.delete_expired_sessions(now).await;
        let plans = portal.db.delete_plans_before(now - PLAN_MILLIS).await;
        let notifications = portal
            .db
            .delete_notifications_before(now - NOTIFICATION_MILLIS)
            .await;
        let mails = portal.db.delete_mails_before(now - MAIL_MILLIS).await;
        for error in [sessions.err(), plans.err(), notifications.err(), mails.err()]
            .into_iter()
            .flatten()
        {
            portal.storage.failed("what is past could not be deleted", &error);
        }
        portal.passwords.tidy();
    }
}
