use std::collections::HashMap;

use crate::harness::{Bench, until};
use reqwest::Method;
use sandbox::{Faults, ForeignClaim, Limits, MdmInfo, RandomFault, RandomFaults};
use serde_json::json;
use tokio::time::{Duration, Instant};

fn always(kind: RandomFault) -> Faults {
    let random = RandomFaults {
        rate: 1.0,
        kinds: vec![kind],
        retry_after: Some(7),
        ..RandomFaults::default()
    };
    Faults {
        random,
        ..Faults::default()
    }
}

#[tokio::test]
async fn a_burst_refuses_so_many_requests() {
    let bench = Bench::with_faults(Faults {
        too_many_requests_burst: 2,
        ..Faults::default()
    })
    .await;
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(bench.get("assets").await.error());
    }
    assert_eq!(answers, [(429, 9646), (429, 9646), (200, 0)]);
}

#[tokio::test]
async fn the_pace_limit_refuses_what_comes_too_fast() {
    let bench = Bench::with_faults(Faults {
        pace_limit: Some(3),
        ..Faults::default()
    })
    .await;
    let answers = futures::future::join_all((0..5).map(|_| bench.get("assets"))).await;
    let refused = answers
        .iter()
        .filter(|answer| answer.error() == (429, 9646))
        .count();
    assert_eq!(refused, 2);
}

#[tokio::test]
async fn errors_of_the_service_come_by_order() {
    let bench = Bench::with_faults(always(RandomFault::InternalError)).await;
    let answer = bench.get("assets").await;
    assert_eq!(
        (answer.error(), answer.retry_after.as_deref()),
        ((500, 9603), Some("7"))
    );
    bench
        .sandbox
        .control()
        .set_faults(always(RandomFault::Unavailable));
    let answer = bench.get("assets").await;
    assert_eq!(
        (answer.error(), answer.retry_after.as_deref()),
        ((503, 9729), Some("7"))
    );
    bench
        .sandbox
        .control()
        .set_faults(always(RandomFault::TooManyRequests));
    let answer = bench.get("assets").await;
    assert_eq!((answer.error(), answer.retry_after), ((429, 9646), None));
    bench.sandbox.control().set_faults(Faults {
        request_error: Some(9603),
        random: RandomFaults {
            retry_after: Some(120),
            ..RandomFaults::default()
        },
        ..Faults::default()
    });
    let answer = bench.get("assets").await;
    assert_eq!(
        (answer.error(), answer.retry_after.as_deref()),
        ((500, 9603), Some("120"))
    );
}

#[tokio::test]
async fn faults_strike_service_config_only_by_order() {
    let struck = |kind| Faults {
        faults_at_service_config: true,
        ..always(kind)
    };
    let bench = Bench::with_faults(always(RandomFault::InternalError)).await;
    assert_eq!(bench.get("service/config").await.error(), (200, 0));
    let control = bench.sandbox.control();
    control.set_faults(struck(RandomFault::InternalError));
    let answer = bench.get("service/config").await;
    assert_eq!(
        (answer.error(), answer.retry_after.as_deref()),
        ((500, 9603), Some("7"))
    );
    for kind in [RandomFault::DropBefore, RandomFault::DropAfter] {
        control.set_faults(struck(kind));
        let answer = bench.try_send(Method::GET, "service/config", None).await;
        assert!(answer.is_none(), "{kind:?}");
    }
    control.set_faults(Faults {
        faults_at_service_config: true,
        ..Faults::default()
    });
    assert_eq!(bench.get("service/config").await.error(), (200, 0));
}

#[tokio::test]
async fn a_connection_dropped_before_leaves_nothing_and_one_dropped_after_leaves_the_event() {
    for (kind, accepted) in [(RandomFault::DropBefore, false), (RandomFault::DropAfter, true)] {
        let bench = Bench::with_faults(always(kind)).await;
        let body = json!({ "assets": [bench.asset(0)], "serialNumbers": ["A"] });
        // A client that tries again by itself on a closed connection would hide the fault.
        assert!(
            bench
                .try_send(Method::POST, "assets/associate", Some(body))
                .await
                .is_none()
        );
        bench.sandbox.control().set_faults(Faults::default());
        let requests = bench.sandbox.control().requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(
            (requests[0].outcome.status, requests[0].outcome.accepted),
            (None, accepted)
        );
        assert_eq!(requests[0].outcome.event_id.is_some(), accepted);
        if let Some(event) = requests[0].outcome.event_id {
            bench.finished(&event.to_string()).await;
        }
        assert_eq!(
            bench.get("assignments?serialNumber=A").await.json["size"] == 1,
            accepted
        );
    }
}

#[tokio::test]
async fn the_log_tells_whether_a_request_without_an_answer_was_processed() {
    let claim = json!({ "mdmInfo": { "id": "1", "name": "n", "metadata": "m" } });
    for (kind, body, accepted, error) in [
        (RandomFault::DropAfter, claim.clone(), true, None),
        (
            RandomFault::DropAfter,
            json!({ "mdmInfo": {} }),
            false,
            Some(9723),
        ),
        (RandomFault::DropBefore, claim, false, None),
    ] {
        let bench = Bench::with_faults(always(kind)).await;
        let answer = bench.try_send(Method::POST, "client/config", Some(body)).await;
        assert!(answer.is_none());
        let requests = bench.sandbox.control().requests();
        let outcome = &requests[0].outcome;
        assert_eq!(
            (outcome.status, outcome.accepted, outcome.error_number),
            (None, accepted, error),
            "{kind:?}"
        );
        bench.sandbox.control().set_faults(Faults::default());
        let claimed = bench.get("assets").await.json["mdmInfo"].is_object();
        assert_eq!(claimed, accepted, "{kind:?}");
    }
}

