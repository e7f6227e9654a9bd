use super::{Sqlite, Write, json, standing};
use crate::{
    Result,
    planning::{Planning, PlanningData},
    rows::{
        assignments::{ASSIGNMENT, AssignmentRecord, ORDER},
        checkin::{DEVICES, PERSON},
        planning::{
            DRAWN, Gathering, MOVED, PLAN_DEVICE, PLAN_LICENSE, PLAN_PERSON, PlanDeviceRecord,
            PlanLicenseRecord, PlanPersonRecord, SourceRecord, sources,
        },
    },
};
use async_trait::async_trait;
use contract::{AssetId, DeviceId, GroupId, LocationId};
use futures::TryStreamExt;
use sqlx::AssertSqlSafe;

#[async_trait]
impl Planning for Sqlite {
    async fn planning_data(
        &self,
        assets: &[AssetId],
        more: &[GroupId],
        draw: Option<&LocationId>,
    ) -> Result<PlanningData> {
        let extent = Extent::all(assets, more)?;
        let mut tx = self.read().await?;
        let mut gathering = gather(&mut tx, assets, &extent).await?;
        gather_sources(&mut tx, &extent.assets, draw, &mut gathering).await?;
        gather_the_rest(&mut tx, &extent.assets, &mut gathering).await?;
        Ok(gathering.end())
    }

    async fn own_planning_data(&self, device: &DeviceId, assets: &[AssetId]) -> Result<PlanningData> {
        let extent = Extent::of(device, assets)?;
        let mut tx = self.read().await?;
        let gathering = gather(&mut tx, assets, &extent).await?;
        Ok(gathering.end())
    }
}

/// Whom the data is read of, by statements of which `$1` is `who` and `$2` the assets.
struct Extent {
    who: String,
    assets: String,
    /// A condition on `people p`.
    people: String,
    /// The ids of devices.
    devices: String,
    /// The ids of groups.
    groups: &'static str,
    /// `licenses x`, to be read from.
    licenses: String,
    /// None: all members and holders that there are.
    only: Option<Only>,
}

/// What a device's own is found by.
struct Only {
    /// The ids of the devices and the person.
    members: String,
    /// Their serial numbers and client user ids.
    holders: String,
}

impl Extent {
    /// All whom the assets and these groups concern.
    fn all(assets: &[AssetId], more: &[GroupId]) -> Result<Self> {
        let devices = devices();
        Ok(Self {
            who: json(more)?,
            assets: json(assets)?,
            people: format!(
                "p.id IN (
                     SELECT m.member FROM group_members m JOIN groups g ON g.id = m.group_id AND g.kind = 0
                     WHERE m.group_id IN ({GROUPS}))
                 OR p.user_name_key IN (SELECT d.user_name_key FROM devices d WHERE d.id IN ({devices}))
                 OR p.id IN (SELECT h.person FROM licenses x INDEXED BY licenses_assigned
                     CROSS JOIN vpp_users h ON h.client_user_id = x.holder
                     WHERE x.asset IN (SELECT value FROM json_each($2)) AND x.kind = 1 AND x.assignment IS NOT NULL)
                 OR p.id IN (SELECT h.person FROM licenses x INDEXED BY licenses_not_held
                     CROSS JOIN vpp_users h ON h.client_user_id = x.holder
                     WHERE x.state IN (0, 1, 3, 4, 5) AND x.state <> 2 AND x.asset IN (SELECT value FROM json_each($2))
                         AND x.kind = 1)"
            ),
            devices,
            groups: GROUPS,
            licenses: "json_each($2) j CROSS JOIN licenses x ON x.asset = j.value".to_owned(),
            only: None,
        })
    }

    /// The device, its primary user and that person's devices.
    fn of(device: &DeviceId, assets: &[AssetId]) -> Result<Self> {
        let holders = format!(
            "SELECT d.serial FROM devices d WHERE d.id IN ({DEVICES})
             UNION SELECT u.client_user_id FROM vpp_users u WHERE u.person IN ({PERSON})"
        );
        Ok(Self {
            who: device.to_string(),
            assets: json(assets)?,
            people: format!("p.id IN ({PERSON})"),
            devices: DEVICES.to_owned(),
            groups: "SELECT s.group_id FROM assignments s WHERE s.asset IN (SELECT value FROM json_each($2))",
            licenses: format!(
                "licenses x WHERE x.holder IN ({holders}) AND x.asset IN (SELECT value FROM json_each($2))"
            ),
            only: Some(Only {
                members: format!("{DEVICES} UNION {PERSON}"),
                holders,
            }),
        })
    }

    /// A further condition on a column with members.
    fn members(&self, column: &str) -> String {
        let only = self.only.as_ref();
        only.map_or_else(String::new, |only| format!(" AND {column} IN ({})", only.members))
    }

    /// A further condition on a column with holders.
    fn holders(&self, column: &str) -> String {
        let only = self.only.as_ref();
        only.map_or_else(String::new, |only| format!(" AND {column} IN ({})", only.holders))
    }
}

