//! Where the portal of a test keeps what it knows: in an SQLite file, or with POMONA_TEST_ON=postgres on the server of
//! POMONA_TEST_POSTGRES_URL, in a schema of the test's own. And a way around the portal, straight to its tables.

use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection, sqlite::SqliteConnectOptions,
};
use std::{path::Path, thread};

/// A schema on the PostgreSQL server of the tests, gone with this.
pub struct Schema {
    server: String,
    name: String,
}

impl Schema {
    /// None if there is no server.
    pub fn new(name: &str) -> Option<Self> {
        let server = std::env::var("POMONA_TEST_POSTGRES_URL").ok()?;
        let name = format!("it_{}", name.replace('-', "_"));
        let schema = Self { server, name };
        schema.run(format!("CREATE SCHEMA {}", schema.name)).unwrap();
        Some(schema)
    }

    pub fn url(&self) -> String {
        let more = if self.server.contains('?') { '&' } else { '?' };
        format!("{}{more}options[search_path]={}", self.server, self.name)
    }

    /// Where nothing can be awaited.
    fn run(&self, sql: String) -> sqlx::Result<()> {
        let server = self.server.clone();
        let done = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let mut server = PgConnection::connect(&server).await?;
                let sql = format!("SET client_min_messages = error; {sql}");
                server.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
                server.close().await
            })
        });
        done.join().unwrap()
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        // A failed test may leave it to a server that is thrown away.
        drop(self.run(format!("DROP SCHEMA {} CASCADE", self.name)));
    }
}

/// Whether all tests are to run on PostgreSQL.
pub fn on_postgres() -> bool {
    std::env::var("POMONA_TEST_ON").is_ok_and(|database| database == "postgres")
}

/// Straight to the tables.
pub enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    pub async fn open(folder: &Path, schema: Option<&Schema>) -> Self {
        match schema {
            Some(schema) => Self::Postgres(PgConnection::connect(&schema.url()).await.unwrap()),
            None => {
                let file = SqliteConnectOptions::new().filename(folder.join("pomona.sqlite"));
                Self::Sqlite(SqliteConnection::connect_with(&file).await.unwrap())
            }
        }
    }

    pub async fn run(&mut self, sql: String) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Self::Sqlite(raw) => drop(raw.execute(sql).await.unwrap()),
            Self::Postgres(raw) => drop(raw.execute(sql).await.unwrap()),
        }
    }

    pub async fn number(&mut self, sql: &'static str) -> i64 {
        match self {
            Self::Sqlite(raw) => sqlx::query_scalar(sql).fetch_one(raw).await.unwrap(),
            Self::Postgres(raw) => sqlx::query_scalar(sql).fetch_one(raw).await.unwrap(),
        }
    }

    pub async fn pairs(&mut self, sql: &'static str) -> Vec<(String, String)> {
        match self {
            Self::Sqlite(raw) => sqlx::query_as(sql).fetch_all(raw).await.unwrap(),
            Self::Postgres(raw) => sqlx::query_as(sql).fetch_all(raw).await.unwrap(),
        }
    }

    /// A table of these texts, with the column `value`.
    pub fn values(&self, texts: &[impl serde::Serialize]) -> String {
        let json = serde_json::to_string(texts).unwrap();
        match self {
            Self::Sqlite(_) => format!("json_each('{json}')"),
            Self::Postgres(_) => format!("jsonb_array_elements_text('{json}') AS texts (value)"),
        }
    }

    /// How a transaction that writes begins.
    pub fn begin(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(_) => "BEGIN",
        }
    }
}
