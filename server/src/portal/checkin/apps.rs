//! What the check-in page says of a device's apps: licences, offers, what cannot be had and why, what was withdrawn, and
//! what its user will be asked (P2, P4, A9).

use super::super::Portal;
use crate::engine::{
    desired::{DesiredAsset, Who},
    planning::Planning,
};
use contract::{
    AssetId, Fault, LocationId,
    assignments::{LicenseKind, PromptCase, Prompts, Reason, Registration, Verdict, prompts},
    catalog::ProductType,
    checkin::{AppState, OwnAccount, OwnApp},
    devices::DeviceRow,
    licenses::{Errand, GRACE, Holder, LicenseState},
    users::UserStatus,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    checkin::{AssignedApp, OwnLicense, WithdrawnApp},
    people::Person,
    users::StoredUser,
};

/// A device and the person whose it is alone.
pub struct Own {
    pub device: DeviceRow,
    pub person: Option<Person>,
    /// As Apple knows the person.
    pub users: Vec<StoredUser>,
}

/// What the plan says of an app that an assignment brings.
struct Brought {
    location: LocationId,
    kind: LicenseKind,
    verdict: Verdict,
}

impl Own {
    pub async fn of(portal: &Portal, device: DeviceRow) -> Result<Self, Fault> {
        let (person, users) = match portal.db.device_person(&device.id).await? {
            Some(id) => (Some(portal.db.person(&id).await?), portal.db.users_of(&id).await?),
            None => (None, Vec::new()),
        };
        Ok(Self {
            device,
            person,
            users,
        })
    }

    pub async fn apps(&self, portal: &Portal) -> Result<Vec<OwnApp>, Fault> {
        let since = portal.clock.now() - GRACE;
        let licenses = portal.db.own_licenses(&self.device.serial).await?;
        let assigned = portal.db.assigned_apps(&self.device.id).await?;
        let mut brought = self.brought(portal, &assigned).await?;
        let withdrawn = portal.db.withdrawn(&self.device.serial, since).await?;
        let errands = portal.db.device_errands(&self.device.serial).await?.into_iter();
        let installs: BTreeSet<AssetId> = errands
            .filter(|errand| errand.errand == Errand::Install)
            .map(|errand| errand.asset)
            .collect();
        let there: BTreeSet<AssetId> = licenses.iter().map(|own| own.license.asset).collect();
        let assigned: Vec<OwnApp> = assigned
            .into_iter()
            .filter_map(|one| {
                let brought = brought.remove(&one.app.id)?;
                let here = there.contains(&one.app.id);
                self.assigned(one, brought, here)
            })
            .collect();
        let again: BTreeSet<AssetId> = assigned.iter().map(|app| app.id).collect();
        // What is on offer may have been withdrawn all the same (R5).
        let comes = assigned
            .iter()
            .filter(|app| !matches!(app.state, AppState::Available { .. }));
        let comes: BTreeSet<AssetId> = comes.map(|app| app.id).collect();
        let licenses = licenses
            .into_iter()
            .filter(|own| own.license.state != LicenseState::Failed || !again.contains(&own.license.asset))
            .map(|own| self.licensed(own))
            .collect();
        let licenses = by_app(licenses).into_iter().map(|app| OwnApp {
            to_install: app.state == AppState::Licensed && installs.contains(&app.id),
            ..app
        });
        let withdrawn = withdrawn.into_iter().filter(|app| !comes.contains(&app.id));
        Ok(licenses
            .chain(assigned.iter().cloned())
            .chain(withdrawn.map(withdrawn_app))
            .collect())
    }

    /// What the plans say of these apps, location by location.
    async fn brought(
        &self,
        portal: &Portal,
        assigned: &[AssignedApp],
    ) -> Result<BTreeMap<AssetId, Brought>, Fault> {
        let ids: Vec<AssetId> = assigned.iter().map(|one| one.app.id).collect();
        let mut stock: BTreeMap<LocationId, Vec<_>> = BTreeMap::new();
        for asset in portal.db.assets(&ids).await? {
            stock.entry(asset.location.clone()).or_default().push(asset);
        }
        let mut brought = BTreeMap::new();
        for (location, stock) in stock {
            let planning = Planning::of_device(&portal.db, stock, &self.device.id).await?;
            for ((asset, desired), plan) in planning
                .stock
                .iter()
                .zip(&planning.desired.assets)
                .zip(planning.plans())
            {
                let mine: Vec<(LicenseKind, Verdict)> = plan
                    .lines
                    .iter()
                    .filter_map(|line| Some((self.mine(&planning, line.who)?, line.verdict)))
                    .collect();
                if let Some((kind, verdict)) = foremost(&mine) {
                    let verdict = match self.usable_here(&planning, desired, kind) {
                        Ok(()) => verdict,
                        Err(reason) => not_here(verdict, reason),
                    };
                    let location = location.clone();
                    brought.insert(
                        asset.id,
                        Brought {
                            location,
                            kind,
                            verdict,
                        },
                    );
                }
            }
        }
        Ok(brought)
    }