/// The groups that are planned for: `$2` the assets, `$1` more groups.
const GROUPS: &str = "SELECT s.group_id FROM assignments s WHERE s.asset IN (SELECT value FROM json_each($2))
    UNION SELECT value FROM json_each($1)";

/// The ids of the devices that are planned for: in groups, of people in groups or with licences that assignments gave, or
/// with licences that assignments gave or that are not simply held.
fn devices() -> String {
    format!(
        "SELECT m.member FROM group_members m JOIN groups g ON g.id = m.group_id AND g.kind = 1
         WHERE m.group_id IN ({GROUPS})
         UNION
         SELECT d.id FROM group_members m JOIN groups g ON g.id = m.group_id AND g.kind = 0
         CROSS JOIN people p ON p.id = m.member CROSS JOIN devices d ON d.user_name_key = p.user_name_key
         WHERE m.group_id IN ({GROUPS}) AND d.user_name_key <> ''
         UNION
         SELECT d.id FROM licenses x INDEXED BY licenses_assigned CROSS JOIN devices d ON d.serial = x.holder
         WHERE x.asset IN (SELECT value FROM json_each($2)) AND x.kind = 0 AND x.assignment IS NOT NULL
         UNION
         SELECT d.id FROM licenses x INDEXED BY licenses_not_held CROSS JOIN devices d ON d.serial = x.holder
         WHERE x.state IN (0, 1, 3, 4, 5) AND x.state <> 2 AND x.asset IN (SELECT value FROM json_each($2))
             AND x.kind = 0
         UNION
         SELECT d.id FROM licenses x INDEXED BY licenses_assigned CROSS JOIN vpp_users u ON u.client_user_id = x.holder
         CROSS JOIN people p ON p.id = u.person CROSS JOIN devices d ON d.user_name_key = p.user_name_key
         WHERE x.asset IN (SELECT value FROM json_each($2)) AND x.kind = 1 AND x.assignment IS NOT NULL
             AND d.user_name_key <> ''
         UNION
         {DRAWN} IN (SELECT value FROM json_each($2))"
    )
}

/// What is read of a device's own, too.
async fn gather(tx: &mut Write, assets: &[AssetId], extent: &Extent) -> Result<Gathering> {
    let sql = format!(
        "SELECT {PLAN_PERSON} FROM people p LEFT JOIN vpp_users u ON u.person = p.id
             AND u.location = (SELECT a.location FROM assets a WHERE a.id = (SELECT value FROM json_each($2) LIMIT 1))
         WHERE {} ORDER BY p.id, u.account",
        extent.people
    );
    let people = sqlx::query_as::<_, PlanPersonRecord>(AssertSqlSafe(sql))
        .bind(&extent.who)
        .bind(&extent.assets)
        .fetch_all(&mut **tx)
        .await?;
    let sql = format!(
        "SELECT {PLAN_DEVICE} FROM devices d WHERE d.id IN ({}) ORDER BY d.id",
        extent.devices
    );
    let devices = sqlx::query_as::<_, PlanDeviceRecord>(AssertSqlSafe(sql))
        .bind(&extent.who)
        .bind(&extent.assets)
        .fetch_all(&mut **tx)
        .await?;
    let mut gathering = Gathering::new(assets, people, devices)?;
    let sql = format!(
        "SELECT {ASSIGNMENT} FROM assignments s LEFT JOIN groups g ON g.id = s.group_id
         WHERE s.asset IN (SELECT value FROM json_each($1)) ORDER BY {ORDER}"
    );
    let mut rows = sqlx::query_as::<_, AssignmentRecord>(AssertSqlSafe(sql))
        .bind(&extent.assets)
        .fetch(&mut **tx);
    while let Some(record) = rows.try_next().await? {
        gathering.assignment(record)?;
    }
    drop(rows);
    let sql = format!(
        "SELECT g.id, g.kind FROM groups g WHERE g.id IN ({}) ORDER BY g.id",
        extent.groups
    );
    let groups = sqlx::query_as::<_, (String, i64)>(AssertSqlSafe(sql))
        .bind(&extent.who)
        .bind(&extent.assets)
        .fetch_all(&mut **tx)
        .await?;
    for (id, kind) in groups {
        gathering.group(id, kind)?;
    }
    let sql = format!(
        "SELECT m.group_id, m.member FROM group_members m WHERE m.group_id IN ({}){} ORDER BY m.group_id, m.member",
        extent.groups,
        extent.members("m.member")
    );
    let mut rows = sqlx::query_as::<_, (String, String)>(AssertSqlSafe(sql))
        .bind(&extent.who)
        .bind(&extent.assets)
        .fetch(&mut **tx);
    while let Some((group, member)) = rows.try_next().await? {
        gathering.member(&group, &member);
    }
    drop(rows);
    let sql = format!("SELECT {PLAN_LICENSE} FROM {}", extent.licenses);
    let mut rows = sqlx::query_as::<_, PlanLicenseRecord>(AssertSqlSafe(sql))
        .bind(&extent.who)
        .bind(&extent.assets)
        .fetch(&mut **tx);
    while let Some(record) = rows.try_next().await? {
        gathering.license(record)?;
    }
    drop(rows);
    gather_marks(tx, extent, &mut gathering).await?;
    Ok(gathering)
}

