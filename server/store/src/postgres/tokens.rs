use super::{Commit, Postgres, Write, deletion, standing};
use crate::{
    Result, StoreError,
    audit::tell,
    cursor::Walk,
    rows::{
        self,
        tokens::{
            FIRST_USABLE, RUN, STORED, StoredTokenRecord, SyncRunRecord, TOKEN, TokenDetailRecord,
            TokenRecord, order, state_mdm, states,
        },
    },
    text::{fold, searchable, storable},
    tokens::{Deleted, NewToken, Owner, Renewal, StoredToken, Tokens},
};
use async_trait::async_trait;
use contract::{
    Code, LocationId, Page, TokenId, UnixMillis,
    tokens::{Deed, EditToken, SyncRun, TokenDetail, TokenQuery, TokenRow, TokenState},
};
use sqlx::{AssertSqlSafe, QueryBuilder};

#[async_trait]
impl Tokens for Postgres {
    async fn insert_token(&self, token: &NewToken) -> Result<LocationId> {
        let mut tx = self.write(Commit::Durable).await?;
        let same = sqlx::query("SELECT FROM tokens WHERE hash = $1")
            .bind(&token.hash)
            .fetch_optional(&mut *tx)
            .await?;
        if same.is_some() {
            return Err(StoreError::Taken(Code::TokenAlreadyHere));
        }
        let location = place(&mut tx, token).await?;
        sqlx::query(
            "INSERT INTO tokens (id, location, name, sort_name, search, apple_account, organisation, country,
                 account_type, automatic_updates, hash, expires_at, state, state_mdm, created_at, created_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        )
        .bind(token.id.as_str())
        .bind(location.as_str())
        .bind(storable(&token.name))
        .bind(fold(&token.name))
        .bind(searchable(&[
            &token.name,
            &token.organisation,
            &token.apple_account,
        ]))
        .bind(storable(&token.apple_account))
        .bind(storable(&token.organisation))
        .bind(&token.country)
        .bind(token.account_type.as_str())
        .bind(token.automatic_updates)
        .bind(&token.hash)
        .bind(token.expires_at)
        .bind(token.state.as_str())
        .bind(state_mdm(&token.state).map(storable))
        .bind(token.created_at)
        .bind(token.created_by.as_str())
        .execute(&mut *tx)
        .await?;
        sqlx::query("INSERT INTO sealed_tokens (token, sealed) VALUES ($1, $2)")
            .bind(token.id.as_str())
            .bind(&token.sealed)
            .execute(&mut *tx)
            .await?;
        // What the state says of the owner holds for the location's other token too.
        standing::note_owner(&mut tx, &token.id, &token.owner(), token.created_at).await?;
        standing::settle(&mut tx, location.as_str(), token.created_at).await?;
        tx.commit().await?;
        Ok(location)
    }