    /// Why a licence of that kind is none for this device (A3).
    fn usable_here(
        &self,
        planning: &Planning,
        asset: &DesiredAsset,
        kind: LicenseKind,
    ) -> Result<(), Reason> {
        match kind {
            LicenseKind::User => planning.usable_on(asset, &self.device.id),
            LicenseKind::Device if asset.platforms.suit(self.device.platform) => Ok(()),
            LicenseKind::Device => Err(Reason::RunsElsewhere),
        }
    }

    /// Which licence that would be, if it is this device's or its person's.
    fn mine(&self, planning: &Planning, who: Who) -> Option<LicenseKind> {
        match who {
            Who::Device(at) => {
                let device = planning.data.devices.get(at as usize)?;
                (device.id == self.device.id).then_some(LicenseKind::Device)
            }
            Who::Person(at) => {
                let person = planning.data.people.get(at as usize)?;
                let own = self.person.as_ref().is_some_and(|own| own.id == person.id);
                own.then_some(LicenseKind::User)
            }
        }
    }

    fn licensed(&self, own: OwnLicense) -> OwnApp {
        let license = own.license;
        let kind = license.holder.kind();
        let state = match license.state {
            LicenseState::Waiting => {
                let (place, of) = own.place.unwrap_or((1, 1));
                AppState::Waiting { place, of }
            }
            LicenseState::Requested => AppState::OnItsWay,
            LicenseState::Held if license.not_joined => AppState::NotJoined,
            LicenseState::Held => AppState::Licensed,
            LicenseState::Releasing | LicenseState::Released => AppState::Leaving,
            // Apple was never asked.
            LicenseState::Failed if license.error.is_none() => AppState::Cannot {
                reason: Reason::NoneLeft,
            },
            LicenseState::Failed => AppState::Failed,
        };
        let accounts = match &license.holder {
            Holder::Device(_) => Vec::new(),
            Holder::User(id) => {
                let account = self.users.iter().find(|user| user.client_user_id == *id);
                let managed = account.map(|user| user.managed.clone()).unwrap_or_default();
                vec![OwnAccount { managed, state }]
            }
        };
        OwnApp {
            accounts,
            id: license.asset,
            name: license.asset_name,
            publisher: own.publisher,
            icon: license.icon,
            product: product(own.book),
            state,
            kind,
            prompts: self.prompts(state, kind, &license.location),
            to_install: false,
            since: license.since,
        }
    }

    /// None if there is nothing to say of it: its licence says it, or it is not for this device. `here`: it has a licence's
    /// row.
    fn assigned(&self, one: AssignedApp, brought: Brought, here: bool) -> Option<OwnApp> {
        let Brought {
            location,
            kind,
            verdict,
        } = brought;
        let state = match verdict {
            // What a reclaim rule took may be asked for again (R3).
            Verdict::Offered
            | Verdict::Cannot {
                reason: Reason::Reclaimed,
            } => AppState::Available { free: one.app.free },
            Verdict::Gets | Verdict::Waits { .. } | Verdict::Has | Verdict::Draws if one.asked && !here => {
                AppState::OnItsWay
            }
            // Whether one is left, only the whole plan knows; it leaves a row that says so.
            Verdict::Cannot {
                reason: Reason::NoneLeft,
            } => return None,
            Verdict::Cannot { reason } if !here => AppState::Cannot { reason },
            _ => return None,
        };
        let app = one.app;
        Some(OwnApp {
            id: app.id,
            name: app.name,
            publisher: app.publisher,
            icon: app.icon,
            product: product(one.book),
            state,
            kind,
            prompts: self.prompts(state, kind, &location),
            to_install: false,
            since: 0,
            accounts: Vec::new(),
        })
    }

