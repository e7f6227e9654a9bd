//! The main job: a token file goes in, licences are assigned at Apple and come back.

use crate::stand::{Stand, apple_says, until};
use contract::{
    Code, PageQuery, Serial,
    activity::{Activity, ItemQuery, ItemState},
    assignments::{Assignments, DeviceSelection, NewPlan, OutcomeFilter, PlanRequest},
    catalog::{AssetQuery, AssetRow, Catalog, ProductType},
    licenses::{
        Act, Holder, LedgerQuery, LicenseQuery, LicenseState, Licenses, Revocation, RevocationForm,
        UnknownOrigin,
    },
};
use sandbox::Organisation;

/// An app with licences left that nobody else is in the way of.
pub async fn app_with(stand: &Stand, at_least: i64) -> AssetRow {
    let apps = stand.apps().await;
    for app in apps {
        let detail = Catalog::detail(&stand.portal, &stand.owner, app.id)
            .await
            .unwrap();
        if detail.device_assignable && detail.revocable && !app.unlimited && app.counts.available >= at_least
        {
            return app;
        }
    }
    panic!("no app has {at_least} licences left");
}

fn school() -> Organisation {
    Organisation {
        apps: 6,
        books: 2,
        devices: 40,
        users: 3,
        assignments: 60,
        spare: Some(5),
        ..Organisation::default()
    }
}

