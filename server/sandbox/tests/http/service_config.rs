use crate::harness::Bench;

#[tokio::test]
async fn service_config_needs_no_token_and_lists_apples_limits_errors_and_urls() {
    let bench = Bench::start().await;
    let answer = bench
        .client
        .get(format!("{}service/config", bench.sandbox.base_url()))
        .send()
        .await
        .unwrap();
    let config: serde_json::Value = answer.json().await.unwrap();
    let limits = &config["limits"];
    assert_eq!(limits["maxAssets"], 25);
    assert_eq!(limits["maxClientUserIds"], 1000);
    assert_eq!(limits["maxSerialNumbers"], 1000);
    assert_eq!(limits["maxRevokeClientUserIds"], 100);
    assert_eq!(limits["maxRevokeSerialNumbers"], 100);
    assert_eq!(limits["maxUsers"], 100);
    assert_eq!(limits["maxNotificationLength"], 512);
    assert_eq!(limits["maxMdmNameLength"], 100);
    assert_eq!(limits["maxMdmMetadataLength"], 255);
    assert_eq!(limits["maxMdmIdLength"], 100);
    assert_eq!(limits["maxRequestPerSecond"], 15);
    assert_eq!(limits["maxSubscriptions"], 25);
    assert_eq!(limits["maxSubscriptionClientUserIds"], 1000);
    assert_eq!(config["notificationTypes"].as_array().unwrap().len(), 4);
    let errors: Vec<i64> = config["errorCodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["errorNumber"].as_i64().unwrap())
        .collect();
    assert!((9700..=9728).all(|number| errors.contains(&number)), "{errors:?}");
    assert!(
        [9622, 9635, 9637, 9729, 9616]
            .iter()
            .all(|number| !errors.contains(number))
    );
    let urls = config["urls"].as_object().unwrap();
    assert_eq!(urls.len(), 13);
    let origin = bench.sandbox.base_url().replace("/mdm/v2/", "");
    assert!(
        urls.values()
            .all(|url| url.as_str().unwrap().starts_with(&origin))
    );
    assert!(
        urls["invitationEmail"]
            .as_str()
            .unwrap()
            .ends_with("?inviteCode=%25inviteCode%25&mt=8")
    );
}

#[tokio::test]
async fn service_config_follows_the_host_header() {
    let bench = Bench::start().await;
    let url = format!("{}service/config", bench.sandbox.base_url());
    let answer = bench
        .client
        .get(url)
        .header("Host", "apple.test:81")
        .send()
        .await
        .unwrap();
    let config: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(config["urls"]["getAssets"], "http://apple.test:81/mdm/v2/assets");
}

#[tokio::test]
async fn service_config_ignores_a_revoked_token() {
    let bench = Bench::start().await;
    bench.sandbox.control().revoke_token(&bench.token).unwrap();
    assert_eq!(bench.get("service/config").await.status, 200);
}

#[tokio::test]
async fn the_pace_in_force_is_announced_unless_another_is_or_none() {
    let announced = async |pace_limit, announced_pace| {
        let bench = Bench::with_faults(sandbox::Faults {
            pace_limit,
            announced_pace,
            ..Default::default()
        })
        .await;
        bench.get("service/config").await.json["limits"]["maxRequestPerSecond"].as_i64()
    };
    assert_eq!(announced(Some(4), None).await, Some(4));
    assert_eq!(announced(Some(4), Some(9)).await, Some(9));
    assert_eq!(announced(None, Some(0)).await, None);
}

#[tokio::test]
async fn the_pace_that_is_announced_is_not_enforced_unless_ordered() {
    let bench = Bench::start().await;
    let answers = futures::future::join_all((0..40).map(|_| bench.get("assets"))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
}
