use super::number;
use crate::{
    Result, StoreError,
    assignments::{GivenBy, GivenIn, LicenseOrigin, StoredAssignment},
    numbers::{self, Number},
    planning::Errand,
};
use contract::{
    AssetId, DeviceId, GroupId, PersonId,
    assignments::{AssignmentRow, AssignmentSettings, GroupChoice, Known, Target, WaitingRow, Wanted},
    groups::GroupKind,
    licenses::LicenseState,
};

/// Of `assignments s` and `groups g`, left-joined.
pub const ASSIGNMENT: &str = "s.number, s.asset, s.group_id, g.name AS group_name, g.kind AS members_kind, s.intent, s.kind, \
    s.settings, s.priority, s.shortage, s.reserved, s.created_at, s.created_by, s.changed_at, \
    coalesce(g.members, 0) AS members";

/// Of [`ASSIGNMENT`]: how many licences of which state each gave, of the asset `$1` and of the same apps of other locations (A12).
pub const GAVE: &str =
    "SELECT x.assignment, CAST(x.state AS bigint) AS state, count(*) AS licenses, x.asset <> $1 AS elsewhere
    FROM assignments s
    JOIN assets a ON a.id = s.asset JOIN assets b ON b.adam_id = a.adam_id AND b.stage = 1
    JOIN licenses x ON x.asset = b.id AND x.assignment = s.number
    WHERE s.asset = $1 GROUP BY x.assignment, x.state, x.asset <> $1";

/// Ids and names of locations.
pub const LOCATION_NAMES: &str = "SELECT l.id, l.name FROM locations l";

/// A row of [`GAVE`].
#[derive(sqlx::FromRow)]
pub struct Gave {
    assignment: i64,
    state: i64,
    licenses: i64,
    /// Of another location's app.
    elsewhere: bool,
}

/// Where the licence of the asset `$1`, the holder `$2` and the kind `$3` comes from.
pub const ORIGIN: &str =
    "SELECT s.asset, coalesce(g.name, s.group_id) AS group_name, l.name AS location_name, s.settings,
        o.\"by\" AS given_by, o.reason, EXISTS (SELECT 1 FROM requests r
            WHERE r.asset = x.asset AND r.operation = o.id) AS requested
    FROM licenses x LEFT JOIN assignments s ON s.number = x.assignment LEFT JOIN groups g ON g.id = s.group_id
    LEFT JOIN assets a ON a.id = s.asset LEFT JOIN locations l ON l.id = a.location
    LEFT JOIN operations o ON o.number = x.operation
    WHERE x.asset = $1 AND x.holder = $2 AND x.kind = $3";

#[derive(sqlx::FromRow)]
pub struct OriginRecord {
    asset: Option<i64>,
    group_name: Option<String>,
    location_name: Option<String>,
    settings: Option<String>,
    given_by: Option<String>,
    reason: Option<String>,
    requested: bool,
}

impl TryFrom<OriginRecord> for LicenseOrigin {
    type Error = StoreError;

    fn try_from(record: OriginRecord) -> Result<Self> {
        let assignment = match (record.asset, record.settings) {
            (Some(asset), Some(settings)) => Some(GivenBy {
                asset: AssetId(asset),
                group_name: record.group_name.unwrap_or_default(),
                location_name: record.location_name.unwrap_or_default(),
                keeps: serde_json::from_str::<AssignmentSettings>(&settings)?.keep_licenses,
            }),
            _ => None,
        };
        Ok(LicenseOrigin {
            assignment,
            operation: record.given_by.map(|by| GivenIn {
                by,
                reason: record.reason.unwrap_or_default(),
                requested: record.requested,
            }),
        })
    }
}

/// What the device `$2` is to do of the asset `$1`, or the devices of the person `$2` where `$3` is 1.
pub const WANTED: &str =
    "SELECT CAST(e.errand AS bigint), count(*) FROM errands e WHERE e.asset = $1 AND e.device IN (
        SELECT d.id FROM devices d WHERE d.id = $2 AND $3 = 0
        UNION ALL SELECT d.id FROM people p JOIN devices d ON d.user_name_key = p.user_name_key
        WHERE p.id = $2 AND d.user_name_key <> '' AND $3 = 1) GROUP BY e.errand";

pub fn wanted(rows: Vec<(i64, i64)>) -> Wanted {
    let count = |errand: Errand| {
        let row = rows.iter().find(|(own, _)| *own == errand.number());
        row.map_or(0, |(_, count)| *count)
    };
    Wanted {
        installs: count(Errand::Install),
        uninstalls: count(Errand::Uninstall),
    }
}

/// The order in which assignments lead.
pub const ORDER: &str = "s.priority, s.created_at, s.number";

#[derive(sqlx::FromRow)]
pub struct AssignmentRecord {
    pub number: i64,
    pub asset: i64,
    pub group_id: String,
    group_name: Option<String>,
    members_kind: Option<i16>,
    intent: Option<i16>,
    #[sqlx(try_from = "i16")]
    kind: i64,
    settings: String,
    #[sqlx(try_from = "i16")]
    priority: i64,
    #[sqlx(try_from = "i16")]
    shortage: i64,
    reserved: i64,
    created_at: i64,
    created_by: String,
    changed_at: i64,
    members: i64,
}

