//! Apple's notifications (S4): asked for, taken in, and what they change; and the checks that find what they missed.

use crate::{
    main_job::{app_with, without},
    stand::{PATIENCE, Stand, apple_says, engine, form, pomona_says, settings, until, usual},
};
use apple::{
    Apple, Association, ClientConfig, DeviceAssignableAsset, Disassociation, Holders, LocationClient, Pace,
    RevocableAsset, Serial, TokenFile,
};
use contract::{
    OperationId, TokenId,
    activity::{Activity, ItemQuery, OperationState},
    catalog::{AssetRow, Catalog},
    licenses::{Act, LedgerQuery, Licenses, Origin},
    live::LiveEvent,
    tokens::{NotificationState, TokenState, Tokens},
};
use sandbox::{AssetKey, Faults, MdmInfo, Organisation, PricingParam, Product, Purchase};
use secrecy::ExposeSecret;
use server::{
    engine::EngineSettings,
    start::{Start, apple_settings, start},
};
use std::time::Duration;

pub fn organisation() -> Organisation {
    Organisation {
        apps: 8,
        books: 1,
        devices: 60,
        users: 2,
        assignments: 120,
        spare: Some(30),
        ..Organisation::default()
    }
}

/// Never asks by itself how far a job is.
fn patient() -> EngineSettings {
    EngineSettings {
        first_poll: Duration::from_secs(600),
        next_poll: Duration::from_secs(600),
        ..engine()
    }
}

/// Compares soon and often.
pub fn watchful() -> EngineSettings {
    EngineSettings {
        check: Duration::from_millis(150),
        settle: Duration::from_millis(50),
        ..engine()
    }
}

/// Another manager of the same location, with a token of its own.
pub fn other_mdm(base_url: &str, file: &str) -> LocationClient {
    let mut settings = apple_settings(base_url);
    settings.pace = Pace::Off;
    let file = TokenFile::parse(file).unwrap();
    Apple::new(settings).unwrap().location(file.server_token, "other")
}

pub fn asset(adam_id: &str) -> apple::AssetId {
    apple::AssetId::standard(apple::AdamId::new(adam_id).unwrap())
}

pub fn serial(text: &str) -> Serial {
    Serial::new(text).unwrap()
}

async fn state(stand: &Stand, id: &TokenId) -> NotificationState {
    Tokens::detail(&stand.portal, &stand.owner, id)
        .await
        .unwrap()
        .notifications
}

pub async fn active(stand: &Stand, id: &TokenId) {
    until("Apple sends notifications", async || {
        matches!(state(stand, id).await, NotificationState::Active { .. })
    })
    .await;
}

pub async fn config(stand: &Stand) -> ClientConfig {
    let client = other_mdm(&stand.sandbox.base_url(), &stand.token_file());
    client.client_config().await.unwrap().body
}

pub async fn adam_id(stand: &Stand, app: &AssetRow) -> String {
    Catalog::detail(&stand.portal, &stand.owner, app.id)
        .await
        .unwrap()
        .adam_id
}

pub fn requests(stand: &Stand, method: &str, path: &str) -> usize {
    let requests = stand.sandbox.control().requests();
    requests
        .iter()
        .filter(|request| request.method == method && request.path.ends_with(path))
        .count()
}

/// How many calls Apple has had, without the look-ups in the store.
fn apple_asked(stand: &Stand) -> usize {
    let requests = stand.sandbox.control().requests();
    requests
        .iter()
        .filter(|request| request.path.starts_with("/mdm/"))
        .count()
}

/// Both sides have the same licences and counts.
async fn in_step(stand: &Stand) -> bool {
    let ours: Vec<_> = counts(stand).await;
    let mut theirs: Vec<_> = stand
        .sandbox
        .control()
        .assets(&stand.uid())
        .unwrap()
        .iter()
        .filter(|asset| asset.product_type == sandbox::ProductType::App && !asset.unlimited)
        .map(|asset| {
            (
                asset.adam_id.to_string(),
                i64::from(asset.assigned_count),
                i64::from(asset.available_count),
                i64::from(asset.total_count),
            )
        })
        .collect();
    theirs.sort_unstable();
    ours == theirs
        && pomona_says(&stand.portal, &stand.owner).await == apple_says(&stand.sandbox, &stand.uid())
}

