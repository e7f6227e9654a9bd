use super::{Commit, Postgres, Write};
use crate::{
    Result, StoreError,
    accounts::{Account, Accounts, NewLink},
    rows::{
        self,
        accounts::{ACCOUNT, AccountRecord, LinkRecord},
    },
    text::{fold, storable},
};
use async_trait::async_trait;
use contract::{AccountId, Code, Role, UnixMillis, accounts::AccountRow};
use sqlx::AssertSqlSafe;

#[async_trait]
impl Accounts for Postgres {
    async fn insert_account(&self, account: &Account, created_at: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        sqlx::query(
            "INSERT INTO accounts (id, name, sort_name, email, email_key, role, password, disabled, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(account.id.as_str())
        .bind(storable(&account.name))
        .bind(fold(&account.name))
        .bind(storable(&account.email))
        .bind(fold(&account.email))
        .bind(account.role.as_str())
        .bind(&account.password)
        .bind(account.disabled)
        .bind(created_at)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    async fn account(&self, id: &AccountId) -> Result<Option<Account>> {
        let sql = format!("SELECT {ACCOUNT} FROM accounts c WHERE c.id = $1");
        let row: Option<AccountRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await?;
        row.map(Account::try_from).transpose()
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>> {
        let sql = format!("SELECT {ACCOUNT} FROM accounts c WHERE c.email_key = $1");
        let row: Option<AccountRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(fold(email))
            .fetch_optional(&self.pool)
            .await?;
        row.map(Account::try_from).transpose()
    }

    async fn accounts(&self) -> Result<Vec<AccountRow>> {
        let sql = format!("SELECT {ACCOUNT} FROM accounts c ORDER BY c.sort_name, c.id");
        let records: Vec<AccountRecord> = sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        rows::all(records)
    }

    async fn count_accounts(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT count(*) FROM accounts")
            .fetch_one(&self.pool)
            .await?)
    }

    async fn set_role(&self, id: &AccountId, role: Role) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        if role != Role::Owner {
            another_owner(&mut tx, id).await?;
        }
        let changed = sqlx::query("UPDATE accounts SET role = $1 WHERE id = $2")
            .bind(role.as_str())
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        if changed.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        tx.commit().await
    }

    async fn set_disabled(&self, id: &AccountId, disabled: bool) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        if disabled {
            another_owner(&mut tx, id).await?;
            end_sessions(&mut tx, id).await?;
            end_links(&mut tx, id).await?;
        }
        let changed = sqlx::query("UPDATE accounts SET disabled = $1 WHERE id = $2")
            .bind(disabled)
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        if changed.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        tx.commit().await
    }

    async fn signed_in(&self, id: &AccountId, at: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Fast).await?;
        sqlx::query("UPDATE accounts SET signed_in_at = $1 WHERE id = $2")
            .bind(at)
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn insert_link(&self, link: &NewLink) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        // Locked, so that of two links made at once one stays.
        let disabled: bool =
            sqlx::query_scalar("SELECT disabled FROM accounts WHERE id = $1 FOR NO KEY UPDATE")
                .bind(link.account.as_str())
                .fetch_one(&mut *tx)
                .await?;
        if disabled {
            return Err(StoreError::Refused(Code::ChangedMeanwhile));
        }
        end_links(&mut tx, &link.account).await?;
        sqlx::query("INSERT INTO links (hash, account, first, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(&link.hash)
            .bind(link.account.as_str())
            .bind(link.first)
            .bind(link.expires_at)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn link(&self, hash: &[u8], now: UnixMillis) -> Result<Option<(NewLink, Account)>> {
        let sql = format!(
            "SELECT k.hash, k.first, k.expires_at, {ACCOUNT} FROM links k JOIN accounts c ON c.id = k.account
             WHERE k.hash = $1 AND k.expires_at > $2"
        );
        let row: Option<LinkRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(hash)
            .bind(now)
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let account = Account::try_from(row.account)?;
        let link = NewLink {
            hash: row.hash,
            account: account.id.clone(),
            first: row.first,
            expires_at: row.expires_at,
        };
        Ok(Some((link, account)))
    }

    async fn use_link(
        &self,
        hash: &[u8],
        now: UnixMillis,
        name: &str,
        email: &str,
        password: &str,
    ) -> Result<AccountId> {
        let mut tx = self.write(Commit::Durable).await?;
        let account: Option<String> =
            sqlx::query_scalar("DELETE FROM links WHERE hash = $1 AND expires_at > $2 RETURNING account")
                .bind(hash)
                .bind(now)
                .fetch_optional(&mut *tx)
                .await?;
        let id = AccountId(account.ok_or(StoreError::NotFound)?);
        sqlx::query(
            "UPDATE accounts SET name = $1, sort_name = $2, email = $3, email_key = $4, password = $5 WHERE id = $6",
        )
        .bind(storable(name))
        .bind(fold(name))
        .bind(storable(email))
        .bind(fold(email))
        .bind(password)
        .bind(id.as_str())
        .execute(&mut *tx)
        .await?;
        end_links(&mut tx, &id).await?;
        end_sessions(&mut tx, &id).await?;
        tx.commit().await?;
        Ok(id)
    }
}

/// [`Code::LastOwner`] if this account is an owner and nobody else could sign in as one. Owners are locked, so that two
/// cannot each count on the other.
async fn another_owner(tx: &mut Write, id: &AccountId) -> Result<()> {
    let owners: Vec<(String, bool, bool)> = sqlx::query_as(
        "SELECT id, disabled, password IS NOT NULL FROM accounts WHERE role = 'owner' ORDER BY id FOR NO KEY UPDATE",
    )
    .fetch_all(&mut **tx)
    .await?;
    let owner = owners
        .iter()
        .any(|(owner, disabled, _)| owner == id.as_str() && !disabled);
    let other = owners
        .iter()
        .any(|(owner, disabled, enters)| owner != id.as_str() && !disabled && *enters);
    if owner && !other {
        Err(StoreError::Taken(Code::LastOwner))
    } else {
        Ok(())
    }
}

async fn end_sessions(tx: &mut Write, id: &AccountId) -> Result<()> {
    sqlx::query("DELETE FROM sessions WHERE account = $1")
        .bind(id.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn end_links(tx: &mut Write, id: &AccountId) -> Result<()> {
    sqlx::query("DELETE FROM links WHERE account = $1")
        .bind(id.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
