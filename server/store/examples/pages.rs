//! `cargo run --release -p store --example pages`: how long a first sync's writes and the pages of large lists take. On an
//! empty PostgreSQL database, if its address follows: `-- postgres://…`.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use contract::{
    AssetId, LocationId, Serial,
    activity::OperationKind,
    catalog::{AssetQuery, AssetSort, Level, ProductType},
    devices::{DeviceForm, DeviceQuery},
    licenses::{Holder, LicenseQuery, LicenseSort, LicenseState},
    tokens::{AccountType, TokenQuery, TokenSort, TokenState},
};
use std::{future::Future, time::Duration};
use store::{
    Db,
    devices::Import,
    locations::{Fence, Location},
    metadata::AssetMetadata,
    operations::{BatchResult, NewBatch, NewOperation},
    sync::{AppleAsset, AssetKey, Publish},
    tokens::NewToken,
};
use tokio::time::Instant;

const DEVICES: u32 = 40_000;
const ASSETS: u32 = 25;
const TOKENS: u32 = 3_000;

fn name(n: u32) -> String {
    const WORDS: [&str; 16] = [
        "Maps",
        "Notes",
        "Pages",
        "Numbers",
        "Classroom",
        "Camera",
        "Music",
        "Clips",
        "Swift",
        "Piano",
        "Atlas",
        "Reader",
        "Paint",
        "Scan",
        "Lab",
        "Quiz",
    ];
    let word = |n: u32| WORDS.iter().cycle().nth((n % 16) as usize).unwrap();
    format!(
        "{} {} {}",
        word(n.wrapping_mul(2_654_435_761) >> 20),
        word(n.wrapping_mul(40_503) >> 7),
        n
    )
}

fn serial(n: u32) -> Serial {
    let mut x = u64::from(n) + 1;
    let sign = |_| {
        x = x
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from_digit((x >> 33) as u32 % 36, 36)
            .unwrap()
            .to_ascii_uppercase()
    };
    Serial::known((0..12).map(sign).collect::<String>())
}

fn app(n: u32) -> AppleAsset {
    AppleAsset {
        key: AssetKey {
            adam_id: (400_000_000 + n).to_string(),
            pricing_param: "STDQ".to_owned(),
        },
        product: ProductType::App,
        assigned: i64::from(n % 100),
        available: i64::from(100 - n % 100),
        retired: 0,
        total: 100,
        unlimited: false,
        device_assignable: true,
        revocable: true,
        platforms: vec!["iOS".to_owned()],
    }
}

async fn leased(db: &Db, n: u32) -> Fence {
    let token = NewToken {
        id: format!("token-{n}").into(),
        location: Location {
            id: format!("018f0000-0000-7000-8000-{n:012}").into(),
            uid: n.to_string(),
            name: name(n),
            country: "SE".to_owned(),
            platform: "volumestore".to_owned(),
            owner: None,
        },
        name: name(n),
        apple_account: "a@example.com".to_owned(),
        organisation: "Orchard".to_owned(),
        country: "SE".to_owned(),
        account_type: AccountType::Business,
        automatic_updates: true,
        sealed: vec![7; 1500],
        hash: n.to_be_bytes().to_vec(),
        expires_at: i64::from(n),
        state: TokenState::Valid,
        created_at: 1,
        created_by: "a".into(),
        syncs_at: 1,
        keep_duplicate: false,
    };
    db.insert_token(&token).await.unwrap();
    db.lease_next("w", 1, i64::MAX).await.unwrap().unwrap().fence
}

async fn publish(db: &Db, fence: &Fence, ids: &[AssetId], apps: Vec<AppleAsset>) {
    let publish = Publish {
        finished_at: 1_000,
        assets: ids.iter().copied().zip(apps).collect(),
        digests: vec![],
        assignments: 0,
        added: 0,
        removed: 0,
        app_errors: 0,
    };
    db.publish_sync(fence, &publish).await.unwrap();
    let described = ids.iter().map(|id| {
        let name = name(id.0 as u32);
        (
            *id,
            Some(AssetMetadata {
                name,
                publisher: "Orchard Ltd".to_owned(),
                ..AssetMetadata::default()
            }),
        )
    });
    db.describe_assets(fence, &described.collect::<Vec<_>>(), 1)
        .await
        .unwrap();
}

