use super::{named, number};
use crate::{
    Result, StoreError,
    cursor::{Key, Order, Part},
    groups::Group,
};
use contract::{
    AssetId, GroupId,
    groups::{BuiltIn, GroupRow, GroupUse, MemberRow},
    people::Source,
};

/// Of `groups g`.
pub const GROUP: &str = "g.id, g.name, g.sort_name, g.kind, g.rule, g.builtin, g.source, g.external_id, g.version, \
    g.members, g.created_at, g.changed_at";

/// By name, which no two have.
pub const ORDER: Order = Order {
    name: "groups.name",
    parts: &[Part::Text],
};

/// Members by name.
pub const MEMBERS: Order = Order {
    name: "members.name",
    parts: &[Part::Text, Part::Text],
};

#[derive(sqlx::FromRow)]
pub struct GroupRecord {
    id: String,
    name: String,
    sort_name: String,
    kind: i16,
    rule: Option<String>,
    builtin: Option<String>,
    source: String,
    external_id: Option<String>,
    version: i64,
    members: i64,
    created_at: i64,
    changed_at: i64,
}

impl GroupRecord {
    /// Of [`ORDER`].
    pub fn key(&self) -> Vec<Key> {
        vec![self.sort_name.as_str().into()]
    }
}

impl TryFrom<GroupRecord> for GroupRow {
    type Error = StoreError;

    fn try_from(record: GroupRecord) -> Result<Self> {
        Ok(Group::try_from(record)?.row)
    }
}

impl TryFrom<GroupRecord> for Group {
    type Error = StoreError;

    fn try_from(record: GroupRecord) -> Result<Self> {
        let rule = record.rule.as_deref().map(serde_json::from_str).transpose()?;
        let built_in = record.builtin.as_deref().map(|name| named(name, BuiltIn::parse));
        Ok(Group {
            row: GroupRow {
                id: GroupId(record.id),
                name: record.name,
                kind: number(i64::from(record.kind))?,
                rule,
                built_in: built_in.transpose()?,
                source: named(&record.source, Source::parse)?,
                members: record.members,
            },
            external_id: record.external_id,
            version: record.version,
            created_at: record.created_at,
            changed_at: record.changed_at,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct MemberRecord {
    id: String,
    name: String,
    sort_name: String,
    #[sqlx(rename = "key")]
    called: String,
    fixed: bool,
}

impl MemberRecord {
    /// Of [`MEMBERS`].
    pub fn key(&self) -> Vec<Key> {
        vec![self.sort_name.as_str().into(), self.id.as_str().into()]
    }
}

impl From<MemberRecord> for MemberRow {
    fn from(record: MemberRecord) -> Self {
        MemberRow {
            id: record.id,
            name: record.name,
            key: record.called,
            fixed: record.fixed,
        }
    }
}

#[derive(sqlx::FromRow)]
pub struct UseRecord {
    id: i64,
    name: String,
    location_name: String,
}

impl From<UseRecord> for GroupUse {
    fn from(record: UseRecord) -> Self {
        GroupUse {
            asset: AssetId(record.id),
            asset_name: record.name,
            location_name: record.location_name,
        }
    }
}
