use super::{Commit, Sqlite, Write, devices::LICENSES, errands, new_operations};
use crate::{
    Result, StoreError,
    checkin::{
        Answer, AssignedApp, CheckIn, FoundApp, NewEnrolmentLink, NewRequest, OwnLicense, WithdrawnApp,
    },
    cursor::Walk,
    operations::NewOperation,
    plans::Applies,
    rows::{
        self,
        checkin::{
            AssignedRecord, DEVICES, FOUND, FoundRecord, OWN, OWNER, OwnRecord, PERSON, REQUEST,
            REQUEST_JOINS, REQUEST_ORDER, RequestRecord, USERS, WITHDRAWN, WithdrawnRecord, askable,
        },
        devices::{DEVICE, DeviceRecord},
        licenses::LICENSE,
    },
    text::fold,
};
use async_trait::async_trait;
use contract::{
    AssetId, Code, DeviceId, Direction, OperationId, Page, PersonId, RequestId, Serial, UnixMillis,
    checkin::{OwnRequest, RequestQuery, RequestRow, RequestState},
    devices::DeviceRow,
};
use sqlx::{AssertSqlSafe, QueryBuilder};

#[async_trait]
impl CheckIn for Sqlite {
    async fn insert_enrolment_link(&self, link: &NewEnrolmentLink) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let known: Option<(i64,)> = sqlx::query_as("SELECT 1 FROM devices WHERE id = ?")
            .bind(link.device.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        known.ok_or(StoreError::NotFound)?;
        sqlx::query(
            "INSERT INTO enrolment_links (hash, device, expires_at) VALUES (?, ?, ?)
             ON CONFLICT (device) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at",
        )
        .bind(&link.hash)
        .bind(link.device.as_str())
        .bind(link.expires_at)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn enrolment_link(&self, hash: &[u8], now: UnixMillis) -> Result<Option<DeviceId>> {
        let device: Option<String> =
            sqlx::query_scalar("SELECT device FROM enrolment_links WHERE hash = ? AND expires_at > ?")
                .bind(hash)
                .bind(now)
                .fetch_optional(&self.readers)
                .await?;
        Ok(device.map(DeviceId))
    }

    async fn use_enrolment_link(&self, hash: &[u8], now: UnixMillis) -> Result<DeviceId> {
        let mut tx = self.write(Commit::Durable).await?;
        let device: Option<String> = sqlx::query_scalar(
            "UPDATE enrolment_links SET expires_at = 0 WHERE hash = ? AND expires_at > ? RETURNING device",
        )
        .bind(hash)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        let device = device.ok_or(StoreError::NotFound)?;
        tx.commit().await?;
        Ok(DeviceId(device))
    }

    async fn knows_enrolment_link(&self, hash: &[u8]) -> Result<bool> {
        let known: Option<String> = sqlx::query_scalar("SELECT device FROM enrolment_links WHERE hash = ?")
            .bind(hash)
            .fetch_optional(&self.readers)
            .await?;
        Ok(known.is_some())
    }

    async fn device_sessions(&self, device: &DeviceId) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT sessions FROM devices WHERE id = ?")
            .bind(device.as_str())
            .fetch_one(&self.readers)
            .await?)
    }

    async fn end_device_sessions(&self, device: &DeviceId) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let changed = sqlx::query("UPDATE devices SET sessions = sessions + 1 WHERE id = ?")
            .bind(device.as_str())
            .execute(&mut *tx)
            .await?;
        match changed.rows_affected() {
            0 => Err(StoreError::NotFound),
            _ => tx.commit().await,
        }
    }

    async fn devices_of_user(&self, email: &str) -> Result<Vec<DeviceRow>> {
        let sql = format!(
            "SELECT {DEVICE}, {LICENSES} FROM devices d WHERE d.user_name_key <> '' AND d.user_name_key IN (
                 SELECT $1 UNION SELECT user_name_key FROM people WHERE active AND lower(email) = $1)
             ORDER BY d.sort_name, d.id LIMIT 50"
        );
        let records: Vec<DeviceRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(fold(email))
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn own_licenses(&self, serial: &Serial) -> Result<Vec<OwnLicense>> {
        let sql = format!(
            "SELECT {LICENSE}, {OWN} FROM licenses x CROSS JOIN assets a ON a.id = x.asset AND a.stage = 1
             CROSS JOIN locations l ON l.id = a.location LEFT JOIN devices d ON d.serial = x.holder AND x.kind = 0
             LEFT JOIN operations o ON o.number = x.operation
             WHERE x.holder = $1 AND x.kind = 0 OR x.kind = 1 AND x.holder IN (
                 {USERS})
             ORDER BY a.sort_name, a.id, x.kind, x.holder LIMIT 500"
        );
        let records: Vec<OwnRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(serial.as_str())
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn device_person(&self, device: &DeviceId) -> Result<Option<PersonId>> {
        let sql = format!("SELECT id FROM ({OWNER}) o");
        let person: Option<String> = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(device.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(person.map(PersonId))
    }

    async fn assigned_apps(&self, device: &DeviceId) -> Result<Vec<AssignedApp>> {
        let sql = format!(
            "SELECT {FOUND}, a.product, EXISTS (SELECT 1 FROM asked k WHERE k.asset = a.id
                 AND (k.kind = 0 AND k.member = $1 OR k.kind = 1 AND k.member IN ({OWNER}))) AS asked
             FROM assets a WHERE a.stage = 1 AND a.id IN (
                 SELECT s.asset FROM group_members m JOIN assignments s ON s.group_id = m.group_id
                 WHERE m.member IN (SELECT $1 UNION {PERSON}) AND s.intent IN (0, 1) AND s.kind = 0
                 UNION
                 SELECT s.asset FROM group_members m JOIN assignments s ON s.group_id = m.group_id
                 WHERE m.member IN (SELECT id FROM ({OWNER}) o
                     UNION SELECT id FROM ({DEVICES}) d WHERE EXISTS ({OWNER}))
                 AND s.intent IN (0, 1) AND s.kind = 1)
             AND NOT EXISTS (SELECT 1 FROM licenses x JOIN devices d ON d.serial = x.holder
                 WHERE x.asset = a.id AND x.kind = 0 AND x.state < 4 AND d.id = $1)
             AND NOT EXISTS (SELECT 1 FROM vpp_users u JOIN licenses x ON x.holder = u.client_user_id AND x.kind = 1
                 WHERE u.person IN ({OWNER}) AND x.asset = a.id AND x.state < 4)
             ORDER BY a.sort_name, a.id LIMIT 200"
        );
        let records: Vec<AssignedRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(device.as_str())
            .fetch_all(&self.readers)
            .await?;
        Ok(records.into_iter().map(AssignedApp::from).collect())
    }

    async fn withdrawn(&self, serial: &Serial, since: UnixMillis) -> Result<Vec<WithdrawnApp>> {
        let sql = format!(
            "SELECT {WITHDRAWN}, EXISTS (SELECT 1 FROM errands r JOIN devices d ON d.id = r.device
                 WHERE r.asset = g.asset AND r.errand = 1 AND d.serial = $1) AS removed
             FROM (SELECT h.asset, min(h.kind) AS kind, max(h.at) AS at FROM ledger h
                 WHERE h.holder IN (SELECT $1 UNION ALL {USERS})
                     AND h.kind = CASE h.holder WHEN $1 THEN 0 ELSE 1 END
                     AND h.act IN (1, 6) AND h.at >= $2 GROUP BY h.asset) g
             JOIN assets a ON a.id = g.asset
             WHERE NOT EXISTS (SELECT 1 FROM licenses x
                 WHERE x.asset = g.asset AND x.holder IN (SELECT $1 UNION ALL {USERS})
                     AND x.kind = CASE x.holder WHEN $1 THEN 0 ELSE 1 END)
             ORDER BY a.sort_name, a.id LIMIT 100"
        );
        let records: Vec<WithdrawnRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(serial.as_str())
            .bind(since)
            .fetch_all(&self.readers)
            .await?;
        Ok(records.into_iter().map(WithdrawnApp::from).collect())
    }

    async fn apps_to_ask_for(&self, serial: &Serial, text: &str, limit: u32) -> Result<Vec<FoundApp>> {
        let sql = format!(
            "SELECT {FOUND} FROM assets a WHERE {} AND instr(a.search, $2) > 0
             ORDER BY a.sort_name, a.adam_id, EXISTS (SELECT 1 FROM licenses x CROSS JOIN assets b ON b.id = x.asset
                 WHERE x.holder = $1 AND x.kind = 0 AND x.state < 4 AND b.location = a.location) DESC,
                 (a.unlimited OR a.available > 0) DESC, a.id
             LIMIT $3",
            askable()
        );
        let records: Vec<FoundRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(serial.as_str())
            .bind(fold(text))
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        Ok(records.into_iter().map(FoundApp::from).collect())
    }

    async fn app_to_ask_for(&self, serial: &Serial, asset: AssetId) -> Result<Option<FoundApp>> {
        let sql = format!("SELECT {FOUND} FROM assets a WHERE {} AND a.id = $2", askable());
        let record: Option<FoundRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(serial.as_str())
            .bind(asset.0)
            .fetch_optional(&self.readers)
            .await?;
        Ok(record.map(FoundApp::from))
    }

    async fn insert_request(&self, request: &NewRequest) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        let written = sqlx::query(
            "INSERT INTO requests (id, device, asset, reason, made_at, state) VALUES (?, ?, ?, ?, ?, 'open')
             ON CONFLICT DO NOTHING",
        )
        .bind(request.id.as_str())
        .bind(request.device.as_str())
        .bind(request.asset.0)
        .bind(&request.reason)
        .bind(request.made_at)
        .execute(&mut *tx)
        .await?;
        if written.rows_affected() == 0 {
            return Err(StoreError::Taken(Code::RequestOpen));
        }
        tx.commit().await
    }

    async fn own_requests(&self, device: &DeviceId, limit: u32) -> Result<Vec<OwnRequest>> {
        let sql = format!(
            "SELECT {REQUEST} FROM requests r {REQUEST_JOINS} WHERE r.device = ?
             ORDER BY r.made_at DESC, r.id DESC LIMIT ?"
        );
        let records: Vec<RequestRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(device.as_str())
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn request_list(&self, query: &RequestQuery) -> Result<Page<RequestRow>> {
        let mut page = query.page.clone();
        page.direction = match query.state {
            RequestState::Open => Direction::Up,
            RequestState::Approved | RequestState::Refused => Direction::Down,
        };
        let walk = Walk::new(&page, REQUEST_ORDER)?;
        let mut sql = QueryBuilder::new(format!(
            "SELECT {REQUEST} FROM requests r {REQUEST_JOINS} WHERE r.state = "
        ));
        sql.push_bind(query.state.as_str());
        walk.push_from(&mut sql, "r.made_at, r.id");
        walk.push_order(&mut sql, &["r.made_at", "r.id"]);
        let records: Vec<RequestRecord> = sql.build_query_as().fetch_all(&self.readers).await?;
        rows::page(walk.page(records, None, RequestRecord::key))
    }

    async fn request(&self, id: &RequestId) -> Result<Option<RequestRow>> {
        let sql = format!("SELECT {REQUEST} FROM requests r {REQUEST_JOINS} WHERE r.id = ?");
        let record: Option<RequestRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        record.map(RequestRow::try_from).transpose()
    }

    async fn answer_request(&self, id: &RequestId, answer: &Answer) -> Result<bool> {
        let mut tx = self.write(Commit::Durable).await?;
        let open = write_answer(&mut tx, id, answer).await?;
        if open {
            tx.commit().await?;
        }
        Ok(open)
    }

    async fn answer_with(
        &self,
        id: &RequestId,
        answer: &Answer,
        operations: &[NewOperation],
        plan: Applies<'_>,
    ) -> Result<bool> {
        let mut tx = self.write(Commit::Durable).await?;
        // First, so that who comes second writes nothing and waits for nothing.
        if !write_answer(&mut tx, id, answer).await? {
            return Ok(false);
        }
        new_operations::write(&mut tx, operations, Some(plan)).await?;
        errands::want_installs(&mut tx, operations, answer.at).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Answers whether the request was still open.
async fn write_answer(tx: &mut Write, id: &RequestId, answer: &Answer) -> Result<bool> {
    let changed = sqlx::query(
        "UPDATE requests SET state = ?, answer = ?, answered_at = ?, answered_by = ?, operation = ?
         WHERE id = ? AND state = 'open'",
    )
    .bind(answer.state.as_str())
    .bind(&answer.words)
    .bind(answer.at)
    .bind(&answer.by)
    .bind(answer.operation.as_ref().map(OperationId::as_str))
    .bind(id.as_str())
    .execute(&mut **tx)
    .await?;
    Ok(changed.rows_affected() == 1)
}
