use super::Postgres;
use crate::{
    Result,
    cursor::{Order, Part, Walk},
    ledger::Ledger,
    numbers::Number,
    rows::{
        self,
        ledger::{LEDGER, LEDGER_JOINS, LedgerRecord},
        people::push_holders,
    },
    text::{prefix_end, storable},
};
use async_trait::async_trait;
use contract::{
    Direction, Page,
    licenses::{LedgerQuery, LedgerRow},
};
use sqlx::QueryBuilder;

#[async_trait]
impl Ledger for Postgres {
    async fn ledger_list(&self, query: &LedgerQuery) -> Result<Page<LedgerRow>> {
        let mut page = query.page.clone();
        page.direction = Direction::Down;
        let walk = Walk::new(
            &page,
            Order {
                name: "ledger",
                parts: &[Part::Number],
            },
        )?;
        let mut sql = QueryBuilder::new(format!(
            "SELECT {LEDGER} FROM (SELECT g.* FROM ledger g WHERE 1 = 1"
        ));
        if let Some(operation) = &query.operation {
            sql.push(" AND g.operation = (SELECT number FROM operations WHERE id = ");
            sql.push_bind(storable(operation.as_str())).push(")");
        }
        let holder = storable(&query.holder);
        if !holder.is_empty() {
            sql.push(" AND g.holder >= ").push_bind(holder.clone());
            if let Some(end) = prefix_end(&holder) {
                sql.push(" AND g.holder < ").push_bind(end);
            }
        }
        if let Some(person) = &query.person {
            sql.push(" AND (g.holder, g.kind) IN (");
            push_holders(&mut sql, person);
            sql.push(")");
        }
        if let Some(asset) = query.asset {
            sql.push(" AND g.asset = ").push_bind(asset.0);
        }
        if let Some(location) = &query.location {
            sql.push(" AND g.asset IN (SELECT id FROM assets WHERE location = ");
            sql.push_bind(storable(location.as_str())).push(")");
        }
        if let Some(act) = query.act {
            sql.push(" AND g.act = ").push_bind(act.number());
        }
        walk.push_from(&mut sql, "g.id");
        walk.push_order(&mut sql, &["g.id"]);
        sql.push(") g").push(LEDGER_JOINS);
        walk.push_order(&mut sql, &["g.id"]);
        let records: Vec<LedgerRecord> = sql.build_query_as().fetch_all(&self.pool).await?;
        rows::page(walk.page(records, None, |row| vec![row.id.into()]))
    }
}
