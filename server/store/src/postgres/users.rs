use super::{Commit, Postgres, Write, json, mails};
use crate::{
    Result, StoreError,
    locations::Fence,
    mails::NewMail,
    numbers::Number,
    operations::BatchState,
    rows::{
        self,
        users::{
            EndInput, LeaverRecord, NewUserInput, ToldRecord, USER, USER_BATCH, USERS, UserBatchRecord,
            UserRecord, apps_on, find_apps, leavers, seen, told_counts, told_rows, told_walk, user_batches,
        },
    },
    users::{Attempt, Came, Leaver, NewUser, SeenUser, StoredUser, UserBatch, UserEnd, UserWish, Users},
};
use async_trait::async_trait;
use contract::{
    Code, LocationId, PersonId, UnixMillis,
    users::{ToldPage, ToldQuery},
};
use sqlx::AssertSqlSafe;

/// What they join at a location: those that are new, those that were retired, and those of whom nothing came. Whoever has joined with another id
/// meanwhile makes the plan lapse.
pub(super) async fn join(
    tx: &mut Write,
    location: &LocationId,
    users: &[NewUser],
    now: UnixMillis,
) -> Result<()> {
    let inputs: Vec<_> = users.iter().map(NewUserInput::from).collect();
    let joined = sqlx::query(
        "INSERT INTO vpp_users AS u (location, person, account, client_user_id, email, managed, wish, created_at, changed_at)
         SELECT $1, p.id, j.account, j.id, p.email, CASE j.account WHEN 1 THEN p.managed_apple_account ELSE '' END, 0, $3, $3
         FROM json_to_recordset($2::json) AS j (person text, id text, account smallint) JOIN people p ON p.id = j.person
         WHERE p.active
         ON CONFLICT (location, person, account) DO UPDATE SET status = 0, wish = 0, not_before = 0, looks = 0,
             email = excluded.email, managed = excluded.managed, invite_code = NULL, leaving = false, mailed_at = NULL,
             error_number = NULL, error_message = NULL, changed_at = excluded.changed_at
         WHERE u.client_user_id = excluded.client_user_id
             AND u.batch IS NULL AND (u.status = 3 OR u.status = 0 AND u.wish IS NULL)",
    )
    .bind(location.as_str())
    .bind(json(&inputs)?)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    if joined.rows_affected() < users.len() as u64 {
        return Err(StoreError::Taken(Code::PlanLapsed));
    }
    Ok(())
}

/// One of the location's calls, or [`StoreError::NotFound`].
async fn change(
    tx: &mut Write,
    fence: &Fence,
    batch: i64,
    change: (BatchState, Option<&str>, UnixMillis),
) -> Result<()> {
    let (state, event, now) = change;
    let changed = sqlx::query(
        "UPDATE user_batches SET state = $1, event = $2, since = $3, not_before = $3,
             attempts = CASE $1 WHEN 2 THEN 0 ELSE attempts END
         WHERE id = $4 AND location = $5",
    )
    .bind(state.number())
    .bind(event)
    .bind(now)
    .bind(batch)
    .bind(fence.location.as_str())
    .execute(&mut **tx)
    .await?;
    match changed.rows_affected() {
        0 => Err(StoreError::NotFound),
        _ => Ok(()),
    }
}

