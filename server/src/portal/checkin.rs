//! The check-in page's side of a request: this browser's device, and nothing of any other (P1, P2, P4).

mod apps;

use super::{
    session::{RequestSession, session_fault},
    users,
};
use crate::{clock::new_id, engine::planning::Planning, secrets};
use apps::Own;
use async_trait::async_trait;
use contract::{
    AssetId, Code, DAY, DeviceId, Fault, RequestId, UnixMillis,
    assignments::Reason,
    checkin::{CheckIn, CheckInView, OwnDevice, OwnInvitation, OwnPage, OwnRequest, Wanted},
    devices::{DeviceRow, Enrolment},
    live::LiveEvent,
};
use std::collections::HashSet;
use store::{assignments::Asker, checkin::NewRequest, users::StoredUser};
use tower_sessions::{Expiry, Session, cookie::time::Duration};

/// The session's key for the device id.
pub const DEVICE: &str = "device";
/// For the number of the device's sessions when this one began; none is the first.
const SESSIONS: &str = "device_sessions";
/// For the day on which its end was last put off.
const VISITED: &str = "device_visited";
/// A browser stays a device's for a school year without a visit.
const KEPT: Duration = Duration::days(365);
/// Looks at the page within so many milliseconds count as one check-in.
const SEEN_AGAIN: i64 = 60 * 60 * 1000;
/// Apps that a search shows.
const MOST_FOUND: usize = 20;

/// Puts the end of a session off that is a device's: before it is saved, whoever signs in or out in it. Answers whether
/// it is one.
pub(super) async fn stays_a_device(session: &Session) -> Result<bool, Fault> {
    let device: Option<DeviceId> = session.get(DEVICE).await.map_err(session_fault)?;
    if device.is_some() {
        session.set_expiry(Some(Expiry::OnInactivity(KEPT)));
    }
    Ok(device.is_some())
}

/// The same at a visit, once a day.
pub(super) async fn visited(session: &Session, now: UnixMillis) -> Result<(), Fault> {
    let device: Option<DeviceId> = session.get(DEVICE).await.map_err(session_fault)?;
    let last: Option<UnixMillis> = session.get(VISITED).await.map_err(session_fault)?;
    if device.is_some() && last.is_none_or(|last| now - last >= DAY) {
        session.insert(VISITED, now).await.map_err(session_fault)?;
        stays_a_device(session).await?;
    }
    Ok(())
}

impl RequestSession {
    /// The device that this browser is, if it is one: not one that is gone, nor one whose sessions were ended.
    pub async fn device(&self) -> Result<Option<DeviceRow>, Fault> {
        let Some(id) = self
            .session
            .get::<DeviceId>(DEVICE)
            .await
            .map_err(session_fault)?
        else {
            return Ok(None);
        };
        let device = match self.portal.db.device(&id).await {
            Ok(device) => device,
            Err(store::StoreError::NotFound) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let began: Option<i64> = self.session.get(SESSIONS).await.map_err(session_fault)?;
        let lasts = began.unwrap_or_default() == self.portal.db.device_sessions(&id).await?;
        Ok(Some(device).filter(|device| lasts && device.left_at.is_none()))
    }

    async fn own_device(&self) -> Result<DeviceRow, Fault> {
        self.device().await?.ok_or_else(|| Code::CheckInNeeded.into())
    }

    async fn begin_device(&self, device: &DeviceId) -> Result<(), Fault> {
        self.session.cycle_id().await.map_err(session_fault)?;
        let sessions = self.portal.db.device_sessions(device).await?;
        self.session.insert(DEVICE, device).await.map_err(session_fault)?;
        self.session
            .insert(SESSIONS, sessions)
            .await
            .map_err(session_fault)?;
        stays_a_device(&self.session).await?;
        self.session.save().await.map_err(session_fault)
    }

    async fn own_devices(&self) -> Result<Option<Vec<DeviceRow>>, Fault> {
        match &self.caller {
            Some(caller) => Ok(Some(self.portal.db.devices_of_user(&caller.email).await?)),
            None => Ok(None),
        }
    }

    async fn page_of(&self, device: DeviceRow) -> Result<OwnPage, Fault> {
        let requests = self.portal.db.own_requests(&device.id, OwnPage::REQUESTS).await?;
        let cannot_ask = cannot_ask(&device);
        let own_one = Own::of(&self.portal, device).await?;
        let apps = own_one.apps(&self.portal).await?;
        let Own { device, users, .. } = own_one;
        Ok(OwnPage {
            apps,
            device: own(device),
            invitations: self.own_invitations(users).await,
            requests,
            cannot_ask,
        })
    }

    /// Of the person whose device this is alone: a shared device invites nobody.
    async fn own_invitations(&self, users: Vec<StoredUser>) -> Vec<OwnInvitation> {
        if users.iter().all(|user| user.invite_code.is_none()) {
            return Vec::new();
        }
        let config = self.portal.invitations().await;
        let rows = users.into_iter().map(|user| users::row(user, config.as_deref()));
        rows.filter_map(|user| {
            Some(OwnInvitation {
                location_name: user.location_name,
                link: user.invitation?,
            })
        })
        .collect()
    }
}

/// What is asked for is a device licence (A3).
fn cannot_ask(device: &DeviceRow) -> Option<Reason> {
    (device.enrolment == Enrolment::User).then_some(Reason::UserEnrolment)
}

fn own(device: DeviceRow) -> OwnDevice {
    OwnDevice {
        id: device.id,
        name: device.name,
        serial: device.serial,
        platform: device.platform,
        model: device.model,
    }
}

#[async_trait]
impl CheckIn for RequestSession {
    async fn link(&self, secret: &str) -> Result<OwnDevice, Fault> {
        let db = &self.portal.db;
        let hash = secrets::digest(secret.as_bytes());
        if let Some(device) = db.enrolment_link(&hash, self.portal.clock.now()).await? {
            let device = db.device(&device).await?;
            return match device.left_at {
                None => Ok(own(device)),
                Some(_) => Err(Code::EnrolmentLinkInvalid.into()),
            };
        }
        // A used link that is opened again is no guess: others behind the same address are not to wait for it.
        if !db.knows_enrolment_link(&hash).await? {
            let key = format!("enrolment {}", self.address);
            self.portal.passwords.may_try(&key)?;
            self.portal.passwords.failed(&key);
        }
        Err(Code::EnrolmentLinkInvalid.into())
    }

