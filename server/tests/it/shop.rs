//! A stand whose devices want one app: what tests of assignments start with.

use crate::{
    database::Raw,
    main_job::app_with,
    stand::{Stand, apple_says, until, usual},
};
use contract::{
    AssetId, DeviceId, OperationId, PageQuery, PlanId,
    assignments::{
        AssignmentForm, AssignmentRow, AssignmentSettings, Change, ChangeView, GroupAssignments, Intent,
        LicenseKind, Priority, Shortage, Target,
    },
    catalog::Catalog,
    devices::DeviceQuery,
    licenses::{LicenseQuery, LicenseState, Licenses},
    tokens::{NotificationState, Tokens},
};
use sandbox::{Faults, Organisation, Purchase};
use std::collections::BTreeSet;
use store::devices::DeviceRef;

pub const REQUIRED: Target = Target::Include {
    intent: Intent::Required,
    kind: LicenseKind::Device,
};

/// A stand with an app that nobody has yet, and its devices by id: the order of claims.
pub struct Shop {
    pub stand: Stand,
    pub raw: Raw,
    pub app: AssetId,
    pub adam_id: String,
    pub devices: Vec<DeviceRef>,
}

impl Shop {
    pub async fn open(devices: u32, licences: u32) -> Self {
        Self::open_with(devices, licences, usual()).await
    }

    pub async fn open_with(devices: u32, licences: u32, faults: Faults) -> Self {
        let organisation = Organisation {
            apps: 3,
            books: 1,
            devices,
            users: 0,
            assignments: 0,
            spare: Some(licences),
            unlimited_app: false,
            ..Organisation::default()
        };
        let stand = Stand::start_with(organisation, faults).await;
        let token = stand.create_token().await;
        until("Apple sends notifications", async || {
            let detail = Tokens::detail(&stand.portal, &stand.owner, &token).await.unwrap();
            matches!(detail.notifications, NotificationState::Active { .. })
        })
        .await;
        let raw = stand.folder.raw().await;
        let app = app_with(&stand, i64::from(licences)).await.id;
        let detail = Catalog::detail(&stand.portal, &stand.owner, app).await.unwrap();
        let mut all = stand
            .portal
            .db
            .devices_matching(&DeviceQuery::default(), 100_000)
            .await
            .unwrap();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        Self {
            stand,
            raw,
            app,
            adam_id: detail.adam_id,
            devices: all,
        }
    }

    pub async fn run(&mut self, sql: String) {
        self.raw.run(sql).await;
    }

    /// A group of devices (kind 1) or people (kind 0).
    pub async fn group(&mut self, id: &str, kind: i64, members: impl IntoIterator<Item = String>) {
        self.run(format!(
            "INSERT INTO groups (id, name, sort_name, kind, source, created_at, changed_at)
             VALUES ('{id}', 'Group {id}', 'group {id}', {kind}, 'manual', 0, 0)"
        ))
        .await;
        self.members(id, members).await;
    }

    /// Who is in the group from now on; the engine hears of it as storage tells it.
    pub async fn members(&mut self, id: &str, members: impl IntoIterator<Item = String>) {
        let members: Vec<String> = members.into_iter().collect();
        let (begin, values) = (self.raw.begin(), self.raw.values(&members));
        self.run(format!(
            "{begin};
             DELETE FROM group_fixed WHERE group_id = '{id}';
             DELETE FROM group_members WHERE group_id = '{id}';
             INSERT INTO group_fixed (group_id, member) SELECT '{id}', value FROM {values};
             INSERT INTO group_members (group_id, member) SELECT '{id}', value FROM {values};
             UPDATE groups SET members = {} WHERE id = '{id}';
             INSERT INTO group_changes (group_id, at) VALUES ('{id}', 0) ON CONFLICT DO NOTHING;
             COMMIT",
            members.len()
        ))
        .await;
        self.stand.portal.wake.ring();
    }