    /// A9, as long as something is to come.
    fn prompts(&self, state: AppState, kind: LicenseKind, location: &LocationId) -> Option<Prompts> {
        let to_come = match state {
            AppState::Available { .. }
            | AppState::Licensed
            | AppState::NotJoined
            | AppState::OnItsWay
            | AppState::Waiting { .. } => true,
            AppState::Withdrawn { .. }
            | AppState::NotMeant { .. }
            | AppState::Leaving
            | AppState::Failed
            | AppState::Cannot { .. } => false,
        };
        let mut users = self
            .users
            .iter()
            .filter(|user| user.location == *location && user.status != UserStatus::Retired);
        let user = users
            .clone()
            .find(|user| user.status == UserStatus::Associated)
            .or_else(|| users.next());
        let managed = match user {
            Some(user) => !user.managed.is_empty(),
            None => {
                let person = self.person.as_ref();
                person.is_some_and(|person| !person.form.managed_apple_account.is_empty())
            }
        };
        to_come.then(|| {
            prompts(PromptCase {
                ownership: self.device.ownership,
                supervised: self.device.supervised,
                kind,
                kiosk: self.device.kiosk,
                enrolment: self.device.enrolment,
                registration: match user.map(|user| user.status) {
                    Some(UserStatus::Associated) => Registration::Associated,
                    Some(UserStatus::Registered) => Registration::Registered,
                    _ => Registration::None,
                },
                managed_account: managed,
            })
        })
    }
}

/// Licences of several accounts of one person as one row of the app: that of the account that is furthest, with what is so
/// of each (A2).
fn by_app(licenses: Vec<OwnApp>) -> Vec<OwnApp> {
    let mut apps: Vec<OwnApp> = Vec::new();
    for mut app in licenses {
        let user = app.kind == LicenseKind::User;
        let other = apps
            .iter_mut()
            .find(|other| user && other.kind == LicenseKind::User && other.id == app.id);
        match other {
            None => apps.push(app),
            Some(other) => {
                let mut accounts = std::mem::take(&mut other.accounts);
                accounts.append(&mut app.accounts);
                if way(app.state) < way(other.state) {
                    *other = app;
                }
                other.accounts = accounts;
            }
        }
    }
    for app in apps.iter_mut().filter(|app| app.accounts.len() < 2) {
        app.accounts.clear();
    }
    apps
}

/// How far it is to a licence that can be used.
fn way(state: AppState) -> u8 {
    match state {
        AppState::Licensed => 0,
        AppState::NotJoined => 1,
        AppState::OnItsWay => 2,
        AppState::Waiting { .. } => 3,
        AppState::Available { .. } => 4,
        AppState::Failed | AppState::Cannot { .. } => 5,
        AppState::Leaving | AppState::NotMeant { .. } | AppState::Withdrawn { .. } => 6,
    }
}

/// What counts where the device and its person are told different things: what is there or comes, then an offer, then why
/// not.
fn foremost(mine: &[(LicenseKind, Verdict)]) -> Option<(LicenseKind, Verdict)> {
    mine.iter().copied().min_by_key(|(_, verdict)| match verdict {
        Verdict::Has | Verdict::Gets | Verdict::Draws | Verdict::Waits { .. } => 0,
        Verdict::Offered => 1,
        Verdict::Cannot { .. } => 2,
        _ => 3,
    })
}

/// What comes to a person is nothing for a device that cannot have it.
fn not_here(verdict: Verdict, reason: Reason) -> Verdict {
    match verdict {
        Verdict::Has | Verdict::Gets | Verdict::Draws | Verdict::Waits { .. } | Verdict::Offered => {
            Verdict::Cannot { reason }
        }
        other => other,
    }
}

fn product(book: bool) -> ProductType {
    match book {
        true => ProductType::Book,
        false => ProductType::App,
    }
}

fn withdrawn_app(app: WithdrawnApp) -> OwnApp {
    OwnApp {
        id: app.id,
        name: app.name,
        publisher: app.publisher,
        icon: app.icon,
        product: ProductType::App,
        state: match (app.removed, app.at + GRACE) {
            (true, until) => AppState::NotMeant { until },
            (false, until) => AppState::Withdrawn { until },
        },
        kind: app.kind,
        prompts: None,
        to_install: false,
        since: app.at,
        accounts: Vec::new(),
    }
}