    async fn open(&self, secret: &str) -> Result<(), Fault> {
        // Counts the tries, too.
        self.link(secret).await?;
        let hash = secrets::digest(secret.as_bytes());
        let used = self
            .portal
            .db
            .use_enrolment_link(&hash, self.portal.clock.now())
            .await;
        let device = used.map_err(|error| match error {
            store::StoreError::NotFound => Fault::new(Code::EnrolmentLinkInvalid),
            other => other.into(),
        })?;
        self.begin_device(&device).await
    }

    async fn choose(&self, device: &DeviceId) -> Result<(), Fault> {
        let own = self.own_devices().await?.ok_or(Code::SignInNeeded)?;
        if !own.iter().any(|row| row.id == *device) {
            return Err(Code::NotFound.into());
        }
        self.begin_device(device).await
    }

    async fn view(&self) -> Result<CheckInView, Fault> {
        if let Some(device) = self.device().await? {
            let now = self.portal.clock.now();
            if device.seen_at.is_none_or(|at| at < now - SEEN_AGAIN) {
                self.portal.db.note_seen(&device.id, now).await?;
            }
            return Ok(CheckInView::Device(self.page_of(device).await?));
        }
        Ok(match self.own_devices().await? {
            Some(devices) => CheckInView::Choose(devices.into_iter().map(own).collect()),
            None => CheckInView::Stranger,
        })
    }

    async fn take(&self, asset: AssetId) -> Result<(), Fault> {
        let device = self.own_device().await?;
        let mut known = self.portal.db.assets(&[asset]).await?;
        let app = known.first().ok_or(Code::NotFound)?;
        // Another device of the person's may run it; what is asked for here is for this one.
        if !app.platforms.suit(device.platform) {
            return Err(Code::AppRunsElsewhere.into());
        }
        match self
            .portal
            .ask_for(asset, &Asker::Device(device.id.clone()))
            .await
        {
            // Offered to the person, with a user licence.
            Err(fault) if fault.code == Code::NotOffered => {
                let person = self.portal.db.device_person(&device.id).await?;
                let (Some(person), Some(known)) = (person, known.pop()) else {
                    return Err(fault);
                };
                let planning = Planning::of_device(&self.portal.db, vec![known], &device.id).await?;
                let mut assets = planning.desired.assets.iter();
                if assets.any(|asset| planning.usable_on(asset, &device.id).is_err()) {
                    return Err(fault);
                }
                self.portal.ask_for(asset, &Asker::Person(person)).await?;
            }
            asked => asked?,
        }
        self.portal.live.send(LiveEvent::Requests);
        Ok(())
    }

    async fn find(&self, text: &str) -> Result<Vec<Wanted>, Fault> {
        let device = self.own_device().await?;
        if cannot_ask(&device).is_some() {
            return Err(Code::DeviceUserEnrolled.into());
        }
        // Some of them run elsewhere only, and some are in several locations.
        let most = u32::try_from(MOST_FOUND * 10).unwrap_or(u32::MAX);
        let found = self.portal.db.apps_to_ask_for(&device.serial, text, most).await?;
        let mut seen = HashSet::new();
        Ok(found
            .into_iter()
            .filter(|app| app.platforms.suit(device.platform) && seen.insert(app.adam_id.clone()))
            .take(MOST_FOUND)
            .map(|app| Wanted {
                id: app.id,
                name: app.name,
                publisher: app.publisher,
                icon: app.icon,
                free: app.free,
            })
            .collect())
    }

    async fn ask(&self, asset: AssetId, reason: &str) -> Result<(), Fault> {
        let device = self.own_device().await?;
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Fault::field("reason", Code::Required));
        }
        if reason.chars().count() as i64 > OwnRequest::LONGEST_REASON {
            return Err(Fault::field("reason", Code::TooLong));
        }
        let known = self.portal.db.assets(&[asset]).await?;
        let known = known.first().ok_or(Code::NotFound)?;
        if !known.device_assignable {
            return Err(Code::NotFound.into());
        }
        if cannot_ask(&device).is_some() {
            return Err(Code::DeviceUserEnrolled.into());
        }
        if !known.platforms.suit(device.platform) {
            return Err(Code::AppRunsElsewhere.into());
        }
        if self
            .portal
            .db
            .app_to_ask_for(&device.serial, asset)
            .await?
            .is_none()
        {
            return Err(Code::AppHere.into());
        }
        let request = NewRequest {
            id: RequestId(new_id(self.portal.clock.now())),
            device: device.id,
            asset,
            reason: reason.to_owned(),
            made_at: self.portal.clock.now(),
        };
        self.portal.db.insert_request(&request).await?;
        self.portal.live.send(LiveEvent::Requests);
        Ok(())
    }

    async fn leave(&self) -> Result<(), Fault> {
        self.session
            .remove::<DeviceId>(DEVICE)
            .await
            .map_err(session_fault)?;
        Ok(())
    }
}