    /// A person whose devices these are.
    pub async fn person(&mut self, id: &str, devices: &[DeviceId]) {
        let devices = self.raw.values(devices);
        self.run(format!(
            "INSERT INTO people (id, user_name, user_name_key, name, sort_name, email, managed_apple_account,
                 department, active, search, source, created_at, changed_at)
             VALUES ('{id}', '{id}', '{id}', '{id}', '{id}', '', '', '', true, '', 'manual', 0, 0);
             UPDATE devices SET user_name_key = '{id}' WHERE id IN (SELECT value FROM {devices})"
        ))
        .await;
    }

    pub fn ids(&self, range: std::ops::Range<usize>) -> Vec<String> {
        self.devices[range]
            .iter()
            .map(|device| device.id.0.clone())
            .collect()
    }

    pub fn serials(&self, range: std::ops::Range<usize>) -> BTreeSet<String> {
        self.devices[range]
            .iter()
            .map(|device| device.serial.to_string())
            .collect()
    }

    pub fn form(&self, group: &str, target: Target) -> AssignmentForm {
        AssignmentForm {
            group: group.into(),
            target,
            settings: AssignmentSettings::default(),
            priority: Priority::Normal,
            shortage: Shortage::Wait,
            reserved: 0,
        }
    }

    pub async fn plan(&self, change: Change) -> Result<PlanId, contract::Fault> {
        self.stand.portal.plan_change(&self.stand.owner, change).await
    }

    pub async fn view(&self, id: &PlanId) -> ChangeView {
        self.stand
            .portal
            .change_view(&self.stand.owner, id)
            .await
            .unwrap()
    }

    pub async fn apply(&self, id: &PlanId) -> Option<OperationId> {
        self.stand
            .portal
            .apply_change(&self.stand.owner, id, false)
            .await
            .unwrap()
    }

    pub async fn save(&self, form: AssignmentForm) -> Option<OperationId> {
        let plan = self
            .plan(Change::Save {
                asset: self.app,
                form,
            })
            .await
            .unwrap();
        self.apply(&plan).await
    }

    pub async fn assign(&self, group: &str, target: Target) -> Option<OperationId> {
        self.save(self.form(group, target)).await
    }

    pub async fn rows(&self) -> Vec<AssignmentRow> {
        self.stand.portal.rows(&self.stand.owner, self.app).await.unwrap()
    }

    /// Serial numbers with a licence of the app at Apple.
    pub fn at_apple(&self) -> BTreeSet<String> {
        apple_says(&self.stand.sandbox, &self.stand.uid())
            .into_iter()
            .filter(|(adam_id, _)| *adam_id == self.adam_id)
            .filter_map(|(_, holder)| Some(holder.strip_prefix("device ")?.to_owned()))
            .collect()
    }

    pub async fn holds(&self, what: &str, expected: BTreeSet<String>) {
        until(what, async || self.at_apple() == expected).await;
        until("Pomona knows, and nothing is on its way", async || {
            self.held(LicenseState::Held).await == expected
                && self.held(LicenseState::Requested).await.is_empty()
                && self.held(LicenseState::Releasing).await.is_empty()
        })
        .await;
    }

    pub async fn held(&self, state: LicenseState) -> BTreeSet<String> {
        let mut query = LicenseQuery {
            asset: Some(self.app),
            state: Some(state),
            ..LicenseQuery::default()
        };
        query.page.rows = Some(100);
        let mut serials = BTreeSet::new();
        loop {
            let page = Licenses::list(&self.stand.portal, &self.stand.owner, query.clone())
                .await
                .unwrap();
            serials.extend(page.rows.iter().map(|row| row.holder.id().to_owned()));
            match page.next {
                Some(next) => query.page.cursor = Some(next),
                None => return serials,
            }
        }
    }

    /// The first of those who wait.
    pub async fn waiting(&self) -> (Option<i64>, Vec<String>) {
        let page = PageQuery {
            rows: Some(100),
            ..PageQuery::default()
        };
        let page = self
            .stand
            .portal
            .waiting(&self.stand.owner, self.app, page)
            .await
            .unwrap();
        let places: Vec<_> = page.rows.iter().map(|row| row.place).collect();
        assert_eq!(places, (1..=page.rows.len() as i64).collect::<Vec<_>>());
        (
            page.total,
            page.rows.iter().map(|row| row.holder.id().to_owned()).collect(),
        )
    }

    pub fn buy(&self, count: u32) {
        let purchase = Purchase::of(self.adam_id.clone(), count);
        self.stand
            .sandbox
            .control()
            .buy(&self.stand.uid(), &purchase)
            .unwrap();
    }
}
