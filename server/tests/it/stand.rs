//! A portal and a stand-in Apple for one test, and what both say.

use crate::database::{Raw, Schema, on_postgres};
use apple::{Pace, RetryBounds};
use contract::{
    AccountId, AssetId, Caller, DeviceId, OperationId, PageQuery, Role, TokenId,
    activity::{Activity, OperationRow, OperationState},
    assignments::{Assignments, DeviceSelection, PlanRequest},
    catalog::{AssetQuery, AssetRow, Catalog},
    devices::DeviceForm,
    licenses::{Holder, LicenseQuery, LicenseState, Licenses},
    tokens::{AccountType, CreateToken, SyncState, TokenQuery, TokenRow, Tokens},
};
use sandbox::{Faults, Organisation, Sandbox, SandboxSettings};
use server::{
    clock::new_id,
    engine::EngineSettings,
    portal::Portal,
    settings::Storage,
    start::{Running, Start, apple_settings, start},
};
use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use store::{accounts::Account, devices::Import};

/// A licence as both sides name it: `adamId`, kind and holder.
pub type Pair = (String, String);

/// A folder that is gone with the test, and a schema where the tests run on PostgreSQL.
pub struct Folder(pub PathBuf, Option<Schema>);

impl Folder {
    pub fn new() -> Self {
        let id = new_id(server::clock::Clock::now(&server::clock::SystemClock));
        let folder = std::env::temp_dir().join(format!("pomona-{id}"));
        std::fs::create_dir_all(&folder).unwrap();
        let schema = on_postgres().then(|| Schema::new(&id).expect("POMONA_TEST_POSTGRES_URL is needed"));
        Self(folder, schema)
    }

