use super::{assignments::AssignmentRecord, named, number};
use crate::{
    Result,
    assignments::StoredAssignment,
    numbers,
    planning::{Errand, PlanAssetData, PlanDevice, PlanLicense, PlanPerson, PlanSource, PlanningData},
};
use contract::{
    AssetId, DeviceId, GroupId, LocationId, PersonId, Serial, UnixMillis,
    assignments::Registration,
    devices::{DeviceOwnership, Enrolment, Platform},
    groups::GroupKind,
    users::{AppleAccount, UserStatus},
};
use std::collections::HashMap;

/// Of `devices d`.
pub const PLAN_DEVICE: &str = "d.id, d.serial, d.user_name_key, d.platform, d.ownership, d.supervised, d.enrolment, \
    d.kiosk, d.store_blocked, d.left_at IS NOT NULL AS gone";

#[derive(sqlx::FromRow)]
pub struct PlanDeviceRecord {
    id: String,
    serial: String,
    user_name_key: String,
    platform: String,
    ownership: String,
    supervised: bool,
    enrolment: String,
    kiosk: bool,
    store_blocked: bool,
    gone: bool,
}

/// Of `people p` and the location's `vpp_users u`, left-joined.
pub const PLAN_PERSON: &str = "p.id, p.user_name, p.user_name_key, p.active, \
    CASE WHEN u.status < 3 THEN u.managed WHEN u.account = 0 THEN '' ELSE p.managed_apple_account END <> '' AS managed_account, \
    u.client_user_id, u.account, u.status, (u.wish IS NOT NULL OR u.batch IS NOT NULL) AS joining, u.error_number IS NOT NULL AS refused, \
    coalesce(u.wish = 2, 1 = 0) AS retiring, u.registered_at";

#[derive(sqlx::FromRow)]
pub struct PlanPersonRecord {
    id: String,
    user_name: String,
    user_name_key: String,
    active: bool,
    managed_account: bool,
    client_user_id: Option<String>,
    account: Option<i16>,
    status: Option<i16>,
    joining: bool,
    refused: bool,
    retiring: bool,
    registered_at: Option<i64>,
}

impl PlanPersonRecord {
    fn status(&self) -> Result<Option<UserStatus>> {
        self.status.map(|status| number(status.into())).transpose()
    }

    fn person(self) -> Result<PlanPerson> {
        let status = self.status()?;
        let registration = match status {
            None | Some(UserStatus::Wanted | UserStatus::Retired) => Registration::None,
            Some(UserStatus::Registered) => Registration::Registered,
            Some(UserStatus::Associated) => Registration::Associated,
        };
        Ok(PlanPerson {
            id: PersonId(self.id),
            user_name: self.user_name,
            managed_account: self.managed_account,
            account: match self.account {
                Some(1) => AppleAccount::Managed,
                None if self.managed_account => AppleAccount::Managed,
                _ => AppleAccount::Invited,
            },
            registration,
            client_user_id: self.client_user_id,
            joining: status == Some(UserStatus::Wanted) && self.joining,
            refused: registration == Registration::None && self.refused && !self.joining,
            left: !self.active,
            retiring: self.retiring,
            registered_at: self.registered_at.unwrap_or_default(),
        })
    }
}

/// Who has another account that is not retired goes by that one alone; of several retired ones the first stays.
fn accounts(records: Vec<PlanPersonRecord>) -> Result<Vec<PlanPersonRecord>> {
    let mut kept: Vec<PlanPersonRecord> = Vec::with_capacity(records.len());
    for record in records {
        let retired = Some(UserStatus::Retired);
        match kept.last() {
            Some(last) if last.id == record.id && record.status()? == retired => {}
            Some(last) if last.id == record.id && last.status()? == retired => {
                kept.pop();
                kept.push(record);
            }
            _ => kept.push(record),
        }
    }
    Ok(kept)
}

/// Of `licenses x`.
pub const PLAN_LICENSE: &str = "x.asset, x.holder, x.kind, x.state, x.since, x.turn, x.assignment, \
    x.operation IS NOT NULL AS known, x.error_number AS error";

#[derive(sqlx::FromRow)]
pub struct PlanLicenseRecord {
    pub asset: i64,
    pub holder: String,
    #[sqlx(try_from = "i16")]
    kind: i64,
    #[sqlx(try_from = "i16")]
    state: i64,
    since: i64,
    turn: i64,
    assignment: Option<i64>,
    known: bool,
    error: Option<i64>,
}

