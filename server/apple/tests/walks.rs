//! Whole walks over a served list, several pages at once.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may, like tests"
)]

mod support;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use apple::{AssignmentFilter, Holder, LocationClient, ServerToken};
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use support::service_config;
use tokio::net::TcpListener;
use tokio::sync::Barrier;

/// A served list of assignments, `total` pages of three.
struct List {
    total: AtomicU32,
    /// Every page but the first waits here for four others: it only comes if five are fetched at once.
    together: Option<Barrier>,
    now: AtomicU32,
    most: AtomicU32,
    refusals: AtomicU32,
}

impl List {
    fn new(total: u32) -> Self {
        Self {
            total: AtomicU32::new(total),
            together: None,
            now: AtomicU32::new(0),
            most: AtomicU32::new(0),
            refusals: AtomicU32::new(0),
        }
    }

    async fn serve(self) -> (Arc<Self>, LocationClient) {
        let list = Arc::new(self);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address: SocketAddr = listener.local_addr().expect("bound");
        let router = Router::new()
            .route(
                "/mdm/v2/service/config",
                get(async move || Json(service_config(address))),
            )
            .route("/mdm/v2/assignments", get(page))
            .with_state(Arc::clone(&list));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut settings = apple::AppleSettings::new(Arc::new(|| 0.0));
        settings.base_url = format!("http://{address}/mdm/v2/");
        settings.pace = apple::Pace::Off;
        settings.retry.first_delay = std::time::Duration::from_millis(1);
        let apple = apple::Apple::new(settings).expect("good settings");
        (
            list,
            apple.location(ServerToken::from_sealed(support::TOKEN.to_owned()), "location"),
        )
    }
}

async fn page(State(list): State<Arc<List>>, Query(query): Query<HashMap<String, String>>) -> Json<Value> {
    assert_eq!(
        query.get("sinceVersionId").map(String::as_str),
        Some("v0"),
        "the filter goes with every page"
    );
    let index: u32 = query
        .get("pageIndex")
        .map_or(0, |index| index.parse().expect("a number"));
    list.most
        .fetch_max(list.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    if let (Some(together), true) = (&list.together, index > 0) {
        together.wait().await;
    }
    list.now.fetch_sub(1, Ordering::SeqCst);
    if list
        .refusals
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
        .is_ok()
    {
        return Json(json!({"errorNumber": 9646, "errorMessage": "Too many."}));
    }
    let total = list.total.load(Ordering::SeqCst);
    if index >= total {
        return Json(json!({"errorNumber": 9650, "errorMessage": "No such page."}));
    }
    let records: Vec<Value> = (0..3)
        .map(|n| json!({"adamId": "1", "pricingParam": "STDQ", "serialNumber": format!("S{index}-{n}")}))
        .collect();
    let mut page = json!({"assignments": records, "currentPageIndex": index, "totalPages": total, "size": 3,
        "versionId": "v1", "uId": "7"});
    if index + 1 < total {
        page["nextPageIndex"] = json!((index + 1).to_string());
    }
    Json(page)
}

async fn serials(location: &LocationClient) -> (Vec<String>, Option<apple::WalkEnd>) {
    let filter = AssignmentFilter {
        since_version: Some("v0".into()),
        ..Default::default()
    };
    let (mut walk, mut serials) = (location.assignments(&filter), Vec::new());
    while let Some(page) = walk.next().await {
        let page = page.expect("no fault");
        assert_eq!(
            page.envelope.uid.as_deref(),
            Some("7"),
            "every page tells the location"
        );
        serials.extend(
            page.body
                .items
                .into_iter()
                .map(|assignment| match assignment.holder {
                    Holder::Device(serial) => serial.to_string(),
                    Holder::User(user) => user.to_string(),
                }),
        );
    }
    (serials, walk.end().cloned())
}

fn expected(pages: u32) -> Vec<String> {
    (0..pages)
        .flat_map(|index| (0..3).map(move |n| format!("S{index}-{n}")))
        .collect()
}

#[tokio::test]
async fn five_pages_are_fetched_at_once_and_never_six() {
    let list = List {
        together: Some(Barrier::new(5)),
        ..List::new(21)
    };
    let (list, location) = list.serve().await;
    let (found, end) = serials(&location).await;
    assert_eq!(found, expected(21));
    assert!(end.is_some_and(|end| end.is_consistent() && end.pages == 21));
    assert_eq!(list.most.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn refused_pages_are_fetched_again_without_loss() {
    let (list, location) = List::new(12).serve().await;
    list.refusals.store(4, Ordering::SeqCst);
    assert_eq!(serials(&location).await.0, expected(12));
}

#[tokio::test]
async fn a_list_that_becomes_shorter_ends_the_walk_and_says_so() {
    let (list, location) = List::new(12).serve().await;
    let filter = AssignmentFilter {
        since_version: Some("v0".into()),
        ..Default::default()
    };
    let mut walk = location.assignments(&filter);
    assert!(walk.next().await.is_some_and(|page| page.is_ok()));
    list.total.store(1, Ordering::SeqCst);
    while let Some(page) = walk.next().await {
        assert!(page.is_ok());
    }
    assert!(
        walk.end()
            .is_some_and(|end| end.cut_short && !end.is_consistent())
    );
}