/// Who asked, whose licence is lost or was taken by a rule, and who was migrated.
async fn gather_marks(tx: &mut Write, extent: &Extent, gathering: &mut Gathering) -> Result<()> {
    let sql = format!(
        "SELECT k.asset, k.member, k.kind, k.at FROM asked k WHERE k.asset IN (SELECT value FROM json_each($2)){}",
        extent.members("k.member")
    );
    let asked = sqlx::query_as::<_, (i64, String, i64, i64)>(AssertSqlSafe(sql))
        .bind(&extent.who)
        .bind(&extent.assets)
        .fetch_all(&mut **tx)
        .await?;
    for (asset, member, kind, at) in asked {
        gathering.asked(asset, &member, kind, at);
    }
    let sql = format!(
        "SELECT x.asset, x.holder, x.kind FROM lost_licenses x WHERE x.asset IN (SELECT value FROM json_each($2)){}",
        extent.holders("x.holder")
    );
    let lost = sqlx::query_as::<_, (i64, String, i64)>(AssertSqlSafe(sql))
        .bind(&extent.who)
        .bind(&extent.assets)
        .fetch_all(&mut **tx)
        .await?;
    for (asset, holder, kind) in lost {
        gathering.lost(asset, &holder, kind);
    }
    let sql = format!(
        "SELECT r.asset, r.holder, r.at FROM reclaimed r WHERE r.kind = 0 AND r.asset IN (SELECT value FROM json_each($2)){}",
        extent.holders("r.holder")
    );
    let barred = sqlx::query_as::<_, (i64, String, i64)>(AssertSqlSafe(sql))
        .bind(&extent.who)
        .bind(&extent.assets)
        .fetch_all(&mut **tx)
        .await?;
    for (asset, serial, at) in barred {
        gathering.barred(asset, &serial, at);
    }
    let sql = format!(
        "{MOVED} AND m.asset IN (SELECT value FROM json_each($2)){}",
        extent.holders("o.holder")
    );
    let moved = sqlx::query_as::<_, (i64, String)>(AssertSqlSafe(sql))
        .bind(&extent.who)
        .bind(&extent.assets)
        .fetch_all(&mut **tx)
        .await?;
    for (asset, holder) in moved {
        gathering.moved(asset, &holder);
    }
    Ok(())
}

/// What other locations have of the same apps, and who holds that.
async fn gather_sources(
    tx: &mut Write,
    ids: &str,
    draw: Option<&LocationId>,
    gathering: &mut Gathering,
) -> Result<()> {
    let sql = format!(
        "SELECT {} AND a.id IN (SELECT value FROM json_each(?1)) ORDER BY a.id, b.id",
        sources("s.settings", "?2", &standing::may_assign())
    );
    let records: Vec<SourceRecord> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(ids)
        .bind(draw.map(LocationId::as_str))
        .fetch_all(&mut **tx)
        .await?;
    for record in records {
        gathering.source(record);
    }
    let found = gathering.sources();
    if !found.is_empty() {
        let sql = format!(
            "SELECT {PLAN_LICENSE} FROM json_each(?) j CROSS JOIN licenses x ON x.asset = j.value WHERE x.kind = 0"
        );
        let mut rows = sqlx::query_as::<_, PlanLicenseRecord>(AssertSqlSafe(sql))
            .bind(json(&found)?)
            .fetch(&mut **tx);
        while let Some(record) = rows.try_next().await? {
            gathering.drawn(record)?;
        }
    }
    let strangers = gathering.strangers();
    if !strangers.is_empty() {
        let known: Vec<i64> = sqlx::query_scalar(
            "SELECT number FROM assignments WHERE number IN (SELECT value FROM json_each(?))",
        )
        .bind(json(&strangers)?)
        .fetch_all(&mut **tx)
        .await?;
        gathering.foreign(&known);
    }
    Ok(())
}

/// Removed assignments that another tool installed for, and what devices are to do.
async fn gather_the_rest(tx: &mut Write, ids: &str, gathering: &mut Gathering) -> Result<()> {
    let removed = sqlx::query_scalar("SELECT assignment FROM removed_license_only")
        .fetch_all(&mut **tx)
        .await?;
    gathering.removed_license_only(removed);
    let mut errands = sqlx::query_as::<_, (i64, String, i64)>(
        "SELECT asset, device, errand FROM errands WHERE asset IN (SELECT value FROM json_each(?))",
    )
    .bind(ids)
    .fetch(&mut **tx);
    while let Some((asset, device, errand)) = errands.try_next().await? {
        gathering.errand(asset, &device, errand)?;
    }
    Ok(())
}