impl AssignmentRecord {
    fn target(&self) -> Result<Target> {
        Ok(match self.intent {
            None => Target::Exclude,
            Some(intent) => Target::Include {
                intent: number(intent.into())?,
                kind: number(self.kind)?,
            },
        })
    }

    fn members_kind(&self) -> Result<GroupKind> {
        number(self.members_kind.unwrap_or_default().into())
    }

    /// For a list; with the names of the locations that are drawn from.
    pub fn row(self, gave: &[Gave], locations: &[(String, String)]) -> Result<AssignmentRow> {
        let of = |state: LicenseState, drawn: bool| -> i64 {
            let own = gave.iter().filter(|gave| {
                (gave.assignment, gave.state, gave.elsewhere) == (self.number, state.number(), drawn)
            });
            own.map(|gave| gave.licenses).sum()
        };
        let count = |state| of(state, false);
        use LicenseState::{Failed, Held, Waiting};
        let drawn = of(Held, true);
        let settings: AssignmentSettings = serde_json::from_str(&self.settings)?;
        let draws_from = settings.draw_from.as_ref().map(|from| {
            let found = locations.iter().find(|(id, _)| id == from.as_str());
            found.map_or_else(|| from.to_string(), |(_, name)| name.clone())
        });
        Ok(AssignmentRow {
            target: self.target()?,
            members_kind: self.members_kind()?,
            licensed: count(Held) + drawn,
            drawn,
            draws_from,
            waiting: count(Waiting),
            failed: count(Failed),
            settings,
            priority: number(self.priority)?,
            shortage: number(self.shortage)?,
            group_name: self.group_name.unwrap_or_else(|| self.group_id.clone()),
            group: GroupId(self.group_id),
            reserved: self.reserved,
            created_at: self.created_at,
            created_by: self.created_by,
            members: self.members,
        })
    }
}

impl TryFrom<AssignmentRecord> for StoredAssignment {
    type Error = StoreError;

    fn try_from(record: AssignmentRecord) -> Result<Self> {
        Ok(StoredAssignment {
            number: record.number,
            target: record.target()?,
            members_kind: record.members_kind()?,
            settings: serde_json::from_str(&record.settings)?,
            priority: number(record.priority)?,
            shortage: number(record.shortage)?,
            group: GroupId(record.group_id),
            group_name: record.group_name,
            reserved: record.reserved,
            created_at: record.created_at,
            changed_at: record.changed_at,
        })
    }
}

/// A target's columns: intent and kind of licence.
pub fn target_columns(target: Target) -> (Option<i64>, i64) {
    match target {
        Target::Include { intent, kind } => (Some(intent.number()), kind.number()),
        Target::Exclude => (None, 0),
    }
}

/// Of `groups g`.
pub const CHOICE: &str = "g.id, g.name, g.kind, g.members";

#[derive(sqlx::FromRow)]
pub struct ChoiceRecord {
    id: String,
    name: String,
    #[sqlx(try_from = "i16")]
    kind: i64,
    members: i64,
}

impl TryFrom<ChoiceRecord> for GroupChoice {
    type Error = StoreError;

    fn try_from(record: ChoiceRecord) -> Result<Self> {
        Ok(GroupChoice {
            id: GroupId(record.id),
            name: record.name,
            kind: number(record.kind)?,
            members: record.members,
        })
    }
}

/// Those who wait for asset `?1`, numbered in their order: what [`crate::assignments::Assignments::waiting_list`] reads
/// its pages from. By hand counts as of normal priority.
pub const WAITING: &str = "SELECT row_number() OVER (ORDER BY coalesce(s.priority, 1), x.since, x.turn, x.kind,
        coalesce(d.id, x.holder)) AS place, x.holder, x.kind,
        d.id AS device, p.id AS person, coalesce(d.name, p.name) AS holder_name, p.user_name, x.since,
        coalesce(s.priority, 1) AS priority, g.name AS group_name
    FROM licenses x LEFT JOIN assignments s ON s.number = x.assignment LEFT JOIN groups g ON g.id = s.group_id
    LEFT JOIN devices d ON d.serial = x.holder AND x.kind = 0
    LEFT JOIN vpp_users u ON u.client_user_id = x.holder AND x.kind = 1 LEFT JOIN people p ON p.id = u.person";

#[derive(sqlx::FromRow)]
pub struct WaitingRecord {
    pub place: i64,
    holder: String,
    #[sqlx(try_from = "i16")]
    kind: i64,
    device: Option<String>,
    person: Option<String>,
    holder_name: Option<String>,
    user_name: Option<String>,
    since: i64,
    #[sqlx(try_from = "i32")]
    priority: i64,
    group_name: Option<String>,
}

impl TryFrom<WaitingRecord> for WaitingRow {
    type Error = StoreError;

    fn try_from(record: WaitingRecord) -> Result<Self> {
        Ok(WaitingRow {
            place: record.place,
            holder: numbers::holder(record.kind, record.holder),
            who: match (record.device, record.person) {
                (Some(device), _) => Some(Known::Device(DeviceId(device))),
                (None, person) => person.map(|person| Known::Person(PersonId(person))),
            },
            holder_name: record.holder_name,
            user_name: record.user_name,
            since: record.since,
            priority: number(record.priority)?,
            group_name: record.group_name,
        })
    }
}
