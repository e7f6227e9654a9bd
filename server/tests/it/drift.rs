//! Where Apple and Pomona differ: told, adopted, given back, given again (S5, S6).

use crate::stand::{Stand, apple_says, usual};
use contract::{
    AssetId, Code, Role, Serial,
    activity::{Activity, OperationKind},
    catalog::{AssetRow, Catalog},
    drift::{Drift, DriftHolderQuery, DriftQuery, DriftRow, DriftScope, Settlement, Settling, Side},
    licenses::{
        Act, Holder, LedgerQuery, LicenseQuery, Licenses, Origin, Revocation, RevocationForm, UnknownOrigin,
    },
    tokens::{SyncState, Tokens},
};
use sandbox::{AssetKey, Organisation, PricingParam, Purchase};

fn organisation() -> Organisation {
    Organisation {
        apps: 4,
        books: 1,
        devices: 30,
        users: 2,
        assignments: 20,
        spare: Some(12),
        ..Organisation::default()
    }
}

pub async fn sync_again(stand: &Stand) {
    let id = stand.token().await.id;
    let before = Tokens::syncs(&stand.portal, &stand.owner, &id)
        .await
        .unwrap()
        .len();
    Tokens::sync(&stand.portal, &stand.owner, &id).await.unwrap();
    crate::stand::until("another sync ends", async || {
        let runs = Tokens::syncs(&stand.portal, &stand.owner, &id).await.unwrap();
        runs.len() > before && matches!(runs[0].state, SyncState::Completed { .. })
    })
    .await;
}

async fn key(stand: &Stand, asset: AssetId) -> AssetKey {
    let detail = Catalog::detail(&stand.portal, &stand.owner, asset).await.unwrap();
    AssetKey {
        adam_id: detail.adam_id.as_str().into(),
        pricing_param: PricingParam::Stdq,
    }
}

async fn drift_of(stand: &Stand, asset: AssetId) -> Option<DriftRow> {
    let page = Drift::list(&stand.portal, &stand.owner, DriftQuery::default())
        .await
        .unwrap();
    page.rows.into_iter().find(|row| row.asset == asset)
}

async fn holders(stand: &Stand, side: Side, asset: AssetId) -> Vec<String> {
    let query = DriftHolderQuery {
        side,
        asset: Some(asset),
        ..DriftHolderQuery::default()
    };
    let page = Drift::holders(&stand.portal, &stand.owner, query).await.unwrap();
    page.rows
        .into_iter()
        .map(|row| row.holder.id().to_owned())
        .collect()
}

fn settle(how: Settling, asset: AssetId) -> Settlement {
    Settlement {
        how,
        scope: DriftScope::Asset { asset },
    }
}

/// Three licences are given here; then another MDM takes the first and gives one to somebody else.
struct Disturbed {
    app: AssetRow,
    given: Vec<String>,
    outsider: String,
    /// Of unknown origin before that.
    before: i64,
}

