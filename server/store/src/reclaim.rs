//! Freeing licences that nobody uses (R3), and licences that lead to nobody (L3). Rules are applied location by location:
//! what they find is read first, and compared with the queue in one transaction.

use crate::{
    Result,
    locations::Fence,
    numbers::{self, Number},
    operations::{NewOperation, Pair},
};
use async_trait::async_trait;
use contract::{
    AssetId, DeviceId, LocationId, Page, PageQuery, Serial, UnixMillis,
    licenses::Holder,
    reclaim::{
        KeptRow, OrphanKind, OrphanQuery, OrphanRow, ReclaimQuery, ReclaimRow, ReclaimScope, ReportRow,
        RuleKind,
    },
};
use sqlx::{Database, Encode, QueryBuilder, Type};

/// What a rule finds: held device licences of apps, given or adopted here, that can be taken back and are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub pair: Pair,
    pub rule: RuleKind,
    /// When it began.
    pub fact_at: Option<UnixMillis>,
}

/// A licence that leads to nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    pub pair: Pair,
    pub why: OrphanKind,
}

/// A rule as it is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    pub rule: RuleKind,
    /// What began before this moment counts.
    pub before: UnixMillis,
}

/// A worker that takes by a rule, without anybody's asking.
#[derive(Clone, Copy, Debug)]
pub struct ByRule<'a> {
    pub fence: &'a Fence,
    /// The setting that holds the rules, and what it said when they were read.
    pub rules: (&'a str, Option<&'a str>),
}

#[async_trait]
pub trait Reclaim: Send + Sync {
    /// What the rule finds, at one location or at all, by asset and holder; at most `limit`.
    async fn candidates(
        &self,
        rule: Applied,
        location: Option<&LocationId>,
        limit: u32,
    ) -> Result<Vec<Candidate>>;
    /// Of one location, by asset and holder; at most `limit` of each kind.
    async fn find_orphans(&self, location: &LocationId, limit: u32) -> Result<Vec<Orphan>>;
    /// Whether somebody asked for the rules to be applied, or they were not since then; and when it was asked for last, 0
    /// if it was not.
    async fn reclaim_due(&self, location: &LocationId, since: UnixMillis) -> Result<Option<UnixMillis>>;
    /// Asks for the rules to be applied, everywhere.
    async fn reclaim_soon(&self, now: UnixMillis) -> Result<()>;
    /// In one transaction: what is no longer found leaves the queue, what is new joins it and the report, the location's
    /// orphans become these, what was taken and is held again is no longer barred; and the rules were applied at `now`, so
    /// that only what was asked for after `asked` is still due.
    async fn write_reclaims(
        &self,
        fence: &Fence,
        found: &[Candidate],
        orphans: &[Orphan],
        asked: UnixMillis,
        now: UnixMillis,
    ) -> Result<()>;
    /// The queue, of licences that are still held.
    async fn reclaim_list(&self, query: &ReclaimQuery) -> Result<Page<ReclaimRow>>;
    /// Those of the queue that are still held, by asset and holder; at most `limit`.
    async fn reclaims_of(&self, scope: &ReclaimScope, limit: u32) -> Result<Vec<(Pair, RuleKind)>>;
    /// In one durable transaction: the operations, and what they take leaves the queue, is barred, and is reported.
    /// [`contract::Code::PlanLapsed`] if some of it is not queued any more or is to be left alone by now, if none of it
    /// is held any more, or if the rules are others.
    async fn reclaim(
        &self,
        by_rule: Option<ByRule<'_>>,
        operations: &[NewOperation],
        taken: &[(Pair, RuleKind)],
        now: UnixMillis,
    ) -> Result<()>;
    /// Rules leave these alone from now on; they leave the queue, and the report names them.
    /// [`contract::Code::PlanLapsed`] if some of them are not queued any more.
    async fn keep_licenses(
        &self,
        kept: &[(Pair, RuleKind)],
        by: &str,
        reason: &str,
        now: UnixMillis,
    ) -> Result<()>;
    /// The same for all licences of these devices.
    async fn keep_devices(&self, serials: &[Serial], by: &str, reason: &str, now: UnixMillis) -> Result<()>;
    /// Rules look at this licence again; without an asset, at all of the device's but those that are kept one by one.
    async fn keep_no_longer(&self, asset: Option<AssetId>, holder: &Holder) -> Result<()>;
    /// By holder.
    async fn kept_list(&self, page: &PageQuery) -> Result<Page<KeptRow>>;
    /// Since that day, the newest first.
    async fn reclaim_report(&self, since: UnixMillis) -> Result<Vec<ReportRow>>;
    /// Orphans that are still held, by app and holder.
    async fn orphan_list(&self, query: &OrphanQuery) -> Result<Page<OrphanRow>>;

