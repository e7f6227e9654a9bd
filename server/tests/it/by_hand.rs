//! Device licences given by hand beside assignments: whoever cannot have one, and what is kept for groups.

use crate::assignments::{REQUIRED, Shop};
use contract::{
    DeviceId, PageQuery,
    assignments::{Assignments, DeviceSelection, OutcomeFilter, PlanRequest, Prompts, Reason},
};

#[tokio::test(flavor = "multi_thread")]
async fn a3_a12_by_hand_nobody_gets_what_is_kept_for_a_group_or_what_a_device_cannot_have() {
    let mut shop = Shop::open(8, 6).await;
    let ids = shop.ids(0..8);
    shop.group("kept", 1, ids[..1].to_vec()).await;
    let mut reserving = shop.form("kept", REQUIRED);
    reserving.reserved = 3;
    shop.save(reserving).await;
    shop.holds("the only member has one", shop.serials(0..1)).await;
    shop.run(format!(
        "UPDATE devices SET enrolment = 'user' WHERE id = '{}'; UPDATE devices SET left_at = 1 WHERE id = '{}'",
        ids[1], ids[2]
    ))
    .await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let devices = ids.iter().map(|id| DeviceId::from(id.as_str())).collect();
    let request = PlanRequest {
        assets: vec![shop.app],
        devices: DeviceSelection::Chosen { devices },
    };
    let plan = portal.plan(owner, request).await.unwrap();
    let view = portal.view(owner, &plan).await.unwrap();
    let counts = view.outcomes;
    // Of six licences one is given, two more are kept, three are left for five devices.
    assert_eq!(
        (counts.has, counts.gets, counts.waits, counts.cannot),
        (1, 3, 2, 2)
    );
    let mut reasons = view.reasons;
    reasons.sort();
    assert_eq!(reasons, [(Reason::UserEnrolment, 1), (Reason::DeviceGone, 1)]);
    Assignments::apply(portal, owner, &plan).await.unwrap();
    let mut expected = shop.serials(3..6);
    expected.extend(shop.serials(0..1));
    shop.holds("the first three have one each", expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a9_a_plan_by_hand_says_what_each_user_will_be_asked() {
    let mut shop = Shop::open(4, 2).await;
    let ids = shop.ids(0..4);
    // Kiosk, supervised, personal; and one that cannot have it.
    shop.run(format!(
        "UPDATE devices SET supervised = true, kiosk = true WHERE id = '{}';
         UPDATE devices SET supervised = true, ownership = 'corporate' WHERE id = '{}';
         UPDATE devices SET supervised = false, ownership = 'personal' WHERE id = '{}';
         UPDATE devices SET left_at = 1 WHERE id = '{}'",
        ids[0], ids[1], ids[2], ids[3]
    ))
    .await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let devices = ids.iter().map(|id| DeviceId::from(id.as_str())).collect();
    let request = PlanRequest {
        assets: vec![shop.app],
        devices: DeviceSelection::Chosen { devices },
    };
    let asked = |install| Prompts::Asked {
        invitation: false,
        install,
        apple_account: false,
    };
    let plan = portal.plan(owner, request).await.unwrap();
    // Whoever waits is asked later.
    let view = portal.view(owner, &plan).await.unwrap();
    assert_eq!(view.prompts, [(asked(false), 2), (asked(true), 1)]);
    let page = PageQuery::default();
    let lines = portal
        .lines(owner, &plan, OutcomeFilter::All, page)
        .await
        .unwrap();
    let prompts: Vec<_> = lines.rows.iter().map(|line| line.prompts).collect();
    let (silent, installs) = (Some(asked(false)), Some(asked(true)));
    assert_eq!(prompts, [silent, silent, installs, None]);

    // What was shown and is no longer so is not applied.
    shop.run(format!(
        "UPDATE devices SET ownership = 'personal', supervised = false WHERE id = '{}'",
        ids[1]
    ))
    .await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    assert!(portal.view(owner, &plan).await.unwrap().lapsed);
}
