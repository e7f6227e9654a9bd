//! The check-in page's side of a request: this browser's device, and nothing of any other (P1, P2, P4).

use super::{
    client,
    session::{RequestSession, session_fault},
    users,
};
use crate::{clock::new_id, secrets};
use async_trait::async_trait;
use contract::{
    AssetId, Code, DeviceId, Fault, RequestId,
    catalog::ProductType,
    checkin::{AppState, CheckIn, CheckInView, OwnApp, OwnDevice, OwnInvitation, OwnPage, Wanted},
    devices::{DeviceRow, Platform},
    licenses::LicenseState,
    live::LiveEvent,
};
use store::{
    assignments::Asker,
    checkin::{FoundApp, NewRequest, OfferedApp, OwnLicense, WithdrawnApp},
};
use tower_sessions::{Expiry, cookie::time::Duration};

/// The session's key for the device id.
pub const DEVICE: &str = "device";
/// A browser stays a device's for a school year without a visit.
const KEPT: Duration = Duration::days(365);
/// Milliseconds that an app goes on to work after its licence is gone (R2): Apple's 30 days.
const GRACE: i64 = 30 * 24 * 60 * 60 * 1000;
/// Looks at the page within so many milliseconds count as one check-in.
const SEEN_AGAIN: i64 = 60 * 60 * 1000;
/// Apps that a search shows.
const MOST_FOUND: usize = 20;
/// Characters of a reason.
const LONGEST_REASON: usize = 500;