    /// A device checked in: what is held back of what was to be taken from it for being away is not taken.
    async fn note_seen(&self, device: &DeviceId, now: UnixMillis) -> Result<()>;
    /// A device left management at that moment, or is back, as if it had checked in.
    async fn set_left(&self, device: &DeviceId, left_at: Option<UnixMillis>, now: UnixMillis) -> Result<()>;
    /// Which of the apps whose licence a device has are on it: those that are not have been absent since `now`, unless
    /// they were before.
    async fn note_installed(&self, serial: &Serial, installed: &[AssetId], now: UnixMillis) -> Result<()>;
}

/// A day in milliseconds.
pub(crate) const DAY: i64 = 86_400_000;

/// How a database is told to keep to the order in which tables are named.
pub(crate) struct Words {
    pub join: &'static str,
    pub by_seen: &'static str,
    pub by_holder: &'static str,
}

/// `SELECT asset, holder, kind, fact_at FROM …` of what a rule finds. The tables are named in the order in which they
/// are to be read.
pub(crate) fn push_candidates<'t, DB: Database>(
    sql: &mut QueryBuilder<DB>,
    words: &Words,
    rule: Applied,
    location: Option<&LocationId>,
) where
    i64: Encode<'t, DB> + Type<DB>,
    String: Encode<'t, DB> + Type<DB>,
{
    let Words {
        join,
        by_seen,
        by_holder,
    } = words;
    let fact = match rule.rule {
        RuleKind::Gone => "d.left_at",
        RuleKind::Unseen => "d.seen_at",
        RuleKind::Absent => "b.since",
        RuleKind::OutOfScope => "NULL",
    };
    sql.push(format!(
        "SELECT x.asset, x.holder, x.kind, CAST({fact} AS bigint) AS fact_at FROM "
    ));
    match rule.rule {
        RuleKind::Gone => {
            sql.push(format!(
                "assets a {join} licenses x ON x.asset = a.id LEFT JOIN devices d ON d.serial = x.holder
                 WHERE (d.id IS NULL OR d.left_at IS NOT NULL)"
            ));
        }
        RuleKind::Unseen => {
            sql.push(format!(
                "devices d {by_seen} {join} licenses x {by_holder} ON x.holder = d.serial
                 {join} assets a ON a.id = x.asset WHERE d.seen_at IS NOT NULL AND d.seen_at < "
            ))
            .push_bind(rule.before);
        }
        RuleKind::Absent => {
            sql.push(format!(
                "absent_apps b {join} licenses x ON x.asset = b.asset AND x.holder = b.holder
                 {join} assets a ON a.id = x.asset WHERE b.since < "
            ))
            .push_bind(rule.before);
        }
        RuleKind::OutOfScope => {
            let has = |what: &str, member: &str| {
                format!(
                    "EXISTS (SELECT 1 FROM assignments s JOIN group_members m ON m.group_id = s.group_id
                     WHERE s.asset = a.id AND {what} AND m.member = {member})"
                )
            };
            // As the conflict table has it (A5): exclusions count within the same kind of group.
            let person = |what: &str| {
                format!(
                    "EXISTS (SELECT 1 FROM people p WHERE d.user_name_key <> '' AND p.user_name_key = d.user_name_key AND {})",
                    has(what, "p.id")
                )
            };
            sql.push(format!(
                "assets a {join} licenses x ON x.asset = a.id {join} devices d ON d.serial = x.holder
                 WHERE EXISTS (SELECT 1 FROM assignments s WHERE s.asset = a.id)
                     AND NOT ({} AND NOT {}) AND NOT ({} AND NOT {})",
                has("s.intent IN (0, 1)", "d.id"),
                has("s.intent IS NULL", "d.id"),
                person("s.intent IN (0, 1)"),
                person("s.intent IS NULL"),
            ));
        }
    }
    sql.push(
        " AND a.stage = 1 AND a.product = 0 AND a.revocable AND x.kind = 0 AND x.state = 2 AND x.operation IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM reclaim_kept k
              WHERE k.holder = x.holder AND k.kind = x.kind AND k.asset IN (0, x.asset))",
    );
    if let Some(location) = location {
        sql.push(" AND a.location = ")
            .push_bind(location.as_str().to_owned());
    }
}

