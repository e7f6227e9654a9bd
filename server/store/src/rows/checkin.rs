use super::{assets::read_platforms, licenses::LicenseRecord, named};
use crate::{
    Result, StoreError,
    checkin::{AssignedApp, FoundApp, OwnLicense, WithdrawnApp},
    cursor::{Key, Order, Part},
    numbers, text,
};
use contract::{
    AssetId, Serial,
    assignments::LicenseKind,
    checkin::{OwnRequest, RequestRow, RequestState},
};

/// Of `assets a`: licences that are not on their way to somebody either. The condition twice, as the partial index says it.
macro_rules! free {
    () => {
        "a.available - (SELECT count(*) FROM licenses y WHERE y.asset = a.id AND y.state = 1 AND y.state <> 2) AS free"
    };
}

/// Of `requests r`, `devices d`, `assets a` and `locations l`.
pub const REQUEST: &str = concat!(
    "r.id, r.device, d.name AS device_name, d.left_at IS NOT NULL AS device_gone, d.serial, d.user_name, \
    r.asset, a.name AS asset_name, a.icon, l.name AS location_name, ",
    free!(),
    ", a.unlimited, r.reason, r.made_at, r.state, r.answer, r.answered_at, r.answered_by, r.operation",
);

/// The joins of [`REQUEST`] to `requests r`.
pub const REQUEST_JOINS: &str = " JOIN devices d ON d.id = r.device JOIN assets a ON a.id = r.asset \
    JOIN locations l ON l.id = a.location";

pub const REQUEST_ORDER: Order = Order {
    name: "requests",
    parts: &[Part::Number, Part::Text],
};

// SQLite reads `$1` as PostgreSQL does, as long as a whole statement names its values so.

/// The active person whose device `$1` is alone.
pub const OWNER: &str =
    "SELECT p.id FROM devices e JOIN people p ON p.user_name_key = e.user_name_key AND p.active
    WHERE e.id = $1 AND e.user_name_key <> '' AND e.enrolment <> 'shared'";

/// The user licences' holders of the active person whose the device `$1` is alone, by its serial number.
pub const USERS: &str =
    "SELECT u.client_user_id FROM devices e JOIN people p ON p.user_name_key = e.user_name_key AND p.active
    JOIN vpp_users u ON u.person = p.id
    WHERE e.serial = $1 AND e.user_name_key <> '' AND e.enrolment <> 'shared'";

/// The device `$1` and the others of its primary user.
pub const DEVICES: &str = "SELECT d.id FROM devices d WHERE d.id = $1 UNION
    SELECT d.id FROM devices e JOIN devices d ON d.user_name_key = e.user_name_key AND d.user_name_key <> ''
    WHERE e.id = $1 AND e.user_name_key <> ''";

/// The primary user of the device `$1`.
pub const PERSON: &str = "SELECT p.id FROM devices e JOIN people p ON p.user_name_key = e.user_name_key
    WHERE e.id = $1 AND e.user_name_key <> ''";

/// Of `assets a`: what the device with the serial number `$1` can ask for.
pub fn askable() -> String {
    format!(
        "a.stage = 1 AND a.product = 0 AND a.device_assignable
             AND NOT EXISTS (SELECT 1 FROM licenses x CROSS JOIN assets b
             WHERE b.id = x.asset AND x.holder IN (SELECT $1 UNION ALL {USERS})
             AND x.kind = CASE x.holder WHEN $1 THEN 0 ELSE 1 END
             AND x.state < 4 AND b.adam_id = a.adam_id)"
    )
}

#[derive(sqlx::FromRow)]
pub struct RequestRecord {
    id: String,
    device: String,
    device_name: String,
    device_gone: bool,
    serial: String,
    user_name: String,
    asset: i64,
    asset_name: String,
    icon: Option<String>,
    location_name: String,
    free: i64,
    unlimited: bool,
    reason: String,
    made_at: i64,
    state: String,
    answer: String,
    answered_at: Option<i64>,
    answered_by: Option<String>,
    operation: Option<String>,
}

impl RequestRecord {
    /// Of [`REQUEST_ORDER`].
    pub fn key(&self) -> Vec<Key> {
        vec![self.made_at.into(), self.id.as_str().into()]
    }
}

impl TryFrom<RequestRecord> for RequestRow {
    type Error = StoreError;

