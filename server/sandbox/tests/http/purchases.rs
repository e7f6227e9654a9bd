//! Buying, giving back and moving licences, within what Apple's numbers can hold.

use crate::harness::{Bench, small};
use sandbox::{ControlError, Organisation, Purchase};

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
    control.put_product(product);
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