#[tokio::test]
async fn random_faults_follow_their_rate_and_seed() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let kinds = vec![RandomFault::InternalError, RandomFault::Unavailable];
        let random = RandomFaults {
            rate: 0.5,
            seed: 4,
            kinds,
            ..RandomFaults::default()
        };
        let bench = Bench::with_faults(Faults {
            random,
            ..Faults::default()
        })
        .await;
        let mut statuses = Vec::new();
        for _ in 0..60 {
            statuses.push(bench.get("users").await.status);
        }
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    let mut counts: HashMap<u16, usize> = HashMap::new();
    runs[0]
        .iter()
        .for_each(|status| *counts.entry(*status).or_default() += 1);
    assert!((15..=45).contains(&counts[&200]), "{counts:?}");
    assert!(counts[&500] > 3 && counts[&503] > 3, "{counts:?}");
}

#[tokio::test]
async fn another_mdm_takes_over_after_so_many_requests() {
    let mdm_info = MdmInfo {
        id: "x".into(),
        name: "Other".into(),
        metadata: "m".into(),
    };
    let faults = Faults {
        foreign_claim: Some(ForeignClaim {
            after_requests: 2,
            mdm_info,
        }),
        ..Faults::default()
    };
    let bench = Bench::with_faults(faults).await;
    let mut owners = Vec::new();
    for _ in 0..3 {
        owners.push(
            bench.get("assets").await.json["mdmInfo"]["name"]
                .as_str()
                .map(str::to_owned),
        );
    }
    assert_eq!(owners, [None, None, Some("Other".to_owned())]);
}

#[tokio::test]
async fn a_location_can_have_its_own_switches_and_changed_limits() {
    let bench = Bench::start().await;
    let control = bench.sandbox.control();
    let limits = Limits {
        max_serial_numbers: 1,
        ..Limits::default()
    };
    control
        .set_location_faults(
            &bench.uid,
            Faults {
                limits,
                page_size: 2,
                ..Faults::default()
            },
        )
        .unwrap();
    assert_eq!(bench.get("assets").await.json["totalPages"], 4);
    let two = json!({ "assets": [bench.asset(0)], "serialNumbers": ["A", "B"] });
    assert_eq!(bench.post("assets/associate", two).await.error(), (400, 9702));
    control.reset_location_faults(&bench.uid).unwrap();
    assert_eq!(bench.get("assets").await.json["totalPages"], 1);
}

#[tokio::test]
async fn a_newer_token_revokes_the_older_one_by_order() {
    let bench = Bench::with_faults(Faults {
        newer_token_revokes_older: true,
        ..Faults::default()
    })
    .await;
    bench.sandbox.control().issue_token(&bench.uid).unwrap();
    assert_eq!(bench.get("assets").await.error(), (401, 9625));
}

#[tokio::test]
async fn answers_take_as_long_as_ordered() {
    let bench = Bench::with_faults(Faults {
        latency_ms: 80,
        ..Faults::default()
    })
    .await;
    let start = Instant::now();
    bench.get("assets").await;
    assert!(start.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn what_was_processed_is_in_the_log_though_the_client_hung_up_before_the_answer() {
    let bench = Bench::with_faults(Faults {
        latency_ms: 3_600_000,
        ..Faults::default()
    })
    .await;
    let control = bench.sandbox.control();
    let body = json!({ "assets": [bench.asset(0)], "serialNumbers": ["A"] });
    let noted = until(|| async { control.requests().first().cloned() });
    let record = tokio::select! {
        _ = bench.post("assets/associate", body) => panic!("there is an hour to the answer"),
        record = noted => record,
    };
    let outcome = record.outcome;
    assert_eq!((outcome.status, outcome.accepted), (Some(200), true));
    control.set_faults(Faults::default());
    let status = bench.finished(&outcome.event_id.unwrap().to_string()).await;
    assert_eq!(status["eventStatus"], "COMPLETE");
    assert_eq!(control.requests()[0].number, record.number, "noted once");
}

#[tokio::test]
async fn every_request_or_every_task_fails_with_the_error_that_is_chosen() {
    let bench = Bench::with_faults(Faults {
        request_error: Some(9634),
        ..Faults::default()
    })
    .await;
    assert_eq!(bench.get("assets").await.error(), (410, 9634));
    bench.sandbox.control().set_faults(Faults {
        event_error: Some(9644),
        ..Faults::default()
    });
    let body = json!({ "assets": [bench.asset(0)], "serialNumbers": ["A", "B"] });
    let status = bench.run("assets/associate", body).await;
    assert_eq!(status["failures"][0]["errorNumber"], 9644);
    assert_eq!(bench.get("assignments?serialNumber=A").await.json["size"], 0);
}

#[tokio::test]
async fn managed_accounts_of_another_organisation_fail_with_9635() {
    let managed_domain = Some("school.example".to_owned());
    let bench = Bench::with_faults(Faults {
        managed_domain,
        ..Faults::default()
    })
    .await;
    let user =
        |name: &str, domain: &str| json!({ "clientUserId": name, "managedAppleId": format!("a@{domain}") });
    let users = json!({ "users": [user("a", "elsewhere.example"), user("b", "school.example")] });
    let status = bench.run("users/create", users).await;
    assert_eq!(
        (&status["numCompleted"], &status["failures"][0]["errorNumber"]),
        (&json!(1), &json!(9635))
    );
    assert_eq!(status["failures"][0]["errorInfo"]["clientUserIds"], json!(["a"]));
}
