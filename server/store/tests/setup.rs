//! A database for one test, and words to set it up with.

use contract::{
    AccountId, AssetId, LocationId, OperationId, Page, PageQuery, Serial, TokenId, UnixMillis,
    activity::OperationKind,
    catalog::{AssetDetail, AssetQuery, ProductType},
    licenses::{Holder, LicenseQuery, LicenseRow, LicenseState},
    tokens::{AccountType, TokenState},
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqliteConnection};
use std::{
    future::Future,
    io::Write,
    path::PathBuf,
    sync::{
        Once,
        atomic::{AtomicU32, Ordering},
    },
};
use store::{
    Db, StoreError,
    licenses::{Digest, HolderRef},
    locations::{Fence, Location},
    metadata::AssetMetadata,
    notifications::{NewNotification, News, Understood},
    operations::{NewBatch, NewOperation, Pair},
    sync::{AppleAsset, AssetKey, Publish},
    tokens::{NewToken, Owner},
};

/// Some moment; tests count on from it.
pub const NOW: UnixMillis = 1_800_000_000_000;
pub const HOUR: UnixMillis = 3_600_000;
pub const DAY: UnixMillis = 24 * HOUR;

/// A directory that goes with the test.
pub struct Directory(pub PathBuf);

impl Directory {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("pomona-store-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self) -> String {
        self.0.join("pomona.db").to_str().unwrap().to_owned()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs a test on each database, with nothing in it.
pub fn on_each<F: Future<Output = ()>>(test: impl Fn(Db) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let directory = Directory::new();
        test(
            store::open(&format!("sqlite:{}", directory.file()))
                .await
                .unwrap(),
        )
        .await;
    });
    runtime.block_on(async {
        if let Some(schema) = Schema::new().await {
            test(store::open(&schema.url).await.unwrap()).await;
            schema.remove().await;
        }
    });
}

/// The database itself, for rows that storage has no words for.
#[derive(Clone)]
pub enum Raw {
    Sqlite(String),
    Postgres(String),
}

impl Raw {
    /// One statement or several.
    pub async fn run(&self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self {
            Raw::Sqlite(file) => {
                let mut connection = SqliteConnection::connect(file).await.unwrap();
                connection.execute(sql).await.unwrap();
            }
            Raw::Postgres(url) => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                connection.execute(sql).await.unwrap();
            }
        }
    }
}

/// As [`on_each`], with the way to the database itself.
pub fn on_each_raw<F: Future<Output = ()>>(test: impl Fn(Db, Raw) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let directory = Directory::new();
        let file = directory.file();
        let db = store::open(&format!("sqlite:{file}")).await.unwrap();
        test(db, Raw::Sqlite(format!("sqlite:{file}"))).await;
    });
    runtime.block_on(async {
        if let Some(schema) = Schema::new().await {
            let db = store::open(&schema.url).await.unwrap();
            test(db, Raw::Postgres(schema.url.clone())).await;
            schema.remove().await;
        }
    });
}

/// A schema of the PostgreSQL server, for one test.
pub struct Schema {
    /// What [`store::open`] takes.
    pub url: String,
    server: String,
    name: String,
}

impl Schema {
    /// None if there is no server.
    pub async fn new() -> Option<Self> {
        let Ok(server) = std::env::var("POMONA_TEST_POSTGRES_URL") else {
            say_once("store: POMONA_TEST_POSTGRES_URL is not set; the suite ran on SQLite alone");
            return None;
        };
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "test_{}_{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let more = if server.contains('?') { '&' } else { '?' };
        let url = format!("{server}{more}options[search_path]={name}");
        let schema = Self { url, server, name };
        schema.run("CREATE").await;
        Some(schema)
    }

    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    pub async fn remove(self) {
        self.run("DROP").await;
    }

    async fn run(&self, verb: &str) {
        let mut server = PgConnection::connect(&self.server).await.unwrap();
        let end = if verb == "DROP" { "CASCADE" } else { "" };
        let sql = format!(
            "SET client_min_messages = error; {verb} SCHEMA {} {end}",
            self.name
        );
        server.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
    }
}

fn say_once(text: &str) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let _ = writeln!(std::io::stderr(), "{text}");
    });
}

pub fn location(name: &str) -> Location {
    Location {
        id: format!("location-{name}").into(),
        uid: format!("uid-{name}"),
        name: name.to_owned(),
        country: "SE".to_owned(),
        platform: "enterprisestore".to_owned(),
        owner: None,
    }
}