/// Of the same apps `b` of other locations: those that assignments of the assets `a` draw from, or have drawn from, and
/// that of the location `draw`.
/// Whoever waits there comes first, and what is reserved there and not used yet stays. While its counts are in doubt, nothing
/// is free.
pub fn sources(settings: &str, draw: &str, may_assign: &str) -> String {
    format!(
        "a.id AS asset, b.id AS source, b.location, b.unlimited,
             CASE WHEN b.waiting > 0 OR EXISTS (SELECT 1 FROM doubts u WHERE u.location = b.location
                 AND u.adam_id = b.adam_id AND u.pricing_param = b.pricing_param) THEN 0 ELSE b.available - b.pending
                 - (SELECT CAST(coalesce(sum(CASE WHEN r.kept > 0 THEN r.kept ELSE 0 END), 0) AS bigint) FROM (
                     SELECT n.reserved - (SELECT count(*) FROM licenses y WHERE y.asset = n.asset
                         AND y.assignment = n.number AND y.state IN (1, 2, 3)) AS kept
                     FROM assignments n WHERE n.asset = b.id AND n.reserved > 0) r)
             END AS free
         FROM assets a JOIN assets b ON b.adam_id = a.adam_id AND b.pricing_param = a.pricing_param
             AND b.stage = 1 AND b.id <> a.id AND b.device_assignable
         WHERE EXISTS (SELECT 1 FROM tokens t WHERE t.location = b.location AND t.state IN ({may_assign}))
             AND (b.location = {draw} OR EXISTS (SELECT 1 FROM assignments s
                 WHERE s.asset = a.id AND ({settings} ->> 'draw_from' = b.location
                     OR EXISTS (SELECT 1 FROM licenses y WHERE y.asset = b.id AND y.assignment = s.number))))"
    )
}

/// Who was migrated to licences of devices (A10): of an asset, by the client user id, as long as an assignment from before
/// gives user licences of it. What assignments gave after that is another decision.
pub const MOVED: &str = "SELECT m.asset, o.holder FROM moves m JOIN move_people o ON o.move = m.number
    WHERE o.moved AND EXISTS (SELECT 1 FROM assignments s WHERE s.asset = m.asset AND s.kind = 1
        AND s.intent IN (0, 1) AND s.created_at <= m.created_at)";

/// The ids of devices with licences of the same apps of other locations that assignments of the assets gave: `{assets}`.
pub const DRAWN: &str = "SELECT d.id FROM assignments s JOIN assets a ON a.id = s.asset
    JOIN assets b ON b.adam_id = a.adam_id AND b.stage = 1 AND b.id <> a.id
    JOIN licenses x ON x.asset = b.id AND x.assignment = s.number JOIN devices d ON d.serial = x.holder
    WHERE x.kind = 0 AND s.asset";

#[derive(sqlx::FromRow)]
pub struct SourceRecord {
    asset: i64,
    source: i64,
    location: String,
    unlimited: bool,
    free: i64,
}

/// Puts the planning data together as its rows come, all of them sorted, so that no row is looked up by its id.
pub struct Gathering {
    data: PlanningData,
    /// Positions in `data.assets`.
    assets: HashMap<i64, usize>,
    /// Serial numbers with positions, sorted.
    serials: Vec<(Serial, u32)>,
    /// Client user ids with positions, sorted.
    users: Vec<(String, u32)>,
}