    pub async fn raw(&self) -> Raw {
        Raw::open(&self.0, self.1.as_ref()).await
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

pub struct Stand {
    pub sandbox: Sandbox,
    pub folder: Folder,
    pub running: Running,
    pub portal: Portal,
    pub owner: Caller,
    pub organisation: Organisation,
}

/// The machine's clock, put forward by so many milliseconds.
#[derive(Debug, Default)]
pub struct Ahead(AtomicI64);

impl Ahead {
    pub fn by(&self, millis: i64) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl server::clock::Clock for Ahead {
    fn now(&self) -> contract::UnixMillis {
        server::clock::SystemClock.now() + self.0.load(Ordering::SeqCst)
    }
}

/// Warnings go where the test's own output goes.
pub fn log() {
    let log = tracing_subscriber::fmt()
        .with_env_filter("warn")
        .with_test_writer()
        .try_init();
    // Set by whichever test came first.
    drop(log);
}

/// Quick against a stand-in on the same machine.
pub fn engine() -> EngineSettings {
    EngineSettings {
        first_poll: Duration::from_millis(20),
        next_poll: Duration::from_millis(50),
        outcome_wait: Duration::from_millis(1500),
        first_pause: Duration::from_millis(20),
        lease: Duration::from_secs(3),
        tell: Duration::from_millis(50),
        attempts: 30,
        ..EngineSettings::default()
    }
}

pub fn settings(sandbox: &Sandbox, folder: &Folder) -> Start {
    let mut apple = apple_settings(&sandbox.base_url());
    apple.pace = Pace::Off;
    apple.retry = RetryBounds {
        first_delay: Duration::from_millis(5),
        max_delay: Duration::from_millis(100),
        ..RetryBounds::default()
    };
    Start {
        storage: Storage {
            data: folder.0.clone(),
            database: folder.1.as_ref().map(Schema::url),
            key_file: None,
            key: None,
        },
        listen: "127.0.0.1:0".parse().unwrap(),
        base_url: None,
        behind_proxy: false,
        apple,
        engine: engine(),
        clock: Arc::new(server::clock::SystemClock),
        mail: None,
        demo: false,
    }
}

/// Apple answers and works a little later, as it does.
pub fn usual() -> Faults {
    Faults {
        event_latency_ms: 30,
        page_size: 100,
        ..Faults::default()
    }
}

impl Stand {
    pub async fn start(organisation: Organisation) -> Self {
        Self::start_with(organisation, usual()).await
    }

    pub async fn start_with(organisation: Organisation, faults: Faults) -> Self {
        Self::start_as(organisation, faults, engine()).await
    }

    pub async fn start_as(organisation: Organisation, faults: Faults, engine: EngineSettings) -> Self {
        Self::start_at(organisation, faults, engine, None).await
    }

    /// Ends the server and starts it again, with the same data and that clock.
    pub async fn restart(self, clock: server::clock::SharedClock) -> Self {
        self.restart_with(clock, None).await
    }

    /// The same, with mail set up or not.
    pub async fn restart_with(
        self,
        clock: server::clock::SharedClock,
        mail: Option<server::mail::MailSettings>,
    ) -> Self {
        self.restart_so(|start| Start { clock, mail, ..start }).await
    }

    /// The same, with other settings.
    pub async fn restart_so(self, more: impl FnOnce(Start) -> Start) -> Self {
        self.running.stop().await;
        let running = start(more(settings(&self.sandbox, &self.folder))).await.unwrap();
        Self {
            portal: running.portal.clone(),
            running,
            ..self
        }
    }

    /// With an address for people, and for Apple's notifications.
    pub async fn start_at(
        organisation: Organisation,
        faults: Faults,
        engine: EngineSettings,
        base_url: Option<&str>,
    ) -> Self {
        let base_url = base_url.map(str::to_owned);
        let more = |start| Start {
            engine,
            base_url,
            ..start
        };
        Self::start_so(organisation, faults, more).await
    }

    /// With other settings.
    pub async fn start_so(
        organisation: Organisation,
        faults: Faults,
        more: impl FnOnce(Start) -> Start,
    ) -> Self {
        log();
        let sandbox = Sandbox::start(SandboxSettings {
            faults,
            ..SandboxSettings::with([organisation.clone()])
        })
        .await
        .unwrap();
        let folder = Folder::new();
        let running = start(more(settings(&sandbox, &folder))).await.unwrap();
        let portal = running.portal.clone();
        let owner = owner(&portal).await;
        add_devices(&portal, &organisation).await;
        Self {
            sandbox,
            folder,
            portal,
            owner,
            running,
            organisation,
        }
    }

    /// The first location's uId.
    pub fn uid(&self) -> String {
        self.sandbox.control().locations()[0].uid.clone()
    }

    /// A fresh token file of the first location.
    pub fn token_file(&self) -> String {
        self.sandbox.control().issue_token(&self.uid()).unwrap()
    }

    /// Creates the token and waits for its first sync.
    pub async fn create_token(&self) -> TokenId {
        let id = Tokens::create(&self.portal, &self.owner, form(&self.token_file(), "Harbour"))
            .await
            .unwrap();
        self.synced(&id).await;
        id
    }

    /// Waits until the token's sync is through.
    pub async fn synced(&self, id: &TokenId) {
        until("the sync ends", async || {
            let detail = Tokens::detail(&self.portal, &self.owner, id).await.unwrap();
            match detail.row.sync {
                SyncState::Completed { .. } => true,
                SyncState::Failed { fault, .. } => panic!("the sync failed: {fault}"),
                _ => false,
            }
        })
        .await;
    }

    pub async fn token(&self) -> TokenRow {
        Tokens::list(&self.portal, &self.owner, TokenQuery::default())
            .await
            .unwrap()
            .rows
            .remove(0)
    }

    pub async fn apps(&self) -> Vec<AssetRow> {
        apps(&self.portal, &self.owner).await
    }

    /// Plans and applies.
    pub async fn assign(&self, assets: Vec<AssetId>, serials: &[String]) -> OperationId {
        assign(&self.portal, &self.owner, assets, serials).await
    }

    /// Waits until the operation is through.
    pub async fn done(&self, id: &OperationId) -> OperationRow {
        until("the operation ends", async || {
            Activity::detail(&self.portal, &self.owner, id)
                .await
                .unwrap()
                .state
                == OperationState::Done
        })
        .await;
        Activity::detail(&self.portal, &self.owner, id).await.unwrap()
    }

    /// Waits until a sync has put right what changed while another one was reading.
    pub async fn comes_in_step(&self) {
        until("Pomona says what Apple says", async || {
            difference(&self.portal, &self.owner, &self.sandbox, &self.uid())
                .await
                .is_none()
        })
        .await;
    }

    /// Both sides agree on who has what.
    pub async fn assert_in_step(&self) {
        assert_in_step(&self.portal, &self.owner, &self.sandbox, &self.uid()).await;
    }

    pub fn serials(&self) -> Vec<String> {
        self.organisation
            .devices()
            .map(|device| device.serial_number)
            .collect()
    }
}

pub fn form(file: &str, name: &str) -> CreateToken {
    CreateToken {
        file: file.to_owned(),
        name: name.to_owned(),
        apple_account: "it@harbour.example".into(),
        take_control: false,
        take_control_from: String::new(),
        keep_duplicate: false,
        country: String::new(),
        account_type: AccountType::Education,
        automatic_updates: true,
        consent: true,
    }
}

/// Of every account of a test.
pub const PASSWORD: &str = "plum orchard at dusk";

/// An owner made without a link.
pub async fn owner(portal: &Portal) -> Caller {
    account(portal, "ada@harbour.example".into(), Role::Owner).await
}

/// An account made without a link, with [`PASSWORD`].
pub async fn account(portal: &Portal, email: String, role: Role) -> Caller {
    let caller = Caller {
        id: AccountId(new_id(portal.clock.now())),
        name: "Ada".into(),
        email,
        role,
    };
    let account = Account {
        id: caller.id.clone(),
        name: caller.name.clone(),
        email: caller.email.clone(),
        role: caller.role,
        password: Some(portal.passwords.hash(PASSWORD).await.unwrap()),
        disabled: false,
    };
    portal
        .db
        .insert_account(&account, portal.clock.now())
        .await
        .unwrap();
    caller
}

pub async fn add_devices(portal: &Portal, organisation: &Organisation) {
    let now = portal.clock.now();
    let devices: Vec<_> = organisation
        .devices()
        .map(|device| {
            let form = DeviceForm {
                name: device.name,
                serial: device.serial_number,
                ..DeviceForm::default()
            };
            (DeviceId(new_id(now)), form)
        })
        .collect();
    portal
        .db
        .import_devices(&devices, now, Import::Write)
        .await
        .unwrap();
}

pub async fn apps(portal: &Portal, caller: &Caller) -> Vec<AssetRow> {
    let query = AssetQuery {
        page: PageQuery {
            rows: Some(100),
            ..PageQuery::default()
        },
        ..AssetQuery::default()
    };
    Catalog::list(portal, caller, query).await.unwrap().rows
}

pub async fn assign(
    portal: &Portal,
    caller: &Caller,
    assets: Vec<AssetId>,
    serials: &[String],
) -> OperationId {
    let devices = DeviceSelection::Pasted {
        text: serials.join("\n"),
    };
    let request = PlanRequest { assets, devices };
    loop {
        let plan = Assignments::plan(portal, caller, request.clone()).await.unwrap();
        match Assignments::apply(portal, caller, &plan).await {
            Ok(operation) => return operation,
            // Something else moved in between: a person plans again.
            Err(fault) => assert_eq!(fault.code, contract::Code::PlanLapsed),
        }
    }
}

/// Everything that Pomona takes to be at Apple.
pub async fn pomona_says(portal: &Portal, caller: &Caller) -> BTreeSet<Pair> {
    let mut pairs = BTreeSet::new();
    let assets: std::collections::HashMap<AssetId, String> = {
        let mut assets = std::collections::HashMap::new();
        for product in [
            contract::catalog::ProductType::App,
            contract::catalog::ProductType::Book,
        ] {
            let mut query = AssetQuery {
                product,
                ..AssetQuery::default()
            };
            query.page.rows = Some(100);
            loop {
                let page = Catalog::list(portal, caller, query.clone()).await.unwrap();
                for row in &page.rows {
                    let detail = Catalog::detail(portal, caller, row.id).await.unwrap();
                    assets.insert(row.id, detail.adam_id);
                }
                match page.next {
                    Some(next) => query.page.cursor = Some(next),
                    None => break,
                }
            }
        }
        assets
    };
    let mut query = LicenseQuery::default();
    query.page.rows = Some(100);
    loop {
        let page = Licenses::list(portal, caller, query.clone()).await.unwrap();
        for row in page.rows {
            if matches!(row.state, LicenseState::Held | LicenseState::Releasing) {
                pairs.insert((assets[&row.asset].clone(), holder(&row.holder)));
            }
        }
        match page.next {
            Some(next) => query.page.cursor = Some(next),
            None => return pairs,
        }
    }
}

fn holder(holder: &Holder) -> String {
    match holder {
        Holder::Device(serial) => format!("device {serial}"),
        Holder::User(user) => format!("user {user}"),
    }
}

/// Everything that the stand-in has.
pub fn apple_says(sandbox: &Sandbox, uid: &str) -> BTreeSet<Pair> {
    let state = sandbox.control().state(uid).unwrap();
    let pair = |assignment: &sandbox::AssignmentState| {
        let holder = match (&assignment.serial_number, &assignment.client_user_id) {
            (Some(serial), _) => format!("device {serial}"),
            (None, Some(user)) => format!("user {user}"),
            (None, None) => panic!("nobody holds it"),
        };
        (assignment.adam_id.to_string(), holder)
    };
    state.assignments.iter().map(pair).collect()
}

pub async fn assert_in_step(portal: &Portal, caller: &Caller, sandbox: &Sandbox, uid: &str) {
    assert_eq!(difference(portal, caller, sandbox, uid).await, None);
}

/// What differs between Pomona and Apple.
async fn difference(portal: &Portal, caller: &Caller, sandbox: &Sandbox, uid: &str) -> Option<String> {
    let (ours, theirs) = (pomona_says(portal, caller).await, apple_says(sandbox, uid));
    let only_ours: Vec<_> = ours.difference(&theirs).take(5).collect();
    let only_theirs: Vec<_> = theirs.difference(&ours).take(5).collect();
    if !only_ours.is_empty() || !only_theirs.is_empty() {
        return Some(format!(
            "Pomona has {}, Apple {}; only Pomona: {only_ours:?}; only Apple: {only_theirs:?}",
            ours.len(),
            theirs.len()
        ));
    }
    let counts: Vec<_> = apps(portal, caller)
        .await
        .iter()
        .map(|app| (app.counts.used, app.counts.available))
        .collect();
    let mut theirs: Vec<_> = sandbox
        .control()
        .assets(uid)
        .unwrap()
        .iter()
        .filter(|asset| !asset.unlimited && asset.product_type == sandbox::ProductType::App)
        .map(|asset| (i64::from(asset.assigned_count), i64::from(asset.available_count)))
        .collect();
    let mut ours: Vec<_> = apps(portal, caller)
        .await
        .iter()
        .filter(|app| !app.unlimited)
        .map(|app| (app.counts.used, app.counts.available))
        .collect();
    theirs.sort_unstable();
    ours.sort_unstable();
    let differ = counts.len() < 100 && ours != theirs;
    differ.then(|| format!("counts differ: {ours:?} {theirs:?}"))
}

/// How long a test waits for something that should come.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until the condition holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let wait = async {
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        loop {
            tick.tick().await;
            if holds().await {
                return;
            }
        }
    };
    if tokio::time::timeout(PATIENCE, wait).await.is_err() {
        panic!("in vain: {what}");
    }
}