    fn try_from(record: RequestRecord) -> Result<Self> {
        Ok(RequestRow {
            id: record.id.into(),
            device: record.device.into(),
            device_name: record.device_name,
            device_gone: record.device_gone,
            serial: Serial::known(record.serial),
            user_name: record.user_name,
            asset: AssetId(record.asset),
            asset_name: record.asset_name,
            icon: record.icon.as_deref().map(text::icon),
            location_name: record.location_name,
            free: (!record.unlimited).then_some(record.free),
            reason: record.reason,
            made_at: record.made_at,
            state: named(&record.state, RequestState::parse)?,
            answered: record.answered_by.zip(record.answered_at),
            answer: record.answer,
            operation: record.operation.map(Into::into),
        })
    }
}

impl TryFrom<RequestRecord> for OwnRequest {
    type Error = StoreError;

    fn try_from(record: RequestRecord) -> Result<Self> {
        Ok(OwnRequest {
            asset_name: record.asset_name,
            icon: record.icon.as_deref().map(text::icon),
            state: named(&record.state, RequestState::parse)?,
            made_at: record.made_at,
            answer: record.answer,
        })
    }
}

/// Beside [`super::licenses::LICENSE`]: of `licenses x` and `assets a`. The place is that of the waiting list: priority,
/// time, the place in a plan by hand, then the device's id.
pub const OWN: &str = "a.publisher, a.product, \
    CASE WHEN x.state = 0 THEN (SELECT count(*) FROM licenses w LEFT JOIN assignments s ON s.number = w.assignment \
        LEFT JOIN devices k ON k.serial = w.holder AND w.kind = 0 \
        WHERE w.asset = x.asset AND w.state = 0 AND w.state <> 2 \
        AND (coalesce(s.priority, 1), w.since, w.turn, w.kind, coalesce(k.id, w.holder)) <= \
            (coalesce((SELECT y.priority FROM assignments y WHERE y.number = x.assignment), 1), x.since, x.turn, x.kind, \
            coalesce(d.id, x.holder))) END AS place, \
    a.waiting";

#[derive(sqlx::FromRow)]
pub struct OwnRecord {
    #[sqlx(flatten)]
    license: LicenseRecord,
    publisher: String,
    #[sqlx(try_from = "i16")]
    product: i64,
    place: Option<i64>,
    waiting: i64,
}

impl TryFrom<OwnRecord> for OwnLicense {
    type Error = StoreError;

    fn try_from(record: OwnRecord) -> Result<Self> {
        Ok(OwnLicense {
            license: record.license.try_into()?,
            publisher: record.publisher,
            book: record.product == 1,
            place: record.place.map(|place| (place, record.waiting.max(place))),
        })
    }
}

/// Of `assets a`.
pub const FOUND: &str = concat!(
    "a.id, a.adam_id, a.name, a.publisher, a.icon, a.platforms, ",
    free!(),
    ", a.unlimited",
);

#[derive(sqlx::FromRow)]
pub struct FoundRecord {
    id: i64,
    adam_id: String,
    name: String,
    publisher: String,
    icon: Option<String>,
    platforms: String,
    free: i64,
    unlimited: bool,
}

impl From<FoundRecord> for FoundApp {
    fn from(record: FoundRecord) -> Self {
        FoundApp {
            id: AssetId(record.id),
            name: record.name,
            publisher: record.publisher,
            icon: record.icon.as_deref().map(text::icon),
            adam_id: record.adam_id,
            platforms: read_platforms(&record.platforms),
            free: record.unlimited || record.free > 0,
        }
    }
}

/// Of `assets a` and the last moment `g.at` with the kind of licence.
pub const WITHDRAWN: &str = "a.id, a.name, a.publisher, a.icon, g.at, g.kind";

#[derive(sqlx::FromRow)]
pub struct WithdrawnRecord {
    id: i64,
    name: String,
    publisher: String,
    icon: Option<String>,
    at: i64,
    #[sqlx(try_from = "i16")]
    kind: i64,
    removed: bool,
}

impl From<WithdrawnRecord> for WithdrawnApp {
    fn from(record: WithdrawnRecord) -> Self {
        WithdrawnApp {
            id: AssetId(record.id),
            name: record.name,
            publisher: record.publisher,
            icon: record.icon.as_deref().map(text::icon),
            at: record.at,
            kind: match record.kind {
                numbers::DEVICE => LicenseKind::Device,
                _ => LicenseKind::User,
            },
            removed: record.removed,
        }
    }
}

/// Beside [`FOUND`]: whether it is asked for.
#[derive(sqlx::FromRow)]
pub struct AssignedRecord {
    #[sqlx(flatten)]
    app: FoundRecord,
    #[sqlx(try_from = "i16")]
    product: i64,
    asked: bool,
}

impl From<AssignedRecord> for AssignedApp {
    fn from(record: AssignedRecord) -> Self {
        AssignedApp {
            app: record.app.into(),
            book: record.product == 1,
            asked: record.asked,
        }
    }
}