impl Gathering {
    pub fn new(
        assets: &[AssetId],
        people: Vec<PlanPersonRecord>,
        devices: Vec<PlanDeviceRecord>,
    ) -> Result<Self> {
        let people = accounts(people)?;
        let mut keys: Vec<(String, u32)> = people
            .iter()
            .zip(0..)
            .map(|(person, at)| (person.user_name_key.clone(), at))
            .collect();
        keys.sort_unstable();
        // A device's owner is the person's first account.
        keys.dedup_by(|later, first| later.0 == first.0);
        let people = people
            .into_iter()
            .map(PlanPersonRecord::person)
            .collect::<Result<Vec<_>>>()?;
        let devices = devices
            .into_iter()
            .map(|record| {
                Ok(PlanDevice {
                    id: DeviceId(record.id),
                    serial: Serial::known(record.serial),
                    owner: find(&keys, record.user_name_key.as_str(), |key| key.as_str()),
                    platform: named(&record.platform, Platform::parse)?,
                    ownership: named(&record.ownership, DeviceOwnership::parse)?,
                    supervised: record.supervised,
                    enrolment: named(&record.enrolment, Enrolment::parse)?,
                    kiosk: record.kiosk,
                    store_blocked: record.store_blocked,
                    gone: record.gone,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let data = PlanningData {
            devices,
            people,
            groups: Vec::new(),
            assets: vec![PlanAssetData::default(); assets.len()],
            removed_license_only: Vec::new(),
        };
        let mut serials: Vec<_> = data
            .devices
            .iter()
            .zip(0..)
            .map(|(device, at)| (device.serial.clone(), at))
            .collect();
        serials.sort_unstable();
        let users = data.people.iter().zip(0..);
        let mut users: Vec<_> = users
            .filter_map(|(person, at)| Some((person.client_user_id.clone()?, at)))
            .collect();
        users.sort_unstable();
        Ok(Self {
            data,
            assets: assets.iter().map(|asset| asset.0).zip(0..).collect(),
            serials,
            users,
        })
    }

    fn asset(&mut self, id: i64) -> Option<&mut PlanAssetData> {
        self.data.assets.get_mut(*self.assets.get(&id)?)
    }

    fn device_of(&self, serial: &str) -> Option<u32> {
        find(&self.serials, serial, Serial::as_str)
    }

    /// In the order in which they lead.
    pub fn assignment(&mut self, record: AssignmentRecord) -> Result<()> {
        let id = record.asset;
        let assignment = StoredAssignment::try_from(record)?;
        if let Some(asset) = self.asset(id) {
            asset.assignments.push(assignment);
        }
        Ok(())
    }

    /// A group, whose members come next, sorted by id.
    pub fn group(&mut self, id: String, kind: i64) -> Result<()> {
        self.data.groups.push((GroupId(id), number(kind)?, Vec::new()));
        Ok(())
    }

    /// A member of the group `group`; groups and their members come in order.
    pub fn member(&mut self, group: &str, member: &str) {
        let at = self
            .data
            .groups
            .binary_search_by(|(id, ..)| id.as_str().cmp(group));
        let Some((_, kind, members)) = at.ok().and_then(|at| self.data.groups.get_mut(at)) else {
            return;
        };
        // From the last one found on: both are sorted.
        let from = members.last().map_or(0, |last| *last as usize + 1);
        match kind {
            GroupKind::Devices => {
                members.extend(place_from(&self.data.devices, from, member, |device| {
                    device.id.as_str()
                }));
            }
            GroupKind::People => members.extend(accounts_of(&self.data.people, from, member)),
        }
    }

    pub fn license(&mut self, record: PlanLicenseRecord) -> Result<()> {
        let state = number(record.state)?;
        let position = match record.kind {
            numbers::DEVICE => self.device_of(&record.holder),
            _ => find(&self.users, &record.holder, String::as_str),
        };
        let Some(asset) = self.asset(record.asset) else {
            return Ok(());
        };
        asset.requested += i64::from(state == contract::licenses::LicenseState::Requested);
        let Some(position) = position else { return Ok(()) };
        let license = PlanLicense {
            position,
            state,
            since: record.since,
            turn: record.turn,
            assignment: record.assignment,
            known: record.known,
            error: record.error,
        };
        match record.kind {
            numbers::DEVICE => asset.device_licenses.push(license),
            _ => asset.user_licenses.push(license),
        }
        Ok(())
    }

    /// The same app of another location, whose licences come next.
    pub fn source(&mut self, record: SourceRecord) {
        if let Some(asset) = self.asset(record.asset) {
            asset.sources.push(PlanSource {
                asset: AssetId(record.source),
                location: LocationId(record.location),
                free: (!record.unlimited).then_some(record.free),
                held: Vec::new(),
            });
        }
    }

    /// A device's licence of a source.
    pub fn drawn(&mut self, record: PlanLicenseRecord) -> Result<()> {
        let state = number(record.state)?;
        let Some(position) = self.device_of(&record.holder) else {
            return Ok(());
        };
        let license = PlanLicense {
            position,
            state,
            since: record.since,
            turn: record.turn,
            assignment: record.assignment,
            known: record.known,
            error: record.error,
        };
        let sources = self.data.assets.iter_mut().flat_map(|asset| &mut asset.sources);
        for source in sources.filter(|source| source.asset.0 == record.asset) {
            source.held.push(license);
        }
        Ok(())
    }

    /// Sources, each once.
    pub fn sources(&self) -> Vec<i64> {
        let sources = self.data.assets.iter().flat_map(|asset| &asset.sources);
        let mut all: Vec<i64> = sources.map(|source| source.asset.0).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Assignments that gave licences and are not the assets' own, each once.
    pub fn strangers(&self) -> Vec<i64> {
        let mut all: Vec<i64> = self.data.assets.iter().flat_map(strangers_of).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Those of them that are other assets' own.
    pub fn foreign(&mut self, known: &[i64]) {
        for asset in &mut self.data.assets {
            let mut foreign: Vec<i64> = strangers_of(asset)
                .into_iter()
                .filter(|number| known.contains(number))
                .collect();
            foreign.sort_unstable();
            foreign.dedup();
            asset.foreign = foreign;
        }
    }

    pub fn asked(&mut self, asset: i64, member: &str, kind: i64, at: UnixMillis) {
        if kind == numbers::DEVICE {
            let position = place_from(&self.data.devices, 0, member, |device| device.id.as_str());
            if let (Some(position), Some(asset)) = (position, self.asset(asset)) {
                asset.asked_devices.push((position, at));
            }
            return;
        }
        let positions = accounts_of(&self.data.people, 0, member);
        if let Some(asset) = self.asset(asset) {
            asset
                .asked_people
                .extend(positions.map(|position| (position, at)));
        }
    }

    pub fn removed_license_only(&mut self, assignments: Vec<i64>) {
        self.data.removed_license_only = assignments;
    }

    pub fn lost(&mut self, asset: i64, holder: &str, kind: i64) {
        let position = match kind {
            numbers::DEVICE => self.device_of(holder),
            _ => find(&self.users, holder, String::as_str),
        };
        if let (Some(position), Some(asset)) = (position, self.asset(asset)) {
            match kind {
                numbers::DEVICE => asset.lost_devices.push(position),
                _ => asset.lost_people.push(position),
            }
        }
    }

    pub fn moved(&mut self, asset: i64, holder: &str) {
        let position = find(&self.users, holder, String::as_str);
        if let (Some(position), Some(asset)) = (position, self.asset(asset)) {
            asset.moved_people.push(position);
        }
    }

    pub fn barred(&mut self, asset: i64, serial: &str, at: i64) {
        if let (Some(position), Some(asset)) = (self.device_of(serial), self.asset(asset)) {
            asset.barred_devices.push((position, at));
        }
    }

    pub fn errand(&mut self, asset: i64, device: &str, errand: i64) -> Result<()> {
        let errand: Errand = number(errand)?;
        let position = place_from(&self.data.devices, 0, device, |device| device.id.as_str());
        if let (Some(position), Some(asset)) = (position, self.asset(asset)) {
            asset.errands.push((position, errand));
        }
        Ok(())
    }

    pub fn end(mut self) -> PlanningData {
        for asset in &mut self.data.assets {
            asset
                .device_licenses
                .sort_unstable_by_key(|license| license.position);
            asset
                .user_licenses
                .sort_unstable_by_key(|license| license.position);
            asset.asked_devices.sort_unstable();
            asset.asked_people.sort_unstable();
            asset.lost_devices.sort_unstable();
            asset.lost_people.sort_unstable();
            asset.barred_devices.sort_unstable();
            for source in &mut asset.sources {
                source.held.sort_unstable_by_key(|license| license.position);
            }
            asset.errands.sort_unstable();
        }
        self.data
    }
}

fn strangers_of(asset: &PlanAssetData) -> Vec<i64> {
    let own = |number: &i64| asset.assignments.iter().any(|one| one.number == *number);
    let given = asset
        .device_licenses
        .iter()
        .filter_map(|license| license.assignment);
    let mut strangers: Vec<i64> = given.filter(|number| !own(number)).collect();
    strangers.dedup();
    strangers
}

fn find<K>(sorted: &[(K, u32)], wanted: &str, key: impl Fn(&K) -> &str) -> Option<u32> {
    let at = sorted.binary_search_by(|(own, _)| key(own).cmp(wanted)).ok()?;
    sorted.get(at).map(|(_, position)| *position)
}

/// The positions of a person's accounts, which are together.
fn accounts_of(people: &[PlanPerson], from: usize, wanted: &str) -> std::ops::Range<u32> {
    // A look-up may find either of two.
    let Some(at) = place_from(people, from, wanted, |person| person.id.as_str()) else {
        return 0..0;
    };
    let own = |position: u32| {
        people
            .get(position as usize)
            .is_some_and(|person| person.id.as_str() == wanted)
    };
    let mut range = at..at + 1;
    while range.start > from as u32 && own(range.start - 1) {
        range.start -= 1;
    }
    while own(range.end) {
        range.end += 1;
    }
    range
}

/// The position of `wanted` in a sorted list, which is at `from` or later, and most often at `from` itself.
fn place_from<T>(sorted: &[T], from: usize, wanted: &str, key: impl Fn(&T) -> &str) -> Option<u32> {
    let rest = sorted.get(from..)?;
    if rest.first().is_some_and(|first| key(first) == wanted) {
        return u32::try_from(from).ok();
    }
    let at = rest.binary_search_by(|own| key(own).cmp(wanted)).ok()?;
    u32::try_from(from + at).ok()
}

#[cfg(test)]
mod tests {
    use super::place_from;

    #[test]
    fn a_place_is_found_from_anywhere_before_it() {
        let list = ["a", "c", "e"];
        let place = |from, wanted| place_from(&list, from, wanted, |own| own);
        assert_eq!(
            (place(0, "a"), place(0, "e"), place(1, "c")),
            (Some(0), Some(2), Some(1))
        );
        assert_eq!((place(1, "a"), place(0, "b"), place(3, "e")), (None, None, None));
        assert_eq!(place(9, "e"), None);
    }
}
