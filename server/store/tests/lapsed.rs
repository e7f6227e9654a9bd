//! A worker's plan is written only if nothing changed since its facts were read.

use crate::{
    assignments::{add_devices, assigned, group, queued},
    setup::{DAY, NOW, app, leased, on_each_raw, synced},
};
use contract::Code;
use store::{StoreError, fulfilment::Fulfilment};

#[test]
fn a_plan_lapses_when_its_asset_is_queued_again_or_a_group_of_it_changes() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![]), (app(2), vec![])]).await;
        add_devices(&db, 2).await;
        for name in ["g", "other"] {
            group(&raw, name, 1, &[]).await;
        }
        raw.run("DELETE FROM group_changes").await;
        db.fulfil(None, &assigned(&db, &fence, ids[0], "g", 0, 2).await)
            .await
            .unwrap();
        let read = db.assets_to_plan(&fence.location, NOW + DAY, 9).await.unwrap();
        assert_eq!(read.len(), 1);
        let plan = Fulfilment {
            at: NOW,
            planned: read.clone(),
            ..Fulfilment::default()
        };
        let lapses = async || match db.fulfil(Some(&fence), &plan).await {
            Ok(()) => false,
            Err(StoreError::Taken(Code::PlanLapsed)) => true,
            Err(error) => panic!("{error}"),
        };
        assert!(!lapses().await);
        raw.run("INSERT INTO group_changes (group_id, at) VALUES ('other', 1)")
            .await;
        assert!(!lapses().await, "another app's group");
        raw.run("INSERT INTO group_changes (group_id, at) VALUES ('g', 1)")
            .await;
        assert!(lapses().await, "its members are other ones");
        db.queue_changed_groups().await.unwrap();
        assert!(lapses().await, "it was queued again");
        let again = db.assets_to_plan(&fence.location, NOW + DAY, 9).await.unwrap();
        let fresh = Fulfilment {
            planned: again.clone(),
            ..plan.clone()
        };
        db.fulfil(Some(&fence), &fresh).await.unwrap();
        db.planned(&fence, &again).await.unwrap();
        assert!(lapses().await, "somebody else has planned it");
    });
}

#[test]
fn one_asset_waits_without_the_others() {
    on_each_raw(|db, raw| async move {
        let fence = leased(&db, "A").await;
        let ids = synced(&db, &fence, &[(app(1), vec![]), (app(2), vec![])]).await;
        for asset in &ids {
            raw.run(&format!(
                "INSERT INTO plan_queue (asset, stamp, not_before) VALUES ({asset}, 1, 0)"
            ))
            .await;
        }
        db.plan_later(&fence, Some(ids[0]), NOW + 2 * DAY).await.unwrap();
        assert_eq!(queued(&db, &fence).await, [ids[1]]);
    });
}
