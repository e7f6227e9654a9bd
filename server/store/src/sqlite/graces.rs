use super::{Commit, Sqlite};
use crate::{
    Result,
    cursor::Walk,
    graces::Graces,
    rows::{
        self,
        graces::{GRACE, GraceRecord, KEPT, ORDER},
    },
    text::prefix_end,
};
use async_trait::async_trait;
use contract::{
    Page, UnixMillis,
    licenses::{MacGrace, MacGraceQuery},
};
use sqlx::{AssertSqlSafe, QueryBuilder};

type Sql = QueryBuilder<sqlx::Sqlite>;

#[async_trait]
impl Graces for Sqlite {
    async fn grace_list(&self, query: &MacGraceQuery) -> Result<Page<MacGrace>> {
        let walk = Walk::new(&query.page, ORDER)?;
        let mut tx = self.read().await?;
        let mut sql = Sql::new(format!("SELECT {GRACE}"));
        push_graces(&mut sql, query);
        walk.push_from(&mut sql, "g.ends_at, g.asset, g.holder");
        walk.push_order(&mut sql, &["g.ends_at", "g.asset", "g.holder"]);
        let records: Vec<GraceRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let total = match walk.must_count(records.len()) {
            false => None,
            true => {
                let mut sql = Sql::new("SELECT count(*)");
                push_graces(&mut sql, query);
                Some(sql.build_query_scalar().fetch_one(&mut *tx).await?)
            }
        };
        rows::page(walk.page(records, total, GraceRecord::key))
    }

    async fn end_graces(&self, now: UnixMillis) -> Result<u64> {
        // Most of the time there are none: then nothing is locked.
        let some: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM graces WHERE ends_at <= ?)")
            .bind(now)
            .fetch_one(&self.readers)
            .await?;
        if !some {
            return Ok(0);
        }
        let mut tx = self.write(Commit::Durable).await?;

        let ended = format!(
            "INSERT INTO ledger (at, act, asset, holder, kind)
             SELECT g.ends_at, 12, g.asset, g.holder, 0 FROM graces g WHERE g.ends_at <= ? AND NOT {KEPT}
             ORDER BY g.ends_at, g.asset, g.holder"
        );
        let ended = sqlx::query(AssertSqlSafe(ended))
            .bind(now)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM graces WHERE ends_at <= ?")
            .bind(now)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(ended.rows_affected())
    }
}

/// ` FROM … WHERE …`: the graces `g` of Macs that are known here and will lose the app.
fn push_graces(sql: &mut Sql, query: &MacGraceQuery) {
    sql.push(
        " FROM graces g CROSS JOIN devices d ON d.serial = g.holder CROSS JOIN assets a ON a.id = g.asset
          CROSS JOIN locations l ON l.id = a.location WHERE NOT ",
    )
    .push(KEPT);
    if let Some(asset) = query.asset {
        sql.push(" AND g.asset = ").push_bind(asset.0);
    }
    let holder = query.holder.clone();
    if !holder.is_empty() {
        sql.push(" AND g.holder >= ").push_bind(holder.clone());
        if let Some(end) = prefix_end(&holder) {
            sql.push(" AND g.holder < ").push_bind(end);
        }
    }
}