pub fn token(name: &str) -> NewToken {
    NewToken {
        id: format!("token-{name}").into(),
        location: location(name),
        name: name.to_owned(),
        apple_account: format!("{}@example.com", name.to_lowercase()),
        organisation: "Orchard Ltd".to_owned(),
        country: "SE".to_owned(),
        account_type: AccountType::Business,
        automatic_updates: true,
        sealed: vec![1, 2, 3],
        hash: name.as_bytes().to_vec(),
        expires_at: NOW + 365 * DAY,
        state: TokenState::Valid,
        created_at: NOW,
        created_by: AccountId::from("account-1"),
        syncs_at: NOW,
        keep_duplicate: false,
    }
}

/// What Apple tells, as it waits to be taken up.
pub async fn arrived(db: &Db, fence: &Fence, news: News, received_at: UnixMillis) -> Understood {
    let before = db.arrived_notifications(fence, 100).await.unwrap().len();
    let notification = NewNotification {
        location: fence.location.clone(),
        id: format!("{received_at}-{before}"),
        kind: "ASSET_COUNT".to_owned(),
        body: "{}".to_owned(),
        received_at,
    };
    assert!(db.keep_notification(&notification).await.unwrap());
    let arrived = db.arrived_notifications(fence, 100).await.unwrap();
    Understood {
        number: arrived[before].number,
        received_at,
        news,
    }
}

/// Apple's refusal of the token, or its last day.
pub async fn refuse(db: &Db, name: &str, state: TokenState) {
    let detail = db.token_detail(&id_of(name)).await.unwrap();
    let tokens = db.tokens_of(&detail.row.location).await.unwrap();
    let token = tokens
        .into_iter()
        .find(|token| token.id == detail.row.id)
        .unwrap();
    assert!(db.refuse_token(&token, &state, NOW).await.unwrap());
}

/// A location's owner that is not this Pomona.
pub fn other_mdm() -> Owner {
    Owner {
        mdm: Some(("other".to_owned(), "Other MDM".to_owned(), "host".to_owned())),
        other: Some("Other MDM".to_owned()),
    }
}

/// This Pomona as a location's owner.
pub fn ours() -> Owner {
    Owner {
        mdm: Some(("ours".to_owned(), "Pomona".to_owned(), "here".to_owned())),
        other: None,
    }
}

/// A location with a valid token, leased.
pub async fn leased(db: &Db, name: &str) -> Fence {
    let location = db.insert_token(&token(name)).await.unwrap();
    lease(db, &location, NOW).await
}

/// Leases this location, which must have something to do.
pub async fn lease(db: &Db, location: &LocationId, now: UnixMillis) -> Fence {
    let leased = db
        .lease_next("worker", now, now + HOUR)
        .await
        .unwrap()
        .expect("something to do");
    assert_eq!(&leased.fence.location, location);
    leased.fence
}

/// An app with ten licences, all free.
pub fn app(number: u32) -> AppleAsset {
    AppleAsset {
        key: AssetKey {
            adam_id: format!("{}", 400_000_000 + number),
            pricing_param: "STDQ".to_owned(),
        },
        product: ProductType::App,
        assigned: 0,
        available: 10,
        retired: 0,
        total: 10,
        unlimited: false,
        device_assignable: true,
        revocable: true,
        platforms: vec!["iOS".to_owned(), "macOS".to_owned()],
    }
}

pub fn named(name: &str) -> AssetMetadata {
    AssetMetadata {
        name: name.to_owned(),
        publisher: "Orchard Ltd".to_owned(),
        bundle_id: format!("com.example.{}", name.to_lowercase()),
        icon: Some("https://example.com/{w}x{h}bb.{f}".to_owned()),
        ..AssetMetadata::default()
    }
}

pub fn device(number: u32) -> Holder {
    Holder::Device(Serial::known(format!("C02{number:07}")))
}

pub fn devices(numbers: std::ops::Range<u32>) -> Vec<Holder> {
    numbers.map(device).collect()
}

/// The counts of an app of which so many licences are used.
pub fn used(mut asset: AppleAsset, used: usize) -> AppleAsset {
    asset.assigned = used as i64;
    asset.available = asset.total - asset.assigned;
    asset
}

pub fn digest(holders: &[Holder]) -> Digest {
    let mut digest = Digest::default();
    holders
        .iter()
        .for_each(|holder| digest.add(HolderRef::from(holder)));
    digest
}