/// `SELECT asset, holder, kind FROM …` of a location's licences that lead to nobody for this reason.
pub(crate) fn push_orphans<'t, DB: Database>(
    sql: &mut QueryBuilder<DB>,
    join: &str,
    why: OrphanKind,
    location: &LocationId,
) where
    i64: Encode<'t, DB> + Type<DB>,
    String: Encode<'t, DB> + Type<DB>,
{
    sql.push(format!(
        "SELECT x.asset, x.holder, x.kind FROM assets a {join} licenses x ON x.asset = a.id "
    ));
    let which = match why {
        OrphanKind::UnknownDevice => {
            "WHERE x.kind = 0 AND NOT EXISTS (SELECT 1 FROM devices d WHERE d.serial = x.holder)"
        }
        OrphanKind::DeviceLeft => {
            "WHERE x.kind = 0 AND EXISTS (SELECT 1 FROM devices d WHERE d.serial = x.holder AND d.left_at IS NOT NULL)"
        }
        OrphanKind::UnknownUser => {
            "WHERE x.kind = 1 AND NOT EXISTS (SELECT 1 FROM vpp_users u JOIN people p ON p.id = u.person
                 WHERE u.client_user_id = x.holder)"
        }
        // The older one is the rightful one; of two of the same moment the one that was known first.
        OrphanKind::Duplicate => {
            // First by app: most are had at one place alone. The plus keeps SQLite from going through all apps.
            "WHERE EXISTS (SELECT 1 FROM assets b
                 WHERE b.adam_id = a.adam_id AND b.id <> a.id AND b.stage = 1 AND +b.product = a.product)
             AND EXISTS (SELECT 1 FROM assets b {join} licenses y
                 ON y.asset = b.id AND y.holder = x.holder AND y.kind = x.kind
                 WHERE b.adam_id = a.adam_id AND b.id <> a.id AND b.stage = 1 AND +b.product = a.product
                     AND y.state = 2 AND (y.since < x.since OR y.since = x.since AND y.asset < x.asset))"
        }
        // The device's own is the better one (A10).
        OrphanKind::BothKinds => {
            "WHERE x.kind = 1 AND EXISTS (SELECT 1 FROM vpp_users u JOIN people p ON p.id = u.person
                 JOIN devices d ON d.user_name_key = p.user_name_key AND d.user_name_key <> ''
                 JOIN licenses y ON y.holder = d.serial AND y.kind = 0 AND y.state = 2
                 JOIN assets b ON b.id = y.asset AND b.stage = 1 AND b.adam_id = a.adam_id
                 WHERE u.client_user_id = x.holder)"
        }
    };
    sql.push(which.replace("{join}", join));
    sql.push(" AND x.state = 2 AND a.stage = 1 AND a.location = ")
        .push_bind(location.as_str().to_owned());
    sql.push(" ORDER BY x.asset, x.holder, x.kind");
}

/// What narrows a list of `licenses x` and `assets a` down, each with ` AND ` before it.
pub(crate) fn push_filters<'t, DB: Database>(
    sql: &mut QueryBuilder<DB>,
    holder: &str,
    location: Option<&LocationId>,
) where
    i64: Encode<'t, DB> + Type<DB>,
    String: Encode<'t, DB> + Type<DB>,
{
    if !holder.is_empty() {
        sql.push(" AND x.holder >= ").push_bind(holder.to_owned());
        if let Some(end) = crate::text::prefix_end(holder) {
            sql.push(" AND x.holder < ").push_bind(end);
        }
    }
    if let Some(location) = location {
        sql.push(" AND a.location = ")
            .push_bind(location.as_str().to_owned());
    }
}

/// Rows as JSON arrays: asset, holder, kind, rule, and when it began.
pub(crate) type Row<'a> = (i64, &'a str, i64, i64, Option<i64>);

pub(crate) fn rows(found: &[Candidate]) -> Vec<Row<'_>> {
    found
        .iter()
        .map(|one| {
            let (asset, holder) = &one.pair;
            (
                asset.0,
                holder.id(),
                numbers::kind(holder),
                one.rule.number(),
                one.fact_at,
            )
        })
        .collect()
}

/// The same of what somebody decided on.
pub(crate) fn decided(taken: &[(Pair, RuleKind)]) -> Vec<Row<'_>> {
    taken
        .iter()
        .map(|((asset, holder), rule)| (asset.0, holder.id(), numbers::kind(holder), rule.number(), None))
        .collect()
}
