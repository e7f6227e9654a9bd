//! From Apple's notification to an open page: licences are bought at the stand-in Apple, 500 a second over many locations;
//! it tells Pomona of each, and the page's event stream must show the new count.

use crate::{
    Outcome,
    http::Connection,
    numbers::p99,
    place::{Folder, add_owner},
    report::{Budget, Report},
};
use contract::{
    AssetId, Caller, PageQuery,
    catalog::{AssetQuery, Catalog},
    live::LiveEvent,
    tokens::{AccountType, CreateToken, SyncState, TokenQuery, Tokens},
};
use sandbox::{Organisation, Purchase, Sandbox, SandboxSettings};
use server::{
    engine::EngineSettings,
    portal::Portal,
    start::{Start, apple_settings, start},
};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, interval, timeout};

pub const NAME: &str = "live";

const LOCATIONS: u32 = 25;
const APPS: u32 = 4;
/// Two milliseconds between two notifications are 500 a second.
const PAUSE: Duration = Duration::from_millis(2);
const NOTIFICATIONS: usize = 5_000;
const PATIENCE: Duration = Duration::from_secs(60);

pub async fn measure(report: &Report) -> Outcome<()> {
    if !report.wants(NAME) {
        return Ok(());
    }
    report.progress("live: starting the stand-in Apple and syncing 25 locations");
    let sandbox = Sandbox::start(SandboxSettings::with([Organisation {
        apps: APPS,
        devices: LOCATIONS,
        assignments: 0,
        ..Organisation::many_locations(LOCATIONS)
    }]))
    .await?;
    let data = Folder::new()?;
    let mut apple = apple_settings(&sandbox.base_url());
    apple.pace = apple::Pace::Off;
    let running = start(Start {
        storage: data.storage(),
        listen: ([127, 0, 0, 1], 0).into(),
        base_url: None,
        behind_proxy: false,
        apple,
        engine: EngineSettings::default(),
        clock: std::sync::Arc::new(server::clock::SystemClock),
        mail: None,
        demo: false,
    })
    .await?;
    let owner = add_owner(&running.portal).await?;
    let products = products(&running.portal, &owner, &sandbox).await?;
    let page = Page::open(&running.address.to_string(), &products).await?;
    report.progress("live: waiting until Apple's notifications arrive");
    for product in &products {
        page.buy(&sandbox, product)?;
    }
    page.settled().await?;
    page.heard();
    let mut waits = Vec::new();
    for run in 1..=report.runs {
        report.progress(&format!("{NAME}: run {run} of {}", report.runs));
        let mut tick = interval(PAUSE);
        for product in products.iter().cycle().take(NOTIFICATIONS) {
            tick.tick().await;
            page.buy(&sandbox, product)?;
        }
        page.settled().await?;
        waits.push(p99(&mut page.heard()));
    }
    let note = format!("p99 of {NOTIFICATIONS} notifications, 500 a second over {LOCATIONS} locations");
    report.print_median(NAME, &waits, "ms", Budget::AtMost(1000.0), &note);
    drop(page);
    running.stop().await;
    Ok(())
}

/// An app of a location, as both sides name it.
struct Product {
    uid: String,
    adam_id: String,
    asset: AssetId,
    total: i64,
}

/// Creates the tokens, waits for their syncs, and answers the apps, no two neighbours of one location.
async fn products(portal: &Portal, owner: &Caller, sandbox: &Sandbox) -> Outcome<Vec<Product>> {
    let control = sandbox.control();
    let locations = control.locations();
    for location in &locations {
        let form = CreateToken {
            file: control.issue_token(&location.uid)?,
            name: location.name.clone(),
            apple_account: "it@longshore.example".into(),
            take_control: false,
            take_control_from: String::new(),
            keep_duplicate: false,
            country: String::new(),
            account_type: AccountType::Education,
            automatic_updates: true,
            consent: true,
        };
        Tokens::create(portal, owner, form).await?;
    }
    let mut by_location = Vec::new();
    for token in synced(portal, owner, locations.len()).await? {
        let detail = Tokens::detail(portal, owner, &token).await?;
        let query = AssetQuery {
            location: Some(detail.row.location),
            ..AssetQuery::default()
        };
        let mut apps = VecDeque::new();
        for row in Catalog::list(portal, owner, query).await?.rows {
            if !row.unlimited {
                apps.push_back(Product {
                    uid: detail.uid.clone(),
                    adam_id: Catalog::detail(portal, owner, row.id).await?.adam_id,
                    asset: row.id,
                    total: row.counts.total,
                });
            }
        }
        by_location.push(apps);
    }
    let mut products = Vec::new();
    for _ in 0..APPS {
        products.extend(by_location.iter_mut().filter_map(VecDeque::pop_front));
    }
    Ok(products)
}

