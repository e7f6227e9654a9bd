use crate::harness::{Bench, small};
use sandbox::{Organisation, Purchase};
use serde_json::{Value, json};

async fn ids(bench: &Bench, query: &str) -> Vec<String> {
    let answer = bench.get(&format!("assets?{query}")).await.json;
    answer["assets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|asset| asset["adamId"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_asset_has_apples_fields_and_consistent_counts() {
    let bench = Bench::start().await;
    let page = bench.get("assets").await.json;
    assert_eq!(page["size"], 8);
    assert_eq!(page["totalPages"], 1);
    assert_eq!(page["currentPageIndex"], 0);
    assert!(page.get("nextPageIndex").is_none() && page.get("mdmInfo").is_none());
    assert_eq!(page["uId"], bench.uid);
    assert!(page.get("unlimitedAssets").is_none());
    for asset in page["assets"].as_array().unwrap() {
        let count = |name: &str| asset[name].as_u64().unwrap();
        assert_eq!(
            count("assignedCount") + count("availableCount"),
            count("totalCount")
        );
        assert_eq!(asset["pricingParam"], "STDQ");
        assert_eq!(asset.as_object().unwrap().len(), 10);
        assert!(asset["adamId"].is_string());
    }
}

#[tokio::test]
async fn booleans_are_read_in_any_case() {
    let bench = Bench::start().await;
    for path in [
        "assets?revocable",
        "assets?deviceAssignable",
        "assets?unlimited",
        "assignments?excludeInactiveUsers",
        "assignments?includeUserState",
        "users?activeOnly",
        "users?retiredOnly",
    ] {
        for spellings in [["true", "True", "TRUE"], ["false", "False", "FALSE"]] {
            let [plain, others @ ..] = spellings.map(|value| format!("{path}={value}"));
            let expected = bench.get(&plain).await;
            assert_eq!(expected.status, 200, "{plain}");
            for other in others {
                assert_eq!(bench.get(&other).await.json, expected.json, "{other}");
            }
        }
    }
}

#[tokio::test]
async fn filters_narrow_and_combine() {
    let bench = Bench::start().await;
    assert_eq!(ids(&bench, "productType=Book").await.len(), 2);
    assert_eq!(ids(&bench, "productType=App").await.len(), 6);
    assert_eq!(
        ids(&bench, "revocable=false").await,
        ids(&bench, "productType=Book").await
    );
    assert_eq!(ids(&bench, "deviceAssignable=true").await.len(), 6);
    assert_eq!(ids(&bench, "pricingParam=PLUS").await.len(), 0);
    assert_eq!(
        ids(&bench, &format!("adamId={}", bench.adam_id(2))).await,
        [bench.adam_id(2)]
    );
    assert!(ids(&bench, "adamId=1").await.is_empty());
    assert!(
        ids(&bench, &format!("adamId={}&productType=Book", bench.adam_id(2)))
            .await
            .is_empty()
    );
    bench
        .run(
            "assets/associate",
            json!({ "assets": [bench.asset(1)], "serialNumbers": bench.serials(3) }),
        )
        .await;
    assert_eq!(
        ids(
            &bench,
            "minAssignedCount=3&maxAssignedCount=3&maxAvailableCount=2"
        )
        .await,
        [bench.adam_id(1)]
    );
    assert!(
        !ids(&bench, "minAvailableCount=3")
            .await
            .contains(&bench.adam_id(1))
    );
    assert_eq!(
        ids(&bench, "minAvailableCount=-1&minAssignedCount=-2147483648").await,
        ids(&bench, "").await
    );
    assert!(ids(&bench, "maxAssignedCount=-1").await.is_empty());
}

#[tokio::test]
async fn an_unlimited_asset_is_shown_apart_or_left_out_on_demand() {
    let bench = Bench::with(Organisation {
        unlimited_app: true,
        ..small()
    })
    .await;
    let unlimited = bench.adam_id(0);
    let all = bench.get("assets").await.json;
    let first: &Value = &all["assets"][0];
    assert_eq!(
        (&first["adamId"], &first["totalCount"]),
        (&json!(unlimited), &json!(2_147_483_647u32))
    );
    assert!(!ids(&bench, "unlimited=false").await.contains(&unlimited));
    let apart = bench.get("assets?unlimited=true").await.json;
    assert_eq!(apart["unlimitedAssets"][0]["adamId"], unlimited);
    assert!(apart["unlimitedAssets"][0].get("totalCount").is_none());
    assert_eq!(apart["assets"].as_array().unwrap().len(), 7);
    assert!(
        bench
            .get("assets?unlimited=false")
            .await
            .json
            .get("unlimitedAssets")
            .is_none()
    );
}

#[tokio::test]
async fn buying_refunding_and_transferring_change_counts_and_version() {
    let bench = Bench::with(Organisation {
        locations: 2,
        ..small()
    })
    .await;
    let control = bench.sandbox.control();
    let (id, other) = (bench.adam_id(0), small().location_uid(1));
    let before = bench.get("assets").await.json["versionId"].clone();
    control.buy(&bench.uid, &Purchase::of(&id, 10)).unwrap();
    control.refund(&bench.uid, &Purchase::of(&id, 2)).unwrap();
    control
        .transfer(&bench.uid, &other, &Purchase::of(&id, 3))
        .unwrap();
    let page = bench.get(&format!("assets?adamId={id}")).await.json;
    assert_eq!(page["assets"][0]["totalCount"], 10);
    assert_ne!(page["versionId"], before);
    let theirs = control
        .assets(&other)
        .unwrap()
        .into_iter()
        .find(|asset| *asset.adam_id == *id)
        .unwrap();
    assert_eq!(theirs.total_count, 8);
    assert!(control.refund(&bench.uid, &Purchase::of(&id, 11)).is_err());
}
