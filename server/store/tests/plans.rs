use crate::setup::{NOW, on_each};
use contract::{
    AssetId, PlanId,
    assignments::{DeviceSelection, PlanRequest, Planned},
};
use store::plans::SavedPlan;

pub fn plan(id: &str) -> SavedPlan {
    SavedPlan {
        id: PlanId::from(id),
        account: "account-1".into(),
        by: "Ada".to_owned(),
        made_at: NOW,
        request: Planned::Devices(PlanRequest {
            assets: vec![AssetId(3), AssetId(1)],
            devices: DeviceSelection::Pasted {
                text: "C02Y402HLCM6 \"'\n".to_owned(),
            },
        }),
        fingerprint: vec![0, 255, 7],
        applied: None,
        shown: None,
    }
}

#[test]
fn a_plan_is_kept_as_it_was_made() {
    on_each(|db| async move {
        db.insert_plan(&plan("p")).await.unwrap();
        assert_eq!(db.saved_plan(&"p".into()).await.unwrap(), Some(plan("p")));
        assert_eq!(db.saved_plan(&"q".into()).await.unwrap(), None);
    });
}

#[test]
fn old_plans_are_swept() {
    on_each(|db| async move {
        db.insert_plan(&plan("old")).await.unwrap();
        db.insert_plan(&SavedPlan {
            made_at: NOW + 1,
            ..plan("new")
        })
        .await
        .unwrap();
        assert_eq!(db.delete_plans_before(NOW + 1).await.unwrap(), 1);
        assert_eq!(db.saved_plan(&"old".into()).await.unwrap(), None);
        assert!(db.saved_plan(&"new".into()).await.unwrap().is_some());
    });
}
