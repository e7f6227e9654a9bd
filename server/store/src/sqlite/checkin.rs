use super::{Commit, Sqlite, devices::LICENSES};
use crate::{
    Result, StoreError,
    checkin::{
        Answer, CheckIn, FoundApp, NewEnrolmentLink, NewRequest, OfferedApp, OwnLicense, WithdrawnApp,
    },
    cursor::Walk,
    rows::{
        self,
        checkin::{
            FOUND, FoundRecord, OWN, OfferedRecord, OwnRecord, REQUEST, REQUEST_JOINS, REQUEST_ORDER,
            RequestRecord, WITHDRAWN, WithdrawnRecord,
        },
        devices::{DEVICE, DeviceRecord},
        licenses::LICENSE,
    },
    text::fold,
};
use async_trait::async_trait;
use contract::{
    Code, DeviceId, Direction, OperationId, Page, PersonId, RequestId, Serial, UnixMillis,
    checkin::{OwnRequest, RequestQuery, RequestRow, RequestState},
    devices::DeviceRow,
};
use sqlx::{AssertSqlSafe, QueryBuilder};

/// The active person whose device `?1` is alone.
const OWNER: &str =
    "SELECT p.id FROM devices e JOIN people p ON p.user_name_key = e.user_name_key AND p.active
    WHERE e.id = ?1 AND e.user_name_key <> '' AND e.enrolment <> 'shared'";

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
        Ok(tx.commit().await?)
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
            "DELETE FROM enrolment_links WHERE hash = ? AND expires_at > ? RETURNING device",
        )
        .bind(hash)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        let device = device.ok_or(StoreError::NotFound)?;
        tx.commit().await?;
        Ok(DeviceId(device))
    }

    async fn devices_of_user(&self, email: &str) -> Result<Vec<DeviceRow>> {
        let sql = format!(
            "SELECT {DEVICE}, {LICENSES} FROM devices d WHERE d.user_name_key <> '' AND d.user_name_key IN (
                 SELECT ?1 UNION SELECT user_name_key FROM people WHERE active AND lower(email) = ?1)
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
             WHERE x.holder = ?1 AND x.kind = 0 OR x.kind = 1 AND x.holder IN (
                 SELECT u.client_user_id FROM devices e JOIN people p ON p.user_name_key = e.user_name_key AND p.active
                 JOIN vpp_users u ON u.person = p.id
                 WHERE e.serial = ?1 AND e.user_name_key <> '' AND e.enrolment <> 'shared')
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

    async fn offered(&self, device: &DeviceId) -> Result<Vec<OfferedApp>> {
        let who = "(SELECT d.id FROM devices d WHERE d.id = ?1 UNION SELECT p.id FROM devices d
            JOIN people p ON p.user_name_key = d.user_name_key AND p.active WHERE d.id = ?1)";
        let sql = format!(
            "SELECT {FOUND}, a.product, EXISTS (SELECT 1 FROM asked k WHERE k.asset = a.id
                 AND (k.kind = 0 AND k.member = ?1 OR k.kind = 1 AND k.member IN ({OWNER}))) AS asked
             FROM assets a WHERE a.stage = 1
                 AND (a.product = 0 AND a.device_assignable
                     AND a.id IN (SELECT s.asset FROM group_members m JOIN assignments s ON s.group_id = m.group_id
                         WHERE m.member IN {who} AND s.intent = 1 AND s.kind = 0)
                     OR a.id IN (SELECT s.asset FROM group_members m JOIN assignments s ON s.group_id = m.group_id
                         WHERE m.member IN ({OWNER}) AND s.intent = 1 AND s.kind = 1))
                 AND a.id NOT IN (SELECT s.asset FROM group_members m JOIN assignments s ON s.group_id = m.group_id
                     WHERE m.member IN {who} AND s.intent IS NULL)
                 AND NOT EXISTS (SELECT 1 FROM licenses x JOIN devices d ON d.serial = x.holder
                     WHERE x.asset = a.id AND x.kind = 0 AND x.state < 4 AND d.id = ?1)
                 AND NOT EXISTS (SELECT 1 FROM vpp_users u JOIN licenses x ON x.holder = u.client_user_id AND x.kind = 1
                     WHERE u.person IN ({OWNER}) AND x.asset = a.id AND x.state < 4)
             ORDER BY a.sort_name, a.id LIMIT 200"
        );
        let records: Vec<OfferedRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(device.as_str())
            .fetch_all(&self.readers)
            .await?;
        Ok(records.into_iter().map(OfferedApp::from).collect())
    }

    async fn withdrawn(&self, serial: &Serial, since: UnixMillis) -> Result<Vec<WithdrawnApp>> {
        let sql = format!(
            "SELECT {WITHDRAWN} FROM (SELECT g.asset, max(g.at) AS at FROM ledger g
                 WHERE g.holder = ? AND g.kind = 0 AND g.act IN (1, 6) AND g.at >= ? GROUP BY g.asset) g
             JOIN assets a ON a.id = g.asset
             WHERE NOT EXISTS (SELECT 1 FROM licenses x WHERE x.asset = g.asset AND x.holder = ? AND x.kind = 0)
             ORDER BY a.sort_name, a.id LIMIT 100"
        );
        let records: Vec<WithdrawnRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(serial.as_str())
            .bind(since)
            .bind(serial.as_str())
            .fetch_all(&self.readers)
            .await?;
        Ok(records.into_iter().map(WithdrawnApp::from).collect())
    }

    async fn apps_to_ask_for(&self, serial: &Serial, text: &str, limit: u32) -> Result<Vec<FoundApp>> {
        let sql = format!(
            "SELECT {FOUND} FROM assets a WHERE a.stage = 1 AND a.product = 0 AND a.device_assignable
                 AND instr(a.search, ?) > 0
                 AND NOT EXISTS (SELECT 1 FROM licenses x CROSS JOIN assets b ON b.id = x.asset
                     WHERE x.holder = ? AND x.kind = 0 AND x.state < 4 AND b.adam_id = a.adam_id)
             ORDER BY a.sort_name, a.id LIMIT ?"
        );
        let records: Vec<FoundRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(fold(text))
            .bind(serial.as_str())
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        Ok(records.into_iter().map(FoundApp::from).collect())
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
        Ok(tx.commit().await?)
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
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(changed.rows_affected() == 1)
    }
}