/// The tokens, once each has been synced.
async fn synced(portal: &Portal, owner: &Caller, count: usize) -> Outcome<Vec<contract::TokenId>> {
    let wait = async {
        let mut tick = interval(Duration::from_millis(50));
        loop {
            tick.tick().await;
            let query = TokenQuery {
                page: PageQuery {
                    rows: Some(PageQuery::MOST),
                    ..PageQuery::default()
                },
                ..TokenQuery::default()
            };
            let rows = Tokens::list(portal, owner, query).await?.rows;
            let done = |sync: &SyncState| matches!(sync, SyncState::Completed { .. });
            if rows.len() == count && rows.iter().all(|row| done(&row.sync)) {
                return Ok(rows.into_iter().map(|row| row.id).collect());
            }
        }
    };
    timeout(PATIENCE, wait).await?
}

/// What the page is to show of each app, and since when.
#[derive(Default)]
struct Awaited {
    totals: HashMap<AssetId, i64>,
    counts: HashMap<AssetId, VecDeque<(i64, Instant)>>,
    heard: Vec<Duration>,
}

impl Awaited {
    fn hear(&mut self, event: &LiveEvent) {
        let LiveEvent::Counts { asset, counts } = event else {
            return;
        };
        let Some(waiting) = self.counts.get_mut(asset) else {
            return;
        };
        while let Some((_, since)) = waiting.pop_front_if(|(total, _)| *total <= counts.total) {
            self.heard.push(since.elapsed());
        }
    }

    fn open(&self) -> usize {
        self.counts.values().map(VecDeque::len).sum()
    }
}

/// A page that listens, as a browser does.
struct Page {
    awaited: Arc<Mutex<Awaited>>,
    listener: tokio::task::JoinHandle<()>,
}

impl Page {
    async fn open(address: &str, products: &[Product]) -> Outcome<Self> {
        let mut connection = Connection::open(address).await?;
        connection.sign_in().await?;
        let awaited = Arc::new(Mutex::new(Awaited {
            totals: products
                .iter()
                .map(|product| (product.asset, product.total))
                .collect(),
            ..Awaited::default()
        }));
        let told = awaited.clone();
        let listener = tokio::spawn(async move {
            let mut text = Vec::new();
            let taken = connection
                .take("/events", |part| {
                    text.extend_from_slice(part);
                    while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
                        let message: Vec<_> = text.drain(..end + 2).collect();
                        if let Some(event) = event(&message) {
                            lock(&told).hear(&event);
                        }
                    }
                })
                .await;
            if let Err(error) = taken {
                eprintln!("bench: the page's stream ended: {error}");
            }
        });
        Ok(Self { awaited, listener })
    }

    /// Buys one more licence and remembers what is to be shown of it.
    fn buy(&self, sandbox: &Sandbox, product: &Product) -> Outcome<()> {
        {
            let mut awaited = lock(&self.awaited);
            let total = awaited.totals.entry(product.asset).or_default();
            *total += 1;
            let total = *total;
            let waiting = awaited.counts.entry(product.asset).or_default();
            waiting.push_back((total, Instant::now()));
        }
        let purchase = Purchase::of(&product.adam_id, 1);
        Ok(sandbox.control().buy(&product.uid, &purchase)?)
    }

    /// Until everything that was bought is shown.
    async fn settled(&self) -> Outcome<()> {
        let wait = async {
            let mut tick = interval(Duration::from_millis(10));
            while lock(&self.awaited).open() > 0 {
                tick.tick().await;
            }
        };
        let settled = timeout(PATIENCE, wait).await;
        settled.map_err(|_| format!("{} changes were never shown", lock(&self.awaited).open()).into())
    }

    /// How long each change took to be shown, and forgets it.
    fn heard(&self) -> Vec<Duration> {
        std::mem::take(&mut lock(&self.awaited).heard)
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

fn lock(awaited: &Mutex<Awaited>) -> std::sync::MutexGuard<'_, Awaited> {
    awaited.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Of one message of the stream.
fn event(message: &[u8]) -> Option<LiveEvent> {
    let text = std::str::from_utf8(message).ok()?;
    let data = text.lines().find_map(|line| line.strip_prefix("data:"))?;
    serde_json::from_str(data.trim_start()).ok()
}