impl RequestSession {
    /// The device that this browser is, if it is one.
    pub async fn device(&self) -> Result<Option<DeviceRow>, Fault> {
        let Some(id) = self
            .session
            .get::<DeviceId>(DEVICE)
            .await
            .map_err(session_fault)?
        else {
            return Ok(None);
        };
        match self.portal.db.device(&id).await {
            Ok(device) => Ok(Some(device)),
            Err(store::StoreError::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn own_device(&self) -> Result<DeviceRow, Fault> {
        self.device().await?.ok_or_else(|| Code::CheckInNeeded.into())
    }

    async fn begin_device(&self, device: &DeviceId) -> Result<(), Fault> {
        self.session.cycle_id().await.map_err(session_fault)?;
        self.session.insert(DEVICE, device).await.map_err(session_fault)?;
        // Whoever is signed in as well stays so no longer than before.
        if self.caller.is_none() {
            self.session.set_expiry(Some(Expiry::OnInactivity(KEPT)));
        }
        self.session.save().await.map_err(session_fault)
    }

    async fn own_devices(&self) -> Result<Option<Vec<DeviceRow>>, Fault> {
        match &self.caller {
            Some(caller) => Ok(Some(self.portal.db.devices_of_user(&caller.email).await?)),
            None => Ok(None),
        }
    }

    async fn page_of(&self, device: DeviceRow) -> Result<OwnPage, Fault> {
        let licenses = self.portal.db.own_licenses(&device.serial).await?;
        let offered = self.portal.db.offered(&device.id).await?;
        let taken_back = self
            .portal
            .db
            .withdrawn(&device.serial, self.portal.clock.now() - GRACE)
            .await?;
        let invitations = self.own_invitations(&device.id).await?;
        let requests = self.portal.db.own_requests(&device.id, OwnPage::REQUESTS).await?;
        Ok(OwnPage {
            apps: licenses
                .into_iter()
                .map(own_app)
                .chain(
                    offered
                        .into_iter()
                        .filter(|offered| runs_on(&offered.app, device.platform))
                        .map(available),
                )
                .chain(taken_back.into_iter().map(withdrawn))
                .collect(),
            device: own(device),
            invitations,
            requests,
        })
    }

    /// Of the person whose device this is alone: a shared device invites nobody.
    async fn own_invitations(&self, device: &DeviceId) -> Result<Vec<OwnInvitation>, Fault> {
        let Some(person) = self.portal.db.device_person(device).await? else {
            return Ok(Vec::new());
        };
        let users = self.portal.db.users_of(&person).await?;
        if users.iter().all(|user| user.invite_code.is_none()) {
            return Ok(Vec::new());
        }
        let config = self.portal.invitations().await;
        let rows = users.into_iter().map(|user| users::row(user, config.as_deref()));
        Ok(rows
            .filter_map(|user| {
                Some(OwnInvitation {
                    location_name: user.location_name,
                    link: user.invitation?,
                })
            })
            .collect())
    }
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

fn own_app(own: OwnLicense) -> OwnApp {
    let license = own.license;
    let state = match license.state {
        LicenseState::Waiting => {
            let (place, of) = own.place.unwrap_or((1, 1));
            AppState::Waiting { place, of }
        }
        LicenseState::Requested => AppState::OnItsWay,
        LicenseState::Held if license.not_joined => AppState::NotJoined,
        LicenseState::Held => AppState::Licensed,
        LicenseState::Releasing | LicenseState::Released => AppState::Leaving,
        LicenseState::Failed => AppState::Failed,
    };
    OwnApp {
        id: license.asset,
        name: license.asset_name,
        publisher: own.publisher,
        icon: license.icon,
        product: if own.book {
            ProductType::Book
        } else {
            ProductType::App
        },
        state,
        since: license.since,
    }
}

fn available(offered: OfferedApp) -> OwnApp {
    let app = offered.app;
    OwnApp {
        id: app.id,
        name: app.name,
        publisher: app.publisher,
        icon: app.icon,
        product: match offered.book {
            true => ProductType::Book,
            false => ProductType::App,
        },
        state: match offered.asked {
            true => AppState::OnItsWay,
            false => AppState::Available { free: app.free },
        },
        since: 0,
    }
}

fn withdrawn(app: WithdrawnApp) -> OwnApp {
    OwnApp {
        id: app.id,
        name: app.name,
        publisher: app.publisher,
        icon: app.icon,
        product: ProductType::App,
        state: AppState::Withdrawn {
            until: app.at + GRACE,
        },
        since: app.at,
    }
}

/// Whether the app runs there; while that is unknown, it may.
fn runs_on(app: &FoundApp, platform: Platform) -> bool {
    let runs = |name: &str| {
        app.platforms
            .split(',')
            .any(|known| known.eq_ignore_ascii_case(name))
    };
    app.platforms.is_empty()
        || runs(platform.label())
        // An iPad runs what an iPhone does.
        || platform == Platform::IPadOs && runs(Platform::IOs.label())
}

#[async_trait]
impl CheckIn for RequestSession {
    async fn link(&self, secret: &str) -> Result<OwnDevice, Fault> {
        let key = client::address().map(|address| format!("enrolment {address}"));
        key.iter()
            .try_for_each(|key| self.portal.passwords.may_try(key))?;
        let hash = secrets::digest(secret.as_bytes());
        match self
            .portal
            .db
            .enrolment_link(&hash, self.portal.clock.now())
            .await?
        {
            Some(device) => Ok(own(self.portal.db.device(&device).await?)),
            None => {
                key.iter().for_each(|key| self.portal.passwords.failed(key));
                Err(Code::EnrolmentLinkInvalid.into())
            }
        }
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
        match self
            .portal
            .ask_for(asset, &Asker::Device(device.id.clone()))
            .await
        {
            // Offered to the person, with a user licence.
            Err(fault) if fault.code == Code::NotOffered => {
                let person = self.portal.db.device_person(&device.id).await?;
                let person = person.ok_or(fault)?;
                self.portal.ask_for(asset, &Asker::Person(person)).await?;
            }
            asked => asked?,
        }
        self.portal.live.send(LiveEvent::Requests);
        Ok(())
    }

    async fn find(&self, text: &str) -> Result<Vec<Wanted>, Fault> {
        let device = self.own_device().await?;
        // Some of them run elsewhere only.
        let most = u32::try_from(MOST_FOUND * 10).unwrap_or(u32::MAX);
        let found = self.portal.db.apps_to_ask_for(&device.serial, text, most).await?;
        Ok(found
            .into_iter()
            .filter(|app| runs_on(app, device.platform))
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
        if reason.chars().count() > LONGEST_REASON {
            return Err(Fault::field("reason", Code::TooLong));
        }
        let known = self.portal.db.assets(&[asset]).await?;
        let known = known.first().ok_or(Code::NotFound)?;
        if !known.device_assignable {
            return Err(Code::NotFound.into());
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
