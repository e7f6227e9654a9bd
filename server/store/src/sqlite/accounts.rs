use super::{Commit, Sqlite, Write};
use crate::{
    Result, StoreError,
    accounts::{Account, Accounts, NewLink},
    rows::{
        self,
        accounts::{ACCOUNT, AccountRecord, LinkRecord},
    },
    text::fold,
};
use async_trait::async_trait;
use contract::{AccountId, Code, Role, UnixMillis, accounts::AccountRow};
use sqlx::AssertSqlSafe;

#[async_trait]
impl Accounts for Sqlite {
    async fn insert_account(&self, account: &Account, created_at: UnixMillis) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        email_is_free(&mut tx, &account.id, &account.email).await?;
        sqlx::query(
            "INSERT INTO accounts (id, name, sort_name, email, email_key, role, password, disabled, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(account.id.as_str())
        .bind(&account.name)
        .bind(fold(&account.name))
        .bind(&account.email)
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
        let sql = format!("SELECT {ACCOUNT} FROM accounts c WHERE c.id = ?");
        let row: Option<AccountRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(id.as_str())
            .fetch_optional(&self.readers)
            .await?;
        row.map(Account::try_from).transpose()
    }

    async fn account_by_email(&self, email: &str) -> Result<Option<Account>> {
        let sql = format!("SELECT {ACCOUNT} FROM accounts c WHERE c.email_key = ?");
        let row: Option<AccountRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(fold(email))
            .fetch_optional(&self.readers)
            .await?;
        row.map(Account::try_from).transpose()
    }

    async fn accounts(&self) -> Result<Vec<AccountRow>> {
        let sql = format!("SELECT {ACCOUNT} FROM accounts c ORDER BY c.sort_name, c.id");
        let records: Vec<AccountRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .fetch_all(&self.readers)
            .await?;
        rows::all(records)
    }

    async fn count_accounts(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT count(*) FROM accounts")
            .fetch_one(&self.readers)
            .await?)
    }

    async fn set_role(&self, id: &AccountId, role: Role) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        if role != Role::Owner {
            another_owner(&mut tx, id).await?;
        }
        let changed = sqlx::query("UPDATE accounts SET role = ? WHERE id = ?")
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
        let changed = sqlx::query("UPDATE accounts SET disabled = ? WHERE id = ?")
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
        sqlx::query("UPDATE accounts SET signed_in_at = ? WHERE id = ?")
            .bind(at)
            .bind(id.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    async fn insert_link(&self, link: &NewLink) -> Result<()> {
        let mut tx = self.write(Commit::Durable).await?;
        end_links(&mut tx, &link.account).await?;
        let disabled: bool = sqlx::query_scalar("SELECT disabled FROM accounts WHERE id = ?")
            .bind(link.account.as_str())
            .fetch_one(&mut *tx)
            .await?;
        if disabled {
            return Err(StoreError::Refused(Code::ChangedMeanwhile));
        }
        sqlx::query("INSERT INTO links (hash, account, first, expires_at) VALUES (?, ?, ?, ?)")
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
             WHERE k.hash = ? AND k.expires_at > ?"
        );
        let row: Option<LinkRecord> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(hash)
            .bind(now)
            .fetch_optional(&self.readers)
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
            sqlx::query_scalar("DELETE FROM links WHERE hash = ? AND expires_at > ? RETURNING account")
                .bind(hash)
                .bind(now)
                .fetch_optional(&mut *tx)
                .await?;
        let id = AccountId(account.ok_or(StoreError::NotFound)?);
        email_is_free(&mut tx, &id, email).await?;
        sqlx::query(
            "UPDATE accounts SET name = ?, sort_name = ?, email = ?, email_key = ?, password = ? WHERE id = ?",
        )
        .bind(name)
        .bind(fold(name))
        .bind(email)
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

async fn email_is_free(tx: &mut Write, id: &AccountId, email: &str) -> Result<()> {
    let taken: Option<(i64,)> = sqlx::query_as("SELECT 1 FROM accounts WHERE email_key = ? AND id <> ?")
        .bind(fold(email))
        .bind(id.as_str())
        .fetch_optional(&mut **tx)
        .await?;
    match taken {
        Some(_) => Err(StoreError::Taken(Code::EmailTaken)),
        None => Ok(()),
    }
}

/// [`Code::LastOwner`] if this account is an owner and nobody else could sign in as one.
async fn another_owner(tx: &mut Write, id: &AccountId) -> Result<()> {
    let last: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM accounts WHERE id = ?1 AND role = 'owner' AND disabled = 0)
            AND NOT EXISTS (SELECT 1 FROM accounts
                WHERE id <> ?1 AND role = 'owner' AND disabled = 0 AND password IS NOT NULL)",
    )
    .bind(id.as_str())
    .fetch_one(&mut **tx)
    .await?;
    if last {
        Err(StoreError::Taken(Code::LastOwner))
    } else {
        Ok(())
    }
}

async fn end_sessions(tx: &mut Write, id: &AccountId) -> Result<()> {
    sqlx::query("DELETE FROM sessions WHERE account = ?")
        .bind(id.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn end_links(tx: &mut Write, id: &AccountId) -> Result<()> {
    sqlx::query("DELETE FROM links WHERE account = ?")
        .bind(id.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