#[async_trait]
impl Users for Postgres {
    async fn users_wished(&self, fence: &Fence, now: UnixMillis) -> Result<bool> {
        let wished = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM vpp_users
             WHERE location = $1 AND wish IS NOT NULL AND batch IS NULL AND not_before <= $2)",
        )
        .bind(fence.location.as_str())
        .bind(now)
        .fetch_one(&self.pool)
        .await?;
        Ok(wished)
    }

    async fn put_off_users(&self, fence: &Fence, not_before: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        for sql in [
            "UPDATE vpp_users SET not_before = $1
             WHERE location = $2 AND not_before < $1 AND (wish IS NOT NULL AND batch IS NULL OR leaving)",
            "UPDATE user_batches SET not_before = $1 WHERE location = $2 AND not_before < $1",
        ] {
            sqlx::query(sql)
                .bind(not_before)
                .bind(fence.location.as_str())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await
    }

    async fn prepare_user_batches(&self, fence: &Fence, most: u32, now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        for kind in [UserWish::Create, UserWish::Update, UserWish::Retire] {
            loop {
                let batch: i64 = sqlx::query_scalar(
                    "INSERT INTO user_batches (location, kind, since, not_before) VALUES ($1, $2, $3, $3) RETURNING id",
                )
                .bind(fence.location.as_str())
                .bind(kind.number())
                .bind(now)
                .fetch_one(&mut *tx)
                .await?;
                let taken = sqlx::query(
                    "UPDATE vpp_users SET batch = $1, sent_email = email, sent_managed = managed WHERE number IN (
                         SELECT number FROM vpp_users
                         WHERE location = $2 AND wish = $3 AND batch IS NULL AND not_before <= $4
                         ORDER BY number LIMIT $5)",
                )
                .bind(batch)
                .bind(fence.location.as_str())
                .bind(kind.number())
                .bind(now)
                .bind(i64::from(most.max(1)))
                .execute(&mut *tx)
                .await?;
                if taken.rows_affected() == 0 {
                    sqlx::query("DELETE FROM user_batches WHERE id = $1")
                        .bind(batch)
                        .execute(&mut *tx)
                        .await?;
                    break;
                }
            }
        }
        tx.commit().await
    }

    async fn open_user_batches(&self, fence: &Fence, now: UnixMillis) -> Result<Vec<UserBatch>> {
        let sql = format!(
            "SELECT {USER_BATCH} FROM user_batches b JOIN vpp_users u ON u.batch = b.id
             WHERE b.location = $1 AND b.not_before <= $2 ORDER BY b.state = 0, b.id, u.number"
        );
        let records: Vec<UserBatchRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(fence.location.as_str())
            .bind(now)
            .fetch_all(&self.pool)
            .await?;
        user_batches(records)
    }

    async fn user_batch_sending(&self, fence: &Fence, batch: i64, now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        change(&mut tx, fence, batch, (BatchState::Sending, None, now)).await?;
        tx.commit().await
    }

    async fn user_batch_sent(&self, fence: &Fence, batch: i64, event: &str, now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        change(&mut tx, fence, batch, (BatchState::Sent, Some(event), now)).await?;
        tx.commit().await
    }

    async fn user_batch_later(
        &self,
        fence: &Fence,
        batch: i64,
        to: Option<BatchState>,
        not_before: UnixMillis,
        attempt: Attempt,
    ) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        sqlx::query(
            "UPDATE user_batches SET not_before = $1, attempts = attempts + $2, state = coalesce($3, state)
             WHERE id = $4 AND location = $5",
        )
        .bind(not_before)
        .bind(i32::from(attempt == Attempt::Failed))
        .bind(to.map(Number::number))
        .bind(batch)
        .bind(fence.location.as_str())
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn split_user_batch(&self, fence: &Fence, batch: i64, now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        change(&mut tx, fence, batch, (BatchState::Prepared, None, now)).await?;
        let other: i64 = sqlx::query_scalar(
            "INSERT INTO user_batches (location, kind, since, not_before, attempts)
             SELECT location, kind, since, not_before, attempts FROM user_batches WHERE id = $1 RETURNING id",
        )
        .bind(batch)
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE vpp_users SET batch = $1 WHERE number IN (SELECT number FROM vpp_users WHERE batch = $2
                 ORDER BY number LIMIT (SELECT count(*) / 2 FROM vpp_users WHERE batch = $2))",
        )
        .bind(other)
        .bind(batch)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn end_user_batch(
        &self,
        fence: &Fence,
        batch: i64,
        ends: &[UserEnd],
        now: UnixMillis,
    ) -> Result<()> {
        let ends: Vec<_> = ends.iter().map(EndInput::from).collect();
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        sqlx::query(
            "UPDATE vpp_users u SET status = coalesce(j.status, u.status), changed_at = $3,
                 told = (SELECT b.kind FROM user_batches b WHERE b.id = $2),
                 wish = CASE WHEN NOT j.other THEN j.wish WHEN coalesce(j.status, u.status) = 0 THEN 0 ELSE 1 END,
                 managed = CASE WHEN j.drop_managed AND u.managed = u.sent_managed THEN '' ELSE u.managed END,
                 email = CASE WHEN j.drop_email AND u.email = u.sent_email THEN '' ELSE u.email END,
                 healed = NOT j.other AND (u.healed OR j.healed),
                 not_before = CASE WHEN j.other THEN 0 ELSE j.not_before END,
                 looks = CASE WHEN j.in_vain AND NOT j.other THEN u.looks + 1 ELSE 0 END,
                 error_number = CASE WHEN j.other THEN NULL WHEN j.keep THEN u.error_number ELSE j.number END,
                 error_message = CASE WHEN j.other THEN NULL WHEN j.keep THEN u.error_message ELSE j.message END
             FROM (SELECT e.*, (o.email, o.managed) <> (o.sent_email, o.sent_managed) AND NOT o.leaving
                     AND coalesce(e.wish, 1) < 2 AND coalesce(e.status, o.status) < 3 AS other
                 FROM json_to_recordset($1::json) AS e (id text, wish smallint, status smallint, drop_managed boolean,
                     drop_email boolean, healed boolean, in_vain boolean, not_before bigint, number bigint, message text,
                     keep boolean)
                 JOIN vpp_users o ON o.client_user_id = e.id) j
             WHERE u.client_user_id = j.id AND u.batch = $2",
        )
        .bind(json(&ends)?)
        .bind(batch)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        // Whoever is back is not retired once more.
        sqlx::query(
            "UPDATE vpp_users SET batch = NULL, wish = CASE WHEN wish = 2 AND NOT leaving THEN NULL ELSE wish END
             WHERE batch = $1",
        )
        .bind(batch)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM user_batches WHERE id = $1 AND location = $2")
            .bind(batch)
            .bind(fence.location.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn has_users(&self, location: &LocationId) -> Result<bool> {
        Ok(
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM vpp_users WHERE location = $1)")
                .bind(location.as_str())
                .fetch_one(&self.pool)
                .await?,
        )
    }

    async fn users_version(&self, location: &LocationId) -> Result<Option<String>> {
        Ok(
            sqlx::query_scalar("SELECT users_version FROM locations WHERE id = $1")
                .bind(location.as_str())
                .fetch_one(&self.pool)
                .await?,
        )
    }

    async fn note_users(
        &self,
        fence: &Fence,
        users: &[SeenUser],
        version: Option<&str>,
        now: UnixMillis,
    ) -> Result<()> {
        let seen = json(&seen(users))?;
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        // Retired by somebody else: it may be made anew once.
        sqlx::query(
            "UPDATE vpp_users u SET healed = true, error_number = CASE WHEN u.healed THEN 9609 END,
                 error_message = CASE WHEN u.healed THEN '' END
             FROM json_to_recordset($1::json) AS j (id text, status smallint)
             WHERE u.client_user_id = j.id AND u.location = $2 AND j.status = 3 AND u.status IN (1, 2) AND NOT leaving AND wish IS DISTINCT FROM 2",
        )
        .bind(&seen)
        .bind(fence.location.as_str())
        .execute(&mut *tx)
        .await?;
        became(&mut tx, fence, &seen, now, Came::Listed).await?;
        if let Some(version) = version {
            sqlx::query("UPDATE locations SET users_version = $1 WHERE id = $2")
                .bind(version)
                .bind(fence.location.as_str())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await
    }

    async fn users_told(&self, fence: &Fence, users: &[SeenUser], now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        became(&mut tx, fence, &json(&seen(users))?, now, Came::Told).await?;
        tx.commit().await
    }

    async fn users_unknown(&self, fence: &Fence, ids: &[String], now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        sqlx::query(
            "UPDATE vpp_users SET status = 0, invite_code = NULL, wish = CASE WHEN healed THEN NULL ELSE 0 END,
                 error_number = CASE WHEN healed THEN 9609 END,
                 error_message = CASE WHEN healed THEN '' END, healed = true, mailed_at = NULL, changed_at = $3
             WHERE location = $2 AND client_user_id = ANY($1) AND status IN (1, 2)
                 AND batch IS NULL AND NOT leaving",
        )
        .bind(ids)
        .bind(fence.location.as_str())
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn leavers(&self, location: &LocationId, now: UnixMillis, limit: u32) -> Result<Vec<Leaver>> {
        let records: Vec<LeaverRecord> = sqlx::query_as(
            "SELECT u.client_user_id, x.asset, x.state, (a.revocable AND a.product = 0 AND a.stage = 1) AS revocable,
                 x.error_number IS NOT NULL AS refused, (u.batch IS NOT NULL) AS busy
             FROM (SELECT * FROM vpp_users
                 WHERE location = $1 AND leaving AND not_before <= $2 AND status < 3 AND wish IS DISTINCT FROM 2
                 ORDER BY number LIMIT $3) u
             LEFT JOIN licenses x ON x.holder = u.client_user_id AND x.kind = 1
             LEFT JOIN assets a ON a.id = x.asset
             ORDER BY u.number, x.asset",
        )
        .bind(location.as_str())
        .bind(now)
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let mut leavers = leavers(records);
        let holding = leavers.iter().filter(|leaver| !leaver.held.is_empty());
        let holders: Vec<String> = holding.map(|leaver| leaver.client_user_id.clone()).collect();
        if !holders.is_empty() {
            let found = sqlx::query_as(AssertSqlSafe(format!(
                "{} = ANY($1) ORDER BY x.asset, d.id",
                apps_on("s.settings::json")
            )))
            .bind(&holders)
            .fetch_all(&self.pool)
            .await?;
            find_apps(&mut leavers, found);
        }
        Ok(leavers)
    }

    async fn retire_users(&self, fence: &Fence, ids: &[String], now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        // Who is not made at Apple is simply not made, and what was told of it came to nothing.
        sqlx::query(
            "UPDATE vpp_users SET wish = CASE WHEN status = 0 THEN NULL ELSE 2 END,
                 retired_at = CASE WHEN status = 0 THEN $3 ELSE retired_at END,
                 told = CASE WHEN status > 0 OR told = 2 THEN told END,
                 status = CASE WHEN status = 0 THEN 3 ELSE status END, not_before = 0,
                 looks = 0, error_number = NULL, error_message = NULL, changed_at = $3
             WHERE location = $2 AND client_user_id = ANY($1) AND leaving AND batch IS NULL",
        )
        .bind(ids)
        .bind(fence.location.as_str())
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn leave_later(
        &self,
        fence: &Fence,
        ids: &[String],
        (first, longest): (UnixMillis, UnixMillis),
        now: UnixMillis,
    ) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        sqlx::query(
            "UPDATE vpp_users SET not_before = $3 + least($4 * (1::bigint << least(looks, 16)::int), $5),
                 looks = looks + 1
             WHERE location = $2 AND client_user_id = ANY($1)",
        )
        .bind(ids)
        .bind(fence.location.as_str())
        .bind(now)
        .bind(first)
        .bind(longest)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn uninvited(&self, location: &LocationId, limit: u32) -> Result<Vec<StoredUser>> {
        let sql = format!(
            "SELECT {USER} {USERS} WHERE u.location = $1 AND u.status = 1 AND u.invite_code IS NOT NULL
                 AND u.email <> '' AND u.mailed_at IS NULL AND NOT u.leaving ORDER BY u.number LIMIT $2"
        );
        let records: Vec<UserRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn queue_invitations(&self, invitations: &[(i64, NewMail)], now: UnixMillis) -> Result<()> {
        let (users, queued): (Vec<i64>, Vec<NewMail>) = invitations.iter().cloned().unzip();
        let mut tx = self.write(Commit::Durable).await?;
        mails::insert(&mut tx, &queued, now).await?;
        sqlx::query("UPDATE vpp_users SET mailed_at = $1 WHERE number = ANY($2)")
            .bind(now)
            .bind(&users)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn told(&self, query: &ToldQuery) -> Result<ToldPage> {
        let walk = told_walk(query)?;
        let mut tx = self.read().await?;
        let records: Vec<ToldRecord> = told_rows(query, &walk)
            .build_query_as()
            .fetch_all(&mut *tx)
            .await?;
        let (open, failed, done) = match query.page.uncounted {
            true => Default::default(),
            false => told_counts(query).build_query_as().fetch_one(&mut *tx).await?,
        };
        Ok(ToldPage {
            open,
            failed,
            done,
            page: rows::page(walk.page(records, None, ToldRecord::key))?,
        })
    }

    async fn users_of(&self, person: &PersonId) -> Result<Vec<StoredUser>> {
        let sql =
            format!("SELECT {USER} {USERS} WHERE u.person = $1 ORDER BY l.sort_name, u.location, u.account");
        let records: Vec<UserRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(person.as_str())
            .fetch_all(&self.pool)
            .await?;
        rows::all(records)
    }

    async fn stored_user(&self, number: i64) -> Result<StoredUser> {
        let sql = format!("SELECT {USER} {USERS} WHERE u.number = $1");
        let record: UserRecord = sqlx::query_as(AssertSqlSafe(sql))
            .bind(number)
            .fetch_one(&self.pool)
            .await?;
        record.try_into()
    }

    async fn add_user(&self, location: &LocationId, user: &NewUser, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let joined = join(&mut tx, location, std::slice::from_ref(user), now).await;
        // There is no plan that could lapse.
        joined.map_err(|error| match error {
            StoreError::Taken(Code::PlanLapsed) => StoreError::Taken(Code::ChangedMeanwhile),
            other => other,
        })?;
        plan_person(&mut tx, user.person.as_str(), now).await?;
        tx.commit().await
    }

    async fn user_again(&self, number: i64, now: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let person: Option<String> = sqlx::query_scalar(
            "UPDATE vpp_users SET wish = CASE status WHEN 0 THEN 0 WHEN 3 THEN NULL ELSE 1 END,
                 managed = CASE account WHEN 1 THEN coalesce((SELECT p.managed_apple_account FROM people p
                     WHERE p.id = vpp_users.person), managed) ELSE managed END,
                 email = coalesce((SELECT p.email FROM people p WHERE p.id = vpp_users.person), email),
                 error_number = NULL, error_message = NULL, healed = false, not_before = 0, looks = 0, changed_at = $2
             WHERE number = $1 AND batch IS NULL AND NOT leaving RETURNING person",
        )
        .bind(number)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        plan_person(&mut tx, &person.ok_or(StoreError::NotFound)?, now).await?;
        tx.commit().await
    }

    async fn user_locations(&self) -> Result<Vec<(LocationId, String)>> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT l.id, l.name FROM locations l WHERE EXISTS (SELECT FROM tokens t WHERE t.location = l.id)
             ORDER BY l.sort_name, l.id LIMIT 200",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(id, name)| (LocationId(id), name))
            .collect())
    }
}

/// Has whatever the person is assigned planned again.
async fn plan_person(tx: &mut Write, person: &str, now: UnixMillis) -> Result<()> {
    sqlx::query(
        "INSERT INTO group_changes (group_id, at)
         SELECT DISTINCT m.group_id, $2 FROM group_members m WHERE m.member = $1 OR m.member IN (
             SELECT d.id FROM people p JOIN devices d ON d.user_name_key = p.user_name_key
             WHERE p.id = $1 AND d.user_name_key <> '')
         ORDER BY m.group_id
         ON CONFLICT (group_id) DO UPDATE SET at = excluded.at",
    )
    .bind(person)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The users become what is seen of them.
async fn became(tx: &mut Write, fence: &Fence, seen: &str, now: UnixMillis, came: Came) -> Result<()> {
    sqlx::query(
        "UPDATE vpp_users u SET status = j.status, changed_at = $3,
             invite_code = CASE j.status WHEN 1 THEN coalesce(j.code, u.invite_code) END,
             registered_at = CASE WHEN u.status IN (0, 3) THEN $3 ELSE u.registered_at END,
             associated_at = CASE WHEN j.status = 2 AND u.status <> 2 THEN $3 ELSE u.associated_at END,
             retired_at = CASE j.status WHEN 3 THEN $3 END,
             error_number = CASE j.status WHEN 2 THEN NULL ELSE u.error_number END,
             error_message = CASE j.status WHEN 2 THEN NULL ELSE u.error_message END
         FROM json_to_recordset($1::json) AS j (id text, status smallint, code text)
         WHERE u.client_user_id = j.id AND u.location = $2
             AND (u.status <> j.status OR j.status = 1 AND u.invite_code IS DISTINCT FROM coalesce(j.code, u.invite_code))
             AND NOT (j.status = 3 AND u.status = 0) AND NOT ($4 AND j.status < u.status)",
    )
    .bind(seen)
    .bind(fence.location.as_str())
    .bind(now)
    .bind(came == Came::Told)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
