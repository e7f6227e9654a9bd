//! Buying, giving back and moving licences, within what Apple's numbers can hold.

use crate::harness::{Bench, Receiver, small};
use reqwest::Method;
use sandbox::{AssetState, Control, ControlError, NewLocation, Organisation, Purchase};
use serde_json::json;

/// One below what stands for "unlimited".
const MOST: u32 = 2_147_483_646;

async fn total(bench: &Bench) -> u32 {
    let asset = bench
        .get(&format!("assets?adamId={}", bench.adam_id(0)))
        .await
        .json["assets"][0]
        .clone();
    u32::try_from(asset["totalCount"].as_u64().unwrap()).unwrap()
}

#[tokio::test]
async fn more_licences_than_apple_can_count_are_not_bought() {
    let bench = Bench::start().await;
    let control = bench.sandbox.control();
    let buy = |count| control.buy(&bench.uid, &Purchase::of(bench.adam_id(0), count));
    let before = total(&bench).await;
    assert_eq!(buy(MOST - before + 1), Err(ControlError::TooMany));
    assert_eq!(buy(u32::MAX), Err(ControlError::TooMany));
    assert_eq!(total(&bench).await, before);
    assert_eq!(buy(MOST - before), Ok(()));
    assert_eq!(total(&bench).await, MOST);
    assert_eq!(buy(1), Err(ControlError::TooMany));
    assert!(ControlError::TooMany.to_string().contains("2147483646"));
}

#[tokio::test]
async fn a_refused_first_purchase_adds_nothing() {
    let bench = Bench::start().await;
    let control = bench.sandbox.control();
    let mut product = sandbox::Product::clone(&control.product(&bench.adam_id(0)).unwrap());
    product.adam_id = "4711".to_owned();
    control.put_product(product).unwrap();
    let assets = bench.get("assets").await.json["size"].clone();
    for count in [MOST + 1, u32::MAX] {
        let refused = control.buy(&bench.uid, &Purchase::of("4711", count));
        assert_eq!(refused, Err(ControlError::TooMany));
    }
    assert_eq!(bench.get("assets").await.json["size"], assets);
}

#[tokio::test]
async fn what_cannot_be_moved_stays() {
    let bench = Bench::with(Organisation {
        locations: 2,
        ..small()
    })
    .await;
    let control = bench.sandbox.control();
    let other = small().location_uid(1);
    control.buy(&other, &Purchase::of(bench.adam_id(0), 1)).unwrap();
    let has = |uid: &str| {
        let assets = control.assets(uid).unwrap();
        let asset = assets.iter().find(|asset| *asset.adam_id == *bench.adam_id(0));
        asset.map_or(0, |asset| asset.total_count)
    };
    control
        .buy(&other, &Purchase::of(bench.adam_id(0), MOST - has(&other)))
        .unwrap();
    let before = has(&bench.uid);
    let moved = control.transfer(&bench.uid, &other, &Purchase::of(bench.adam_id(0), 1));
    assert_eq!(moved, Err(ControlError::TooMany));
    assert_eq!(has(&bench.uid), before);
}

/// A small organisation with two locations; its second is named.
async fn two() -> (Bench, String) {
    let organisation = Organisation {
        locations: 2,
        ..small()
    };
    let other = organisation.location_uid(1);
    (Bench::with(organisation).await, other)
}

fn asset(control: &Control, uid: &str, adam_id: &str) -> Option<AssetState> {
    let mut assets = control.assets(uid).unwrap().into_iter();
    assets.find(|asset| *asset.adam_id == *adam_id)
}

#[tokio::test]
async fn a_transfer_to_a_location_without_a_limit_is_refused_and_takes_nothing() {
    let organisation = Organisation {
        locations: 2,
        unlimited_app: true,
        ..small()
    };
    let (unlimited, limited) = (organisation.location_uid(0), organisation.location_uid(1));
    let bench = Bench::with(organisation).await;
    let control = bench.sandbox.control();
    let id = bench.adam_id(0);
    let before = asset(&control, &limited, &id).unwrap().total_count;
    let url = format!("{}locations/{limited}/transfer", bench.sandbox.control_url());
    let order = json!({ "to": unlimited, "purchase": { "adamId": id, "count": 2 } });
    let answer = bench.client.request(Method::POST, url).json(&order);
    assert_eq!(answer.send().await.unwrap().status(), 409);
    assert_eq!(asset(&control, &limited, &id).unwrap().total_count, before);
    let back = control.transfer(&unlimited, &limited, &Purchase::of(&*id, 2));
    assert_eq!(back, Err(ControlError::NotEnough));
}

#[tokio::test]
async fn a_transfer_is_told_to_both() {
    let (mut bench, other) = two().await;
    let control = bench.sandbox.control();
    let (from, to) = (Receiver::start().await, Receiver::start().await);
    bench.subscribe(&from).await;
    bench.token = control.issue_token(&other).unwrap();
    bench.subscribe(&to).await;
    control
        .transfer(&bench.uid, &other, &Purchase::of(bench.adam_id(0), 2))
        .unwrap();
    for (receiver, delta) in [(from, -2), (to, 2)] {
        let told = receiver.wait_for("ASSET_COUNT", 1).await;
        assert_eq!(told[0]["notification"]["countDelta"], delta);
    }
}

#[tokio::test]
async fn licences_stay_in_their_organisation_and_go_to_another_location() {
    let (bench, _) = two().await;
    let control = bench.sandbox.control();
    let elsewhere = NewLocation {
        uid: "77".into(),
        name: "Elsewhere".into(),
        organisation: "Another".into(),
        kind: Default::default(),
        country: "SE".into(),
    };
    control.add_location(elsewhere).unwrap();
    let id = bench.adam_id(0);
    let before = total(&bench).await;
    let moved = control.transfer(&bench.uid, "77", &Purchase::of(&*id, 2));
    assert_eq!(moved, Err(ControlError::OtherOrganisation));
    let moved = control.transfer(&bench.uid, &bench.uid, &Purchase::of(&*id, 2));
    assert!(matches!(moved, Err(ControlError::Invalid(_))), "{moved:?}");
    assert_eq!(total(&bench).await, before);
    assert!(asset(&control, "77", &id).is_none());
}

#[tokio::test]
async fn transfers_at_once_lose_nothing_and_wait_for_none_of_each_other() {
    let (bench, other) = two().await;
    let control = bench.sandbox.control();
    let id = bench.adam_id(0);
    let has = |uid: &str| asset(&control, uid, &id).map_or(0, |asset| asset.total_count);
    control.buy(&other, &Purchase::of(&*id, 1)).unwrap();
    // There is room for one: of those who come at once all but one are refused.
    control
        .buy(&other, &Purchase::of(&*id, MOST - has(&other) - 1))
        .unwrap();
    let before = (has(&bench.uid), has(&other));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let one = Purchase::of(&*id, 1);
                for _ in 0..10_000 {
                    if control.transfer(&bench.uid, &other, &one).is_ok() {
                        control.transfer(&other, &bench.uid, &one).unwrap();
                    }
                }
            });
        }
    });
    assert_eq!((has(&bench.uid), has(&other)), before);
}