async fn counts(stand: &Stand) -> Vec<(String, i64, i64, i64)> {
    let mut counts = Vec::new();
    for app in stand.apps().await {
        if !app.unlimited {
            let adam_id = adam_id(stand, &app).await;
            counts.push((adam_id, app.counts.used, app.counts.available, app.counts.total));
        }
    }
    counts.sort_unstable();
    counts
}

#[tokio::test(flavor = "multi_thread")]
async fn apple_is_asked_for_notifications_once_and_tries_the_address_first() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    let config = config(&stand).await;
    let location = stand.token().await.location;
    assert_eq!(
        config.notification_url,
        Some(format!("{}/apple/notifications/{location}", stand.running.origin))
    );
    let mut types: Vec<_> = config
        .notification_types
        .iter()
        .map(|kind| kind.as_str())
        .collect();
    types.sort_unstable();
    assert_eq!(
        types,
        [
            "ASSET_COUNT",
            "ASSET_MANAGEMENT",
            "USER_ASSOCIATED",
            "USER_MANAGEMENT"
        ]
    );
    let asked = requests(&stand, "POST", "/client/config");
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    stand.synced(&id).await;
    assert_eq!(
        requests(&stand, "POST", "/client/config"),
        asked,
        "not asked for again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_address_that_apple_can_reach_pomona_asks_by_itself_and_says_so() {
    let address = Some("http://pomona.example");
    let stand = Stand::start_at(organisation(), usual(), watchful(), address).await;
    let id = stand.create_token().await;
    assert_eq!(state(&stand, &id).await, NotificationState::Off);
    assert_eq!(config(&stand).await.notification_url, None);
    let app = app_with(&stand, 5).await;
    let serials = &without(&stand, &app).await[..5];
    let operation = stand.assign(vec![app.id], serials).await;
    assert_eq!(stand.done(&operation).await.done, 5);
    let purchase = Purchase::of(adam_id(&stand, &app).await, 9);
    stand.sandbox.control().buy(&stand.uid(), &purchase).unwrap();
    until("a check finds the purchase", async || in_step(&stand).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_address_leaves_asking_alone_and_another_one_is_told_to_apple_at_once() {
    let nobody = Some("http://127.0.0.1:1");
    let stand = Stand::start_at(organisation(), usual(), engine(), nobody).await;
    let id = stand.create_token().await;
    let NotificationState::Refused { fault } = state(&stand, &id).await else {
        panic!("not refused");
    };
    assert_eq!(fault.apple.unwrap().number, 9728);
    assert_eq!(stand.token().await.state, TokenState::Valid);
    let app = app_with(&stand, 5).await;
    let serials = &without(&stand, &app).await[..5];
    let operation = stand.assign(vec![app.id], serials).await;
    assert_eq!(stand.done(&operation).await.done, 5);

    let Stand {
        sandbox,
        folder,
        running,
        owner,
        organisation,
        ..
    } = stand;
    running.stop().await;
    let running = start(Start {
        engine: engine(),
        ..settings(&sandbox, &folder)
    })
    .await
    .unwrap();
    let stand = Stand {
        portal: running.portal.clone(),
        sandbox,
        folder,
        running,
        owner,
        organisation,
    };
    active(&stand, &id).await;
    let url = config(&stand).await.notification_url.unwrap();
    assert!(url.starts_with(&stand.running.origin), "{url}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_mdm_that_takes_over_is_left_its_address_and_the_secret_is_forgotten() {
    let stand = Stand::start_as(organisation(), usual(), watchful()).await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    let before = config(&stand).await;
    let asked = requests(&stand, "POST", "/client/config");
    let other = MdmInfo {
        id: "contoso".into(),
        name: "Contoso MDM".into(),
        metadata: "contoso.example".into(),
    };
    stand.sandbox.control().claim(&stand.uid(), Some(other)).unwrap();
    until("the loss is seen", async || {
        stand.token().await.state != TokenState::Valid
            && state(&stand, &id).await == NotificationState::Waiting
    })
    .await;
    assert_eq!(requests(&stand, "POST", "/client/config"), asked);
    let url = before.notification_url.unwrap();
    let secret = before.notification_auth_token.unwrap();
    let status = post(&url, Some(secret.expose_secret()), "{}").await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_location_stays_ours_and_tells_even_if_apple_forgets_what_a_call_leaves_out() {
    let forgetful = Faults {
        client_config_replaces: true,
        ..usual()
    };
    let stand = Stand::start_with(organisation(), forgetful).await;
    let id = stand.create_token().await;
    let control = stand.sandbox.control();
    let ours = async || {
        active(&stand, &id).await;
        let owner = control.summary(&stand.uid()).unwrap().mdm_info;
        assert_eq!(owner.unwrap().id, stand.portal.identity.id);
        assert_eq!(stand.token().await.state, TokenState::Valid);
        let url = config(&stand).await.notification_url.unwrap();
        assert!(url.starts_with(&stand.running.origin), "{url}");
    };
    let synced_again = async || {
        Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
        stand.synced(&id).await;
        ours().await;
    };
    ours().await;
    synced_again().await;
    let app = app_with(&stand, 1).await;
    let total = async || {
        let apps = stand.apps().await;
        apps.iter().find(|row| row.id == app.id).unwrap().counts.total
    };
    let bought = Purchase::of(adam_id(&stand, &app).await, 4);
    control.buy(&stand.uid(), &bought).unwrap();
    until("the purchase is told", async || {
        total().await == app.counts.total + 4
    })
    .await;

    // Nobody has it: a newer file claims it, and what was subscribed goes along.
    control.claim(&stand.uid(), None).unwrap();
    Tokens::renew(&stand.portal, &stand.owner, &id, &stand.token_file())
        .await
        .unwrap();
    ours().await;
    synced_again().await;

    // Another MDM has it: taken back with nothing of what that one could read, and subscribed anew.
    let other = MdmInfo {
        id: "contoso".into(),
        name: "Contoso MDM".into(),
        metadata: "contoso.example".into(),
    };
    control.claim(&stand.uid(), Some(other)).unwrap();
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    until("the loss is seen", async || {
        stand.token().await.state != TokenState::Valid
            && state(&stand, &id).await == NotificationState::Waiting
    })
    .await;
    // While a sync runs no other is queued.
    stand.synced(&id).await;
    Tokens::take_control(&stand.portal, &stand.owner, &id, "Contoso MDM")
        .await
        .unwrap();
    until("it is ours", async || {
        stand.token().await.state == TokenState::Valid
    })
    .await;
    ours().await;
    synced_again().await;
    control.buy(&stand.uid(), &bought).unwrap();
    until("the purchase is told", async || {
        total().await == app.counts.total + 8
    })
    .await;
}

/// The status of the answer.
pub async fn post(url: &str, bearer: Option<&str>, body: impl Into<reqwest::Body>) -> u16 {
    #[expect(clippy::disallowed_methods, reason = "the test is a client of its own")]
    let mut request = reqwest::Client::new()
        .post(url)
        .header("Content-Type", "application/json")
        .body(body);
    if let Some(bearer) = bearer {
        request = request.bearer_auth(bearer);
    }
    let answer = request.send().await.unwrap();
    assert!(answer.headers().get("set-cookie").is_none());
    answer.status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_answered_with_its_status_and_changes_nothing() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    let app = app_with(&stand, 1).await;
    let config = config(&stand).await;
    let url = config.notification_url.unwrap();
    let secret = config.notification_auth_token.unwrap();
    let secret = Some(secret.expose_secret());
    let adam_id = adam_id(&stand, &app).await;
    let bought = |id: &str, uid: &str, kind: &str| {
        format!(
            r#"{{"notification":{{"adamId":"{adam_id}","countDelta":3,"pricingParam":"STDQ"}},"notificationId":"{id}","notificationType":"{kind}","uId":"{uid}"}}"#
        )
    };
    let uid = stand.uid();
    let good = bought("a", &uid, "ASSET_COUNT");
    assert_eq!(post(&url, None, good.clone()).await, 401);
    assert_eq!(post(&url, Some("wrong"), good.clone()).await, 401);
    assert_eq!(post(&format!("{url}x"), secret, good.clone()).await, 404);
    assert_eq!(post(&url, secret, "{\"notificationId\":").await, 400);
    assert_eq!(post(&url, secret, vec![b'x'; 10 << 20]).await, 413);
    assert_eq!(post(&url, secret, bought("a", "1", "ASSET_COUNT")).await, 200);
    assert_eq!(
        post(&url, secret, bought("a", &uid, "SUBSCRIPTION_COUNT")).await,
        200
    );
    // Then a right one, twice: it is taken up once, and nothing of the above was.
    assert_eq!(post(&url, secret, good.clone()).await, 200);
    assert_eq!(post(&url, secret, good).await, 200);
    let total = async || {
        let apps = stand.apps().await;
        apps.iter().find(|row| row.id == app.id).unwrap().counts.total
    };
    until("it is taken up", async || total().await != app.counts.total).await;
    assert_eq!(total().await, app.counts.total + 3);
    let taken = async || matches!(state(&stand, &id).await, NotificationState::Active { last_received, .. } if last_received.is_some());
    assert!(taken().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_shows_on_open_pages_without_a_question() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    let app = app_with(&stand, 4).await;
    let adam_id = adam_id(&stand, &app).await;
    let mut live = stand.portal.live.listen();
    let asked = apple_asked(&stand);
    let control = stand.sandbox.control();
    control
        .buy(&stand.uid(), &Purchase::of(adam_id.clone(), 7))
        .unwrap();
    control.refund(&stand.uid(), &Purchase::of(adam_id, 3)).unwrap();
    let told = async {
        loop {
            if let LiveEvent::Counts { asset, counts } = live.recv().await.unwrap()
                && asset == app.id
                && counts.total == app.counts.total + 4
            {
                return counts;
            }
        }
    };
    let counts = tokio::time::timeout(PATIENCE, told).await.unwrap();
    assert_eq!(
        (counts.available, counts.used),
        (app.counts.available + 4, app.counts.used)
    );
    assert_eq!(apple_asked(&stand), asked, "Apple was not asked");
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_new_here_is_read_alone_and_described() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    let control = stand.sandbox.control();
    let bought = new_app(&stand);
    let syncs = requests(&stand, "GET", "/assignments");
    control
        .buy(&stand.uid(), &Purchase::of(bought.adam_id.to_string(), 12))
        .unwrap();
    until("the app is here", async || {
        let apps = stand.apps().await;
        apps.iter()
            .any(|app| app.name == "Orchard Survey" && app.counts.total == 12)
    })
    .await;
    assert_eq!(
        requests(&stand, "GET", "/assignments"),
        syncs,
        "no sync was needed"
    );
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_confirmed_by_notifications_alone() {
    let stand = Stand::start_as(organisation(), usual(), patient()).await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    let app = app_with(&stand, 30).await;
    let serials: Vec<_> = without(&stand, &app).await.into_iter().take(30).collect();
    let operation = stand.assign(vec![app.id], &serials).await;
    let row = stand.done(&operation).await;
    assert_eq!((row.done, row.failed), (30, 0));
    assert_eq!(requests(&stand, "GET", "/status"), 0, "Apple was not asked");
    stand.assert_in_step().await;
    let held = ledger(&stand, Act::Held).await;
    assert_eq!(held.len(), 30);
    assert!(held.iter().all(Option::is_some), "each names Apple's event");
}

/// Apple's events of all acts of this kind.
async fn ledger(stand: &Stand, act: Act) -> Vec<Option<String>> {
    let mut query = LedgerQuery::default();
    query.page.rows = Some(100);
    let rows = Licenses::ledger(&stand.portal, &stand.owner, query)
        .await
        .unwrap()
        .rows;
    rows.into_iter()
        .filter(|line| line.act == act)
        .map(|line| line.event)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_at_apple_is_told_pair_by_pair_with_apples_number_and_words() {
    let failing = Faults {
        event_error: Some(9635),
        ..usual()
    };
    let stand = Stand::start_as(organisation(), usual(), patient()).await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    stand.sandbox.control().set_faults(failing);
    let app = app_with(&stand, 8).await;
    let serials: Vec<_> = without(&stand, &app).await.into_iter().take(8).collect();
    let operation = stand.assign(vec![app.id], &serials).await;
    let row = stand.done(&operation).await;
    assert_eq!((row.done, row.failed), (0, 8));
    let items = Activity::items(&stand.portal, &stand.owner, &operation, ItemQuery::default())
        .await
        .unwrap()
        .rows;
    for item in items {
        let error = item.error.unwrap();
        assert_eq!(error.number, 9635);
        assert!(!error.message.is_empty());
    }
    assert_eq!(ledger(&stand, Act::Failed).await.len(), 8);
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_notifications_leave_it_to_the_status_and_to_checks() {
    let stand = Stand::start_as(
        organisation(),
        Faults {
            lost_notifications: 1.0,
            ..usual()
        },
        watchful(),
    )
    .await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    let app = app_with(&stand, 10).await;
    let serials: Vec<_> = without(&stand, &app).await.into_iter().take(10).collect();
    let operation: OperationId = stand.assign(vec![app.id], &serials).await;
    assert_eq!(stand.done(&operation).await.done, 10);
    assert!(requests(&stand, "GET", "/status") > 0);
    let purchase = Purchase::of(adam_id(&stand, &app).await, 9);
    stand.sandbox.control().buy(&stand.uid(), &purchase).unwrap();
    until("a check finds it", async || in_step(&stand).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_mdm_gives_and_takes_is_recorded_from_its_notifications() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    active(&stand, &id).await;
    let app = app_with(&stand, 3).await;
    let serials: Vec<_> = without(&stand, &app).await.into_iter().take(3).collect();
    let adam_id = adam_id(&stand, &app).await;
    let other = other_mdm(&stand.sandbox.base_url(), &stand.token_file());
    let given = Association::for_devices(
        vec![DeviceAssignableAsset::known(asset(&adam_id))],
        serials.iter().map(|text| serial(text)).collect(),
    );
    other.associate(&given).await.unwrap();
    until("they are here", async || {
        ledger(&stand, Act::Found).await.len() == 3
    })
    .await;
    assert!(in_step(&stand).await);
    let query = contract::licenses::LicenseQuery {
        holder: serials[0].clone(),
        ..Default::default()
    };
    let rows = Licenses::list(&stand.portal, &stand.owner, query)
        .await
        .unwrap()
        .rows;
    assert!(
        rows.iter()
            .any(|row| row.asset == app.id && row.origin == Origin::Unknown)
    );

    let taken = Disassociation::new(
        vec![RevocableAsset::known(asset(&adam_id))],
        Holders::devices(vec![serial(&serials[1])]),
    );
    other.disassociate(&taken).await.unwrap();
    until("it is gone", async || ledger(&stand, Act::Gone).await.len() == 1).await;
    assert!(in_step(&stand).await);
    assert_eq!(requests(&stand, "GET", "/status"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_finds_holders_that_were_exchanged_although_the_counts_are_the_same() {
    let stand = Stand::start_as(organisation(), usual(), watchful()).await;
    stand.create_token().await;
    let apps = stand.apps().await;
    let theirs = apple_says(&stand.sandbox, &stand.uid());
    let mut chosen = None;
    for app in apps {
        let adam_id = adam_id(&stand, &app).await;
        let held = theirs.iter().find_map(|(of, holder)| {
            let serial = holder.strip_prefix("device ")?;
            (*of == adam_id).then(|| serial.to_owned())
        });
        if let Some(held) = held
            && !app.unlimited
            && app.counts.available > 0
        {
            chosen = Some((app, adam_id, held));
        }
    }
    let (app, adam_id, held) = chosen.unwrap();
    let free = without(&stand, &app).await.remove(0);
    let key = AssetKey {
        adam_id: adam_id.as_str().into(),
        pricing_param: PricingParam::Stdq,
    };
    let syncs = syncs(&stand).await;
    let control = stand.sandbox.control();
    control.release_outside(&stand.uid(), &key, &[held]).unwrap();
    control.assign_outside(&stand.uid(), &key, &[free]).unwrap();
    until("a check finds it", async || in_step(&stand).await).await;
    assert_eq!(self::syncs(&stand).await, syncs, "without a sync");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_reads_one_new_app_alone_however_many_have_it() {
    let faults = Faults {
        lost_notifications: 1.0,
        ..usual()
    };
    let stand = Stand::start_as(organisation(), faults, watchful()).await;
    stand.create_token().await;
    let syncs = syncs(&stand).await;
    let control = stand.sandbox.control();
    let bought = new_app(&stand);
    let serials: Vec<_> = (0..150).map(|number| format!("C0NEW{number:05}")).collect();
    control
        .buy(&stand.uid(), &Purchase::of(bought.adam_id.to_string(), 200))
        .unwrap();
    control.assign_outside(&stand.uid(), &bought, &serials).unwrap();
    until("a check finds it", async || in_step(&stand).await).await;
    assert_eq!(self::syncs(&stand).await, syncs, "without a sync");
}

/// An app of Apple's that nobody has bought yet.
pub fn new_app(stand: &Stand) -> AssetKey {
    let control = stand.sandbox.control();
    let known = control.assets(&stand.uid()).unwrap();
    let product = control.product(&known[0].adam_id).unwrap();
    control
        .put_product(Product {
            adam_id: "999000111".into(),
            name: "Orchard Survey".into(),
            ..(*product).clone()
        })
        .unwrap();
    AssetKey {
        adam_id: "999000111".into(),
        pricing_param: PricingParam::Stdq,
    }
}

async fn syncs(stand: &Stand) -> usize {
    let id = stand.token().await.id;
    Tokens::syncs(&stand.portal, &stand.owner, &id)
        .await
        .unwrap()
        .len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_of_what_has_not_changed_is_three_small_questions() {
    let stand = Stand::start_as(organisation(), usual(), watchful()).await;
    let file = stand.token_file();
    let id = Tokens::create(&stand.portal, &stand.owner, form(&file, "Harbour"))
        .await
        .unwrap();
    stand.synced(&id).await;
    active(&stand, &id).await;
    stand.sandbox.control().reset_requests();
    until("it was checked", async || {
        requests(&stand, "GET", "/assignments") >= 3
    })
    .await;
    let all = stand.sandbox.control().requests();
    for request in &all {
        let path = request.path.rsplit('/').next().unwrap();
        match path {
            "assignments" => assert!(request.query.contains("sinceVersionId="), "{}", request.query),
            "assets" => assert_eq!(request.query, ""),
            "config" => assert_eq!(request.method, "GET"),
            _ => {}
        }
    }
    let assets = requests(&stand, "GET", "/assets");
    assert!(
        assets <= requests(&stand, "GET", "/assignments") + 1,
        "one page of assets a check"
    );
    let done = Activity::running(&stand.portal, &stand.owner).await.unwrap();
    assert!(done.iter().all(|row| row.state == OperationState::Done));
}
