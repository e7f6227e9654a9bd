use super::{Commit, Sqlite, json};
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
impl Assignments for Sqlite {
    async fn assignments_of(&self, asset: AssetId) -> Result<Vec<StoredAssignment>> {
        let sql = format!(
            "SELECT {ASSIGNMENT} FROM assignments s LEFT JOIN groups g ON g.id = s.group_id
             WHERE s.asset = ? ORDER BY {ORDER}"
        );
        let records: Vec<AssignmentRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(asset.0)
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn assignment_rows(&self, asset: AssetId) -> Result<Vec<AssignmentRow>> {
        let mut tx = self.read().await?;
        let sql = format!(
            "SELECT {ASSIGNMENT} FROM assignments s LEFT JOIN groups g ON g.id = s.group_id
             WHERE s.asset = ? ORDER BY coalesce(g.sort_name, s.group_id), s.number"
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
            .fetch_optional(&self.readers)
            .await?;
        record.map(LicenseOrigin::try_from).transpose()
    }

    async fn wanted(&self, asset: AssetId, who: &Asker) -> Result<Wanted> {
        let (member, kind) = who.parts();
        let rows: Vec<(i64, i64)> = sqlx::query_as(WANTED)
            .bind(asset.0)
            .bind(member)
            .bind(kind)
            .fetch_all(&self.readers)
            .await?;
        Ok(wanted(rows))
    }

    async fn spoken_for(&self, asset: AssetId) -> Result<SpokenFor> {
        let (requested, kept): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM licenses y WHERE y.asset = ?1 AND y.state = 1),
                 coalesce(sum(max(s.reserved - (SELECT count(*) FROM licenses x
                     WHERE x.asset = s.asset AND x.assignment = s.number AND x.state IN (1, 2, 3)), 0)), 0)
             FROM assignments s WHERE s.asset = ?1 AND s.reserved > 0",
        )
        .bind(asset.0)
        .fetch_one(&self.readers)
        .await?;
        Ok(SpokenFor { requested, kept })
    }

    async fn group_choices(&self, search: &str) -> Result<Vec<GroupChoice>> {
        let sql = format!(
            "SELECT {CHOICE} FROM groups g WHERE instr(g.sort_name, ?) > 0 ORDER BY g.sort_name LIMIT ?"
        );
        let records: Vec<ChoiceRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(fold(search))
            .bind(GroupChoice::MOST)
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn group_choice(&self, id: &GroupId) -> Result<Option<GroupChoice>> {
        let sql = format!("SELECT {CHOICE} FROM groups g WHERE g.id = ?");
        let record: Option<ChoiceRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_optional(&self.readers)
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
        let total: Option<i64> = sqlx::query_scalar("SELECT waiting FROM assets WHERE id = ?")
            .bind(asset.0)
            .fetch_optional(&mut *tx)
            .await?;
        rows::page(walk.page(records, total, |row| vec![row.place.into()]))
    }

    async fn assigned_of(&self, assets: &[AssetId]) -> Result<Vec<AssetId>> {
        let found: Vec<i64> = sqlx::query_scalar(
            "SELECT DISTINCT s.asset FROM assignments s WHERE s.asset IN (SELECT value FROM json_each(?)) ORDER BY s.asset",
        )
        .bind(json(assets)?)
        .fetch_all(&self.readers)
        .await?;
        Ok(found.into_iter().map(AssetId).collect())
    }

    async fn ask(&self, asset: AssetId, who: &Asker, now: UnixMillis) -> Result<()> {
        let (member, kind) = who.parts();
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query(
            "INSERT INTO asked (asset, member, kind, at) VALUES (?, ?, ?, ?)
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