    async fn edit_token(&self, id: &TokenId, form: &EditToken) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let (location, organisation, country): (String, String, String) = sqlx::query_as(
            "SELECT location, organisation, country FROM tokens WHERE id = $1 FOR NO KEY UPDATE",
        )
        .bind(id.as_str())
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE tokens SET name = $1, sort_name = $2, search = $3, apple_account = $4, country = $5,
                 account_type = $6, automatic_updates = $7
             WHERE id = $8",
        )
        .bind(storable(&form.name))
        .bind(fold(&form.name))
        .bind(searchable(&[&form.name, &organisation, &form.apple_account]))
        .bind(storable(&form.apple_account))
        .bind(&form.country)
        .bind(form.account_type.as_str())
        .bind(form.automatic_updates)
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE locations SET sync_hours = $2, next_sync_at = CASE
                 WHEN sync_state = 'completed' THEN sync_finished_at + $2 * 3600000 ELSE next_sync_at END
             WHERE id = $1",
        )
        .bind(&location)
        .bind(form.sync_hours)
        .execute(&mut *tx)
        .await?;
        if country != form.country {
            // T7: the next sync reads the metadata of the other store.
            sqlx::query("UPDATE assets SET looked_at = NULL WHERE location = $1 AND stage < 2")
                .bind(&location)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await
    }

    async fn note_owner(&self, id: &TokenId, owner: &Owner, now: UnixMillis) -> Result<bool> {
        let mut tx = self.write(Commit::Durable).await?;
        let changed = standing::note_owner(&mut tx, id, owner, now).await?;
        tx.commit().await?;
        Ok(changed)
    }

    async fn refuse_token(&self, token: &StoredToken, state: &TokenState, now: UnixMillis) -> Result<bool> {
        let mut tx = self.write(Commit::Durable).await?;
        let refused = standing::refuse(&mut tx, &token.id, &token.hash, state, now).await?;
        tx.commit().await?;
        Ok(refused)
    }

    async fn note_read_only(&self, token: &StoredToken, read_only: bool) -> Result<bool> {
        let mut tx = self.write(Commit::Durable).await?;
        let noted =
            sqlx::query("UPDATE tokens SET read_only = $1 WHERE id = $2 AND hash = $3 AND read_only <> $1")
                .bind(read_only)
                .bind(token.id.as_str())
                .bind(&token.hash)
                .execute(&mut *tx)
                .await?;
        tx.commit().await?;
        Ok(noted.rows_affected() > 0)
    }

    async fn set_token_expiry(&self, token: &StoredToken, expires_at: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query("UPDATE tokens SET expires_at = $1 WHERE id = $2 AND hash = $3")
            .bind(expires_at)
            .bind(token.id.as_str())
            .bind(&token.hash)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn renew_token(&self, id: &TokenId, renewal: &Renewal, now: UnixMillis) -> Result<LocationId> {
        let mut tx = self.write(Commit::Durable).await?;
        let location = standing::locked(&mut tx, id).await?;
        let (name, apple_account): (String, String) =
            sqlx::query_as("SELECT name, apple_account FROM tokens WHERE id = $1")
                .bind(id.as_str())
                .fetch_one(&mut *tx)
                .await?;
        // The constraint on the hash tells whose file it is.
        sqlx::query(
            "UPDATE tokens SET hash = $1, expires_at = $2, organisation = $3, search = $4, read_only = false WHERE id = $5",
        )
        .bind(&renewal.hash)
        .bind(renewal.expires_at)
        .bind(storable(&renewal.organisation))
        .bind(searchable(&[&name, &renewal.organisation, &apple_account]))
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
        sqlx::query("UPDATE sealed_tokens SET sealed = $1 WHERE token = $2")
            .bind(&renewal.sealed)
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        standing::note_owner(&mut tx, id, &renewal.owner, now).await?;
        // What was blocked by something else about the token before, such as that it could only read, goes on too.
        standing::settle(&mut tx, &location, now).await?;
        standing::sync_soon(&mut tx, &location, now).await?;
        tx.commit().await?;
        Ok(location.into())
    }

    async fn delete_token(&self, id: &TokenId, by: &str, now: UnixMillis) -> Result<Deleted> {
        let mut tx = self.write(Commit::Durable).await?;
        let location = standing::locked(&mut tx, id).await?;
        let gone = sqlx::query("DELETE FROM tokens WHERE id = $1")
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM tokens WHERE location = $1")
            .bind(&location)
            .fetch_one(&mut *tx)
            .await?;
        let deleted = Deleted {
            location: location.into(),
            last: left == 0,
        };
        if deleted.last {
            deletion::forget(&mut tx, &deleted.location, by, now).await?;
        } else {
            standing::count_twins(&mut tx, deleted.location.as_str(), now).await?;
            standing::sync_soon(&mut tx, deleted.location.as_str(), now).await?;
        }
        tx.commit().await?;
        Ok(deleted)
    }

    async fn tokens_of(&self, location: &LocationId) -> Result<Vec<StoredToken>> {
        let sql = format!(
            "SELECT {STORED} FROM tokens t JOIN sealed_tokens s ON s.token = t.id WHERE t.location = $1
             ORDER BY {FIRST_USABLE}"
        );
        let records: Vec<StoredTokenRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn tokens_over(&self, now: UnixMillis) -> Result<Vec<StoredToken>> {
        let sql = format!(
            "SELECT {STORED} FROM tokens t JOIN sealed_tokens s ON s.token = t.id
             WHERE t.expires_at <= $1 AND t.state IN ('valid', 'duplicate', 'assigned_to_external_mdm')"
        );
        let records: Vec<StoredTokenRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(now)
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn token_by_hash(&self, hash: &[u8]) -> Result<Option<StoredToken>> {
        let sql =
            format!("SELECT {STORED} FROM tokens t JOIN sealed_tokens s ON s.token = t.id WHERE t.hash = $1");
        let row: Option<StoredTokenRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(hash)
            .fetch_optional(&self.pool)
            .await?;
        row.map(StoredToken::try_from).transpose()
    }

    async fn token_list(&self, query: &TokenQuery) -> Result<Page<TokenRow>> {
        let (order, column) = order(query.sort);
        let walk = Walk::new(&query.page, order)?;
        let search = fold(&query.search);
        let filter = |sql: &mut QueryBuilder<sqlx::Postgres>| {
            if !query.state.is_empty() {
                sql.push(" AND t.state = ").push_bind(storable(&query.state));
            }
            if !search.is_empty() {
                sql.push(" AND (strpos(t.search, ")
                    .push_bind(search.clone())
                    .push(") > 0 OR strpos(l.sort_name, ");
                sql.push_bind(search.clone()).push(") > 0)");
            }
        };
        let mut tx = self.read().await?;
        let mut sql = QueryBuilder::new(format!(
            "SELECT {TOKEN} FROM tokens t JOIN locations l ON l.id = t.location WHERE 1 = 1"
        ));
        filter(&mut sql);
        walk.push_from(&mut sql, &format!("{column}, t.id"));
        walk.push_order(&mut sql, &[column, "t.id"]);
        let records: Vec<TokenRecord> = sql.build_query_as().fetch_all(&mut *tx).await?;
        let total = match walk.must_count(records.len()) {
            false => None,
            true => {
                let mut sql = QueryBuilder::new(
                    "SELECT count(*) FROM tokens t JOIN locations l ON l.id = t.location WHERE 1 = 1",
                );
                filter(&mut sql);
                Some(sql.build_query_scalar().fetch_one(&mut *tx).await?)
            }
        };
        rows::page(walk.page(records, total, |row| row.key(query.sort)))
    }

    async fn token_detail(&self, id: &TokenId) -> Result<TokenDetail> {
        let sql = format!(
            "SELECT {TOKEN}, l.uid, t.created_at, coalesce(c.name, t.created_by) AS created_by, l.sync_hours,
                 l.next_sync_at, l.claimed_at,
                 (SELECT count(*) FROM operations o WHERE o.location = l.id AND o.state <> 'done') AS operations_open,
                 (SELECT count(*) FROM operations o WHERE o.location = l.id AND o.state = 'blocked')
                     AS operations_blocked
             FROM tokens t JOIN locations l ON l.id = t.location LEFT JOIN accounts c ON c.id = t.created_by
             WHERE t.id = $1"
        );
        let row: TokenDetailRecord = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_one(&self.pool)
            .await?;
        let mut detail = TokenDetail::try_from(row)?;
        let twins: Vec<(String, String)> =
            sqlx::query_as("SELECT id, name FROM tokens WHERE location = $1 AND id <> $2 ORDER BY sort_name")
                .bind(detail.row.location.as_str())
                .bind(id.as_str())
                .fetch_all(&self.pool)
                .await?;
        detail.twins = twins.into_iter().map(|(id, name)| (id.into(), name)).collect();
        Ok(detail)
    }

    async fn sync_runs(&self, location: &LocationId) -> Result<Vec<SyncRun>> {
        let sql = format!(
            "SELECT {RUN} FROM sync_runs r JOIN locations l ON l.id = r.location WHERE r.location = $1
             ORDER BY r.id DESC LIMIT 10"
        );
        let records: Vec<SyncRunRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn queue_sync(&self, id: &TokenId, now: UnixMillis) -> Result<LocationId> {
        let mut tx = self.write(Commit::Fast).await?;
        let location: String = sqlx::query_scalar("SELECT location FROM tokens WHERE id = $1")
            .bind(id.as_str())
            .fetch_one(&mut *tx)
            .await?;
        sqlx::query(
            "UPDATE locations SET sync_state = 'queued', next_sync_at = $1
             WHERE id = $2 AND sync_state <> 'in_progress' AND (sync_state <> 'queued' OR next_sync_at > $1)",
        )
        .bind(now)
        .bind(&location)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(location.into())
    }

    async fn queue_sync_all(&self, now: UnixMillis) -> Result<Vec<LocationId>> {
        let syncable = format!(
            "SELECT location FROM tokens t WHERE state IN ({})
                 AND NOT EXISTS (SELECT FROM tokens u WHERE u.location = t.location AND u.id <> t.id)
             ORDER BY location",
            states(Deed::Sync)
        );
        let mut tx = self.write(Commit::Fast).await?;
        let locations: Vec<String> = sqlx::query_scalar(AssertSqlSafe(syncable))
            .fetch_all(&mut *tx)
            .await?;
        // Locked in order, so that two cannot wait for each other.
        sqlx::query(
            "UPDATE locations SET sync_state = 'queued', next_sync_at = $1
             WHERE id IN (SELECT id FROM locations
                 WHERE id = ANY($2) AND sync_state NOT IN ('queued', 'in_progress')
                 ORDER BY id FOR NO KEY UPDATE)",
        )
        .bind(now)
        .bind(&locations)
        .execute(&mut *tx)
        .await?;
        tell("locations", locations.len())?;
        tx.commit().await?;
        Ok(locations.into_iter().map(LocationId).collect())
    }
}

/// The row of the token's location, new or brought up to date, with a sync queued unless it stays beside another token.
async fn place(tx: &mut Write, token: &NewToken) -> Result<LocationId> {
    let location = &token.location;
    let owner = token.owner();
    let (owner_id, owner_name, owner_metadata) = owner.columns();
    let id: String = sqlx::query_scalar(
        "INSERT INTO locations (id, uid, name, sort_name, country, platform, owner_id, owner_name, owner_metadata,
             claimed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (uid) DO UPDATE SET name = excluded.name, sort_name = excluded.sort_name,
             country = excluded.country, platform = excluded.platform, owner_id = excluded.owner_id,
             owner_name = excluded.owner_name, owner_metadata = excluded.owner_metadata,
             claimed_at = coalesce(locations.claimed_at, excluded.claimed_at)
         RETURNING id",
    )
    .bind(location.id.as_str())
    .bind(&location.uid)
    .bind(storable(&location.name))
    .bind(fold(&location.name))
    .bind(&location.country)
    .bind(&location.platform)
    .bind(owner_id)
    .bind(owner_name.map(storable))
    .bind(owner_metadata.map(storable))
    .bind(owner.is_ours().then_some(token.created_at))
    .fetch_one(&mut **tx)
    .await?;
    let other = sqlx::query("SELECT FROM tokens WHERE location = $1")
        .bind(&id)
        .fetch_optional(&mut **tx)
        .await?;
    match (other, token.keep_duplicate) {
        (Some(_), false) => return Err(StoreError::Taken(Code::LocationAlreadyHere)),
        (Some(_), true) => {}
        (None, _) => standing::sync_soon(tx, &id, token.syncs_at).await?,
    }
    Ok(id.into())
}
