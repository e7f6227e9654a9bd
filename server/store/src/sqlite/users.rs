use super::{Commit, Sqlite, Write, json, mails};
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
        "INSERT INTO vpp_users (location, person, account, client_user_id, email, managed, wish, created_at, changed_at)
         SELECT ?1, p.id, value ->> 'account', value ->> 'id', p.email,
             CASE value ->> 'account' WHEN 1 THEN p.managed_apple_account ELSE '' END, 0, ?3, ?3
         FROM json_each(?2) CROSS JOIN people p ON p.id = value ->> 'person' WHERE p.active
         ON CONFLICT (location, person, account) DO UPDATE SET status = 0, wish = 0, not_before = 0, looks = 0,
             email = excluded.email, managed = excluded.managed, invite_code = NULL, leaving = 0, mailed_at = NULL,
             error_number = NULL, error_message = NULL, changed_at = excluded.changed_at
         WHERE client_user_id = excluded.client_user_id
             AND batch IS NULL AND (status = 3 OR status = 0 AND wish IS NULL)",
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
        "UPDATE user_batches SET state = ?1, event = ?2, since = ?3, not_before = ?3,
             attempts = CASE ?1 WHEN 2 THEN 0 ELSE attempts END
         WHERE id = ?4 AND location = ?5",
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
impl Users for Sqlite {
    async fn users_wished(&self, fence: &Fence, now: UnixMillis) -> Result<bool> {
        let wished = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM vpp_users INDEXED BY vpp_users_wished
             WHERE location = ? AND wish IS NOT NULL AND batch IS NULL AND not_before <= ?)",
        )
        .bind(fence.location.as_str())
        .bind(now)
        .fetch_one(&self.readers)
        .await?;
        Ok(wished)
    }

    async fn put_off_users(&self, fence: &Fence, not_before: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Fast).await?;
        for sql in [
            "UPDATE vpp_users SET not_before = ?1
             WHERE location = ?2 AND not_before < ?1 AND (wish IS NOT NULL AND batch IS NULL OR leaving = 1)",
            "UPDATE user_batches SET not_before = ?1 WHERE location = ?2 AND not_before < ?1",
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
                    "INSERT INTO user_batches (location, kind, since, not_before) VALUES (?1, ?2, ?3, ?3) RETURNING id",
                )
                .bind(fence.location.as_str())
                .bind(kind.number())
                .bind(now)
                .fetch_one(&mut *tx)
                .await?;
                let taken = sqlx::query(
                    "UPDATE vpp_users SET batch = ?1, sent_email = email, sent_managed = managed WHERE number IN (
                         SELECT number FROM vpp_users INDEXED BY vpp_users_wished
                         WHERE location = ?2 AND wish = ?3 AND batch IS NULL AND not_before <= ?4
                         ORDER BY number LIMIT ?5)",
                )
                .bind(batch)
                .bind(fence.location.as_str())
                .bind(kind.number())
                .bind(now)
                .bind(most.max(1))
                .execute(&mut *tx)
                .await?;
                if taken.rows_affected() == 0 {
                    sqlx::query("DELETE FROM user_batches WHERE id = ?")
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
            "SELECT {USER_BATCH} FROM user_batches b CROSS JOIN vpp_users u INDEXED BY vpp_users_by_batch ON u.batch = b.id
             WHERE b.location = ? AND b.not_before <= ? ORDER BY b.state = 0, b.id, u.number"
        );
        let records: Vec<UserBatchRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(fence.location.as_str())
            .bind(now)
            .fetch_all(&self.readers)
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
            "UPDATE user_batches SET not_before = ?, attempts = attempts + ?, state = ifnull(?, state)
             WHERE id = ? AND location = ?",
        )
        .bind(not_before)
        .bind(attempt == Attempt::Failed)
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
             SELECT location, kind, since, not_before, attempts FROM user_batches WHERE id = ? RETURNING id",
        )
        .bind(batch)
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query(
            "UPDATE vpp_users SET batch = ?1 WHERE number IN (SELECT number FROM vpp_users WHERE batch = ?2
                 ORDER BY number LIMIT (SELECT count(*) / 2 FROM vpp_users WHERE batch = ?2))",
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
            "UPDATE vpp_users SET status = ifnull(j.status, vpp_users.status), changed_at = ?3,
                 told = (SELECT b.kind FROM user_batches b WHERE b.id = ?2),
                 wish = CASE WHEN j.other THEN iif(ifnull(j.status, vpp_users.status) = 0, 0, 1) ELSE j.wish END,
                 managed = iif(j.drop_managed AND managed = sent_managed, '', managed),
                 email = iif(j.drop_email AND email = sent_email, '', email),
                 healed = iif(j.other, 0, vpp_users.healed OR j.healed), not_before = iif(j.other, 0, j.not_before),
                 looks = iif(j.in_vain AND NOT j.other, looks + 1, 0),
                 error_number = CASE WHEN j.other THEN NULL WHEN j.keep THEN error_number ELSE j.number END,
                 error_message = CASE WHEN j.other THEN NULL WHEN j.keep THEN error_message ELSE j.message END
             FROM (SELECT value ->> 'id' AS id, value ->> 'wish' AS wish, value ->> 'status' AS status,
                     value ->> 'drop_managed' AS drop_managed, value ->> 'drop_email' AS drop_email,
                     value ->> 'healed' AS healed, value ->> 'in_vain' AS in_vain, value ->> 'not_before' AS not_before,
                     value ->> 'keep' AS keep,
                     value ->> 'number' AS number, value ->> 'message' AS message,
                     (u.email, u.managed) <> (u.sent_email, u.sent_managed) AND u.leaving = 0
                         AND ifnull(value ->> 'wish', 1) < 2 AND ifnull(value ->> 'status', u.status) < 3 AS other
                 FROM json_each(?1) CROSS JOIN vpp_users u ON u.client_user_id = value ->> 'id') j
             WHERE vpp_users.client_user_id = j.id AND vpp_users.batch = ?2",
        )
        .bind(json(&ends)?)
        .bind(batch)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        // Whoever is back is not retired once more.
        sqlx::query(
            "UPDATE vpp_users SET batch = NULL, wish = CASE WHEN wish = 2 AND leaving = 0 THEN NULL ELSE wish END
             WHERE batch = ?",
        )
        .bind(batch)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM user_batches WHERE id = ? AND location = ?")
            .bind(batch)
            .bind(fence.location.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn has_users(&self, location: &LocationId) -> Result<bool> {
        Ok(
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM vpp_users WHERE location = ?)")
                .bind(location.as_str())
                .fetch_one(&self.readers)
                .await?,
        )
    }

    async fn users_version(&self, location: &LocationId) -> Result<Option<String>> {
        Ok(
            sqlx::query_scalar("SELECT users_version FROM locations WHERE id = ?")
                .bind(location.as_str())
                .fetch_one(&self.readers)
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
            "UPDATE vpp_users SET healed = 1, error_number = CASE healed WHEN 1 THEN 9609 END,
                 error_message = CASE healed WHEN 1 THEN '' END
             FROM (SELECT value ->> 'id' AS id, value ->> 'status' AS status FROM json_each(?1)) j
             WHERE vpp_users.client_user_id = j.id AND vpp_users.location = ?2 AND j.status = 3
                 AND vpp_users.status IN (1, 2) AND leaving = 0 AND wish IS NOT 2",
        )
        .bind(&seen)
        .bind(fence.location.as_str())
        .execute(&mut *tx)
        .await?;
        became(&mut tx, fence, &seen, now, Came::Listed).await?;
        if let Some(version) = version {
            sqlx::query("UPDATE locations SET users_version = ? WHERE id = ?")
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
            "UPDATE vpp_users SET status = 0, invite_code = NULL, wish = CASE healed WHEN 0 THEN 0 END,
                 error_number = CASE healed WHEN 0 THEN NULL ELSE 9609 END,
                 error_message = CASE healed WHEN 0 THEN NULL ELSE '' END, healed = 1, mailed_at = NULL, changed_at = ?3
             WHERE location = ?2 AND client_user_id IN (SELECT value FROM json_each(?1)) AND status IN (1, 2)
                 AND batch IS NULL AND leaving = 0",
        )
        .bind(json(ids)?)
        .bind(fence.location.as_str())
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn leavers(&self, location: &LocationId, now: UnixMillis, limit: u32) -> Result<Vec<Leaver>> {
        let records: Vec<LeaverRecord> = sqlx::query_as(
            "SELECT u.client_user_id, x.asset, x.state, a.revocable AND a.product = 0 AND a.stage = 1 AS revocable,
                 x.error_number IS NOT NULL AS refused, u.batch IS NOT NULL AS busy
             FROM (SELECT * FROM vpp_users INDEXED BY vpp_users_leaving
                 WHERE location = ? AND leaving = 1 AND not_before <= ? AND status < 3 AND wish IS NOT 2
                 ORDER BY number LIMIT ?) u
             LEFT JOIN licenses x ON x.holder = u.client_user_id AND x.kind = 1
             LEFT JOIN assets a ON a.id = x.asset
             ORDER BY u.number, x.asset",
        )
        .bind(location.as_str())
        .bind(now)
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        let mut leavers = leavers(records);
        let holding = leavers.iter().filter(|leaver| !leaver.held.is_empty());
        let holders: Vec<String> = holding.map(|leaver| leaver.client_user_id.clone()).collect();
        if !holders.is_empty() {
            let found = sqlx::query_as(AssertSqlSafe(format!(
                "{} IN (SELECT value FROM json_each(?)) ORDER BY x.asset, d.id",
                apps_on("s.settings")
            )))
            .bind(json(&holders)?)
            .fetch_all(&self.readers)
            .await?;
            find_apps(&mut leavers, found);
        }
        Ok(leavers)
    }

    async fn retire_users(&self, fence: &Fence, ids: &[String], now: UnixMillis) -> Result<()> {
        let mut tx = self.write_fenced(fence, Commit::Durable).await?;
        // Who is not made at Apple is simply not made, and what was told of it came to nothing.
        sqlx::query(
            "UPDATE vpp_users SET wish = iif(status = 0, NULL, 2), retired_at = iif(status = 0, ?3, retired_at),
                 told = CASE WHEN status > 0 OR told = 2 THEN told END, status = iif(status = 0, 3, status),
                 not_before = 0, looks = 0, error_number = NULL, error_message = NULL, changed_at = ?3
             WHERE location = ?2 AND client_user_id IN (SELECT value FROM json_each(?1)) AND leaving = 1 AND batch IS NULL",
        )
        .bind(json(ids)?)
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
            "UPDATE vpp_users SET not_before = ?3 + min(?4 * (1 << min(looks, 16)), ?5), looks = looks + 1
             WHERE location = ?2 AND client_user_id IN (SELECT value FROM json_each(?1))",
        )
        .bind(json(ids)?)
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
            "SELECT {USER} {USERS} WHERE u.location = ? AND u.status = 1 AND u.invite_code IS NOT NULL
                 AND u.email <> '' AND u.mailed_at IS NULL AND u.leaving = 0 ORDER BY u.number LIMIT ?"
        );
        let records: Vec<UserRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(location.as_str())
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn queue_invitations(&self, invitations: &[(i64, NewMail)], now: UnixMillis) -> Result<()> {
        let (users, queued): (Vec<i64>, Vec<NewMail>) = invitations.iter().cloned().unzip();
        let mut tx = self.write(Commit::Durable).await?;
        mails::insert(&mut tx, &queued, now).await?;
        sqlx::query("UPDATE vpp_users SET mailed_at = ? WHERE number IN (SELECT value FROM json_each(?))")
            .bind(now)
            .bind(json(&users)?)
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
            format!("SELECT {USER} {USERS} WHERE u.person = ? ORDER BY l.sort_name, u.location, u.account");
        let records: Vec<UserRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(person.as_str())
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn stored_user(&self, number: i64) -> Result<StoredUser> {
        let sql = format!("SELECT {USER} {USERS} WHERE u.number = ?");
        let record: UserRecord = sqlx::query_as(AssertSqlSafe(sql))
            .bind(number)
            .fetch_one(&self.readers)
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
                 managed = CASE account WHEN 1 THEN ifnull((SELECT p.managed_apple_account FROM people p
                     WHERE p.id = vpp_users.person), managed) ELSE managed END,
                 email = ifnull((SELECT p.email FROM people p WHERE p.id = vpp_users.person), email),
                 error_number = NULL, error_message = NULL, healed = 0, not_before = 0, looks = 0, changed_at = ?2
             WHERE number = ?1 AND batch IS NULL AND leaving = 0 RETURNING person",
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
            "SELECT l.id, l.name FROM locations l WHERE EXISTS (SELECT 1 FROM tokens t WHERE t.location = l.id)
             ORDER BY l.sort_name, l.id LIMIT 200",
        )
        .fetch_all(&self.readers)
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
         SELECT DISTINCT m.group_id, ?2 FROM group_members m WHERE m.member = ?1 OR m.member IN (
             SELECT d.id FROM people p CROSS JOIN devices d ON d.user_name_key = p.user_name_key
             WHERE p.id = ?1 AND d.user_name_key <> '')
         ON CONFLICT DO NOTHING",
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
        "UPDATE vpp_users SET status = j.status, changed_at = ?3,
             invite_code = CASE j.status WHEN 1 THEN ifnull(j.code, invite_code) END,
             registered_at = CASE WHEN vpp_users.status IN (0, 3) THEN ?3 ELSE registered_at END,
             associated_at = CASE WHEN j.status = 2 AND vpp_users.status <> 2 THEN ?3 ELSE associated_at END,
             retired_at = CASE j.status WHEN 3 THEN ?3 END,
             error_number = CASE j.status WHEN 2 THEN NULL ELSE error_number END,
             error_message = CASE j.status WHEN 2 THEN NULL ELSE error_message END
         FROM (SELECT value ->> 'id' AS id, value ->> 'status' AS status, value ->> 'code' AS code
             FROM json_each(?1)) j
         WHERE vpp_users.client_user_id = j.id AND vpp_users.location = ?2
             AND (vpp_users.status <> j.status OR j.status = 1 AND invite_code IS NOT ifnull(j.code, invite_code))
             AND NOT (j.status = 3 AND vpp_users.status = 0) AND NOT (?4 AND j.status < vpp_users.status)",
    )
    .bind(seen)
    .bind(fence.location.as_str())
    .bind(now)
    .bind(came == Came::Told)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