async fn timed<T>(what: &str, work: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let result = work.await;
    println!("{what}: {:?}", start.elapsed());
    result
}

async fn page<T, E: std::fmt::Debug, F: Future<Output = Result<T, E>>>(what: &str, read: impl Fn() -> F) {
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..41 {
        let start = Instant::now();
        read().await.unwrap();
        times.push(start.elapsed());
    }
    times.sort();
    println!(
        "  {what}: median {:?}, most {:?}",
        times.get(20).unwrap(),
        times.last().unwrap()
    );
}

#[tokio::main]
async fn main() {
    let directory = std::env::temp_dir().join(format!("pomona-pages-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = directory.join("pomona.db").to_str().unwrap().to_owned();
    let db = store::open(&std::env::args().nth(1).unwrap_or(file))
        .await
        .unwrap();
    let large = leased(&db, 0).await;
    db.begin_sync(&large, 1).await.unwrap();
    let apps: Vec<_> = (0..ASSETS).map(app).collect();
    let ids = db.insert_assets(&large, &apps, 1).await.unwrap();
    let mut serials: Vec<_> = (0..DEVICES).map(serial).collect();
    serials.sort();
    let found: Vec<_> = ids
        .iter()
        .flat_map(|id| {
            serials
                .iter()
                .map(move |serial| (*id, Holder::Device(serial.clone())))
        })
        .collect();
    timed("1,000,000 found licences, 1,000 a call", async {
        for page in found.chunks(1_000) {
            db.insert_found_licenses(&large, page, 1).await.unwrap();
        }
    })
    .await;
    timed("publish", publish(&db, &large, &ids, apps)).await;
    timed("3,000 tokens, 30,000 apps", async {
        for n in 1..TOKENS {
            let fence = leased(&db, n).await;
            let apps: Vec<_> = (n * 10..n * 10 + 10).map(app).collect();
            let ids = db.insert_assets(&fence, &apps, 1).await.unwrap();
            publish(&db, &fence, &ids, apps).await;
        }
    })
    .await;
    let forms: Vec<_> = (0..100_000)
        .map(|n| {
            let serial = serial(n).as_str().to_owned();
            let form = DeviceForm {
                name: name(n),
                serial,
                model: "iPad (9th generation)".to_owned(),
                user_name: name(n / 3),
                ..DeviceForm::default()
            };
            (format!("018f0000-0000-7000-8000-{n:012}").into(), form)
        })
        .collect();
    timed(
        "import of 100,000 devices",
        db.import_devices(&forms, 1, Import::Write),
    )
    .await
    .unwrap();

    let middle = serials.get(20_000).unwrap().as_str().to_owned();
    let licenses = LicenseQuery::default;
    for (what, query) in [
        ("licences", licenses()),
        (
            "licences of a serial",
            LicenseQuery {
                holder: middle.clone(),
                ..licenses()
            },
        ),
        (
            "licences of a prefix of 1",
            LicenseQuery {
                holder: middle[..1].to_owned(),
                ..licenses()
            },
        ),
        (
            "licences of a prefix of 2",
            LicenseQuery {
                holder: middle[..2].to_owned(),
                ..licenses()
            },
        ),
        (
            "licences of a prefix of 3",
            LicenseQuery {
                holder: middle[..3].to_owned(),
                ..licenses()
            },
        ),
        (
            "licences of an app",
            LicenseQuery {
                asset: ids.first().copied(),
                ..licenses()
            },
        ),
        (
            "licences waiting",
            LicenseQuery {
                state: Some(LicenseState::Waiting),
                ..licenses()
            },
        ),
        (
            "licences held at a location",
            LicenseQuery {
                state: Some(LicenseState::Held),
                location: Some(large.location.clone()),
                ..licenses()
            },
        ),
    ] {
        for sort in [LicenseSort::App, LicenseSort::Holder] {
            let query = LicenseQuery {
                sort,
                ..query.clone()
            };
            page(&format!("{what} by {sort:?}"), || db.license_list(&query)).await;
        }
    }
    let assets = AssetQuery::default;
    for (what, query) in [
        ("apps by name", assets()),
        (
            "apps by used",
            AssetQuery {
                sort: AssetSort::Used,
                ..assets()
            },
        ),
        (
            "apps found by word",
            AssetQuery {
                search: "piano".to_owned(),
                ..assets()
            },
        ),
        (
            "apps not found",
            AssetQuery {
                search: "xyzzy".to_owned(),
                ..assets()
            },
        ),
        (
            "apps not found, by used",
            AssetQuery {
                search: "xyzzy".to_owned(),
                sort: AssetSort::Used,
                ..assets()
            },
        ),
        (
            "apps of a location",
            AssetQuery {
                location: Some(LocationId::from("018f0000-0000-7000-8000-000000000007")),
                ..assets()
            },
        ),
        (
            "apps low",
            AssetQuery {
                level: Some(Level::Low),
                ..assets()
            },
        ),
        (
            "apps of no platform",
            AssetQuery {
                platform: "tvOS".to_owned(),
                ..assets()
            },
        ),
        (
            "apps custom",
            AssetQuery {
                custom: Some(true),
                ..assets()
            },
        ),
    ] {
        page(what, || db.asset_list(&query)).await;
    }
    for sort in [
        TokenSort::Name,
        TokenSort::Location,
        TokenSort::Expires,
        TokenSort::LastSync,
        TokenSort::Used,
    ] {
        let query = TokenQuery {
            sort,
            ..TokenQuery::default()
        };
        page(&format!("tokens by {sort:?}"), || db.token_list(&query)).await;
    }
    let query = TokenQuery {
        search: "xyzzy".to_owned(),
        ..TokenQuery::default()
    };
    page("tokens not found", || db.token_list(&query)).await;
    for search in ["", "piano", "xyzzy", &middle] {
        let query = DeviceQuery {
            search: search.to_owned(),
            ..DeviceQuery::default()
        };
        page(&format!("devices found by {search:?}"), || db.device_list(&query)).await;
    }
    page("summary", || db.summary(1_000, 5)).await;
    page("lease_next, nothing due", || db.lease_next("w", 0, 1)).await;
    page("next_due", || db.next_due(2)).await;

    let holders: Vec<_> = (50_000..51_000).map(|n| Holder::Device(serial(n))).collect();
    let operation = NewOperation {
        id: "op".into(),
        location: large.location.clone(),
        kind: OperationKind::Assign,
        account: "a".into(),
        by: "Ada".to_owned(),
        reason: String::new(),
        created_at: 1_000,
        held_until: None,
        undoes: None,
        batches: vec![NewBatch {
            assets: ids.clone(),
            holders: holders.clone(),
        }],
        waiting: vec![],
    };
    timed(
        "insert_operations, 25,000 pairs",
        db.insert_operations(&[operation], None),
    )
    .await
    .unwrap();
    let batch = timed("open_batches", db.open_batches(&large, 5_000, 10))
        .await
        .unwrap()
        .remove(0);
    timed(
        "batch_sent, 25,000 pairs",
        db.batch_sent(&large, batch.id, "event", 1_001),
    )
    .await
    .unwrap();
    let done = ids
        .iter()
        .flat_map(|id| holders.iter().map(move |holder| (*id, holder.clone())))
        .collect();
    let result = BatchResult {
        done,
        ..BatchResult::default()
    };
    timed(
        "end_batch, 25,000 pairs",
        db.end_batch(&large, batch.id, &result, 1_002),
    )
    .await
    .unwrap();
    let half: Vec<_> = serials
        .iter()
        .skip(500)
        .map(|serial| Holder::Device(serial.clone()))
        .collect();
    timed(
        "correct_licenses, 39,500 of 41,000",
        db.correct_licenses(&large, *ids.first().unwrap(), &half, 2_000),
    )
    .await
    .unwrap();
    timed("digest of 39,500", db.digest(*ids.first().unwrap()))
        .await
        .unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!(
        "{}",
        status
            .lines()
            .find(|line| line.starts_with("VmHWM"))
            .unwrap_or_default()
    );
    drop(db);
    std::fs::remove_dir_all(directory).unwrap();
}
