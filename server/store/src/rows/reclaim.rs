use super::number;
use crate::{
    Result, StoreError,
    cursor::{Key, Order, Part},
    numbers, reclaim,
    reclaim::{Candidate, Orphan},
    text,
};
use contract::{
    AssetId,
    reclaim::{KeptRow, OrphanKind, OrphanRow, ReclaimRow, ReportRow, RuleKind},
};

/// Of `reclaims r`, `licenses x`, `assets a`, `locations l`, and `devices d`, left-joined.
pub const RECLAIM: &str = "x.asset, a.name AS asset_name, a.sort_name, a.icon, x.holder, x.kind, d.name AS holder_name, \
    l.name AS location_name, r.rule, r.fact_at, r.queued_at";

/// The same of `orphans r`.
pub const ORPHAN: &str = "x.asset, a.name AS asset_name, a.sort_name, a.icon, x.holder, x.kind, d.name AS holder_name, \
    l.name AS location_name, r.why, x.since, x.operation IS NOT NULL AS known, a.revocable";

/// Of `reclaim_kept k`; assets and devices are left-joined.
pub const KEPT: &str =
    "k.asset, a.name AS asset_name, k.holder, k.kind, d.name AS holder_name, k.kept_by, k.kept_at, k.reason";

pub const ORDER: Order = Order {
    name: "reclaims",
    parts: &[Part::Text, Part::Number, Part::Text, Part::Number],
};

pub const ORPHAN_ORDER: Order = Order {
    name: "orphans",
    parts: &[Part::Text, Part::Number, Part::Text, Part::Number, Part::Number],
};

pub const KEPT_ORDER: Order = Order {
    name: "kept",
    parts: &[Part::Text, Part::Number, Part::Number],
};

#[derive(sqlx::FromRow)]
pub struct CandidateRecord {
    asset: i64,
    holder: String,
    #[sqlx(try_from = "i16")]
    kind: i64,
    fact_at: Option<i64>,
}

impl CandidateRecord {
    pub fn of(self, rule: RuleKind) -> Candidate {
        Candidate {
            pair: (AssetId(self.asset), numbers::holder(self.kind, self.holder)),
            rule,
            fact_at: self.fact_at,
        }
    }
}

#[derive(sqlx::FromRow)]
pub struct FoundRecord {
    asset: i64,
    holder: String,
    #[sqlx(try_from = "i16")]
    kind: i64,
}

impl FoundRecord {
    pub fn of(self, why: OrphanKind) -> Orphan {
        Orphan {
            pair: (AssetId(self.asset), numbers::holder(self.kind, self.holder)),
            why,
        }
    }
}

#[derive(sqlx::FromRow)]
pub struct ReclaimRecord {
    asset: i64,
    asset_name: String,
    sort_name: String,
    icon: Option<String>,
    holder: String,
    #[sqlx(try_from = "i16")]
    kind: i64,
    holder_name: Option<String>,
    location_name: String,
    #[sqlx(try_from = "i16")]
    rule: i64,
    fact_at: Option<i64>,
    queued_at: i64,
}

impl ReclaimRecord {
    /// Of [`ORDER`].
    pub fn key(&self) -> Vec<Key> {
        vec![
            self.sort_name.as_str().into(),
            self.asset.into(),
            self.holder.as_str().into(),
            self.kind.into(),
        ]
    }
}

impl TryFrom<ReclaimRecord> for ReclaimRow {
    type Error = StoreError;

    fn try_from(record: ReclaimRecord) -> Result<Self> {
        Ok(ReclaimRow {
            asset: AssetId(record.asset),
            asset_name: record.asset_name,
            icon: record.icon.as_deref().map(text::icon),
            holder: numbers::holder(record.kind, record.holder),
            holder_name: record.holder_name,
            location_name: record.location_name,
            why: number(record.rule)?,
            fact_at: record.fact_at,
            queued_at: record.queued_at,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct OrphanRecord {
    asset: i64,
    asset_name: String,
    sort_name: String,
    icon: Option<String>,
    holder: String,
    #[sqlx(try_from = "i16")]
    kind: i64,
    holder_name: Option<String>,
    location_name: String,
    #[sqlx(try_from = "i16")]
    why: i64,
    since: i64,
    known: bool,
    revocable: bool,
}

impl OrphanRecord {
    /// Of [`ORPHAN_ORDER`].
    pub fn key(&self) -> Vec<Key> {
        vec![
            self.sort_name.as_str().into(),
            self.asset.into(),
            self.holder.as_str().into(),
            self.kind.into(),
            self.why.into(),
        ]
    }
}

impl TryFrom<OrphanRecord> for OrphanRow {
    type Error = StoreError;

    fn try_from(record: OrphanRecord) -> Result<Self> {
        Ok(OrphanRow {
            asset: AssetId(record.asset),
            asset_name: record.asset_name,
            icon: record.icon.as_deref().map(text::icon),
            holder: numbers::holder(record.kind, record.holder),
            holder_name: record.holder_name,
            location_name: record.location_name,
            why: number(record.why)?,
            since: record.since,
            known: record.known,
            revocable: record.revocable,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct KeptRecord {
    asset: i64,
    asset_name: Option<String>,
    holder: String,
    #[sqlx(try_from = "i16")]
    kind: i64,
    holder_name: Option<String>,
    kept_by: String,
    kept_at: i64,
    reason: String,
}

impl KeptRecord {
    /// Of [`KEPT_ORDER`].
    pub fn key(&self) -> Vec<Key> {
        vec![self.holder.as_str().into(), self.kind.into(), self.asset.into()]
    }
}

impl TryFrom<KeptRecord> for KeptRow {
    type Error = StoreError;

    fn try_from(record: KeptRecord) -> Result<Self> {
        Ok(KeptRow {
            asset: (record.asset > 0).then(|| (AssetId(record.asset), record.asset_name.unwrap_or_default())),
            holder: numbers::holder(record.kind, record.holder),
            holder_name: record.holder_name,
            by: record.kept_by,
            at: record.kept_at,
            reason: record.reason,
        })
    }
}

#[derive(sqlx::FromRow)]
pub struct ReportRecord {
    day: i64,
    #[sqlx(try_from = "i16")]
    rule: i64,
    proposed: i64,
    taken: i64,
    kept: i64,
}

impl TryFrom<ReportRecord> for ReportRow {
    type Error = StoreError;

    fn try_from(record: ReportRecord) -> Result<Self> {
        Ok(ReportRow {
            day: record.day * reclaim::DAY,
            rule: number(record.rule)?,
            proposed: record.proposed,
            taken: record.taken,
            kept: record.kept,
        })
    }
}
