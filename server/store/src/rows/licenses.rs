use super::{apple_error, number};
use crate::{
    Result, StoreError,
    cursor::{Key, Order, Part},
    licenses::HeldLicense,
    numbers, text,
};
use contract::{
    AssetId, LocationId, PersonId,
    licenses::{LicenseRow, LicenseSort, Origin},
};

/// Of `licenses x`, `assets a`, `locations l`, `devices d` and `operations o`, the last two left-joined.
pub const LICENSE: &str = "x.asset, a.name AS asset_name, a.adam_id, a.sort_name, a.icon, x.holder, x.kind, \
    coalesce(d.name, (SELECT p.name FROM vpp_users u JOIN people p ON p.id = u.person \
        WHERE u.client_user_id = x.holder AND x.kind = 1)) AS holder_name, \
    (SELECT u.person FROM vpp_users u WHERE u.client_user_id = x.holder AND x.kind = 1) AS person, \
    (SELECT u.status = 1 FROM vpp_users u WHERE u.client_user_id = x.holder AND x.kind = 1) AS not_joined, \
    x.state, x.since, o.id AS operation_id, o.\"by\" AS operation_by, a.location, l.name AS location_name, \
    x.error_number, x.error_message, a.revocable, \
    CASE WHEN x.state = 5 AND x.error_number IS NULL THEN (SELECT coalesce(g.name, s.group_id) \
        FROM assignments s LEFT JOIN groups g ON g.id = s.group_id WHERE s.number = x.assignment) END AS failed_by";

#[derive(sqlx::FromRow)]
pub struct LicenseRecord {
    pub asset: i64,
    asset_name: String,
    adam_id: String,
    pub sort_name: String,
    icon: Option<String>,
    pub holder: String,
    #[sqlx(try_from = "i16")]
    pub kind: i64,
    holder_name: Option<String>,
    person: Option<String>,
    not_joined: Option<bool>,
    #[sqlx(try_from = "i16")]
    state: i64,
    since: i64,
    operation_id: Option<String>,
    operation_by: Option<String>,
    location: String,
    location_name: String,
    error_number: Option<i64>,
    error_message: Option<String>,
    revocable: bool,
    failed_by: Option<String>,
}

pub fn order(sort: LicenseSort) -> Order {
    match sort {
        LicenseSort::App => Order {
            name: "licenses.app",
            parts: &[Part::Text, Part::Number, Part::Text, Part::Number],
        },
        LicenseSort::Holder => Order {
            name: "licenses.holder",
            parts: &[Part::Text, Part::Number, Part::Number],
        },
    }
}

impl LicenseRecord {
    /// Of [`order`].
    pub fn key(&self, sort: LicenseSort) -> Vec<Key> {
        let (asset, holder, kind) = (self.asset.into(), self.holder.as_str().into(), self.kind.into());
        match sort {
            LicenseSort::App => vec![self.sort_name.as_str().into(), asset, holder, kind],
            LicenseSort::Holder => vec![holder, asset, kind],
        }
    }
}

impl TryFrom<LicenseRecord> for LicenseRow {
    type Error = StoreError;

    fn try_from(record: LicenseRecord) -> Result<Self> {
        Ok(LicenseRow {
            asset: AssetId(record.asset),
            asset_name: record.asset_name,
            adam_id: record.adam_id,
            icon: record.icon.as_deref().map(text::icon),
            holder: numbers::holder(record.kind, record.holder),
            holder_name: record.holder_name,
            person: record.person.map(PersonId),
            not_joined: record.not_joined.unwrap_or_default(),
            state: number(record.state)?,
            since: record.since,
            origin: match (record.failed_by, record.operation_id) {
                (Some(group_name), _) => Origin::Assignment { group_name },
                (None, Some(id)) => Origin::Operation {
                    id: id.into(),
                    by: record.operation_by.unwrap_or_default(),
                },
                (None, None) => Origin::Unknown,
            },
            location: LocationId(record.location),
            location_name: record.location_name,
            error: apple_error(record.error_number, record.error_message),
            revocable: record.revocable,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct HeldRecord {
    asset: i64,
    holder: String,
    #[sqlx(try_from = "i16")]
    kind: i64,
    #[sqlx(try_from = "i16")]
    state: i64,
    known: bool,
}

impl TryFrom<HeldRecord> for HeldLicense {
    type Error = StoreError;

    fn try_from(record: HeldRecord) -> Result<Self> {
        Ok(HeldLicense {
            asset: AssetId(record.asset),
            holder: numbers::holder(record.kind, record.holder),
            state: number(record.state)?,
            known: record.known,
        })
    }
}
