//! Ten thousand notifications on a way as bad as it gets: a tenth is lost, a tenth comes twice, many come late and out of
//! order, some are acknowledged without Apple hearing of it, and the server is killed three times meanwhile. In the end
//! Pomona has what Apple has.

use crate::{
    notifications::{asset, other_mdm, serial},
    stand::{Folder, add_devices, apple_says, apps, assign, form, log, owner, pomona_says, until},
};
use apple::{Association, DeviceAssignableAsset, Disassociation, Holders, RevocableAsset};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
};
use contract::{
    Caller,
    activity::{Activity, OperationState},
    catalog::Catalog,
    tokens::{NotificationState, SyncState, Tokens},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sandbox::{Control, Faults, Limits, Organisation, ProductType, Purchase, Sandbox, SandboxSettings};
use server::{
    portal::Portal,
    settings::Storage,
    start::{apple_settings, open_portal},
};
use std::{
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{net::TcpListener, time::Instant};

const ALL: usize = 10_000;
/// Of which so many are another MDM's licences; the others are purchases and refunds.
const FOREIGN: usize = 600;

/// What stands between Apple and Pomona.
#[derive(Clone)]
struct Way {
    server: SocketAddr,
    client: reqwest::Client,
    state: Arc<Mutex<WayState>>,
}

struct WayState {
    random: StdRng,
    /// Notifications that Pomona acknowledged.
    acknowledged: usize,
    last: Instant,
}

impl Way {
    /// Answers its own address.
    async fn open(server: SocketAddr) -> (Self, SocketAddr) {
        #[expect(clippy::disallowed_methods, reason = "the test is a client of its own")]
        let client = reqwest::Client::builder()
            .no_proxy()
            .tcp_nodelay(true)
            .timeout(Duration::from_secs(5))
            .build()
            .unwrap();
        let state = WayState {
            random: StdRng::seed_from_u64(3),
            acknowledged: 0,
            last: Instant::now(),
        };
        let way = Self {
            server,
            client,
            state: Arc::new(Mutex::new(state)),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(pass).with_state(way.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (way, address)
    }

    fn acknowledged(&self) -> usize {
        self.state.lock().unwrap().acknowledged
    }

    /// Nothing has come for a while: Apple has given up or delivered everything.
    fn is_quiet(&self) -> bool {
        self.state.lock().unwrap().last.elapsed() > Duration::from_secs(4)
    }
}

/// A tenth is turned away, so that it comes later than what was sent after it; three in a hundred are taken without Apple
/// hearing of it, so that they come again.
async fn pass(State(way): State<Way>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let luck: f64 = {
        let mut state = way.state.lock().unwrap();
        state.last = Instant::now();
        state.random.random()
    };
    let trial = body.windows(17).any(|window| window == b"TEST_NOTIFICATION");
    if luck < 0.1 && !trial {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let mut request = way
        .client
        .post(format!("http://{}{uri}", way.server))
        .header(header::CONTENT_TYPE, "application/json")
        .body(body);
    if let Some(bearer) = headers.get(header::AUTHORIZATION) {
        request = request.header(header::AUTHORIZATION, bearer);
    }
    match request.send().await {
        Ok(answer) if answer.status() == StatusCode::OK => {
            way.state.lock().unwrap().acknowledged += 1;
            if luck > 0.97 && !trial {
                StatusCode::GATEWAY_TIMEOUT
            } else {
                StatusCode::OK
            }
        }
        Ok(answer) => answer.status(),
        Err(_) => StatusCode::BAD_GATEWAY,
    }
}

/// Killed with SIGKILL when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

struct Soak {
    sandbox: Sandbox,
    folder: Folder,
    portal: Portal,
    owner: Caller,
    uid: String,
    server: SocketAddr,
    base_url: String,
}

impl Soak {
    fn start(&self) -> Server {
        let child = Command::new(env!("CARGO_BIN_EXE_pomona"))
            .args(["serve", "--log", "error", "--lease", "1000"])
            .args(["--listen", &self.server.to_string(), "--base-url", &self.base_url])
            .args([
                "--first-poll",
                "200",
                "--next-poll",
                "300",
                "--outcome-wait",
                "1200",
            ])
            .args(["--check", "1000", "--settle", "300", "--first-pause", "20"])
            .args(["--apple-url", &self.sandbox.base_url()])
            .arg("--data")
            .arg(&self.folder.0)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Server(child)
    }

    async fn is_in_step(&self) -> bool {
        let mut ours = Vec::new();
        for app in apps(&self.portal, &self.owner).await {
            let detail = Catalog::detail(&self.portal, &self.owner, app.id).await.unwrap();
            let counts = app.counts;
            ours.push((detail.adam_id, counts.used, counts.available, counts.total));
        }
        let mut theirs: Vec<_> = self
            .sandbox
            .control()
            .assets(&self.uid)
            .unwrap()
            .iter()
            .filter(|asset| asset.product_type == ProductType::App)
            .map(|asset| {
                (
                    asset.adam_id.to_string(),
                    i64::from(asset.assigned_count),
                    i64::from(asset.available_count),
                    i64::from(asset.total_count),
                )
            })
            .collect();
        ours.sort_unstable();
        theirs.sort_unstable();
        ours == theirs && pomona_says(&self.portal, &self.owner).await == apple_says(&self.sandbox, &self.uid)
    }
}

fn organisation() -> Organisation {
    Organisation {
        apps: 12,
        devices: 60,
        assignments: 100,
        spare: Some(200),
        ..Organisation::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_notifications_on_a_bad_way_end_in_apples_state() {
    log();
    let organisation = organisation();
    let faults = Faults {
        event_latency_ms: 5,
        lost_notifications: 0.1,
        doubled_notifications: 0.1,
        notification_attempts: 5,
        notification_retry_ms: 600,
        announced_pace: Some(10_000),
        limits: Limits {
            max_serial_numbers: 10,
            ..Limits::default()
        },
        ..Faults::default()
    };
    let sandbox = Sandbox::start(SandboxSettings {
        faults,
        ..SandboxSettings::with([organisation.clone()])
    })
    .await
    .unwrap();
    let folder = Folder::new();
    let server = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let (way, address) = Way::open(server).await;
    let base_url = format!("http://{address}");
    let storage = Storage {
        data: folder.0.clone(),
        database: None,
        key_file: None,
        key: None,
    };
    let portal = open_portal(&storage, apple_settings(&sandbox.base_url()), &base_url, false)
        .await
        .unwrap();
    let owner = owner(&portal).await;
    add_devices(&portal, &organisation).await;
    let uid = sandbox.control().locations()[0].uid.clone();
    let file = sandbox.control().issue_token(&uid).unwrap();
    let token = Tokens::create(&portal, &owner, form(&file, "Harbour"))
        .await
        .unwrap();
    let soak = Soak {
        sandbox,
        folder,
        portal,
        owner,
        uid,
        server,
        base_url,
    };
    let mut running = soak.start();
    until("Apple sends notifications", async || {
        let detail = Tokens::detail(&soak.portal, &soak.owner, &token).await.unwrap();
        matches!(detail.row.sync, SyncState::Completed { .. })
            && matches!(detail.notifications, NotificationState::Active { .. })
    })
    .await;

    let all: Vec<_> = apps(&soak.portal, &soak.owner).await;
    let serials: Vec<String> = organisation
        .devices()
        .map(|device| device.serial_number)
        .collect();
    let ids = all.iter().take(2).map(|app| app.id).collect();
    let operation = assign(&soak.portal, &soak.owner, ids, &serials).await;
    let purchases = tokio::spawn(buy(soak.sandbox.control(), soak.uid.clone()));
    let theirs = tokio::spawn(give_and_take(
        soak.sandbox.base_url(),
        soak.sandbox.control().issue_token(&soak.uid).unwrap(),
        soak.sandbox.control(),
        soak.uid.clone(),
        serials,
    ));
    for killed_after in [2_000, 4_500, 7_000] {
        arrive(&way, killed_after).await;
        drop(running);
        running = soak.start();
    }
    purchases.await.unwrap();
    theirs.await.unwrap();
    let quiet = tokio::time::timeout(Duration::from_secs(300), async {
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        while !way.is_quiet() {
            tick.tick().await;
        }
    });
    quiet.await.unwrap();
    assert!(way.acknowledged() > ALL * 8 / 10, "{}", way.acknowledged());
    until("Pomona has what Apple has", async || soak.is_in_step().await).await;
    let row = Activity::detail(&soak.portal, &soak.owner, &operation)
        .await
        .unwrap();
    assert_eq!((row.state, row.done), (OperationState::Done, row.total));
    drop(running);
}

/// Until Pomona has acknowledged so many; a way that stands still ends the test.
async fn arrive(way: &Way, so_many: usize) {
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    while way.acknowledged() < so_many {
        tick.tick().await;
        assert!(!way.is_quiet(), "only {} came", way.acknowledged());
    }
}

/// Purchases and refunds of all apps.
async fn buy(control: Control, uid: String) {
    let mut random = StdRng::seed_from_u64(1);
    let apps = control.assets(&uid).unwrap();
    for _ in 0..ALL - FOREIGN {
        let app = &apps[random.random_range(0..apps.len())];
        let purchase = Purchase::of(app.adam_id.to_string(), random.random_range(1..4));
        if random.random_bool(0.5) || control.refund(&uid, &purchase).is_err() {
            control.buy(&uid, &purchase).unwrap();
        }
    }
}

/// Another MDM at the same location.
async fn give_and_take(base_url: String, file: String, control: Control, uid: String, serials: Vec<String>) {
    let mut random = StdRng::seed_from_u64(2);
    let other = other_mdm(&base_url, &file);
    let apps = control.assets(&uid).unwrap();
    for _ in 0..FOREIGN {
        // The first two are left to Pomona's own operation.
        let app = asset(&apps[random.random_range(2..apps.len())].adam_id);
        let device = serial(&serials[random.random_range(0..serials.len())]);
        if random.random_bool(0.6) {
            let assets = vec![DeviceAssignableAsset::known(app)];
            other
                .associate(&Association::for_devices(assets, vec![device]))
                .await
                .unwrap();
        } else {
            let assets = vec![RevocableAsset::known(app)];
            let holders = Holders::devices(vec![device]);
            other
                .disassociate(&Disassociation::new(assets, holders))
                .await
                .unwrap();
        }
    }
}
