//! R4: what one person does at several locations at once is several operations, cancelled and undone as a set.

use crate::{
    shop::{REQUIRED, Shop},
    stand::{Stand, apple_says, form},
};
use contract::{
    AssetId, Caller, Code, DeviceId, OperationId, PageQuery, PersonId, Role,
    activity::{Activity, OperationQuery, OperationRow, OperationState, Reach},
    assignments::{
        Assignments, Change, DeviceSelection, Outcome, OutcomeFilter, PlanRequest, Reason, Target,
    },
    catalog::Catalog,
    licenses::{Licenses, Revocation, RevocationForm, UnknownOrigin},
    people::People,
    tokens::Tokens,
};
use sandbox::Organisation;

/// Two locations, and an app of each.
async fn two() -> (Stand, Vec<AssetId>) {
    let stand = Stand::start(Organisation {
        apps: 3,
        devices: 20,
        assignments: 0,
        locations: 2,
        spare: Some(10),
        ..Organisation::default()
    })
    .await;
    for (uid, name) in uids(&stand).iter().zip(["Harbour", "Birchwood"]) {
        let file = stand.sandbox.control().issue_token(uid).unwrap();
        let token = Tokens::create(&stand.portal, &stand.owner, form(&file, name))
            .await
            .unwrap();
        stand.synced(&token).await;
    }
    let mut chosen: Vec<(contract::LocationId, AssetId)> = Vec::new();
    for app in stand.apps().await {
        let detail = Catalog::detail(&stand.portal, &stand.owner, app.id)
            .await
            .unwrap();
        let known = chosen.iter().any(|(location, _)| *location == app.location);
        if !known && detail.device_assignable && detail.revocable {
            chosen.push((app.location, app.id));
        }
    }
    assert_eq!(chosen.len(), 2);
    (stand, chosen.into_iter().map(|(_, app)| app).collect())
}

fn uids(stand: &Stand) -> Vec<String> {
    let locations = stand.sandbox.control().locations();
    locations.iter().map(|location| location.uid.clone()).collect()
}

/// How many licences Apple has given, location by location.
fn given(stand: &Stand) -> Vec<usize> {
    let uids = uids(stand);
    uids.iter()
        .map(|uid| apple_says(&stand.sandbox, uid).len())
        .collect()
}