async fn disturbed(stand: &Stand) -> Disturbed {
    stand.create_token().await;
    let app = crate::main_job::app_with(stand, 6).await;
    let mut free = crate::main_job::without(stand, &app).await;
    let outsider = free.pop().unwrap();
    let given: Vec<String> = free.into_iter().take(3).collect();
    let operation = stand.assign(vec![app.id], &given).await;
    stand.done(&operation).await;
    let before = drift_of(stand, app.id).await.map_or(0, |row| row.found);
    let key = key(stand, app.id).await;
    let control = stand.sandbox.control();
    control.release_outside(&stand.uid(), &key, &given[..1]).unwrap();
    control
        .assign_outside(&stand.uid(), &key, std::slice::from_ref(&outsider))
        .unwrap();
    sync_again(stand).await;
    Disturbed {
        app,
        given,
        outsider,
        before,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_gave_and_took_is_told_for_each_app_and_holder() {
    let stand = Stand::start(organisation()).await;
    let Disturbed {
        app,
        given,
        outsider,
        before,
    } = disturbed(&stand).await;
    let row = drift_of(&stand, app.id).await.unwrap();
    assert_eq!((row.found, row.lost), (before + 1, 1));
    assert_eq!(row.pomona, 3, "Pomona gave three and took none back");
    assert_eq!(row.apple, before + 3);
    assert!(row.apple_at > 0 && row.pomona_at.is_some());
    assert!(holders(&stand, Side::Apple, app.id).await.contains(&outsider));
    assert_eq!(holders(&stand, Side::Pomona, app.id).await, given[..1]);
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_adopted_is_ours_and_nothing_is_sent_to_apple() {
    let stand = Stand::start(organisation()).await;
    let Disturbed {
        app,
        outsider,
        before,
        ..
    } = disturbed(&stand).await;
    let theirs = apple_says(&stand.sandbox, &stand.uid());
    let one = Settlement {
        how: Settling::Adopt,
        scope: DriftScope::Licenses {
            licenses: vec![(app.id, Holder::Device(Serial::parse(&outsider).unwrap()))],
        },
    };
    let preview = Drift::preview(&stand.portal, &stand.owner, one.clone())
        .await
        .unwrap();
    assert_eq!((preview.licenses, preview.apps), (1, 1));
    let operation = Drift::settle(&stand.portal, &stand.owner, one.clone(), "the old MDM’s", false)
        .await
        .unwrap();
    let row = stand.done(&operation).await;
    assert_eq!((row.kind, row.done), (OperationKind::Adopt, 1));
    assert_eq!(drift_of(&stand, app.id).await.unwrap().found, before);
    let query = LicenseQuery {
        holder: outsider.clone(),
        asset: Some(app.id),
        ..LicenseQuery::default()
    };
    let license = Licenses::list(&stand.portal, &stand.owner, query)
        .await
        .unwrap()
        .rows
        .remove(0);
    assert_eq!(
        license.origin,
        Origin::Operation {
            id: operation.clone(),
            by: "Ada".to_owned()
        }
    );
    let query = LedgerQuery {
        operation: Some(operation),
        ..LedgerQuery::default()
    };
    let line = Licenses::ledger(&stand.portal, &stand.owner, query)
        .await
        .unwrap()
        .rows
        .remove(0);
    assert_eq!(
        (line.act, line.actor.as_str(), line.reason.as_str()),
        (Act::Adopted, "Ada", "the old MDM’s")
    );
    // The rest of the location, at once.
    let all = Settlement {
        how: Settling::Adopt,
        scope: DriftScope::Location {
            location: stand.token().await.location,
        },
    };
    Drift::settle(&stand.portal, &stand.owner, all, "", false)
        .await
        .unwrap();
    let left = Drift::list(&stand.portal, &stand.owner, DriftQuery::default())
        .await
        .unwrap();
    assert!(left.rows.iter().all(|row| row.found == 0));
    let again = Drift::settle(&stand.portal, &stand.owner, one, "", false)
        .await
        .unwrap_err();
    assert_eq!(again.code, Code::NothingChosen);
    assert_eq!(theirs, apple_says(&stand.sandbox, &stand.uid()));
    // A sync forgets nothing of it.
    sync_again(&stand).await;
    assert_eq!(drift_of(&stand, app.id).await.map_or(0, |row| row.found), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_gave_is_given_back_and_what_pomona_gave_stays() {
    let stand = Stand::start(organisation()).await;
    let Disturbed {
        app, given, before, ..
    } = disturbed(&stand).await;
    let what = Revocation::Found {
        location: stand.token().await.location,
        asset: Some(app.id),
    };
    let operation = Licenses::revoke(&stand.portal, &stand.owner, RevocationForm::of(what))
        .await
        .unwrap();
    assert_eq!(stand.done(&operation).await.done, before + 1);
    let adam_id = key(&stand, app.id).await.adam_id;
    let left: Vec<String> = apple_says(&stand.sandbox, &stand.uid())
        .into_iter()
        .filter(|(asset, _)| **asset == *adam_id)
        .map(|(_, holder)| holder)
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.contains(&format!("device {}", given[1])));
    assert_eq!(drift_of(&stand, app.id).await.unwrap().found, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_took_is_given_again_or_accepted() {
    let stand = Stand::start(organisation()).await;
    let Disturbed { app, given, .. } = disturbed(&stand).await;
    let again = settle(Settling::GiveAgain, app.id);
    let preview = Drift::preview(&stand.portal, &stand.owner, again.clone())
        .await
        .unwrap();
    assert_eq!((preview.licenses, preview.wait, preview.cannot), (1, 0, 0));
    let operation = Drift::settle(&stand.portal, &stand.owner, again, "", false)
        .await
        .unwrap();
    assert_eq!(stand.done(&operation).await.done, 1);
    let adam_id = key(&stand, app.id).await.adam_id.to_string();
    let theirs = apple_says(&stand.sandbox, &stand.uid());
    assert!(theirs.contains(&(adam_id, format!("device {}", given[0]))));
    assert_eq!(drift_of(&stand, app.id).await.unwrap().lost, 0);

    let key = key(&stand, app.id).await;
    stand
        .sandbox
        .control()
        .release_outside(&stand.uid(), &key, &given[..2])
        .unwrap();
    sync_again(&stand).await;
    assert_eq!(drift_of(&stand, app.id).await.unwrap().lost, 2);
    let accept = settle(Settling::LetGo, app.id);
    let operation = Drift::settle(&stand.portal, &stand.owner, accept, "", false)
        .await
        .unwrap();
    let row = stand.done(&operation).await;
    assert_eq!((row.kind, row.done), (OperationKind::LetGo, 2));
    assert_eq!(drift_of(&stand, app.id).await.map_or(0, |row| row.lost), 0);
    let visitor = crate::web::Visitor::signed_in_as(&stand, Role::Owner).await;
    let page = visitor
        .get(&format!("/activity/{operation}"))
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("Accept the loss of"), "{page}");
    assert!(!page.contains("Adopt"), "{page}");
    stand.assert_in_step().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn licences_from_before_pomona_are_never_revoked_without_being_asked_for() {
    let stand = Stand::start(organisation()).await;
    stand.create_token().await;
    let app = stand
        .apps()
        .await
        .into_iter()
        .find(|app| app.counts.used > 0)
        .unwrap();
    let location = stand.token().await.location;
    for what in [
        Revocation::Asset { asset: app.id },
        Revocation::Location { location },
    ] {
        let preview =
            Licenses::preview_revocation(&stand.portal, &stand.owner, what.clone(), UnknownOrigin::Stays)
                .await
                .unwrap();
        assert_eq!(preview.licenses, 0);
        assert!(preview.unknown > 0);
        let refused = Licenses::revoke(&stand.portal, &stand.owner, RevocationForm::of(what))
            .await
            .unwrap_err();
        assert_eq!(refused.code, Code::OriginUnknown);
    }
    let calls = stand.sandbox.control().requests();
    assert!(!calls.iter().any(|call| call.path.ends_with("/disassociate")));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_settles_nothing() {
    let stand = Stand::start(organisation()).await;
    stand.create_token().await;
    let reader = contract::Caller {
        role: Role::ReadOnly,
        ..stand.owner.clone()
    };
    let location = stand.token().await.location;
    assert!(
        Drift::list(&stand.portal, &reader, DriftQuery::default())
            .await
            .is_ok()
    );
    let all = Settlement {
        how: Settling::Adopt,
        scope: DriftScope::Location { location },
    };
    let refused = Drift::settle(&stand.portal, &reader, all, "", false)
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::NotAllowed);
    let first = Activity::list(&stand.portal, &stand.owner, Default::default())
        .await
        .unwrap();
    assert!(first.rows.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_deleted_only_without_licences_and_is_back_when_some_are_bought() {
    let stand = Stand::start_with(
        Organisation {
            assignments: 0,
            ..organisation()
        },
        usual(),
    )
    .await;
    stand.create_token().await;
    let app = crate::main_job::app_with(&stand, 1).await;
    let refused = Catalog::delete(&stand.portal, &stand.owner, app.id)
        .await
        .unwrap_err();
    assert_eq!(refused.code, Code::AssetInUse);
    let adam_id = key(&stand, app.id).await.adam_id;
    let all = Purchase::of(&*adam_id, u32::try_from(app.counts.available).unwrap());
    stand.sandbox.control().refund(&stand.uid(), &all).unwrap();
    sync_again(&stand).await;
    Catalog::delete(&stand.portal, &stand.owner, app.id)
        .await
        .unwrap();
    let names = async || -> Vec<String> { stand.apps().await.into_iter().map(|app| app.name).collect() };
    assert!(!names().await.contains(&app.name));
    sync_again(&stand).await;
    assert!(
        !names().await.contains(&app.name),
        "a sync does not bring it back"
    );
    stand
        .sandbox
        .control()
        .buy(&stand.uid(), &Purchase::of(&*adam_id, 3))
        .unwrap();
    sync_again(&stand).await;
    assert!(names().await.contains(&app.name), "licences do");
}
