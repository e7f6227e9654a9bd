//! T6 and T7: a newer token in the place of another, and a location that moves to another store.

use crate::stand::{Stand, form, until, usual};
use contract::{
    Code, TokenId,
    catalog::{AssetDetail, Catalog},
    licenses::{LedgerQuery, Licenses},
    tokens::{SyncState, TokenDetail, TokenState, Tokens},
};
use sandbox::{Faults, NewLocation, Organisation};

fn organisation() -> Organisation {
    Organisation {
        apps: 4,
        devices: 20,
        assignments: 20,
        spare: Some(20),
        ..Organisation::default()
    }
}

async fn detail(stand: &Stand, id: &TokenId) -> TokenDetail {
    Tokens::detail(&stand.portal, &stand.owner, id).await.unwrap()
}

async fn ledger(stand: &Stand) -> usize {
    let page = Licenses::ledger(&stand.portal, &stand.owner, LedgerQuery::default()).await;
    page.unwrap().rows.len()
}

/// Every app with all that is known of it.
async fn catalogue(stand: &Stand) -> Vec<AssetDetail> {
    let mut all = Vec::new();
    for app in stand.apps().await {
        all.push(
            Catalog::detail(&stand.portal, &stand.owner, app.id)
                .await
                .unwrap(),
        );
    }
    all
}

async fn synced_again(stand: &Stand, id: &TokenId, act: impl AsyncFnOnce()) {
    let runs = Tokens::syncs(&stand.portal, &stand.owner, id)
        .await
        .unwrap()
        .len();
    act().await;
    until("another sync ends", async || {
        let syncs = Tokens::syncs(&stand.portal, &stand.owner, id).await.unwrap();
        syncs.len() > runs && matches!(syncs[0].state, SyncState::Completed { .. })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_keeps_apps_licences_and_ledger_though_apple_revokes_the_older_token() {
    let newer_revokes = Faults {
        newer_token_revokes_older: true,
        ..usual()
    };
    let stand = Stand::start_with(organisation(), newer_revokes).await;
    let id = stand.create_token().await;
    let (before, lines) = (catalogue(&stand).await, ledger(&stand).await);
    let file = stand.token_file();
    let check = Tokens::check_renewal(&stand.portal, &stand.owner, &id, &file)
        .await
        .unwrap();
    assert_eq!(
        (check.uid, check.already_here.unwrap().0),
        (stand.uid(), id.clone())
    );
    synced_again(&stand, &id, async || {
        Tokens::renew(&stand.portal, &stand.owner, &id, &file)
            .await
            .unwrap();
    })
    .await;
    let now = detail(&stand, &id).await;
    assert_eq!(
        (now.row.state, now.row.name.as_str()),
        (TokenState::Valid, "Harbour")
    );
    let ids = |all: &[AssetDetail]| {
        all.iter()
            .map(|app| (app.row.id, app.row.counts))
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(&catalogue(&stand).await), ids(&before));
    assert_eq!(ledger(&stand).await, lines);
    stand.comes_in_step().await;
    // The older text is gone from here: it is told as a file that Apple has revoked.
    let app = crate::main_job::app_with(&stand, 1).await;
    let free = crate::main_job::without(&stand, &app).await;
    let operation = stand.assign(vec![app.id], &free[..1]).await;
    assert_eq!(stand.done(&operation).await.done, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_location_is_refused_and_nothing_changes() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    let control = stand.sandbox.control();
    control
        .add_location(NewLocation {
            uid: "2049025000499999".into(),
            name: "Inland".into(),
            organisation: "Fjordlight AB".into(),
            kind: Default::default(),
            country: "SE".into(),
        })
        .unwrap();
    let other = control.issue_token("2049025000499999").unwrap();
    let before = detail(&stand, &id).await;
    let stored = async || {
        let token = stand
            .portal
            .db
            .tokens_of(&before.row.location)
            .await
            .unwrap()
            .remove(0);
        (token.hash, token.sealed, token.expires_at)
    };
    let sealed = stored().await;
    let check = Tokens::check_renewal(&stand.portal, &stand.owner, &id, &other).await;
    let renewal = Tokens::renew(&stand.portal, &stand.owner, &id, &other).await;
    for refused in [check.err(), renewal.err()] {
        let fault = refused.unwrap();
        assert_eq!(
            (fault.code, fault.with["location"].as_str()),
            (Code::RenewalOfOtherLocation, "Inland")
        );
    }
    for wrong in ["<html>", ""] {
        Tokens::renew(&stand.portal, &stand.owner, &id, wrong)
            .await
            .unwrap_err();
    }
    assert_eq!(detail(&stand, &id).await, before);
    assert_eq!(stored().await, sealed);
    assert!(
        control.summary("2049025000499999").unwrap().mdm_info.is_none(),
        "nothing was claimed"
    );
    // The file of a token that is here belongs to that one.
    Tokens::create(&stand.portal, &stand.owner, form(&other, "Inland"))
        .await
        .unwrap();
    let fault = Tokens::renew(&stand.portal, &stand.owner, &id, &other)
        .await
        .unwrap_err();
    assert_eq!(
        (fault.code, fault.with["name"].as_str()),
        (Code::TokenAlreadyHere, "Inland")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn t7_another_country_has_its_own_store_and_what_it_lacks_keeps_what_was_known() {
    let stand = Stand::start(organisation()).await;
    let id = stand.create_token().await;
    until("all apps are described", async || {
        catalogue(&stand).await.iter().all(|app| app.store_url.is_some())
    })
    .await;
    let before = catalogue(&stand).await;
    let lacking = before[0].clone();
    let control = stand.sandbox.control();
    control.set_country(&stand.uid(), "NL").unwrap();
    control.set_sold_in(&lacking.adam_id, "NL", false).unwrap();
    let sync = async || Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    synced_again(&stand, &id, sync).await;
    assert_eq!(detail(&stand, &id).await.row.country, "NL");
    let store = |app: &AssetDetail| app.store_url.clone().unwrap_or_default();
    for (old, new) in before.iter().zip(catalogue(&stand).await) {
        if old.adam_id == lacking.adam_id {
            assert!(new.row.missing_since.is_some());
            assert_eq!((store(&new), &new.row.name), (store(old), &old.row.name));
        } else {
            assert_eq!(new.row.missing_since, None);
            assert!(
                store(&new).contains("/nl/") && store(old).contains("/se/"),
                "{new:?}"
            );
        }
    }
    // Sold there after all, and asked for again by an edit.
    control.set_sold_in(&lacking.adam_id, "NL", true).unwrap();
    control.set_country(&stand.uid(), "SE").unwrap();
    synced_again(&stand, &id, sync).await;
    assert!(
        catalogue(&stand)
            .await
            .iter()
            .all(|app| app.row.missing_since.is_none() && store(app).contains("/se/"))
    );
}
