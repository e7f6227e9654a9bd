//! The server killed with SIGKILL at random moments of a sync and of an assignment of 5,000 pairs: afterwards both sides
//! agree, no pair was sent again after Apple had accepted it, and no act is missing from the ledger.

use crate::stand::{Folder, add_devices, apps, assert_in_step, assign, form, owner, until};
use contract::{
    Caller, TokenId,
    activity::{Activity, OperationState},
    licenses::{Act, LedgerQuery, Licenses},
    tokens::{SyncState, Tokens},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sandbox::{Faults, Limits, Organisation, Sandbox, SandboxSettings};
use server::{
    portal::Portal,
    settings::Storage,
    start::{apple_settings, open_portal},
};
use std::{
    collections::HashMap,
    process::{Child, Command, Stdio},
};

/// One side is killed, the other is not: the stand-in Apple and the test's own view of the database.
struct Scene {
    sandbox: Sandbox,
    folder: Folder,
    portal: Portal,
    owner: Caller,
    uid: String,
    random: StdRng,
}

/// Slow enough to be killed in between, small enough calls that there are many.
fn slow() -> Faults {
    Faults {
        page_size: 50,
        latency_ms: 4,
        event_latency_ms: 40,
        announced_pace: Some(10_000),
        limits: Limits {
            max_assets: 5,
            max_serial_numbers: 25,
            ..Limits::default()
        },
        ..Faults::default()
    }
}

impl Scene {
    async fn new(organisation: Organisation, seed: u64) -> Self {
        let sandbox = Sandbox::start(SandboxSettings {
            faults: slow(),
            ..SandboxSettings::with([organisation.clone()])
        })
        .await
        .unwrap();
        let folder = Folder::new();
        let storage = Storage {
            data: folder.0.clone(),
            database: None,
            key_file: None,
            key: None,
        };
        let settings = apple_settings(&sandbox.base_url());
        let portal = open_portal(&storage, settings, "http://127.0.0.1", false)
            .await
            .unwrap();
        let owner = owner(&portal).await;
        add_devices(&portal, &organisation).await;
        let uid = sandbox.control().locations()[0].uid.clone();
        eprintln!("crash test with seed {seed}");
        Self {
            sandbox,
            folder,
            portal,
            owner,
            uid,
            random: StdRng::seed_from_u64(seed),
        }
    }

    fn server(&self) -> Server {
        let child = Command::new(env!("CARGO_BIN_EXE_pomona"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "error"])
            .args([
                "--first-poll",
                "20",
                "--next-poll",
                "40",
                "--outcome-wait",
                "1200",
                "--first-pause",
                "20",
            ])
            .args(["--lease", "1000", "--apple-url", &self.sandbox.base_url()])
            .arg("--data")
            .arg(&self.folder.0)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Server(child)
    }

    fn calls(&self) -> usize {
        let requests = self.sandbox.control().requests();
        let calls = requests.iter().filter(|call| call.path.starts_with("/mdm/"));
        calls.count()
    }

    /// Starts the server, lets it make a few calls, and kills it.
    async fn run_and_kill(&mut self, calls: std::ops::Range<usize>) {
        let until_call = self.calls() + self.random.random_range(calls);
        let server = self.server();
        until("the server calls Apple", async || self.calls() >= until_call).await;
        drop(server);
    }

    async fn create_token(&self) -> TokenId {
        let file = self.sandbox.control().issue_token(&self.uid).unwrap();
        Tokens::create(&self.portal, &self.owner, form(&file, "Harbour"))
            .await
            .unwrap()
    }

    async fn synced(&self, token: &TokenId) -> bool {
        let detail = Tokens::detail(&self.portal, &self.owner, token).await.unwrap();
        matches!(detail.row.sync, SyncState::Completed { .. })
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

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_killed_again_and_again_ends_in_the_exact_state() {
    let organisation = Organisation {
        apps: 30,
        books: 2,
        devices: 150,
        users: 4,
        assignments: 3000,
        ..Organisation::default()
    };
    let mut scene = Scene::new(organisation, 1).await;
    let token = scene.create_token().await;
    for _ in 0..20 {
        scene.run_and_kill(1..40).await;
        let whole = apps(&scene.portal, &scene.owner).await;
        assert!(
            whole.is_empty() || scene.synced(&token).await,
            "nobody sees half of a sync"
        );
    }
    let _server = scene.server();
    until("the sync ends", async || scene.synced(&token).await).await;
    assert_in_step(&scene.portal, &scene.owner, &scene.sandbox, &scene.uid).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_of_5000_pairs_that_is_killed_again_and_again_is_sent_once_and_written_down() {
    let organisation = Organisation {
        // Some of them run on Macs alone.
        apps: 36,
        devices: 200,
        assignments: 400,
        spare: Some(250),
        ..Organisation::default()
    };
    let serials: Vec<String> = organisation
        .devices()
        .map(|device| device.serial_number)
        .collect();
    let mut scene = Scene::new(organisation, 2).await;
    let token = scene.create_token().await;
    let server = scene.server();
    until("the sync ends", async || scene.synced(&token).await).await;
    drop(server);

    let before = crate::stand::apple_says(&scene.sandbox, &scene.uid).len();
    let assets: Vec<_> = apps(&scene.portal, &scene.owner)
        .await
        .iter()
        .map(|app| app.id)
        .collect();
    let operation = assign(&scene.portal, &scene.owner, assets, &serials).await;
    let total = Activity::detail(&scene.portal, &scene.owner, &operation)
        .await
        .unwrap()
        .total;
    assert!(total >= 5_000, "{total}");
    for _ in 0..22 {
        scene.run_and_kill(1..16).await;
    }
    let _server = scene.server();
    until("the operation ends", async || {
        let row = Activity::detail(&scene.portal, &scene.owner, &operation)
            .await
            .unwrap();
        row.state == OperationState::Done
    })
    .await;

    let row = Activity::detail(&scene.portal, &scene.owner, &operation)
        .await
        .unwrap();
    assert_eq!((row.done, row.failed, row.waiting), (total, 0, 0));
    let after = crate::stand::apple_says(&scene.sandbox, &scene.uid).len();
    assert_eq!(after - before, usize::try_from(total).unwrap());
    assert_in_step(&scene.portal, &scene.owner, &scene.sandbox, &scene.uid).await;
    assert_sent_once(&scene.sandbox);
    assert_in_ledger(&scene, total).await;
}

/// Of every pair Apple has accepted one call.
fn assert_sent_once(sandbox: &Sandbox) {
    let mut accepted: HashMap<(String, String), u32> = HashMap::new();
    let calls = sandbox.control().requests();
    for call in calls
        .iter()
        .filter(|call| call.path.ends_with("/associate") && call.outcome.event_id.is_some())
    {
        for asset in &call.body.assets {
            for serial in &call.body.serial_numbers {
                *accepted.entry((asset.clone(), serial.to_string())).or_default() += 1;
            }
        }
    }
    let twice: Vec<_> = accepted.iter().filter(|(_, times)| **times > 1).take(5).collect();
    assert!(twice.is_empty(), "sent again: {twice:?}");
}

/// Every licence was requested and held, by the ledger.
async fn assert_in_ledger(scene: &Scene, total: i64) {
    let (mut requested, mut held) = (0, 0);
    let mut query = LedgerQuery::default();
    query.page.rows = Some(100);
    loop {
        let page = Licenses::ledger(&scene.portal, &scene.owner, query.clone())
            .await
            .unwrap();
        requested += page.rows.iter().filter(|line| line.act == Act::Requested).count();
        held += page.rows.iter().filter(|line| line.act == Act::Held).count();
        match page.next {
            Some(next) => query.page.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(i64::try_from(held).unwrap(), total);
    // A call whose answer was lost was accepted without our hearing of it: it is held without having been requested.
    assert!(requested <= held);
}
