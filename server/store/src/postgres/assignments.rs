use super::{Commit, Postgres};
use crate::{
    Result,
    assignments::{Asker, Assignments, LicenseOrigin, SpokenFor, StoredAssignment},
    cursor::{Order, Part, Walk},
    numbers,
    rows::{
        self,
        assignments::{
            ASSIGNMENT, AssignmentRecord, CHOICE, ChoiceRecord, GAVE, Gave, LOCATION_NAMES, ORDER, ORIGIN,
            OriginRecord, WAITING, WANTED, WaitingRecord, wanted,
        },
    },
    text::fold,
};
use async_trait::async_trait;
use contract::{
    AssetId, GroupId, Page, PageQuery, UnixMillis,
    assignments::{AssignmentRow, GroupChoice, WaitingRow, Wanted},
    licenses::Holder,
};
use sqlx::{AssertSqlSafe, QueryBuilder};

#[async_trait]
impl Assignments for Postgres {
    async fn assignments_of(&self, asset: AssetId) -> Result<Vec<StoredAssignment>> {
        let sql = format!(
            "SELECT {ASSIGNMENT} FROM assignments s LEFT JOIN groups g ON g.id = s.group_id
             WHERE s.asset = $1 ORDER BY {ORDER}"
        );
        let records: Vec<AssignmentRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(asset.0)
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn assignment_rows(&self, asset: AssetId) -> Result<Vec<AssignmentRow>> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {ASSIGNMENT} FROM assignments s LEFT JOIN groups g ON g.id = s.group_id
             WHERE s.asset = $1 ORDER BY coalesce(g.sort_name, s.group_id), s.number"
        );
        let records: Vec<AssignmentRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(asset.0)
            .fetch_all(&mut *tx)
            .await?;
        let gave: Vec<Gave> = sqlx::query_as(GAVE).bind(asset.0).fetch_all(&mut *tx).await?;
        let locations: Vec<(String, String)> = sqlx::query_as(LOCATION_NAMES).fetch_all(&mut *tx).await?;
        let rows = records.into_iter().map(|record| record.row(&gave, &locations));
        rows.collect()
    }

    async fn license_origin(&self, asset: AssetId, holder: &Holder) -> Result<Option<LicenseOrigin>> {
        let record: Option<OriginRecord> = sqlx::query_as(ORIGIN)
            .bind(asset.0)
            .bind(holder.id())
            .bind(numbers::kind(holder))
            .fetch_optional(&self.pool)
            .await?;
        record.map(LicenseOrigin::try_from).transpose()
    }

    async fn wanted(&self, asset: AssetId, who: &Asker) -> Result<Wanted> {
        let (member, kind) = who.parts();
        let rows: Vec<(i64, i64)> = sqlx::query_as(WANTED)
            .bind(asset.0)
            .bind(member)
            .bind(kind)
            .fetch_all(&self.pool)
            .await?;
        Ok(wanted(rows))
    }

    async fn spoken_for(&self, asset: AssetId) -> Result<SpokenFor> {
        let (requested, kept): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM licenses y WHERE y.asset = $1 AND y.state = 1),
                 coalesce(sum(greatest(s.reserved - (SELECT count(*) FROM licenses x
                     WHERE x.asset = s.asset AND x.assignment = s.number AND x.state IN (1, 2, 3)), 0)), 0)::bigint
             FROM assignments s WHERE s.asset = $1 AND s.reserved > 0",
        )
        .bind(asset.0)
        .fetch_one(&self.pool)
        .await?;
        Ok(SpokenFor { requested, kept })
    }

    async fn group_choices(&self, search: &str) -> Result<Vec<GroupChoice>> {
        let sql = format!(
            "SELECT {CHOICE} FROM groups g WHERE strpos(g.sort_name, $1) > 0 ORDER BY g.sort_name LIMIT $2"
        );
        let records: Vec<ChoiceRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(fold(search))
            .bind(i64::from(GroupChoice::MOST))
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn group_choice(&self, id: &GroupId) -> Result<Option<GroupChoice>> {
        let sql = format!("SELECT {CHOICE} FROM groups g WHERE g.id = $1");
        let record: Option<ChoiceRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        record.map(GroupChoice::try_from).transpose()
    }

    async fn waiting_list(&self, asset: AssetId, page: &PageQuery) -> Result<Page<WaitingRow>> {
        let order = Order {
            name: "waiting",
            parts: &[Part::Number],
        };
        let walk = Walk::new(page, order)?;
        let mut tx = self.read().await?;
        let mut sql = QueryBuilder::new(format!(
            "SELECT * FROM ({WAITING} WHERE x.state = 0 AND x.state <> 2 AND x.asset = "
        ));
        sql.push_bind(asset.0).push(") w WHERE 1 = 1");
        walk.push_from(&mut sql, "w.place");
        walk.push_order(&mut sql, &["w.place"]);
        let records: Vec<WaitingRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let total: Option<i64> = sqlx::query_scalar("SELECT waiting FROM assets WHERE id = $1")
            .bind(asset.0)
            .fetch_optional(&mut *tx)
            .await?;
        rows::page(walk.page(records, total, |row| vec![row.place.into()]))
    }

    async fn assigned_of(&self, assets: &[AssetId]) -> Result<Vec<AssetId>> {
        let found: Vec<i64> = sqlx::query_scalar(
            "SELECT DISTINCT s.asset FROM assignments s WHERE s.asset = ANY($1) ORDER BY s.asset",
        )
        .bind(Vec::from_iter(assets.iter().map(|asset| asset.0)))
        .fetch_all(&self.pool)
        .await?;
        Ok(found.into_iter().map(AssetId).collect())
    }

    async fn ask(&self, asset: AssetId, who: &Asker, now: UnixMillis) -> Result<()> {
        let (member, kind) = who.parts();
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query(
            "INSERT INTO asked (asset, member, kind, at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (asset, member, kind) DO UPDATE SET at = excluded.at",
        )
        .bind(asset.0)
        .bind(member)
        .bind(kind)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }
}