/// A whole first sync: these assets, each with its holders.
pub async fn synced(db: &Db, fence: &Fence, assets: &[(AppleAsset, Vec<Holder>)]) -> Vec<AssetId> {
    db.begin_sync(fence, NOW).await.unwrap();
    let apples: Vec<_> = assets
        .iter()
        .map(|(asset, holders)| used(asset.clone(), holders.len()))
        .collect();
    let ids = db.insert_assets(fence, &apples, NOW).await.unwrap();
    let found: Vec<Pair> = ids
        .iter()
        .zip(assets)
        .flat_map(|(id, (_, holders))| holders.iter().map(|holder| (*id, holder.clone())))
        .collect();
    db.insert_found_licenses(fence, &found, NOW).await.unwrap();
    let publish = Publish {
        finished_at: NOW + 1000,
        digests: ids
            .iter()
            .zip(assets)
            .map(|(id, (_, holders))| (*id, digest(holders)))
            .collect(),
        assignments: found.len() as i64,
        added: found.len() as i64,
        removed: 0,
        app_errors: 0,
        assets: ids.iter().copied().zip(apples).collect(),
    };
    db.publish_sync(fence, &publish).await.unwrap();
    ids
}

pub fn operation(fence: &Fence, name: &str, kind: OperationKind, batches: Vec<NewBatch>) -> NewOperation {
    NewOperation {
        id: OperationId::from(name),
        location: fence.location.clone(),
        kind,
        account: AccountId::from("account-1"),
        by: "Ada".to_owned(),
        reason: "new class".to_owned(),
        created_at: NOW + 2000,
        held_until: None,
        undoes: None,
        batches,
        waiting: Vec::new(),
    }
}

pub fn batch(assets: &[AssetId], holders: &[Holder]) -> NewBatch {
    NewBatch {
        assets: assets.to_vec(),
        holders: holders.to_vec(),
    }
}

pub fn pairs(batch: &NewBatch) -> Vec<Pair> {
    batch
        .assets
        .iter()
        .flat_map(|asset| batch.holders.iter().map(move |holder| (*asset, holder.clone())))
        .collect()
}

pub async fn detail(db: &Db, id: AssetId) -> AssetDetail {
    db.asset_detail(id).await.unwrap()
}

pub async fn assets(db: &Db) -> Vec<String> {
    let page = db.asset_list(&AssetQuery::default()).await.unwrap();
    page.rows.into_iter().map(|row| row.name).collect()
}

/// All licences: holder and state, by app and holder.
pub async fn licenses(db: &Db) -> Vec<(AssetId, Holder, LicenseState)> {
    let rows = walk(async |page| {
        db.license_list(&LicenseQuery {
            page,
            ..LicenseQuery::default()
        })
        .await
    })
    .await;
    rows.into_iter()
        .map(|row: LicenseRow| (row.asset, row.holder, row.state))
        .collect()
}

pub async fn states(db: &Db, asset: AssetId) -> Vec<(Holder, LicenseState)> {
    licenses(db)
        .await
        .into_iter()
        .filter(|row| row.0 == asset)
        .map(|row| (row.1, row.2))
        .collect()
}

/// All rows of a list, walked forwards three at a time; walks back too, and checks that the pages are the same.
pub async fn walk<T, F>(read: F) -> Vec<T>
where
    T: Clone + PartialEq + std::fmt::Debug,
    F: AsyncFn(PageQuery) -> Result<Page<T>, StoreError>,
{
    walk_with(
        PageQuery {
            rows: Some(3),
            ..PageQuery::default()
        },
        read,
    )
    .await
}

pub async fn walk_with<T, F>(query: PageQuery, read: F) -> Vec<T>
where
    T: Clone + PartialEq + std::fmt::Debug,
    F: AsyncFn(PageQuery) -> Result<Page<T>, StoreError>,
{
    let at = |cursor: Option<String>| PageQuery {
        cursor,
        ..query.clone()
    };
    let mut pages = vec![read(at(None)).await.unwrap()];
    assert_eq!(pages[0].previous, None);
    while let Some(next) = pages.last().unwrap().next.clone() {
        pages.push(read(at(Some(next))).await.unwrap());
    }
    let all: Vec<T> = pages.iter().flat_map(|page| page.rows.clone()).collect();
    let mut previous = pages.last().unwrap().previous.clone();
    for page in pages.iter().rev().skip(1) {
        let back = read(at(Some(previous.expect("a page before")))).await.unwrap();
        assert_eq!(back.rows, page.rows, "backwards");
        assert!(back.next.is_some());
        previous = back.previous;
    }
    assert_eq!(previous, None);
    if let Some(total) = pages[0].total {
        assert_eq!(total, all.len() as i64, "total");
    }
    all
}

/// The token's id.
pub fn id_of(name: &str) -> TokenId {
    TokenId(format!("token-{name}"))
}