/// The operations of the act that this one is of.
async fn act_of(stand: &Stand, id: &OperationId) -> Vec<OperationRow> {
    let row = Activity::detail(&stand.portal, &stand.owner, id).await.unwrap();
    let query = OperationQuery {
        act: row.act,
        ..OperationQuery::default()
    };
    assert_eq!(query.act.as_ref(), Some(id), "the first stands for all");
    Activity::list(&stand.portal, &stand.owner, query)
        .await
        .unwrap()
        .rows
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_at_two_locations_is_cancelled_and_undone_as_a_set() {
    let (stand, apps) = two().await;
    let serials = stand.serials()[..3].to_vec();
    let assigned = stand.assign(apps.clone(), &serials).await;
    for row in act_of(&stand, &assigned).await {
        stand.done(&row.id).await;
    }
    assert_eq!(given(&stand), [3, 3]);

    let devices = Revocation::Devices {
        serials: serials
            .iter()
            .map(|serial| contract::Serial::parse(serial).unwrap())
            .collect(),
    };
    let form = RevocationForm {
        hold_minutes: 60,
        ..RevocationForm::of(devices)
    };
    let held = Licenses::revoke(&stand.portal, &stand.owner, form).await.unwrap();
    assert_eq!(act_of(&stand, &held).await.len(), 2);
    Activity::cancel(&stand.portal, &stand.owner, &held, Reach::Act)
        .await
        .unwrap();
    for row in act_of(&stand, &held).await {
        assert_eq!(row.state, OperationState::Cancelled);
        assert!(!row.cancellable);
    }

    let one = Activity::preview_undo(&stand.portal, &stand.owner, &assigned, Reach::Operation)
        .await
        .unwrap();
    let all = Activity::preview_undo(&stand.portal, &stand.owner, &assigned, Reach::Act)
        .await
        .unwrap();
    assert_eq!((one.licenses, all.licenses), (3, 6));
    let undone = Activity::undo(&stand.portal, &stand.owner, &assigned, Reach::Act, "")
        .await
        .unwrap();
    for row in act_of(&stand, &undone).await {
        stand.done(&row.id).await;
    }
    assert_eq!(given(&stand), [0, 0]);
    for row in act_of(&stand, &assigned).await {
        let undone_by = row.undone_by.expect("each is undone by one of its own location");
        let by = Activity::detail(&stand.portal, &stand.owner, &undone_by)
            .await
            .unwrap();
        assert_eq!((by.location, by.undoes), (row.location, Some(row.id)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_what_one_locations_token_does_not_let_go_of_keeps_nothing_of_the_other() {
    let (stand, apps) = two().await;
    let serials = stand.serials()[..2].to_vec();
    let assigned = stand.assign(apps.clone(), &serials).await;
    for row in act_of(&stand, &assigned).await {
        stand.done(&row.id).await;
    }
    let mut raw = stand.folder.raw().await;
    raw.run(format!(
        "UPDATE tokens SET state = 'revoked' WHERE location = (SELECT location FROM assets WHERE id = {})",
        apps[1]
    ))
    .await;
    let devices = || Revocation::Devices {
        serials: serials
            .iter()
            .map(|serial| contract::Serial::parse(serial).unwrap())
            .collect(),
    };
    let (portal, owner) = (&stand.portal, &stand.owner);
    let preview = Licenses::preview_revocation(portal, owner, devices(), UnknownOrigin::Stays)
        .await
        .unwrap();
    let name = Catalog::detail(portal, owner, apps[1])
        .await
        .unwrap()
        .row
        .location_name;
    assert_eq!((preview.licenses, preview.barred), (2, vec![(name, 2)]));
    let revoked = Licenses::revoke(portal, owner, RevocationForm::of(devices()))
        .await
        .unwrap();
    stand.done(&revoked).await;
    assert_eq!(given(&stand), [0, 2]);
    let again = Licenses::preview_revocation(portal, owner, devices(), UnknownOrigin::Stays).await;
    assert_eq!(again.unwrap_err().code, Code::TokenRevoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn r4_whoever_waited_in_what_is_undone_waits_no_more_and_gets_nothing() {
    let mut shop = Shop::open(4, 2).await;
    let all: Vec<String> = shop.serials(0..4).into_iter().collect();
    let given = shop.stand.assign(vec![shop.app], &all[..3]).await;
    shop.stand.done(&given).await;
    // One more, who waits by a decision of its own; the third waits already, and is not told of again.
    let later = shop.stand.assign(vec![shop.app], &all[3..]).await;
    shop.stand.done(&later).await;
    assert_eq!(shop.waiting().await, (Some(2), all[2..].to_vec()));
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let preview = Activity::preview_undo(portal, owner, &given, Reach::Operation)
        .await
        .unwrap();
    assert_eq!((preview.licenses, preview.leave), (2, 1));
    let undone = Activity::undo(portal, owner, &given, Reach::Operation, "a mistake")
        .await
        .unwrap();
    assert_eq!(shop.waiting().await, (Some(1), all[3..].to_vec()));
    shop.stand.done(&undone).await;
    shop.holds(
        "who waits by another decision",
        all[3..].iter().cloned().collect(),
    )
    .await;
    let told = shop
        .raw
        .number("SELECT count(*) FROM ledger WHERE act = 11 AND reason = 'a mistake'");
    assert_eq!(told.await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a8_whoever_waits_already_is_not_put_on_the_list_again() {
    let mut shop = Shop::open(3, 1).await;
    let all: Vec<String> = shop.serials(0..3).into_iter().collect();
    for known in [2, 3] {
        let operation = shop.stand.assign(vec![shop.app], &all[..known]).await;
        shop.stand.done(&operation).await;
    }
    assert_eq!(shop.waiting().await.0, Some(2));
    let told = shop.raw.number("SELECT count(*) FROM ledger WHERE act = 2");
    assert_eq!(told.await, 2, "once for each");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_taken_back_is_neither_there_nor_given() {
    let shop = Shop::open(2, 2).await;
    let serials: Vec<String> = shop.serials(0..1).into_iter().collect();
    let given = shop.stand.assign(vec![shop.app], &serials).await;
    shop.stand.done(&given).await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let held_back = RevocationForm {
        hold_minutes: 60,
        ..RevocationForm::of(Revocation::Devices {
            serials: serials
                .iter()
                .map(|serial| contract::Serial::parse(serial).unwrap())
                .collect(),
        })
    };
    Licenses::revoke(portal, owner, held_back).await.unwrap();
    let request = PlanRequest {
        assets: vec![shop.app],
        devices: DeviceSelection::Pasted {
            text: serials.join("\n"),
        },
    };
    let plan = Assignments::plan(portal, owner, request).await.unwrap();
    let (all, page) = (OutcomeFilter::All, PageQuery::default());
    let lines = Assignments::lines(portal, owner, &plan, all, page).await.unwrap();
    assert_eq!(
        lines.rows[0].outcome,
        Outcome::Cannot {
            reason: Reason::UnderWay
        }
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_change_gave_for_several_groups_is_undone_as_a_whole() {
    let mut shop = Shop::open(2, 2).await;
    let ids = shop.ids(0..2);
    shop.group("none", 1, ids.clone()).await;
    shop.assign("none", Target::Exclude).await;
    for (group, id) in ["one", "two"].into_iter().zip(ids) {
        shop.group(group, 1, [id]).await;
        shop.assign(group, REQUIRED).await;
    }
    let change = Change::Remove {
        asset: shop.app,
        group: "none".into(),
    };
    let plan = shop.plan(change).await.unwrap();
    let given = shop.apply(&plan).await.expect("there is something to give");
    let rows = act_of(&shop.stand, &given).await;
    assert_eq!(rows.len(), 2, "one for each group");
    for row in &rows {
        shop.stand.done(&row.id).await;
    }
    let undone = Activity::undo(&shop.stand.portal, &shop.stand.owner, &given, Reach::Act, "")
        .await
        .unwrap();
    let reversed: Vec<_> = act_of(&shop.stand, &undone)
        .await
        .into_iter()
        .map(|row| row.undoes.expect("each reverses one"))
        .collect();
    for row in act_of(&shop.stand, &given).await {
        assert!(row.undone && reversed.contains(&row.id), "{row:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_alone_is_of_no_act() {
    let (stand, apps) = two().await;
    let alone = stand.assign(apps[..1].to_vec(), &stand.serials()[..1]).await;
    assert_eq!(stand.done(&alone).await.act, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_all_of_a_person_is_taken_back() {
    let mut shop = Shop::open(3, 3).await;
    let ids = shop.ids(0..2).into_iter().map(DeviceId).collect::<Vec<_>>();
    shop.person("anna", &ids).await;
    let serials: Vec<String> = shop.serials(0..3).into_iter().collect();
    let given = shop.stand.assign(vec![shop.app], &serials).await;
    shop.stand.done(&given).await;
    let (portal, owner) = (&shop.stand.portal, &shop.stand.owner);
    let anna = PersonId::from("anna");
    assert_eq!(People::detail(portal, owner, &anna).await.unwrap().held, 2);
    let reader = Caller {
        role: Role::ReadOnly,
        ..owner.clone()
    };
    assert_eq!(People::detail(portal, &reader, &anna).await.unwrap().held, 0);
    let hers = || Revocation::Person { person: anna.clone() };
    let refused = Licenses::revoke(portal, &reader, RevocationForm::of(hers())).await;
    assert_eq!(refused.unwrap_err().code, Code::NotAllowed);
    let operation = Licenses::revoke(portal, owner, RevocationForm::of(hers()))
        .await
        .unwrap();
    assert_eq!(shop.stand.done(&operation).await.done, 2);
    assert_eq!(shop.at_apple(), shop.serials(2..3));
}