/// Devices without a licence of this app.
pub async fn without(stand: &Stand, app: &AssetRow) -> Vec<String> {
    let detail = Catalog::detail(&stand.portal, &stand.owner, app.id)
        .await
        .unwrap();
    let theirs = apple_says(&stand.sandbox, &stand.uid());
    let has = |serial: &String| theirs.contains(&(detail.adam_id.clone(), format!("device {serial}")));
    stand
        .serials()
        .into_iter()
        .filter(|serial| !has(serial))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_becomes_apps_and_licences() {
    let stand = Stand::start(school()).await;
    stand.create_token().await;
    let token = stand.token().await;
    assert_eq!((token.apps, token.state.as_str()), (8, "valid"));
    assert_eq!(
        stand
            .sandbox
            .control()
            .summary(&stand.uid())
            .unwrap()
            .mdm_info
            .unwrap()
            .name,
        "Pomona"
    );
    let apps = stand.apps().await;
    assert_eq!(apps.len(), 6);
    assert!(
        apps.iter().all(|app| !app.name.is_empty() && app.icon.is_some()),
        "the store's words are there"
    );
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn licences_are_assigned_with_the_plan_first_and_revoked_again() {
    let stand = Stand::start(school()).await;
    stand.create_token().await;
    let app = app_with(&stand, 3).await;
    let serials: Vec<_> = without(&stand, &app).await.into_iter().take(3).collect();
    let operation = stand.assign(vec![app.id], &serials).await;
    let row = stand.done(&operation).await;
    assert_eq!((row.total, row.done, row.failed, row.waiting), (3, 3, 0, 0));
    stand.assert_in_step().await;

    let licenses = vec![(app.id, Holder::Device(Serial::parse(&serials[0]).unwrap()))];
    let revoked = Licenses::revoke(
        &stand.portal,
        &stand.owner,
        RevocationForm {
            reason: "left".to_owned(),
            ..RevocationForm::of(Revocation::Licenses { licenses })
        },
    )
    .await;
    let row = stand.done(&revoked.unwrap()).await;
    assert_eq!((row.total, row.done), (1, 1));
    stand.assert_in_step().await;

    let query = LedgerQuery {
        holder: serials[0].clone(),
        asset: Some(app.id),
        ..LedgerQuery::default()
    };
    let ledger = Licenses::ledger(&stand.portal, &stand.owner, query)
        .await
        .unwrap()
        .rows;
    let acts: Vec<_> = ledger.iter().rev().map(|line| line.act).collect();
    assert_eq!(acts, [Act::Requested, Act::Held, Act::Releasing, Act::Released]);
    assert!(
        ledger
            .iter()
            .all(|line| line.actor == "Ada" && line.event.is_some())
    );
    assert_eq!(ledger[0].reason, "left");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_devices_than_licences_give_to_the_first_and_put_the_rest_on_the_waiting_list() {
    let stand = Stand::start(school()).await;
    stand.create_token().await;
    let app = app_with(&stand, 2).await;
    let serials: Vec<_> = without(&stand, &app).await;
    let free = app.counts.available as usize;
    assert!(serials.len() > free + 2);
    let request = PlanRequest {
        assets: vec![app.id],
        devices: DeviceSelection::Pasted {
            text: format!("{} NOTKNOWN01 no-serial", serials.join(" ")),
        },
    };
    let id = Assignments::plan(&stand.portal, &stand.owner, request)
        .await
        .unwrap();
    let plan = Assignments::view(&stand.portal, &stand.owner, &id).await.unwrap();
    let waits = serials.len() - free;
    assert_eq!(
        (plan.outcomes.gets, plan.outcomes.waits),
        (free as i64, waits as i64)
    );
    assert_eq!((plan.outcomes.cannot, plan.calls), (2, 1));
    let page = PageQuery {
        rows: Some(100),
        ..PageQuery::default()
    };
    let lines = Assignments::lines(&stand.portal, &stand.owner, &id, OutcomeFilter::Waits, page)
        .await
        .unwrap();
    assert_eq!(lines.rows[0].serial.as_str(), serials[free]);

    let operation = Assignments::apply(&stand.portal, &stand.owner, &id)
        .await
        .unwrap();
    let again = Assignments::apply(&stand.portal, &stand.owner, &id)
        .await
        .unwrap();
    assert_eq!(operation, again, "applied once");
    let row = stand.done(&operation).await;
    assert_eq!(
        (row.done, row.waiting, row.failed),
        (free as i64, waits as i64, 0)
    );
    let waiting = LicenseQuery {
        asset: Some(app.id),
        state: Some(LicenseState::Waiting),
        ..LicenseQuery::default()
    };
    assert_eq!(
        Licenses::list(&stand.portal, &stand.owner, waiting)
            .await
            .unwrap()
            .rows
            .len(),
        waits.min(50)
    );
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_lapses_when_the_data_changes() {
    let stand = Stand::start(school()).await;
    stand.create_token().await;
    let app = app_with(&stand, 3).await;
    let serials = without(&stand, &app).await;
    let pasted = |count: usize| DeviceSelection::Pasted {
        text: serials[..count].join("\n"),
    };
    let plan = async |count| {
        let request = PlanRequest {
            assets: vec![app.id],
            devices: pasted(count),
        };
        Assignments::plan(&stand.portal, &stand.owner, request)
            .await
            .unwrap()
    };
    let (first, second) = (plan(2).await, plan(1).await);
    let operation = Assignments::apply(&stand.portal, &stand.owner, &second)
        .await
        .unwrap();
    stand.done(&operation).await;
    assert!(
        Assignments::view(&stand.portal, &stand.owner, &first)
            .await
            .unwrap()
            .lapsed
    );
    let refused = Assignments::apply(&stand.portal, &stand.owner, &first)
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::PlanLapsed);
    let NewPlan::Devices(again) = Assignments::again(&stand.portal, &stand.owner, &first)
        .await
        .unwrap()
    else {
        panic!("a plan of devices");
    };
    let view = Assignments::view(&stand.portal, &stand.owner, &again)
        .await
        .unwrap();
    assert_eq!(
        (view.lapsed, view.outcomes.has, view.outcomes.gets),
        (false, 1, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_apple_refuses_is_told_item_by_item() {
    let stand = Stand::start(school()).await;
    stand.create_token().await;
    let app = app_with(&stand, 5).await;
    let detail = Catalog::detail(&stand.portal, &stand.owner, app.id)
        .await
        .unwrap();
    let serials = without(&stand, &app).await;
    // Somebody else takes licences between the plan and the call.
    let key = sandbox::AssetKey {
        adam_id: detail.adam_id.as_str().into(),
        pricing_param: sandbox::PricingParam::Stdq,
    };
    let taken = app.counts.available as usize - 2;
    let outside: Vec<String> = serials.iter().rev().take(taken).cloned().collect();
    let plan = Assignments::plan(
        &stand.portal,
        &stand.owner,
        PlanRequest {
            assets: vec![app.id],
            devices: DeviceSelection::Pasted {
                text: serials[..4].join(" "),
            },
        },
    )
    .await
    .unwrap();
    stand
        .sandbox
        .control()
        .assign_outside(&stand.uid(), &key, &outside)
        .unwrap();
    let operation = Assignments::apply(&stand.portal, &stand.owner, &plan)
        .await
        .unwrap();
    let row = stand.done(&operation).await;
    assert_eq!((row.done, row.failed), (2, 2));
    let failed = ItemQuery {
        state: Some(ItemState::Failed),
        ..ItemQuery::default()
    };
    let items = Activity::items(&stand.portal, &stand.owner, &operation, failed)
        .await
        .unwrap()
        .rows;
    assert_eq!(items.len(), 2);
    assert!(
        items
            .iter()
            .all(|item| item.error.as_ref().is_some_and(|error| error.number == 9709))
    );
    // A sync puts what others did in its place.
    let token = stand.token().await.id;
    contract::tokens::Tokens::sync(&stand.portal, &stand.owner, &token)
        .await
        .unwrap();
    until("both sides agree", async || {
        crate::stand::pomona_says(&stand.portal, &stand.owner).await
            == apple_says(&stand.sandbox, &stand.uid())
    })
    .await;
}

/// Licences that were there before Pomona are asked for too.
pub fn with_unknown(what: Revocation) -> RevocationForm {
    RevocationForm {
        unknown: UnknownOrigin::Goes,
        ..RevocationForm::of(what)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_by_device_and_by_app_frees_everything_that_can_be_freed() {
    let stand = Stand::start(school()).await;
    stand.create_token().await;
    let theirs = apple_says(&stand.sandbox, &stand.uid());
    let holder = theirs
        .iter()
        .find_map(|(_, holder)| holder.strip_prefix("device "))
        .unwrap()
        .to_owned();
    let serials = vec![Serial::parse(&holder).unwrap()];
    let preview = Revocation::Devices { serials };
    let said =
        Licenses::preview_revocation(&stand.portal, &stand.owner, preview.clone(), UnknownOrigin::Goes)
            .await
            .unwrap();
    let operation = Licenses::revoke(&stand.portal, &stand.owner, with_unknown(preview))
        .await
        .unwrap();
    assert_eq!(stand.done(&operation).await.done, said.licenses);
    let left = apple_says(&stand.sandbox, &stand.uid());
    assert!(!left.iter().any(|(_, of)| *of == format!("device {holder}")));

    let app = stand
        .apps()
        .await
        .into_iter()
        .find(|app| app.counts.used > 0)
        .unwrap();
    let operation = Licenses::revoke(
        &stand.portal,
        &stand.owner,
        with_unknown(Revocation::Asset { asset: app.id }),
    )
    .await
    .unwrap();
    assert_eq!(stand.done(&operation).await.done, app.counts.used);
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_never_reaches_the_revoke_call() {
    let stand = Stand::start(school()).await;
    stand.create_token().await;
    let query = AssetQuery {
        product: ProductType::Book,
        ..AssetQuery::default()
    };
    let books = Catalog::list(&stand.portal, &stand.owner, query)
        .await
        .unwrap()
        .rows;
    let held = books.iter().find(|book| book.counts.used > 0);
    for book in &books {
        let refused = Licenses::revoke(
            &stand.portal,
            &stand.owner,
            with_unknown(Revocation::Asset { asset: book.id }),
        )
        .await;
        let expected = if held.is_some_and(|held| held.id == book.id) {
            Code::BookNeverRevoked
        } else {
            Code::NothingChosen
        };
        let code = refused.unwrap_err().code;
        assert!(code == expected || code == Code::BookNeverRevoked, "{code:?}");
    }
    let calls = stand.sandbox.control().requests();
    assert!(
        !calls
            .iter()
            .any(|call| call.path.ends_with("/disassociate") || call.path.ends_with("/revoke"))
    );
}
