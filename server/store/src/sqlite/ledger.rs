use super::{Sqlite, Write};
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
    text::prefix_end,
};
use async_trait::async_trait;
use contract::{
    Direction, Page,
    licenses::{LedgerQuery, LedgerRow},
};
use sqlx::QueryBuilder;

/// Up to so many lines of a location are gathered and sorted.
const FEW: i64 = 5000;

#[async_trait]
impl Ledger for Sqlite {
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
        let mut tx = self.read().await?;
        let index = index(&mut tx, query).await?;
        let mut sql = QueryBuilder::new(format!("SELECT {LEDGER} FROM (SELECT g.* FROM "));
        let mut of_person = "";
        if let Some(person) = &query.person {
            sql.push("(");
            push_holders(&mut sql, person);
            sql.push(") w CROSS JOIN ");
            of_person = " ON g.holder = w.holder AND g.kind = w.kind";
        }
        sql.push(format!("ledger g {index}{of_person} WHERE 1 = 1"));
        if let Some(operation) = &query.operation {
            sql.push(" AND g.operation = (SELECT number FROM operations WHERE id = ");
            sql.push_bind(operation.as_str().to_owned()).push(")");
        }
        if !query.holder.is_empty() {
            sql.push(" AND g.holder >= ").push_bind(query.holder.clone());
            if let Some(end) = prefix_end(&query.holder) {
                sql.push(" AND g.holder < ").push_bind(end);
            }
        }
        if let Some(asset) = query.asset {
            sql.push(" AND g.asset = ").push_bind(asset.0);
        }
        if let Some(location) = &query.location {
            sql.push(" AND g.asset IN (SELECT id FROM assets WHERE location = ");
            sql.push_bind(location.as_str().to_owned()).push(")");
        }
        if let Some(act) = query.act {
            sql.push(" AND g.act = ").push_bind(act.number());
        }
        walk.push_from(&mut sql, "g.id");
        walk.push_order(&mut sql, &["g.id"]);
        sql.push(") g").push(LEDGER_JOINS);
        walk.push_order(&mut sql, &["g.id"]);
        let records: Vec<LedgerRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        rows::page(walk.page(records, None, |row| vec![row.id.into()]))
    }
}

/// What narrows the list down most comes first: a person and an operation have few lines, a serial number fewer than an app, and a
/// location's are gathered only if they are few; else all lines are walked, the newest first.
async fn index(tx: &mut Write, query: &LedgerQuery) -> Result<&'static str> {
    Ok(match query {
        LedgerQuery { person: Some(_), .. } => "INDEXED BY ledger_by_holder",
        LedgerQuery {
            operation: Some(_), ..
        } => "INDEXED BY ledger_by_operation",
        LedgerQuery { holder, .. } if !holder.is_empty() => "INDEXED BY ledger_by_holder",
        LedgerQuery { asset: Some(_), .. } => "INDEXED BY ledger_by_asset",
        LedgerQuery {
            location: Some(location),
            ..
        } => {
            let lines: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM (SELECT 1 FROM assets a
                     CROSS JOIN ledger g INDEXED BY ledger_by_asset ON g.asset = a.id WHERE a.location = ? LIMIT ?)",
            )
            .bind(location.as_str())
            .bind(FEW + 1)
            .fetch_one(&mut **tx)
            .await?;
            if lines <= FEW {
                "INDEXED BY ledger_by_asset"
            } else {
                "NOT INDEXED"
            }
        }
        _ => "",
    })
}
