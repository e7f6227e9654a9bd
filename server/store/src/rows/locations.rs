use crate::locations::Location;

/// Of `locations l`.
pub const LOCATION: &str =
    "l.id, l.uid, l.name, l.country, l.platform, l.owner_id, l.owner_name, l.owner_metadata";

#[derive(sqlx::FromRow)]
pub struct LocationRecord {
    id: String,
    uid: String,
    name: String,
    country: String,
    platform: String,
    owner_id: Option<String>,
    owner_name: Option<String>,
    owner_metadata: Option<String>,
}

impl From<LocationRecord> for Location {
    fn from(record: LocationRecord) -> Self {
        Location {
            id: record.id.into(),
            uid: record.uid,
            name: record.name,
            country: record.country,
            platform: record.platform,
            owner: record.owner_id.map(|id| {
                (
                    id,
                    record.owner_name.unwrap_or_default(),
                    record.owner_metadata.unwrap_or_default(),
                )
            }),
        }
    }
}

#[derive(sqlx::FromRow)]
pub struct LeasedRecord {
    pub epoch: i64,
    pub sync_due: bool,
    pub operations_due: bool,
    pub describe_due: bool,
    #[sqlx(flatten)]
    pub location: LocationRecord,
}
